"""A jail for a container of its own, whose kernel gives no namespaces, as Gradescope's: another user.

Root starts the submission as a user who owns nothing, can read no solution, reference or seed and can write to nothing
but an empty home. What it does to the rest of its container ends with the container. It is not cut off from the
network and sees other processes, so this is never chosen where there is a sandbox, and never for more than one
submission.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from autograder.server.errors import JailError
from autograder.server.jail.box import LIMITS, Limits, NoJail, environment, some_user

_PROBE = """
import json, os
def opens(path, how):
    try:
        os.close(os.open(path, how))
        return True
    except OSError:
        return False
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "root": 0 in (os.getuid(), os.geteuid(), os.getgid()) or 0 in os.getgroups(),
    "capabilities": any(int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")),
    "privileges": status["NoNewPrivs"].strip() != "1",
    "reads": [path for path in SECRET if opens(path, os.O_RDONLY)],
    "writes": [path for path in OURS if os.access(path, os.W_OK)],
}))
"""
_STARTS = (
    "This container allows no sandbox, and submissions are then run as another user, which only root can do. "
    "Run it as root, or where bubblewrap works."
)


class OtherUser(NoJail):
    """Runs jobs as a user without any right; a step that ends Python costs its exercise and no other."""

    def __init__(self, limits: Limits = LIMITS):
        if os.getuid() != 0 or shutil.which("setpriv") is None or shutil.which("prlimit") is None:
            raise JailError(_STARTS)
        super().__init__(limits)
        self.user = str(some_user())
        self.home = Path(tempfile.mkdtemp(prefix="student-"))
        os.chown(self.home, int(self.user), int(self.user))

    def close(self) -> None:
        """End every process of the user and forget their home."""
        kill = "import os; os.kill(-1, 9)"  # of a user: all that are theirs
        with contextlib.suppress(OSError):
            subprocess.run([*self._prefix(), sys.executable, "-I", "-S", "-c", kill], cwd="/", capture_output=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def run(self, job: dict[str, Any]) -> list[dict[str, Any]]:
        """Everything a job reports. Exercises that found Python ended or out of time get another one each."""
        report = super().run(job)
        died = [event["exercise"] for event in report if "died" in event]
        ran = {event.get("cell") for event in report}
        if len(job["exercises"]) < 2 or not ran.issuperset(range(len(job["cells"]))):
            return report  # a cell ended it, and would do so again
        report = [event for event in report if event.get("exercise") not in died]
        for name in died:
            alone = super().run({**job, "exercises": [name]})
            report += [event for event in alone if event.get("exercise") == name]
        return report

    def _prefix(self) -> list[str]:
        drop = ["--reuid", self.user, "--regid", self.user, "--clear-groups", "--no-new-privs", "--bounding-set=-all"]
        drop += ["--inh-caps=-all", "--pdeathsig", "KILL"]
        most = [f"--as={self.limits.memory}", f"--nproc={self.limits.processes}", f"--fsize={self.limits.file_size}"]
        most += ["--nofile=256", "--core=0"]
        return ["prlimit", *most, "--", "setpriv", *drop, "--"]

    def _options(self) -> dict[str, Any]:
        """None of the grader's own variables, and a folder of the user's."""
        home = {
            "HOME": str(self.home),
            "IPYTHONDIR": f"{self.home}/.ipython",
            "MPLCONFIGDIR": f"{self.home}/.matplotlib",
        }
        return {"env": {**environment(), **home}, "cwd": self.home, "start_new_session": True}


def open_other_user(secret: list[Path], ours: list[Path], limits: Limits = LIMITS) -> OtherUser:
    """A tested one.

    Arguments:
        secret: What the user must not be able to read.
        ours: What they must not be able to write to.

    Raises:
        JailError: when there can be none, or one that can do what it must not.
    """
    jail = OtherUser(limits)
    names = {"SECRET": sorted(map(str, secret)), "OURS": sorted(map(str, ours))}
    source = "\n".join(f"{name} = {value!r}" for name, value in names.items()) + _PROBE
    reply = next(iter(jail.run({"section": "", "cells": [source], "exercises": [], "seeds": {}})), {})
    try:
        found = json.loads(reply.get("stdout", ""))
    except ValueError:
        jail.close()
        raise JailError(f"Another user can't run Python here: may everybody read {sys.base_prefix}?") from None
    holes = {
        "is root": found["root"],
        "has capabilities": found["capabilities"],
        "may get privileges": found["privileges"],
        f"can read {', '.join(found['reads'])}": bool(found["reads"]),
        f"can write to {', '.join(found['writes'])}": bool(found["writes"]),
    }
    if open_ := [hole for hole, is_open in holes.items() if is_open]:
        jail.close()
        raise JailError(f"Nothing was graded: the other user {'; '.join(open_)}.")
    return jail
