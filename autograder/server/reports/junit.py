"""junit.xml: how forges show what passed and what failed."""

from autograder.server.gradebook.settings import WAITING
from autograder.server.reports.counts import groups
from autograder.server.results import Result


def text(results: list[Result]) -> str:
    """A suite per section, a case per student and question; what has not all its points is a failure, what nobody has
    marked yet is skipped."""
    from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

    xml = JUnitXml()
    for section, group in groups(results).items():
        suite = TestSuite(section)
        for result in group:
            for name, marks in result.exercises.items():
                case = TestCase(
                    name, classname=f"{section}.{result.student}", time=result.seconds / len(result.exercises)
                )
                if not result.handed_in:
                    case.result = [Skipped(marks.message)]
                elif name in result.waiting:
                    case.result = [Skipped(WAITING)]
                elif marks.points < marks.max_points:
                    case.result = [Failure(f"{marks.points:g} of {marks.max_points:g} points")]
                    case.result[0].text = marks.message
                suite.add_testcase(case)
        xml.add_testsuite(suite)
    xml.update_statistics()
    return xml.tostring().decode("utf-8")
