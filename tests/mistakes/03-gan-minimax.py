"""Answers to section 3. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import copy
import math

import torch
import torch.nn.functional as F
from torch import nn, optim

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

ONE_FUNCTION = (
    r"softplus|log\w*[ _-]?(of )?(the |a )?sigmoid|with_?logits|log(add|sum)_?exp|(1|one) ?(\+"
    r"|plus) ?(the )?(exp|e\^|e to)"
    r"|log1p|(negat\w+|minus|opposite|flip\w*|revers\w*|chang\w+ the sign of|sign of) (of )?(the |each |every )?"
    r"((real|fake|generated) )?logits?\b|(^|[\s(=])-\s?(real_|fake_)?logits?\b|[-−–] ?a\b"
)
bank.spoils(
    "discriminator_loss", ONE_FUNCTION + r"|(zeros|ones)_like\(|label\w* (the |all )?(\w+ ){0,2}(1|ones?|real)\b"
)
bank.spoils("generator_loss_minimax", ONE_FUNCTION)
bank.spoils("generator_loss_nonsaturating", ONE_FUNCTION + r"|label\w* (the |all )?(\w+ ){0,3}(real|1|ones?)\b")
bank.spoils(
    "generator_loss_maximum_likelihood",
    r"\bexp\b|exponential of (the |each |every |a )?(fake )?(logit|a\b)|exponentiat|\be ?(\^|\*\*|to the)"
    r"|e (with|in) the logit|logit\w* (is|are|equals?) (the |a )?log",
)
STEP = (
    r"\.item\(|(clear|zero|reset)\w*.{0,60}(backward|backprop\w*|differentiat\w*).{0,60}(step|updat)"
    r"|backward\(\).{0,40}step\(\)"
)
bank.spoils(
    "discriminator_step",
    STEP
    + r"|\.detach\(|detach\w* (the )?(fake|generator|sample)|no_grad\(\):|(under|around|over|with|in) (\w+\.)?no_grad"
    r"|no_grad (around|over)|with (a )?detach",
)
bank.spoils(
    "generator_step",
    STEP + r"|inputs ?= ?(list|\[|\(|tuple|gen)|(hand|pass|giv|list|nam)\w* (\w+ ){0,3}generator'?s? parameters"
    r"|parameters of the generator"
    r"|freez\w+ (the )?(discriminator|D\b)|generator\.parameters\(\)",
)
bank.spoils(
    "adversarial_turn",
    STEP + r"|noises? ?\[|zip\(|(the )?(last|final)( \w+)? (batch of )?noise|noises? (\w+ )?(last|final)"
    r"|discriminator_step|generator_step",
)

# --- discriminator_loss -----------------------------------------------------------------------------------------------


@right("discriminator_loss")
def softplus(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


@right("discriminator_loss")
def cross_entropy_with_logits(real_logits, fake_logits):
    real = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
    fake = F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
    return real + fake


@right("discriminator_loss")
def log_sigmoid(real_logits, fake_logits):
    return -(F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean())


@right("discriminator_loss")
def log_add_exp(real_logits, fake_logits):
    zero = real_logits.new_zeros(())
    return torch.logaddexp(zero, -real_logits).mean() + torch.logaddexp(zero, fake_logits).mean()


@right("discriminator_loss")
def module_and_sums(real_logits, fake_logits):
    bce = nn.BCEWithLogitsLoss(reduction="sum")
    real = bce(real_logits, torch.ones_like(real_logits)) / real_logits.numel()
    return real + bce(fake_logits, torch.zeros_like(fake_logits)) / fake_logits.numel()


@right("discriminator_loss")
def softmax_of_two_classes(real_logits, fake_logits):
    real = torch.stack([real_logits.flatten(), torch.zeros_like(real_logits.flatten())], dim=1)
    fake = torch.stack([fake_logits.flatten(), torch.zeros_like(fake_logits.flatten())], dim=1)
    return -F.log_softmax(real, dim=1)[:, 0].mean() - F.log_softmax(fake, dim=1)[:, 1].mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="number")
def swapped(real_logits, fake_logits):
    return F.softplus(real_logits).mean() + F.softplus(-fake_logits).mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="factor", says="same factor, 0.5")
def halved(real_logits, fake_logits):
    return (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()) / 2


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="sign", says="sign is reversed")
def the_value_instead_of_the_loss(real_logits, fake_logits):
    return F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean()


@wrong("discriminator_loss", caught_by="unequal_batches", diagnosis="number")
def one_mean_over_both(real_logits, fake_logits):
    logits = torch.cat([real_logits, fake_logits])
    labels = torch.cat([torch.ones_like(real_logits), torch.zeros_like(fake_logits)])
    return 2 * F.binary_cross_entropy_with_logits(logits, labels)


@wrong("discriminator_loss", caught_by="unequal_batches", diagnosis="raises")
def added_before_the_mean(real_logits, fake_logits):
    return (F.softplus(-real_logits) + F.softplus(fake_logits)).mean()


@wrong("discriminator_loss", caught_by="batch_of_one", diagnosis="shape", says="shape")
def mean_over_the_batch_axis_only(real_logits, fake_logits):
    return F.softplus(-real_logits).mean(0) + F.softplus(fake_logits).mean(0)


@wrong("discriminator_loss", caught_by="flat_logits", diagnosis="raises")
def needs_a_column(real_logits, fake_logits):
    return F.softplus(-real_logits[:, 0]).mean() + F.softplus(fake_logits[:, 0]).mean()


@wrong("discriminator_loss", caught_by="maps_of_logits", diagnosis="number")
def sum_over_the_patches(real_logits, fake_logits):
    return F.softplus(-real_logits).sum() / len(real_logits) + F.softplus(fake_logits).sum() / len(fake_logits)


@wrong("discriminator_loss", caught_by="confident_and_wrong", diagnosis="nan")
def log_of_sigmoid(real_logits, fake_logits):
    return -torch.log(torch.sigmoid(real_logits)).mean() - torch.log(1 - torch.sigmoid(fake_logits)).mean()


@wrong("discriminator_loss", caught_by="confident_and_wrong", diagnosis="number")
def log_of_sigmoid_plus_a_little(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -torch.log(real + 1e-8).mean() - torch.log(1 - fake + 1e-8).mean()


@wrong("discriminator_loss", caught_by="confident_and_wrong", diagnosis="number")
def cross_entropy_of_probabilities(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return F.binary_cross_entropy(real, torch.ones_like(real)) + F.binary_cross_entropy(fake, torch.zeros_like(fake))


@wrong("discriminator_loss", caught_by="confident_and_right", diagnosis="nan")
def exp_overflows(real_logits, fake_logits):
    real = torch.log(torch.exp(real_logits) + 1) - real_logits
    return real.mean() + torch.log(torch.exp(fake_logits) + 1).mean()


@wrong("discriminator_loss", caught_by="double_precision", diagnosis="dtype", says="ones_like")
def labels_in_float32(real_logits, fake_logits):
    real = F.binary_cross_entropy_with_logits(real_logits, torch.ones(real_logits.shape))
    return real + F.binary_cross_entropy_with_logits(fake_logits, torch.zeros(fake_logits.shape))


@wrong("discriminator_loss", caught_by="double_precision", diagnosis="dtype")
def casts_to_float32(real_logits, fake_logits):
    return F.softplus(-real_logits.float()).mean() + F.softplus(fake_logits.float()).mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="cut", says="gradient")
def item(real_logits, fake_logits):
    return F.softplus(-real_logits).mean().item() + F.softplus(fake_logits).mean().item()


@wrong("discriminator_loss", caught_by="slopes", diagnosis="slope", says="gradient with respect to fake_logits")
def detached_fakes(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits.detach()).mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="number")
def sigmoid_twice(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return F.softplus(-real).mean() + F.softplus(fake).mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="number")
def real_only(real_logits, fake_logits):
    return F.softplus(-real_logits).mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="number")
def labels_smoothed(real_logits, fake_logits):
    real = F.binary_cross_entropy_with_logits(real_logits, torch.full_like(real_logits, 0.9))
    return real + F.softplus(fake_logits).mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="ignores", says="same whatever")
def two_log_two(real_logits, fake_logits):
    return 0 * real_logits.mean() + 0 * fake_logits.mean() + 2 * torch.log(torch.tensor(2.0))


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="argument", says="is modified")
def changes_its_input(real_logits, fake_logits):
    return F.softplus(real_logits.neg_()).mean() + F.softplus(fake_logits).mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="open", says="not attempted")
def stub(real_logits, fake_logits):
    raise NotImplementedError("your turn")


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="mistyped", says="NameError")
def typo(real_logits, fake_logits):
    return F.softplus(-real_logit).mean()  # noqa: F821


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="type", says="None")
def forgets_return(real_logits, fake_logits):
    F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


@right("discriminator_loss")
def in_double_precision(real_logits, fake_logits):
    real, fake = -F.logsigmoid(real_logits.double()), F.softplus(fake_logits.double())
    return (real.mean() + fake.mean()).to(real_logits.dtype)


@right("discriminator_loss")
def tensorflows_formula(real_logits, fake_logits):
    def cross_entropy(x, label):
        return (x.clamp(min=0) - x * label + torch.log1p(torch.exp(-x.abs()))).mean()

    return cross_entropy(real_logits, 1.0) + cross_entropy(fake_logits, 0.0)


@right("discriminator_loss")
def one_logit_at_a_time(real_logits, fake_logits):
    total = real_logits.new_zeros(())
    for logits, sign in ((real_logits, -1), (fake_logits, 1)):
        for one in logits.flatten():
            total = total + F.softplus(sign * one) / logits.numel()
    return total


@right("discriminator_loss")
def columns_squeezed(real_logits, fake_logits):
    real, fake = real_logits.squeeze(), fake_logits.squeeze()
    targets = torch.ones_like(real), torch.zeros_like(fake)
    return F.binary_cross_entropy_with_logits(real, targets[0]) + F.binary_cross_entropy_with_logits(fake, targets[1])


@right("discriminator_loss")
def log_sum_exp_with_a_zero(real_logits, fake_logits):
    real = torch.stack([torch.zeros_like(real_logits), -real_logits]).logsumexp(0)
    return real.mean() + torch.stack([torch.zeros_like(fake_logits), fake_logits]).logsumexp(0).mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="number")
def logits_and_labels_swapped(real_logits, fake_logits):
    real = F.binary_cross_entropy_with_logits(torch.ones_like(real_logits), real_logits)
    return real + F.binary_cross_entropy_with_logits(torch.zeros_like(fake_logits), fake_logits)


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="number")
def both_labelled_real(real_logits, fake_logits):
    real = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
    return real + F.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="number")
def hinge(real_logits, fake_logits):
    return F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="number")
def least_squares(real_logits, fake_logits):
    return (real_logits - 1).pow(2).mean() + fake_logits.pow(2).mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="number")
def wasserstein(real_logits, fake_logits):
    return fake_logits.mean() - real_logits.mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="number")
def one_minus_the_logit(real_logits, fake_logits):
    return -F.logsigmoid(real_logits).mean() - F.logsigmoid(1 - fake_logits).mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="number")
def difference_of_the_two(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() - F.softplus(fake_logits).mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="number")
def log_of_the_mean(real_logits, fake_logits):
    return -F.logsigmoid(real_logits.mean()) - F.logsigmoid(-fake_logits.mean())


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="factor", says="same factor, 1.443")
def in_bits(real_logits, fake_logits):
    return (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()) / math.log(2)


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="constant")
def above_the_know_nothing_loss(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean() - math.log(4)


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="type", says="tuple of 2")
def two_losses(real_logits, fake_logits):
    return F.softplus(-real_logits).mean(), F.softplus(fake_logits).mean()


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="shape")
def one_loss_per_sample(real_logits, fake_logits):
    return torch.cat([F.softplus(-real_logits), F.softplus(fake_logits)])


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="cut", says="torch.tensor()")
def built_from_numbers(real_logits, fake_logits):
    return torch.Tensor([F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()]).to(real_logits.dtype)[0]


@wrong("discriminator_loss", caught_by="two_batches", diagnosis="cut", says=".numpy()")
def numpys(real_logits, fake_logits):
    real, fake = F.softplus(-real_logits).detach().numpy(), F.softplus(fake_logits).detach().numpy()
    return real.mean() + fake.mean()


@wrong("discriminator_loss", caught_by="slopes", diagnosis="slope", says="gradient with respect to real_logits")
def no_grad_around_the_real_ones(real_logits, fake_logits):
    with torch.no_grad():
        real = F.softplus(-real_logits).mean()
    return real + F.softplus(fake_logits).mean()


@wrong("discriminator_loss", caught_by="flat_logits", diagnosis="raises")
def labels_in_a_column(real_logits, fake_logits):
    ones, zeros = real_logits.new_ones(len(real_logits), 1), fake_logits.new_zeros(len(fake_logits), 1)
    real = F.binary_cross_entropy_with_logits(real_logits, ones.expand(-1, *real_logits.shape[1:]))
    return real + F.binary_cross_entropy_with_logits(fake_logits, zeros.expand(-1, *fake_logits.shape[1:]))


@wrong("discriminator_loss", caught_by="unequal_batches", diagnosis="raises")
def one_set_of_labels(real_logits, fake_logits):
    ones = torch.ones_like(real_logits)
    real = F.binary_cross_entropy_with_logits(real_logits, ones)
    return real + F.binary_cross_entropy_with_logits(fake_logits, 1 - ones)


@wrong("discriminator_loss", caught_by="maps_of_logits", diagnosis="number")
def mean_over_samples_sum_over_patches(real_logits, fake_logits):
    return F.softplus(-real_logits).mean(0).sum() + F.softplus(fake_logits).mean(0).sum()


@wrong("discriminator_loss", caught_by="confident_and_right", diagnosis="nan slope", says="torch.where")
def both_branches_are_computed(real_logits, fake_logits):
    def softplus(x):
        return torch.where(x > 0, x + torch.log1p(torch.exp(-x)), torch.log1p(torch.exp(x)))

    return softplus(-real_logits).mean() + softplus(fake_logits).mean()


@wrong("discriminator_loss", caught_by="confident_and_wrong", diagnosis="nan slope", says="nan")
def where_with_an_overflow(real_logits, fake_logits):
    def softplus(x):
        return torch.where(x > 20, x, torch.log1p(torch.exp(x)))

    return softplus(-real_logits).mean() + softplus(fake_logits).mean()


@wrong("discriminator_loss", caught_by="confident_and_wrong", diagnosis="number")
def clamped_logits(real_logits, fake_logits):
    real, fake = real_logits.clamp(-50, 50), fake_logits.clamp(-50, 50)
    return F.softplus(-real).mean() + F.softplus(fake).mean()


@wrong("discriminator_loss", caught_by="confident_and_wrong", diagnosis="number")
def infinities_replaced(real_logits, fake_logits):
    real = torch.nan_to_num(torch.log(torch.sigmoid(real_logits)), neginf=-100)
    return -real.mean() - torch.nan_to_num(torch.log(1 - torch.sigmoid(fake_logits)), neginf=-100).mean()


# --- generator_loss_minimax -------------------------------------------------------------------------------------------


@right("generator_loss_minimax")
def minus_softplus(fake_logits):
    return -F.softplus(fake_logits).mean()


@right("generator_loss_minimax")
def log_sigmoid_of_minus(fake_logits):
    return F.logsigmoid(-fake_logits).mean()


@right("generator_loss_minimax")
def minus_cross_entropy(fake_logits):
    return -F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))


@right("generator_loss_minimax")
def log_d_minus_the_logit(fake_logits):
    return (F.logsigmoid(fake_logits) - fake_logits).mean()


@wrong("generator_loss_minimax", caught_by="one_batch", diagnosis="sign", says="sign is reversed")
def sign_reversed(fake_logits):
    return F.softplus(fake_logits).mean()


@wrong("generator_loss_minimax", caught_by="one_batch", diagnosis="number")
def non_saturating_instead(fake_logits):
    return F.softplus(-fake_logits).mean()


@wrong("generator_loss_minimax", caught_by="one_batch", diagnosis="number")
def log_d(fake_logits):
    return F.logsigmoid(fake_logits).mean()


@wrong("generator_loss_minimax", caught_by="sure_it_is_real", diagnosis="nan", says="infinite")
def log_one_minus_sigmoid(fake_logits):
    return torch.log(1 - torch.sigmoid(fake_logits)).mean()


@wrong("generator_loss_minimax", caught_by="sure_it_is_real", diagnosis="number")
def log_one_minus_sigmoid_plus_a_little(fake_logits):
    return torch.log(1 - torch.sigmoid(fake_logits) + 1e-8).mean()


@wrong("generator_loss_minimax", caught_by="sure_it_is_real", diagnosis="number")
def clamped_probability(fake_logits):
    return torch.log1p(-torch.sigmoid(fake_logits).clamp(1e-7, 1 - 1e-7)).mean()


@wrong("generator_loss_minimax", caught_by="sure_it_is_fake", diagnosis="nan")
def logit_lost_in_the_exponential(fake_logits):
    return (-fake_logits - torch.log(1 + torch.exp(-fake_logits))).mean()


@wrong("generator_loss_minimax", caught_by="flat_logits", diagnosis="number")
def sum_not_mean(fake_logits):
    return -F.softplus(fake_logits).sum()


@wrong("generator_loss_minimax", caught_by="maps_of_logits", diagnosis="number")
def summed_patches(fake_logits):
    return -F.softplus(fake_logits).sum() / len(fake_logits)


@wrong("generator_loss_minimax", caught_by="batch_of_one", diagnosis="shape", says="shape")
def squeezes_nothing(fake_logits):
    return -F.softplus(fake_logits).mean(0)


@wrong("generator_loss_minimax", caught_by="double_precision", diagnosis="dtype", says="dtype")
def casts_down(fake_logits):
    return -F.softplus(fake_logits.float()).mean()


@wrong("generator_loss_minimax", caught_by="one_batch", diagnosis="factor", says="same factor, 0.5")
def half(fake_logits):
    return -0.5 * F.softplus(fake_logits).mean()


@right("generator_loss_minimax")
def in_double_precision_and_back(fake_logits):
    return -torch.logaddexp(fake_logits.double(), torch.zeros_like(fake_logits).double()).mean().to(fake_logits.dtype)


@right("generator_loss_minimax")
def second_column_of_a_softmax(fake_logits):
    both = torch.stack([fake_logits, torch.zeros_like(fake_logits)], dim=-1)
    return both.log_softmax(-1)[..., 1].mean()


@right("generator_loss_minimax")
def one_logit_at_a_time(fake_logits):
    return sum(F.logsigmoid(-one) for one in fake_logits.flatten()) / fake_logits.numel()


@wrong("generator_loss_minimax", caught_by="one_batch", diagnosis="number")
def log_of_the_mean(fake_logits):
    return torch.log1p(-torch.sigmoid(fake_logits).mean())


@wrong("generator_loss_minimax", caught_by="one_batch", diagnosis="nan")
def logits_taken_for_probabilities(fake_logits):
    return torch.log(1 - fake_logits).mean()


@wrong("generator_loss_minimax", caught_by="one_batch", diagnosis="number")
def one_minus_the_logit(fake_logits):
    return F.logsigmoid(1 - fake_logits).mean()


@wrong("generator_loss_minimax", caught_by="one_batch", diagnosis="number")
def probability_without_the_log(fake_logits):
    return (1 - torch.sigmoid(fake_logits)).mean()


@wrong("generator_loss_minimax", caught_by="one_batch", diagnosis="number")
def sigmoid_twice(fake_logits):
    return F.logsigmoid(-torch.sigmoid(fake_logits)).mean()


@wrong("generator_loss_minimax", caught_by="one_batch", diagnosis="number")
def logit_of_the_mean(fake_logits):
    return -F.softplus(fake_logits.mean())


@wrong("generator_loss_minimax", caught_by="one_batch", diagnosis="cut", says=".item()")
def a_number(fake_logits):
    return -F.softplus(fake_logits).mean().item()


@wrong("generator_loss_minimax", caught_by="one_batch", diagnosis="type", says="None")
def forgets_return(fake_logits):
    F.logsigmoid(-fake_logits).mean()


@wrong("generator_loss_minimax", caught_by="one_batch", diagnosis="argument", says="modified")
def in_place(fake_logits):
    with torch.no_grad():
        fake_logits.neg_()
    return F.logsigmoid(fake_logits).mean()


@wrong("generator_loss_minimax", caught_by="sure_it_is_real", diagnosis="number")
def cross_entropy_of_the_probability(fake_logits):
    d = torch.sigmoid(fake_logits)
    return -F.binary_cross_entropy(d, torch.zeros_like(d))


@wrong("generator_loss_minimax", caught_by="sure_it_is_real", diagnosis="nan slope")
def where_with_an_overflow(fake_logits):
    return -torch.where(fake_logits > 20, fake_logits, torch.log1p(torch.exp(fake_logits))).mean()


@wrong("generator_loss_minimax", caught_by="sure_it_is_real", diagnosis="number")
def logits_kept_within_thirty(fake_logits):
    return -F.softplus(fake_logits.clamp(-30, 30)).mean()


@wrong("generator_loss_minimax", caught_by="flat_logits", diagnosis="raises")
def needs_a_column(fake_logits):
    return -F.softplus(fake_logits[:, 0]).mean()


# --- generator_loss_nonsaturating -------------------------------------------------------------------------------------


@right("generator_loss_nonsaturating")
def softplus_of_minus(fake_logits):
    return F.softplus(-fake_logits).mean()


@right("generator_loss_nonsaturating")
def cross_entropy_against_ones(fake_logits):
    return F.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))


@right("generator_loss_nonsaturating")
def minus_log_sigmoid(fake_logits):
    return -torch.mean(F.logsigmoid(fake_logits))


@right("generator_loss_nonsaturating")
def by_cases(fake_logits):
    positive = torch.log1p(torch.exp(-fake_logits.abs()))
    return (positive + torch.relu(-fake_logits)).mean()


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="sign", says="sign is reversed")
def climbs_down(fake_logits):
    return F.logsigmoid(fake_logits).mean()


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="number")
def minimax_instead(fake_logits):
    return -F.softplus(fake_logits).mean()


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="number")
def labels_of_zero(fake_logits):
    return F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))


@wrong("generator_loss_nonsaturating", caught_by="sure_it_is_fake", diagnosis="number")
def log_sigmoid_plus_a_little(fake_logits):
    return -torch.log(torch.sigmoid(fake_logits) + 1e-8).mean()


@wrong("generator_loss_nonsaturating", caught_by="sure_it_is_fake", diagnosis="nan")
def naive_log_sigmoid(fake_logits):
    return -torch.log(torch.sigmoid(fake_logits)).mean()


@wrong("generator_loss_nonsaturating", caught_by="sure_it_is_fake", diagnosis="number")
def clamped_logits(fake_logits):
    return F.softplus(-fake_logits.clamp(-20, 20)).mean()


@wrong("generator_loss_nonsaturating", caught_by="sure_it_is_real", diagnosis="nan")
def overflowing_exponential(fake_logits):
    return (torch.log(torch.exp(fake_logits) + 1) - fake_logits).mean()


@wrong("generator_loss_nonsaturating", caught_by="flat_logits", diagnosis="number")
def summed(fake_logits):
    return F.softplus(-fake_logits).sum()


@wrong("generator_loss_nonsaturating", caught_by="maps_of_logits", diagnosis="raises")
def patches_summed(fake_logits):
    return F.softplus(-fake_logits).flatten(1).sum(1).mean()


@wrong("generator_loss_nonsaturating", caught_by="batch_of_one", diagnosis="shape", says="shape")
def keeps_an_axis(fake_logits):
    return F.softplus(-fake_logits).mean(dim=0, keepdim=True)


@wrong("generator_loss_nonsaturating", caught_by="double_precision", diagnosis="dtype", says="dtype")
def targets_in_float32(fake_logits):
    return F.binary_cross_entropy_with_logits(fake_logits.float(), torch.ones(fake_logits.shape))


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="cut", says="gradient")
def detached(fake_logits):
    return F.softplus(-fake_logits.detach()).mean()


@right("generator_loss_nonsaturating")
def in_double_precision_and_back(fake_logits):
    wide = fake_logits.double()
    return torch.logaddexp(-wide, torch.zeros_like(wide)).mean().to(fake_logits.dtype)


@right("generator_loss_nonsaturating")
def softplus_minus_the_logit(fake_logits):
    return (F.softplus(fake_logits) - fake_logits).mean()


@right("generator_loss_nonsaturating")
def one_logit_at_a_time(fake_logits):
    return torch.stack([F.softplus(-one) for one in fake_logits.flatten()]).sum() / fake_logits.numel()


@right("generator_loss_nonsaturating")
def two_classes(fake_logits):
    real = torch.stack([torch.zeros_like(fake_logits), fake_logits], dim=-1).flatten(0, -2)
    return F.cross_entropy(real, torch.ones(len(real), dtype=torch.long))


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="number")
def log_of_the_mean(fake_logits):
    return -torch.sigmoid(fake_logits).mean().log()


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="number")
def logit_of_the_mean(fake_logits):
    return F.softplus(-fake_logits.mean())


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="number")
def least_squares(fake_logits):
    return (fake_logits - 1).pow(2).mean()


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="number")
def wasserstein(fake_logits):
    return -fake_logits.mean()


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="number")
def one_sided_label_smoothing(fake_logits):
    return F.binary_cross_entropy_with_logits(fake_logits, torch.full_like(fake_logits, 0.9))


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="number")
def sigmoid_twice(fake_logits):
    d = torch.sigmoid(fake_logits)
    return F.binary_cross_entropy_with_logits(d, torch.ones_like(d))


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="number")
def positive_minimax(fake_logits):
    return F.softplus(fake_logits).mean()


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="factor", says="same factor, 0.5")
def heuristic_with_a_half(fake_logits):
    return 0.5 * F.softplus(-fake_logits).mean()


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="raises")
def labels_without_the_column(fake_logits):
    return nn.BCEWithLogitsLoss()(fake_logits, fake_logits.new_ones(fake_logits.numel(), 2))


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="shape")
def no_mean(fake_logits):
    return F.softplus(-fake_logits)


@wrong("generator_loss_nonsaturating", caught_by="one_batch", diagnosis="mistyped", says="NameError")
def criterion_from_another_cell(fake_logits):
    return criterion(fake_logits, torch.ones_like(fake_logits))  # noqa: F821


@wrong("generator_loss_nonsaturating", caught_by="maps_of_logits", diagnosis="number")
def summed_over_the_patches(fake_logits):
    return F.softplus(-fake_logits).sum() / len(fake_logits)


@wrong("generator_loss_nonsaturating", caught_by="sure_it_is_fake", diagnosis="number")
def clamped_probability(fake_logits):
    return -torch.sigmoid(fake_logits).clamp(min=1e-7).log().mean()


@wrong("generator_loss_nonsaturating", caught_by="sure_it_is_fake", diagnosis="nan slope")
def where_with_an_overflow(fake_logits):
    x = -fake_logits
    return torch.where(x > 20, x, torch.log1p(torch.exp(x))).mean()


@wrong("generator_loss_nonsaturating", caught_by="sure_it_is_fake", diagnosis="number")
def cross_entropy_of_the_probability(fake_logits):
    d = torch.sigmoid(fake_logits)
    return F.binary_cross_entropy(d, torch.ones_like(d))


# --- generator_loss_maximum_likelihood --------------------------------------------------------------------------------


@right("generator_loss_maximum_likelihood")
def minus_exp(fake_logits):
    return -fake_logits.exp().mean()


@right("generator_loss_maximum_likelihood")
def torch_exp(fake_logits):
    return torch.mean(-torch.exp(fake_logits))


@right("generator_loss_maximum_likelihood")
def by_log_sum_exp(fake_logits):
    flat = fake_logits.flatten()
    return -torch.exp(torch.logsumexp(flat, 0)) / flat.numel()


@right("generator_loss_maximum_likelihood")
def odds_from_two_log_probabilities(fake_logits):
    return -torch.exp(F.logsigmoid(fake_logits) - F.logsigmoid(-fake_logits)).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="factor", says="same factor, 0.5")
def with_the_lectures_half(fake_logits):
    return -0.5 * fake_logits.exp().mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="sign", says="sign is reversed")
def plus_exp(fake_logits):
    return fake_logits.exp().mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="number")
def logit_without_exp(fake_logits):
    return -fake_logits.mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="number")
def exp_of_the_probability(fake_logits):
    return -torch.exp(torch.sigmoid(fake_logits)).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="number")
def exp_of_the_mean(fake_logits):
    return -torch.exp(fake_logits.mean()) + 0 * fake_logits.sum()


@wrong("generator_loss_maximum_likelihood", caught_by="large_odds", diagnosis="nan")
def odds_of_the_sigmoid(fake_logits):
    d = torch.sigmoid(fake_logits)
    return -(d / (1 - d)).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="large_odds", diagnosis="number")
def odds_plus_a_little(fake_logits):
    d = torch.sigmoid(fake_logits)
    return -(d / (1 - d + 1e-7)).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="very_large_odds", diagnosis="number")
def clamped(fake_logits):
    return -torch.exp(fake_logits.clamp(max=50)).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="sure_it_is_fake", diagnosis="number")
def log_sum_exp_as_a_loss(fake_logits):
    return -torch.logsumexp(fake_logits.flatten(), 0) / fake_logits.numel()


@wrong("generator_loss_maximum_likelihood", caught_by="flat_logits", diagnosis="number")
def sum_of_exp(fake_logits):
    return -fake_logits.exp().sum()


@wrong("generator_loss_maximum_likelihood", caught_by="maps_of_logits", diagnosis="number")
def patches_added(fake_logits):
    return -fake_logits.exp().sum() / len(fake_logits)


@wrong("generator_loss_maximum_likelihood", caught_by="batch_of_one", diagnosis="shape", says="shape")
def mean_over_rows(fake_logits):
    return -fake_logits.exp().mean(0)


@wrong("generator_loss_maximum_likelihood", caught_by="double_precision", diagnosis="dtype", says="dtype")
def exp_in_float32(fake_logits):
    return -fake_logits.float().exp().mean()


@right("generator_loss_maximum_likelihood")
def in_double_precision_and_back(fake_logits):
    return -fake_logits.double().exp().mean().to(fake_logits.dtype)


@right("generator_loss_maximum_likelihood")
def power_of_two(fake_logits):
    return -torch.exp2(fake_logits / math.log(2)).mean()


@right("generator_loss_maximum_likelihood")
def one_logit_at_a_time(fake_logits):
    return -sum(one.exp() for one in fake_logits.flatten()) / fake_logits.numel()


@right("generator_loss_maximum_likelihood")
def scaled_before_the_sum(fake_logits):
    return -torch.exp(fake_logits - math.log(fake_logits.numel())).sum()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="constant")
def one_over_one_minus_d(fake_logits):
    return -torch.exp(F.softplus(fake_logits)).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="constant")
def exponential_minus_one(fake_logits):
    return -torch.expm1(fake_logits).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="number")
def odds_of_a_fake(fake_logits):
    return -torch.exp(-fake_logits).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="number")
def logits_taken_for_probabilities(fake_logits):
    return -(fake_logits / (1 - fake_logits)).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="number")
def log_likelihood_of_real(fake_logits):
    return -F.logsigmoid(fake_logits).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="number")
def only_the_probability(fake_logits):
    return -torch.sigmoid(fake_logits).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="number")
def reverse_kl(fake_logits):
    return -fake_logits.mean() + 0 * fake_logits.sum()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="number")
def odds_as_fixed_weights(fake_logits):
    return -(fake_logits.exp().detach() * fake_logits).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="cut", says=".detach()")
def detached(fake_logits):
    return -fake_logits.detach().exp().mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="raises")
def one_number(fake_logits):
    return -math.exp(fake_logits)


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="argument", says="modified")
def in_place(fake_logits):
    return -fake_logits.exp_().mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", diagnosis="shape")
def no_mean(fake_logits):
    return -fake_logits.exp()


@wrong("generator_loss_maximum_likelihood", caught_by="very_large_odds", diagnosis="nan")
def odds_in_double_precision(fake_logits):
    d = torch.sigmoid(fake_logits.double())
    return -(d / (1 - d)).mean().to(fake_logits.dtype)


@wrong("generator_loss_maximum_likelihood", caught_by="very_large_odds", diagnosis="nan")
def square_over_the_odds(fake_logits):
    return -(torch.exp(2 * fake_logits) / torch.exp(fake_logits)).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="sure_it_is_fake", diagnosis="number")
def clamped_below(fake_logits):
    return -torch.exp(fake_logits.clamp(min=-40)).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="sure_it_is_fake", diagnosis="number")
def a_little_added(fake_logits):
    return -(fake_logits.exp() + 1e-12).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="large_odds", diagnosis="number")
def probability_kept_off_one(fake_logits):
    d = torch.sigmoid(fake_logits).clamp(max=1 - 1e-6)
    return -(d / (1 - d)).mean()


# --- discriminator_step -----------------------------------------------------------------------------------------------


@right("discriminator_step")
def no_grad_fakes(generator, discriminator, optimizer, real, noise, loss):
    with torch.no_grad():
        fake = generator(noise)
    value = loss(discriminator(real), discriminator(fake))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@right("discriminator_step")
def detach_fakes(generator, discriminator, optimizer, real, noise, loss):
    optimizer.zero_grad()
    fake = generator(noise).detach()
    value = loss(discriminator(real), discriminator(fake))
    value.backward()
    optimizer.step()
    return float(value)


@right("discriminator_step")
def only_my_inputs(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise)))
    optimizer.zero_grad(set_to_none=False)
    value.backward(inputs=list(discriminator.parameters()))
    optimizer.step()
    return value.detach().item()


@right("discriminator_step")
def freezes_and_restores(generator, discriminator, optimizer, real, noise, loss):
    flags = [p.requires_grad for p in generator.parameters()]
    generator.requires_grad_(False)
    discriminator.zero_grad()
    value = loss(discriminator(real), discriminator(generator(noise)))
    value.backward()
    optimizer.step()
    for p, flag in zip(generator.parameters(), flags, strict=True):
        p.requires_grad_(flag)
    return value.item()


@right("discriminator_step")
def gradients_by_hand(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise)))
    parameters = list(discriminator.parameters())
    for p, g in zip(parameters, torch.autograd.grad(value, parameters), strict=True):
        p.grad = g
    optimizer.step()
    return value.item()


@right("discriminator_step")
def one_pass_through_both(generator, discriminator, optimizer, real, noise, loss):
    fake = generator(noise).detach()
    logits = discriminator(torch.cat([real, fake]))
    value = loss(logits[: len(real)], logits[len(real) :])
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="left gradients", says="generator")
def backward_into_the_generator(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="old_gradients", diagnosis="left gradients", says="generator")
def clears_the_generator_too(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    generator.zero_grad()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="old_gradients", diagnosis="update")
def no_zero_grad(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="never moved")
def forgets_to_step(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="number")
def real_and_fake_swapped(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(generator(noise).detach()), discriminator(real))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="number")
def ignores_the_loss_it_is_given(generator, discriminator, optimizer, real, noise, loss):
    value = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(generator(noise).detach())).mean()
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="number")
def loss_after_the_update(generator, discriminator, optimizer, real, noise, loss):
    fake = generator(noise).detach()
    optimizer.zero_grad()
    loss(discriminator(real), discriminator(fake)).backward()
    optimizer.step()
    return loss(discriminator(real), discriminator(fake)).item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="type", says="float")
def returns_the_tensor(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value


@wrong("discriminator_step", caught_by="unequal_batches", diagnosis="number")
def as_many_fakes_as_reals(generator, discriminator, optimizer, real, noise, loss):
    noise = torch.cat([noise] * 5)[: len(real)]
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="random")
def fresh_noise(generator, discriminator, optimizer, real, noise, loss):
    fake = generator(torch.randn_like(noise)).detach()
    value = loss(discriminator(real), discriminator(fake))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="frozen_layer", diagnosis="flags", says="requires_grad")
def thaws_everything(generator, discriminator, optimizer, real, noise, loss):
    generator.requires_grad_(False)
    value = loss(discriminator(real), discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    generator.requires_grad_(True)
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="flags", says="requires_grad")
def leaves_the_generator_frozen(generator, discriminator, optimizer, real, noise, loss):
    generator.requires_grad_(False)
    value = loss(discriminator(real), discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="adam", diagnosis="update")
def descends_by_hand(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    with torch.no_grad():
        for p in discriminator.parameters():
            p -= optimizer.param_groups[0]["lr"] * p.grad
    return value.item()


@wrong("discriminator_step", caught_by="images", diagnosis="raises")
def flattens(generator, discriminator, optimizer, real, noise, loss):
    fake = generator(noise).detach().flatten(1)
    value = loss(discriminator(real.flatten(1)), discriminator(fake))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="single_precision", diagnosis="raises")
def insists_on_double(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real.double()), discriminator(generator(noise.double()).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="twice")
def steps_twice(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    optimizer.step()
    return value.item()


@right("discriminator_step")
def with_a_closure(generator, discriminator, optimizer, real, noise, loss):
    fake = generator(noise).detach()

    def closure():
        optimizer.zero_grad()
        value = loss(discriminator(real), discriminator(fake))
        value.backward()
        return value

    return optimizer.step(closure).item()


@right("discriminator_step")
def one_sample_at_a_time(generator, discriminator, optimizer, real, noise, loss):
    fake = torch.cat([generator(z[None]).data for z in noise])
    value = loss(torch.cat([discriminator(x[None]) for x in real]), torch.cat([discriminator(x[None]) for x in fake]))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.tolist()


@right("discriminator_step")
def functional_call(generator, discriminator, optimizer, real, noise, loss):
    weights = {name: p.detach().requires_grad_() for name, p in discriminator.named_parameters()}

    def logits(x):
        return torch.func.functional_call(discriminator, weights, (x,))

    value = loss(logits(real), logits(generator(noise).detach()))
    found = torch.autograd.grad(value, list(weights.values()))
    for p, gradient in zip(discriminator.parameters(), found, strict=True):
        p.grad = gradient
    optimizer.step()
    return value.item()


@right("discriminator_step")
def fakes_first(generator, discriminator, optimizer, real, noise, loss):
    discriminator.zero_grad(set_to_none=True)
    with torch.inference_mode():
        fake = generator(noise)
    fake_logits = discriminator(fake.clone())
    value = loss(discriminator(real), fake_logits)
    value.backward(torch.ones_like(value))
    optimizer.step()
    return float(value.detach().double())


@wrong("discriminator_step", caught_by="one_step", diagnosis="never moved")
def clears_between_backward_and_step(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    value.backward()
    optimizer.zero_grad()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="never moved")
def trains_a_copy(generator, discriminator, optimizer, real, noise, loss):
    discriminator = copy.deepcopy(discriminator)
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="adam", diagnosis="never moved")
def first_group_only(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    parameters = optimizer.param_groups[0]["params"]
    for p, gradient in zip(parameters, torch.autograd.grad(value, parameters), strict=True):
        p.grad = gradient
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="adam", diagnosis="update")
def own_optimizer(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    own = optim.SGD(discriminator.parameters(), lr=optimizer.param_groups[0]["lr"])
    own.zero_grad()
    value.backward()
    own.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="uphill")
def climbs(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    (-value).backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="update")
def half_of_the_loss(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    (value / 2).backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="update")
def clips_gradients(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    nn.utils.clip_grad_norm_(discriminator.parameters(), 0.1)
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="update")
def clips_weights(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    for p in discriminator.parameters():
        p.data.clamp_(-0.1, 0.1)
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="update")
def real_logits_detached(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real).detach(), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="update")
def fake_logits_detached(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise)).detach())
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="update")
def two_turns(generator, discriminator, optimizer, real, noise, loss):
    for turn in range(2):
        value = loss(discriminator(real), discriminator(generator(noise).detach()))
        first = value if turn == 0 else first  # noqa: F821
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return first.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="twice")
def backward_twice(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward(retain_graph=True)
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="others moved")
def both_players_move(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise)))
    optimizer.zero_grad()
    generator.zero_grad()
    value.backward()
    optimizer.step()
    optim.SGD(generator.parameters(), lr=0.1).step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="raises")
def everything_without_a_graph(generator, discriminator, optimizer, real, noise, loss):
    with torch.no_grad():
        value = loss(discriminator(real), discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="number")
def fakes_against_fakes(generator, discriminator, optimizer, real, noise, loss):
    fake = generator(noise).detach()
    value = loss(discriminator(fake), discriminator(fake))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="number")
def probabilities_to_the_loss(generator, discriminator, optimizer, real, noise, loss):
    real_side, fake_side = discriminator(real).sigmoid(), discriminator(generator(noise).detach()).sigmoid()
    value = loss(real_side, fake_side)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="unequal_batches", diagnosis="number")
def loss_of_each_sample_added(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item() * len(real)


@wrong("discriminator_step", caught_by="one_step", diagnosis="factor", says="same factor, 0.5")
def averaged_loss(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item() / 2


@wrong("discriminator_step", caught_by="one_step", diagnosis="type")
def numpys_number(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.detach().numpy()


@wrong("discriminator_step", caught_by="one_step", diagnosis="type")
def loss_and_fakes(generator, discriminator, optimizer, real, noise, loss):
    fake = generator(noise).detach()
    value = loss(discriminator(real), discriminator(fake))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item(), fake


@wrong("discriminator_step", caught_by="one_step", diagnosis="type", says="None")
def forgets_return(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()


@wrong("discriminator_step", caught_by="one_step", diagnosis="flags", says=".training")
def generator_in_evaluation_mode(generator, discriminator, optimizer, real, noise, loss):
    generator.eval()
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="frozen_layer", diagnosis="flags", says=".training")
def everybody_in_training_mode(generator, discriminator, optimizer, real, noise, loss):
    generator.train()
    discriminator.train()
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="frozen_layer", diagnosis="flags", says=".training")
def evaluation_and_back(generator, discriminator, optimizer, real, noise, loss):
    generator.eval()
    with torch.no_grad():
        fake = generator(noise)
    generator.train()
    value = loss(discriminator(real), discriminator(fake))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="old_gradients", diagnosis="left gradients", says="generator")
def clears_the_generator_first(generator, discriminator, optimizer, real, noise, loss):
    generator.zero_grad()
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="argument", says="optimizer")
def slows_down(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    for group in optimizer.param_groups:
        group["lr"] *= 0.999
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="number")
def scales_the_data(generator, discriminator, optimizer, real, noise, loss):
    real.div_(real.abs().max()).mul_(real.abs().max())
    real.clamp_(-1, 1)
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="random", says="random")
def instance_noise(generator, discriminator, optimizer, real, noise, loss):
    real_logits = discriminator(real + 0.1 * torch.randn_like(real))
    value = loss(real_logits, discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="images", diagnosis="raises")
def two_columns_assumed(generator, discriminator, optimizer, real, noise, loss):
    fake = generator(noise).detach().view(-1, 3)
    value = loss(discriminator(real.view(-1, 3)), discriminator(fake))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step", diagnosis="replaced")
def new_parameters(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    for module in discriminator.modules():
        for name, p in list(module.named_parameters(recurse=False)):
            setattr(module, name, nn.Parameter(p.detach().clone()))
    return value.item()


# --- generator_step ---------------------------------------------------------------------------------------------------


@right("generator_step")
def only_the_generators_inputs(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@right("generator_step")
def freezes_and_restores_d(generator, discriminator, optimizer, noise, loss):
    flags = {p: p.requires_grad for p in discriminator.parameters()}
    for p in flags:
        p.requires_grad = False
    try:
        optimizer.zero_grad()
        value = loss(discriminator(generator(noise)))
        value.backward()
        optimizer.step()
    finally:
        for p, flag in flags.items():
            p.requires_grad = flag
    return value.item()


@right("generator_step")
def saves_the_gradients_of_d(generator, discriminator, optimizer, noise, loss):
    saved = [None if p.grad is None else p.grad.clone() for p in discriminator.parameters()]
    optimizer.zero_grad()
    value = loss(discriminator(generator(noise)))
    value.backward()
    optimizer.step()
    for p, grad in zip(discriminator.parameters(), saved, strict=True):
        p.grad = grad
    return float(value.detach())


@right("generator_step")
def gradients_of_g_by_hand(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    gradients = torch.autograd.grad(value, parameters)
    for p, g in zip(parameters, gradients, strict=True):
        p.grad = g
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="left gradients", says="discriminator")
def plain_backward(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="old_gradients", diagnosis="left gradients", says="discriminator")
def wipes_the_gradients_of_d(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    discriminator.zero_grad()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="never moved")
def detaches_the_fakes(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="raises")
def no_grad_around_the_discriminator(generator, discriminator, optimizer, noise, loss):
    fake = generator(noise)
    with torch.no_grad():
        logits = discriminator(fake)
    value = loss(logits)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="old_gradients", diagnosis="update")
def accumulates(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="uphill")
def climbs(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    (-value).backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="number")
def own_loss(generator, discriminator, optimizer, noise, loss):
    value = F.softplus(-discriminator(generator(noise))).mean()
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="frozen_layer", diagnosis="flags", says="requires_grad")
def thaws_the_discriminator(generator, discriminator, optimizer, noise, loss):
    discriminator.requires_grad_(False)
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    discriminator.requires_grad_(True)
    return value.item()


@wrong("generator_step", caught_by="adam", diagnosis="update")
def gradient_descent_by_hand(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    parameters = list(generator.parameters())
    with torch.no_grad():
        for p, g in zip(parameters, torch.autograd.grad(value, parameters), strict=True):
            p -= 0.1 * g
    return value.item()


@wrong("generator_step", caught_by="batch_of_one", diagnosis="number")
def squeezes_the_batch(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise).squeeze())[1:])
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="images", diagnosis="raises")
def flattens_the_fakes(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise).flatten(1)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="single_precision", diagnosis="raises")
def always_double(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise.double())))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="type", says="float")
def returns_a_tensor(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.detach()


@right("generator_step")
def one_vector_at_a_time(generator, discriminator, optimizer, noise, loss):
    logits = torch.cat([discriminator(generator(z[None])) for z in noise])
    value = loss(logits)
    optimizer.zero_grad()
    value.backward(inputs=[p for p in generator.parameters()])
    optimizer.step()
    return value.item()


@right("generator_step")
def in_two_halves(generator, discriminator, optimizer, noise, loss):
    fake = generator(noise)
    seen = fake.detach().requires_grad_()
    value = loss(discriminator(seen))
    (slope,) = torch.autograd.grad(value, seen)
    optimizer.zero_grad()
    fake.backward(slope)
    optimizer.step()
    return value.item()


@right("generator_step")
def discriminator_as_a_function(generator, discriminator, optimizer, noise, loss):
    frozen = {name: p.detach() for name, p in discriminator.named_parameters()}
    value = loss(torch.func.functional_call(discriminator, frozen, (generator(noise),)))
    optimizer.zero_grad(set_to_none=False)
    value.backward()
    optimizer.step()
    return value.item()


@right("generator_step")
def a_frozen_copy(generator, discriminator, optimizer, noise, loss):
    critic = copy.deepcopy(discriminator).requires_grad_(False)
    value = loss(critic(generator(noise)))
    generator.zero_grad()
    value.backward()
    optimizer.step()
    return float(value)


@wrong("generator_step", caught_by="one_step", diagnosis="left gradients", says="discriminator")
def clears_everybody_first(generator, discriminator, optimizer, noise, loss):
    generator.zero_grad()
    discriminator.zero_grad()
    value = loss(discriminator(generator(noise)))
    value.backward()
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="old_gradients", diagnosis="left gradients", says="discriminator")
def clears_the_discriminator_first(generator, discriminator, optimizer, noise, loss):
    discriminator.zero_grad()
    optimizer.zero_grad()
    value = loss(discriminator(generator(noise)))
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="never moved")
def fakes_without_a_graph(generator, discriminator, optimizer, noise, loss):
    with torch.no_grad():
        fake = generator(noise)
    value = loss(discriminator(fake))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="never moved")
def data_of_the_fakes(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise).data))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="never moved")
def gradients_of_the_discriminator(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(discriminator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="never moved")
def forgets_to_step(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="never moved")
def clears_after_backward(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    value.backward(inputs=list(generator.parameters()))
    optimizer.zero_grad()
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="adam", diagnosis="never moved")
def first_group_only(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    parameters = optimizer.param_groups[0]["params"]
    optimizer.zero_grad()
    value.backward(inputs=parameters)
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="adam", diagnosis="update")
def own_optimizer(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    own = optim.SGD(generator.parameters(), lr=optimizer.param_groups[0]["lr"])
    own.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    own.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="update")
def new_adam_every_time(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optim.Adam(generator.parameters(), lr=0.1).step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="update")
def clips_gradients(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    nn.utils.clip_grad_norm_(generator.parameters(), 0.05)
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="update")
def half_of_the_loss(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    (value / 2).backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="twice")
def steps_twice(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="twice")
def backward_twice(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    for _ in range(2):
        value.backward(inputs=list(generator.parameters()), retain_graph=True)
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="others moved")
def both_players_move(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    discriminator.zero_grad()
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    optim.SGD(discriminator.parameters(), lr=0.1).step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="others moved", says="discriminator")
def keeps_the_discriminator_in_bounds(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    with torch.no_grad():
        for p in discriminator.parameters():
            p.clamp_(-0.1, 0.1)
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="number")
def loss_after_the_update(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss(discriminator(generator(noise))).item()


@wrong("generator_step", caught_by="one_step", diagnosis="number")
def probabilities_to_the_loss(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)).sigmoid())
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="sign", says="sign is reversed")
def loss_to_be_maximised(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return -value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="random", says="random")
def fresh_noise(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(torch.randn_like(noise))))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="number")
def twice_the_noise(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(torch.cat([noise, -noise]))))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="flags", says="requires_grad")
def leaves_the_discriminator_frozen(generator, discriminator, optimizer, noise, loss):
    discriminator.requires_grad_(False)
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="flags", says=".training")
def discriminator_in_evaluation_mode(generator, discriminator, optimizer, noise, loss):
    discriminator.eval()
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="frozen_layer", diagnosis="flags", says=".training")
def evaluation_and_back(generator, discriminator, optimizer, noise, loss):
    discriminator.eval()
    value = loss(discriminator(generator(noise)))
    discriminator.train()
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="frozen_layer", diagnosis="flags", says=".training")
def generator_in_training_mode(generator, discriminator, optimizer, noise, loss):
    generator.train()
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="adam", diagnosis="argument")
def warms_up(generator, discriminator, optimizer, noise, loss):
    for group in optimizer.param_groups:
        group["lr"] = min(0.1, group["lr"] * 1.01)
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="number")
def scales_the_noise(generator, discriminator, optimizer, noise, loss):
    with torch.no_grad():
        noise.mul_(2).div_(2.5)
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="type", says="None")
def forgets_return(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()


@wrong("generator_step", caught_by="one_step", diagnosis="type")
def loss_and_fakes(generator, discriminator, optimizer, noise, loss):
    fake = generator(noise)
    value = loss(discriminator(fake))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item(), fake.detach()


@wrong("generator_step", caught_by="one_step", diagnosis="number")
def discriminator_left_out(generator, discriminator, optimizer, noise, loss):
    value = loss(generator(noise))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", diagnosis="raises")
def labels_too(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)), torch.ones(len(noise), 1))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


# --- adversarial_turn -------------------------------------------------------------------------------------------------


@right("adversarial_turn")
def calls_the_steps(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    d_values = [
        discriminator_step(generator, discriminator, d_optimizer, real, noise, d_loss)  # noqa: F821
        for real, noise in zip(reals, noises[:-1], strict=True)
    ]
    return d_values, generator_step(generator, discriminator, g_optimizer, noises[-1], g_loss)  # noqa: F821


@right("adversarial_turn")
def by_index(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    k = len(reals)
    d_values = []
    for i in range(k):
        d_values += [discriminator_step(generator, discriminator, d_optimizer, reals[i], noises[i], d_loss)]  # noqa: F821
    g_value = generator_step(generator, discriminator, g_optimizer, noises[k], g_loss)  # noqa: F821
    return d_values, g_value


@right("adversarial_turn")
def one_stream_of_noise(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    stream = iter(noises)
    found = ([], 0.0)
    for real in reals:
        found[0].append(discriminator_step(generator, discriminator, d_optimizer, real, next(stream), d_loss))  # noqa: F821
    return [found[0], generator_step(generator, discriminator, g_optimizer, next(stream), g_loss)]  # noqa: F821


@right("adversarial_turn")
def written_out(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    d_values = []
    for real, noise in zip(reals, noises, strict=False):
        d_optimizer.zero_grad()
        value = d_loss(discriminator(real), discriminator(generator(noise).detach()))
        value.backward()
        d_optimizer.step()
        d_values.append(value.item())
    g_optimizer.zero_grad()
    value = g_loss(discriminator(generator(noises[-1])))
    value.backward()
    g_optimizer.step()
    return d_values, value.item()


@right("adversarial_turn")
def half_of_it_written_out(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    d_values = []
    for k, real in enumerate(reals):
        d_values.append(discriminator_step(generator, discriminator, d_optimizer, real, noises[k], d_loss))  # noqa: F821
    value = g_loss(discriminator(generator(noises[len(reals)])))
    own = [p for group in g_optimizer.param_groups for p in group["params"]]
    g_optimizer.zero_grad()
    for p, slope in zip(own, torch.autograd.grad(value, own), strict=True):
        p.grad = slope
    g_optimizer.step()
    return tuple(d_values), float(value)


@right("adversarial_turn")
def fakes_made_first_where_g_rests(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    with torch.no_grad():
        fakes = [generator(noise) for noise in noises[:-1]]
    d_values = []
    for real, fake in zip(reals, fakes, strict=True):
        logits = discriminator(torch.cat([real, fake]))
        value = d_loss(logits[: len(real)], logits[len(real) :])
        d_optimizer.zero_grad(set_to_none=False)
        value.backward()
        d_optimizer.step()
        d_values.append(value.item())
    value = g_loss(discriminator(generator(noises[-1])))
    g_optimizer.zero_grad(set_to_none=False)
    value.backward(inputs=[p for p in generator.parameters() if p.requires_grad])
    g_optimizer.step()
    return d_values, value.item()


def d_move(generator, discriminator, optimizer, real, noise, loss):
    """A right step of the discriminator, for answers whose mistake is elsewhere."""
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


def g_move(generator, discriminator, optimizer, noise, loss):
    """The same of the generator."""
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=[p for p in generator.parameters() if p.requires_grad])
    optimizer.step()
    return value.item()


@wrong("adversarial_turn", caught_by="one_move_each", diagnosis="number")
def generator_first(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    g_value = g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)
    pairs = zip(reals, noises[:-1], strict=True)
    return [d_move(generator, discriminator, d_optimizer, x, z, d_loss) for x, z in pairs], g_value


@wrong("adversarial_turn", caught_by="one_move_each", diagnosis="number", says="number 2")
def old_noise_for_the_generator(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    pairs = zip(reals, noises, strict=False)
    d_values = [d_move(generator, discriminator, d_optimizer, x, z, d_loss) for x, z in pairs]
    return d_values, g_move(generator, discriminator, g_optimizer, noises[len(reals) - 1], g_loss)


@wrong("adversarial_turn", caught_by="one_move_each", diagnosis="number")
def noise_off_by_one(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    pairs = zip(reals, noises[1:], strict=True)
    d_values = [d_move(generator, discriminator, d_optimizer, x, z, d_loss) for x, z in pairs]
    return d_values, g_move(generator, discriminator, g_optimizer, noises[0], g_loss)


@wrong("adversarial_turn", caught_by="three_moves_then_one", diagnosis="type", says="3 values")
def one_move_whatever_k(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    d_value = d_move(generator, discriminator, d_optimizer, reals[0], noises[0], d_loss)
    return [d_value], g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="three_moves_then_one", diagnosis="number")
def both_move_k_times(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    d_values, g_value = [], 0.0
    for x, z in zip(reals, noises, strict=False):
        d_values.append(d_move(generator, discriminator, d_optimizer, x, z, d_loss))
        g_value = g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)
    return d_values, g_value


@wrong("adversarial_turn", caught_by="three_moves_then_one", diagnosis="number")
def the_same_noise_for_all_moves(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    d_values = [d_move(generator, discriminator, d_optimizer, x, noises[0], d_loss) for x in reals]
    return d_values, g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="three_moves_then_one", diagnosis="number")
def the_same_data_for_all_moves(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    d_values = [d_move(generator, discriminator, d_optimizer, reals[0], z, d_loss) for z in noises[:-1]]
    return d_values, g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="three_moves_then_one", diagnosis="type")
def mean_of_the_losses(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    pairs = zip(reals, noises, strict=False)
    d_values = [d_move(generator, discriminator, d_optimizer, x, z, d_loss) for x, z in pairs]
    return sum(d_values) / len(d_values), g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="batches_of_unlike_size", diagnosis="type")
def one_large_batch(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    d_value = d_move(generator, discriminator, d_optimizer, torch.cat(reals), torch.cat(noises[:-1]), d_loss)
    return [d_value], g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="batches_of_unlike_size", diagnosis="raises")
def stacks_the_batches(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    pairs = zip(torch.stack(reals), torch.stack(noises[:-1]), strict=True)
    d_values = [d_move(generator, discriminator, d_optimizer, x, z, d_loss) for x, z in pairs]
    return d_values, g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="batches_of_unlike_size", diagnosis="number")
def as_many_fakes_as_data(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    pairs = zip(reals, noises, strict=False)
    d_values = [d_move(generator, discriminator, d_optimizer, x, z[: len(x)], d_loss) for x, z in pairs]
    return d_values, g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="one_move_each", diagnosis="order", says="wrong order")
def generators_loss_first(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    pairs = zip(reals, noises, strict=False)
    d_values = [d_move(generator, discriminator, d_optimizer, x, z, d_loss) for x, z in pairs]
    return g_move(generator, discriminator, g_optimizer, noises[-1], g_loss), d_values


@wrong("adversarial_turn", caught_by="three_moves_then_one", diagnosis="number")
def one_step_down_the_sum(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    losses = [
        d_loss(discriminator(x), discriminator(generator(z).detach())) for x, z in zip(reals, noises, strict=False)
    ]
    d_optimizer.zero_grad()
    sum(losses).backward()
    d_optimizer.step()
    return [x.item() for x in losses], g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="old_gradients", diagnosis="number")
def never_clears(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    d_values = []
    for x, z in zip(reals, noises, strict=False):
        value = d_loss(discriminator(x), discriminator(generator(z).detach()))
        value.backward()
        d_optimizer.step()
        d_values.append(value.item())
    return d_values, g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="old_gradients", diagnosis="update")
def clears_the_discriminator_only(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    d_values = []
    for x, z in zip(reals, noises, strict=False):
        value = d_loss(discriminator(x), discriminator(generator(z)))
        d_optimizer.zero_grad()
        value.backward()
        d_optimizer.step()
        d_values.append(value.item())
    value = g_loss(discriminator(generator(noises[-1])))
    value.backward()
    g_optimizer.step()
    return d_values, value.item()


@wrong("adversarial_turn", caught_by="one_move_each", diagnosis="never moved", says="has not moved")
def fakes_detached_for_the_generator(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    pairs = zip(reals, noises, strict=False)
    d_values = [d_move(generator, discriminator, d_optimizer, x, z, d_loss) for x, z in pairs]
    value = g_loss(discriminator(generator(noises[-1]).detach()))
    g_optimizer.zero_grad()
    value.backward()
    g_optimizer.step()
    return d_values, value.item()


@wrong("adversarial_turn", caught_by="one_move_each", diagnosis="number")
def optimizers_exchanged(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    discriminator.zero_grad()
    generator.zero_grad()
    pairs = zip(reals, noises, strict=False)
    d_values = [d_move(generator, discriminator, g_optimizer, x, z, d_loss) for x, z in pairs]
    return d_values, g_move(generator, discriminator, d_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="one_move_each", diagnosis="update", says="discriminator")
def one_optimizer_after_the_other(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    pairs = zip(reals, noises, strict=False)
    d_values = [d_move(generator, discriminator, d_optimizer, x, z, d_loss) for x, z in pairs]
    value = g_loss(discriminator(generator(noises[-1])))
    g_optimizer.zero_grad()
    value.backward()
    g_optimizer.step()
    d_optimizer.step()
    return d_values, value.item()


@wrong("adversarial_turn", caught_by="adam", diagnosis="number")
def new_optimizers_for_each_move(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    d_values = []
    for x, z in zip(reals, noises, strict=False):
        fresh = type(d_optimizer)(d_optimizer.param_groups)
        d_values.append(d_move(generator, discriminator, fresh, x, z, d_loss))
    return d_values, g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="one_move_each", diagnosis="argument", says="noises")
def takes_the_noise_off_the_list(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    d_values = [d_move(generator, discriminator, d_optimizer, x, noises.pop(0), d_loss) for x in reals]
    return d_values, g_move(generator, discriminator, g_optimizer, noises.pop(), g_loss)


@wrong("adversarial_turn", caught_by="one_move_each", diagnosis="random", says="random")
def draws_its_own_noise(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    pairs = zip(reals, map(torch.randn_like, noises), strict=False)
    d_values = [d_move(generator, discriminator, d_optimizer, x, z, d_loss) for x, z in pairs]
    return d_values, g_move(generator, discriminator, g_optimizer, torch.randn_like(noises[-1]), g_loss)


@wrong("adversarial_turn", caught_by="switched_layers", diagnosis="flags", says=".training")
def modes_of_the_tutorial(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    discriminator.train()
    pairs = zip(reals, noises, strict=False)
    d_values = [d_move(generator, discriminator, d_optimizer, x, z, d_loss) for x, z in pairs]
    return d_values, g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="switched_layers", diagnosis="flags", says="requires_grad")
def freezes_and_thaws(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    pairs = zip(reals, noises, strict=False)
    d_values = [d_move(generator, discriminator, d_optimizer, x, z, d_loss) for x, z in pairs]
    discriminator.requires_grad_(False)
    g_value = g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)
    discriminator.requires_grad_(True)
    return d_values, g_value


@wrong("adversarial_turn", caught_by="single_precision", diagnosis="raises")
def in_doubles(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    pairs = zip(reals, noises, strict=False)
    d_values = [d_move(generator, discriminator, d_optimizer, x.double(), z.double(), d_loss) for x, z in pairs]
    return d_values, g_move(generator, discriminator, g_optimizer, noises[-1].double(), g_loss)


@wrong("adversarial_turn", caught_by="one_move_each", diagnosis="type", says="float")
def tensors_for_losses(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    d_values = []
    for x, z in zip(reals, noises, strict=False):
        value = d_loss(discriminator(x), discriminator(generator(z).detach()))
        d_optimizer.zero_grad()
        value.backward()
        d_optimizer.step()
        d_values.append(value.detach())
    return d_values, g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="one_move_each", diagnosis="type", says="None")
def nothing_returned(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    for x, z in zip(reals, noises, strict=False):
        d_move(generator, discriminator, d_optimizer, x, z, d_loss)
    g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)


@wrong("adversarial_turn", caught_by="one_move_each", diagnosis="raises")
def generators_loss_for_both(generator, discriminator, d_optimizer, g_optimizer, reals, noises, d_loss, g_loss):
    pairs = zip(reals, noises, strict=False)
    d_values = [d_move(generator, discriminator, d_optimizer, x, z, g_loss) for x, z in pairs]
    return d_values, g_move(generator, discriminator, g_optimizer, noises[-1], g_loss)
