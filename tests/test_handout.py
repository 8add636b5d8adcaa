"""What students get: exactly the files of the list, no answer in any of them, and an environment that works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import yaml
from typer.testing import CliRunner

from autograder.server import grade, submission
from autograder.server.errors import BadInput
from book.tools import build, handout, lessons, pages
from book.tools.__main__ import app
from book.tools.errors import Trouble
from book.tools.lessons import notebook_path
from tests.submissions.make import POINTS, SECTION, answers, find, grade_id, nbgrader
from tests.throwaway import ROOT

PARTS = (*build.COURSE, "pyproject.toml", "requirements.lock", *handout.FILES)
WRONG = {"generator_loss_minimax": "def generator_loss_minimax(fake_logits):\n    return fake_logits.mean()\n"}


@pytest.fixture(scope="module", autouse=True)
def outside_of_make():
    """A make that is started by another one talks about it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS", "PYTHON"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A copy of the course, whose adopter has a repository for the students."""
    root = tmp_path_factory.mktemp("adopted")
    build.stage_copy(ROOT, root, PARTS)
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))
    config["repository"] = {"url": "https://github.com/us/gans.git", "branch": "main"}
    config["launch_buttons"] |= {"colab_url": "https://c", "binderhub_url": "https://b", "jupyterhub_url": "https://j"}
    (root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf8")
    (root / "autograder" / "server" / "private_seed").write_text("7")
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.LatePenalty.percent_per_day = 'nobody else'\n")
    (root / "src" / "dgm" / "notes of mine.txt").write_text("not for students")
    (root / "notebooks" / SECTION / "worked out.ipynb").write_text("not for students")
    (root / "autograder" / "exercises" / "99-dropped.py").write_text("# of a section that _toc.yml does not list\n")
    return root


@pytest.fixture(scope="module")
def given(course, tmp_path_factory) -> Path:
    """What `make handout` writes."""
    return handout.hand_out(course, tmp_path_factory.mktemp("given") / "new" / "students")


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def files(folder: Path) -> set[str]:
    return set(git(folder, "ls-files").splitlines())


# --- what is in it ----------------------------------------------------------------------------------------------------


def test_the_files_are_those_of_the_list_and_no_others(course, given):
    sections = lessons.sections(course)
    wanted = {f"notebooks/{name}/{name}.ipynb" for name in sections}
    wanted |= {f"autograder/exercises/{name}.py" for name in sections} | {"autograder/exercises/__init__.py"}
    wanted |= {f"autograder/references/{name}.json" for name in sections}
    wanted |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "autograder").glob("*.py")}
    wanted |= {p.relative_to(ROOT).as_posix() for p in (ROOT / "src" / "dgm").rglob("*") if p.suffix in handout.KINDS}
    wanted |= {"nbgrader_config.py", "LICENSE", "LICENSE-TEXT", "student-guide.md", "notation.md"}
    wanted |= {"README.md", "Makefile", ".gitignore", "check_notebooks.py", ".gitlab-ci.yml"}
    wanted |= {".github/workflows/check.yml", "binder/requirements.txt", "binder/runtime.txt", "binder/postBuild"}
    wanted |= {"pyproject.toml", "requirements.lock", "wheel/dgm-0.1.0-py3-none-any.whl"}
    assert files(given) == wanted


def test_the_instructors_settings_are_nobody_elses(given):
    assert "nobody else" not in (given / "nbgrader_config.py").read_text(encoding="utf8")


@pytest.mark.parametrize("there", ["in another cell", "in the same line"])
def test_a_student_who_has_worked_gets_a_correction(there, given, tmp_path):
    """By the guide's words, from the guide."""
    guide = (given / "student-guide.md").read_text(encoding="utf8")
    part = guide.partition("### When there are corrections")[2].partition("\n## ")[0]
    pull, *rest = [words.split() for words in re.findall(r"`(git [^`]+)`", part)]
    aside, mended = rest[:3], rest[3:]
    bare, student, teacher = (tmp_path / name for name in ("bare", "student", "teacher"))
    git(tmp_path, "clone", "--quiet", "--bare", str(given), str(bare))
    git(tmp_path, "clone", "--quiet", str(bare), str(student))
    git(tmp_path, "clone", "--quiet", str(bare), str(teacher))

    def edit(clone: Path, old: str, new: str) -> None:
        path = clone / "notebooks" / SECTION / f"{SECTION}.ipynb"
        text = path.read_text(encoding="utf8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf8")

    stub = 'raise NotImplementedError(\\"your turn\\")'
    edit(student, stub, "return mine")
    edit(
        teacher, *((stub, stub.replace("turn", "corrected turn")) if "same" in there else ("# 3. ", "# 3. Corrected. "))
    )
    author = ["-c", "user.name=t", "-c", "user.email=t@t"]
    git(teacher, *author, "commit", "--quiet", "--all", "--message", "Correct")
    git(teacher, "push", "--quiet")
    refused = subprocess.run(pull, cwd=student, capture_output=True, text=True)
    assert refused.returncode != 0 and "would be overwritten" in refused.stderr
    done = [subprocess.run(words, cwd=student, capture_output=True, text=True) for words in aside]
    assert (done[-1].returncode == 0) == ("other" in there)
    for words in mended if done[-1].returncode else ():
        subprocess.run(words, cwd=student, check=True, capture_output=True)
    text = (student / "notebooks" / SECTION / f"{SECTION}.ipynb").read_text(encoding="utf8")
    json.loads(text)
    assert "return mine" in text and ("Corrected" in text) == ("other" in there)
    assert git(student, "stash", "list") == "" and git(student, "status", "--short").startswith(" M notebooks/")
    assert subprocess.run(pull, cwd=student, capture_output=True).returncode == 0


def test_its_history_is_one_commit_with_all_of_it(given):
    assert git(given, "log", "--format=%s").splitlines() == ["Hand out the course"]
    assert git(given, "branch", "--show-current") == "main\n"
    (given / ".venv").mkdir()
    (given / ".venv" / "big").write_text("of a student who adds all files")
    assert git(given, "status", "--porcelain") == ""
    shutil.rmtree(given / ".venv")
    assert git(given, "ls-files", "--stage", "binder/postBuild").startswith("100755")


def test_its_readme_names_the_course_and_where_it_lies(given):
    readme = (given / "README.md").read_text(encoding="utf8")
    assert readme.startswith("# Deep generative models\n")
    assert "git clone https://github.com/us/gans.git course\n" in readme
    for linked in re.findall(r"\]\(([^)]*)\)", readme):
        assert (given / linked).is_file(), linked


def test_its_wheel_holds_the_packages_and_nothing_of_the_instructors(given):
    (wheel,) = (given / "wheel").iterdir()
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    packages = {name.removeprefix("src/") for name in files(given) if name.startswith(("src/dgm/", "autograder/"))}
    assert inside == packages


def test_its_lock_is_a_part_of_the_courses(course, given):
    ours = set((course / "requirements.lock").read_text().split())
    lines = [line for line in (given / "requirements.lock").read_text().splitlines() if not line.startswith("#")]
    theirs = {line.partition(" ;")[0] for line in lines}
    assert theirs < ours
    names = {line.partition("==")[0].lower() for line in theirs}
    assert names >= {"torch", "jupyterlab", "ipykernel", "nbclient", "nbformat", "editables", "hatchling", "pydantic"}
    instructors = {"nbgrader", "distributed", "jupyter-book", "sphinx", "playwright", "pyright", "pytest", "ruff"}
    assert not names & instructors
    # What needs a terminal of Unix is not installed where there is none.
    assert 'ptyprocess==0.7.0 ; sys_platform == "linux" or sys_platform == "darwin"' in lines
    project = tomllib.loads((given / "pyproject.toml").read_text())
    assert list(project["project"]["optional-dependencies"]) == ["lab"] and list(project["tool"]) == ["hatch"]


# --- no answer goes out -----------------------------------------------------------------------------------------------


@pytest.fixture
def leaking(given, tmp_path) -> Path:
    return shutil.copytree(given, tmp_path / "leaking", ignore=shutil.ignore_patterns(".git"))


def test_no_line_of_an_answer_is_in_it(course, given):
    found = lessons.load(course)
    assert sum(bool(handout.answer_lines(cell)) for lesson in found for cell in lesson.cells) > 50
    assert handout.leaks(found, given) == []


LINE = "value = loss(discriminator(real), discriminator(fake))"  # one of six of an answer


def in_a_docstring(folder):
    path = folder / "autograder" / "exercises" / f"{SECTION}.py"
    path.write_text(path.read_text().replace('"""', f'"""Try `{LINE}`. ', 1))


def in_an_output(folder):
    path = notebook_path(folder, "notebooks", SECTION)
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs = [nbformat.v4.new_output("stream", text=f"it said:\n{LINE}\n")]
    nbformat.write(notebook, path)


def in_the_wheel(folder):
    (wheel,) = (folder / "wheel").iterdir()
    with zipfile.ZipFile(wheel, "a") as packed:
        packed.writestr("dgm/answers.py", f"def loss():\n    {LINE}\n")


def in_a_hidden_file(folder):
    (folder / ".notes").write_text(LINE.replace(" ", "  "))


@pytest.mark.parametrize("leak", [in_a_docstring, in_an_output, in_the_wheel, in_a_hidden_file])
def test_one_line_of_a_solution_is_found_wherever_it_is(course, leaking, leak):
    leak(leaking)
    found = handout.leaks(lessons.load(course), leaking)
    assert len(found) == 1 and "discriminator_step of 03-gan-minimax" in found[0], found


def test_one_sentence_of_a_model_answer_is_found(course, leaking):
    found = lessons.load(course)
    (cell, *_) = (c for lesson in found for c in lesson.cells if c.exercise and c.kind == "markdown")
    sentence = max(handout.answer_lines(cell), key=len)
    (leaking / "student-guide.md").write_text("Remember:\n" + sentence.replace(" ", "\n", 3))
    assert [text.partition(" holds")[0] for text in handout.leaks(found, leaking)] == ["student-guide.md"]


def test_a_whole_answer_is_found_when_each_of_its_lines_is_shown_somewhere(tmp_path):
    cells = [
        lessons.Cell("code", "x = one_thing()\nprint(x)", 1, "a"),
        lessons.Cell("markdown", "Never `return another_thing(x)`.", 5, "b"),
        lessons.Cell(
            "code",
            "def f():\n    ### BEGIN SOLUTION\n    x = one_thing()\n    return another_thing(x)\n    ### END SOLUTION",
            7,
            "c",
            exercise="f",
        ),
    ]
    lesson = lessons.Lesson("01-a", tmp_path / "01-a.md", "A", tuple(cells))
    (tmp_path / "given.py").write_text("x = one_thing()\nprint(x)")
    assert handout.leaks([lesson], tmp_path) == []
    (tmp_path / "given.py").write_text("x = one_thing()\nreturn another_thing(x)")
    assert len(handout.leaks([lesson], tmp_path)) == 1


def test_nothing_is_written_when_an_answer_would_go_out(course, tmp_path, monkeypatch):
    leaking = tmp_path / "course"
    shutil.copytree(course, leaking)
    (leaking / "src" / "dgm" / "losses.py").write_text(f"def loss():\n    {LINE}\n")
    monkeypatch.setattr(handout, "_released", lambda root, found: {})
    with pytest.raises(
        Trouble, match=r"(?s)answers would have been:\nsrc/dgm/losses.py holds.*wheel/.*losses.py holds"
    ):
        handout.hand_out(leaking, tmp_path / "out" / "students")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("state", ["worked in", "gone"])
def test_notebooks_that_are_not_what_the_lessons_make_are_not_handed_out(course, given, tmp_path, monkeypatch, state):
    root = tmp_path / "course"
    shutil.copytree(course, root)
    made = {n: nbformat.read(notebook_path(root, "notebooks", n), as_version=4) for n in lessons.sections(root)}
    monkeypatch.setattr(lessons, "release", lambda solutions: made)
    path = notebook_path(root, "notebooks", SECTION)
    path.unlink()
    if state == "worked in":
        path.write_text(notebook_path(given, "notebooks", SECTION).read_text().replace("your turn", "mine"))
    with pytest.raises(Trouble, match=f"notebooks/{SECTION} is not what its lesson makes: run make build"):
        handout.hand_out(root, tmp_path / "students")


def in_the_course(folder):
    return ROOT / "students", "lies in the course"


def the_course(folder):
    return ROOT, "lies in the course"


def in_use(folder):
    (folder / "O'Neil, Ann").mkdir()
    (folder / "O'Neil, Ann" / "work.txt").write_text("mine")
    return folder / "O'Neil, Ann", "is not empty"


def a_file(folder):
    (folder / "students").write_text("mine")
    return folder / "students", "is no folder"


@pytest.mark.parametrize("place", [in_the_course, the_course, in_use, a_file])
def test_a_folder_that_is_in_use_is_left_as_it_is(tmp_path, place):
    destination, reason = place(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BadInput, match=reason):
        handout.hand_out(ROOT, destination)
    assert sorted(tmp_path.rglob("*")) == before and not (ROOT / "students").exists()
    done = CliRunner().invoke(app, ["handout", str(destination), "--root", str(ROOT)])
    assert isinstance(done.exception, BadInput)  # which `main` prints, with exit status 2


def test_make_handout_asks_where_to():
    done = subprocess.run(["make", "handout"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "make handout DEST=dir" in done.stderr


# --- services ---------------------------------------------------------------------------------------------------------


def colab_cell(folder: Path, section: str = SECTION) -> nbformat.NotebookNode:
    notebook = nbformat.read(notebook_path(folder, "notebooks", section), as_version=4)
    return next(cell for cell in notebook.cells if cell.cell_type == "code")


def test_each_links_notebook_is_there(course, given):
    for name in lessons.sections(course):
        notebook = f"notebooks/{name}/{name}.ipynb"
        links = dict(pages.launch_links(course, notebook))
        assert list(links) == ["Colab", "Binder", "JupyterHub"]
        for address in links.values():
            where = unquote(unquote(address))
            assert where.endswith(notebook) and "us/gans" in where and (given / notebook).is_file()


def test_the_first_code_cell_on_colab_installs_the_wheel_that_is_there(course, given):
    for name in lessons.sections(course):
        (address,) = re.findall(r"https://\S+", colab_cell(given, name).source)
        path = urlsplit(address).path.removeprefix("/us/gans/raw/main/")
        assert zipfile.is_zipfile(given / path), address


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    """A Python with pip and no package."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


def test_colabs_own_torch_stays_when_the_course_is_installed(given, empty, tmp_path):
    """A torch of another version is there, as on Colab; what the cell says to pip is said to it with a local file."""
    stub = tmp_path / "torch"
    (stub / "torch").mkdir(parents=True)
    (stub / "torch" / "__init__.py").write_text("__version__ = '2.9.0+cu126'\n")
    (stub / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "torch"\nversion = "2.9.0+cu126"\n'
    )
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=stub, check=True)
    (theirs,) = (stub / "dist").iterdir()
    pip = [empty, "-m", "pip", "install", "--no-index", "--quiet"]
    subprocess.run([*pip, theirs], check=True)
    (line,) = [line for line in colab_cell(given).source.splitlines() if "%pip" in line]
    said = line.split()
    assert said[:-1] == ["%pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, *said[2:-1], given / "wheel" / said[-1].rpartition("/")[2]], check=True)
    code = "import torch, autograder, dgm; print(torch.__version__, autograder.check.__name__, dgm.__version__)"
    done = subprocess.run([empty, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "2.9.0+cu126 check 0.1.0\n", done.stderr


def solved(folder: Path, **changed: str) -> nbformat.NotebookNode:
    """The notebook that was handed out, with right answers but for those given here."""
    notebook = json.loads(notebook_path(folder, "notebooks", SECTION).read_text(encoding="utf8"))
    for name, source in (answers() | changed).items():
        find(notebook, name)["source"] = source
    return nbformat.from_dict(notebook)


def test_grading_takes_the_cell_for_colab_for_nobodys(given):
    text = nbformat.writes(solved(given))
    rebuilt, notes = submission.rebuild(text, grade.notebook("notebooks", SECTION, ROOT))
    assert notes == []
    assert not [cell for cell in rebuilt.cells if "%pip" in cell.source]


def test_without_a_repository_there_is_no_cell_for_colab(course):
    notebook = nbformat.read(notebook_path(course, "notebooks", SECTION), as_version=4)
    assert handout.with_colab(notebook, handout.repository_file({"repository": {"url": ""}}, "x")) is notebook
    gitlab = {"repository": {"url": "https://gitlab.uni.edu/a/b/", "branch": None}}
    assert handout.repository_file(gitlab, "wheel/x.whl") == "https://gitlab.uni.edu/a/b/raw/main/wheel/x.whl"


# --- a student's machine ----------------------------------------------------------------------------------------------


def commands(text: str, kind: str) -> list[str]:
    """The lines of the blocks of a guide that are of this kind."""
    return [line for block in re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]


def test_windows_and_make_install_the_same(given):
    """PowerShell's lines, read as a shell's, are those of the Makefile; here only a shell can be tried."""
    guide = (given / "student-guide.md").read_text(encoding="utf8")
    lines = [line.replace("\\", "/").replace(".venv/Scripts/", ".venv/bin/") for line in commands(guide, "powershell")]
    assert all(re.fullmatch(r'(git|cd|py|\$env:|\.venv/bin/python) ?[\w\s.,:/"=-]+', line) for line in lines), lines
    installs = [line for line in lines if " pip install " in line or " venv " in line]
    done = subprocess.run(["make", "--dry-run", "lab", "PYTHON=py -3.11"], cwd=given, capture_output=True, text=True)
    made = [line.replace("--quiet ", "") for line in done.stdout.splitlines() if " pip " in line or "-m venv" in line]
    assert installs == made and len(made) == 3
    started = [line for line in done.stdout.splitlines() if "jupyterlab" in line]
    assert lines[-1] in started[0] and '$env:OMP_NUM_THREADS = "1"' in lines


def test_on_linux_torch_comes_for_the_processor_unless_somebody_says_otherwise(given):
    """Without a word from anybody; a CI's or a university's own index is left alone."""
    show = "-f Makefile -f /dev/stdin show".split()
    rule = 'show:\n\t@echo "<$$PIP_EXTRA_INDEX_URL>"\n'
    for said, heard in ((None, "https://download.pytorch.org/whl/cpu"), ("", ""), ("https://own", "https://own")):
        environment = {key: value for key, value in os.environ.items() if key != "PIP_EXTRA_INDEX_URL"}
        environment |= {} if said is None else {"PIP_EXTRA_INDEX_URL": said}
        done = subprocess.run(["make", *show], cwd=given, input=rule, env=environment, capture_output=True, text=True)
        assert done.stdout == f"<{heard}>\n", done.stderr


def test_its_make_offers_what_works_there(given):
    done = subprocess.run(["make"], cwd=given, capture_output=True, text=True)
    offered = re.findall(r"^make (\S+)", done.stdout, re.MULTILINE)
    assert offered == ["lab", "check"]
    for target in offered:
        assert subprocess.run(["make", "--dry-run", target], cwd=given, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def students(given, tmp_path_factory) -> Path:
    """A student's clone, installed in an empty environment from exactly the files that were handed out.

    From the package indexes that this environment was made from: the Makefile's own holds where none is set at all.
    """
    folder = tmp_path_factory.mktemp("student") / "Ann O'Neil"
    subprocess.run(["git", "clone", "--quiet", given, folder], check=True)
    indexes = {**os.environ, "PIP_EXTRA_INDEX_URL": os.environ.get("PIP_EXTRA_INDEX_URL", "")}
    command = ["make", "check", f"PYTHON={sys.executable}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=indexes)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" 0 of ") == len(lessons.sections(ROOT)) and "No answer is wrong" in done.stdout
    return folder


def check_all(students: Path, notebook: nbformat.NotebookNode) -> subprocess.CompletedProcess:
    nbformat.write(notebook, notebook_path(students, "notebooks", SECTION))
    return subprocess.run(["make", "check"], cwd=students, capture_output=True, text=True)


def test_a_students_environment_is_small_and_the_clone_stays_clean(students):
    found = (path for path in (students / ".venv").rglob("*") if path.is_file() and not path.is_symlink())
    assert sum(path.stat().st_size for path in found) < 1.2 * 2**30
    assert git(students, "status", "--porcelain") == ""
    code = "import sys, autograder, dgm; print(autograder.__file__, dgm.__file__)"
    done = subprocess.run([".venv/bin/python", "-c", code], cwd=students, capture_output=True, text=True)
    assert done.stdout.split(".py")[:2] == [f"{students}/autograder/__init__", f" {students}/src/dgm/__init__"]


def test_right_and_wrong_answers_are_told_apart_there(students):
    begun = solved(students, **WRONG)
    open_ = find(json.loads(notebook_path(ROOT, "notebooks", SECTION).read_text()), "generator_step")["source"]
    cell = next(cell for cell in begun.cells if grade_id(cell) == "generator_step" and nbgrader(cell)["solution"])
    cell.source = "".join(open_)
    done = check_all(students, begun)
    assert f"{SECTION}: {len(POINTS) - 1} of {len(POINTS)} exercises answered\n  ✓ discriminator_loss\n" in done.stdout
    assert "✗ generator_loss_minimax: wrong in all" in done.stdout and "Hint:" in done.stdout
    assert "generator_step" not in done.stdout.replace("discriminator_step", "")
    assert done.stdout.endswith("Checks that fail: 1\n") and done.returncode == 2  # of make; the script's is 1
    done = check_all(students, solved(students))
    assert done.stdout.count("✓") == len(POINTS) and done.returncode == 0, done.stdout


def test_an_answer_that_never_ends_python_or_is_no_notebook_is_said_to_be_so(students):
    check = [".venv/bin/python", "check_notebooks.py", f"notebooks/{SECTION}/{SECTION}.ipynb"]
    ended = solved(students, discriminator_loss="import os\nos._exit(1)\n")
    nbformat.write(ended, notebook_path(students, "notebooks", SECTION))
    done = subprocess.run(check, cwd=students, capture_output=True, text=True)
    assert "✗ discriminator_loss: Python ended here" in done.stdout and done.returncode == 1
    for broken in ("{", "[]", '{"cells": []}'):
        notebook_path(students, "notebooks", SECTION).write_text(broken)
        done = subprocess.run(check, cwd=students, capture_output=True, text=True)
        assert done.returncode == 2 and "can't be read as a notebook" in done.stderr, broken
