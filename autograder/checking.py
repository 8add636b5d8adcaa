"""What a student's notebook does when it calls `autograder.check`: the public cases, in this very process."""

from __future__ import annotations

from collections.abc import Callable

from autograder import CheckFailed, collect, exercise, judge


def check(name: str, function: Callable) -> None:
    """Run the public cases of an exercise on a function and print a line, or raise `CheckFailed`."""
    section = next((s for s in exercise.sections() if name in exercise.exercises(s)), None)
    if section is None:
        raise CheckFailed(f"No exercise is called {name!r}.")
    if not callable(function):
        raise CheckFailed(f"{name}: pass the function itself, check({name!r}, {name}), not its result.")
    asked = exercise.exercises(section)[name]
    outcomes = {(c.name, True): collect.collect(asked, c, function, exercise.PUBLIC_SEED) for c in asked.cases}
    result = judge.mark(asked, outcomes, judge.load_references(section)[name])
    if result.points < result.max_points:
        raise CheckFailed(result.message)
    print(f"✓ {result.message}")
