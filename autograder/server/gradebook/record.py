"""Hand the verdicts to nbgrader: its gradebook, its autograded notebooks, its feedback pages."""

import contextlib
import hashlib
import io
import json
import logging
import os
import secrets
import shutil
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbgrader import api
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.server import grade
from autograder.server.gradebook import marks
from autograder.server.gradebook.book import open_gradebook
from autograder.server.gradebook.own import load_config
from autograder.server.gradebook.page import short_page
from autograder.server.patience import at_most
from autograder.server.results import Result, write

_NOT_SHOWN = "not-shown.txt"
_MAKING, _SHOWING = 120, 30  # seconds for one autograded notebook and for one page, which take a tenth of one


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
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what nbgrader does to SQLAlchemy is not ours to mend
            command.start()
    except (Exception, SystemExit) as error:
        raise RuntimeError(f"nbgrader {converter.__name__} {section} {student}: {error}\n{log.getvalue()}") from error


# --- what is asked ----------------------------------------------------------------------------------------------------


def register(section: str, course: Path, out: Path) -> None:
    """Tell the gradebook of ``out`` about a section's questions and points, as they are now.

    Only what is answered or marked is in the gradebook, so an edit of the lesson's text is none of its business. What
    is there already keeps its marks and comments, whatever its points are now; a question that is new is new to those
    who have handed in, too. nbgrader's own `generate_assignment` refuses all of this once somebody has handed in.
    """
    config = load_config(out)
    for kind, folder in (("solutions", "source"), ("notebooks", "release")):
        copied = grade.notebook_path(folder, section, out)
        copied.parent.mkdir(parents=True, exist_ok=True)
        write(copied, grade.notebook_path(kind, section, course).read_text(encoding="utf-8"))
    release = grade.notebook("notebooks", section, course)
    words = [(cell, cell.metadata.get("nbgrader", {})) for cell in release.cells]
    graded = {w["grade_id"]: (float(w["points"]), cell.cell_type) for cell, w in words if w.get("grade")}
    answered = {w["grade_id"] for _, w in words if w.get("solution")}
    with open_gradebook(config.CourseDirectory.db_url, config.CourseDirectory.course_id) as book:
        book.check_course()  # under which those of nbgrader's steps open it that don't ask for the course's name
        book.update_or_create_assignment(section)
        kernel = json.dumps(release.metadata.get("kernelspec", {}))
        notebook: Any = book.update_or_create_notebook(section, section, kernelspec=kernel)
        for cells, wanted in ((notebook.grade_cells, graded), (notebook.solution_cells, answered)):
            for cell in [cell for cell in cells if cell.name not in wanted]:
                for row in [*cell.grades, *cell.comments]:
                    book.db.delete(row)
                book.db.delete(cell)
        for cell in list(notebook.source_cells):
            book.db.delete(cell)
        book.db.commit()
        for name, (points, kind) in graded.items():
            book.update_or_create_grade_cell(name, section, section, max_score=points, cell_type=kind)
        for name in answered:
            book.update_or_create_solution_cell(name, section, section)
        book.db.refresh(notebook)
        for handed_in in notebook.submissions:
            has = {row.cell_id for row in [*handed_in.grades, *handed_in.comments]}
            for cell in notebook.grade_cells:
                if cell.id not in has:
                    book.db.add(api.Grade(cell_id=cell.id, notebook=handed_in))
            for cell in notebook.solution_cells:
                if cell.id not in has:
                    book.db.add(api.Comment(cell_id=cell.id, notebook=handed_in))
        book.db.commit()


def enrol(students: Iterable[str], out: Path) -> None:
    """Tell the gradebook of ``out``, which knows a section by now, about those students whom it does not know."""
    directory = load_config(out).CourseDirectory
    with open_gradebook(directory.db_url, directory.course_id) as book:
        for student in sorted(set(students) - {known.id for known in book.students}):
            book.add_student(student)


# --- what was handed in -----------------------------------------------------------------------------------------------


def enter(found: Result, text: str, timestamp: str | None, out: Path, secret: str = "") -> None:
    """Enter one result: `nbgrader autograde` and `generate_feedback` of what was handed in, nothing run again.

    A submission that nbgrader chokes on, or takes too long for, keeps its marks; what it says is left out.

    Arguments:
        secret: what nbgrader's exchange has put beside the notebook, by which the student finds the feedback.
    """
    section, student = found.section, found.student
    folder = out / "submitted" / student / section
    write(folder / f"{section}.ipynb", text)
    for name, content in (("timestamp.txt", timestamp), ("submission_secret.txt", secret)):
        if content:
            write(folder / name, content)
        else:
            (folder / name).unlink(missing_ok=True)
    config = load_config(out)
    if not timestamp:
        _forget_time(section, student, CourseDirectory(config=config))
    try:
        with at_most(_MAKING):
            _step(Autograde, config, section, student, force=True)
    except Exception as error:
        write(folder / f"{section}.ipynb", nbformat.writes(nbformat.v4.new_notebook()))
        _step(Autograde, config, section, student, force=True)
        write(folder / f"{section}.ipynb", text)
        write(folder / _NOT_SHOWN, f"{error}\n")
    else:
        (folder / _NOT_SHOWN).unlink(missing_ok=True)
    show(section, student, config, out)


def show(section: str, student: str, config: Any, out: Path) -> None:
    """Write the feedback page of one submission, with what nbgrader's exchange wants beside it."""
    folder = out / "feedback" / student / section
    address = config.CourseDirectory.db_url
    sheet = marks.sheets(address, [student], section).get((student, section), marks.Sheet())
    reason = ""
    try:
        if (out / "submitted" / student / section / _NOT_SHOWN).exists():
            raise RuntimeError("nbgrader could not read it in time")
        with at_most(_SHOWING):
            _step(GenerateFeedback, config, section, student, force=True)
    except Exception as error:
        reason = f"\n{error}"
        shutil.rmtree(folder, ignore_errors=True)
        write(folder / f"{section}.html", short_page(section, sheet))
    (folder / _NOT_SHOWN).unlink(missing_ok=True)
    for name, content in (("timestamp.txt", ""), ("submission_secret.txt", secrets.token_hex(16))):
        if not (folder / name).exists():  # `nbgrader release_feedback` stops at a submission that has none
            write(folder / name, content)
    write(out / "shown" / section / student, _told(sheet, out, section, student) + reason)


def refresh(out: Path) -> None:
    """Write those feedback pages again that tell something else by now: marks by hand, comments, penalties."""
    config = load_config(out)
    for (student, section), sheet in marks.sheets(config.CourseDirectory.db_url).items():
        shown = out / "shown" / section / student
        known = shown.read_text(encoding="utf-8") if shown.exists() else ""
        if (
            known.split("\n", 1)[0] != _told(sheet, out, section, student)
            and (out / "autograded" / student / section).is_dir()
        ):
            show(section, student, config, out)


def _told(sheet: marks.Sheet, out: Path, section: str, student: str) -> str:
    """A digest of all that a feedback page is made of."""
    hasher = hashlib.sha256(repr(sheet).encode())
    for path in sorted(Path(__file__).parent.glob("*")):
        if path.is_file():
            hasher.update(path.read_bytes())
    notebook = out / "autograded" / student / section / f"{section}.ipynb"
    hasher.update(notebook.read_bytes() if notebook.exists() else b"")
    return hasher.hexdigest()


def _forget_time(section: str, student: str, directory: CourseDirectory) -> None:
    """What is handed in without a time must not be late by the time of an earlier one; nbgrader would keep that."""
    with api.Gradebook(directory.db_url, directory.course_id) as book, contextlib.suppress(api.MissingEntry):
        submission: Any = book.find_submission(section, student)
        if submission.timestamp is not None:
            submission.timestamp = None
            book.db.commit()
