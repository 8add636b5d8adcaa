"""How the browser tests open a page."""

from playwright.sync_api import Page

FRONT = "book/pages/index"


def settled(page: Page, url: str) -> None:
    """Open a page and wait until its mathematics is typeset, also what one would have to scroll to."""
    page.goto(url, wait_until="load")
    page.evaluate(
        "() => Promise.race([window.dgmTypesetAll?.(),"
        " new Promise((_, fail) => setTimeout(() => fail(new Error('MathJax did not finish')), 60000))])"
    )
