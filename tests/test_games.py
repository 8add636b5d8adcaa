"""Every game of the course: against the usual loop written out, against stored trajectories, and who moves when.

Stored trajectories are in ``tests/references/trajectories.json``; ``python tests/test_games.py`` writes them anew.
"""

import json
import math
import warnings
from copy import deepcopy
from itertools import cycle
from pathlib import Path

import pytest
import torch
from torch import nn, optim

from dgm import games, latents, nets
from dgm.training import PlayError, play

STORED = Path(__file__).parent / "references" / "trajectories.json"
STEPS = 6


def fill(*modules):
    """Weights from a formula, not from a random stream that a release of PyTorch may change."""
    for shift, module in enumerate(modules):
        k = shift
        for p in module.parameters():
            p.data = torch.sin(torch.arange(p.numel(), dtype=torch.float64) * 0.7 + k).view_as(p) / 2
            k += 1
        module.double()
    return modules


def fixed(*shape, shift=0.0, count=8):
    """An endless cycle of ``count`` tensors, the same in every run."""
    n = math.prod(shape)
    values = torch.cos(torch.arange(count * n, dtype=torch.float64) * 1.3 + shift).view(count, *shape)
    return cycle(values)


def drawn(stream):
    return lambda n: next(stream)[:n]


def mse(a, b):
    return (a - b).square().mean()


def slope(critic, real, fake):
    """A penalty that no exercise asks for: the squared gradient at the data (Mescheder et al., 2018)."""
    x = real.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return gradient.square().sum(1).mean()


class Coder(nn.Module):
    """(z, c) → sample, or x → (mean, log variance): two linear maps."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.a, self.b = nn.Linear(n_in, n_out), nn.Linear(n_in, n_out)

    def forward(self, x, c=None):
        return (
            (self.a(x), self.b(x)) if c is None else self.a(torch.cat([x, c], 1)) + self.b(torch.cat([x, c], 1)).tanh()
        )


def make(name, z=None, c=None):
    """The players of one game in float64, and its batches; with samplers that draw the same in every run."""
    x, y = fixed(4, 2), cycle([torch.tensor([0, 2, 1, 0]), torch.tensor([1, 1, 2, 0])])
    z = z or drawn(fixed(4, 3, shift=1.0, count=9))
    c = c or drawn(fixed(4, 1, shift=2.0, count=5))
    plain = ((x,) for x in x)
    if name in ("hinge", "least_squares", "penalty"):
        G, D = fill(nets.mlp([3, 8, 2]), nets.mlp([2, 8, 1]))
        options = {"penalty": slope, "d_steps": 2, "g_lr": 0.01} if name == "penalty" else {}
        game = games.LEAST_SQUARES if name == "least_squares" else games.HINGE
        return games.gan(G, D, game, z, lr=0.02, **options), plain
    if name == "conditional":
        G = nets.Conditional(nets.mlp([5, 8, 2]), nets.Embed(3, (2,)))
        D = nets.Conditional(nets.mlp([4, 8, 1]), nets.Embed(3, (2,)))
        fill(G, D)
        return games.gan(G, D, games.HINGE, z, lr=0.02), zip(x, y, strict=False)
    if name == "infogan":
        trunk = nn.Sequential(nn.Linear(2, 8), nn.Tanh())
        D, Q, G = nets.Head(trunk, nn.Linear(8, 1)), nets.Head(trunk, nn.Linear(8, 1)), Coder(4, 2)
        fill(D, Q, G)
        return games.infogan(G, D, Q, games.HINGE, mse, z, c, weight=0.5, lr=0.02), plain
    if name == "cyclegan":
        G_ab, G_ba, D_a, D_b = fill(*[nets.mlp([2, 8, 2]) for _ in range(2)], *[nets.mlp([2, 8, 1]) for _ in range(2)])

        def g_loss(fake_a, fake_b, a, a_cycled, b, b_cycled):
            return mse(fake_a, 1.0) + mse(fake_b, 1.0) + 3 * (mse(a, a_cycled) + mse(b, b_cycled))

        d_loss = games.LEAST_SQUARES.d_loss
        players = games.cyclegan(G_ab, G_ba, D_a, D_b, d_loss, g_loss, identity=mse, lr=0.02)
        return players, zip(x, fixed(4, 2, shift=3.0), strict=False)
    if name == "vae":
        encoder, decoder = fill(Coder(2, 3), nets.mlp([3, 8, 2]))

        def loss(x, logits, mean, log_var):
            return mse(x, logits) + 0.1 * (mean.square() + log_var.square()).mean()

        # Without noise: torch.randn_like is not ours to store.
        return games.vae(encoder, decoder, loss, lambda mean, log_var, noise: mean + log_var, lr=0.02), plain
    if name == "classifier":
        (C,) = fill(nets.mlp([2, 8, 3]))
        return games.classifier(C, lr=0.02), zip(x, y, strict=False)
    raise KeyError(name)


GAMES = ["hinge", "least_squares", "penalty", "conditional", "infogan", "cyclegan", "vae", "classifier"]


def trajectory(name):
    players, batches = make(name)
    losses = [dict(turn.losses) for turn in play(players, batches, STEPS)]
    sums = {p.name: [v.sum().item() for v in p.module.state_dict().values()] for p in players}
    return {"losses": losses, "sums": sums}


@pytest.mark.parametrize("name", GAMES)
def test_trajectories_are_the_stored_ones(name):
    stored, now = json.loads(STORED.read_text())[name], trajectory(name)
    assert [list(turn) for turn in now["losses"]] == [list(turn) for turn in stored["losses"]]
    for turn, old in zip(now["losses"], stored["losses"], strict=True):
        assert turn == pytest.approx(old, rel=1e-9, abs=1e-12)
    for player, sums in stored["sums"].items():
        assert now["sums"][player] == pytest.approx(sums, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", GAMES)
def test_a_game_can_be_one_graph(name, monkeypatch):
    """Traced, differentiated and updated as for the compiler, but run op by op, which spares this test the compiler."""
    real = torch.compile
    monkeypatch.setattr(torch, "compile", lambda moves, options, **rest: real(moves, backend="aot_eager", **rest))

    def ends(**options):
        torch.manual_seed(0)
        players, batches = make(name, *(lambda n, d=d: torch.randn(n, d).double() for d in (3, 1)))
        losses = [dict(turn.losses) for turn in play(players, batches, STEPS, **options)]
        return losses, torch.cat([p.flatten() for player in players for p in player.module.parameters()])

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # inside the compiler, not ours to mend
        losses, weights = ends(compile=True)
    expected_losses, expected_weights = ends()
    for turn, expected in zip(losses, expected_losses, strict=True):
        assert turn == pytest.approx(expected, rel=1e-9)
    assert torch.allclose(weights, expected_weights, rtol=1e-9)


@pytest.mark.parametrize("name", GAMES)
def test_parameters_move_only_in_their_players_move(name):
    players, batches = make(name)
    modules = {id(p): p for player in players for p in player.module.parameters()}
    for player in players:
        own = {id(p) for group in player.optimizer.param_groups for p in group["params"]}
        for p in modules.values():
            p.grad = torch.full_like(p, 1e3)  # whoever steps on, or adds to, a stale gradient is seen
        before = {k: p.detach().clone() for k, p in modules.items()}
        player.move(next(batches))
        for k, p in modules.items():
            if k in own:
                assert not torch.equal(p, before[k]) or not p.grad.any(), f"{player.name} left its own parameter alone"
            else:
                assert torch.equal(p, before[k]) and (p.grad == 1e3).all() and p.requires_grad, f"{player.name} meddled"


@pytest.mark.parametrize("name", ["hinge", "least_squares"])
def test_a_gan_is_the_usual_loop(name):
    """Two zero_grads, detach, PyTorch's Adam, no joint pass: the same numbers."""
    (d, g), batches = make(name)
    D, G = deepcopy(d.module), deepcopy(g.module)
    turns = [dict(turn.losses) for turn in play([d, g], batches, STEPS)]

    x, z = fixed(4, 2), fixed(4, 3, shift=1.0, count=9)
    d_adam, g_adam = (optim.Adam(m.parameters(), lr=0.02, betas=(0.0, 0.99)) for m in (D, G))
    for turn in turns:
        real = next(x)
        d_adam.zero_grad()
        score, fake = D(real), D(G(next(z)).detach())
        if name == "hinge":
            d_loss = torch.clamp(1 - score, min=0).mean() + torch.clamp(1 + fake, min=0).mean()
        else:
            d_loss = (torch.mean((score - 1) ** 2) + torch.mean(fake**2)) / 2
        d_loss.backward()
        d_adam.step()
        g_adam.zero_grad()
        fake = D(G(next(z)))
        g_loss = -fake.mean() if name == "hinge" else torch.mean((fake - 1) ** 2) / 2
        g_loss.backward()
        g_adam.step()
        assert turn == pytest.approx({"D": d_loss.item(), "G": g_loss.item()}, rel=1e-10)
    for mine, theirs in ((d.module, D), (g.module, G)):
        for p, q in zip(mine.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(p, q, rtol=1e-9, atol=1e-12)


def test_the_joint_pass_is_the_two_passes():
    (D,) = fill(nets.mlp([2, 8, 1]))
    apart = nn.Sequential(D)
    apart.forward = lambda x: D(x)
    x, fake = next(fixed(5, 2)), next(fixed(3, 2, shift=1))
    for one, other in zip(games._judge(D)(x, fake), (D(x), D(fake)), strict=True):
        assert torch.allclose(one, other, rtol=1e-12)


def test_batch_norm_sees_real_and_fake_apart():
    D = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)).double()
    x, fake = next(fixed(5, 2)), next(fixed(5, 2, shift=1)) + 3
    for one, other in zip(games._judge(D)(x, fake), (D(x), D(fake)), strict=True):
        assert torch.allclose(one, other)


def test_labels_reach_both_networks_with_their_samples():
    seen = []

    class Told(nn.Module):
        def __init__(self, n_out):
            super().__init__()
            self.layer = nn.Linear(2, n_out)

        def forward(self, x, y):
            seen.append((len(x), y.tolist()))
            return self.layer(x) + y[:, None]

    players = games.gan(
        Told(2), Told(1), games.HINGE, latents.gaussian(2), penalty=lambda critic, x, fake: critic(x).mean()
    )
    list(play(players, cycle([(torch.zeros(3, 2), torch.tensor([4, 5, 6]))]), 1))
    assert seen == [(3, [4, 5, 6])] * 6  # G; D real, D fake, penalty; G, D


@pytest.mark.parametrize("d_steps", [1, 3])
def test_d_steps_is_moves_of_d_per_move_of_g(d_steps):
    players = games.gan(nets.mlp([2, 2]), nets.mlp([2, 1]), games.HINGE, latents.gaussian(2), d_steps=d_steps)
    turns = [set(turn.losses) for turn in play(players, cycle([(torch.zeros(4, 2),)]), 6)]
    assert [("G" in turn) for turn in turns] == [(k % d_steps == 0) for k in range(1, 7)] and all(
        "D" in t for t in turns
    )


def test_pools_replace_what_a_discriminator_is_shown():
    shown = []

    def pool(fakes):
        shown.append(fakes)
        return torch.zeros_like(fakes)

    G_ab, G_ba, D_a, D_b = nets.mlp([2, 2]), nets.mlp([2, 2]), nets.mlp([2, 1]), nets.mlp([2, 1])
    seen = []

    def d_loss(real, fake):
        seen.append(fake)
        return real.mean() + fake.mean()

    players = games.cyclegan(
        G_ab, G_ba, D_a, D_b, d_loss, lambda *parts: sum(p.mean() for p in parts), pools=(pool, pool)
    )
    a, b = torch.randn(3, 2), torch.randn(3, 2)
    players[0].move((a, b))
    players[1].move((a, b))
    assert torch.equal(shown[0], G_ba(b)) and torch.equal(shown[1], G_ab(a)) and not any(s.requires_grad for s in shown)
    zero = torch.zeros(1, 2)
    # The discriminators have moved since, so compare what does not depend on them: all fakes scored alike.
    assert all(torch.allclose(fake, fake[:1].expand_as(fake)) for fake in seen) and D_a(zero).shape == (1, 1)


def test_infogan_trains_the_recognizer_with_d_and_the_generator_alone():
    (d, g), _ = make("infogan")
    D, Q = d.module
    owned = [{id(p) for group in player.optimizer.param_groups for p in group["params"]} for player in (d, g)]
    assert owned[0] == {id(p) for m in (D, Q) for p in m.parameters()} and owned[0].isdisjoint(owned[1])


# --- what a game refuses


def game_with(D=None, G=None):
    G, D = G or nets.mlp([2, 4, 2]), D or nets.mlp([2, 4, 1])
    return games.gan(G, D, games.HINGE, latents.gaussian(2))


class Functional(nn.Module):
    def __init__(self, squash):
        super().__init__()
        self.layer, self.squash = nn.Linear(2, 1), squash

    def forward(self, x):
        return self.squash(self.layer(x))


REFUSED = {
    "a sigmoid layer": (
        game_with(nets.mlp([2, 4, 1], final=nn.Sigmoid())),
        r"player 'D': .* probabilities.*leave its last",
    ),
    "a functional sigmoid": (game_with(Functional(torch.sigmoid)), "probabilities"),
    "a squeezed sigmoid": (game_with(Functional(lambda s: torch.sigmoid(s).squeeze(1))), "probabilities"),
    "a softmax": (game_with(Functional(lambda s: s.expand(-1, 2).softmax(1))), "probabilities"),
    "one score for all": (game_with(Functional(lambda s: s.mean())), r"returns shape \(\) for"),
    "too few scores": (game_with(Functional(lambda s: s[:2])), r"returns shape \(2, 1\) for"),
    "fakes of another shape": (
        game_with(G=nets.mlp([2, 3])),
        r"samples of shape \(3,\) but the data have shape \(2,\)",
    ),
    "D for other data": (
        game_with(nets.mlp([5, 1])),
        r"player 'D' cannot compute its loss from a batch of shapes \(4, 2\)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nonsense_is_refused_in_one_sentence(case):
    players, sentence = REFUSED[case]
    with pytest.raises(PlayError, match=f"^step 1, .*{sentence}") as caught:
        list(play(players, cycle([(torch.zeros(4, 2),)]), 1))
    assert "\n" not in str(caught.value)


def test_a_generator_with_nothing_to_train_is_refused():
    with pytest.raises(PlayError, match=r"^the generator has no parameters.*give it a layer\.$"):
        game_with(G=nn.Identity())


def test_scores_between_0_and_1_are_fine_when_they_are_scores():
    """A fresh network often scores everything 0.1: that alone is no reason to refuse it."""
    small = Functional(lambda s: 0.1 + 0.01 * s)
    list(play(game_with(small), cycle([(torch.zeros(4, 2),)]), 2))


if __name__ == "__main__":
    STORED.parent.mkdir(exist_ok=True)
    STORED.write_text(json.dumps({name: trajectory(name) for name in GAMES}, indent=1) + "\n")
