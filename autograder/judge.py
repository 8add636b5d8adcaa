"""Compare what an answer did with what it should have done, and say it like a teacher.

The grader's side of the line: outcomes come from a hostile process and are validated before anything is read from them;
references come from the solution. No sentence made here contains an expected number.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.exercise import Exercise

REFERENCES = Path(__file__).parent / "references"

# Two right answers in different styles differ by rounding: softplus turns linear above 20, sums run in another order.
TOLERANCE = {"float64": (1e-6, 1e-8), "float32": (2e-4, 2e-6)}  # relative, absolute

Text = Annotated[str, Field(max_length=600)]
Integer = Annotated[int, Field(ge=-(2**53), le=2**53)]  # what a float holds exactly
Names = Annotated[list[Text], Field(max_length=500)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=True)


class TensorValue(_Data):
    kind: Literal["tensor"]
    dtype: Text
    shape: Annotated[list[int], Field(max_length=8)]
    data: Annotated[list[float | Integer | bool], Field(max_length=20_000)]


class Number(_Data):
    kind: Literal["float", "int", "bool", "numpy"]
    data: float | Integer | bool


class Tuple(_Data):
    kind: Literal["tuple"]
    items: Annotated[list[Value], Field(max_length=50)]


class Other(_Data):
    kind: Literal["other"]
    type: Text


Value = Annotated[TensorValue | Number | Tuple | Other, Field(discriminator="kind")]


class Raised(_Data):
    type: Text
    message: Text
    line: Text


class Outcome(_Data):
    """What one call did. ``error`` alone, or everything else."""

    error: Raised | None = None
    value: Value | None = None
    state: Annotated[dict[str, TensorValue], Field(max_length=500)] = {}
    owned: Names = []
    modified: Names = []
    gradients_touched: Names = []
    requires_grad_changed: Names = []
    replaced: Names = []
    gradients: Annotated[dict[str, TensorValue], Field(max_length=500)] | None = None
    gradient_error: Raised | None = None
    repeatable: bool = True


@dataclass(frozen=True)
class CaseVerdict:
    name: str
    public: bool
    passed: bool
    message: str = ""


@dataclass(frozen=True)
class Verdict:
    points: float
    max_points: int
    message: str
    cases: list[CaseVerdict]


Key = tuple[str, bool]  # case name, public


class Complaint(NamedTuple):
    """What is wrong with one outcome. ``plain`` means that the sentence says it all and the case's hint would
    distract."""

    sentence: str
    plain: bool = False


def judge(exercise: Exercise, outcomes: dict[Key, dict], references: dict[Key, dict]) -> Verdict:
    """Points and a message for one exercise: every case must pass. A missing outcome fails its case."""
    got = {key: validated(outcomes.get(key)) for key in references}
    expected = {key: Outcome.model_validate(reference) for key, reference in references.items()}
    complaints = {key: compare(exercise, got[key], expected[key]) for key in references}
    cases = [CaseVerdict(*key, not c, c.sentence if c else "") for key, c in complaints.items()]
    failed = {key: c for key, c in complaints.items() if c}
    if not failed:
        message = f"{exercise.name}: right in all {len(cases)} cases."
        return Verdict(exercise.points, exercise.points, message, cases)
    return Verdict(0, exercise.points, explain(exercise, got, expected, failed), cases)


def validated(raw: dict | None) -> Outcome:
    """A stranger's record as an Outcome; whatever does not parse is an error of the submission."""
    if raw is None:
        return failure("no answer came back")
    try:
        outcome = Outcome.model_validate(raw)
    except (ValidationError, RecursionError):
        return failure("what came back is not the record of a call")
    return outcome if outcome.error or outcome.value else failure("no answer came back")


def failure(message: str) -> Outcome:
    return Outcome(error=Raised(type="", message=message, line=""))


# --- one case ---------------------------------------------------------------------------------------------------------


def compare(exercise: Exercise, got: Outcome, expected: Outcome) -> Complaint | None:
    """The first thing wrong with an outcome, in the order in which a student should mend it; None when it is
    right."""
    if got.error:
        return compare_error(got.error)
    assert got.value and expected.value, "a reference is never an error"
    return (
        compare_value(exercise, got.value, expected.value)
        or compare_state(exercise, got, expected)
        or compare_side_effects(got, expected)
        or compare_gradients(exercise, got, expected)
    )


def compare_error(error: Raised) -> Complaint:
    if error.type == "NotImplementedError":
        return Complaint("not attempted yet: the function still raises NotImplementedError.", plain=True)
    if not error.type:
        return Complaint(f"{error.message}.", plain=True)
    where = f" in the line `{error.line}`" if error.line else ""
    mistyped = error.type in ("NameError", "SyntaxError", "IndentationError", "ImportError", "UnboundLocalError")
    return Complaint(f"the call stops with {error.type}: {error.message.rstrip('.')}{where}.", plain=mistyped)


def compare_value(exercise: Exercise, got: Value, expected: Value) -> Complaint | None:
    if isinstance(expected, Tuple):
        if not isinstance(got, Tuple) or len(got.items) != len(expected.items):
            wanted = f"{len(expected.items)} values should be returned, as a tuple"
            return Complaint(f"{wanted}; this returns {name_of(got)}.", plain=True)
        pairs = enumerate(zip(got.items, expected.items, strict=True), start=1)
        found = ((k, compare_value(exercise, g, e)) for k, (g, e) in pairs)
        which = f"of the {len(got.items)} values returned, number"
        return next((Complaint(f"{which} {k}: {c.sentence}", c.plain) for k, c in found if c), None)
    if exercise.as_float and (not isinstance(got, Number) or got.kind != "float"):
        wanted = "exactly a Python float should be returned (`loss.item()`)"
        return Complaint(f"{wanted}; this returns {name_of(got)}.", plain=True)
    if isinstance(got, (Other, Tuple)) or shape(got) != shape(expected):
        return Complaint(f"{name_of(expected)} should be returned; this returns {name_of(got)}.", plain=True)
    if isinstance(expected, TensorValue) and isinstance(got, TensorValue) and got.dtype != expected.dtype:
        return Complaint(f"the result should keep the inputs' dtype, {expected.dtype}; this is {got.dtype}.")
    if isinstance(expected, Number) and expected.kind in ("bool", "int") and isinstance(got, Number):
        return None if got == expected else Complaint("wrong value.")
    assert not isinstance(expected, Other), "a reference is made of numbers"
    complaint = compare_numbers(exercise, got, expected)
    return Complaint(complaint) if complaint else None


def compare_numbers(exercise: Exercise, got: TensorValue | Number, expected: TensorValue | Number, what="value") -> str:
    a, b = numbers(got), numbers(expected)
    if a.shape != b.shape:
        return f"wrong {what}."
    if (np.isnan(a) & np.isinf(b)).any():
        return f"the {what} is nan where an infinite one was expected."
    if np.isnan(a).any() or (np.isinf(a) & ~np.isinf(b)).any():
        return f"the {what} is {'nan' if np.isnan(a).any() else 'infinite'} where a finite number was expected."
    return "" if close(a, b, *tolerance(exercise, expected)) else f"wrong {what}."


def compare_state(exercise: Exercise, got: Outcome, expected: Outcome) -> Complaint | None:
    """Parameters and buffers after the call, against those the solution leaves behind."""
    for name, reference in expected.state.items():
        if name in got.state and not compare_numbers(exercise, got.state[name], reference):
            continue
        if expected.owned and name not in expected.owned:
            return Complaint(f"{owner(name)}'s parameters moved; only those of the optimizer may.")
        return Complaint(f"the returned value is right, but {name} does not end where it should.")
    return None


def compare_side_effects(got: Outcome, expected: Outcome) -> Complaint | None:
    if got.modified != expected.modified:
        names = [name for name in got.modified if name not in expected.modified] or expected.modified
        return Complaint(f"the input {names[0]} is modified; leave the caller's tensors as they were.", plain=True)
    if got.gradients_touched != expected.gradients_touched:
        name = owner((got.gradients_touched or expected.gradients_touched)[0])
        return Complaint(f"{name}'s .grad is changed; leave gradients only where the call is meant to update.")
    if got.requires_grad_changed:
        return Complaint(f"{got.requires_grad_changed[0]}.requires_grad is not put back to what it was.", plain=True)
    if got.replaced != expected.replaced:
        name = (got.replaced or expected.replaced)[0]
        return Complaint(f"{name} is replaced by a new tensor; change it in place.", plain=True)
    return None


def compare_gradients(exercise: Exercise, got: Outcome, expected: Outcome) -> Complaint | None:
    if expected.gradients is None:
        return None
    if not got.repeatable:
        return Complaint(
            "two calls with the same inputs differ; a graded function draws no random numbers.", plain=True
        )
    if got.gradients is None:
        cut = ".item(), float(), .detach() and NumPy cut the graph"
        return Complaint(f"right value, but no gradient flows back from it: {cut}.", plain=True)
    for name, reference in expected.gradients.items():
        if name not in got.gradients or compare_numbers(exercise, got.gradients[name], reference, "gradient"):
            return Complaint(f"right value, wrong gradient with respect to {name}.")
    return None


# --- all cases together -----------------------------------------------------------------------------------------------


def explain(exercise: Exercise, got: dict, expected: dict, failed: dict[Key, Complaint]) -> str:
    """One message for the exercise: how many cases fail, the first one's complaint and hint, what all have in
    common."""
    (name, public), complaint = next(iter(failed.items()))
    everywhere = len(failed) == len(expected)
    if everywhere and complaint.plain:
        return f"{exercise.name}: {complaint.sentence}"
    where = f"in the {'' if public else 'hidden '}case '{name.replace('_', ' ')}'"
    hint = next(case.hint for case in exercise.cases if case.name == name)
    shown = [key for key in expected if key[1]] or list(expected)
    lines = [
        f"{exercise.name}: {len(failed)} of {len(expected)} cases fail; {where}, {complaint.sentence}",
        common_pattern([(got[key].value, expected[key].value) for key in shown]),
        f"Hint: {hint}",
    ]
    return "\n".join(line for line in lines if line)


def common_pattern(pairs: list[tuple[Value | None, Value | None]]) -> str:
    """A mistake that shows only across cases: one factor, one sign, one constant everywhere."""
    if all(isinstance(v, Tuple) for pair in pairs for v in pair):
        columns = zip(*(zip(a.items, b.items, strict=False) for a, b in pairs), strict=False)  # type: ignore[union-attr]
        found = ((k, common_pattern(list(column))) for k, column in enumerate(columns, start=1))
        return next((f"Value number {k}: {p[0].lower()}{p[1:]}" for k, p in found if p), "")
    if not all(isinstance(v, (TensorValue, Number)) for pair in pairs for v in pair):
        return ""
    if len(pairs) < 2 or any(shape(a) != shape(b) for a, b in pairs):  # type: ignore[arg-type]
        return ""
    a = np.concatenate([numbers(a) for a, _ in pairs])  # type: ignore[arg-type]
    b = np.concatenate([numbers(b) for _, b in pairs])  # type: ignore[arg-type]
    if a.shape != b.shape:
        return ""
    ordinary = np.isfinite(a) & np.isfinite(b) & (np.abs(b) > 1e-6) & (np.abs(b) < 1e6)
    a, b = a[ordinary], b[ordinary]
    if len(a) < 2:
        return ""
    if np.allclose(a, a[0], rtol=1e-6) and not np.allclose(b, b[0], rtol=1e-3):
        return "The result is the same whatever the inputs."
    ratio, difference = a / b, a - b
    if np.allclose(ratio, -1, rtol=1e-3):
        return "In every case the size is right and the sign is reversed."
    if np.allclose(ratio, ratio[0], rtol=1e-3) and not math.isclose(ratio[0], 1, rel_tol=1e-3):
        return f"In every case the result is off by the same factor, {ratio[0]:.4g}."
    if np.allclose(difference, difference[0], rtol=1e-3) and not math.isclose(difference[0], 0, abs_tol=1e-6):
        return f"In every case the result is off by the same constant, {difference[0]:.4g}."
    return ""


# --- small helpers ----------------------------------------------------------------------------------------------------


def shape(value: Value) -> tuple[int, ...]:
    return tuple(value.shape) if isinstance(value, TensorValue) else ()


def numbers(value: TensorValue | Number) -> np.ndarray:
    return np.asarray(value.data if isinstance(value, TensorValue) else [value.data], dtype=np.float64).reshape(-1)


def tolerance(exercise: Exercise, expected: TensorValue | Number) -> tuple[float, float]:
    # A Python float carries no dtype; it came from a float32 or a float64 computation, and the looser one must pass.
    dtype = expected.dtype if isinstance(expected, TensorValue) else "float32"
    relative, absolute = TOLERANCE.get(dtype, (0.0, 0.0))
    return exercise.rtol.get(dtype, relative), absolute


def close(a: np.ndarray, b: np.ndarray, rtol: float, atol: float) -> bool:
    """Elementwise, the absolute part scaled to the largest finite entry: small entries beside large ones carry its
    rounding."""
    finite = b[np.isfinite(b)]
    largest = float(np.abs(finite).max()) if finite.size else 1.0
    return bool(np.allclose(a, b, rtol=rtol, atol=atol * max(1.0, largest)))


def owner(name: str) -> str:
    return f"the {name.split('.')[0]}"


def name_of(value: Value) -> str:
    if isinstance(value, TensorValue):
        return f"a tensor of shape {tuple(value.shape)}" if value.shape else "a scalar (shape ())"
    if isinstance(value, Tuple):
        return f"a tuple of {len(value.items)}"
    if isinstance(value, Other):
        return value.type
    return {"numpy": "a NumPy number", "float": "a float"}.get(value.kind, f"a Python {value.kind}")


def load_references(section: str) -> dict[str, dict[Key, dict]]:
    """The stored public references: exercise -> (case, True) -> outcome of the solution."""
    stored = json.loads((REFERENCES / f"{section}.json").read_text(encoding="utf8"))
    return {
        name: {(case, True): outcome for case, outcome in cases.items()} for name, cases in stored["exercises"].items()
    }
