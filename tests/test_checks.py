"""The three pieces behind a check: cases make inputs, collect writes down what an answer did, judge compares."""

import itertools
import json
import re

import numpy as np
import pytest
import torch
from torch import nn, optim

import autograder
from autograder import collect, judge
from autograder.exercise import Exercise, exercises, network, normal, sections
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


def message(function, exercise=square, reference=right):
    return judge.mark(exercise, record(function, exercise=exercise), record(reference, exercise=exercise)).message


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
    assert outcome["gradients"]["x"]["data"] == pytest.approx((2 * inputs["w"] * inputs["x"]).tolist())
    assert outcome["gradients"]["w"]["data"] == pytest.approx((inputs["x"] ** 2).tolist())


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
    before = collect.Snapshot(inputs)
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
    for value in (10**400, object(), 1j, torch.zeros(10**6), float("nan"), [[[]]], None, "x" * 10**6):
        outcome = collect.collect(square, square.cases[0], lambda x, w, value=value: value, 1)
        assert len(json.dumps(outcome)) < 10_000


# --- judge ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda x, w: (w * x**2).sum() / 2, "same factor, 0.5"),
        (lambda x, w: -(w * x**2).sum(), "sign is reversed"),
        (lambda x, w: (w * x**2).sum() + 1, "same constant, 1"),
        (lambda x, w: 0 * (w * x**2).sum() + 5, "same whatever the inputs"),
        (lambda x, w: w * x**2, "this returns a tensor of shape (4,)"),
        (lambda x, w: (w * x**2).sum().item(), "no gradient flows back"),
        (lambda x, w: (w * x.detach() ** 2).sum(), "wrong gradient with respect to x"),
        (lambda x, w: (w * x**2).sum().float(), "keep the inputs' dtype, float64"),
        (lambda x, w: (w * x**2).sum() + torch.rand(()), "wrong value"),
        (lambda x, w: right(x, w) + 0 * x.detach().mul_(2).sum(), "the input x is modified"),
        (lambda x, w: (w * x**2).sum().detach().numpy(), "a NumPy array"),
        (lambda x, w: (right(x, w), 1), "a tuple of 2"),
        (lambda x, w: right(x, w) / 0, "where a finite number was expected"),
        (lambda x, w: nope, "NameError: name 'nope' is not defined"),  # noqa: F821
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_mistake_has_its_sentence(answer, says):
    assert says in message(answer)


def test_a_mistake_in_one_of_several_values_is_placed():
    pair = Exercise("pair", points=1, call=lambda function, x, w: (x.sum(), function(x, w)))
    pair.cases.extend(square.cases)
    got, expected = record(lambda x, w: right(x, w) / 2, exercise=pair), record(right, exercise=pair)
    verdict = judge.mark(pair, got, expected)
    assert "of the 2 values returned, number 2: wrong value" in verdict.message
    assert "Value number 2: in every case the result is off by the same factor, 0.5" in verdict.message


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
        (lambda net, other: net[0].weight.mul_(2), "net.0.weight does not end where it should"),
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
    verdict = judge.mark(square, record(right), record(right))
    assert (verdict.points, verdict.max_points) == (2, 2)
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
    verdict = judge.mark(square, outcomes, record(right))
    assert verdict.points == 0 and verdict.message


def test_a_missing_case_fails_and_an_extra_one_is_ignored():
    outcomes = record(right)
    outcomes["invented", True] = outcomes["two_inputs", True]
    assert judge.mark(square, outcomes, record(right)).points == 2
    del outcomes["two_inputs", True]
    assert judge.mark(square, outcomes, record(right)).points == 0


def test_a_state_that_was_not_sent_back_is_not_taken_for_right():
    """Every parameter and buffer must come back where it belongs: half a record is no record."""
    full = record(step, exercise=stepping)
    assert judge.mark(stepping, full, record(step, exercise=stepping)).points == 1
    for name in full["one_step", True]["state"]:
        outcome = full["one_step", True]
        partial = {**outcome, "state": {k: v for k, v in outcome["state"].items() if k != name}}
        assert judge.mark(stepping, {("one_step", True): partial}, full).points == 0, name
    assert judge.mark(stepping, {("one_step", True): {**full["one_step", True], "state": {}}}, full).points == 0


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
            key: {**outcome, "gradients": {k: v for k, v in outcome["gradients"].items() if k != name}}
            for key, outcome in full.items()
        }
        assert judge.mark(square, gone, full).points == 0, name


@pytest.mark.parametrize("before", [0.0, float("nan"), 1.0])
@pytest.mark.parametrize("after", [0.0, float("nan"), 1.0])
def test_a_change_from_or_to_nan_is_a_change(before, after):
    inputs = {"x": torch.tensor([before])}
    snapshot = collect.Snapshot(inputs)
    inputs["x"].fill_(after)
    same = before == after or (before != before and after != after)
    assert snapshot.changes(inputs)["modified"] == ([] if same else ["x"])


def test_exactly_a_float_means_exactly_a_float():
    step = Exercise("step", points=1, differentiable=False, as_float=True, cases=square.cases[:1])

    def as_item(x, w):
        return right(x, w).item()

    for answer in (right, lambda x, w: right(x, w).numpy()[()], lambda x, w: int(right(x, w))):
        assert "float" in message(answer, step, as_item)
    assert "right in all" in message(as_item, step, as_item)


# --- stored references and check --------------------------------------------------------------------------------------


@pytest.mark.parametrize("section", sections())
def test_stored_references_are_what_the_lesson_answers(section):
    stored = judge.load_references(section)
    for name, asked in exercises(section).items():
        fresh = bank.outcomes(section, name, bank.solutions(section)[name], hidden_seed=1)
        public = {key: outcome for key, outcome in fresh.items() if key[1]}
        assert stored[name].keys() == public.keys(), f"run `make build`: the cases of {name} changed"
        assert judge.mark(asked, public, stored[name]).points == asked.points, f"run `make build`: {name} changed"


@pytest.mark.parametrize("section", sections())
def test_references_are_numbers_and_no_gradient_in_them_is_nan(section):
    text = (judge.REFERENCES / f"{section}.json").read_text(encoding="utf8")
    assert not re.search(r"def |lambda|import|return", text)
    for cases in judge.load_references(section).values():
        for outcome in cases.values():
            assert "NaN" not in json.dumps(outcome.get("gradients"))


def test_check_prints_a_line_or_raises_a_sentence(capsys):
    answers = bank.solutions("03-gan-minimax")
    autograder.check("discriminator_loss", answers["discriminator_loss"])
    assert capsys.readouterr().out == "✓ discriminator_loss: right in all 8 cases.\n"
    with pytest.raises(autograder.CheckFailed, match="Hint"):
        autograder.check("discriminator_loss", lambda real, fake: real.mean() - fake.mean())
    with pytest.raises(autograder.CheckFailed, match="No exercise is called"):
        autograder.check("discriminator", answers["discriminator_loss"])
    with pytest.raises(autograder.CheckFailed, match="pass the function itself"):
        autograder.check("discriminator_loss", torch.zeros(()))  # type: ignore[arg-type]


def test_names_of_exercises_are_unique_in_the_course():
    names = [name for section in sections() for name in exercises(section)]
    assert len(names) == len(set(names))
