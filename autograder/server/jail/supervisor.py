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
from typing import Any

import torch

import dgm
from autograder import exercise
from autograder.server.jail import kernel, worker
from autograder.server.jail.protocol import ENDED, HOME

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
    os.dup2(results, 3)
    os.closerange(4, 1 << 16)
    os.chdir(HOME if os.access(HOME, os.W_OK) else "/tmp")
    kernel.forget_keys()
    for limit, value in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["wall_seconds"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_FSIZE, limits["file_size"]),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))

    steps = [("cell", i) for i in range(len(job["cells"]))] + [("exercise", name) for name in job["exercises"]]
    current = mmap.mmap(-1, 4)  # shared with the worker: the step it is at
    dead: set[tuple[str, Any]] = set()
    done: set[tuple[str, Any]] = set()
    while any(step not in dead | done for step in steps):
        current[:] = (0).to_bytes(4, "little")
        child = os.fork()
        if child == 0:
            try:
                os.setsid()
                os.nice(5)  # the supervisor comes first, however many there are of the others
                worker.work(shell, job, steps, dead, done, current)
            finally:
                os._exit(70)
        reason = _watch(child, current, limits)
        at = min(int.from_bytes(current[:], "little"), len(steps))
        done.update(step for step in steps[:at] if step not in dead)
        if at == len(steps):
            break
        kind, name = steps[at]
        dead.add(steps[at])
        if kind == "cell":
            worker.send({"cell": name, "error": {"type": "Died", "message": reason}, "stdout": ""})
        else:
            worker.send({"exercise": name, "died": reason})
    worker.send({"done": True})


def _watch(child: int, current: mmap.mmap, limits: dict) -> str:
    """Wait for the worker to end or to break a limit; say how it went. Nothing of it is left alive afterwards."""
    pidfd, baseline = os.pidfd_open(child), worker.anonymous_memory("self")
    step, since, reason = -1, 0.0, ""
    while not reason:
        at = int.from_bytes(current[:], "little")
        if at != step:
            step, since = at, time.monotonic()
        if select.select([pidfd], [], [], _TICK)[0]:
            reason = worker.ended(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        elif time.monotonic() - since > limits["step_seconds"]:
            reason = f"it ran longer than {limits['step_seconds']} s"
        elif len(_others()) > limits["processes"] * 3 // 4:  # the kernel's own limit would let a bomb burn on below it
            reason = "it started too many processes"
        elif sum(max(0, worker.anonymous_memory(process) - baseline) for process in _others()) > limits["memory"]:
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
