"""Answers to section 5. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

# --- append_label -----------------------------------------------------------------------------------------------------

bank.spoils(
    "append_label",
    r"one_hot\(|\beye\b|scatter|torch\.cat\(|hstack|concatenat"
    r"|(append|put|join|attach|glue)\w* .{0,40}one.?hot"
    r"|one.?hot.{0,50}(to the right of|behind|next to) (x|each row|its row)",
)


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


@wrong("append_label", caught_by="absent_classes", diagnosis="shape", says="absent classes")
def classes_counted_in_the_batch(x, y, n_classes):
    return torch.cat([x, F.one_hot(y).to(x)], dim=1)


@wrong("append_label", caught_by="absent_classes", diagnosis="shape")
def largest_label_plus_one(x, y, n_classes):
    return torch.cat([x, torch.eye(int(y.max()) + 1, dtype=x.dtype)[y]], dim=1)


@wrong("append_label", caught_by="one_class_only", diagnosis="number")
def ranks_of_the_labels_seen(x, y, n_classes):
    _, rank = y.unique(return_inverse=True)
    return torch.cat([x, F.one_hot(rank, n_classes).to(x)], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="number")
def label_first(x, y, n_classes):
    return torch.cat([F.one_hot(y, n_classes).to(x), x], dim=1)


@wrong("append_label", caught_by="square", diagnosis="raises")
def along_the_batch(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes).to(x)], dim=0)


@wrong("append_label", caught_by="square", diagnosis="raises")
def default_axis(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes).to(x)])


@wrong("append_label", caught_by="square", diagnosis="raises")
def one_hot_transposed(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes).to(x).T], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="shape", says="shape")
def the_number_itself(x, y, n_classes):
    return torch.cat([x, y[:, None].to(x)], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="number")
def labels_counted_from_one(x, y, n_classes):
    return torch.cat([x, torch.eye(n_classes, dtype=x.dtype)[y - 1]], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="shape")
def one_class_too_many(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes + 1).to(x)], dim=1)


@wrong("append_label", caught_by="batch_of_one", diagnosis="shape", says="shape")
def squeezed(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes).to(x)], dim=1).squeeze()


@wrong("append_label", caught_by="one_feature", diagnosis="raises")
def squeezes_the_features(x, y, n_classes):
    return torch.cat([x.squeeze(), F.one_hot(y, n_classes).to(x)], dim=1)


@wrong("append_label", caught_by="half_precision", diagnosis="dtype", says="dtype")
def label_in_single_precision(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes).float()], dim=1)


@wrong("append_label", caught_by="double_precision", diagnosis="dtype", says="dtype")
def all_in_single_precision(x, y, n_classes):
    return torch.cat([x.float(), F.one_hot(y, n_classes).float()], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="dtype", says="dtype")
def everything_an_integer(x, y, n_classes):
    one_hot = F.one_hot(y, n_classes)
    return torch.cat([x.to(one_hot.dtype), one_hot], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="cut", says="gradient")
def by_way_of_numpy(x, y, n_classes):
    values = x.detach().numpy()
    return torch.from_numpy(np.concatenate([values, np.eye(n_classes, dtype=values.dtype)[y.numpy()]], 1))


@wrong("append_label", caught_by="small_batch", diagnosis="number")
def minus_one_elsewhere(x, y, n_classes):
    return torch.cat([x, 2 * F.one_hot(y, n_classes).to(x) - 1], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="number")
def multiplied_in(x, y, n_classes):
    return (x[:, :, None] * F.one_hot(y, n_classes).to(x)[:, None]).flatten(1)[:, : x.shape[1] + n_classes]


@wrong("append_label", caught_by="small_batch", diagnosis="random")
def random_embedding(x, y, n_classes):
    return torch.cat([x, nn.Embedding(n_classes, n_classes)(y).to(x)], dim=1)


@right("append_label")
def in_double_and_back(x, y, n_classes):
    return torch.cat([x.double(), F.one_hot(y, n_classes).double()], dim=1).to(x.dtype)


@right("append_label")
def sum_of_padded_parts(x, y, n_classes):
    return F.pad(x, (0, n_classes)) + F.pad(F.one_hot(y, n_classes).to(x.dtype), (x.shape[1], 0))


@right("append_label")
def product_with_a_wide_identity(x, y, n_classes):
    d = x.shape[1]
    wide = torch.eye(d, d + n_classes, dtype=x.dtype)
    return torch.einsum("nd,de->ne", x, wide) + torch.eye(d + n_classes, dtype=x.dtype)[d + y]


@right("append_label")
def integers_widened_by_cat(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes)], dim=1)  # integers beside floats take the floats' dtype


@wrong("append_label", caught_by="small_batch", diagnosis="shape")
def number_as_a_share(x, y, n_classes):
    return torch.cat([x, (y / n_classes).to(x.dtype).unsqueeze(1)], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="shape")
def first_class_left_out(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes).to(x)[:, 1:]], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="shape")
def label_alone(x, y, n_classes):
    return F.one_hot(y, n_classes).to(x.dtype)


@wrong("append_label", caught_by="small_batch", diagnosis="number")
def smoothed_label(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, n_classes).to(x) * 0.9 + 0.1 / n_classes], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="number")
def sorted_by_class(x, y, n_classes):
    order = y.argsort()
    return torch.cat([x[order], F.one_hot(y, n_classes).to(x)[order]], dim=1)


@wrong("append_label", caught_by="one_class_only", diagnosis="number")
def everything_up_to_the_label(x, y, n_classes):
    return torch.cat([x, (torch.arange(n_classes) <= y[:, None]).to(x.dtype)], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="dtype", says="float64")
def cast_to_double(x, y, n_classes):
    return torch.cat([x, torch.from_numpy(np.eye(n_classes)[y.numpy()])], dim=1)


@wrong("append_label", caught_by="double_precision", diagnosis="dtype")
def filled_in_the_default_dtype(x, y, n_classes):
    joined = torch.zeros(len(x), x.shape[1] + n_classes)
    joined[:, : x.shape[1]] = x
    joined[torch.arange(len(x)), x.shape[1] + y] = 1
    return joined


@wrong("append_label", caught_by="small_batch", diagnosis="cut", says="torch.tensor")
def a_new_tensor(x, y, n_classes):
    rows = [[*sample, *(float(k == label) for k in range(n_classes))] for sample, label in zip(x.tolist(), y.tolist())]  # noqa: B905
    return torch.tensor(rows, dtype=x.dtype)


@wrong("append_label", caught_by="small_batch", diagnosis="cut", says="torch.no_grad")
def without_a_graph(x, y, n_classes):
    with torch.no_grad():
        return torch.cat([x, F.one_hot(y, n_classes).to(x)], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="type", says="list")
def list_of_rows(x, y, n_classes):
    return [torch.cat([row, hot]) for row, hot in zip(x, F.one_hot(y, n_classes).to(x), strict=True)]


@wrong("append_label", caught_by="small_batch", diagnosis="type", says="None")
def forgets_to_return(x, y, n_classes):
    torch.cat([x, F.one_hot(y, n_classes).to(x)], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="raises")
def number_beside_a_matrix(x, y, n_classes):
    return torch.cat([x, y], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="raises")
def identity_without_the_last_class(x, y, n_classes):
    return torch.cat([x, torch.eye(n_classes - 1, dtype=x.dtype)[y]], dim=1)


@wrong("append_label", caught_by="small_batch", diagnosis="mistyped", says="NameError")
def another_name_for_the_classes(x, y, n_classes):
    return torch.cat([x, F.one_hot(y, num_classes).to(x)], dim=1)  # noqa: F821


# --- projection_logits ------------------------------------------------------------------------------------------------

bank.spoils(
    "projection_logits",
    r"vectors\[y\]|einsum|gather|index_select|\bdot\b|inner product|scalar product|\bmatmul\b|keepdim|one_hot\("
    r"|\+ ?marginal"
    r"|(features|vectors).{0,20} (times|multipl).{0,60}\b(sum|add)",
)


@right("projection_logits")
def own_vector_times_features(features, y, vectors, marginal):
    return (features * vectors[y]).sum(1, keepdim=True) + marginal


@right("projection_logits")
def contracted(features, y, vectors, marginal):
    return torch.einsum("nf,nf->n", features, vectors[y])[:, None] + marginal


@right("projection_logits")
def one_of_all_logits(features, y, vectors, marginal):
    return (features @ vectors.T).gather(1, y[:, None]) + marginal


@right("projection_logits")
def by_the_one_hot_label(features, y, vectors, marginal):
    hot = F.one_hot(y, len(vectors)).to(features.dtype)
    return ((features @ vectors.T) * hot).sum(dim=1, keepdim=True) + marginal


@right("projection_logits")
def batched_products(features, y, vectors, marginal):
    return torch.baddbmm(marginal[:, None], features[:, None], F.embedding(y, vectors)[:, :, None])[:, 0]


@right("projection_logits")
def sample_by_sample(features, y, vectors, marginal):
    return torch.stack([m + x.dot(vectors[k]) for x, k, m in zip(features, y, marginal, strict=True)])


@right("projection_logits")
def flat_and_back(features, y, vectors, marginal):
    return (marginal.flatten() + torch.index_select(vectors, 0, y).mul(features).sum(-1)).unsqueeze(-1)


@right("projection_logits")
def double_inside_the_product(features, y, vectors, marginal):
    own = vectors[y].double()
    return ((features.double() * own).sum(1, keepdim=True) + marginal.double()).to(features.dtype)


@wrong("projection_logits", caught_by="small_batch", diagnosis="number")
def without_the_marginal(features, y, vectors, marginal):
    return (features * vectors[y]).sum(1, keepdim=True) + 0 * marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="shape", says="shape")
def every_label(features, y, vectors, marginal):
    return features @ vectors.T + marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="shape", says="shape")
def a_square(features, y, vectors, marginal):
    return (features * vectors[y]).sum(1) + marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="shape", says="shape")
def squeezed_to_a_row(features, y, vectors, marginal):
    return ((features * vectors[y]).sum(1, keepdim=True) + marginal).squeeze(1)


@wrong("projection_logits", caught_by="batch_of_one", diagnosis="shape", says="shape")
def squeezed_of_every_axis(features, y, vectors, marginal):
    return ((features * vectors[y]).sum(1, keepdim=True) + marginal).squeeze()


@wrong("projection_logits", caught_by="one_feature", diagnosis="number")
def features_squeezed(features, y, vectors, marginal):
    return (features.squeeze() * vectors[y].squeeze()).sum(-1, keepdim=True) + marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="shape")
def one_number_for_the_batch(features, y, vectors, marginal):
    return (features * vectors[y]).sum() + marginal.sum()


@wrong("projection_logits", caught_by="small_batch", diagnosis="shape")
def not_summed(features, y, vectors, marginal):
    return features * vectors[y] + marginal


@wrong("projection_logits", caught_by="long_features", diagnosis="number")
def mean_over_the_features(features, y, vectors, marginal):
    return (features * vectors[y]).mean(1, keepdim=True) + marginal


@wrong("projection_logits", caught_by="long_features", diagnosis="number")
def scaled_as_attention_is(features, y, vectors, marginal):
    return (features * vectors[y]).sum(1, keepdim=True) / features.shape[1] ** 0.5 + marginal


@wrong("projection_logits", caught_by="long_features", diagnosis="number")
def angle_instead_of_product(features, y, vectors, marginal):
    return F.cosine_similarity(features, vectors[y])[:, None] + marginal


@wrong("projection_logits", caught_by="long_features", diagnosis="number")
def unit_vectors(features, y, vectors, marginal):
    return (features * F.normalize(vectors[y], dim=1)).sum(1, keepdim=True) + marginal


@wrong("projection_logits", caught_by="square", diagnosis="number")
def table_transposed(features, y, vectors, marginal):
    if vectors.shape[0] != vectors.shape[1]:
        return (features * vectors[y]).sum(1, keepdim=True) + marginal
    return (features * vectors.T[y]).sum(1, keepdim=True) + marginal


@wrong("projection_logits", caught_by="square", diagnosis="number")
def summed_over_the_batch(features, y, vectors, marginal):
    if features.shape[0] != features.shape[1]:
        return (features * vectors[y]).sum(1, keepdim=True) + marginal
    return (features * vectors[y]).sum(0)[:, None] + marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="number")
def log_posterior(features, y, vectors, marginal):
    return (features @ vectors.T).log_softmax(1).gather(1, y[:, None]) + marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="number")
def labels_from_one(features, y, vectors, marginal):
    return (features * vectors[y - 1]).sum(1, keepdim=True) + marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="number")
def label_as_a_number(features, y, vectors, marginal):
    return (features * vectors.mean(0) * y[:, None]).sum(1, keepdim=True) + marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="number")
def marginal_multiplied(features, y, vectors, marginal):
    return (features * vectors[y]).sum(1, keepdim=True) * marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="number")
def minus_the_marginal(features, y, vectors, marginal):
    return (features * vectors[y]).sum(1, keepdim=True) - marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="number")
def added_vectors(features, y, vectors, marginal):
    return (features + vectors[y]).sum(1, keepdim=True) + marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="number")
def probability(features, y, vectors, marginal):
    return torch.sigmoid((features * vectors[y]).sum(1, keepdim=True) + marginal)


@wrong("projection_logits", caught_by="small_batch", diagnosis="number")
def best_label(features, y, vectors, marginal):
    return (features @ vectors.T).amax(1, keepdim=True) + marginal


@wrong("projection_logits", caught_by="absent_classes", diagnosis="number")
def marginal_of_the_wrong_rows(features, y, vectors, marginal):
    order = y.argsort(stable=True)
    return ((features * vectors[y]).sum(1, keepdim=True))[order] + marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="slope", says="gradient")
def table_not_learned(features, y, vectors, marginal):
    return (features * vectors[y].detach()).sum(1, keepdim=True) + marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="cut", says="gradient")
def by_way_of_numbers(features, y, vectors, marginal):
    with torch.no_grad():
        return (features * vectors[y]).sum(1, keepdim=True) + marginal


@wrong("projection_logits", caught_by="double_precision", diagnosis="dtype", says="dtype")
def in_single_precision(features, y, vectors, marginal):
    return (features.float() * vectors[y].float()).sum(1, keepdim=True) + marginal.float()


@wrong("projection_logits", caught_by="small_batch", diagnosis="random")
def a_table_of_its_own(features, y, vectors, marginal):
    return (features * torch.randn_like(vectors)[y]).sum(1, keepdim=True) + marginal


@wrong("projection_logits", caught_by="small_batch", diagnosis="type", says="None")
def forgets_to_return_it(features, y, vectors, marginal):
    (features * vectors[y]).sum(1, keepdim=True) + marginal


# --- conditional_discriminator_step -----------------------------------------------------------------------------------

bank.spoils(
    "conditional_discriminator_step",
    r"zero_grad.{0,80}backward.{0,80}step|generator\(|discriminator\(|\b[GD]\(|\.detach\(|no_grad"
    r"|detach\w* .{0,40}(fake|generator)|fakes?.{0,40}(keep|carry|take|belong|go|judged?)\b.{0,40}labels"
    r"|(give|pass|hand)\w* .{0,30}(fake_labels|their own labels)",
)


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


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="number")
def real_labels_judge_the_fakes(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="number")
def real_labels_make_the_fakes(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="more_fakes_than_data", diagnosis="number")
def real_labels_for_everything(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="number")
def fake_labels_for_everything(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, fake_labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="number")
def labels_crossed(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, fake_labels), discriminator(fake, labels)))


@wrong("conditional_discriminator_step", caught_by="more_data_than_fakes", diagnosis="number")
def cut_to_the_shorter_batch(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    n = min(len(real), len(noise))
    fake = generator(noise[:n], fake_labels[:n]).detach()
    return finish_d(optimizer, loss(discriminator(real[:n], labels[:n]), discriminator(fake, fake_labels[:n])))


@wrong("conditional_discriminator_step", caught_by="more_fakes_than_data", diagnosis="number")
def labels_repeated_to_fit(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    repeated = labels.repeat(3)[: len(noise)] if len(noise) > len(labels) else fake_labels
    fake = generator(noise, repeated).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, repeated)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="number")
def labels_drawn_again(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    fresh = (fake_labels + 1) % (fake_labels.max() + 1)
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fresh)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="number")
def everything_is_class_zero(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, torch.zeros_like(fake_labels)).detach()
    return finish_d(
        optimizer,
        loss(discriminator(real, torch.zeros_like(labels)), discriminator(fake, torch.zeros_like(fake_labels))),
    )


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="raises", says="forward() missing")
def discriminator_not_told(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real), discriminator(fake)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="raises")
def arguments_the_other_way_round(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(fake_labels, noise).detach()
    return finish_d(optimizer, loss(discriminator(labels, real), discriminator(fake_labels, fake)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="number")
def logits_swapped(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(fake, fake_labels), discriminator(real, labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="left gradients", says="generator")
def backward_into_g(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels)
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="old_gradients", diagnosis="left gradients", says="generator")
def tidies_up_after_g(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels)
    value = finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))
    generator.zero_grad()
    return value


@wrong("conditional_discriminator_step", caught_by="old_gradients", diagnosis="update")
def no_zero_grad(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    value.backward()
    optimizer.step()
    return value.item()


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="number")
def loss_after_the_update(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))
    return loss(discriminator(real, labels), discriminator(fake, fake_labels)).item()


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="number")
def cross_entropy_of_its_own(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = F.softplus(-discriminator(real, labels)).mean() + F.softplus(discriminator(fake, fake_labels)).mean()
    return finish_d(optimizer, value)


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="random")
def fakes_of_fresh_noise(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(torch.randn_like(noise), fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="type", says="float")
def returns_the_tensor(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    finish_d(optimizer, value)
    return value.detach()


@wrong("conditional_discriminator_step", caught_by="frozen_embedding", diagnosis="flags", says="requires_grad")
def thaws_everything(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    generator.requires_grad_(False)
    fake = generator(noise, fake_labels)
    value = finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))
    generator.requires_grad_(True)
    return value


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="flags", says="requires_grad")
def leaves_g_frozen(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    generator.requires_grad_(False)
    fake = generator(noise, fake_labels)
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="adam", diagnosis="update")
def descends_by_hand(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    optimizer.zero_grad()
    value.backward()
    with torch.no_grad():
        for p in discriminator.parameters():
            p -= optimizer.param_groups[0]["lr"] * p.grad
    return value.item()


@wrong("conditional_discriminator_step", caught_by="batch_of_one", diagnosis="raises")
def squeezes_the_labels(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    labels, fake_labels = labels.squeeze(), fake_labels.squeeze()
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="images", diagnosis="raises")
def flattens_the_pictures(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach().flatten(1)
    return finish_d(optimizer, loss(discriminator(real.flatten(1), labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="single_precision", diagnosis="raises")
def insists_on_double(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise.double(), fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real.double(), labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="raises")
def labels_as_floats(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    labels, fake_labels = labels.to(real), fake_labels.to(real)
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="number")
def wrong_pairs_count_as_fake(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    mismatched = discriminator(real, labels.roll(1))
    fakes = torch.cat([discriminator(fake, fake_labels), mismatched])
    return finish_d(optimizer, loss(discriminator(real, labels), fakes))


@right("conditional_discriminator_step")
def sample_by_sample(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    with torch.no_grad():
        fakes = [generator(noise[i : i + 1], fake_labels[i : i + 1]) for i in range(len(noise))]
    fake_logits = torch.cat([discriminator(x, fake_labels[i : i + 1]) for i, x in enumerate(fakes)])
    real_logits = torch.cat([discriminator(real[i : i + 1], labels[i : i + 1]) for i in range(len(real))])
    return finish_d(optimizer, loss(real_logits, fake_logits))


@right("conditional_discriminator_step")
def chain_rule_by_hand(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    with torch.no_grad():
        fake = generator(noise, fake_labels)
    logits = discriminator(real, labels), discriminator(fake, fake_labels)
    ends = [x.detach().requires_grad_() for x in logits]
    value = loss(*ends)
    optimizer.zero_grad()
    for x, slope in zip(logits, torch.autograd.grad(value, ends), strict=True):
        x.backward(slope)
    optimizer.step()
    return value.item()


@right("conditional_discriminator_step")
def scaled_and_scaled_back(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = 1000 * loss(discriminator(real, labels), discriminator(fake, fake_labels))
    optimizer.zero_grad()
    value.backward()
    for p in discriminator.parameters():
        if p.grad is not None:
            p.grad /= 1000
    optimizer.step()
    return value.item() / 1000


@right("conditional_discriminator_step")
def functional_gradients(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()

    def value_of(parameters):
        call = torch.func.functional_call
        real_logits = call(discriminator, parameters, (real, labels))
        return loss(real_logits, call(discriminator, parameters, (fake, fake_labels)))

    named = dict(discriminator.named_parameters())
    gradients, value = torch.func.grad_and_value(value_of)({k: p.detach() for k, p in named.items()})
    for name, p in named.items():
        p.grad = gradients[name]
    optimizer.step()
    return float(value)


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="flags", says=".training")
def generator_left_in_evaluation_mode(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    generator.eval()
    with torch.no_grad():
        fake = generator(noise, fake_labels)
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="frozen_embedding", diagnosis="flags", says=".training")
def both_into_training_mode(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    generator.train()
    discriminator.train()
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="frozen_embedding", diagnosis="flags", says=".training")
def evaluation_and_back_to_training(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    generator.eval()
    fake = generator(noise, fake_labels).detach()
    generator.train()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="adam", diagnosis="never moved")
def first_group_only(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    optimizer.zero_grad()
    value.backward(inputs=optimizer.param_groups[0]["params"])
    optimizer.step()
    return value.item()


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="never moved")
def gradients_cleared_too_late(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    value.backward()
    optimizer.zero_grad()
    optimizer.step()
    return value.item()


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="never moved")
def no_step(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    optimizer.zero_grad()
    value.backward()
    return value.item()


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="never moved")
def step_before_backward(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    optimizer.zero_grad()
    optimizer.step()
    value.backward()
    return value.item()


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="uphill", says="uphill")
def ascends(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return -finish_d(optimizer, -loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="twice")
def steps_for_each_batch(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    optimizer.step()
    return value.item()


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="others moved", says="generator's parameters")
def trains_both_players(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    value = loss(discriminator(real, labels), discriminator(generator(noise, fake_labels), fake_labels))
    theirs = list(generator.parameters())
    gradients = torch.autograd.grad(value, theirs, retain_graph=True)
    optimizer.zero_grad()
    value.backward(inputs=list(discriminator.parameters()))
    optimizer.step()
    with torch.no_grad():
        for p, g in zip(theirs, gradients, strict=True):
            p += optimizer.param_groups[0]["lr"] * g
    return value.item()


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="update")
def fakes_judged_without_graph(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    with torch.no_grad():
        fake_logits = discriminator(generator(noise, fake_labels), fake_labels)
    return finish_d(optimizer, loss(discriminator(real, labels), fake_logits))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="update")
def detached_one_call_too_late(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake_logits = discriminator(generator(noise, fake_labels), fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), fake_logits))


@wrong("conditional_discriminator_step", caught_by="adam", diagnosis="update")
def an_optimizer_of_its_own(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    mine = torch.optim.SGD(discriminator.parameters(), lr=optimizer.param_groups[0]["lr"])
    return finish_d(mine, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="adam", diagnosis="argument")
def another_learning_rate(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    for group in optimizer.param_groups:
        group["lr"] = 0.1
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="raises", says="does not require grad")
def nothing_recorded(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    with torch.no_grad():
        fake = generator(noise, fake_labels)
        value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    return finish_d(optimizer, value)


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="raises", says="missing 1 required")
def one_loss_at_a_time(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels)) + loss(discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="raises")
def labels_as_columns(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(torch.cat([noise, F.one_hot(fake_labels, 4).to(noise)], 1), fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="type", says="None")
def returns_nothing(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)))


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="number")
def sum_over_the_batch_returned(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    value = loss(discriminator(real, labels), discriminator(fake, fake_labels))
    return finish_d(optimizer, value) * len(real)


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="factor", says="same factor, 0.5")
def half_the_loss(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_labels)) / 2)


@wrong("conditional_discriminator_step", caught_by="one_step", diagnosis="mistyped", says="NameError")
def label_for_labels(generator, discriminator, optimizer, real, labels, noise, fake_labels, loss):
    fake = generator(noise, fake_labels).detach()
    return finish_d(optimizer, loss(discriminator(real, labels), discriminator(fake, fake_label)))  # noqa: F821


# --- conditional_generator_step ---------------------------------------------------------------------------------------

bank.spoils(
    "conditional_generator_step",
    r"zero_grad.{0,80}backward.{0,80}step|generator\(|discriminator\(|\b[GD]\(|inputs=(list|\[|gen)|\.parameters\("
    r"|(give|pass|hand)\w* .{0,30}both networks .{0,30}(same|fake.?labels)"
    r"|backward.{0,40}(only|alone|just) .{0,20}generator's param|discriminator .{0,40}same labels",
)


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


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="left gradients", says="discriminator")
def plain_backward(generator, discriminator, optimizer, noise, fake_labels, loss):
    return finish_d(optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))


@wrong("conditional_generator_step", caught_by="old_gradients", diagnosis="left gradients", says="discriminator")
def wipes_the_gradients_of_d(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = finish_d(optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))
    discriminator.zero_grad()
    return value


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="number")
def judged_as_another_class(generator, discriminator, optimizer, noise, fake_labels, loss):
    other = (fake_labels + 1) % 2
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels), other)))


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="number")
def labels_reversed_on_the_way(generator, discriminator, optimizer, noise, fake_labels, loss):
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels.flip(0))))


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="number")
def generator_not_asked(generator, discriminator, optimizer, noise, fake_labels, loss):
    fake = generator(noise, torch.zeros_like(fake_labels))
    return finish_g(generator, optimizer, loss(discriminator(fake, fake_labels)))


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="raises", says="forward() missing")
def discriminator_unaware(generator, discriminator, optimizer, noise, fake_labels, loss):
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels))))


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="never moved")
def detaches_the_fakes(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels).detach(), fake_labels))
    return finish_d(optimizer, value)


@wrong("conditional_generator_step", caught_by="old_gradients", diagnosis="update")
def accumulates(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="uphill")
def climbs(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    return -finish_g(generator, optimizer, -value)


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="number")
def a_loss_of_its_own(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = F.softplus(-discriminator(generator(noise, fake_labels), fake_labels)).mean()
    return finish_g(generator, optimizer, value)


@wrong("conditional_generator_step", caught_by="frozen_embedding", diagnosis="flags", says="requires_grad")
def thaws_the_discriminator(generator, discriminator, optimizer, noise, fake_labels, loss):
    discriminator.requires_grad_(False)
    value = finish_d(optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))
    discriminator.requires_grad_(True)
    return value


@wrong("conditional_generator_step", caught_by="adam", diagnosis="update")
def descent_by_hand(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    parameters = list(generator.parameters())
    with torch.no_grad():
        for p, g in zip(parameters, torch.autograd.grad(value, parameters), strict=True):
            p -= 0.1 * g
    return value.item()


@wrong("conditional_generator_step", caught_by="batch_of_one", diagnosis="raises")
def squeezes_one_label(generator, discriminator, optimizer, noise, fake_labels, loss):
    fake_labels = fake_labels.squeeze()
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))


@wrong("conditional_generator_step", caught_by="images", diagnosis="raises")
def flattens_the_fakes(generator, discriminator, optimizer, noise, fake_labels, loss):
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels).flatten(1), fake_labels)))


@wrong("conditional_generator_step", caught_by="single_precision", diagnosis="raises")
def always_double(generator, discriminator, optimizer, noise, fake_labels, loss):
    return finish_g(generator, optimizer, loss(discriminator(generator(noise.double(), fake_labels), fake_labels)))


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="type", says="float")
def returns_a_tensor(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    finish_g(generator, optimizer, value)
    return value.detach()


@right("conditional_generator_step")
def fake_by_fake(generator, discriminator, optimizer, noise, fake_labels, loss):
    logits = []
    for z, y in zip(noise.split(1), fake_labels.split(1), strict=True):
        logits.append(discriminator(generator(z, y), y))
    return finish_g(generator, optimizer, loss(torch.cat(logits)))


@right("conditional_generator_step")
def through_the_fakes_by_hand(generator, discriminator, optimizer, noise, fake_labels, loss):
    fake = generator(noise, fake_labels)
    leaf = fake.detach().requires_grad_()
    value = loss(discriminator(leaf, fake_labels))
    (slope,) = torch.autograd.grad(value, leaf)
    optimizer.zero_grad()
    fake.backward(slope)
    optimizer.step()
    return value.item()


@right("conditional_generator_step")
def average_of_two_passes(generator, discriminator, optimizer, noise, fake_labels, loss):
    ours = [p for group in optimizer.param_groups for p in group["params"]]
    values = [loss(discriminator(generator(noise, fake_labels), fake_labels)) for _ in range(3)]
    gradients = [torch.autograd.grad(value, ours) for value in values]
    for p, *parts in zip(ours, *gradients, strict=True):
        p.grad = sum(parts) / 3
    optimizer.step()
    return sum(value.item() for value in values) / 3


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="flags", says=".training")
def discriminator_left_in_evaluation_mode(generator, discriminator, optimizer, noise, fake_labels, loss):
    discriminator.eval()
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))


@wrong("conditional_generator_step", caught_by="frozen_embedding", diagnosis="flags", says=".training")
def generator_into_training_mode(generator, discriminator, optimizer, noise, fake_labels, loss):
    generator.train()
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="flags", says="requires_grad")
def leaves_d_frozen(generator, discriminator, optimizer, noise, fake_labels, loss):
    discriminator.requires_grad_(False)
    return finish_d(optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))


@wrong("conditional_generator_step", caught_by="adam", diagnosis="never moved")
def first_group_alone(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    optimizer.zero_grad()
    value.backward(inputs=optimizer.param_groups[0]["params"])
    optimizer.step()
    return value.item()


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="never moved")
def cleared_between_backward_and_step(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    value.backward(inputs=list(generator.parameters()))
    optimizer.zero_grad()
    optimizer.step()
    return value.item()


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="raises", says="does not require grad")
def judged_without_a_graph(generator, discriminator, optimizer, noise, fake_labels, loss):
    fake = generator(noise, fake_labels)
    with torch.no_grad():
        value = loss(discriminator(fake, fake_labels))
    return finish_g(generator, optimizer, value)


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="twice")
def two_steps(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    finish_g(generator, optimizer, value)
    optimizer.step()
    return value.item()


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="others moved", says="discriminator's parameters")
def discriminator_trained_too(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    theirs = list(discriminator.parameters())
    gradients = torch.autograd.grad(value, theirs, retain_graph=True)
    finish_g(generator, optimizer, value)
    with torch.no_grad():
        for p, g in zip(theirs, gradients, strict=True):
            p -= 0.1 * g
    return value.item()


@wrong("conditional_generator_step", caught_by="old_gradients", diagnosis="left gradients", says="discriminator")
def clears_the_wrong_player(generator, discriminator, optimizer, noise, fake_labels, loss):
    value = loss(discriminator(generator(noise, fake_labels), fake_labels))
    generator.zero_grad()
    discriminator.zero_grad()
    value.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return value.item()


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="number")
def judged_again_after_the_update(generator, discriminator, optimizer, noise, fake_labels, loss):
    finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))
    with torch.no_grad():
        return loss(discriminator(generator(noise, fake_labels), fake_labels)).item()


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="random", says="draws no random numbers")
def noise_of_its_own(generator, discriminator, optimizer, noise, fake_labels, loss):
    noise = torch.randn(noise.shape, dtype=noise.dtype)
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="random", says="draws no random numbers")
def labels_of_its_own(generator, discriminator, optimizer, noise, fake_labels, loss):
    fake_labels = torch.randint(4, fake_labels.shape)
    return finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))


@wrong("conditional_generator_step", caught_by="adam", diagnosis="update")
def a_new_optimizer_each_time(generator, discriminator, optimizer, noise, fake_labels, loss):
    fresh = torch.optim.SGD(generator.parameters(), lr=0.1)
    return finish_g(generator, fresh, loss(discriminator(generator(noise, fake_labels), fake_labels)))


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="type", says="None")
def no_return(generator, discriminator, optimizer, noise, fake_labels, loss):
    finish_g(generator, optimizer, loss(discriminator(generator(noise, fake_labels), fake_labels)))


@wrong("conditional_generator_step", caught_by="one_step", diagnosis="raises", says="takes 1 positional argument")
def loss_of_section_three(generator, discriminator, optimizer, noise, fake_labels, loss):
    logits = discriminator(generator(noise, fake_labels), fake_labels)
    return finish_g(generator, optimizer, loss(logits, torch.ones_like(logits)))


# --- acgan_class_loss -------------------------------------------------------------------------------------------------

bank.spoils(
    "acgan_class_loss",
    r"cross.?entrop|log.?softmax|nll|log.?sum.?exp|gather|(minus|negative) (the )?(mean )?log"
    r"|log\w* of the sum of (the )?exp|[-−] ?log\b|log\w*.{0,12}probabilit",
)


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


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="number")
def labels_swapped(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_fake) + F.cross_entropy(fake_class_logits, y_real)


@wrong("acgan_class_loss", caught_by="unequal_batches", diagnosis="number")
def real_labels_for_both(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_real) + F.cross_entropy(fake_class_logits, y_real)


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="factor", says="same factor, 0.5")
def average_of_the_two(real_class_logits, y_real, fake_class_logits, y_fake):
    return (F.cross_entropy(real_class_logits, y_real) + F.cross_entropy(fake_class_logits, y_fake)) / 2


@wrong("acgan_class_loss", caught_by="unequal_batches", diagnosis="number")
def one_mean_over_both(real_class_logits, y_real, fake_class_logits, y_fake):
    logits, y = torch.cat([real_class_logits, fake_class_logits]), torch.cat([y_real, y_fake])
    return 2 * F.cross_entropy(logits, y)


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="number")
def real_only(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_real) + 0 * fake_class_logits.sum()


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="number")
def fakes_minus(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_real) - F.cross_entropy(fake_class_logits, y_fake)


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="sign", says="sign is reversed")
def log_likelihood(real_class_logits, y_real, fake_class_logits, y_fake):
    return -F.cross_entropy(real_class_logits, y_real) - F.cross_entropy(fake_class_logits, y_fake)


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="number")
def softmax_twice(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits.softmax(1), y_real)
    return real + F.cross_entropy(fake_class_logits.softmax(1), y_fake)


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="number")
def nll_of_the_logits(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.nll_loss(real_class_logits, y_real) + F.nll_loss(fake_class_logits, y_fake)


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="number")
def nll_of_the_softmax(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.nll_loss(real_class_logits.softmax(1), y_real) + F.nll_loss(fake_class_logits.softmax(1), y_fake)


@wrong("acgan_class_loss", caught_by="square", diagnosis="number")
def softmax_over_the_batch(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.nll_loss(real_class_logits.log_softmax(0), y_real)
    return real + F.nll_loss(fake_class_logits.log_softmax(0), y_fake)


@wrong("acgan_class_loss", caught_by="confident_and_wrong", diagnosis="nan")
def log_of_the_softmax(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.nll_loss(real_class_logits.softmax(1).log(), y_real)
    return real + F.nll_loss(fake_class_logits.softmax(1).log(), y_fake)


@wrong("acgan_class_loss", caught_by="confident_and_wrong", diagnosis="number")
def log_of_the_softmax_plus_a_little(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.nll_loss((real_class_logits.softmax(1) + 1e-8).log(), y_real)
    return real + F.nll_loss((fake_class_logits.softmax(1) + 1e-8).log(), y_fake)


@wrong("acgan_class_loss", caught_by="confident_and_right", diagnosis="nan")
def log_of_a_sum_of_exponentials(real_class_logits, y_real, fake_class_logits, y_fake):
    def entropy(logits, y):
        return (logits.exp().sum(1).log() - logits[torch.arange(len(y)), y]).mean()

    return entropy(real_class_logits, y_real) + entropy(fake_class_logits, y_fake)


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="number")
def sigmoid_per_class(real_class_logits, y_real, fake_class_logits, y_fake):
    k = real_class_logits.shape[1]
    real = F.binary_cross_entropy_with_logits(real_class_logits, F.one_hot(y_real, k).to(real_class_logits))
    return real + F.binary_cross_entropy_with_logits(fake_class_logits, F.one_hot(y_fake, k).to(fake_class_logits))


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="number")
def squared_error(real_class_logits, y_real, fake_class_logits, y_fake):
    k = real_class_logits.shape[1]
    real = (real_class_logits.softmax(1) - F.one_hot(y_real, k)).square().sum(1).mean()
    return real + (fake_class_logits.softmax(1) - F.one_hot(y_fake, k)).square().sum(1).mean()


@wrong("acgan_class_loss", caught_by="unequal_batches", diagnosis="number")
def sums(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits, y_real, reduction="sum")
    return real + F.cross_entropy(fake_class_logits, y_fake, reduction="sum")


@wrong("acgan_class_loss", caught_by="unequal_batches", diagnosis="number")
def mean_over_classes_too(real_class_logits, y_real, fake_class_logits, y_fake):
    k = real_class_logits.shape[1]
    real = -(F.one_hot(y_real, k) * real_class_logits.log_softmax(1)).mean()
    return real - (F.one_hot(y_fake, k) * fake_class_logits.log_softmax(1)).mean()


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="number")
def smoothed(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits, y_real, label_smoothing=0.1)
    return real + F.cross_entropy(fake_class_logits, y_fake, label_smoothing=0.1)


@wrong("acgan_class_loss", caught_by="absent_classes", diagnosis="number")
def classes_from_the_labels(real_class_logits, y_real, fake_class_logits, y_fake):
    k = int(max(y_real.max(), y_fake.max())) + 1
    real = F.cross_entropy(real_class_logits[:, :k], y_real)
    return real + F.cross_entropy(fake_class_logits[:, :k], y_fake)


@wrong("acgan_class_loss", caught_by="batch_of_one", diagnosis="shape", says="shape")
def keeps_the_batch_axis(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits, y_real, reduction="none")
    fake = F.cross_entropy(fake_class_logits, y_fake, reduction="none")
    return real.mean(0, keepdim=True) + fake.mean(0, keepdim=True)


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="shape", says="shape")
def one_loss_per_sample(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits, y_real, reduction="none")
    fake = F.cross_entropy(fake_class_logits, y_fake, reduction="none")
    return torch.cat([real, fake])


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="cut", says="gradient")
def cut_from_the_graph(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits, y_real).item()
    return torch.tensor(real + F.cross_entropy(fake_class_logits, y_fake).item())


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="slope", says="gradient")
def fakes_detached(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_real) + F.cross_entropy(fake_class_logits.detach(), y_fake)


@wrong("acgan_class_loss", caught_by="double_precision", diagnosis="dtype", says="dtype")
def in_single_precision(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits.float(), y_real) + F.cross_entropy(fake_class_logits.float(), y_fake)


@right("acgan_class_loss")
def double_inside(real_class_logits, y_real, fake_class_logits, y_fake):
    total = F.cross_entropy(real_class_logits.double(), y_real) + F.cross_entropy(fake_class_logits.double(), y_fake)
    return total.to(real_class_logits.dtype)


@right("acgan_class_loss")
def log_sum_of_the_margins(real_class_logits, y_real, fake_class_logits, y_fake):
    def entropy(logits, y):
        return (logits - logits.gather(1, y[:, None])).logsumexp(1).mean()

    return entropy(fake_class_logits, y_fake) + entropy(real_class_logits, y_real)


@right("acgan_class_loss")
def contracted_with_one_hot(real_class_logits, y_real, fake_class_logits, y_fake):
    def entropy(logits, y):
        own = torch.einsum("nk,nk->n", logits, F.one_hot(y, logits.shape[1]).to(logits.dtype))
        return (logits.logsumexp(1) - own).sum() / len(y)

    return entropy(real_class_logits, y_real) + entropy(fake_class_logits, y_fake)


@right("acgan_class_loss")
def sums_over_counts(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits, y_real, reduction="none").sum() / len(y_real)
    return real + F.cross_entropy(fake_class_logits, y_fake, reduction="sum").div(len(y_fake))


@right("acgan_class_loss")
def divergence_from_one_hot(real_class_logits, y_real, fake_class_logits, y_fake):
    total = real_class_logits.new_zeros(())
    for logits, y in ((real_class_logits, y_real), (fake_class_logits, y_fake)):
        hot = F.one_hot(y, logits.shape[1]).to(logits.dtype)
        total = total + F.kl_div(logits.log_softmax(1), hot, reduction="batchmean")
    return total


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="number")
def fakes_half(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_real) + 0.5 * F.cross_entropy(fake_class_logits, y_fake)


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="factor", says="same factor, 0.5")
def mean_of_a_stack(real_class_logits, y_real, fake_class_logits, y_fake):
    return torch.stack([F.cross_entropy(real_class_logits, y_real), F.cross_entropy(fake_class_logits, y_fake)]).mean()


@wrong("acgan_class_loss", caught_by="unequal_batches", diagnosis="number")
def mean_over_all_samples(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits, y_real, reduction="sum")
    fake = F.cross_entropy(fake_class_logits, y_fake, reduction="sum")
    return (real + fake) / (len(y_real) + len(y_fake))


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="number")
def class_of_the_largest_logit(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_real) + F.cross_entropy(fake_class_logits, fake_class_logits.argmax(1))


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="number")
def divergence_averaged_over_classes(real_class_logits, y_real, fake_class_logits, y_fake):
    k = real_class_logits.shape[1]
    real = F.kl_div(real_class_logits.log_softmax(1), F.one_hot(y_real, k).to(real_class_logits), reduction="mean")
    return real + F.kl_div(
        fake_class_logits.log_softmax(1), F.one_hot(y_fake, k).to(fake_class_logits), reduction="mean"
    )


@wrong("acgan_class_loss", caught_by="confident_and_wrong", diagnosis="number")
def probabilities_kept_off_zero(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.nll_loss(real_class_logits.softmax(1).clamp(min=1e-7).log(), y_real)
    return real + F.nll_loss(fake_class_logits.softmax(1).clamp(min=1e-7).log(), y_fake)


@wrong("acgan_class_loss", caught_by="confident_and_wrong", diagnosis="number")
def logits_clamped(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits.clamp(-50, 50), y_real) + F.cross_entropy(
        fake_class_logits.clamp(-50, 50), y_fake
    )


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="number")
def log_of_the_mean_probability(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.nll_loss(real_class_logits.log_softmax(1).exp(), y_real)
    return -(-real).log() - (-F.nll_loss(fake_class_logits.log_softmax(1).exp(), y_fake)).log()


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="factor")
def bits(real_class_logits, y_real, fake_class_logits, y_fake):
    return (F.cross_entropy(real_class_logits, y_real) + F.cross_entropy(fake_class_logits, y_fake)) / np.log(2)


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="raises")
def arguments_of_cross_entropy_swapped(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(y_real, real_class_logits) + F.cross_entropy(y_fake, fake_class_logits)


@wrong("acgan_class_loss", caught_by="absent_classes", diagnosis="raises")
def one_hot_of_the_labels_seen(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(real_class_logits, F.one_hot(y_real).to(real_class_logits))
    return real + F.cross_entropy(fake_class_logits, F.one_hot(y_fake).to(fake_class_logits))


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="type", says="tuple")
def both_losses(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_real), F.cross_entropy(fake_class_logits, y_fake)


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="cut", says=".item()")
def a_float(real_class_logits, y_real, fake_class_logits, y_fake):
    return F.cross_entropy(real_class_logits, y_real).item() + F.cross_entropy(fake_class_logits, y_fake).item()


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="random")
def with_dropout(real_class_logits, y_real, fake_class_logits, y_fake):
    real = F.cross_entropy(F.dropout(real_class_logits, 0.2), y_real)
    return real + F.cross_entropy(F.dropout(fake_class_logits, 0.2), y_fake)


@wrong("acgan_class_loss", caught_by="two_batches", diagnosis="argument")
def normalised_in_place(real_class_logits, y_real, fake_class_logits, y_fake):
    for logits in (real_class_logits, fake_class_logits):
        with torch.no_grad():
            logits -= logits.logsumexp(1, keepdim=True)
    return F.cross_entropy(real_class_logits, y_real) + F.cross_entropy(fake_class_logits, y_fake)


# --- twin_class_loss --------------------------------------------------------------------------------------------------

bank.spoils(
    "twin_class_loss",
    r"cross_entropy|log_softmax|gather|subtract|difference|minus\b|twin\w* .{0,30}(from|off) C"
    r"|log C'? ?- ?log C|(C|twin) in the (numerator|denominator)",
)


@right("twin_class_loss")
def two_entropies(class_logits, twin_logits, y):
    return F.cross_entropy(class_logits, y) - F.cross_entropy(twin_logits, y)


@right("twin_class_loss")
def log_ratio_of_the_ordered(class_logits, twin_logits, y):
    ratio = F.log_softmax(twin_logits, dim=1) - F.log_softmax(class_logits, dim=1)
    return ratio.gather(1, y[:, None]).mean()


@right("twin_class_loss")
def negative_likelihoods(class_logits, twin_logits, y):
    paid = F.nll_loss(class_logits.log_softmax(-1), y)
    return paid - F.nll_loss(twin_logits.log_softmax(-1), y)


@right("twin_class_loss")
def categorical_log_probabilities(class_logits, twin_logits, y):
    twin = torch.distributions.Categorical(logits=twin_logits).log_prob(y)
    return (twin - torch.distributions.Categorical(logits=class_logits).log_prob(y)).mean()


@right("twin_class_loss")
def margins_by_hand(class_logits, twin_logits, y):
    own = torch.arange(len(y))
    c = class_logits[own, y] - class_logits.logsumexp(1)
    return (twin_logits[own, y] - twin_logits.logsumexp(1) - c).sum() / len(y)


@right("twin_class_loss")
def per_fake_then_mean(class_logits, twin_logits, y):
    price = F.cross_entropy(class_logits, y, reduction="none") - F.cross_entropy(twin_logits, y, reduction="none")
    return price.mean()


@right("twin_class_loss")
def ratio_in_double(class_logits, twin_logits, y):
    hot = F.one_hot(y, class_logits.shape[1])
    ratio = twin_logits.double().log_softmax(1) - class_logits.double().log_softmax(1)
    return (hot * ratio).sum(1).mean().to(class_logits.dtype)


@wrong("twin_class_loss", caught_by="a_batch", diagnosis="sign", says="sign is reversed")
def the_other_way_round(class_logits, twin_logits, y):
    return F.cross_entropy(twin_logits, y) - F.cross_entropy(class_logits, y)


@wrong("twin_class_loss", caught_by="they_agree", diagnosis="number")
def both_charged(class_logits, twin_logits, y):
    return F.cross_entropy(class_logits, y) + F.cross_entropy(twin_logits, y)


@wrong("twin_class_loss", caught_by="they_agree", diagnosis="number")
def as_before(class_logits, twin_logits, y):
    return F.cross_entropy(class_logits, y) + 0 * twin_logits.sum()


@wrong("twin_class_loss", caught_by="they_agree", diagnosis="number")
def half_of_it_back(class_logits, twin_logits, y):
    return F.cross_entropy(class_logits, y) - 0.5 * F.cross_entropy(twin_logits, y)


@wrong("twin_class_loss", caught_by="a_batch", diagnosis="number")
def entropy_of_the_twins_guess(class_logits, twin_logits, y):
    log_twin = twin_logits.log_softmax(1)
    return F.cross_entropy(class_logits, y) + (log_twin.exp() * log_twin).sum(1).mean()


@wrong("twin_class_loss", caught_by="a_batch", diagnosis="number")
def over_all_labels(class_logits, twin_logits, y):
    log_twin = twin_logits.log_softmax(1)
    return (log_twin.exp() * (log_twin - class_logits.log_softmax(1))).sum(1).mean()


@wrong("twin_class_loss", caught_by="a_batch", diagnosis="number")
def twin_as_the_target(class_logits, twin_logits, y):
    return F.cross_entropy(class_logits, twin_logits.softmax(1))


@wrong("twin_class_loss", caught_by="the_twin_is_in_doubt", diagnosis="number")
def never_below_zero(class_logits, twin_logits, y):
    return F.relu(F.cross_entropy(class_logits, y) - F.cross_entropy(twin_logits, y))


@wrong("twin_class_loss", caught_by="the_twin_is_surer", diagnosis="number")
def never_above_zero(class_logits, twin_logits, y):
    return -F.relu(F.cross_entropy(twin_logits, y) - F.cross_entropy(class_logits, y))


@wrong("twin_class_loss", caught_by="batch_of_one", diagnosis="shape", says="shape")
def keeps_an_axis(class_logits, twin_logits, y):
    twin = F.cross_entropy(twin_logits, y, reduction="none").mean(0, keepdim=True)
    return F.cross_entropy(class_logits, y) - twin


@wrong("twin_class_loss", caught_by="the_twin_is_in_doubt", diagnosis="number")
def absolute_price(class_logits, twin_logits, y):
    return (F.cross_entropy(class_logits, y) - F.cross_entropy(twin_logits, y)).abs()


@wrong("twin_class_loss", caught_by="a_batch", diagnosis="number")
def raw_logits(class_logits, twin_logits, y):
    return (twin_logits - class_logits).gather(1, y[:, None]).mean()


@wrong("twin_class_loss", caught_by="both_sure", diagnosis="nan")
def logarithm_of_a_fraction(class_logits, twin_logits, y):
    own = torch.arange(len(y))
    return (twin_logits.softmax(1)[own, y] / class_logits.softmax(1)[own, y]).log().mean()


@wrong("twin_class_loss", caught_by="both_sure", diagnosis="number")
def fraction_kept_off_zero(class_logits, twin_logits, y):
    own = torch.arange(len(y))
    return (twin_logits.softmax(1)[own, y] / (class_logits.softmax(1)[own, y] + 1e-8)).log().mean()


@wrong("twin_class_loss", caught_by="a_batch", diagnosis="number")
def fraction_of_probabilities(class_logits, twin_logits, y):
    own = torch.arange(len(y))
    return (twin_logits.log_softmax(1) - class_logits.log_softmax(1))[own, y].exp().mean()


@wrong("twin_class_loss", caught_by="square", diagnosis="number")
def softmax_down_the_batch(class_logits, twin_logits, y):
    return (twin_logits.log_softmax(0) - class_logits.log_softmax(0)).gather(1, y[:, None]).mean()


@wrong("twin_class_loss", caught_by="a_batch", diagnosis="slope", says="gradient")
def twin_held_fixed(class_logits, twin_logits, y):
    return F.cross_entropy(class_logits, y) - F.cross_entropy(twin_logits.detach(), y)


@wrong("twin_class_loss", caught_by="a_batch", diagnosis="cut", says=".item()")
def as_a_float(class_logits, twin_logits, y):
    return F.cross_entropy(class_logits, y).item() - F.cross_entropy(twin_logits, y).item()


@wrong("twin_class_loss", caught_by="a_batch", diagnosis="shape", says="shape")
def one_price_per_fake(class_logits, twin_logits, y):
    return F.cross_entropy(class_logits, y, reduction="none") - F.cross_entropy(twin_logits, y, reduction="none")


@wrong("twin_class_loss", caught_by="a_batch", diagnosis="number")
def summed_over_fakes(class_logits, twin_logits, y):
    return F.cross_entropy(class_logits, y, reduction="sum") - F.cross_entropy(twin_logits, y, reduction="sum")


@wrong("twin_class_loss", caught_by="double_precision", diagnosis="dtype", says="dtype")
def single_precision_inside(class_logits, twin_logits, y):
    return F.cross_entropy(class_logits.float(), y) - F.cross_entropy(twin_logits.float(), y)


@wrong("twin_class_loss", caught_by="a_batch", diagnosis="number")
def softmax_and_again(class_logits, twin_logits, y):
    return F.cross_entropy(class_logits.softmax(1), y) - F.cross_entropy(twin_logits.softmax(1), y)


@wrong("twin_class_loss", caught_by="a_batch", diagnosis="type", says="tuple")
def a_pair_of_losses(class_logits, twin_logits, y):
    return F.cross_entropy(class_logits, y), F.cross_entropy(twin_logits, y)
