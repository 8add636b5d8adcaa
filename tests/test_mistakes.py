"""The checks are tested by answers: right ones in different styles pass, each wrong one is caught by its case."""

import json
import re

import pytest

from autograder.exercise import exercises, sections
from tests import bank

# Wrong answers that the judge calls wrong for another reason than the bank's, at most one in twenty.
MISREAD = {
    "game_value/cross_entropy_clips",  # clips, and cuts the slopes of p and q as well, which is said first
    "pointwise_maximizer/a_half",  # the same y whatever a and b, but the slopes there differ
    "precision_recall/inside_every_ball",  # only the second value is the same in every case, and the judge says so
}

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
@pytest.mark.filterwarnings("ignore")  # a right answer may warn: scikit-learn does of a single sample
def test_a_right_answer_gets_full_marks(section, answer):
    for hidden_seed in (1, 2):  # `benchmarks/mistakes.py` tries hundreds
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
    if f"{answer.exercise}/{answer.name}" not in MISREAD:
        assert verdict.diagnosis == answer.diagnosis, verdict.message


def test_the_judge_misreads_one_mistake_in_twenty_at_most():
    wrong = {f"{a.exercise}/{a.name}" for answers in BANKS.values() for a in answers.wrong_answers}
    known = {name for section in sections() for name in exercises(section)}
    misread = {name for name in MISREAD if name.partition("/")[0] in known}
    assert misread <= wrong and len(misread) <= 0.05 * len(wrong)


def code(text):
    """Text without what does not matter in code."""
    return re.sub(r"[\s\"'`]+", "", text)


@pytest.mark.parametrize("section", sections())
def test_no_hint_gives_the_answer_away(section):
    """Neither a line of the solution nor the words that would do as well."""
    lines = bank.solution_lines(section)
    for exercise, asked in exercises(section).items():
        own = [code(line) for line in lines[exercise] if not line.startswith(("def ", "class ", "#"))]
        shared = [line for line in own if len(line) > 12 for case in asked.cases if line in code(case.hint)]
        assert not shared, f"{exercise}: {shared}"
        words = re.compile(BANKS[section].spoilers[exercise], re.IGNORECASE)
        assert not [case.hint for case in asked.cases if words.search(case.hint)], exercise


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
