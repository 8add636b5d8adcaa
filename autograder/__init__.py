"""Exercises that grade themselves: `check` for the student, `python -m autograder` for the instructor.

What lies in this folder is what a notebook needs, and the jail some of it; `autograder.server` is for who grades.
"""

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
    from autograder import checking  # not at import time: the jail imports this package and has no judge

    checking.check(name, function)
