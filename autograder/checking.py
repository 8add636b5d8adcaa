"""What a student's notebook does when it calls `autograder.check`: the public cases, in this very process."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from autograder import CheckFailed, collect, exercise, judge
from autograder.verdict import ExerciseResult


def check(name: str, function: Callable) -> None:
    """Run the public cases of an exercise on a function and print a line, or raise `CheckFailed`."""
    section = next((s for s in exercise.sections() if name in exercise.exercises(s)), None)
    if section is None:
        raise CheckFailed(f"No exercise is called {name!r}.")
    if not callable(function):
        raise CheckFailed(f"{name}: pass the function itself, check({name!r}, {name}), not its result.")
    asked = exercise.exercises(section)
    outcomes, result = _public(section, name, function)
    if result.points < result.max_points:
        others = getattr(inspect.unwrap(function), "__globals__", {})
        names = {name for outcome in outcomes.values() for name in outcome.get("names", ())} & asked.keys()
        called = [other for other in names if callable(others.get(other))]
        judge.blame(asked[name], result, outcomes, [o for o in called if not _public(section, o, others[o])[1].points])
        raise CheckFailed(result.message)
    print(f"✓ {result.message}")


def _public(section: str, name: str, function: Callable) -> tuple[dict[judge.Key, dict], ExerciseResult]:
    """What an answer does in the public cases, and what is to be said of it."""
    asked = exercise.exercises(section)[name]
    outcomes = {(c.name, True): collect.collect(asked, c, function, exercise.PUBLIC_SEED) for c in asked.cases}
    return outcomes, judge.mark(asked, outcomes, judge.load_references(section)[name])
