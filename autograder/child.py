"""What runs inside the sandbox: the student's cells, then every case of every exercise. It computes; it never judges.

Nothing in this process may be believed by the grader: the student's code shares it and can change any of it. So it
holds nothing worth stealing (inputs, no answers), and all that leaves it is text on one pipe, one JSON object per line:

    {"cell": 0, "error": null | {"type": ..., "message": ...}, "stdout": "..."}      one per cell
    {"exercise": NAME, "case": NAME, "public": true, "outcome": {...}}               one per case and seed
    {"exercise": NAME, "missing": true}   or   {"exercise": NAME, "died": "..."}     instead of outcomes
    {"done": true}

Three layers of processes, so that one failure costs no more than it must:

    warm parent   imports torch once and forks; never runs a student's line        (`serve`)
    supervisor    first process of the submission's own namespaces, keeps the time (`supervise`)
    worker        runs the cells, then forks one process for each exercise         (`work`)

When a step kills the worker, hangs or eats the memory, the supervisor kills everything, writes the step off and starts
a new worker for the rest.
"""

import contextlib
import ctypes
import gc
import importlib
import io
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
from collections.abc import Iterator
from typing import Any

HOME = "/home/student"
SCRATCH = {"/tmp": "64m", "/dev/shm": "64m", HOME: "16m"}  # the only places a submission can write to
STDOUT_KEPT = 10_000  # characters of a cell's printed text that can appear in the feedback
HOARDER = 75  # exit status of a worker whose cell keeps so much memory that nothing could run after it
ENDED = b"."  # on the leash, when a job and all its processes are gone
TICK = 0.05  # seconds between two looks at a running step


# --- the warm parent --------------------------------------------------------------------------------------------


def warm() -> Any:
    """Pay the fixed cost (torch, plotting, the library, an IPython shell) before the first fork; return the shell."""
    import matplotlib.pyplot  # noqa: F401
    import torch
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    import autograder
    import autograder.collect  # noqa: F401
    import dgm
    from autograder.exercise import exercises, sections

    torch.set_num_threads(1)
    weight = torch.nn.Parameter(torch.zeros(1))
    for optimizer in (torch.optim.SGD([weight]), torch.optim.Adam([weight])):
        (weight * 1).sum().backward()
        optimizer.step()  # the first step imports half of PyTorch
    for module in pkgutil.iter_modules(dgm.__path__, "dgm."):
        importlib.import_module(module.name)
    for section in sections():
        exercises(section)
    autograder.check = lambda *_, **__: None  # here the grader checks: a scratch cell that calls it does nothing
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.showtraceback = lambda *_, **__: None  # the error travels as data
    vars(shell)["_tee"] = lambda **_: contextlib.nullcontext()  # IPython would keep all that is printed, however much
    gc.collect()
    gc.freeze()  # a collection in a fork would touch, and so copy, every page
    huge_pages()
    return shell


def serve(connection: socket.socket) -> None:
    """Fork a sandboxed supervisor for each job that arrives on the connection, until the grader closes it."""
    shell = warm()
    connection.send(b"ready")
    while (received := socket.recv_fds(connection, 64, 3))[0]:
        message, (job, results, leash), *_ = received
        if os.fork() == 0:
            connection.close()
            keep(shell, job, results, leash, uid=int(message))
        for fd in (job, results, leash):
            os.close(fd)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass


def keep(shell: Any, job: int, results: int, leash: int, uid: int) -> None:
    """Give one job its own namespaces and end them all at once when it is done or the grader lets go of the leash."""
    namespaces()
    first = os.fork()
    if first == 0:
        os.close(leash)
        private_mounts()
        drop_privileges(uid)
        supervise(shell, job, results)
        os._exit(0)
    os.close(job)
    os.close(results)
    select.select([os.pidfd_open(first), leash], [], [])
    os.kill(first, signal.SIGKILL)  # the first process of a PID namespace takes all others with it
    os.waitpid(first, 0)
    os.write(leash, ENDED)  # only this process could: without it the grader knows that the job was cut off
    os._exit(0)


# --- the kernel calls Python has no name for ----------------------------------------------------------------------

NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 0x20, 0x1000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
CAPABILITY_VERSION_3 = 0x20080522
HUGE_PAGE, MADV_COLLAPSE = 2 << 20, 25
KEYCTL_JOIN_SESSION_KEYRING = 1
SYS_KEYCTL = {"x86_64": 250, "aarch64": 219}
libc = ctypes.CDLL(None, use_errno=True)


def call(function: str, *arguments: Any) -> None:
    if getattr(libc, function)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{function}: {os.strerror(error)}")


def namespaces() -> None:
    """Of everything that processes could meet in: jobs of one warm parent run at the same time.

    An ordinary user gets a user namespace for each job as well, because that is what the kernel counts processes by;
    root gives each job a user of its own instead.
    """
    user, group = os.getuid(), os.getgid()
    call("unshare", NEWPID | NEWNS | NEWIPC | NEWNET | (NEWUSER if user else 0))
    if user:
        for name, line in (("uid_map", f"{user} {user} 1"), ("setgroups", "deny"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(line)


def huge_pages() -> None:
    """Have this process's memory in huge pages: a fork copies one entry for each. Linux 6.1 can, others refuse."""
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        writable = [line.split()[0].split("-") for line in maps if line.split()[1].startswith("rw")]
    for first, last in ((int(first, 16), int(last, 16)) for first, last in writable):
        first, last = -(-first // HUGE_PAGE) * HUGE_PAGE, last // HUGE_PAGE * HUGE_PAGE
        if first < last:
            libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), MADV_COLLAPSE)


def mount(source: str | None, target: str, flags: int, options: str = "") -> None:
    """Mount a kind of file system ("tmpfs", "proc"), or with MS_BIND a place that there is."""
    name = source and source.encode()
    call("mount", name, target.encode(), name, ctypes.c_ulong(flags), options.encode())


def private_mounts() -> None:
    """An empty /tmp, home and /dev/shm, and a /proc that lists this job only: two submissions never meet."""
    mount(None, "/", MS_REC | MS_PRIVATE)
    for place, size in SCRATCH.items():
        kept = {name: os.open(f"{place}/{name}", os.O_PATH) for name in installed_below(place)}
        mount("tmpfs", place, MS_NOSUID | MS_NODEV, f"size={size},mode=1777")
        for name, fd in kept.items():
            folder = f"{place}/{name}"
            os.mkdir(folder)
            mount(f"/proc/self/fd/{fd}", folder, MS_BIND | MS_REC)
            mount(None, folder, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
            os.close(fd)
    mount("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def installed_below(place: str) -> set[str]:
    """The folders of a scratch place that Python or this course lies in, as when somebody tries it out in /tmp."""
    import dgm

    folders = [sys.prefix, sys.base_prefix, os.path.dirname(__file__), os.path.dirname(dgm.__file__)]
    real = [os.path.realpath(folder) for folder in folders]
    return {folder[len(place) + 1 :].split("/")[0] for folder in real if folder.startswith(place + "/")}


def drop_privileges(uid: int) -> None:
    """Become an ordinary user for good: process limits don't bind root."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    header, nothing = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    call("capset", header, nothing)
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def forget_keys() -> None:
    """Leave the key ring of the login session for an empty one: the kernel hands it on through all namespaces."""
    if number := SYS_KEYCTL.get(os.uname().machine):
        libc.syscall(number, KEYCTL_JOIN_SESSION_KEYRING, None)


# --- the supervisor -----------------------------------------------------------------------------------------------


def supervise(shell: Any, job_fd: int, results: int) -> None:
    """Run one job to its end whatever its code does. Steps are the cells, then the exercises."""
    with os.fdopen(job_fd, encoding="utf-8") as stream:
        job = json.load(stream)
    limits = job["limits"]
    call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)  # a worker, which has the same user, could stop and read its supervisor
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.dup2(results, 3)
    os.closerange(4, 1 << 16)
    os.chdir(HOME if os.access(HOME, os.W_OK) else "/tmp")
    forget_keys()
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
        worker = os.fork()
        if worker == 0:
            try:
                os.setsid()
                os.nice(5)  # the supervisor comes first, however many there are of the others
                work(shell, job, steps, dead, done, current)
            finally:
                os._exit(70)
        reason = watch(worker, current, limits)
        at = min(int.from_bytes(current[:], "little"), len(steps))
        done.update(step for step in steps[:at] if step not in dead)
        if at == len(steps):
            break
        kind, name = steps[at]
        dead.add(steps[at])
        if kind == "cell":
            send({"cell": name, "error": {"type": "Died", "message": reason}, "stdout": ""})
        else:
            send({"exercise": name, "died": reason})
    send({"done": True})


def watch(worker: int, current: mmap.mmap, limits: dict) -> str:
    """Wait for the worker to end or to break a limit; say how it went. Nothing of it is left alive afterwards."""
    pidfd, baseline = os.pidfd_open(worker), anonymous_memory("self")
    step, since, reason = -1, 0.0, ""
    while not reason:
        at = int.from_bytes(current[:], "little")
        if at != step:
            step, since = at, time.monotonic()
        if select.select([pidfd], [], [], TICK)[0]:
            reason = describe(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]))
        elif time.monotonic() - since > limits["step_seconds"]:
            reason = f"it ran longer than {limits['step_seconds']} s"
        elif len(others()) > limits["processes"] * 3 // 4:  # the kernel's own limit would let a bomb burn on below it
            reason = "it started too many processes"
        elif sum(max(0, anonymous_memory(process) - baseline) for process in others()) > limits["memory"]:
            reason = f"it used more than {limits['memory'] / 2**30:.1f} GiB of memory"  # small ones add up, too
        else:
            reap()
    os.close(pidfd)
    with contextlib.suppress(ProcessLookupError):
        # The first process of a namespace may address all others by -1; outside a sandbox that would be everything.
        os.kill(-1, signal.SIGKILL) if os.getpid() == 1 else os.killpg(worker, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    return reason


def reap() -> None:
    """Bury orphans (they count against the process limit) but leave the worker's own end to `watch`."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if os.getpgid(ended.si_pid) == ended.si_pid:  # a session of its own: the worker, or somebody like it
                return
            os.waitpid(ended.si_pid, 0)


def describe(status: int) -> str:
    if status == HOARDER:
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


def others() -> list[str]:
    """The processes of this job besides its supervisor; unknown without a namespace of its own."""
    return [entry for entry in os.listdir("/proc") if entry.isdigit() and entry != "1"] if os.getpid() == 1 else []


# --- the worker ---------------------------------------------------------------------------------------------------


def work(shell: Any, job: dict, steps: list, dead: set, done: set, current: mmap.mmap) -> None:
    """Run what is left of the job in this process and its children, telling the supervisor where it is."""
    me, baseline = os.getpid(), anonymous_memory("self")
    for at, step in enumerate(steps):
        current[:] = at.to_bytes(4, "little")
        kind, name = step
        if step in dead or (kind == "exercise" and step in done):
            continue
        if kind == "cell":
            event = run_cell(shell, job["cells"][name])
            if os.getpid() != me:  # a fork that the cell made and that came back from it
                os._exit(0)
            end_others()
            if anonymous_memory("self") - baseline > job["limits"]["memory"] // 2:
                os._exit(HOARDER)
            if step not in done:
                send({"cell": name, **event})
            continue
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException), printed(0):
                collect_exercise(shell, job, name)
                os._exit(0)
            os._exit(70)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        end_others()
        if status:
            send({"exercise": name, "died": describe(status)})
    current[:] = len(steps).to_bytes(4, "little")
    os._exit(0)


def end_others() -> None:
    """End whatever a cell or an exercise has left running: daemons, a fork bomb. Only where -1 means this job."""
    while os.getppid() == 1 and len([entry for entry in os.listdir("/proc") if entry.isdigit()]) > 2:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # spares the first process of the namespace, and this one
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        time.sleep(0.001)


def run_cell(shell: Any, source: str) -> dict:
    with printed(STDOUT_KEPT) as text:
        result = type(shell).run_cell(shell, source, store_history=False)
    error = result.error_before_exec or result.error_in_exec
    return {"error": error and as_data(error), "stdout": text.getvalue()}


def as_data(error: BaseException) -> dict:
    try:
        message = str(error)
    except BaseException:  # a student's exception may not even print
        message = ""
    return {"type": type(error).__name__[:100], "message": message[:2000]}


def collect_exercise(shell: Any, job: dict, name: str) -> None:
    """Every case on both seeds. `collect` turns the errors of the student's function into outcomes."""
    from autograder.collect import collect
    from autograder.exercise import exercises

    exercise = exercises(job["section"])[name]
    function = shell.user_ns.get(name)
    if function is None:
        return send({"exercise": name, "missing": True})
    for kind, seed in job["seeds"].items():
        for case in exercise.cases:
            try:
                outcome = collect(exercise, case, function, seed)
            except BaseException as error:
                outcome = {"error": as_data(error)}
            send({"exercise": name, "case": case.name, "public": kind == "public", "outcome": outcome})


class Sink(io.StringIO):
    """A text stream that keeps its beginning and forgets the rest: printing 100 MB is silly, not wrong."""

    def __init__(self, kept: int):
        super().__init__()
        self.room = kept

    def write(self, text: str) -> int:
        kept = text[: self.room]
        self.room -= super().write(kept)
        return len(text)


@contextlib.contextmanager
def printed(kept: int) -> Iterator[Sink]:
    text = Sink(kept)
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(Sink(0)):
        yield text


def send(event: dict, write=os.write, dumps=json.dumps) -> None:
    """One line on the pipe. It starts a new one first, in case somebody died in the middle of theirs."""
    data = f"\n{dumps(event)}\n".encode("utf-8", "replace")
    while data:
        data = data[write(3, data) :]


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(socket.socket(fileno=int(sys.argv[2])))
    else:
        supervise(warm(), 0, int(sys.argv[2]))
