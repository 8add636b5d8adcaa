"""Counts over a class: who has how many points, and which mistakes were made how often."""

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
    """Per exercise: name, mean points, how many have all, some and none of them."""
    rows = []
    for name in dict.fromkeys(name for result in results for name in result.exercises):
        marks = [result.exercises[name] for result in results if name in result.exercises]
        full = sum(m.points >= m.max_points for m in marks)
        none = sum(m.points <= 0 for m in marks)
        rows.append((name, mean(m.points for m in marks), full, len(marks) - full - none, none))
    return rows


def mistakes(results: list[Result], most: int = 10) -> list[tuple[int, str, str, str]]:
    """The most common ways to fail: answers that fail the same cases for the same reason made the same mistake.

    Returns:
        How many, the exercise, the failing cases in words, and what most of them were told.
    """
    clusters: dict[tuple[str, frozenset[str], str], list[ExerciseResult]] = defaultdict(list)
    for result in results:
        for name, marks in result.exercises.items():
            failed = [case for case in marks.cases if not case.passed]
            if failed:
                clusters[name, frozenset(case.name for case in failed), failed[0].message[:60]].append(marks)
    rows = []
    for (name, failed, _), group in sorted(clusters.items(), key=lambda item: -len(item[1]))[:most]:
        told = Counter(marks.message.splitlines()[0] for marks in group).most_common(1)[0][0]
        everything = len(failed) == len({case.name for case in group[0].cases})
        which = "all cases" if everything else ", ".join(sorted(case.replace("_", " ") for case in failed))
        rows.append((len(group), name, which, told.removeprefix(f"{name}: ")))
    return rows
