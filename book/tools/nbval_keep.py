"""A pytest plugin, loaded by `-p book.tools.nbval_keep`: each solution is executed once, for nbval and for the book.

nbval executes the committed solutions and compares what they print. With this plugin it does so as `execute.run` does,
in an empty folder and with the same environment; a cell that passes must also show nothing that a page must not show;
and a solution of which every cell passed goes to the cache of executed lessons, from where the book takes it.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import nbformat
import nbval.plugin
import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

from book.tools import execute, lessons
from book.tools.execute import Lesson


class Kernel(RunningKernel):
    """A kernel that is started as `execute.run` starts one, and says which kinds of messages nbval ignores."""

    def __init__(self, kernel_name: str, cwd: str | None = None, startup_timeout: int = 60) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.unseen = False
        before = dict(os.environ)
        os.environ.update(execute.environment(self.folder.name))
        try:
            work = Path(self.folder.name) / "work"
            work.mkdir()
            super().__init__(kernel_name, str(work), startup_timeout)
        finally:
            os.environ.clear()
            os.environ.update(before)

    def get_message(self, stream: str, timeout: float | None = None) -> dict:
        """nbval's, remembering whether a cell changed what it had shown before: nbval does not follow that."""
        message = super().get_message(stream, timeout)
        self.unseen |= message["msg_type"] in ("update_display_data", "clear_output")
        return message

    def stop(self) -> None:
        """Stop the kernel and remove its folder."""
        super().stop()
        self.folder.cleanup()


class Executed:
    """What has been seen of one solution so far."""

    def __init__(self, path: Path) -> None:
        self.root = path.parents[2]
        self.lesson: Lesson | None = None
        source = self.root / "book" / "lessons" / f"{path.stem}.md"
        if path.parents[1].name == "solutions" and source.is_file():
            self.lesson = lessons.read(source)
        self.outputs: dict[str, list] = {}
        self.start = time.monotonic()

    def finished(self) -> bool:
        """Whether all code cells of the lesson passed, and are the lesson's own."""
        return self.lesson is not None and self.outputs.keys() == {c.id for c in self.lesson.cells if c.kind == "code"}

    def keep(self) -> None:
        """Write the executed lesson to its place in the cache, unless it is there."""
        assert self.lesson is not None
        place = execute.cached(self.root, self.lesson)
        if place.is_file():
            return
        notebook = execute.to_run(self.lesson)
        for cell in notebook.cells:
            cell.outputs = [nbformat.from_dict(output) for output in self.outputs[cell.id]]
        execute.uncounted(notebook)
        execute.keep(place, notebook, round(time.monotonic() - self.start, 1))


def pytest_configure(config: pytest.Config) -> None:
    """Let nbval start its kernels our way."""
    nbval.plugin.RunningKernel = Kernel  # type: ignore[misc]
    config.stash[SEEN] = {}


SEEN = pytest.StashKey[dict[Path, Executed]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    """After a cell has passed nbval's comparison: refuse what a page must not show, and remember what it showed.

    Raises:
        NbCellError: as nbval itself does.
    """
    if not isinstance(item, IPyNbCell):
        return (yield)
    file = item.parent
    assert isinstance(file, IPyNbFile)
    seen = item.config.stash[SEEN]
    if file.path not in seen:
        seen[file.path] = Executed(file.path)
    executed = seen[file.path]
    result = yield
    shown = nbformat.v4.new_code_cell(item.cell.source, outputs=list(item.test_outputs or []))
    if faults := execute.output_faults(shown):
        item.raise_cell_error("; ".join(faults))
    lesson = executed.lesson
    if lesson and any(cell.id == item.cell.id and cell.source == item.cell.source for cell in lesson.cells):
        executed.outputs[item.cell.id] = shown.outputs
    if executed.finished() and isinstance(file.kernel, Kernel) and not file.kernel.unseen:
        executed.keep()
    return result
