"""`python -m book.tools build | book [--answers] | pdf`, from the root of the repository.

build   lessons -> solutions/ and notebooks/ (executes only lessons whose printed outputs are not known yet)
book    build, execute what changed, write the pages, and the static book: _build/html, or _build/answers
pdf     the static book as one file: _build/pdf/book.pdf
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import nbformat
import typer
import yaml
from jupyter_client.kernelspec import NoSuchKernel

from book.tools import lessons as source
from book.tools.execute import ANSI, Run, execute
from book.tools.lessons import Lesson, notebook_path, write_notebook, write_text
from book.tools.myst import LessonError
from book.tools.pages import exercise_list, front_page, page

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False)
Root = Annotated[Path, typer.Option(help="The repository, or a folder shaped like it.")]
Workers = Annotated[int | None, typer.Option(help="Lessons that run at a time; by default one per core.")]


class Trouble(RuntimeError):
    """The lessons are in order and something else is not: exit status 1, after what was printed already."""


def build_notebooks(root: Path, workers: int | None = None, runs: dict[str, Run] | None = None) -> list[Lesson]:
    """Write `solutions/` and `notebooks/` for every lesson of `_toc.yml`, and remove those that it no longer lists.

    Outputs that nbval compares come from `runs` where given, else from the committed solutions while the lesson's code
    is the same, and only otherwise from executing the lesson.
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
    # Written first, because the reference outputs that the lessons' checks need are made from the solutions.
    _write(root, lessons, texts, outputs)
    if missing:
        _references(root, missing)
        runs = run_lessons(root, missing, workers)
        for lesson in missing:
            notebook = runs[lesson.name].notebook
            assert notebook is not None
            outputs[lesson.name] = source.checked_outputs(lesson, notebook)
        _write(root, lessons, texts, outputs)
    for folder in ("solutions", "notebooks"):
        for path in sorted((root / folder).glob("*/")):
            if source.FILE.match(path.name) and path.name not in {lesson.name for lesson in lessons}:
                shutil.rmtree(path)
                print(f"removed {folder}/{path.name}, which _toc.yml does not list")
    return lessons


def _references(root: Path, lessons: list[Lesson]) -> None:
    """Let the grader write down what the new solutions answer; the checks in the lessons compare with it.

    Raises:
        Trouble: when a solution does not answer its own exercises.
    """
    for lesson in lessons:
        if (root / "autograder" / "exercises" / f"{lesson.name}.py").exists():
            command = [sys.executable, "-m", "autograder", "references", lesson.name]
            done = subprocess.run(command, cwd=root, capture_output=True, text=True)
            if done.returncode:
                raise Trouble(done.stderr.strip())


def _write(root: Path, lessons: list[Lesson], texts: dict[str, list[str]], outputs: dict) -> None:
    solutions = {
        lesson.name: source.solution_notebook(lesson, texts[lesson.name], outputs[lesson.name] or {})
        for lesson in lessons
    }
    students = source.release(solutions)
    for name in solutions:
        wrote = [write_notebook(notebook_path(root, "solutions", name), solutions[name])]
        wrote.append(write_notebook(notebook_path(root, "notebooks", name), students[name]))
        if any(wrote):
            print(f"built solutions/{name} and notebooks/{name}")


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


def build_book(root: Path, answers: bool = False, workers: int | None = None, quiet: bool = True) -> Path:
    """Everything from the lessons to the static book; returns its front page."""
    lessons = build_notebooks(root, workers)
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
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy2(root / name, stage / name)
    for name in ("book", "notebooks", "benchmarks"):  # what pages include or offer
        if (root / name).is_dir():
            unwanted = shutil.ignore_patterns("pages", "__pycache__")
            shutil.copytree(root / name, stage / name, dirs_exist_ok=True, ignore=unwanted)
    write_pages(root, stage / "book" / "pages", lessons, runs, answers=True)
    jupyter_book(stage, quiet)
    edition = root / "_build" / "answers"
    if edition.exists():
        shutil.rmtree(edition)
    shutil.copytree(stage / "_build" / "html", edition)
    return edition / "index.html"


@app.command()
def build(root: Root = Path("."), workers: Workers = None) -> None:
    """Lessons -> solutions/ and notebooks/."""
    build_notebooks(root.resolve(), workers)


@app.command()
def book(
    root: Root = Path("."),
    workers: Workers = None,
    answers: Annotated[bool, typer.Option(help="The instructor's edition, with the answers folded.")] = False,
    verbose: Annotated[bool, typer.Option(help="Show what jupyter-book says.")] = False,
) -> None:
    """Lessons -> the static book."""
    index = build_book(root.resolve(), answers, workers, quiet=not verbose)
    print(f"The {'instructor’s edition' if answers else 'book'} is at {index}")


@app.command()
def pdf(root: Root = Path(".")) -> None:
    """The static book -> one PDF."""
    from book.tools.pdf import NoBrowser, print_book

    try:
        path = print_book(root.resolve())
    except NoBrowser as error:
        raise Trouble(str(error)) from error
    print(f"The printed book is at {path}")


def main() -> None:
    """Run a command; what an author has to mend is one sentence and exit status 2."""
    try:
        app()
    except LessonError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except FileNotFoundError as error:
        print(f"{error.filename} does not exist", file=sys.stderr)
        sys.exit(2)
    except yaml.YAMLError as error:
        print(f"This is not YAML: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except (Trouble, NoSuchKernel) as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
