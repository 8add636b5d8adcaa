"""The jail: bubblewrap around a Python that imports torch once and forks a fresh set of namespaces per submission.

Seen from inside: a read-only system, Python and its packages, `dgm` and the few files of this package that compute; an
empty home; no network; no lesson, solution, reference, gradebook or other submission. The private seed's answers never
enter it. What comes back is bytes, capped in number and time, parsed by `events`.

Started by root, each job runs under a high user number of its own (limits on processes don't bind root); started by an
ordinary user, in a user namespace of its own. Where forking inside the jail is refused, each gets a jail of its own.
"""

import atexit
import contextlib
import json
import os
import secrets
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import dgm
from autograder.child import ENDED, HOME, SCRATCH
from autograder.course import PACKAGE

VISIBLE = ("__init__.py", "exercise.py", "exercises", "collect.py", "child.py")  # of this package; nothing that judges
FIRST_USER, USERS = 1_000_000, 1 << 30  # above every ordinary account
ATTEMPTS = 3  # of a job whose warm parent was killed
SETTINGS = {"MPLBACKEND": "Agg", "DGM_GRADING": "1"}  # draw into memory, and no progress bars
START_SECONDS = 120  # importing torch on a busy machine
MAX_LINE, MAX_BYTES, MAX_EVENTS = 8 << 20, 64 << 20, 20_000  # of what one submission may send back

INSTALL = (
    "bubblewrap is not installed, and submissions are not run without a sandbox. "
    "Install it (Debian, Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap), "
    "or add --unsafe if every submission is your own."
)


class SandboxError(Exception):
    """The jail can't be built or doesn't hold; the message is a sentence for the instructor."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use. A step is one cell or all cases of one exercise."""

    step_seconds: int = 20
    wall_seconds: int = 120
    memory: int = 4 << 30  # address space of one process, and memory of all together, in bytes
    processes: int = 64
    file_size: int = 16 << 20


LIMITS = Limits()


def command(descriptor: int, mode: str) -> list[str]:
    """The argument list that starts `child.py` in a jail: mode "serve" stays and forks, mode "once" runs one job."""
    child = [sys.executable, "-I", "-B", "-m", "autograder.child", mode, str(descriptor)]
    if shutil.which("bwrap") is None:
        raise SandboxError(INSTALL)
    root = os.getuid() == 0
    jail = ["bwrap", "--die-with-parent", "--new-session", "--hostname", "sandbox", "--clearenv"]
    jail += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    jail += ["--cap-drop", "ALL"] + ([] if root else ["--unshare-user"])
    if mode == "serve":  # the trusted warm parent needs these to give each fork its own namespaces
        for capability in ("SYS_ADMIN", *(("SETUID", "SETGID", "KILL") if root else ())):
            jail += ["--cap-add", f"CAP_{capability}"]
    else:
        jail += ["--as-pid-1"]
        if root:
            user = str(some_user())
            drop = ["--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs"]
            child = ["setpriv", *drop, *child]
            jail += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    for name, value in environment().items():
        jail += ["--setenv", name, value]
    jail += ["--proc", "/proc", "--dev", "/dev"]
    for place, size in SCRATCH.items():
        jail += ["--perms", "1777", "--size", str(int(size[:-1]) << 20), "--tmpfs", place]
    for path in readable():
        for folder in reversed(Path(path).parents[:-1]):  # bubblewrap would make them for their owner only
            jail += ["--perms", "0755", "--dir", str(folder)]
        jail += ["--ro-bind", path, path]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):  # links into /usr on a merged system, folders elsewhere
        link = Path("/", name)
        if link.is_symlink():
            jail += ["--symlink", os.readlink(link), str(link)]
        elif link.is_dir():
            jail += ["--ro-bind", str(link), str(link)]
    jail += ["--tmpfs", str(PACKAGE)]
    for name in VISIBLE:
        jail += ["--ro-bind", str(PACKAGE / name), str(PACKAGE / name)]
    # Nothing that a submission could write to may outlive it: these folders are shared by all jobs of a warm parent.
    jail += ["--remount-ro", str(PACKAGE), "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]
    return [*jail, "--", *child]


def some_user() -> int:
    """Root gives each job a user of its own: the kernel counts processes and keeps key rings by user."""
    return FIRST_USER + secrets.randbelow(USERS)


def readable() -> list[str]:
    """The system and Python, and nothing else; a package under development is mounted from where it lies."""
    optional = ["/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime", "/sys/devices/system/cpu"]
    python = {str(Path(prefix).resolve()) for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    library = str(Path(dgm.__file__).parent)
    wanted = ["/usr", *sorted(python), *(path for path in optional if os.path.exists(path)), library]
    return [path for path in wanted if path == "/usr" or not path.startswith("/usr/")]


def environment() -> dict[str, str]:
    """All there is: none of the grader's own variables, which may hold tokens."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    places = {"HOME": HOME, "IPYTHONDIR": f"{HOME}/.ipython", "MPLCONFIGDIR": f"{HOME}/.matplotlib"}
    return {"PATH": path, "LANG": "C.UTF-8", "USER": "student", **SETTINGS, **places, **threads}


class Jail:
    """Runs jobs, each in a sandbox of its own. Use as a context manager.

    Arguments:
        limits: What each job may use.
        warm: Keep one jailed parent that has torch imported and forks each job; otherwise start Python for each.
        unsafe: No sandbox at all, for one's own code on a machine without bubblewrap.
        connection: To the warm parent of another jail, to share it; when that one ends, a new one is started here.
    """

    def __init__(
        self, limits: Limits = LIMITS, warm: bool = True, unsafe: bool = False, connection: socket.socket | None = None
    ):
        self.limits, self.warm, self.unsafe = limits, warm and not unsafe, unsafe
        self.connection = connection
        self.server: subprocess.Popen | None = None

    def __reduce__(self) -> tuple:
        """What another process of this machine gets when a jail is sent to it as it starts."""
        return Jail, (self.limits, self.warm, self.unsafe, self.connection)

    def __enter__(self) -> "Jail":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        if self.connection:
            self.connection.close()
        if self.server:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.wait(1)  # it ends by itself when nobody holds the other end of its connection
            self.server.kill()
            self.server.wait()
        self.server = self.connection = None

    def start(self) -> None:
        """Start the warm parent and wait until it has imported everything."""
        # The jail inherits one end of an unnamed pair: there is no path a submission could connect to.
        self.connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, tempfile.TemporaryFile() as errors:
            self.server = subprocess.Popen(
                command(theirs.fileno(), "serve"),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is for the grader
            )
            theirs.close()
            self.connection.settimeout(START_SECONDS)
            try:
                ready = self.connection.recv(16) == b"ready"
            except TimeoutError:
                ready = False
            self.connection.settimeout(None)
            if not ready:
                errors.seek(0)
                last = errors.read().decode("utf-8", "replace").strip().splitlines()[-1:] or ["no message"]
                self.close()
                raise SandboxError(f"The sandbox does not start: {last[0]}")

    def run(self, job: dict[str, Any]) -> list[dict[str, Any]]:
        """Everything a job reports, as unverified data. Always returns, within the job's wall time."""
        content = json.dumps({**job, "limits": asdict(self.limits)}).encode()
        for _ in range(ATTEMPTS):
            reading, writing = os.pipe()
            with (
                open(os.memfd_create("job"), "wb+") as payload,
                open(reading, "rb") as results,
                open(writing, "wb") as theirs,
            ):
                payload.write(content)
                payload.seek(0)
                report = (self._fork if self.warm else self._start)(payload, results, theirs)
            if report is not None:
                return report
        raise SandboxError(f"The sandbox was killed {ATTEMPTS} times in the middle of a job.")

    def _fork(self, payload: IO, results: IO, theirs: IO) -> list[dict[str, Any]] | None:
        """One job in a fork of the warm parent; None when that parent was gone, or killed in the middle of it."""
        if self.connection is None:
            self.start()
        assert self.connection
        leash, end = socket.socketpair()
        with leash:
            with end, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                descriptors = [payload.fileno(), theirs.fileno(), end.fileno()]
                socket.send_fds(self.connection, [str(some_user()).encode()], descriptors)
            theirs.close()
            try:
                report = list(events(results.fileno(), self.limits.wall_seconds))
            finally:
                leash.shutdown(socket.SHUT_WR)
                ended = leash.recv(1)  # comes when every process of the job is gone
        if ended == ENDED:
            return report
        self.close()
        return None

    def _start(self, payload: IO, results: IO, theirs: IO) -> list[dict[str, Any]]:
        """One interpreter for one job, in a jail or, when asked to, without."""
        argv = command(theirs.fileno(), "once")
        if self.unsafe:
            argv = [sys.executable, "-B", "-m", "autograder.child", "once", str(theirs.fileno())]
        process = subprocess.Popen(
            argv,
            stdin=payload,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            env={**os.environ, **SETTINGS} if self.unsafe else None,
        )
        theirs.close()
        with process:
            try:
                return list(events(results.fileno(), self.limits.wall_seconds))
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, 9)


def events(descriptor: int, seconds: float) -> Iterator[dict[str, Any]]:
    """JSON objects from a hostile pipe, until it ends, says it is done, sends too much or takes too long.

    Lines that are no JSON object are dropped: forging or garbling them can only lose their author marks.
    """
    deadline, total, count, buffer = time.monotonic() + seconds, 0, 0, b""
    while (left := deadline - time.monotonic()) > 0 and select.select([descriptor], [], [], left)[0]:
        chunk = os.read(descriptor, 1 << 16)
        total += len(chunk)
        *lines, buffer = (buffer + chunk).split(b"\n")
        count += sum(map(bool, lines))
        for line in lines:
            with contextlib.suppress(ValueError, RecursionError):
                event = json.loads(line) if line else None
                if isinstance(event, dict):
                    yield event
                    if event.get("done") is True:
                        return
        if not chunk or total > MAX_BYTES or count > MAX_EVENTS or len(buffer) > MAX_LINE:
            return


# --- does it hold? --------------------------------------------------------------------------------------------------

PROBE = """
import json, os, resource, socket, sys
found = {"user": os.getuid(), "network": [name for _, name in socket.if_nameindex() if name != "lo"]}
found["visible"] = [path for path in PATHS if os.path.exists(path)]
found["capabilities"] = [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")][0]
def writable(path):
    try:
        os.close(os.open(path + "/probe", os.O_CREAT | os.O_WRONLY))
        return True
    except OSError:
        return False
found["writable"] = [path for path in ("/", "/dev", "/usr", sys.prefix, PACKAGE) if writable(path)]
children = []
resource.setrlimit(resource.RLIMIT_NPROC, (20, 20))  # for root a limit like this one does nothing
try:
    while len(children) < 40:
        pid = os.fork()
        if pid == 0:
            os.read(os.pipe()[0], 1)
            os._exit(0)
        children.append(pid)
except OSError:
    pass
found["processes"] = len(children)
for pid in children:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
try:
    bytearray(MEMORY)
    found["memory"] = True
except MemoryError:
    found["memory"] = False
print(json.dumps(found))
"""


def self_test(jail: Jail) -> None:
    """Try to break out of an empty job; refuse to grade when something gives."""
    if jail.unsafe:
        return
    course = PACKAGE.parent
    secret = [PACKAGE / "references", PACKAGE / "judge.py", course / "solutions", course / "book", Path.cwd() / ".git"]
    names = {"PATHS": list(map(str, secret)), "PACKAGE": str(PACKAGE), "MEMORY": jail.limits.memory + (1 << 30)}
    source = "\n".join(f"{name} = {value!r}" for name, value in names.items()) + PROBE
    job = {"section": "", "cells": [source], "exercises": [], "seeds": {}}
    reply = next((event for event in jail.run(job) if event.get("cell") == 0), {})
    try:
        found = json.loads(reply.get("stdout", ""))
    except ValueError:
        raise SandboxError(f"The sandbox does not run Python: {reply.get('error') or 'no answer'}") from None
    holes = {
        "runs as root": found["user"] == 0,
        "has capabilities": int(found["capabilities"], 16) != 0,
        "reaches the network": bool(found["network"]),
        f"shows {', '.join(found['visible'])}": bool(found["visible"]),
        f"lets {', '.join(found['writable'])} be written to": bool(found["writable"]),
        "does not limit the number of processes": found["processes"] > 20,
        "does not limit memory": found["memory"],
    }
    if open_ := [hole for hole, is_open in holes.items() if is_open]:
        raise SandboxError(f"The sandbox is open, so nothing was graded: it {'; it '.join(open_)}.")


_jails = threading.local()


def jail(limits: Limits = LIMITS, unsafe: bool = False) -> Jail:
    """This thread's jail, started and tested on first use: the fixed cost is paid once per worker at most."""
    mine = getattr(_jails, "jail", None)
    if mine is None or (mine.limits, mine.unsafe) != (limits, unsafe):
        adopt(open_jail(limits, unsafe))
    return _jails.jail


def adopt(tested: Jail) -> None:
    """Use this one in this thread from now on."""
    _jails.jail = tested
    atexit.register(tested.close)


def open_jail(limits: Limits = LIMITS, unsafe: bool = False) -> Jail:
    """A tested jail. Warm where the kernel lets a jail fork jails; one interpreter per submission elsewhere."""
    warm = Jail(limits, warm=True, unsafe=unsafe)
    try:
        self_test(warm)
        return warm
    except SandboxError:
        warm.close()
        if shutil.which("bwrap") is None:
            raise
    cold = Jail(limits, warm=False)
    self_test(cold)
    return cold
