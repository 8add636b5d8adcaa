"""From a download to nbgrader's layout: whose each file is, which attempt counts, and a word on everything else."""

from __future__ import annotations

import csv
import struct
import unicodedata
import zipfile
from datetime import UTC
from io import BytesIO

import pytest
from typer.testing import CliRunner

from autograder.server import intake
from autograder.server.cli import app
from autograder.server.collected import FOLDER, NOTHING, Index, read_index
from autograder.server.downloads import archive
from autograder.server.downloads.gather import gather
from autograder.server.errors import BadInput, Unreadable
from autograder.server.timestamps import read_timestamps
from tests.downloads import (
    CANVAS,
    CLASS,
    IDS,
    NAME,
    SECTION,
    canvas,
    gradebook,
    moodle,
    nbgrader_list,
    packed,
    participants,
    spread,
    table,
    worksheet,
)  # fmt: skip


class Collecting:
    """A folder of submissions, and downloads brought into it."""

    def __init__(self, folder):
        self.folder, self.out = folder, folder / "submitted"
        self.number = 0

    def __call__(self, platform, source, roster, **options):
        self.number += 1
        if isinstance(source, dict):
            source = packed(self.folder / f"{self.number}.zip", source)
        (self.folder / "roster.csv").write_bytes(roster)
        options = {"zone": UTC, **options}
        return gather(platform, source, SECTION, self.folder / "roster.csv", self.out, **options)

    def notebooks(self) -> dict[str, str]:
        return {p.parts[-3]: p.read_text() for p in self.out.glob("*/*/*.ipynb") if p.parent.name == p.stem == SECTION}

    def index(self) -> Index:
        index = read_index(self.out / FOLDER, SECTION)
        assert index
        return index

    def reasons(self) -> dict[str, str]:
        return {id: about.reason for id, about in self.index().students.items() if about.reason}


@pytest.fixture
def collecting(tmp_path):
    return Collecting(tmp_path)


def everybody(name, **more) -> dict[str, str]:
    """A notebook from everybody but the last, named as a platform does."""
    return {name(i, **more): f"of {id}" for i, id in enumerate(IDS[:-1])}


ALL = {id: f"of {id}" for id in IDS[:-1]}
ROSTERS = {
    "worksheet": worksheet(), "german": worksheet("de", delimiter=";"), "participants": participants(),
    "nbgrader": nbgrader_list(), "canvas": gradebook(),
}  # fmt: skip


# --- moodle -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("roster", ROSTERS)
@pytest.mark.parametrize("form", [{"folder": True}, {"folder": False}, {"folder": True, "ending": ""}], ids=str)
@pytest.mark.parametrize("spreading", [packed, spread])
def test_moodles_download_is_collected(tmp_path, collecting, roster, form, spreading):
    source = spreading(tmp_path / "download", everybody(moodle, **form))
    found = collecting("moodle", source, ROSTERS[roster])
    assert collecting.notebooks() == ALL and sorted(found.taken) == IDS[:-1]
    assert collecting.reasons() == {IDS[-1]: NOTHING} and not found.index.left_out and not found.remarks
    times = read_timestamps(collecting.out)
    assert {key[0] for key in times} == (set(ALL) if roster in ("worksheet", "german") else set())
    ada = collecting.index().students["mat-001"]
    owner = "Ada O'Neil-Smith_1234567_assignsubmission_file"
    assert ada.handle == owner + ("" if form.get("ending") == "" else "_") and ada.folder is form["folder"]
    assert (collecting.out / FOLDER / f"{SECTION}.roster").read_bytes() == ROSTERS[roster]


def test_hidden_identities_are_known_by_their_numbers(collecting):
    files = {f"Participant_{row[4]}_assignsubmission_file_/{NAME}": row[0] for row in CLASS[:-1]}
    collecting("moodle", files, worksheet(names=False, ids=False))
    assert collecting.notebooks() == {row[4]: row[0] for row in CLASS[:-1]}
    with pytest.raises(BadInput, match="grading worksheet names everybody"):
        collecting("moodle", files, participants())


def test_a_worksheet_of_another_assignment_is_no_roster(collecting):
    other = worksheet().replace(b"Participant 12345", b"Participant 99999")
    with pytest.raises(BadInput, match="belongs to anybody"):
        collecting("moodle", everybody(moodle), other)
    assert not collecting.out.exists()


def test_what_students_really_hand_in(collecting):
    inner, bomb, evil, nested = BytesIO(), BytesIO(), BytesIO(), BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr(f"my work/{NAME}", "in a zip")
        archive.writestr("__MACOSX/my work/._" + NAME, "junk")
        archive.writestr(f".ipynb_checkpoints/{SECTION}-checkpoint.ipynb", "old")
    with zipfile.ZipFile(nested, "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME, b"0" * (300 << 20))
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("../../" + NAME, "escaped")
    files = {
        moodle(0, f"{SECTION} (1).ipynb"): "renamed, alone", moodle(0, "report.pdf"): "%PDF",
        moodle(1, "work.ZIP"): nested.getvalue(),
        moodle(2, "bomb.zip"): bomb.getvalue(),
        moodle(3, "evil.zip"): evil.getvalue(),
        moodle(4, "a.ipynb"): "one", moodle(4, "b.ipynb"): "two",
        moodle(5, "onlinetext.html", kind="onlinetext"): "<p>hello</p>",
        "__MACOSX/x": "junk", "readme.txt": "hello",
        "Somebody Else_77_assignsubmission_file_/x.ipynb": "not ours",
    }  # fmt: skip
    found = collecting("moodle", files, worksheet())
    assert collecting.notebooks() == {"mat-001": "renamed, alone", "mat-002": "in a zip"}
    assert collecting.reasons() == {
        "mat-003": "bomb.zip: it unpacks to 0.3 GB, which is no class's work.",
        "mat-004": f"evil.zip: '../../{NAME}' leads out of the folder into which it is unpacked.",
        "mat-005": f"Of 2 notebooks none is called {SECTION}.ipynb: a.ipynb, b.ipynb.",
        "mat-006": "No notebook was handed in, but a text typed in the browser.",
    }
    assert not [about for about in found.index.students.values() if about.absent]
    assert [(part.what, part.reason) for part in found.index.left_out] == [
        ("readme.txt", "Its name says nothing about whose it is."), ("Somebody Else (77)", "Not on the roster."),
    ]  # fmt: skip
    rows = list(csv.reader((collecting.out / FOLDER / f"{SECTION}.csv").read_text(encoding="utf-8").splitlines()))
    assert [row[0] for row in rows] == ["student", *IDS, "", ""] and rows[5][1] == "'=cmd() Formula"
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_a_name_with_moodles_own_marks_in_it_belongs_to_who_handed_it_in(collecting):
    """A student chooses the file's name, and could choose somebody else's prefix."""
    forged = f"José de la Cruz_1234568_assignsubmission_file_{NAME}"
    for folder in (True, False):
        collecting("moodle", {moodle(0, forged, folder): "forged", moodle(1, folder=folder): "José's"}, worksheet())
        assert collecting.notebooks() == {"mat-001": "forged", "mat-002": "José's"}


def test_two_of_one_name_are_listed_not_guessed(collecting):
    twins = table([["id", "first_name", "last_name"], ["a", "Ann", "Lee"], ["b", "Ann", "Lee"], ["c", "Cy", "Oh"]])
    files = {f"Ann Lee_1_assignsubmission_file_/{NAME}": "?", f"Cy Oh_2_assignsubmission_file_/{NAME}": "c"}
    found = collecting("moodle", files, twins)
    assert collecting.notebooks() == {"c": "c"}
    assert [part.reason for part in found.index.left_out] == [
        "May be a, b; Moodle's grading worksheet names everybody."
    ]


def test_a_name_without_the_flag_for_utf8_is_read_as_it_was_meant(tmp_path, collecting):
    name = moodle(3)
    packed(tmp_path / "x.zip", {name: "Anna's"})
    data = (tmp_path / "x.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "x.zip") as kept:
        assert kept.infolist()[0].flag_bits & 0x800
    local, central = data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8
    for at in (local, central):
        data = data[:at] + struct.pack("<H", 0) + data[at + 2 :]
    (tmp_path / "x.zip").write_bytes(data)
    collecting("moodle", tmp_path / "x.zip", participants())
    assert collecting.notebooks() == {"mat-004": "Anna's"}


# --- canvas -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("roster", [gradebook(), gradebook("{first} {last}"), nbgrader_list(True), nbgrader_list()])
def test_canvass_download_is_collected(collecting, roster):
    files = {canvas(i, 9000 + i, late=i == 1): f"of {id}" for i, id in enumerate(IDS[:-1])}
    found = collecting("canvas", files, roster)
    assert collecting.notebooks() == ALL and collecting.reasons() == {IDS[-1]: NOTHING}
    assert collecting.index().students["mat-002"].handle == canvas(1, 9001, late=True)
    assert "mat-002" in found.remarks[-1] and "late" in found.remarks[-1]
    assert read_timestamps(collecting.out) == {}


def test_canvass_later_upload_of_a_name_counts(collecting):
    files = {canvas(0, 9005, f"{SECTION}-2.ipynb"): "third", canvas(0, 9003): "first", canvas(0, 9999, "notes.txt"): "",
             canvas(0, 9004, f"{SECTION}-1.ipynb"): "second", canvas(1, 9010, "work-1.ipynb"): "alone"}  # fmt: skip
    collecting("canvas", files, gradebook())
    assert collecting.notebooks() == {"mat-001": "third", "mat-002": "alone"}
    assert collecting.index().students["mat-001"].handle == canvas(0, 9005, f"{SECTION}-2.ipynb")


def test_a_number_that_is_not_in_the_gradebook_is_not_somebody_of_the_same_name(collecting):
    files = {canvas(0, 1): "ada", canvas(1, 2).replace("_502_", "_999_"): "another José"}
    found = collecting("canvas", files, gradebook())
    assert collecting.notebooks() == {"mat-001": "ada"}
    assert [part.reason for part in found.index.left_out] == ["Not on the roster."]


def test_the_column_of_the_gradebook_is_found_by_the_sections_name_or_said(collecting):
    files = {canvas(0, 1): "ada"}
    assert collecting("canvas", files, gradebook()).index.column == CANVAS
    for column, found in ((f"{SECTION} (12)", f"{SECTION} (12)"), ("Week 3 (12)", "")):
        told = collecting("canvas", files, gradebook(column=column))
        assert told.index.column == found and bool(told.remarks) is not bool(found)
    two = gradebook().replace(b"Old one", b"GAN minimax again")
    assert collecting("canvas", files, two).index.column == "", "two assignments may be meant"
    told = collecting("canvas", files, gradebook(column="Week 3 (12)"), column="Week 3 (12)")
    assert told.index.column == "Week 3 (12)" and not told.remarks
    with pytest.raises(BadInput, match="no assignment 'Week 4'; it has Old one"):
        collecting("canvas", files, gradebook(), column="Week 4")
    with pytest.raises(BadInput, match="Canvas's gradebook"):
        collecting("canvas", files, nbgrader_list(True), column=CANVAS)


# --- nbgrader, and any other ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["submitted/{}/{}/", "{}/{}/", "inbound/{}+{}+2026-11-26 14:15:16.0 UTC+a1b2/"])
def test_nbgraders_exchange_is_collected_with_its_times(collecting, layout):
    roster = table([["id", "first_name", "last_name"], ["a+b@uni.edu", "", ""], ["O'Neil", "", ""], ["ben", "", ""]])
    files = {}
    for minute, id in enumerate(("a+b@uni.edu", "O'Neil")):
        folder = layout.format(id, SECTION)
        files |= {folder + NAME: id, folder + "timestamp.txt": f"2026-11-26 14:1{minute}:16.000000 UTC"}
        files |= {folder + "submission_secret.txt": "x", layout.format(id, "04-jsd-proof") + "04-jsd-proof.ipynb": "no"}
    found = collecting("nbgrader", files, roster)
    assert collecting.notebooks() == {"a+b@uni.edu": "a+b@uni.edu", "O'Neil": "O'Neil"}
    times = {student: f"{when:%H:%M:%S}" for (student, _), when in read_timestamps(collecting.out).items()}
    assert times == {"a+b@uni.edu": "14:10:16", "O'Neil": "14:11:16"} and not found.index.left_out


def test_a_pattern_is_nbgraders(collecting):
    pattern = r".*_(?P<student_id>mat-\d+)_attempt_(?P<timestamp>[0-9\-]+)_(?P<file_id>.+)"
    files = {"ps1_mat-001_attempt_2026-11-26-14-15-16_" + NAME: "first", "x.txt": "?",
             "ps1_mat-001_attempt_2026-11-27-14-15-16_" + NAME: "second", "ps1_mat-001_attempt_2026-11-27-14-15-16.txt":
             "Blackboard's own", "ps1_mat-002_attempt_2026-11-26-14-15-16_final.ipynb": "alone"}  # fmt: skip
    found = collecting("files", files, nbgrader_list(), pattern=pattern)
    assert collecting.notebooks() == {"mat-001": "second", "mat-002": "alone"}
    assert {f"{when:%d}" for when in read_timestamps(collecting.out).values()} == {"26", "27"}
    assert [part.what for part in found.index.left_out] == ["x.txt", "ps1_mat-001_attempt_2026-11-27-14-15-16.txt"]
    short = r".*_(?P<student_id>[^_]+)_attempt_(?P<timestamp>[0-9\-]+)_(?P<file_id>[\w-]+)"
    files = {f"x_mat-003_attempt_2026-11-26-14-15-16_{name}": name for name in (NAME, "draft.ipynb")}
    for with_ending_or_without in (pattern, short):
        collecting("files", files, nbgrader_list(), pattern=with_ending_or_without)
        assert collecting.notebooks()["mat-003"] == NAME
    by_name = r"(?P<last_name>[^_]+)_(?P<first_name>[^_]+)_(?P<email>\S+@\S+)?"
    collecting("files", {f"Home_Nobody_/{NAME}": "by name"}, nbgrader_list(), pattern=by_name)
    assert collecting.notebooks()["mat-006"] == "by name"


@pytest.mark.parametrize(("pattern", "said"), [
    ("(", "no regular expression"), (r"(?P<timestamp>\d+)", "needs the group student_id"),
    (r"(?P<student_id>\w+)(?P<who>.)", "needs the group"), (r"(?P<student_id>mat-001)(?P<timestamp>.)", "no time in"),
])  # fmt: skip
def test_a_pattern_that_is_none_is_a_sentence(collecting, pattern, said):
    with pytest.raises(BadInput, match=said):
        collecting("files", {"mat-001x": ""}, nbgrader_list(), pattern=pattern)
    with pytest.raises(BadInput, match="pattern goes with files"):
        collecting("moodle", {"x": ""}, nbgrader_list(), pattern=pattern)


def test_a_folder_for_each_student_needs_no_pattern(collecting):
    nfd = unicodedata.normalize("NFD", "Müller")
    files = {f"Exercise 3/{nfd}_Dr_Anna/{NAME}": "by name", f"Exercise 3/Smith_Ada_mat-001_99/x/{NAME}": "by a word",
             f"Exercise 3/f@uni.edu/{NAME}": "by address", f"Exercise 3/nobody/{NAME}": "?"}  # fmt: skip
    found = collecting("files", files, nbgrader_list())
    assert collecting.notebooks() == {"mat-004": "by name", "mat-001": "by a word", "mat-005": "by address"}
    assert [part.what for part in found.index.left_out] == ["Exercise 3"]


# --- again, and again -------------------------------------------------------------------------------------------------


def test_an_older_download_overwrites_nothing(collecting):
    def collect(text: str, minute: int):
        return collecting("moodle", {moodle(0): text, moodle(1): text}, worksheet(minute=minute))

    collect("second", 30)
    older = collect("first", 10)
    assert set(collecting.notebooks().values()) == {"second"} and sorted(older.kept) == ["mat-001", "mat-002"]
    assert {when.minute for when in read_timestamps(collecting.out).values()} == {30, 31}
    again = collect("second", 30)
    assert not again.kept and set(collecting.notebooks().values()) == {"second"}
    collect("third", 40)
    assert set(collecting.notebooks().values()) == {"third"}
    assert {when.minute for when in read_timestamps(collecting.out).values()} == {40, 41}


def test_an_older_upload_to_canvas_overwrites_nothing(collecting):
    for file, expected in ((20, "20"), (10, "20"), (30, "30")):
        collecting("canvas", {canvas(0, file): str(file)}, gradebook())
        assert collecting.notebooks() == {"mat-001": expected}


def test_without_times_the_zips_own_date_tells(tmp_path, collecting):
    for day, expected in ((26, "26"), (25, "26"), (27, "27")):
        collecting("moodle", packed(tmp_path / f"{day}.zip", {moodle(0): str(day)}, day), participants())
        assert collecting.notebooks() == {"mat-001": expected}


def test_who_is_not_in_the_next_download_stays(collecting):
    collecting("moodle", everybody(moodle), worksheet())
    collecting("moodle", {moodle(0): "of mat-001", moodle(5, "x.pdf"): ""}, worksheet())
    collecting("moodle", {moodle(0): "of mat-001"}, worksheet())
    assert collecting.reasons() == {"mat-006": "No notebook was handed in, but x.pdf."}
    found = collecting("moodle", {moodle(0, "report.pdf"): "", moodle(5): "late"}, worksheet(minute=30))
    assert collecting.notebooks() == ALL | {"mat-006": "late"} and collecting.reasons() == {}
    assert found.remarks == [
        "mat-001: No notebook was handed in, but report.pdf. The notebook collected earlier stays."
    ]


def test_sections_are_collected_side_by_side_and_rows_by_hand_stay(collecting):
    collecting.out.mkdir()
    by_hand = "student,section,timestamp\nmat-001,04-jsd-proof,26.11.2026 14:15\n"
    (collecting.out / "timestamps.csv").write_text(by_hand)
    collecting("moodle", {moodle(0): ""}, worksheet())
    assert set(read_timestamps(collecting.out)) == {("mat-001", "04-jsd-proof"), ("mat-001", SECTION)}


def test_another_attempt_without_a_time_does_not_keep_the_old_one(tmp_path, collecting):
    collecting("moodle", packed(tmp_path / "a.zip", {moodle(0): "1"}, 20), worksheet())
    collecting("moodle", packed(tmp_path / "b.zip", {moodle(0): "1"}, 20), participants())
    assert ("mat-001", SECTION) in read_timestamps(collecting.out), "the same attempt"
    found = collecting("moodle", packed(tmp_path / "c.zip", {moodle(0): "2"}, 21), participants())
    assert read_timestamps(collecting.out) == {} and "no time is known" in found.remarks[0]


def test_what_somebody_put_there_by_hand_stays(collecting):
    spread(collecting.out, {f"mat-001/{SECTION}/{NAME}": "by hand"})
    found = collecting("moodle", everybody(moodle), worksheet())
    assert collecting.notebooks() == ALL | {"mat-001": "by hand"}
    assert found.remarks == [f"mat-001: {collecting.out / 'mat-001' / SECTION / NAME} was not collected and stays; "
                             "delete it to take the new one."]  # fmt: skip


def test_nothing_is_written_through_a_link(tmp_path, collecting):
    collecting.out.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (collecting.out / "mat-001").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="is a link"):
        collecting("moodle", {moodle(0): ""}, worksheet())
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_time_in_the_roster_without_a_file_is_said(collecting):
    collecting("moodle", {moodle(0): ""}, worksheet())
    assert collecting.reasons()["mat-002"] == f"{NOTHING} The roster has a time for one, 2026-11-26 15:16 UTC."
    assert collecting.index().students["mat-002"].absent


# --- archives ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "said"), [
    ("../x.ipynb", "leads out"), ("/etc/passwd", "leads out"), ("a/../../x", "leads out"), ("..\\x", "leads out"),
    ("C:\\x", "leads out"),
])  # fmt: skip
def test_a_zip_that_escapes_is_refused(tmp_path, collecting, name, said):
    with pytest.raises(BadInput, match=said):
        collecting("moodle", {moodle(0): "", name: ""}, worksheet())
    assert not collecting.out.exists()


def test_a_zip_with_a_link_or_a_flood_or_a_secret_is_refused(tmp_path, collecting):
    link = zipfile.ZipInfo("x/link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as made:
        made.writestr(link, "/etc/passwd")
    with zipfile.ZipFile(tmp_path / "flood.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        with made.open("zeros", "w", force_zip64=True) as stream:
            for _ in range(40):
                stream.write(bytes(32 << 20))
    packed(tmp_path / "secret.zip", {"x": "y"})
    data = bytearray((tmp_path / "secret.zip").read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "secret.zip").write_bytes(data)
    (tmp_path / "no.zip").write_bytes(b"PK but no zip")
    for name, said in (
        ("link", "is a link"),
        ("flood", "unpacks to 1.3 GB"),
        ("secret", "encrypted"),
        ("no", "neither"),
    ):
        with pytest.raises(BadInput, match=said) as caught:
            collecting("moodle", tmp_path / f"{name}.zip", worksheet())
        assert "\n" not in str(caught.value)
    with pytest.raises(BadInput, match="There is no"):
        collecting("moodle", tmp_path / "nothing.zip", worksheet())
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="is empty"):
        collecting("moodle", tmp_path / "empty", worksheet())
    assert not collecting.out.exists()


def test_one_students_damage_is_theirs_alone(tmp_path, collecting):
    packed(tmp_path / "x.zip", {moodle(0): "a" * 5000, moodle(1): "fine"})
    data = bytearray((tmp_path / "x.zip").read_bytes())
    data[100] ^= 255
    (tmp_path / "x.zip").write_bytes(data)
    collecting("moodle", tmp_path / "x.zip", worksheet())
    assert collecting.notebooks() == {"mat-002": "fine"} and "damaged" in collecting.reasons()["mat-001"]


def test_a_link_in_a_folder_is_not_followed(tmp_path, collecting):
    (tmp_path / "secret").write_text("the solution")
    spread(tmp_path / "download", {moodle(1): "fine"})
    place = tmp_path / "download" / moodle(0)
    place.parent.mkdir()
    place.symlink_to(tmp_path / "secret")
    (tmp_path / "download" / moodle(2, "")).symlink_to(tmp_path)
    collecting("moodle", tmp_path / "download", worksheet())
    assert collecting.notebooks() == {"mat-002": "fine"} and "can't be read" in collecting.reasons()["mat-001"]


def test_a_large_file_is_not_read(tmp_path):
    packed(tmp_path / "x.zip", {"large": b"0" * ((20 << 20) + 1), "small": b"1"})
    large, small = archive.entries(tmp_path / "x.zip")
    assert small.read() == b"1"
    with pytest.raises(Unreadable, match="large has 20 MB"):
        large.read()


# --- the command ------------------------------------------------------------------------------------------------------


def run(*arguments):
    return CliRunner().invoke(app, ["collect", *(str(argument) for argument in arguments)])


def test_the_command_says_who_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    packed(tmp_path / "d.zip", {moodle(0): "", moodle(1, "a\x1b[31mb.pdf"): "", "Eve_1_assignsubmission_file_/x": ""})
    (tmp_path / "r.csv").write_bytes(worksheet())
    common = ["--section", SECTION, "--roster", "r.csv"]
    done = run("moodle", "d.zip", *common, "--timezone", "Europe/Berlin")
    assert done.exit_code == 0, done.output
    assert "1 collected, 4 without submission, 1 with nothing to grade, 1 left out" in done.stdout
    assert "  mat-002 (José de la Cruz): No notebook was handed in, but ab.pdf.\n" in unicodedata.normalize(
        "NFC", done.stdout
    )
    assert "  mat-006 (Nobody Home)\n" in done.stdout
    assert "Eve (1): Not on the roster." in done.stdout and "\x1b" not in done.stdout
    (when,) = read_timestamps(tmp_path / "submitted").values()
    assert f"{when:%H:%M}" == "14:15"
    assert [(f.student, f.absent) for f in intake.find(tmp_path / "submitted", [SECTION])] == [
        (id, i > 1) for i, id in enumerate(IDS)
    ]


@pytest.mark.parametrize(("arguments", "said"), [
    (["blackboard", "d.zip", "--section", SECTION], "no platform 'blackboard'; there are moodle"),
    (["moodle", "d.zip", "--section", "99-x"], "no section '99-x'"),
    (["moodle", "d.zip", "--section", SECTION, "--timezone", "Mars"], "no time zone 'Mars'"),
    (["moodle", "no.zip", "--section", SECTION], "There is no no.zip"),
])  # fmt: skip
def test_a_mistake_gets_one_sentence(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    packed(tmp_path / "d.zip", {moodle(0): ""})
    (tmp_path / "r.csv").write_bytes(worksheet())
    done = run(*arguments, "--roster", "r.csv")
    assert done.exit_code == 2 and len(done.stderr.splitlines()) == 1 and said in done.stderr
    assert not (tmp_path / "submitted").exists()
