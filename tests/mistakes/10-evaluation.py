"""Answers to section 10. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import warnings

import numpy as np
import torch
from scipy import linalg
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong


def root(cov):
    """The symmetric square root of a covariance matrix, for the answers below."""
    values, vectors = torch.linalg.eigh(cov)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T


def sides(real, fake):
    """All points and their labels."""
    return torch.cat([real, fake]), torch.cat([torch.ones(len(real)), torch.zeros(len(fake))])


def sqrtm(matrix):
    """SciPy's root, which warns of singular matrices; a warning costs no student a point."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return linalg.sqrtm(matrix)


# --- frechet_distance -------------------------------------------------------------------------------------------------

bank.spoils(
    "frechet_distance",
    r"eigh|clamp|sqrtm\((?!\.\.\.)|trace\(|half @|root @|(root|√)[^.?]*(cov|Σ|C)_?1[^.?]*(cov|Σ|C)_?2"
    r"|root of (the )?(product|first covariance times)|minus twice|[-−] *2 *(times|·|\*)"
    r"|negative eigenvalues[^.?]*(set to|become|to) (0|zero)|(set|raise)\w* [^.?]*(negative|below 0)"
    r"|\( ?C_?1 *[@·*]? *C_?2 ?\)|½|\^ *\(?(1/2|0\.5)",
)


@right("frechet_distance")
def eigenvalues_of_the_symmetric_product(mean1, cov1, mean2, cov2):
    half = root(cov1)
    values = torch.linalg.eigvalsh(half @ cov2 @ half).clamp(min=0)
    return ((mean1 - mean2) ** 2).sum() + cov1.trace() + cov2.trace() - 2 * values.sqrt().sum()


@right("frechet_distance")
def trace_norm(mean1, cov1, mean2, cov2):
    fidelity = torch.linalg.matrix_norm(root(cov2) @ root(cov1), ord="nuc")
    return torch.dist(mean1, mean2) ** 2 + torch.trace(cov1 + cov2) - 2 * fidelity


@right("frechet_distance")
def roots_by_svd(mean1, cov1, mean2, cov2):
    def svd_root(cov):
        u, s, _ = torch.linalg.svd(cov)
        return u @ torch.diag(s.sqrt()) @ u.T

    mean_part = torch.dot(mean1 - mean2, mean1 - mean2)
    return mean_part + (cov1 + cov2).diagonal().sum() - 2 * torch.linalg.svdvals(svd_root(cov1) @ svd_root(cov2)).sum()


@right("frechet_distance")
def scipy_root_of_the_product(mean1, cov1, mean2, cov2):
    product = sqrtm(cov1.numpy() @ cov2.numpy())
    difference = (mean1 - mean2).numpy()
    return difference @ difference + np.trace(cov1.numpy() + cov2.numpy() - 2 * np.real(product))


@right("frechet_distance")
def scipy_twice(mean1, cov1, mean2, cov2):
    half = np.real(sqrtm(cov1.detach().cpu().numpy()))
    whole = np.real(sqrtm(half @ cov2.detach().cpu().numpy() @ half))
    value = np.sum((mean1 - mean2).numpy() ** 2) + np.trace(cov1) + np.trace(cov2) - 2 * np.trace(whole)
    return max(float(value), 0.0)


@right("frechet_distance")
def eigenvalues_of_the_product(mean1, cov1, mean2, cov2):
    values = torch.linalg.eigvals(cov1 @ cov2)
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * values.sqrt().real.sum()


@right("frechet_distance")
def newton_schulz(mean1, cov1, mean2, cov2):
    product = cov1 @ cov2
    norm = product.norm()
    y, z = product / norm, torch.eye(len(product), dtype=product.dtype)
    for _ in range(20):
        t = (3 * torch.eye(len(product), dtype=product.dtype) - z @ y) / 2
        y, z = y @ t, t @ z
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * y.trace() * norm.sqrt()


@right("frechet_distance")
def in_double_and_back(mean1, cov1, mean2, cov2):
    half = root(cov1.double())
    values = torch.linalg.eigvalsh(half @ cov2.double() @ half).clamp(min=0)
    value = (mean1 - mean2).double().square().sum() + (cov1 + cov2).double().trace() - 2 * values.sqrt().sum()
    return value.clamp(min=0).to(mean1.dtype)


@right("frechet_distance")
def eigenvalues_and_vectors_by_numpy(mean1, cov1, mean2, cov2):
    m1, c1, m2, c2 = (x.double().numpy() for x in (mean1, cov1, mean2, cov2))
    w, v = np.linalg.eigh(c1)
    half = v @ np.diag(np.sqrt(np.maximum(w, 0))) @ v.T
    w = np.linalg.eigvalsh(half @ c2 @ half)
    return float(np.linalg.norm(m1 - m2) ** 2 + np.trace(c1 + c2) - 2 * np.sqrt(np.maximum(w, 0)).sum())


def covariance_part(cov1, cov2):
    half = root(cov1)
    return cov1.trace() + cov2.trace() - 2 * root(half @ cov2 @ half).trace()


@wrong("frechet_distance", caught_by="only_the_means_differ", diagnosis="number")
def drops_the_means(mean1, cov1, mean2, cov2):
    return covariance_part(cov1, cov2)


@wrong("frechet_distance", caught_by="only_the_means_differ", diagnosis="number")
def length_instead_of_squared_length(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).norm() + covariance_part(cov1, cov2)


@wrong("frechet_distance", caught_by="only_the_means_differ", diagnosis="number")
def mean_over_the_coordinates(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().mean() + covariance_part(cov1, cov2)


@wrong("frechet_distance", caught_by="only_the_covariances_differ", diagnosis="number")
def frobenius_distance_of_the_roots(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + (root(cov1) - root(cov2)).square().sum()


@wrong("frechet_distance", caught_by="only_the_covariances_differ", diagnosis="number")
def frobenius_distance_of_the_covariances(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + (cov1 - cov2).square().sum()


@wrong("frechet_distance", caught_by="only_the_covariances_differ", diagnosis="number")
def root_of_one_covariance_only(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + (cov1 + cov2 - 2 * root(cov1) @ cov2).trace()


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="number")
def product_of_the_roots(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 - 2 * root(cov1) @ root(cov2))


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="number")
def elementwise_root(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 - 2 * (cov1 @ cov2).abs().sqrt())


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="number")
def elementwise_product(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 - 2 * root(cov1 * cov2))


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="number")
def diagonals_only(mean1, cov1, mean2, cov2):
    s1, s2 = cov1.diagonal().sqrt(), cov2.diagonal().sqrt()
    return (mean1 - mean2).square().sum() + (s1 - s2).square().sum()


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="number")
def symmetrised_product(mean1, cov1, mean2, cov2):
    product = cov1 @ cov2
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 - 2 * root((product + product.T) / 2))


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="type", says="complex")
def stays_complex(mean1, cov1, mean2, cov2):
    values = torch.linalg.eigvals(cov1 @ cov2)
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * values.sqrt().sum()


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="number")
def not_squared(mean1, cov1, mean2, cov2):
    return ((mean1 - mean2).square().sum() + covariance_part(cov1, cov2)).clamp(min=0).sqrt()


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="shape", says="scalar")
def forgets_the_trace(mean1, cov1, mean2, cov2):
    half = root(cov1)
    return (mean1 - mean2).square().sum() + cov1 + cov2 - 2 * root(half @ cov2 @ half)


@wrong("frechet_distance", caught_by="a_gaussian_and_itself", diagnosis="number")
def without_the_factor_two(mean1, cov1, mean2, cov2):
    half = root(cov1)
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 - root(half @ cov2 @ half))


@wrong("frechet_distance", caught_by="a_gaussian_and_itself", diagnosis="number")
def one_trace_missing(mean1, cov1, mean2, cov2):
    half = root(cov1)
    return (mean1 - mean2).square().sum() + torch.trace(cov1 - 2 * root(half @ cov2 @ half))


@wrong("frechet_distance", caught_by="a_gaussian_and_itself", diagnosis="number")
def plus_twice_the_root(mean1, cov1, mean2, cov2):
    half = root(cov1)
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 + 2 * root(half @ cov2 @ half))


@wrong("frechet_distance", caught_by="one_dimension", diagnosis="number")
def variances_for_deviations(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + torch.trace(cov1 @ cov1 + cov2 @ cov2 - 2 * cov1 @ cov2)


@wrong("frechet_distance", caught_by="one_dimension", diagnosis="number")
def takes_covariances_for_deviations(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + (cov1.diagonal() - cov2.diagonal()).square().sum()


@wrong("frechet_distance", caught_by="one_dimension", diagnosis="raises")
def squeezes_first(mean1, cov1, mean2, cov2):
    mean1, cov1, mean2, cov2 = (x.squeeze() for x in (mean1, cov1, mean2, cov2))
    return (mean1 - mean2).square().sum() + covariance_part(cov1, cov2)


@wrong("frechet_distance", caught_by="one_dimension", diagnosis="shape", says="shape")
def keeps_the_shape_of_the_means(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).pow(2).sum(dim=0, keepdim=True) + covariance_part(cov1, cov2)


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="number")
def kullback_leibler(mean1, cov1, mean2, cov2):
    first = torch.distributions.MultivariateNormal(mean1, cov1 + 1e-6 * torch.eye(len(cov1), dtype=cov1.dtype))
    second = torch.distributions.MultivariateNormal(mean2, cov2 + 1e-6 * torch.eye(len(cov2), dtype=cov2.dtype))
    return torch.distributions.kl_divergence(first, second)


@wrong("frechet_distance", caught_by="singular_covariances", diagnosis="raises", says="nan")
def roots_of_negative_eigenvalues(mean1, cov1, mean2, cov2):
    values, vectors = torch.linalg.eigh(cov1)
    half = (vectors * values.sqrt()) @ vectors.T
    rest = torch.linalg.eigvalsh(half @ cov2 @ half).sqrt().sum()
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * rest


@wrong("frechet_distance", caught_by="singular_covariances", diagnosis="nan", says="nan")
def real_part_before_the_root(mean1, cov1, mean2, cov2):
    values = torch.linalg.eigvals(cov1 @ cov2).real
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * values.sqrt().sum()


@wrong("frechet_distance", caught_by="singular_covariances", diagnosis="number")
def adds_to_the_diagonal(mean1, cov1, mean2, cov2):
    little = 1e-6 * torch.eye(len(cov1), dtype=cov1.dtype)
    return (mean1 - mean2).square().sum() + covariance_part(cov1 + little, cov2 + little)


@wrong("frechet_distance", caught_by="singular_covariances", diagnosis="raises")
def by_cholesky(mean1, cov1, mean2, cov2):
    half = torch.linalg.cholesky(cov1)
    values = torch.linalg.eigvalsh(half.T @ cov2 @ half)
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * values.sqrt().sum()


@wrong("frechet_distance", caught_by="single_precision", diagnosis="dtype", says="dtype")
def always_double(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).double().square().sum() + covariance_part(cov1.double(), cov2.double())


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="argument", says="modified")
def stabilises_in_place(mean1, cov1, mean2, cov2):
    cov1 += 1e-12 * torch.eye(len(cov1), dtype=cov1.dtype)
    return (mean1 - mean2).square().sum() + covariance_part(cov1, cov2)


@right("frechet_distance")
def by_the_other_root(mean1, cov1, mean2, cov2):
    half = root(cov2)
    overlap = torch.linalg.eigvalsh(half @ cov1 @ half).clamp(min=0).sqrt().sum()
    return torch.einsum("i,i->", mean1 - mean2, mean1 - mean2) + torch.einsum("ii->", cov1 + cov2) - 2 * overlap


@right("frechet_distance")
def procrustes(mean1, cov1, mean2, cov2):
    """The smallest distance of the roots, one of them turned as well as can be."""
    first, second = root(cov1), root(cov2)
    u, _, v = torch.linalg.svd(second @ first)
    return (mean1 - mean2).square().sum() + (first @ v.T - second @ u).square().sum()


@right("frechet_distance")
def numpy_eigenvalues_of_the_product(mean1, cov1, mean2, cov2):
    m1, c1, m2, c2 = (x.double().numpy() for x in (mean1, cov1, mean2, cov2))
    values = np.linalg.eigvals(c1 @ c2).real
    return float(np.square(m1 - m2).sum() + np.trace(c1) + np.trace(c2) - 2 * np.sqrt(values.clip(min=0)).sum())


@wrong("frechet_distance", caught_by="one_dimension", diagnosis="raises", says="disp")
def public_fid_code(mean1, cov1, mean2, cov2):
    """As in pytorch-fid, but for the constant on the diagonal. SciPy 1.17 returns the root alone of a 1×1 matrix."""
    difference = (mean1 - mean2).numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        covmean, _ = linalg.sqrtm(cov1.numpy().dot(cov2.numpy()), disp=False)
    if np.iscomplexobj(covmean):
        covmean = covmean.real
    return float(difference.dot(difference) + np.trace(cov1.numpy()) + np.trace(cov2.numpy()) - 2 * np.trace(covmean))


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="number")
def symmetric_routine_for_an_asymmetric_product(mean1, cov1, mean2, cov2):
    values = torch.linalg.eigvalsh(cov1 @ cov2).clamp(min=0)
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * values.sqrt().sum()


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="number")
def singular_values_of_the_product(mean1, cov1, mean2, cov2):
    values = torch.linalg.svdvals(cov1 @ cov2)
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * values.sqrt().sum()


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="number")
def root_of_the_trace(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * (cov1 @ cov2).trace().sqrt()


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="number")
def sorted_eigenvalues_only(mean1, cov1, mean2, cov2):
    v1, v2 = (torch.linalg.eigvalsh(c).clamp(min=0).sqrt() for c in (cov1, cov2))
    return (mean1 - mean2).square().sum() + (v1 - v2).square().sum()


@wrong("frechet_distance", caught_by="only_the_covariances_differ", diagnosis="number")
def product_without_a_root(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 - 2 * cov1 @ cov2)


@wrong("frechet_distance", caught_by="only_the_covariances_differ", diagnosis="number")
def covariances_forgotten(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum()


@wrong("frechet_distance", caught_by="only_the_covariances_differ", diagnosis="number")
def root_of_the_mean_covariance(mean1, cov1, mean2, cov2):
    mixed = root((cov1 + cov2) / 2)
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2) - 2 * torch.trace(mixed @ mixed)


@wrong("frechet_distance", caught_by="only_the_means_differ", diagnosis="number")
def absolute_differences_of_the_means(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).abs().sum() + covariance_part(cov1, cov2)


@wrong("frechet_distance", caught_by="only_the_means_differ", diagnosis="number")
def square_of_the_summed_difference(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).sum().square() + covariance_part(cov1, cov2)


@wrong("frechet_distance", caught_by="only_the_means_differ", diagnosis="factor", says="same factor, 0.5")
def half_of_it(mean1, cov1, mean2, cov2):
    return ((mean1 - mean2).square().sum() + covariance_part(cov1, cov2)) / 2


@wrong("frechet_distance", caught_by="only_the_covariances_differ", diagnosis="number")
def determinants_for_traces(mean1, cov1, mean2, cov2):
    part = torch.det(cov1).abs().sqrt() - torch.det(cov2).abs().sqrt()
    return (mean1 - mean2).square().sum() + part.square()


@wrong("frechet_distance", caught_by="only_the_covariances_differ", diagnosis="raises")
def a_power_of_one_half(mean1, cov1, mean2, cov2):
    middle = torch.linalg.matrix_power(cov1 @ cov2, 0.5)
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 - 2 * middle)


@wrong("frechet_distance", caught_by="singular_covariances", diagnosis="raises")
def with_an_inverse(mean1, cov1, mean2, cov2):
    """L⁻¹ (C1 C2) L is similar to C1 C2, and symmetric if L L' = C1."""
    lower = torch.linalg.cholesky(cov1)
    similar = torch.linalg.inv(lower) @ cov1 @ cov2 @ lower
    values = torch.linalg.eigvalsh((similar + similar.T) / 2).clamp(min=0)
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2) - 2 * values.sqrt().sum()


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="type", says="complex")
def scipy_of_a_product_taken_as_complex(mean1, cov1, mean2, cov2):
    middle = torch.from_numpy(sqrtm((cov1 @ cov2).numpy()).astype(complex))
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 - 2 * middle)


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="type", says="scalar")
def both_parts(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum(), covariance_part(cov1, cov2)


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="random", says="random")
def by_sampling(mean1, cov1, mean2, cov2):
    noise = torch.randn(1000, len(mean1), dtype=mean1.dtype)
    return ((mean1 + noise @ root(cov1)) - (mean2 + noise @ root(cov2))).square().sum(1).mean()


@wrong("frechet_distance", caught_by="four_dimensions", diagnosis="mistyped", says="NameError")
def another_name_for_the_mean(mean1, cov1, mean2, cov2):
    return (mu1 - mu2).square().sum() + covariance_part(cov1, cov2)  # noqa: F821


# --- one_nn_accuracy --------------------------------------------------------------------------------------------------

bank.spoils(
    "one_nn_accuracy",
    r"fill_diagonal|diagonal[^.?]*(inf|infinit|large)|(inf|infinit)\w*[^.?]*diagonal|cdist|argmin"
    r"|torch\.cat|(set|make) [^.?]*(distance|diagonal)[^.?]*infinit"
    r"|distance[^.?]*(itself|own)[^.?]*infinit",
)


@right("one_nn_accuracy")
def infinite_diagonal(real, fake):
    x, y = sides(real, fake)
    distance = torch.cdist(x, x)
    distance.fill_diagonal_(torch.inf)
    return (y[distance.argmin(dim=1)] == y).to(real.dtype).mean()


@right("one_nn_accuracy")
def loops(real, fake):
    points = [(x, 1) for x in real] + [(x, 0) for x in fake]
    hits = 0
    for i, (x, label) in enumerate(points):
        others = [(float((x - other).norm()), y) for j, (other, y) in enumerate(points) if j != i]
        hits += min(others)[1] == label
    return hits / len(points)


@right("one_nn_accuracy")
def sklearn_leave_one_out(real, fake):
    x, y = sides(real, fake)
    scores = cross_val_score(KNeighborsClassifier(1), x.numpy(), y.numpy(), cv=LeaveOneOut())
    return scores.mean()


@right("one_nn_accuracy")
def sklearn_neighbours_without_themselves(real, fake):
    x, y = sides(real, fake)
    nearest = NearestNeighbors(n_neighbors=1).fit(x.numpy()).kneighbors(return_distance=False)[:, 0]
    return float((y[nearest] == y).double().mean())


@right("one_nn_accuracy")
def by_expanding_the_square(real, fake):
    x, y = sides(real, fake)
    squares = (x * x).sum(1)
    distance = squares[:, None] + squares[None] - 2 * x @ x.T
    nearest = (distance + torch.diag(torch.full((len(x),), torch.inf))).min(dim=1).indices
    return torch.where(y[nearest] == y, 1.0, 0.0).mean()


@right("one_nn_accuracy")
def three_blocks(real, fake):
    def nearest_other(x):
        return (torch.cdist(x, x) + torch.diag(torch.full((len(x),), torch.inf))).amin(1)

    across = torch.cdist(real, fake)
    hits = (nearest_other(real) < across.amin(1)).sum() + (nearest_other(fake) < across.amin(0)).sum()
    return hits.item() / (len(real) + len(fake))


@right("one_nn_accuracy")
def numpy_one_at_a_time(real, fake):
    x, y = (part.numpy() for part in sides(real, fake))
    hits = []
    for i in range(len(x)):
        rest = np.delete(np.arange(len(x)), i)
        hits.append(y[rest[cdist(x[i : i + 1], x[rest]).argmin()]] == y[i])
    return np.mean(hits)


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="number")
def everyone_is_its_own_neighbour(real, fake):
    x, y = sides(real, fake)
    return (y[torch.cdist(x, x).argmin(1)] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="number")
def share_of_mistakes(real, fake):
    return 1 - infinite_diagonal(real, fake)


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="number")
def the_farthest(real, fake):
    x, y = sides(real, fake)
    return (y[torch.cdist(x, x).argmax(1)] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="number")
def three_neighbours_vote(real, fake):
    x, y = sides(real, fake)
    distance = torch.cdist(x, x).fill_diagonal_(torch.inf)
    votes = y[distance.topk(3, largest=False).indices].mean(1) > 0.5
    return (votes.float() == y).float().mean()


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="number")
def inner_products(real, fake):
    x, y = sides(real, fake)
    return (y[(x @ x.T).fill_diagonal_(-torch.inf).argmax(1)] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="number")
def first_coordinate_only(real, fake):
    return infinite_diagonal(real[:, :1], fake[:, :1])


@wrong("one_nn_accuracy", caught_by="unequal_sizes", diagnosis="number")
def mean_of_two_accuracies(real, fake):
    x, y = sides(real, fake)
    hits = (y[torch.cdist(x, x).fill_diagonal_(torch.inf).argmin(1)] == y).float()
    return (hits[: len(real)].mean() + hits[len(real) :].mean()) / 2


@wrong("one_nn_accuracy", caught_by="unequal_sizes", diagnosis="number")
def cut_to_the_smaller(real, fake):
    n = min(len(real), len(fake))
    return infinite_diagonal(real[:n], fake[:n])


@wrong("one_nn_accuracy", caught_by="collapsed", diagnosis="number")
def real_points_only(real, fake):
    x, y = sides(real, fake)
    return (y[torch.cdist(x, x).fill_diagonal_(torch.inf).argmin(1)] == y)[: len(real)].float().mean()


@wrong("one_nn_accuracy", caught_by="collapsed", diagnosis="number")
def fake_points_only(real, fake):
    x, y = sides(real, fake)
    return (y[torch.cdist(x, x).fill_diagonal_(torch.inf).argmin(1)] == y)[len(real) :].float().mean()


@wrong("one_nn_accuracy", caught_by="separated", diagnosis="factor", says="same factor, 100")
def per_cent(real, fake):
    return 100 * infinite_diagonal(real, fake)


@wrong("one_nn_accuracy", caught_by="separated", diagnosis="number")
def counts_hits(real, fake):
    return infinite_diagonal(real, fake) * (len(real) + len(fake))


@wrong("one_nn_accuracy", caught_by="a_copy", diagnosis="number")
def skips_distance_zero(real, fake):
    x, y = sides(real, fake)
    distance = torch.cdist(x, x)
    return (y[torch.where(distance > 0, distance, torch.inf).argmin(1)] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="a_copy", diagnosis="number")
def second_of_the_sorted(real, fake):
    x, y = sides(real, fake)
    nearest = torch.cdist(x, x).sort(dim=1, stable=True).indices[:, 1]
    return (y[nearest] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="a_copy", diagnosis="number")
def a_large_number_added_everywhere_but_there(real, fake):
    x, y = sides(real, fake)
    distance = torch.cdist(x, x)
    return (y[(distance + 1e9 * (distance == 0)).argmin(1)] == y).float().mean()


@right("one_nn_accuracy")
def smallest_and_second_by_a_tree(real, fake):
    x, y = (part.double().numpy() for part in sides(real, fake))
    _, nearest = KDTree(x).query(x, 2)
    other = np.where(nearest[:, 0] == np.arange(len(x)), nearest[:, 1], nearest[:, 0])
    return float((y[other] == y).sum()) / len(x)


@right("one_nn_accuracy")
def squared_distances_by_einsum_in_double(real, fake):
    x, y = sides(real.double(), fake.double())
    gaps = x[:, None] - x[None]
    distance = torch.einsum("ijk,ijk->ij", gaps, gaps) + 1e9 * torch.eye(len(x), dtype=x.dtype)
    return (y == y[distance.min(1).indices]).sum() / len(x)


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="number")
def sums_of_absolute_differences(real, fake):
    x, y = sides(real, fake)
    return (y[torch.cdist(x, x, p=1).fill_diagonal_(torch.inf).argmin(1)] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="number")
def largest_differences(real, fake):
    x, y = sides(real, fake)
    return (y[torch.cdist(x, x, p=torch.inf).fill_diagonal_(torch.inf).argmin(1)] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="number")
def angles_for_distances(real, fake):
    x, y = sides(real, fake)
    unit = x / x.norm(dim=1, keepdim=True)
    return (y[(unit @ unit.T).fill_diagonal_(-torch.inf).argmax(1)] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="separated", diagnosis="ignores")
def each_kind_looks_for_the_other(real, fake):
    across = torch.cdist(real, fake)
    hits = (across.argmin(1) < len(fake)).float().mean() + (across.argmin(0) < len(real)).float().mean()
    return 1 - hits / 2


@wrong("one_nn_accuracy", caught_by="unequal_sizes", diagnosis="number")
def twice_the_distance_from_one_half(real, fake):
    return 2 * abs(infinite_diagonal(real, fake) - 0.5)


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="number")
def nearest_centre(real, fake):
    x, y = sides(real, fake)
    guess = (x - real.mean(0)).norm(dim=1) < (x - fake.mean(0)).norm(dim=1)
    return (guess.float() == y).float().mean()


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="number")
def scored_on_what_it_was_fitted_to(real, fake):
    x, y = sides(real, fake)
    return float(KNeighborsClassifier(1).fit(x.numpy(), y.numpy()).score(x.numpy(), y.numpy()))


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="random", says="random")
def trained_on_a_random_half(real, fake):
    x, y = sides(real, fake)
    order = torch.randperm(len(x))
    train, test = order[: len(x) // 2], order[len(x) // 2 :]
    return (y[train][torch.cdist(x[test], x[train]).argmin(1)] == y[test]).float().mean()


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="number")
def whole_numbers_divided(real, fake):
    x, y = sides(real, fake)
    hits = (y[torch.cdist(x, x).fill_diagonal_(torch.inf).argmin(1)] == y).sum().item()
    return float(hits // len(x))


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="shape", says="shape")
def hits_one_by_one(real, fake):
    x, y = sides(real, fake)
    return (y[torch.cdist(x, x).fill_diagonal_(torch.inf).argmin(1)] == y).double()


@wrong("one_nn_accuracy", caught_by="unequal_sizes", diagnosis="raises")
def side_by_side(real, fake):
    x = torch.cat([real, fake], dim=1)
    y = torch.cat([torch.ones(len(real)), torch.zeros(len(fake))])
    return (y[torch.cdist(x, x).fill_diagonal_(torch.inf).argmin(1)] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="argument", says="modified")
def centred_in_place(real, fake):
    centre = real.mean(0)
    real -= centre
    fake -= centre
    return infinite_diagonal(real, fake)


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="type", says="tuple")
def one_accuracy_for_each_kind(real, fake):
    x, y = sides(real, fake)
    hits = (y[torch.cdist(x, x).fill_diagonal_(torch.inf).argmin(1)] == y).float()
    return hits[: len(real)].mean(), hits[len(real) :].mean()


@wrong("one_nn_accuracy", caught_by="one_law", diagnosis="mistyped", says="NameError")
def labels_never_made(real, fake):
    x = torch.cat([real, fake])
    nearest = torch.cdist(x, x).fill_diagonal_(torch.inf).argmin(1)
    return (labels[nearest] == labels).float().mean()  # noqa: F821


# --- precision_recall -------------------------------------------------------------------------------------------------

bank.spoils(
    "precision_recall",
    r"cdist|topk|kthvalue|\.any\(|sort\(|\[:, *k|k *[-−] *1\b|\bk *\+ *1\b"
    r"|radius of (a|each|every) (real )?point is|(sort|order)\w* (its|the|all) distances"
    r"|k-th (smallest|nearest)[^.?]*(distance|other)[^.?]*(then|and)[^.?]*(any|at least one)"
    r"|distance[^.?]*at least one (real )?point[^.?]*(at most|not more|within|below|no more)"
    r"|smallest distance in its own",
)


def radii(x, k):
    return torch.cdist(x, x).fill_diagonal_(torch.inf).topk(k, largest=False).values[:, -1]


@right("precision_recall")
def by_topk(real, fake, k):
    across = torch.cdist(real, fake)
    precision = (across <= radii(real, k)[:, None]).any(0).float().mean().item()
    return precision, (across <= radii(fake, k)[None]).any(1).float().mean().item()


@right("precision_recall")
def sorted_with_itself_first(real, fake, k):
    def share(support, points):
        radius = torch.cdist(support, support).sort(dim=1).values[:, k]
        return float((torch.cdist(points, support) <= radius).any(dim=1).double().mean())

    return share(real, fake), share(fake, real)


@right("precision_recall")
def zero_dimensional_tensors(real, fake, k):
    across = torch.cdist(real, fake)
    inside = torch.linalg.vector_norm(real[:, None] - real[None], dim=2).kthvalue(k + 1, dim=1).values
    outside = torch.linalg.vector_norm(fake[:, None] - fake[None], dim=2).kthvalue(k + 1, dim=1).values
    return (across < inside[:, None]).any(0).float().mean(), (across < outside[None]).any(1).float().mean()


@right("precision_recall")
def sklearn_radii_and_numpy_floats(real, fake, k):
    def share(support, points):
        radius = NearestNeighbors(n_neighbors=k).fit(support).kneighbors()[0][:, -1]
        return np.mean(np.any(cdist(points, support) <= radius, axis=1))

    real, fake = real.numpy(), fake.numpy()
    return share(real, fake), share(fake, real)


@right("precision_recall")
def loops_in_a_list(real, fake, k):
    def share(support, points):
        radius = [sorted(float(torch.dist(a, b)) for j, b in enumerate(support) if j != i)[k - 1]
                  for i, a in enumerate(support)]  # fmt: skip
        held = [any(float(torch.dist(p, a)) <= r for a, r in zip(support, radius, strict=True)) for p in points]
        return sum(held) / len(held)

    return [share(real, fake), share(fake, real)]


@right("precision_recall")
def squared_distances(real, fake, k):
    def squares(a, b):
        return ((a[:, None] - b[None]) ** 2).sum(-1)

    def share(support, points):
        radius = squares(support, support).topk(k + 1, largest=False).values.amax(1)
        return (squares(points, support) <= radius).any(1).float().mean().item()

    return share(real, fake), share(fake, real)


@right("precision_recall")
def a_tree(real, fake, k):
    def share(support, points):
        radius = KDTree(support).query(support, k + 1)[0][:, -1]
        return float((cdist(points, support) <= radius).any(1).mean())

    return share(real.double().numpy(), fake.double().numpy()), share(fake.double().numpy(), real.double().numpy())


@wrong("precision_recall", caught_by="overlapping", diagnosis="number")
def counts_the_point_itself(real, fake, k):
    def share(support, points):
        radius = torch.cdist(support, support).sort(dim=1).values[:, k - 1]
        return (torch.cdist(points, support) <= radius).any(1).float().mean().item()

    return share(real, fake), share(fake, real)


@wrong("precision_recall", caught_by="as_many_neighbours_as_there_are", diagnosis="number")
def one_neighbour_too_far(real, fake, k):
    def share(support, points):
        radius = torch.cdist(support, support).sort(dim=1).values[:, k + 1]
        return (torch.cdist(points, support) <= radius).any(1).float().mean().item()

    return share(real, fake), share(fake, real)


@wrong("precision_recall", caught_by="half_of_the_data", diagnosis="order")
def recall_first(real, fake, k):
    return by_topk(real, fake, k)[::-1]


@wrong("precision_recall", caught_by="half_of_the_data", diagnosis="number")
def radii_of_the_judged(real, fake, k):
    across = torch.cdist(real, fake)
    precision = (across <= radii(fake, k)[None]).any(0).float().mean().item()
    return precision, (across <= radii(real, k)[:, None]).any(1).float().mean().item()


@wrong("precision_recall", caught_by="half_of_the_data", diagnosis="number")
def real_radii_for_both(real, fake, k):
    held = torch.cdist(real, fake) <= radii(real, k)[:, None]
    return held.any(0).float().mean().item(), held.any(1).float().mean().item()


@wrong("precision_recall", caught_by="too_wide", diagnosis="number")
def shares_of_the_wrong_set(real, fake, k):
    across = torch.cdist(real, fake)
    precision = (across <= radii(real, k)[:, None]).any(0).sum().item() / len(real)
    return precision, (across <= radii(fake, k)[None]).any(1).sum().item() / len(fake)


@wrong("precision_recall", caught_by="too_wide", diagnosis="number")
def the_same_twice(real, fake, k):
    return by_topk(real, fake, k)[0], by_topk(real, fake, k)[0]


@wrong("precision_recall", caught_by="far_apart", diagnosis="number")
def radii_to_the_other_set(real, fake, k):
    across = torch.cdist(real, fake)
    to_fake, to_real = across.sort(dim=1).values[:, k - 1], across.sort(dim=0).values[k - 1]
    precision = (across <= to_fake[:, None]).any(0).float().mean().item()
    return precision, (across <= to_real[None]).any(1).float().mean().item()


@wrong("precision_recall", caught_by="overlapping", diagnosis="number")
def radii_among_all_points(real, fake, k):
    radius, across = radii(torch.cat([real, fake]), k), torch.cdist(real, fake)
    precision = (across <= radius[: len(real), None]).any(0).float().mean().item()
    return precision, (across <= radius[None, len(real) :]).any(1).float().mean().item()


@wrong("precision_recall", caught_by="one_wide_ball", diagnosis="number")
def ball_of_the_nearest_point_only(real, fake, k):
    def share(support, points):
        distance, nearest = torch.cdist(points, support).min(1)
        return (distance <= radii(support, k)[nearest]).float().mean().item()

    return share(real, fake), share(fake, real)


@wrong("precision_recall", caught_by="one_wide_ball", diagnosis="number")
def one_radius_for_all(real, fake, k):
    def share(support, points):
        return (torch.cdist(points, support).amin(1) <= radii(support, k).mean()).float().mean().item()

    return share(real, fake), share(fake, real)


@wrong("precision_recall", caught_by="overlapping", diagnosis="number")
def the_widest_radius_for_all(real, fake, k):
    def share(support, points):
        return (torch.cdist(points, support).amin(1) <= radii(support, k).max()).float().mean().item()

    return share(real, fake), share(fake, real)


@wrong("precision_recall", caught_by="nearest_only", diagnosis="number")
def always_three(real, fake, k):
    return by_topk(real, fake, 3)


@wrong("precision_recall", caught_by="overlapping", diagnosis="number")
def inside_every_ball(real, fake, k):
    across = torch.cdist(real, fake)
    precision = (across <= radii(real, k)[:, None]).all(0).float().mean().item()
    return precision, (across <= radii(fake, k)[None]).all(1).float().mean().item()


@wrong("precision_recall", caught_by="overlapping", diagnosis="number")
def share_of_all_pairs(real, fake, k):
    across = torch.cdist(real, fake)
    precision = (across <= radii(real, k)[:, None]).float().mean().item()
    return precision, (across <= radii(fake, k)[None]).float().mean().item()


@wrong("precision_recall", caught_by="overlapping", diagnosis="number")
def density_and_coverage(real, fake, k):
    held = torch.cdist(real, fake) <= radii(real, k)[:, None]
    return held.sum(0).float().mean().item() / k, held.any(1).float().mean().item()


@wrong("precision_recall", caught_by="overlapping", diagnosis="type", says="tuple")
def one_tensor_of_two(real, fake, k):
    return torch.tensor(by_topk(real, fake, k))


@wrong("precision_recall", caught_by="overlapping", diagnosis="type", says="tuple")
def precision_alone(real, fake, k):
    return by_topk(real, fake, k)[0]


@right("precision_recall")
def means_in_single_precision(real, fake, k):
    def share(points, support):
        own = (support.double()[:, None] - support.double()[None]).square().sum(-1).sqrt()
        radius = torch.sort(own, dim=1)[0][:, k].to(support.dtype)
        held = torch.cdist(points, support) - radius <= 0
        return held.any(1).to(torch.float32).mean().item()

    return share(fake, real), share(real, fake)


@right("precision_recall")
def counted_and_divided(real, fake, k):
    def count(points, support):
        radius = radii(support, k)
        return sum(bool(((support - p).norm(dim=1) <= radius).any()) for p in points)

    return count(fake, real) / len(fake), count(real, fake) / len(real)


@right("precision_recall")
def largest_margin(real, fake, k):
    """A point is in when the ball that holds it best holds it."""
    across = torch.cdist(real, fake)
    for_fakes, for_reals = radii(real, k)[:, None] - across, radii(fake, k)[None] - across
    return float((for_fakes.amax(0) >= 0).double().mean()), float((for_reals.amax(1) >= 0).double().mean())


@wrong("precision_recall", caught_by="overlapping", diagnosis="number")
def sums_of_absolute_differences_again(real, fake, k):
    def share(points, support):
        radius = torch.cdist(support, support, p=1).sort(dim=1).values[:, k]
        return (torch.cdist(points, support, p=1) <= radius).any(1).float().mean().item()

    return share(fake, real), share(real, fake)


@wrong("precision_recall", caught_by="half_of_the_data", diagnosis="number")
def squared_radius_for_a_distance(real, fake, k):
    across = torch.cdist(real, fake)
    precision = (across <= radii(real, k)[:, None].square()).any(0).float().mean().item()
    return precision, (across <= radii(fake, k)[None].square()).any(1).float().mean().item()


@wrong("precision_recall", caught_by="overlapping", diagnosis="number")
def mean_distance_of_the_neighbours(real, fake, k):
    def share(points, support):
        radius = torch.cdist(support, support).sort(dim=1).values[:, 1 : k + 1].mean(1) * 0.8
        return (torch.cdist(points, support) <= radius).any(1).float().mean().item()

    return share(fake, real), share(real, fake)


@wrong("precision_recall", caught_by="overlapping", diagnosis="number")
def at_least_k_balls(real, fake, k):
    across = torch.cdist(real, fake)
    precision = ((across <= radii(real, k)[:, None]).sum(0) > k).float().mean().item()
    return precision, ((across <= radii(fake, k)[None]).sum(1) > k).float().mean().item()


@wrong("precision_recall", caught_by="overlapping", diagnosis="number")
def share_of_balls_that_hold_something(real, fake, k):
    across = torch.cdist(real, fake)
    precision = (across <= radii(real, k)[:, None]).any(1).float().mean().item()
    return precision, (across <= radii(fake, k)[None]).any(0).float().mean().item()


@wrong("precision_recall", caught_by="overlapping", diagnosis="number")
def outside_instead_of_inside(real, fake, k):
    precision, recall = by_topk(real, fake, k)
    return 1 - precision, 1 - recall


@wrong("precision_recall", caught_by="overlapping", diagnosis="number")
def both_balls_must_hold(real, fake, k):
    across = torch.cdist(real, fake)
    held = (across <= radii(real, k)[:, None]) & (across <= radii(fake, k)[None])
    return held.any(0).float().mean().item(), held.any(1).float().mean().item()


@wrong("precision_recall", caught_by="overlapping", diagnosis="factor", says="same factor, 100")
def percentages(real, fake, k):
    precision, recall = by_topk(real, fake, k)
    return 100 * precision, 100 * recall


@wrong("precision_recall", caught_by="overlapping", diagnosis="number")
def one_number_for_both(real, fake, k):
    precision, recall = by_topk(real, fake, k)
    f1 = 2 * precision * recall / (precision + recall + 1e-12)
    return f1, f1


@wrong("precision_recall", caught_by="as_many_neighbours_as_there_are", diagnosis="raises")
def others_counted_from_zero(real, fake, k):
    def share(points, support):
        n = len(support)
        others = torch.cdist(support, support)[~torch.eye(n, dtype=torch.bool)].view(n, n - 1)
        return (torch.cdist(points, support) <= others.topk(k + 1, largest=False).values[:, k - 1]).any(1)

    return share(fake, real).float().mean().item(), share(real, fake).float().mean().item()


@wrong("precision_recall", caught_by="overlapping", diagnosis="random", says="random")
def of_a_random_half(real, fake, k):
    some = torch.randperm(len(fake))[: max(k + 1, len(fake) // 2)]
    return by_topk(real, fake[some], k)


@wrong("precision_recall", caught_by="overlapping", diagnosis="argument", says="modified")
def scaled_in_place(real, fake, k):
    scale = real.abs().max()
    real /= scale
    fake /= scale
    return by_topk(real, fake, k)


@wrong("precision_recall", caught_by="overlapping", diagnosis="type", says="dictionary")
def with_names(real, fake, k):
    precision, recall = by_topk(real, fake, k)
    return {"precision": precision, "recall": recall}


@wrong("precision_recall", caught_by="overlapping", diagnosis="shape", says="shape")
def inside_or_not(real, fake, k):
    across = torch.cdist(real, fake)
    return (across <= radii(real, k)[:, None]).any(0).double(), (across <= radii(fake, k)[None]).any(1).double()


@wrong("precision_recall", caught_by="overlapping", diagnosis="mistyped", says="NameError")
def radius_never_measured(real, fake, k):
    across = torch.cdist(real, fake)
    return (across <= radius[:, None]).any(0).float().mean(), (across <= radius[None]).any(1).float().mean()  # noqa: F821


# --- match_moments ----------------------------------------------------------------------------------------------------

bank.spoils(
    "match_moments",
    r"cholesky\(|eigh|clamp|solve|sqrt|@ |axes \*|root of (its|the) eigenvalues|eigenvectors"
    r"|(white|whitened)[^.?]*times|multiply [^.?]*(white|root|factor)",
)


def factor_of(x):
    """A symmetric root of the covariance of points, singular or not."""
    return root(x.T.cov().reshape(x.shape[1], x.shape[1]))


def whitened(noise):
    covariance = noise.T.cov().reshape(noise.shape[1], noise.shape[1])
    return torch.linalg.solve(torch.linalg.cholesky(covariance), (noise - noise.mean(0)).T).T


@right("match_moments")
def cholesky_and_a_symmetric_root(real, noise):
    return whitened(noise) @ factor_of(real) + real.mean(0)


@right("match_moments")
def symmetric_roots_on_both_sides(real, noise):
    values, vectors = torch.linalg.eigh(torch.cov(noise.T).view(noise.shape[1], -1))
    white = (noise - noise.mean(dim=0)) @ vectors @ torch.diag(values.rsqrt()) @ vectors.T
    return real.mean(dim=0) + white @ factor_of(real)


@right("match_moments")
def svd_of_the_points_themselves(real, noise):
    centred = real - real.mean(0)
    _, s, vh = torch.linalg.svd(centred, full_matrices=False)
    u, _, wh = torch.linalg.svd(noise - noise.mean(0), full_matrices=False)
    white = (u @ wh) * (len(noise) - 1) ** 0.5
    scale = torch.zeros(noise.shape[1], dtype=real.dtype)
    scale[: len(s)] = s / (len(real) - 1) ** 0.5
    return white[:, : len(vh)] @ (scale[: len(vh), None] * vh) + real.mean(0)


@right("match_moments")
def qr_whitens(real, noise):
    q, _ = torch.linalg.qr(noise - noise.mean(0))
    return q * (len(noise) - 1) ** 0.5 @ factor_of(real) + real.mean(0)


@right("match_moments")
def by_numpy(real, noise):
    x, z = real.numpy(), noise.numpy()
    w, v = np.linalg.eigh(np.atleast_2d(np.cov(x, rowvar=False)))
    low = np.linalg.cholesky(np.atleast_2d(np.cov(z, rowvar=False)))
    white = linalg.solve_triangular(low, (z - z.mean(0)).T, lower=True).T
    return torch.from_numpy(white @ (v * np.sqrt(np.maximum(w, 0))).T + x.mean(0))


@right("match_moments")
def optimal_transport_map(real, noise):
    """The affine map of least cost between the two Gaussians, with a pseudo-inverse."""
    half = root(noise.T.cov().reshape(noise.shape[1], -1))
    back = torch.linalg.inv(half)
    return (noise - noise.mean(0)) @ back @ root(half @ (factor_of(real) @ factor_of(real)) @ half) @ back + real.mean(
        0
    )


@wrong("match_moments", caught_by="as_many_as_real_ones", diagnosis="number")
def noise_taken_for_white(real, noise):
    return noise @ factor_of(real) + real.mean(0)


@wrong("match_moments", caught_by="as_many_as_real_ones", diagnosis="number")
def noise_centred_but_not_white(real, noise):
    return (noise - noise.mean(0)) @ factor_of(real) + real.mean(0)


@wrong("match_moments", caught_by="correlated", diagnosis="number")
def each_axis_by_itself(real, noise):
    return (noise - noise.mean(0)) / noise.std(0) * real.std(0) + real.mean(0)


@wrong("match_moments", caught_by="as_many_as_real_ones", diagnosis="number")
def the_data_themselves(real, noise):
    return real[torch.arange(len(noise)) % len(real)]


@wrong("match_moments", caught_by="as_many_as_real_ones", diagnosis="ignores")
def no_mean_added(real, noise):
    return whitened(noise) @ factor_of(real)


@wrong("match_moments", caught_by="few_of_noise", diagnosis="number")
def divided_by_all(real, noise):
    """1/n on both sides cancels only where both have as many points."""
    covariance = (noise - noise.mean(0)).T @ (noise - noise.mean(0)) / len(noise)
    white = torch.linalg.solve(torch.linalg.cholesky(covariance), (noise - noise.mean(0)).T).T
    centred = real - real.mean(0)
    return white @ root(centred.T @ centred / len(real)) + real.mean(0)


@wrong("match_moments", caught_by="correlated", diagnosis="number")
def factor_not_transposed(real, noise):
    values, axes = torch.linalg.eigh(real.T.cov().reshape(real.shape[1], -1))
    return whitened(noise) @ (axes * values.clamp(min=0).sqrt()) + real.mean(0)


@wrong("match_moments", caught_by="correlated", diagnosis="number")
def covariance_for_its_root(real, noise):
    return whitened(noise) @ real.T.cov().reshape(real.shape[1], -1) + real.mean(0)


@wrong("match_moments", caught_by="correlated", diagnosis="number")
def root_entry_by_entry(real, noise):
    return whitened(noise) @ real.T.cov().reshape(real.shape[1], -1).abs().sqrt() + real.mean(0)


@wrong("match_moments", caught_by="singular", diagnosis="raises")
def cholesky_of_the_data(real, noise):
    low = torch.linalg.cholesky(real.T.cov().reshape(real.shape[1], -1))
    return whitened(noise) @ low.T + real.mean(0)


@wrong("match_moments", caught_by="singular", diagnosis="number")
def a_little_on_the_diagonal(real, noise):
    covariance = real.T.cov().reshape(real.shape[1], -1) + 1e-4 * torch.eye(real.shape[1], dtype=real.dtype)
    return whitened(noise) @ torch.linalg.cholesky(covariance).T + real.mean(0)


@wrong("match_moments", caught_by="few_of_noise", diagnosis="type", says="as many points")
def as_many_as_the_data(real, noise):
    return (whitened(noise) @ factor_of(real) + real.mean(0))[: len(real)].repeat(2, 1)[: len(real)]


@wrong("match_moments", caught_by="as_many_as_real_ones", diagnosis="type", says="as many points")
def returns_the_moments(real, noise):
    return real.mean(0), real.T.cov()


@wrong("match_moments", caught_by="as_many_as_real_ones", diagnosis="argument", says="modified")
def in_place(real, noise):
    mean = noise.mean(0)
    noise -= mean
    return whitened(noise) @ factor_of(real) + real.mean(0)


# --- density_coverage -------------------------------------------------------------------------------------------------

bank.spoils(
    "density_coverage",
    r"cdist|topk|kthvalue|\.any\(|sort\(|fill_diagonal|\[:, *k|k *[-−] *1\b|\bk *\+ *1\b"
    r"|divide[^.?]*(k times|k ?[·*×])|\bk *[·*×] *(the )?(number|m\b|len)|number of fakes",
)


def real_radius(real, k):
    return torch.cdist(real, real).sort(dim=1).values[:, k]


@right("density_coverage")
def sorted_distances(real, fake, k):
    inside = torch.cdist(real, fake) <= real_radius(real, k)[:, None]
    return inside.sum().item() / k / len(fake), inside.any(1).double().mean().item()


@right("density_coverage")
def official_prdc(real, fake, k):
    """As in the authors' code: k-th values of a NumPy matrix of distances."""
    x, y = real.double().numpy(), fake.double().numpy()
    radii = np.partition(cdist(x, x), k, axis=-1)[:, k]
    distances = cdist(x, y)
    density = (1.0 / float(k)) * (distances < radii[:, None]).sum(axis=0).mean()
    coverage = (distances.min(axis=1) < radii).mean()
    return density, coverage


@right("density_coverage")
def neighbours_by_scikit_learn(real, fake, k):
    radii = NearestNeighbors(n_neighbors=k).fit(real.numpy()).kneighbors()[0][:, -1]
    distance = np.linalg.norm(real.numpy()[:, None] - fake.numpy()[None], axis=2)
    return float((distance <= radii[:, None]).sum() / (k * len(fake))), float((distance.min(1) <= radii).mean())


@right("density_coverage")
def loops(real, fake, k):
    pairs = covered = 0
    for i, x in enumerate(real):
        others = torch.cat([real[:i], real[i + 1 :]])
        radius = (others - x).norm(dim=1).topk(k, largest=False).values[-1]
        hits = int(((fake - x).norm(dim=1) <= radius).sum())
        pairs, covered = pairs + hits, covered + (hits > 0)
    return pairs / (k * len(fake)), covered / len(real)


@right("density_coverage")
def trees(real, fake, k):
    x, y = real.numpy(), fake.numpy()
    radii = KDTree(x).query(x, k=[k + 1])[0][:, 0]
    hits = [len(found) for found in KDTree(y).query_ball_point(x, radii * (1 + 1e-9))]
    return sum(hits) / (k * len(y)), sum(hit > 0 for hit in hits) / len(x)


@right("density_coverage")
def means_as_tensors(real, fake, k):
    inside = (torch.cdist(real, fake) <= real_radius(real, k)[:, None]).double()
    return inside.sum(0).div(k).mean(), inside.amax(1).mean()


@wrong("density_coverage", caught_by="overlapping_clouds", diagnosis="number")
def counts_itself(real, fake, k):
    inside = torch.cdist(real, fake) <= torch.cdist(real, real).sort(dim=1).values[:, k - 1, None]
    return inside.sum().item() / (k * len(fake)), inside.any(1).double().mean().item()


@wrong("density_coverage", caught_by="strays_among_the_fakes", diagnosis="number")
def balls_of_the_fakes(real, fake, k):
    inside = torch.cdist(real, fake) <= real_radius(fake, min(k, len(fake) - 1))[None]
    return inside.sum().item() / (k * len(fake)), inside.any(1).double().mean().item()


@wrong("density_coverage", caught_by="overlapping_clouds", diagnosis="number")
def coverage_is_precision(real, fake, k):
    inside = torch.cdist(real, fake) <= real_radius(real, k)[:, None]
    return inside.sum().item() / (k * len(fake)), inside.any(0).double().mean().item()


@wrong("density_coverage", caught_by="overlapping_clouds", diagnosis="number")
def coverage_is_recall(real, fake, k):
    inside = torch.cdist(real, fake) <= real_radius(real, k)[:, None]
    reach = torch.cdist(real, fake) <= real_radius(fake, min(k, len(fake) - 1))[None]
    return inside.sum().item() / (k * len(fake)), reach.any(1).double().mean().item()


@wrong("density_coverage", caught_by="overlapping_clouds", diagnosis="number")
def not_in_units_of_k(real, fake, k):
    inside = torch.cdist(real, fake) <= real_radius(real, k)[:, None]
    return inside.sum().item() / len(fake), inside.any(1).double().mean().item()


@wrong("density_coverage", caught_by="overlapping_clouds", diagnosis="number")
def averaged_over_the_real_points(real, fake, k):
    inside = torch.cdist(real, fake) <= real_radius(real, k)[:, None]
    return inside.sum().item() / (k * len(real)), inside.any(1).double().mean().item()


@wrong("density_coverage", caught_by="overlapping_clouds", diagnosis="number")
def averaged_over_pairs(real, fake, k):
    inside = torch.cdist(real, fake) <= real_radius(real, k)[:, None]
    return inside.double().mean().item() / k, inside.any(1).double().mean().item()


@wrong("density_coverage", caught_by="crowded_where_the_data_are", diagnosis="number")
def at_most_one(real, fake, k):
    inside = torch.cdist(real, fake) <= real_radius(real, k)[:, None]
    return min(1.0, inside.sum().item() / (k * len(fake))), inside.any(1).double().mean().item()


@wrong("density_coverage", caught_by="crowded_where_the_data_are", diagnosis="number")
def in_any_ball(real, fake, k):
    inside = torch.cdist(real, fake) <= real_radius(real, k)[:, None]
    return inside.any(0).double().mean().item(), inside.any(1).double().mean().item()


@wrong("density_coverage", caught_by="overlapping_clouds", diagnosis="order")
def coverage_first(real, fake, k):
    return sorted_distances(real, fake, k)[::-1]


@wrong("density_coverage", caught_by="lonely_and_crowded", diagnosis="number")
def ball_of_the_nearest_only(real, fake, k):
    nearest = torch.cdist(real, fake).min(0)
    inside = nearest.values <= real_radius(real, k)[nearest.indices]
    covered = torch.zeros(len(real)).scatter(0, nearest.indices[inside], 1.0)
    return inside.sum().item() / (k * len(fake)), covered.mean().item()


@wrong("density_coverage", caught_by="lonely_and_crowded", diagnosis="number")
def one_radius_for_all(real, fake, k):
    inside = torch.cdist(real, fake) <= real_radius(real, k).mean()
    return inside.sum().item() / (k * len(fake)), inside.any(1).double().mean().item()


@wrong("density_coverage", caught_by="lonely_and_crowded", diagnosis="ignores")
def radii_of_the_wrong_axis(real, fake, k):
    inside = torch.cdist(fake, real) <= torch.cdist(real, fake).sort(dim=0).values[k - 1][:, None]
    return inside.sum().item() / (k * len(fake)), inside.any(0).double().mean().item()


@wrong("density_coverage", caught_by="overlapping_clouds", diagnosis="number")
def sums_of_absolute_differences(real, fake, k):
    radius = torch.cdist(real, real, p=1).sort(dim=1).values[:, k]
    inside = torch.cdist(real, fake, p=1) <= radius[:, None]
    return inside.sum().item() / (k * len(fake)), inside.any(1).double().mean().item()


@wrong("density_coverage", caught_by="the_farthest_neighbour", diagnosis="number")
def one_neighbour_too_far(real, fake, k):
    inside = torch.cdist(real, fake) <= torch.cdist(real, real).sort(dim=1).values[:, k + 1, None]
    return inside.sum().item() / (k * len(fake)), inside.any(1).double().mean().item()


@wrong("density_coverage", caught_by="a_single_fake", diagnosis="number")
def squeezed_distances(real, fake, k):
    inside = torch.cdist(real, fake).squeeze() <= real_radius(real, k)[:, None]
    return inside.sum().item() / (k * len(fake)), inside.any(1).double().mean().item()


@wrong("density_coverage", caught_by="the_nearest_neighbour_only", diagnosis="number")
def farthest_of_the_nearest_without_oneself(real, fake, k):
    """Of the k nearest the first is the point itself: with k = 1 nobody is left."""
    radii = torch.cdist(real, real).topk(k, largest=False).values[:, 1:].amax(1)
    inside = torch.cdist(real, fake) <= radii[:, None]
    return inside.sum().item() / (k * len(fake)), inside.any(1).double().mean().item()


@wrong("density_coverage", caught_by="nothing_in_common", diagnosis="number")
def averaged_over_fakes_that_are_in_a_ball(real, fake, k):
    inside = torch.cdist(real, fake) <= real_radius(real, k)[:, None]
    return inside.sum().item() / (k * inside.any(0).sum().item()), inside.any(1).double().mean().item()


@wrong("density_coverage", caught_by="overlapping_clouds", diagnosis="type", says="tuple")
def only_the_coverage(real, fake, k):
    return sorted_distances(real, fake, k)[1]
