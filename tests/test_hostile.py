"""Every hostile and broken submission in one batch: each costs its author at most their points, and nobody else any."""

from __future__ import annotations

import pytest

from autograder import batch, grade, intake
from autograder.sandbox import Limits
from tests.submissions.corpus import CORPUS
from tests.submissions.make import SECTION, hand_in, solved

LIMITS = Limits(step_seconds=3, wall_seconds=60, memory=2 << 30)
HONEST = ["aaa-honest", "honest", "zzz-honest"]  # before, among and after the others


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The whole corpus and three honest submissions, graded by two workers."""
    folder = tmp_path_factory.mktemp("hostile")
    for hostile in CORPUS:
        hostile.write(folder / "submitted", hostile.name)
    for student in HONEST:
        hand_in(folder / "submitted", student, solved())
    plan = batch.Plan(folder / "out", grade.course(), seed=1729, limits=LIMITS)
    found = intake.find(folder / "submitted", [SECTION])
    batch.run(plan, found, workers=2)
    return folder / "out"


@pytest.fixture(scope="module")
def results(graded):
    return {result.student: result for result in batch.load_all(graded)}


def test_the_corpus_is_large_and_its_names_are_unique():
    assert len(CORPUS) >= 60
    assert len({hostile.name for hostile in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda hostile: hostile.name)
def test_a_hostile_submission_gets_its_points_and_no_more(hostile, results):
    result = results[hostile.name]
    assert result.points == hostile.points, {name: e.message for name, e in result.exercises.items()}
    assert not any("LOOT" in exercise.message for exercise in result.exercises.values())
