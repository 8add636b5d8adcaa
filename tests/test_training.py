"""The loop: who moves when, by how much, and what it says when it cannot go on."""

import copy
import inspect
import math
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from torch import nn, optim

from dgm import compiled, data, games, latents, nets, players, training
from dgm.optimizers import Adam, coefficients, update
from dgm.training import Player, PlayError, play

DEVICE = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
DEVICES = sorted({"cpu", DEVICE.type})


def descent(name="P", start=3.0, lr=0.1, loss=None, **options):
    """A player with one parameter w on w²/2: SGD multiplies it by 1 - lr."""
    module = nn.ParameterList([nn.Parameter(torch.tensor([start], dtype=torch.float64))])
    optimizer = optim.SGD(module.parameters(), lr=lr)
    return Player(name, module, loss or (lambda batch: module[0].square().sum() / 2), optimizer, **options)


def endless(*shape):
    while True:
        yield (torch.ones(*shape),)


def pair(seed=0, device="cpu"):
    torch.manual_seed(seed)
    G, D = nets.mlp([3, 16, 2]).to(device), nets.mlp([2, 16, 1]).to(device)
    averaged = training.average(G, 0.9)
    players = games.gan(G, D, games.HINGE, latents.gaussian(3), g_after=averaged.update_parameters)
    return players, averaged


def numbers(players, *more):
    modules = [p.module for p in players] + list(more)
    return torch.cat([v.double().flatten().cpu() for m in modules for v in m.state_dict().values()])


# --- who moves, and how far


def test_a_move_is_one_step_down_and_returns_the_loss_before_it():
    player = descent()
    assert player.move((torch.ones(1),)).item() == pytest.approx(4.5)
    assert player.module[0].item() == pytest.approx(3 * 0.9)


def test_losses_follow_the_closed_form_of_gradient_descent():
    losses = [turn.losses["P"] for turn in play([descent()], endless(1), 20)]
    assert losses == pytest.approx([4.5 * 0.9 ** (2 * k) for k in range(20)], rel=1e-12)


def test_each_player_moves_on_every_so_many_turns_and_in_order():
    order = []
    players = [
        descent(name, every=every, after=lambda _, n=name: order.append(n)) for name, every in (("a", 1), ("b", 3))
    ]
    turns = [set(turn.losses) for turn in play(players, endless(1), 6)]
    assert turns == [{"a"}, {"a"}, {"a", "b"}] * 2 and order == ["a", "a", "a", "b"] * 2


def test_only_the_optimizers_parameters_get_gradients_and_move():
    a, b = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    b.grad = torch.full((1,), 7.0)
    player = Player("P", nn.ParameterList([a, b]), lambda _: (a * b).sum(), optim.SGD([a], lr=0.5))
    player.move((torch.ones(1),))
    assert a.item() == 0.5 and b.item() == 1 and b.grad.item() == 7


def test_gradients_left_behind_do_not_add_up():
    player = descent()
    player.module[0].grad = torch.full((1,), 1e6, dtype=torch.float64)
    player.move((torch.ones(1),))
    assert player.module[0].item() == pytest.approx(2.7)


def test_after_sees_the_module_once_per_move():
    seen = []
    player = descent(after=seen.append)
    list(play([player], endless(1), 4))
    assert seen == [player.module] * 4


def test_rates_fall_linearly_to_zero_over_the_annealed_share():
    rates = []
    player = descent(lr=1.0, after=lambda _: rates.append(player.optimizer.param_groups[0]["lr"]))
    list(play([player], endless(1), 10, anneal=0.5))
    assert rates == pytest.approx([1.0] * 6 + [0.8, 0.6, 0.4, 0.2])


@pytest.mark.parametrize("stop", [3, 7, 10])
def test_annealing_leaves_the_rates_as_they_were(stop):
    """A second run starts at the full rate, whether the first one ended or the caller did not wait for its end."""
    player = descent(lr=0.5)
    turns = play([player], endless(1), 10, anneal=0.9)
    for _ in range(stop):
        next(turns)  # not closed: the generator still stands in the middle
    start = player.module[0].item()
    next(play([player], endless(1), 5))
    assert player.module[0].item() == pytest.approx(start * 0.5)


def test_a_rate_that_is_set_between_turns_or_by_a_schedule_is_obeyed():
    rates, player = [], descent(lr=1.0, after=lambda _: rates.append(player.optimizer.param_groups[0]["lr"]))
    group = player.optimizer.param_groups[0]
    schedule = optim.lr_scheduler.LambdaLR(player.optimizer, lambda k: 0.8**k)  # it notes an ``initial_lr``
    for _ in play([player], endless(1), 4, anneal=0.5):
        schedule.step()
    assert rates == pytest.approx([1.0, 0.8, 0.64, 0.512 / 2])
    group["lr"] = 0.25
    list(play([player], endless(1), 2, anneal=1.0))
    assert rates[4:] == pytest.approx([0.25, 0.125]) and group["lr"] == 0.25
    own = descent(lr=1.0, after=lambda _: own.optimizer.param_groups[0].update(lr=0.125))
    list(play([own], endless(1), 4, anneal=1.0))
    assert own.optimizer.param_groups[0]["lr"] == 0.125, "what was set during a turn was undone"


def test_stopping_early_is_the_callers_right():
    turns = play([descent()], endless(1), 10**9)
    assert [next(turns).step for _ in range(3)] == [1, 2, 3]
    turns.close()


def test_losses_are_a_mapping_of_floats_read_when_asked():
    (turn,) = play([descent()], endless(1), 1)
    assert dict(turn.losses) == {"P": 4.5} and repr(turn.losses) == "{'P': 4.5}" and len(turn.losses) == 1
    assert isinstance(turn.losses.tensors["P"], torch.Tensor) and not turn.losses.tensors["P"].requires_grad


# --- Adam


@pytest.mark.parametrize("betas", [(0.0, 0.99), (0.9, 0.999)])
def test_adam_is_pytorchs_adam(betas):
    torch.manual_seed(0)
    ours = nets.mlp([3, 7, 1]).double()
    theirs = nets.mlp([3, 7, 1]).double()
    theirs.load_state_dict(ours.state_dict())
    mine, reference = Adam(ours.parameters(), 0.01, betas), optim.Adam(theirs.parameters(), 0.01, betas)
    schedules = [optim.lr_scheduler.ExponentialLR(o, 0.9) for o in (mine, reference)]
    for k in range(30):
        x = torch.randn(8, 3, dtype=torch.float64)
        for net, optimizer in ((ours, mine), (theirs, reference)):
            optimizer.zero_grad()
            (net(x) - k).square().mean().backward()
            optimizer.step()
        for schedule in schedules:
            schedule.step()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(p, q, rtol=1e-12, atol=1e-14)


def test_adam_leaves_parameters_without_gradient_alone_and_takes_no_closure():
    def ends(Optimizer):
        p, q = (nn.Parameter(torch.ones(2, dtype=torch.float64)) for _ in range(2))
        optimizer = Optimizer([p, q], 0.1, (0.5, 0.9))
        optimizer.step()  # before any gradient: nothing
        path = []
        for k in range(6):
            p.grad, q.grad = p * (k + 1), None if k < 3 else q / (k + 1)
            optimizer.step()
            path.append((p.detach().clone(), q.detach().clone()))
        assert (path[2][1] == 1).all()
        return path[-1], optimizer

    expected, _ = ends(optim.Adam)
    found, optimizer = ends(Adam)
    assert all(torch.allclose(x, y, rtol=1e-12) for x, y in zip(found, expected, strict=True))
    with pytest.raises(TypeError, match="no closure"):
        optimizer.step(lambda: 0.0)


def test_adams_state_goes_to_pytorchs_adam_and_back():
    """Loaded numbers of steps are tensors of their own again; counting goes on from there."""
    torch.manual_seed(0)
    nets_ = [nets.mlp([3, 7, 1]).double() for _ in range(2)]
    nets_[1].load_state_dict(nets_[0].state_dict())
    ours, theirs = Adam(nets_[0].parameters(), 0.01), optim.Adam(nets_[1].parameters(), 0.01, (0.0, 0.99))
    for k in range(9):
        x = torch.randn(8, 3, dtype=torch.float64)
        for net, optimizer in zip(nets_, (ours, theirs), strict=True):
            optimizer.zero_grad()
            (net(x) - k).square().mean().backward()
            optimizer.step()
        if k in (3, 6):  # once from the first to the second, once back
            ours_, theirs_ = ours.state_dict(), theirs.state_dict()
            ours.load_state_dict({**ours_, "state": theirs_["state"]})
            theirs.load_state_dict({**theirs_, "state": ours_["state"]})
    assert torch.allclose(*(torch.nn.utils.parameters_to_vector(net.parameters()) for net in nets_), rtol=1e-12)
    assert [state["step"].item() for state in ours.state.values()] == [9.0] * 4


def test_adam_can_be_copied_and_emptied():
    """What it gathered for its kernel follows its state."""
    torch.manual_seed(0)
    net = nets.mlp([3, 7, 1]).double()
    optimizer = Adam(net.parameters(), 0.01)

    def step(net, optimizer):
        optimizer.zero_grad()
        net(torch.ones(4, 3, dtype=torch.float64)).square().mean().backward()
        optimizer.step()
        return torch.nn.utils.parameters_to_vector(net.parameters())

    step(net, optimizer)
    twin, twins_optimizer = copy.deepcopy((net, optimizer))
    for _ in range(3):
        assert torch.equal(step(net, optimizer), step(twin, twins_optimizer))
    optimizer.state.clear()
    twins_optimizer = Adam(twin.parameters(), 0.01)
    for _ in range(3):
        assert torch.equal(step(net, optimizer), step(twin, twins_optimizer))
    assert all(state["step"] == 3 for state in optimizer.state.values()) and len(optimizer.state) == 4


def test_adams_update_in_tensor_operations_is_its_step():
    torch.manual_seed(0)
    ours = nets.mlp([3, 7, 1]).double()
    theirs = copy.deepcopy(ours)
    groups = [[{"params": net[0].parameters(), "lr": 0.02}, {"params": net[2].parameters()}] for net in (ours, theirs)]
    mine, reference = (Adam(group, 0.01, (0.5, 0.9)) for group in groups)
    for _ in range(10):
        x = torch.randn(8, 3, dtype=torch.float64)
        gradient = torch.autograd.grad(ours(x).square().mean(), list(ours.parameters()))
        for group, memory, part in zip(mine.param_groups, mine.memories(), (gradient[:2], gradient[2:]), strict=True):
            update(memory, coefficients(group, memory), part, torch.tensor(True))
            nothing = [torch.full_like(slope, math.nan) for slope in part]
            update(memory, coefficients(group, memory), nothing, torch.tensor(False))  # leaves all as it is
        reference.zero_grad()
        theirs(x).square().mean().backward()
        reference.step()
        for optimizer in (mine, reference):
            optimizer.param_groups[0]["lr"] *= 0.8
            optimizer.param_groups[1].update(betas=(0.3, 0.8), eps=1e-3)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(p, q, rtol=1e-10, atol=1e-12)
        assert all(torch.allclose(mine.state[p][key], reference.state[q][key]) for key in ("step", "exp_avg_sq"))


# --- average and checkpoints


def test_average_is_the_recursion_of_its_docstring():
    player = descent(start=1.0)
    averaged = training.average(player.module, 0.75)
    values = []
    for _ in range(5):
        player.move((torch.ones(1),))
        averaged.update_parameters(player.module)
        values.append(player.module[0].item())
    mean = values[0]
    for value in values[1:]:
        mean = 0.75 * mean + 0.25 * value
    assert averaged.module[0].item() == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("stop", [1, 7, 40])
def test_a_resumed_run_equals_the_unbroken_one(stop, device, tmp_path):
    """40 is beyond the first pass through the data, so the reshuffling is resumed too."""
    x, _ = data.ring(200)
    path = tmp_path / "checkpoint.pt"

    players, averaged = pair(device=device)
    whole = [dict(turn.losses) for turn in play(players, data.batches(x, size=10), 50, anneal=0.5)]
    unbroken = numbers(players, averaged)

    players, averaged = pair(device=device)
    turns = play(players, data.batches(x, size=10), 50, anneal=0.5)
    for turn in turns:
        if turn.step == stop:
            training.save(path, players, turn.step, averaged=averaged)
            break
    turns.close()

    players, averaged = pair(seed=99, device=device)  # another process has other weights and random numbers
    torch.manual_seed(0)
    start = training.resume(path, players, averaged=averaged)
    rest = [dict(turn.losses) for turn in play(players, data.batches(x, size=10), 50, start=start, anneal=0.5)]
    assert start == stop and rest == whole[stop:]
    assert torch.equal(numbers(players, averaged), unbroken)


def test_a_samplers_own_generator_is_kept_too(tmp_path):
    path, draw, players = tmp_path / "c.pt", torch.Generator().manual_seed(1), pair()[0]
    training.save(path, players, 3, draw=draw)
    expected = torch.rand(4, generator=draw)
    other = torch.Generator()
    assert training.resume(path, players, draw=other) == 3
    assert torch.equal(torch.rand(4, generator=other), expected)


def everything(players, **more):
    """All that `resume` may change, as numbers."""
    state = {p.name: [p.module.state_dict(), p.optimizer.state_dict()] for p in players}
    state["more"] = {k: x.get_state() if isinstance(x, torch.Generator) else x.state_dict() for k, x in more.items()}
    return repr(state), torch.get_rng_state().tolist()


def smaller(players):
    D = nets.mlp([2, 8, 1])
    return [Player("D", D, players[0].loss, Adam(D.parameters())), players[1]]


OTHERS = {
    "another name": (lambda d, g: [descent("a"), g], r"keeps \['D', 'G', 'averaged', 'draw'\], not \['G', 'a', 'aver"),
    "a smaller network": (
        lambda d, g: smaller([d, g]),
        r"player 'D', 0.weight: torch.float32 \(16, 2\), not .*\(8, 2\)",
    ),
    "one more layer": (lambda d, g: [Player("D", nn.ModuleList([d.module, g.module]), d.loss, d.optimizer), g], "'D'"),
    "another dtype": (lambda d, g: [d, Player("G", g.module.double(), g.loss, g.optimizer)], "float32 .*float64"),
    "another optimizer": (
        lambda d, g: [d, Player("G", g.module, g.loss, optim.SGD(g.module.parameters()))],
        "player 'G': the optimizer's state is of other parameters or of another kind",
    ),
    "an optimizer with the same memory": (
        lambda d, g: [d, Player("G", g.module, g.loss, optim.AdamW(g.module.parameters()))],
        "player 'G': the optimizer's state is of other parameters or of another kind",
    ),
    "fewer parameters": (
        lambda d, g: [d, Player("G", g.module, g.loss, Adam(list(g.module.parameters())[:2]))],
        "player 'G': the optimizer's state is of other parameters",
    ),
    "parameters in another order": (
        lambda d, g: [d, Player("G", g.module, g.loss, Adam(list(g.module.parameters())[::-1]))],
        "player 'G': the optimizer's state is of other parameters",
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_checkpoint_of_other_players_is_refused_before_anything_changes(case, tmp_path):
    change, sentence = OTHERS[case]
    players, averaged = pair()
    list(play(players, data.batches(torch.randn(20, 2), size=10), 2))
    training.save(tmp_path / "c.pt", players, 2, averaged=averaged, draw=torch.Generator())

    players, averaged = pair(seed=5)
    players, more = change(*players), {"averaged": averaged, "draw": torch.Generator().manual_seed(3)}
    before = everything(players, **more)
    with pytest.raises(ValueError, match=sentence):
        training.resume(tmp_path / "c.pt", players, **more)
    assert everything(players, **more) == before


def test_a_checkpoint_with_other_further_things_is_refused_before_anything_changes(tmp_path):
    players, averaged = pair()
    training.save(tmp_path / "c.pt", players, 2, averaged=averaged)
    wrong_ones, (other, _) = [training.average(nets.mlp([3, 2])), torch.Generator()], pair(seed=5)
    before = everything(other)
    for wrong in wrong_ones:
        with pytest.raises(ValueError, match="c.pt, averaged"):
            training.resume(tmp_path / "c.pt", other, averaged=wrong)
    assert everything(other) == before


ODD = {"step": "one", "random": {"cpu": [torch.ones(2)]}, "players": {}, "more": {}}


@pytest.mark.parametrize("content", [b"", b"not a zip file", {"weights": torch.ones(2)}, [1, 2], ODD, "half"])
def test_a_file_that_is_no_checkpoint_is_refused_in_a_sentence(content, tmp_path):
    path = tmp_path / "c.pt"
    if content == "half":
        training.save(path, [descent()], 1)
        content = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(ValueError, match=r"c\.pt is no checkpoint") as caught:
        training.resume(path, [descent()])
    assert "\n" not in str(caught.value)
    with pytest.raises(FileNotFoundError):
        training.resume(tmp_path / "missing.pt", [descent()])


def test_random_numbers_of_accelerators_are_kept_too(tmp_path, monkeypatch):
    """Runs everywhere: three CUDA devices, and later two, and an MPS device are played by lists."""
    cuda, mps = [torch.full((4,), k, dtype=torch.uint8) for k in range(3)], torch.full((4,), 9, dtype=torch.uint8)
    restored = {}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "set_rng_state_all", lambda states: restored.update(cuda=states))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: mps)
    monkeypatch.setattr(torch.mps, "set_rng_state", lambda state: restored.update(mps=state))
    training.save(tmp_path / "c.pt", [descent()], 1)
    cuda, mps = [torch.zeros(4, dtype=torch.uint8)] * 2, torch.zeros(4, dtype=torch.uint8)
    training.resume(tmp_path / "c.pt", [descent()])
    assert [state.tolist() for state in restored["cuda"]] == [[0] * 4, [1] * 4] and restored["mps"].tolist() == [9] * 4


def test_a_checkpoint_of_an_accelerator_loads_on_a_cpu(tmp_path, monkeypatch):
    """Runs everywhere: the file says that its tensors were on a device which is not here."""
    players, _ = pair()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
        training.save(tmp_path / "c.pt", players, 4)
    other, _ = pair(seed=5)
    assert training.resume(tmp_path / "c.pt", other) == 4 and torch.equal(numbers(other), numbers(players))


def test_a_failed_save_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "c.pt"
    training.save(path, [descent()], 1)
    old = path.read_bytes()

    def full(state, file):
        Path(file).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="disk full"):
        training.save(path, [descent()], 2)
    assert path.read_bytes() == old and list(tmp_path.iterdir()) == [path]


# --- what it says


def scalarless(module):
    return lambda batch: module[0] * batch[0]


SENTENCES = {
    "a vector": (lambda w, b: w[0] * b[0], r"step 1, player 'P': the loss has shape \(4,\).*\.mean\(\)"),
    "a nan": (lambda w, b: w[0].sum() * math.nan, r"step 1, player 'P': the loss is nan;.*learning rate"),
    "an infinity": (lambda w, b: w[0].sum() / 0, r"step 1, player 'P': the loss is inf;"),
    "a float": (lambda w, b: 1.0, r"player 'P': the loss is a float; return the tensor itself"),
    "nothing": (lambda w, b: None, r"player 'P': the loss is a NoneType"),
    "a constant": (lambda w, b: torch.tensor(1.0), r"does not depend on its parameters; look for detach"),
    "someone else's": (lambda w, b: torch.ones(1, requires_grad=True).sum(), r"does not depend on its parameters"),
    "wrong shapes": (
        lambda w, b: (b[0] @ torch.ones(9)).sum(),
        r"step 1, player 'P' cannot compute.*shapes \(4,\).*compare",
    ),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_a_loss_that_is_none_is_refused_in_one_sentence(case):
    loss, sentence = SENTENCES[case]
    player = descent()
    player = Player("P", player.module, lambda batch: loss(player.module, batch), player.optimizer)
    with pytest.raises(PlayError, match=sentence) as caught:
        list(play([player], endless(4), 3))
    assert "\n" not in str(caught.value)
    assert player.module[0].item() == 3, "the parameters moved on nonsense"


def test_the_step_named_is_the_step_it_happened():
    player = descent()
    calls = []

    def loss(batch):
        calls.append(1)
        return player.module[0].sum() * (math.inf if len(calls) == 3 else 1)

    with pytest.raises(PlayError, match="step 3, player 'P'"):
        list(play([Player("P", player.module, loss, player.optimizer)], endless(1), 9))


@pytest.mark.parametrize(
    "batch, kind", [(torch.ones(4, 2), "a bare tensor"), ([torch.ones(2)], "a list"), ((1, 2), "a tuple")]
)
def test_a_batch_that_is_no_tuple_of_tensors_is_refused(batch, kind):
    with pytest.raises(PlayError, match=rf"step 1, player 'P' was dealt {kind}: .* write \(x,\)"):
        list(play([descent()], iter([batch]), 1))


def test_batches_that_run_out_nobody_playing_two_of_a_name():
    with pytest.raises(PlayError, match="step 2: the batches ran out"):
        list(play([descent()], iter([(torch.ones(1),)]), 3))
    with pytest.raises(PlayError, match="nobody plays"):
        play([], endless(1), 3)
    with pytest.raises(PlayError, match="two players have one name"):
        play([descent(), descent()], endless(1), 3)
    with pytest.raises(PlayError, match="between 0 and 1, not 2"):
        play([descent()], endless(1), 3, anneal=2)


def test_a_frozen_parameter_of_the_optimizer_is_refused():
    net = nets.mlp([1, 3, 1])
    player = Player("P", net, lambda batch: net(batch[0]).mean(), optim.SGD(net.parameters(), lr=0.1))
    before = numbers([player])
    for frozen, count in ((net[0], 2), (net, 4)):
        frozen.requires_grad_(False)
        with pytest.raises(PlayError, match=rf"step 1, player 'P': {count} of its optimizer's 4 parameters are frozen"):
            list(play([player], endless(4, 1), 1))
    assert torch.equal(numbers([player]), before)


def test_another_error_of_the_backward_pass_is_not_taken_for_a_frozen_parameter():
    net = nets.mlp([1, 1])

    def loss(batch):
        y = net(batch[0]).exp()
        z = y.square().mean()
        y.detach().zero_()
        return z

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        list(play([Player("P", net, loss, optim.SGD(net.parameters(), lr=0.1))], endless(4, 1), 1))


def test_a_player_with_nothing_to_train_or_without_turns_is_refused_at_the_call():
    player = descent()
    player.optimizer.param_groups[0]["params"] = []
    with pytest.raises(PlayError, match="player 'P' has no parameters"):
        play([player], endless(1), 3)
    with pytest.raises(PlayError, match="moves on every 0-th turn"):
        play([descent(every=0)], endless(1), 3)


def test_parameters_outside_the_module_are_enough():
    """An optimizer may hold plain tensors; the module is what ``after`` and a checkpoint see."""
    w = torch.ones((), requires_grad=True)
    list(play([Player("P", nn.Identity(), lambda _: w.square(), optim.SGD([w], lr=0.25))], endless(1), 2))
    assert w.item() == 0.25


def test_an_unfinished_exercise_and_a_bug_pass_through_untouched():
    def stub(batch):
        raise NotImplementedError("your turn")

    def bug(batch):
        raise KeyError("oops")

    for loss, error in ((stub, NotImplementedError), (bug, KeyError)):
        with pytest.raises(error):
            list(play([descent(loss=loss)], endless(1), 1))


# --- the bar


@pytest.fixture
def no_reason_to_be_quiet(monkeypatch):
    for name in ("CI", "DGM_STATIC", "DGM_GRADING"):
        monkeypatch.delenv(name, raising=False)


def test_the_bar_shows_losses_on_a_terminal(capsys, monkeypatch, no_reason_to_be_quiet):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    list(play([descent()], endless(1), 3))
    assert "P=4.5" in capsys.readouterr().err


def test_no_bar_appears_before_anybody_iterates(capsys):
    turns = play([descent()], endless(1), 3, progress=True)
    assert capsys.readouterr() == ("", "")
    next(turns)
    assert "/3 [" in capsys.readouterr().err
    turns.close()


@pytest.mark.parametrize("name", ["CI", "DGM_STATIC", "DGM_GRADING", None])
def test_the_bar_is_quiet_in_ci_in_the_book_while_grading_and_in_a_pipe(
    name, capsys, monkeypatch, no_reason_to_be_quiet
):
    if name:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        monkeypatch.setenv(name, "1")
    list(play([descent()], endless(1), 3))
    assert capsys.readouterr() == ("", "")


# --- compiled


def compiled_run(steps=12, start=0, players=None, **options):
    """A conditional GAN: two players, random numbers inside the loss, rates that fall."""
    torch.manual_seed(start)
    players = players or labelled_pair()
    x = torch.linspace(-1, 1, 64, dtype=torch.float64).view(32, 2)  # else the two round differently, and Adam magnifies
    y = torch.arange(32) % 4
    turns = play(players, data.batches(x, y, size=8), steps, start=start, anneal=0.5, **options)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # inside the compiler, not ours to mend
        losses = [dict(turn.losses) for turn in turns]
    return losses, numbers(players), players


def labelled_pair(**options):
    torch.manual_seed(0)
    G = nets.Conditional(nets.mlp([3 + 2, 16, 2]), nets.Embed(4, (2,))).double()
    D = nets.Conditional(nets.mlp([2 + 2, 16, 1]), nets.Embed(4, (2,))).double()
    draw = latents.gaussian(3)
    return games.gan(G, D, games.HINGE, lambda n: draw(n).double(), **options)


@pytest.fixture
def graphs(monkeypatch):
    """Play compiled without a compiler, and list the players of each graph asked for."""
    asked = []
    whole = compiled._graph

    def spy(run):
        asked.append([player.name for player in run])
        return whole(run)

    monkeypatch.setattr(compiled, "_graph", spy)
    monkeypatch.setattr(torch, "compile", lambda function, **options: function)
    return asked


def test_a_compiled_turn_is_the_eager_turn():
    """Losses, parameters and the optimizers' memories, so that either may go on where the other stopped.

    The one test that waits for a compiler, so it compiles once, also while rates fall.
    """
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            losses, weights, players = compiled_run(40, compile=True)
        except RuntimeWarning as reason:
            pytest.skip(f"no compiler here: {reason}")
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1, "a new rate asked for a new graph"
    expected_losses, expected_weights, expected_players = compiled_run(40)
    assert [list(turn) for turn in losses] == [["D", "G"]] * 40
    for turn, expected in zip(losses, expected_losses, strict=True):
        assert turn == pytest.approx(expected, rel=1e-9)
    assert torch.allclose(weights, expected_weights, rtol=1e-9)
    for player, expected in zip(players, expected_players, strict=True):
        states, others = player.optimizer.state.values(), expected.optimizer.state.values()
        for state, other in zip(states, others, strict=True):
            assert state["step"] == other["step"] == 40
            assert torch.allclose(state["exp_avg_sq"], other["exp_avg_sq"], rtol=1e-9)
    assert all(p.grad is None for player in players for p in player.own()), "old gradients lie about"
    _, weights, _ = compiled_run(44, 40, players)
    _, expected_weights, _ = compiled_run(44, 40, expected_players)
    assert torch.allclose(weights, expected_weights, rtol=1e-9)


def test_a_graph_ends_where_a_move_ends_in_python(graphs):
    seen = []
    players = [*labelled_pair(g_after=lambda _: seen.append("G")), descent("S"), descent("T", every=2)]
    losses, weights, _ = compiled_run(players=players, compile=True)
    assert graphs == [["D", "G"], ["S"], ["T"]] and seen == ["G"] * 12
    again = [*labelled_pair(), descent("S"), descent("T", every=2)]
    expected_losses, expected_weights, _ = compiled_run(players=again)
    for turn, expected in zip(losses, expected_losses, strict=True):
        assert turn == pytest.approx(expected, rel=1e-9)
    assert torch.allclose(weights, expected_weights, rtol=1e-9)


def test_on_an_accelerator_graphs_hold_gradients_only(graphs, monkeypatch):
    """Runs everywhere: only the decision is made by looking at the device."""
    monkeypatch.setattr(compiled, "_updates_in_graph", lambda player: False)
    losses, weights, _ = compiled_run(compile=True)
    expected_losses, expected_weights, _ = compiled_run()
    assert graphs == [["D"], ["G"]]
    assert losses == expected_losses and torch.equal(weights, expected_weights)


def test_each_run_of_players_has_its_own_graphs(monkeypatch):
    """PyTorch keeps at most eight graphs of one code object and blurs their shapes: a notebook trains more players."""
    codes = []

    def spy(function, **options):
        codes.append(function.__code__)
        return function

    monkeypatch.setattr(torch, "compile", spy)
    compiled_run(compile=True)
    compiled_run(compile=True)
    assert len(codes) == 2 and codes[0] is not codes[1]


@pytest.mark.parametrize("name", ["D", "G"])
def test_a_compiled_turn_refuses_nan_before_the_player_has_moved(name, graphs):
    """And who comes after stays where it is, as in eager mode; so do the memories of both."""
    factor = torch.ones(())

    def ends(**options):
        factor.fill_(1.0)
        players = [
            Player(p.name, p.module, lambda b, p=p: p.loss(b) * (factor if p.name == name else 1), p.optimizer)
            for p in labelled_pair()
        ]
        torch.manual_seed(0)
        x, y = torch.linspace(-1, 1, 64, dtype=torch.float64).view(32, 2), torch.arange(32) % 4
        turns = play(players, data.batches(x, y, size=8), 5, **options)
        next(turns)
        next(turns)
        factor.fill_(math.nan)
        with pytest.raises(PlayError, match=f"step 3, player '{name}': the loss is nan"):
            next(turns)
        states = [player.optimizer.state[p] for player in players for p in player.own()]
        return numbers(players), torch.cat([x.double().flatten() for state in states for x in state.values()])

    for found, expected in zip(ends(compile=True), ends(), strict=True):
        assert torch.allclose(found, expected, rtol=1e-9)
    assert graphs == [["D", "G"]]


def test_without_a_compiler_it_says_so_and_plays_on(monkeypatch):
    def no_compiler(function, **options):
        def fail(batch, memories):
            raise RuntimeError("no C++ compiler found\nlong story")

        return fail

    monkeypatch.setattr(torch, "compile", no_compiler)
    with pytest.warns(RuntimeWarning) as said:
        losses, weights, _ = compiled_run(compile=True)
    assert [str(warning.message) for warning in said] == [
        f"player '{name}' plays on without torch.compile: no C++ compiler found" for name in "DG"
    ]
    expected_losses, expected_weights, _ = compiled_run()
    assert losses == expected_losses and torch.equal(weights, expected_weights)


def test_one_player_that_cannot_be_compiled_leaves_the_other_its_graph(monkeypatch):
    def fails_on_G(function, **options):
        def graph(batch, memories):
            if "G" in [player.name for player in inspect.getclosurevars(function).nonlocals["run"]]:
                raise RuntimeError("too odd")
            graph.calls += 1
            return function(batch, memories)

        graph.calls = 0
        made.append(graph)
        return graph

    made = []
    monkeypatch.setattr(torch, "compile", fails_on_G)
    with pytest.warns(RuntimeWarning, match="^player 'G' plays on without torch.compile: too odd$"):
        _, weights, _ = compiled_run(compile=True)
    assert [graph.calls for graph in made] == [0, 10, 0]  # both, D, G; the first turns were eager
    assert torch.allclose(weights, compiled_run()[1], rtol=1e-9)


def test_the_library_does_not_load_the_compiler():
    """It would double the time to import it, in every kernel and every graded answer."""
    source = "import sys, dgm.games; sys.exit('torch._inductor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0


# --- devices


@pytest.fixture
def far(monkeypatch):
    """Runs everywhere: numbers of the CPU count as dear to look at."""
    for module in (players, training):
        monkeypatch.setattr(module, "cheap_to_read", lambda device: False)


def spoilt(at):
    """A player whose loss is nan in one turn, and only there."""
    turn = [0]

    def loss(batch):
        turn[0] += 1
        return player.module[0].sum() * 0 + (math.nan if turn[0] == at else 1.0)

    player = descent()
    return Player("P", player.module, loss, player.optimizer)


@pytest.mark.parametrize(
    "at, seen, steps", [(7, 49, 60), (50, 49, 60), (57, 59, 60), (60, 59, 60), (3, 2, 3), (99, 99, 120)]
)
def test_a_nan_on_an_accelerator_is_named_though_late(at, seen, steps, far):
    """Every fifty turns there is a look back, and one at the end."""
    turns = []
    with pytest.raises(PlayError, match=f"^step {at}, player 'P': the loss is nan"):
        for turn in play([spoilt(at)], endless(1), steps):
            turns.append(turn.step)
    assert turns == list(range(1, seen + 1))


def test_a_nan_on_an_accelerator_is_a_warning_when_the_caller_has_stopped(far):
    for at, stop, warned in ((52, 55, True), (55, 55, True), (56, 55, False)):
        turns = play([spoilt(at)], endless(1), 1000)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            for turn in turns:
                if turn.step == stop:
                    break
            turns.close()
        assert [str(w.message) for w in said] == [f"step {at}, {players.not_finite('P', math.nan)}"] * warned


def test_a_game_follows_its_networks_to_the_device():
    torch.manual_seed(0)
    G, D = nets.mlp([3, 16, 2]).to(DEVICE), nets.mlp([2, 16, 1]).to(DEVICE)
    x, _ = data.ring(100)  # stays where it is: the loop carries batches over
    players = games.gan(G, D, games.HINGE, latents.gaussian(3))
    turns = [dict(turn.losses) for turn in play(players, data.batches(x, size=10), 60)]
    assert len(turns) == 60 and all(math.isfinite(v) for turn in turns for v in turn.values())
    assert next(G.parameters()).device.type == DEVICE.type
