"""What nbgrader's gradebook holds: the points of machine and people, comments, what being late costs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nbgrader import api

from autograder.server.gradebook.book import open_gradebook
from autograder.server.gradebook.settings import WAITING
from autograder.server.results import Result
from autograder.verdict import ExerciseResult, printable


@dataclass
class Mark:
    """One question of one submission. ``points`` is None as long as nobody has given any."""

    points: float | None
    max_points: float
    by_hand: bool = False
    comment: str = ""


@dataclass
class Sheet:
    """One submission in the gradebook: its questions by name, written answers included, and its late penalty."""

    marks: dict[str, Mark] = field(default_factory=dict)
    penalty: float = 0.0
    seconds_late: float = 0.0


def sheets(db_url: str, students: Iterable[str] = (), section: str = "") -> dict[tuple[str, str], Sheet]:
    """(student, section) -> what the gradebook holds; of everybody and everything when nobody and nothing is named."""
    tables: Any = api  # SQLAlchemy's columns are not what their annotations say
    submitted, notebook = tables.SubmittedAssignment, tables.SubmittedNotebook
    known = (tables.Student.id, tables.Assignment.name)
    wanted = list(students)

    def rows(book: Any, *columns: Any, cell: Any = None, row: Any = None) -> Any:
        query = book.db.query(*known, *columns).select_from(notebook)
        query = query.join(submitted, notebook.assignment_id == submitted.id)
        query = query.join(tables.Student, submitted.student_id == tables.Student.id)
        query = query.join(tables.Assignment, submitted.assignment_id == tables.Assignment.id)
        if row is not None:
            query = query.join(row, row.notebook_id == notebook.id).join(cell, row.cell_id == cell.id)
        if wanted:
            query = query.filter(tables.Student.id.in_(wanted))
        if section:
            query = query.filter(tables.Assignment.name == section)
        return query.all()

    found: dict[tuple[str, str], Sheet] = {}
    grade, graded, solution = tables.Grade, tables.GradeCell, tables.SolutionCell
    with open_gradebook(db_url) as book:
        late = (notebook.late_submission_penalty, submitted.timestamp, submitted.extension, tables.Assignment.duedate)
        for student, name, penalty, timestamp, extension, due in rows(book, *late):
            seconds = 0.0
            if timestamp and due:
                seconds = max(0.0, (timestamp - due - extension if extension else timestamp - due).total_seconds())
            found[student, name] = Sheet({}, penalty or 0.0, seconds)
        given = (graded.name, grade.auto_score, grade.manual_score, grade.extra_credit, graded.max_score)
        for student, name, cell, auto, manual, extra, most in rows(book, *given, cell=graded, row=grade):
            points = manual if manual is not None else auto
            points = None if points is None else points + (extra or 0.0)
            by_hand = manual is not None or bool(extra)
            found[student, name].marks[cell.removeprefix("check-")] = Mark(points, most, by_hand)
        said = (solution.name, tables.Comment.manual_comment)
        for student, name, cell, comment in rows(book, *said, cell=solution, row=tables.Comment):
            if comment and cell in found[student, name].marks:
                found[student, name].marks[cell].comment = printable(comment)
    return found


def with_marks(result: Result, sheet: Sheet) -> Result:
    """A verdict with what the gradebook says: written answers, points and comments of people, the late penalty.

    The gradebook's questions are the section's, in the verdict's order; what is not in it was not asked any more.
    """
    exercises, waiting = {}, []
    none = "" if result.handed_in else "\n".join(result.notes)
    names = [name for name in result.exercises if name in sheet.marks]
    for name in [*names, *(name for name in sheet.marks if name not in result.exercises)]:
        mark = sheet.marks[name]
        found = result.exercises.get(name) or ExerciseResult(points=0, max_points=0, message=none)
        said = [found.message] if found.message else []
        if mark.points is None:
            waiting.append(name)
            said.append(f"{name}: {WAITING}.")
        elif mark.by_hand:
            said.append(f"{name}: {mark.points:g} of {mark.max_points:g} points, marked by hand.")
        if mark.comment:
            said.append(f"Comment: {mark.comment}")
        message = "\n".join(said)
        given = {"points": mark.points or 0.0, "max_points": mark.max_points, "message": message}
        exercises[name] = found.model_copy(update=given)
    return result.model_copy(
        update={
            "points": sum(marks.points for marks in exercises.values()),
            "max_points": sum(marks.max_points for marks in exercises.values()),
            "exercises": exercises,
            "waiting": waiting,
            "late_penalty": sheet.penalty,
            "seconds_late": sheet.seconds_late,
        }
    )
