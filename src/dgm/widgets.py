"""Figures to play with: sliders that compute in a live kernel, precomputed frames on the static page.

The same call makes both. The book is built with ``DGM_STATIC=1``: then every frame is drawn once, into one sprite
sheet, and a few lines of JavaScript in the book move it under ordinary range inputs. In a kernel, ipywidgets call
``render``; a front end that knows no widgets gets the first frame and its text.
"""

import base64
import html
import io
import itertools
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import matplotlib.pyplot as plt
from IPython.display import HTML, display
from matplotlib.figure import Figure
from PIL import Image

from dgm.plotting import described, framed, img, png

T = TypeVar("T")

_DPI = 110  # a frame is one of many: smaller than a figure
_COLOURS = 64  # of a sprite sheet's palette


def explore(
    render: Callable[..., Figure],
    *,
    alt: str,
    caption: str | None = None,
    start: Mapping[str, Any] | None = None,
    **axes: Sequence[Any],
) -> None:
    """Let the reader move through ``render(**values)``, one slider per axis.

    Arguments:
        render: Returns a new figure, always of the same size.
        alt: What the figure shows; the sliders' values are added to it.
        start: The values shown first and in print, by default the first of each axis.
        axes: name = the values it can take.

    Raises:
        ValueError: If there is no axis, no text, or a start that is not on its axis.
    """
    described(alt)
    if not axes or not all(len(values) for values in axes.values()):
        raise ValueError("explore needs at least one axis, name=values, with at least one value.")
    start = start or {}
    unknown = sorted(set(start) - set(axes))
    if unknown:
        raise ValueError(f"explore has no axis {', '.join(unknown)} to start at; its axes are {', '.join(axes)}.")
    for name, value in start.items():
        if value not in list(axes[name]):
            raise ValueError(f"the axis {name} can't start at {value}; it takes {', '.join(map(str, axes[name]))}.")
    at = {name: list(values).index(start.get(name, values[0])) for name, values in axes.items()}
    if _static():
        combinations = itertools.product(*axes.values())
        frames = [_frame(render(**dict(zip(axes, values, strict=True)))) for values in combinations]
        display(HTML(_sprite(frames, axes, at, alt, caption)))
    else:
        _live(lambda **k: _frame(render(**{name: axes[name][i] for name, i in k.items()})), axes, at, alt, caption)


def animate(
    frames: Iterable[Figure] | Callable[[Any], Figure],
    *,
    alt: str,
    caption: str | None = None,
    values: Sequence[Any] | None = None,
    name: str = "frame",
    interval: int = 200,
) -> None:
    """Play a sequence of figures with a button and a slider; the last frame is shown first and in print.

    Arguments:
        frames: Figures of one size, or a function ``render(value)`` that makes one for each of ``values``.
        alt: What the sequence shows.
        values: What the slider says at each frame, for example the training step.
        name: What the slider is called.
        interval: Milliseconds per frame.
    """
    described(alt)
    if callable(frames):
        if values is None:
            raise ValueError("animate needs the values to call render with.")
        frames = map(frames, values)
    pictures = [_frame(figure) for figure in frames]
    said = list(range(len(pictures)) if values is None else values)
    if not pictures or len(said) != len(pictures):
        raise ValueError(f"animate has {len(pictures)} frames for {len(said)} values; it needs one for each.")
    _play(pictures, said, name, interval, alt, caption)


def watch(
    turns: Iterable[T],
    render: Callable[[T], Figure],
    *,
    alt: str,
    caption: str | None = None,
    every: int = 200,
    name: str = "step",
    interval: int = 200,
) -> Iterator[T]:
    """Pass the turns of a training through, and draw a figure at the first and at every ``every``-th.

    In a kernel one picture is replaced in place while training runs, without flicker. At the end, and on the static
    page, what was drawn becomes an animation, also when the loop is left by ``break`` or by an error. ::

        for turn in watch(play(players, batches, 3000), picture, alt="…"):
            history.append(turn.losses)
    """
    described(alt)
    handle = None if _static() else display(HTML(""), display_id=True)
    pictures: list[bytes] = []
    values: list[int] = []
    try:
        for k, turn in enumerate(turns, 1):
            if k == 1 or k % every == 0:
                pictures.append(_frame(render(turn)))
                values.append(getattr(turn, "step", k))
                if handle is not None:
                    handle.update(HTML(framed(_img(pictures[-1], alt), caption)))
            yield turn
    finally:  # what led to an error is worth seeing, too
        if handle is not None:
            handle.update(HTML(""))
        if pictures:
            _play(pictures, values, name, interval, alt, caption)


def _static() -> bool:
    return os.environ.get("DGM_STATIC") == "1"


def _play(
    pictures: list[bytes], values: Sequence[Any], name: str, interval: int, alt: str, caption: str | None
) -> None:
    last = {name: len(pictures) - 1}
    if _static():
        display(HTML(_sprite(pictures, {name: values}, last, alt, caption, interval)))
    else:
        _live(lambda **k: pictures[k[name]], {name: values}, last, alt, caption, interval)


def _live(
    picture: Callable[..., bytes],
    axes: Mapping[str, Sequence[Any]],
    at: Mapping[str, int],
    alt: str,
    caption: str | None,
    interval: int | None = None,
) -> None:
    """Sliders that call ``picture(name=index, ...)``."""
    import ipywidgets  # slow to import, and of no use to the static page

    first = framed(_img(picture(**at), alt), caption)
    view = ipywidgets.HTML(first)
    sliders = {
        name: ipywidgets.SelectionSlider(
            options=[(_label(value), k) for k, value in enumerate(values)], value=at[name], description=name
        )
        for name, values in axes.items()
    }

    def update(_: Any) -> None:
        now = {name: slider.value for name, slider in sliders.items()}
        said = ", ".join(f"{name} = {_label(axes[name][k])}" for name, k in now.items())
        view.value = framed(_img(picture(**now), f"{alt} ({said})"), caption)

    for slider in sliders.values():
        slider.observe(update, "value")
    controls: list[ipywidgets.Widget] = list(sliders.values())
    if interval is not None:
        (slider,) = sliders.values()
        button = ipywidgets.Play(max=len(slider.options) - 1, value=slider.index, interval=interval)
        ipywidgets.jslink((button, "value"), (slider, "index"))
        controls.insert(0, button)
    box = ipywidgets.VBox([view, ipywidgets.HBox(controls)])
    display({**(box._repr_mimebundle_() or {}), "text/html": first}, raw=True)


def _sprite(
    frames: Sequence[bytes],
    axes: Mapping[str, Sequence[Any]],
    at: Mapping[str, int],
    alt: str,
    caption: str | None,
    interval: int | None = None,
) -> str:
    """All frames in one picture, seen through a window that the page's script moves."""
    pictures = [Image.open(io.BytesIO(frame)).convert("RGB") for frame in frames]
    width, height = pictures[0].size
    if any(picture.size != (width, height) for picture in pictures):
        raise ValueError("the frames differ in size: give every figure the same figsize.")
    cols = math.ceil(len(frames) ** 0.5)
    rows = math.ceil(len(frames) / cols)
    sheet = Image.new("RGB", (cols * width, rows * height), "white")
    for k, picture in enumerate(pictures):
        sheet.paste(picture, (k % cols * width, k // cols * height))
    file = io.BytesIO()
    sheet.quantize(_COLOURS).save(file, "PNG", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()

    k = 0  # the frame shown first; the last axis varies fastest
    for name, values in axes.items():
        k = k * len(values) + at[name]
    x, y = 100 * (k % cols) / max(cols - 1, 1), 100 * (k // cols) / max(rows - 1, 1)
    view = (
        f"aspect-ratio:{width}/{height};max-width:{width}px;border-radius:8px;"
        f"background:url(data:image/png;base64,{data}) {x:.6g}% {y:.6g}%/{100 * cols}% {100 * rows}%"
    )
    controls = "".join(
        f'<label>{html.escape(name)} <input type="range" min="0" max="{len(values) - 1}" value="{at[name]}" '
        f'data-values="{html.escape(json.dumps([_label(value) for value in values]))}"> '
        f"<output>{html.escape(_label(values[at[name]]))}</output></label>"
        for name, values in axes.items()
    )
    if interval is not None:
        controls += '<button type="button" class="dgm-play" aria-pressed="false">Play</button>'
    moving = "" if interval is None else f' data-animate="{interval}"'
    below = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return (
        f'<figure class="dgm-explore" data-cols="{cols}" data-rows="{rows}"{moving}>'
        f'<div class="dgm-view" role="img" aria-label="{html.escape(alt)}" style="{view}"></div>'
        f'<div class="dgm-controls">{controls}</div>{below}</figure>'
    )


def _label(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _frame(figure: Figure) -> bytes:
    picture = png(figure, _DPI)
    plt.close(figure)
    return picture


def _img(picture: bytes, alt: str) -> str:
    return img(picture, alt, Image.open(io.BytesIO(picture)).width)
