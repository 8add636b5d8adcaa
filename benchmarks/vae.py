"""What section 2 measures, over several seeds: planes, holes, blur, bounds, and the decoder's noise.

    python benchmarks/vae.py [--quick] [--json PATH] [--seeds N] [--first SEED]

Networks, losses and trainings are the lesson's own functions. With --json, seeds that are in the file already are kept,
and only the others are run.
"""

import json
from collections.abc import Callable
from typing import Any

import torch
from lesson import load
from report import options, show, write
from torch import Tensor

from dgm import data, metrics

NAMES = (
    *("train", "test", "train_labels", "cloud", "many", "unseen", "pca_reconstruct", "squared", "strangeness"),
    *("linear_autoencoder", "train_denoiser", "train_autoencoder", "invented_codes", "worst_inside"),
    *("train_by_steps", "train_vae", "negative_elbo", "halfway", "best_decoder", "importance_bound", "log_weights"),
    *("prior_strangeness", "train_on_manifold", "beta_loss", "price_list"),
)
NOISES = (0.03, 0.05, 0.1, 0.2, 0.71)


def autoencoders(lesson: dict[str, Any], seed: int) -> dict[str, float]:
    """How far a linear one is from PCA, what noise in training is worth, and what lies between codes."""
    linear, cloud = lesson["linear_autoencoder"](lesson["cloud"], seed), lesson["cloud"]
    run = {"linear AE: off PCA": (linear(cloud) - lesson["pca_reconstruct"](cloud, 2)).abs().max().item()}
    test, squared, strangeness = lesson["test"], lesson["squared"], lesson["strangeness"]
    errors = {}
    for name, level in {"plain": 0.0, "denoising": 0.5}.items():
        net = lesson["train_denoiser"](level, seed)
        errors[name] = run[f"noisy digits, {name}: error"] = squared(
            net(test + 0.5 * torch.randn_like(test)), test
        ).item()
    f, g = lesson["train_autoencoder"](seed)
    codes = f(lesson["train"].flatten(1)).detach()
    for name, z in lesson["invented_codes"](codes).items():
        run[f"AE, {name}: pixels from a digit"] = strangeness(g(z)).mean().item()
    worst = []
    for _ in range(20):  # triangles of three kinds of digits
        kinds = torch.randperm(10)[:3]
        corners = torch.stack([codes[lesson["train_labels"] == kind][0] for kind in kinds])
        worst.append(strangeness(g(lesson["worst_inside"](g, corners)[None])).item())
    run["AE, worst place in a triangle: pixels from a digit, mean of 20"] = sum(worst) / 20
    run["AE, worst place in a triangle: least of 20"] = min(worst)
    return run


def digits(lesson: dict[str, Any], k: int, seed: int, share: float) -> dict[str, float]:
    """A VAE on digits: bounds on unseen ones, its samples, and how near its pictures are to averages."""
    steps, test, train = int(3000 * share), lesson["test"], lesson["train"]
    if k == 2:
        networks = lesson["train_by_steps"](k, steps, seed)[:2]
    else:
        networks = lesson["train_vae"](k, lesson["negative_elbo"], steps, seed)
    run = {}
    for K, blocks in {1: 40, 64: 3}.items():
        values = [lesson["importance_bound"](lesson["log_weights"](test, *networks, K)) for _ in range(blocks)]
        run[f"VAE {k}-D: bound, K = {K}"] = torch.stack(values).mean().item()
    _, run[f"VAE {k}-D, means: pixels from a digit"], run[f"VAE {k}-D, draws: pixels from a digit"] = lesson[
        "prior_strangeness"
    ](networks[1], k)
    z = torch.randn(400, k)
    drawn = torch.sigmoid(networks[1](z)).detach()
    nearest = train[torch.cdist(drawn.flatten(1), train.flatten(1)).argmin(1)]
    run[f"VAE {k}-D: grey pixels"] = ((drawn > 0.2) & (drawn < 0.8)).float().mean().item()
    average: Tensor = lesson["best_decoder"](z, networks[0])
    run[f"VAE {k}-D: off the weighted average"] = (drawn - average).abs().mean().item()
    run[f"VAE {k}-D: off the nearest digit"] = (drawn - nearest).abs().mean().item()
    if k == 2:
        run["halfway, codes: pixels from a digit"], run["halfway, blend"] = lesson["halfway"](*networks)
    else:
        nats, error = lesson["price_list"](*networks)
        run["beta = 1: KL"], run["beta = 1: reconstruction"] = sum(nats), error
        run["beta = 1: dimensions below 0.1 nats"] = float(sum(n < 0.1 for n in nats))
        nats, error = lesson["price_list"](*lesson["train_vae"](k, lesson["beta_loss"](4.0), steps, seed))
        run["beta = 4: KL"], run["beta = 4: reconstruction"] = sum(nats), error
    return run


def noise(lesson: dict[str, Any], s: float, seed: int) -> dict[str, float]:
    """The four-mode data under a Gaussian decoder of standard deviation s."""
    _, decoder, bound, kl = lesson["train_on_manifold"](s, seed)
    means, basis = decoder(torch.randn(1000, 2)).detach(), lesson["many"].basis

    def on_a_mode(x: Tensor) -> float:
        return metrics.mode_coverage(x @ basis.T, data.ring_centres(4, 1.0), 0.15).high_quality

    return {
        f"s = {s}: bound": bound,
        f"s = {s}: KL": kl,
        f"s = {s}: means on a mode": on_a_mode(means),
        f"s = {s}: draws on a mode": on_a_mode(means + s * torch.randn_like(means)),
    }


def measure(lesson: dict[str, Any], seed: int, share: float) -> dict[str, float]:
    run: dict[str, float] = {}
    parts: list[Callable[[], dict[str, float]]] = [
        lambda: autoencoders(lesson, seed),
        *(lambda k=k: digits(lesson, k, seed, share) for k in (2, 10)),
        *(lambda s=s: noise(lesson, s, seed) for s in NOISES),
    ]
    for part in parts:
        run |= part()
    return {name: round(value, 4) for name, value in run.items()}


def main() -> None:
    parser = options((__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help="how many (default 10)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default 0)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    lesson = load("02-vae", *NAMES)
    seeds = [0] if arguments.quick else list(range(arguments.first, arguments.first + arguments.seeds))
    rows = []
    if arguments.json and arguments.json.exists():
        rows = json.loads(arguments.json.read_text())["rows"]
    done = {row["seed"] for row in rows}
    for seed in seeds:
        if seed not in done:
            rows.append({"seed": seed} | measure(lesson, seed, 0.02 if arguments.quick else 1.0))
            write(arguments.json, rows)
    table = []
    for name in [name for name in rows[0] if name != "seed"]:
        values = sorted(row[name] for row in rows)
        table.append([name, *(f"{v:.3g}" for v in (sum(values) / len(values), values[0], values[-1]))])
    show(f"Section 2 over {len(rows)} seeds", ["measured", "mean", "least", "greatest"], table)


if __name__ == "__main__":
    main()
