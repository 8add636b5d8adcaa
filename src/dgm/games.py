"""Who plays against whom: networks and loss functions in, players out.

The losses come from the lesson. The two games that the library brings, `HINGE` and `LEAST_SQUARES`, are asked for by no
exercise. In every signature real comes before fake, and discriminators return scores (logits), never probabilities.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dgm.optimizers import Adam
from dgm.passes import joint_judge, joint_reading, like, sampler, scored
from dgm.players import Batch, Player, PlayError

Penalty = Callable[[Callable[[Tensor], Tensor], Tensor, Tensor], Tensor]
Terms = Callable[[nn.Module, nn.Module, Tensor, Tensor], tuple[Tensor, Tensor, Tensor, Tensor]]
After = Callable[[nn.Module], None]


class Game(NamedTuple):
    """An adversarial objective: two functions of scores, each to be minimised by its player.

    Arguments:
        d_loss: (real scores, fake scores) → scalar.
        g_loss: (fake scores) → scalar.

    >>> HINGE.d_loss(torch.tensor([2.0, 0.5]), torch.tensor([-3.0]))
    tensor(0.2500)
    """

    d_loss: Callable[[Tensor, Tensor], Tensor]
    g_loss: Callable[[Tensor], Tensor]


def _hinge(real: Tensor, fake: Tensor) -> Tensor:
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def _least_squares(real: Tensor, fake: Tensor) -> Tensor:
    return ((real - 1).square().mean() + fake.square().mean()) / 2


HINGE = Game(_hinge, lambda fake: -fake.mean())
"""E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))) against -E D(G(z)) (Lim and Ye, 2017; Miyato et al., 2018, eqs. 16-17)."""

LEAST_SQUARES = Game(_least_squares, lambda fake: (fake - 1).square().mean() / 2)
"""½E(D(x) - 1)² + ½E D(G(z))² against ½E(D(G(z)) - 1)² (Mao et al., 2017, eq. 9)."""


def gan(
    G: nn.Module,
    D: nn.Module,
    game: Game,
    latent: Callable[[int], Any],
    *,
    penalty: Penalty | None = None,
    d_steps: int = 1,
    lr: float = 1e-3,
    g_lr: float | None = None,
    betas: tuple[float, float] = (0.0, 0.99),
    d_after: After | None = None,
    g_after: After | None = None,
) -> list[Player]:
    """A generator against a discriminator (Goodfellow et al., 2014, algorithm 1).

    A batch is ``(x,)``, or ``(x, y)`` for a conditional game: then both networks are called with the labels as well,
    ``G(z, y)`` and ``D(x, y)``.

    Arguments:
        latent: Draws n latent codes (`dgm.latents`).
        penalty: ``penalty(critic, real, fake)``, a scalar added to the discriminator's loss.
        d_steps: Moves of D for each move of G.
        lr, g_lr: Adam's learning rates of D and of G (by default the same).
        d_after, g_after: Called with the network after each of its moves.
    """
    sample = sampler(latent, G)
    judge = joint_judge(D)

    def d_loss(batch: Batch) -> Tensor:
        x, *y = batch
        with torch.no_grad():
            fake = like(x, G(sample(len(x)), *y))
        loss = game.d_loss(*judge(x, fake, *y))
        return loss if penalty is None else loss + penalty(lambda v: scored(D(v, *y), v), x, fake)

    def g_loss(batch: Batch) -> Tensor:
        x, *y = batch
        fake = like(x, G(sample(len(x)), *y))
        return game.g_loss(scored(D(fake, *y), fake))

    return [
        _player("D", D, d_loss, lr, betas, after=d_after),
        _player("G", G, g_loss, lr if g_lr is None else g_lr, betas, every=d_steps, after=g_after),
    ]


def infogan(
    G: nn.Module,
    D: nn.Module,
    Q: nn.Module,
    game: Game,
    info_loss: Callable[[Any, Any], Tensor],
    latent: Callable[[int], Any],
    codes: Callable[[int], Any],
    *,
    weight: float = 1.0,
    g_weight: float | None = None,
    lr: float = 1e-3,
    g_lr: float | None = None,
    betas: tuple[float, float] = (0.0, 0.99),
    g_after: After | None = None,
) -> list[Player]:
    """A GAN whose generator must keep its codes readable (Chen et al., 2016, eq. 6).

    G is called as ``G(z, c)``; Q guesses c from a fake and may share layers with D. Both players descend
    ``weight · info_loss(Q(G(z, c)), c)`` beside the adversarial loss: D's player trains D and Q, G's player trains G.

    Arguments:
        info_loss: (what Q returns, the codes) → scalar.
        latent, codes: Draw n noises z, and n codes c: a tensor, or a tuple of tensors.
        weight, g_weight: Of the information for D's player and for G's (by default the same; 0: G does not hear of it).
    """
    sample, draw = sampler(latent, G), sampler(codes, G)
    judge_and_read = joint_reading(D, Q)
    heard = weight if g_weight is None else g_weight

    def d_loss(batch: Batch) -> Tensor:
        (x,) = batch
        z, c = sample(len(x)), draw(len(x))
        with torch.no_grad():
            fake = like(x, G(z, c))
        scores, reading = judge_and_read(x, fake)
        return game.d_loss(*scores) + weight * info_loss(reading, c)

    def g_loss(batch: Batch) -> Tensor:
        (x,) = batch
        z, c = sample(len(x)), draw(len(x))
        fake = like(x, G(z, c))
        return game.g_loss(scored(D(fake), fake)) + heard * info_loss(Q(fake), c)

    return [
        _player("D", nn.ModuleList([D, Q]), d_loss, lr, betas),
        _player("G", G, g_loss, lr if g_lr is None else g_lr, betas, after=g_after),
    ]


def cyclegan(
    G_ab: nn.Module,
    G_ba: nn.Module,
    D_a: nn.Module,
    D_b: nn.Module,
    terms: Terms,
    d_loss: Callable[[Tensor, Tensor], Tensor],
    g_loss: Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], Tensor],
    *,
    identity: Callable[[Tensor, Tensor], Tensor] | None = None,
    identity_weight: float = 0.5,
    pools: tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]] = (lambda a: a, lambda b: b),
    lr: float = 1e-3,
    g_lr: float | None = None,
    betas: tuple[float, float] = (0.0, 0.99),
    g_after: After | None = None,
) -> list[Player]:
    """Two domains, a translator each way and a discriminator in each (Zhu et al., 2017, eq. 3).

    A batch is ``(a, b)``, unpaired.

    Arguments:
        terms: (G_ab, G_ba, a, b) → (fake a, fake b, a cycled, b cycled), what the translators' loss is made of.
        d_loss: (real scores, fake scores) → scalar, for both discriminators.
        g_loss: (D_a's fake scores, D_b's fake scores, a, a cycled, b, b cycled) → scalar, for both generators together.
        identity: (x, x mapped into its own domain) → scalar; added for both domains times ``identity_weight``.
        pools: For each domain, what the discriminator is shown instead of the newest fakes (a replay pool).
    """

    def judge_loss(D: nn.Module, translate: nn.Module, pool: Callable[[Tensor], Tensor], own: int):
        judge = joint_judge(D)

        def loss(batch: Batch) -> Tensor:
            real, other = batch[own], batch[1 - own]
            with torch.no_grad():
                fake = pool(like(real, translate(other)))
            return d_loss(*judge(real, fake))

        return loss

    def translators_loss(batch: Batch) -> Tensor:
        a, b = batch
        fake_a, fake_b, a_cycled, b_cycled = terms(G_ab, G_ba, a, b)
        fake_a, fake_b = like(a, fake_a), like(b, fake_b)
        loss = g_loss(scored(D_a(fake_a), fake_a), scored(D_b(fake_b), fake_b), a, a_cycled, b, b_cycled)
        if identity is not None:
            loss = loss + identity_weight * (identity(a, G_ba(a)) + identity(b, G_ab(b)))
        return loss

    translators, g_rate = nn.ModuleDict({"ab": G_ab, "ba": G_ba}), lr if g_lr is None else g_lr
    return [
        _player("D_a", D_a, judge_loss(D_a, G_ba, pools[0], 0), lr, betas),
        _player("D_b", D_b, judge_loss(D_b, G_ab, pools[1], 1), lr, betas),
        _player("G", translators, translators_loss, g_rate, betas, after=g_after),
    ]


def vae(
    encoder: nn.Module,
    decoder: nn.Module,
    loss: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor],
    reparameterize: Callable[[Tensor, Tensor, Tensor], Tensor],
    *,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
) -> list[Player]:
    """A game of one player: encoder and decoder descend the same loss (Kingma and Welling, 2014, eq. 10).

    Arguments:
        encoder: x → (mean, log variance).
        decoder: z → logits of x.
        loss: (x, logits, mean, log variance) → scalar.
        reparameterize: (mean, log variance, noise) → z.
    """

    def bound(batch: Batch) -> Tensor:
        (x,) = batch
        mean, log_variance = encoder(x)
        z = reparameterize(mean, log_variance, torch.randn_like(mean))
        return loss(x, like(x, decoder(z)), mean, log_variance)

    return [_player("VAE", nn.ModuleDict({"encoder": encoder, "decoder": decoder}), bound, lr, betas)]


def classifier(C: nn.Module, *, lr: float = 1e-3) -> list[Player]:
    """A game of one player for batches ``(x, y)``: logits that predict the label (an independent judge of samples)."""
    return [_player("C", C, lambda batch: F.cross_entropy(C(batch[0]), batch[1]), lr, (0.9, 0.999))]


def _player(
    name: str,
    module: nn.Module,
    loss: Callable[[Batch], Tensor],
    lr: float,
    betas: tuple[float, float],
    *,
    every: int = 1,
    after: After | None = None,
) -> Player:
    parameters = list(module.parameters())
    if not parameters:
        raise PlayError(f"player {name!r} has no parameters, so there is nothing to train; give its network a layer.")
    return Player(name, module, loss, Adam(parameters, lr, betas), every, after)
