"""Grade a class: many submissions over many workers, with nothing lost when any of it is killed.

Everything a run knows is in files of OUT, each written whole or not at all, so the next run does what is missing:

    OUT/private_seed                       numbers the hidden cases are drawn from, chosen on the first run
    OUT/results/SECTION/STUDENT.json       the verdict, with a digest of all it depends on
    OUT/recorded/SECTION/STUDENT           that digest again, once nbgrader has the verdict
    OUT/submitted, autograded, feedback, gradebook.db      nbgrader's own
"""

import hashlib
import multiprocessing
import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from autograder import exercise, grade, intake
from autograder.grade import Result
from autograder.intake import BadInput, Found, Unreadable
from autograder.sandbox import LIMITS, Limits

ATTEMPTS = 3  # of a task whose worker was killed


@dataclass(frozen=True)
class Plan:
    """One run's settings, the same for each of its submissions."""

    out: Path
    course: Path
    seed: int
    only: frozenset[str] = frozenset()  # exercises; all when empty
    limits: Limits = LIMITS
    unsafe: bool = False


@dataclass(frozen=True)
class Task:
    """One submission as text, ready to travel to a worker; or the reason why there is none."""

    student: str
    section: str
    text: str
    reason: str
    digest: str
    timestamp: str | None = None


def private_seed(out: Path) -> int:
    """The seed of the hidden cases of this OUT: drawn once, so that grading twice gives the same marks."""
    path = out / "private_seed"
    if not path.exists():
        grade.write(path, f"{secrets.randbits(62)}\n", mode=0o600)
    try:
        return int(path.read_text(encoding="utf-8"))
    except ValueError:
        raise BadInput(f"{path} should hold one number; delete it to draw another.") from None


def choose(found: list[Found], names: Iterable[str]) -> tuple[list[Found], frozenset[str]]:
    """Those submissions and exercises that ``--only`` names: sections, students or exercises."""
    sections, students = {f.section for f in found}, {f.student for f in found}
    asked = {name for section in sections for name in exercise.exercises(section)}
    names = set(names)
    if unknown := names - sections - students - asked:
        raise BadInput(f"No section, student or exercise is called {sorted(unknown)[0]!r}.")
    for group, of in ((names & sections, "section"), (names & students, "student")):
        found = [f for f in found if not group or getattr(f, of) in group]
    wanted = frozenset(names & asked)
    return [f for f in found if not wanted or wanted & exercise.exercises(f.section).keys()], wanted


def tasks(found: list[Found], plan: Plan) -> Iterator[Task]:
    """Read submissions one by one, as they are needed: a class does not have to fit into memory."""
    versions = {section: grade.fingerprint(section, plan.course) for section in {f.section for f in found}}
    times = intake.timestamps(found[0].directory) if found else {}
    for f in found:
        text = reason = ""
        try:
            text = f.read()
        except Unreadable as error:
            reason = str(error)
        timestamp = times.get((f.student, f.section))
        content = "\0".join([versions[f.section], str(plan.seed), timestamp or "", text, reason])
        digest = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()
        yield Task(f.student, f.section, text, reason, digest, timestamp)


# --- in a worker ------------------------------------------------------------------------------------------------------


def grade_task(task: Task, plan: Plan) -> Result:
    """Run and judge one submission. Happens on any machine that has the course."""
    only, name = plan.only, f"{task.section}.ipynb"
    if task.reason:
        result = grade.nothing(task.section, task.reason, only)
    else:
        result = grade.mark_text(
            task.section,
            task.text,
            name,
            plan.seed,
            limits=plan.limits,
            unsafe=plan.unsafe,
            only=only,
            root=plan.course,
        )
    return result.model_copy(update={"student": task.student, "digest": task.digest})


def record_task(result: Result, task: Task, plan: Plan) -> None:
    """Let nbgrader enter a verdict. Happens on this machine, where the gradebook is."""
    from autograder import record

    record.record(result, task.text, task.timestamp, plan.course, plan.out)
    grade.write(plan.out / "recorded" / task.section / task.student, result.digest)


def die_with_parent() -> None:
    """A killed grader must not leave workers behind: they, and through bubblewrap their jails, end with it."""
    parent = multiprocessing.parent_process()
    assert parent  # the grader itself, though it is the fork server that started this process

    def wait_for_it() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_for_it, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who hands out the work


# --- handing out the work ---------------------------------------------------------------------------------------------


def local_pool(workers: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["autograder.batch", "autograder.record"])
    return ProcessPoolExecutor(workers, mp_context=context, initializer=die_with_parent)


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The same interface over the machines of a Dask cluster."""
    from distributed import Client

    try:
        client = Client(address, timeout="20s")
    except (OSError, ValueError) as error:
        raise BadInput(f"No Dask scheduler answers at {address}: {error}") from None
    with client:
        yield client.get_executor(pure=False, retries=ATTEMPTS)


class Crew:
    """Local workers that are replaced when one of them is killed."""

    def __init__(self, workers: int):
        self.workers, self.pool = workers, local_pool(workers)

    def submit(self, function: Callable, *arguments: object) -> Future:
        try:
            return self.pool.submit(function, *arguments)
        except BrokenProcessPool:
            self.pool.shutdown(wait=False)
            self.pool = local_pool(self.workers)
            return self.pool.submit(function, *arguments)

    def close(self) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)


def run(plan: Plan, found: list[Found], workers: int, scheduler: str = "", regrade: bool = False, tick=lambda: None):
    """Grade what is missing and record it; ``tick`` is called once for each submission that is done."""
    from autograder import record

    plan.out.mkdir(parents=True, exist_ok=True)
    crew = Crew(workers)
    sections = {f.section for f in found}
    try:
        # The gradebook learns about the sections while the first submissions are being graded.
        ready = [crew.submit(record.register, section, plan.course, plan.out) for section in sorted(sections)]
        if scheduler:
            with cluster(scheduler) as remote:
                _run(plan, found, remote.submit, crew, ready, 4 * workers + 16, regrade, tick)
        else:
            _run(plan, found, crew.submit, crew, ready, 4 * workers, regrade, tick)
    finally:
        crew.close()


def _run(plan: Plan, found: list[Found], submit: Callable, crew: Crew, ready: list, most: int, regrade: bool, tick):
    pending: dict[Future, tuple[Task, Result | None, int]] = {}

    def start(task: Task, result: Result | None, attempt: int) -> None:
        if result is None:
            future = submit(grade_task, task, plan)
        else:
            while ready:
                ready.pop(0).result()
            future = crew.submit(record_task, result, task, plan)
        pending[future] = task, result, attempt

    def finish(future: Future) -> None:
        task, result, attempt = pending.pop(future)
        try:
            value = future.result()
        except Exception as error:
            if not worker_lost(error) or attempt + 1 == ATTEMPTS:
                raise
            return start(task, result, attempt + 1)
        if result is not None:
            return tick()
        result = merged(value, load(plan.out, task.section, task.student)) if plan.only else value
        save(plan.out, result)
        start(task, result, 0)

    for task in tasks(found, plan):
        while len(pending) >= most:
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                finish(future)
        known = None if regrade or plan.only else load(plan.out, task.section, task.student)
        if known is None or known.digest != task.digest:
            start(task, None, 0)
        elif recorded(plan.out, known) != known.digest:
            start(task, known, 0)
        else:
            tick()
    while pending:
        for future in wait(pending, return_when=FIRST_COMPLETED).done:
            finish(future)


def worker_lost(error: Exception) -> bool:
    """Killed workers say so in different words: a broken pool, Dask's KilledWorker, a locked gradebook is none."""
    return isinstance(error, BrokenProcessPool) or type(error).__name__ in ("KilledWorker", "CancelledError")


# --- what is on the disk ----------------------------------------------------------------------------------------------


def load(out: Path, section: str, student: str) -> Result | None:
    try:
        return Result.model_validate_json((out / "results" / section / f"{student}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValidationError):
        return None


def load_all(out: Path) -> list[Result]:
    """Every verdict of OUT, by section and student."""
    paths = sorted(out.glob("results/*/*.json"))
    return [result for path in paths if (result := load(out, path.parent.name, path.stem))]


def save(out: Path, result: Result) -> None:
    grade.write(out / "results" / result.section / f"{result.student}.json", result.model_dump_json(indent=1))


def recorded(out: Path, result: Result) -> str:
    path = out / "recorded" / result.section / result.student
    return path.read_text(encoding="utf-8") if path.exists() else ""


def merged(part: Result, before: Result | None) -> Result:
    """A verdict on some exercises put into the earlier verdict on all; without one, the others count 0 for now."""
    base = before or grade.nothing(part.section, "Not graded yet.")
    exercises = {**base.exercises, **part.exercises}
    whole = before is not None and before.digest == part.digest
    return part.model_copy(
        update={
            "exercises": exercises,
            "points": sum(e.points for e in exercises.values()),
            "max_points": sum(e.max_points for e in exercises.values()),
            "digest": part.digest if whole else "",  # a later run grades the rest
        }
    )
