"""Run one answer on one case and write down, as plain data, everything it did. Runs beside the submission.

The record holds the value, its gradient with respect to every float input, and the side effects: parameters afterwards,
gradients left behind, arguments changed. Nothing here knows what is right; `autograder.exact` makes, from records of
the solution, what answers are compared with. The grader trusts no word of what comes out of this process.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import random
import re
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.exercise import Case, Exercise, Inputs
from autograder.plain import MAX_TEXT, encode, same
from autograder.snapshot import Snapshot, leaves, parameters

CUTTERS = (".item()", "float()", ".detach()", ".data", ".tolist()", ".numpy()", "torch.tensor()", "torch.no_grad()")
"""What takes a number out of its graph, as a student is told."""


def collect(exercise: Exercise, case: Case, function: Callable, seed: int) -> dict[str, Any]:
    """The outcome of one case. A student's exception is an outcome, not an error of ours."""
    try:
        with as_usual():
            return observe(exercise, case, function, lambda: case.inputs(exercise.name, seed))
    except (Exception, SystemExit, RecursionError) as error:
        return {"error": _describe(error)}


def observe(exercise: Exercise, case: Case, function: Callable, make: Callable[[], Inputs]) -> dict[str, Any]:
    """What a function does with the inputs that ``make`` makes, and what it does when it is called again.

    Must be called `as_usual`.
    """
    inputs = make()
    before = Snapshot(inputs)
    with _random_numbers(1), _in_place_of(exercise.stand_ins, function) as called:
        value = encode(exercise.call(function, *inputs.values()))
    outcome = {"value": value, "called": sorted(called), "names": _names(function), **before.changes(inputs)}
    inputs = make()
    try:
        with _random_numbers(2), _in_place_of(exercise.stand_ins, function):
            if exercise.differentiable and case.gradient:
                again, gradients = _differentiate(exercise, function, inputs)
                outcome |= {"gradients": gradients} if gradients else {"gradients": None, "cut_by": _cutters(function)}
            else:
                again = encode(exercise.call(function, *inputs.values()))
    except Exception as error:  # the value stands; the judge says what became of the second call
        return outcome | {"second_error": _describe(error)}
    return outcome | {"repeatable": same(value, again)}  # an answer that draws its own numbers gives two values


# --- a process as it is before anybody changes it ---------------------------------------------------------------------


@contextlib.contextmanager
def as_usual() -> Iterator[None]:
    """For a while, PyTorch as a new process has it, and everybody's random numbers afterwards as they were before.

    A notebook may have set another default dtype or device, turned gradients off or raised the number of threads; that
    must change neither the inputs of a case nor what becomes of them.
    """
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    kept = torch.get_rng_state(), np.random.get_state(), random.getstate()
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        if torch.is_autocast_enabled("cpu"):
            stack.enter_context(torch.autocast("cpu", enabled=False))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        try:
            torch.set_default_dtype(torch.float32)
            if threads != 1:
                torch.set_num_threads(1)
            yield
        finally:
            torch.set_default_dtype(dtype)
            if threads != 1:
                torch.set_num_threads(threads)
            torch.set_rng_state(kept[0])
            np.random.set_state(kept[1])
            random.setstate(kept[2])


@contextlib.contextmanager
def _random_numbers(seed: int) -> Iterator[None]:
    """Random numbers from a seed, for whoever draws them although nobody should.

    Only the generator of the CPU: `torch.manual_seed` visits every kind of device, which takes longer than most cases.
    """
    torch.default_generator.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
    yield


@contextlib.contextmanager
def _in_place_of(stand_ins: dict[str, Callable], function: Callable) -> Iterator[set[str]]:
    """Let the answer find stand-ins where it looks for the lesson's other functions; yields which of them it called.

    So an answer is judged by what it does with what they return, whatever the student's own are worth.
    """
    called: set[str] = set()
    names = getattr(inspect.unwrap(function), "__globals__", None) if stand_ins else None
    if not isinstance(names, dict):
        yield called
        return

    def watched(name: str, stand_in: Callable) -> Callable:
        @functools.wraps(stand_in)
        def helper(*args: Any, **kwargs: Any) -> Any:
            called.add(name)
            return stand_in(*args, **kwargs)

        return helper

    before = {name: names[name] for name in stand_ins if name in names}
    names.update({name: watched(name, stand_in) for name, stand_in in stand_ins.items()})
    try:
        yield called
    finally:
        for name in stand_ins:
            names.pop(name, None)
        names.update(before)


def _names(function: Callable) -> list[str]:
    """The global names that an answer uses: one of them may be another answer, and wrong."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return [name[:MAX_TEXT] for name in getattr(code, "co_names", ())[:100]]


# --- gradients --------------------------------------------------------------------------------------------------------


def _differentiate(exercise: Exercise, function: Callable, inputs: Inputs) -> tuple[Any, list | None]:
    """The value, and for each float tensor in it d(value)/d(input) for every float input and parameter.

    A tensor of which no graph leads back has None; when none has one, there is no list. What is not a scalar is
    contracted with fixed, unequal weights first: one vector-Jacobian product.
    """
    targets = {name: x.requires_grad_() for name, x in leaves(inputs) if x.is_floating_point()}
    targets |= {name: p for name, p in parameters(inputs) if p.requires_grad}
    value = exercise.call(function, *inputs.values())
    outputs = [x for x in _flatten(value) if isinstance(x, Tensor) and x.is_floating_point()]
    if not any(x.requires_grad for x in outputs):
        return encode(value), None
    gradients: list[dict[str, Any] | None] = []
    for x in outputs:
        if not x.requires_grad:
            gradients.append(None)
            continue
        weights = torch.linspace(1.0, 2.0, x.numel(), dtype=x.dtype).view_as(x)
        found = torch.autograd.grad((x * weights).sum(), list(targets.values()), allow_unused=True, retain_graph=True)
        filled = [torch.zeros_like(t) if g is None else g for t, g in zip(targets.values(), found, strict=True)]
        gradients.append(dict(zip(targets, map(encode, filled), strict=True)))
    return encode(value), gradients


def _cutters(function: Callable) -> list[str]:
    """What in the source of an answer takes numbers out of their graph."""
    try:
        source = inspect.getsource(inspect.unwrap(function))
    except (OSError, TypeError):
        return []
    source = re.sub(r"\btorch\.Tensor\(", "torch.tensor(", source)
    plain = {cutter: re.escape(cutter.rstrip("()")) for cutter in CUTTERS}
    return [c for c, name in plain.items() if re.search((r"" if c[0] == "." else r"(?<![\w.])") + name, source)]


def _flatten(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [leaf for item in value for leaf in _flatten(item)]
    return [value]


def failed(sentence: str) -> dict[str, Any]:
    """The outcome of a case in which there was nothing to record, and why."""
    return {"error": {"type": "", "message": sentence, "line": "", "function": ""}}


def _describe(error: BaseException) -> dict[str, Any]:
    """An exception as its type, its message, and the line and function of the student's that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename.startswith(("<", "/tmp/ipykernel")) or "ipykernel" in f.filename]
    line, function = ((own[-1].line or "").strip(), own[-1].name) if own else ("", "")
    return {
        "type": type(error).__name__[:80],
        "message": str(error)[:MAX_TEXT],
        "line": line[:200],
        "function": function[:80],
    }
