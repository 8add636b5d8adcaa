"""Canvas: an assignment's "download submissions", and which column of its gradebook the marks belong to.

``lastfirst_USERID_FILEID_NAME``, ``lastfirst_LATE_USERID_FILEID_NAME``; a second upload of NAME.ipynb is NAME-1.ipynb.
"""

import re
from collections.abc import Iterator

from autograder.server.downloads.archive import Entry
from autograder.server.downloads.piece import Piece
from autograder.server.errors import BadInput
from autograder.server.roster import CANVAS_ASSIGNMENT, Kind, Roster
from autograder.server.tables import letters, parse_table

_NAME = re.compile(r"(?P<owner>.*?)_(?:(?P<late>LATE)_)?(?P<user>\d+)_(?P<order>\d+)_(?P<file>.+)", re.DOTALL)
_AGAIN = re.compile(r"-\d{1,3}(?=\.\w+$)")


def from_canvas(files: list[Entry], roster: Roster) -> Iterator[Piece | Entry]:
    """Whose each file is; files that are not named in Canvas's way come back as they are."""
    for entry in files:
        match = _NAME.fullmatch(entry.name)
        if not match:
            yield entry
            continue
        people = roster.owner(match["user"], match["owner"], Kind.CANVAS, Kind.NBGRADER)
        yield Piece(
            entry, f"{match['owner']} ({match['user']})", tuple(people), _AGAIN.sub("", match["file"]),
            handle=entry.name, folder=False, order=int(match["order"]), late=bool(match["late"]),
        )  # fmt: skip


def assignment_column(roster: Roster, section: str, wanted: str) -> str:
    """The heading in Canvas's gradebook that stands for a section; nothing when no heading does.

    Raises:
        BadInput: when the one that somebody wants is not there.
    """
    names = [name for name in parse_table(roster.data, "the roster").names() if CANVAS_ASSIGNMENT.fullmatch(name)]
    if wanted:
        if wanted not in names:
            raise BadInput(f"The gradebook has no assignment {wanted!r}; it has {'; '.join(names) or 'none'}.")
        return wanted
    number, _, title = section.partition("-")
    for key in (letters(section), letters(title)):
        found = [name for name in names if key in letters(name.rpartition("(")[0])]
        if len(found) == 1:
            return found[0]
    return names[0] if len(names) == 1 else ""
