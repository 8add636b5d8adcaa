"""Moodle: an assignment's "download all submissions", in folders or not, with names or without.

``First Last_1234567_assignsubmission_file_/NAME``, ``First Last_1234567_assignsubmission_file_NAME``; a text typed in
the browser is ``…_assignsubmission_onlinetext_/onlinetext.html``. The number is of a participant of this assignment.
"""

import re
from collections.abc import Iterator

from autograder.server.downloads.archive import Entry
from autograder.server.downloads.piece import Piece
from autograder.server.roster import Kind, Roster

_NAME = re.compile(r"(?P<owner>.*?)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?", re.DOTALL)


def from_moodle(files: list[Entry], roster: Roster) -> Iterator[Piece | Entry]:
    """Whose each file is; files that are not named in Moodle's way come back as they are."""
    for entry in files:
        at, match = next(
            ((i, match) for i, part in enumerate(entry.parts) if (match := _NAME.fullmatch(part))), (0, None)
        )
        if not match:
            yield entry
            continue
        inside = entry.parts[at + 1 :]
        prefix = entry.parts[at][: match.start("file")] if match["file"] and not inside else entry.parts[at]
        people = roster.owner(match["number"], match["owner"], Kind.WORKSHEET)
        hint = "" if roster.kind is Kind.WORKSHEET else "; Moodle's grading worksheet names everybody"
        name = inside[-1] if inside else match["file"] or ""
        yield Piece(
            entry, f"{match['owner']} ({match['number']})", tuple(people), name,
            handle=prefix, folder=bool(inside), typed=match["kind"] != "file", hint=hint,
        )  # fmt: skip
