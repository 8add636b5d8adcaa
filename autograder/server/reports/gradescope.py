"""gradescope/SECTION/STUDENT.json: a `results.json` as Gradescope's autograders write it."""

import json

from autograder.server.results import Result


def text(result: Result) -> str:
    """One submission: a test per exercise, shown to its author."""
    tests = [
        {"name": name, "score": m.points, "max_score": m.max_points, "output": m.message, "output_format": "text"}
        for name, m in result.exercises.items()
    ]
    shown = {"score": result.points, "output": "\n".join(result.notes), "visibility": "visible", "tests": tests}
    return json.dumps(shown, indent=1, ensure_ascii=False)
