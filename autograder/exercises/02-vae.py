"""Exercises of section 2, variational autoencoders."""

# A case is known by its exercise and its name:
# pyright: reportRedeclaration=false
from __future__ import annotations

import sympy
import torch
from torch import Tensor, nn, optim

from autograder.exercise import Exercise, fill, network, normal

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
    """The recipe: subtract the mean of every column; find the k directions of largest variance; project onto them; add
    the mean back. Which of the four steps is missing or different?"""
    return {"x": correlated(rng, 12, 5) + 4 + normal(rng, 5, dtype=DOUBLE), "k": 2}


@pca_reconstruct.case
def one_component(rng):
    """With k = 1 every row moves onto one line through the mean, the line of the largest variance; the result still has
    the shape of x."""
    return {"x": correlated(rng, 9, 4) + 1, "k": 1}


@pca_reconstruct.case
def more_columns_than_rows(rng):
    """4 rows with 9 columns: the directions live among the columns, so there are 9 numbers in each. With
    full_matrices=False the singular value decomposition has the sizes you want."""
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


@pca_reconstruct.case
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
        raise TypeError(f"a SymPy expression should be returned, not a {type(expression).__name__}")
    expression = sympy.sympify(expression)
    if strangers := sorted(map(str, expression.free_symbols - set(PARAMETERS))):
        raise ValueError(
            f"the result still contains {', '.join(strangers)}, which is none of the four arguments; "
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
    """Start from log q - log p, a polynomial in z of degree two. Under q, E[(z - m1)²] = s1² and E[(z - m2)²] = s1² +
    (m1 - m2)²; nothing else is needed."""
    return {"points": parameters(rng)}


@univariate_kl.case
def nearly_the_same(rng):
    """Where the two distributions agree the divergence is 0, and here they nearly do: a wrong constant or a missing
    -1/2 shows."""
    points = parameters(rng)[:, [0, 1, 0, 1]]
    return {"points": points + torch.tensor([0, 0, 0.01, 0.01], dtype=DOUBLE)}


@univariate_kl.case
def only_the_means_differ(rng):
    """With equal standard deviations s the divergence is (m1 - m2)² / (2 s²): measured in units of the second one's
    spread, and with s2² in the denominator, not s2."""
    return {"points": parameters(rng)[:, [0, 1, 2, 1]]}


@univariate_kl.case
def narrow_in_wide_and_wide_in_narrow(rng):
    """The divergence is not symmetric: a wide q pays far more for mass where a narrow p has none than the other way
    round. The expectation is taken under the first distribution."""
    wide = parameters(rng, 2, means=0.1, low=10, high=20)
    narrow = parameters(rng, 2, means=0.1, low=0.05, high=0.1)
    wide_in_narrow = torch.cat([wide[:, :2], narrow[:, 2:]], dim=1)
    narrow_in_wide = torch.cat([narrow[:, :2], wide[:, 2:]], dim=1)
    return {"points": torch.cat([wide_in_narrow, narrow_in_wide])}


# Noise and data are constants: what flows back to them is nobody's business, so they are handed over detached.
reparameterize = Exercise(
    "reparameterize", points=1, call=lambda function, mean, log_var, noise: function(mean, log_var, noise.detach())
)


@reparameterize.case
def one_batch(rng):
    """z = mean + std · noise, and the standard deviation is exp(log_var / 2): exp(log_var) is its square. Gradients
    flow to mean and log_var."""
    return {"mean": normal(rng, 5, 3), "log_var": normal(rng, 5, 3), "noise": normal(rng, 5, 3)}


@reparameterize.case
def no_noise(rng):
    """Where the noise is 0, z is the mean, whatever the variance."""
    return {"mean": normal(rng, 4, 2), "log_var": normal(rng, 4, 2), "noise": torch.zeros(4, 2)}


@reparameterize.case
def batch_of_one(rng):
    """One sample with one latent dimension keeps its shape (1, 1)."""
    return {"mean": normal(rng, 1, 1), "log_var": normal(rng, 1, 1), "noise": normal(rng, 1, 1)}


@reparameterize.case
def latent_maps(rng):
    """A convolutional encoder returns latent maps, (n, c, h, w): the formula works entry by entry."""
    return {name: normal(rng, 2, 3, 2, 4) for name in ("mean", "log_var", "noise")}


@reparameterize.case
def very_wide_and_very_narrow(rng):
    """log_var near -30 and near 16: the noise is multiplied by the standard deviation as it is, without a bound and
    without a small constant."""
    log_var = torch.cat([-30 + normal(rng, 3, 2), 16 + normal(rng, 3, 2)])
    return {"mean": normal(rng, 6, 2, scale=1e-3), "log_var": log_var, "noise": normal(rng, 6, 2)}


@reparameterize.case
def double_precision(rng):
    """float64 in, float64 out."""
    return {name: normal(rng, 3, 2, dtype=DOUBLE) for name in ("mean", "log_var", "noise")}


gaussian_kl = Exercise("gaussian_kl", points=2)


@gaussian_kl.case
def one_batch(rng):
    """For one dimension the divergence is (mean² + var - 1 - log var) / 2. Sum it over the latent dimensions, and keep
    one number per sample: shape (n,)."""
    return {"mean": normal(rng, 5, 3), "log_var": normal(rng, 5, 3)}


@gaussian_kl.case
def the_prior_itself(rng):
    """mean = 0 and log_var = 0 is the prior N(0, I): the divergence is 0, and so is its gradient."""
    return {"mean": torch.zeros(3, 2), "log_var": torch.zeros(3, 2)}


@gaussian_kl.case
def only_the_mean_differs(rng):
    """With variance 1 the divergence is half the squared length of the mean."""
    return {"mean": normal(rng, 4, 3, scale=3), "log_var": torch.zeros(4, 3)}


@gaussian_kl.case
def batch_of_one(rng):
    """One sample: the result has shape (1,), not ()."""
    return {"mean": normal(rng, 1, 4), "log_var": normal(rng, 1, 4)}


@gaussian_kl.case
def one_latent_dimension(rng):
    """One latent dimension: the result still has shape (n,), not (n, 1)."""
    return {"mean": normal(rng, 6, 1), "log_var": normal(rng, 6, 1)}


@gaussian_kl.case
def very_wide_and_very_narrow(rng):
    """log_var near -30 and near 8. The logarithm of the variance is log_var itself: log(exp(log_var) + 1e-8) is not."""
    log_var = torch.cat([-30 + normal(rng, 3, 2), 8 + normal(rng, 3, 2)])
    return {"mean": normal(rng, 6, 2), "log_var": log_var}


@gaussian_kl.case
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
    """Half of: the trace of cov2⁻¹ cov1, plus the squared distance of the means measured with cov2⁻¹, minus d, plus log
    det cov2 - log det cov1."""
    return two_gaussians(rng, 2, scale2=2.5)


@mvn_kl.case
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
    """With one covariance for both, what is left is half the squared distance of the means, measured with the inverse
    of that covariance."""
    inputs = two_gaussians(rng, 3, scale1=4.0)
    return inputs | {"cov2": inputs["cov1"].clone()}


@mvn_kl.case
def determinants_that_underflow(rng):
    """100 dimensions with small variances: a determinant near 10⁻⁴⁰⁰ is 0 in float64, and its logarithm -inf. Take the
    log-determinant directly, by slogdet or as twice the sum of logs on the Cholesky factor's diagonal."""
    return two_gaussians(rng, 100, scale1=1e-4, scale2=2e-4)


@mvn_kl.case
def determinants_that_overflow(rng):
    """100 dimensions with large variances: a determinant near 10⁴⁰⁰ is inf in float64, and inf - inf is nan."""
    return two_gaussians(rng, 100, scale1=2e4, scale2=1e4)


@mvn_kl.case
def single_precision(rng):
    """float32 in, float32 out."""
    return two_gaussians(rng, 3, scale2=2.0, dtype=torch.float32)


# --- the loss and one step --------------------------------------------------------------------------------------------

negative_elbo = Exercise(
    "negative_elbo", points=2, call=lambda function, x, logits, *q: function(x.detach(), logits, *q)
)


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
    """Per sample: the cross-entropy summed over its pixels, plus its KL. Then the mean over the batch. A mean over
    pixels would make the KL weigh as much as all pixels together."""
    return elbo_inputs(rng, 5, 7, k=3)


@negative_elbo.case
def images(rng):
    """Pictures (n, 1, h, w): sum over every axis but the batch, with .flatten(1).sum(1) for example."""
    return elbo_inputs(rng, 3, 1, 4, 5)


@negative_elbo.case
def batch_of_one(rng):
    """One sample: the result is still a scalar of shape ()."""
    return elbo_inputs(rng, 1, 6)


@negative_elbo.case
def encoder_at_the_prior(rng):
    """mean = 0 and log_var = 0: the KL is 0, and what is left is the cross-entropy alone."""
    return elbo_inputs(rng, 4, 5) | {"mean": torch.zeros(4, 2), "log_var": torch.zeros(4, 2)}


@negative_elbo.case
def grey_pixels(rng):
    """Data anywhere in [0, 1]: the cross-entropy is -x log p - (1 - x) log(1 - p), both terms, and nothing is
    rounded."""
    inputs = elbo_inputs(rng, 4, 6)
    return inputs | {"x": torch.sigmoid(normal(rng, 4, 6))}


@negative_elbo.case
def confident_decoder(rng):
    """Logits near ±100, some of them wrong: about 100 nats for each wrong pixel, and an alive gradient. Use
    binary_cross_entropy_with_logits or softplus; log(sigmoid(a)) breaks, and a bounded logarithm lies."""
    inputs = elbo_inputs(rng, 3, 6)
    return inputs | {"logits": 100 * torch.sign(inputs["logits"]) + normal(rng, 3, 6)}


@negative_elbo.case
def double_precision(rng):
    """float64 in, float64 out."""
    return elbo_inputs(rng, 4, 5, dtype=DOUBLE)


vae_step = Exercise("vae_step", points=3, differentiable=False, as_float=True)


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
    """The order is: mean, log_var = encoder(x); z = reparameterize(mean, log_var, noise); loss = negative_elbo(x,
    decoder(z), mean, log_var); clear old gradients; backward; step; return the loss from before the update as a float.
    Both networks learn, so nothing on the way is detached."""
    return step_inputs(*pair(rng))


@vae_step.case
def batch_of_one(rng):
    """One sample is a batch too."""
    return step_inputs(*pair(rng, n=1))


@vae_step.case
def old_gradients(rng):
    """Both networks carry gradients from somebody's earlier backward. They must not influence this update: zero_grad
    first."""
    encoder, decoder, x, noise = pair(rng)
    for p in [*encoder.parameters(), *decoder.parameters()]:
        p.grad = normal(rng, *p.shape, dtype=p.dtype)
    return step_inputs(encoder, decoder, x, noise)


@vae_step.case
def adam(rng):
    """Any optimizer may come: use optimizer.step(), once. Adam shows a second step or an update made by hand."""
    encoder, decoder, x, noise = pair(rng)
    both = [*encoder.parameters(), *decoder.parameters()]
    return step_inputs(encoder, decoder, x, noise, optim.Adam(both, lr=0.05, betas=(0.5, 0.9)))


@vae_step.case
def images(rng):
    """Pictures (n, 1, 4, 4) go through convolutions: don't flatten x, and sum the cross-entropy over every axis but the
    batch."""
    encoder = Halves(nn.Sequential(nn.Conv2d(1, 2, 2, 2), nn.Tanh(), nn.Flatten(), nn.Linear(8, 4)))
    decoder = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Unflatten(1, (2, 2, 2)), nn.ConvTranspose2d(2, 1, 2, 2))
    fill(encoder.double(), rng)
    fill(decoder.double(), rng)
    return step_inputs(encoder, decoder, pixels(rng, 3, 1, 4, 4, dtype=DOUBLE), normal(rng, 3, 2, dtype=DOUBLE))


@vae_step.case
def single_precision(rng):
    """The same in float32."""
    return step_inputs(*pair(rng, dtype=torch.float32))
