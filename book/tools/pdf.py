"""The whole book as one PDF: each page printed by a browser, joined, with contents and page numbers.

The browser typesets the mathematics and obeys the print rules in `book.css`: still figures, folded answers.
"""

from __future__ import annotations

import html
import io
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from playwright.sync_api import Page, sync_playwright
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
A4: dict[str, Any] = {"format": "A4", "margin": {"top": "18mm", "bottom": "22mm", "left": "20mm", "right": "20mm"}}


class NoBrowser(RuntimeError):
    """There is nothing to print with."""


class Part(NamedTuple):
    """Some sheets of the book, and what the list of contents calls them."""

    heading: str
    sheets: Sequence[PageObject]


def browser() -> str:
    """The path of a Chromium or Chrome.

    Raises:
        NoBrowser: with how to install one.
    """
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    raise NoBrowser("no Chromium or Chrome on PATH; install one, for example with: apt-get install chromium")


def documents(root: Path) -> list[str]:
    """The book's pages in reading order, from `_toc.yml`."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf8"))
    chapters = [chapter for part in toc.get("parts", []) for chapter in part["chapters"]] + toc.get("chapters", [])
    return [toc["root"], *(chapter["file"] for chapter in chapters)]


def print_book(root: Path) -> Path:
    """Print `_build/html` to `_build/pdf/book.pdf` and return its path.

    Raises:
        FileNotFoundError: when the book is not built yet.
        NoBrowser: when there is no browser.
    """
    site = root / "_build" / "html"
    title = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))["title"]
    names = documents(root)
    for name in names:
        if not (page := site / f"{name}.html").is_file():
            raise FileNotFoundError(2, "build the book first", str(page))
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as profile:
        # A browser started by root has no sandbox to offer; it only opens our own files.
        arguments = ["--disable-gpu", "--disable-background-networking"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        window = driver.chromium.launch_persistent_context(profile, executable_path=browser(), args=arguments)
        page = window.new_page()
        page.emulate_media(media="print", color_scheme="light", reduced_motion="reduce")
        front, *chapters = [_print(page, (site / f"{name}.html").as_uri()) for name in names]
        length = len(_contents(page, title, chapters, 0).sheets)
        listing = _contents(page, title, chapters, len(front.sheets) + length)
        parts = [front, listing, *chapters]
        numbers = _numbers(page, sum(len(part.sheets) for part in parts))
        window.close()
    writer = PdfWriter()
    for part in parts:
        first = len(writer.pages)
        for sheet in part.sheets:
            writer.add_page(sheet)
        writer.add_outline_item(title=part.heading, page_number=first)
    for sheet, number in zip(writer.pages, numbers, strict=True):
        sheet.merge_page(number)
        _drop_local_links(sheet)
    writer.add_metadata({"/Title": title})
    path = root / "_build" / "pdf" / "book.pdf"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        writer.write(file)
    temporary.replace(path)
    return path


def _print(page: Page, address: str) -> Part:
    """One page of the book, once its mathematics is typeset and its pictures are there."""
    page.goto(address)
    page.evaluate("() => window.dgmTypesetAll()")
    page.evaluate("() => document.querySelectorAll('img').forEach(image => image.removeAttribute('loading'))")
    page.evaluate("() => Promise.all([...document.images].map(image => image.decode().catch(() => null)))")
    heading = page.locator(".bd-article h1").first.evaluate(
        "h => [...h.childNodes].filter(n => !n.matches?.('.headerlink')).map(n => n.textContent).join('').trim()"
    )
    return Part(heading, PdfReader(io.BytesIO(page.pdf(print_background=True, **A4))).pages)


def _drop_local_links(sheet: PageObject) -> None:
    """Remove links to files: they name folders of the machine that printed, which no reader has."""
    kept = ArrayObject()
    for link in sheet.annotations or []:
        action = link.get_object().get("/A", {})
        if not str(action.get("/URI", "")).startswith("file:"):
            kept.append(link)
    sheet[NameObject("/Annots")] = kept


def _contents(page: Page, title: str, chapters: list[Part], before: int) -> Part:
    """The list of contents, for chapters of which the first starts after `before` sheets."""
    rows, start = [], before + 1
    for chapter in chapters:
        rows.append(f"<li><span>{html.escape(chapter.heading)}</span><b>{start}</b></li>")
        start += len(chapter.sheets)
    style = (
        "body { font: 12pt sans-serif } h1 { font-size: 20pt } ul { list-style: none; padding: 0 }"
        "li { display: flex; justify-content: space-between; padding: 6pt 0; border-bottom: 1px dotted #999 }"
    )
    page.set_content(
        f"<title>{html.escape(title)}</title><style>{style}</style><h1>Contents</h1><ul>{''.join(rows)}</ul>"
    )
    return Part("Contents", PdfReader(io.BytesIO(page.pdf(**A4))).pages)


def _numbers(page: Page, count: int) -> Sequence[PageObject]:
    """As many empty sheets as the book has, with a number at the foot of each."""
    foot = "font: 9pt sans-serif; color: #555; position: absolute; bottom: 0; width: 100%; text-align: center"
    sheets = "".join(
        f'<div style="position: relative; height: 283mm; break-after: page"><div style="{foot}">{k}</div></div>'
        for k in range(1, count + 1)
    )
    page.set_content(f"<style>body {{ margin: 0 }} div:last-child {{ break-after: auto !important }}</style>{sheets}")
    return PdfReader(
        io.BytesIO(page.pdf(format="A4", margin={"top": "0", "bottom": "0", "left": "0", "right": "0"}))
    ).pages
