"""One submission, graded as the student's own kernel would have run it. Situations that teachers have reported."""

from __future__ import annotations

import json

import pytest

from autograder.server import grade
from autograder.server.jail.box import LIMITS, Jail
from tests.submissions.make import FULL, POINTS, SECTION, answers, find, released, solved, with_cell

SEED = 2718
NAME = "discriminator_loss"
RIGHT = answers()[NAME]
OLDER = f"# my first try\ndef {NAME}(real_logits, fake_logits):\n    return real_logits.mean()"


@pytest.fixture(scope="module", autouse=True)
def one_jail():
    """The warm parent takes seconds to start, so that all tests of this file share one."""
    from autograder.server.jail import probe

    with Jail() as jail:
        jail.start()
        probe.adopt(jail)
        yield


def graded(notebook, only=NAME):
    return grade.mark_text(SECTION, json.dumps(notebook), "x.ipynb", SEED, only=[only] if only else [])


def check_file(text):
    return grade.mark_script(SECTION, text, "x.py", SEED, only=[NAME])


@pytest.mark.parametrize(
    "line",
    [
        *("%matplotlib inline", "%matplotlib widget", "%matplotlib notebook", "%matplotlib", "%pylab", "%pylab inline"),
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "%config InlineBackend.figure_format = 'retina'",
        "%load_ext autoreload\n%autoreload 2",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "%timeit -n1 -r1 sum([1])",
    ],
)
def test_what_a_kernel_understands_costs_nothing(line):
    """In an answer cell, where the rest would be lost, and in a cell of one's own that a helper stands in."""
    result = graded(solved(**{NAME: f"{line}\n{RIGHT}"}))
    assert result.points == POINTS[NAME], result.exercises[NAME].message
    helped = f"{line}\ndef helper(x):\n    return F.softplus(x).mean()"
    uses = f"def {NAME}(real_logits, fake_logits):\n    return helper(-real_logits) + helper(fake_logits)"
    assert graded(with_cell(helped, **{NAME: uses})).points == POINTS[NAME]


def test_an_older_try_further_down_does_not_count_and_it_is_said():
    result = graded(with_cell(OLDER, at=-1))
    told = f"A cell further down defines {NAME} once more; {NAME} of the answer cell counts."
    assert result.points == POINTS[NAME] and result.notes == [told]
    other = "def generator_loss_minimax(fake_logits):\n    return fake_logits.mean()"
    result = graded(with_cell(other, at=-1), only="")
    assert result.points == FULL and len(result.notes) == 1
    assert graded(with_cell(RIGHT, at=-1, **{NAME: OLDER})).points == 0, "the answer cell counts when it is wrong, too"
    assert graded(with_cell(OLDER, at=0)).notes == [], "a try above is what everybody has"
    result = graded(with_cell("del F, discriminator_loss", at=-1), only="")
    assert result.points == FULL and result.notes == [], "everything was checked before"


def test_an_answer_may_stand_in_a_cell_of_ones_own_while_its_cell_is_untouched():
    notebook = solved()
    find(notebook, NAME)["source"] = find(released(), NAME)["source"]
    at = notebook["cells"].index(find(notebook, NAME)) + 1
    notebook["cells"].insert(at, {"cell_type": "code", "id": "mine", "metadata": {}, "source": RIGHT})
    result = graded(notebook)
    assert result.points == POINTS[NAME] and result.notes == []


def test_a_compiled_answer_is_the_answer():
    """A compiler would need longer than an exercise has, for a function of a few lines."""
    assert graded(solved(**{NAME: f"@torch.compile\n{RIGHT}"})).points == POINTS[NAME]


@pytest.mark.parametrize(
    "line",
    [
        "torch.set_num_threads(2)\n_ = torch.randn(3000, 3000) @ torch.randn(3000, 300)",
        "torch.set_grad_enabled(False)",
        "torch.set_default_dtype(torch.float64)",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    ],
)
def test_what_an_own_cell_sets_up_costs_no_answer(line):
    assert graded(with_cell(line), only="").points == FULL


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"def {NAME}(a, b:\n    return a", "the file stops before it is defined: SyntaxError: '(' was never closed"),
        (f"import nowhere\n{RIGHT}", "the file stops before it is defined: ModuleNotFoundError: No module named 'now"),
        (f"{RIGHT}\n1 / 0", "right in all"),
        (f"\ufeff{RIGHT}", "right in all"),
        (f"%matplotlib inline\n{RIGHT}", "right in all"),
        ("x = 1", f"there is no function {NAME} in the submission"),
    ],
)
def test_a_file_shows_its_own_error(text, says):
    message = check_file(text).exercises[NAME].message
    assert says in message and "ipython-input" not in message


def test_a_solutions_steps_may_take_as_long_as_its_job(monkeypatch):
    class Asked:
        def run(self, job):
            jobs.append(job)
            return []

    jobs: list[dict] = []
    monkeypatch.setattr(grade.probe, "current", lambda *_: Asked())
    for reference in (True, False):
        grade._ask("03-gan-minimax", [], ["discriminator_loss"], {"public": 1}, LIMITS, False, reference=reference)
    assert jobs[0]["limits"]["step_seconds"] == LIMITS.wall_seconds and "limits" not in jobs[1]
