"""A player of a game: parameters, the loss they descend, and one move down it.

`dgm.training.play` deals the batches and counts the turns; what a move is, and what it says when it cannot be made, is
here.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn, optim

Batch = tuple[Tensor, ...]


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
            PlayError: If the batch is no tuple of tensors, the loss no finite scalar that depends on the parameters, or
                a parameter frozen.
        """
        loss = _checked(self, batch)
        own = self.own()
        try:
            # The gradients of its own parameters, and of nothing else: no `detach`, no freezing.
            gradient = torch.autograd.grad(loss, own, allow_unused=True)
        except RuntimeError:
            if all(p.requires_grad for p in own):
                raise
            raise _frozen(self) from None
        if all(slope is None for slope in gradient):
            raise _independent(self.name)
        return self.finish(loss.detach(), gradient)

    def finish(self, loss: Tensor, gradient: Sequence[Tensor | None]) -> Tensor:
        """Go down the gradient, unless the loss is not finite; an empty gradient was gone down already."""
        if cheap_to_read(loss.device) and not math.isfinite(loss.item()):
            raise not_finite(self.name, loss.item())
        if gradient:
            for parameter, slope in zip(self.own(), gradient, strict=True):
                parameter.grad = slope
            self.optimizer.step()
        if self.after is not None:
            self.after(self.module)
        return loss


def eager(movers: Iterable[Player], batch: Batch) -> dict[str, Tensor]:
    """Let players move one after the other, and return the loss of each."""
    return {player.name: player.move(batch) for player in movers}


def cheap_to_read(device: torch.device) -> bool:
    """Whether a loss can be looked at in every turn; `dgm.training.play` looks at others now and then."""
    return device.type == "cpu"  # an accelerator would be waited for


def not_finite(name: str, value: float) -> PlayError:
    """What is said of a player whose loss is nan or infinite."""
    return PlayError(
        f"player {name!r}: the loss is {value}; use losses of logits that stay finite, or a smaller learning rate."
    )


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
        raise _independent(player.name) if any(p.requires_grad for p in player.own()) else _frozen(player)
    return loss


def _kind(value: object) -> str:
    return "a bare tensor" if isinstance(value, Tensor) else f"a {type(value).__name__}"


def _independent(name: str) -> PlayError:
    return PlayError(
        f"player {name!r}: the loss does not depend on its parameters; look for detach, no_grad or .item()."
    )


def _frozen(player: Player) -> PlayError:
    count = sum(not p.requires_grad for p in player.own())
    return PlayError(
        f"player {player.name!r}: {count} of its optimizer's {len(player.own())} parameters are frozen; call "
        "requires_grad_() on them, or give the optimizer the others only."
    )
