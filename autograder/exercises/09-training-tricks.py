"""Exercises of section 9, training tricks."""

# A case is known by its exercise and its name:
# pyright: reportRedeclaration=false
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.exercise import Exercise, WrongType, fill, image_critic, leave_gradients, network, normal

# --- steps on f = x·y -------------------------------------------------------------------------------------------------


def point(rng, *shape: int, dtype=torch.float32) -> dict:
    """A point in every quadrant but the origin's neighbourhood, where all steps look alike, and a step size."""
    x, y = normal(rng, *shape, dtype=dtype), normal(rng, *shape, dtype=dtype)
    return {"x": x + 0.5 * x.sign(), "y": y + 0.5 * y.sign(), "lr": 0.3}


def further_cases(exercise: Exercise) -> None:
    """The cases that the three kinds of step share, after their own."""

    @exercise.case
    def vectors(rng):
        """x and y are vectors now, and f is the sum of their products: the gradient for x is still y, and that for y is
        still x, entry by entry."""
        return point(rng, 4)

    @exercise.case
    def large_step(rng):
        """lr = 1.5: the step is as long as lr times the gradient, whatever comes of it; nothing is clipped, and no
        lr is built in."""
        return point(rng) | {"lr": 1.5}

    @exercise.case(about="dtype")
    def double_precision(rng):
        """float64 in, float64 out, and the caller's x and y keep their values: x = x - ..., not x -= ..."""
        return point(rng, dtype=torch.float64)


# Not differentiable: gradients taken by autograd from detached copies are as right as written ones.
simultaneous_step = Exercise("simultaneous_step", points=1, differentiable=False)


@simultaneous_step.case
def one_point(rng):
    """Which of the two descends and which ascends? Both look at the point as it was before anybody moved. They come
    back in the order in which they came."""
    return point(rng)


@simultaneous_step.case
def x_at_zero(rng):
    """At x = 0 the gradient for y is 0, so y stays where it is. If yours moves, it has seen the new x."""
    return point(rng) | {"x": torch.zeros(())}


further_cases(simultaneous_step)

alternating_step = Exercise("alternating_step", points=1, differentiable=False)


@alternating_step.case
def one_point(rng):
    """x moves first. Which x does y see, the one that was or the one that is?"""
    return point(rng)


@alternating_step.case
def x_at_zero(rng):
    """At x = 0 the old x would leave y where it is. The new x is -lr·y, and y reacts to it."""
    return point(rng) | {"x": torch.zeros(())}


@alternating_step.case
def y_at_zero(rng):
    """At y = 0 the gradient for x is 0: x, which moves first, stays, and then y moves. If your x moves, y went
    first."""
    return point(rng) | {"y": torch.zeros(())}


further_cases(alternating_step)

extragradient_step = Exercise("extragradient_step", points=2, differentiable=False)


@extragradient_step.case
def one_point(rng):
    """Two things are easily mixed up: where the gradients are read off, and from where the step is taken. They are not
    the same point."""
    return point(rng)


@extragradient_step.case
def x_at_zero(rng):
    """At x = 0 the look-ahead point is (-lr·y, y). So x ends where a simultaneous step ends, and y reacts to the
    x it expects."""
    return point(rng) | {"x": torch.zeros(())}


@extragradient_step.case
def y_at_zero(rng):
    """At y = 0 the look-ahead point is (x, lr·x). So y ends where a simultaneous step ends, and x gives way already."""
    return point(rng) | {"y": torch.zeros(())}


further_cases(extragradient_step)

# --- the Jacobian of a game -------------------------------------------------------------------------------------------


def off_the_graph(function, d_loss, g_loss, theta: Tensor, psi: Tensor):
    """The matrix, refused where it still hangs on the graph that it was made with."""
    found = function(d_loss, g_loss, theta, psi)
    if isinstance(found, Tensor) and found.requires_grad:
        raise WrongType(
            "the matrix still carries the graph that it was made with, as requires_grad says; a matrix of numbers "
            "should be returned, off the graph"
        )
    return found


game_jacobian = Exercise("game_jacobian", points=3, differentiable=False, call=off_the_graph)


def played(rng, d_loss, g_loss, dtype=torch.float64) -> dict:
    """A game at a point away from both axes."""
    theta, psi = normal(rng, dtype=dtype), normal(rng, dtype=dtype)
    return {"d_loss": d_loss, "g_loss": g_loss, "theta": theta + 0.5 * theta.sign(), "psi": psi + 0.5 * psi.sign()}


def unlike(rng) -> tuple:
    """Losses of which all eight second derivatives, and all first ones, are different and not 0."""
    a, b, c, d = rng.uniform(0.5, 1.5, size=4).tolist()

    def d_loss(theta, psi):
        return a * theta.square() * psi + F.softplus(b * psi - 2 * theta) + psi.square()

    def g_loss(theta, psi):
        return c * (0.4 * theta).exp() * psi + (d * psi + theta).cos() + 2 * theta.square()

    return d_loss, g_loss


@game_jacobian.case
def unlike_losses(rng):
    """Four entries, one question each: whose loss is it, by which of the two numbers is it differentiated first, by
    which then, and with what sign does a player that descends follow it? Ask it of one entry off the diagonal. And
    which of its two arguments does a loss expect first?"""
    return played(rng, *unlike(rng))


@game_jacobian.case
def one_product(rng):
    """The game x·y, which you know: theta wants the product small, psi wants it large. The pull on theta contains no
    theta, so a derivative is missing, and what is missing counts as 0; it is not an error. Round which way do the
    players go?"""
    scale = rng.uniform(0.5, 1.5)
    return played(rng, lambda theta, psi: -scale * theta * psi, lambda theta, psi: scale * theta * psi)


@game_jacobian.case
def each_for_itself(rng):
    """No loss contains the other player's number. Nobody turns anybody; each goes down its own hill, at its own pace.
    Where do the paces stand in the matrix?"""
    a, b = rng.uniform(0.5, 1.5, size=2).tolist()
    return played(rng, lambda theta, psi: (psi - 2).square() * a, lambda theta, psi: b * (theta + 1).pow(4))


@game_jacobian.case
def constant_pulls(rng):
    """One loss is a straight line, so the pull is the same everywhere; the other does not contain its own player's
    number, so there is no pull at all. Derivatives that are not there count as 0, in the first round and in the
    second; autograd has to be told so, or asked in another way."""
    slope = rng.uniform(0.5, 1.5)
    return played(rng, lambda theta, psi: slope * psi - theta.square(), lambda theta, psi: psi.square())


@game_jacobian.case(about="number effect")
def numbers_being_learnt(rng):
    """theta and psi require gradients here, and each has a .grad from before. Both are the caller's: after the call
    .grad must be what it was, and no graph hangs on the matrix. backward() adds to every .grad that it reaches."""
    inputs = played(rng, *unlike(rng))
    for name in ("theta", "psi"):
        inputs[name].requires_grad_()
        inputs[name].grad = normal(rng, dtype=torch.float64)
    return inputs


@game_jacobian.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out: don't convert, and don't build the matrix from Python numbers."""

    # Whole numbers only: in PyTorch's forward mode a fraction times a 0-d tensor becomes float64.
    def d_loss(theta, psi):
        return theta.square() * psi + F.softplus(3 * psi - 2 * theta) + psi.square()

    def g_loss(theta, psi):
        return theta.exp() * psi + (2 * psi + theta).cos() + 2 * theta.square()

    return played(rng, d_loss, g_loss, dtype=torch.float32)


# --- the zero-centred penalty -----------------------------------------------------------------------------------------


def without_input_gradients(function, discriminator: nn.Module, real: Tensor):
    """Gradients are compared for the discriminator's parameters alone: whether they also flow to the data is open."""
    return function(discriminator, real.detach() if real.requires_grad else real)


zero_centred_penalty = Exercise("zero_centred_penalty", points=3, call=without_input_gradients)


def data_for(rng, discriminator: nn.Module, n: int, *shape: int, dtype=torch.float64) -> dict:
    return {"discriminator": discriminator.to(dtype), "real": normal(rng, n, *shape, dtype=dtype)}


@zero_centred_penalty.case(about="number slope")
def points(rng):
    """One slope per sample, taken where, and with respect to what? What is done with its length, over what is the mean,
    and what stands before it? The penalty is there to be descended: torch.autograd.grad forgets the way it came unless
    it is told to keep it."""
    return data_for(rng, network(rng, 3, 6, 1), 5, 3)


@zero_centred_penalty.case(about="number form")
def images(rng):
    """Images (n, 2, 4, 4): a slope has the shape of its image, and its length runs over all axes but the batch. A mean
    over pixels would divide by their number."""
    return data_for(rng, image_critic(rng, 2), 4, 2, 4, 4)


@zero_centred_penalty.case(about="number form")
def logits_without_a_column(rng):
    """This discriminator returns shape (n,) where others return (n, 1). What turns either into one number without
    mixing the samples' slopes?"""
    return data_for(rng, nn.Sequential(*network(rng, 2, 5, 1), nn.Flatten(0)), 4, 2)


@zero_centred_penalty.case(about="number form")
def batch_of_one(rng):
    """One sample: don't squeeze the batch axis away."""
    return data_for(rng, network(rng, 3, 5, 1), 1, 3)


@zero_centred_penalty.case(about="number slope")
def flat_places(rng):
    """Some samples lie where this discriminator is constant: their slope is 0, they cost nothing, and nothing may be
    nan. Is there a square root on your way, and do you need it?"""
    first, last = nn.Linear(2, 3), nn.Linear(3, 1)
    discriminator = fill(nn.Sequential(first, nn.ReLU(), last), rng)
    with torch.no_grad():
        first.weight.copy_(0.5 + first.weight.abs())
        first.bias.zero_()
        last.weight.copy_(0.5 + last.weight.abs())
    inputs = data_for(rng, discriminator, 4, 2)
    side = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])  # ReLU is off for the samples on the negative side
    return inputs | {"real": side * (0.5 + inputs["real"].abs())}


@zero_centred_penalty.case
def steep_slopes(rng):
    """All slopes are far above 1: nothing is clamped, and no slope but 0 is free."""
    discriminator = network(rng, 3, 6, 1)
    *_, weights, _bias = discriminator.parameters()
    with torch.no_grad():
        weights.mul_(20)
    return data_for(rng, discriminator, 6, 3)


@zero_centred_penalty.case(gradient=False, about="number effect")
def old_gradients(rng):
    """The parameters carry gradients from before, which must come out as they went in: backward() adds to every .grad
    it reaches, torch.autograd.grad to none. The data are the caller's: have you switched on a flag of theirs?"""
    discriminator = network(rng, 3, 5, 1)
    leave_gradients(rng, discriminator)
    return data_for(rng, discriminator, 4, 3)


@zero_centred_penalty.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out: don't convert."""
    return data_for(rng, network(rng, 2, 5, 1), 5, 2, dtype=torch.float32)


# --- feature matching -------------------------------------------------------------------------------------------------


feature_matching_loss = Exercise("feature_matching_loss", points=1)


@feature_matching_loss.case(about="number slope")
def two_batches(rng):
    """What is compared are two vectors, one for each batch. In which order do you average, subtract and square, and
    over which axis runs each of the sums? Both batches have a gradient."""
    return {"real_features": normal(rng, 6, 5) + 1, "fake_features": normal(rng, 6, 5)}


@feature_matching_loss.case
def unequal_batches(rng):
    """8 real samples and 3 fake ones: each batch has a mean of its own, and nothing is paired."""
    return {"real_features": normal(rng, 8, 4), "fake_features": normal(rng, 3, 4)}


@feature_matching_loss.case(gradient=False)
def equal_means(rng):
    """The fakes are the real samples with all deviations from the mean reversed: other points, the same mean. If yours
    is not 0, points were compared where means are meant."""
    x = normal(rng, 6, 3)
    return {"real_features": x, "fake_features": 2 * x.mean(0) - x}


@feature_matching_loss.case(about="form")
def batch_of_one(rng):
    """One sample each: its features are the mean, and the result is a scalar of shape ()."""
    return {"real_features": normal(rng, 1, 4), "fake_features": normal(rng, 1, 4)}


@feature_matching_loss.case(about="form number")
def maps_of_features(rng):
    """Features of a convolution have shape (n, c, h, w). The mean runs over the batch alone; every other entry is a
    feature of its own."""
    return {"real_features": normal(rng, 4, 2, 3, 3) + 0.5, "fake_features": normal(rng, 3, 2, 3, 3)}


@feature_matching_loss.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return {
        "real_features": normal(rng, 5, 3, dtype=torch.float64),
        "fake_features": normal(rng, 4, 3, dtype=torch.float64),
    }


# --- label smoothing --------------------------------------------------------------------------------------------------

smoothed_discriminator_loss = Exercise("smoothed_discriminator_loss", points=1)


@smoothed_discriminator_loss.case(about="number slope")
def two_batches(rng):
    """With a target between 0 and 1 a real sample costs something on both sides, for saying real and for saying fake.
    How much does each side weigh? The target of the fakes is still 0. Both batches have a gradient."""
    return {"real_logits": normal(rng, 6, 1, scale=2), "fake_logits": normal(rng, 6, 1, scale=2), "smooth": 0.9}


@smoothed_discriminator_loss.case
def another_target(rng):
    """smooth = 0.7: the target is an argument, 0.9 is only the usual choice."""
    return {"real_logits": normal(rng, 5, 1, scale=2), "fake_logits": normal(rng, 5, 1, scale=2), "smooth": 0.7}


@smoothed_discriminator_loss.case
def unequal_batches(rng):
    """8 real logits and 3 fake ones: average each batch by itself, then add."""
    return {"real_logits": normal(rng, 8, 1), "fake_logits": normal(rng, 3, 1), "smooth": 0.9}


@smoothed_discriminator_loss.case(about="form")
def batch_of_one(rng):
    """One real and one fake logit, each of shape (1, 1): the result is still a scalar of shape ()."""
    return {"real_logits": normal(rng, 1, 1), "fake_logits": normal(rng, 1, 1), "smooth": 0.9}


@smoothed_discriminator_loss.case(about="number slope")
def overconfident(rng):
    """Real logits near +100. With smooth labels this is no longer free: the loss is about 10 and its gradient says
    "less sure". A sigmoid rounds to 1 there, and log(1 - 1) is lost; use functions of logits."""
    return {"real_logits": 100 + normal(rng, 3, 1), "fake_logits": -100 + normal(rng, 4, 1), "smooth": 0.9}


@smoothed_discriminator_loss.case(about="number slope")
def confident_and_wrong(rng):
    """Logits of ±100 on the wrong side: large, finite, with a gradient."""
    return {"real_logits": -100 + normal(rng, 3, 1), "fake_logits": 100 + normal(rng, 4, 1), "smooth": 0.8}


@smoothed_discriminator_loss.case
def no_smoothing(rng):
    """smooth = 1 is the discriminator's loss of section 3."""
    return {"real_logits": normal(rng, 4, 1), "fake_logits": normal(rng, 6, 1), "smooth": 1.0}


@smoothed_discriminator_loss.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: build targets with full_like."""
    return {
        "real_logits": normal(rng, 4, 1, dtype=torch.float64),
        "fake_logits": normal(rng, 4, 1, dtype=torch.float64),
        "smooth": 0.9,
    }


# --- minibatch features -----------------------------------------------------------------------------------------------

minibatch_features = Exercise("minibatch_features", points=2)


@minibatch_features.case(about="number form")
def small_batch(rng):
    """Keep track of the axes: samples, rows, and what a distance is summed over. Which pairs of samples meet, is the
    distance L1, what becomes of it, and does a sample meet itself? The result has shape (n, b)."""
    return {"features": normal(rng, 4, 3), "kernel": normal(rng, 3, 2, 5, scale=0.3)}


@minibatch_features.case
def batch_and_rows_of_one_size(rng):
    """n = b = 3: the shape alone does not say over which axis to sum. Over the other samples, not over the rows."""
    return {"features": normal(rng, 3, 2), "kernel": normal(rng, 2, 3, 4, scale=0.4)}


@minibatch_features.case(gradient=False, about="form number")
def batch_of_one(rng):
    """One sample has no others: the sum over none of them is 0, and the shape is (1, b)."""
    return {"features": normal(rng, 1, 3), "kernel": normal(rng, 3, 2, 4)}


@minibatch_features.case(gradient=False)
def collapsed(rng):
    """All six samples are the same: every distance is 0, every other sample adds exp(0) = 1, and the result is 5
    everywhere. This is what the discriminator is meant to see."""
    return {"features": normal(rng, 1, 3).repeat(6, 1), "kernel": normal(rng, 3, 2, 4)}


@minibatch_features.case(about="number slope")
def far_apart(rng):
    """All distances are in the hundreds: the result is 0 to machine precision, finite, with a finite gradient. A
    sample's distance to itself, 0, does not count."""
    return {"features": normal(rng, 5, 3, scale=40), "kernel": normal(rng, 3, 2, 6, scale=3)}


@minibatch_features.case(about="form number")
def one_row_of_one(rng):
    """b = c = 1: don't squeeze."""
    return {"features": normal(rng, 4, 2), "kernel": normal(rng, 2, 1, 1)}


@minibatch_features.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out."""
    return {
        "features": normal(rng, 4, 3, dtype=torch.float64),
        "kernel": normal(rng, 3, 2, 3, scale=0.4, dtype=torch.float64),
    }


# --- virtual batch norm -----------------------------------------------------------------------------------------------


# Sums of squares minus the squared mean are an honest way to a variance, and cost some digits.
virtual_batch_norm = Exercise(
    "virtual_batch_norm",
    points=2,
    rtol={"float64": 1e-5, "float32": 2e-3},
)


@virtual_batch_norm.case(about="number slope")
def small_batch(rng):
    """Sample by sample: who belongs to the batch that x[i] is normalised with, and how many are they? Is the variance
    the biased one, and where does eps go? Sample i + 1 must not feel sample i. When a sample moves, mean and variance
    move with it: does the gradient know?"""
    return {"x": normal(rng, 3, 4) + 1, "reference": 2 * normal(rng, 5, 4), "eps": 1e-5}


@virtual_batch_norm.case(about="form number")
def batch_of_one(rng):
    """One sample: it does not need a batch, that is the point of this norm."""
    return {"x": normal(rng, 1, 3) + 1, "reference": normal(rng, 6, 3), "eps": 1e-5}


@virtual_batch_norm.case
def large_eps(rng):
    """eps = 0.5: it is added to the variance, under the root."""
    return {"x": normal(rng, 3, 3), "reference": normal(rng, 4, 3), "eps": 0.5}


@virtual_batch_norm.case
def reference_of_one(rng):
    """One reference sample: with x[i] there are two, so there is a variance. Divide by the number of samples, m + 1,
    not by m."""
    x, reference = normal(rng, 3, 2, dtype=torch.float64), normal(rng, 1, 2, dtype=torch.float64)
    return {"x": x + 2, "reference": reference, "eps": 1e-2}


@virtual_batch_norm.case
def one_far_sample(rng):
    """One sample of the batch is at 100. It may change its own result and nobody else's."""
    x = normal(rng, 4, 2)
    x[1] += 100
    return {"x": x, "reference": normal(rng, 5, 2), "eps": 1e-5}


@virtual_batch_norm.case(about="number slope")
def constant_feature(rng):
    """One feature has the same value everywhere: variance 0, the result is 0 and finite, thanks to eps under the
    root."""
    x, reference = normal(rng, 3, 2, dtype=torch.float64), normal(rng, 4, 2, dtype=torch.float64)
    x[:, 0] = reference[:, 0] = 2.0
    return {"x": x, "reference": reference, "eps": 1e-3}


@virtual_batch_norm.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out."""
    return {
        "x": normal(rng, 3, 2, dtype=torch.float64),
        "reference": normal(rng, 5, 2, dtype=torch.float64),
        "eps": 1e-5,
    }
