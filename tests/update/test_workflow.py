"""The workflow of a rendered repository that looks for a newer template, run as it stands there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gluecast.template.bundled import commit
from small_template import JOB, SmallTemplate, git
from tasks.examples import RENDERED

WORKFLOW = RENDERED / ".github/workflows/template.yml"


@pytest.fixture
def small(tmp_path: Path) -> SmallTemplate:
    return SmallTemplate(tmp_path / "template")


@pytest.fixture
def repository(small: SmallTemplate, tmp_path: Path) -> Path:
    """A repository with a remote."""
    made = small.repository(tmp_path / "repository", "sales")
    git(tmp_path, "init", "--quiet", "--bare", "remote")
    git(made, "remote", "add", "origin", str(tmp_path / "remote"))
    return made


def workflow(repository: Path) -> subprocess.CompletedProcess[str]:
    """Run the last step of the workflow, with this gluecast, and a gh that tells what it is asked."""
    step = yaml.safe_load(WORKFLOW.read_text())["jobs"]["update"]["steps"][-1]
    tools = repository.parent / "tools"
    tools.mkdir()
    for name, script in {
        "gluecast": f'exec "{sys.executable}" -m gluecast.cli "$@"',
        "gh": 'echo "gh $*"; case "$*" in *--body-file*) cat "$RUNNER_TEMP/summary.md";; esac',
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    names = {name: value for name, value in step["env"].items() if name.startswith("GIT_")}
    path = os.pathsep.join([str(tools), os.environ["PATH"]])
    environment = {**os.environ, **names, "PATH": path, "RUNNER_TEMP": str(tools)}
    return subprocess.run(
        ["bash", "-c", step["run"]],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def pushed(repository: Path) -> str:
    return git(repository.parent / "remote", "branch", "--list")


def test_a_newer_template_becomes_a_pull_request(small: SmallTemplate, repository: Path) -> None:
    small.replace(JOB, "line 02", "fixed")
    small.release("v2.0.0")

    ran = workflow(repository)

    assert ran.returncode == 0, ran.stderr
    assert "template-update" in pushed(repository)
    job = git(repository.parent / "remote", "show", "template-update:src/jobs/sales.py")
    assert "fixed" in job
    assert "gh pr create --head template-update" in ran.stdout
    assert "v1.0.0 -> v2.0.0" in ran.stdout.split("gh pr create")[1]


def test_without_a_newer_template_nothing_happens(repository: Path) -> None:
    (repository / "src/base.py").write_text("drifted\n")
    commit(repository, "An edit of the template's part")

    ran = workflow(repository)

    assert ran.returncode == 0, ran.stderr
    assert "gh " not in ran.stdout
    assert pushed(repository) == ""


def test_conflicts_fail_the_workflow_and_push_nothing(
    small: SmallTemplate, repository: Path
) -> None:
    (repository / "src/jobs/sales.py").write_text("mine\n")
    commit(repository, "An edit")
    small.replace(JOB, "line 02", "fixed")
    small.release("v2.0.0")

    ran = workflow(repository)

    assert ran.returncode == 3
    assert "src/jobs/sales.py" in ran.stdout
    assert pushed(repository) == ""


def test_what_check_cannot_do_fails_the_workflow(small: SmallTemplate, repository: Path) -> None:
    small.folder.rename(small.folder.with_name("gone"))

    ran = workflow(repository)

    assert ran.returncode == 1
    assert "gh " not in ran.stdout


@pytest.mark.parametrize(
    ("recorded", "installed"),
    [('"v0.2.0"', "v0.2.0"), ("v0.2.0", "v0.2.0"), ('"v0.2.0-5-g1a2b3c4"', "1a2b3c4")],
)
def test_the_gluecast_of_the_recorded_release_is_installed(
    tmp_path: Path, recorded: str, installed: str
) -> None:
    steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["update"]["steps"]
    [step] = [step for step in steps if "pip install" in step.get("run", "")]
    (tmp_path / ".copier-answers").mkdir()
    answers = f'# Written by Copier\n_commit: {recorded}\n_src_path: "x"\nlayer: "platform"\n'
    (tmp_path / ".copier-answers/_platform.yml").write_text(answers)
    (tmp_path / "pip").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "pip").chmod(0o755)

    ran = subprocess.run(
        ["bash", "-c", step["run"]],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout == f"install git+https://github.com/gluecast/gluecast.git@{installed}\n"
