"""A throw-away course: what an author gets, the instructor's edition, the printed book."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from book.tools import __main__ as command
from book.tools import build
from book.tools.errors import Trouble
from book.tools.pdf import browser
from tests.test_lessons import NAME
from tests.throwaway import LESSON, ROOT, course


@pytest.fixture(scope="session")
def throwaway(tmp_path_factory) -> Path:
    root = course(tmp_path_factory.mktemp("course") / "root", NAME)
    build.build_book(root, answers=True)
    build.build_book(root)
    return root


def test_a_new_lesson_is_a_file_and_a_line(throwaway):
    page = (throwaway / "_build" / "html" / "book" / "pages" / f"{NAME}.html").read_text(encoding="utf8")
    soup = BeautifulSoup(page, "html.parser")
    assert "7. Doubling" in " ".join(soup.select_one(".bd-article h1").text.split())  # type: ignore[union-attr]
    assert "Theorem 7.1" in soup.text and "(7.1)" in soup.text and "Goodfellow et al., 2014" in soup.text
    numbers = [re.sub(r"[^0-9.]", "", number.text) for number in soup.select("span.eqno")]
    assert numbers == ["7.1", "7.2"], "a formula in a quotation counts too"
    assert "42" in soup.text and "your turn" in soup.text


def test_only_the_instructors_edition_has_answers(throwaway):
    def holding(folder: Path) -> set[str]:
        files = [path for path in folder.rglob("*") if path.is_file() and path.suffix in (".html", ".ipynb", ".js")]
        return {path.name for path in files if "the secret of doubling" in path.read_text(encoding="utf8")}

    assert holding(throwaway / "_build" / "answers") >= {f"{NAME}.html"}
    assert holding(throwaway / "_build" / "html") == set()
    assert holding(throwaway / "book" / "pages") == set()
    assert holding(throwaway / "notebooks") == set()
    page = (throwaway / "_build" / "answers" / "book" / "pages" / f"{NAME}.html").read_text(encoding="utf8")
    folded = BeautifulSoup(page, "html.parser").select_one("div.tag_answer details")
    assert folded is not None and "open" not in folded.attrs and "Show the answer" in folded.text


def test_building_again_changes_nothing(throwaway, monkeypatch):
    watched = [*(throwaway / "solutions").rglob("*.ipynb"), *(throwaway / "notebooks").rglob("*.ipynb")]
    watched += list((throwaway / "book" / "pages").iterdir())
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in watched}
    monkeypatch.setattr("book.tools.execute.run", lambda *_: pytest.fail("nothing changed, and a lesson was run"))
    build.build_book(throwaway)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in watched} == before


def test_a_picture_without_words_fails_the_build(tmp_path):
    root = course(tmp_path / "root", NAME, text=LESSON.replace("A black dot.", ""))
    with pytest.raises(Trouble, match="without alt text"):
        build.build_book(root)
    root = course(tmp_path / "other", NAME)
    (root / "book" / "bibliography.md").write_text("# Bibliography\n\n![](_static/favicon.svg)\n")
    with pytest.raises(Trouble, match="no alt text"):
        build.build_book(root)


def test_the_printed_book(throwaway):
    # In a process of its own: this one already drives a browser.
    pdf = [sys.executable, "-m", "book.tools", "pdf", "--root", str(throwaway)]
    done = subprocess.run(pdf, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    path = Path(done.stdout.strip().removeprefix("The printed book is at "))
    printed = PdfReader(path)
    # Flat, because every page of the book is one entry.
    starts = {
        str(e.title): (printed.get_destination_page_number(e) or 0) + 1
        for e in printed.outline
        if not isinstance(e, list)
    }
    assert list(starts) == ["A course", "Contents", "7. Doubling", "Exercises", "Bibliography"]
    texts = [sheet.extract_text() for sheet in printed.pages]
    assert all(text.strip().endswith(str(number)) for number, text in enumerate(texts, 1))
    contents = texts[starts["Contents"] - 1]
    for title in ("7. Doubling", "Exercises", "Bibliography"):
        assert re.search(rf"{re.escape(title)}\s*{starts[title]}\b", contents)
        assert title.removeprefix("7. ") in texts[starts[title] - 1]
    assert "It is two times something" not in "".join(texts), "folded answers stay folded on paper"
    assert b"file:///" not in path.read_bytes()


def test_printing_needs_a_book_and_a_browser(tmp_path, monkeypatch, capsys):
    root = course(tmp_path / "root", NAME)
    monkeypatch.setattr("sys.argv", ["book.tools", "pdf", "--root", str(root)])
    with pytest.raises(SystemExit) as stop:
        command.main()
    assert stop.value.code == 2 and "does not exist" in capsys.readouterr().err
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match="install"):
        browser()
