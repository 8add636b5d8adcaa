"""Citations as plain text, for notebooks: "Goodfellow et al. (2014)" from `book/references.bib`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pybtex.database import BibliographyData, Entry, Person, parse_file
from pybtex.richtext import Text


@cache
def bibliography(path: Path) -> BibliographyData:
    """The entries of a BibTeX file; an absent file has none."""
    return parse_file(str(path), bib_format="bibtex") if path.is_file() else BibliographyData()


def _surname(person: Person) -> str:
    return _bare(" ".join([*(person.prelast_names or []), *(person.last_names or [])]))


def _bare(text: str) -> str:
    """What TeX would print of it: no braces, and accents where they belong."""
    return str(Text.from_latex(text))


def _fields(entry: Entry) -> Mapping[str, str]:
    return entry.fields or {}


def _authors(entry: Entry) -> str:
    people: Mapping[str, list[Person]] = entry.persons or {}
    names = [_surname(person) for person in people.get("author", people.get("editor", []))]
    if not names:
        return _bare(_fields(entry).get("title", "Anonymous"))
    if len(names) == 1:
        return names[0]
    return f"{names[0]} and {names[1]}" if len(names) == 2 else f"{names[0]} et al."


def _address(entry: Entry) -> str | None:
    """Where the work can be read."""
    fields = _fields(entry)
    if "url" in fields:
        return fields["url"]
    if "doi" in fields:
        return f"https://doi.org/{fields['doi']}"
    if fields.get("archiveprefix", "").lower() == "arxiv":
        return f"https://arxiv.org/abs/{fields['eprint']}"
    return None


def cite(entry: Entry, parenthetical: bool) -> str:
    """One citation, linked to the work if its entry says where that is: `A and B (2014)`, or `A and B, 2014`."""
    year = _fields(entry).get("year", "n.d.")
    text = f"{_authors(entry)}, {year}" if parenthetical else f"{_authors(entry)} ({year})"
    address = _address(entry)
    return f"[{text}]({address})" if address else text
