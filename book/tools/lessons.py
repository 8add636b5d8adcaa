"""From a lesson's source to its two notebooks.

`book/lessons/NN-name.md` is a MyST Markdown notebook and holds the answers. Three words on a cell are all of nbgrader
that its author sees:

    ```{code-cell} ipython3          ```{code-cell} ipython3
    :exercise: discriminator_loss    :check: discriminator_loss
    def discriminator_loss(...):     :points: 2
        ### BEGIN SOLUTION           check("discriminator_loss", discriminator_loss)
        ...                          ```
        ### END SOLUTION
    ```

and `+++ {"exercise": "name", "points": 2}` in front of a Markdown cell marks a written answer. From this the build
makes `solutions/NN-name/NN-name.ipynb`, which is nbgrader's source, and by nbgrader's own machinery
`notebooks/NN-name/NN-name.ipynb`, which is its release. Both are committed; building twice gives the same bytes.
"""

from __future__ import annotations

import ast
import hashlib
import json
import logging
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import jupytext.myst
import nbformat
import yaml
from nbformat import NotebookNode

from autograder.server.gradebook.settings import CODE_STUB, TEXT_STUB
from book.tools import sections as front_matter
from book.tools.citations import bibliography, cite
from book.tools.errors import LessonError
from book.tools.myst import EXPLICIT, Labels, Translator
from book.tools.sections import Section

WORDS = {"exercise", "check", "points", "tags", "mystnb"}
TAGS = {"front", "hide-input", "imports", "nbval-check-output"}
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
MARK = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")
NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
FILE = re.compile(r"^\d\d-[a-z0-9]+(-[a-z0-9]+)*$")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


@dataclass(frozen=True)
class Cell:
    """One cell of a lesson as its author wrote it."""

    kind: str  # "markdown" or "code"
    source: str
    line: int  # of the first line of `source` in the file
    id: str
    exercise: str | None = None
    check: str | None = None
    points: int | None = None
    tags: tuple[str, ...] = ()
    mystnb: Mapping = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """A section of the course."""

    name: str  # "03-gan-minimax"
    path: Path
    title: str
    cells: tuple[Cell, ...]
    section: Section = Section("", "")  # the front page is no section

    @property
    def number(self) -> int:
        """The section's number, which its name carries."""
        return int(self.name[:2])

    @property
    def code_key(self) -> str:
        """A digest of everything that runs: the same key means the same outputs."""
        code = [(cell.id, cell.source, cell.tags) for cell in self.cells if cell.kind == "code"]
        return hashlib.sha256(json.dumps(code).encode()).hexdigest()[:16]

    @property
    def points(self) -> int:
        """What the whole section is worth."""
        return sum(cell.points or 0 for cell in self.cells)


# --- reading ----------------------------------------------------------------------------------------------------------


def sections(root: Path) -> list[str]:
    """The names of the course's sections in their order, which `_toc.yml` alone decides."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf8"))
    found: list[str] = []

    def walk(node: object) -> None:
        if isinstance(node, dict):
            file = node.get("file", "")
            if file.startswith("book/pages/") and FILE.match(Path(file).name):
                found.append(Path(file).name)
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for item in node:
                walk(item)

    walk(toc)
    return found


def load(root: Path) -> list[Lesson]:
    """Every lesson that `_toc.yml` lists, read and checked.

    Raises:
        LessonError: at the first thing an author has to mend.
        FileNotFoundError: when `_toc.yml` lists a lesson that does not exist.
    """
    lessons = [read(root / "book" / "lessons" / f"{name}.md") for name in sections(root)]
    front_matter.check(root, lessons)
    return lessons


def read(path: Path) -> Lesson:
    """Parse one lesson and check it against the conventions that the build relies on."""
    if not FILE.match(path.stem):
        raise LessonError(path, 1, "a lesson's file is called NN-name.md, in small letters and dashes")
    lesson, words = _parse(path)
    lesson = replace(lesson, section=front_matter.parse(path, words.get("section")))
    _check_exercises(path, list(lesson.cells))
    _check_imports(path, list(lesson.cells))
    return lesson


def read_cells(path: Path) -> Lesson:
    """Parse a MyST notebook: a lesson, or the front page, which runs code but asks nothing."""
    return _parse(path)[0]


def _parse(path: Path) -> tuple[Lesson, dict]:
    """A MyST notebook and its front matter."""
    text = path.read_text(encoding="utf8")
    try:
        notebook = jupytext.myst.myst_to_notebook(text, add_source_map=True)
    except (jupytext.myst.MystMetadataParsingError, nbformat.ValidationError) as error:
        line = re.search(r"line (\d+)", str(error))
        raise LessonError(path, int(line[1]) if line else 1, " ".join(str(error).split())) from error
    lines = text.splitlines()
    cells: list[Cell] = []
    seen: dict[str, int] = {}
    for node, start in zip(notebook.cells, notebook.metadata.source_map, strict=True):
        cell = _cell(path, node, _first_line(lines, node.source, start))
        seen[cell.id] = seen.get(cell.id, 0) + 1
        if seen[cell.id] > 1:
            if cell.exercise or cell.check:
                word = "exercise" if cell.exercise else "check"
                raise LessonError(path, cell.line, f"the {word} {cell.exercise or cell.check!r} exists twice")
            cell = Cell(**{**vars(cell), "id": f"{cell.id}-{seen[cell.id]}"})
        cells.append(cell)
    title = re.match(r"#\s+(.+)", cells[0].source) if cells and cells[0].kind == "markdown" else None
    if title is None:
        raise LessonError(path, 1, "a lesson opens with its title, '# Title'")
    return Lesson(path.stem, path, title[1].strip(), tuple(cells)), dict(notebook.metadata)


def _first_line(lines: list[str], source: str, start: int) -> int:
    """The 1-based line where `source` begins; `start` is the 0-based line from which jupytext looked for it."""
    opening = source.split("\n", 1)[0]
    for i in range(max(start - 1, 0), min(start + 40, len(lines))):
        if lines[i] == opening:
            return i + 1
    return start + 1


def _cell(path: Path, node: NotebookNode, line: int) -> Cell:
    words = dict(node.metadata)
    if unknown := sorted(set(words) - WORDS):
        raise LessonError(path, line, f"unknown word {unknown[0]!r} on a cell; known are {', '.join(sorted(WORDS))}")
    if node.cell_type not in ("markdown", "code"):
        raise LessonError(path, line, "a lesson has Markdown and code cells only")
    tags = words.get("tags", [])
    if not isinstance(tags, list) or set(tags) - TAGS:
        raise LessonError(path, line, f"unknown tag in {tags!r}; known are {', '.join(sorted(TAGS))}")
    exercise, check, points = words.get("exercise"), words.get("check"), words.get("points")
    for name in (exercise, check):
        if name is not None and not NAME.match(str(name)):
            raise LessonError(path, line, f"{name!r} is not the name of a function")
    if exercise and check:
        raise LessonError(path, line, "a cell is an exercise or a check, not both")
    written = node.cell_type == "markdown" and exercise is not None
    if (points is not None) != (check is not None or written):
        raise LessonError(path, line, "points belong on a check, or on a written answer, and on nothing else")
    if points is not None and (type(points) is not int or points < 1):
        raise LessonError(path, line, f"points are a whole number of at least 1, not {points!r}")
    if node.cell_type == "markdown" and (check or tags or "mystnb" in words):
        raise LessonError(path, line, "a Markdown cell takes only the words exercise and points")
    if check and f'check("{check}"' not in node.source:
        raise LessonError(path, line, f'the check of {check} calls check("{check}", {check})')
    if name := exercise or check:
        identity = f"{'exercise' if exercise else 'check'}-{name.replace('_', '-')}"
    else:
        identity = hashlib.sha256(f"{node.cell_type}\n{node.source}".encode()).hexdigest()[:12]
    return Cell(
        node.cell_type, node.source, line, identity, exercise, check, points, tuple(tags), words.get("mystnb", {})
    )


def _check_exercises(path: Path, cells: list[Cell]) -> None:
    open_exercises: dict[str, Cell] = {}
    for cell in cells:
        _check_marks(path, cell)
        if cell.exercise and cell.kind == "code":
            open_exercises[cell.exercise] = cell
        elif cell.check and open_exercises.pop(cell.check, None) is None:
            raise LessonError(path, cell.line, f"the check of {cell.check!r} has no exercise before it")
    for name, cell in open_exercises.items():
        raise LessonError(path, cell.line, f"the exercise {name!r} has no check after it")


def _check_marks(path: Path, cell: Cell) -> None:
    """Solution marks come in pairs, in the code of an exercise and nowhere else; nbgrader itself accepts strays."""
    inside, pairs = False, 0
    for number, text in enumerate(cell.source.split("\n"), cell.line):
        if not MARK.search(text):
            continue
        if text.strip() not in (BEGIN, END):
            raise LessonError(
                path, number, f"{text.strip()!r} looks like a mark of nbgrader; known are {BEGIN} and {END}"
            )
        if cell.kind != "code" or cell.exercise is None:
            raise LessonError(path, number, f"{text.strip()} stands outside an exercise")
        if (text.strip() == BEGIN) == inside:
            raise LessonError(path, number, f"{text.strip()} has no partner")
        inside, pairs = not inside, pairs + inside
    if inside:
        raise LessonError(path, cell.line, f"{BEGIN} has no {END}")
    if cell.kind == "code" and cell.exercise and not pairs:
        raise LessonError(path, cell.line, f"the exercise {cell.exercise!r} marks no solution")
    if cell.kind == "code":
        for source in (cell.source, stubbed(cell.source)):
            try:
                ast.parse(source)
            except SyntaxError as error:
                where = "the stub" if source != cell.source else "this cell"
                raise LessonError(
                    path, cell.line + (error.lineno or 1) - 1, f"{where} is not Python: {error.msg}"
                ) from None
        if role := re.search(r"\{(eq|ref|doc|cite:[tp]|prf:ref)\}`", cell.source):
            line = cell.line + cell.source.count("\n", 0, role.start())
            raise LessonError(path, line, f"{{{role[1]}}} is not translated in code")


def stubbed(source: str) -> str:
    """An exercise's code with each solution replaced by the stub, as nbgrader will do it."""
    pattern = rf"^([ \t]*){re.escape(BEGIN)}[ \t]*\n.*?^[ \t]*{re.escape(END)}[ \t]*$"
    return re.sub(pattern, lambda m: m[1] + CODE_STUB, source, flags=re.M | re.S)


def _check_imports(path: Path, cells: list[Cell]) -> None:
    code = [cell for cell in cells if cell.kind == "code"]
    for i, cell in enumerate(code):
        if "imports" in cell.tags and i > 0:
            raise LessonError(path, cell.line, "only the first code cell is tagged imports")
        if "imports" not in cell.tags:
            if i == 0:
                raise LessonError(path, cell.line, "the first code cell imports what the lesson needs: tag it imports")
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    line = cell.line + node.lineno - 1
                    raise LessonError(path, line, "a second import cell: everything is imported in the first code cell")


# --- the notebooks ----------------------------------------------------------------------------------------------------


def translations(root: Path, lessons: list[Lesson]) -> dict[str, list[str]]:
    """The notebooks' Markdown for every lesson: name -> one text per cell (code cells unchanged)."""
    entries = bibliography(root / "book" / "references.bib").entries
    titles = {lesson.name: lesson for lesson in lessons}
    labels = {lesson.name: Labels(lesson.number) for lesson in lessons}

    def run(lesson: Lesson, counted: Labels, resolve: Callable[[str, str, int], str]) -> list[str]:
        translator = Translator(lesson.path, counted, resolve)
        texts = [
            translator.translate(cell.source, cell.line) if cell.kind == "markdown" else cell.source
            for cell in lesson.cells
        ]
        texts[0] = texts[0].replace("# ", f"# {lesson.number}. ", 1)  # Sphinx numbers the page's title likewise
        return texts

    for lesson in lessons:
        run(lesson, labels[lesson.name], lambda role, body, line: "")
    known: dict[str, tuple[str, str]] = {}
    for lesson in lessons:
        for key, text in labels[lesson.name].names.items():
            if key in known:
                raise LessonError(lesson.path, 1, f"the label {key.split(':', 1)[1]!r} is also in {known[key][0]}")
            known[key] = (lesson.name, text)

    def resolver(lesson: Lesson) -> Callable[[str, str, int], str]:
        def resolve(role: str, body: str, line: int) -> str:
            explicit = EXPLICIT.match(body)
            target = explicit["target"] if explicit else body
            if role in ("eq", "prf:ref", "ref"):
                if role == "ref" and explicit:
                    return explicit["text"]
                kind = role.removesuffix(":ref")
                if f"{kind}:{target}" not in known:
                    raise LessonError(lesson.path, line, f"{{{role}}} points to {target!r}, which no lesson defines")
                return explicit["text"] if explicit else known[f"{kind}:{target}"][1]
            if role == "doc":
                if explicit:
                    return explicit["text"]
                if target not in titles:
                    raise LessonError(
                        lesson.path, line, f"{{doc}} points to {target!r}, which is no lesson of _toc.yml"
                    )
                return f"section {titles[target].number}, *{titles[target].title}*"
            if role in ("cite:t", "cite:p"):
                keys = [key.strip() for key in body.split(",")]
                if missing := [key for key in keys if key not in entries]:
                    raise LessonError(lesson.path, line, f"{missing[0]!r} is not in book/references.bib")
                cited = [cite(entries[key], role == "cite:p") for key in keys]
                return f"({'; '.join(cited)})" if role == "cite:p" else ", ".join(cited)
            raise LessonError(
                lesson.path, line, f"the role {{{role}}} is not among those of a lesson (see book/tools/myst.py)"
            )

        return resolve

    return {lesson.name: run(lesson, Labels(lesson.number), resolver(lesson)) for lesson in lessons}


def solution_notebook(lesson: Lesson, sources: list[str], outputs: Mapping[str, list[NotebookNode]]) -> NotebookNode:
    """The instructor's notebook: nbgrader's metadata filled in, and those outputs that nbval compares."""
    metadata = {"kernelspec": dict(KERNEL), "language_info": {"name": "python"}}
    if outputs:
        metadata["dgm"] = {"outputs_of": lesson.code_key}
    notebook = nbformat.v4.new_notebook(metadata=metadata)
    for cell, source in zip(lesson.cells, sources, strict=True):
        node = nbformat.v4.new_code_cell(source) if cell.kind == "code" else nbformat.v4.new_markdown_cell(source)
        node["id"] = cell.id
        if cell.tags:
            node.metadata["tags"] = list(cell.tags)
        node.metadata["nbgrader"] = _nbgrader(cell)
        if cell.kind == "code":
            node.outputs = outputs.get(cell.id, [])
            node.execution_count = 1 if node.outputs else None  # nbval compares nothing with a cell that never ran
        notebook.cells.append(node)
    return notebook


def _nbgrader(cell: Cell) -> NotebookNode:
    written = cell.kind == "markdown" and cell.exercise is not None
    grade = cell.check is not None or written
    words = {
        "grade": grade,
        "grade_id": cell.exercise or (f"check-{cell.check}" if cell.check else cell.id),
        "locked": cell.exercise is None,
        "schema_version": 3,
        "solution": cell.exercise is not None,
        "task": False,
    }
    return NotebookNode(words | ({"points": cell.points} if grade else {}))


def checked_outputs(lesson: Lesson, executed: NotebookNode) -> dict[str, list[NotebookNode]]:
    """The printed text of the cells tagged `nbval-check-output`, without pictures and execution counts."""
    ids = {cell.id for cell in lesson.cells if "nbval-check-output" in cell.tags}
    return {cell.id: _printed(cell.outputs) for cell in executed.cells if cell.id in ids}


def _printed(outputs: list[NotebookNode]) -> list[NotebookNode]:
    kept: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and output.name == "stdout":
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
            else:
                kept.append(nbformat.v4.new_output("stream", name="stdout", text=output.text))
        elif output.output_type == "execute_result":
            text = {"text/plain": output.data["text/plain"]}
            kept.append(nbformat.v4.new_output("execute_result", data=text, execution_count=None))
    return kept


def committed_outputs(root: Path, lesson: Lesson) -> dict[str, list[NotebookNode]] | None:
    """The outputs in the committed solution if they belong to the lesson's present code, else None."""
    wanted = {cell.id for cell in lesson.cells if "nbval-check-output" in cell.tags}
    if not wanted:
        return {}
    path = notebook_path(root, "solutions", lesson.name)
    if not path.is_file():
        return None
    notebook = nbformat.read(path, as_version=4)
    if notebook.metadata.get("dgm", {}).get("outputs_of") != lesson.code_key:
        return None
    return {cell.id: cell.outputs for cell in notebook.cells if cell.id in wanted}


def notebook_path(root: Path, folder: str, name: str) -> Path:
    """Where nbgrader expects a notebook: FOLDER/NAME/NAME.ipynb."""
    return root / folder / name / f"{name}.ipynb"


def release(solutions: Mapping[str, NotebookNode]) -> dict[str, NotebookNode]:
    """The students' notebooks, made by nbgrader's own `generate_assignment` in a folder that is then thrown away."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import SaveCells
    from traitlets.config import Config

    students: dict[str, NotebookNode] = {}
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        config = Config()
        config.ClearSolutions.code_stub = {"python": CODE_STUB}
        config.ClearSolutions.text_stub = TEXT_STUB
        config.CourseDirectory.root = folder
        config.CourseDirectory.source_directory = "solutions"
        config.CourseDirectory.release_directory = "notebooks"
        for name, notebook in solutions.items():
            write_notebook(notebook_path(course, "solutions", name), notebook)
            config.CourseDirectory.assignment_id = name
            converter = GenerateAssignment(CourseDirectory(config=config), config=config)
            converter.no_database = True
            converter.preprocessors = [p for p in converter.preprocessors if p is not SaveCells]
            converter.log.setLevel(logging.ERROR)
            converter.start()
            students[name] = nbformat.read(notebook_path(course, "notebooks", name), as_version=4)
    for notebook in students.values():
        notebook.metadata.pop("dgm", None)
    return students


def write_notebook(path: Path, notebook: NotebookNode) -> bool:
    """Write a notebook unless it is there already, byte for byte; says whether it wrote. No half-written files."""
    nbformat.validate(notebook)
    text = nbformat.writes(notebook)
    return write_text(path, text + "\n" if not text.endswith("\n") else text)


def write_text(path: Path, text: str) -> bool:
    """Write a file through a temporary name, unless it has this content already; says whether it wrote."""
    if path.is_file() and path.read_text(encoding="utf8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf8")
    temporary.replace(path)
    return True
