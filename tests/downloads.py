"""Make what learning platforms hand out: a class with odd names, its rosters, and the downloads of an assignment."""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
from pathlib import Path

SECTION = "03-gan-minimax"
NAME = f"{SECTION}.ipynb"

# id, first name, last name, email, Moodle's participant, Canvas's user
CLASS = [
    ("mat-001", "Ada", "O'Neil-Smith", "ada@uni.edu", "1234567", "501"),
    ("mat-002", unicodedata.normalize("NFD", "José"), "de la Cruz", "jose+ml@uni.edu", "1234568", "502"),
    ("mat-003", "हिन्दी", "नाम", "hindi@uni.edu", "1234569", "503"),
    ("mat-004", "Anna", "Müller, Dr.", "anna@uni.edu", "1234570", "504"),
    ("mat-005", "=cmd()", "Formula", "f@uni.edu", "1234571", "505"),
    ("mat-006", "Nobody", "Home", "home@uni.edu", "1234572", "506"),
]
IDS = [row[0] for row in CLASS]


def table(rows: list[list[str]], delimiter: str = ",", newline: str = "\n", encoding: str = "utf-8") -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator=newline).writerows(rows)
    return written.getvalue().encode(encoding)


WORDS = {
    "en": ["Identifier", "Full name", "ID number", "Email address", "Status", "Grade", "Maximum Grade",
           "Grade can be changed", "Last modified (submission)", "Last modified (grade)", "Feedback comments"],
    "de": ["ID", "Vollständiger Name", "ID-Nummer", "E-Mail-Adresse", "Status", "Bewertung", "Bestwertung",
           "Bewertung kann geändert werden", "Zuletzt geändert (Abgabe)", "Zuletzt geändert (Bewertung)",
           "Feedback als Kommentar"],
    "fr": ["Identifiant", "Nom complet", "Numéro d'identification", "Adresse de courriel", "Statut", "Note",
           "Note maximale", "La note peut être modifiée", "Dernière modification (travail remis)",
           "Dernière modification (note)", "Feedback par commentaires"],
    "es": ["Identificador", "Nombre completo", "Número de ID", "Dirección de correo", "Estado", "Calificación",
           "Calificación máxima", "La calificación puede ser cambiada", "Última modificación (entrega)",
           "Última modificación (calificación)", "Comentarios de retroalimentación"],
}  # fmt: skip
SAID = {
    "en": ("Participant {}", "100.00", "Yes", "No", "Thursday, 26 November 2026, 3:{minute:02} PM"),
    "de": ("Teilnehmer/in{}", "100,00", "Ja", "Nein", "Donnerstag, 26. November 2026, 15:{minute:02}"),
    "fr": ("Participant {}", "100,00", "Oui", "Non", "jeudi 26 novembre 2026, 15:{minute:02}"),
    "es": ("Participante {}", "100,00", "Sí", "No", "jueves, 26 de noviembre de 2026, 15:{minute:02}"),
}


def worksheet(language: str = "en", ids: bool = True, names: bool = True, minute: int = 15, **form) -> bytes:
    """Moodle's grading worksheet: the last of the class has handed in nothing, the fourth may not be changed."""
    identifier, most, yes, no, time = SAID[language]
    rows = [list(WORDS[language])]
    for i, (id, first, last, email, number, _) in enumerate(CLASS):
        when = time.format(minute=minute + i) if i < len(CLASS) - 1 else "-"
        full, changeable = f"{first} {last}", no if i == 3 else yes
        rows.append([identifier.format(number), full, id, email, "", "", most, changeable, when, "-", ""])
    left_out = {*([] if ids else [2]), *([] if names else [1, 2, 3])}
    kept = [[cell for i, cell in enumerate(row) if i not in left_out] for row in rows]
    return table(kept, **{"newline": "\r\n", "encoding": "utf-8-sig", **form})


def participants() -> bytes:
    rows = [["First name", "Surname", "ID number", "Email address"]]
    return table([*rows, *([first, last, id, email] for id, first, last, email, _, _ in CLASS)])


def nbgrader_list(numbers: bool = False) -> bytes:
    rows = [["id", "first_name", "last_name", "email", "lms_user_id"]]
    rows += [[id, first, last, email, user if numbers else ""] for id, first, last, email, _, user in CLASS]
    return table(rows)


CANVAS = "Section 3: GAN minimax (4711)"


def gradebook(order: str = "{last}, {first}", column: str = CANVAS) -> bytes:
    """Canvas's gradebook with a row about posting, one about points, and Canvas's own student."""
    who = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    rows = [[*who, "Old one (4700)", column, "Current Score"]]
    rows += [["", "", "", "", "", "", "Manual Posting", "(read only)"]]
    rows += [["    Points Possible", "", "", "", "", "5", "10", "(read only)"]]
    for id, first, last, _, _, user in CLASS:
        rows.append([order.format(first=first, last=last), user, "", id, "Group, A", "4", "", "80"])
    rows.append(["Student, Test", "999", "", "", "Group, A", "", "", ""])
    return table(rows)


def packed(path: Path, files: dict[str, bytes | str], day: int = 26) -> Path:
    """A zip of these files, written on that day of November."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, day, 12, 0, 0)), content)
    return path


def spread(path: Path, files: dict[str, bytes | str]) -> Path:
    """The same, unpacked."""
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def moodle(i: int, name: str = NAME, folder: bool = True, kind: str = "file", ending: str = "_") -> str:
    """The name that Moodle gives to a file of the i-th of the class."""
    _, first, last, _, number, _ = CLASS[i]
    return f"{first} {last}_{number}_assignsubmission_{kind}{ending if folder else '_'}{'/' if folder else ''}{name}"


def canvas(i: int, file: int, name: str = NAME, late: bool = False) -> str:
    """The name that Canvas gives to a file of the i-th of the class."""
    _, first, last, _, _, user = CLASS[i]
    letters = "".join(c for c in f"{last}{first}".lower() if c.isalnum() or unicodedata.category(c)[0] == "M")
    return f"{letters}_{'LATE_' if late else ''}{user}_{file}_{name}"
