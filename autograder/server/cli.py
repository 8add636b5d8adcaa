"""The grader's commands: `python -m autograder --help`."""

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import randbits
from typing import Annotated, Any

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
_screen, _errors = Console(), Console(stderr=True)

_Section = Annotated[str, typer.Argument(help="A section's name, as `autograder list` shows it.", metavar="SECTION")]
_Out = Annotated[Path, typer.Option("--out", help="Where the gradebook, feedback and reports go.")]
_Workers = Annotated[int, typer.Option(min=1, help="Local processes.")]
_Scheduler = Annotated[str, typer.Option(metavar="ADDRESS", help="Grade on this Dask cluster, as tcp://host:8786.")]
_Unsafe = Annotated[bool, typer.Option("--unsafe", help="Run submissions WITHOUT a sandbox. For your own code only.")]
_Only = Annotated[
    list[str], typer.Option(metavar="NAME", help="Only this section, student or exercise; may be repeated.")
]
_Threshold = Annotated[
    float, typer.Option(min=0, max=100, help="Exit with status 1 when a submission has fewer percent.")
]
_Db = Annotated[
    str, typer.Option("--db", metavar="URL", help="The gradebook, as postgresql://user@host/name; else a file in OUT.")
]
_CORES = os.cpu_count() or 1


@contextmanager
def _explained() -> Iterator[None]:
    """Whatever the caller got wrong becomes one sentence on standard error and exit status 2."""
    from autograder.server import course
    from autograder.server.errors import BadInput, JailError

    try:
        course.refuse_foreign_environment(Path.cwd())
        yield
    except (BadInput, JailError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM):
            raise
        print(f"{error.filename or 'A file'} can't be written: {os.strerror(error.errno)}.", file=sys.stderr)
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
    _screen.print(table)


@app.command()
def check(
    section: _Section,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Notebooks, or .py files with some functions.")
    ],
    only: Annotated[str, typer.Option(metavar="EXERCISE", help="Only this exercise.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON per file.")] = False,
    unsafe: _Unsafe = False,
) -> None:
    """Run answers through the public cases and through hidden ones of a fresh seed.

    Exit status 0 when every answer is right, 1 when one is not, 2 when a file is not what it should be.

    Example: `python -m autograder check 03-gan-minimax answers.py --only discriminator_loss`
    """
    from autograder.server import grade
    from autograder.server.errors import BadInput, Unreadable
    from autograder.server.intake import read

    with _explained():
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
            _show(path, result, as_json)
        for remark in remarks:
            print(remark, file=sys.stderr)
    raise typer.Exit(2 if remarks else 0 if right else 1)


def _show(path: Path, result: Any, as_json: bool) -> None:
    """One file's marks, on the screen or as a line of JSON."""
    if as_json:
        keep = {"section", "points", "max_points", "exercises"}
        print(json.dumps({"file": str(path), **result.model_dump(include=keep)}, ensure_ascii=False), flush=True)
        return
    _screen.print(
        f"{path}: {result.points:g} of {result.max_points:g} points", style="bold", markup=False, soft_wrap=True
    )
    for marks in result.exercises.values():
        full = marks.points >= marks.max_points
        head = f"{'✓' if full else '✗'} {marks.points:g}/{marks.max_points:g}  "
        text = marks.message.replace("\n", "\n" + " " * 7)
        _screen.print(head + text, style="green" if full else "red", markup=False, highlight=False, soft_wrap=True)


@app.command("collect")
def collect_(
    platform: Annotated[str, typer.Argument(help="moodle, canvas, nbgrader, or files: any other.", metavar="PLATFORM")],
    source: Annotated[Path, typer.Argument(metavar="ZIP_OR_DIR", help="The download, as it came or unpacked.")],
    section: Annotated[str, typer.Option(metavar="NAME", help="The section that was handed in.")],
    roster: Annotated[Path, typer.Option(metavar="CSV", help="nbgrader's list, Moodle's or Canvas's export.")],
    pattern: Annotated[
        str,
        typer.Option(metavar="REGEX", help="With files: nbgrader's groups, student_id or email, timestamp, file_id."),
    ] = "",
    out: Annotated[Path, typer.Option(metavar="DIR", help="nbgrader's folder of submissions.")] = Path("submitted"),
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="Of times that name none, as Europe/Berlin; else this machine's.")
    ] = "",
    column: Annotated[
        str, typer.Option(metavar="HEADING", help="Of Canvas's gradebook, where it isn't called like the section.")
    ] = "",
) -> None:
    """Bring what a learning platform hands out into nbgrader's layout, with times and a word on who is missing.

    Run it again after the next download: the later attempt stays, whichever comes first.

    Example: `python -m autograder collect moodle download.zip --section 03-gan-minimax --roster Grades.csv`
    """
    from autograder.exercises import sections
    from autograder.server.downloads.gather import PLATFORMS, gather
    from autograder.server.errors import BadInput
    from autograder.server.times import known_zone

    with _explained():
        if platform not in PLATFORMS:
            raise BadInput(f"There is no platform {platform!r}; there are {', '.join(PLATFORMS)}.")
        if section not in sections():
            raise BadInput(f"There is no section {section!r}; there are {', '.join(sections())}.")
        found = gather(platform, source, section, roster, out, pattern, known_zone(timezone), column)
    students = found.index.students
    absent = [_about(id, about.name, about.reason) for id, about in students.items() if about.absent]
    odd = [_about(id, about.name, about.reason) for id, about in students.items() if about.reason and not about.absent]
    left_out = [f"{part.what}: {part.reason}" for part in found.index.left_out]
    counts = [f"{len(found.taken)} collected", *([f"{len(found.kept)} kept, being later"] if found.kept else [])]
    counts += [f"{len(absent)} without submission", f"{len(odd)} with nothing to grade", f"{len(left_out)} left out"]
    print(f"{section}: {', '.join(counts)}. Everybody is in {out / '.collected' / section}.csv.")
    if any(about.time for about in students.values()) and not timezone:
        print("Times that name no zone were read in the one of this machine; --timezone says another.")
    for title, lines in (("No submission", absent), ("Nothing to grade", odd), ("Left out", left_out)):
        if lines:
            print(f"{title}:")
        _remark_on_screen(lines)
    _remark(*found.remarks)


def _about(id: str, name: str, reason: str) -> str:
    """A student in a line."""
    from autograder.server.collected import NOTHING

    who = f"{id} ({name})" if name else id
    return who if reason == NOTHING else f"{who}: {reason}"


def _remark_on_screen(lines: list[str]) -> None:
    from autograder.verdict import printable

    for line in lines:
        print("  " + printable(line).replace("\n", " "))


@app.command()
def grade(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="DIR/STUDENT/SECTION/SECTION.ipynb, as nbgrader has it.")
    ],
    out: _Out,
    workers: _Workers = _CORES,
    scheduler: _Scheduler = "",
    only: _Only = [],  # noqa: B006
    regrade: Annotated[bool, typer.Option("--regrade", help="Grade again what has been graded.")] = False,
    threshold: _Threshold = 0,
    db: _Db = "",
    unsafe: _Unsafe = False,
) -> None:
    """Grade a class. Interrupt it as you like: the same command goes on where it stopped.

    Example: `python -m autograder grade submitted --out graded --workers 4`
    """
    from autograder.exercises import sections
    from autograder.server import batch, course, dates, intake, results, timestamps
    from autograder.server.errors import BadInput

    with _explained():
        everything = intake.find(directory, sections())
        _remark(*intake.refused(directory, sections()), *timestamps.known_times(directory, everything)[1])
        strangers = dates.read_dates(directory, sections()).strangers(f.student for f in everything)
        _remark(*(f"{dates.FILE} names {student!r}, who is not in {directory}." for student in strangers))
        found, exercises = batch.choose(everything, only)
        if not found:
            raise BadInput(f"Nothing in {directory} fits --only {' '.join(only)}.")
        batch.refuse_out(out, course.root(), directory)
        plan = batch.Plan(out, course.root(), results.private_seed(out), exercises, unsafe=unsafe, db=db)
        columns = [TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()]
        try:
            with Progress(*columns, console=_errors, disable=not _errors.is_terminal) as progress:
                bar = progress.add_task("", total=len(found))
                given = batch.grade_all(plan, found, workers, scheduler, regrade, lambda: progress.advance(bar))
        except KeyboardInterrupt:
            print("Interrupted; nothing is lost, the same command goes on from here.", file=sys.stderr)
            raise typer.Exit(130) from None
        _finish(out, *given, threshold)


@app.command()
def regrade(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that was graded.")],
    out: _Out,
    only: _Only = [],  # noqa: B006
    workers: _Workers = _CORES,
    db: _Db = "",
) -> None:
    """Grade again, all or some, on the hidden cases of the first time.

    Example: `python -m autograder regrade submitted --out graded --only ada`
    """
    from autograder.server import results
    from autograder.server.errors import BadInput

    with _explained():
        if not results.load_all(out):
            raise BadInput(f"Nothing is graded in {out}, so there is nothing to grade again; is --out right?")
    grade(directory, out, workers, only=only, regrade=True, scheduler="", threshold=0, db=db, unsafe=False)


@app.command("report")
def report_(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A folder that `grade` wrote.")],
    threshold: _Threshold = 0,
    db: _Db = "",
) -> None:
    """Write everything that is given back again, after marking by hand in nbgrader for instance, and show the class.

    Example: `python -m autograder report graded`
    """
    from autograder.exercises import sections
    from autograder.server import batch, course, dates, results
    from autograder.server.errors import BadInput
    from autograder.server.gradebook import own

    with _explained():
        if not results.load_all(out):
            raise BadInput(f"Nothing is graded in {out}.")
        own.write_own(course.root(), out, db)
        _finish(out, *batch.give_back(out, dates.read_dates(out, sections())), threshold)


def _remark(*sentences: str) -> None:
    """What should be looked at, on standard error, with nothing in it that paints on the screen."""
    from autograder.verdict import printable

    for sentence in sentences:
        print(printable(sentence).replace("\n", " "), file=sys.stderr)


def _finish(out: Path, number: int, fewest: float, threshold: float) -> None:
    """Show the class; status 1 when somebody is below the threshold."""
    from rich.markdown import Markdown

    _screen.print(Markdown((out / "summary.md").read_text(encoding="utf-8")))
    _screen.print(f"{number} submissions graded: {out}", markup=False)
    if fewest < threshold:
        raise typer.Exit(1)


@app.command()
def references(
    section: Annotated[list[str], typer.Argument(metavar="[SECTION...]", help="All sections when none is named.")] = [],  # noqa: B006
    unsafe: _Unsafe = False,
) -> None:
    """Write the public reference outputs from the solutions; files that agree are left alone.

    Example: `python -m autograder references 03-gan-minimax`
    """
    from autograder.exercises import sections
    from autograder.server import grade as grading

    with _explained():
        for name in section or sections():
            changed = grading.write_references(name, unsafe=unsafe)
            print(f"{name}: {'written' if changed else 'unchanged'}")
