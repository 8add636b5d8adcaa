"""When submissions came in: ``timestamps.csv`` beside the students' folders, and what nbgrader's exchange noted.

The table is the instructor's, from the forge or the learning platform: a time inside a submission proves nothing.
"""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from autograder.server.errors import BadInput, Unreadable
from autograder.server.intake import Found, read
from autograder.server.results import write
from autograder.server.tables import inert, live, parse_table
from autograder.server.times import month_comes_first, read_time, utc

_COLUMNS = ("student", "section", "timestamp")
Times = dict[tuple[str, str], datetime]
"""(student, section) -> when."""


def read_timestamps(directory: Path) -> Times:
    """The table ``timestamps.csv``; times that name no zone are UTC, as nbgrader reads them.

    Raises:
        BadInput: naming the row that can't be read.
    """
    path = directory / "timestamps.csv"
    if not path.exists() or not path.read_bytes().strip():
        return {}
    table = parse_table(path.read_bytes(), str(path))
    columns = [table.find(name) for name in _COLUMNS]
    if None in columns:
        raise BadInput(f"{path}: the columns are student,section,timestamp, not {', '.join(table.names())[:200]}.")
    rows = [[table.cell(row, column) for column in columns] for row in range(len(table.rows))]
    month_first = month_comes_first(row[2] for row in rows)
    times: Times = {}
    for number, (student, section, text) in enumerate(rows, 2):
        if not text:
            continue
        try:
            when = read_time(text, UTC, month_first)
        except ValueError as error:
            raise BadInput(f"{path}, row {number} ({live(student)}): {error}.") from None
        times[live(student), section] = when
    return times


def write_timestamps(directory: Path, times: Times) -> None:
    """Write the table, in a form that no spreadsheet takes for a number or a formula."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(_COLUMNS)
    table.writerows([inert(student), section, utc(when)] for (student, section), when in sorted(times.items()))
    write(directory / "timestamps.csv", written.getvalue())


def known_times(directory: Path, found: Iterable[Found]) -> tuple[dict[tuple[str, str], str], list[str]]:
    """When each submission came in, as nbgrader wants it, and what is odd about the table.

    Where the table has no row, a ``timestamp.txt`` beside the notebook counts: nbgrader's collect puts it there.
    """
    found = list(found)
    times = read_timestamps(directory)
    here = {(f.student, f.section) for f in found}
    unknown = sorted({student for student, _ in times} - {student for student, _ in here})
    noted = 0
    remarks = [f"timestamps.csv names {student!r}, who is not in {directory}." for student in unknown]
    for f in found:
        if (f.student, f.section) in times or f.reason:
            continue
        try:
            text = read(directory, f.student, f.section, "timestamp.txt")
            times[f.student, f.section] = read_time(text, UTC)
            noted += 1
        except Unreadable:
            continue
        except ValueError:
            remarks.append(f"{f.student}/{f.section}/timestamp.txt holds no time, so none is known.")
    if noted:
        remarks.append(
            f"{noted} times are those of a timestamp.txt beside the notebook, as nbgrader's collect puts it."
        )
    return {key: utc(when) for key, when in times.items() if key in here}, remarks
