"""Section 9 over several seeds: what each training trick does to a plain GAN on the 2-D ring and grid.

python benchmarks/tricks.py [--quick] [--json PATH] [--only WORD]

Every row changes one thing in the first row: networks of two hidden layers of 128, the non-saturating loss, Adam as in
DCGAN's paper (β₁ = 0.5) with learning rate 1e-3, batches of 128. No row is tuned: weights and numbers are those of the
papers where they give them, and 1 or the next round number where they don't. All runs have the same number of optimiser
steps, both players' together. A unit of length is the ring's radius and the grid's spacing.
"""

import copy
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import mean
from typing import NamedTuple

import torch
import torch.nn.functional as F
from report import options, show, write
from torch import Tensor, nn

from dgm import data, games, latents, metrics, nets, training
from dgm.training import Batch, Player

STEPS = 5000  # of both optimisers together
BATCH, WIDTH, NOISE, RATE = 128, 128, 16, 1e-3


class Task(NamedTuple):
    x: Tensor
    y: Tensor
    centres: Tensor
    std: float


TASKS = {
    "ring": Task(*data.ring(50_000, radius=1.0, std=0.025), data.ring_centres(radius=1.0), 0.025),
    "grid": Task(*data.grid(50_000, spacing=1.0, std=0.05), data.grid_centres(spacing=1.0), 0.05),
}

Setup = tuple[list[Player], nn.Module]  # who plays, and the network to draw samples from
latent = latents.gaussian(NOISE)
play_gan = partial(games.gan, latent=latent, lr=RATE, betas=(0.5, 0.999))


def cross_entropy(real: Tensor, fake: Tensor, real_target: float = 1.0, fake_target: float = 0.0) -> Tensor:
    return (F.softplus(real) - real_target * real).mean() + (F.softplus(fake) - fake_target * fake).mean()


def smoothed(real_target: float, fake_target: float) -> games.Game:
    """Cross-entropy for D with these targets, the non-saturating loss for G."""
    loss = partial(cross_entropy, real_target=real_target, fake_target=fake_target)
    return games.Game(loss, lambda fake: F.softplus(-fake).mean())


PLAIN = smoothed(1.0, 0.0)


def generator(inputs: int = NOISE) -> nn.Module:
    return nets.mlp([inputs, WIDTH, WIDTH, 2], activation=nn.ReLU)


def discriminator(inputs: int = 2, spectral: bool = False) -> nets.Head:
    """Scores from the features of a trunk, so that tricks can get at the features."""
    trunk = nets.mlp([inputs, WIDTH, WIDTH], activation=nn.ReLU, final=nn.ReLU(), spectral=spectral)
    head = nets.mlp([WIDTH, 1], spectral=spectral)
    return nets.Head(trunk, head)


# --- what the players want --------------------------------------------------------------------------------------------


def plain(task: Task) -> Setup:
    G = generator()
    return play_gan(G, discriminator(), PLAIN), G


def feature_matching(task: Task) -> Setup:
    """G matches the means of D's last hidden layer in place of fooling D (Salimans et al., 2016, section 3.1)."""
    G, D = generator(), discriminator()
    d, g = play_gan(G, D, PLAIN)

    def loss(batch: Batch) -> Tensor:
        fake = G(latent(len(batch[0])))
        return (D.trunk(batch[0]).mean(0) - D.trunk(fake).mean(0)).square().sum()

    return [d, replace(g, loss=loss)], G


def one_sided_smoothing(task: Task) -> Setup:
    G = generator()
    return play_gan(G, discriminator(), smoothed(0.9, 0.0)), G


def two_sided_smoothing(task: Task) -> Setup:
    G = generator()
    return play_gan(G, discriminator(), smoothed(0.9, 0.1)), G


def unrolled(task: Task, looks: int = 3, rate: float = 0.1) -> Setup:
    """G looks at the D of three gradient steps later, and differentiates through them (Metz et al., 2017)."""
    G, D = generator(), discriminator()
    d, g = play_gan(G, D, PLAIN)

    def loss(batch: Batch) -> Tensor:
        real, fake = batch[0], G(latent(len(batch[0])))
        weights: dict[str, Tensor] = dict(D.named_parameters())
        score = partial(torch.func.functional_call, D)
        for _ in range(looks):
            value = PLAIN.d_loss(score(weights, real), score(weights, fake))
            slopes = torch.autograd.grad(value, list(weights.values()), create_graph=True)
            weights = {name: w - rate * s for (name, w), s in zip(weights.items(), slopes, strict=True)}
        return PLAIN.g_loss(score(weights, fake))

    return [d, replace(g, loss=loss)], G


def historical_averaging(task: Task, weight: float = 1.0) -> Setup:
    """Each player pays for its squared distance from the mean of its past (Salimans et al., 2016, section 3.3)."""
    G = generator()
    return [remember(player, weight) for player in play_gan(G, discriminator(), PLAIN)], G


def remember(player: Player, weight: float) -> Player:
    parameters = list(player.module.parameters())
    past, moves = [p.detach().clone() for p in parameters], 1

    def loss(batch: Batch) -> Tensor:
        away = sum((p - m).square().sum() for p, m in zip(parameters, past, strict=True))
        return player.loss(batch) + weight * away

    @torch.no_grad()
    def after(module: nn.Module) -> None:
        nonlocal moves
        moves += 1
        for p, m in zip(parameters, past, strict=True):
            m += (p - m) / moves

    return replace(player, loss=loss, after=after)


# --- what the networks are --------------------------------------------------------------------------------------------


class MinibatchDiscriminator(nn.Module):
    """Scores a sample by its features and its closeness to the others of its batch (Salimans et al., 2016, 3.2)."""

    def __init__(self, rows: int = 4, columns: int = 4):
        super().__init__()
        self.trunk = discriminator().trunk
        self.kernel = nn.Parameter(torch.randn(WIDTH, rows, columns) / WIDTH**0.5)
        self.head = nn.Linear(WIDTH + rows, 1)

    def forward(self, x: Tensor) -> Tensor:
        features = self.trunk(x)
        m = torch.einsum("nf,fbc->nbc", features, self.kernel)
        closeness = (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1  # itself not counted
        return self.head(torch.cat([features, closeness], dim=1))


class Packed(nn.Module):
    """One score for every m samples together, given back to each of them (Lin et al., 2018)."""

    def __init__(self, m: int):
        super().__init__()
        self.net, self.m = discriminator(2 * m), m

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x.reshape(len(x) // self.m, -1)).repeat_interleave(self.m, dim=0)


class VirtualNorm(nn.Module):
    """A generator whose hidden layers are normalised with a fixed reference batch and the sample itself."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(NOISE, WIDTH), nn.Linear(WIDTH, WIDTH)])
        self.scales = nn.ParameterList([torch.ones(WIDTH), torch.ones(WIDTH)])
        self.shifts = nn.ParameterList([torch.zeros(WIDTH), torch.zeros(WIDTH)])
        self.last = nn.Linear(WIDTH, 2)
        self.reference = nn.Buffer(latent(BATCH))

    def forward(self, z: Tensor) -> Tensor:
        h, r = z, self.reference
        for layer, scale, shift in zip(self.layers, self.scales, self.shifts, strict=True):
            h, r = layer(h), layer(r)
            variance, centre = torch.var_mean(r, dim=0, correction=0)
            share = 1 / (len(r) + 1)  # of the sample in its own statistics
            m = share * h + (1 - share) * centre
            v = (1 - share) * variance + share * (1 - share) * (h - centre).square()
            h = torch.relu(scale * (h - m) / (v + 1e-5).sqrt() + shift)
            r = torch.relu(scale * (r - centre) / (variance + 1e-5).sqrt() + shift)
        return self.last(h)


class Blurred(nn.Module):
    """A discriminator that sees everything through noise (Arjovsky and Bottou, 2017)."""

    def __init__(self, net: nn.Module, blur: float):
        super().__init__()
        self.net, self.blur = net, blur

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x + self.blur * torch.randn_like(x))


def minibatch_discrimination(task: Task) -> Setup:
    G = generator()
    return play_gan(G, MinibatchDiscriminator(), PLAIN), G


def packing(task: Task, m: int) -> Setup:
    G = generator()
    return play_gan(G, Packed(m), PLAIN), G


def with_batch_norm(net: nn.Module) -> nn.Sequential:
    layers = []
    for layer in net.children():
        layers += [nn.BatchNorm1d(WIDTH), layer] if isinstance(layer, nn.ReLU) else [layer]
    return nn.Sequential(*layers)


def batch_norm(task: Task) -> Setup:
    G = with_batch_norm(generator())
    return play_gan(G, discriminator(), PLAIN), G


def batch_norm_both(task: Task) -> Setup:
    G, D = with_batch_norm(generator()), discriminator()
    D.trunk = with_batch_norm(D.trunk)
    return play_gan(G, D, PLAIN), G


def virtual_batch_norm(task: Task) -> Setup:
    G = VirtualNorm()
    return play_gan(G, discriminator(), PLAIN), G


def spectral_norm(task: Task) -> Setup:
    G = generator()
    return play_gan(G, discriminator(spectral=True), PLAIN), G


def zero_centred_penalty(task: Task, weight: float = 0.5) -> Setup:
    """R1: half the squared slope of D at the data (Mescheder et al., 2018)."""

    def penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
        real = real.detach().requires_grad_()
        (slope,) = torch.autograd.grad(critic(real).sum(), real, create_graph=True)
        return weight * slope.square().sum(1).mean()

    G = generator()
    return play_gan(G, discriminator(), PLAIN, penalty=penalty), G


def fading_noise(task: Task, start: float = 0.5, **how) -> Setup:
    """Instance noise whose deviation falls from half a unit to 0 in the first half of D's steps."""
    G, D = generator(), Blurred(discriminator(), start)

    def fade(module: nn.Module) -> None:
        D.blur = max(0.0, D.blur - start / (STEPS / 4))

    return play_gan(G, D, PLAIN, d_after=fade, **how), G


def labels(task: Task) -> Setup:
    """Both players are told the mode, as one more input each (Mirza and Osindero, 2014)."""
    k = len(task.centres)

    def join(x: Tensor, y: Tensor) -> Tensor:
        return torch.cat([x, F.one_hot(y, k).to(x.dtype)], dim=1)

    G, D = nets.Conditional(generator(NOISE + k), join), nets.Conditional(discriminator(2 + k), join)
    return play_gan(G, D, PLAIN), G


# --- how they move ----------------------------------------------------------------------------------------------------


def discriminator_first(task: Task) -> Setup:
    G = generator()
    return play_gan(G, discriminator(), PLAIN, d_steps=5), G


def generator_first(task: Task) -> Setup:
    G = generator()
    d, g = play_gan(G, discriminator(), PLAIN)
    return [replace(d, every=5), g], G


def two_rates(task: Task) -> Setup:
    """D four times as fast as G, with the same mean rate on a logarithmic scale (after Heusel et al., 2017)."""
    G = generator()
    return play_gan(G, discriminator(), PLAIN, lr=2 * RATE, g_lr=RATE / 2), G


def without_momentum(task: Task) -> Setup:
    G = generator()
    return play_gan(G, discriminator(), PLAIN, betas=(0.0, 0.99)), G


def averaged_weights(task: Task) -> Setup:
    """Samples come from the exponential average of G's weights (Yazıcı et al., 2019); nothing else changes."""
    G = generator()
    averaged = training.average(G, 0.998)
    return play_gan(G, discriminator(), PLAIN, g_after=averaged.update_parameters), averaged


def four_together(task: Task) -> Setup:
    """Fading noise, a faster D, no momentum, averaged weights."""
    players, G = fading_noise(task, betas=(0.0, 0.99), lr=2 * RATE, g_lr=RATE)
    averaged = training.average(G, 0.998)
    return [players[0], replace(players[1], after=averaged.update_parameters)], averaged


TRICKS: dict[str, Callable[[Task], Setup]] = {
    "plain": plain,
    "feature matching": feature_matching,
    "minibatch features": minibatch_discrimination,
    "packing, 2": partial(packing, m=2),
    "packing, 4": partial(packing, m=4),
    "one-sided smoothing, 0.9": one_sided_smoothing,
    "two-sided smoothing, 0.9 and 0.1": two_sided_smoothing,
    "labels": labels,
    "batch norm in G": batch_norm,
    "batch norm in G and D": batch_norm_both,
    "virtual batch norm in G": virtual_batch_norm,
    "spectral norm in D": spectral_norm,
    "zero-centred penalty, γ = 1": zero_centred_penalty,
    "instance noise, fading": fading_noise,
    "5 steps of D per step of G": discriminator_first,
    "5 steps of G per step of D": generator_first,
    "D's rate 4 times G's": two_rates,
    "Adam without momentum": without_momentum,
    "historical averaging": historical_averaging,
    "averaged weights": averaged_weights,
    "unrolling, 3 steps": unrolled,
    "noise, rates, no momentum, averaging": four_together,
}


def run(name: str, trick: str, seed: int, steps: int) -> dict:
    """Train once; count the modes of 2,500 samples."""
    task = TASKS[name]
    torch.manual_seed(seed)
    players, G = TRICKS[trick](task)
    batch = (task.x, task.y) if trick == "labels" else (task.x,)
    turns = round(steps / sum(1 / player.every for player in players))
    begin = time.process_time()
    for _ in training.play(players, data.batches(*batch, size=BATCH), turns, progress=False):
        pass
    seconds = time.process_time() - begin
    G = copy.deepcopy(G).eval()
    known = (task.y[:2500],) if trick == "labels" else ()
    with torch.no_grad():
        found = metrics.mode_coverage(G(latent(2500), *known), task.centres, task.std)
    return {
        "data": name, "trick": trick, "seed": seed, "turns": turns, "modes": found.modes, "of": len(task.centres),
        "high_quality": round(found.high_quality, 4), "cpu_seconds": round(seconds, 1),
    }  # fmt: skip


def spread(values: list[float], form: str) -> str:
    return f"{mean(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def main() -> None:
    parser = options((__doc__ or "").split("\n")[0])
    parser.add_argument("--only", default="", metavar="WORD", help="only the tricks whose name contains this")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # a game that is won makes gradients next to 0, which are slow
    seeds, steps = ([0], 60) if arguments.quick else ([0, 1, 2, 3, 4], STEPS)
    chosen = [trick for trick in TRICKS if arguments.only in trick]
    if not chosen:
        parser.error(f"no trick's name contains {arguments.only!r}")
    rows = []
    for trick in chosen:
        for name in TASKS:
            rows += [run(name, trick, seed, steps) for seed in seeds]
        write(arguments.json, rows)  # the whole takes half an hour: keep what there is
    lines = []
    for trick in chosen:
        line = [trick]
        for name in TASKS:
            mine = [row for row in rows if (row["trick"], row["data"]) == (trick, name)]
            line += [
                spread([row["modes"] for row in mine], ".1f"),
                spread([row["high_quality"] for row in mine], ".0%"),
            ]
        lines.append([*line, f"{mean(row['cpu_seconds'] for row in rows if row['trick'] == trick):.0f}"])
    columns = ["", "ring: modes of 8", "high quality", "grid: modes of 25", "high quality", "CPU s"]
    show(f"One trick at a time, {len(seeds)} seeds: mean (least to greatest)", columns, lines)


if __name__ == "__main__":
    main()
