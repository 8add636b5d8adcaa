"""Who is in the class, from each of the files that a platform hands out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from autograder.server.errors import BadInput
from autograder.server.roster import Kind, read_roster
from autograder.server.tables import letters
from tests.downloads import CLASS, IDS, gradebook, nbgrader_list, participants, table, worksheet


def read(tmp_path, data: bytes):
    (tmp_path / "roster.csv").write_bytes(data)
    return read_roster(tmp_path / "roster.csv", UTC)


FILES = {
    "nbgrader": (nbgrader_list(), Kind.NBGRADER),
    "participants": (participants(), Kind.PARTICIPANTS),
    "canvas": (gradebook(), Kind.CANVAS),
    "canvas, first name first": (gradebook("{first} {last}"), Kind.CANVAS),
    "english": (worksheet(), Kind.WORKSHEET),
    "german, from Excel": (b"\xff\xfe" + worksheet("de", delimiter=";", encoding="utf-16-le"), Kind.WORKSHEET),
    "french": (worksheet("fr", encoding="utf-8"), Kind.WORKSHEET),
    "spanish": (worksheet("es", delimiter=";"), Kind.WORKSHEET),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_everybody_is_read_with_the_id_by_which_the_university_knows_them(tmp_path, name):
    data, kind = FILES[name]
    roster = read(tmp_path, data)
    assert roster.kind is kind and roster.data == data
    assert [person.id for person in roster.people] == IDS
    names = [letters(first + last) for _, first, last, *_ in CLASS]
    if name != "canvas, first name first":  # where "Anna Müller, Dr." is read the other way round, and still found
        assert [letters(person.name) for person in roster.people] == names
    for id, first, last, email, *_ in CLASS:
        assert [person.id for person in roster.by_name(f"{last} {first}".upper())] == [id]
        if kind is not Kind.CANVAS:
            assert [person.id for person in roster.by_id(email.upper())] == [id]


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_a_worksheet_has_times_and_participants(tmp_path, language):
    roster = read(tmp_path, worksheet(language))
    assert [person.time for person in roster.people[:2]] == [
        datetime(2026, 11, 26, 15, minute, tzinfo=UTC) for minute in (15, 16)
    ]
    assert roster.people[-1].time is None
    assert [person.number for person in roster.people] == [row[4] for row in CLASS]
    assert all(person.row.endswith(person.number) and person.row != person.number for person in roster.people)


def test_without_ids_it_is_the_address_and_without_names_the_number(tmp_path):
    assert [p.id for p in read(tmp_path, worksheet(ids=False)).people] == [row[3] for row in CLASS]
    rows = [["Identifier", "Full name", "Grade", "Maximum Grade"], ["Participant 1", "Ann Lee", "", "10"]]
    assert [p.id for p in read(tmp_path, table(rows)).people] == ["Ann Lee"]
    twins = [*rows, ["Participant 2", "Ann Lee", "", "10"], ["Participant 3", "Bo", "", "10"]]
    assert [p.id for p in read(tmp_path, table(twins)).people] == ["1", "2", "Bo"]
    hidden = read(tmp_path, worksheet("de", ids=False, names=False)).people
    assert [p.id for p in hidden] == [row[4] for row in CLASS] and {p.name for p in hidden} == {""}


def test_windows_encoding_is_read(tmp_path):
    data = table([["ID", "Vollständiger Name", "E-Mail-Adresse", "Bewertung", "Bestwertung"],
                  ["Teilnehmer/in7", "Jörg Groß", "j@uni.edu", "", "10"]], ";", "\r\n", "cp1252")  # fmt: skip
    (person,) = read(tmp_path, data).people
    assert (person.id, person.name, person.number) == ("j@uni.edu", "Jörg Groß", "7")


def test_a_number_decides_and_a_name_may_be_two(tmp_path):
    twins = [["id", "first_name", "last_name", "email", "lms_user_id"], ["a", "Ann", "Lee", "", "1"],
             ["b", "Ann", "Lee", "", "2"], ["c", "Lee", "Ann", "", ""]]  # fmt: skip
    roster = read(tmp_path, table(twins))
    assert [person.id for person in roster.by_name("ann lee")] == ["a", "b"]
    assert [person.id for person in roster.by_name("Lee Ann")] == ["c"]
    assert [person.id for person in roster.owner("2", "annlee", Kind.NBGRADER)] == ["b"]
    assert [person.id for person in roster.owner("9", "leeann", Kind.NBGRADER)] == ["c"]
    assert roster.owner("9", "annlee", Kind.NBGRADER) == []
    assert roster.by_id("") == [] and roster.by_number("") == [] and roster.by_name("?") == []


def test_an_address_is_not_another_one(tmp_path):
    rows = [["id", "first_name", "last_name"], ["a+b@uni.edu", "A", "B"], ["ab@uni.edu", "C", "D"]]
    roster = read(tmp_path, table(rows))
    assert [person.id for person in roster.by_id("a+b@uni.edu")] == ["a+b@uni.edu"]
    assert [person.id for person in roster.by_id("AB@uni.edu")] == ["ab@uni.edu"]
    roster = read(tmp_path, table([["id", "first_name", "last_name"], ["Ann", "", ""], ["ann", "", ""]]))
    assert [person.id for person in roster.by_id("ann")] == ["ann"] and len(roster.by_id("ANN")) == 2


def test_a_word_that_means_two_things_is_the_participant_when_it_stands_first(tmp_path):
    rows = [["Codice identificativo", "Nome", "Valutazione", "Punteggio massimo"], ["Partecipante 7", "Ada", "", "10"]]
    (person,) = read(tmp_path, table(rows)).people
    assert (person.id, person.number, person.row) == ("Ada", "7", "Partecipante 7")


@pytest.mark.parametrize(("data", "said"), [
    (b"", "is empty"),
    (b"a,b\n1,2\n", "columns are a, b"),
    (b"id,first_name,last_name\n", "names nobody"),
    (b"id,first_name,last_name\nx,A,B\nx,C,D\n", "'x' in more than one row"),
    (b"id,first_name,last_name\nx,A,B\n../y,C,D\n", "row 3: '../y'"),
    (b"PK\x03\x04", "save or export the roster as CSV"),
    (worksheet().replace(b"Participant 1234568", b"Participant"), "row 3"),
    (worksheet().replace(b"3:16 PM", b"soon"), "row 3: .*soon"),
])  # fmt: skip
def test_what_is_no_roster_is_a_sentence(tmp_path, data, said):
    with pytest.raises(BadInput, match=said) as caught:
        read(tmp_path, data)
    assert "\n" not in str(caught.value)
    with pytest.raises(BadInput, match="can't be read"):
        read_roster(tmp_path / "nowhere.csv", UTC)
