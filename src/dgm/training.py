"""The loop of the whole course: players take turns, each one descending its own loss.

A GAN, a VAE and a CycleGAN differ in who plays and for what, never in how a turn goes. `play` is therefore a generator:
it owns the clock, and the caller owns plotting, recording and stopping.

    >>> import torch
    >>> from dgm import data, games, latents, nets
    >>> G, D = nets.mlp([2, 32, 2]), nets.mlp([2, 32, 1])
    >>> x, _ = data.ring(1000)
    >>> players = games.gan(G, D, games.HINGE, latents.gaussian(2))
    >>> [turn.step for turn in play(players, data.batches(x, size=64), steps=3)]
    [1, 2, 3]
"""

import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from time import monotonic
from typing import NamedTuple

import torch
from torch import Tensor, nn, optim
from tqdm.auto import tqdm

from dgm.checkpoints import average, resume, save

__all__ = ["Batch", "Losses", "PlayError", "Player", "Turn", "average", "play", "resume", "save"]

Batch = tuple[Tensor, ...]

_LOOK_EVERY = 50  # turns between looks at losses that live on an accelerator: looking makes the program wait


class PlayError(ValueError):
    """A game that cannot go on; the message names the player, the step and what to do."""


@dataclass(frozen=True)
class Player:
    """Parameters, the loss they descend, and how often they move.

    Arguments:
        name: Key under which the loss is reported.
        module: The network(s) this player trains.
        loss: Maps a batch to a scalar; lower is better *for this player*.
        optimizer: Holds exactly the parameters that the player may change.
        every: Moves on every ``every``-th turn (the generator of a WGAN: 5).
        after: Called with ``module`` after each move, for example to clip its weights or to average them.
    """

    name: str
    module: nn.Module
    loss: Callable[[Batch], Tensor]
    optimizer: optim.Optimizer
    every: int = 1
    after: Callable[[nn.Module], None] | None = None

    def own(self) -> list[Tensor]:
        """The parameters that this player may change."""
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def move(self, batch: Batch) -> Tensor:
        """Take one step down this player's loss and return the loss it stepped from, detached.

        Raises:
            PlayError: If the batch is no tuple of tensors, or the loss no finite scalar that depends on the parameters.
        """
        loss = _checked(self, batch)
        # The gradients of its own parameters, and of nothing else: no `detach`, no freezing.
        gradient = torch.autograd.grad(loss, self.own(), allow_unused=True)
        if all(slope is None for slope in gradient):
            raise _independent(self.name)
        return self.finish(loss.detach(), gradient)

    def finish(self, loss: Tensor, gradient: Sequence[Tensor | None]) -> Tensor:
        """Go down the gradient, unless the loss is not finite; an empty gradient was gone down already."""
        # Looking at a loss on an accelerator would make every turn wait for it; `play` looks there now and then.
        if loss.device.type == "cpu" and not math.isfinite(loss.item()):
            raise _not_finite(self.name, loss.item())
        if gradient:
            for parameter, slope in zip(self.own(), gradient, strict=True):
                parameter.grad = slope
            self.optimizer.step()
        if self.after is not None:
            self.after(self.module)
        return loss


def _checked(player: Player, batch: Batch) -> Tensor:
    """The player's loss, or a sentence that says why it cannot be descended."""
    who = f"player {player.name!r}"
    if not isinstance(batch, tuple) or not all(isinstance(part, Tensor) for part in batch):
        # A bare tensor would be unpacked row by row, and train on nonsense without a word.
        raise PlayError(f"{who} was dealt {_kind(batch)}: a batch is a tuple of tensors, write (x,).")
    try:
        loss = player.loss(batch)
    except (NotImplementedError, PlayError) as error:
        if isinstance(error, PlayError):
            raise PlayError(f"{who}: {error}") from None
        raise
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        shapes = ", ".join(str(tuple(part.shape)) for part in batch)
        text = str(error).strip().split("\n")[0].rstrip(".")
        raise PlayError(
            f"{who} cannot compute its loss from a batch of shapes {shapes}: {text}; "
            "compare these shapes with what the networks and the loss take."
        ) from error
    if not isinstance(loss, Tensor):
        raise PlayError(f"{who}: the loss is {_kind(loss)}; return the tensor itself, without .item().")
    if loss.dim() != 0:
        raise PlayError(f"{who}: the loss has shape {tuple(loss.shape)}; average it to a scalar, with .mean().")
    if not loss.requires_grad:
        raise _independent(player.name)
    return loss


def _kind(value: object) -> str:
    return "a bare tensor" if isinstance(value, Tensor) else f"a {type(value).__name__}"


def _independent(name: str) -> PlayError:
    return PlayError(
        f"player {name!r}: the loss does not depend on its parameters; look for detach, no_grad or .item()."
    )


def _not_finite(name: str, value: float) -> PlayError:
    return PlayError(
        f"player {name!r}: the loss is {value}; use losses of logits that stay finite, or a smaller learning rate."
    )


class Losses(Mapping[str, float]):
    """The losses of one turn by player's name, turned into floats when somebody looks.

    Converting a tensor makes the program wait for an accelerator; a loss nobody reads costs nothing.
    """

    def __init__(self, tensors: dict[str, Tensor]):
        self.tensors = tensors

    def __getitem__(self, name: str) -> float:
        return float(self.tensors[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.tensors)

    def __len__(self) -> int:
        return len(self.tensors)

    def __repr__(self) -> str:
        return repr(dict(self))


class Turn(NamedTuple):
    """What happened in one turn: its number, counted from 1, and the loss of each player that moved."""

    step: int
    losses: Losses


def play(
    players: Iterable[Player],
    batches: Iterable[Batch],
    steps: int,
    *,
    start: int = 0,
    anneal: float = 0.0,
    progress: bool | None = None,
    compile: bool = False,
) -> Iterator[Turn]:
    """Let every player move once per batch, in the order given, and yield after each turn.

    Arguments:
        players: Who plays, for example from `dgm.games.gan`.
        batches: An endless stream of tuples of tensors, for example from `dgm.data.batches`.
        steps: The turn to stop after.
        start: Turns already played (from `resume`); as many batches are passed over.
        anneal: Share of the steps, at the end, over which all learning rates fall linearly to 0.
        progress: Show a bar with the losses. By default in a terminal and in a notebook, but not in CI, in the static
            build of the book (``DGM_STATIC=1``) or while grading (``DGM_GRADING=1``).
        compile: Make the moves of a turn one graph with ``torch.compile``. It takes some seconds, plays the same game,
            and falls back to eager mode with a warning where it is impossible: where no C++ compiler is found, or for a
            sampler with a random generator of its own.

    Raises:
        PlayError: If a batch, a score or a loss cannot be trained on.
    """
    players = tuple(players)
    if not players:
        raise PlayError("nobody plays: hand in at least one player.")
    if not 0 <= anneal <= 1:
        raise PlayError(f"anneal is a share of the steps, between 0 and 1, not {anneal}.")
    if len({player.name for player in players}) < len(players):
        raise PlayError(f"two players have one name among {[player.name for player in players]}; rename one.")
    bar = tqdm(total=steps, initial=start, disable=not _watched(progress))
    take = eager
    if compile:
        from dgm.compiled import mover  # the compiler takes a second to import

        take = mover()
    return _turns(players, take, islice(iter(batches), start, None), range(start + 1, steps + 1), anneal, bar)


def eager(movers: Iterable[Player], batch: Batch) -> dict[str, Tensor]:
    """Let players move one after the other, and return the loss of each."""
    return {player.name: player.move(batch) for player in movers}


def _turns(
    players: tuple[Player, ...],
    take: Callable[[list[Player], Batch], dict[str, Tensor]],
    batches: Iterator[Batch],
    steps: range,
    anneal: float,
    bar: tqdm,
) -> Iterator[Turn]:
    device = next(players[0].module.parameters()).device
    rates = [
        (group, group.setdefault("initial_lr", group["lr"])) for p in players for group in p.optimizer.param_groups
    ]
    unseen: list[Turn] = []
    shown = 0.0
    with bar:
        for step in steps:
            batch = next(batches, None)
            if batch is None:
                raise PlayError(f"step {step}: the batches ran out; use data.batches, which never ends.")
            if device.type != "cpu" and isinstance(batch, tuple):
                batch = tuple(part.to(device, non_blocking=True) for part in batch)
            if anneal:
                for group, rate in rates:
                    group["lr"] = rate * min(1.0, (steps.stop - step) / (anneal * (steps.stop - 1)))
            try:
                losses = take([player for player in players if step % player.every == 0], batch)
            except PlayError as error:
                raise PlayError(f"step {step}, {error}") from error.__cause__
            turn = Turn(step, Losses(losses))
            if device.type != "cpu":
                unseen.append(turn)
                if len(unseen) == _LOOK_EVERY or step == steps[-1]:
                    _look(unseen)
                    unseen = []
            bar.update()
            if not bar.disable and (monotonic() - shown > 0.3 or step == steps[-1]):
                bar.set_postfix({name: f"{value:.3g}" for name, value in turn.losses.items()})
                shown = monotonic()
            yield turn


def _look(turns: list[Turn]) -> None:
    """Refuse losses that are not finite: some turns late, but naming the first of them."""
    for turn in turns:
        for name, value in turn.losses.items():
            if not math.isfinite(value):
                raise PlayError(f"step {turn.step}, {_not_finite(name, value)}")


def _watched(progress: bool | None) -> bool:
    if progress is not None:
        return progress
    if any(os.environ.get(name) for name in ("CI", "DGM_STATIC", "DGM_GRADING")):
        return False
    ipython = sys.modules.get("IPython")  # a notebook has imported it
    return sys.stderr.isatty() or (ipython is not None and ipython.get_ipython() is not None)
