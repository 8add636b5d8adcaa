"""Rebuilding: of a submission only the answers and the student's own cells are the student's. Nothing is run here."""

from __future__ import annotations

import json

import pytest

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


def test_the_first_copy_of_an_answer_counts_and_is_named():
    notebook = solved()
    notebook["cells"].append(copied(find(notebook, ATTACKED), source="wrong = 1"))
    theirs, own, notes = rebuilt(notebook)
    assert (theirs, own) == (answers(), [])
    assert notes == [f"The cell {ATTACKED} is there more than once; the first one counts."]


def test_what_is_deleted_is_named_and_stands_empty():
    notebook = solved()
    notebook["cells"] = [c for c in notebook["cells"] if c not in (find(notebook, ATTACKED), checks(notebook)[1])]
    theirs, _, notes = rebuilt(notebook)
    assert theirs == answers() | {ATTACKED: "# This cell was not in the submission."}
    assert notes == [f"The cell {ATTACKED} was deleted.", "The check cell generator_loss_minimax was deleted."]


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
