"""Run the lessons, several at a time, and keep what they showed.

An executed lesson is kept in `_build/lessons/` under a key made of everything its outputs depend on: its code cells,
the package `dgm`, what `check` reads, and the versions of Python and of the numerical libraries. A lesson of which only
prose changed is therefore never run again, and one whose library changed always is. While the tests run, nbval executes
the solutions, and `nbval_keep` puts what they showed in the same place.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

from autograder.server import course
from book.tools.lessons import Lesson, write_text
from book.tools.sections import MAP

CELL_SECONDS = 300
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Run:
    """What came of one lesson."""

    name: str
    notebook: NotebookNode | None
    seconds: float
    fresh: bool  # executed just now, not taken from the cache
    failures: tuple[str, ...] = ()


def cached(root: Path, lesson: Lesson) -> Path:
    """Where the run of a lesson is kept, as it is now and with the library and the references as they are now."""
    drawn = any("model_map(" in cell.source for cell in lesson.cells if cell.kind == "code")
    depends = course.digest(root, lesson.name, course.CHECKING, *([root / MAP] if drawn else []))
    key = hashlib.sha256(f"{lesson.code_key}{depends}".encode()).hexdigest()[:16]
    return root / "_build" / "lessons" / f"{lesson.name}.{key}.ipynb"


def keep(path: Path, notebook: NotebookNode, seconds: float) -> None:
    """Write an executed lesson to its place, with how long it took, and remove its earlier ones."""
    notebook.metadata["dgm"] = {"seconds": seconds}
    for old in path.parent.glob(f"{path.name.split('.')[0]}.*.ipynb"):
        old.unlink(missing_ok=True)
    write_text(path, nbformat.writes(notebook))


def environment(folder: str) -> dict[str, str]:
    """What a lesson's kernel finds in its environment, besides what is there already; `folder` is an empty one."""
    return {
        "DGM_STATIC": "1",  # figures that a page can show without a kernel
        "IPYTHONDIR": folder,
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment, whatever the user has installed
        "MKL_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
    }


def to_run(lesson: Lesson) -> NotebookNode:
    """A lesson's code cells as a notebook without outputs."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.cells = [nbformat.v4.new_code_cell(c.source, id=c.id) for c in lesson.cells if c.kind == "code"]
    return notebook


def execute(root: Path, lessons: Iterable[Lesson], workers: int | None = None) -> Iterator[Run]:
    """Yield each lesson's run as it finishes: from the cache at once, else executed in one of `workers` processes."""
    waiting: dict[Path, Lesson] = {}
    for lesson in lessons:
        path = cached(root, lesson)
        if path.is_file():
            notebook = nbformat.read(path, as_version=4)
            yield Run(lesson.name, notebook, notebook.metadata.dgm.seconds, fresh=False)
        else:
            waiting[path] = lesson
    if not waiting:
        return
    context = multiprocessing.get_context("spawn")  # a forked child would inherit sockets and threads of this process
    with ProcessPoolExecutor(min(workers or os.cpu_count() or 1, len(waiting)), mp_context=context) as pool:
        jobs = {pool.submit(run, lesson): path for path, lesson in waiting.items()}
        for job in as_completed(jobs):
            path, result = jobs[job], job.result()
            if result.notebook is not None and not result.failures:
                keep(path, result.notebook, result.seconds)
            yield result


def run(lesson: Lesson) -> Run:
    """Execute one lesson, answers and all, in a fresh kernel in an empty folder."""
    notebook = to_run(lesson)
    lines = {cell.id: cell.line for cell in lesson.cells}
    failures: list[str] = []
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        work.mkdir()
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=CELL_SECONDS,
            record_timing=False,
            coalesce_streams=True,
            # No open port, and no warning about one; an absolute address, as the kernel runs in another folder.
            config=Config(KernelManager={"transport": "ipc", "ip": f"{folder}/kernel"}),
            resources={"metadata": {"path": str(work)}},
        )
        try:
            client.execute(env=os.environ | environment(folder))
        except CellExecutionError:
            failed = next(cell for cell in notebook.cells if any(o.output_type == "error" for o in cell.outputs))
            error = next(o for o in failed.outputs if o.output_type == "error")
            text = ANSI.sub("", "\n".join(error.traceback))
            failures.append(f"{_place(lesson, lines[failed.id])}: {error.ename}: {error.evalue}\n{text}")
        except (CellTimeoutError, DeadKernelError) as error:
            running = next((cell.id for cell in notebook.cells if cell.execution_count is None), notebook.cells[0].id)
            what = f"ran longer than {CELL_SECONDS} s" if isinstance(error, CellTimeoutError) else "killed its kernel"
            failures.append(f"{_place(lesson, lines[running])}: this cell {what}")
    seconds = round(time.monotonic() - start, 1)
    for cell in notebook.cells:
        failures += [f"{_place(lesson, lines[cell.id])}: {fault}" for fault in output_faults(cell)]
    uncounted(notebook)
    return Run(lesson.name, notebook, seconds, fresh=True, failures=tuple(failures))


def uncounted(notebook: NotebookNode) -> None:
    """Take out the numbers of cells: nobody reads them, and they differ between programs that execute."""
    for cell in notebook.cells:
        cell.execution_count = None
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = None


def _place(lesson: Lesson, line: int) -> str:
    return f"{lesson.path.name}:{line}"


def output_faults(cell: NotebookNode) -> list[str]:
    """What must not stand on a page: a picture without a text alternative, a warning, a memory address."""
    faults: list[str] = []
    for output in cell.outputs:
        if output.output_type == "stream":
            if output.name == "stderr":
                faults.append(f"this cell writes to stderr: {output.text.strip().splitlines()[-1]}")
            texts = [output.text]
        elif output.output_type == "error":
            continue
        else:
            data = output.data
            for mime in data:
                if mime.startswith("image/") and not str(output.metadata.get(mime, {}).get("alt", "")).strip():
                    faults.append("a figure without alt text: show it with plotting.show(fig, alt=..., caption=...)")
            faults += _html_faults("".join(data.get("text/html", "")))
            texts = ["".join(data.get("text/plain", ""))] if set(data) == {"text/plain"} else []
        if any(re.search(r"\bat 0x[0-9a-f]{6,}", text) for text in texts):
            faults.append("this cell prints a memory address, which changes with every build: end it with a semicolon")
    return faults


def _html_faults(html: str) -> list[str]:
    if not html:
        return []
    soup = BeautifulSoup(html, "html.parser")
    faults = []
    for picture in soup.select("img, [role=img], svg, canvas"):
        hidden = picture.get("aria-hidden") == "true" or picture.find_parent(attrs={"role": "img"}) is not None
        if not hidden and not str(picture.get("alt") or picture.get("aria-label") or "").strip():
            faults.append("a figure without alt text: every picture says in words what it shows")
    for element in soup.select("[src], link[href]"):
        if re.match(r"(https?:)?//", str(element.get("src") or element.get("href"))):
            faults.append(f"<{element.name}> loads something from another host; the book is read offline")
    return faults
