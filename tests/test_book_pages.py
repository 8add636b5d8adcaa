"""The pages of the built book, without a browser: complete, numbered, linked, and without answers."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

from book.tools import lessons
from book.tools.lessons import notebook_path
from book.tools.pdf import documents
from tests.test_lessons import solution_blocks
from tests.throwaway import ROOT

pytestmark = pytest.mark.timeout(2400)  # the first test builds the book, and may have to run every lesson


def test_every_page_of_the_contents_is_there(site, pages):
    assert set(documents(ROOT)) <= set(pages)
    assert "pages/index.html" in (site / "index.html").read_text()


def test_nothing_is_published_that_holds_answers(site, pages):
    assert not (site / "_sources").exists()
    text = {name: (site / f"{name}.html").read_text(encoding="utf8") for name in pages}
    assert not [name for name, content in text.items() if "BEGIN SOLUTION" in content]
    plain = {name: " ".join(BeautifulSoup(content, "html.parser").get_text().split()) for name, content in text.items()}
    for lesson in lessons.load(ROOT):
        for exercise, block in solution_blocks(lesson).items():
            assert not [name for name, content in plain.items() if " ".join(block) in content], exercise
    published = [path for path in site.rglob("*.ipynb")]
    assert published, "each section offers the student's notebook"
    for path in published:
        assert path.read_bytes() == notebook_path(ROOT, "notebooks", path.stem).read_bytes()


def test_the_library_page_explains_itself_in_our_words(soups):
    """Without a docstring of its own, a method would show the one it inherits from PyTorch."""
    text = soups["book/library"].get_text()
    assert "per_sample" in text and "overridden by all subclasses" not in text


def test_each_section_says_how_long_it_takes_and_offers_its_notebook(soups):
    for name in lessons.sections(ROOT):
        strip = soups[f"book/pages/{name}"].select_one(".dgm-strip")
        assert strip is not None
        assert re.search(r"\d+ minutes to read", strip.text)
        assert re.search(r"\d+ (seconds|minutes?) to run", strip.text)
        assert strip.select_one(f'a[href$="{name}.ipynb"]')


def test_links_ids_and_alternatives(site, soups):
    ids = {name: [tag["id"] for tag in soup.find_all(id=True)] for name, soup in soups.items()}
    bad: list[str] = []
    for name, soup in soups.items():
        bad += [f"{name}: id {i!r} twice" for i in set(ids[name]) if ids[name].count(i) > 1]
        if not (soup.title and soup.title.text.strip() and soup.html and soup.html.get("lang")):
            bad.append(f"{name}: no title or language")
        if not soup.select(".bd-article h1, main h1"):
            bad.append(f"{name}: no heading")
        for picture in soup.select("img, [role=img]"):
            text = str(picture.get("alt") or picture.get("aria-label") or "")
            if len(text.split()) < 3:
                bad.append(f"{name}: a picture described as {text!r}")
        for link in soup.select("a[href]"):
            target = urlsplit(str(link["href"]))
            if target.scheme or target.netloc:
                continue
            file = (site / f"{name}.html").parent / unquote(target.path) if target.path else site / f"{name}.html"
            if not file.is_file():
                bad.append(f"{name}: dead link {link['href']}")
                continue
            page = file.resolve().relative_to(site.resolve()).with_suffix("").as_posix()
            if target.fragment and page in ids and unquote(target.fragment) not in ids[page]:
                bad.append(f"{name}: dead anchor {link['href']}")
    assert not bad, "\n".join(bad)


def test_equations_and_theorems_have_the_same_numbers_as_in_the_notebook(soups):
    for name in lessons.sections(ROOT):
        soup = soups[f"book/pages/{name}"]
        notebook = nbformat.read(notebook_path(ROOT, "notebooks", name), as_version=4)
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        shown = [re.sub(r"[^0-9.]", "", tag.text) for tag in soup.select("span.eqno")]
        assert shown == re.findall(r"\\tag\{([\d.]+)\}", text)
        statements = [tag.text.strip() for tag in soup.select("div.proof .caption-number")]
        assert statements == re.findall(r"^> \*\*([A-Z][a-z]+ \d+\.\d+)\*\*", text, re.M)


def test_all_exercises_are_listed(soups):
    listed = [tag["href"] for tag in soups["book/pages/exercises"].select("table.dgm-exercises a")]
    asked = [f"{lesson.name}.html#{cell.id}" for lesson in lessons.load(ROOT) for cell in lesson.cells if cell.exercise]
    assert listed == asked


def test_one_style_sheet_holds_all(site, soups):
    """Code has colours for both themes, and every icon of the theme a shape: its font is left out."""
    style = (site / "_static" / "style.css").read_text(encoding="utf8")
    assert all(f'html[data-theme="{theme}"] .highlight .k ' in style for theme in ("light", "dark"))
    assert "@font-face" not in style
    sheets = {link["href"].split("/")[-1] for soup in soups.values() for link in soup.select('link[rel="stylesheet"]')}
    assert sheets == {"style.css"}
    icons = {word for soup in soups.values() for tag in soup.select('[class*="fa-"]') for word in tag["class"]}
    drawn = set(re.findall(r"\.(fa-[\w-]+)(?=[^{}]*\{ --icon: url)", style))
    assert {word for word in icons if word.startswith("fa-")} - drawn <= {"fa-solid", "fa-regular", "fa-lg"}
