"""The kernel calls Python has no name for: what makes one process's world its own. Linux only, inside the jail."""

import ctypes
import os
import sys
from typing import Any

from autograder.server.jail.protocol import SCRATCH

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT, _MS_BIND = 1, 2, 4, 8, 0x20, 0x1000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_CAPABILITY_VERSION_3 = 0x20080522
_HUGE_PAGE, _MADV_COLLAPSE = 2 << 20, 25
_KEYCTL_JOIN_SESSION_KEYRING = 1
_SYS_KEYCTL = {"x86_64": 250, "aarch64": 219}
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
        _mount("tmpfs", place, _MS_NOSUID | _MS_NODEV, f"size={size},mode=1777")
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
