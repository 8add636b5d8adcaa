"""Answers to section 1. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import math
import warnings

import numpy as np
import torch
from sklearn.covariance import EmpiricalCovariance
from torch import distributions

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

# --- quantile_from_table ----------------------------------------------------------------------------------------------


@right("quantile_from_table")
def search_and_solve(grid, cdf, uniforms):
    right = torch.searchsorted(cdf, uniforms)
    left = right - 1
    share = (uniforms - cdf[left]) / (cdf[right] - cdf[left])
    return grid[left] + share * (grid[right] - grid[left])


@right("quantile_from_table")
def bucketize(grid, cdf, uniforms):
    k = torch.bucketize(uniforms.detach(), cdf.detach())
    return torch.lerp(grid[k - 1], grid[k], (uniforms - cdf[k - 1]) / (cdf[k] - cdf[k - 1]))


@right("quantile_from_table")
def counts_the_lower_entries(grid, cdf, uniforms):
    below = (cdf < uniforms[..., None]).sum(-1)
    x0, x1, f0, f1 = grid[below - 1], grid[below], cdf[below - 1], cdf[below]
    return (x0 * (f1 - uniforms) + x1 * (uniforms - f0)) / (f1 - f0)


@right("quantile_from_table")
def one_by_one(grid, cdf, uniforms):
    found = []
    for u in uniforms.reshape(-1):
        k = 1
        while cdf[k] < u:
            k += 1
        slope = (grid[k] - grid[k - 1]) / (cdf[k] - cdf[k - 1])
        found.append(grid[k] - slope * (cdf[k] - u))
    return torch.stack(found).reshape(uniforms.shape)


@right("quantile_from_table")
def first_that_reaches(grid, cdf, uniforms):
    flat = uniforms.flatten()
    reached = cdf[None, :] >= flat[:, None]
    k = reached.int().argmax(1)
    rise, run = cdf.diff()[k - 1], grid.diff()[k - 1]
    return (grid[k - 1] + (flat - cdf[k - 1]) * run / rise).view_as(uniforms)


@right("quantile_from_table")
def in_double_and_back(grid, cdf, uniforms):
    return search_and_solve(grid.double(), cdf.double(), uniforms.double()).to(grid.dtype)


@right("quantile_from_table")
def leaves_out_flat_pieces(grid, cdf, uniforms):
    pieces = [k for k in range(1, len(cdf)) if cdf[k] > cdf[k - 1]]
    x0, x1 = grid[[k - 1 for k in pieces]], grid[pieces]
    f0, f1 = cdf[[k - 1 for k in pieces]], cdf[pieces]
    here = torch.searchsorted(f1.detach(), uniforms.detach())
    return x1[here] + (uniforms - f1[here]) * (x1[here] - x0[here]) / (f1[here] - f0[here])


@wrong("quantile_from_table", caught_by="around_a_flat_piece", diagnosis="number")
def right_end_of_a_flat_piece(grid, cdf, uniforms):
    k = torch.searchsorted(cdf, uniforms, right=True).clamp(max=len(cdf) - 1)
    return grid[k - 1] + (uniforms - cdf[k - 1]) / (cdf[k] - cdf[k - 1]) * (grid[k] - grid[k - 1])


@wrong("quantile_from_table", caught_by="around_a_flat_piece", diagnosis="number")
def middle_of_a_flat_piece(grid, cdf, uniforms):
    low, high = torch.searchsorted(cdf, uniforms), torch.searchsorted(cdf, uniforms, right=True)
    middle = (grid[low] + grid[(high - 1).clamp(min=0)]) / 2
    return torch.where(high - low > 1, middle, search_and_solve(grid, cdf, uniforms))


@wrong("quantile_from_table", caught_by="two_entries", diagnosis="number")
def next_entry(grid, cdf, uniforms):
    return grid[torch.searchsorted(cdf, uniforms)] + 0 * uniforms


@wrong("quantile_from_table", caught_by="uneven_steps", diagnosis="number")
def entry_before(grid, cdf, uniforms):
    return grid[torch.searchsorted(cdf, uniforms) - 1] + 0 * uniforms


@wrong("quantile_from_table", caught_by="two_entries", diagnosis="number")
def share_turned_round(grid, cdf, uniforms):
    k = torch.searchsorted(cdf, uniforms)
    share = (uniforms - cdf[k - 1]) / (cdf[k] - cdf[k - 1])
    return grid[k] + share * (grid[k - 1] - grid[k])


@wrong("quantile_from_table", caught_by="uneven_steps", diagnosis="number")
def height_not_divided(grid, cdf, uniforms):
    k = torch.searchsorted(cdf, uniforms)
    return grid[k - 1] + (uniforms - cdf[k - 1]) * (grid[k] - grid[k - 1])


@wrong("quantile_from_table", caught_by="uneven_steps", diagnosis="number")
def straight_from_end_to_end(grid, cdf, uniforms):
    return grid[0] + uniforms * (grid[-1] - grid[0])


@wrong("quantile_from_table", caught_by="uneven_steps", diagnosis="number")
def takes_the_table_the_other_way(grid, cdf, uniforms):
    k = torch.searchsorted(grid, uniforms).clamp(1, len(grid) - 1)
    return cdf[k - 1] + (uniforms - grid[k - 1]) / (grid[k] - grid[k - 1]) * (cdf[k] - cdf[k - 1])


@wrong("quantile_from_table", caught_by="uneven_steps", diagnosis="number")
def even_steps_assumed(grid, cdf, uniforms):
    at = uniforms * (len(grid) - 1)
    k = at.detach().long().clamp(max=len(grid) - 2)
    return grid[k] + (at - k) * (grid[k + 1] - grid[k])


@wrong("quantile_from_table", caught_by="uneven_steps", diagnosis="number")
def one_entry_too_far(grid, cdf, uniforms):
    k = (torch.searchsorted(cdf, uniforms) + 1).clamp(max=len(cdf) - 1)
    return grid[k - 1] + (uniforms - cdf[k - 1]) / (cdf[k] - cdf[k - 1]) * (grid[k] - grid[k - 1])


@wrong("quantile_from_table", caught_by="uneven_steps", diagnosis="cut", says="no gradient flows")
def numpy_interp(grid, cdf, uniforms):
    found = np.interp(uniforms.detach().numpy(), cdf.detach().numpy(), grid.detach().numpy())
    return torch.as_tensor(found, dtype=grid.dtype)


@wrong("quantile_from_table", caught_by="uneven_steps", diagnosis="slope", says="gradient")
def share_taken_for_a_constant(grid, cdf, uniforms):
    k = torch.searchsorted(cdf, uniforms)
    share = ((uniforms - cdf[k - 1]) / (cdf[k] - cdf[k - 1])).detach()
    return grid[k - 1] + share * (grid[k] - grid[k - 1])


@wrong("quantile_from_table", caught_by="uneven_steps", diagnosis="slope", says="gradient")
def table_taken_for_constants(grid, cdf, uniforms):
    return search_and_solve(grid.detach(), cdf.detach(), uniforms)


@wrong("quantile_from_table", caught_by="a_matrix_of_uniforms", diagnosis="raises")
def only_for_vectors(grid, cdf, uniforms):
    k = torch.tensor([int((cdf < float(u)).sum()) for u in uniforms])
    return search_and_solve(grid, cdf, uniforms) + 0 * grid[k]


@wrong("quantile_from_table", caught_by="a_matrix_of_uniforms", diagnosis="shape", says="shape")
def flattens(grid, cdf, uniforms):
    return search_and_solve(grid, cdf, uniforms.flatten())


@wrong("quantile_from_table", caught_by="one_uniform", diagnosis="shape", says="shape")
def at_least_one_axis(grid, cdf, uniforms):
    return search_and_solve(grid, cdf, torch.atleast_1d(uniforms))


@wrong("quantile_from_table", caught_by="flat_at_both_ends", diagnosis="nan")
def every_piece_a_share(grid, cdf, uniforms):
    share = ((uniforms[..., None] - cdf[:-1]) / (cdf[1:] - cdf[:-1])).clamp(0, 1)
    return grid[0] + (share * grid.diff()).sum(-1)


@wrong("quantile_from_table", caught_by="steep_and_shallow", diagnosis="number")
def every_piece_a_share_kept_away_from_0(grid, cdf, uniforms):
    share = ((uniforms[..., None] - cdf[:-1]) / (cdf[1:] - cdf[:-1] + 1e-8)).clamp(0, 1)
    return grid[0] + (share * grid.diff()).sum(-1)


@wrong("quantile_from_table", caught_by="steep_and_shallow", diagnosis="number")
def clamps(grid, cdf, uniforms):
    return search_and_solve(grid, cdf, uniforms.clamp(1e-3, 1 - 1e-3))


@wrong("quantile_from_table", caught_by="steep_and_shallow", diagnosis="number")
def denominator_kept_away_from_0(grid, cdf, uniforms):
    k = torch.searchsorted(cdf, uniforms)
    share = (uniforms - cdf[k - 1]) / (cdf[k] - cdf[k - 1] + 1e-6)
    return grid[k - 1] + share * (grid[k] - grid[k - 1])


@wrong("quantile_from_table", caught_by="single_precision", diagnosis="dtype", says="dtype")
def in_double(grid, cdf, uniforms):
    return search_and_solve(grid.double(), cdf.double(), uniforms.double())


@wrong("quantile_from_table", caught_by="uneven_steps", diagnosis="random")
def draws_its_own(grid, cdf, uniforms):
    return search_and_solve(grid, cdf, torch.rand_like(uniforms))


@wrong("quantile_from_table", caught_by="uneven_steps", diagnosis="number")
def sorted_samples(grid, cdf, uniforms):
    return search_and_solve(grid, cdf, uniforms.flatten().sort().values.reshape(uniforms.shape))


bank.spoils(
    "quantile_from_table",
    r"searchsorted|bucketize|argmax|lerp|right ?=|\bk ?- ?1\b|u ?[−-] ?F|grid\["
    r"|(divide|over|divided by)[^.?]*(difference|rise|step)|left end|first entry"
    r"|smallest entry|entry before",
)


# --- metropolis_hastings ----------------------------------------------------------------------------------------------


@right("metropolis_hastings")
def append_and_stack(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        proposal = state + noise
        accept = bool(log_u < log_density(proposal) - log_density(state))
        state = proposal if accept else state
        chain.append(state)
        accepted.append(accept)
    return torch.stack(chain), torch.tensor(accepted)


@right("metropolis_hastings")
def fills_a_table(log_density, start, proposal_noise, log_uniforms):
    chain = torch.empty_like(proposal_noise)
    accepted = torch.zeros(len(proposal_noise), dtype=torch.bool)
    x, height = start.clone(), log_density(start)
    for t in range(len(proposal_noise)):
        candidate = x + proposal_noise[t]
        new_height = log_density(candidate)
        if log_uniforms[t] < new_height - height:
            x, height, accepted[t] = candidate, new_height, True
        chain[t] = x
    return chain, accepted


@right("metropolis_hastings")
def where_instead_of_if(log_density, start, proposal_noise, log_uniforms):
    x, rows, flags = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        flag = log_u < log_density(x + noise) - log_density(x)
        x = torch.where(flag, x + noise, x)
        rows.append(x[None])
        flags.append(flag.reshape(1))
    return torch.cat(rows), torch.cat(flags)


@right("metropolis_hastings")
def probability_of_acceptance(log_density, start, proposal_noise, log_uniforms):
    states, accepted = [start], []
    for noise, u in zip(proposal_noise, log_uniforms.exp(), strict=True):
        alpha = min(1.0, math.exp(min(0.0, float(log_density(states[-1] + noise) - log_density(states[-1])))))
        accepted.append(float(u) < alpha)
        states.append(states[-1] + noise if accepted[-1] else states[-1])
    return torch.stack(states[1:]), torch.as_tensor(accepted)


@right("metropolis_hastings")
def ratio_from_the_difference(log_density, start, proposal_noise, log_uniforms):
    uniforms = log_uniforms.exp()
    chain, accepted = torch.zeros_like(proposal_noise), torch.zeros(len(log_uniforms), dtype=torch.bool)
    x = start
    for t, u in enumerate(uniforms):
        proposal = x + proposal_noise[t]
        accepted[t] = u < torch.exp(log_density(proposal) - log_density(x))
        x = proposal if accepted[t] else x
        chain[t] = x
    return chain, accepted


@right("metropolis_hastings")
def sum_on_the_other_side(log_density, start, proposal_noise, log_uniforms):
    x, chain, accepted = start, [], []
    for step, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u + log_density(x) < log_density(step + x)))
        x = x + accepted[-1] * step
        chain.append(x)
    return torch.stack(chain), torch.tensor(accepted, dtype=torch.bool)


@right("metropolis_hastings")
def displacements_added_up(log_density, start, proposal_noise, log_uniforms):
    moved, rows, flags = torch.zeros_like(start), [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        gain = log_density(start + (moved + noise)) - log_density(start + moved)
        flags.append(gain > log_u)
        moved = moved + noise if flags[-1] else moved
        rows.append(moved)
    return start + torch.stack(rows), torch.stack(flags)


@right("metropolis_hastings")
def in_numpy(log_density, start, proposal_noise, log_uniforms):
    def height(x):
        return float(log_density(torch.as_tensor(x, dtype=start.dtype)))

    x, rows, flags = start.numpy().astype("float64"), [], []
    for noise, log_u in zip(proposal_noise.numpy(), log_uniforms.tolist(), strict=True):
        flags.append(log_u < min(0.0, height(x + noise) - height(x)))
        x = x + noise if flags[-1] else x
        rows.append(torch.as_tensor(x))
    return torch.stack(rows).to(start.dtype), torch.tensor(flags)


@wrong("metropolis_hastings", caught_by="many_rejections", diagnosis="shape")
def keeps_accepted_states_only(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u < log_density(state + noise) - log_density(state)))
        if accepted[-1]:
            state = state + noise
            chain.append(state)
    return torch.stack(chain) if chain else start[None], torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="many_rejections", diagnosis="number")
def writes_down_the_proposal(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        proposal = state + noise
        accepted.append(bool(log_u < log_density(proposal) - log_density(state)))
        state = proposal if accepted[-1] else state
        chain.append(proposal)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="one_step_on_level_ground", diagnosis="number")
def begins_at_the_origin(log_density, start, proposal_noise, log_uniforms):
    return append_and_stack(log_density, torch.zeros_like(start), proposal_noise, log_uniforms)


@wrong("metropolis_hastings", caught_by="one_step_on_level_ground", diagnosis="number")
def begins_at_the_first_noise(log_density, start, proposal_noise, log_uniforms):
    return append_and_stack(log_density, proposal_noise[0], proposal_noise, log_uniforms)


@wrong("metropolis_hastings", caught_by="tilted", diagnosis="number")
def compares_with_the_start(log_density, start, proposal_noise, log_uniforms):
    state, height, chain, accepted = start, log_density(start), [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u < log_density(state + noise) - height))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="tilted", diagnosis="number")
def proposes_from_the_start(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        proposal = start + noise
        accepted.append(bool(log_u < log_density(proposal) - log_density(state)))
        state = proposal if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="always_uphill", diagnosis="number")
def difference_reversed(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u < log_density(state) - log_density(state + noise)))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="tilted", diagnosis="number")
def only_uphill(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise in proposal_noise:
        accepted.append(bool(log_density(state + noise) > log_density(state)))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="many_rejections", diagnosis="number")
def log_u_against_the_ratio(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u < (log_density(state + noise) - log_density(state)).exp()))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="constant_of_a_thousand", diagnosis="number")
def ratio_of_densities(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u.exp() < log_density(state + noise).exp() / log_density(state).exp()))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="hard_walls", diagnosis="shape", says="shape")
def stumbles_over_walls(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        height = log_density(state + noise)
        if torch.isinf(height):
            continue
        accepted.append(bool(log_u < height - log_density(state)))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="one_dimension", diagnosis="shape", says="shape")
def squeezes(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return chain.squeeze(), accepted


@wrong("metropolis_hastings", caught_by="one_step_on_level_ground", diagnosis="shape")
def chain_with_the_start(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return torch.cat([start[None], chain]), accepted


@wrong("metropolis_hastings", caught_by="one_step_on_level_ground", diagnosis="number")
def states_before_the_step(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return torch.cat([start[None], chain])[:-1], accepted


@wrong("metropolis_hastings", caught_by="single_precision", diagnosis="dtype", says="dtype")
def python_floats(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return chain.double(), accepted


@wrong("metropolis_hastings", caught_by="single_precision", diagnosis="dtype", says="bool")
def accepted_as_numbers(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return chain, accepted.to(chain.dtype)


@wrong("metropolis_hastings", caught_by="tilted", diagnosis="shape")
def acceptance_rate_instead_of_flags(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return chain, accepted.double().mean()


@wrong("metropolis_hastings", caught_by="tilted", diagnosis="argument")
def walks_in_place(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        before = log_density(state)
        state += noise
        accepted.append(bool(log_u < log_density(state) - before))
        if not accepted[-1]:
            state -= noise
        chain.append(state.clone())
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="tilted", diagnosis="random")
def draws_its_own_uniforms(log_density, start, proposal_noise, log_uniforms):
    return append_and_stack(log_density, start, proposal_noise, torch.rand_like(log_uniforms).log())


@wrong("metropolis_hastings", caught_by="one_step_on_level_ground", diagnosis="number")
def first_row_is_the_start(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = torch.zeros_like(proposal_noise), torch.zeros(len(log_uniforms), dtype=torch.bool)
    chain[0] = start
    for t in range(1, len(log_uniforms)):
        proposal = chain[t - 1] + proposal_noise[t]
        accepted[t] = log_uniforms[t] < log_density(proposal) - log_density(chain[t - 1])
        chain[t] = proposal if accepted[t] else chain[t - 1]
    return chain, accepted


@wrong("metropolis_hastings", caught_by="tilted", diagnosis="ignores")
def logarithm_taken_twice(log_density, start, proposal_noise, log_uniforms):
    return append_and_stack(log_density, start, proposal_noise, torch.log(log_uniforms))


@wrong("metropolis_hastings", caught_by="many_rejections", diagnosis="number")
def height_of_the_last_proposal(log_density, start, proposal_noise, log_uniforms):
    state, height, chain, accepted = start, log_density(start), [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        new_height = log_density(state + noise)
        accepted.append(bool(log_u < new_height - height))
        height = new_height
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="always_uphill", diagnosis="number")
def accepts_above_the_ratio(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u > log_density(state + noise) - log_density(state)))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="tilted", diagnosis="number")
def ratio_of_the_logs(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u.exp() < log_density(state + noise) / log_density(state)))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="tilted", diagnosis="number")
def one_long_walk(log_density, start, proposal_noise, log_uniforms):
    path = torch.cat([start[None], start + proposal_noise.cumsum(0)])
    heights = torch.stack([log_density(x) for x in path])
    accepted = log_uniforms < heights.diff()
    return torch.where(accepted[:, None], path[1:], path[:-1]), accepted


@wrong("metropolis_hastings", caught_by="tilted", diagnosis="ignores")
def accepts_everything(log_density, start, proposal_noise, log_uniforms):
    return start + proposal_noise.cumsum(0), torch.ones(len(log_uniforms), dtype=torch.bool)


@wrong("metropolis_hastings", caught_by="tilted", diagnosis="number")
def one_state_many_times(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start.clone(), [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u < log_density(state + noise) - log_density(state)))
        if accepted[-1]:
            state += noise
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="constant_of_a_thousand", diagnosis="raises", says="ZeroDivisionError")
def ratio_of_python_floats(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        ratio = math.exp(log_density(state + noise)) / math.exp(log_density(state))
        accepted.append(math.exp(log_u) < ratio)
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="constant_of_a_thousand", diagnosis="number")
def ratio_with_a_floor(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        ratio = log_density(state + noise).exp() / (log_density(state).exp() + 1e-300)
        accepted.append(bool(log_u.exp() < ratio))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="hard_walls", diagnosis="number")
def walls_made_passable(log_density, start, proposal_noise, log_uniforms):
    return append_and_stack(lambda x: torch.nan_to_num(log_density(x), neginf=0.0), start, proposal_noise, log_uniforms)


@wrong("metropolis_hastings", caught_by="single_precision", diagnosis="type", says="list")
def list_of_booleans(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return chain, accepted.tolist()


@wrong("metropolis_hastings", caught_by="one_dimension", diagnosis="type", says="NumPy")
def arrays(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return chain.numpy(), accepted.numpy()


@wrong("metropolis_hastings", caught_by="single_precision", diagnosis="dtype", says="bool")
def accepted_as_zeros_and_ones(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return chain, torch.tensor([1 if a else 0 for a in accepted])


@wrong("metropolis_hastings", caught_by="one_dimension", diagnosis="dtype", says="dtype")
def buffer_of_the_default_type(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    rows = torch.zeros(chain.shape)
    rows[:] = chain
    return rows, accepted


@wrong("metropolis_hastings", caught_by="tilted", diagnosis="order", says="order")
def flags_first(log_density, start, proposal_noise, log_uniforms):
    return append_and_stack(log_density, start, proposal_noise, log_uniforms)[::-1]


@wrong("metropolis_hastings", caught_by="one_step_on_level_ground", diagnosis="type", says="2 values")
def chain_alone(log_density, start, proposal_noise, log_uniforms):
    return append_and_stack(log_density, start, proposal_noise, log_uniforms)[0]


bank.spoils(
    "metropolis_hastings",
    r"log[ _]?u\w*`? ?(<|≤|>|≥)|log[ _]?u\w*`? (with|against)\b|log f ?\(|log[ _]?u\w*`? (is |lies "
    r"|stands )?(less|smaller|lower|below|under|at most)"
    r"|\bif\b[^.?]*\blog[ _]?u\b[^.?]*(difference|log-?densit)"
    r"|(difference|minus|−|subtract\w*)[^.?]{0,60}(log-?_?densit|log f|height)"
    r"|(log-?_?densit\w*|log f|height)[^.?]{0,60}(minus|−|subtract|difference)"
    r"|\b(repeat|keep|append|write|writes|record|copy|store|add)s?\b[^.?]*\b(old|current|previous|last"
    r"|same) (state|row|one)"
    r"|\b(old|current|previous|last) (state|row|one)\b[^.?]*\b(again|repeated|written|appended|recorded|stays)"
    r"|state \+|(state|where it is) plus|add\w* the noise to",
)


# --- gaussian_mle -----------------------------------------------------------------------------------------------------


@right("gaussian_mle")
def centred_products(x):
    mean = x.mean(0)
    centred = x - mean
    return mean, centred.T @ centred / len(x)


@right("gaussian_mle")
def torch_cov(x):
    return x.mean(dim=0), torch.cov(x.T, correction=0).reshape(x.shape[1], x.shape[1])


@right("gaussian_mle")
def einsum(x):
    mu = torch.einsum("nd->d", x) / x.shape[0]
    return mu, torch.einsum("ni,nj->ij", x - mu, x - mu) / x.shape[0]


@right("gaussian_mle")
def sum_of_outer_products(x):
    n, d = x.shape
    mean, covariance = sum(x) / n, torch.zeros(d, d, dtype=x.dtype)
    for row in x:
        covariance += torch.outer(row - mean, row - mean) / n
    return mean, covariance


@right("gaussian_mle")
def numpy_cov(x):
    covariance = np.atleast_2d(np.cov(x.numpy(), rowvar=False, bias=True))
    return torch.from_numpy(x.numpy().mean(axis=0)), torch.from_numpy(covariance).to(x.dtype)


@right("gaussian_mle")
def scikit_learns_estimate(x):
    fitted = EmpiricalCovariance().fit(x.double().numpy())
    return tuple(torch.from_numpy(found).to(x.dtype) for found in (fitted.location_, fitted.covariance_))


@right("gaussian_mle")
def measured_from_the_first_row(x):
    y = x - x[0]
    shift = y.mean(0)
    return x[0] + shift, y.T @ y / len(x) - torch.outer(shift, shift)


@right("gaussian_mle")
def one_row_after_the_other(x):
    mean, scatter = torch.zeros_like(x[0]), torch.zeros(x.shape[1], x.shape[1], dtype=x.dtype)
    for k, row in enumerate(x, start=1):
        before = row - mean
        mean = mean + before / k
        scatter = scatter + torch.outer(before, row - mean)
    return mean, scatter / len(x)


@right("gaussian_mle")
def halves_of_squared_pairs(x):
    differences = x[:, None] - x[None]
    return x.mean(0), torch.einsum("abi,abj->ij", differences, differences) / (2 * len(x) ** 2)


@wrong("gaussian_mle", caught_by="few_samples", diagnosis="number")
def divides_by_n_minus_1(x):
    centred = x - x.mean(0)
    return x.mean(0), centred.T @ centred / max(len(x) - 1, 1)


@wrong("gaussian_mle", caught_by="one_sample", diagnosis="number")
def default_torch_cov(x):
    return x.mean(0), torch.cov(x.T).reshape(x.shape[1], x.shape[1])


@wrong("gaussian_mle", caught_by="one_column", diagnosis="shape", says="shape")
def torch_cov_of_one_column(x):
    return x.mean(0), torch.cov(x.T, correction=0)


@wrong("gaussian_mle", caught_by="more_columns_than_samples", diagnosis="shape")
def covariance_of_the_samples(x):
    centred = x - x.mean(0)
    return x.mean(0), centred @ centred.T / len(x)


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="number")
def variances_on_the_diagonal(x):
    return x.mean(0), torch.diag(x.var(0, correction=0))


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="shape", says="shape")
def variances_only(x):
    return x.mean(0), x.var(0, correction=0)


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="number")
def not_centred(x):
    return x.mean(0), x.T @ x / len(x)


@wrong("gaussian_mle", caught_by="far_from_the_origin", diagnosis="number")
def mean_of_squares(x):
    mean = x.mean(0)
    return mean, x.T @ x / len(x) - torch.outer(mean, mean)


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="number")
def one_mean_for_all(x):
    centred = x - x.mean()
    return x.mean().expand(x.shape[1]), centred.T @ centred / len(x)


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="number")
def correlations(x):
    z = (x - x.mean(0)) / x.std(0, correction=0)
    return x.mean(0), z.T @ z / len(x)


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="number")
def median_for_mean(x):
    centred = x - x.mean(0)
    return x.median(0).values, centred.T @ centred / len(x)


@wrong("gaussian_mle", caught_by="single_precision", diagnosis="dtype", says="dtype")
def in_double(x):
    mean, covariance = centred_products(x.double())
    return mean, covariance


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="type", says="tuple")
def covariance_alone(x):
    return centred_products(x)[1]


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="argument", says="modified")
def centres_the_callers_data(x):
    mean = x.mean(0)
    x -= mean
    return mean, x.T @ x / len(x)


@wrong("gaussian_mle", caught_by="few_samples", diagnosis="number")
def numpy_cov_as_it_comes(x):
    with warnings.catch_warnings(action="ignore"):
        covariance = np.atleast_2d(np.cov(x.numpy(), rowvar=False))
    return x.mean(0), torch.from_numpy(covariance).to(x.dtype)


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="number")
def summed_and_not_averaged(x):
    centred = x - x.mean(0)
    return x.mean(0), centred.T @ centred


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="number")
def divides_by_the_dimension(x):
    centred = x - x.mean(0)
    return x.mean(0), centred.T @ centred / x.shape[1]


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="number")
def averages_every_entry(x):
    centred = x - x.mean(0)
    return x.mean(0), (centred.T @ centred).mean() * torch.eye(x.shape[1], dtype=x.dtype)


@wrong("gaussian_mle", caught_by="more_columns_than_samples", diagnosis="shape", says="shape")
def torch_cov_of_the_rows(x):
    return x.mean(0), torch.cov(x, correction=0)


@wrong("gaussian_mle", caught_by="more_columns_than_samples", diagnosis="shape", says="shape")
def mean_of_each_row(x):
    centred = x - x.mean(1, keepdim=True)
    return x.mean(1), centred.T @ centred / len(x)


@wrong("gaussian_mle", caught_by="one_column", diagnosis="shape", says="shape")
def mean_as_a_row(x):
    mean = x.mean(0, keepdim=True)
    return mean, (x - mean).T @ (x - mean) / len(x)


@wrong("gaussian_mle", caught_by="one_sample", diagnosis="number")
def jitter_on_the_diagonal(x):
    mean, covariance = centred_products(x)
    return mean, covariance + 1e-5 * torch.eye(x.shape[1], dtype=x.dtype)


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="number")
def shrunk(x):
    mean, covariance = centred_products(x)
    spread = covariance.trace() / len(covariance) * torch.eye(len(covariance), dtype=x.dtype)
    return mean, 0.9 * covariance + 0.1 * spread


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="number")
def lower_triangle(x):
    mean, covariance = centred_products(x)
    return mean, covariance.tril()


@wrong("gaussian_mle", caught_by="far_from_the_origin", diagnosis="number")
def second_moment_minus_products(x):
    mean = x.sum(0) / len(x)
    second = torch.einsum("ni,nj->ij", x, x) / len(x)
    return mean, second - mean[:, None] * mean[None, :]


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="order", says="order")
def covariance_first(x):
    return centred_products(x)[::-1]


@wrong("gaussian_mle", caught_by="three_columns", diagnosis="type", says="tuple")
def one_distribution_for_each_column(x):
    return distributions.Normal(x.mean(0), x.std(0, correction=0), validate_args=False)


@wrong("gaussian_mle", caught_by="one_column", diagnosis="type", says="NumPy")
def arrays(x):
    return tuple(found.numpy() for found in centred_products(x))


bank.spoils(
    "gaussian_mle",
    r"\.T\b|transpos|outer products?|(?<!1)/ ?(n|len)\b|einsum|\.cov\(|correction=|bias="
    r"|\b(subtract|remove|centre|center|take)\b[^.?]*\b(mean|average|middle)\b"
    r"|\b(mean|average|middle)\b[^.?]*\b(subtract|remove|taken (away|off))"
    r"|products? of (the |two )?(centred|deviation|difference)|\bcentred\b[^.?]*(product|multipl)",
)


# --- kde_log_density --------------------------------------------------------------------------------------------------


@right("kde_log_density")
def log_sum_exp(query, data, bandwidth):
    d = data.shape[1]
    squares = ((query[:, None] - data[None]) ** 2).sum(-1)
    constant = math.log(len(data)) + d / 2 * math.log(2 * math.pi * bandwidth**2)
    return torch.logsumexp(-squares / (2 * bandwidth**2), dim=1) - constant


@right("kde_log_density")
def distances(query, data, bandwidth):
    n, d = data.shape
    lengths = torch.cdist(query, data, compute_mode="donot_use_mm_for_euclid_dist")
    kernels = -0.5 * (lengths / bandwidth).square() - d * math.log(bandwidth)
    return kernels.logsumexp(1) - 0.5 * d * math.log(2 * math.pi) - math.log(n)


@right("kde_log_density")
def mixture_distribution(query, data, bandwidth):
    weights = distributions.Categorical(torch.ones(len(data), dtype=data.dtype))
    kernels = distributions.Independent(distributions.Normal(data, bandwidth), 1)
    return distributions.MixtureSameFamily(weights, kernels).log_prob(query)


@right("kde_log_density")
def one_query_at_a_time(query, data, bandwidth):
    kernel = distributions.MultivariateNormal(
        torch.zeros_like(data[0]), bandwidth**2 * torch.eye(data.shape[1], dtype=data.dtype)
    )
    return torch.stack([kernel.log_prob(x - data).logsumexp(0) for x in query]) - math.log(len(data))


@right("kde_log_density")
def largest_taken_out_by_hand(query, data, bandwidth):
    logs = distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1)
    top = logs.max(dim=1, keepdim=True).values
    return top[:, 0] + (logs - top).exp().mean(1).log()


@right("kde_log_density")
def lengths_without_products(query, data, bandwidth):
    n, d = data.shape
    r = torch.cdist(query, data, compute_mode="donot_use_mm_for_euclid_dist")
    logs = -r.pow(2) / (2 * bandwidth**2) - d * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return torch.logsumexp(logs - math.log(n), dim=-1)


@right("kde_log_density")
def scaled_first(query, data, bandwidth):
    a, b = query / bandwidth, data / bandwidth
    exponents = -0.5 * (a[:, None, :] - b[None, :, :]).pow(2).sum(dim=2)
    volume = data.shape[1] * math.log(bandwidth) + 0.5 * data.shape[1] * math.log(2 * math.pi)
    return exponents.logsumexp(dim=1) - volume - math.log(data.shape[0])


@right("kde_log_density")
def in_double_and_back_again(query, data, bandwidth):
    return log_sum_exp(query.double(), data.double(), bandwidth).to(data.dtype)


@right("kde_log_density")
def one_kernel_after_the_other(query, data, bandwidth):
    total = torch.full_like(query[:, 0], -torch.inf)
    for x in data:
        squares = ((query - x) / bandwidth).square().sum(1)
        total = torch.logaddexp(total, -squares / 2) if bool(total.isfinite().any()) else -squares / 2
    return total - math.log(len(data)) - data.shape[1] * math.log(bandwidth * math.sqrt(2 * math.pi))


@right("kde_log_density")
def bandwidth_made_a_tensor(query, data, bandwidth):
    h = torch.tensor(bandwidth)
    squares = ((query[:, None] - data) ** 2).sum(-1)
    constant = math.log(len(data)) + data.shape[1] * (torch.log(h) + 0.5 * math.log(2 * math.pi))
    return torch.logsumexp(-squares / (2 * h**2), dim=1) - constant


@wrong("kde_log_density", caught_by="far_from_the_data", diagnosis="nan", says="infinite")
def log_of_the_mean(query, data, bandwidth):
    d = data.shape[1]
    squares = ((query[:, None] - data) ** 2).sum(-1)
    kernels = torch.exp(-squares / (2 * bandwidth**2)).mean(1)
    return torch.log(kernels) - d / 2 * math.log(2 * math.pi * bandwidth**2)


@wrong("kde_log_density", caught_by="far_from_the_data", diagnosis="number")
def log_of_the_mean_plus_a_little(query, data, bandwidth):
    d = data.shape[1]
    squares = ((query[:, None] - data) ** 2).sum(-1)
    kernels = torch.exp(-squares / (2 * bandwidth**2)).mean(1)
    return torch.log(kernels + 1e-30) - d / 2 * math.log(2 * math.pi * bandwidth**2)


@wrong("kde_log_density", caught_by="many_dimensions", diagnosis="nan")
def divides_by_the_constant(query, data, bandwidth):
    d = data.shape[1]
    squares = ((query[:, None] - data) ** 2).sum(-1)
    constant = torch.tensor(2 * math.pi * bandwidth**2, dtype=data.dtype) ** (d / 2)
    return torch.logsumexp(-squares / (2 * bandwidth**2), 1) - torch.log(len(data) * constant)


@wrong("kde_log_density", caught_by="far_from_the_data", diagnosis="nan")
def mean_exponent_taken_out(query, data, bandwidth):
    logs = distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1)
    middle = logs.mean().detach()
    return (logs - middle).exp().mean(1).log() + middle


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="number")
def mean_of_the_logs(query, data, bandwidth):
    return distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1).mean(1)


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="number")
def without_1_over_n(query, data, bandwidth):
    return distances(query, data, bandwidth) + math.log(len(data))


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="number")
def constant_of_one_dimension(query, data, bandwidth):
    squares = ((query[:, None] - data) ** 2).sum(-1)
    constant = math.log(len(data)) + 0.5 * math.log(2 * math.pi * bandwidth**2)
    return torch.logsumexp(-squares / (2 * bandwidth**2), 1) - constant


@wrong("kde_log_density", caught_by="on_the_line", diagnosis="number")
def bandwidth_as_variance(query, data, bandwidth):
    return distances(query, data, math.sqrt(bandwidth))


@wrong("kde_log_density", caught_by="on_the_line", diagnosis="number")
def bandwidth_forgotten_in_the_constant(query, data, bandwidth):
    squares = ((query[:, None] - data) ** 2).sum(-1)
    constant = math.log(len(data)) + data.shape[1] / 2 * math.log(2 * math.pi)
    return torch.logsumexp(-squares / (2 * bandwidth**2), 1) - constant


@wrong("kde_log_density", caught_by="more_queries_than_data", diagnosis="shape", says="shape")
def sums_over_the_queries(query, data, bandwidth):
    logs = distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1)
    return logs.logsumexp(0) - math.log(len(query))


@wrong("kde_log_density", caught_by="more_queries_than_data", diagnosis="raises", says="RuntimeError")
def pairs_in_order(query, data, bandwidth):
    squares = ((query - data) ** 2).sum(-1, keepdim=True)
    return torch.logsumexp(-squares / (2 * bandwidth**2), 1) - math.log(2 * math.pi * bandwidth**2)


@wrong("kde_log_density", caught_by="one_kernel", diagnosis="shape", says="shape")
def squeezed_away(query, data, bandwidth):
    return distances(query, data, bandwidth).squeeze()


@wrong("kde_log_density", caught_by="single_precision", diagnosis="dtype", says="dtype")
def returns_double(query, data, bandwidth):
    return distances(query.double(), data.double(), bandwidth)


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="number")
def density_not_log(query, data, bandwidth):
    return distances(query, data, bandwidth).exp()


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="cut", says="no gradient flows")
def through_numpy(query, data, bandwidth):
    from sklearn.neighbors import KernelDensity

    fitted = KernelDensity(bandwidth=bandwidth).fit(data.detach().numpy())
    return torch.tensor(fitted.score_samples(query.detach().numpy()), dtype=data.dtype)


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="number")
def half_missing_in_the_exponent(query, data, bandwidth):
    squares = ((query[:, None] - data) ** 2).sum(-1)
    constant = math.log(len(data)) + data.shape[1] / 2 * math.log(2 * math.pi * bandwidth**2)
    return torch.logsumexp(-squares / bandwidth**2, 1) - constant


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="number")
def distance_not_squared(query, data, bandwidth):
    constant = math.log(len(data)) + data.shape[1] / 2 * math.log(2 * math.pi * bandwidth**2)
    return torch.logsumexp(-torch.cdist(query, data) / (2 * bandwidth**2), 1) - constant


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="number")
def averaged_over_the_coordinates(query, data, bandwidth):
    logs = distributions.Normal(data, bandwidth).log_prob(query[:, None]).mean(-1)
    return logs.logsumexp(1) - math.log(len(data))


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="number")
def constant_forgotten(query, data, bandwidth):
    squares = ((query[:, None] - data) ** 2).sum(-1)
    return torch.logsumexp(-squares / (2 * bandwidth**2), 1) - math.log(len(data))


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="number")
def constant_added(query, data, bandwidth):
    squares = ((query[:, None] - data) ** 2).sum(-1)
    constant = data.shape[1] / 2 * math.log(2 * math.pi * bandwidth**2)
    return torch.logsumexp(-squares / (2 * bandwidth**2), 1) - math.log(len(data)) + constant


@wrong("kde_log_density", caught_by="on_the_line", diagnosis="number")
def bandwidth_once_in_the_plane(query, data, bandwidth):
    squares = ((query[:, None] - data) ** 2).sum(-1)
    constant = math.log(len(data)) + math.log(bandwidth) + data.shape[1] / 2 * math.log(2 * math.pi)
    return torch.logsumexp(-squares / (2 * bandwidth), 1) - constant


@wrong("kde_log_density", caught_by="more_queries_than_data", diagnosis="number")
def divides_by_the_queries(query, data, bandwidth):
    return distances(query, data, bandwidth) + math.log(len(data)) - math.log(len(query))


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="shape", says="shape")
def softmax_for_sum(query, data, bandwidth):
    return distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1).log_softmax(1)


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="shape", says="shape")
def one_number_for_all_queries(query, data, bandwidth):
    return distances(query, data, bandwidth).mean()


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="shape", says="shape")
def column_of_densities(query, data, bandwidth):
    return distances(query, data, bandwidth)[:, None]


@wrong("kde_log_density", caught_by="far_from_the_data", diagnosis="number")
def exponents_bounded(query, data, bandwidth):
    d = data.shape[1]
    squares = ((query[:, None] - data) ** 2).sum(-1)
    kernels = torch.exp((-squares / (2 * bandwidth**2)).clamp(min=-80)).mean(1)
    return torch.log(kernels) - d / 2 * math.log(2 * math.pi * bandwidth**2)


@wrong("kde_log_density", caught_by="far_from_the_data", diagnosis="number")
def density_bounded(query, data, bandwidth):
    logs = distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1)
    return logs.exp().mean(1).clamp(min=1e-30).log()


@wrong("kde_log_density", caught_by="far_from_the_data", diagnosis="nan", says="infinite")
def log_of_the_mean_in_double(query, data, bandwidth):
    return log_of_the_mean(query.double(), data.double(), bandwidth).to(data.dtype)


@wrong("kde_log_density", caught_by="far_from_the_data", diagnosis="nan", says="infinite")
def one_maximum_for_all_queries(query, data, bandwidth):
    logs = distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1)
    return (logs - logs.max()).exp().mean(1).log() + logs.max()


@wrong("kde_log_density", caught_by="in_the_plane", diagnosis="number")
def maximum_not_put_back(query, data, bandwidth):
    logs = distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1)
    return (logs - logs.max(dim=1, keepdim=True).values).exp().mean(1).log()


@wrong("kde_log_density", caught_by="more_dimensions_than_a_double_holds", diagnosis="raises", says="Error")
def constant_as_a_python_number(query, data, bandwidth):
    squares = ((query[:, None] - data) ** 2).sum(-1)
    constant = (2 * math.pi * bandwidth**2) ** (data.shape[1] / 2)
    return torch.logsumexp(-squares / (2 * bandwidth**2), 1) - math.log(len(data) * constant)


@wrong("kde_log_density", caught_by="more_dimensions_than_a_double_holds", diagnosis="nan", says="infinite")
def constant_in_double(query, data, bandwidth):
    squares = ((query[:, None] - data) ** 2).sum(-1)
    root = torch.tensor(2 * math.pi, dtype=torch.float64).sqrt() * bandwidth
    constant = torch.log(len(data) * root ** data.shape[1])
    return torch.logsumexp(-squares / (2 * bandwidth**2), 1) - constant.to(data.dtype)


@wrong("kde_log_density", caught_by="many_dimensions", diagnosis="nan", says="infinite")
def determinant_of_the_covariance(query, data, bandwidth):
    covariance = bandwidth**2 * torch.eye(data.shape[1], dtype=data.dtype)
    shift = query[:, None] - data
    squares = torch.einsum("mni,ij,mnj->mn", shift, covariance.inverse(), shift)
    constant = 0.5 * torch.log(torch.linalg.det(2 * math.pi * covariance))
    return torch.logsumexp(-squares / 2, 1) - constant - math.log(len(data))


@wrong("kde_log_density", caught_by="far_from_the_data", diagnosis="cut", says="gradient")
def largest_kernel_taken_for_a_constant(query, data, bandwidth):
    logs = distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1)
    top = logs.detach().max(dim=1, keepdim=True).values
    return top[:, 0] + (logs.detach() - top).exp().mean(1).log() + 0 * logs.sum(1)


@wrong("kde_log_density", caught_by="far_from_the_data", diagnosis="slope", says="gradient")
def data_taken_for_constants(query, data, bandwidth):
    return log_sum_exp(query, data.detach(), bandwidth)


@wrong("kde_log_density", caught_by="far_from_the_origin", diagnosis="number")
def squares_multiplied_out(query, data, bandwidth):
    squares = query.square().sum(1)[:, None] + data.square().sum(1) - 2 * query @ data.T
    constant = math.log(len(data)) + data.shape[1] / 2 * math.log(2 * math.pi * bandwidth**2)
    return torch.logsumexp(-squares / (2 * bandwidth**2), dim=1) - constant


@wrong("kde_log_density", caught_by="far_from_the_origin", diagnosis="number")
def distances_by_matrix_product(query, data, bandwidth):
    lengths = torch.cdist(query, data, compute_mode="use_mm_for_euclid_dist")
    constant = math.log(len(data)) + data.shape[1] / 2 * math.log(2 * math.pi * bandwidth**2)
    return torch.logsumexp(-0.5 * (lengths / bandwidth).square(), dim=1) - constant


@wrong("kde_log_density", caught_by="many_points_far_from_the_origin", diagnosis="number")
def distances_as_they_come(query, data, bandwidth):
    n, d = data.shape
    kernels = -0.5 * (torch.cdist(query, data) / bandwidth).square() - d * math.log(bandwidth)
    return kernels.logsumexp(1) - 0.5 * d * math.log(2 * math.pi) - math.log(n)


@wrong("kde_log_density", caught_by="far_from_the_data", diagnosis="nan slope", says="nan")
def softmax_weights_and_entropy(query, data, bandwidth):
    logs = distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1)
    weights = logs.softmax(1)
    return (weights * logs).sum(1) - torch.special.xlogy(weights, weights).sum(1) - math.log(len(data))


@wrong("kde_log_density", caught_by="at_a_data_point", diagnosis="nan slope", says="nan")
def root_squared(query, data, bandwidth):
    d = data.shape[1]
    lengths = ((query[:, None] - data) ** 2).sum(-1).sqrt()
    constant = math.log(len(data)) + d / 2 * math.log(2 * math.pi * bandwidth**2)
    return torch.logsumexp(-(lengths**2) / (2 * bandwidth**2), dim=1) - constant


@wrong("kde_log_density", caught_by="at_a_data_point", diagnosis="number")
def own_kernel_left_out(query, data, bandwidth):
    logs = distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1)
    same = (query[:, None] == data).all(-1)
    return logs.masked_fill(same, -torch.inf).logsumexp(1) - math.log(len(data))


bank.spoils(
    "kde_log_density",
    r"logsumexp|logaddexp|cdist|\.mean\(|log\(?2 ?π|2 ?\*? ?(π|pi|math\.pi)\b|\b[dn] ?[·*/] ?(log|2)|½ ?d"
    r"|\bd ?log|log n\b"
    r"|bandwidth ?(²|\*\* ?2|squared)|square of the bandwidth|h²"
    r"|(subtract|minus|−|take (off|away))[^.?]*\b(log|logarithm)s?\b|\blog\w* of (n|the number)"
    r"|(largest|biggest|maximum)[^.?]*(out|subtract|off|first)|half (of )?the squared",
)


# --- leave_one_out_log_likelihood -------------------------------------------------------------------------------------


def kernels_between(data, bandwidth):
    """Logarithms of all kernels at all points, (n, n)."""
    squares = (data[:, None] - data).square().sum(-1)
    return -squares / (2 * bandwidth**2) - data.shape[1] * math.log(bandwidth * math.sqrt(2 * math.pi))


def own(data):
    return torch.eye(len(data), dtype=torch.bool)


@right("leave_one_out_log_likelihood")
def diagonal_filled(data, bandwidth):
    logs = kernels_between(data, bandwidth).masked_fill(own(data), -math.inf)
    return torch.logsumexp(logs, dim=1).mean() - math.log(len(data) - 1)


@right("leave_one_out_log_likelihood")
def estimate_of_the_others(data, bandwidth):
    total = 0.0
    for i in range(len(data)):
        others = torch.cat([data[:i], data[i + 1 :]])
        total = total + kde_log_density(data[i][None], others, bandwidth)[0]  # noqa: F821
    return total / len(data)


@right("leave_one_out_log_likelihood")
def chosen_by_a_mask(data, bandwidth):
    n = len(data)
    rows = [kde_log_density(data[i : i + 1], data[torch.arange(n) != i], bandwidth) for i in range(n)]  # noqa: F821
    return torch.stack(rows).mean()


@right("leave_one_out_log_likelihood")
def off_diagonal_table(data, bandwidth):
    n = len(data)
    logs = kernels_between(data, bandwidth)[~own(data)].reshape(n, n - 1)
    top = logs.max(dim=1, keepdim=True).values.detach()
    return (top[:, 0] + (logs - top).exp().mean(1).log()).mean()


@right("leave_one_out_log_likelihood")
def a_density_for_each_point(data, bandwidth):
    n, found = len(data), []
    for i in range(n):
        rest = data[[j for j in range(n) if j != i]]
        found.append(distributions.Normal(rest, bandwidth).log_prob(data[i]).sum(-1).logsumexp(0))
    return sum(found) / n - math.log(n - 1)


@right("leave_one_out_log_likelihood")
def distances_without_products(data, bandwidth):
    n, d = data.shape
    r = torch.cdist(data / bandwidth, data / bandwidth, compute_mode="donot_use_mm_for_euclid_dist")
    logs = torch.where(own(data), -math.inf, -0.5 * r**2)
    return (logs.logsumexp(1) - math.log(n - 1)).mean() - d * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))


@right("leave_one_out_log_likelihood")
def in_double_and_back_again(data, bandwidth):
    return diagonal_filled(data.double(), bandwidth).to(data.dtype)


@right("leave_one_out_log_likelihood")
def very_negative_diagonal(data, bandwidth):
    logs = kernels_between(data, bandwidth) - 1e30 * own(data).to(data.dtype)
    return logs.logsumexp(1).mean() - math.log(len(data) - 1)


@wrong("leave_one_out_log_likelihood", caught_by="two_points", diagnosis="number")
def vouches_for_itself(data, bandwidth):
    return (kernels_between(data, bandwidth).logsumexp(1) - math.log(len(data))).mean()


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="number")
def likelihood_of_the_same_data(data, bandwidth):
    return kde_log_density(data, data, bandwidth).mean()  # noqa: F821


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="number")
def divides_by_n(data, bandwidth):
    logs = kernels_between(data, bandwidth).masked_fill(own(data), -math.inf)
    return torch.logsumexp(logs, dim=1).mean() - math.log(len(data))


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="number")
def divides_by_nothing(data, bandwidth):
    logs = kernels_between(data, bandwidth).masked_fill(own(data), -math.inf)
    return torch.logsumexp(logs, dim=1).mean()


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="number")
def summed_and_not_averaged(data, bandwidth):
    return diagonal_filled(data, bandwidth) * len(data)


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="shape", says="shape")
def one_number_for_each_point(data, bandwidth):
    logs = kernels_between(data, bandwidth).masked_fill(own(data), -math.inf)
    return torch.logsumexp(logs, dim=1) - math.log(len(data) - 1)


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="sign")
def a_loss(data, bandwidth):
    return -diagonal_filled(data, bandwidth)


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="number")
def logarithm_of_the_mean_density(data, bandwidth):
    logs = kernels_between(data, bandwidth).masked_fill(own(data), -math.inf)
    n = len(data)
    return torch.logsumexp(logs.flatten(), 0) - math.log(n * (n - 1))


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="number")
def mean_of_the_kernels_logarithms(data, bandwidth):
    return kernels_between(data, bandwidth)[~own(data)].mean()


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="number")
def own_exponent_set_to_0(data, bandwidth):
    squares = (data[:, None] - data).square().sum(-1)
    exponents = (-squares / (2 * bandwidth**2)).masked_fill(own(data), 0.0)
    n, d = data.shape
    return exponents.logsumexp(1).mean() - math.log(n - 1) - d * math.log(bandwidth * math.sqrt(2 * math.pi))


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="number")
def next_point_only(data, bandwidth):
    n, d = data.shape
    squares = (data - data.roll(1, 0)).square().sum(-1)
    return (-squares / (2 * bandwidth**2)).mean() - d * math.log(bandwidth * math.sqrt(2 * math.pi))


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="number")
def halves(data, bandwidth):
    half = len(data) // 2
    first, second = data[:half], data[half:]
    squares = (second[:, None] - first).square().sum(-1)
    constant = math.log(half) + data.shape[1] * math.log(bandwidth * math.sqrt(2 * math.pi))
    return (-squares / (2 * bandwidth**2)).logsumexp(1).mean() - constant


@wrong("leave_one_out_log_likelihood", caught_by="on_the_line", diagnosis="number")
def bandwidth_as_variance(data, bandwidth):
    return diagonal_filled(data, math.sqrt(bandwidth))


@wrong("leave_one_out_log_likelihood", caught_by="on_the_line", diagnosis="number")
def constant_of_the_plane(data, bandwidth):
    squares = (data[:, None] - data).square().sum(-1)
    logs = (-squares / (2 * bandwidth**2)).masked_fill(own(data), -math.inf)
    return logs.logsumexp(1).mean() - math.log((len(data) - 1) * 2 * math.pi * bandwidth**2)


@wrong("leave_one_out_log_likelihood", caught_by="a_point_occurs_twice", diagnosis="number")
def leaves_out_equal_points(data, bandwidth):
    same = (data[:, None] == data).all(-1)
    logs = kernels_between(data, bandwidth).masked_fill(same, -math.inf)
    return (logs.logsumexp(1) - math.log(len(data) - 1)).mean()


@wrong("leave_one_out_log_likelihood", caught_by="a_point_occurs_twice", diagnosis="nan slope", says="nan")
def root_squared(data, bandwidth):
    n, d = data.shape
    between = (data[:, None] - data)[~own(data)].reshape(n, n - 1, d)
    lengths = between.square().sum(-1).sqrt()
    constant = math.log(n - 1) + d * math.log(bandwidth * math.sqrt(2 * math.pi))
    return (-(lengths**2) / (2 * bandwidth**2)).logsumexp(1).mean() - constant


@wrong("leave_one_out_log_likelihood", caught_by="an_outlier", diagnosis="nan", says="infinite")
def own_kernel_subtracted(data, bandwidth):
    logs = kernels_between(data, bandwidth)
    others = logs.exp().sum(1) - logs.diagonal().exp()
    return others.log().mean() - math.log(len(data) - 1)


@wrong("leave_one_out_log_likelihood", caught_by="an_outlier", diagnosis="nan", says="infinite")
def own_kernel_weighted_0(data, bandwidth):
    kernels = kernels_between(data, bandwidth).exp() * (~own(data))
    return (kernels.sum(1) / (len(data) - 1)).log().mean()


@wrong("leave_one_out_log_likelihood", caught_by="an_outlier", diagnosis="number")
def bounded_below(data, bandwidth):
    kernels = kernels_between(data, bandwidth).exp() * (~own(data))
    return (kernels.sum(1) / (len(data) - 1) + 1e-300).log().mean()


@wrong("leave_one_out_log_likelihood", caught_by="an_outlier", diagnosis="number")
def diagonal_not_negative_enough(data, bandwidth):
    logs = kernels_between(data, bandwidth).masked_fill(own(data), -1000.0)
    return torch.logsumexp(logs, dim=1).mean() - math.log(len(data) - 1)


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="nan", says="nan")
def infinity_times_0(data, bandwidth):
    logs = kernels_between(data, bandwidth) - math.inf * own(data).to(data.dtype)
    return logs.logsumexp(1).mean() - math.log(len(data) - 1)


@wrong("leave_one_out_log_likelihood", caught_by="many_dimensions", diagnosis="raises", says="Error")
def constant_as_a_python_number(data, bandwidth):
    n, d = data.shape
    squares = (data[:, None] - data).square().sum(-1)
    logs = (-squares / (2 * bandwidth**2)).masked_fill(own(data), -math.inf)
    return logs.logsumexp(1).mean() - math.log((n - 1) * (2 * math.pi * bandwidth**2) ** (d / 2))


@wrong("leave_one_out_log_likelihood", caught_by="many_points_far_from_the_origin", diagnosis="number")
def distances_as_they_come(data, bandwidth):
    n, d = data.shape
    logs = -0.5 * (torch.cdist(data, data) / bandwidth).square().masked_fill(own(data), math.inf)
    return logs.logsumexp(1).mean() - math.log(n - 1) - d * math.log(bandwidth * math.sqrt(2 * math.pi))


@wrong("leave_one_out_log_likelihood", caught_by="single_precision", diagnosis="dtype", says="dtype")
def in_double(data, bandwidth):
    return diagonal_filled(data.double(), bandwidth)


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="cut", says="no gradient flows")
def python_number(data, bandwidth):
    return torch.tensor(diagonal_filled(data, bandwidth).item(), dtype=data.dtype)


@wrong("leave_one_out_log_likelihood", caught_by="in_the_plane", diagnosis="slope", says="gradient")
def others_taken_for_constants(data, bandwidth):
    n, d = data.shape
    squares = (data[:, None] - data.detach()).square().sum(-1)
    logs = (-squares / (2 * bandwidth**2)).masked_fill(own(data), -math.inf)
    return logs.logsumexp(1).mean() - math.log(n - 1) - d * math.log(bandwidth * math.sqrt(2 * math.pi))


bank.spoils(
    "leave_one_out_log_likelihood",
    r"logsumexp|masked_fill|diagonal|eye\(|inf\b|\bn ?[-−] ?1\b|torch\.cat|donot"
    r"|divide[^.?]*\b(five|others|n)\b|(other|its) five kernels? (are|divided)",
)
