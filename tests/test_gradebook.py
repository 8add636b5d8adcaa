"""nbgrader's gradebook as grading leaves it: what is harmless, what a change in mid-term keeps, what is given back.

Verdicts are made up here: no submission is run.
"""

from __future__ import annotations

import base64
import csv
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbgrader import api
from nbgrader.utils import notebook_hash
from typer.testing import CliRunner

from autograder.exercise import exercises
from autograder.server import batch, course, dates, grade, reports, results
from autograder.server.cli import app
from autograder.server.errors import BadInput
from autograder.server.gradebook import book, late, marks, own, page, record
from autograder.server.gradebook.harmless import LONGEST, cut, harmless, real_pictures
from autograder.server.gradebook.markdown import mathml, to_html
from autograder.server.patience import TooSlow, at_most
from autograder.server.results import Result
from autograder.verdict import ExerciseResult

ROOT = course.root()
SECTION, WRITTEN = "04-jsd-proof", "what_the_theorem_says"
AUTO = {name: e.points for name, e in exercises(SECTION).items()}
FULL = sum(AUTO.values())
DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="  # one red pixel
)


def handed_in(section: str = SECTION, root: Path = ROOT, **answers: str) -> str:
    """The released notebook with these answers."""
    notebook = nbformat.read(grade.notebook_path("notebooks", section, root), as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(name, cell.source)
    return nbformat.writes(notebook)


def verdict(student: str, section: str = SECTION, worth: dict[str, float] | None = None, **changed) -> Result:
    """Full marks of every exercise, or what ``worth`` says they are."""
    worth = worth or {name: e.points for name, e in exercises(section).items()}
    told = {
        name: ExerciseResult(points=points, max_points=points, message=f"{name}: right in all 4 cases.")
        for name, points in worth.items()
    }
    total = sum(worth.values())
    fields = {"points": total, "max_points": total, "exercises": told, "digest": "1", **changed}
    return Result(student=student, section=section, **fields)


def enter(
    out: Path, student: str, text: str, found: Result | None = None, timestamp: str | None = None, **more
) -> None:
    found = found or verdict(student)
    results.save(out, found)
    record.enter(found, text, timestamp, out, **more)
    results.set_recorded(out, found)


def opened(out: Path, *students: str, sections: tuple[str, ...] = (SECTION,), root: Path = ROOT, db: str = "") -> Path:
    """A folder to grade into, whose gradebook knows these sections and students."""
    own.write_own(root, out, db)
    batch.announce(list(sections), list(students), batch.Plan(out, root, 1))
    return out


def gradebook(out: Path):
    return book.open_gradebook(own.load_config(out).CourseDirectory.db_url)


def mark_by_hand(out: Path, student: str, points: float, comment: str, section: str = SECTION, name: str = WRITTEN):
    with gradebook(out) as opened_book:
        given = opened_book.find_grade(name, section, section, student)
        given.manual_score, given.needs_manual_grade = points, False
        opened_book.find_comment(name, section, section, student).manual_comment = comment
        opened_book.db.commit()


def shown(out: Path, student: str, section: str = SECTION) -> BeautifulSoup:
    page_of = out / "feedback" / student / section / f"{section}.html"
    return BeautifulSoup(page_of.read_text(encoding="utf-8"), "html.parser")


def told(out: Path, *arguments: str):
    return CliRunner().invoke(app, ["report", str(out), *arguments])


def table(out: Path) -> dict[tuple[str, str], dict[str, str]]:
    rows = csv.DictReader((out / "grades.csv").read_text(encoding="utf-8").splitlines())
    return {(row["student"], row["section"]): row for row in rows}


# --- harmless ---------------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "<iframe src='javascript:alert(1)'></iframe><form action=//evil><input name=x></form>",
    "<meta http-equiv=refresh content='0;url=//evil'><base href=//evil><link rel=stylesheet href=//evil/x.css>",
    "<div style='position:fixed;inset:0;z-index:9'>overlay</div><style>*{display:none}</style>",
    "<!-- x --><?php ?><![CDATA[<script>alert(1)</script>]]>",
    "[x](javascript:alert(1)) [x](JaVaScRiPt:alert(1)) [x](data:text/html,<script>alert(1)</script>)",
    "[x](&#106;avascript:alert(1)) [x](&Tab;javascript:alert(1))",
    "[x][r]\n\n[r]: javascript:alert(1)",
    "[x](<javascript:alert(1)>) <javascript:alert(1)> <https://ok>",
    "![x](https://evil/pixel.png) ![x][p]\n\n[p]: https://evil/pixel.png",
    "![x](data:image/svg+xml;base64,PHN2Zy8+) ![x](attachment:missing.png)",
    '[x](https://a"onmouseover="alert(1)) [x](https://a "t\\" onclick=alert(1)")',
    r"$\href{javascript:alert(1)}{x}$ $$\style{position:fixed}{x}\class{a}{b}\cssId{i}{x}\unicode{65}\require{html}$$",
    r"\$\\href{javascript:alert(1)}{x}\$ \\\href{javascript:alert(1)}{y} &#92;href{javascript:alert(1)}{z}",
    r"$\newcommand{\q}{\href}\csname href\endcsname{javascript:alert(1)}{x}\mmlToken{mi}[href='x']{a}$",
    r"$\text{<img src=x onerror=alert(1)>}$ $\text{&lt;script&gt;alert(1)&lt;/script&gt;}$",
    "```mermaid\ngraph TD; A-->B; click A href 'javascript:alert(1)'\n<img src=x onerror=alert(1)>\n```",
    "`<script>alert(1)</script>`\n\n    <script>alert(1)</script>\n\n| <script>a</script> |\n|---|\n| <b>x</b> |",
    "~~~ mermaid\nx\n~~~",
]


def acting(soup: BeautifulSoup) -> list[str]:
    """What of a page would act, load or lead somewhere it should not."""
    tags = "script style iframe form input button object embed svg meta base link video audio canvas textarea".split()
    found = [str(tag) for tag in soup.find_all(tags)]
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            value = "".join(value)
            if name.startswith("on") or name in ("style", "xlink:href", "srcdoc", "action"):
                found.append(f"{tag.name} {name}")
            if name in ("href", "src") and not value.startswith(("http://", "https://", "#", "data:image/png")):
                found.append(f"{tag.name} {name}={value}")
            if name == "src" and not value.startswith("data:image/png"):
                found.append(f"{tag.name} {name}={value}")
    return found + [str(tag) for tag in soup.find_all("pre", class_="mermaid")]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_a_students_markdown_acts_whoever_renders_it(text):
    for render in (markdown2html_mistune, to_html):
        soup = BeautifulSoup(render(harmless(text)), "html.parser")
        assert acting(soup) == [], render
        words = soup.get_text()
        commands = r"\href \style \class \cssId \unicode \require \newcommand \csname \mmlToken".split()
        assert not [command for command in commands if command in words], "MathJax would read it in the page's text"
    assert acting(BeautifulSoup(to_html(text), "html.parser")) == [], "and the page's own rendering needs no help"


def test_the_test_sees_what_acts():
    """Without the change, nearly all of these act in nbgrader's own rendering."""
    known = [text for text in HOSTILE if "attachment:" not in text]  # it ends nbconvert with an exception
    seen = [text for text in known if acting(BeautifulSoup(markdown2html_mistune(text), "html.parser"))]
    assert len(seen) >= 12


ORDINARY = """# Why

The *divergence* is **zero** iff `p == q`, see [the paper](https://arxiv.org/abs/1406.2661?a=1&b=2); $a<b$ and
$$\\begin{aligned} \\mathrm{JSD} &= \\frac{1}{2} x \\\\ y &\\sim p \\end{aligned}$$

- first, $\\mathbb{E}_{x\\sim p}[\\log D(x)]$
- second

| a | b |
|---|---|
| 1 | 2 |

```python
def f(x): return x < 3 & x
```
"""


def test_ordinary_markdown_and_formulas_stay_readable():
    assert harmless(ORDINARY) == ORDINARY.replace("$a<b$", "$a< b$"), "a space, and nothing else"
    soup = BeautifulSoup(to_html(harmless(ORDINARY)), "html.parser")
    assert soup.h1 and soup.em and soup.strong and soup.table and soup.pre and len(soup.find_all("li")) == 2
    assert soup.a and soup.a["href"] == "https://arxiv.org/abs/1406.2661?a=1&b=2"
    assert len(soup.find_all("math")) == 3 and soup.math and soup.math.get_text() == "a<b"
    assert len(soup.find_all("mtr")) == 2 and soup.find("mfrac") and "def f(x): return x < 3 & x" in soup.pre.get_text()


def test_a_formula_that_is_not_understood_is_shown_as_typed():
    for tex in (r"\weird x", r"\frac", "{" * 3000, "x^a^b", r"\begin{tikzpicture}"):
        assert mathml(tex, False) in ("", mathml(tex, False)) and "script" not in mathml(tex, False)
    assert to_html(r"$\weird x$") == "<p><code>$\\weird x$</code></p>\n"
    assert "href" not in mathml(r"\href{javascript:alert(1)}{x}", False)
    assert "<script" not in mathml(r"\text{<script>}", False)


def test_pictures_that_are_pictures_are_kept():
    svg = base64.b64encode(b"<svg onload='alert(1)'/>").decode()
    offered = {
        "dot.png": {"image/png": DOT},
        "bad.png": {"image/png": svg},
        "a.svg": {"image/svg+xml": svg},
        "b.html": {"text/html": "PGI+"},
        "c d.png": {"image/png": DOT},
        "e.png": "x",
        "f.png": {"image/png": 3},
        "huge.png": {"image/png": DOT + "A" * (8 << 20)},
    }
    assert real_pictures(offered) == {"dot.png": {"image/png": DOT}} and real_pictures([1]) == {}
    text = "".join(f"![p](attachment:{name})" for name in offered)
    soup = BeautifulSoup(to_html(harmless(text, frozenset({"dot.png"})), real_pictures(offered)), "html.parser")
    assert [img["src"] for img in soup.find_all("img")] == [f"data:image/png;base64,{DOT}"]


def test_long_cells_are_cut_and_say_so():
    text = harmless("a" * (LONGEST + 5))
    assert len(text) < LONGEST + 200 and f"{LONGEST + 5} characters" in text
    cells = [nbformat.v4.new_code_cell("x" * 30_000) for _ in range(20)]
    cut(nbformat.v4.new_notebook(cells=cells), cells)
    assert sum(len(cell.source) for cell in cells) < 220_000 and "# (cut here" in cells[0].source


@pytest.mark.parametrize(
    "piece", ["<![CDATA[", r"\begin{a}", "[a](", "![", "<div>", "_a_ ", "`a", "|a|b\n|-|-\n", "&a;"]
)
def test_a_page_of_one_thing_over_and_over_is_made(piece):
    """Seconds at most, where nbconvert's own rendering takes minutes."""
    with at_most(60):
        assert to_html(harmless(piece * 20_000))


def test_work_that_takes_too_long_is_ended():
    began = time.monotonic()
    with pytest.raises(TooSlow), at_most(0.2):
        while time.monotonic() < began + 60:
            pass
    with at_most(0.2):
        pass
    began = time.process_time()
    while time.process_time() < began + 0.4:  # the alarm is off
        pass


def test_an_answer_is_harmless_in_the_autograded_notebook_too(tmp_path):
    out = opened(tmp_path / "out", "ada")
    enter(out, "ada", handed_in(**{WRITTEN: "\n\n".join([*HOSTILE, "$a<b$"])}))
    notebook = nbformat.read(out / "autograded" / "ada" / SECTION / f"{SECTION}.ipynb", as_version=4)
    (cell,) = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == WRITTEN]
    assert acting(BeautifulSoup(markdown2html_mistune(cell.source), "html.parser")) == []
    assert "$a< b$" in cell.source and "< script>" in cell.source
    soup = shown(out, "ada")
    assert [tag for tag in acting(soup) if not tag.startswith(("<style", "<meta"))] == []
    policy = soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert policy and "default-src 'none'" in policy["content"]


def test_who_handed_in_nothing_was_asked_as_much_as_the_others(tmp_path):
    out = opened(tmp_path / "out", "ada", "ben")
    enter(out, "ada", handed_in(**{WRITTEN: "Because."}))
    absent = grade.nothing(SECTION, "No submission.").model_copy(update={"student": "ben", "handed_in": False})
    results.save(out, absent)
    reports.write_all(out)
    ada, ben = (table(out)[student, SECTION] for student in ("ada", "ben"))
    assert ada["max_points"] == ben["max_points"] and (ada["handed_in"], ben["handed_in"]) == ("yes", "no")
    assert (ada[WRITTEN], ben[WRITTEN], ben["score"]) == ("not marked yet", "0", "0")
    assert reports.final(out)[1].exercises[WRITTEN].message == "No submission."


def test_whoever_is_excused_is_below_no_threshold(tmp_path):
    out = opened(tmp_path / "out", "ada", "ben")
    enter(out, "ada", handed_in(**{WRITTEN: "Because."}))
    nothing = grade.nothing(SECTION, "It can't be read.").model_copy(update={"student": "ben", "digest": "1"})
    enter(out, "ben", handed_in(), nothing)
    assert batch.give_back(out, dates.Dates()) == (2, 0.0)
    assert batch.give_back(out, written_dates(out, f"{SECTION},ben,excused")) == (2, 100.0)


def test_the_rubric_is_there_for_markers_only(tmp_path):
    out = opened(tmp_path / "out", "ada")
    enter(out, "ada", handed_in())
    notebook = nbformat.read(out / "autograded" / "ada" / SECTION / f"{SECTION}.ipynb", as_version=4)
    names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    at = names.index(WRITTEN)
    assert names[at + 1] == f"rubric-{WRITTEN}" and "Model answer" in notebook.cells[at + 1].source
    sentences = [line for line in notebook.cells[at + 1].source.splitlines() if len(line) > 60]
    page_of = shown(out, "ada").get_text()
    assert sentences and not [line for line in sentences if line[:40] in page_of]


def test_a_poisonous_page_costs_its_students_feedback_only(tmp_path, monkeypatch):
    out = opened(tmp_path / "out", "ada", "ben")

    def forever(source, attachments=None):
        while "poison" in source:
            pass
        return source

    monkeypatch.setattr(page, "to_html", forever)
    monkeypatch.setattr(record, "_SHOWING", 1)
    enter(out, "ada", handed_in(**{WRITTEN: "poison"}))
    enter(out, "ben", handed_in(**{WRITTEN: "wine"}))
    assert "could not be shown" in shown(out, "ada").get_text() and f"{FULL:g} of" in shown(out, "ada").get_text()
    assert "wine" in shown(out, "ben").get_text() and "could not be shown" not in shown(out, "ben").get_text()
    batch.give_back(out, dates.Dates())
    assert table(out)["ada", SECTION]["score"] == f"{FULL:g}"
    assert "too odd to be shown on a page: `ada`" in (out / "summary.md").read_text(encoding="utf-8")


def test_what_nbgrader_chokes_on_keeps_its_marks(tmp_path, monkeypatch):
    out = opened(tmp_path / "out", "ada")
    monkeypatch.setattr(record, "_MAKING", 2)
    from autograder.server.gradebook import preprocessors

    def forever(cell):
        while "poison" in cell.source:
            pass

    monkeypatch.setattr(preprocessors, "make_harmless", forever)
    enter(out, "ada", handed_in(**{WRITTEN: "poison"}))
    assert f"{FULL:g} of" in shown(out, "ada").get_text() and "could not be shown" in shown(out, "ada").get_text()
    assert "poison" in (out / "submitted" / "ada" / SECTION / f"{SECTION}.ipynb").read_text(encoding="utf-8")
    monkeypatch.undo()
    enter(out, "ada", handed_in(**{WRITTEN: "poison"}))
    assert "poison" in shown(out, "ada").get_text() and "could not be shown" not in shown(out, "ada").get_text()


# --- changes in mid-term ----------------------------------------------------------------------------------------------


@pytest.fixture
def lessons(tmp_path) -> Path:
    """A course whose notebooks a test may change."""
    folder = tmp_path / "course"
    for kind in ("notebooks", "solutions"):
        shutil.copytree(ROOT / kind / SECTION, folder / kind / SECTION)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    return folder


def edit(root: Path, change) -> None:
    """Change both notebooks of the section, as a build would."""
    for kind in ("notebooks", "solutions"):
        path = grade.notebook_path(kind, SECTION, root)
        notebook = nbformat.read(path, as_version=4)
        change(notebook)
        nbformat.write(notebook, path)


def cell_of(notebook, name: str):
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def prose(notebook) -> None:
    """Another text, so another cell id and another grade_id, as the build gives it."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and not cell.metadata["nbgrader"]["solution"]:
            cell.source += "\n\nOne more sentence."
            cell.id = cell.metadata["nbgrader"]["grade_id"] = f"new-{cell.id}"


def points(notebook) -> None:
    cell_of(notebook, "check-kl_divergence").metadata["nbgrader"]["points"] = 5
    cell_of(notebook, WRITTEN).metadata["nbgrader"]["points"] = 4


def added(notebook) -> None:
    """An exercise and a written answer more."""
    words = {"locked": False, "schema_version": 3, "task": False}
    answer = nbformat.v4.new_code_cell("def extra(): ...", id="exercise-extra")
    answer.metadata["nbgrader"] = {**words, "grade": False, "grade_id": "extra", "solution": True}
    check = nbformat.v4.new_code_cell("check('extra', extra)", id="check-extra")
    check.metadata["nbgrader"] = {
        **words, "grade": True, "grade_id": "check-extra", "locked": True, "points": 2, "solution": False,
    }  # fmt: skip
    text = nbformat.v4.new_markdown_cell("*Your answer here.*", id="exercise-why")
    text.metadata["nbgrader"] = {**words, "grade": True, "grade_id": "why", "points": 1, "solution": True}
    notebook.cells += [answer, check, text]


def mended(notebook) -> None:
    cell_of(notebook, "check-kl_divergence").source += "\n# mended"
    cell_of(notebook, "kl_divergence").source += "\n# mended"


def removed(notebook) -> None:
    notebook.cells = [c for c in notebook.cells if not c.metadata["nbgrader"]["grade_id"].endswith("js_divergence")]


GREW = 5 - AUTO["kl_divergence"]  # by "points"
CHANGES = {  # -> the points and the maximum of ada, who has all that the machine gives and 2 by hand
    "prose": (prose, FULL + 2, FULL + 3),
    "points": (points, FULL + GREW + 2, FULL + GREW + 4),
    "added": (added, FULL + 2, FULL + 3 + 3),
    "mended": (mended, FULL + 2, FULL + 3),
    "removed": (removed, FULL - AUTO["js_divergence"] + 2, FULL - AUTO["js_divergence"] + 3),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_in_mid_term_keeps_what_people_gave(tmp_path, lessons, change):
    out = opened(tmp_path / "out", "ada", "ben", root=lessons)
    for student in ("ada", "ben"):
        enter(out, student, handed_in(root=lessons, **{WRITTEN: "Because."}))
    mark_by_hand(out, "ada", 2, "Nearly: *why* global?")
    how, gained, most = CHANGES[change]
    edit(lessons, how)
    opened(out, "ada", "ben", "cem", root=lessons)
    worth = {"prose": AUTO, "mended": AUTO, "points": {**AUTO, "kl_divergence": 5}, "added": {**AUTO, "extra": 2}}
    worth["removed"] = {name: points for name, points in AUTO.items() if name != "js_divergence"}
    for student in ("ada", "ben", "cem"):
        found = verdict(student, worth=worth[change])
        if change == "added":  # nobody has it
            found.exercises["extra"] = ExerciseResult(points=0, max_points=2, message="extra: not attempted yet")
        enter(out, student, handed_in(root=lessons, **{WRITTEN: "Because.", "why": "So."}), found)
    batch.give_back(out, dates.Dates())
    rows = table(out)
    assert (float(rows["ada", SECTION]["score"]), float(rows["ada", SECTION]["max_points"])) == (gained, most)
    assert rows["ada", SECTION][WRITTEN] == "2" and rows["ben", SECTION][WRITTEN] == "not marked yet"
    assert float(rows["cem", SECTION]["max_points"]) == most
    assert shown(out, "ada").find("em", string="why"), "the comment"
    if change == "added":
        assert rows["ada", SECTION]["extra"] == "0" and rows["ada", SECTION]["why"] == "not marked yet"


def test_a_check_without_a_verdict_is_no_full_marks(tmp_path, lessons):
    edit(lessons, added)
    out = opened(tmp_path / "out", "ada", root=lessons)
    enter(out, "ada", handed_in(root=lessons))
    (sheet,) = marks.sheets(own.load_config(out).CourseDirectory.db_url).values()
    assert sheet.marks["extra"].points == 0, "and what nobody has answered is nothing, too"
    assert sheet.marks[WRITTEN].points == 0


# --- giving back ------------------------------------------------------------------------------------------------------


def test_report_tells_what_people_gave_everywhere(tmp_path):
    out = opened(tmp_path / "out", "ada", "ben")
    for student in ("ada", "ben"):
        enter(out, student, handed_in(**{WRITTEN: f"Because of {student}."}))
    assert told(out).exit_code == 0
    assert "not marked yet" in shown(out, "ada").get_text() and "not marked yet" in table(out)["ada", SECTION][WRITTEN]
    scope = json.loads((out / "gradescope" / SECTION / "ada.json").read_text(encoding="utf-8"))
    (waiting,) = [test for test in scope["tests"] if test["name"] == WRITTEN]
    assert "score" not in waiting and waiting["max_score"] == 3 and scope["score"] == FULL
    assert "<skipped" in (out / "junit.xml").read_text(encoding="utf-8")
    assert f"To be marked by hand: `{WRITTEN}` of 2." in (out / "summary.md").read_text(encoding="utf-8")

    mark_by_hand(out, "ada", 2.5, "Well said, but <b>why</b>?")
    with gradebook(out) as opened_book:  # a marker may also overrule the machine
        opened_book.find_grade("check-kl_divergence", SECTION, SECTION, "ben").manual_score = 0.5
        opened_book.db.commit()
    untouched = (out / "feedback" / "ben" / SECTION / f"{SECTION}.html").read_bytes()
    done = told(out, "--threshold", "100")
    assert done.exit_code == 1, "both are below"
    ada, ben = table(out)["ada", SECTION], table(out)["ben", SECTION]
    assert (ada["points"], ada["max_points"], ada["score"], ada[WRITTEN]) == (
        f"{FULL + 2.5:g}",
        f"{FULL + 3}",
        f"{FULL + 2.5:g}",
        "2.5",
    )
    assert ben["kl_divergence"] == "0.5" and ben["score"] == f"{FULL - AUTO['kl_divergence'] + 0.5:g}"
    page_of = shown(out, "ada").get_text()
    assert f"{FULL + 2.5:g} of {FULL + 3} points" in page_of and "2.5 of 3 points" in page_of
    assert "Well said, but <b>why</b>?" in page_of and "Because of ada." in page_of and "ben" not in page_of
    assert (out / "feedback" / "ben" / SECTION / f"{SECTION}.html").read_bytes() != untouched
    (entry,) = [r for r in json.loads((out / "results.json").read_text(encoding="utf-8")) if r["student"] == "ada"]
    assert entry["points"] == FULL + 2.5 and entry["exercises"][WRITTEN]["points"] == 2.5 and entry["waiting"] == []
    scope = json.loads((out / "gradescope" / SECTION / "ada.json").read_text(encoding="utf-8"))
    assert scope["score"] == FULL + 2.5 and {t["name"]: t.get("score") for t in scope["tests"]}[WRITTEN] == 2.5
    assert "Well said" in (out / "junit.xml").read_text(encoding="utf-8")


def test_only_pages_that_tell_something_else_are_written_again(tmp_path):
    out = opened(tmp_path / "out", "ada", "ben")
    for student in ("ada", "ben"):
        enter(out, student, handed_in())
    batch.give_back(out, dates.Dates())
    when = {s: (out / "feedback" / s / SECTION / f"{SECTION}.html").stat().st_mtime_ns for s in ("ada", "ben")}
    mark_by_hand(out, "ada", 1, "")
    batch.give_back(out, dates.Dates())
    again = {s: (out / "feedback" / s / SECTION / f"{SECTION}.html").stat().st_mtime_ns for s in ("ada", "ben")}
    assert again["ada"] != when["ada"] and again["ben"] == when["ben"]


def test_a_page_names_exercises_and_needs_nothing_else(tmp_path):
    out = opened(tmp_path / "out", "ada")
    long = verdict("ada", notes=["An odd thing: " + "x" * 400])
    long.exercises["kl_divergence"].points, long.exercises["kl_divergence"].message = 0, "kl: " + "wrong" * 200
    enter(out, "ada", handed_in(**{WRITTEN: "$$x^2$$"}), long)
    page_of = shown(out, "ada")
    heads = [head.get_text() for head in page_of.find_all("h2")]
    assert f"kl_divergence: 0 of {AUTO['kl_divergence']} points" in heads and "Test cell" not in page_of.get_text()
    assert page_of.find("math", display="block") and "An odd thing" in page_of.get_text()
    assert page_of.find("meta", attrs={"name": "viewport"}) and "wrongwrong" in page_of.get_text()
    addresses = [str(tag) for tag in page_of.find_all(["script", "link", "img", "iframe"])]
    assert addresses == []


EXCHANGE = "import sys; from nbgrader.apps import NbGraderApp as App; App.launch_instance(sys.argv[1:])"


def nbgrader(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """A command of nbgrader's own, typed in a folder."""
    command = [sys.executable, "-c", EXCHANGE, *arguments]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder.parent / "nothing"), "HOME": str(folder.parent)}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, env=environment)


def test_nbgraders_exchange_releases_the_feedback(tmp_path):
    """Under the secret that it put beside the notebook; somebody who handed in by mail does not stop the others."""
    out = opened(tmp_path / "out", "ada", "ben")
    enter(out, "ada", handed_in(), timestamp="2027-03-01 12:00:00 UTC", secret="s3cret")
    enter(out, "ben", handed_in())
    (tmp_path / "exchange").mkdir()
    done = nbgrader(out, "release_feedback", SECTION, f"--Exchange.root={tmp_path / 'exchange'}")
    assert done.returncode == 0, done.stderr
    released = {path.name: path for path in (tmp_path / "exchange" / "dgm" / "feedback").iterdir()}
    mine = released[f"{notebook_hash(secret='s3cret', notebook_id=SECTION)}.html"]
    assert mine.read_bytes() == (out / "feedback" / "ada" / SECTION / f"{SECTION}.html").read_bytes()
    assert len(released) == 2


# --- one configuration ------------------------------------------------------------------------------------------------


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_no_command_of_nbgraders_harms_the_course_or_a_submission(tmp_path, lessons):
    """Those behind formgrader's buttons, in the folder of the marks and in the course's."""
    out = opened(tmp_path / "out", "ada", root=lessons)
    enter(out, "ada", handed_in(root=lessons))
    before, submitted = tree(lessons), tree(out / "submitted")
    gradebook_of = out / "gradebook.db"
    for folder in (out, lessons):
        for command in (["generate_assignment", SECTION, "--force"], ["generate_solution", SECTION, "--force"]):
            nbgrader(folder, *command)
        nbgrader(folder, "db", "assignment", "list")
    edit(lessons, prose)  # with submissions in the gradebook, this makes generate_assignment fail and tidy up
    changed = tree(lessons)
    for folder in (out, lessons):
        nbgrader(folder, "generate_assignment", SECTION, "--force")
    kept = {name: data for name, data in tree(lessons).items() if not name.startswith(("_build", "gradebook.db"))}
    assert kept == {n: d for n, d in changed.items() if not n.startswith(("_build", "gradebook.db"))}
    assert {n for n in before if n.startswith("notebooks")} == {n for n in kept if n.startswith("notebooks")}
    assert tree(out / "submitted") == submitted and gradebook_of.exists()


def test_nbgrader_in_the_folder_of_the_marks_opens_its_gradebook(tmp_path):
    out = opened(tmp_path / "out", "ada")
    enter(out, "ada", handed_in())
    mark_by_hand(out, "ada", 3, "")
    assert nbgrader(out, "export", "--to", str(tmp_path / "all.csv")).returncode == 0
    (row,) = list(csv.DictReader((tmp_path / "all.csv").read_text(encoding="utf-8").splitlines()))
    assert float(row["score"]) == FULL + 3 == float(row["max_score"])
    assert (out / "nbgrader_config.py").stat().st_mode & 0o777 == 0o600
    assert nbgrader(out, "generate_feedback", SECTION, "--force").returncode == 0
    assert f"{FULL + 3} of {FULL + 3} points" in shown(out, "ada").get_text()


def test_the_instructors_own_settings_are_read(tmp_path, lessons):
    with (lessons / "nbgrader_config.py").open("a") as stream:
        stream.write("\nc.CourseDirectory.course_id = 'autumn'\nc.LimitOutput.max_lines = 7\n")
    out = opened(tmp_path / "out", root=lessons)
    config = own.load_config(out)
    assert (config.CourseDirectory.course_id, config.LimitOutput.max_lines) == ("autumn", 7)
    assert config.CourseDirectory.root == str(out) and config.CourseDirectory.db_url.endswith("out/gradebook.db")
    assert not own.late_is_decided(config)
    for said in ("c.LatePenalty.percent_per_day = 0", "c.LateSubmissionPlugin.penalty_method = 'none'"):
        (lessons / "nbgrader_config.py").write_text(f"c = get_config()\n{said}\n")
        assert own.late_is_decided(own.load_config(out))
    (lessons / "nbgrader_config.py").write_text("c = \n")
    with pytest.raises(BadInput, match="nbgrader_config.py, this folder's or the course's, can't be read"):
        own.load_config(out)


@pytest.mark.parametrize(
    ("out", "submissions", "fits"),
    [
        (".", "../class", False), ("..", "../class", False), ("notebooks", "../class", False),
        ("submitted", "../class", False), ("solutions/x", "../class", False), ("graded2", "../class", False),
        ("graded", "submitted", True), ("graded/spring", "submitted", True), ("../elsewhere", "submitted", True),
        ("../class", "../class", False), ("../class/out", "../class", False), ("..", "../class/x", False),
        ("../x", "../x/submitted", False), ("graded", "graded/submitted", False), ("graded", ".", False),
    ],
)  # fmt: skip
def test_a_folder_that_must_stay_as_it_is_is_refused(tmp_path, out, submissions, fits):
    home = tmp_path / "course"
    home.mkdir()
    if fits:
        batch.refuse_out(home / out, home, home / submissions)
    else:
        with pytest.raises(BadInput, match=r"grade into|lie in each other"):
            batch.refuse_out(home / out, home, home / submissions)


def test_grading_into_the_course_is_refused_before_anything_is_written(tmp_path):
    (tmp_path / "class" / "ada" / SECTION).mkdir(parents=True)
    (tmp_path / "class" / "ada" / SECTION / f"{SECTION}.ipynb").write_text(handed_in())
    for out in (ROOT / "notebooks", tmp_path / "class"):
        done = CliRunner().invoke(app, ["grade", str(tmp_path / "class"), "--out", str(out)])
        assert done.exit_code == 2 and len(done.stderr.strip().splitlines()) == 1, done.output
    assert not (ROOT / "notebooks" / "private_seed").exists() and len(list((tmp_path / "class").iterdir())) == 1


# --- dates ------------------------------------------------------------------------------------------------------------


def written_dates(folder: Path, *lines: str) -> dates.Dates:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / dates.FILE).write_text("\n".join(["section,student,due", *lines]), encoding="utf-8-sig")
    return dates.read_dates(folder, [SECTION, "03-gan-minimax"])


def test_dates_are_for_the_class_for_one_or_for_nobody(tmp_path):
    found = written_dates(
        tmp_path,
        f"{SECTION},,2027-03-01 18:00 +01:00",
        f"{SECTION}, O'Neil ,2027-03-08T18:00Z",
        f"{SECTION},ben,Excused",
    )
    assert found.due == {SECTION: datetime(2027, 3, 1, 17)}
    assert found.extended == {("O'Neil", SECTION): datetime(2027, 3, 8, 18)}
    assert found.excused == {("ben", SECTION)} and dates.read_dates(tmp_path / "none", []) == dates.Dates()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"{SECTION},,tomorrow", "line 2: 'tomorrow' is no time"),
        ("05-nothing,,2027-03-01", "line 2: there is no section"),
        (f"{SECTION},ada,2027-03-01", "ada has another date"),
        (f"{SECTION},,excused", "is no time"),
    ],
)
def test_dates_that_can_not_be_understood_name_the_line(tmp_path, line, said):
    with pytest.raises(BadInput, match=said):
        written_dates(tmp_path, line)
    (tmp_path / dates.FILE).write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="the columns are"):
        dates.read_dates(tmp_path, [SECTION])


def late_course(lessons: Path, percent: float) -> Path:
    with (lessons / "nbgrader_config.py").open("a") as stream:
        stream.write(f"\nc.LatePenalty.percent_per_day = {percent}\n")
    return lessons


def test_being_late_costs_what_the_instructor_said(tmp_path, lessons):
    """In time, late, with longer, excused; then marks by hand, then another date."""
    out = opened(tmp_path / "out", "ada", "ben", "cem", "dot", root=late_course(lessons, 10))
    times = {"ada": "2027-03-01 16:59:59", "ben": "2027-03-02 17:30:00", "cem": "2027-03-03 12:00:00", "dot": None}
    for student, when in times.items():
        enter(out, student, handed_in(root=lessons), timestamp=when)
    due = [f"{SECTION},,2027-03-01 18:00 +01:00", f"{SECTION},cem,2027-03-04 18:00 +01:00", f"{SECTION},dot,excused"]
    batch.give_back(out, written_dates(out, *due))
    rows = {student: row for (student, _), row in table(out).items()}
    assert {s: row["late_penalty"] for s, row in rows.items()} == {
        "ada": "0", "ben": f"{FULL * 0.2:g}", "cem": "0", "dot": "0",
    }  # fmt: skip
    assert rows["ben"]["score"] == f"{FULL * 0.8:g}" and rows["dot"]["score"] == "excused"
    assert f"after {FULL * 0.2:g} for being late" in shown(out, "ben").get_text()
    summary = (out / "summary.md").read_text(encoding="utf-8")
    assert "1 came late." in summary and "Excused: `dot`." in summary
    mark_by_hand(out, "ben", 3, "")
    batch.give_back(out, dates.read_dates(out, [SECTION]))
    assert table(out)["ben", SECTION]["late_penalty"] == f"{(FULL + 3) * 0.2:g}", "of the points that are there now"
    batch.give_back(out, written_dates(out, f"{SECTION},,2027-03-02 17:00", f"{SECTION},ben,2027-03-02 18:00"))
    assert {s: row["late_penalty"] for (s, _), row in table(out).items()} == {
        "ada": "0", "ben": "0", "cem": f"{FULL * 0.1:g}", "dot": "0",
    }  # fmt: skip
    assert "being late" not in shown(out, "ben").get_text()


@pytest.mark.parametrize(
    ("percent", "hours", "penalty"), [(10, 1, 1), (10, 24, 1), (10, 25, 2), (50, 90, 10), (0, 90, 0)]
)
def test_a_day_that_has_begun_counts(percent, hours, penalty):
    plugin = late.LatePenalty(percent_per_day=percent)
    assert plugin.late_submission_penalty("ada", 10.0, hours * 3600) == penalty


def test_nbgraders_own_methods_still_work():
    assert late.LatePenalty().late_submission_penalty("ada", 10.0, 5) is None
    assert late.LatePenalty(penalty_method="zero").late_submission_penalty("ada", 10.0, 5) == 10.0


def test_a_due_date_without_a_word_on_being_late_is_refused(tmp_path):
    (tmp_path / "class" / "ada" / SECTION).mkdir(parents=True)
    (tmp_path / "class" / "ada" / SECTION / f"{SECTION}.ipynb").write_text(handed_in())
    written_dates(tmp_path / "class", f"{SECTION},,2027-03-01 18:00")
    done = CliRunner().invoke(app, ["grade", str(tmp_path / "class"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2 and "c.LatePenalty.percent_per_day = 10" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and not (tmp_path / "out" / "results").exists()


# --- where the gradebook is -------------------------------------------------------------------------------------------


def test_the_write_ahead_log_is_for_local_disks_only(tmp_path, monkeypatch):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"disk / ext4 rw\nserver:/home {tmp_path}/shared nfs4 rw\nx {tmp_path}/my\\040disk xfs rw\n")
    assert book.is_local(tmp_path / "gradebook.db", mounts) and book.is_local(tmp_path / "my disk" / "g.db", mounts)
    assert not book.is_local(tmp_path / "shared" / "gradebook.db", mounts)
    assert not book.is_local(tmp_path / "gradebook.db", tmp_path / "nothing")
    for local, mode in ((True, b"wal"), (False, b"delete")):
        monkeypatch.setattr(book, "is_local", lambda path, local=local: local)
        folder = tmp_path / mode.decode()
        with gradebook(opened(folder)) as opened_book:
            from sqlalchemy import text

            assert opened_book.db.execute(text("PRAGMA journal_mode")).scalar() == mode.decode()


def enter_some(out: Path, section: str, students: list[str]) -> None:
    for student in students:
        enter(out, student, handed_in(section), verdict(student, section))


def test_the_course_is_in_the_gradebook_before_workers_are(tmp_path):
    """nbgrader adds a course that it misses, and the second of two workers who do so at once is refused."""
    out = opened(tmp_path / "out", "ada")

    def rows(model):
        with gradebook(out) as opened_book:
            return opened_book.db.query(model).all()

    before = {course.id for course in rows(api.Course)}
    assert [row.course_id for row in rows(api.Assignment)] == ["dgm"]
    enter(out, "ada", handed_in())
    reports.write_all(out)
    assert before == {course.id for course in rows(api.Course)} == {"dgm", "default_course"}


def test_four_workers_record_four_sections_at_once(tmp_path):
    """On an empty gradebook, several times: nobody collides with anybody."""
    sections = ("03-gan-minimax", SECTION, "06-infogan", "10-evaluation")
    for turn in range(3):
        out = opened(tmp_path / str(turn), "ada", "ben", sections=sections)
        context = multiprocessing.get_context("spawn")
        with context.Pool(4) as pool:
            pool.starmap(enter_some, [(out, section, ["ada", "ben"]) for section in sections])
        sheets = marks.sheets(own.load_config(out).CourseDirectory.db_url)
        assert len(sheets) == 8 and all(m.points for s in sheets.values() for n, m in s.marks.items() if n != WRITTEN)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    """A throw-away PostgreSQL server; its address."""
    programs = {name: shutil.which(name) or next(iter(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
                for name in ("initdb", "postgres")}  # fmt: skip
    missing = [name for name, path in programs.items() if path is None]
    if missing:
        print("Debian's package postgresql is not installed, so nothing is known about PostgreSQL here:", missing)
        pytest.skip("no PostgreSQL server: apt-get install postgresql")
    folder = tmp_path_factory.mktemp("pg")
    unprivileged = {}
    if os.getuid() == 0:  # the server refuses to run as root
        unprivileged = {"user": 65534, "group": 65534, "extra_groups": []}
        for path in (folder, *folder.parents):
            if str(path).startswith("/tmp/"):
                path.chmod(path.stat().st_mode | 0o011)
        os.chown(folder, 65534, 65534)
    options = {"env": {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(folder)}, **unprivileged}
    made = [
        programs["initdb"],
        "-D",
        folder / "data",
        "-U",
        "dgm",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]
    subprocess.run(made, check=True, capture_output=True, **options)
    run = [programs["postgres"], "-D", folder / "data", "-k", folder, "-c", "listen_addresses=", "-F"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(run, stdout=log, stderr=log, **options)
    import psycopg

    for _ in range(600):
        try:
            with psycopg.connect(f"host={folder} user=dgm dbname=postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE term")
            break
        except psycopg.OperationalError:
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
    yield f"postgresql://dgm@/term?host={folder}"
    server.terminate()
    server.wait()


def test_the_gradebook_may_be_in_postgresql(tmp_path, postgres, lessons):
    sections = (SECTION, "03-gan-minimax")
    for kind in ("notebooks", "solutions"):
        shutil.copytree(ROOT / kind / sections[1], lessons / kind / sections[1])
    out = opened(tmp_path / "out", "ada", "O'Neil", sections=sections, db=postgres, root=late_course(lessons, 50))
    for student in ("ada", "O'Neil"):
        enter(out, student, handed_in(), timestamp="2027-03-01 12:00:00")
    enter_some(out, sections[1], ["ada"])
    mark_by_hand(out, "O'Neil", 2, "good")
    edit(lessons, points)
    opened(out, "ada", sections=sections, root=lessons)
    batch.give_back(out, written_dates(out, f"{SECTION},,2027-03-01 11:00"))
    assert not (out / "gradebook.db").exists()
    row = table(out)["O'Neil", SECTION]
    assert (row[WRITTEN], row["max_points"], row["late_penalty"]) == ("2", str(FULL + GREW + 4), f"{(FULL + 2) / 2:g}")
    assert "good" in shown(out, "O'Neil").get_text()
    assert nbgrader(out, "export", "--to", str(tmp_path / "all.csv")).returncode == 0
    with pytest.raises(BadInput, match="another gradebook already"):
        own.write_own(lessons, out, "postgresql://elsewhere/term")


def test_a_gradebook_that_does_not_answer_gets_a_sentence(tmp_path):
    for address in ("postgresql://nobody@127.0.0.1:9/none", "nonsense://x", "nonsense"):
        with pytest.raises(BadInput, match="The gradebook can't be opened"):
            opened(tmp_path / "out", db=address)
