"""The jail holds, however it is built, for root and for an ordinary user; nothing is graded when it does not."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from autograder.server.errors import JailError
from autograder.server.jail import box, kernel, probe
from autograder.server.jail.box import Jail, Limits, NoJail
from autograder.server.jail.probe import self_test

LIMITS = Limits(step_seconds=10, wall_seconds=60, memory=2 << 30)

if shutil.which("bwrap") is None:
    pytest.fail("these tests need bubblewrap: apt-get install bubblewrap", pytrace=False)


@pytest.fixture(scope="module", params=[True, False], ids=["warm", "cold"])
def jail(request):
    keyctl = {"x86_64": 250, "aarch64": 219}[platform.machine()]
    ctypes.CDLL(None).syscall(keyctl, 1, None)  # a key ring of the session, as whoever logs in has one
    with Jail(LIMITS, warm=request.param) as jail:
        yield jail


@pytest.fixture(scope="module")
def warm():
    """The connection to one warm parent, for jails of other limits."""
    with Jail(LIMITS) as owner:
        owner.start()
        yield owner.connection


def said(jail: Jail, *cells: str) -> list[str]:
    """What each cell printed, or how it failed."""
    events = jail.run({"section": "", "cells": list(cells), "exercises": [], "seeds": {}})
    by_cell = {event["cell"]: event for event in events if "cell" in event}
    return [(e["stdout"] or (e["error"] or {}).get("message", "")).strip() for _, e in sorted(by_cell.items())]


def test_the_jail_passes_its_own_test(jail):
    self_test(jail)


def test_the_course_is_not_there(jail):
    package = box.PACKAGE
    hidden = [package / "references", package / "judge.py", package.parent / "tests", Path.home() / ".bashrc"]
    hidden += [package.parent / name for name in ("solutions", "notebooks", "book", ".git")]
    source = f"import os; print([p for p in {list(map(str, hidden))!r} if os.path.exists(p)])"
    assert said(jail, source) == ["[]"]


def test_there_is_no_network(jail):
    source = "import socket; socket.create_connection(('1.1.1.1', 53), 2)"
    assert "unreachable" in said(jail, source)[0] or "denied" in said(jail, source)[0]


def test_the_environment_of_the_grader_is_not_handed_on(jail, monkeypatch):
    monkeypatch.setenv("FORGE_TOKEN", "secret-of-the-grader")
    sources = ["import os; print(dict(os.environ))", "print(open('/proc/1/environ').read())"]
    assert not any("secret-of-the-grader" in text for text in said(jail, *sources))


def test_a_worker_cannot_take_hold_of_its_supervisor(jail):
    """Without the module that forbids it to everybody, the kernel lets processes of one user trace each other."""
    attach = "import ctypes; print([ctypes.CDLL(None).ptrace(request, 1, None, None) for request in (16, 0x4206)])"
    assert said(jail, attach) == ["[-1, -1]"]


def test_the_warm_parent_can_do_no_more_than_it_has_to():
    """What it needs to give each job namespaces, and as root a user of its own."""
    sys_admin, setuid, setgid, kill = (1 << number for number in (21, 7, 6, 5))
    with Jail(LIMITS) as jail:
        jail.start()
        assert jail.server
        parent = psutil.Process(jail.server.pid).children(recursive=True)[-1]
        assert Path(parent.exe()).name.startswith("python")
        status = dict(line.split(":\t") for line in Path(f"/proc/{parent.pid}/status").read_text().splitlines())
    wanted = sys_admin | (0 if os.getuid() else setuid | setgid | kill)
    assert {int(status[kind], 16) for kind in ("CapEff", "CapPrm")} == {wanted}


def test_only_its_own_processes_are_visible(jail):
    source = "import os; print(sum(entry.isdigit() for entry in os.listdir('/proc')))"
    assert int(said(jail, source)[0]) <= 3


def test_a_course_that_lies_in_a_scratch_place_stays_visible():
    home = box.PACKAGE.parent
    assert home.name in kernel.installed_below(str(home.parent))
    assert kernel.installed_below("/dev/shm") == set()


def test_no_file_grows_beyond_its_limit(jail):
    """A full scratch place would be a limit, too, but a larger one, and not for one file only."""
    write = "with open('/dev/shm/x', 'wb') as f: f.write(b'x' * ({} << 20))"
    assert LIMITS.file_size >> 20 == 16
    assert said(jail, write.format(15) + "\nprint('written')") == ["written"]
    assert "File too large" in said(jail, write.format(17))[0]


def test_one_job_leaves_nothing_for_the_next(jail):
    places = ["/tmp", "/home/student", "/dev/shm"]
    said(jail, f"for place in {places}: open(place + '/planted', 'w').write('x')")
    assert said(jail, f"import os; print([p for p in {places} if 'planted' in os.listdir(p)])") == ["[]"]


KEYS = """
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
add, control = {"x86_64": (248, 250), "aarch64": (217, 219)}[platform.machine()]
for ring in (-3, -4):  # of the session, of the user; 10 searches
    print(libc.syscall(control, 10, ring, b"user", b"planted", 0) > 0)
    libc.syscall(add, b"user", b"planted", b"x", 1, ring)
"""


def test_one_job_leaves_nothing_in_the_kernels_key_rings(jail):
    assert said(jail, KEYS) == ["False\nFalse"]
    assert said(jail, KEYS) == ["False\nFalse"]


MEET = """
import socket, time
for family, place in ((socket.AF_INET, ("127.0.0.1", 5000)), (socket.AF_UNIX, "\\0planted")):
    mine = socket.socket(family)
    try:
        mine.bind(place)
        mine.listen()
    except OSError:
        print("somebody is there")
time.sleep(2)
"""


def test_two_jobs_at_a_time_do_not_meet(jail):
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: said(jail, MEET), range(2))) == [[""], [""]]


def test_a_cell_that_kills_its_process_is_left_out_and_the_others_run(jail):
    texts = said(jail, "print('first')", "import os; os._exit(3)", "print('last')")
    assert texts == ["first", "it ended the whole process (exit status 3)", "last"]


def test_of_what_is_printed_the_beginning_is_kept(jail):
    """Over several prints, too."""
    printed = "for k in range(30): print(k % 10 * 1, end='')\nfor k in range(30): print('x' * 1000, end='')"
    assert said(jail, printed) == [("0123456789" * 3 + "x" * 30_000)[:10_000]]


def test_cells_of_ones_own_have_a_time_of_their_own(warm):
    """Those that wait cost each other, not the answers; of what was done before a death nothing is lost."""
    cells = ["import time", "time.sleep(1)\nx = 1", "import os\nos._exit(0)", *["time.sleep(1)"] * 9, "y = 'late'"]
    cells.append("print(x, 'y' in globals())")
    limits = Limits(step_seconds=10, cells_seconds=4, wall_seconds=120, memory=2 << 30)
    with Jail(limits, connection=warm.dup()) as jail:
        job = {"section": "", "cells": cells, "own": list(range(13)), "exercises": [], "seeds": {}}
        events = {event["cell"]: event for event in jail.run(job) if "cell" in event}
    assert events[13]["stdout"] == "1 False\n"
    assert "ended the whole process" in events[2]["error"]["message"]
    told = "cells of one's own may take 4 s together, so this one was left out"
    assert all(events[at]["error"]["message"] == told for at in (10, 11, 12))


HOARD = """
import ctypes, os, time
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
"""
SEGMENTS = f"""{HOARD}
for _ in range(40):  # 100 MB each, that no process maps
    segment = libc.shmget(0, ctypes.c_size_t(100 << 20), 0o1600)
    place = libc.shmat(segment, None, 0)
    ctypes.memset(place, 1, 100 << 20)
    libc.shmdt(ctypes.c_void_p(place))
time.sleep(9)"""
FILES = f"""{HOARD}
for _ in range(40):  # of all processes together, one file has at most 16 MB
    if os.fork() == 0:
        for _ in range(100):
            os.write(os.memfd_create("x"), bytes(15 << 20))
        time.sleep(9)
time.sleep(9)"""
HIDDEN = f"{HOARD}\nlibc.prctl(4, 0, 0, 0, 0)\ntime.sleep(9)"
EMPTY = """
import os
made = 0
try:
    for made in range(100_000):
        os.close(os.open(f"/tmp/{made}", os.O_CREAT | os.O_WRONLY))
except OSError:
    pass
print(made < 10_000)"""
ZOMBIE = "import os, time\nif os.fork() == 0: os._exit(0)\ntime.sleep(3)\nprint('fine')"


@pytest.mark.parametrize("source", [SEGMENTS, FILES, HIDDEN], ids=["segments", "files", "hidden"])
def test_memory_that_nobody_maps_counts_too(source, warm):
    with Jail(LIMITS, connection=warm.dup()) as jail:
        assert said(jail, source, "print(1)") == ["it used more than 2.0 GiB of memory", "1"]


def test_empty_files_run_out_and_the_dead_hide_nothing(warm):
    with Jail(LIMITS, connection=warm.dup()) as jail:
        assert said(jail, EMPTY, ZOMBIE) == ["True", "fine"]


CALLS = {
    "x86_64": (250, 298, 321, 323, 272, 308, 101, 310, 425, 438, 0x40000027),
    "aarch64": (219, 241, 280, 282, 97, 268, 117, 270, 425, 438),
}
FORBIDDEN = f"""
import ctypes, errno, os, subprocess, threading
libc = ctypes.CDLL(None, use_errno=True)
print([errno.errorcode[(libc.syscall(n, 0, 0, 0, 0, 0), ctypes.get_errno())[1]] for n in {CALLS[platform.machine()]}])
print(libc.syscall({dict(x86_64=56, aarch64=220)[platform.machine()]}, 0x10000011, 0, 0, 0, 0), ctypes.get_errno())
thread = threading.Thread(target=print, args=("a thread",))
thread.start()
thread.join()
print(subprocess.run(["echo", "a process"], capture_output=True, text=True).stdout)"""


def test_calls_that_only_an_attack_needs_are_refused(jail):
    (answer,) = said(jail, FORBIDDEN)
    refused = ["EPERM"] * len(CALLS[platform.machine()])
    assert answer == f"{refused}\n-1 1\na thread\na process"


def test_a_job_of_the_graders_own_may_take_its_time(warm):
    """The solution ends by itself: on a busy machine it must not be taken for a loop."""
    job = {"section": "", "cells": ["import time; time.sleep(3); print('done')"], "exercises": [], "seeds": {}}
    with Jail(Limits(step_seconds=1, wall_seconds=60), connection=warm.dup()) as jail:
        (short, *_), (long, *_) = (
            jail.run(job),
            jail.run({**job, "limits": asdict(replace(jail.limits, step_seconds=60))}),
        )
    assert short["error"]["message"].startswith("it ran longer than 1 s") and long["stdout"] == "done\n"


def test_the_same_job_gives_the_same_events(jail):
    job = {"section": "", "cells": ["x = 1", "print(x)"], "exercises": [], "seeds": {}}
    assert jail.run(job) == jail.run(job)


def test_descriptors_of_the_grader_are_not_handed_on(jail):
    source = "import os; print(sorted(os.listdir('/proc/self/fd'), key=int)[3:])"
    assert said(jail, source) in (["['3', '4']"], ["['3', '5']"])  # the results' pipe, and the folder being listed


def test_the_library_is_told_that_it_is_graded(jail):
    assert said(jail, "import os; print(os.environ['DGM_GRADING'])") == ["1"], "no progress bars"


REMEMBER = "planted = ''.join(chr(ord(c) + 1) for c in 'rdbqdsvnqcr') * 50"  # so that the words are in no source
SEARCH = """
import ctypes
needle, found = ''.join(chr(ord(c) + 1) for c in 'rdbqdsvnqcr' * 3).encode(), 0
for line in [line.split() for line in open('/proc/self/maps') if line.split()[1].startswith('rw')]:
    first, last = (int(x, 16) for x in line[0].split('-'))
    found += ctypes.string_at(first, last - first).count(needle)
print(found)
"""


def test_no_job_finds_words_of_an_earlier_one_in_the_memory_it_is_forked_with(jail):
    """The solution's code and the hidden cases' answers pass through jobs, too."""
    assert int(said(jail, REMEMBER, SEARCH)[1]) > 1, "the search finds its own job's words"
    assert int(said(jail, SEARCH)[0]) <= 2, "its own needle"


def test_a_job_is_run_again_when_the_warm_parent_is_killed_in_the_middle_of_it():
    with Jail(LIMITS) as jail:
        jail.start()
        assert jail.server
        threading.Timer(1, jail.server.kill).start()
        assert said(jail, "import time; time.sleep(3)", "print('done')") == ["", "done"]


@pytest.mark.parametrize("warm_too", [True, False], ids=["warm", "cold"])
def test_nothing_outlives_a_grader_that_is_killed(warm_too):
    """The signal that bubblewrap wants at its own death can't reach a process that has changed its user meanwhile."""
    mark = f"outlives-{os.getpid()}-{warm_too}"
    child = f"[sys.executable, '-c', 'import time; time.sleep(300)', {mark!r}]"
    source = f"import subprocess, sys, time; subprocess.Popen({child}, start_new_session=True); time.sleep(60)"
    job = {"section": "", "cells": [source], "exercises": [], "seeds": {}}
    grader = f"from autograder.server.jail.box import Jail\nwith Jail(warm={warm_too}) as jail: jail.run({job!r})"

    def marked() -> list[int]:
        return [p.pid for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or [])]

    def wait(until: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not until() and time.monotonic() < end:
            time.sleep(0.1)
        return until()

    with subprocess.Popen([sys.executable, "-c", grader]) as process:
        try:
            assert wait(lambda: bool(marked()), 120), "the job never began"
        finally:
            process.kill()
    gone = wait(lambda: not marked(), 15)
    for pid in marked():
        os.kill(pid, 9)
    assert gone, "a process of the submission was alive 15 s after its grader"


def test_a_shared_warm_parent_serves_many_and_is_replaced_when_it_is_gone():
    with Jail(LIMITS) as owner:
        owner.start()
        assert owner.connection
        with Jail(LIMITS, connection=owner.connection.dup()) as guest:
            assert said(guest, "print(6 * 7)") == said(owner, "print(6 * 7)") == ["42"]
            assert guest.server is None
            owner.close()
            assert said(guest, "print(6 * 7)") == ["42"]
            assert guest.server is not None


def test_an_open_jail_is_refused():
    class Leaky(Jail):
        def run(self, job):
            found = {"user": 0, "network": ["eth0"], "visible": ["/x/solutions"], "capabilities": "3f"}
            found |= {"writable": ["/usr"], "processes": 40, "memory": True}
            return [{"cell": 0, "stdout": json.dumps(found)}]

    with pytest.raises(JailError) as caught:
        self_test(Leaky(LIMITS))
    for hole in ("root", "network", "solutions", "capabilities", "/usr", "processes", "memory"):
        assert hole in str(caught.value)


def test_without_bubblewrap_a_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(box.shutil, "which", lambda name: None)
    with pytest.raises(JailError, match="apt-get install bubblewrap"):
        probe.open_jail(LIMITS)


def test_without_a_jail_jobs_run_as_they_are():
    jail = probe.open_jail(LIMITS, unsafe=True)
    assert isinstance(jail, NoJail)
    assert said(jail, "print(6 * 7)", "1 / 0", "print('on')") == ["42", "division by zero", "on"]
    assert said(jail, "print(6 * 7)", "import os; os._exit(1)", "print(2)") == ["42"]


ORDINARY = 65534
AS_ORDINARY_USER = """
from autograder.server.jail.box import Jail, Limits
from autograder.server.jail.probe import self_test
for warm in (True, False):
    with Jail(Limits(step_seconds=10, memory=2 << 30), warm=warm) as jail:
        self_test(jail)
        print(jail.run({"section": "", "cells": ["print(6 * 7)"], "exercises": [], "seeds": {}})[0]["stdout"].strip())
"""


@pytest.mark.skipif(os.getuid() != 0, reason="the other tests already run as an ordinary user")
def test_it_holds_for_an_ordinary_user_too(tmp_path):
    """Become nobody; root's home, where Python and the course may live, is made passable in a private view."""
    view = ["bwrap", "--dev-bind", "/", "/"]
    needed = {Path(path).resolve() for path in (sys.base_prefix, sys.prefix, box.PACKAGE.parent)}
    if at_home := sorted(path for path in needed if path.is_relative_to("/root")):
        view += ["--tmpfs", "/root"]
        for path in at_home:
            for folder in reversed(path.parents[: len(path.parts) - 3]):
                view += ["--perms", "0755", "--dir", str(folder)]
            view += ["--ro-bind", str(path), str(path)]
        view += ["--chmod", "0755", "/root"]
    user = ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
    command = [*view, "--", *user, sys.executable, "-c", AS_ORDINARY_USER]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=180, cwd="/", env={**os.environ, "HOME": str(tmp_path)}
    )
    if "unprivileged" in done.stderr or "uid map" in done.stderr:
        pytest.skip(f"this machine allows no user namespaces: {done.stderr.strip()}")
    assert done.stdout.split() == ["42", "42"], done.stderr
