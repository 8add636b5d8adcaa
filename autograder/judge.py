"""Compare what an answer did with what it should have done, and say it like a teacher.

The grader's side of the line: outcomes come from a hostile process and are validated before anything is read from them;
references come from the solution. No sentence made here contains an expected number.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.exercise import Exercise

REFERENCES = Path(__file__).parent / "references"

# Two right answers in different styles differ by rounding: softplus turns linear above 20, sums run in another order.
TOLERANCE = {"float64": (1e-6, 1e-8), "float32": (2e-4, 2e-6)}  # relative, absolute

Text = Annotated[str, Field(max_length=600)]
Names = Annotated[list[Text], Field(max_length=500)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=True)


class TensorValue(_Data):
    kind: Literal["tensor"]
    dtype: Text
    shape: Annotated[list[int], Field(max_length=8)]
    data: Annotated[list[float | int | bool], Field(max_length=20_000)]


class Number(_Data):
    kind: Literal["float", "int", "bool", "numpy"]
    data: float | int | bool


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


def judge(exercise: Exercise, outcomes: dict[Key, dict], references: dict[Key, dict]) -> Verdict:
    """Points and a message for one exercise: every case must pass. A missing outcome fails its case."""
    hints = {case.name: case.hint for case in exercise.cases}
    cases, failed = [], {}
    for (name, public), expected in references.items():
        outcome = validated(outcomes.get((name, public)))
        complaint = compare(exercise, outcome, Outcome.model_validate(expected))
        cases.append(CaseVerdict(name, public, not complaint, complaint))
        if complaint:
            failed[name, public] = complaint
    if not failed:
        message = f"{exercise.name}: right in all {len(cases)} cases."
        return Verdict(exercise.points, exercise.points, message, cases)
    return Verdict(0, exercise.points, explain(exercise, outcomes, references, failed, hints), cases)


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


def compare(exercise: Exercise, got: Outcome, expected: Outcome) -> str:
    """The first thing wrong with an outcome, as a sentence; empty when it is right."""
    if got.error:
        return complain_error(exercise.name, got.error)
    assert got.value and expected.value, "a reference is never an error"
    return (
        compare_value(exercise, got.value, expected.value)
        or compare_state(exercise, got, expected)
        or compare_side_effects(got, expected)
        or compare_gradients(exercise, got, expected)
    )


def complain_error(name: str, error: Raised) -> str:
    if error.type == "NotImplementedError":
        return "not attempted yet: the function still raises NotImplementedError."
    if "leaf Variable that requires grad" in error.message:
        return "an input is modified in place; work on a new tensor instead (x + 1, not x += 1)."
    where = f" in the line `{error.line}`" if error.line else ""
    what = f"{error.type}: {error.message}" if error.type else error.message
    return f"the call stops with {what}{where}." if error.type else f"{what}."


def compare_value(exercise: Exercise, got: Value, expected: Value) -> str:
    if isinstance(expected, Tuple):
        if not isinstance(got, Tuple) or len(got.items) != len(expected.items):
            return f"{len(expected.items)} values should be returned, as a tuple; this returns {name_of(got)}."
        complaints = (compare_value(exercise, g, e) for g, e in zip(got.items, expected.items, strict=True))
        return next((c for c in complaints if c), "")
    if isinstance(got, (Other, Tuple)):
        return f"{name_of(expected)} should be returned; this returns {name_of(got)}."
    if exercise.as_float and (not isinstance(got, Number) or got.kind != "float"):
        return f"exactly a Python float should be returned (`loss.item()`); this returns {name_of(got)}."
    if shape(got) != shape(expected):
        return f"{name_of(expected)} should be returned; this returns {name_of(got)}."
    if isinstance(expected, TensorValue) and isinstance(got, TensorValue) and got.dtype != expected.dtype:
        return f"the result should keep the inputs' dtype: {expected.dtype}, not {got.dtype}."
    if isinstance(expected, Number) and expected.kind in ("bool", "int") and isinstance(got, Number):
        return "" if got == expected else "wrong value."
    assert not isinstance(expected, Other), "a reference is made of numbers"
    return compare_numbers(exercise, got, expected)


def compare_numbers(exercise: Exercise, got: TensorValue | Number, expected: TensorValue | Number, what="value") -> str:
    a, b = numbers(got), numbers(expected)
    if a.shape != b.shape:
        return "what came back is not the record of a call."
    if np.isnan(a).any() or (np.isinf(a) & ~np.isinf(b)).any():
        return f"the {what} is {'nan' if np.isnan(a).any() else 'infinite'} where a finite number was expected."
    return "" if close(a, b, *tolerance(exercise, expected)) else f"wrong {what}."


def compare_state(exercise: Exercise, got: Outcome, expected: Outcome) -> str:
    """Parameters and buffers after the call, against those the solution leaves behind."""
    for name, reference in expected.state.items():
        if name not in got.state:
            return f"{name} is gone after the call."
        if not (complaint := compare_numbers(exercise, got.state[name], reference)):
            continue
        if expected.owned and name not in expected.owned:
            return f"{owner(name)}'s parameters moved; only those of the optimizer may."
        return f"{name} ends in the wrong place after the step ({complaint.rstrip('.')})."
    return ""


def compare_side_effects(got: Outcome, expected: Outcome) -> str:
    if got.modified and got.modified != expected.modified:
        return f"the input {got.modified[0]} is modified; leave the caller's tensors as they were."
    if got.gradients_touched and got.gradients_touched != expected.gradients_touched:
        name = owner(got.gradients_touched[0])
        return f"{name}'s .grad is changed; gradients may reach only the parameters that are being updated."
    if got.requires_grad_changed:
        return f"{got.requires_grad_changed[0]}.requires_grad is not put back to what it was."
    if got.replaced != expected.replaced:
        return f"{(got.replaced or expected.replaced)[0]} is replaced by a new tensor; change it in place."
    return ""


def compare_gradients(exercise: Exercise, got: Outcome, expected: Outcome) -> str:
    if expected.gradients is None:
        return ""
    if not got.repeatable:
        return "two calls with the same inputs give two results; a graded function draws no random numbers itself."
    if got.gradients is None:
        return "right value, but no gradient flows back from it: .item(), float(), .detach() and NumPy cut the graph."
    for name, reference in expected.gradients.items():
        if name not in got.gradients or compare_numbers(exercise, got.gradients[name], reference, "gradient"):
            return f"right value, wrong gradient with respect to {name}."
    return ""


# --- all cases together -----------------------------------------------------------------------------------------------


def explain(exercise: Exercise, outcomes: dict, references: dict, failed: dict[Key, str], hints: dict[str, str]) -> str:
    """One message for the exercise: how many cases fail, what they have in common, the first one's hint."""
    keys = [key for key in failed if key[1]] or list(failed)
    (first, public), complaint = keys[0], failed[keys[0]]
    if all("not attempted yet" in c for c in failed.values()):
        return f"{exercise.name}: {complaint}"
    if len(set(failed.values())) == 1 and len(failed) == len(references) and "stops with" in complaint:
        return f"{exercise.name}: {complaint}"
    shown = [key for key in references if key[1]] or list(references)
    pattern = common_pattern([(outcomes.get(key), references[key]) for key in shown])
    count = f"{len(failed)} of {len(references)} cases fail"
    where = f"{'' if public else 'hidden '}case {first.replace('_', ' ')!r}"
    lines = [f"{exercise.name}: {count}; in the {where}: {complaint}", pattern, f"Hint: {hints.get(first, '')}"]
    return "\n".join(line for line in lines if line)


def common_pattern(pairs: list[tuple[dict | None, dict]]) -> str:
    """A mistake that shows only across cases: one factor, one sign, one constant everywhere."""
    got, expected = [], []
    for raw, reference in pairs:
        a, b = validated(raw).value, Outcome.model_validate(reference).value
        if not isinstance(a, (TensorValue, Number)) or not isinstance(b, (TensorValue, Number)) or shape(a) != shape(b):
            return ""
        got.append(numbers(a))
        expected.append(numbers(b))
    if len(got) < 2:
        return ""
    a, b = np.concatenate(got), np.concatenate(expected)
    ordinary = np.isfinite(a) & np.isfinite(b) & (np.abs(b) > 1e-6) & (np.abs(b) < 1e6)
    if ordinary.sum() < 2:
        return ""
    a, b = a[ordinary], b[ordinary]
    ratio, difference = a / b, a - b
    if not a.any():
        return "The result is 0 whatever the inputs."
    if np.allclose(a, a[0], rtol=1e-6) and not np.allclose(b, b[0], rtol=1e-3):
        return "The result is the same whatever the inputs."
    if np.allclose(ratio, ratio[0], rtol=1e-3) and not math.isclose(ratio[0], 1, rel_tol=1e-3):
        if math.isclose(ratio[0], -1, rel_tol=1e-3):
            return "In every case the size is right and the sign is reversed."
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
