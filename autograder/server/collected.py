"""What was collected of a section, and from whom: the memory that grading and giving back need.

DIR/.collected/SECTION.json     the `Index`
DIR/.collected/SECTION.roster   the roster, byte for byte
DIR/.collected/SECTION.csv      the same for people: who handed in what, who did not, what was left out and why

`grade` keeps a copy of the folder in OUT/collected.
"""

import csv
import io
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from autograder.server.errors import BadInput
from autograder.server.results import write
from autograder.server.tables import inert

FOLDER = ".collected"
NOTHING = "No submission."
"""The reason of who handed in nothing."""


class Student(BaseModel):
    """One student of the class and what came from them."""

    name: str = ""
    email: str = ""
    row: str = ""  # of the roster, for marks
    handle: str = ""  # Moodle's folder or prefix, Canvas's name of the file: for feedback
    folder: bool = True  # whether the handle is a folder
    files: list[str] = []  # what they handed in, by the names in the download
    taken: str = ""  # the one that is graded
    time: datetime | None = None
    order: list[int] = []  # tells a later attempt from an earlier one where there are no times
    reason: str = ""  # why nothing can be graded; nothing when something can
    absent: bool = False  # nothing was handed in at all


class LeftOut(BaseModel):
    """A part of the download that belongs to nobody, or not to one student."""

    what: str
    reason: str


class Index(BaseModel):
    """A section's download, student by student."""

    section: str
    platform: str
    roster: str = ""  # whose file the roster is
    column: str = ""  # of Canvas's gradebook
    students: dict[str, Student] = {}
    left_out: list[LeftOut] = []


def read_index(folder: Path, section: str) -> Index | None:
    """What was collected of a section into this folder; None when nothing was.

    Raises:
        BadInput: when somebody has edited it.
    """
    path = folder / f"{section}.json"
    try:
        return Index.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        raise BadInput(f"{path} can't be read; collect the section again, or delete the file.") from None


def read_roster_copy(folder: Path, section: str) -> bytes:
    """The roster as it was given, or nothing."""
    path = folder / f"{section}.roster"
    return path.read_bytes() if path.exists() else b""


def write_index(folder: Path, index: Index, roster: bytes) -> None:
    """Keep what was collected."""
    write(folder / f"{index.section}.roster", roster)
    write(folder / f"{index.section}.csv", listing(index))
    write(folder / f"{index.section}.json", index.model_dump_json(indent=1))


def listing(index: Index) -> str:
    """The index as a table for people."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(["student", "name", "file", "time", "reason"])
    for id, student in sorted(index.students.items()):
        time = f"{student.time:%Y-%m-%d %H:%M:%S} UTC" if student.time else ""
        table.writerow([inert(id), inert(student.name), inert(student.taken), time, inert(student.reason)])
    for part in index.left_out:
        table.writerow(["", "", inert(part.what), "", inert(part.reason)])
    return written.getvalue()


def keep(directory: Path, out: Path) -> None:
    """Copy what is known of a collected folder into OUT, where the reports find it."""
    for path in sorted((directory / FOLDER).glob("*.*")):
        if path.suffix in (".json", ".roster", ".csv") and path.is_file():
            write(out / "collected" / path.name, path.read_bytes())
