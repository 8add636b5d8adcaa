"""Schematics say in SVG what a few lines say in words: every arrow from border to border, in the page's own colours."""

import itertools
import math
import re
from xml.etree import ElementTree

import pytest

from dgm import schematics

ROWS = "(z) [G] (x̃) [D] a\n . . (x) . ."
ARROWS = "z -> G -> x̃ -> D -> a; x -> D; a ~> G #fake: slope of L_G\na ~> D #field: slope of L_D"
TEXT = {"G": "generator\nG", "D": "discriminator\nD", "a": "logit a"}


@pytest.fixture
def drawn(monkeypatch):
    """Draws, and gives the page's HTML."""

    def draw(rows=ROWS, arrows=ARROWS, **options):
        pages = []
        monkeypatch.setattr(schematics, "display", lambda thing: pages.append(thing.data))
        schematics.schematic(rows, arrows, **{"alt": "A game.", "text": TEXT if rows == ROWS else {}, **options})
        return pages[0]

    return draw


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def parts(page):
    svg = ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    boxes = [[float(rect.attrib[k]) for k in ("x", "y", "width", "height")] for rect in svg.iter("rect")]
    circles = [[float(circle.attrib[k]) for k in ("cx", "cy", "r")] for circle in svg.iter("circle")]
    lines = [path for path in svg.iter("path") if path.get("fill") == "none"]
    return svg, boxes, circles, lines


def distance(x, y, boxes, circles):
    """From a point to the nearest border of a box or circle; negative inside."""
    to_circles = [math.hypot(x - cx, y - cy) - r for cx, cy, r in circles]
    to_boxes = []
    for left, top, width, height in boxes:
        dx, dy = max(left - x, x - left - width), max(top - y, y - top - height)
        to_boxes.append(math.hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0))
    return min(to_circles + to_boxes)


def test_every_arrow_goes_from_border_to_border(drawn):
    _, boxes, circles, lines = parts(
        drawn("(a) [B] (c)\n [D] (e) [F]", "a -> B -> c; D -> e -> F; a -> F; c ~> D; B -) F")
    )
    assert (len(boxes), len(circles), len(lines)) == (3, 3, 7)
    for line in lines:
        x0, y0, _, _, x1, y1 = numbers(line.get("d"))
        for x, y in ((x0, y0), (x1, y1)):
            assert 2 < distance(x, y, boxes, circles) < 6
    assert sum(line.get("stroke-dasharray") is not None for line in lines) == 1


def test_a_head_points_along_its_way(drawn):
    svg, _, _, (line,) = parts(drawn("(a) . (b)\n . (c) .", "c -> b"))
    x0, y0, _, _, x1, y1 = numbers(line.get("d"))
    (head,) = [path for path in svg.iter("path") if path.get("transform")]
    tip_x, tip_y, angle = numbers(head.get("transform"))
    assert (tip_x, tip_y) == (x1, y1)
    assert math.degrees(math.atan2(y1 - y0, x1 - x0)) == pytest.approx(angle, abs=0.6)


def test_a_bow_turns_left_of_its_way(drawn):
    """Two gradients between the same two boxes lie on two sides: there and back don't cover each other."""
    _, _, _, (there, back) = parts(drawn("(a) (b)", "a ~> b; b ~> a"))
    _, y0, _, bow, *_ = numbers(there.get("d"))
    _, y1, _, other, *_ = numbers(back.get("d"))
    assert bow < y0 and other > y1


def test_nothing_overlaps_and_nothing_is_cut_off(drawn):
    svg, boxes, circles, lines = parts(drawn())
    spans = [(x, x + w, y, y + h) for x, y, w, h in boxes] + [(x - r, x + r, y - r, y + r) for x, y, r in circles]
    for (a, b, c, d), (e, f, g, h) in itertools.combinations(spans, 2):
        assert b < e or f < a or d < g or h < c
    left, top, width, height = numbers(svg.get("viewBox"))
    for path in lines:
        x0, y0, cx, cy, x1, y1 = numbers(path.get("d"))
        for t in (0, 0.25, 0.5, 0.75, 1):  # a quadratic Bézier curve
            x = (1 - t) ** 2 * x0 + 2 * t * (1 - t) * cx + t * t * x1
            y = (1 - t) ** 2 * y0 + 2 * t * (1 - t) * cy + t * t * y1
            assert left <= x <= left + width and top <= y <= top + height
    for a, b, c, d in spans:
        assert left <= a and b <= left + width and top <= c and d <= top + height


def test_it_follows_the_theme_and_speaks(drawn):
    page = drawn(colours={"x": "real", "x̃": "fake"}, caption="A < B.")
    svg = parts(page)[0]
    assert svg.get("role") == "img" and svg.get("aria-label") == "A game." and "A &lt; B." in page
    paints = {element.get(k) for element in svg.iter() for k in ("fill", "stroke")} - {None, "none", "currentColor"}
    assert paints == {f"var(--dgm-{k}, {c})" for k, c in schematics._COLOURS.items()}, "no colour is nailed down"


def test_letters_after_an_underline_stand_lower(drawn):
    svg = parts(drawn("[G] b", "G -> b", text={"G": "G_{AB}", "b": "x_k + 1"}))[0]
    says = {"".join(text.itertext()): [(t.text, t.get("dy")) for t in text.iter("tspan")] for text in svg.iter("text")}
    assert says["GAB"] == [("G", None), ("AB", "4")]
    assert says["xk + 1"] == [("x", None), ("k", "4"), (" + 1", "-4")]


@pytest.mark.parametrize(
    ("rows", "arrows", "options", "said"),
    [
        (ROWS, ARROWS, {"alt": " "}, "alt text"),
        ("", "", {}, "at least one name"),
        ("(a) (a)", "", {}, "'a' twice"),
        ("(a) (b)", "a -> c", {}, "no 'c'; it has a, b"),
        ("(a) (b)", "a b", {}, "'a b' is no arrow"),
        ("(a) (b)", "a -> b #pink", {}, "'pink' is not a colour"),
        ("(a) (b)", "a -> b", {"colours": {"a": "blue"}}, "'blue' is not a colour"),
        ("(a) (b)", "a -> b", {"text": {"c": "d"}}, "no 'c'"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(drawn, rows, arrows, options, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        drawn(rows, arrows, **options)
