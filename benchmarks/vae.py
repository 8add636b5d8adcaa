"""What section 2 measures, over several seeds: holes, blur, bounds, and the decoder's noise.

python benchmarks/vae.py [--quick] [--json PATH]
"""

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import Tensor, distributions, nn, optim

from dgm import data, games, metrics, nets, training

SHUFFLED = torch.randperm(1797, generator=torch.Generator().manual_seed(0))
DIGITS = (data.digits()[0] > 0.5).float()[SHUFFLED]
TRAIN, TEST = DIGITS[:1500], DIGITS[1500:]


class Encoder(nn.Module):
    """x → mean and log-variance of q(z|x), k numbers each."""

    def __init__(self, n_in: int, k: int):
        super().__init__()
        self.net = nets.mlp([n_in, 128, 128, 2 * k])

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return self.net(x.flatten(1)).chunk(2, dim=1)


def kl(mean: Tensor, log_var: Tensor) -> Tensor:
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1)


def draw(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    return mean + (log_var / 2).exp() * noise


def bernoulli(x: Tensor, logits: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x) + kl(mean, log_var).mean()


def gaussian(s: float) -> Callable[..., Tensor]:
    def loss(x: Tensor, x_hat: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
        error = (x - x_hat).square().sum(1) / (2 * s**2) + x.shape[1] / 2 * math.log(2 * math.pi * s**2)
        return (error + kl(mean, log_var)).mean()

    return loss


def strangeness(pictures: Tensor) -> float:
    """By how many pixels a picture differs from the nearest training digit, on average."""
    a, b = (pictures.flatten(1) > 0.5).float(), TRAIN.flatten(1)
    return (a.sum(1, keepdim=True) + b.sum(1) - 2 * a @ b.T).min(dim=1).values.mean().item()


def play(players: list[training.Player], x: Tensor, steps: int) -> None:
    for _ in training.play(players, data.batches(x, size=100), steps, anneal=0.5, progress=False):
        pass


def autoencoder(seed: int, steps: int) -> dict[str, float]:
    """Three ways to invent codes for an autoencoder with ten of them."""
    torch.manual_seed(seed)
    f, g = nets.mlp([64, 128, 128, 10]), nets.mlp([10, 128, 128, 64], final=nn.Sigmoid())
    net = nn.Sequential(f, g)
    x = TRAIN.flatten(1)

    def loss(batch: training.Batch) -> Tensor:
        return (net(batch[0]) - batch[0]).square().sum(1).mean()

    play([training.Player("AE", net, loss, optim.Adam(net.parameters(), 1e-3))], x, steps)
    with torch.no_grad():
        codes = f(x)
        low, high = codes.min(0).values, codes.max(0).values
        fitted = distributions.MultivariateNormal(codes.mean(0), torch.cov(codes.T)).sample((1500,))
        return {
            "AE, N(0, I): pixels from a digit": strangeness(g(torch.randn(1500, 10))),
            "AE, box": strangeness(g(low + (high - low) * torch.rand(1500, 10))),
            "AE, fitted Gaussian": strangeness(g(fitted)),
        }


def digits(k: int, seed: int, steps: int) -> dict[str, float]:
    """A VAE on digits: bounds on unseen ones, its samples, and how near its pictures are to averages."""
    torch.manual_seed(seed)
    encoder, decoder = Encoder(64, k), nn.Sequential(nets.mlp([k, 128, 128, 64]), nn.Unflatten(1, (1, 8, 8)))
    play(games.vae(encoder, decoder, bernoulli, draw), TRAIN, steps)
    with torch.no_grad():
        q = distributions.Normal(encoder(TEST)[0], (encoder(TEST)[1] / 2).exp())
        z = q.sample((256,))
        logits = decoder(z.flatten(0, 1)).view(256, *TEST.shape)
        log_w = -F.binary_cross_entropy_with_logits(logits, TEST.expand_as(logits), reduction="none").flatten(2).sum(2)
        log_w += (distributions.Normal(0, 1).log_prob(z) - q.log_prob(z)).sum(2)
        z = torch.randn(1500, k)
        drawn = torch.sigmoid(decoder(z)).flatten(1)
        posterior = distributions.Normal(encoder(TRAIN)[0], (encoder(TRAIN)[1] / 2).exp())
        weights = torch.softmax(posterior.log_prob(z[:, None]).sum(2), dim=1)
        nearest = TRAIN.flatten(1)[torch.cdist(drawn, TRAIN.flatten(1)).argmin(1)]
        return {
            f"VAE {k}-D: ELBO": log_w.mean().item(),
            f"VAE {k}-D: bound with 256 draws": (torch.logsumexp(log_w, 0) - math.log(256)).mean().item(),
            f"VAE {k}-D: pixels from a digit": strangeness(drawn),
            f"VAE {k}-D: grey pixels": ((drawn > 0.2) & (drawn < 0.8)).float().mean().item(),
            f"VAE {k}-D: off the weighted average": (drawn - weights @ TRAIN.flatten(1)).abs().mean().item(),
            f"VAE {k}-D: off the nearest digit": (drawn - nearest).abs().mean().item(),
        }


def noise(s: float, seed: int, steps: int) -> dict[str, float]:
    """The four-mode data under a Gaussian decoder of standard deviation s."""
    torch.manual_seed(seed)
    many = data.manifold(1100)
    x, unseen = many.x[:100], many.x[100:]
    encoder, decoder = Encoder(32, 2), nets.mlp([2, 64, 32])
    play(games.vae(encoder, decoder, gaussian(s), draw, lr=2e-3), x, steps)
    with torch.no_grad():
        mean, log_var = encoder(unseen)
        x_hat = decoder(draw(mean, log_var, torch.randn_like(mean)))
        samples = decoder(torch.randn(1000, 2)) @ many.basis.T
        return {
            f"s = {s}: bound": -gaussian(s)(unseen, x_hat, mean, log_var).item(),
            f"s = {s}: KL": kl(mean, log_var).mean().item(),
            f"s = {s}: on a mode": metrics.mode_coverage(samples, data.ring_centres(4, 1.0), 0.15).high_quality,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one seed, few steps: does it run?")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    seeds, share = ([0], 0.02) if options.quick else ([0, 1, 2, 3, 4], 1.0)

    runs = []
    for seed in seeds:
        run = autoencoder(seed, int(2000 * share))
        for k in (2, 10):
            run |= digits(k, seed, int(3000 * share))
        for s in (0.03, 0.05, 0.1, 0.2, 0.71):
            run |= noise(s, seed, int(1500 * share))
        runs.append(run)
    rows = [{"measured": name, "values": [run[name] for run in runs]} for name in runs[0]]
    table = Table("measured", "mean", "standard deviation", "least", "greatest")
    for row in rows:
        values = row["values"]
        spread = stdev(values) if len(values) > 1 else 0.0
        table.add_row(row["measured"], *(f"{v:.3g}" for v in (mean(values), spread, min(values), max(values))))
    Console().print(table)
    if options.json:
        options.json.write_text(json.dumps({"seeds": seeds, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
