"""What holds for every run of the tests: one clone of the course, work for both cores, a tree that stays as it is."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from autograder.server import course
from autograder.server.errors import BadInput

ROOT = Path(__file__).parent
TREE = pytest.StashKey[dict[str, str] | str]()
CHANGED = pytest.StashKey[list[str]]()

# Longest first, so that no worker is left with one at the end. The first one builds the book; the others that read it
# come when it has done so.
ORDER = ("test_book_offline", "test_hostile", "test_handout", "test_gradescope", "test_mistakes", "test_grading")
ORDER += ("test_gradebook", "test_isolation", "test_book_browser", "test_book_press", "test_giving_back")
ORDER += ("test_lessons_again", "test_training", "test_book_sections", "test_cli", "test_book_once", "test_grade")
ORDER += ("test_gradebook_browser", "test_book_tree")
SLOW = (
    "test_book_",
    "test_hostile",
    "test_grade",
    "test_grading",
    "test_gradebook",
    "test_isolation",
    "test_cli",
    "test_giving_back",
    "test_handout",
    "test_gradescope",
    "test_lessons_again",
)  # a jail, a browser, executed lessons


def pytest_addoption(parser: pytest.Parser) -> None:
    """One option for `make test`, which nobody needs who edits meanwhile, and one for who does: `make test-fast`."""
    parser.addoption("--unchanged", action="store_true", help="fail when the tests changed a file of the repository")
    parser.addoption("--fast", action="store_true", help="leave out what needs a jail, a browser or executed lessons")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With --fast, don't even import the slow files."""
    return True if config.getoption("--fast") and collection_path.stem.startswith(SLOW) else None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse the environment of another clone: half of the code would come from there."""
    try:
        course.refuse_foreign_environment(ROOT)
    except BadInput as error:
        pytest.exit(str(error), returncode=2)
    if session.config.getoption("--unchanged") and not hasattr(session.config, "workerinput"):
        session.config.stash[TREE] = tree(ROOT)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first."""
    items.sort(key=lambda item: ORDER.index(item.path.stem) if item.path.stem in ORDER else len(ORDER))


class Sharing(LoadScopeScheduling):
    """What pytest-xdist hands to a worker in one piece: a file, whose tests share what is slow to set up.

    The bank and the lessons that are run again have nothing to set up and are long, so they go section by section.
    (Marks, the way that pytest-xdist offers for this, do nothing under pytest 9.2: it ignores the names they change.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        section = re.search(r"\[\d\d", test) if file.endswith(("test_mistakes.py", "test_lessons_again.py")) else None
        return file + section.group() if section else file


@pytest.hookimpl(optionalhook=True)  # also without pytest-xdist's -n
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Sharing:
    """Let pytest-xdist share the tests our way."""
    return Sharing(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Compare the tree with what it was."""
    before = session.config.stash.get(TREE, None)
    if isinstance(before, dict):
        after = tree(ROOT)
        assert isinstance(after, dict)
        changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        session.config.stash[CHANGED] = changed
        if changed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """Name what changed, or say why nobody watched."""
    if isinstance(why := config.stash.get(TREE, None), str):
        terminalreporter.line(f"--unchanged has nothing to watch: {why}")
    if changed := config.stash.get(CHANGED, []):
        terminalreporter.section("files that changed while the tests ran", red=True)
        for path in changed:
            terminalreporter.line(path)


def tree(root: Path) -> dict[str, str] | str:
    """A digest of each file that git knows or would know; or, in a sentence, why there is none."""
    try:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        done = subprocess.run(command, cwd=root, capture_output=True)
    except FileNotFoundError:
        return "there is no git here."
    if done.returncode:
        return "this is no git clone."
    found = {name: root / name for name in done.stdout.decode("utf8", "surrogateescape").split("\0") if name}
    return {name: hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "-" for name, p in found.items()}
