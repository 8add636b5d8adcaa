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
    """Between u and the sample there is one operation too many, or a 1 - u where u is meant. What does the quantile
    function take, and what does it return?"""
    return {"quantile": exponential_quantile, "uniforms": uniform(rng, 7)}


@inverse_transform_sample.case(about="form number")
def a_table_of_uniforms(rng):
    """Uniforms may have any shape, here (3, 4): the samples have the same one, each in the place of its uniform."""
    return {"quantile": logistic_quantile, "uniforms": uniform(rng, 3, 4)}


@inverse_transform_sample.case(about="form number")
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
    """A discrete distribution has a quantile function as well, a staircase, with no inverse and no useful slope. Where
    does your answer need one?"""
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
    """Follow your chain by hand for two steps. From which state does the second proposal start? Which two log-densities
    are compared, and with what? Which state is written down when a proposal is refused?"""
    return chain_inputs(rng, tilted_gaussian, d=3)


@metropolis_hastings.case(about="number form")
def many_rejections(rng):
    """A narrow density and large steps: most proposals are rejected. What does the chain do at such a step, and how
    many rows must it have in the end?"""
    return chain_inputs(rng, lambda x: -20 * (x**2).sum(), scale=2.0)


@metropolis_hastings.case
def always_uphill(rng):
    """Every proposal here has a higher density than the state before it, so all are accepted, the first one too. If
    yours are not: which of the two log-densities is taken from which, and on which side does log u stand?"""
    inputs = chain_inputs(rng, lambda x: 3 * x.sum(), steps=8)
    return inputs | {"proposal_noise": inputs["proposal_noise"].abs() + 0.1}


@metropolis_hastings.case
def constant_of_a_thousand(rng):
    """The log-density carries the constant -1000, so exp of it is 0 and a ratio of densities is 0/0. A constant that is
    added to both sides of a comparison changes nothing, as long as they stay logarithms."""
    return chain_inputs(rng, lambda x: tilted_gaussian(x) - 1000)


@metropolis_hastings.case(about="number form")
def hard_walls(rng):
    """Outside a box the density is 0 and the log-density -inf. Such a proposal is rejected like any other, without an
    exception and without nan."""

    def box(x):
        return torch.where((x.abs() < 1).all(), -x.abs().sum(), torch.tensor(-torch.inf, dtype=x.dtype))

    return chain_inputs(rng, box, scale=0.9) | {"start": 0.3 * normal(rng, 2, dtype=torch.float64).tanh()}


@metropolis_hastings.case(about="form")
def one_dimension(rng):
    """States of shape (1,): the chain has shape (T, 1), the column stays."""
    return chain_inputs(rng, lambda x: -(x**4).sum(), d=1)


@metropolis_hastings.case(about="number form")
def one_step(rng):
    """T = 1: one row, the state after the step; the start itself is not part of the chain."""
    return chain_inputs(rng, tilted_gaussian, steps=1)


@metropolis_hastings.case(about="dtype")
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
    """Two results, in this order: one mean for each column, and a matrix that holds the covariance of every pair of
    columns. Is each entry of it a mean over the samples?"""
    return {"x": cloud(rng, 9, 3)}


@gaussian_mle.case
def few_samples(rng):
    """With 3 samples the factor 1/n is far from 1/(n-1). Which of them makes the likelihood largest?"""
    return {"x": cloud(rng, 3, 2)}


@gaussian_mle.case(about="form")
def one_column(rng):
    """d = 1: the mean has shape (1,) and the covariance (1, 1)."""
    return {"x": cloud(rng, 6, 1)}


@gaussian_mle.case(about="number form")
def one_sample(rng):
    """n = 1: the likelihood is highest for a covariance of zeros; with 1/(n-1) it would be 0/0."""
    return {"x": cloud(rng, 1, 3)}


@gaussian_mle.case
def more_columns_than_samples(rng):
    """n = 4 and d = 6: rows are samples, columns are dimensions. The matrix is singular, and that is right."""
    return {"x": cloud(rng, 4, 6)}


@gaussian_mle.case
def far_from_the_origin(rng):
    """A cloud a million away from 0. A small difference of two numbers near 10¹² has lost all its digits: what can be
    subtracted before anything is multiplied?"""
    return {"x": cloud(rng, 8, 2, offset=1e6)}


@gaussian_mle.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out, for both results."""
    return {"x": cloud(rng, 7, 3, dtype=torch.float32)}


# --- a distribution given by samples: a kernel estimate ---------------------------------------------------------------

# Some make a float32 tensor of the bandwidth; what that changes is no mistake in the formula.
kde_log_density = Exercise("kde_log_density", points=3, rtol={"float64": 1e-5}, atol={"float64": 1e-5})


def kde_inputs(rng, m, n, d, *, bandwidth=0.6, dtype=torch.float64):
    return {
        "query": normal(rng, m, d, dtype=dtype),
        "data": normal(rng, n, d, dtype=dtype) + 0.5,
        "bandwidth": bandwidth,
    }


def near_the_data(inputs):
    """A query for each of the first data points, about a bandwidth away in each coordinate. Its kernel is by far the
    largest there, so that rounding in the exponents, which are hundreds, does not change the weights of kernels."""
    h, data = inputs["bandwidth"], inputs["bandwidth"] * inputs["data"]
    return inputs | {"query": data[: len(inputs["query"])] + h * inputs["query"], "data": data}


@kde_log_density.case
def in_the_plane(rng):
    """Three things are easily lost: the kernels are averaged and not added; each carries the normalising constant of a
    Gaussian in d dimensions; and the bandwidth is a standard deviation. With one data point, what should the result be
    at the point itself?"""
    return kde_inputs(rng, 4, 6, 2)


@kde_log_density.case(about="number form")
def more_queries_than_data(rng):
    """9 queries and 2 data points: shape (9,). Every query meets every data point. Over which of the two do you
    average?"""
    return kde_inputs(rng, 9, 2, 3)


@kde_log_density.case
def on_the_line(rng):
    """d = 1 with a bandwidth of 2.5, a length. How often does it stand in the exponent, and how often, for each
    dimension, in the normalising constant?"""
    return kde_inputs(rng, 5, 7, 1, bandwidth=2.5)


@kde_log_density.case(about="form")
def one_kernel(rng):
    """One query and one data point: shape (1,), and the kernel itself."""
    return kde_inputs(rng, 1, 1, 2)


@kde_log_density.case(about="number slope")
def far_from_the_data(rng):
    """Queries 50 to 300 bandwidths away: every kernel is 0 in floating point, and log 0 is -inf. The log-density is a
    large negative number and its slope points back to the data. A sum of exponentials of which only the logarithm is
    wanted has a function of its own in torch; a small constant is no help."""
    away = torch.tensor([[10.0, 0.0], [0.0, -20.0], [-40.0, 30.0], [60.0, 1.0]])
    while True:  # until each query has one nearest point by far: rounding decides between kernels of one size
        inputs = kde_inputs(rng, 4, 6, 2, bandwidth=0.2, dtype=torch.float32)
        query = inputs["query"] + away
        exponents = -0.5 * (torch.cdist(query.double(), inputs["data"].double()) / 0.2).square()
        largest = exponents.topk(2, dim=1).values
        if (largest[:, 0] - largest[:, 1]).min() > 20:
            return inputs | {"query": query}


@kde_log_density.case
def many_dimensions(rng):
    """120 dimensions in float32: the normalising constant is smaller than the smallest number there is, though its
    logarithm is not. Where in your formula is it still a factor?"""
    return near_the_data(kde_inputs(rng, 3, 5, 120, bandwidth=0.05, dtype=torch.float32))


@kde_log_density.case
def more_dimensions_than_a_double_holds(rng):
    """400 dimensions in float64: now the normalising constant is beyond the smallest double as well. More digits don't
    help; where in your formula is it still a factor?"""
    return near_the_data(kde_inputs(rng, 2, 4, 400, bandwidth=0.02))


@kde_log_density.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out."""
    return kde_inputs(rng, 4, 3, 2, dtype=torch.float32)


@kde_log_density.case(about="number slope")
def at_a_data_point(rng):
    """Each query here is one of the data points, and its own kernel counts like the others. The distance to it is 0:
    has a distance a slope there, and has its square one?"""
    inputs = kde_inputs(rng, 4, 6, 2)
    return inputs | {"query": inputs["data"][:4].clone()}


@kde_log_density.case(about="number slope")
def far_from_the_origin(rng):
    """Queries and data lie close together, both a million away from 0. A small difference of two numbers near 10¹² has
    lost all its digits: what can be subtracted before anything is squared?"""
    inputs = kde_inputs(rng, 4, 6, 2)
    return inputs | {"query": inputs["query"] + 1e6, "data": inputs["data"] + 1e6}


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
    """Take one row by hand: from which data point does it come, and how far away may it lie? A bandwidth is a standard
    deviation, neither its square nor its inverse."""
    return kde_draws(rng, 6, 6, 2)


@kde_sample.case(about="number form")
def more_samples_than_data(rng):
    """11 samples from 3 data points: indices repeat, in any order, and each gets its own noise. The number of samples
    is the length of indices."""
    return kde_draws(rng, 3, 11, 2)


@kde_sample.case(about="number form")
def fewer_samples_than_data(rng):
    """2 samples from 9 data points: the number of samples is the length of indices."""
    return kde_draws(rng, 9, 2, 3)


@kde_sample.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out."""
    return kde_draws(rng, 5, 4, 2, dtype=torch.float32)
