"""Two steps of ours inside nbgrader; its points, gradebook, late penalties, manual grading and feedback stay its own.

`Rebuild` stands where nbgrader reads a submission, `EnterMarks` where it would execute it. Reading is an exporter's
work, not a preprocessor's: by the time the first preprocessor runs, nbgrader has followed a link, choked on a file that
is no notebook and believed the metadata.
"""

import secrets
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Unicode

from autograder.server import grade, intake, submission
from autograder.server.errors import BadInput, Unreadable
from autograder.server.gradebook.harmless import cut, make_harmless
from autograder.server.gradebook.page import REMARKS, RUBRIC
from autograder.server.results import Result, hidden_seed
from autograder.verdict import ExerciseResult


@cache
def _private_seed() -> int:
    """Drawn once per run of nbgrader: hidden cases can't be learnt from an earlier feedback."""
    return secrets.randbits(62)


class Rebuild(NotebookExporter):
    """Read a submission through `intake` and rebuild it from the release, before anything else of nbgrader sees it.

    What the student wrote as Markdown is made harmless here, so that it is so in ``autograded/`` and whatever reads it.
    """

    course = Unicode(help="The course's folder, which has notebooks/ and solutions/.").tag(config=True)

    def from_filename(self, filename: str, resources: dict | None = None, **kwargs: Any) -> tuple[Any, dict]:
        path = Path(filename).absolute()
        section = (resources or {})["nbgrader"]["assignment"]
        if not getattr(self.parent, "_sanitizing", True):  # the second pass reads what the first one wrote
            return super().from_filename(filename, resources, **kwargs)
        release = grade.notebook("notebooks", section, Path(self.course))
        try:
            text = intake.read(path.parents[2], *path.parts[-3:])
            notebook, notes = submission.rebuild(text, release, path.name)
            for cell in _theirs(notebook):
                if cell.cell_type == "markdown":
                    make_harmless(cell)
            notebook.metadata["autograder"] = {"notes": notes}
        except Unreadable as error:
            notebook = _unreadable(release, str(error))
        return super().from_notebook_node(notebook, resources, **kwargs)


def _theirs(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that hold a student's words."""
    return [cell for cell in notebook.cells if submission.is_answer(cell) or submission.is_own(cell)]


def _unreadable(release: NotebookNode, reason: str) -> NotebookNode:
    """What stands for a submission that can't be read: the release without answers, and the reason."""
    notebook, _ = submission.rebuild(nbformat.writes(nbformat.v4.new_notebook(cells=[_blank()])), release)
    notebook.metadata["autograder"] = {"notes": [reason], "unreadable": reason}
    return notebook


def _blank() -> NotebookNode:
    return nbformat.v4.new_markdown_cell("")


class EnterMarks(NbGraderPreprocessor):
    """Instead of executing the notebook: run the answers in the jail, judge them, write the verdicts as outputs.

    nbgrader takes the points from a check cell's output: an error is 0, a number is itself, all else is full marks.
    """

    course = Unicode(help="The course's folder, which has notebooks/ and solutions/.").tag(config=True)
    results = Unicode(help="A folder with results that are already there: SECTION/STUDENT.json.").tag(config=True)
    unsafe = Bool(False, help="Run submissions without a sandbox.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        section, student = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        about = nb.metadata.pop("autograder", {})
        if self.results:
            path = Path(self.results, section, f"{student}.json")
            result = Result.model_validate_json(path.read_text(encoding="utf-8"))
        elif "unreadable" in about:
            result = grade.nothing(section, about["unreadable"])
        else:
            root = Path(self.course)
            seed = hidden_seed(_private_seed(), student, section)
            result = grade.mark_notebook(section, nb, about.get("notes", []), seed, unsafe=self.unsafe, root=root)
        cut(nb, _theirs(nb))
        _write_outputs(nb, result)
        _add_rubrics(nb, section, Path(self.course))
        return nb, resources


def _write_outputs(nb: NotebookNode, result: Result) -> None:
    """Verdicts into the check cells, what was printed under the student's cells, remarks on top. Plain text only."""
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        found = result.exercises.get(submission.title(cell)) if submission.is_check(cell) else None
        if found:
            cell.outputs = _verdict_outputs(found)
        elif submission.is_check(cell):  # nbgrader gives full marks for a check that says nothing
            cell.outputs = _verdict_outputs(ExerciseResult(points=0, max_points=1, message="not graded"))
        elif cell.id in result.printed:
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=result.printed[cell.id])]
    if result.notes:
        text = "\n".join(result.notes)
        shown = nbformat.v4.new_code_cell("# Remarks on this submission", id=REMARKS)
        shown.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
        nb.cells.insert(0, shown)


def _add_rubrics(nb: NotebookNode, section: str, course: Path) -> None:
    """Under each written answer what the solution says, for those who mark it; feedback pages leave it out."""
    try:
        solution = grade.notebook("solutions", section, course)
    except BadInput:  # somebody grades without the solutions; the checks have their references
        return
    models = {submission.title(c): c.source for c in solution.cells if submission.is_answer(c)}
    for i, cell in reversed(list(enumerate(nb.cells))):
        if cell.cell_type == "markdown" and submission.is_answer(cell) and submission.title(cell) in models:
            name = submission.title(cell)
            text = f"**Model answer and rubric** (students do not see this)\n\n{models[name]}"
            shown = nbformat.v4.new_markdown_cell(text, id=f"{RUBRIC}{name}"[:64].replace("_", "-"))
            words = {"grade": False, "solution": False, "locked": True, "task": False, "schema_version": 3}
            shown.metadata["nbgrader"] = {**words, "grade_id": f"{RUBRIC}{name}"}
            nb.cells.insert(i + 1, shown)


def _verdict_outputs(found: ExerciseResult) -> list[NotebookNode]:
    if found.points >= found.max_points:
        return [nbformat.v4.new_output("stream", name="stdout", text=f"✓ {found.message}")]
    if found.points <= 0:
        return [nbformat.v4.new_output("error", ename="✗", evalue=found.message, traceback=[f"✗ {found.message}"])]
    printed = nbformat.v4.new_output("stream", name="stdout", text=found.message)
    return [
        printed,
        nbformat.v4.new_output("execute_result", data={"text/plain": str(found.points)}, execution_count=1),
    ]
