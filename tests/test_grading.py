"""Grading honest work: the right points, the same by every road, and nothing lost when it is cut short."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from bs4 import BeautifulSoup
from nbgrader import dbutil
from nbgrader.api import Gradebook

from autograder import exercise
from autograder.server import batch, course, grade, intake, reports, results, submission
from autograder.server.errors import BadInput
from autograder.server.gradebook import book
from autograder.server.jail import probe
from autograder.server.jail.box import LIMITS, Jail
from autograder.server.jail.probe import self_test
from autograder.server.reports import counts, grades
from autograder.server.results import load, load_all
from tests.submissions.make import FULL, POINTS, SECTION, answers, find, hand_in, released, solved

SEED = 1729
HALF = ("discriminator_loss", "generator_loss_nonsaturating", "discriminator_step")
HALF_POINTS = sum(POINTS[name] for name in HALF)
COURSE = course.root()


def half_right():
    notebook = released()
    for name in HALF:
        find(notebook, name)["source"] = answers()[name]
    find(notebook, "generator_step")["source"] = answers()["generator_step"].replace(".step()", ".zero_grad()")
    return notebook


CLASS = {"ada": (solved, FULL), "ben": (released, 0), "cem": (half_right, HALF_POINTS), "dot": (lambda: "{", 0)}


@pytest.fixture(scope="module", autouse=True)
def one_jail():
    """The warm parent takes seconds to start, so that all classes of this file, and this process, share one."""
    with pytest.MonkeyPatch.context() as patch, Jail() as owner:
        owner.start()
        self_test(owner)
        connection = owner.connection
        assert connection
        patch.setattr(probe, "open_jail", lambda limits=LIMITS, unsafe=False: Jail(limits, connection=connection.dup()))
        yield


@pytest.fixture(scope="module")
def submitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class") / "submitted"
    for student, (make, _) in CLASS.items():
        hand_in(folder, student, make())
    return folder


def run(submitted, out, **options):
    plan = batch.Plan(out, COURSE, SEED)
    ticks = []
    batch.grade_all(
        plan, intake.find(submitted, exercise.sections()), tick=lambda: ticks.append(1), **{"workers": 2, **options}
    )
    assert len(ticks) == len(CLASS)
    return {result.student: result for result in load_all(out)}


@pytest.fixture(scope="module")
def out(submitted, tmp_path_factory):
    """The class, graded once by local workers, with all reports."""
    out = tmp_path_factory.mktemp("graded")
    run(submitted, out)
    reports.write_all(out)
    return out


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file of a graded folder with its time; but not the gradebook's own journal."""
    paths = [p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("gradebook.db")]
    return {str(p.relative_to(folder)): (p.read_bytes(), p.stat().st_mtime_ns) for p in paths}


# --- points -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("student", CLASS)
def test_each_submission_gets_exactly_its_points(out, student):
    result = load(out, SECTION, student)
    assert result and result.points == CLASS[student][1]
    assert result.max_points == FULL
    if student == "cem":
        assert {name for name, marks in result.exercises.items() if marks.points} == set(HALF)


def test_a_wrong_answer_shows_as_an_error_and_a_right_one_as_a_line(out):
    notebook = nbformat.read(out / "autograded" / "cem" / SECTION / f"{SECTION}.ipynb", as_version=4)
    for cell in filter(submission.is_check, notebook.cells):
        kind = "stream" if submission.title(cell) in HALF else "error"
        assert [output.output_type for output in cell.outputs] == [kind], cell.source


def test_the_points_in_the_notebook_are_those_of_the_exercises():
    cells = [cell for cell in released()["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")]
    in_notebook = {
        c["metadata"]["nbgrader"]["grade_id"].removeprefix("check-"): c["metadata"]["nbgrader"]["points"] for c in cells
    }
    assert in_notebook == {name: e.points for name, e in exercise.exercises(SECTION).items()} == POINTS


def test_hidden_cases_differ_from_public_ones_and_from_seed_to_seed():
    first = grade.references(SECTION, 1, grade.LIMITS, False, COURSE)
    second = grade.references(SECTION, 2, grade.LIMITS, False, COURSE)
    for name, cases in first.items():
        for (case, public), outcome in cases.items():
            assert public or (outcome != cases[case, True] and outcome != second[name][case, False])


def share(kept: Path, solved: Path) -> dict:
    """In a process of its own: the references, noting whether they had to be computed."""
    real = grade._solve
    grade._solve = lambda *given: (solved / str(os.getpid())).touch() or real(*given)
    return grade.references(SECTION, 5, grade.LIMITS, True, COURSE, kept)


def test_workers_and_later_runs_share_what_the_solution_does(tmp_path, monkeypatch):
    solved = tmp_path / "solved"
    solved.mkdir()
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        first, *others = pool.map(share, [tmp_path] * 3, [solved] * 3)
    assert others == [first, first] and len(list(solved.iterdir())) == 1
    assert first == grade.references(SECTION, 5, grade.LIMITS, True, COURSE), "as without sharing"
    (kept,) = (tmp_path / SECTION).glob("*.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    for spoiled in ("{", "[]", "{}", kept.read_text(encoding="utf-8").replace('"digest": "', '"digest": "of another ')):
        kept.write_text(spoiled, encoding="utf-8")
        grade._references.cache_clear()
        monkeypatch.setattr(grade, "_solve", lambda *_: (_ for _ in ()).throw(KeyError("computed again")))
        with pytest.raises(KeyError, match="computed again"):
            grade.references(SECTION, 5, grade.LIMITS, True, COURSE, tmp_path)


def test_the_first_to_be_graded_have_hidden_cases_of_their_own(tmp_path):
    found = [
        intake.Found(f"s{k:02}", section, tmp_path) for section in ("03-gan-minimax", "08-wgan") for k in range(30)
    ]
    ordered = batch._in_order(found, batch.Plan(tmp_path, COURSE, SEED))
    seeds = [(f.section, results.hidden_seed(SEED, f.student, f.section)) for f in ordered]
    assert sorted(ordered, key=found.index) == found and len(set(seeds)) == len(set(seeds[: len(set(seeds))])) == 8


def test_stored_references_are_those_of_the_solution():
    assert grade.write_references(SECTION) is False, "run: python -m autograder references"


def test_references_are_written_when_a_number_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(grade.judge, "REFERENCES", tmp_path)
    assert grade.write_references(SECTION) is True
    path = tmp_path / f"{SECTION}.json"
    content = json.loads(path.read_text())
    assert grade.write_references(SECTION) is False
    content["exercises"]["discriminator_loss"]["two_batches"]["value"]["data"][0] += 0.1
    path.write_text(json.dumps(content))
    assert grade.write_references(SECTION) is True


# --- nbgrader agrees --------------------------------------------------------------------------------------------------


def scores(database: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{database}") as opened:
        rows = opened.submission_dicts(SECTION)
    assert not [row for row in rows if row["needs_manual_grade"]]
    return {row["student"]: row["score"] for row in rows}


def test_the_gradebook_has_the_points(out):
    assert scores(out / "gradebook.db") == {student: points for student, (_, points) in CLASS.items()}


def test_the_gradebook_is_of_the_version_that_alembic_names():
    """Where it is another, `nbgrader db upgrade` would run migrations on tables that have them already."""
    with dbutil._temp_alembic_ini("sqlite://") as settings:
        command = [Path(sys.executable).parent / "alembic", "-c", settings, "heads"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert book.schema_version() == said.split()[0]


def test_nbgrader_autograde_gives_the_same_marks(submitted, tmp_path):
    """Its own commands, under the project's own configuration file."""
    for folder in ("solutions", "notebooks"):
        shutil.copytree(COURSE / folder, tmp_path / folder)
    shutil.copy(COURSE / "nbgrader_config.py", tmp_path)
    shutil.copytree(submitted, tmp_path / "submitted")
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    for command in (["generate_assignment", "--force"], ["autograde"], ["generate_feedback"]):
        done = subprocess.run(
            [programs / "nbgrader", command[0], SECTION, *command[1:]],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert scores(tmp_path / "gradebook.db") == {student: points for student, (_, points) in CLASS.items()}
    page = (tmp_path / "feedback" / "cem" / SECTION / f"{SECTION}.html").read_text(encoding="utf-8")
    assert "generator_step:" in page
    release = json.loads((tmp_path / "_build" / "release" / SECTION / f"{SECTION}.ipynb").read_text(encoding="utf-8"))
    assert release["cells"] == released()["cells"], "generate_assignment makes what is committed"


def test_feedback_is_about_what_the_student_wrote(out):
    """Their answers and what was said of them; not the lesson again."""
    page = (out / "feedback" / "cem" / SECTION / f"{SECTION}.html").read_text(encoding="utf-8")
    shown = BeautifulSoup(page, "html.parser").get_text()
    assert "def discriminator_step(" in shown and "generator_step:" in shown
    lesson = [cell for cell in released()["cells"] if cell["cell_type"] == "markdown"]
    sentences = [line for cell in lesson for line in "".join(cell["source"]).splitlines() if len(line) > 80]
    assert sentences and not [line for line in sentences if line[:60] in shown]


# --- nothing lost -----------------------------------------------------------------------------------------------------


def test_grading_twice_changes_nothing(submitted, out):
    before = files(out)
    run(submitted, out)
    reports.write_all(out)
    after = files(out)
    assert {name: data for name, (data, _) in before.items()} == {name: data for name, (data, _) in after.items()}
    assert {n: t for n, (_, t) in before.items() if n.startswith(("results/", "autograded/", "feedback/"))} == {
        n: t for n, (_, t) in after.items() if n.startswith(("results/", "autograded/", "feedback/"))
    }


def test_only_what_changed_is_graded_again(submitted, out, tmp_path):
    shutil.copytree(submitted, tmp_path / "submitted")
    shutil.copytree(out, tmp_path / "out")
    times = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out" / "results" / SECTION).iterdir()}
    shutil.rmtree(tmp_path / "submitted" / "ben")
    hand_in(tmp_path / "submitted", "ben", half_right())
    results = run(tmp_path / "submitted", tmp_path / "out")
    assert results["ben"].points == HALF_POINTS
    changed = {
        p.name for p in (tmp_path / "out" / "results" / SECTION).iterdir() if times[p.name] != p.stat().st_mtime_ns
    }
    assert changed == {"ben.json"}


def test_killed_with_everything_it_started_it_goes_on_where_it_was(tmp_path):
    """SIGKILL to the grader in the middle of a class: no process stays, no file is half, the next run finishes."""
    for number in range(8):
        hand_in(tmp_path / "submitted", f"s{number}", solved())
    out, marker = tmp_path / "out", str(tmp_path)
    command = [sys.executable, "-m", "autograder", "grade", tmp_path / "submitted", "--out", out, "--workers", "2"]
    grader = subprocess.Popen(command, cwd=COURSE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(out.glob("results/*/*.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    family = psutil.Process(grader.pid).children(recursive=True)
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    assert len(family) > 4 and not psutil.wait_procs(family, timeout=30)[1], "workers and jails end with the grader"
    done = {p: p.stat().st_mtime_ns for p in out.glob("results/*/*.json")}
    assert done, "nothing was graded before it was killed"
    for path in done:
        json.loads(path.read_text(encoding="utf-8"))
    finished = subprocess.run(command, cwd=COURSE, capture_output=True, text=True, timeout=240)
    assert finished.returncode == 0, finished.stderr
    assert all(path.stat().st_mtime_ns == when for path, when in done.items()), f"{marker}: graded twice"
    results = load_all(out)
    assert [result.points for result in results] == [FULL] * 8
    assert scores(out / "gradebook.db") == {f"s{number}": FULL for number in range(8)}


def test_a_killed_worker_costs_nothing(submitted, tmp_path):
    victims = []

    def kill_one() -> None:
        if not victims and (children := list(crew_processes())):
            victims.append(children[0])
            os.kill(children[0], signal.SIGKILL)

    plan = batch.Plan(tmp_path / "out", COURSE, SEED)
    batch.grade_all(plan, intake.find(submitted, exercise.sections()), workers=2, tick=kill_one)
    assert victims
    assert {r.student: r.points for r in load_all(tmp_path / "out")} == {s: p for s, (_, p) in CLASS.items()}


def test_a_worker_killed_while_the_gradebook_learns_about_a_class_costs_nothing(submitted, tmp_path, monkeypatch):
    class Unlucky(batch.Crew):
        lost = False

        def submit(self, function, *arguments):
            if function is not batch.announce or self.lost:
                return super().submit(function, *arguments)
            self.lost, future = True, Future()
            future.set_exception(BrokenProcessPool())
            return future

    monkeypatch.setattr(batch, "Crew", Unlucky)
    assert {s: r.points for s, r in run(submitted, tmp_path / "out").items()} == {s: p for s, (_, p) in CLASS.items()}
    assert scores(tmp_path / "out" / "gradebook.db") == {student: points for student, (_, points) in CLASS.items()}


@pytest.mark.parametrize(
    ("function", "error", "times", "points", "says"),
    [
        (batch.grade_task, MemoryError(), 1, 0, "could not be graded"),
        (batch.grade_task, BrokenProcessPool(), 3, 0, "3 times the process that graded it was ended"),
        (batch.record_task, RuntimeError("nbgrader says no"), 1, FULL, "shows none of its text"),
        (batch.record_task, BrokenProcessPool(), 3, FULL, "shows none of its text"),
    ],
)
def test_a_poison_is_a_row_with_a_reason(
    function, error, times, points, says, submitted, tmp_path, monkeypatch, capsys
):
    """Whatever one submission does to the grader, the others are graded, and so is it, without its text."""
    tried = []

    class Poisoned(batch.Crew):
        def submit(self, called, *arguments):
            task = next((a for a in arguments if isinstance(a, batch.Task)), None)
            if called is not function or task.student != "ada" or not task.text:
                return super().submit(called, *arguments)
            tried.append(task)
            future = Future()
            future.set_exception(error)
            return future

    monkeypatch.setattr(batch, "Crew", Poisoned)
    expected = {student: p for student, (_, p) in CLASS.items()} | {"ada": points}
    graded = run(submitted, tmp_path / "out")
    assert {s: r.points for s, r in graded.items()} == expected and len(tried) == times
    assert scores(tmp_path / "out" / "gradebook.db") == expected
    assert says in graded["ada"].notes[0] and says in capsys.readouterr().err
    run(submitted, tmp_path / "out")
    assert len(tried) == times, "a poison is not taken twice"


def test_one_grader_at_a_time(submitted, out):
    with batch._alone(out), pytest.raises(BadInput, match="Another grader is at work"):
        run(submitted, out)


def crew_processes() -> list[int]:
    """The workers: grandchildren by way of multiprocessing's fork server."""
    servers = [p for p in psutil.Process().children() if "forkserver" in " ".join(p.cmdline())]
    return [worker.pid for server in servers for worker in server.children()]


def test_one_exercise_can_be_graded_by_itself(submitted, out, tmp_path):
    shutil.copytree(out, tmp_path / "out")
    found, only = batch.choose(intake.find(submitted, exercise.sections()), ["discriminator_loss", "cem"])
    assert [f.student for f in found] == ["cem"] and only == {"discriminator_loss"}
    plan = batch.Plan(tmp_path / "out", COURSE, SEED, only=only)
    batch.grade_all(plan, found, workers=1)
    result = load(tmp_path / "out", SECTION, "cem")
    assert result and result.points == HALF_POINTS and len(result.exercises) == len(POINTS)


def test_partly_graded_is_not_graded(submitted, tmp_path):
    """One exercise on a fresh OUT, then everything: the rest is graded, and not taken for done."""
    found, only = batch.choose(intake.find(submitted, exercise.sections()), ["discriminator_loss"])
    batch.grade_all(batch.Plan(tmp_path / "out", COURSE, SEED, only=only), found, workers=1)
    part = load(tmp_path / "out", SECTION, "ada")
    assert part and (part.points, part.max_points) == (POINTS["discriminator_loss"], FULL)
    assert {s: r.points for s, r in run(submitted, tmp_path / "out").items()} == {s: p for s, (_, p) in CLASS.items()}


def test_several_sections_on_an_empty_gradebook(tmp_path, monkeypatch):
    """Two workers would both create nbgrader's tables, and both add a student who handed in two sections."""
    database, known = f"sqlite:///{tmp_path / 'out' / 'gradebook.db'}", []

    class Watching(batch.Crew):
        def submit(self, function, *arguments):
            if function is batch.record_task and not known:
                with Gradebook(database) as opened:
                    known.extend(student.id for student in opened.students)
            return super().submit(function, *arguments)

    monkeypatch.setattr(batch, "Crew", Watching)
    for section in ("03-gan-minimax", "04-jsd-proof", "06-infogan", "10-evaluation"):
        release = json.loads(grade.notebook_path("notebooks", section, COURSE).read_text(encoding="utf-8"))
        for student in ("ada", "ben"):
            hand_in(tmp_path / "submitted", student, release, section)
    found = intake.find(tmp_path / "submitted", exercise.sections())
    assert len(found) == 8
    batch.grade_all(batch.Plan(tmp_path / "out", COURSE, SEED), found, workers=4)
    assert known == ["ada", "ben"]
    with Gradebook(database) as opened:
        for section in {f.section for f in found}:
            assert {row["student"] for row in opened.submission_dicts(section)} == {"ada", "ben"}


# --- over a cluster ---------------------------------------------------------------------------------------------------


def test_a_dask_cluster_gives_the_same_results(submitted, out, tmp_path):
    from distributed import LocalCluster

    cluster: Any
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        results = run(submitted, tmp_path / "out", scheduler=cluster.scheduler_address)
    local = {result.student: result for result in load_all(out)}
    for student, result in results.items():
        assert result.model_dump(exclude={"seconds"}) == local[student].model_dump(exclude={"seconds"})
    assert scores(tmp_path / "out" / "gradebook.db") == scores(out / "gradebook.db")


@pytest.mark.parametrize("how", ["--ro-bind {out} {out}", "--size 65536 --tmpfs {out}", "--size 500000 --tmpfs {out}"])
def test_a_folder_that_takes_no_more_is_a_sentence(how, tmp_path):
    """Read-only, full at once, and full when the gradebook is written."""
    hand_in(tmp_path / "submitted", "ada", solved())
    out = tmp_path / "out"
    out.mkdir()
    command = ["bwrap", "--dev-bind", "/", "/", *how.format(out=out).split(), sys.executable, "-m", "autograder"]
    command += ["grade", tmp_path / "submitted", "--out", out]
    done = subprocess.run(command, cwd=COURSE, capture_output=True, text=True)
    reason = "Read-only file system" if "ro-bind" in how else "No space left on device"
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith(str(out)) and done.stderr.endswith(f" can't be written: {reason}.\n"), done.stderr


# --- what comes out ---------------------------------------------------------------------------------------------------


def test_the_csv_has_one_column_per_question(out):
    rows = list(csv.DictReader((out / "grades.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["student"]: float(row["score"]) for row in rows} == {s: p for s, (_, p) in CLASS.items()}
    assert {name: float(rows[0][name]) for name in POINTS} == POINTS


def test_json_junit_gradescope_and_summary_tell_the_same(out):
    everything = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert {r["student"]: r["points"] for r in everything} == {s: p for s, (_, p) in CLASS.items()}
    suite = ElementTree.parse(out / "junit.xml").getroot().find("testsuite")
    assert suite is not None and int(suite.get("tests", 0)) == len(CLASS) * len(POINTS)
    assert int(suite.get("failures", 0)) == sum(len(POINTS) - n for n in (len(POINTS), 0, len(HALF), 0))
    scope = json.loads((out / "gradescope" / SECTION / "cem.json").read_text(encoding="utf-8"))
    assert scope["score"] == HALF_POINTS == sum(test["score"] for test in scope["tests"])
    assert {test["name"]: test["max_score"] for test in scope["tests"]} == POINTS
    summary = (out / "summary.md").read_text(encoding="utf-8")
    assert f"{len(CLASS)} submissions" in summary and "Not attempted yet: " in summary


def test_a_late_penalty_and_a_grade_by_hand_reach_the_csv(submitted, out, tmp_path):
    shutil.copytree(out, tmp_path / "out")
    with Gradebook(f"sqlite:///{tmp_path / 'out' / 'gradebook.db'}") as opened:
        cell: Any = opened.find_grade("check-generator_step", SECTION, SECTION, "cem")
        cell.manual_score = 1.5
        late: Any = opened.find_submission_notebook(SECTION, SECTION, "ada")
        late.late_submission_penalty = 2.0
        nothing: Any = opened.find_submission_notebook(SECTION, SECTION, "ben")
        nothing.late_submission_penalty = 2.0
        opened.db.commit()
    shutil.copy(out / "nbgrader_config.py", tmp_path / "out")
    rows = grades.text(reports.final(tmp_path / "out")).splitlines()
    assert f"cem,{SECTION},yes,{HALF_POINTS + 1.5},{FULL},0,{HALF_POINTS + 1.5}," in rows[3]
    assert f"ada,{SECTION},yes,{FULL},{FULL},2,{FULL - 2}," in rows[1]
    assert f"ben,{SECTION},yes,0,{FULL},2,0," in rows[2], "never less than nothing"


def test_common_mistakes_are_clustered_by_the_cases_that_failed(out):
    rows = counts.mistakes(load_all(out))
    assert [name for _, name, _, _ in rows] == ["generator_step"], "what is open is no mistake"
    assert (1, "discriminator_loss") in counts.still_open(load_all(out))


def test_an_import_added_by_hand_is_there_when_answers_run():
    """Into the lesson's own cell of imports, where students put it."""
    notebook = solved(discriminator_loss=(
        "def discriminator_loss(real_logits, fake_logits):\n"
        "    return statistics.fmean([1]) * (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean())"
    ))  # fmt: skip
    imports = next(cell for cell in notebook["cells"] if "imports" in cell["metadata"].get("tags", []))

    def points() -> float:
        return grade.mark_text(SECTION, json.dumps(notebook), "x.ipynb", SEED, only=["discriminator_loss"]).points

    assert points() == 0
    imports["source"] = "import statistics\n" + "".join(imports["source"])
    assert points() == POINTS["discriminator_loss"]


def test_of_what_a_submission_sends_only_what_was_asked_is_kept(monkeypatch):
    """And nothing of it speaks in the grader's own words."""
    forged = {"exercise": "discriminator_loss", "case": "two_batches", "public": True}
    forged["outcome"] = {"error": {"type": "", "message": "full marks", "line": "", "function": ""}}

    class Chatty:
        def run(self, job):
            for k in range(1000):
                yield {
                    "exercise": "discriminator_loss",
                    "case": f"x{k}",
                    "public": True,
                    "outcome": {"value": [[]] * 9},
                }
            yield forged

    monkeypatch.setattr(probe, "current", lambda *_: Chatty())
    outcomes, _, _ = grade._ask(SECTION, [], ["discriminator_loss"], {}, LIMITS, False)
    (key,) = outcomes["discriminator_loss"]
    assert key == ("two_batches", True)
    assert outcomes["discriminator_loss"][key]["error"]["type"] == "Exception"


def test_what_a_cell_prints_is_not_told_as_its_failure():
    wrong = "print('all is well')\ndef discriminator_loss(real_logits, fake_logits):\n    return real_logits.mean()"
    result = grade.mark_text(SECTION, json.dumps(solved(discriminator_loss=wrong)), "x.ipynb", SEED)
    message = result.exercises["discriminator_loss"].message
    assert "Hint:" in message and "failed:" not in message and "all is well" not in message
    assert "all is well\n" in result.printed.values()
    broken = grade.mark_text(SECTION, json.dumps(solved(discriminator_loss="1 / 0")), "x.ipynb", SEED)
    message = broken.exercises["discriminator_loss"].message
    assert message.endswith("The cell itself failed: ZeroDivisionError: division by zero")


def test_times_belong_to_a_student_and_a_section(submitted, tmp_path):
    """Columns in any order, with a spreadsheet's byte-order mark; each time reaches its own submission only."""
    shutil.copytree(submitted, tmp_path / "submitted")
    lines = ["timestamp,section,student", f"2027-03-01 12:00,{SECTION},ada", f"2027-03-02T12:00:30,{SECTION},ben"]
    lines += ["2027-03-05 12:00,04-jsd-proof,cem"]
    (tmp_path / "submitted" / "timestamps.csv").write_text("\n".join(lines), encoding="utf-8-sig")

    def graded() -> dict[str, str]:
        run(tmp_path / "submitted", tmp_path / "out")
        with Gradebook(f"sqlite:///{tmp_path / 'out' / 'gradebook.db'}") as opened:
            found = {student: opened.find_submission(SECTION, student).timestamp for student in CLASS}  # type: ignore[attr-defined]
        return {student: str(when) for student, when in found.items() if when}

    assert graded() == {"ada": "2027-03-01 12:00:00", "ben": "2027-03-02 12:00:30"}
    (tmp_path / "submitted" / "timestamps.csv").write_text("\n".join([*lines[:2], f",{SECTION},"]), encoding="utf-8")
    noted = tmp_path / "submitted" / "dot" / SECTION / "timestamp.txt"
    noted.write_text("2027-03-03 12:00:00.000000 UTC")
    assert graded() == {"ada": "2027-03-01 12:00:00", "dot": "2027-03-03 12:00:00"}, "ben's row is gone, dot's note new"


def test_being_late_counts_by_the_documented_route(tmp_path):
    """dates.csv and timestamps.csv beside the submissions, a line in nbgrader_config.py; then other dates."""
    home, handed_in = tmp_path / "course", tmp_path / "submitted"
    for part in ("autograder", "src", "solutions", "notebooks"):
        shutil.copytree(COURSE / part, home / part, ignore=shutil.ignore_patterns("__pycache__"))
    config = (COURSE / "nbgrader_config.py").read_text(encoding="utf-8")
    (home / "nbgrader_config.py").write_text(config + "\nc.LatePenalty.percent_per_day = 25\n", encoding="utf-8")
    for student in ("ada", "ben", "cem"):
        hand_in(handed_in, student, solved())
    times = [f"{student},{SECTION},2027-03-02T10:00" for student in ("ada", "ben", "cem")]
    (handed_in / "timestamps.csv").write_text("\n".join(["student,section,timestamp", *times]))
    due = ["section,student,due", f"{SECTION},,2027-03-01 18:00", f"{SECTION},ben,2027-03-05 18:00"]

    def penalties(*more: str) -> dict[str, tuple[str, str]]:
        (handed_in / "dates.csv").write_text("\n".join([*due, *more]))
        plan = batch.Plan(tmp_path / "out", home, SEED)
        batch.grade_all(plan, intake.find(handed_in, exercise.sections()), workers=1)
        rows = csv.DictReader((tmp_path / "out" / "grades.csv").read_text(encoding="utf-8").splitlines())
        return {row["student"]: (row["late_penalty"], row["score"]) for row in rows}

    late = (f"{FULL / 4:g}", f"{FULL * 3 / 4:g}")
    assert penalties() == {"ada": late, "ben": ("0", f"{FULL}"), "cem": late}
    graded = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "results").rglob("*.json")}
    assert penalties(f"{SECTION},ada,2027-03-02 18:00", f"{SECTION},cem,excused") == {
        "ada": ("0", f"{FULL}"), "ben": ("0", f"{FULL}"), "cem": (late[0], "excused"),
    }  # fmt: skip
    assert {path: path.stat().st_mtime_ns for path in graded} == graded, "nothing is run again"
    assert "being late" in (tmp_path / "out" / "feedback" / "cem" / SECTION / f"{SECTION}.html").read_text()
    assert "being late" not in (tmp_path / "out" / "feedback" / "ada" / SECTION / f"{SECTION}.html").read_text()
