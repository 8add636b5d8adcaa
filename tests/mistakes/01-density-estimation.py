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

# --- inverse_transform_sample -----------------------------------------------------------------------------------------


@right("inverse_transform_sample")
def call_it(quantile, uniforms):
    return quantile(uniforms)


@right("inverse_transform_sample")
def one_at_a_time(quantile, uniforms):
    return torch.stack([quantile(u) for u in uniforms.reshape(-1)]).reshape(uniforms.shape)


@right("inverse_transform_sample")
def flat_and_back(quantile, uniforms):
    return quantile(uniforms.flatten()).view_as(uniforms)


@right("inverse_transform_sample")
def on_a_copy(quantile, uniforms):
    u = uniforms.clone()
    x = quantile(u)
    return x


@right("inverse_transform_sample")
def in_double_and_back(quantile, uniforms):
    return quantile(uniforms.double()).to(uniforms.dtype)


@right("inverse_transform_sample")
def from_the_logits(quantile, uniforms):
    return quantile(torch.sigmoid(torch.logit(uniforms)))


@right("inverse_transform_sample")
def exp_of_the_log(quantile, uniforms):
    return quantile(uniforms.log().exp())


@wrong("inverse_transform_sample", caught_by="exponential", diagnosis="number")
def mirrored(quantile, uniforms):
    return quantile(1 - uniforms)


@wrong("inverse_transform_sample", caught_by="exponential", diagnosis="number")
def uniforms_themselves(quantile, uniforms):
    return uniforms


@wrong("inverse_transform_sample", caught_by="exponential", diagnosis="random")
def draws_its_own(quantile, uniforms):
    return quantile(torch.rand_like(uniforms))


@wrong("inverse_transform_sample", caught_by="exponential", diagnosis="cut", says="no gradient flows")
def detached(quantile, uniforms):
    return quantile(uniforms.detach())


@wrong("inverse_transform_sample", caught_by="exponential", diagnosis="number")
def sorted_samples(quantile, uniforms):
    return quantile(uniforms.sort().values) if uniforms.dim() else quantile(uniforms)


@wrong("inverse_transform_sample", caught_by="a_table_of_uniforms", diagnosis="shape", says="shape")
def flattens(quantile, uniforms):
    return quantile(uniforms.flatten())


@wrong("inverse_transform_sample", caught_by="one_uniform", diagnosis="raises")
def loops_over_the_first_axis(quantile, uniforms):
    return torch.stack([quantile(u) for u in uniforms])


@wrong("inverse_transform_sample", caught_by="far_tails", diagnosis="number")
def clamps(quantile, uniforms):
    return quantile(uniforms.clamp(1e-6, 1 - 1e-6))


@wrong("inverse_transform_sample", caught_by="far_tails", diagnosis="nan")
def through_float32(quantile, uniforms):
    return quantile(uniforms.float()).to(uniforms.dtype)


@wrong("inverse_transform_sample", caught_by="a_die", diagnosis="number")
def slope_instead_of_value(quantile, uniforms):
    u = uniforms.clone().requires_grad_()
    return torch.autograd.grad(quantile(u).sum(), u)[0]


@wrong("inverse_transform_sample", caught_by="exponential", diagnosis="number")
def distribution_function_for_quantile(quantile, uniforms):
    low, high = torch.zeros_like(uniforms), torch.ones_like(uniforms)
    for _ in range(60):
        middle = (low + high) / 2
        below = quantile(middle) < uniforms
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return low


@wrong("inverse_transform_sample", caught_by="exponential", diagnosis="number")
def one_over_the_quantile(quantile, uniforms):
    return 1 / quantile(uniforms)


@wrong("inverse_transform_sample", caught_by="exponential", diagnosis="cut", says="no gradient flows")
def tensor_of_numbers(quantile, uniforms):
    samples = [quantile(u).item() for u in uniforms.flatten()]
    return torch.tensor(samples, dtype=uniforms.dtype).reshape(uniforms.shape)


@wrong("inverse_transform_sample", caught_by="a_table_of_uniforms", diagnosis="type", says="list")
def list_of_samples(quantile, uniforms):
    return [quantile(u) for u in uniforms.flatten()]


@wrong("inverse_transform_sample", caught_by="one_uniform", diagnosis="shape", says="shape")
def at_least_one_axis(quantile, uniforms):
    return quantile(torch.atleast_1d(uniforms))


@wrong("inverse_transform_sample", caught_by="far_tails", diagnosis="nan", says="nan")
def nudged_away_from_0(quantile, uniforms):
    return quantile(uniforms + 1e-10)


bank.spoils(
    "inverse_transform_sample",
    r"quantile\(|\b(appl|call|evaluat|feed|hand|pass|plug|put|giv|insert|us)\w*\b[^.?]*\b(quantile|function|F⁻¹|it)\b"
    r"|\b(quantile|function|inverse|F⁻¹)( function)? (of|at|to|on) (the |each |every |all )?(uniform|u\b)"
    r"|\bat (the|each|every) (uniform|u\b)|F⁻¹ ?\(|\bu\w* (goes|go|belongs?) in",
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


@wrong("metropolis_hastings", caught_by="one_step", diagnosis="shape")
def chain_with_the_start(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return torch.cat([start[None], chain]), accepted


@wrong("metropolis_hastings", caught_by="one_step", diagnosis="number")
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


@wrong("metropolis_hastings", caught_by="one_step", diagnosis="number")
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


@wrong("metropolis_hastings", caught_by="one_step", diagnosis="type", says="2 values")
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
    kernels = -0.5 * (torch.cdist(query, data) / bandwidth).square() - d * math.log(bandwidth)
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


# --- kde_sample -------------------------------------------------------------------------------------------------------


@right("kde_sample")
def index_and_add(data, bandwidth, indices, noise):
    return data[indices] + bandwidth * noise


@right("kde_sample")
def index_select(data, bandwidth, indices, noise):
    return torch.add(torch.index_select(data, 0, indices), noise, alpha=bandwidth)


@right("kde_sample")
def row_by_row(data, bandwidth, indices, noise):
    return torch.stack([data[int(i)] + bandwidth * e for i, e in zip(indices, noise, strict=True)])


@right("kde_sample")
def one_hot_product(data, bandwidth, indices, noise):
    chosen = torch.nn.functional.one_hot(indices, len(data)).to(data.dtype)
    return chosen @ data + noise * bandwidth


@right("kde_sample")
def measured_in_bandwidths(data, bandwidth, indices, noise):
    return (data / bandwidth)[indices].add(noise).mul(bandwidth)


@right("kde_sample")
def affine_map(data, bandwidth, indices, noise):
    return distributions.AffineTransform(data[indices], bandwidth, event_dim=1)(noise)


@right("kde_sample")
def covariance_root(data, bandwidth, indices, noise):
    root = torch.linalg.cholesky(bandwidth**2 * torch.eye(data.shape[1], dtype=data.dtype))
    return data[indices] + noise @ root.T


@right("kde_sample")
def in_double_and_back(data, bandwidth, indices, noise):
    return torch.lerp(data.double()[indices], data.double()[indices] + noise.double(), bandwidth).to(data.dtype)


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="number")
def bandwidth_squared(data, bandwidth, indices, noise):
    return data[indices] + bandwidth**2 * noise


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="number")
def bandwidth_as_a_variance(data, bandwidth, indices, noise):
    return data[indices] + bandwidth**0.5 * noise


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="number")
def unscaled_noise(data, bandwidth, indices, noise):
    return data[indices] + noise


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="number")
def everything_scaled(data, bandwidth, indices, noise):
    return bandwidth * (data[indices] + noise)


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="number")
def bootstrap_without_noise(data, bandwidth, indices, noise):
    return data[indices] + 0 * noise


@wrong("kde_sample", caught_by="fewer_samples_than_data", diagnosis="number")
def first_rows(data, bandwidth, indices, noise):
    rows = data[: len(indices)]
    return rows + bandwidth * noise[: len(rows)]


@wrong("kde_sample", caught_by="more_samples_than_data", diagnosis="number")
def noise_before_choosing(data, bandwidth, indices, noise):
    return (data + bandwidth * noise)[indices]


@wrong("kde_sample", caught_by="more_samples_than_data", diagnosis="shape")
def no_repeats(data, bandwidth, indices, noise):
    chosen = indices.unique()
    return data[chosen] + bandwidth * noise[: len(chosen)]


@wrong("kde_sample", caught_by="more_samples_than_data", diagnosis="number")
def noise_of_the_index(data, bandwidth, indices, noise):
    return data[indices] + bandwidth * noise[indices % len(noise)]


@wrong("kde_sample", caught_by="more_samples_than_data", diagnosis="number")
def sorted_indices(data, bandwidth, indices, noise):
    return data[indices.sort().values] + bandwidth * noise


@wrong("kde_sample", caught_by="single_precision", diagnosis="dtype", says="dtype")
def in_float64(data, bandwidth, indices, noise):
    return data[indices] + torch.tensor([bandwidth], dtype=torch.float64) * noise


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="random")
def own_noise(data, bandwidth, indices, noise):
    return data[indices] + bandwidth * torch.randn_like(noise)


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="number")
def bandwidth_inverted(data, bandwidth, indices, noise):
    return data[indices] + noise / bandwidth


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="number")
def bandwidth_on_the_data(data, bandwidth, indices, noise):
    return bandwidth * data[indices] + noise


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="number")
def minus_the_noise(data, bandwidth, indices, noise):
    return data[indices] - bandwidth * noise


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="number")
def noise_relative_to_the_point(data, bandwidth, indices, noise):
    return data[indices] * (1 + bandwidth * noise)


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="number")
def noise_in_units_of_the_spread(data, bandwidth, indices, noise):
    return data[indices] + bandwidth * data.std(0) * noise


@wrong("kde_sample", caught_by="more_samples_than_data", diagnosis="number")
def one_noise_for_all(data, bandwidth, indices, noise):
    return data[indices] + bandwidth * noise[0]


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="number")
def spread_around_the_middle(data, bandwidth, indices, noise):
    return data.mean(0) + bandwidth * noise


@wrong("kde_sample", caught_by="more_samples_than_data", diagnosis="raises", says="Error")
def columns_chosen(data, bandwidth, indices, noise):
    return data[:, indices] + bandwidth * noise


@wrong("kde_sample", caught_by="more_samples_than_data", diagnosis="random", says="random")
def own_indices(data, bandwidth, indices, noise):
    return data[torch.randint(len(data), (len(noise),))] + bandwidth * noise


@wrong("kde_sample", caught_by="more_samples_than_data", diagnosis="argument", says="modified")
def noise_scaled_in_place(data, bandwidth, indices, noise):
    noise *= bandwidth
    return data[indices] + noise


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="cut", says="no gradient")
def through_numpy(data, bandwidth, indices, noise):
    samples = data.detach().numpy()[indices.numpy()] + bandwidth * noise.detach().numpy()
    return torch.from_numpy(samples)


@wrong("kde_sample", caught_by="in_the_plane", diagnosis="slope", says="gradient")
def data_detached(data, bandwidth, indices, noise):
    return data.detach()[indices] + bandwidth * noise


bank.spoils(
    "kde_sample",
    r"data ?\[|\bindices\]|index_select"
    r"|\b(bandwidth|h) ?[·*×] ?|\b(bandwidth|h) times|[·*×] ?(the )?(bandwidth|h|noise)\b"
    r"|times (the )?(bandwidth|noise)"
    r"|\b(multipl|scal|stretch|shrink)\w*[^.?]*\b(noise|bandwidth|h)\b|\badd\w*[^.?]*\b(noise|bandwidth)\b"
    r"|plus (the )?noise"
    r"|(rows?|points?) (at|of|with) (the |these |those )?ind",
)
