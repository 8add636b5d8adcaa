"""Networks have the shapes, ranges and formulas they state."""

import copy

import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn import functional as F

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
    "G, D",
    [
        (nets.Generator28(7), nets.Discriminator28()),
        (nets.Generator28(7, width=8, batch_norm=False), nets.Discriminator28(width=8, batch_norm=True, spectral=True)),
    ],
)
def test_a_pair_fits(G, D):
    x = G(torch.randn(5, 7))
    assert x.shape == (5, 1, 28, 28) and x.min() >= 0 and x.max() <= 1
    assert D(x).shape == (5, 1) and D.trunk(x).shape == (5, D.features)


def unfolded(x, weight, bias):
    """A convolution, 4×4 with stride 2 and padding 1, as a product of matrices: every window is a row."""
    windows = F.unfold(x, 4, padding=1, stride=2)  # (n, 16 c, places)
    side = x.shape[-1] // 2
    return (weight.flatten(1) @ windows + bias[:, None]).view(len(x), -1, side, side)


def spread(x, weight, bias):
    """A transposed convolution: every pixel paints its 4×4 window of an output of twice the side."""
    painted = torch.einsum("ncp,ckij->nkijp", x.flatten(2), weight).flatten(1, 3)
    return F.fold(painted, 2 * x.shape[-1], 4, padding=1, stride=2) + bias[:, None, None]


def normed(x, norm):
    """Batch norm in training: each channel by its mean and variance over batch and places, then scale and shift."""
    mean, square = x.mean((0, 2, 3), keepdim=True), x.square().mean((0, 2, 3), keepdim=True)
    scale, shift = (v[:, None, None] for v in (norm.weight, norm.bias))
    return (x - mean) / (square - mean**2 + norm.eps).sqrt() * scale + shift


@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_discriminator_is_its_formula(batch_norm):
    """Strided convolutions, a slope of 0.2 below zero as in the paper, no norm before the second layer."""
    D = nets.Discriminator28(width=3, batch_norm=batch_norm).double()
    x = torch.randn(4, 1, 28, 28, dtype=torch.float64)
    first, second = [part for part in D.trunk if isinstance(part, nn.Conv2d)]
    h = unfolded(x, first.weight, first.bias)
    h = unfolded(torch.maximum(h, h / 5), second.weight, second.bias)
    if batch_norm:
        (norm,) = [part for part in D.trunk if isinstance(part, nn.BatchNorm2d)]
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
        h = normed(h, norm)
    features = torch.maximum(h, h / 5).flatten(1)
    assert torch.allclose(D(x), features @ D.head.weight.T + D.head.bias, rtol=1e-9)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_generator_is_its_formula(batch_norm):
    """A linear map to 7×7, two transposed convolutions, norm and ReLU before each, a logistic function at the end."""
    G = nets.Generator28(5, width=3, batch_norm=batch_norm).double()
    z = torch.randn(4, 5, dtype=torch.float64)
    linear, first, second = [part for part in G.net if isinstance(part, nn.Linear | nn.ConvTranspose2d)]
    norms = [part for part in G.net if isinstance(part, nn.BatchNorm2d)]
    assert len(norms) == (2 if batch_norm else 0)
    for norm in norms:
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    h = (z @ linear.weight.T + linear.bias).view(4, 6, 7, 7)
    h = torch.clamp(normed(h, norms[0]) if norms else h, min=0)
    h = spread(h, first.weight, first.bias)
    h = torch.clamp(normed(h, norms[1]) if norms else h, min=0)
    h = spread(h, second.weight, second.bias)
    assert torch.allclose(G(z), 1 / (1 + torch.exp(-h)), rtol=1e-9)


def test_instance_noise_is_gaussian_and_fades():
    torch.manual_seed(0)
    layer, x = nets.InstanceNoise(0.25), torch.full((20_000, 1), 3.0)
    noise = (layer(x) - x).flatten() / 0.25
    assert stats.kstest(noise.numpy(), "norm").pvalue > 1e-3
    layer.sigma = 0
    assert layer(x) is x


def test_spectral_norm_bounds_every_layer():
    D = nets.Discriminator28(width=8, spectral=True)
    for _ in range(100):  # each training pass is one step of the power iteration
        D(torch.rand(2, 1, 28, 28))
    weights = [m.weight for m in D.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    assert len(weights) == 3
    for weight in weights:
        assert torch.linalg.matrix_norm(weight.detach().flatten(1), 2).item() == pytest.approx(1, abs=2e-2)


SMALL = nets.Head(
    nn.Sequential(nn.Conv2d(1, 3, 4, stride=2, padding=1), nn.LeakyReLU(0.2), nn.Flatten()), nn.Linear(48, 1)
)


@pytest.mark.parametrize(
    "D",
    [
        nets.Discriminator28(width=2),
        nets.Discriminator28(width=2, spectral=True),
        nets.Head(nn.Sequential(nn.Flatten(), nn.Linear(784, 5)), nn.Linear(5, 1)),
    ],
    ids=["ours", "spectral", "a head on a trunk"],
)
def test_a_projection_hands_trunk_head_and_table_to_the_formula(D):
    D.eval()  # else spectral norm refines its estimate in every call
    heard = []
    conditional = nets.Projection(D, 4, lambda *parts: heard.append(parts) or 2 * parts[3])
    x, y = torch.rand(6, 1, 28, 28), torch.tensor([0, 1, 2, 3, 0, 1])
    assert torch.allclose(conditional(x, y), 2 * D(x), atol=1e-5)
    features, labels, vectors, marginal = heard[0]
    assert torch.allclose(features, D.trunk(x), atol=1e-5) and torch.allclose(marginal, D(x), atol=1e-5)
    assert labels is y and vectors is conditional.table.weight and len(vectors) == 4


@pytest.mark.parametrize(
    "net, shape",
    [
        (nets.Generator28(5), (4, 5)),
        (nets.Generator28(5, batch_norm=False), (4, 5)),
        (nets.Discriminator28(batch_norm=True), (4, 1, 28, 28)),
        (nets.Discriminator28(width=8, spectral=True), (4, 1, 28, 28)),
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


def formula(features, y, vectors, marginal):
    return marginal - marginal.mean()  # whatever it does


def test_a_projection_starts_small():
    """Beside features of size one the label's part must not drown the head's: one over the root of their number."""
    torch.manual_seed(0)
    table = nets.Projection(nets.Head(nn.Flatten(), nn.Linear(400, 1)), 50, formula).table.weight
    assert table.std().item() == pytest.approx(1 / 20, rel=0.03) and table.mean().abs() < 1e-3


def test_projection_says_what_it_sits_beside():
    with pytest.raises(TypeError, match="beside a linear head, not beside a Sequential"):
        nets.Projection(nets.Head(nn.Flatten(), nn.Sequential(nn.Linear(64, 1))), 4, formula)


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
    Q = nets.Head(SMALL.trunk, nn.Linear(48, 10))
    x = torch.rand(3, 1, 8, 8)
    assert torch.equal(Q(x), SMALL.trunk(x) @ Q.head.weight.T + Q.head.bias) and Q(x).shape == (3, 10)
    assert set(SMALL.trunk.parameters()) < set(Q.parameters())


class Secret(nn.Module):
    def forward(self, x):
        return x - x.mean(0)


class Sly(nn.Linear):
    """A layer of PyTorch's, but for what it does."""

    def forward(self, x):
        return super().forward(x - x.mean(0))


def hooked(register, hook=lambda *parts: None):
    net = nets.mlp([2, 8, 1])
    getattr(net[0], register)(hook)
    return net


def overwritten():
    net = nets.mlp([2, 8, 1])
    net[0].forward = lambda x: x - x.mean(0)
    return net


BATCHES = {"dim=0": 0, "dim=None": None, "dim=-2": -2}
ALONE = {
    "an mlp": nets.mlp([2, 8, 1]),
    "spectral norm": nets.mlp([2, 8, 1], spectral=True),
    "ours": nets.Discriminator28(),
    "ours, spectral": nets.Discriminator28(spectral=True),
    "channels last": nets.channels_last(nn.Sequential(nn.Unflatten(1, (2, 1, 1)), nn.Conv2d(2, 1, 1), nn.Flatten())),
    "embedding": nets.Conditional(nets.mlp([4, 1]), nets.Embed(3, (2,))),
    "instance noise": nn.Sequential(nets.InstanceNoise(0.0), nets.mlp([2, 1])),
    "softmax of a sample": nn.Sequential(nets.mlp([2, 3]), nn.Softmax(1), nn.LogSoftmax(-1)),
    "norms of a sample": nn.Sequential(nn.Unflatten(1, (2, 1)), nn.GroupNorm(1, 2), nn.Flatten(), nn.LayerNorm(2)),
}
NOT_SURE = {
    "batch norm": nets.Discriminator28(batch_norm=True),
    "a secret": nn.Sequential(nets.mlp([2, 8, 2]), Secret()),
    "a sly layer": nn.Sequential(Sly(2, 1)),
    "a function projects": nets.Projection(nets.Discriminator28(), 3, formula),
    "a function joins": nets.Conditional(nets.mlp([2, 1]), lambda x, y: x - x.mean(0)),
    "a transformer": nn.Sequential(nn.TransformerEncoderLayer(2, 1, 4)),  # batch_first=False: samples are the sequence
    "attention": nn.MultiheadAttention(2, 1),
    "recurrence": nn.GRU(2, 1),
    "running statistics": nn.Sequential(nn.InstanceNorm1d(2, track_running_stats=True)),
    "flattened batch": nn.Flatten(0),
    "a forward hook": hooked("register_forward_hook"),
    "a forward pre-hook": hooked("register_forward_pre_hook"),
    "a backward hook": hooked("register_full_backward_hook"),
    "a backward pre-hook": hooked("register_full_backward_pre_hook"),
    "another forward": overwritten(),
    **{f"softmax, {name}": nn.Sequential(nets.mlp([2, 3]), nn.Softmax(dim)) for name, dim in BATCHES.items()},
    **{f"log softmax, {name}": nn.LogSoftmax(dim) for name, dim in BATCHES.items()},
    **{f"softmin, {name}": nn.Softmin(dim) for name, dim in BATCHES.items()},
}


@pytest.mark.parametrize("name", [*ALONE, *NOT_SURE])
def test_per_sample_is_only_claimed_for_layers_of_a_list(name):
    assert nets.per_sample((ALONE | NOT_SURE)[name]) is (name in ALONE)


@pytest.mark.parametrize("name", ALONE)
def test_what_is_claimed_to_treat_samples_alone_does(name):
    """A batch is its samples, one by one."""
    net = ALONE[name].eval()  # else spectral norm refines its estimate in every call
    shape = (1, 28, 28) if name in ("ours", "ours, spectral", "projection") else (2,)
    y = [torch.tensor([2, 0, 1])] if name in ("projection", "embedding") else []
    x = torch.randn(3, *shape)
    rows = [net(x[k : k + 1], *(label[k : k + 1] for label in y)) for k in range(3)]
    assert torch.allclose(net(x, *y), torch.cat(rows), atol=1e-5)
