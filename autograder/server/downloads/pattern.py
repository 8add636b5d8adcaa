"""Any other download: a folder per student, or a regular expression as nbgrader's zip_collect takes it."""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo

from autograder.server.downloads.archive import Entry
from autograder.server.downloads.piece import Piece
from autograder.server.errors import BadInput
from autograder.server.roster import Person, Roster
from autograder.server.times import read_time

_GROUPS = {"student_id", "timestamp", "file_id", "first_name", "last_name", "email"}


def from_files(files: list[Entry], roster: Roster, pattern: str, zone: tzinfo | None) -> Iterator[Piece | Entry]:
    """Whose each file is; files that belong to nobody's folder, or don't match, come back as they are."""
    if not pattern:
        yield from _by_folder(files, roster)
        return
    try:
        named = re.compile(pattern)
    except re.error as error:
        raise BadInput(f"The pattern is no regular expression: {error}.") from None
    groups = set(named.groupindex)
    if not groups & {"student_id", "email", "first_name", "last_name"} or groups - _GROUPS:
        raise BadInput(
            f"The pattern needs the group student_id, email or first_name and last_name, and may have timestamp and "
            f"file_id; it has {', '.join(sorted(groups)) or 'none'}."
        )
    for entry in files:
        match = named.match(entry.path) or named.match(entry.name)
        if not match:
            yield entry
            continue
        said = {group: match.groupdict().get(group) or "" for group in _GROUPS}
        full = f"{said['first_name']} {said['last_name']}".strip()
        people = roster.by_id(said["student_id"]) or roster.by_id(said["email"]) or roster.by_name(full)
        name = said["file_id"].rpartition("/")[2] or entry.name
        if not re.search(r"\.\w+$", name):
            name += re.search(r"(\.\w+)?$", entry.name)[0]  # type: ignore[index]
        owner = said["student_id"] or said["email"] or full
        yield Piece(entry, owner, tuple(people), name, time=_time(said["timestamp"], entry, zone))


def _time(text: str, entry: Entry, zone: tzinfo | None) -> datetime | None:
    try:
        return read_time(text, zone) if text else None
    except ValueError as error:
        raise BadInput(f"The pattern finds no time in {entry.path}: {error}.") from None


def _by_folder(files: list[Entry], roster: Roster) -> Iterator[Piece | Entry]:
    """ILIAS and others: the first folder on the way to a file that is called like somebody."""
    for entry in files:
        people, owner = next(((p, part) for part in entry.parts[:-1] if (p := _called(part, roster))), ([], ""))
        if people:
            yield Piece(entry, owner, tuple(people), entry.name)
        elif len(entry.parts) > 1:
            yield Piece(entry, entry.parts[0], (), entry.name)
        else:
            yield entry


def _called(folder: str, roster: Roster) -> list[Person]:
    found = roster.by_id(folder) or roster.by_name(folder.replace("_", " "))
    if not found:
        found = [person for word in re.split(r"[_\s]+", folder) for person in roster.by_id(word)]
    return list({person.id: person for person in found}.values())
