"""Compare what an answer did with what it should have done, and say it like a teacher.

The grader's side of the line: outcomes come from a hostile process and are validated before anything is read from them;
references come from the solution. No sentence made here contains an expected number.
"""

from __future__ import annotations

import json
from collections.abc import Container
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.collect import CUTTERS, failed
from autograder.exercise import Case, Exercise, WrongType
from autograder.verdict import CaseResult, Diagnosis, ExerciseResult

REFERENCES = Path(__file__).parent / "references"

# Two right answers in different styles differ by more than rounding: softplus turns linear above 20, norms are kept
# away from 0. Rounding itself is measured, case by case (`autograder.exact`).
_TOLERANCE = {"float64": (1e-6, 1e-8), "float32": (2e-4, 2e-6), "float16": (2e-3, 2e-3)}  # relative, absolute
_ROUNDINGS = 30  # how many times the spread of a reference a right answer may be off

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
    spread: Annotated[list[float], Field(max_length=20_000)] = []  # of a reference


class _Number(_Data):
    kind: Literal["float", "int", "bool", "numpy"]
    data: float | _Integer | bool
    spread: Annotated[list[float], Field(max_length=20_000)] = []  # of a reference


class _Several(_Data):
    kind: Literal["tuple", "list", "named"]
    items: Annotated[list[_Value], Field(max_length=50)]
    names: _Names = []


class _Other(_Data):
    kind: Literal["other"]
    type: _Text


_Value = Annotated[_TensorValue | _Number | _Several | _Other, Field(discriminator="kind")]
_Tensors = Annotated[dict[str, _TensorValue], Field(max_length=500)]


class _Raised(_Data):
    type: _Text
    message: _Text
    line: _Text
    function: _Text = ""


class _Outcome(_Data):
    """What one call did. ``error`` alone, or everything else."""

    error: _Raised | None = None
    value: _Value | None = None
    state: _Tensors = {}
    called: _Names = []
    names: _Names = []
    owned: _Names = []
    modified: _Names = []
    gradients_touched: _Names = []
    requires_grad_changed: _Names = []
    training_changed: _Names = []
    replaced: _Names = []
    gradients: Annotated[list[_Tensors | None], Field(max_length=50)] | None = None
    cut_by: list[Literal[CUTTERS]] = []  # type: ignore[valid-type]
    second_error: _Raised | None = None
    repeatable: bool = True


class _Reference(_Outcome):
    """What the solution did, as `autograder.exact` writes it down."""

    precision: str = "float32"
    start: _Tensors = {}
    instead: dict[str, _Reference] = {}


Key = tuple[str, bool]
"""A case's name, and whether it is public."""


class _Complaint(NamedTuple):
    """What is wrong with one outcome. ``plain`` means that the sentence says it all and the case's hint would
    distract."""

    kind: Diagnosis
    sentence: str
    plain: bool = False


def mark(exercise: Exercise, outcomes: dict[Key, dict], references: dict[Key, dict]) -> ExerciseResult:
    """Points and a message for one exercise: every case must pass. A missing outcome fails its case."""
    got = {key: _validated(outcomes.get(key)) for key in references}
    expected = {key: _chosen(reference, got[key].called) for key, reference in references.items()}
    named = {case.name: case for case in exercise.cases}
    complaints = {key: _compare(exercise, named[key[0]], got[key], expected[key]) for key in references}
    wrong = {key: c for key, c in complaints.items() if c}
    right = _Complaint("", "")
    cases = [
        CaseResult(name=name, public=public, passed=not c, message=(c or right).sentence, diagnosis=(c or right).kind)
        for (name, public), c in complaints.items()
    ]
    result = ExerciseResult(
        points=0 if wrong else exercise.points,
        max_points=exercise.points,
        message=f"{exercise.name}: right in all {len(cases)} cases.",
        cases=cases,
    )
    return _explain(exercise, result, got, expected, wrong) if wrong else result


def blame(exercise: Exercise, result: ExerciseResult, outcomes: dict[Key, dict], wrong: Container[str]) -> None:
    """Say of a wrong answer that another answer, which it calls, is wrong itself: that one is to be mended first."""
    if result.points or result.diagnosis in ("open", "helper", "mistyped"):
        return
    got = map(_validated, outcomes.values())
    uses = next((names for one in got if (names := [one.error.function] if one.error else one.names)), [])
    for name in uses:
        if name in wrong and name != exercise.name and name not in exercise.stand_ins:
            result.message += f"\nIt calls {name}, which is not right yet: mend that one first."
            result.diagnosis = "helper"
            return


def _validated(raw: dict | None) -> _Outcome:
    """A stranger's record as an _Outcome; whatever does not parse is an error of the submission."""
    if raw is None:
        raw = failed("no answer came back")
    try:
        outcome = _Outcome.model_validate(raw)
    except (ValidationError, RecursionError):
        return _Outcome.model_validate(failed("what came back is not the record of a call"))
    return outcome if outcome.error or outcome.value else _Outcome.model_validate(failed("no answer came back"))


def _chosen(raw: dict, called: list[str]) -> _Reference:
    """The reference for the stand-ins that an answer has called."""
    reference = _Reference.model_validate(raw)
    return reference.instead.get(",".join(sorted(called)), reference) if called else reference


# --- one case ---------------------------------------------------------------------------------------------------------


def _compare(exercise: Exercise, case: Case, got: _Outcome, expected: _Reference) -> _Complaint | None:
    """The first thing wrong with an outcome, in the order in which a student should mend it; None when it is
    right."""
    if got.error:
        return _compare_error(exercise, got.error)
    assert got.value and expected.value, "a reference is never an error"
    if not got.repeatable:
        told = "two calls with the same inputs differ; a graded function draws no random numbers and remembers nothing"
        if exercise.name[0].isupper():
            told = "two objects used alike differ; a graded class draws no random numbers and its objects share nothing"
        return _Complaint("random", f"{told}.", plain=True)
    return (
        _compare_value(exercise, got.value, expected.value, expected.precision)
        or _compare_arguments(got, expected)
        or _compare_state(exercise, got, expected)
        or _compare_side_effects(got, expected)
        or _compare_gradients(exercise, got, expected, case.gradient == "finite")
    )


def _compare_error(exercise: Exercise, error: _Raised) -> _Complaint:
    if error.type == "NotImplementedError" and "implemented for" not in error.message:  # PyTorch raises it, too
        if error.function not in ("", exercise.name, "<module>") and not exercise.name[0].isupper():  # not a method
            told = f"it calls {error.function}, which still raises NotImplementedError. Write that one first"
            return _Complaint("helper", f"{told}.", plain=True)
        return _Complaint("open", "not attempted yet: the function still raises NotImplementedError.", plain=True)
    if not error.type:
        return _Complaint("raises", f"{error.message}.", plain=True)
    if error.type == WrongType.__name__:
        return _Complaint("type", f"{error.message}.", plain=True)
    where = f" in the line `{error.line}`" if error.line else ""
    mistyped = error.type in ("NameError", "SyntaxError", "IndentationError", "ImportError", "UnboundLocalError")
    told = f"the call stops with {error.type}: {error.message.rstrip('.')}{where}."
    return _Complaint("mistyped" if mistyped else "raises", told, plain=mistyped)


def _compare_value(exercise: Exercise, got: _Value, expected: _Value, precision: str) -> _Complaint | None:
    if isinstance(expected, _Several):
        return _compare_several(exercise, got, expected, precision)
    if exercise.as_float and (not isinstance(got, _Number) or got.kind != "float"):
        wanted = "exactly a Python float should be returned (`.item()` makes one)"
        return _Complaint("type", f"{wanted}; this returns {_name_of(got)}.", plain=True)
    if isinstance(got, (_Other, _Several)):
        return _Complaint("type", f"{_name_of(expected)} should be returned; this returns {_name_of(got)}.", plain=True)
    if _shape(got) != _shape(expected):
        told = f"{_name_of(expected)} should be returned; this returns {_name_of(got)}."
        return _Complaint("shape", told)
    if isinstance(expected, _TensorValue) and isinstance(got, _TensorValue) and got.dtype != expected.dtype:
        wanted = "keep the inputs' dtype," if "float" in expected.dtype else "be of dtype"
        return _Complaint("dtype", f"the result should {wanted} {expected.dtype}; this is {got.dtype}.")
    if isinstance(expected, _Number) and expected.kind in ("bool", "int") and isinstance(got, _Number):
        return None if (got.kind, got.data) == (expected.kind, expected.data) else _Complaint("number", "wrong value.")
    assert not isinstance(expected, _Other), "a reference is made of numbers"
    return _compare_numbers(exercise, got, expected, precision)


def _compare_several(exercise: Exercise, got: _Value, expected: _Several, precision: str) -> _Complaint | None:
    """Results one by one. A list is as good as a tuple; names are given by the exercise, never by the answer."""
    if not isinstance(got, _Several) or len(got.items) != len(expected.items) or got.names != expected.names:
        wanted = f"{len(expected.items)} values should be returned, as a tuple or a list"
        return _Complaint("type", f"{wanted}; this returns {_name_of(got)}.", plain=True)
    count = len(got.items)
    names = expected.names or [f"of the {count} values returned, number {k}" for k in range(1, count + 1)]
    pairs = zip(names, got.items, expected.items, strict=True)
    found = [(name, _compare_value(exercise, g, e, precision)) for name, g, e in pairs]
    if all(c for _, c in found) and count == 2 and not expected.names:
        turned = zip(got.items[::-1], expected.items, strict=True)
        if not any(_compare_value(exercise, g, e, precision) for g, e in turned):
            return _Complaint("order", "both values are right, in the wrong order.", plain=True)
    return next((c._replace(sentence=f"{name}: {c.sentence}") for name, c in found if c), None)


def _compare_numbers(
    exercise: Exercise, got: _TensorValue | _Number, expected: _TensorValue | _Number, precision: str
) -> _Complaint | None:
    a, b = _numbers(got), _numbers(expected)
    if a.shape != b.shape:
        return _Complaint("number", "wrong value.")
    if (np.isnan(a) & np.isinf(b)).any():
        return _Complaint("nan", "the value is nan where an infinite one was expected.")
    if np.isnan(a).any() or (np.isinf(a) & ~np.isinf(b)).any():
        told = f"the value is {'nan' if np.isnan(a).any() else 'infinite'} where a finite number was expected."
        return _Complaint("nan", told)
    if (np.isfinite(a) & np.isinf(b)).any():
        return _Complaint("finite", "the value is finite where an infinite one was expected.")
    dtype = expected.dtype if isinstance(expected, _TensorValue) else precision
    spread = np.asarray(expected.spread or [0.0], dtype=np.float64)
    return None if _close(a, b, spread, *_tolerance(exercise, dtype)) else _Complaint("number", "wrong value.")


def _compare_arguments(got: _Outcome, expected: _Reference) -> _Complaint | None:
    if got.modified == expected.modified:
        return None
    names = [name for name in got.modified if name not in expected.modified] or expected.modified
    told = f"the input {names[0]} is modified; leave the caller's things as they were."
    return _Complaint("argument", told, plain=True)


def _compare_state(exercise: Exercise, got: _Outcome, expected: _Reference) -> _Complaint | None:
    """Parameters and buffers after the call, against those the solution leaves behind."""
    wrong = [
        name
        for name, reference in expected.state.items()
        if name not in got.state or _compare_numbers(exercise, got.state[name], reference, expected.precision)
    ]
    if not wrong:
        return None
    if others := [name for name in wrong if expected.owned and name not in expected.owned]:
        told = f"{_owner(others[0])}'s parameters moved; only those of the optimizer may."
        return _Complaint("others moved", told)
    if expected.owned:
        return _compare_moves(got, expected, wrong)
    if not any(_compare_numbers(exercise, got.state[n], s, expected.precision) for n, s in expected.start.items()):
        return _Complaint("never moved", "no parameter has changed.")
    return _Complaint("update", f"{wrong[0]} does not hold what it should after the call.")


def _compare_moves(got: _Outcome, expected: _Reference, wrong: list[str]) -> _Complaint:
    """What sort of wrong step was taken: from the start, as an arrow beside the right one."""
    there = [name for name in expected.start if name in got.state and name in expected.state]
    start, right = ([_numbers(values[name]) for name in there] for values in (expected.start, expected.state))
    taken = [_numbers(got.state[name]) - x for name, x in zip(there, start, strict=True)]
    wanted = [x - y for x, y in zip(right, start, strict=True)]
    said = "the returned value is right, but"
    if there and not any(t.any() for t in taken):
        return _Complaint("never moved", f"{said} no parameter has moved.")
    still = [name for name, t in zip(there, taken, strict=True) if name in wrong and not t.any()]
    if still and len(still) == len(wrong):
        return _Complaint("never moved", f"{said} {still[0]} has not moved; the optimizer holds it.")
    if not there or any(t.shape != w.shape for t, w in zip(taken, wanted, strict=True)):
        return _Complaint("update", f"{said} {wrong[0]} does not end where it should.")
    t, w = np.concatenate(taken), np.concatenate(wanted)
    length = np.linalg.norm(t) * np.linalg.norm(w)
    along = float(t @ w) / length if length else 0.0
    if along < -0.9:
        return _Complaint("uphill", f"{said} the parameters move away from where they should: uphill, not downhill.")
    if along > 0.9 and 1.8 < np.linalg.norm(t) / np.linalg.norm(w) < 2.2:
        return _Complaint("twice", f"{said} the parameters move twice as far as one step goes.")
    return _Complaint("update", f"{said} {wrong[0]} does not end where one step leads.")


def _compare_side_effects(got: _Outcome, expected: _Reference) -> _Complaint | None:
    if got.gradients_touched != expected.gradients_touched:
        name = (got.gradients_touched or expected.gradients_touched)[0]
        whose = f"{_owner(name)}'s" if "." in name else name + "'s"
        told = f"{whose} .grad is changed; leave gradients only where the call is meant to update."
        return _Complaint("left gradients", told)
    if got.requires_grad_changed != expected.requires_grad_changed:
        name = (got.requires_grad_changed or expected.requires_grad_changed)[0]
        return _Complaint("flags", f"{name}.requires_grad is not put back to what it was.", plain=True)
    if got.training_changed != expected.training_changed:
        name = (got.training_changed or expected.training_changed)[0]
        return _Complaint("flags", f"{name} is left in another mode; put .training back to what it was.", plain=True)
    if got.replaced != expected.replaced:
        name = (got.replaced or expected.replaced)[0]
        return _Complaint("replaced", f"{name} is replaced by a new parameter; change it in place.", plain=True)
    return None


def _compare_gradients(exercise: Exercise, got: _Outcome, expected: _Reference, only_finite: bool) -> _Complaint | None:
    if expected.gradients is None:
        return None
    if got.second_error:
        told = f"right value, but with gradients recorded the call stops with {got.second_error.type}: "
        return _Complaint("cut", f"{told}{got.second_error.message.rstrip('.')}.", plain=True)
    if got.gradients is None:
        cut = " and ".join(filter(None, [", ".join(got.cut_by[:-1]), *got.cut_by[-1:]]))
        cut = f"{cut} {'cut' if len(got.cut_by) > 1 else 'cuts'} the graph here" if cut else "something cuts the graph"
        return _Complaint("cut", f"right value, but no gradient flows back from it: {cut}.", plain=bool(got.cut_by))
    if len(got.gradients) != len(expected.gradients):
        return _Complaint("slope", "right value, wrong gradient.")
    several = len(expected.gradients) > 1
    for k, (mine, reference) in enumerate(zip(got.gradients, expected.gradients, strict=True), start=1):
        which = f" of value number {k}" if several else ""
        if mine is None or reference is None:
            if reference is not None:
                return _Complaint("cut", f"right value, but no gradient flows back from value number {k}.", plain=True)
            continue
        for name, wanted in reference.items():
            if name not in mine:
                return _Complaint("slope", f"right value, wrong gradient{which} with respect to {name}.")
            if complaint := _compare_numbers(exercise, mine[name], wanted, expected.precision):
                told = f"right value, but the gradient{which} with respect to {name} is"
                if complaint.kind == "nan":
                    return _Complaint("nan slope", f"{told} nan or infinite.")
                if not only_finite and not any(any(g.data) for g in mine.values()):
                    return _Complaint(
                        "cut", f"right value, but its gradient{which} is 0 everywhere: something cuts it."
                    )
                if not only_finite:
                    return _Complaint("slope", f"{told} wrong.")
    return None


# --- all cases together -----------------------------------------------------------------------------------------------

_SPEAKS_TO: dict[Diagnosis, str] = {
    **dict.fromkeys(("type", "shape"), "form"),
    "dtype": "dtype",
    **dict.fromkeys(("cut", "slope", "nan slope"), "slope"),
    **dict.fromkeys(("argument", "flags", "replaced", "left gradients"), "effect"),
}  # everything else is about numbers


def _explain(exercise: Exercise, result: ExerciseResult, got: dict, expected: dict, wrong: dict[Key, _Complaint]):
    """One message for the exercise: how many cases pass, what is wrong in the one that says most, its hint, and what
    all cases have in common."""
    key, complaint = _telling(exercise, wrong)
    shown = [key for key in expected if key[1]] or list(expected)
    kind, pattern = complaint.kind, ""
    if kind == "number":
        found = _common_pattern([(got[key].value, expected[key].value) for key in shown])
        kind, pattern = found or (kind, pattern)
    case = next(case for case in exercise.cases if case.name == key[0])
    lines = [complaint.sentence]
    if len(wrong) < len(expected) or not complaint.plain:
        right, count = len(expected) - len(wrong), len(expected)
        passed = f"right in {right} of {count} cases" if right else f"wrong in all {count} cases"
        where = f"in the {'' if key[1] else 'hidden '}case '{key[0].replace('_', ' ')}'"
        lines = [f"{passed}; {where}, {complaint.sentence}", pattern]
        fits = complaint.kind == "raises" or _SPEAKS_TO.get(complaint.kind, "number") in case.about.split()
        if fits and not complaint.plain:  # where the call stops, every hint may say why
            lines.append(f"Hint: {case.hint}")
    message = "\n".join(line for line in lines if line)
    return result.model_copy(update={"message": f"{exercise.name}: {message}", "diagnosis": kind, "case": key[0]})


def _telling(exercise: Exercise, wrong: dict[Key, _Complaint]) -> tuple[Key, _Complaint]:
    """The failure to speak of: what the student should mend first, in the first case that was written for it."""
    about = {case.name: case.about.split() for case in exercise.cases}
    if any(c.kind != "order" for c in wrong.values()):  # where one case looks turned round, it was by chance
        wrong = {key: c for key, c in wrong.items() if c.kind != "order"}

    def rank(item: tuple[Key, _Complaint]) -> tuple[bool, bool, bool]:
        (name, _), complaint = item
        topic = _SPEAKS_TO.get(complaint.kind, "number")
        at_once = complaint.kind in ("open", "helper", "mistyped", "random") or (
            complaint.kind == "cut" and complaint.plain
        )
        return not at_once, topic == "slope", topic not in about[name]

    return min(wrong.items(), key=rank)


def _common_pattern(pairs: list[tuple[_Value | None, _Value | None]]) -> tuple[Diagnosis, str] | None:
    """A mistake that shows only across cases: one factor, one sign, one constant everywhere."""
    if all(isinstance(v, _Several) for pair in pairs for v in pair):
        columns = zip(*(zip(a.items, b.items, strict=False) for a, b in pairs), strict=False)  # type: ignore[union-attr]
        found = ((k, _common_pattern(list(column))) for k, column in enumerate(columns, start=1))
        return next(((p[0], f"Value number {k}: {p[1][0].lower()}{p[1][1:]}") for k, p in found if p), None)
    if not all(isinstance(v, (_TensorValue, _Number)) for pair in pairs for v in pair):
        return None
    if len(pairs) < 2 or any(_shape(a) != _shape(b) for a, b in pairs):  # type: ignore[arg-type]
        return None
    a = np.concatenate([_numbers(a) for a, _ in pairs])  # type: ignore[arg-type]
    b = np.concatenate([_numbers(b) for _, b in pairs])  # type: ignore[arg-type]
    if a.shape != b.shape:
        return None
    finite = np.isfinite(a) & np.isfinite(b)
    a, b = a[finite], b[finite]
    if len(a) > 1 and np.allclose(a, a[0], rtol=1e-6) and not np.allclose(b, b[0], rtol=1e-3):
        return "ignores", "The result is the same whatever the inputs."
    ordinary = (np.abs(b) > 1e-6) & (np.abs(b) < 1e6)
    a, b = a[ordinary], b[ordinary]
    if len(a) < 2:
        return None
    ratio, difference = a / b, a - b
    if np.allclose(ratio, -1, rtol=1e-3):
        return "sign", "In every case the size is right and the sign is reversed."
    if np.allclose(ratio, ratio[0], rtol=1e-3) and abs(ratio[0] - 1) > 1e-2:
        return "factor", f"In every case the result is off by the same factor, {ratio[0]:.4g}."
    if np.allclose(difference, difference[0], rtol=1e-3) and abs(difference[0]) > 1e-6:
        return "constant", f"In every case the result is off by the same constant, {difference[0]:.4g}."
    return None


# --- small helpers ----------------------------------------------------------------------------------------------------


def _shape(value: _Value) -> tuple[int, ...]:
    return tuple(value.shape) if isinstance(value, _TensorValue) else ()


def _numbers(value: _TensorValue | _Number) -> np.ndarray:
    return np.asarray(value.data if isinstance(value, _TensorValue) else [value.data], dtype=np.float64).reshape(-1)


def _tolerance(exercise: Exercise, dtype: str) -> tuple[float, float]:
    relative, absolute = _TOLERANCE.get(dtype, (0.0, 0.0))
    return exercise.rtol.get(dtype, relative), exercise.atol.get(dtype, absolute)


def _close(a: np.ndarray, b: np.ndarray, spread: np.ndarray, rtol: float, atol: float) -> bool:
    """Entry by entry: within the tolerance for right answers of another style, and what rounding can do to this
    entry."""
    with np.errstate(invalid="ignore"):
        return bool(((a == b) | (np.abs(a - b) <= atol + rtol * np.abs(b) + _ROUNDINGS * spread)).all())


def _owner(name: str) -> str:
    return f"the {name.split('.')[0]}"


def _name_of(value: _Value) -> str:
    if isinstance(value, _TensorValue):
        return f"a tensor of shape {tuple(value.shape)}" if value.shape else "a scalar (shape ())"
    if isinstance(value, _Several):
        return f"a {'dictionary' if value.kind == 'named' else value.kind} of {len(value.items)}"
    if isinstance(value, _Other):
        return value.type
    return {"numpy": "a NumPy number", "float": "a float"}.get(value.kind, f"a Python {value.kind}")


def load_references(section: str) -> dict[str, dict[Key, dict]]:
    """The stored public references: exercise -> (case, True) -> outcome of the solution."""
    stored = json.loads((REFERENCES / f"{section}.json").read_text(encoding="utf8"))
    return {
        name: {(case, True): outcome for case, outcome in cases.items()} for name, cases in stored["exercises"].items()
    }
