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
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn, optim

from autograder.exercises import sections

PUBLIC_SEED = 2014  # the year of the first GAN; a private seed takes its place for the hidden cases

EXACT = {"float32": 0.0, "float64": 0.0}  # as `Exercise.atol`: the relative error alone counts

Inputs = dict[str, Any]  # argument name -> argument, in the order of the call
Net = TypeVar("Net", bound=nn.Module)


class WrongType(TypeError):
    """What an exercise's own ``call`` raises when the answer's result can't even be looked at; the message says why."""


@dataclass(frozen=True)
class Case:
    """Inputs made from a random generator, and the hint that a student reads when this case fails."""

    name: str
    hint: str
    make: Callable[[np.random.Generator], Inputs]
    gradient: bool | Literal["finite"] = True  # False where the derivative does not exist, at 0·log 0 for instance
    about: str = "number"  # what the hint speaks to, see `Exercise.case`

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
        rtol, atol: Relative and absolute tolerance per dtype, where the usual ones are too strict for answers that are
            right in spite of more than rounding, or where small numbers count as much as large ones (atol 0).
        stand_ins: Functions that take the place of the lesson's other functions, which this one may call: it is judged
            by what it does with what they return, whatever the student's own are worth. They compute something else
            than the lesson's, so that they give nothing away.
    """

    name: str
    points: int
    differentiable: bool = True
    as_float: bool = False
    call: Callable[..., Any] = lambda function, *inputs: function(*inputs)
    rtol: dict[str, float] = field(default_factory=dict)
    atol: dict[str, float] = field(default_factory=dict)
    stand_ins: dict[str, Callable] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)

    def case(
        self,
        make: Callable | None = None,
        *,
        gradient: bool | Literal["finite"] = True,
        about: str = "number",
    ) -> Callable:
        """Add a case: the function's name is the case's name, its docstring the hint, its result the inputs.

        ``gradient`` says whether the gradient is compared as well, or, "finite", must only be numbers: at a corner one
        right answer has another slope than the next. ``about`` says to which failures the hint speaks, one or more
        words: "number" (wrong results), "form" (type, shape), "dtype", "slope" (gradients), "effect" (what is left
        behind).
        """

        def add(make: Callable) -> Callable:
            if not make.__doc__:
                raise ValueError(f"case {self.name}/{make.__name__} needs a docstring: it is the hint a student reads")
            if any(case.name == make.__name__ for case in self.cases):
                raise ValueError(f"case {self.name}/{make.__name__} exists twice")
            self.cases.append(Case(make.__name__, " ".join(make.__doc__.split()), make, gradient, about))
            return make

        return add if make is None else add(make)


@cache
def exercises(section: str) -> dict[str, Exercise]:
    """The exercises of a section by name, in the order in which they are asked."""
    if section not in sections():
        raise KeyError(f"no section is called {section!r}; there are {', '.join(sections())}")
    module = importlib.import_module(f"autograder.exercises.{section}")
    found = [value for value in vars(module).values() if isinstance(value, Exercise)]
    return {exercise.name: exercise for exercise in found}


# --- inputs that cases are made of ------------------------------------------------------------------------------------


class Players(NamedTuple):
    """Two networks and a batch for each, in the order of a step's signature (the optimizer comes in between)."""

    generator: nn.Sequential
    discriminator: nn.Sequential
    real: Tensor
    noise: Tensor


def normal(rng: np.random.Generator, *shape: int, scale: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
    """Gaussian numbers of mean 0; NumPy draws them because its streams are the same on every machine."""
    return torch.from_numpy(rng.normal(scale=scale, size=shape)).to(dtype)


def fill(module: Net, rng: np.random.Generator) -> Net:
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
    return fill(nn.Sequential(*layers[:-1]).to(dtype), rng)


def players(rng: np.random.Generator, *, n_real=5, n_noise=5, dtype=torch.float64) -> Players:
    """A tiny generator and discriminator with a batch each: points (n_real, 3) and noise (n_noise, 2)."""
    generator, discriminator = network(rng, 2, 4, 3, dtype=dtype), network(rng, 3, 5, 1, dtype=dtype)
    return Players(generator, discriminator, normal(rng, n_real, 3, dtype=dtype), normal(rng, n_noise, 2, dtype=dtype))


def image_players(rng: np.random.Generator) -> Players:
    """The same with convolutions: images (3, 1, 4, 4)."""
    generator = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Unflatten(1, (2, 2, 2)), nn.ConvTranspose2d(2, 1, 2, 2))
    fill(generator.double(), rng)
    images, noise = normal(rng, 3, 1, 4, 4, dtype=torch.float64), normal(rng, 4, 2, dtype=torch.float64)
    return Players(generator, image_critic(rng, 1), images, noise)


def image_critic(rng: np.random.Generator, channels: int) -> nn.Sequential:
    """Images (n, channels, 4, 4) to scores (n, 1), smooth everywhere."""
    layers = nn.Conv2d(channels, 3, 2, 2), nn.Tanh(), nn.Flatten(), nn.Linear(12, 4), nn.Tanh(), nn.Linear(4, 1)
    return fill(nn.Sequential(*layers).double(), rng)


def odd_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """A loss that no answer can guess: asymmetric in its arguments, not linear, not a cross-entropy."""
    return (real_logits - 1.3).pow(2).mean() + 2 * F.softplus(1.7 * fake_logits).mean()


def odd_generator_loss(fake_logits: Tensor) -> Tensor:
    """The same of fakes alone."""
    return (fake_logits - 0.7).pow(2).mean() + F.softplus(-fake_logits).mean()


def in_groups(*networks: nn.Module, betas: tuple[float, float] = (0.5, 0.9)) -> optim.Adam:
    """Adam for some networks, their biases in a group of their own, which moves half as fast."""
    everything = [p for net in networks for p in net.parameters()]
    slow = {"params": [p for p in everything if p.ndim == 1], "lr": 0.025}
    return optim.Adam([{"params": [p for p in everything if p.ndim != 1]}, slow], lr=0.05, betas=betas)


def switched(frozen: nn.Module, *networks: nn.Module) -> None:
    """One layer frozen, and half of the layers of all networks in evaluation mode."""
    frozen.requires_grad_(False)
    for net in networks:
        for module in list(net.modules())[::2]:
            module.training = False


def leave_gradients(rng: np.random.Generator, *networks: nn.Module) -> None:
    """Gradients from somebody's earlier backward, on every parameter."""
    for parameter in (p for net in networks for p in net.parameters()):
        parameter.grad = normal(rng, *parameter.shape, dtype=parameter.dtype)
