"""What the checks catch: every answer of the bank through the cases of its exercise, counted per section.

    python benchmarks/mistakes.py [--quick] [--json PATH] [--markdown PATH]

A right answer that fails is a false alarm; a wrong one that passes is a miss. `--markdown` writes the table that the
instructor's guide shows.
"""

import sys
import warnings
from pathlib import Path

import report

sys.path.insert(0, str(Path(__file__).parents[1]))  # the bank is part of the tests, which are not installed

from autograder.exercise import exercises, sections  # noqa: E402
from tests import bank  # noqa: E402

COLUMNS = ["section", "exercises", "cases", "right answers", "of them passed", "wrong answers", "of them caught"]


def count(section: str, hidden_seed: int = 7) -> dict[str, int | str]:
    answers = bank.load(section)

    def full(answer: bank.Answer) -> bool:
        verdict = bank.verdict(section, answer, hidden_seed)
        return verdict.points == verdict.max_points

    asked = exercises(section)
    row = [section, len(asked), sum(len(e.cases) for e in asked.values())]
    row += [len(answers.right_answers), sum(map(full, answers.right_answers))]
    row += [len(answers.wrong_answers), sum(not full(answer) for answer in answers.wrong_answers)]
    return dict(zip(COLUMNS, row, strict=True))


def main() -> None:
    parser = report.options(__doc__.split("\n")[0])
    parser.add_argument("--markdown", type=Path, help="write the table to this file")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # a mistake may warn
    rows = [count(section) for section in sections()[: 1 if options.quick else None]]
    total = {name: sum(int(row[name]) for row in rows) for name in COLUMNS[1:]}
    rows.append({"section": "all", **total})
    table = [[str(row[name]) for name in COLUMNS] for row in rows]
    report.show("answers of the bank through the cases of their exercises", COLUMNS, table)
    report.write(options.json, rows)
    if options.markdown:
        lines = ["| " + " | ".join(COLUMNS) + " |", "|---|" + "---:|" * (len(COLUMNS) - 1)]
        lines += ["| " + " | ".join(row) + " |" for row in table]
        options.markdown.write_text("\n".join(lines) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
