"""moodle/ and canvas/: marks in the very table that the platform handed out, and a zip with feedback under its names.

moodle/SECTION.csv, canvas/SECTION.csv                     to import as grades
moodle/SECTION-feedback.zip, canvas/SECTION-feedback.zip   to upload as feedback files, or as submissions again

Which student is which row and which file, `autograder.server.collected` remembers.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.server.collected import Index, read_index, read_roster_copy
from autograder.server.results import Result
from autograder.server.roster import CHANGEABLE, GRADE, MAXIMUM_GRADE, YES, Kind
from autograder.server.tables import Table, letters, parse_table

_DAY = (1980, 1, 1, 0, 0, 0)  # of files in a zip, so that the same feedback is the same file


@dataclass(frozen=True)
class Mark:
    """What a student has of a section, marks by hand and late penalty included."""

    score: float
    most: float
    open: bool = False  # an answer waits for somebody to mark it


def files(out: Path, results: list[Result]) -> Iterator[tuple[str, bytes]]:
    """What goes back to the platforms, of each section that was collected from one: names below ``out``, contents."""
    handed_in = [r for r in results if r.handed_in and not r.excused]
    marks = {(r.student, r.section): Mark(r.score, r.max_points, bool(r.waiting)) for r in handed_in}
    for path in sorted((out / "collected").glob("*.json")):
        section = path.stem
        index = read_index(path.parent, section)
        theirs = {student: mark for (student, of), mark in marks.items() if of == section}
        if not index or not theirs.keys() & index.students.keys():
            continue
        for kind, folder, fill in ((Kind.WORKSHEET, "moodle", worksheet), (Kind.CANVAS, "canvas", gradebook)):
            if index.roster == kind:
                table = parse_table(read_roster_copy(path.parent, section), "the roster")
                if filled := fill(table, index, theirs):
                    yield f"{folder}/{section}.csv", filled.data()
        if index.platform in ("moodle", "canvas"):
            students = sorted(theirs.keys() & index.students.keys())
            pages = {student: _pages(out, section, student, theirs[student]) for student in students}
            yield f"{index.platform}/{section}-feedback.zip", feedback(index, pages)


# --- marks ------------------------------------------------------------------------------------------------------------


def worksheet(table: Table, index: Index, marks: dict[str, Mark]) -> Table | None:
    """Moodle's grading worksheet with its grades filled in, each on the scale of its row.

    Rows that may not be changed stay as they are, and so do those of answers that nobody has marked yet.
    """
    grade, most, changeable = table.find(*GRADE), table.find(*MAXIMUM_GRADE), table.find(*CHANGEABLE)
    if grade is None or most is None:
        return None
    yes = {letters(word) for word in YES}
    comma = _has_decimal_commas(table, most, grade)
    students = {about.row: student for student, about in index.students.items()}
    for row in range(len(table.rows)):
        mark, scale = marks.get(students.get(table.cell(row, 0), "")), _number(table.cell(row, most))
        closed = changeable is not None and letters(table.cell(row, changeable)) not in yes
        if mark and scale is not None and not closed and not mark.open:
            table.put(row, grade, _scaled(mark, scale, comma))
    return table


def gradebook(table: Table, index: Index, marks: dict[str, Mark]) -> Table | None:
    """Canvas's gradebook: who the students are, and the one column of this section."""
    names = table.names()
    if index.column not in names:
        return None
    column, user, who = names.index(index.column), table.find("ID"), table.find("Student")
    possible = [row for row in range(len(table.rows)) if letters(table.cell(row, who)) == "pointspossible"]
    scale = _number(table.cell(possible[0], column)) if possible else None
    comma = _has_decimal_commas(table, column)
    students = {about.row: student for student, about in index.students.items()}
    for row in range(len(table.rows)):
        mark = marks.get(students.get(table.cell(row, user), ""))
        if mark and not mark.open:
            table.put(row, column, _scaled(mark, mark.most if scale is None else scale, comma))
    last = table.find("Section") or 0
    return table.only([*range(last + 1), column])


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _has_decimal_commas(table: Table, *columns: int) -> bool:
    return any(re.fullmatch(r"\d+,\d+", table.cell(row, c)) for row in range(len(table.rows)) for c in columns)


def _scaled(mark: Mark, scale: float, comma: bool) -> str:
    share = min(1.0, mark.score / mark.most) if mark.most else 0.0
    text = f"{share * scale:.2f}"
    return text.replace(".", ",") if comma else text


# --- feedback ---------------------------------------------------------------------------------------------------------


def feedback(index: Index, pages: dict[str, dict[str, bytes]]) -> bytes:
    """A zip of feedback under the platform's own names, and nothing else in it.

    Arguments:
        pages: Of each student, the same feedback by the ending of a file's name.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for student, kinds in sorted(pages.items()):
            about = index.students[student]
            if not about.handle or not kinds:
                continue
            if index.platform == "canvas":  # the name of what was handed in, so it has to be a file of that kind
                name, page = about.handle, kinds.get(about.handle.rpartition(".")[2].lower())
            else:
                name, page = f"{about.handle}{'/' if about.folder else ''}{index.section}.html", kinds.get("html")
            if page:
                member = zipfile.ZipInfo(name, _DAY)
                member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(member, page)
    return packed.getvalue()


def _pages(out: Path, section: str, student: str, mark: Mark) -> dict[str, bytes]:
    """The feedback as a page, as a notebook (Canvas takes a file of the same name only), and as a zip of the page."""
    page = out / "feedback" / student / section / f"{section}.html"
    marked = out / "autograded" / student / section / f"{section}.ipynb"
    kinds: dict[str, bytes] = {}
    if page.exists():
        kinds["html"] = page.read_bytes()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(f"{section}.html", _DAY), kinds["html"])
        kinds["zip"] = packed.getvalue()
    if marked.exists():
        notebook = nbformat.read(marked, as_version=4)
        points = "Not all answers are marked yet." if mark.open else f"{mark.score:g} of {mark.most:g} points."
        text = f"# Feedback\n\n{points} What was said of each answer is below it."
        notebook.cells.insert(0, nbformat.v4.new_markdown_cell(text, id="points"))
        kinds["ipynb"] = nbformat.writes(notebook).encode("utf-8")
    return kinds
