"""The house: who may import what, what the jail shows, what a mark depends on; every name explains itself."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import autograder
import conftest
from autograder.exercises import sections
from autograder.server import course
from autograder.server.errors import BadInput
from autograder.server.jail import box

ROOT = Path(__file__).parents[1]
PACKAGE = course.PACKAGE
POSIX = ("fcntl", "grp", "pwd", "pty", "resource", "termios", "tty")
NOT_STUDENTS = ("nbgrader", "nbformat", "typer", "distributed", "junitparser", "jupytext", "book", "tests")
MODULES = [m.name for m in pkgutil.walk_packages(autograder.__path__, "autograder.") if not m.name.endswith("__main__")]
STUDENTS = [name for name in MODULES if not name.startswith("autograder.server")]


def everything_imported(path: Path) -> set[str]:
    """Every module that a file names in an import, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def source(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec and spec.origin
    return Path(spec.origin)


def python(code: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, **options)


def test_a_kernel_a_jail_and_a_worker_start_without_what_is_slow_to_import():
    """Each takes two seconds, in every process: scikit-learn, and the grammar that jsonschema 4.25 compiles."""
    modules = ", ".join(f"dgm.{path.stem}" for path in (ROOT / "src" / "dgm").glob("[a-z]*.py"))
    code = f"import sys, nbformat, {modules}; print([name for name in ('sklearn', 'lark') if name in sys.modules])"
    done = python(code)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


# --- two sides --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STUDENTS)
def test_the_students_side_knows_neither_posix_nor_the_instructors(name):
    imported = everything_imported(source(name))
    bad = {m for m in imported if m.split(".")[0] in (*POSIX, *NOT_STUDENTS) or m.startswith("autograder.server")}
    assert not bad, f"{name} imports {bad}"
    used = {node.attr for node in ast.walk(ast.parse(source(name).read_text())) if isinstance(node, ast.Attribute)}
    assert not used & {*CALLS, "killpg", "setrlimit", "waitpid"}


CALLS = ("fork", "getuid", "memfd_create", "pidfd_open")
WITHOUT = f"""
import os, sys
for name in {POSIX}: sys.modules[name] = None
for name in {CALLS}: hasattr(os, name) and delattr(os, name)
"""


def test_check_works_where_there_is_no_posix():
    answer = "lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean()"
    call = f"from autograder import check; check('discriminator_loss', {answer})"
    done = python(f"{WITHOUT}import torch.nn.functional as F\n{call}")
    assert done.stdout.startswith("✓ discriminator_loss: right in all"), done.stderr


def test_nbgraders_configuration_can_be_read_where_there_is_no_posix():
    """Whoever starts JupyterLab in the course's folder; the steps that it names are imported when they are used."""
    code = (
        f"{WITHOUT}from pathlib import Path\nfrom traitlets.config.loader import PyFileConfigLoader\n"
        f"c = PyFileConfigLoader('nbgrader_config.py', path={str(ROOT)!r}).load_config()\n"
        "print(c.Execute.timeout, [m for m in sys.modules if m.startswith('autograder.server.') or m == 'torch'])"
    )
    done = python(code)
    loaded = ["autograder.server.gradebook", "autograder.server.gradebook.settings"]
    assert done.stdout.split(maxsplit=1) == ["300", f"{loaded}\n"], done.stderr


@pytest.fixture(scope="module")
def students_copy(tmp_path_factory) -> Path:
    """The package without the instructor's side, as students may get it."""
    folder = tmp_path_factory.mktemp("student")
    shutil.copytree(PACKAGE, folder / "autograder", ignore=shutil.ignore_patterns("server", "__pycache__"))
    shutil.copy(ROOT / "book" / "handout" / "nbgrader_config.py", folder)
    return folder


def test_a_copy_without_the_instructors_side_says_so(students_copy):
    done = python("import runpy; runpy.run_module('autograder', run_name='__main__')", cwd=students_copy)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "instructor" in done.stderr


def test_a_copy_without_the_instructors_side_checks_and_validates(students_copy):
    code = (
        "import autograder.checking\nfrom autograder import check\n"
        "try: check('cycle_loss', lambda x, y: x.mean())\nexcept autograder.CheckFailed as error: print(error)\n"
        "from traitlets.config.loader import PyFileConfigLoader\n"
        "print(PyFileConfigLoader('nbgrader_config.py', path='.').load_config().Execute.timeout)"
    )
    done = python(code, cwd=students_copy)
    assert "wrong in all 8 cases" in done.stdout and done.stdout.endswith("300\n"), done.stderr


# --- one rule ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("modules", [course.CHECKING, course.MARKING, ("autograder.server.jail.worker",)], ids=str)
def test_needed_is_what_importing_runs(modules):
    """The rule reads the source; here Python itself is asked."""
    names = "m for m in sys.modules if m.split('.')[0] == 'autograder'"
    code = f"import sys, {', '.join(modules)}\nprint('\\n'.join(sys.modules[m].__file__ for m in [{names}]))"
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert course.needed(ROOT, *modules) == sorted(Path(line) for line in done.stdout.split())


def test_the_jail_sees_what_computes_and_nothing_that_judges():
    seen = {path.relative_to(PACKAGE).as_posix() for path in box.visible()}
    assert seen == {
        "__init__.py", "collect.py", "exact.py", "exercise.py", "exercises", "exercises/__init__.py", "plain.py",
            "snapshot.py", "server/__init__.py",
        "server/jail/__init__.py", "server/jail/kernel.py", "server/jail/protocol.py", "server/jail/supervisor.py",
        "server/jail/worker.py",
    }  # fmt: skip


def copied_course(folder: Path) -> Path:
    """The parts of the course that a digest may read."""
    for part in ("autograder", "src", "solutions", "notebooks"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


NAME = "03-gan-minimax"
DECIDES = {  # a file -> whether a page, and whether a mark, depends on it
    f"autograder/exercises/{NAME}.py": (True, True),
    f"autograder/references/{NAME}.json": (True, True),
    "autograder/exercises/04-jsd-proof.py": (False, False),
    "autograder/references/04-jsd-proof.json": (False, False),
    "autograder/__init__.py": (True, True),
    "autograder/checking.py": (True, False),
    "autograder/collect.py": (True, True),
    "autograder/exercise.py": (True, True),
    "autograder/judge.py": (True, True),
    "autograder/verdict.py": (True, True),
    "autograder/server/grade.py": (False, True),
    "autograder/server/submission.py": (False, True),
    "autograder/server/jail/worker.py": (False, True),
    "autograder/server/jail/supervisor.py": (False, True),
    "autograder/server/reports/summary.py": (False, False),
    "autograder/server/batch.py": (False, False),
    "src/dgm/training.py": (True, True),
    "src/dgm/dgm.mplstyle": (True, True),
    f"solutions/{NAME}/{NAME}.ipynb": (False, True),
    f"notebooks/{NAME}/{NAME}.ipynb": (False, True),
}


def test_a_mark_and_a_page_depend_on_what_they_are_made_of(tmp_path):
    folder = copied_course(tmp_path)

    def digests() -> tuple[str, str]:
        return course.digest(folder, NAME, course.CHECKING), course.fingerprint(NAME, folder)

    before = digests()
    assert digests() == before
    for name, depends in DECIDES.items():
        path = folder / name
        old = path.read_bytes()
        path.write_bytes(old + b"\n")
        after = digests()
        path.write_bytes(old)
        assert tuple(a != b for a, b in zip(after, before, strict=True)) == depends, name


def test_a_page_depends_on_the_libraries(monkeypatch):
    before = course.digest(ROOT, NAME, course.CHECKING)
    monkeypatch.setattr(course, "version", lambda library: "0" if library == "torch" else "1")
    changed = course.digest(ROOT, NAME, course.CHECKING)
    monkeypatch.setattr(course, "version", lambda library: "1")
    assert len({before, changed, course.digest(ROOT, NAME, course.CHECKING)}) == 3


# --- the environment of another clone ---------------------------------------------------------------------------------


def test_the_environment_of_another_clone_is_refused(tmp_path):
    clone = tmp_path / "clone"
    clone.mkdir()
    for part in ("autograder", "src"):
        shutil.copytree(ROOT / part, clone / part, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.raises(BadInput, match="has the course of .* installed, not that of"):
        course.refuse_foreign_environment(clone)
    course.refuse_foreign_environment(ROOT, tmp_path)
    # python -m takes autograder from the folder it stands in, and dgm from where the environment has it.
    command = [sys.executable, "-m", "autograder", "check", NAME, "x.py"]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert str(clone) in done.stderr and str(ROOT) in done.stderr


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*MODULES, "autograder"])
def test_every_public_name_of_the_grader_is_explained(name):
    module = importlib.import_module(name)
    assert module.__doc__ and len(module.__doc__) > 30
    if name.startswith("autograder.exercises."):
        return  # a case's docstring is its hint
    for thing, value in vars(module).items():
        if thing.startswith("_") or getattr(value, "__module__", None) != name:
            continue
        if inspect.isfunction(value) or inspect.isclass(value):
            assert inspect.getdoc(value), f"{name}.{thing} has no docstring"
        if inspect.isclass(value):
            for method, function in vars(value).items():
                own = inspect.isfunction(function) and function.__name__ == method
                if own and not method.startswith("_"):
                    assert inspect.getdoc(getattr(value, method)), f"{name}.{thing}.{method} has no docstring"


def test_imports_of_the_grader_go_one_way():
    """No circle, not even through an import inside a function."""
    names = [*MODULES, "autograder.__main__"]
    graph = {name: {m for m in everything_imported(source(name)) if m in names} - {name} for name in names}
    while leaves := [name for name, imported in graph.items() if not imported & graph.keys()]:
        for leaf in leaves:
            del graph[leaf]
    assert not graph, f"these import each other: {sorted(graph)}"


def test_a_word_means_one_thing():
    """Two functions of one name would have to be told apart by their modules; a command has the name it is typed by."""
    defined: dict[str, list[str]] = {}
    for name in MODULES:
        if not name.startswith(("autograder.exercises.", "autograder.server.reports.", "autograder.server.cli")):
            for node in ast.parse(source(name).read_text(encoding="utf8")).body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                    defined.setdefault(node.name, []).append(name)
    assert not {word: where for word, where in defined.items() if len(where) > 1}


def test_a_files_tests_run_on_one_worker_and_the_banks_section_by_section(tmp_path):
    for file in "abcd":
        case = "def test_it(n):\n    print(n)\n"
        (tmp_path / f"test_{file}.py").write_text(f"import pytest\n@pytest.mark.parametrize('n', range(9))\n{case}")
    ran = [sys.executable, "-m", "pytest", "-p", "conftest", "-o", "addopts=", "--rootdir", str(tmp_path), "-v"]
    ran += ["--numprocesses=2", "--no-loadscope-reorder", str(tmp_path)]
    done = subprocess.run(ran, cwd=ROOT, capture_output=True, text=True)
    workers: dict[str, set[str]] = {}
    for worker, file in re.findall(r"^\[(gw\d)\].* PASSED (\S+)::", done.stdout, re.MULTILINE):
        workers.setdefault(file, set()).add(worker)
    assert len(workers) == 4, done.stdout
    assert all(len(names) == 1 for names in workers.values()), workers
    assert len(set.union(*workers.values())) == 2
    split = conftest.Sharing._split_scope
    place = "tests/test_mistakes.py::test_a_right_answer_gets_full_marks[{}-gaussian_kl-by_hand]"
    assert len({split(None, place.format(section)) for section in sections()}) == len(sections())


def test_each_section_has_its_exercises():
    assert sections() and sections() == sorted(path.stem for path in (ROOT / "book" / "lessons").glob("*.md"))
    assert os.path.samefile(source("autograder"), PACKAGE / "__init__.py")
