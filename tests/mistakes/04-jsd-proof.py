"""Answers to section 4. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import math

import numpy as np
import sympy as sp
import torch
import torch.nn.functional as F
from scipy import special
from scipy.spatial import distance
from torch import distributions

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

bank.spoils(
    "kl_divergence",
    r"xlogy|rel_entr|\bentr\b|nansum|mask|p ?[·*]? ?(times )?(the )?(torch\.)?log|p ?/ ?q|p over q|p (divided"
    r"|stands on)"
    r"|(weigh\w*|multipl\w*|times) (\w+ ){0,4}by p\b|(where|only|over) p (is (positive|not 0)|> 0)"
    r"|log\w* of p (minus|less)",
)
bank.spoils(
    "js_divergence",
    r"xlogy|rel_entr|nansum|nan_to_num|mask|\(p ?\+ ?q\) ?(/ ?2|[·*])|(½|\.5|1/2) ?[·*]? ?\(p ?\+ ?q|add(ing)? p and q"
    r"|(average|mean|middle|half\w*|midpoint|mixture) (way )?(of|between) (p and q|both|the two|them|these)"
    r"|(average|mean|half|sum) (of )?(the |these |both )?(sum of )?(two |both )?(kl|divergences)|log 2 (minus|less)",
)
bank.spoils(
    "optimal_discriminator",
    r"torch\.where|nan_to_num|masked_fill|p ?/ ?\(|p (over|divided by|by) (the )?(sum|total|p)|1 ?/ ?\(1 ?\+|sigmoid of"
    r"|divid\w+ (p|the data\S*) (\w+ ){0,3}by",
)
bank.spoils(
    "game_value",
    r"xlogy|xlog1py|nansum|mask|\b[pq] ?[·*]? ?(torch\.)?log|\b[pq] (weigh|times|multipl)|where [pq] (is pos|> 0)"
    r"|weigh\w* (\w+ ){0,4}(by|with) p\b|log\w* (of )?d\b.{0,40}log\w* (of )?\(?(1|one) (-|minus) d",
)
bank.spoils(
    "density_ratio",
    r"\bexp\b|exponential|exponentiat|\be ?(\^|\*\*|to the)|inverse of the log|log of the ratio|log-ratio",
)
bank.spoils(
    "pointwise_maximizer",
    r"\ba ?/ ?\(?[aby]\b|\ba (over|divided by|by)|(share|proportion|fraction) of a\b|a'?s share|divid\w+ a\b"
    r"|solve\(|1 ?/ ?\(1 ?\+"
    r"|a ?· ?\(1 ?- ?y\) ?=",
)
bank.spoils(
    "js_lower_bound",
    r"softplus|logsigmoid|log_sigmoid|with_logits|log 2 (plus|minus|\+|-)|half (of )?(the value|V\b)|V ?/ ?2"
    r"|½ ?[·*]? ?\(?V|(V|value) (\w+ ){0,3}(by|into) (2|two)|half the log"
    r"|sigmoid of (the |a )?(minus|negative)|minus the logit",
)
bank.spoils(
    "criterion_slope",
    r"b ?/ ?\(|b (over|divided by) (the )?(a|sum)|log\w*[ (]*(of )?(the )?(b\b|1 ?- ?[dy]|share)|diff\(c|log b"
    r"|[ab] ?[·*] ?(sp\.)?log|only (the |one |a )?log\w* (remains|is left|survives)",
)

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


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="cut", says="gradient")
def a_float(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum().item()


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="cut", says="gradient")
def scipys(p, q):
    return torch.tensor(special.rel_entr(p.numpy(), q.numpy()).sum())


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="cut", says="gradient")
def a_sum_in_plain_python(p, q):
    total = 0.0
    for a, b in zip(p.flatten().tolist(), q.flatten().tolist(), strict=True):
        total += 0 if a == 0 else math.inf if b == 0 else a * math.log(a / b)
    return total


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="number")
def reversed_arguments(p, q):
    return (torch.xlogy(q, q) - torch.xlogy(q, p)).sum()


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="number")
def built_in_with_its_arguments_swapped(p, q):
    return F.kl_div(p.log(), q, reduction="sum")


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="number")
def built_in_without_log(p, q):
    return F.kl_div(q, p, reduction="sum")


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="number")
def mean_over_the_entries(p, q):
    return (p * (p / q).log()).mean()


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="factor", says="same factor, 1.443")
def bits(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum() / math.log(2)


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="sign", says="sign is reversed")
def log_of_q_over_p(p, q):
    return (torch.xlogy(p, q) - torch.xlogy(p, p)).sum()


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="number")
def without_the_weight(p, q):
    return (p / q).log().sum()


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="number")
def absolute_values(p, q):
    return (p * (p / q).log()).abs().sum()


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="number")
def only_the_cross_entropy(p, q):
    return -torch.xlogy(p, q).sum()


@wrong("kl_divergence", caught_by="slopes", diagnosis="slope", says="gradient with respect to p")
def target_is_a_constant(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum() - torch.xlogy(p, p).sum() + torch.xlogy(p, p).sum().detach()


@wrong("kl_divergence", caught_by="a_table", diagnosis="shape", says="shape")
def rows_only(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)


@wrong("kl_divergence", caught_by="a_table", diagnosis="number")
def batchmean(p, q):
    return F.kl_div(q.log(), p, reduction="batchmean")


@wrong("kl_divergence", caught_by="zeros_in_p", diagnosis="nan", says="nan")
def plain_formula(p, q):
    return (p * (p / q).log()).sum()


@wrong("kl_divergence", caught_by="zeros_in_p", diagnosis="nan", says="nan")
def difference_of_logs(p, q):
    return (p * (p.log() - q.log())).sum()


@wrong("kl_divergence", caught_by="zeros_in_both", diagnosis="nan", says="nan")
def built_in(p, q):
    return F.kl_div(q.log(), p, reduction="sum")


@wrong("kl_divergence", caught_by="zeros_in_both", diagnosis="nan", says="nan")
def xlogy_of_the_ratio(p, q):
    return torch.xlogy(p, p / q).sum()


@wrong("kl_divergence", caught_by="zero_in_q", diagnosis="finite")
def only_the_common_support(p, q):
    both = (p > 0) & (q > 0)
    return (p[both] * (p[both] / q[both]).log()).sum()


@wrong("kl_divergence", caught_by="zero_in_q", diagnosis="finite")
def nan_and_inf_to_num(p, q):
    return torch.nan_to_num(p * (p / q).log(), nan=0.0, posinf=0.0, neginf=0.0).sum()


@wrong("kl_divergence", caught_by="disjoint_supports", diagnosis="nan")
def infinity_only_for_a_common_outcome(p, q):
    both = (p > 0) & (q > 0)
    if not both.any():
        return p.new_zeros(()) / 0 * 0
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


@wrong("kl_divergence", caught_by="tiny_probabilities", diagnosis="finite")
def a_little_in_the_denominator(p, q):
    return torch.xlogy(p, p / (q + 1e-10)).sum()


@wrong("kl_divergence", caught_by="tiny_probabilities", diagnosis="finite")
def clamped(p, q):
    return (p * (p.clamp(min=1e-8) / q.clamp(min=1e-8)).log()).sum()


@wrong("kl_divergence", caught_by="tiny_probabilities", diagnosis="number")
def categorical(p, q):
    return distributions.kl_divergence(distributions.Categorical(p.flatten()), distributions.Categorical(q.flatten()))


@wrong("kl_divergence", caught_by="double_precision", diagnosis="dtype", says="dtype")
def casts_to_float32(p, q):
    return (torch.xlogy(p.float(), p.float()) - torch.xlogy(p.float(), q.float())).sum()


@wrong("kl_divergence", caught_by="zeros_in_p", diagnosis="nan")
def mends_its_input(p, q):
    if not p.requires_grad:
        p[p == 0] = 1e-30
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


@right("kl_divergence")
def in_double_precision(p, q):
    wide_p, wide_q = p.double(), q.double()
    return (torch.xlogy(wide_p, wide_p) - torch.xlogy(wide_p, wide_q)).sum().to(p.dtype)


@right("kl_divergence")
def base_two_turned_into_nats(p, q):
    seen = p > 0
    return math.log(2) * (p[seen] * (torch.log2(p[seen]) - torch.log2(q[seen]))).sum()


@right("kl_divergence")
def cross_entropy_minus_entropy(p, q):
    return -torch.xlogy(p, q).sum() - torch.special.entr(p).sum()


@right("kl_divergence")
def smallest_terms_first(p, q):
    terms = (torch.xlogy(p, p) - torch.xlogy(p, q)).flatten()
    return terms[terms.abs().argsort()].cumsum(0)[-1]


@right("kl_divergence")
def where_once(p, q):
    return torch.where(p > 0, p * torch.log(p / q), 0).sum()


@right("kl_divergence")
def row_by_row(p, q):
    rows = [torch.nansum(a * (a.log() - b.log())) for a, b in zip(p, q, strict=True)]
    return torch.stack(rows).sum()


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="number")
def built_in_as_it_comes(p, q):
    return F.kl_div(p, q)


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="number")
def built_in_with_its_mean(p, q):
    return F.kl_div(q.log(), p)


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="number")
def built_in_of_two_logs_swapped(p, q):
    return F.kl_div(p.log(), q.log(), reduction="sum", log_target=True)


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="number")
def tables_taken_for_logits(p, q):
    return F.kl_div(q.flatten().log_softmax(0), p.flatten().softmax(0), reduction="sum")


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="number")
def both_directions(p, q):
    return ((p - q) * (p / q).log()).sum()


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="factor", says="same factor, 0.4343")
def base_ten(p, q):
    return (p * torch.log10(p / q)).sum()


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="shape")
def entries_not_summed(p, q):
    return torch.xlogy(p, p) - torch.xlogy(p, q)


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="cut")
def numpys_where(p, q):
    p, q = p.detach().numpy(), q.detach().numpy()
    with np.errstate(all="ignore"):
        return np.where(p > 0, p * np.log(p / q), 0).sum()


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="cut", says="torch.tensor()")
def put_back_into_a_tensor(p, q):
    pairs = zip(p.flatten(), q.flatten(), strict=True)
    return torch.tensor([a * (a / b).log() if a > 0 else 0.0 for a, b in pairs], dtype=p.dtype).sum()


@wrong("kl_divergence", caught_by="slopes", diagnosis="slope", says="gradient with respect to q")
def model_detached(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q.detach())).sum()


@wrong("kl_divergence", caught_by="a_table", diagnosis="raises")
def dot_product(p, q):
    return p @ (p.log() - q.log())


@wrong("kl_divergence", caught_by="a_table", diagnosis="shape")
def first_axis(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(0)


@wrong("kl_divergence", caught_by="zero_in_q", diagnosis="finite")
def infinity_made_a_large_number(p, q):
    terms = torch.where(p > 0, p * (p / q).log(), 0)
    return torch.nan_to_num(terms.sum())


@wrong("kl_divergence", caught_by="zero_in_q", diagnosis="finite")
def logs_cut_at_minus_100(p, q):
    return (p * (p.log().clamp(min=-100) - q.log().clamp(min=-100))).sum()


@wrong("kl_divergence", caught_by="zero_in_q", diagnosis="raises")
def refuses_to_divide_by_zero(p, q):
    if ((q == 0) & (p > 0)).any():
        raise ZeroDivisionError("q is 0 where p is not")
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


@wrong("kl_divergence", caught_by="zero_in_q", diagnosis="finite")
def a_little_everywhere(p, q):
    p, q = p + 1e-10, q + 1e-10
    return (p * (p / q).log()).sum()


@wrong("kl_divergence", caught_by="double_precision", diagnosis="raises")
def looks_whether_they_sum_to_one(p, q):
    assert torch.isclose(p.sum(), torch.ones(()))
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="type", says="None")
def forgets_return(p, q):
    torch.xlogy(p, p / q).sum()


@wrong("kl_divergence", caught_by="two_vectors", diagnosis="mistyped", says="NameError")
def name_of_another_library(p, q):
    return rel_entr(p, q).sum()  # noqa: F821


@wrong("kl_divergence", caught_by="zeros_in_p", diagnosis="argument", says="modified")
def mends_the_other_input(p, q):
    if not q.requires_grad:
        q[p == 0] = 1
    return torch.xlogy(p, p / q).sum()


# --- js_divergence ----------------------------------------------------------------------------------------------------


def kl(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


@right("js_divergence")
def by_kl(p, q):
    m = (p + q) / 2
    return (kl(p, m) + kl(q, m)) / 2


@wrong("js_divergence", caught_by="two_vectors", diagnosis="cut", says="gradient")
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


@wrong("js_divergence", caught_by="two_vectors", diagnosis="number")
def mean_of_the_two_kl(p, q):
    return (kl(p, q) + kl(q, p)) / 2


@wrong("js_divergence", caught_by="two_vectors", diagnosis="factor", says="same factor, 2")
def without_the_half(p, q):
    m = (p + q) / 2
    return kl(p, m) + kl(q, m)


@wrong("js_divergence", caught_by="two_vectors", diagnosis="number")
def square_root(p, q):
    m = (p + q) / 2
    return ((kl(p, m) + kl(q, m)) / 2).clamp(min=0).sqrt()


@wrong("js_divergence", caught_by="two_vectors", diagnosis="constant")
def average_without_the_half(p, q):
    m = p + q
    return (kl(p, m) + kl(q, m)) / 2


@wrong("js_divergence", caught_by="two_vectors", diagnosis="number")
def kl_from_the_average(p, q):
    m = (p + q) / 2
    return (kl(m, p) + kl(m, q)) / 2


@wrong("js_divergence", caught_by="two_vectors", diagnosis="factor", says="same factor, 1.443")
def bits(p, q):
    m = (p + q) / 2
    return (kl(p, m) + kl(q, m)) / 2 / math.log(2)


@wrong("js_divergence", caught_by="two_vectors", diagnosis="number")
def one_side_only(p, q):
    return kl(p, (p + q) / 2)


@wrong("js_divergence", caught_by="one_distribution_twice", diagnosis="number")
def the_value_of_the_game(p, q):
    m = (p + q) / 2
    return kl(p, m) + kl(q, m) - math.log(4)


@wrong("js_divergence", caught_by="a_table", diagnosis="shape", says="shape")
def last_axis(p, q):
    m = (p + q) / 2
    return ((torch.xlogy(p, p / m) + torch.xlogy(q, q / m)) / 2).sum(-1)


@wrong("js_divergence", caught_by="zeros", diagnosis="nan", says="nan")
def plain_formula(p, q):
    m = (p + q) / 2
    return ((p * (p / m).log()).sum() + (q * (q / m).log()).sum()) / 2


@wrong("js_divergence", caught_by="disjoint_supports", diagnosis="number")
def infinite_when_apart(p, q):
    return (torch.nansum(p * (p / q).log()) + torch.nansum(q * (q / p).log())) / 4


@wrong("js_divergence", caught_by="disjoint_supports", diagnosis="number")
def only_the_common_support(p, q):
    s = (p > 0) & (q > 0)
    m = (p + q) / 2
    return ((p[s] * (p[s] / m[s]).log()).sum() + (q[s] * (q[s] / m[s]).log()).sum()) / 2


@wrong("js_divergence", caught_by="tiny_probabilities", diagnosis="nan", says="infinite")
def one_minus_d_rounds_to_zero(p, q):
    d = torch.where(p + q > 0, p / (p + q), 0.5)
    return (math.log(4) + torch.xlogy(p, d).sum() + torch.xlogy(q, 1 - d).sum()) / 2


@wrong("js_divergence", caught_by="double_precision", diagnosis="dtype", says="dtype")
def casts_to_float32(p, q):
    m = ((p + q) / 2).float()
    return (kl(p.float(), m) + kl(q.float(), m)) / 2


@wrong("js_divergence", caught_by="slopes", diagnosis="slope", says="gradient")
def average_detached(p, q):
    m = ((p + q) / 2).detach()
    return (kl(p, m) + kl(q.detach(), m)) / 2


@right("js_divergence")
def in_double_precision(p, q):
    wide_p, wide_q = p.double(), q.double()
    m = (wide_p + wide_q) / 2
    return ((kl(wide_p, m) + kl(wide_q, m)) / 2).to(p.dtype)


@right("js_divergence")
def log_two_minus_what_is_shared(p, q):
    share = torch.nan_to_num(p / (p + q)), torch.nan_to_num(q / (p + q))
    return math.log(2) + (torch.xlogy(p, share[0]) + torch.xlogy(q, share[1])).sum() / 2


@right("js_divergence")
def base_two_turned_into_nats(p, q):
    m = (p + q) / 2
    bits = [torch.nansum(r * (torch.log2(r) - torch.log2(m))) for r in (p, q)]
    return (bits[0] + bits[1]) * math.log(2) / 2


@right("js_divergence")
def between_zero_and_log_two(p, q):
    m = torch.lerp(p, q, 0.5)
    return (0.5 * kl(p, m) + 0.5 * kl(q, m)).clamp(0, math.log(2))


@right("js_divergence")
def average_held_still(p, q):
    """The slope through m is 0 along distributions: m minimises what it stands in."""
    m = ((p + q) / 2).detach()
    return (kl(p, m) + kl(q, m)) / 2


@right("js_divergence")
def one_entry_at_a_time(p, q):
    total = p.new_zeros(())
    for a, b in zip(p.flatten(), q.flatten(), strict=True):
        for r in (a, b):
            if r > 0:
                total = total + 0.5 * r * torch.log(2 * r / (a + b))
    return total


@wrong("js_divergence", caught_by="two_vectors", diagnosis="number")
def geometric_mean(p, q):
    m = (p * q).sqrt()
    return (kl(p, m) + kl(q, m)) / 2


@wrong("js_divergence", caught_by="two_vectors", diagnosis="number")
def mean_over_the_entries(p, q):
    m = (p + q) / 2
    return (torch.xlogy(p, p / m) + torch.xlogy(q, q / m)).mean() / 2


@wrong("js_divergence", caught_by="two_vectors", diagnosis="number")
def built_in_with_its_arguments_swapped(p, q):
    m = (p + q) / 2
    return (F.kl_div(p.log(), m, reduction="sum") + F.kl_div(q.log(), m, reduction="sum")) / 2


@wrong("js_divergence", caught_by="two_vectors", diagnosis="number")
def built_in_batchmean(p, q):
    log_m = ((p + q) / 2).log()
    return (F.kl_div(log_m, p, reduction="batchmean") + F.kl_div(log_m, q, reduction="batchmean")) / 2


@wrong("js_divergence", caught_by="two_vectors", diagnosis="number")
def half_on_one_term_only(p, q):
    m = (p + q) / 2
    return kl(p, m) + kl(q, m) / 2


@wrong("js_divergence", caught_by="two_vectors", diagnosis="factor", says="same factor, 0.5")
def halved_twice(p, q):
    m = (p + q) / 2
    return 0.5 * (0.5 * kl(p, m) + 0.5 * kl(q, m))


@wrong("js_divergence", caught_by="two_vectors", diagnosis="sign", says="sign is reversed")
def entropies_the_wrong_way_round(p, q):
    m = (p + q) / 2
    return torch.special.entr(p).sum() / 2 + torch.special.entr(q).sum() / 2 - torch.special.entr(m).sum()


@wrong("js_divergence", caught_by="two_vectors", diagnosis="number")
def tables_taken_for_logits(p, q):
    p, q = p.flatten().softmax(0), q.flatten().softmax(0)
    m = (p + q) / 2
    return (kl(p, m) + kl(q, m)) / 2


@wrong("js_divergence", caught_by="two_vectors", diagnosis="type", says="tuple")
def two_halves(p, q):
    m = (p + q) / 2
    return kl(p, m) / 2, kl(q, m) / 2


@wrong("js_divergence", caught_by="two_vectors", diagnosis="cut")
def scipys_distance_squared(p, q):
    return distance.jensenshannon(p.detach().flatten(), q.detach().flatten()) ** 2


@wrong("js_divergence", caught_by="two_vectors", diagnosis="cut", says="torch.no_grad()")
def without_a_graph(p, q):
    with torch.no_grad():
        m = (p + q) / 2
        return (kl(p, m) + kl(q, m)) / 2


@wrong("js_divergence", caught_by="a_table", diagnosis="raises")
def dot_products(p, q):
    m = (p + q) / 2
    return (p @ (p / m).log() + q @ (q / m).log()) / 2


@wrong("js_divergence", caught_by="zeros", diagnosis="nan")
def built_in(p, q):
    log_m = ((p + q) / 2).log()
    return (F.kl_div(log_m, p, reduction="sum") + F.kl_div(log_m, q, reduction="sum")) / 2


@wrong("js_divergence", caught_by="disjoint_supports", diagnosis="number")
def kept_below_a_half(p, q):
    m = (p + q) / 2
    return ((kl(p, m) + kl(q, m)) / 2).clamp(max=0.5)


@wrong("js_divergence", caught_by="zeros", diagnosis="argument", says="modified")
def fills_its_input(p, q):
    with torch.no_grad():
        p.clamp_(min=1e-30)
        q.clamp_(min=1e-30)
    m = (p + q) / 2
    return ((p * (p / m).log()).sum() + (q * (q / m).log()).sum()) / 2


# --- optimal_discriminator --------------------------------------------------------------------------------------------


@right("optimal_discriminator")
def where_and_masked_fill(p, q):
    total = p + q
    return torch.where(total == 0, 0.5, p / total.masked_fill(total == 0, 1))


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="cut", says="gradient")
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


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="number")
def swapped(p, q):
    return torch.nan_to_num(q / (p + q), nan=0.5)


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="number")
def the_ratio(p, q):
    return torch.nan_to_num(p / q, nan=0.5)


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="ignores")
def always_a_half(p, q):
    return torch.full_like(p, 0.5)


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="number")
def which_is_larger(p, q):
    return torch.where(p == q, 0.5, (p > q).to(p.dtype))


@wrong("optimal_discriminator", caught_by="densities", diagnosis="number")
def divides_by_the_sum_of_the_table(p, q):
    return torch.nan_to_num((p / p.sum()) / (p / p.sum() + q / q.sum()), nan=0.5)


@wrong("optimal_discriminator", caught_by="densities", diagnosis="number")
def clamps_densities(p, q):
    return torch.nan_to_num(p.clamp(max=1) / (p.clamp(max=1) + q.clamp(max=1)), nan=0.5)


@wrong("optimal_discriminator", caught_by="zero_in_one", diagnosis="number")
def a_half_where_either_is_zero(p, q):
    return torch.where((p == 0) | (q == 0), 0.5, p / (p + q))


@wrong("optimal_discriminator", caught_by="zero_in_both", diagnosis="nan", says="nan")
def plain_quotient(p, q):
    return p / (p + q)


@wrong("optimal_discriminator", caught_by="zero_in_both", diagnosis="number")
def zero_where_nothing_is(p, q):
    return torch.nan_to_num(p / (p + q))


@wrong("optimal_discriminator", caught_by="tiny_densities", diagnosis="number")
def a_little_in_the_denominator(p, q):
    return torch.nan_to_num(p / (p + q + 1e-12), nan=0.5)


@wrong("optimal_discriminator", caught_by="tiny_densities", diagnosis="number")
def a_little_everywhere(p, q):
    return (p + 1e-8) / (p + q + 2e-8)


@wrong("optimal_discriminator", caught_by="double_precision", diagnosis="dtype", says="dtype")
def casts_to_float32(p, q):
    return torch.nan_to_num(p.float() / (p + q).float(), nan=0.5)


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="shape", says="tensor of shape")
def a_number(p, q):
    return (p / (p + q)).nan_to_num(0.5).mean()


@right("optimal_discriminator")
def in_double_precision(p, q):
    return torch.nan_to_num(p.double() / (p.double() + q.double()), nan=0.5).to(p.dtype)


@right("optimal_discriminator")
def half_plus_half_the_contrast(p, q):
    return 0.5 + torch.nan_to_num((p - q) / (p + q)) / 2


@right("optimal_discriminator")
def share_by_normalize(p, q):
    share = F.normalize(torch.stack([p, q]), p=1, dim=0, eps=1e-45)[0]
    return torch.where((p == 0) & (q == 0), 0.5, share)


@right("optimal_discriminator")
def softmax_of_two_logs(p, q):
    return torch.stack([p, q]).log().softmax(0)[0].nan_to_num(nan=0.5)


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="number")
def precedence(p, q):
    return torch.nan_to_num(p / p + q, nan=0.5)


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="number")
def the_logit(p, q):
    return torch.nan_to_num(p.log() - q.log(), nan=0.5)


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="number")
def sigmoid_of_the_ratio(p, q):
    return torch.nan_to_num(torch.sigmoid(p / q), nan=0.5)


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="number")
def share_of_the_mean(p, q):
    return torch.nan_to_num(p / ((p + q) / 2), nan=0.5)


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="raises")
def if_of_a_tensor(p, q):
    if p + q == 0:
        return 0.5
    return p / (p + q)


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="shape")
def of_the_sums(p, q):
    return p.sum() / (p.sum() + q.sum())


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="type", says="list")
def a_list(p, q):
    return [a / (a + b) if a + b > 0 else 0.5 for a, b in zip(p.flatten(), q.flatten(), strict=True)]


@wrong("optimal_discriminator", caught_by="two_vectors", diagnosis="argument", says="modified")
def adds_in_place(p, q):
    real = p.clone()
    with torch.no_grad():
        p += q
    return torch.nan_to_num(real / p, nan=0.5)


@wrong("optimal_discriminator", caught_by="slopes", diagnosis="slope", says="gradient with respect to q")
def fakes_detached(p, q):
    return torch.nan_to_num(p / (p + q.detach()), nan=0.5)


@wrong("optimal_discriminator", caught_by="zero_in_one", diagnosis="number")
def a_half_wherever_there_are_no_data(p, q):
    return torch.where(p > 0, p / (p + q), 0.5)


@wrong("optimal_discriminator", caught_by="zero_in_both", diagnosis="nan")
def log_difference_only(p, q):
    return torch.sigmoid(p.log() - q.log())


@wrong("optimal_discriminator", caught_by="zero_in_both", diagnosis="number")
def data_where_nothing_is(p, q):
    return torch.nan_to_num(p / (p + q), nan=1.0)


@wrong("optimal_discriminator", caught_by="tiny_densities", diagnosis="number")
def sum_kept_away_from_zero(p, q):
    return torch.where(p + q > 0, p / (p + q).clamp(min=1e-8), 0.5)


@wrong("optimal_discriminator", caught_by="tiny_densities", diagnosis="number")
def nearly_nothing_is_nothing(p, q):
    nowhere = torch.isclose(p + q, torch.zeros_like(p))
    return torch.where(nowhere, 0.5, p / (p + q))


# --- game_value -------------------------------------------------------------------------------------------------------


@right("game_value")
def two_xlogy(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()


@wrong("game_value", caught_by="any_discriminator", diagnosis="cut", says="gradient")
def numpy_value(p, q, d):
    p, q, d = (x.detach().numpy() for x in (p, q, d))
    with np.errstate(all="ignore"):
        return torch.tensor(np.nansum(p * np.log(d)) + np.nansum(q * np.log(1 - d)))


@wrong("game_value", caught_by="any_discriminator", diagnosis="cut", says="gradient")
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


@wrong("game_value", caught_by="any_discriminator", diagnosis="sign", says="sign is reversed")
def the_loss(p, q, d):
    return -(torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()


@wrong("game_value", caught_by="any_discriminator", diagnosis="number")
def swapped(p, q, d):
    return (torch.xlogy(q, d) + torch.xlogy(p, 1 - d)).sum()


@wrong("game_value", caught_by="any_discriminator", diagnosis="number")
def difference(p, q, d):
    return (torch.xlogy(p, d) - torch.xlogy(q, 1 - d)).sum()


@wrong("game_value", caught_by="any_discriminator", diagnosis="number")
def averaged(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).mean()


@wrong("game_value", caught_by="any_discriminator", diagnosis="factor", says="same factor, 0.5")
def halved(p, q, d):
    return 0.5 * (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()


@wrong("game_value", caught_by="any_discriminator", diagnosis="number")
def without_weights(p, q, d):
    return d.log().mean() + (1 - d).log().mean()


@wrong("game_value", caught_by="any_discriminator", diagnosis="number")
def nonsaturating(p, q, d):
    return (torch.xlogy(p, d) - torch.xlogy(q, d)).sum()


@wrong("game_value", caught_by="any_discriminator", diagnosis="number")
def takes_logits(p, q, d):
    return (p * F.logsigmoid(d) + q * F.logsigmoid(-d)).sum()


@wrong("game_value", caught_by="a_table", diagnosis="shape", says="shape")
def last_axis(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum(-1)


@wrong("game_value", caught_by="sure_and_right", diagnosis="nan", says="nan")
def plain_formula(p, q, d):
    return (p * d.log() + q * (1 - d).log()).sum()


@wrong("game_value", caught_by="sure_and_wrong", diagnosis="finite")
def cross_entropy_clips(p, q, d):
    real = F.binary_cross_entropy(d, torch.ones_like(d), weight=p, reduction="sum")
    return -real - F.binary_cross_entropy(d, torch.zeros_like(d), weight=q, reduction="sum")


@wrong("game_value", caught_by="sure_and_wrong", diagnosis="finite")
def infinities_removed(p, q, d):
    return torch.nan_to_num(p * d.log() + q * (1 - d).log(), neginf=0.0).sum()


@wrong("game_value", caught_by="nearly_sure", diagnosis="finite")
def a_little_inside_the_log(p, q, d):
    return (p * (d + 1e-8).log() + q * (1 - d + 1e-8).log()).sum()


@wrong("game_value", caught_by="double_precision", diagnosis="dtype", says="dtype")
def casts_to_float32(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum().float()


@wrong("game_value", caught_by="slopes", diagnosis="slope", says="gradient with respect to d")
def discriminator_detached_in_one_term(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d.detach())).sum()


@right("game_value")
def in_double_precision(p, q, d):
    wide = torch.xlogy(p.double(), d.double()) + torch.special.xlog1py(q.double(), -d.double())
    return wide.sum().to(p.dtype)


@right("game_value")
def base_two_turned_into_nats(p, q, d):
    return math.log(2) * (torch.nansum(p * torch.log2(d)) + torch.nansum(q * torch.log2(1 - d)))


@right("game_value")
def one_entry_at_a_time(p, q, d):
    total = p.new_zeros(())
    for a, b, c in zip(p.flatten(), q.flatten(), d.flatten(), strict=True):
        if a > 0:
            total = total + a * c.log()
        if b > 0:
            total = total + b * torch.log1p(-c)
    return total


@right("game_value")
def where_there_is_mass(p, q, d):
    real = torch.where(p > 0, p * d.log(), 0)
    return (real + torch.where(q > 0, q * (1 - d).log(), 0)).sum()


@wrong("game_value", caught_by="any_discriminator", diagnosis="number")
def second_weight_from_p(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(1 - p, 1 - d)).sum()


@wrong("game_value", caught_by="any_discriminator", diagnosis="number")
def one_minus_q(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(1 - q, 1 - d)).sum()


@wrong("game_value", caught_by="any_discriminator", diagnosis="number")
def best_discriminator_instead(p, q, d):
    best = torch.where(p + q > 0, p / (p + q), 0.5)
    return (torch.xlogy(p, best) + torch.xlogy(q, 1 - best)).sum()


@wrong("game_value", caught_by="any_discriminator", diagnosis="number")
def first_term_only(p, q, d):
    return torch.xlogy(p, d).sum()


@wrong("game_value", caught_by="any_discriminator", diagnosis="number")
def log_of_the_expectation(p, q, d):
    return (p * d).sum().log() + (q * (1 - d)).sum().log()


@wrong("game_value", caught_by="any_discriminator", diagnosis="number")
def cross_entropy_of_the_tables(p, q, d):
    return -F.binary_cross_entropy(d, p) - F.binary_cross_entropy(1 - d, q)


@wrong("game_value", caught_by="any_discriminator", diagnosis="factor", says="same factor, 1.443")
def in_bits(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum() / math.log(2)


@wrong("game_value", caught_by="any_discriminator", diagnosis="constant")
def plus_log_four(p, q, d):
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum() + math.log(4)


@wrong("game_value", caught_by="any_discriminator", diagnosis="type", says="tuple")
def two_terms(p, q, d):
    return torch.xlogy(p, d).sum(), torch.xlogy(q, 1 - d).sum()


@wrong("game_value", caught_by="any_discriminator", diagnosis="shape")
def entries(p, q, d):
    return torch.xlogy(p, d) + torch.xlogy(q, 1 - d)


@wrong("game_value", caught_by="a_table", diagnosis="raises")
def dot_products_of_vectors(p, q, d):
    return p @ d.log() + q @ (1 - d).log()


@wrong("game_value", caught_by="sure_and_right", diagnosis="nan")
def einsum_of_plain_logs(p, q, d):
    return torch.einsum("...,...->", p, d.log()) + torch.einsum("...,...->", q, (1 - d).log())


@wrong("game_value", caught_by="sure_and_wrong", diagnosis="finite")
def not_quite_sure(p, q, d):
    d = d.clamp(1e-7, 1 - 1e-7)
    return (p * d.log() + q * (1 - d).log()).sum()


@wrong("game_value", caught_by="sure_and_wrong", diagnosis="finite")
def infinity_made_a_large_number(p, q, d):
    return torch.nan_to_num(p * d.log() + q * (1 - d).log()).sum().nan_to_num()


@wrong("game_value", caught_by="sure_and_wrong", diagnosis="raises")
def insists_on_doubt(p, q, d):
    if (torch.xlogy(p, d) == -math.inf).any():
        raise ValueError("log of 0")
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()


@wrong("game_value", caught_by="nearly_sure", diagnosis="number")
def small_answers_count_as_zero(p, q, d):
    d = torch.where(d == 0, d, d.clamp(min=1e-8))
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()


@wrong("game_value", caught_by="any_discriminator", diagnosis="argument", says="modified")
def turns_d_around(p, q, d):
    real = torch.xlogy(p, d).sum()
    with torch.no_grad():
        d.neg_().add_(1)
    return real + torch.xlogy(q, d).sum()


@wrong("game_value", caught_by="nearly_sure", diagnosis="slope")
def slope_stops_at_the_clamp(p, q, d):
    log_d = torch.where(d < 1e-6, d.detach().log(), d.log())
    return torch.nansum(p * log_d) + torch.nansum(q * (1 - d).log())


# --- density_ratio ----------------------------------------------------------------------------------------------------


@right("density_ratio")
def exp(logits):
    return logits.exp()


@wrong("density_ratio", caught_by="some_logits", diagnosis="cut", says="gradient")
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


@wrong("density_ratio", caught_by="some_logits", diagnosis="number")
def upside_down(logits):
    return torch.exp(-logits)


@wrong("density_ratio", caught_by="some_logits", diagnosis="number")
def the_probability(logits):
    return torch.sigmoid(logits)


@wrong("density_ratio", caught_by="some_logits", diagnosis="number")
def the_log_ratio(logits):
    return logits


@wrong("density_ratio", caught_by="some_logits", diagnosis="number")
def softplus(logits):
    return F.softplus(logits)


@wrong("density_ratio", caught_by="some_logits", diagnosis="number")
def takes_probabilities(logits):
    return logits / (1 - logits)


@wrong("density_ratio", caught_by="any_shape", diagnosis="shape", says="tensor of shape")
def averaged(logits):
    return logits.exp().mean()


@wrong("density_ratio", caught_by="any_shape", diagnosis="number")
def softmax(logits):
    return logits.flatten(1).softmax(1).view_as(logits) * logits[0].numel()


@wrong("density_ratio", caught_by="large_logits", diagnosis="nan")
def odds_of_the_sigmoid(logits):
    d = torch.sigmoid(logits)
    return d / (1 - d)


@wrong("density_ratio", caught_by="large_logits", diagnosis="number")
def odds_plus_a_little(logits):
    d = torch.sigmoid(logits)
    return d / (1 - d + 1e-8)


@wrong("density_ratio", caught_by="extreme_logits", diagnosis="number")
def clamped(logits):
    return logits.clamp(-50, 50).exp()


@wrong("density_ratio", caught_by="double_precision", diagnosis="dtype", says="dtype")
def casts_to_float32(logits):
    return logits.float().exp()


@right("density_ratio")
def power_of_two(logits):
    return torch.exp2(logits / math.log(2))


@right("density_ratio")
def square_of_a_root(logits):
    return torch.exp(logits / 2).square()


@right("density_ratio")
def odds_from_both_sigmoids(logits):
    return torch.sigmoid(logits) / torch.sigmoid(-logits)


@right("density_ratio")
def one_logit_at_a_time(logits):
    return torch.stack([one.exp() for one in logits.flatten()]).reshape(logits.shape)


@wrong("density_ratio", caught_by="some_logits", diagnosis="number")
def the_sigmoid_by_hand(logits):
    return logits.exp() / (1 + logits.exp())


@wrong("density_ratio", caught_by="some_logits", diagnosis="constant")
def one_over_one_minus_d(logits):
    return 1 + logits.exp()


@wrong("density_ratio", caught_by="some_logits", diagnosis="constant")
def exponential_minus_one(logits):
    return torch.expm1(logits)


@wrong("density_ratio", caught_by="some_logits", diagnosis="sign", says="sign is reversed")
def the_generators_loss(logits):
    return -logits.exp()


@wrong("density_ratio", caught_by="some_logits", diagnosis="number")
def exponential_of_the_probability(logits):
    return torch.sigmoid(logits).exp()


@wrong("density_ratio", caught_by="some_logits", diagnosis="number")
def half_the_logit(logits):
    return torch.exp(logits / 2)


@wrong("density_ratio", caught_by="some_logits", diagnosis="number")
def made_to_average_one(logits):
    return logits.exp() / logits.exp().mean()


@wrong("density_ratio", caught_by="some_logits", diagnosis="cut", says=".detach()")
def detached(logits):
    return logits.detach().exp()


@wrong("density_ratio", caught_by="some_logits", diagnosis="raises")
def one_number(logits):
    return math.exp(logits)


@wrong("density_ratio", caught_by="some_logits", diagnosis="argument", says="modified")
def in_place(logits):
    return logits.exp_()


@wrong("density_ratio", caught_by="any_shape", diagnosis="shape")
def squeezed(logits):
    return logits.exp().squeeze()


@wrong("density_ratio", caught_by="any_shape", diagnosis="shape")
def flattened(logits):
    return logits.exp().view(-1)


@wrong("density_ratio", caught_by="large_logits", diagnosis="nan")
def odds_in_double_precision(logits):
    d = torch.sigmoid(logits.double())
    return (d / (1 - d)).to(logits.dtype)


@wrong("density_ratio", caught_by="large_logits", diagnosis="number")
def probability_kept_off_one(logits):
    d = torch.sigmoid(logits).clamp(max=1 - 1e-6)
    return d / (1 - d)


@wrong("density_ratio", caught_by="large_logits", diagnosis="number")
def clamped_at_twenty(logits):
    return logits.clamp(-20, 20).exp()


@wrong("density_ratio", caught_by="extreme_logits", diagnosis="number")
def clamped_below(logits):
    return torch.exp(logits.clamp(min=-40))


@wrong("density_ratio", caught_by="extreme_logits", diagnosis="number")
def a_little_added(logits):
    return logits.exp() + 1e-8


@wrong("density_ratio", caught_by="extreme_logits", diagnosis="number")
def two_hyperbolic_functions(logits):
    return torch.sinh(logits) + torch.cosh(logits)


@wrong("density_ratio", caught_by="extreme_logits", diagnosis="nan")
def odds_with_an_overflow(logits):
    return torch.exp(2 * logits) / torch.exp(logits)


# --- a bound from logits ----------------------------------------------------------------------------------------------

LOG2 = math.log(2)


@right("js_lower_bound")
def log_sigmoids(real_logits, fake_logits):
    return LOG2 + (F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean()) / 2


@right("js_lower_bound")
def softpluses(real_logits, fake_logits):
    return math.log(2) - 0.5 * F.softplus(-real_logits).mean() - 0.5 * F.softplus(fake_logits).mean()


@right("js_lower_bound")
def cross_entropies(real_logits, fake_logits):
    real = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
    fake = F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
    return LOG2 - (real + fake) / 2


@right("js_lower_bound")
def sums_over_counts(real_logits, fake_logits):
    real = F.logsigmoid(real_logits).sum() / real_logits.numel()
    fake = (F.logsigmoid(fake_logits) - fake_logits).sum() / fake_logits.numel()  # log σ(-a) = log σ(a) - a
    return (real + fake) / 2 + LOG2


@right("js_lower_bound")
def logs_that_add(real_logits, fake_logits):
    zero = torch.zeros((), dtype=real_logits.dtype)
    value = -torch.logaddexp(zero, -real_logits).mean() - torch.logaddexp(zero, fake_logits).mean()
    return (math.log(4) + value) / 2


@right("js_lower_bound")
def weighted_cross_entropy(real_logits, fake_logits):
    a = torch.cat([real_logits.flatten(), fake_logits.flatten()])
    labels = torch.cat([torch.ones(real_logits.numel()), torch.zeros(fake_logits.numel())]).to(a)
    weights = torch.where(labels == 1, 0.5 / real_logits.numel(), 0.5 / fake_logits.numel()).to(a)
    return LOG2 - F.binary_cross_entropy_with_logits(a, labels, weight=weights, reduction="sum")


@right("js_lower_bound")
def log_twice_d(real_logits, fake_logits):
    """As a mean of log(D / ½)."""
    return ((F.logsigmoid(real_logits) + LOG2).mean() + (F.logsigmoid(-fake_logits) + LOG2).mean()) / 2


@right("js_lower_bound")
def in_double_precision(real_logits, fake_logits):
    value = F.logsigmoid(real_logits.double()).mean() + F.logsigmoid(-fake_logits.double()).mean()
    return (LOG2 + value / 2).to(real_logits.dtype)


@right("js_lower_bound")
def of_distributions(real_logits, fake_logits):
    real = distributions.Bernoulli(logits=real_logits).log_prob(torch.ones_like(real_logits))
    fake = distributions.Bernoulli(logits=fake_logits).log_prob(torch.zeros_like(fake_logits))
    return LOG2 + torch.stack([real.mean(), fake.mean()]).mean()


def value_of(real_logits, fake_logits):
    return F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean()


@wrong("js_lower_bound", caught_by="equal_batches", diagnosis="open", says="not attempted")
def stub_of_the_bound(real_logits, fake_logits):
    raise NotImplementedError("your turn")


@wrong("js_lower_bound", caught_by="undecided", diagnosis="constant")
def constant_forgotten(real_logits, fake_logits):
    return value_of(real_logits, fake_logits) / 2


@wrong("js_lower_bound", caught_by="undecided", diagnosis="constant")
def log_four_kept(real_logits, fake_logits):
    return math.log(4) + value_of(real_logits, fake_logits) / 2


@wrong("js_lower_bound", caught_by="undecided", diagnosis="constant")
def log_four_subtracted(real_logits, fake_logits):
    return (value_of(real_logits, fake_logits) - math.log(4)) / 2


@wrong("js_lower_bound", caught_by="undecided", diagnosis="constant")
def constant_in_bits(real_logits, fake_logits):
    return 1 + value_of(real_logits, fake_logits) / 2


@wrong("js_lower_bound", caught_by="equal_batches", diagnosis="number")
def half_forgotten(real_logits, fake_logits):
    return LOG2 + value_of(real_logits, fake_logits)


@wrong("js_lower_bound", caught_by="equal_batches", diagnosis="factor")
def bound_of_twice_the_divergence(real_logits, fake_logits):
    return math.log(4) + value_of(real_logits, fake_logits)


@wrong("js_lower_bound", caught_by="equal_batches", diagnosis="factor")
def in_bits(real_logits, fake_logits):
    return 1 + value_of(real_logits, fake_logits) / (2 * LOG2)


@wrong("js_lower_bound", caught_by="equal_batches", diagnosis="sign", says="sign is reversed")
def as_a_loss(real_logits, fake_logits):
    return -LOG2 - value_of(real_logits, fake_logits) / 2


@wrong("js_lower_bound", caught_by="equal_batches", diagnosis="number")
def loss_added(real_logits, fake_logits):
    return LOG2 - value_of(real_logits, fake_logits) / 2


@wrong("js_lower_bound", caught_by="equal_batches", diagnosis="number")
def batches_swapped(real_logits, fake_logits):
    return LOG2 + value_of(fake_logits, real_logits) / 2


@wrong("js_lower_bound", caught_by="equal_batches", diagnosis="number")
def both_called_real(real_logits, fake_logits):
    return LOG2 + (F.logsigmoid(real_logits).mean() + F.logsigmoid(fake_logits).mean()) / 2


@wrong("js_lower_bound", caught_by="equal_batches", diagnosis="number")
def log_of_one_minus_the_logarithm(real_logits, fake_logits):
    return LOG2 + (F.logsigmoid(real_logits).mean() - F.logsigmoid(fake_logits).mean()) / 2


@wrong("js_lower_bound", caught_by="equal_batches", diagnosis="number")
def probabilities_averaged_first(real_logits, fake_logits):
    d, e = torch.sigmoid(real_logits).mean(), torch.sigmoid(fake_logits).mean()
    return LOG2 + (d.log() + (1 - e).log()) / 2


@wrong("js_lower_bound", caught_by="equal_batches", diagnosis="number")
def logits_averaged_first(real_logits, fake_logits):
    return LOG2 + value_of(real_logits.mean(), fake_logits.mean()) / 2


@wrong("js_lower_bound", caught_by="equal_batches", diagnosis="number")
def sums(real_logits, fake_logits):
    return LOG2 + (F.logsigmoid(real_logits).sum() + F.logsigmoid(-fake_logits).sum()) / 2


@wrong("js_lower_bound", caught_by="equal_batches", diagnosis="nan")
def takes_probabilities(real_logits, fake_logits):
    return LOG2 + (real_logits.log().mean() + (1 - fake_logits).log().mean()) / 2


@wrong("js_lower_bound", caught_by="unequal_batches", diagnosis="number")
def one_mean_over_both(real_logits, fake_logits):
    a = torch.cat([real_logits, fake_logits])
    labels = torch.cat([torch.ones_like(real_logits), torch.zeros_like(fake_logits)])
    return LOG2 - F.binary_cross_entropy_with_logits(a, labels)


@wrong("js_lower_bound", caught_by="unequal_batches", diagnosis="raises")
def paired(real_logits, fake_logits):
    return LOG2 + (F.logsigmoid(real_logits).flatten() + F.logsigmoid(-fake_logits).flatten()).mean() / 2


@wrong("js_lower_bound", caught_by="unequal_batches", diagnosis="number")
def divided_by_one_count(real_logits, fake_logits):
    total = F.logsigmoid(real_logits).sum() + F.logsigmoid(-fake_logits).sum()
    return LOG2 + total / (2 * real_logits.numel())


@wrong("js_lower_bound", caught_by="worse_than_a_coin", diagnosis="number")
def cut_at_zero(real_logits, fake_logits):
    return (LOG2 + value_of(real_logits, fake_logits) / 2).clamp(0, LOG2)


@wrong("js_lower_bound", caught_by="worse_than_a_coin", diagnosis="number")
def made_positive(real_logits, fake_logits):
    return (LOG2 + value_of(real_logits, fake_logits) / 2).abs()


@wrong("js_lower_bound", caught_by="sure_and_wrong", diagnosis="nan")
def through_the_sigmoid(real_logits, fake_logits):
    d, e = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return LOG2 + (d.log().mean() + (1 - e).log().mean()) / 2


@wrong("js_lower_bound", caught_by="sure_and_wrong", diagnosis="number")
def sigmoid_plus_a_little(real_logits, fake_logits):
    d, e = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return LOG2 + ((d + 1e-8).log().mean() + (1 - e + 1e-8).log().mean()) / 2


@wrong("js_lower_bound", caught_by="sure_and_wrong", diagnosis="number")
def logits_clamped(real_logits, fake_logits):
    return LOG2 + value_of(real_logits.clamp(-30, 30), fake_logits.clamp(-30, 30)) / 2


@wrong("js_lower_bound", caught_by="sure_and_right", diagnosis="nan")
def log_of_an_exponential(real_logits, fake_logits):
    return LOG2 + (real_logits - (1 + real_logits.exp()).log()).mean() / 2 - (1 + fake_logits.exp()).log().mean() / 2


@wrong("js_lower_bound", caught_by="patches", diagnosis="shape")
def one_for_each_patch(real_logits, fake_logits):
    return LOG2 + (F.logsigmoid(real_logits).mean(0) + F.logsigmoid(-fake_logits).mean(0)) / 2


@wrong("js_lower_bound", caught_by="patches", diagnosis="number")
def summed_over_the_patches(real_logits, fake_logits):
    real, fake = F.logsigmoid(real_logits).flatten(1), F.logsigmoid(-fake_logits).flatten(1)
    return LOG2 + (real.sum(1).mean() + fake.sum(1).mean()) / 2


@wrong("js_lower_bound", caught_by="double_precision", diagnosis="dtype", says="dtype")
def casts_the_logits(real_logits, fake_logits):
    return LOG2 + value_of(real_logits.float(), fake_logits.float()) / 2


@wrong("js_lower_bound", caught_by="slopes", diagnosis="cut")
def as_a_float(real_logits, fake_logits):
    return (LOG2 + value_of(real_logits, fake_logits) / 2).item()


@wrong("js_lower_bound", caught_by="slopes", diagnosis="cut", says=".detach()")
def cut_off(real_logits, fake_logits):
    return (LOG2 + value_of(real_logits, fake_logits) / 2).detach()


@wrong("js_lower_bound", caught_by="slopes", diagnosis="slope")
def fakes_cut_off(real_logits, fake_logits):
    return LOG2 + value_of(real_logits, fake_logits.detach()) / 2


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
        "solved_without_assumptions": sp.solve(plain_a / y - plain_b / (1 - y), y)[0],
        "hyperbolic_tangent": (1 + sp.tanh(sp.log(a / b) / 2)) / 2,
    },
)


@wrong("pointwise_maximizer", caught_by="slope_is_zero", diagnosis="open", says="not attempted")
def stub():
    raise NotImplementedError("your turn")


@wrong("pointwise_maximizer", caught_by="slope_is_zero", diagnosis="type", says="a list: take the entry out")
def list_of_solutions():
    return sp.solve(sp.diff(f, y), y)


@wrong("pointwise_maximizer", caught_by="slope_is_zero", diagnosis="type", says="without quotes")
def text():
    return "a/(a+b)"


@wrong("pointwise_maximizer", caught_by="slope_is_zero", diagnosis="raises", says="contains y")
def the_derivative():
    return sp.diff(f, y)


@wrong("pointwise_maximizer", caught_by="slope_is_zero", diagnosis="type", says="None")
def forgets_return():
    sp.solve(sp.diff(f, y), y)


@wrong("pointwise_maximizer", caught_by="slope_is_zero", diagnosis="type", says="float")
def a_float():
    return 0.5


says("pointwise_maximizer", "wrong", {"other_share": b / (a + b)}, caught_by="value", diagnosis="number")
says(
    "pointwise_maximizer",
    "wrong",
    {
        "odds": a / b,
        "sign_slip": a / (b - a),
        "almost": sp.Rational(99999, 100000) * a / (a + b),
        "sign_of_the_inner_derivative_lost": a / (a - b),
        "root_of_the_share": sp.sqrt(a / (a + b)),
        "share_of_squares": a**2 / (a**2 + b**2),
        "exponentials": sp.exp(a) / (sp.exp(a) + sp.exp(b)),
        "difference": (a - b) / (a + b),
        "larger_of_the_two": sp.Max(a, b) / (a + b),
    },
    caught_by="slope_is_zero",
    diagnosis="number",
)
says("pointwise_maximizer", "wrong", {"a_half": sp.Rational(1, 2)}, caught_by="slope_is_zero", diagnosis="ignores")
says("pointwise_maximizer", "wrong", {"negative_root": -a / (a + b)}, caught_by="slope_is_zero", diagnosis="sign")
says("pointwise_maximizer", "wrong", {"zero": sp.Integer(0)}, caught_by="slope_is_zero", diagnosis="raises")
says(
    "pointwise_maximizer",
    "wrong",
    {"other_names": best.subs({a: sp.Symbol("p"), b: sp.Symbol("q")}), "still_with_y": a * (1 - y) / b},
    caught_by="slope_is_zero",
    diagnosis="raises",
    says="a and b only",
)
says(
    "pointwise_maximizer",
    "wrong",
    {"an_equation": sp.Eq(y, best), "a_set_of_solutions": sp.FiniteSet(best), "a_dictionary": [{y: best}]},
    caught_by="slope_is_zero",
    diagnosis="type",
)
says(
    "pointwise_maximizer",
    "wrong",
    {"fitted": 0.99999999999 * a / (a + b), "rounded_constant": a / (a + 0.9999999999999 * b)},
    caught_by="exact",
    diagnosis="number",
)


g = (a * sp.log(a / m) + b * sp.log(b / m)) / 2


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
        "of_the_odds": -sp.log(1 + a / b),
        "base_two_times_log_two": sp.log(2) * sp.log(b / (a + b), 2),
    },
)
says(
    "criterion_slope",
    "wrong",
    {
        "with_respect_to_a": sp.log(a / (a + b)),
        "slope_of_js": sp.diff(g, b),
        "second_term_only": sp.diff(b * sp.log(b / (a + b)), b),
        "first_term_only": sp.diff(a * sp.log(best), b),
        "log_of_d": sp.log(best),
        "both_derivatives": sp.diff(c, a) + sp.diff(c, b),
        "mixed_derivative": sp.diff(c, a, b),
        "second_derivative": sp.diff(c, b, 2),
        "the_criterion_itself": c,
        "log_forgotten": b / (a + b),
        "differentiates_the_numerators_only": sp.log(b / (a + b)) + 1 + a / b,
        "numerators_swapped": sp.diff(a * sp.log(b / (a + b)) + b * sp.log(best), b),
        "log_odds": sp.log(b / a),
        "nonsaturating_slope": -sp.log(best),
    },
    caught_by="value",
    diagnosis="number",
)
says(
    "criterion_slope",
    "wrong",
    {"slope_of_two_js": 2 * sp.diff(g, b), "inner_derivative_forgotten": sp.log(b / (a + b)) + 1},
    caught_by="value",
    diagnosis="constant",
)
says(
    "criterion_slope",
    "wrong",
    {"sign": -sp.log(b / (a + b))},
    caught_by="value",
    diagnosis="sign",
    says="sign is reversed",
)
says("criterion_slope", "wrong", {"in_bits": sp.log(b / (a + b), 2)}, caught_by="value", diagnosis="factor")


@wrong("criterion_slope", caught_by="value", diagnosis="open", says="not attempted")
def stub_of_the_slope():
    raise NotImplementedError("your turn")


@wrong("criterion_slope", caught_by="value", diagnosis="raises", says="ValueError")
def which_variable():
    return sp.diff(c)


@wrong("criterion_slope", caught_by="value", diagnosis="raises", says="a and b only")
def slope_at_a_fixed_y():
    return sp.diff(f.subs({a: a, b: b}), b)


@wrong("criterion_slope", caught_by="value", diagnosis="type", says="text")
def as_text():
    return str(sp.simplify(sp.diff(c, b)))


@wrong("criterion_slope", caught_by="value", diagnosis="type")
def a_function_of_numbers():
    return sp.lambdify((a, b), sp.diff(c, b))


says(
    "criterion_slope",
    "wrong",
    {"decimal": 2 * sp.diff(g, b) - 0.693147180559945, "fitted": sp.log(b / (a + b)) * 1.000000000001},
    caught_by="exact",
    diagnosis="number",
)
