"""Exercises of section 8, the Wasserstein GAN."""

# A case is known by its exercise and its name:
# pyright: reportRedeclaration=false
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn, optim

from autograder.exercise import (
    Exercise,
    fill,
    image_critic,
    image_players,
    in_groups,
    leave_gradients,
    network,
    normal,
    players,
    switched,
)

# --- the best f for a given g -----------------------------------------------------------------------------------------

c_transform = Exercise("c_transform", points=1)


def prices(rng, n: int, m: int, *, dtype=torch.float32) -> dict:
    """Heights g of m holes and the cost of the way to each of them from n heaps, which is positive."""
    return {"g": normal(rng, m, dtype=dtype), "cost": 0.2 + normal(rng, n, m, dtype=dtype).abs()}


@c_transform.case
def four_heaps(rng):
    """Four heaps and three holes. Each f_i may be as large as its constraints let it be, and there is one constraint
    for every hole: which of them is the first to stop it?"""
    return prices(rng, 4, 3)


@c_transform.case
def as_many_heaps_as_holes(rng):
    """Five of each, so both axes of the cost are equally long: which one is that of the heaps, for each of which there
    is one f_i?"""
    return prices(rng, 5, 5)


@c_transform.case
def a_hole_nearby_and_dear(rng):
    """The hole that costs least to reach is not the one that binds: what stands on the right-hand side of a constraint
    besides the cost? Choose after both are known."""
    n, m = 3, 4
    cost = 2 + normal(rng, n, m).abs()
    cost[:, 1] = 0.1 * (1 + normal(rng, n).abs())  # near to all
    return {"g": torch.tensor([0.3, 40.0, -0.8, 1.1]) + 0.1 * normal(rng, m), "cost": cost}


@c_transform.case
def heights_of_both_signs(rng):
    """Heights in the hundreds, of both signs, and costs that are no distances and may be negative: nothing is clamped,
    smoothed or assumed of them."""
    return {"g": normal(rng, 4, scale=300), "cost": normal(rng, 6, 4, scale=5)}


@c_transform.case(about="number form")
def one_hole(rng):
    """A single hole, so a single constraint for each heap: still one f for each heap, shape (n,)."""
    return prices(rng, 4, 1)


@c_transform.case(about="number form")
def one_heap(rng):
    """A single heap: the result has shape (1,), not ()."""
    return prices(rng, 1, 5)


@c_transform.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return prices(rng, 4, 3, dtype=torch.float64)


# --- the distance in one dimension ------------------------------------------------------------------------------------

# Not differentiable: SciPy and NumPy answers are as right as torch ones.
wasserstein_1d = Exercise("wasserstein_1d", points=1, differentiable=False)


@wasserstein_1d.case
def two_samples(rng):
    """Which plan moves the points of x to those of y at the least total distance? On a line, paths of a cheapest plan
    need not cross. It is the distances that count, not their squares."""
    return {"x": normal(rng, 7), "y": 1.5 * normal(rng, 7) + 1}


@wasserstein_1d.case
def same_points_shuffled(rng):
    """y holds the points of x in another order. As samples they are the same, so the distance is 0: the order in which
    points are listed means nothing."""
    x = normal(rng, 6)
    return {"x": x, "y": x[torch.from_numpy(rng.permutation(6))]}


@wasserstein_1d.case
def equal_means(rng):
    """Both samples have mean 0, one is three times as wide: the means agree and the distributions don't. If yours is 0,
    moves to the left and to the right have cancelled."""
    x = normal(rng, 8)
    x = x - x.mean()
    return {"x": x, "y": 3 * x[torch.from_numpy(rng.permutation(8))]}


@wasserstein_1d.case
def shifted_to_the_right(rng):
    """y is x moved by +3: the distance is 3, seen from either side. A distance has no sign."""
    x = normal(rng, 5)
    return {"x": x, "y": (x + 3)[torch.from_numpy(rng.permutation(5))]}


@wasserstein_1d.case(about="number form")
def single_points(rng):
    """One point each: the distance between two point masses is the distance between the points, and the result is a
    scalar."""
    return {"x": normal(rng, 1), "y": normal(rng, 1)}


@wasserstein_1d.case
def far_apart(rng):
    """Hundreds of units apart: nothing is clamped, normalised or turned into a histogram with a fixed range."""
    return {"x": normal(rng, 6, scale=20) - 300, "y": normal(rng, 6, scale=5) + 200}


@wasserstein_1d.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out, and exact: no bins, no grid, no random pairs."""
    return {"x": normal(rng, 9, dtype=torch.float64), "y": normal(rng, 9, dtype=torch.float64).exp()}


# --- many lines in place of one ---------------------------------------------------------------------------------------


def other_distance(x: Tensor, y: Tensor) -> Tensor:
    """Stands in for the lesson's `wasserstein_1d`: no transport at all, but like it blind to the order of points and of
    arguments, to reflections and to units; of rows, the mean."""
    spread_x, spread_y = ((z - z.mean(-1, keepdim=True)).abs().mean(-1) for z in (x, y))
    return ((x.mean(-1) - y.mean(-1)).abs() + 0.7 * (spread_x - spread_y).abs()).mean()


sliced_wasserstein = Exercise("sliced_wasserstein", points=3, stand_ins={"wasserstein_1d": other_distance})


def clouds(rng, n: int, d: int, k: int, *, dtype=torch.float64) -> dict:
    """Two clouds of n points in d dimensions and k directions whose lengths lie between 0.2 and 5."""
    x, y = normal(rng, n, d, dtype=dtype), 1.5 * normal(rng, n, d, dtype=dtype) + 0.8
    lengths = torch.from_numpy(5 ** rng.uniform(-1, 1, size=(k, 1))).to(dtype)
    return {"x": x, "y": y, "directions": lengths * F.normalize(normal(rng, k, d, dtype=dtype), dim=1)}


@sliced_wasserstein.case
def unit_directions(rng):
    """Seven points, five directions of length 1. Along each direction both clouds become samples on a line, whose
    distance you know; points that are neighbours along one direction need not be along the next. What is averaged over
    what?"""
    inputs = clouds(rng, 7, 2, 5)
    return inputs | {"directions": F.normalize(inputs["directions"], dim=1)}


@sliced_wasserstein.case
def directions_of_any_length(rng):
    """These directions are not of length 1. A direction is where you look to, and the distance must not depend on how
    long the arrow is that points there: each counts as much as any other, and as if its own length were 1."""
    return clouds(rng, 6, 2, 4)


@sliced_wasserstein.case
def as_many_points_as_directions(rng):
    """Five points, five directions, and five dimensions as well: every axis has the same length, and only you know
    which of them counts the points."""
    return clouds(rng, 5, 5, 5)


@sliced_wasserstein.case(gradient=False)
def same_cloud_shuffled(rng):
    """y holds the points of x in another order, so every projection of one is a projection of the other: the distance
    is 0, whatever the directions."""
    inputs = clouds(rng, 6, 3, 4)
    return inputs | {"y": inputs["x"][torch.from_numpy(rng.permutation(6))]}


@sliced_wasserstein.case
def equal_means(rng):
    """Both clouds have their mean at 0, one is three times as wide: they are not the same, along no direction. If yours
    is 0, moves to the left and to the right have cancelled."""
    inputs = clouds(rng, 8, 2, 3)
    x = inputs["x"] - inputs["x"].mean(0)
    return inputs | {"x": x, "y": 3 * x[torch.from_numpy(rng.permutation(8))]}


@sliced_wasserstein.case
def on_a_line(rng):
    """d = 1: every direction points along the one line there is, some of them backwards, and the distance is that of
    the two samples."""
    return clouds(rng, 6, 1, 3)


@sliced_wasserstein.case(about="number form")
def one_direction(rng):
    """A single direction, in ten dimensions: the result is a scalar of shape ()."""
    return clouds(rng, 4, 10, 1)


@sliced_wasserstein.case(about="number form")
def single_points(rng):
    """One point in each cloud: its projections are samples of one point. Don't squeeze an axis away."""
    return clouds(rng, 1, 3, 4)


@sliced_wasserstein.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out: don't convert."""
    return clouds(rng, 5, 3, 4, dtype=torch.float32)


# --- losses: functions of scores, which have no bounds ----------------------------------------------------------------

critic_loss = Exercise("critic_loss", points=1)


@critic_loss.case
def two_batches(rng):
    """The critic wants high scores for data and low ones for fakes, and an optimizer makes things small: which of the
    two means comes with a minus sign?"""
    return {"real_scores": normal(rng, 6, 1, scale=2), "fake_scores": normal(rng, 6, 1, scale=2)}


@critic_loss.case
def unequal_batches(rng):
    """8 real scores and 3 fake ones: each expectation is the mean of its own batch."""
    return {"real_scores": normal(rng, 8, 1), "fake_scores": normal(rng, 3, 1)}


@critic_loss.case(about="form")
def batch_of_one(rng):
    """One score each: the result is still a scalar of shape ()."""
    return {"real_scores": normal(rng, 1, 1), "fake_scores": normal(rng, 1, 1)}


@critic_loss.case(about="form")
def flat_scores(rng):
    """The critic may return shape (n,) as well as (n, 1)."""
    return {"real_scores": normal(rng, 5), "fake_scores": normal(rng, 7)}


@critic_loss.case(about="form")
def maps_of_scores(rng):
    """A patch critic returns one score per patch, shape (n, 1, h, w): average over all of them."""
    return {"real_scores": normal(rng, 2, 1, 3, 4), "fake_scores": normal(rng, 3, 1, 3, 4)}


@critic_loss.case
def large_scores(rng):
    """Scores are heights, not logits: they may be in the hundreds, and no sigmoid, softplus or clamp bends them."""
    return {"real_scores": -300 + normal(rng, 4, 1), "fake_scores": 500 + normal(rng, 3, 1)}


@critic_loss.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return {
        "real_scores": normal(rng, 4, 1, dtype=torch.float64),
        "fake_scores": normal(rng, 4, 1, dtype=torch.float64),
    }


wasserstein_generator_loss = Exercise("wasserstein_generator_loss", points=1)


@wasserstein_generator_loss.case
def one_batch(rng):
    """The generator wants its fakes to score high, and an optimizer makes things small. No logarithm anywhere."""
    return {"fake_scores": normal(rng, 6, 1, scale=2)}


@wasserstein_generator_loss.case(about="form")
def batch_of_one(rng):
    """One score: the result is still a scalar of shape ()."""
    return {"fake_scores": normal(rng, 1, 1)}


@wasserstein_generator_loss.case(about="form")
def flat_scores(rng):
    """The critic may return shape (n,) as well as (n, 1); the expectation is a mean, not a sum."""
    return {"fake_scores": normal(rng, 5)}


@wasserstein_generator_loss.case(about="form")
def maps_of_scores(rng):
    """A patch critic returns one score per patch, shape (n, 1, h, w): average over all of them."""
    return {"fake_scores": normal(rng, 2, 1, 3, 4)}


@wasserstein_generator_loss.case
def large_scores(rng):
    """Scores in the hundreds, of both signs: the slope is -1/n everywhere, nothing saturates."""
    return {"fake_scores": torch.cat([400 + normal(rng, 3, 1), -100 + normal(rng, 2, 1)])}


@wasserstein_generator_loss.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return {"fake_scores": normal(rng, 4, 1, dtype=torch.float64)}


# --- clipping: parameters change where they are, buffers stay ---------------------------------------------------------


def clip(function, critic: nn.Module, bound: float) -> float:
    """Call the answer for what it does to the critic; what it returns is its own business."""
    try:
        function(critic, bound)
    except RuntimeError as error:
        if "leaf Variable" in str(error):  # here a change in place is what is asked for
            error.args = ("PyTorch refuses to change a recorded parameter in place; do it under torch.no_grad()",)
        raise
    return 0.0


clip_weights = Exercise("clip_weights", points=2, differentiable=False, call=clip)


class Scaled(nn.Module):
    """A critic with a parameter that sits in no layer and is called neither weight nor bias, and one that is tied."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.second.weight = self.first.weight
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return self.gain * self.second(self.first(x).tanh()).sum(1, keepdim=True)


@clip_weights.case
def perceptron(rng):
    """Entries beyond ±bound are set to the bound with their own sign, the others stay as they are, and that in every
    parameter. If nothing changed, your new values are in a new tensor that nobody keeps."""
    return {"critic": network(rng, 3, 5, 1), "bound": 0.3}


@clip_weights.case
def images(rng):
    """Filters and biases of convolutions are parameters too: go through critic.parameters(), whatever their shape."""
    critic = nn.Sequential(nn.Conv2d(1, 3, 2, 2), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(12, 1))
    return {"critic": fill(critic, rng), "bound": 0.2}


@clip_weights.case
def lonely_parameter(rng):
    """This critic has a parameter of its own, outside any layer and called neither weight nor bias, and two layers that
    share one weight. critic.parameters() yields all of them, each once."""
    return {"critic": fill(Scaled(), rng), "bound": 0.1}


@clip_weights.case
def buffers(rng):
    """Buffers, such as running means and counts of samples, are not weights, even if they are far beyond the bound:
    they stay. state_dict() mixes both; parameters() doesn't."""
    norm = nn.BatchNorm1d(4)
    critic = fill(nn.Sequential(nn.Linear(3, 4), norm, nn.LeakyReLU(0.2), nn.Linear(4, 1)), rng)
    assert norm.running_mean is not None and norm.running_var is not None and norm.num_batches_tracked is not None
    norm.running_mean.copy_(3 * normal(rng, 4))
    norm.running_var.copy_(2 + normal(rng, 4).exp())
    norm.num_batches_tracked.fill_(41)
    return {"critic": critic, "bound": 0.05}


@clip_weights.case
def frozen_layer(rng):
    """One layer has requires_grad = False. It is part of the function whose slope is to be bounded, so it is clipped
    as well, and stays frozen."""
    critic = network(rng, 3, 5, 1)
    critic[0].requires_grad_(False)
    return {"critic": critic, "bound": 0.2}


@clip_weights.case
def gradients(rng):
    """The parameters carry gradients, some of them large. Clipping weights is not clipping gradients: .grad stays as it
    is."""
    critic = network(rng, 3, 4, 1)
    leave_gradients(rng, critic)
    return {"critic": critic, "bound": 0.25}


@clip_weights.case
def wide_bound(rng):
    """Every weight is within the bound already: nothing changes."""
    return {"critic": network(rng, 3, 4, 1), "bound": 50.0}


# --- gradient penalty -------------------------------------------------------------------------------------------------


def without_input_gradients(function, critic: nn.Module, real: Tensor, fake: Tensor, weights: Tensor):
    """Gradients are compared for the critic's parameters alone: whether they also flow to the data is left open."""
    given = (x.detach() if x.requires_grad else x for x in (real, fake, weights))
    return function(critic, *given)


# A small constant under the root, sqrt(s + 1e-8), is an honest way to stay finite; it moves a norm of 0 to 1e-4, and
# one of 0.1, the smallest slope but 0 of most cases, by 5e-8.
gradient_penalty = Exercise(
    "gradient_penalty",
    points=3,
    call=without_input_gradients,
    rtol={"float64": 1e-5, "float32": 1e-3},
    atol={"float64": 1e-6, "float32": 1e-5},
)


def uniform(rng, *shape: int, dtype=torch.float64) -> Tensor:
    return torch.from_numpy(rng.uniform(size=shape)).to(dtype)


def penalty_inputs(rng, critic: nn.Module, n: int, *shape: int, dtype=torch.float64, flattest=0.1) -> dict:
    """A critic with data, fakes and weights at whose mixtures no slope is flatter than that."""
    critic.to(dtype)
    while True:
        real, fake = normal(rng, n, *shape, dtype=dtype), normal(rng, n, *shape, dtype=dtype) + 1
        weights = uniform(rng, n, *(1 for _ in shape), dtype=dtype)
        mixed = (weights * real + (1 - weights) * fake).requires_grad_()
        (slopes,) = torch.autograd.grad(critic(mixed).sum(), mixed)
        if (slopes.flatten(1).norm(dim=1) > flattest).all():
            return {"critic": critic, "real": real, "fake": fake, "weights": weights}


def steeper(critic: nn.Sequential, factor: float) -> nn.Sequential:
    """The same critic with its last weights, and so all slopes, multiplied by ``factor``."""
    *_, weights, _bias = critic.parameters()
    with torch.no_grad():
        weights.mul_(factor)
    return critic


@gradient_penalty.case(about="number slope")
def points(rng):
    """One gradient per sample, taken where? Its length, and how far that is from 1, for each sample by itself; only
    then the mean. And the penalty must have a gradient of its own: torch.autograd.grad forgets the way it came unless
    it is told to keep it."""
    return penalty_inputs(rng, network(rng, 3, 6, 1), 5, 3)


@gradient_penalty.case(about="number form")
def images(rng):
    """Images (n, 2, 4, 4) with weights (n, 1, 1, 1): a gradient has the shape of its image, and its length runs over
    all axes but the batch. norm(dim=1) would take one length per pixel, over the channels."""
    return penalty_inputs(rng, image_critic(rng, 2), 4, 2, 4, 4)


@gradient_penalty.case(about="number form")
def scores_without_a_column(rng):
    """This critic returns shape (n,) where others return (n, 1): the sum of the scores serves both."""
    return penalty_inputs(rng, nn.Sequential(*network(rng, 2, 5, 1), nn.Flatten(0)), 4, 2)


@gradient_penalty.case(about="number form")
def batch_of_one(rng):
    """One sample: don't squeeze the batch axis away."""
    return penalty_inputs(rng, network(rng, 3, 5, 1), 1, 3)


@gradient_penalty.case
def gentle_slopes(rng):
    """All slopes are well below 1. The penalty pulls from both sides: too flat costs as well."""
    critic = steeper(network(rng, 3, 6, 1), 0.2)
    return penalty_inputs(rng, critic, 6, 3, dtype=torch.float32, flattest=0.02)


@gradient_penalty.case
def steep_slopes(rng):
    """All slopes are far above 1: nothing is clamped."""
    critic = steeper(network(rng, 3, 6, 1), 30)
    return penalty_inputs(rng, critic, 6, 3)


@gradient_penalty.case(about="number slope")
def flat_places(rng):
    """Some samples lie where this critic is constant: the slope is 0, the penalty there is 1, and nothing may be nan.
    The derivative of a square root at 0 is infinite, and a product of infinity and 0 is nan; not every way to a length
    goes through one."""
    first, last = nn.Linear(2, 3), nn.Linear(3, 1)
    critic = fill(nn.Sequential(first, nn.ReLU(), last), rng)
    with torch.no_grad():
        first.weight.copy_(0.5 + first.weight.abs())
        first.bias.zero_()
        last.weight.copy_(0.5 + last.weight.abs())
    side = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])  # ReLU is off for the samples on the negative side
    inputs = penalty_inputs(rng, critic, 4, 2, dtype=torch.float32, flattest=-1)
    return inputs | {name: side * (0.5 + inputs[name].abs()) for name in ("real", "fake")}


@gradient_penalty.case(gradient=False, about="number effect")
def old_gradients(rng):
    """The parameters carry gradients from before, which must come out as they went in: backward() adds to every .grad
    it reaches, torch.autograd.grad to none."""
    critic = network(rng, 3, 5, 1)
    leave_gradients(rng, critic)
    return penalty_inputs(rng, critic, 4, 3)


@gradient_penalty.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out: don't convert."""
    return penalty_inputs(rng, network(rng, 2, 5, 1), 5, 2, dtype=torch.float32)


# --- steps: one update, nothing else touched --------------------------------------------------------------------------


def odd_penalty(critic, real, fake):
    """A penalty that no answer can guess: it treats data and fakes differently and takes batches of any sizes."""
    return 0.3 * (critic(real) - 0.4).pow(2).mean() + 0.7 * F.softplus(1.5 * critic(fake)).mean()


def slope_penalty(critic, real, fake):
    """One that needs the critic's slope, at data and at fakes."""
    total = 0.0
    for weight, x in ((1.3, real), (0.4, fake)):
        x = x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
        total = total + weight * slope.pow(2).flatten(1).sum(1).mean()
    return total


def other_critic_loss(real_scores, fake_scores):
    """Stands in for the lesson's `critic_loss`."""
    return (fake_scores + 0.4).square().mean() + F.softplus(-1.2 * real_scores).mean()


def other_generator_loss(fake_scores):
    """Stands in for `wasserstein_generator_loss`."""
    return (fake_scores - 1.5).square().mean()


def with_a_past(rng, net: nn.Module) -> optim.Optimizer:
    """An optimizer with momentum that has made a step already, along gradients that nobody knows."""
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    leave_gradients(rng, net)
    optimizer.step()
    optimizer.zero_grad()
    return optimizer


critic_step = Exercise(
    "critic_step", points=3, differentiable=False, as_float=True, stand_ins={"critic_loss": other_critic_loss}
)


def c_inputs(generator, critic, real, noise, *, penalty=None, optimizer=None):
    optimizer = optimizer or optim.SGD(critic.parameters(), lr=0.1)
    return {
        "generator": generator,
        "critic": critic,
        "optimizer": optimizer,
        "real": real,
        "noise": noise,
        "penalty": penalty,
    }


@critic_step.case
def without_penalty(rng):
    """penalty is None: what is left of the loss, and which sign has each of its means? The rest is a step like the
    discriminator's in section 3; nothing is clipped here."""
    return c_inputs(*players(rng))


@critic_step.case
def with_penalty(rng):
    """The penalty belongs to the loss before the gradient is taken: what is it given, with which sign and which factor
    does it count, and does the number that you return contain it?"""
    return c_inputs(*players(rng), penalty=odd_penalty)


@critic_step.case(about="number")
def penalty_of_slopes(rng):
    """This penalty differentiates the critic by its input: it can't be computed under torch.no_grad() or detached, and
    it needs samples, not noise."""
    return c_inputs(*players(rng), penalty=slope_penalty)


@critic_step.case(about="number form")
def unequal_batches(rng):
    """7 real points and 2 noise vectors: the number of fakes is the length of the noise."""
    return c_inputs(*players(rng, n_real=7, n_noise=2), penalty=odd_penalty)


@critic_step.case(about="number effect")
def old_gradients(rng):
    """Both players carry gradients from before. The critic's must not influence this update, and the generator's must
    come out exactly as they went in: backward() goes as far back as the graph reaches. Where should the graph of this
    loss end?"""
    generator, critic, real, noise = players(rng)
    leave_gradients(rng, generator, critic)
    return c_inputs(generator, critic, real, noise, penalty=odd_penalty)


@critic_step.case
def adam(rng):
    """Any optimizer may come, here with two groups of parameters, and both are to move: let it make the step, once."""
    generator, critic, real, noise = players(rng)
    optimizer = in_groups(critic, betas=(0.0, 0.9))
    return c_inputs(generator, critic, real, noise, penalty=odd_penalty, optimizer=optimizer)


@critic_step.case(about="effect")
def frozen_layer(rng):
    """One layer of the generator came in frozen (requires_grad = False) and the others did not; some layers came in
    evaluation mode. If you switch anything, put every switch back to what it was."""
    generator, critic, real, noise = players(rng)
    switched(generator[0], generator, critic)
    return c_inputs(generator, critic, real, noise)


@critic_step.case(about="number form")
def images(rng):
    """Data may have any shape after the batch axis: don't flatten, don't assume two columns."""
    return c_inputs(*image_players(rng), penalty=slope_penalty)


@critic_step.case(about="number form")
def single_precision(rng):
    """The networks are float32 this time: convert neither the data nor the noise."""
    return c_inputs(*players(rng, dtype=torch.float32), penalty=odd_penalty)


@critic_step.case
def optimizer_with_a_past(rng):
    """This optimizer has made a step before: it remembers where it was going and how fast it may go. Leave its memory
    and its settings alone; only it can take the next step."""
    generator, critic, real, noise = players(rng)
    return c_inputs(generator, critic, real, noise, optimizer=with_a_past(rng, critic))


wgan_generator_step = Exercise(
    "wgan_generator_step",
    points=2,
    differentiable=False,
    as_float=True,
    stand_ins={"wasserstein_generator_loss": other_generator_loss},
)


def g_inputs(generator, critic, noise, optimizer=None):
    optimizer = optimizer or optim.SGD(generator.parameters(), lr=0.1)
    return {"generator": generator, "critic": critic, "optimizer": optimizer, "noise": noise}


@wgan_generator_step.case
def one_step(rng):
    """Through which network must the gradient pass to reach the generator? A detach or a no_grad on that path stops it.
    Which way are the scores to go, and whose parameters does the optimizer hold?"""
    generator, critic, _, noise = players(rng)
    return g_inputs(generator, critic, noise)


@wgan_generator_step.case(about="number form")
def batch_of_one(rng):
    """One noise vector makes one fake."""
    generator, critic, _, noise = players(rng, n_noise=1)
    return g_inputs(generator, critic, noise)


@wgan_generator_step.case(about="number effect")
def old_gradients(rng):
    """Both players carry gradients from before. The generator's must not influence this update, and the critic's must
    come out exactly as they went in: a plain backward() adds to every parameter that it meets, and its argument
    inputs=... says to which it may."""
    generator, critic, _, noise = players(rng)
    leave_gradients(rng, generator, critic)
    return g_inputs(generator, critic, noise)


@wgan_generator_step.case
def adam(rng):
    """Any optimizer may come, here with two groups of parameters, and both are to move: let it make the step, once."""
    generator, critic, _, noise = players(rng)
    return g_inputs(generator, critic, noise, in_groups(generator, betas=(0.0, 0.9)))


@wgan_generator_step.case(about="effect")
def frozen_layer(rng):
    """One layer of the critic came in frozen (requires_grad = False) and the others did not; some layers came in
    evaluation mode. If you switch anything, put every switch back to what it was."""
    generator, critic, _, noise = players(rng)
    switched(critic[0], generator, critic)
    return g_inputs(generator, critic, noise)


@wgan_generator_step.case(about="number form")
def images(rng):
    """Data may have any shape after the batch axis."""
    generator, critic, _, noise = image_players(rng)
    return g_inputs(generator, critic, noise)


@wgan_generator_step.case(about="number form")
def single_precision(rng):
    """The networks are float32 this time: convert neither the data nor the noise."""
    generator, critic, _, noise = players(rng, dtype=torch.float32)
    return g_inputs(generator, critic, noise)


@wgan_generator_step.case
def optimizer_with_a_past(rng):
    """This optimizer has made a step before: it remembers where it was going and how fast it may go. Leave its memory
    and its settings alone; only it can take the next step."""
    generator, critic, _, noise = players(rng)
    return g_inputs(generator, critic, noise, with_a_past(rng, generator))
