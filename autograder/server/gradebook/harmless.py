"""Nothing of a submission may run in a browser, whoever renders it: its Markdown is made harmless where it is rebuilt.

nbgrader's templates, JupyterLab and other viewers render Markdown in their own ways, some with the HTML inside. So the
text itself is changed until no reading of it gives markup that acts: a space goes between the two characters that
would begin a tag, an entity, a picture or a link that leads anywhere but to a web page, and the commands of MathJax
that make links, styles or other commands lose their backslash. Words, code, lists, tables and formulas stay.
"""

import base64
import binascii
import re
from typing import Any

from nbformat import NotebookNode

LONGEST = 20_000
"""Characters of one cell that are shown: programs that render Markdown or colour code take the square of it in time."""

SHOWN = 200_000
"""Characters of one submission that are shown."""

_PICTURES = {  # how a picture of a kind begins; SVG is a program
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
}
_LARGEST = 5 << 20  # bytes of one picture
_MOST = 10  # pictures of one cell

_COMMANDS = "|".join(
    "href url style class cssId unicode require mmlToken bbox data html htmlClass htmlData htmlId htmlStyle csname "
    "def gdef edef let newcommand renewcommand providecommand newenvironment renewenvironment includegraphics "
    "DeclareMathOperator action toggle texttip mathtip tooltip kern mkern raise lower moveleft moveright llap rlap "
    "rule Rule Space".split()
)
_PICTURE = re.compile(r"!\[([^\[\]\n]*)\]\(attachment:([\w.-]+)\)")
_RULES = [
    (re.compile(r"<(?=[A-Za-z/!?])"), "< "),  # a tag, a comment, an address in angle brackets
    (re.compile(r"&(?=#|[A-Za-z][A-Za-z0-9]*;)"), "& "),  # an entity, which could stand for any of the other characters
    (re.compile(r"!\["), "! ["),
    (re.compile(r"\]\((?!https?://[^\s()<>\"'\\]+\))"), "] ("),
    (re.compile(r"\]:"), "] :"),  # where a link leads, said elsewhere
    (re.compile(rf"\\+(?=(?:{_COMMANDS})(?![A-Za-z]))"), ""),
    (re.compile(r"(`{3,}|~{3,})(?=[ \t{]*mermaid)", re.IGNORECASE), r"\1 text "),  # diagrams that a script draws
]


def harmless(text: str, pictures: frozenset[str] = frozenset()) -> str:
    """Markdown that no program can read as more than text, formulas and links to web pages.

    Arguments:
        pictures: the names of attached pictures that may be shown.
    """
    if len(text) > LONGEST:
        left = f"\n\n*(Cut here: the answer has {len(text)} characters, {LONGEST} are shown.)*"
        text = text[:LONGEST] + left
    shown, start = [], 0
    for picture in _PICTURE.finditer(text):
        if picture[2] in pictures:
            name = _harmless(picture[1])
            shown += [_harmless(text[start : picture.start()]), f"![{name}](attachment:{picture[2]})"]
            start = picture.end()
    return "".join([*shown, _harmless(text[start:])])


def _harmless(text: str) -> str:
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text


def real_pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """Those of a cell's attachments that are what they say: pictures made of dots, of reasonable size."""
    kept: dict[str, dict[str, str]] = {}
    for name, kinds in attachments.items() if isinstance(attachments, dict) else ():
        if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+", name) or not isinstance(kinds, dict):
            continue
        for kind, data in kinds.items():
            if len(kept) < _MOST and _is_picture(kind, data):
                kept[name] = {kind: "".join(data.split())}
    return kept


def _is_picture(kind: Any, data: Any) -> bool:
    if kind not in _PICTURES or not isinstance(data, str) or len(data) > _LARGEST * 4 // 3:
        return False
    try:
        return base64.b64decode("".join(data.split()), validate=True).startswith(_PICTURES[kind])
    except (binascii.Error, ValueError):
        return False


def make_harmless(cell: NotebookNode) -> None:
    """A student's Markdown cell, in place, with its pictures."""
    pictures = real_pictures(cell.pop("attachments", None))
    cell.source = harmless(cell.source, frozenset(pictures))
    if pictures:
        cell.attachments = NotebookNode({name: NotebookNode(kinds) for name, kinds in pictures.items()})


def cut(nb: NotebookNode, theirs: list[NotebookNode]) -> None:
    """Shorten what nobody would read: these cells of a notebook, each and all together, in place."""
    left = SHOWN
    for cell in theirs:
        most = min(LONGEST, left)
        if len(cell.source) > most:
            comment = f"(cut here: the cell has {len(cell.source)} characters, {most} are shown)"
            cell.source = (
                f"{cell.source[:most]}\n# {comment}" if cell.cell_type == "code" else f"{cell.source[:most]}\n"
            )
        left = max(0, left - len(cell.source))
