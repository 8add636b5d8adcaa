"""What the arguments of a call looked like before it, to tell afterwards what the answer changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn, optim

from autograder.exercise import Inputs
from autograder.plain import encode


class Snapshot:
    """The arguments as they are now; `changes` compares."""

    def __init__(self, inputs: Inputs):
        self.containers = {name: _parts(x) for name, x in _things(inputs) if isinstance(x, (list, tuple, dict))}
        self.tensors = {name: (x, x.clone()) for name, x in leaves(inputs)}
        self.parameters = dict(parameters(inputs))
        self.training = {name: m.training for name, m in _all_modules(inputs)}
        watched = [*self.parameters.items(), *((name, x) for name, (x, _) in self.tensors.items())]
        self.requires_grad = {name: x.requires_grad for name, x in watched}
        grads = {name: _grad(x) for name, x in watched}
        self.grad = {name: None if g is None else g.clone() for name, g in grads.items()}
        optimizers = [(name, x) for name, x in _things(inputs) if isinstance(x, optim.Optimizer)]
        self.settings = {name: _settings(x) for name, x in optimizers}
        moved = [p for _, x in optimizers for group in x.param_groups for p in group["params"]]
        self.owned = {name for name, p in self.parameters.items() if any(p is q for q in moved)}

    def changes(self, inputs: Inputs) -> dict[str, Any]:
        """State after the call, and the names of everything that changed although nobody asked for it."""
        now, things = dict(parameters(inputs)), dict(_things(inputs))
        modified = [name for name, (x, before) in self.tensors.items() if not _equal(x, before)]
        modified += [name for name, parts in self.containers.items() if _parts(things[name]) != parts]
        modified += [name for name, before in self.settings.items() if _settings(things[name]) != before]
        watched = {**{name: x for name, (x, _) in self.tensors.items()}, **self.parameters}
        kept = {name: x for name, x in watched.items() if name not in self.owned}
        return {
            "state": {name: encode(p.detach()) for name, p in [*now.items(), *_buffers(inputs)]},
            "owned": sorted(self.owned),
            "modified": sorted(modified),
            "gradients_touched": sorted(name for name, x in kept.items() if not _equal(_grad(x), self.grad[name])),
            "requires_grad_changed": sorted(n for n, x in watched.items() if x.requires_grad != self.requires_grad[n]),
            "training_changed": sorted(n for n, m in _all_modules(inputs) if m.training != self.training.get(n)),
            "replaced": sorted(n for n, p in self.parameters.items() if now.get(n) is not p),
        }


def leaves(inputs: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor among the arguments, also inside lists, tuples and dictionaries, as ``codes[1]``."""
    return ((name, x) for name, x in _things(inputs, name) if isinstance(x, Tensor))


def parameters(inputs: Inputs) -> Iterator[tuple[str, nn.Parameter]]:
    """Every parameter of every module among the arguments, as ``discriminator.0.weight``."""
    for name, module in modules(inputs):
        yield from module.named_parameters(prefix=name)


def modules(inputs: Inputs) -> Iterator[tuple[str, nn.Module]]:
    """Every module among the arguments, without those inside it."""
    return ((name, x) for name, x in _things(inputs) if isinstance(x, nn.Module))


def _things(inputs: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Arguments by name, each followed by its members if it has any."""
    if name:
        yield name, inputs
    if isinstance(inputs, dict):
        for key, x in inputs.items():
            yield from _things(x, f"{name}[{key!r}]" if name else key)
    elif isinstance(inputs, (list, tuple)):
        for k, x in enumerate(inputs):
            yield from _things(x, f"{name}[{k}]")


def _parts(container: Any) -> list[tuple[Any, Any]]:
    """Which objects a list, tuple or dictionary holds, and where."""
    pairs = container.items() if isinstance(container, dict) else enumerate(container)
    return [(key, x if isinstance(x, (int, float, str)) else id(x)) for key, x in pairs]


def _all_modules(inputs: Inputs) -> Iterator[tuple[str, nn.Module]]:
    for name, module in modules(inputs):
        yield from module.named_modules(prefix=name)


def _buffers(inputs: Inputs) -> Iterator[tuple[str, Tensor]]:
    for name, module in modules(inputs):
        yield from module.named_buffers(prefix=name)


def _grad(x: Tensor) -> Tensor | None:
    return x.grad if x.is_leaf else None  # asking another tensor for it warns


def _settings(optimizer: optim.Optimizer) -> list[dict[str, Any]]:
    return [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]


def _equal(a: Tensor | None, b: Tensor | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and bool(((a == b) | (a.isnan() & b.isnan())).all())
