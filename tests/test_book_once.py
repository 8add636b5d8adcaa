"""Each solution is executed once: by nbval, whose outputs the book then shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from book.tools import build, execute, lessons
from book.tools.lessons import notebook_path
from tests.test_lessons import NAME
from tests.throwaway import LESSON, ROOT, course

# What a lesson may show besides, and what of it might differ between two programs that execute.
MORE = LESSON.replace(
    "print(double(21))\n",
    'print(double(21))\nprint(["a", "b"])\nimport_free = __import__("os")\n'
    'print(import_free.environ["DGM_STATIC"], import_free.environ["OMP_NUM_THREADS"], import_free.listdir())\n'
    "double(4)\n",
)


def nbval(root: Path) -> subprocess.CompletedProcess:
    """nbval on a course's solutions, as `make test` runs it."""
    options = ["--nbval-lax", "-p", "book.tools.nbval_keep", "-o", "addopts=", "-o", "filterwarnings=", "-q"]
    command = [sys.executable, "-m", "pytest", *options, "-p", "no:doctest", "-p", "no:cacheprovider", "solutions"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


def kept(root: Path) -> list[Path]:
    return sorted((root / "_build" / "lessons").glob("*.ipynb"))


@pytest.fixture(scope="module")
def committed(tmp_path_factory) -> Path:
    """A course that is built but whose cache is empty, as a fresh clone's."""
    root = course(tmp_path_factory.mktemp("once") / "root", NAME, text=MORE)
    build.build_notebooks(root)
    for path in kept(root):
        path.rename(path.with_suffix(".run"))
    return root


def copied(committed: Path, folder: Path) -> Path:
    build.stage_copy(committed, folder)
    return folder


def test_after_nbval_a_build_executes_no_lesson_and_shows_the_same(committed, tmp_path, monkeypatch):
    root = copied(committed, tmp_path / "root")
    done = nbval(root)
    assert done.returncode == 0, done.stdout
    (theirs,) = kept(root)
    (ours,) = (committed / "_build" / "lessons").glob("*.run")
    assert theirs.stem == ours.stem, "the key must be that of `execute`"
    one, other = (nbformat.read(path, as_version=4) for path in (theirs, ours))
    assert one.cells == other.cells
    assert one.metadata.dgm.seconds > 0
    monkeypatch.setattr(execute, "run", lambda *_: pytest.fail("a lesson was executed twice"))
    runs = build.run_lessons(root, lessons.load(root))
    assert not runs[NAME].fresh and runs[NAME].notebook.cells == other.cells
    written = theirs.stat().st_mtime_ns
    assert nbval(root).returncode == 0 and theirs.stat().st_mtime_ns == written, "a run that is there stays as it is"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('alt=\\"A black dot.\\"', 'alt=\\"\\"', "without alt text"),
        ("double(21)", "double(22)", "Cell outputs differ"),
        ("return x + x", "return 2 * x", None),  # right, but not the lesson's own
    ],
)
def test_what_nbval_or_a_page_refuses_is_not_kept(committed, tmp_path, old, new, said):
    root = copied(committed, tmp_path / "root")
    path = notebook_path(root, "solutions", NAME)
    text = path.read_text(encoding="utf8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf8")
    done = nbval(root)
    assert done.returncode == (1 if said else 0), done.stdout
    assert said is None or said in done.stdout
    assert kept(root) == []
