"""Citations as plain text, for notebooks: "Goodfellow et al. (2014)" from `book/references.bib`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pybtex.database import BibliographyData, Entry, Person, parse_file


@cache
def bibliography(path: Path) -> BibliographyData:
    """The entries of a BibTeX file; an absent file has none."""
    return parse_file(str(path), bib_format="bibtex") if path.is_file() else BibliographyData()


def _surname(person: Person) -> str:
    return " ".join([*person.prelast_names, *person.last_names]).replace("{", "").replace("}", "")


def _authors(entry: Entry) -> str:
    names = [_surname(person) for person in entry.persons.get("author", entry.persons.get("editor", []))]
    if not names:
        return entry.fields.get("title", "Anonymous").replace("{", "").replace("}", "")
    if len(names) == 1:
        return names[0]
    return f"{names[0]} and {names[1]}" if len(names) == 2 else f"{names[0]} et al."


def _address(entry: Entry) -> str | None:
    """Where the work can be read."""
    if "url" in entry.fields:
        return entry.fields["url"]
    if "doi" in entry.fields:
        return f"https://doi.org/{entry.fields['doi']}"
    if entry.fields.get("archiveprefix", "").lower() == "arxiv":
        return f"https://arxiv.org/abs/{entry.fields['eprint']}"
    return None


def cite(entry: Entry, parenthetical: bool) -> str:
    """One citation, linked to the work if its entry says where it is: textual `A and B (2014)`, else `A and B, 2014`."""
    year = entry.fields.get("year", "n.d.")
    text = f"{_authors(entry)}, {year}" if parenthetical else f"{_authors(entry)} ({year})"
    address = _address(entry)
    return f"[{text}]({address})" if address else text
