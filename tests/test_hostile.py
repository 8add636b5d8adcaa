"""Every hostile and broken submission in one batch: each costs its author at most their points, and nobody else any."""

from __future__ import annotations

import contextlib
import csv
import html
import io
import json
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import psutil
import pytest
from nbgrader.api import Gradebook
from rich.console import Console
from rich.markdown import Markdown

from autograder.server import batch, course, grade, intake
from autograder.server.jail.box import Limits
from autograder.server.results import load_all
from tests.submissions.corpus import CORPUS, MARKER
from tests.submissions.make import FULL, POINTS, SECTION, answers, hand_in, released, solved, text

LIMITS = Limits(step_seconds=3, wall_seconds=60, memory=2 << 30)
HONEST = ["aaa-honest", "honest", "zzz-honest"]  # before, among and after the others


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The whole corpus and three honest submissions, graded by two workers."""
    folder = tmp_path_factory.mktemp("hostile")
    for hostile in CORPUS:
        hostile.write(folder / "submitted", hostile.name)
    for student in HONEST:
        hand_in(folder / "submitted", student, solved())
    plan = batch.Plan(folder / "out", course.root(), seed=1729, limits=LIMITS)
    found = intake.find(folder / "submitted", [SECTION])
    batch.grade_all(plan, found, workers=2)
    return folder / "out"


@pytest.fixture(scope="module")
def results(graded):
    return {result.student: result for result in load_all(graded)}


def test_the_corpus_is_large_and_its_names_are_unique():
    assert len(CORPUS) >= 60
    assert len({hostile.name for hostile in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda hostile: hostile.name)
def test_a_hostile_submission_gets_its_points_and_no_more(hostile, results):
    result = results[hostile.name]
    assert result.points == hostile.points, {name: e.message for name, e in result.exercises.items()}
    assert not any("LOOT" in exercise.message for exercise in result.exercises.values())


@pytest.mark.parametrize("student", HONEST)
def test_honest_submissions_in_the_same_batch_keep_full_marks(student, results):
    assert results[student].points == FULL


def test_nbgrader_has_the_same_marks_and_none_is_missing(graded, results):
    with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as book:
        rows = book.submission_dicts(SECTION)
    assert {row["student"]: row["score"] for row in rows} == {name: r.points for name, r in results.items()}
    assert not [row["student"] for row in rows if row["needs_manual_grade"]]


def left_over(process: psutil.Process) -> bool:
    """Whether it is a submission's: by its words, or by its user, unless a jail of somebody else's tests holds it."""
    with contextlib.suppress(psutil.Error):
        if MARKER in " ".join(process.cmdline()):
            return True
        above = {ancestor.pid for ancestor in process.parents()}
        jailed = any("bwrap" in ancestor.name() for ancestor in process.parents())
        return process.uids().real >= 1_000_000 and (os.getpid() in above or not jailed)
    return False


def test_nothing_that_was_started_is_still_running(graded):
    assert not [process for process in psutil.process_iter() if left_over(process)]


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives a process the user of a job")
def test_whatever_is_still_running_would_be_found(graded):
    """A survivor that says nothing of itself, as a loop in Python would be."""
    with subprocess.Popen(["sleep", "60"], user=1_234_567, group=1_234_567) as survivor:
        try:
            assert [process.pid for process in psutil.process_iter() if left_over(process)] == [survivor.pid]
        finally:
            survivor.kill()


def test_nothing_was_written_outside(graded):
    places = [Path(p) for p in ("/", "/usr", "/dev", "/tmp", "/dev/shm")] + [Path(grade.__file__).parent]
    assert not [place for place in places if list(place.glob("planted*"))]


def test_feedback_shows_no_answer_no_script_and_no_traceback(graded):
    """Of a wrong answer's feedback only: a right one shows the student's own right code."""
    solution = [line.strip() for line in "\n".join(answers().values()).splitlines()]
    given = {line.strip() for cell in released()["cells"] for line in text(cell).splitlines()}
    secret = [line for line in solution if len(line) > 25 and line not in given and not line.startswith("#")]
    hidden = grade.references(SECTION, 1729, LIMITS, False, course.root())
    numbers = [f"{x:.4f}" for _, cases in hidden.items() for o in cases.values() for x in flat(o) if abs(x) > 1e-3]
    assert len(secret) > 5 and len(numbers) > 100
    for student in ("untouched", "not-json", "checks-deleted", "error-with-markup", "script-in-outputs-and-text"):
        pages = list((graded / "feedback" / student).rglob("*.html"))
        assert len(pages) == 1
        page = html.unescape(re.sub(r"<style.*?</style>", "", pages[0].read_text(encoding="utf-8"), flags=re.S))
        shown = re.sub(r"<[^>]+>", "", page)
        assert "alert(1)" not in pages[0].read_text(encoding="utf-8").replace(
            "&lt;script&gt;alert(1)&lt;/script&gt;", ""
        )
        assert "Traceback" not in shown
        assert not [number for number in numbers if number in shown]
        if student in ("untouched", "not-json"):
            assert not [line for line in secret if line in shown]


def test_what_students_say_breaks_no_report(graded):
    """Not the XML, the JSON, the tables or the screen; and it is nowhere more than text."""
    names = {hostile.name for hostile in CORPUS} | set(HONEST)
    suite = ElementTree.parse(graded / "junit.xml").getroot().find("testsuite")
    assert suite is not None and len(suite) == len(names) * len(POINTS)
    assert {r["student"] for r in json.loads((graded / "results.json").read_text(encoding="utf-8"))} == names
    rows = list(csv.reader((graded / "grades.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 1 + len(names) and len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+@\t"))], "a formula in a spreadsheet"
    assert all(json.loads(path.read_text(encoding="utf-8"))["tests"] for path in graded.glob("gradescope/*/*.json"))
    screen = io.StringIO()
    summary = (graded / "summary.md").read_text(encoding="utf-8")
    Console(file=screen, width=200).print(Markdown(summary))
    outside = "".join(re.split(r"`[^`]*`", summary))
    assert "<" not in outside and "[" not in outside, "markup of somebody's in the summary"
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", summary + screen.getvalue())


def flat(value) -> list[float]:
    """Every number in a value of JSON."""
    if isinstance(value, dict):
        return [x for item in value.values() for x in flat(item)]
    if isinstance(value, list):
        return [x for item in value for x in flat(item)]
    return [value] if isinstance(value, float) else []
