"""Grade a class: many submissions over many workers, with nothing lost when any of it is killed.

What a run knows is in the files that `results` describes, so the next run does what is missing. This module is light to
import; the workers import the rest.
"""

import hashlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import forkserver
from pathlib import Path
from typing import IO, NamedTuple

from autograder.server import collected, course, intake, reports, results
from autograder.server.dates import FILE as DATES
from autograder.server.dates import Dates, read_dates
from autograder.server.errors import BadInput, JailError, Unreadable
from autograder.server.gradebook import own
from autograder.server.intake import Found
from autograder.server.jail import probe
from autograder.server.jail.box import LIMITS, Jail, Limits, NoJail
from autograder.server.results import Result
from autograder.server.timestamps import known_times

_ATTEMPTS = 3  # of a task whose worker was killed


@dataclass(frozen=True)
class Plan:
    """One run's settings, the same for each of its submissions."""

    out: Path
    course: Path
    seed: int
    only: frozenset[str] = frozenset()  # exercises; all when empty
    limits: Limits = LIMITS
    unsafe: bool = False
    db: str = ""  # the gradebook's address, if it is not a file of ``out``


@dataclass(frozen=True)
class Task:
    """One submission as text, ready to travel to a worker; or the reason why there is none."""

    student: str
    section: str
    text: str
    reason: str
    digest: str
    timestamp: str | None = None
    absent: bool = False  # on the roster, and nothing came
    secret: str = ""  # of nbgrader's exchange


def choose(found: list[Found], names: Iterable[str]) -> tuple[list[Found], frozenset[str]]:
    """Those submissions and exercises that ``--only`` names: sections, students or exercises."""
    names, sections, students = set(names), {f.section for f in found}, {f.student for f in found}
    for group, of in ((names & sections, "section"), (names & students, "student")):
        found = [f for f in found if not group or getattr(f, of) in group]
    wanted = frozenset(names - sections - students)
    if not wanted:
        return found, wanted
    from autograder.exercise import exercises  # imports PyTorch, which nothing else here needs

    if unknown := wanted - {name for section in sections for name in exercises(section)}:
        raise BadInput(f"No section, student or exercise is called {min(unknown)!r}.")
    return [f for f in found if wanted & exercises(f.section).keys()], wanted


def _in_order(found: list[Found], plan: Plan) -> list[Found]:
    """First one for each seed of hidden cases, so that the workers run the solution for different ones."""
    firsts = {(f.section, results.hidden_seed(plan.seed, f.student, f.section)): f for f in reversed(found)}
    first = {(f.student, f.section) for f in firsts.values()}
    return sorted(found, key=lambda f: (f.student, f.section) not in first)


def _tasks(found: list[Found], plan: Plan) -> Iterator[Task]:
    """Read submissions one by one, as they are needed: a class does not have to fit into memory."""
    versions = {section: course.fingerprint(section, plan.course) for section in {f.section for f in found}}
    times = known_times(found[0].directory, found)[0] if found else {}
    for f in found:
        text = reason = ""
        try:
            text = f.read()
        except Unreadable as error:
            reason = str(error)
        timestamp, secret = times.get((f.student, f.section)), _secret(f)
        content = "\0".join([versions[f.section], str(plan.seed), timestamp or "", text, reason, secret])
        digest = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()
        yield Task(f.student, f.section, text, reason, digest, timestamp, f.absent, secret)


def _secret(found: Found) -> str:
    """What nbgrader's `submit` has put beside the notebook: its `release_feedback` names the page after it."""
    try:
        return intake.read(found.directory, found.student, found.section, "submission_secret.txt")[:200]
    except Unreadable:
        return ""


# --- in a worker, which imports more than this module -----------------------------------------------------------------


def grade_task(task: Task, plan: Plan) -> Result:
    """Run and judge one submission. Happens on any machine that has the course."""
    from autograder.server import grade

    if task.reason:
        result = grade.nothing(task.section, task.reason, plan.only)
    else:
        options = {"limits": plan.limits, "unsafe": plan.unsafe, "only": plan.only, "root": plan.course}
        options["kept"] = plan.out / results.EXPECTED if plan.out.is_dir() else None  # another machine may lack it
        seed = results.hidden_seed(plan.seed, task.student, task.section)
        result = grade.mark_text(task.section, task.text, f"{task.section}.ipynb", seed, **options)
    about = {"student": task.student, "digest": task.digest, "handed_in": not task.absent}
    return result.model_copy(update=about)


def record_task(result: Result, task: Task, plan: Plan) -> None:
    """Let nbgrader enter a verdict. Happens on this machine, where the gradebook is."""
    from autograder.server.gradebook import record

    if result.handed_in:  # otherwise nbgrader knows the student, and that is all there is to know
        record.enter(result, task.text, task.timestamp, plan.out, task.secret)
    results.set_recorded(plan.out, result)


def announce(sections: list[str], students: list[str], plan: Plan) -> None:
    """Tell nbgrader's gradebook who and what is graded, one after the other: two workers would collide.

    Both would create its tables for their section, or add a student who has handed in both of theirs.
    """
    from autograder.server.gradebook import record

    for section in sections:
        record.register(section, plan.course, plan.out)
    record.enrol(students, plan.out)


class GivenBack(NamedTuple):
    """How many have handed in, and the fewest percent that somebody has who is not excused."""

    number: int
    fewest: float


def give_back(out: Path, dates: Dates) -> GivenBack:
    """What is made of the verdicts once all are recorded: penalties, the feedback pages they change, the reports."""
    from autograder.server.gradebook import late, record

    late.set_dates(dates, out)
    late.settle(out)
    record.refresh(out)
    handed_in = [result for result in reports.write_all(out) if result.handed_in]
    return GivenBack(len(handed_in), min((r.percent for r in handed_in if not r.excused), default=100.0))


def _start_worker(jail: Jail | NoJail | None) -> None:
    """A killed grader must not leave workers behind: they, and through bubblewrap the jails, end with it."""
    if jail:
        probe.adopt(jail)
    parent = multiprocessing.parent_process()
    assert parent  # the grader itself, though it is the fork server that started this process

    def wait_for_it() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_for_it, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who hands out the work


# --- handing out the work ---------------------------------------------------------------------------------------------


def refuse_out(out: Path, course_folder: Path, *submissions: Path) -> None:
    """Refuse to grade into a folder that holds what must stay as it is.

    Raises:
        BadInput: saying which.
    """
    out, course_folder = out.resolve(), course_folder.resolve()
    for folder in (path.resolve() for path in submissions):
        if out == folder or out in folder.parents or folder in out.parents:
            raise BadInput(f"{out} and the submissions in {folder} lie in each other: grade into another folder.")
    home = course_folder / "graded"
    if out == course_folder or out in course_folder.parents:
        raise BadInput(f"{out} holds the course itself: grade into another folder, such as {home}.")
    if course_folder in out.parents and out != home and home not in out.parents:
        raise BadInput(f"{out} is a part of the course: grade into {home}, or outside of the course.")


def _dates(found: list[Found], out: Path) -> Dates:
    """The dates beside the submissions, checked before anything runs; a copy of them stays with the marks."""
    from autograder.exercises import sections

    for directory in {f.directory for f in found}:
        dates = read_dates(directory, sections())
        if dates.due and not own.late_is_decided(own.load_config(out)):
            raise BadInput(
                f"{directory / DATES} says when sections are due, but not what being late costs. Say it in "
                f"{course.root() / 'nbgrader_config.py'}: c.LatePenalty.percent_per_day = 10 takes a tenth of the "
                "points for each day begun, 0 takes nothing."
            )
        if (directory / DATES).exists():
            results.write(out / DATES, (directory / DATES).read_text(encoding="utf-8-sig"))
        else:
            (out / DATES).unlink(missing_ok=True)
        return dates
    return Dates()


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    """The same interface over the machines of a Dask cluster."""
    from distributed import Client

    try:
        client = Client(address, timeout="20s")
    except (OSError, ValueError) as error:
        raise BadInput(f"No Dask scheduler answers at {address}: {error}") from None
    with client:
        yield client.get_executor(pure=False, retries=_ATTEMPTS)


class Crew:
    """Local workers, started when there is work, replaced when one of them is killed.

    The fixed costs are paid once and side by side: a fork server imports what every worker needs while the sandbox's
    warm parent, which the workers share, imports PyTorch. This process imports neither.
    """

    def __init__(self, workers: int, open_jail: Callable[[], Jail | NoJail | None]):
        self.workers, self.open_jail = workers, open_jail
        self.jail: Jail | NoJail | None = None
        self.pool: ProcessPoolExecutor | None = None

    def submit(self, function: Callable, *arguments: object) -> Future:
        """Like an executor's, on workers that are there again when one was killed."""
        if self.pool is None:
            self.context = multiprocessing.get_context("forkserver")
            self.context.set_forkserver_preload(["autograder.server.grade", "autograder.server.gradebook.record"])
            forkserver.ensure_running()
            self.jail = self.open_jail()
            self.pool = self._new_pool()
        try:
            return self.pool.submit(function, *arguments)
        except BrokenProcessPool:
            self.pool.shutdown(wait=False)
            self.pool = self._new_pool()
            return self.pool.submit(function, *arguments)

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.workers, self.context, initializer=_start_worker, initargs=(self.jail,))

    def close(self) -> None:
        """Let the workers finish, and end them and their jail."""
        if self.pool:
            self.pool.shutdown(wait=True, cancel_futures=True)
        if self.jail:
            self.jail.close()


def grade_all(
    plan: Plan, found: list[Found], workers: int, scheduler: str = "", regrade: bool = False, tick=lambda: None
) -> GivenBack:
    """Grade what is missing, record it and write the reports; ``tick`` is called once for each submission done."""
    refuse_out(plan.out, plan.course, *{f.directory for f in found})
    plan.out.mkdir(parents=True, exist_ok=True)
    plan = replace(plan, out=plan.out.resolve())  # workers on other machines start elsewhere
    with _alone(plan.out):
        own.write_own(plan.course, plan.out, plan.db)
        dates = _dates(found, plan.out)
        if found:
            collected.keep(found[0].directory, plan.out)
        crew = Crew(workers, lambda: None if scheduler else probe.open_jail(plan.limits, plan.unsafe))
        try:
            if scheduler:
                with _cluster(scheduler) as remote:
                    _grade_missing(plan, found, remote.submit, crew, 4 * workers + 16, regrade, tick)
            else:
                _grade_missing(plan, found, crew.submit, crew, 4 * workers, regrade, tick)
            # A worker has imported already what this process would have to import now; and it has room for a class.
            return crew.submit(give_back, plan.out, dates).result() if crew.pool else give_back(plan.out, dates)
        finally:
            crew.close()


def _alone(out: Path) -> IO:
    """Hold a folder for one grader; another one would write what this one reads. Released when the file is closed."""
    held = (out / ".lock").open("w")
    try:
        import fcntl  # of POSIX; elsewhere one is trusted to grade alone

        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        pass
    except BlockingIOError:
        held.close()
        raise BadInput(f"Another grader is at work in {out}: wait until it is done.") from None
    return held


def _grade_missing(
    plan: Plan, found: list[Found], submit: Callable, crew: Crew, most: int, regrade: bool, tick: Callable
):
    pending: dict[Future, tuple[Task, Result | None, int]] = {}
    suspects: list[tuple[Task, Result | None, int]] = []  # what was at work when a worker was lost
    sections, students = sorted({f.section for f in found}), sorted({f.student for f in found})
    registered: list[Future] = []  # none or one

    def start(task: Task, result: Result | None, attempt: int) -> None:
        if result is None:
            pending[submit(grade_task, task, plan)] = task, result, attempt
        if not registered:  # the gradebook learns about all of it while the first submissions are being graded
            registered.append(crew.submit(announce, sections, students, plan))
        if result is None:
            return
        try:
            for future in registered:
                future.result()
        except BrokenProcessPool:
            if attempt + 1 == _ATTEMPTS:
                raise
            registered.clear()
            return start(task, result, attempt + 1)
        pending[crew.submit(record_task, result, task, plan)] = task, result, attempt

    def finish(future: Future) -> None:
        task, result, attempt = pending.pop(future)
        try:
            value = future.result()
        except Exception as error:
            if isinstance(error, (BadInput, JailError, OSError)):  # nothing about this submission
                raise
            if _worker_lost(error) and attempt + 1 < _ATTEMPTS:
                suspects.append((task, result, attempt + 1))
                return
            return give_up(task, result, error)
        if result is not None:
            return tick()
        result = _merged(value, results.load(plan.out, task.section, task.student)) if plan.only else value
        results.save(plan.out, result)
        start(task, result, 0)

    def give_up(task: Task, result: Result | None, error: Exception) -> None:
        """One submission must not end the batch: it is graded, or shown, without its text and with a reason."""
        if not task.text:
            raise error
        why = f"{_ATTEMPTS} times the process that graded it was ended" if _worker_lost(error) else type(error).__name__
        if result is None:
            reason = f"It could not be graded, which ended with an error of the grader's own ({why})."
            print(f"{task.student}, {task.section}: {reason}", file=sys.stderr)
            return start(replace(task, text="", reason=reason), None, 0)
        reason = f"The feedback shows none of its text, which nbgrader could not show ({why})."
        print(f"{task.student}, {task.section}: {reason}", file=sys.stderr)
        result = result.model_copy(update={"notes": [*result.notes, reason]})
        results.save(plan.out, result)
        start(replace(task, text=""), result, 0)

    def settle(least: int) -> None:
        while len(pending) > least:
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                finish(future)

    for task in _tasks(_in_order(found, plan), plan):
        settle(most - 1)
        kept = task.absent or not (regrade or plan.only)
        known = results.load(plan.out, task.section, task.student) if kept else None
        if task.absent and known and known.handed_in:
            tick()  # what was graded once is not lost because another folder does not have it
        elif known is None or known.digest != task.digest:
            start(task, None, 0)
        elif not results.is_recorded(plan.out, known):
            start(task, known, 0)
        else:
            tick()
    settle(0)
    while suspects:  # one at a time: whoever ends a worker now has done it
        start(*suspects.pop())
        settle(0)


def _worker_lost(error: Exception) -> bool:
    """Killed workers say so in different words: a broken pool, Dask's KilledWorker, a locked gradebook is none."""
    return isinstance(error, BrokenProcessPool) or type(error).__name__ in ("KilledWorker", "CancelledError")


def _merged(part: Result, before: Result | None) -> Result:
    """A verdict on some exercises put into the earlier verdict on all; without one, the others count 0 for now."""
    from autograder.server import grade

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
