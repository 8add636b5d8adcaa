"""`python -m book.tools build | book [--answers] | pdf | handout DEST | gradescope SECTION`, from the root.

build   lessons -> solutions/, notebooks/ and reference outputs (executes only lessons whose printed outputs are not
        known yet)
book    build, execute what changed, write the pages, and the static book: _build/html, or _build/answers
pdf     the static book as one file: _build/pdf/book.pdf
handout the students' repository, without an answer, in a new folder
gradescope  what grades a section, packed for Gradescope: gradescope-SECTION.zip
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
import yaml
from jupyter_client.kernelspec import NoSuchKernel

from autograder.server import course
from autograder.server.errors import BadInput, JailError
from book.tools.build import build_book, build_notebooks
from book.tools.errors import LessonError, Trouble

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False)
Root = Annotated[Path, typer.Option(help="The repository, or a folder shaped like it.")]
Workers = Annotated[int | None, typer.Option(help="Lessons that run at a time; by default one per core.")]
Unsafe = Annotated[bool, typer.Option("--unsafe", help="Run the solutions without a sandbox: they are your own code.")]


@app.command()
def build(root: Root = Path("."), workers: Workers = None, unsafe: Unsafe = False) -> None:
    """Lessons -> solutions/, notebooks/ and the reference outputs of every section."""
    course.refuse_foreign_environment(root)
    build_notebooks(root.resolve(), workers, unsafe=unsafe, all_references=True)


@app.command()
def book(
    root: Root = Path("."),
    workers: Workers = None,
    unsafe: Unsafe = False,
    answers: Annotated[bool, typer.Option(help="The instructor's edition, with the answers folded.")] = False,
    verbose: Annotated[bool, typer.Option(help="Show what jupyter-book says.")] = False,
) -> None:
    """Lessons -> the static book."""
    course.refuse_foreign_environment(root)
    index = build_book(root.resolve(), answers, workers, quiet=not verbose, unsafe=unsafe)
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


@app.command()
def handout(destination: Annotated[Path, typer.Argument(metavar="DEST")], root: Root = Path(".")) -> None:
    """The students' repository, in a folder that is new or empty."""
    from book.tools.handout import hand_out

    course.refuse_foreign_environment(root)
    folder = hand_out(root, destination)
    print(f"The students' repository is at {folder}; push it with git from there.")


@app.command()
def gradescope(section: Annotated[str, typer.Argument(metavar="SECTION")], root: Root = Path(".")) -> None:
    """What grades a section, as a zip for Gradescope. It holds the solution."""
    from book.tools.gradescope import pack

    course.refuse_foreign_environment(root)
    print(f"Gradescope's autograder is {pack(root.resolve(), section)}; it holds the solution.")


def main() -> None:
    """Run a command; what an author has to mend is one sentence and exit status 2."""
    try:
        app()
    except (LessonError, BadInput, JailError) as error:
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
