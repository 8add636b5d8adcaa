"""Figures to play with: sliders that compute in a live kernel, precomputed frames on the static page.

The same call makes both. The book is built with ``DGM_STATIC=1``: then every frame is drawn once, into one sprite
sheet, and a few lines of JavaScript in the book move it under ordinary range inputs. In a kernel, ipywidgets call
``render``.
"""

import base64
import html
import io
import itertools
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import matplotlib.pyplot as plt
from IPython.display import HTML, display
from matplotlib.figure import Figure
from PIL import Image

from dgm.plotting import described, img, png

T = TypeVar("T")


def explore(
    render: Callable[..., Figure], *, alt: str, start: dict[str, Any] | None = None, **axes: Sequence[Any]
) -> None:
    """Let the reader move through ``render(**values)``, one slider per axis.

    Arguments:
        render: Returns a new figure, always of the same size.
        alt: What the figure shows; the values are added to it.
        start: The values shown first, by default the first of each axis; what print shows.
        axes: name = the values it can take.
    """
    described(alt)
    at = {name: list(values).index((start or {}).get(name, values[0])) for name, values in axes.items()}
    if _static():
        combinations = itertools.product(*axes.values())
        frames = [_png(render(**dict(zip(axes, values, strict=True)))) for values in combinations]
        display(HTML(_sprite(frames, {name: list(values) for name, values in axes.items()}, at, alt)))
    else:
        _live(lambda **k: _png(render(**{n: axes[n][i] for n, i in k.items()})), axes, at, alt, None)


def animate(
    frames: Iterable[Figure] | Callable[[Any], Figure],
    *,
    alt: str,
    values: Sequence[Any] | None = None,
    name: str = "frame",
    interval: int = 200,
) -> None:
    """Play a sequence of figures, with a button, a slider and a last frame that print shows.

    Arguments:
        frames: Figures, or a function ``render(value)`` that makes one for each of ``values``.
        alt: What the sequence shows.
        values: What the slider says at each frame, for example the training step.
        name: What the slider is called.
        interval: Milliseconds per frame.
    """
    described(alt)
    if callable(frames):
        if values is None:
            raise ValueError("animate needs the values to call render with.")
        pictures = [_png(frames(value)) for value in values]
    else:
        pictures = [_png(figure) for figure in frames]
    if not pictures:
        raise ValueError("animate needs at least one frame.")
    _play(pictures, list(values or range(len(pictures))), name, interval, alt)


def watch(
    turns: Iterable[T],
    render: Callable[[T], Figure],
    *,
    alt: str,
    every: int = 200,
    name: str = "step",
    interval: int = 200,
) -> Iterator[T]:
    """Pass the turns of a training through, drawing one figure every ``every`` turns.

    In a kernel the picture is replaced in place while training runs, without flicker; at the end, and on the static
    page, what was drawn can be played.

        for turn in watch(play(players, batches, 3000), lambda turn: picture(), alt="…"):
            ...
    """
    described(alt)
    handle = None if _static() else display(HTML(""), display_id=True)
    pictures, values = [], []
    for k, turn in enumerate(turns, 1):
        if k == 1 or k % every == 0:
            pictures.append(_png(render(turn)))
            values.append(getattr(turn, "step", k))
            if handle is not None:
                handle.update(HTML(f'<figure class="dgm-figure">{img(pictures[-1], alt)}</figure>'))
        yield turn
    if handle is not None:
        handle.update(HTML(""))
    if pictures:
        _play(pictures, values, name, interval, alt)


def _static() -> bool:
    return os.environ.get("DGM_STATIC") == "1"


def _play(pictures: list[bytes], values: list[Any], name: str, interval: int, alt: str) -> None:
    last = {name: len(pictures) - 1}
    if _static():
        display(HTML(_sprite(pictures, {name: values}, last, alt, interval)))
    else:
        _live(lambda **k: pictures[k[name]], {name: values}, last, alt, interval)


def _live(
    picture: Callable[..., bytes], axes: dict[str, Sequence[Any]], at: dict[str, int], alt: str, interval: int | None
) -> None:
    """Sliders that call ``picture``; where a front end knows no widgets, the first picture with its text."""
    import ipywidgets

    first = picture(**at)
    view = ipywidgets.HTML(img(first, alt))
    sliders = {
        name: ipywidgets.SelectionSlider(
            options=[(_label(v), k) for k, v in enumerate(values)], value=at[name], description=name
        )
        for name, values in axes.items()
    }

    def update(_: Any) -> None:
        now = {name: slider.value for name, slider in sliders.items()}
        view.value = img(picture(**now), f"{alt} ({_now(axes, now)})")

    for slider in sliders.values():
        slider.observe(update, "value")
    controls: list[ipywidgets.Widget] = list(sliders.values())
    if interval is not None:
        (slider,) = sliders.values()
        button = ipywidgets.Play(max=len(slider.options) - 1, value=slider.index, interval=interval)
        ipywidgets.jslink((button, "value"), (slider, "index"))
        controls.insert(0, button)
    box = ipywidgets.VBox([view, ipywidgets.HBox(controls)])
    bundle = box._repr_mimebundle_() or {}
    display({**bundle, "text/html": f'<figure class="dgm-figure">{img(first, alt)}</figure>'}, raw=True)


def _sprite(
    frames: list[bytes], axes: dict[str, list[Any]], at: dict[str, int], alt: str, interval: int | None = None
) -> str:
    """All frames in one picture, seen through a window that the page's script moves."""
    pictures = [Image.open(io.BytesIO(frame)).convert("RGB") for frame in frames]
    width, height = pictures[0].size
    if any(picture.size != (width, height) for picture in pictures):
        raise ValueError("all frames must have one size: give every figure the same figsize.")
    cols = len(list(axes.values())[-1]) if len(axes) > 1 else math.ceil(len(frames) ** 0.5)
    rows = math.ceil(len(frames) / cols)
    sheet = Image.new("RGB", (cols * width, rows * height), "white")
    for k, picture in enumerate(pictures):
        sheet.paste(picture, (k % cols * width, k // cols * height))
    file = io.BytesIO()
    sheet.quantize(64).save(file, "PNG", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()

    k = 0
    for name, values in axes.items():
        k = k * len(values) + at[name]
    x, y = (100 * (k % cols) / max(cols - 1, 1), 100 * (k // cols) / max(rows - 1, 1))
    view = (
        f"aspect-ratio:{width}/{height};max-width:{width}px;border-radius:8px;"
        f"background:url(data:image/png;base64,{data}) {x:.6g}% {y:.6g}%/{100 * cols}% {100 * rows}%"
    )
    controls = "".join(
        f'<label>{html.escape(name)} <input type="range" min="0" max="{len(values) - 1}" value="{at[name]}" '
        f'data-values="{html.escape(json.dumps([_label(v) for v in values]))}"> '
        f"<output>{html.escape(_label(values[at[name]]))}</output></label>"
        for name, values in axes.items()
    )
    button = '<button type="button" class="dgm-play" aria-pressed="false">Play</button>' if interval else ""
    moving = f' data-animate="{interval}"' if interval else ""
    return (
        f'<figure class="dgm-explore" data-cols="{cols}" data-rows="{rows}"{moving}>'
        f'<div class="dgm-view" role="img" aria-label="{html.escape(alt)}" style="{view}"></div>'
        f'<div class="dgm-controls">{controls}{button}</div></figure>'
    )


def _label(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _now(axes: dict[str, Sequence[Any]], at: dict[str, int]) -> str:
    return ", ".join(f"{name} = {_label(axes[name][k])}" for name, k in at.items())


def _png(figure: Figure) -> bytes:
    picture = png(figure)
    plt.close(figure)
    return picture
