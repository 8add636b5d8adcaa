"""The commands: what they print, what they exit with, and one sentence for every mistake of the caller."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import nbformat
import pytest
from typer.testing import CliRunner

from autograder.server import course
from autograder.server.cli import app
from tests.submissions.make import FULL, POINTS, SECTION, checks, copied, find, hand_in, released, solved

RIGHT = """
def discriminator_loss(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
"""
FULL_MARKS = f"{POINTS['discriminator_loss']} of {POINTS['discriminator_loss']} points"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def written(path, notebook) -> str:
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return str(path)


def test_check_prints_one_line_of_json_per_file(tmp_path):
    (tmp_path / "answers.py").write_text(RIGHT)
    notebook = written(tmp_path / "solved.ipynb", solved())
    done = run("check", SECTION, notebook, tmp_path / "answers.py", "--json")
    first, second = map(json.loads, done.stdout.splitlines())
    assert done.exit_code == 1, "one file has functions missing"
    assert list(first) == ["file", "section", "points", "max_points", "exercises"]
    assert (first["file"], first["section"], first["points"], first["max_points"]) == (notebook, SECTION, FULL, FULL)
    for name, marks in first["exercises"].items():
        assert list(marks) == ["points", "max_points", "message", "cases", "diagnosis", "case"]
        assert marks["points"] == marks["max_points"] == POINTS[name]
        assert all(list(c) == ["name", "public", "passed", "message", "diagnosis"] for c in marks["cases"])
        assert {case["public"] for case in marks["cases"]} == {True, False}
    assert second["points"] == POINTS["discriminator_loss"]
    assert "no function generator_step" in second["exercises"]["generator_step"]["message"]
    assert second["exercises"]["generator_step"]["diagnosis"] == "raises"


def test_check_of_one_exercise_ends_well(tmp_path):
    (tmp_path / "answers.py").write_text(RIGHT)
    done = run("check", SECTION, tmp_path / "answers.py", "--only", "discriminator_loss")
    assert done.exit_code == 0
    assert FULL_MARKS in done.stdout


def test_check_says_what_is_wrong_and_gives_a_hint(tmp_path):
    (tmp_path / "answers.py").write_text(RIGHT.replace("-real_logits", "real_logits"))
    done = run("check", SECTION, tmp_path / "answers.py", "--only", "discriminator_loss")
    assert done.exit_code == 1
    assert "cases; in the case" in done.stdout and "Hint:" in done.stdout


def test_a_file_that_calls_an_answer_it_does_not_hold_is_told_what_to_add(tmp_path):
    cells = nbformat.read(course.root() / "solutions" / "02-vae" / "02-vae.ipynb", 4).cells
    answers = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source for c in cells}
    assert "gaussian_kl(" in answers["negative_elbo"] and "negative_elbo(" in answers["vae_step"]
    (tmp_path / "answers.py").write_text(answers["negative_elbo"])
    done = run("check", "02-vae", tmp_path / "answers.py", "--only", "negative_elbo")
    assert done.exit_code == 1
    assert "calls gaussian_kl, which this file does not define. Add your gaussian_kl" in done.stdout
    (tmp_path / "answers.py").write_text(answers["vae_step"])
    done = run("check", "02-vae", tmp_path / "answers.py", "--only", "vae_step")
    assert done.exit_code == 0, "a step is worth what it does with what the others return"


BROKEN = {
    "not JSON": ("{", "not valid JSON"),
    "no cells": (json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}), "no cells"),
    "empty": ("", "not valid JSON"),
    "NUL": ("\0", "NUL"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_is_no_notebook_gets_a_sentence(tmp_path, kind):
    text, phrase = BROKEN[kind]
    (tmp_path / "x.ipynb").write_text(text)
    done = run("check", SECTION, tmp_path / "x.ipynb", "--json")
    assert done.exit_code == 2
    assert phrase in done.stderr and len(done.stderr.splitlines()) == 1
    assert json.loads(done.stdout)["points"] == 0


def test_a_deleted_and_a_duplicated_check_cell_get_a_sentence_and_the_points(tmp_path):
    deleted, doubled = solved(), solved()
    deleted["cells"].remove(find(deleted, "check-discriminator_loss"))
    doubled["cells"].append(copied(checks(doubled)[0]))
    for name, notebook, phrase in (("a.ipynb", deleted, "is missing"), ("b.ipynb", doubled, "more than once")):
        done = run("check", SECTION, written(tmp_path / name, notebook), "--json")
        assert done.exit_code == 2
        assert phrase in done.stderr
        assert json.loads(done.stdout)["points"] == FULL


def mistakes(folder):
    (folder / "empty").mkdir()
    (folder / "script.py").write_text(RIGHT)
    hand_in(folder / "class", "ada", released())
    (folder / "odd" / ("x" * 255) / SECTION).mkdir(parents=True)
    (folder / "timed").mkdir()
    hand_in(folder / "timed", "ada", released())
    (folder / "timed" / "timestamps.csv").write_text("student,section,timestamp\nada,x,yesterday\n")
    out = ["--out", folder / "out"]
    return {
        "unknown section": ["check", "99-nothing", folder / "script.py"],
        "missing file": ["check", SECTION, folder / "nothing.py"],
        "a folder": ["check", SECTION, folder / "empty"],
        "unknown exercise": ["check", SECTION, folder / "script.py", "--only", "nothing"],
        "missing folder": ["grade", folder / "nothing", *out],
        "no submissions": ["grade", folder / "empty", *out],
        "unknown name": ["grade", folder / "class", *out, "--only", "nobody"],
        "no name that fits": ["grade", folder / "odd", *out],
        "bad timestamps": ["grade", folder / "timed", *out],
        "nothing graded": ["report", folder / "empty"],
        "references of nothing": ["references", "99-nothing"],
    }


@pytest.mark.parametrize("mistake", [
    "unknown section", "missing file", "a folder", "unknown exercise", "missing folder", "no submissions",
    "unknown name", "no name that fits", "bad timestamps", "nothing graded", "references of nothing",
])  # fmt: skip
def test_the_callers_mistakes_get_one_sentence_and_status_2(tmp_path, mistake):
    done = run(*mistakes(tmp_path)[mistake])
    assert done.exit_code == 2, done.output
    assert len(done.stderr.strip().splitlines()) == 1 and "Traceback" not in done.stderr
    assert not (tmp_path / "out" / "results").exists()


def test_a_missing_bubblewrap_gets_a_sentence(tmp_path):
    (tmp_path / "script.py").write_text(RIGHT)
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "check", SECTION, tmp_path / "script.py"],
        env={**os.environ, "PATH": str(tmp_path)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert "apt-get install bubblewrap" in done.stderr and "Traceback" not in done.stderr


OPENLY = """
import os, shutil, sys
for name in ("fcntl", "grp", "pwd", "resource", "termios"): sys.modules[name] = None
for name in ("fork", "getuid", "memfd_create", "pidfd_open"): hasattr(os, name) and delattr(os, name)
shutil.which = lambda *_, **__: None
from autograder.server.cli import app
app(sys.argv[1:])
"""


def test_unsafe_needs_nothing_of_linux(tmp_path):
    """Neither bubblewrap nor fork nor a call that macOS lacks: an author can check and build there."""
    (tmp_path / "script.py").write_text(RIGHT)
    command = [sys.executable, "-c", OPENLY, "check", SECTION, tmp_path / "script.py", "--only", "discriminator_loss"]
    done = subprocess.run([*command, "--unsafe"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and FULL_MARKS in done.stdout, done.stderr
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "bubblewrap is not installed" in done.stderr


def test_grading_again_what_was_never_graded_is_refused(tmp_path):
    hand_in(tmp_path / "class", "ada", released())
    done = run("regrade", tmp_path / "class", "--out", tmp_path / "tpyo")
    assert done.exit_code == 2 and "nothing to grade again" in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "tpyo").exists()


def test_grade_report_and_threshold(tmp_path):
    hand_in(tmp_path / "class", "ada", solved())
    hand_in(tmp_path / "class", "ben", released())
    done = run("grade", tmp_path / "class", "--out", tmp_path / "out", "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "2 submissions graded" in done.stdout
    again = run("report", tmp_path / "out", "--threshold", 50)
    assert again.exit_code == 1, "ben is below half of the points"
    regraded = run("regrade", tmp_path / "class", "--out", tmp_path / "out", "--only", "ada", "--workers", 1)
    assert regraded.exit_code == 0, regraded.output


def test_list_shows_every_exercise():
    done = run("list")
    assert done.exit_code == 0
    assert all(name in done.stdout for name in POINTS)


@pytest.mark.parametrize("command", ["list", "check", "collect", "grade", "regrade", "report", "references"])
def test_every_help_has_an_example(command):
    done = run(command, "--help")
    assert done.exit_code == 0
    assert f"python -m autograder {command}" in " ".join(done.stdout.replace("│", " ").split())


def test_a_name_that_nobody_has_is_told_before_anything_runs(tmp_path):
    """A slip in a table would cost a student their extension."""
    hand_in(tmp_path, "ada", solved())
    (tmp_path / "dates.csv").write_text(
        f"section,student,due\n{SECTION},,2027-03-01\n{SECTION},ada,2027-03-02\n{SECTION},Ada,2027-03-02\n"
    )
    (tmp_path / "timestamps.csv").write_text(f"student,section,timestamp\nben,{SECTION},2027-03-01 10:00\n")
    done = run("grade", tmp_path, "--out", tmp_path.parent / "graded", "--only", "nobody")
    *remarks, refused = done.stderr.splitlines()
    where = f"who is not in {tmp_path}."
    assert remarks == [f"timestamps.csv names 'ben', {where}", f"dates.csv names 'Ada', {where}"]
    assert done.exit_code == 2 and "'nobody'" in refused
