"""Section 6 over several seeds: do an InfoGAN's codes find the class, the rotation and the width of glyphs?

python benchmarks/infogan.py [--quick] [--json PATH]
"""

import math
import time
from statistics import median
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from report import options, show, write
from scipy.optimize import linear_sum_assignment
from scipy.stats import spearmanr
from torch import Tensor, nn
from tqdm import tqdm

from dgm import data, games, latents, nets, training

TURNS, NUMBER_WEIGHT = 3000, 0.1
Codes = tuple[Tensor, Tensor]
GAME = games.Game(
    lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(), lambda fake: F.softplus(-fake).mean()
)
KEYS = ("accuracy", "rotation", "width", "category_loss", "number_loss")

# What differs from the lesson's longer run: the generator's weight on the information, how many noise numbers it has
# and how strongly the codes enter beside them, and the share of the turns over which the numbers are faded in.
VARIANTS: dict[str, dict[str, Any]] = {
    "as in the lesson": {},
    "no information term": {"info_weight": 0.0},
    "strong codes": {"noise_dim": 2, "strength": 3.0},
    "strong codes, no information term": {"noise_dim": 2, "strength": 3.0, "info_weight": 0.0},
    "strong codes, numbers not faded in": {"noise_dim": 2, "strength": 3.0, "fade_in": 0.0},
}


class Generator(nn.Module):
    """Noise, and codes (categories, two numbers) → pictures (n, 1, 14, 14)."""

    def __init__(self, noise_dim: int, strength: float):
        super().__init__()
        layers = [nn.Linear(noise_dim + 12, 256), nn.BatchNorm1d(256), nn.ReLU()]
        layers += [nn.Linear(256, 256), nn.BatchNorm1d(256), nn.ReLU()]
        layers += [nn.Linear(256, 196), nn.Sigmoid(), nn.Unflatten(1, (1, 14, 14))]
        self.net, self.strength, self.faded = nn.Sequential(*layers), strength, 1.0

    def forward(self, z: Tensor, c: Codes) -> Tensor:
        category, numbers = self.strength * F.one_hot(c[0], 10), self.strength * self.faded * c[1]
        return self.net(torch.cat([z, category, numbers], dim=1))


def codes(n: int) -> Codes:
    """Categories (n,) and numbers (n, 2)."""
    return latents.categorical(10)(n), latents.uniform(2)(n)


def info(q: Tensor, c: Codes) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the category, Gaussian negative log-likelihood of the numbers."""
    category, numbers = c
    mean, log_var = q[:, 10:12], q[:, 12:]
    error = (numbers - mean).square() * (-log_var).exp()
    return F.cross_entropy(q[:, :10], category), 0.5 * (math.log(2 * math.pi) + log_var + error).mean()


def info_loss(q: Tensor, c: Codes) -> Tensor:
    """What the players descend: the numbers weigh little, because their loss has no floor."""
    first, second = info(q, c)
    return first + NUMBER_WEIGHT * second


def glyphs(n: int, seed: int) -> tuple[Tensor, Tensor, np.ndarray]:
    """Pictures (n, 1, 14, 14), classes (n,), and factors (n, 2): rotation and width."""
    g = data.glyphs(n, faces=("DejaVuSans",), rotation=12.0, width=0.2, slant=0.0, shift=0.0, weight=0.0, seed=seed)
    return F.avg_pool2d(g.x, 2), g.y, np.stack([g.rotation.numpy(), g.width.numpy()], axis=1)


def run(
    variant: str,
    seed: int,
    turns: int,
    info_weight: float = 1.0,
    noise_dim: int = 8,
    strength: float = 1.0,
    fade_in: float = 1 / 3,
) -> dict[str, Any]:
    x_real, _, _ = glyphs(20_000, seed=0)
    torch.manual_seed(seed)
    G, noise, draw = Generator(noise_dim, strength), nets.InstanceNoise(0.5), latents.gaussian(noise_dim)
    trunk = nn.Sequential(noise, nn.Flatten(), *nets.mlp([196, 256, 256]), nn.LeakyReLU(0.2))
    D, Q = nets.Head(trunk, nn.Linear(256, 1)), nets.Head(trunk, nets.mlp([256, 100, 14]))
    players = games.infogan(G, D, Q, GAME, info_loss, draw, codes, g_weight=info_weight, lr=1e-3, g_lr=2e-3)
    began = time.process_time()
    G.faded = 0.0 if fade_in else 1.0
    for turn in training.play(players, data.batches(x_real, size=64), turns, anneal=0.5, progress=False):
        left = 1 - turn.step / turns
        noise.sigma, G.faded = max(left - 0.5, 0), min(1.0, (1 - left) / fade_in) if fade_in else 1.0
    found = scores(G, Q, draw(2000), codes(2000))
    return {"variant": variant, "seed": seed, **found, "seconds": time.process_time() - began}


@torch.no_grad()
def scores(G: nn.Module, Q: nn.Module, z: Tensor, c: Codes) -> dict[str, Any]:
    """On held-out real glyphs, and on fakes: what Q makes of the category, and how its numbers follow the factors."""
    x, y, factors = glyphs(2000, seed=1)
    q = Q(x)
    counts = np.zeros((10, 10))
    np.add.at(counts, (q[:, :10].argmax(1).numpy(), y.numpy()), 1)
    matched = counts[linear_sum_assignment(counts, maximize=True)].sum() / len(y)
    ranks = [[spearmanr(mean, factor)[0] for factor in factors.T] for mean in q[:, 10:12].T.numpy()]
    # Either code may have taken either factor: report the pairing whose weaker correlation is the stronger.
    pairings = [(abs(ranks[0][0]), abs(ranks[1][1])), (abs(ranks[1][0]), abs(ranks[0][1]))]
    best = max(pairings, key=min)
    first, second = info(Q(G(z, c)), c)
    return {
        "accuracy": matched, "rotation": best[0], "width": best[1], "ranks": ranks,
        "category_loss": first.item(), "number_loss": second.item(),
    }  # fmt: skip


def main() -> None:
    arguments = options((__doc__ or "").split("\n")[0]).parse_args()
    torch.set_num_threads(1)
    seeds, turns = ([0], 100) if arguments.quick else ([0, 1, 2, 3, 4], TURNS)
    games = [(name, seed, how) for name, how in VARIANTS.items() for seed in seeds]
    rows = [run(name, seed, turns, **how) for name, seed, how in tqdm(games, unit="game")]
    lines = []
    for name in VARIANTS:
        mine = [row for row in rows if row["variant"] == name]
        lines += [
            [name if row is mine[0] else "", f"{row['seed']}", *(f"{row[key]:.2f}" for key in KEYS)] for row in mine
        ]
        lines.append(["", "median", *(f"{median(row[key] for row in mine):.2f}" for key in KEYS)])
    columns = ["game", "seed", "accuracy", "|rank| rotation", "|rank| width", "category loss", "number loss"]
    note = "Accuracy and rank correlations of Q on 2,000 held-out real glyphs; losses on fakes, in nats."
    show(f"InfoGAN on glyphs, {turns} turns", columns, lines, note)
    write(arguments.json, rows)


if __name__ == "__main__":
    main()
