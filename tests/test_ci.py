"""What a forge runs: workflows that their schema accepts, steps that end as they say, marks that stay between runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.throwaway import ROOT

GITHUB = [*(ROOT / ".github" / "workflows").glob("*.yml"), ROOT / "book/handout/.github/workflows/check.yml"]
GITLAB = [ROOT / ".gitlab-ci.yml", ROOT / "book/handout/.gitlab-ci.yml"]
SCHEMAS = [(path, "vendor.github-workflows") for path in GITHUB] + [(path, "vendor.gitlab-ci") for path in GITLAB]


def load(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf8"))


def steps(name: str = "grade") -> list[dict]:
    (job,) = load(ROOT / ".github" / "workflows" / f"{name}.yml")["jobs"].values()
    return job["steps"]


def step(name: str) -> str:
    (found,) = [one["run"] for one in steps() if one.get("name") == name]
    return found


def bash(script: str, folder: Path, programs: Path | None = None, **variables: str) -> subprocess.CompletedProcess:
    """Run a step as a forge does: it stops at the first command that fails."""
    path = os.pathsep.join([*([str(programs)] if programs else []), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, **variables}
    return subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True)


def program(folder: Path, name: str, script: str) -> None:
    """Put a program of ours where a step looks for one."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


# --- the files --------------------------------------------------------------------------------------------------------


def accepted(path: Path, schema: str) -> bool:
    command = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", schema, path]
    return subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.parametrize(("path", "schema"), SCHEMAS, ids=lambda value: getattr(value, "name", value))
def test_the_schema_of_the_forge_accepts_it(path, schema):
    assert accepted(path, schema)


@pytest.mark.parametrize(
    ("schema", "old", "new"), [(SCHEMAS[0][1], "runs-on", "run-on"), (SCHEMAS[-1][1], "script", "x")]
)
def test_the_schema_would_not_accept_a_slip(tmp_path, schema, old, new):
    path = next(path for path, of in SCHEMAS if of == schema)
    (tmp_path / "slip.yml").write_text(path.read_text(encoding="utf8").replace(old, new), encoding="utf8")
    assert not accepted(tmp_path / "slip.yml", schema)


def test_what_shells_run_is_a_shells():
    scripts = [(ROOT / ".ci" / name).read_text(encoding="utf8") for name in ("run", "keep")]
    for path in GITHUB:
        scripts += [one["run"] for job in load(path)["jobs"].values() for one in job["steps"] if "run" in one]
    for path in GITLAB:
        scripts += [
            "\n".join(job["script"]) for job in load(path).values() if isinstance(job, dict) and "script" in job
        ]
    assert len(scripts) > 10
    for script in scripts:
        script = re.sub(r"\$\{\{.*?\}\}", "x", script)
        assert subprocess.run(["bash", "-n", "-c", script], capture_output=True).stderr == b"", script


def test_what_is_collected_is_not_ignored_by_git():
    """grade.yml runs on what is pushed to submitted/; what grading leaves is not pushed."""

    def ignored(path: str) -> bool:
        return subprocess.run(["git", "check-ignore", "--quiet", path], cwd=ROOT).returncode == 0

    assert not ignored("submitted/O'Neil, Ann/03-gan-minimax/03-gan-minimax.ipynb")
    assert not ignored("submitted/timestamps.csv")
    assert all(map(ignored, ["graded/private_seed", "gradebook.db", "autograded/a", "feedback/a"]))


def test_no_forge_is_given_the_seed_or_the_gradebook_to_show():
    shown = [one["with"]["path"] for one in steps() if one.get("uses", "").startswith("actions/upload-artifact")]
    grading = load(ROOT / ".gitlab-ci.yml")["grade"]["artifacts"]
    listed = [line.split(" #")[0].strip() for line in shown[0].splitlines()]
    listed = [line.removeprefix("|").strip() for line in listed if line.strip("| ") and not line.startswith("#")]
    reports = {"graded/summary.md", "graded/grades.csv", "graded/feedback", "graded/gradescope"}
    assert len(shown) == 1 and set(listed) == reports | {"graded/junit.xml"}
    assert set(grading["paths"]) == reports and grading["reports"] == {"junit": "graded/junit.xml"}


def test_only_keeping_gets_the_key():
    """Neither the step that installs packages nor the one that runs submissions has it in its environment."""
    with_key = [one["name"] for one in steps() if "GRADES_KEY" in str(one.get("env"))]
    assert with_key == ["Load the marks", "Keep the marks"]
    names = [one.get("name") for one in steps()]
    assert names.index("Load the marks") < names.index("Grade") < names.index("Keep the marks")
    (checkout,) = [one for one in steps() if one.get("uses", "").startswith("actions/checkout")]
    assert checkout["with"]["persist-credentials"] is False


# --- the steps --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("graders", "steps_"), [(0, 0), (1, 0), (2, 2), (130, 130)])
def test_one_weak_student_does_not_turn_ci_red_and_a_fault_does(tmp_path, graders, steps_):
    program(tmp_path, ".venv/bin/python", f'echo "$@"; exit {graders}')
    done = bash(step("Grade"), tmp_path, THRESHOLD="50")
    assert done.returncode == steps_
    assert b"-m autograder grade submitted --out graded --threshold 50\n" in done.stdout
    assert (b"::warning::" in done.stdout) == (graders == 1)
    assert b"--threshold 0\n" in bash(step("Grade"), tmp_path, THRESHOLD="").stdout
    script = load(ROOT / ".gitlab-ci.yml")["grade"]
    program(tmp_path, ".ci/keep", "echo kept")
    last = "\n".join(script["script"][-4:])
    assert bash(last, tmp_path).returncode == graders and script["allow_failure"] == {"exit_codes": [1]}
    assert b"kept" in bash(last, tmp_path).stdout


@pytest.mark.parametrize("there", [("bwrap", "google-chrome"), ("google-chrome",), ("bwrap",), ()])
def test_the_tests_are_run_when_a_package_cannot_be_installed(tmp_path, there):
    """Ubuntu has no package chromium."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    for name in ("bash", "dirname", "id"):
        (tmp_path / "programs").mkdir(exist_ok=True)
        (tmp_path / "programs" / name).symlink_to(str(shutil.which(name)))
    program(tmp_path / "programs", "make", "echo make $*")
    program(tmp_path / "programs", "sudo", 'exec "$@"')
    program(tmp_path / "programs", "apt-get", 'echo apt-get $* >&2; case "$*" in *chromium*) exit 100;; esac')
    for name in there:
        program(tmp_path / "programs", name, "")
    environment = {"PATH": str(tmp_path / "programs")}
    done = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "make test\n", done.stderr
    assert ("install -qq -y bubblewrap" in done.stderr) == ("bwrap" not in there)
    assert ("apt-get can't install chromium" in done.stderr) == ("google-chrome" not in there)


# --- what stays between runs ------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path) -> Path:
    """A repository that keeps marks."""
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "store.git"], check=True)
    return tmp_path / "store.git"


def keep(what: str, folder: Path, store: Path | str, key: str = "a long random text") -> tuple[int, str]:
    command = [ROOT / ".ci" / "keep", what, folder]
    environment = {**os.environ, "GRADES_STORE": str(store), "GRADES_KEY": key}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
    assert len((done.stdout + done.stderr).splitlines()) == 1, done
    return done.returncode, done.stdout + done.stderr


def graded(folder: Path, seed: str = "4611686018427387903") -> Path:
    """What grading might have left."""
    place = folder / "results" / "03-gan-minimax" / "O'Neil, Ann.json"
    place.parent.mkdir(parents=True)
    place.write_text('{"points": 12}')
    (folder / "private_seed").write_text(seed)
    (folder / "private_seed").chmod(0o600)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != ".kept"}


def test_a_second_run_finds_the_marks_and_the_seed_of_the_first(tmp_path, store):
    first, second = tmp_path / "a" / "graded", tmp_path / "b" / "graded"
    for folder in (first, second):
        folder.parent.mkdir()
    assert keep("load", first, store) == (0, "Nothing is kept yet: the first run.\n")
    graded(first)
    assert keep("save", first, store) == (0, "Saved graded.\n")
    assert keep("load", second, store) == (0, "Loaded graded.\n")
    assert contents(second) == contents(first) and (second / "private_seed").stat().st_mode & 0o777 == 0o600
    (second / "results" / "new.json").write_text("{}")
    assert keep("save", second, store)[0] == 0
    assert keep("save", second, store)[0] == 0, "and again, from the same folder"
    branches = subprocess.run(["git", "for-each-ref", "--format=%(refname)"], cwd=store, capture_output=True, text=True)
    assert branches.stdout == "refs/heads/graded\n"
    count = subprocess.run(["git", "rev-list", "--count", "graded"], cwd=store, capture_output=True, text=True)
    assert count.stdout == "1\n", "the branch does not grow"
    tree = subprocess.run(["git", "ls-tree", "--name-only", "graded"], cwd=store, capture_output=True, text=True)
    assert tree.stdout.split() == ["before", "now"]
    assert sorted(path.name for path in tmp_path.glob("?/.*")) == [], "nothing half done is left"


def test_who_has_the_repository_and_not_the_key_reads_nothing(tmp_path, store):
    folder = graded(tmp_path / "graded")
    assert keep("save", folder, store)[0] == 0
    shown = subprocess.run(["git", "cat-file", "blob", "graded:now"], cwd=store, capture_output=True, check=True).stdout
    assert shown.startswith(b"Salted__") and b"4611686018427387903" not in shown and b"Ann" not in shown
    code, said = keep("load", tmp_path / "graded2", store, key="another")
    assert code == 0 and "first run" in said, "another folder is another branch"
    shutil.rmtree(folder)
    code, said = keep("load", folder, store, key="another")
    assert code == 2 and "is GRADES_KEY the one" in said and not folder.exists()


def test_marks_that_somebody_else_has_saved_meanwhile_are_not_overwritten(tmp_path, store):
    mine, theirs = graded(tmp_path / "mine" / "graded"), tmp_path / "theirs" / "graded"
    theirs.parent.mkdir()
    keep("save", mine, store)
    keep("load", theirs, store)
    (theirs / "marked by hand").write_text("3 of 3")
    assert keep("save", theirs, store)[0] == 0
    code, said = keep("save", mine, store)
    assert code == 2 and "Somebody has saved graded since" in said
    fresh = graded(tmp_path / "fresh" / "graded", seed="7")  # a run that graded without loading
    assert keep("save", fresh, store)[0] == 2
    code, said = keep("load", mine, store)
    assert code == 2 and "is not empty" in said
    shutil.rmtree(mine)
    assert keep("load", mine, store)[0] == 0 and (mine / "marked by hand").read_text() == "3 of 3"


def test_what_is_missing_is_one_sentence(tmp_path, store):
    folder = tmp_path / "graded"
    assert keep("save", folder, store) == (2, f"There is no folder {folder} to keep.\n")
    assert keep("load", folder, store, key="")[1].startswith("GRADES_KEY is not set")
    assert keep("load", folder, "")[1].startswith("GRADES_STORE is not set")
    assert keep("look", folder, store)[1].startswith("Say: .ci/keep load FOLDER")
    code, said = keep("load", tmp_path / "nowhere" / "graded", store)
    assert code == 2 and said.startswith("There is no folder ")
    assert not folder.exists()


# --- the container ----------------------------------------------------------------------------------------------------


def test_the_container_has_what_grading_needs():
    """It can't be built where there is no network: its lines are read instead, and what they copy must be there."""
    text = (ROOT / "Containerfile").read_text(encoding="utf8")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith(("#", " "))]
    assert {word for word, _ in lines} == {"FROM", "RUN", "WORKDIR", "ENV", "COPY", "ENTRYPOINT"}
    assert lines[0][0] == "FROM" and lines[-1][0] == "ENTRYPOINT"
    copied = {name for word, rest in lines if word == "COPY" for name in rest.split()[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    assert copied >= {"requirements.lock", "pyproject.toml", "src", "autograder", "notebooks", "solutions"}
    for word, rest in lines:
        if word == "RUN":
            assert subprocess.run(["bash", "-n", "-c", rest], capture_output=True).stderr == b""
    assert "bubblewrap" in text
    installs = [rest for word, rest in lines if word == "RUN" and "pip install" in rest]
    assert "--requirement requirements.lock" in installs[0] and "--no-build-isolation --editable ." in installs[1]
    started = json.loads(lines[-1][1])
    assert started == ["/course/.venv/bin/python", "-m", "autograder", "grade"]


def test_the_container_is_given_no_answers_of_students():
    """Podman and Docker copy what the Containerfile names; nothing of submitted/ or graded/ is baked into an image."""
    text = (ROOT / "Containerfile").read_text(encoding="utf8")
    copied = {name for line in text.splitlines() if line.startswith("COPY") for name in line.split()[1:-1]}
    assert not copied & {".", "submitted", "graded", ".git"}


def test_the_container_runs_its_own_course_wherever_the_class_lies():
    """Started in a clone of the course it would take half of the code from there, and refuse."""
    text = (ROOT / "Containerfile").read_text(encoding="utf8")
    guide = (ROOT / "book" / "instructor-guide.md").read_text(encoding="utf8")
    runs = re.findall(r"podman run .*", text) + re.findall(r"podman run .*", guide)
    assert len(runs) == 2 and runs[0] == runs[1]
    assert " -w " not in runs[0] and runs[0].endswith(" grade /class/submitted --out /class/graded")
    assert "\nWORKDIR /course\n" in text
