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
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from time import monotonic
from typing import NamedTuple

from torch import Tensor
from tqdm.auto import tqdm

from dgm.checkpoints import average, resume, save
from dgm.players import Batch, Player, PlayError, cheap_to_read, eager, not_finite

__all__ = ["Batch", "Losses", "PlayError", "Player", "Turn", "average", "play", "resume", "save"]

_LOOK_EVERY = 50  # turns between looks at losses that live on an accelerator: looking makes the program wait


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
        anneal: Share of the steps, at the end, over which all learning rates fall linearly to 0. They are lowered while
            the players move, and stand as their owner set them before and after each turn.
        progress: Show a bar with the losses. By default in a terminal and in a notebook, but not in CI, in the static
            build of the book (``DGM_STATIC=1``) or while grading (``DGM_GRADING=1``).
        compile: Make the moves of a turn one graph with ``torch.compile``. It takes some seconds, plays the same game,
            and falls back to eager mode with a warning where it is impossible: where no C++ compiler is found, or for a
            sampler with a random generator of its own.

    Raises:
        PlayError: If a batch, a score or a loss cannot be trained on. On an accelerator a loss that is not finite is
            found some turns late; if the caller has stopped by then, it is a warning.
    """
    players = tuple(players)
    if not players:
        raise PlayError("nobody plays: hand in at least one player.")
    if not 0 <= anneal <= 1:
        raise PlayError(f"anneal is a share of the steps, between 0 and 1, not {anneal}.")
    if len({player.name for player in players}) < len(players):
        raise PlayError(f"two players have one name among {[player.name for player in players]}; rename one.")
    for player in players:
        if not player.own():
            raise PlayError(f"player {player.name!r} has no parameters, so there is nothing to train.")
        if player.every < 1:
            raise PlayError(f"player {player.name!r} moves on every {player.every}-th turn; every must be at least 1.")
    take = eager
    if compile:
        from dgm.compiled import mover  # the compiler takes a second to import

        take = mover()
    return _turns(players, take, islice(iter(batches), start, None), range(start + 1, steps + 1), anneal, progress)


def _turns(
    players: tuple[Player, ...],
    take: Callable[[list[Player], Batch], dict[str, Tensor]],
    batches: Iterator[Batch],
    steps: range,
    anneal: float,
    progress: bool | None,
) -> Iterator[Turn]:
    device = players[0].own()[0].device
    unseen: list[Turn] = []
    shown = 0.0
    with tqdm(total=steps.stop - 1, initial=steps.start - 1, disable=not _watched(progress)) as bar:
        for step in steps:
            batch = next(batches, None)
            if batch is None:
                raise PlayError(f"step {step}: the batches ran out; use data.batches, which never ends.")
            if device.type != "cpu" and isinstance(batch, tuple):
                batch = tuple(part.to(device, non_blocking=True) for part in batch)
            movers = [player for player in players if step % player.every == 0]
            try:
                if anneal:
                    with _slowed(movers, min(1.0, (steps.stop - step) / (anneal * (steps.stop - 1)))):
                        losses = take(movers, batch)
                else:
                    losses = take(movers, batch)
            except PlayError as error:
                raise PlayError(f"step {step}, {error}") from error.__cause__
            turn = Turn(step, Losses(losses))
            if not cheap_to_read(device):
                unseen.append(turn)
                if len(unseen) == _LOOK_EVERY or step == steps[-1]:
                    _look(unseen)
                    unseen.clear()
            bar.update()
            if not bar.disable and (monotonic() - shown > 0.3 or step == steps[-1]):
                bar.set_postfix({name: f"{value:.3g}" for name, value in turn.losses.items()})
                shown = monotonic()
            try:
                yield turn
            except GeneratorExit:  # the caller stops here, and an error would go nowhere
                try:
                    _look(unseen)
                except PlayError as error:
                    warnings.warn(str(error), RuntimeWarning, stacklevel=2)
                raise


@contextmanager
def _slowed(players: Iterable[Player], share: float) -> Iterator[None]:
    """Multiply learning rates during one turn; between turns they are the caller's, to read, to set and to schedule."""
    groups = [group for player in players for group in player.optimizer.param_groups]
    changed = [(group, group["lr"], group["lr"] * share) for group in groups]
    for group, _, slow in changed:
        group["lr"] = slow
    try:
        yield
    finally:
        for group, rate, slow in changed:
            if group["lr"] is slow:  # else somebody, such as a schedule in `after`, has set another
                group["lr"] = rate


def _look(turns: list[Turn]) -> None:
    """Refuse losses that are not finite: some turns late, but naming the first of them."""
    for turn in turns:
        for name, value in turn.losses.items():
            if not math.isfinite(value):
                raise PlayError(f"step {turn.step}, {not_finite(name, value)}")


def _watched(progress: bool | None) -> bool:
    if progress is not None:
        return progress
    if any(os.environ.get(name) for name in ("CI", "DGM_STATIC", "DGM_GRADING")):
        return False
    ipython = sys.modules.get("IPython")  # a notebook has imported it
    return sys.stderr.isatty() or (ipython is not None and ipython.get_ipython() is not None)
