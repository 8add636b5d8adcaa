"""Marks and feedback in the platform's own form: the table it handed out, and files under the names it gave."""

from __future__ import annotations

import io
import zipfile

import nbformat
import pytest

from autograder.server import collected, reports, results
from autograder.server.collected import Index, Student
from autograder.server.reports import platforms
from autograder.server.reports.platforms import Mark
from autograder.server.results import Result
from autograder.server.roster import Kind
from autograder.server.tables import parse_table
from tests.downloads import CANVAS, CLASS, IDS, SAID, SECTION, canvas, gradebook, moodle, table, worksheet
from tests.test_results import ABSENT, result

HALF = {id: Mark(6, 12) for id in IDS[:-1]}


def index(row=lambda row: f"Participant {row[4]}", **about) -> Index:
    students = {row_[0]: Student(row=row(row_)) for row_ in CLASS}
    return Index(section=SECTION, students=students, **{"platform": "moodle", **about})


# --- Moodle's worksheet -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", SAID)
@pytest.mark.parametrize("form", [{}, {"delimiter": ";"}, {"newline": "\n", "encoding": "utf-8"}], ids=str)
def test_only_the_grades_of_a_worksheet_change(language, form):
    data = worksheet(language, **form)
    own = index(lambda row: SAID[language][0].format(row[4]))
    filled = platforms.worksheet(parse_table(data, "x"), own, HALF)
    assert filled
    before, after = data.decode().splitlines(), filled.data().decode().splitlines()
    changed = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert changed == [1, 2, 3, 5], "not the heading, not the row that may not change, not who handed in nothing"
    read = parse_table(filled.data(), "x")
    assert read.cell(0, 5) == ("50.00" if language == "en" else "50,00") and read.cell(3, 5) == ""
    for i in changed:
        put = '"50,00"' if "," == form.get("delimiter", ",") and language != "en" else read.cell(0, 5)
        assert after[i].replace(put, "", 1) == before[i]
    assert filled.data()[:3] == data[:3] and filled.data().count(b"\r\n") == data.count(b"\r\n")


def test_grades_are_on_the_scale_of_their_row_and_wait_for_marking():
    rows = [["Identifier", "Grade", "Maximum Grade", "Grade can be changed"]]
    rows += [
        [f"Participant {row[4]}", "", most, "Yes"]
        for row, most in zip(CLASS, ("10", "20.00", "", "Pass", "100", "5"), strict=True)
    ]
    marks = {
        IDS[0]: Mark(1, 3),
        IDS[1]: Mark(13, 12),
        IDS[2]: Mark(1, 3),
        IDS[3]: Mark(1, 3),
        IDS[4]: Mark(5, 12, True),
    }
    filled = platforms.worksheet(parse_table(table(rows), "x"), index(), marks)
    assert filled and [filled.cell(row, 1) for row in range(6)] == ["3.33", "20.00", "", "", "", ""]
    assert platforms.worksheet(parse_table(b"Identifier,Grade can be changed\nx,Yes\n", "x"), index(), HALF) is None


# --- Canvas's gradebook -----------------------------------------------------------------------------------------------


def test_canvas_gets_its_own_heading_and_no_other_marks():
    own = index(lambda row: row[5], platform="canvas", column=CANVAS)
    filled = platforms.gradebook(parse_table(gradebook(), "x"), own, HALF | {IDS[1]: Mark(12, 12, True)})
    assert filled
    assert filled.names() == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", CANVAS]
    marks = [filled.cell(row, 5) for row in range(len(filled.rows))]
    assert marks == ["Manual Posting", "10", "5.00", "", "5.00", "5.00", "5.00", "", ""]
    before = [line.split(",4,")[0] for line in gradebook().decode().splitlines()[3:-1]]
    after = [line.rpartition(",")[0] for line in filled.data().decode().splitlines()[3:-1]]
    assert after == before
    other = own.model_copy(update={"column": "Week 3 (1)"})
    assert platforms.gradebook(parse_table(gradebook(), "x"), other, HALF) is None


# --- all of it --------------------------------------------------------------------------------------------------------


@pytest.fixture
def graded(tmp_path):
    """A graded section, with pages of feedback, which nobody has entered into a gradebook."""
    for id in IDS[:-1]:
        results.save(tmp_path, result(id, 2, 0))
        page = f"<html>{id}</html>"
        results.write(tmp_path / "feedback" / id / SECTION / f"{SECTION}.html", page)
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"# {id}")])
        results.write(tmp_path / "autograded" / id / SECTION / f"{SECTION}.ipynb", nbformat.writes(notebook))
    results.save(tmp_path, ABSENT.model_copy(update={"student": IDS[-1]}))
    return tmp_path


def remember(out, own: Index, roster: bytes, handles: list[str], folder: bool) -> None:
    for id, handle in zip(IDS, handles, strict=False):
        own.students[id].handle, own.students[id].folder = handle, folder
    collected.write_index(out / "submitted" / collected.FOLDER, own, roster)
    collected.keep(out / "submitted", out)


def unzipped(path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.parametrize("folder", [True, False])
def test_moodle_gets_back_what_it_gave(graded, folder):
    names = [moodle(i, f"{SECTION}.html", folder) for i in range(5)]
    remember(
        graded,
        index(roster=Kind.WORKSHEET),
        worksheet(),
        [n.removesuffix(f"{'/' if folder else ''}{SECTION}.html") for n in names],
        folder,
    )
    reports.write_all(graded)
    assert unzipped(graded / "moodle" / f"{SECTION}-feedback.zip") == {
        name: f"<html>{id}</html>" for name, id in zip(names, IDS, strict=False)
    }
    read = parse_table((graded / "moodle" / f"{SECTION}.csv").read_bytes(), "x")
    assert [read.cell(row, 5) for row in range(6)] == ["40.00", "40.00", "40.00", "", "40.00", ""]
    assert not (graded / "canvas").exists()
    own = index(roster=Kind.WORKSHEET)
    remember(graded, own, worksheet(), [moodle(0, "", folder).rstrip("/"), ""], folder)
    reports.write_all(graded)
    told = list(unzipped(graded / "moodle" / f"{SECTION}-feedback.zip"))
    assert told == names[:1], "who is not in the download gets nothing"
    before = (graded / "moodle" / f"{SECTION}-feedback.zip").read_bytes()
    reports.write_all(graded)
    assert (graded / "moodle" / f"{SECTION}-feedback.zip").read_bytes() == before


def test_canvas_gets_back_files_of_the_names_and_kinds_it_gave(graded):
    names = [
        canvas(0, 1, late=True),
        canvas(1, 2, "work.zip"),
        canvas(2, 3, "x.pdf"),
        "",
        canvas(4, 5, f"{SECTION}-2.ipynb"),
    ]
    own = index(lambda row: row[5], platform="canvas", column=CANVAS, roster=Kind.CANVAS)
    remember(graded, own, gradebook(), names, False)
    reports.write_all(graded)
    with zipfile.ZipFile(graded / "canvas" / f"{SECTION}-feedback.zip") as archive:
        assert archive.namelist() == [names[0], names[1], names[4]]
        notebook = nbformat.reads(archive.read(names[0]).decode(), as_version=4)
        nbformat.validate(notebook)
        with zipfile.ZipFile(io.BytesIO(archive.read(names[1]))) as inner:
            assert {n: inner.read(n) for n in inner.namelist()} == {
                f"{SECTION}.html": f"<html>{IDS[1]}</html>".encode()
            }
    assert "2 of 5 points" in notebook.cells[0].source and notebook.cells[1].source == f"# {IDS[0]}"
    read = parse_table((graded / "canvas" / f"{SECTION}.csv").read_bytes(), "x")
    assert [read.cell(row, 5) for row in range(2, 9)] == ["4.00"] * 5 + ["", ""]
    assert not (graded / "moodle").exists()


def test_what_was_not_collected_from_a_platform_goes_back_to_none(graded):
    remember(graded, index(roster=Kind.NBGRADER, platform="files"), b"id\nx\n", [], True)
    reports.write_all(graded)
    assert not (graded / "moodle").exists() and not (graded / "canvas").exists()


def test_a_section_that_was_not_graded_goes_back_to_none(tmp_path):
    results.save(tmp_path, Result(student="ada", section="04-jsd-proof", points=1, max_points=2, exercises={}))
    remember(tmp_path, index(roster=Kind.WORKSHEET), worksheet(), [], True)
    assert list(platforms.files(tmp_path, results.load_all(tmp_path))) == []
