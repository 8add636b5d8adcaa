"""What being late costs: a share of the points for each day that has begun, where the instructor has said so."""

import logging
import math
from pathlib import Path
from typing import Any

from nbgrader import api
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets import Float

from autograder.server.dates import Dates
from autograder.server.gradebook.book import open_gradebook
from autograder.server.gradebook.own import load_config


class LatePenalty(LateSubmissionPlugin):
    """nbgrader's own plugin, which knows nothing and everything, and what lies between."""

    percent_per_day = Float(
        None, allow_none=True, min=0, max=100, help="Percent of the points that each day begun takes off."
    ).tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """The points to take off; None for none."""
        if self.percent_per_day is None:
            return super().late_submission_penalty(student_id, score, total_seconds_late)
        days = math.ceil(total_seconds_late / 86_400)
        return score * min(1.0, days * self.percent_per_day / 100)


def set_dates(dates: Dates, out: Path) -> None:
    """Tell the gradebook when sections are due, for the class and for those who have longer.

    A section that ``dates`` does not name keeps what somebody has told nbgrader itself.
    """
    with open_gradebook(load_config(out).CourseDirectory.db_url) as book:
        for section, due in dates.due.items():
            assignment: Any = book.update_or_create_assignment(section)
            assignment.duedate = due
            for handed_in in assignment.submissions:
                other = dates.extended.get((handed_in.student.id, section))
                handed_in.extension = other - due if other else None
        book.db.commit()


def settle(out: Path) -> None:
    """Work out all late penalties from today's points and dates: both may have changed since the penalty was set."""
    config = load_config(out)
    penalties = AssignLatePenalties(config=config)
    penalties.log.setLevel(logging.CRITICAL)
    penalties.init_plugin()
    plugin: Any = penalties.plugin_inst
    with open_gradebook(config.CourseDirectory.db_url) as book:
        for handed_in in book.db.query(api.SubmittedAssignment).all():
            late_by = handed_in.total_seconds_late
            for notebook in handed_in.notebooks:
                penalty = None
                if late_by > 0:
                    asked = plugin.late_submission_penalty(handed_in.student.id, notebook.score, late_by)
                    penalty = None if asked is None else min(max(0.0, asked), notebook.score)
                if notebook.late_submission_penalty != penalty:
                    notebook.late_submission_penalty = penalty
        book.db.commit()
