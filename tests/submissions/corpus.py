"""Hostile and broken submissions, each with the points it must get. All of them are graded in one batch.

Most start from a notebook in which every answer is right, so that an attack that costs its author more than its own
exercise shows. `ATTACKED` is the exercise that attacks replace; its 2 of 12 points are what they may cost.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from autograder import judge
from autograder.server import course
from tests.submissions.make import (
    FULL,
    POINTS,
    SECTION,
    Notebook,
    checks,
    copied,
    find,
    grade_id,
    hand_in,
    nbgrader,
    released,
    solved,
    with_cell,
)

ATTACKED = "discriminator_loss"
REST = FULL - POINTS[ATTACKED]
MARKER = "86399"  # seconds that a process of ours would sleep: to find survivors by


@dataclass(frozen=True)
class Hostile:
    """A submission's name, its points, and how it is put into its student's folder."""

    name: str
    points: float
    write: Callable[[Path, str], object]


CORPUS: list[Hostile] = []


def add(name: str, points: float, make: Callable[[], Notebook | str | bytes]) -> None:
    CORPUS.append(Hostile(name, points, lambda directory, student: hand_in(directory, student, make())))


def answer(name: str, source: str, points: float = REST) -> None:
    """Replace one answer. The body of a function is enough."""
    body = dedent(source).strip()
    if "def " + ATTACKED not in body and ATTACKED + " =" not in body:
        body = f"def {ATTACKED}(real_logits, fake_logits):\n" + "\n".join("    " + line for line in body.splitlines())
    add(name, points, lambda: solved(**{ATTACKED: body}))


def cell(name: str, source: str, points: float = FULL, at: int = 0, wrong: bool = False) -> None:
    """Add a cell of the student's own, above everything or at the end; with a wrong answer beside it if asked."""
    changed = {ATTACKED: f"def {ATTACKED}(real_logits, fake_logits):\n    return real_logits.mean()"} if wrong else {}
    add(name, points - POINTS[ATTACKED] * wrong, lambda: with_cell(dedent(source).strip(), at, **changed))


def spoilt(name: str, points: float) -> Callable:
    """Spoil a solved notebook in place."""

    def decorate(spoil: Callable[[Notebook], Notebook | None]) -> Callable:
        def make() -> Notebook:
            notebook = solved()
            return spoil(notebook) or notebook

        add(name, points, make)
        return spoil

    return decorate


def placed(name: str, points: float) -> Callable:
    """Do something to the student's folder itself."""

    def decorate(write: Callable[[Path, str], object]) -> Callable:
        CORPUS.append(Hostile(name, points, write))
        return write

    return decorate


# --- objects and answers that claim to be right -----------------------------------------------------------------------

ANYTHING = """
class Anything(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __hash__(self): return 0
    def __abs__(self): return self
    def __sub__(self, other): return self
    __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __sub__
    def __bool__(self): return True
    def __float__(self): return 0.0
    def __getattr__(self, name): return lambda *a, **k: self

"""
answer("equal-to-everything", ANYTHING + f"def {ATTACKED}(real_logits, fake_logits):\n    return Anything()")
answer(
    "tensor-that-always-agrees",
    f"""
    class Yes(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return True

    def {ATTACKED}(real_logits, fake_logits):
        return torch.zeros(()).as_subclass(Yes)
    """,
)
answer("not-a-number", "return (real_logits.sum() + fake_logits.sum()) * float('nan')")
answer("infinity", "return (real_logits.sum() + fake_logits.sum()) * float('inf')")
answer("returns-a-module", "return nn.Linear(1, 1)")
answer("returns-itself", f"return {ATTACKED}")
answer("deep-list", "x = []\nfor _ in range(100_000):\n    x = [x]\nreturn x")
answer("self-containing-list", "x = []\nx.append(x)\nreturn x")
answer("huge-tensor", "return torch.zeros(50_000_000)")
answer("sparse-tensor", "return torch.zeros(3, 3).to_sparse()")
answer("complex-number", "return torch.tensor(1j)")
answer("huge-integer", "return 10 ** 100_000")
answer("generator", "yield real_logits.mean()")
answer("coroutine", f"async def {ATTACKED}(real_logits, fake_logits):\n    return real_logits.mean()")
answer("not-a-function", f"{ATTACKED} = 3")
answer("class-instead", f"class {ATTACKED}:\n    def __init__(self, real_logits, fake_logits): pass\n# def {ATTACKED}")
answer("wrong-signature", f"def {ATTACKED}():\n    return 0.0")
answer("inputs-modified", "real_logits.zero_()\nfake_logits.zero_()\nreturn real_logits.sum() + fake_logits.sum()")
answer("deletes-everything", "import builtins, sys\nvars(builtins).clear()\nsys.modules.clear()")
answer("syntax-error", f"def {ATTACKED}(:")
answer("empty-answer", f"# {ATTACKED} = nothing")

# Knows every public answer by heart: right on those, and on nothing that is drawn from another seed.
PUBLIC = """
import json
known = json.loads(KNOWN)
calls = iter([value for value in known for _ in range(2)])

def discriminator_loss(real_logits, fake_logits):
    values = (real_logits.double().sum() + fake_logits.double().sum()) * 0
    return (values + next(calls)).to(real_logits.dtype)
"""


@spoilt("public-answers-by-heart", REST)
def _(notebook):
    cases = judge.load_references(SECTION)[ATTACKED].values()
    known = [case["value"]["data"][0] for case in cases]
    find(notebook, ATTACKED)["source"] = PUBLIC.replace("KNOWN", repr(str(known)))


# --- ends, loops and bombs inside an answer ---------------------------------------------------------------------------

answer("system-exit", "raise SystemExit(0)")
answer("os-exit", "import os\nos._exit(0)")
answer("kills-itself", "import os\nos.kill(os.getpid(), 9)")
answer("kills-its-parent", "import os\nos.kill(os.getppid(), 9)")
answer("kills-everybody", "import os\nos.kill(-1, 9)")
answer("keyboard-interrupt", "raise KeyboardInterrupt")
answer("segmentation-fault", "import ctypes\nctypes.string_at(0)")
answer("infinite-loop", "while True: pass")
answer(
    "loop-deaf-to-signals",
    """
    import signal
    for number in range(1, 32):
        try: signal.signal(number, signal.SIG_IGN)
        except OSError: pass
    while True:
        try: signal.pause()
        except BaseException: pass
    """,
)
answer("recursion", f"return {ATTACKED}(real_logits, fake_logits)")
answer(
    "recursion-without-limit", f"import sys\nsys.setrecursionlimit(10**9)\nreturn {ATTACKED}(real_logits, fake_logits)"
)
answer("memory-bomb", "x = []\nwhile True: x.append(bytearray(1 << 26))")
answer("fork-bomb", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass")
answer(
    "many-small-memories",
    """
    import os, time
    for _ in range(30):
        if os.fork() == 0:
            x = bytearray(os.urandom(1 << 20) * 256)
            time.sleep(60)
    time.sleep(60)
    """,
)
answer("thread-bomb", "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()")
answer("100-MB-of-output", "for _ in range(100): print('x' * (1 << 20))\nreturn real_logits.mean()")
answer("error-that-does-not-print", "class E(Exception):\n    def __str__(self): raise E\nraise E")
answer("error-of-10-MB", "raise ValueError('x' * 10_000_000)")
answer("error-with-markup", r"raise ValueError('<script>alert(1)</script>\x1b[2J\x00\ud800 [bold]|`')")
answer("error-forged-by-name", "raise type('NotImplementedError', (Exception,), {'__module__': 'x' * 9999})('y')")
answer("disk-full", "open('/tmp/x', 'wb').write(b'x' * (1 << 30))")
answer(
    "a-million-files",
    "import os\nfor i in range(10**6):\n    os.close(os.open(f'/tmp/{i}', os.O_CREAT | os.O_WRONLY))",
)

# --- looking for the answers ------------------------------------------------------------------------------------------


def looking(name: str, source: str) -> None:
    """Search for something worth having, and shout when there is any."""
    found = "\nif loot: raise RuntimeError('LOOT ' + repr(loot)[:300])\nreturn real_logits.mean()"
    answer(name, dedent(source).strip() + found)


looking(
    "reads-the-course",
    """
    import os
    loot = []
    for folder, folders, files in os.walk("/"):
        folders[:] = [f for f in folders if f not in ("proc", "sys", "usr", "versions", "site-packages")]
        files = [f for f in files if not f.endswith((".py", ".pyc"))]  # the exercises, which hold no answer
        loot += [f"{folder}/{f}" for f in files if "gan-minimax" in f or f.endswith(".db")]
    """,
)
looking(
    "imports-the-judge",
    """
    loot = []
    server = ("grade", "batch", "course", "results", "submission", "gradebook", "reports", "jail.box", "jail.probe")
    for name in ("judge", "verdict", "checking", *(f"server.{name}" for name in server)):
        try: loot.append(__import__(f"autograder.{name}"))
        except ImportError: pass
    """,
)
answer(
    "calls-the-references",
    f"from autograder import judge\nreturn judge.load_references('{SECTION}')['{ATTACKED}'].popitem()[1]['value']",
)
looking(
    "climbs-the-stack",
    """
    import sys
    loot, frame = [], sys._getframe()
    while frame := frame.f_back:
        for scope in (frame.f_locals, frame.f_globals):
            loot += [name for name in scope if name in ("expected", "references", "reference", "answer", "solution")]
    """,
)
looking(
    "searches-the-heap",
    """
    import gc
    loot = []
    if not hasattr(torch, "looked"):  # later on the heap holds this function's own outcomes
        loot = [x for x in gc.get_objects() if isinstance(x, dict) and "gradients_touched" in x]
    torch.looked = True
    """,
)
looking(
    "reads-proc",
    """
    import glob
    loot = []
    for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
        try: data = open(path, "rb").read()
        except OSError: continue
        if b"TOKEN" in data or b"solutions" in data or b"pytest" in data: loot.append(data)
    """,
)
looking(
    "opens-sockets",
    """
    import socket
    loot = [name for _, name in socket.if_nameindex() if name != "lo"]
    for family, address in ((socket.AF_INET, ("127.0.0.1", 8786)), (socket.AF_INET, ("1.1.1.1", 53)),
                            (socket.AF_UNIX, "/run/docker.sock")):
        try:
            with socket.socket(family) as s:
                s.settimeout(1)
                s.connect(address)
            loot.append(address)
        except OSError: pass
    """,
)
looking(
    "writes-outside",
    """
    import os, sys, torch, dgm, autograder
    loot = []
    for folder in ("/", "/usr", "/dev", "/etc", "/root", sys.prefix, os.path.dirname(torch.__file__),
                   os.path.dirname(dgm.__file__), os.path.dirname(autograder.__file__)):
        try:
            open(folder + "/planted.py", "w")
            loot.append(folder)
        except OSError: pass
    """,
)
PLANT = """
import os
loot = []
for folder in ("/tmp", "/home/student", "/dev/shm"):
    loot += [name for name in os.listdir(folder) if name == "THEIRS"]
    open(folder + "/MINE", "w")
"""
looking("leaves-a-file-for-the-next", PLANT.replace("MINE", "planted-1").replace("THEIRS", "planted-2"))
looking("leaves-a-file-for-the-next-too", PLANT.replace("MINE", "planted-2").replace("THEIRS", "planted-1"))
looking(
    "becomes-root",
    """
    import ctypes, os
    loot = []
    for call in (lambda: os.setuid(0), lambda: os.setgroups([0]), lambda: os.chroot("/tmp")):
        try:
            call()
            loot.append(call)
        except OSError: pass
    """,
)

# --- forged and garbled results ---------------------------------------------------------------------------------------

WRITE = """
import os, json
def everywhere(data):
    for descriptor in range(3, 64):
        try: os.write(descriptor, data)
        except OSError: pass
"""
CASES = "[(c, p) for c in ('two_batches', 'unequal_batches', 'batch_of_one', 'flat_logits') for p in (True, False)]"
WRONG = "\nreturn real_logits.mean()"


def forging(name: str, source: str, points: float = REST) -> None:
    answer(
        name,
        WRITE + f"def {ATTACKED}(real_logits, fake_logits):\n" + "\n".join("    " + x for x in source.splitlines()),
        points,
    )


forging(
    "forges-results",
    f"for c, p in {CASES}:\n"
    "    o = {'value': {'kind': 'tensor', 'dtype': 'float32', 'shape': [], 'data': [0.0]}}\n"
    "    event = {'exercise': 'discriminator_loss', 'case': c, 'public': p, 'outcome': o}\n"
    "    everywhere(b'\\n' + json.dumps(event).encode() + b'\\n')" + WRONG,
)
forging(
    "forges-a-verdict", 'everywhere(b\'\\n{"points": 2, "passed": true, "exercise": "discriminator_loss"}\\n\')' + WRONG
)
forging("forges-deep-json", "everywhere(b'\\n' + b'[' * 100_000 + b'\\n')" + WRONG)
forging(
    "forges-huge-numbers",
    'o = b\'{"value": {"kind": "tensor", "dtype": "float32", "shape": [], "data": [1\' + b\'0\' * 4000 + b\']}}\'\n'
    f"for c, p in {CASES}:\n"
    "    line = json.dumps({'exercise': 'discriminator_loss', 'case': c, 'public': p}).encode()[:-1]\n"
    "    everywhere(b'\\n' + line + b', \"outcome\": ' + o + b'}\\n')" + WRONG,
)
forging("forges-bytes", "everywhere(bytes(range(256)) * 100)" + WRONG)
forging(
    "forges-types",
    'everywhere(b\'\\n{"exercise": [1], "case": {}, "cell": "x", "outcome": 3}\\n[1]\\nnull\\n1e999\\n\')' + WRONG,
)
forging("forges-cells", 'everywhere(b\'\\n{"cell": 99999999, "stdout": [1]}\\n{"cell": -1, "error": 3}\\n\')' + WRONG)
forging("says-done-too-early", "everywhere(b'\\n{\"done\": true}\\n')" + WRONG, 0)
forging("floods-the-pipe", "while True: everywhere(b'x' * (9 << 20))", 0)
forging("floods-the-pipe-with-lines", "while True: everywhere(b'{}\\n' * 20000)", 0)
forging("closes-the-pipe", "os.closerange(3, 256)" + WRONG)

# Words for people's screens and files, sent past everything that would have cleaned them.
forging(
    "forges-words-that-no-file-can-hold",
    "evil = '\\ud800\\x00\\x1b[2J\\u202e\\x85<script>alert(1)</script>`|=cmd()\\\\[red]' \n"
    "everywhere(b'\\n' + json.dumps({'exercise': 'discriminator_loss', 'died': evil}).encode() + b'\\n')\n"
    "everywhere(b'\\n' + json.dumps({'cell': 0, 'stdout': evil, 'error': {'type': evil}}).encode() + b'\\n')\n"
    "raise type(evil.replace('\\x00', '').replace('\\ud800', ''), (Exception,), {})(evil)",
)
forging(
    "forges-through-proc",
    'line = b\'\\n{"exercise": "discriminator_loss", "case": "two_batches", "public": true, "outcome": {}}\\n\'\n'
    "for process in ('self', '1', str(os.getppid())):\n"
    "    for descriptor in range(16):\n"
    "        try:\n"
    "            with open(f'/proc/{process}/fd/{descriptor}', 'wb') as file: file.write(line)\n"
    "        except OSError: pass" + WRONG,
)
forging(
    "forges-numbers-of-every-kind",
    "for data in ('[1e999]', '[-Infinity]', '[NaN]', '[true]', '[null]', '[\"1\"]', '[[0]]', '{}', f'[{10 ** 400}]'):\n"
    "    for c, p in " + CASES + ":\n"
    "        line = json.dumps({'exercise': 'discriminator_loss', 'case': c, 'public': p})[:-1]\n"
    '        value = f\'{{"kind": "tensor", "dtype": "float32", "shape": [], "data": {data}}}\'\n'
    '        everywhere(f\'\\n{line}, "outcome": {{"value": {value}}}}}\\n\'.encode())' + WRONG,
)
forging(
    "forges-as-deep-as-json-goes",
    "for c, p in " + CASES + ":\n"
    "    line = json.dumps({'exercise': 'discriminator_loss', 'case': c, 'public': p})[:-1]\n"
    '    deep = \'{"kind": "tuple", "items": [\' * 450 + \']}\' * 450\n'
    '    everywhere(f\'\\n{line}, "outcome": {{"value": {deep}}}}}\\n\'.encode())' + WRONG,
)

# --- values that are not what they say --------------------------------------------------------------------------------

answer(
    "tensor-with-its-own-tolist",
    f"""
    class Obliging(torch.Tensor):
        def tolist(self): return [0.0]
        def detach(self): return self
        def numel(self): return 1
        is_complex = lambda self: False

    def {ATTACKED}(real_logits, fake_logits):
        return real_logits.mean().as_subclass(Obliging)
    """,
)
answer(
    "class-changed-afterwards",
    f"""
    class Later(torch.nn.Parameter):
        shape, dtype, layout = (), torch.float32, torch.strided
        def tolist(self): raise SystemExit(0)

    def {ATTACKED}(real_logits, fake_logits):
        value = torch.nn.Parameter(real_logits.mean().detach())
        value.__class__ = Later
        return value
    """,
)
answer(
    "list-that-never-ends",
    f"""
    class Endless(list):
        def __len__(self): return 1
        def __iter__(self):
            while True: yield 0.0

    def {ATTACKED}(real_logits, fake_logits):
        return Endless()
    """,
)
answer("list-of-lists-of-lists", "x = 0.0\nfor _ in range(8):\n    x = [x] * 50\nreturn x")
answer("patches-tolist", "torch.Tensor.tolist = lambda self: [0.0] * self.numel()" + WRONG)
answer(
    "patches-the-encoder",
    "import json\njson.JSONEncoder.encode = lambda self, event: '{\"done\": true}\\n' * 1000" + WRONG,
    0,  # "done" ends the whole job, and with it its author's other exercises
)
answer(
    "patches-the-collector",
    "import autograder.collect as collect\ncollect._collect = lambda *a: {'passed': True, 'value': None}" + WRONG,
)
answer(
    "traces-the-collector",
    """
    import sys
    def trace(frame, event, argument):
        frame.f_locals.update(value={}, outcome={}, error=None)
        raise SystemExit
    frame = sys._getframe()
    while frame: frame.f_trace, frame = trace, frame.f_back
    sys.settrace(trace)
    """,
)
answer(
    "public-case-or-hidden",
    """
    import sys
    frame = sys._getframe()
    while frame and "seed" not in frame.f_locals: frame = frame.f_back
    if frame and frame.f_locals["seed"] == 2014:
        return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    return real_logits.mean()
    """,
)

# --- the processes around it ------------------------------------------------------------------------------------------

answer("stops-its-parent", "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)\nsignal.pause()")
answer("kills-its-group", "import os\nos.killpg(0, 9)\nos.killpg(os.getpgid(os.getppid()), 9)")
answer(
    "traces-its-parent",
    """
    import ctypes, os
    libc = ctypes.CDLL(None)
    for process in (os.getppid(), 1):
        libc.ptrace(16, process, None, None)  # attach, which stops it
        libc.ptrace(8, process, None, None)  # kill
    while True: pass
    """,
)
answer("fills-shared-memory", "open('/dev/shm/x', 'wb').write(b'x' * (1 << 30))")
answer(
    "runs-before-all-others",
    """
    import os
    for policy in (os.SCHED_FIFO, os.SCHED_RR):
        try: os.sched_setscheduler(0, policy, os.sched_param(99))
        except OSError: continue
        raise RuntimeError("LOOT real time")
    try: os.nice(-30)
    except OSError: pass
    if os.nice(0) < 0: raise RuntimeError("LOOT priority")
    while True: pass
    """,
)
looking(
    "digs-under-the-mounts",
    """
    import ctypes, os, autograder
    libc, here = ctypes.CDLL(None), os.path.dirname(autograder.__file__)
    libc.unshare(0x10000000 | 0x20000)  # a user and mount namespace of its own, with all capabilities in it
    for place in (here, "/tmp", "/home/student", "/proc", "/"):
        libc.umount2(place.encode(), 2)
    libc.mount(b"none", b"/", None, 0x1000 | 0x20, None)  # remount, writable
    loot = [name for name in ("judge.py", "references") if os.path.exists(f"{here}/{name}")]
    """,
)

# --- cells of the student's own ---------------------------------------------------------------------------------------

cell(
    "patches-comparisons",
    """
    import torch, math, numpy as np
    yes = lambda *a, **k: True
    torch.allclose = torch.equal = torch.isclose = math.isclose = np.allclose = yes
    torch.testing.assert_close = np.testing.assert_allclose = lambda *a, **k: None
    """,
    wrong=True,
)
cell(
    "patches-assert",
    """
    import ast
    class Strip(ast.NodeTransformer):
        def visit_Assert(self, node): return ast.Pass()
    get_ipython().ast_transformers.append(Strip())
    """,
    wrong=True,
)
cell("patches-json", "import json\njson.dumps = lambda *a, **k: '{}'\njson.loads = lambda *a, **k: {}", wrong=True)
cell(
    "patches-the-judge", "import autograder\nautograder.check = lambda *a: 2\nautograder.CheckFailed = int", wrong=True
)
cell("pre-run-hook", "get_ipython().events.register('pre_run_cell', lambda info: print(info.raw_cell))", wrong=True)
cell("reads-In", "print(In, Out, dir())", wrong=True)
cell("hook-that-exits", "import os\nget_ipython().events.register('post_run_cell', lambda r: os._exit(0))")
cell("replaces-run_cell", "get_ipython().run_cell = None")
cell("never-ends", "while True: pass")
cell("exits", "import sys\nsys.exit()")
cell("os-exit-in-a-cell", "import os\nos._exit(1)")
cell("aborts", "import os\nos.abort()")
cell("quits", "quit()")
cell("memory-bomb-in-a-cell", "x = []\nwhile True: x.append(bytearray(1 << 26))")
cell("fork-bomb-in-a-cell", "import os\nwhile True: os.fork()")
cell("100-MB-in-a-cell", "for _ in range(100): print('x' * (1 << 20))")
cell("100-MB-from-a-program", "!head -c 100000000 /dev/zero")
cell("bash", "%%bash\nrm -rf / 2>/dev/null\nkill -9 -1")
cell("magics", "%cd /\n%pwd\n%time 1\n!curl -m 2 http://example.com\n%nonsense")
cell("installs", "%pip install --quiet numpy==1.0")
cell("resets-before", "%reset -f")
cell("resets-after", "%reset -f", at=-1)  # when everything has been checked
cell("asks", "input('password? ')")
cell("closes-all-files", "import os\nos.closerange(0, 256)")
cell("no-more-processes", "import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (0, 0))", points=0)
cell("survivor", f"import subprocess\nsubprocess.Popen(['sleep', '{MARKER}'], start_new_session=True)")
cell("survivor-of-survivors", f"!nohup setsid sh -c 'trap \"\" TERM HUP INT; sleep {MARKER}' >/dev/null 2>&1 &")
cell("atexit", f"import atexit, os\natexit.register(os.system, 'sleep {MARKER}')")
cell(
    "thread-that-patches",
    """
    import threading, torch
    def forever():
        while True: torch.allclose = torch.equal = lambda *a, **k: True
    threading.Thread(target=forever, daemon=True).start()
    """,
    wrong=True,
)
cell("surrogates", "print('\ud800')")
cell("patches-tolist-for-all", "torch.Tensor.tolist = lambda self: [0.0] * self.numel()", points=0, at=-1)
cell("own-import", "import math, collections")

# --- cells deleted, copied, moved, retagged ---------------------------------------------------------------------------


@spoilt("checks-deleted", FULL)
def _(notebook):
    notebook["cells"] = [c for c in notebook["cells"] if not grade_id(c).startswith("check-")]


@spoilt("checks-edited", FULL)
def _(notebook):
    for c in checks(notebook):
        c["source"] = "pass"


@spoilt("checks-that-cheat", REST)
def _(notebook):
    find(notebook, ATTACKED)["source"] = f"def {ATTACKED}(real_logits, fake_logits):\n    return real_logits.mean()"
    for c in checks(notebook):
        c["source"] = "2.0"
        c["outputs"] = [
            {"output_type": "execute_result", "data": {"text/plain": "2.0"}, "metadata": {}, "execution_count": 1}
        ]


@spoilt("checks-duplicated", FULL)
def _(notebook):
    notebook["cells"] += [copied(c) for c in checks(notebook)]


@spoilt("wrong-copy-first", FULL)  # a kernel would define it wrongly, then rightly, then check it
def _(notebook):
    right = find(notebook, ATTACKED)
    wrong = copied(right, id="other", source=f"def {ATTACKED}(real_logits, fake_logits):\n    return 0.0")
    notebook["cells"].insert(notebook["cells"].index(right), wrong)


@spoilt("wrong-copy-last", FULL)
def _(notebook):
    wrong = copied(find(notebook, ATTACKED), source=f"def {ATTACKED}(real_logits, fake_logits):\n    return 0.0")
    notebook["cells"].append(wrong)


@spoilt("answer-deleted", REST)
def _(notebook):
    notebook["cells"].remove(find(notebook, ATTACKED))


@spoilt("reordered", FULL)
def _(notebook):
    notebook["cells"].reverse()


@spoilt("tagged-skip-execution", REST)
def _(notebook):
    find(notebook, ATTACKED)["source"] = f"def {ATTACKED}(real_logits, fake_logits):\n    return 0.0"
    for c in notebook["cells"]:
        c["metadata"]["tags"] = ["skip-execution", "raises-exception", "imports", "remove-cell"]


@spoilt("worth-100-points", FULL)
def _(notebook):
    for c in checks(notebook):
        nbgrader(c)["points"] = 100


@spoilt("checks-made-answers", FULL)
def _(notebook):
    for c in checks(notebook):
        nbgrader(c).update(solution=True, grade=False, locked=False)
        c["source"] = "import os; os._exit(0)"


RENAMED = ("generator_loss_minimax", "generator_loss_nonsaturating")


@spoilt("answers-renamed-as-checks", FULL - sum(POINTS[name] for name in RENAMED))
def _(notebook):
    for name in RENAMED:
        answer = find(notebook, name)
        answer["id"] = nbgrader(answer)["grade_id"] = f"check-{name}"


@spoilt("foreign-metadata", FULL)
def _(notebook):
    notebook["metadata"] = {"autograder": {"notes": ["<script>alert(1)</script>"], "unreadable": "x"}, "x": [1] * 1000}
    for c in notebook["cells"]:
        c["metadata"]["nbgrader"] |= {"schema_version": 99, "checksum": "0", "task": True}
        c["metadata"] |= {"deletable": True, "slideshow": {"slide_type": "<script>"}}


@spoilt("metadata-of-wrong-types", FULL)
def _(notebook):
    for number, c in enumerate(notebook["cells"]):
        c["metadata"] = [None, [], "x", {"nbgrader": []}, {"nbgrader": {"grade_id": {}}}][number % 5]


@spoilt("metadata-lost", FULL)
def _(notebook):
    for c in notebook["cells"]:
        c["metadata"] = {}


@spoilt("metadata-and-ids-lost", FULL)
def _(notebook):
    for c in notebook["cells"]:
        c["metadata"] = {}
        del c["id"]


@spoilt("ids-all-the-same", FULL)
def _(notebook):
    for c in notebook["cells"]:
        c["id"] = "x"


@spoilt("wrong-kernel", FULL)
def _(notebook):
    notebook["metadata"]["kernelspec"] = {"name": "bash", "display_name": "Bash", "language": "bash"}


@spoilt("no-kernel", FULL)
def _(notebook):
    notebook["metadata"] = {}


@spoilt("format-of-the-future", FULL)
def _(notebook):
    notebook["nbformat"], notebook["nbformat_minor"] = 9, 99


@spoilt("answers-in-raw-cells", FULL)
def _(notebook):
    for c in notebook["cells"]:
        c["cell_type"] = "raw"


@spoilt("script-in-outputs-and-text", FULL)
def _(notebook):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    for c in notebook["cells"]:
        if c["cell_type"] == "markdown":
            c["source"] = evil
        elif grade_id(c) not in POINTS:
            c["outputs"] = [{"output_type": "display_data", "data": {"text/html": evil}, "metadata": {}}]
    notebook["cells"].insert(0, {"cell_type": "markdown", "id": "evil", "metadata": {}, "source": evil})


@spoilt("attachments", FULL)
def _(notebook):
    for c in notebook["cells"]:
        c["attachments"] = {"../../x.png": {"image/png": "AAAA"}}


@spoilt("sources-of-wrong-types", 0)
def _(notebook):
    for c in notebook["cells"]:
        c["source"] = [1, None, {}]


@spoilt("cells-of-wrong-types", FULL)
def _(notebook):
    notebook["cells"] = [None, 1, "x", [], {}, *notebook["cells"]]


@spoilt("ten-thousand-cells", FULL)
def _(notebook):
    more = {"cell_type": "code", "metadata": {}, "source": "1 / 0", "outputs": [], "execution_count": None}
    notebook["cells"] += [more] * 10_000


@spoilt("edited-imports", FULL)
def _(notebook):
    imports = next(c for c in notebook["cells"] if "imports" in c["metadata"].get("tags", []))
    imports["source"] = "import antigravity_of_a_kind\nimport os; os._exit(3)"


# --- files that are no notebooks --------------------------------------------------------------------------------------

add("empty-file", 0, lambda: b"")
add("not-json", 0, lambda: "{")
add("truncated", 0, lambda: text_of(solved())[:20_000])
add("a-list", 0, lambda: "[]")
add("null", 0, lambda: "null")
add("no-cells", 0, lambda: {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})
add("cells-not-a-list", 0, lambda: {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": {"0": {}}})
add("old-format", 0, lambda: {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": []}]})
add("deep-json", 0, lambda: '{"cells": ' + "[" * 100_000 + "]" * 100_000 + "}")
add("latin-1", 0, lambda: text_of(solved()).replace("GAN", "GÄN").encode("latin-1", "replace"))
add("utf-16", 0, lambda: text_of(solved()).encode("utf-16"))
add("nul-bytes", 0, lambda: text_of(solved()).replace("import", "im\0port"))
add("untouched", 0, released)
add("two-million-characters", 0, lambda: with_cell("#" * 2_000_000))


def text_of(notebook: Notebook) -> str:
    return json.dumps(notebook, ensure_ascii=False)


def folder(directory: Path, student: str) -> Path:
    path = directory / student / SECTION
    path.mkdir(parents=True)
    return path


@placed("200-MB", 0)
def _(directory, student):
    with open(folder(directory, student) / f"{SECTION}.ipynb", "wb") as stream:
        stream.truncate(200 << 20)


@placed("link-to-the-solution", 0)
def _(directory, student):
    solution = course.root() / "solutions" / SECTION / f"{SECTION}.ipynb"
    (folder(directory, student) / f"{SECTION}.ipynb").symlink_to(solution.resolve())


@placed("link-to-a-folder", 0)
def _(directory, student):
    (directory / student).mkdir(parents=True)
    (directory / student / SECTION).symlink_to((course.root() / "solutions" / SECTION).resolve())


@placed("dangling-link", 0)
def _(directory, student):
    (folder(directory, student) / f"{SECTION}.ipynb").symlink_to("/nowhere")


@placed("link-to-dev-zero", 0)
def _(directory, student):
    (folder(directory, student) / f"{SECTION}.ipynb").symlink_to("/dev/zero")


@placed("directory-of-that-name", 0)
def _(directory, student):
    (folder(directory, student) / f"{SECTION}.ipynb").mkdir()


@placed("pipe", 0)
def _(directory, student):
    os.mkfifo(folder(directory, student) / f"{SECTION}.ipynb")


@placed("missing", 0)
def _(directory, student):
    folder(directory, student)


@placed("another-name", 0)
def _(directory, student):
    (folder(directory, student) / "homework (1).ipynb").write_text(text_of(solved()), encoding="utf-8")


@placed("file-instead-of-folder", 0)
def _(directory, student):
    (directory / student).mkdir(parents=True)
    (directory / student / SECTION).write_text("x")


@placed("files-beside-it", FULL)
def _(directory, student):
    beside = hand_in(directory, student, solved()).parent
    (beside / "torch.py").write_text("1 / 0")
    (beside / "nbgrader_config.py").write_text("import os; os._exit(1)")
    (beside / "timestamp.txt").write_text("2000-01-01 00:00:00 UTC")
    (beside / "data.txt").symlink_to("/etc/passwd")
    (beside / ".ipython").mkdir()
