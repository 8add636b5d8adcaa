"""Samplers draw from the law they name, with the shape they name."""

import torch
from scipy import stats

from dgm import latents

N = 20_000


def generator():
    return torch.Generator().manual_seed(3)


def test_gaussian_is_standard_normal():
    z = latents.gaussian(3, generator=generator())(N)
    assert z.shape == (N, 3)
    for column in z.T:
        assert stats.kstest(column.numpy(), "norm").pvalue > 1e-3
    assert torch.corrcoef(z.T).fill_diagonal_(0).abs().max() < 0.03


def test_uniform_fills_its_interval():
    z = latents.uniform(2, -3.0, 1.0, generator=generator())(N)
    assert z.min() >= -3 and z.max() < 1
    assert stats.kstest(z[:, 0].numpy(), "uniform", args=(-3, 4)).pvalue > 1e-3


def test_categorical_is_uniform_over_classes():
    labels = latents.categorical(5, generator=generator())(N)
    assert labels.dtype == torch.int64 and labels.shape == (N,) and set(labels.tolist()) == set(range(5))
    assert stats.chisquare(labels.bincount(minlength=5).numpy()).pvalue > 1e-3


def test_without_a_generator_the_global_seed_decides():
    for sampler in (latents.gaussian(2), latents.uniform(2), latents.categorical(4)):
        torch.manual_seed(5)
        first = sampler(7)
        torch.manual_seed(5)
        assert torch.equal(first, sampler(7)) and not torch.equal(sampler(20), sampler(20))


def test_an_own_generator_leaves_the_global_stream_alone():
    before = torch.get_rng_state()
    for make in (latents.gaussian, latents.uniform, latents.categorical):
        one, other = make(2, generator=generator()), make(2, generator=generator())
        assert torch.equal(one(10), other(10))
    assert torch.equal(before, torch.get_rng_state())


def test_follows_the_default_device():
    with torch.device("meta"):
        for sampler in (latents.gaussian(2), latents.uniform(2), latents.categorical(2)):
            assert sampler(3).device.type == "meta"
    own = latents.gaussian(2, generator=generator())
    with torch.device("meta"):
        assert own(3).device.type == "cpu", "a generator draws where it lives"
