"""What a lesson says about itself in its front matter: its line on the front page, its group, its places on the map.

    section:
      line: a bound on the likelihood
      group: density
      map:
        vae: {under: approximate, text: "bound: VAE"}

The order of the sections is that of `_toc.yml`, their titles are the lessons' own, and the groups are those of
`book/index.md`: a list `<ul data-group="density"></ul>` stands for the group's sections. A place on the drawn map
(`dgm.plotting.model_map`) is described by one section; others that belong there only name it (`gan: {}`; with nothing
after the colon jupytext could not open the lesson). Models that belong on the map although no section is about them
are described with `taught: false`, until a section names them. From all of this the build writes `src/dgm/map.csv`,
from which the map is drawn.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from book.tools.errors import LessonError

if TYPE_CHECKING:
    from book.tools.lessons import Lesson

MAP = Path("src/dgm/map.csv")
PARENTS = ("tractable", "approximate", "implicit")  # the nodes of `dgm.plotting.model_map` that have leaves
GROUP = re.compile(r'<ul data-group="([^"]*)"></ul>')
LEAF = re.compile(r"^[a-z]+$")
WORDS = {"line", "group", "map"}


@dataclass(frozen=True)
class Leaf:
    """What the drawn map says at one of its ends."""

    under: str  # one of PARENTS
    text: str
    taught: bool = True  # whether the section that describes it is also about it


@dataclass(frozen=True)
class Section:
    """The front matter of one lesson."""

    line: str  # "a bound on the likelihood"
    group: str  # where the front page lists it
    places: Mapping[str, Leaf | None] = field(default_factory=dict)  # None: described by another section


def parse(path: Path, words: object) -> Section:
    """The word `section` of a lesson's front matter, checked.

    Raises:
        LessonError: at what its author has to mend.
    """
    if not isinstance(words, dict):
        raise LessonError(path, 1, "the front matter of a lesson has a section with its line and its group")
    if unknown := sorted(str(word) for word in set(words) - WORDS):
        known = ", ".join(sorted(WORDS))
        raise LessonError(path, _line(path, unknown[0]), f"unknown word {unknown[0]!r} in section; known are {known}")
    for word in ("line", "group"):
        if not isinstance(words.get(word), str) or not words[word].strip():
            raise LessonError(path, _line(path, "section"), f"section has no {word}")
    places = words.get("map") or {}
    if not isinstance(places, dict):
        raise LessonError(path, _line(path, "map"), "map has places of the map: `gan: {}`, or a new one with its text")
    leaves = {str(name): _leaf(path, name, described) for name, described in places.items()}
    return Section(words["line"].strip(), words["group"].strip(), leaves)


def _leaf(path: Path, name: object, described: object) -> Leaf | None:
    line = _line(path, str(name))
    if not LEAF.match(str(name)):
        raise LessonError(path, line, f"a place on the map is one word in small letters, not {name!r}")
    if described == {}:
        return None
    if not isinstance(described, dict) or set(described) - {"taught"} != {"under", "text"}:
        raise LessonError(path, line, f"the place {name!r} says under what it hangs and its text, or {{}}")
    if not isinstance(described.get("taught", True), bool):
        raise LessonError(path, line, f"whether {name!r} is taught is true or false")
    if described["under"] not in PARENTS:
        parents = ", ".join(PARENTS)
        raise LessonError(path, line, f"{name!r} hangs under one of {parents}, not under {described['under']!r}")
    if not isinstance(described["text"], str) or not described["text"].strip():
        raise LessonError(path, line, f"the place {name!r} has no text")
    return Leaf(described["under"], described["text"].strip(), described.get("taught", True))


def _is_about(places: Mapping[str, Leaf | None], name: str) -> bool:
    described = places.get(name)
    return name in places and (described is None or described.taught)


def _line(path: Path, word: str) -> int:
    """The line of the front matter where a word stands; the first line if none."""
    for number, text in enumerate(path.read_text(encoding="utf8").splitlines(), 1):
        if re.match(rf"\s*[\"']?{re.escape(word)}[\"']?\s*:", text):
            return number
        if number > 1 and text == "---":
            break
    return 1


def check(root: Path, lessons: Iterable[Lesson]) -> None:
    """Compare the sections with the front page and with each other.

    Raises:
        LessonError: when a group is not on the front page, or a place on the map is described twice or not at all.
    """
    groups = GROUP.findall((root / "book" / "index.md").read_text(encoding="utf8"))
    described: dict[str, str] = {}
    lessons = list(lessons)
    for lesson in lessons:
        if lesson.section.group not in groups:
            known = ", ".join(groups) or "none"
            message = f"the front page has no group {lesson.section.group!r}; its groups are {known}"
            raise LessonError(lesson.path, _line(lesson.path, "group"), message)
        for name, leaf in lesson.section.places.items():
            if leaf is not None and described.setdefault(name, lesson.name) != lesson.name:
                message = f"the place {name!r} is described by {described[name]} already; here just name it"
                raise LessonError(lesson.path, _line(lesson.path, name), message)
    for lesson in lessons:
        for name in lesson.section.places:
            if name not in described:
                message = f"no section describes the place {name!r} of the map"
                raise LessonError(lesson.path, _line(lesson.path, name), message)


def map_table(lessons: Iterable[Lesson]) -> str:
    """The data of the drawn map, as CSV: leaf, parent, text and the sections about it, from left to right."""
    lessons = list(lessons)
    leaves = {name: leaf for lesson in lessons for name, leaf in lesson.section.places.items() if leaf is not None}
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("leaf", "under", "text", "sections"))
    for name, leaf in sorted(leaves.items(), key=lambda item: PARENTS.index(item[1].under)):
        numbers = [str(lesson.number) for lesson in lessons if _is_about(lesson.section.places, name)]
        writer.writerow((name, leaf.under, leaf.text, " ".join(numbers)))
    return table.getvalue()
