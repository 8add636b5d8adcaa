"""One call, two pages: a sprite sheet for the book, widgets for a kernel."""

import base64
import html
import io
import json
import re
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from dgm import widgets

SHADES = {0: "#000000", 1: "#555555", 2: "#aaaaaa", 3: "#ffffff", 4: "#ff0000", 5: "#0000ff"}


def flat(k, size=(1, 0.5)):
    """A figure of one colour."""
    return plt.figure(figsize=size, facecolor=SHADES[k], layout="none")


class Page(HTMLParser):
    def __init__(self, source):
        super().__init__()
        self.tags = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def __getitem__(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


class Handle:
    def __init__(self, shown):
        self.shown = shown

    def update(self, thing):
        self.shown.append(("update", thing.data))


@pytest.fixture
def shown(monkeypatch):
    pages = []

    def display(thing, raw=False, display_id=None):
        pages.append(("raw", thing) if raw else ("page", thing.data))
        return Handle(pages) if display_id else None

    monkeypatch.setattr(widgets, "display", display)
    return pages


@pytest.fixture
def static(monkeypatch):
    monkeypatch.setenv("DGM_STATIC", "1")


@pytest.fixture
def live(monkeypatch):
    monkeypatch.delenv("DGM_STATIC", raising=False)


def sheet(page):
    style = Page(page)["div"][0]["style"]
    return Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^)]+)", style)[1]))).convert("RGB"), style


def window(page, k):
    """The colour a reader sees at frame k, cut out as the page's style and script do."""
    picture, _ = sheet(page)
    figure = Page(page)["figure"][0]
    cols, rows = int(figure["data-cols"]), int(figure["data-rows"])
    w, h = picture.width // cols, picture.height // rows
    return "#" + bytes(picture.getpixel((k % cols * w + w // 2, k // cols * h + h // 2))).hex()


def test_static_explore_shows_each_combination_in_its_place(shown, static):
    widgets.explore(lambda a, b: flat(3 * a + b), alt="Shades.", a=[0, 1], b=[0, 1, 2], start={"b": 2})
    ((_, page),) = shown
    assert [window(page, k) for k in range(6)] == list(SHADES.values())
    figure, inputs = Page(page)["figure"][0], Page(page)["input"]
    assert figure["class"] == "dgm-explore" and "data-animate" not in figure
    assert [(i["type"], i["min"], i["max"], i["value"]) for i in inputs] == [
        ("range", "0", "1", "0"),
        ("range", "0", "2", "2"),
    ]
    assert [json.loads(i["data-values"]) for i in inputs] == [["0", "1"], ["0", "1", "2"]]
    assert not Page(page)["button"] and re.findall(r"<output>(.*?)</output>", page) == ["0", "2"]


def test_the_start_frame_shows_without_any_script(shown, static):
    """What print and a browser without JavaScript see is the background's position."""
    widgets.explore(lambda a, b: flat(3 * a + b), alt="Shades.", a=range(2), b=range(3), start={"a": 1, "b": 1})
    ((_, page),) = shown
    picture, style = sheet(page)
    x, y, w, h = (float(v) for v in re.search(r"\) ([\d.]+)% ([\d.]+)%/(\d+)% (\d+)%", style).groups())
    cols, rows = w / 100, h / 100
    assert (round(x / 100 * (cols - 1)), round(y / 100 * (rows - 1))) == (4 % cols, 4 // cols)
    assert picture.width % cols == 0 and picture.height % rows == 0


def test_alt_and_labels_are_escaped_and_present(shown, static):
    widgets.explore(lambda **k: flat(0), alt='Two "modes" <merge>.', caption="a & b", **{"<σ>": ["x'y"]})
    ((_, page),) = shown
    view = Page(page)["div"][0]
    assert view["role"] == "img" and view["aria-label"] == 'Two "modes" <merge>.' and view["class"] == "dgm-view"
    assert "<label>&lt;σ&gt; " in page and json.loads(Page(page)["input"][0]["data-values"]) == ["x'y"]
    assert "<figcaption>a &amp; b</figcaption>" in page


def test_static_animate_has_a_button_and_rests_on_the_last_frame(shown, static):
    widgets.animate((flat(k) for k in range(3)), alt="Shades pass.", values=[1, 50, 1000], name="step", interval=120)
    ((_, page),) = shown
    figure, button, slider = Page(page)["figure"][0], Page(page)["button"][0], Page(page)["input"][0]
    assert figure["data-animate"] == "120" and button["type"] == "button" and button["aria-pressed"] == "false"
    assert slider["value"] == "2" and json.loads(slider["data-values"]) == ["1", "50", "1000"]
    assert window(page, 2) == SHADES[2]


def test_animate_may_be_given_a_function(shown, static):
    widgets.animate(flat, alt="Shades.", values=[4, 5])
    ((_, page),) = shown
    assert [window(page, k) for k in range(2)] == [SHADES[4], SHADES[5]]


def test_figures_are_closed(shown, static):
    before = plt.get_fignums()
    widgets.animate(flat, alt="Shades.", values=[0, 1, 2])
    assert plt.get_fignums() == before


def test_live_explore_recomputes_when_a_slider_moves(shown, live):
    calls = []

    def render(a, b):
        calls.append((a, b))
        return flat(a)

    widgets.explore(render, alt="Shades.", a=[0, 4], b=["x", "y"])
    ((_, bundle),) = shown
    assert calls == [(0, "x")], "only what is looked at is computed"
    import ipywidgets

    model = bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    box = ipywidgets.widgets.widget._instances[model]
    view, row = box.children
    row.children[0].value = 1
    assert calls[-1] == (4, "x") and "Shades. (a = 4, b = x)" in view.value
    row.children[1].value = 1
    assert calls[-1] == (4, "y")


def test_a_live_animation_is_driven_by_its_button(shown, live):
    """Play counts through the frames, and the browser hands its value on to the slider's index, and back."""
    widgets.animate(flat, alt="Shades pass.", values=[1, 3, 5], name="step", interval=120)
    ((_, bundle),) = shown
    import ipywidgets
    from ipywidgets.widgets import widget_link

    everything = ipywidgets.widgets.widget._instances
    box = everything[bundle["application/vnd.jupyter.widget-view+json"]["model_id"]]
    view, row = box.children
    button, slider = row.children
    assert isinstance(button, ipywidgets.Play) and isinstance(slider, ipywidgets.SelectionSlider)
    assert (button.min, button.max, button.value, button.interval, button.step) == (0, 2, 2, 120, 1)
    links = [w for w in everything.values() if isinstance(w, widget_link.Link) and button in (w.source[0], w.target[0])]
    assert [(link.source, link.target) for link in links] == [((button, "value"), (slider, "index"))]
    assert type(links[0]) is widget_link.Link, "the button must also go on from where the slider was put"
    assert "step = 5" not in view.value
    slider.index = 0
    assert "Shades pass. (step = 1)" in view.value


def test_a_front_end_without_widgets_gets_the_picture_and_its_text(shown, live):
    widgets.animate(flat, alt="Shades pass.", values=[0, 1])
    ((_, bundle),) = shown
    (picture,) = Page(bundle["text/html"])["img"]
    assert picture["alt"] == "Shades pass." and picture["src"].startswith("data:image/png;base64,")


def test_watch_passes_every_turn_through_and_updates_one_picture(shown, live):
    drawn = []

    def render(turn):
        drawn.append(turn)
        return flat(0)

    seen = list(widgets.watch(range(1, 8), render, alt="Training.", every=3))
    assert seen == list(range(1, 8)) and drawn == [1, 3, 6]
    kinds = [kind for kind, _ in shown]
    assert kinds == ["page", "update", "update", "update", "update", "raw"] and shown[4][1] == ""


def test_watch_becomes_an_animation_on_the_static_page(shown, static):
    list(widgets.watch(range(1, 8), lambda turn: flat(turn % 3), alt="Training.", every=3))
    ((_, page),) = shown
    assert json.loads(Page(page)["input"][0]["data-values"]) == ["1", "3", "6"]


def watched(leave):
    def turns():
        for k in range(1, 10):
            if leave == "inside" and k == 5:
                raise RuntimeError("the loss is nan")
            yield k

    for turn in widgets.watch(turns(), lambda turn: flat(turn % 3), alt="Training.", every=3):
        if leave == "break" and turn == 4:
            break
        if leave == "body" and turn == 4:
            raise RuntimeError("a slip of the pen")


@pytest.mark.parametrize("leave", ["break", "body", "inside"])
def test_watch_shows_what_was_drawn_when_the_loop_is_left(leave, shown, static):
    if leave == "break":
        watched(leave)
    else:
        with pytest.raises(RuntimeError, match="slip|nan"):
            watched(leave)
    ((_, page),) = shown
    assert json.loads(Page(page)["input"][0]["data-values"]) == ["1", "3"]


def test_watch_shows_nothing_when_nothing_was_drawn(shown, static):
    widgets.watch(range(3), flat, alt="Training.").close()
    assert list(widgets.watch([], flat, alt="Training.")) == [] and not shown


@pytest.mark.parametrize(
    "call, sentence",
    [
        (lambda: widgets.explore(lambda a: flat(0), alt=" ", a=[1]), "needs alt text"),
        (lambda: widgets.explore(lambda: flat(0), alt="x"), "at least one axis"),
        (lambda: widgets.explore(lambda a: flat(0), alt="x", a=[]), "at least one axis"),
        (lambda: widgets.explore(flat, alt="x", a=[1], start={"b": 1}), "no axis b to start at; its axes are a"),
        (lambda: widgets.explore(flat, alt="x", a=[1, 2], start={"a": 3}), "axis a can't start at 3; it takes 1, 2"),
        (lambda: widgets.animate([], alt="x"), "0 frames for 0 values"),
        (lambda: widgets.animate([flat(0)], alt="x", values=[1, 2]), "1 frames for 2 values"),
        (lambda: widgets.animate(lambda v: flat(0), alt="x"), "needs the values"),
        (lambda: widgets.animate([flat(0), flat(0, (2, 1))], alt="x"), "same figsize"),
        (lambda: list(widgets.watch([1], lambda turn: flat(0), alt="")), "needs alt text"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_sentence(call, sentence, shown, static):
    with pytest.raises(ValueError, match=sentence):
        call()
    plt.close("all")


def test_a_sprite_of_plots_stays_small(shown, static):
    def render(a):
        figure, ax = plt.subplots()
        ax.plot([a, 1, 2])
        return figure

    widgets.explore(render, alt="Lines.", a=range(6))
    ((_, page),) = shown
    assert len(html.unescape(page)) < 6 * 12_500
