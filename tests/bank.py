"""The bank: right and wrong answers to every exercise, which test the checks themselves.

``tests/mistakes/<section>.py`` fills one `Bank`. A right answer in any style must get full marks on public and hidden
cases; a wrong one must get none, and the case that was written for its mistake must be among those that catch it.
"""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import jupytext

from autograder import collect, exact, exercise, judge
from autograder.verdict import ExerciseResult

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Answer:
    exercise: str
    name: str
    function: Callable
    caught_by: str = ""  # for a wrong answer: the case that must catch it
    diagnosis: str = ""  # what is wrong with it, in the judge's words (`autograder.verdict.Diagnosis`)
    says: str = ""  # and a phrase that the message must contain


@dataclass
class Bank:
    right_answers: list[Answer] = field(default_factory=list)
    wrong_answers: list[Answer] = field(default_factory=list)
    spoilers: dict[str, str] = field(default_factory=dict)

    def right(self, exercise: str) -> Callable:
        def add(function: Callable) -> Callable:
            self.right_answers.append(Answer(exercise, function.__name__, function))
            return function

        return add

    def wrong(self, exercise: str, caught_by: str, diagnosis: str = "", says: str = "") -> Callable:
        def add(function: Callable) -> Callable:
            self.wrong_answers.append(Answer(exercise, function.__name__, function, caught_by, diagnosis, says))
            return function

        return add

    def spoils(self, exercise: str, words: str) -> None:
        """Words (a regular expression) that would give the answer away: no hint may contain them."""
        self.spoilers[exercise] = words


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


def solution_lines(section: str) -> dict[str, list[str]]:
    """The lines of each solution that the release leaves out."""
    notebook = jupytext.read(ROOT / "book" / "lessons" / f"{section}.md")
    found: dict[str, list[str]] = {}
    for cell in notebook.cells:
        if name := cell.metadata.get("exercise"):
            hidden = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.DOTALL)
            found[name] = [line.strip() for part in hidden for line in part.splitlines() if line.strip()]
    return found


def outcomes(section: str, name: str, function: Callable, hidden_seed: int) -> dict[judge.Key, dict]:
    """What a function does in the public cases and in the hidden ones of a seed."""
    asked = exercise.exercises(section)[name]
    hidden = {(c.name, False): collect.collect(asked, c, function, hidden_seed) for c in asked.cases}
    return _public(section, name, function) | hidden


@lru_cache(maxsize=500)  # the same answer on several hidden seeds
def _public(section: str, name: str, function: Callable) -> dict[judge.Key, dict]:
    asked = exercise.exercises(section)[name]
    return {(c.name, True): collect.collect(asked, c, function, exercise.PUBLIC_SEED) for c in asked.cases}


@lru_cache(maxsize=50)
def references(section: str, name: str, hidden_seed: int) -> dict[judge.Key, dict]:
    """What the solution does in the public cases and in the hidden ones of a seed, as answers are compared with it."""
    asked, solution = exercise.exercises(section)[name], solutions(section)[name]
    hidden = {(c.name, False): exact.reference(asked, c, solution, hidden_seed) for c in asked.cases}
    return _public_references(section, name) | hidden


@cache
def _public_references(section: str, name: str) -> dict[judge.Key, dict]:
    asked, solution = exercise.exercises(section)[name], solutions(section)[name]
    return {(c.name, True): exact.reference(asked, c, solution, exercise.PUBLIC_SEED) for c in asked.cases}


def verdict(section: str, answer: Answer, hidden_seed: int = 99) -> ExerciseResult:
    """What the grader would say of an answer, without the sandbox."""
    asked = exercise.exercises(section)[answer.exercise]
    got = outcomes(section, answer.exercise, answer.function, hidden_seed)
    return judge.mark(asked, got, references(section, answer.exercise, hidden_seed))
