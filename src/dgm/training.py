"""The loop of the whole course: players take turns, each one descending its own loss.

A GAN, a VAE and a CycleGAN differ in who plays and for what, never in how a turn goes. `play` is therefore a generator: it
owns the clock, and the caller owns plotting, recording and stopping.
"""

import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn, optim
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm.auto import tqdm

Batch = tuple[Tensor, ...]

_CHECK_EVERY = 50  # turns between looks at losses that live on an accelerator: looking makes it wait


class PlayError(ValueError):
    """A game that cannot go on; the message names the player, the step and what to do."""


def _nothing(module: nn.Module) -> None:
    pass


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
    after: Callable[[nn.Module], None] = _nothing

    def move(self, batch: Batch) -> Tensor:
        """Take one step down this player's loss and return the loss it stepped from, detached.

        Differentiates with respect to this player's parameters only, so that the opponent's gradients are neither
        computed nor touched: no ``detach``, no freezing.
        """
        own = [p for group in self.optimizer.param_groups for p in group["params"]]
        loss = self._loss(batch)
        for parameter in own:
            parameter.grad = None
        loss.backward(inputs=own)
        self.optimizer.step()
        self.after(self.module)
        return loss.detach()

    def _loss(self, batch: Batch) -> Tensor:
        if not isinstance(batch, tuple) or not all(isinstance(part, Tensor) for part in batch):
            # A bare tensor would be unpacked row by row and train on nonsense without a word.
            raise PlayError(
                f"player {self.name!r} was dealt {_kind(batch)}: a batch is a tuple of tensors, write (x,)."
            )
        try:
            loss = self.loss(batch)
        except (NotImplementedError, PlayError):
            raise
        except (RuntimeError, TypeError, ValueError, IndexError) as error:
            shapes = ", ".join(str(tuple(part.shape)) for part in batch)
            text = str(error).strip().split("\n")[0].rstrip(".")
            raise PlayError(
                f"player {self.name!r} cannot compute its loss from a batch of shapes {shapes}: {text}; "
                "compare these shapes with what the networks and the loss take."
            ) from error
        if not isinstance(loss, Tensor):
            raise PlayError(
                f"player {self.name!r}: the loss is {_kind(loss)}; return the tensor itself, without .item()."
            )
        if loss.dim() != 0:
            raise PlayError(
                f"player {self.name!r}: the loss has shape {tuple(loss.shape)}; average it to a scalar, with .mean()."
            )
        if not loss.requires_grad:
            raise PlayError(
                f"player {self.name!r}: the loss does not depend on its parameters; look for detach, no_grad or .item()."
            )
        if loss.device.type == "cpu" and not math.isfinite(loss.item()):  # elsewhere `play` looks, now and then
            raise _not_finite(self.name, loss.item())
        return loss


def _kind(value: object) -> str:
    return "a bare tensor" if isinstance(value, Tensor) else f"a {type(value).__name__}"


def _not_finite(name: str, value: float) -> PlayError:
    return PlayError(
        f"player {name!r}: the loss is {value}; use losses of logits that stay finite, or a smaller learning rate."
    )


class Losses(Mapping[str, float]):
    """The losses of one turn by player's name, turned into floats when somebody looks.

    Converting a tensor makes the program wait for an accelerator; a loss nobody reads costs nothing.
    """

    def __init__(self, tensors: dict[str, Tensor]):
        self._tensors = tensors

    def __getitem__(self, name: str) -> float:
        return float(self._tensors[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

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
            build of the book or while grading.
        compile: Compile each player's whole move; falls back to eager mode, saying so, where that is impossible.

    Raises:
        PlayError: If a batch, a loss or a score cannot be trained on.
    """
    players = tuple(players)
    if not players:
        raise PlayError("nobody plays: hand in at least one player.")
    if not 0 <= anneal <= 1:
        raise PlayError(f"anneal is a share of the steps, between 0 and 1, not {anneal}.")
    return _turns(players, islice(iter(batches), start, None), start, steps, anneal, progress)


def _turns(players, batches, start, steps, anneal, progress) -> Iterator[Turn]:
    device = next(players[0].module.parameters()).device
    rates = [
        (group, group.setdefault("initial_lr", group["lr"])) for p in players for group in p.optimizer.param_groups
    ]
    unseen: list[Turn] = []
    shown = 0.0
    with tqdm(total=steps, initial=start, disable=not _watched(progress), leave=False) as bar:
        for step in range(start + 1, steps + 1):
            batch = next(batches, None)
            if batch is None:
                raise PlayError(
                    f"the batches ran out before step {step} of {steps}; use data.batches, which never ends."
                )
            if anneal:
                share = min(1.0, (steps - step + 1) / (anneal * steps))
                for group, rate in rates:
                    group["lr"] = rate * share
            if device.type != "cpu" and isinstance(batch, tuple):
                batch = tuple(part.to(device, non_blocking=True) for part in batch)
            losses = {}
            for player in players:
                if step % player.every == 0:
                    try:
                        losses[player.name] = player.move(batch)
                    except PlayError as error:
                        raise PlayError(f"step {step}, {error}") from error.__cause__
            turn = Turn(step, Losses(losses))
            unseen.append(turn)
            if len(unseen) == _CHECK_EVERY or step == steps:
                _look(unseen)
                unseen = []
            bar.update()
            if not bar.disable and monotonic() - shown > 0.3:
                bar.set_postfix({name: f"{value:.3g}" for name, value in turn.losses.items()}, refresh=False)
                shown = monotonic()
            yield turn


def _look(turns: list[Turn]) -> None:
    """Refuse losses on an accelerator that are not finite, some turns late but naming the first of them."""
    for turn in turns:
        for name, tensor in turn.losses._tensors.items():
            if tensor.device.type != "cpu" and not math.isfinite(tensor.item()):
                raise PlayError(f"step {turn.step}, {_not_finite(name, tensor.item())}")


def _watched(progress: bool | None) -> bool:
    if progress is not None:
        return progress
    if any(os.environ.get(name) for name in ("CI", "DGM_STATIC", "DGM_GRADING")):
        return False
    return sys.stderr.isatty() or "ipykernel" in sys.modules


def average(module: nn.Module, decay: float = 0.998) -> AveragedModel:
    r"""Start an exponential moving average of a network's weights (Yazici et al., 2019, eq. 2).

    .. math:: \bar\theta_t = \beta\,\bar\theta_{t-1} + (1 - \beta)\,\theta_t

    The average is itself a network: call it to sample. Let a player keep it up to date with
    ``after=averaged.update_parameters`` (`dgm.games.gan` calls this ``g_after``).
    """
    return AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(decay)).eval()


def save(path: str | Path, players: Iterable[Player], step: int, **more: Any) -> None:
    """Write a checkpoint: all networks, optimisers and the state of torch's random numbers after turn ``step``.

    ``more`` are further things to keep, by name: averaged networks or ``torch.Generator``s.
    """
    state = {
        "step": step,
        "rng": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "players": {p.name: (p.module.state_dict(), p.optimizer.state_dict()) for p in players},
        "more": {
            name: thing.get_state() if isinstance(thing, torch.Generator) else thing.state_dict()
            for name, thing in more.items()
        },
    }
    path = Path(path)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        torch.save(state, file)
    os.replace(file.name, path)  # never half a checkpoint under the final name


def resume(path: str | Path, players: Iterable[Player], **more: Any) -> int:
    """Load a checkpoint of `save` into the same players and return the turn it was written after.

    Go on with ``play(players, batches, steps, start=resume(path, players))`` and a stream of batches made as before: the
    result equals that of a run that was never stopped.
    """
    state = torch.load(path, weights_only=True)
    for player in players:
        module, optimizer = state["players"][player.name]
        player.module.load_state_dict(module)
        player.optimizer.load_state_dict(optimizer)
    for name, thing in more.items():
        if isinstance(thing, torch.Generator):
            thing.set_state(state["more"][name])
        else:
            thing.load_state_dict(state["more"][name])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
    torch.set_rng_state(state["rng"])
    return state["step"]
