"""Answers to section 1. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import math

import torch
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


@wrong("inverse_transform_sample", caught_by="exponential")
def mirrored(quantile, uniforms):
    return quantile(1 - uniforms)


@wrong("inverse_transform_sample", caught_by="exponential")
def uniforms_themselves(quantile, uniforms):
    return uniforms


@wrong("inverse_transform_sample", caught_by="exponential")
def draws_its_own(quantile, uniforms):
    return quantile(torch.rand_like(uniforms))


@wrong("inverse_transform_sample", caught_by="exponential", says="no gradient flows")
def detached(quantile, uniforms):
    return quantile(uniforms.detach())


@wrong("inverse_transform_sample", caught_by="exponential")
def sorted_samples(quantile, uniforms):
    return quantile(uniforms.sort().values) if uniforms.dim() else quantile(uniforms)


@wrong("inverse_transform_sample", caught_by="a_table_of_uniforms", says="shape")
def flattens(quantile, uniforms):
    return quantile(uniforms.flatten())


@wrong("inverse_transform_sample", caught_by="one_uniform")
def loops_over_the_first_axis(quantile, uniforms):
    return torch.stack([quantile(u) for u in uniforms])


@wrong("inverse_transform_sample", caught_by="far_tails")
def clamps(quantile, uniforms):
    return quantile(uniforms.clamp(1e-6, 1 - 1e-6))


@wrong("inverse_transform_sample", caught_by="far_tails")
def through_float32(quantile, uniforms):
    return quantile(uniforms.float()).to(uniforms.dtype)


@wrong("inverse_transform_sample", caught_by="a_die")
def slope_instead_of_value(quantile, uniforms):
    u = uniforms.clone().requires_grad_()
    return torch.autograd.grad(quantile(u).sum(), u)[0]


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


@wrong("metropolis_hastings", caught_by="many_rejections")
def keeps_accepted_states_only(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u < log_density(state + noise) - log_density(state)))
        if accepted[-1]:
            state = state + noise
            chain.append(state)
    return torch.stack(chain) if chain else start[None], torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="many_rejections")
def writes_down_the_proposal(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        proposal = state + noise
        accepted.append(bool(log_u < log_density(proposal) - log_density(state)))
        state = proposal if accepted[-1] else state
        chain.append(proposal)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="tilted")
def compares_with_the_start(log_density, start, proposal_noise, log_uniforms):
    state, height, chain, accepted = start, log_density(start), [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u < log_density(state + noise) - height))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="tilted")
def proposes_from_the_start(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        proposal = start + noise
        accepted.append(bool(log_u < log_density(proposal) - log_density(state)))
        state = proposal if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="always_uphill")
def difference_reversed(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u < log_density(state) - log_density(state + noise)))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="tilted")
def only_uphill(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise in proposal_noise:
        accepted.append(bool(log_density(state + noise) > log_density(state)))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="many_rejections")
def log_u_against_the_ratio(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u < (log_density(state + noise) - log_density(state)).exp()))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="constant_of_a_thousand")
def ratio_of_densities(log_density, start, proposal_noise, log_uniforms):
    state, chain, accepted = start, [], []
    for noise, log_u in zip(proposal_noise, log_uniforms, strict=True):
        accepted.append(bool(log_u.exp() < log_density(state + noise).exp() / log_density(state).exp()))
        state = state + noise if accepted[-1] else state
        chain.append(state)
    return torch.stack(chain), torch.tensor(accepted)


@wrong("metropolis_hastings", caught_by="hard_walls", says="-inf")
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


@wrong("metropolis_hastings", caught_by="one_dimension", says="shape")
def squeezes(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return chain.squeeze(), accepted


@wrong("metropolis_hastings", caught_by="one_step")
def chain_with_the_start(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return torch.cat([start[None], chain]), accepted


@wrong("metropolis_hastings", caught_by="one_step")
def states_before_the_step(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return torch.cat([start[None], chain])[:-1], accepted


@wrong("metropolis_hastings", caught_by="single_precision", says="dtype")
def python_floats(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return chain.double(), accepted


@wrong("metropolis_hastings", caught_by="single_precision", says="bool")
def accepted_as_numbers(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return chain, accepted.to(chain.dtype)


@wrong("metropolis_hastings", caught_by="tilted")
def acceptance_rate_instead_of_flags(log_density, start, proposal_noise, log_uniforms):
    chain, accepted = append_and_stack(log_density, start, proposal_noise, log_uniforms)
    return chain, accepted.double().mean()


@wrong("metropolis_hastings", caught_by="tilted")
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


@wrong("metropolis_hastings", caught_by="tilted")
def draws_its_own_uniforms(log_density, start, proposal_noise, log_uniforms):
    return append_and_stack(log_density, start, proposal_noise, torch.rand_like(log_uniforms).log())


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


@wrong("gaussian_mle", caught_by="few_samples")
def divides_by_n_minus_1(x):
    centred = x - x.mean(0)
    return x.mean(0), centred.T @ centred / max(len(x) - 1, 1)


@wrong("gaussian_mle", caught_by="one_sample")
def default_torch_cov(x):
    return x.mean(0), torch.cov(x.T).reshape(x.shape[1], x.shape[1])


@wrong("gaussian_mle", caught_by="one_column", says="shape")
def torch_cov_of_one_column(x):
    return x.mean(0), torch.cov(x.T, correction=0)


@wrong("gaussian_mle", caught_by="more_columns_than_samples")
def covariance_of_the_samples(x):
    centred = x - x.mean(0)
    return x.mean(0), centred @ centred.T / len(x)


@wrong("gaussian_mle", caught_by="three_columns")
def variances_on_the_diagonal(x):
    return x.mean(0), torch.diag(x.var(0, correction=0))


@wrong("gaussian_mle", caught_by="three_columns", says="shape")
def variances_only(x):
    return x.mean(0), x.var(0, correction=0)


@wrong("gaussian_mle", caught_by="three_columns")
def not_centred(x):
    return x.mean(0), x.T @ x / len(x)


@wrong("gaussian_mle", caught_by="far_from_the_origin")
def mean_of_squares(x):
    mean = x.mean(0)
    return mean, x.T @ x / len(x) - torch.outer(mean, mean)


@wrong("gaussian_mle", caught_by="three_columns")
def one_mean_for_all(x):
    centred = x - x.mean()
    return x.mean().expand(x.shape[1]), centred.T @ centred / len(x)


@wrong("gaussian_mle", caught_by="three_columns")
def correlations(x):
    z = (x - x.mean(0)) / x.std(0, correction=0)
    return x.mean(0), z.T @ z / len(x)


@wrong("gaussian_mle", caught_by="three_columns")
def median_for_mean(x):
    centred = x - x.mean(0)
    return x.median(0).values, centred.T @ centred / len(x)


@wrong("gaussian_mle", caught_by="single_precision", says="dtype")
def in_double(x):
    mean, covariance = centred_products(x.double())
    return mean, covariance


@wrong("gaussian_mle", caught_by="three_columns", says="tuple")
def covariance_alone(x):
    return centred_products(x)[1]


@wrong("gaussian_mle", caught_by="three_columns", says="modified")
def centres_the_callers_data(x):
    mean = x.mean(0)
    x -= mean
    return mean, x.T @ x / len(x)


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


@wrong("kde_log_density", caught_by="far_from_the_data", says="infinite")
def log_of_the_mean(query, data, bandwidth):
    d = data.shape[1]
    squares = ((query[:, None] - data) ** 2).sum(-1)
    kernels = torch.exp(-squares / (2 * bandwidth**2)).mean(1)
    return torch.log(kernels) - d / 2 * math.log(2 * math.pi * bandwidth**2)


@wrong("kde_log_density", caught_by="far_from_the_data")
def log_of_the_mean_plus_a_little(query, data, bandwidth):
    d = data.shape[1]
    squares = ((query[:, None] - data) ** 2).sum(-1)
    kernels = torch.exp(-squares / (2 * bandwidth**2)).mean(1)
    return torch.log(kernels + 1e-30) - d / 2 * math.log(2 * math.pi * bandwidth**2)


@wrong("kde_log_density", caught_by="many_dimensions")
def divides_by_the_constant(query, data, bandwidth):
    d = data.shape[1]
    squares = ((query[:, None] - data) ** 2).sum(-1)
    constant = torch.tensor(2 * math.pi * bandwidth**2, dtype=data.dtype) ** (d / 2)
    return torch.logsumexp(-squares / (2 * bandwidth**2), 1) - torch.log(len(data) * constant)


@wrong("kde_log_density", caught_by="far_from_the_data")
def mean_exponent_taken_out(query, data, bandwidth):
    logs = distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1)
    middle = logs.mean().detach()
    return (logs - middle).exp().mean(1).log() + middle


@wrong("kde_log_density", caught_by="in_the_plane")
def mean_of_the_logs(query, data, bandwidth):
    return distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1).mean(1)


@wrong("kde_log_density", caught_by="in_the_plane")
def without_1_over_n(query, data, bandwidth):
    return distances(query, data, bandwidth) + math.log(len(data))


@wrong("kde_log_density", caught_by="in_the_plane")
def constant_of_one_dimension(query, data, bandwidth):
    squares = ((query[:, None] - data) ** 2).sum(-1)
    constant = math.log(len(data)) + 0.5 * math.log(2 * math.pi * bandwidth**2)
    return torch.logsumexp(-squares / (2 * bandwidth**2), 1) - constant


@wrong("kde_log_density", caught_by="on_the_line")
def bandwidth_as_variance(query, data, bandwidth):
    return distances(query, data, math.sqrt(bandwidth))


@wrong("kde_log_density", caught_by="on_the_line")
def bandwidth_forgotten_in_the_constant(query, data, bandwidth):
    squares = ((query[:, None] - data) ** 2).sum(-1)
    constant = math.log(len(data)) + data.shape[1] / 2 * math.log(2 * math.pi)
    return torch.logsumexp(-squares / (2 * bandwidth**2), 1) - constant


@wrong("kde_log_density", caught_by="more_queries_than_data", says="shape")
def sums_over_the_queries(query, data, bandwidth):
    logs = distributions.Normal(data, bandwidth).log_prob(query[:, None]).sum(-1)
    return logs.logsumexp(0) - math.log(len(query))


@wrong("kde_log_density", caught_by="more_queries_than_data", says="RuntimeError")
def pairs_in_order(query, data, bandwidth):
    squares = ((query - data) ** 2).sum(-1, keepdim=True)
    return torch.logsumexp(-squares / (2 * bandwidth**2), 1) - math.log(2 * math.pi * bandwidth**2)


@wrong("kde_log_density", caught_by="one_kernel", says="shape")
def squeezed_away(query, data, bandwidth):
    return distances(query, data, bandwidth).squeeze()


@wrong("kde_log_density", caught_by="single_precision", says="dtype")
def returns_double(query, data, bandwidth):
    return distances(query.double(), data.double(), bandwidth)


@wrong("kde_log_density", caught_by="in_the_plane")
def density_not_log(query, data, bandwidth):
    return distances(query, data, bandwidth).exp()


@wrong("kde_log_density", caught_by="in_the_plane", says="no gradient flows")
def through_numpy(query, data, bandwidth):
    from sklearn.neighbors import KernelDensity

    fitted = KernelDensity(bandwidth=bandwidth).fit(data.detach().numpy())
    return torch.tensor(fitted.score_samples(query.detach().numpy()), dtype=data.dtype)


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


@wrong("kde_sample", caught_by="in_the_plane")
def bandwidth_squared(data, bandwidth, indices, noise):
    return data[indices] + bandwidth**2 * noise


@wrong("kde_sample", caught_by="in_the_plane")
def bandwidth_as_a_variance(data, bandwidth, indices, noise):
    return data[indices] + bandwidth**0.5 * noise


@wrong("kde_sample", caught_by="in_the_plane")
def unscaled_noise(data, bandwidth, indices, noise):
    return data[indices] + noise


@wrong("kde_sample", caught_by="in_the_plane")
def everything_scaled(data, bandwidth, indices, noise):
    return bandwidth * (data[indices] + noise)


@wrong("kde_sample", caught_by="in_the_plane")
def bootstrap_without_noise(data, bandwidth, indices, noise):
    return data[indices] + 0 * noise


@wrong("kde_sample", caught_by="fewer_samples_than_data")
def first_rows(data, bandwidth, indices, noise):
    rows = data[: len(indices)]
    return rows + bandwidth * noise[: len(rows)]


@wrong("kde_sample", caught_by="more_samples_than_data")
def noise_before_choosing(data, bandwidth, indices, noise):
    return (data + bandwidth * noise)[indices]


@wrong("kde_sample", caught_by="more_samples_than_data")
def no_repeats(data, bandwidth, indices, noise):
    chosen = indices.unique()
    return data[chosen] + bandwidth * noise[: len(chosen)]


@wrong("kde_sample", caught_by="more_samples_than_data")
def noise_of_the_index(data, bandwidth, indices, noise):
    return data[indices] + bandwidth * noise[indices % len(noise)]


@wrong("kde_sample", caught_by="more_samples_than_data")
def sorted_indices(data, bandwidth, indices, noise):
    return data[indices.sort().values] + bandwidth * noise


@wrong("kde_sample", caught_by="single_precision", says="dtype")
def in_float64(data, bandwidth, indices, noise):
    return data[indices] + torch.tensor([bandwidth], dtype=torch.float64) * noise


@wrong("kde_sample", caught_by="in_the_plane")
def own_noise(data, bandwidth, indices, noise):
    return data[indices] + bandwidth * torch.randn_like(noise)
