"""The one configuration of nbgrader. Only names: reading it, as a student's Validate does, imports nothing else."""

from pathlib import Path
from typing import Any

CODE_STUB = 'raise NotImplementedError("your turn")'
"""What stands in a student's notebook for an answer in code: it runs, and only its call fails."""

TEXT_STUB = "*Your answer here.*"
"""What stands there for a written answer."""

_OURS, _STOCK = "autograder.server.gradebook.preprocessors.", "nbgrader.preprocessors."


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
    c.ClearSolutions.code_stub = {"python": CODE_STUB}
    c.ClearSolutions.text_stub = TEXT_STUB
    c.Autograde.exporter_class = f"{_OURS}Rebuild"
    # Of nbgrader's own lists this leaves out what executes, and what checks metadata that are the release's by now.
    kept = ("ClearOutput", "DeduplicateIds", "OverwriteKernelspec", "OverwriteCells")
    c.Autograde.sanitize_preprocessors = [f"{_STOCK}{name}" for name in kept]
    kept = ("LimitOutput", "SaveAutoGrades", "AssignLatePenalties")
    c.Autograde.autograde_preprocessors = [
        f"{_OURS}EnterMarks",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        *(f"{_STOCK}{name}" for name in kept),
    ]
    c.GenerateFeedback.exporter_class = f"{_OURS}FeedbackPage"
    c.GenerateFeedback.preprocessors = [
        f"{_STOCK}GetGrades",
        f"{_OURS}OnlyGraded",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    c.Rebuild.course = c.EnterMarks.course = str(course.resolve())
    c.EnterMarks.results = str(results.resolve()) if results else ""
    c.Exporter.optimistic_validation = True  # once per notebook, not once per preprocessor
    c.HTMLExporter.sanitize_html = True  # a student's Markdown is shown to the instructor
    return c
