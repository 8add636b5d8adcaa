"""Figures carry their colours, their limits and their text."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgba
from PIL import Image

from dgm import plotting


@pytest.fixture
def ax():
    figure, (axes,) = plotting.axes(1)
    yield axes
    plt.close(figure)


@pytest.fixture
def shown(monkeypatch):
    pages = []
    monkeypatch.setattr(plotting, "display", lambda thing: pages.append(thing.data))
    return pages


def test_real_is_blue_and_generated_is_orange(ax):
    real, fake = torch.randn(20, 2), torch.randn(10, 2, requires_grad=True)
    assert plotting.scatter(ax, real, fake, limit=3) is ax
    blue, orange = ax.collections
    assert tuple(blue.get_facecolor()[0][:3]) == to_rgba(plotting.REAL)[:3]
    assert tuple(orange.get_facecolor()[0][:3]) == to_rgba(plotting.FAKE)[:3]
    assert np.allclose(blue.get_offsets(), real) and np.allclose(orange.get_offsets(), fake.detach())
    assert ax.get_xlim() == (-3, 3) and ax.get_aspect() == 1
    assert [text for text in ax.get_legend_handles_labels()[1]] == ["real", "generated"]


def test_either_kind_of_point_may_be_missing(ax):
    plotting.scatter(ax, fake=torch.randn(5, 2))
    assert len(ax.collections) == 1


def test_a_field_is_drawn_where_it_is(ax):
    """x must go right and y up: the shading of f(x, y) = x + 100 y grows fastest upwards."""
    seen = {}
    real_contourf = ax.contourf

    def spy(x, y, height, **options):
        seen["height"] = height
        return real_contourf(x, y, height, **options)

    ax.contourf = spy
    assert plotting.field(ax, lambda at: at[:, :1] + 100 * at[:, 1:], limit=2) is ax
    up, right = seen["height"][-1, 0] - seen["height"][0, 0], seen["height"][0, -1] - seen["height"][0, 0]
    assert up == pytest.approx(400) and right == pytest.approx(4)


def test_images_are_tiled_row_by_row_with_fixed_grey_levels(ax):
    x = torch.stack([torch.full((1, 4, 4), k / 10) for k in range(6)])
    plotting.images(ax, x, columns=4, title="six")
    (sheet,) = ax.images
    pixels = sheet.get_array()
    assert pixels.shape == (11, 21) and sheet.get_clim() == (0, 1) and ax.get_title(loc="left") == "six"
    assert pixels[2, 2] == 0 and pixels[2, 7] == pytest.approx(0.1) and pixels[7, 2] == pytest.approx(0.4)


@pytest.mark.parametrize("shape", [(0, 1, 28, 28), (0, 8, 8), (3, 0, 8)])
def test_no_picture_is_refused_in_a_sentence(shape, ax):
    with pytest.raises(ValueError, match=r"no picture to show in shape \("):
        plotting.images(ax, torch.zeros(shape))


def test_losses_are_averaged_over_windows_and_players_may_pause(ax):
    history = [{"D": float(k)} | ({"G": 1.0} if k % 2 else {}) for k in range(10)]
    plotting.losses(ax, history, smooth=2)
    d, g = ax.lines
    assert d.get_ydata().tolist() == [k + 0.5 for k in range(9)] and d.get_xdata().tolist() == list(range(2, 11))
    assert len(g.get_xdata()) == 4 and g.get_color() == plotting.FAKE


def test_show_puts_picture_alt_and_caption_on_the_page(shown):
    figure, _ = plotting.axes(1)
    plotting.show(figure, alt='A "quoted" <curve>.', caption="See & believe.")
    (page,) = shown
    assert 'alt="A &quot;quoted&quot; &lt;curve&gt;."' in page and "<figcaption>See &amp; believe.</figcaption>" in page
    data = re.search(r"base64,([^\"]+)", page)
    picture = Image.open(io.BytesIO(base64.b64decode(data[1])))
    corner = picture.convert("RGBA").getpixel((0, 0))
    assert corner[3] == 255 and min(corner[:3]) > 240, "the ground must be opaque and light, for the dark theme"
    assert not plt.fignum_exists(figure.number), "the figure would be shown a second time"


def test_figures_are_sharp_on_fine_screens_and_fit_the_page(shown):
    """160 dots per inch, shown at 110: three pixels for two of an ordinary screen's."""
    figure, _ = plotting.axes(2, size=3.2)
    plotting.show(figure, alt="Two empty axes.")
    data = re.search(r"base64,([^\"]+)", shown[0])
    assert Image.open(io.BytesIO(base64.b64decode(data[1]))).size == (2 * 512, 512)  # 3.2 inches at 160
    assert "width:704px;max-width:100%" in shown[0]  # 6.4 inches at 110


@pytest.mark.parametrize("alt", ["", "   "])
def test_a_figure_without_text_is_refused(alt, shown):
    figure, _ = plotting.axes(1)
    with pytest.raises(ValueError, match="needs alt text"):
        plotting.show(figure, alt=alt)
    plt.close(figure)
    assert not shown


def test_the_map_says_where_we_are(shown):
    plotting.model_map("vae")
    assert "Framed boldly: bound: VAE, section 2. Dashed, in no section: " in shown[0]
    assert "Dashed: not in this course." in shown[0] and "diffusion" in shown[0]
    with pytest.raises(ValueError, match="no .flows.; it has density"):
        plotting.model_map("flows")
    plt.close("all")


def test_alt_has_no_default():
    with pytest.raises(TypeError, match="alt"):
        plotting.show(None)  # type: ignore[call-arg]


def contrast(a, b):
    def luminance(colour):
        channels = np.array(to_rgba(colour)[:3])
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


def test_text_and_lines_can_be_read():
    """WCAG 2.2: text 4.5 to 1, graphics 3 to 1."""
    ground = plt.rcParams["figure.facecolor"]
    for name in ("text.color", "axes.labelcolor", "xtick.color", "ytick.color"):
        assert contrast(plt.rcParams[name], ground) >= 4.5
    for colour in (plotting.REAL, plotting.FAKE, plotting.FIELD, *plt.rcParams["axes.prop_cycle"].by_key()["color"]):
        assert contrast(colour, ground) >= 3, colour
