"""Answers to section 5. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

# --- append_label -----------------------------------------------------------------------------------------------------


@right("append_label")
def one_hot_to_x(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes).to(x)], dim=1)


@right("append_label")
def rows_of_the_identity(x, y, n_classes):
    return torch.hstack((x, torch.eye(n_classes, dtype=x.dtype)[y]))


@right("append_label")
def scatter(x, y, n_classes):
    label = torch.zeros(x.shape[0], n_classes, dtype=x.dtype, device=x.device)
    label.scatter_(1, y.unsqueeze(1), 1.0)
    return torch.cat((x, label), -1)


@right("append_label")
def comparison(x, y, n_classes):
    return torch.cat([x, (y[:, None] == torch.arange(n_classes)).to(x.dtype)], 1)


@right("append_label")
def filled_by_index(x, y, n_classes):
    joined = x.new_zeros(len(x), x.shape[1] + n_classes)
    joined[:, : x.shape[1]] = x
    joined[torch.arange(len(x)), x.shape[1] + y] = 1
    return joined


@right("append_label")
def loop_over_samples(x, y, n_classes):
    rows = []
    for sample, label in zip(x, y, strict=True):
        one_hot = torch.tensor([float(label == k) for k in range(n_classes)], dtype=x.dtype)
        rows.append(torch.cat([sample, one_hot]))
    return torch.stack(rows)


@wrong("append_label", caught_by="absent_classes", says="n_classes")
def classes_counted_in_the_batch(x, y, n_classes):
    return torch.cat([x, F.one_hot(y).to(x)], dim=1)


@wrong("append_label", caught_by="absent_classes")
def largest_label_plus_one(x, y, n_classes):
    return torch.cat([x, torch.eye(int(y.max()) + 1, dtype=x.dtype)[y]], dim=1)


@wrong("append_label", caught_by="one_class_only")
def ranks_of_the_labels_seen(x, y, n_classes):
    _, rank = y.unique(return_inverse=True)
    return torch.cat([x, F.one_hot(rank, n_classes).to(x)], dim=1)


@wrong("append_label", caught_by="small_batch")
def label_first(x, y, n_classes):
    return torch.cat([F.one_hot(y, n_classes).to(x), x], dim=1)


@wrong("append_label", caught_by="square")
def along_the_batch(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes).to(x)], dim=0)


@wrong("append_label", caught_by="square")
def default_axis(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes).to(x)])


@wrong("append_label", caught_by="square")
def one_hot_transposed(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes).to(x).T], dim=1)


@wrong("append_label", caught_by="small_batch", says="shape")
def the_number_itself(x, y, n_classes):
    return torch.cat([x, y[:, None].to(x)], dim=1)


@wrong("append_label", caught_by="small_batch")
def labels_counted_from_one(x, y, n_classes):
    return torch.cat([x, torch.eye(n_classes, dtype=x.dtype)[y - 1]], dim=1)


@wrong("append_label", caught_by="small_batch")
def one_class_too_many(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes + 1).to(x)], dim=1)


@wrong("append_label", caught_by="batch_of_one", says="shape")
def squeezed(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes).to(x)], dim=1).squeeze()


@wrong("append_label", caught_by="one_feature")
def squeezes_the_features(x, y, n_classes):
    return torch.cat([x.squeeze(), F.one_hot(y, n_classes).to(x)], dim=1)


@wrong("append_label", caught_by="half_precision", says="dtype")
def label_in_single_precision(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes).float()], dim=1)


@wrong("append_label", caught_by="double_precision", says="dtype")
def all_in_single_precision(x, y, n_classes):
    return torch.cat([x.float(), F.one_hot(y, n_classes).float()], dim=1)


@wrong("append_label", caught_by="small_batch", says="dtype")
def everything_an_integer(x, y, n_classes):
    one_hot = F.one_hot(y, n_classes)
    return torch.cat([x.to(one_hot.dtype), one_hot], dim=1)


@wrong("append_label", caught_by="small_batch", says="gradient")
def by_way_of_numpy(x, y, n_classes):
    return torch.from_numpy(
        np.concatenate([x.detach().numpy(), np.eye(n_classes, dtype=x.detach().numpy().dtype)[y]], 1)
    )


@wrong("append_label", caught_by="small_batch")
def minus_one_elsewhere(x, y, n_classes):
    return torch.cat([x, 2 * F.one_hot(y, n_classes).to(x) - 1], dim=1)


@wrong("append_label", caught_by="small_batch")
def multiplied_in(x, y, n_classes):
    return (x[:, :, None] * F.one_hot(y, n_classes).to(x)[:, None]).flatten(1)[:, : x.shape[1] + n_classes]


@wrong("append_label", caught_by="small_batch")
def random_embedding(x, y, n_classes):
    return torch.cat([x, nn.Embedding(n_classes, n_classes)(y).to(x)], dim=1)


# --- conditional_discriminator_step -----------------------------------------------------------------------------------


def finish_d(optimizer, value):
    """The part that most wrong answers get right."""
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@right("conditional_discriminator_step")
def detached(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@right("conditional_discriminator_step")
def without_recording(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    optimizer.zero_grad()
    with torch.no_grad():
        fake = generator(noise, fake_labels)
    real_logits, fake_logits = discriminator(real, labels), discriminator(fake, fake_labels)
    value = loss(real_logits, fake_logits)
    value.backward()
    optimizer.step()
    return float(value)


@right("conditional_discriminator_step")
def one_pass(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    logits = discriminator(torch.cat([real, fake]), torch.cat([labels, fake_labels]))
    value = loss(*logits.split([len(real), len(fake)]))
    discriminator.zero_grad(set_to_none=False)
    value.backward()
    optimizer.step()
    return value.item()


@right("conditional_discriminator_step")
def own_inputs_only(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    value = loss(discriminator(real, labels), discriminator(generator(noise, fake_labels), fake_labels))
    optimizer.zero_grad()
    value.backward(inputs=list(discriminator.parameters()))
    optimizer.step()
    return value.detach().item()


@right("conditional_discriminator_step")
def gradients_assigned(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    value = loss(discriminator(real, labels), discriminator(generator(noise, fake_labels), fake_labels))
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for p, g in zip(parameters, torch.autograd.grad(value, parameters), strict=True):
        p.grad = g
    optimizer.step()
    return value.item()


@right("conditional_discriminator_step")
def frozen_and_thawed(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    flags = [p.requires_grad for p in generator.parameters()]
    generator.requires_grad_(False)
    value = finish_d(
        optimizer, loss(discriminator(real, labels), discriminator(generator(noise, fake_labels), fake_labels))
    )
    for p, flag in zip(generator.parameters(), flags, strict=True):
        p.requires_grad_(flag)
    return value


@wrong("conditional_discriminator_step", caught_by="one_step")
def real_labels_judge_the_fakes(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, labels)))


@wrong("conditional_discriminator_step", caught_by="one_step")
def real_labels_make_the_fakes(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="more_fakes_than_data")
def real_labels_for_everything(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, labels)))


@wrong("conditional_discriminator_step", caught_by="one_step")
def fake_labels_for_everything(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, fake_labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="one_step")
def labels_crossed(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, fake_labels), discriminator(fake, labels)))


@wrong("conditional_discriminator_step", caught_by="more_data_than_fakes")
def cut_to_the_shorter_batch(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    n = min(len(real), len(noise))
    fake = generator(noise[:n], fake_labels[:n]).detach()
    return finish_d(optimizer, loss(discriminator(real[:n], labels[:n]), discriminator(fake, fake_labels[:n])))


@wrong("conditional_discriminator_step", caught_by="more_fakes_than_data")
def labels_repeated_to_fit(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    repeated = labels.repeat(3)[: len(noise)] if len(noise) > len(labels) else fake_labels
    fake = generator(noise, repeated).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, repeated)))


@wrong("conditional_discriminator_step", caught_by="one_step")
def labels_drawn_again(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    fresh = (fake_labels + 1) % (fake_labels.max() + 1)
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fresh)))


@wrong("conditional_discriminator_step", caught_by="one_step")
def everything_is_class_zero(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, torch.zeros_like(fake_labels)).detach()
    return finish_d(
        optimizer,
        loss(discriminator(real, torch.zeros_like(labels)), discriminator(fake, torch.zeros_like(fake_labels))),
    )


@wrong("conditional_discriminator_step", caught_by="one_step", says="forward() missing")
def discriminator_not_told(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real), discriminator(fake)))


@wrong("conditional_discriminator_step", caught_by="one_step")
def arguments_the_other_way_round(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(fake_labels, noise).detach()
    return finish_d(optimizer, loss(discriminator(labels, real), discriminator(fake_labels, fake)))


@wrong("conditional_discriminator_step", caught_by="one_step")
def logits_swapped(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(fake, fake_labels), discriminator(real, labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", says="generator")
def backward_into_g(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels)
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="old_gradients", says="generator")
def tidies_up_after_g(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels)
    value = finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))
    generator.zero_grad()
    return value


@wrong("conditional_discriminator_step", caught_by="old_gradients")
def no_zero_grad(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    value.backward()
    optimizer.step()
    return value.item()


@wrong("conditional_discriminator_step", caught_by="one_step")
def loss_after_the_update(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))
    return loss(discriminator(real, labels), discriminator(fake, fake_labels)).item()


@wrong("conditional_discriminator_step", caught_by="one_step")
def cross_entropy_of_its_own(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = F.softplus(-discriminator(real, labels)).mean() + F.softplus(discriminator(fake, fake_labels)).mean()
    return finish_d(optimizer, value)


@wrong("conditional_discriminator_step", caught_by="one_step")
def fakes_of_fresh_noise(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(torch.randn_like(noise), fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", says="float")
def returns_the_tensor(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    finish_d(optimizer, value)
    return value.detach()


@wrong("conditional_discriminator_step", caught_by="frozen_embedding", says="requires_grad")
def thaws_everything(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    generator.requires_grad_(False)
    fake = generator(noise, fake_labels)
    value = finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))
    generator.requires_grad_(True)
    return value


@wrong("conditional_discriminator_step", caught_by="one_step", says="requires_grad")
def leaves_g_frozen(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    generator.requires_grad_(False)
    fake = generator(noise, fake_labels)
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="adam")
def descends_by_hand(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    optimizer.zero_grad()
    value.backward()
    with torch.no_grad():
        for p in discriminator.parameters():
            p -= optimizer.param_groups[0]["lr"] * p.grad
    return value.item()


@wrong("conditional_discriminator_step", caught_by="batch_of_one")
def squeezes_the_labels(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    labels, fake_labels = labels.squeeze(), fake_labels.squeeze()
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="images")
def flattens_the_pictures(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach().flatten(1)
    return finish_d(optimizer, loss(discriminator(real.flatten(1), labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="single_precision")
def insists_on_double(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise.double(), fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real.double(), labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="one_step")
def labels_as_floats(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    labels, fake_labels = labels.to(real), fake_labels.to(real)
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="one_step")
def wrong_pairs_count_as_fake(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    mismatched = discriminator(real, labels.roll(1))
    fakes = torch.cat([discriminator(fake, fake_labels), mismatched])
    return finish_d(optimizer, loss(discriminator(real, labels), fakes))


# --- conditional_generator_step ---------------------------------------------------------------------------------------


def finish_g(generator, optimizer, value):
    """The part that most wrong answers get right."""
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@right("conditional_generator_step")
def inputs_of_g(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    optimizer.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@right("conditional_generator_step")
def d_frozen_and_thawed(generator, discriminator, optimizer, noise, fake_labels, loss):
    flags = {p: p.requires_grad for p in discriminator.parameters()}
    for p in flags:
        p.requires_grad = False
    optimizer.zero_grad()
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    value.backward()
    optimizer.step()
    for p, flag in flags.items():
        p.requires_grad = flag
    return value.item()


@right("conditional_generator_step")
def gradients_of_d_saved(generator, discriminator, optimizer, noise, fake_labels, loss):
    saved = [None if p.grad is None else p.grad.clone() for p in discriminator.parameters()]
    optimizer.zero_grad()
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    value.backward()
    optimizer.step()
    for p, grad in zip(discriminator.parameters(), saved, strict=True):
        p.grad = grad
    return float(value.detach())


@right("conditional_generator_step")
def functional_call(generator, discriminator, optimizer, noise, fake_labels, loss):
    constants = {name: p.detach() for name, p in discriminator.named_parameters()}
    fake = generator(noise, fake_labels)
    value = loss(torch.func.functional_call(discriminator, constants, (fake, fake_labels)))
    generator.zero_grad()
    value.backward()
    optimizer.step()
    return value.item()


@wrong("conditional_generator_step", caught_by="one_step", says="discriminator")
def plain_backward(generator, discriminator, optimizer, noise, fake_labels, loss):
    return finish_d(optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))


@wrong("conditional_generator_step", caught_by="old_gradients", says="discriminator")
def wipes_the_gradients_of_d(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = finish_d(optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))
    discriminator.zero_grad()
    return value


@wrong("conditional_generator_step", caught_by="one_step")
def judged_as_another_class(generator, discriminator, optimizer, noise, fake_labels, loss):
    other = (fake_labels + 1) % 2
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels), other)))


@wrong("conditional_generator_step", caught_by="one_step")
def labels_reversed_on_the_way(generator, discriminator, optimizer, noise, fake_labels, loss):
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels.flip(0))))


@wrong("conditional_generator_step", caught_by="one_step")
def generator_not_asked(generator, discriminator, optimizer, noise, fake_labels, loss):
    fake = generator(noise, torch.zeros_like(fake_labels))
    return finish_g(generator, optimizer, loss(discriminator(fake, fake_labels)))


@wrong("conditional_generator_step", caught_by="one_step", says="forward() missing")
def discriminator_unaware(generator, discriminator, optimizer, noise, fake_labels, loss):
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels))))


@wrong("conditional_generator_step", caught_by="one_step")
def detaches_the_fakes(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels).detach(), fake_labels))
    return finish_d(optimizer, value)


@wrong("conditional_generator_step", caught_by="old_gradients")
def accumulates(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("conditional_generator_step", caught_by="one_step")
def climbs(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    return -finish_g(generator, optimizer, -value)


@wrong("conditional_generator_step", caught_by="one_step")
def a_loss_of_its_own(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = F.softplus(-discriminator(generator(noise, fake_labels), fake_labels)).mean()
    return finish_g(generator, optimizer, value)


@wrong("conditional_generator_step", caught_by="frozen_embedding", says="requires_grad")
def thaws_the_discriminator(generator, discriminator, optimizer, noise, fake_labels, loss):
    discriminator.requires_grad_(False)
    value = finish_d(optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))
    discriminator.requires_grad_(True)
    return value


@wrong("conditional_generator_step", caught_by="adam")
def descent_by_hand(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    parameters = list(generator.parameters())
    with torch.no_grad():
        for p, g in zip(parameters, torch.autograd.grad(value, parameters), strict=True):
            p -= 0.1 * g
    return value.item()


@wrong("conditional_generator_step", caught_by="batch_of_one")
def squeezes_one_label(generator, discriminator, optimizer, noise, fake_labels, loss):
    fake_labels = fake_labels.squeeze()
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))


@wrong("conditional_generator_step", caught_by="images")
def flattens_the_fakes(generator, discriminator, optimizer, noise, fake_labels, loss):
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels).flatten(1), fake_labels)))


@wrong("conditional_generator_step", caught_by="single_precision")
def always_double(generator, discriminator, optimizer, noise, fake_labels, loss):
    return finish_g(generator, optimizer, loss(discriminator(generator(noise.double(), fake_labels), fake_labels)))


@wrong("conditional_generator_step", caught_by="one_step", says="float")
def returns_a_tensor(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    finish_g(generator, optimizer, value)
    return value.detach()


# --- acgan_class_loss -------------------------------------------------------------------------------------------------


@right("acgan_class_loss")
def two_cross_entropies(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_real) + F.cross_entropy(fake_class_logits, y_fake)


@right("acgan_class_loss")
def nll_of_log_softmax(real_class_logits, y_real, fake_class_logits, y_fake):
    real = nn.NLLLoss()(real_class_logits.log_softmax(1), y_real)
    return real + nn.NLLLoss()(fake_class_logits.log_softmax(1), y_fake)


@right("acgan_class_loss")
def gathered(real_class_logits, y_real, fake_class_logits, y_fake):
    def entropy(logits, y):
        return (logits.logsumexp(1) - logits.gather(1, y[:, None])[:, 0]).mean()

    return entropy(real_class_logits, y_real) + entropy(fake_class_logits, y_fake)


@right("acgan_class_loss")
def categorical(real_class_logits, y_real, fake_class_logits, y_fake):
    real = torch.distributions.Categorical(logits=real_class_logits).log_prob(y_real).mean()
    return -real - torch.distributions.Categorical(logits=fake_class_logits).log_prob(y_fake).mean()


@right("acgan_class_loss")
def one_hot_targets(real_class_logits, y_real, fake_class_logits, y_fake):
    total = 0
    for logits, y in ((real_class_logits, y_real), (fake_class_logits, y_fake)):
        target = F.one_hot(y, logits.shape[1]).to(logits)
        total = total - (target * F.log_softmax(logits, dim=-1)).sum(1).mean()
    return total


@right("acgan_class_loss")
def shifted_by_hand(real_class_logits, y_real, fake_class_logits, y_fake):
    losses = []
    for logits, y in zip((real_class_logits, fake_class_logits), (y_real, y_fake), strict=True):
        shifted = logits - logits.max(dim=1, keepdim=True).values.detach()
        log_p = shifted - shifted.exp().sum(1, keepdim=True).log()
        losses.append(-log_p[torch.arange(len(y)), y].mean())
    return sum(losses)


@wrong("acgan_class_loss", caught_by="two_batches")
def labels_swapped(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_fake) + F.cross_entropy(fake_class_logits, y_real)


@wrong("acgan_class_loss", caught_by="unequal_batches")
def real_labels_for_both(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_real) + F.cross_entropy(fake_class_logits, y_real)


@wrong("acgan_class_loss", caught_by="two_batches", says="same factor, 0.5")
def average_of_the_two(real_class_logits, y_real, fake_class_logits, y_fake):
    return (F.cross_entropy(real_class_logits, y_real) + F.cross_entropy(fake_class_logits, y_fake)) / 2


@wrong("acgan_class_loss", caught_by="unequal_batches")
def one_mean_over_both(real_class_logits, y_real, fake_class_logits, y_fake):
    logits, y = torch.cat([real_class_logits, fake_class_logits]), torch.cat([y_real, y_fake])
    return 2 * F.cross_entropy(logits, y)


@wrong("acgan_class_loss", caught_by="two_batches")
def real_only(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_real) + 0 * fake_class_logits.sum()


@wrong("acgan_class_loss", caught_by="two_batches")
def fakes_minus(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_real) - F.cross_entropy(fake_class_logits, y_fake)


@wrong("acgan_class_loss", caught_by="two_batches", says="sign is reversed")
def log_likelihood(real_class_logits, y_real, fake_class_logits, y_fake):
    return -F.cross_entropy(real_class_logits, y_real) - F.cross_entropy(fake_class_logits, y_fake)


@wrong("acgan_class_loss", caught_by="two_batches")
def softmax_twice(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits.softmax(1), y_real)
    return real + F.cross_entropy(fake_class_logits.softmax(1), y_fake)


@wrong("acgan_class_loss", caught_by="two_batches")
def nll_of_the_logits(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.nll_loss(real_class_logits, y_real) + F.nll_loss(fake_class_logits, y_fake)


@wrong("acgan_class_loss", caught_by="two_batches")
def nll_of_the_softmax(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.nll_loss(real_class_logits.softmax(1), y_real) + F.nll_loss(fake_class_logits.softmax(1), y_fake)


@wrong("acgan_class_loss", caught_by="square")
def softmax_over_the_batch(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.nll_loss(real_class_logits.log_softmax(0), y_real)
    return real + F.nll_loss(fake_class_logits.log_softmax(0), y_fake)


@wrong("acgan_class_loss", caught_by="confident_and_wrong")
def log_of_the_softmax(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.nll_loss(real_class_logits.softmax(1).log(), y_real)
    return real + F.nll_loss(fake_class_logits.softmax(1).log(), y_fake)


@wrong("acgan_class_loss", caught_by="confident_and_wrong")
def log_of_the_softmax_plus_a_little(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.nll_loss((real_class_logits.softmax(1) + 1e-8).log(), y_real)
    return real + F.nll_loss((fake_class_logits.softmax(1) + 1e-8).log(), y_fake)


@wrong("acgan_class_loss", caught_by="confident_and_right")
def log_of_a_sum_of_exponentials(real_class_logits, y_real, fake_class_logits, y_fake):
    def entropy(logits, y):
        return (logits.exp().sum(1).log() - logits[torch.arange(len(y)), y]).mean()

    return entropy(real_class_logits, y_real) + entropy(fake_class_logits, y_fake)


@wrong("acgan_class_loss", caught_by="two_batches")
def sigmoid_per_class(real_class_logits, y_real, fake_class_logits, y_fake):
    k = real_class_logits.shape[1]
    real = F.binary_cross_entropy_with_logits(real_class_logits, F.one_hot(y_real, k).to(real_class_logits))
    return real + F.binary_cross_entropy_with_logits(fake_class_logits, F.one_hot(y_fake, k).to(fake_class_logits))


@wrong("acgan_class_loss", caught_by="two_batches")
def squared_error(real_class_logits, y_real, fake_class_logits, y_fake):
    k = real_class_logits.shape[1]
    real = (real_class_logits.softmax(1) - F.one_hot(y_real, k)).square().sum(1).mean()
    return real + (fake_class_logits.softmax(1) - F.one_hot(y_fake, k)).square().sum(1).mean()


@wrong("acgan_class_loss", caught_by="unequal_batches")
def sums(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits, y_real, reduction="sum")
    return real + F.cross_entropy(fake_class_logits, y_fake, reduction="sum")


@wrong("acgan_class_loss", caught_by="unequal_batches")
def mean_over_classes_too(real_class_logits, y_real, fake_class_logits, y_fake):
    k = real_class_logits.shape[1]
    real = -(F.one_hot(y_real, k) * real_class_logits.log_softmax(1)).mean()
    return real - (F.one_hot(y_fake, k) * fake_class_logits.log_softmax(1)).mean()


@wrong("acgan_class_loss", caught_by="two_batches")
def smoothed(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits, y_real, label_smoothing=0.1)
    return real + F.cross_entropy(fake_class_logits, y_fake, label_smoothing=0.1)


@wrong("acgan_class_loss", caught_by="absent_classes")
def classes_from_the_labels(real_class_logits, y_real, fake_class_logits, y_fake):
    k = int(max(y_real.max(), y_fake.max())) + 1
    real = F.cross_entropy(real_class_logits[:, :k], y_real)
    return real + F.cross_entropy(fake_class_logits[:, :k], y_fake)


@wrong("acgan_class_loss", caught_by="batch_of_one", says="shape")
def keeps_the_batch_axis(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits, y_real, reduction="none")
    fake = F.cross_entropy(fake_class_logits, y_fake, reduction="none")
    return real.mean(0, keepdim=True) + fake.mean(0, keepdim=True)


@wrong("acgan_class_loss", caught_by="two_batches", says="shape")
def one_loss_per_sample(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits, y_real, reduction="none")
    fake = F.cross_entropy(fake_class_logits, y_fake, reduction="none")
    return torch.cat([real, fake])


@wrong("acgan_class_loss", caught_by="two_batches", says="gradient")
def cut_from_the_graph(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits, y_real).item()
    return torch.tensor(real + F.cross_entropy(fake_class_logits, y_fake).item())


@wrong("acgan_class_loss", caught_by="two_batches", says="gradient")
def fakes_detached(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_real) + F.cross_entropy(fake_class_logits.detach(), y_fake)


@wrong("acgan_class_loss", caught_by="double_precision", says="dtype")
def in_single_precision(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits.float(), y_real) + F.cross_entropy(fake_class_logits.float(), y_fake)
