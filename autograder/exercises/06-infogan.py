"""Exercises of section 6, InfoGAN."""

# A case is known by its exercise and its name:
# pyright: reportRedeclaration=false
from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn, optim

from autograder.exercise import (
    Exercise,
    fill,
    image_critic,
    in_groups,
    leave_gradients,
    network,
    normal,
    odd_generator_loss,
    switched,
)

# --- a channel and a guess --------------------------------------------------------------------------------------------

information_bound = Exercise("information_bound", points=2)


def channel(rng, k: int, m: int, dtype=torch.float32) -> dict:
    """A table p(c, x) of positive numbers, some far more likely than others, and a guess with columns q(c | x)."""
    joint, guess = np.exp(rng.normal(size=(k, m))), np.exp(rng.normal(size=(k, m)))
    return {
        "joint": torch.from_numpy(joint / joint.sum()).to(dtype),
        "guess": torch.from_numpy(guess / guess.sum(axis=0)).to(dtype),
    }


@information_bound.case
def a_channel(rng):
    """Three codes, five outcomes. Which axis do you sum over to get p(c), and whose entropy is in the bound? Who draws
    the pairs over which the guess is averaged: nature, who knows p, or the guesser?"""
    return channel(rng, 3, 5)


@information_bound.case
def as_many_codes_as_outcomes(rng):
    """Here k = m = 4, so that a sum over the wrong axis runs without an error. Rows of joint are codes, columns are
    outcomes."""
    return channel(rng, 4, 4)


@information_bound.case
def a_posterior(rng):
    """The guess is the posterior itself, and the bound is the information."""
    given = channel(rng, 3, 4)
    return given | {"guess": given["joint"] / given["joint"].sum(0)}


@information_bound.case
def worse_than_nothing(rng):
    """A guesser who is sure and mostly wrong. The bound is negative, and that is what to say: a bound below 0 is true,
    though useless."""
    given = channel(rng, 3, 3, dtype=torch.float64)
    guess = torch.full((3, 3), 0.001)
    guess[[1, 2, 0], [0, 1, 2]] = 0.998
    return {"joint": (0.1 * given["joint"] + 0.9 * torch.eye(3) / 3).float(), "guess": guess}


@information_bound.case
def nearly_impossible(rng):
    """The guess gives some pairs a probability of 10⁻³⁰. That is small, and its logarithm is not: a constant
    added, or a floor, changes the bound."""
    given = channel(rng, 3, 4)
    guess = given["guess"].clone()
    guess[1, :2] = 0
    guess /= guess.sum(0)
    guess[1, :2] = 1e-30
    return given | {"guess": guess}


@information_bound.case(gradient=False)
def pairs_that_never_occur(rng):
    """Some pairs have p(c, x) = 0, and the guess is 0 there too: they add nothing, not nan."""
    given = channel(rng, 3, 4)
    never = torch.tensor([[0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]]).bool()
    joint, guess = given["joint"].masked_fill(never, 0), given["guess"].masked_fill(never, 0)
    return {"joint": joint / joint.sum(), "guess": guess / guess.sum(0)}


@information_bound.case(gradient=False)
def a_code_that_is_never_sent(rng):
    """Code 1 has probability 0. What does it add to the entropy, and what to the rest? The guess still gives it
    something."""
    given = channel(rng, 3, 4)
    given["joint"][1] = 0
    return given | {"joint": given["joint"] / given["joint"].sum()}


@information_bound.case(gradient=False)
def an_outcome_that_never_comes(rng):
    """Outcome 2 has probability 0, so nobody cares what the guess says about it: its column need not even sum to 1."""
    given = channel(rng, 3, 4)
    given["joint"][:, 2] = 0
    given["guess"][:, 2] = torch.tensor([0.0, 3.0, 0.5])
    return given | {"joint": given["joint"] / given["joint"].sum()}


@information_bound.case(gradient=False)
def ruled_out(rng):
    """The guess gives probability 0 to a pair that does occur. Whoever rules out what happens has a bound of -inf; a
    small constant would hide it."""
    given = channel(rng, 3, 4)
    given["guess"][0, 1] = 0
    given["guess"][:, 1] /= given["guess"][:, 1].sum()
    return given


@information_bound.case(gradient=False)
def every_code_given_away(rng):
    """Each outcome has one code, and the guess knows which. The rest of the bound is 0, and what is left?"""
    p = torch.from_numpy(rng.dirichlet([2.0, 2.0, 2.0])).float()
    return {"joint": torch.diag(p), "guess": torch.eye(3)}


@information_bound.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return channel(rng, 2, 3, dtype=torch.float64)


# --- what it costs to guess a code ------------------------------------------------------------------------------------


def integers(rng: np.random.Generator, n: int, k: int) -> Tensor:
    return torch.from_numpy(rng.integers(k, size=n))


categorical_info_loss = Exercise("categorical_info_loss", points=1)


@categorical_info_loss.case
def a_batch(rng):
    """What should a guess cost that gives the true code probability 1, and what one that gives it next to nothing? The
    logits pass through one softmax, not two: over which axis? The batch is averaged."""
    return {"q_logits": normal(rng, 6, 4, scale=2), "c": integers(rng, 6, 4)}


@categorical_info_loss.case(about="form")
def batch_of_one(rng):
    """One sample: the result is still a scalar of shape ()."""
    return {"q_logits": normal(rng, 1, 5), "c": integers(rng, 1, 5)}


@categorical_info_loss.case
def as_many_samples_as_categories(rng):
    """Here n = k = 4, so a softmax over the wrong axis runs without an error. The categories are axis 1."""
    return {"q_logits": normal(rng, 4, 4, scale=2), "c": integers(rng, 4, 4)}


@categorical_info_loss.case
def codes_that_do_not_occur(rng):
    """No sample of this batch has one of the upper codes. Q still spreads its probability over all k of them: take k
    from the logits, never from the codes."""
    return {"q_logits": normal(rng, 5, 6), "c": integers(rng, 5, 3)}


@categorical_info_loss.case(about="number slope")
def sure_and_right(rng):
    """A logit of 100 at the right code: the loss is 0 to machine precision, and finite."""
    c = integers(rng, 4, 3)
    return {"q_logits": normal(rng, 4, 3) + 100 * F.one_hot(c, 3), "c": c}


@categorical_info_loss.case(about="number slope")
def sure_and_wrong(rng):
    """A logit of 100 at the wrong code: the loss is about 100 and its gradient is alive. The softmax rounds to 0 there,
    and its logarithm, taken as a second step, loses everything."""
    c = integers(rng, 4, 3)
    return {"q_logits": normal(rng, 4, 3) + 100 * F.one_hot((c + 1) % 3, 3), "c": c}


@categorical_info_loss.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return {"q_logits": normal(rng, 4, 3, dtype=torch.float64), "c": integers(rng, 4, 3)}


continuous_info_loss = Exercise("continuous_info_loss", points=1)


def guesses(rng, n: int, m: int, spread: float = 0.8, dtype=torch.float32):
    """Means and log-variances of n guesses of m codes, and the codes."""
    return {
        "q_mean": normal(rng, n, m, dtype=dtype),
        "q_log_var": normal(rng, n, m, scale=spread, dtype=dtype),
        "c": torch.from_numpy(rng.uniform(-1, 1, size=(n, m))).to(dtype),
    }


@continuous_info_loss.case
def two_codes(rng):
    """Try one code by hand, c = 1 and m = 0, with σ = 1 and then with σ = 2: what should the guess cost? The second
    argument speaks of a variance, not of a standard deviation. Average over samples and codes alike."""
    return guesses(rng, 5, 2)


@continuous_info_loss.case(about="form")
def batch_of_one(rng):
    """One sample with one code: the result is still a scalar of shape ()."""
    return guesses(rng, 1, 1)


@continuous_info_loss.case
def many_codes(rng):
    """Four samples with seven codes each: the average is over all 28 numbers."""
    return guesses(rng, 4, 7)


@continuous_info_loss.case
def perfect_guess(rng):
    """The mean hits every code, with variance 1. What is left is a constant: the logarithm of a density has it, and the
    bound on the mutual information needs it."""
    given = guesses(rng, 3, 2)
    return given | {"q_mean": given["c"].clone(), "q_log_var": torch.zeros_like(given["c"])}


@continuous_info_loss.case(about="number slope")
def very_sure(rng):
    """log σ² = -30: a miss costs 10 million million times what it costs at σ = 1. Something small beside the variance,
    or a floor under it as in F.gaussian_nll_loss (1e-6 unless told otherwise), changes value and gradient."""
    given = guesses(rng, 3, 2)
    return given | {"q_log_var": given["q_log_var"] - 30}


@continuous_info_loss.case
def very_unsure(rng):
    """log σ² = +30: a miss hardly counts any more. What does Q pay for saying that it does not know?"""
    given = guesses(rng, 3, 2)
    return given | {"q_log_var": given["q_log_var"] + 30}


@continuous_info_loss.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return guesses(rng, 4, 3, dtype=torch.float64)


# --- the generator's step ---------------------------------------------------------------------------------------------

infogan_generator_step = Exercise("infogan_generator_step", points=3, differentiable=False, as_float=True)


class WithCodes(nn.Module):
    """A generator (z, c) → net([z, c]); the codes are a tensor, or a tuple of categories and numbers."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, z: Tensor, c: Tensor | tuple[Tensor, Tensor]) -> Tensor:
        numbers = c if isinstance(c, Tensor) else torch.cat([c[0].unsqueeze(1).to(z), c[1]], dim=1)
        return self.net(torch.cat([z, numbers], dim=1))


class Restless(WithCodes):
    """A generator that never makes the same sample twice."""

    calls = 0

    def forward(self, z: Tensor, c: Tensor | tuple[Tensor, Tensor]) -> Tensor:
        self.calls += 1
        return super().forward(z, c) + 0.3 * self.calls


class TwoGuesses(nn.Module):
    """A recognizer x → (logits of the category, means of the numbers)."""

    def __init__(self, categories: nn.Module, numbers: nn.Module):
        super().__init__()
        self.categories, self.numbers = categories, numbers

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.categories(x), self.numbers(x)


def odd_info_loss(q, c):
    """Asymmetric in its arguments, so that swapping them shows."""
    return (1.3 * q - c).pow(2).mean() + 0.2 * F.softplus(q).mean()


def odd_info_loss_of_two(q, c):
    (logits, means), (categories, numbers) = q, c
    return F.cross_entropy(logits, categories) + odd_info_loss(means, numbers)


def trio(rng, *, n=5, dtype=torch.float64, generator=WithCodes):
    """Everything but the optimizer: three tiny networks, noise (n, 2) and codes (n, 2), made into points (n, 3)."""
    return {
        "generator": generator(network(rng, 4, 4, 3, dtype=dtype)),
        "discriminator": network(rng, 3, 5, 1, dtype=dtype),
        "recognizer": network(rng, 3, 4, 2, dtype=dtype),
        "optimizer": None,
        "noise": normal(rng, n, 2, dtype=dtype),
        "codes": normal(rng, n, 2, dtype=dtype),
        "adversarial_loss": odd_generator_loss,
        "info_loss": odd_info_loss,
        "info_weight": 0.3,
    }


def trained(given, *networks: nn.Module):
    """The same inputs with an optimizer of these networks, of the generator alone if none are named."""
    parameters = [p for net in networks or (given["generator"],) for p in net.parameters()]
    return given | {"optimizer": optim.SGD(parameters, lr=0.1)}


@infogan_generator_step.case
def generator_alone(rng):
    """Two losses pull at the generator: that of looking real, and that of being read. Does a slope of each reach it, in
    the right proportion? What is returned is each loss by itself, as it was before the update."""
    return trained(trio(rng))


@infogan_generator_step.case(about="number effect")
def with_the_recognizer(rng):
    """Here the optimizer holds the recognizer's parameters too. Whatever it holds is updated, and nothing else is
    touched, not even a .grad. Whom you train is the optimizer's business: don't assume that it is the generator."""
    given = trio(rng)
    return trained(given, given["generator"], given["recognizer"])


@infogan_generator_step.case(about="number effect")
def shared_trunk(rng):
    """Recognizer and discriminator share their first layers, and the optimizer holds the generator and the recognizer's
    own head. The trunk belongs to the discriminator: it must come out as it went in, value and .grad."""
    given = trio(rng)
    head = network(rng, 5, 2)
    trunk = given["discriminator"][:2]
    return trained(given | {"recognizer": nn.Sequential(trunk, head)}, given["generator"], head)


@infogan_generator_step.case(about="number effect")
def old_gradients(rng):
    """All three networks carry gradients from before. Those of the optimizer's parameters must not influence this
    update, and the others must come out exactly as they went in: a plain backward() adds to every parameter that it
    meets."""
    given = trio(rng)
    leave_gradients(rng, given["generator"], given["discriminator"], given["recognizer"])
    return trained(given)


@infogan_generator_step.case(about="number form")
def two_kinds_of_codes(rng):
    """The codes are a tuple (categories, numbers), and so is what the recognizer returns. Hand both on whole: only the
    generator and the info_loss know what is in them."""
    given = trio(rng) | {"codes": (integers(rng, 5, 3), normal(rng, 5, 1, dtype=torch.float64))}
    given["generator"] = WithCodes(network(rng, 4, 4, 3))
    given["recognizer"] = TwoGuesses(network(rng, 3, 4, 3), network(rng, 3, 4, 1))
    return trained(given | {"info_loss": odd_info_loss_of_two})


@infogan_generator_step.case
def restless_generator(rng):
    """This generator makes another sample each time it is called (dropout does that). Call it once: the recognizer must
    read the very fakes that the discriminator judges."""
    return trained(trio(rng, generator=Restless))


@infogan_generator_step.case
def adam(rng):
    """Any optimizer may come, here Adam with two groups of parameters: let it make the step, once, with its own rates.
    A step for each loss, an update made by hand or a first group alone shows here."""
    given = trio(rng)
    return given | {"optimizer": in_groups(given["generator"], given["recognizer"])}


@infogan_generator_step.case(about="effect")
def frozen_layers(rng):
    """One layer of the discriminator and one of the recognizer came in frozen (requires_grad = False) and the others
    did not; some layers came in evaluation mode. If you switch anything, put every switch back to what it was."""
    given = trio(rng)
    switched(given["discriminator"][0], *(given[name] for name in ("generator", "discriminator", "recognizer")))
    given["recognizer"][2].requires_grad_(False)
    return trained(given)


@infogan_generator_step.case(about="number form")
def batch_of_one(rng):
    """One noise vector and one code make one fake."""
    return trained(trio(rng, n=1))


@infogan_generator_step.case(about="number form")
def images(rng):
    """Data may have any shape after the batch axis: don't flatten."""
    given = trio(rng)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Unflatten(1, (2, 2, 2)), nn.ConvTranspose2d(2, 1, 2, 2))
    given["generator"] = WithCodes(fill(net.double(), rng))
    given["recognizer"] = nn.Sequential(nn.Flatten(), network(rng, 16, 4, 2))
    return trained(given | {"discriminator": image_critic(rng, 1)})


@infogan_generator_step.case(about="number form")
def single_precision(rng):
    """The networks are float32 this time: convert neither the noise nor the codes."""
    return trained(trio(rng, dtype=torch.float32))


# --- the score of a clustering ----------------------------------------------------------------------------------------

# Not differentiable: counting has no gradient, and SciPy's matching is the natural tool. With 6 clusters at most, an
# answer that tries every one-to-one matching is as right, and fast enough.
cluster_accuracy = Exercise("cluster_accuracy", points=2, differentiable=False)


def counted(rng, table) -> dict:
    """A prediction and a truth whose table of counts (cluster, class) is the given one, in random order."""
    table = np.asarray(table)
    pairs = np.repeat(np.argwhere(table >= 0), table.ravel(), axis=0)
    pairs = torch.from_numpy(rng.permutation(pairs))
    return {"predicted": pairs[:, 0].contiguous(), "true": pairs[:, 1].contiguous(), "n": len(table)}


@cluster_accuracy.case
def renamed(rng):
    """Every class has a cluster of its own, under another number: the accuracy is 1. A cluster's number means nothing.
    The classes have unequal sizes."""
    sizes = rng.integers(3, 9, size=4)
    return counted(rng, np.diag(sizes)[[1, 2, 3, 0]])


@cluster_accuracy.case
def some_of_each(rng):
    """A full table of counts: how many samples agree depends on which cluster stands for which class. Of all the ways
    to pair them off, which one counts?"""
    return counted(rng, rng.integers(1, 12, size=(5, 5)) + 12 * np.eye(5, dtype=int)[[2, 0, 1, 4, 3]])


@cluster_accuracy.case
def two_clusters_for_one_class(rng):
    """Clusters 0 and 1 both hold mostly class 0. One-to-one means that only one of them may have it; naming each
    cluster by its majority counts the class twice."""
    a, b, c = rng.integers(6, 10, size=3)
    return counted(rng, [[a + 5, 0, 1], [b, 0, 2], [0, c, 3]])


@cluster_accuracy.case
def two_classes_in_one_cluster(rng):
    """Cluster 0 holds most of classes 0 and 1. It may be matched to only one of them; looking for each class's best
    cluster counts it twice."""
    a, b, c = rng.integers(6, 10, size=3)
    return counted(rng, [[a, b, 0], [1, 0, 0], [0, 2, c]])


@cluster_accuracy.case
def greed_does_not_pay(rng):
    """Matching the largest count first leaves nothing for the rest. The best matching gives up the largest count; SciPy
    knows this as the assignment problem."""
    a = int(rng.integers(8, 12))
    return counted(rng, [[a, a - 1, 0], [a - 2, 0, 1], [0, 1, 3]])


@cluster_accuracy.case
def fewer_labels_than_clusters(rng):
    """n = 6, but only three clusters and four classes occur here. The table of counts is n by n, with rows and columns
    of zeros."""
    table = np.zeros((6, 6), dtype=int)
    table[np.ix_([0, 2, 5], [1, 2, 3, 5])] = rng.integers(1, 4, size=(3, 4))
    table[[0, 2, 5], [5, 1, 3]] += 6
    return counted(rng, table)


@cluster_accuracy.case
def one_sample(rng):
    """One sample can always be matched: the accuracy is 1, a scalar."""
    return {"predicted": torch.tensor([2]), "true": torch.tensor([0]), "n": 3}
