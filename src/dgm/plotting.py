"""One look for every picture: real is blue, generated is orange, fields are grey-purple.

Functions take the axes to draw on and return them. `show` puts a finished figure on the page, with its text for those
who do not see it. Importing this module sets matplotlib's style.
"""

import base64
import csv
import html
import io
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import HTML, display
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor

plt.style.use(Path(__file__).with_name("dgm.mplstyle"))

REAL, FAKE, FIELD = "#1f6fb4", "#d9690f", "#6b5b95"
"""Colours of real samples, of generated samples and of fields."""

FIELD_MAP = LinearSegmentedColormap.from_list("field", ["#f4f2f7", "#b9b0cb", "#4f4374"])

_DPI = 160  # of figures; they are shown at 110 pixels per inch, so that they stay sharp on fine screens
_SHOWN = 110


def axes(n: int = 1, *, size: float = 3.2, labels: Sequence[str] = ()) -> tuple[Figure, list[Axes]]:
    """A figure with a row of n axes, titled by ``labels``."""
    figure, row = plt.subplots(1, n, figsize=(size * n, size), squeeze=False)
    for ax, label in zip(row[0], labels, strict=False):
        ax.set_title(label)
    return figure, list(row[0])


def scatter(ax: Axes, real: Tensor | None = None, fake: Tensor | None = None, *, limit: float | None = None) -> Axes:
    """Draw real and generated points (n, 2), at equal aspect and within ± ``limit``."""
    for points, colour, name in ((real, REAL, "real"), (fake, FAKE, "generated")):
        if points is not None:
            ax.scatter(*_numpy(points).T, s=6, color=colour, alpha=0.5, linewidths=0, label=name, rasterized=True)
    if limit is not None:
        ax.set(xlim=(-limit, limit), ylim=(-limit, limit))
    ax.set_aspect("equal")
    return ax


@torch.no_grad()
def field(
    ax: Axes, D: Callable[[Tensor], Tensor], *, limit: float = 3.0, levels: int = 12, device: str = "cpu"
) -> Axes:
    """Shade a function of the plane, (n, 2) → (n,) or (n, 1), over ± ``limit``."""
    line = torch.linspace(-limit, limit, 101, device=device)
    points = torch.cartesian_prod(line, line)
    height = _numpy(D(points)).reshape(101, 101).T
    axis = _numpy(line)
    ax.contourf(axis, axis, height, levels=levels, cmap=FIELD_MAP)
    ax.set_aspect("equal")
    return ax


def images(ax: Axes, x: Tensor, *, columns: int = 8, title: str | None = None) -> Axes:
    """Tile pictures (n, 1, h, w) or (n, h, w) with pixels in [0, 1] into one."""
    if not x.numel():
        raise ValueError(f"there is no picture to show in shape {tuple(x.shape)}.")
    pictures = _numpy(x.reshape(-1, *x.shape[-2:]))
    n, h, w = pictures.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    sheet = np.full((rows * (h + 1) + 1, columns * (w + 1) + 1), 0.5, dtype=np.float32)
    for k, picture in enumerate(pictures):
        top, left = (k // columns) * (h + 1) + 1, (k % columns) * (w + 1) + 1
        sheet[top : top + h, left : left + w] = picture
    ax.imshow(sheet, vmin=0, vmax=1, interpolation="nearest")
    ax.set_axis_off()
    if title:
        ax.set_title(title)
    return ax


def losses(ax: Axes, history: Iterable[Mapping[str, float]], *, smooth: int = 1) -> Axes:
    """Draw each player's loss over the turns, averaged over windows of ``smooth`` turns."""
    history = list(history)
    colours = {"D": FIELD, "G": FAKE}
    for name in dict.fromkeys(key for turn in history for key in turn):
        steps, values = zip(*((k, turn[name]) for k, turn in enumerate(history, 1) if name in turn), strict=True)
        kernel = np.ones(min(smooth, len(values))) / min(smooth, len(values))
        ax.plot(
            steps[len(kernel) - 1 :], np.convolve(values, kernel, mode="valid"), color=colours.get(name), label=name
        )
    ax.set(xlabel="turn", ylabel="loss")
    ax.legend()
    return ax


_TREE = {  # name: (parent, text), after Goodfellow's tutorial (2016), figure 9; its leaves are in map.csv
    "all": ("", "generative models"),
    "explicit": ("all", "explicit density\n$p_\\theta(x)$ is written down"),
    "tractable": ("explicit", "tractable\nexact $\\log p_\\theta(x)$"),
    "approximate": ("explicit", "approximate\n$Z$ or an integral is missing"),
    "implicit": ("all", "implicit\nsamples only"),
}
_LEVELS = {"all": 0.92, "explicit": 0.66, "implicit": 0.66, "tractable": 0.38, "approximate": 0.38}


def model_map(*here: str) -> None:
    """Show the course's models in a tree of what they know about their own distribution, with some framed boldly.

    The leaves are families of models with the sections about them, as the lessons say it in their front matter; those
    that no section is about are dashed.

    Arguments:
        here: Names of leaves, as gan.

    Raises:
        ValueError: when the tree has no such leaf.
    """
    text = Path(__file__).with_name("map.csv").read_text(encoding="utf8")
    leaves = {leaf["leaf"]: leaf for leaf in csv.DictReader(text.splitlines())}
    for name in here:
        if name not in leaves:
            raise ValueError(f"the map has no {name!r}; it has {', '.join(leaves)}.")
    says = {name: f"{leaf['text']}\n{_sections(leaf['sections'].split())}" for name, leaf in leaves.items()}
    figure = _draw_map(leaves, says, here)
    kinds = {kind: [leaf["text"] for leaf in leaves.values() if leaf["under"] == kind] for kind in _TREE}
    exact, bounded, sampled = ("; ".join(kinds[kind]) for kind in ("tractable", "approximate", "implicit"))
    others = "; ".join(leaf["text"] for leaf in leaves.values() if not leaf["sections"])
    show(
        figure,
        alt=f"A tree of models. Explicit densities are tractable ({exact}) or approximate ({bounded}). Implicit models "
        f"only give samples ({sampled}). Framed boldly: {'; '.join(says[name] for name in here)}.".replace("\n", ", ")
        + (f" Dashed, in no section: {others}." if others else ""),
        caption="Framed boldly: what this section is about." + (" Dashed: not in this course." if others else ""),
    )


def _sections(numbers: Sequence[str]) -> str:
    """`section 2`, `sections 3, 4, 9`, `sections 5 to 7`, and `no section` for none."""
    if not numbers:
        return "no section"
    first, last = int(numbers[0]), int(numbers[-1])
    if len(numbers) > 2 and last - first == len(numbers) - 1:
        return f"sections {first} to {last}"
    return f"section{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"


def _draw_map(leaves: Mapping[str, Mapping[str, str]], says: Mapping[str, str], here: Sequence[str]) -> Figure:
    """The tree: leaves evenly spread, in two rows when there are many, and each other node above its children."""
    rows = 1 if len(leaves) <= 7 else 2
    figure, ax = plt.subplots(figsize=(7.2, 2.2 + rows))
    parents = {name: parent for name, (parent, _) in _TREE.items()} | {n: leaf["under"] for n, leaf in leaves.items()}
    at = {name: ((k + 0.5) / len(leaves), 0.08 - 0.34 * (k % rows)) for k, name in enumerate(leaves)}
    for name in reversed(_TREE):  # children before their parents
        below = [at[child][0] for child, parent in parents.items() if parent == name and child in at]
        if below:
            at[name] = (sum(below) / len(below), _LEVELS[name])
    width = int((7.2 * rows / len(leaves) - 0.15) / 0.064)  # letters that fit, at 8 points
    texts = {name: text for name, (_, text) in _TREE.items()}
    for name, text in says.items():  # the sections on lines of their own
        texts[name] = "\n".join(textwrap.fill(part, width, break_long_words=False) for part in text.split("\n"))
    for name, (x, y) in at.items():
        if parent := parents[name]:
            ax.plot([x, at[parent][0]], [y, at[parent][1]], color="0.6", zorder=0)
        box = {"boxstyle": "round", "fc": "#dcd5e8" if name in here else "#fdfcfa", "lw": 2.5 if name in here else 0.8}
        box["ls"] = "--" if name in leaves and not leaves[name]["sections"] else "-"
        weight = "bold" if name in here else "normal"
        ax.text(x, y, texts[name], ha="center", va="center", fontsize=8, weight=weight, bbox=box)
    ax.set(xlim=(0, 1), ylim=(0.29 - 0.34 * rows, 1))
    ax.set_axis_off()
    return figure


def show(figure: Figure, *, alt: str, caption: str | None = None) -> None:
    """Put a figure on the page and close it.

    Arguments:
        alt: What the figure shows, for those who do not see it; a sentence, not a title.
        caption: What everybody should look at in it.
    """
    described(alt)
    width = round(figure.get_figwidth() * _SHOWN)
    picture = img(png(figure), alt, width)
    plt.close(figure)
    display(HTML(framed(picture, caption)))


def described(alt: str) -> str:
    """The text of a figure; refuses one that says nothing."""
    if not alt.strip():
        raise ValueError("a figure needs alt text: say in a sentence what it shows.")
    return alt


def png(figure: Figure, dpi: int = _DPI) -> bytes:
    """A figure as a PNG of fixed size."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi)
    return file.getvalue()


def img(picture: bytes, alt: str, width: int) -> str:
    """An HTML image that carries its own data; it shrinks with the page but never grows beyond ``width`` pixels."""
    data = base64.b64encode(picture).decode()
    style = f"width:{width}px;max-width:100%;height:auto;border-radius:8px"
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{data}" style="{style}">'


def framed(content: str, caption: str | None) -> str:
    """An HTML figure with a caption."""
    below = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f'<figure class="dgm-figure">{content}{below}</figure>'


def _numpy(x: Tensor) -> np.ndarray:
    return x.detach().cpu().numpy()
