"""Section 8 over several seeds: does a critic's loss follow the exact Wasserstein distance, and how good are samples?

python benchmarks/critic_distance.py [--quick] [--json PATH]
"""

import math
from collections.abc import Callable
from functools import partial
from statistics import mean
from typing import Any

import torch
import torch.nn.functional as F
from report import options, show, write
from scipy.optimize import linear_sum_assignment
from scipy.stats import pearsonr, spearmanr
from torch import Tensor, nn, optim

from dgm import data, games, latents, metrics, nets, training

TURNS, LOOK_EVERY, SAMPLES = 4000, 100, 512


def exact(x: Tensor, y: Tensor) -> float:
    """W1 between two samples of one size, by the best assignment."""
    cost = torch.cdist(x, y)
    rows, columns = linear_sum_assignment(cost)
    return cost[rows, columns].mean().item()


def penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, weight: float) -> Tensor:
    t = torch.rand(len(real), 1)
    x = (t * real + (1 - t) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return weight * (slope.norm(dim=1) - 1).square().mean()


@torch.no_grad()
def clip(critic: nn.Module, bound: float) -> None:
    for p in critic.parameters():
        p.clamp_(-bound, bound)


WASSERSTEIN = games.Game(lambda real, fake: fake.mean() - real.mean(), lambda fake: -fake.mean())
CROSS_ENTROPY = games.Game(
    lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(), lambda fake: F.softplus(-fake).mean()
)
GAMES: dict[str, dict[str, Any]] = {
    "clipping, c = 0.01": {"game": WASSERSTEIN, "d_after": partial(clip, bound=0.01), "d_steps": 5},
    "clipping, c = 0.1": {"game": WASSERSTEIN, "d_after": partial(clip, bound=0.1), "d_steps": 5},
    "gradient penalty, weight 1": {"game": WASSERSTEIN, "penalty": partial(penalty, weight=1.0), "d_steps": 5},
    "spectral normalisation": {"game": WASSERSTEIN, "d_steps": 5},
    "cross-entropy (section 3)": {"game": CROSS_ENTROPY},
}


def run(name: str, seed: int, turns: int) -> dict[str, Any]:
    torch.manual_seed(seed)
    ring, _ = data.ring(20_000, std=0.1)
    G, D = nets.mlp([16, 128, 128, 2]), nets.mlp([2, 128, 128, 1], spectral=name.startswith("spectral"))
    how = GAMES[name]
    players = games.gan(G, D, latent=latents.gaussian(16), lr=1e-3, **how)
    if name.startswith("clipping"):  # as its authors trained it; momentum upsets a clipped critic
        for k, net in enumerate((D, G)):
            players[k] = training.Player(
                players[k].name, net, players[k].loss, optim.RMSprop(net.parameters(), lr=1e-3),
                every=players[k].every, after=players[k].after,
            )  # fmt: skip
    values, distances = [], []  # the value is minus the loss: what the critic claims the distance to be
    for turn in training.play(players, data.batches(ring, size=128), turns, anneal=0.5, progress=False):
        if turn.step % LOOK_EVERY == 0:
            with torch.no_grad():
                real, fake = ring[torch.randint(len(ring), (SAMPLES,))], G(torch.randn(SAMPLES, 16))
                values.append(-how["game"].d_loss(D(real), D(fake)).item())
                distances.append(exact(real, fake))
    found = metrics.mode_coverage(G(torch.randn(2500, 16)).detach(), data.ring_centres(), std=0.1)
    return {
        "game": name, "seed": seed, "modes": found.modes, "high_quality": found.high_quality, "final": distances[-1],
        "pearson": pearsonr(values, distances)[0], "spearman": spearmanr(values, distances)[0],
        "values": values, "distances": distances,
    }  # fmt: skip


CRITICS: dict[str, dict[str, Any]] = {
    "clipping, c = 0.01": {"bound": 0.01},
    "clipping, c = 0.1": {"bound": 0.1},
    "clipping, c = 0.3": {"bound": 0.3},
    "gradient penalty, weight 1": {"weight": 1.0},
    "gradient penalty, weight 10": {"weight": 10.0},
    "spectral normalisation": {"spectral": True},
}


def still(name: str, seed: int, steps: int, weight: float = 0.0, bound: float = 0.0, spectral: bool = False) -> dict:
    """A critic between the ring and the ring turned by half a gap, both of which stand still."""
    ring, (turned, _) = data.ring(4000, std=0.1)[0], data.ring(4000, std=0.1, seed=1)
    angle = math.pi / 8
    rotation = torch.tensor([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    turned = turned @ rotation
    torch.manual_seed(seed)
    D = nets.mlp([2, 64, 64, 64, 1], spectral=spectral)
    if bound:
        optimizer: optim.Optimizer = optim.RMSprop(D.parameters(), lr=1e-3)
    else:
        optimizer = optim.Adam(D.parameters(), lr=1e-3, betas=(0.0, 0.9))
    for _, (real, fake) in zip(range(steps), data.batches(ring, turned, size=128), strict=False):
        loss = WASSERSTEIN.d_loss(D(real), D(fake)) + (penalty(D, real, fake, weight) if weight else 0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if bound:
            clip(D, bound)
    D.eval()
    x = torch.cat([ring, turned, 6 * torch.rand(4000, 2) - 3]).requires_grad_()
    (slope,) = torch.autograd.grad(D(x).sum(), x)
    claim, steepest = -WASSERSTEIN.d_loss(D(ring), D(turned)).item(), slope.norm(dim=1).max().item()
    share = claim / steepest / exact(ring[:1000], turned[:1000])
    return {"critic": name, "seed": seed, "claim": claim, "steepest": steepest, "share": share}


def main() -> None:
    arguments = options((__doc__ or "").split("\n")[0]).parse_args()
    torch.set_num_threads(1)
    seeds, turns = ([0], 300) if arguments.quick else ([0, 1, 2, 3, 4], TURNS)
    stills = [still(name, seed, turns // 4, **how) for name, how in CRITICS.items() for seed in seeds]
    lines = []
    for name in CRITICS:
        shares = [row["share"] for row in stills if row["critic"] == name]
        steepest = mean(row["steepest"] for row in stills if row["critic"] == name)
        lines.append([name, f"{steepest:.2g}", f"{mean(shares):.0%}", f"{min(shares):.0%}", f"{max(shares):.0%}"])
    columns = ["critic", "steepest slope", "share of W1 seen", "least", "greatest"]
    show(f"Critics against fakes that stand still, {len(seeds)} seeds", columns, lines)

    rows = []
    for name in GAMES:
        rows += [run(name, seed, turns) for seed in seeds]

    def cell(name: str, key: str, form: str) -> str:
        values = [row[key] for row in rows if row["game"] == name]
        return f"{mean(values):{form}} ({min(values):{form}} to {max(values):{form}})"

    table = [
        [name, *(cell(name, key, form) for key, form in (("pearson", ".2f"), ("spearman", ".2f"), ("final", ".2f"))),
         cell(name, "modes", ".1f"), cell(name, "high_quality", ".0%")]
        for name in GAMES
    ]  # fmt: skip
    columns = ["critic", "Pearson", "Spearman", "exact W1 at the end", "modes of 8", "high quality"]
    show(f"Minus the critic's loss against exact W1, {len(seeds)} seeds: mean (least to greatest)", columns, table)
    write(arguments.json, [*stills, *rows])


if __name__ == "__main__":
    main()
