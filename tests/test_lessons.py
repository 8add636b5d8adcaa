"""Lessons: their conventions as numbers, what the build makes of them, and what it refuses."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from book.tools import __main__ as command
from book.tools import execute, lessons
from book.tools.errors import LessonError
from book.tools.execute import Run
from book.tools.lessons import notebook_path, read
from book.tools.pages import launch_links, page, reading_minutes, running_time
from tests.throwaway import LESSON, ROOT, course

SECTIONS = lessons.sections(ROOT)
NAME = "07-doubling"


def solution_blocks(lesson: lessons.Lesson) -> dict[str, list[str]]:
    """exercise -> the lines between its marks."""
    blocks = {}
    for cell in lesson.cells:
        if cell.exercise and cell.kind == "code":
            found = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.S)
            blocks[cell.exercise] = [line.strip() for block in found for line in block.splitlines() if line.strip()]
    return blocks


# --- the lessons there are --------------------------------------------------------------------------------------------


@pytest.fixture(params=SECTIONS)
def lesson(request) -> lessons.Lesson:
    return read(ROOT / "book" / "lessons" / f"{request.param}.md")


def test_the_sections_come_in_the_order_of_their_numbers():
    assert SECTIONS and SECTIONS == sorted(SECTIONS)
    on_disk = sorted(path.stem for path in (ROOT / "book" / "lessons").glob("*.md"))
    assert SECTIONS == on_disk, "a lesson is missing from _toc.yml, or the other way round"


def test_a_section_has_all_its_files(lesson):
    for path in (
        notebook_path(ROOT, "solutions", lesson.name),
        notebook_path(ROOT, "notebooks", lesson.name),
        ROOT / "autograder" / "exercises" / f"{lesson.name}.py",
        ROOT / "autograder" / "references" / f"{lesson.name}.json",
    ):
        assert path.is_file(), path
    alone = [path.name for path in (ROOT / "solutions" / lesson.name).iterdir() if path.suffix != ".ipynb"]
    assert not alone, "nbgrader hands every other file in a solutions folder to the students"


def test_points_are_those_of_the_exercises(lesson):
    from autograder.exercise import exercises

    asked = {cell.check: cell.points for cell in lesson.cells if cell.check}
    assert asked == {name: exercise.points for name, exercise in exercises(lesson.name).items()}


def test_a_lesson_is_short_and_says_more_than_it_computes(lesson):
    code = [len(cell.source.splitlines()) for cell in lesson.cells if cell.kind == "code"]
    lines = sum(1 for c in lesson.cells if c.kind == "code" for line in c.source.splitlines() if line.strip())
    prose = sum(len(cell.source.split()) for cell in lesson.cells if cell.kind == "markdown")
    # A folded figure is a figure to its reader, and a check is one line.
    assert sum(not cell.check and "hide-input" not in cell.tags for cell in lesson.cells) <= 60
    assert statistics.median(code) <= 10  # of at most 88 characters, as many as a page shows
    long = {cell.line: len(cell.source.splitlines()) for cell in lesson.cells if cell.kind == "code"}
    # An exercise's answer is not part of what a student reads, its docstring is.
    assert {line: n for line, n in long.items() if n > 25} == {}
    assert prose >= 3 * lines


def test_a_lesson_downloads_and_installs_nothing(lesson):
    forbidden = re.compile(r"^\s*[!%]|urlretrieve|urlopen|requests\.|download=True|fetch_openml|\bwget\b|\bpip\b", re.M)
    for cell in lesson.cells:
        if cell.kind == "code":
            found = forbidden.search(cell.source)
            assert found is None, f"{lesson.path.name}:{cell.line}: {found}"


def test_every_part_of_a_lesson_ends_in_something_to_see_or_do(lesson):
    parts: list[list[lessons.Cell]] = [[]]
    for cell in lesson.cells:
        if cell.kind == "markdown" and re.search(r"^## ", cell.source, re.M):
            parts.append([])
        parts[-1].append(cell)
    for part in parts[1:]:
        title = re.search(r"^## (.+)", part[0].source, re.M)
        assert title is not None
        ends = any(cell.kind == "code" for cell in part) or any("?" in cell.source for cell in part)
        assert ends or title[1] == "What to remember", f"{lesson.name}: {title[1]!r} shows, checks and asks nothing"


def test_the_stub_runs_and_only_its_call_fails(lesson):
    student = nbformat.read(notebook_path(ROOT, "notebooks", lesson.name), as_version=4)
    sources = {cell.id: cell.source for cell in student.cells}
    space: dict = {}
    exec(next(sources[cell.id] for cell in lesson.cells if "imports" in cell.tags), space)
    for cell in lesson.cells:
        if cell.exercise and cell.kind == "code":
            exec(sources[cell.id], space)
            assert 'raise NotImplementedError("your turn")' in sources[cell.id]
            function = space[cell.exercise]
            if isinstance(function, type):
                continue
            with pytest.raises(NotImplementedError, match="your turn"):
                function(*[None] * function.__code__.co_argcount)


def test_no_answer_reaches_the_students(lesson):
    student = nbformat.read(notebook_path(ROOT, "notebooks", lesson.name), as_version=4)
    sources = {cell.id: cell.source for cell in student.cells}
    everything = " ".join(" ".join(sources.values()).split())
    assert "SOLUTION" not in everything
    for name, block in solution_blocks(lesson).items():
        assert block, name
        assert " ".join(block) not in everything, name
        theirs = sources[f"exercise-{name.replace('_', '-')}"]
        assert not [line for line in block if line in theirs], name
    assert all(not cell.get("outputs") for cell in student.cells)


# --- a throw-away lesson ----------------------------------------------------------------------------------------------


def test_nbgrader_sees_what_three_words_mean(tmp_path):
    root = course(tmp_path / "course", NAME)
    lesson = lessons.load(root)[0]
    texts = lessons.translations(root, [lesson])
    solved = lessons.solution_notebook(lesson, texts[NAME], {})
    cells = {cell.id: cell for cell in solved.cells}
    exercise, check = cells["exercise-double"].metadata.nbgrader, cells["check-double"].metadata.nbgrader
    assert (exercise.grade_id, exercise.solution, exercise.grade, exercise.locked) == ("double", True, False, False)
    assert (check.grade_id, check.solution, check.grade, check.locked) == ("check-double", False, True, True)
    assert check.points == 2 and "points" not in exercise
    others = [cell.metadata.nbgrader for key, cell in cells.items() if key not in ("exercise-double", "check-double")]
    assert others and all(o.locked and not o.solution and not o.grade for o in others)
    assert all(o.grade_id in cells for o in others)


def test_ids_stay_when_other_cells_change(tmp_path):
    before = read(course(tmp_path / "a", NAME) / "book" / "lessons" / f"{NAME}.md")
    changed = LESSON.replace("Write the function.", "Write it now.").replace("print(double(21))", "print(double(22))")
    after = read(course(tmp_path / "b", NAME, text=changed) / "book" / "lessons" / f"{NAME}.md")
    old, new = [cell.id for cell in before.cells], [cell.id for cell in after.cells]
    assert len(set(old)) == len(old)
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 2


def test_stock_nbgrader_makes_the_same_release(tmp_path):
    text = LESSON + '\n+++ {"exercise": "why", "points": 3}\n\nBecause two is even.\n'
    root = course(tmp_path / "course", NAME, text=text)
    lesson = lessons.load(root)[0]
    solved = lessons.solution_notebook(lesson, lessons.translations(root, [lesson])[NAME], {})
    ours = lessons.release({NAME: solved})[NAME]
    lessons.write_notebook(notebook_path(root, "solutions", NAME), solved)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    program = Path(sys.executable).with_name("nbgrader")
    subprocess.run([program, "generate_assignment", NAME, "--no-db"], cwd=root, check=True, capture_output=True)
    stock = nbformat.read(notebook_path(root, "_build/release", NAME), as_version=4)
    assert not (root / "notebooks").exists(), "what is handed out is nobody's but the build's"
    assert [cell.source for cell in stock.cells] == [cell.source for cell in ours.cells]
    assert [cell.metadata.nbgrader for cell in stock.cells] == [cell.metadata.nbgrader for cell in ours.cells]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    ### END SOLUTION\n", "", "has no ### END SOLUTION"),
        ("    ### BEGIN SOLUTION\n", "", "### END SOLUTION has no partner"),
        ("    ### END SOLUTION\n", "    ### BEGIN SOLUTION\n", "### BEGIN SOLUTION has no partner"),
        ("    ### BEGIN SOLUTION\n", "    # BEGIN SOLUTION\n", "looks like a mark"),
        ("print(double(21))", "### BEGIN SOLUTION\nprint(double(21))\n### END SOLUTION", "outside an exercise"),
        ("Write the function.", "### BEGIN SOLUTION", "outside an exercise"),
        (":exercise: double", ":exercize: double", "unknown word 'exercize'"),
        ("[nbval-check-output]", "[nbval]", "unknown tag"),
        (":exercise: double\n", "", "outside an exercise"),
        (":check: double\n:points: 2\n", "", "the exercise 'double' has no check"),
        (":points: 2\n", "", "points belong on a check"),
        (":points: 2\n", ":points: two\n", "whole number"),
        (":tags: [nbval-check-output]\n", ":points: 2\n", "points belong on a check"),
        (":check: double\n", ":check: triple\n", "calls check"),
        ("print(double(21))", "import torch\nprint(double(21))", "second import cell"),
        (":tags: [nbval-check-output]", ":tags: [imports]", "only the first code cell"),
        ("# Doubling", "Doubling", "opens with its title"),
        ("$$ (twice)", "$$ twice", "only (label) may follow"),
        ("{eq}`twice`", "{eq}`thrice`", "'thrice', which no lesson defines"),
        ("{cite:p}`goodfellow2014`", "{cite:p}`nobody`", "'nobody' is not in book/references.bib"),
        ("{cite:p}`goodfellow2014`", "{abbr}`GAN`", "the role {abbr}"),
        (":::{dropdown} Why", ":::{warning} Why", "{warning} takes no title"),
        (":::{dropdown} Why", ":::{margin} Why", "{margin} is not among the directives"),
        ("Write the function.", "```{note}\nHm.\n```", "written with colons"),
        ("Write the function.", "![a dot](dot.png)", "pictures come from code"),
        ("Write the function.", "A footnote.[^1]", "footnotes"),
        ("Write the function.", "\\begin{align} a \\end{align}", "between $$ and $$"),
        ("It is two times something.\n:::", "It is two times something.", "not closed"),
        ("def double(x):", "def double(x:", "not Python"),
        ("{prf:ref}`even`", "{doc}`99-nothing`", "no lesson of _toc.yml"),
    ],
)
def test_what_an_author_has_to_mend_is_one_sentence(tmp_path, capsys, monkeypatch, old, new, said):
    assert old in LESSON
    root = course(tmp_path / "course", NAME, text=LESSON.replace(old, new, 1))
    monkeypatch.setattr(sys, "argv", ["book.tools", "build", "--root", str(root)])
    with pytest.raises(SystemExit) as stop:
        command.main()
    out, err = capsys.readouterr()
    assert stop.value.code == 2
    assert said in err and err.count("\n") == 1 and "Traceback" not in out + err
    assert re.match(rf"{NAME}\.md:\d+: ", err)
    assert not (root / "notebooks").exists()


def test_an_error_names_the_line(tmp_path):
    text = LESSON.replace("{prf:ref}`even`", "{abbr}`GAN`")
    path = course(tmp_path / "course", NAME, text=text) / "book" / "lessons" / f"{NAME}.md"
    line = next(n for n, content in enumerate(path.read_text().splitlines(), 1) if "{abbr}" in content)
    with pytest.raises(LessonError, match=rf"^{NAME}\.md:{line}: "):
        lessons.translations(path.parents[2], [read(path)])


def test_an_exercise_exists_once(tmp_path):
    twice = (
        LESSON
        + LESSON[LESSON.index("```{code-cell} ipython3\n:exercise") : LESSON.index("```{code-cell} ipython3\n:check")]
    )
    path = course(tmp_path / "course", NAME, text=twice) / "book" / "lessons" / f"{NAME}.md"
    with pytest.raises(LessonError, match="exists twice"):
        read(path)


def test_a_check_needs_an_exercise(tmp_path):
    start = LESSON.index("```{code-cell} ipython3\n:exercise")
    without = LESSON[:start] + LESSON[LESSON.index("```{code-cell} ipython3\n:check") :]
    path = course(tmp_path / "course", NAME, text=without) / "book" / "lessons" / f"{NAME}.md"
    with pytest.raises(LessonError, match="has no exercise before it"):
        read(path)


def test_a_lesson_that_does_not_exist_is_one_sentence(tmp_path, capsys, monkeypatch):
    root = course(tmp_path / "course", NAME)
    (root / "book" / "lessons" / f"{NAME}.md").unlink()
    monkeypatch.setattr(sys, "argv", ["book.tools", "build", "--root", str(root)])
    with pytest.raises(SystemExit) as stop:
        command.main()
    assert stop.value.code == 2
    assert "does not exist" in capsys.readouterr().err


def test_myst_reads_well_in_jupyterlab(tmp_path):
    root = course(tmp_path / "course", NAME)
    text = "\n\n".join(lessons.translations(root, lessons.load(root))[NAME])
    assert text.startswith("# 7. Doubling")
    assert "([Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661))" in text
    assert "as (7.1) says. Theorem 7.1 follows; see also What to do." in text
    assert "\\tag{7.1}" in text
    assert "> **Theorem 7.1** (Evenness). The double of a whole number is even." in text
    assert "> *Proof.* By (7.1). ∎" in text
    assert "<summary>Why is the double even?</summary>\n\nIt is two times something.\n\n</details>" in text
    left = re.sub(r"```.*?```", "", text, flags=re.S)
    assert ":::" not in left and "{eq}" not in left and "(start)=" not in left


def test_a_written_answer_is_graded_by_hand(tmp_path):
    text = LESSON + '\n+++ {"exercise": "why", "points": 3}\n\nBecause two is even: the written secret.\n'
    root = course(tmp_path / "course", NAME, text=text)
    lesson = lessons.load(root)[0]
    solved = lessons.solution_notebook(lesson, lessons.translations(root, [lesson])[NAME], {})
    student = lessons.release({NAME: solved})[NAME].cells[-1]
    assert student.metadata.nbgrader.points == 3
    assert (
        student.metadata.nbgrader.solution and student.metadata.nbgrader.grade and not student.metadata.nbgrader.locked
    )
    assert student.source == "*Your answer here.*"


# --- what is executed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (nbformat.v4.new_output("display_data", {"image/png": "aGk="}), "without alt text"),
        (nbformat.v4.new_output("display_data", {"text/html": "<img src='data:,'>"}), "without alt text"),
        (nbformat.v4.new_output("display_data", {"text/html": "<div role='img'></div>"}), "without alt text"),
        (
            nbformat.v4.new_output("display_data", {"text/html": "<script src='https://a.b/c.js'></script>"}),
            "another host",
        ),
        (nbformat.v4.new_output("stream", name="stderr", text="UserWarning: hm\n"), "stderr"),
        (
            nbformat.v4.new_output("execute_result", {"text/plain": "<Generator object at 0x7f1234567890>"}),
            "memory address",
        ),
    ],
)
def test_what_a_page_must_not_show(output, said):
    faults = execute.output_faults(nbformat.v4.new_code_cell("x", outputs=[output]))
    assert len(faults) == 1 and said in faults[0]


def test_what_a_page_may_show():
    outputs = [
        nbformat.v4.new_output("display_data", {"text/html": "<figure><img alt='A dot.' src='data:,'></figure>"}),
        nbformat.v4.new_output("display_data", {"image/png": "aGk="}, metadata={"image/png": {"alt": "A dot."}}),
        nbformat.v4.new_output("stream", name="stdout", text="42 at noon\n"),
    ]
    assert execute.output_faults(nbformat.v4.new_code_cell("x", outputs=outputs)) == []


# --- pages ------------------------------------------------------------------------------------------------------------


def make_page(root: Path, answers: bool) -> str:
    lesson = lessons.load(root)[0]
    student = lessons.release({NAME: lessons.solution_notebook(lesson, [c.source for c in lesson.cells], {})})[NAME]
    ran = nbformat.v4.new_notebook()
    for cell in lesson.cells:
        if cell.kind == "code":
            shown = nbformat.v4.new_output("stream", text=f"output of {cell.id}\n")
            ran.cells.append(nbformat.v4.new_code_cell(cell.source, id=cell.id, outputs=[shown]))
    return nbformat.writes(page(root, lesson, student, Run(NAME, ran, 40, fresh=True), answers))


def test_a_page_shows_outputs_and_no_answer(tmp_path):
    root = course(tmp_path / "course", NAME)
    text = make_page(root, answers=False)
    assert "output of exercise-double" in text and "output of check-double" in text
    assert "your turn" in text and "the secret of doubling" not in text and "SOLUTION" not in text
    assert "40 seconds to run" in text and "1 exercise, 2 points" in text
    answered = make_page(root, answers=True)
    assert "the secret of doubling" in answered and "Show the answer" in answered and "your turn" in answered


def test_notebooks_open_elsewhere_only_for_an_adopter(tmp_path):
    root = course(tmp_path / "course", NAME)
    assert launch_links(root, "notebooks/a/a.ipynb") == []
    config = (root / "_config.yml").read_text()
    config = config.replace('  url: ""', "  url: https://github.com/us/course").replace(
        'colab_url: ""', "colab_url: https://colab.research.google.com"
    )
    (root / "_config.yml").write_text(config)
    where = "https://colab.research.google.com/github/us/course/blob/main/notebooks/a/a.ipynb"
    assert launch_links(root, "notebooks/a/a.ipynb") == [("Colab", where)]


def test_times_are_told_in_words(tmp_path):
    assert [running_time(t) for t in (1, 31, 50, 70, 119)] == [
        "5 seconds",
        "35 seconds",
        "50 seconds",
        "1 minute",
        "2 minutes",
    ]
    short = read(course(tmp_path / "a", NAME) / "book" / "lessons" / f"{NAME}.md")
    longer = LESSON.replace("Write the function.", "word " * 2000)
    long = read(course(tmp_path / "b", NAME, text=longer) / "book" / "lessons" / f"{NAME}.md")
    assert reading_minutes(long) - reading_minutes(short) == 10
