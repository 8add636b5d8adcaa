"""Exercises that grade themselves: `check` for the student, `python -m autograder` for the instructor."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["CheckFailed", "check"]


class CheckFailed(AssertionError):
    """An answer failed its check; the message says why. Shown without a traceback: the fault is in no line of ours."""

    def _render_traceback_(self) -> list[str]:
        return [f"✗ {self}"]


def check(name: str, function: Callable) -> None:
    """Run the public cases of an exercise on your function, here and now.

    Compares values, gradients and side effects with stored reference outputs. The cases that count for the mark are
    drawn from other numbers, so a function that passes here by doing the right thing passes there too.

    Raises:
        CheckFailed: with a sentence on what is wrong and a hint.
    """
    from autograder import collect, exercise, judge  # not at import time: the sandboxed child has no judge

    section = next((s for s in exercise.sections() if name in exercise.exercises(s)), None)
    if section is None:
        raise CheckFailed(f"No exercise is called {name!r}.")
    if not callable(function):
        raise CheckFailed(f"{name}: pass the function itself, check({name!r}, {name}), not its result.")
    asked = exercise.exercises(section)[name]
    outcomes = {(c.name, True): collect.collect(asked, c, function, exercise.PUBLIC_SEED) for c in asked.cases}
    verdict = judge.judge(asked, outcomes, judge.load_references(section)[name])
    if verdict.points < verdict.max_points:
        raise CheckFailed(verdict.message)
    print(f"✓ {verdict.message}")
