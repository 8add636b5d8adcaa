"""A written answer or a marker's comment as HTML, formulas included, that needs no script and no other host.

The dialect is that of notebooks (nbconvert's parser). Formulas become MathML, which browsers draw themselves; one that
can't be translated is shown as it was typed. The result holds no tag or attribute that is not named here.
"""

import html
import re
from xml.etree.ElementTree import Element, tostring

import bleach
from latex2mathml.converter import convert_to_element
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_TAGS = set(
    "p br hr h1 h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre code em strong del table thead tbody tr th td a img "
    "div span".split()
)
_ATTRIBUTES = {"a": ["href", "title", "rel"], "img": ["src", "alt"], "span": ["class"], "div": ["class"]}
_PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=]+")
_INSTEAD = {  # what latex2mathml does not know, or knows as something else
    r"\\begin\{aligned\*?\}": r"\\begin{split}",
    r"\\end\{aligned\*?\}": r"\\end{split}",
    r"\\begin\{(align|alignat|eqnarray)\}": r"\\begin{align*}",
    r"\\end\{(align|alignat|eqnarray)\}": r"\\end{align*}",
    r"\\(nonumber|notag)(?![A-Za-z])|\\label\{[^{}]*\}": "",
    r"\\sim(?![A-Za-z])": "∼",
    r"\\arg(?![A-Za-z])": r"\\operatorname{arg}",
}
_MATHML = set(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts "
    "mtable mtr mtd mstyle mpadded mphantom menclose".split()
)
_MATH_ATTRIBUTES = set(
    "display displaystyle scriptlevel mathvariant stretchy fence form accent movablelimits columnalign rowspacing "
    "columnspacing linethickness notation separator minsize maxsize linebreak".split()
)


class _Renderer(IPythonRenderer):
    """nbconvert's own, but formulas are kept aside, HTML is text, and a picture is one that came with the cell."""

    def __init__(self, attachments: dict):
        super().__init__(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True, attachments=attachments)
        self.formulas: list[str] = []

    def _keep(self, tex: str, block: bool, typed: str) -> str:
        self.formulas.append(mathml(tex, block) or f"<code>{html.escape(typed)}</code>")
        return f"\ue000{len(self.formulas) - 1}\ue001"

    def block_math(self, body: str) -> str:
        return self._keep(body, True, f"$${body}$$")

    def inline_math(self, body: str) -> str:
        return self._keep(body, False, f"${body}$")

    def latex_environment(self, name: str, body: str) -> str:
        typed = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return self._keep(typed, True, typed)

    def block_mermaidjs(self, code: str) -> str:
        return f"<pre><code>{html.escape(code)}</code></pre>"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        name = url.removeprefix("attachment:")
        if name == url or name not in self.attachments:
            return html.escape(text)
        return super().image(text, url, title)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return super().link(text, url, title).replace("<a ", '<a rel="noopener noreferrer nofollow" ', 1)


def to_html(source: str, attachments: dict | None = None) -> str:
    """Notebook Markdown as harmless HTML."""
    renderer = _Renderer(attachments or {})
    made = MarkdownWithMath(renderer=renderer).render(re.sub("[\ue000\ue001]", "", source))
    made = bleach.clean(made, tags=_TAGS, attributes=_allowed, protocols={"http", "https", "data"})
    return re.sub("\ue000([0-9]+)\ue001", lambda found: renderer.formulas[int(found[1])], made)


def _allowed(tag: str, name: str, value: str) -> bool:
    if tag == "a" and name == "href":
        return value.startswith(("https://", "http://"))
    if tag == "img" and name == "src":
        return _PICTURE.fullmatch(value) is not None
    return name in _ATTRIBUTES.get(tag, [])


def mathml(tex: str, block: bool) -> str:
    """A formula as MathML; nothing where that is not possible."""
    for pattern, instead in _INSTEAD.items():
        tex = re.sub(pattern, instead, tex)
    try:
        root = convert_to_element(tex, display="block" if block else "inline")
        _restrict(root)
        return tostring(root, encoding="unicode")
    except Exception:  # whatever a stranger's formula does to the parser, it is shown as it was typed
        return ""


def _restrict(element: Element) -> None:
    """Only MathML, only attributes of its layout, only text; an unknown command is an error.

    Raises:
        ValueError: when a command was not understood.
    """
    if element.tag not in _MATHML:
        raise ValueError(element.tag)
    for name in set(element.attrib) - _MATH_ATTRIBUTES - {"xmlns"}:
        del element.attrib[name]
    element.text = html.unescape(element.text) if element.text else element.text
    if element.text and (element.text.startswith("\\") and len(element.text) > 1 or element.text == "&"):
        raise ValueError(element.text)
    for inner in element:
        _restrict(inner)
