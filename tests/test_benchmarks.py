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
