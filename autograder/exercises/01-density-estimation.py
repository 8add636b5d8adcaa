"""Exercises of section 1, density estimation."""

# A case is known by its exercise and its name:
# pyright: reportRedeclaration=false
from __future__ import annotations

import numpy as np
import torch

from autograder.exercise import Exercise, normal

# --- a distribution given by its quantile function --------------------------------------------------------------------

inverse_transform_sample = Exercise("inverse_transform_sample", points=1)


def uniform(rng: np.random.Generator, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.from_numpy(rng.uniform(0.02, 0.98, size=shape)).to(dtype)


def exponential_quantile(u):
    return -torch.log1p(-u) / 1.7


def logistic_quantile(u):
    return 0.3 + 2 * (torch.log(u) - torch.log1p(-u))


def die_quantile(u):
    """Three faces with probabilities 0.2, 0.5 and 0.3."""
    return 1 + (u > 0.2).to(u.dtype) + (u > 0.7).to(u.dtype)


@inverse_transform_sample.case
def exponential(rng):
    """The quantile function is the inverse of the distribution function: it takes u itself, not 1 - u, and what it
    returns already is the sample."""
    return {"quantile": exponential_quantile, "uniforms": uniform(rng, 7)}


@inverse_transform_sample.case
def a_table_of_uniforms(rng):
    """Uniforms may have any shape, here (3, 4): the samples have the same one, each in the place of its uniform."""
    return {"quantile": logistic_quantile, "uniforms": uniform(rng, 3, 4)}


@inverse_transform_sample.case
def one_uniform(rng):
    """A single uniform of shape () is allowed; so don't loop over the first axis, and don't sort."""
    return {"quantile": logistic_quantile, "uniforms": uniform(rng)}


@inverse_transform_sample.case
def far_tails(rng):
    """Uniforms within 1e-12 of 0 and of 1 are rare but real: float64 tells them apart, so don't clamp them and don't
    convert them."""
    tiny = 1e-12 * (1 + uniform(rng, 3, dtype=torch.float64))
    return {"quantile": logistic_quantile, "uniforms": torch.cat([tiny, 1 - tiny])}


@inverse_transform_sample.case(gradient=False)
def a_die(rng):
    """A discrete distribution has a quantile function as well, a staircase. Call the function that you are given; don't
    invert or differentiate anything."""
    return {"quantile": die_quantile, "uniforms": uniform(rng, 9)}


# --- a distribution given by an unnormalised density ------------------------------------------------------------------

# Whether a step is accepted is a comparison, so the last digit can decide; in float64 that practically never happens.
metropolis_hastings = Exercise("metropolis_hastings", points=3, differentiable=False)


def tilted_gaussian(x):
    """Two or three dimensions, correlated, centred away from the origin."""
    return -0.5 * ((x - 0.4) ** 2).sum() - 0.6 * x[0] * x[-1]


def chain_inputs(rng, log_density, *, steps=30, d=2, scale=1.5, dtype=torch.float64):
    return {
        "log_density": log_density,
        "start": normal(rng, d, dtype=dtype),
        "proposal_noise": normal(rng, steps, d, scale=scale, dtype=dtype),
        "log_uniforms": torch.from_numpy(np.log(rng.uniform(size=steps))).to(dtype),
    }


@metropolis_hastings.case
def tilted(rng):
    """Each step: propose the current state plus this step's noise; accept it if log u is smaller than the new
    log-density minus the log-density of the current state; note the state you end up in, also when that is the old one.
    The current state is the last one accepted, not the start."""
    return chain_inputs(rng, tilted_gaussian, d=3)


@metropolis_hastings.case
def many_rejections(rng):
    """A narrow density and large steps: most proposals are rejected. Then the chain stays, and the old state is
    written down once more. T steps make T rows, whatever happens."""
    return chain_inputs(rng, lambda x: -20 * (x**2).sum(), scale=2.0)


@metropolis_hastings.case
def always_uphill(rng):
    """Every proposal here has a higher density than the state before it: all are accepted. The log-density difference
    is positive then, and log u is not."""
    inputs = chain_inputs(rng, lambda x: 3 * x.sum(), steps=8)
    return inputs | {"proposal_noise": inputs["proposal_noise"].abs() + 0.1}


@metropolis_hastings.case
def constant_of_a_thousand(rng):
    """The log-density carries the constant -1000, so exp of it is 0 and a ratio of densities is 0/0. Compare
    differences of logarithms and the constant falls out."""
    return chain_inputs(rng, lambda x: tilted_gaussian(x) - 1000)


@metropolis_hastings.case
def hard_walls(rng):
    """Outside a box the density is 0 and the log-density -inf. Such a proposal is rejected like any other, without an
    exception and without nan."""

    def box(x):
        return torch.where((x.abs() < 1).all(), -x.abs().sum(), torch.tensor(-torch.inf, dtype=x.dtype))

    return chain_inputs(rng, box, scale=0.9) | {"start": 0.3 * normal(rng, 2, dtype=torch.float64).tanh()}


@metropolis_hastings.case
def one_dimension(rng):
    """States of shape (1,): the chain has shape (T, 1), the column stays."""
    return chain_inputs(rng, lambda x: -(x**4).sum(), d=1)


@metropolis_hastings.case
def one_step(rng):
    """T = 1: one row, the state after the step; the start itself is not part of the chain."""
    return chain_inputs(rng, tilted_gaussian, steps=1)


@metropolis_hastings.case
def single_precision(rng):
    """float32 in, float32 out; accepted is a tensor of booleans, one per step."""
    return chain_inputs(rng, tilted_gaussian, steps=10, dtype=torch.float32)


# --- a distribution given by samples: a parametric fit ----------------------------------------------------------------

gaussian_mle = Exercise("gaussian_mle", points=2, differentiable=False)


def cloud(rng, n, d, *, offset=0.0, dtype=torch.float64):
    """Correlated columns of unequal scale around unequal means."""
    mixing = normal(rng, d, d, dtype=dtype) + torch.diag(torch.arange(1, d + 1).to(dtype))
    return normal(rng, n, d, dtype=dtype) @ mixing + torch.arange(d).to(dtype) + offset


@gaussian_mle.case
def three_columns(rng):
    """Two results, in this order: the mean of every column, shape (d,), and the d×d matrix of mean products of centred
    columns, off-diagonal entries included. A mean divides by n, not by n - 1."""
    return {"x": cloud(rng, 9, 3)}


@gaussian_mle.case
def few_samples(rng):
    """With 3 samples the factor 1/n is far from 1/(n-1). Maximum likelihood divides by n."""
    return {"x": cloud(rng, 3, 2)}


@gaussian_mle.case
def one_column(rng):
    """d = 1: the mean has shape (1,) and the covariance (1, 1)."""
    return {"x": cloud(rng, 6, 1)}


@gaussian_mle.case
def one_sample(rng):
    """n = 1: the likelihood is highest for a covariance of zeros; with 1/(n-1) it would be 0/0."""
    return {"x": cloud(rng, 1, 3)}


@gaussian_mle.case
def more_columns_than_samples(rng):
    """n = 4 and d = 6: rows are samples, columns are dimensions. The matrix is singular, and that is right."""
    return {"x": cloud(rng, 4, 6)}


@gaussian_mle.case
def far_from_the_origin(rng):
    """A cloud a million away from 0: subtract the mean first, then multiply. The mean of squares minus the square of
    the mean loses all digits here."""
    return {"x": cloud(rng, 8, 2, offset=1e6)}


@gaussian_mle.case
def single_precision(rng):
    """float32 in, float32 out, for both results."""
    return {"x": cloud(rng, 7, 3, dtype=torch.float32)}


# --- a distribution given by samples: a kernel estimate ---------------------------------------------------------------

kde_log_density = Exercise("kde_log_density", points=3)


def kde_inputs(rng, m, n, d, *, bandwidth=0.6, dtype=torch.float64):
    return {
        "query": normal(rng, m, d, dtype=dtype),
        "data": normal(rng, n, d, dtype=dtype) + 0.5,
        "bandwidth": bandwidth,
    }


@kde_log_density.case
def in_the_plane(rng):
    """The density is a mean over the data, so it has one value per query. Each kernel is a Gaussian of covariance
    bandwidth²·I; its normalising constant belongs to it. The logarithm comes last."""
    return kde_inputs(rng, 4, 6, 2)


@kde_log_density.case
def more_queries_than_data(rng):
    """9 queries and 2 data points: shape (9,). Every query meets every data point, so one of the two needs an extra
    axis, and the mean runs over the data."""
    return kde_inputs(rng, 9, 2, 3)


@kde_log_density.case
def on_the_line(rng):
    """d = 1 with a bandwidth of 2.5: it is a length. The exponent holds its square, and the normalising constant its
    first power per dimension."""
    return kde_inputs(rng, 5, 7, 1, bandwidth=2.5)


@kde_log_density.case
def one_kernel(rng):
    """One query and one data point: shape (1,), and the kernel itself."""
    return kde_inputs(rng, 1, 1, 2)


@kde_log_density.case
def far_from_the_data(rng):
    """Queries 50 to 300 bandwidths away: every kernel is 0 in floating point, and log 0 is -inf. The log-density is a
    large negative number and its slope points back to the data. torch.logsumexp takes exponents; don't exponentiate
    yourself, and don't add a constant."""
    inputs = kde_inputs(rng, 4, 6, 2, bandwidth=0.2, dtype=torch.float32)
    away = torch.tensor([[10.0, 0.0], [0.0, -20.0], [-40.0, 30.0], [60.0, 1.0]])
    return inputs | {"query": inputs["query"] + away}


@kde_log_density.case
def many_dimensions(rng):
    """120 dimensions in float32: (2π·bandwidth²)^(d/2) is smaller than the smallest number there is. Add the logarithm
    of the normalising constant instead of dividing by it."""
    inputs = kde_inputs(rng, 3, 5, 120, bandwidth=0.05, dtype=torch.float32)
    return inputs | {"query": 0.05 * inputs["query"], "data": 0.05 * inputs["data"]}


@kde_log_density.case
def single_precision(rng):
    """float32 in, float32 out."""
    return kde_inputs(rng, 4, 3, 2, dtype=torch.float32)


kde_sample = Exercise("kde_sample", points=1)


def kde_draws(rng, n, k, d, *, bandwidth=0.3, dtype=torch.float64):
    return {
        "data": 4 * normal(rng, n, d, dtype=dtype),
        "bandwidth": bandwidth,
        "indices": torch.from_numpy(rng.integers(n, size=k)),
        "noise": normal(rng, k, d, dtype=dtype),
    }


@kde_sample.case
def in_the_plane(rng):
    """A draw from a mixture: take the data point that the index names, and move it by noise of standard deviation
    bandwidth (not bandwidth², not 1/bandwidth)."""
    return kde_draws(rng, 6, 6, 2)


@kde_sample.case
def more_samples_than_data(rng):
    """11 samples from 3 data points: indices repeat, in any order, and each gets its own noise. The number of samples
    is the length of indices."""
    return kde_draws(rng, 3, 11, 2)


@kde_sample.case
def fewer_samples_than_data(rng):
    """2 samples from 9 data points."""
    return kde_draws(rng, 9, 2, 3)


@kde_sample.case
def single_precision(rng):
    """float32 in, float32 out."""
    return kde_draws(rng, 5, 4, 2, dtype=torch.float32)
