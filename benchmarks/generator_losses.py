"""The race of section 3 over several seeds: three generator losses on the ring of eight Gaussians.

python benchmarks/generator_losses.py [--quick] [--json PATH]
"""

from statistics import mean

import report
import torch
import torch.nn.functional as F

from dgm import data, games, latents, metrics, nets, training

G_LOSSES = {
    "minimax": lambda fake: -F.softplus(fake).mean(),
    "non-saturating": lambda fake: F.softplus(-fake).mean(),
    "maximum likelihood": lambda fake: -fake.exp().mean(),
}


def race(g_loss, seed: int, steps: int) -> metrics.Coverage:
    """One run of the lesson's experiment: 2,500 samples judged by the three-sigma rule."""
    torch.manual_seed(seed)
    ring, _ = data.ring(20_000, std=0.1)
    G, D = nets.mlp([16, 128, 128, 2]), nets.mlp([2, 128, 128, 1])
    game = games.Game(lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(), g_loss)
    players = games.gan(G, D, game, latents.gaussian(16), lr=1e-3)
    for _ in training.play(players, data.batches(ring, size=128), steps=steps, anneal=0.5, progress=False):
        pass
    return metrics.mode_coverage(G(torch.randn(2500, 16)).detach(), data.ring_centres(), std=0.1)


def main() -> None:
    options = report.options(__doc__.split("\n")[0]).parse_args()
    torch.set_num_threads(1)
    seeds, steps = ([0], 100) if options.quick else (range(5), 2500)
    rows, table = [], []
    for name, g_loss in G_LOSSES.items():
        found = [race(g_loss, seed, steps) for seed in seeds]
        quality, modes = [f.high_quality for f in found], [f.modes for f in found]
        rows.append({"loss": name, "modes": modes, "high_quality": quality})
        table.append((name, str(min(modes)), *(f"{q:.0%}" for q in (mean(quality), min(quality), max(quality)))))
    columns = ("generator loss", "modes of 8 (least)", "high quality: mean", "least", "greatest")
    report.show(f"three generator losses on the ring, {len(seeds)} seeds", columns, table)
    report.write(options.json, rows)


if __name__ == "__main__":
    main()
