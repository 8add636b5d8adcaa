"""One list of sections: what a lesson says about itself stands on the front page and on the map, and nowhere else."""

from __future__ import annotations

import csv
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest

from book.tools import __main__ as command
from book.tools import build, lessons, sections
from book.tools.errors import LessonError
from book.tools.execute import Run
from book.tools.pages import exercise_list, front_page
from dgm import plotting
from tests.test_lessons import NAME
from tests.throwaway import LESSON, ROOT, course, environment


def front(root: Path) -> str:
    """The front page's Markdown; nothing in it runs code."""
    source = lessons.read_cells(root / "book" / "index.md")
    empty = nbformat.v4.new_notebook()
    shown = front_page(root, source, lessons.load(root), Run(source.name, empty, 1, fresh=False))
    return "\n".join(cell.source for cell in shown.cells)


def test_the_front_page_lists_each_group_in_the_order_of_the_contents(tmp_path):
    root = course(tmp_path, "01-one", "03-three", "02-two")
    path = root / "book" / "lessons" / "02-two.md"
    path.write_text(path.read_text().replace("# Doubling", "# Up & down").replace("twice as much", "more < less"))
    text = front(root)
    items = re.findall(r'<li><a href="([^"]+)">([^<]+)</a><span>([^<]+)</span></li>', text)
    assert items == [
        ("01-one.html", "1. Doubling", "twice as much"),
        ("03-three.html", "3. Doubling", "twice as much"),
        ("02-two.html", "2. Up &amp; down", "more &lt; less"),
    ]
    assert "Numbers" in text and "Letters" not in text, "a group without a section is left out"
    assert text.count("<section") == text.count("</section>") == 1 and "data-group" not in text


def test_every_section_is_on_the_real_front_page(monkeypatch):
    monkeypatch.setattr(sections, "check", lambda *_: None)
    text = (ROOT / "book" / "index.md").read_text(encoding="utf8")
    found = lessons.load(ROOT)
    assert {lesson.section.group for lesson in found} == set(sections.GROUP.findall(text))
    assert not [lesson.name for lesson in found if lesson.name in text or lesson.title in text]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "section:\n  line: twice as much\n  group: numbers\n  map:\n",
            "other:\n",
            "1: the front matter of a lesson",
        ),
        ("  line: twice as much\n", "", "10: section has no line"),
        ("  line: twice as much\n", "  line: 7\n", "10: section has no line"),
        ("  group: numbers\n", "", "10: section has no group"),
        ("  group: numbers\n", "  group: colours\n", "12: the front page has no group 'colours'; its groups are numb"),
        ("  group: numbers\n", "  group: numbers\n  kind: x\n", "13: unknown word 'kind' in section"),
        ("under: tractable", "under: explicit", "14: 'doubling' hangs under one of tractable, approximate, implicit"),
        ("text: twice a number", "text: a, taught: 2", "14: whether 'doubling' is taught is true or false"),
        ("under: tractable, ", "", "14: the place 'doubling' says under what it hangs"),
        ("text: twice a number", 'text: ""', "14: the place 'doubling' has no text"),
        ("    doubling: {under: tractable, text: twice a number}", "    doubling: {}", "14: no section describes"),
        ("    doubling:", "    Doubling 2:", "14: a place on the map is one word in small letters"),
        ("  map:\n    doubling: {under: tractable, text: twice a number}", "  map: doubling", "13: map has places"),
    ],
)
def test_a_wrong_front_matter_is_one_sentence(tmp_path, capsys, monkeypatch, old, new, said):
    text = LESSON.replace("jupytext:\n  formats: md:myst\n", "jupytext:\n  formats: md:myst\n# a remark\n\n")
    assert old in text
    root = course(tmp_path / "root", NAME, text=text.replace(old, new, 1))
    monkeypatch.setattr(sys, "argv", ["book.tools", "build", "--root", str(root)])
    with pytest.raises(SystemExit) as stop:
        command.main()
    err = capsys.readouterr().err
    assert stop.value.code == 2 and err.startswith(f"{NAME}.md:{said}") and err.count("\n") == 1
    assert not (root / "solutions").exists() and not (root / sections.MAP).exists()


def test_a_place_is_described_once(tmp_path):
    root = course(tmp_path, "01-one", "02-two")
    path = root / "book" / "lessons" / "02-two.md"
    path.write_text(path.read_text().replace("doubling: {}", "doubling: {under: implicit, text: again}"))
    with pytest.raises(LessonError, match=r"02-two.md:12: the place 'doubling' is described by 01-one already"):
        lessons.load(root)


def test_the_table_of_the_map_goes_from_left_to_right(tmp_path):
    root = course(tmp_path, "01-one", "02-two", "03-three")
    path = root / "book" / "lessons" / "02-two.md"
    places = 'free: {under: implicit, text: "a, b"}\n    near: {under: approximate, text: c}\n    doubling: {}'
    path.write_text(path.read_text().replace("doubling: {}", places))
    rows = list(csv.reader(sections.map_table(lessons.load(root)).splitlines()))
    assert rows == [
        ["leaf", "under", "text", "sections"],
        ["doubling", "tractable", "twice a number", "1 2 3"],
        ["near", "approximate", "c", "2"],
        ["free", "implicit", "a, b", "2"],
    ]


def test_a_place_that_no_section_is_about_waits_for_one(tmp_path):
    root = course(tmp_path, "01-one", "02-two")
    one, two = (root / "book" / "lessons" / f"{name}.md" for name in ("01-one", "02-two"))
    one.write_text(one.read_text().replace("twice a number}", "twice a number, taught: false}"))
    two.write_text(two.read_text().replace("    doubling: {}", "    halving: {under: implicit, text: half}"))
    rows = sections.map_table(lessons.load(root)).splitlines()[1:]
    assert rows == ["doubling,tractable,twice a number,", "halving,implicit,half,2"]
    two.write_text(two.read_text().replace("    halving", "    doubling: {}\n    halving"))
    assert sections.map_table(lessons.load(root)).splitlines()[1] == "doubling,tractable,twice a number,2"


# --- the drawn map ----------------------------------------------------------------------------------------------------

SEVENTEEN = """leaf,under,text,sections
density,tractable,"Gaussian, KDE, naive Bayes",1
flow,tractable,normalising flow,18
drawing,tractable,autoregressive drawing,
chain,approximate,chain: Metropolis,1
vae,approximate,bound: VAE,2
encoder,approximate,encoders in the game,13
gan,implicit,GAN,3 4 9 11
conditional,implicit,"labels, codes, domains",5 6 7 15
wgan,implicit,Wasserstein GAN,8
styles,implicit,pyramids and styles,12
words,implicit,discrete outputs and reward,14 17
"""


def drawn(table: str):
    leaves = {row["leaf"]: row for row in csv.DictReader(table.splitlines())}
    says = {name: f"{row['text']}\n{plotting._sections(row['sections'].split())}" for name, row in leaves.items()}
    return plotting._draw_map(leaves, says, list(leaves))  # all bold, which is widest


@pytest.mark.parametrize("table", [(ROOT / sections.MAP).read_text(encoding="utf8"), SEVENTEEN])
def test_no_two_boxes_of_the_map_touch(table):
    figure = drawn(table)
    figure.canvas.draw()
    window = figure.get_window_extent()
    boxes = [text.get_bbox_patch().get_window_extent() for text in figure.axes[0].texts]
    names = [text.get_text() for text in figure.axes[0].texts]
    assert len(boxes) == table.count("\n") - 1 + len(plotting._TREE)
    for (a, one), (b, other) in itertools.combinations(zip(boxes, names, strict=True), 2):
        assert not a.overlaps(b), f"{one!r} and {other!r} overlap"
    for box, name in zip(boxes, names, strict=True):
        assert window.x0 <= box.x0 and box.x1 <= window.x1 and window.y0 <= box.y0 and box.y1 <= window.y1, name
    plt.close(figure)


def test_each_node_of_the_map_stands_above_its_children():
    figure = drawn(SEVENTEEN)
    at = {text.get_text().split("\n")[0]: text.get_position() for text in figure.axes[0].texts}
    assert at["tractable"][0] == pytest.approx(1.5 / 11 + 0 / 11, abs=1e-9)
    assert at["explicit density"][1] > at["tractable"][1] > at["Gaussian, KDE,"][1]
    assert len(figure.axes[0].lines) == 11 + len(plotting._TREE) - 1
    dashed = [text.get_text() for text in figure.axes[0].texts if text.get_bbox_patch().get_linestyle() == "--"]
    assert [name.replace("\n", " ") for name in dashed] == ["autoregressive drawing no section"]
    plt.close(figure)


def test_sections_are_told_in_words():
    told = [plotting._sections(numbers.split()) for numbers in ("2", "3 4", "3 4 9", "5 6 7", "")]
    assert told == ["section 2", "sections 3, 4", "sections 3, 4, 9", "sections 5 to 7", "no section"]


def test_the_press_and_the_library_mean_the_same_tree():
    inner = {parent for parent, _ in plotting._TREE.values()}
    assert set(plotting._TREE) - inner == set(sections.PARENTS)


def test_every_lesson_frames_places_of_its_own():
    for lesson in lessons.load(ROOT):
        for cell in lesson.cells:
            for call in re.findall(r"model_map\(([^)]*)\)", cell.source) if cell.kind == "code" else ():
                assert set(re.findall(r'"(\w+)"', call)) <= set(lesson.section.places), lesson.name


# --- one more section -------------------------------------------------------------------------------------------------

NEW = "11-tripling"
CASES = '''"""Three times a number."""

from autograder.exercise import Exercise, normal

triple = Exercise("triple", points=2)


@triple.case
def some_numbers(rng):
    """Three times: not two, not four."""
    return {"x": normal(rng, 5)}
'''
BANK = '''"""Right and wrong answers of the section."""

from tests.bank import Bank

bank = Bank()
bank.spoils("triple", r"three times x|3 ?\\* ?x")
bank.right("triple")(lambda x: x + x + x)
bank.right("triple")(lambda x: x * 3)
bank.right("triple")(lambda x: 2 * x + x)
for k in (0, 1, 2, 4, 5):
    bank.wrong("triple", caught_by="some_numbers", diagnosis="number")(lambda x, k=k: k * x)
'''


def tripling() -> str:
    """The throw-away lesson with another function, which is checked by the grader's own check."""
    changes = {
        "# Doubling": "# Tripling",
        "double": "triple",
        "return x + x": "return 3 * x",
        "    doubling: {under: tractable, text: twice": "    tripling: {under: implicit, text: thrice",
        "(twice)": "(thrice)",
        "(zero)": "",
        "{eq}`twice`": "{eq}`thrice`",
        "(start)=": "",
        "{ref}`start`": "it",
        "even": "third",
        "assert triple(2) == 4, 'in place of check(\"triple\", triple)'": 'check("triple", triple)',
        "import HTML": "import HTML\n\nfrom autograder import check",
    }
    text = LESSON
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """A course of one section with the whole machinery, an environment of its own, and no bubblewrap."""
    root = course(tmp_path_factory.mktemp("clone") / "root", NAME)
    machinery = ("autograder", "src/dgm", "tests/bank.py", "tests/__init__.py", "tests/test_mistakes.py")
    build.stage_copy(ROOT, root, machinery)
    for path in [*(root / "autograder" / "exercises").glob("[0-9]*"), *(root / "autograder/references").glob("*")]:
        path.unlink()
    build.build_notebooks(root)
    python = environment(root, root.parent / "environment")
    return root, os.environ | {"PATH": str(python.parent)}


def run(clone: tuple[Path, dict[str, str]], *words: str) -> subprocess.CompletedProcess:
    root, environ = clone
    command = [str(Path(environ["PATH"]) / "python"), "-m", *words]
    return subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True)


def contents(root: Path) -> dict[str, bytes]:
    skipped = ("__pycache__", "_build")
    files = (path for path in root.rglob("*") if path.is_file() and not {*path.parts} & {*skipped})
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def test_a_new_section_touches_no_file_besides_its_own_four(clone):
    """The way of CONTRIBUTING: a lesson, its cases, its bank, one line of `_toc.yml`, and `make build`."""
    root, _ = clone
    before = contents(root)
    authored = {f"book/lessons/{NEW}.md", f"autograder/exercises/{NEW}.py", f"tests/mistakes/{NEW}.py", "_toc.yml"}
    (root / "tests" / "mistakes").mkdir()
    for name, text in ((f"book/lessons/{NEW}.md", tripling()), (f"autograder/exercises/{NEW}.py", CASES)):
        (root / name).write_text(text)
    (root / "tests" / "mistakes" / f"{NEW}.py").write_text(BANK)
    line = f"      - file: book/pages/{NAME}\n"
    (root / "_toc.yml").write_text(before["_toc.yml"].decode().replace(line, line + line.replace(NAME, NEW)))

    # Without a sandbox the build says what it needs, and has written nothing.
    written = contents(root)
    for words in (["book.tools", "build"], ["book.tools", "book"]):
        done = run(clone, *words)
        assert done.returncode == 2 and "bubblewrap" in done.stderr and done.stderr.count("\n") == 1, done.stderr
        assert contents(root) == written

    # A lesson that fails leaves nothing half-built either.
    lesson = root / "book" / "lessons" / f"{NEW}.md"
    lesson.write_text(tripling().replace("print(triple(21))", "print(1 / 0)"))
    done = run(clone, "book.tools", "build", "--unsafe")
    assert done.returncode == 1 and f"{NEW}.md:" in done.stderr and "ZeroDivisionError" in done.stderr
    lesson.write_text(tripling())
    assert contents(root) == written

    done = run(clone, "book.tools", "build", "--unsafe")
    assert done.returncode == 0, done.stderr
    made = {f"autograder/references/{NEW}.json", f"solutions/{NEW}/{NEW}.ipynb", f"notebooks/{NEW}/{NEW}.ipynb"}
    after = contents(root)
    assert {name for name in after if after[name] != before.get(name)} == authored | made | {"src/dgm/map.csv"}
    assert f'<li><a href="{NEW}.html">11. Tripling</a>' in front(root)
    assert "tripling,implicit,thrice a number,11" in after["src/dgm/map.csv"].decode()
    assert f'<a href="{NEW}.html#exercise-triple">11.1</a>' in exercise_list(lessons.load(root))
    bank = run(clone, "pytest", "-q", "tests/test_mistakes.py", "-k", "not published", "-p", "no:cacheprovider")
    assert bank.returncode == 0 and "12 passed" in bank.stdout, bank.stdout


def test_prose_is_built_without_a_sandbox(clone):
    root, _ = clone
    lesson = root / "book" / "lessons" / f"{NAME}.md"
    (root / "autograder" / "exercises" / f"{NAME}.py").write_text(CASES)
    lesson.write_text(lesson.read_text().replace("Write the function.", "Write a function."))
    done = run(clone, "book.tools", "build")
    assert done.returncode == 0, done.stderr
    assert (
        "left as they are: " in done.stdout
        and "Write a function." in contents(root)[f"notebooks/{NAME}/{NAME}.ipynb"].decode()
    )
