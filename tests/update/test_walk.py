"""The walk of the README: three jobs, hand edits, a fix for all, then a conflict and its two ends."""

import subprocess
import sys
from pathlib import Path

import pytest

from gluecast.cli import main
from gluecast.errors import ExitCode
from gluecast.template import TEMPLATE_ROOT, commit
from rendering import Copy
from small_template import git, tree

JOBS = ("sales_etl", "customer_import", "product_catalog")


def gluecast(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def replace(folder: Path, path: str, old: str, new: str) -> None:
    text = (folder / path).read_text()
    assert old in text, (path, old)
    (folder / path).write_text(text.replace(old, new))


def test_the_walk(copy: Copy, own_template: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for job in JOBS:
        repository = copy(job_name=job, source=own_template)
    git(repository, "init", "--quiet")
    commit(repository, "Three jobs of v0.1.0")
    for job in JOBS[:2]:
        replace(repository, f"src/jobs/{job}.py", 'F.lower("category")', 'F.upper("category")')
    base = "src/glue_runtime/base_job.py"
    first_line = (repository / base).read_text().splitlines()[0]
    (repository / base).write_text((repository / base).read_text() + "\n# mine\n")
    commit(repository, "Hand edits")

    replace(own_template, "template/{{ platform }}/" + base, first_line, f"{first_line}\n# A fix.")
    job_module = "template/{{ job }}/src/jobs/{{ job_name }}.py.jinja"
    replace(own_template, job_module, "Started for one", "Begun for one")
    commit(own_template, "A fix", tag="v0.2.0")

    assert gluecast("check", repository) == ExitCode.BEHIND + ExitCode.DRIFTED
    assert "v0.1.0 -> v0.2.0: 4 layers" in capsys.readouterr().out
    before = tree(repository)
    assert gluecast("update", repository, "--dry-run") == ExitCode.OK
    assert f"  {base}" in capsys.readouterr().out
    assert tree(repository) == before
    assert gluecast("update", repository) == ExitCode.OK
    commit(repository, "v0.2.0")

    assert "# A fix." in (repository / base).read_text()
    assert "# mine" in (repository / base).read_text()
    for job in JOBS:
        text = (repository / f"src/jobs/{job}.py").read_text()
        assert "Begun for one" in text
        assert ("F.upper" in text) == (job in JOBS[:2])
    assert compiles(repository)

    replace(own_template, job_module, 'F.lower("category")', 'F.trim("category")')
    commit(own_template, "It cannot be merged everywhere", tag="v0.3.0")
    before = tree(repository)
    assert gluecast("update", repository) == ExitCode.CONFLICT
    out = capsys.readouterr().out
    assert "conflict (2)" in out
    assert "src/jobs/customer_import.py" in out
    assert gluecast("check", repository) & ExitCode.PROBLEM
    assert gluecast("update", repository, "--abort") == ExitCode.OK
    assert tree(repository) == before
    assert git(repository, "status", "--porcelain") == ""

    assert gluecast("update", repository) == ExitCode.CONFLICT
    for job in JOBS[:2]:
        git(repository, "checkout", "--ours", f"src/jobs/{job}.py")
        git(repository, "add", f"src/jobs/{job}.py")
    assert gluecast("update", repository, "--continue") == ExitCode.OK
    commit(repository, "v0.3.0")

    assert gluecast("check", repository) == ExitCode.DRIFTED
    assert "F.trim" in (repository / "src/jobs/product_catalog.py").read_text()
    assert "F.upper" in (repository / "src/jobs/sales_etl.py").read_text()


def compiles(repository: Path) -> bool:
    command = [sys.executable, "-m", "compileall", "-q", "src", "tests"]
    return subprocess.run(command, cwd=repository, check=False).returncode == 0


def test_the_readme_shows_the_commands_of_the_walk() -> None:
    readme = (TEMPLATE_ROOT / "README.md").read_text(encoding="utf-8")

    for command in ("check", "update --dry-run", "update ", "update --continue"):
        assert f"\n    gluecast {command}" in readme
    assert "--abort" in readme
