"""Answers to section 3. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import torch
import torch.nn.functional as F
from torch import nn

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

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


@wrong("discriminator_loss", caught_by="two_batches")
def swapped(real_logits, fake_logits):
    return F.softplus(real_logits).mean() + F.softplus(-fake_logits).mean()


@wrong("discriminator_loss", caught_by="two_batches", says="same factor, 0.5")
def halved(real_logits, fake_logits):
    return (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()) / 2


@wrong("discriminator_loss", caught_by="two_batches", says="sign is reversed")
def the_value_instead_of_the_loss(real_logits, fake_logits):
    return F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean()


@wrong("discriminator_loss", caught_by="unequal_batches")
def one_mean_over_both(real_logits, fake_logits):
    logits = torch.cat([real_logits, fake_logits])
    labels = torch.cat([torch.ones_like(real_logits), torch.zeros_like(fake_logits)])
    return 2 * F.binary_cross_entropy_with_logits(logits, labels)


@wrong("discriminator_loss", caught_by="unequal_batches")
def added_before_the_mean(real_logits, fake_logits):
    return (F.softplus(-real_logits) + F.softplus(fake_logits)).mean()


@wrong("discriminator_loss", caught_by="batch_of_one", says="shape")
def mean_over_the_batch_axis_only(real_logits, fake_logits):
    return F.softplus(-real_logits).mean(0) + F.softplus(fake_logits).mean(0)


@wrong("discriminator_loss", caught_by="flat_logits")
def needs_a_column(real_logits, fake_logits):
    return F.softplus(-real_logits[:, 0]).mean() + F.softplus(fake_logits[:, 0]).mean()


@wrong("discriminator_loss", caught_by="maps_of_logits")
def sum_over_the_patches(real_logits, fake_logits):
    return F.softplus(-real_logits).sum() / len(real_logits) + F.softplus(fake_logits).sum() / len(fake_logits)


@wrong("discriminator_loss", caught_by="confident_and_wrong")
def log_of_sigmoid(real_logits, fake_logits):
    return -torch.log(torch.sigmoid(real_logits)).mean() - torch.log(1 - torch.sigmoid(fake_logits)).mean()


@wrong("discriminator_loss", caught_by="confident_and_wrong")
def log_of_sigmoid_plus_a_little(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -torch.log(real + 1e-8).mean() - torch.log(1 - fake + 1e-8).mean()


@wrong("discriminator_loss", caught_by="confident_and_wrong")
def cross_entropy_of_probabilities(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return F.binary_cross_entropy(real, torch.ones_like(real)) + F.binary_cross_entropy(fake, torch.zeros_like(fake))


@wrong("discriminator_loss", caught_by="confident_and_right")
def exp_overflows(real_logits, fake_logits):
    real = torch.log(torch.exp(real_logits) + 1) - real_logits
    return real.mean() + torch.log(torch.exp(fake_logits) + 1).mean()


@wrong("discriminator_loss", caught_by="double_precision")
def casts_to_float32(real_logits, fake_logits):
    return F.softplus(-real_logits.float()).mean() + F.softplus(fake_logits.float()).mean()


@wrong("discriminator_loss", caught_by="two_batches", says="gradient")
def item(real_logits, fake_logits):
    return F.softplus(-real_logits).mean().item() + F.softplus(fake_logits).mean().item()


@wrong("discriminator_loss", caught_by="two_batches", says="gradient with respect to fake_logits")
def detached_fakes(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits.detach()).mean()


@wrong("discriminator_loss", caught_by="two_batches")
def sigmoid_twice(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return F.softplus(-real).mean() + F.softplus(fake).mean()


@wrong("discriminator_loss", caught_by="two_batches")
def real_only(real_logits, fake_logits):
    return F.softplus(-real_logits).mean()


@wrong("discriminator_loss", caught_by="two_batches")
def labels_smoothed(real_logits, fake_logits):
    real = F.binary_cross_entropy_with_logits(real_logits, torch.full_like(real_logits, 0.9))
    return real + F.softplus(fake_logits).mean()


@wrong("discriminator_loss", caught_by="two_batches", says="same whatever")
def two_log_two(real_logits, fake_logits):
    return 0 * real_logits.mean() + 0 * fake_logits.mean() + 2 * torch.log(torch.tensor(2.0))


@wrong("discriminator_loss", caught_by="two_batches", says="is modified")
def changes_its_input(real_logits, fake_logits):
    return F.softplus(real_logits.neg_()).mean() + F.softplus(fake_logits).mean()


@wrong("discriminator_loss", caught_by="two_batches", says="not attempted")
def stub(real_logits, fake_logits):
    raise NotImplementedError("your turn")


@wrong("discriminator_loss", caught_by="two_batches", says="NameError")
def typo(real_logits, fake_logits):
    return F.softplus(-real_logit).mean()  # noqa: F821


@wrong("discriminator_loss", caught_by="two_batches", says="None")
def forgets_return(real_logits, fake_logits):
    F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


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


@wrong("generator_loss_minimax", caught_by="one_batch", says="sign is reversed")
def sign_reversed(fake_logits):
    return F.softplus(fake_logits).mean()


@wrong("generator_loss_minimax", caught_by="one_batch")
def non_saturating_instead(fake_logits):
    return F.softplus(-fake_logits).mean()


@wrong("generator_loss_minimax", caught_by="one_batch")
def log_d(fake_logits):
    return F.logsigmoid(fake_logits).mean()


@wrong("generator_loss_minimax", caught_by="sure_it_is_real", says="infinite")
def log_one_minus_sigmoid(fake_logits):
    return torch.log(1 - torch.sigmoid(fake_logits)).mean()


@wrong("generator_loss_minimax", caught_by="sure_it_is_real")
def log_one_minus_sigmoid_plus_a_little(fake_logits):
    return torch.log(1 - torch.sigmoid(fake_logits) + 1e-8).mean()


@wrong("generator_loss_minimax", caught_by="sure_it_is_real")
def clamped_probability(fake_logits):
    return torch.log1p(-torch.sigmoid(fake_logits).clamp(1e-7, 1 - 1e-7)).mean()


@wrong("generator_loss_minimax", caught_by="sure_it_is_fake")
def logit_lost_in_the_exponential(fake_logits):
    return (-fake_logits - torch.log(1 + torch.exp(-fake_logits))).mean()


@wrong("generator_loss_minimax", caught_by="flat_logits")
def sum_not_mean(fake_logits):
    return -F.softplus(fake_logits).sum()


@wrong("generator_loss_minimax", caught_by="maps_of_logits")
def summed_patches(fake_logits):
    return -F.softplus(fake_logits).sum() / len(fake_logits)


@wrong("generator_loss_minimax", caught_by="batch_of_one", says="shape")
def squeezes_nothing(fake_logits):
    return -F.softplus(fake_logits).mean(0)


@wrong("generator_loss_minimax", caught_by="double_precision", says="dtype")
def casts_down(fake_logits):
    return -F.softplus(fake_logits.float()).mean()


@wrong("generator_loss_minimax", caught_by="one_batch", says="same factor, 0.5")
def half(fake_logits):
    return -0.5 * F.softplus(fake_logits).mean()


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


@wrong("generator_loss_nonsaturating", caught_by="one_batch", says="sign is reversed")
def climbs_down(fake_logits):
    return F.logsigmoid(fake_logits).mean()


@wrong("generator_loss_nonsaturating", caught_by="one_batch")
def minimax_instead(fake_logits):
    return -F.softplus(fake_logits).mean()


@wrong("generator_loss_nonsaturating", caught_by="one_batch")
def labels_of_zero(fake_logits):
    return F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))


@wrong("generator_loss_nonsaturating", caught_by="sure_it_is_fake")
def log_sigmoid_plus_a_little(fake_logits):
    return -torch.log(torch.sigmoid(fake_logits) + 1e-8).mean()


@wrong("generator_loss_nonsaturating", caught_by="sure_it_is_fake")
def naive_log_sigmoid(fake_logits):
    return -torch.log(torch.sigmoid(fake_logits)).mean()


@wrong("generator_loss_nonsaturating", caught_by="sure_it_is_fake")
def clamped_logits(fake_logits):
    return F.softplus(-fake_logits.clamp(-20, 20)).mean()


@wrong("generator_loss_nonsaturating", caught_by="sure_it_is_real")
def overflowing_exponential(fake_logits):
    return (torch.log(torch.exp(fake_logits) + 1) - fake_logits).mean()


@wrong("generator_loss_nonsaturating", caught_by="flat_logits")
def summed(fake_logits):
    return F.softplus(-fake_logits).sum()


@wrong("generator_loss_nonsaturating", caught_by="maps_of_logits")
def patches_summed(fake_logits):
    return F.softplus(-fake_logits).flatten(1).sum(1).mean()


@wrong("generator_loss_nonsaturating", caught_by="batch_of_one", says="shape")
def keeps_an_axis(fake_logits):
    return F.softplus(-fake_logits).mean(dim=0, keepdim=True)


@wrong("generator_loss_nonsaturating", caught_by="double_precision", says="dtype")
def targets_in_float32(fake_logits):
    return F.binary_cross_entropy_with_logits(fake_logits.float(), torch.ones(fake_logits.shape))


@wrong("generator_loss_nonsaturating", caught_by="one_batch", says="gradient")
def detached(fake_logits):
    return F.softplus(-fake_logits.detach()).mean()


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


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", says="same factor, 0.5")
def with_the_lectures_half(fake_logits):
    return -0.5 * fake_logits.exp().mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch", says="sign is reversed")
def plus_exp(fake_logits):
    return fake_logits.exp().mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch")
def logit_without_exp(fake_logits):
    return -fake_logits.mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch")
def exp_of_the_probability(fake_logits):
    return -torch.exp(torch.sigmoid(fake_logits)).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="one_batch")
def exp_of_the_mean(fake_logits):
    return -torch.exp(fake_logits.mean()) + 0 * fake_logits.sum()


@wrong("generator_loss_maximum_likelihood", caught_by="large_odds")
def odds_of_the_sigmoid(fake_logits):
    d = torch.sigmoid(fake_logits)
    return -(d / (1 - d)).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="large_odds")
def odds_plus_a_little(fake_logits):
    d = torch.sigmoid(fake_logits)
    return -(d / (1 - d + 1e-7)).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="very_large_odds")
def clamped(fake_logits):
    return -torch.exp(fake_logits.clamp(max=50)).mean()


@wrong("generator_loss_maximum_likelihood", caught_by="sure_it_is_fake")
def log_sum_exp_as_a_loss(fake_logits):
    return -torch.logsumexp(fake_logits.flatten(), 0) / fake_logits.numel()


@wrong("generator_loss_maximum_likelihood", caught_by="flat_logits")
def sum_of_exp(fake_logits):
    return -fake_logits.exp().sum()


@wrong("generator_loss_maximum_likelihood", caught_by="maps_of_logits")
def patches_added(fake_logits):
    return -fake_logits.exp().sum() / len(fake_logits)


@wrong("generator_loss_maximum_likelihood", caught_by="batch_of_one", says="shape")
def mean_over_rows(fake_logits):
    return -fake_logits.exp().mean(0)


@wrong("generator_loss_maximum_likelihood", caught_by="double_precision", says="dtype")
def exp_in_float32(fake_logits):
    return -fake_logits.float().exp().mean()


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


@wrong("discriminator_step", caught_by="one_step", says="generator")
def backward_into_the_generator(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="old_gradients", says="generator")
def clears_the_generator_too(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    generator.zero_grad()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="old_gradients")
def no_zero_grad(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step")
def forgets_to_step(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    return value.item()


@wrong("discriminator_step", caught_by="one_step")
def real_and_fake_swapped(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(generator(noise).detach()), discriminator(real))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step")
def ignores_the_loss_it_is_given(generator, discriminator, optimizer, real, noise, loss):
    value = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(generator(noise).detach())).mean()
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step")
def loss_after_the_update(generator, discriminator, optimizer, real, noise, loss):
    fake = generator(noise).detach()
    optimizer.zero_grad()
    loss(discriminator(real), discriminator(fake)).backward()
    optimizer.step()
    return loss(discriminator(real), discriminator(fake)).item()


@wrong("discriminator_step", caught_by="one_step", says="float")
def returns_the_tensor(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value


@wrong("discriminator_step", caught_by="unequal_batches")
def as_many_fakes_as_reals(generator, discriminator, optimizer, real, noise, loss):
    noise = torch.cat([noise] * 5)[: len(real)]
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step")
def fresh_noise(generator, discriminator, optimizer, real, noise, loss):
    fake = generator(torch.randn_like(noise)).detach()
    value = loss(discriminator(real), discriminator(fake))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="frozen_layer", says="requires_grad")
def thaws_everything(generator, discriminator, optimizer, real, noise, loss):
    generator.requires_grad_(False)
    value = loss(discriminator(real), discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    generator.requires_grad_(True)
    return value.item()


@wrong("discriminator_step", caught_by="one_step", says="requires_grad")
def leaves_the_generator_frozen(generator, discriminator, optimizer, real, noise, loss):
    generator.requires_grad_(False)
    value = loss(discriminator(real), discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="adam")
def descends_by_hand(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    with torch.no_grad():
        for p in discriminator.parameters():
            p -= optimizer.param_groups[0]["lr"] * p.grad
    return value.item()


@wrong("discriminator_step", caught_by="images")
def flattens(generator, discriminator, optimizer, real, noise, loss):
    fake = generator(noise).detach().flatten(1)
    value = loss(discriminator(real.flatten(1)), discriminator(fake))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="single_precision")
def insists_on_double(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real.double()), discriminator(generator(noise.double()).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("discriminator_step", caught_by="one_step")
def steps_twice(generator, discriminator, optimizer, real, noise, loss):
    value = loss(discriminator(real), discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    optimizer.step()
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


@wrong("generator_step", caught_by="one_step", says="discriminator")
def plain_backward(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="old_gradients", says="discriminator")
def wipes_the_gradients_of_d(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    discriminator.zero_grad()
    return value.item()


@wrong("generator_step", caught_by="one_step")
def detaches_the_fakes(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step")
def no_grad_around_the_discriminator(generator, discriminator, optimizer, noise, loss):
    fake = generator(noise)
    with torch.no_grad():
        logits = discriminator(fake)
    value = loss(logits)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="old_gradients")
def accumulates(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step")
def climbs(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    (-value).backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step")
def own_loss(generator, discriminator, optimizer, noise, loss):
    value = F.softplus(-discriminator(generator(noise))).mean()
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="frozen_layer", says="requires_grad")
def thaws_the_discriminator(generator, discriminator, optimizer, noise, loss):
    discriminator.requires_grad_(False)
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    discriminator.requires_grad_(True)
    return value.item()


@wrong("generator_step", caught_by="adam")
def gradient_descent_by_hand(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    parameters = list(generator.parameters())
    with torch.no_grad():
        for p, g in zip(parameters, torch.autograd.grad(value, parameters), strict=True):
            p -= 0.1 * g
    return value.item()


@wrong("generator_step", caught_by="batch_of_one")
def squeezes_the_batch(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise).squeeze())[1:])
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="images")
def flattens_the_fakes(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise).flatten(1)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="single_precision")
def always_double(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise.double())))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("generator_step", caught_by="one_step", says="float")
def returns_a_tensor(generator, discriminator, optimizer, noise, loss):
    value = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.detach()
