"""Near-identical answers. A reason to look, not a proof."""

import ast
from collections import defaultdict

from autograder.server.reports.counts import groups
from autograder.server.results import Result

_ALIKE = 0.95  # cosine similarity of token triples from which two submissions are worth a look
_LEAST_TOKENS = 80  # shorter ones are alike by necessity

LookAlikes = dict[str, list[list[str]]]
"""Section -> groups of students."""


def by_section(results: list[Result]) -> LookAlikes:
    """`look_alikes` of each section."""
    return {section: look_alikes(group) for section, group in groups(results).items()}


def look_alikes(results: list[Result]) -> list[list[str]]:
    """Groups of students whose answers have nearly the same tokens. A reason to look, not a proof."""
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = {r.student: "\n".join(_without_docstrings(text) for text in r.text.values()) for r in results}
    tokens = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]", ngram_range=(3, 3), lowercase=False, use_idf=False)
    words = tokens.build_tokenizer()
    texts = {student: text for student, text in texts.items() if len(words(text)) >= _LEAST_TOKENS}
    if len(texts) < 2:
        return []
    vectors = tokens.fit_transform(texts.values())
    alike = (vectors @ vectors.T) > _ALIKE
    _, labels = connected_components(alike, directed=False)
    alike_ones: dict[int, list[str]] = defaultdict(list)
    for student, label in zip(texts, labels, strict=True):
        alike_ones[int(label)].append(student)
    return [group for group in alike_ones.values() if len(group) > 1]


def _without_docstrings(source: str) -> str:
    """Code as its author wrote it but for layout, comments and the docstring that came with the exercise."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef) and ast.unparse(node.body[0]).startswith("raise NotImplementedError"):
            node.body = [ast.Pass()]
    try:
        return ast.unparse(tree)
    except RecursionError:
        return source
