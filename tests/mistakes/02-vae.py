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


@wrong("pca_reconstruct", caught_by="far_from_the_origin")
def not_centred(x, k):
    U, S, Vh = torch.linalg.svd(x, full_matrices=False)
    return (U[:, :k] * S[:k]) @ Vh[:k]


@wrong("pca_reconstruct", caught_by="all_components")
def mean_not_added_back(x, k):
    centred = x - x.mean(0)
    U, S, Vh = torch.linalg.svd(centred, full_matrices=False)
    return (U[:, :k] * S[:k]) @ Vh[:k]


@wrong("pca_reconstruct", caught_by="far_from_the_origin", says="shape")
def codes(x, k):
    centred = x - x.mean(0)
    return centred @ torch.linalg.svd(centred, full_matrices=False).Vh[:k].T


@wrong("pca_reconstruct", caught_by="one_component")
def smallest_components(x, k):
    mean = x.mean(0)
    vectors = torch.linalg.eigh(torch.cov(x.T)).eigenvectors[:, :k]
    return mean + (x - mean) @ vectors @ vectors.T


@wrong("pca_reconstruct", caught_by="far_from_the_origin")
def one_mean_for_all_columns(x, k):
    centred = x - x.mean()
    U, S, Vh = torch.linalg.svd(centred, full_matrices=False)
    return x.mean() + (U[:, :k] * S[:k]) @ Vh[:k]


@wrong("pca_reconstruct", caught_by="unequal_units")
def standardised(x, k):
    mean, std = x.mean(0), x.std(0)
    U, S, Vh = torch.linalg.svd((x - mean) / std, full_matrices=False)
    return mean + std * ((U[:, :k] * S[:k]) @ Vh[:k])


@wrong("pca_reconstruct", caught_by="more_columns_than_rows")
def rows_taken_for_columns(x, k):
    mean = x.mean(0)
    U = torch.linalg.svd(x - mean, full_matrices=True).U
    return mean + (x - mean) @ U[:, :k] @ U[:, :k].T


@wrong("pca_reconstruct", caught_by="far_from_the_origin")
def rows_of_v_transposed(x, k):
    centred = x - x.mean(0)
    Vh = torch.linalg.svd(centred, full_matrices=False).Vh
    return x.mean(0) + centred @ Vh[:, :k] @ Vh[:, :k].T


@wrong("pca_reconstruct", caught_by="far_from_the_origin", says="modified")
def centres_in_place(x, k):
    mean = x.mean(0)
    x -= mean
    U, S, Vh = torch.linalg.svd(x, full_matrices=False)
    return mean + (U[:, :k] * S[:k]) @ Vh[:k]


@wrong("pca_reconstruct", caught_by="single_precision", says="dtype")
def left_in_double(x, k):
    return svd_truncated(x.double(), k)


@wrong("pca_reconstruct", caught_by="all_components")
def one_component_too_few(x, k):
    return svd_truncated(x, k - 1)


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


@wrong("univariate_kl", caught_by="narrow_in_wide_and_wide_in_narrow")
def the_other_way_round(mean1, std1, mean2, std2):
    return textbook(mean2, std2, mean1, std1)


@wrong("univariate_kl", caught_by="nearly_the_same", says="constant")
def without_the_half(mean1, std1, mean2, std2):
    return sp.log(std2 / std1) + (std1**2 + (mean1 - mean2) ** 2) / (2 * std2**2)


@wrong("univariate_kl", caught_by="only_the_means_differ")
def standard_deviation_in_the_denominator(mean1, std1, mean2, std2):
    return sp.log(std2 / std1) + std1**2 / (2 * std2**2) + (mean1 - mean2) ** 2 / (2 * std2) - sp.Rational(1, 2)


@wrong("univariate_kl", caught_by="random_points")
def means_forgotten(mean1, std1, mean2, std2):
    return sp.log(std2 / std1) + std1**2 / (2 * std2**2) - sp.Rational(1, 2)


@wrong("univariate_kl", caught_by="narrow_in_wide_and_wide_in_narrow")
def log_upside_down(mean1, std1, mean2, std2):
    return sp.log(std1 / std2) + (std1**2 + (mean1 - mean2) ** 2) / (2 * std2**2) - sp.Rational(1, 2)


@wrong("univariate_kl", caught_by="random_points", says="still contains z")
def the_ratio_without_expectation(mean1, std1, mean2, std2):
    z = sp.Symbol("z")
    return sp.log(std2 / std1) + (z - mean2) ** 2 / (2 * std2**2) - (z - mean1) ** 2 / (2 * std1**2)


@wrong("univariate_kl", caught_by="random_points")
def mean_plugged_in_for_z(mean1, std1, mean2, std2):
    return sp.log(std2 / std1) + (mean1 - mean2) ** 2 / (2 * std2**2)


@wrong("univariate_kl", caught_by="random_points", says="TypeError")
def logarithm_of_numbers(mean1, std1, mean2, std2):
    return math.log(std2 / std1) + (std1**2 + (mean1 - mean2) ** 2) / (2 * std2**2) - 0.5


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


@wrong("reparameterize", caught_by="one_batch")
def variance_for_deviation(mean, log_var, noise):
    return mean + log_var.exp() * noise


@wrong("reparameterize", caught_by="one_batch")
def log_var_for_deviation(mean, log_var, noise):
    return mean + log_var * noise


@wrong("reparameterize", caught_by="one_batch")
def own_noise(mean, log_var, noise):
    return mean + (log_var / 2).exp() * torch.randn_like(noise)


@wrong("reparameterize", caught_by="one_batch", says="gradient")
def spread_detached(mean, log_var, noise):
    return mean + (log_var / 2).exp().detach() * noise


@wrong("reparameterize", caught_by="one_batch", says="gradient")
def no_gradient(mean, log_var, noise):
    with torch.no_grad():
        return mean + (log_var / 2).exp() * noise


@wrong("reparameterize", caught_by="no_noise")
def mean_scaled_too(mean, log_var, noise):
    return (mean + noise) * (log_var / 2).exp()


@wrong("reparameterize", caught_by="batch_of_one", says="shape")
def squeezed(mean, log_var, noise):
    return (mean + (log_var / 2).exp() * noise).squeeze()


@wrong("reparameterize", caught_by="latent_maps")
def matrix_product(mean, log_var, noise):
    return mean + torch.bmm(torch.diag_embed((log_var / 2).exp()), noise.unsqueeze(-1)).squeeze(-1)


@wrong("reparameterize", caught_by="very_wide_and_very_narrow")
def clamped(mean, log_var, noise):
    return mean + (log_var.clamp(-10, 10) / 2).exp() * noise


@wrong("reparameterize", caught_by="very_wide_and_very_narrow")
def softplus_for_exp(mean, log_var, noise):
    return mean + F.softplus(log_var / 2) * noise


@wrong("reparameterize", caught_by="double_precision", says="dtype")
def in_single_precision(mean, log_var, noise):
    return (mean + (log_var / 2).exp() * noise).float()


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


@wrong("gaussian_kl", caught_by="one_batch", says="factor, 2")
def half_forgotten(mean, log_var):
    return (mean**2 + log_var.exp() - 1 - log_var).sum(1)


@wrong("gaussian_kl", caught_by="one_batch", says="sign")
def sign_reversed(mean, log_var):
    return 0.5 * (1 + log_var - mean**2 - log_var.exp()).sum(1)


@wrong("gaussian_kl", caught_by="one_batch", says="shape")
def one_number_for_the_batch(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum()


@wrong("gaussian_kl", caught_by="one_batch")
def mean_over_dimensions(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).mean(1)


@wrong("gaussian_kl", caught_by="the_prior_itself")
def minus_one_once(mean, log_var):
    return 0.5 * ((mean**2 + log_var.exp() - log_var).sum(1) - 1)


@wrong("gaussian_kl", caught_by="only_the_mean_differs")
def mean_not_squared(mean, log_var):
    return 0.5 * (mean.abs() + log_var.exp() - 1 - log_var).sum(1)


@wrong("gaussian_kl", caught_by="one_batch")
def prior_first(mean, log_var):
    return 0.5 * ((1 + mean**2) * (-log_var).exp() - 1 + log_var).sum(1)


@wrong("gaussian_kl", caught_by="batch_of_one", says="shape")
def squeezed_to_a_scalar(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1).squeeze()


@wrong("gaussian_kl", caught_by="one_latent_dimension")
def squeezes_first(mean, log_var):
    mean, log_var = mean.squeeze(), log_var.squeeze()
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)


@wrong("gaussian_kl", caught_by="one_latent_dimension", says="shape")
def keeps_the_axis(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1, keepdim=True)


@wrong("gaussian_kl", caught_by="very_wide_and_very_narrow")
def constant_in_the_log(mean, log_var):
    var = log_var.exp()
    return 0.5 * (mean**2 + var - 1 - torch.log(var + 1e-8)).sum(1)


@wrong("gaussian_kl", caught_by="very_wide_and_very_narrow")
def log_var_taken_for_log_std(mean, log_var):
    return 0.5 * (mean**2 + (2 * log_var).exp() - 1 - 2 * log_var).sum(1)


@wrong("gaussian_kl", caught_by="one_batch")
def drawn_instead_of_computed(mean, log_var):
    z = mean + (log_var / 2).exp() * torch.randn_like(mean)
    q = distributions.Normal(mean, (log_var / 2).exp())
    return (q.log_prob(z) - distributions.Normal(0.0, 1.0).log_prob(z)).sum(1)


@wrong("gaussian_kl", caught_by="double_precision", says="dtype")
def converted(mean, log_var):
    return closed_form(mean.float(), log_var.float())


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


@wrong("mvn_kl", caught_by="determinants_that_underflow", says="nan")
def logarithm_of_det(mean1, cov1, mean2, cov2):
    inverse, d = torch.inverse(cov2), mean2 - mean1
    logs = torch.log(torch.det(cov2) / torch.det(cov1))
    return 0.5 * ((inverse @ cov1).trace() + d @ inverse @ d - len(d) + logs)


@wrong("mvn_kl", caught_by="determinants_that_overflow", says="nan")
def difference_of_log_dets(mean1, cov1, mean2, cov2):
    inverse, d = torch.inverse(cov2), mean2 - mean1
    logs = torch.det(cov2).log() - torch.det(cov1).log()
    return 0.5 * ((inverse @ cov1).trace() + d @ inverse @ d - len(d) + logs)


@wrong("mvn_kl", caught_by="determinants_that_underflow")
def det_with_a_floor(mean1, cov1, mean2, cov2):
    inverse, d = torch.inverse(cov2), mean2 - mean1
    logs = torch.log(torch.det(cov2) + 1e-300) - torch.log(torch.det(cov1) + 1e-300)
    return 0.5 * ((inverse @ cov1).trace() + d @ inverse @ d - len(d) + logs)


@wrong("mvn_kl", caught_by="correlations_only")
def diagonals_only(mean1, cov1, mean2, cov2):
    v1, v2 = cov1.diagonal(), cov2.diagonal()
    return 0.5 * (v1 / v2 + (mean2 - mean1) ** 2 / v2 - 1 + v2.log() - v1.log()).sum()


@wrong("mvn_kl", caught_by="two_dimensions")
def arguments_swapped(mean1, cov1, mean2, cov2):
    return solve_and_slogdet(mean2, cov2, mean1, cov1)


@wrong("mvn_kl", caught_by="only_the_means_differ")
def distance_in_standard_units(mean1, cov1, mean2, cov2):
    d = mean2 - mean1
    return solve_and_slogdet(mean1, cov1, mean1, cov2) + 0.5 * d @ d


@wrong("mvn_kl", caught_by="only_the_means_differ")
def means_forgotten_altogether(mean1, cov1, mean2, cov2):
    return solve_and_slogdet(mean1, cov1, mean1, cov2)


@wrong("mvn_kl", caught_by="two_dimensions")
def dimension_forgotten(mean1, cov1, mean2, cov2):
    return solve_and_slogdet(mean1, cov1, mean2, cov2) + 0.5 * len(mean1)


@wrong("mvn_kl", caught_by="two_dimensions")
def log_ratio_upside_down(mean1, cov1, mean2, cov2):
    logs = torch.linalg.slogdet(cov2).logabsdet - torch.linalg.slogdet(cov1).logabsdet
    return solve_and_slogdet(mean1, cov1, mean2, cov2) - logs


@wrong("mvn_kl", caught_by="two_dimensions", says="factor, 2")
def no_half(mean1, cov1, mean2, cov2):
    return 2 * solve_and_slogdet(mean1, cov1, mean2, cov2)


@wrong("mvn_kl", caught_by="one_dimension", says="shape")
def matrix_of_one(mean1, cov1, mean2, cov2):
    d = (mean2 - mean1)[:, None]
    distance = d.T @ torch.linalg.solve(cov2, d)
    return solve_and_slogdet(mean1, cov1, mean1, cov2) + 0.5 * distance


@wrong("mvn_kl", caught_by="single_precision", says="dtype")
def always_double(mean1, cov1, mean2, cov2):
    return solve_and_slogdet(mean1.double(), cov1.double(), mean2.double(), cov2.double())


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


@wrong("negative_elbo", caught_by="rows_of_pixels")
def mean_over_pixels(x, logits, mean, log_var):
    return F.binary_cross_entropy_with_logits(logits, x) + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="rows_of_pixels")
def summed_over_the_batch(x, logits, mean, log_var):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl(mean, log_var).sum()


@wrong("negative_elbo", caught_by="rows_of_pixels")
def sum_and_mean_mixed(x, logits, mean, log_var):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x) + kl(mean, log_var).sum()


@wrong("negative_elbo", caught_by="rows_of_pixels")
def kl_averaged_over_dimensions(x, logits, mean, log_var):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    return reconstruction + 0.5 * (mean**2 + log_var.exp() - 1 - log_var).mean()


@wrong("negative_elbo", caught_by="rows_of_pixels")
def kl_subtracted(x, logits, mean, log_var):
    return library_cross_entropy(x, logits, mean, log_var) - 2 * kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="rows_of_pixels", says="sign")
def elbo_not_negated(x, logits, mean, log_var):
    return -library_cross_entropy(x, logits, mean, log_var)


@wrong("negative_elbo", caught_by="rows_of_pixels")
def kl_forgotten(x, logits, mean, log_var):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x) + 0 * (mean + log_var).sum()


@wrong("negative_elbo", caught_by="images")
def summed_over_the_last_axis(x, logits, mean, log_var):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1).mean()
    return reconstruction + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="images")
def rows_added_to_rows(x, logits, mean, log_var):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    return (reconstruction + kl(mean, log_var).mean()).mean()


@wrong("negative_elbo", caught_by="batch_of_one", says="shape")
def mean_kept_as_a_row(x, logits, mean, log_var):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
    return (reconstruction + kl(mean, log_var)).mean(0, keepdim=True)


@wrong("negative_elbo", caught_by="encoder_at_the_prior")
def logits_taken_for_probabilities(x, logits, mean, log_var):
    p = logits.clamp(1e-6, 1 - 1e-6)
    return F.binary_cross_entropy(p, x, reduction="sum") / len(x) + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="encoder_at_the_prior")
def squared_error(x, logits, mean, log_var):
    return (torch.sigmoid(logits) - x).pow(2).flatten(1).sum(1).mean() + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="grey_pixels")
def rounded_targets(x, logits, mean, log_var):
    return library_cross_entropy(x.round(), logits, mean, log_var)


@wrong("negative_elbo", caught_by="grey_pixels")
def targets_as_classes(x, logits, mean, log_var):
    log_p = torch.where(x > 0.5, F.logsigmoid(logits), F.logsigmoid(-logits)).flatten(1).sum(1)
    return (kl(mean, log_var) - log_p).mean()


@wrong("negative_elbo", caught_by="confident_decoder")
def constant_inside_the_log(x, logits, mean, log_var):
    p = torch.sigmoid(logits)
    log_p = x * torch.log(p + 1e-8) + (1 - x) * torch.log(1 - p + 1e-8)
    return (kl(mean, log_var) - log_p.flatten(1).sum(1)).mean()


@wrong("negative_elbo", caught_by="confident_decoder")
def cross_entropy_of_probabilities(x, logits, mean, log_var):
    bce = F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="sum")
    return bce / len(x) + kl(mean, log_var).mean()


@wrong("negative_elbo", caught_by="double_precision", says="dtype")
def in_float(x, logits, mean, log_var):
    return library_cross_entropy(x.float(), logits.float(), mean.float(), log_var.float())


@wrong("negative_elbo", caught_by="rows_of_pixels", says="gradient")
def kl_detached(x, logits, mean, log_var):
    return library_cross_entropy(x, logits, mean.detach(), log_var.detach())


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


@wrong("vae_step", caught_by="one_step")
def encoder_detached(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    z = (mean + (log_var / 2).exp() * noise).detach()
    loss = bound(x, decoder(z), mean, log_var)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", says="encoder")
def encoder_without_gradient(encoder, decoder, optimizer, x, noise):
    with torch.no_grad():
        mean, log_var = encoder(x)
    loss = bound(x, decoder(mean + (log_var / 2).exp() * noise), mean, log_var)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", says="decoder")
def decoder_not_updated(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    loss.backward(inputs=[p for p in encoder.parameters() if p.requires_grad])
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step")
def encoder_not_updated(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    loss.backward(inputs=list(decoder.parameters()))
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="old_gradients")
def no_zero_grad(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="old_gradients")
def clears_only_the_decoder(encoder, decoder, optimizer, x, noise):
    decoder.zero_grad()
    loss = forward(encoder, decoder, x, noise)
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step")
def cross_entropy_averaged(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    logits = decoder(mean + (log_var / 2).exp() * noise)
    divergence = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1).mean()
    loss = F.binary_cross_entropy_with_logits(logits, x) + divergence
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step")
def sum_over_the_batch(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise) * len(x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="batch_of_one")
def squeezes_the_logits(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    loss = bound(x, decoder(mean + (log_var / 2).exp() * noise).squeeze(), mean, log_var)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step")
def noise_of_its_own(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, torch.randn_like(noise))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step")
def decodes_the_mean(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, 0 * noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step")
def loss_after_the_update(encoder, decoder, optimizer, x, noise):
    optimizer.zero_grad()
    forward(encoder, decoder, x, noise).backward()
    optimizer.step()
    return forward(encoder, decoder, x, noise).item()


@wrong("vae_step", caught_by="one_step", says="float")
def returns_the_tensor(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


@wrong("vae_step", caught_by="one_step")
def climbs(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    (-loss).backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="adam")
def descends_by_hand(encoder, decoder, optimizer, x, noise):
    loss = forward(encoder, decoder, x, noise)
    optimizer.zero_grad()
    loss.backward()
    with torch.no_grad():
        for group in optimizer.param_groups:
            for p in group["params"]:
                p -= group["lr"] * p.grad
    return loss.item()


@wrong("vae_step", caught_by="adam")
def one_step_for_each_network(encoder, decoder, optimizer, x, noise):
    for _ in range(2):
        loss = forward(encoder, decoder, x, noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="one_step", says="requires_grad")
def leaves_the_encoder_frozen(encoder, decoder, optimizer, x, noise):
    loss = formula_inline(encoder, decoder, optimizer, x, noise)
    encoder.requires_grad_(False)
    return loss


@wrong("vae_step", caught_by="images")
def flattens(encoder, decoder, optimizer, x, noise):
    return formula_inline(encoder, decoder, optimizer, x.flatten(1), noise)


@wrong("vae_step", caught_by="images")
def sums_the_last_axis(encoder, decoder, optimizer, x, noise):
    mean, log_var = encoder(x)
    logits = decoder(mean + (log_var / 2).exp() * noise)
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1).mean()
    loss = reconstruction + 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("vae_step", caught_by="single_precision")
def insists_on_double(encoder, decoder, optimizer, x, noise):
    return formula_inline(encoder, decoder, optimizer, x.double(), noise.double())
