"""nbgrader for this course: `nbgrader autograde 03-gan-minimax` grades `submitted/STUDENT/03-gan-minimax/`.

A student's copy of the course has no `autograder.server`, and Validate needs nothing of it.
"""

from importlib.util import find_spec
from pathlib import Path

c = get_config()  # noqa: F821  # pyright: ignore
c.Execute.timeout = 300  # of one cell, when a student presses Validate: lessons train networks
if find_spec("autograder.server"):
    from autograder.server.gradebook.settings import configure

    configure(c, course=Path(__file__).parent, out=Path(__file__).parent)

# Your own settings follow here, such as c.LatePenalty.percent_per_day = 10; grading reads them, too.
