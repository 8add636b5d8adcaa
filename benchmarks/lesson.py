"""A lesson's own code for a benchmark, so that a table and a page play the same game.

    from lesson import load
    space = load("06-infogan", "train", "judge_codes")
    space["train"](seed=3)

Of the solved notebook only those top-level statements run that the wanted names need: imports, functions, networks,
data. A training that a cell starts by itself does not run, unless a wanted name comes out of it. Seeds are the
caller's.
"""

import ast
import dis
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import CodeType
from typing import Any

import nbformat
import torch

_SOLUTIONS = Path(__file__).parents[1] / "solutions"


def load(section: str, *names: str, answers: Mapping[str, Callable] | None = None) -> dict[str, Any]:
    """Run what these names of a lesson need and give the namespace.

    Arguments:
        section: As in _toc.yml, without its folder.
        names: Top-level names of the lesson: functions, classes, data.
        answers: Functions that take the place of the lesson's own, exercise → function: other right answers, which
            may round in another way.

    Raises:
        KeyError: for a name that no cell of the lesson binds.
    """
    notebook = nbformat.read(_SOLUTIONS / section / f"{section}.ipynb", as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    statements = [statement for statement in ast.parse(code).body if not _checks(statement)]
    bound = [_bound(statement) for statement in statements]
    wanted: set[int] = {k for k, s in enumerate(statements) if isinstance(s, ast.Import | ast.ImportFrom)}
    modules = {name for k in wanted for name in bound[k]}  # `plotting.show(…)` changes no module
    changed = [_changed(statement) - modules for statement in statements]
    open_names = [(name, len(statements)) for name in names]
    while open_names:
        name, user = open_names.pop()
        places = [k for k, names_here in enumerate(bound) if name in names_here]
        if not places:
            if user == len(statements) and name not in (answers or {}):
                raise KeyError(f"no cell of {section} binds {name}.")
            continue
        # The value it has there: bound last before it is used, or, for a function that comes first, right after.
        place = max((k for k in places if k < user), default=min(places))
        for k in [place, *(k for k in range(place + 1, user) if name in changed[k])]:
            if k not in wanted:
                wanted.add(k)
                open_names += [(read, k) for read in _read(statements[k])]
    space: dict[str, Any] = {"__name__": section}
    torch.set_num_threads(1)
    for k in sorted(wanted):
        exec(compile(ast.Module([statements[k]], []), f"{section}.ipynb", "exec"), space)
        for name in bound[k] & set(answers or {}):
            space[name] = (answers or {})[name]
    return space


def _checks(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "check"


def _bound(statement: ast.stmt) -> set[str]:
    """Names that a statement gives a value."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    return {n.id for n in _outside_functions(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _changed(statement: ast.stmt) -> set[str]:
    """Names whose values a statement changes: `x[i] = …`, `x.y = …`, and methods that are called for what they do."""
    targets = [n for n in _outside_functions(statement) if isinstance(n, ast.Subscript | ast.Attribute)]
    found = [n.value for n in targets if isinstance(n.ctx, ast.Store)]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        found += [statement.value.func]
    return {name for node in found if (name := _base(node))}


def _base(node: ast.AST) -> str:
    """The name that `x[i].y` begins with."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _outside_functions(node: ast.AST) -> Iterable[ast.AST]:
    """All nodes below one, without those that have names of their own."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.DictComp):
            yield from _outside_functions(child)


def _read(statement: ast.stmt) -> set[str]:
    """Names of the lesson whose values a statement needs, in the bodies of functions too."""
    codes, read = [compile(ast.Module([statement], []), "cell", "exec")], set()
    while codes:
        code = codes.pop()
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        read |= {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_NAME", "LOAD_GLOBAL")}
    return read
