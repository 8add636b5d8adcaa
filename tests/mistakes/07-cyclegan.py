"""Answers to section 7. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import random
from collections import deque

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

# --- cycle_loss -------------------------------------------------------------------------------------------------------

bank.spoils(
    "cycle_loss",
    r"\babs\b|l1\b|l1_?loss|absolute.{0,50}(mean|averag)|(mean|averag).{0,50}absolute"
    r"|absolute (error|difference|deviation)|without (its|the|their) signs?.{0,40}(mean|averag)",
)


@right("cycle_loss")
def mean_of_absolutes(x, x_cycled):
    return (x - x_cycled).abs().mean()


@right("cycle_loss")
def library_l1(x, x_cycled):
    return F.l1_loss(x_cycled, x)


@right("cycle_loss")
def module_l1(x, x_cycled):
    return nn.L1Loss(reduction="sum")(x_cycled, x) / x.numel()


@right("cycle_loss")
def one_norm(x, x_cycled):
    return torch.linalg.vector_norm(x - x_cycled, ord=1) / x.numel()


@right("cycle_loss")
def larger_minus_smaller(x, x_cycled):
    return (torch.maximum(x, x_cycled) - torch.minimum(x, x_cycled)).mean()


@right("cycle_loss")
def mean_of_means(x, x_cycled):
    return torch.stack([(copy - original).abs().mean() for original, copy in zip(x, x_cycled, strict=True)]).mean()


@wrong("cycle_loss", caught_by="images", diagnosis="number")
def squares(x, x_cycled):
    return F.mse_loss(x_cycled, x)


@wrong("cycle_loss", caught_by="images", diagnosis="factor", says="same factor, 0.5")
def halved(x, x_cycled):
    return 0.5 * (x - x_cycled).abs().mean()


@wrong("cycle_loss", caught_by="points", diagnosis="number")
def summed(x, x_cycled):
    return (x - x_cycled).abs().sum()


@wrong("cycle_loss", caught_by="points", diagnosis="number")
def distance_of_points(x, x_cycled):
    return (x - x_cycled).flatten(1).norm(dim=1).mean()


@wrong("cycle_loss", caught_by="points", diagnosis="number")
def sum_per_sample(x, x_cycled):
    return (x - x_cycled).abs().flatten(1).sum(1).mean()


@wrong("cycle_loss", caught_by="batch_of_one", diagnosis="shape", says="shape")
def one_number_per_picture(x, x_cycled):
    return (x - x_cycled).abs().flatten(1).mean(1)


@wrong("cycle_loss", caught_by="errors_that_cancel", diagnosis="number")
def absolute_of_the_mean(x, x_cycled):
    return (x - x_cycled).mean().abs()


@wrong("cycle_loss", caught_by="errors_that_cancel", diagnosis="number")
def no_absolute(x, x_cycled):
    return (x - x_cycled).mean()


@wrong("cycle_loss", caught_by="small_errors", diagnosis="number")
def huber(x, x_cycled):
    return F.smooth_l1_loss(x_cycled, x)


@wrong("cycle_loss", caught_by="small_errors", diagnosis="number")
def rounded_corner(x, x_cycled):
    return ((x - x_cycled).square() + 1e-4).sqrt().mean()


@wrong("cycle_loss", caught_by="perfect_copy", diagnosis="number")
def root_with_a_constant(x, x_cycled):
    return ((x - x_cycled).square() + 1e-8).sqrt().mean()


@wrong("cycle_loss", caught_by="large_errors", diagnosis="number")
def clamped_to_pixels(x, x_cycled):
    return (x - x_cycled).abs().clamp(max=10).mean()


@wrong("cycle_loss", caught_by="double_precision", diagnosis="dtype", says="dtype")
def in_single_precision(x, x_cycled):
    return (x.float() - x_cycled.float()).abs().mean()


@wrong("cycle_loss", caught_by="images", diagnosis="slope", says="gradient")
def cuts_the_cycle(x, x_cycled):
    return (x - x_cycled.detach()).abs().mean()


@wrong("cycle_loss", caught_by="images", diagnosis="argument", says="modified")
def in_place(x, x_cycled):
    with torch.no_grad():
        x.sub_(x_cycled)
    return x.abs().mean() + 0 * x_cycled.sum()


@right("cycle_loss")
def in_double_and_back(x, x_cycled):
    return (x.double() - x_cycled.double()).abs().mean().to(x.dtype)


@right("cycle_loss")
def mean_of_each_picture_first(x, x_cycled):
    return (x_cycled - x).abs().flatten(1).mean(1).sum() / len(x)


@right("cycle_loss")
def two_halves_of_the_absolute(x, x_cycled):
    return F.relu(x - x_cycled).mean() + F.relu(x_cycled - x).mean()


@right("cycle_loss")
def contracted_with_signs(x, x_cycled):
    difference = (x - x_cycled).reshape(-1)
    return torch.einsum("i,i->", difference, difference.detach().sign()) / difference.numel()


@wrong("cycle_loss", caught_by="perfect_copy", diagnosis="nan slope", says="nan or infinite")
def root_of_the_square(x, x_cycled):
    return (x - x_cycled).square().sqrt().mean()


@wrong("cycle_loss", caught_by="perfect_copy", diagnosis="nan slope", says="nan or infinite")
def power_of_a_power(x, x_cycled):
    return (((x - x_cycled) ** 2) ** 0.5).mean()


@wrong("cycle_loss", caught_by="images", diagnosis="number")
def root_of_the_mean_square(x, x_cycled):
    return F.mse_loss(x_cycled, x).sqrt()


@wrong("cycle_loss", caught_by="images", diagnosis="factor", says="same factor, 10")
def with_the_papers_weight(x, x_cycled):
    return 10 * F.l1_loss(x_cycled, x)


@wrong("cycle_loss", caught_by="images", diagnosis="sign", says="sign is reversed")
def to_be_maximised(x, x_cycled):
    return -(x - x_cycled).abs().mean()


@wrong("cycle_loss", caught_by="points", diagnosis="number")
def norm_of_everything(x, x_cycled):
    return torch.norm(x - x_cycled)


@wrong("cycle_loss", caught_by="points", diagnosis="number")
def one_norm_of_everything(x, x_cycled):
    return torch.norm(x - x_cycled, p=1)


@wrong("cycle_loss", caught_by="points", diagnosis="raises")
def axes_of_a_picture(x, x_cycled):
    return (x - x_cycled).abs().mean(dim=(1, 2, 3)).mean()


@wrong("cycle_loss", caught_by="images", diagnosis="number")
def median_error(x, x_cycled):
    return (x - x_cycled).abs().median()


@wrong("cycle_loss", caught_by="images", diagnosis="number")
def largest_error(x, x_cycled):
    return (x - x_cycled).abs().max()


@wrong("cycle_loss", caught_by="images", diagnosis="number")
def relative_error(x, x_cycled):
    return ((x - x_cycled).abs() / x.abs()).mean()


@wrong("cycle_loss", caught_by="errors_that_cancel", diagnosis="number")
def too_bright_only(x, x_cycled):
    return F.relu(x_cycled - x).mean()


@wrong("cycle_loss", caught_by="errors_that_cancel", diagnosis="number")
def absolute_mean_of_each_sample(x, x_cycled):
    return (x - x_cycled).flatten(1).mean(1).abs().mean()


@wrong("cycle_loss", caught_by="errors_that_cancel", diagnosis="number")
def difference_of_absolutes(x, x_cycled):
    return (x.abs() - x_cycled.abs()).mean()


@wrong("cycle_loss", caught_by="large_errors", diagnosis="raises")
def cross_entropy_of_pixels(x, x_cycled):
    return F.binary_cross_entropy(x_cycled, x)


@wrong("cycle_loss", caught_by="large_errors", diagnosis="number")
def cross_entropy_of_logits(x, x_cycled):
    return F.binary_cross_entropy_with_logits(x_cycled, x)


@wrong("cycle_loss", caught_by="images", diagnosis="cut", says=".item()")
def as_a_float(x, x_cycled):
    return F.l1_loss(x_cycled, x).item()


@wrong("cycle_loss", caught_by="images", diagnosis="type", says="None")
def forgets_to_return(x, x_cycled):
    F.l1_loss(x_cycled, x)


@wrong("cycle_loss", caught_by="images", diagnosis="shape", says="shape")
def no_mean(x, x_cycled):
    return (x - x_cycled).abs()


@wrong("cycle_loss", caught_by="images", diagnosis="raises")
def abs_as_a_function_of_torch_only(x, x_cycled):
    return torch.abs(x, x_cycled).mean()


@wrong("cycle_loss", caught_by="images", diagnosis="mistyped", says="NameError")
def cycled_for_x_cycled(x, x_cycled):
    return (x - cycled).abs().mean()  # noqa: F821


# --- cycle_terms ------------------------------------------------------------------------------------------------------

bank.spoils(
    "cycle_terms",
    r"g_ab\((a|fake)|g_ba\((b|fake)|fake_a = |fake_b = |cycled = |detach|no_grad|\bcat\b"
    r"|g_ba (translates|takes|gets) b|g_ab (translates|takes|gets) a",
)


@right("cycle_terms")
def one_arrow_a_line(g_ab, g_ba, a, b):
    fake_b = g_ab(a)
    a_cycled = g_ba(fake_b)
    fake_a = g_ba(b)
    b_cycled = g_ab(fake_a)
    return fake_a, fake_b, a_cycled, b_cycled


@right("cycle_terms")
def fakes_first(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return [fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)]


@right("cycle_terms")
def one_half_twice(g_ab, g_ba, a, b):
    def half(there, back, x):
        fake = there(x)
        return fake, back(fake)

    (fake_b, a_cycled), (fake_a, b_cycled) = half(g_ab, g_ba, a), half(g_ba, g_ab, b)
    return fake_a, fake_b, a_cycled, b_cycled


@right("cycle_terms")
def in_named_places(g_ab, g_ba, a, b):
    terms = {"fake_b": g_ab(a), "fake_a": g_ba(b)}
    terms["b_cycled"] = g_ab(terms["fake_a"])
    terms["a_cycled"] = g_ba(terms["fake_b"])
    return tuple(terms[name] for name in ("fake_a", "fake_b", "a_cycled", "b_cycled"))


@right("cycle_terms")
def copies_that_keep_their_graph(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b.clone()), g_ab(a.clone())
    return fake_a, fake_b, g_ba(fake_b.clone()), g_ab(fake_a.clone())


@right("cycle_terms")
def walrus(g_ab, g_ba, a, b):
    return (fake_a := g_ba(b)), (fake_b := g_ab(a)), g_ba(fake_b), g_ab(fake_a)


@right("cycle_terms")
def forward_by_name(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba.forward(b), g_ab.forward(a)
    return fake_a, fake_b, g_ba.forward(fake_b), g_ab.forward(fake_a)


@wrong("cycle_terms", caught_by="points", diagnosis="number")
def fakes_named_after_their_origin(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ab(a), g_ba(b)
    return fake_a, fake_b, g_ba(fake_a), g_ab(fake_b)


@wrong("cycle_terms", caught_by="points", diagnosis="number")
def translators_exchanged(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ab(b), g_ba(a)
    return fake_a, fake_b, g_ab(fake_b), g_ba(fake_a)


@wrong("cycle_terms", caught_by="points", diagnosis="number")
def order_of_the_arguments(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_b, fake_a, g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="points", diagnosis="number", says="a_cycled")
def round_trips_exchanged(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, g_ab(fake_a), g_ba(fake_b)


@wrong("cycle_terms", caught_by="points", diagnosis="number", says="a_cycled")
def fakes_as_round_trips(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, fake_a, fake_b


@wrong("cycle_terms", caught_by="points", diagnosis="number", says="a_cycled")
def no_way_back(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, a, b


@wrong("cycle_terms", caught_by="points", diagnosis="number", says="a_cycled")
def same_translator_back(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, g_ab(fake_b), g_ba(fake_a)


@wrong("cycle_terms", caught_by="domains_of_different_shape", diagnosis="number")
def identity_for_the_fakes(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(a), g_ab(b)
    return fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="domains_of_different_shape", diagnosis="number")
def interleaved(g_ab, g_ba, a, b):
    fake_b, a_cycled = g_ab(a), g_ba(g_ab(a))
    return fake_b, a_cycled, g_ba(b), g_ab(g_ba(b))


@wrong("cycle_terms", caught_by="unequal_batches", diagnosis="raises")
def halves_of_one_batch(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    a_cycled, _ = g_ba(torch.cat([fake_b, b])).split(len(b))
    return fake_a, fake_b, a_cycled, g_ab(fake_a)


@wrong("cycle_terms", caught_by="unequal_batches", diagnosis="shape", says="shape")
def pairs_of_a_and_b(g_ab, g_ba, a, b):
    n = min(len(a), len(b))
    a, b = a[:n], b[:n]
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="images", diagnosis="number")
def pixels_between_0_and_1(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b).clamp(0, 1), g_ab(a).clamp(0, 1)
    return fake_a, fake_b, g_ba(fake_b).clamp(0, 1), g_ab(fake_a).clamp(0, 1)


@wrong("cycle_terms", caught_by="images", diagnosis="raises")
def flat_first(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b.flatten(1)), g_ab(a.flatten(1))
    return fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="images", diagnosis="shape", says="shape")
def without_the_channel(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return tuple(x.squeeze(1) if x.ndim == 4 else x for x in (fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)))


@wrong("cycle_terms", caught_by="batch_of_one", diagnosis="shape", says="shape")
def squeezed(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return tuple(x.squeeze(0) for x in (fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)))


@wrong("cycle_terms", caught_by="each_fake_is_made_once", diagnosis="number", says="how often g_ab was called")
def everything_anew(g_ab, g_ba, a, b):
    return g_ba(b), g_ab(a), g_ba(g_ab(a)), g_ab(g_ba(b))


@wrong("cycle_terms", caught_by="each_fake_is_made_once", diagnosis="number", says="how often g_ba was called")
def one_fake_anew(g_ab, g_ba, a, b):
    fake_b = g_ab(a)
    return g_ba(b), fake_b, g_ba(fake_b), g_ab(g_ba(b))


@wrong("cycle_terms", caught_by="each_fake_is_made_once", diagnosis="number", says="how often g_ba was called")
def both_in_one_pass(g_ab, g_ba, a, b):
    fake_b = g_ab(a)
    fake_a, a_cycled = g_ba(torch.cat([b, fake_b])).split([len(b), len(a)])
    return fake_a, fake_b, a_cycled, g_ab(fake_a)


@wrong("cycle_terms", caught_by="slopes_of_a_round_trip", diagnosis="slope", says="value number 3")
def fakes_cut_on_the_way_back(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, g_ba(fake_b.detach()), g_ab(fake_a.detach())


@wrong("cycle_terms", caught_by="slopes_of_a_round_trip", diagnosis="cut", says="value number 1")
def fakes_as_a_discriminator_gets_them(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a.detach(), fake_b.detach(), g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="slopes_of_a_round_trip", diagnosis="cut", says="value number 1")
def fakes_without_a_graph(g_ab, g_ba, a, b):
    with torch.no_grad():
        fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="slopes_of_a_round_trip", diagnosis="slope", says="value number 4")
def one_way_back_is_cut(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, g_ba(fake_b), g_ab(fake_a.detach())


@wrong("cycle_terms", caught_by="slopes_of_a_round_trip", diagnosis="cut", says="torch.no_grad")
def nothing_is_recorded(g_ab, g_ba, a, b):
    with torch.no_grad():
        fake_a, fake_b = g_ba(b), g_ab(a)
        return fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="nothing_is_trained", diagnosis="flags", says="mode")
def everything_in_training_mode(g_ab, g_ba, a, b):
    g_ab.train(), g_ba.train()
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="nothing_is_trained", diagnosis="flags", says="mode")
def everything_in_evaluation_mode(g_ab, g_ba, a, b):
    g_ab.eval(), g_ba.eval()
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="nothing_is_trained", diagnosis="left gradients", says=".grad")
def clears_gradients(g_ab, g_ba, a, b):
    g_ab.zero_grad(), g_ba.zero_grad()
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="nothing_is_trained", diagnosis="flags", says="requires_grad")
def freezes_the_way_there(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    g_ab.requires_grad_(False)
    return fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="points", diagnosis="argument", says="modified")
def writes_over_the_batch(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    with torch.no_grad():
        a.mul_(0.5)
    return fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="single_precision", diagnosis="dtype", says="dtype")
def in_double_precision(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return tuple(x.double() for x in (fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)))


@wrong("cycle_terms", caught_by="points", diagnosis="type", says="four tensors")
def the_fakes_alone(g_ab, g_ba, a, b):
    return g_ba(b), g_ab(a)


@wrong("cycle_terms", caught_by="points", diagnosis="type", says="four tensors")
def by_name(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return {"fake_a": fake_a, "fake_b": fake_b, "a_cycled": g_ba(fake_b), "b_cycled": g_ab(fake_a)}


@wrong("cycle_terms", caught_by="points", diagnosis="type", says="four tensors")
def forgets_to_give_them_back(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="points", diagnosis="shape", says="shape")
def errors_of_the_round_trips(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, (a - g_ba(fake_b)).abs().mean(), (b - g_ab(fake_a)).abs().mean()


@wrong("cycle_terms", caught_by="points", diagnosis="number", says="a_cycled")
def differences_of_the_round_trips(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, g_ba(fake_b) - a, g_ab(fake_a) - b


@wrong("cycle_terms", caught_by="points", diagnosis="mistyped", says="NameError")
def names_of_the_paper(g_ab, g_ba, a, b):
    fake_a, fake_b = F_(b), G(a)  # noqa: F821
    return fake_a, fake_b, g_ba(fake_b), g_ab(fake_a)


@wrong("cycle_terms", caught_by="points", diagnosis="random", says="random")
def with_noise_before_the_way_back(g_ab, g_ba, a, b):
    fake_a, fake_b = g_ba(b), g_ab(a)
    return fake_a, fake_b, g_ba(fake_b + 0.01 * torch.randn_like(fake_b)), g_ab(fake_a)


# --- cyclegan_generator_loss ------------------------------------------------------------------------------------------

bank.spoils(
    "cyclegan_generator_loss",
    r"softplus|log.?sigmoid|bce|cross.?entrop|l1|\babs\b|absolute|cycle_loss\("
    r"|weight ?[*·×(]|log\(|[-−] ?log\b|minus (the )?(mean )?log"
    r"|(weight|λ).{0,20}(times|multipl).{0,40}cycle|cycle.{0,40}(times|multipl).{0,20}weight"
    r"|multipl\w+ .{0,30}(both|sum).{0,20}cycle",
)


@right("cyclegan_generator_loss")
def four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    cycles = (a - a_cycled).abs().mean() + (b - b_cycled).abs().mean()
    return adversarial + cycle_weight * cycles


@right("cyclegan_generator_loss")
def libraries(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    fooled = nn.BCEWithLogitsLoss()
    loss_a = fooled(d_a_fake_logits, torch.ones_like(d_a_fake_logits))
    loss_b = fooled(d_b_fake_logits, torch.ones_like(d_b_fake_logits))
    return loss_a + loss_b + cycle_weight * F.l1_loss(a_cycled, a) + cycle_weight * F.l1_loss(b_cycled, b)


@right("cyclegan_generator_loss")
def in_a_loop(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    total = 0.0
    for logits, x, cycled in ((d_a_fake_logits, b, b_cycled), (d_b_fake_logits, a, a_cycled)):
        total = total - F.logsigmoid(logits).mean() + cycle_weight * (x - cycled).abs().mean()
    return total


@right("cyclegan_generator_loss")
def sums_over_counts(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    zero = torch.zeros((), dtype=a.dtype)
    judges = [torch.logaddexp(zero, -logits).sum() / logits.numel() for logits in (d_a_fake_logits, d_b_fake_logits)]
    ways = [torch.linalg.vector_norm(x - y, 1) / x.numel() for x, y in ((a, a_cycled), (b, b_cycled))]
    return sum(judges) + cycle_weight * sum(ways)


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="number")
def squared_cycles(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * (F.mse_loss(a_cycled, a) + F.mse_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="number")
def summed_cycles(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * ((a - a_cycled).abs().sum() + (b - b_cycled).abs().sum())


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="factor", says="same factor, 0.5")
def everything_halved(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight) / 2


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="number")
def cycles_averaged(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b)) / 2


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="number")
def minimax(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = -F.softplus(d_a_fake_logits).mean() - F.softplus(d_b_fake_logits).mean()
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="number")
def targets_zero(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(d_a_fake_logits).mean() + F.softplus(d_b_fake_logits).mean()
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="number")
def least_squares(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = (d_a_fake_logits - 1).square().mean() + (d_b_fake_logits - 1).square().mean()
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="weight_zero", diagnosis="number")
def weight_on_everything(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return cycle_weight * four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, 1.0)


@wrong("cyclegan_generator_loss", caught_by="weight_zero", diagnosis="number")
def ten_for_zero(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight or 10.0)


@wrong("cyclegan_generator_loss", caught_by="large_weight", diagnosis="number")
def always_ten(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, 10.0)


@wrong("cyclegan_generator_loss", caught_by="large_weight", diagnosis="number")
def weight_on_one_cycle(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b)


@wrong("cyclegan_generator_loss", caught_by="the_other_cycle_is_bad", diagnosis="number")
def forward_cycle_only(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * (2 * F.l1_loss(a_cycled, a) + 0 * b_cycled.sum())


@wrong("cyclegan_generator_loss", caught_by="one_cycle_is_bad", diagnosis="number")
def backward_cycle_only(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * (2 * F.l1_loss(b_cycled, b) + 0 * a_cycled.sum())


@wrong("cyclegan_generator_loss", caught_by="one_cycle_is_bad", diagnosis="number")
def worse_of_the_cycles(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * torch.maximum(F.l1_loss(a_cycled, a), F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="domains_of_different_shape", diagnosis="number")
def cycles_swapped(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * (F.l1_loss(b_cycled, a) + F.l1_loss(a_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="one_discriminator_is_fooled", diagnosis="number")
def one_judge_twice(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits, d_a_fake_logits, a, a_cycled, b, b_cycled, cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="one_discriminator_is_fooled", diagnosis="number")
def loss_of_the_mean_logit(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = 2 * F.softplus(-(d_a_fake_logits.mean() + d_b_fake_logits.mean()) / 2)
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="unequal_batches", diagnosis="number")
def pooled_means(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    logits = torch.cat([d_a_fake_logits.flatten(), d_b_fake_logits.flatten()])
    errors = torch.cat([(a - a_cycled).flatten(), (b - b_cycled).flatten()])
    return 2 * F.softplus(-logits).mean() + cycle_weight * 2 * errors.abs().mean()


@wrong("cyclegan_generator_loss", caught_by="unequal_batches", diagnosis="raises")
def added_before_the_mean(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = (F.softplus(-d_a_fake_logits) + F.softplus(-d_b_fake_logits)).mean()
    return adversarial + cycle_weight * ((a - a_cycled).abs() + (b - b_cycled).abs()).mean()


@wrong("cyclegan_generator_loss", caught_by="batch_of_one", diagnosis="shape", says="shape")
def one_loss_per_sample(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean(0) + F.softplus(-d_b_fake_logits).mean(0)
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="flat_logits", diagnosis="raises")
def first_column(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    d_a_fake_logits, d_b_fake_logits = d_a_fake_logits[:, 0], d_b_fake_logits[:, 0]
    return four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="maps_of_logits", diagnosis="number")
def patches_added(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = sum(F.softplus(-x).sum() / len(x) for x in (d_a_fake_logits, d_b_fake_logits))
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="recognised_fakes", diagnosis="nan")
def log_of_the_sigmoid(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = -sum(torch.sigmoid(x).log().mean() for x in (d_a_fake_logits, d_b_fake_logits))
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="recognised_fakes", diagnosis="number")
def log_with_a_constant(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = -sum((torch.sigmoid(x) + 1e-8).log().mean() for x in (d_a_fake_logits, d_b_fake_logits))
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="perfect_fakes", diagnosis="nan")
def log_one_plus_exp(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = sum((torch.log(1 + torch.exp(x)) - x).mean() for x in (d_a_fake_logits, d_b_fake_logits))
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="double_precision", diagnosis="dtype", says="dtype")
def all_in_float32(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    tensors = (x.float() for x in (d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled))
    return four_terms(*tensors, cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="slope", says="gradient")
def judges_for_show(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits.detach(), d_b_fake_logits.detach(), a, a_cycled, b, b_cycled, cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="type")
def a_tuple_of_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial, cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@right("cyclegan_generator_loss")
def in_double_and_back(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    tensors = (x.double() for x in (d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled))
    return four_terms(*tensors, cycle_weight).to(a.dtype)


@right("cyclegan_generator_loss")
def written_out_stably(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    def fooled(logits):
        return (F.relu(-logits) + torch.log1p(torch.exp(-logits.abs()))).mean()

    weighted = cycle_weight * (a - a_cycled).abs().sum() / a.numel() + fooled(d_b_fake_logits)
    return weighted + (cycle_weight * (b - b_cycled)).abs().mean() + fooled(d_a_fake_logits)


@right("cyclegan_generator_loss")
def sample_by_sample(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    total = 0.0
    for logits in (d_a_fake_logits, d_b_fake_logits):
        total = total + sum(F.softplus(-x).mean() for x in logits) / len(logits)
    for start, end in ((a, a_cycled), (b, b_cycled)):
        total = total + cycle_weight * sum((x - y).abs().mean() for x, y in zip(start, end, strict=True)) / len(start)
    return total


@wrong("cyclegan_generator_loss", caught_by="perfect_cycles", diagnosis="nan slope", says="nan or infinite")
def cycles_by_their_squares(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    ways = ((a - a_cycled) ** 2).sqrt().mean() + ((b - b_cycled) ** 2).sqrt().mean()
    return adversarial + cycle_weight * ways


@wrong("cyclegan_generator_loss", caught_by="weight_zero", diagnosis="number")
def weight_on_the_judges(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return cycle_weight * adversarial + F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b)


@wrong("cyclegan_generator_loss", caught_by="large_weight", diagnosis="number")
def weight_forgotten(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, 1.0)


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="number")
def judges_averaged(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = (F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()) / 2
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="number")
def with_identity_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    ways = F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b)
    return four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight) + 5 * ways


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="number")
def mean_logits(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = -d_a_fake_logits.mean() - d_b_fake_logits.mean()
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="number")
def sigmoid_twice(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    logits = torch.sigmoid(d_a_fake_logits), torch.sigmoid(d_b_fake_logits)
    return four_terms(*logits, a, a_cycled, b, b_cycled, cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="number")
def cycles_subtracted(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, -cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="sign", says="sign is reversed")
def everything_negative(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return -four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="one_discriminator_is_fooled", diagnosis="number")
def better_judge_only(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = torch.maximum(F.softplus(-d_a_fake_logits).mean(), F.softplus(-d_b_fake_logits).mean())
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="unequal_batches", diagnosis="raises")
def stacked_logits(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = 2 * F.softplus(-torch.stack([d_a_fake_logits, d_b_fake_logits])).mean()
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="unequal_batches", diagnosis="number")
def divided_by_one_batch_size(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    n = len(a)
    patches = d_a_fake_logits[0].numel()
    adversarial = (F.softplus(-d_a_fake_logits).sum() + F.softplus(-d_b_fake_logits).sum()) / (n * patches)
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="unequal_batches", diagnosis="raises")
def targets_of_the_pictures(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.binary_cross_entropy_with_logits(d_a_fake_logits, d_b_fake_logits.new_ones(d_b_fake_logits.shape))
    adversarial = adversarial + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="maps_of_logits", diagnosis="shape", says="shape")
def mean_over_samples_and_one_column(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean(dim=0) + F.softplus(-d_b_fake_logits).mean(dim=0)
    adversarial = adversarial.squeeze() if adversarial.ndim < 2 else adversarial[0]
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="recognised_fakes", diagnosis="number")
def logits_clamped(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    logits = d_a_fake_logits.clamp(-50, 50), d_b_fake_logits.clamp(-50, 50)
    return four_terms(*logits, a, a_cycled, b, b_cycled, cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="recognised_fakes", diagnosis="number")
def binary_cross_entropy_of_the_sigmoid(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    judges = torch.sigmoid(d_a_fake_logits), torch.sigmoid(d_b_fake_logits)
    adversarial = sum(F.binary_cross_entropy(p, torch.ones_like(p)) for p in judges)  # PyTorch stops at 100
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="slope", says="gradient")
def cycles_for_show(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled.detach(), b, b_cycled.detach(), cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="cut", says=".item()")
def as_a_float(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight).item()


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="type", says="None")
def nothing_returned(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="one_batch", diagnosis="mistyped", says="NameError")
def weight_by_its_greek_name(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + lambda_cycle * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))  # noqa: F821


# --- ReplayPool -------------------------------------------------------------------------------------------------------

bank.spoils(
    "ReplayPool",
    r">= ?(0?\.5|1/2|½)|len\(|append|detach\(\)\.clone|clone\(\)\.detach|self\.\w|stack\("
    r"|(return|hand|give)\w* .{0,30}(old|stored) .{0,60}(put|store|place|write|replac)"
    r"|detach.{0,20}(and|then) .{0,10}clone",
)


@right("ReplayPool")
class ListOfItems:
    def __init__(self, size):
        self.size, self.items = size, []

    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch, coins, slots, strict=True):
            item = item.detach().clone()
            if len(self.items) < self.size:
                self.items.append(item)
            elif coin >= 0.5:
                item, self.items[slot] = self.items[slot], item
            returned.append(item)
        return torch.stack(returned)


@right("ReplayPool")
class StorageMadeBeforehand:
    def __init__(self, size):
        self.size, self.count, self.storage = size, 0, None

    @torch.no_grad()
    def query(self, batch, coins, slots):
        if self.storage is None:
            self.storage = batch.new_empty(self.size, *batch.shape[1:])
        result = batch.clone()
        for i in range(len(batch)):
            if self.count < self.size:
                self.storage[self.count] = batch[i]
                self.count += 1
            elif coins[i] >= 0.5:
                result[i] = self.storage[slots[i]]
                self.storage[slots[i]] = batch[i]
        return result


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="number")
class DequeOfRows:
    def __init__(self, size):
        self.images = deque(maxlen=size)

    def query(self, batch, coins, slots):
        out = []
        for i, row in enumerate(batch.detach().split(1)):
            if len(self.images) < self.images.maxlen:
                self.images.append(row.clone())
                out.append(row)
            elif coins[i].item() > 0.5:
                k = slots[i].item()
                out.append(self.images[k])
                self.images[k] = row.clone()
            else:
                out.append(row)
        return torch.cat(out, dim=0)


@right("ReplayPool")
class OneGrowingTensor:
    def __init__(self, size: int):
        self.size = size
        self.stored = None

    def query(self, batch, coins, slots):
        batch = batch.detach().clone()
        returned = torch.empty_like(batch)
        for i, (coin, slot) in enumerate(zip(coins.tolist(), slots.tolist(), strict=True)):
            if self.stored is None:
                self.stored = batch[:1].clone()
                returned[i] = batch[i]
            elif len(self.stored) < self.size:
                self.stored = torch.cat([self.stored, batch[i : i + 1]])
                returned[i] = batch[i]
            elif coin < 0.5:
                returned[i] = batch[i]
            else:
                returned[i] = self.stored[slot].clone()
                self.stored[slot] = batch[i]
        return returned


@right("ReplayPool")
class DictionaryBySlot:
    def __init__(self, size):
        self.size = size
        self.by_slot = {}

    def query(self, batch, coins, slots):
        result = []
        for i in range(batch.shape[0]):
            new = torch.tensor(batch[i].tolist(), dtype=batch.dtype).reshape(batch.shape[1:])
            if len(self.by_slot) != self.size:
                self.by_slot[len(self.by_slot)] = new
            elif float(coins[i]) >= 0.5:
                slot = int(slots[i])
                old = self.by_slot.pop(slot)
                self.by_slot[slot] = new
                new = old
            result += [new]
        return torch.stack(result, 0)


def pool(change=None, **changes):
    """The list version with one thing changed, for the mistakes below."""

    class Pool:
        def __init__(self, size):
            self.size, self.items = size, []

        keep = staticmethod(lambda item: item.detach().clone())
        give = staticmethod(lambda item: item)
        pack = staticmethod(torch.stack)
        full = staticmethod(lambda pool: len(pool.items) >= pool.size)
        swaps = staticmethod(lambda coin: coin >= 0.5)

        def query(self, batch, coins, slots):
            returned = []
            for item, coin, slot in zip(batch, coins, slots, strict=True):
                if not self.full(self):
                    self.items.append(self.keep(item))
                    returned.append(self.give(item.detach()))
                elif self.swaps(coin):
                    returned.append(self.items[slot])
                    self.items[slot] = self.keep(item)
                else:
                    returned.append(self.give(item.detach()))
            return self.pack(returned)

    for name, value in changes.items():
        setattr(Pool, name, staticmethod(value))
    return Pool


@right("ReplayPool")
class TheChangeableOne(pool()):  # shows that each mistake below is the change, not the frame
    pass


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="number")
class CoinTheOtherWay(pool(swaps=lambda coin: coin < 0.5)):
    pass


@wrong("ReplayPool", caught_by="full_and_kept", diagnosis="number")
class AlwaysSwaps(pool(swaps=lambda coin: True)):
    pass


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="number")
class NeverSwaps(pool(swaps=lambda coin: False)):
    pass


@wrong("ReplayPool", caught_by="mixed_coins", diagnosis="random")
class OwnCoins(pool(swaps=lambda coin: torch.rand(()) >= 0.5)):
    pass


@wrong("ReplayPool", caught_by="full_in_the_middle", diagnosis="number")
class RoomForOneMore(pool(full=lambda pool: len(pool.items) > pool.size)):
    pass


@wrong("ReplayPool", caught_by="size_one", diagnosis="number")
class RoomForOneLess(pool(full=lambda pool: len(pool.items) >= max(1, pool.size - 1))):
    def __init__(self, size):
        super().__init__(size)
        self.items = [] if size > 1 else [torch.zeros(2)]


@wrong("ReplayPool", caught_by="batch_overwritten_later", diagnosis="number")
class StoresViews(pool(keep=lambda item: item.detach())):
    pass


@wrong("ReplayPool", caught_by="with_a_graph", diagnosis="number")
class StoresGraphs(pool(keep=lambda item: item.clone())):
    pass


@wrong("ReplayPool", caught_by="images", diagnosis="type", says="this returns a list of")
class ReturnsTheList(pool(pack=lambda items: items)):
    pass


@wrong("ReplayPool", caught_by="images", diagnosis="shape", says="shape")
class CatsTheItems(pool(pack=torch.cat)):
    pass


@wrong("ReplayPool", caught_by="images", diagnosis="shape", says="shape")
class AnAxisTooMany(
    pool(give=lambda item: item[None], pack=lambda items: torch.stack([x.reshape(1, -1) for x in items]))
):
    pass


@wrong("ReplayPool", caught_by="double_precision", diagnosis="dtype", says="dtype")
class StoresFloat32(
    pool(keep=lambda item: item.detach().float().clone(), pack=lambda items: torch.stack(items).float())
):
    pass


@wrong("ReplayPool", caught_by="while_it_fills", diagnosis="number")
class CoinsFromTheStart(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch.detach().clone(), coins, slots, strict=True):
            if coin < 0.5 or not self.items:
                returned.append(item)
                if len(self.items) < self.size:
                    self.items.append(item)
            else:
                slot = min(int(slot), len(self.items) - 1)
                returned.append(self.items[slot])
                self.items[slot] = item
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="while_it_fills", diagnosis="number")
class ReadsTheEmptySlot(pool()):
    def __init__(self, size):
        super().__init__(size)
        self.count, self.items = 0, None

    def query(self, batch, coins, slots):
        if self.items is None:
            self.items = batch.new_zeros(self.size, *batch.shape[1:])
        returned = batch.detach().clone()
        for i in range(len(batch)):
            if self.count < self.size:
                self.items[self.count] = batch[i].detach()
                self.count += 1
            if coins[i] >= 0.5:
                returned[i], self.items[slots[i]] = self.items[slots[i]].clone(), batch[i].detach()
        return returned


@wrong("ReplayPool", caught_by="full_in_the_middle", diagnosis="number")
class DecidesOncePerBatch(pool()):
    def query(self, batch, coins, slots):
        batch = batch.detach().clone()
        if len(self.items) < self.size:
            self.items = [*self.items, *batch][: self.size]
            return batch.clone()
        return super().query(batch, coins, slots)


@wrong("ReplayPool", caught_by="full_in_the_middle", diagnosis="number")
class FirstCoinForAll(pool()):
    def query(self, batch, coins, slots):
        return super().query(batch, coins[:1].expand(len(batch)), slots)


@wrong("ReplayPool", caught_by="same_slot_twice", diagnosis="number")
class AllAtOnce(pool()):
    def query(self, batch, coins, slots):
        result, swap = batch.detach().clone(), coins >= 0.5
        first = max(0, min(len(batch), self.size - len(self.items)))
        self.items += list(batch[:first].detach().clone())
        swap[:first] = False
        stored = torch.stack(self.items)
        if swap.any():
            result[swap] = stored[slots[swap]]
            for i in swap.nonzero().flatten().tolist():
                self.items[slots[i]] = batch[i].detach().clone()
        return result


@wrong("ReplayPool", caught_by="mixed_coins", diagnosis="number")
class NextSlotInLine(pool()):
    def query(self, batch, coins, slots):
        line, returned = iter(slots), []
        for item, coin in zip(batch.detach().clone(), coins, strict=True):
            if len(self.items) < self.size:
                self.items.append(item)
            elif coin >= 0.5:
                slot = next(line)
                item, self.items[slot] = self.items[slot], item
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="full_in_the_middle", diagnosis="number")
class CountsFromTheFirstFullItem(pool()):
    def query(self, batch, coins, slots):
        returned, k = [], 0
        for item in batch.detach().clone():
            if len(self.items) < self.size:
                self.items.append(item)
            else:
                if coins[k] >= 0.5:
                    item, self.items[slots[k]] = self.items[slots[k]], item
                k += 1
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="number")
class OverwritesBeforeReading(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch.detach().clone(), coins, slots, strict=True):
            if len(self.items) < self.size:
                self.items.append(item)
            elif coin >= 0.5:
                self.items[slot] = item
                item = self.items[slot]
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="number")
class ReturnsAViewOfTheSlot(pool()):
    def query(self, batch, coins, slots):
        if not isinstance(self.items, torch.Tensor):
            self.items, self.count = batch.new_zeros(self.size, *batch.shape[1:]), 0
        returned = []
        for i, item in enumerate(batch.detach().clone()):
            if self.count < self.size:
                self.items[self.count] = item
                self.count += 1
            elif coins[i] >= 0.5:
                old = self.items[slots[i]]
                self.items[slots[i]] = item
                item = old
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="number")
class NeverReplaces(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch.detach().clone(), coins, slots, strict=True):
            if len(self.items) < self.size:
                self.items.append(item)
            elif coin >= 0.5:
                item = self.items[slot]
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="full_and_kept", diagnosis="number")
class StoresTheNewInAnyCase(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch.detach().clone(), coins, slots, strict=True):
            if len(self.items) < self.size:
                self.items.append(item)
                returned.append(item)
            else:
                returned.append(self.items[slot] if coin >= 0.5 else item)
                self.items[slot] = item
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="number")
class PopsAndAppends(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch.detach().clone(), coins, slots, strict=True):
            if len(self.items) < self.size:
                self.items.append(item)
            elif coin >= 0.5:
                old = self.items.pop(slot)
                self.items.append(item)
                item = old
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="batches_of_different_sizes", diagnosis="number")
class StoresWholeBatches(pool()):
    def query(self, batch, coins, slots):
        batch = batch.detach().clone()
        if len(self.items) < self.size:
            self.items.append(batch)
            return batch.clone()
        if coins[0] >= 0.5:
            batch, self.items[slots[0]] = self.items[slots[0]], batch
        return batch.clone()


@wrong("ReplayPool", caught_by="batches_of_different_sizes", diagnosis="shape")
class ResultOfTheFirstSize(pool()):
    def query(self, batch, coins, slots):
        result = super().query(batch, coins, slots)
        if not hasattr(self, "result") or len(self.result) < len(result):
            self.result = result.clone()
        self.result[: len(result)] = result
        return self.result.clone()


@wrong("ReplayPool", caught_by="result_overwritten_later", diagnosis="number")
class HandsTheBatchBack(pool()):
    def query(self, batch, coins, slots):
        result = super().query(batch, coins, slots)
        return batch.detach() if torch.equal(result, batch) else result


@wrong("ReplayPool", caught_by="result_overwritten_later", diagnosis="number")
class HandsItsStorageOut(pool()):
    def query(self, batch, coins, slots):
        room = self.size - len(self.items)
        if room >= len(batch):
            copy = batch.detach().clone()
            self.items += list(copy)
            return copy
        return super().query(batch, coins, slots)


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="argument", says="modified")
class WritesIntoTheBatch(pool()):
    def query(self, batch, coins, slots):
        result = super().query(batch, coins, slots)
        with torch.no_grad():
            batch.copy_(result)
        return result


@wrong("ReplayPool", caught_by="with_a_graph", diagnosis="number")
class DetachesTheCallersBatch(pool()):
    def query(self, batch, coins, slots):
        return super().query(batch.detach_(), coins, slots)


@wrong("ReplayPool", caught_by="with_a_graph", diagnosis="number")
class ReturnsGraphs(pool()):
    def query(self, batch, coins, slots):
        return super().query(batch, coins, slots) + 0 * batch


@wrong("ReplayPool", caught_by="two_pools", diagnosis="random")
class ListInTheClass(pool()):
    shared = []

    def __init__(self, size):
        self.size, self.items = size, type(self).shared
        if any(len(item) == 0 for item in self.items):
            self.items.clear()


def pool_with_a_shared_default(size, items=[]):  # noqa: B006
    made = pool()(size)
    made.items = items
    return made


wrong("ReplayPool", caught_by="two_pools", diagnosis="random")(pool_with_a_shared_default)


@wrong("ReplayPool", caught_by="size_one", diagnosis="number")
class SizeOneIsNoPool(pool()):
    def query(self, batch, coins, slots):
        return super().query(batch, coins, slots) if self.size > 1 else batch.detach().clone()


@right("ReplayPool")
class DoublePrecisionInside:
    def __init__(self, size):
        self.size, self.items = size, []

    def query(self, batch, coins, slots):
        out = []
        for item, coin, slot in zip(batch.detach().double(), coins.double(), slots, strict=True):
            item = item.clone()
            if len(self.items) < self.size:
                self.items += [item]
            elif not coin < 0.5:
                self.items[slot], item = item, self.items[slot]
            out.append(item)
        return torch.stack(out).to(batch.dtype)


@right("ReplayPool")
class ArraysOfNumPy:
    def __init__(self, size):
        self.size, self.items = size, []

    def query(self, batch, coins, slots):
        result = np.array(batch.detach().numpy())
        for i, slot in enumerate(slots.numpy()):
            if len(self.items) < self.size:
                self.items.append(result[i].copy())
            elif coins[i] >= 0.5:
                old, self.items[slot] = self.items[slot], result[i].copy()
                result[i] = old
        return torch.from_numpy(result)


@right("ReplayPool")
class ImagesAsInThePaper:
    def __init__(self, size):
        self.pool_size, self.num_imgs, self.images = size, 0, []

    def query(self, images, coins, slots):
        return_images = []
        for image, coin, slot in zip(images, coins.tolist(), slots.tolist(), strict=True):
            image = torch.unsqueeze(image.detach(), 0).clone()
            if self.num_imgs < self.pool_size:
                self.num_imgs = self.num_imgs + 1
                self.images.append(image)
                return_images.append(image)
            elif coin >= 0.5:
                tmp = self.images[slot].clone()
                self.images[slot] = image
                return_images.append(tmp)
            else:
                return_images.append(image)
        return torch.cat(return_images, 0)


@right("ReplayPool")
class WeightedByTheCoin:
    def __init__(self, size):
        self.size, self.stored = size, []

    @torch.no_grad()
    def query(self, batch, coins, slots):
        shown = []
        for item, coin, slot in zip(batch, coins, slots, strict=True):
            if len(self.stored) < self.size:
                self.stored.append(item + 0)
                shown.append(item + 0)
                continue
            swap = (coin >= 0.5).to(item.dtype)
            shown.append(swap * self.stored[slot] + (1 - swap) * item)
            self.stored[slot] = swap * item + (1 - swap) * self.stored[slot]
        return torch.stack(shown)


@wrong("ReplayPool", caught_by="mixed_coins", diagnosis="random", says="draws no random numbers")
class OwnRandomNumbers:  # a well-known CycleGAN's pool, in which coins and slots are drawn
    def __init__(self, size):
        self.size, self.images = size, []

    def query(self, images, coins, slots):
        return_images = []
        for image in images.detach():
            image = image.clone()
            if len(self.images) < self.size:
                self.images.append(image)
                return_images.append(image)
            elif random.uniform(0, 1) > 0.5:
                k = random.randint(0, self.size - 1)
                return_images.append(self.images[k].clone())
                self.images[k] = image
            else:
                return_images.append(image)
        return torch.stack(return_images)


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="number")
class HalfIsNotEnough(pool(swaps=lambda coin: coin > 0.5)):
    pass


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="random")
class OwnSlots(pool()):
    def query(self, batch, coins, slots):
        return super().query(batch, coins, torch.randint(self.size, slots.shape))


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="number")
class OldestGoesFirst(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin in zip(batch.detach().clone(), coins, strict=True):
            if len(self.items) < self.size:
                self.items.append(item)
            elif coin >= 0.5:
                self.items.append(item)
                item = self.items.pop(0)
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="while_it_fills", diagnosis="type", says="None")
class NothingWhileItFills(pool()):
    def query(self, batch, coins, slots):
        if len(self.items) < self.size:
            self.items += list(batch.detach().clone())
            return None
        return super().query(batch, coins, slots)


@wrong("ReplayPool", caught_by="full_and_kept", diagnosis="shape", says="shape")
class ReturnsOldOnesOnly(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch.detach().clone(), coins, slots, strict=True):
            if len(self.items) < self.size:
                self.items.append(item)
                returned.append(item)
            elif coin >= 0.5:
                returned.append(self.items[slot])
                self.items[slot] = item
        return torch.stack(returned) if returned else batch[:0]


@wrong("ReplayPool", caught_by="while_it_fills", diagnosis="shape", says="shape")
class ReturnsTheWholePool(pool()):
    def query(self, batch, coins, slots):
        super().query(batch, coins, slots)
        return torch.stack(self.items)


@wrong("ReplayPool", caught_by="while_it_fills", diagnosis="raises", says="IndexError")
class AsksAnEmptyPool(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch.detach().clone(), coins, slots, strict=True):
            old = self.items[slot]
            if len(self.items) < self.size:
                self.items.append(item)
                old = item
            elif coin >= 0.5:
                self.items[slot] = item
            else:
                old = item
            returned.append(old)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="while_it_fills", diagnosis="raises", says="AttributeError")
class AnotherNameForQuery:
    def __init__(self, size):
        self.pool = pool()(size)

    def push_and_pop(self, batch, coins, slots):
        return self.pool.query(batch, coins, slots)


@wrong("ReplayPool", caught_by="while_it_fills", diagnosis="raises", says="TypeError")
class NoSize:
    def __init__(self):
        self.size, self.items = 50, []


@wrong("ReplayPool", caught_by="while_it_fills", diagnosis="mistyped", says="NameError")
class ForgetsSelf(pool()):
    def query(self, batch, coins, slots):
        if len(items) < self.size:  # noqa: F821
            self.items += list(batch)
        return super().query(batch, coins, slots)


@wrong("ReplayPool", caught_by="full_and_kept", diagnosis="number")
class FiftyWhateverIsAsked(pool()):
    def __init__(self, size):
        super().__init__(50)


@wrong("ReplayPool", caught_by="while_it_fills", diagnosis="number")
class FullOfZerosFromTheStart(pool()):
    def query(self, batch, coins, slots):
        while len(self.items) < self.size:
            self.items.append(torch.zeros_like(batch[0]))
        return super().query(batch, coins, slots)


@wrong("ReplayPool", caught_by="full_and_kept", diagnosis="number")
class RefillsWithEachBatch(pool()):
    def query(self, batch, coins, slots):
        result = super().query(batch, coins, slots)
        if len(self.items) == self.size:
            self.items = [*self.items, *batch.detach().clone()][-self.size :]
        return result


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="number")
class KeepsTheOldOneToo(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch.detach().clone(), coins, slots, strict=True):
            if len(self.items) < self.size:
                self.items.append(item)
            elif coin >= 0.5:
                self.items.insert(slot, item)
                item = self.items[int(slot) + 1]
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="batch_overwritten_later", diagnosis="number")
class StoresTheDataOfTheBatch(pool(keep=lambda item: item.data, give=lambda item: item.clone())):
    pass


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="argument", says="modified")
class SwapsInsideTheBatch(pool()):
    @torch.no_grad()
    def query(self, batch, coins, slots):
        for i in range(len(batch)):
            if len(self.items) < self.size:
                self.items.append(batch[i].clone())
            elif coins[i] >= 0.5:
                old = self.items[slots[i]]
                self.items[slots[i]] = batch[i].clone()
                batch[i] = old
        return batch.clone()


@wrong("ReplayPool", caught_by="full_and_swapped", diagnosis="argument", says="modified")
class SpendsTheCoins(pool()):
    def query(self, batch, coins, slots):
        result = super().query(batch, coins, slots)
        coins.zero_()
        return result


@wrong("ReplayPool", caught_by="with_a_graph", diagnosis="number")
class ClonesWithoutDetaching(pool(keep=lambda item: item.clone(), pack=lambda items: torch.stack(items).clone())):
    pass


@wrong("ReplayPool", caught_by="images", diagnosis="shape", says="shape")
class FlattensTheItems(pool(pack=lambda items: torch.stack(items).flatten(1))):
    pass


@wrong("ReplayPool", caught_by="double_precision", diagnosis="dtype", says="dtype")
class StorageOfTheDefaultDtype(pool()):
    def query(self, batch, coins, slots):
        result = torch.zeros(batch.shape)
        result[:] = super().query(batch, coins, slots)
        return result
