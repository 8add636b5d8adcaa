"""Answers to section 2. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import math

import numpy as np
import sympy as sp
import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA
from sympy import stats
from torch import distributions, nn

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

# --- pca_reconstruct --------------------------------------------------------------------------------------------------


@right("pca_reconstruct")
def svd_truncated(x, k):
    mean = x.mean(0)
    U, S, Vh = torch.linalg.svd(x - mean, full_matrices=False)
    return mean + (U[:, :k] * S[:k]) @ Vh[:k]


@right("pca_reconstruct")
def svd_projected(x, k):
    mean = x.mean(dim=0, keepdim=True)
    _, _, V = torch.svd(x - mean)
    return (x - mean) @ V[:, :k] @ V[:, :k].T + mean


@right("pca_reconstruct")
def eigenvectors_of_the_covariance(x, k):
    mean = x.mean(0)
    _, vectors = torch.linalg.eigh(torch.cov(x.T))
    top = vectors[:, -k:]
    return mean + (x - mean) @ top @ top.T


@right("pca_reconstruct")
def scikit_learn(x, k):
    pca = PCA(k, svd_solver="full")
    return torch.as_tensor(pca.inverse_transform(pca.fit_transform(x.numpy())), dtype=x.dtype)


@right("pca_reconstruct")
def eigenvectors_of_the_gram_matrix(x, k):
    centred = x - x.mean(0)
    values, rows = torch.linalg.eigh(centred @ centred.T)
    U = rows[:, values.argsort(descending=True)[:k]]
    return U @ (U.T @ centred) + x.mean(0)


@right("pca_reconstruct")
def numpy_loop(x, k):
    a = x.numpy().astype(np.float64)
    mean = a.mean(axis=0)
    _, _, directions = np.linalg.svd(a - mean, full_matrices=False)
    out = np.tile(mean, (len(a), 1))
    for v in directions[:k]:
        out += np.outer((a - mean) @ v, v)
    return torch.from_numpy(out).to(x.dtype)


@right("pca_reconstruct")
def what_is_left_taken_away(x, k):
    mean = x.mean(0)
    U, S, Vh = torch.linalg.svd(x - mean, full_matrices=False)
    return x - (U[:, k:] * S[k:]) @ Vh[k:]


@right("pca_reconstruct")
def one_direction_at_a_time(x, k):
    mean = x.double().mean(0)
    rest = x.double() - mean
    out = mean.expand(x.shape).clone()
    for _ in range(k):
        v = torch.linalg.eigh(rest.T @ rest).eigenvectors[:, -1]
        part = torch.outer(rest @ v, v)
        out, rest = out + part, rest - part
    return out.to(x.dtype)


@right("pca_reconstruct")
def sum_of_rank_one_parts(x, k):
    mean = x.sum(0) / len(x)
    U, S, Vh = torch.linalg.svd((x - mean).T, full_matrices=True)
    return (mean[:, None] + sum(S[j] * torch.outer(U[:, j], Vh[j]) for j in range(k))).T


@right("pca_reconstruct")
def other_singular_values_zeroed(x, k):
    a = x.numpy()
    U, S, Vh = np.linalg.svd(a - a.mean(0), full_matrices=False)
    S[k:] = 0
    return torch.from_numpy(a.mean(0) + U @ np.diag(S) @ Vh)


@wrong("pca_reconstruct", caught_by="far_from_the_origin", diagnosis="number")
def not_centred(x, k):
    U, S, Vh = torch.linalg.svd(x, full_matrices=False)
    return (U[:, :k] * S[:k]) @ Vh[:k]


@wrong("pca_reconstruct", caught_by="all_components", diagnosis="number")
def mean_not_added_back(x, k):
    centred = x - x.mean(0)
    U, S, Vh = torch.linalg.svd(centred, full_matrices=False)
    return (U[:, :k] * S[:k]) @ Vh[:k]


@wrong("pca_reconstruct", caught_by="far_from_the_origin", diagnosis="shape", says="shape")
def codes(x, k):
    centred = x - x.mean(0)
    return centred @ torch.linalg.svd(centred, full_matrices=False).Vh[:k].T


@wrong("pca_reconstruct", caught_by="one_component", diagnosis="number")
def smallest_components(x, k):
    mean = x.mean(0)
    vectors = torch.linalg.eigh(torch.cov(x.T)).eigenvectors[:, :k]
    return mean + (x - mean) @ vectors @ vectors.T


@wrong("pca_reconstruct", caught_by="far_from_the_origin", diagnosis="number")
def one_mean_for_all_columns(x, k):
    centred = x - x.mean()
    U, S, Vh = torch.linalg.svd(centred, full_matrices=False)
    return x.mean() + (U[:, :k] * S[:k]) @ Vh[:k]


@wrong("pca_reconstruct", caught_by="unequal_units", diagnosis="number")
def standardised(x, k):
    mean, std = x.mean(0), x.std(0)
    U, S, Vh = torch.linalg.svd((x - mean) / std, full_matrices=False)
    return mean + std * ((U[:, :k] * S[:k]) @ Vh[:k])


@wrong("pca_reconstruct", caught_by="more_columns_than_rows", diagnosis="raises")
def rows_taken_for_columns(x, k):
    mean = x.mean(0)
    U = torch.linalg.svd(x - mean, full_matrices=True).U
    return mean + (x - mean) @ U[:, :k] @ U[:, :k].T


@wrong("pca_reconstruct", caught_by="far_from_the_origin", diagnosis="number")
def rows_of_v_transposed(x, k):
    centred = x - x.mean(0)
    Vh = torch.linalg.svd(centred, full_matrices=False).Vh
    return x.mean(0) + centred @ Vh[:, :k] @ Vh[:, :k].T


@wrong("pca_reconstruct", caught_by="far_from_the_origin", diagnosis="argument", says="modified")
def centres_in_place(x, k):
    mean = x.mean(0)
    x -= mean
    U, S, Vh = torch.linalg.svd(x, full_matrices=False)
    return mean + (U[:, :k] * S[:k]) @ Vh[:k]


@wrong("pca_reconstruct", caught_by="single_precision", diagnosis="dtype", says="dtype")
def left_in_double(x, k):
    return svd_truncated(x.double(), k)


@wrong("pca_reconstruct", caught_by="all_components", diagnosis="number")
def one_component_too_few(x, k):
    return svd_truncated(x, k - 1)


@wrong("pca_reconstruct", caught_by="far_from_the_origin", diagnosis="number")
def rows_centred(x, k):
    mean = x.mean(1, keepdim=True)
    U, S, Vh = torch.linalg.svd(x - mean, full_matrices=False)
    return mean + (U[:, :k] * S[:k]) @ Vh[:k]


@wrong("pca_reconstruct", caught_by="far_from_the_origin", diagnosis="number")
def mean_added_to_uncentred_components(x, k):
    U, S, Vh = torch.linalg.svd(x, full_matrices=False)
    return x.mean(0) + (U[:, :k] * S[:k]) @ Vh[:k]


@wrong("pca_reconstruct", caught_by="far_from_the_origin", diagnosis="number")
def directions_centred_rows_not(x, k):
    Vh = torch.linalg.svd(x - x.mean(0), full_matrices=False).Vh[:k]
    return x @ Vh.T @ Vh


@wrong("pca_reconstruct", caught_by="all_components", diagnosis="number")
def singular_values_forgotten(x, k):
    mean = x.mean(0)
    U, S, Vh = torch.linalg.svd(x - mean, full_matrices=False)
    return mean + U[:, :k] @ Vh[:k]


@wrong("pca_reconstruct", caught_by="all_components", diagnosis="number")
def singular_values_squared(x, k):
    mean = x.mean(0)
    U, S, Vh = torch.linalg.svd(x - mean, full_matrices=False)
    return mean + (U[:, :k] * S[:k] ** 2) @ Vh[:k]


@wrong("pca_reconstruct", caught_by="one_component", diagnosis="number")
def one_component_too_many(x, k):
    return svd_truncated(x, k + 1)


@wrong("pca_reconstruct", caught_by="one_component", diagnosis="number")
def columns_of_largest_variance(x, k):
    keep = x.var(0).argsort(descending=True)[:k]
    out = x.mean(0).expand(x.shape).clone()
    out[:, keep] = x[:, keep]
    return out


@wrong("pca_reconstruct", caught_by="all_components", diagnosis="number")
def whitened(x, k):
    mean = x.mean(0)
    U, S, Vh = torch.linalg.svd(x - mean, full_matrices=False)
    return mean + (len(x) - 1) ** 0.5 * U[:, :k] @ Vh[:k]


@wrong("pca_reconstruct", caught_by="more_columns_than_rows", diagnosis="raises", says="Error")
def full_factors(x, k):
    mean = x.mean(0)
    U, S, Vh = torch.linalg.svd(x - mean)
    S[k:] = 0
    return mean + U @ torch.diag(S) @ Vh


@wrong("pca_reconstruct", caught_by="far_from_the_origin", diagnosis="random", says="random")
def randomised_directions(x, k):
    V = torch.pca_lowrank(x, q=k)[2]
    return x.mean(0) + (x - x.mean(0)) @ V @ V.T


@wrong("pca_reconstruct", caught_by="single_precision", diagnosis="type", says="NumPy")
def scikit_learns_array(x, k):
    pca = PCA(k, svd_solver="full")
    return pca.inverse_transform(pca.fit_transform(x.numpy()))


@wrong("pca_reconstruct", caught_by="far_from_the_origin", diagnosis="number")
def single_precision_inside(x, k):
    return svd_truncated(x.float(), k).to(x.dtype)


bank.spoils(
    "pca_reconstruct",
    r"full_matrices|\bVh?T? ?\[|\bU ?\[|\bS ?\[|:k\]|@ ?V|first k (rows|columns|singular|right|left|directions)"
    r"|\b(project|multipl)\w*[^.?]*\b(direction|component|vector|row)s?"
    r"|\b(subtract|remove|take away|take off|add|centre)\b (back )?(the |its |each |every )?(column'?s? )?(mean"
    r"|middle|average)"
    r"|\b(mean|middle|average)s?\b (subtracted|removed|added)|truncat|singular values?[^.?]*(0|zero|keep|kept)",
)


# --- univariate_kl ----------------------------------------------------------------------------------------------------


@right("univariate_kl")
def textbook(mean1, std1, mean2, std2):
    return sp.log(std2 / std1) + (std1**2 + (mean1 - mean2) ** 2) / (2 * std2**2) - sp.Rational(1, 2)


@right("univariate_kl")
def half_of_everything(mean1, std1, mean2, std2):
    ratio = std1**2 / std2**2
    return 0.5 * (ratio - 1 - sp.log(ratio) + ((mean2 - mean1) / std2) ** 2)


@right("univariate_kl")
def moments_substituted(mean1, std1, mean2, std2):
    z = sp.Symbol("z", real=True)
    log_ratio = sp.log(std2 / std1) + (z - mean2) ** 2 / (2 * std2**2) - (z - mean1) ** 2 / (2 * std1**2)
    a, b, c = sp.Poly(sp.expand(log_ratio), z).all_coeffs()
    return a * (mean1**2 + std1**2) + b * mean1 + c


@right("univariate_kl")
def expectation_by_sympy(mean1, std1, mean2, std2):
    Z = stats.Normal("Z", mean1, std1)
    quadratic = (Z - mean2) ** 2 / (2 * std2**2) - (Z - mean1) ** 2 / (2 * std1**2)
    return sp.log(std2) - sp.log(std1) + stats.E(quadratic)


@right("univariate_kl")
def cross_entropy_minus_entropy(mean1, std1, mean2, std2):
    entropy = 0.5 * math.log(2 * math.pi * math.e) + sp.log(std1)
    cross = 0.5 * math.log(2 * math.pi) + sp.log(std2) + 0.5 * (std1**2 + (mean1 - mean2) ** 2) / std2**2
    return cross - entropy


@right("univariate_kl")
def simplified(mean1, std1, mean2, std2):
    return sp.simplify(sp.expand(textbook(mean1, std1, mean2, std2)))


@right("univariate_kl")
def precisions(mean1, std1, mean2, std2):
    tau1, tau2 = 1.0 / std1**2, 1.0 / std2**2
    return 0.5 * (tau2 / tau1 + tau2 * (mean1 - mean2) ** 2 - 1.0 + sp.log(tau1) - sp.log(tau2))


@wrong("univariate_kl", caught_by="narrow_in_wide_and_wide_in_narrow", diagnosis="number")
def the_other_way_round(mean1, std1, mean2, std2):
    return textbook(mean2, std2, mean1, std1)


@wrong("univariate_kl", caught_by="nearly_the_same", diagnosis="constant", says="constant")
def without_the_half(mean1, std1, mean2, std2):
    return sp.log(std2 / std1) + (std1**2 + (mean1 - mean2) ** 2) / (2 * std2**2)


@wrong("univariate_kl", caught_by="only_the_means_differ", diagnosis="number")
def standard_deviation_in_the_denominator(mean1, std1, mean2, std2):
    return sp.log(std2 / std1) + std1**2 / (2 * std2**2) + (mean1 - mean2) ** 2 / (2 * std2) - sp.Rational(1, 2)


@wrong("univariate_kl", caught_by="random_points", diagnosis="number")
def means_forgotten(mean1, std1, mean2, std2):
    return sp.log(std2 / std1) + std1**2 / (2 * std2**2) - sp.Rational(1, 2)


@wrong("univariate_kl", caught_by="narrow_in_wide_and_wide_in_narrow", diagnosis="number")
def log_upside_down(mean1, std1, mean2, std2):
    return sp.log(std1 / std2) + (std1**2 + (mean1 - mean2) ** 2) / (2 * std2**2) - sp.Rational(1, 2)


@wrong("univariate_kl", caught_by="random_points", diagnosis="raises", says="still contains z")
def the_ratio_without_expectation(mean1, std1, mean2, std2):
    z = sp.Symbol("z")
    return sp.log(std2 / std1) + (z - mean2) ** 2 / (2 * std2**2) - (z - mean1) ** 2 / (2 * std1**2)


@wrong("univariate_kl", caught_by="random_points", diagnosis="number")
def mean_plugged_in_for_z(mean1, std1, mean2, std2):
    return sp.log(std2 / std1) + (mean1 - mean2) ** 2 / (2 * std2**2)


@wrong("univariate_kl", caught_by="random_points", diagnosis="raises", says="TypeError")
def logarithm_of_numbers(mean1, std1, mean2, std2):
    return math.log(std2 / std1) + (std1**2 + (mean1 - mean2) ** 2) / (2 * std2**2) - 0.5


@wrong("univariate_kl", caught_by="random_points", diagnosis="sign", says="sign")
def sign_reversed(mean1, std1, mean2, std2):
    return -textbook(mean1, std1, mean2, std2)


@wrong("univariate_kl", caught_by="random_points", diagnosis="factor", says="factor, 2")
def halves_forgotten(mean1, std1, mean2, std2):
    return 2 * textbook(mean1, std1, mean2, std2)


@wrong("univariate_kl", caught_by="random_points", diagnosis="number")
def logarithm_of_the_variances(mean1, std1, mean2, std2):
    return sp.log(std2**2 / std1**2) + (std1**2 + (mean1 - mean2) ** 2) / (2 * std2**2) - sp.Rational(1, 2)


@wrong("univariate_kl", caught_by="nearly_the_same", diagnosis="constant", says="constant")
def minus_one_for_minus_half(mean1, std1, mean2, std2):
    return sp.log(std2 / std1) + (std1**2 + (mean1 - mean2) ** 2) / (2 * std2**2) - 1


@wrong("univariate_kl", caught_by="random_points", diagnosis="number")
def distance_in_units_of_the_first(mean1, std1, mean2, std2):
    return sp.log(std2 / std1) + std1**2 / (2 * std2**2) + (mean1 - mean2) ** 2 / (2 * std1**2) - sp.Rational(1, 2)


@wrong("univariate_kl", caught_by="only_the_means_differ", diagnosis="number")
def distance_not_squared(mean1, std1, mean2, std2):
    return sp.log(std2 / std1) + (std1**2 + sp.Abs(mean1 - mean2)) / (2 * std2**2) - sp.Rational(1, 2)


@wrong("univariate_kl", caught_by="only_the_means_differ", diagnosis="number")
def squared_sum_of_the_means(mean1, std1, mean2, std2):
    return sp.log(std2 / std1) + (std1**2 + mean1**2 - mean2**2) / (2 * std2**2) - sp.Rational(1, 2)


@wrong("univariate_kl", caught_by="random_points", diagnosis="number")
def deviations_taken_for_variances(mean1, std1, mean2, std2):
    return (sp.log(std2 / std1) + (std1 + (mean1 - mean2) ** 2) / std2 - 1) / 2


@wrong("univariate_kl", caught_by="narrow_in_wide_and_wide_in_narrow", diagnosis="number")
def both_ways_averaged(mean1, std1, mean2, std2):
    return (textbook(mean1, std1, mean2, std2) + textbook(mean2, std2, mean1, std1)) / 2


@wrong("univariate_kl", caught_by="random_points", diagnosis="number")
def bits(mean1, std1, mean2, std2):
    return sp.log(std2 / std1, 2) + (std1**2 + (mean1 - mean2) ** 2) / (2 * std2**2) - sp.Rational(1, 2)


@wrong("univariate_kl", caught_by="random_points", diagnosis="number")
def cross_entropy_alone(mean1, std1, mean2, std2):
    return sp.log(2 * sp.pi * std2**2) / 2 + (std1**2 + (mean1 - mean2) ** 2) / (2 * std2**2)


@wrong("univariate_kl", caught_by="random_points", diagnosis="raises", says="m1")
def symbols_of_its_own(mean1, std1, mean2, std2):
    return textbook(*sp.symbols("m1 s1 m2 s2"))


@wrong("univariate_kl", caught_by="random_points", diagnosis="type", says="SymPy expression")
def an_equation(mean1, std1, mean2, std2):
    return sp.Eq(sp.Symbol("KL"), textbook(mean1, std1, mean2, std2))


bank.spoils(
    "univariate_kl",
    r"log\w*\(?\s*(s_?2|s₂|σ₂|std2)|\b(s_?2|s₂|σ₂|std2)\b ?/|ratio of the standard deviations|½|1/2|one half"
    r"|minus (a )?half"
    r"|2 ?[·*]? ?(s_?2|s₂|σ₂|std2)|(s_?1|s₁|σ₁|std1) ?(\*\*|\^|²)|m_?1 ?[-−] ?m_?2|m₁ ?[-−] ?m₂"
    r"|variance[^.?]*(plus|\+|and)[^.?]*square[^.?]*(mean|distance)|square[^.?]*(mean|distance)[^.?]*(plus"
    r"|\+)[^.?]*variance",
)


# --- reparameterize ---------------------------------------------------------------------------------------------------


@right("reparameterize")
def exp_of_half(mean, log_var, noise):
    return mean + torch.exp(0.5 * log_var) * noise


@right("reparameterize")
def root_of_exp(mean, log_var, noise):
    return mean + log_var.exp().sqrt() * noise


@right("reparameterize")
def multiply_and_add(mean, log_var, noise):
    return torch.addcmul(mean, noise, log_var.div(2).exp())


@right("reparameterize")
def affine_transform(mean, log_var, noise):
    return distributions.transforms.AffineTransform(mean, (log_var / 2).exp())(noise)


@right("reparameterize")
def root_twice(mean, log_var, noise):
    return torch.exp(log_var / 4) ** 2 * noise + mean


@right("reparameterize")
def power_of_the_variance(mean, log_var, noise):
    return mean + noise * log_var.exp() ** 0.5


@right("reparameterize")
def powers_of_two(mean, log_var, noise):
    return mean + torch.exp2(log_var / (2 * math.log(2))) * noise


@right("reparameterize")
def in_double_and_back(mean, log_var, noise):
    return exp_of_half(mean.double(), log_var.double(), noise.double()).to(mean.dtype)


@right("reparameterize")
def the_old_way(mean, log_var, noise):
    std = log_var.mul(0.5).exp_()
    return noise.mul(std).add_(mean)


@wrong("reparameterize", caught_by="one_batch", diagnosis="number")
def variance_for_deviation(mean, log_var, noise):
    return mean + log_var.exp() * noise


@wrong("reparameterize", caught_by="one_batch", diagnosis="number")
def log_var_for_deviation(mean, log_var, noise):
    return mean + log_var * noise


@wrong("reparameterize", caught_by="one_batch", diagnosis="random")
def own_noise(mean, log_var, noise):
    return mean + (log_var / 2).exp() * torch.randn_like(noise)


@wrong("reparameterize", caught_by="one_batch", diagnosis="slope", says="gradient")
def spread_detached(mean, log_var, noise):
    return mean + (log_var / 2).exp().detach() * noise


@wrong("reparameterize", caught_by="one_batch", diagnosis="cut", says="gradient")
def no_gradient(mean, log_var, noise):
    with torch.no_grad():
        return mean + (log_var / 2).exp() * noise


@wrong("reparameterize", caught_by="no_noise", diagnosis="number")
def mean_scaled_too(mean, log_var, noise):
    return (mean + noise) * (log_var / 2).exp()


@wrong("reparameterize", caught_by="batch_of_one", diagnosis="shape", says="shape")
def squeezed(mean, log_var, noise):
    return (mean + (log_var / 2).exp() * noise).squeeze()


@wrong("reparameterize", caught_by="latent_maps", diagnosis="raises")
def matrix_product(mean, log_var, noise):
    return mean + torch.bmm(torch.diag_embed((log_var / 2).exp()), noise.unsqueeze(-1)).squeeze(-1)


@wrong("reparameterize", caught_by="very_wide_and_very_narrow", diagnosis="number")
def clamped(mean, log_var, noise):
    return mean + (log_var.clamp(-10, 10) / 2).exp() * noise


@wrong("reparameterize", caught_by="very_wide_and_very_narrow", diagnosis="number")
def softplus_for_exp(mean, log_var, noise):
    return mean + F.softplus(log_var / 2) * noise


@wrong("reparameterize", caught_by="double_precision", diagnosis="dtype", says="dtype")
def in_single_precision(mean, log_var, noise):
    return (mean + (log_var / 2).exp() * noise).float()


@wrong("reparameterize", caught_by="one_batch", diagnosis="number")
def half_after_the_exponential(mean, log_var, noise):
    return mean + 0.5 * log_var.exp() * noise


@wrong("reparameterize", caught_by="one_batch", diagnosis="number")
def minus_the_noise(mean, log_var, noise):
    return mean - (log_var / 2).exp() * noise


@wrong("reparameterize", caught_by="one_batch", diagnosis="number")
def noise_divided(mean, log_var, noise):
    return mean + noise / (log_var / 2).exp()


@wrong("reparameterize", caught_by="one_batch", diagnosis="number")
def root_of_the_logarithm(mean, log_var, noise):
    return mean + log_var.abs().sqrt() * noise


@wrong("reparameterize", caught_by="no_noise", diagnosis="number")
def deviation_added(mean, log_var, noise):
    return mean + (log_var / 2).exp() * (1 + noise)


@wrong("reparameterize", caught_by="one_batch", diagnosis="random", says="random")
def sampled_by_the_library(mean, log_var, noise):
    return distributions.Normal(mean, (log_var / 2).exp()).rsample()


@wrong("reparameterize", caught_by="one_batch", diagnosis="slope", says="gradient")
def mean_detached(mean, log_var, noise):
    return mean.detach() + (log_var / 2).exp() * noise


@wrong("reparameterize", caught_by="one_batch", diagnosis="cut", says="no gradient")
def through_numpy(mean, log_var, noise):
    m, v, e = (t.detach().numpy() for t in (mean, log_var, noise))
    return torch.from_numpy(m + np.exp(v / 2) * e)


@wrong("reparameterize", caught_by="one_batch", diagnosis="type", says="tuple")
def all_three(mean, log_var, noise):
    return mean + (log_var / 2).exp() * noise, mean, log_var


@wrong("reparameterize", caught_by="one_batch", diagnosis="argument", says="modified")
def halved_in_place(mean, log_var, noise):
    std = log_var.mul_(0.5).exp()
    return mean + std * noise


@wrong("reparameterize", caught_by="very_wide_and_very_narrow", diagnosis="number")
def bounded_below(mean, log_var, noise):
    return mean + (log_var.clamp(min=-12) / 2).exp() * noise


@wrong("reparameterize", caught_by="very_wide_and_very_narrow", diagnosis="number")
def bounded_at_twenty(mean, log_var, noise):
    return mean + (log_var.clamp(-20, 20) / 2).exp() * noise


@wrong("reparameterize", caught_by="very_wide_and_very_narrow", diagnosis="number")
def constant_under_the_root(mean, log_var, noise):
    return mean + (log_var.exp() + 1e-8).sqrt() * noise


@wrong("reparameterize", caught_by="very_wide_and_very_narrow", diagnosis="number")
def deviation_with_a_floor(mean, log_var, noise):
    return mean + ((log_var / 2).exp() + 1e-6) * noise


@wrong("reparameterize", caught_by="latent_maps", diagnosis="shape", says="shape")
def flattened(mean, log_var, noise):
    return (mean + (log_var / 2).exp() * noise).flatten(1)


bank.spoils(
    "reparameterize",
    r"exp ?\(|\.exp\b|e\^|sqrt|\b(half|halve|halves|halved|halving)\b|½|0\.5|log_?_?var\w*`? ?/|(square )?root of"
    r"|(times|multipl\w*|scal\w*|stretch\w*)[^.?]*\b(by|with|times)\b[^.?]*(standard deviation|σ|root)"
    r"|standard deviation (times|multiplie)|σ ?[·*]|mean ?\+|mean plus",
)


# --- gaussian_kl ------------------------------------------------------------------------------------------------------


@right("gaussian_kl")
def closed_form(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(dim=1)


@right("gaussian_kl")
def kingma_and_welling(mean, log_var):
    return -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp(), dim=-1)


@right("gaussian_kl")
def torch_distributions(mean, log_var):
    q = distributions.Normal(mean, (log_var / 2).exp())
    p = distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    return distributions.kl_divergence(q, p).sum(-1)


@right("gaussian_kl")
def expm1(mean, log_var):
    return (torch.expm1(log_var) - log_var + mean.square()).flatten(1).sum(1) / 2


@right("gaussian_kl")
def independent_normals(mean, log_var):
    q = distributions.Independent(distributions.Normal(mean, (0.5 * log_var).exp()), 1)
    p = distributions.Independent(distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)
    return distributions.kl_divergence(q, p)


@right("gaussian_kl")
def loop_over_samples(mean, log_var):
    rows = [0.5 * (m @ m + v.exp().sum() - len(m) - v.sum()) for m, v in zip(mean, log_var, strict=True)]
    return torch.stack(rows)


@right("gaussian_kl")
def entropy_and_cross_entropy(mean, log_var):
    return (mean.square() + log_var.exp()).sum(1) / 2 - (log_var + 1).sum(1) / 2


@right("gaussian_kl")
def never_below_zero(mean, log_var):
    return (0.5 * (mean.pow(2) + log_var.exp() - 1 - log_var)).clamp(min=0).sum(1)


@right("gaussian_kl")
def from_the_deviation(mean, log_var):
    std = torch.exp(log_var / 2)
    return (-std.log() + (std**2 + mean**2) / 2 - 0.5).sum(-1)


@right("gaussian_kl")
def in_double_and_back(mean, log_var):
    return closed_form(mean.double(), log_var.double()).to(mean.dtype)


@right("gaussian_kl")
def einsum_of_squares(mean, log_var):
    k = mean.shape[1]
    return 0.5 * (torch.einsum("nk,nk->n", mean, mean) + log_var.exp().sum(1) - log_var.sum(1) - k)


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="factor", says="factor, 2")
def half_forgotten(mean, log_var):
    return (mean**2 + log_var.exp() - 1 - log_var).sum(1)


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="sign", says="sign")
def sign_reversed(mean, log_var):
    return 0.5 * (1 + log_var - mean**2 - log_var.exp()).sum(1)


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="shape", says="shape")
def one_number_for_the_batch(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum()


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="number")
def mean_over_dimensions(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).mean(1)


@wrong("gaussian_kl", caught_by="the_prior_itself", diagnosis="number")
def minus_one_once(mean, log_var):
    return 0.5 * ((mean**2 + log_var.exp() - log_var).sum(1) - 1)


@wrong("gaussian_kl", caught_by="only_the_mean_differs", diagnosis="number")
def mean_not_squared(mean, log_var):
    return 0.5 * (mean.abs() + log_var.exp() - 1 - log_var).sum(1)


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="number")
def prior_first(mean, log_var):
    return 0.5 * ((1 + mean**2) * (-log_var).exp() - 1 + log_var).sum(1)


@wrong("gaussian_kl", caught_by="batch_of_one", diagnosis="shape", says="shape")
def squeezed_to_a_scalar(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1).squeeze()


@wrong("gaussian_kl", caught_by="one_latent_dimension", diagnosis="shape")
def squeezes_first(mean, log_var):
    mean, log_var = mean.squeeze(), log_var.squeeze()
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)


@wrong("gaussian_kl", caught_by="one_latent_dimension", diagnosis="shape", says="shape")
def keeps_the_axis(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1, keepdim=True)


@wrong("gaussian_kl", caught_by="very_wide_and_very_narrow", diagnosis="number")
def constant_in_the_log(mean, log_var):
    var = log_var.exp()
    return 0.5 * (mean**2 + var - 1 - torch.log(var + 1e-8)).sum(1)


@wrong("gaussian_kl", caught_by="very_wide_and_very_narrow", diagnosis="number")
def log_var_taken_for_log_std(mean, log_var):
    return 0.5 * (mean**2 + (2 * log_var).exp() - 1 - 2 * log_var).sum(1)


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="random")
def drawn_instead_of_computed(mean, log_var):
    z = mean + (log_var / 2).exp() * torch.randn_like(mean)
    q = distributions.Normal(mean, (log_var / 2).exp())
    return (q.log_prob(z) - distributions.Normal(0.0, 1.0).log_prob(z)).sum(1)


@wrong("gaussian_kl", caught_by="double_precision", diagnosis="dtype", says="dtype")
def converted(mean, log_var):
    return closed_form(mean.float(), log_var.float())


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="shape", says="shape")
def summed_over_the_batch(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(0)


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="shape", says="shape")
def mean_of_everything(mean, log_var):
    return -0.5 * torch.mean(1 + log_var - mean.pow(2) - log_var.exp())


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="shape", says="shape")
def entry_by_entry(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var)


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="number")
def log_var_with_the_wrong_sign(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 + log_var).sum(1)


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="number")
def deviation_for_variance(mean, log_var):
    return 0.5 * (mean**2 + (log_var / 2).exp() - 1 - log_var).sum(1)


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="number")
def variance_squared(mean, log_var):
    return -0.5 * torch.sum(1 + log_var - mean**2 - log_var.exp() ** 2, dim=1)


@wrong("gaussian_kl", caught_by="the_prior_itself", diagnosis="number")
def minus_one_forgotten(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - log_var).sum(1)


@wrong("gaussian_kl", caught_by="only_the_mean_differs", diagnosis="number")
def half_before_the_variance_only(mean, log_var):
    return (mean**2 + 0.5 * (log_var.exp() - 1 - log_var)).sum(1)


@wrong("gaussian_kl", caught_by="the_prior_itself", diagnosis="number")
def free_bits(mean, log_var):
    return (0.5 * (mean**2 + log_var.exp() - 1 - log_var)).clamp(min=0.1).sum(1)


@wrong("gaussian_kl", caught_by="the_prior_itself", diagnosis="nan slope", says="nan")
def length_of_the_mean(mean, log_var):
    length = mean.square().sum(1).sqrt()
    return 0.5 * (length**2 + (log_var.exp() - 1 - log_var).sum(1))


@wrong("gaussian_kl", caught_by="very_wide_and_very_narrow", diagnosis="number")
def log_var_bounded(mean, log_var):
    log_var = log_var.clamp(-20, 20)
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1)


@wrong("gaussian_kl", caught_by="very_wide_and_very_narrow", diagnosis="number")
def variance_with_a_floor(mean, log_var):
    var = log_var.exp().clamp(min=1e-6)
    return 0.5 * (mean**2 + var - 1 - var.log()).sum(1)


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="slope", says="gradient")
def variance_taken_for_a_constant(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp().detach() - 1 - log_var).sum(1)


@wrong("gaussian_kl", caught_by="one_batch", diagnosis="cut", says="no gradient")
def list_of_numbers_made_a_tensor(mean, log_var):
    return torch.tensor([closed_form(m[None], v[None]).item() for m, v in zip(mean, log_var, strict=True)]).to(mean)


@wrong("gaussian_kl", caught_by="batch_of_one", diagnosis="type", says="list")
def list_of_values(mean, log_var):
    return list(closed_form(mean, log_var))


bank.spoils(
    "gaussian_kl",
    r"exp ?\(|\.exp\b|½|0\.5|1/2|\b(half|halves|halved|two)\b|1 ?\+ ?log|[-−] ?1\b|[-−] ?log|μ²|m²|mean ?(\*\*"
    r"|\^|²)|mean\.(pow|sq)"
    r"|\.sum\(|dim ?=|squared? (of the )?means?[^.?]*(plus|\+)|variance[^.?]*\b(plus|minus)\b|minus (its"
    r"|the) log|sum over (the )?(latent|last|second|columns)",
)


# --- mvn_kl -----------------------------------------------------------------------------------------------------------


@right("mvn_kl")
def library(mean1, cov1, mean2, cov2):
    q = distributions.MultivariateNormal(mean1, cov1)
    return distributions.kl_divergence(q, distributions.MultivariateNormal(mean2, cov2))


@right("mvn_kl")
def solve_and_slogdet(mean1, cov1, mean2, cov2):
    d = mean2 - mean1
    trace = torch.linalg.solve(cov2, cov1).trace()
    distance = d @ torch.linalg.solve(cov2, d)
    log_ratio = torch.linalg.slogdet(cov2).logabsdet - torch.linalg.slogdet(cov1).logabsdet
    return 0.5 * (trace + distance - len(mean1) + log_ratio)


@right("mvn_kl")
def cholesky_factors(mean1, cov1, mean2, cov2):
    L1, L2 = torch.linalg.cholesky(cov1), torch.linalg.cholesky(cov2)
    M = torch.linalg.solve_triangular(L2, L1, upper=False)
    y = torch.linalg.solve_triangular(L2, (mean2 - mean1)[:, None], upper=False)
    logs = L2.diagonal().log().sum() - L1.diagonal().log().sum()
    return logs + 0.5 * (M.square().sum() + y.square().sum() - len(mean1))


@right("mvn_kl")
def inverse_and_logdet(mean1, cov1, mean2, cov2):
    inverse = torch.inverse(cov2)
    d = (mean2 - mean1).reshape(-1, 1)
    total = torch.trace(inverse @ cov1) + (d.T @ inverse @ d).squeeze() - mean1.numel()
    return (total + torch.logdet(cov2) - torch.logdet(cov1)) / 2


@right("mvn_kl")
def generalised_eigenvalues(mean1, cov1, mean2, cov2):
    from scipy.linalg import eigh, solve

    ratios = eigh(cov1.double().numpy(), cov2.double().numpy(), eigvals_only=True)
    d = (mean1 - mean2).double().numpy()
    return float(0.5 * (np.sum(ratios - 1 - np.log(ratios)) + d @ solve(cov2.double().numpy(), d)))


@right("mvn_kl")
def numpy_slogdet(mean1, cov1, mean2, cov2):
    m1, S1, m2, S2 = (t.numpy() for t in (mean1, cov1, mean2, cov2))
    inverse = np.linalg.inv(S2)
    logs = np.linalg.slogdet(S2)[1] - np.linalg.slogdet(S1)[1]
    value = 0.5 * (np.sum(inverse * S1) + (m2 - m1) @ inverse @ (m2 - m1) - len(m1) + logs)
    return torch.tensor(value, dtype=mean1.dtype)


@right("mvn_kl")
def numpy_number(mean1, cov1, mean2, cov2):
    m1, S1, m2, S2 = (t.double().numpy() for t in (mean1, cov1, mean2, cov2))
    R1, R2 = np.linalg.cholesky(S1), np.linalg.cholesky(S2)
    logs = 2 * np.log(np.diag(R2)).sum() - 2 * np.log(np.diag(R1)).sum()
    shift = np.linalg.solve(R2, m1 - m2)
    return 0.5 * (np.trace(np.linalg.solve(S2, S1)) + shift @ shift - len(m1) + logs)


@right("mvn_kl")
def logarithms_of_eigenvalues(mean1, cov1, mean2, cov2):
    values, vectors = torch.linalg.eigh(cov2)
    shift = vectors.T @ (mean1 - mean2)
    trace = ((vectors.T @ cov1 @ vectors).diagonal() / values).sum()
    logs = values.log().sum() - torch.linalg.eigvalsh(cov1).log().sum()
    return (trace + (shift**2 / values).sum() + logs - len(mean1)) / 2


@right("mvn_kl")
def determinant_of_the_quotient(mean1, cov1, mean2, cov2):
    quotient = torch.linalg.solve(cov2, cov1)
    shift = mean1 - mean2
    return 0.5 * (quotient.trace() - torch.logdet(quotient) - len(shift) + shift @ torch.linalg.solve(cov2, shift))


@wrong("mvn_kl", caught_by="determinants_that_underflow", diagnosis="nan", says="nan")
def logarithm_of_det(mean1, cov1, mean2, cov2):
    inverse, d = torch.inverse(cov2), mean2 - mean1
    logs = torch.log(torch.det(cov2) / torch.det(cov1))
    return 0.5 * ((inverse @ cov1).trace() + d @ inverse @ d - len(d) + logs)


@wrong("mvn_kl", caught_by="determinants_that_overflow", diagnosis="nan", says="nan")
def difference_of_log_dets(mean1, cov1, mean2, cov2):
    inverse, d = torch.inverse(cov2), mean2 - mean1
    logs = torch.det(cov2).log() - torch.det(cov1).log()
    return 0.5 * ((inverse @ cov1).trace() + d @ inverse @ d - len(d) + logs)


@wrong("mvn_kl", caught_by="determinants_that_underflow", diagnosis="number")
def det_with_a_floor(mean1, cov1, mean2, cov2):
    inverse, d = torch.inverse(cov2), mean2 - mean1
    logs = torch.log(torch.det(cov2) + 1e-300) - torch.log(torch.det(cov1) + 1e-300)
    return 0.5 * ((inverse @ cov1).trace() + d @ inverse @ d - len(d) + logs)


@wrong("mvn_kl", caught_by="correlations_only", diagnosis="number")
def diagonals_only(mean1, cov1, mean2, cov2):
    v1, v2 = cov1.diagonal(), cov2.diagonal()
    return 0.5 * (v1 / v2 + (mean2 - mean1) ** 2 / v2 - 1 + v2.log() - v1.log()).sum()


@wrong("mvn_kl", caught_by="two_dimensions", diagnosis="number")
def arguments_swapped(mean1, cov1, mean2, cov2):
    return solve_and_slogdet(mean2, cov2, mean1, cov1)


@wrong("mvn_kl", caught_by="only_the_means_differ", diagnosis="number")
def distance_in_standard_units(mean1, cov1, mean2, cov2):
    d = mean2 - mean1
    return solve_and_slogdet(mean1, cov1, mean1, cov2) + 0.5 * d @ d


@wrong("mvn_kl", caught_by="only_the_means_differ", diagnosis="number")
def means_forgotten_altogether(mean1, cov1, mean2, cov2):
    return solve_and_slogdet(mean1, cov1, mean1, cov2)


@wrong("mvn_kl", caught_by="two_dimensions", diagnosis="number")
def dimension_forgotten(mean1, cov1, mean2, cov2):
    return solve_and_slogdet(mean1, cov1, mean2, cov2) + 0.5 * len(mean1)


@wrong("mvn_kl", caught_by="two_dimensions", diagnosis="number")
def log_ratio_upside_down(mean1, cov1, mean2, cov2):
    logs = torch.linalg.slogdet(cov2).logabsdet - torch.linalg.slogdet(cov1).logabsdet
    return solve_and_slogdet(mean1, cov1, mean2, cov2) - logs


@wrong("mvn_kl", caught_by="two_dimensions", diagnosis="factor", says="factor, 2")
def no_half(mean1, cov1, mean2, cov2):
    return 2 * solve_and_slogdet(mean1, cov1, mean2, cov2)


@wrong("mvn_kl", caught_by="one_dimension", diagnosis="shape", says="shape")
def matrix_of_one(mean1, cov1, mean2, cov2):
    d = (mean2 - mean1)[:, None]
    distance = d.T @ torch.linalg.solve(cov2, d)
    return solve_and_slogdet(mean1, cov1, mean1, cov2) + 0.5 * distance


@wrong("mvn_kl", caught_by="single_precision", diagnosis="dtype", says="dtype")
def always_double(mean1, cov1, mean2, cov2):
    return solve_and_slogdet(mean1.double(), cov1.double(), mean2.double(), cov2.double())


@wrong("mvn_kl", caught_by="two_dimensions", diagnosis="number")
def first_covariance_inverted(mean1, cov1, mean2, cov2):
    d = mean2 - mean1
    logs = torch.logdet(cov2) - torch.logdet(cov1)
    return 0.5 * (torch.linalg.solve(cov1, cov2).trace() + d @ torch.linalg.solve(cov1, d) - len(d) + logs)


@wrong("mvn_kl", caught_by="only_the_means_differ", diagnosis="number")
def distance_over_the_trace(mean1, cov1, mean2, cov2):
    d = mean2 - mean1
    return solve_and_slogdet(mean1, cov1, mean1, cov2) + 0.5 * d.norm() ** 2 / cov2.trace()


@wrong("mvn_kl", caught_by="two_dimensions", diagnosis="number")
def trace_without_inverse(mean1, cov1, mean2, cov2):
    d = mean2 - mean1
    logs = torch.logdet(cov2) - torch.logdet(cov1)
    return 0.5 * ((cov2 @ cov1).trace() + d @ torch.linalg.solve(cov2, d) - len(d) + logs)


@wrong("mvn_kl", caught_by="correlations_only", diagnosis="number")
def entries_divided(mean1, cov1, mean2, cov2):
    d = mean2 - mean1
    logs = torch.logdet(cov2) - torch.logdet(cov1)
    return 0.5 * ((cov1 / cov2).trace() + d @ torch.linalg.solve(cov2, d) - len(d) + logs)


@wrong("mvn_kl", caught_by="two_dimensions", diagnosis="number")
def factor_two_of_cholesky_forgotten(mean1, cov1, mean2, cov2):
    L1, L2 = torch.linalg.cholesky(cov1), torch.linalg.cholesky(cov2)
    logs = L2.diagonal().log().sum() - L1.diagonal().log().sum()
    d = mean2 - mean1
    return 0.5 * (torch.cholesky_solve(cov1, L2).trace() + d @ torch.linalg.solve(cov2, d) - len(d) + logs)


@wrong("mvn_kl", caught_by="two_dimensions", diagnosis="sign", says="sign")
def negated(mean1, cov1, mean2, cov2):
    return -solve_and_slogdet(mean1, cov1, mean2, cov2)


@wrong("mvn_kl", caught_by="two_dimensions", diagnosis="number")
def determinants_not_logarithms(mean1, cov1, mean2, cov2):
    d = mean2 - mean1
    total = torch.linalg.solve(cov2, cov1).trace() + d @ torch.linalg.solve(cov2, d) - len(d)
    return 0.5 * (total + torch.det(cov2) / torch.det(cov1))


@wrong("mvn_kl", caught_by="determinants_that_underflow", diagnosis="nan", says="nan")
def product_of_eigenvalues(mean1, cov1, mean2, cov2):
    logs = torch.linalg.eigvalsh(cov2).prod().log() - torch.linalg.eigvalsh(cov1).prod().log()
    d = mean2 - mean1
    return 0.5 * (torch.linalg.solve(cov2, cov1).trace() + d @ torch.linalg.solve(cov2, d) - len(d) + logs)


@wrong("mvn_kl", caught_by="roots_of_determinants_that_underflow", diagnosis="nan", says="nan")
def product_of_the_factors_diagonal(mean1, cov1, mean2, cov2):
    L1, L2 = torch.linalg.cholesky(cov1), torch.linalg.cholesky(cov2)
    logs = 2 * torch.log(L2.diagonal().prod()) - 2 * torch.log(L1.diagonal().prod())
    d = mean2 - mean1
    return 0.5 * (torch.cholesky_solve(cov1, L2).trace() + d @ torch.linalg.solve(cov2, d) - len(d) + logs)


@wrong("mvn_kl", caught_by="determinants_that_underflow", diagnosis="number")
def regularised(mean1, cov1, mean2, cov2):
    jitter = 1e-6 * torch.eye(len(mean1), dtype=cov1.dtype)
    return solve_and_slogdet(mean1, cov1 + jitter, mean2, cov2 + jitter)


@wrong("mvn_kl", caught_by="one_dimension", diagnosis="shape", says="shape")
def one_number_in_a_row(mean1, cov1, mean2, cov2):
    return solve_and_slogdet(mean1, cov1, mean2, cov2).reshape(1)


@wrong("mvn_kl", caught_by="two_dimensions", diagnosis="random", says="random")
def estimated_from_draws(mean1, cov1, mean2, cov2):
    q, p = distributions.MultivariateNormal(mean1, cov1), distributions.MultivariateNormal(mean2, cov2)
    z = q.sample((1000,))
    return (q.log_prob(z) - p.log_prob(z)).mean()


bank.spoils(
    "mvn_kl",
    r"slogdet|logdet|cholesky_solve|linalg\.(inv|solve|eig|chol)|\binv\(|trace ?\(|tr ?\(|trace of|Σ|½|0\.5"
    r"|add\w* (up )?(the |their )?log|sum of (the |their )?(log|diag)|sum\w* (up )?(the )?log|log\w* of (the "
    r"|its )?(diagonal|eigenvalue)|2 ?[·*∑]"
    r"|second (covariance|one|matrix)[^.?]*invert|invert\w* the second|minus (the )?(d\b|dimension)|[-−] ?d\b",
)


# --- negative_elbo ----------------------------------------------------------------------------------------------------


def kl(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1)


@right("negative_elbo")
def library_cross_entropy(x, logits, mean, log_var):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
    return (reconstruction + kl(mean, log_var)).mean()


@right("negative_elbo")
def two_sums(x, logits, mean, log_var):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    divergence = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp())
    return (reconstruction + divergence) / x.shape[0]


@right("negative_elbo")
def softplus(x, logits, mean, log_var):
    reconstruction = (F.softplus(logits) - x * logits).reshape(len(x), -1).sum(-1)
    return reconstruction.mean() + kl(mean, log_var).mean()


@right("negative_elbo")
def two_log_sigmoids(x, logits, mean, log_var):
    axes = tuple(range(1, x.dim()))
    log_p = (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(dim=axes)
    return -(log_p - kl(mean, log_var)).mean()


@right("negative_elbo")
def bernoulli_distribution(x, logits, mean, log_var):
    decoder = distributions.Bernoulli(logits=logits, validate_args=False)
    q = distributions.Normal(mean, (log_var / 2).exp())
    p = distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    reconstruction = decoder.log_prob(x).flatten(start_dim=1).sum(1)
    return -(reconstruction - distributions.kl_divergence(q, p).sum(1)).mean()


@right("negative_elbo")
def module_and_a_loop(x, logits, mean, log_var):
    bce = nn.BCEWithLogitsLoss(reduction="sum")
    rows = [bce(logits[i], x[i]) + kl(mean[i : i + 1], log_var[i : i + 1])[0] for i in range(len(x))]
    return sum(rows) / len(rows)


@right("negative_elbo")
def averages_scaled_back(x, logits, mean, log_var):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x) * x[0].numel()
    return reconstruction + kl(mean, log_var).mean()


@right("negative_elbo")
def larger_part_taken_out(x, logits, mean, log_var):
    pixelwise = logits.clamp(min=0) - logits * x + torch.log1p(torch.exp(-logits.abs()))
    return pixelwise.sum() / len(x) + kl(mean, log_var).sum() / len(x)


@right("negative_elbo")
def in_double_and_back(x, logits, mean, log_var):
    return softplus(*(t.double() for t in (x, logits, mean, log_var))).to(x.dtype)


@right("negative_elbo")
def einsum_of_targets(x, logits, mean, log_var):
    flat, targets = logits.reshape(len(x), -1), x.reshape(len(x), -1)
    agreement = torch.einsum("np,np->n", targets, flat)
    return (torch.logaddexp(flat, torch.zeros_like(flat)).sum(1) - agreement + kl(mean, log_var)).mean(0)


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="number")
def mean_over_pixels(x, logits, mean, log_var):
    return F.binary_cross_entropy_with_logits(logits, x) + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="number")
def summed_over_the_batch(x, logits, mean, log_var):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl(mean, log_var).sum()


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="number")
def sum_and_mean_mixed(x, logits, mean, log_var):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x) + kl(mean, log_var).sum()


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="number")
def kl_averaged_over_dimensions(x, logits, mean, log_var):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    return reconstruction + 0.5 * (mean**2 + log_var.exp() - 1 - log_var).mean()


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="number")
def kl_subtracted(x, logits, mean, log_var):
    return library_cross_entropy(x, logits, mean, log_var) - 2 * kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="sign", says="sign")
def elbo_not_negated(x, logits, mean, log_var):
    return -library_cross_entropy(x, logits, mean, log_var)


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="number")
def kl_forgotten(x, logits, mean, log_var):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x) + 0 * (mean + log_var).sum()


@wrong("negative_elbo", caught_by="images", diagnosis="number")
def summed_over_the_last_axis(x, logits, mean, log_var):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1).mean()
    return reconstruction + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="images", diagnosis="number")
def rows_added_to_rows(x, logits, mean, log_var):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    return (reconstruction + kl(mean, log_var).mean()).mean()


@wrong("negative_elbo", caught_by="batch_of_one", diagnosis="shape", says="shape")
def mean_kept_as_a_row(x, logits, mean, log_var):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
    return (reconstruction + kl(mean, log_var)).mean(0, keepdim=True)


@wrong("negative_elbo", caught_by="encoder_at_the_prior", diagnosis="number")
def logits_taken_for_probabilities(x, logits, mean, log_var):
    p = logits.clamp(1e-6, 1 - 1e-6)
    return F.binary_cross_entropy(p, x, reduction="sum") / len(x) + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="encoder_at_the_prior", diagnosis="number")
def squared_error(x, logits, mean, log_var):
    return (torch.sigmoid(logits) - x).pow(2).flatten(1).sum(1).mean() + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="grey_pixels", diagnosis="number")
def rounded_targets(x, logits, mean, log_var):
    return library_cross_entropy(x.round(), logits, mean, log_var)


@wrong("negative_elbo", caught_by="grey_pixels", diagnosis="number")
def targets_as_classes(x, logits, mean, log_var):
    log_p = torch.where(x > 0.5, F.logsigmoid(logits), F.logsigmoid(-logits)).flatten(1).sum(1)
    return (kl(mean, log_var) - log_p).mean()


@wrong("negative_elbo", caught_by="confident_decoder", diagnosis="number")
def constant_inside_the_log(x, logits, mean, log_var):
    p = torch.sigmoid(logits)
    log_p = x * torch.log(p + 1e-8) + (1 - x) * torch.log(1 - p + 1e-8)
    return (kl(mean, log_var) - log_p.flatten(1).sum(1)).mean()


@wrong("negative_elbo", caught_by="confident_decoder", diagnosis="number")
def cross_entropy_of_probabilities(x, logits, mean, log_var):
    bce = F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="sum")
    return bce / len(x) + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="double_precision", diagnosis="dtype", says="dtype")
def in_float(x, logits, mean, log_var):
    return library_cross_entropy(x.float(), logits.float(), mean.float(), log_var.float())


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="slope", says="gradient")
def kl_detached(x, logits, mean, log_var):
    return library_cross_entropy(x, logits, mean.detach(), log_var.detach())


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="number")
def targets_and_logits_exchanged(x, logits, mean, log_var):
    bce = F.binary_cross_entropy_with_logits(x, logits, reduction="sum")
    return bce / len(x) + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="number")
def sigmoid_taken_twice(x, logits, mean, log_var):
    return library_cross_entropy(x, torch.sigmoid(logits), mean, log_var)


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="number")
def softmax_over_pixels(x, logits, mean, log_var):
    return -(x * logits.flatten(1).log_softmax(1).view_as(logits)).sum() / len(x) + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="number")
def half_the_kl(x, logits, mean, log_var):
    return library_cross_entropy(x, logits, mean, log_var) - 0.5 * kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="number")
def kl_added_for_every_pixel(x, logits, mean, log_var):
    pixelwise = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1)
    return (pixelwise + kl(mean, log_var)[:, None]).sum(1).mean()


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="number")
def both_averaged(x, logits, mean, log_var):
    divergence = -0.5 * torch.mean(1 + log_var - mean.pow(2) - log_var.exp())
    return F.binary_cross_entropy_with_logits(logits, x) + divergence


@wrong("negative_elbo", caught_by="images", diagnosis="number")
def scaled_by_the_second_axis(x, logits, mean, log_var):
    return F.binary_cross_entropy_with_logits(logits, x) * x.shape[1] + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="images", diagnosis="raises", says="Error")
def takes_rows_only(x, logits, mean, log_var):
    n, p = x.shape
    return F.binary_cross_entropy_with_logits(logits, x) * p + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="grey_pixels", diagnosis="number")
def white_pixels_only(x, logits, mean, log_var):
    log_p = torch.where(x > 0, x * F.logsigmoid(logits), F.logsigmoid(-logits)).flatten(1).sum(1)
    return (kl(mean, log_var) - log_p).mean()


@wrong("negative_elbo", caught_by="grey_pixels", diagnosis="raises", says="Error")
def bernoulli_that_insists_on_bits(x, logits, mean, log_var):
    log_p = distributions.Bernoulli(logits=logits, validate_args=True).log_prob(x).flatten(1).sum(1)
    return (kl(mean, log_var) - log_p).mean()


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="number")
def one_term_of_the_cross_entropy(x, logits, mean, log_var):
    return (kl(mean, log_var) - (x * F.logsigmoid(logits)).flatten(1).sum(1)).mean()


@wrong("negative_elbo", caught_by="confident_decoder", diagnosis="nan", says="nan")
def logarithms_of_the_sigmoid(x, logits, mean, log_var):
    p = torch.sigmoid(logits)
    log_p = x * torch.log(p) + (1 - x) * torch.log(1 - p)
    return (kl(mean, log_var) - log_p.flatten(1).sum(1)).mean()


@wrong("negative_elbo", caught_by="confident_decoder", diagnosis="number")
def probabilities_bounded(x, logits, mean, log_var):
    p = torch.sigmoid(logits).clamp(1e-6, 1 - 1e-6)
    return F.binary_cross_entropy(p, x, reduction="sum") / len(x) + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="confident_decoder", diagnosis="nan", says="infinite")
def softplus_by_hand(x, logits, mean, log_var):
    pixelwise = torch.log(1 + torch.exp(logits)) - x * logits
    return (pixelwise.flatten(1).sum(1) + kl(mean, log_var)).mean()


@wrong("negative_elbo", caught_by="rows_of_pixels", diagnosis="shape", says="shape")
def one_number_per_sample(x, logits, mean, log_var):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
    return reconstruction + kl(mean, log_var)


@wrong("negative_elbo", caught_by="batch_of_one", diagnosis="type", says="tuple")
def both_parts_as_well(x, logits, mean, log_var):
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    divergence = kl(mean, log_var).mean()
    return bce + divergence, bce, divergence


@wrong("negative_elbo", caught_by="confident_decoder", diagnosis="cut", says="no gradient")
def a_python_float(x, logits, mean, log_var):
    return library_cross_entropy(x, logits, mean, log_var).item()


bank.spoils(
    "negative_elbo",
    r"with_logits|flatten ?\(|softplus|logsigmoid|log_sigmoid|\.(sum|mean)\(|reduction|gaussian_kl"
    r"|(cross-entropy|reconstruction)[^.?]*(plus|\+|added to)[^.?]*(KL|divergence)|(KL|divergence)[^.?]*(plus"
    r"|\+)[^.?]*(cross-|recon)"
    r"|\b(sum|add)\b[^.?]*\b(pixels|axes|axis)\b|\b(average|mean)\b (over|of) the (batch|samples)",
)


# --- vae_step ---------------------------------------------------------------------------------------------------------


def bound(x, logits, mean, log_var):
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    return (bce + 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum()) / len(x)


def forward(encoder, decoder, x, noise):
    mean, log_var = encoder(x)
    return bound(x, decoder(mean + (log_var / 2).exp() * noise), mean, log_var)


@right("vae_step")
def gradients_of_all_inputs(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    logits = decoder(mean + torch.exp(log_var / 2) * noise)
    cost = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    loss = cost + 0.5 * (log_var.exp() + mean**2 - 1 - log_var).sum(1).mean()
    optimizer.zero_grad()
    loss.backward(inputs=[*encoder.parameters(), *decoder.parameters()])
    optimizer.step()
    return loss.item()


@right("vae_step")
def formula_inline(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    z = mean + torch.exp(0.5 * log_var) * noise
    logits = decoder(z)
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
    divergence = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1)
    loss = (reconstruction + divergence).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@right("vae_step")
def clears_first(encoder, decoder, optimizer, x, noise):
    optimizer.zero_grad(set_to_none=False)
    loss = forward(encoder, decoder, x, noise)
    loss.backward()
    optimizer.step()
    return float(loss)


@right("vae_step")
def modules_cleared(encoder, decoder, optimizer, x, noise):
    encoder.zero_grad()
    decoder.zero_grad()
    loss = forward(encoder, decoder, x, noise)
    loss.backward()
    optimizer.step()
    return loss.detach().item()


@right("vae_step")
def gradients_by_hand(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    own = [p for group in optimizer.param_groups for p in group["params"]]
    for p, g in zip(own, torch.autograd.grad(loss, own), strict=True):
        p.grad = g
    optimizer.step()
    return loss.item()


@right("vae_step")
def two_backwards(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    reconstruction = F.binary_cross_entropy_with_logits(
        decoder(torch.addcmul(mean, (log_var / 2).exp(), noise)), x, reduction="sum"
    )
    divergence = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum()
    optimizer.zero_grad()
    (divergence / len(x)).backward(retain_graph=True)
    (reconstruction / len(x)).backward()
    optimizer.step()
    return ((reconstruction + divergence) / len(x)).item()


@right("vae_step")
def closure_for_the_optimizer(encoder, decoder, optimizer, x, noise):
    def closure():
        optimizer.zero_grad()
        loss = forward(encoder, decoder, x, noise)
        loss.backward()
        return loss

    return optimizer.step(closure).item()


@right("vae_step")
def with_the_lessons_functions(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    z = reparameterize(mean, log_var, noise)  # noqa: F821
    loss = negative_elbo(x, decoder(z), mean, log_var)  # noqa: F821
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@right("vae_step")
def with_two_of_the_lessons_functions(encoder, decoder, optimizer, x, noise):
    optimizer.zero_grad()
    mean, log_var = encoder(x)
    logits = decoder(reparameterize(mean, log_var, noise))  # noqa: F821
    pixelwise = F.softplus(logits) - x * logits
    loss = (pixelwise.flatten(1).sum(1) + gaussian_kl(mean, log_var)).mean()  # noqa: F821
    loss.backward()
    optimizer.step()
    return float(loss.detach())


@right("vae_step")
def sample_by_sample(encoder, decoder, optimizer, x, noise):
    optimizer.zero_grad()
    total = 0.0
    for one, e in zip(x.split(1), noise.split(1), strict=True):
        loss = forward(encoder, decoder, one, e) / len(x)
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


@right("vae_step")
def clears_afterwards_as_well(encoder, decoder, optimizer, x, noise):
    optimizer.zero_grad()
    mean, log_var = encoder(x)
    logits = decoder(log_var.exp().sqrt() * noise + mean)
    log_p = (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).flatten(1).sum(1)
    loss = -(log_p - closed_form(mean, log_var)).mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="update")
def encoder_detached(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    z = (mean + (log_var / 2).exp() * noise).detach()
    loss = bound(x, decoder(z), mean, log_var)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="never moved", says="encoder")
def encoder_without_gradient(encoder, decoder, optimizer, x, noise):
    with torch.no_grad():
        mean, log_var = encoder(x)
    loss = bound(x, decoder(mean + (log_var / 2).exp() * noise), mean, log_var)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="never moved", says="decoder")
def decoder_not_updated(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    loss.backward(inputs=[p for p in encoder.parameters() if p.requires_grad])
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="never moved")
def encoder_not_updated(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    loss.backward(inputs=list(decoder.parameters()))
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="old_gradients", diagnosis="update")
def no_zero_grad(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="old_gradients", diagnosis="update")
def clears_only_the_decoder(encoder, decoder, optimizer, x, noise):
    decoder.zero_grad()
    loss = forward(encoder, decoder, x, noise)
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="number")
def cross_entropy_averaged(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    logits = decoder(mean + (log_var / 2).exp() * noise)
    divergence = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1).mean()
    loss = F.binary_cross_entropy_with_logits(logits, x) + divergence
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="number")
def sum_over_the_batch(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise) * len(x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="batch_of_one", diagnosis="raises")
def squeezes_the_logits(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    loss = bound(x, decoder(mean + (log_var / 2).exp() * noise).squeeze(), mean, log_var)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="random")
def noise_of_its_own(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, torch.randn_like(noise))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="number")
def decodes_the_mean(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, 0 * noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="number")
def loss_after_the_update(encoder, decoder, optimizer, x, noise):
    optimizer.zero_grad()
    forward(encoder, decoder, x, noise).backward()
    optimizer.step()
    return forward(encoder, decoder, x, noise).item()


@wrong("vae_step", caught_by="one_step", diagnosis="type", says="float")
def returns_the_tensor(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


@wrong("vae_step", caught_by="one_step", diagnosis="uphill")
def climbs(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    (-loss).backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="adam", diagnosis="update")
def descends_by_hand(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    loss.backward()
    with torch.no_grad():
        for group in optimizer.param_groups:
            for p in group["params"]:
                p -= group["lr"] * p.grad
    return loss.item()


@wrong("vae_step", caught_by="adam", diagnosis="number")
def one_step_for_each_network(encoder, decoder, optimizer, x, noise):
    for _ in range(2):
        loss = forward(encoder, decoder, x, noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="flags", says="requires_grad")
def leaves_the_encoder_frozen(encoder, decoder, optimizer, x, noise):
    loss = formula_inline(encoder, decoder, optimizer, x, noise)
    encoder.requires_grad_(False)
    return loss


@wrong("vae_step", caught_by="images", diagnosis="raises")
def flattens(encoder, decoder, optimizer, x, noise):
    return formula_inline(encoder, decoder, optimizer, x.flatten(1), noise)


@wrong("vae_step", caught_by="images", diagnosis="number")
def sums_the_last_axis(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    logits = decoder(mean + (log_var / 2).exp() * noise)
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1).mean()
    loss = reconstruction + 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="single_precision", diagnosis="raises")
def insists_on_double(encoder, decoder, optimizer, x, noise):
    return formula_inline(encoder, decoder, optimizer, x.double(), noise.double())


@wrong("vae_step", caught_by="one_step", diagnosis="never moved", says="no parameter has moved")
def no_step(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="never moved", says="no parameter has moved")
def cleared_before_the_step(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="never moved", says="no parameter has moved")
def steps_before_backward(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    optimizer.step()
    loss.backward()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="raises", says="RuntimeError")
def backward_from_a_detached_loss(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise).detach()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="raises", says="Error")
def number_before_backward(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise).item()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


@wrong("vae_step", caught_by="one_step", diagnosis="twice", says="twice")
def steps_twice(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="twice", says="twice")
def backward_twice(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    loss.backward(retain_graph=True)
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="update")
def spread_detached(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    loss = bound(x, decoder(mean + (log_var / 2).exp().detach() * noise), mean, log_var)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="update")
def kl_detached(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    logits = decoder(mean + (log_var / 2).exp() * noise)
    loss = bound(x, logits, mean.detach(), log_var.detach())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="update")
def gradients_clipped(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_([*encoder.parameters(), *decoder.parameters()], 0.1)
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="adam", diagnosis="update")
def optimizer_of_its_own(encoder, decoder, optimizer, x, noise):
    both = [*encoder.parameters(), *decoder.parameters()]
    mine = torch.optim.SGD(both, lr=optimizer.param_groups[0]["lr"])
    return formula_inline(encoder, decoder, mine, x, noise)


@wrong("vae_step", caught_by="adam", diagnosis="never moved")
def first_group_only(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    own = optimizer.param_groups[0]["params"]
    optimizer.zero_grad()
    for p, g in zip(own, torch.autograd.grad(loss, own), strict=True):
        p.grad = g
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="argument", says="modified")
def learning_rate_lowered(encoder, decoder, optimizer, x, noise):
    loss = formula_inline(encoder, decoder, optimizer, x, noise)
    for group in optimizer.param_groups:
        group["lr"] *= 0.99
    return loss


@wrong("vae_step", caught_by="one_step", diagnosis="argument", says="modified")
def noise_scaled_in_place(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    z = noise.mul_((log_var / 2).exp().detach()) + mean
    spread = z + noise * ((log_var - log_var.detach()) / 2)
    loss = bound(x, decoder(spread), mean, log_var)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="switched_layers", diagnosis="flags", says="mode")
def left_in_training_mode(encoder, decoder, optimizer, x, noise):
    encoder.train()
    decoder.train()
    return formula_inline(encoder, decoder, optimizer, x, noise)


@wrong("vae_step", caught_by="switched_layers", diagnosis="flags", says="mode")
def left_in_evaluation_mode(encoder, decoder, optimizer, x, noise):
    loss = formula_inline(encoder, decoder, optimizer, x, noise)
    decoder.eval()
    return loss


@wrong("vae_step", caught_by="one_step", diagnosis="left gradients", says=".grad")
def data_that_requires_grad(encoder, decoder, optimizer, x, noise):
    return formula_inline(encoder, decoder, optimizer, x.requires_grad_(), noise)


@wrong("vae_step", caught_by="one_step", diagnosis="sign", says="sign")
def returns_the_bound_itself(encoder, decoder, optimizer, x, noise):
    return -formula_inline(encoder, decoder, optimizer, x, noise)


@wrong("vae_step", caught_by="one_step", diagnosis="number")
def variance_for_deviation(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    loss = bound(x, decoder(mean + log_var.exp() * noise), mean, log_var)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="number")
def reconstruction_alone(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    logits = decoder(mean + (log_var / 2).exp() * noise)
    loss = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="number")
def logits_handed_on_as_data(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    logits = decoder(reparameterize(mean, log_var, noise))  # noqa: F821
    loss = negative_elbo(logits, x, mean, log_var)  # noqa: F821
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="number")
def noise_handed_on_as_log_var(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    logits = decoder(reparameterize(mean, noise, log_var))  # noqa: F821
    loss = negative_elbo(x, logits, mean, log_var)  # noqa: F821
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="number")
def mean_and_log_var_exchanged(encoder, decoder, optimizer, x, noise):
    log_var, mean = encoder(x)
    loss = bound(x, decoder(mean + (log_var / 2).exp() * noise), mean, log_var)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", diagnosis="type", says="float")
def returns_nothing(encoder, decoder, optimizer, x, noise):
    formula_inline(encoder, decoder, optimizer, x, noise)


@wrong("vae_step", caught_by="one_step", diagnosis="mistyped", says="NameError")
def a_name_from_elsewhere(encoder, decoder, optimizer, x, noise):
    mu, log_var = encoder(x)
    loss = bound(x, decoder(mu + (log_var / 2).exp() * noise), mean, log_var)  # noqa: F821
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


bank.spoils(
    "vae_step",
    r"zero_grad|backward ?\(|\.step ?\(|\.item|set_to_none|(reparameterize|negative_elbo|encoder|decoder) ?\("
    r"|\b(clear|zero|reset|empty)\b (the |all |old |their |its )*gradients?|\b(call|run|use) backward"
    r"|\b(encode|decode)\b[^.?]*\b(then|and)\b|gradients? (is|are) (cleared|zeroed|reset) (first|before)",
)


# --- importance_bound -------------------------------------------------------------------------------------------------


@right("importance_bound")
def library_function(log_w):
    return (torch.logsumexp(log_w, dim=0) - math.log(len(log_w))).mean()


@right("importance_bound")
def own_shift(log_w):
    top = log_w.max(dim=0, keepdim=True).values
    return (top[0] + (log_w - top).exp().mean(0).log()).mean()


@right("importance_bound")
def shift_detached(log_w):
    top = log_w.detach().amax(0)
    return torch.mean(top + torch.log(torch.exp(log_w - top).sum(0) / log_w.shape[0]))


@right("importance_bound")
def constant_inside(log_w):
    K = log_w.size(0)
    return torch.logsumexp(log_w - np.log(K), 0).mean()


@right("importance_bound")
def picture_by_picture(log_w):
    K, n = log_w.shape
    return sum(log_w[:, i].logsumexp(0) - math.log(K) for i in range(n)) / n


@right("importance_bound")
def draw_after_draw(log_w):
    total = log_w[0]
    for row in log_w[1:]:
        total = torch.logaddexp(total, row)
    return total.mean() - math.log(len(log_w))


@right("importance_bound")
def over_columns(log_w):
    rows = log_w.T
    return rows.logsumexp(dim=-1).sub(torch.tensor(float(rows.shape[1])).log().to(rows)).sum() / rows.shape[0]


@right("importance_bound")
def relative_to_the_elbo(log_w):
    best = log_w.max(0)[0]
    share = F.softmax(log_w, dim=0).max(0).values  # of the best draw in the sum
    return (best - share.log() - math.log(len(log_w))).mean()


@wrong("importance_bound", caught_by="one_table", diagnosis="number")
def the_elbo(log_w):
    return log_w.mean()


@wrong("importance_bound", caught_by="one_table", diagnosis="number")
def best_draw(log_w):
    return log_w.max(dim=0).values.mean()


@wrong("importance_bound", caught_by="one_table", diagnosis="number")
def axes_exchanged(log_w):
    return (torch.logsumexp(log_w, dim=1) - math.log(log_w.shape[1])).mean()


@wrong("importance_bound", caught_by="one_table", diagnosis="number")
def counts_the_pictures(log_w):
    return (torch.logsumexp(log_w, dim=0) - math.log(log_w.shape[1])).mean()


@wrong("importance_bound", caught_by="one_table", diagnosis="number")
def one_logarithm_for_all(log_w):
    return torch.logsumexp(log_w.flatten(), dim=0) - math.log(log_w.numel())


@wrong("importance_bound", caught_by="equal_draws", diagnosis="number")
def sum_of_weights(log_w):
    return torch.logsumexp(log_w, dim=0).mean()


@wrong("importance_bound", caught_by="equal_draws", diagnosis="number")
def constant_added(log_w):
    return (torch.logsumexp(log_w, dim=0) + math.log(len(log_w))).mean()


@wrong("importance_bound", caught_by="equal_draws", diagnosis="number")
def logarithm_divided(log_w):
    return (torch.logsumexp(log_w, dim=0) / len(log_w)).mean()


@wrong("importance_bound", caught_by="one_table", diagnosis="number")
def averages_the_pictures_first(log_w):
    return torch.logsumexp(log_w.mean(1), dim=0) - math.log(len(log_w))


@wrong("importance_bound", caught_by="one_table", diagnosis="number")
def logarithms_weighted(log_w):
    return (torch.softmax(log_w, dim=0) * log_w).sum(0).mean()


@wrong("importance_bound", caught_by="one_table", diagnosis="number")
def sum_over_pictures(log_w):
    return (torch.logsumexp(log_w, dim=0) - math.log(len(log_w))).sum()


@wrong("importance_bound", caught_by="one_table", diagnosis="shape", says="shape")
def one_for_each_picture(log_w):
    return torch.logsumexp(log_w, dim=0) - math.log(len(log_w))


@wrong("importance_bound", caught_by="one_table", diagnosis="sign", says="sign")
def as_a_loss(log_w):
    return (math.log(len(log_w)) - torch.logsumexp(log_w, dim=0)).mean()


@wrong("importance_bound", caught_by="one_table", diagnosis="number")
def no_logarithm_again(log_w):
    return log_w.exp().mean()


@wrong("importance_bound", caught_by="large_pictures", diagnosis="nan", says="infinite")
def as_it_is_written(log_w):
    return log_w.exp().mean(0).log().mean()


@wrong("importance_bound", caught_by="densities_above_one", diagnosis="nan", says="infinite")
def in_double_precision(log_w):
    return log_w.double().exp().mean(0).log().mean().to(log_w.dtype)


@wrong("importance_bound", caught_by="large_pictures", diagnosis="number")
def small_constant(log_w):
    return (log_w.exp().mean(0) + 1e-12).log().mean()


@wrong("importance_bound", caught_by="large_pictures", diagnosis="number")
def clamped(log_w):
    log_w = log_w.clamp(-80, 80)
    return (torch.logsumexp(log_w, dim=0) - math.log(len(log_w))).mean()


@wrong("importance_bound", caught_by="unlike_pictures", diagnosis="nan", says="infinite")
def one_shift_for_all(log_w):
    top = log_w.max()
    return (top + (log_w - top).exp().mean(0).log()).mean()


@wrong("importance_bound", caught_by="one_table", diagnosis="number")
def shift_forgotten(log_w):
    top = log_w.max(0).values
    return (log_w - top).exp().mean(0).log().mean()


@wrong("importance_bound", caught_by="one_draw", diagnosis="number")
def squeezed(log_w):
    log_w = log_w.squeeze()
    return (torch.logsumexp(log_w, dim=0) - math.log(len(log_w))).mean()


@wrong("importance_bound", caught_by="one_picture", diagnosis="number")
def squeezed_columns(log_w):
    columns = [column.logsumexp(0) for column in log_w.T.squeeze()]
    return torch.stack(columns).mean() - math.log(len(log_w))


@wrong("importance_bound", caught_by="one_draw_outweighs_the_rest", diagnosis="nan", says="infinite")
def shifted_by_the_mean(log_w):
    middle = log_w.mean(0)
    return (middle + (log_w - middle).exp().mean(0).log()).mean()


@wrong("importance_bound", caught_by="one_table", diagnosis="cut", says="no gradient flows")
def a_plain_float(log_w):
    return (torch.logsumexp(log_w, dim=0) - math.log(len(log_w))).mean().item()


@wrong("importance_bound", caught_by="one_table", diagnosis="slope", says="gradient")
def weights_detached(log_w):
    top = log_w.max(0).values
    return (top + (log_w - top).detach().exp().mean(0).log()).mean()


@wrong("importance_bound", caught_by="one_table", diagnosis="argument", says="modified")
def shifts_in_place(log_w):
    top = log_w.detach().amax(0).clone()
    log_w.data -= top
    return (top + log_w.exp().mean(0).log()).mean()


@wrong("importance_bound", caught_by="double_precision", diagnosis="dtype", says="dtype")
def always_single(log_w):
    return (torch.logsumexp(log_w.float(), dim=0) - math.log(len(log_w))).mean()


bank.spoils(
    "importance_bound",
    r"log_?sum_?exp|log_?mean_?exp|log_?add_?exp|softmax|\.(mean|exp|log|max|amax|sum)\(|math\.log|log K"
    r"|(largest|maximum|greatest)[^.?]*(subtract|taken? (off|away))"
    r"|(subtract|tak(e|ing) (off|away))[^.?]*(largest|maximum|greatest)"
    r"|over the (draws|first axis)[^.?]*before",
)
