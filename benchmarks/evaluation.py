"""Section 10's table over several seeds: a GAN and four simple models of the digits under every metric.

python benchmarks/evaluation.py [--quick] [--json PATH]
"""

from statistics import mean

import numpy as np
import report
import torch
import torch.nn.functional as F
from scipy import linalg
from sklearn.neighbors import NearestNeighbors
from torch import Tensor, nn

from dgm import data, games, latents, nets, training

COLUMNS = ("fréchet", "precision", "recall", "1-NN, held out", "1-NN, training")


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """The squared Fréchet distance between the Gaussians fitted to two samples (Dowson and Landau, 1982)."""
    covariances = np.cov(a.T), np.cov(b.T)
    root = np.trace(np.real(np.asarray(linalg.sqrtm(covariances[0] @ covariances[1]))))
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(sum(covariances)) - 2 * root)


def share_inside(points: np.ndarray, support: np.ndarray, k: int = 3) -> float:
    """Share of the points within the k-NN radius of a point of the support (Kynkäänniemi et al., 2019, eq. 1)."""
    radii = NearestNeighbors(n_neighbors=k).fit(support).kneighbors()[0][:, -1]
    return float((np.linalg.norm(points[:, None] - support[None], axis=2) <= radii).any(1).mean())


def one_nn(real: np.ndarray, fake: np.ndarray) -> float:
    """Leave-one-out accuracy of 1-NN (Xu et al., 2018)."""
    is_real = np.arange(len(real) + len(fake)) < len(real)
    nearest = NearestNeighbors(n_neighbors=1).fit(np.concatenate([real, fake])).kneighbors()[1][:, 0]
    return float((is_real[nearest] == is_real).mean())


def judge(x: Tensor, y: Tensor, steps: int) -> nn.Sequential:
    """The features: the last hidden layer of a small classifier of the digits."""
    classifier = nn.Sequential(nn.Flatten(), *nets.mlp([64, 128, 32, 10], activation=nn.Tanh))
    for _ in training.play(games.classifier(classifier), data.batches(x, y, size=64), steps, progress=False):
        pass
    return nn.Sequential(*list(classifier)[:-1])


def gan(train: Tensor, steps: int) -> Tensor:
    """As many samples of a GAN as it was trained on."""
    G = nn.Sequential(nets.mlp([16, 256, 256, 64], final=nn.Sigmoid()), nn.Unflatten(1, (1, 8, 8)))
    D = nn.Sequential(nn.Flatten(), nets.mlp([64, 256, 256, 1], spectral=True))
    average = training.average(G)
    game = games.Game(
        lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(), lambda a: F.softplus(-a).mean()
    )
    players = games.gan(G, D, game, latents.gaussian(16), lr=4e-3, g_lr=1e-3, g_after=average.update_parameters)
    for _ in training.play(players, data.batches(train, size=64), steps, anneal=0.5, progress=False):
        pass
    return average(torch.randn(len(train), 16)).detach()


def contestants(train: Tensor, steps: int) -> dict[str, Tensor]:
    """Samples of every model, as many as there are training pictures."""
    flat = train.flatten(1)
    fog = torch.distributions.MultivariateNormal(flat.mean(0), flat.T.cov() + 1e-6 * torch.eye(64)).sample((len(flat),))
    return {
        "GAN": gan(train, steps),
        "KDE": train + 0.1 * torch.randn_like(train),
        "Gaussian": fog.view_as(train),
        "memoriser": train.clone(),
        "noise": torch.rand_like(train),
    }


def run(seed: int, steps: int) -> dict[str, tuple[float, ...]]:
    """One split of the digits, one judge, one training: the metrics of every model."""
    torch.manual_seed(seed)
    x, y = data.digits()
    order = torch.randperm(len(x))
    train, held = x[order[:800]], x[order[800:1600]]
    features = judge(x[order[:1600]], y[order[:1600]], min(steps, 1000))
    rows = {}
    for name, fake in contestants(train, steps).items():
        t, h, f = (features(part).detach().double().numpy() for part in (train, held, fake))
        rows[name] = (frechet(h, f), share_inside(f, h), share_inside(h, f), one_nn(h, f), one_nn(t, f))
    return rows


def main() -> None:
    arguments = report.options("Hold a GAN and four simple models of the digits against every metric.").parse_args()
    torch.set_num_threads(1)
    seeds, steps = ([0], 50) if arguments.quick else ([0, 1, 2, 3, 4], 2500)
    runs = [run(seed, steps) for seed in seeds]
    table, rows = [], []
    for name in runs[0]:
        values = list(zip(*(found[name] for found in runs), strict=True))
        table.append([name, *(f"{mean(v):.2f} {min(v):.2f}–{max(v):.2f}" for v in values)])
        rows.append({"model": name, "seeds": seeds, "steps": steps, **dict(zip(COLUMNS, values, strict=True))})
    report.show("Digits: mean, least–greatest", ("model", *COLUMNS), table, f"{len(seeds)} seeds, {steps} steps")
    report.write(arguments.json, rows)


if __name__ == "__main__":
    main()
