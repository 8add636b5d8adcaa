"""How fast a class is graded: plain `nbgrader autograde` beside `autograder grade` on the same submissions.

Plain nbgrader gets the easier work: only its imports, answers and public checks, none of the lesson's demonstrations
(with those a submission takes minutes), no hidden cases, no sandbox, no feedback. Ours gets the whole notebook, runs
public and hidden cases in a jail, and writes gradebook and feedback. Both times include everything from start to end;
the marginal cost leaves out the start, as the difference between two class sizes.
"""

import copy
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import report

from autograder import batch, course, grade, intake, results, submission

SECTION = "03-gan-minimax"
COURSE = Path(__file__).parents[1]


def hand_in(folder: Path, source: nbformat.NotebookNode, answers: dict[str, str], students: int) -> None:
    """A class in which students have answered 0, 1, 2, ... of the exercises rightly, in turn."""
    names = list(answers)
    for student in range(students):
        notebook = copy.deepcopy(source)
        for cell in notebook.cells:
            if submission.is_answer(cell) and submission.title(cell) in names[: student % (len(names) + 1)]:
                cell.source = answers[submission.title(cell)]
        results.write(folder / f"s{student:04}" / SECTION / f"{SECTION}.ipynb", nbformat.writes(notebook))


def plain(folder: Path, answers: dict[str, str], students: int) -> float:
    """Seconds of `nbgrader autograde` for a class, one submission after the other, with nbgrader's own defaults."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment["OMP_NUM_THREADS"] = "1"
    short = copy.deepcopy(grade.notebook("solutions", SECTION, COURSE))
    needed = (submission.is_imports, submission.is_answer, submission.is_check)
    short.cells = [cell for cell in short.cells if any(is_needed(cell) for is_needed in needed)]
    results.write(folder / "source" / SECTION / f"{SECTION}.ipynb", nbformat.writes(short))
    results.write(folder / "nbgrader_config.py", "c = get_config()\nc.CourseDirectory.course_id = 'plain'\n")

    def nbgrader(*command: str) -> float:
        began = time.perf_counter()
        done = subprocess.run(["nbgrader", *command], cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"nbgrader {' '.join(command)} failed:\n{done.stderr}")
        return time.perf_counter() - began

    nbgrader("generate_assignment", SECTION)
    release = nbformat.read(folder / "release" / SECTION / f"{SECTION}.ipynb", as_version=4)
    hand_in(folder / "submitted", release, answers, students)
    return nbgrader("autograde", SECTION)


def ours(folder: Path, answers: dict[str, str], students: int, workers: int) -> float:
    """Seconds of our command for a class, from an empty folder to gradebook, feedback and reports."""
    hand_in(folder / "submitted", grade.notebook("notebooks", SECTION, COURSE), answers, students)
    command = [sys.executable, "-m", "autograder", "grade", folder / "submitted", "--out", folder / "out"]
    began = time.perf_counter()
    done = subprocess.run([*command, "--workers", str(workers)], cwd=COURSE, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"autograder grade failed:\n{done.stderr}")
    marked = results.load_all(folder / "out")
    asked = [e.max_points for e in results[0].exercises.values()]
    for number, result in enumerate(results):
        assert result.points == sum(asked[: number % (len(asked) + 1)]), f"wrong points for {result.student}"
    assert len(results) == len(intake.find(folder / "submitted", [SECTION]))
    return seconds


def main() -> None:
    options = report.options("How fast a class is graded, beside plain nbgrader.").parse_args()
    workers = min(2, os.cpu_count() or 1)
    compared, sizes = (4, [4, 8]) if options.quick else (40, [10, 40, 100, 200])
    solution = grade.notebook("solutions", SECTION, COURSE)
    answers = {submission.title(c): c.source for c in solution.cells if submission.is_answer(c)}
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for number, (who, students) in enumerate([("nbgrader autograde", compared), *(("ours", n) for n in sizes)]):
            folder = Path(temporary, str(number))
            work = plain if who != "ours" else ours
            seconds = work(folder, answers, students, *([workers] if who == "ours" else []))
            rows.append({"grader": who, "submissions": students, "seconds": seconds, "each": seconds / students})
    slow = rows[0]["each"]
    for row in rows:
        row["times_faster"] = slow / row["each"]
    first, last = rows[1], rows[-1]
    marginal = (last["seconds"] - first["seconds"]) / (last["submissions"] - first["submissions"])
    rows.append({"grader": "ours, marginal", "submissions": 1, "seconds": marginal, "each": marginal,
                 "times_faster": slow / marginal})  # fmt: skip
    report.show(
        f"Grading section 3 with {workers} workers",
        ["grader", "submissions", "seconds", "seconds each", "times faster"],
        [[r["grader"], str(r["submissions"]), f"{r['seconds']:.1f}", f"{r['each']:.2f}", f"{r['times_faster']:.1f}"]
         for r in rows],
        "Plain nbgrader runs answers and public checks only; ours also hidden cases, sandbox and feedback.",
    )  # fmt: skip
    report.write(options.json, rows)


if __name__ == "__main__":
    main()
