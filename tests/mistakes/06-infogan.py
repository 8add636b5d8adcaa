"""Answers to section 6. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import math
from collections import Counter
from itertools import permutations

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import confusion_matrix, normalized_mutual_info_score, rand_score
from torch.distributions import Categorical, Independent, Normal

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

# --- categorical_info_loss --------------------------------------------------------------------------------------------


@right("categorical_info_loss")
def cross_entropy(q_logits, c):
    return F.cross_entropy(q_logits, c)


@right("categorical_info_loss")
def picked_from_log_softmax(q_logits, c):
    return -q_logits.log_softmax(dim=1)[torch.arange(len(c)), c].mean()


@right("categorical_info_loss")
def distribution(q_logits, c):
    return -Categorical(logits=q_logits).log_prob(c).mean()


@right("categorical_info_loss")
def log_sum_exp(q_logits, c):
    return (q_logits.logsumexp(1) - q_logits.gather(1, c.unsqueeze(1)).squeeze(1)).mean()


@right("categorical_info_loss")
def one_hot_targets(q_logits, c):
    targets = F.one_hot(c, q_logits.shape[1]).to(q_logits.dtype)
    return -(targets * F.log_softmax(q_logits, 1)).sum(1).mean()


@right("categorical_info_loss")
def loop(q_logits, c):
    losses = [row.logsumexp(0) - row[k] for row, k in zip(q_logits, c.tolist(), strict=True)]
    return torch.stack(losses).mean()


@wrong("categorical_info_loss", caught_by="a_batch")
def softmax_before_cross_entropy(q_logits, c):
    return F.cross_entropy(q_logits.softmax(dim=1), c)


@wrong("categorical_info_loss", caught_by="a_batch")
def sum_over_the_batch(q_logits, c):
    return F.cross_entropy(q_logits, c, reduction="sum")


@wrong("categorical_info_loss", caught_by="a_batch", says="sign is reversed")
def the_bound_instead_of_the_loss(q_logits, c):
    return -F.cross_entropy(q_logits, c)


@wrong("categorical_info_loss", caught_by="a_batch")
def log_of_the_mean_probability(q_logits, c):
    return -q_logits.softmax(1)[torch.arange(len(c)), c].mean().log()


@wrong("categorical_info_loss", caught_by="a_batch")
def one_minus_the_probability(q_logits, c):
    return 1 - q_logits.softmax(1)[torch.arange(len(c)), c].mean()


@wrong("categorical_info_loss", caught_by="a_batch")
def one_sigmoid_per_category(q_logits, c):
    return F.binary_cross_entropy_with_logits(q_logits, F.one_hot(c, q_logits.shape[1]).to(q_logits))


@wrong("categorical_info_loss", caught_by="a_batch")
def mean_over_the_categories_too(q_logits, c):
    return -(F.one_hot(c, q_logits.shape[1]) * F.log_softmax(q_logits, 1)).mean()


@wrong("categorical_info_loss", caught_by="a_batch")
def in_bits(q_logits, c):
    return F.cross_entropy(q_logits, c) / math.log(2)


@wrong("categorical_info_loss", caught_by="a_batch")
def squared_error(q_logits, c):
    return F.mse_loss(q_logits.softmax(1), F.one_hot(c, q_logits.shape[1]).to(q_logits))


@wrong("categorical_info_loss", caught_by="batch_of_one")
def one_loss_per_sample(q_logits, c):
    return F.cross_entropy(q_logits, c, reduction="none")


@wrong("categorical_info_loss", caught_by="batch_of_one")
def squeezed(q_logits, c):
    return -q_logits.log_softmax(1).gather(1, c.unsqueeze(1)).squeeze().mean(dim=0)[None]


@wrong("categorical_info_loss", caught_by="as_many_samples_as_categories")
def softmax_over_the_batch(q_logits, c):
    return -F.log_softmax(q_logits, dim=0)[torch.arange(len(c)), c].mean()


@wrong("categorical_info_loss", caught_by="codes_that_do_not_occur")
def as_many_categories_as_occur(q_logits, c):
    return F.cross_entropy(q_logits[:, : int(c.max()) + 1], c)


@wrong("categorical_info_loss", caught_by="sure_and_wrong")
def constant_inside_the_log(q_logits, c):
    return -(q_logits.softmax(1)[torch.arange(len(c)), c] + 1e-8).log().mean()


@wrong("categorical_info_loss", caught_by="sure_and_wrong")
def log_of_softmax(q_logits, c):
    return F.nll_loss(q_logits.softmax(1).log(), c)


@wrong("categorical_info_loss", caught_by="sure_and_right")
def exponentials_by_hand(q_logits, c):
    return (q_logits.exp().sum(1).log() - q_logits[torch.arange(len(c)), c]).mean()


@wrong("categorical_info_loss", caught_by="double_precision")
def converts_to_float32(q_logits, c):
    return F.cross_entropy(q_logits.float(), c)


@wrong("categorical_info_loss", caught_by="a_batch", says="no gradient")
def cuts_the_graph(q_logits, c):
    return torch.tensor(F.cross_entropy(q_logits, c).item(), dtype=q_logits.dtype)


# --- continuous_info_loss ---------------------------------------------------------------------------------------------


@right("continuous_info_loss")
def written_out(q_mean, q_log_var, c):
    return 0.5 * (math.log(2 * math.pi) + q_log_var + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@right("continuous_info_loss")
def normal_distribution(q_mean, q_log_var, c):
    return -Normal(q_mean, (0.5 * q_log_var).exp()).log_prob(c).mean()


@right("continuous_info_loss")
def independent_normals(q_mean, q_log_var, c):
    joint = Independent(Normal(q_mean, (q_log_var / 2).exp()), 1)
    return -joint.log_prob(c).mean() / c.shape[1]


@right("continuous_info_loss")
def gaussian_nll_with_a_tiny_floor(q_mean, q_log_var, c):
    return F.gaussian_nll_loss(q_mean, c, q_log_var.exp(), full=True, eps=1e-30)


@right("continuous_info_loss")
def divided_by_the_variance(q_mean, q_log_var, c):
    variance = q_log_var.exp()
    return ((c - q_mean).square() / (2 * variance) + 0.5 * (2 * math.pi * variance).log()).mean()


@right("continuous_info_loss")
def standardised(q_mean, q_log_var, c):
    standardised = (c - q_mean) * torch.exp(-q_log_var / 2)
    total = (standardised.pow(2) + q_log_var).sum() / 2
    return total / c.numel() + math.log(math.sqrt(2 * math.pi))


@wrong("continuous_info_loss", caught_by="perfect_guess", says="same constant")
def constant_left_away(q_mean, q_log_var, c):
    return 0.5 * (q_log_var + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="perfect_guess", says="same constant")
def gaussian_nll_without_full(q_mean, q_log_var, c):
    return F.gaussian_nll_loss(q_mean, c, q_log_var.exp(), eps=1e-30)


@wrong("continuous_info_loss", caught_by="very_sure")
def gaussian_nll_with_its_floor(q_mean, q_log_var, c):
    return F.gaussian_nll_loss(q_mean, c, q_log_var.exp(), full=True)


@wrong("continuous_info_loss", caught_by="very_sure")
def constant_added_to_the_variance(q_mean, q_log_var, c):
    variance = q_log_var.exp() + 1e-8
    return 0.5 * (math.log(2 * math.pi) + variance.log() + (c - q_mean) ** 2 / variance).mean()


@wrong("continuous_info_loss", caught_by="very_sure")
def clamped_from_below(q_mean, q_log_var, c):
    return written_out(q_mean, q_log_var.clamp(min=-10), c)


@wrong("continuous_info_loss", caught_by="very_unsure")
def clamped_from_above(q_mean, q_log_var, c):
    return written_out(q_mean, q_log_var.clamp(max=10), c)


@wrong("continuous_info_loss", caught_by="very_unsure")
def softplus_for_the_variance(q_mean, q_log_var, c):
    return written_out(q_mean, F.softplus(q_log_var).log(), c)


@wrong("continuous_info_loss", caught_by="two_codes")
def log_variance_taken_for_log_sigma(q_mean, q_log_var, c):
    return written_out(q_mean, 2 * q_log_var, c)


@wrong("continuous_info_loss", caught_by="two_codes")
def sigma_for_its_square(q_mean, q_log_var, c):
    sigma = (0.5 * q_log_var).exp()
    return 0.5 * (math.log(2 * math.pi) + q_log_var + (c - q_mean) ** 2 / sigma).mean()


@wrong("continuous_info_loss", caught_by="two_codes")
def variance_handed_to_normal(q_mean, q_log_var, c):
    return -Normal(q_mean, q_log_var.exp()).log_prob(c).mean()


@wrong("continuous_info_loss", caught_by="two_codes")
def sign_of_the_log_variance(q_mean, q_log_var, c):
    return 0.5 * (math.log(2 * math.pi) - q_log_var + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="two_codes")
def multiplied_by_the_variance(q_mean, q_log_var, c):
    return 0.5 * (math.log(2 * math.pi) + q_log_var + (c - q_mean) ** 2 * torch.exp(q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="two_codes")
def log_variance_not_halved(q_mean, q_log_var, c):
    return (0.5 * math.log(2 * math.pi) + q_log_var + 0.5 * (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="two_codes")
def error_not_squared(q_mean, q_log_var, c):
    return 0.5 * (math.log(2 * math.pi) + q_log_var + (c - q_mean).abs() * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="two_codes")
def mean_squared_error(q_mean, q_log_var, c):
    return F.mse_loss(q_mean, c) + 0 * q_log_var.sum()


@wrong("continuous_info_loss", caught_by="two_codes")
def variance_without_its_log(q_mean, q_log_var, c):
    return 0.5 * (math.log(2 * math.pi) + q_log_var.exp() + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="two_codes", says="sign is reversed")
def the_log_likelihood(q_mean, q_log_var, c):
    return -written_out(q_mean, q_log_var, c)


@wrong("continuous_info_loss", caught_by="many_codes")
def summed_over_the_codes(q_mean, q_log_var, c):
    return written_out(q_mean, q_log_var, c) * c.shape[1]


@wrong("continuous_info_loss", caught_by="many_codes")
def summed_over_everything(q_mean, q_log_var, c):
    return written_out(q_mean, q_log_var, c) * c.numel()


@wrong("continuous_info_loss", caught_by="many_codes")
def first_two_codes_only(q_mean, q_log_var, c):
    return written_out(q_mean[:, :2], q_log_var[:, :2], c[:, :2])


@wrong("continuous_info_loss", caught_by="many_codes")
def constant_once_per_sample(q_mean, q_log_var, c):
    rest = constant_left_away(q_mean, q_log_var, c)
    return rest + 0.5 * math.log(2 * math.pi) / c.shape[1]


@wrong("continuous_info_loss", caught_by="batch_of_one")
def one_loss_per_code(q_mean, q_log_var, c):
    return 0.5 * (math.log(2 * math.pi) + q_log_var + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean(0)


@wrong("continuous_info_loss", caught_by="double_precision")
def always_single(q_mean, q_log_var, c):
    return written_out(q_mean.float(), q_log_var.float(), c.float())


@wrong("continuous_info_loss", caught_by="two_codes", says="gradient")
def log_variance_detached(q_mean, q_log_var, c):
    return written_out(q_mean, q_log_var.detach(), c)


@wrong("continuous_info_loss", caught_by="two_codes", says="modified")
def works_in_place(q_mean, q_log_var, c):
    with torch.no_grad():
        precision = q_log_var.neg_().exp_()
    return 0.5 * (math.log(2 * math.pi) - precision.log() + (c - q_mean) ** 2 * precision).mean()


# --- join_code --------------------------------------------------------------------------------------------------------


@right("join_code")
def cat_of_one_hot(z, categorical, continuous, n_categories):
    return torch.cat([z, F.one_hot(categorical, n_categories).to(z.dtype), continuous], dim=1)


@right("join_code")
def rows_of_the_identity(z, categorical, continuous, n_categories):
    return torch.hstack([z, torch.eye(n_categories, dtype=z.dtype)[categorical], continuous])


@right("join_code")
def scattered(z, categorical, continuous, n_categories):
    hot = z.new_zeros(len(z), n_categories).scatter_(1, categorical.unsqueeze(1), 1.0)
    return torch.cat((z, hot, continuous), 1)


@right("join_code")
def compared_with_a_range(z, categorical, continuous, n_categories):
    hot = categorical[:, None] == torch.arange(n_categories)
    return torch.cat([z, hot.type_as(z), continuous], -1)


@right("join_code")
def filled_in(z, categorical, continuous, n_categories):
    n, k = z.shape
    joined = torch.zeros(n, k + n_categories + continuous.shape[1], dtype=z.dtype)
    joined[:, :k] = z
    joined[torch.arange(n), k + categorical] = 1
    joined[:, k + n_categories :] = continuous
    return joined


@wrong("join_code", caught_by="three_parts")
def codes_first(z, categorical, continuous, n_categories):
    return torch.cat([F.one_hot(categorical, n_categories).to(z), continuous, z], dim=1)


@wrong("join_code", caught_by="three_parts")
def continuous_before_categorical(z, categorical, continuous, n_categories):
    return torch.cat([z, continuous, F.one_hot(categorical, n_categories).to(z)], dim=1)


@wrong("join_code", caught_by="three_parts")
def category_as_a_number(z, categorical, continuous, n_categories):
    return torch.cat([z, categorical.unsqueeze(1).to(z), continuous], dim=1)


@wrong("join_code", caught_by="three_parts")
def category_as_a_share(z, categorical, continuous, n_categories):
    hot = F.one_hot(categorical, n_categories).to(z) / n_categories
    return torch.cat([z, hot, continuous], dim=1)


@wrong("join_code", caught_by="three_parts")
def counted_from_one(z, categorical, continuous, n_categories):
    return torch.cat([z, F.one_hot(categorical + 1, n_categories + 1).to(z)[:, :n_categories], continuous], dim=1)


@wrong("join_code", caught_by="three_parts")
def stacked_along_the_batch(z, categorical, continuous, n_categories):
    return torch.cat([z, F.one_hot(categorical, n_categories).to(z), continuous], dim=0)


@wrong("join_code", caught_by="three_parts", says="gradient")
def detached(z, categorical, continuous, n_categories):
    return cat_of_one_hot(z, categorical, continuous.detach(), n_categories)


@wrong("join_code", caught_by="codes_that_do_not_occur")
def size_taken_from_the_batch(z, categorical, continuous, n_categories):
    return torch.cat([z, F.one_hot(categorical).to(z), continuous], dim=1)


@wrong("join_code", caught_by="batch_of_one")
def squeezes(z, categorical, continuous, n_categories):
    return cat_of_one_hot(z, categorical, continuous, n_categories).squeeze()


@wrong("join_code", caught_by="one_continuous_code")
def two_codes_assumed(z, categorical, continuous, n_categories):
    hot = F.one_hot(categorical, n_categories).to(z)
    return torch.cat([z, hot, continuous[:, [0]], continuous[:, [1]]], dim=1)


@wrong("join_code", caught_by="double_precision")
def float32_one_hot_into_float32(z, categorical, continuous, n_categories):
    return cat_of_one_hot(z.float(), categorical, continuous.float(), n_categories)


# --- infogan_generator_step -------------------------------------------------------------------------------------------


def own(optimizer):
    return [p for group in optimizer.param_groups for p in group["params"]]


@right("infogan_generator_step")
def backward_into_the_optimizers(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial = adversarial_loss(discriminator(fake))
    info = info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@right("infogan_generator_step")
def gradients_by_hand(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    info = info_loss(recognizer(fake), codes)
    adversarial = adversarial_loss(discriminator(fake))
    total = info_weight * info + adversarial
    for p, g in zip(own(optimizer), torch.autograd.grad(total, own(optimizer)), strict=True):
        p.grad = g
    optimizer.step()
    return float(adversarial.detach()), float(info.detach())


@right("infogan_generator_step")
def freezes_and_restores(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    trained = {id(p) for p in own(optimizer)}
    everybody = [p for net in (generator, discriminator, recognizer) for p in net.parameters()]
    flags = [(p, p.requires_grad) for p in everybody if id(p) not in trained]
    for p, _ in flags:
        p.requires_grad_(False)
    try:
        optimizer.zero_grad()
        fake = generator(noise, codes)
        losses = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
        (losses[0] + info_weight * losses[1]).backward()
        optimizer.step()
    finally:
        for p, flag in reversed(flags):
            p.requires_grad_(flag)
    return tuple(loss.item() for loss in losses)


@right("infogan_generator_step")
def saves_and_restores_gradients(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    trained = {id(p) for p in own(optimizer)}
    others = [p for net in (discriminator, recognizer) for p in net.parameters() if id(p) not in trained]
    saved = [(p, None if p.grad is None else p.grad.clone()) for p in others]
    optimizer.zero_grad()
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    (adversarial + info * info_weight).backward()
    optimizer.step()
    for p, grad in saved:
        p.grad = grad
    return [adversarial.item(), info.item()]


@right("infogan_generator_step")
def two_backward_passes_one_step(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial = adversarial_loss(discriminator(fake))
    info = info_loss(recognizer(fake), codes)
    ours = own(optimizer)
    first = torch.autograd.grad(adversarial, ours, retain_graph=True, allow_unused=True)
    second = torch.autograd.grad(info, ours, allow_unused=True)
    for p, a, b in zip(ours, first, second, strict=True):
        p.grad = sum((g for g in (a, None if b is None else info_weight * b) if g is not None), torch.zeros_like(p))
    optimizer.step()
    return adversarial.item(), info.item()


def step(change):
    """A wrong step: ``change`` gets the parts of the right one and returns (loss to descend, what to return)."""

    def answer(generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight):
        fake = generator(noise, codes)
        adversarial = adversarial_loss(discriminator(fake))
        info = info_loss(recognizer(fake), codes)
        total, returned = change(adversarial, info, info_weight)
        optimizer.zero_grad()
        total.backward(inputs=own(optimizer))
        optimizer.step()
        return returned

    answer.__name__ = change.__name__
    return answer


@wrong("infogan_generator_step", caught_by="generator_alone")
@step
def weighted_info_returned(adversarial, info, weight):
    return adversarial + weight * info, (adversarial.item(), weight * info.item())


@wrong("infogan_generator_step", caught_by="generator_alone", says="tuple")
@step
def total_returned(adversarial, info, weight):
    return adversarial + weight * info, (adversarial + weight * info).item()


@wrong("infogan_generator_step", caught_by="generator_alone")
@step
def returned_in_the_other_order(adversarial, info, weight):
    return adversarial + weight * info, (info.item(), adversarial.item())


@wrong("infogan_generator_step", caught_by="generator_alone", says="float")
@step
def tensors_returned(adversarial, info, weight):
    return adversarial + weight * info, (adversarial.detach(), info.detach())


@wrong("infogan_generator_step", caught_by="generator_alone")
@step
def weight_forgotten(adversarial, info, weight):
    return adversarial + info, (adversarial.item(), info.item())


@wrong("infogan_generator_step", caught_by="generator_alone")
@step
def weight_on_both(adversarial, info, weight):
    return weight * (adversarial + info), (adversarial.item(), info.item())


@wrong("infogan_generator_step", caught_by="generator_alone")
@step
def weight_on_the_other(adversarial, info, weight):
    return weight * adversarial + info, (adversarial.item(), info.item())


@wrong("infogan_generator_step", caught_by="generator_alone")
@step
def info_subtracted(adversarial, info, weight):
    return adversarial - weight * info, (adversarial.item(), info.item())


@wrong("infogan_generator_step", caught_by="generator_alone")
@step
def info_detached(adversarial, info, weight):
    return adversarial + weight * info.item(), (adversarial.item(), info.item())


@wrong("infogan_generator_step", caught_by="generator_alone")
def recognizer_without_graph(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial = adversarial_loss(discriminator(fake))
    info = info_loss(recognizer(fake.detach()), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", says="gradient")
def plain_backward(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward()
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone")
def codes_and_guess_swapped(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    return backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss,
        lambda q, c: info_loss(c, q), info_weight,
    )  # fmt: skip


@wrong("infogan_generator_step", caught_by="generator_alone")
def reads_the_logits_instead(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    return backward_into_the_optimizers(
        generator, discriminator, lambda x: recognizer(x).softmax(1), optimizer, noise, codes, adversarial_loss,
        info_loss, info_weight,
    )  # fmt: skip


@wrong("infogan_generator_step", caught_by="generator_alone")
def measured_after_the_update(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    arguments = generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss
    backward_into_the_optimizers(*arguments, info_weight)
    with torch.no_grad():
        fake = generator(noise, codes)
        return adversarial_loss(discriminator(fake)).item(), info_loss(recognizer(fake), codes).item()


@wrong("infogan_generator_step", caught_by="generator_alone")
def own_losses(generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight):
    return backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, noise, codes, lambda a: F.softplus(-a).mean(), F.mse_loss,
        info_weight,
    )  # fmt: skip


@wrong("infogan_generator_step", caught_by="with_the_recognizer")
def only_the_generator(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=list(generator.parameters()))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="with_the_recognizer")
def recognizer_frozen(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    flags = [(p, p.requires_grad) for net in (discriminator, recognizer) for p in net.parameters()]
    for p, _ in flags:
        p.requires_grad_(False)
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward()
    optimizer.step()
    for p, flag in reversed(flags):
        p.requires_grad_(flag)
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", says="recognizer")
def both_networks_always(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    everybody = [*generator.parameters(), *recognizer.parameters()]
    (adversarial + info_weight * info).backward(inputs=everybody)
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="shared_trunk", says="discriminator")
def trains_the_whole_recognizer(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    generator.zero_grad()
    kept = [None if p.grad is None else p.grad.clone() for p in discriminator.parameters()]
    trained = {id(p) for p in own(optimizer)}
    recognizer_trained = any(id(p) in trained for p in recognizer.parameters())
    everybody = [*generator.parameters(), *(recognizer.parameters() if recognizer_trained else ())]
    for p in recognizer.parameters() if recognizer_trained else ():
        p.grad = None
    (adversarial + info_weight * info).backward(inputs=everybody)
    if not recognizer_trained:
        for p, g in zip(discriminator.parameters(), kept, strict=True):
            p.grad = g
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="old_gradients")
def accumulates(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="old_gradients", says="discriminator")
def wipes_everybodys_gradients(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    for net in (generator, discriminator, recognizer):
        net.zero_grad()
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="two_kinds_of_codes")
def codes_made_into_one_tensor(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    codes = torch.as_tensor(codes)
    return backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
    )


@wrong("infogan_generator_step", caught_by="two_kinds_of_codes")
def codes_joined_to_the_noise(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    joined = torch.cat([noise, codes], dim=1)
    fake = generator(joined[:, : noise.shape[1]], joined[:, noise.shape[1] :])
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="restless_generator")
def new_fakes_for_the_recognizer(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    adversarial = adversarial_loss(discriminator(generator(noise, codes)))
    info = info_loss(recognizer(generator(noise, codes)), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="adam")
def steps_twice(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="adam")
def one_update_per_loss(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    ours = own(optimizer)
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    gradients = [torch.autograd.grad(loss, ours, retain_graph=True) for loss in (adversarial, info_weight * info)]
    for found in gradients:
        for p, g in zip(ours, found, strict=True):
            p.grad = g
        optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="adam")
def descends_by_hand(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    ours = own(optimizer)
    with torch.no_grad():
        for p, g in zip(ours, torch.autograd.grad(adversarial + info_weight * info, ours), strict=True):
            p -= optimizer.param_groups[0]["lr"] * g
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="frozen_layers", says="requires_grad")
def thaws_everything(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    losses = backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
    )
    discriminator.requires_grad_(True)
    recognizer.requires_grad_(True)
    return losses


@wrong("infogan_generator_step", caught_by="generator_alone", says="requires_grad")
def leaves_the_discriminator_frozen(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    discriminator.requires_grad_(False)
    return backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
    )


@wrong("infogan_generator_step", caught_by="batch_of_one")
def squeezes_the_fakes(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes).squeeze()
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake)[: len(noise)], codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="images")
def flattens_the_fakes(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes).flatten(1)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="single_precision")
def always_double(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    return backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, noise.double(), codes, adversarial_loss, info_loss, info_weight
    )


# --- cluster_accuracy -------------------------------------------------------------------------------------------------


def table_of(predicted, true, n):
    counts = torch.zeros(n, n)
    counts.index_put_((predicted, true), torch.ones(len(true)), accumulate=True)
    return counts


@right("cluster_accuracy")
def hungarian(predicted, true, n):
    counts = table_of(predicted, true, n)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    return counts[rows, columns].sum().item() / len(true)


@right("cluster_accuracy")
def every_matching(predicted, true, n):
    return max((torch.tensor(new)[predicted] == true).float().mean().item() for new in permutations(range(n)))


@right("cluster_accuracy")
def confusion_matrix_of_scikit_learn(predicted, true, n):
    counts = confusion_matrix(true.numpy(), predicted.numpy(), labels=range(n))
    return counts[linear_sum_assignment(-counts)].sum() / counts.sum()


@right("cluster_accuracy")
def zero_dimensional_tensor(predicted, true, n):
    counts = torch.bincount(predicted * n + true, minlength=n * n).view(n, n)
    rows, columns = linear_sum_assignment(counts.numpy(), maximize=True)
    renamed = torch.empty(n, dtype=torch.long)
    renamed[rows] = torch.as_tensor(columns)
    return (renamed[predicted] == true).double().mean()


@right("cluster_accuracy")
def counted_in_a_loop(predicted, true, n):
    counts = Counter(zip(predicted.tolist(), true.tolist(), strict=True))
    matchings = permutations(range(n))
    best = max(sum(counts[cluster, label] for cluster, label in enumerate(new)) for new in matchings)
    return best / len(true)


@right("cluster_accuracy")
def by_outer_product(predicted, true, n):
    counts = F.one_hot(predicted, n).double().T @ F.one_hot(true, n).double()
    rows, columns = linear_sum_assignment(-counts)
    return counts[rows, columns].sum() / counts.sum()


@wrong("cluster_accuracy", caught_by="renamed")
def numbers_taken_literally(predicted, true, n):
    return (predicted == true).float().mean()


@wrong("cluster_accuracy", caught_by="two_clusters_for_one_class")
def purity(predicted, true, n):
    return table_of(predicted, true, n).max(dim=1).values.sum() / len(true)


@wrong("cluster_accuracy", caught_by="two_classes_in_one_cluster")
def each_class_its_best_cluster(predicted, true, n):
    return table_of(predicted, true, n).max(dim=0).values.sum() / len(true)


@wrong("cluster_accuracy", caught_by="greed_does_not_pay")
def greedy(predicted, true, n):
    counts, matched = table_of(predicted, true, n), 0.0
    for _ in range(n):
        k = int(counts.argmax())
        matched += counts[k // n, k % n].item()
        counts[k // n], counts[:, k % n] = 0, 0
    return matched / len(true)


@wrong("cluster_accuracy", caught_by="greed_does_not_pay")
def first_come_first_served(predicted, true, n):
    counts, matched = table_of(predicted, true, n), 0.0
    for row in counts:
        matched += row.max().item()
        counts[:, row.argmax()] = 0
    return matched / len(true)


@wrong("cluster_accuracy", caught_by="some_of_each")
def cheapest_matching(predicted, true, n):
    counts = table_of(predicted, true, n)
    return counts[linear_sum_assignment(counts)].sum() / len(true)


@wrong("cluster_accuracy", caught_by="some_of_each")
def percentage(predicted, true, n):
    return 100 * hungarian(predicted, true, n)


@wrong("cluster_accuracy", caught_by="some_of_each")
def number_of_matches(predicted, true, n):
    return hungarian(predicted, true, n) * len(true)


@wrong("cluster_accuracy", caught_by="some_of_each")
def mean_over_the_classes(predicted, true, n):
    shares = table_of(predicted, true, n)
    shares = shares / shares.sum(dim=0).clamp(min=1)
    return shares[linear_sum_assignment(-shares)].mean()


@wrong("cluster_accuracy", caught_by="some_of_each")
def shifts_only(predicted, true, n):
    return max(((predicted + k) % n == true).float().mean().item() for k in range(n))


@wrong("cluster_accuracy", caught_by="some_of_each")
def pairs_that_agree(predicted, true, n):
    return float(rand_score(true.numpy(), predicted.numpy()))


@wrong("cluster_accuracy", caught_by="some_of_each")
def normalised_information(predicted, true, n):
    return float(normalized_mutual_info_score(true.numpy(), predicted.numpy()))


@wrong("cluster_accuracy", caught_by="renamed")
def renamed_one_after_the_other(predicted, true, n):
    rows, columns = linear_sum_assignment(-table_of(predicted, true, n))
    renamed = predicted.clone()
    for cluster, label in zip(rows, columns, strict=True):
        renamed[renamed == cluster] = int(label)
    return (renamed == true).float().mean()


@wrong("cluster_accuracy", caught_by="some_of_each", says="modified")
def renamed_in_place(predicted, true, n):
    rows, columns = linear_sum_assignment(-table_of(predicted, true, n))
    predicted.copy_(torch.as_tensor(columns)[predicted])
    return (predicted == true).float().mean()


@wrong("cluster_accuracy", caught_by="some_of_each")
def applied_the_wrong_way_round(predicted, true, n):
    _, columns = linear_sum_assignment(-table_of(predicted, true, n))
    return (predicted == torch.as_tensor(columns)[true]).float().mean()


@wrong("cluster_accuracy", caught_by="fewer_labels_than_clusters")
def as_many_as_occur(predicted, true, n):
    clusters, labels = predicted.unique().tolist(), true.unique().tolist()
    n = min(len(clusters), len(labels))
    counts = np.zeros((n, n))
    for a, b in zip(predicted.tolist(), true.tolist(), strict=True):
        if clusters.index(a) < n and labels.index(b) < n:
            counts[clusters.index(a), labels.index(b)] += 1
    return float(counts[linear_sum_assignment(-counts)].sum() / len(true))


@wrong("cluster_accuracy", caught_by="one_sample")
def share_beyond_chance(predicted, true, n):
    accuracy = hungarian(predicted, true, n)
    return 1.0 if accuracy == 1 and len(true) > 1 else (len(true) * accuracy - 1) / max(len(true) - 1, 1)


@wrong("cluster_accuracy", caught_by="one_sample")
def one_accuracy_per_class(predicted, true, n):
    counts = table_of(predicted, true, n)
    rows, columns = linear_sum_assignment(-counts)
    return counts[rows, columns] / counts.sum(0)[columns]
