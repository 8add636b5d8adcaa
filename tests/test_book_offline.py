"""The built book as its readers get it: without a network, and light enough."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.reading import FRONT, settled

pytestmark = pytest.mark.timeout(2400)  # the first test builds the book, and may have to run every lesson
FIRST_PAGE_BYTES, PAGE_BYTES = 1_500_000, 6_000_000  # over the wire


@cache
def sent(file: Path) -> int:
    """Bytes of a file over the wire."""
    return len(gzip.compress(file.read_bytes())) if file.is_file() else 0


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_no_page_asks_another_host_for_anything_or_too_much(chromium, site, pages, address, scheme, capsys):
    """Each page with all that it fetches, in a browser that has seen none before; from files, without formulas."""
    base = address if scheme == "http" else site.as_uri()
    foreign: list[str] = []
    broken: list[str] = []
    weights: dict[str, int] = {}
    for name in [*pages, "search.html?q=generator"]:
        context = chromium.new_context(viewport={"width": 1400, "height": 900})
        page = context.new_page()
        asked: set[str] = set()
        awaited: set[str] = set()
        page.on("request", lambda r, asked=asked, awaited=awaited: (asked.add(r.url), awaited.add(r.url)))
        page.on("requestfinished", lambda r, awaited=awaited: awaited.discard(r.url))
        page.on("requestfailed", lambda r, awaited=awaited: (awaited.discard(r.url), broken.append(r.url)))
        page.on("response", lambda r: broken.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
        if "?" in name:
            settled(page, f"{base}/{name}")
            page.wait_for_selector("#search-results ul.search li a")
        else:
            settled(page, f"{base}/{name}.html") if scheme == "http" else page.goto(f"{base}/{name}.html")
            page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true; })")
            page.evaluate("() => document.querySelectorAll('img').forEach(i => i.scrollIntoView())")
            page.wait_for_timeout(100)
            while awaited:  # leaving would cut off the pictures that are still on their way
                page.wait_for_timeout(20)
            assert page.locator("mjx-merror").count() == 0, f"{name}: a formula that MathJax does not understand"
        foreign += [url for url in asked if not url.startswith((base, "data:", "blob:"))]
        context.close()
        files = [site / unquote(urlsplit(url).path).lstrip("/") for url in asked if url.startswith("http")]
        weights[name] = sum(map(sent, set(files)))
    assert not foreign and not broken
    if scheme == "http":
        with capsys.disabled():
            print("\n" + "\n".join(f"{name}: {weight / 1e6:.2f} MB" for name, weight in weights.items()))
        assert weights[FRONT] < FIRST_PAGE_BYTES and max(weights.values()) < PAGE_BYTES
