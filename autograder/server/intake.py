"""Get hold of what students handed in without believing any of it.

A submission folder may hold links to other people's files, pipes that never end, 200 MB of noise or no notebook at all.
Whatever is not a readable notebook becomes a sentence, and the sentence a scored 0; it never stops the batch.
"""

import csv
import os
import re
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.server.errors import BadInput, Unreadable

_MAX_FILE = 20 << 20  # a notebook with its pictures; none of the course's is above 1 MB
_STUDENT = re.compile(r"\w[\w@. -]*", re.UNICODE)  # what nbgrader can use as the name of a folder


@dataclass(frozen=True, order=True)
class Found:
    """One submission as it lies on the disk: ``directory/student/section/section.ipynb``."""

    student: str
    section: str
    directory: Path

    def read(self) -> str:
        """The notebook's text, or `Unreadable`."""
        return read(self.directory, self.student, self.section, f"{self.section}.ipynb")


def find(directory: Path, sections: list[str]) -> list[Found]:
    """Every student's folder of every known section, sorted; nbgrader's own layout."""
    if not directory.is_dir():
        raise BadInput(f"There is no folder {directory}.")
    found = []
    for student in sorted(entry.name for entry in os.scandir(directory) if entry.is_dir(follow_symlinks=False)):
        handed_in = [section for section in sections if os.path.lexists(directory / student / section)]
        if handed_in and not _STUDENT.fullmatch(student):
            raise BadInput(
                f"Rename the folder {student!r}: a student's name is made of letters, digits, space, @ . _ -"
            )
        found += [Found(student, section, directory) for section in handed_in]
    if not found:
        known = ", ".join(sections)
        raise BadInput(
            f"No submissions in {directory}: it should hold STUDENT/SECTION/SECTION.ipynb, SECTION of {known}."
        )
    return found


def read(directory: Path, *parts: str) -> str:
    """The text of a regular file below a directory, through no link and of no surprising size."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts:
            # O_NONBLOCK: opening a pipe must not wait for somebody to write into it.
            inner = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(f"{parts[-1]} is not a regular file.")
        if status.st_size > _MAX_FILE:
            raise Unreadable(f"{parts[-1]} has {status.st_size >> 20} MB; at most {_MAX_FILE >> 20} are read.")
        with open(descriptor, "rb", closefd=False) as stream:
            data = stream.read(_MAX_FILE + 1)
    except FileNotFoundError:
        raise Unreadable(f"There is no {parts[-1]}.") from None
    except OSError as error:  # a link (ELOOP), or a file where a folder should be
        raise Unreadable(f"{parts[-1]} can't be read: {os.strerror(error.errno or 0)}.") from None
    finally:
        os.close(descriptor)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable(f"{parts[-1]} is not UTF-8 text.") from None
    if "\0" in text:
        raise Unreadable(f"{parts[-1]} contains NUL characters.")
    return text


def timestamps(directory: Path) -> dict[tuple[str, str], str]:
    """When each submission came in, from ``timestamps.csv`` beside the students' folders (student,section,timestamp).

    The instructor's file, from the forge or the learning platform: a time inside a submission proves nothing.
    """
    path = directory / "timestamps.csv"
    if not path.exists():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:  # spreadsheets put a mark before the first name
            rows = list(csv.DictReader(stream))
        return {
            (row["student"], row["section"]): datetime.fromisoformat(row["timestamp"]).isoformat(" ") for row in rows
        }
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: the columns are student,section,timestamp (ISO 8601); {error}.") from None
