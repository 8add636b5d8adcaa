"""What students handed in, read without believing any of it: no jail is needed to see what is refused, and how."""

from __future__ import annotations

import os

import pytest

from autograder.server import intake
from autograder.server.collected import FOLDER, NOTHING, Index, Student, write_index
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
    (tmp_path / ".git" / "hooks").mkdir(parents=True)
    (tmp_path / "__MACOSX" / "ada").mkdir(parents=True)
    found = [(f.student, f.section) for f in intake.find(tmp_path, [SECTION, "04-jsd-proof"])]
    assert found == [(s, section) for s in ("ada", "bo", "é O-1@x.y") for section in (SECTION, "04-jsd-proof")]


ODD = ["O'Brien", "Müller, Anna", "Jose\u0301", "हिन्दी", "ไทย", "مُحَمَّد", "a+b@uni.edu", "name (1)", "ann ", " [x]*?",
       "=cmd()", "-x", ".hidden", "a;b", "{y}", "%2F", "a\\b", "é" * 121 + "x"]  # fmt: skip


def test_any_name_of_a_folder_is_a_students(tmp_path):
    for name in ODD:
        (tmp_path / name / SECTION).mkdir(parents=True)
    assert {f.student for f in intake.find(tmp_path, [SECTION])} == set(ODD)
    assert intake.refused(tmp_path, [SECTION]) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a\nb", "don't show"),
        ("x" * 255, "255 bytes"),
        (os.fsdecode(b"a\xff"), "not UTF-8"),
        ('ada"-alert(1)-"', "markup"),
        ("<img src=x onerror=alert(1)>", "markup"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_alone(tmp_path, name, said):
    for student in ("ada", name):
        (tmp_path / student / SECTION).mkdir(parents=True)
    assert [f.student for f in intake.find(tmp_path, [SECTION])] == ["ada"]
    (sentence,) = intake.refused(tmp_path, [SECTION])
    assert said in sentence and sentence.isascii() and "\n" not in sentence


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "\0"])
def test_a_name_that_leads_out_of_the_folder_is_none(name):
    assert "out of the folder" in intake.folder_problem(name)


# --- nearly right -----------------------------------------------------------------------------------------------------


def no_notebook(folder):
    (folder / SECTION).mkdir()


def renamed(folder):
    no_notebook(folder)
    (folder / SECTION / f"{SECTION} (1).ipynb").touch()


def wrong_case(folder):
    (folder / "03-GAN-Minimax").mkdir()


def other_words(folder):
    (folder / "GAN minimax final").mkdir()


def other_number(folder):
    (folder / "3 - homework").mkdir()


def without_a_folder(folder):
    (folder / f"{SECTION}.ipynb").touch()


def a_link(folder):
    folder.rmdir()
    folder.symlink_to(folder.parent / "ada")


def other_things(folder):
    (folder / "report.pdf").touch()


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (no_notebook, rf"There is no {NAME}. The folder is empty.$"),
        (renamed, rf"There is no {NAME}. There is {SECTION} \(1\).ipynb.$"),
        (wrong_case, f"There is no folder {SECTION}, but a folder 03-GAN-Minimax.$"),
        (other_words, "but a folder GAN minimax final.$"),
        (other_number, "but a folder 3 - homework.$"),
        (without_a_folder, f"but a file {NAME}.$"),
        (a_link, f"There is no folder {SECTION}. The folder is a link, and links are not followed.$"),
        (other_things, f"There is no folder {SECTION}. There is report.pdf.$"),
        (lambda folder: None, f"There is no folder {SECTION}. The folder is empty.$"),
    ],
)
def test_what_is_nearly_right_is_a_row_with_a_reason(tmp_path, put, said):
    (tmp_path / "ada" / SECTION).mkdir(parents=True)
    (tmp_path / "ada" / SECTION / NAME).write_text("fine")
    (tmp_path / "ben").mkdir()
    put(tmp_path / "ben")
    ada, ben = intake.find(tmp_path, [SECTION, "04-jsd-proof"])
    assert ada.read() == "fine" and (ben.student, ben.section, ben.absent) == ("ben", SECTION, False)
    with pytest.raises(Unreadable, match=said):
        ben.read()


def test_a_section_that_one_did_not_hand_in_is_no_row(tmp_path):
    """Nor is a file that happens to begin with its number."""
    for student, section in (("ada", SECTION), ("ada", "04-jsd-proof"), ("ben", "04-jsd-proof")):
        (tmp_path / student / section).mkdir(parents=True)
    (tmp_path / "ben" / "3 notes.txt").touch()
    found = [(f.student, f.section) for f in intake.find(tmp_path, [SECTION, "04-jsd-proof"])]
    assert found == [("ada", SECTION), ("ada", "04-jsd-proof"), ("ben", "04-jsd-proof")]


def test_everybody_who_was_collected_from_is_there(tmp_path):
    students = {
        "ada": Student(taken="x"),
        "ben": Student(reason=NOTHING, absent=True),
        "cem": Student(reason="No notebook was handed in, but x.pdf."),
        "dot": Student(taken="x"),
    }
    write_index(tmp_path / FOLDER, Index(section=SECTION, platform="moodle", students=students), b"")
    (tmp_path / "ada" / SECTION).mkdir(parents=True)
    (tmp_path / "cem").mkdir()
    found = intake.find(tmp_path, [SECTION, "04-jsd-proof"])
    assert [(f.student, f.reason, f.absent) for f in found] == [
        ("ada", "", False), ("ben", NOTHING, True), ("cem", "No notebook was handed in, but x.pdf.", False),
        ("dot", "It was collected, and its folder is gone.", False),
    ]  # fmt: skip
    (tmp_path / FOLDER / f"{SECTION}.json").write_text("{")
    with pytest.raises(BadInput, match="collect the section again"):
        intake.find(tmp_path, [SECTION])


def test_nothing_to_grade_is_said(tmp_path):
    for folder, said in ((tmp_path / "nothing", "There is no folder"), (tmp_path, "No submissions in")):
        with pytest.raises(BadInput, match=said):
            intake.find(folder, [SECTION])
