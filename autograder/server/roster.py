"""Who is in the class, from the file that the platform hands out: the ids under which everything else knows them.

Four files are told apart by their headings: nbgrader's own list, Moodle's grading worksheet, Moodle's list of
participants, Canvas's gradebook. Moodle writes its headings in the site's language.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from pathlib import Path

from autograder.server.errors import BadInput
from autograder.server.intake import folder_problem
from autograder.server.tables import Table, letters, live, parse_table
from autograder.server.times import month_comes_first, read_time


class Kind(StrEnum):
    """Whose file a roster is."""

    NBGRADER = "nbgrader"
    WORKSHEET = "moodle worksheet"
    PARTICIPANTS = "moodle participants"
    CANVAS = "canvas gradebook"


# Moodle's words in English, German, French, Spanish, Italian, Portuguese, Dutch, as its language packs have them.
FULL_NAME = (
    "Full name", "Vollständiger Name", "Nom complet", "Nombre completo", "Nombre", "Nome completo", "Nome",
    "Cognome/Nome", "Volledige naam",
)  # fmt: skip
FIRST_NAME = ("First name", "Vorname", "Prénom", "Nombre", "Nome", "Nome próprio", "Voornaam", "first_name")
LAST_NAME = (
    "Last name", "Surname", "Nachname", "Nom", "Nom de famille", "Apellido(s)", "Apellidos", "Cognome", "Sobrenome",
    "Apelido", "Achternaam", "last_name",
)  # fmt: skip
ID_NUMBER = (
    "ID number", "ID-Nummer", "Matrikelnummer", "Numéro d'identification", "Número de ID", "Codice identificativo",
    "Número de identificação", "ID-nummer", "Numero ID",
)  # fmt: skip
EMAIL = (
    "Email address", "Email", "E-mail", "E-Mail-Adresse", "Adresse de courriel", "Adresse e-mail",
    "Dirección de correo", "Dirección Email", "Correo electrónico", "Indirizzo email",
    "Endereço de email", "E-mailadres",
)  # fmt: skip
GRADE = ("Grade", "Bewertung", "Note", "Calificación", "Valutazione", "Nota", "Avaliação", "Cijfer", "Beoordeling")
MAXIMUM_GRADE = (
    "Maximum Grade", "Bestwertung", "Note maximale", "Calificación máxima", "Punteggio massimo", "Valutazione massima",
    "Nota máxima", "Avaliação máxima", "Maximumcijfer", "Maximum cijfer",
)  # fmt: skip
CHANGEABLE = (
    "Grade can be changed", "Bewertung kann geändert werden", "La note peut être modifiée",
    "La calificación puede ser cambiada", "La valutazione può essere modificata", "Nota pode ser alterada",
    "A nota pode ser alterada", "A avaliação pode ser alterada", "Cijfer kan gewijzigd worden",
    "Cijfer kan worden gewijzigd",
)  # fmt: skip
SUBMITTED = (
    "Last modified (submission)", "Zuletzt geändert (Abgabe)", "Dernière modification (travail remis)",
    "Última modificación (entrega)", "Ultima modifica (consegna)", "Última atualização (submissão)",
    "Última modificação (envio)", "Laatst gewijzigd (inzending)",
)  # fmt: skip
YES = ("Yes", "Ja", "Oui", "Sí", "Sì", "Sim")
CANVAS_ASSIGNMENT = re.compile(r".*\((\d+)\)\s*$", re.DOTALL)


@dataclass(frozen=True)
class Person:
    """One row of a roster."""

    id: str
    name: str = ""
    email: str = ""
    number: str = ""  # Moodle's number of a participant, Canvas's id of a user: what the names of their files hold
    row: str = ""  # what tells the row from the others when marks go back
    time: datetime | None = None


@dataclass
class Roster:
    """A class, and how to find somebody in it."""

    kind: Kind
    people: list[Person]
    data: bytes = b""

    def __post_init__(self) -> None:
        self._number: dict[str, list[Person]] = defaultdict(list)
        self._id: dict[str, list[Person]] = defaultdict(list)
        self._name: dict[str, list[Person]] = defaultdict(list)
        self._turned: dict[str, list[Person]] = defaultdict(list)
        for person in self.people:
            self._number[person.number].append(person)
            for name in {_folded(person.id), _folded(person.email)}:
                self._id[name].append(person)
            self._name[letters(person.name)].append(person)
            for name in _turned(person.name):
                self._turned[name].append(person)

    def by_number(self, number: str) -> list[Person]:
        """Who has this number on the platform."""
        return self._number.get(number, []) if number else []

    def by_id(self, name: str) -> list[Person]:
        """Who has this id or address."""
        found = self._id.get(_folded(name), []) if name else []
        return [person for person in found if person.id == name] or found

    def by_name(self, name: str) -> list[Person]:
        """Who is called that, in whatever case and with whatever accents, punctuation and order of the words."""
        name = letters(name)
        return (self._name.get(name) or self._turned.get(name, [])) if name else []

    def owner(self, number: str, name: str, *numbered: Kind) -> list[Person]:
        """Who is meant by a number and a name together.

        A number decides where the roster is one of the kinds that have it; somebody else may have the same name.
        """
        if self.kind not in numbered:
            return self.by_name(name)
        return self.by_number(number) or [person for person in self.by_name(name) if not person.number]


def read_roster(path: Path, zone: tzinfo | None) -> Roster:
    """Read a class list, whoever wrote it.

    Arguments:
        zone: Of the times in it; None is this machine's.

    Raises:
        BadInput: when it is none of the files that are known, or names somebody twice.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"The roster {path} can't be read: {error.strerror}.") from None
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise BadInput(f"{path} is a workbook or an archive; save or export the roster as CSV.")
    table = parse_table(data, path.name)
    kind = roster_kind(table)
    if kind is None:
        raise BadInput(
            f"{path} is no roster that is known, its columns are {', '.join(table.names())[:300]}. Known are "
            "nbgrader's list (id,first_name,last_name,email,lms_user_id), Moodle's grading worksheet and its list of "
            "participants, Canvas's gradebook."
        )
    read = {Kind.NBGRADER: _nbgrader, Kind.CANVAS: _canvas}.get(kind, _moodle)
    people = read(table, zone, path.name)
    twice = [name for name, count in Counter(person.id for person in people).items() if count > 1]
    if twice:
        raise BadInput(f"{path.name} names {twice[0]!r} in more than one row; an id belongs to one student.")
    if not people:
        raise BadInput(f"{path.name} names nobody.")
    return Roster(kind, people, data)


def roster_kind(table: Table) -> Kind | None:
    """Whose file a table is, by its heading."""
    names = {letters(name) for name in table.names()}
    if {"id", "firstname", "lastname"} <= names or {"id", "email", "lmsuserid"} <= names:
        return Kind.NBGRADER
    if {"student", "id", "section"} <= names:
        return Kind.CANVAS
    if table.find(*CHANGEABLE) is not None or (
        table.find(*GRADE) is not None and table.find(*MAXIMUM_GRADE) is not None
    ):
        return Kind.WORKSHEET
    if table.find(*EMAIL) is not None and table.find(*FIRST_NAME) is not None and table.find(*LAST_NAME) is not None:
        return Kind.PARTICIPANTS
    if "id" in names and names <= {"id", "firstname", "lastname", "email", "lmsuserid"}:
        return Kind.NBGRADER
    return None


def _id(name: str, row: int, *candidates: str) -> str:
    """The first of the names that can be a folder."""
    for candidate in candidates:
        if candidate not in ("", "-") and not folder_problem(candidate):
            return candidate
    raise BadInput(f"{name}, row {row + 2}: there is nothing that can be the student's id.")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _turned(name: str) -> set[str]:
    """A name with each of its words at the end: "Anna Maria Lee" is leeannamaria in the names of Canvas's files."""
    words = name.split()
    return {letters("".join(words[i:] + words[:i])) for i in range(len(words))} - {""}


def _nbgrader(table: Table, _: tzinfo | None, name: str) -> list[Person]:
    column = {key: table.find(key) for key in ("id", "first_name", "last_name", "email", "lms_user_id")}
    people = []
    for row in range(len(table.rows)):
        said = {key: live(table.cell(row, number)) for key, number in column.items()}
        first, last = said["first_name"], said["last_name"]
        if problem := folder_problem(said["id"]):
            raise BadInput(f"{name}, row {row + 2}: {said['id']!r} can't be an id, {problem}.")
        people.append(Person(said["id"], f"{first} {last}".strip(), said["email"], said["lms_user_id"]))
    return people


def _moodle(table: Table, zone: tzinfo | None, name: str) -> list[Person]:
    """Moodle's worksheet, whose first column names the participant, or its list of participants."""
    worksheet = roster_kind(table) is Kind.WORKSHEET
    columns = {"email": table.find(*EMAIL), "number": table.find(*ID_NUMBER)}
    columns["time"] = table.find(*SUBMITTED) if worksheet else None
    if worksheet and columns["number"] == 0:  # "ID" and "Codice identificativo" are both, in different languages
        columns["number"] = None
    first_name, last_name = (None, None) if worksheet else (table.find(*FIRST_NAME), table.find(*LAST_NAME))
    times = [table.cell(row, columns["time"]) for row in range(len(table.rows))]
    parts = [table.find(*FULL_NAME)] if worksheet else [first_name, last_name]
    names = [" ".join(table.cell(row, part) for part in parts).strip() for row in range(len(table.rows))]
    month_first = month_comes_first(times)
    people = []
    for row in range(len(table.rows)):
        said = {key: table.cell(row, number) for key, number in columns.items()}
        identifier = table.cell(row, 0) if worksheet else ""
        number = re.search(r"(\d+)\s*$", identifier)
        if worksheet and not number:
            raise BadInput(
                f"{name}, row {row + 2}: a worksheet's first column ends in the participant's number, "
                f"{identifier!r} does not."
            )
        # A participant's number is another one in each assignment, so it stands last.
        alone = names[row] if names.count(names[row]) == 1 else ""
        id = _id(name, row, said["number"], said["email"], alone, number[1] if number else "")
        person = Person(id, names[row], said["email"], number[1] if number else "", identifier)
        people.append(_timed(person, times[row], zone, month_first, f"{name}, row {row + 2}"))
    return people


def _timed(person: Person, text: str, zone: tzinfo | None, month_first: bool | None, where: str) -> Person:
    if text in ("", "-", "–", "—"):
        return person
    try:
        time = read_time(text, zone, month_first)
    except ValueError as error:
        raise BadInput(f"{where}: {error}.") from None
    return replace(person, time=time)


def _canvas(table: Table, _: tzinfo | None, name: str) -> list[Person]:
    student, user = table.find("Student"), table.find("ID")
    sis, login, email = table.find("SIS User ID"), table.find("SIS Login ID"), table.find(*EMAIL)
    people = []
    for row in range(len(table.rows)):
        full, number = table.cell(row, student), table.cell(row, user)
        if not number.isdigit() or letters(full) in ("studenttest", "teststudent"):
            continue  # the rows about points and posting, and Canvas's own test student
        last, comma, first = full.rpartition(",")
        shown = f"{first.strip()} {last.strip()}" if comma else full
        id = _id(name, row, table.cell(row, login), table.cell(row, sis), number)
        people.append(Person(id, shown, table.cell(row, email), number, number))
    return people
