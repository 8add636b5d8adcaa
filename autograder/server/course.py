"""The course on the disk: where it lies, and what a mark or an executed page depends on."""

import ast
import hashlib
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from autograder.server.errors import BadInput

PACKAGE = Path(__file__).parents[1]
MARKING = ("autograder.server.grade", "autograder.server.jail.supervisor")
"""What decides a mark: the grader's side, and the program in the jail, which is started by name."""

CHECKING = ("autograder.checking",)
"""What decides the output of a check in a notebook."""

_LIBRARIES = ("ipykernel", "matplotlib", "numpy", "scikit-learn", "scipy", "sympy", "torch")


def root() -> Path:
    """The course's folder: the one this package lies in, or the working directory of a package installed elsewhere."""
    return PACKAGE.parent if (PACKAGE.parent / "solutions").is_dir() else Path.cwd()


def refuse_foreign_environment(*folders: Path) -> None:
    """Complain when a folder is a clone of the course and this Python has another clone installed.

    Half of the code would come from here and half from there.

    Raises:
        BadInput: naming both.
    """
    spec = find_spec("dgm")
    installed = Path(spec.origin).resolve().parent if spec and spec.origin else None
    for folder in {PACKAGE.parent.resolve(), *(path.resolve() for path in folders)}:
        own = folder / "src" / "dgm"
        if own.is_dir() and (folder / "autograder").is_dir() and installed != own:
            other = installed.parents[1] if installed else "no folder"
            raise BadInput(
                f"This Python ({sys.prefix}) has the course of {other} installed, not that of {folder}: "
                f"use {folder / '.venv'}, or delete it and run make again."
            )


def needed(folder: Path, *modules: str) -> list[Path]:
    """The files of `autograder` that importing these modules runs: theirs, and those of what they import.

    This is the one rule for what may be seen in the jail, what a page depends on, and what a mark depends on. Imports
    inside functions don't count; exercises are imported by name, so who needs them says so.

    Arguments:
        folder: The one that has ``autograder/``.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found or (path := _file(folder, name)) is None:
            continue
        found[name] = path
        waiting += _imports(path, path.stat().st_mtime_ns)
        if "." in name:
            waiting.append(name.rpartition(".")[0])
    return sorted(found.values())


def _file(folder: Path, module: str) -> Path | None:
    """The source of a module of ours; None for others', and for names that are no modules."""
    if module.split(".")[0] != PACKAGE.name:
        return None
    path = folder.joinpath(*module.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


@cache
def _imports(path: Path, _modified: int) -> list[str]:
    """Every name that a file's top level imports, as a module or from one."""
    names: list[str] = []
    for node in ast.parse(path.read_text(encoding="utf8")).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def digest(folder: Path, section: str, modules: tuple[str, ...], *more: Path) -> str:
    """Changes when anything does that a mark or an executed page depends on, besides the answer or the lesson itself.

    Python, the numerical libraries, `dgm`, what the modules need of `autograder`, the section's exercises and stored
    references, and ``more`` files.
    """
    hasher = hashlib.sha256(sys.version.encode())
    for library in _LIBRARIES:
        hasher.update(f"{library}=={_version(library)}".encode())
    for path in _files(folder, section, modules, *more):
        if path.is_file():
            hasher.update(path.relative_to(folder).as_posix().encode())
            hasher.update(path.read_bytes())
    return hasher.hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def _files(folder: Path, section: str, modules: tuple[str, ...], *more: Path) -> Iterator[Path]:
    library = (folder / "src" / "dgm").rglob("*")
    yield from sorted(path for path in library if path.suffix in (".py", ".mplstyle", ".json"))
    yield from needed(folder, *modules)
    yield folder / "autograder" / "exercises" / f"{section}.py"
    yield folder / "autograder" / "references" / f"{section}.json"
    yield from more


def fingerprint(section: str, folder: Path) -> str:
    """The `digest` of a section's marks: what the grader does and asks, and both of the section's notebooks."""
    notebooks = [folder / kind / section / f"{section}.ipynb" for kind in ("notebooks", "solutions")]
    return digest(folder, section, MARKING, *notebooks)
