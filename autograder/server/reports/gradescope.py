"""gradescope/SECTION/STUDENT.json: a `results.json` as Gradescope's autograders write it."""

import json
from typing import Any

from autograder.server.results import Result


def text(result: Result) -> str:
    """One submission: a test per question, shown to its author; one that nobody has marked yet has no score."""
    tests: list[dict[str, Any]] = []
    for name, m in result.exercises.items():
        test = {"name": name, "max_score": m.max_points, "output": m.message, "output_format": "text"}
        tests.append(test if name in result.waiting else test | {"score": m.points})
    said = list(result.notes)
    if result.late_penalty:
        said.append(f"{result.late_penalty:g} points are taken off for being late.")
    shown = {"score": result.score, "output": "\n".join(said), "visibility": "visible", "tests": tests}
    return json.dumps(shown, indent=1, ensure_ascii=False)
