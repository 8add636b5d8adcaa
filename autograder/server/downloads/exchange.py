"""nbgrader's own exchange: ``submitted/ID/SECTION/`` after its collect, ``inbound/ID+SECTION+TIME+…/`` before it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from autograder.server.downloads.archive import Entry
from autograder.server.downloads.piece import Piece
from autograder.server.errors import Unreadable
from autograder.server.roster import Roster
from autograder.server.times import read_time

_OWN = ("timestamp.txt", "submission_secret.txt")


def from_exchange(files: list[Entry], roster: Roster, section: str) -> Iterator[Piece]:
    """Whose each file of a section is, and when nbgrader took it in; files of other sections are none."""
    inbound = re.compile(rf"(?P<owner>.+)\+{re.escape(section)}\+(?P<time>[^+]+)(?:\+.*)?")
    times = {entry.parts[:-1]: _time(entry) for entry in files if entry.name == "timestamp.txt"}
    for entry in files:
        if len(entry.parts) < 2 or entry.name in _OWN:
            continue
        match = inbound.fullmatch(entry.parts[-2])
        if not match and (len(entry.parts) < 3 or entry.parts[-2] != section):
            continue
        owner = match["owner"] if match else entry.parts[-3]
        time = times.get(entry.parts[:-1])
        yield Piece(entry, owner, tuple(roster.by_id(owner)), entry.name, time=time)


def _time(entry: Entry) -> datetime | None:
    try:
        return read_time(entry.read().decode("utf-8"), UTC)
    except (Unreadable, ValueError):
        return None
