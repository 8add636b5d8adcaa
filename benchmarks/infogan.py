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

from dgm import data, nets
from dgm.optimizers import Adam

TURNS, NUMBER_WEIGHT = 3000, 0.1
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


def generator(noise_dim: int) -> nn.Module:
    """Noise, a one-hot category and two numbers, (n, noise_dim + 12) → pictures (n, 1, 14, 14)."""
    layers = [nn.Linear(noise_dim + 12, 256), nn.BatchNorm1d(256), nn.ReLU()]
    layers += [nn.Linear(256, 256), nn.BatchNorm1d(256), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(256, 196), nn.Sigmoid(), nn.Unflatten(1, (1, 14, 14)))


class InstanceNoise(nn.Module):
    sigma = 0.5

    def forward(self, x: Tensor) -> Tensor:
        return x + self.sigma * torch.randn_like(x) if self.sigma else x


def draw(n: int, noise_dim: int, strength: float, faded: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """Categories (n,), numbers (n, 2), and the generator's input (n, noise_dim + 12)."""
    noise, category, numbers = torch.randn(n, noise_dim), torch.randint(10, (n,)), 2 * torch.rand(n, 2) - 1
    return category, numbers, torch.cat([noise, strength * F.one_hot(category, 10), strength * faded * numbers], dim=1)


def info(q: Tensor, category: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the category, Gaussian negative log-likelihood of the numbers."""
    mean, log_var = q[:, 10:12], q[:, 12:]
    error = (numbers - mean).square() * (-log_var).exp()
    return F.cross_entropy(q[:, :10], category), 0.5 * (math.log(2 * math.pi) + log_var + error).mean()


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
    G, instance_noise = generator(noise_dim), InstanceNoise()
    trunk = nn.Sequential(instance_noise, nn.Flatten(), *nets.mlp([196, 256, 256]), nn.LeakyReLU(0.2))
    D, Q = nets.Head(trunk, nn.Linear(256, 1)), nets.Head(trunk, nets.mlp([256, 100, 14]))
    d_adam, g_adam = Adam([*D.parameters(), *Q.head.parameters()], lr=1e-3), Adam(G.parameters(), lr=2e-3)
    began = time.process_time()
    for turn, (x,) in zip(range(turns), data.batches(x_real, size=64), strict=False):
        left = 1 - turn / turns
        faded = min(1.0, (1 - left) / fade_in) if fade_in else 1.0
        instance_noise.sigma = max(left - 0.5, 0)
        for adam, lr in ((d_adam, 1e-3), (g_adam, 2e-3)):
            adam.param_groups[0]["lr"] = lr * min(1, 2 * left)

        category, numbers, z = draw(len(x), noise_dim, strength, faded)
        with torch.no_grad():
            fake = G(z)
        features = trunk(torch.cat([x, fake]))
        real, fake = features[: len(x)], features[len(x) :]
        first, second = info(Q.head(fake), category, numbers)
        loss = F.softplus(-D.head(real)).mean() + F.softplus(D.head(fake)).mean() + first + NUMBER_WEIGHT * second
        d_adam.zero_grad()
        loss.backward()
        d_adam.step()

        category, numbers, z = draw(len(x), noise_dim, strength, faded)
        fake = G(z)
        first, second = info(Q(fake), category, numbers)
        loss = F.softplus(-D(fake)).mean() + info_weight * (first + NUMBER_WEIGHT * second)
        g_adam.zero_grad()
        loss.backward(inputs=list(G.parameters()))
        g_adam.step()
    found = scores(G, Q, draw(2000, noise_dim, strength))
    return {"variant": variant, "seed": seed, **found, "seconds": time.process_time() - began}


@torch.no_grad()
def scores(G: nn.Module, Q: nn.Module, drawn: tuple[Tensor, Tensor, Tensor]) -> dict[str, Any]:
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
    category, numbers, z = drawn
    first, second = info(Q(G(z)), category, numbers)
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
