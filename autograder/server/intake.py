"""Get hold of what students handed in without believing any of it.

A submission folder may hold links to other people's files, pipes that never end, 200 MB of noise or no notebook at all.
Whatever is not a readable notebook becomes a sentence, and the sentence a scored 0; it never stops the batch.
"""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from autograder.server import collected
from autograder.server.errors import BadInput, Unreadable
from autograder.server.tables import letters
from autograder.verdict import printable

MAX_FILE = 20 << 20
"""Bytes of the largest file that is read: a notebook with its pictures; none of the course's is above 1 MB."""


@dataclass(frozen=True, order=True)
class Found:
    """One submission as it lies on the disk: ``directory/student/section/section.ipynb``."""

    student: str
    section: str
    directory: Path
    reason: str = ""  # why there is nothing to read
    absent: bool = False  # nothing was handed in, and nobody made a mistake

    def read(self) -> str:
        """The notebook's text, or `Unreadable`."""
        if self.reason:
            raise Unreadable(self.reason)
        try:
            return read(self.directory, self.student, self.section, f"{self.section}.ipynb")
        except Unreadable as error:
            raise Unreadable(f"{error}{self._what_is_there()}") from None

    def _what_is_there(self) -> str:
        """Names of what lies beside a notebook that is missing."""
        folder = self.directory / self.student / self.section
        if os.path.islink(folder) or not folder.is_dir() or os.path.lexists(folder / f"{self.section}.ipynb"):
            return ""
        return f" {_names(folder) or 'The folder is empty.'}"


def find(directory: Path, sections: list[str]) -> list[Found]:
    """Every student's folder of every known section, sorted; nbgrader's own layout.

    What `collect` knows of the class is believed: who is on the roster is in it, whether they handed in or not.
    A folder that is nearly right has somebody's work in it: it is found, with a reason and nothing to read.
    """
    if not directory.is_dir():
        raise BadInput(f"There is no folder {directory}.")
    found: dict[tuple[str, str], Found] = {}
    lost = []
    for student in _students(directory, sections):
        folder = directory / student
        if folder_problem(student):
            continue
        if not folder.is_symlink() and (here := _sections_of(folder, sections)):
            found |= {(student, section): Found(student, section, directory, why) for section, why in here.items()}
        else:
            lost.append(student)
    for section in sections:
        index = collected.read_index(directory / collected.FOLDER, section)
        for student, about in index.students.items() if index else ():
            if about.reason or student not in lost:
                reason = about.reason or "It was collected, and its folder is gone."
                found.setdefault((student, section), Found(student, section, directory, reason, about.absent))
    handed_in = {section for _, section in found}
    for student in lost:
        folder = directory / student
        names = "The folder is a link, and links are not followed." if folder.is_symlink() else _names(folder)
        for section in handed_in:
            reason = f"There is no folder {section}. {names or 'The folder is empty.'}"
            found.setdefault((student, section), Found(student, section, directory, reason))
    if not found:
        known = ", ".join(sections)
        raise BadInput(
            f"No submissions in {directory}: it should hold STUDENT/SECTION/SECTION.ipynb, SECTION of {known}."
        )
    return sorted(found.values())


def refused(directory: Path, sections: list[str]) -> list[str]:
    """A sentence on each student's folder whose name can't be used; the others are graded."""
    problems = {student: folder_problem(student) for student in _students(directory, sections)}
    return [f"The folder {ascii(student)} is not graded: {why}." for student, why in problems.items() if why]


def _students(directory: Path, sections: list[str]) -> list[str]:
    """Folders that are students', but not our own, git's and Jupyter's."""
    names = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    ours = {
        name
        for name in names
        if name.startswith((".", "__MACOSX")) and not any(os.path.lexists(directory / name / s) for s in sections)
    }
    return [name for name in names if name not in ours]


def _sections_of(folder: Path, sections: list[str]) -> dict[str, str]:
    """The sections that a student handed in, or tried to, each with what is wrong with its place."""
    here = {section: "" for section in sections if os.path.lexists(folder / section)}
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        for section in sections:
            if section not in here and _means(entry, section):
                what = "folder" if entry.is_dir() else "file"
                here[section] = f"There is no folder {section}, but a {what} {printable(entry.name)}."
    return here


def _means(entry: os.DirEntry, section: str) -> bool:
    """Whether a folder or a notebook is called nearly like a section: its words, or its number."""
    if not entry.is_dir() and not entry.name.casefold().endswith(".ipynb"):
        return False
    number = re.match(r"0*(\d+)(?=[-_ .]|$)", entry.name)
    same_number = bool(number) and section.startswith(f"{int(number[1]):02}-")
    return same_number or letters(section.partition("-")[2]) in letters(entry.name)


def _names(folder: Path) -> str:
    names = [printable(entry.name) for entry in sorted(os.scandir(folder), key=lambda entry: entry.name)]
    return f"There is {', '.join(names[:5])}{' and more' if len(names) > 5 else ''}." if names else ""


def folder_problem(name: str) -> str:
    """Why a name can't be a student's folder; nothing when it can."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        return "it leads out of the folder"
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return "it is not UTF-8"
    if size > 250:  # five more bytes stand after it, ".json"
        return f"it has {size} bytes, at most 250 fit"
    if re.search(r"[\x00-\x1f\x7f-\x9f]", name):
        return "it holds line breaks or other characters that don't show"
    if markup := re.search('[<>"]', name):  # formgrader writes names into its pages' scripts as they are
        return f"it holds {markup[0]}, which nbgrader's pages would take for markup"
    return ""


def read(directory: Path, *parts: str) -> str:
    """The text of a regular file below a directory, through no link and of no surprising size."""
    try:
        text = read_bytes(directory, *parts).decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable(f"{parts[-1]} is not UTF-8 text.") from None
    if "\0" in text:
        raise Unreadable(f"{parts[-1]} contains NUL characters.")
    return text


def read_bytes(directory: Path, *parts: str) -> bytes:
    """A regular file below a directory, through no link and of no surprising size."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts:
            # O_NONBLOCK: opening a pipe must not wait for somebody to write into it.
            inner = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(f"{parts[-1]} is not a regular file.")
        if status.st_size > MAX_FILE:
            raise Unreadable(f"{parts[-1]} has {status.st_size >> 20} MB; at most {MAX_FILE >> 20} are read.")
        with open(descriptor, "rb", closefd=False) as stream:
            return stream.read(MAX_FILE + 1)
    except FileNotFoundError:
        raise Unreadable(f"There is no {parts[-1]}.") from None
    except OSError as error:  # a link (ELOOP), or a file where a folder should be
        raise Unreadable(f"{parts[-1]} can't be read: {os.strerror(error.errno or 0)}.") from None
    finally:
        os.close(descriptor)
