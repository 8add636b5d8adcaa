"""Exercises of section 7, CycleGAN."""

# A case is known by its exercise and its name:
# pyright: reportRedeclaration=false
from __future__ import annotations

import torch
from torch import Tensor, nn

from autograder.exercise import Exercise, WrongType, fill, leave_gradients, network, normal, switched

# --- how far a round trip has missed ----------------------------------------------------------------------------------


cycle_loss = Exercise("cycle_loss", points=1)


@cycle_loss.case
def images(rng):
    """Pictures (n, 1, h, w): how far is each pixel off, not squared, and averaged over which of the axes?"""
    return {"x": normal(rng, 3, 1, 4, 4), "x_cycled": normal(rng, 3, 1, 4, 4)}


@cycle_loss.case
def points(rng):
    """Points (n, 2) work as well: all numbers have the same weight. A distance per point, a sum per point or a sum
    over everything is something else."""
    return {"x": normal(rng, 5, 2), "x_cycled": normal(rng, 5, 2)}


@cycle_loss.case(about="form")
def batch_of_one(rng):
    """One picture: the result is still a scalar of shape ()."""
    return {"x": normal(rng, 1, 1, 3, 5), "x_cycled": normal(rng, 1, 1, 3, 5)}


@cycle_loss.case
def errors_that_cancel(rng):
    """Half of the pixels are too bright and the others as much too dark: if yours is 0, errors of opposite sign
    have cancelled."""
    x, error = normal(rng, 2, 1, 2, 3), normal(rng, 2, 1, 2, 3)
    return {"x": torch.cat([x, x]), "x_cycled": torch.cat([x + error, x - error])}


@cycle_loss.case(about="number slope")
def small_errors(rng):
    """Differences of a hundredth: the absolute value has a corner at 0 and slope 1 right beside it. Smoothed
    versions (Huber, square roots) are flat there."""
    x = normal(rng, 3, 1, 4, 4, dtype=torch.float64)
    sign = torch.where(normal(rng, 3, 1, 4, 4) > 0, 1.0, -1.0).double()
    return {"x": x, "x_cycled": x + 0.01 * sign * (1 + normal(rng, 3, 1, 4, 4, dtype=torch.float64).abs())}


@cycle_loss.case
def large_errors(rng):
    """Nothing says that the numbers are pixels between 0 and 1: don't clamp, and don't pass them through a
    cross-entropy."""
    return {"x": 20 * normal(rng, 4, 3), "x_cycled": 20 * normal(rng, 4, 3)}


@cycle_loss.case(gradient="finite", about="number slope")  # |0| has no slope, but subgradients
def perfect_copy(rng):
    """The copy equals the original: the loss is exactly 0, and its slope is a number. The root of a square has none
    at 0: its slope there is 0/0."""
    x = normal(rng, 3, 1, 2, 2)
    return {"x": x, "x_cycled": x.clone()}


@cycle_loss.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return {"x": normal(rng, 4, 2, dtype=torch.float64), "x_cycled": normal(rng, 4, 2, dtype=torch.float64)}


# --- who translates what: the wiring ----------------------------------------------------------------------------------


class Counting(nn.Module):
    """A translator that counts how often it is asked."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net, self.asked = net, 0

    def forward(self, x: Tensor) -> Tensor:
        self.asked += 1
        return self.net(x)


def named_terms(wire, g_ab: nn.Module, g_ba: nn.Module, a: Tensor, b: Tensor) -> dict:
    """The four terms by name, and the counts of translators that count."""
    translators = {name: g for name, g in {"g_ab": g_ab, "g_ba": g_ba}.items() if isinstance(g, Counting)}
    before = {name: g.asked for name, g in translators.items()}
    terms = wire(g_ab, g_ba, a, b)
    if not isinstance(terms, (tuple, list)) or len(terms) != 4:
        raise WrongType("four tensors should be returned, as a tuple: fake_a, fake_b, a_cycled, b_cycled")
    named = dict(zip(("fake_a", "fake_b", "a_cycled", "b_cycled"), terms, strict=True))
    return named | {f"how often {name} was called": translators[name].asked - n for name, n in before.items()}


cycle_terms = Exercise("cycle_terms", points=2, call=named_terms)


def domain_pair(rng, *, n_a=4, n_b=4, d_a=3, d_b=3, dtype=torch.float64):
    """Points of two domains, and a small translator each way; neither undoes the other."""
    return {
        "g_ab": network(rng, d_a, 4, d_b, dtype=dtype),
        "g_ba": network(rng, d_b, 5, d_a, dtype=dtype),
        "a": normal(rng, n_a, d_a, dtype=dtype),
        "b": normal(rng, n_b, d_b, dtype=dtype),
    }


@cycle_terms.case(about="number form")
def points(rng):
    """Follow the drawing one arrow at a time: what does each translator take in, and of which domain is what comes out?
    A round trip starts from a real sample and is two translators long. Then look at the order in which the four
    are returned."""
    return domain_pair(rng)


@cycle_terms.case(about="number form")
def domains_of_different_shape(rng):
    """Here the domains have 3 and 2 dimensions, so only one translator can take what is handed to it, and every result
    has the shape of the domain that its name says."""
    return domain_pair(rng, d_a=3, d_b=2)


@cycle_terms.case(about="number form")
def unequal_batches(rng):
    """Five samples of A meet two of B. The fakes of a domain are as many as the samples of the *other* one that they
    are made from; nothing pairs a[i] with b[i]."""
    return domain_pair(rng, n_a=5, n_b=2)


@cycle_terms.case(about="number form")
def images(rng):
    """Pictures go through the translators as they are: nothing is flattened, clamped or rescaled on the way."""
    g_ab, g_ba = (fill(nn.Conv2d(1, 1, 3, padding=1).double(), rng) for _ in range(2))
    a, b = normal(rng, 2, 1, 4, 4, dtype=torch.float64), normal(rng, 3, 1, 4, 4, dtype=torch.float64)
    return {"g_ab": g_ab, "g_ba": g_ba, "a": a, "b": b}


@cycle_terms.case(about="form")
def batch_of_one(rng):
    """One sample of each domain: its axis stays."""
    return domain_pair(rng, n_a=1, n_b=1)


@cycle_terms.case
def each_fake_is_made_once(rng):
    """The values may be right, but each translator has two pictures to translate, one after the other: a real one and a
    fake. What has been translated already can be used again; what goes in together can't come out of the other
    translator first."""
    inputs = domain_pair(rng)
    return inputs | {name: Counting(inputs[name]) for name in ("g_ab", "g_ba")}


@cycle_terms.case(about="slope")
def slopes_of_a_round_trip(rng):
    """A round trip that misses is the fault of both translators, and each fake is somebody's work: every result must
    have a slope with respect to each network that it has gone through. The fakes that discriminators learn from are
    another matter, and not made here."""
    return domain_pair(rng, n_a=3, n_b=2)


@cycle_terms.case(gradient=False, about="effect")
def nothing_is_trained(rng):
    """Half of the layers are in evaluation mode, and the parameters carry gradients from before. This function only
    computes: translators and batches come out as they went in."""
    inputs = domain_pair(rng)
    g_ab, g_ba = inputs["g_ab"], inputs["g_ba"]
    switched(g_ab[0], g_ab, g_ba)
    g_ab.requires_grad_(True)
    leave_gradients(rng, g_ab, g_ba)
    return inputs


@cycle_terms.case(about="dtype")
def single_precision(rng):
    """float32 in, float32 out: don't convert."""
    return domain_pair(rng, n_a=3, n_b=2, dtype=torch.float32)


# --- what both generators descend together ----------------------------------------------------------------------------


cyclegan_generator_loss = Exercise("cyclegan_generator_loss", points=2)


def translators(rng, *, n_a=5, n_b=5, a=(1, 4, 4), b=(1, 4, 4), logits=(1,), weight=2.5, dtype=torch.float32):
    """Fakes of A are made from b and the other way round, so there are n_b logits of D_a and n_a of D_b."""
    return {
        "d_a_fake_logits": normal(rng, n_b, *logits, scale=2, dtype=dtype),
        "d_b_fake_logits": normal(rng, n_a, *logits, scale=2, dtype=dtype),
        "a": normal(rng, n_a, *a, dtype=dtype),
        "a_cycled": normal(rng, n_a, *a, dtype=dtype),
        "b": normal(rng, n_b, *b, dtype=dtype),
        "b_cycled": normal(rng, n_b, *b, dtype=dtype),
        "cycle_weight": weight,
    }


@cyclegan_generator_loss.case
def one_batch(rng):
    """Count the terms: each translator has to fool a discriminator, and each picture has to come back. Before which of
    them does the weight stand? Nothing is halved."""
    return translators(rng)


@cyclegan_generator_loss.case
def weight_zero(rng):
    """With weight 0 the cycles don't count: what is left is the sum of the two non-saturating losses. A weight of 0 is
    a weight, not a missing one."""
    return translators(rng, weight=0.0)


@cyclegan_generator_loss.case
def large_weight(rng):
    """Weight 100: the two cycle losses decide nearly everything. Does the weight that was handed in reach both?"""
    return translators(rng, weight=100.0)


@cyclegan_generator_loss.case
def one_cycle_is_bad(rng):
    """The way A to B and back is perfect, the way B to A and back is poor: both cycles count, each compared with its
    own start."""
    inputs = translators(rng, dtype=torch.float64)
    return inputs | {"a_cycled": inputs["a"] + 1e-3 * inputs["a_cycled"]}


@cyclegan_generator_loss.case
def the_other_cycle_is_bad(rng):
    """The way B to A and back is perfect, the way A to B and back is poor: both cycles count, each compared with its
    own start."""
    inputs = translators(rng, dtype=torch.float64)
    return inputs | {"b_cycled": inputs["b"] + 1e-3 * inputs["b_cycled"]}


@cyclegan_generator_loss.case
def one_discriminator_is_fooled(rng):
    """D_a takes the fakes for real and D_b does not: both discriminators count, and each contributes its own mean."""
    inputs = translators(rng)
    return inputs | {
        "d_a_fake_logits": 4 + inputs["d_a_fake_logits"],
        "d_b_fake_logits": -4 + inputs["d_b_fake_logits"],
    }


@cyclegan_generator_loss.case
def unequal_batches(rng):
    """Seven pictures of A and three of B: every one of the four means is over its own batch. Pooling them lets the
    larger batch speak louder."""
    return translators(rng, n_a=7, n_b=3)


@cyclegan_generator_loss.case(about="number form")
def domains_of_different_shape(rng):
    """Domain A holds points and domain B coloured pictures: a is only ever compared with a_cycled, b with b_cycled."""
    return translators(rng, n_a=4, n_b=2, a=(3,), b=(3, 2, 2))


@cyclegan_generator_loss.case(about="form")
def batch_of_one(rng):
    """One picture of each: the result is still a scalar of shape ()."""
    return translators(rng, n_a=1, n_b=1)


@cyclegan_generator_loss.case(about="form")
def flat_logits(rng):
    """Discriminators may return shape (n,) as well as (n, 1)."""
    return translators(rng, logits=())


@cyclegan_generator_loss.case(about="form")
def maps_of_logits(rng):
    """Patch discriminators return one logit per patch, shape (n, 1, h, w): average over all of them."""
    return translators(rng, n_a=2, n_b=3, logits=(1, 3, 2))


@cyclegan_generator_loss.case(about="number slope")
def recognised_fakes(rng):
    """Logits near -100: each adversarial term is about 100, and every logit's gradient is alive. A sigmoid followed by
    a logarithm rounds to 0 in between; a small constant inside the logarithm makes it flat."""
    inputs = translators(rng)
    return inputs | {key: -100 + inputs[key] for key in ("d_a_fake_logits", "d_b_fake_logits")}


@cyclegan_generator_loss.case(about="number slope")
def perfect_fakes(rng):
    """Logits near +100: the adversarial part of the loss is 0 to machine precision, and finite."""
    inputs = translators(rng)
    return inputs | {key: 100 + inputs[key] for key in ("d_a_fake_logits", "d_b_fake_logits")}


@cyclegan_generator_loss.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return translators(rng, n_a=3, n_b=4, dtype=torch.float64)


@cyclegan_generator_loss.case(gradient="finite", about="number slope")
def perfect_cycles(rng):
    """Every picture comes home unchanged: the cycles cost exactly 0, and their slope is a number. How do you make an
    error positive? The root of its square has no slope at 0."""
    inputs = translators(rng)
    return inputs | {"a_cycled": inputs["a"].clone(), "b_cycled": inputs["b"].clone()}


# --- the replay pool: a class, driven through a script ----------------------------------------------------------------


def nothing(batch: Tensor, result: Tensor) -> dict:
    return {}


def overwrite_the_batch(batch: Tensor, result: Tensor) -> dict:
    batch.fill_(-99)
    return {"after the batch was overwritten": result.clone() if isinstance(result, Tensor) else result}


def overwrite_the_result(batch: Tensor, result: Tensor) -> dict:
    if isinstance(result, Tensor):
        result.detach().fill_(99)
    return {"the batch after the result was overwritten": batch.clone()}


def graphs(batch: Tensor, result: Tensor) -> dict:
    mine = isinstance(result, Tensor) and result.requires_grad
    return {"whether the batch has its graph": batch.requires_grad, "whether the result has one": mine}


def drive(pool_class, sizes: tuple[int, ...], afterwards, *queries: Tensor) -> dict:
    """Pools that take turns with queries (batch, coins, slots); what came back, and what ``afterwards`` saw of it."""
    pools = [pool_class(size) for size in sizes]
    seen = {}
    for turn, query in enumerate(zip(*(queries[k::3] for k in range(3)), strict=True)):
        result = pools[turn % len(pools)].query(*query)
        seen[f"query {turn + 1}"] = result.clone() if isinstance(result, Tensor) else result
        seen |= {f"query {turn + 1}, {what}": value for what, value in afterwards(query[0], result).items()}
    return seen


def script(
    rng, sizes: int | tuple[int, ...], *plan: tuple[str, list[int]], afterwards=nothing, shape=(2,), dtype=torch.float32
):
    """Inputs for `drive`. Each query is a string with one letter per item, s for a coin that swaps and k for one that
    keeps, and the items' slots. A capital S is a coin of exactly 1/2; the others stay clear of it."""
    inputs = {"sizes": sizes if isinstance(sizes, tuple) else (sizes,), "afterwards": afterwards}
    for number, (letters, slots) in enumerate(plan, start=1):
        low, half = (torch.tensor([letter == which for letter in letters]) for which in "kS")
        coins = torch.from_numpy(rng.uniform(0.02, 0.48, size=len(letters))).float()
        inputs |= {
            f"batch_{number}": normal(rng, len(letters), *shape, dtype=dtype),
            f"coins_{number}": torch.where(half, 0.5, torch.where(low, coins, coins + 0.5)),
            f"slots_{number}": torch.tensor(slots),
        }
    return inputs


ReplayPool = Exercise("ReplayPool", points=3, differentiable=False, call=drive)


@ReplayPool.case(about="number form")
def while_it_fills(rng):
    """The pool has room for 5 and sees batches of 2: every item is stored and comes back itself. Coins and slots mean
    nothing yet, a slot may even be one that is still empty."""
    return script(rng, 5, ("sk", [4, 3]), ("ss", [0, 4]))


@ReplayPool.case
def two_pools(rng):
    """A CycleGAN has one pool per domain. Here two pools take turns, and both are still filling: each has its own
    storage. A list in the class body, or as a default argument, is shared by all of them."""
    return script(rng, (2, 4), ("k", [0]), ("kk", [0, 0]), ("s", [0]), ("ss", [0, 1]))


@ReplayPool.case
def full_and_kept(rng):
    """The pool is full and all coins are below 1/2: the new items come back untouched, and the pool stays as it was.
    The last query shows what it holds."""
    return script(rng, 3, ("kkk", [0, 1, 2]), ("kkk", [1, 0, 2]), ("sss", [0, 1, 2]))


@ReplayPool.case(about="number effect")
def full_and_swapped(rng):
    """The pool is full and the coins are at least 1/2, one of them exactly: which item comes back, and which one is in
    the pool afterwards? The last query shows what the pool holds by then."""
    return script(rng, 3, ("kkk", [0, 0, 0]), ("sSs", [2, 0, 1]), ("sss", [0, 1, 2]))


@ReplayPool.case
def full_in_the_middle(rng):
    """A batch of 6 meets an empty pool of 3: the first three items fill it, the other three already go by the coins.
    Take item by item; item i uses coins[i] and slots[i] whatever happened to the items before it."""
    return script(rng, 3, ("skkssk", [0, 1, 1, 2, 0, 1]), ("sss", [0, 1, 2]))


@ReplayPool.case
def same_slot_twice(rng):
    """Two items of a batch draw the same slot: the second one gets back the first, which has just been put there. Items
    are handled in order."""
    return script(rng, 3, ("kkk", [0, 1, 2]), ("ssks", [1, 1, 1, 1]), ("sss", [0, 1, 2]))


@ReplayPool.case
def mixed_coins(rng):
    """Some coins swap and some don't: item i uses coins[i] and slots[i] by its place in the batch; the slots of items
    that are kept are skipped, not saved for later."""
    return script(rng, 4, ("kkkk", [0, 0, 0, 0]), ("kskss", [0, 3, 2, 1, 0]), ("ssss", [0, 1, 2, 3]))


@ReplayPool.case
def size_one(rng):
    """A pool of one: the first item fills it."""
    return script(rng, 1, ("sks", [0, 0, 0]), ("k", [0]), ("ss", [0, 0]))


@ReplayPool.case(about="number form")
def batches_of_different_sizes(rng):
    """Batches of 1, 4, 2 and 5 items: the last batch of a pass may be shorter, and the pool counts items, not batches.
    What comes back is as long as what came in."""
    return script(rng, 6, ("s", [0]), ("kssk", [0, 1, 2, 3]), ("ss", [1, 3]), ("skssk", [5, 0, 2, 4, 1]))


@ReplayPool.case(about="form number")
def images(rng):
    """Items are pictures (1, 4, 3): what comes back is one batch of the same shape, not a list, with no axis lost or
    added."""
    return script(rng, 2, ("ks", [0, 0]), ("sk", [1, 0]), ("ss", [0, 1]), shape=(1, 4, 3))


@ReplayPool.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: storage that is made beforehand must have the dtype of the batch."""
    return script(rng, 2, ("kk", [0, 0]), ("ss", [1, 0]), ("sk", [1, 0]), dtype=torch.float64)


@ReplayPool.case
def batch_overwritten_later(rng):
    """The caller overwrites the batch after the query. Neither what is stored nor what was returned may change. Whose
    memory is batch[i], and whose is batch[i].detach()? Overwrite a small batch and look."""
    plan = ("kk", [0, 0]), ("ks", [0, 0]), ("ks", [0, 1]), ("ss", [0, 1])
    return script(rng, 2, *plan, afterwards=overwrite_the_batch)


@ReplayPool.case
def result_overwritten_later(rng):
    """The caller overwrites what was returned. Neither the pool nor the caller's own batch may change with it:
    what goes in and what comes out are different copies."""
    plan = ("kk", [0, 0]), ("kk", [0, 0]), ("sk", [0, 0]), ("ss", [0, 1])
    return script(rng, 2, *plan, afterwards=overwrite_the_result)


@ReplayPool.case
def with_a_graph(rng):
    """The items come fresh from a generator and carry its graph. The pool must hold and return detached copies, else it
    keeps every graph alive and a discriminator's step differentiates old generators; the caller's own batch keeps its
    graph."""
    inputs = script(rng, 2, ("kkk", [0, 0, 0]), ("sk", [0, 1]), ("ss", [1, 0]), afterwards=graphs)
    return {key: 2 * x.requires_grad_() if key.startswith("batch") else x for key, x in inputs.items()}
