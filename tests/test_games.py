"""Every game of the course: against its usual loop written out, against stored trajectories, and who moves when.

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

from dgm import games, latents, nets, passes
from dgm.training import PlayError, play

STORED = Path(__file__).parent / "references" / "trajectories.json"
STEPS = 6
DEVICE = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
on_an_accelerator = pytest.mark.skipif(
    DEVICE.type not in ("cuda", "xpu"), reason="there is no accelerator here that has float64"
)


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


def there_and_back(G_ab, G_ba, a, b):
    """The terms of a CycleGAN, as a lesson hands them in."""
    fake_a, fake_b = G_ba(b), G_ab(a)
    return fake_a, fake_b, G_ba(fake_b), G_ab(fake_a)


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
        players = games.cyclegan(G_ab, G_ba, D_a, D_b, there_and_back, d_loss, g_loss, identity=mse, lr=0.02)
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


@pytest.mark.parametrize(
    "name", ["penalty", "infogan", "cyclegan", "vae"]
)  # test_training.py compiles a conditional GAN
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


def moved(name, *samplers):
    """The players of a game whose networks went to the accelerator later, and its batches, which did not."""
    players, batches = make(name, *samplers)
    for player in players:
        player.module.to(DEVICE)
    return players, batches


@on_an_accelerator
@pytest.mark.parametrize("name", GAMES)
def test_trajectories_are_the_stored_ones_on_an_accelerator_too(name):
    stored = json.loads(STORED.read_text())[name]
    players, batches = moved(name)
    losses = [dict(turn.losses) for turn in play(players, batches, STEPS)]
    for turn, old in zip(losses, stored["losses"], strict=True):
        assert turn == pytest.approx(old, rel=1e-7, abs=1e-10)
    for player in players:
        sums = [v.sum().item() for v in player.module.state_dict().values()]
        assert sums == pytest.approx(stored["sums"][player.name], rel=1e-7, abs=1e-7)


@on_an_accelerator
@pytest.mark.parametrize("name", ["conditional", "infogan", "vae"])
def test_a_compiled_game_is_the_eager_game_on_an_accelerator(name):
    def ends(**options):
        torch.manual_seed(0)
        players, batches = moved(name, *(lambda n, d=d: torch.randn(n, d).double() for d in (3, 1)))
        losses = [dict(turn.losses) for turn in play(players, batches, STEPS, **options)]
        return losses, torch.cat([p.flatten() for player in players for p in player.module.parameters()])

    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # what is played on eagerly is no compiled game
        losses, weights = ends(compile=True)
    expected_losses, expected_weights = ends()
    for turn, expected in zip(losses, expected_losses, strict=True):
        assert turn == pytest.approx(expected, rel=1e-7)
    assert torch.allclose(weights, expected_weights, rtol=1e-7)


def test_codes_are_drawn_where_the_networks_live_in_a_graph_too():
    seen = []

    def draw(n):
        z = torch.randn(n, 3)
        seen.append(z.device.type)
        return z

    sample = passes.sampler(draw, nets.mlp([3, 2]).to("meta"))
    graph = torch.compile(lambda: sample(5), fullgraph=True, backend="aot_eager")
    assert sample(5).device.type == graph().device.type == "meta"
    assert seen == ["meta", "meta"]


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


# --- the usual loops: two zero_grads, detach, PyTorch's Adam, every network called by itself


def adam(*nets_, lr, betas=(0.0, 0.99)):
    return optim.Adam([p for net in nets_ for p in net.parameters()], lr=lr, betas=betas)


def step(optimizer, loss):
    """A step of an optimizer that holds some networks of those that the loss went through."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def same(found, expected, *pairs):
    """Losses turn by turn, and then the weights of each of our networks and of its twin."""
    assert len(found) == len(expected) == STEPS
    for turn, wanted in zip(found, expected, strict=True):
        assert turn == pytest.approx(wanted, rel=1e-9)
    for ours, theirs in pairs:
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(p, q, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("name", ["hinge", "least_squares"])
def test_a_gan_is_the_usual_loop(name):
    (d, g), batches = make(name)
    D, G = deepcopy(d.module), deepcopy(g.module)
    turns = [dict(turn.losses) for turn in play([d, g], batches, STEPS)]

    x, z, expected = fixed(4, 2), fixed(4, 3, shift=1.0, count=9), []
    d_adam, g_adam = adam(D, lr=0.02), adam(G, lr=0.02)
    for _ in turns:
        score, fake = D(next(x)), D(G(next(z)).detach())
        if name == "hinge":
            d_loss = torch.clamp(1 - score, min=0).mean() + torch.clamp(1 + fake, min=0).mean()
        else:
            d_loss = (torch.mean((score - 1) ** 2) + torch.mean(fake**2)) / 2
        expected.append({"D": step(d_adam, d_loss)})
        fake = D(G(next(z)))
        expected[-1]["G"] = step(g_adam, -fake.mean() if name == "hinge" else torch.mean((fake - 1) ** 2) / 2)
    same(turns, expected, (d.module, D), (g.module, G))


def test_penalty_d_steps_and_a_rate_of_its_own_are_the_usual_loop():
    (d, g), batches = make("penalty")
    D, G = deepcopy(d.module), deepcopy(g.module)
    turns = [dict(turn.losses) for turn in play([d, g], batches, STEPS)]

    x, z, expected = fixed(4, 2), fixed(4, 3, shift=1.0, count=9), []
    d_adam, g_adam = adam(D, lr=0.02), adam(G, lr=0.01)
    for k in range(STEPS):
        real, fake = next(x), G(next(z)).detach()
        at = real.detach().clone().requires_grad_()
        gradient = torch.autograd.grad(D(at).sum(), at, create_graph=True)[0]
        penalty = (gradient[:, 0] ** 2 + gradient[:, 1] ** 2).mean()
        loss = torch.clamp(1 - D(real), min=0).mean() + torch.clamp(1 + D(fake), min=0).mean() + penalty
        expected.append({"D": step(d_adam, loss)})
        if k % 2 == 1:  # G moves after every second move of D
            expected[-1]["G"] = step(g_adam, -D(G(next(z))).mean())
    same(turns, expected, (d.module, D), (g.module, G))


def test_a_penalty_sees_the_critic_the_real_and_the_fake():
    """Each weighed differently, so that none can stand for another."""
    seen = []
    G, D = fill(nets.mlp([3, 2]), nets.mlp([2, 1]))

    def penalty(critic, real, fake):
        seen.append((critic(real), real, fake))
        return 3.0 * critic(real).mean() + 5.0 * critic(fake).mean()

    game = games.Game(lambda real, fake: 0.0 * real.sum(), lambda fake: fake.mean())
    d, _ = games.gan(G, D, game, drawn(fixed(4, 3)), penalty=penalty)
    x, z = next(fixed(4, 2, shift=4)), next(fixed(4, 3))
    expected = 3.0 * D(x).mean() + 5.0 * D(G(z)).mean()
    scores = D(x)
    assert d.move((x,)).item() == pytest.approx(expected.item(), rel=1e-12)
    ((critic, real, fake),) = seen
    assert torch.equal(critic, scores) and torch.equal(real, x) and torch.equal(fake, G(z)) and not fake.requires_grad


def test_a_conditional_gan_is_the_usual_loop():
    (d, g), batches = make("conditional")
    D, G = deepcopy(d.module), deepcopy(g.module)
    turns = [dict(turn.losses) for turn in play([d, g], batches, STEPS)]

    x, z, expected = fixed(4, 2), fixed(4, 3, shift=1.0, count=9), []
    y = cycle([torch.tensor([0, 2, 1, 0]), torch.tensor([1, 1, 2, 0])])
    d_adam, g_adam = adam(D, lr=0.02), adam(G, lr=0.02)

    def told(net, x, y):
        return net.net(torch.cat([x, torch.stack([net.join.table.weight[k] for k in y])], dim=1))

    for _ in range(STEPS):
        real, label = next(x), next(y)
        fake = told(G, next(z), label).detach()
        scores = told(D, real, label), told(D, fake, label)
        loss = torch.clamp(1 - scores[0], min=0).mean() + torch.clamp(1 + scores[1], min=0).mean()
        expected.append({"D": step(d_adam, loss)})
        expected[-1]["G"] = step(g_adam, -told(D, told(G, next(z), label), label).mean())
    same(turns, expected, (d.module, D), (g.module, G))


@pytest.mark.parametrize("trunk", ["shared", "shared, mixes samples", "none"])
@pytest.mark.parametrize("g_weight", [None, 0.0, 2.0])
def test_an_infogan_is_the_usual_loop(trunk, g_weight):
    """Whether D and Q share layers, may share a pass, or are strangers; and whether G hears of the information."""
    layers = [nn.Linear(2, 8), nn.BatchNorm1d(8) if "mixes" in trunk else nn.Identity(), nn.Tanh()]
    shared = nn.Sequential(*layers)
    D, Q, G = nets.Head(shared, nn.Linear(8, 1)), nets.Head(shared, nn.Linear(8, 1)), Coder(4, 2)
    if trunk == "none":
        Q = nets.mlp([2, 8, 1])
    fill(D, Q, G)
    D_, Q_, G_ = deepcopy([D, Q, G])
    z, c = (drawn(fixed(4, n, shift=float(n), count=5 + n)) for n in (3, 1))
    players = games.infogan(G, D, Q, games.HINGE, mse, z, c, weight=0.5, g_weight=g_weight, lr=0.02, g_lr=0.01)
    turns = [dict(turn.losses) for turn in play(players, ((x,) for x in fixed(4, 2)), STEPS)]

    x, z, c = fixed(4, 2), fixed(4, 3, shift=3.0, count=8), fixed(4, 1, shift=1.0, count=6)
    heads = [*D_.head.parameters(), *Q_.parameters()]
    own = [*(D_.trunk.parameters() if trunk == "none" else []), *heads]
    d_adam, g_adam, expected = optim.Adam(own, lr=0.02, betas=(0.0, 0.99)), adam(G_, lr=0.01), []
    for _ in range(STEPS):
        noise, code = next(z), next(c)
        fake = G_(noise, code).detach()
        loss = torch.clamp(1 - D_(next(x)), min=0).mean() + torch.clamp(1 + D_(fake), min=0).mean()
        expected.append({"D": step(d_adam, loss + 0.5 * ((Q_(fake) - code) ** 2).mean())})
        noise, code = next(z), next(c)
        fake = G_(noise, code)
        weight = 0.5 if g_weight is None else g_weight
        expected[-1]["G"] = step(g_adam, -D_(fake).mean() + weight * ((Q_(fake) - code) ** 2).mean())
    same(turns, expected, (D, D_), (Q, Q_), (G, G_))


def test_an_infogan_draws_noise_before_codes_and_makes_one_pass_of_a_shared_trunk():
    drawn_, passed = [], []

    class Told(nn.Linear):
        def forward(self, z, c):
            return super().forward(torch.cat([z, c], dim=1))

    trunk = nn.Sequential(nets.InstanceNoise(0.0), nn.Linear(2, 4))
    D, Q = nets.Head(trunk, nn.Linear(4, 1)), nets.Head(trunk, nn.Linear(4, 1))

    def sampler(name, dim):
        return lambda n: drawn_.append(name) or torch.zeros(n, dim)

    players = games.infogan(Told(3, 2), D, Q, games.HINGE, mse, sampler("z", 2), sampler("c", 1))
    original = trunk[1].forward
    trunk[1].forward = lambda x: passed.append(len(x)) or original(x)
    players[0].move((torch.zeros(5, 2),))
    assert passed == [10], "real and fake went through the trunk apart"
    players[1].move((torch.zeros(5, 2),))
    assert passed == [10, 5, 5] and drawn_ == ["z", "c"] * 2


@pytest.mark.parametrize("extras", [False, True], ids=["plain", "identity and pools"])
def test_a_cyclegan_is_the_usual_loop(extras):
    G_ab, G_ba, D_a, D_b = fill(*[nets.mlp([2, 8, 2]) for _ in range(2)], *[nets.mlp([2, 8, 1]) for _ in range(2)])
    twins = T_ab, T_ba, J_a, J_b = deepcopy([G_ab, G_ba, D_a, D_b])

    class Late:
        """A pool: what was translated one turn ago, weighed so that the pools differ."""

        def __init__(self, weight):
            self.weight, self.last = weight, torch.zeros(4, 2, dtype=torch.float64)

        def __call__(self, fake):
            self.last, shown = fake, self.last
            return self.weight * shown

    def g_loss(fake_a, fake_b, a, a_cycled, b, b_cycled):  # no two arguments may be swapped unseen
        return 2 * mse(fake_a, 1.0) + mse(fake_b, 0.5) + 3 * mse(a, a_cycled) + 5 * mse(b, b_cycled)

    more = {"identity": lambda x, own: (x - own).abs().mean(), "identity_weight": 0.7, "pools": (Late(1), Late(2))}
    options = {"lr": 0.02, "g_lr": 0.01, **(more if extras else {})}
    players = games.cyclegan(
        G_ab, G_ba, D_a, D_b, there_and_back, lambda real, fake: mse(real, 1) + 2 * mse(fake, 0), g_loss, **options
    )
    batches = zip(fixed(4, 2), fixed(4, 2, shift=3.0, count=7), strict=False)
    turns = [dict(turn.losses) for turn in play(players, batches, STEPS)]

    a_, b_, expected = fixed(4, 2), fixed(4, 2, shift=3.0, count=7), []
    a_adam, b_adam, g_adam = adam(J_a, lr=0.02), adam(J_b, lr=0.02), adam(T_ab, T_ba, lr=0.01)
    old_a = old_b = torch.zeros(4, 2, dtype=torch.float64)
    for _ in range(STEPS):
        a, b = next(a_), next(b_)
        new_a, new_b = T_ba(b).detach(), T_ab(a).detach()
        shown_a, shown_b = (old_a, 2 * old_b) if extras else (new_a, new_b)
        old_a, old_b = new_a, new_b
        turn = {"D_a": step(a_adam, ((J_a(a) - 1) ** 2).mean() + 2 * (J_a(shown_a) ** 2).mean())}
        turn["D_b"] = step(b_adam, ((J_b(b) - 1) ** 2).mean() + 2 * (J_b(shown_b) ** 2).mean())
        fake_a, fake_b = T_ba(b), T_ab(a)
        loss = 2 * ((J_a(fake_a) - 1) ** 2).mean() + ((J_b(fake_b) - 0.5) ** 2).mean()
        loss = loss + 3 * ((a - T_ba(fake_b)) ** 2).mean() + 5 * ((b - T_ab(fake_a)) ** 2).mean()
        if extras:
            loss = loss + 0.7 * (torch.abs(a - T_ba(a)).mean() + torch.abs(b - T_ab(b)).mean())
        expected.append({**turn, "G": step(g_adam, loss)})
    same(turns, expected, *zip((G_ab, G_ba, D_a, D_b), twins, strict=True))


def test_a_vae_is_the_usual_loop():
    """With torch's own noise, drawn again from the same seed."""
    encoder, decoder = fill(Coder(2, 3), nets.mlp([3, 8, 2]))
    E, R = deepcopy([encoder, decoder])

    def loss(x, logits, mean, log_var):
        return 2 * mse(x, logits) + 0.1 * mean.square().mean() + 0.3 * (log_var.exp() - log_var).mean()

    players = games.vae(
        encoder, decoder, loss, lambda mean, log_var, noise: mean + (log_var / 2).exp() * noise, lr=0.02
    )
    torch.manual_seed(0)
    turns = [dict(turn.losses) for turn in play(players, ((x,) for x in fixed(4, 2)), STEPS)]

    torch.manual_seed(0)
    x_, optimizer, expected = fixed(4, 2), adam(E, R, lr=0.02, betas=(0.9, 0.999)), []
    for _ in range(STEPS):
        x = next(x_)
        mean, log_var = E(x)
        logits = R(mean + torch.exp(log_var / 2) * torch.randn(4, 3, dtype=torch.float64))
        value = 2 * ((x - logits) ** 2).mean() + 0.1 * (mean**2).mean() + 0.3 * (torch.exp(log_var) - log_var).mean()
        expected.append({"VAE": step(optimizer, value)})
    same(turns, expected, (encoder, E), (decoder, R))


def test_a_classifier_is_the_usual_loop():
    (player,), batches = make("classifier")
    C = deepcopy(player.module)
    turns = [dict(turn.losses) for turn in play([player], batches, STEPS)]
    x, y = fixed(4, 2), cycle([torch.tensor([0, 2, 1, 0]), torch.tensor([1, 1, 2, 0])])
    optimizer, expected = adam(C, lr=0.02, betas=(0.9, 0.999)), []
    for _ in range(STEPS):
        p = torch.softmax(C(next(x)), dim=1)
        expected.append({"C": step(optimizer, -torch.log(p[torch.arange(4), next(y)]).mean())})
    same(turns, expected, (player.module, C))


# --- who moves, and at what rate


def infogan(**options):
    trunk = nets.mlp([2, 4])
    D, Q = nets.Head(trunk, nn.Linear(4, 1)), nets.Head(trunk, nn.Linear(4, 1))
    return games.infogan(Coder(3, 2), D, Q, games.HINGE, mse, latents.gaussian(2), latents.gaussian(1), **options)


def cyclegan(**options):
    G_ab, G_ba, D_a, D_b = nets.mlp([2, 2]), nets.mlp([2, 2]), nets.mlp([2, 1]), nets.mlp([2, 1])
    d_loss, g_loss = games.HINGE.d_loss, lambda *parts: sum(part.mean() for part in parts)
    return games.cyclegan(G_ab, G_ba, D_a, D_b, there_and_back, d_loss, g_loss, **options)


def gan(**options):
    return games.gan(nets.mlp([2, 2]), nets.mlp([2, 1]), games.HINGE, latents.gaussian(2), **options)


@pytest.mark.parametrize("game", [gan, infogan, cyclegan])
def test_rates_are_the_ones_asked_for(game):
    """A rate of 0 is a rate: the player stays where it is."""

    def rates(**options):
        found = {player.name: player.optimizer.param_groups[0]["lr"] for player in game(**options)}
        return found.pop("G"), set(found.values())

    assert rates() == (1e-3, {1e-3}) and rates(lr=0.5) == (0.5, {0.5}) and rates(lr=0.5, g_lr=0.25) == (0.25, {0.5})
    assert rates(lr=0.5, g_lr=0.0) == (0.0, {0.5}) and rates(lr=0.0, g_lr=0.5) == (0.5, {0.0})


@pytest.mark.parametrize("game", [gan, infogan, cyclegan])
def test_after_is_called_with_the_generator_after_each_of_its_moves(game):
    seen = []
    *judges, g = game(g_after=seen.append)
    x = torch.zeros(4, 2)
    batch = (x, x) if game is cyclegan else (x,)
    for player in judges:
        player.move(batch)
    assert not seen
    g.move(batch)
    assert seen == [g.module]


def test_d_after_is_called_with_the_discriminator():
    seen = []
    d, g = gan(d_after=seen.append)
    d.move((torch.zeros(4, 2),))
    g.move((torch.zeros(4, 2),))
    assert seen == [d.module]


def test_the_joint_pass_is_the_two_passes():
    (D,) = fill(nets.mlp([2, 8, 1]))
    apart = nn.Sequential(D)
    apart.forward = lambda x: D(x)
    x, fake = next(fixed(5, 2)), next(fixed(3, 2, shift=1))
    for one, other in zip(passes.joint_judge(D)(x, fake), (D(x), D(fake)), strict=True):
        assert torch.allclose(one, other, rtol=1e-12)


def test_batch_norm_sees_real_and_fake_apart():
    D = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)).double()
    x, fake = next(fixed(5, 2)), next(fixed(5, 2, shift=1)) + 3
    for one, other in zip(passes.joint_judge(D)(x, fake), (D(x), D(fake)), strict=True):
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


@pytest.mark.parametrize(
    "game, name",
    [
        (lambda none: games.gan(nets.mlp([2, 2]), none, games.HINGE, latents.gaussian(2)), "D"),
        (lambda none: games.classifier(none), "C"),
        (lambda none: games.vae(none, none, mse, mse), "VAE"),
        (lambda none: games.cyclegan(none, none, nets.mlp([2, 1]), nets.mlp([2, 1]), there_and_back, mse, mse), "G"),
    ],
)
def test_a_player_with_nothing_to_train_is_refused(game, name):
    with pytest.raises(PlayError, match=f"^player '{name}' has no parameters.*give its network a layer"):
        game(nn.Flatten())


def test_scores_between_0_and_1_are_fine_when_they_are_scores():
    """A fresh network often scores everything 0.1: that alone is no reason to refuse it."""
    small = Functional(lambda s: 0.1 + 0.01 * s)
    list(play(game_with(small), cycle([(torch.zeros(4, 2),)]), 2))


if __name__ == "__main__":
    STORED.parent.mkdir(exist_ok=True)
    STORED.write_text(json.dumps({name: trajectory(name) for name in GAMES}, indent=1) + "\n")
