"""grades.csv: a table for a spreadsheet."""

import csv
import io

from autograder.server.gradebook.settings import WAITING
from autograder.server.results import Result
from autograder.server.tables import inert


def text(results: list[Result]) -> str:
    """One row per submission, one column per question of all sections, written answers included."""
    asked = list(dict.fromkeys(name for result in results for name in result.exercises))
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(["student", "section", "handed_in", "points", "max_points", "late_penalty", "score", *asked])
    for r in results:
        marks = [_points(r, name) if name in r.exercises else "" for name in asked]
        score = "excused" if r.excused else f"{r.score:g}"
        about = [r.student, r.section, "yes" if r.handed_in else "no"]
        told = [f"{r.points:g}", f"{r.max_points:g}", f"{r.late_penalty:g}", score, *marks]
        table.writerow([inert(value) for value in [*about, *told]])
    return written.getvalue()


def _points(result: Result, name: str) -> str:
    return WAITING if name in result.waiting else f"{result.exercises[name].points:g}"
