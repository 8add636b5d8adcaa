"""nbgrader for this course: `nbgrader autograde 03-gan-minimax` grades `submitted/STUDENT/03-gan-minimax/`.

Students don't get this file: what an instructor writes below is nobody else's business.
"""

from pathlib import Path

from autograder.server.gradebook.settings import configure

c = get_config()  # noqa: F821  # pyright: ignore
c.Execute.timeout = 300  # of one cell, when somebody presses Validate: lessons train networks
configure(c, course=Path(__file__).parent, out=Path(__file__).parent)

# Your own settings follow here, such as c.LatePenalty.percent_per_day = 10; grading reads them, too.
