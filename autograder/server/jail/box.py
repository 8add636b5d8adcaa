"""A jail from outside: bubblewrap around a Python that imports torch once and forks namespaces for each submission.

Seen from inside: a read-only system, Python and its packages, `dgm` and those files of this package that compute (what
importing the supervisor needs, by `course.needed`, and the exercises); an empty home; no network; no lesson, solution,
reference, gradebook or other submission. The private seed's answers never enter it. What comes back is bytes, capped in
number and time, parsed by `_events`.

Started by root, each job runs under a high user number of its own (limits on processes don't bind root); started by an
ordinary user, in a user namespace of its own. Where forking inside the jail is refused, each gets a jail of its own.
`NoJail` is for one's own code on a machine without bubblewrap.
"""

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
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import dgm
from autograder.server.course import PACKAGE, needed
from autograder.server.errors import JailError
from autograder.server.jail.protocol import ENDED, HOME, SCRATCH

_OURS = (PACKAGE.parent, Path(dgm.__file__).parents[1])  # where a Python that is started anew finds this same code
_SUPERVISOR, _WORKER = "autograder.server.jail.supervisor", "autograder.server.jail.worker"
_FIRST_USER, _USERS = 1_000_000, 1 << 30  # above every ordinary account
_ATTEMPTS = 3  # of a job whose warm parent was killed
_SETTINGS = {  # draw into memory, no progress bars, and no compiler for a function of a few lines
    **{"MPLBACKEND": "Agg", "DGM_GRADING": "1", "TORCHDYNAMO_DISABLE": "1"},
}
_START_SECONDS = 120  # importing torch on a busy machine
# Of what one submission may send back. A solution sends less than half a megabyte; read, hostile JSON takes 25 times as
# much memory as it has bytes.
_MAX_LINE, _MAX_BYTES, _MAX_EVENTS = 4 << 20, 16 << 20, 20_000

_INSTALL = (
    "bubblewrap is not installed, and submissions are not run without a sandbox. "
    "Install it (Debian, Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap), "
    "or add --unsafe if every submission is your own."
)


@dataclass(frozen=True)
class Limits:
    """What one submission may use. A step is one cell or all cases of one exercise."""

    step_seconds: int = 20
    cells_seconds: int = 60  # the student's own cells together, the first time that they run
    wall_seconds: int = 300
    memory: int = 4 << 30  # address space of one process, and memory of all together, in bytes
    processes: int = 64
    file_size: int = 16 << 20


LIMITS = Limits()
"""The usual ones."""


def require_bubblewrap() -> None:
    """Say what to install before anything is begun that needs it.

    Raises:
        JailError: when there is no bubblewrap.
    """
    if shutil.which("bwrap") is None:
        raise JailError(_INSTALL)


def _command(descriptor: int, mode: str) -> list[str]:
    """What starts the supervisor in a jail: mode "serve" stays and forks, mode "once" runs one job."""
    child = [sys.executable, "-I", "-B", "-m", _SUPERVISOR, mode, str(descriptor)]
    require_bubblewrap()
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
            child = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs", *child]
            jail += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    for name, value in environment().items():
        jail += ["--setenv", name, value]
    jail += ["--proc", "/proc", "--dev", "/dev"]
    for place, size in SCRATCH.items():
        jail += ["--perms", "1777", "--size", str(int(size[:-1]) << 20), "--tmpfs", place]
    for path in _readable():
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
    for folder in sorted({folder for path in visible() for folder in path.parents if PACKAGE in folder.parents}):
        jail += ["--perms", "0755", "--dir", str(folder)]
    for path in visible():
        jail += ["--ro-bind", str(path), str(path)]
    # Nothing that a submission could write to may outlive it: these folders are shared by all jobs of a warm parent.
    jail += ["--remount-ro", str(PACKAGE), "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]
    return [*jail, "--", *child]


def visible() -> list[Path]:
    """What the jail shows of this package: nothing that judges."""
    return [*needed(PACKAGE.parent, _SUPERVISOR), PACKAGE / "exercises"]


def some_user() -> int:
    """Root gives each job a user of its own: the kernel counts processes and keeps key rings by user."""
    return _FIRST_USER + secrets.randbelow(_USERS)


def _readable() -> list[str]:
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
    return {"PATH": path, "LANG": "C.UTF-8", "USER": "student", **_SETTINGS, **places, **threads}


class Jail:
    """Runs jobs, each in a sandbox of its own. Use as a context manager.

    Arguments:
        limits: What each job may use.
        warm: Keep one jailed parent that has torch imported and forks each job; otherwise start Python for each.
        connection: To the warm parent of another jail, to share it; when that one ends, a new one is started here.
    """

    def __init__(self, limits: Limits = LIMITS, warm: bool = True, connection: socket.socket | None = None):
        self.limits, self.warm, self.connection = limits, warm, connection
        self.server: subprocess.Popen | None = None

    def __reduce__(self) -> tuple:
        """What another process of this machine gets when a jail is sent to it as it starts."""
        return Jail, (self.limits, self.warm, self.connection)

    def __enter__(self) -> "Jail":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """End the warm parent, if this jail has started one."""
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
                _command(theirs.fileno(), "serve"),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is for the grader
            )
            theirs.close()
            self.connection.settimeout(_START_SECONDS)
            try:
                ready = self.connection.recv(16) == b"ready"
            except TimeoutError:
                ready = False
            self.connection.settimeout(None)
            if not ready:
                last = _last_words(errors)
                self.close()
                raise JailError(f"The sandbox does not start: {last}")

    def run(self, job: dict[str, Any]) -> list[dict[str, Any]]:
        """Everything a job reports, as unverified data. Always returns, within the job's wall time."""
        content = json.dumps({"limits": asdict(self.limits), **job}).encode()
        for _ in range(_ATTEMPTS):
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
        raise JailError(f"The sandbox was killed {_ATTEMPTS} times in the middle of a job.")

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
                report = list(_events(_chunks(results.fileno(), self.limits.wall_seconds)))
            finally:
                leash.shutdown(socket.SHUT_WR)
                ended = leash.recv(1)  # comes when every process of the job is gone
        if ended == ENDED:
            return report
        self.close()
        return None

    def _start(self, payload: IO, results: IO, theirs: IO) -> list[dict[str, Any]]:
        """One interpreter for one job, in a jail of its own."""
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                _command(theirs.fileno(), "once"),
                stdin=payload,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
            theirs.close()
            with process:
                try:
                    report = list(_events(_chunks(results.fileno(), self.limits.wall_seconds)))
                finally:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, 9)
            return report or [{"cell": 0, "error": {"type": "Died", "message": _last_words(errors)}}]


class NoJail:
    """Runs jobs as ordinary processes with every right of whoever starts them. For one's own code only.

    Needs nothing of Linux: no bubblewrap, no namespaces, no fork.
    """

    def __init__(self, limits: Limits = LIMITS):
        self.limits = limits

    def __enter__(self) -> "NoJail":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Nothing stays open."""

    def run(self, job: dict[str, Any]) -> list[dict[str, Any]]:
        """Everything a job reports. A step that ends the process, or the job's time, costs it the steps that follow."""
        argv = [*self._prefix(), sys.executable, "-B", "-m", _WORKER]
        options = self._options()
        options["env"] = {**options["env"], **_SETTINGS, "PYTHONPATH": os.pathsep.join(map(str, _OURS))}
        with tempfile.TemporaryFile() as payload:
            payload.write(json.dumps({"limits": asdict(self.limits), **job}).encode())
            payload.seek(0)
            process = subprocess.Popen(
                argv,
                stdin=payload,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                **options,
            )
        assert process.stdout
        clock = threading.Timer(self.limits.wall_seconds, process.kill)
        clock.start()
        with process:
            report = list(_events(iter(lambda: process.stdout.read1(1 << 16), b"")))  # type: ignore[union-attr]
            process.kill()
        clock.cancel()
        answered = {event.get("exercise") for event in report}
        unanswered = [name for name in job["exercises"] if name not in answered]
        return report + [{"exercise": name, "died": "its process ended before"} for name in unanswered]

    def _prefix(self) -> list[str]:
        """A program that starts the worker."""
        return []

    def _options(self) -> dict[str, Any]:
        """How its process is started: the variables, and where."""
        return {"env": dict(os.environ)}


def _last_words(errors: IO) -> str:
    """The last line that a process which did not start has written."""
    errors.seek(0)
    return (errors.read().decode("utf-8", "replace").strip().splitlines() or ["no message"])[-1]


def _chunks(descriptor: int, seconds: float) -> Iterator[bytes]:
    """What arrives on a descriptor until it ends or the time is over."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0 and select.select([descriptor], [], [], left)[0]:
        if not (chunk := os.read(descriptor, 1 << 16)):
            return
        yield chunk


def _events(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """JSON objects from a hostile pipe, until it ends, says it is done or sends too much.

    Lines that are no JSON object are dropped: forging or garbling them can only lose their author marks.
    """
    total, count, buffer = 0, 0, b""
    for chunk in chunks:
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
        if total > _MAX_BYTES or count > _MAX_EVENTS or len(buffer) > _MAX_LINE:
            return
