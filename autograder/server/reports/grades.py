"""grades.csv: a table for a spreadsheet or a learning platform."""

import csv
import io
from pathlib import Path
from typing import Any

from autograder.server.results import Result
from autograder.server.tables import inert


def final_scores(out: Path) -> dict[tuple[str, str], tuple[float, float]]:
    """(student, section) -> nbgrader's score, manual grading included, and late penalty."""
    from nbgrader import api

    if not (out / "gradebook.db").exists():
        return {}
    tables: Any = api  # SQLAlchemy's columns are not what their annotations say
    submitted = tables.SubmittedAssignment
    wanted = (tables.Student.id, tables.Assignment.name, submitted.score, submitted.late_submission_penalty)
    with tables.Gradebook(f"sqlite:///{(out / 'gradebook.db').resolve()}") as book:
        rows = book.db.query(*wanted).select_from(submitted).join(tables.Student).join(tables.Assignment).all()
    return {(student, section): (max(0.0, score - penalty), penalty) for student, section, score, penalty in rows}


def text(results: list[Result], final: dict[tuple[str, str], tuple[float, float]]) -> str:
    """One row per submission, one column per question of all sections; ``final`` is what `final_scores` returns."""
    asked = list(dict.fromkeys(name for result in results for name in result.exercises))
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(["student", "section", "points", "max_points", "late_penalty", "score", *asked])
    for r in results:
        score, penalty = final.get((r.student, r.section), (r.points, 0.0))
        marks = [f"{r.exercises[name].points:g}" if name in r.exercises else "" for name in asked]
        table.writerow(
            [inert(r.student), r.section, f"{r.points:g}", f"{r.max_points:g}", f"{penalty:g}", f"{score:g}", *marks]
        )
    return written.getvalue()
