"""Exercises of section 3, the GAN game."""

# A case is known by its exercise and its name:
# pyright: reportRedeclaration=false
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import optim

from autograder.exercise import Exercise, image_players, leave_gradients, normal, players

# --- losses: functions of logits, finite and alive at ±100 ------------------------------------------------------------

discriminator_loss = Exercise("discriminator_loss", points=2)


@discriminator_loss.case
def two_batches(rng):
    """The loss is the sum of two averages, one over the real logits and one over the fake logits. Which of the two
    should be large for a good discriminator, and which small?"""
    return {"real_logits": normal(rng, 6, 1, scale=2), "fake_logits": normal(rng, 6, 1, scale=2)}


@discriminator_loss.case
def unequal_batches(rng):
    """Here 8 real logits meet 3 fake ones. Average each batch by itself, then add; one mean over all 11 gives the
    larger batch more say."""
    return {"real_logits": normal(rng, 8, 1), "fake_logits": normal(rng, 3, 1)}


@discriminator_loss.case
def batch_of_one(rng):
    """One real and one fake logit: the result is still a scalar of shape (), not (1,) or (1, 1)."""
    return {"real_logits": normal(rng, 1, 1), "fake_logits": normal(rng, 1, 1)}


@discriminator_loss.case
def flat_logits(rng):
    """The discriminator may return shape (n,) as well as (n, 1)."""
    return {"real_logits": normal(rng, 5), "fake_logits": normal(rng, 7)}


@discriminator_loss.case
def maps_of_logits(rng):
    """A patch discriminator returns one logit per patch, shape (n, 1, h, w): average over all of them."""
    return {"real_logits": normal(rng, 2, 1, 3, 4), "fake_logits": normal(rng, 3, 1, 3, 4)}


@discriminator_loss.case
def confident_and_right(rng):
    """Logits of ±100 on the right side: the loss is 0 to machine precision, and finite. log(sigmoid(x)) is exact only
    as one function: F.logsigmoid, F.softplus or F.binary_cross_entropy_with_logits."""
    return {"real_logits": 100 + normal(rng, 3, 1), "fake_logits": -100 + normal(rng, 4, 1)}


@discriminator_loss.case
def confident_and_wrong(rng):
    """Logits of ±100 on the wrong side: the loss is about 200 and its gradient is alive. sigmoid rounds to 0 or 1
    there; log(0) is -inf, and log(0 + 1e-8) is finite but flat."""
    return {"real_logits": -100 + normal(rng, 3, 1), "fake_logits": 100 + normal(rng, 4, 1)}


@discriminator_loss.case
def double_precision(rng):
    """float64 in, float64 out: don't convert, and build targets with ones_like or zeros_like."""
    return {
        "real_logits": normal(rng, 4, 1, dtype=torch.float64),
        "fake_logits": normal(rng, 4, 1, dtype=torch.float64),
    }


def fake_logits_cases(exercise: Exercise) -> Exercise:
    """The cases that the three generator losses share; each adds the extreme logits that it must survive."""

    @exercise.case
    def batch_of_one(rng):
        """One logit: the result is still a scalar of shape (), not (1,) or (1, 1)."""
        return {"fake_logits": normal(rng, 1, 1)}

    @exercise.case
    def flat_logits(rng):
        """The discriminator may return shape (n,) as well as (n, 1); the expectation is a mean, not a sum."""
        return {"fake_logits": normal(rng, 5)}

    @exercise.case
    def maps_of_logits(rng):
        """A patch discriminator returns one logit per patch, shape (n, 1, h, w): average over all of them."""
        return {"fake_logits": normal(rng, 2, 1, 3, 4)}

    @exercise.case
    def double_precision(rng):
        """float64 in, float64 out: don't convert, and build targets with ones_like or zeros_like."""
        return {"fake_logits": normal(rng, 4, 1, dtype=torch.float64)}

    return exercise


generator_loss_minimax = fake_logits_cases(Exercise("generator_loss_minimax", points=1))


@generator_loss_minimax.case
def one_batch(rng):
    """The generator descends the term of the value that contains D(G(z)): the mean of log(1 - D), with the sign it
    has there."""
    return {"fake_logits": normal(rng, 6, 1, scale=2)}


@generator_loss_minimax.case
def sure_it_is_fake(rng):
    """Logits near -100: log(1 - D) is 0 to machine precision and so is its gradient. This flatness is the saturation
    that the text is about; computed well it is exact, not nan."""
    return {"fake_logits": -100 + normal(rng, 4, 1)}


@generator_loss_minimax.case
def sure_it_is_real(rng):
    """Logits near +100: log(1 - D) is about -100. sigmoid rounds to 1 there, and log(1 - 1) is -inf; write
    log(1 - sigmoid(x)) as one stable function of x."""
    return {"fake_logits": 100 + normal(rng, 4, 1)}


generator_loss_nonsaturating = fake_logits_cases(Exercise("generator_loss_nonsaturating", points=1))


@generator_loss_nonsaturating.case
def one_batch(rng):
    """The generator wants log D(G(z)) to be large, and an optimizer makes things small. This is not log(1 - D) with
    another sign."""
    return {"fake_logits": normal(rng, 6, 1, scale=2)}


@generator_loss_nonsaturating.case
def sure_it_is_fake(rng):
    """Logits near -100: the loss is about 100 and every sample's gradient is as large as it gets; that is the point
    of this loss. A small constant inside the log (log(D + 1e-8)) makes it flat again."""
    return {"fake_logits": -100 + normal(rng, 4, 1)}


@generator_loss_nonsaturating.case
def sure_it_is_real(rng):
    """Logits near +100: nothing left to gain, the loss is 0 to machine precision and finite."""
    return {"fake_logits": 100 + normal(rng, 4, 1)}


generator_loss_maximum_likelihood = fake_logits_cases(Exercise("generator_loss_maximum_likelihood", points=2))


@generator_loss_maximum_likelihood.case
def one_batch(rng):
    """The inverse of the sigmoid gives back the logit; what is averaged is its exponential, one sample at a time. A
    good fake has large odds, and the loss is minimised. No factor 1/2."""
    return {"fake_logits": normal(rng, 6, 1, scale=2)}


@generator_loss_maximum_likelihood.case
def large_odds(rng):
    """D/(1-D) is the exponential of the logit. Computed through the sigmoid it breaks above 17 in float32, where 1 -
    D has no digits left."""
    return {"fake_logits": torch.cat([20 + normal(rng, 3, 1), 10 + normal(rng, 3, 1)])}


@generator_loss_maximum_likelihood.case
def very_large_odds(rng):
    """exp(75) still fits into float32: no clamp is needed for logits up to 80."""
    return {"fake_logits": 75 + normal(rng, 3, 1)}


@generator_loss_maximum_likelihood.case
def sure_it_is_fake(rng):
    """Logits near -75: value and gradient are practically 0."""
    return {"fake_logits": -75 + normal(rng, 3, 1)}


# --- steps: one update, nothing else touched --------------------------------------------------------------------------


def odd_loss(real_logits, fake_logits):
    """A loss that no answer can guess: asymmetric in its arguments, not linear, not a cross-entropy."""
    return (real_logits - 1.3).pow(2).mean() + 2 * F.softplus(1.7 * fake_logits).mean()


def odd_generator_loss(fake_logits):
    return (fake_logits - 0.7).pow(2).mean() + F.softplus(-fake_logits).mean()


discriminator_step = Exercise("discriminator_step", points=3, differentiable=False, as_float=True)


def d_inputs(generator, discriminator, real, noise, optimizer=None):
    optimizer = optimizer or optim.SGD(discriminator.parameters(), lr=0.1)
    return {
        "generator": generator,
        "discriminator": discriminator,
        "optimizer": optimizer,
        "real": real,
        "noise": noise,
        "loss": odd_loss,
    }


@discriminator_step.case
def one_step(rng):
    """The order is: fake = generator(noise); value = loss(real logits, fake logits); clear old gradients; backward;
    step; return the value from before the update as a float."""
    return d_inputs(*players(rng))


@discriminator_step.case
def unequal_batches(rng):
    """7 real points and 2 noise vectors: the number of fakes is the length of the noise."""
    return d_inputs(*players(rng, n_real=7, n_noise=2))


@discriminator_step.case
def old_gradients(rng):
    """Both players carry gradients from before. The discriminator's must not influence this update (zero_grad first),
    and the generator's must come out exactly as they went in."""
    generator, discriminator, real, noise = players(rng)
    leave_gradients(rng, generator, discriminator)
    return d_inputs(generator, discriminator, real, noise)


@discriminator_step.case
def adam(rng):
    """Any optimizer may come: use optimizer.step(), once. Adam with momentum shows a second step or an update made by
    hand."""
    generator, discriminator, real, noise = players(rng)
    optimizer = optim.Adam(discriminator.parameters(), lr=0.05, betas=(0.5, 0.9))
    return d_inputs(generator, discriminator, real, noise, optimizer)


@discriminator_step.case
def frozen_layer(rng):
    """One layer of the generator came in frozen (requires_grad = False) and the others did not: if you freeze and
    unfreeze the generator, put every flag back to what it was."""
    generator, discriminator, real, noise = players(rng)
    generator[0].requires_grad_(False)
    return d_inputs(generator, discriminator, real, noise)


@discriminator_step.case
def images(rng):
    """Data may have any shape after the batch axis: don't flatten, don't assume two columns."""
    return d_inputs(*image_players(rng))


@discriminator_step.case
def single_precision(rng):
    """The networks are float32 this time: convert neither the data nor the noise."""
    return d_inputs(*players(rng, dtype=torch.float32))


generator_step = Exercise("generator_step", points=3, differentiable=False, as_float=True)


def g_inputs(generator, discriminator, noise, optimizer=None):
    optimizer = optimizer or optim.SGD(generator.parameters(), lr=0.1)
    return {
        "generator": generator,
        "discriminator": discriminator,
        "optimizer": optimizer,
        "noise": noise,
        "loss": odd_generator_loss,
    }


@generator_step.case
def one_step(rng):
    """The gradient must flow through the discriminator into the generator: no detach and no no_grad on this path.
    Then only the generator's optimizer steps."""
    generator, discriminator, _, noise = players(rng)
    return g_inputs(generator, discriminator, noise)


@generator_step.case
def batch_of_one(rng):
    """One noise vector makes one fake."""
    generator, discriminator, _, noise = players(rng, n_noise=1)
    return g_inputs(generator, discriminator, noise)


@generator_step.case
def old_gradients(rng):
    """Both players carry gradients from before. The generator's must not influence this update, and the
    discriminator's must come out exactly as they went in: backward() without inputs=... adds to them."""
    generator, discriminator, _, noise = players(rng)
    leave_gradients(rng, generator, discriminator)
    return g_inputs(generator, discriminator, noise)


@generator_step.case
def adam(rng):
    """Any optimizer may come: use optimizer.step(), once."""
    generator, discriminator, _, noise = players(rng)
    return g_inputs(generator, discriminator, noise, optim.Adam(generator.parameters(), lr=0.05, betas=(0.5, 0.9)))


@generator_step.case
def frozen_layer(rng):
    """One layer of the discriminator came in frozen (requires_grad = False) and the others did not: if you freeze and
    unfreeze the discriminator, put every flag back to what it was."""
    generator, discriminator, _, noise = players(rng)
    discriminator[0].requires_grad_(False)
    return g_inputs(generator, discriminator, noise)


@generator_step.case
def images(rng):
    """Data may have any shape after the batch axis."""
    generator, discriminator, _, noise = image_players(rng)
    return g_inputs(generator, discriminator, noise)


@generator_step.case
def single_precision(rng):
    """The networks are float32 this time: convert neither the data nor the noise."""
    generator, discriminator, _, noise = players(rng, dtype=torch.float32)
    return g_inputs(generator, discriminator, noise)
