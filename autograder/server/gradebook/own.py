"""The configuration of the folder that is graded into: written by grading, read by all that opens its gradebook."""

from pathlib import Path
from typing import Any

from traitlets.config.loader import ConfigFileNotFound, PyFileConfigLoader

from autograder.server.errors import BadInput
from autograder.server.gradebook.settings import NAME, PENALTY
from autograder.server.results import write

_WRITTEN = '''"""Written by grading, each time: nbgrader, started in this folder, opens the gradebook of this folder.

What you want to set yourself belongs in the course's own file, which is read first:
{own}
"""

from pathlib import Path

from autograder.server.gradebook.settings import NAME, configure

COURSE = Path({course!r})

c = get_config()
load_subconfig(NAME, path=str(COURSE))
configure(c, course=COURSE, out=Path(__file__).parent, source="source", release="release", db={db!r})
c.EnterMarks.results = str(Path(__file__).parent / "results")  # `nbgrader autograde` enters the marks that are there
'''


def write_own(course: Path, out: Path, db: str = "") -> None:
    """Give ``out`` its `nbgrader_config.py`, readable only by its owner: the address of a gradebook holds a password.

    Raises:
        BadInput: when ``out`` has another gradebook already.
    """
    known = load_config(out).CourseDirectory.db_url if (out / NAME).exists() else ""
    own = f"sqlite:///{out.resolve() / 'gradebook.db'}"
    if db and known and (out / "recorded").exists() and db != known:
        raise BadInput(f"{out} is graded into another gradebook already: leave --db out, or choose another --out.")
    db = db or ("" if known == own else known)
    write(out / NAME, _WRITTEN.format(course=str(course.resolve()), own=course.resolve() / NAME, db=db), mode=0o600)


def load_config(out: Path) -> Any:
    """The configuration of ``out``, with what the course's own file sets.

    Raises:
        BadInput: when the instructor's file can't be read.
    """
    try:
        return PyFileConfigLoader(NAME, path=str(out)).load_config()
    except ConfigFileNotFound:
        raise BadInput(f"Nothing is graded in {out}: it has no {NAME}.") from None
    except Exception as error:
        raise BadInput(f"{NAME}, this folder's or the course's, can't be read: {error!r}.") from None


def late_is_decided(config: Any) -> bool:
    """Whether an instructor has said what being late costs, be it nothing."""
    said = {
        "LatePenalty": ("percent_per_day", "penalty_method"),
        "LateSubmissionPlugin": ("penalty_method",),
        "AssignLatePenalties": ("plugin_class",),
    }
    chosen = [config[where][name] for where, names in said.items() for name in names if name in config[where]]
    return chosen != [PENALTY]  # which `configure` has put there
