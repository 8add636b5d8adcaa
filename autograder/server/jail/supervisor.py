"""Two layers of processes around a submission, so that one failure costs no more than it must:

    warm parent   imports torch once and forks; never runs a student's line        (`serve`)
    supervisor    first process of the submission's own namespaces, keeps the time (`supervise`)

When a step kills the worker below it, hangs or eats the memory, the supervisor kills everything, writes the step off
and starts a new worker for the rest.
"""

import contextlib
import gc
import importlib
import json
import mmap
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
import time
from collections import Counter
from typing import Any

import torch

import dgm
from autograder import exercise
from autograder.server.jail import kernel, worker
from autograder.server.jail.protocol import ENDED, HOME, PIPE

_TOO_LONG = "its cells took too long"
_LOOKS = 40  # in which a process may hide from the supervisor
_TICK = 0.05  # seconds between two looks at a running step
_LESSONS_IMPORT = ("scipy.stats", "sklearn.base", "sympy")  # a second each, which no fork should pay


# --- the warm parent --------------------------------------------------------------------------------------------


def _warm() -> Any:
    """Pay the fixed cost (torch, plotting, the library, an IPython shell) before the first fork; return the shell."""
    shell = worker.shell()
    weight = torch.nn.Parameter(torch.zeros(1))
    for optimizer in (torch.optim.SGD([weight]), torch.optim.Adam([weight])):
        (weight * 1).sum().backward()
        optimizer.step()  # the first step imports half of PyTorch
    for module in pkgutil.iter_modules(dgm.__path__, "dgm."):
        importlib.import_module(module.name)
    for section in exercise.sections():
        exercise.exercises(section)
    gc.collect()
    gc.freeze()  # a collection in a fork would touch, and so copy, every page
    kernel.huge_pages()
    return shell


def serve(connection: socket.socket) -> None:
    """Fork a sandboxed supervisor for each job that arrives on the connection, until the grader closes it."""
    for name in _LESSONS_IMPORT:
        importlib.import_module(name)
    shell = _warm()
    connection.send(b"ready")
    while (received := socket.recv_fds(connection, 64, 3))[0]:
        message, (job, results, leash), *_ = received
        if os.fork() == 0:
            connection.close()
            _keep(shell, job, results, leash, uid=int(message))
        for fd in (job, results, leash):
            os.close(fd)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass


def _keep(shell: Any, job: int, results: int, leash: int, uid: int) -> None:
    """Give one job its own namespaces and end them all at once when it is done or the grader lets go of the leash."""
    kernel.namespaces()
    first = os.fork()
    if first == 0:
        os.close(leash)
        kernel.private_mounts()
        kernel.drop_privileges(uid)
        supervise(shell, job, results)
        os._exit(0)
    os.close(job)
    os.close(results)
    select.select([os.pidfd_open(first), leash], [], [])
    os.kill(first, signal.SIGKILL)  # the first process of a PID namespace takes all others with it
    os.waitpid(first, 0)
    os.write(leash, ENDED)  # only this process could: without it the grader knows that the job was cut off
    os._exit(0)


def supervise(shell: Any, job_fd: int, results: int) -> None:
    """Run one job to its end whatever its code does. Steps are the cells, then the exercises."""
    if os.getpid() != 1:
        raise SystemExit("only in a process namespace of its own: it ends every process that it can address")
    with os.fdopen(job_fd, encoding="utf-8") as stream:
        job = json.load(stream)
    limits = job["limits"]
    kernel.hide_from_siblings()
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.dup2(results, PIPE)
    os.closerange(4, 1 << 16)
    os.chdir(HOME if os.access(HOME, os.W_OK) else "/tmp")
    kernel.forget_keys()
    kernel.forbid_calls()
    for limit, value in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["wall_seconds"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_FSIZE, limits["file_size"]),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))

    steps = [("cell", i) for i in range(len(job["cells"]))] + [("exercise", name) for name in job["exercises"]]
    current = mmap.mmap(-1, 4)  # shared with the worker: the step it is at
    dead: set[tuple[str, Any]] = set()
    done: set[tuple[str, Any]] = set()
    own = set(job.get("own", ()))
    spent = {
        "first": 0.0,
        "again": 0.0,
    }  # seconds in cells of the student's own: the first time each, and after a death
    while any(step not in dead | done for step in steps):
        current[:] = (0).to_bytes(4, "little")
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setsid()
                kernel.be_seen()
                os.close(reading)
                os.close(writing)
                os.nice(5)  # the supervisor comes first, however many there are of the others
                worker.work(shell, job, steps, dead, done, current)
            finally:
                os._exit(70)
        os.close(writing)
        os.read(reading, 1)  # ends when the worker can be looked at
        os.close(reading)
        reason = _watch(child, current, limits, own, done, spent, steps)
        at = min(int.from_bytes(current[:], "little"), len(steps))
        done.update(step for step in steps[:at] if step not in dead)
        if at == len(steps):
            break
        kind, name = steps[at]
        lost = [at]
        if reason == _TOO_LONG:  # and so would be the others, some of which the answers don't need
            lost += [later for later in sorted(own) if later > at and steps[later] not in dead]
            reason = f"cells of one's own may take {limits['cells_seconds']} s together, so this one was left out"
        for at in lost:
            dead.add(steps[at])
            if kind == "cell":
                worker.send({"cell": at, "error": {"type": "Died", "message": reason}, "stdout": ""})
            else:
                worker.send({"exercise": name, "died": reason})
    worker.send({"done": True})


def _watch(child: int, current: mmap.mmap, limits: dict, own: set, done: set, spent: dict, steps: list) -> str:
    """Wait for the worker to end or to break a limit; say how it went. Nothing of it is left alive afterwards.

    What cells of the student's own take is added to ``spent``. They have a time of their own, because the answers must
    not pay for them; when they have used it up, that is `_TOO_LONG`.
    """
    pidfd, baseline = os.pidfd_open(child), worker.anonymous_memory("self")
    step, since, before, turn, reason = -1, 0.0, time.monotonic(), "first", ""
    hidden: Counter[str] = Counter()
    readers = select.poll()
    readers.register(PIPE, 0)
    while not reason:
        if readers.poll(0):  # the grader is gone; its end can't be signalled to a jail of another user
            os._exit(1)
        at = int.from_bytes(current[:], "little")
        now = time.monotonic()
        spent[turn] += now - before if step in own else 0
        before = now
        if at != step:
            step, since = at, now
            turn = "again" if at in own and steps[at] in done else "first"
        if select.select([pidfd], [], [], _TICK)[0]:
            reason = worker.ended(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        elif now - since > limits["step_seconds"]:
            reason = f"it ran longer than {limits['step_seconds']} s"
        elif step in own and spent[turn] > limits["cells_seconds"] * (1 if turn == "first" else 3):
            reason = _TOO_LONG
        elif len(_others()) > limits["processes"] * 3 // 4:  # the kernel's own limit would let a bomb burn on below it
            reason = "it started too many processes"
        elif _memory(baseline, hidden) > limits["memory"]:
            reason = f"it used more than {limits['memory'] / 2**30:.1f} GiB of memory"  # small ones add up, too
        else:
            _reap()
    os.close(pidfd)
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)  # the first process of a namespace addresses all others by -1
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    return reason


def _memory(baseline: int, hidden: Counter) -> float:
    """Bytes that the processes of this job use beyond what each was forked with, and those that nobody need map:
    segments of System V, and files in memory that somebody has open. Infinite when one goes on hiding what it has open.
    """
    used = 0.0
    files: dict[int, int] = {}
    for process in _others():
        used += max(0, worker.anonymous_memory(process) - baseline)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            try:
                held = os.listdir(f"/proc/{process}/fd")
            except PermissionError:  # which it also is for a moment while it ends, and when it has
                hidden[process] += not _is_over(process)
                if hidden[process] > _LOOKS:
                    return float("inf")
                continue
            for name in held:
                with contextlib.suppress(OSError):
                    place = f"/proc/{process}/fd/{name}"
                    if os.readlink(place).startswith("/memfd:"):
                        found = os.stat(place)
                        files[found.st_ino] = found.st_blocks * 512
    with open("/proc/sysvipc/shm", encoding="ascii", errors="replace") as segments:
        next(segments)
        return used + sum(files.values()) + sum(int(line.split()[-2]) for line in segments)


def _is_over(process: str) -> bool:
    """Whether a process has ended and waits to be buried."""
    with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as stat:
        return stat.read().rpartition(")")[2].split()[0] in "ZX"


def _reap() -> None:
    """Bury orphans (they count against the process limit) but leave the worker's own end to `watch`."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if os.getpgid(ended.si_pid) == ended.si_pid:  # a session of its own: the worker, or somebody like it
                return
            os.waitpid(ended.si_pid, 0)


def _others() -> list[str]:
    """The processes of this job besides its supervisor."""
    return [entry for entry in os.listdir("/proc") if entry.isdigit() and entry != "1"]


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(socket.socket(fileno=int(sys.argv[2])))
    else:
        supervise(_warm(), 0, int(sys.argv[2]))
