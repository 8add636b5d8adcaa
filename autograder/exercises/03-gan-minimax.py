"""Exercises of section 3, the GAN game."""

# A case is known by its exercise and its name:
# pyright: reportRedeclaration=false
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import optim

from autograder.exercise import (
    EXACT,
    Exercise,
    image_players,
    in_groups,
    leave_gradients,
    network,
    normal,
    odd_generator_loss,
    odd_loss,
    players,
    switched,
)

# --- losses: functions of logits, finite and alive at ±100 ------------------------------------------------------------

discriminator_loss = Exercise("discriminator_loss", points=1)


@discriminator_loss.case
def two_batches(rng):
    """The loss is the sum of two averages, one over the real logits and one over the fake logits. Which of the two
    should be large for a good discriminator, and which small?"""
    return {"real_logits": normal(rng, 6, 1, scale=2), "fake_logits": normal(rng, 6, 1, scale=2)}


@discriminator_loss.case
def unequal_batches(rng):
    """Here 8 real logits meet 3 fake ones, so they need labels of their own, if you use labels. Average
    each batch by itself, then add; one mean over all 11 gives the larger batch more say."""
    return {"real_logits": normal(rng, 8, 1), "fake_logits": normal(rng, 3, 1)}


@discriminator_loss.case(about="form")
def batch_of_one(rng):
    """One real and one fake logit: the result is still a scalar of shape (), not (1,) or (1, 1)."""
    return {"real_logits": normal(rng, 1, 1), "fake_logits": normal(rng, 1, 1)}


@discriminator_loss.case(about="form")
def flat_logits(rng):
    """The discriminator may return shape (n,) as well as (n, 1)."""
    return {"real_logits": normal(rng, 5), "fake_logits": normal(rng, 7)}


@discriminator_loss.case(about="form number")
def maps_of_logits(rng):
    """A patch discriminator returns one logit per patch, shape (n, 1, h, w): average over all of them."""
    return {"real_logits": normal(rng, 2, 1, 3, 4), "fake_logits": normal(rng, 3, 1, 3, 4)}


@discriminator_loss.case(about="number slope")
def confident_and_right(rng):
    """Logits of ±100 on the right side: the loss is 0 to machine precision, and it and its slopes are finite. A sigmoid
    followed by a logarithm, or an exponential of +100, is not, even in a branch that torch.where does not take. PyTorch
    has the two steps as one function of the logit."""
    return {"real_logits": 100 + normal(rng, 3, 1), "fake_logits": -100 + normal(rng, 4, 1)}


@discriminator_loss.case
def confident_and_wrong(rng):
    """Logits of ±100 on the wrong side: the loss is about 200 and its gradient is alive. sigmoid rounds to 0 or 1
    there; log(0) is -inf, and log(0 + 1e-8) is finite but flat, as is a logit that was clamped."""
    return {"real_logits": -100 + normal(rng, 3, 1), "fake_logits": 100 + normal(rng, 4, 1)}


@discriminator_loss.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert, and build targets with ones_like or zeros_like."""
    return {
        "real_logits": normal(rng, 4, 1, dtype=torch.float64),
        "fake_logits": normal(rng, 4, 1, dtype=torch.float64),
    }


@discriminator_loss.case(about="slope")
def slopes(rng):
    """The discriminator learns from both batches, so the slope in each logit is asked. What in your function takes a
    number out of its graph: a detach, a no_grad, NumPy?"""
    return {"real_logits": normal(rng, 5, 1), "fake_logits": normal(rng, 4, 1)}


def fake_logits_cases(exercise: Exercise) -> None:
    """The cases that the three generator losses share. They come last: those that know more about the mistake speak
    first."""

    @exercise.case(about="form")
    def batch_of_one(rng):
        """One logit: the result is still a scalar of shape (), not (1,) or (1, 1)."""
        return {"fake_logits": normal(rng, 1, 1)}

    @exercise.case(about="form number")
    def flat_logits(rng):
        """The discriminator may return shape (n,) as well as (n, 1); the expectation is a mean, not a sum."""
        return {"fake_logits": normal(rng, 5)}

    @exercise.case(about="form number")
    def maps_of_logits(rng):
        """A patch discriminator returns one logit per patch, shape (n, 1, h, w): average over all of them."""
        return {"fake_logits": normal(rng, 2, 1, 3, 4)}

    @exercise.case(about="dtype")
    def double_precision(rng):
        """float64 in, float64 out: don't convert, and build targets with ones_like or zeros_like."""
        return {"fake_logits": normal(rng, 4, 1, dtype=torch.float64)}


generator_loss_minimax = Exercise("generator_loss_minimax", points=1)


@generator_loss_minimax.case
def one_batch(rng):
    """Which term of the value contains D(G(z)), and does the generator climb or descend it? Where D takes the fakes for
    real, your loss should be smaller than where it does not. An expectation is a mean of one term per sample, not a sum
    and not the term of a mean."""
    return {"fake_logits": normal(rng, 6, 1, scale=2)}


@generator_loss_minimax.case(about="number slope")
def sure_it_is_fake(rng):
    """Logits near -100: the loss is 0 to machine precision and so is its gradient. This flatness is the saturation that
    the text is about; computed well it is exact, not nan."""
    return {"fake_logits": -100 + normal(rng, 4, 1)}


@generator_loss_minimax.case(about="number slope")
def sure_it_is_real(rng):
    """Logits near +100: the loss is about -100 and its slopes are finite. sigmoid rounds to 1 there, and log(1 - 1) is
    -inf; a clamp or a small constant only hides it, and the exponential of 100 is inf, even in a branch that
    torch.where does not take. For which logit is 1 - D the probability?"""
    return {"fake_logits": 100 + normal(rng, 4, 1)}


fake_logits_cases(generator_loss_minimax)


generator_loss_nonsaturating = Exercise("generator_loss_nonsaturating", points=1)


@generator_loss_nonsaturating.case
def one_batch(rng):
    """What does this loss want to be large, and what does an optimizer do with a loss? It is not the minimax loss with
    another sign: compare the two slopes where D is sure that the samples are fake. An expectation is a mean of one term
    per sample, not a sum and not the term of a mean."""
    return {"fake_logits": normal(rng, 6, 1, scale=2)}


@generator_loss_nonsaturating.case(about="number slope")
def sure_it_is_fake(rng):
    """Logits near -100: the loss is about 100 and every sample's gradient is as large as it gets; that is the point of
    this loss. A small constant inside the logarithm, or a clamp, makes it flat again, and the exponential of 100 is
    inf, even in a branch that torch.where does not take."""
    return {"fake_logits": -100 + normal(rng, 4, 1)}


@generator_loss_nonsaturating.case(about="number slope")
def sure_it_is_real(rng):
    """Logits near +100: nothing left to gain, the loss is 0 to machine precision and finite."""
    return {"fake_logits": 100 + normal(rng, 4, 1)}


fake_logits_cases(generator_loss_nonsaturating)


# Odds of 10⁻³³ count as much as those of 10³³.
generator_loss_maximum_likelihood = Exercise("generator_loss_maximum_likelihood", points=1, atol=EXACT)


@generator_loss_maximum_likelihood.case
def one_batch(rng):
    """What are the odds D/(1-D), as a function of the logit? Of these, one per sample, a mean is taken; which sign
    makes large odds good for the generator? There is no factor 1/2."""
    return {"fake_logits": normal(rng, 6, 1, scale=2)}


@generator_loss_maximum_likelihood.case(about="number slope")
def large_odds(rng):
    """Odds of e²⁰ don't survive the way through the sigmoid: above a logit of 17, 1 - D has no digits left in float32.
    Don't go there."""
    return {"fake_logits": torch.cat([20 + normal(rng, 3, 1), 10 + normal(rng, 3, 1)])}


@generator_loss_maximum_likelihood.case(about="number slope")
def very_large_odds(rng):
    """Odds of e⁷⁵ still fit into float32: no clamp is needed for logits up to 80."""
    return {"fake_logits": 75 + normal(rng, 3, 1)}


@generator_loss_maximum_likelihood.case(about="number slope")
def sure_it_is_fake(rng):
    """Logits near -75: the loss is as small as 10⁻³³, and exact: no clamp, and nothing is added inside."""
    return {"fake_logits": -75 + normal(rng, 3, 1)}


fake_logits_cases(generator_loss_maximum_likelihood)


# --- steps: one update, nothing else touched --------------------------------------------------------------------------


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
    """What does a step consist of, and in which order? Look for a gradient that was not cleared, for fakes and data
    that changed places, for an optimizer that is called twice or not at all, and for a loss other than the one
    handed in, or from after the update. Are all logits in the graph?"""
    return d_inputs(*players(rng))


@discriminator_step.case(about="number form")
def unequal_batches(rng):
    """7 real points and 2 noise vectors: the number of fakes is the length of the noise."""
    return d_inputs(*players(rng, n_real=7, n_noise=2))


@discriminator_step.case(about="number effect")
def old_gradients(rng):
    """Both players carry gradients from before. The discriminator's must not influence this update, and the generator's
    must come out exactly as they went in: where does your backward go beyond the discriminator? The loss needs the
    fakes; does it need to know how they were made?"""
    generator, discriminator, real, noise = players(rng)
    leave_gradients(rng, generator, discriminator)
    return d_inputs(generator, discriminator, real, noise)


@discriminator_step.case
def adam(rng):
    """Any optimizer may come, here with two groups of parameters: let it make the step, once, with
    all that it holds. Adam with momentum shows a second step, an update made by hand, and another optimizer in its
    place."""
    generator, discriminator, real, noise = players(rng)
    return d_inputs(generator, discriminator, real, noise, in_groups(discriminator))


@discriminator_step.case(about="effect")
def frozen_layer(rng):
    """One layer of the generator came in frozen (requires_grad = False) and the others did not; some layers came in
    evaluation mode. If you switch anything, put every switch back to what it was."""
    generator, discriminator, real, noise = players(rng)
    switched(generator[0], generator, discriminator)
    return d_inputs(generator, discriminator, real, noise)


@discriminator_step.case(about="number form")
def images(rng):
    """Data may have any shape after the batch axis: don't flatten, don't assume two columns."""
    return d_inputs(*image_players(rng))


@discriminator_step.case(about="number form")
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
    """Through which network must the gradient pass to reach the generator? A detach, a no_grad or a .data on that path
    stops it. Whose parameters does the optimizer hold, how often is it called, and when? The loss is the function that
    is handed in, of logits, and its value from before the update."""
    generator, discriminator, _, noise = players(rng)
    return g_inputs(generator, discriminator, noise)


@generator_step.case(about="number form")
def batch_of_one(rng):
    """One noise vector makes one fake."""
    generator, discriminator, _, noise = players(rng, n_noise=1)
    return g_inputs(generator, discriminator, noise)


@generator_step.case(about="number effect")
def old_gradients(rng):
    """Both players carry gradients from before. The generator's must not influence this update, and the discriminator's
    must come out exactly as they went in: a plain backward() adds to every parameter that it meets, and its argument
    inputs=... says to which it may."""
    generator, discriminator, _, noise = players(rng)
    leave_gradients(rng, generator, discriminator)
    return g_inputs(generator, discriminator, noise)


@generator_step.case
def adam(rng):
    """Any optimizer may come, here with two groups of parameters: let it make the step, once, with its own settings and
    with all that it holds."""
    generator, discriminator, _, noise = players(rng)
    return g_inputs(generator, discriminator, noise, in_groups(generator))


@generator_step.case(about="effect")
def frozen_layer(rng):
    """One layer of the discriminator came in frozen (requires_grad = False) and the others did not; some layers came in
    evaluation mode. If you switch anything, put every switch back to what it was."""
    generator, discriminator, _, noise = players(rng)
    switched(discriminator[0], generator, discriminator)
    return g_inputs(generator, discriminator, noise)


@generator_step.case(about="number form")
def images(rng):
    """Data may have any shape after the batch axis."""
    generator, discriminator, _, noise = image_players(rng)
    return g_inputs(generator, discriminator, noise)


@generator_step.case(about="number form")
def single_precision(rng):
    """The networks are float32 this time: convert neither the data nor the noise."""
    generator, discriminator, _, noise = players(rng, dtype=torch.float32)
    return g_inputs(generator, discriminator, noise)


# --- the whole turn: the two steps put together -----------------------------------------------------------------------


def other_discriminator_step(generator, discriminator, optimizer, real, noise, loss):
    """Stands in for `discriminator_step`: another loss, of the same two batches."""
    value = (discriminator(real) - 0.8).square().mean() + F.softplus(1.3 * discriminator(generator(noise))).mean()
    return _descend(value + 0.2 * loss(discriminator(real), discriminator(generator(noise))), discriminator, optimizer)


def other_generator_step(generator, discriminator, optimizer, noise, loss):
    """Stands in for `generator_step`: another loss, of the same noise."""
    logits = discriminator(generator(noise))
    return _descend((logits - 0.5).square().mean() + 0.3 * loss(logits), generator, optimizer)


def _descend(value, module, optimizer):
    own = [p for p in module.parameters() if p.requires_grad]
    for parameter, slope in zip(own, torch.autograd.grad(value, own), strict=True):
        parameter.grad = slope
    optimizer.step()
    return value.item()


adversarial_turn = Exercise(
    "adversarial_turn",
    points=3,
    differentiable=False,
    as_float=True,
    stand_ins={"discriminator_step": other_discriminator_step, "generator_step": other_generator_step},
)


def turn_inputs(rng, *sizes, last=5, optimizers=None, switch=False, past=False, dtype=torch.float64):
    """A turn with a discriminator's step for each (reals, noises) of sizes, and ``last`` noise vectors at the end."""
    generator, discriminator = network(rng, 2, 4, 3, dtype=dtype), network(rng, 3, 5, 1, dtype=dtype)
    if switch:
        switched(discriminator[0], generator, discriminator)
    if past:
        leave_gradients(rng, generator, discriminator)
    made = optimizers or (lambda net: optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.2))
    return {
        "generator": generator,
        "discriminator": discriminator,
        "d_optimizer": made(discriminator),
        "g_optimizer": made(generator),
        "reals": [normal(rng, n, 3, dtype=dtype) for n, _ in sizes],
        "noises": [normal(rng, m, 2, dtype=dtype) for m in (*(m for _, m in sizes), last)],
        "d_loss": odd_loss,
        "g_loss": odd_generator_loss,
    }


@adversarial_turn.case
def one_move_each(rng):
    """k = 1: one batch of data, two of noise. Who moves first, and which batch of noise, which optimizer and which loss
    are its own? The generator meets the discriminator as it is after its move, and noise that has not been used; its
    gradient must find a way back to it, and no old one may be in it."""
    return turn_inputs(rng, (5, 5))


@adversarial_turn.case(about="number form")
def three_moves_then_one(rng):
    """k = 3: three batches of data, four of noise. Count the moves of each player. Each move of the discriminator is a
    whole step of its own, with its own data and with fakes of its own; its loss comes back as a float, one for each."""
    return turn_inputs(rng, (4, 4), (4, 4), (4, 4), last=4)


@adversarial_turn.case(about="number form")
def batches_of_unlike_size(rng):
    """The batches are of unlike size, data and noise as well: which ones belong together follows from their place in
    the two lists, and nothing can be stacked or averaged over all of them."""
    return turn_inputs(rng, (6, 2), (3, 7), last=4)


@adversarial_turn.case(about="number effect")
def old_gradients(rng):
    """Both players carry gradients from before, and within a turn each player leaves some behind. None of them may
    enter an update: what has to happen before each backward?"""
    return turn_inputs(rng, (5, 4), (4, 5), past=True)


@adversarial_turn.case
def adam(rng):
    """Two Adams with momentum, each with two groups of parameters: they remember every step. How many steps has each
    made after this turn, and on what?"""
    return turn_inputs(rng, (5, 4), (3, 6), optimizers=in_groups)


@adversarial_turn.case(about="effect")
def switched_layers(rng):
    """One layer of the discriminator came in frozen, some layers in evaluation mode. If you switch anything, put every
    switch back to what it was."""
    return turn_inputs(rng, (4, 4), (4, 4), switch=True)


@adversarial_turn.case(about="number form")
def single_precision(rng):
    """The networks are float32 this time: convert neither the data nor the noise."""
    return turn_inputs(rng, (4, 3), (3, 4), dtype=torch.float32)
