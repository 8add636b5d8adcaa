"""Answers to section 8. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import copy
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from scipy import stats
from scipy.optimize import linear_sum_assignment, linprog
from torch import autograd, nn

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

# --- c_transform ------------------------------------------------------------------------------------------------------

bank.spoils(
    "c_transform",
    r"\bmin(imum|imal|ima|imise|imize|ed|s)?\b|smallest|least of|lowest|amin|nearest"
    r"|(cost|c_?ij|way)[^.?]*(plus|\+)[^.?]*\b(g|height)"
    r"|\b(g|height)[^.?]*(plus|\+|added to)[^.?]*(cost|c_?ij)",
)


@right("c_transform")
def least_sum(g, cost):
    return (cost + g).min(dim=1).values


@right("c_transform")
def amin_over_holes(g, cost):
    return torch.amin(cost + g[None, :], dim=-1)


@right("c_transform")
def minus_the_greatest_of_the_negative(g, cost):
    return -((-cost - g).max(1)[0])


@right("c_transform")
def row_by_row(g, cost):
    return torch.stack([torch.min(row + g) for row in cost])


@right("c_transform")
def hole_by_hole(g, cost):
    best = cost[:, 0] + g[0]
    for j in range(1, len(g)):
        best = torch.minimum(best, cost[:, j] + g[j])
    return best


@right("c_transform")
def looked_up_at_the_best_hole(g, cost):
    j = (cost.detach() + g.detach()).argmin(dim=1)
    return cost[torch.arange(len(cost)), j] + g[j]


@right("c_transform")
def first_of_the_sorted(g, cost):
    return (cost.T + g[:, None]).sort(dim=0).values[0]


@right("c_transform")
def in_double_and_back(g, cost):
    return (cost.double() + g.double()).min(1).values.to(cost.dtype)


@wrong("c_transform", caught_by="four_heaps", diagnosis="number")
def greatest_sum(g, cost):
    return (cost + g).max(dim=1).values


@wrong("c_transform", caught_by="four_heaps", diagnosis="number")
def height_with_a_minus_sign(g, cost):
    return (cost - g).min(dim=1).values


@wrong("c_transform", caught_by="four_heaps", diagnosis="number")
def height_minus_cost(g, cost):
    return (g - cost).min(dim=1).values


@wrong("c_transform", caught_by="four_heaps", diagnosis="number")
def height_minus_cost_at_its_greatest(g, cost):
    return (g - cost).max(dim=1).values


@wrong("c_transform", caught_by="as_many_heaps_as_holes", diagnosis="number")
def over_the_heaps(g, cost):
    return (cost + g).min(dim=0).values


@wrong("c_transform", caught_by="as_many_heaps_as_holes", diagnosis="number")
def heights_given_to_heaps(g, cost):
    return (cost + g[:, None]).min(dim=1).values if len(g) == len(cost) else (cost + g).min(dim=1).values


@wrong("c_transform", caught_by="a_hole_nearby_and_dear", diagnosis="number")
def height_of_the_nearest_hole(g, cost):
    nearest, j = cost.min(dim=1)
    return nearest + g[j]


@wrong("c_transform", caught_by="a_hole_nearby_and_dear", diagnosis="number")
def each_least_by_itself(g, cost):
    return cost.min(dim=1).values + g.min()


@wrong("c_transform", caught_by="four_heaps", diagnosis="number")
def soft_minimum(g, cost):
    return -torch.logsumexp(-(cost + g), dim=1)


@wrong("c_transform", caught_by="four_heaps", diagnosis="number")
def mean_of_the_constraints(g, cost):
    return (cost + g).mean(dim=1)


@wrong("c_transform", caught_by="heights_of_both_signs", diagnosis="number")
def at_least_zero(g, cost):
    return (cost + g).min(dim=1).values.clamp(min=0)


@wrong("c_transform", caught_by="heights_of_both_signs", diagnosis="number")
def costs_made_positive(g, cost):
    return (cost.abs() + g).min(dim=1).values


@wrong("c_transform", caught_by="four_heaps", diagnosis="dtype")
def index_of_the_hole(g, cost):
    return (cost + g).argmin(dim=1)


@wrong("c_transform", caught_by="four_heaps", diagnosis="shape", says="shape")
def all_constraints(g, cost):
    return cost + g


@wrong("c_transform", caught_by="four_heaps", diagnosis="shape", says="shape")
def one_number_for_all_heaps(g, cost):
    return (cost + g).min()


@wrong("c_transform", caught_by="four_heaps", diagnosis="type")
def values_and_indices(g, cost):
    return (cost + g).min(dim=1)


@wrong("c_transform", caught_by="one_hole", diagnosis="shape", says="shape")
def keeps_the_axis(g, cost):
    return (cost + g).min(dim=1, keepdim=True).values


@wrong("c_transform", caught_by="one_hole", diagnosis="shape", says="shape")
def squeezed_before(g, cost):
    return (cost.squeeze() + g).min(dim=-1).values


@wrong("c_transform", caught_by="one_heap", diagnosis="shape", says="shape")
def squeezed_after(g, cost):
    return (cost + g).min(dim=1).values.squeeze()


@wrong("c_transform", caught_by="double_precision", diagnosis="dtype", says="dtype")
def rounds_to_single(g, cost):
    return (cost.float() + g.float()).min(dim=1).values


@wrong("c_transform", caught_by="four_heaps", diagnosis="cut", says="gradient")
def python_numbers(g, cost):
    return torch.tensor([min(c + h for c, h in zip(row, g.tolist(), strict=True)) for row in cost.tolist()]).to(g.dtype)


@wrong("c_transform", caught_by="four_heaps", diagnosis="argument", says="modified")
def adds_in_place(g, cost):
    table = cost if not cost.requires_grad else cost.clone()
    table += g
    return table.min(dim=1).values


@wrong("c_transform", caught_by="four_heaps", diagnosis="slope", says="gradient with respect to g")
def heights_without_a_slope(g, cost):
    return (cost + g.detach()).min(dim=1).values


@wrong("c_transform", caught_by="four_heaps", diagnosis="mistyped", says="NameError")
def costs_in_the_plural(g, cost):
    return (costs + g).min(dim=1).values  # noqa: F821


# --- wasserstein_1d ---------------------------------------------------------------------------------------------------

bank.spoils(
    "wasserstein_1d",
    r"sort(s|ed|ing)?\W+(both|each|the two|x and y|them|the (points|samples))|order (both|each|them)"
    r"|(k-th|i-th|smallest|rank\w*|order statistic).*(k-th|i-th|smallest|rank|order statistic)|quantile"
    r"|area between|abs\(\)\.mean|sorted.*(average|mean)|linear_sum_assignment"
    r"|(increasing|ascending|the same) order[^.?]*pair|pair[^.?]*(smallest|order|rank)|by (their )?ranks?\b"
    r"|[xy]_\(|\bsorted (samples|points|values)",
)


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


@wrong("wasserstein_1d", caught_by="same_points_shuffled", diagnosis="number")
def pairs_as_they_come(x, y):
    return (x - y).abs().mean()


@wrong("wasserstein_1d", caught_by="same_points_shuffled", diagnosis="number")
def sorts_one_only(x, y):
    return (x.sort().values - y).abs().mean()


@wrong("wasserstein_1d", caught_by="same_points_shuffled", diagnosis="number")
def mean_over_all_pairs(x, y):
    return (x[:, None] - y[None, :]).abs().mean()


@wrong("wasserstein_1d", caught_by="equal_means", diagnosis="number")
def difference_of_means(x, y):
    return (x.mean() - y.mean()).abs()


@wrong("wasserstein_1d", caught_by="equal_means", diagnosis="number")
def absolute_value_last(x, y):
    return (x.sort().values - y.sort().values).mean().abs()


@wrong("wasserstein_1d", caught_by="shifted_to_the_right", diagnosis="number")
def no_absolute_value(x, y):
    return (x.sort().values - y.sort().values).mean()


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="number")
def squares(x, y):
    return (x.sort().values - y.sort().values).square().mean()


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="number")
def root_of_squares(x, y):
    return (x.sort().values - y.sort().values).square().mean().sqrt()


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="number")
def sum_not_mean(x, y):
    return (x.sort().values - y.sort().values).abs().sum()


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="number")
def opposite_orders(x, y):
    return (x.sort().values - y.sort(descending=True).values).abs().mean()


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="number")
def nearest_neighbours(x, y):
    return (x[:, None] - y[None, :]).abs().min(1).values.mean()


@wrong("wasserstein_1d", caught_by="single_points", diagnosis="shape", says="shape")
def squeezes_and_keeps(x, y):
    return (x.sort().values - y.sort().values).abs().mean(0, keepdim=True)


@wrong("wasserstein_1d", caught_by="far_apart", diagnosis="number")
def histograms_of_a_fixed_range(x, y):
    bins = torch.linspace(-10, 10, 4001)
    cdf_x = (x[None, :].float() <= bins[:, None]).float().mean(1)
    cdf_y = (y[None, :].float() <= bins[:, None]).float().mean(1)
    return ((cdf_x - cdf_y).abs().sum() * 20 / 4000).to(x.dtype)


@wrong("wasserstein_1d", caught_by="double_precision", diagnosis="dtype", says="dtype")
def casts_down(x, y):
    return (x.float().sort().values - y.float().sort().values).abs().mean()


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="argument", says="modified")
def sorts_in_place(x, y):
    x.numpy().sort()
    y.numpy().sort()
    return (x - y).abs().mean()


@wrong("wasserstein_1d", caught_by="single_points", diagnosis="number")
def divides_by_n_minus_one(x, y):
    return (x.sort().values - y.sort().values).abs().sum() / (len(x) - 1)


@right("wasserstein_1d")
def double_inside(x, y):
    return (x.double().sort().values - y.double().sort().values).abs().mean().to(x.dtype)


@right("wasserstein_1d")
def number_by_numpy_kept_in_its_precision(x, y):
    return np.mean(np.abs(np.sort(y) - np.sort(x)))


@right("wasserstein_1d")
def norm_over_n(x, y):
    return torch.linalg.vector_norm(torch.sort(x)[0] - torch.sort(y)[0], ord=1) / x.numel()


@right("wasserstein_1d")
def surplus_carried_along_the_line(x, y):
    """Who stands between two points has as many of x as of y behind, but for the surplus, which must pass by."""
    points, order = torch.cat([x, y]).sort()
    surplus = torch.cat([torch.ones_like(x), -torch.ones_like(y)])[order].cumsum(0)
    return (surplus[:-1].abs() * points.diff()).sum() / len(x)


@right("wasserstein_1d")
def linear_program(x, y):
    n = len(x)
    cost = np.abs(np.subtract.outer(x.double().numpy(), y.double().numpy()))
    sums = np.vstack([np.kron(np.eye(n), np.ones(n)), np.kron(np.ones(n), np.eye(n))])
    return float(linprog(cost.ravel(), A_eq=sums, b_eq=np.full(2 * n, 1 / n)).fun)


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="raises")
def forgets_that_sort_returns_two_things(x, y):
    return (torch.sort(x) - torch.sort(y)).abs().mean()


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="number")
def euclidean_length_of_the_differences(x, y):
    return torch.norm(x.sort().values - y.sort().values)


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="number")
def median_distance(x, y):
    return (x.sort().values - y.sort().values).abs().median()


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="number")
def energy_distance(x, y):
    return stats.energy_distance(x, y)


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="number")
def quantiles_on_a_grid(x, y):
    levels = np.linspace(0, 1, 101)
    return float(np.abs(np.quantile(x, levels) - np.quantile(y, levels)).mean())


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="number")
def cdfs_without_the_widths(x, y):
    points = torch.cat([x, y]).sort().values
    cdf_x, cdf_y = ((z[None, :] <= points[:, None]).to(z.dtype).mean(1) for z in (x, y))
    return (cdf_x - cdf_y).abs().mean()


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="number")
def assignment_of_columns_alone(x, y):
    cost = (x[:, None] - y[None, :]).abs()
    _, columns = linear_sum_assignment(cost)
    return cost[:, columns].mean()


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="number")
def greedy_plan(x, y):
    """Each point of x takes the nearest point of y that is still free."""
    free, total = y.tolist(), 0.0
    for a in x.tolist():
        nearest = min(free, key=lambda b: abs(a - b))
        free.remove(nearest)
        total += abs(a - nearest)
    return total / len(x)


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="random")
def random_pairs(x, y):
    order = torch.randperm(len(x))
    return (x - y[order]).abs().mean()


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="type", says="NumPy array")
def distances_without_their_mean(x, y):
    return np.abs(np.sort(x) - np.sort(y))


@wrong("wasserstein_1d", caught_by="single_points", diagnosis="shape", says="scalar")
def forgets_the_mean(x, y):
    return (x.sort().values - y.sort().values).abs()


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="mistyped", says="NameError")
def sorts_another_name(x, y):
    return (xs.sort().values - y.sort().values).abs().mean()  # noqa: F821


@wrong("wasserstein_1d", caught_by="two_samples", diagnosis="type", says="None")
def forgets_to_return_it(x, y):
    distance = (x.sort().values - y.sort().values).abs().mean()  # noqa: F841


# --- sliced_wasserstein -----------------------------------------------------------------------------------------------

bank.spoils(
    "sliced_wasserstein",
    r"\bsort(s|ed|ing)?\b|normali[sz]e|divid(e|ed|ing)[^.?]*(length|norm)|@|matmul|dot product"
    r"|inner product|x_\(|dim ?=|abs\(\)|increasing order|(k-th|i-th|smallest)",
)


def wasserstein_1d(x, y):
    """As a student's notebook has it; here the answers find what they call."""
    return (x.sort().values - y.sort().values).abs().mean()


@right("sliced_wasserstein")
def one_direction_at_a_time(x, y, directions):
    total = 0.0
    for u in directions:
        u = u / u.norm()
        total = total + wasserstein_1d(x @ u, y @ u)
    return total / len(directions)


@right("sliced_wasserstein")
def stacked_distances(x, y, directions):
    units = F.normalize(directions, dim=1)
    return torch.stack([wasserstein_1d(a, b) for a, b in zip((x @ units.T).T, (y @ units.T).T, strict=True)]).mean()


@right("sliced_wasserstein")
def all_at_once(x, y, directions):
    units = directions / directions.norm(dim=1, keepdim=True)
    return ((x @ units.T).sort(dim=0).values - (y @ units.T).sort(dim=0).values).abs().mean()


@right("sliced_wasserstein")
def lengths_taken_off_afterwards(x, y, directions):
    along_x, along_y = directions @ x.T, directions @ y.T
    gaps = (along_x.sort(dim=1)[0] - along_y.sort(dim=1)[0]).abs().mean(dim=1)
    return (gaps / directions.square().sum(1).sqrt()).mean()


@right("sliced_wasserstein")
def one_distance_divided_by_the_length(x, y, directions):
    return sum(wasserstein_1d(y @ u, x @ u) / u.norm() for u in directions) / len(directions)


@right("sliced_wasserstein")
def mapped_over_directions(x, y, directions):
    units = directions / torch.linalg.vector_norm(directions, dim=1, keepdim=True)
    return torch.vmap(lambda u: wasserstein_1d(x @ u, y @ u))(units).mean()


@right("sliced_wasserstein")
def rows_of_projections(x, y, directions):
    units = F.normalize(directions)
    return wasserstein_1d(units @ x.T, units @ y.T)


@right("sliced_wasserstein")
def orders_by_numpy(x, y, directions):
    total = x.new_zeros(())
    for u in directions:
        a, b = (x * u).sum(1) / u.norm(), (y * u).sum(1) / u.norm()
        first, second = np.argsort(a.detach().numpy()), np.argsort(b.detach().numpy())
        total = total + (a[torch.from_numpy(first)] - b[torch.from_numpy(second)]).abs().mean()
    return total / len(directions)


@right("sliced_wasserstein")
def area_between_the_curves_along_each(x, y, directions):
    total = 0
    for u in directions:
        points, order = torch.cat([x @ u, y @ u]).div(u.norm()).sort()
        surplus = torch.cat([torch.ones_like(x[:, 0]), -torch.ones_like(y[:, 0])])[order].cumsum(0)
        total = total + (surplus[:-1].abs() * points.diff()).sum() / len(x)
    return total / len(directions)


@right("sliced_wasserstein")
def best_pairs_of_each_direction(x, y, directions):
    distances = []
    for u in directions:
        cost = torch.abs((x @ u)[:, None] - (y @ u)[None, :]) / u.norm()
        distances.append(cost[linear_sum_assignment(cost.detach().numpy())].mean())
    return torch.stack(distances).mean()


@right("sliced_wasserstein")
def in_double_precision(x, y, directions):
    a, b, u = x.double(), y.double(), directions.double()
    u = u / u.norm(dim=1, keepdim=True)
    along = torch.einsum("nd,ld->ln", a, u).sort().values - torch.einsum("nd,ld->ln", b, u).sort().values
    return along.abs().mean().to(x.dtype)


@wrong("sliced_wasserstein", caught_by="directions_of_any_length", diagnosis="number")
def takes_directions_as_they_are(x, y, directions):
    return torch.stack([wasserstein_1d(x @ u, y @ u) for u in directions]).mean()


@wrong("sliced_wasserstein", caught_by="directions_of_any_length", diagnosis="number")
def divides_by_the_square_of_the_length(x, y, directions):
    units = directions / directions.square().sum(1, keepdim=True)
    return torch.stack([wasserstein_1d(x @ u, y @ u) for u in units]).mean()


@wrong("sliced_wasserstein", caught_by="directions_of_any_length", diagnosis="number")
def length_of_the_whole_matrix(x, y, directions):
    units = directions / directions.norm()
    return torch.stack([wasserstein_1d(x @ u, y @ u) for u in units]).mean()


@wrong("sliced_wasserstein", caught_by="directions_of_any_length", diagnosis="number")
def lengths_along_the_other_axis(x, y, directions):
    units = F.normalize(directions, dim=0)
    return torch.stack([wasserstein_1d(x @ u, y @ u) for u in units]).mean()


@wrong("sliced_wasserstein", caught_by="directions_of_any_length", diagnosis="number")
def mean_weighted_by_length(x, y, directions):
    return sum(wasserstein_1d(x @ u, y @ u) for u in directions) / directions.norm(dim=1).sum()


@wrong("sliced_wasserstein", caught_by="directions_of_any_length", diagnosis="number")
def sum_of_absolute_entries_as_length(x, y, directions):
    units = F.normalize(directions, p=1, dim=1)
    return torch.stack([wasserstein_1d(x @ u, y @ u) for u in units]).mean()


@wrong("sliced_wasserstein", caught_by="as_many_points_as_directions", diagnosis="number")
def sorts_the_directions(x, y, directions):
    units = F.normalize(directions, dim=1)
    return ((x @ units.T).sort().values - (y @ units.T).sort().values).abs().mean()


@wrong("sliced_wasserstein", caught_by="as_many_points_as_directions", diagnosis="number")
def distance_of_columns_that_are_points(x, y, directions):
    units = F.normalize(directions, dim=1)
    return wasserstein_1d(x @ units.T, y @ units.T)


@wrong("sliced_wasserstein", caught_by="as_many_points_as_directions", diagnosis="number")
def directions_in_columns(x, y, directions):
    units = F.normalize(directions, dim=1)
    units = units if units.shape[0] == units.shape[1] else units.T
    return ((x @ units).sort(dim=0).values - (y @ units).sort(dim=0).values).abs().mean()


@wrong("sliced_wasserstein", caught_by="same_cloud_shuffled", diagnosis="number")
def pairs_as_listed(x, y, directions):
    units = F.normalize(directions, dim=1)
    return ((x - y) @ units.T).abs().mean()


@wrong("sliced_wasserstein", caught_by="same_cloud_shuffled", diagnosis="number")
def sorts_one_cloud_only(x, y, directions):
    units = F.normalize(directions, dim=1)
    return ((x @ units.T).sort(dim=0).values - y @ units.T).abs().mean()


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="number")
def one_order_for_all_directions(x, y, directions):
    units = F.normalize(directions, dim=1)
    x, y = x[(x @ units[0]).argsort()], y[(y @ units[0]).argsort()]
    return ((x - y) @ units.T).abs().mean()


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="number")
def sorts_coordinates_before_projecting(x, y, directions):
    units = F.normalize(directions, dim=1)
    return ((x.sort(dim=0).values - y.sort(dim=0).values) @ units.T).abs().mean()


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="number")
def sorts_all_projections_together(x, y, directions):
    units = F.normalize(directions, dim=1)
    return wasserstein_1d((x @ units.T).flatten(), (y @ units.T).flatten())


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="number")
def greatest_over_directions(x, y, directions):
    units = F.normalize(directions, dim=1)
    return torch.stack([wasserstein_1d(x @ u, y @ u) for u in units]).max()


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="number")
def sum_over_directions(x, y, directions):
    units = F.normalize(directions, dim=1)
    return torch.stack([wasserstein_1d(x @ u, y @ u) for u in units]).sum()


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="number")
def sum_over_points(x, y, directions):
    units = F.normalize(directions, dim=1)
    return ((x @ units.T).sort(dim=0).values - (y @ units.T).sort(dim=0).values).abs().sum(0).mean()


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="number")
def squared_gaps(x, y, directions):
    units = F.normalize(directions, dim=1)
    return ((x @ units.T).sort(dim=0).values - (y @ units.T).sort(dim=0).values).square().mean()


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="number")
def the_first_direction_alone(x, y, directions):
    u = directions[0] / directions[0].norm()
    return wasserstein_1d(x @ u, y @ u)


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="number")
def the_mean_direction(x, y, directions):
    u = F.normalize(F.normalize(directions, dim=1).mean(0), dim=0)
    return wasserstein_1d(x @ u, y @ u)


@wrong("sliced_wasserstein", caught_by="equal_means", diagnosis="number")
def gap_of_the_means(x, y, directions):
    units = F.normalize(directions, dim=1)
    return ((x.mean(0) - y.mean(0)) @ units.T).abs().mean()


@wrong("sliced_wasserstein", caught_by="equal_means", diagnosis="number")
def absolute_value_after_the_mean(x, y, directions):
    units = F.normalize(directions, dim=1)
    return ((x @ units.T).sort(dim=0).values - (y @ units.T).sort(dim=0).values).mean(0).abs().mean()


@wrong("sliced_wasserstein", caught_by="on_a_line", diagnosis="number")
def without_absolute_values(x, y, directions):
    units = F.normalize(directions, dim=1)
    return ((x @ units.T).sort(dim=0).values - (y @ units.T).sort(dim=0).values).mean()


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="number")
def angles_in_place_of_projections(x, y, directions):
    units = F.normalize(directions, dim=1)
    x, y = F.normalize(x, dim=1), F.normalize(y, dim=1)
    return ((x @ units.T).sort(dim=0).values - (y @ units.T).sort(dim=0).values).abs().mean()


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="number")
def distance_in_the_plane(x, y, directions):
    cost = torch.cdist(x, y)
    return cost[linear_sum_assignment(cost.detach().numpy())].mean()


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="random")
def directions_of_its_own(x, y, directions):
    units = F.normalize(torch.randn_like(directions), dim=1)
    return torch.stack([wasserstein_1d(x @ u, y @ u) for u in units]).mean()


@wrong("sliced_wasserstein", caught_by="one_direction", diagnosis="shape", says="shape")
def a_distance_for_each_direction(x, y, directions):
    units = F.normalize(directions, dim=1)
    return torch.stack([wasserstein_1d(x @ u, y @ u) for u in units])


@wrong("sliced_wasserstein", caught_by="single_points", diagnosis="raises")
def squeezes_single_points(x, y, directions):
    units = F.normalize(directions, dim=1).squeeze()
    along_x, along_y = (x @ units.T).squeeze(), (y @ units.T).squeeze()
    return sum(wasserstein_1d(along_x[:, k], along_y[:, k]) for k in range(len(units))) / len(units)


@wrong("sliced_wasserstein", caught_by="single_precision", diagnosis="dtype", says="dtype")
def stays_in_double(x, y, directions):
    x, y, units = x.double(), y.double(), F.normalize(directions.double(), dim=1)
    return ((x @ units.T).sort(dim=0).values - (y @ units.T).sort(dim=0).values).abs().mean()


@wrong("sliced_wasserstein", caught_by="directions_of_any_length", diagnosis="argument", says="modified")
def makes_the_callers_directions_units(x, y, directions):
    units = directions if not directions.requires_grad else directions.clone()
    units /= units.norm(dim=1, keepdim=True)
    return torch.stack([wasserstein_1d(x @ u, y @ u) for u in units]).mean()


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="slope", says="gradient with respect to directions")
def directions_without_a_slope(x, y, directions):
    units = F.normalize(directions.detach(), dim=1)
    return torch.stack([wasserstein_1d(x @ u, y @ u) for u in units]).mean()


@wrong(
    "sliced_wasserstein",
    caught_by="directions_of_any_length",
    diagnosis="slope",
    says="gradient with respect to directions",
)
def lengths_without_a_slope(x, y, directions):
    units = directions / directions.norm(dim=1, keepdim=True).detach()
    return torch.stack([wasserstein_1d(x @ u, y @ u) for u in units]).mean()


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="cut", says="gradient")
def by_scipy(x, y, directions):
    units = F.normalize(directions, dim=1)
    values = [stats.wasserstein_distance((x @ u).detach(), (y @ u).detach()) for u in units]
    return torch.tensor(values).mean().to(x.dtype)


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="mistyped", says="NameError")
def theta_of_the_paper(x, y, directions):
    units = F.normalize(directions, dim=1)
    return torch.stack([wasserstein_1d(x @ theta, y @ theta) for u in units]).mean()  # noqa: F821


@wrong("sliced_wasserstein", caught_by="unit_directions", diagnosis="type", says="None")
def forgets_to_return_the_mean(x, y, directions):
    units = F.normalize(directions, dim=1)
    torch.stack([wasserstein_1d(x @ u, y @ u) for u in units]).mean()


# --- critic_loss ------------------------------------------------------------------------------------------------------

bank.spoils(
    "critic_loss",
    r"fake\w*\.mean\(\) *[-−]"
    r"|(mean|average|E|expectation)[^.?]*fake[^.?]*(minus|[-−]|less|subtract)[^.?]*real"
    r"|subtract[^.?]*real[^.?]*from[^.?]*fake|real[^.?]*(negative|minus sign|with a minus)"
    r"|E fake [-−] E real"
    r"|(negative|minus|negated)[^.?]*real",
)


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


@wrong("critic_loss", caught_by="two_batches", diagnosis="sign", says="sign is reversed")
def real_minus_fake(real_scores, fake_scores):
    return real_scores.mean() - fake_scores.mean()


@wrong("critic_loss", caught_by="two_batches", diagnosis="factor", says="same factor, 0.5")
def halved(real_scores, fake_scores):
    return (fake_scores.mean() - real_scores.mean()) / 2


@wrong("critic_loss", caught_by="two_batches", diagnosis="number")
def both_pushed_up(real_scores, fake_scores):
    return -fake_scores.mean() - real_scores.mean()


@wrong("critic_loss", caught_by="two_batches", diagnosis="number")
def hinge(real_scores, fake_scores):
    return F.relu(1 - real_scores).mean() + F.relu(1 + fake_scores).mean()


@wrong("critic_loss", caught_by="two_batches", diagnosis="number")
def cross_entropy(real_scores, fake_scores):
    return F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()


@wrong("critic_loss", caught_by="large_scores", diagnosis="number")
def squashed_scores(real_scores, fake_scores):
    return torch.sigmoid(fake_scores).mean() - torch.sigmoid(real_scores).mean()


@wrong("critic_loss", caught_by="large_scores", diagnosis="number")
def clamped_scores(real_scores, fake_scores):
    return fake_scores.clamp(-100, 100).mean() - real_scores.clamp(-100, 100).mean()


@wrong("critic_loss", caught_by="two_batches", diagnosis="number")
def distance_without_direction(real_scores, fake_scores):
    return -(fake_scores.mean() - real_scores.mean()).abs()


@wrong("critic_loss", caught_by="unequal_batches", diagnosis="raises")
def subtracts_before_the_mean(real_scores, fake_scores):
    return (fake_scores - real_scores).mean()


@wrong("critic_loss", caught_by="unequal_batches", diagnosis="number")
def one_mean_over_both(real_scores, fake_scores):
    signs = torch.cat([-torch.ones_like(real_scores), torch.ones_like(fake_scores)])
    return 2 * (signs * torch.cat([real_scores, fake_scores])).mean()


@wrong("critic_loss", caught_by="batch_of_one", diagnosis="shape", says="shape")
def mean_over_the_batch_axis_only(real_scores, fake_scores):
    return fake_scores.mean(0) - real_scores.mean(0)


@wrong("critic_loss", caught_by="flat_scores", diagnosis="raises")
def needs_a_column(real_scores, fake_scores):
    return fake_scores[:, 0].mean() - real_scores[:, 0].mean()


@wrong("critic_loss", caught_by="maps_of_scores", diagnosis="number")
def sum_over_the_patches(real_scores, fake_scores):
    return fake_scores.sum() / len(fake_scores) - real_scores.sum() / len(real_scores)


@wrong("critic_loss", caught_by="double_precision", diagnosis="dtype", says="dtype")
def casts_to_float32(real_scores, fake_scores):
    return fake_scores.float().mean() - real_scores.float().mean()


@wrong("critic_loss", caught_by="two_batches", diagnosis="slope", says="gradient with respect to fake_scores")
def detached_fakes(real_scores, fake_scores):
    return fake_scores.detach().mean() - real_scores.mean()


@right("critic_loss")
def double_and_back(real_scores, fake_scores):
    return (fake_scores.double().mean() - real_scores.double().mean()).to(real_scores.dtype)


@right("critic_loss")
def weighted_sum_of_one_long_vector(real_scores, fake_scores):
    real, fake = real_scores.reshape(-1), fake_scores.reshape(-1)
    weights = torch.cat([torch.full_like(real, -1 / len(real)), torch.full_like(fake, 1 / len(fake))])
    return torch.einsum("i,i->", weights, torch.cat([real, fake]))


@wrong("critic_loss", caught_by="two_batches", diagnosis="constant", says="same constant")
def hinge_without_the_hinge(real_scores, fake_scores):
    return (1 - real_scores).mean() + (1 + fake_scores).mean()


@wrong("critic_loss", caught_by="two_batches", diagnosis="number")
def least_squares(real_scores, fake_scores):
    return (real_scores - 1).square().mean() + fake_scores.square().mean()


@wrong("critic_loss", caught_by="two_batches", diagnosis="number")
def fakes_alone(real_scores, fake_scores):
    return fake_scores.mean()


@wrong("critic_loss", caught_by="flat_scores", diagnosis="number")
def distance_of_the_means(real_scores, fake_scores):
    return (fake_scores.mean() - real_scores.mean()).abs()


@wrong("critic_loss", caught_by="two_batches", diagnosis="number")
def sorted_scores(real_scores, fake_scores):
    n = min(len(real_scores), len(fake_scores))
    real, fake = real_scores.flatten().sort().values[:n], fake_scores.flatten().sort().values[:n]
    return (fake - real).abs().mean()


@wrong("critic_loss", caught_by="unequal_batches", diagnosis="number")
def both_sums_over_one_size(real_scores, fake_scores):
    return (fake_scores.sum() - real_scores.sum()) / real_scores.numel()


@wrong("critic_loss", caught_by="batch_of_one", diagnosis="shape", says="shape")
def mean_along_the_column(real_scores, fake_scores):
    return fake_scores.mean(-1).mean(0, keepdim=True) - real_scores.mean(-1).mean(0, keepdim=True)


@wrong("critic_loss", caught_by="two_batches", diagnosis="cut", says=".item()")
def numbers_of_python(real_scores, fake_scores):
    return fake_scores.mean().item() - real_scores.mean().item()


@wrong("critic_loss", caught_by="two_batches", diagnosis="slope", says="gradient with respect to real_scores")
def detached_reals(real_scores, fake_scores):
    return fake_scores.mean() - real_scores.detach().mean()


@wrong("critic_loss", caught_by="two_batches", diagnosis="type", says="scalar")
def two_losses(real_scores, fake_scores):
    return -real_scores.mean(), fake_scores.mean()


@wrong("critic_loss", caught_by="large_scores", diagnosis="argument", says="modified")
def subtracts_in_place(real_scores, fake_scores):
    real_scores.neg_()
    return fake_scores.mean() + real_scores.mean()


# --- wasserstein_generator_loss ---------------------------------------------------------------------------------------

bank.spoils(
    "wasserstein_generator_loss",
    r"[-−] *(fake\w*)?\.?(mean|E )|(minus|negative|negated?|opposite)[^.?]*(mean|average|score)"
    r"|(mean|average)[^.?]*(times|by) *[-−]1|with a minus"
    r"|(mean|average)[^.?]*(sign reversed|reversed sign|other sign)|(reverse|flip|change)\w* [^.?]*sign",
)


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


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="sign", says="sign is reversed")
def plus_mean(fake_scores):
    return fake_scores.mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="number")
def non_saturating(fake_scores):
    return F.softplus(-fake_scores).mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="number")
def absolute_scores(fake_scores):
    return -fake_scores.abs().mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="number")
def squared_scores(fake_scores):
    return -fake_scores.square().mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="factor", says="same factor, 0.5")
def half(fake_scores):
    return -fake_scores.mean() / 2


@wrong("wasserstein_generator_loss", caught_by="large_scores", diagnosis="number")
def squashed(fake_scores):
    return -torch.tanh(fake_scores).mean()


@wrong("wasserstein_generator_loss", caught_by="large_scores", diagnosis="number")
def clamped(fake_scores):
    return -fake_scores.clamp(-50, 50).mean()


@wrong("wasserstein_generator_loss", caught_by="flat_scores", diagnosis="number")
def summed(fake_scores):
    return -fake_scores.sum()


@wrong("wasserstein_generator_loss", caught_by="maps_of_scores", diagnosis="number")
def patches_summed(fake_scores):
    return -fake_scores.flatten(1).sum(1).mean() if fake_scores.dim() > 1 else -fake_scores.mean()


@wrong("wasserstein_generator_loss", caught_by="batch_of_one", diagnosis="shape", says="shape")
def keeps_an_axis(fake_scores):
    return -fake_scores.mean(0)


@wrong("wasserstein_generator_loss", caught_by="double_precision", diagnosis="dtype", says="dtype")
def single_precision_only(fake_scores):
    return -fake_scores.float().mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="cut", says="gradient")
def item(fake_scores):
    return -fake_scores.mean().item()


@right("wasserstein_generator_loss")
def mean_of_means_in_double(fake_scores):
    return -fake_scores.double().mean().to(fake_scores.dtype)


@right("wasserstein_generator_loss")
def products_summed(fake_scores):
    return torch.einsum(
        "i,i->", fake_scores.reshape(-1), torch.full_like(fake_scores, -1 / fake_scores.numel()).view(-1)
    )


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="constant", says="same constant, 1")
def one_minus_the_mean(fake_scores):
    return (1 - fake_scores).mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="nan", says="nan")
def logarithm_of_a_score(fake_scores):
    return -torch.log(fake_scores).mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="number")
def least_squares_of_section_seven(fake_scores):
    return (fake_scores - 1).square().mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="number")
def cross_entropy_with_ones(fake_scores):
    return F.binary_cross_entropy_with_logits(fake_scores, torch.ones_like(fake_scores))


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="shape", says="shape")
def one_value_per_fake(fake_scores):
    return -fake_scores


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="cut", says=".detach()")
def detached(fake_scores):
    return -fake_scores.detach().mean()


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="cut", says="torch.tensor()")
def wrapped_again(fake_scores):
    return torch.tensor(-fake_scores.mean().item(), dtype=fake_scores.dtype)


@wrong("wasserstein_generator_loss", caught_by="one_batch", diagnosis="mistyped", says="NameError")
def one_letter_short(fake_scores):
    return -fake_score.mean()  # noqa: F821


# --- clip_weights -----------------------------------------------------------------------------------------------------

bank.spoils(
    "clip_weights",
    r"clamp_ *\(|copy_|p(arameter)?\.data *=|no_grad\(\)[^.]*clamp"
    r"|clamp[^.]*(under|inside|within) *(a )?(torch\.)?no_grad|underscore"
    r"|clamp\w* [^.?]*in place",
)


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


@wrong("clip_weights", caught_by="perceptron", diagnosis="raises", says="torch.no_grad")
def clamps_recorded_parameters(critic, bound):
    for p in critic.parameters():
        p.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="perceptron", diagnosis="never moved", says="new tensor")
def clamps_copies(critic, bound):
    for p in critic.parameters():
        p.clamp(-bound, bound)


@wrong("clip_weights", caught_by="perceptron", diagnosis="never moved", says="new tensor")
def rebinds_the_loop_variable(critic, bound):
    for p in critic.parameters():
        p = torch.clamp(p, -bound, bound)  # noqa: PLW2901


@right("clip_weights")
def reassigns_data(critic, bound):
    for p in critic.parameters():
        p.data = p.data.clamp(-bound, bound)


@right("clip_weights")
def through_one_vector(critic, bound):
    vector = nn.utils.parameters_to_vector(critic.parameters())
    nn.utils.vector_to_parameters(vector.clamp(-bound, bound), critic.parameters())


@wrong("clip_weights", caught_by="perceptron", diagnosis="replaced", says="replaced")
def new_parameters(critic, bound):
    for module in critic.modules():
        for name, p in list(module.named_parameters(recurse=False)):
            setattr(module, name, nn.Parameter(p.detach().clamp(-bound, bound)))


@wrong("clip_weights", caught_by="perceptron", diagnosis="update")
def upper_side_only(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(max=bound)


@wrong("clip_weights", caught_by="perceptron", diagnosis="update")
def clamps_to_positive(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(0, bound)


@wrong("clip_weights", caught_by="perceptron", diagnosis="update")
def rescales_each_tensor(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.mul_(min(1.0, bound / p.abs().max().item()))


@wrong("clip_weights", caught_by="perceptron", diagnosis="update")
def clips_the_norm(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.mul_((bound / p.norm()).clamp(max=1))


@wrong("clip_weights", caught_by="wide_bound", diagnosis="update")
def always_to_the_bound(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.copy_(p.sign() * bound)


@wrong("clip_weights", caught_by="perceptron", diagnosis="update")
def ignores_the_bound(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(-0.01, 0.01)


@wrong("clip_weights", caught_by="perceptron", diagnosis="update")
def weights_without_biases(critic, bound):
    with torch.no_grad():
        for name, p in critic.named_parameters():
            if "weight" in name:
                p.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="images", diagnosis="update")
def linear_layers_only(critic, bound):
    for module in critic.modules():
        if isinstance(module, nn.Linear):
            module.weight.data.clamp_(-bound, bound)
            module.bias.data.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="lonely_parameter", diagnosis="update")
def weight_and_bias_of_known_layers(critic, bound):
    for module in critic.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.BatchNorm1d):
            module.weight.data.clamp_(-bound, bound)
            module.bias.data.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="buffers", diagnosis="raises")
def everything_in_the_state(critic, bound):
    for tensor in critic.state_dict().values():
        tensor.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="buffers", diagnosis="update")
def floats_in_the_state(critic, bound):
    for tensor in critic.state_dict().values():
        if tensor.is_floating_point():
            tensor.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="frozen_layer", diagnosis="update")
def trainable_ones_only(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            if p.requires_grad:
                p.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="frozen_layer", diagnosis="flags", says="requires_grad")
def thaws_everything(critic, bound):
    for p in critic.parameters():
        p.requires_grad_(False)
        p.clamp_(-bound, bound)
        p.requires_grad_(True)


@wrong("clip_weights", caught_by="gradients", diagnosis="raises")
def clips_gradients(critic, bound):
    nn.utils.clip_grad_value_(critic.parameters(), bound)


@wrong("clip_weights", caught_by="gradients", diagnosis="left gradients", says=".grad")
def clips_gradients_too(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(-bound, bound)
            if p.grad is not None:
                p.grad.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="gradients", diagnosis="left gradients", says=".grad")
def clears_gradients(critic, bound):
    critic.zero_grad()
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(-bound, bound)


@right("clip_weights")
@torch.no_grad()
def cut_off_what_sticks_out(critic, bound):
    for p in critic.parameters():
        p.sub_(F.relu(p - bound)).add_(F.relu(-bound - p))


@right("clip_weights")
@torch.no_grad()
def in_units_of_the_bound(critic, bound):
    for p in critic.parameters():
        p.copy_((p / bound).clamp(-1, 1) * bound)


@right("clip_weights")
def numpy_in_double(critic, bound):
    for p in critic.parameters():
        clipped = np.clip(p.detach().double().numpy(), -bound, bound)
        p.data.copy_(torch.as_tensor(clipped))


@right("clip_weights")
@torch.no_grad()
def sign_times_the_smaller_size(critic, bound):
    for p in critic.parameters():
        p.copy_(p.sign() * p.abs().minimum(torch.full_like(p, bound)))


@wrong("clip_weights", caught_by="perceptron", diagnosis="update")
def lower_side_only(critic, bound):
    for p in critic.parameters():
        p.data.clamp_(-bound)


@wrong("clip_weights", caught_by="perceptron", diagnosis="update")
def large_ones_to_plus_the_bound(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p[p.abs() > bound] = bound


@wrong("clip_weights", caught_by="perceptron", diagnosis="update")
def large_ones_to_zero(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.mul_(p.abs() <= bound)


@wrong("clip_weights", caught_by="wide_bound", diagnosis="update")
def soft_clamp(critic, bound):
    with torch.no_grad():
        for p in critic.parameters():
            p.copy_(bound * torch.tanh(p / bound))


@wrong("clip_weights", caught_by="perceptron", diagnosis="update")
def returns_after_the_first(critic, bound):
    for p in critic.parameters():
        p.data.clamp_(-bound, bound)
        return critic


@wrong("clip_weights", caught_by="perceptron", diagnosis="never moved")
def a_clipped_copy(critic, bound):
    clipped = copy.deepcopy(critic)
    for p in clipped.parameters():
        p.data.clamp_(-bound, bound)
    return clipped


@wrong("clip_weights", caught_by="perceptron", diagnosis="raises", says="AttributeError")
def every_layer_has_a_weight(critic, bound):
    for layer in critic.children():
        layer.weight.data.clamp_(-bound, bound)
        layer.bias.data.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="perceptron", diagnosis="update")
def weights_of_layers_that_have_one(critic, bound):
    for layer in critic.modules():
        if hasattr(layer, "weight"):
            layer.weight.data.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="buffers", diagnosis="update")
def loads_a_state_clamped_whole(critic, bound):
    critic.load_state_dict({name: t.clamp(-bound, bound) for name, t in critic.state_dict().items()})


@wrong("clip_weights", caught_by="buffers", diagnosis="update")
def buffers_as_well(critic, bound):
    with torch.no_grad():
        for t in [*critic.parameters(), *critic.buffers()]:
            if t.is_floating_point():
                t.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="frozen_layer", diagnosis="flags", says="requires_grad")
def leaves_everything_frozen(critic, bound):
    critic.requires_grad_(False)
    for p in critic.parameters():
        p.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="perceptron", diagnosis="flags", says=".training")
def leaves_it_in_evaluation_mode(critic, bound):
    critic.eval()
    clamp_without_recording(critic, bound)


@wrong("clip_weights", caught_by="gradients", diagnosis="left gradients", says=".grad")
def forgets_old_gradients(critic, bound):
    for p in critic.parameters():
        p.data.clamp_(-bound, bound)
        p.grad = None


@wrong("clip_weights", caught_by="lonely_parameter", diagnosis="update")
def parameters_of_the_layers(critic, bound):
    for layer in critic.children():
        for p in layer.parameters():
            p.data.clamp_(-bound, bound)


@wrong("clip_weights", caught_by="perceptron", diagnosis="mistyped", says="NameError")
def clip_value_of_the_paper(critic, bound):
    for p in critic.parameters():
        p.data.clamp_(-clip_value, clip_value)  # noqa: F821


# --- gradient_penalty -------------------------------------------------------------------------------------------------

bank.spoils(
    "gradient_penalty",
    r"create_graph|flatten\(1\)|norm\(dim=1\) *-|norm[^.?]*(minus|less|[-−]) *(1|one)[^.?]*squar"
    r"|squar[^.?]*norm[^.?]*(minus|less|[-−]) *(1|one)|weights? *[*·] *real|\(1 *[-−] *weights?\)"
    r"|norm[^.?]*(subtract|take off|take away|reduced by) *(1|one)\b"
    r"|norm *[-−] *1|(subtract|take off) *(1|one)\b[^.?]*squar",
)


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


@wrong("gradient_penalty", caught_by="points", diagnosis="cut", says="keep it")
def no_create_graph(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="cut", says="keep it")
def retain_is_not_create(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, retain_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="random")
def weights_drawn_inside(critic, real, fake, weights):
    weights = torch.rand(len(real), *[1] * (real.dim() - 1), dtype=real.dtype)
    return norm_of_the_flat_gradient(critic, real, fake, weights)


@wrong("gradient_penalty", caught_by="points", diagnosis="random")
def weights_drawn_per_pixel(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real, fake, torch.rand_like(real))


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def one_weight_for_the_batch(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real, fake, weights.mean())


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def roles_swapped(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, fake, real, weights)


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def as_on_the_slide(critic, real, fake, weights):
    x = (weights * real + (1 - weights * fake)).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def at_the_data(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real, real, weights)


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def at_the_fakes(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, fake, fake, weights)


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def slope_of_the_mean_score(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).mean(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def one_norm_for_the_batch(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.norm() - 1).square()


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def mean_before_the_square(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1).mean() - 1).square()


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def squared_norm(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).square().sum(1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def towards_zero(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return slope.flatten(1).square().sum(1).mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def sum_of_absolute_values(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).abs().sum(1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def absolute_difference(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).abs().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="sign", says="sign is reversed")
def a_reward(critic, real, fake, weights):
    return -norm_of_the_flat_gradient(critic, real, fake, weights)


@wrong("gradient_penalty", caught_by="points", diagnosis="factor", says="same factor, 10")
def with_lambda(critic, real, fake, weights):
    return 10 * norm_of_the_flat_gradient(critic, real, fake, weights)


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def summed_over_the_batch(critic, real, fake, weights):
    return len(real) * norm_of_the_flat_gradient(critic, real, fake, weights)


@wrong("gradient_penalty", caught_by="gentle_slopes", diagnosis="number")
def one_sided(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return F.relu(slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="steep_slopes", diagnosis="number")
def one_sided_the_wrong_way(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return F.relu(1 - slope.flatten(1).norm(dim=1)).square().mean()


@wrong("gradient_penalty", caught_by="images", diagnosis="number", says="over all axes")
def norm_over_axis_one(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.norm(2, dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="images", diagnosis="number")
def weights_for_flat_data_only(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real, fake, weights.view(-1, 1))


@wrong("gradient_penalty", caught_by="images", diagnosis="raises")
def flattens_the_data(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real.flatten(1), fake.flatten(1), weights.flatten(1))


@wrong("gradient_penalty", caught_by="scores_without_a_column", diagnosis="raises")
def ones_in_a_column(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    ones = torch.ones(len(x), 1, dtype=x.dtype)
    (slope,) = torch.autograd.grad(critic(x), x, grad_outputs=ones, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="batch_of_one", diagnosis="raises")
def squeezes_the_batch(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.squeeze().flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="flat_places", diagnosis="nan slope", says="nan or infinite")
def bare_square_root(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.square().flatten(1).sum(1).sqrt() - 1).square().mean()


@wrong("gradient_penalty", caught_by="flat_places", diagnosis="number")
def leaves_flat_samples_out(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    norms = slope.flatten(1).norm(dim=1)
    return (norms[norms > 0] - 1).square().mean()


@wrong("gradient_penalty", caught_by="old_gradients", diagnosis="left gradients", says=".grad")
def backward_into_everything(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    critic(x).sum().backward(create_graph=True)
    return (x.grad.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="old_gradients", diagnosis="left gradients", says=".grad")
def clears_the_critics_gradients(critic, real, fake, weights):
    critic.zero_grad()
    return norm_of_the_flat_gradient(critic, real, fake, weights)


@wrong("gradient_penalty", caught_by="single_precision", diagnosis="dtype", says="dtype")
def ends_in_double(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real, fake, weights).double()


@wrong("gradient_penalty", caught_by="points", diagnosis="cut", says="gradient")
def returns_a_number(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real, fake, weights).item()


@wrong("gradient_penalty", caught_by="points", diagnosis="argument", says="modified")
def mixes_in_place(critic, real, fake, weights):
    x = real.mul_(weights).add_((1 - weights) * fake).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@right("gradient_penalty")
def multiplied_out(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    norms = slope.flatten(1).norm(dim=1)
    return norms.square().mean() - 2 * norms.mean() + 1


@right("gradient_penalty")
def clamped_under_the_root(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    slope = torch.autograd.grad(critic(x).sum(), x, create_graph=True)[0].flatten(1)
    return (torch.einsum("nd,nd->n", slope, slope).clamp(min=1e-14).sqrt() - 1).pow(2).sum() / len(x)


@right("gradient_penalty")
def jacobian_of_all_scores(critic, real, fake, weights):
    x = weights * real + (1 - weights) * fake
    jacobian = torch.autograd.functional.jacobian(lambda x: critic(x).sum(), x, create_graph=True)
    return (jacobian.reshape(len(x), -1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="flags", says="requires_grad")
def sets_a_flag_on_the_callers_fakes(critic, real, fake, weights):
    fake.requires_grad_(True)
    x = weights * real + (1 - weights) * fake
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="flags", says="requires_grad")
def sets_a_flag_on_the_callers_weights(critic, real, fake, weights):
    weights.requires_grad = True
    x = weights * real + (1 - weights) * fake
    slope = torch.autograd.grad(critic(x).sum(), x, create_graph=True)[0]
    return ((slope.reshape(len(slope), -1).norm(2, 1) - 1) ** 2).mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="flags", says=".training")
def leaves_the_critic_in_evaluation_mode(critic, real, fake, weights):
    critic.eval()
    return norm_of_the_flat_gradient(critic, real, fake, weights)


@wrong("gradient_penalty", caught_by="points", diagnosis="cut")
def freezes_the_critic_for_good(critic, real, fake, weights):
    scores = copy.deepcopy(critic).requires_grad_(False)
    return norm_of_the_flat_gradient(scores, real, fake, weights)


@wrong("gradient_penalty", caught_by="points", diagnosis="cut", says=".detach()")
def detaches_the_slope(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.detach().flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="raises", says="does not require grad")
def nothing_recorded(critic, real, fake, weights):
    with torch.no_grad():
        x = (weights * real + (1 - weights) * fake).requires_grad_()
        scores = critic(x)
    (slope,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="raises", says="does not require grad")
def mixture_not_recorded(critic, real, fake, weights):
    x = weights * real + (1 - weights) * fake
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def slope_at_the_fakes_through_the_mixture(critic, real, fake, weights):
    f = fake.clone().requires_grad_()
    (slope,) = torch.autograd.grad(critic(weights * real + (1 - weights) * f).sum(), f, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def at_data_and_at_fakes(critic, real, fake, weights):
    return (
        norm_of_the_flat_gradient(critic, real, real, weights) + norm_of_the_flat_gradient(critic, fake, fake, weights)
    ) / 2


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def rise_over_run(critic, real, fake, weights):
    rise = (critic(real) - critic(fake)).flatten().abs()
    return (rise / (real - fake).flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="raises")
def axes_of_images_always(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.norm(2, dim=(1, 2, 3)) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="raises", says="shape")
def ones_like_the_data(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x), x, grad_outputs=torch.ones_like(real), create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


@wrong("gradient_penalty", caught_by="points", diagnosis="raises")
def squeezed_weights(critic, real, fake, weights):
    return norm_of_the_flat_gradient(critic, real, fake, weights.squeeze())


@wrong("gradient_penalty", caught_by="points", diagnosis="shape", says="scalar")
def one_penalty_per_sample(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square()


@wrong("gradient_penalty", caught_by="points", diagnosis="number")
def root_mean_square_slope(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).square().mean(1) + 1e-12).sqrt().sub(1).square().mean()


@wrong("gradient_penalty", caught_by="steep_slopes", diagnosis="number")
def slopes_clamped(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1).clamp(max=10) - 1).square().mean()


@wrong("gradient_penalty", caught_by="flat_places", diagnosis="number")
def a_constant_added_to_every_slope(critic, real, fake, weights):
    x = (weights * real + (1 - weights) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return ((slope.flatten(1) + 1e-2).norm(dim=1) - 1).square().mean()


# --- critic_step ------------------------------------------------------------------------------------------------------

bank.spoils(
    "critic_step",
    r"\.detach\(\)|generator\(noise\)|zero_grad|\.backward\(\)|critic_loss\(|fake_scores|loss *(=|\+=)"
    r"|clear the (old )?gradients|call detach|detach (the )?fakes|add the penalty to"
    r"|zero (the|all|its|old) [^.?]*gradients|(set|reset)\w* [^.?]*gradients [^.?]*(zero|None)",
)


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


@wrong("critic_step", caught_by="without_penalty", diagnosis="raises", says="NoneType")
def always_calls_the_penalty(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + p(C, r, f))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="without_penalty", diagnosis="number")
def real_minus_fake_descended(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: C(r).mean() - C(f).mean() + (p(C, r, f) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="with_penalty", diagnosis="number")
def forgets_the_penalty(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="with_penalty", diagnosis="number")
def subtracts_the_penalty(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) - (p(C, r, f) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="with_penalty", diagnosis="number")
def penalty_times_ten(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + (10 * p(C, r, f) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="with_penalty", diagnosis="number")
def penalty_with_fake_before_real(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + (p(C, f, r) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="with_penalty", diagnosis="update")
def detached_penalty(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + (p(C, r, f).detach() if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="with_penalty", diagnosis="number")
def returns_the_loss_without_the_penalty(generator, critic, optimizer, real, noise, penalty):
    fake = generator(noise).detach()
    loss = fake_minus_real(critic(real), critic(fake))
    total = loss + penalty(critic, real, fake) if penalty else loss
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
    return loss.item()


@wrong("critic_step", caught_by="penalty_of_slopes", diagnosis="update")
def penalty_without_recording(generator, critic, optimizer, real, noise, penalty):
    with torch.no_grad():
        fake = generator(noise)
        extra = penalty(critic, real, fake) if penalty else 0
    loss = fake_minus_real(critic(real), critic(fake)) + extra
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("critic_step", caught_by="penalty_of_slopes", diagnosis="raises")
def penalty_of_the_noise(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + (p(C, r, noise) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="unequal_batches", diagnosis="raises")
def subtracts_score_by_score(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: (C(f) - C(r)).mean() + (p(C, r, f) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="unequal_batches", diagnosis="number")
def as_many_fakes_as_reals(generator, critic, optimizer, real, noise, penalty):
    return no_grad_fakes(generator, critic, optimizer, real, torch.cat([noise] * 5)[: len(real)], penalty)


@wrong("critic_step", caught_by="old_gradients", diagnosis="update")
def no_zero_grad(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + (p(C, r, f) if p else 0), zero=False)(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="old_gradients", diagnosis="left gradients", says="generator")
def clears_the_generator_too(generator, critic, optimizer, real, noise, penalty):
    loss = no_grad_fakes(generator, critic, optimizer, real, noise, penalty)
    generator.zero_grad()
    return loss


@wrong("critic_step", caught_by="without_penalty", diagnosis="left gradients", says="generator")
def backward_into_the_generator(generator, critic, optimizer, real, noise, penalty):
    fake = generator(noise)
    loss = fake_minus_real(critic(real), critic(fake)) + (penalty(critic, real, fake) if penalty else 0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("critic_step", caught_by="without_penalty", diagnosis="update")
def clips_as_well(generator, critic, optimizer, real, noise, penalty):
    loss = no_grad_fakes(generator, critic, optimizer, real, noise, penalty)
    clamp_without_recording(critic, 0.01)
    return loss


@wrong("critic_step", caught_by="adam", diagnosis="twice")
def steps_twice(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + (p(C, r, f) if p else 0), steps=2)(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="adam", diagnosis="update")
def descends_by_hand(generator, critic, optimizer, real, noise, penalty):
    fake = generator(noise).detach()
    loss = fake_minus_real(critic(real), critic(fake)) + (penalty(critic, real, fake) if penalty else 0)
    optimizer.zero_grad()
    loss.backward()
    with torch.no_grad():
        for p in critic.parameters():
            p -= 0.1 * p.grad
    return loss.item()


@wrong("critic_step", caught_by="frozen_layer", diagnosis="flags", says="requires_grad")
def thaws_the_generator(generator, critic, optimizer, real, noise, penalty):
    generator.requires_grad_(False)
    loss = no_grad_fakes(generator, critic, optimizer, real, noise, penalty)
    generator.requires_grad_(True)
    return loss


@wrong("critic_step", caught_by="images", diagnosis="raises")
def flattens(generator, critic, optimizer, real, noise, penalty):
    return no_grad_fakes(generator, critic, optimizer, real.flatten(1), noise, penalty)


@wrong("critic_step", caught_by="single_precision", diagnosis="raises")
def insists_on_double(generator, critic, optimizer, real, noise, penalty):
    return no_grad_fakes(generator, critic, optimizer, real.double(), noise.double(), penalty)


@wrong("critic_step", caught_by="without_penalty", diagnosis="type", says="float")
def returns_the_tensor(generator, critic, optimizer, real, noise, penalty):
    return torch.tensor(no_grad_fakes(generator, critic, optimizer, real, noise, penalty))


@wrong("critic_step", caught_by="without_penalty", diagnosis="number")
def loss_after_the_update(generator, critic, optimizer, real, noise, penalty):
    no_grad_fakes(generator, critic, optimizer, real, noise, penalty)
    return fake_minus_real(critic(real), critic(generator(noise))).item()


@right("critic_step")
def calls_the_lessons_loss(generator, critic, optimizer, real, noise, penalty):
    optimizer.zero_grad()
    fake = generator(noise)
    fake = fake.detach()
    loss = critic_loss(real_scores=critic(real), fake_scores=critic(fake))  # noqa: F821
    loss += 0 if penalty is None else penalty(critic, real, fake)
    loss.backward()
    optimizer.step()
    return loss.item()


@right("critic_step")
def in_a_closure(generator, critic, optimizer, real, noise, penalty):
    fake = generator(noise).detach().clone()

    def closure():
        optimizer.zero_grad()
        loss = -(critic(real).mean() - critic(fake).mean())
        if penalty is not None:
            loss = penalty(critic, real, fake) + loss
        loss.backward()
        return loss

    return float(optimizer.step(closure).detach())


@right("critic_step")
def sums_of_scores(generator, critic, optimizer, real, noise, penalty):
    with torch.no_grad():
        fake = generator(noise)
    critic.zero_grad()
    loss = critic(fake).sum() / len(fake) - critic(real).sum() / len(real)
    loss = loss + (penalty or (lambda *_: 0.0))(critic, real, fake)
    loss.backward()
    optimizer.step()
    return loss.tolist()


def _sum(C, r, f, p):
    return fake_minus_real(C(r), C(f)) + (p(C, r, f) if p else 0)


@wrong("critic_step", caught_by="without_penalty", diagnosis="number")
def calls_the_lessons_loss_with_fakes_first(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: critic_loss(C(f), C(r)) + (p(C, r, f) if p else 0))(  # noqa: F821
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="without_penalty", diagnosis="number")
def loss_of_section_three(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: cross_entropy(C(r), C(f)) + (p(C, r, f) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="with_penalty", diagnosis="number")
def adds_without_keeping_the_sum(generator, critic, optimizer, real, noise, penalty):
    fake = generator(noise).detach()
    loss = fake_minus_real(critic(real), critic(fake))
    if penalty is not None:
        loss + penalty(critic, real, fake)  # noqa: B018
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("critic_step", caught_by="with_penalty", diagnosis="raises", says="argument")
def hands_scores_to_the_penalty(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r), C(f)) + (p(C(r), C(f)) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="without_penalty", diagnosis="sign", says="sign is reversed")
def returns_the_distance_estimate(generator, critic, optimizer, real, noise, penalty):
    return -no_grad_fakes(generator, critic, optimizer, real, noise, penalty)


@wrong("critic_step", caught_by="without_penalty", diagnosis="uphill", says="uphill")
def climbs(generator, critic, optimizer, real, noise, penalty):
    loss = _sum(critic, real, generator(noise).detach(), penalty)
    optimizer.zero_grad()
    (-loss).backward()
    optimizer.step()
    return loss.item()


@wrong("critic_step", caught_by="without_penalty", diagnosis="twice", says="twice")
def backward_twice(generator, critic, optimizer, real, noise, penalty):
    loss = _sum(critic, real, generator(noise).detach(), penalty)
    optimizer.zero_grad()
    loss.backward(retain_graph=True)
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("critic_step", caught_by="without_penalty", diagnosis="never moved", says="moved")
def never_steps(generator, critic, optimizer, real, noise, penalty):
    loss = _sum(critic, real, generator(noise).detach(), penalty)
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


@wrong("critic_step", caught_by="without_penalty", diagnosis="never moved", says="moved")
def clears_between_backward_and_step(generator, critic, optimizer, real, noise, penalty):
    loss = _sum(critic, real, generator(noise).detach(), penalty)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@wrong("critic_step", caught_by="old_gradients", diagnosis="update")
def clears_afterwards(generator, critic, optimizer, real, noise, penalty):
    loss = _sum(critic, real, generator(noise).detach(), penalty)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


@wrong("critic_step", caught_by="without_penalty", diagnosis="update")
def detached_scores_of_the_data(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(C(r).detach(), C(f)) + (p(C, r, f) if p else 0))(
        generator, critic, optimizer, real, noise, penalty
    )


@wrong("critic_step", caught_by="without_penalty", diagnosis="update")
def clips_the_gradients(generator, critic, optimizer, real, noise, penalty):
    loss = _sum(critic, real, generator(noise).detach(), penalty)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(critic.parameters(), 0.05)
    optimizer.step()
    return loss.item()


@wrong("critic_step", caught_by="without_penalty", diagnosis="others moved", says="generator")
def trains_both(generator, critic, optimizer, real, noise, penalty):
    loss = _sum(critic, real, generator(noise), penalty)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for p in generator.parameters():
            p -= 0.1 * p.grad
    return loss.item()


@wrong("critic_step", caught_by="adam", diagnosis="never moved", says="has not moved")
def first_group_of_parameters_only(generator, critic, optimizer, real, noise, penalty):
    loss = _sum(critic, real, generator(noise).detach(), penalty)
    optimizer.zero_grad()
    loss.backward(inputs=optimizer.param_groups[0]["params"])
    optimizer.step()
    return loss.item()


@wrong("critic_step", caught_by="adam", diagnosis="update")
def an_optimizer_of_its_own(generator, critic, optimizer, real, noise, penalty):
    own = torch.optim.SGD(critic.parameters(), lr=0.1)
    return no_grad_fakes(generator, critic, own, real, noise, penalty)


@wrong("critic_step", caught_by="optimizer_with_a_past", diagnosis="update")
def a_new_optimizer_like_the_old_one(generator, critic, optimizer, real, noise, penalty):
    own = type(optimizer)([{**group} for group in optimizer.param_groups])
    return no_grad_fakes(generator, critic, own, real, noise, penalty)


@wrong("critic_step", caught_by="optimizer_with_a_past", diagnosis="argument", says="modified")
def lowers_the_rate(generator, critic, optimizer, real, noise, penalty):
    loss = no_grad_fakes(generator, critic, optimizer, real, noise, penalty)
    for group in optimizer.param_groups:
        group["lr"] *= 0.99
    return loss


@wrong("critic_step", caught_by="frozen_layer", diagnosis="flags", says=".training")
def modes_as_in_a_training_loop(generator, critic, optimizer, real, noise, penalty):
    generator.eval()
    critic.train()
    return no_grad_fakes(generator, critic, optimizer, real, noise, penalty)


@wrong("critic_step", caught_by="without_penalty", diagnosis="flags", says="requires_grad")
def leaves_the_generator_frozen(generator, critic, optimizer, real, noise, penalty):
    generator.requires_grad_(False)
    return no_grad_fakes(generator, critic, optimizer, real, noise, penalty)


@wrong("critic_step", caught_by="without_penalty", diagnosis="random", says="random")
def noise_of_its_own(generator, critic, optimizer, real, noise, penalty):
    return no_grad_fakes(generator, critic, optimizer, real, torch.randn_like(noise), penalty)


@wrong("critic_step", caught_by="without_penalty", diagnosis="raises", says="does not require grad")
def scores_not_recorded(generator, critic, optimizer, real, noise, penalty):
    with torch.no_grad():
        loss = fake_minus_real(critic(real), critic(generator(noise)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("critic_step", caught_by="without_penalty", diagnosis="type", says="None")
def returns_nothing(generator, critic, optimizer, real, noise, penalty):
    no_grad_fakes(generator, critic, optimizer, real, noise, penalty)


@wrong("critic_step", caught_by="without_penalty", diagnosis="type", says="tuple")
def returns_loss_and_penalty(generator, critic, optimizer, real, noise, penalty):
    return no_grad_fakes(generator, critic, optimizer, real, noise, penalty), 0.0


@wrong("critic_step", caught_by="without_penalty", diagnosis="mistyped", says="NameError")
def misspelt_critic(generator, critic, optimizer, real, noise, penalty):
    return _critic_step(lambda C, r, f, p: fake_minus_real(c(r), c(f)))(  # noqa: F821
        generator, critic, optimizer, real, noise, penalty
    )


# --- wgan_generator_step ----------------------------------------------------------------------------------------------

bank.spoils(
    "wgan_generator_step",
    r"zero_grad|critic\(generator\(|backward\(inputs=(list|\[|generator)|generator\.parameters\(\)"
    r"|[-−]critic|minus the (mean|average)|clear the (old )?gradients|inputs=[^.]*generator's"
    r"|inputs=.{0,40}generator|restrict\w* [^.?]*backward"
    r"|zero (the|all|its|old) [^.?]*gradients|parameters of the generator",
)


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


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="left gradients", says="critic")
def plain_backward(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="old_gradients", diagnosis="left gradients", says="critic")
def wipes_the_gradients_of_the_critic(generator, critic, optimizer, noise):
    loss = only_the_generators_inputs(generator, critic, optimizer, noise)
    critic.zero_grad()
    return loss


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="sign")
def pushes_scores_down(generator, critic, optimizer, noise):
    loss = critic(generator(noise)).mean()
    optimizer.zero_grad()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="sign")
def returns_the_score_instead_of_the_loss(generator, critic, optimizer, noise):
    return -only_the_generators_inputs(generator, critic, optimizer, noise)


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="number")
def logarithm_of_the_score(generator, critic, optimizer, noise):
    loss = F.softplus(-critic(generator(noise))).mean()
    optimizer.zero_grad()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="raises", says="does not require grad")
def detaches_the_fakes(generator, critic, optimizer, noise):
    with torch.no_grad():
        fake = generator(noise)
        loss = -critic(fake).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="number")
def sums_the_scores(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).sum()
    optimizer.zero_grad()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="old_gradients", diagnosis="update")
def accumulates(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).mean()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="adam", diagnosis="update")
def gradient_descent_by_hand(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).mean()
    parameters = list(generator.parameters())
    with torch.no_grad():
        for p, g in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            p -= 0.1 * g
    return loss.item()


@wrong("wgan_generator_step", caught_by="frozen_layer", diagnosis="flags", says="requires_grad")
def thaws_the_critic(generator, critic, optimizer, noise):
    critic.requires_grad_(False)
    loss = only_the_generators_inputs(generator, critic, optimizer, noise)
    critic.requires_grad_(True)
    return loss


@wrong("wgan_generator_step", caught_by="batch_of_one", diagnosis="number")
def unbiased_mean(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).sum() / (len(noise) - 1)
    optimizer.zero_grad()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="images", diagnosis="raises")
def flattens_the_fakes(generator, critic, optimizer, noise):
    loss = -critic(generator(noise).flatten(1)).mean()
    optimizer.zero_grad()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="single_precision", diagnosis="raises")
def always_double(generator, critic, optimizer, noise):
    return only_the_generators_inputs(generator, critic, optimizer, noise.double())


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="type", says="float")
def returns_a_tensor(generator, critic, optimizer, noise):
    return torch.tensor(only_the_generators_inputs(generator, critic, optimizer, noise))


@right("wgan_generator_step")
def calls_the_lessons_generator_loss(generator, critic, optimizer, noise):
    optimizer.zero_grad(set_to_none=False)
    loss = wasserstein_generator_loss(critic(generator(noise)))  # noqa: F821
    loss.backward(inputs=[p for group in optimizer.param_groups for p in group["params"]])
    optimizer.step()
    return float(loss)


@right("wgan_generator_step")
def gradients_put_in_place(generator, critic, optimizer, noise):
    scores = critic(generator(noise))
    loss = scores.neg().sum().div(scores.numel())
    parameters = list(generator.parameters())
    for p, g in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        p.grad = g
    optimizer.step()
    return loss.item()


@right("wgan_generator_step")
def a_frozen_copy_of_the_critic(generator, critic, optimizer, noise):
    frozen = copy.deepcopy(critic).requires_grad_(False)
    generator.zero_grad()
    loss = -torch.mean(frozen(generator(noise)))
    loss.backward()
    optimizer.step()
    return loss.item()


def _generator_step(loss_of, sign=1, times=1):
    """A step around another loss: what many mistakes have in common."""

    def step(generator, critic, optimizer, noise):
        loss = loss_of(critic(generator(noise)))
        optimizer.zero_grad()
        for _ in range(times):
            (sign * loss).backward(inputs=list(generator.parameters()), retain_graph=True)
        optimizer.step()
        return loss.item()

    return step


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="uphill", says="uphill")
def climbs_its_loss(generator, critic, optimizer, noise):
    return _generator_step(minus_mean, sign=-1)(generator, critic, optimizer, noise)


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="twice", says="twice")
def adds_up_two_backwards(generator, critic, optimizer, noise):
    return _generator_step(minus_mean, times=2)(generator, critic, optimizer, noise)


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="number")
def least_squares_loss(generator, critic, optimizer, noise):
    return _generator_step(lambda s: (s - 1).square().mean())(generator, critic, optimizer, noise)


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="never moved", says="moved")
def optimizer_never_steps(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).mean()
    optimizer.zero_grad()
    loss.backward(inputs=list(generator.parameters()))
    return loss.item()


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="never moved", says="moved")
def gradients_cleared_too_late(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).mean()
    loss.backward(inputs=list(generator.parameters()))
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="never moved", says="moved")
def gradient_for_the_critic_alone(generator, critic, optimizer, noise):
    loss = -critic(generator(noise).detach()).mean()
    optimizer.zero_grad()
    saved = [None if p.grad is None else p.grad.clone() for p in critic.parameters()]
    loss.backward()
    for p, grad in zip(critic.parameters(), saved, strict=True):
        p.grad = grad
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="left gradients", says="critic")
def detaches_as_the_critic_does(generator, critic, optimizer, noise):
    loss = only_the_generators_inputs(generator, critic, optimizer, noise)
    (-critic(generator(noise).detach()).mean()).backward()
    return loss


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="others moved", says="critic")
def moves_the_critic_too(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    torch.optim.SGD(critic.parameters(), lr=0.01).step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="others moved", says="critic")
def clips_the_critic_here(generator, critic, optimizer, noise):
    loss = only_the_generators_inputs(generator, critic, optimizer, noise)
    clamp_without_recording(critic, 0.01)
    return loss


@wrong("wgan_generator_step", caught_by="adam", diagnosis="never moved", says="has not moved")
def first_group_only(generator, critic, optimizer, noise):
    loss = -critic(generator(noise)).mean()
    optimizer.zero_grad()
    loss.backward(inputs=optimizer.param_groups[0]["params"])
    optimizer.step()
    return loss.item()


@wrong("wgan_generator_step", caught_by="adam", diagnosis="update")
def its_own_optimizer(generator, critic, optimizer, noise):
    return only_the_generators_inputs(generator, critic, torch.optim.SGD(generator.parameters(), lr=0.1), noise)


@wrong("wgan_generator_step", caught_by="optimizer_with_a_past", diagnosis="update")
def forgets_the_momentum(generator, critic, optimizer, noise):
    optimizer.state.clear()
    return only_the_generators_inputs(generator, critic, optimizer, noise)


@wrong("wgan_generator_step", caught_by="optimizer_with_a_past", diagnosis="argument", says="modified")
def decays_the_rate(generator, critic, optimizer, noise):
    loss = only_the_generators_inputs(generator, critic, optimizer, noise)
    optimizer.param_groups[0]["lr"] /= 2
    return loss


@wrong("wgan_generator_step", caught_by="frozen_layer", diagnosis="flags", says=".training")
def modes_of_a_training_loop(generator, critic, optimizer, noise):
    generator.train()
    critic.eval()
    return only_the_generators_inputs(generator, critic, optimizer, noise)


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="flags", says="requires_grad")
def leaves_the_critic_frozen(generator, critic, optimizer, noise):
    critic.requires_grad_(False)
    return only_the_generators_inputs(generator, critic, optimizer, noise)


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="random", says="random")
def fresh_noise(generator, critic, optimizer, noise):
    return only_the_generators_inputs(generator, critic, optimizer, torch.randn_like(noise))


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="raises")
def noise_straight_into_the_critic(generator, critic, optimizer, noise):
    return only_the_generators_inputs(nn.Identity(), critic, optimizer, noise)


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="number")
def loss_after_the_step(generator, critic, optimizer, noise):
    only_the_generators_inputs(generator, critic, optimizer, noise)
    return -critic(generator(noise)).mean().item()


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="type", says="None")
def forgets_to_return(generator, critic, optimizer, noise):
    only_the_generators_inputs(generator, critic, optimizer, noise)


@wrong("wgan_generator_step", caught_by="one_step", diagnosis="mistyped", says="NameError")
def z_instead_of_noise(generator, critic, optimizer, noise):
    return _generator_step(minus_mean)(generator, critic, optimizer, z)  # noqa: F821
