"""results.json: everything, for one's own scripts."""

import json

from autograder.server.results import Result


def text(results: list[Result]) -> str:
    """A list of submissions, without their sources."""
    return json.dumps([r.model_dump(exclude={"text"}) for r in results], indent=1, ensure_ascii=False)
