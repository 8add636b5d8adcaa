"""Section 9 over several seeds: what each training trick does to a plain GAN on the 2-D ring and grid.

    python benchmarks/tricks.py [--quick] [--json PATH] [--only WORD] [--data WORD] [--seeds N] [--first SEED]
    python benchmarks/tricks.py --page FILE

Networks, losses and tricks are the lesson's own functions. Every row changes one thing in the first row: the
non-saturating loss, Adam with learning rate 1e-3 (its authors' default; DCGAN's paper calls it too high for its deep
networks and takes 2e-4, which is a row) and betas 0.5 and 0.999 (as in that paper), batches of 128. No row is tuned:
weights and numbers are those of the papers where they give them, and 1 or the next round number where they don't. All
runs have the same number of optimiser steps, both players' together. A unit of length is the ring's radius and the
grid's spacing.

With --json, rows that are in the file already are kept, and only the others are run: seeds can be added.
"""

import copy
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import torch
import torch.nn.functional as F
from lesson import load
from report import options, show, write
from torch import Tensor, nn

from dgm import data, games, metrics, nets, training
from dgm.training import Batch, Player

STEPS = 5000  # of both optimisers together
BATCH, WIDTH, NOISE, RATE = 128, 128, 16, 1e-3


def many_at_once(x: Tensor, reference: Tensor, eps: float) -> Tensor:
    """Virtual batch norm from the reference's mean and variance, which need not be computed for each sample anew."""
    variance, centre = torch.var_mean(reference, dim=0, correction=0)
    share = 1 / (len(reference) + 1)  # of the sample in its own statistics
    v = (1 - share) * variance + share * (1 - share) * (x - centre).square()
    return (1 - share) * (x - centre) / (v + eps).sqrt()


LESSON = load(
    "09-training-tricks",
    *("PLAIN", "latent", "generator", "discriminator", "feature_matching_loss", "minibatch_features"),
    *("smoothed_discriminator_loss", "virtual_batch_norm", "zero_centred_penalty"),
    answers={"virtual_batch_norm": many_at_once},
)
PLAIN: games.Game = LESSON["PLAIN"]
latent, generator, discriminator = LESSON["latent"], LESSON["generator"], LESSON["discriminator"]


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
play_gan = partial(games.gan, latent=latent, lr=RATE, betas=(0.5, 0.999))


def two_sided(real: Tensor, fake: Tensor, real_target: float = 0.9, fake_target: float = 0.1) -> Tensor:
    return (F.softplus(real) - real_target * real).mean() + (F.softplus(fake) - fake_target * fake).mean()


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
        return LESSON["feature_matching_loss"](D.trunk(batch[0]), D.trunk(fake))

    return [d, replace(g, loss=loss)], G


def one_sided_smoothing(task: Task) -> Setup:
    G = generator()
    loss = partial(LESSON["smoothed_discriminator_loss"], smooth=0.9)
    return play_gan(G, discriminator(), PLAIN._replace(d_loss=loss)), G


def two_sided_smoothing(task: Task) -> Setup:
    G = generator()
    return play_gan(G, discriminator(), PLAIN._replace(d_loss=two_sided)), G


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
        closeness = LESSON["minibatch_features"](features, self.kernel)
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
            h = torch.relu(scale * LESSON["virtual_batch_norm"](h, r, 1e-5) + shift)
            centred = (r - r.mean(0)) / (r.var(0, correction=0) + 1e-5).sqrt()  # the reference is its own company
            r = torch.relu(scale * centred + shift)
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
    trunk = nets.mlp([2, WIDTH, WIDTH], activation=nn.ReLU, final=nn.ReLU(), spectral=True)
    return play_gan(G, nets.Head(trunk, nets.mlp([WIDTH, 1], spectral=True)), PLAIN), G


def zero_centred_penalty(task: Task) -> Setup:
    """R1 with its weight γ = 1 (Mescheder et al., 2018)."""

    def penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
        return LESSON["zero_centred_penalty"](critic, real)

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


def slower_or_faster(task: Task, rate: float) -> Setup:
    G = generator()
    return play_gan(G, discriminator(), PLAIN, lr=rate), G


def averaged_weights(task: Task) -> Setup:
    """Samples come from the exponential average of G's weights (Yazıcı et al., 2019); nothing else changes."""
    G = generator()
    averaged = training.average(G, 0.998)
    return play_gan(G, discriminator(), PLAIN, g_after=averaged.update_parameters), averaged


class Parted(nn.Module):
    """Push every coordinate of the noise away from 0: many clouds in place of one (as in benchmarks/modes.py)."""

    def forward(self, z: Tensor) -> Tensor:
        return z + z.sign()


def together(task: Task, parted: bool = False) -> Setup:
    """Fading noise, a faster D, no momentum, averaged weights; and the generator's noise in many clouds."""
    G, D = generator(), Blurred(discriminator(), 0.5)
    if parted:
        G = nn.Sequential(Parted(), G)

    def fade(module: nn.Module) -> None:
        D.blur = max(0.0, D.blur - 0.5 / (STEPS / 4))

    averaged = training.average(G, 0.998)
    players = play_gan(
        G, D, PLAIN, betas=(0.0, 0.99), lr=2 * RATE, g_lr=RATE, d_after=fade, g_after=averaged.update_parameters
    )
    return players, averaged


TRICKS: dict[str, Callable[[Task], Setup]] = {
    "plain": plain,
    "rate 2e-4, as DCGAN": partial(slower_or_faster, rate=2e-4),
    "rate 5e-4": partial(slower_or_faster, rate=5e-4),
    "rate 2e-3": partial(slower_or_faster, rate=2e-3),
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
    "noise, rates, no momentum, averaging": together,
    "the same, all rates falling to 0": together,
    "the same, noise in clouds": partial(together, parted=True),
}
FALLING = ("the same, all rates falling to 0", "the same, noise in clouds")


def run(name: str, trick: str, seed: int, steps: int) -> dict:
    """Train once; count the modes of 2,500 samples."""
    task = TASKS[name]
    torch.manual_seed(seed)
    players, G = TRICKS[trick](task)
    batch = (task.x, task.y) if trick == "labels" else (task.x,)
    turns = round(steps / sum(1 / player.every for player in players))
    begin = time.process_time()
    anneal = 1.0 if trick in FALLING else 0.0
    for _ in training.play(players, data.batches(*batch, size=BATCH), turns, anneal=anneal, progress=False):
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


def spread(values: list, form: str, ends: str) -> str:
    return f"{mean(values):{form}} ({min(values):{ends}} to {max(values):{ends}})"


def lines(rows: list[dict]) -> list[list[str]]:
    """The table's lines: what was found on each data set, how many runs there were, and what one of them cost."""
    found = []
    for trick in TRICKS:
        line, counts = [trick], []
        for name in TASKS:
            mine = [row for row in rows if (row["trick"], row["data"]) == (trick, name)]
            counts.append(str(len(mine)))
            modes, good = [row["modes"] for row in mine], [row["high_quality"] for row in mine]
            line += [spread(modes, ".1f", "d"), spread(good, ".0%", ".0%")] if mine else ["", ""]
        if any(line[1:]):
            found.append([*line, " + ".join(counts)])
    return found


COLUMNS = ["", "ring: modes of 8", "high quality", "grid: modes of 25", "high quality", "runs"]


def main() -> None:
    parser = options((__doc__ or "").split("\n")[0])
    parser.add_argument("--only", default="", metavar="WORD", help="only the tricks whose name contains this")
    parser.add_argument("--data", default="", metavar="WORD", help="only the ring, or only the grid")
    parser.add_argument("--seeds", type=int, default=10, help="runs per row (default 10)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default 0)")
    parser.add_argument("--page", type=Path, metavar="FILE", help="run nothing: print the lesson's table of these rows")
    arguments = parser.parse_args()
    if arguments.page:
        rows = json.loads(arguments.page.read_text())["rows"]
        for line in (COLUMNS, ["---"] * len(COLUMNS), *lines(rows)):
            cells = [re.sub(r"%(?= |\)|$)", " %", cell).replace(" % to", " to").replace(" %)", ")") for cell in line]
            print("|" + "|".join(f" {cell} ".replace("  ", " ") for cell in cells) + "|")
        return
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # a game that is won makes gradients next to 0, which are slow
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    seeds, steps = ([0], 60) if arguments.quick else (seeds, STEPS)
    chosen = [trick for trick in TRICKS if arguments.only in trick]
    if not chosen or arguments.data not in "ring grid":
        parser.error(f"no trick's name contains {arguments.only!r}, or no data are called {arguments.data!r}")
    rows = []
    if arguments.json and arguments.json.exists():
        rows = json.loads(arguments.json.read_text())["rows"]
    done = {(row["data"], row["trick"], row["seed"]) for row in rows}
    for trick in chosen:
        for name in (name for name in TASKS if arguments.data in name):
            rows += [run(name, trick, seed, steps) for seed in seeds if (name, trick, seed) not in done]
            write(arguments.json, rows)  # the whole takes hours: keep what there is
    show("One trick at a time: mean (least to greatest)", COLUMNS, lines(rows))


if __name__ == "__main__":
    main()
