"""The small DCGAN of section 3 over several seeds: walks beside blends, and two directions of ink.

python benchmarks/small_dcgan.py [--quick] [--seeds N] [--json PATH]

All code is the lesson's own. Grey: the share of pixels that are neither ink nor paper, half way along a walk in latent
space and in the average of two pictures. Kept: the share of pictures that the judge still reads as before, when they
are pushed along a direction until their mean ink has grown by about a fifth, found once over all pictures and once
within classes. Every second seed plays with another right answer to the losses, which rounds differently.
"""

from statistics import median
from typing import Any

import report
import torch
import torch.nn.functional as F
from lesson import load

SECTION = "03-gan-minimax"
NAMES = "digit_game", "glyphs", "grey_share", "half_way", "directions", "pushed", "read"
AMOUNTS = [0.25 * k for k in range(13)]
MORE_INK = 1.2

OTHERS = {
    "discriminator_loss": lambda real, fake: -F.logsigmoid(real).mean() - F.logsigmoid(-fake).mean(),
    "generator_loss_nonsaturating": lambda fake: F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake)),
}


def run(space: dict, seed: int, steps: int, n: int) -> dict[str, Any]:
    _, G, players = space["digit_game"](seed)
    batches = space["data"].batches(space["glyphs"].x, size=64)
    for _ in space["training"].play(players, batches, steps=steps, anneal=0.5, progress=False):
        pass
    halves, ghosts = space["half_way"](G)
    row = {"seed": seed, "grey data": space["grey_share"](space["glyphs"].x)}
    row |= {"grey half way": space["grey_share"](halves), "grey ghosts": space["grey_share"](ghosts)}
    for name, direction in space["directions"](G, n).items():
        with torch.no_grad():
            found = space["pushed"](G, direction, AMOUNTS, n // 2)
        inks = [ink for ink, _ in found]
        enough = next((k for k, ink in enumerate(inks) if ink >= MORE_INK * inks[0]), len(inks) - 1)
        row |= {f"ink {name}": inks[enough] / inks[0], f"kept {name}": found[enough][1]}
        row[f"rises {name}"] = inks == sorted(inks)
    return row


def main() -> None:
    parser = report.options((__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help="runs (default 10)")
    options = parser.parse_args()
    seeds, steps, n = (2, 5, 40) if options.quick else (options.seeds, 1200, 2000)
    spaces = [load(SECTION, *NAMES, answers=answers) for answers in ({}, OTHERS)]
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        rows.append(run(spaces[seed % 2], seed, steps, n))
        report.write(options.json, rows)  # a run takes minutes: keep what there is
    table = []
    for name in rows[0]:
        values = [float(row[name]) for row in rows]
        if name != "seed":
            table.append((name, f"{median(values):.3f}", f"{min(values):.3f}", f"{max(values):.3f}"))
    report.show(f"a small DCGAN, {len(rows)} seeds", ("", "median", "least", "greatest"), table)


if __name__ == "__main__":
    main()
