"""Hand the verdicts to nbgrader: its gradebook, its autograded notebooks, its feedback pages."""

import contextlib
import functools
import io
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from nbgrader import api, dbutil
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import Engine, event
from traitlets.config import Config

from autograder.server.course import fingerprint
from autograder.server.gradebook.settings import configure
from autograder.server.results import Result, write


def schema_version() -> str | None:
    """What `alembic heads` prints, without the seconds that another Python takes to import everything again."""
    return ScriptDirectory(str(Path(dbutil.__file__).parent / "alembic")).get_current_head()


api.get_alembic_version = schema_version  # type: ignore[assignment]
# Each of nbgrader's steps opens the gradebook anew; with the same engine SQLAlchemy compiles each statement only once.
api.create_engine = functools.cache(api.create_engine)  # type: ignore[attr-defined]


@event.listens_for(Engine, "connect")
def _(connection: Any, _: Any) -> None:
    """Readers don't block the writer, and a commit doesn't wait for the disk: killing a process loses nothing.

    Writers wait for each other; on a busy machine with many workers longer than SQLite's five seconds.
    """
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA busy_timeout=60000")


def _step(converter: type, config: Config, section: str, student: str = "*", **options: Any) -> None:
    """One of nbgrader's commands, in this process and silently; an error is raised with what nbgrader logged."""
    course = CourseDirectory(config=config, assignment_id=section, student_id=student)
    log = io.StringIO()
    logger = logging.getLogger(f"nbgrader.{os.getpid()}")
    logger.handlers, logger.propagate = [logging.StreamHandler(log)], False
    command = converter(course, config=config, log=logger, **options)
    if student != "*":  # nbgrader takes a student's name for a pattern and cuts spaces off its ends
        folder = command._format_source(section, student)
        command.init_notebooks = lambda: command.assignments.update({folder: [f"{folder}/{section}.ipynb"]})
    try:
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            command.start()
    except (Exception, SystemExit) as error:
        raise RuntimeError(f"nbgrader {converter.__name__} {section} {student}: {error}\n{log.getvalue()}") from error


def register(section: str, course: Path, out: Path) -> None:
    """Tell the gradebook of ``out`` about a section's cells and points, once for each version of it."""
    mark, version = out / "notebooks" / f"{section}.version", fingerprint(section, course)
    if mark.exists() and mark.read_text(encoding="utf-8") == version:
        return
    config = configure(Config(), course, out)
    config.CourseDirectory.source_directory = str(course.resolve() / "solutions")
    _step(GenerateAssignment, config, section, force=True, create_assignment=True)
    write(mark, version)


def enrol(students: Iterable[str], course: Path, out: Path) -> None:
    """Tell the gradebook of ``out``, which knows a section by now, about those students whom it does not know."""
    directory = CourseDirectory(config=configure(Config(), course, out))
    with api.Gradebook(directory.db_url, directory.course_id) as book:
        for student in sorted(set(students) - {known.id for known in book.students}):
            book.add_student(student)


def enter(found: Result, text: str, timestamp: str | None, course: Path, out: Path) -> None:
    """Enter one result: `nbgrader autograde` and `generate_feedback` of what was handed in, nothing run again."""
    section, student = found.section, found.student
    folder = out / "submitted" / student / section
    write(folder / f"{section}.ipynb", text)
    config = configure(Config(), course, out, results=out / "results")
    if timestamp:
        write(folder / "timestamp.txt", timestamp)
    else:
        (folder / "timestamp.txt").unlink(missing_ok=True)
        _forget_time(section, student, CourseDirectory(config=config))
    _step(Autograde, config, section, student, force=True)
    _step(GenerateFeedback, config, section, student, force=True)


def _forget_time(section: str, student: str, directory: CourseDirectory) -> None:
    """What is handed in without a time must not be late by the time of an earlier one; nbgrader would keep that."""
    with api.Gradebook(directory.db_url, directory.course_id) as book, contextlib.suppress(api.MissingEntry):
        submission: Any = book.find_submission(section, student)
        if submission.timestamp is not None:
            submission.timestamp = None
            book.db.commit()
