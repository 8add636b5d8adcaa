"""What is kept of a class and what is made of it for others: written whole, told alike, and no word more than text."""

from __future__ import annotations

import csv
import json
import os
import xml.etree.ElementTree as ElementTree

import pytest

from autograder import exercise
from autograder.server import course, grade, reports, results, submission
from autograder.server.errors import BadInput
from autograder.server.reports import counts, grades, gradescope, junit, likeness, summary
from autograder.server.results import Result, hidden_seed, load, load_all, private_seed, save
from autograder.verdict import CaseResult, ExerciseResult
from tests.submissions.make import SECTION, answers

POINTS = {"one": 2, "two": 3}


def marks(name: str, points: float, *failed: str) -> ExerciseResult:
    cases = [CaseResult(name=c, public=True, passed=c not in failed, message="wrong") for c in ("a_case", "b_case")]
    right = points == POINTS[name]
    return ExerciseResult(
        points=points, max_points=POINTS[name], message=f"{name}: {'right' if right else 'wrong value.'}", cases=cases
    )


def result(student: str, one: float, two: float, section: str = SECTION, **more) -> Result:
    exercises = {
        "one": marks("one", one, *([] if one == 2 else ["a_case"])),
        "two": marks("two", two, *([] if two == 3 else ["a_case", "b_case"])),
    }
    return Result(
        student=student, section=section, points=one + two, max_points=5, exercises=exercises, seconds=4.0, **more
    )


CLASS = [
    result("ada", 2, 3),
    result("ben", 0, 3),
    result("cem", 0, 1.5, text={"two": "secret_source"}),
    result("dot", 0, 0),
]


@pytest.fixture
def out(tmp_path):
    for each in CLASS:
        save(tmp_path, each)
    reports.write_all(tmp_path)
    return tmp_path


def test_the_private_seed_is_private_and_stays(tmp_path):
    seed = private_seed(tmp_path / "out")
    path = tmp_path / "out" / "private_seed"
    assert path.stat().st_mode & 0o777 == 0o600 and private_seed(tmp_path / "out") == seed == int(path.read_text())
    assert private_seed(tmp_path / "other") != seed
    path.write_bytes(b"\xff")
    with pytest.raises(BadInput, match="one number"):
        private_seed(tmp_path / "out")


def test_hidden_seeds_tell_nothing_of_the_private_one_and_are_not_everybodys():
    students = [f"student {k}" for k in range(200)]
    seeds = {student: hidden_seed(1729, student, "03-gan-minimax") for student in students}
    groups = {seed: sum(other == seed for other in seeds.values()) for seed in seeds.values()}
    assert len(groups) == 4 and min(groups.values()) > 25
    assert 1729 not in groups and all(0 < seed < 2**56 for seed in groups)
    assert not set(groups) & {hidden_seed(1729, student, "04-jsd-proof") for student in students}
    assert not set(groups) & {hidden_seed(1730, student, "03-gan-minimax") for student in students}
    assert seeds["student 7"] == hidden_seed(1729, "student 7", "03-gan-minimax")


def test_a_verdict_that_cannot_be_read_is_none(tmp_path):
    path = tmp_path / "results" / SECTION / "ada.json"
    path.parent.mkdir(parents=True)
    for content in (b"\xff\xfe", b"{", b"{}"):
        path.write_bytes(content)
        assert load(tmp_path, SECTION, "ada") is None and load_all(tmp_path) == []


def test_a_verdict_is_the_one_that_was_saved(out):
    assert load_all(out) == CLASS and load(out, SECTION, "ada") == CLASS[0] and load(out, SECTION, "eve") is None


def test_nbgrader_has_a_verdict_only_when_it_has_this_one(tmp_path):
    first, second = (CLASS[0].model_copy(update={"digest": digest}) for digest in ("1", "2"))
    assert not results.is_recorded(tmp_path, first)
    results.set_recorded(tmp_path, first)
    assert results.is_recorded(tmp_path, first) and not results.is_recorded(tmp_path, second)


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "deep" / ("é" * 120)
    results.write(path, "old")
    seen = []
    replace = results.os.replace
    monkeypatch.setattr(results.os, "replace", lambda a, b: (seen.append(path.read_text()), replace(a, b)))
    results.write(path, "new")
    assert seen == ["old"] and path.read_text() == "new" and list(path.parent.iterdir()) == [path]

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(results.os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        results.write(path, "half")
    monkeypatch.setattr(results.os, "replace", lambda *_: os.open("/nowhere/at all", os.O_RDONLY))
    with pytest.raises(FileNotFoundError) as error:
        results.write(path, "half")
    assert error.value.filename == str(path), "not that of a temporary file"
    assert path.read_text() == "new" and list(path.parent.iterdir()) == [path]


# --- reports ----------------------------------------------------------------------------------------------------------


def test_the_csv_has_late_penalties_and_never_less_than_nothing(out):
    late = CLASS[0].model_copy(update={"late_penalty": 2.0})
    more = CLASS[3].model_copy(update={"late_penalty": 2.0, "waiting": ["two"]})
    free = CLASS[1].model_copy(update={"excused": True})
    rows = list(csv.reader(grades.text([late, free, CLASS[2], more]).splitlines()))
    assert rows[0] == ["student", "section", "handed_in", "points", "max_points", "late_penalty", "score", "one", "two"]
    assert rows[1] == ["ada", SECTION, "yes", "5", "5", "2", "3", "2", "3"]
    assert rows[2] == ["ben", SECTION, "yes", "3", "5", "0", "excused", "0", "3"]
    assert rows[3] == ["cem", SECTION, "yes", "1.5", "5", "0", "1.5", "0", "1.5"]
    assert rows[4] == ["dot", SECTION, "yes", "0", "5", "2", "0", "0", "not marked yet"]
    assert reports.final(out) == CLASS, "without a gradebook"


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", "\t=1", " =1"])
def test_no_cell_of_the_csv_is_a_formula(name):
    """Whatever the students are called; numbers stay numbers."""
    rows = list(csv.reader(grades.text([result(name, 2, 3), result("O'Neil, Ada", 0, 0)]).splitlines()))
    assert rows[1][0] == f"'{name}" and rows[2][0] == "O'Neil, Ada" and rows[1][3] == "5"
    assert not [cell for row in rows for cell in row if cell.lstrip()[:1] in ("=", "+", "-", "@")]


def test_a_question_that_a_section_does_not_have_is_empty():
    other = Result(student="ada", section="04", points=0, max_points=1, exercises={"six": ExerciseResult(
        points=0, max_points=1, message="x")})  # fmt: skip
    rows = list(csv.reader(grades.text([CLASS[0], other]).splitlines()))
    assert rows[0][-3:] == ["one", "two", "six"] and rows[1][-3:] == ["2", "3", ""] and rows[2][-3:] == ["", "", "0"]


def test_gradescope_gets_each_question_with_what_it_is_worth():
    told = json.loads(gradescope.text(CLASS[2].model_copy(update={"notes": ["odd"]})))
    assert (told["score"], told["output"], told["visibility"]) == (1.5, "odd", "visible")
    assert [(t["name"], t["score"], t["max_score"]) for t in told["tests"]] == [("one", 0, 2), ("two", 1.5, 3)]


def test_junit_fails_what_has_not_all_its_points():
    xml = ElementTree.fromstring(junit.text(CLASS))
    (suite,) = xml
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == (SECTION, "8", "5")
    failed = [(case.get("classname"), case.get("name")) for case in suite if case.find("failure") is not None]
    assert failed[0] == (f"{SECTION}.ben", "one") and (f"{SECTION}.cem", "two") in failed
    assert {case.get("time") for case in suite} == {"2.0"}


def test_every_report_is_there(out):
    files = {"grades.csv", "results.json", "junit.xml", "summary.md"}
    files |= {f"gradescope/{SECTION}/{each.student}.json" for each in CLASS}
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {name for name in found if not name.startswith("results/")} == files


def test_everything_is_everything_but_sources(out):
    told = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert [(r["student"], r["points"]) for r in told] == [("ada", 5), ("ben", 3), ("cem", 1.5), ("dot", 0)]
    assert "secret_source" not in (out / "results.json").read_text(encoding="utf-8")


def test_counts_by_hand():
    assert counts.distribution(CLASS) == [("one", 0.5, 1, 0, 3), ("two", 7.5 / 4, 2, 1, 1)]
    assert counts.mistakes(CLASS) == [(3, "one", "a case", "wrong value."), (2, "two", "all cases", "wrong value.")]
    gone = [result(who, 2, 3) for who in ("eve", "fay")]
    for line, each in enumerate(gone):
        why = f"two: there is no function two in the submission.\nThe cell itself failed: SyntaxError (line {line})"
        each.exercises["two"] = ExerciseResult(points=0, max_points=3, message=why, diagnosis="raises")
    said = "there is no function two in the submission. The cell itself failed: SyntaxError (line 0)"
    assert counts.mistakes([*CLASS, *gone])[1:] == [
        (2, "two", "all cases", "wrong value."),
        (2, "two", "before any case", said),
    ]
    assert list(counts.groups([*CLASS, result("ada", 2, 3, "04")])) == [SECTION, "04"]


def test_the_summary_tells_the_class_at_a_glance():
    told = summary.text(CLASS, {SECTION: [["ada", "ben"]]})
    assert "4 submissions, 5 points: mean 2.4, median 2.25, from 0 to 5." in told
    assert "| `one` | 0.50 | 1 | 0 | 3 |" in told and "| 3 | `one` | a case | `wrong value.` |" in told
    assert "Near-identical answers, worth a look: `ada` = `ben`." in told


ABSENT = Result(student="eve", section=SECTION, points=0, max_points=5, exercises={
    name: ExerciseResult(points=0, max_points=most, message="No submission.") for name, most in POINTS.items()
}, notes=["No submission."], handed_in=False)  # fmt: skip
UNREAD = ABSENT.model_copy(update={"student": "*fay* `x`", "handed_in": True, "notes": ["No submission."]})


def test_who_handed_in_nothing_is_told_and_counts_nowhere():
    told = summary.text([*CLASS, ABSENT], {SECTION: []})
    assert told == summary.text(CLASS, {SECTION: []}) + "\nHanded in nothing: `eve`.\n"
    assert "Could not be read, 0 points:\n\n- `*fay* 'x'`: `No submission.`\n" in summary.text(
        [*CLASS, UNREAD], {SECTION: []}
    )
    assert "No submissions.\n" in summary.text([ABSENT], {SECTION: []})
    assert counts.unreadable(ABSENT) == "" and not any(map(counts.unreadable, CLASS))
    xml = ElementTree.fromstring(junit.text([ABSENT]))
    assert (xml[0].get("failures"), xml[0].get("skipped")) == ("0", "2")


def test_words_in_the_summary_stay_in_their_span():
    evil = CLASS[1].model_copy(deep=True)
    evil.exercises["one"].message = "one: `x` | <b>\n# head"
    assert "| `'x' / <b>` |" in summary.text([evil], {SECTION: []})


def test_the_words_of_a_student_are_printable():
    said = ExerciseResult(points=0, max_points=1, message="\x1b[31m\u202e\ud800\x00a\x9fb\n")
    assert said.message == "?ab\n"


def handed(student: str, section: str = SECTION, **text: str) -> Result:
    return Result(student=student, section=section, points=0, max_points=0, exercises={}, text=text)


def sources(kind: str, section: str) -> dict[str, str]:
    """The answer cells of a notebook of the course."""
    cells = grade.notebook(kind, section, course.root()).cells
    return {submission.title(c): c.source for c in cells if submission.is_answer(c) and c.cell_type == "code"}


def test_copies_are_found_and_different_work_is_not():
    one, copy = handed("one", **answers()), handed("copy", **answers())
    renamed = {
        n: t.replace("loss", "lossy").replace("real", "genuine").replace("noise", "z") for n, t in answers().items()
    }
    other = handed("other", **renamed)
    for solution in (None, answers()):
        assert likeness.look_alikes([one, copy, other, handed("x"), handed("y")], solution) == [["one", "copy"]]


@pytest.mark.parametrize("section", exercise.sections())
def test_untouched_and_half_finished_notebooks_are_nobodys_copies(section):
    """Stubs are the course's words, and short answers in the usual words everybody's."""
    stubs, solution = sources("notebooks", section), sources("solutions", section)
    untouched = [handed(f"s{i}", section, **stubs) for i in range(3)]
    half = dict(list(solution.items())[: len(solution) // 2])
    standard = [handed(f"h{i}", section, **{**stubs, **half}) for i in range(3)]
    assert likeness.look_alikes([*untouched, *standard], solution) == []
    assert likeness.look_alikes([handed(f"c{i}", section, **solution) for i in range(2)], solution) == [["c0", "c1"]]


def test_a_copy_of_half_a_notebook_in_unusual_words_is_found():
    odd = "\n".join(f"    unusual_{i} = my_helper(real_{i}, {i}) ** {i + 2} - other_{i}[{i}]" for i in range(12))
    text = {
        **sources("notebooks", SECTION),
        "discriminator_loss": f"def discriminator_loss(a, b):\n{odd}\n    return 1",
    }
    assert likeness.look_alikes([handed("a", **text), handed("b", **text)], answers()) == [["a", "b"]]


def test_look_alikes_are_no_chains():
    """A to B to C, each a step from the last: only who are alike in pairs are together."""
    lines = [f"    value_{i} = function_{i}(first_{i}, second_{i}) + {i}" for i in range(60)]

    def after(steps: int) -> str:
        changed = [f"    other_{i} = changed_{i}[{i}] - third_{i}" for i in range(steps)]
        return "\n".join(["def f():", *changed, *lines[steps:]])

    students = [handed(f"s{steps}", f=after(steps)) for steps in range(0, 13, 2)]
    groups = likeness.look_alikes(students)
    assert groups and max(map(len, groups)) < len(students)
    assert all(abs(int(a[1:]) - int(b[1:])) <= 4 for group in groups for a in group for b in group)


@pytest.mark.parametrize(
    "source",
    [
        "def discriminator_loss(a, b):\n    return a" + " + 0" * 600,
        f"def discriminator_loss(a, b):\n    return 0x{'f' * 5000}",
        "def discriminator_loss(a, b):\n    return f\"{'é\u2028'}\"",
        "def discriminator_loss(a, b):\n    return " + "(" * 150 + "1" + ")" * 150,
        "-" * 5000 + "1",
        "x = '\\d'\nif:",
        "\0",
    ],
    ids=["tower", "number", "line", "brackets", "minus", "syntax", "nul"],
)
def test_no_students_source_ends_the_reports(tmp_path, source):
    for student in ("ada", "ben"):
        save(tmp_path, handed(student, **answers() | {"discriminator_loss": source}))
    reports.write_all(tmp_path)
    assert "`ada` = `ben`" in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_what_is_open_and_what_is_unmarked_is_counted_apart():
    untouched = CLASS[3].model_copy(deep=True)
    for each in untouched.exercises.values():
        each.diagnosis = "open"
    asked = untouched.model_copy(update={"waiting": ["two"]})
    assert counts.mistakes([untouched]) == [] and counts.still_open([untouched]) == [(1, "one"), (1, "two")]
    assert counts.unmarked([asked]) == [(1, "two")] and [row[0] for row in counts.distribution([asked])] == ["one"]
    told = summary.text([asked, untouched], {SECTION: []})
    assert "Not attempted yet: `one` by 2, `two` by 2." in told and "To be marked by hand: `two` of 1." in told


def test_percent_is_of_what_is_marked():
    asked = CLASS[1].model_copy(update={"waiting": ["two"], "late_penalty": 1.0})
    asked = asked.model_copy(update={"points": 2.0})
    assert asked.score == 1.0 and asked.percent == 50.0
