"""The book of this repository, built once per run from a copy, and a browser to read it."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, sync_playwright

from book.tools import build, lessons
from book.tools.pdf import browser
from tests.throwaway import ROOT


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id) -> Path:
    """The book as `make book` builds it, with -W -n --keep-going, which must pass; but of a copy of the repository.

    The copy shares the cache of executed lessons with the repository. The first worker that comes builds, others wait.
    """
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    root = shared / "site"
    with (shared / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "built").exists():
            build.stage_copy(ROOT, root)
            stale = [lesson.name for lesson in lessons.load(root) if lessons.committed_outputs(root, lesson) is None]
            assert not stale, f"run `make build` and commit what it writes: the code of {stale} has changed"
            executed = ROOT / "_build" / "lessons"
            executed.mkdir(parents=True, exist_ok=True)
            (root / "_build").mkdir(exist_ok=True)
            (root / "_build" / "lessons").unlink(missing_ok=True)
            (root / "_build" / "lessons").symlink_to(executed)
            build.build_book(root)
            (root / "built").touch()
    return root / "_build" / "html"


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
