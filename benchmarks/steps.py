"""How long one training step takes: the library, beside the same game written the usual way.

The usual loop has a DataLoader, labels of ones and zeros, two ``zero_grad``, ``detach``, ``optim.Adam`` as it comes
and ``.item()`` on every loss. Networks, batch size, learning rate and alternating updates are the same, and all
variants run in turns in one process; a ratio is the median of those of eleven rounds. On one thread the time is CPU
time, which hardly moves when the machine is busy; on more it is the time on the clock. "Kernels" is the least that
eager mode could do: the two forward and backward passes and nothing else, without Adam's updates and without drawing a
number; their share of our step has a goal of its own. In the row "channels last" our networks, not
those of the usual loop, went through `dgm.nets.channels_last` first.
"""

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import report
import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from dgm import data, games, latents, nets, training

GOALS = {  # how many times as fast as the usual loop: eager, compiled
    "2-D MLP": (1.5, 2.5),
    "2-D MLP, labels": (1.5, 2.5),
    "DCGAN 28×28": (1.2, None),
    "DCGAN 28×28, channels last": (1.2, None),
}
SHARE = 0.95  # of our eager step, in every game: the bare kernels; the rest is ours to save

NON_SATURATING = games.Game(
    lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(), lambda fake: F.softplus(-fake).mean()
)


class Setup(NamedTuple):
    """A game to time: networks, data, batch size and latent dimension."""

    networks: Callable[[], tuple[nn.Module, nn.Module]]
    tensors: tuple[Tensor, ...]
    size: int
    latent: int
    ours: Callable[[nn.Module], nn.Module] = lambda net: net  # what the library may do to a network before the game
    device: torch.device = torch.device("cpu")

    def pair(self) -> Iterator[nn.Module]:
        """G and D on the device."""
        return (net.to(self.device) for net in self.networks())


def setups() -> dict[str, Setup]:
    x, y = data.ring(20_000)
    pictures = data.glyphs(4000).x

    def mlps():
        return nets.mlp([16, 128, 128, 128, 2]), nets.mlp([2, 128, 128, 128, 1])

    def labelled():
        G, D = nets.mlp([24, 128, 128, 128, 2]), nets.mlp([10, 128, 128, 128, 1])
        return nets.Conditional(G, nets.Embed(8, (8,))), nets.Conditional(D, nets.Embed(8, (8,)))

    def dcgan():
        return nets.Generator28(64), nets.Discriminator28()

    return {
        "2-D MLP": Setup(mlps, (x,), 256, 16),
        "2-D MLP, labels": Setup(labelled, (x, y), 256, 16),
        "DCGAN 28×28": Setup(dcgan, (pictures,), 64, 64),
        "DCGAN 28×28, channels last": Setup(dcgan, (pictures,), 64, 64, nets.channels_last),
    }


def usual(setup: Setup) -> Iterator[tuple[float, float]]:
    """The loop of most tutorials."""
    (G, D), device = setup.pair(), setup.device
    d_adam, g_adam = (optim.Adam(net.parameters(), lr=1e-3, betas=(0.5, 0.999)) for net in (D, G))
    loader = DataLoader(TensorDataset(*setup.tensors), batch_size=setup.size, shuffle=True, drop_last=True)
    criterion = nn.BCEWithLogitsLoss()
    while True:
        for batch in loader:
            x, *y = (part.to(device) for part in batch)
            ones, zeros = torch.ones(len(x), 1, device=device), torch.zeros(len(x), 1, device=device)
            d_adam.zero_grad()
            fake = G(torch.randn(len(x), setup.latent, device=device), *y)
            d_loss = criterion(D(x, *y), ones) + criterion(D(fake.detach(), *y), zeros)
            d_loss.backward()
            d_adam.step()
            g_adam.zero_grad()
            fake = G(torch.randn(len(x), setup.latent, device=device), *y)
            g_loss = criterion(D(fake, *y), ones)
            g_loss.backward()
            g_adam.step()
            yield d_loss.item(), g_loss.item()


def ours(setup: Setup, compile: bool = False) -> Iterator[training.Turn]:
    G, D = (setup.ours(net) for net in setup.pair())
    players = games.gan(G, D, NON_SATURATING, latents.gaussian(setup.latent), lr=1e-3, betas=(0.5, 0.999))
    batches = data.batches(*setup.tensors, size=setup.size)
    return training.play(players, batches, 10**9, progress=False, compile=compile)


def kernels(setup: Setup) -> Iterator[None]:
    """Forward and backward of both moves on fixed data: no optimiser, no sampling, no loader."""
    G, D = (setup.ours(net) for net in setup.pair())
    x, *y = (part[: setup.size].to(setup.device) for part in setup.tensors)
    z = torch.randn(setup.size, setup.latent, device=setup.device)
    d_own, g_own = list(D.parameters()), list(G.parameters())
    twice = [torch.cat([part, part]) for part in y]
    while True:
        with torch.no_grad():
            fake = G(z, *y)
        scores = D(torch.cat([x, fake]), *twice)
        torch.autograd.grad(NON_SATURATING.d_loss(scores[: len(x)], scores[len(x) :]), d_own)
        torch.autograd.grad(NON_SATURATING.g_loss(D(G(z, *y), *y)), g_own)
        yield


def time_all(setup: Setup, seconds: float, rounds: int) -> dict[str, np.ndarray]:
    """Milliseconds per step of each variant in each of the rounds."""
    torch.manual_seed(0)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        running = {"usual": usual(setup), "ours": ours(setup), "compiled": ours(setup, compile=True)}
        running["kernels"] = kernels(setup)
        for steps in running.values():
            for _ in range(3):  # the compiler works in the second step
                next(steps)
    for warning in said:
        if issubclass(warning.category, RuntimeWarning):
            print(warning.message, file=sys.stderr)
            running.pop("compiled", None)
    on_cpu = setup.device.type == "cpu"
    clock = time.process_time if on_cpu and torch.get_num_threads() == 1 else time.perf_counter
    times = {name: [] for name in running}
    for _ in range(rounds):
        for name, steps in running.items():
            count, begin = 0, clock()
            while (spent := clock() - begin) < seconds:
                next(steps)
                count += 1
            if not on_cpu:  # it is handed work and does it later
                torch.accelerator.synchronize()
                spent = clock() - begin
            times[name].append(1000 * spent / count)
    return {name: np.array(ms) for name, ms in times.items()}


def main() -> int:
    parser = report.options("Time one training step against the usual loop.")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="numbers of threads (default 1 2)")
    parser.add_argument("--accelerator", action="store_true", help="on the accelerator instead of the CPU")
    arguments = parser.parse_args()
    if min(arguments.threads) < 1:
        parser.error("--threads must be at least 1")
    device = torch.accelerator.current_accelerator(check_available=True) if arguments.accelerator else None
    if arguments.accelerator and device is None:
        parser.error("there is no accelerator that PyTorch can use")
    seconds, rounds, threads = (0.1, 3, [1]) if arguments.quick else (0.5, 11, arguments.threads)
    torch.set_flush_denormal(True)  # numbers next to 0, when a game is won, would slow whoever meets them 40 times
    rows, shown = [], []
    for number in threads:
        torch.set_num_threads(number)
        for name, setup in setups().items():
            setup = setup._replace(device=device or setup.device)
            times = time_all(setup, seconds, rounds)
            ms = {kind: float(np.median(each)) for kind, each in times.items()}
            ratio = {kind: float(np.median(times["usual"] / each)) for kind, each in times.items()}
            share = float(np.median(times["kernels"] / times["ours"]))
            rows.append(
                {
                    "game": name,
                    "batch": setup.size,
                    "threads": number,
                    "device": setup.device.type,
                    "ms": {kind: round(each, 3) for kind, each in ms.items()},
                    "ratio": {kind: round(each, 2) for kind, each in ratio.items()},
                    "kernel_share_of_ours": round(share, 2),
                }
            )
            shown.append(
                (
                    f"{name}, batch {setup.size}",
                    str(number),
                    f"{ms['usual']:.2f} ms",
                    f"{ms['ours']:.2f} ms, {ratio['ours']:.2f}×",
                    f"{ms['compiled']:.2f} ms, {ratio['compiled']:.2f}×" if "compiled" in ms else "no compiler",
                    f"{ratio['kernels']:.2f}×",
                    f"{share:.0%}",
                )
            )
            report.write(arguments.json, rows)
    columns = ["game", "threads", "usual loop", "ours", "ours, compiled", "kernels alone", "kernels' share of ours"]
    report.show("One training step", columns, shown)
    if device:
        return 0  # the goals are a CPU's
    single = {row["game"]: row for row in rows if row["threads"] == 1}
    missed = [
        f"{name}: {kind} {row['ratio'].get(kind, 0):.2f}× of {goal}×"
        for name, row in single.items()
        for kind, goal in zip(("ours", "compiled"), GOALS[name], strict=True)
        if goal and row["ratio"].get(kind, 0) < goal
    ]
    missed += [
        f"{name}: kernels {row['kernel_share_of_ours']:.0%} of our step, not {SHARE:.0%}"
        for name, row in single.items()
        if row["kernel_share_of_ours"] < SHARE
    ]
    print("Goals on one thread: " + ("all reached." if not missed else "missed " + "; ".join(missed) + "."))
    return 1 if missed and not arguments.quick else 0


if __name__ == "__main__":
    sys.exit(main())
