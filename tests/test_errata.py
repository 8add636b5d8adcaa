"""The errata page: its lines do what it says they do, and the checks that it names exist and catch something."""

import doctest
import re

import pytest

from autograder.exercise import exercises, sections
from tests.bank import ROOT, load

PAGE = (ROOT / "book" / "errata.md").read_text(encoding="utf8")
ENTRIES = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S))


def named_checks(entry: str) -> list[tuple[str, str, str]]:
    """(section, exercise, case) of every check that an entry names; a section holds until the next one is named."""
    found, number = [], 0
    for section, exercise, case in re.findall(r"section (\d+)|`(\w+)`, case `(\w+)`", entry):
        number = int(section or number)
        if case:
            found.append((next(name for name in sections() if name.startswith(f"{number:02d}-")), exercise, case))
    return found


def test_the_lines_print_what_the_page_says():
    lines = re.sub(r"^```.*$", "", PAGE, flags=re.M)  # else the closing fence would be expected output
    test = doctest.DocTestParser().get_doctest(lines, {}, "errata", "book/errata.md", 0)
    assert len(test.examples) > 40
    complaints: list[str] = []
    doctest.DocTestRunner().run(test, out=complaints.append)
    assert not complaints, "".join(complaints)


@pytest.mark.parametrize("title", ENTRIES)
def test_an_entry_shows_the_slip_and_names_the_check_that_catches_it(title):
    entry = ENTRIES[title]
    assert ">>> " in entry
    assert re.search(r"^\*\*Right\.\*\* ", entry, re.M)
    checks = named_checks(entry)
    assert bool(checks) == ("\nCaught by section" in entry) != ("\nNo check" in entry)
    for section, exercise, case in checks:
        assert case in {found.name for found in exercises(section)[exercise].cases}, (section, exercise, case)
        assert (exercise, case) in {(a.exercise, a.caught_by) for a in load(section).wrong_answers}


def test_every_slip_of_the_lectures_is_there():
    slides, code = PAGE.split("## On the slides")[1].split("## In public code")
    assert [len(re.findall(rf"^\*\*Lecture {name}\.\*\*", slides, re.M)) for name in "ABCD"] == [2, 7, 10, 2]
    assert len(re.findall(r"^\*\*Written\.\*\*", code, re.M)) == 8
