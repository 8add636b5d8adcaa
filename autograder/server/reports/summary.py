"""summary.md: the class at a glance."""

from statistics import mean, median

from autograder.server.reports.counts import distribution, groups, mistakes
from autograder.server.reports.likeness import LookAlikes
from autograder.server.results import Result


def text(results: list[Result], alike: LookAlikes) -> str:
    """The class as Markdown. Students' words appear in code spans only, without backquotes or line breaks."""
    lines = ["# Grades"]
    for section, group in groups(results).items():
        points = [r.points for r in group]
        lines += ["", f"## {section}", ""]
        lines += [
            f"{len(group)} submissions, {group[0].max_points:g} points: "
            f"mean {mean(points):.1f}, median {median(points):g}, from {min(points):g} to {max(points):g}."
        ]
        lines += ["", "| exercise | mean | all points | some | none |", "|---|---:|---:|---:|---:|"]
        lines += [f"| `{n}` | {m:.2f} | {full} | {some} | {none} |" for n, m, full, some, none in distribution(group)]
        if found := mistakes(group):
            lines += ["", "| how many | exercise | failing | what they were told |", "|---:|---|---|---|"]
            lines += [f"| {n} | `{name}` | {which} | {_span(told)} |" for n, name, which, told in found]
        if copies := alike[section]:
            lines += ["", "Near-identical answers, worth a look: " + "; ".join(" = ".join(g) for g in copies) + "."]
    return "\n".join(lines) + "\n"


def _span(words: str) -> str:
    return f"`{' '.join(words.split()).replace('`', chr(39)).replace('|', '/')[:200]}`"
