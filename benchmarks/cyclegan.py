"""Section 7 over several seeds: unpaired translation scored against the hidden pairing, with and without each term.

python benchmarks/cyclegan.py [--quick] [--json PATH]
"""

import math
from collections.abc import Callable
from statistics import mean
from typing import Any

import torch
import torch.nn.functional as F
from report import options, show, write
from torch import Tensor, nn

from dgm import data, games, nets, training

TURNS, BATCH, WEIGHT = 450, 16, 2.0
CROSS_ENTROPY = games.Game(
    lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(), lambda fake: F.softplus(-fake).mean()
)


def translator(width: int = 16) -> nn.Sequential:
    """Pictures to pictures of the same size: four convolutions at half the resolution, with four pixels per place."""
    layers: list[nn.Module] = [nn.PixelUnshuffle(2)]
    for channels in (4, width, width):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(width, 4, 3, padding=1), nn.PixelShuffle(2), nn.Sigmoid())


def patch_judge() -> nn.Sequential:
    """Pictures to maps of scores (n, 1, 7, 7), one per overlapping patch."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 4, stride=2, padding=1), nn.LeakyReLU(0.2),
        nn.Conv2d(16, 32, 4, stride=2, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(32, 1, 3, padding=1),
    )  # fmt: skip


def l1(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().mean()


def objective(game: games.Game, weight: float) -> Callable[..., Tensor]:
    def loss(on_a: Tensor, on_b: Tensor, a: Tensor, a_cycled: Tensor, b: Tensor, b_cycled: Tensor) -> Tensor:
        return game.g_loss(on_a) + game.g_loss(on_b) + weight * (l1(a, a_cycled) + l1(b, b_cycled))

    return loss


def replay(size: int) -> Callable[[Tensor], Tensor]:
    """A replay pool that handles a batch at once: half of the fakes are swapped for older ones, once it is full."""
    stored: list[Tensor] = []

    def query(fakes: Tensor) -> Tensor:
        if sum(map(len, stored)) < size:
            stored.append(fakes.clone())
            return fakes
        stored[:] = [torch.cat(stored)]
        swap, places = torch.rand(len(fakes)) >= 0.5, torch.randperm(size)[: len(fakes)]
        shown = torch.where(swap.view(-1, 1, 1, 1), stored[0][places], fakes)
        stored[0][places[swap]] = fakes[swap]
        return shown

    return query


# --- glyphs: filled and outlined --------------------------------------------------------------------------------------

RUNS: dict[str, dict[str, Any]] = {
    "cycle weight 2": {},
    "no cycle term": {"weight": 0.0},
    "cycle weight 10": {"weight": 10.0},
    "weight 2, no pool": {"pool": 0},
    "weight 2, identity": {"identity": 1.0},
    "weight 2, least squares": {"game": games.LEAST_SQUARES},
}


def classifier(x: Tensor, y: Tensor, turns: int) -> nn.Module:
    torch.manual_seed(0)
    D = nets.Discriminator28()
    C = nn.Sequential(D.trunk, nn.Linear(D.features, 10))
    for _ in training.play(
        games.classifier(C, lr=2e-3), data.batches(x, y, size=64), turns, anneal=0.5, progress=False
    ):
        pass
    return C


@torch.no_grad()
def score(G: nn.Module, back: nn.Module, x: Tensor, truth: Tensor, y: Tensor, judge: nn.Module) -> dict[str, float]:
    """How near translations come to their true partners, whether those are the nearest, and whether classes survive."""
    fake = G(x)
    nearest = torch.cdist(fake.flatten(1), truth.flatten(1), p=1).argmin(dim=1)
    noisy = [fake + sigma * torch.randn_like(fake) for sigma in (0.05, 0.1)]
    return {
        "l1": l1(fake, truth).item(),
        "retrieval": (nearest == torch.arange(len(x))).float().mean().item(),
        "class": (judge(fake).argmax(dim=1) == y).float().mean().item(),
        "cycle": l1(back(fake), x).item(),
        "cycle_noise_0.05": l1(back(noisy[0]), x).item(),
        "cycle_noise_0.1": l1(back(noisy[1]), x).item(),
    }


def glyphs(
    name: str, seed: int, turns: int, train: data.Domains, test: data.Domains, judges: dict[str, nn.Module],
    weight: float = WEIGHT, pool: int = 50 * BATCH, identity: float = 0.0, game: games.Game = CROSS_ENTROPY,
) -> list[dict[str, Any]]:  # fmt: skip
    torch.manual_seed(seed)
    G_ab, G_ba, D_a, D_b = translator(), translator(), patch_judge(), patch_judge()
    players = games.cyclegan(
        G_ab, G_ba, D_a, D_b, game.d_loss, objective(game, weight), identity=l1 if identity else None,
        identity_weight=identity, pools=(replay(pool), replay(pool)) if pool else (lambda a: a, lambda b: b),
        lr=2e-3, g_lr=4e-3, betas=(0.5, 0.99),
    )  # fmt: skip
    for _ in training.play(players, data.batches(train.a, train.b, size=BATCH), turns, anneal=0.5, progress=False):
        pass
    G_ab.eval(), G_ba.eval()
    there = score(G_ab, G_ba, test.a, test.a_as_b, test.y_a, judges["b"])
    back = score(G_ba, G_ab, test.b, test.b_as_a, test.y_b, judges["a"])
    return [
        {"run": name, "seed": seed, "turns": turns, "way": "filled to outline", **there},
        {"run": name, "seed": seed, "turns": turns, "way": "outline to filled", **back},
    ]


# --- four clusters on a ring, and the same ring turned by 20 degrees --------------------------------------------------

CLUSTER_RUNS: dict[str, dict[str, float]] = {
    "no cycle term": {"weight": 0.0},
    "cycle weight 10": {"weight": 10.0},
    "cycle weight 10, identity weight 5": {"weight": 10.0, "identity": 5.0},
}


def clusters(name: str, seed: int, turns: int, weight: float, identity: float = 0.0) -> dict[str, Any]:
    a, of_a = data.ring(4000, modes=4, radius=1.0, std=0.08)
    b, _ = data.ring(4000, modes=4, radius=1.0, std=0.08, seed=1)
    angle = math.radians(20)
    turn = torch.tensor([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    b, centres = b @ turn, data.ring_centres(4, 1.0) @ turn
    torch.manual_seed(seed)
    G_ab, G_ba, D_a, D_b = (nets.mlp([2, 64, 64, out]) for out in (2, 2, 1, 1))
    players = games.cyclegan(
        G_ab, G_ba, D_a, D_b, CROSS_ENTROPY.d_loss, objective(CROSS_ENTROPY, weight),
        identity=l1 if identity else None, identity_weight=identity, betas=(0.5, 0.9),
    )  # fmt: skip
    for _ in training.play(players, data.batches(a, b, size=128), turns, anneal=0.5, progress=False):
        pass
    with torch.no_grad():
        fake = G_ab(a)
        distance, nearest = torch.cdist(fake, centres).min(dim=1)
        cycle = (l1(G_ba(fake), a) + l1(G_ab(G_ba(b)), b)).item()
    reached = [int(nearest[of_a == k].mode().values) for k in range(4)]
    return {
        "run": name, "seed": seed, "cycle": cycle, "near_a_centre": (distance < 0.24).float().mean().item(),
        "reached": reached, "bijective": len(set(reached)) == 4,
        "right": (nearest == of_a).float().mean().item(),
    }  # fmt: skip


# --- a square and a thin strip: one coordinate has no place in the other domain ---------------------------------------


def strip(seed: int, turns: int) -> dict[str, Any]:
    torch.manual_seed(seed)
    square = 2 * torch.rand(4000, 2) - 1
    thin = torch.stack([2 * torch.rand(4000) - 1, 0.05 * torch.randn(4000)], dim=1)
    G_ab, G_ba, D_a, D_b = (nets.mlp([2, 64, 64, out]) for out in (2, 2, 1, 1))
    loss = objective(CROSS_ENTROPY, 5.0)
    players = games.cyclegan(G_ab, G_ba, D_a, D_b, CROSS_ENTROPY.d_loss, loss, betas=(0.5, 0.9))
    for _ in training.play(players, data.batches(square, thin, size=128), turns, anneal=0.5, progress=False):
        pass
    with torch.no_grad():
        fake = G_ab(square)
        errors = [l1(G_ba(fake + sigma * torch.randn_like(fake)), square).item() for sigma in (0.0, 0.01, 0.05)]
    correlation = torch.corrcoef(torch.cat([square, fake], dim=1).T)[:2, 3].norm().item()
    return {
        "seed": seed, "width": fake[:, 1].std().item(), "correlation": correlation,
        "cycle": errors[0], "cycle_noise_0.01": errors[1], "cycle_noise_0.05": errors[2],
    }  # fmt: skip


def main() -> None:
    arguments = options((__doc__ or "").split("\n")[0]).parse_args()
    torch.set_num_threads(1)
    seeds, turns = ([0], 20) if arguments.quick else ([0, 1, 2, 3], TURNS)
    train, test = data.domains(6000, seed=0), data.domains(500, split="test", seed=1)
    judges = {
        "a": classifier(train.a, train.y_a, 2 * turns),
        "b": classifier(train.b, train.y_b, 2 * turns),
    }
    rows = [
        row for run, how in RUNS.items() for s in seeds for row in glyphs(run, s, turns, train, test, judges, **how)
    ]

    def cell(run: str, way: str, key: str, form: str) -> str:
        values = [row[key] for row in rows if row["run"] == run and row["way"] == way]
        return f"{mean(values):{form}} ({min(values):{form}} to {max(values):{form}})"

    for way in ("filled to outline", "outline to filled"):
        keys = (("l1", ".3f"), ("retrieval", ".0%"), ("class", ".0%"), ("cycle", ".3f"), ("cycle_noise_0.1", ".3f"))
        table = [[run, *(cell(run, way, key, form) for key, form in keys)] for run in RUNS]
        columns = ["run", "L1 to the truth", "retrieval of 500", "class kept", "cycle error", "with noise 0.1"]
        show(f"Glyphs, {way}, {len(seeds)} seeds: mean (least to greatest)", columns, table)
    real = {
        "a": (judges["a"](test.a).argmax(1) == test.y_a).float().mean().item(),
        "b": (judges["b"](test.b).argmax(1) == test.y_b).float().mean().item(),
    }
    print(f"classes of real test pictures: filled {real['a']:.1%}, outlines {real['b']:.1%}")

    seeds = [0] if arguments.quick else list(range(20))
    found = [
        clusters(run, seed, 20 if arguments.quick else 600, **how)
        for run, how in CLUSTER_RUNS.items()
        for seed in seeds
    ]
    table = []
    for run in CLUSTER_RUNS:
        of_run = [row for row in found if row["run"] == run]
        cycles = [row["cycle"] for row in of_run]
        table.append([
            run, f"{sum(row['bijective'] for row in of_run)}", f"{sum(row['right'] > 0.95 for row in of_run)}",
            f"{mean(cycles):.3f} ({min(cycles):.3f} to {max(cycles):.3f})",
        ])  # fmt: skip
    columns = ["run", "one cluster each", "the right one", "cycle error, both ways"]
    show(f"Four clusters, runs of {len(seeds)}", columns, table)
    hidden = [strip(seed, 20 if arguments.quick else 800) for seed in (seeds if arguments.quick else range(5))]
    keys = ("width", "correlation", "cycle", "cycle_noise_0.01", "cycle_noise_0.05")
    table = [[f"seed {row['seed']}", *(f"{row[key]:.3f}" for key in keys)] for row in hidden]
    columns = ["strip", "width of the dust", "correlation", "cycle error", "with noise 0.01", "with noise 0.05"]
    show("A square and a strip: what the dust hides", columns, table)
    tagged = [{"data": "clusters", **row} for row in found] + [{"data": "strip", **row} for row in hidden]
    write(arguments.json, [*rows, *tagged, {"classifier": real}])


if __name__ == "__main__":
    main()
