"""nbgrader for this course: `nbgrader autograde 03-gan-minimax` grades `submitted/STUDENT/03-gan-minimax/`."""

from pathlib import Path

from autograder.server.gradebook.settings import configure

configure(get_config(), course=Path(__file__).parent, out=Path(__file__).parent)  # noqa: F821  # pyright: ignore
