"""From a submission to marks: run it in the jail, judge what comes out here, for one file or for a class.

The child computes, this side judges. References of the hidden cases come from the solution, run by the same child under
the same private seed; those of the public cases are stored in ``references/``.
"""

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder import collect, exercise, judge, plain
from autograder.exercise import PUBLIC_SEED, Exercise, exercises
from autograder.server import course, submission
from autograder.server.errors import BadInput, Unreadable
from autograder.server.jail import probe
from autograder.server.jail.box import LIMITS, Limits
from autograder.server.results import Result, write
from autograder.verdict import ExerciseResult, printable

_FILE = "the-file"  # the cell that a Python file becomes

_Outcomes = dict[str, dict[judge.Key, dict[str, Any]]]  # exercise -> (case, public) -> what one call did


def known_section(section: str) -> dict[str, Exercise]:
    """The exercises of a section by name, or `BadInput`."""
    if section not in exercise.sections():
        raise BadInput(f"There is no section {section!r}; there are {', '.join(exercise.sections())}.")
    return exercises(section)


def notebook_path(kind: str, section: str, root: Path) -> Path:
    """Where nbgrader expects a notebook: KIND/SECTION/SECTION.ipynb."""
    return root / kind / section / f"{section}.ipynb"


def notebook(kind: str, section: str, root: Path) -> NotebookNode:
    """A notebook of ours: kind is "notebooks" (the release) or "solutions"."""
    path = notebook_path(kind, section, root)
    if not path.exists():
        raise BadInput(f"There is no {path}; build the course first (make build).")
    return _read(path, path.stat().st_mtime_ns)


@cache
def _read(path: Path, _modified: int) -> NotebookNode:
    return nbformat.read(path, as_version=4)


# --- one submission ---------------------------------------------------------------------------------------------------


def _ask(
    section: str,
    sources: list[str],
    wanted: Iterable[str],
    seeds: dict[str, int],
    limits: Limits,
    unsafe: bool,
    reference: bool = False,
    answers: dict[int, str] | None = None,
    own: Iterable[int] = (),
):
    """Send one job to this worker's jail; what comes back is sorted, not yet believed.

    A solution is run as a ``reference``, more exactly than an answer. ``answers`` says which cell is to define what,
    ``own`` which cells the student has added.

    Returns:
        outcomes of the wanted exercises, per cell what it printed and how it failed, if it did, and which exercises
        are defined anew after their answer.
    """
    wanted = list(wanted)
    job = {"section": section, "cells": sources, "exercises": wanted, "seeds": seeds, "reference": reference}
    job |= {"answers": answers or {}, "own": list(own)}
    if reference:  # it ends by itself, and on a busy machine a step of it may take long
        job["limits"] = asdict(replace(limits, step_seconds=limits.wall_seconds))
    outcomes: _Outcomes = {name: {} for name in wanted}
    cases = {name: {case.name for case in e.cases} for name, e in known_section(section).items() if name in outcomes}
    cells: dict[int, tuple[str, str]] = {}
    redefined: set[str] = set()
    for event in probe.current(limits, unsafe).run(job):
        name, case, cell = event.get("exercise"), event.get("case"), event.get("cell")
        if isinstance(cell, int):
            cells.setdefault(cell, _describe_cell(event))
        elif isinstance(name, str) and name in outcomes:
            if isinstance(case, str) and isinstance(event.get("outcome"), dict):
                if case in cases[name]:  # nothing else is kept, however much of it is sent
                    outcomes[name].setdefault((case, event.get("public") is True), _signed(event["outcome"]))
            elif event.get("redefined") is True:
                redefined.add(name)
            elif event.get("missing") is True:
                outcomes[name][""] = collect.failed(f"there is no function {name} in the submission")  # type: ignore[index]
            elif isinstance(event.get("died"), str):
                outcomes[name][""] = collect.failed(f"the call could not be finished: {event['died'][:200]}")  # type: ignore[index]
    return outcomes, cells, redefined


def _signed(outcome: dict[str, Any]) -> dict[str, Any]:
    """An outcome whose error has a type: one without would be told in the grader's own words (`collect.failed`)."""
    error = outcome.get("error")
    if isinstance(error, dict) and not error.get("type"):
        return {"error": {**error, "type": "Exception"}}
    return outcome


def _describe_cell(event: dict[str, Any]) -> tuple[str, str]:
    """What a cell printed, and how it failed (or nothing), as plain text for the feedback."""
    printed, error = event.get("stdout"), event.get("error")
    text = printed[:10_000] if isinstance(printed, str) else ""
    if not isinstance(error, dict):
        return printable(text), ""
    kind, message = (str(error.get(key, ""))[:2000] for key in ("type", "message"))
    message = re.sub(
        r"\(<[^<>]*>, line (\d+)\)", r"(line \1)", message
    )  # IPython's name of a cell tells nobody anything
    return printable(text), printable(message if kind == "Died" else f"{kind}: {message}")


def references(
    section: str, seed: int, limits: Limits, unsafe: bool, root: Path, kept: Path | None = None
) -> _Outcomes:
    """What the solution does: public cases from the stored file, hidden ones computed once per seed.

    Arguments:
        kept: A private folder in which workers, and later runs, find what one has computed; without it each does so.

    Raises:
        BadInput: When the solution does not answer its exercises, or the stored file is of other cases.
    """
    files = (judge.REFERENCES / f"{section}.json", root / "solutions" / section / f"{section}.ipynb")
    version = tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in files)
    return _references(section, seed, limits, unsafe, root, kept, version)


@cache
def _references(
    section: str, seed: int, limits: Limits, unsafe: bool, root: Path, kept: Path | None, _version: tuple
) -> _Outcomes:
    asked = known_section(section)
    try:
        stored = judge.load_references(section)
    except (OSError, ValueError):
        stored = {}
    solve = partial(_solve, section, seed, limits, unsafe, root)
    name = hashlib.sha256(str(seed).encode()).hexdigest()[:16]  # a name is shown, in errors for instance; a seed isn't
    path = kept / section / f"{name}.json" if kept else None
    hidden = _shared(path, course.fingerprint(section, root), solve) if path else solve()
    for name, wanted in asked.items():
        if stored.get(name, {}).keys() != {(case.name, True) for case in wanted.cases}:
            raise BadInput(
                f"The references of {section} are out of date: run python -m autograder references {section}"
            )
    return {name: {**stored[name], **hidden[name]} for name in asked}


def _solve(section: str, seed: int, limits: Limits, unsafe: bool, root: Path) -> _Outcomes:
    """What the solution does with the hidden cases of a seed."""
    asked = known_section(section)
    cells = [cell.source for cell in submission.runnable(notebook("solutions", section, root))]
    hidden, printed, _ = _ask(section, cells, asked, {"hidden": seed}, limits, unsafe, reference=True)
    for name, wanted in asked.items():
        _complete(section, name, hidden[name], {(case.name, False) for case in wanted.cases}, printed)
    return hidden


def _shared(path: Path, digest: str, solve: Callable[[], _Outcomes]) -> _Outcomes:
    """The hidden cases' outcomes from a file, into which the first of the workers to come has written them.

    The others wait for it; where files can't be locked, they compute them as well.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        with contextlib.suppress(ImportError, OSError):
            import fcntl  # of POSIX

            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["digest"] == digest:
                return {name: {(case, False): did for case, did in cases} for name, cases in found["hidden"].items()}
        except (OSError, ValueError, LookupError, AttributeError, TypeError):
            pass  # none yet, or something else
        hidden = solve()
        told = {name: [[case, did] for (case, _), did in cases.items()] for name, cases in hidden.items()}
        write(path, json.dumps({"digest": digest, "hidden": told}), mode=0o600)
        return hidden


def _complete(section: str, name: str, outcomes: dict, keys: set, printed: dict[int, tuple[str, str]]) -> None:
    """Refuse a solution that does not answer its own exercise."""
    errors = [str(outcome["error"].get("message")) for outcome in outcomes.values() if "error" in outcome]
    if errors or outcomes.keys() != keys:
        reason = "; ".join(filter(None, [*(error for _, error in printed.values()), *errors])) or "a case is missing"
        raise BadInput(f"The solution of {section} does not answer {name}: {reason}")


def mark_notebook(
    section: str,
    rebuilt: NotebookNode,
    notes: list[str],
    seed: int,
    limits: Limits = LIMITS,
    unsafe: bool = False,
    only: Iterable[str] = (),
    root: Path | None = None,
    kept: Path | None = None,
) -> Result:
    """Marks of a rebuilt submission."""
    began = time.monotonic()
    asked = {name: e for name, e in known_section(section).items() if not only or name in set(only)}
    expected = references(section, seed, limits, unsafe, root or course.root(), kept)
    cells = submission.runnable(rebuilt)
    seeds = {"public": PUBLIC_SEED, "hidden": seed}
    answers = {i: submission.title(cell) for i, cell in enumerate(cells) if submission.is_attempted(cell)}
    own = [i for i, cell in enumerate(cells) if submission.is_own(cell) and cell.id != _FILE]
    sources = [cell.source for cell in cells]
    outcomes, printed, redefined = _ask(section, sources, asked, seeds, limits, unsafe, answers=answers, own=own)
    again = "A cell further down defines {0} once more; {0} of the answer cell counts."
    notes = [*notes, *(again.format(name) for name in asked if name in redefined)]
    marks = {name: _mark_exercise(e, outcomes[name], expected[name]) for name, e in asked.items()}
    wrong = {name for name, m in marks.items() if not m.points}
    for name, e in asked.items():
        judge.blame(e, marks[name], outcomes[name], wrong)
    for i, (_, error) in printed.items():
        if not error or not 0 <= i < len(cells):
            continue
        name = submission.title(cells[i]) if submission.is_answer(cells[i]) else ""
        if name in marks and not marks[name].points:
            marks[name].message += f"\nThe cell itself failed: {error[-600:]}"
        for name, found in marks.items() if cells[i].id == _FILE else ():
            if f"there is no function {name}" in found.message:
                found.message = f"{name}: the file stops before it is defined: {error[-600:]}"
    shown = {cells[i].id: "".join(said) for i, said in printed.items() if 0 <= i < len(cells) and any(said)}
    return Result(
        section=section,
        points=sum(m.points for m in marks.values()),
        max_points=sum(m.max_points for m in marks.values()),
        exercises=marks,
        notes=notes,
        printed=shown,
        text={submission.title(c): c.source for c in cells if submission.is_answer(c)},
        seconds=round(time.monotonic() - began, 3),
    )


def _mark_exercise(asked: Exercise, outcomes: dict, expected: dict) -> ExerciseResult:
    """The judge's verdict on one exercise; a record that the judge can't even read is a wrong answer."""
    whole = outcomes.pop("", None)
    if whole:  # nothing came back from some case on: the same sentence for each of those
        outcomes = {key: outcomes.get(key, whole) for key in expected}
    try:
        found = judge.mark(asked, outcomes, expected)
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
        found = judge.mark(asked, {}, expected)
    if whole and not any(case.passed for case in found.cases):
        message = f"{asked.name}: {whole['error']['message']}."
        return ExerciseResult(points=0, max_points=asked.points, message=message, diagnosis="raises")
    return found


def nothing(section: str, reason: str, only: Iterable[str] = ()) -> Result:
    """A scored 0 with its reason, for what can't be read."""
    asked = {name: e for name, e in known_section(section).items() if not only or name in set(only)}
    marks = {name: ExerciseResult(points=0, max_points=e.points, message=reason) for name, e in asked.items()}
    total = sum(e.points for e in asked.values())
    return Result(section=section, points=0, max_points=total, exercises=marks, notes=[reason])


def mark_text(section: str, text: str, name: str, seed: int, **options: Any) -> Result:
    """Marks of a notebook's text as it was handed in."""
    try:
        rebuilt, notes = submission.rebuild(
            text, notebook("notebooks", section, options.get("root") or course.root()), name
        )
    except Unreadable as error:
        return nothing(section, str(error), options.get("only", ()))
    return mark_notebook(section, rebuilt, notes, seed, **options)


def mark_script(section: str, text: str, _name: str, seed: int, **options: Any) -> Result:
    """Marks of a Python file that defines some of a section's functions; the section's imports run before it."""
    release = notebook("notebooks", section, options.get("root") or course.root())
    imports = [cell for cell in release.cells if submission.is_imports(cell)]
    file = nbformat.v4.new_code_cell(printable(text.removeprefix("\ufeff")), id=_FILE)
    script = nbformat.v4.new_notebook(cells=[*imports, file])
    result = mark_notebook(section, script, [], seed, **options)
    for name, marks in result.exercises.items():
        for other in known_section(section):
            if f"name '{other}' is not defined" in marks.message:
                told = f"{name}: it calls {other}, which this file does not define. "
                marks.message = told + f"Add your {other} to the file, or check the notebook."
    return result


# --- stored references ------------------------------------------------------------------------------------------------


def write_references(section: str, root: Path | None = None, limits: Limits = LIMITS, unsafe: bool = False) -> bool:
    """Write the public references from the solution; say whether the file changed.

    A file whose numbers agree is left alone: rounding differs between machines, and must not show as a difference.
    """
    asked = known_section(section)
    cells = [cell.source for cell in submission.runnable(notebook("solutions", section, root or course.root()))]
    outcomes, printed, _ = _ask(section, cells, asked, {"public": PUBLIC_SEED}, limits, unsafe, reference=True)
    for name, wanted in asked.items():
        _complete(section, name, outcomes[name], {(case.name, True) for case in wanted.cases}, printed)
    fresh = {"exercises": {n: {case: o for (case, _), o in cases.items()} for n, cases in outcomes.items()}}
    path = judge.REFERENCES / f"{section}.json"
    with contextlib.suppress(OSError, ValueError):
        if plain.same(json.loads(path.read_text(encoding="utf-8")), fresh):
            return False
    write(path, json.dumps(fresh, separators=(",", ":")).replace('},"', '},\n"') + "\n")
    return True
