"""Networks have the shapes, ranges and formulas they state."""

import copy

import pytest
import torch
from torch import nn

from dgm import nets


def test_mlp_is_affine_maps_and_activations():
    net = nets.mlp([3, 5, 2]).double()
    x = torch.randn(4, 3, dtype=torch.float64)
    first, last = net[0], net[2]
    hidden = x @ first.weight.T + first.bias
    hidden = torch.where(hidden > 0, hidden, 0.2 * hidden)
    assert torch.allclose(net(x), hidden @ last.weight.T + last.bias)
    assert nets.mlp([3, 2], final=nn.Sigmoid())(x.float()).min() >= 0


def test_mlp_refuses_a_single_size():
    with pytest.raises(ValueError, match="input and its output"):
        nets.mlp([3])


@pytest.mark.parametrize(
    "G, D, side",
    [
        (nets.Generator28(7), nets.Discriminator28(), 28),
        (
            nets.Generator28(7, width=8, batch_norm=False),
            nets.Discriminator28(width=8, batch_norm=True, spectral=True),
            28,
        ),
        (nets.Generator8(7), nets.Discriminator8(), 8),
        (nets.Generator8(7, batch_norm=False), nets.Discriminator8(spectral=True), 8),
    ],
)
def test_pairs_fit_each_other(G, D, side):
    x = G(torch.randn(5, 7))
    assert x.shape == (5, 1, side, side) and x.min() >= 0 and x.max() <= 1
    assert D(x).shape == (5, 1) and D.trunk(x).shape == (5, D.features)


@pytest.mark.parametrize("D", [nets.Discriminator28(spectral=True), nets.Discriminator8(spectral=True)])
def test_spectral_norm_bounds_every_layer(D):
    for _ in range(50):  # each training pass is one step of the power iteration
        D(torch.rand(2, 1, *((28, 28) if isinstance(D, nets.Discriminator28) else (8, 8))))
    weights = [m.weight for m in D.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    assert len(weights) >= 2
    for weight in weights:
        assert torch.linalg.matrix_norm(weight.detach().flatten(1), 2).item() == pytest.approx(1, abs=2e-2)


def test_dcgan_init_draws_the_papers_law():
    G = nets.Generator28(64, width=64)
    torch.manual_seed(0)
    G.apply(nets.dcgan_init).requires_grad_(False)
    assert G.net[0].weight.std().item() == pytest.approx(0.02, rel=0.05) and G.net[0].weight.mean().abs() < 1e-3
    assert G.net[4].weight.std().item() == pytest.approx(0.02, rel=0.05) and not G.net[4].bias.any()
    assert G.net[2].weight.mean().item() == pytest.approx(1, abs=0.01) and G.net[
        2
    ].weight.std().item() == pytest.approx(0.02, rel=0.3)


@pytest.mark.parametrize(
    "D",
    [
        nets.Discriminator8(),
        nets.Discriminator8(spectral=True),
        nets.Head(nn.Sequential(nn.Flatten(), nn.Linear(64, 5)), nn.Linear(5, 1)),
    ],
    ids=["ours", "spectral", "a head on a trunk"],
)
def test_projection_is_miyato_and_koyamas_equation_3(D):
    D.eval()  # else spectral norm refines its estimate in every call
    conditional = nets.Projection(D, 4)
    x, y = torch.rand(6, 1, 8, 8), torch.tensor([0, 1, 2, 3, 0, 1])
    extra = torch.stack([conditional.table.weight[k] @ D.trunk(x)[i] for i, k in enumerate(y)])
    assert torch.allclose(conditional(x, y), D(x) + extra[:, None], atol=1e-5)


@pytest.mark.parametrize(
    "net, shape",
    [
        (nets.Generator28(5), (4, 5)),
        (nets.Generator8(5), (4, 5)),
        (nets.Discriminator28(batch_norm=True), (4, 1, 28, 28)),
        (nets.Discriminator8(spectral=True), (4, 1, 8, 8)),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, nn.Module) else "",
)
def test_channels_last_changes_the_order_and_nothing_else(net, shape):
    net = net.double()
    copied = copy.deepcopy(nets.channels_last(copy.deepcopy(net)))
    order = []
    for part in copied.modules():
        if isinstance(part, nn.ReLU | nn.LeakyReLU):
            part.register_forward_hook(
                lambda part, inputs, x: order.append(x.is_contiguous(memory_format=torch.channels_last))
            )
    x = torch.rand(shape, dtype=torch.float64)
    y, z = net(x), copied(x)
    assert order and all(order), "some layer computes in the other order"
    assert torch.allclose(y, z, rtol=1e-12)
    slopes = torch.autograd.grad(y.square().sum(), list(net.parameters()))
    copied_slopes = torch.autograd.grad(z.square().sum(), list(copied.parameters()))
    assert all(torch.allclose(s, t, rtol=1e-9, atol=1e-12) for s, t in zip(slopes, copied_slopes, strict=True))
    net.load_state_dict(copied.state_dict())


def test_projection_says_what_it_sits_beside():
    with pytest.raises(TypeError, match="beside a linear head, not beside a Sequential"):
        nets.Projection(nets.Head(nn.Flatten(), nn.Sequential(nn.Linear(64, 1))), 4)


def test_embed_appends_a_channel_or_coordinates():
    y = torch.tensor([2, 0])
    beside = nets.Embed(3, (4,))
    codes = torch.randn(2, 5)
    assert torch.equal(beside(codes, y), torch.cat([codes, beside.table.weight[y]], 1))
    above = nets.Embed(3, (1, 8, 8))
    pictures = torch.rand(2, 1, 8, 8)
    joined = above(pictures, y)
    assert joined.shape == (2, 2, 8, 8) and torch.equal(joined[:, :1], pictures)
    assert torch.equal(joined[1, 1], above.table.weight[0].view(8, 8))


def test_conditional_hands_both_to_the_join():
    net = nets.Conditional(nn.Identity(), lambda x, y: x * y[:, None])
    assert torch.equal(net(torch.ones(2, 3), torch.tensor([2, 5])), torch.tensor([[2.0] * 3, [5.0] * 3]))


def test_head_shares_the_trunk():
    D = nets.Discriminator8()
    Q = nets.Head(D.trunk, nn.Linear(D.features, 10))
    assert Q(torch.rand(3, 1, 8, 8)).shape == (3, 10)
    assert set(D.trunk.parameters()) < set(Q.parameters())


class Secret(nn.Module):
    def forward(self, x):
        return x - x.mean(0)


@pytest.mark.parametrize(
    "D, alone",
    [
        (nets.mlp([2, 8, 1]), True),
        (nets.mlp([2, 8, 1], spectral=True), True),
        (nets.Discriminator28(), True),
        (nets.Projection(nets.Discriminator28(), 3), True),
        (nets.Discriminator28(batch_norm=True), False),
        (nn.Sequential(nets.mlp([2, 8, 2]), Secret()), False),
        (nets.Conditional(nets.mlp([2, 1]), lambda x, y: x - x.mean(0)), False),
    ],
)
def test_per_sample_is_only_claimed_for_known_layers(D, alone):
    assert nets.per_sample(D) is alone
