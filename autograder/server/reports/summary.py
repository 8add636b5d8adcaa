"""summary.md: the class at a glance."""

from statistics import mean, median

from autograder.server.reports.counts import distribution, groups, mistakes, still_open, unmarked, unreadable
from autograder.server.reports.likeness import LookAlikes
from autograder.server.results import Result
from autograder.verdict import printable


def text(results: list[Result], alike: LookAlikes) -> str:
    """The class as Markdown. Students' words appear in code spans only, without backquotes or line breaks."""
    lines = ["# Grades"]
    for section, group in groups(results).items():
        everybody, group = group, [r for r in group if r.handed_in]
        absent = [r.student for r in everybody if not r.handed_in]
        unread = [f"{_span(r.student)}: {_span(why)}" for r in group if (why := unreadable(r))]
        points = [r.points for r in group]
        lines += ["", f"## {section}", ""]
        if not group:
            lines += ["No submissions."]
            continue
        lines += [
            f"{len(group)} submissions, {group[0].max_points:g} points: "
            f"mean {mean(points):.1f}, median {median(points):g}, from {min(points):g} to {max(points):g}."
        ]
        lines += ["", "| exercise | mean | all points | some | none |", "|---|---:|---:|---:|---:|"]
        lines += [f"| `{n}` | {m:.2f} | {full} | {some} | {none} |" for n, m, full, some, none in distribution(group)]
        if counted := still_open(group):
            lines += ["", "Not attempted yet: " + ", ".join(f"`{name}` by {n}" for n, name in counted) + "."]
        if counted := unmarked(group):
            lines += ["", "To be marked by hand: " + ", ".join(f"`{name}` of {n}" for n, name in counted) + "."]
        if late := [r for r in group if r.seconds_late]:
            free = sum(not r.late_penalty and r.points > 0 for r in late)
            lines += ["", f"{len(late)} came late" + (f", and nothing is taken off {free} of them." if free else ".")]
        if excused := [_span(r.student) for r in group if r.excused]:
            lines += ["", f"Excused: {', '.join(excused)}."]
        if unseen := [_span(r.student) for r in group if r.not_shown]:
            lines += ["", f"Graded, but too long or too odd to be shown on a page: {', '.join(unseen)}."]
        if found := mistakes(group):
            lines += ["", "| how many | exercise | failing | what they were told |", "|---:|---|---|---|"]
            lines += [f"| {n} | `{name}` | {which} | {_span(told)} |" for n, name, which, told in found]
        if copies := alike[section]:
            named = "; ".join(" = ".join(map(_span, group)) for group in copies)
            lines += ["", f"Near-identical answers, worth a look: {named}."]
        if unread:
            lines += ["", "Could not be read, 0 points:", "", *(f"- {who}" for who in unread)]
        if absent:
            lines += ["", f"Handed in nothing: {', '.join(map(_span, absent))}."]
    return "\n".join(lines) + "\n"


def _span(words: str) -> str:
    return f"`{' '.join(printable(words).split()).replace('`', chr(39)).replace('|', '/')[:200]}`"
