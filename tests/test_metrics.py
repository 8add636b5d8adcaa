"""Coverage against counts by hand and against what the three-sigma rule must give."""

import math

import pytest
import torch

from dgm import data, metrics


def test_counts_by_hand():
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    samples = torch.tensor([[0.0, 2.9], [0.0, 3.1], [10.5, 0.0], [9.0, -1.0], [5.0, 5.0]])
    found = metrics.mode_coverage(samples, centres, std=1.0)
    assert found.modes == 2 and found.high_quality == pytest.approx(3 / 5) and found.counts.tolist() == [1, 2, 0]


@pytest.mark.parametrize("std", [0.01, 0.05])
def test_the_data_themselves_reach_the_chi_square_share(std):
    x, _ = data.ring(100_000, std=std)
    found = metrics.mode_coverage(x, data.ring_centres(), std)
    assert found.modes == 8 and found.high_quality == pytest.approx(1 - math.exp(-4.5), abs=1e-3)


def test_does_not_depend_on_order_or_units():
    x, _ = data.grid(500, std=0.5, seed=1)
    centres = data.grid_centres()
    found = metrics.mode_coverage(x, centres, 0.2)
    shuffled = metrics.mode_coverage(x.flip(0) * 7, centres.flip(0) * 7, 1.4)
    assert shuffled[:2] == found[:2] and torch.equal(shuffled.counts.flip(0), found.counts)


def test_nothing_good_is_no_mode():
    found = metrics.mode_coverage(torch.full((4, 2), 99.0), data.ring_centres(), 0.01)
    assert found.modes == 0 and found.high_quality == 0 and found.counts.sum() == 0


def test_refuses_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"\(n, d\) and \(k, d\)"):
        metrics.mode_coverage(torch.zeros(4, 3), data.ring_centres(), 0.01)
