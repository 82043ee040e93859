"""The tasks of this project, each in an environment that this script sets up.

    python3 generator TASK

Needs nothing but Python 3.11 and git. The environment is .venv in the project's folder; it is made
the first time and again when pyproject.toml changes.
"""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

# task -> what it does, and the commands it runs with the environment's Python
TASKS: dict[str, tuple[str, list[list[str]]]] = {
    "demo": (
        "generate a repository with three jobs and run each of them both ways",
        [["-m", "gluecast.cli", "demo"]],
    ),
    "test": (
        "check format, style and types, and run all tests (--fast: those of what has changed)",
        [
            ["-m", "ruff", "check", "."],
            ["-m", "ruff", "format", "--check", "."],
            ["-m", "mypy"],
            # Four at once, each file in one piece: much of the time is waiting, for AWS's provider
            # above all. The longest files begin first (tests/durations.json).
            ["-m", "pytest", "-n", "4", "--dist", "loadfile", "--no-loadscope-reorder"],
        ],
    ),
    "faults": (
        "plant faults one by one and see whether the tests notice (--sample: those on record)",
        [["-m", "tasks.faults"]],
    ),
    "bench": (
        "measure the generated job against the smallest script by hand (--large: 1 GB too)",
        [[str(ROOT / "tests/benchmarks/runs.py")]],
    ),
    "lint": (
        "check format, style and types",
        [["-m", "ruff", "check", "."], ["-m", "ruff", "format", "--check", "."], ["-m", "mypy"]],
    ),
    "format": (
        "format the code",
        [["-m", "ruff", "check", "--fix", "."], ["-m", "ruff", "format", "."]],
    ),
    "examples": (
        "render examples/data-platform again, after a change of the template",
        [["-m", "tasks.examples"]],
    ),
    "docs": (
        "write docs/commands.md again, after a change of the command line",
        [["-m", "tasks.reference"]],
    ),
    "tags": (
        "tag the commits of the releases, as the file RELEASES names them",
        [["-m", "tasks.releases"]],
    ),
    "bench-update": (
        "measure gluecast update beside a loop of copier update, for 1 to 1000 jobs",
        [[str(ROOT / "tests/benchmarks/update.py")]],
    ),
    "samples": (
        "write the template's sample data again, after a change of its formats",
        [["-m", "tasks.sample_data"]],
    ),
}


def main() -> int:
    task, *arguments = sys.argv[1:] or ["help"]
    if task not in TASKS:
        if task not in ("help", "--help", "-h"):
            print(f"expected a task of the list below, found {task}\n", file=sys.stderr)
        print("usage: python3 generator TASK\n")
        for name, (purpose, _) in TASKS.items():
            print(f"  {name:<13} {purpose}")
        return 0 if task in ("help", "--help", "-h") else 2
    set_up()
    commands = TASKS[task][1]
    if task == "test" and "--fast" in arguments:
        commands, arguments = [["-m", "tasks.fast"]], []
    for command in commands:
        # Arguments of the user's go to the last command: python3 generator test -k schedule
        extra = arguments if command is commands[-1] else []
        # The demo writes where the user stands; the checks look at the project.
        folder = Path.cwd() if task == "demo" else ROOT
        code = subprocess.run([PYTHON, *command, *extra], cwd=folder, check=False).returncode
        if code:
            return code
    return 0


def set_up() -> None:
    """Make .venv, unless it is there and belongs to this pyproject.toml and this Python."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this script is what an older Python meets first
        found = sys.version.split()[0]
        sys.exit(f"expected Python 3.11 or newer, found {found}: use another python3")
    recipe = (ROOT / "pyproject.toml").read_bytes() + f"{ROOT} {sys.version}".encode()
    digest = hashlib.sha256(recipe).hexdigest()
    stamp = VENV / "ready"
    if stamp.is_file() and stamp.read_text() == digest:
        return
    print("Setting up .venv (Spark is 300 MB; a minute or two, once) ...", flush=True)
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except subprocess.CalledProcessError:
        sys.exit("expected a Python with venv and pip (Debian: apt-get install python3-venv)")
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", ".[dev]"]
    if subprocess.run([PYTHON, *install], cwd=ROOT, check=False).returncode:
        sys.exit("the packages could not be installed; pip's message above says why")
    stamp.write_text(digest)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
