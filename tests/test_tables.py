"""Tables of spreadsheets and platforms: read whatever their dialect, and given back in the same one."""

from __future__ import annotations

import pytest

from autograder.server.errors import BadInput
from autograder.server.tables import inert, letters, live, parse_table

ROWS = [["name", "Größe in €"], ['O"Neil, "Ada"', "1,5"], ["zwei\nZeilen", ""]]


def written(delimiter: str, newline: str, encoding: str, before: str = "") -> bytes:
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in ROWS]
    return (before + "".join(delimiter.join(row) + newline for row in quoted)).encode(encoding)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("encoding", "before"), [
    ("utf-8", ""), ("utf-8", "\ufeff"), ("cp1252", ""), ("utf-16-le", "\ufeff"), ("utf-16-be", "\ufeff"),
])  # fmt: skip
def test_every_dialect_is_read_and_given_back(delimiter, newline, encoding, before):
    data = written(delimiter, newline, encoding, before)
    table = parse_table(data, "x.csv")
    assert table.names() == ROWS[0]
    assert [[table.cell(row, column) for column in (0, 1)] for row in (0, 1)] == ROWS[1:]
    assert table.data() == data
    table.put(0, 1, f"2{delimiter}5")
    (changed,) = (line for line in table.data().decode(encoding).split(newline) if "Ada" in line)
    assert changed == f'"O""Neil, ""Ada"""{delimiter}"2{delimiter}5"'
    assert parse_table(table.data(), "x.csv").cell(0, 1) == f"2{delimiter}5"


def test_what_nobody_changes_stays_the_same_bytes():
    """Needless quotation marks, a hint to Excel, no end of the last line."""
    data = b'sep=;\r\n"a";b\r\n"1";2\r\n3;"4"'
    table = parse_table(data, "x.csv")
    assert table.data() == data
    table.put(1, 0, "5")
    assert table.data() == b'sep=;\r\n"a";b\r\n"1";2\r\n5;"4"'
    assert table.only([1]).data() == b'sep=;\r\nb\r\n2\r\n"4"'


def test_short_and_empty_rows_are_no_trouble():
    table = parse_table(b"a,b,c\n1\n\n,,\n2,3,4\n", "x.csv")
    assert [table.cell(row, 2) for row in range(2)] == ["", "4"]
    table.put(0, 2, "x")
    assert table.data() == b"a,b,c\n1,,x\n2,3,4\n"


@pytest.mark.parametrize(
    ("data", "said"), [(b"", "is empty"), (b" \n,\n", "is empty"), (b'a,b\n"1,2\n', "line 2"), (b'a\n"b"c\n', "line 2")]
)
def test_what_is_no_table_is_a_sentence(data, said):
    with pytest.raises(BadInput, match=said):
        parse_table(data, "x.csv")


def test_a_column_is_found_by_any_of_its_words():
    table = parse_table("﻿E-Mail-Adresse,  Vollständiger Name\n".encode(), "x.csv")
    assert table.find("Full name", "vollständiger name") == 1 and table.find("Email address") is None
    assert table.has(("e-mail-adresse",)) and not table.has(("Status",))


def test_a_name_is_the_same_however_it_is_written():
    same = [("José", "Jose\u0301"), ("O'Neil-Smith", "O’Neil Smith"), ("MÜLLER", "müller"), ("Straße", "STRASSE")]
    assert all(letters(a) == letters(b) for a, b in same)
    assert letters("José") != letters("Jose") and letters("हिन्दी") != letters("हनद")


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-x", "@a", "\tb", "ada", "'ada", ""])
def test_no_cell_of_ours_is_a_formula(name):
    assert not inert(name).startswith(("=", "+", "-", "@", "\t")) and live(inert(name)) == name
