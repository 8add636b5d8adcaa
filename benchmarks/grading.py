"""How fast a class is graded: plain `nbgrader autograde` beside `autograder grade` on the same submissions.

Plain nbgrader gets the easier work: only its imports, answers and public checks, none of the lesson's demonstrations
(with those a submission takes minutes), no hidden cases, no sandbox, no feedback. Ours gets the whole notebook, runs
public and hidden cases in a jail, and writes gradebook, feedback and reports. Both are timed from start to end, in turn
on the same classes; only the largest class is ours alone, and plain's time for it is extrapolated from the two before.
CPU seconds are of everything that was started. They say what the work costs on a machine that has other work to do.
"""

import copy
import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import report

from autograder.server import grade, intake, results, submission

SECTION = "03-gan-minimax"
COURSE = Path(__file__).parents[1]
WORKERS = min(2, os.cpu_count() or 1)
PR_SET_CHILD_SUBREAPER = 36


class Spent(NamedTuple):
    seconds: float
    cpu: float


def spent(command: list, folder: Path) -> Spent:
    """Run a command; what it and all that it started took."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as said:  # a pipe would be open for as long as any process that holds it
        before, began = cpu(), time.perf_counter()
        code = subprocess.run(command, cwd=folder, env=environment, stdout=said, stderr=said).returncode
        seconds = time.perf_counter() - began
        said.seek(0)
        if code:
            sys.exit(f"{' '.join(map(str, command))} failed:\n{said.read()}")
    return Spent(seconds, cpu() - before)


def cpu() -> float:
    """CPU seconds of all processes started so far, orphans included, once they have ended."""
    try:
        while True:
            os.wait()
    except ChildProcessError:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime


def hand_in(folder: Path, source: nbformat.NotebookNode, answers: dict[str, str], students: int) -> None:
    """A class in which students have answered 0, 1, 2, ... of the exercises rightly, in turn."""
    names = list(answers)
    for student in range(students):
        notebook = copy.deepcopy(source)
        for cell in notebook.cells:
            if submission.is_answer(cell) and submission.title(cell) in names[: student % (len(names) + 1)]:
                cell.source = answers[submission.title(cell)]
        results.write(folder / f"s{student:04}" / SECTION / f"{SECTION}.ipynb", nbformat.writes(notebook))


def plain(folder: Path, answers: dict[str, str], students: int) -> Spent:
    """`nbgrader autograde` for a class, one submission after the other, with nbgrader's own defaults."""
    short = copy.deepcopy(grade.notebook("solutions", SECTION, COURSE))
    needed = (submission.is_imports, submission.is_answer, submission.is_check)
    short.cells = [cell for cell in short.cells if any(is_needed(cell) for is_needed in needed)]
    results.write(folder / "source" / SECTION / f"{SECTION}.ipynb", nbformat.writes(short))
    results.write(folder / "nbgrader_config.py", "c = get_config()\nc.CourseDirectory.course_id = 'plain'\n")
    spent(["nbgrader", "generate_assignment", SECTION], folder)
    release = nbformat.read(folder / "release" / SECTION / f"{SECTION}.ipynb", as_version=4)
    hand_in(folder / "submitted", release, answers, students)
    return spent(["nbgrader", "autograde", SECTION], folder)


def ours(folder: Path, answers: dict[str, str], students: int) -> Spent:
    """Our command for a class, from an empty folder to gradebook, feedback and reports."""
    hand_in(folder / "submitted", grade.notebook("notebooks", SECTION, COURSE), answers, students)
    command = [sys.executable, "-m", "autograder", "grade", folder / "submitted", "--out", folder / "out"]
    took = spent([*command, "--workers", str(WORKERS)], COURSE)
    marked = results.load_all(folder / "out")
    asked = [e.max_points for e in marked[0].exercises.values()]
    for number, result in enumerate(marked):
        assert result.points == sum(asked[: number % (len(asked) + 1)]), f"wrong points for {result.student}"
    assert len(marked) == len(intake.find(folder / "submitted", [SECTION]))
    return took


def line(at: int, first: tuple[int, Spent], second: tuple[int, Spent]) -> Spent:
    """What a class of another size would take if the time grew along a line."""
    (m, one), (n, two) = first, second
    return Spent(*(a + (b - a) * (at - m) / (n - m) for a, b in zip(one, two, strict=True)))


def main() -> None:
    options = report.options("How fast a class is graded, beside plain nbgrader.").parse_args()
    *compared, largest = (1, 3, 9) if options.quick else (10, 40, 200)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans come here, and are counted
    solution = grade.notebook("solutions", SECTION, COURSE)
    answers = {submission.title(c): c.source for c in solution.cells if submission.is_answer(c)}
    theirs: dict[int, Spent] = {}
    our: dict[int, Spent] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for size in compared:
            our[size] = ours(Path(temporary, f"ours-{size}"), answers, size)
            theirs[size] = plain(Path(temporary, f"plain-{size}"), answers, size)
        our[largest] = ours(Path(temporary, f"ours-{largest}"), answers, largest)
    theirs[largest] = line(largest, *theirs.items())
    rows = [row(f"class of {n}", n, theirs[n], our[n], extrapolated=n == largest) for n in our]
    for first, last in ((compared[0], compared[1]), (compared[1], largest)):
        each = [Spent(*((b - a) / (last - first) for a, b in zip(who[first], who[last], strict=True)))
                for who in (theirs, our)]  # fmt: skip
        rows.append(row(f"each from {first} to {last}", 1, *each, extrapolated=last == largest))
    report.show(
        f"Grading section 3 with {WORKERS} workers",
        ["submissions", "nbgrader s", "ours s", "times faster", "nbgrader CPU s", "ours CPU s", "times less CPU"],
        [[r["class"], f"{'~' * r['extrapolated']}{r['plain_seconds']:.1f}", f"{r['seconds']:.2f}",
          f"{r['times_faster']:.1f}", f"{'~' * r['extrapolated']}{r['plain_cpu']:.1f}", f"{r['cpu']:.2f}",
          f"{r['times_less_cpu']:.1f}"] for r in rows],
        "Plain nbgrader runs answers and public checks only; ours also hidden cases, sandbox, feedback and reports.\n"
        "~ is not measured but goes on along the line through the two classes before.",
    )  # fmt: skip
    report.write(options.json, rows)


def row(name: str, size: int, theirs: Spent, our: Spent, extrapolated: bool) -> dict:
    return {
        "class": name,
        "submissions": size,
        "plain_seconds": theirs.seconds,
        "seconds": our.seconds,
        "times_faster": theirs.seconds / our.seconds,
        "plain_cpu": theirs.cpu,
        "cpu": our.cpu,
        "times_less_cpu": theirs.cpu / our.cpu,
        "extrapolated": extrapolated,
    }


if __name__ == "__main__":
    main()
