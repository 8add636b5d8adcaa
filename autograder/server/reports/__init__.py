"""What people and machines read after grading, one module a format, each with a function that makes the text.

grades.csv        one row per submission, one column per question, nbgrader's late penalty and final score
results.json      everything
junit.xml         for a forge: a suite per section, a case per student and question
gradescope/       results.json of each submission, in Gradescope's format
moodle/, canvas/  marks and feedback in the platform's own form, of what was collected from it
summary.md        the class at a glance, for a CI job's summary and for the screen

A new format is a module here and a line in `write_all`.
"""

from pathlib import Path

from autograder.server.reports import grades, gradescope, junit, likeness, platforms, summary, whole
from autograder.server.results import load_all, write


def write_all(out: Path) -> None:
    """Every file for other systems, each written whole, from the verdicts in ``out``."""
    results = load_all(out)
    write(out / "grades.csv", grades.text(results, grades.final_scores(out)))
    write(out / "results.json", whole.text(results))
    write(out / "junit.xml", junit.text(results))
    for result in (result for result in results if result.handed_in):
        write(out / "gradescope" / result.section / f"{result.student}.json", gradescope.text(result))
    for name, content in platforms.files(out, results):
        write(out / name, content)
    write(out / "summary.md", summary.text(results, likeness.by_section(results)))
