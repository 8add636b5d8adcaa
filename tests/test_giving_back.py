"""A term's way with a learning platform: collect what it hands out, grade it, give marks and feedback back."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import zipfile

import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder.server.cli import app
from autograder.server.results import load_all
from autograder.server.tables import parse_table
from tests.downloads import IDS, NAME, SECTION, moodle, packed, worksheet
from tests.submissions.make import FULL, POINTS, hand_in, released, solved
from tests.test_grading import one_jail  # noqa: F401  (a fixture: all of this file in one jail)

# What these tests are about is not the answers, so that one submission is right and the others can't be read.
ODD = [
    "Müller, Anna",
    "Jose\u0301",
    "हिन्दी नाम",
    "a+b@uni.edu",
    "name (1)",
    "ann ",
    " [x]*?",
    "=cmd()",
    "-x",
    "é" * 121 + "x",
]
LESS = f"{100 * (1 - POINTS['discriminator_step'] / FULL):.2f}".replace(".", ",")  # percent, as Moodle writes it


def run(*arguments):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="module")
def term(tmp_path_factory):
    """Ada is right, José is half right, two can't be graded, one of whom may not get a mark; the last is absent."""
    folder = tmp_path_factory.mktemp("term")
    half = solved(discriminator_step="def discriminator_step(*arguments):\n    return 0.0")
    files = {moodle(0): json.dumps(solved()), moodle(1, f"{SECTION} (1).ipynb"): json.dumps(half)}
    files |= {moodle(2, "x.pdf"): "", moodle(3): json.dumps(solved()), moodle(4): "{"}
    packed(folder / "download.zip", files)
    (folder / "Grades.csv").write_bytes(worksheet("de", delimiter=";"))
    run("collect", "moodle", folder / "download.zip", "--section", SECTION, "--roster", folder / "Grades.csv",
        "--out", folder / "submitted", "--timezone", "Europe/Berlin")  # fmt: skip
    said = run("grade", folder / "submitted", "--out", folder / "graded", "--workers", 2)
    return folder, said.stdout


def worksheet_of(folder):
    return parse_table((folder / "graded" / "moodle" / f"{SECTION}.csv").read_bytes(), "x")


def test_everybody_of_the_roster_has_a_row(term):
    folder, said = term
    points = {r.student: (r.points, r.handed_in) for r in load_all(folder / "graded")}
    half = FULL - POINTS["discriminator_step"]
    expected = [(FULL, True), (half, True), (0, True), (FULL, True), (0, True), (0, False)]
    assert points == dict(zip(IDS, expected, strict=True))
    assert "5 submissions graded" in said and "Handed in nothing: mat-006." in said
    assert "mat-003: No notebook was handed in, but x.pdf." in " ".join(said.split())


def test_the_gradebook_has_the_times_and_nobody_who_handed_in_nothing(term):
    folder, _ = term
    with Gradebook(f"sqlite:///{folder / 'graded' / 'gradebook.db'}") as book:
        times = {s.student.id: str(s.timestamp) for s in book.assignment_submissions(SECTION)}
        assert IDS[-1] in {student.id for student in book.students}
    assert times == {id: f"2026-11-26 14:{15 + i}:00" if i != 2 else "None" for i, id in enumerate(IDS[:-1])}


def test_marks_and_feedback_go_back_as_they_came(term):
    folder, _ = term
    read = worksheet_of(folder)
    assert [read.cell(row, 5) for row in range(6)] == ["100,00", LESS, "0,00", "", "0,00", ""]
    before = (folder / "Grades.csv").read_bytes()
    after = (folder / "graded" / "moodle" / f"{SECTION}.csv").read_bytes()
    assert after.replace(b"100,00;100,00", b";100,00", 1).splitlines()[:2] == before.splitlines()[:2]
    with zipfile.ZipFile(folder / "graded" / "moodle" / f"{SECTION}-feedback.zip") as archive:
        assert archive.namelist() == [moodle(i, f"{SECTION}.html") for i in range(5)]
        page = BeautifulSoup(archive.read(moodle(1, f"{SECTION}.html")), "html.parser").get_text()
    assert "discriminator_step:" in page


def test_a_mark_by_hand_goes_back_after_a_report_and_an_open_one_does_not(term, tmp_path):
    folder, _ = term
    shutil.copytree(folder, tmp_path / "term")
    graded = tmp_path / "term" / "graded"

    def change(sql: str) -> str:
        with sqlite3.connect(graded / "gradebook.db") as book:
            changed = book.execute(
                f"UPDATE grade SET {sql} WHERE id = (SELECT grade.id FROM grade JOIN submitted_notebook n ON n.id = "
                "grade.notebook_id JOIN submitted_assignment a ON a.id = n.assignment_id "
                "WHERE a.student_id = 'mat-001' AND grade.auto_score = ? ORDER BY grade.id LIMIT 1)",
                (POINTS["discriminator_step"],),
            ).rowcount
        book.close()
        assert changed == 1
        run("report", graded)
        return worksheet_of(tmp_path / "term").cell(0, 5)

    assert change("manual_score = 0") == LESS
    assert change("manual_score = NULL, auto_score = NULL, needs_manual_grade = 1") == ""


def test_grading_again_what_was_collected_again(term, tmp_path):
    """The absent one hands in; who is not in the next download keeps what was graded."""
    folder, _ = term
    shutil.copytree(folder, tmp_path / "term")
    new = tmp_path / "term"
    packed(new / "next.zip", {moodle(5): json.dumps(solved())})
    run("collect", "moodle", new / "next.zip", "--section", SECTION, "--roster", new / "Grades.csv",
        "--out", new / "submitted", "--timezone", "Europe/Berlin")  # fmt: skip
    run("grade", new / "submitted", "--out", new / "graded", "--workers", 2)
    points = {r.student: (r.points, r.handed_in) for r in load_all(new / "graded")}
    assert points["mat-006"] == (FULL, True) and points["mat-001"] == (FULL, True)
    assert worksheet_of(new).cell(5, 5) == "100,00"


def test_a_submission_that_is_gone_does_not_take_its_mark_along(term, tmp_path):
    folder, _ = term
    shutil.copytree(folder / "graded", tmp_path / "graded")
    shutil.copytree(folder / "submitted", tmp_path / "submitted")
    index = tmp_path / "submitted" / ".collected" / f"{SECTION}.json"
    known = json.loads(index.read_text(encoding="utf-8"))
    known["students"]["mat-001"] |= {"reason": "No submission.", "absent": True}
    index.write_text(json.dumps(known), encoding="utf-8")
    shutil.rmtree(tmp_path / "submitted" / "mat-001")
    run("grade", tmp_path / "submitted", "--out", tmp_path / "graded", "--workers", 1)
    run("regrade", tmp_path / "submitted", "--out", tmp_path / "graded", "--workers", 1, "--only", "mat-001")
    assert {r.student: r.points for r in load_all(tmp_path / "graded")}["mat-001"] == FULL


def test_any_name_of_a_folder_is_graded_under_that_name(tmp_path):
    hand_in(tmp_path / "class", "O'Brien [1]", solved())
    for name in ODD:
        hand_in(tmp_path / "class", name, "{")
    hand_in(tmp_path / "class", "a\nb", released())
    (tmp_path / "class" / "linked").symlink_to(tmp_path / "class" / "O'Brien [1]")
    done = run("grade", tmp_path / "class", "--out", tmp_path / "out", "--workers", 2)
    assert done.stderr.count("is not graded") == 1 and r"'a\nb'" in done.stderr
    everybody = {"O'Brien [1]", "linked", *ODD}
    assert {r.student for r in load_all(tmp_path / "out")} == everybody
    with Gradebook(f"sqlite:///{tmp_path / 'out' / 'gradebook.db'}") as book:
        rows = {row["student"]: row["score"] for row in book.submission_dicts(SECTION)}
    assert rows == {name: FULL if name == "O'Brien [1]" else 0 for name in everybody}
    for kind, ending in (("feedback", "html"), ("autograded", "ipynb"), ("submitted", "ipynb")):
        assert set(os.listdir(tmp_path / "out" / kind)) == everybody
        assert all((tmp_path / "out" / kind / name / SECTION / f"{SECTION}.{ending}").exists() for name in everybody)
    page = (tmp_path / "out" / "feedback" / "linked" / SECTION / NAME.replace("ipynb", "html")).read_text("utf-8")
    assert "is a link" in page
