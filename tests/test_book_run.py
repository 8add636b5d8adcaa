"""What is executed, when, and what happens when it fails."""

from __future__ import annotations

import re

import nbformat
import pytest

from book.tools import build, lessons
from book.tools.errors import Trouble
from book.tools.lessons import notebook_path
from tests.test_lessons import NAME
from tests.throwaway import LESSON, course


def test_prose_runs_nothing_and_code_runs_one_lesson(tmp_path, capsys):
    root = course(tmp_path / "course", "01-one", "02-two")

    def ran() -> set[str]:
        found = lessons.load(root)
        return {name for name, run in build.run_lessons(root, found, workers=2).items() if run.fresh}

    assert ran() == {"01-one", "02-two"}
    assert re.search(r"01-one: ran in \d+ s", capsys.readouterr().out)
    first = root / "book" / "lessons" / "01-one.md"
    first.write_text(first.read_text().replace("Write the function.", "Write the function, please."))
    assert ran() == set()
    first.write_text(first.read_text().replace("print(double(21))", "print(double(23))"))
    assert ran() == {"01-one"}
    (root / "src" / "dgm").mkdir(parents=True, exist_ok=True)
    (root / "src" / "dgm" / "new.py").write_text("x = 1\n")
    assert ran() == {"01-one", "02-two"}


def test_printed_text_is_kept_and_belongs_to_the_code(tmp_path):
    root = course(tmp_path / "course", NAME)
    build.build_notebooks(root)
    solved = nbformat.read(notebook_path(root, "solutions", NAME), as_version=4)
    outputs = {cell.source: cell.outputs for cell in solved.cells if cell.cell_type == "code"}
    assert [output.text for output in outputs["print(double(21))"]] == ["42\n"]
    assert sum(bool(kept) for kept in outputs.values()) == 1, "only what nbval compares is committed"
    lesson = lessons.load(root)[0]
    assert lessons.committed_outputs(root, lesson) is not None
    path = root / "book" / "lessons" / f"{NAME}.md"
    path.write_text(path.read_text().replace("double(21)", "double(4)"))
    assert lessons.committed_outputs(root, lessons.load(root)[0]) is None


def test_all_failures_are_listed(tmp_path):
    root = course(tmp_path / "course", "01-one", "02-two", text=LESSON.replace("print(double(21))", "print(1 / 0)"))
    with pytest.raises(Trouble) as trouble:
        build.run_lessons(root, lessons.load(root), workers=2)
    said = str(trouble.value)
    assert re.search(r"01-one\.md:\d+: ZeroDivisionError", said) and re.search(
        r"02-two\.md:\d+: ZeroDivisionError", said
    )
    assert "2 failure(s)" in said
    assert not list((root / "_build" / "lessons").glob("*")), "a failed run must not be kept"
