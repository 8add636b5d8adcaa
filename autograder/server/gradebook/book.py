"""Open nbgrader's gradebook: in SQLite beside everything else, or in PostgreSQL where several machines work on it."""

import contextlib
import functools
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from nbgrader import api, dbutil
from sqlalchemy import Engine, event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from autograder.server.errors import BadInput

_LOCAL = ("apfs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "hfs", "overlay", "tmpfs", "xfs", "zfs")


def schema_version() -> str | None:
    """What `alembic heads` prints, without the seconds that another Python takes to import everything again."""
    return ScriptDirectory(str(Path(dbutil.__file__).parent / "alembic")).get_current_head()


api.get_alembic_version = schema_version  # type: ignore[assignment]
# Each of nbgrader's steps opens the gradebook anew; with the same engine SQLAlchemy compiles each statement only once.
api.create_engine = functools.cache(api.create_engine)  # type: ignore[attr-defined]


# It would print the traces of errors that are raised as well, and told in a sentence.
api.app_log = logging.getLogger(f"{__name__}.unheard")
api.app_log.addHandler(logging.NullHandler())
api.app_log.propagate = False


@event.listens_for(Engine, "connect")
def _(connection: Any, _: Any) -> None:
    """Readers don't block the writer, and a commit doesn't wait for the disk: killing a process loses nothing.

    Writers wait for each other; on a busy machine with many workers longer than SQLite's five seconds. SQLite's
    write-ahead log needs memory that processes share, which other machines don't: not on a shared file system.
    """
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.execute("PRAGMA busy_timeout=60000")
    _, _, file = next(iter(connection.execute("PRAGMA database_list")), (0, "", ""))
    if file and is_local(Path(file)):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")


def is_local(path: Path, mounts: Path = Path("/proc/self/mounts")) -> bool:
    """Whether a file lies on a disk of this machine; where that is not known, it does not."""
    try:
        lines = [line.split() for line in mounts.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return False
    above = [str(path.resolve()), *map(str, path.resolve().parents)]
    kinds = {where.replace("\\040", " "): kind for _, where, kind, *_ in lines}
    return next((kinds[folder] in _LOCAL for folder in above if folder in kinds), False)


@contextlib.contextmanager
def open_gradebook(address: str, course: str = "") -> Iterator[Any]:
    """nbgrader's gradebook at an address, as a configuration's ``db_url`` has it.

    Arguments:
        course: The configuration's ``course_id``, for who registers sections or students: nbgrader writes the course
            into the gradebook when it is opened, and two workers who were the first to do so would collide.

    Raises:
        BadInput: when it can't be opened.
    """
    try:
        book = api.Gradebook(address, course)
    except ModuleNotFoundError as error:
        raise BadInput(f"The gradebook needs {error.name}: pip install 'psycopg[binary]'.") from None
    except (ArgumentError, NoSuchModuleError, OperationalError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise BadInput(f"The gradebook can't be opened: {reason}.") from None
    with book:
        yield book
