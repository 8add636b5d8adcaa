"""Where generated samples start: functions that draw n latent codes.

Each function here returns a *sampler*, a function ``n -> Tensor``. A sampler draws from torch's global random numbers
on torch's default device (the games set it to where their networks live), or from a generator of its own.

    >>> import torch
    >>> gaussian(2, generator=torch.Generator().manual_seed(0))(3).shape
    torch.Size([3, 2])
"""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

Latent = Callable[[int], Tensor]


def gaussian(dim: int, *, generator: Generator | None = None) -> Latent:
    """Sample z ~ N(0, I), shape (n, dim)."""
    return lambda n: torch.randn(n, dim, generator=generator, device=_device(generator))


def uniform(dim: int, low: float = -1.0, high: float = 1.0, *, generator: Generator | None = None) -> Latent:
    """Sample every coordinate uniformly from [low, high), shape (n, dim)."""
    return lambda n: torch.rand(n, dim, generator=generator, device=_device(generator)) * (high - low) + low


def categorical(k: int, *, generator: Generator | None = None) -> Latent:
    """Sample integers 0 … k-1 with equal probability, shape (n,)."""
    return lambda n: torch.randint(k, (n,), generator=generator, device=_device(generator))


def _device(generator: Generator | None) -> torch.device | None:
    return None if generator is None else generator.device
