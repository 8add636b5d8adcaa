"""What is asked: an exercise is a name, its points and its cases; a case is inputs and a hint.

No answer lives here. The same case functions, fed with another seed, make the public cases a student sees and the
hidden ones a mark depends on, so this module may be read by anybody, a submission included.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

PUBLIC_SEED = 2014  # the year of the first GAN; a private seed takes its place for the hidden cases

Inputs = dict[str, Any]  # argument name -> argument, in the order of the call


@dataclass(frozen=True)
class Case:
    """Inputs made from a random generator, and the hint that a student reads when this case fails."""

    name: str
    hint: str
    make: Callable[[np.random.Generator], Inputs]
    gradient: bool = True  # False where the derivative does not exist, at 0·log 0 for instance

    def inputs(self, exercise: str, seed: int) -> Inputs:
        """Fresh inputs; every case of every exercise has its own stream, so adding a case disturbs no other."""
        return self.make(np.random.default_rng([seed, zlib.crc32(f"{exercise}/{self.name}".encode())]))


@dataclass
class Exercise:
    """A graded function.

    Arguments:
        name: The function's name in the notebook.
        points: What it is worth; all cases pass or none of the points are given.
        differentiable: Whether gradients with respect to every float input are compared as well.
        as_float: Whether the answer must be exactly a Python ``float`` (a training step's loss).
        call: How the answer is called with a case's inputs, where ``function(*inputs)`` will not do: a class is driven
            through a script, a symbolic answer is evaluated at points.
        rtol: Relative tolerance per dtype, where the usual one is too strict for honest rounding.
    """

    name: str
    points: int
    differentiable: bool = True
    as_float: bool = False
    call: Callable[..., Any] = lambda function, *inputs: function(*inputs)
    rtol: dict[str, float] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)

    def case(self, make: Callable | None = None, *, gradient: bool = True) -> Callable:
        """Add a case: the function's name is the case's name, its docstring the hint, its result the inputs."""

        def add(make: Callable) -> Callable:
            if not make.__doc__:
                raise ValueError(f"case {self.name}/{make.__name__} needs a docstring: it is the hint a student reads")
            if any(case.name == make.__name__ for case in self.cases):
                raise ValueError(f"case {self.name}/{make.__name__} exists twice")
            self.cases.append(Case(make.__name__, " ".join(make.__doc__.split()), make, gradient))
            return make

        return add if make is None else add(make)


def sections() -> list[str]:
    """The sections that have exercises, in order: ``["03-gan-minimax", ...]``."""
    return sorted(path.stem for path in (Path(__file__).parent / "exercises").glob("[0-9]*.py"))


@cache
def exercises(section: str) -> dict[str, Exercise]:
    """The exercises of a section by name, in the order in which they are asked."""
    if section not in sections():
        raise KeyError(f"no section is called {section!r}; there are {', '.join(sections())}")
    module = importlib.import_module(f"autograder.exercises.{section}")
    found = [value for value in vars(module).values() if isinstance(value, Exercise)]
    return {exercise.name: exercise for exercise in found}


# --- inputs that cases are made of ------------------------------------------------------------------------------------


def normal(rng: np.random.Generator, *shape: int, scale: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
    """Gaussian numbers of mean 0; NumPy draws them because its streams are the same on every machine."""
    return torch.from_numpy(rng.normal(scale=scale, size=shape)).to(dtype)


def fill(module: nn.Module, rng: np.random.Generator) -> nn.Module:
    """The same module with every parameter drawn from ``rng``, large enough that no gradient is negligible."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(normal(rng, *parameter.shape, scale=0.6))
    return module


def network(rng: np.random.Generator, *sizes: int, dtype: torch.dtype = torch.float64) -> nn.Sequential:
    """A small multilayer perceptron with tanh between its layers, filled from ``rng``."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(fan_in, fan_out), nn.Tanh()]
    return fill(nn.Sequential(*layers[:-1]).to(dtype), rng)  # type: ignore[return-value]
