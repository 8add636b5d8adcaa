"""Near-identical answers. A reason to look, not a proof."""

import ast
import re
import warnings
from collections.abc import Mapping
from typing import Any

from autograder.server.reports.counts import groups
from autograder.server.results import Result

_ALIKE = 0.95  # cosine similarity of token triples from which two submissions are worth a look
_LEAST_TOKENS = 80  # shorter ones are alike by necessity
_MOST_CHARACTERS = 50_000  # of one answer that are compared
_MOSTLY = 2 / 3  # who has answered no larger share of the questions is compared by what the solution does not say
_TOKEN = re.compile(r"\w+|[^\w\s]")

LookAlikes = dict[str, list[list[str]]]
"""Section -> groups of students."""


def by_section(results: list[Result], solutions: Mapping[str, dict[str, str]] | None = None) -> LookAlikes:
    """`look_alikes` of each section.

    Arguments:
        solutions: section -> exercise -> the solution's source, where there is one.
    """
    return {
        section: look_alikes(group, (solutions or {}).get(section, {})) for section, group in groups(results).items()
    }


def look_alikes(results: list[Result], solution: Mapping[str, str] | None = None) -> list[list[str]]:
    """Groups of students of whom each two have nearly the same tokens in their answers. A reason to look, not a proof.

    Questions that somebody left open are nobody's work. A few short answers are alike because there is one usual way to
    write them: of a submission that is partly open, only what the solution does not say either must be long enough.
    """
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.feature_extraction.text import TfidfVectorizer

    usual = {triple for source in (solution or {}).values() for triple in _triples(_tokens(source))}
    texts: dict[str, str] = {}
    for result in results:
        answers = [tokens for source in result.text.values() if (tokens := _tokens(source))]
        own = sum(len(tokens) for tokens in answers)
        if len(answers) <= _MOSTLY * len(result.text):
            own = sum(triple not in usual for tokens in answers for triple in _triples(tokens))
        if own >= _LEAST_TOKENS:
            texts[result.student] = "\n".join(" ".join(tokens) for tokens in answers)
    if len(texts) < 2:
        return []
    table = TfidfVectorizer(token_pattern=r"\S+", ngram_range=(3, 3), lowercase=False, use_idf=False)
    vectors = table.fit_transform(texts.values())
    apart = 1 - (vectors @ vectors.T).toarray().clip(max=1)
    grouping: Any = AgglomerativeClustering(
        n_clusters=None,  # type: ignore[arg-type]
        metric="precomputed",
        linkage="complete",
        distance_threshold=1 - _ALIKE,
    )
    found: dict[int, list[str]] = {}
    for student, label in zip(texts, grouping.fit_predict(apart), strict=True):
        found.setdefault(int(label), []).append(student)
    return [group for group in found.values() if len(group) > 1]


def _triples(tokens: list[str]) -> list[tuple[str, ...]]:
    return list(zip(tokens, tokens[1:], tokens[2:], strict=False))


def _tokens(source: str) -> list[str]:
    """What an author wrote, but for layout and comments, and without the head and the docstring that came with it.

    Whatever Python thinks of a stranger's text, it is compared: as code where that is possible, else as it stands.
    """
    source = source[:_MOST_CHARACTERS]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in strings
            tree = ast.parse(source)
            source = ast.unparse(_without_what_came_with_it(tree))
    except Exception:  # a syntax error, a tower of operators, a number of 5,000 digits, an odd line break, ...
        pass
    return _TOKEN.findall(source)


def _without_what_came_with_it(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    body: list[ast.stmt] = []
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            body.append(node)
        elif not any(isinstance(inner, ast.FunctionDef) and _is_open(inner) for inner in ast.walk(node)):
            body += node.body
    tree.body = body
    return tree


def _is_open(function: ast.FunctionDef) -> bool:
    """Whether it still does nothing but say so: the stub of an exercise."""
    last = function.body[-1]
    name = last.exc.func if isinstance(last, ast.Raise) and isinstance(last.exc, ast.Call) else None
    return isinstance(name, ast.Name) and name.id == "NotImplementedError"
