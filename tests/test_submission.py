"""Rebuilding: of a submission only the answers and the student's own cells are the student's. Nothing is run here."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter

from autograder import exercise
from autograder.server import course, grade, submission
from autograder.server.errors import Unreadable
from tests.submissions.make import (
    POINTS,
    SECTION,
    answers,
    checks,
    copied,
    find,
    nbgrader,
    released,
    solved,
    with_cell,
)

RELEASE = grade.notebook("notebooks", SECTION, course.root())
ATTACKED = "discriminator_loss"


def rebuilt(notebook) -> tuple[dict[str, str], list[str], list[str]]:
    """Each answer's source, the sources of what would run besides answers and imports, and the remarks."""
    made, notes = submission.rebuild(json.dumps(notebook), RELEASE)
    theirs = {submission.title(cell): cell.source for cell in made.cells if submission.is_answer(cell)}
    own = [cell.source for cell in submission.runnable(made) if submission.is_own(cell)]
    kept = [cell for cell in made.cells if not submission.is_own(cell)]
    assert [cell.id for cell in kept] == [cell.id for cell in RELEASE.cells], "the release's cells, in its order"
    for cell, known in zip(kept, RELEASE.cells, strict=True):
        assert cell.metadata == known.metadata and (submission.is_answer(cell) or cell.source == known.source)
    return theirs, own, notes


def test_a_solved_notebook_is_its_answers():
    assert rebuilt(solved()) == (answers(), [], [])
    assert rebuilt(released())[0].keys() == POINTS.keys()


@pytest.mark.parametrize("section", exercise.sections())
def test_the_checks_of_a_release_are_its_exercises(section):
    """A written answer has points, too, and is no check."""
    cells = grade.notebook("notebooks", section, course.root()).cells
    titles = [submission.title(cell) for cell in cells if submission.is_check(cell)]
    assert sorted(titles) == sorted(exercise.exercises(section))


HELPER = "def mean_softplus(a):\n    return F.softplus(a).mean()"
USES_IT = f"def {ATTACKED}(a, b):\n    return mean_softplus(-a) + mean_softplus(b)"
WRONG = f"def {ATTACKED}(a, b):\n    return a.mean()"
STUB = next(cell.source for cell in RELEASE.cells if submission.title(cell) == ATTACKED)


def pieces(*sources, after_the_check=()):
    """The notebook with an answer in several cells, as an editor splits or copies them, and what is left of them."""
    notebook = solved()
    cell = find(notebook, ATTACKED)
    at = notebook["cells"].index(cell)
    notebook["cells"][at : at + 1] = [copied(cell, source=source, id=f"piece{k}") for k, source in enumerate(sources)]
    at += len(sources) + 1
    notebook["cells"][at:at] = [copied(cell, source=source, id=f"later{k}") for k, source in enumerate(after_the_check)]
    theirs, own, notes = rebuilt(notebook)
    assert own == [] and theirs == answers() | {ATTACKED: theirs[ATTACKED]}
    assert notes == [f"The cell {ATTACKED} is there more than once; what stands before its check counts."] * (
        len(sources) + len(after_the_check) - 1
    )
    return theirs[ATTACKED]


def test_an_answer_in_several_cells_is_what_a_kernel_would_make_of_them():
    assert pieces(HELPER, USES_IT) == f"{HELPER}\n\n{USES_IT}"
    assert pieces(STUB, USES_IT) == USES_IT, "copied below what was handed out"
    assert pieces(USES_IT, STUB) == USES_IT
    assert pieces(WRONG, USES_IT) == f"{WRONG}\n\n{USES_IT}", "the second definition holds"
    assert pieces(USES_IT, USES_IT) == USES_IT
    assert pieces(USES_IT, after_the_check=[WRONG]) == USES_IT
    assert pieces(STUB, after_the_check=[USES_IT]) == USES_IT
    assert pieces(STUB, STUB) == STUB


def test_a_piece_that_is_no_python_is_left_out_unless_it_is_the_rest_of_another():
    cut = USES_IT.index("    return")
    assert pieces(USES_IT[:cut], USES_IT[cut:]) == f"{USES_IT[:cut]}\n\n{USES_IT[cut:]}"
    assert pieces("def half(", USES_IT) == USES_IT
    assert pieces("%matplotlib inline\n" + HELPER, USES_IT) == f"%matplotlib inline\n{HELPER}\n\n{USES_IT}"
    assert pieces("def half(", "and this(") == "def half(\n\nand this("


def test_an_answer_that_is_not_recognised_runs_as_a_cell_of_their_own():
    """An editor has dropped metadata and ids, so nothing tells it from a scratch cell."""
    notebook = solved()
    find(notebook, ATTACKED).update(metadata={}, id="new")
    theirs, own, notes = rebuilt(notebook)
    assert own == [answers()[ATTACKED]] and theirs[ATTACKED] == "# This cell was not in the submission."
    told = f"The cell {ATTACKED} was not recognised; {ATTACKED} comes from a cell of the student's own."
    assert notes == [told]


def test_a_byte_order_mark_is_no_reason():
    made, notes = submission.rebuild("\ufeff" + json.dumps(solved()), RELEASE)
    assert not notes and made.cells


# --- written answers --------------------------------------------------------------------------------------------------

WRITTEN, QUESTION = "01-density-estimation", "bandwidth_by_training_likelihood"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def written(change):
    """What becomes of a written answer: its cell and the remarks, after a change of the notebook around it."""
    release = grade.notebook("notebooks", WRITTEN, course.root())
    notebook = json.loads(grade.notebook_path("notebooks", WRITTEN, course.root()).read_text(encoding="utf-8"))
    cell = find(notebook, QUESTION)
    change(notebook["cells"], notebook["cells"].index(cell), cell)
    made, notes = submission.rebuild(json.dumps(notebook), release)
    nbformat.validate(made)
    found = find(made, QUESTION)
    HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[found]))  # raises where a picture is missing
    return found, notes


def words(source, **more):
    return {"cell_type": "markdown", "id": f"w{len(source)}", "metadata": {}, "source": source, **more}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda cells, at, cell: cell.update(source="Zero."), "Zero."),
        (lambda cells, at, cell: cells.insert(at + 1, words("Zero.")), "Zero."),
        (lambda cells, at, cell: cells.insert(at, words("Zero.")), "Zero."),
        (lambda cells, at, cell: cells.insert(at + 1, copied(cell, source="Zero.", id="x")), "Zero."),
        (lambda cells, at, cell: (cell.update(source="One."), cells.insert(at + 1, words("Two."))), "One.\n\nTwo."),
        (lambda cells, at, cell: (cells.remove(cell), cells.insert(at, words("Zero."))), "Zero."),
        (lambda cells, at, cell: None, "*Your answer here.*"),
    ],
)
def test_a_written_answer_is_what_stands_below_its_question(change, text):
    found, notes = written(change)
    assert found["source"] == text and not [note for note in notes if "more than once" not in note]


def test_words_elsewhere_are_no_answer_and_it_is_said():
    _, notes = written(lambda cells, at, cell: cells.append(words("It goes to zero.")))
    told = "A written answer is empty, and there are texts in cells elsewhere; only what stands below its question"
    assert notes == [f"{told} is read."]
    _, notes = written(lambda cells, at, cell: (cell.update(source="Zero."), cells.append(words("Notes to myself."))))
    assert notes == []


def attached(text, attachments):
    return lambda cells, at, cell: cell.update(source=text, attachments=attachments)


def test_a_pasted_picture_is_kept_for_the_marker():
    found, _ = written(attached("![a](attachment:a%20b.png)", {"a b.png": {"image/png": PNG}}))
    assert found["attachments"] == {"a-b.png": {"image/png": PNG}} and found["source"] == "![a](attachment:a-b.png)"
    found, _ = written(attached("![a](attachment:a.png)", {"a.png": {"image/png": [PNG[:60], "\n", PNG[60:]]}}))
    assert found["attachments"] == {"a.png": {"image/png": PNG}}


@pytest.mark.parametrize(
    "attachments",
    [
        None,
        [],
        {"a.png": "data"},
        {"a.png": {"image/png": "<script>"}},
        {"a.png": {"image/svg+xml": PNG}},
        {"a.png": {"text/html": PNG}},
        {"a.png": {"image/png": {}}},
        {"b.png": {"image/png": PNG}},
    ],
)
def test_a_picture_that_is_none_or_missing_costs_nobody_anything(attachments):
    found, _ = written(attached("See ![a](attachment:a.png) and\n\n[b]: attachment:a.png", attachments))
    assert "attachment:" not in found["source"] and found["source"].startswith("See ![a](#this-picture-is-missing)")
    assert "a.png" not in found.get("attachments", {})


# --- what is gone or changed ------------------------------------------------------------------------------------------


def test_what_is_deleted_is_named_and_stands_empty():
    notebook = solved()
    notebook["cells"] = [c for c in notebook["cells"] if c not in (find(notebook, ATTACKED), checks(notebook)[1])]
    theirs, _, notes = rebuilt(notebook)
    assert theirs == answers() | {ATTACKED: "# This cell was not in the submission."}
    check = "The check cell generator_loss_minimax is missing; the released one was used."
    assert notes == [f"The cell {ATTACKED} is missing.", check]


def test_a_changed_check_is_the_released_one_again():
    notebook = solved()
    for cell in checks(notebook):
        cell["source"] = "2.0"
        nbgrader(cell).update(points=100, grade=False, solution=True)
    theirs, own, notes = rebuilt(notebook)
    assert (theirs, own) == (answers(), []) and len(notes) == len(POINTS)
    assert notes[0] == f"The check cell {ATTACKED} was changed; the released one was used."


def test_own_cells_run_where_they_stood():
    notebook = with_cell("x = 1")
    notebook["cells"].append({"cell_type": "code", "metadata": {}, "source": "y = 2"})
    notebook["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "words"})
    notebook["cells"].append({"cell_type": "code", "metadata": {"nbgrader": {"locked": True}}, "source": "old = 1"})
    assert rebuilt(notebook)[1] == ["x = 1", "y = 2"]
    made, _ = submission.rebuild(json.dumps(notebook), RELEASE)
    assert made.cells[0].source == "x = 1" and made.cells[-1].source == "y = 2"
    assert len({cell.id for cell in made.cells}) == len(made.cells)


def test_an_import_added_by_hand_is_kept():
    notebook = solved()
    imports = next(cell for cell in notebook["cells"] if "imports" in cell["metadata"].get("tags", []))
    imports["source"] = "import statistics\n" + "".join(imports["source"])
    assert rebuilt(notebook)[1] == [imports["source"]]


def test_cells_are_known_by_id_or_text_where_the_metadata_are_lost():
    for lose in (lambda c: c.update(metadata={}), lambda c: c.pop("id"), lambda c: c.update(metadata=[1])):
        notebook = solved()
        for cell in notebook["cells"]:
            lose(cell)
        assert rebuilt(notebook)[0] == answers()


def test_too_many_cells_cost_the_cells_that_are_too_many():
    notebook = solved()
    mine = [{"cell_type": "code", "metadata": {}, "source": f"x = {k}"} for k in range(1200)]
    notebook["cells"] = [*mine, *notebook["cells"]]
    theirs, own, notes = rebuilt(notebook)
    assert notes == ["Of 1200 cells of the student's own only the first 1000 were run."]
    assert theirs == answers() and own == [f"x = {k}" for k in range(1000)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "has no cells"),
        ('{"cells": {}}', "has no cells"),
        ('{"cells": []}', "has no cells"),
        (json.dumps(with_cell("#" * 2_000_000)), "more than 1 million characters"),
    ],
)
def test_what_is_no_notebook_is_a_sentence(text, said):
    with pytest.raises(Unreadable, match=said):
        submission.rebuild(text, RELEASE, "x.ipynb")


def test_what_is_no_source_is_none():
    notebook = solved()
    notebook["cells"] = [None, 1, "x", [], {}, *notebook["cells"]]
    find({"cells": notebook["cells"][5:]}, ATTACKED)["source"] = [1, None, "y = 1", {}]
    assert rebuilt(notebook)[0] == answers() | {ATTACKED: "y = 1"}
    find({"cells": notebook["cells"][5:]}, ATTACKED)["source"] = "y = '\ud800\x1b[2J\u202e'"
    assert rebuilt(notebook)[0] == answers() | {ATTACKED: "y = '?[2J'"}
