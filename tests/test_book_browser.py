"""The built book in both themes, on a phone, on paper, and moving without a kernel."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, BrowserContext, Page

from book.tools import lessons
from tests.reading import FRONT, opened, settled
from tests.throwaway import ROOT

pytestmark = pytest.mark.timeout(2400)  # the first test builds the book, and may have to run every lesson


# --- for everybody's eyes ---------------------------------------------------------------------------------------------


# Contrast hangs on a text's tag and classes and those around it, so one text of each kind on a page stands for all; a
# lesson has thousands of coloured words of code and pieces of formulas, and looking behind each takes most of the time.
ONE_OF_EACH = """() => {
  const seen = new Set();
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim())) continue;
    let kind = '';
    for (let at = element; at; at = at.parentElement) kind += `${at.tagName}|${at.className}|${at.style.cssText} `;
    if (!seen.has(kind)) element.dataset.oneOfEach = '';
    seen.add(kind);
  }
}"""


def test_axe_finds_nothing_serious(chromium, pages, address):
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    violations, colours = {"resultTypes": ["violations"]}, {"runOnly": ["color-contrast", "link-in-text-block"]}
    found: list[str] = []

    def look(name: str, what: dict | None, options: dict) -> None:
        for violation in Axe().run(page, what, violations | options).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found.append(f"{name}: {violation['id']}: {violation['nodes'][0]['html'][:200]}")

    for name in pages:
        settled(page, f"{address}/{name}.html")
        look(name, None, {"rules": {"color-contrast": {"enabled": False}}})
        page.add_style_tag(content="* { transition: none !important }")  # a colour that is on its way is no colour
        page.evaluate(ONE_OF_EACH)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
            look(f"{name}, {theme}", {"include": ["[data-one-of-each]"]}, colours)
        page.emulate_media(color_scheme="light")
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
    opened(phone, f"{address}/book/pages/exercises.html")
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
    opened(page, f"{address}/{FRONT}.html")
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
        opened(page, f"{address}/{name}.html")
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
    opened(page, f"{address}/{name}.html")
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
    opened(page, f"{address}/{FRONT}.html")
    for part in (".dgm-view", ".dgm-start", ".dgm-map"):
        box = page.locator(part).bounding_box()
        assert box and box["y"] + box["height"] <= 900, f"{part} ends below the first screen"
    context.close()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_front_page_moves_only_for_those_who_like_it(chromium, address, motion):
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, reduced_motion=motion)
    page = context.new_page()
    opened(page, f"{address}/{FRONT}.html")
    page.wait_for_timeout(300)
    playing = page.locator(".dgm-play").first.get_attribute("aria-pressed") == "true"
    assert playing == (motion == "no-preference")
    context.close()


def test_paper_shows_stills_and_keeps_answers_folded(chromium, soups, address):
    name = next(n for n, soup in soups.items() if soup.select("details.sd-dropdown"))
    context = chromium.new_context()
    page = context.new_page()
    page.emulate_media(media="print")
    opened(page, f"{address}/{name}.html")
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
    opened(page, f"{address}/book/pages/{name}.html")
    cell = page.locator("div.cell_input:visible").first
    cell.hover()
    cell.locator("button.copybtn").click()
    assert page.evaluate("navigator.clipboard.readText()").strip() == cell.locator("pre").inner_text().strip()
    context.close()
