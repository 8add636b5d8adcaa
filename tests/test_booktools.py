"""The press in small pieces: translation, citations, numbers, finished pages; nothing is executed and nothing built."""

from __future__ import annotations

import base64
import io
import re
from types import SimpleNamespace

import nbformat
import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.core import publish_string
from myst_parser.parsers.docutils_ import Parser
from PIL import Image
from pybtex.database import parse_string
from pypdf import PdfWriter
from pypdf.annotations import Link

from autograder.server import course as digests
from book.tools import build, execute, lessons, pages, pdf, sphinx_book
from book.tools.citations import bibliography, cite
from book.tools.errors import LessonError
from book.tools.execute import Run
from book.tools.myst import Labels, Translator
from book.tools.sections import MAP
from tests.test_lessons import NAME
from tests.throwaway import LESSON, ROOT, course

# --- MyST in a notebook -----------------------------------------------------------------------------------------------


def translated(tmp_path, text: str, labels: Labels | None = None) -> str:
    resolve = lambda role, body, line: f"<{role} {body}>"  # noqa: E731
    return Translator(tmp_path / "03-x.md", labels or Labels(3), resolve).translate(text, 1)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("$$\na\n$$ (one)", "$$\na\n\\tag{3.1}\n$$"),
        ("$$ a $$ (one)\n\n$$ b $$\n\n$$ c $$ (two)", "$$\na\n\\tag{3.1}\n$$\n\n$$\nb\n$$\n\n$$\nc\n\\tag{3.2}\n$$"),
        ("> $$\n> a\n> $$ (one)", "> $$ a \\tag{3.1} $$"),
        (
            "> Said {eq}`x`:\n>\n> $$ a $$ (one)\n>\n> so.\n\nb",
            "> Said <eq x>:\n>\n> $$ a \\tag{3.1} $$\n>\n> so.\n\nb",
        ),
        ("> `a` is\n> here", "> `a` is\n> here"),
        ("- item\n\n  $$\n  a\n  $$ (one)", "- item\n\n  $$\n  a\n  \\tag{3.1}\n  $$"),
        (":::{note}\nBeware.\n:::", "> **Note.** Beware."),
        (":::{tip}\n- one\n- two\n:::", "> **Tip.**\n>\n> - one\n> - two"),
        (":::{warning}\n$$\na\n$$ (one)\n:::", "> **Warning.**\n>\n> $$ a \\tag{3.1} $$"),
        (
            ":::{prf:lemma} Small\nA.\n:::\n\n:::{prf:theorem}\nB.\n:::",
            "> **Lemma 3.1** (Small). A.\n\n> **Theorem 3.2**. B.",
        ),
        (":::{prf:proof}\nSo.\n\n$$ a $$\n:::", "> *Proof.* So.\n>\n> $$ a $$\n>\n> ∎"),
        (":::{dropdown} Why?\nSo.\n:::", "<details>\n<summary>Why?</summary>\n\nSo.\n\n</details>"),
        (
            "::::{note}\n:::{dropdown} Why?\nSo.\n:::\n::::",
            "> **Note.**\n>\n> <details>\n> <summary>Why?</summary>\n>\n> So.\n>\n> </details>",
        ),
        ("(here)=\n## A heading", "## A heading"),
        ("See {ref}`the text\n<here>`.", "See <ref the text <here>>."),
        ("`{eq}` and ``a `b` ``", "`{eq}` and ``a `b` ``"),
        ("```python\n# {eq}`a` ![](b) $$\n```", "```python\n# {eq}`a` ![](b) $$\n```"),
        ("~~~~\n```\n:::{nothing}\n~~~~", "~~~~\n```\n:::{nothing}\n~~~~"),
        ("$x \\begin{matrix}$", "$x \\begin{matrix}$"),
    ],
)
def test_what_becomes_of_myst(tmp_path, text, made):
    assert translated(tmp_path, text) == made


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\n\n> $$\n> a", "3: this formula is not closed"),
        ("> text\n> $$ a $$ b", "2: only (label) may follow"),
        ("$$ a \\tag{1} $$", "1: a formula is numbered by"),
        ("$$ a % b $$", "1: no % comment"),
        ("$$\n\n$$", "1: this formula is empty"),
        ("$$ a $$ (x)\n\n$$ a $$ (x)", "3: the label 'x' is defined twice"),
        ("(here)=\n\ntext", "1: a label (name)= belongs right before a heading"),
        ("% remark", "1: a % comment"),
        ("a\n: b", "2: definition lists"),
        ("[a](02-vae.md)", "1: link to other places"),
        ("[a](#there)", "1: link to other places"),
        ("a {{ b }}", "1: substitutions"),
        ("a\n:::", "2: these colons close nothing"),
        ("```python\na", "1: this code block is not closed"),
        (":::{note}\n:class: x\na\n:::", "1: {note} takes no option :class:"),
        (":::{prf:proof} Title\na\n:::", "1: {prf:proof} takes no title"),
        (":::{dropdown} *a*\nb\n:::", "1: {dropdown} needs a title in plain words"),
        (":::{prf:axiom}\nb\n:::", "1: {prf:axiom} is not among"),
        ("a\n\n:::{note}\nb\n\n![](c)\n:::", "6: pictures come from code"),
        ("a\n`b` ![](c)", "2: pictures come from code"),
        ("> a\n> ![](c)", "2: pictures come from code"),
    ],
)
def test_what_is_refused_and_where(tmp_path, text, said):
    with pytest.raises(LessonError) as error:
        translated(tmp_path, text)
    assert str(error.value).startswith(f"03-x.md:{said}")


def test_labels_are_remembered_with_their_numbers(tmp_path):
    labels = Labels(3)
    translated(tmp_path, "(h)=\n## Head\n\n> $$ a $$ (e)\n\n:::{prf:lemma}\n:label: l\nb\n:::", labels)
    assert labels.names == {"ref:h": "Head", "eq:e": "(3.1)", "prf:l": "Lemma 3.1"}


# --- citations --------------------------------------------------------------------------------------------------------

BIB = """
@article{one, author={van der Berg, Jan}, title={T}, year={2001}}
@article{two, author={{A}rrow, A. and Bow, B.}, title={T}, year={2002}, doi={10.1/x}, url={https://a.b}}
@article{three, author={A, B and C, D and E, F}, title={T}, year={2003}, doi={10.1/x}}
@book{edited, editor={Zed, Z.}, title={T}, eprint={1234.5678}, archiveprefix={arXiv}}
@misc{nobody, title={The {Title}}}
@article{accents, author={S{\\o}nderby, C. and Yaz{\\i}c{\\i}, Y.}, title={T}, year={2017}}
"""


@pytest.mark.parametrize(
    ("key", "textual", "parenthetical"),
    [
        ("one", "van der Berg (2001)", "van der Berg, 2001"),
        ("two", "[Arrow and Bow (2002)](https://a.b)", "[Arrow and Bow, 2002](https://a.b)"),
        ("three", "[A et al. (2003)](https://doi.org/10.1/x)", "[A et al., 2003](https://doi.org/10.1/x)"),
        ("edited", "[Zed (n.d.)](https://arxiv.org/abs/1234.5678)", "[Zed, n.d.](https://arxiv.org/abs/1234.5678)"),
        ("nobody", "The Title (n.d.)", "The Title, n.d."),
        ("accents", "Sønderby and Yazıcı (2017)", "Sønderby and Yazıcı, 2017"),
    ],
)
def test_a_work_is_cited_by_its_authors_and_year(key, textual, parenthetical):
    entry = parse_string(BIB, "bibtex").entries[key]
    assert (cite(entry, False), cite(entry, True)) == (textual, parenthetical)


def test_a_course_may_cite_nothing(tmp_path):
    assert not bibliography(tmp_path / "none.bib").entries


# --- pages ------------------------------------------------------------------------------------------------------------


def figure(*captions: str) -> nbformat.NotebookNode:
    text = "".join(f"<figure><img alt='A dot.'><figcaption>{caption}</figcaption></figure>" for caption in captions)
    return nbformat.v4.new_output("display_data", {"text/html": text})


def test_figures_are_counted_through_the_section(tmp_path):
    """Two in one output, two outputs of one cell, several cells, and the caption of a widget."""
    text = LESSON + "\n```{code-cell} ipython3\nprint(2)\n```\n\n```{code-cell} ipython3\nprint(3)\n```\n"
    root = course(tmp_path, NAME, text=text)
    (lesson,) = lessons.load(root)
    student = lessons.release({NAME: lessons.solution_notebook(lesson, [c.source for c in lesson.cells], {})})[NAME]
    ran = execute.to_run(lesson)
    ran.cells[0].outputs = [figure("a", "b"), figure("c")]
    ran.cells[1].outputs = [nbformat.v4.new_output("stream", text="<figcaption>\n"), figure("d")]
    widget = "<figure class='dgm-explore'><div class='dgm-view'></div><figcaption>e</figcaption></figure>"
    ran.cells[-1].outputs = [nbformat.v4.new_output("execute_result", {"text/html": widget})]
    made = pages.page(root, lesson, student, Run(NAME, ran, 1, fresh=True), answers=False)
    shown = "".join(o.data["text/html"] for c in made.cells for o in c.get("outputs", []) if "data" in o)
    captions = [caption.text for caption in BeautifulSoup(shown, "html.parser").select("figcaption")]
    assert captions == [f"Figure 7.{k}. {name}" for k, name in enumerate("abcde", 1)]
    assert shown.count("<figcaption>") == 5


def test_a_page_says_what_to_expect_and_folds_what_is_long(tmp_path):
    text = (
        LESSON
        + '\n+++ {"exercise": "why", "points": 3}\n\nBecause.\n\n```{code-cell} ipython3\n:tags: [hide-input]\n1\n```\n'
    )
    root = course(tmp_path, NAME, text=text)
    (lesson,) = lessons.load(root)
    student = lessons.release({NAME: lessons.solution_notebook(lesson, [c.source for c in lesson.cells], {})})[NAME]
    run = Run(NAME, execute.to_run(lesson), 61, fresh=True)
    made, answered = (pages.page(root, lesson, student, run, answers) for answers in (False, True))
    assert "- 1 minute to run\n- 2 exercises, 5 points\n" in made.cells[0].source
    assert f"{{download}}`Download the notebook <../../notebooks/{NAME}/{NAME}.ipynb>`" in made.cells[0].source
    titles = [BeautifulSoup(c.source, "html.parser").text for c in made.cells if c.source.startswith("<p class=")]
    assert titles == ["Exercise 7.1 double 2 points", "Exercise 7.2 why 3 points"]
    prompts = [c.metadata.mystnb.code_prompt_show for c in made.cells if "mystnb" in c.metadata]
    assert prompts == ["Show the imports", "Show the code"]
    assert not any("nbval" in tag for c in made.cells for tag in c.metadata.get("tags", []))
    assert "Because." not in nbformat.writes(made) and "A good answer\nBecause." in "".join(
        c.source for c in answered.cells
    )
    listed = BeautifulSoup(pages.exercise_list([lesson]), "html.parser")
    assert [cell.text for cell in listed.select("tbody td")] == [
        *"7.1 double Doubling 2".split(),
        *"7.2 why Doubling 3".split(),
    ]
    assert "2 exercises, 5 points." in listed.text


def test_pages_of_sections_that_are_gone_are_removed(tmp_path):
    root = course(tmp_path, NAME)
    (lesson,) = lessons.load(root)
    solved = lessons.solution_notebook(lesson, [cell.source for cell in lesson.cells], {})
    lessons.write_notebook(lessons.notebook_path(root, "notebooks", NAME), lessons.release({NAME: solved})[NAME])
    runs = {name: Run(name, execute.to_run(lesson), 1, fresh=True) for name in (NAME, "index")}
    folder = root / "book" / "pages"
    folder.mkdir()
    for name in ("99-old.ipynb", "old.md", "notes.txt", f"{NAME}.ipynb"):
        (folder / name).write_text("old")
    build.write_pages(root, folder, [lesson], runs, answers=False)
    assert {path.name for path in folder.iterdir()} == {"exercises.md", "index.ipynb", "notes.txt", f"{NAME}.ipynb"}
    assert (folder / f"{NAME}.ipynb").read_text() != "old"


def test_links_of_an_adopter_lead_to_the_notebook(tmp_path):
    (tmp_path / "_config.yml").write_text(
        "repository: {url: 'https://github.com/us/course.git', branch: dev}\n"
        "launch_buttons: {colab_url: 'https://c/', binderhub_url: 'https://b', jupyterhub_url: 'https://j'}\n"
    )
    repository = "repo=https%3A%2F%2Fgithub.com%2Fus%2Fcourse&branch=dev"
    place = "urlpath=lab%2Ftree%2Fcourse%2Fnotebooks%2Fa%2Fa.ipynb"
    assert pages.launch_links(tmp_path, "notebooks/a/a.ipynb") == [
        ("Colab", "https://c/github/us/course/blob/dev/notebooks/a/a.ipynb"),
        ("Binder", "https://b/v2/gh/us/course/dev?urlpath=lab/tree/notebooks/a/a.ipynb"),
        ("JupyterHub", f"https://j/hub/user-redirect/git-pull?{repository}&{place}"),
    ]


def test_a_link_with_several_parameters_keeps_them():
    """MyST escapes an address that the writer of the page escapes again: a hub got `amp;branch` instead of `branch`."""
    address = "https://j/hub/user-redirect/git-pull?repo=a%2Fb&branch=dev&urlpath=lab%2Ftree"
    written = publish_string(f"- [Open](<{address}>), [again]({address})", parser=Parser(), writer_name="html").decode()
    mended = BeautifulSoup(sphinx_book.mend(written, is_search=False), "html.parser")
    assert [link["href"] for link in mended.find_all("a")] == [address, address]


def test_the_reading_time_counts_words_formulas_and_code():
    def lesson(*cells: tuple[str, str]) -> lessons.Lesson:
        return lessons.Lesson("01-a", ROOT, "A", tuple(lessons.Cell(k, s, 1, str(n)) for n, (k, s) in enumerate(cells)))

    assert pages.reading_minutes(lesson(("markdown", "word " * 1000))) == 5
    assert pages.reading_minutes(lesson(("markdown", "$$ a b c $$ " * 10))) == 2
    assert pages.reading_minutes(lesson(("code", "x = 1\n\n" * 40))) == 2
    assert pages.reading_minutes(lesson(("markdown", "word"))) == 1


# --- what a run depends on --------------------------------------------------------------------------------------------


@pytest.fixture
def whole(tmp_path):
    """A course with the files that its lesson's outputs depend on."""
    root = course(tmp_path, NAME)
    build.stage_copy(ROOT, root, ("autograder", "src/dgm"))
    (root / "autograder" / "exercises" / f"{NAME}.py").write_text("cases")
    (root / "autograder" / "references" / f"{NAME}.json").write_text("{}")
    return root


@pytest.mark.parametrize(
    ("file", "again"),
    [
        (f"autograder/exercises/{NAME}.py", True),
        (f"autograder/references/{NAME}.json", True),
        ("autograder/judge.py", True),
        ("autograder/collect.py", True),
        ("autograder/checking.py", True),
        ("src/dgm/training.py", True),
        ("src/dgm/dgm.mplstyle", True),
        ("autograder/exercises/03-gan-minimax.py", False),
        ("autograder/references/03-gan-minimax.json", False),
        ("autograder/server/grade.py", False),
        (MAP.as_posix(), False),  # this lesson does not draw the map
        ("book/references.bib", False),
    ],
)
def test_a_lesson_runs_again_when_something_changed_that_it_shows(whole, monkeypatch, file, again):
    (lesson,) = lessons.load(whole)
    place = execute.cached(whole, lesson)
    execute.keep(place, execute.to_run(lesson), 4.2)
    monkeypatch.setattr(execute, "ProcessPoolExecutor", lambda *_, **__: pytest.fail("executed"))
    (run,) = execute.execute(whole, [lesson])
    assert (run.seconds, run.fresh) == (4.2, False)
    with (whole / file).open("a") as changed:
        changed.write("\n")
    digests._imports.cache_clear()
    if again:
        with pytest.raises(pytest.fail.Exception, match="executed"):
            list(execute.execute(whole, [lesson]))
    else:
        assert len(list(execute.execute(whole, [lesson]))) == 1


def test_a_lesson_that_draws_the_map_runs_again_when_the_map_changes(tmp_path):
    root = course(tmp_path, NAME, text=LESSON.replace("print(double(21))", 'print("plotting.model_map()")'))
    (lesson,) = lessons.load(root)
    (root / "src" / "dgm").mkdir(parents=True)
    (root / MAP).write_text("a")
    before = execute.cached(root, lesson)
    (root / MAP).write_text("b")
    assert execute.cached(root, lesson) != before


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("return x + x", "return 2 * x", False),
        ("double(21)", "double(22)", False),
        ("[nbval-check-output]", "[nbval-check-output, hide-input]", False),
        ("Write the function.", "Write a function.", True),
        (":points: 2", ":points: 3", True),
    ],
)
def test_a_lesson_is_known_by_its_code(tmp_path, old, new, same):
    keys = {
        lessons.read(course(tmp_path / str(k), NAME, text=text) / "book" / "lessons" / f"{NAME}.md").code_key
        for k, text in enumerate((LESSON, LESSON.replace(old, new)))
    }
    assert (len(keys) == 1) == same


def test_only_the_last_run_of_a_lesson_is_kept(tmp_path):
    root = course(tmp_path, NAME)
    (lesson,) = lessons.load(root)
    folder = root / "_build" / "lessons"
    for name in (f"{NAME}.0.ipynb", f"{NAME}-more.1.ipynb"):
        execute.keep(folder / name, execute.to_run(lesson), 1)
    execute.keep(folder / f"{NAME}.2.ipynb", execute.to_run(lesson), 3)
    assert sorted(path.name for path in folder.iterdir()) == [f"{NAME}-more.1.ipynb", f"{NAME}.2.ipynb"]


def test_fonts_and_sheets_from_elsewhere_are_faults_too():
    cell = nbformat.v4.new_code_cell("x")
    for text, faults in (
        ("<link href='//a.b/c.css'>", 1),
        ("<a href='https://a.b'>read</a>", 0),
        ("<svg aria-hidden='true'></svg>", 0),
        ("<div role='img' aria-label='A dot.'><svg></svg></div>", 0),
        ("<canvas></canvas><svg></svg>", 2),
    ):
        cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": text})]
        assert len(execute.output_faults(cell)) == faults, text


def test_what_nbval_compares_is_text_without_counts():
    printed = [nbformat.v4.new_output("stream", name="stdout", text=text) for text in ("a\n", "b\n")]
    result = nbformat.v4.new_output("execute_result", {"text/plain": "3", "text/html": "<b>3</b>"}, execution_count=5)
    errors = nbformat.v4.new_output("stream", name="stderr", text="c\n")
    kept = lessons._printed([*printed, errors, result, figure("d")])
    assert [(o.output_type, o.get("text"), dict(o.get("data", {}))) for o in kept] == [
        ("stream", "a\nb\n", {}),
        ("execute_result", None, {"text/plain": "3"}),
    ]
    assert kept[1].execution_count is None


# --- finished pages ---------------------------------------------------------------------------------------------------


def test_a_finished_page_waits_for_no_script():
    page = (
        '<html><head><meta name="viewport" content="a" /><meta name="viewport" content="b" />'
        '<link rel="stylesheet" href="../_static/styles/theme.css?digest=1" />\n'
        '<link rel="stylesheet" href="../_static/book.css?v=2" />\n'
        '<script src="../_static/documentation_options.js?v=1"></script>\n'
        '<script src="../_static/scripts/fontawesome.js?v=1"></script>\n'
        '<script src="../_static/searchindex.js"></script>\n'
        '<script src="../_static/mathjax/tex-chtml.js"></script>\n'
        '<script src="../_static/book.js"></script>\n'
        '<script>let toggleHint = "x";</script>\n'
        '</head><body><div id="pst-primary-sidebar" class="bd-sidebar-primary bd-sidebar"></div>'
        '<details><summary class="s" aria-label="Toggle">More</summary></details>{math}</body></html>'
    )
    made = sphinx_book.mend(page.replace("{math}", '<div class="math notranslate">x</div>'), is_search=False)
    assert '<script src="../_static/documentation_options.js?v=1">' in made
    assert '<script defer src="../_static/book.js">' in made
    assert "fontawesome" not in made and "searchindex" not in made and "toggleHint" not in made
    assert '<meta name="dgm-mathjax" content="../_static/mathjax/tex-chtml.js" />' in made
    assert made.count("stylesheet") == 1 and 'href="../_static/style.css"' in made
    assert re.findall(r'viewport" content="(.)"', made) == ["a"]
    assert 'aria-label="Toggle"' not in made and 'role="complementary"' in made
    plain = sphinx_book.mend(page.replace("{math}", ""), is_search=True)
    assert "mathjax" not in plain, "a page without formulas loads no MathJax"
    assert '<script src="../_static/searchindex.js">' in plain and '<script src="../_static/book.js">' in plain
    assert sphinx_book.mend(made, is_search=False) == made, "mending twice changes nothing"


def test_pictures_leave_the_page_and_load_late(tmp_path):
    picture = io.BytesIO()
    Image.new("RGB", (30, 20)).save(picture, "png")
    data = base64.b64encode(picture.getvalue()).decode()
    context = {
        "body": f'<h1><span class="section-number">3. </span>T</h1><h2><span class="section-number">3.1. </span>A</h2>'
        f'<div id="proof-content"></div><img alt="a" src="data:image/png;base64,{data}"/>',
        "pathto": lambda name, resource: f"../{name}",
    }
    words = "A sentence of more than sixty letters & signs, which says what the page is about, and so on."
    doctree = nodes.document(None, None)  # type: ignore[arg-type]
    doctree += [nodes.paragraph(text="Short."), nodes.paragraph(text=words)]
    sphinx_book.finish_body(SimpleNamespace(outdir=str(tmp_path)), "book/pages/a", "", context, doctree)  # type: ignore[arg-type]
    (stored,) = (tmp_path / "_images").iterdir()
    assert stored.read_bytes() == picture.getvalue()
    assert f'width="30" height="20" alt="a" src="../_images/{stored.name}"' in context["body"]
    assert (
        'loading="lazy"' in context["body"]
        and "base64" not in context["body"]
        and "proof-content" not in context["body"]
    )
    assert '<span class="section-number">3. </span>T' in context["body"] and "<h2>A</h2>" in context["body"]
    assert (
        context["metatags"].startswith('<meta name="description" content="A sentence of more')
        and "&amp;" in context["metatags"]
    )


def test_sheets_are_joined_with_addresses_that_hold(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "styles" / "sphinx-book-theme.css").write_text('@charset "UTF-8";a{b:url(../c.png)}d{e:url("data:x")}')
    (tmp_path / "basic.css").write_text(
        '@font-face{font-family:"Font Awesome";src:url(f.woff)}.fa-x:before{content:"y"}g{}'
    )
    assert sphinx_book.one_style_sheet(tmp_path) == 'g{}\na{b:url(styles/../c.png)}d{e:url("data:x")}'


def test_sections_keep_the_numbers_of_their_names():
    def table() -> nodes.bullet_list:
        entry = nodes.bullet_list()
        entry += nodes.reference("", "T")
        return entry

    names = ["book/pages/03-gan", "book/pages/11-zoo", "book/pages/index", "book/notation"]
    env = SimpleNamespace(
        toc_secnumbers={}, found_docs=names, tocs={n: table() for n in names}, titles={n: {} for n in names}
    )
    changed = sphinx_book.number_sections(None, env)  # type: ignore[arg-type]
    assert changed == names[:2] and env.toc_secnumbers == {names[0]: {"": (3,)}, names[1]: {"": (11,)}}
    assert env.titles[names[1]]["secnumber"] == (11,) and "secnumber" not in env.titles[names[3]]
    assert sphinx_book.number_sections(None, env) == []  # type: ignore[arg-type]


def test_the_library_page_shows_short_types():
    signature = "(x: ~torch.Tensor, f=<function g>) "
    assert sphinx_book.short_signature(None, "", "", None, None, signature, "~dgm.players.Player") == (
        "(x: Tensor, f=...) ",
        "Player",
    )

    class Alias:
        """Alias for field number 0"""

    assert sphinx_book.skip_fields(None, "", "", Alias, False, None) is True
    assert sphinx_book.skip_fields(None, "", "", Labels, False, None) is None


# --- the printed book -------------------------------------------------------------------------------------------------


def test_pages_are_printed_in_the_order_of_the_contents(tmp_path):
    (tmp_path / "_toc.yml").write_text(
        "root: a\nparts:\n- chapters: [{file: b}, {file: c}]\n- chapters: [{file: d}]\nchapters: [{file: e}]\n"
    )
    assert pdf.documents(tmp_path) == ["a", "b", "c", "d", "e"]


def test_paper_has_no_links_to_files_of_the_printer(tmp_path):
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_blank_page(100, 100)
    for address in ("file:///home/me/a.html", "https://a.b"):
        link = Link(rect=(0, 0, 9, 9), url=address)
        writer.add_annotation(0, link)
    pdf._drop_local_links(writer.pages[0])
    pdf._drop_local_links(writer.pages[1])
    left = [link.get_object()["/A"]["/URI"] for link in writer.pages[0].annotations or []]
    assert left == ["https://a.b"]


def test_a_browser_is_any_chrome_of_the_path(monkeypatch):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: f"/opt/{name}" if name == "google-chrome" else None)
    assert pdf.browser() == "/opt/google-chrome"
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    with pytest.raises(pdf.NoBrowser, match="install one"):
        pdf.browser()
