"""The kernel calls Python has no name for: what makes one process's world its own. Linux only, inside the jail."""

import ctypes
import errno
import os
import struct
import sys
from typing import Any

from autograder.server.jail.protocol import SCRATCH

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT, _MS_BIND = 1, 2, 4, 8, 0x20, 0x1000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38
_CAPABILITY_VERSION_3 = 0x20080522
_INODES = 8192  # of one scratch place: empty files take the kernel's memory and none of theirs
_HUGE_PAGE, _MADV_COLLAPSE = 2 << 20, 25
_KEYCTL_JOIN_SESSION_KEYRING = 1
_SYS_KEYCTL = {"x86_64": 250, "aarch64": 219}
_FORBIDDEN = {
    # An architecture's number and those of what nobody who computes needs: add_key, request_key, keyctl,
    # perf_event_open, bpf, userfaultfd, unshare, setns, ptrace, process_vm_readv, process_vm_writev, io_uring_setup,
    # io_uring_enter, io_uring_register, pidfd_getfd; then clone.
    "x86_64": (0xC000003E, (248, 249, 250, 298, 321, 323, 272, 308, 101, 310, 311, 425, 426, 427, 438), 56),
    "aarch64": (0xC00000B7, (217, 218, 219, 241, 280, 282, 97, 268, 117, 270, 271, 425, 426, 427, 438), 220),
}
_CLONE_3 = 435  # on every architecture
_libc = ctypes.CDLL(None, use_errno=True)


def _call(function: str, *arguments: Any) -> None:
    if getattr(_libc, function)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{function}: {os.strerror(error)}")


def namespaces() -> None:
    """Of everything that processes could meet in: jobs of one warm parent run at the same time.

    An ordinary user gets a user namespace for each job as well, because that is what the kernel counts processes by;
    root gives each job a user of its own instead.
    """
    user, group = os.getuid(), os.getgid()
    _call("unshare", _NEWPID | _NEWNS | _NEWIPC | _NEWNET | (_NEWUSER if user else 0))
    if user:
        for name, line in (("uid_map", f"{user} {user} 1"), ("setgroups", "deny"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(line)


def huge_pages() -> None:
    """Have this process's memory in huge pages: a fork copies one entry for each. Linux 6.1 can, others refuse."""
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        writable = [line.split()[0].split("-") for line in maps if line.split()[1].startswith("rw")]
    for first, last in ((int(first, 16), int(last, 16)) for first, last in writable):
        first, last = -(-first // _HUGE_PAGE) * _HUGE_PAGE, last // _HUGE_PAGE * _HUGE_PAGE
        if first < last:
            _libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), _MADV_COLLAPSE)


def _mount(source: str | None, target: str, flags: int, options: str = "") -> None:
    """Mount a kind of file system ("tmpfs", "proc"), or with _MS_BIND a place that there is."""
    name = source and source.encode()
    _call("mount", name, target.encode(), name, ctypes.c_ulong(flags), options.encode())


def private_mounts() -> None:
    """An empty /tmp, home and /dev/shm, and a /proc that lists this job only: two submissions never meet."""
    _mount(None, "/", _MS_REC | _MS_PRIVATE)
    for place, size in SCRATCH.items():
        kept = {name: os.open(f"{place}/{name}", os.O_PATH) for name in installed_below(place)}
        _mount("tmpfs", place, _MS_NOSUID | _MS_NODEV, f"size={size},nr_inodes={_INODES},mode=1777")
        for name, fd in kept.items():
            folder = f"{place}/{name}"
            os.mkdir(folder)
            _mount(f"/proc/self/fd/{fd}", folder, _MS_BIND | _MS_REC)
            _mount(None, folder, _MS_BIND | _MS_REMOUNT | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
            os.close(fd)
    _mount("proc", "/proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def installed_below(place: str) -> set[str]:
    """The folders of a scratch place that Python or this course lies in, as when somebody tries it out in /tmp."""
    import autograder
    import dgm

    folders = [sys.prefix, sys.base_prefix, os.path.dirname(autograder.__file__), os.path.dirname(dgm.__file__)]
    real = [os.path.realpath(folder) for folder in folders]
    return {folder[len(place) + 1 :].split("/")[0] for folder in real if folder.startswith(place + "/")}


def hide_from_siblings() -> None:
    """Let no process of the same user trace this one: a worker could stop and read its supervisor."""
    _call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def be_seen() -> None:
    """Let the supervisor look at what this process has open: a worker, and what it starts, has nothing to hide."""
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)


def drop_privileges(uid: int) -> None:
    """Become an ordinary user for good: process limits don't bind root."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    header, nothing = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    _call("capset", header, nothing)
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def forget_keys() -> None:
    """Leave the key ring of the login session for an empty one: the kernel hands it on through all namespaces."""
    if number := _SYS_KEYCTL.get(os.uname().machine):
        _libc.syscall(number, _KEYCTL_JOIN_SESSION_KEYRING, None)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]


def forbid_calls() -> None:
    """Refuse, for good, kernel calls that only an attack on the kernel needs: fewer doors to find a hole in.

    A filter of the Berkeley kind over (number, architecture, arguments): seccomp(2). New user namespaces are refused as
    well: ``clone`` with that flag, and ``clone3``, whose flags can't be seen, so that libraries fall back to ``clone``.
    """
    known = _FORBIDDEN.get(os.uname().machine)
    if known is None:
        return
    architecture, calls, clone = known
    load, equal, at_least, any_of, give = 0x20, 0x15, 0x35, 0x45, 0x06
    refuse, missing, allow = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS, 0x7FFF0000
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, refuse), (load, 0, 0, 0)]
    steps += [(at_least, 0, 1, 0x40000000), (give, 0, 0, refuse)]  # the calls of another interface, x32
    for number in calls:
        steps += [(equal, 0, 1, number), (give, 0, 0, refuse)]
    steps += [(equal, 0, 1, _CLONE_3), (give, 0, 0, missing), (equal, 0, 3, clone)]
    steps += [(load, 0, 0, 16), (any_of, 0, 1, _NEWUSER), (give, 0, 0, refuse), (give, 0, 0, allow)]
    packed = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = _Program(len(steps), ctypes.addressof(packed))
    _call("prctl", _PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0)
