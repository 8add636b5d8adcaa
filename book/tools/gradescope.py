"""An autograder for Gradescope: `make gradescope SECTION=name` packs what grades one section into a zip.

setup.sh, run_autograder   book/gradescope/, which Gradescope calls
course/                    the course with this one section: what grades, the solution, the packages and their versions
course/private_seed        the hidden cases, drawn anew for each zip

It holds the solution: for Gradescope's *Configure Autograder* and for nobody else.
"""

from __future__ import annotations

import os
import secrets
import zipfile
from collections.abc import Iterator
from pathlib import Path

import tomlkit

from autograder.server.errors import BadInput
from book.tools import lessons as source
from book.tools.handout import KINDS, lock_for, students_project

PACKAGES = ("src/dgm", "autograder")
NOTEBOOKS = ("nbformat>=5",)
"""What grading reads a submission with, besides what a student's machine needs."""


def pack(root: Path, section: str) -> Path:
    """Write gradescope-SECTION.zip in the course's folder; returns its path.

    Raises:
        BadInput: when there is no such section.
    """
    if section not in (known := source.sections(root)):
        raise BadInput(f"There is no section {section!r}; there are {', '.join(known)}.")
    path = root / f"gradescope-{section}.zip"
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as packed:
            for program in ("setup.sh", "run_autograder"):
                _write(packed, program, (root / "book" / "gradescope" / program).read_bytes(), 0o755)
            for file in _files(root, section):
                _write(packed, f"course/{file.relative_to(root).as_posix()}", file.read_bytes())
            project = (root / "pyproject.toml").read_text(encoding="utf8")
            _write(packed, "course/pyproject.toml", students_project(project).encode())
            wanted = tomlkit.parse(project).unwrap()
            needed = [*wanted["project"]["dependencies"], *NOTEBOOKS, *wanted["build-system"]["requires"]]
            _write(packed, "course/requirements.lock", lock_for(root, needed).encode())
            _write(packed, "course/private_seed", f"{secrets.randbits(62)}\n".encode(), 0o600)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _files(root: Path, section: str) -> Iterator[Path]:
    """What grades the section, and nothing of the others."""
    yield root / "README.md"
    for kind in ("notebooks", "solutions"):
        yield source.notebook_path(root, kind, section)
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            others = source.FILE.match(path.stem) and path.stem != section
            if path.is_file() and path.suffix in KINDS and not others:
                yield path


def _write(packed: zipfile.ZipFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (0o100000 | mode) << 16
    packed.writestr(entry, content)
