"""Counts of what a generator makes. Distances between samples are exercises, SciPy's or scikit-learn's."""

from typing import NamedTuple

import torch
from torch import Tensor


class Coverage(NamedTuple):
    """How a set of samples covers a mixture of known modes.

    ``modes``: centres that at least one high-quality sample belongs to; ``high_quality``: share of samples within three
    standard deviations of their nearest centre; ``counts``: high-quality samples per centre (k,).
    """

    modes: int
    high_quality: float
    counts: Tensor


def mode_coverage(samples: Tensor, centres: Tensor, std: float) -> Coverage:
    """Count modes by the three-sigma rule (Srivastava et al., 2017, section 4.1).

    Arguments:
        samples: (n, d).
        centres: Of the modes, (k, d).
        std: Standard deviation of a mode along one axis.

    Raises:
        ValueError: If samples and centres are no points of one space.

    >>> centres = torch.tensor([[0.0, 0.0], [5.0, 0.0]])
    >>> found = mode_coverage(torch.tensor([[0.1, 0.0], [0.0, -0.2], [2.5, 0.0]]), centres, std=0.1)
    >>> found.modes, round(found.high_quality, 2), found.counts.tolist()
    (1, 0.67, [2, 0])
    """
    if samples.dim() != 2 or samples.shape[1:] != centres.shape[1:]:
        raise ValueError(
            f"samples {tuple(samples.shape)} and centres {tuple(centres.shape)} must be (n, d) and (k, d)."
        )
    distance, nearest = torch.cdist(samples, centres.to(samples)).min(dim=1)
    good = distance <= 3 * std
    counts = torch.bincount(nearest[good], minlength=len(centres))
    return Coverage(int((counts > 0).sum()), good.float().mean().item(), counts)
