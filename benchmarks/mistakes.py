"""What the checks catch: every answer of the bank through the cases of its exercise, counted per section.

    python benchmarks/mistakes.py [--quick] [--seeds N] [--wrong-seeds N] [--first SEED] [--section NAME] [--json PATH]
        [--markdown PATH]

A right answer that fails at one hidden seed is a false alarm; a wrong one that passes at one is a miss. Of the wrong
ones it is also counted whether the judge says what is wrong (the bank has its own opinion), and whether the public
cases alone would let one through. `--markdown` writes the table that the instructor's guide shows.
"""

import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import report

sys.path.insert(0, str(Path(__file__).parents[1]))  # the bank is part of the tests, which are not installed

from autograder.exercise import exercises, sections  # noqa: E402
from tests import bank  # noqa: E402

COLUMNS = ["section", "exercises", "cases", "right answers", "never refused", "wrong answers", "always caught"]
COLUMNS += ["right diagnosis", "caught by hidden cases only"]


def count(section: str, seeds: int, wrong_seeds: int, first: int) -> tuple[dict[str, int | str], list[str]]:
    """A row of the table, and a line for each answer that went wrong."""
    warnings.simplefilter("ignore")  # a mistake may warn
    answers, asked = bank.load(section), exercises(section)
    told, refused, missed, misread, hidden = [], set(), set(), set(), set()
    for seed in range(first, first + max(seeds, wrong_seeds)):
        for answer in answers.right_answers if seed < first + seeds else ():
            verdict = bank.verdict(section, answer, seed)
            if verdict.points < verdict.max_points and answer not in refused:
                refused.add(answer)
                told.append(f"refused at seed {seed}: {answer.exercise}, {answer.name}: {verdict.message}")
        for answer in answers.wrong_answers if seed < first + wrong_seeds else ():
            verdict = bank.verdict(section, answer, seed)
            if verdict.points and answer not in missed:
                missed.add(answer)
                told.append(f"passed at seed {seed}: {answer.exercise}, {answer.name}")
            if verdict.diagnosis != answer.diagnosis and answer not in misread:
                misread.add(answer)
                said = f"{verdict.diagnosis!r} at seed {seed}, not {answer.diagnosis!r}"
                told.append(f"read as {said}: {answer.exercise}, {answer.name}")
            if all(case.passed for case in verdict.cases if case.public) and answer not in hidden:
                hidden.add(answer)
                told.append(f"passes all public cases: {answer.exercise}, {answer.name}")
    row = [section, len(asked), sum(len(e.cases) for e in asked.values())]
    row += [len(answers.right_answers), len(answers.right_answers) - len(refused)]
    row += [len(wrong := answers.wrong_answers), len(wrong) - len(missed), len(wrong) - len(misread), len(hidden)]
    return dict(zip(COLUMNS, row, strict=True)), told


def main() -> None:
    parser = report.options(__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3, help="hidden seeds for each right answer")
    parser.add_argument("--wrong-seeds", type=int, default=1, help="hidden seeds for each wrong answer")
    parser.add_argument("--first", type=int, default=1000, help="the first of them (the tests use smaller ones)")
    parser.add_argument("--section", action="append", help="this section only (may be given again)")
    parser.add_argument("--markdown", type=Path, help="write the table to this file")
    options = parser.parse_args()
    chosen = options.section or sections()[: 1 if options.quick else None]
    with ProcessPoolExecutor(2) as pool:
        numbers = (options.seeds, options.wrong_seeds, options.first)
        counted = list(pool.map(count, chosen, *([n] * len(chosen) for n in numbers)))
    rows = [row for row, _ in counted]
    for line in (line for _, lines in counted for line in lines):
        print(line)
    total = {name: sum(int(row[name]) for row in rows) for name in COLUMNS[1:]}
    rows.append({"section": "all", **total})
    table = [[str(row[name]) for name in COLUMNS] for row in rows]
    title = f"the bank at {options.seeds} hidden seeds (right answers) and {options.wrong_seeds} (wrong ones)"
    report.show(title, COLUMNS, table)
    report.write(options.json, rows)
    if options.markdown:
        lines = ["| " + " | ".join(COLUMNS) + " |", "|---|" + "---:|" * (len(COLUMNS) - 1)]
        lines += ["| " + " | ".join(row) + " |" for row in table]
        options.markdown.write_text("\n".join(lines) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
