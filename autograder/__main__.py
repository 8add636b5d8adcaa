"""The grader's commands: `python -m autograder --help`."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import randbits
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

app = typer.Typer(
    help="Check and grade answers to the course's exercises, each submission in a sandbox of its own.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
screen, errors = Console(), Console(stderr=True)

Section = Annotated[str, typer.Argument(help="A section's name, as `autograder list` shows it.", metavar="SECTION")]
Out = Annotated[Path, typer.Option("--out", help="Where the gradebook, feedback and reports go.")]
Workers = Annotated[int, typer.Option(min=1, help="Local processes.")]
Scheduler = Annotated[str, typer.Option(metavar="ADDRESS", help="Grade on this Dask cluster, as tcp://host:8786.")]
Unsafe = Annotated[bool, typer.Option("--unsafe", help="Run submissions WITHOUT a sandbox. For your own code only.")]
Only = Annotated[
    list[str], typer.Option(metavar="NAME", help="Only this section, student or exercise; may be repeated.")
]
Threshold = Annotated[
    float, typer.Option(min=0, max=100, help="Exit with status 1 when a submission has fewer percent.")
]
CORES = os.cpu_count() or 1


@contextmanager
def explained() -> Iterator[None]:
    """Whatever the caller got wrong becomes one sentence on standard error and exit status 2."""
    from autograder.intake import BadInput
    from autograder.sandbox import SandboxError

    try:
        yield
    except (BadInput, SandboxError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None


@app.command("list")
def list_() -> None:
    """Show the sections with their exercises and points.

    Example: `python -m autograder list`
    """
    from autograder.exercise import exercises, sections

    table = Table("section", "exercise", "points", "cases")
    for section in sections():
        for name, exercise in exercises(section).items():
            table.add_row(section, name, f"{exercise.points:g}", str(len(exercise.cases)))
    screen.print(table)


@app.command()
def check(
    section: Section,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Notebooks, or .py files with some functions.")
    ],
    only: Annotated[str, typer.Option(metavar="EXERCISE", help="Only this exercise.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON per file.")] = False,
    unsafe: Unsafe = False,
) -> None:
    """Run answers through the public cases and through hidden ones of a fresh seed.

    Exit status 0 when every answer is right, 1 when one is not, 2 when a file is not what it should be.

    Example: `python -m autograder check 03-gan-minimax answers.py --only discriminator_loss`
    """
    from autograder import grade
    from autograder.intake import BadInput, Unreadable, read

    with explained():
        asked = grade.known_section(section)
        if only and only not in asked:
            raise BadInput(f"{section} has no exercise {only!r}; it has {', '.join(asked)}.")
        if missing := next((path for path in files if not path.exists()), None):
            raise BadInput(f"There is no file {missing}.")
        seed, right, remarks = randbits(62), True, []
        for path in files:
            marked = grade.mark_script if path.suffix == ".py" else grade.mark_text
            wanted = [only] if only else []
            try:
                text = read(path.resolve().parent, path.resolve().name)
                result = marked(section, text, path.name, seed, only=wanted, unsafe=unsafe)
            except Unreadable as error:
                result = grade.nothing(section, str(error), wanted)
            right &= result.points >= result.max_points
            remarks += [f"{path}: {note}" for note in result.notes]
            show(path, result, as_json)
        for remark in remarks:
            print(remark, file=sys.stderr)
    raise typer.Exit(2 if remarks else 0 if right else 1)


def show(path: Path, result, as_json: bool) -> None:
    if as_json:
        keep = {"section", "points", "max_points", "exercises"}
        print(json.dumps({"file": str(path), **result.model_dump(include=keep)}, ensure_ascii=False), flush=True)
        return
    screen.print(
        f"{path}: {result.points:g} of {result.max_points:g} points", style="bold", markup=False, soft_wrap=True
    )
    for marks in result.exercises.values():
        full = marks.points >= marks.max_points
        head = f"{'✓' if full else '✗'} {marks.points:g}/{marks.max_points:g}  "
        text = marks.message.replace("\n", "\n" + " " * 7)
        screen.print(head + text, style="green" if full else "red", markup=False, highlight=False, soft_wrap=True)


@app.command()
def grade(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="DIR/STUDENT/SECTION/SECTION.ipynb, as nbgrader has it.")
    ],
    out: Out,
    workers: Workers = CORES,
    scheduler: Scheduler = "",
    only: Only = [],  # noqa: B006
    regrade: Annotated[bool, typer.Option("--regrade", help="Grade again what has been graded.")] = False,
    threshold: Threshold = 0,
    unsafe: Unsafe = False,
) -> None:
    """Grade a class. Interrupt it as you like: the same command goes on where it stopped.

    Example: `python -m autograder grade submitted --out graded --workers 4`
    """
    from autograder import batch, course, intake, results

    with explained():
        found, exercises = batch.choose(intake.find(directory, course.sections()), only)
        if not found:
            raise intake.BadInput(f"Nothing in {directory} fits --only {' '.join(only)}.")
        plan = batch.Plan(out, course.root(), results.private_seed(out), exercises, unsafe=unsafe)
        columns = [TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()]
        try:
            with Progress(*columns, console=errors, disable=not errors.is_terminal) as progress:
                bar = progress.add_task("", total=len(found))
                alike = batch.run(plan, found, workers, scheduler, regrade, tick=lambda: progress.advance(bar))
        except KeyboardInterrupt:
            print("Interrupted; nothing is lost, the same command goes on from here.", file=sys.stderr)
            raise typer.Exit(130) from None
        finish(out, alike, threshold)


@app.command()
def regrade(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that was graded.")],
    out: Out,
    only: Only = [],  # noqa: B006
    workers: Workers = CORES,
) -> None:
    """Grade again, all or some, on the hidden cases of the first time.

    Example: `python -m autograder regrade submitted --out graded --only ada`
    """
    grade(directory, out, workers, only=only, regrade=True, scheduler="", threshold=0, unsafe=False)


@app.command("report")
def report_(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A folder that `grade` wrote.")],
    threshold: Threshold = 0,
) -> None:
    """Write the reports again, after grading by hand in nbgrader for instance, and show the class.

    Example: `python -m autograder report graded`
    """
    from autograder import intake, report, results

    with explained():
        if not results.load_all(out):
            raise intake.BadInput(f"Nothing is graded in {out}.")
        finish(out, report.write_all(out), threshold)


def finish(out: Path, alike: dict, threshold: float) -> None:
    """Show the class; status 1 when somebody is below the threshold."""
    from autograder import report, results

    graded = results.load_all(out)
    report.show(graded, alike, screen)
    screen.print(f"{len(graded)} submissions graded: {out}", markup=False)
    if any(100 * r.points < threshold * r.max_points for r in graded):
        raise typer.Exit(1)


@app.command()
def references(
    section: Annotated[list[str], typer.Argument(metavar="[SECTION...]", help="All sections when none is named.")] = [],  # noqa: B006
    unsafe: Unsafe = False,
) -> None:
    """Write the public reference outputs from the solutions; files that agree are left alone.

    Example: `python -m autograder references 03-gan-minimax`
    """
    from autograder import exercise
    from autograder import grade as grading

    with explained():
        for name in section or exercise.sections():
            changed = grading.write_references(name, unsafe=unsafe)
            print(f"{name}: {'written' if changed else 'unchanged'}")


if __name__ == "__main__":
    app()
