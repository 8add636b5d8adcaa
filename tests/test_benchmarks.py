"""What the scripts of benchmarks/ promise: places to break that exist, a table that was measured."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import nbformat
import pytest
import torch

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def mutants():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        import mutants

        yield mutants


def does_something(path: Path) -> bool:
    """Whether a module has a function or a method: a class of errors has no line that could be wrong."""
    return any(isinstance(node, ast.FunctionDef) for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))))


def test_every_module_has_a_place_to_break(mutants):
    """A place is a line that is there once: this fails when the line has changed, and the place must follow it."""
    places = mutants.load()
    assert len(places) >= 60
    folders = ("src/dgm", "autograder", "book/tools")
    modules = {path for folder in folders for path in (ROOT / folder).rglob("*.py") if does_something(path)}
    named = {path.relative_to(ROOT).as_posix() for path in modules}
    unbroken = {name for name in named if re.search(r"autograder/(exercises/\d\d-.*|__main__)\.py", name)}
    assert not named - unbroken - {place.module for place in places}


def test_a_place_that_is_not_there_is_named(mutants, tmp_path, monkeypatch):
    monkeypatch.setattr(mutants, "PLACES", tmp_path / "mutants.toml")
    for old in ("no such line", "import "):
        text = f'["src/dgm/training.py"]\ntests = ["x"]\nchanges = [{{ old = "{old}", new = "pass" }}]\n'
        mutants.PLACES.write_text(text)
        with pytest.raises(SystemExit, match="change one line, found once"):
            mutants.load()


def test_each_place_of_a_module_in_the_table_has_been_run(mutants):
    """After a change of places: `python benchmarks/mutants.py --only MODULE --contributing --json …`."""
    rows = json.loads((ROOT / "benchmarks" / "results" / "mutants.json").read_text(encoding="utf8"))["rows"]
    places = Counter(place.module for place in mutants.load())
    assert {row["module"]: row["places"] for row in rows[:-1]}.items() <= places.items()


def test_a_run_of_some_modules_keeps_the_rows_of_the_others(mutants, tmp_path):
    def row(module, places, red, green=()):
        return {"module": module, "places": places, "red": red, "green": [*green]}

    path = tmp_path / "mutants.json"
    path.write_text(json.dumps({"rows": [row("a", 3, 3), row("b", 2, 1, ["b: x -> y"]), row("all", 5, 4, ["…"])]}))
    changed = [row("c", 4, 3, ["c: x -> y"]), row("a", 1, 1)]
    expected = [row("c", 4, 3, ["c: x -> y"]), row("a", 1, 1), row("b", 2, 1, ["b: x -> y"])]
    assert mutants.merged(changed, path, "cab") == [*expected, row("all", 7, 5, ["c: x -> y", "b: x -> y"])]
    assert mutants.merged(changed, None, "cab") == [*expected[:2], row("all", 5, 4, ["c: x -> y"])]


def test_the_table_in_contributing_is_what_was_measured(mutants):
    rows = json.loads((ROOT / "benchmarks" / "results" / "mutants.json").read_text(encoding="utf8"))["rows"]
    shown = mutants.TABLE.search((ROOT / "CONTRIBUTING.md").read_text(encoding="utf8"))
    assert shown and mutants.markdown(rows) in shown[0], "python benchmarks/mutants.py --contributing --json …"
    assert rows[-1]["red"] >= mutants.GOAL * rows[-1]["places"]


@pytest.mark.skipif(torch.accelerator.is_available(), reason="there is an accelerator here, which it would use")
def test_without_an_accelerator_the_script_for_one_says_so():
    script = ROOT / "benchmarks" / "accelerator.sh"
    environment = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run(["bash", script], env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "No accelerator that PyTorch can use here: nothing to do.\n")


# --- a lesson's own code ----------------------------------------------------------------------------------------------

SOLVED = """
import math

SIZE = 3
shown = [print("shown")]
check("double", double)


def double(x):
    return 2 * x


def train(seed):
    total = double(seed) + SIZE
    return total, helper(total)


def helper(x):
    shown = math.sqrt(x)
    return shown


score = train(1)
SIZE = 6


table = [1, 2]
table.append(3)
table[0] = 9
other = {"a": 0}
other["a"] += 1
"""


@pytest.fixture
def lesson(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import lesson

    (tmp_path / "07-doubling").mkdir()
    cells = [nbformat.v4.new_code_cell(part) for part in SOLVED.split("\n\n\n")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "07-doubling" / "07-doubling.ipynb")
    monkeypatch.setattr(lesson, "_SOLUTIONS", tmp_path)
    return lesson


def test_a_benchmark_runs_what_it_needs_of_a_lesson_and_nothing_else(lesson, capsys):
    space = lesson.load("07-doubling", "train")
    assert space["train"](3) == (9, 3.0)
    assert capsys.readouterr().out == "" and "score" not in space and "shown" not in space


def test_a_value_is_the_one_of_its_place(lesson):
    assert lesson.load("07-doubling", "score")["score"] == (5, 5**0.5), "SIZE is 3 where the cell runs"
    assert lesson.load("07-doubling", "SIZE")["SIZE"] == 6


def test_what_changes_a_value_in_place_belongs_to_it(lesson):
    found = lesson.load("07-doubling", "table", "other")
    assert found["table"] == [9, 2, 3] and found["other"] == {"a": 1}


def test_another_right_answer_takes_the_place_of_the_lessons_own(lesson):
    space = lesson.load("07-doubling", "score", answers={"double": lambda x: x + x + 4})
    assert space["score"] == (9, 3.0)


def test_a_name_that_a_lesson_does_not_have_is_told(lesson):
    with pytest.raises(KeyError, match="no cell of 07-doubling binds triple"):
        lesson.load("07-doubling", "triple")


def test_the_lessons_own_code_loads():
    """One of the real ones, by the module's own folder: a class with what it needs, and no training."""
    code = "import sys; sys.path.insert(0, 'benchmarks'); from lesson import load; "
    code += (
        "space = load('06-infogan', 'CodedGenerator', 'cluster_accuracy'); assert 'history' not in space; print('ok')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "ok\n", done.stderr
