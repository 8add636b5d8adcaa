"""The zip for Gradescope, unpacked where Gradescope would: it marks, it does not show, and it runs in its container.

Such a container gives root no namespaces, so that bubblewrap fails. Here bubblewrap makes the container, and inside it
there is one that fails.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.server import container as program
from autograder.server import course as grader
from autograder.server.container import handed_in
from autograder.server.errors import BadInput, JailError, Unreadable
from autograder.server.jail import user
from book.tools import build, gradescope
from book.tools.lessons import notebook_path
from tests.submissions.make import FULL, POINTS, SECTION, released, solved, with_cell
from tests.throwaway import ROOT

root_only = pytest.mark.skipif(os.getuid() != 0, reason="only root can start a process as another user")


@pytest.fixture(scope="module")
def packed(tmp_path_factory) -> Path:
    """The zip, of a copy of the course."""
    root = tmp_path_factory.mktemp("course")
    build.stage_copy(ROOT, root, (*build.COURSE, "pyproject.toml", "requirements.lock", "README.md"))
    return gradescope.pack(root, SECTION)


@pytest.fixture(scope="module")
def container(packed) -> Iterator[Path]:
    """Gradescope's folder, with the zip unpacked and an environment in the place of what setup.sh installs.

    As /autograder everybody may look into it, which is not so of pytest's own folders.
    """
    with tempfile.TemporaryDirectory(prefix="gradescope-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        source = folder / "source"
        for name in ("submission", "results", "source"):
            (folder / name).mkdir()
        with zipfile.ZipFile(packed) as zipped:
            for entry in zipped.infolist():
                zipped.extract(entry, source)
                (source / entry.filename).chmod(entry.external_attr >> 16 & 0o777)
        installed(source / "course")
        yield folder


def installed(root: Path) -> None:
    """An environment as setup.sh makes it: the packages of the one that runs, linked, and this copy of the course."""
    venv.create(root / ".venv", with_pip=False)
    here, there = sysconfig.get_path("purelib"), next((root / ".venv").glob("lib/python*/site-packages"))
    clones = shutil.ignore_patterns("_editable_impl_dgm*", "dgm-*", "course.pth")
    there.rmdir()
    shutil.copytree(here, there, symlinks=True, ignore=clones, copy_function=link)
    (there / "course.pth").write_text(f"{root}\n{root / 'src'}\n")


def link(source: str, target: str) -> None:
    """The file itself, where both folders are on one disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def mark(container: Path, *before: str, **files: str | dict) -> tuple[dict, subprocess.CompletedProcess]:
    """What Gradescope would be told about these files."""
    for name in ("submission", "results"):
        shutil.rmtree(container / name)
        (container / name).mkdir(mode=0o755)
    for name, content in files.items():
        path = container / "submission" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf8")
    command = [*before, str(container / "source" / "run_autograder"), str(container)]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    result = container / "results" / "results.json"
    return json.loads(result.read_text(encoding="utf8")) if result.exists() else {}, done


def no_namespaces() -> list[str]:
    """What makes of the rest of a command one in a container without the right to make namespaces."""
    shown = ["bwrap", "--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc"]
    python = Path(sys.base_prefix).resolve()
    closed = next((path for path in (*reversed(python.parents), python) if not path.stat().st_mode & 0o001), None)
    if closed:  # a Python in somebody's home: everybody may run Gradescope's
        shown += ["--perms", "0755", "--tmpfs", str(closed)]
        for path in reversed([path for path in python.parents if closed in path.parents]):
            shown += ["--perms", "0755", "--dir", str(path)]
        shown += ["--ro-bind", str(python), str(python)]
    refuses = ["--ro-bind", str(shutil.which("false")), str(Path(str(shutil.which("bwrap"))).resolve())]
    return [*shown, *refuses, "--cap-add", "ALL", "--cap-drop", "CAP_SYS_ADMIN", "--"]


# --- what is packed ---------------------------------------------------------------------------------------------------


def test_the_zip_holds_what_grades_this_section_and_nothing_of_the_others(packed):
    with zipfile.ZipFile(packed) as zipped:
        names = zipped.namelist()
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in zipped.infolist()}
        lock = zipped.read("course/requirements.lock").decode()
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755 and modes["course/private_seed"] == 0o600
    assert [name for name in names if not name.startswith("course/")] == ["setup.sh", "run_autograder"]
    needed = {f"course/{path.relative_to(ROOT)}" for path in grader.needed(ROOT, "autograder.server.container")}
    needed |= {f"course/{kind}/{SECTION}/{SECTION}.ipynb" for kind in ("notebooks", "solutions")}
    assert needed <= set(names)
    assert not [name for name in names if "04-jsd-proof" in name or name.startswith(("course/book", "course/tests"))]
    packages = {line.partition("==")[0] for line in lock.splitlines()}
    assert {"torch", "nbformat", "ipykernel"} <= packages and not {"jupyterlab", "pytest", "Sphinx"} & packages


def test_each_zip_has_hidden_cases_of_its_own(packed):
    with zipfile.ZipFile(packed) as zipped:
        before = int(zipped.read("course/private_seed"))
    with zipfile.ZipFile(gradescope.pack(packed.parent, SECTION)) as zipped:
        assert int(zipped.read("course/private_seed")) != before
    assert not [path for path in packed.parent.iterdir() if path.name.startswith(".gradescope")]


def test_a_section_that_there_is_not_is_named():
    with pytest.raises(BadInput, match="no section '03-gan'; there are 01-density-estimation, "):
        gradescope.pack(ROOT, "03-gan")
    done = subprocess.run(["make", "gradescope"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "make gradescope SECTION=" in done.stderr


@pytest.mark.parametrize("version", ["python3.11", "python3.12", ""])
def test_setup_installs_python_where_there_is_none_and_then_the_course(packed, tmp_path, version):
    """The programs that it calls are ours here, and write down what they are asked for."""
    with zipfile.ZipFile(packed) as zipped:
        zipped.extractall(tmp_path)
    programs, heard = tmp_path / "programs", tmp_path / "heard"
    programs.mkdir()
    made = "mkdir -p .venv/bin; [ -e .venv/bin/python ] || cp $0 .venv/bin/python"
    python = f"#!/bin/sh\necho python $* >> {heard}\n{made}\n"
    for name in ("bash", "dirname", "readlink", "basename", "mkdir", "cp"):
        (programs / name).symlink_to(str(shutil.which(name)))
    late = f"case $* in *'-qq python3.11') ln -s {programs}/late {programs}/python3.11;; *bubblewrap) exit 100;; esac"
    written = {"apt-get": f"#!/bin/sh\necho apt-get $* >> {heard}\n{late}\n", "late": python}
    written |= {"add-apt-repository": f"#!/bin/sh\necho {{}} $* >> {heard}\n"} | ({version: python} if version else {})
    for name, text in written.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (programs / "ln").symlink_to(str(shutil.which("ln")))
    done = subprocess.run(
        ["bash", str(tmp_path / "setup.sh")], env={"PATH": str(programs)}, capture_output=True, text=True, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    assert "No bubblewrap" in done.stderr, "its absence is said, and is not the end"
    calls = heard.read_text()
    assert ("deadsnakes" in calls) == (not version)
    assert f"install -y -qq {version or 'python3.11'}-venv\n" in calls
    assert calls.endswith("--quiet --no-deps --no-build-isolation --editable .\n")
    assert "--requirement requirements.lock\n" in calls


# --- what is handed in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["other.ipynb", f"notebooks/{SECTION}/{SECTION}.ipynb"], f"notebooks/{SECTION}/{SECTION}.ipynb"),
        ([f"a/{SECTION}.ipynb", f"{SECTION}.ipynb"], f"{SECTION}.ipynb"),
        ([f"{SECTION} (1).ipynb"], f"{SECTION} (1).ipynb"),
        (["a.ipynb", "b.ipynb"], f"Hand in {SECTION}.ipynb; there is a.ipynb, b.ipynb."),
        (["answers.pdf"], f"Hand in {SECTION}.ipynb; there is no notebook."),
    ],
)
def test_the_notebook_is_found_among_what_was_handed_in(tmp_path, names, taken):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    try:
        assert handed_in(tmp_path, SECTION) == tmp_path / taken
    except Unreadable as error:
        assert str(error) == taken


def expect(told: dict, points: float, **marks: float) -> None:
    """The format that Gradescope reads, with these marks."""
    assert told["score"] == points and told["visibility"] == "visible"
    assert {test["name"]: test["max_score"] for test in told["tests"]} == POINTS
    assert all(isinstance(test["output"], str) and test["output_format"] == "text" for test in told["tests"])
    for name, score in marks.items():
        assert [test["score"] for test in told["tests"] if test["name"] == name] == [score]


def test_a_right_and_a_wrong_submission_in_the_sandbox(container):
    told, done = mark(container, **{f"{SECTION}.ipynb": solved()})
    assert done.returncode == 0, done.stderr
    expect(told, FULL)
    wrong = "def discriminator_loss(real_logits, fake_logits):\n    return real_logits.mean()\n"
    told, _ = mark(container, **{"my work.ipynb": solved(discriminator_loss=wrong)})
    expect(told, FULL - POINTS["discriminator_loss"], discriminator_loss=0)
    assert "Hint:" in next(test["output"] for test in told["tests"] if test["name"] == "discriminator_loss")


def test_what_cannot_be_read_is_a_scored_0(container):
    for files in ({f"{SECTION}.ipynb": "{"}, {"a.ipynb": "{}", "b.ipynb": "{}"}, {"essay.pdf": "%PDF"}):
        told, done = mark(container, **files)
        assert done.returncode == 0, done.stderr
        expect(told, 0)
        assert told["output"]


# --- in a container that allows no sandbox ----------------------------------------------------------------------------

LOOK = """
import os
def look(path):
    try:
        return open(path).read()[:40]
    except OSError as error:
        return error.strerror
print([look(path) for path in PATHS])
"""


@root_only
def test_without_namespaces_another_user_runs_it(container):
    told, done = mark(container, *no_namespaces(), **{f"{SECTION}.ipynb": solved()})
    assert done.returncode == 0, done.stderr
    expect(told, FULL)
    told, _ = mark(container, *no_namespaces(), **{f"{SECTION}.ipynb": released()})
    expect(told, 0)


@root_only
def test_one_exercise_that_ends_python_costs_itself_only(container):
    ends = "def discriminator_loss(real_logits, fake_logits):\n    import os\n    os._exit(0)\n"
    told, done = mark(container, *no_namespaces(), **{f"{SECTION}.ipynb": solved(discriminator_loss=ends)})
    assert done.returncode == 0, done.stderr
    expect(told, FULL - POINTS["discriminator_loss"], discriminator_loss=0)


@root_only
def test_a_submission_as_another_user_reads_no_answer_and_writes_no_mark(container):
    root = container / "source" / "course"
    paths = [notebook_path(root, "solutions", SECTION), root / "private_seed"]
    paths += [root / "autograder" / "references" / f"{SECTION}.json"]
    forged = f"open({str(container / 'results' / 'results.json')!r}, 'w').write('{{\"score\": 99}}')"
    cells = f"PATHS = {list(map(str, paths))!r}{LOOK}\n"
    steals = (
        f"{cells}try:\n    {forged}\nexcept OSError as error:\n    print(error.strerror)\n"
        "raise ValueError(str([look(path) for path in PATHS]))"
    )
    wrong = "def generator_loss_minimax(fake_logits):\n    raise ValueError(str([look(path) for path in PATHS]))\n"
    handed = with_cell(steals, at=2, generator_loss_minimax=wrong)
    told, done = mark(container, *no_namespaces(), **{f"{SECTION}.ipynb": handed})
    assert done.returncode == 0, done.stderr
    expect(told, FULL - POINTS["generator_loss_minimax"], generator_loss_minimax=0)
    said = next(test["output"] for test in told["tests"] if test["name"] == "generator_loss_minimax")
    assert "['Permission denied', 'Permission denied', 'Permission denied']" in said


@root_only
@pytest.mark.parametrize("open_", ["solutions", "results"])
def test_nothing_is_graded_where_another_user_could_cheat(container, open_):
    """A file system that forgets who may read, as a mounted folder of another machine, is one with open doors."""
    place = container / "results" if open_ == "results" else container / "source" / "course" / "solutions"
    code = (container / "source" / "course" / "autograder" / "server" / "container.py").read_text()
    spoilt = code.replace("path.chmod(0o700)", f"path.chmod(0o{'700' if open_ == 'results' else '755'})")
    assert open_ == "results" or spoilt != code
    try:
        (container / "source" / "course" / "autograder" / "server" / "container.py").write_text(spoilt)
        command = ["sh", "-c", f'chmod 0777 {container}/results; exec "$0" "$@"'] if open_ == "results" else []
        told, done = mark(container, *command, *no_namespaces(), **{f"{SECTION}.ipynb": solved()})
    finally:
        (container / "source" / "course" / "autograder" / "server" / "container.py").write_text(code)
    assert told == {} and done.returncode == 2
    said = re.search(r"the other user can (read|write to) (.*)\.$", done.stderr)
    assert said and said[1] == ("write to" if open_ == "results" else "read") and str(place) in said[2], done.stderr


def test_who_is_not_root_cannot_start_another_user(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    with pytest.raises(JailError, match="only root can do"):
        user.OtherUser()


def test_the_course_itself_is_no_container():
    done = subprocess.run(
        [sys.executable, "-m", "autograder.server.container", "/autograder"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "make gradescope SECTION=name" in done.stderr


def test_hidden_cases_follow_the_authors_where_gradescope_names_them(tmp_path):
    assert program._who(tmp_path) == ""
    for text, who in (('{"users": [{"id": 12}, {"id": 7}]}', "12,7"), ("{", ""), ("[]", ""), ('{"users": [1]}', "")):
        (tmp_path / "submission_metadata.json").write_text(text)
        assert program._who(tmp_path) == who
