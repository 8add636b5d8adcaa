"""What people and machines read after grading: tables, files for other systems, common mistakes, look-alikes.

grades.csv        one row per submission, one column per question, nbgrader's late penalty and final score
results.json      everything
junit.xml         for a forge: a suite per section, a case per student and question
gradescope/       results.json of each submission, in Gradescope's format
summary.md        the class at a glance, for a CI job's summary
"""

import ast
import csv
import io
import json
from collections import Counter, defaultdict
from pathlib import Path
from statistics import mean, median
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.results import ExerciseResult, Result, load_all, write

ALIKE = 0.95  # cosine similarity of token triples from which two submissions are worth a look
LEAST_TOKENS = 80  # shorter ones are alike by necessity


LookAlikes = dict[str, list[list[str]]]  # section -> groups of students


def write_all(out: Path) -> LookAlikes:
    """Every file for other systems, each written whole, from the verdicts in ``out``."""
    results = load_all(out)
    alike = {section: look_alikes(group) for section, group in by_section(results).items()}
    write(out / "grades.csv", grades_csv(results, final_scores(out)))
    write(
        out / "results.json",
        json.dumps([r.model_dump(exclude={"text"}) for r in results], indent=1, ensure_ascii=False),
    )
    write(out / "junit.xml", junit(results))
    for result in results:
        path = out / "gradescope" / result.section / f"{result.student}.json"
        write(path, json.dumps(gradescope(result), indent=1, ensure_ascii=False))
    write(out / "summary.md", summary(results, alike))
    return alike


def final_scores(out: Path) -> dict[tuple[str, str], tuple[float, float]]:
    """(student, section) -> nbgrader's score, manual grading included, and late penalty."""
    from nbgrader import api

    if not (out / "gradebook.db").exists():
        return {}
    tables: Any = api  # SQLAlchemy's columns are not what their annotations say
    submitted = tables.SubmittedAssignment
    wanted = (tables.Student.id, tables.Assignment.name, submitted.score, submitted.late_submission_penalty)
    with tables.Gradebook(f"sqlite:///{(out / 'gradebook.db').resolve()}") as book:
        rows = book.db.query(*wanted).select_from(submitted).join(tables.Student).join(tables.Assignment).all()
    return {(student, section): (max(0.0, score - penalty), penalty) for student, section, score, penalty in rows}


def grades_csv(results: list[Result], final: dict[tuple[str, str], tuple[float, float]]) -> str:
    asked = list(dict.fromkeys(name for result in results for name in result.exercises))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["student", "section", "points", "max_points", "late_penalty", "score", *asked])
    for r in results:
        score, penalty = final.get((r.student, r.section), (r.points, 0.0))
        marks = [f"{r.exercises[name].points:g}" if name in r.exercises else "" for name in asked]
        table.writerow(
            [r.student, r.section, f"{r.points:g}", f"{r.max_points:g}", f"{penalty:g}", f"{score:g}", *marks]
        )
    return text.getvalue()


def junit(results: list[Result]) -> str:
    from junitparser import Failure, JUnitXml, TestCase, TestSuite

    xml = JUnitXml()
    for section, group in by_section(results).items():
        suite = TestSuite(section)
        for result in group:
            for name, marks in result.exercises.items():
                case = TestCase(
                    name, classname=f"{section}.{result.student}", time=result.seconds / len(result.exercises)
                )
                if marks.points < marks.max_points:
                    case.result = [Failure(f"{marks.points:g} of {marks.max_points:g} points")]
                    case.result[0].text = marks.message
                suite.add_testcase(case)
        xml.add_testsuite(suite)
    xml.update_statistics()
    return xml.tostring().decode("utf-8")


def gradescope(result: Result) -> dict:
    tests = [
        {"name": name, "score": m.points, "max_score": m.max_points, "output": m.message, "output_format": "text"}
        for name, m in result.exercises.items()
    ]
    return {"score": result.points, "output": "\n".join(result.notes), "visibility": "visible", "tests": tests}


# --- the class at a glance --------------------------------------------------------------------------------------------


def by_section(results: list[Result]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[result.section].append(result)
    return dict(groups)


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


def look_alikes(results: list[Result]) -> list[list[str]]:
    """Groups of students whose answers have nearly the same tokens. A reason to look, not a proof."""
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = {r.student: "\n".join(without_docstrings(text) for text in r.text.values()) for r in results}
    tokens = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]", ngram_range=(3, 3), lowercase=False, use_idf=False)
    words = tokens.build_tokenizer()
    texts = {student: text for student, text in texts.items() if len(words(text)) >= LEAST_TOKENS}
    if len(texts) < 2:
        return []
    vectors = tokens.fit_transform(texts.values())
    alike = (vectors @ vectors.T) > ALIKE
    _, labels = connected_components(alike, directed=False)
    groups: dict[int, list[str]] = defaultdict(list)
    for student, label in zip(texts, labels, strict=True):
        groups[int(label)].append(student)
    return [group for group in groups.values() if len(group) > 1]


def without_docstrings(source: str) -> str:
    """Code as its author wrote it but for layout, comments and the docstring that came with the exercise."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef) and ast.unparse(node.body[0]).startswith("raise NotImplementedError"):
            node.body = [ast.Pass()]
    try:
        return ast.unparse(tree)
    except RecursionError:
        return source


def summary(results: list[Result], alike: LookAlikes) -> str:
    """The class as Markdown. Students' words appear in code spans only, without backquotes or line breaks."""
    lines = ["# Grades"]
    for section, group in by_section(results).items():
        points = [r.points for r in group]
        lines += ["", f"## {section}", ""]
        lines += [
            f"{len(group)} submissions, {group[0].max_points:g} points: "
            f"mean {mean(points):.1f}, median {median(points):g}, from {min(points):g} to {max(points):g}."
        ]
        lines += ["", "| exercise | mean | all points | some | none |", "|---|---:|---:|---:|---:|"]
        lines += [f"| `{n}` | {m:.2f} | {full} | {some} | {none} |" for n, m, full, some, none in distribution(group)]
        if found := mistakes(group):
            lines += ["", "| how many | exercise | failing | what they were told |", "|---:|---|---|---|"]
            lines += [f"| {n} | `{name}` | {which} | {span(told)} |" for n, name, which, told in found]
        if groups := alike[section]:
            lines += ["", "Near-identical answers, worth a look: " + "; ".join(" = ".join(g) for g in groups) + "."]
    return "\n".join(lines) + "\n"


def span(text: str) -> str:
    return f"`{' '.join(text.split()).replace('`', chr(39)).replace('|', '/')[:200]}`"


def show(results: list[Result], alike: LookAlikes, console: Console) -> None:
    """The same on the screen."""
    for section, group in by_section(results).items():
        table = Table(title=f"{section}: {len(group)} submissions, mean {mean(r.points for r in group):.1f} points")
        for heading in ("exercise", "mean", "all points", "some", "none", "all points of all"):
            table.add_column(heading, justify="left" if heading in ("exercise", "all points of all") else "right")
        for name, average, full, some, none in distribution(group):
            bar = "█" * round(20 * full / len(group))
            table.add_row(name, f"{average:.2f}", str(full), str(some), str(none), bar)
        console.print(table)
        if found := mistakes(group, most=5):
            table = Table("how many", "exercise", "failing", "what they were told", title="Most common mistakes")
            for number, name, which, told in found:
                table.add_row(str(number), name, which, Text(told[:200]))  # square brackets in it are no markup
            console.print(table)
        for students in alike[section]:
            console.print(f"Near-identical answers, worth a look: {', '.join(students)}", markup=False)
