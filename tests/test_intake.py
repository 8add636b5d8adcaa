"""What students handed in, read without believing any of it: no jail is needed to see what is refused, and how."""

from __future__ import annotations

import os

import pytest

from autograder.server import intake
from autograder.server.errors import BadInput, Unreadable

SECTION = "03-gan-minimax"
NAME = f"{SECTION}.ipynb"


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "submitted" / "ada" / SECTION
    folder.mkdir(parents=True)
    return folder / NAME


def read(place):
    (found,) = intake.find(place.parents[2], [SECTION, "04-jsd-proof"])
    assert (found.student, found.section) == ("ada", SECTION)
    return found.read()


def test_a_regular_file_is_read(place):
    place.write_text("é", encoding="utf-8")
    assert read(place) == "é"


def linked(place):
    (place.parents[3] / "solution").write_text("the solution")
    place.symlink_to(place.parents[3] / "solution")


def linked_folder(place):
    place.parent.rmdir()
    (place.parents[3] / "other").mkdir()
    (place.parents[3] / "other" / NAME).write_text("the solution")
    place.parent.symlink_to(place.parents[3] / "other")


def large(place):
    with place.open("wb") as stream:
        stream.truncate(200 << 20)


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (linked, "can't be read"),
        (linked_folder, "can't be read"),
        (large, "200 MB; at most 20 are read"),
        (lambda place: os.mkfifo(place), "not a regular file"),
        (lambda place: place.mkdir(), "not a regular file"),
        (lambda place: place.symlink_to("/dev/zero"), "can't be read"),
        (lambda place: None, "There is no"),
        (lambda place: place.write_bytes(b"\xff\xfe"), "not UTF-8"),
        (lambda place: place.write_bytes(b"a\0b"), "NUL"),
    ],
)
def test_what_is_no_file_to_read_is_a_sentence(place, put, said):
    put(place)
    with pytest.raises(Unreadable, match=said) as caught:
        read(place)
    assert "\n" not in str(caught.value)


def test_every_student_of_every_section_is_found(tmp_path):
    for student in ("bo", "ada", "é O-1@x.y"):
        for section in (SECTION, "04-jsd-proof", "notes"):
            (tmp_path / student / section).mkdir(parents=True)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "ada")
    found = [(f.student, f.section) for f in intake.find(tmp_path, [SECTION, "04-jsd-proof"])]
    assert found == [(s, section) for s in ("ada", "bo", "é O-1@x.y") for section in (SECTION, "04-jsd-proof")]


@pytest.mark.parametrize("name", ["=cmd()", "-x", ".hidden", "a;b"])
def test_a_name_that_nbgrader_cannot_use_is_refused(tmp_path, name):
    (tmp_path / name / SECTION).mkdir(parents=True)
    with pytest.raises(BadInput, match="Rename the folder"):
        intake.find(tmp_path, [SECTION])


def test_nothing_to_grade_is_said(tmp_path):
    for folder, said in ((tmp_path / "nothing", "There is no folder"), (tmp_path, "No submissions in")):
        with pytest.raises(BadInput, match=said):
            intake.find(folder, [SECTION])


def test_times_belong_to_a_student_and_a_section(tmp_path):
    """Columns in any order, with a spreadsheet's byte-order mark."""
    assert intake.timestamps(tmp_path) == {}
    lines = ["timestamp,section,student", f"2027-03-01 12:00,{SECTION},ada", "2027-03-02T12:00:30,04-jsd-proof,ben"]
    (tmp_path / "timestamps.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    assert intake.timestamps(tmp_path) == {
        ("ada", SECTION): "2027-03-01 12:00:00",
        ("ben", "04-jsd-proof"): "2027-03-02 12:00:30",
    }


@pytest.mark.parametrize(
    "content", [b"student,section,timestamp\nada,x,yesterday\n", b"student,when\nada,x\n", "é,é\n".encode("latin-1")]
)
def test_a_table_of_times_that_is_none_is_a_sentence(tmp_path, content):
    (tmp_path / "timestamps.csv").write_bytes(content)
    with pytest.raises(BadInput, match="student,section,timestamp"):
        intake.timestamps(tmp_path)
