"""Section 5 over several seeds: what labels buy, what AC-GAN costs, and digits made to order.

python benchmarks/conditional.py [--quick] [--json PATH]
"""

from collections.abc import Callable, Sequence
from functools import partial
from statistics import mean
from typing import Any

import torch
import torch.nn.functional as F
from report import options, show, write
from sklearn.svm import SVC
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from dgm import data, games, latents, metrics, nets, training
from dgm.optimizers import Adam

Join = Callable[[Tensor, Tensor], Tensor]
LATENT = 16


def one_hot(x: Tensor, y: Tensor, n_classes: int, loudness: float = 1.0) -> Tensor:
    return torch.cat([x.flatten(1), loudness * F.one_hot(y, n_classes).to(x)], dim=1)


def train(players: Sequence[training.Player], x: Tensor, y: Tensor, size: int, steps: int, anneal: float) -> None:
    for _ in training.play(players, data.batches(x, y, size=size), steps, anneal=anneal, progress=False):
        pass


def acgan(
    G: nn.Module, D: nn.Module, C: nn.Module, lr: float, g_lr: float, after: games.After
) -> list[training.Player]:
    """Odena et al. (2017): D does not see the label, C guesses that of real and fake, G wants it guessed."""
    both = nn.ModuleList([D, C])

    def judges_loss(batch: training.Batch) -> Tensor:
        x, y = batch
        fake = G(torch.randn(len(y), LATENT), y).detach()
        return games.HINGE.d_loss(D(x), D(fake)) + F.cross_entropy(C(x), y) + F.cross_entropy(C(fake), y)

    def maker_loss(batch: training.Batch) -> Tensor:
        y = batch[1]
        fake = G(torch.randn(len(y), LATENT), y)
        return games.HINGE.g_loss(D(fake)) + F.cross_entropy(C(fake), y)

    return [
        training.Player("D", both, judges_loss, Adam(both.parameters(), lr)),
        training.Player("G", G, maker_loss, Adam(G.parameters(), g_lr), after=after),
    ]


# --- the ring: who is told the label ----------------------------------------------------------------------------------


def told(v: Tensor, y: Tensor) -> Tensor:
    return one_hot(v, y, 8)


def untold(v: Tensor, y: Tensor) -> Tensor:
    return one_hot(v, 0 * y, 8)


def another(v: Tensor, y: Tensor) -> Tensor:
    return one_hot(v, torch.randint(8, y.shape), 8)


RINGS: dict[str, tuple[Join, Join]] = {
    "nobody told": (untold, untold),
    "both told": (told, told),
    "D not told": (told, untold),
    "pairs torn": (another, told),
}


def ring(name: str, seed: int, steps: int) -> dict[str, Any]:
    torch.manual_seed(seed)
    x, y = data.ring(20_000, std=0.1)
    G, D = (
        nets.Conditional(nets.mlp(sizes), join)
        for sizes, join in zip(([LATENT + 8, 128, 128, 2], [2 + 8, 128, 128, 1]), RINGS[name], strict=True)
    )
    train(games.gan(G, D, games.HINGE, latents.gaussian(LATENT)), x, y, 128, steps, anneal=0.0)
    ordered = torch.arange(8).repeat_interleave(300)
    fake = G(torch.randn(2400, LATENT), ordered).detach()
    found = metrics.mode_coverage(fake, data.ring_centres(), std=0.1)
    obeys = (torch.cdist(fake, data.ring_centres()).argmin(1) == ordered).float().mean().item()
    width = fake.view(8, 300, 2).std(1).mean().item() / 0.1
    return {
        "part": "ring", "game": name, "seed": seed, "modes found": found.modes / 8,
        "good": found.high_quality, "obeys": obeys, "width": width,
    }  # fmt: skip


# --- three overlapping classes ----------------------------------------------------------------------------------------


def overlapping(name: str, seed: int, steps: int) -> dict[str, Any]:
    torch.manual_seed(seed)
    x, y = data.ring(20_000, modes=3, radius=1.0, std=0.7)
    G = nets.Conditional(nets.mlp([LATENT + 3, 64, 64, 2]), partial(one_hot, n_classes=3))
    trunk, head = nn.Sequential(nets.mlp([2, 64, 64]), nn.LeakyReLU(0.2)), nn.Linear(64, 1)
    D = nets.Head(trunk, head)
    if name == "AC-GAN":
        players = acgan(G, D, nets.Head(trunk, nn.Linear(64, 3)), 1e-3, 1e-3, lambda _: None)
    else:
        players = games.gan(G, nets.Projection(D, 3), games.HINGE, latents.gaussian(LATENT))
    train(players, x, y, 128, steps, anneal=0.5)
    ordered, centres = torch.arange(3).repeat_interleave(1000), data.ring_centres(3, 1.0)
    fake = G(torch.randn(3000, LATENT), ordered).detach()
    agrees = (torch.cdist(fake, centres).argmin(1) == ordered).float().mean().item()
    width = fake.view(3, 1000, 2).std(1).mean().item() / 0.7
    return {"part": "overlapping", "game": name, "seed": seed, "agreement": agrees, "width": width}


# --- digits made to order ---------------------------------------------------------------------------------------------


def spread(x: Tensor) -> float:
    return torch.pdist(x.flatten(1)).mean().item()


def inspect(G: Callable[[Tensor, Tensor], Tensor], judge: SVC, x: Tensor, y: Tensor) -> Tensor:
    """Per class: the share of samples that the judge takes for what was ordered, and their relative spread; (10, 2)."""
    rows = []
    for k in range(10):
        fake = G(torch.randn(200, LATENT), torch.full((200,), k)).detach()
        agrees = float((judge.predict(fake.flatten(1).numpy()) == k).mean())
        rows.append([agrees, spread(fake) / spread(x[y == k][:200])])
    return torch.tensor(rows)


def order_game(way: str, seed: int, x: Tensor, y: Tensor, steps: int) -> nn.Module:
    torch.manual_seed(seed)
    side, width = x.shape[-1], 256
    net = nets.mlp([LATENT + 10, width, width, side * side], final=nn.Sigmoid())
    G = nets.Conditional(nn.Sequential(net, nn.Unflatten(1, (1, side, side))), partial(one_hot, n_classes=10))
    inputs = side * side + (10 if way in LOUDNESS else 0)
    trunk = nn.Sequential(nn.Flatten(), nets.mlp([inputs, width, width], spectral=True), nn.LeakyReLU(0.2))
    D = nets.Head(trunk, spectral_norm(nn.Linear(width, 1)))
    average = training.average(G)
    lr, g_lr, after = 4e-3, 1e-3, average.update_parameters
    if way == "AC-GAN":
        players = acgan(G, D, nets.Head(trunk, nn.Linear(width, 10)), lr, g_lr, after)
    else:
        judge: nn.Module = nets.Projection(D, 10)
        if way in LOUDNESS:
            judge = nets.Conditional(D, partial(one_hot, n_classes=10, loudness=LOUDNESS[way]))
        players = games.gan(G, judge, games.HINGE, latents.gaussian(LATENT), lr=lr, g_lr=g_lr, g_after=after)
    train(players, x, y, 64, steps, anneal=0.5)
    return average


def digits() -> tuple[Tensor, Tensor, SVC, float]:
    """900 digits for the game, the judge (trained on the others) and its accuracy on the 900."""
    x, y = data.digits()
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    x, y = x[order], y[order]
    judge = SVC(C=10).fit(x[900:].flatten(1).numpy(), y[900:].numpy())
    return x[:900], y[:900], judge, judge.score(x[:900].flatten(1).numpy(), y[:900].numpy())


def glyphs() -> tuple[Tensor, Tensor, SVC, float]:
    game, other = data.glyphs(8000, seed=0), data.glyphs(3000, seed=1)
    judge = SVC(C=10).fit(other.x.flatten(1).numpy(), other.y.numpy())
    return game.x, game.y, judge, judge.score(game.x[:1000].flatten(1).numpy(), game.y[:1000].numpy())


LOUDNESS = {"concatenation": 1.0, "concatenation, times 10": 10.0}  # of the one-hot label beside the pixels
WAYS = ("projection", *LOUDNESS, "AC-GAN")


def orders(seeds: Sequence[int], quick: bool) -> list[dict[str, Any]]:
    rows = []
    for name, load, steps in (("digits 8×8", digits, 1500), ("glyphs 28×28", glyphs, 1700)):
        x, y, judge, trust = load()
        for way in WAYS:
            for seed in seeds:
                G = order_game(way, seed, x, y, 100 if quick else steps)
                found = inspect(G, judge, x, y)
                rows.append(
                    {
                        "part": "orders", "data": name, "game": way, "seed": seed, "real agreement": trust,
                        "agreement": found[:, 0].mean().item(), "worst agreement": found[:, 0].min().item(),
                        "diversity": found[:, 1].mean().item(), "worst diversity": found[:, 1].min().item(),
                        "per class": found.tolist(),
                    }
                )  # fmt: skip
    return rows


def rare(seed: int, steps: int) -> list[dict[str, Any]]:
    """Five handwritten eights among the others: as they come, and every class equally often."""
    x, y, judge, _ = digits()
    keep = torch.ones(len(y), dtype=torch.bool)
    keep[(y == 8).nonzero().flatten()[5:]] = False
    few, few_y = x[keep], y[keep]
    even = torch.cat([(few_y == k).nonzero().flatten().repeat(20)[:90] for k in range(10)])
    rows = []
    for name, chosen in (("as they come", torch.arange(len(few))), ("evened out", even)):
        G = order_game("projection", seed, few[chosen], few_y[chosen], steps)
        found = inspect(G, judge, x, y)
        others = found[torch.arange(10) != 8].mean(0)
        rows.append(
            {
                "part": "rare", "game": name, "seed": seed, "agreement": found[8, 0].item(),
                "diversity": found[8, 1].item(), "others agree": others[0].item(), "others vary": others[1].item(),
            }
        )  # fmt: skip
    return rows


def table(title: str, rows: Sequence[dict[str, Any]], keys: Sequence[str]) -> None:
    """Mean (least to greatest) over seeds of each key, one line per game, in percent."""
    lines = []
    for game in dict.fromkeys(row["game"] for row in rows):
        cells = []
        for key in keys:
            values = [row[key] for row in rows if row["game"] == game]
            cells.append(f"{mean(values):.1%} ({min(values):.1%} to {max(values):.1%})")
        lines.append([game, *cells])
    show(title, ["game", *keys], lines)


def main() -> None:
    arguments = options((__doc__ or "").split("\n")[0]).parse_args()
    torch.set_num_threads(1)
    quick = arguments.quick
    seeds = [0] if quick else [0, 1, 2, 3, 4]
    rings = [ring(name, seed, 100 if quick else 1000) for name in RINGS for seed in seeds]
    table(f"Ring of 8 modes, {len(seeds)} seeds", rings, ("modes found", "good", "obeys", "width"))
    three = [overlapping(name, seed, 100 if quick else 1500) for name in ("projection", "AC-GAN") for seed in seeds]
    table(f"Three overlapping classes, {len(seeds)} seeds", three, ("agreement", "width"))
    few = [row for seed in seeds for row in rare(seed, 100 if quick else 1000)]
    table(f"Five eights, {len(seeds)} seeds", few, ("agreement", "diversity", "others agree", "others vary"))
    ordered = orders(seeds[:3], quick)
    for name in dict.fromkeys(row["data"] for row in ordered):
        mine = [row for row in ordered if row["data"] == name]
        trust = f"the judge agrees with {mine[0]['real agreement']:.1%} of the data"
        keys = ("agreement", "worst agreement", "diversity", "worst diversity")
        table(f"{name} made to order, {len(seeds[:3])} seeds; {trust}", mine, keys)
    write(arguments.json, [*rings, *three, *few, *ordered])


if __name__ == "__main__":
    main()
