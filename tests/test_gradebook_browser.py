"""A real browser opens what a hostile student handed in: the feedback page, and nbgrader's own formgrader."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from autograder.server import batch, dates
from tests.test_gradebook import (
    AUTO,
    FULL,
    HOSTILE,
    SECTION,
    WRITTEN,
    enter,
    gradebook,
    handed_in,
    mark_by_hand,
    opened,
    verdict,
)

ANSWER = "\n\n".join(["The loss is **zero** iff $p = q$, since $\\frac{1}{2} > 0$.", *HOSTILE])
EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(1)> $\\href{javascript:alert(1)}{x}$"


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Path:
    """Two students of whom one attacks with everything that is shown to somebody: words, code, output, remarks."""
    out = opened(tmp_path_factory.mktemp("browser") / "graded", "ada", "mallory")
    enter(out, "ada", handed_in(**{WRITTEN: "Because of $x^2$."}))
    attack = verdict("mallory", notes=[EVIL], printed={"exercise-kl-divergence": EVIL})
    attack.exercises["kl_divergence"].points, attack.exercises["kl_divergence"].message = 0, EVIL
    enter(out, "mallory", handed_in(**{WRITTEN: ANSWER, "kl_divergence": f'"""{EVIL}"""\n# {EVIL}'}), attack)
    mark_by_hand(out, "mallory", 1, "See **above**.")
    with gradebook(out) as opened_book:
        opened_book.update_or_create_student("mallory", first_name=HOSTILE[1], last_name=HOSTILE[0])
    batch.give_back(out, dates.Dates())
    return out


@pytest.fixture(scope="module")
def formgrader(graded) -> Iterator[str]:
    """nbgrader's formgrader, as `make formgrader` starts it, on that gradebook; its address."""
    port = 20_000 + os.getpid() % 20_000
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.port={port}", "--allow-root"]
    command += ["--IdentityProvider.token=", "--ServerApp.port_retries=0", "--notebook-dir=."]
    with (graded / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=graded, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    for _ in range(1200):
        try:
            with urllib.request.urlopen(f"{address}/api/status"):
                break
        except (urllib.error.URLError, ConnectionError):
            assert server.poll() is None, (graded / "server.log").read_text()
            time.sleep(0.1)
    yield address
    server.kill()  # asked politely, it waits for browsers that are still there
    server.wait()


def watched(chromium: Browser, viewport: dict | None = None) -> tuple[Page, list[str]]:
    """A page, and what happens on it that no submission may make happen."""
    page = chromium.new_page(viewport=viewport or {"width": 1000, "height": 800})  # type: ignore[arg-type]
    seen: list[str] = []
    page.on("dialog", lambda dialog: (seen.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("popup", lambda popup: seen.append(f"popup {popup.url}"))
    page.on("request", lambda request: seen.append(request.url) if "evil" in request.url else None)
    return page, seen


def try_everything(page: Page) -> None:
    """Click whatever can be clicked in an answer."""
    page.wait_for_timeout(500)
    page.evaluate(
        "document.querySelectorAll('a, [href], [onclick]').forEach(x => x.dispatchEvent(new MouseEvent('click')))"
    )
    page.wait_for_timeout(300)


def test_the_feedback_page_runs_nothing(graded, chromium):
    page, seen = watched(chromium)
    page.goto((graded / "feedback" / "mallory" / SECTION / f"{SECTION}.html").as_uri())
    assert page.locator("script, iframe, form, svg, base, link, img").count() == 0
    links = page.locator("a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert all(link.startswith(("#", "http://", "https://")) for link in links)
    page.locator("a[href^='#']").first.click()
    page.wait_for_timeout(300)
    assert seen == []
    text = page.locator("body").inner_text()
    assert "zero" in text and "<script>alert(1)</script>" in text and "above" in text and "ada" not in text
    assert page.locator("math").first.is_visible()
    page.close()


def test_the_policy_of_the_page_would_stop_what_came_through(graded, chromium, tmp_path):
    """Its head forbids scripts, other hosts and forms, should something get by everything else."""
    text = (graded / "feedback" / "mallory" / SECTION / f"{SECTION}.html").read_text(encoding="utf-8")
    spoilt = tmp_path / "spoilt.html"
    spoilt.write_text(text.replace("</body>", f"{HOSTILE[0]}{HOSTILE[1]}<img src='http://evil/x.png'></body>"))
    page, seen = watched(chromium)
    page.goto(spoilt.as_uri())
    page.wait_for_timeout(500)
    assert [what for what in seen if what.startswith("dialog")] == []
    page.close()
    spoilt.write_text(re.sub(r"<meta http-equiv[^>]*>", "", spoilt.read_text()))
    page, seen = watched(chromium)
    page.goto(spoilt.as_uri())
    page.wait_for_timeout(500)
    assert "dialog 1" in seen, "this browser shows what happens"
    page.close()


def test_the_feedback_page_fits_a_phone_and_needs_no_network(graded, chromium):
    page, _ = watched(chromium, {"width": 360, "height": 700})
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto((graded / "feedback" / "mallory" / SECTION / f"{SECTION}.html").as_uri())
    page.wait_for_timeout(300)
    assert len(requests) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()


def test_formgrader_opens_the_real_gradebook_and_runs_nothing(graded, formgrader, chromium):
    page, seen = watched(chromium)
    page.goto(f"{formgrader}/formgrader/gradebook/{SECTION}/{SECTION}")
    link = page.locator("td a", has_text="Submission").first
    link.wait_for()
    listed = json.loads(
        page.evaluate(f"fetch('/formgrader/api/submitted_notebooks/{SECTION}/{SECTION}').then(r => r.text())")
    )
    assert {row["student"]: row["score"] for row in listed} == {
        "ada": FULL,
        "mallory": FULL - AUTO["kl_divergence"] + 1,
    }
    (mallory,) = [row["id"] for row in listed if row["student"] == "mallory"]
    page.goto(f"{formgrader}/formgrader/submissions/{mallory}/")
    page.locator(f"#{WRITTEN}").wait_for()
    page.wait_for_timeout(1000)
    assert seen == []
    assert page.locator("body", has_text="<script>alert(1)</script>, <img").count() == 1, "her name"
    answer = page.locator(".tex2jax_ignore").first
    assert (
        page.locator(".rendered_html script, .rendered_html iframe, .rendered_html form, .rendered_html svg").count()
        == 0
    )
    assert answer.locator("math").first.is_visible() and "zero" in answer.inner_text()
    assert "Model answer and rubric" in page.locator("body").inner_text()
    try_everything(page)
    assert [what for what in seen if "alert" in what or what.startswith("dialog")] == []  # a link to a page is one
    page.close()


def test_marks_given_in_formgrader_reach_what_is_given_back(graded, formgrader, chromium):
    page, _ = watched(chromium)
    page.goto(f"{formgrader}/formgrader/gradebook/{SECTION}/{SECTION}")
    listed = json.loads(
        page.evaluate(f"fetch('/formgrader/api/submitted_notebooks/{SECTION}/{SECTION}').then(r => r.text())")
    )
    (ada,) = [row["id"] for row in listed if row["student"] == "ada"]
    page.goto(f"{formgrader}/formgrader/submissions/{ada}/")
    page.locator(f"#{WRITTEN}").wait_for()
    page.wait_for_timeout(1000)  # its script binds the fields once the marks have come
    page.locator(f"#{WRITTEN}").fill("2")
    page.locator(f"#{WRITTEN}").press("Tab")
    page.locator(f"#{WRITTEN}-comment").fill("Nearly.")
    page.locator(f"#{WRITTEN}-comment").press("Tab")
    page.wait_for_timeout(1500)
    page.close()
    batch.give_back(graded, dates.Dates())
    told = (graded / "feedback" / "ada" / SECTION / f"{SECTION}.html").read_text(encoding="utf-8")
    assert f"{FULL + 2} of {FULL + 3} points" in told and "Nearly." in told
