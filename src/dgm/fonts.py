"""Digits of matplotlib's fonts as 28×28 pictures whose every factor is known.

Each digit of each face is kept as a *signed distance field*: at every point the distance to the outline, positive
inside. A picture is the field seen through an affine map: rotation, width, slant and shift are the map, the thickness
of a stroke is a threshold on the distance, and edges are anti-aliased by the distance itself.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn import functional as F

FACES = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSerif",
    "DejaVuSerif-Bold", "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10",
    "cmtt10", "cmb10",
)  # fmt: skip
"""The font faces, by file name."""

TEST_FACES = ("DejaVuSansMono-Bold", "DejaVuSerif-Italic", "STIXGeneralBol", "cmss10")
"""Faces that the training split never shows."""

_FIELD = 96  # side of a distance field
_FINE = 3  # the outline is drawn this much finer before distances are taken
_HEIGHT = 0.68  # of a digit, as a share of the picture
_INK = 0.2  # pixels added on each side of every stroke, so that hairlines survive at this size


class Glyphs(NamedTuple):
    """Pictures and all that made them, each of length n.

    ``x`` (n, 1, 28, 28) in [0, 1]; ``y`` class 0 … 9; ``face`` index into ``dgm.fonts.FACES``; ``rotation`` in degrees,
    anticlockwise; ``width`` relative to the face's own; ``slant`` the tangent of the lean to the right; ``shift``
    (n, 2) in pixels, right and down; ``weight`` in pixels of stroke added on each side.
    """

    x: Tensor
    y: Tensor
    face: Tensor
    rotation: Tensor
    width: Tensor
    slant: Tensor
    shift: Tensor
    weight: Tensor


@cache
def fields() -> Tensor:
    """Signed distances of every face and digit, (faces, 10, 96, 96), in units of the picture's pixels."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    side = _FIELD * _FINE
    found = np.empty((len(FACES), 10, _FIELD, _FIELD), dtype=np.float32)
    for f, name in enumerate(FACES):
        font = ImageFont.truetype(folder / f"{name}.ttf", side)
        _, top, _, bottom = font.getbbox("0123456789", anchor="ls")
        font = ImageFont.truetype(folder / f"{name}.ttf", side * side * _HEIGHT / (bottom - top))
        for digit in range(10):
            canvas = Image.new("1", (side, side))
            left, top, right, bottom = font.getbbox(str(digit), anchor="ls")
            at = ((side - left - right) / 2, (side - top - bottom) / 2)
            ImageDraw.Draw(canvas).text(at, str(digit), fill=1, font=font, anchor="ls")
            ink = np.asarray(canvas)
            inside, outside = np.asarray(distance_transform_edt(ink)), np.asarray(distance_transform_edt(~ink))
            found[f, digit] = (inside - outside).reshape(_FIELD, _FINE, _FIELD, _FINE).mean((1, 3)) * 28 / side
    return torch.from_numpy(found) + _INK


def glyphs(
    n: int,
    *,
    split: str = "train",
    classes: tuple[int, ...] = tuple(range(10)),
    faces: tuple[str, ...] | None = None,
    rotation: float = 15.0,
    width: float = 0.15,
    slant: float = 0.15,
    shift: float = 1.0,
    weight: float = 0.25,
    seed: int = 0,
) -> Glyphs:
    """Draw n digits; every factor is uniform in ± its range (width: 1 ± its range). A range of 0 switches it off.

    Arguments:
        split: "train" or "test"; the test split has other faces (``TEST_FACES``). Ignored where ``faces`` are named.

    Raises:
        ValueError: If there is no such split, face or class, or n is negative.

    >>> glyphs(5).x.shape
    torch.Size([5, 1, 28, 28])
    """
    if split not in ("train", "test"):
        raise ValueError(f"the glyphs have a split 'train' and a split 'test', not {split!r}.")
    unknown = sorted(set(faces or ()) - set(FACES))
    if unknown:
        raise ValueError(f"no font face is called {', '.join(unknown)}; choose among {', '.join(FACES)}.")
    if n < 0:
        raise ValueError(f"the number of samples is 0 or more, not {n}.")
    if not classes or not set(classes) <= set(range(10)):
        raise ValueError(f"classes are some of the digits 0 to 9, not {classes}.")
    draw = torch.Generator().manual_seed(seed)
    names = faces or tuple(face for face in FACES if (face in TEST_FACES) == (split == "test"))
    pick = torch.tensor([FACES.index(face) for face in names])
    y = torch.tensor(classes)[torch.randint(len(classes), (n,), generator=draw)]
    face = pick[torch.randint(len(pick), (n,), generator=draw)]

    def within(limit: float, *shape: int) -> Tensor:
        return limit * (2 * torch.rand(n, *shape, generator=draw) - 1)

    factors = (within(rotation), 1 + within(width), within(slant), within(shift, 2), within(weight))
    return Glyphs(render(y, face, *factors), y, face, *factors)


def render(
    y: Tensor,
    face: Tensor,
    rotation: Tensor,
    width: Tensor,
    slant: Tensor,
    shift: Tensor,
    weight: Tensor,
    *,
    outline: float = 0.0,
) -> Tensor:
    """Pictures (n, 1, 28, 28) in [0, 1] of the digits described by the factors of `Glyphs`.

    With ``outline`` > 0 only a line of that many pixels along the digit's edge is drawn.
    """
    if not len(y):
        return torch.zeros(0, 1, 28, 28)  # grid_sample refuses a batch of none
    distance = _seen(fields()[face, y].unsqueeze(1), rotation, width, slant, shift) + weight.view(-1, 1, 1, 1)
    if outline:
        distance = outline / 2 - distance.abs()
    return (distance + 0.5).clamp(0, 1)


def _seen(field: Tensor, rotation: Tensor, width: Tensor, slant: Tensor, shift: Tensor) -> Tensor:
    """Look at the fields through the inverse of: widen, lean, rotate, shift."""
    turn = torch.deg2rad(rotation)
    cos, sin = turn.cos(), turn.sin()
    # Rows point down, so an anticlockwise turn of the picture is the matrix [[cos, sin], [-sin, cos]].
    place = torch.stack([torch.stack([width * cos, sin - slant * cos]), torch.stack([-width * sin, cos + slant * sin])])
    back = torch.linalg.inv(place.permute(2, 0, 1))
    offset = -back @ (shift / 14).unsqueeze(2)
    grid = F.affine_grid(torch.cat([back, offset], dim=2), [len(field), 1, 28, 28], align_corners=False)
    return F.grid_sample(field, grid, padding_mode="border", align_corners=False)


class Domains(NamedTuple):
    """Two unpaired sets of pictures and, for scoring only, the true translation of each.

    ``a`` filled white digits on black; ``b`` black outlines on white, of other digits; ``a_as_b`` is what ``a`` would
    look like in domain B, ``b_as_a`` the reverse, all (n, 1, 28, 28); ``y_a`` and ``y_b`` are the classes (n,).
    """

    a: Tensor
    b: Tensor
    a_as_b: Tensor
    b_as_a: Tensor
    y_a: Tensor
    y_b: Tensor


def domains(n: int, *, split: str = "train", seed: int = 0) -> Domains:
    """The CycleGAN pair: the same factors can be drawn in both styles, but no digit is shown in both."""
    first, second = glyphs(n, split=split, seed=seed), glyphs(n, split=split, seed=seed + 1_000_003)
    a_as_b, b = (1 - render(*g[1:], outline=1.4) for g in (first, second))
    return Domains(first.x, b, a_as_b, second.x, first.y, second.y)
