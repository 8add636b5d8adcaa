"""Data follow the laws they state, are deterministic by seed, and glyphs show the factors they report."""

import math
import urllib.error

import pytest
import torch
from scipy import stats
from sklearn import datasets

from dgm import data, fonts

# --- batches


def test_a_pass_shows_every_sample_once_and_keeps_rows_together():
    x = torch.arange(12.0)
    stream = data.batches(x, x * 10, size=4, generator=torch.Generator().manual_seed(0))
    for _ in range(3):
        one = [next(stream) for _ in range(3)]
        assert sorted(torch.cat([a for a, _ in one]).tolist()) == x.tolist()
        assert all(torch.equal(b, 10 * a) for a, b in one) and all(isinstance(batch, tuple) for batch in one)


def test_passes_are_reshuffled_and_a_short_rest_is_left_out():
    stream = data.batches(torch.arange(10), size=4)
    first, second = [torch.cat([next(stream)[0] for _ in range(2)]) for _ in range(2)]
    assert len(first) == 8 and not torch.equal(first, second)


def test_order_follows_the_seed_and_takes_nothing_from_the_global_stream():
    torch.manual_seed(4)
    before = torch.get_rng_state()
    first = [next(stream)[0] for stream in [data.batches(torch.arange(50), size=5)] for _ in range(20)]
    assert torch.equal(before, torch.get_rng_state())
    second = [next(stream)[0] for stream in [data.batches(torch.arange(50), size=5)] for _ in range(20)]
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    torch.manual_seed(5)
    assert not torch.equal(next(data.batches(torch.arange(50), size=5))[0], first[0])


def test_batches_do_not_lend_out_the_data():
    x = torch.zeros(8)
    next(data.batches(x, size=4))[0].add_(1)
    assert not x.any()


@pytest.mark.parametrize("size", [0, 9])
def test_a_size_that_cannot_be_is_refused_at_once(size):
    with pytest.raises(ValueError, match=f"between 1 and 8 samples, not {size}"):
        data.batches(torch.zeros(8), size=size)


def test_tensors_of_two_lengths_are_refused():
    with pytest.raises(ValueError, match=r"not of lengths \[3, 4\]"):
        data.batches(torch.zeros(3), torch.zeros(4), size=1)


# --- 2-D


@pytest.mark.parametrize(
    "draw, centres", [(data.ring, data.ring_centres()), (data.grid, data.grid_centres())], ids=["ring", "grid"]
)
def test_mixtures_are_equal_gaussians_at_their_centres(draw, centres):
    x, y = draw(40_000, std=0.05)
    assert stats.chisquare(y.bincount(minlength=len(centres)).numpy()).pvalue > 1e-3
    residual = (x - centres[y]).flatten() / 0.05
    assert stats.kstest(residual.numpy(), "norm").pvalue > 1e-3


def test_the_papers_centres():
    ring, grid = data.ring_centres(radius=1.0), data.grid_centres()
    circle = [[math.cos(math.pi * k / 4), math.sin(math.pi * k / 4)] for k in range(8)]
    assert torch.allclose(ring, torch.tensor(circle), atol=1e-6)
    assert {tuple(c) for c in grid.tolist()} == {(float(i), float(j)) for i in range(-4, 5, 2) for j in range(-4, 5, 2)}


def test_moons_are_scikit_learns():
    x, y = data.moons(50, noise=0.1, seed=3)
    expected, labels = datasets.make_moons(50, noise=0.1, random_state=3)
    assert x.dtype == torch.float32 and torch.allclose(x.double(), torch.tensor(expected), atol=1e-6)
    assert y.tolist() == labels.tolist()


def test_the_manifold_lies_near_its_plane_with_four_modes():
    found = data.manifold()
    assert found.x.shape == (100, 32) and found.plane.shape == (100, 2) and set(found.y.tolist()) == {0, 1, 2, 3}
    assert torch.allclose(found.basis @ found.basis.T, torch.eye(2), atol=1e-6)
    off = found.x - found.x @ found.basis.T @ found.basis
    assert off.std().item() == pytest.approx(0.05 * math.sqrt(30 / 32), rel=0.1)
    assert torch.linalg.svdvals(found.x - found.x.mean(0))[:3].tolist()[2] < 1.0


def none_of(name):
    """An empty sample, and the shapes that its parts must have."""
    draw, shapes = {
        "ring": (data.ring, [(0, 2), (0,)]),
        "grid": (data.grid, [(0, 2), (0,)]),
        "moons": (data.moons, [(0, 2), (0,)]),
        "manifold": (data.manifold, [(0, 32), (0, 2), (0,), (2, 32)]),
        "glyphs": (data.glyphs, [(0, 1, 28, 28), *[(0,)] * 5, (0, 2), (0,)]),
        "domains": (data.domains, [(0, 1, 28, 28)] * 4 + [(0,)] * 2),
    }[name]
    return draw, shapes


@pytest.mark.parametrize("name", ["ring", "grid", "moons", "manifold", "glyphs", "domains"])
def test_no_sample_is_an_empty_sample_and_fewer_are_refused(name):
    draw, shapes = none_of(name)
    empty, some = draw(0), draw(3)
    assert [tuple(part.shape) for part in empty] == shapes
    assert [part.dtype for part in empty] == [part.dtype for part in some]
    with pytest.raises(ValueError, match="number of samples is 0 or more, not -1"):
        draw(-1)


@pytest.mark.parametrize(
    "call, sentence",
    [
        (lambda: data.ring(3, modes=0), "at least one mode"),
        (lambda: data.grid(3, side=0), "at least one mode"),
        (lambda: data.manifold(3, p=1), "2 dimensions or more, not into 1"),
        (lambda: data.glyphs(3, classes=()), r"digits 0 to 9, not \(\)"),
        (lambda: data.glyphs(3, classes=(3, 11)), r"digits 0 to 9, not \(3, 11\)"),
    ],
)
def test_data_that_cannot_be_are_refused_in_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("draw", [data.ring, data.grid, data.moons, data.manifold])
def test_deterministic_by_seed_whatever_the_global_stream(draw):
    first = draw(20, seed=1)[0]
    torch.rand(3)
    assert torch.equal(first, draw(20, seed=1)[0]) and not torch.equal(first, draw(20, seed=2)[0])


# --- pictures


def test_digits_are_the_real_ones():
    x, y = data.digits()
    assert x.shape == (1797, 1, 8, 8) and x.min() == 0 and x.max() == 1 and y.bincount().min() > 170
    assert torch.allclose(x.flatten(1).double() * 16, torch.tensor(datasets.load_digits().data))


def test_glyphs_are_pictures_with_known_factors():
    found = data.glyphs(500)
    assert found.x.shape == (500, 1, 28, 28) and found.x.min() == 0 and found.x.max() == 1
    assert set(found.y.tolist()) == set(range(10)) and len(set(found.face.tolist())) >= 8
    assert found.rotation.abs().max() <= 15 and (found.width - 1).abs().max() <= 0.15
    assert found.slant.abs().max() <= 0.15 and found.shift.abs().max() <= 1 and found.weight.abs().max() <= 0.25
    for factor in (found.rotation, found.width, found.slant, found.shift[:, 0], found.shift[:, 1], found.weight):
        assert factor.std() > 0
    assert not found.x[:, :, [0, -1]].any() and not found.x[:, :, :, [0, -1]].any(), "a digit is cut off"


def test_glyphs_render_again_from_their_factors():
    found = data.glyphs(50, seed=3)
    assert torch.equal(fonts.render(*found[1:]), found.x)
    again, other = data.glyphs(50, seed=3), data.glyphs(50, seed=4)
    assert torch.equal(again.x, found.x) and not torch.equal(other.x, found.x)


def test_the_test_split_has_other_faces():
    train, test = data.glyphs(2000), data.glyphs(2000, split="test")
    faces = [{fonts.FACES[k] for k in split.face.tolist()} for split in (train, test)]
    assert faces[1] == set(fonts.TEST_FACES) and faces[0] == set(fonts.FACES) - faces[1] and len(faces[0]) >= 8


def test_chosen_classes_faces_and_ranges():
    found = data.glyphs(60, classes=(3, 7), faces=("cmr10",), rotation=0, width=0, slant=0, shift=0, weight=0)
    assert set(found.y.tolist()) == {3, 7} and len(found.x.unique(dim=0)) == 2
    with pytest.raises(ValueError, match="'train' and a split 'test', not 'valid'"):
        data.glyphs(2, split="valid")
    with pytest.raises(ValueError, match="no font face is called Comic"):
        data.glyphs(2, faces=("Comic",))


def one(**change):
    """An upright four, with one factor changed."""
    usual = {"rotation": 0.0, "width": 1.0, "slant": 0.0, "shift": (0.0, 0.0), "weight": 0.0} | change
    factors = [torch.tensor([value], dtype=torch.float32) for value in usual.values()]
    return fonts.render(torch.tensor([4]), torch.tensor([0]), *factors)[0, 0].double()


def moments(picture):
    """Centre (right, down) and covariance of the ink."""
    down, right = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    at = torch.stack([right, down]).flatten(1).double()
    weight = picture.flatten() / picture.sum()
    centre = at @ weight
    return centre, (at - centre[:, None]) * weight @ (at - centre[:, None]).T


def test_shift_moves_the_ink_right_and_down_by_pixels():
    start, _ = moments(one())
    moved, _ = moments(one(shift=(2.0, -1.0)))
    assert (moved - start).tolist() == pytest.approx([2, -1], abs=0.05)


def test_rotation_turns_the_ink_anticlockwise_by_degrees():
    """Covariance in (right, up) must turn as R C Rᵀ."""
    flip = torch.diag(torch.tensor([1.0, -1.0], dtype=torch.float64))
    start, turned = (flip @ moments(one(rotation=angle))[1] @ flip for angle in (0.0, 30.0))
    c, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
    R = torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
    assert torch.allclose(turned, R @ start @ R.T, atol=0.4) and not torch.allclose(turned, R.T @ start @ R, atol=0.4)


def test_width_and_slant_stretch_and_shear():
    flip = torch.diag(torch.tensor([1.0, -1.0], dtype=torch.float64))
    start, wide, leaning = (flip @ moments(one(**change))[1] @ flip for change in ({}, {"width": 1.25}, {"slant": 0.3}))
    assert (wide[0, 0] / start[0, 0]).item() == pytest.approx(1.25**2, rel=0.04)
    assert (wide[1, 1] / start[1, 1]).item() == pytest.approx(1, rel=0.04)
    shear = torch.tensor([[1, 0.3], [0, 1]], dtype=torch.float64)
    assert torch.allclose(leaning, shear @ start @ shear.T, atol=0.4)


def test_weight_adds_ink_along_the_whole_outline():
    thin, usual, bold = (one(weight=w).sum().item() for w in (-0.2, 0.0, 0.2))
    assert thin < usual < bold and (bold - usual) == pytest.approx(usual - thin, rel=0.15)


def test_edges_are_anti_aliased_by_the_distance():
    """Grey pixels lie on the outline only: each one has ink or paper on both sides."""
    picture = one()
    grey = (picture > 0) & (picture < 1)
    assert 0.05 < grey.double().mean() < 0.25


def outlined(picture):
    """What domain B makes of a digit, from the picture in domain A alone: 1.4 black pixels along its edge.

    Where a pixel of A is grey, its value less ½ is the signed distance to the edge; elsewhere the edge is far.
    """
    return 1 - (0.7 - (picture - 0.5).abs() + 0.5).clamp(0, 1)


def test_domains_hide_a_true_pairing():
    found = data.domains(60)
    assert all(part.shape == (60, 1, 28, 28) for part in found[:4])
    assert found.a.mean() < 0.3 and found.b.mean() > 0.7, "white on black against black on white"
    for filled, outline in ((found.a, found.a_as_b), (found.b_as_a, found.b)):
        edge = (filled > 0) & (filled < 1)
        assert edge.flatten(1).any(1).all()
        assert torch.allclose(outline[edge], outlined(filled)[edge], atol=1e-6), "not the same digit in two styles"
        wrong = outlined(filled.roll(1, 0))[edge.roll(1, 0)] - outline[edge.roll(1, 0)]
        assert wrong.abs().mean() > 0.1, "any digit would do"
    same = (found.a_as_b == found.b).flatten(1).all(1)
    assert not same.any(), "training would see a pair"


def test_domains_name_the_class_of_each_picture():
    """A picture is nearest to the mean of its own class, for nearly all; and classes are no pair either."""
    found, known = data.domains(300), data.glyphs(3000)
    means = torch.stack([known.x[known.y == k].mean(0) for k in range(10)]).flatten(1)
    for pictures, y in ((found.a, found.y_a), (found.b_as_a, found.y_b)):
        nearest = torch.cdist(pictures.flatten(1), means).argmin(1)
        assert (nearest == y).double().mean() > 0.6
    assert (found.y_a == found.y_b).double().mean() < 0.3


def test_mnist_without_a_network_says_what_to_do(monkeypatch):
    def offline(*args, **options):
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(datasets, "fetch_openml", offline)
    with pytest.raises(ConnectionError, match="could not be downloaded .*no route.*use data.glyphs"):
        data.mnist()


def test_mnist_has_our_shape(monkeypatch):
    import numpy as np

    def fake(*args, **options):
        return np.full((3, 784), 255.0), np.array(["7", "0", "1"], dtype=object)

    monkeypatch.setattr(datasets, "fetch_openml", fake)
    x, y = data.mnist()
    assert x.shape == (3, 1, 28, 28) and x.dtype == torch.float32 and x.max() == 1 and y.tolist() == [7, 0, 1]
