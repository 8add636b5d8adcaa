"""The files of a download, in a zip or in a folder, without unpacking what one should not."""

import contextlib
import os
import re
import stat
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from autograder.server.errors import BadInput, Unreadable
from autograder.server.intake import MAX_FILE, read_bytes

_MOST_TOGETHER = 8 << 30  # unpacked, of a whole download
_MOST_OF_ONE = 200 << 20  # unpacked, of a zip that one student handed in
_LEAST_BOMB, _BOMB = 1 << 30, 100  # unpacked bytes, and how many times the packed ones, from which it is no class
_MOST_FILES = 200_000
_LITTER = ("__MACOSX", ".ipynb_checkpoints", ".DS_Store", "Thumbs.db", "desktop.ini", ".git", "__pycache__")


@dataclass(frozen=True)
class Entry:
    """One file of a download: its path there, and how to read it."""

    path: str
    when: int  # its own date, as 20261126141516: tells which of two downloads is the newer one
    read: Callable[[], bytes]

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders and the file's name."""
        return PurePosixPath(self.path).parts

    @property
    def name(self) -> str:
        """The file's name."""
        return self.parts[-1]


def entries(source: Path) -> list[Entry]:
    """Every file of a download, in a zip or in a folder, without what systems leave behind.

    Raises:
        BadInput: when it is neither, or a zip that nobody should unpack.
    """
    if source.is_dir():
        return [entry for entry in _of_folder(source) if not _is_litter(entry.path)]
    if not source.exists():
        raise BadInput(f"There is no {source}.")
    try:
        return list(_of_zip(zipfile.ZipFile(source), _MOST_TOGETHER))
    except (OSError, zipfile.BadZipFile, NotImplementedError):
        raise BadInput(f"{source} is neither a folder nor a zip file that can be read.") from None
    except Unreadable as error:
        raise BadInput(f"{source}: {error}") from None


def unpacked(data: bytes, name: str) -> list[Entry]:
    """The files of a zip that a student handed in, or `Unreadable`."""
    try:
        return list(_of_zip(zipfile.ZipFile(BytesIO(data)), _MOST_OF_ONE))
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        raise Unreadable(f"{name} is not a zip file that can be read.") from None
    except Unreadable as error:
        raise Unreadable(f"{name}: {error}") from None


def _of_zip(archive: zipfile.ZipFile, most: int) -> Iterator[Entry]:
    members = archive.infolist()
    if len(members) > _MOST_FILES:
        raise Unreadable(f"it holds {len(members)} files, at most {_MOST_FILES} are read.")
    for member in members:
        name = _true_name(member)
        if name.startswith("/") or re.match("[A-Za-z]:/", name) or ".." in name.split("/"):
            raise Unreadable(f"{name!r} leads out of the folder into which it is unpacked.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise Unreadable(f"{name!r} is a link; a download holds files.")
        if member.flag_bits & 1:
            raise Unreadable(f"{name!r} is encrypted.")
    total = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if total > most or (total > _LEAST_BOMB and total > _BOMB * max(packed, 1)):
        raise Unreadable(f"it unpacks to {total / 1e9:.1f} GB, which is no class's work.")
    for member in members:
        if not member.is_dir() and not _is_litter(name := _true_name(member)):
            when = int("{:04}{:02}{:02}{:02}{:02}{:02}".format(*member.date_time))
            yield Entry(name, when, lambda member=member: _read_member(archive, member))


def _true_name(member: zipfile.ZipInfo) -> str:
    """A name as whoever packed it meant it: without the flag for UTF-8, most programs write UTF-8 nevertheless."""
    name = member.filename
    if not member.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")  # from Windows


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.file_size > MAX_FILE:
        raise Unreadable(f"{_true_name(member)} has {member.file_size >> 20} MB; at most {MAX_FILE >> 20} are read.")
    try:
        with archive.open(member) as stream:
            return stream.read(MAX_FILE)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
        raise Unreadable(f"{_true_name(member)} is damaged in the zip.") from None


def _of_folder(folder: Path) -> Iterator[Entry]:
    """Files below a folder; a link is an entry that can't be read, and nothing behind it is looked at."""
    for root, folders, files in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(root, name))]
        for name in sorted([*files, *links]):
            path = Path(root, name)
            when = int(time.strftime("%Y%m%d%H%M%S", time.localtime(path.lstat().st_mtime)))
            yield Entry(path.relative_to(folder).as_posix(), when, lambda p=path: read_bytes(p.parent, p.name))


def _is_litter(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return any(part in _LITTER for part in parts) or parts[-1].startswith("._")
