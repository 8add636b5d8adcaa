"""Who plays against whom: networks and loss functions in, players out.

The losses come from the lesson. The two games that the library brings, `HINGE` and `LEAST_SQUARES`, are asked for by no
exercise. In every signature real comes before fake, and discriminators return scores (logits), never probabilities.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dgm.nets import per_sample
from dgm.optimizers import Adam
from dgm.players import Batch, Player, PlayError

Penalty = Callable[[Callable[[Tensor], Tensor], Tensor, Tensor], Tensor]
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
    sample = _sampler(latent, G)
    judge = _judge(D)

    def d_loss(batch: Batch) -> Tensor:
        x, *y = batch
        with torch.no_grad():
            fake = _like(x, G(sample(len(x)), *y))
        loss = game.d_loss(*judge(x, fake, *y))
        return loss if penalty is None else loss + penalty(lambda v: _scores(D(v, *y), v), x, fake)

    def g_loss(batch: Batch) -> Tensor:
        x, *y = batch
        fake = _like(x, G(sample(len(x)), *y))
        return game.g_loss(_scores(D(fake, *y), fake))

    return [
        Player("D", D, d_loss, Adam(D.parameters(), lr, betas), after=d_after),
        Player("G", G, g_loss, Adam(G.parameters(), g_lr or lr, betas), every=d_steps, after=g_after),
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
    lr: float = 1e-3,
    g_lr: float | None = None,
    betas: tuple[float, float] = (0.0, 0.99),
    g_after: After | None = None,
) -> list[Player]:
    """A GAN whose generator must keep its codes readable (Chen et al., 2016, eq. 6).

    G is called as ``G(z, c)``; Q guesses c from a fake and may share layers with D. Both players descend
    ``weight · info_loss(Q(G(z, c)), c)`` beside the adversarial loss: D's player trains D and Q, G's player trains G.
    """
    sample, draw = _sampler(latent, G), _sampler(codes, G)
    judge = _judge(D)

    def d_loss(batch: Batch) -> Tensor:
        (x,) = batch
        c = draw(len(x))
        with torch.no_grad():
            fake = _like(x, G(sample(len(x)), c))
        return game.d_loss(*judge(x, fake)) + weight * info_loss(Q(fake), c)

    def g_loss(batch: Batch) -> Tensor:
        (x,) = batch
        c = draw(len(x))
        fake = _like(x, G(sample(len(x)), c))
        return game.g_loss(_scores(D(fake), fake)) + weight * info_loss(Q(fake), c)

    both = nn.ModuleList([D, Q])
    return [
        Player("D", both, d_loss, Adam(both.parameters(), lr, betas)),
        Player("G", G, g_loss, Adam(G.parameters(), g_lr or lr, betas), after=g_after),
    ]


def cyclegan(
    G_ab: nn.Module,
    G_ba: nn.Module,
    D_a: nn.Module,
    D_b: nn.Module,
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
    """Two domains, a translator each way and a judge in each (Zhu et al., 2017, eq. 3).

    A batch is ``(a, b)``, unpaired.

    Arguments:
        d_loss: (real scores, fake scores) → scalar, for both discriminators.
        g_loss: (D_a's fake scores, D_b's fake scores, a, a cycled, b, b cycled) → scalar, for both generators together.
        identity: (x, x mapped into its own domain) → scalar; added for both domains times ``identity_weight``.
        pools: For each domain, what the discriminator is shown instead of the newest fakes (a replay pool).
    """

    def judge_loss(D: nn.Module, translate: nn.Module, pool: Callable[[Tensor], Tensor], own: int):
        judge = _judge(D)

        def loss(batch: Batch) -> Tensor:
            real, other = batch[own], batch[1 - own]
            with torch.no_grad():
                fake = pool(_like(real, translate(other)))
            return d_loss(*judge(real, fake))

        return loss

    def translators_loss(batch: Batch) -> Tensor:
        a, b = batch
        fake_a, fake_b = _like(a, G_ba(b)), _like(b, G_ab(a))
        loss = g_loss(_scores(D_a(fake_a), fake_a), _scores(D_b(fake_b), fake_b), a, G_ba(fake_b), b, G_ab(fake_a))
        if identity is not None:
            loss = loss + identity_weight * (identity(a, G_ba(a)) + identity(b, G_ab(b)))
        return loss

    translators = nn.ModuleDict({"ab": G_ab, "ba": G_ba})
    return [
        Player("D_a", D_a, judge_loss(D_a, G_ba, pools[0], 0), Adam(D_a.parameters(), lr, betas)),
        Player("D_b", D_b, judge_loss(D_b, G_ab, pools[1], 1), Adam(D_b.parameters(), lr, betas)),
        Player("G", translators, translators_loss, Adam(translators.parameters(), g_lr or lr, betas), after=g_after),
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
        mean, log_var = encoder(x)
        z = reparameterize(mean, log_var, torch.randn_like(mean))
        return loss(x, _like(x, decoder(z)), mean, log_var)

    both = nn.ModuleDict({"encoder": encoder, "decoder": decoder})
    return [Player("VAE", both, bound, Adam(both.parameters(), lr, betas))]


def classifier(C: nn.Module, *, lr: float = 1e-3) -> list[Player]:
    """A game of one player for batches ``(x, y)``: logits that predict the label (an independent judge of samples)."""
    return [
        Player("C", C, lambda batch: F.cross_entropy(C(batch[0]), batch[1]), Adam(C.parameters(), lr, (0.9, 0.999)))
    ]


def _sampler(draw: Callable[[int], Any], module: nn.Module) -> Callable[[int], Any]:
    """Let a sampler draw where the module lives, whatever it was written for."""

    home = next(module.parameters(), None)  # moves with the module; looking for it every time costs more than drawing
    if home is None:
        raise PlayError("the generator has no parameters, so there is nothing to train; give it a layer.")

    def sample(n: int) -> Any:
        if home.device.type == "cpu":
            return draw(n)
        with home.device:
            drawn = draw(n)
        return drawn.to(home.device) if isinstance(drawn, Tensor) else tuple(part.to(home.device) for part in drawn)

    return sample


def _judge(D: nn.Module) -> Callable[..., tuple[Tensor, Tensor]]:
    """Score real and fake: in one pass where no layer of D mixes samples, which is the same and faster, else in two."""
    if not per_sample(D):
        return lambda x, fake, *y: (_scores(D(x, *y), x), _scores(D(fake, *y), fake))

    def judge(x: Tensor, fake: Tensor, *y: Tensor) -> tuple[Tensor, Tensor]:
        both = torch.cat([x, fake])
        scores = _scores(D(both, *(torch.cat([label, label]) for label in y)), both)
        return scores[: len(x)], scores[len(x) :]

    return judge


def _like(real: Tensor, fake: Tensor) -> Tensor:
    if fake.shape[1:] != real.shape[1:]:
        raise PlayError(
            f"the generator makes samples of shape {tuple(fake.shape[1:])} but the data have shape "
            f"{tuple(real.shape[1:])}; change the last layer of G or the shape of the data."
        )
    return fake


_VIEWS = {"ViewBackward0", "ReshapeAliasBackward0", "SqueezeBackward0", "SqueezeBackward1", "UnsqueezeBackward0"}


def _scores(scores: Tensor, x: Tensor) -> Tensor:
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
