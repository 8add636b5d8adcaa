"""From a download to nbgrader's layout: each student's latest notebook, its time, and a word on everything else.

DIR/STUDENT/SECTION/SECTION.ipynb   what is graded
DIR/timestamps.csv                  when it came in
DIR/.collected/                     who is in the class, and what giving back needs (`autograder.server.collected`)
"""

import os
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path

from autograder.server import collected
from autograder.server.collected import Index, LeftOut, Student
from autograder.server.downloads.archive import Entry, entries, unpacked
from autograder.server.downloads.canvas import assignment_column, from_canvas
from autograder.server.downloads.exchange import from_exchange
from autograder.server.downloads.moodle import from_moodle
from autograder.server.downloads.pattern import from_files
from autograder.server.downloads.piece import Piece
from autograder.server.errors import BadInput, Unreadable
from autograder.server.results import write
from autograder.server.roster import Kind, Person, Roster, read_roster
from autograder.server.timestamps import read_timestamps, write_timestamps

PLATFORMS = ("moodle", "canvas", "nbgrader", "files")
"""What `gather` knows; the last is every other one."""

_DEPTH = 2  # zips in a zip that a student handed in


@dataclass
class Gathered:
    """What one download brought."""

    index: Index
    taken: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # the notebook collected earlier is the later attempt
    remarks: list[str] = field(default_factory=list)


def gather(
    platform: str,
    source: Path,
    section: str,
    roster_path: Path,
    out: Path,
    pattern: str = "",
    zone: tzinfo | None = None,
    column: str = "",
) -> Gathered:
    """Bring a download into ``out``; what was collected earlier stays unless this is a later attempt.

    Raises:
        BadInput: when the download or the roster is not what it should be; nothing is written then.
    """
    if pattern and platform != "files":
        raise BadInput(f"A pattern goes with files; {platform}'s own names are known.")
    roster = read_roster(roster_path, zone)
    files = entries(source)
    if not files:
        raise BadInput(f"{source} is empty.")
    before = collected.read_index(out / collected.FOLDER, section) or Index(section=section, platform=platform)
    times = read_timestamps(out)
    pieces, left_out = _sorted(_pieces(platform, files, roster, section, pattern, zone))
    if not pieces:
        why = f"{left_out[0].what}: {left_out[0].reason}" if left_out else f"it holds nothing of {section}"
        raise BadInput(f"Nothing in {source} belongs to anybody in {roster_path.name}. {why}")
    index = Index(section=section, platform=platform, roster=roster.kind, left_out=left_out)
    found = Gathered(index)
    if roster.kind is Kind.CANVAS:
        index.column = assignment_column(roster, section, column)
        if not index.column:
            found.remarks.append(
                f"No assignment of the gradebook is called like {section}, so marks can't be filled in; say which "
                'one it is with --column "TITLE (NUMBER)".'
            )
    elif column:
        raise BadInput("A column is of Canvas's gradebook, which the roster is not.")
    for person in roster.people:
        student = _take(person, pieces.get(person.id, []), section, before, out, times, found)
        index.students[person.id] = student
    for id, student in before.students.items():
        index.students.setdefault(id, student)  # no longer on the roster, still in the folder
    late = [id for id, own in pieces.items() if any(piece.late for piece in own)]
    if late and not any(student.time for student in index.students.values()):
        found.remarks.append(f"Marked as late by the platform, which says no times: {', '.join(sorted(late))}.")
    write_timestamps(out, times)
    collected.write_index(out / collected.FOLDER, index, roster.data)
    return found


def _pieces(platform: str, files: list[Entry], roster: Roster, section: str, pattern: str, zone: tzinfo | None):
    match platform:
        case "moodle":
            return from_moodle(files, roster)
        case "canvas":
            return from_canvas(files, roster)
        case "nbgrader":
            return from_exchange(files, roster, section)
        case "files":
            return from_files(files, roster, pattern, zone)
    raise BadInput(f"There is no platform {platform!r}; there are {', '.join(PLATFORMS)}.")


def _sorted(found) -> tuple[dict[str, list[Piece]], list[LeftOut]]:
    """Pieces by student, and one sentence for each owner who is nobody or more than one."""
    pieces: dict[str, list[Piece]] = defaultdict(list)
    left_out: dict[str, LeftOut] = {}
    for piece in found:
        if isinstance(piece, Entry):
            left_out[piece.path] = LeftOut(what=piece.path, reason="Its name says nothing about whose it is.")
        elif len(piece.people) == 1:
            pieces[piece.people[0].id].append(piece)
        elif not piece.people:
            left_out[piece.owner] = LeftOut(what=piece.owner, reason=f"Not on the roster{piece.hint}.")
        else:
            ids = ", ".join(person.id for person in piece.people)
            left_out[piece.owner] = LeftOut(what=piece.owner, reason=f"May be {ids}{piece.hint}.")
    return dict(pieces), list(left_out.values())


def _take(
    person: Person, pieces: list[Piece], section: str, before: Index, out: Path, times: dict, found: Gathered
) -> Student:
    """Put one student's notebook in its place, unless a later one is there; say what is known of them."""
    about = {"name": person.name, "email": person.email, "row": person.row}
    old = before.students.get(person.id)
    place = out / person.id / section / f"{section}.ipynb"
    if any(os.path.islink(path) for path in (place.parents[1], place.parent)):
        raise BadInput(f"{place.parent} is a link, into which nothing is written.")
    student, data = _latest(person, pieces, section)
    student = student.model_copy(update=about)
    had = old is not None and bool(old.taken)
    if data is None:
        if old and (had or not (pieces or old.absent)):
            if pieces:
                found.remarks.append(f"{person.id}: {student.reason} The notebook collected earlier stays.")
            return old.model_copy(update=about)
        return student
    if old and had and not _is_later(student, old):
        found.kept.append(person.id)
        return old.model_copy(update=about)
    if not had and place.exists() and place.read_bytes() != data:
        found.remarks.append(f"{person.id}: {place} was not collected and stays; delete it to take the new one.")
        return student.model_copy(update={"taken": "", "time": None, "reason": ""})
    write(place, data)
    if student.time:
        times[person.id, section] = student.time
    elif old and old.order != student.order and times.pop((person.id, section), None):
        found.remarks.append(f"{person.id}: this is another attempt, and no time is known of it; the old one is gone.")
    found.taken.append(person.id)
    return student


def _is_later(new: Student, old: Student) -> bool:
    """Whether an attempt comes after another one, or is the same."""
    if new.time and old.time and new.time != old.time:
        return new.time > old.time
    return new.order >= old.order


def _latest(person: Person, pieces: list[Piece], section: str) -> tuple[Student, bytes | None]:
    """The student's latest notebook, or why there is none."""
    if not pieces:
        when = f" The roster has a time for one, {person.time:%Y-%m-%d %H:%M} UTC." if person.time else ""
        return Student(reason=collected.NOTHING + when, absent=True), None
    real = [piece for piece in pieces if not piece.typed]
    handle = (real or pieces)[-1]
    student = Student(handle=handle.handle, folder=handle.folder, files=sorted({p.entry.path for p in pieces}))
    problems: list[str] = []
    every = [found for piece in real for found in _opened(piece, problems)]
    notebooks = [piece for piece in every if piece.name.casefold().endswith(".ipynb")]
    exact = [piece for piece in notebooks if piece.name.casefold() == f"{section}.ipynb".casefold()]
    if not exact and notebooks:
        last = max((piece.time for piece in notebooks if piece.time), default=None)
        exact = [piece for piece in notebooks if piece.time == last]
        if len(names := sorted({piece.name for piece in exact})) > 1:
            problems.append(f"Of {len(names)} notebooks none is called {section}.ipynb: {', '.join(names)}.")
            exact = []
    if not exact:
        names = ", ".join(sorted(piece.name for piece in every)) or "a text typed in the browser"
        reason = " ".join(problems) or f"No notebook was handed in, but {names}."
        return student.model_copy(update={"reason": reason}), None
    best = max(exact, key=lambda piece: (piece.time.timestamp() if piece.time else 0.0, piece.order, piece.entry.when))
    try:
        data = best.entry.read()
    except Unreadable as error:
        return student.model_copy(update={"reason": str(error)}), None
    known = {"taken": best.entry.path, "time": best.time or person.time, "order": [best.order, best.entry.when]}
    return student.model_copy(update={**known, "handle": best.handle, "folder": best.folder}), data


def _opened(piece: Piece, problems: list[str], depth: int = 0) -> list[Piece]:
    """A piece, or what is in it when it is a zip."""
    if not piece.name.casefold().endswith(".zip") or depth == _DEPTH:
        return [piece]
    try:
        inside = unpacked(piece.entry.read(), piece.name)
    except Unreadable as error:
        problems.append(str(error))
        return []
    parts = [
        replace(piece, entry=replace(entry, path=f"{piece.entry.path}/{entry.path}"), name=entry.name)
        for entry in inside
    ]
    return [found for part in parts for found in _opened(part, problems, depth + 1)]
