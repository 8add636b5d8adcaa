"""Drawings of architectures: boxes are networks, circles variables, arrows what flows, dashed arrows gradients.

A schematic is an SVG inside the page. Its lines and letters take the colour of the text around it, so that it is as
readable on a dark page as on a light one.
"""

import html
import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from IPython.display import HTML, display

from dgm.plotting import FAKE, FIELD, REAL, described, framed

_COLOURS = {"real": REAL, "fake": FAKE, "field": FIELD}
_LETTER, _HEIGHT, _GAP, _LINE = 8.2, 36.0, 62.0, 17.0  # pixels: width of a letter, a box, between boxes, between lines
_NODE = re.compile(r"\[(?P<box>[^\[\]\s]+)\]|\((?P<circle>[^()\s]+)\)|(?P<plain>[^\[\]()\s]+)")
_ARROW = re.compile(r"\s*(->|~>|-\))\s*")


@dataclass(frozen=True)
class _Node:
    """Something with a place; ``half`` is half of its width and half of its height."""

    name: str
    kind: str
    lines: Sequence[str]
    x: float
    y: float
    half: tuple[float, float]

    def border(self, x: float, y: float, room: float = 3) -> tuple[float, float]:
        """Where a line from the middle towards (x, y) leaves the node, a little outside of it."""
        dx, dy = x - self.x, y - self.y
        length = math.hypot(dx, dy)
        if self.kind == "circle":
            way = self.half[1]
        else:
            way = min(h / abs(d) if d else math.inf for h, d in zip(self.half, (dx, dy), strict=True)) * length
        return self.x + dx / length * (way + room), self.y + dy / length * (way + room)


def schematic(
    rows: str,
    arrows: str,
    *,
    alt: str,
    caption: str | None = None,
    text: Mapping[str, str] | None = None,
    colours: Mapping[str, str] | None = None,
) -> None:
    """Show a drawing of boxes, circles and arrows. ::

        schematic(
            "(z) [G] (x̃) [D] a\\n . . (x) . .",
            "z -> G -> x̃ -> D -> a; x -> D; a ~> G #fake: slope of L_G",
            text={"G": "generator\\nG"},
            colours={"x": "real", "x̃": "fake"},
            alt="…",
        )

    Arguments:
        rows: A grid, one line of names for each row: ``[G]`` a network, ``(z)`` a variable, ``a`` words, ``.`` nothing.
        arrows: Separated by ``;`` or new lines. ``a -> b`` flows straight, ``a -) b`` in a bow to the left of its way,
            ``a ~> b`` is a dashed bow, for gradients. After it may come a colour, ``#real``, ``#fake`` or
            ``#field``, and a label after a colon.
        alt: What the drawing shows, in a sentence or two.
        caption: What to look at in it.
        text: What is written in a node instead of its name; ``\\n`` breaks a line, ``_`` lowers the letter or the
            ``{…}`` after it.
        colours: The colour of a node: real, fake or field.

    Raises:
        ValueError: for no alt text, a line that can't be read, a name that is in the grid twice or not at all.
    """
    described(alt)
    nodes = _place(rows, text or {})
    tints = dict(colours or {})
    for name, colour in tints.items():
        _known(name, nodes)
        _tint(colour)
    lines = [_draw_arrow(*arrow) for arrow in _read_arrows(arrows, nodes)]
    shapes = [_draw_node(node, tints.get(node.name)) for node in nodes.values()]
    corners = [(n.x + k * n.half[0], n.y + k * n.half[1]) for n in nodes.values() for k in (-1, 1)]
    xs, ys = zip(*corners, *(point for _, points in lines for point in points), strict=True)
    left, top, width, height = min(xs) - 8, min(ys) - 8, max(xs) - min(xs) + 16, max(ys) - min(ys) + 16
    svg = (
        f'<svg role="img" aria-label="{html.escape(alt)}" viewBox="{left:.0f} {top:.0f} {width:.0f} {height:.0f}" '
        f'style="width:{width:.0f}px;max-width:100%;min-width:min({width:.0f}px,30rem);height:auto" '
        'text-anchor="middle" fill="currentColor">'
        f"{''.join(path for path, _ in lines)}{''.join(shapes)}</svg>"
    )
    display(
        HTML(
            framed(
                f'<div class="dgm-schematic" tabindex="0" style="overflow-x:auto;text-align:center">{svg}</div>',
                caption,
            )
        )
    )


def _place(rows: str, text: Mapping[str, str]) -> dict[str, _Node]:
    """The nodes of a grid: each column as wide as its widest node."""
    grid = [_NODE.finditer(line) for line in textwrap.dedent(rows).strip().splitlines()]
    cells: dict[str, tuple[int, int, str]] = {}
    for r, row in enumerate(grid):
        for c, found in enumerate(row):
            kind, name = next((kind, name) for kind, name in found.groupdict().items() if name)
            if name in cells:
                raise ValueError(f"the grid has {name!r} twice; give one another name, and the same text.")
            if name != ".":
                cells[name] = (r, c, kind)
    if not cells:
        raise ValueError("a schematic needs a grid with at least one name.")
    for name in text:
        _known(name, cells)
    says = {name: text.get(name, name).split("\n") for name in cells}
    halves = {name: _half(kind, says[name]) for name, (_, _, kind) in cells.items()}
    columns = [_widest(halves, cells, 0, c, 1) for c in range(1 + max(c for _, c, _ in cells.values()))]
    heights = [_widest(halves, cells, 1, r, 0) for r in range(1 + max(r for r, _, _ in cells.values()))]
    xs = [sum(2 * w + _GAP for w in columns[:c]) + columns[c] + 12 for c in range(len(columns))]
    ys = [sum(2 * h + _GAP - 16 for h in heights[:r]) + heights[r] for r in range(len(heights))]
    return {name: _Node(name, kind, says[name], xs[c], ys[r], halves[name]) for name, (r, c, kind) in cells.items()}


def _widest(halves: Mapping[str, tuple[float, float]], cells: Mapping[str, tuple], side: int, k: int, of: int) -> float:
    return max((halves[name][side] for name, cell in cells.items() if cell[of] == k), default=0.0)


def _half(kind: str, lines: Sequence[str]) -> tuple[float, float]:
    letters = max(len(re.sub(r"[_{}]|[̀-ͯ]", "", line)) for line in lines)  # accents take no room
    width, height = letters * _LETTER, (len(lines) - 1) * _LINE
    if kind == "circle":
        radius = max(19.0, width / 2 + 8, height / 2 + 16)
        return radius, radius
    room = 22 if kind == "box" else 6
    return max(width + room, 40.0 if kind == "box" else 0.0) / 2, (height + (_HEIGHT if kind == "box" else 24)) / 2


def _read_arrows(arrows: str, nodes: Mapping[str, _Node]) -> list[tuple[_Node, str, _Node, str | None, str]]:
    """(from, kind, to, colour, label) of each arrow; a chain is several, and the label is on its last."""
    found = []
    for line in re.split(r"[;\n]", arrows):
        if not line.strip():
            continue
        way, _, label = line.partition(":")
        way, _, colour = way.partition("#")
        names, kinds = _ARROW.split(way.strip())[::2], _ARROW.split(way.strip())[1::2]
        if not kinds:
            raise ValueError(f"{line.strip()!r} is no arrow: write it as a -> b, a ~> b or a -) b.")
        if colour.strip():
            _tint(colour.strip())
        for k, kind in enumerate(kinds):
            ends = [_known(name, nodes) for name in names[k : k + 2]]
            last = k == len(kinds) - 1
            found.append((nodes[ends[0]], kind, nodes[ends[1]], colour.strip() or None, label.strip() if last else ""))
    return found


def _draw_arrow(
    start: _Node, kind: str, end: _Node, colour: str | None, label: str
) -> tuple[str, list[tuple[float, float]]]:
    """A line with a head, and how far it reaches; a bow leaves the straight line to the left of its way."""
    dx, dy = end.x - start.x, end.y - start.y
    length = math.hypot(dx, dy)
    bow = 0.0 if kind == "->" else 26 + 0.12 * length
    middle = (start.x + end.x) / 2 + bow * dy / length * 1.6, (start.y + end.y) / 2 - bow * dx / length * 1.6
    (x0, y0), (x1, y1) = start.border(*middle), end.border(*middle, room=4)
    cx, cy = ((x0 + x1) / 2, (y0 + y1) / 2) if kind == "->" else middle
    paint, dash = _tint(colour), ' stroke-dasharray="5 4"' if kind == "~>" else ""
    angle = math.degrees(math.atan2(y1 - cy, x1 - cx))
    parts = [
        f'<path d="M{x0:.1f} {y0:.1f} Q{cx:.1f} {cy:.1f} {x1:.1f} {y1:.1f}" fill="none" stroke="{paint}" '
        f'stroke-width="1.6"{dash}/>',
        f'<path d="M0 0 L-9 -4.5 L-9 4.5 Z" transform="translate({x1:.1f} {y1:.1f}) rotate({angle:.1f})" '
        f'fill="{paint}"/>',
    ]
    x, y = (x0 + 2 * cx + x1) / 4, (y0 + 2 * cy + y1) / 4  # the middle of the line
    reach = [(x, y)]
    if label:
        side, half = (dy / length, -dx / length), len(label) * _LETTER * 0.45
        away = 12 + half * abs(side[0])
        x, y = x + away * side[0], y + away * side[1]
        parts.append(_write([label], x, y, size=12.5))
        reach += [(x - half, y - 9), (x + half, y + 9)]
    return "".join(parts), reach


def _draw_node(node: _Node, colour: str | None) -> str:
    (w, h), paint = node.half, _tint(colour)
    shape = {
        "plain": "",
        "circle": f'<circle cx="{node.x:.1f}" cy="{node.y:.1f}" r="{h:.1f}"',
        "box": f'<rect x="{node.x - w:.1f}" y="{node.y - h:.1f}" width="{2 * w:.1f}" height="{2 * h:.1f}" rx="7"',
    }[node.kind]
    if shape:
        faint = "0.14" if node.kind == "box" or colour else "0"
        shape += f' fill="{paint}" fill-opacity="{faint}" stroke="{paint}" stroke-width="1.8"/>'
    return shape + _write(node.lines, node.x, node.y)


def _write(lines: Sequence[str], x: float, y: float, size: float = 14) -> str:
    """Lines of text around a point; ``_`` lowers what follows it."""
    first = y - (len(lines) - 1) * _LINE / 2 + size * 0.34
    written = []
    for k, line in enumerate(lines):
        pieces = re.split(r"_(?:\{([^}]*)\}|(\S))", line)
        spans, lowered = "", False
        for place, piece in enumerate(pieces):
            if not piece:
                continue
            low = place % 3 != 0
            shift = f' dy="{4 if low else -4}"' if low != lowered else ""
            small = f' font-size="{size * 0.75:.1f}"' if low else ""
            spans += f"<tspan{shift}{small}>{html.escape(piece)}</tspan>"
            lowered = low
        written.append(f'<text x="{x:.1f}" y="{first + k * _LINE:.1f}" font-size="{size:g}">{spans}</text>')
    return "".join(written)


def _known(name: str, nodes: Mapping[str, object]) -> str:
    if name not in nodes:
        raise ValueError(f"the grid has no {name!r}; it has {', '.join(nodes)}.")
    return name


def _tint(colour: str | None) -> str:
    """A colour that the page may lighten in its dark theme."""
    if colour is None:
        return "currentColor"
    if colour not in _COLOURS:
        raise ValueError(f"{colour!r} is not a colour here; there are {', '.join(_COLOURS)}.")
    return f"var(--dgm-{colour}, {_COLOURS[colour]})"
