"""Plant one fault in a copy of the project, and run tests there until one fails."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tasks.faults import python_faults, text_faults
from tasks.faults.fault import Fault, GoneError, located
from tasks.faults.selection import EXAMPLE, TEMPLATE

Verdict = Literal["noticed", "survived", "hung", "gone"]

SECONDS = 300
"""The timeout in seconds for the tests of one fault; hardly any takes a tenth of it."""


PLAN_TESTS = "terraform "
"""The prefix of a Terraform module's name, for its plan tests instead of a pytest file."""

_PLAN_TESTS = """
set -euo pipefail
cd "examples/data-platform/infrastructure/modules/$0"
terraform init -backend=false -input=false ${TF_PROVIDER_MIRROR:+-plugin-dir="$TF_PROVIDER_MIRROR"} > /dev/null
terraform test -no-color
"""
_USAGE, _NOTHING_COLLECTED = 4, 5
"""Exit codes of pytest."""


@dataclass(frozen=True)
class Outcome:
    """The outcome for a fault. noticed_by: the first test that failed."""

    verdict: Verdict
    noticed_by: str = ""


def try_fault(root: Path, fault: Fault, tests: Sequence[str]) -> Outcome:
    """Plant a fault in a copy of the project at `root`, and run tests there in order."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        project = copy_of(root, Path(folder) / "project")
        try:
            plant(project, fault)
        except GoneError:
            return Outcome("gone")
        return _noticed(project, tests)


def plan_tests(module: str) -> list[str]:
    """The command that runs the plan tests of a Terraform module of the example."""
    return ["bash", "-c", _PLAN_TESTS, module]


def copy_of(root: Path, target: Path) -> Path:
    """Copy all tracked files, edited or not, into a new repository."""
    listing = [
        "git",
        "-C",
        str(root),
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in names:
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name, follow_symlinks=False)
    subprocess.run(["git", "init", "--quiet", str(target)], check=True)
    return target


def plant(project: Path, fault: Fault) -> None:
    """Write a fault into a project, and into the same file of the example, if there is one.

    Raises:
        GoneError: the project does not have the text that the fault changes.
    """
    path = located(project, fault)
    is_python = fault.change in python_faults.operators()
    make = python_faults.planted if is_python else text_faults.planted
    name = path.relative_to(project).as_posix().replace(TEMPLATE, EXAMPLE)
    rendered = project / name.replace("{{ modules }}", "modules")
    for each in {path, rendered.with_suffix("") if rendered.suffix == ".jinja" else rendered}:
        if each == path or each.is_file():
            try:
                text = each.read_text(encoding="utf-8")
                each.write_text(make(text, fault), encoding="utf-8")
            except GoneError:
                if each == path:
                    raise


def _noticed(project: Path, tests: Sequence[str]) -> Outcome:
    environment = {
        **os.environ,
        # Commands that tests start use the copy too, without cached bytecode.
        "PYTHONPATH": str(project / "generator"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    options = ["-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--no-header", "-rfE"]
    for test in tests:
        command = [sys.executable, "-m", "pytest", *options, test]
        if test.startswith(PLAN_TESTS):
            command = plan_tests(test.removeprefix(PLAN_TESTS))
        try:
            ran = subprocess.run(
                command,
                cwd=project,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            return Outcome("hung", test)
        unknown = ran.returncode == _USAGE and "not found: " in ran.stderr
        if ran.returncode not in (0, _NOTHING_COLLECTED) and not unknown:
            failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", ran.stdout, re.MULTILINE)
            return Outcome("noticed", failed[1] if failed else test)
    return Outcome("survived")
