"""Does it hold? A jail is tried before it is trusted, and nothing is graded in one that gives."""

import atexit
import json
import sys
import threading
from pathlib import Path

from autograder.server.course import PACKAGE
from autograder.server.errors import JailError
from autograder.server.jail.box import LIMITS, Jail, Limits, NoJail, require_bubblewrap, visible

_PROBE = """
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
    """Try to break out of an empty job; refuse to grade when something gives.

    Raises:
        JailError: with everything that is open.
    """
    course = PACKAGE.parent
    secret = {*PACKAGE.rglob("*.py"), PACKAGE / "references"} - {*visible(), *(PACKAGE / "exercises").iterdir()}
    secret |= {course / "solutions", course / "book", Path.cwd() / ".git"}
    names = {"PATHS": sorted(map(str, secret)), "PACKAGE": str(PACKAGE), "MEMORY": jail.limits.memory + (1 << 30)}
    source = "\n".join(f"{name} = {value!r}" for name, value in names.items()) + _PROBE
    job = {"section": "", "cells": [source], "exercises": [], "seeds": {}}
    reply = next((event for event in jail.run(job) if event.get("cell") == 0), {})
    try:
        found = json.loads(reply.get("stdout", ""))
    except ValueError:
        error = reply.get("error")
        reason = error.get("message") if isinstance(error, dict) else "no answer"
        raise JailError(f"The sandbox does not run Python: {reason}") from None
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
        raise JailError(f"The sandbox is open, so nothing was graded: it {'; it '.join(open_)}.")


_here = threading.local()


def current(limits: Limits = LIMITS, unsafe: bool = False) -> Jail | NoJail:
    """This thread's jail, started and tested on first use: the fixed cost is paid once per worker at most."""
    mine = getattr(_here, "jail", None)
    if mine is None or mine.limits != limits or isinstance(mine, NoJail) != unsafe:
        adopt(open_jail(limits, unsafe))
    return _here.jail


def adopt(tested: Jail | NoJail) -> None:
    """Use this one in this thread from now on."""
    _here.jail = tested
    atexit.register(tested.close)


def open_jail(limits: Limits = LIMITS, unsafe: bool = False) -> Jail | NoJail:
    """A tested jail. Warm where the kernel lets a jail fork jails; one interpreter per submission elsewhere.

    Raises:
        JailError: when neither can be built, or one has a hole.
    """
    if unsafe:
        return NoJail(limits)
    require_bubblewrap()  # before the calls of Linux that start a jail
    warm = Jail(limits, warm=True)
    try:
        self_test(warm)
        return warm
    except JailError as error:
        warm.close()
        told = (
            "Jails can't be forked here, so each submission starts a Python of its own; that is several times slower."
        )
        print(f"{told} ({error})", file=sys.stderr)
    cold = Jail(limits, warm=False)
    self_test(cold)
    return cold
