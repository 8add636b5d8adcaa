"""Compare what an answer did with what it should have done, and say it like a teacher.

The grader's side of the line: outcomes come from a hostile process and are validated before anything is read from them;
references come from the solution. No sentence made here contains an expected number.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.collect import failed
from autograder.exercise import Exercise
from autograder.verdict import CaseResult, ExerciseResult

REFERENCES = Path(__file__).parent / "references"

# Two right answers in different styles differ by rounding: softplus turns linear above 20, sums run in another order.
_TOLERANCE = {"float64": (1e-6, 1e-8), "float32": (2e-4, 2e-6)}  # relative, absolute

_Text = Annotated[str, Field(max_length=600)]
_Integer = Annotated[int, Field(ge=-(2**53), le=2**53)]  # what a float holds exactly
_Names = Annotated[list[_Text], Field(max_length=500)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=True)


class _TensorValue(_Data):
    kind: Literal["tensor"]
    dtype: _Text
    shape: Annotated[list[int], Field(max_length=8)]
    data: Annotated[list[float | _Integer | bool], Field(max_length=20_000)]


class _Number(_Data):
    kind: Literal["float", "int", "bool", "numpy"]
    data: float | _Integer | bool


class _Tuple(_Data):
    kind: Literal["tuple"]
    items: Annotated[list[_Value], Field(max_length=50)]


class _Other(_Data):
    kind: Literal["other"]
    type: _Text


_Value = Annotated[_TensorValue | _Number | _Tuple | _Other, Field(discriminator="kind")]


class _Raised(_Data):
    type: _Text
    message: _Text
    line: _Text


class _Outcome(_Data):
    """What one call did. ``error`` alone, or everything else."""

    error: _Raised | None = None
    value: _Value | None = None
    state: Annotated[dict[str, _TensorValue], Field(max_length=500)] = {}
    owned: _Names = []
    modified: _Names = []
    gradients_touched: _Names = []
    requires_grad_changed: _Names = []
    replaced: _Names = []
    gradients: Annotated[dict[str, _TensorValue], Field(max_length=500)] | None = None
    gradient_error: _Raised | None = None
    repeatable: bool = True


Key = tuple[str, bool]
"""A case's name, and whether it is public."""


class _Complaint(NamedTuple):
    """What is wrong with one outcome. ``plain`` means that the sentence says it all and the case's hint would
    distract."""

    sentence: str
    plain: bool = False


def mark(exercise: Exercise, outcomes: dict[Key, dict], references: dict[Key, dict]) -> ExerciseResult:
    """Points and a message for one exercise: every case must pass. A missing outcome fails its case."""
    got = {key: _validated(outcomes.get(key)) for key in references}
    expected = {key: _Outcome.model_validate(reference) for key, reference in references.items()}
    complaints = {key: _compare(exercise, got[key], expected[key]) for key in references}
    cases = [
        CaseResult(name=name, public=public, passed=not c, message=c.sentence if c else "")
        for (name, public), c in complaints.items()
    ]
    wrong = {key: c for key, c in complaints.items() if c}
    message = _explain(exercise, got, expected, wrong) if wrong else f"right in all {len(cases)} cases."
    return ExerciseResult(
        points=0 if wrong else exercise.points,
        max_points=exercise.points,
        message=f"{exercise.name}: {message}",
        cases=cases,
    )


def _validated(raw: dict | None) -> _Outcome:
    """A stranger's record as an _Outcome; whatever does not parse is an error of the submission."""
    if raw is None:
        raw = failed("no answer came back")
    try:
        outcome = _Outcome.model_validate(raw)
    except (ValidationError, RecursionError):
        return _Outcome.model_validate(failed("what came back is not the record of a call"))
    return outcome if outcome.error or outcome.value else _Outcome.model_validate(failed("no answer came back"))


# --- one case ---------------------------------------------------------------------------------------------------------


def _compare(exercise: Exercise, got: _Outcome, expected: _Outcome) -> _Complaint | None:
    """The first thing wrong with an outcome, in the order in which a student should mend it; None when it is
    right."""
    if got.error:
        return _compare_error(got.error)
    assert got.value and expected.value, "a reference is never an error"
    return (
        _compare_value(exercise, got.value, expected.value)
        or _compare_state(exercise, got, expected)
        or _compare_side_effects(got, expected)
        or _compare_gradients(exercise, got, expected)
    )


def _compare_error(error: _Raised) -> _Complaint:
    if error.type == "NotImplementedError":
        return _Complaint("not attempted yet: the function still raises NotImplementedError.", plain=True)
    if not error.type:
        return _Complaint(f"{error.message}.", plain=True)
    where = f" in the line `{error.line}`" if error.line else ""
    mistyped = error.type in ("NameError", "SyntaxError", "IndentationError", "ImportError", "UnboundLocalError")
    return _Complaint(f"the call stops with {error.type}: {error.message.rstrip('.')}{where}.", plain=mistyped)


def _compare_value(exercise: Exercise, got: _Value, expected: _Value) -> _Complaint | None:
    if isinstance(expected, _Tuple):
        if not isinstance(got, _Tuple) or len(got.items) != len(expected.items):
            wanted = f"{len(expected.items)} values should be returned, as a tuple"
            return _Complaint(f"{wanted}; this returns {_name_of(got)}.", plain=True)
        pairs = enumerate(zip(got.items, expected.items, strict=True), start=1)
        found = ((k, _compare_value(exercise, g, e)) for k, (g, e) in pairs)
        which = f"of the {len(got.items)} values returned, number"
        return next((_Complaint(f"{which} {k}: {c.sentence}", c.plain) for k, c in found if c), None)
    if exercise.as_float and (not isinstance(got, _Number) or got.kind != "float"):
        wanted = "exactly a Python float should be returned (`loss.item()`)"
        return _Complaint(f"{wanted}; this returns {_name_of(got)}.", plain=True)
    if isinstance(got, (_Other, _Tuple)) or _shape(got) != _shape(expected):
        return _Complaint(f"{_name_of(expected)} should be returned; this returns {_name_of(got)}.", plain=True)
    if isinstance(expected, _TensorValue) and isinstance(got, _TensorValue) and got.dtype != expected.dtype:
        return _Complaint(f"the result should keep the inputs' dtype, {expected.dtype}; this is {got.dtype}.")
    if isinstance(expected, _Number) and expected.kind in ("bool", "int") and isinstance(got, _Number):
        return None if got == expected else _Complaint("wrong value.")
    assert not isinstance(expected, _Other), "a reference is made of numbers"
    complaint = _compare_numbers(exercise, got, expected)
    return _Complaint(complaint) if complaint else None


def _compare_numbers(
    exercise: Exercise, got: _TensorValue | _Number, expected: _TensorValue | _Number, what="value"
) -> str:
    a, b = _numbers(got), _numbers(expected)
    if a.shape != b.shape:
        return f"wrong {what}."
    if (np.isnan(a) & np.isinf(b)).any():
        return f"the {what} is nan where an infinite one was expected."
    if np.isnan(a).any() or (np.isinf(a) & ~np.isinf(b)).any():
        return f"the {what} is {'nan' if np.isnan(a).any() else 'infinite'} where a finite number was expected."
    return "" if _close(a, b, *_tolerance(exercise, expected)) else f"wrong {what}."


def _compare_state(exercise: Exercise, got: _Outcome, expected: _Outcome) -> _Complaint | None:
    """Parameters and buffers after the call, against those the solution leaves behind."""
    for name, reference in expected.state.items():
        if name in got.state and not _compare_numbers(exercise, got.state[name], reference):
            continue
        if expected.owned and name not in expected.owned:
            return _Complaint(f"{_owner(name)}'s parameters moved; only those of the optimizer may.")
        return _Complaint(f"the returned value is right, but {name} does not end where it should.")
    return None


def _compare_side_effects(got: _Outcome, expected: _Outcome) -> _Complaint | None:
    if got.modified != expected.modified:
        names = [name for name in got.modified if name not in expected.modified] or expected.modified
        return _Complaint(f"the input {names[0]} is modified; leave the caller's tensors as they were.", plain=True)
    if got.gradients_touched != expected.gradients_touched:
        name = _owner((got.gradients_touched or expected.gradients_touched)[0])
        return _Complaint(f"{name}'s .grad is changed; leave gradients only where the call is meant to update.")
    if got.requires_grad_changed:
        return _Complaint(f"{got.requires_grad_changed[0]}.requires_grad is not put back to what it was.", plain=True)
    if got.replaced != expected.replaced:
        name = (got.replaced or expected.replaced)[0]
        return _Complaint(f"{name} is replaced by a new tensor; change it in place.", plain=True)
    return None


def _compare_gradients(exercise: Exercise, got: _Outcome, expected: _Outcome) -> _Complaint | None:
    if expected.gradients is None:
        return None
    if not got.repeatable:
        return _Complaint(
            "two calls with the same inputs differ; a graded function draws no random numbers.", plain=True
        )
    if got.gradients is None:
        cut = ".item(), float(), .detach() and NumPy cut the graph"
        return _Complaint(f"right value, but no gradient flows back from it: {cut}.", plain=True)
    for name, reference in expected.gradients.items():
        if name not in got.gradients or _compare_numbers(exercise, got.gradients[name], reference, "gradient"):
            return _Complaint(f"right value, wrong gradient with respect to {name}.")
    return None


# --- all cases together -----------------------------------------------------------------------------------------------


def _explain(exercise: Exercise, got: dict, expected: dict, wrong: dict[Key, _Complaint]) -> str:
    """One message for the exercise: how many cases fail, the first one's complaint and hint, what all have in
    common."""
    (name, public), complaint = next(iter(wrong.items()))
    everywhere = len(wrong) == len(expected)
    if everywhere and complaint.plain:
        return complaint.sentence
    where = f"in the {'' if public else 'hidden '}case '{name.replace('_', ' ')}'"
    hint = next(case.hint for case in exercise.cases if case.name == name)
    shown = [key for key in expected if key[1]] or list(expected)
    lines = [
        f"{len(wrong)} of {len(expected)} cases fail; {where}, {complaint.sentence}",
        _common_pattern([(got[key].value, expected[key].value) for key in shown]),
        f"Hint: {hint}",
    ]
    return "\n".join(line for line in lines if line)


def _common_pattern(pairs: list[tuple[_Value | None, _Value | None]]) -> str:
    """A mistake that shows only across cases: one factor, one sign, one constant everywhere."""
    if all(isinstance(v, _Tuple) for pair in pairs for v in pair):
        columns = zip(*(zip(a.items, b.items, strict=False) for a, b in pairs), strict=False)  # type: ignore[union-attr]
        found = ((k, _common_pattern(list(column))) for k, column in enumerate(columns, start=1))
        return next((f"Value number {k}: {p[0].lower()}{p[1:]}" for k, p in found if p), "")
    if not all(isinstance(v, (_TensorValue, _Number)) for pair in pairs for v in pair):
        return ""
    if len(pairs) < 2 or any(_shape(a) != _shape(b) for a, b in pairs):  # type: ignore[arg-type]
        return ""
    a = np.concatenate([_numbers(a) for a, _ in pairs])  # type: ignore[arg-type]
    b = np.concatenate([_numbers(b) for _, b in pairs])  # type: ignore[arg-type]
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


def _shape(value: _Value) -> tuple[int, ...]:
    return tuple(value.shape) if isinstance(value, _TensorValue) else ()


def _numbers(value: _TensorValue | _Number) -> np.ndarray:
    return np.asarray(value.data if isinstance(value, _TensorValue) else [value.data], dtype=np.float64).reshape(-1)


def _tolerance(exercise: Exercise, expected: _TensorValue | _Number) -> tuple[float, float]:
    # A Python float carries no dtype; it came from a float32 or a float64 computation, and the looser one must pass.
    dtype = expected.dtype if isinstance(expected, _TensorValue) else "float32"
    relative, absolute = _TOLERANCE.get(dtype, (0.0, 0.0))
    return exercise.rtol.get(dtype, relative), absolute


def _close(a: np.ndarray, b: np.ndarray, rtol: float, atol: float) -> bool:
    """Elementwise, the absolute part scaled to the largest finite entry: small entries beside large ones carry its
    rounding."""
    finite = b[np.isfinite(b)]
    largest = float(np.abs(finite).max()) if finite.size else 1.0
    return bool(np.allclose(a, b, rtol=rtol, atol=atol * max(1.0, largest)))


def _owner(name: str) -> str:
    return f"the {name.split('.')[0]}"


def _name_of(value: _Value) -> str:
    if isinstance(value, _TensorValue):
        return f"a tensor of shape {tuple(value.shape)}" if value.shape else "a scalar (shape ())"
    if isinstance(value, _Tuple):
        return f"a tuple of {len(value.items)}"
    if isinstance(value, _Other):
        return value.type
    return {"numpy": "a NumPy number", "float": "a float"}.get(value.kind, f"a Python {value.kind}")


def load_references(section: str) -> dict[str, dict[Key, dict]]:
    """The stored public references: exercise -> (case, True) -> outcome of the solution."""
    stored = json.loads((REFERENCES / f"{section}.json").read_text(encoding="utf8"))
    return {
        name: {(case, True): outcome for case, outcome in cases.items()} for name, cases in stored["exercises"].items()
    }
