"""Tables that spreadsheets and learning platforms write, read whatever their dialect and given back in the same one.

A file is kept as it was, cell by cell, quotation marks included: what nobody changes is the same bytes again.
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass, replace

from autograder.server.errors import BadInput

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass
class Table:
    """A table and how it was written. ``rows`` hold cells as they stand in the file; `cell` is what they say."""

    heading: list[str]
    rows: list[list[str]]
    encoding: str
    delimiter: str
    newline: str
    before: str  # a byte-order mark, a first line "sep=;"
    ended: bool = True  # whether the last line is

    def cell(self, row: int, column: int | None) -> str:
        """What a cell says, without quotation marks and space around it; nothing where there is none."""
        cells = self.rows[row]
        return _unquoted(cells[column]).strip() if column is not None and column < len(cells) else ""

    def put(self, row: int, column: int, text: str) -> None:
        """Change a cell; its neighbours stay what they are."""
        cells = self.rows[row]
        cells += [""] * (column + 1 - len(cells))
        cells[column] = _quoted(text, self.delimiter)

    def only(self, columns: list[int]) -> "Table":
        """The same table with some of its columns."""
        rows = [[cells[c] if c < len(cells) else "" for c in columns] for cells in self.rows]
        heading = [self.heading[c] for c in columns]
        return replace(self, heading=heading, rows=rows)

    def data(self) -> bytes:
        """The file."""
        lines = [self.delimiter.join(cells) for cells in (self.heading, *self.rows)]
        return (self.before + self.newline.join(lines) + self.newline * self.ended).encode(self.encoding)

    def find(self, *words: str) -> int | None:
        """The number of the first column that is called one of these words, in whatever case and accents."""
        known = {letters(word) for word in words}
        return next((i for i, name in enumerate(self.heading) if letters(_unquoted(name)) in known), None)

    def has(self, words: tuple[str, ...]) -> bool:
        """Whether a column is called one of these words."""
        return self.find(*words) is not None

    def names(self) -> list[str]:
        """What the columns are called."""
        return [_unquoted(name).strip() for name in self.heading]


def parse_table(data: bytes, name: str) -> Table:
    """Read a table: UTF-8, UTF-16 or Windows' encoding; commas, semicolons or tabs; any line ends.

    Raises:
        BadInput: naming the file, and the line where it is no table.
    """
    text, encoding, before = _decode(data)
    if match := re.match(r"sep=(.)(\r\n|\n|\r)", text):  # Excel's own way to say which delimiter follows
        before, text = before + match.group(), text[match.end() :]
    first = re.sub(r'"(?:[^"]|"")*"', "", text).split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    newline = "\r\n" if "\r\n" in text else "\r" if "\r" in text and "\n" not in text else "\n"
    rows = _records(text, delimiter, name)
    rows = [cells for cells in rows if any(_unquoted(cell).strip() for cell in cells)]
    if not rows:
        raise BadInput(f"{name} is empty.")
    return Table(rows[0], rows[1:], encoding, delimiter, newline, before, text.endswith(("\n", "\r")))


def _decode(data: bytes) -> tuple[str, str, str]:
    """The text, its encoding, and the mark before it."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace"), encoding, "\ufeff"
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding), encoding, ""
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1", ""


def _records(text: str, delimiter: str, name: str) -> list[list[str]]:
    """Cells as they are written, quotation marks included."""
    one = re.compile(rf'[ ]*"(?:[^"]|"")*"[ ]*|[^{delimiter}\r\n"][^{delimiter}\r\n]*|')
    end = re.compile(rf"{delimiter}|\r\n|\n|\r|\Z")
    rows: list[list[str]] = [[]]
    at = 0
    while at <= len(text):
        found = one.match(text, at)
        assert found  # the pattern matches nothing at all, too
        after = end.match(text, found.end())
        if not after:
            line = text.count("\n", 0, at) + 1
            raise BadInput(f"{name}, line {line}: a quotation mark is open, or there is text after a closed one.")
        rows[-1].append(found.group())
        at = after.end()
        if after.group() != delimiter:
            rows.append([])
            if not after.group():
                break
    return rows


def _unquoted(cell: str) -> str:
    inner = cell.strip(" ")
    return inner[1:-1].replace('""', '"') if len(inner) > 1 and inner[0] == inner[-1] == '"' else cell


def _quoted(text: str, delimiter: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(rf'[{delimiter}"\r\n]', text) else text


def letters(name: str) -> str:
    """A name or a heading without what people and systems write differently: case, accents' encoding, punctuation.

    Marks stay, as Hindi and Thai need them; in Latin letters é is é whether it is one character or two.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(c for c in folded if unicodedata.category(c)[0] in "LMN")


def inert(text: str) -> str:
    """A cell for our own tables that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def live(text: str) -> str:
    """What `inert` was given."""
    return text[1:] if text.startswith("'") and text[1:].lstrip(" ").startswith(_FORMULA) else text
