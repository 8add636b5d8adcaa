"""The MyST that a lesson may use, and what becomes of it in a notebook.

Jupyter Book renders MyST; JupyterLab and Colab render CommonMark with mathematics. A lesson is written in the part of
MyST listed here, the book's page keeps it as it is, and the notebooks get this translation:

| in the lesson                                              | in the notebooks                                    |
|------------------------------------------------------------|-----------------------------------------------------|
| `$$ ... $$ (label)`                                        | the same equation with `\\tag{3.1}`                 |
| ``{eq}`label` ``                                           | (3.1)                                               |
| ``{cite:t}`key` ``, ``{cite:p}`key1,key2` ``               | Goodfellow et al. (2014), linked where there is a URL|
| `> ...`, a block quote                                     | the same, its formulas on one line and numbered     |
| `:::{note}`, `tip`, `warning`, `important`                 | a block quote that opens with the word              |
| `:::{prf:theorem} Title` with `:label: name`; also `lemma`, | a block quote that opens with **Theorem 3.1**       |
| `definition`, `proposition`, `corollary`, `algorithm`      |                                                     |
| `:::{prf:proof}`                                           | a block quote that opens with *Proof.*              |
| ``{prf:ref}`name` ``                                       | Theorem 3.1                                         |
| `:::{dropdown} Title`                                      | `<details>`, closed                                 |
| `(label)=` before a heading, ``{ref}`label` ``             | the heading's text                                  |
| ``{ref}`text <label>` ``, ``{doc}`text <02-vae>` ``        | the text                                            |
| ``{doc}`02-vae` ``                                         | section 2, *Title*                                  |

Everything else that CommonMark does not know (directives in back ticks, roles, footnotes, definition lists, comments,
bare `\\begin{align}`, pictures from files) is an error that names the file and the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from book.tools.errors import LessonError

ADMONITIONS = ("note", "tip", "warning", "important")
STATEMENTS = ("theorem", "lemma", "definition", "proposition", "corollary", "algorithm")

FENCE = re.compile(r"^(?P<indent>\s*)(?P<mark>`{3,}|~{3,})(?P<info>.*)$")
COLONS = re.compile(r"^(?P<mark>:{3,})(?:\{(?P<name>[^}]*)\}\s*(?P<title>.*?))?\s*$")
OPTION = re.compile(r"^:(?P<key>[a-z-]+):\s*(?P<value>.*)$")
QUOTED = re.compile(r"^> ?(?P<text>.*)$")
TARGET = re.compile(r"^\((?P<label>[A-Za-z0-9:_.-]+)\)=\s*$")
HEADING = re.compile(r"^#{1,6}\s+(?P<text>.+?)\s*#*$")
DISPLAY = re.compile(r"^(?P<indent>\s*)\$\$(?P<rest>.*)$")
DISPLAY_END = re.compile(r"^(?P<body>.*?)\$\$\s*(?:\((?P<label>[A-Za-z0-9:_.-]+)\))?\s*$")
SPAN = re.compile(r"(?:\{(?P<role>[A-Za-z0-9:_.-]+)\})?(?P<ticks>`+)(?P<body>(?!`).+?(?<!`))(?P=ticks)(?!`)", re.S)
INLINE_MATH = re.compile(r"(?<!\\)\$[^$]+\$")
EXPLICIT = re.compile(r"^(?P<text>.+?)\s*<(?P<target>[^>]+)>$", re.S)

# What CommonMark would print as it stands: the pattern, and what the author should do instead.
UNKNOWN = (
    (re.compile(r"!\["), "pictures come from code cells, so that they have one style and a text alternative"),
    (re.compile(r"\[\^"), "footnotes do not exist in JupyterLab: put the remark in the text"),
    (re.compile(r"^%"), "a % comment would be printed in the notebook: delete it"),
    (re.compile(r"^:\s"), "definition lists do not exist in JupyterLab: use a list"),
    (re.compile(r"\\begin\{"), "mathematics stands between $$ and $$, with aligned inside it"),
    (re.compile(r"\]\((?:#|[^)\s]*\.(?:md|ipynb)\b)"), "link to other places of the book with {ref} or {doc}"),
    (re.compile(r"\{\{"), "substitutions are not translated"),
)


@dataclass
class Labels:
    """What the labels of one lesson stand for, collected in a first pass and read in a second."""

    section: int
    equations: int = 0
    statements: int = 0
    names: dict[str, str] = field(default_factory=dict)  # "eq:gan-value" -> "(3.1)"


Resolve = Callable[[str, str, int], str]  # (role, body, line) -> text


class Translator:
    """Translates the Markdown cells of one lesson in their order, counting equations and statements as Sphinx does."""

    def __init__(self, path: Path, labels: Labels, resolve: Resolve) -> None:
        self.path, self.labels, self.resolve = path, labels, resolve

    def translate(self, source: str, line: int) -> str:
        """The notebook's Markdown for one cell that starts at `line` of the lesson."""
        return "\n".join(self._blocks(source.split("\n"), line)).strip("\n")

    def _fail(self, line: int, message: str) -> LessonError:
        return LessonError(self.path, line, message)

    def _define(self, key: str, text: str, line: int) -> None:
        if key in self.labels.names:
            raise self._fail(line, f"the label {key.split(':', 1)[1]!r} is defined twice")
        self.labels.names[key] = text

    def _blocks(self, lines: list[str], first: int) -> list[str]:
        out: list[str] = []
        plain: list[str] = []

        def flush(end: int) -> None:
            if plain:
                out.extend(self._text("\n".join(plain), first + end - len(plain)).split("\n"))
                plain.clear()

        i = 0
        while i < len(lines):
            line, here = lines[i], first + i
            if fence := FENCE.match(line):
                flush(i)
                if fence["info"].strip().startswith("{"):
                    raise self._fail(here, f"directives are written with colons, and few exist; not {line.strip()!r}")
                close = re.compile(rf"^\s*{fence['mark'][0]}{{{len(fence['mark'])},}}\s*$")
                end = next((j for j in range(i + 1, len(lines)) if close.match(lines[j])), None)
                if end is None:
                    raise self._fail(here, "this code block is not closed")
                out.extend(lines[i : end + 1])
                i = end + 1
            elif colons := COLONS.match(line):
                flush(i)
                end = self._closing(lines, i, colons, here)
                out.extend(self._directive(colons["name"], colons["title"] or "", lines[i + 1 : end], here))
                i = end + 1
            elif display := DISPLAY.match(line):
                flush(i)
                end, text = self._equation(lines, i, display, here)
                out.extend(text)
                i = end + 1
            elif QUOTED.match(line):
                flush(i)
                quoted: list[str] = []
                while i < len(lines) and (inside := QUOTED.match(lines[i])):
                    quoted.append(inside["text"])
                    i += 1
                inner = _one_line_displays(self._blocks(quoted, here))
                out.extend(f"> {text}".rstrip() for text in inner)
            elif target := TARGET.match(line):
                flush(i)
                following = next((text for text in lines[i + 1 :] if text.strip()), "")
                heading = HEADING.match(following)
                if heading is None:
                    raise self._fail(here, "a label (name)= belongs right before a heading")
                self._define(f"ref:{target['label']}", heading["text"], here)
                i += 1
            else:
                plain.append(line)
                i += 1
        flush(len(lines))
        return out

    def _closing(self, lines: list[str], start: int, opening: re.Match[str], here: int) -> int:
        if opening["name"] is None:
            raise self._fail(here, "these colons close nothing")
        for j in range(start + 1, len(lines)):
            other = COLONS.match(lines[j])
            if other and other["name"] is None and len(other["mark"]) == len(opening["mark"]):
                return j
        raise self._fail(here, f"{{{opening['name']}}} is not closed by {opening['mark']}")

    def _directive(self, name: str, title: str, lines: list[str], here: int) -> list[str]:
        options: dict[str, str] = {}
        body, start = list(lines), here + 1
        while body and (option := OPTION.match(body[0])):
            options[option["key"]] = option["value"]
            body, start = body[1:], start + 1
        title = self._text(title, here) if title else ""
        kind = name.removeprefix("prf:")
        allowed = {"label"} if name.startswith("prf:") and kind in STATEMENTS else set()
        if unknown := set(options) - allowed:
            raise self._fail(here, f"{{{name}}} takes no option :{min(unknown)}: in a lesson")

        if name in ADMONITIONS:
            if title:
                raise self._fail(here, f"{{{name}}} takes no title, the book would run it into the text")
            lead = f"**{name.capitalize()}.**"
        elif name.startswith("prf:") and kind in STATEMENTS:
            self.labels.statements += 1
            number = f"{kind.capitalize()} {self.labels.section}.{self.labels.statements}"
            if "label" in options:
                self._define(f"prf:{options['label']}", number, here)
            lead = f"**{number}**" + (f" ({title})." if title else ".")
        elif name == "prf:proof":
            if title:
                raise self._fail(here, "{prf:proof} takes no title")
            lead = "*Proof.*"
        elif name == "dropdown":
            if not title or re.search(r"[*`]", title):
                raise self._fail(here, "{dropdown} needs a title in plain words, without * or back ticks")
            inner = self._blocks(body, start)
            return ["<details>", f"<summary>{title}</summary>", "", *_trim(inner), "", "</details>"]
        else:
            raise self._fail(here, f"{{{name}}} is not among the directives of a lesson (see book/tools/myst.py)")

        inner = _trim(self._blocks(body, start))
        if name == "prf:proof" and inner:
            if inner[-1].rstrip().endswith(("$$", "```")):
                inner += ["", "∎"]
            else:
                inner[-1] += " ∎"
        # A paragraph continues the opening words; a list, a formula or a quotation starts its own.
        runs_on = bool(inner) and not re.match(r"\s*([-*+>|]|\d+[.)]|\$\$|```|<|#)", inner[0])
        quoted = [f"{lead} {inner[0]}", *inner[1:]] if runs_on else [lead, "", *inner]
        return [f"> {line}".rstrip() for line in _one_line_displays(quoted)]

    def _equation(self, lines: list[str], start: int, opening: re.Match[str], here: int) -> tuple[int, list[str]]:
        body: list[str] = []
        for j in range(start, len(lines)):
            rest = opening["rest"] if j == start else lines[j]
            if end := DISPLAY_END.match(rest):
                body.append(end["body"])
                label = end["label"]
                break
            if "$$" in rest:
                raise self._fail(here, "only (label) may follow a formula that closes with $$")
            body.append(rest)
        else:
            raise self._fail(here, "this formula is not closed by $$")
        if any(re.search(r"(?<!\\)%", text) for text in body):
            raise self._fail(here, "no % comment inside a formula")
        if not any(text.strip() for text in body):
            raise self._fail(here, "this formula is empty")
        if any(r"\tag" in text or r"\label" in text for text in body):
            raise self._fail(here, "a formula is numbered by $$ (label), not by \\tag or \\label")
        if label is not None:
            self.labels.equations += 1
            number = f"{self.labels.section}.{self.labels.equations}"
            self._define(f"eq:{label}", f"({number})", here)
            body.append(f"\\tag{{{number}}}")
        indent = opening["indent"]
        inner = [text.strip() for text in body if text.strip()]
        return j, [f"{indent}$$", *(indent + text for text in inner), f"{indent}$$"]

    def _text(self, text: str, first: int) -> str:
        """Ordinary text: roles are replaced, code spans are kept, what CommonMark does not know is refused."""
        out: list[str] = []
        done = 0
        for span in SPAN.finditer(text):
            out.append(self._plain(text, done, span.start(), first))
            line = first + text.count("\n", 0, span.start())
            if span["role"] is None:
                out.append(span[0])
            else:
                out.append(self.resolve(span["role"], " ".join(span["body"].split()), line))
            done = span.end()
        out.append(self._plain(text, done, len(text), first))
        return "".join(out)

    def _plain(self, text: str, start: int, end: int, first: int) -> str:
        piece = text[start:end]
        offset = first + text.count("\n", 0, start)
        for i, line in enumerate(piece.split("\n")):
            for pattern, remedy in UNKNOWN:
                # "^" means the start of a line of the lesson, not of what follows a code span.
                at_start = i > 0 or start == 0 or text[start - 1] == "\n"
                if pattern.pattern.startswith("^") and not at_start:
                    continue
                if pattern.search(INLINE_MATH.sub("", line)):
                    raise self._fail(offset + i, remedy)
        return piece


def _trim(lines: list[str]) -> list[str]:
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def _one_line_displays(lines: list[str]) -> list[str]:
    """Formulas on one line: JupyterLab lifts `$$...$$` out before it strips the `>` of a block quote, so that a
    formula over several lines would be typeset with greater-than signs in it."""
    out: list[str] = []
    pending: list[str] | None = None
    for line in lines:
        mark = line.strip() == "$$"
        if mark and pending is None:
            pending = [line]
        elif mark and pending is not None:
            out.append(" ".join([pending[0], *(text.strip() for text in pending[1:]), "$$"]))
            pending = None
        elif pending is not None:
            pending.append(line)
        else:
            out.append(line)
    return out
