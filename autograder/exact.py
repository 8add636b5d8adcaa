"""What answers are compared with: what the solution does, computed more exactly than any answer, and how far an answer
may be off.

A case's inputs have a precision, float32 mostly. Its reference is the solution's outcome for the same inputs in
float64. Beside each number stands its *spread*: how much it changes when every input changes by the rounding of its own
precision. An answer that rounds at each step is the exact answer to inputs changed by a few such roundings (it is
backward stable, as numerical analysis says), so a number of large spread can't be asked more exactly, and one of small
spread can.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.collect import as_usual, collect, observe
from autograder.exercise import Case, Exercise, Inputs
from autograder.plain import encode
from autograder.snapshot import leaves, parameters

_NOTHING = 4  # roundings of a number that need not be written down: every tolerance is far above
_DRAWS = 4  # of inputs changed by rounding; the largest change that they make counts

_Encoded = dict[str, Any]


def reference(exercise: Exercise, case: Case, solution: Callable, seed: int) -> dict[str, Any]:
    """What answers to a case are compared with.

    Returns:
        The solution's outcome, as `collect` records it, with numbers computed in float64 (``dtype`` stays what an
        answer must return) and with four things more: ``spread`` beside ``data``, where it is more than a few roundings
        of the numbers themselves; ``precision``, that of the inputs; ``start``, the state before the call of what an
        optimizer holds, or of everything where there is none; and ``instead``, the same for each set of stand-ins that
        an answer may call, under their names with commas between.
    """
    names = sorted(exercise.stand_ins)
    sets = [chosen for k in range(len(names) + 1) for chosen in itertools.combinations(names, k)]
    made = {}
    for chosen in sets:
        some = replace(exercise, stand_ins={name: exercise.stand_ins[name] for name in chosen})
        made[",".join(chosen)] = _exact(some, case, solution, seed)
    return made.pop("") | ({"instead": made} if made else {})


def _exact(exercise: Exercise, case: Case, solution: Callable, seed: int) -> dict[str, Any]:
    outcome = collect(exercise, case, solution, seed)
    if "error" in outcome or "second_error" in outcome:
        return {"error": outcome.get("error") or outcome["second_error"]}
    with as_usual():
        inputs = case.inputs(exercise.name, seed)
        precision = _precision(inputs)
        owned = outcome["owned"]
        start = {name: encode(p.detach()) for name, p in parameters(inputs) if name in owned or not owned}

        def wide() -> Inputs:
            return _each(case.inputs(exercise.name, seed), lambda x: x.double())

        def near(rng: np.random.Generator) -> Inputs:
            return _each(wide(), lambda x: x * (1 + torch.finfo(precision).eps * _signs(rng, x)))

        exact = observe(exercise, case, solution, wide)
        others = [observe(exercise, case, solution, lambda k=k: near(np.random.default_rng(k))) for k in range(_DRAWS)]
    made = {
        part: _merged(outcome[part], exact[part], [other[part] for other in others], torch.finfo(precision).eps)
        for part in ("value", "state", "gradients")
        if outcome.get(part) is not None
    }
    return outcome | made | {"precision": str(precision).removeprefix("torch."), "start": start}


def _precision(inputs: Inputs) -> torch.dtype:
    """The least exact dtype among the inputs, which an answer that returns a plain number has gone through."""
    everything = [x for _, x in [*leaves(inputs), *parameters(inputs)] if x.is_floating_point()]
    return max((x.dtype for x in everything), key=lambda d: torch.finfo(d).eps, default=torch.float64)


def _each(inputs: Inputs, change: Callable[[Tensor], Tensor]) -> Inputs:
    """The inputs with every float tensor changed; modules are changed where they are, so that an optimizer keeps its
    parameters."""

    def changed(x: Any) -> Any:
        if isinstance(x, Tensor) and x.is_floating_point():
            with torch.no_grad():
                new = change(x)
            return new.requires_grad_(x.requires_grad)
        if isinstance(x, nn.Module):
            return x._apply(lambda t: change(t) if t.is_floating_point() else t)
        if isinstance(x, dict):
            return {key: changed(value) for key, value in x.items()}
        if isinstance(x, tuple) and hasattr(x, "_fields"):
            return type(x)(*map(changed, x))
        return type(x)(map(changed, x)) if isinstance(x, (list, tuple)) else x

    return changed(inputs)


def _signs(rng: np.random.Generator, x: Tensor) -> Tensor:
    return torch.from_numpy(rng.choice([-1.0, 1.0], size=tuple(x.shape))).to(x.dtype).reshape(x.shape)


def _merged(usual: Any, exact: Any, others: list[Any], eps: float) -> Any:
    """Kinds, dtypes and shapes of the usual outcome, numbers of the exact one, and their spread among the others."""
    if isinstance(usual, list):
        parts = enumerate(zip(usual, exact, strict=True))
        return [_merged(u, e, [other[k] for other in others], eps) for k, (u, e) in parts]
    if usual is None:  # a result without a gradient
        return None
    if not isinstance(usual.get("kind"), str):  # tensors by name
        return {k: _merged(u, exact[k], [other[k] for other in others], eps) for k, u in usual.items()}
    if "items" in usual:
        return usual | {"items": _merged(usual["items"], exact["items"], [o["items"] for o in others], eps)}
    if isinstance(usual["data"], bool | int) or usual.get("dtype", "float").startswith(("int", "bool", "uint")):
        return usual
    numbers = np.asarray(exact["data"], dtype=np.float64)
    with np.errstate(invalid="ignore"):
        apart = [np.abs(np.asarray(other["data"], dtype=np.float64) - numbers) for other in others]
    spread = np.atleast_1d(np.nan_to_num(np.max(apart, axis=0), nan=0.0, posinf=0.0))
    merged = usual | {"data": numbers.tolist()}
    if (spread <= _NOTHING * eps * np.abs(np.atleast_1d(numbers))).all():
        return merged
    return merged | {"spread": [float(f"{s:.2g}") for s in spread]}
