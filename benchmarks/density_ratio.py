"""The density ratio of section 4 over several seeds: a discriminator's logit against the true log-ratio.

python benchmarks/density_ratio.py [--quick] [--json PATH]
"""

import math
from statistics import mean

import report
import torch
import torch.nn.functional as F
from torch import distributions, optim

from dgm import data, nets, training

TWO_MODES = distributions.MixtureSameFamily(
    distributions.Categorical(torch.ones(2)), distributions.Normal(torch.tensor([-1.5, 1.5]), torch.tensor([0.5, 0.5]))
)
WIDE = distributions.Normal(0.0, 1.5)


def loss(real_logits, fake_logits):
    """Binary cross-entropy, summed over the two batches."""
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def measure(n: int, seed: int, steps: int) -> dict[str, float]:
    """Train on n samples of each kind; compare with the truth on 20,000 fresh ones."""
    torch.manual_seed(seed)
    real, fake = TWO_MODES.sample((n, 1)), WIDE.sample((n, 1))
    D = nets.mlp([1, 64, 64, 1])
    player = training.Player("D", D, lambda batch: loss(*map(D, batch)), optim.Adam(D.parameters(), lr=2e-3))
    batches = data.batches(real, fake, size=min(n, 200))
    for _ in training.play([player], batches, steps=steps, anneal=0.5, progress=False):
        pass
    with torch.no_grad():
        fresh_real, fresh_fake = TWO_MODES.sample((10_000, 1)), WIDE.sample((10_000, 1))
        x = torch.cat([fresh_real, fresh_fake])
        error = D(x) - (TWO_MODES.log_prob(x) - WIDE.log_prob(x))
        return {
            "median_error": error.abs().median().item(),
            "rms_error": error.square().mean().sqrt().item(),
            "js_on_training_samples": math.log(2) - loss(D(real), D(fake)).item() / 2,
            "js_on_fresh_samples": math.log(2) - loss(D(fresh_real), D(fresh_fake)).item() / 2,
            "mean_ratio_under_p_g": D(fresh_fake).exp().mean().item(),
        }


def main() -> None:
    options = report.options(__doc__.split("\n")[0]).parse_args()
    torch.set_num_threads(1)
    seeds, steps = ([0], 50) if options.quick else (range(5), 1500)
    rows, table = [], []
    for n in (100, 1000, 10_000):
        found = [measure(n, seed, steps) for seed in seeds]
        for name in found[0]:
            column = [f[name] for f in found]
            rows.append({"n": n, "quantity": name, "values": column})
            table.append((f"{n:,}", name, *(f"{v:.3f}" for v in (mean(column), min(column), max(column)))))
    title = f"a discriminator's logit beside the true log-ratio, {len(seeds)} seeds"
    report.show(title, ("samples of each", "quantity", "mean", "least", "greatest"), table)
    report.write(options.json, rows)


if __name__ == "__main__":
    main()
