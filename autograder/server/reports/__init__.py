"""What people and machines read after grading, one module a format, each with a function that makes the text.

grades.csv        one row per submission, one column per question, written ones included; late penalty and final score
results.json      everything
junit.xml         for a forge: a suite per section, a case per student and question
gradescope/       results.json of each submission, in Gradescope's format
moodle/, canvas/  marks and feedback in the platform's own form, of what was collected from it
summary.md        the class at a glance, for a CI job's summary and for the screen

All of them tell what nbgrader's gradebook says, whoever gave the points. A new format is a module here and a line in
`write_all`.
"""

from pathlib import Path

from autograder.server import course
from autograder.server.dates import read_dates
from autograder.server.reports import grades, gradescope, junit, likeness, platforms, summary, whole
from autograder.server.results import Result, load_all, write


def final(out: Path) -> list[Result]:
    """Every verdict in ``out``, with what people and dates have made of it."""
    found = load_all(out)
    if not found or not (out / "nbgrader_config.py").exists():
        return found
    from autograder.exercises import sections
    from autograder.server.gradebook import marks
    from autograder.server.gradebook.own import load_config

    sheets = marks.sheets(load_config(out).CourseDirectory.db_url)
    excused = read_dates(out, sections()).excused
    asked = {section: sheet.marks for (_, section), sheet in sheets.items()}
    told = []
    for result in found:
        key = result.student, result.section
        nothing = marks.Sheet({name: marks.Mark(0.0, mark.max_points) for name, mark in asked.get(key[1], {}).items()})
        sheet = sheets.get(key) or (nothing if nothing.marks and not result.handed_in else None)
        whole = marks.with_marks(result, sheet) if sheet else result
        shown = out / "shown" / result.section / result.student
        not_shown = shown.exists() and "\n" in shown.read_text(encoding="utf-8")
        told.append(whole.model_copy(update={"excused": key in excused, "not_shown": not_shown}))
    return told


def write_all(out: Path) -> list[Result]:
    """Every file for other systems, written whole, from the verdicts and the gradebook in ``out``; what they tell."""
    results = final(out)
    write(out / "grades.csv", grades.text(results))
    write(out / "results.json", whole.text(results))
    write(out / "junit.xml", junit.text(results))
    for result in (result for result in results if result.handed_in):
        write(out / "gradescope" / result.section / f"{result.student}.json", gradescope.text(result))
    for name, content in platforms.files(out, results):
        write(out / name, content)
    write(out / "summary.md", summary.text(results, likeness.by_section(results, _solutions(results))))
    return results


def _solutions(results: list[Result]) -> dict[str, dict[str, str]]:
    """section -> exercise -> the solution's source, where the solutions are at hand."""
    from autograder.server import grade, submission
    from autograder.server.errors import BadInput

    found = {}
    for section in {result.section for result in results}:
        try:
            cells = grade.notebook("solutions", section, course.root()).cells
        except BadInput:
            continue
        found[section] = {submission.title(c): c.source for c in cells if submission.is_answer(c)}
    return found
