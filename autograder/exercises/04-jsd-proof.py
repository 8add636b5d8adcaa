"""Exercises of section 4, what the game minimises: functions of probability tables, and steps of the proof in SymPy."""

# A case is known by its exercise and its name:
# pyright: reportRedeclaration=false
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
import torch

from autograder.exercise import EXACT, Exercise, WrongType, normal

# --- divergences of probability tables --------------------------------------------------------------------------------


def probabilities(rng, *shape, dtype=torch.float32):
    """A table of positive probabilities that sum to 1, with some well below the others."""
    table = normal(rng, *shape, scale=1.2, dtype=torch.float64).exp()
    return (table / table.sum()).to(dtype)


def probabilities_with_zeros(rng, n, where):
    """n probabilities, those at the places `where` exactly 0."""
    table = probabilities(rng, n, dtype=torch.float64)
    table[where] = 0
    return (table / table.sum()).to(torch.float32)


def between_distributions(function, p, q):
    """Slopes are compared along the set of distributions only: there an answer that renormalises its inputs is as
    right as one that does not."""
    if p.requires_grad:
        p, q = p / p.sum(), q / q.sum()
    return function(p, q)


kl_divergence = Exercise("kl_divergence", points=2, call=between_distributions)


@kl_divergence.case
def two_vectors(rng):
    """Three questions: which of the two is the weight of an entry, which stands on top inside the logarithm, and are
    the entries added or averaged? The logarithm is natural. If you use F.kl_div: which of its arguments does it want as
    a logarithm, in which order, and what becomes of the entries?"""
    return {"p": probabilities(rng, 6), "q": probabilities(rng, 6)}


@kl_divergence.case(about="number form")
def a_table(rng):
    """A joint distribution of two variables, shape (3, 4): every entry counts, and the result is a scalar. With
    F.kl_div, mind that 'batchmean' divides by the number of rows."""
    return {"p": probabilities(rng, 3, 4), "q": probabilities(rng, 3, 4)}


@kl_divergence.case(gradient=False)
def zeros_in_p(rng):
    """Where p is 0 the entry contributes 0, because t·log t goes to 0 as t does. A computer's 0·log(0) is nan. Some
    function of torch multiplies by a logarithm and knows better."""
    return {"p": probabilities_with_zeros(rng, 6, [1, 4]), "q": probabilities(rng, 6)}


@kl_divergence.case(gradient=False)
def zeros_in_both(rng):
    """Where both are 0 the entry contributes 0 as well; 0/0 is nan before any logarithm is taken."""
    return {"p": probabilities_with_zeros(rng, 6, [0, 2]), "q": probabilities_with_zeros(rng, 6, [0, 2])}


@kl_divergence.case(gradient=False)
def zero_in_q(rng):
    """Here q calls something impossible that p produces: the divergence is +inf. A small constant inside the
    logarithm makes it finite, and wrong; so do a clamp, nan_to_num, and leaving the entry out."""
    return {"p": probabilities(rng, 5), "q": probabilities_with_zeros(rng, 5, [3])}


@kl_divergence.case(gradient=False)
def disjoint_supports(rng):
    """p and q share no outcome: +inf, and not nan."""
    return {"p": probabilities_with_zeros(rng, 6, [0, 1, 2]), "q": probabilities_with_zeros(rng, 6, [3, 4, 5])}


@kl_divergence.case
def tiny_probabilities(rng):
    """Some q are as small as 1e-16, but not 0: the result is large and finite. Constants such as 1e-8 inside the
    logarithm, and clamps, change it."""
    q = probabilities(rng, 6)
    q[2], q[4] = 2e-12, 3e-16
    return {"p": probabilities(rng, 6), "q": q / q.sum()}


@kl_divergence.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return {"p": probabilities(rng, 5, dtype=torch.float64), "q": probabilities(rng, 5, dtype=torch.float64)}


@kl_divergence.case(about="slope")
def slopes(rng):
    """Further down both arguments are fitted, so both need their slopes, in every place where they stand. What in your
    function takes a number out of its graph: a detach, a no_grad, NumPy? What if only p changes, and what if only q?"""
    return {"p": probabilities(rng, 6), "q": probabilities(rng, 6)}


js_divergence = Exercise("js_divergence", points=2, call=between_distributions)


@js_divergence.case
def two_vectors(rng):
    """Neither is compared with the other, but both with a third distribution between them. Which one, how much does
    each of the two divergences count, and is there a square root that does not belong?"""
    return {"p": probabilities(rng, 6), "q": probabilities(rng, 6)}


@js_divergence.case(about="number form")
def a_table(rng):
    """Shape (3, 4): every entry counts; the result is a scalar."""
    return {"p": probabilities(rng, 3, 4), "q": probabilities(rng, 3, 4)}


@js_divergence.case(gradient=False)
def one_distribution_twice(rng):
    """p compared with itself: the divergence is 0."""
    p = probabilities(rng, 5)
    return {"p": p, "q": p.clone()}


@js_divergence.case(gradient=False)
def zeros(rng):
    """Zeros in p, in q and in both at once: each of the two sums has 0·log 0 = 0 in it. An outcome that only one of the
    two can produce still counts in the sum of that one."""
    return {"p": probabilities_with_zeros(rng, 6, [0, 1]), "q": probabilities_with_zeros(rng, 6, [1, 2])}


@js_divergence.case(gradient=False)
def disjoint_supports(rng):
    """p and q share no outcome: this is as different as two distributions can be, and the divergence is log 2. It is
    never infinite, because m is positive wherever p or q is."""
    return {"p": probabilities_with_zeros(rng, 6, [0, 1, 2]), "q": probabilities_with_zeros(rng, 6, [3, 4, 5])}


@js_divergence.case(gradient=False)
def tiny_probabilities(rng):
    """Half of the outcomes have probabilities near 1e-30 under q. The result is finite, since m is not small there;
    but 1 - p/(p+q) rounds to 0, and its logarithm is -inf."""
    q = probabilities(rng, 6)
    q[:3] = q[:3] * 1e-30
    return {"p": probabilities(rng, 6), "q": q / q.sum()}


@js_divergence.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return {"p": probabilities(rng, 5, dtype=torch.float64), "q": probabilities(rng, 5, dtype=torch.float64)}


@js_divergence.case(about="slope")
def slopes(rng):
    """Both arguments need their slopes, in every place where they stand. What in your function takes a number out of
    its graph: a detach, a no_grad, NumPy?"""
    return {"p": probabilities(rng, 6), "q": probabilities(rng, 6)}


# --- the discriminator's side -----------------------------------------------------------------------------------------

optimal_discriminator = Exercise("optimal_discriminator", points=1)


@optimal_discriminator.case
def two_vectors(rng):
    """Where the data are denser than the fakes D* is above ½, where the fakes are denser below, and nowhere beyond 0
    and 1. Is yours the share of the data, or of the fakes, or a ratio of the two?"""
    return {"p": probabilities(rng, 6), "q": probabilities(rng, 6)}


@optimal_discriminator.case(about="number form")
def densities(rng):
    """Densities may be larger than 1, and of any shape. The answer has the same shape; nothing is normalised."""
    return {"p": 9 * probabilities(rng, 2, 3), "q": 5 * probabilities(rng, 2, 3)}


@optimal_discriminator.case(gradient=False)
def zero_in_one(rng):
    """Where only the generator has mass D* is exactly 0; where only the data have, exactly 1."""
    return {"p": probabilities_with_zeros(rng, 6, [0, 1]), "q": probabilities_with_zeros(rng, 6, [2, 3])}


@optimal_discriminator.case(gradient=False)
def zero_in_both(rng):
    """Where neither has mass any answer is optimal; by agreement it is 1/2. The quotient 0/0 is nan there, and with a
    small constant below it is 0."""
    return {"p": probabilities_with_zeros(rng, 6, [1, 2]), "q": probabilities_with_zeros(rng, 6, [2, 5])}


@optimal_discriminator.case
def tiny_densities(rng):
    """Far from all data both densities are near 1e-13, and their ratio still means something: no small constant in
    the denominator."""
    return {"p": 1e-13 * probabilities(rng, 6), "q": 1e-13 * probabilities(rng, 6)}


@optimal_discriminator.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert, also not the 1/2."""
    return {"p": probabilities(rng, 5, dtype=torch.float64), "q": probabilities(rng, 5, dtype=torch.float64)}


@optimal_discriminator.case(about="slope")
def slopes(rng):
    """How does D* change when p grows, and how when q does? Both slopes are asked. What in your function takes a number
    out of its graph: a detach, a no_grad, NumPy?"""
    return {"p": probabilities(rng, 6), "q": probabilities(rng, 6)}


def answers(rng, *shape, dtype=torch.float32):
    """What some discriminator says: numbers between 0 and 1."""
    return torch.sigmoid(normal(rng, *shape, scale=1.5, dtype=torch.float64)).to(dtype)


game_value = Exercise("game_value", points=1)


@game_value.case
def any_discriminator(rng):
    """Two terms: which table weighs which logarithm? It is the value that the discriminator climbs, so its sign is not
    that of a loss; and it is a sum whose weights are the probabilities, not a mean of entries."""
    return {"p": probabilities(rng, 6), "q": probabilities(rng, 6), "d": answers(rng, 6)}


@game_value.case(about="number form")
def a_table(rng):
    """Shape (3, 4): every entry counts; the result is a scalar."""
    return {"p": probabilities(rng, 3, 4), "q": probabilities(rng, 3, 4), "d": answers(rng, 3, 4)}


@game_value.case(gradient=False)
def sure_and_right(rng):
    """d is exactly 1 where only the data are and exactly 0 where only fakes are. Every term is 0·log 0 or log 1: the
    value is 0."""
    return {
        "p": probabilities_with_zeros(rng, 4, [2, 3]),
        "q": probabilities_with_zeros(rng, 4, [0, 1]),
        "d": torch.tensor([1.0, 1.0, 0.0, 0.0]),
    }


@game_value.case(gradient=False)
def sure_and_wrong(rng):
    """d says 0 for something that the data produce: log 0 is -inf and so is the value. A small constant hides the
    worst mistake there is, and F.binary_cross_entropy cuts its logarithms at -100."""
    d = answers(rng, 5)
    d[1] = 0.0
    return {"p": probabilities(rng, 5), "q": probabilities(rng, 5), "d": d}


@game_value.case
def nearly_sure(rng):
    """Some d are 1e-12: the logarithm is finite and so is its slope, large as it is. Neither needs help."""
    d = answers(rng, 5)
    d[0] = d[3] = 1e-12
    return {"p": probabilities(rng, 5), "q": probabilities(rng, 5), "d": d}


@game_value.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    d = answers(rng, 4, dtype=torch.float64)
    return {"p": probabilities(rng, 4, dtype=torch.float64), "q": probabilities(rng, 4, dtype=torch.float64), "d": d}


@game_value.case(about="slope")
def slopes(rng):
    """The discriminator climbs this value and the generator descends it: the slope in each of the three arguments is
    asked, from both terms. What in your function takes a number out of its graph: a detach, a no_grad, NumPy?"""
    return {"p": probabilities(rng, 5), "q": probabilities(rng, 5), "d": answers(rng, 5)}


density_ratio = Exercise("density_ratio", points=1, atol=EXACT)


@density_ratio.case
def some_logits(rng):
    """Solve D = p/(p+q) for p/q, put in what D is as a function of the logit, and simplify before you program. At a
    logit of 0 the ratio is 1; on which side of 1 is it for a positive one?"""
    return {"logits": normal(rng, 6, 1, scale=1.5)}


@density_ratio.case(about="form number")
def any_shape(rng):
    """The answer has the shape of the logits; it is not an average."""
    return {"logits": normal(rng, 2, 1, 3)}


@density_ratio.case(about="number slope")
def large_logits(rng):
    """At a logit of 40 the ratio is about 1e17 and float32 holds it. Through the sigmoid it is lost: 1 - D has no
    digits left."""
    return {"logits": 40 + normal(rng, 4)}


@density_ratio.case(gradient=False)
def extreme_logits(rng):
    """Logits of ±79 still have a ratio that float32 can hold, at one end 10³⁴ and at the other 10⁻³⁵: no clamp, no
    small constant."""
    return {"logits": torch.cat([79 - normal(rng, 2).abs(), normal(rng, 2).abs() - 79])}


@density_ratio.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return {"logits": normal(rng, 4, dtype=torch.float64)}


js_lower_bound = Exercise("js_lower_bound", points=2)


@js_lower_bound.case
def equal_batches(rng):
    """Begin with the inequality V ≤ -log 4 + 2·JSD and solve it for JSD on paper: what becomes of the log 4, and what
    of V? Then look at V: which batch should D call real, and how does one get log(1 - D) from a logit?"""
    return {"real_logits": normal(rng, 6, 1, scale=1.5) + 0.5, "fake_logits": normal(rng, 6, 1, scale=1.5) - 1}


@js_lower_bound.case
def unequal_batches(rng):
    """Seven real and two generated samples. Each expectation belongs to one distribution: what do you divide each sum
    by? One average over all nine would be the value of another game, in which real samples count more."""
    return {"real_logits": normal(rng, 7, 1, scale=2) + 1, "fake_logits": normal(rng, 2, 1, scale=2)}


@js_lower_bound.case
def undecided(rng):
    """A discriminator that says ½ to everything has told you nothing, so its bound is 0. What is yours, and which
    constant makes up for it?"""
    return {"real_logits": torch.zeros(3, 1), "fake_logits": torch.zeros(5, 1)}


@js_lower_bound.case
def worse_than_a_coin(rng):
    """This discriminator takes real for generated, and its bound is negative: a poor one, and still a bound. Did you
    cut it off at 0? Then a discriminator that begins here has no slope to climb."""
    return {"real_logits": -1 - normal(rng, 4, 1).abs(), "fake_logits": 1 + normal(rng, 6, 1).abs()}


@js_lower_bound.case
def sure_and_right(rng):
    """Logits of about ±100, all on the right side. No bound can be above log 2, and this one reaches it."""
    return {"real_logits": 100 - normal(rng, 4, 1).abs(), "fake_logits": normal(rng, 3, 1).abs() - 100}


@js_lower_bound.case
def sure_and_wrong(rng):
    """Logits of about ±100, all on the wrong side. Through the sigmoid you get the logarithm of 0. With a small
    constant or a clamp the slope is lost just where it is needed most. Which function of torch takes the logit?"""
    return {"real_logits": normal(rng, 4, 1).abs() - 100, "fake_logits": 100 - normal(rng, 3, 1).abs()}


@js_lower_bound.case(about="number form")
def patches(rng):
    """A discriminator may give several logits for each picture, here 2×3. All of them count alike, and the result is a
    scalar."""
    return {"real_logits": normal(rng, 4, 1, 2, 3), "fake_logits": normal(rng, 2, 1, 2, 3)}


@js_lower_bound.case(about="dtype")
def double_precision(rng):
    """float64 in, float64 out: don't convert."""
    return {
        "real_logits": normal(rng, 4, 1, dtype=torch.float64),
        "fake_logits": normal(rng, 3, 1, dtype=torch.float64),
    }


@js_lower_bound.case(about="slope")
def slopes(rng):
    """A discriminator will climb this bound: both batches need their slopes. What in your function takes a number out
    of its graph: a detach, a no_grad, an item, NumPy?"""
    return {"real_logits": normal(rng, 5, 1), "fake_logits": normal(rng, 4, 1)}


# --- steps of the proof, as SymPy expressions -------------------------------------------------------------------------
#
# An answer is an expression in symbols that are known by their names, with whatever assumptions they were made. It is
# never compared as text: its value is computed at random positive points, to more digits than a double has.

DIGITS = 60

Point = dict[str, tuple[int, int]]  # symbol -> numerator and denominator


def points(rng, n=8, names="ab") -> list[Point]:
    """n random points with positive rational coordinates, no two coordinates of a point alike."""
    found: list[Point] = []
    for _ in range(n):
        numerators = rng.choice([5, 7, 11, 13, 17, 19, 23, 29], size=len(names), replace=False)
        found.append(
            {name: (int(top), int(rng.choice([3, 31, 37]))) for name, top in zip(names, numerators, strict=True)}
        )
    return found


def expression(answer: object) -> Any:
    """What a student returned, if it is an expression in a and b. Text is not parsed: parsing would run it."""
    if not isinstance(answer, sp.Expr):
        known = {
            list: "a list: take the entry out",
            sp.FiniteSet: "a set: take the entry out",
            sp.Equality: "an equation: return one side of it",
            str: "text: build it from a and b, without quotes",
        }
        kind = "None" if answer is None else known.get(type(answer), f"a {type(answer).__name__}")
        raise WrongType(f"a SymPy expression should be returned, and this is {kind}")
    if strange := sorted({str(symbol) for symbol in answer.free_symbols} - {"a", "b"}):
        raise ValueError(f"the expression should contain a and b only, and it contains {', '.join(strange)}")
    exact = {number: sp.Rational(number) for number in answer.atoms(sp.Float)}
    return answer.doit().xreplace(exact)


def number(formula: Any, point: Point) -> sp.Float:
    """The formula's value at a point, to 60 digits."""
    at = {symbol: sp.Rational(*point[str(symbol)]) for symbol in formula.free_symbols}
    real, imaginary = formula.xreplace(at).evalf(DIGITS).as_real_imag()
    if not real.is_Float and not real.is_Rational or abs(imaginary) > 1e-30:
        where = ", ".join(f"{name} = {top}/{bottom}" for name, (top, bottom) in point.items())
        raise ValueError(f"at {where} it has no real value")
    return sp.Float(real, DIGITS)


def values(formula: Any, where: list[Point]) -> torch.Tensor:
    """The formula's values as doubles."""
    return torch.tensor([float(number(formula, point)) for point in where], dtype=torch.float64)


def digits_beyond(formula: Any, where: list[Point]) -> torch.Tensor:
    """What is left of each value after its double is taken away, in millionths of the last place.

    Two forms of one expression agree here too; a decimal number that only looks like log 2 does not. The unit keeps
    these numbers out of the judge's search for a common factor.
    """
    exact = [number(formula, point) for point in where]
    rest = [(v - sp.Float(float(v), DIGITS)) / v if v else 0 for v in exact]
    return torch.tensor([float(r) * 2.0**52 * 1e-6 for r in rest], dtype=torch.float64)


def slopes(y: Any, where: list[Point]) -> torch.Tensor:
    """The derivative of a·log y + b·log(1-y) in y, at the y that an answer gives."""
    a, b, t = sp.symbols("a b t", positive=True)
    slope = sp.diff(a * sp.log(t) + b * sp.log(1 - t), t)
    named = y.xreplace({symbol: {"a": a, "b": b}[str(symbol)] for symbol in y.free_symbols})
    return values(slope.xreplace({t: named}), where)


def symbolic(name: str, points: int) -> Exercise:
    """An exercise whose answer is a function without arguments that returns an expression."""

    def call(function, look: Callable, where: list[Point]):
        return look(expression(function()), where)

    return Exercise(name, points, differentiable=False, call=call)


pointwise_maximizer = symbolic("pointwise_maximizer", points=1)


@pointwise_maximizer.case
def slope_is_zero(rng):
    """At a maximum inside (0, 1) the slope is 0. Differentiate a·log y + b·log(1 - y), put your y in, and let
    sp.simplify tell you what is left. Then try a = 3 and b = 1: log y has the larger weight, so is your y nearer to 1
    than to 0?"""
    return {"look": slopes, "where": points(rng)}


@pointwise_maximizer.case
def value(rng):
    """The y itself is asked: it lies between 0 and 1, and nearer to 1 when a, the weight of log y, is the larger."""
    return {"look": values, "where": points(rng)}


@pointwise_maximizer.case
def exact(rng):
    """An exact expression, without decimals that were found by trying."""
    return {"look": digits_beyond, "where": points(rng)}


criterion_slope = symbolic("criterion_slope", points=1)


@criterion_slope.case
def value(rng):
    """With respect to which of the two do you differentiate? b stands in both terms, and inside of both logarithms;
    when all is added, most of it cancels."""
    return {"look": values, "where": points(rng)}


@criterion_slope.case
def exact(rng):
    """An exact expression, without decimals that were found by trying."""
    return {"look": digits_beyond, "where": points(rng)}
