"""The one configuration of nbgrader. Only names: reading it imports nothing else, and works without POSIX."""

from pathlib import Path
from typing import Any

CODE_STUB = 'raise NotImplementedError("your turn")'
"""What stands in a student's notebook for an answer in code: it runs, and only its call fails."""

TEXT_STUB = "*Your answer here.*"
"""What stands there for a written answer."""

WAITING = "not marked yet"
"""What stands where a person has still to give points."""

NAME = "nbgrader_config.py"
"""Where nbgrader looks for its configuration: in the course's folder, and in the one that is graded into."""

PENALTY = "autograder.server.gradebook.late.LatePenalty"
"""nbgrader's plugin for late submissions, if the instructor names no other."""

_OURS, _STOCK = "autograder.server.gradebook.", "nbgrader.preprocessors."


def configure(
    c: Any, course: Path, out: Path, source: str = "solutions", release: str = "_build/release", db: str = ""
) -> Any:
    """The one configuration of nbgrader, for its own commands and for `autograder grade`.

    Arguments:
        course: has ``solutions/`` and ``notebooks/``, which no command of nbgrader's writes to.
        out: has ``submitted/`` and gets ``autograded/``, ``feedback/`` and ``gradebook.db``.
        source, release: the folders of ``out`` that nbgrader's own `generate_assignment` reads and writes.
        db: the address of the gradebook, if it is not ``gradebook.db``.
    """
    out = out.resolve()
    if "course_id" not in c.CourseDirectory:
        c.CourseDirectory.course_id = "dgm"
    c.CourseDirectory.root = str(out)
    c.CourseDirectory.source_directory = str(out / source)
    c.CourseDirectory.release_directory = str(out / release)
    c.CourseDirectory.db_url = db or f"sqlite:///{out / 'gradebook.db'}"
    c.ClearSolutions.code_stub = {"python": CODE_STUB}
    c.ClearSolutions.text_stub = TEXT_STUB
    c.Autograde.exporter_class = f"{_OURS}preprocessors.Rebuild"
    # Of nbgrader's own lists this leaves out what executes, and what compares cells with those in the gradebook: they
    # are the release's by now.
    kept = ("ClearOutput", "DeduplicateIds", "OverwriteKernelspec")
    c.Autograde.sanitize_preprocessors = [f"{_STOCK}{name}" for name in kept]
    kept = ("LimitOutput", "SaveAutoGrades", "AssignLatePenalties")
    c.Autograde.autograde_preprocessors = [
        f"{_OURS}preprocessors.EnterMarks",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        *(f"{_STOCK}{name}" for name in kept),
    ]
    if "plugin_class" not in c.AssignLatePenalties:
        c.AssignLatePenalties.plugin_class = PENALTY
    c.GenerateFeedback.exporter_class = f"{_OURS}page.FeedbackPage"
    c.GenerateFeedback.preprocessors = []
    c.Rebuild.course = c.EnterMarks.course = str(course.resolve())
    c.Exporter.optimistic_validation = True  # once per notebook, not once per preprocessor
    c.HTMLExporter.sanitize_html = True  # of outputs; this is formgrader's exporter
    c.HTMLExporter.filters = {"markdown2html": f"{_OURS}page.formgrader_markdown"}  # of a student's words
    c.HTMLExporter.preprocessors = [f"{_OURS}page.formgrader_names"]
    return c
