"""What is said about an answer: of each case whether it passed, of the exercise its points and one message."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator

_CONTROL = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def printable(text: str) -> str:
    """A stranger's words without what would stop or mislead those who show them.

    JSON allows lone surrogates, which UTF-8 does not, and control characters, which XML does not; escape sequences
    paint on the instructor's screen, and characters that turn the direction of writing make a line look like another.
    """
    return _CONTROL.sub("", text.encode("utf-8", "replace").decode("utf-8"))


Words = Annotated[str, BeforeValidator(printable)]
"""Text that a student may have chosen, made `printable`."""


Diagnosis = Literal[
    "",  # right
    "open",  # still raises NotImplementedError
    "helper",  # another function of the lesson is open or wrong
    "mistyped",  # a name or the syntax
    "raises",
    "type",  # None, a list, a NumPy array, a float where a tensor is asked, another number of results
    "shape",
    "dtype",
    "nan",
    "finite",  # a finite number where an infinite one was asked
    "sign",
    "factor",
    "constant",
    "ignores",  # the same result whatever the inputs
    "order",  # right results in the wrong order
    "number",  # wrong, and nothing more is known
    "random",  # draws its own random numbers
    "cut",  # no gradient
    "slope",  # a wrong gradient
    "nan slope",
    "argument",  # an argument is changed
    "flags",  # .requires_grad or .training are not put back
    "replaced",  # a parameter is another object
    "left gradients",
    "never moved",
    "uphill",
    "twice",
    "others moved",
    "update",  # moved somewhere else
]
"""What is wrong, in one word: the kinds of mistakes that the judge tells apart."""


class CaseResult(BaseModel):
    """Whether one case passed, and if not, what was wrong in a sentence."""

    name: Words
    public: bool
    passed: bool
    message: Words = ""
    diagnosis: Diagnosis = ""


class ExerciseResult(BaseModel):
    """The points of one exercise and what its author is told."""

    points: float
    max_points: float
    message: Words
    cases: list[CaseResult] = []
    diagnosis: Diagnosis = ""
    case: Words = ""  # the case that the message speaks of
