"""How the networks of a game are called: where codes are drawn, what passes together, and which answers are refused.

Several networks or several batches in one pass are the same numbers, but for rounding, in less time. They are put
together only where `dgm.nets.per_sample` is sure that no layer mixes the samples of a batch.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._device import DeviceContext

from dgm.nets import Discriminator28, Head, per_sample
from dgm.players import PlayError


def sampler(draw: Callable[[int], Any], module: nn.Module) -> Callable[[int], Any]:
    """Let a sampler draw where the module lives, whatever it was written for."""

    home = next(module.parameters(), None)  # moves with the module; looking for it every time costs more than drawing
    if home is None:
        raise PlayError("the generator has no parameters, so there is nothing to train; give it a layer.")

    def sample(n: int) -> Any:
        if home.device.type == "cpu":
            return draw(n)
        with DeviceContext(home.device):  # `with device` in a word that the compiler understands
            drawn = draw(n)
        return drawn.to(home.device) if isinstance(drawn, Tensor) else tuple(part.to(home.device) for part in drawn)

    return sample


def joint_judge(D: nn.Module) -> Callable[..., tuple[Tensor, Tensor]]:
    """Score real and fake: in one pass where no layer of D mixes samples, which is the same and faster, else in two."""
    if not per_sample(D):
        return lambda x, fake, *y: (scored(D(x, *y), x), scored(D(fake, *y), fake))

    def judge(x: Tensor, fake: Tensor, *y: Tensor) -> tuple[Tensor, Tensor]:
        both = torch.cat([x, fake])
        scores = scored(D(both, *(torch.cat([label, label]) for label in y)), both)
        return scores[: len(x)], scores[len(x) :]

    return judge


def joint_reading(D: nn.Module, Q: nn.Module) -> Callable[[Tensor, Tensor], tuple[tuple[Tensor, Tensor], Any]]:
    """Scores of real and fake, and what Q reads in the fake: in one pass where both are heads on one trunk."""
    if (
        isinstance(D, Head | Discriminator28)
        and isinstance(Q, Head)
        and D.trunk is Q.trunk
        and per_sample(D)
        and per_sample(Q)
    ):
        trunk, score, read = D.trunk, D.head, Q.head

        def both(x: Tensor, fake: Tensor) -> tuple[tuple[Tensor, Tensor], Any]:
            features = trunk(torch.cat([x, fake]))
            real, fake = features[: len(x)], features[len(x) :]
            return (scored(score(real), real), scored(score(fake), fake)), read(fake)

        return both
    judge = joint_judge(D)
    return lambda x, fake: (judge(x, fake), Q(fake))


def like(real: Tensor, fake: Tensor) -> Tensor:
    """The fake, if its samples have the shape of the real ones."""
    if fake.shape[1:] != real.shape[1:]:
        raise PlayError(
            f"the generator makes samples of shape {tuple(fake.shape[1:])} but the data have shape "
            f"{tuple(real.shape[1:])}; change the last layer of G or the shape of the data."
        )
    return fake


_VIEWS = {"ViewBackward0", "ReshapeAliasBackward0", "SqueezeBackward0", "SqueezeBackward1", "UnsqueezeBackward0"}


def scored(scores: Tensor, x: Tensor) -> Tensor:
    """Refuse scores that are no scores: one sample's missing, or squashed to probabilities."""
    if torch.compiler.is_compiling():
        return scores
    if scores.dim() == 0 or len(scores) != len(x):
        raise PlayError(
            f"the discriminator returns shape {tuple(scores.shape)} for {len(x)} samples; score each sample."
        )
    last = scores.grad_fn
    while last is not None and last.name() in _VIEWS:
        last = last.next_functions[0][0]
    if last is not None and last.name() in {"SigmoidBackward0", "SoftmaxBackward0"}:
        raise PlayError(
            "the discriminator returns probabilities; the losses take logits, so leave its last sigmoid away."
        )
    return scores
