"""Hand the verdicts to nbgrader: its gradebook, its autograded notebooks, its feedback pages."""

import contextlib
import functools
import io
import logging
import os
from pathlib import Path
from typing import Any

import nbformat
from alembic.script import ScriptDirectory
from nbgrader import api, dbutil
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import Engine, event
from traitlets.config import Config

from autograder import course as disk
from autograder import grade, submission
from autograder.preprocessors import unreadable
from autograder.results import Result, write

OURS, STOCK = "autograder.preprocessors.", "nbgrader.preprocessors."


def configure(c: Any, course: Path, out: Path, results: Path | None = None) -> Any:
    """The one configuration of nbgrader, for its own commands and for `autograder grade`.

    Arguments:
        course: has ``solutions/`` (nbgrader's source) and ``notebooks/`` (its release).
        out: has ``submitted/`` and gets ``autograded/``, ``feedback/`` and ``gradebook.db``.
        results: verdicts that are already there; otherwise submissions are run and judged.
    """
    c.CourseDirectory.course_id = "dgm"
    c.CourseDirectory.root = str(out.resolve())
    c.CourseDirectory.source_directory = "solutions"
    c.CourseDirectory.release_directory = "notebooks"
    c.CourseDirectory.db_url = f"sqlite:///{out.resolve() / 'gradebook.db'}"
    c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("your turn")'}
    c.Execute.timeout = 300  # of one cell, when a student presses Validate: lessons train networks
    c.Autograde.exporter_class = f"{OURS}Rebuild"
    # Of nbgrader's own lists this leaves out what executes, and what checks metadata that are the release's by now.
    kept = ("ClearOutput", "DeduplicateIds", "OverwriteKernelspec", "OverwriteCells")
    c.Autograde.sanitize_preprocessors = [f"{STOCK}{name}" for name in kept]
    kept = ("LimitOutput", "SaveAutoGrades", "AssignLatePenalties")
    c.Autograde.autograde_preprocessors = [
        f"{OURS}Judge",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        *(f"{STOCK}{name}" for name in kept),
    ]
    c.GenerateFeedback.exporter_class = f"{OURS}FeedbackPage"
    c.GenerateFeedback.preprocessors = [
        f"{STOCK}GetGrades",
        f"{OURS}OnlyGraded",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    c.Rebuild.course = c.Judge.course = str(course.resolve())
    c.Judge.results = str(results.resolve()) if results else ""
    c.Exporter.optimistic_validation = True  # once per notebook, not once per preprocessor
    c.HTMLExporter.sanitize_html = True  # a student's Markdown is shown to the instructor
    return c


def schema_version() -> str | None:
    """What `alembic heads` prints, without the seconds that another Python takes to import everything again."""
    return ScriptDirectory(str(Path(dbutil.__file__).parent / "alembic")).get_current_head()


api.get_alembic_version = schema_version  # type: ignore[assignment]
# Each of nbgrader's steps opens the gradebook anew; with the same engine SQLAlchemy compiles each statement only once.
api.create_engine = functools.cache(api.create_engine)  # type: ignore[attr-defined]


@event.listens_for(Engine, "connect")
def _(connection: Any, _: Any) -> None:
    """Readers don't block the writer, and a commit doesn't wait for the disk: killing a process loses nothing."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def run(converter: type, config: Config, section: str, student: str = "*", **options: Any) -> None:
    """One of nbgrader's commands, in this process and silently; an error is raised with what nbgrader logged."""
    course = CourseDirectory(config=config, assignment_id=section, student_id=student)
    log = io.StringIO()
    logger = logging.getLogger(f"nbgrader.{os.getpid()}")
    logger.handlers, logger.propagate = [logging.StreamHandler(log)], False
    step = converter(course, config=config, log=logger, **options)
    try:
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            step.start()
    except (Exception, SystemExit) as error:
        raise RuntimeError(f"nbgrader {converter.__name__} {section} {student}: {error}\n{log.getvalue()}") from error


def register(section: str, course: Path, out: Path) -> None:
    """Tell the gradebook of ``out`` about a section's cells and points, once for each version of it."""
    mark, fingerprint = out / "notebooks" / f"{section}.version", disk.fingerprint(section, course)
    if mark.exists() and mark.read_text(encoding="utf-8") == fingerprint:
        return
    config = configure(Config(), course, out)
    config.CourseDirectory.source_directory = str(course.resolve() / "solutions")
    run(GenerateAssignment, config, section, force=True, create_assignment=True)
    write(mark, fingerprint)


def record(found: Result, text: str | None, timestamp: str | None, course: Path, out: Path) -> None:
    """Enter one result: `nbgrader autograde` and `generate_feedback` of the rebuilt submission, nothing run again."""
    section, student = found.section, found.student
    release = grade.notebook("notebooks", section, course)
    try:
        clean, _ = submission.rebuild(text or "", release)
    except submission.Unreadable as error:
        clean = unreadable(release, str(error))
    folder = out / "submitted" / student / section
    write(folder / f"{section}.ipynb", nbformat.writes(clean))
    if timestamp:
        write(folder / "timestamp.txt", timestamp)
    config = configure(Config(), course, out, results=out / "results")
    run(Autograde, config, section, student, force=True)
    run(GenerateFeedback, config, section, student, force=True)
