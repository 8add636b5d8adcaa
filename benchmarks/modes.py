"""How many modes a GAN finds: the 2-D ring and grid of the VEEGAN and PacGAN papers, beside the papers' own rows.

Protocol (Srivastava et al., 2017, section 4.1; Lin et al., 2018, section 4.1): eight Gaussians of σ = 0.01 on the unit
circle; 25 of σ = 0.05 at even coordinates from -4 to 4; 2,500 samples from each trained generator; a sample is of high
quality within three σ of its nearest mode; a mode is captured if it is nearest to at least one high-quality sample.
Samples of the data themselves reach 1 - exp(-9/2) = 98.9 %.
"""

import sys
import time
from typing import NamedTuple

import numpy as np
import report
import torch
from scipy.stats import entropy
from torch import Tensor, nn
from torch.nn import functional as F

from dgm import data, games, latents, metrics, nets, training

SAMPLES = 2500
GOAL = 0.97

PUBLISHED = {
    "ring": [
        ("GAN, in Srivastava et al. (2017), table 1", "1", "99.3 %", ""),
        ("ALI, in Srivastava et al. (2017), table 1", "2.8", "0.13 %", ""),
        ("Unrolled GAN, in Srivastava et al. (2017), table 1", "7.6", "35.6 %", ""),
        ("VEEGAN, in Srivastava et al. (2017), table 1", "8", "52.9 %", ""),
        ("GAN, in Lin et al. (2018), table 1", "6.3 ± 0.5", "98.2 ± 0.2 %", "0.45 ± 0.09"),
        ("ALI, in Lin et al. (2018), table 1", "6.6 ± 0.3", "97.6 ± 0.4 %", "0.36 ± 0.04"),
        ("PacGAN2, in Lin et al. (2018), table 1", "7.9 ± 0.1", "95.6 ± 2.0 %", "0.07 ± 0.03"),
        ("PacGAN3, in Lin et al. (2018), table 1", "7.8 ± 0.1", "97.7 ± 0.3 %", "0.10 ± 0.02"),
        ("PacGAN4, in Lin et al. (2018), table 1", "7.8 ± 0.1", "95.9 ± 1.4 %", "0.07 ± 0.02"),
    ],
    "grid": [
        ("GAN, in Srivastava et al. (2017), table 1", "3.3", "0.5 %", ""),
        ("ALI, in Srivastava et al. (2017), table 1", "15.8", "1.6 %", ""),
        ("Unrolled GAN, in Srivastava et al. (2017), table 1", "23.6", "16 %", ""),
        ("VEEGAN, in Srivastava et al. (2017), table 1", "24.6", "40 %", ""),
        ("GAN, in Lin et al. (2018), table 1", "17.3 ± 0.8", "94.8 ± 0.7 %", "0.70 ± 0.07"),
        ("ALI, in Lin et al. (2018), table 1", "24.1 ± 0.4", "95.7 ± 0.6 %", "0.14 ± 0.03"),
        ("PacGAN2, in Lin et al. (2018), table 1", "23.8 ± 0.7", "91.3 ± 0.8 %", "0.13 ± 0.04"),
        ("PacGAN3, in Lin et al. (2018), table 1", "24.6 ± 0.4", "94.2 ± 0.4 %", "0.06 ± 0.02"),
        ("PacGAN4, in Lin et al. (2018), table 1", "24.8 ± 0.2", "93.6 ± 0.6 %", "0.04 ± 0.01"),
    ],
}  # as printed in the tables that both groups of authors show with their code


class Task(NamedTuple):
    x: Tensor
    centres: Tensor
    std: float
    scale: float  # what G's output is multiplied by and D's input divided by: both work on numbers around 1
    blur: float  # deviation of the noise on what D sees, at the start
    gap: float  # between the clouds of G's noise, half of it
    size: int  # of a batch
    steps: int


TASKS = {
    "ring": Task(data.ring(100_000, radius=1.0)[0], data.ring_centres(radius=1.0), 0.01, 1.0, 0.25, 1.0, 256, 40_000),
    "grid": Task(data.grid(100_000)[0], data.grid_centres(), 0.05, 4.0, 1.0, 3.0, 512, 30_000),
}

NON_SATURATING = games.Game(
    lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(), lambda fake: F.softplus(-fake).mean()
)


class Scale(nn.Module):
    """Multiply by a constant."""

    def __init__(self, factor: float):
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x


class Blurred(nn.Module):
    """A discriminator that sees real and fake through noise of deviation ``blur`` (Arjovsky and Bottou, 2017)."""

    def __init__(self, net: nn.Module, blur: float):
        super().__init__()
        self.net, self.blur = net, blur

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x + self.blur * torch.randn_like(x) if self.blur else x)


class Parted(nn.Module):
    """Move every coordinate away from 0: 2^16 clouds of noise instead of one, which a continuous G could not part
    without leaving samples between the modes."""

    def __init__(self, gap: float):
        super().__init__()
        self.gap = gap

    def forward(self, z: Tensor) -> Tensor:
        return z + self.gap * z.sign()


def ours(task: Task, steps: int) -> nn.Module:
    """The recipe of the course: what D sees is blurred, less by a constant factor in every step, down to a mode's own
    width, while all rates fall to 0; noise in many clouds; averaged weights."""
    G = nn.Sequential(Parted(task.gap), nets.mlp([16, 128, 128, 128, 2], activation=nn.ReLU), Scale(task.scale))
    D = Blurred(nn.Sequential(Scale(1 / task.scale), nets.mlp([2, 128, 128, 128, 1], activation=nn.ReLU)), task.blur)
    averaged = training.average(G, 0.999)
    players = games.gan(
        G, D, NON_SATURATING, latents.gaussian(16), lr=2e-3, g_lr=1e-3, g_after=averaged.update_parameters
    )
    for turn in training.play(players, data.batches(task.x, size=task.size), steps, anneal=1.0):
        D.blur = task.blur * (task.std / task.blur) ** (turn.step / steps)
    return averaged


def vanilla(task: Task, steps: int) -> nn.Module:
    """The same networks, data and steps with Adam's defaults and nothing else: not tuned."""
    G = nets.mlp([16, 128, 128, 128, 2], activation=nn.ReLU)
    players = games.gan(
        G,
        nets.mlp([2, 128, 128, 128, 1], activation=nn.ReLU),
        NON_SATURATING,
        latents.gaussian(16),
        lr=1e-3,
        betas=(0.9, 0.999),
    )
    for _ in training.play(players, data.batches(task.x, size=128), steps):
        pass
    return G


@torch.no_grad()
def run(name: str, recipe: str, seed: int, steps: int) -> dict:
    """Train once; count the modes of 2,500 samples."""
    torch.manual_seed(seed)
    task = TASKS[name]
    begin = time.perf_counter()
    with torch.enable_grad():
        G = RECIPES[recipe](task, steps)
    seconds = time.perf_counter() - begin
    found = metrics.mode_coverage(G(torch.randn(SAMPLES, 16)), task.centres, task.std)
    spread = entropy(found.counts.double().numpy(), np.ones(len(task.centres))) if found.modes else float("nan")
    return {
        "data": name,
        "recipe": recipe,
        "seed": seed,
        "steps": steps,
        "modes": found.modes,
        "of": len(task.centres),
        "high_quality": round(found.high_quality, 4),
        "reverse_kl": None if found.modes == 0 else round(float(spread), 4),
        "seconds": round(seconds, 1),
    }


RECIPES = {"ours": ours, "vanilla": vanilla}
SAY = {"ours": "this course", "vanilla": "this course's networks, plain GAN, untuned"}


def average_row(rows: list[dict]) -> tuple[str, str, str, str]:
    """A table row: mean ± standard error over seeds, and the worst seed."""
    modes = np.array([row["modes"] for row in rows])
    good = 100 * np.array([row["high_quality"] for row in rows])
    kl = np.array([row["reverse_kl"] for row in rows if row["modes"]])
    error = len(rows) ** 0.5
    return (
        f"{SAY[rows[0]['recipe']]}, {len(rows)} seeds",
        f"{modes.mean():.1f} ± {modes.std() / error:.1f} (worst {modes.min()})",
        f"{good.mean():.1f} ± {good.std() / error:.1f} % (worst {good.min():.1f})",
        f"{kl.mean():.3f} ± {kl.std() / error:.3f}" if len(kl) else "",
    )


def main() -> int:
    parser = report.options("Count the modes that a GAN finds on the 2-D ring and grid.")
    parser.add_argument("--seeds", type=int, default=10, help="runs per row (default 10)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default 0)")
    arguments = parser.parse_args()
    if arguments.seeds < 1 or arguments.first < 0:
        parser.error("--seeds must be at least 1, and --first at least 0")
    torch.set_num_threads(1)  # these networks are too small to share
    torch.set_flush_denormal(True)  # a game that is won makes gradients next to 0, which are slow
    number, share = (1, 0.02) if arguments.quick else (arguments.seeds, 1.0)
    seeds = range(arguments.first, arguments.first + number)
    rows = []
    for name, task in TASKS.items():
        for recipe in reversed(RECIPES):
            rows += [run(name, recipe, seed, int(task.steps * share)) for seed in seeds]
            report.write(arguments.json, rows)  # a run takes minutes: keep what there is
        mine = [average_row([r for r in rows if r["data"] == name and r["recipe"] == recipe]) for recipe in RECIPES]
        columns = ["", f"modes of {len(task.centres)}", "high quality", "reverse KL"]
        report.show(f"2-D {name}, {SAMPLES} samples per run", columns, [*PUBLISHED[name], *reversed(mine)])
    reached = all(r["modes"] == r["of"] and r["high_quality"] >= GOAL for r in rows if r["recipe"] == "ours")
    print(f"Every mode and at least {GOAL:.0%} high quality in every seed: {'yes' if reached else 'no'}.")
    return 0 if reached or arguments.quick else 1


if __name__ == "__main__":
    sys.exit(main())
