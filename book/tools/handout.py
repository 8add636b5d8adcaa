"""The students' repository, written from a list of what may be in it: `make handout DEST=dir`.

    notebooks/NN-name/NN-name.ipynb   the release, with a first cell for Colab
    src/dgm/  autograder/             what the notebooks import, less `autograder/server/`
    student-guide.md  notation.md     the pages of the book that they need while they work
    pyproject.toml  requirements.lock made from the course's own: only what a student's machine needs
    wheel/                            both packages in one file, for Colab, Binder and a hub
    and everything in book/handout/   README, Makefile, .gitignore, the checks on each push, binder/

Nothing is written when a line of a solution or of a model answer would be among it, in whatever file.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import nbformat
import tomlkit
import yaml
from nbformat import NotebookNode
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder.server.errors import BadInput
from book.tools import lessons as source
from book.tools.errors import Trouble
from book.tools.lessons import BEGIN, END, Lesson, notebook_path, write_notebook, write_text

FILES = {
    "LICENSE": "LICENSE",
    "LICENSE-TEXT": "LICENSE-TEXT",
    "book/student-guide.md": "student-guide.md",
    "book/notation.md": "notation.md",
}
"""The single files: where they lie in the course, and in what is handed out."""

PACKAGES = {"src/dgm": (), "autograder": ("server",)}
"""The packages, and which folders of them stay with the instructor."""

KINDS = {".py", ".json", ".csv", ".mplstyle"}
"""What a package is made of; nothing else that may lie in its folder is handed out."""

PLATFORMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
    "darwin": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
    "win32": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
}
"""Where a student's machine may be another than this one: what the markers of a requirement ask for."""

COLAB = """\
# Google Colab needs this once for each session. Elsewhere it does nothing.
from importlib.util import find_spec

if find_spec("autograder") is None:
    %pip install --quiet --no-deps {address}"""

_SECRET = 12  # characters, without spaces: a shorter line, as `return x`, tells nothing by itself


def hand_out(root: Path, destination: Path) -> Path:
    """Write the students' repository with one commit into a folder that is new or empty; returns the folder.

    Raises:
        BadInput: when the folder is in use, or lies in the course.
        LessonError: when a lesson has to be mended.
        Trouble: when the notebooks are out of step with the lessons, or an answer would be handed out.
    """
    root, destination = root.resolve(), destination.expanduser().resolve()
    _refuse(root, destination)
    lessons = source.load(root)
    students = _released(root, lessons)
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=f".{destination.name}.") as folder:
        stage = Path(folder) / "handout"
        shutil.copytree(root / "book" / "handout", stage, ignore=shutil.ignore_patterns("__pycache__"))
        _copy_packages(root, stage, {lesson.name for lesson in lessons})
        for ours, theirs in FILES.items():
            shutil.copyfile(root / ours, stage / theirs)
        write_text(stage / "pyproject.toml", students_project((root / "pyproject.toml").read_text(encoding="utf8")))
        project = tomlkit.parse((stage / "pyproject.toml").read_text(encoding="utf8")).unwrap()
        wanted = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["lab"]]
        wanted += project["build-system"]["requires"]  # an editable install needs them, and with them no internet
        write_text(stage / "requirements.lock", lock_for(root, wanted))
        wheel = _build_wheel(stage)
        config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))
        address = repository_file(config, f"wheel/{wheel.name}")
        for name, notebook in students.items():
            write_notebook(notebook_path(stage, "notebooks", name), with_colab(notebook, address))
        _fill_in(stage / "README.md", config)
        if found := leaks(lessons, stage):
            raise Trouble("Nothing was handed out, because answers would have been:\n" + "\n".join(found))
        _commit(stage, str(config.get("title") or "A course"))
        if destination.exists():
            destination.rmdir()  # it is empty
        stage.rename(destination)
    return destination


def _refuse(root: Path, destination: Path) -> None:
    if destination == root or root in destination.parents:
        raise BadInput(f"{destination} lies in the course, whose folders hold answers: choose one outside of {root}.")
    if destination.is_symlink() or (destination.exists() and not destination.is_dir()):
        raise BadInput(f"{destination} is no folder.")
    if destination.is_dir() and any(destination.iterdir()):
        raise BadInput(f"{destination} is not empty: choose a new folder, nothing is overwritten.")


def _released(root: Path, lessons: list[Lesson]) -> dict[str, NotebookNode]:
    """The students' notebooks as they follow from the lessons, which is as they are graded.

    Raises:
        Trouble: when those that lie in `notebooks/` are others: not built, or worked in.
    """
    texts = source.translations(root, lessons)
    solutions = {
        lesson.name: source.solution_notebook(lesson, texts[lesson.name], source.committed_outputs(root, lesson) or {})
        for lesson in lessons
    }
    students = source.release(solutions)
    for name, notebook in students.items():
        path = notebook_path(root, "notebooks", name)
        if not path.is_file() or path.read_text(encoding="utf8").strip() != nbformat.writes(notebook).strip():
            raise Trouble(f"notebooks/{name} is not what its lesson makes: run make build (or git checkout notebooks).")
    return students


def _copy_packages(root: Path, stage: Path, sections: set[str]) -> None:
    """The packages, less what is the instructor's and what belongs to sections that the course has not."""
    for package, instructors in PACKAGES.items():
        for path in sorted((root / package).rglob("*")):
            inside = path.relative_to(root / package)
            if path.suffix not in KINDS or inside.parts[0] in instructors or not path.is_file():
                continue
            if any(part.startswith(".") for part in inside.parts):
                continue
            if source.FILE.match(path.stem) and path.stem not in sections:
                continue
            (stage / package / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, stage / package / inside)


# --- the environment --------------------------------------------------------------------------------------------------


def students_project(text: str) -> str:
    """The course's pyproject.toml less what students have no use for: other extras, and the tools' settings."""
    project = tomlkit.parse(text).unwrap()
    extras = project["project"]["optional-dependencies"]
    project["project"]["optional-dependencies"] = {"lab": extras["lab"]}
    project["tool"] = {"hatch": project["tool"]["hatch"]}
    return tomlkit.dumps(project)


def lock_for(root: Path, wanted: Iterable[str]) -> str:
    """Those lines of requirements.lock that these requirements need, by what the packages say that they need.

    A package that some platform has no use for is marked so. What only Windows or a Mac needs is not in the lock of
    this machine: there, pip chooses a version.
    """
    needed = {name: _needed(wanted, settings) for name, settings in PLATFORMS.items()}
    lines = ["# Made from the course's own lock: what is needed here."]
    for line in (root / "requirements.lock").read_text(encoding="utf8").split():
        where = [name for name, packages in needed.items() if canonicalize_name(line.partition("==")[0]) in packages]
        marker = " or ".join(f'sys_platform == "{name}"' for name in where)
        if where:
            lines.append(line if len(where) == len(needed) else f"{line} ; {marker}")
    return "\n".join(lines) + "\n"


def _needed(wanted: Iterable[str], settings: Mapping[str, str]) -> set[str]:
    """The names of these requirements and of all that they require in turn, on one platform."""
    found: dict[tuple[str, frozenset[str]], None] = {}
    waiting = [Requirement(line) for line in wanted]
    while waiting:
        requirement = waiting.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in found:
            continue
        found[key] = None
        try:
            lines = requires(requirement.name) or []
        except PackageNotFoundError:  # another platform's
            continue
        for line in lines:
            inner = Requirement(line)
            marker, extras = inner.marker, requirement.extras or {""}
            if marker is None or any(marker.evaluate({**settings, "extra": extra}) for extra in extras):
                waiting.append(inner)
    return {name for name, _ in found}


def _build_wheel(stage: Path) -> Path:
    """Both packages in one file that `pip install --no-deps` takes."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", "wheel"]
    done = subprocess.run(command, cwd=stage, capture_output=True, text=True)
    if done.returncode:
        raise Trouble(f"The course's wheel can't be built:\n{(done.stderr or done.stdout).strip()}")
    (wheel,) = (stage / "wheel").glob("*.whl")
    return wheel


# --- what depends on where it will lie --------------------------------------------------------------------------------


def repository_file(config: Mapping, path: str) -> str:
    """The address of a file of the students' repository, as both GitHub and GitLab have it; "" if none is named."""
    repository = config.get("repository") or {}
    url = (repository.get("url") or "").rstrip("/").removesuffix(".git")
    return f"{url}/raw/{repository.get('branch') or 'main'}/{path}" if url else ""


def with_colab(notebook: NotebookNode, address: str) -> NotebookNode:
    """A notebook that installs the course where it runs on Colab; as it was, if there is no address to install from.

    The cell is locked, so grading knows it for none of the student's own, and leaves it out.
    """
    if not address:
        return notebook
    cell = nbformat.v4.new_code_cell(COLAB.format(address=address), id="colab")
    cell.metadata["nbgrader"] = {
        "grade": False,
        "grade_id": "colab",
        "locked": True,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    return NotebookNode(notebook | {"cells": [notebook.cells[0], cell, *notebook.cells[1:]]})


def _fill_in(path: Path, config: Mapping) -> None:
    """The course's title and its address in the students' README."""
    url = (config.get("repository") or {}).get("url") or "ADDRESS"
    text = path.read_text(encoding="utf8")
    path.write_text(text.replace("TITLE", str(config.get("title"))).replace("ADDRESS", url), encoding="utf8")


def _commit(stage: Path, title: str) -> None:
    """A repository with one commit: no older version of anything, in which an answer might be."""
    author = ["-c", f"user.name={title}", "-c", "user.email=course@localhost", "-c", "commit.gpgsign=false"]
    for command in (
        ["init", "--quiet", "--initial-branch=main", "--template="],
        ["add", "--all"],
        [*author, "commit", "--quiet", "--no-verify", "--message", "Hand out the course"],
    ):
        done = subprocess.run(["git", *command], cwd=stage, capture_output=True, text=True)
        if done.returncode:
            raise Trouble(f"git {command[0]}: {done.stderr.strip()}")


# --- does an answer go out? -------------------------------------------------------------------------------------------


def leaks(lessons: list[Lesson], folder: Path) -> list[str]:
    """A sentence for each answer of which something stands in a file of the folder, wheels and notebooks included.

    A line of a solution or a sentence of a model answer is secret unless the lessons themselves show it to students
    outside of the answers. So is a whole answer, even if each of its lines is shown somewhere.
    """
    shown = "\n".join(_bare(_without_answers(cell)) for lesson in lessons for cell in lesson.cells)
    found = []
    texts = {name: _bare(text) for name, text in _texts(folder)}
    for lesson in lessons:
        for cell in lesson.cells:
            lines = [_bare(line) for line in answer_lines(cell)]
            secret = [line for line in lines if len(line) > _SECRET and line not in shown]
            for name, text in texts.items():
                line = next((line for line in secret if line in text), "")
                if line or (lines and "".join(lines) in text):
                    found.append(f"{name} holds the answer to {cell.exercise} of {lesson.name}, or a part: {line[:60]}")
    return found


def answer_lines(cell: source.Cell) -> list[str]:
    """What students don't get of a cell: the lines between its marks, or the sentences of a written answer."""
    if not cell.exercise:
        return []
    if cell.kind == "markdown":
        return [line.strip() for line in re.split(r"(?<=[.:;?!])\s+|\n", cell.source) if line.strip()]
    blocks = re.findall(rf"{re.escape(BEGIN)}\n(.*?){re.escape(END)}", cell.source, re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def _without_answers(cell: source.Cell) -> str:
    if cell.kind == "markdown":
        return "" if cell.exercise else cell.source
    return source.stubbed(cell.source)


def _bare(text: str) -> str:
    """Text without what does not matter in code, and does differ between a notebook, a string and a page."""
    return re.sub(r"[\s\"'`]+", "", text)


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file as (name, text), also those inside of wheels; a notebook's strings as they read in Jupyter."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                for inside in wheel.namelist():
                    yield f"{name}/{inside}", _decoded(inside, wheel.read(inside))
        else:
            yield name, _decoded(name, path.read_bytes())


def _decoded(name: str, data: bytes) -> str:
    text = data.decode("utf8", "replace")
    return "".join(_strings(json.loads(text))) if name.endswith((".ipynb", ".json")) else text


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(inner)
