"""Exercises of section 2, variational autoencoders."""

# A case is known by its exercise and its name:
# pyright: reportRedeclaration=false
from __future__ import annotations

import sympy
import torch
from torch import Tensor, nn, optim

from autograder.exercise import EXACT, Exercise, WrongType, fill, in_groups, leave_gradients, network, normal

DOUBLE = torch.float64

# --- principal components ---------------------------------------------------------------------------------------------

# A right answer may pass through NumPy or scikit-learn: values are compared, no gradients.
pca_reconstruct = Exercise("pca_reconstruct", points=2, differentiable=False)


def correlated(rng, n: int, d: int, *, dtype=DOUBLE) -> Tensor:
    """Rows with a few strong directions, none along an axis, and singular values well apart."""
    directions = torch.linalg.qr(normal(rng, d, d, dtype=DOUBLE)).Q
    scales = 3.0 * 0.6 ** torch.arange(d, dtype=DOUBLE)
    return (normal(rng, n, d, dtype=DOUBLE) * scales @ directions.T).to(dtype)


@pca_reconstruct.case
def far_from_the_origin(rng):
    """The cloud lies far from the origin, and the directions of largest variance are seen from its middle. Was the
    middle taken away before you looked for them, and is it there again in the end? If so, count the directions that you
    keep, and ask how far each row goes along each of them."""
    return {"x": correlated(rng, 12, 5) + 4 + normal(rng, 5, dtype=DOUBLE), "k": 2}


@pca_reconstruct.case(about="number form")
def one_component(rng):
    """With k = 1 every row moves onto one line, that of the largest variance, and the result still has the shape of
    x."""
    return {"x": correlated(rng, 9, 4) + 1, "k": 1}


@pca_reconstruct.case(about="number form")
def more_columns_than_rows(rng):
    """4 rows with 9 columns: the directions live among the columns, so there are 9 numbers in each. torch.linalg.svd
    has an argument that keeps its factors small."""
    return {"x": correlated(rng, 4, 9) + 2, "k": 2}


@pca_reconstruct.case
def all_components(rng):
    """With as many components as columns nothing is lost: the reconstruction is x."""
    return {"x": correlated(rng, 8, 3) - 5, "k": 3}


@pca_reconstruct.case
def unequal_units(rng):
    """One column has a spread a thousand times that of another. Components follow the variance as it is: columns are
    centred, not divided by their standard deviations."""
    x = correlated(rng, 10, 4) * torch.tensor([30.0, 3.0, 0.3, 0.03], dtype=DOUBLE)
    return {"x": x + 7, "k": 2}


@pca_reconstruct.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out: NumPy and scikit-learn may hand back another type."""
    return {"x": correlated(rng, 10, 4, dtype=torch.float32) + 20, "k": 2}


# --- KL divergences ---------------------------------------------------------------------------------------------------

PARAMETERS = sympy.symbols("m1 m2", real=True) + sympy.symbols("s1 s2", positive=True)


def at_points(derivation, points: Tensor) -> Tensor:
    """Evaluate a symbolic answer: two expressions are the same if they agree wherever they are evaluated."""
    m1, m2, s1, s2 = PARAMETERS
    expression = derivation(m1, s1, m2, s2)
    if not isinstance(expression, sympy.Expr | int | float):
        raise WrongType(f"a SymPy expression should be returned, not a {type(expression).__name__}")
    expression = sympy.sympify(expression)
    if strangers := sorted(map(str, expression.free_symbols - set(PARAMETERS))):
        raise ValueError(
            f"the result still contains {', '.join(strangers)}, none of which is one of the four arguments themselves; "
            "an expectation over z leaves no z"
        )
    rows = [dict(zip((m1, s1, m2, s2), map(sympy.Rational, row.tolist()), strict=True)) for row in points]
    return torch.tensor([float(expression.subs(row).evalf()) for row in rows], dtype=DOUBLE)


univariate_kl = Exercise("univariate_kl", points=2, differentiable=False, call=at_points)


def parameters(rng, n=4, *, means=2.0, low=0.4, high=2.5) -> Tensor:
    """Rows of (mean1, std1, mean2, std2)."""
    mean, std = normal(rng, n, 2, scale=means, dtype=DOUBLE), torch.from_numpy(rng.uniform(low, high, size=(n, 2)))
    return torch.stack([mean, std], dim=2).flatten(1)


@univariate_kl.case
def random_points(rng):
    """Try your result where you know it: what is it where both distributions agree, and how does it grow as the means
    part? If you expanded the squares: under q, the expectation of (z - m2)² has two parts."""
    return {"points": parameters(rng)}


@univariate_kl.case
def nearly_the_same(rng):
    """Where the two distributions agree the divergence is 0, and here they nearly do: a constant that is missing or too
    many shows."""
    points = parameters(rng)[:, [0, 1, 0, 1]]
    return {"points": points + torch.tensor([0, 0, 0.01, 0.01], dtype=DOUBLE)}


@univariate_kl.case
def only_the_means_differ(rng):
    """Equal standard deviations: what is left must grow with the square of the distance of the means, measured in units
    of the second one's spread. Is it a variance that you divide by?"""
    return {"points": parameters(rng)[:, [0, 1, 2, 1]]}


@univariate_kl.case
def narrow_in_wide_and_wide_in_narrow(rng):
    """The divergence is not symmetric: a wide q pays far more for mass where a narrow p has none than the other way
    round. Under which of the two is the expectation taken?"""
    wide = parameters(rng, 2, means=0.1, low=10, high=20)
    narrow = parameters(rng, 2, means=0.1, low=0.05, high=0.1)
    wide_in_narrow = torch.cat([wide[:, :2], narrow[:, 2:]], dim=1)
    narrow_in_wide = torch.cat([narrow[:, :2], wide[:, 2:]], dim=1)
    return {"points": torch.cat([wide_in_narrow, narrow_in_wide])}


# A standard deviation of 10⁻⁷ counts as much as one of 3,000.
reparameterize = Exercise("reparameterize", points=1, atol=EXACT)


@reparameterize.case
def one_batch(rng):
    """The noise has variance 1, and z must have the variance whose logarithm is log_var. By which number must noise be
    multiplied for that? Not by the variance itself."""
    return {"mean": normal(rng, 5, 3), "log_var": normal(rng, 5, 3), "noise": normal(rng, 5, 3)}


@reparameterize.case
def no_noise(rng):
    """Where the noise is 0, z is the mean, whatever the variance."""
    return {"mean": normal(rng, 4, 2), "log_var": normal(rng, 4, 2), "noise": torch.zeros(4, 2)}


@reparameterize.case(about="form")
def batch_of_one(rng):
    """One sample with one latent dimension keeps its shape (1, 1)."""
    return {"mean": normal(rng, 1, 1), "log_var": normal(rng, 1, 1), "noise": normal(rng, 1, 1)}


@reparameterize.case(about="form number")
def latent_maps(rng):
    """A convolutional encoder returns latent maps, (n, c, h, w): everything goes entry by entry."""
    return {name: normal(rng, 2, 3, 2, 4) for name in ("mean", "log_var", "noise")}


@reparameterize.case
def very_wide_and_very_narrow(rng):
    """log_var near -30 and near 16: nothing is bounded, and no small constant is added; a standard deviation of 10⁻⁷ is
    one."""
    log_var = torch.cat([-30 + normal(rng, 3, 2), 16 + normal(rng, 3, 2)])
    return {"mean": normal(rng, 6, 2, scale=1e-3), "log_var": log_var, "noise": normal(rng, 6, 2)}


@reparameterize.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out."""
    return {name: normal(rng, 3, 2, dtype=DOUBLE) for name in ("mean", "log_var", "noise")}


gaussian_kl = Exercise("gaussian_kl", points=2)


@gaussian_kl.case
def one_batch(rng):
    """Try your formula in one dimension: is it 0 at mean 0 and variance 1, and does it grow when the mean moves, when
    the variance shrinks, when the variance grows? Then: over which axis is it added up, and which stays?"""
    return {"mean": normal(rng, 5, 3), "log_var": normal(rng, 5, 3)}


@gaussian_kl.case(about="number slope")
def the_prior_itself(rng):
    """mean = 0 and log_var = 0 is the prior N(0, I): the divergence is 0, and so is its gradient."""
    return {"mean": torch.zeros(3, 2), "log_var": torch.zeros(3, 2)}


@gaussian_kl.case
def only_the_mean_differs(rng):
    """Variance 1, as in the prior: three of the terms cancel, and what is left grows with the square of the mean. Which
    factor stands before it?"""
    return {"mean": normal(rng, 4, 3, scale=3), "log_var": torch.zeros(4, 3)}


@gaussian_kl.case(about="form")
def batch_of_one(rng):
    """One sample: the result has shape (1,), not ()."""
    return {"mean": normal(rng, 1, 4), "log_var": normal(rng, 1, 4)}


@gaussian_kl.case(about="form")
def one_latent_dimension(rng):
    """One latent dimension: the result still has shape (n,), not (n, 1)."""
    return {"mean": normal(rng, 6, 1), "log_var": normal(rng, 6, 1)}


@gaussian_kl.case(about="number slope")
def very_wide_and_very_narrow(rng):
    """log_var near -30 and near 8. You are given the logarithm of the variance: going to the variance and back, with a
    small constant on the way, loses it."""
    log_var = torch.cat([-30 + normal(rng, 3, 2), 8 + normal(rng, 3, 2)])
    return {"mean": normal(rng, 6, 2), "log_var": log_var}


@gaussian_kl.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out."""
    return {"mean": normal(rng, 3, 2, dtype=DOUBLE), "log_var": normal(rng, 3, 2, dtype=DOUBLE)}


# A right answer may pass through NumPy, and derivatives in a symmetric matrix depend on which half is read.
mvn_kl = Exercise("mvn_kl", points=3, differentiable=False)


def covariance(rng, d: int, *, scale=1.0, dtype=DOUBLE) -> Tensor:
    """A well-conditioned covariance matrix with correlations."""
    root = normal(rng, d, d, scale=0.5 * d**-0.5, dtype=DOUBLE) + torch.eye(d, dtype=DOUBLE)
    return (scale * (root @ root.T)).to(dtype)


def two_gaussians(rng, d: int, *, scale1=1.0, scale2=1.0, dtype=DOUBLE):
    return {
        "mean1": normal(rng, d, scale=scale1**0.5, dtype=dtype),
        "cov1": covariance(rng, d, scale=scale1, dtype=dtype),
        "mean2": normal(rng, d, scale=scale1**0.5, dtype=dtype),
        "cov2": covariance(rng, d, scale=scale2, dtype=dtype),
    }


@mvn_kl.case
def two_dimensions(rng):
    """For d = 1 it must agree with the divergence of the exercise before. Which of the two covariances is inverted, and
    where? In which order are the logarithms of the determinants subtracted, what is taken off for the dimension, and is
    everything halved?"""
    return two_gaussians(rng, 2, scale2=2.5)


@mvn_kl.case(about="form")
def one_dimension(rng):
    """d = 1: the result is a scalar of shape (), not (1, 1)."""
    return two_gaussians(rng, 1, scale2=0.5)


@mvn_kl.case
def correlations_only(rng):
    """Same means and same variances along the axes; only the correlations differ, so the off-diagonal entries must
    count."""
    inputs = two_gaussians(rng, 4)
    std1, std2 = inputs["cov1"].diagonal().sqrt(), inputs["cov2"].diagonal().sqrt()
    inputs["cov2"] = inputs["cov2"] * (std1 / std2)[:, None] * (std1 / std2)
    return inputs | {"mean2": inputs["mean1"].clone()}


@mvn_kl.case
def only_the_means_differ(rng):
    """One covariance for both: most terms cancel. What is left is a squared distance of the means, but not in plain
    units: a step along a narrow direction counts more."""
    inputs = two_gaussians(rng, 3, scale1=4.0)
    return inputs | {"cov2": inputs["cov1"].clone()}


@mvn_kl.case
def determinants_that_underflow(rng):
    """100 dimensions with small variances: a determinant near 10⁻⁴⁰⁰ is 0 in float64, and its logarithm -inf. The
    logarithm of a determinant can be had without the determinant; torch.linalg knows two ways."""
    return two_gaussians(rng, 100, scale1=1e-4, scale2=2e-4)


@mvn_kl.case
def determinants_that_overflow(rng):
    """100 dimensions with large variances: a determinant near 10⁴⁰⁰ is inf in float64, and inf - inf is nan."""
    return two_gaussians(rng, 100, scale1=2e4, scale2=1e4)


@mvn_kl.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out."""
    return two_gaussians(rng, 3, scale2=2.0, dtype=torch.float32)


@mvn_kl.case
def roots_of_determinants_that_underflow(rng):
    """Variances near 10⁻⁹: now even the square root of a determinant is 0, and so is the product along the diagonal of
    a triangular factor. Where does your formula still multiply a hundred small numbers?"""
    return two_gaussians(rng, 100, scale1=1e-9, scale2=2e-9)


# --- the loss and one step --------------------------------------------------------------------------------------------

negative_elbo = Exercise("negative_elbo", points=2)


def pixels(rng, *shape, dtype=torch.float32) -> Tensor:
    """Black and white pixels."""
    return torch.from_numpy(rng.random(shape) < 0.4).to(dtype)


def elbo_inputs(rng, *shape, k=2, scale=2.0, dtype=torch.float32):
    n = shape[0]
    return {
        "x": pixels(rng, *shape, dtype=dtype),
        "logits": normal(rng, *shape, scale=scale, dtype=dtype),
        "mean": normal(rng, n, k, dtype=dtype),
        "log_var": normal(rng, n, k, dtype=dtype),
    }


@negative_elbo.case
def rows_of_pixels(rng):
    """Which axes are added up and which is averaged? A mean over pixels would make the KL weigh as much as all pixels
    together; a sum over the batch would grow with its size. How often does a sample's KL count, and which of the two
    parts carries which sign?"""
    return elbo_inputs(rng, 5, 7, k=3)


@negative_elbo.case(about="number form")
def images(rng):
    """Pictures (n, 1, h, w): a sample is everything but the batch axis."""
    return elbo_inputs(rng, 3, 1, 4, 5)


@negative_elbo.case(about="form")
def batch_of_one(rng):
    """One sample: the result is still a scalar of shape ()."""
    return elbo_inputs(rng, 1, 6)


@negative_elbo.case
def encoder_at_the_prior(rng):
    """mean = 0 and log_var = 0: the KL is 0, and what is left is the cross-entropy alone."""
    return elbo_inputs(rng, 4, 5) | {"mean": torch.zeros(4, 2), "log_var": torch.zeros(4, 2)}


@negative_elbo.case(about="number")
def grey_pixels(rng):
    """Data anywhere in [0, 1], not only 0 and 1: a cross-entropy has two terms for each pixel, and both count when x
    lies between."""
    inputs = elbo_inputs(rng, 4, 6)
    return inputs | {"x": torch.sigmoid(normal(rng, 4, 6))}


@negative_elbo.case(about="number slope")
def confident_decoder(rng):
    """Logits near ±100, some of them wrong: about 100 nats for each wrong pixel, and an alive gradient. A sigmoid
    rounds to 0 or 1 there; its logarithm breaks, and a bounded logarithm lies. Stay with the logits."""
    inputs = elbo_inputs(rng, 3, 6)
    return inputs | {"logits": 100 * torch.sign(inputs["logits"]) + normal(rng, 3, 6)}


@negative_elbo.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out."""
    return elbo_inputs(rng, 4, 5, dtype=DOUBLE)


def other_sample(mean, log_var, noise):
    """Stands in for the lesson's `reparameterize`."""
    return 0.7 * mean + torch.sigmoid(log_var) * noise


def other_kl(mean, log_var):
    """Stands in for `gaussian_kl`."""
    return (1.3 * mean.square() + (log_var - 0.2).square()).sum(1)


def other_elbo(x, logits, mean, log_var):
    """Stands in for `negative_elbo`."""
    misfit = (torch.sigmoid(logits) - 0.8 * x).square().flatten(1).sum(1)
    return (misfit + 0.4 * (mean + 0.1).square().sum(1) + 0.3 * log_var.square().sum(1)).mean()


vae_step = Exercise(
    "vae_step",
    points=3,
    differentiable=False,
    as_float=True,
    stand_ins={"reparameterize": other_sample, "gaussian_kl": other_kl, "negative_elbo": other_elbo},
)


class Halves(nn.Module):
    """An encoder: the first half of a network's outputs is the mean, the second half the log-variance."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_var = self.net(x).chunk(2, dim=1)
        return mean, log_var


def pair(rng, *, n=5, dtype=DOUBLE):
    """A tiny encoder and decoder for 6 pixels and 2 latent dimensions, with a batch and its noise."""
    encoder, decoder = Halves(network(rng, 6, 5, 4, dtype=dtype)), network(rng, 2, 5, 6, dtype=dtype)
    return encoder, decoder, pixels(rng, n, 6, dtype=dtype), normal(rng, n, 2, dtype=dtype)


def step_inputs(encoder, decoder, x, noise, optimizer=None):
    both = [p for net in (encoder, decoder) for p in net.parameters() if p.requires_grad]
    return {
        "encoder": encoder,
        "decoder": decoder,
        "optimizer": optimizer or optim.SGD(both, lr=0.05),
        "x": x,
        "noise": noise,
    }


@vae_step.case
def one_step(rng):
    """What does a step of training consist of, and in which order? Look for a gradient that was not cleared, for a
    network that the gradient does not reach because something on the way is detached, and for noise that does not
    enter. If the value itself is wrong, which argument goes where, and what is added up or averaged?"""
    return step_inputs(*pair(rng))


@vae_step.case(about="form")
def batch_of_one(rng):
    """One sample is a batch too."""
    return step_inputs(*pair(rng, n=1))


@vae_step.case(about="number effect")
def old_gradients(rng):
    """Both networks carry gradients from somebody's earlier backward. They must not influence this update."""
    encoder, decoder, x, noise = pair(rng)
    leave_gradients(rng, encoder, decoder)
    return step_inputs(encoder, decoder, x, noise)


@vae_step.case
def adam(rng):
    """Any optimizer may come, here with two groups of parameters: let it make the step, once. Adam shows a
    second step or an update made by hand."""
    encoder, decoder, x, noise = pair(rng)
    return step_inputs(encoder, decoder, x, noise, in_groups(encoder, decoder))


@vae_step.case
def images(rng):
    """Pictures (n, 1, 4, 4) go through convolutions: hand x on as it is."""
    encoder = Halves(nn.Sequential(nn.Conv2d(1, 2, 2, 2), nn.Tanh(), nn.Flatten(), nn.Linear(8, 4)))
    decoder = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Unflatten(1, (2, 2, 2)), nn.ConvTranspose2d(2, 1, 2, 2))
    fill(encoder.double(), rng)
    fill(decoder.double(), rng)
    return step_inputs(encoder, decoder, pixels(rng, 3, 1, 4, 4, dtype=DOUBLE), normal(rng, 3, 2, dtype=DOUBLE))


@vae_step.case(about="form number")
def single_precision(rng):
    """The same in float32: convert nothing."""
    return step_inputs(*pair(rng, dtype=torch.float32))


@vae_step.case(about="effect")
def switched_layers(rng):
    """Some layers came in evaluation mode and others in training mode. If you switch anything, put every switch back to
    what it was."""
    encoder, decoder, x, noise = pair(rng)
    for net in (encoder, decoder):
        for module in list(net.modules())[::2]:
            module.training = False
    return step_inputs(encoder, decoder, x, noise)


# --- the importance-weighted bound ------------------------------------------------------------------------------------

# The logarithm of a number of draws may be a float32 tensor: right in spite of more than rounding.
importance_bound = Exercise("importance_bound", points=1, rtol={"float64": 1e-6}, atol={"float64": 1e-6})


@importance_bound.case
def one_table(rng):
    """Four draws for each of three pictures. Two things are averaged, weights and bounds: which one comes before the
    logarithm, which one after it, and over which axis does each go?"""
    return {"log_w": normal(rng, 4, 3, scale=2)}


@importance_bound.case(about="number form")
def one_draw(rng):
    """With one draw per picture nothing is averaged before the logarithm: an ordinary estimate of the ELBO is left, and
    the table still has two axes."""
    return {"log_w": normal(rng, 1, 5, scale=2) - 10}


@importance_bound.case(about="number form")
def one_picture(rng):
    """One picture: the result is a scalar of shape (), like that of a batch."""
    return {"log_w": normal(rng, 6, 1, scale=2)}


@importance_bound.case(about="number")
def equal_draws(rng):
    """All draws of a picture have one weight, so their average is that weight, however many there are. Does your
    result grow with the number of draws?"""
    return {"log_w": normal(rng, 1, 4, scale=2).expand(5, 4).clone()}


@importance_bound.case(about="number slope")
def large_pictures(rng):
    """Logarithms near -2,000, as large pictures have them. The weights themselves are 0 in floating point: can the
    average be had without them?"""
    return {"log_w": normal(rng, 5, 3, scale=2) - 2000}


@importance_bound.case(about="number slope")
def densities_above_one(rng):
    """Logarithms near 2,000: a narrow Gaussian decoder has densities far above 1, and the weights themselves are
    infinite in floating point."""
    return {"log_w": normal(rng, 5, 3, scale=2) + 2000}


@importance_bound.case(about="number slope")
def unlike_pictures(rng):
    """One picture's logarithms lie near -20, another's near -900, a third's near 400. What keeps one picture's weights
    in range must be chosen for that picture."""
    return {"log_w": normal(rng, 4, 3, scale=2) + torch.tensor([-20.0, -900.0, 400.0])}


@importance_bound.case(about="number slope")
def one_draw_outweighs_the_rest(rng):
    """One draw explains its picture hundreds of nats better than the others: the average is that draw's weight divided
    by the number of draws, and no draw's gradient is nan."""
    log_w = normal(rng, 4, 3) - 30
    return {"log_w": log_w - 300 * (torch.arange(4)[:, None] != torch.tensor([2, 0, 3]))}


@importance_bound.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out."""
    return {"log_w": normal(rng, 3, 4, dtype=DOUBLE)}
