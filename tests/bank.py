"""The bank: right and wrong answers to every exercise, which test the checks themselves.

``tests/mistakes/<section>.py`` fills one `Bank`. A right answer in any style must get full marks on public and hidden
cases; a wrong one must get none, and the case that was written for its mistake must be among those that catch it.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import jupytext

from autograder import collect, exercise, judge
from autograder.verdict import ExerciseResult

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Answer:
    exercise: str
    name: str
    function: Callable
    caught_by: str = ""  # for a wrong answer: the case that must catch it
    says: str = ""  # and a phrase that the message must contain


@dataclass
class Bank:
    right_answers: list[Answer] = field(default_factory=list)
    wrong_answers: list[Answer] = field(default_factory=list)

    def right(self, exercise: str) -> Callable:
        def add(function: Callable) -> Callable:
            self.right_answers.append(Answer(exercise, function.__name__, function))
            return function

        return add

    def wrong(self, exercise: str, caught_by: str, says: str = "") -> Callable:
        def add(function: Callable) -> Callable:
            self.wrong_answers.append(Answer(exercise, function.__name__, function, caught_by, says))
            return function

        return add


def load(section: str) -> Bank:
    return runpy.run_path(str(ROOT / "tests" / "mistakes" / f"{section}.py"))["bank"]


@cache
def solutions(section: str) -> dict[str, Callable]:
    """The lesson's own answers, defined by its import cell and its exercise cells."""
    notebook = jupytext.read(ROOT / "book" / "lessons" / f"{section}.md")
    namespace: dict = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and (cell.metadata.get("exercise") or "imports" in cell.metadata.get("tags", [])):
            exec(cell.source, namespace)
    return {name: namespace[name] for name in exercise.exercises(section)}


def outcomes(section: str, name: str, function: Callable, hidden_seed: int) -> dict[judge.Key, dict]:
    """What a function does in the public cases and in the hidden ones of a seed."""
    asked = exercise.exercises(section)[name]
    hidden = {(c.name, False): collect.collect(asked, c, function, hidden_seed) for c in asked.cases}
    return _public(section, name, function) | hidden


@lru_cache(maxsize=1)  # the same answer on several hidden seeds, one after the other
def _public(section: str, name: str, function: Callable) -> dict[judge.Key, dict]:
    asked = exercise.exercises(section)[name]
    return {(c.name, True): collect.collect(asked, c, function, exercise.PUBLIC_SEED) for c in asked.cases}


@cache
def references(section: str, name: str, hidden_seed: int) -> dict[judge.Key, dict]:
    return outcomes(section, name, solutions(section)[name], hidden_seed)


def verdict(section: str, answer: Answer, hidden_seed: int = 99) -> ExerciseResult:
    """What the grader would say of an answer, without the sandbox."""
    asked = exercise.exercises(section)[answer.exercise]
    got = outcomes(section, answer.exercise, answer.function, hidden_seed)
    return judge.mark(asked, got, references(section, answer.exercise, hidden_seed))
