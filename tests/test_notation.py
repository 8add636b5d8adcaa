"""One notation: what the page of notation says is what the lessons and the code do."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from book.tools import lessons

ROOT = Path(__file__).parents[1]
LESSONS = {lesson.name: lesson for lesson in lessons.load(ROOT)}
PAGES = [*sorted((ROOT / "book").rglob("*.md")), *sorted((ROOT / "src").rglob("*.py"))]
TABLE = (ROOT / "book" / "notation.md").read_text(encoding="utf8").split("## One letter, several sections")[1]
LETTERS = {row[0]: row[1] for row in re.findall(r"^\| \$(.+?)\$ \| (.+) \|$", TABLE, re.M)}


def formulas(section: str) -> str:
    """All that stands between dollars in a lesson's text."""
    text = "\n".join(cell.source for cell in LESSONS[section].cells if cell.kind == "markdown")
    return "\n".join(re.findall(r"\$\$?(.+?)\$\$?", text, re.S))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_divergence_has_one_name(path):
    text = path.read_text(encoding="utf8")
    assert not re.findall(r"Kullback-Leibler|Jensen-Shannon|\\(?:mathrm|operatorname)\{(?:JS|D_\{?KL\}?)\}", text)


SOURCES = {path.stem: path.read_text(encoding="utf8") for path in sorted((ROOT / "src").rglob("*.py"))}
SOURCES |= {name: "\n".join(c.source for c in lesson.cells if c.kind == "code") for name, lesson in LESSONS.items()}


@pytest.mark.parametrize("name", SOURCES)
def test_the_real_ones_come_first(name):
    for function in (node for node in ast.walk(ast.parse(SOURCES[name])) if isinstance(node, ast.FunctionDef)):
        kinds = [a.arg.split("_")[0] for a in function.args.args if a.arg.startswith(("real", "fake"))]
        assert kinds == sorted(kinds, reverse=True), f"{function.name}({', '.join(kinds)})"


def test_letters_with_several_meanings_are_where_the_page_says():
    assert len(LETTERS) >= 6
    for letter, meanings in LETTERS.items():
        seen = re.compile(rf"(?<![A-Za-z\\]){re.escape(letter)}(?![A-Za-z])")
        for first, last in re.findall(r"[(,] ?(\d+)(?: to (\d+))?(?=[,)])", meanings):
            named = range(int(first), int(last or first) + 1)
            assert any(seen.search(formulas(s)) for s in LESSONS if int(s[:2]) in named), (letter, first)
