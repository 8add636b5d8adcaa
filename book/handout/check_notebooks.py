"""Run the checks of what has been answered, as on each push: `python check_notebooks.py [NOTEBOOK ...]`.

Of a notebook it runs the imports, your answers, your own cells and the checks, and not the lesson's demonstrations. An
exercise that still says "your turn" is open, and no fault. Exit status: 0 nothing is wrong, 1 a check fails, 2 a
notebook can't be read.
"""

import io
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

STUB = 'raise NotImplementedError("your turn")'
SECONDS = 120  # for one cell


def words(cell: NotebookNode) -> dict:
    """What nbgrader knows of a cell; nothing, if it is one of your own."""
    return cell.metadata.get("nbgrader", {})


def is_check(cell: NotebookNode) -> bool:
    """Whether points hang on it."""
    return cell.cell_type == "code" and bool(words(cell).get("grade")) and not words(cell).get("solution")


def runs(cell: NotebookNode) -> bool:
    """Whether it is run here: not what the lesson only shows."""
    mine = not words(cell) or words(cell).get("solution") or "imports" in cell.metadata.get("tags", [])
    return cell.cell_type == "code" and (mine or is_check(cell))


def failure(cell: NotebookNode) -> str:
    """The sentence that a cell failed with; nothing if it did not fail."""
    for output in cell.outputs:
        if output.output_type == "error":
            kind = "" if output.ename == "CheckFailed" else f"{output.ename}: "
            return f"{kind}{output.evalue}"
    return ""


def check_notebook(path: Path) -> list[str]:
    """Print a line for each exercise; the names of those that fail."""
    notebook = nbformat.read(path, as_version=4)
    answers = {words(cell)["grade_id"]: cell.source for cell in notebook.cells if words(cell).get("solution")}
    checks = [words(cell)["grade_id"].removeprefix("check-") for cell in notebook.cells if is_check(cell)]
    if not checks:
        raise ValueError("it has no checks")
    answered = [name for name in checks if STUB not in answers.get(name, STUB)]
    print(f"{path.stem}: {len(answered)} of {len(checks)} exercises answered", flush=True)
    if not answered:
        return []
    failed = []
    notebook.cells = [cell for cell in notebook.cells if runs(cell)]
    client = NotebookClient(notebook, timeout=SECONDS, allow_errors=True, resources={"metadata": {"path": path.parent}})
    with client.setup_kernel():
        for number, cell in enumerate(notebook.cells):
            name = words(cell).get("grade_id", "your own cell").removeprefix("check-")
            if is_check(cell) and name not in answered:
                continue
            try:
                client.execute_cell(cell, number)
            except (CellTimeoutError, DeadKernelError):
                print(f"  ✗ {name}: Python ended here, or ran for more than {SECONDS} s; the rest was not run")
                return [*failed, name]
            wrong = failure(cell)
            if is_check(cell):
                print(f"  ✗ {wrong}" if wrong else f"  ✓ {name}", flush=True)
                failed += [name] if wrong else []
            elif wrong:
                print(f"  {name} fails: {wrong}", flush=True)
    return failed


def main(paths: list[Path]) -> int:
    """Check the given notebooks, or all; the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # Windows writes ✓ on a screen, and not into every file
    failed, unreadable = 0, 0
    for path in paths or sorted(Path(__file__).parent.glob("notebooks/*/*.ipynb")):
        try:
            failed += len(check_notebook(path))
        except (OSError, ValueError, KeyError, AttributeError) as error:  # not JSON, or JSON of something else
            print(f"{path} can't be read as a notebook: {' '.join(str(error).split())[:200]}", file=sys.stderr)
            unreadable += 1
    print(f"Checks that fail: {failed}" if failed else "No answer is wrong.")
    return 2 if unreadable else 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
