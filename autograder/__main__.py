"""`python -m autograder`: the grader's commands, for who has `autograder.server`."""

import importlib.util
import sys

if __name__ == "__main__":
    if importlib.util.find_spec("autograder.server") is None:
        print("Grading is the instructor's; in a notebook, call check(NAME, function).", file=sys.stderr)
        sys.exit(2)
    from autograder.server.cli import app

    app()
