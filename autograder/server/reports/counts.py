"""Counts over a class: who has how many points, and which mistakes were made how often."""

import re
from collections import Counter, defaultdict
from statistics import mean

from autograder.server.results import Result
from autograder.verdict import ExerciseResult


def groups(results: list[Result]) -> dict[str, list[Result]]:
    """The submissions of each section."""
    found: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        found[result.section].append(result)
    return dict(found)


def unreadable(result: Result) -> str:
    """Why nothing of a submission could be graded, or nothing: then every exercise was told the same."""
    (reason, *_) = result.notes or [""]
    told = {marks.message for marks in result.exercises.values()}
    return reason if result.handed_in and told == {reason} else ""


def distribution(results: list[Result]) -> list[tuple[str, float, int, int, int]]:
    """Per question: name, mean points, how many have all, some and none of them, among those that are marked."""
    rows = []
    for name in dict.fromkeys(name for result in results for name in result.exercises):
        asked = [result for result in results if name in result.exercises and name not in result.waiting]
        if not (marks := [result.exercises[name] for result in asked]):
            continue
        full = sum(m.points >= m.max_points for m in marks)
        none = sum(m.points <= 0 for m in marks)
        rows.append((name, mean(m.points for m in marks), full, len(marks) - full - none, none))
    return rows


def still_open(results: list[Result]) -> list[tuple[int, str]]:
    """How many have not attempted an exercise yet, and which."""
    counted = Counter(n for r in results for n, marks in r.exercises.items() if marks.diagnosis == "open")
    return [(number, name) for name, number in counted.most_common()]


def unmarked(results: list[Result]) -> list[tuple[int, str]]:
    """How many answers to a question nobody has marked yet, and to which."""
    counted = Counter(name for result in results for name in result.waiting)
    return [(number, name) for name, number in counted.most_common()]


def mistakes(results: list[Result], most: int = 10) -> list[tuple[int, str, str, str]]:
    """The most common ways to fail: answers that fail the same cases for the same reason made the same mistake.

    So did those that stopped before any case could be tried, for one reason but for its numbers. An exercise that is
    open is no mistake: see `still_open`.

    Returns:
        How many, the exercise, the failing cases in words, and what most of them were told.
    """
    clusters: dict[tuple[str, frozenset[str], str], list[ExerciseResult]] = defaultdict(list)
    for result in results:
        for name, marks in result.exercises.items():
            failed = [case for case in marks.cases if not case.passed]
            if marks.diagnosis == "open":
                continue
            if failed:
                clusters[name, frozenset(case.name for case in failed), failed[0].message[:60]].append(marks)
            elif marks.diagnosis and not marks.cases:
                clusters[name, frozenset(), re.sub(r"\d+", "", marks.message)].append(marks)
    rows = []
    for (name, failed, _), group in sorted(clusters.items(), key=lambda item: -len(item[1]))[:most]:
        lines = 1 if failed else None  # without a case the next line says why
        told = Counter(" ".join(marks.message.splitlines()[:lines]) for marks in group).most_common(1)[0][0]
        everything = len(failed) == len({case.name for case in group[0].cases})
        which = "all cases" if everything else ", ".join(sorted(case.replace("_", " ") for case in failed))
        which = which if failed else "before any case"
        rows.append((len(group), name, which, told.removeprefix(f"{name}: ")))
    return rows
