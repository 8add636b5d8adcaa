"""What is committed and what lies in the tree: built files agree with their sources, and no test changes any."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from book.tools import build
from tests.test_lessons import NAME
from tests.throwaway import ROOT, course


class Stale(Exception):
    """A lesson's code is not the code that its committed outputs come from."""


def differences(root: Path, folder: Path, monkeypatch) -> list[str]:
    """Built files of `root` that are not what its lessons make: a build of a copy changes, adds or removes them."""

    def stale(_root, missing, *_) -> None:
        raise Stale([f"solutions/{lesson.name}/{lesson.name}.ipynb" for lesson in missing])

    build.stage_copy(root, folder)
    monkeypatch.setattr(build, "run_lessons", stale)
    monkeypatch.setattr(build, "_make_references", lambda *_: None)
    try:
        build.build_notebooks(folder)
    except Stale as error:
        return error.args[0]
    return sorted(
        path for path in built(root).keys() | built(folder) if built(root).get(path) != built(folder).get(path)
    )


def built(root: Path) -> dict[str, bytes]:
    found = [*root.glob("src/dgm/map.csv"), *root.glob("solutions/**/*.*"), *root.glob("notebooks/**/*.*")]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found if path.is_file()}


def test_what_is_committed_is_what_the_lessons_make(tmp_path, monkeypatch):
    """Also: a fresh clone builds its notebooks without running anything."""
    assert differences(ROOT, tmp_path, monkeypatch) == [], "run `make build` and commit what it writes"


def test_one_changed_word_without_a_build_is_seen(tmp_path, monkeypatch):
    """A copy of this repository in which an author forgot to run `make build`."""
    build.stage_copy(ROOT, tmp_path / "clone")
    lesson = tmp_path / "clone" / "book" / "lessons" / "03-gan-minimax.md"
    text = lesson.read_text(encoding="utf8")
    assert "After this section you can" in text
    lesson.write_text(text.replace("After this section you can", "After this section you could", 1), encoding="utf8")
    both = [f"{folder}/03-gan-minimax/03-gan-minimax.ipynb" for folder in ("notebooks", "solutions")]
    assert differences(tmp_path / "clone", tmp_path / "copy", monkeypatch) == both


@pytest.fixture(scope="module")
def committed(tmp_path_factory) -> Path:
    """A course in good order."""
    root = course(tmp_path_factory.mktemp("committed") / "root", NAME)
    build.build_notebooks(root)
    return root


SOLUTION, STUDENT = (f"{folder}/{NAME}/{NAME}.ipynb" for folder in ("solutions", "notebooks"))
LESSON = f"book/lessons/{NAME}.md"


@pytest.mark.parametrize(
    ("file", "old", "new", "seen"),
    [
        (LESSON, "Write the function.", "Write a function.", [STUDENT, SOLUTION]),
        (LESSON, ":points: 2", ":points: 3", [STUDENT, SOLUTION]),
        (LESSON, "return x + x", "return 2 * x", [SOLUTION]),
        (LESSON, "text: twice a number", "text: a number twice", ["src/dgm/map.csv"]),
        ("src/dgm/map.csv", "twice a number", "a number twice", ["src/dgm/map.csv"]),
        (STUDENT, "Write the function.", "Write a function.", [STUDENT]),
        (SOLUTION, "It is two times something.", "It is twice something.", [SOLUTION]),
        ("_toc.yml", f"      - file: book/pages/{NAME}\n", "", [STUDENT, SOLUTION, "src/dgm/map.csv"]),
        (LESSON, "twice as much", "as much twice", []),  # stands on the front page only, which is not committed
    ],
)
def test_a_source_that_was_not_built_is_seen(committed, tmp_path, monkeypatch, file, old, new, seen):
    build.stage_copy(committed, tmp_path / "root")
    path = tmp_path / "root" / file
    text = path.read_text(encoding="utf8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf8")
    assert differences(tmp_path / "root", tmp_path / "copy", monkeypatch) == seen


def test_building_twice_gives_the_same_bytes(committed, tmp_path):
    build.stage_copy(committed, tmp_path)
    shutil.rmtree(tmp_path / "notebooks")
    build.build_notebooks(tmp_path)
    assert built(tmp_path) == built(committed)


# --- the tests themselves ---------------------------------------------------------------------------------------------

WRITES = """from pathlib import Path


def test_something():
    (Path(__file__).parent / "{name}").write_text("changed")
"""


def session(folder: Path, name: str) -> subprocess.CompletedProcess:
    """A run of the tests, as `make test` does it, of a folder whose only test writes a file."""
    folder.mkdir(exist_ok=True)
    shutil.copy(ROOT / "conftest.py", folder)
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (folder / ".gitignore").write_text("__pycache__\n.pytest_cache\nignored.txt\n")
    (folder / "test_writes.py").write_text(WRITES.format(name=name))
    command = [sys.executable, "-m", "pytest", "-q", "--unchanged", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize(("name", "status"), [("test_writes.py", 1), ("new.txt", 1), ("ignored.txt", 0)])
def test_a_test_that_writes_into_the_tree_fails_the_run(tmp_path, name, status):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    done = session(tmp_path, name)
    assert done.returncode == status, done.stdout
    assert ("files that changed while the tests ran" in done.stdout) == bool(status)
    assert done.stdout.splitlines().count(name) == status


def test_without_git_the_run_says_that_it_watches_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    done = session(tmp_path, "new.txt")
    assert done.returncode == 0
    assert "nothing to watch: this is no git clone." in done.stdout


# --- the wrong environment --------------------------------------------------------------------------------------------


def test_the_environment_of_another_clone_is_refused(tmp_path):
    """Half of the code would come from there."""
    build.stage_copy(ROOT, tmp_path, ("book/tools", "autograder", "src/dgm", "_toc.yml"))
    shutil.copy(ROOT / "conftest.py", tmp_path)
    for module in (["book.tools", "build"], ["pytest", "-q"]):
        done = subprocess.run([sys.executable, "-m", *module], cwd=tmp_path, capture_output=True, text=True)
        said = done.stdout + done.stderr
        assert done.returncode == 2 and f"not that of {tmp_path}" in said and "Traceback" not in said


OTHER = """#!/bin/sh
exec {python} -c 'import sys; sys.version_info = {version}; exec(sys.argv[1])' "$2"
"""


@pytest.mark.parametrize("version", [(3, 10, 4), (3, 13, 0)])
def test_make_refuses_a_python_that_will_not_do(tmp_path, version):
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    other = tmp_path / "python"
    other.write_text(OTHER.format(python=sys.executable, version=version))
    other.chmod(0o755)
    done = subprocess.run(["make", "build", f"PYTHON={other}"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and not (tmp_path / ".venv").exists()
    assert f"needs Python 3.11 or 3.12, not {version[0]}.{version[1]}" in done.stderr
    assert [line for line in done.stderr.splitlines() if not line.startswith("make")] == done.stderr.splitlines()[:1]


def test_make_clean_keeps_the_grades_and_the_environment(tmp_path):
    """`graded/` holds the gradebook, marks given by hand and the private seed."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("graded", "submitted", ".venv", "_build", "book/pages", "notebooks"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").touch()
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    kept = sorted(path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("file"))
    assert kept == [".venv", "graded", "notebooks", "submitted"]
