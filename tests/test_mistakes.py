"""The checks are tested by answers: right ones in different styles pass, each wrong one is caught by its case."""

import json

import pytest

from autograder.exercise import exercises, sections
from tests import bank

BANKS = {section: bank.load(section) for section in sections()}


def each(kind):
    """Section and answer of all answers of a kind."""
    return [
        pytest.param(section, answer, id=f"{section}-{answer.exercise}-{answer.name}")
        for section, answers in BANKS.items()
        for answer in getattr(answers, kind)
    ]


@pytest.mark.parametrize("section", sections())
def test_every_exercise_has_at_least_three_right_and_five_wrong_answers(section):
    for exercise in exercises(section):
        assert sum(a.exercise == exercise for a in BANKS[section].right_answers) >= 3, exercise
        assert sum(a.exercise == exercise for a in BANKS[section].wrong_answers) >= 5, exercise


@pytest.mark.parametrize(("section", "answer"), each("right_answers"))
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True")  # float(loss) is a right answer
def test_a_right_answer_gets_full_marks(section, answer):
    for hidden_seed in (1, 2, 3):
        verdict = bank.verdict(section, answer, hidden_seed)
        assert verdict.points == verdict.max_points, verdict.message


@pytest.mark.parametrize(("section", "answer"), each("wrong_answers"))
@pytest.mark.filterwarnings("ignore")  # a mistake may warn
def test_a_wrong_answer_gets_nothing_and_a_sentence(section, answer):
    verdict = bank.verdict(section, answer)
    failed = {case.name for case in verdict.cases if not case.passed}
    assert verdict.points == 0
    assert answer.caught_by in failed, f"meant to be caught by {answer.caught_by}, caught by {sorted(failed)}"
    assert answer.says in verdict.message, verdict.message


@pytest.mark.parametrize("section", sections())
def test_every_case_catches_a_mistake(section):
    """A case that catches nothing has no reason to be there."""
    for exercise, asked in exercises(section).items():
        meant = {a.caught_by for a in BANKS[section].wrong_answers if a.exercise == exercise}
        assert {case.name for case in asked.cases} <= meant, exercise


def test_the_published_table_counts_this_bank():
    rows = json.loads((bank.ROOT / "benchmarks" / "results" / "mistakes.json").read_text(encoding="utf8"))["rows"]
    for row in rows[:-1]:
        right, wrong = BANKS[row["section"]].right_answers, BANKS[row["section"]].wrong_answers
        outdated = "run python benchmarks/mistakes.py --json benchmarks/results/mistakes.json --markdown ….md"
        assert (row["right answers"], row["wrong answers"]) == (len(right), len(wrong)), outdated
    assert [row["section"] for row in rows] == [*sections(), "all"]
