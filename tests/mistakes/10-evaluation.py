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


@wrong("frechet_distance", caught_by="only_the_means_differ")
def drops_the_means(mean1, cov1, mean2, cov2):
    return covariance_part(cov1, cov2)


@wrong("frechet_distance", caught_by="only_the_means_differ")
def length_instead_of_squared_length(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).norm() + covariance_part(cov1, cov2)


@wrong("frechet_distance", caught_by="only_the_means_differ")
def mean_over_the_coordinates(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().mean() + covariance_part(cov1, cov2)


@wrong("frechet_distance", caught_by="only_the_covariances_differ")
def frobenius_distance_of_the_roots(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + (root(cov1) - root(cov2)).square().sum()


@wrong("frechet_distance", caught_by="only_the_covariances_differ")
def frobenius_distance_of_the_covariances(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + (cov1 - cov2).square().sum()


@wrong("frechet_distance", caught_by="only_the_covariances_differ")
def root_of_one_covariance_only(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + (cov1 + cov2 - 2 * root(cov1) @ cov2).trace()


@wrong("frechet_distance", caught_by="four_dimensions")
def product_of_the_roots(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 - 2 * root(cov1) @ root(cov2))


@wrong("frechet_distance", caught_by="four_dimensions")
def elementwise_root(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 - 2 * (cov1 @ cov2).abs().sqrt())


@wrong("frechet_distance", caught_by="four_dimensions")
def elementwise_product(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 - 2 * root(cov1 * cov2))


@wrong("frechet_distance", caught_by="four_dimensions")
def diagonals_only(mean1, cov1, mean2, cov2):
    s1, s2 = cov1.diagonal().sqrt(), cov2.diagonal().sqrt()
    return (mean1 - mean2).square().sum() + (s1 - s2).square().sum()


@wrong("frechet_distance", caught_by="four_dimensions")
def symmetrised_product(mean1, cov1, mean2, cov2):
    product = cov1 @ cov2
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 - 2 * root((product + product.T) / 2))


@wrong("frechet_distance", caught_by="four_dimensions", says="complex")
def stays_complex(mean1, cov1, mean2, cov2):
    values = torch.linalg.eigvals(cov1 @ cov2)
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * values.sqrt().sum()


@wrong("frechet_distance", caught_by="four_dimensions")
def not_squared(mean1, cov1, mean2, cov2):
    return ((mean1 - mean2).square().sum() + covariance_part(cov1, cov2)).clamp(min=0).sqrt()


@wrong("frechet_distance", caught_by="four_dimensions", says="scalar")
def forgets_the_trace(mean1, cov1, mean2, cov2):
    half = root(cov1)
    return (mean1 - mean2).square().sum() + cov1 + cov2 - 2 * root(half @ cov2 @ half)


@wrong("frechet_distance", caught_by="a_gaussian_and_itself")
def without_the_factor_two(mean1, cov1, mean2, cov2):
    half = root(cov1)
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 - root(half @ cov2 @ half))


@wrong("frechet_distance", caught_by="a_gaussian_and_itself")
def one_trace_missing(mean1, cov1, mean2, cov2):
    half = root(cov1)
    return (mean1 - mean2).square().sum() + torch.trace(cov1 - 2 * root(half @ cov2 @ half))


@wrong("frechet_distance", caught_by="a_gaussian_and_itself")
def plus_twice_the_root(mean1, cov1, mean2, cov2):
    half = root(cov1)
    return (mean1 - mean2).square().sum() + torch.trace(cov1 + cov2 + 2 * root(half @ cov2 @ half))


@wrong("frechet_distance", caught_by="one_dimension")
def variances_for_deviations(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + torch.trace(cov1 @ cov1 + cov2 @ cov2 - 2 * cov1 @ cov2)


@wrong("frechet_distance", caught_by="one_dimension")
def takes_covariances_for_deviations(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).square().sum() + (cov1.diagonal() - cov2.diagonal()).square().sum()


@wrong("frechet_distance", caught_by="one_dimension")
def squeezes_first(mean1, cov1, mean2, cov2):
    mean1, cov1, mean2, cov2 = (x.squeeze() for x in (mean1, cov1, mean2, cov2))
    return (mean1 - mean2).square().sum() + covariance_part(cov1, cov2)


@wrong("frechet_distance", caught_by="one_dimension", says="shape")
def keeps_the_shape_of_the_means(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).pow(2).sum(dim=0, keepdim=True) + covariance_part(cov1, cov2)


@wrong("frechet_distance", caught_by="four_dimensions")
def kullback_leibler(mean1, cov1, mean2, cov2):
    first = torch.distributions.MultivariateNormal(mean1, cov1 + 1e-6 * torch.eye(len(cov1), dtype=cov1.dtype))
    second = torch.distributions.MultivariateNormal(mean2, cov2 + 1e-6 * torch.eye(len(cov2), dtype=cov2.dtype))
    return torch.distributions.kl_divergence(first, second)


@wrong("frechet_distance", caught_by="singular_covariances", says="nan")
def roots_of_negative_eigenvalues(mean1, cov1, mean2, cov2):
    values, vectors = torch.linalg.eigh(cov1)
    half = (vectors * values.sqrt()) @ vectors.T
    rest = torch.linalg.eigvalsh(half @ cov2 @ half).sqrt().sum()
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * rest


@wrong("frechet_distance", caught_by="singular_covariances", says="nan")
def real_part_before_the_root(mean1, cov1, mean2, cov2):
    values = torch.linalg.eigvals(cov1 @ cov2).real
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * values.sqrt().sum()


@wrong("frechet_distance", caught_by="singular_covariances")
def adds_to_the_diagonal(mean1, cov1, mean2, cov2):
    little = 1e-6 * torch.eye(len(cov1), dtype=cov1.dtype)
    return (mean1 - mean2).square().sum() + covariance_part(cov1 + little, cov2 + little)


@wrong("frechet_distance", caught_by="singular_covariances")
def by_cholesky(mean1, cov1, mean2, cov2):
    half = torch.linalg.cholesky(cov1)
    values = torch.linalg.eigvalsh(half.T @ cov2 @ half)
    return (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * values.sqrt().sum()


@wrong("frechet_distance", caught_by="single_precision", says="dtype")
def always_double(mean1, cov1, mean2, cov2):
    return (mean1 - mean2).double().square().sum() + covariance_part(cov1.double(), cov2.double())


@wrong("frechet_distance", caught_by="four_dimensions", says="modified")
def stabilises_in_place(mean1, cov1, mean2, cov2):
    cov1 += 1e-12 * torch.eye(len(cov1), dtype=cov1.dtype)
    return (mean1 - mean2).square().sum() + covariance_part(cov1, cov2)


# --- one_nn_accuracy --------------------------------------------------------------------------------------------------


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


@wrong("one_nn_accuracy", caught_by="one_law")
def everyone_is_its_own_neighbour(real, fake):
    x, y = sides(real, fake)
    return (y[torch.cdist(x, x).argmin(1)] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="one_law")
def share_of_mistakes(real, fake):
    return 1 - infinite_diagonal(real, fake)


@wrong("one_nn_accuracy", caught_by="one_law")
def the_farthest(real, fake):
    x, y = sides(real, fake)
    return (y[torch.cdist(x, x).argmax(1)] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="one_law")
def three_neighbours_vote(real, fake):
    x, y = sides(real, fake)
    distance = torch.cdist(x, x).fill_diagonal_(torch.inf)
    votes = y[distance.topk(3, largest=False).indices].mean(1) > 0.5
    return (votes.float() == y).float().mean()


@wrong("one_nn_accuracy", caught_by="one_law")
def inner_products(real, fake):
    x, y = sides(real, fake)
    return (y[(x @ x.T).fill_diagonal_(-torch.inf).argmax(1)] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="one_law")
def first_coordinate_only(real, fake):
    return infinite_diagonal(real[:, :1], fake[:, :1])


@wrong("one_nn_accuracy", caught_by="unequal_sizes")
def mean_of_two_accuracies(real, fake):
    x, y = sides(real, fake)
    hits = (y[torch.cdist(x, x).fill_diagonal_(torch.inf).argmin(1)] == y).float()
    return (hits[: len(real)].mean() + hits[len(real) :].mean()) / 2


@wrong("one_nn_accuracy", caught_by="unequal_sizes")
def cut_to_the_smaller(real, fake):
    n = min(len(real), len(fake))
    return infinite_diagonal(real[:n], fake[:n])


@wrong("one_nn_accuracy", caught_by="collapsed")
def real_points_only(real, fake):
    x, y = sides(real, fake)
    return (y[torch.cdist(x, x).fill_diagonal_(torch.inf).argmin(1)] == y)[: len(real)].float().mean()


@wrong("one_nn_accuracy", caught_by="collapsed")
def fake_points_only(real, fake):
    x, y = sides(real, fake)
    return (y[torch.cdist(x, x).fill_diagonal_(torch.inf).argmin(1)] == y)[len(real) :].float().mean()


@wrong("one_nn_accuracy", caught_by="separated", says="same factor, 100")
def per_cent(real, fake):
    return 100 * infinite_diagonal(real, fake)


@wrong("one_nn_accuracy", caught_by="separated")
def counts_hits(real, fake):
    return infinite_diagonal(real, fake) * (len(real) + len(fake))


@wrong("one_nn_accuracy", caught_by="a_copy")
def skips_distance_zero(real, fake):
    x, y = sides(real, fake)
    distance = torch.cdist(x, x)
    return (y[torch.where(distance > 0, distance, torch.inf).argmin(1)] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="a_copy")
def second_of_the_sorted(real, fake):
    x, y = sides(real, fake)
    nearest = torch.cdist(x, x).sort(dim=1, stable=True).indices[:, 1]
    return (y[nearest] == y).float().mean()


@wrong("one_nn_accuracy", caught_by="a_copy")
def a_large_number_added_everywhere_but_there(real, fake):
    x, y = sides(real, fake)
    distance = torch.cdist(x, x)
    return (y[(distance + 1e9 * (distance == 0)).argmin(1)] == y).float().mean()


# --- precision_recall -------------------------------------------------------------------------------------------------


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


@wrong("precision_recall", caught_by="overlapping")
def counts_the_point_itself(real, fake, k):
    def share(support, points):
        radius = torch.cdist(support, support).sort(dim=1).values[:, k - 1]
        return (torch.cdist(points, support) <= radius).any(1).float().mean().item()

    return share(real, fake), share(fake, real)


@wrong("precision_recall", caught_by="as_many_neighbours_as_there_are")
def one_neighbour_too_far(real, fake, k):
    def share(support, points):
        radius = torch.cdist(support, support).sort(dim=1).values[:, k + 1]
        return (torch.cdist(points, support) <= radius).any(1).float().mean().item()

    return share(real, fake), share(fake, real)


@wrong("precision_recall", caught_by="half_of_the_data")
def recall_first(real, fake, k):
    return by_topk(real, fake, k)[::-1]


@wrong("precision_recall", caught_by="half_of_the_data")
def radii_of_the_judged(real, fake, k):
    across = torch.cdist(real, fake)
    precision = (across <= radii(fake, k)[None]).any(0).float().mean().item()
    return precision, (across <= radii(real, k)[:, None]).any(1).float().mean().item()


@wrong("precision_recall", caught_by="half_of_the_data")
def real_radii_for_both(real, fake, k):
    held = torch.cdist(real, fake) <= radii(real, k)[:, None]
    return held.any(0).float().mean().item(), held.any(1).float().mean().item()


@wrong("precision_recall", caught_by="too_wide")
def shares_of_the_wrong_set(real, fake, k):
    across = torch.cdist(real, fake)
    precision = (across <= radii(real, k)[:, None]).any(0).sum().item() / len(real)
    return precision, (across <= radii(fake, k)[None]).any(1).sum().item() / len(fake)


@wrong("precision_recall", caught_by="too_wide")
def the_same_twice(real, fake, k):
    return by_topk(real, fake, k)[0], by_topk(real, fake, k)[0]


@wrong("precision_recall", caught_by="far_apart")
def radii_to_the_other_set(real, fake, k):
    across = torch.cdist(real, fake)
    to_fake, to_real = across.sort(dim=1).values[:, k - 1], across.sort(dim=0).values[k - 1]
    precision = (across <= to_fake[:, None]).any(0).float().mean().item()
    return precision, (across <= to_real[None]).any(1).float().mean().item()


@wrong("precision_recall", caught_by="overlapping")
def radii_among_all_points(real, fake, k):
    radius, across = radii(torch.cat([real, fake]), k), torch.cdist(real, fake)
    precision = (across <= radius[: len(real), None]).any(0).float().mean().item()
    return precision, (across <= radius[None, len(real) :]).any(1).float().mean().item()


@wrong("precision_recall", caught_by="one_wide_ball")
def ball_of_the_nearest_point_only(real, fake, k):
    def share(support, points):
        distance, nearest = torch.cdist(points, support).min(1)
        return (distance <= radii(support, k)[nearest]).float().mean().item()

    return share(real, fake), share(fake, real)


@wrong("precision_recall", caught_by="one_wide_ball")
def one_radius_for_all(real, fake, k):
    def share(support, points):
        return (torch.cdist(points, support).amin(1) <= radii(support, k).mean()).float().mean().item()

    return share(real, fake), share(fake, real)


@wrong("precision_recall", caught_by="overlapping")
def the_widest_radius_for_all(real, fake, k):
    def share(support, points):
        return (torch.cdist(points, support).amin(1) <= radii(support, k).max()).float().mean().item()

    return share(real, fake), share(fake, real)


@wrong("precision_recall", caught_by="nearest_only")
def always_three(real, fake, k):
    return by_topk(real, fake, 3)


@wrong("precision_recall", caught_by="overlapping")
def inside_every_ball(real, fake, k):
    across = torch.cdist(real, fake)
    precision = (across <= radii(real, k)[:, None]).all(0).float().mean().item()
    return precision, (across <= radii(fake, k)[None]).all(1).float().mean().item()


@wrong("precision_recall", caught_by="overlapping")
def share_of_all_pairs(real, fake, k):
    across = torch.cdist(real, fake)
    precision = (across <= radii(real, k)[:, None]).float().mean().item()
    return precision, (across <= radii(fake, k)[None]).float().mean().item()


@wrong("precision_recall", caught_by="overlapping")
def density_and_coverage(real, fake, k):
    held = torch.cdist(real, fake) <= radii(real, k)[:, None]
    return held.sum(0).float().mean().item() / k, held.any(1).float().mean().item()


@wrong("precision_recall", caught_by="overlapping", says="tuple")
def one_tensor_of_two(real, fake, k):
    return torch.tensor(by_topk(real, fake, k))


@wrong("precision_recall", caught_by="overlapping", says="tuple")
def precision_alone(real, fake, k):
    return by_topk(real, fake, k)[0]
