"""When each section is due: ``dates.csv`` beside the students' folders, for the class, for one student, or not at all.

    section,student,due
    03-gan-minimax,,2027-03-01 18:00 +01:00
    03-gan-minimax,ada,2027-03-08 18:00 +01:00
    03-gan-minimax,ben,excused

A line without a student is for the class, one with a student for that one alone. A time without an offset is UTC.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from autograder.server.errors import BadInput

FILE = "dates.csv"
EXCUSED = "excused"


@dataclass(frozen=True)
class Dates:
    """Due dates in UTC: by section, and by (student, section) where one has another; and who is excused."""

    due: dict[str, datetime] = field(default_factory=dict)
    extended: dict[tuple[str, str], datetime] = field(default_factory=dict)
    excused: frozenset[tuple[str, str]] = frozenset()

    def strangers(self, students: Iterable[str]) -> list[str]:
        """Who has a date of their own and is none of these students: a slip of the pen, or somebody yet to come."""
        return sorted({student for student, _ in [*self.extended, *self.excused]} - set(students))


def read_dates(directory: Path, sections: list[str]) -> Dates:
    """The dates of a folder; none where it has no ``dates.csv``.

    Raises:
        BadInput: naming the line that can't be understood.
    """
    path = directory / FILE
    if not path.exists():
        return Dates()
    due, extended, excused = {}, {}, set()
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            table = csv.DictReader(stream, skipinitialspace=True)
            if set(table.fieldnames or ()) != {"section", "student", "due"}:
                raise BadInput(f"{path}: the columns are section,student,due.")
            rows = [(table.line_num, row) for row in table]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} is not a CSV file in UTF-8: {error}.") from None
    for line, row in rows:
        section, student, when = ((row[name] or "").strip() for name in ("section", "student", "due"))
        if section not in sections:
            raise BadInput(f"{path}, line {line}: there is no section {section!r}; there are {', '.join(sections)}.")
        if when.lower() == EXCUSED and student:
            excused.add((student, section))
        elif student:
            extended[student, section] = _moment(path, line, when)
        else:
            due[section] = _moment(path, line, when)
    for student, section in extended:
        if section not in due:
            raise BadInput(f"{path}: {student} has another date for {section}, but the class has none.")
    return Dates(due, extended, frozenset(excused))


def _moment(path: Path, line: int, words: str) -> datetime:
    """A time as nbgrader keeps it, in UTC and without saying so."""
    try:
        when = datetime.fromisoformat(words.replace(" +", "+").replace(" -", "-"))
    except ValueError:
        raise BadInput(
            f"{path}, line {line}: {words!r} is no time such as 2027-03-01 18:00 +01:00, nor {EXCUSED} for one student."
        ) from None
    return when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when
