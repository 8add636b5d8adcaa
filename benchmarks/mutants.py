"""Can the tests fail? Break one line at a time, run the tests named for its module, and count what turns red.

    python benchmarks/mutants.py [--quick] [--only MODULE ...] [--workers N] [--json PATH] [--contributing]

Each place in `mutants.toml` is one line of `dgm`, `autograder` or `book/tools`, and what a slip or a tidy hand could
make of it. It is changed in a copy of the repository with an environment of its own, never here. Tests that stay green
have overlooked it: they are named, and the exit status is 1 when the share is below the goal. The tests are run on the
unbroken copy first; where they are red there, nothing would be proved, and it is an error. `--contributing` writes the
table into CONTRIBUTING.md.
"""

import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import report

ROOT = Path(__file__).parents[1]
PLACES = Path(__file__).with_suffix(".toml")
GOAL = 0.95
SECONDS = 900  # for the tests of one place; a loop that never ends is red, too
PARTS = ("src/dgm", "autograder/server/jail", "autograder/server", "autograder", "book/tools")
TABLE = re.compile(r"(<!-- mutants -->\n).*?(<!-- /mutants -->)", re.S)


class Mutant(NamedTuple):
    """One line of a module, what becomes of it, and the tests that should see it."""

    module: str  # path from the root
    old: str
    new: str
    tests: tuple[str, ...]  # arguments of pytest

    @property
    def label(self) -> str:
        """The change in a line."""
        return f"{self.module}: {self.old.strip()} -> {self.new.strip() or '(nothing)'}"


def load() -> list[Mutant]:
    """Every place, checked: its line is there exactly once, so that it names what it means."""
    found = []
    for module, described in tomllib.loads(PLACES.read_text(encoding="utf8")).items():
        text = (ROOT / module).read_text(encoding="utf8")
        for change in described["changes"]:
            old, new = change["old"], change["new"]
            lines = zip_longest(old.split("\n"), new.split("\n"))  # more than one, where one line is there more often
            if text.count(old) != 1 or sum(was != now for was, now in lines) != 1:
                sys.exit(f"{module}: {old!r} stands there {text.count(old)} times; change one line, found once")
            found.append(Mutant(module, old, new, tuple(change.get("tests", described["tests"]))))
    return found


def copy(folder: Path) -> Path:
    """The repository, and its environment with every file linked but those that say where it lies."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    here, there = Path(sys.prefix), folder / ".venv"
    moved = {str(here): there, str(ROOT): folder}  # the longer first: one lies in the other
    places = re.compile("|".join(map(re.escape, sorted(moved, key=len, reverse=True))))
    shutil.copytree(here, there, symlinks=True, copy_function=_link)
    told = [path for path in (there / "bin").iterdir() if path.is_file() and not path.is_symlink()]
    told += [path for path in there.glob("lib/*/site-packages/*") if path.name.startswith("_editable")]
    for path in told:
        try:
            text = path.read_text(encoding="utf8")
        except (UnicodeDecodeError, IsADirectoryError):
            continue
        if str(ROOT) in text or str(here) in text:
            path.unlink()  # else the original, to which it is linked, would be written
            path.write_text(places.sub(lambda match: str(moved[match[0]]), text), encoding="utf8")
            path.chmod(0o755)
    cache = ROOT / "_build" / "lessons"
    if cache.is_dir():
        shutil.copytree(cache, folder / "_build" / "lessons")
    return folder


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)
    return target


def tested(folder: Path, tests: Iterable[str]) -> tuple[bool, str]:
    """Whether the tests pass in a copy, and what pytest says; without a test nothing is seen, which is a pass."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PATH": f"{folder / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("VIRTUAL_ENV", None)
    command = [folder / ".venv" / "bin" / "python", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return False, f"the tests took more than {SECONDS} s"
    if done.returncode == 5:
        print(f"no test is called {' '.join(tests)}", file=sys.stderr)
    return done.returncode in (0, 5), done.stdout


def broken(folder: Path, mutant: Mutant) -> bool:
    """Whether the tests of a place see it, in a copy that is whole again afterwards."""
    path = folder / mutant.module
    text = path.read_text(encoding="utf8")
    try:
        path.write_text(text.replace(mutant.old, mutant.new), encoding="utf8")
        return not tested(folder, mutant.tests)[0]
    finally:
        path.write_text(text, encoding="utf8")


def run(mutants: list[Mutant], workers: int, keep: Callable[[dict[Mutant, bool]], None]) -> dict[Mutant, bool]:
    """Place -> whether it was seen, several at a time, each worker in a copy of its own; ``keep`` gets all so far."""
    with tempfile.TemporaryDirectory(dir=ROOT / "_build", prefix="mutants-") as base:
        Path(base).chmod(0o755)  # one test becomes an ordinary user, who has to get there
        folders: queue.Queue[Path] = queue.Queue()
        for k in range(workers):
            (Path(base) / str(k)).mkdir()
            folders.put(copy(Path(base) / str(k)))

        def task(function, *arguments):
            folder = folders.get()
            try:
                return function(folder, *arguments)
            finally:
                folders.put(folder)

        with ThreadPoolExecutor(workers) as pool:
            files = sorted({name for mutant in mutants for name in mutant.tests if name.endswith(".py")})
            green, said = task(tested, [f"--numprocesses={workers}", *files])
            if not green:
                print(said[-6000:], file=sys.stderr)
                sys.exit("The tests are red on the unbroken copy, so that nothing would be proved.")
            seen: dict[Mutant, bool] = {}
            lock = threading.Lock()

            def one(mutant: Mutant) -> None:
                begin = time.perf_counter()
                caught = task(broken, mutant)
                with lock:
                    seen[mutant] = caught
                    spent = time.perf_counter() - begin
                    state = "red  " if caught else "GREEN"
                    keep({known: seen[known] for known in mutants if known in seen})
                    print(f"{len(seen):3}/{len(mutants)} {state} {spent:4.0f} s  {mutant.label}", flush=True)

            list(pool.map(one, mutants))
    return {mutant: seen[mutant] for mutant in mutants}


def table(mutants: list[Mutant], seen: dict[Mutant, bool]) -> list[dict]:
    """Per module all of whose places have been run: places, those seen, and the lines that nobody missed."""
    rows = []
    for module in dict.fromkeys(mutant.module for mutant in mutants):
        own = {mutant: seen.get(mutant) for mutant in mutants if mutant.module == module}
        if None in own.values():
            continue
        green = [mutant.label for mutant, caught in own.items() if not caught]
        rows.append({"module": module, "places": len(own), "red": len(own) - len(green), "green": green})
    return rows


def merged(rows: list[dict], path: Path | None, modules: Iterable[str]) -> list[dict]:
    """Rows of a run, after an earlier run's of other modules where there was one, and their sum."""
    earlier = {}
    if path and path.exists():
        earlier = {row["module"]: row for row in json.loads(path.read_text(encoding="utf8"))["rows"]}
    known = earlier | {row["module"]: row for row in rows}
    rows = [known[module] for module in modules if module in known]
    total = {name: sum(row[name] for row in rows) for name in ("places", "red")}
    return [*rows, {"module": "all", **total, "green": [label for row in rows for label in row["green"]]}]


def markdown(rows: list[dict]) -> str:
    """The table for CONTRIBUTING.md, a line per part of the code."""
    parts: dict[str, list[int]] = {}
    for row in rows[:-1]:
        folder = str(Path(row["module"]).parent)
        part = next(part for part in PARTS if folder.startswith(part))
        counted = parts.setdefault(part, [0, 0, 0])
        for k, number in enumerate((1, row["places"], row["red"])):
            counted[k] += number
    lines = ["| part | modules | places broken | tests turn red |", "|---|---:|---:|---:|"]
    lines += [f"| `{part}` | {n} | {places} | {seen} |" for part, (n, places, seen) in parts.items()]
    last = rows[-1]
    lines.append(f"| all | {len(rows) - 1} | {last['places']} | {last['red']} ({last['red'] / last['places']:.0%}) |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the command."""
    parser = report.options(
        "Break one line at a time and count what the tests see; --quick: a place per module of dgm."
    )
    parser.add_argument(
        "--only",
        nargs="+",
        default=[""],
        metavar="MODULE",
        help="only modules whose path contains one of these texts; --json keeps the others",
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="copies at a time (default: cores)")
    parser.add_argument("--contributing", action="store_true", help="write the table into CONTRIBUTING.md")
    arguments = parser.parse_args()
    places = load()
    modules = list(dict.fromkeys(mutant.module for mutant in places))
    mutants = [mutant for mutant in places if any(text in mutant.module for text in arguments.only)]
    if arguments.quick:
        mutants = list({m.module: m for m in mutants if m.module.startswith("src/dgm")}.values())
    if not mutants or arguments.workers < 1:
        parser.error("no module fits --only" if not mutants else "--workers must be at least 1")
    (ROOT / "_build").mkdir(exist_ok=True)
    workers = min(arguments.workers, len(mutants))

    def rows_with(seen: dict[Mutant, bool]) -> list[dict]:
        return merged(table(mutants, seen), arguments.json if arguments.only != [""] else None, modules)

    rows = rows_with(run(mutants, workers, lambda seen: report.write(arguments.json, rows_with(seen))))
    shown = [(r["module"], str(r["places"]), str(r["red"]), f"{r['red'] / r['places']:.0%}") for r in rows]
    report.show("One line broken at a time", ["module", "places", "red", "share"], shown)
    for label in rows[-1]["green"]:
        print(f"stays green: {label}")
    if arguments.contributing:
        path = ROOT / "CONTRIBUTING.md"
        path.write_text(TABLE.sub(rf"\g<1>{markdown(rows)}\g<2>", path.read_text(encoding="utf8")), encoding="utf8")
    print(f"Goal of {GOAL:.0%}: {'reached' if rows[-1]['red'] >= GOAL * rows[-1]['places'] else 'missed'}.")
    return 0 if rows[-1]["red"] >= GOAL * rows[-1]["places"] else 1


if __name__ == "__main__":
    sys.exit(main())
