"""From the lessons to the static book, step by step: notebooks, executed lessons, pages, HTML.

A build that fails leaves `solutions/`, `notebooks/` and the reference outputs as they were.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from book.tools import lessons as source
from book.tools import sections
from book.tools.errors import Trouble
from book.tools.execute import ANSI, Run, execute
from book.tools.lessons import Lesson, notebook_path, write_notebook, write_text
from book.tools.pages import exercise_list, front_page, page

PAGES = ("_config.yml", "_toc.yml", "book", "notebooks", "benchmarks")
"""What the static book is made of, besides the executed lessons: what its pages are, include or offer."""

COURSE = (*PAGES, "solutions", "src/dgm", "autograder")
"""What the lessons are made and executed with."""


# --- solutions/ and notebooks/ ----------------------------------------------------------------------------------------


def build_notebooks(
    root: Path,
    workers: int | None = None,
    runs: dict[str, Run] | None = None,
    unsafe: bool = False,
    all_references: bool = False,
) -> list[Lesson]:
    """Write `solutions/`, `notebooks/` and the map's data for every lesson of `_toc.yml`; remove what it doesn't list.

    Outputs that nbval compares come from `runs` where given, else from the committed solutions while the lesson's code
    is the same, and only otherwise from executing the lesson. The checks of a lesson that is executed need reference
    outputs, which the grader makes from its solution, in its sandbox unless `unsafe`.

    Arguments:
        all_references: Make the reference outputs of every lesson again, as after a change of its cases.

    Raises:
        LessonError: when a lesson has to be mended.
        Trouble: when a lesson failed, or a solution does not answer its own exercises.
        JailError: when there is no sandbox and something must run in it.
    """
    lessons = source.load(root)
    texts = source.translations(root, lessons)
    outputs = {}
    for lesson in lessons:
        if runs is not None and (run := runs[lesson.name].notebook) is not None:
            outputs[lesson.name] = source.checked_outputs(lesson, run)
        else:
            outputs[lesson.name] = source.committed_outputs(root, lesson)
    missing = [lesson for lesson in lessons if outputs[lesson.name] is None]
    asked = [lesson for lesson in (lessons if all_references else missing) if _cases(root, lesson).exists()]
    asked = _with_a_sandbox(asked, missing, unsafe)
    touched = [root / sections.MAP]
    touched += [path for lesson in asked for path in (_references(root, lesson), _solution(root, lesson))]
    with _restored_on_failure(touched):
        if write_text(root / sections.MAP, sections.map_table(lessons)):
            print(f"built {sections.MAP.as_posix()}")
        _make_references(root, asked, _solutions(lessons, texts, outputs), unsafe)
        if missing:
            runs = run_lessons(root, missing, workers)
            for lesson in missing:
                notebook = runs[lesson.name].notebook
                assert notebook is not None
                outputs[lesson.name] = source.checked_outputs(lesson, notebook)
        solutions = _solutions(lessons, texts, outputs)
        students = source.release(solutions)
    for name in solutions:
        wrote = [write_notebook(notebook_path(root, "solutions", name), solutions[name])]
        wrote.append(write_notebook(notebook_path(root, "notebooks", name), students[name]))
        if any(wrote):
            print(f"built solutions/{name} and notebooks/{name}")
    for folder in ("solutions", "notebooks"):
        for path in sorted((root / folder).glob("*/")):
            if source.FILE.match(path.name) and path.name not in {lesson.name for lesson in lessons}:
                shutil.rmtree(path)
                print(f"removed {folder}/{path.name}, which _toc.yml does not list")
    return lessons


def _solutions(lessons: list[Lesson], texts: dict[str, list[str]], outputs: dict) -> dict[str, NotebookNode]:
    return {
        lesson.name: source.solution_notebook(lesson, texts[lesson.name], outputs[lesson.name] or {})
        for lesson in lessons
    }


def _cases(root: Path, lesson: Lesson) -> Path:
    return root / "autograder" / "exercises" / f"{lesson.name}.py"


def _solution(root: Path, lesson: Lesson) -> Path:
    return notebook_path(root, "solutions", lesson.name)


def _references(root: Path, lesson: Lesson) -> Path:
    return root / "autograder" / "references" / f"{lesson.name}.json"


def _with_a_sandbox(asked: list[Lesson], needed: list[Lesson], unsafe: bool) -> list[Lesson]:
    """Those of the asked lessons whose solutions can run here.

    Raises:
        JailError: when there is no sandbox, and one of the needed lessons is among them.
    """
    if unsafe or not asked:
        return asked
    from autograder.server.errors import JailError
    from autograder.server.jail.box import require_bubblewrap

    try:
        require_bubblewrap()
    except JailError as error:
        if any(lesson in needed for lesson in asked):
            raise
        print(f"The reference outputs are left as they are: {error}")
        return []
    return asked


@contextmanager
def _restored_on_failure(paths: Iterable[Path]) -> Iterator[None]:
    """Put files back as they were when what is done with them fails, or is interrupted."""
    before = {path: path.read_bytes() if path.is_file() else None for path in paths}
    try:
        yield
    except BaseException:
        for path, content in before.items():
            if content is not None:
                path.write_bytes(content)
            elif path.is_file():
                path.unlink()
                if not any(path.parent.iterdir()):
                    path.parent.rmdir()
        raise


def _make_references(root: Path, lessons: list[Lesson], solutions: dict[str, NotebookNode], unsafe: bool) -> None:
    """Let the grader write down what the new solutions answer; the checks in the lessons compare with it.

    Raises:
        Trouble: when a solution does not answer its own exercises.
    """
    if not lessons:
        return
    for lesson in lessons:
        write_notebook(_solution(root, lesson), solutions[lesson.name])
    command = [sys.executable, "-m", "autograder", "references", *(lesson.name for lesson in lessons)]
    command += ["--unsafe"] if unsafe else []
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise Trouble(done.stderr.strip())
    for line in done.stdout.splitlines():
        if line.endswith(": written"):
            print(f"built the reference outputs of {line.removesuffix(': written')}")


def stage_copy(root: Path, stage: Path, parts: Iterable[str] = COURSE) -> None:
    """Copy parts of a course into another folder, without what is built from them."""
    unwanted = shutil.ignore_patterns("pages", "__pycache__")
    for name in parts:
        if (root / name).is_dir():
            shutil.copytree(root / name, stage / name, dirs_exist_ok=True, ignore=unwanted)
        elif (root / name).is_file():
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, stage / name)


# --- outputs ----------------------------------------------------------------------------------------------------------


def run_lessons(root: Path, lessons: list[Lesson], workers: int | None = None) -> dict[str, Run]:
    """Execute lessons, say how long each took, and report every failure before giving up.

    Raises:
        Trouble: when a lesson failed.
    """
    runs: dict[str, Run] = {}
    for run in execute(root, lessons, workers):
        runs[run.name] = run
        state = "FAILED" if run.failures else "ran" if run.fresh else "unchanged, last ran"
        print(f"{run.name}: {state} in {run.seconds:.0f} s", flush=True)
    failures = [failure for name in sorted(runs) for failure in runs[name].failures]
    if failures:
        raise Trouble("\n\n".join([*failures, f"{len(failures)} failure(s) in the lessons."]))
    return runs


# --- pages and HTML ---------------------------------------------------------------------------------------------------


def write_pages(root: Path, pages: Path, lessons: list[Lesson], runs: dict[str, Run], answers: bool) -> None:
    """Write the pages of all lessons and the list of exercises; remove pages of lessons that are gone."""
    front = source.read_cells(root / "book" / "index.md")
    write_notebook(pages / "index.ipynb", front_page(root, front, lessons, runs[front.name]))
    wanted = {pages / "exercises.md", pages / "index.ipynb"}
    write_text(pages / "exercises.md", exercise_list(lessons))
    for lesson in lessons:
        student = nbformat.read(notebook_path(root, "notebooks", lesson.name), as_version=4)
        path = pages / f"{lesson.name}.ipynb"
        write_notebook(path, page(root, lesson, student, runs[lesson.name], answers))
        wanted.add(path)
    for path in pages.iterdir():
        if path not in wanted and path.suffix in (".ipynb", ".md"):
            path.unlink()


def jupyter_book(folder: Path, quiet: bool) -> None:
    """Build the static book of `folder` into its `_build/html`; every warning is an error.

    Raises:
        Trouble: when jupyter-book found something to complain about.
    """
    program = Path(sys.executable).with_name("jupyter-book")
    command = [str(program), "build", str(folder), "-W", "-n", "--keep-going"]
    done = subprocess.run(command, capture_output=quiet, text=True, cwd=folder)
    if done.returncode:
        said = ANSI.sub("", (done.stderr or "").strip() or (done.stdout or ""))
        raise Trouble(f"{said}\njupyter-book found something to mend in the pages.")


def build_book(
    root: Path, answers: bool = False, workers: int | None = None, quiet: bool = True, unsafe: bool = False
) -> Path:
    """Everything from the lessons to the static book; returns its front page."""
    lessons = build_notebooks(root, workers, unsafe=unsafe)
    runs = run_lessons(root, [source.read_cells(root / "book" / "index.md"), *lessons], workers)
    if any(run.fresh for run in runs.values()):
        build_notebooks(root, workers, runs)  # what the lessons print may have changed with the library
    write_pages(root, root / "book" / "pages", lessons, runs, answers=False)
    if not answers:
        jupyter_book(root, quiet)
        return root / "_build" / "html" / "index.html"
    # The instructor's edition is built from a copy, so that no page with answers ever lies in book/pages/.
    stage = root / "_build" / ".answers"
    stage.mkdir(parents=True, exist_ok=True)
    stage_copy(root, stage, PAGES)
    write_pages(root, stage / "book" / "pages", lessons, runs, answers=True)
    jupyter_book(stage, quiet)
    edition = root / "_build" / "answers"
    if edition.exists():
        shutil.rmtree(edition)
    shutil.copytree(stage / "_build" / "html", edition)
    return edition / "index.html"
