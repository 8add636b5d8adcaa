"""What grading leaves on the disk: verdicts and marks of progress, each file written whole or not at all.

OUT/nbgrader_config.py                 where the gradebook is (`own`)
OUT/private_seed                       numbers the hidden cases are drawn from, chosen on the first run
OUT/expected/SECTION/*.json            what the solution does with the hidden cases of a seed
OUT/results/SECTION/STUDENT.json       the verdict, with a digest of all it depends on
OUT/recorded/SECTION/STUDENT           that digest again, once nbgrader has the verdict
OUT/shown/SECTION/STUDENT              a digest of what the feedback page tells; why it tells no more, where that is so
"""

import hmac
import os
import secrets
import tempfile
from pathlib import Path

from pydantic import BaseModel, ValidationError

from autograder.server.errors import BadInput
from autograder.verdict import ExerciseResult, Words

EXPECTED = "expected"
_GROUPS = 4  # of students, each with hidden cases of its own


class Result(BaseModel):
    """The marks of one submission and everything that feedback and reports are made of."""

    student: str = ""
    section: str
    points: float
    max_points: float
    exercises: dict[str, ExerciseResult]
    notes: list[Words] = []
    printed: dict[str, Words] = {}  # cell id -> what the cell printed, or how it failed
    text: dict[str, Words] = {}  # answer name -> its source, to look for near-identical submissions
    digest: str = ""
    seconds: float = 0.0
    handed_in: bool = True  # False: on the roster, and nothing came
    waiting: list[str] = []  # questions that a person has still to mark; these and the following: in reports only
    late_penalty: float = 0.0
    seconds_late: float = 0.0
    excused: bool = False
    not_shown: bool = False  # nbgrader or a browser's page choked on it

    @property
    def score(self) -> float:
        """The points that count, after what being late takes off."""
        return max(0.0, self.points - self.late_penalty)

    @property
    def percent(self) -> float:
        """Of the questions that are marked."""
        most = self.max_points - sum(self.exercises[name].max_points for name in self.waiting)
        return 100 * self.score / most if most else 100.0


def write(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    """Whole or not at all: a file that is being written is never seen under its name, and an error has that name."""
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing.")  # a name may be very long
        with open(descriptor, "wb") as stream:
            stream.write(content.encode("utf-8") if isinstance(content, str) else content)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException as error:
        if temporary:
            os.unlink(temporary)
        if isinstance(error, OSError) and error.errno:
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def private_seed(out: Path) -> int:
    """The seed of the hidden cases of this OUT: drawn once, so that grading twice gives the same marks."""
    path = out / "private_seed"
    if not path.exists():
        write(path, f"{secrets.randbits(62)}\n", mode=0o600)
    try:
        return int(path.read_text(encoding="utf-8"))
    except ValueError:
        raise BadInput(f"{path} should hold one number; delete it to draw another.") from None


def hidden_seed(private: int, student: str, section: str) -> int:
    """The seed of one student's hidden cases in one section, a keyed digest of the private seed (HMAC, RFC 2104).

    It is the only seed that a submission's process can learn, and pass on: it serves no other section, and of the class
    a quarter, whose members nobody knows. To give each student another one would take longer than all the rest, since
    the solution is run for each.
    """
    key = private.to_bytes(8, "big")
    group = hmac.digest(key, student.encode("utf-8", "surrogatepass"), "sha256")[0] % _GROUPS
    return int.from_bytes(hmac.digest(key, f"{section}/{group}".encode(), "sha256")[:7], "big")


def save(out: Path, result: Result) -> None:
    """Keep the verdict on a submission."""
    write(out / "results" / result.section / f"{result.student}.json", result.model_dump_json(indent=1))


def load(out: Path, section: str, student: str) -> Result | None:
    """The verdict on a submission; None where there is none that can be read."""
    try:
        return Result.model_validate_json((out / "results" / section / f"{student}.json").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        return None


def load_all(out: Path) -> list[Result]:
    """Every verdict of OUT, by section and student."""
    paths = sorted(out.glob("results/*/*.json"))
    return [result for path in paths if (result := load(out, path.parent.name, path.stem))]


def set_recorded(out: Path, result: Result) -> None:
    """Remember that nbgrader has this verdict."""
    write(out / "recorded" / result.section / result.student, result.digest)


def is_recorded(out: Path, result: Result) -> bool:
    """Whether nbgrader has this verdict, and not an older one."""
    path = out / "recorded" / result.section / result.student
    return path.exists() and path.read_text(encoding="utf-8") == result.digest
