"""The Sphinx side of the book: numbers that agree with the notebooks, MathJax from a wheel, no request to another host.

Jupyter Book loads this module as an extension. It
- numbers each section by the two digits its file name starts with, so that theorems, equations and figures of section 3
  are 3.1, 3.2, ... on the page as in the notebook, whether or not sections 1 and 2 are in the table of contents;
- copies MathJax out of the wheel `sphinx-mathjax-offline` (what is needed of it);
- moves pictures out of the pages into files, so that a page loads fast and its pictures only when they are scrolled to;
- joins the style sheets into one;
- cites as "Goodfellow et al. (2014)";
- mends in the finished pages what a screen reader or a reader without a network would trip over;
- refuses a picture without a text alternative.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import html
import importlib.util
import inspect
import io
import re
import shutil
import textwrap
from pathlib import Path

import pybtex.plugin
import sphinxcontrib.bibtex.plugin
from bs4 import BeautifulSoup
from docutils import nodes
from PIL import Image
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels.alpha import LabelStyle
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector
from sphinx.util import logging
from sphinxcontrib.bibtex.style.referencing import BracketStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

log = logging.getLogger(__name__)
SECTION = re.compile(r"^book/pages/(\d\d)-[a-z0-9-]+$")
EMBEDDED = re.compile(r"data:image/(?P<kind>png|jpeg|gif|webp);base64,(?P<data>[A-Za-z0-9+/=]+)")


# --- numbers ----------------------------------------------------------------------------------------------------------


def number_sections(collector: TocTreeCollector, env: BuildEnvironment) -> list[str]:
    """Give each lesson the number in its name; Sphinx derives the numbers of equations and theorems from it."""
    old = env.toc_secnumbers
    env.toc_secnumbers = {}
    for name in env.found_docs:
        if (match := SECTION.match(name)) and name in env.tocs:
            number = (int(match[1]),)
            env.toc_secnumbers[name] = {"": number}
            env.titles[name]["secnumber"] = number
            first = next(iter(env.tocs[name].findall(nodes.reference)), None)
            if first is not None:
                first["secnumber"] = number
    return [name for name in env.toc_secnumbers if env.toc_secnumbers[name] != old.get(name)]


# --- citations --------------------------------------------------------------------------------------------------------


class NoLabels(LabelStyle):
    """Citations name authors and years, so the bibliography needs no labels; entries keep their order."""

    def format_labels(self, sorted_entries):
        """One label per entry, never printed."""
        for entry in sorted_entries:
            yield entry.key


class PlainWithoutLabels(PlainStyle):
    """Authors, title, where, year."""

    default_label_style = NoLabels


def _round() -> BracketStyle:
    return BracketStyle(left="(", right=")")


@dataclasses.dataclass
class AuthorYearRound(AuthorYearReferenceStyle):
    """`Goodfellow et al. (2014)` and `(Goodfellow et al., 2014)`."""

    bracket_parenthetical: BracketStyle = dataclasses.field(default_factory=_round)
    bracket_textual: BracketStyle = dataclasses.field(default_factory=_round)
    bracket_author: BracketStyle = dataclasses.field(default_factory=_round)
    bracket_label: BracketStyle = dataclasses.field(default_factory=_round)
    bracket_year: BracketStyle = dataclasses.field(default_factory=_round)


# --- what a page must have --------------------------------------------------------------------------------------------


def check_alternatives(app: Sphinx, doctree: nodes.document) -> None:
    """Warn, and a warning fails the build, about a picture without a text alternative."""
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            log.warning("this picture has no alt text", location=image)
    for raw in doctree.findall(nodes.raw):
        if raw.get("format") == "html" and "<img" in raw.astext():
            for image in BeautifulSoup(raw.astext(), "html.parser").find_all("img"):
                if not str(image.get("alt") or "").strip():
                    log.warning("this picture has no alt text", location=raw)


def no_theme_launch_buttons(app: Sphinx, config: Config) -> None:
    """The theme would open book/pages/, which is in nobody's repository; each page's own links open the notebook."""
    options = config.html_theme_options
    for option in ("launch_buttons", "repository_url", "path_to_docs"):
        options.pop(option, None)


# --- files ------------------------------------------------------------------------------------------------------------


def finish_body(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Describe the page, number its title only, and write the pictures that it embeds into `_images/`, to load late."""
    body = context.get("body")
    if not body:
        return
    paragraphs = [node.astext() for node in doctree.findall(nodes.paragraph)] if doctree else []
    opening = next((text for text in paragraphs if len(text) > 60), "")  # not the strip with the minutes
    if opening:
        description = html.escape(textwrap.shorten(opening, 155, placeholder=" …"))
        context["metatags"] = context.get("metatags", "") + f'<meta name="description" content="{description}" />'
    # Sphinx repeats the section's number in front of every heading; the title's is enough.
    context["body"] = body = re.sub(r"(<h[2-6]>)<span class=\"section-number\">[^<]*</span>", r"\1", body)
    # sphinx-proof gives every proof the same id.
    context["body"] = body = re.sub(r' id="proof(-content)?"', "", body)
    if "data:image/" not in body:
        return
    folder = Path(app.outdir) / "_images"
    folder.mkdir(exist_ok=True)
    pathto = context["pathto"]

    def store(match: re.Match[str]) -> str:
        data = base64.b64decode(match["data"])
        path = folder / f"{hashlib.sha256(data).hexdigest()[:20]}.{match['kind']}"
        if not path.exists():
            path.write_bytes(data)
        return pathto(f"_images/{path.name}", 1)

    def image(match: re.Match[str]) -> str:
        tag = match[0]
        if (embedded := EMBEDDED.search(tag)) is None:
            return tag
        width, height = Image.open(io.BytesIO(base64.b64decode(embedded["data"]))).size
        return tag.replace("<img", f'<img loading="lazy" decoding="async" width="{width}" height="{height}"', 1)

    context["body"] = EMBEDDED.sub(store, re.sub(r"<img\b[^>]*>", image, body))


# The style sheets of every page, in their order. On a telephone each one costs a trip to the server before anything is
# seen, and a third of the theme's is a font's two thousand icons, of which book.css draws the dozen that are used.
SHEETS = ("basic.css", "styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css")
SHEETS += ("togglebutton.css", "copybutton.css", "mystnb.*.css", "proof.css", "sphinx-design.min.css", "book.css")
ICON = re.compile(r"@font-face\{[^}]*Font Awesome[^}]*\}|(?:\.fa-[\w-]+:before,?)+\{content:[^}]*\}")


def one_style_sheet(static: Path) -> str:
    """All of `SHEETS`, with addresses that hold from `_static/`."""
    parts = []
    for path in (path for pattern in SHEETS for path in static.glob(pattern)):
        text = ICON.sub("", path.read_text(encoding="utf8").replace('@charset "UTF-8";', ""))
        folder = path.parent.relative_to(static).as_posix()
        parts.append(re.sub(r"url\((?![\"']?(?:data:|#|/))", f"url({folder}/", text))
    return "\n".join(parts)


def copy_files(app: Sphinx, error: Exception | None) -> None:
    """MathJax from its wheel, and our own CSS and JavaScript, which Sphinx copies only when some page changed."""
    if error is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        log.warning("the package sphinx-mathjax-offline is not installed: the pages have no mathematics")
        return
    wheel = Path(spec.origin).parent / "static" / "mathjax"
    for pattern in ("tex-chtml.js", "ui/lazy.js", "output/chtml/fonts/woff-v2/*", "input/tex/extensions/*"):
        for path in wheel.glob(pattern):
            target = static / "mathjax" / path.relative_to(wheel)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    for path in (Path(app.srcdir) / "book" / "_static").iterdir():
        if path.is_file():
            shutil.copyfile(path, static / path.name)
    (static / "style.css").write_text(one_style_sheet(static), encoding="utf8")


# --- the finished pages -----------------------------------------------------------------------------------------------

# What the theme's pages carry and these pages don't need: its icons (1.5 MB of JavaScript for a dozen shapes, which
# book.css draws), tabs, toggles; and the search index, except where one searches.
NEEDLESS = ("scripts/fontawesome.js", "togglebutton.js", "design-tabs.js")
SEARCHING = ("searchtools.js", "language_data.js", "searchindex.js")
SHEET = re.compile(
    r'<link\b[^>]*?href="(?P<up>[^"]*_static/)(?:(?P<first>styles/theme\.css)|'
    + "|".join(re.escape(name).replace(r"\*", r"\w*") for name in SHEETS)
    + r')(?:\?[^"]*)?"[^>]*>\n?'
)


def mend(text: str, is_search: bool) -> str:
    """One finished page: fewer scripts, none of which holds it up, and names for what assistive software reads."""

    has_formulas = re.search(r'class="[^"]*\bmath\b', text) is not None

    def script(match: re.Match[str]) -> str:
        tag, address = match[0], match["src"].split("?")[0]
        if address.endswith(NEEDLESS) or (address.endswith(SEARCHING) and not is_search):
            return ""
        if address.endswith("mathjax/tex-chtml.js"):  # a megabyte: book.js fetches it when the text is there to read
            return f'<meta name="dgm-mathjax" content="{match["src"]}" />\n' if has_formulas else ""
        waits = "defer" in tag or "async" in tag or address.endswith("documentation_options.js") or is_search
        return tag if waits else tag.replace("<script ", "<script defer ", 1)

    text = re.sub(r'<script\b[^>]*?src="(?P<src>[^"]*)"[^>]*></script>\n?', script, text)
    text = SHEET.sub(lambda m: f'<link rel="stylesheet" href="{m["up"]}style.css" />\n' if m["first"] else "", text)
    text = re.sub(r"<script>(let|var) toggle\w+ = [^<]*</script>\n?", "", text)
    if (front := re.search(r"tag_front\b.*?background:url\(([^)]+)\)", text, re.S)) and "fetchpriority" not in text:
        picture = f'<link rel="preload" as="image" href="{front[1]}" fetchpriority="high" />'  # seen first, known last
        text = text.replace("</head>", f"{picture}\n</head>", 1)
    first, *others = re.findall(r'<meta name="viewport"[^>]*/?>', text) or [""]
    for other in others:
        text = text.replace(other, "") if other != first else text
    # MyST escapes the address of a link, and Sphinx does so again: of several parameters only the first would arrive.
    text = re.sub(r'href="[^"]*&amp;amp;[^"]*"', lambda link: link[0].replace("&amp;amp;", "&amp;"), text)
    # A name in an attribute that differs from the visible words misleads those who speak to their computer.
    text = re.sub(r'(<summary\b[^>]*?) aria-label="[^"]*"', r"\1", text)
    text = re.sub(r'(<button class="btn search-button-field[^>]*?) title="Search" aria-label="Search"', r"\1", text)
    text = text.replace('<div role="list" class="citation-list">', '<div class="citation-list">')
    text = text.replace(' role="doc-biblioentry"', "").replace(' role="doc-backlink"', "")
    sidebar = '<div id="pst-primary-sidebar" class="bd-sidebar-primary bd-sidebar">'
    return text.replace(sidebar, f'{sidebar[:-1]} role="complementary" aria-label="Contents of the book">')


def mend_pages(app: Sphinx, error: Exception | None) -> None:
    """Finish every page that was written, and remove those of earlier builds that the book no longer has."""
    if error is not None or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        name = path.relative_to(app.outdir).with_suffix("").as_posix()
        if name.startswith("_static/"):
            continue
        if name not in app.env.found_docs and name not in ("index", "search"):
            path.unlink()
            continue
        text = path.read_text(encoding="utf8")
        if (mended := mend(text, path.name == "search.html")) != text:
            path.write_text(mended, encoding="utf8")


def short_signature(app, what, name, obj, options, signature, result) -> tuple[str | None, str | None]:
    """The library page: types by their last name, as the source has them, and no addresses of default functions."""
    short = [re.sub(r"~(?:\w+\.)+", "", text) if text else text for text in (signature, result)]
    return short[0] and re.sub(r"<function \w+>", "...", short[0]), short[1]


def skip_fields(app, what, name, obj, skip, options) -> bool | None:
    """The library page: a named tuple's docstring explains its fields; "Alias for field number 0" does not."""
    return True if (inspect.getdoc(obj) or "").startswith("Alias for field number") else None


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    TocTreeCollector.assign_section_numbers = number_sections  # type: ignore[method-assign]
    sphinxcontrib.bibtex.plugin.register_plugin(
        "sphinxcontrib.bibtex.style.referencing", "author_year_round", AuthorYearRound
    )
    pybtex.plugin.register_plugin("pybtex.style.formatting", "plain_without_labels", PlainWithoutLabels)
    app.connect("config-inited", no_theme_launch_buttons, priority=100)
    app.connect("autodoc-process-signature", short_signature)
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("doctree-read", check_alternatives)
    app.connect("html-page-context", finish_body)
    app.connect("build-finished", copy_files, priority=900)  # after the theme has written its colours of code
    app.connect("build-finished", mend_pages, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
