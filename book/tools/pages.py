"""The book's pages: the student's text with the solution's outputs, merged by cell id.

A page shows every figure and no answer. The instructor's edition has each answer folded under its stub; it is built
from pages in another folder, so that nothing with answers ever lies where the public book is built from.
"""

from __future__ import annotations

import html
import math
import re
from pathlib import Path
from urllib.parse import quote, urlsplit

import nbformat
import yaml
from nbformat import NotebookNode

from book.tools.execute import Run
from book.tools.lessons import Cell, Lesson

WORDS_PER_MINUTE = 200
SECONDS_PER_FORMULA = 12
SECONDS_PER_LINE_OF_CODE = 3
GROUP = re.compile(
    r'(?P<head><section\b(?:(?!</section>).)*?)<ul data-group="(?P<group>[^"]*)"></ul>(?P<tail>\s*</section>\n?)', re.S
)


def reading_minutes(lesson: Lesson) -> int:
    """How long the section takes to read, doing no exercise: words, display formulas and lines of code have a price."""
    words = formulas = code = 0
    for cell in lesson.cells:
        if cell.kind == "code":
            code += sum(bool(line.strip()) for line in cell.source.splitlines())
        else:
            formulas += cell.source.count("$$") // 2
            words += len(re.sub(r"\$\$.*?\$\$", " ", cell.source, flags=re.S).split())
    seconds = words * 60 / WORDS_PER_MINUTE + formulas * SECONDS_PER_FORMULA + code * SECONDS_PER_LINE_OF_CODE
    return max(1, round(seconds / 60))


def running_time(seconds: float) -> str:
    """A measured time in words, not more precise than it deserves."""
    if seconds < 55:
        return f"{max(5, 5 * math.ceil(seconds / 5))} seconds"
    minutes = max(1, round(seconds / 60))
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


def launch_links(root: Path, notebook: str) -> list[tuple[str, str]]:
    """(name, address) of services that open a notebook, for an adopter who has named a repository in `_config.yml`."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))
    repository, buttons = config.get("repository") or {}, config.get("launch_buttons") or {}
    url = (repository.get("url") or "").rstrip("/").removesuffix(".git")
    if not url:
        return []
    branch = repository.get("branch") or "main"
    owner, _, name = urlsplit(url).path.strip("/").partition("/")
    links = []
    if hub := buttons.get("colab_url"):
        links.append(("Colab", f"{hub.rstrip('/')}/github/{owner}/{name}/blob/{branch}/{notebook}"))
    if hub := buttons.get("binderhub_url"):
        links.append(("Binder", f"{hub.rstrip('/')}/v2/gh/{owner}/{name}/{branch}?urlpath=lab/tree/{quote(notebook)}"))
    if hub := buttons.get("jupyterhub_url"):
        place = quote(f"lab/tree/{name}/{notebook}", safe="")
        pull = f"repo={quote(url, safe='')}&branch={quote(branch)}&urlpath={place}"
        links.append(("JupyterHub", f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{pull}"))
    return links


def strip(root: Path, lesson: Lesson, seconds: float) -> str:
    """The line under the title: how long, how many exercises, where the notebook is."""
    exercises = sum(cell.exercise is not None for cell in lesson.cells)
    notebook = f"notebooks/{lesson.name}/{lesson.name}.ipynb"
    items = [f"{reading_minutes(lesson)} minutes to read", f"{running_time(seconds)} to run"]
    if exercises:
        items.append(f"{exercises} exercise{'s' if exercises > 1 else ''}, {lesson.points} points")
    items.append(f"{{download}}`Download the notebook <../../{notebook}>`")
    items += [f"[Open in {name}]({address})" for name, address in launch_links(root, notebook)]
    return ":::{div} dgm-strip\n" + "\n".join(f"- {item}" for item in items) + "\n:::"


def page(root: Path, lesson: Lesson, student: NotebookNode, run: Run, answers: bool) -> NotebookNode:
    """One page as a notebook whose outputs are there already."""
    assert run.notebook is not None
    outputs = {cell.id: cell.outputs for cell in run.notebook.cells}
    theirs = {cell.id: cell.source for cell in student.cells}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": student.metadata.kernelspec})
    exercises = figures = 0
    for cell in lesson.cells:
        if cell.kind == "markdown":
            if cell.exercise is None:
                notebook.cells.append(nbformat.v4.new_markdown_cell(cell.source, id=cell.id))
            else:
                exercises += 1
                notebook.cells.append(_exercise_title(lesson, cell, exercises, cell.points or 0))
                if answers:
                    folded = f"::::::{{dropdown}} A good answer\n{cell.source}\n::::::"
                    notebook.cells.append(nbformat.v4.new_markdown_cell(folded, id=cell.id))
            continue
        node = nbformat.v4.new_code_cell(theirs[cell.id], id=cell.id)
        node.outputs = outputs[cell.id]
        for output in node.outputs:
            figures = _number_captions(output, lesson.number, figures)
        tags = [tag for tag in cell.tags if tag != "nbval-check-output"]
        mystnb = dict(cell.mystnb)
        if "imports" in tags:
            tags.append("hide-input")
            mystnb |= {"code_prompt_show": "Show the imports", "code_prompt_hide": "Hide the imports"}
        elif "hide-input" in tags:
            mystnb |= {"code_prompt_show": "Show the code", "code_prompt_hide": "Hide the code"}
        if cell.exercise:
            exercises += 1
            points = next((c.points for c in lesson.cells if c.check == cell.exercise), 0) or 0
            notebook.cells.append(_exercise_title(lesson, cell, exercises, points))
            tags.append("exercise")
        if tags:
            node.metadata["tags"] = tags
        if mystnb:
            node.metadata["mystnb"] = mystnb
        notebook.cells.append(node)
        if cell.exercise and answers:
            answer = nbformat.v4.new_code_cell(cell.source, id=f"answer-{cell.id}"[:64])
            answer.metadata["tags"] = ["hide-input", "answer"]
            answer.metadata["mystnb"] = {"code_prompt_show": "Show the answer", "code_prompt_hide": "Hide the answer"}
            notebook.cells.append(answer)
    first = notebook.cells[0]
    title, _, rest = first.source.partition("\n")
    first.source = f"{title}\n\n{strip(root, lesson, run.seconds)}\n{rest}"
    return notebook


def front_page(root: Path, source: Lesson, lessons: list[Lesson], run: Run) -> NotebookNode:
    """The front page: what its code shows, without the code, and the sections in their groups, in their order.

    A group that has no section yet is left out.
    """
    assert run.notebook is not None
    outputs = {cell.id: cell.outputs for cell in run.notebook.cells}
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))
    address = (config.get("repository") or {}).get("url") or "ADDRESS"

    def listed(match: re.Match[str]) -> str:
        group = [lesson for lesson in lessons if lesson.section.group == match["group"]]
        items = "\n".join(_front_item(lesson) for lesson in group)
        return f"{match['head']}<ul>\n{items}\n</ul>{match['tail']}" if group else ""

    notebook = nbformat.v4.new_notebook(metadata={"html_theme.sidebar_secondary.remove": True})
    for cell in source.cells:
        if cell.kind == "markdown":
            text = GROUP.sub(listed, cell.source).replace("clone ADDRESS", f"clone {address}")
            notebook.cells.append(nbformat.v4.new_markdown_cell(text, id=cell.id))
        elif "imports" not in cell.tags:
            node = nbformat.v4.new_code_cell(cell.source, id=cell.id, outputs=outputs[cell.id])
            node.metadata["tags"] = [*cell.tags, "remove-input"]
            notebook.cells.append(node)
    return notebook


def _front_item(lesson: Lesson) -> str:
    """A section in the list of its group: number and title, and its line."""
    title, line = html.escape(lesson.title), html.escape(lesson.section.line)
    return f'<li><a href="{lesson.name}.html">{lesson.number}. {title}</a><span>{line}</span></li>'


def _exercise_title(lesson: Lesson, cell: Cell, number: int, points: int) -> NotebookNode:
    """The bar above an exercise's code; the list of exercises links to it."""
    worth = f"{points} point{'s' if points != 1 else ''}"
    text = (
        f'<p class="dgm-exercise" id="{cell.id}"><strong>Exercise {lesson.number}.{number}</strong> '
        f"<code>{html.escape(cell.exercise or '')}</code> <span>{worth}</span></p>"
    )
    return nbformat.v4.new_markdown_cell(text, id=f"title-{cell.id}"[:64])


def _number_captions(output: NotebookNode, section: int, figures: int) -> int:
    """Number the captions of a section's figures, "Figure 3.1"; returns how many there are so far."""
    if output.output_type not in ("display_data", "execute_result") or "text/html" not in output.data:
        return figures
    text = output.data["text/html"]
    for _ in range(text.count("<figcaption>")):
        figures += 1
        number = f'<figcaption ><span class="dgm-number">Figure {section}.{figures}.</span> '
        text = text.replace("<figcaption>", number, 1)
    output.data["text/html"] = text.replace("<figcaption >", "<figcaption>")
    return figures


def exercise_list(lessons: list[Lesson]) -> str:
    """A page that lists every exercise of the book, with links and points."""
    rows = []
    for lesson in lessons:
        points = {cell.check: cell.points for cell in lesson.cells if cell.check}
        asked = [cell for cell in lesson.cells if cell.exercise]
        for number, cell in enumerate(asked, 1):
            address = f"{lesson.name}.html#{cell.id}"
            worth = points.get(cell.exercise or "", cell.points)
            rows.append(
                f'<tr><td><a href="{address}">{lesson.number}.{number}</a></td><td><code>{cell.exercise}</code></td>'
                f"<td>{html.escape(lesson.title)}</td><td>{worth}</td></tr>"
            )
    total = sum(lesson.points for lesson in lessons)
    head = "<tr><th>Exercise</th><th>What you write</th><th>Section</th><th>Points</th></tr>"
    return (
        f"# Exercises\n\n{len(rows)} exercises, {total} points. Each is a short function that a check runs on "
        "inputs made to catch the usual mistakes.\n\n"
        f'<table class="table dgm-exercises"><thead>{head}</thead><tbody>\n' + "\n".join(rows) + "\n</tbody></table>\n"
    )
