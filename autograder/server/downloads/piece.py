"""One file of a download with what its name says: whose it is, which attempt, how the platform calls it."""

from dataclasses import dataclass
from datetime import datetime

from autograder.server.downloads.archive import Entry
from autograder.server.roster import Person


@dataclass(frozen=True)
class Piece:
    """A file that somebody handed in, or a text typed in the browser."""

    entry: Entry
    owner: str  # as the download calls them
    people: tuple[Person, ...]  # who of the roster this may be
    name: str  # the file's, as the student named it
    handle: str = ""  # Moodle's folder or prefix, Canvas's name of the file
    folder: bool = True
    order: int = 0  # of two attempts the later one has the greater
    time: datetime | None = None
    typed: bool = False  # in the browser
    late: bool = False  # the platform says so
    hint: str = ""  # what to do when nobody fits
