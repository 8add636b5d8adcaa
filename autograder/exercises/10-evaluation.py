"""Exercises of section 10, evaluation."""

# A case is known by its exercise and its name:
# pyright: reportRedeclaration=false
from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from autograder.exercise import Exercise, WrongType, normal

# --- the Fréchet distance: of two Gaussians, squared ------------------------------------------------------------------

# Where covariances are singular, a right answer takes the square root of an eigenvalue that is 0 up to rounding: 1e-16
# becomes 1e-8 in float64, 1e-7 becomes 3e-4 in float32. SciPy's routines have no gradient, and need none here.
frechet_distance = Exercise("frechet_distance", points=3, differentiable=False, rtol={"float64": 1e-6, "float32": 2e-3})


def covariance(rng: np.random.Generator, d: int, rank: int | None = None, dtype: torch.dtype = torch.float64) -> Tensor:
    """A covariance matrix with eigenvalues between 1/e and e along random axes, or 0 beyond its rank."""
    axes = np.linalg.qr(rng.normal(size=(d, d)))[0]
    values = np.where(np.arange(d) < (rank or d), np.exp(rng.uniform(-1, 1, size=d)), 0)
    return torch.from_numpy((axes * values) @ axes.T).to(dtype)


def moments(rng, d: int, rank1: int | None = None, rank2: int | None = None, dtype=torch.float64):
    """Two means and two covariances whose axes have nothing to do with each other."""
    return {
        "mean1": 2 * normal(rng, d, dtype=dtype),
        "cov1": covariance(rng, d, rank1, dtype),
        "mean2": 2 * normal(rng, d, dtype=dtype),
        "cov2": covariance(rng, d, rank2, dtype),
    }


@frechet_distance.case
def a_gaussian_and_itself(rng):
    """The distance of a Gaussian to itself is 0: what is subtracted must be as large as both traces together."""
    two = moments(rng, 5)
    return {"mean1": two["mean1"], "cov1": two["cov1"], "mean2": two["mean1"].clone(), "cov2": two["cov1"].clone()}


@frechet_distance.case
def only_the_means_differ(rng):
    """With equal covariances nothing is left but the squared distance of the means: squared, and summed over the
    coordinates."""
    two = moments(rng, 3)
    return two | {"cov2": two["cov1"].clone()}


@frechet_distance.case(about="number form")
def one_dimension(rng):
    """In one dimension the result compares standard deviations, not variances, and is a scalar of shape (). If it is
    SciPy that stops here: with disp=False its sqrtm returns two things, but for a 1×1 matrix only one."""
    return {
        "mean1": normal(rng, 1, dtype=torch.float64),
        "cov1": 4 + normal(rng, 1, 1, dtype=torch.float64).abs(),
        "mean2": normal(rng, 1, dtype=torch.float64),
        "cov2": 0.5 + normal(rng, 1, 1, dtype=torch.float64).abs(),
    }


@frechet_distance.case
def only_the_covariances_differ(rng):
    """With equal means only the traces are left. The third of them is of a matrix root: of which matrix? For equal
    covariances it must undo the other two."""
    two = moments(rng, 3)
    return two | {"mean2": two["mean1"].clone()}


@frechet_distance.case
def four_dimensions(rng):
    """Two parts, of the means and of the covariances. Is the first one squared? The root in the second is a matrix
    root, not one of each entry, and the two covariances do not commute: the root of a product is not the product of the
    roots."""
    return moments(rng, 4)


@frechet_distance.case
def singular_covariances(rng):
    """Covariances of ranks 2 and 3 in twelve dimensions, as from few samples. Rounding makes eigenvalues of -1e-17 out
    of zeros, and their root is nan or complex; inverses and Cholesky factors don't exist. A constant added to the
    diagonal changes the result."""
    return moments(rng, 12, rank1=2, rank2=3)  # so many zeros that rounding makes some of them negative


@frechet_distance.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out (or a Python float), and singular again: eigenvalues that should be 0 may be as negative
    as -1e-7."""
    return moments(rng, 6, rank1=3, rank2=2, dtype=torch.float32)


# --- a fraud against it: noise of the right moments -------------------------------------------------------------------


def moments_of(function, real: Tensor, noise: Tensor) -> dict[str, Tensor]:
    """What is asked of the fraud: its mean, its covariance, and what the best affine map of the noise leaves of it.

    Which factors of a covariance an answer takes is its own affair, so that its points themselves are not compared.
    """
    forged = function(real, noise)
    if isinstance(forged, np.ndarray):
        forged = torch.from_numpy(forged)
    if not isinstance(forged, Tensor) or forged.shape != noise.shape:
        shape = f"shape {tuple(forged.shape)}" if isinstance(forged, Tensor) else f"a {type(forged).__name__}"
        raise WrongType(f"as many points are wanted as there are of noise, {tuple(noise.shape)}; this returns {shape}.")
    forged = forged.detach().double()
    design = torch.cat([noise.double(), torch.ones(len(noise), 1, dtype=torch.float64)], dim=1)
    left = forged - design @ torch.linalg.lstsq(design, forged).solution
    return {"the mean": forged.mean(0), "the covariance": forged.T.cov(), "what no affine map of the noise makes": left}


match_moments = Exercise(
    "match_moments",
    points=2,
    differentiable=False,
    call=moments_of,
    rtol={"float64": 1e-6},
    atol={"float64": 1e-7},
)


def dependent(rng: np.random.Generator, n: int, d: int, rank: int | None = None) -> Tensor:
    """Points whose coordinates depend on each other, in a subspace of this rank, far from the origin."""
    return normal(rng, n, rank or d, dtype=torch.float64) @ normal(rng, rank or d, d, dtype=torch.float64) + 3


@match_moments.case
def as_many_as_real_ones(rng):
    """Are the mean and the covariance of what you return those of real, and not only nearly? The noise has a mean and a
    covariance of its own, which are not 0 and I: they have to be undone first."""
    return {"real": dependent(rng, 30, 3), "noise": dependent(rng, 30, 3)}


@match_moments.case
def few_of_noise(rng):
    """Seven points of noise and forty real ones. Which divisor does the docstring give a covariance? With unequal
    numbers of points it matters."""
    return {"real": dependent(rng, 40, 2), "noise": dependent(rng, 7, 2)}


@match_moments.case
def correlated(rng):
    """Equal variances along each axis are not enough: the covariances off the diagonal have to be right too. If they
    look mirrored, try your factor on the other side, or transposed."""
    stretch = torch.tensor([[1.0, 0.9, 0.0], [0.0, 0.5, -2.0], [0.3, 0.0, 3.0]], dtype=torch.float64)
    return {"real": normal(rng, 25, 3, dtype=torch.float64) @ stretch, "noise": dependent(rng, 25, 3)}


@match_moments.case
def singular(rng):
    """The real points lie in a plane of a space of five dimensions, so that their covariance has no Cholesky factor and
    eigenvalues of -1e-17. Nothing may be added to its diagonal: the fraud is exact."""
    return {"real": dependent(rng, 30, 5, rank=2), "noise": normal(rng, 40, 5, dtype=torch.float64)}


# --- neighbours: no ties, and none that rounding could make ----------------------------------------------------------

one_nn_accuracy = Exercise("one_nn_accuracy", points=2, differentiable=False)


def clearly(rng: np.random.Generator, draw) -> Tensor:
    """Draw points until every one is at least 1 % closer to its nearest neighbour than to the next."""
    while True:
        x = draw(rng)
        nearest, next_nearest = torch.cdist(x, x).sort(dim=1).values[:, 1:3].T
        if (nearest < 0.99 * next_nearest).all():
            return x


def samples(rng, n: int, m: int, d: int, shift: float = 0.0, scale: float = 1.0) -> dict[str, Tensor]:
    """n real points and m fake ones, which are drawn together, scaled and moved along every axis."""

    def draw(rng: np.random.Generator) -> Tensor:
        x = normal(rng, n + m, d)
        x[n:] = scale * x[n:] + shift
        return x

    x = clearly(rng, draw)
    return {"real": x[:n].clone(), "fake": x[n:].clone()}


def shares(x: Tensor, n: int, p: float) -> int:
    """How many of the points have their nearest neighbour in a p-norm among their own kind, the first n being one."""
    nearest = torch.cdist(x, x, p=p).fill_diagonal_(torch.inf).argmin(1)
    return int(((torch.arange(len(x)) < n) == (nearest < n)).sum())


@one_nn_accuracy.case
def one_law(rng):
    """Everyone looks for the nearest among all the others, of both kinds; how often is it of the same kind? Distances
    are Euclidean, not sums of absolute differences."""
    while True:  # until sums of absolute differences, and largest ones, lead to other neighbours
        found = samples(rng, 12, 12, 3)
        x = torch.cat([found["real"], found["fake"]])
        if len({shares(x, 12, p) for p in (1.0, 2.0, torch.inf)}) == 3:
            return found


@one_nn_accuracy.case
def unequal_sizes(rng):
    """Fifteen real points and four fake ones: one average over all nineteen points, not the mean of two accuracies."""
    return samples(rng, 15, 4, 2, shift=0.7)


@one_nn_accuracy.case
def collapsed(rng):
    """The fakes sit close together among the real points. Points of both kinds are classified, and both count."""
    return samples(rng, 10, 11, 2, scale=0.1)


@one_nn_accuracy.case
def separated(rng):
    """Two clouds far apart: every neighbour is of the same kind, so the accuracy is 1, a share and not per cent."""
    return samples(rng, 6, 9, 2, shift=30.0)


@one_nn_accuracy.case
def a_copy(rng):
    """The fakes are copies of the real points, so everyone's nearest neighbour is its twin of the other kind, and the
    accuracy is 0. Leave a point out by its position: who skips distances of 0 skips the twin, and who takes the second
    of the sorted distances takes now the twin, now the point itself."""
    x = clearly(rng, lambda rng: normal(rng, 8, 3))
    return {"real": x, "fake": x.clone()}


# --- precision and recall ---------------------------------------------------------------------------------------------

precision_recall = Exercise("precision_recall", points=3, differentiable=False)


def radius(x: Tensor, k: int) -> Tensor:
    """From each point to its k-th nearest other one."""
    return torch.cdist(x, x).sort(dim=1).values[:, k]


def clearly_in_or_out(rng: np.random.Generator, draw, k: int) -> dict[str, Tensor | int]:
    """Draw a real and a fake set until every point is at least 1 % inside or outside every ball of the other set."""
    while True:
        real, fake = draw(rng)
        across = torch.cdist(real, fake)
        radii = [radius(x, k)[:, None] for x in (real, fake)]
        if all(((d / r - 1).abs() > 0.01).all() for d, r in zip((across, across.T), radii, strict=True)):
            return {"real": real, "fake": fake, "k": k}


def two_clouds(rng, n: int, m: int, k: int, shift: float = 0.0, scale: float = 1.0) -> dict[str, Tensor | int]:
    """n real points of the plane, and m fake ones that are scaled and moved along every axis."""
    return clearly_in_or_out(rng, lambda rng: (normal(rng, n, 2), shift + scale * normal(rng, m, 2)), k)


@precision_recall.case
def overlapping(rng):
    """Whose neighbours give a radius, and does a point count as its own neighbour? Is a fake point in if any ball holds
    it, or only that of its nearest? For recall the roles are swapped, and precision comes first."""
    while True:  # until counts divided by the wrong size, and shares of the balls, are not the two results turned round
        found = two_clouds(rng, 9, 8, k=2, shift=0.8)
        real, fake = found["real"], found["fake"]
        assert isinstance(real, Tensor) and isinstance(fake, Tensor)
        across = torch.cdist(real, fake)
        in_real, in_fake = (across <= radius(real, 2)[:, None]), (across <= radius(fake, 2))
        fakes, reals = in_real.any(0).sum(), in_fake.any(1).sum()
        if fakes != reals and (in_fake.any(0).sum(), in_real.any(1).sum()) != (fakes, reals):
            return found


@precision_recall.case
def nearest_only(rng):
    """k = 1: the radius reaches to the very nearest other point, and is not 0."""
    return two_clouds(rng, 8, 10, k=1, shift=0.4)


@precision_recall.case(about="number")
def half_of_the_data(rng):
    """The fakes are all in one part of the data: good precision, poor recall. Which one do you return first?"""
    return two_clouds(rng, 14, 9, k=2, shift=0.7, scale=0.25)


@precision_recall.case
def too_wide(rng):
    """The fakes spread further than the data, and there are more of them: recall is better than precision. Precision is
    a share of the fake points, recall a share of the real ones."""
    return two_clouds(rng, 7, 16, k=3, scale=3.0)


@precision_recall.case
def far_apart(rng):
    """Nothing overlaps: both are 0. A radius is measured within a point's own set, never to the other one."""
    return two_clouds(rng, 6, 7, k=2, shift=50.0)


@precision_recall.case
def one_wide_ball(rng):
    """Some real points are crowded and have small radii, others are lonely and have large ones. Every real point has a
    radius of its own, and a fake point counts if any ball holds it, not only the ball of its nearest real point."""
    homes = torch.tensor([[4.0, 0.0], [0.0, 4.0], [-4.0, -3.0]])

    def draw(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        crowd, lonely = 0.1 * normal(rng, 8, 2), homes + 0.5 * normal(rng, 3, 2)
        return torch.cat([crowd, lonely]), 0.8 * normal(rng, 12, 2)

    return clearly_in_or_out(rng, draw, k=2)


@precision_recall.case
def as_many_neighbours_as_there_are(rng):
    """Five real points and k = 4: the fourth nearest other point is the farthest one, and it exists."""
    return two_clouds(rng, 5, 6, k=4, shift=1.5)


# --- density and coverage: balls of the real points only --------------------------------------------------------------

density_coverage = Exercise("density_coverage", points=2, differentiable=False)


def clearly_in_real_balls(rng: np.random.Generator, draw, k: int) -> dict[str, Tensor | int]:
    """Draw a real and a fake set until every fake is at least 1 % inside or outside every ball of a real point."""
    while True:
        real, fake = draw(rng)
        if ((torch.cdist(real, fake) / radius(real, k)[:, None] - 1).abs() > 0.01).all():
            return {"real": real, "fake": fake, "k": k}


def real_and_fake(rng, n: int, m: int, k: int, shift: float = 0.0, scale: float = 1.0) -> dict[str, Tensor | int]:
    """n real points of the plane, and m fake ones that are scaled and moved along every axis."""
    return clearly_in_real_balls(rng, lambda rng: (normal(rng, n, 2), shift + scale * normal(rng, m, 2)), k)


def counts(found: dict) -> tuple[int, int, int]:
    """Pairs of a real ball and a fake in it, fakes in a ball, and real points with a fake."""
    inside = torch.cdist(found["real"], found["fake"]) <= radius(found["real"], found["k"])[:, None]
    return int(inside.sum()), int(inside.any(0).sum()), int(inside.any(1).sum())


@density_coverage.case
def overlapping_clouds(rng):
    """Density: over all fakes, the average number of real balls around them, in units of k. Coverage: which points are
    counted, and out of how many?"""
    while True:  # until precision is not coverage, nor its share of the other set
        found = real_and_fake(rng, 9, 7, k=2, shift=0.6)
        _, fakes, reals = counts(found)
        if fakes != reals and 0 < reals < 9:
            return found


@density_coverage.case
def crowded_where_the_data_are(rng):
    """All fakes sit where the real points are densest: many balls hold each of them. How large may a density get?"""
    while True:
        found = real_and_fake(rng, 14, 6, k=3, scale=0.1)
        if counts(found)[0] > 3 * 6:
            return found


@density_coverage.case
def a_single_fake(rng):
    """One fake point, which has no neighbours of its own kind: only the real points have balls."""
    while True:
        found = real_and_fake(rng, 8, 1, k=3, scale=0.3)
        if counts(found)[0]:
            return found


@density_coverage.case
def strays_among_the_fakes(rng):
    """Two fakes far outside. Whose balls do you draw? A stray must not be able to cover the data."""

    def draw(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        fake = torch.cat([0.2 * normal(rng, 7, 2), 40 + normal(rng, 2, 2)])
        return normal(rng, 12, 2), fake

    return clearly_in_real_balls(rng, draw, k=2)


@density_coverage.case
def lonely_and_crowded(rng):
    """Some real points are crowded and have small balls, others are lonely and have large ones: each has a radius of
    its own, and a fake may lie in the ball of a real point that is not its nearest."""
    homes = torch.tensor([[4.0, 0.0], [0.0, 4.0], [-4.0, -3.0]])

    def draw(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        crowd, lonely = 0.1 * normal(rng, 8, 2), homes + 0.5 * normal(rng, 3, 2)
        return torch.cat([crowd, lonely]), 0.8 * normal(rng, 12, 2)

    return clearly_in_real_balls(rng, draw, k=2)


@density_coverage.case
def the_nearest_neighbour_only(rng):
    """k = 1: the ball reaches to the very nearest other real point, and is not empty."""
    return real_and_fake(rng, 9, 12, k=1, scale=0.8)


@density_coverage.case
def the_farthest_neighbour(rng):
    """Five real points and k = 4: the fourth nearest other point is the farthest one, and it exists."""
    return real_and_fake(rng, 5, 8, k=4, shift=1.0)


@density_coverage.case
def nothing_in_common(rng):
    """The sets are far apart: both numbers are 0."""
    return real_and_fake(rng, 6, 7, k=2, shift=50.0)
