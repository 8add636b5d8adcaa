"""How the browser tests open a page. Setting formulas takes longer than all else: only where they matter."""

from playwright.sync_api import Page

FRONT = "book/pages/index"


def settled(page: Page, url: str) -> None:
    """Open a page and wait until its mathematics is typeset, also what one would have to scroll to."""
    page.goto(url, wait_until="load")
    page.evaluate(
        "() => Promise.race([window.dgmTypesetAll?.(),"
        " new Promise((_, fail) => setTimeout(() => fail(new Error('MathJax did not finish')), 60000))])"
    )


def opened(page: Page, url: str) -> None:
    """Open a page without its formulas, which would move what is below them while they are set."""
    page.route("**/mathjax/**", lambda route: route.abort())
    page.goto(url, wait_until="load")
