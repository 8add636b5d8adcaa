"""Answers to section 8. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import warnings

import numpy as np
import torch
import torch.nn.functional as F
from scipy import stats
from scipy.optimize import linear_sum_assignment
from torch import autograd, nn

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

# --- wasserstein_1d ---------------------------------------------------------------------------------------------------


@right("wasserstein_1d")
def sort_both(x, y):
    return (x.sort().values - y.sort().values).abs().mean()


@right("wasserstein_1d")
def sort_in_numpy(x, y):
    return float(np.abs(np.sort(x.numpy()) - np.sort(y.numpy())).mean())


@right("wasserstein_1d")
def scipy_knows(x, y):
    return stats.wasserstein_distance(x, y)


@right("wasserstein_1d")
def best_assignment(x, y):
    cost = (x[:, None] - y[None, :]).abs()
    rows, columns = linear_sum_assignment(cost)
    return cost[torch.as_tensor(rows), torch.as_tensor(columns)].mean()


@right("wasserstein_1d")
def area_between_the_cdfs(x, y):
    points = torch.cat([x, y]).sort().values
    cdf_x = (x[None, :] <= points[:-1, None]).to(x.dtype).mean(1)
    cdf_y = (y[None, :] <= points[:-1, None]).to(y.dtype).mean(1)
    return ((cdf_x - cdf_y).abs() * points.diff()).sum()


@right("wasserstein_1d")
def python_lists(x, y):
    return sum(abs(a - b) for a, b in zip(sorted(x.tolist()), sorted(y.tolist()), strict=True)) / len(x)


@wrong("wasserstein_1d", caught_by="same_points_shuffled")
def pairs_as_they_come(x, y):
    return (x - y).abs().mean()


@wrong("wasserstein_1d", caught_by="same_points_shuffled")
def sorts_one_only(x, y):
    return (x.sort().values - y).abs().mean()


@wrong("wasserstein_1d", caught_by="same_points_shuffled")
def mean_over_all_pairs(x, y):
    return (x[:, None] - y[None, :]).abs().mean()


@wrong("wasserstein_1d", caught_by="equal_means")
def difference_of_means(x, y):
    return (x.mean() - y.mean()).abs()


@wrong("wasserstein_1d", caught_by="equal_means")
def absolute_value_last(x, y):
    return (x.sort().values - y.sort().values).mean().abs()


@wrong("wasserstein_1d", caught_by="shifted_to_the_right")
def no_absolute_value(x, y):
    return (x.sort().values - y.sort().values).mean()


@wrong("wasserstein_1d", caught_by="two_samples")
def squares(x, y):
    return (x.sort().values - y.sort().values).square().mean()


@wrong("wasserstein_1d", caught_by="two_samples")
def root_of_squares(x, y):
    return (x.sort().values - y.sort().values).square().mean().sqrt()


@wrong("wasserstein_1d", caught_by="two_samples")
def sum_not_mean(x, y):
    return (x.sort().values - y.sort().values).abs().sum()


@wrong("wasserstein_1d", caught_by="two_samples")
def opposite_orders(x, y):
    return (x.sort().values - y.sort(descending=True).values).abs().mean()


@wrong("wasserstein_1d", caught_by="two_samples")
def nearest_neighbours(x, y):
    return (x[:, None] - y[None, :]).abs().min(1).values.mean()


@wrong("wasserstein_1d", caught_by="single_points", says="shape")
def squeezes_and_keeps(x, y):
    return (x.sort().values - y.sort().values).abs().mean(0, keepdim=True)


@wrong("wasserstein_1d", caught_by="far_apart")
def histograms_of_a_fixed_range(x, y):
    bins = torch.linspace(-10, 10, 4001)
    cdf_x = (x[None, :].float() <= bins[:, None]).float().mean(1)
    cdf_y = (y[None, :].float() <= bins[:, None]).float().mean(1)
    return ((cdf_x - cdf_y).abs().sum() * 20 / 4000).to(x.dtype)


@wrong("wasserstein_1d", caught_by="double_precision", says="dtype")
def casts_down(x, y):
    return (x.float().sort().values - y.float().sort().values).abs().mean()


@wrong("wasserstein_1d", caught_by="two_samples", says="modified")
def sorts_in_place(x, y):
    x.numpy().sort()
    y.numpy().sort()
    return (x - y).abs().mean()


@wrong("wasserstein_1d", caught_by="single_points")
def divides_by_n_minus_one(x, y):
    return (x.sort().values - y.sort().values).abs().sum() / (len(x) - 1)


# --- critic_loss ------------------------------------------------------------------------------------------------------


@right("critic_loss")
def fake_minus_real(real_scores, fake_scores):
    return fake_scores.mean() - real_scores.mean()


@right("critic_loss")
def minus_the_value(real_scores, fake_scores):
    return -(torch.mean(real_scores) - torch.mean(fake_scores))


@right("critic_loss")
def sums_over_sizes(real_scores, fake_scores):
    return fake_scores.sum() / fake_scores.numel() - real_scores.sum() / real_scores.numel()


@right("critic_loss")
def labels_of_plus_and_minus_one(real_scores, fake_scores):
    real, fake = torch.ones_like(real_scores), -torch.ones_like(fake_scores)
    return -(real * real_scores).mean() - (fake * fake_scores).mean()


@wrong("critic_loss", caught_by="two_batches", says="sign is reversed")
def real_minus_fake(real_scores, fake_scores):
    return real_scores.mean() - fake_scores.mean()


@wrong("critic_loss", caught_by="two_batches", says="same factor, 0.5")
def halved(real_scores, fake_scores):
    return (fake_scores.mean() - real_scores.mean()) / 2


@wrong("critic_loss", caught_by="two_batches")
def both_pushed_up(real_scores, fake_scores):
    return -fake_scores.mean() - real_scores.mean()


@wrong("critic_loss", caught_by="two_batches")
def hinge(real_scores, fake_scores):
    return F.relu(1 - real_scores).mean() + F.relu(1 + fake_scores).mean()


@wrong("critic_loss", caught_by="two_batches")
def cross_entropy(real_scores, fake_scores):
    return F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()


@wrong("critic_loss", caught_by="large_scores")
def squashed_scores(real_scores, fake_scores):
    return torch.sigmoid(fake_scores).mean() - torch.sigmoid(real_scores).mean()


@wrong("critic_loss", caught_by="large_scores")
def clamped_scores(real_scores, fake_scores):
    return fake_scores.clamp(-100, 100).mean() - real_scores.clamp(-100, 100).mean()


@wrong("critic_loss", caught_by="two_batches")
def distance_without_direction(real_scores, fake_scores):
    return -(fake_scores.mean() - real_scores.mean()).abs()


@wrong("critic_loss", caught_by="unequal_batches")
def subtracts_before_the_mean(real_scores, fake_scores):
    return (fake_scores - real_scores).mean()


@wrong("critic_loss", caught_by="unequal_batches")
def one_mean_over_both(real_scores, fake_scores):
    signs = torch.cat([-torch.ones_like(real_scores), torch.ones_like(fake_scores)])
    return 2 * (signs * torch.cat([real_scores, fake_scores])).mean()


@wrong("critic_loss", caught_by="batch_of_one", says="shape")
def mean_over_the_batch_axis_only(real_scores, fake_scores):
    return fake_scores.mean(0) - real_scores.mean(0)


@wrong("critic_loss", caught_by="flat_scores")
def needs_a_column(real_scores, fake_scores):
    return fake_scores[:, 0].mean() - real_scores[:, 0].mean()


@wrong("critic_loss", caught_by="maps_of_scores")
def sum_over_the_patches(real_scores, fake_scores):
    return fake_scores.sum() / len(fake_scores) - real_scores.sum() / len(real_scores)


@wrong("critic_loss", caught_by="double_precision", says="dtype")
def casts_to_float32(real_scores, fake_scores):
    return fake_scores.float().mean() - real_scores.float().mean()


@wrong("critic_loss", caught_by="two_batches", says="gradient with respect to fake_scores")
def detached_fakes(real_scores, fake_scores):
    return fake_scores.detach().mean() - real_scores.mean()


# --- wasserstein_generator_loss ---------------------------------------------------------------------------------------


@right("wasserstein_generator_loss")
def minus_mean(fake_scores):
    return -fake_scores.mean()


@right("wasserstein_generator_loss")
def mean_of_minus(fake_scores):
    return torch.mean(-fake_scores)


@right("wasserstein_generator_loss")
def sum_over_size(fake_scores):
    return fake_scores.sum() / -fake_scores.numel()


@right("wasserstein_generator_loss")
def dot_product(fake_scores):
    flat = fake_scores.flatten()
    return -(flat @ torch.ones_like(flat)) / len(flat)


@wrong("wasserstein_generator_loss", caught_by="one_batch", says="sign is reversed")
def plus_mean(fake_scores):
    return fake_scores.mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch")
def non_saturating(fake_scores):
    return F.softplus(-fake_scores).mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch")
def absolute_scores(fake_scores):
    return -fake_scores.abs().mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch")
def squared_scores(fake_scores):
    return -fake_scores.square().mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch", says="same factor, 0.5")
def half(fake_scores):
    return -fake_scores.mean() / 2


@wrong("wasserstein_generator_loss", caught_by="large_scores")
def squashed(fake_scores):
    return -torch.tanh(fake_scores).mean()


@wrong("wasserstein_generator_loss", caught_by="large_scores")
def clamped(fake_scores):
    return -fake_scores.clamp(-50, 50).mean()


@wrong("wasserstein_generator_loss", caught_by="flat_scores")
def summed(fake_scores):
    return -fake_scores.sum()


@wrong("wasserstein_generator_loss", caught_by="maps_of_scores")
def patches_summed(fake_scores):
    return -fake_scores.flatten(1).sum(1).mean() if fake_scores.dim() > 1 else -fake_scores.mean()


@wrong("wasserstein_generator_loss", caught_by="batch_of_one", says="shape")
def keeps_an_axis(fake_scores):
    return -fake_scores.mean(0)


@wrong("wasserstein_generator_loss", caught_by="double_precision", says="dtype")
def single_precision_only(fake_scores):
    return -fake_scores.float().mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch", says="gradient")
def item(fake_scores):
    return -fake_scores.mean().item()


# --- clip_weights -----------------------------------------------------------------------------------------------------


@right("clip_weights")
def clamp_without_recording(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(-bound, bound)


@right("clip_weights")
def clamp_the_data(critic, bound):
    for p in critic.parameters():
        p.data.clamp_(-bound, bound)
    return critic


@right("clip_weights")
def copy_into_place(critic, bound):
    for _, p in critic.named_parameters():
        p.detach().copy_(torch.clip(p.detach(), min=-bound, max=bound))


@right("clip_weights")
def layer_by_layer(critic, bound):
    def clip(module):
        for p in module.parameters(recurse=False):
            p.requires_grad, flag = False, p.requires_grad
            torch.clamp(p, -bound, bound, out=p)
            p.requires_grad = flag

    critic.apply(clip)


@right("clip_weights")
@torch.no_grad()
def masks(critic, bound):
    for p in critic.parameters():
        p[p > bound] = bound
        p[p < -bound] = -bound


@right("clip_weights")
@torch.no_grad()
def new_state_loaded(critic, bound):
    own = {name for name, _ in critic.named_parameters(remove_duplicate=False)}
    state = {name: t.clamp(-bound, bound) if name in own else t for name, t in critic.state_dict().items()}
    critic.load_state_dict(state)


@wrong("clip_weights", caught_by="perceptron", says="torch.no_grad")
def clamps_recorded_parameters(critic, bound):
    for p in critic.parameters():
        p.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="perceptron", says="clamp_")
def clamps_copies(critic, bound):
    for p in critic.parameters():
        p.clamp(-bound, bound)


@wrong("clip_weights", caught_by="perceptron", says="clamp_")
def rebinds_the_loop_variable(critic, bound):
    for p in critic.parameters():
        p = torch.clamp(p, -bound, bound)  # noqa: PLW2901


@wrong("clip_weights", caught_by="perceptron", says="replaced")
def reassigns_data(critic, bound):
    for p in critic.parameters():
        p.data = p.data.clamp(-bound, bound)


@wrong("clip_weights", caught_by="perceptron", says="replaced")
def through_one_vector(critic, bound):
    vector = nn.utils.parameters_to_vector(critic.parameters())
    nn.utils.vector_to_parameters(vector.clamp(-bound, bound), critic.parameters())


@wrong("clip_weights", caught_by="perceptron", says="replaced")
def new_parameters(critic, bound):
    for module in critic.modules():
        for name, p in list(module.named_parameters(recurse=False)):
            setattr(module, name, nn.Parameter(p.detach().clamp(-bound, bound)))


@wrong("clip_weights", caught_by="perceptron")
def upper_side_only(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(max=bound)


@wrong("clip_weights", caught_by="perceptron")
def clamps_to_positive(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(0, bound)


@wrong("clip_weights", caught_by="perceptron")
def rescales_each_tensor(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.mul_(min(1.0, bound / p.abs().max().item()))


@wrong("clip_weights", caught_by="perceptron")
def clips_the_norm(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.mul_((bound / p.norm()).clamp(max=1))


@wrong("clip_weights", caught_by="wide_bound")
def always_to_the_bound(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.copy_(p.sign() * bound)


@wrong("clip_weights", caught_by="perceptron")
def ignores_the_bound(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(-0.01, 0.01)


@wrong("clip_weights", caught_by="perceptron")
def weights_without_biases(critic, bound):
    with torch.no_grad():
        for name, p in critic.named_parameters():
            if "weight" in name:
                p.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="images")
def linear_layers_only(critic, bound):
    for module in critic.modules():
        if isinstance(module, nn.Linear):
            module.weight.data.clamp_(-bound, bound)
            module.bias.data.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="lonely_parameter")
def weight_and_bias_of_known_layers(critic, bound):
    for module in critic.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.BatchNorm1d):
            module.weight.data.clamp_(-bound, bound)
            module.bias.data.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="buffers")
def everything_in_the_state(critic, bound):
    for tensor in critic.state_dict().values():
        tensor.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="buffers")
def floats_in_the_state(critic, bound):
    for tensor in critic.state_dict().values():
        if tensor.is_floating_point():
            tensor.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="frozen_layer")
def trainable_ones_only(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            if p.requires_grad:
                p.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="frozen_layer", says="requires_grad")
def thaws_everything(critic, bound):
    for p in critic.parameters():
        p.requires_grad_(False)
        p.clamp_(-bound, bound)
        p.requires_grad_(True)


@wrong("clip_weights", caught_by="gradients")
def clips_gradients(critic, bound):
    nn.utils.clip_grad_value_(critic.parameters(), bound)


@wrong("clip_weights", caught_by="gradients", says=".grad")
def clips_gradients_too(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(-bound, bound)
            if p.grad is not None:
                p.grad.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="gradients", says=".grad")
def clears_gradients(critic, bound):
    critic.zero_grad()
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(-bound, bound)


# --- gradient_penalty -------------------------------------------------------------------------------------------------


@right("gradient_penalty")
def norm_of_the_flat_gradient(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@right("gradient_penalty")
def grad_outputs_of_ones(critic, real, fake, weights):
    x = autograd.Variable(weights * real + (1 - weights) * fake, requires_grad=True)
    scores = critic(x)
    gradients = autograd.grad(
        outputs=scores, inputs=x, grad_outputs=torch.ones_like(scores), create_graph=True, retain_graph=True
    )[0]
    return ((gradients.reshape(len(x), -1).norm(2, dim=1) - 1) ** 2).mean()


@right("gradient_penalty")
def small_constant_under_the_root(critic, real, fake, weights):
    x = torch.lerp(fake, real, weights.expand_as(real)).detach().requires_grad_(True)
    slope = torch.autograd.grad(critic(x).sum(), x, create_graph=True)[0]
    norms = torch.sqrt((slope**2).sum(dim=tuple(range(1, slope.dim()))) + 1e-12)
    return F.mse_loss(norms, torch.ones_like(norms))


@right("gradient_penalty")
def larger_constant_under_the_root(critic, real, fake, weights):
    x = (fake + weights * (real - fake)).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return ((slope.square().flatten(1).sum(1) + 1e-8).sqrt() - 1).pow(2).mean()


@right("gradient_penalty")
def root_where_it_is_safe(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    squares = slope.square().flatten(1).sum(1)
    moving = squares > 0
    norms = torch.where(moving, torch.where(moving, squares, 1.0).sqrt(), 0.0)
    return (norms - 1).square().mean()


@right("gradient_penalty")
def one_sample_at_a_time(critic, real, fake, weights):
    total = 0
    for r, f, w in zip(real, fake, weights, strict=True):
        x = (w * r + (1 - w) * f)[None].requires_grad_()
        slope = torch.autograd.grad(critic(x).squeeze(), x, create_graph=True)[0]
        total = total + (torch.linalg.vector_norm(slope) - 1) ** 2
    return total / len(real)


@right("gradient_penalty")
def vectorised_gradient(critic, real, fake, weights):
    x = weights * real + (1 - weights) * fake
    slope = torch.func.vmap(torch.func.grad(lambda one: critic(one[None]).sum()))(x)
    return (torch.linalg.vector_norm(slope, dim=tuple(range(1, x.dim()))) - 1).square().mean()


@right("gradient_penalty")
def backward_into_the_mixture_alone(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).detach().requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of a cycle that backward(create_graph=True) makes
        critic(x).sum().backward(inputs=[x], create_graph=True)
    return (x.grad.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", says="create_graph")
def no_create_graph(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", says="create_graph")
def retain_is_not_create(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, retain_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points")
def weights_drawn_inside(critic, real, fake, weights):
    weights = torch.rand(len(real), *[1] * (real.dim() - 1), dtype=real.dtype)
    return norm_of_the_flat_gradient(critic, real, fake, weights)


@wrong("gradient_penalty", caught_by="points")
def weights_drawn_per_pixel(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real, fake, torch.rand_like(real))


@wrong("gradient_penalty", caught_by="points")
def one_weight_for_the_batch(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real, fake, weights.mean())


@wrong("gradient_penalty", caught_by="points")
def roles_swapped(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, fake, real, weights)


@wrong("gradient_penalty", caught_by="points")
def as_on_the_slide(critic, real, fake, weights):
    x = (weights * real + (1 - weights * fake)).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points")
def at_the_data(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real, real, weights)


@wrong("gradient_penalty", caught_by="points")
def at_the_fakes(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, fake, fake, weights)


@wrong("gradient_penalty", caught_by="points")
def slope_of_the_mean_score(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).mean(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points")
def one_norm_for_the_batch(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.norm() - 1).square()


@wrong("gradient_penalty", caught_by="points")
def mean_before_the_square(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1).mean() - 1).square()


@wrong("gradient_penalty", caught_by="points")
def squared_norm(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).square().sum(1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points")
def towards_zero(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return slope.flatten(1).square().sum(1).mean()


@wrong("gradient_penalty", caught_by="points")
def sum_of_absolute_values(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).abs().sum(1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points")
def absolute_difference(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).abs().mean()


@wrong("gradient_penalty", caught_by="points", says="sign is reversed")
def a_reward(critic, real, fake, weights):
    return -norm_of_the_flat_gradient(critic, real, fake, weights)


@wrong("gradient_penalty", caught_by="points", says="same factor, 10")
def with_lambda(critic, real, fake, weights):
    return 10 * norm_of_the_flat_gradient(critic, real, fake, weights)


@wrong("gradient_penalty", caught_by="points")
def summed_over_the_batch(critic, real, fake, weights):
    return len(real) * norm_of_the_flat_gradient(critic, real, fake, weights)


@wrong("gradient_penalty", caught_by="gentle_slopes")
def one_sided(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return F.relu(slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="steep_slopes")
def one_sided_the_wrong_way(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return F.relu(1 - slope.flatten(1).norm(dim=1)).square().mean()


@wrong("gradient_penalty", caught_by="images", says="over all axes")
def norm_over_axis_one(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.norm(2, dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="images")
def weights_for_flat_data_only(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real, fake, weights.view(-1, 1))


@wrong("gradient_penalty", caught_by="images")
def flattens_the_data(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real.flatten(1), fake.flatten(1), weights.flatten(1))


@wrong("gradient_penalty", caught_by="scores_without_a_column")
def ones_in_a_column(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    ones = torch.ones(len(x), 1, dtype=x.dtype)
    (slope,) = torch.autograd.grad(critic(x), x, grad_outputs=ones, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="batch_of_one")
def squeezes_the_batch(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.squeeze().flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="flat_places", says="wrong gradient")
def bare_square_root(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.square().flatten(1).sum(1).sqrt() - 1).square().mean()


@wrong("gradient_penalty", caught_by="flat_places")
def leaves_flat_samples_out(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    norms = slope.flatten(1).norm(dim=1)
    return (norms[norms > 0] - 1).square().mean()


@wrong("gradient_penalty", caught_by="old_gradients", says=".grad")
def backward_into_everything(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    critic(x).sum().backward(create_graph=True)
    return (x.grad.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="old_gradients", says=".grad")
def clears_the_critics_gradients(critic, real, fake, weights):
    critic.zero_grad()
    return norm_of_the_flat_gradient(critic, real, fake, weights)


@wrong("gradient_penalty", caught_by="single_precision", says="dtype")
def ends_in_double(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real, fake, weights).double()


@wrong("gradient_penalty", caught_by="points", says="gradient")
def returns_a_number(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real, fake, weights).item()


@wrong("gradient_penalty", caught_by="points", says="modified")
def mixes_in_place(critic, real, fake, weights):
    x = real.mul_(weights).add_((1 - weights) * fake).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


# --- critic_step ------------------------------------------------------------------------------------------------------


@right("critic_step")
def no_grad_fakes(generator, critic, optimizer, real, noise, penalty):
    with torch.no_grad():
        fake = generator(noise)
    loss = fake_minus_real(critic(real), critic(fake))
    if penalty is not None:
        loss = loss + penalty(critic, real, fake)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@right("critic_step")
def only_my_inputs(generator, critic, optimizer, real, noise, penalty):
    fake = generator(noise)
    loss = fake_minus_real(critic(real), critic(fake)) + (penalty(critic, real, fake) if penalty else 0)
    optimizer.zero_grad(set_to_none=False)
    loss.backward(inputs=list(critic.parameters()))
    optimizer.step()
    return float(loss)


@right("critic_step")
def freezes_and_restores(generator, critic, optimizer, real, noise, penalty):
    flags = [p.requires_grad for p in generator.parameters()]
    generator.requires_grad_(False)
    fake = generator(noise)
    optimizer.zero_grad()
    loss = fake_minus_real(critic(real), critic(fake))
    if penalty:
        loss += penalty(critic, real, fake)
    loss.backward()
    optimizer.step()
    for p, flag in zip(generator.parameters(), flags, strict=True):
        p.requires_grad_(flag)
    return loss.detach().item()


@right("critic_step")
def three_backwards(generator, critic, optimizer, real, noise, penalty):
    fake = generator(noise).detach()
    optimizer.zero_grad()
    parts = [-critic(real).mean(), critic(fake).mean()]
    if penalty is not None:
        parts.append(penalty(critic, real, fake))
    for part in parts:
        part.backward()
    optimizer.step()
    return sum(part.item() for part in parts)


@right("critic_step")
def gradients_by_hand(generator, critic, optimizer, real, noise, penalty):
    fake = generator(noise).detach()
    scores = critic(torch.cat([real, fake]))
    loss = fake_minus_real(scores[: len(real)], scores[len(real) :])
    loss = loss if penalty is None else loss + penalty(critic, real, fake)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for p, g in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        p.grad = g
    optimizer.step()
    return loss.item()


def _critic_step(loss_of, *, zero=True, steps=1):
    """A step around another loss: what most mistakes have in common."""

    def step(generator, critic, optimizer, real, noise, penalty):
        fake = generator(noise).detach()
        loss = loss_of(critic, real, fake, penalty)
        if zero:
            optimizer.zero_grad()
        loss.backward()
        for _ in range(steps):
            optimizer.step()
        return loss.item()

    return step


@wrong("critic_step", caught_by="without_penalty", says="NoneType")
def always_calls_the_penalty(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + p(C, r, f))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="without_penalty")
def real_minus_fake_descended(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: C(r).mean() - C(f).mean() + (p(C, r, f) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="with_penalty")
def forgets_the_penalty(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="with_penalty")
def subtracts_the_penalty(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) - (p(C, r, f) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="with_penalty")
def penalty_times_ten(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + (10 * p(C, r, f) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="with_penalty")
def penalty_with_fake_before_real(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + (p(C, f, r) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="with_penalty")
def detached_penalty(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + (p(C, r, f).detach() if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="with_penalty")
def returns_the_loss_without_the_penalty(generator, critic, optimizer, real, noise, penalty):
    fake = generator(noise).detach()
    loss = fake_minus_real(critic(real), critic(fake))
    total = loss + penalty(critic, real, fake) if penalty else loss
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
    return loss.item()


@wrong("critic_step", caught_by="penalty_of_slopes")
def penalty_without_recording(generator, critic, optimizer, real, noise, penalty):
    with torch.no_grad():
        fake = generator(noise)
        extra = penalty(critic, real, fake) if penalty else 0
    loss = fake_minus_real(critic(real), critic(fake)) + extra
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("critic_step", caught_by="penalty_of_slopes")
def penalty_of_the_noise(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + (p(C, r, noise) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="unequal_batches")
def subtracts_score_by_score(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: (C(f) - C(r)).mean() + (p(C, r, f) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="unequal_batches")
def as_many_fakes_as_reals(generator, critic, optimizer, real, noise, penalty):
    return no_grad_fakes(generator, critic, optimizer, real, torch.cat([noise] * 5)[: len(real)], penalty)


@wrong("critic_step", caught_by="old_gradients")
def no_zero_grad(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + (p(C, r, f) if p else 0), zero=False)(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="old_gradients", says="generator")
def clears_the_generator_too(generator, critic, optimizer, real, noise, penalty):
    loss = no_grad_fakes(generator, critic, optimizer, real, noise, penalty)
    generator.zero_grad()
    return loss


@wrong("critic_step", caught_by="without_penalty", says="generator")
def backward_into_the_generator(generator, critic, optimizer, real, noise, penalty):
    fake = generator(noise)
    loss = fake_minus_real(critic(real), critic(fake)) + (penalty(critic, real, fake) if penalty else 0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("critic_step", caught_by="without_penalty")
def clips_as_well(generator, critic, optimizer, real, noise, penalty):
    loss = no_grad_fakes(generator, critic, optimizer, real, noise, penalty)
    clamp_without_recording(critic, 0.01)
    return loss


@wrong("critic_step", caught_by="adam")
def steps_twice(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + (p(C, r, f) if p else 0), steps=2)(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="adam")
def descends_by_hand(generator, critic, optimizer, real, noise, penalty):
    fake = generator(noise).detach()
    loss = fake_minus_real(critic(real), critic(fake)) + (penalty(critic, real, fake) if penalty else 0)
    optimizer.zero_grad()
    loss.backward()
    with torch.no_grad():
        for p in critic.parameters():
            p -= 0.1 * p.grad
    return loss.item()


@wrong("critic_step", caught_by="frozen_layer", says="requires_grad")
def thaws_the_generator(generator, critic, optimizer, real, noise, penalty):
    generator.requires_grad_(False)
    loss = no_grad_fakes(generator, critic, optimizer, real, noise, penalty)
    generator.requires_grad_(True)
    return loss


@wrong("critic_step", caught_by="images")
def flattens(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r.flatten(1)), C(f.flatten(1))))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="single_precision")
def insists_on_double(generator, critic, optimizer, real, noise, penalty):
    return no_grad_fakes(generator, critic, optimizer, real.double(), noise.double(), penalty)


@wrong("critic_step", caught_by="without_penalty", says="float")
def returns_the_tensor(generator, critic, optimizer, real, noise, penalty):
    return torch.tensor(no_grad_fakes(generator, critic, optimizer, real, noise, penalty))


@wrong("critic_step", caught_by="without_penalty")
def loss_after_the_update(generator, critic, optimizer, real, noise, penalty):
    no_grad_fakes(generator, critic, optimizer, real, noise, penalty)
    return fake_minus_real(critic(real), critic(generator(noise))).item()


# --- wgan_generator_step ----------------------------------------------------------------------------------------------


@right("wgan_generator_step")
def only_the_generators_inputs(generator, critic, optimizer, noise):
    loss = minus_mean(critic(generator(noise)))
    optimizer.zero_grad()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


@right("wgan_generator_step")
def freezes_and_restores_the_critic(generator, critic, optimizer, noise):
    flags = {p: p.requires_grad for p in critic.parameters()}
    critic.requires_grad_(False)
    optimizer.zero_grad()
    loss = -critic(generator(noise)).mean()
    loss.backward()
    optimizer.step()
    for p, flag in flags.items():
        p.requires_grad = flag
    return float(loss.detach())


@right("wgan_generator_step")
def saves_the_gradients_of_the_critic(generator, critic, optimizer, noise):
    saved = [None if p.grad is None else p.grad.clone() for p in critic.parameters()]
    optimizer.zero_grad()
    loss = -critic(generator(noise)).mean()
    loss.backward()
    optimizer.step()
    for p, grad in zip(critic.parameters(), saved, strict=True):
        p.grad = grad
    return loss.item()


@right("wgan_generator_step")
def chain_rule_in_two_steps(generator, critic, optimizer, noise):
    fake = generator(noise)
    scores = critic(fake)
    (slope,) = torch.autograd.grad(-scores.mean(), fake, retain_graph=True)
    optimizer.zero_grad()
    fake.backward(slope)
    optimizer.step()
    return -scores.mean().item()


@wrong("wgan_generator_step", caught_by="one_step", says="critic")
def plain_backward(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="old_gradients", says="critic")
def wipes_the_gradients_of_the_critic(generator, critic, optimizer, noise):
    loss = only_the_generators_inputs(generator, critic, optimizer, noise)
    critic.zero_grad()
    return loss


@wrong("wgan_generator_step", caught_by="one_step")
def pushes_scores_down(generator, critic, optimizer, noise):
    loss = critic(generator(noise)).mean()
    optimizer.zero_grad()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="one_step")
def returns_the_score_instead_of_the_loss(generator, critic, optimizer, noise):
    return -only_the_generators_inputs(generator, critic, optimizer, noise)


@wrong("wgan_generator_step", caught_by="one_step")
def logarithm_of_the_score(generator, critic, optimizer, noise):
    loss = F.softplus(-critic(generator(noise))).mean()
    optimizer.zero_grad()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="one_step", says="does not require grad")
def detaches_the_fakes(generator, critic, optimizer, noise):
    with torch.no_grad():
        fake = generator(noise)
        loss = -critic(fake).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="one_step")
def sums_the_scores(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).sum()
    optimizer.zero_grad()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="old_gradients")
def accumulates(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).mean()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="adam")
def gradient_descent_by_hand(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).mean()
    parameters = list(generator.parameters())
    with torch.no_grad():
        for p, g in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            p -= 0.1 * g
    return loss.item()


@wrong("wgan_generator_step", caught_by="frozen_layer", says="requires_grad")
def thaws_the_critic(generator, critic, optimizer, noise):
    critic.requires_grad_(False)
    loss = only_the_generators_inputs(generator, critic, optimizer, noise)
    critic.requires_grad_(True)
    return loss


@wrong("wgan_generator_step", caught_by="batch_of_one")
def unbiased_mean(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).sum() / (len(noise) - 1)
    optimizer.zero_grad()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="images")
def flattens_the_fakes(generator, critic, optimizer, noise):
    loss = -critic(generator(noise).flatten(1)).mean()
    optimizer.zero_grad()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="single_precision")
def always_double(generator, critic, optimizer, noise):
    return only_the_generators_inputs(generator, critic, optimizer, noise.double())


@wrong("wgan_generator_step", caught_by="one_step", says="float")
def returns_a_tensor(generator, critic, optimizer, noise):
    return torch.tensor(only_the_generators_inputs(generator, critic, optimizer, noise))
