"""Exercises of section 1, density estimation."""

# A case is known by its exercise and its name:
# pyright: reportRedeclaration=false
from __future__ import annotations

import numpy as np
import torch

from autograder.exercise import Exercise, normal

# --- a distribution given by a table ----------------------------------------------------------------------------------


def from_table(function, grid, cdf, uniforms):
    """Whole numbers stand for 64ths: unlike other numbers they stay exactly equal when inputs are changed by their
    rounding, which is how the tolerance of a case is found."""
    return function(grid, *(x if x.is_floating_point() else x.to(grid.dtype) / 64 for x in (cdf, uniforms)))


quantile_from_table = Exercise("quantile_from_table", points=2, call=from_table)


def table(rng, m, shape, *, dtype=torch.float64):
    """Uneven places, uneven steps, and uniforms well inside the pieces."""
    steps, places = rng.uniform(0.5, 1.5, size=m - 1), rng.uniform(0.3, 2.0, size=m).cumsum() - 3
    cdf = np.concatenate([[0.0], steps.cumsum() / steps.sum()])
    cdf[-1] = 1.0
    pieces = rng.integers(m - 1, size=shape)
    uniforms = cdf[pieces] + rng.uniform(0.1, 0.9, size=shape) * (cdf[pieces + 1] - cdf[pieces])
    return {
        name: torch.from_numpy(np.asarray(x)).to(dtype)
        for name, x in zip(("grid", "cdf", "uniforms"), (places, cdf, uniforms), strict=True)
    }


@quantile_from_table.case
def uneven_steps(rng):
    """Nine uniforms and a table of six entries, unevenly spaced. Draw one piece of F: where on it is the height u
    reached? Halfway up the piece must come out halfway along it."""
    return table(rng, 6, (9,))


@quantile_from_table.case
def two_entries(rng):
    """One straight piece from (a, 0) to (b, 1). What is halfway up?"""
    return table(rng, 2, (5,))


@quantile_from_table.case(about="form number")
def a_matrix_of_uniforms(rng):
    """Uniforms may have any shape, here (3, 4): each result stands in the place of its uniform."""
    return table(rng, 7, (3, 4))


@quantile_from_table.case(about="form")
def one_uniform(rng):
    """A single uniform of shape () is allowed, and so is its result."""
    return table(rng, 5, ())


@quantile_from_table.case(gradient=False)
def around_a_flat_piece(rng):
    """F is flat between two places: no probability lies there, and no sample may. Just below that height, exactly at
    it, and just above it are three different questions. Which x is the smallest with F(x) ≥ u in each?"""
    cdf = torch.tensor([0, 10, 24, 24, 24, 48, 64])
    return {"grid": table(rng, 7, ())["grid"], "cdf": cdf, "uniforms": torch.tensor([[23, 24, 25], [24, 10, 48]])}


@quantile_from_table.case
def flat_at_both_ends(rng):
    """The table begins with several zeros and ends with several ones, so the support is shorter than the table. Between
    which two entries does a small u lie? No division by 0 is needed."""
    inputs = table(rng, 5, (6,))
    grid = torch.cat([inputs["grid"][:1] - 2, inputs["grid"], inputs["grid"][-1:] + 3])
    return inputs | {"grid": grid, "cdf": torch.cat([torch.zeros(1), inputs["cdf"], torch.ones(1)])}


@quantile_from_table.case(about="number slope")
def steep_and_shallow(rng):
    """One piece carries nearly all the probability, another next to none. u may lie within 1e-6 of 0: don't clamp it,
    and don't move it to the nearest entry."""
    inputs = table(rng, 4, (2,))
    cdf = torch.tensor([0.0, 2e-6, 0.9, 1.0], dtype=torch.float64)
    return inputs | {"cdf": cdf, "uniforms": 1e-6 * (1 + 0.5 * inputs["uniforms"])}


@quantile_from_table.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out."""
    return table(rng, 6, (5,), dtype=torch.float32)


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


@metropolis_hastings.case(about="number form")
def one_step_on_level_ground(rng):
    """One step where the density is the same everywhere, so that every proposal is accepted: one row. Where does the
    walk begin, and is that row the state before the step or after it?"""
    inputs = chain_inputs(rng, lambda x: 0 * x.sum(), steps=1)
    return inputs | {"start": inputs["start"] + 5}


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


@metropolis_hastings.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out; accepted is a tensor of booleans, one per step."""
    return chain_inputs(rng, tilted_gaussian, steps=10, dtype=torch.float32)


# --- a distribution given by samples: a parametric fit ----------------------------------------------------------------

gaussian_mle = Exercise("gaussian_mle", points=1, differentiable=False)


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


@kde_log_density.case(about="number slope")
def many_points_far_from_the_origin(rng):
    """The same with 30 points instead of 6. If you are right with 6 and wrong with 30, ask how the function that gives
    you distances computes them: with more rows it may take a short cut. Can it be told not to?"""
    inputs = kde_inputs(rng, 3, 30, 2)
    return inputs | {"query": inputs["query"] + 1e6, "data": inputs["data"] + 1e6}


# --- a score for bandwidths -------------------------------------------------------------------------------------------


def other_log_density(query, data, bandwidth):
    """Of heavy tails, and neither normalised nor a mixture."""
    squares = ((query[:, None] - data) / bandwidth).square().sum(-1)
    return -torch.log1p(squares).mean(1) - 0.3 * len(data)


leave_one_out_log_likelihood = Exercise(
    "leave_one_out_log_likelihood",
    points=3,
    rtol={"float64": 1e-5},
    atol={"float64": 1e-5},
    stand_ins={"kde_log_density": other_log_density},
)


def sample(rng, n, d, *, bandwidth=0.6, dtype=torch.float64):
    return {"data": normal(rng, n, d, dtype=dtype), "bandwidth": bandwidth}


@leave_one_out_log_likelihood.case
def two_points(rng):
    """Two points in the plane: each is judged by one kernel, that of the other. How many kernels are averaged then, and
    over how many judgements?"""
    return sample(rng, 2, 2)


@leave_one_out_log_likelihood.case
def in_the_plane(rng):
    """Six points. Point i is judged by an estimate of its own, made of the other five. Which kernel must not be in it,
    what do five kernels add up to, and what is averaged in the end: densities, or their logarithms?"""
    return sample(rng, 6, 2)


@leave_one_out_log_likelihood.case
def on_the_line(rng):
    """d = 1 with a bandwidth of 2.5, a length."""
    return sample(rng, 7, 1, bandwidth=2.5)


@leave_one_out_log_likelihood.case(about="number slope")
def a_point_occurs_twice(rng):
    """Two of the points are equal, and each is judged by the other, too: to leave out everything at distance 0 is to
    leave out too much. And has a distance of 0 a slope?"""
    inputs = sample(rng, 5, 2)
    return inputs | {"data": torch.cat([inputs["data"], inputs["data"][1:2]])}


@leave_one_out_log_likelihood.case(about="number slope")
def an_outlier(rng):
    """One point lies hundreds of bandwidths from all others: where it is judged, every kernel is 0 in floating point.
    Its log-density is a large negative number, not minus infinity. And if you take its own kernel away from the sum of
    all: what is left of the others in floating point?"""
    inputs = sample(rng, 5, 2, bandwidth=0.3)
    far = inputs["data"][:1] + torch.tensor([[300.0, -200.0]], dtype=torch.float64)
    return inputs | {"data": torch.cat([far, inputs["data"]])}


@leave_one_out_log_likelihood.case
def many_dimensions(rng):
    """400 dimensions: the normalising constant is beyond the smallest double, though its logarithm is not."""
    inputs = sample(rng, 3, 400, bandwidth=0.02)
    return inputs | {"data": 0.02 * inputs["data"]}


@leave_one_out_log_likelihood.case(about="number slope")
def many_points_far_from_the_origin(rng):
    """30 points close together, a million away from 0. A small difference of two numbers near 10¹² has lost all its
    digits; some functions that give distances take it as soon as there are many rows."""
    inputs = sample(rng, 30, 2, bandwidth=0.2)
    return inputs | {"data": 0.5 * inputs["data"] + 1e6}


@leave_one_out_log_likelihood.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out."""
    return sample(rng, 5, 2, dtype=torch.float32)
