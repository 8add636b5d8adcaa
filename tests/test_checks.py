"""The three pieces behind a check: cases make inputs, collect writes down what an answer did, judge compares."""

import contextlib
import itertools
import json
import math
import random
import re

import nbformat
import numpy as np
import pytest
import sympy
import torch
from torch import nn, optim

import autograder
from autograder import collect, exact, judge, snapshot
from autograder.exercise import PUBLIC_SEED, Exercise, exercises, network, normal, sections
from tests import bank

square = Exercise("square", points=2)


@square.case
def two_inputs(rng):
    """Square the first, weigh by the second."""
    return {"x": normal(rng, 4, dtype=torch.float64), "w": normal(rng, 4, dtype=torch.float64)}


@square.case
def single_precision(rng):
    """The same in float32."""
    return {"x": normal(rng, 3), "w": normal(rng, 3)}


def right(x, w):
    return (w * x**2).sum()


def record(function, seed=1, exercise=square):
    return {(case.name, True): collect.collect(exercise, case, function, seed) for case in exercise.cases}


def reference(function, seed=1, exercise=square):
    return {(case.name, True): exact.reference(exercise, case, function, seed) for case in exercise.cases}


def verdict(function, exercise=square, solution=right):
    return judge.mark(exercise, record(function, exercise=exercise), reference(solution, exercise=exercise))


def message(function, exercise=square, solution=right):
    return verdict(function, exercise, solution).message


# --- cases ------------------------------------------------------------------------------------------------------------


def test_inputs_depend_on_the_seed_and_the_case_and_on_nothing_else():
    case = square.cases[0]
    again = case.inputs("square", 1)["x"]
    assert torch.equal(case.inputs("square", 1)["x"], again)
    assert not torch.equal(case.inputs("square", 2)["x"], again)
    assert not torch.equal(case.inputs("cube", 1)["x"], again)


def test_a_case_needs_a_hint_and_a_name_of_its_own():
    exercise = Exercise("f", points=1)
    with pytest.raises(ValueError, match="docstring"):
        exercise.case(lambda rng: {})
    with pytest.raises(ValueError, match="twice"):
        for _ in range(2):
            exercise.case(two_inputs)


# --- collect ----------------------------------------------------------------------------------------------------------


def test_the_recorded_gradient_is_the_derivative():
    case = square.cases[0]
    inputs = case.inputs("square", 3)
    outcome = collect.collect(square, case, right, 3)
    (gradients,) = outcome["gradients"]
    assert gradients["x"]["data"] == pytest.approx((2 * inputs["w"] * inputs["x"]).tolist())
    assert gradients["w"]["data"] == pytest.approx((inputs["x"] ** 2).tolist())


def test_a_vector_answer_has_an_asymmetric_projection():
    """Swapping two outputs must change the recorded gradient: the weights of the projection are all different."""
    vector = Exercise("vector", points=1, cases=square.cases[:1])
    straight = record(lambda x, w: x, exercise=vector)
    swapped = record(lambda x, w: x.flip(0), exercise=vector)
    assert straight["two_inputs", True]["gradients"] != swapped["two_inputs", True]["gradients"]


def test_side_effects_are_written_down():
    net = network(np.random.default_rng(0), 2, 3, 1)
    other = nn.Linear(2, 2).double()
    inputs = {"net": net, "other": other, "optimizer": optim.SGD(net.parameters(), 0.1), "x": torch.ones(2)}
    before = snapshot.Snapshot(inputs)
    quiet = before.changes(inputs)
    assert not any(quiet[k] for k in ("modified", "gradients_touched", "requires_grad_changed", "replaced"))
    assert quiet["owned"] == sorted(name for name in quiet["state"] if name.startswith("net."))
    inputs["x"].add_(1)
    other.weight.grad = torch.zeros(2, 2).double()
    other.bias.requires_grad_(False)
    net[0].weight = nn.Parameter(net[0].weight.detach().clone())
    noisy = before.changes(inputs)
    assert noisy["modified"] == ["x"]
    assert noisy["gradients_touched"] == ["other.weight"]
    assert noisy["requires_grad_changed"] == ["other.bias"]
    assert noisy["replaced"] == ["net.0.weight"]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), RecursionError(), NotImplementedError("your turn")])
def test_an_exception_is_an_outcome(error):
    def raises(x, w):
        raise error

    outcome = collect.collect(square, square.cases[0], raises, 1)
    assert outcome["error"]["type"] == type(error).__name__


def test_an_outcome_is_plain_json():
    for value in (10**400, 10**5000, object(), 1j, torch.zeros(10**6), float("nan"), [[[]]], None, "x" * 10**6):
        outcome = collect.collect(square, square.cases[0], lambda x, w, value=value: value, 1)
        assert len(json.dumps(outcome)) < 10_000


# --- judge ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (lambda x, w: (w * x**2).sum() / 2, "factor", "same factor, 0.5"),
        (lambda x, w: -(w * x**2).sum(), "sign", "sign is reversed"),
        (lambda x, w: (w * x**2).sum() + 1, "constant", "same constant, 1"),
        (lambda x, w: 0 * (w * x**2).sum() + 5, "ignores", "same whatever the inputs"),
        (lambda x, w: w * x**2, "shape", "this returns a tensor of shape (4,)"),
        (lambda x, w: (w * x**2).sum().item(), "cut", "no gradient flows back from it: .item() cuts the graph here"),
        (lambda x, w: (w * x.detach() ** 2).sum(), "slope", "the gradient with respect to x is wrong"),
        (lambda x, w: (w * x**2).sum().float(), "dtype", "keep the inputs' dtype, float64"),
        (lambda x, w: (w * x**2).sum() + torch.rand(()), "random", "two calls with the same inputs differ"),
        (lambda x, w: right(x, w) + 0 * x.detach().mul_(2).sum(), "argument", "the input x is modified"),
        (lambda x, w: (w * x**2).sum().detach().numpy(), "type", "a NumPy array"),
        (lambda x, w: (right(x, w), 1), "type", "a tuple of 2"),
        (lambda x, w: right(x, w) / 0, "nan", "where a finite number was expected"),
        (lambda x, w: nope, "mistyped", "NameError: name 'nope' is not defined"),  # noqa: F821
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_mistake_has_its_kind_and_its_sentence(answer, kind, says):
    found = judge.mark(square, record(answer), record(right))
    assert says in found.message
    assert found.diagnosis == kind


def test_a_mistake_in_one_of_several_values_is_placed():
    pair = Exercise("pair", points=1, call=lambda function, x, w: (x.sum(), function(x, w)))
    pair.cases.extend(square.cases)
    got, expected = record(lambda x, w: right(x, w) / 2, exercise=pair), record(right, exercise=pair)
    found = judge.mark(pair, got, expected)
    assert "of the 2 values returned, number 2: wrong value" in found.message
    assert "Value number 2: in every case the result is off by the same factor, 0.5" in found.message


stepping = Exercise("stepping", points=1, differentiable=False, as_float=True)


@stepping.case
def one_step(rng):
    """Move the network of the optimizer and nothing else."""
    net, other = network(rng, 3, 1), network(rng, 3, 1)
    x = normal(rng, 4, 3, dtype=torch.float64)
    return {"net": net, "other": other, "optimizer": optim.SGD(net.parameters(), 0.1), "x": x}


def step(net, other, optimizer, x):
    loss = (net(x) - other(x).detach()).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def also(deed):
    """The right step, and a deed on the network that is none of its business."""

    def answer(net, other, optimizer, x):
        loss = step(net, other, optimizer, x)
        with torch.no_grad():
            deed(net, other)
        return loss

    return answer


@pytest.mark.parametrize(
    ("deed", "says"),
    [
        (lambda net, other: other[0].weight.mul_(2), "the other's parameters moved"),
        (lambda net, other: net[0].weight.mul_(2), "net.0.weight does not end where one step leads"),
        (lambda net, other: setattr(other[0].bias, "grad", torch.ones(1).double()), "the other's .grad is changed"),
        (lambda net, other: other.requires_grad_(False), "other.0.bias.requires_grad is not put back"),
        (lambda net, other: setattr(other[0], "bias", nn.Parameter(other[0].bias.clone())), "other.0.bias is replaced"),
    ],
)
def test_a_step_leaves_no_other_trace(deed, says):
    assert "right in all" in message(step, stepping, step)
    assert says in message(also(deed), stepping, step)


@pytest.mark.parametrize(("off", "case"), [(1e-5, "two_inputs"), (1e-3, "single_precision")])
def test_rounding_passes_and_more_than_rounding_does_not(off, case):
    """A hundredth of what must fail is rounding, and passes."""
    for factor, passes in ((1 + off, False), (1 + off / 1000, True)):
        result = judge.mark(square, record(lambda x, w, factor=factor: right(x, w) * factor), record(right))
        assert {c.name: c.passed for c in result.cases}[case] is passes


def test_a_small_entry_counts_beside_a_large_one():
    vector = Exercise("vector", points=1, differentiable=False, cases=square.cases[:1])
    scale = torch.tensor([1e6, 1.0, 1.0, 1.0])
    expected = record(lambda x, w: x * scale, exercise=vector)
    off = record(lambda x, w: x * scale + torch.tensor([0, 1.0, 0, 0]), exercise=vector)
    assert judge.mark(vector, off, expected).points == 0


def test_a_function_that_draws_its_own_numbers_is_told_so():
    luck = itertools.cycle([0.0, 0.01])  # right in the first call of each case, off in the second
    assert "two calls with the same inputs differ" in message(lambda x, w: right(x, w) + next(luck))


def test_one_lucky_seed_does_not_hide_a_draw():
    """Right in the first call of each case, whose random numbers this answer knows; the second call has others."""
    first = torch.rand((), generator=torch.Generator().manual_seed(1))
    lucky = judge.mark(square, record(lambda x, w: right(x, w) + (torch.rand(()) - first)), record(right))
    assert lucky.points == 0 and "two calls with the same inputs differ" in lucky.message


def test_a_right_answer_passes_and_no_message_shows_an_expected_number():
    found = judge.mark(square, record(right), record(right))
    assert (found.points, found.max_points) == (2, 2)
    for answer in (lambda x, w: (w * x**2).sum() * 1.01, lambda x, w: (w * x).sum()):
        expected = [f"{record(right)[key]['value']['data'][0]:.3g}" for key in record(right)]
        assert not any(number in message(answer) for number in expected)


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"value": None},
        {"value": {"kind": "tensor", "dtype": "float64", "shape": [], "data": "equal to everything"}},
        {"value": {"kind": "tensor", "dtype": "float64", "shape": [-1], "data": [0.0] * 30_000}},
        {"value": {"kind": "tuple", "items": [{"kind": "float", "data": float("nan")}] * 99}},
        {"value": {"kind": "float", "data": 1.0}, "points": 2, "passed": True},
        {"value": {"kind": "float", "data": float("nan")}},
        {"value": {"kind": "int", "data": 10**400}},
        {"value": {"kind": "tensor", "dtype": "float64", "shape": [], "data": []}},
        {"error": {"type": "None", "message": "", "line": ""}, "value": {"kind": "float", "data": 0.0}},
        "full marks",
        [1, 2, 3],
    ],
)
def test_a_forged_record_earns_nothing(forged):
    outcomes = {key: forged for key in record(right)}
    found = judge.mark(square, outcomes, record(right))
    assert found.points == 0 and found.message


def test_a_missing_case_fails_and_an_extra_one_is_ignored():
    outcomes = record(right)
    outcomes["invented", True] = outcomes["two_inputs", True]
    assert judge.mark(square, outcomes, record(right)).points == 2
    del outcomes["two_inputs", True]
    assert judge.mark(square, outcomes, record(right)).points == 0


def test_a_state_that_was_not_sent_back_is_not_taken_for_right():
    """Every parameter and buffer must come back where it belongs: half a record is no record."""
    full, expected = record(step, exercise=stepping), reference(step, exercise=stepping)
    assert judge.mark(stepping, full, expected).points == 1
    for name in full["one_step", True]["state"]:
        outcome = full["one_step", True]
        partial = {**outcome, "state": {k: v for k, v in outcome["state"].items() if k != name}}
        assert judge.mark(stepping, {("one_step", True): partial}, expected).points == 0, name
    assert judge.mark(stepping, {("one_step", True): {**full["one_step", True], "state": {}}}, expected).points == 0


def test_a_check_takes_nothing_from_the_students_random_numbers():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    record(lambda x, w: right(x, w) + torch.rand(()) * 0)
    assert torch.equal(torch.rand(3), expected)


def test_a_gradient_that_was_not_sent_back_is_not_taken_for_right():
    full = record(right)
    for name in ("x", "w"):
        gone = {
            key: {**outcome, "gradients": [{k: v for k, v in outcome["gradients"][0].items() if k != name}]}
            for key, outcome in full.items()
        }
        assert judge.mark(square, gone, full).points == 0, name


@pytest.mark.parametrize("before", [0.0, float("nan"), 1.0])
@pytest.mark.parametrize("after", [0.0, float("nan"), 1.0])
def test_a_change_from_or_to_nan_is_a_change(before, after):
    inputs = {"x": torch.tensor([before])}
    start = snapshot.Snapshot(inputs)
    inputs["x"].fill_(after)
    same = before == after or (before != before and after != after)
    assert start.changes(inputs)["modified"] == ([] if same else ["x"])


def test_exactly_a_float_means_exactly_a_float():
    step = Exercise("step", points=1, differentiable=False, as_float=True, cases=square.cases[:1])

    def as_item(x, w):
        return right(x, w).item()

    for answer in (right, lambda x, w: right(x, w).numpy()[()], lambda x, w: int(right(x, w))):
        assert "float" in message(answer, step, as_item)
    assert "right in all" in message(as_item, step, as_item)


doubling = Exercise("doubling", points=1)


@doubling.case
def a_row(rng):
    """Twice, not half."""
    return {"x": normal(rng, 3)}


@doubling.case(about="form")
def one_entry(rng):
    """A row of one stays a row."""
    return {"x": normal(rng, 1)}


@doubling.case(about="dtype")
def double_precision(rng):
    """More digits go in, more come out."""
    return {"x": normal(rng, 3, dtype=torch.float64)}


@doubling.case(about="slope")
def slopes(rng):
    """The slope is twice as well."""
    return {"x": normal(rng, 4)}


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda x: x / 2, "Twice, not half."),
        (lambda x: (2 * x).squeeze(), "A row of one stays a row."),
        (lambda x: 2 * x[:, None], "A row of one stays a row."),
        (lambda x: (2 * x).float(), "More digits go in, more come out."),
        (lambda x: (2 * x).half(), "More digits go in, more come out."),
        (lambda x: 2 * x.float() if len(x) == 3 else 2 * x.double(), "More digits go in, more come out."),
        (lambda x: 2 * x if len(x) == 3 else 2 * x.double(), ""),
        (lambda x: 3 * x - x.detach(), "The slope is twice as well."),
        (lambda x: x.mul_(2), ""),
    ],
)
def test_a_hint_is_shown_for_what_it_speaks_to(answer, hint):
    """Never another case's, which would send the student elsewhere; none is better."""
    _, _, shown = message(answer, doubling, lambda x: 2 * x).partition("Hint: ")
    assert shown == hint


# --- what is watched --------------------------------------------------------------------------------------------------

mixing = Exercise("mixing", points=1)


@mixing.case
def several_things(rng):
    """Parts in a list, weights in a dictionary."""
    parts = [normal(rng, 3, dtype=torch.float64) for _ in range(2)]
    return {"parts": parts, "weights": {"first": normal(rng, 3, dtype=torch.float64), "power": 2}}


def mix(parts, weights):
    return (weights["first"] * parts[0]).sum(), (parts[1] ** weights["power"]).sum()


@pytest.mark.parametrize(
    ("answer", "diagnosis", "says"),
    [
        (lambda p, w: mix([p[0], p[1].detach()], w), "cut", "no gradient flows back from value number 2"),
        (lambda p, w: mix([p[0].detach(), p[1]], w), "slope", "of value number 1 with respect to parts[0] is wrong"),
        (lambda p, w: (mix(p, w)[0], mix(p, w)[1] + w["first"].sum() - w["first"].sum().detach()), "slope", "2"),
        (lambda p, w: mix(p, w)[::-1], "order", "in the wrong order"),
        (lambda p, w: (mix(p, w), p.append(p[0]))[0], "argument", "the input parts is modified"),
        (lambda p, w: (mix(p, w), p.reverse())[0], "argument", "the input parts is modified"),
        (lambda p, w: (mix(p, w), p[1].detach().zero_())[0], "argument", "the input parts[1] is modified"),
        (lambda p, w: (mix(p, w), w.pop("power"))[0], "argument", "the input weights is modified"),
        (lambda p, w: (mix(p, w), w.update(first=w["first"] + 0))[0], "argument", "the input weights is modified"),
        (lambda p, w: (mix(p, w), p[0].requires_grad_())[0], "flags", "parts[0].requires_grad is not put back"),
        (lambda p, w: list(mix(p, w)), "", "right in all"),
        (lambda p, w: [*mix(p, w), 1], "type", "a list of 3"),
    ],
)
def test_members_and_each_of_several_results_are_watched(answer, diagnosis, says):
    found = verdict(answer, mixing, mix)
    assert says in found.message and found.diagnosis == diagnosis, found


@pytest.mark.parametrize(
    ("deed", "diagnosis"),
    [
        (lambda net, other, optimizer: other.eval(), "flags"),
        (lambda net, other, optimizer: other[0].eval(), "flags"),
        (lambda net, other, optimizer: net.eval(), "flags"),
        (lambda net, other, optimizer: optimizer.param_groups[0].update(lr=0.5), "argument"),
        (lambda net, other, optimizer: setattr(net[0].weight, "data", net[0].weight.data.clone()), ""),
        (lambda net, other, optimizer: setattr(net[0], "weight", nn.Parameter(net[0].weight.data)), "replaced"),
    ],
)
def test_modes_settings_and_parameters_are_left_as_they_were(deed, diagnosis):
    def answer(net, other, optimizer, x):
        loss = step(net, other, optimizer, x)
        deed(net, other, optimizer)
        return loss

    assert verdict(answer, stepping, step).diagnosis == diagnosis


def step_of(change):
    """The step with another update: ``change`` is called before the optimizer is."""

    def answer(net, other, optimizer, x):
        loss = (net(x) - other(x).detach()).square().mean()
        optimizer.zero_grad()
        loss.backward()
        change(net, other, optimizer)
        return loss.item()

    return answer


@pytest.mark.parametrize(
    ("change", "diagnosis", "says"),
    [
        (lambda net, other, optimizer: None, "never moved", "no parameter has moved"),
        (lambda net, other, optimizer: (setattr(net[0].bias, "grad", None), optimizer.step()), "never moved", "bias"),
        (lambda net, other, optimizer: ([p.grad.neg_() for p in net.parameters()], optimizer.step()), "uphill", "up"),
        (lambda net, other, optimizer: (optimizer.step(), optimizer.step()), "twice", "twice as far"),
        (lambda net, other, optimizer: (net[0].weight.grad.mul_(3), optimizer.step()), "update", "one step leads"),
    ],
)
def test_a_wrong_step_is_told_by_where_it_goes(change, diagnosis, says):
    found = verdict(step_of(change), stepping, step)
    assert found.diagnosis == diagnosis and says in found.message, found.message
    assert verdict(step_of(lambda net, other, optimizer: optimizer.step()), stepping, step).points == 1


def test_a_nan_slope_is_called_one_and_a_corner_may_have_any():
    corner = Exercise("corner", points=1)

    @corner.case(gradient="finite")
    def at_zero(rng):
        """Zero has many slopes."""
        return {"x": torch.zeros(3)}

    for answer, diagnosis in (
        (lambda x: x.abs().sum(), ""),
        (lambda x: x.relu().sum() + (-x).relu().sum() + 0.3 * (x - x.detach()).sum(), ""),
        (lambda x: (x**2).sqrt().sum(), "nan slope"),
        (lambda x: (x**2).sqrt().sum() + 1, "number"),
    ):
        found = verdict(answer, corner, lambda x: x.abs().sum())
        assert found.diagnosis == diagnosis, found.message
    assert "is nan or infinite" in verdict(lambda x: (x**2).sqrt().sum(), corner, lambda x: x.abs().sum()).message


def test_an_int_is_an_int_and_a_bool_is_none():
    counting = Exercise("counting", points=1, differentiable=False)

    @counting.case
    def a_few(rng):
        """How many are positive."""
        return {"x": normal(rng, 9)}

    def count(x):
        return int((x > 0).sum())

    assert verdict(count, counting, count).points == 1
    for answer in (lambda x: float(count(x)), lambda x: count(x) + 1, lambda x: bool(count(x))):
        assert verdict(answer, counting, count).points == 0


def test_a_plain_number_is_as_exact_as_its_inputs():
    loss = Exercise("loss", points=1, differentiable=False, as_float=True, cases=[*square.cases])

    @loss.case
    def one_single_among_doubles(rng):
        """Whoever multiplies a float32 by a float64 has seven digits."""
        return {"x": normal(rng, 4, dtype=torch.float64), "w": normal(rng, 4)}

    def item(x, w):
        return right(x, w).item()

    single = {"single_precision", "one_single_among_doubles"}
    for off, failing in ((1e-9, set()), (1e-5, {"two_inputs"}), (1e-3, {"two_inputs", *single})):
        found = verdict(lambda x, w, off=off: item(x, w) * (1 + off), loss, item)
        assert {case.name for case in found.cases if not case.passed} == failing


# --- whatever the notebook has set ------------------------------------------------------------------------------------


@contextlib.contextmanager
def another_world():
    """What a notebook may have done to PyTorch, and everybody's random numbers."""
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_num_threads(2)
    try:
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            yield
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_num_threads(1)


@pytest.mark.parametrize("section", sections())
def test_an_answer_is_judged_alike_in_another_world(section):
    for name, asked in exercises(section).items():
        solution = bank.solutions(section)[name]
        expected = {(c.name, True): exact.reference(asked, c, solution, 5) for c in asked.cases}
        with another_world():
            got = record(solution, 5, asked)
            world = torch.get_default_dtype(), torch.get_default_device().type, torch.get_num_threads()
            assert world == (torch.float64, "meta", 2) and torch.is_inference_mode_enabled()
            assert torch.is_autocast_enabled("cpu")
        found = judge.mark(asked, got, expected)
        assert found.points == asked.points, found.message


@pytest.mark.parametrize("setting", [torch.no_grad, lambda: torch.set_grad_enabled(False)])
def test_gradients_are_recorded_although_somebody_turned_them_off(setting):
    with setting():
        found = record(right)
        assert not torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    assert judge.mark(square, found, reference(right)).points == 2


def test_a_check_takes_nothing_from_anybodys_random_numbers():
    def draws():
        return torch.rand(3).tolist(), np.random.rand(3).tolist(), [random.random() for _ in range(3)]

    for generator in (torch.manual_seed, np.random.seed, random.seed):
        generator(5)
    expected = draws()
    for generator in (torch.manual_seed, np.random.seed, random.seed):
        generator(5)
    record(lambda x, w: right(x, w) + 0 * sum(np.sum(numbers) for numbers in draws()))
    assert draws() == expected


@pytest.mark.parametrize("draw", [lambda: torch.rand(()), np.random.rand, random.random])
def test_whoever_draws_is_told_so_whatever_the_generator(draw):
    assert verdict(lambda x, w: right(x, w) + 0.01 * draw()).diagnosis == "random"


# --- references -------------------------------------------------------------------------------------------------------


def made_of(function, *numbers, dtype=torch.float32):
    """The reference of a function at one point."""
    asked = Exercise("f", points=1)

    @asked.case
    def at_a_point(rng):
        """One point."""
        return {"x": torch.tensor(numbers, dtype=dtype)}

    found = exact.reference(asked, asked.cases[0], function, 1)
    return found["value"], found["gradients"][0]["x"]


def test_a_reference_is_computed_from_the_same_inputs_with_more_digits():
    value, gradient = made_of(lambda x: x.exp().sum(), 0.1, 0.7)
    inputs = torch.tensor([0.1, 0.7]).double()  # what float32 makes of these numbers
    assert value["data"] == pytest.approx([inputs.exp().sum().item()], rel=1e-15)
    assert gradient["data"] == pytest.approx(inputs.exp().tolist(), rel=1e-15)
    assert value["dtype"] == gradient["dtype"] == "float32"  # what an answer must return


@pytest.mark.parametrize(("dtype", "eps"), [(torch.float32, 2.0**-23), (torch.float64, 2.0**-52)])
def test_spread_is_the_condition_number_times_the_rounding(dtype, eps):
    """|x f'(x)| eps: for the exponential x eˣ eps, for a difference of near numbers more than the result itself."""
    value, _ = made_of(lambda x: x.exp().sum(), 20.0, dtype=dtype)
    assert value["spread"][0] == pytest.approx(20 * math.exp(20) * eps, rel=0.3)
    value, _ = made_of(lambda x: x[0] - x[1], 1e6, 1e6 - 1, dtype=dtype)
    assert 1e6 * eps < value["spread"][0] < 3e6 * eps
    value, _ = made_of(lambda x: 3 * x.sum(), 0.0, dtype=dtype)
    assert "spread" not in value


def test_what_rounding_does_to_an_entry_is_allowed_to_this_entry_alone():
    vector = Exercise("vector", points=1, differentiable=False)

    @vector.case
    def one_hard_and_one_easy(rng):
        """The first is a difference of near numbers, the second is not."""
        return {"x": torch.tensor([1e5, 1e5 - 1, 1.0])}

    def answer(x, first=0.0, second=0.0):
        return torch.stack([x[0] - x[1] + first, x[2] + second])

    for first, second, points in ((0.1, 0.0, 1), (0.0, 0.1, 0), (3.0, 0.0, 0)):
        found = verdict(lambda x, a=first, b=second: answer(x, a, b), vector, answer)
        assert found.points == points, (first, second)


# Numbers so small that the tolerance swallows them, and why that is right.
ZERO = "0 to machine precision, and computed as 0 by some right answers"
ROUNDED = "0 but for rounding"
LOST = {
    "kde_log_density/far_from_the_data": f"slopes in data points that don't count: {ZERO}",
    "kde_log_density/many_points_far_from_the_origin": f"slopes in data points that don't count: {ZERO}",
    "kde_log_density/many_dimensions": f"slopes in data points that don't count: {ZERO}",
    "kde_log_density/more_dimensions_than_a_double_holds": f"slopes in data points that don't count: {ZERO}",
    "kde_log_density/at_a_data_point": "one slope that happens to be small, of a dozen",
    "negative_elbo/grey_pixels": "one slope that happens to be small, of two dozen",
    "negative_elbo/confident_decoder": ZERO,
    "importance_bound/one_draw_outweighs_the_rest": f"slopes of the draws that don't count: {ZERO}",
    "discriminator_loss/confident_and_right": ZERO,
    "generator_loss_minimax/sure_it_is_fake": ZERO,
    "generator_loss_nonsaturating/sure_it_is_real": ZERO,
    "js_divergence/one_distribution_twice": ROUNDED,
    "game_value/nearly_sure": "the slope log(1 - d) of a d of 1e-12",
    "pointwise_maximizer/exact": "what is beyond a double, in millionths",
    "criterion_slope/exact": "what is beyond a double, in millionths",
    "js_lower_bound/sure_and_right": ZERO,
    "acgan_class_loss/confident_and_right": ZERO,
    "twin_class_loss/they_agree": ROUNDED,
    "twin_class_loss/both_sure": ZERO,
    "categorical_info_loss/sure_and_right": ZERO,
    "categorical_info_loss/sure_and_wrong": ZERO,
    "continuous_info_loss/very_unsure": ZERO,
    "cyclegan_generator_loss/perfect_fakes": ZERO,
    "sliced_wasserstein/on_a_line": f"slopes in the length of a direction, which has none: {ROUNDED}",
    "gradient_penalty/single_precision": "two slopes that happen to be small, of ten",
    "match_moments/as_many_as_real_ones": f"what no affine map of the noise makes: {ROUNDED}",
    "match_moments/correlated": f"what no affine map of the noise makes: {ROUNDED}",
    "match_moments/few_of_noise": f"what no affine map of the noise makes: {ROUNDED}",
    "match_moments/singular": f"what no affine map of the noise makes: {ROUNDED}",
    "feature_matching_loss/equal_means": ROUNDED,
    "smoothed_discriminator_loss/overconfident": ZERO,
    "minibatch_features/far_apart": ZERO,
    "virtual_batch_norm/one_far_sample": "two slopes that happen to be small, of eight",
}


def swallowed(value, asked, precision):
    """Whether a number of a reference could be 10 % off, or more, without anybody noticing."""
    if isinstance(value, list):
        return any(swallowed(item, asked, precision) for item in value)
    if not isinstance(value, dict):
        return False
    if "data" not in value or not isinstance(value["data"], list | float):
        return any(swallowed(item, asked, precision) for item in value.values())
    numbers, spread = np.abs(np.atleast_1d(value["data"])).astype(float), np.asarray(value.get("spread", 0.0))
    relative, absolute = judge._tolerance(asked, value.get("dtype", precision))
    off = absolute + relative * numbers + judge._ROUNDINGS * spread
    return bool(((numbers > 1e-300) & np.isfinite(numbers) & (off > 0.1 * numbers)).any())


def test_no_number_is_swallowed_by_a_tolerance_unless_it_is_said_why():
    """An absolute tolerance lets small numbers be anything; every case that has some is named here."""
    found = set()
    for section in sections():
        for name, cases in judge.load_references(section).items():
            for (case, _), outcome in cases.items():
                parts = [outcome.get(part) for part in ("value", "state", "gradients")]
                if swallowed(parts, exercises(section)[name], outcome["precision"]):
                    found.add(f"{name}/{case}")
    assert found == LOST.keys()


# --- the lesson's other functions -------------------------------------------------------------------------------------


def made(source: str, **names):
    """A function as a notebook has it, among global names of its own."""
    exec(source, names)
    return names["f"], names


halving = Exercise("f", points=1, stand_ins={"half": lambda x: 0.3 * x**2}, cases=square.cases)
CALLS = "def f(x, w): return (w * half(x)).sum()"


def test_an_answer_is_worth_what_it_does_with_a_helper_whatever_the_helper_is_worth():
    solution, _ = made(CALLS, half=lambda x: x / 2)
    for helper in ({}, {"half": None}, {"half": lambda x: x / 2}, {"half": lambda x: 7 * x}):
        answer, names = made(CALLS, **helper)
        assert verdict(answer, halving, solution).points == 1
        assert {name: names[name] for name in helper} == helper and ("half" in names) == bool(helper)  # as it was
    assert verdict(made("def f(x, w): return (w * x / 2).sum()")[0], halving, solution).points == 1
    for wrong in ("def f(x, w): return 2 * (w * half(x)).sum()", "def f(x, w): return (w * x / 3).sum()"):
        assert verdict(made(wrong, half=lambda x: x / 2)[0], halving, solution).points == 0


def test_a_stand_in_gives_nothing_away():
    """It computes something else than the lesson's function: who copies it there fails that exercise."""
    for section in sections():
        for asked in exercises(section).values():
            for name, stand_in in asked.stand_ins.items():
                other, solution = exercises(section)[name], bank.solutions(section)[name]
                got = {(c.name, True): collect.collect(other, c, stand_in, 1) for c in other.cases}
                expected = {(c.name, True): exact.reference(other, c, solution, 1) for c in other.cases}
                assert not judge.mark(other, got, expected).points


def test_a_wrong_helper_is_named_before_the_answer_that_calls_it():
    solutions = bank.solutions("04-jsd-proof")
    own = "def js_divergence(p, q):\n    m = (p + q) / 2\n    return kl_divergence(p, m) / 2 + kl_divergence(q, m) / 2"

    def told(helper):
        names = {"kl_divergence": helper}
        exec(own, names)
        with pytest.raises(autograder.CheckFailed) as failed:
            autograder.check("js_divergence", names["js_divergence"])
        return str(failed.value)

    assert "It calls kl_divergence, which is not right yet" in told(lambda p, q: (p * (p / q).log()).mean())
    names: dict = {}
    exec("def kl_divergence(p, q):\n    raise NotImplementedError", names)
    assert "it calls kl_divergence, which still raises NotImplementedError" in told(names["kl_divergence"])
    own = own.replace("kl_divergence(q, m) / 2", "kl_divergence(q, m)")
    assert "calls" not in told(solutions["kl_divergence"])  # the fault is its own


# --- stored references and check --------------------------------------------------------------------------------------


@pytest.mark.parametrize("section", sections())
def test_stored_references_are_what_the_lesson_answers(section):
    stored = judge.load_references(section)
    for name, asked in exercises(section).items():
        solution = bank.solutions(section)[name]
        public = {(c.name, True): collect.collect(asked, c, solution, PUBLIC_SEED) for c in asked.cases}
        assert stored[name].keys() == public.keys(), f"run `make build`: the cases of {name} changed"
        assert judge.mark(asked, public, stored[name]).points == asked.points, f"run `make build`: {name} changed"


@pytest.mark.parametrize("section", sections())
def test_references_are_numbers_and_no_gradient_in_them_is_nan(section):
    text = (judge.REFERENCES / f"{section}.json").read_text(encoding="utf8")
    assert not re.search(r"\b(?:def |lambda\b|import\b|return\b)", text)
    for cases in judge.load_references(section).values():
        for outcome in cases.values():
            assert "NaN" not in json.dumps(outcome.get("gradients"))


def test_check_prints_a_line_or_raises_a_sentence(capsys):
    answers = bank.solutions("03-gan-minimax")
    autograder.check("discriminator_loss", answers["discriminator_loss"])
    assert capsys.readouterr().out == "✓ discriminator_loss: right in all 9 cases.\n"
    with pytest.raises(autograder.CheckFailed, match="Hint"):
        autograder.check("discriminator_loss", lambda real, fake: real.mean() - fake.mean())
    with pytest.raises(autograder.CheckFailed, match="No exercise is called"):
        autograder.check("discriminator", answers["discriminator_loss"])
    with pytest.raises(autograder.CheckFailed, match="pass the function itself"):
        autograder.check("discriminator_loss", torch.zeros(()))  # type: ignore[arg-type]


def test_a_failed_check_shows_its_sentence_and_no_traceback(capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        shell.run_cell("import autograder\nautograder.check('discriminator_loss', lambda real, fake: 3.0)")
    finally:
        InteractiveShell.clear_instance()
    shown = capsys.readouterr().out.strip()
    assert shown.startswith("✗ discriminator_loss: ") and "Traceback" not in shown and "checking.py" not in shown


@pytest.mark.parametrize("section", sections())
def test_what_is_handed_out_is_not_attempted_yet(section):
    """A stub says so of itself, a function as well as a class, and of no other answer."""
    notebook = nbformat.read(bank.ROOT / "notebooks" / section / f"{section}.ipynb", as_version=4)
    names: dict = {"sp": sympy}  # some stubs begin with what is given
    for cell in notebook.cells:
        if cell.cell_type == "code" and "NotImplementedError" in cell.source:
            exec(compile(cell.source, "<stub>", "exec"), names)
    for name in exercises(section):
        with pytest.raises(autograder.CheckFailed, match=f"^{name}: not attempted yet"):
            autograder.check(name, names[name])


def test_names_of_exercises_are_unique_in_the_course():
    names = [name for section in sections() for name in exercises(section)]
    assert len(names) == len(set(names))
