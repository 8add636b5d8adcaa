"""Answers to section 9. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import torch
import torch.nn.functional as F
from torch import nn

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

# --- simultaneous_step ------------------------------------------------------------------------------------------------


@right("simultaneous_step")
def one_line(x, y, lr):
    return x - lr * y, y + lr * x


@right("simultaneous_step")
def by_autograd(x, y, lr):
    x, y = x.clone().requires_grad_(), y.clone().requires_grad_()
    g_x, g_y = torch.autograd.grad((x * y).sum(), (x, y))
    return (x - lr * g_x).detach(), (y + lr * g_y).detach()


@right("simultaneous_step")
def a_rotation_that_stretches(x, y, lr):
    matrix = torch.tensor([[1.0, -lr], [lr, 1.0]], dtype=x.dtype)
    new = torch.tensordot(matrix, torch.stack([x, y]), dims=1)
    return new[0], new[1]


@right("simultaneous_step")
def two_optimizers(x, y, lr):
    x, y = nn.Parameter(x.clone()), nn.Parameter(y.clone())
    (x * y).sum().backward()
    torch.optim.SGD([x], lr=lr).step()
    torch.optim.SGD([y], lr=lr, maximize=True).step()
    return [x.detach(), y.detach()]


@wrong("simultaneous_step", caught_by="x_at_zero")
def really_alternating(x, y, lr):
    x = x - lr * y
    return x, y + lr * x


@wrong("simultaneous_step", caught_by="one_point")
def both_descend(x, y, lr):
    return x - lr * y, y - lr * x


@wrong("simultaneous_step", caught_by="one_point")
def both_ascend(x, y, lr):
    return x + lr * y, y + lr * x


@wrong("simultaneous_step", caught_by="one_point")
def own_value_as_gradient(x, y, lr):
    return x - lr * x, y + lr * y


@wrong("simultaneous_step", caught_by="one_point", says="as a tuple")
def only_x(x, y, lr):
    return x - lr * y


@wrong("simultaneous_step", caught_by="double_precision", says="modified")
def in_place(x, y, lr):
    old = x.clone()
    x -= lr * y
    y += lr * old
    return x, y


@wrong("simultaneous_step", caught_by="double_precision")
def single_precision(x, y, lr):
    return (x - lr * y).float(), (y + lr * x).float()


@wrong("simultaneous_step", caught_by="large_step")
def clipped(x, y, lr):
    lr = min(lr, 1.0)
    return x - lr * y, y + lr * x


@wrong("simultaneous_step", caught_by="vectors", says="shape")
def a_scalar_product(x, y, lr):
    return (x - lr * y).sum(), (y + lr * x).sum()


# --- alternating_step -------------------------------------------------------------------------------------------------


@right("alternating_step")
def x_first(x, y, lr):
    x = x - lr * y
    y = y + lr * x
    return x, y


@right("alternating_step")
def multiplied_out(x, y, lr):
    return x - lr * y, lr * x + (1 - lr**2) * y


@right("alternating_step")
def autograd_twice(x, y, lr):
    x, y = x.clone().requires_grad_(), y.clone().requires_grad_()
    (g_x,) = torch.autograd.grad((x * y).sum(), x)
    x = (x - lr * g_x).detach()
    (g_y,) = torch.autograd.grad((x * y).sum(), y)
    return x, (y + lr * g_y).detach()


@wrong("alternating_step", caught_by="x_at_zero")
def really_simultaneous(x, y, lr):
    return x - lr * y, y + lr * x


@wrong("alternating_step", caught_by="y_at_zero")
def y_first(x, y, lr):
    y = y + lr * x
    return x - lr * y, y


@wrong("alternating_step", caught_by="one_point")
def y_descends(x, y, lr):
    x = x - lr * y
    return x, y - lr * x


@wrong("alternating_step", caught_by="one_point")
def in_the_wrong_order(x, y, lr):
    x = x - lr * y
    return y + lr * x, x


@wrong("alternating_step", caught_by="one_point")
def half_a_step_each(x, y, lr):
    x = x - lr / 2 * y
    return x, y + lr / 2 * x


@wrong("alternating_step", caught_by="double_precision", says="modified")
def updates_the_callers_tensors(x, y, lr):
    x -= lr * y
    y += lr * x
    return x, y


@wrong("alternating_step", caught_by="large_step")
def fixed_rate(x, y, lr):
    x = x - 0.3 * y
    return x, y + 0.3 * x


@wrong("alternating_step", caught_by="vectors")
def clips_gradients(x, y, lr):
    x = x - lr * y.clamp(-1, 1)
    return x, y + lr * x.clamp(-1, 1)


# --- extragradient_step -----------------------------------------------------------------------------------------------


@right("extragradient_step")
def look_ahead(x, y, lr):
    x_ahead, y_ahead = x - lr * y, y + lr * x
    return x - lr * y_ahead, y + lr * x_ahead


@right("extragradient_step")
def powers_of_lr(x, y, lr):
    return (1 - lr**2) * x - lr * y, (1 - lr**2) * y + lr * x


@right("extragradient_step")
def autograd_at_the_look_ahead_point(x, y, lr):
    def gradients(x, y):
        x, y = x.clone().requires_grad_(), y.clone().requires_grad_()
        return torch.autograd.grad((x * y).sum(), (x, y))

    g_x, g_y = gradients(x, y)
    g_x, g_y = gradients(x - lr * g_x, y + lr * g_y)
    return x - lr * g_x, y + lr * g_y


@wrong("extragradient_step", caught_by="one_point")
def two_simultaneous_steps(x, y, lr):
    x, y = x - lr * y, y + lr * x
    return x - lr * y, y + lr * x


@wrong("extragradient_step", caught_by="x_at_zero")
def half_a_step_ahead(x, y, lr):
    x_ahead, y_ahead = x - lr / 2 * y, y + lr / 2 * x
    return x - lr * y_ahead, y + lr * x_ahead


@wrong("extragradient_step", caught_by="x_at_zero")
def looks_ahead_by_alternating(x, y, lr):
    x_ahead = x - lr * y
    y_ahead = y + lr * x_ahead
    return x - lr * y_ahead, y + lr * x_ahead


@wrong("extragradient_step", caught_by="y_at_zero")
def only_y_looks_ahead(x, y, lr):
    return x - lr * y, y + lr * (x - lr * y)


@wrong("extragradient_step", caught_by="x_at_zero")
def only_x_looks_ahead(x, y, lr):
    return x - lr * (y + lr * x), y + lr * x


@wrong("extragradient_step", caught_by="one_point")
def mean_of_both_gradients(x, y, lr):
    x_ahead, y_ahead = x - lr * y, y + lr * x
    return x - lr * (y + y_ahead) / 2, y + lr * (x + x_ahead) / 2


@wrong("extragradient_step", caught_by="one_point")
def y_looks_the_wrong_way(x, y, lr):
    x_ahead, y_ahead = x - lr * y, y - lr * x
    return x - lr * y_ahead, y + lr * x_ahead


@wrong("extragradient_step", caught_by="double_precision", says="modified")
def walks_from_the_look_ahead_point_in_place(x, y, lr):
    old_x, old_y = x.clone(), y.clone()
    x -= lr * old_y
    y += lr * old_x
    return old_x - lr * y, old_y + lr * x


@wrong("extragradient_step", caught_by="large_step")
def refuses_to_overshoot(x, y, lr):
    shrink = max(0.0, 1 - lr**2)
    return shrink * x - lr * y, shrink * y + lr * x


@wrong("extragradient_step", caught_by="vectors", says="stops with")
def numbers_only(x, y, lr):
    x, y = x.item(), y.item()
    return torch.tensor(x - lr * (y + lr * x)), torch.tensor(y + lr * (x - lr * y))


# --- feature_matching_loss --------------------------------------------------------------------------------------------


@right("feature_matching_loss")
def square_and_sum(real_features, fake_features):
    return (real_features.mean(0) - fake_features.mean(0)).pow(2).sum()


@right("feature_matching_loss")
def detached_target(real_features, fake_features):
    with torch.no_grad():
        target = real_features.mean(dim=0)
    return F.mse_loss(fake_features.mean(dim=0), target, reduction="sum")


@right("feature_matching_loss")
def norm_squared(real_features, fake_features):
    difference = real_features.mean(0, keepdim=True) - fake_features.mean(0, keepdim=True)
    return torch.linalg.vector_norm(difference) ** 2


@right("feature_matching_loss")
def dot_product(real_features, fake_features):
    gap = (real_features.sum(0) / len(real_features) - fake_features.sum(0) / len(fake_features)).flatten()
    return gap @ gap


@wrong("feature_matching_loss", caught_by="equal_means")
def distance_of_pairs(real_features, fake_features):
    return (real_features - fake_features).square().flatten(1).sum(1).mean()


@wrong("feature_matching_loss", caught_by="unequal_batches")
def cuts_to_the_shorter_batch(real_features, fake_features):
    n = min(len(real_features), len(fake_features))
    return (real_features[:n].mean(0) - fake_features[:n].mean(0)).square().sum()


@wrong("feature_matching_loss", caught_by="two_batches")
def not_squared(real_features, fake_features):
    return (real_features.mean(0) - fake_features.mean(0)).norm()


@wrong("feature_matching_loss", caught_by="two_batches")
def mean_over_features(real_features, fake_features):
    return F.mse_loss(fake_features.mean(0), real_features.mean(0))


@wrong("feature_matching_loss", caught_by="two_batches")
def absolute_values(real_features, fake_features):
    return (real_features.mean(0) - fake_features.mean(0)).abs().sum()


@wrong("feature_matching_loss", caught_by="two_batches")
def mean_of_everything(real_features, fake_features):
    return (real_features.mean() - fake_features.mean()).square()


@wrong("feature_matching_loss", caught_by="two_batches", says="no gradient")
def detaches_the_fakes(real_features, fake_features):
    return (real_features.mean(0) - fake_features.detach().mean(0)).square().sum()


@wrong("feature_matching_loss", caught_by="maps_of_features")
def averages_over_places(real_features, fake_features):
    rest = tuple(range(2, real_features.dim()))
    axes = (0, *rest)
    return (real_features.mean(axes) - fake_features.mean(axes)).square().sum()


@wrong("feature_matching_loss", caught_by="batch_of_one", says="shape")
def one_value_per_row(real_features, fake_features):
    difference = real_features.mean(0, keepdim=True) - fake_features.mean(0, keepdim=True)
    return difference.flatten(1).square().sum(1)


@wrong("feature_matching_loss", caught_by="double_precision", says="dtype")
def to_float(real_features, fake_features):
    return (real_features.float().mean(0) - fake_features.float().mean(0)).square().sum()


# --- smoothed_discriminator_loss --------------------------------------------------------------------------------------


@right("smoothed_discriminator_loss")
def two_terms(real_logits, fake_logits, smooth):
    real = smooth * F.softplus(-real_logits) + (1 - smooth) * F.softplus(real_logits)
    return real.mean() + F.softplus(fake_logits).mean()


@right("smoothed_discriminator_loss")
def full_like(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy_with_logits
    real = bce(real_logits, torch.full_like(real_logits, smooth))
    return real + bce(fake_logits, torch.zeros_like(fake_logits))


@right("smoothed_discriminator_loss")
def softplus_minus_target(real_logits, fake_logits, smooth):
    return (F.softplus(real_logits) - smooth * real_logits).mean() + F.softplus(fake_logits).mean()


@right("smoothed_discriminator_loss")
def log_sigmoids(real_logits, fake_logits, smooth):
    real = smooth * F.logsigmoid(real_logits).mean() + (1 - smooth) * F.logsigmoid(-real_logits).mean()
    return -real - F.logsigmoid(-fake_logits).mean()


@wrong("smoothed_discriminator_loss", caught_by="two_batches")
def both_sides(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy_with_logits
    real = bce(real_logits, torch.full_like(real_logits, smooth))
    return real + bce(fake_logits, torch.full_like(fake_logits, 1 - smooth))


@wrong("smoothed_discriminator_loss", caught_by="two_batches")
def the_fake_side(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy_with_logits
    real = bce(real_logits, torch.ones_like(real_logits))
    return real + bce(fake_logits, torch.full_like(fake_logits, 1 - smooth))


@wrong("smoothed_discriminator_loss", caught_by="overconfident")
def a_weight_instead_of_a_target(real_logits, fake_logits, smooth):
    return smooth * F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


@wrong("smoothed_discriminator_loss", caught_by="another_target")
def always_point_nine(real_logits, fake_logits, smooth):
    real = 0.9 * F.softplus(-real_logits) + 0.1 * F.softplus(real_logits)
    return real.mean() + F.softplus(fake_logits).mean()


@wrong("smoothed_discriminator_loss", caught_by="two_batches")
def smooth_means_the_rest(real_logits, fake_logits, smooth):
    real = (1 - smooth) * F.softplus(-real_logits) + smooth * F.softplus(real_logits)
    return real.mean() + F.softplus(fake_logits).mean()


@wrong("smoothed_discriminator_loss", caught_by="unequal_batches")
def one_mean(real_logits, fake_logits, smooth):
    logits = torch.cat([real_logits, fake_logits])
    targets = torch.cat([torch.full_like(real_logits, smooth), torch.zeros_like(fake_logits)])
    return 2 * F.binary_cross_entropy_with_logits(logits, targets)


@wrong("smoothed_discriminator_loss", caught_by="overconfident")
def probabilities(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy
    real = bce(torch.sigmoid(real_logits), torch.full_like(real_logits, smooth))
    return real + bce(torch.sigmoid(fake_logits), torch.zeros_like(fake_logits))


@wrong("smoothed_discriminator_loss", caught_by="confident_and_wrong")
def a_constant_in_the_log(real_logits, fake_logits, smooth):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    real_loss = smooth * torch.log(real + 1e-8) + (1 - smooth) * torch.log(1 - real + 1e-8)
    return -real_loss.mean() - torch.log(1 - fake + 1e-8).mean()


@wrong("smoothed_discriminator_loss", caught_by="no_smoothing")
def random_soft_labels(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy_with_logits
    real = bce(real_logits, torch.empty_like(real_logits).uniform_(smooth - 0.2, smooth + 0.1))
    return real + bce(fake_logits, torch.zeros_like(fake_logits))


@wrong("smoothed_discriminator_loss", caught_by="batch_of_one", says="shape")
def mean_over_the_batch_axis_only(real_logits, fake_logits, smooth):
    real = F.softplus(real_logits) - smooth * real_logits
    return real.mean(0) + F.softplus(fake_logits).mean(0)


@wrong("smoothed_discriminator_loss", caught_by="double_precision", says="dtype")
def single_precision_logits(real_logits, fake_logits, smooth):
    real_logits, fake_logits = real_logits.float(), fake_logits.float()
    return (F.softplus(real_logits) - smooth * real_logits).mean() + F.softplus(fake_logits).mean()


# --- smoothed_optimal_discriminator -----------------------------------------------------------------------------------


@right("smoothed_optimal_discriminator")
def formula(p, q, alpha, beta):
    return (alpha * p + beta * q) / (p + q)


@right("smoothed_optimal_discriminator")
def mean_target(p, q, alpha, beta):
    share = p / (p + q)
    return alpha * share + beta * (1 - share)


@right("smoothed_optimal_discriminator")
def entry_by_entry(p, q, alpha, beta):
    values = [(alpha * a + beta * b) / (a + b) for a, b in zip(p.flatten().tolist(), q.flatten().tolist(), strict=True)]
    return torch.tensor(values, dtype=p.dtype).view(p.shape)


@right("smoothed_optimal_discriminator")
def interpolate(p, q, alpha, beta):
    low, high = torch.full_like(p, beta), torch.full_like(p, alpha)
    return torch.lerp(low, high, p / (p + q))


@wrong("smoothed_optimal_discriminator", caught_by="two_sided")
def beta_forgotten(p, q, alpha, beta):
    return alpha * p / (p + q)


@wrong("smoothed_optimal_discriminator", caught_by="two_sided")
def smoothed_densities_below(p, q, alpha, beta):
    return (alpha * p + beta * q) / (alpha * p + beta * q + (1 - alpha) * q + (1 - beta) * p)


@wrong("smoothed_optimal_discriminator", caught_by="one_sided")
def normalised_by_the_targets(p, q, alpha, beta):
    return (alpha * p + beta * q) / (alpha * p + (1 - beta) * q)


@wrong("smoothed_optimal_discriminator", caught_by="two_sided")
def swapped_targets(p, q, alpha, beta):
    return (beta * p + alpha * q) / (p + q)


@wrong("smoothed_optimal_discriminator", caught_by="no_smoothing")
def odds(p, q, alpha, beta):
    return (alpha * p + beta * q) / q


@wrong("smoothed_optimal_discriminator", caught_by="where_only_one_is")
def odds_of_the_targets(p, q, alpha, beta):
    ratio = p / q
    return (alpha * ratio + beta) / (ratio + 1)


@wrong("smoothed_optimal_discriminator", caught_by="far_from_everything")
def a_constant_below(p, q, alpha, beta):
    return (alpha * p + beta * q) / (p + q + 1e-8)


@wrong("smoothed_optimal_discriminator", caught_by="table")
def normalises_first(p, q, alpha, beta):
    p, q = p / p.sum(), q / q.sum()
    return (alpha * p + beta * q) / (p + q)


@wrong("smoothed_optimal_discriminator", caught_by="double_precision", says="dtype")
def float_out(p, q, alpha, beta):
    return ((alpha * p + beta * q) / (p + q)).float()


# --- minibatch_features -----------------------------------------------------------------------------------------------


@right("minibatch_features")
def minus_oneself(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return torch.exp(-(m.unsqueeze(0) - m.unsqueeze(1)).abs().sum(3)).sum(0) - 1


@right("minibatch_features")
def masked(features, kernel):
    n, (f, b, c) = len(features), kernel.shape
    m = (features @ kernel.view(f, b * c)).view(n, b, c)
    closeness = torch.exp(-torch.linalg.vector_norm(m[:, None] - m[None, :], ord=1, dim=-1))
    others = 1 - torch.eye(n, dtype=m.dtype)
    return torch.einsum("ijb,ij->ib", closeness, others)


@right("minibatch_features")
def loops(features, kernel):
    m = torch.tensordot(features, kernel, dims=1)
    rows = []
    for i in range(len(m)):
        row = torch.zeros_like(m[i, :, 0])
        for j in range(len(m)):
            if j != i:
                row = row + (-(m[i] - m[j]).abs().sum(-1)).exp()
        rows.append(row)
    return torch.stack(rows)


@right("minibatch_features")
def cdist_per_row(features, kernel):
    m = torch.einsum("nf,fbc->bnc", features, kernel)
    return torch.stack([(-torch.cdist(row, row, p=1)).exp().sum(1) - 1 for row in m], dim=1)


@right("minibatch_features")
def filled_diagonal(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    distance = (m[:, None] - m[None]).abs().sum(-1)
    itself = torch.eye(len(m), dtype=torch.bool)[..., None]
    return distance.masked_fill(itself, float("inf")).neg().exp().sum(1)


@wrong("minibatch_features", caught_by="batch_of_one", says="same constant, 1")
def self_included(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1)


@wrong("minibatch_features", caught_by="small_batch")
def euclidean(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    squared = (m[:, None] - m[None]).square().sum(-1)
    return (-(squared + 1e-12).sqrt()).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="small_batch")
def without_abs(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).sum(-1)).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="small_batch")
def mean_over_c(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).abs().mean(-1)).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="collapsed")
def mean_over_the_others(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    total = (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1
    return total / max(1, len(m) - 1)


@wrong("minibatch_features", caught_by="collapsed")
def mean_over_all(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).abs().sum(-1)).exp().mean(1)


@wrong("minibatch_features", caught_by="batch_and_rows_of_one_size", says="shape")
def sums_over_rows(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(2) - 1


@wrong("minibatch_features", caught_by="small_batch")
def rows_and_columns_swapped(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    n, b, c = m.shape
    m = m.reshape(n, c, b).transpose(1, 2)
    return (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="small_batch")
def exp_before_the_sum(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).abs()).exp().sum(-1).sum(1) - kernel.shape[2]


@wrong("minibatch_features", caught_by="far_apart")
def distances_with_the_wrong_sign(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (m[:, None] - m[None]).abs().sum(-1).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="one_row_of_one", says="shape")
def squeezed(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return ((-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1).squeeze(-1)


@wrong("minibatch_features", caught_by="small_batch")
def appended_to_the_features(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return torch.cat([features, (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1], dim=1)


@wrong("minibatch_features", caught_by="double_precision", says="dtype")
def single_out(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return ((-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1).float()


@wrong("minibatch_features", caught_by="small_batch", says="no gradient")
def counted_without_gradient(features, kernel):
    with torch.no_grad():
        m = torch.einsum("nf,fbc->nbc", features, kernel)
        return (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1


# --- virtual_batch_norm -----------------------------------------------------------------------------------------------


@right("virtual_batch_norm")
def one_by_one(x, reference, eps):
    rows = []
    for sample in x:
        both = torch.cat([reference, sample.unsqueeze(0)])
        mean = both.mean(0)
        variance = ((both - mean) ** 2).mean(0)
        rows.append((sample - mean) / torch.sqrt(variance + eps))
    return torch.stack(rows)


@right("virtual_batch_norm")
def running_sums(x, reference, eps):
    m = len(reference)
    mean = (reference.sum(0) + x) / (m + 1)
    square = (reference.square().sum(0) + x.square()) / (m + 1)
    return (x - mean) * (square - mean.square() + eps).rsqrt()


@right("virtual_batch_norm")
def weighted_statistics(x, reference, eps):
    """As in the paper's code: a share 1/(m + 1) for the sample, the rest for the reference."""
    share = 1 / (len(reference) + 1)
    mean_r, var_r = reference.mean(0), reference.var(0, correction=0)
    mean = share * x + (1 - share) * mean_r
    variance = (1 - share) * var_r + share * (1 - share) * (x - mean_r) ** 2
    return (x - mean) / (variance + eps) ** 0.5


@right("virtual_batch_norm")
def library_batch_norm(x, reference, eps):
    rows = [
        F.batch_norm(torch.cat([x[i : i + 1], reference]), None, None, training=True, eps=eps) for i in range(len(x))
    ]
    return torch.stack([row[0] for row in rows])


@right("virtual_batch_norm")
def expanded(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    variance, mean = torch.var_mean(union, dim=1, correction=0)
    return (x - mean) / torch.sqrt(variance + eps)


@wrong("virtual_batch_norm", caught_by="batch_of_one")
def batch_norm(x, reference, eps):
    return (x - x.mean(0)) / (x.var(0, correction=0) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="small_batch")
def reference_batch_norm(x, reference, eps):
    return (x - reference.mean(0)) / (reference.var(0, correction=0) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="one_far_sample")
def the_whole_batch_with_the_reference(x, reference, eps):
    both = torch.cat([reference, x])
    return (x - both.mean(0)) / (both.var(0, correction=0) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="reference_of_one")
def unbiased(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    return (x - union.mean(1)) / (union.var(1) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="large_eps")
def eps_outside_the_root(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    return (x - union.mean(1)) / (union.std(1, correction=0) + eps)


@wrong("virtual_batch_norm", caught_by="constant_feature")
def no_eps(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    return (x - union.mean(1)) / union.std(1, correction=0)


@wrong("virtual_batch_norm", caught_by="small_batch")
def divides_by_the_variance(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    return (x - union.mean(1)) / (union.var(1, correction=0) + eps)


@wrong("virtual_batch_norm", caught_by="small_batch")
def half_and_half(x, reference, eps):
    mean = (x + reference.mean(0)) / 2
    square = (x.square() + reference.square().mean(0)) / 2
    return (x - mean) / (square - mean.square() + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="small_batch", says="wrong gradient")
def statistics_as_constants(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1).detach()
    return (x - union.mean(1)) / (union.var(1, correction=0) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="small_batch")
def over_the_features(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    mean, variance = union.mean((1, 2)), union.var((1, 2), correction=0)
    return (x - mean[:, None]) / (variance[:, None] + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="double_precision", says="dtype")
def float_statistics(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1).float()
    return ((x - union.mean(1)) / (union.var(1, correction=0) + eps).sqrt()).float()


@wrong("virtual_batch_norm", caught_by="small_batch", says="modified")
def centres_the_reference_in_place(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    result = (x - union.mean(1)) / (union.var(1, correction=0) + eps).sqrt()
    reference -= reference.mean(0)
    return result
