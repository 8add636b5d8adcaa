"""Values as plain data: what an answer returned, in a form that can be written down, sent and compared."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

MAX_NUMBERS = 20_000  # no honest answer of this course is larger
MAX_TEXT = 500


def same(a: Any, b: Any) -> bool:
    """Whether two encoded values agree up to the rounding of two runs, or of two machines.

    The ``spread`` of a reference is not compared: where it is small, it is rounding itself.
    """
    if isinstance(a, dict) and isinstance(b, dict):
        names = a.keys() - {"spread"}
        return names == b.keys() - {"spread"} and all(same(a[k], b[k]) for k in names)
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
        return {"kind": "list" if isinstance(value, list) else "tuple", "items": [encode(item) for item in value]}
    if isinstance(value, dict) and len(value) <= 50:  # an exercise's own `call` names what it has seen
        return {
            "kind": "named",
            "names": [str(name)[:MAX_TEXT] for name in value],
            "items": [encode(item) for item in value.values()],
        }
    if isinstance(value, np.ndarray):
        return {"kind": "other", "type": "a NumPy array"}
    return {"kind": "other", "type": "None" if value is None else f"a {type(value).__name__}"[:MAX_TEXT]}
