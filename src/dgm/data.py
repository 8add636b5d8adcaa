"""Data that need no download: 2-D toys, small digits, and 28×28 glyphs whose every factor is known.

Data are tensors on the CPU, deterministic by ``seed``. Pictures have shape (n, 1, height, width) and pixels in [0, 1].
"""

# scikit-learn takes almost as long to import as PyTorch, so those functions that need it import it.

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from dgm.fonts import Domains, Glyphs, domains, glyphs

__all__ = [
    "Domains", "Glyphs", "Manifold", "batches", "digits", "domains", "glyphs", "grid",
    "grid_centres", "manifold", "mnist", "moons", "ring", "ring_centres",
]  # fmt: skip


def batches(*tensors: Tensor, size: int, generator: Generator | None = None) -> Iterator[tuple[Tensor, ...]]:
    """Shuffle, cut into batches, and start again, for ever.

    Every pass is one gather and a row of views; the last, shorter batch of a pass is left out. Without a generator the
    order follows ``torch.manual_seed`` but takes no number from torch's global stream, so a run can be resumed.

    Arguments:
        tensors: Of equal length n; shuffled together.
        size: Samples per batch, at most n.

    Raises:
        ValueError: If the tensors differ in length, or no batch of this size can be cut from them.

    >>> x, y = ring(1000)
    >>> stream = batches(x, y, size=64)
    >>> [part.shape for part in next(stream)]
    [torch.Size([64, 2]), torch.Size([64])]
    """
    if not tensors or any(len(part) != len(tensors[0]) for part in tensors):
        raise ValueError(f"batches needs tensors of one length, not of lengths {[len(part) for part in tensors]}.")
    n = len(tensors[0])
    if not 1 <= size <= n:
        raise ValueError(f"a batch must hold between 1 and {n} samples, not {size}.")
    return _shuffled(tensors, size, generator or torch.Generator().manual_seed(torch.initial_seed()))


def _shuffled(tensors: tuple[Tensor, ...], size: int, generator: Generator) -> Iterator[tuple[Tensor, ...]]:
    n = len(tensors[0])
    while True:
        order = torch.randperm(n, generator=generator, device=generator.device)
        shuffled = [part[order.to(part.device)] for part in tensors]
        for start in range(0, n - size + 1, size):
            yield tuple(part[start : start + size] for part in shuffled)


def ring_centres(modes: int = 8, radius: float = 2.0) -> Tensor:
    """The centres of the ring's modes, (modes, 2)."""
    angle = 2 * torch.pi * torch.arange(modes) / modes
    return radius * torch.stack([angle.cos(), angle.sin()], dim=1)


def ring(n: int, *, modes: int = 8, radius: float = 2.0, std: float = 0.01, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Equal Gaussians on a circle: points (n, 2) and the mode each came from (n,)."""
    return _mixture(n, ring_centres(modes, radius), std, seed)


def grid_centres(side: int = 5, spacing: float = 2.0) -> Tensor:
    """The centres of the grid's modes, (side², 2), around the origin."""
    line = spacing * (torch.arange(side) - (side - 1) / 2)
    return torch.cartesian_prod(line, line)


def grid(n: int, *, side: int = 5, spacing: float = 2.0, std: float = 0.05, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Equal Gaussians on a square grid: points (n, 2) and the mode each came from (n,)."""
    return _mixture(n, grid_centres(side, spacing), std, seed)


def _mixture(n: int, centres: Tensor, std: float, seed: int) -> tuple[Tensor, Tensor]:
    _check_count(n)
    if not len(centres):
        raise ValueError("a mixture needs at least one mode.")
    draw = torch.Generator().manual_seed(seed)
    y = torch.randint(len(centres), (n,), generator=draw)
    return centres[y] + std * torch.randn(n, centres.shape[1], generator=draw), y


def _check_count(n: int) -> None:
    if n < 0:
        raise ValueError(f"the number of samples is 0 or more, not {n}.")


def moons(n: int, *, noise: float = 0.05, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Two interleaved half circles: points (n, 2) and which half circle (n,)."""
    _check_count(n)
    from sklearn import datasets

    x, y = datasets.make_moons(n, noise=noise, random_state=seed) if n else (np.empty((0, 2)), np.empty(0, dtype=int))
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


class Manifold(NamedTuple):
    """Points near a plane: ``x`` (n, p), their place in the ``plane`` (n, 2), modes ``y`` (n,), ``basis`` (2, p)."""

    x: Tensor
    plane: Tensor
    y: Tensor
    basis: Tensor


def manifold(n: int = 100, p: int = 32, *, std: float = 0.15, noise: float = 0.05, seed: int = 0) -> Manifold:
    """The lecture's small data set: four modes in a plane, carried into p dimensions orthonormally, plus noise."""
    if p < 2:
        raise ValueError(f"a plane fits into 2 dimensions or more, not into {p}.")
    draw = torch.Generator().manual_seed(seed)
    plane, y = _mixture(n, ring_centres(4, 1.0), std, seed)
    basis = torch.linalg.qr(torch.randn(p, 2, generator=draw)).Q.T
    return Manifold(plane @ basis + noise * torch.randn(n, p, generator=draw), plane, y, basis)


def digits() -> tuple[Tensor, Tensor]:
    """scikit-learn's handwritten digits: 1,797 real pictures (n, 1, 8, 8) and their labels (n,)."""
    from sklearn import datasets

    x, y = datasets.load_digits(return_X_y=True)
    return torch.tensor(x, dtype=torch.float32).view(-1, 1, 8, 8) / 16, torch.tensor(y)


def mnist(data_home: str | None = None) -> tuple[Tensor, Tensor]:
    """MNIST's 70,000 pictures (n, 1, 28, 28) and labels (n,), downloaded once from OpenML; no lesson needs it.

    Raises:
        ConnectionError: If it is not in scikit-learn's cache and cannot be downloaded.
    """
    from sklearn import datasets

    try:
        x, y = datasets.fetch_openml("mnist_784", version=1, data_home=data_home, return_X_y=True, as_frame=False)
    except OSError as error:  # URLError, timeouts and refused connections all are
        raise ConnectionError(
            f"MNIST is not in the cache and could not be downloaded ({error}); go online once, or use data.glyphs."
        ) from error
    return torch.tensor(np.asarray(x, dtype=np.float32)).view(-1, 1, 28, 28) / 255, torch.tensor(y.astype(np.int64))
