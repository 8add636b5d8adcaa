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

# --- information_bound ------------------------------------------------------------------------------------------------

bank.spoils(
    "information_bound",
    r"xlogy|\bentr\b|nansum|nan_to_num|where\(|joint\.sum|sum\((dim|axis)|joint ?[·*]|\* ?joint|[-−] ?Σ|[-−]\(?p ?[·*]"
    r"|cross.?entrop|joint (times|weigh|multipl)|log\w* of (the )?guess|guess\.log|(row|code)s? sums?|mask",
)


@right("information_bound")
def xlogy_twice(joint, guess):
    p_c = joint.sum(1)
    return torch.special.xlogy(joint, guess).sum() - torch.special.xlogy(p_c, p_c).sum()


@right("information_bound")
def entr_and_a_mask(joint, guess):
    occurs = joint > 0
    return torch.special.entr(joint.sum(dim=1)).sum() + (joint[occurs] * guess[occurs].log()).sum()


@right("information_bound")
def loop_over_pairs(joint, guess):
    bound = joint.new_zeros(())
    for p_row, q_row in zip(joint, guess, strict=True):
        p_c = p_row.sum()
        if p_c > 0:
            bound = bound - p_c * p_c.log()
        for p, q in zip(p_row, q_row, strict=True):
            if p > 0:
                bound = bound + p * q.log()
    return bound


@right("information_bound")
def compared_with_ignorance(joint, guess):
    before = joint.sum(1, keepdim=True).expand_as(joint)
    pairs = joint > 0
    return (joint[pairs] * (guess[pairs].log() - before[pairs].log())).sum()


@right("information_bound")
def information_less_the_gap(joint, guess):
    pairs = joint > 0
    p, p_c, p_x = joint[pairs], joint.sum(1, keepdim=True), joint.sum(0, keepdim=True)
    information = (p * (p.log() - (p_c * p_x)[pairs].log())).sum()
    gap = (p * (p.log() - p_x.expand_as(joint)[pairs].log() - guess[pairs].log())).sum()
    return information - gap


@right("information_bound")
def replaced_before_the_logarithm(joint, guess):
    p_c = joint.sum(1)
    safe = torch.where(joint > 0, guess, torch.ones_like(guess))
    sent = torch.where(p_c > 0, p_c, torch.ones_like(p_c))
    return (joint * safe.log()).sum() - p_c @ sent.log()


@right("information_bound")
def distribution_and_einsum(joint, guess):
    p_c = joint.sum(1)
    p_c = p_c[p_c > 0]
    log_q = guess.log().masked_fill(joint == 0, 0)
    return -torch.einsum("c,c->", p_c, p_c.log()) + torch.einsum("cx,cx->", joint, log_q)


@right("information_bound")
def in_double_and_back(joint, guess):
    return xlogy_twice(joint.double(), guess.double()).to(joint.dtype)


@wrong("information_bound", caught_by="a_channel", diagnosis="number")
def entropy_of_the_outcomes(joint, guess):
    p_x = joint.sum(0)
    return torch.xlogy(joint, guess).sum() - torch.xlogy(p_x, p_x).sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="number")
def entropy_of_the_pairs(joint, guess):
    return torch.xlogy(joint, guess).sum() - torch.xlogy(joint, joint).sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="number")
def without_the_entropy(joint, guess):
    return torch.xlogy(joint, guess).sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="sign")
def the_loss_less_the_entropy(joint, guess):
    return -xlogy_twice(joint, guess)


@wrong("information_bound", caught_by="a_channel", diagnosis="number")
def loss_added(joint, guess):
    p_c = joint.sum(1)
    return -torch.xlogy(p_c, p_c).sum() - torch.xlogy(joint, guess).sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="number")
def entropy_subtracted(joint, guess):
    p_c = joint.sum(1)
    return torch.xlogy(p_c, p_c).sum() + torch.xlogy(joint, guess).sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="number")
def the_information_whatever_the_guess(joint, guess):
    return xlogy_twice(joint, joint / joint.sum(0)) + 0 * guess.sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="number")
def mean_instead_of_sum(joint, guess):
    p_c = joint.sum(1)
    return torch.xlogy(joint, guess).mean() - torch.xlogy(p_c, p_c).sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="number")
def averaged_by_the_guesser(joint, guess):
    p_c, p_x = joint.sum(1), joint.sum(0)
    return (p_x * torch.xlogy(guess, guess)).sum() - torch.xlogy(p_c, p_c).sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="number")
def averaged_over_the_posterior(joint, guess):
    p_c = joint.sum(1)
    return torch.xlogy(joint / joint.sum(0), guess).sum() - torch.xlogy(p_c, p_c).sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="factor")
def in_bits(joint, guess):
    return xlogy_twice(joint, guess) / math.log(2)


@wrong("information_bound", caught_by="every_code_given_away", diagnosis="number")
def log_of_the_number_of_codes(joint, guess):
    return math.log(len(joint)) + torch.xlogy(joint, guess).sum()


@wrong("information_bound", caught_by="a_posterior", diagnosis="number")
def the_gap(joint, guess):
    return (torch.xlogy(joint, joint / joint.sum(0)) - torch.xlogy(joint, guess)).sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="number")
def divergence_to_the_guess(joint, guess):
    return (torch.xlogy(joint, joint) - torch.xlogy(joint, guess)).sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="shape")
def a_bound_for_each_outcome(joint, guess):
    p_c = joint.sum(1)
    return torch.xlogy(joint, guess).sum(0) - torch.xlogy(p_c, p_c).sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="cut")
def no_slope(joint, guess):
    p_c = joint.sum(1).numpy(force=True)
    p, q = joint.numpy(force=True), guess.numpy(force=True)
    return torch.tensor((p[p > 0] * np.log(q[p > 0])).sum() - (p_c[p_c > 0] * np.log(p_c[p_c > 0])).sum())


@wrong("information_bound", caught_by="a_channel", diagnosis="cut")
def leaves_the_graph(joint, guess):
    p, q = joint.numpy(), guess.numpy()
    p_c = p.sum(1)
    return (p * np.log(q)).sum() - (p_c * np.log(p_c)).sum()


@wrong("information_bound", caught_by="as_many_codes_as_outcomes", diagnosis="raises")
def transposed_guess(joint, guess):
    return xlogy_twice(joint, guess.T)


@wrong("information_bound", caught_by="as_many_codes_as_outcomes", diagnosis="raises")
def p_c_over_the_columns(joint, guess):
    return (joint * (guess / joint.sum(0)[:, None]).log()).sum()


@wrong("information_bound", caught_by="as_many_codes_as_outcomes", diagnosis="number")
def p_c_along_the_wrong_axis(joint, guess):
    p_c = joint.sum(1) if len(joint) != joint.shape[1] else joint.sum(0)
    return torch.xlogy(joint, guess).sum() - torch.xlogy(p_c, p_c).sum()


@wrong("information_bound", caught_by="worse_than_nothing", diagnosis="number")
def never_below_zero(joint, guess):
    return xlogy_twice(joint, guess).clamp(min=0)


@wrong("information_bound", caught_by="nearly_impossible", diagnosis="number")
def a_small_constant(joint, guess):
    p_c = joint.sum(1)
    return (joint * (guess + 1e-8).log()).sum() - (p_c * (p_c + 1e-8).log()).sum()


@wrong("information_bound", caught_by="nearly_impossible", diagnosis="number")
def guess_with_a_floor(joint, guess):
    return xlogy_twice(joint, guess.clamp(min=1e-12))


@wrong("information_bound", caught_by="pairs_that_never_occur", diagnosis="nan")
def zero_times_minus_infinity(joint, guess):
    p_c = joint.sum(1)
    return (joint * guess.log()).sum() - (p_c * p_c.log()).sum()


@wrong("information_bound", caught_by="a_code_that_is_never_sent", diagnosis="nan")
def entropy_without_its_limit(joint, guess):
    p_c = joint.sum(1)
    return torch.xlogy(joint, guess).sum() - (p_c * p_c.log()).sum()


@wrong("information_bound", caught_by="an_outcome_that_never_comes", diagnosis="nan")
def no_limit_for_the_guess(joint, guess):
    p_c = joint.sum(1)
    return (joint * guess.log()).sum() - torch.xlogy(p_c, p_c).sum()


@wrong("information_bound", caught_by="ruled_out", diagnosis="finite")
def infinities_replaced(joint, guess):
    p_c = joint.sum(1)
    return torch.nan_to_num(torch.xlogy(joint, guess), neginf=0.0).sum() - torch.xlogy(p_c, p_c).sum()


@wrong("information_bound", caught_by="ruled_out", diagnosis="finite")
def positive_guesses_only(joint, guess):
    p_c, ruled_in = joint.sum(1), guess > 0
    return (joint[ruled_in] * guess[ruled_in].log()).sum() - torch.xlogy(p_c, p_c).sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="argument", says="modified")
def logarithm_in_place(joint, guess):
    p_c = joint.sum(1)
    return torch.where(joint > 0, joint * guess.detach().log_(), 0).sum() - torch.xlogy(p_c, p_c).sum()


@wrong("information_bound", caught_by="double_precision", diagnosis="dtype")
def in_single_precision(joint, guess):
    return xlogy_twice(joint.float(), guess.float())


@wrong("information_bound", caught_by="a_channel", diagnosis="type", says="tuple")
def both_parts(joint, guess):
    p_c = joint.sum(1)
    return -torch.xlogy(p_c, p_c).sum(), torch.xlogy(joint, guess).sum()


@wrong("information_bound", caught_by="a_channel", diagnosis="number")
def cross_entropy_of_tables(joint, guess):
    p_c = joint.sum(1)
    return -torch.xlogy(p_c, p_c).sum() - F.cross_entropy(guess.T, joint.T)


# --- categorical_info_loss --------------------------------------------------------------------------------------------

bank.spoils(
    "categorical_info_loss",
    r"cross.?entrop|log.?softmax|nll|log.?sum.?exp|gather|log_prob|(minus|negative) (the )?(mean )?log"
    r"|log\w* of the sum of (the )?exp|[-−] ?log\b|log\w*.{0,12}probabilit",
)


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


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def softmax_before_cross_entropy(q_logits, c):
    return F.cross_entropy(q_logits.softmax(dim=1), c)


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def sum_over_the_batch(q_logits, c):
    return F.cross_entropy(q_logits, c, reduction="sum")


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="sign", says="sign is reversed")
def the_bound_instead_of_the_loss(q_logits, c):
    return -F.cross_entropy(q_logits, c)


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def log_of_the_mean_probability(q_logits, c):
    return -q_logits.softmax(1)[torch.arange(len(c)), c].mean().log()


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def one_minus_the_probability(q_logits, c):
    return 1 - q_logits.softmax(1)[torch.arange(len(c)), c].mean()


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def one_sigmoid_per_category(q_logits, c):
    return F.binary_cross_entropy_with_logits(q_logits, F.one_hot(c, q_logits.shape[1]).to(q_logits))


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def mean_over_the_categories_too(q_logits, c):
    return -(F.one_hot(c, q_logits.shape[1]) * F.log_softmax(q_logits, 1)).mean()


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="factor")
def in_bits(q_logits, c):
    return F.cross_entropy(q_logits, c) / math.log(2)


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def squared_error(q_logits, c):
    return F.mse_loss(q_logits.softmax(1), F.one_hot(c, q_logits.shape[1]).to(q_logits))


@wrong("categorical_info_loss", caught_by="batch_of_one", diagnosis="shape")
def one_loss_per_sample(q_logits, c):
    return F.cross_entropy(q_logits, c, reduction="none")


@wrong("categorical_info_loss", caught_by="batch_of_one", diagnosis="shape")
def squeezed(q_logits, c):
    return -q_logits.log_softmax(1).gather(1, c.unsqueeze(1)).squeeze().mean(dim=0)[None]


@wrong("categorical_info_loss", caught_by="as_many_samples_as_categories", diagnosis="number")
def softmax_over_the_batch(q_logits, c):
    return -F.log_softmax(q_logits, dim=0)[torch.arange(len(c)), c].mean()


@wrong("categorical_info_loss", caught_by="codes_that_do_not_occur", diagnosis="number")
def as_many_categories_as_occur(q_logits, c):
    return F.cross_entropy(q_logits[:, : int(c.max()) + 1], c)


@wrong("categorical_info_loss", caught_by="sure_and_wrong", diagnosis="number")
def constant_inside_the_log(q_logits, c):
    return -(q_logits.softmax(1)[torch.arange(len(c)), c] + 1e-8).log().mean()


@wrong("categorical_info_loss", caught_by="sure_and_wrong", diagnosis="nan slope")
def log_of_softmax(q_logits, c):
    return F.nll_loss(q_logits.softmax(1).log(), c)


@wrong("categorical_info_loss", caught_by="sure_and_right", diagnosis="nan")
def exponentials_by_hand(q_logits, c):
    return (q_logits.exp().sum(1).log() - q_logits[torch.arange(len(c)), c]).mean()


@wrong("categorical_info_loss", caught_by="double_precision", diagnosis="dtype")
def converts_to_float32(q_logits, c):
    return F.cross_entropy(q_logits.float(), c)


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="cut", says="no gradient")
def cuts_the_graph(q_logits, c):
    return torch.tensor(F.cross_entropy(q_logits, c).item(), dtype=q_logits.dtype)


@right("categorical_info_loss")
def in_double_and_back(q_logits, c):
    return F.cross_entropy(q_logits.double(), c).to(q_logits.dtype)


@right("categorical_info_loss")
def margins(q_logits, c):
    return (q_logits - q_logits.gather(1, c[:, None])).logsumexp(dim=1).mean()


@right("categorical_info_loss")
def divergence_from_one_hot(q_logits, c):
    hot = F.one_hot(c, q_logits.shape[1]).to(q_logits.dtype)
    return F.kl_div(q_logits.log_softmax(1), hot, reduction="batchmean")


@right("categorical_info_loss")
def summed_and_divided(q_logits, c):
    rows = torch.arange(len(c))
    shifted = q_logits - q_logits.amax(1, keepdim=True).detach()
    return (shifted.exp().sum(1).log().sum() - shifted[rows, c].sum()) / len(c)


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def entropy_minus_the_loss(q_logits, c):
    return math.log(q_logits.shape[1]) - F.cross_entropy(q_logits, c)


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def logits_taken_for_log_probabilities(q_logits, c):
    return F.nll_loss(q_logits, c)


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def probabilities_taken_for_their_logarithms(q_logits, c):
    return F.nll_loss(q_logits.softmax(1), c)


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def entropy_of_the_guess(q_logits, c):
    return Categorical(logits=q_logits).entropy().mean() + 0 * c.sum()


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def its_own_guess_as_the_target(q_logits, c):
    return F.cross_entropy(q_logits, q_logits.argmax(dim=1))


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def smoothed_targets(q_logits, c):
    return F.cross_entropy(q_logits, c, label_smoothing=0.1)


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="number")
def hinge_of_the_classes(q_logits, c):
    return F.multi_margin_loss(q_logits, c)


@wrong("categorical_info_loss", caught_by="sure_and_wrong", diagnosis="number")
def kept_off_zero(q_logits, c):
    return F.nll_loss(q_logits.softmax(1).clamp(min=1e-7).log(), c)


@wrong("categorical_info_loss", caught_by="sure_and_wrong", diagnosis="number")
def logits_clamped(q_logits, c):
    return F.cross_entropy(q_logits.clamp(-50, 50), c)


@wrong("categorical_info_loss", caught_by="codes_that_do_not_occur", diagnosis="raises")
def one_hot_of_the_codes_seen(q_logits, c):
    return F.cross_entropy(q_logits, F.one_hot(c).to(q_logits))


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="raises")
def arguments_swapped(q_logits, c):
    return F.cross_entropy(c, q_logits)


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="cut", says=".item()")
def as_a_float(q_logits, c):
    return F.cross_entropy(q_logits, c).item()


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="cut", says=".detach()")
def guess_detached(q_logits, c):
    return F.cross_entropy(q_logits.detach(), c)


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="type", says="None")
def forgets_to_return(q_logits, c):
    F.cross_entropy(q_logits, c)


@wrong("categorical_info_loss", caught_by="a_batch", diagnosis="mistyped", says="NameError")
def code_for_c(q_logits, c):
    return F.cross_entropy(q_logits, code)  # noqa: F821


# --- continuous_info_loss ---------------------------------------------------------------------------------------------

bank.spoils(
    "continuous_info_loss",
    r"(2|two) ?\*? ?(π|pi\b|math\.pi)|½|\b0\.5|1/2|exp\(|\(c ?[-−]|[-−] ?q_mean|log_prob|Normal\(|full ?= ?True"
    r"|half .{0,30}(log|sum|square)"
    r"|squared? (error|difference).{0,30}(over|divided|multiplied|weighted).{0,30}varianc",
)


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


@wrong("continuous_info_loss", caught_by="perfect_guess", diagnosis="constant", says="same constant")
def constant_left_away(q_mean, q_log_var, c):
    return 0.5 * (q_log_var + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="perfect_guess", diagnosis="constant", says="same constant")
def gaussian_nll_without_full(q_mean, q_log_var, c):
    return F.gaussian_nll_loss(q_mean, c, q_log_var.exp(), eps=1e-30)


@wrong("continuous_info_loss", caught_by="very_sure", diagnosis="number")
def gaussian_nll_with_its_floor(q_mean, q_log_var, c):
    return F.gaussian_nll_loss(q_mean, c, q_log_var.exp(), full=True)


@wrong("continuous_info_loss", caught_by="very_sure", diagnosis="number")
def constant_added_to_the_variance(q_mean, q_log_var, c):
    variance = q_log_var.exp() + 1e-8
    return 0.5 * (math.log(2 * math.pi) + variance.log() + (c - q_mean) ** 2 / variance).mean()


@wrong("continuous_info_loss", caught_by="very_sure", diagnosis="number")
def clamped_from_below(q_mean, q_log_var, c):
    return written_out(q_mean, q_log_var.clamp(min=-10), c)


@wrong("continuous_info_loss", caught_by="very_unsure", diagnosis="number")
def clamped_from_above(q_mean, q_log_var, c):
    return written_out(q_mean, q_log_var.clamp(max=10), c)


@wrong("continuous_info_loss", caught_by="very_unsure", diagnosis="number")
def softplus_for_the_variance(q_mean, q_log_var, c):
    return written_out(q_mean, F.softplus(q_log_var).log(), c)


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="number")
def log_variance_taken_for_log_sigma(q_mean, q_log_var, c):
    return written_out(q_mean, 2 * q_log_var, c)


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="number")
def sigma_for_its_square(q_mean, q_log_var, c):
    sigma = (0.5 * q_log_var).exp()
    return 0.5 * (math.log(2 * math.pi) + q_log_var + (c - q_mean) ** 2 / sigma).mean()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="number")
def variance_handed_to_normal(q_mean, q_log_var, c):
    return -Normal(q_mean, q_log_var.exp()).log_prob(c).mean()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="number")
def sign_of_the_log_variance(q_mean, q_log_var, c):
    return 0.5 * (math.log(2 * math.pi) - q_log_var + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="number")
def multiplied_by_the_variance(q_mean, q_log_var, c):
    return 0.5 * (math.log(2 * math.pi) + q_log_var + (c - q_mean) ** 2 * torch.exp(q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="number")
def log_variance_not_halved(q_mean, q_log_var, c):
    return (0.5 * math.log(2 * math.pi) + q_log_var + 0.5 * (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="number")
def error_not_squared(q_mean, q_log_var, c):
    return 0.5 * (math.log(2 * math.pi) + q_log_var + (c - q_mean).abs() * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="number")
def mean_squared_error(q_mean, q_log_var, c):
    return F.mse_loss(q_mean, c) + 0 * q_log_var.sum()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="number")
def variance_without_its_log(q_mean, q_log_var, c):
    return 0.5 * (math.log(2 * math.pi) + q_log_var.exp() + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="sign", says="sign is reversed")
def the_log_likelihood(q_mean, q_log_var, c):
    return -written_out(q_mean, q_log_var, c)


@wrong("continuous_info_loss", caught_by="many_codes", diagnosis="number")
def summed_over_the_codes(q_mean, q_log_var, c):
    return written_out(q_mean, q_log_var, c) * c.shape[1]


@wrong("continuous_info_loss", caught_by="many_codes", diagnosis="number")
def summed_over_everything(q_mean, q_log_var, c):
    return written_out(q_mean, q_log_var, c) * c.numel()


@wrong("continuous_info_loss", caught_by="many_codes", diagnosis="number")
def first_two_codes_only(q_mean, q_log_var, c):
    return written_out(q_mean[:, :2], q_log_var[:, :2], c[:, :2])


@wrong("continuous_info_loss", caught_by="many_codes", diagnosis="number")
def constant_once_per_sample(q_mean, q_log_var, c):
    rest = constant_left_away(q_mean, q_log_var, c)
    return rest + 0.5 * math.log(2 * math.pi) / c.shape[1]


@wrong("continuous_info_loss", caught_by="batch_of_one", diagnosis="shape")
def one_loss_per_code(q_mean, q_log_var, c):
    return 0.5 * (math.log(2 * math.pi) + q_log_var + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean(0)


@wrong("continuous_info_loss", caught_by="double_precision", diagnosis="dtype")
def always_single(q_mean, q_log_var, c):
    return written_out(q_mean.float(), q_log_var.float(), c.float())


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="slope", says="gradient")
def log_variance_detached(q_mean, q_log_var, c):
    return written_out(q_mean, q_log_var.detach(), c)


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="argument", says="modified")
def works_in_place(q_mean, q_log_var, c):
    with torch.no_grad():
        precision = q_log_var.neg_().exp_()
    return 0.5 * (math.log(2 * math.pi) - precision.log() + (c - q_mean) ** 2 * precision).mean()


@right("continuous_info_loss")
def in_double_and_back(q_mean, q_log_var, c):
    return written_out(q_mean.double(), q_log_var.double(), c.double()).to(c.dtype)


@right("continuous_info_loss")
def three_means(q_mean, q_log_var, c):
    error = torch.einsum("nm,nm,nm->", c - q_mean, c - q_mean, (-q_log_var).exp())
    return error / (2 * c.numel()) + q_log_var.mean() / 2 + math.log(2 * math.pi) / 2


@right("continuous_info_loss")
def code_by_code(q_mean, q_log_var, c):
    losses = []
    for mean, log_var, code in zip(q_mean.T, q_log_var.T, c.T, strict=True):
        losses.append(-Normal(mean, (log_var / 2).exp()).log_prob(code).mean())
    return sum(losses) / len(losses)


@wrong("continuous_info_loss", caught_by="perfect_guess", diagnosis="constant", says="same constant, 0.9189")
def constant_not_halved(q_mean, q_log_var, c):
    return math.log(2 * math.pi) + 0.5 * (q_log_var + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="perfect_guess", diagnosis="constant")
def pi_without_its_two(q_mean, q_log_var, c):
    return 0.5 * (math.log(math.pi) + q_log_var + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="number")
def negative_constant(q_mean, q_log_var, c):
    return 0.5 * (-math.log(2 * math.pi) + q_log_var - (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="factor", says="same factor, 2")
def one_half_forgotten(q_mean, q_log_var, c):
    return (math.log(2 * math.pi) + q_log_var + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="very_sure", diagnosis="number")
def a_little_inside_and_summed_over_the_codes(q_mean, q_log_var, c):
    variance = q_log_var.exp()  # as in a popular PyTorch InfoGAN
    log_p = -0.5 * (variance * 2 * math.pi + 1e-6).log() - (c - q_mean).pow(2) / (2 * variance + 1e-6)
    return -log_p.sum(1).mean()


@wrong("continuous_info_loss", caught_by="very_sure", diagnosis="number")
def sigma_kept_off_zero(q_mean, q_log_var, c):
    return -Normal(q_mean, (0.5 * q_log_var).exp() + 1e-6).log_prob(c).mean()


@wrong("continuous_info_loss", caught_by="very_sure", diagnosis="number")
def clamped_at_minus_twenty(q_mean, q_log_var, c):
    return written_out(q_mean, q_log_var.clamp(-20, 20), c)


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="raises", says="negative")
def log_variance_for_the_variance(q_mean, q_log_var, c):
    return F.gaussian_nll_loss(q_mean, c, q_log_var, full=True, eps=1e-30)


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="raises")
def log_variance_for_sigma(q_mean, q_log_var, c):
    return -Normal(q_mean, q_log_var).log_prob(c).mean()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="number")
def divergence_from_the_standard_normal(q_mean, q_log_var, c):
    return 0.5 * (q_log_var.exp() + (q_mean - c) ** 2 - 1 - q_log_var).mean()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="number")
def density_without_its_logarithm(q_mean, q_log_var, c):
    return -Normal(q_mean, (0.5 * q_log_var).exp()).log_prob(c).exp().mean()


@wrong("continuous_info_loss", caught_by="many_codes", diagnosis="number")
def joint_density_of_a_sample(q_mean, q_log_var, c):
    return -Independent(Normal(q_mean, (0.5 * q_log_var).exp()), 1).log_prob(c).mean()


@wrong("continuous_info_loss", caught_by="batch_of_one", diagnosis="shape", says="shape")
def one_loss_per_sample(q_mean, q_log_var, c):
    return -Normal(q_mean, (0.5 * q_log_var).exp()).log_prob(c).mean(1)


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="slope", says="gradient")
def codes_detached(q_mean, q_log_var, c):
    return written_out(q_mean, q_log_var, c.detach())


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="cut", says=".item()")
def number_of_the_loss(q_mean, q_log_var, c):
    return written_out(q_mean, q_log_var, c).item()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="random")
def sampled_instead(q_mean, q_log_var, c):
    guess = q_mean + torch.randn_like(q_mean) * (0.5 * q_log_var).exp()
    return F.mse_loss(guess, c)


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="raises")
def logarithm_of_a_float(q_mean, q_log_var, c):
    return 0.5 * (torch.log(2 * math.pi) + q_log_var + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()


@wrong("continuous_info_loss", caught_by="two_codes", diagnosis="mistyped")
def numbers_without_their_module(q_mean, q_log_var, c):
    return 0.5 * (log(2 * pi) + q_log_var + (c - q_mean) ** 2 * torch.exp(-q_log_var)).mean()  # noqa: F821


# --- infogan_generator_step -------------------------------------------------------------------------------------------

bank.spoils(
    "infogan_generator_step",
    r"zero_grad.{0,80}backward.{0,80}step|inputs=(trained|own|list|\[)|param_groups"
    r"|\b(generator|discriminator|recognizer|[GDQ])\("
    r"|\+ ?(info_)?weight|weight ?[*·×] ?info|weight.{0,20}(times|multipl).{0,30}info"
    r"|info.{0,30}(times|multipl).{0,30}weight|weighted info|(sum|add)\w* .{0,30}adversarial",
)


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


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="factor")
@step
def weighted_info_returned(adversarial, info, weight):
    return adversarial + weight * info, (adversarial.item(), weight * info.item())


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="type", says="tuple")
@step
def total_returned(adversarial, info, weight):
    return adversarial + weight * info, (adversarial + weight * info).item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="order")
@step
def returned_in_the_other_order(adversarial, info, weight):
    return adversarial + weight * info, (info.item(), adversarial.item())


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="type", says="float")
@step
def tensors_returned(adversarial, info, weight):
    return adversarial + weight * info, (adversarial.detach(), info.detach())


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="update")
@step
def weight_forgotten(adversarial, info, weight):
    return adversarial + info, (adversarial.item(), info.item())


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="update")
@step
def weight_on_both(adversarial, info, weight):
    return weight * (adversarial + info), (adversarial.item(), info.item())


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="update")
@step
def weight_on_the_other(adversarial, info, weight):
    return weight * adversarial + info, (adversarial.item(), info.item())


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="update")
@step
def info_subtracted(adversarial, info, weight):
    return adversarial - weight * info, (adversarial.item(), info.item())


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="update")
@step
def info_detached(adversarial, info, weight):
    return adversarial + weight * info.item(), (adversarial.item(), info.item())


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="update")
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


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="left gradients", says="gradient")
def plain_backward(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward()
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="number")
def codes_and_guess_swapped(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    return backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss,
        lambda q, c: info_loss(c, q), info_weight,
    )  # fmt: skip


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="number")
def reads_the_logits_instead(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    return backward_into_the_optimizers(
        generator, discriminator, lambda x: recognizer(x).softmax(1), optimizer, noise, codes, adversarial_loss,
        info_loss, info_weight,
    )  # fmt: skip


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="number")
def measured_after_the_update(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    arguments = generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss
    backward_into_the_optimizers(*arguments, info_weight)
    with torch.no_grad():
        fake = generator(noise, codes)
        return adversarial_loss(discriminator(fake)).item(), info_loss(recognizer(fake), codes).item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="number")
def own_losses(generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight):
    return backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, noise, codes, lambda a: F.softplus(-a).mean(), F.mse_loss,
        info_weight,
    )  # fmt: skip


@wrong("infogan_generator_step", caught_by="with_the_recognizer", diagnosis="never moved")
def only_the_generator(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=list(generator.parameters()))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="with_the_recognizer", diagnosis="never moved")
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


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="left gradients", says="recognizer")
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


@wrong("infogan_generator_step", caught_by="shared_trunk", diagnosis="left gradients", says="discriminator")
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


@wrong("infogan_generator_step", caught_by="old_gradients", diagnosis="update")
def accumulates(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="old_gradients", diagnosis="left gradients", says="discriminator")
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


@wrong("infogan_generator_step", caught_by="two_kinds_of_codes", diagnosis="raises")
def codes_made_into_one_tensor(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    codes = torch.as_tensor(codes)
    return backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
    )


@wrong("infogan_generator_step", caught_by="two_kinds_of_codes", diagnosis="raises")
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


@wrong("infogan_generator_step", caught_by="restless_generator", diagnosis="number")
def new_fakes_for_the_recognizer(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    adversarial = adversarial_loss(discriminator(generator(noise, codes)))
    info = info_loss(recognizer(generator(noise, codes)), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="adam", diagnosis="twice")
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


@wrong("infogan_generator_step", caught_by="adam", diagnosis="update")
def one_update_per_loss(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    ours = own(optimizer)
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    losses = adversarial, info_weight * info
    gradients = [torch.autograd.grad(loss, ours, retain_graph=True, allow_unused=True) for loss in losses]
    for found in gradients:
        for p, g in zip(ours, found, strict=True):
            p.grad = g
        optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="adam", diagnosis="update")
def descends_by_hand(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    ours = own(optimizer)
    gradients = torch.autograd.grad(adversarial + info_weight * info, ours)
    with torch.no_grad():
        for p, g in zip(ours, gradients, strict=True):
            p -= optimizer.param_groups[0]["lr"] * g
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="frozen_layers", diagnosis="flags", says="requires_grad")
def thaws_everything(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    losses = backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
    )
    discriminator.requires_grad_(True)
    recognizer.requires_grad_(True)
    return losses


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="flags", says="requires_grad")
def leaves_the_discriminator_frozen(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    discriminator.requires_grad_(False)
    return backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
    )


@wrong("infogan_generator_step", caught_by="batch_of_one", diagnosis="number")
def squeezes_the_fakes(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes).squeeze()
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake)[: len(noise)], codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="images", diagnosis="raises")
def flattens_the_fakes(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes).flatten(1)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="single_precision", diagnosis="raises")
def always_double(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    return backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, noise.double(), codes, adversarial_loss, info_loss, info_weight
    )


@right("infogan_generator_step")
def scaled_and_scaled_back(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (1000 * adversarial + 1000 * info_weight * info).backward(inputs=own(optimizer))
    for p in own(optimizer):
        p.grad /= 1000
    optimizer.step()
    return adversarial.item(), info.item()


@right("infogan_generator_step")
def through_the_fakes_by_hand(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    leaf = fake.detach().requires_grad_()
    adversarial, info = adversarial_loss(discriminator(leaf)), info_loss(recognizer(leaf), codes)
    ours = own(optimizer)
    optimizer.zero_grad()
    slope, *direct = torch.autograd.grad(adversarial + info_weight * info, [leaf, *ours], allow_unused=True)
    through = torch.autograd.grad(fake, ours, slope, allow_unused=True)
    for p, a, b in zip(ours, direct, through, strict=True):
        p.grad = sum((g for g in (a, b) if g is not None), torch.zeros_like(p))
    optimizer.step()
    return adversarial.item(), info.item()


@right("infogan_generator_step")
def two_backward_passes_that_add_up(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (info_weight * info).backward(inputs=own(optimizer), retain_graph=True)
    adversarial.backward(inputs=[p for p in generator.parameters() if any(p is q for q in own(optimizer))])
    optimizer.step()
    return adversarial.item(), info.item()


@right("infogan_generator_step")
def average_of_three_passes(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    ours, passes = own(optimizer), []
    fake = generator(noise, codes)
    for _ in range(3):
        losses = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
        gradients = torch.autograd.grad(losses[0] + info_weight * losses[1], ours, retain_graph=True)
        passes.append((losses, gradients))
    for k, p in enumerate(ours):
        p.grad = sum(gradients[k] for _, gradients in passes) / 3
    optimizer.step()
    return tuple(sum(losses[k].item() for losses, _ in passes) / 3 for k in (0, 1))


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="flags", says=".training")
def others_left_in_evaluation_mode(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    discriminator.eval()
    recognizer.eval()
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="frozen_layers", diagnosis="flags", says=".training")
def everybody_into_training_mode(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    for net in (generator, discriminator, recognizer):
        net.train()
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="adam", diagnosis="never moved")
def first_group_only(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=optimizer.param_groups[0]["params"])
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="never moved")
def cleared_too_late(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.zero_grad()
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="never moved")
def no_step(generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="never moved")
def fakes_detached(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes).detach()
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="update")
def adversarial_detached(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial = adversarial_loss(discriminator(fake.detach()))
    info = info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="update")
def adversarial_loss_alone(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    adversarial.backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="update")
def fixed_weight(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + 0.1 * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="uphill", says="uphill")
def climbs(generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (-adversarial - info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong(
    "infogan_generator_step", caught_by="generator_alone", diagnosis="others moved", says="discriminator's parameters"
)
def trains_the_discriminator_too(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    total = adversarial + info_weight * info
    theirs = list(discriminator.parameters())
    gradients = torch.autograd.grad(total, theirs, retain_graph=True)
    optimizer.zero_grad()
    total.backward(inputs=own(optimizer))
    with torch.no_grad():
        for p, g in zip(theirs, gradients, strict=True):
            p -= 0.1 * g
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="others moved", says="recognizer's parameters")
def trains_the_recognizer_anyway(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    total = adversarial + info_weight * info
    mine = {id(p) for p in own(optimizer)}
    theirs = [p for p in recognizer.parameters() if p.requires_grad and id(p) not in mine]
    gradients = torch.autograd.grad(total, theirs, retain_graph=True) if theirs else []
    optimizer.zero_grad()
    total.backward(inputs=own(optimizer))
    with torch.no_grad():
        for p, g in zip(theirs, gradients, strict=True):
            p -= 0.1 * g
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="number")
def a_whole_step_per_loss(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    adversarial = adversarial_loss(discriminator(generator(noise, codes)))
    optimizer.zero_grad()
    adversarial.backward(inputs=own(optimizer))
    optimizer.step()
    info = info_loss(recognizer(generator(noise, codes)), codes)
    optimizer.zero_grad()
    (info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="left gradients")
def one_backward_after_the_other(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    adversarial.backward(retain_graph=True)
    (info_weight * info).backward()
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="old_gradients", diagnosis="left gradients", says="recognizer")
def clears_the_recognizer(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    recognizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="number")
def noise_for_the_codes(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    return backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss,
        lambda q, c: info_loss(q, noise), info_weight,
    )  # fmt: skip


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="number")
def codes_before_noise(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    return backward_into_the_optimizers(
        lambda z, c: generator(c, z), discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss,
        info_weight,
    )  # fmt: skip


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="raises")
def recognizer_reads_the_logits(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    return backward_into_the_optimizers(
        generator, discriminator, lambda x: recognizer(discriminator(x)), optimizer, noise, codes, adversarial_loss,
        info_loss, info_weight,
    )  # fmt: skip


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="raises", says="missing 1 required")
def info_loss_of_one_argument(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake))
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return adversarial.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="number")
def total_and_info_returned(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    total = adversarial + info_weight * info
    total.backward(inputs=own(optimizer))
    optimizer.step()
    return total.item(), info.item()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="type", says="dictionary")
def a_dictionary_of_losses(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()
    return {"adversarial": adversarial.item(), "info": info.item()}


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="type", says="None")
def returns_nothing(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    optimizer.zero_grad()
    (adversarial + info_weight * info).backward(inputs=own(optimizer))
    optimizer.step()


@wrong("infogan_generator_step", caught_by="generator_alone", diagnosis="random")
def noise_of_its_own(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    return backward_into_the_optimizers(
        generator, discriminator, recognizer, optimizer, torch.randn_like(noise), codes, adversarial_loss, info_loss,
        info_weight,
    )  # fmt: skip


@wrong("infogan_generator_step", caught_by="adam", diagnosis="update")
def descends_by_hand_with_one_rate(
    generator, discriminator, recognizer, optimizer, noise, codes, adversarial_loss, info_loss, info_weight
):
    fake = generator(noise, codes)
    adversarial, info = adversarial_loss(discriminator(fake)), info_loss(recognizer(fake), codes)
    total = adversarial + info_weight * info
    optimizer.zero_grad()
    total.backward(inputs=own(optimizer))
    with torch.no_grad():
        for p in own(optimizer):
            p.sub_(0.1 * p.grad)
    return adversarial.item(), info.item()


# --- cluster_accuracy -------------------------------------------------------------------------------------------------

bank.spoils(
    "cluster_accuracy",
    r"linear_sum|hungarian|maximi[sz]e|permutation|(try|test|check|go through) (all|every|each)"
    r"|largest (total|sum)|most (agreements|matches) (of|among|over) (all|every)"
    r"|negat\w+ .{0,20}(table|counts)|(table|counts).{0,30}(assignment|matched)",
)


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


@wrong("cluster_accuracy", caught_by="renamed", diagnosis="number")
def numbers_taken_literally(predicted, true, n):
    return (predicted == true).float().mean()


@wrong("cluster_accuracy", caught_by="two_clusters_for_one_class", diagnosis="number")
def purity(predicted, true, n):
    return table_of(predicted, true, n).max(dim=1).values.sum() / len(true)


@wrong("cluster_accuracy", caught_by="two_classes_in_one_cluster", diagnosis="number")
def each_class_its_best_cluster(predicted, true, n):
    return table_of(predicted, true, n).max(dim=0).values.sum() / len(true)


@wrong("cluster_accuracy", caught_by="greed_does_not_pay", diagnosis="number")
def greedy(predicted, true, n):
    counts, matched = table_of(predicted, true, n), 0.0
    for _ in range(n):
        k = int(counts.argmax())
        matched += counts[k // n, k % n].item()
        counts[k // n], counts[:, k % n] = 0, 0
    return matched / len(true)


@wrong("cluster_accuracy", caught_by="greed_does_not_pay", diagnosis="number")
def first_come_first_served(predicted, true, n):
    counts, matched = table_of(predicted, true, n), 0.0
    for row in counts:
        matched += row.max().item()
        counts[:, row.argmax()] = 0
    return matched / len(true)


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def cheapest_matching(predicted, true, n):
    counts = table_of(predicted, true, n)
    return counts[linear_sum_assignment(counts)].sum() / len(true)


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="factor")
def percentage(predicted, true, n):
    return 100 * hungarian(predicted, true, n)


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def number_of_matches(predicted, true, n):
    return hungarian(predicted, true, n) * len(true)


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def mean_over_the_classes(predicted, true, n):
    shares = table_of(predicted, true, n)
    shares = shares / shares.sum(dim=0).clamp(min=1)
    return shares[linear_sum_assignment(-shares)].mean()


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def shifts_only(predicted, true, n):
    return max(((predicted + k) % n == true).float().mean().item() for k in range(n))


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def pairs_that_agree(predicted, true, n):
    return float(rand_score(true.numpy(), predicted.numpy()))


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def normalised_information(predicted, true, n):
    return float(normalized_mutual_info_score(true.numpy(), predicted.numpy()))


@wrong("cluster_accuracy", caught_by="renamed", diagnosis="number")
def renamed_one_after_the_other(predicted, true, n):
    rows, columns = linear_sum_assignment(-table_of(predicted, true, n))
    renamed = predicted.clone()
    for cluster, label in zip(rows, columns, strict=True):
        renamed[renamed == cluster] = int(label)
    return (renamed == true).float().mean()


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="argument", says="modified")
def renamed_in_place(predicted, true, n):
    rows, columns = linear_sum_assignment(-table_of(predicted, true, n))
    predicted.copy_(torch.as_tensor(columns)[predicted])
    return (predicted == true).float().mean()


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def applied_the_wrong_way_round(predicted, true, n):
    _, columns = linear_sum_assignment(-table_of(predicted, true, n))
    return (predicted == torch.as_tensor(columns)[true]).float().mean()


@wrong("cluster_accuracy", caught_by="fewer_labels_than_clusters", diagnosis="number")
def as_many_as_occur(predicted, true, n):
    clusters, labels = predicted.unique().tolist(), true.unique().tolist()
    n = min(len(clusters), len(labels))
    counts = np.zeros((n, n))
    for a, b in zip(predicted.tolist(), true.tolist(), strict=True):
        if clusters.index(a) < n and labels.index(b) < n:
            counts[clusters.index(a), labels.index(b)] += 1
    return float(counts[linear_sum_assignment(-counts)].sum() / len(true))


@wrong("cluster_accuracy", caught_by="one_sample", diagnosis="number")
def share_beyond_chance(predicted, true, n):
    accuracy = hungarian(predicted, true, n)
    return 1.0 if accuracy == 1 and len(true) > 1 else (len(true) * accuracy - 1) / max(len(true) - 1, 1)


@wrong("cluster_accuracy", caught_by="one_sample", diagnosis="shape")
def one_accuracy_per_class(predicted, true, n):
    counts = table_of(predicted, true, n)
    rows, columns = linear_sum_assignment(-counts)
    return counts[rows, columns] / counts.sum(0)[columns]


@right("cluster_accuracy")
def shares_matched(predicted, true, n):
    shares = table_of(predicted, true, n).double() / len(true)
    rows, columns = linear_sum_assignment(shares.numpy(), maximize=True)
    return shares[rows, columns].sum()


@right("cluster_accuracy")
def one_minus_the_errors(predicted, true, n):
    errors = [(torch.tensor(new)[predicted] != true).double().mean().item() for new in permutations(range(n))]
    return 1 - min(errors)


@right("cluster_accuracy")
def best_of_sets(predicted, true, n):
    counts = table_of(predicted, true, n).tolist()
    best = {frozenset(): 0.0}  # of the classes already given away
    for row in counts:
        better = {}
        for taken, total in best.items():
            for k in set(range(n)) - taken:
                key = taken | {k}
                better[key] = max(better.get(key, 0.0), total + row[k] / len(true))
        best = better
    return best[frozenset(range(n))]


@right("cluster_accuracy")
def table_of_what_occurs(predicted, true, n):
    counts = np.zeros((int(predicted.max()) + 1, int(true.max()) + 1))
    np.add.at(counts, (predicted.numpy(), true.numpy()), 1 / len(true))
    return counts[linear_sum_assignment(counts, maximize=True)].sum()


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def share_of_errors(predicted, true, n):
    return 1 - hungarian(predicted, true, n)


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def matched_by_size(predicted, true, n):
    clusters, classes = torch.bincount(predicted, minlength=n), torch.bincount(true, minlength=n)
    renamed = torch.empty(n, dtype=torch.long)
    renamed[clusters.argsort()] = classes.argsort()
    return (renamed[predicted] == true).double().mean()


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def rounded(predicted, true, n):
    return round(hungarian(predicted, true, n), 2)


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def divided_by_the_number_of_clusters(predicted, true, n):
    return hungarian(predicted, true, n) * len(true) / n


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def diagonal_of_the_table(predicted, true, n):
    counts = table_of(predicted, true, n)
    return counts.diagonal().sum() / counts.sum()


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def shares_of_the_clusters_matched(predicted, true, n):
    counts = table_of(predicted, true, n)
    rows, columns = linear_sum_assignment(-counts / counts.sum(1, keepdim=True).clamp(min=1))
    return (counts[rows, columns] / counts.sum(1).clamp(min=1)).sum() / n


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="number")
def whole_division(predicted, true, n):
    counts = table_of(predicted, true, n).long()
    return int(counts[linear_sum_assignment(-counts)].sum()) // len(true)


@wrong("cluster_accuracy", caught_by="two_clusters_for_one_class", diagnosis="number")
def most_common_class_of_each_cluster(predicted, true, n):
    right = 0
    for cluster in predicted.unique():
        inside = true[predicted == cluster]
        right += (inside == inside.mode().values).sum().item()
    return right / len(true)


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="type", says="tuple")
def accuracy_and_matching(predicted, true, n):
    counts = table_of(predicted, true, n)
    rows, columns = linear_sum_assignment(-counts)
    return counts[rows, columns].sum().item() / len(true), columns


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="raises")
def assigns_the_labels_themselves(predicted, true, n):
    rows, columns = linear_sum_assignment(predicted, true)
    return (rows == columns).mean()


@wrong("cluster_accuracy", caught_by="fewer_labels_than_clusters", diagnosis="raises")
def table_of_the_values_seen(predicted, true, n):
    counts = np.zeros((len(predicted.unique()), len(true.unique())))
    for a, b in zip(predicted.tolist(), true.tolist(), strict=True):
        counts[a, b] += 1
    return counts[linear_sum_assignment(-counts)].sum() / len(true)


@wrong("cluster_accuracy", caught_by="some_of_each", diagnosis="mistyped", says="NameError")
def not_imported(predicted, true, n):
    counts = table_of(predicted, true, n)
    return counts[scipy.optimize.linear_sum_assignment(-counts)].sum() / len(true)  # noqa: F821
