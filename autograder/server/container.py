"""One submission in a container of its own: what a Gradescope zip runs, `python -m autograder.server.container FOLDER`.

FOLDER/source/course/    the course with one section, and a private seed: this very package
FOLDER/submission/       what was handed in
FOLDER/submission_metadata.json   who by, where Gradescope says so
FOLDER/results/          gets results.json, in Gradescope's format

Exit status 2 and no results.json, which Gradescope reports as a fault of the autograder, when it can't be run safely.
"""

import json
import sys
from pathlib import Path

from autograder.exercises import sections
from autograder.server import course, grade, results
from autograder.server.errors import BadInput, JailError, Unreadable
from autograder.server.intake import read
from autograder.server.jail import probe
from autograder.server.jail.box import NoJail
from autograder.server.jail.user import open_other_user
from autograder.server.reports import gradescope
from autograder.server.results import Result, hidden_seed


def mark_container(folder: Path) -> Result:
    """Marks of what lies in FOLDER/submission, which are written to FOLDER/results as well.

    Raises:
        BadInput: when this is not the course of a Gradescope zip.
        JailError: when a submission can't be run here without being able to look at the answers.
    """
    root = course.root()
    if len(sections()) != 1 or not (root / "private_seed").is_file():
        raise BadInput(
            f"{root} is not what `make gradescope SECTION=name` packs: a course of one section, with a seed."
        )
    (section,) = sections()
    secret = [root / "solutions", root / "autograder" / "references", root / "private_seed"]
    for path in secret:
        path.chmod(0o700)
    seed = results.private_seed(root)
    try:
        jail = probe.open_jail()
    except JailError:
        jail = open_other_user(secret, [folder, folder / "results", folder / "source", root, *root.iterdir()])
    probe.adopt(jail)
    options = {"root": root, "unsafe": isinstance(jail, NoJail)}
    try:
        path = handed_in(folder / "submission", section)
        text = read(folder / "submission", *path.relative_to(folder / "submission").parts)
        result = grade.mark_text(section, text, path.name, hidden_seed(seed, _who(folder), section), **options)
    except Unreadable as error:
        result = grade.nothing(section, str(error))
    results.write(folder / "results" / "results.json", gradescope.text(result))
    return result


def _who(folder: Path) -> str:
    """The authors' numbers: each group of students has hidden cases of its own, and no process learns the seed."""
    try:
        users = json.loads((folder / "submission_metadata.json").read_text(encoding="utf-8"))["users"]
        return ",".join(sorted(str(user["id"]) for user in users))
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def handed_in(folder: Path, section: str) -> Path:
    """The notebook among what was handed in: the one called like the section, in a repository too; else the only one.

    Raises:
        Unreadable: when there is none, or more than one that it could be.
    """
    found = sorted(folder.rglob("*.ipynb"), key=lambda path: (len(path.parts), path))
    named = [path for path in found if path.name == f"{section}.ipynb"]
    if named:
        return named[0]
    if len(found) == 1:
        return found[0]
    there = ", ".join(path.name for path in found[:5]) or "no notebook"
    raise Unreadable(f"Hand in {section}.ipynb; there is {there}.")


if __name__ == "__main__":
    try:
        mark_container(Path(sys.argv[1]))
    except (BadInput, JailError) as fault:
        print(fault, file=sys.stderr)
        sys.exit(2)
