"""The process that runs a submission: its cells, then every case of every exercise. It computes; it never judges.

Nothing in this process may be believed by the grader: the student's code shares it and can change any of it. So it
holds nothing worth stealing (inputs, no answers), and all that leaves it is text on one pipe (`protocol`).

In the jail a supervisor calls `work`, which forks one process for each exercise. Without a jail this module is the
whole program and needs nothing of Linux: see `work_openly`.
"""

from __future__ import annotations

import contextlib
import io
import json
import mmap
import os
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch

import autograder
from autograder import collect, exact, exercise
from autograder.server.jail.protocol import PIPE

_STDOUT_KEPT = 10_000  # characters of a cell's printed text that can appear in the feedback
_HOARDER = 75  # exit status of a worker whose cell keeps so much memory that nothing could run after it


class Kept(NamedTuple):
    """What answer cells have defined, and all that there was beside it then."""

    answers: dict[str, Any]
    around: dict[str, Any]


def shell() -> Any:
    """An IPython shell that keeps no history, shows no traceback and knows `check`, which does nothing here."""
    import matplotlib.pyplot  # noqa: F401  # slow to import: before the first fork
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    torch.set_num_threads(1)
    autograder.check = lambda *_, **__: None  # here the grader checks: a scratch cell that calls it does nothing
    made = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    # %matplotlib and %pylab draw into memory, whatever window they ask for.
    vars(made)["enable_matplotlib"] = lambda gui=None: (gui, "agg")
    made.showtraceback = lambda *_, **__: None  # the error travels as data
    vars(made)["_tee"] = lambda **_: contextlib.nullcontext()  # IPython would keep all that is printed, however much
    return made


def work(shell: Any, job: dict, steps: list, dead: set, done: set, current: mmap.mmap) -> None:
    """Run what is left of the job in this process and its children, telling the supervisor where it is."""
    me, baseline, kept = os.getpid(), anonymous_memory("self"), Kept({}, {})
    for at, step in enumerate(steps):
        current[:] = at.to_bytes(4, "little")
        kind, name = step
        if step in dead or (kind == "exercise" and step in done):
            continue
        if kind == "cell":
            event = _run_cell(shell, job, name, kept)
            if os.getpid() != me:  # a fork that the cell made and that came back from it
                os._exit(0)
            _end_others()
            if anonymous_memory("self") - baseline > job["limits"]["memory"] // 2:
                os._exit(_HOARDER)
            if step not in done:
                send({"cell": name, **event})
            continue
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException), _printed(0):
                _collect_exercise(shell, job, name, kept)
                os._exit(0)
            os._exit(70)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        _end_others()
        if status:
            send({"exercise": name, "died": ended(status)})
    current[:] = len(steps).to_bytes(4, "little")
    os._exit(0)


def _end_others() -> None:
    """End whatever a cell or an exercise has left running: daemons, a fork bomb. Only where -1 means this job."""
    while os.getppid() == 1 and len([entry for entry in os.listdir("/proc") if entry.isdigit()]) > 2:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # spares the first process of the namespace, and this one
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        time.sleep(0.001)


def _run_cell(shell: Any, job: dict, number: int, kept: Kept) -> dict:
    """Run one cell, and keep what an answer's own cell defines."""
    name = job.get("answers", {}).get(str(number), "")
    before = shell.user_ns.get(name)
    with _printed(_STDOUT_KEPT) as text:
        result = type(shell).run_cell(shell, job["cells"][number], store_history=False)
    if name and (defined := shell.user_ns.get(name)) is not before:
        kept.answers[name] = defined
        kept.around.update(shell.user_ns)
    error = result.error_before_exec or result.error_in_exec
    return {"error": error and _as_data(error), "stdout": text.getvalue()}


def _as_data(error: BaseException) -> dict:
    try:
        message = str(error)
    except BaseException:  # a student's exception may not even print
        message = ""
    return {"type": type(error).__name__[:100], "message": message[:2000]}


def _collect_exercise(shell: Any, job: dict, name: str, kept: Kept) -> None:
    """Every case on both seeds. `collect` turns the errors of the student's function into outcomes.

    When a notebook is run from top to bottom, an answer is checked before a scratch cell further down can define it
    anew, an older try that was kept for instance, or take away what it uses.
    """
    asked = exercise.exercises(job["section"])[name]
    if name in kept.answers and shell.user_ns.get(name, kept.answers[name]) is not kept.answers[name]:
        send({"exercise": name, "redefined": True})
    shell.user_ns.update({**kept.around, **shell.user_ns, **kept.answers})
    function = shell.user_ns.get(name)
    if function is None:
        return send({"exercise": name, "missing": True})
    record = exact.reference if job.get("reference") else collect.collect
    for kind, seed in job["seeds"].items():
        for case in asked.cases:
            try:
                outcome = record(asked, case, function, seed)
            except BaseException as error:
                outcome = {"error": _as_data(error)}
            send({"exercise": name, "case": case.name, "public": kind == "public", "outcome": outcome})


class _Sink(io.StringIO):
    """A text stream that keeps its beginning and forgets the rest: printing 100 MB is silly, not wrong."""

    def __init__(self, kept: int):
        super().__init__()
        self.room = kept

    def write(self, text: str) -> int:
        kept = text[: self.room]
        self.room -= super().write(kept)
        return len(text)


@contextlib.contextmanager
def _printed(kept: int) -> Iterator[_Sink]:
    text = _Sink(kept)
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(_Sink(0)):
        yield text


def send(event: dict, write=os.write, dumps=json.dumps) -> None:
    """One line on the pipe. It starts a new one first, in case somebody died in the middle of theirs."""
    data = f"\n{dumps(event)}\n".encode("utf-8", "replace")
    while data:
        data = data[write(PIPE, data) :]


def ended(status: int) -> str:
    """The exit status of a process in words."""
    if status == _HOARDER:
        return "it left too much memory in use"
    if status < 0:
        return f"the process was ended by {signal.Signals(-status).name}"
    return f"it ended the whole process (exit status {status})"


def anonymous_memory(process: str) -> int:
    """Bytes of a process that it shares with no file."""
    with contextlib.suppress(OSError), open(f"/proc/{process}/status", encoding="ascii", errors="replace") as status:
        fields = dict(line.split(":", 1) for line in status)
        return sum(int(fields[name].split()[0]) << 10 for name in ("RssAnon", "RssShmem") if name in fields)
    return 0


def work_openly() -> None:
    """Run a job from standard input in this process, without any protection, and write the results to standard output.

    For one's own code on a machine without bubblewrap, macOS and Windows included: nothing is forked, and whoever ends
    the process ends the job.
    """
    job = json.load(sys.stdin)
    os.dup2(1, PIPE)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    made, kept = shell(), Kept({}, {})
    for number in range(len(job["cells"])):
        send({"cell": number, **_run_cell(made, job, number, kept)})
    with _printed(0):
        for name in job["exercises"]:
            _collect_exercise(made, job, name, kept)
    send({"done": True})


if __name__ == "__main__":
    work_openly()
