"""The feedback page: what a student wrote and what was said about it, in one file that needs nothing else.

No script, no other host, no other student. A strict policy in its head forbids the browser what should not be there
anyway. It is an exporter of nbgrader's, so `nbgrader generate_feedback` writes the same pages.
"""

from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

from jinja2 import Environment, PackageLoader, Template, pass_context
from markupsafe import Markup
from nbconvert.exporters import Exporter, HTMLExporter
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.server import submission
from autograder.server.gradebook import marks
from autograder.server.gradebook.markdown import to_html
from autograder.server.gradebook.settings import WAITING

REMARKS, RUBRIC = "remarks", "rubric-"
"""The ids of the cells that grading adds to a notebook: remarks on it, and (before each name) what markers read."""


@dataclass
class _Item:
    """What is said of one exercise, one written answer or one cell of the student's own."""

    name: str
    anchor: str = ""
    points: str = ""
    most: float | None = None
    state: str = ""  # "all", "some", "wait"
    verdict: str = ""
    comment: Markup | str = ""
    text: Markup | None = None
    code: Markup | None = None
    printed: str = ""


class FeedbackPage(Exporter):
    """From an autograded notebook and the gradebook to a page."""

    file_extension = ".html"

    def from_notebook_node(self, nb: NotebookNode, resources: Any | None = None, **kwargs: Any) -> tuple[str, Any]:
        resources = self._init_resources(resources)  # there is nothing to preprocess
        about = resources["nbgrader"]
        key = about["student"], about["assignment"]
        found = marks.sheets(about["db_url"], [key[0]], key[1])
        return page(nb, key[1], found.get(key, marks.Sheet())), resources


def page(nb: NotebookNode, section: str, sheet: marks.Sheet) -> str:
    """The page of one submission."""
    remarks = "\n".join(_printed(cell) for cell in nb.cells if cell.id == REMARKS)
    items: list[_Item] = []
    by_name: dict[str, _Item] = {}
    for cell in nb.cells:
        if cell.id == REMARKS or cell.id.startswith(RUBRIC):
            continue
        if submission.is_answer(cell) or submission.is_check(cell):
            name = submission.title(cell)
            if name not in by_name:
                by_name[name] = _item(name, sheet.marks.get(name))
                items.append(by_name[name])
            if submission.is_check(cell):
                by_name[name].verdict = _verdict(cell)
            elif cell.cell_type == "code":
                by_name[name].code, by_name[name].printed = _coloured(cell.source), _printed(cell)
            else:
                by_name[name].text = Markup(to_html(cell.source, cell.get("attachments")))
        elif submission.is_own(cell) and cell.cell_type == "code":
            items.append(_Item("A cell of your own", code=_coloured(cell.source), printed=_printed(cell)))
        elif submission.is_own(cell):
            text = Markup(to_html(cell.source, cell.get("attachments")))
            items.append(_Item("A cell of your own", text=text))
    return _render(_title(nb, section), sheet, items, remarks)


def short_page(section: str, sheet: marks.Sheet) -> str:
    """The page where the submission itself can't be shown: the points, and why there is nothing else."""
    items = [_item(name, mark) for name, mark in sheet.marks.items()]
    remark = "What you handed in could not be shown in reasonable time, so only your points are given here."
    return _render(section, sheet, items, remark)


def _render(title: str, sheet: marks.Sheet, items: list[_Item], remarks: str) -> str:
    points = sum(mark.points or 0.0 for mark in sheet.marks.values())
    most = sum(mark.max_points for mark in sheet.marks.values())
    return _template().render(
        title=title,
        total=f"{max(0.0, points - sheet.penalty):g} of {most:g} points",
        penalty=f"{sheet.penalty:g}" if sheet.penalty else "",
        waiting=any(mark.points is None for mark in sheet.marks.values()),
        items=items,
        remarks=remarks,
        colours=HtmlFormatter(style="default").get_style_defs(".highlight").split("\n", 5)[-1],
        dark_colours=HtmlFormatter(style="github-dark").get_style_defs(".highlight").split("\n", 5)[-1],
    )


@cache
def _template() -> Template:
    loader = PackageLoader("autograder.server.gradebook", ".")
    return Environment(loader=loader, autoescape=True, trim_blocks=True).get_template("feedback.html.j2")


def _title(nb: NotebookNode, section: str) -> str:
    """The lesson's own title."""
    prose = (c for c in nb.cells if c.cell_type == "markdown" and not submission.is_own(c))
    first = next(prose, None)
    line = first.source.split("\n", 1)[0] if first and not submission.is_answer(first) else ""
    return line.removeprefix("# ").strip() if line.startswith("# ") else section


def _item(name: str, mark: marks.Mark | None) -> _Item:
    item = _Item(name, anchor=name)
    if mark is not None:
        item.most = mark.max_points
        full = mark.points is not None and mark.points >= mark.max_points
        item.state = "wait" if mark.points is None else "all" if full else "some"
        waiting = f"{WAITING} (of {mark.max_points:g})"
        item.points = waiting if mark.points is None else f"{mark.points:g} of {mark.max_points:g} points"
        item.comment = Markup(to_html(mark.comment)) if mark.comment else ""
    return item


def _verdict(cell: NotebookNode) -> str:
    """What the judge said: a line where it is right, an error where it is wrong, a line and a number in between."""
    said = [o.get("evalue", "") if o.output_type == "error" else o.get("text", "") for o in cell.outputs]
    return "\n".join(text for text in said if text)


def _printed(cell: NotebookNode) -> str:
    return "".join(output.get("text", "") for output in cell.get("outputs", []))


def _coloured(source: str) -> Markup:
    return Markup(highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)))


@pass_context
def formgrader_markdown(context: Any, source: str) -> str:
    """Markdown in nbgrader's own pages: a student's words like those of the feedback page, the lesson's as ever."""
    cell = context.get("cell")
    if cell is None or not (submission.is_answer(cell) or submission.is_own(cell)):
        return _stock().markdown2html(context, source)
    shown = to_html(source, cell.get("attachments"))
    return f'<div class="tex2jax_ignore mathjax_ignore" style="contain: paint; overflow: auto">{shown}</div>'


def formgrader_names(nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
    """What students are called, for nbgrader's own page, which takes a name for HTML."""
    for name in ("student", "first_name", "last_name"):
        if isinstance(resources.get(name), str):
            resources[name] = escape(resources[name])
    return nb, resources


@cache
def _stock() -> HTMLExporter:
    return HTMLExporter()
