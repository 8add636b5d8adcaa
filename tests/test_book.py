"""The built book, read the way its readers do: without a network, without a kernel, in both themes, on a phone."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pypdf import PdfReader

from book.tools import __main__ as command
from book.tools import build, lessons
from book.tools.errors import Trouble
from book.tools.lessons import notebook_path
from book.tools.pdf import browser, documents
from tests.test_lessons import NAME, solution_blocks
from tests.throwaway import LESSON, ROOT, course

pytestmark = pytest.mark.timeout(2400)  # the first test builds the book, and may have to run every lesson

FRONT = "book/pages/index"
FIRST_PAGE_BYTES, PAGE_BYTES = 1_500_000, 6_000_000  # over the wire


@pytest.fixture(scope="session")
def site() -> Path:
    """The book of this repository, built as `make book` does: with -W -n --keep-going, which must pass."""
    return build.build_book(ROOT).parent


@pytest.fixture(scope="session")
def pages(site: Path) -> list[str]:
    """Every page of the book, the search page included; addresses without .html."""
    found = [path.relative_to(site).with_suffix("").as_posix() for path in sorted(site.rglob("*.html"))]
    return [name for name in found if not name.startswith("_static/") and name != "index"]


@pytest.fixture(scope="session")
def soups(site: Path, pages: list[str]) -> dict[str, BeautifulSoup]:
    return {name: BeautifulSoup((site / f"{name}.html").read_text(encoding="utf8"), "html.parser") for name in pages}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as driver:
        # Containers run as root, where Chromium refuses to start with its sandbox; it only opens our own pages.
        window = driver.chromium.launch(executable_path=browser(), args=["--no-sandbox", "--disable-gpu"])
        yield window
        window.close()


class Quiet(SimpleHTTPRequestHandler):
    """A static host that does not write down every request."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The book on a static host."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def settled(page: Page, url: str) -> None:
    """Open a page and wait until its mathematics is typeset, also what one would have to scroll to."""
    page.goto(url, wait_until="load")
    page.evaluate(
        "() => Promise.race([window.dgmTypesetAll?.(),"
        " new Promise((_, fail) => setTimeout(() => fail(new Error('MathJax did not finish')), 60000))])"
    )


# --- without a browser ------------------------------------------------------------------------------------------------


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


# --- offline ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_no_page_asks_another_host_for_anything(chromium, site, pages, address, scheme):
    base = address if scheme == "http" else site.as_uri()
    foreign: list[str] = []
    broken: list[str] = []
    context = chromium.new_context()
    page = context.new_page()
    page.on("request", lambda r: foreign.append(r.url) if not r.url.startswith((base, "data:", "blob:")) else None)
    page.on("requestfailed", lambda r: broken.append(r.url))
    awaited: set[str] = set()
    page.on("request", lambda r: awaited.add(r.url))
    page.on("requestfinished", lambda r: awaited.discard(r.url))
    page.on("requestfailed", lambda r: awaited.discard(r.url))
    page.on("response", lambda r: broken.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
    for name in pages:
        settled(page, f"{base}/{name}.html")
        page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true; })")
        page.evaluate("() => document.querySelectorAll('img').forEach(i => i.scrollIntoView())")
        page.wait_for_timeout(100)
        while awaited:  # leaving would cut off the pictures that are still on their way
            page.wait_for_timeout(20)
        assert page.locator("mjx-merror").count() == 0, f"{name}: a formula that MathJax does not understand"
    settled(page, f"{base}/search.html?q=generator")
    page.wait_for_selector("#search-results ul.search li a")
    context.close()
    assert not foreign and not broken


def test_the_weight_of_each_page(chromium, site, pages, address, capsys):
    weights: dict[str, int] = {}
    for name in pages:
        context = chromium.new_context(viewport={"width": 1400, "height": 900})
        page = context.new_page()
        asked: set[str] = set()
        page.on("request", lambda r, asked=asked: asked.add(urlsplit(r.url).path) if r.url.startswith("http") else None)
        settled(page, f"{address}/{name}.html")
        page.evaluate("() => document.querySelectorAll('img').forEach(i => i.scrollIntoView())")
        page.wait_for_load_state("networkidle")
        context.close()
        files = [site / unquote(path).lstrip("/") for path in asked]
        weights[name] = sum(len(gzip.compress(file.read_bytes())) for file in files if file.is_file())
    with capsys.disabled():
        print("\n" + "\n".join(f"{name}: {weight / 1e6:.2f} MB" for name, weight in weights.items()))
    assert weights[FRONT] < FIRST_PAGE_BYTES
    assert max(weights.values()) < PAGE_BYTES


# --- for everybody's eyes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(chromium, pages, address, theme):
    context = chromium.new_context(color_scheme=theme, viewport={"width": 1400, "height": 900})
    page = context.new_page()
    found: list[str] = []
    for name in pages:
        settled(page, f"{address}/{name}.html")
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found.append(f"{name}: {violation['id']}: {violation['nodes'][0]['html'][:200]}")
    context.close()
    assert not found, "\n".join(found)


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    context: BrowserContext = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    yield context.new_page()
    context.close()


def test_no_page_scrolls_sideways_on_a_phone(phone, pages, address):
    wide = {}
    for name in pages:
        settled(phone, f"{address}/{name}.html")
        width = phone.evaluate("document.documentElement.scrollWidth")
        if width > 390:
            wide[name] = width
        # A formula wider than the column must begin inside it: nobody can scroll to the left of a box's start.
        begin = "m => m.querySelector('mjx-math').getBoundingClientRect().left"
        formulas = phone.locator('mjx-container[display="true"]')
        if any(formula.evaluate(begin) < 0 for formula in formulas.all()):
            wide[name] = "a formula starts outside the screen"
    assert not wide


def test_the_menu_opens_on_a_phone(phone, address):
    settled(phone, f"{address}/book/pages/exercises.html")
    link = phone.locator(".bd-sidebar-primary a", has_text="Notation")
    assert not link.is_visible()
    phone.locator("button.primary-toggle").first.tap()
    link.wait_for(state="visible")
    phone.wait_for_timeout(400)  # the drawer slides in
    link.tap()
    phone.wait_for_url("**/notation.html")


def test_the_theme_can_be_switched(chromium, address):
    context = chromium.new_context(color_scheme="light")
    page = context.new_page()
    settled(page, f"{address}/{FRONT}.html")
    grounds = set()
    for _ in range(3):
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.locator("button.theme-switch-button").first.click()
    context.close()
    assert len(grounds) == 2


# --- alive without a kernel -------------------------------------------------------------------------------------------


def section_with_widgets(soups: dict[str, BeautifulSoup]) -> list[str]:
    return [name for name, soup in soups.items() if soup.select("figure.dgm-explore")]


def test_each_slider_moves_its_picture(chromium, soups, address):
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    moved = 0
    for name in section_with_widgets(soups):
        settled(page, f"{address}/{name}.html")
        figures = page.locator("figure.dgm-explore")
        for i in range(figures.count()):
            view = figures.nth(i).locator(".dgm-view")
            sliders = figures.nth(i).locator("input[type=range]")
            for j in range(sliders.count()):
                slider = sliders.nth(j)
                slider.scroll_into_view_if_needed()
                before, label = view.screenshot(), view.get_attribute("aria-label")
                value = slider.input_value()
                slider.focus()
                page.keyboard.press("Home" if value == slider.get_attribute("max") else "End")
                assert slider.input_value() != value
                assert view.screenshot() != before, f"{name}: slider {j} of figure {i} moves nothing"
                assert view.get_attribute("aria-label") != label
                values = json.loads(slider.get_attribute("data-values") or "[]")
                told = slider.locator("xpath=../output").inner_text()
                assert told == values[int(slider.input_value())] == slider.get_attribute("aria-valuetext")
                moved += 1
    context.close()
    assert moved >= 2


def test_frames_count_with_the_last_slider_fastest(chromium, address):
    """The picture that three sliders choose, worked out by hand on a sheet of 2 x 3 x 4 frames in 4 columns."""
    values = {n: json.dumps(list("wxyz"[:n])) for n in (2, 3, 4)}
    sliders = "".join(
        f"<label>{name} <input type='range' min='0' max='{n - 1}' value='0' data-values='{values[n]}'>"
        "<output></output></label>"
        for name, n in (("a", 2), ("b", 3), ("c", 4))
    )
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{address}/{FRONT}.html")
    page.set_content(
        '<figure class="dgm-explore" data-cols="4" data-rows="6"><div class="dgm-view" role="img" aria-label="A test.">'
        f'</div><div class="dgm-controls">{sliders}</div></figure>'
    )
    page.add_script_tag(content=(ROOT / "book" / "_static" / "book.js").read_text())
    page.locator("input").nth(0).fill("1")
    page.locator("input").nth(1).fill("2")
    page.locator("input").nth(2).fill("1")
    # frame (1·3 + 2)·4 + 1 = 21: column 1 of 0..3, row 5 of 0..5
    assert page.locator(".dgm-view").evaluate("v => v.style.backgroundPosition") == "33.3333% 100%"
    assert page.locator(".dgm-view").get_attribute("aria-label") == "A test. (a = x, b = y, c = x)"
    context.close()


def test_play_runs_pauses_and_stops_at_the_end(chromium, soups, address):
    name = next(n for n in section_with_widgets(soups) if n != FRONT and soups[n].select(".dgm-play"))
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    settled(page, f"{address}/{name}.html")
    figure = page.locator("figure.dgm-explore:has(.dgm-play)").first
    button, slider = figure.locator(".dgm-play"), figure.locator("input[type=range]")
    at = slider.input_value
    start = at()
    page.wait_for_timeout(500)
    assert at() == start, "nothing may move unasked"
    slider.evaluate("s => { s.value = 0; s.dispatchEvent(new Event('input')); }")
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    page.wait_for_function("s => s.valueAsNumber > 1", arg=slider.element_handle())
    page.keyboard.press("Space")
    assert button.get_attribute("aria-pressed") == "false"
    paused = at()
    page.wait_for_timeout(600)
    assert at() == paused
    page.keyboard.press("Enter")
    last = slider.get_attribute("max")
    page.wait_for_function("([s, n]) => s.value === n", arg=[slider.element_handle(), last])
    page.wait_for_timeout(600)
    assert at() == last and button.get_attribute("aria-pressed") == "false"
    context.close()


def test_the_front_page_fits_one_screen(chromium, address):
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    settled(page, f"{address}/{FRONT}.html")
    for part in (".dgm-view", ".dgm-start", ".dgm-map"):
        box = page.locator(part).bounding_box()
        assert box and box["y"] + box["height"] <= 900, f"{part} ends below the first screen"
    context.close()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_front_page_moves_only_for_those_who_like_it(chromium, address, motion):
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, reduced_motion=motion)
    page = context.new_page()
    settled(page, f"{address}/{FRONT}.html")
    page.wait_for_timeout(300)
    playing = page.locator(".dgm-play").first.get_attribute("aria-pressed") == "true"
    assert playing == (motion == "no-preference")
    context.close()


def test_paper_shows_stills_and_keeps_answers_folded(chromium, soups, address):
    name = next(n for n, soup in soups.items() if soup.select("details.sd-dropdown"))
    context = chromium.new_context()
    page = context.new_page()
    page.emulate_media(media="print")
    settled(page, f"{address}/{name}.html")
    answers = page.locator("details.sd-dropdown .sd-summary-content")
    assert answers.count() and not any(answers.nth(i).is_visible() for i in range(answers.count()))
    assert page.locator("details.sd-dropdown summary").first.is_visible()
    assert not page.locator(".dgm-controls").first.is_visible()
    assert page.locator(".dgm-view").first.is_visible()
    context.close()


def test_code_can_be_copied(chromium, address):
    name = lessons.sections(ROOT)[0]
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    settled(page, f"{address}/book/pages/{name}.html")
    cell = page.locator("div.cell_input:visible").first
    cell.hover()
    cell.locator("button.copybtn").click()
    assert page.evaluate("navigator.clipboard.readText()").strip() == cell.locator("pre").inner_text().strip()
    context.close()


# --- a throw-away course: what an author gets, the instructor's edition, the printed book -----------------------------


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
