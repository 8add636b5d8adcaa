"""Run one answer on one case and write down, as plain data, everything it did. Runs beside the submission.

The record holds the value, its gradient with respect to every float input, and the side effects: parameters afterwards,
gradients left behind, inputs modified. References are made by running this same function on the solution; nothing here
knows what is right. The grader trusts no word of what comes out of this process.
"""

from __future__ import annotations

import contextlib
import math
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn, optim

from autograder.exercise import Case, Exercise, Inputs

MAX_NUMBERS = 20_000  # no honest answer of this course is larger
MAX_TEXT = 500


def collect(exercise: Exercise, case: Case, function: Callable, seed: int) -> dict[str, Any]:
    """The outcome of one case. A student's exception is an outcome, not an error of ours."""
    try:
        return _collect(exercise, case, function, seed)
    except (Exception, SystemExit, RecursionError) as error:
        return {"error": _describe(error)}


def _collect(exercise: Exercise, case: Case, function: Callable, seed: int) -> dict[str, Any]:
    inputs = case.inputs(exercise.name, seed)
    before = Snapshot(inputs)
    with _random_numbers(1):
        value = encode(exercise.call(function, *inputs.values()))
    outcome = {"value": value, **before.changes(inputs)}
    if exercise.differentiable and case.gradient:
        inputs = case.inputs(exercise.name, seed)
        try:
            with _random_numbers(2):  # an answer that draws its own shows by giving two values
                again, gradients = _differentiate(exercise, function, inputs)
        except Exception as error:  # the value stands; the judge says what became of the gradient
            return outcome | {"gradient_error": _describe(error)}
        outcome |= {"gradients": gradients, "repeatable": same(value, again)}
    return outcome


@contextlib.contextmanager
def _random_numbers(seed: int) -> Iterator[None]:
    """Torch's random numbers from a seed, for a while: a check takes none from the student's own stream.

    Only the generator of the CPU: `torch.manual_seed` visits every kind of device, which takes longer than most cases.
    """
    state = torch.get_rng_state()
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        torch.set_rng_state(state)


def _differentiate(exercise: Exercise, function: Callable, inputs: Inputs) -> tuple[Any, dict[str, Any] | None]:
    """The value and d(value)/d(input) for every float input and module parameter; None where no graph leads back.

    A value that is not a scalar is contracted with fixed, unequal weights first: one vector-Jacobian product.
    """
    targets = {
        name: x.requires_grad_() for name, x in inputs.items() if isinstance(x, Tensor) and x.is_floating_point()
    }
    targets |= {name: p for name, p in _parameters(inputs) if p.requires_grad}
    value = exercise.call(function, *inputs.values())
    outputs = [x for x in _flatten(value) if isinstance(x, Tensor) and x.is_floating_point()]
    total = sum((x * torch.linspace(1.0, 2.0, x.numel(), dtype=x.dtype).view_as(x)).sum() for x in outputs)
    if not isinstance(total, Tensor) or not total.requires_grad:
        return encode(value), None
    found = torch.autograd.grad(total, list(targets.values()), allow_unused=True)
    zero_filled = [torch.zeros_like(x) if g is None else g for x, g in zip(targets.values(), found, strict=True)]
    return encode(value), dict(zip(targets, map(encode, zero_filled), strict=True))


class Snapshot:
    """What the inputs looked like before the call, to tell afterwards what the answer changed."""

    def __init__(self, inputs: Inputs):
        self.tensors = {name: x.clone() for name, x in inputs.items() if isinstance(x, Tensor)}
        self.named = dict(_parameters(inputs))
        self.storage = {name: p.data_ptr() for name, p in self.named.items()}
        self.requires_grad = {name: p.requires_grad for name, p in self.named.items()}
        self.grad = {name: None if p.grad is None else p.grad.clone() for name, p in self.named.items()}
        owned = [
            p for x in inputs.values() if isinstance(x, optim.Optimizer) for g in x.param_groups for p in g["params"]
        ]
        self.owned = {name for name, p in self.named.items() if any(p is q for q in owned)}

    def changes(self, inputs: Inputs) -> dict[str, Any]:
        """State after the call, and the names of everything that changed although nobody asked for it."""
        now = dict(_parameters(inputs))
        kept = {name: p for name, p in self.named.items() if name not in self.owned}
        return {
            "state": {name: encode(p.detach()) for name, p in [*now.items(), *_buffers(inputs)]},
            "owned": sorted(self.owned),
            "modified": sorted(name for name, x in self.tensors.items() if not _equal(inputs[name], x)),
            "gradients_touched": sorted(name for name, p in kept.items() if not _equal(p.grad, self.grad[name])),
            "requires_grad_changed": sorted(
                n for n, p in self.named.items() if p.requires_grad != self.requires_grad[n]
            ),
            "replaced": sorted(
                n for n, p in self.named.items() if now.get(n) is not p or p.data_ptr() != self.storage[n]
            ),
        }


def _parameters(inputs: Inputs) -> Iterator[tuple[str, nn.Parameter]]:
    """Every parameter of every module among the inputs, as ``discriminator.0.weight``."""
    for name, module in _modules(inputs):
        yield from module.named_parameters(prefix=name)


def _buffers(inputs: Inputs) -> Iterator[tuple[str, Tensor]]:
    for name, module in _modules(inputs):
        yield from module.named_buffers(prefix=name)


def _modules(inputs: Inputs) -> Iterator[tuple[str, nn.Module]]:
    return ((name, x) for name, x in inputs.items() if isinstance(x, nn.Module))


def _equal(a: Tensor | None, b: Tensor | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and bool(((a == b) | (a.isnan() & b.isnan())).all())


def _flatten(value: Any) -> list[Any]:
    if isinstance(value, (tuple, list)):
        return [leaf for item in value for leaf in _flatten(item)]
    return [value]


def same(a: Any, b: Any) -> bool:
    """Whether two encoded values agree up to the rounding of two runs."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-6) or (math.isnan(a) and math.isnan(b))
    return a == b


def encode(value: Any) -> dict[str, Any]:
    """A value as JSON: its kind, its shape and dtype, its numbers. Anything else is only named."""
    if isinstance(value, Tensor):
        if value.numel() > MAX_NUMBERS or value.is_complex() or value.layout is not torch.strided:
            return {"kind": "other", "type": f"a {value.dtype} tensor of shape {tuple(value.shape)}"[:MAX_TEXT]}
        dtype, data = str(value.dtype).removeprefix("torch."), value.detach().cpu().reshape(-1).tolist()
        return {"kind": "tensor", "dtype": dtype, "shape": list(value.shape), "data": data}
    if type(value) in (bool, float) or (type(value) is int and abs(value) < 2**53):
        return {"kind": type(value).__name__, "data": value}
    if isinstance(value, np.floating):
        return {"kind": "numpy", "data": float(value)}
    if isinstance(value, (tuple, list)) and len(value) <= 50:
        return {"kind": "tuple", "items": [encode(item) for item in value]}
    if isinstance(value, np.ndarray):
        return {"kind": "other", "type": "a NumPy array"}
    return {"kind": "other", "type": "None" if value is None else f"a {type(value).__name__}"[:MAX_TEXT]}


def failed(sentence: str) -> dict[str, Any]:
    """The outcome of a case in which there was nothing to record, and why."""
    return {"error": {"type": "", "message": sentence, "line": ""}}


def _describe(error: BaseException) -> dict[str, Any]:
    """An exception as its type, its message and the line of the answer that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename.startswith(("<", "/tmp/ipykernel")) or "ipykernel" in f.filename]
    line = (own[-1].line or "").strip() if own else ""
    return {"type": type(error).__name__[:80], "message": str(error)[:MAX_TEXT], "line": line[:200]}
