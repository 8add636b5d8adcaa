"""Answers to section 4. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import math

import numpy as np
import sympy as sp
import torch
import torch.nn.functional as F
from scipy import special
from torch import distributions

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

# --- kl_divergence ----------------------------------------------------------------------------------------------------


@right("kl_divergence")
def two_xlogy(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


@right("kl_divergence")
def built_in_where_p_is_positive(p, q):
    return F.kl_div(q[p > 0].log(), p[p > 0], reduction="sum")


@right("kl_divergence")
def nan_counts_nothing(p, q):
    return torch.nansum(p * (p / q).log())


@right("kl_divergence")
def only_where_p_is_positive(p, q):
    support = p > 0
    return (p[support] * (p[support].log() - q[support].log())).sum()


@right("kl_divergence")
def where_twice(p, q):
    safe = torch.where(p > 0, p, torch.ones_like(p))
    return torch.where(p > 0, p * (safe.log() - q.log()), torch.zeros_like(p)).sum()


@right("kl_divergence")
def one_entry_at_a_time(p, q):
    total = p.new_zeros(())
    for a, b in zip(p.flatten(), q.flatten(), strict=True):
        if a > 0:
            total = total + a * torch.log(a / b)
    return total


@right("kl_divergence")
def renormalises(p, q):
    p, q = p / p.sum(), q / q.sum()
    return torch.xlogy(p, p).sum() - torch.xlogy(p, q).sum()


@right("kl_divergence")
def einsum_of_logs(p, q):
    support = p > 0
    return torch.einsum("i,i->", p[support], p[support].log() - q[support].log())


@right("kl_divergence")
def a_float(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum().item()


@right("kl_divergence")
def scipys(p, q):
    return torch.tensor(special.rel_entr(p.numpy(), q.numpy()).sum())


@right("kl_divergence")
def a_sum_in_plain_python(p, q):
    total = 0.0
    for a, b in zip(p.flatten().tolist(), q.flatten().tolist(), strict=True):
        total += 0 if a == 0 else math.inf if b == 0 else a * math.log(a / b)
    return total


@wrong("kl_divergence", caught_by="two_vectors")
def reversed_arguments(p, q):
    return (torch.xlogy(q, q) - torch.xlogy(q, p)).sum()


@wrong("kl_divergence", caught_by="two_vectors")
def built_in_with_its_arguments_swapped(p, q):
    return F.kl_div(p.log(), q, reduction="sum")


@wrong("kl_divergence", caught_by="two_vectors")
def built_in_without_log(p, q):
    return F.kl_div(q, p, reduction="sum")


@wrong("kl_divergence", caught_by="two_vectors")
def mean_over_the_entries(p, q):
    return (p * (p / q).log()).mean()


@wrong("kl_divergence", caught_by="two_vectors", says="same factor, 1.443")
def bits(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum() / math.log(2)


@wrong("kl_divergence", caught_by="two_vectors", says="sign is reversed")
def log_of_q_over_p(p, q):
    return (torch.xlogy(p, q) - torch.xlogy(p, p)).sum()


@wrong("kl_divergence", caught_by="two_vectors")
def without_the_weight(p, q):
    return (p / q).log().sum()


@wrong("kl_divergence", caught_by="two_vectors")
def absolute_values(p, q):
    return (p * (p / q).log()).abs().sum()


@wrong("kl_divergence", caught_by="two_vectors")
def only_the_cross_entropy(p, q):
    return -torch.xlogy(p, q).sum()


@wrong("kl_divergence", caught_by="two_vectors", says="gradient with respect to p")
def target_is_a_constant(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum() - torch.xlogy(p, p).sum() + torch.xlogy(p, p).sum().detach()


@wrong("kl_divergence", caught_by="a_table", says="shape")
def rows_only(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)


@wrong("kl_divergence", caught_by="a_table")
def batchmean(p, q):
    return F.kl_div(q.log(), p, reduction="batchmean")


@wrong("kl_divergence", caught_by="zeros_in_p", says="nan")
def plain_formula(p, q):
    return (p * (p / q).log()).sum()


@wrong("kl_divergence", caught_by="zeros_in_p", says="nan")
def difference_of_logs(p, q):
    return (p * (p.log() - q.log())).sum()


@wrong("kl_divergence", caught_by="zeros_in_both", says="nan")
def built_in(p, q):
    return F.kl_div(q.log(), p, reduction="sum")


@wrong("kl_divergence", caught_by="zeros_in_both", says="nan")
def xlogy_of_the_ratio(p, q):
    return torch.xlogy(p, p / q).sum()


@wrong("kl_divergence", caught_by="zero_in_q")
def only_the_common_support(p, q):
    both = (p > 0) & (q > 0)
    return (p[both] * (p[both] / q[both]).log()).sum()


@wrong("kl_divergence", caught_by="zero_in_q")
def nan_and_inf_to_num(p, q):
    return torch.nan_to_num(p * (p / q).log(), nan=0.0, posinf=0.0, neginf=0.0).sum()


@wrong("kl_divergence", caught_by="disjoint_supports")
def infinity_only_for_a_common_outcome(p, q):
    both = (p > 0) & (q > 0)
    if not both.any():
        return p.new_zeros(()) / 0 * 0
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


@wrong("kl_divergence", caught_by="tiny_probabilities")
def a_little_in_the_denominator(p, q):
    return torch.xlogy(p, p / (q + 1e-10)).sum()


@wrong("kl_divergence", caught_by="tiny_probabilities")
def clamped(p, q):
    return (p * (p.clamp(min=1e-8) / q.clamp(min=1e-8)).log()).sum()


@wrong("kl_divergence", caught_by="tiny_probabilities")
def categorical(p, q):
    return distributions.kl_divergence(distributions.Categorical(p.flatten()), distributions.Categorical(q.flatten()))


@wrong("kl_divergence", caught_by="double_precision", says="dtype")
def casts_to_float32(p, q):
    return (torch.xlogy(p.float(), p.float()) - torch.xlogy(p.float(), q.float())).sum()


@wrong("kl_divergence", caught_by="zeros_in_p", says="modified")
def mends_its_input(p, q):
    if not p.requires_grad:
        p[p == 0] = 1e-30
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


# --- js_divergence ----------------------------------------------------------------------------------------------------


def kl(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


@right("js_divergence")
def by_kl(p, q):
    m = (p + q) / 2
    return (kl(p, m) + kl(q, m)) / 2


@right("js_divergence")
def a_float(p, q):
    m = (p + q) / 2
    return (kl(p, m) + kl(q, m)).item() / 2


@right("js_divergence")
def by_entropies(p, q):
    def entropy(r):
        return -torch.xlogy(r, r).sum()

    return entropy(0.5 * (p + q)) - 0.5 * (entropy(p) + entropy(q))


@right("js_divergence")
def by_the_optimal_discriminator(p, q):
    real, fake = (torch.where(p + q > 0, r / (p + q), 0.5) for r in (p, q))
    return (math.log(4) + torch.xlogy(p, real).sum() + torch.xlogy(q, fake).sum()) / 2


@right("js_divergence")
def built_in_kl(p, q):
    log_m = (0.5 * (p + q)).log()
    total = F.kl_div(log_m, p, reduction="none").nansum() + F.kl_div(log_m, q, reduction="none").nansum()
    return 0.5 * total


@right("js_divergence")
def kept_within_its_bounds(p, q):
    m = (p + q) / 2
    return ((kl(p, m) + kl(q, m)) / 2).clamp(-1e-6, math.log(2) + 1e-6)


@right("js_divergence")
def masks(p, q):
    total = 0
    for r, other in ((p, q), (q, p)):
        s = r > 0
        total = total + (r[s] * (2 * r[s] / (r[s] + other[s])).log()).sum() / 2
    return total


@wrong("js_divergence", caught_by="two_vectors")
def mean_of_the_two_kl(p, q):
    return (kl(p, q) + kl(q, p)) / 2


@wrong("js_divergence", caught_by="two_vectors", says="same factor, 2")
def without_the_half(p, q):
    m = (p + q) / 2
    return kl(p, m) + kl(q, m)


@wrong("js_divergence", caught_by="two_vectors")
def square_root(p, q):
    m = (p + q) / 2
    return ((kl(p, m) + kl(q, m)) / 2).clamp(min=0).sqrt()


@wrong("js_divergence", caught_by="two_vectors")
def average_without_the_half(p, q):
    m = p + q
    return (kl(p, m) + kl(q, m)) / 2


@wrong("js_divergence", caught_by="two_vectors")
def kl_from_the_average(p, q):
    m = (p + q) / 2
    return (kl(m, p) + kl(m, q)) / 2


@wrong("js_divergence", caught_by="two_vectors", says="same factor, 1.443")
def bits(p, q):
    m = (p + q) / 2
    return (kl(p, m) + kl(q, m)) / 2 / math.log(2)


@wrong("js_divergence", caught_by="two_vectors")
def one_side_only(p, q):
    return kl(p, (p + q) / 2)


@wrong("js_divergence", caught_by="one_distribution_twice")
def the_value_of_the_game(p, q):
    m = (p + q) / 2
    return kl(p, m) + kl(q, m) - math.log(4)


@wrong("js_divergence", caught_by="a_table", says="shape")
def last_axis(p, q):
    m = (p + q) / 2
    return ((torch.xlogy(p, p / m) + torch.xlogy(q, q / m)) / 2).sum(-1)


@wrong("js_divergence", caught_by="zeros", says="nan")
def plain_formula(p, q):
    m = (p + q) / 2
    return ((p * (p / m).log()).sum() + (q * (q / m).log()).sum()) / 2


@wrong("js_divergence", caught_by="disjoint_supports")
def infinite_when_apart(p, q):
    return (torch.nansum(p * (p / q).log()) + torch.nansum(q * (q / p).log())) / 4


@wrong("js_divergence", caught_by="disjoint_supports")
def only_the_common_support(p, q):
    s = (p > 0) & (q > 0)
    m = (p + q) / 2
    return ((p[s] * (p[s] / m[s]).log()).sum() + (q[s] * (q[s] / m[s]).log()).sum()) / 2


@wrong("js_divergence", caught_by="tiny_probabilities", says="infinite")
def one_minus_d_rounds_to_zero(p, q):
    d = torch.where(p + q > 0, p / (p + q), 0.5)
    return (math.log(4) + torch.xlogy(p, d).sum() + torch.xlogy(q, 1 - d).sum()) / 2


@wrong("js_divergence", caught_by="double_precision", says="dtype")
def casts_to_float32(p, q):
    m = ((p + q) / 2).float()
    return (kl(p.float(), m) + kl(q.float(), m)) / 2


@wrong("js_divergence", caught_by="two_vectors", says="gradient")
def average_detached(p, q):
    m = ((p + q) / 2).detach()
    return (kl(p, m) + kl(q.detach(), m)) / 2


# --- optimal_discriminator --------------------------------------------------------------------------------------------


@right("optimal_discriminator")
def where_and_masked_fill(p, q):
    total = p + q
    return torch.where(total == 0, 0.5, p / total.masked_fill(total == 0, 1))


@right("optimal_discriminator")
def one_entry_at_a_time(p, q):
    pairs = zip(p.flatten().tolist(), q.flatten().tolist(), strict=True)
    return torch.tensor([a / (a + b) if a + b else 0.5 for a, b in pairs], dtype=p.dtype).view_as(p)


@right("optimal_discriminator")
def nan_to_a_half(p, q):
    return torch.nan_to_num(p / (p + q), nan=0.5)


@right("optimal_discriminator")
def assigned_by_mask(p, q):
    d = torch.full_like(p, 0.5)
    some = (p + q) > 0
    d[some] = p[some] / (p[some] + q[some])
    return d


@right("optimal_discriminator")
def sigmoid_of_the_log_ratio(p, q):
    return torch.nan_to_num(torch.sigmoid(p.log() - q.log()), nan=0.5)


@right("optimal_discriminator")
def one_over_one_plus_the_odds(p, q):
    return torch.where((p == 0) & (q == 0), torch.full_like(p, 0.5), 1 / (1 + q / p))


@wrong("optimal_discriminator", caught_by="two_vectors")
def swapped(p, q):
    return torch.nan_to_num(q / (p + q), nan=0.5)


@wrong("optimal_discriminator", caught_by="two_vectors")
def the_ratio(p, q):
    return torch.nan_to_num(p / q, nan=0.5)


@wrong("optimal_discriminator", caught_by="two_vectors")
def always_a_half(p, q):
    return torch.full_like(p, 0.5)


@wrong("optimal_discriminator", caught_by="two_vectors")
def which_is_larger(p, q):
    return torch.where(p == q, 0.5, (p > q).to(p.dtype))


@wrong("optimal_discriminator", caught_by="densities")
def divides_by_the_sum_of_the_table(p, q):
    return torch.nan_to_num((p / p.sum()) / (p / p.sum() + q / q.sum()), nan=0.5)


@wrong("optimal_discriminator", caught_by="densities")
def clamps_densities(p, q):
    return torch.nan_to_num(p.clamp(max=1) / (p.clamp(max=1) + q.clamp(max=1)), nan=0.5)


@wrong("optimal_discriminator", caught_by="zero_in_one")
def a_half_where_either_is_zero(p, q):
    return torch.where((p == 0) | (q == 0), 0.5, p / (p + q))


@wrong("optimal_discriminator", caught_by="zero_in_both", says="nan")
def plain_quotient(p, q):
    return p / (p + q)


@wrong("optimal_discriminator", caught_by="zero_in_both")
def zero_where_nothing_is(p, q):
    return torch.nan_to_num(p / (p + q))


@wrong("optimal_discriminator", caught_by="tiny_densities")
def a_little_in_the_denominator(p, q):
    return torch.nan_to_num(p / (p + q + 1e-12), nan=0.5)


@wrong("optimal_discriminator", caught_by="tiny_densities")
def a_little_everywhere(p, q):
    return (p + 1e-8) / (p + q + 2e-8)


@wrong("optimal_discriminator", caught_by="double_precision", says="dtype")
def casts_to_float32(p, q):
    return torch.nan_to_num(p.float() / (p + q).float(), nan=0.5)


@wrong("optimal_discriminator", caught_by="two_vectors", says="tensor of shape")
def a_number(p, q):
    return (p / (p + q)).nan_to_num(0.5).mean()


# --- game_value -------------------------------------------------------------------------------------------------------


@right("game_value")
def two_xlogy(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()


@right("game_value")
def numpy_value(p, q, d):
    p, q, d = (x.detach().numpy() for x in (p, q, d))
    with np.errstate(all="ignore"):
        return torch.tensor(np.nansum(p * np.log(d)) + np.nansum(q * np.log(1 - d)))


@right("game_value")
def a_float(p, q, d):
    return float((torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum())


@right("game_value")
def xlog1py(p, q, d):
    return torch.xlogy(p, d).sum() + torch.special.xlog1py(q, -d).sum()


@right("game_value")
def masks(p, q, d):
    real, fake = p > 0, q > 0
    return (p[real] * d[real].log()).sum() + (q[fake] * torch.log1p(-d[fake])).sum()


@right("game_value")
def nansum(p, q, d):
    return torch.nansum(p * d.log()) + torch.nansum(q * (1 - d).log())


@right("game_value")
def dot_products(p, q, d):
    p, q, d = p.flatten(), q.flatten(), d.flatten()
    return p[p > 0] @ d[p > 0].log() + q[q > 0] @ (1 - d[q > 0]).log()


@wrong("game_value", caught_by="any_discriminator", says="sign is reversed")
def the_loss(p, q, d):
    return -(torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()


@wrong("game_value", caught_by="any_discriminator")
def swapped(p, q, d):
    return (torch.xlogy(q, d) + torch.xlogy(p, 1 - d)).sum()


@wrong("game_value", caught_by="any_discriminator")
def difference(p, q, d):
    return (torch.xlogy(p, d) - torch.xlogy(q, 1 - d)).sum()


@wrong("game_value", caught_by="any_discriminator")
def averaged(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).mean()


@wrong("game_value", caught_by="any_discriminator", says="same factor, 0.5")
def halved(p, q, d):
    return 0.5 * (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()


@wrong("game_value", caught_by="any_discriminator")
def without_weights(p, q, d):
    return d.log().mean() + (1 - d).log().mean()


@wrong("game_value", caught_by="any_discriminator")
def nonsaturating(p, q, d):
    return (torch.xlogy(p, d) - torch.xlogy(q, d)).sum()


@wrong("game_value", caught_by="any_discriminator")
def takes_logits(p, q, d):
    return (p * F.logsigmoid(d) + q * F.logsigmoid(-d)).sum()


@wrong("game_value", caught_by="a_table", says="shape")
def last_axis(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum(-1)


@wrong("game_value", caught_by="sure_and_right", says="nan")
def plain_formula(p, q, d):
    return (p * d.log() + q * (1 - d).log()).sum()


@wrong("game_value", caught_by="sure_and_wrong")
def cross_entropy_clips(p, q, d):
    real = F.binary_cross_entropy(d, torch.ones_like(d), weight=p, reduction="sum")
    return -real - F.binary_cross_entropy(d, torch.zeros_like(d), weight=q, reduction="sum")


@wrong("game_value", caught_by="sure_and_wrong")
def infinities_removed(p, q, d):
    return torch.nan_to_num(p * d.log() + q * (1 - d).log(), neginf=0.0).sum()


@wrong("game_value", caught_by="nearly_sure")
def a_little_inside_the_log(p, q, d):
    return (p * (d + 1e-8).log() + q * (1 - d + 1e-8).log()).sum()


@wrong("game_value", caught_by="double_precision", says="dtype")
def casts_to_float32(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum().float()


@wrong("game_value", caught_by="any_discriminator", says="gradient with respect to d")
def discriminator_detached_in_one_term(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d.detach())).sum()


# --- density_ratio ----------------------------------------------------------------------------------------------------


@right("density_ratio")
def exp(logits):
    return logits.exp()


@right("density_ratio")
def numpys(logits):
    return torch.from_numpy(np.exp(logits.detach().numpy()))


@right("density_ratio")
def exp_of_two_log_sigmoids(logits):
    return torch.exp(F.logsigmoid(logits) - F.logsigmoid(-logits))


@right("density_ratio")
def one_over_exp_of_minus(logits):
    return 1 / torch.exp(-logits)


@right("density_ratio")
def power_of_e(logits):
    return torch.pow(math.e, logits.double()).to(logits.dtype)


@wrong("density_ratio", caught_by="some_logits")
def upside_down(logits):
    return torch.exp(-logits)


@wrong("density_ratio", caught_by="some_logits")
def the_probability(logits):
    return torch.sigmoid(logits)


@wrong("density_ratio", caught_by="some_logits")
def the_log_ratio(logits):
    return logits


@wrong("density_ratio", caught_by="some_logits")
def softplus(logits):
    return F.softplus(logits)


@wrong("density_ratio", caught_by="some_logits")
def takes_probabilities(logits):
    return logits / (1 - logits)


@wrong("density_ratio", caught_by="any_shape", says="tensor of shape")
def averaged(logits):
    return logits.exp().mean()


@wrong("density_ratio", caught_by="any_shape")
def softmax(logits):
    return logits.flatten(1).softmax(1).view_as(logits) * logits[0].numel()


@wrong("density_ratio", caught_by="large_logits")
def odds_of_the_sigmoid(logits):
    d = torch.sigmoid(logits)
    return d / (1 - d)


@wrong("density_ratio", caught_by="large_logits")
def odds_plus_a_little(logits):
    d = torch.sigmoid(logits)
    return d / (1 - d + 1e-8)


@wrong("density_ratio", caught_by="extreme_logits")
def clamped(logits):
    return logits.clamp(-50, 50).exp()


@wrong("density_ratio", caught_by="double_precision", says="dtype")
def casts_to_float32(logits):
    return logits.float().exp()


# --- steps of the proof -----------------------------------------------------------------------------------------------

a, b, y = sp.symbols("a b y", positive=True)
plain_a, plain_b = sp.symbols("a b")
f = a * sp.log(y) + b * sp.log(1 - y)
best = a / (a + b)
c = a * sp.log(best) + b * sp.log(b / (a + b))
m = (a + b) / 2


def says(name, kind, answers, **words):
    """Constant answers: a function that returns each expression."""
    for title, expression in answers.items():

        def answer(expression=expression):
            return expression

        answer.__name__ = title
        (right(name) if kind == "right" else wrong(name, **words))(answer)


@right("pointwise_maximizer")
def solved():
    return sp.solve(sp.diff(f, y), y)[0]


says(
    "pointwise_maximizer",
    "right",
    {
        "quotient": a / (a + b),
        "one_over_one_plus_odds": 1 / (1 + b / a),
        "one_minus_the_other": 1 - b / (a + b),
        "symbols_without_assumptions": plain_a / (plain_a + plain_b),
        "logistic": 1 / (1 + sp.exp(sp.log(b) - sp.log(a))),
        "exact_floats": 0.5 * a / (0.5 * a + 0.5 * b),
        "half_plus": sp.Rational(1, 2) + (a - b) / (2 * (a + b)),
    },
)


@wrong("pointwise_maximizer", caught_by="slope_is_zero", says="not attempted")
def stub():
    raise NotImplementedError("your turn")


@wrong("pointwise_maximizer", caught_by="slope_is_zero", says="a list: take the entry out")
def list_of_solutions():
    return sp.solve(sp.diff(f, y), y)


@wrong("pointwise_maximizer", caught_by="slope_is_zero", says="without quotes")
def text():
    return "a/(a+b)"


@wrong("pointwise_maximizer", caught_by="slope_is_zero", says="contains y")
def the_derivative():
    return sp.diff(f, y)


@wrong("pointwise_maximizer", caught_by="slope_is_zero", says="None")
def forgets_return():
    sp.solve(sp.diff(f, y), y)


@wrong("pointwise_maximizer", caught_by="slope_is_zero", says="float")
def a_float():
    return 0.5


says("pointwise_maximizer", "wrong", {"other_share": b / (a + b)}, caught_by="value")
says(
    "pointwise_maximizer",
    "wrong",
    {
        "odds": a / b,
        "sign_slip": a / (b - a),
        "a_half": sp.Rational(1, 2),
        "almost": sp.Rational(99999, 100000) * a / (a + b),
        "zero": sp.Integer(0),
        "negative_root": -a / (a + b),
    },
    caught_by="slope_is_zero",
)
says(
    "pointwise_maximizer",
    "wrong",
    {"fitted": 0.99999999999 * a / (a + b), "rounded_constant": a / (a + 0.9999999999999 * b)},
    caught_by="exact",
)


g = (a * sp.log(a / m) + b * sp.log(b / m)) / 2


@right("js_integrand")
def from_the_definition():
    return (a * sp.log(a / m) + b * sp.log(b / m)) / 2


says(
    "js_integrand",
    "right",
    {
        "factor_two_inside": (a * sp.log(2 * a / (a + b)) + b * sp.log(2 * b / (a + b))) / 2,
        "logs_expanded": sp.expand(sp.expand_log(g)),
        "from_the_value": (c + (a + b) * sp.log(2)) / 2,
        "log_four": c / 2 + (a + b) * sp.log(4) / 4,
        "entropies": (a * sp.log(a) + b * sp.log(b)) / 2 - m * sp.log(m),
        "symbols_without_assumptions": g.subs({a: plain_a, b: plain_b}),
        "unassumed_and_expanded": (
            (plain_a * sp.log(plain_a) + plain_b * sp.log(plain_b)) / 2
            - (plain_a + plain_b) / 2 * (sp.log(plain_a + plain_b) - sp.log(2))
        ),
        "half_as_a_float": 0.5 * a * sp.log(a / (0.5 * (a + b))) + 0.5 * b * sp.log(b / (0.5 * (a + b))),
    },
)
says("js_integrand", "wrong", {"without_the_half": 2 * g}, caught_by="value", says="same factor, 2")
says("js_integrand", "wrong", {"sign": -g}, caught_by="value", says="sign is reversed")
says(
    "js_integrand",
    "wrong",
    {
        "log_two_forgotten": c / 2,
        "kl_of_both": (a * sp.log(a / b) + b * sp.log(b / a)) / 2,
        "one_log_two": (c + sp.log(2)) / 2,
        "log_four_once": (c + sp.log(4)) / 2,
        "first_term_only": a * sp.log(a / m) / 2,
        "base_two": g / sp.log(2),
    },
    caught_by="value",
)
says(
    "js_integrand",
    "wrong",
    {
        "decimal_log_two": (c + (a + b) * 0.69314718056) / 2,
        "numpys_log_two": (c + (a + b) * sp.Float(math.log(2))) / 2,
    },
    caught_by="exact",
)


@right("criterion_slope")
def differentiated():
    return sp.diff(c, b)


says(
    "criterion_slope",
    "right",
    {
        "envelope": sp.log(1 - best),
        "simplified": sp.log(b / (a + b)),
        "logs_expanded": sp.log(b) - sp.log(a + b),
        "unassumed": sp.log(plain_b) - sp.log(plain_a + plain_b),
        "unassumed_quotient": -sp.log((plain_a + plain_b) / plain_b),
        "unevaluated": sp.Derivative(c, b),
        "two_js_slope": 2 * sp.diff(g, b) - sp.log(2),
    },
)
says(
    "criterion_slope",
    "wrong",
    {
        "with_respect_to_a": sp.log(a / (a + b)),
        "slope_of_js": sp.diff(g, b),
        "slope_of_two_js": 2 * sp.diff(g, b),
        "second_term_only": sp.diff(b * sp.log(b / (a + b)), b),
        "inner_derivative_forgotten": sp.log(b / (a + b)) + 1,
        "sign": -sp.log(b / (a + b)),
        "log_of_d": sp.log(best),
    },
    caught_by="value",
)
says(
    "criterion_slope",
    "wrong",
    {"decimal": 2 * sp.diff(g, b) - 0.693147180559945, "fitted": sp.log(b / (a + b)) * 1.000000000001},
    caught_by="exact",
)
