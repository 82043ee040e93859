"""Run a development task in an environment that this script sets up.

    python3 generator TASK

It needs only Python 3.11 and git. The environment is .venv in the project's folder; the script
creates it on the first run, and again when pyproject.toml changes.
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
        "generate a repository with three jobs and run each one both ways",
        [["-m", "gluecast.cli", "demo"]],
    ),
    "test": (
        "check format, style and types, and run all tests (--fast: only tests of changed files)",
        [
            ["-m", "ruff", "check", "."],
            ["-m", "ruff", "format", "--check", "."],
            ["-m", "mypy"],
            # Three at once on two cores, each file in one piece: some of the time is waiting, for
            # AWS's provider above all. The longest files begin first (tests/durations.json).
            ["-m", "pytest", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"],
        ],
    ),
    "test-s3a": (
        "run all tests of the runtime over S3A and an emulated S3, as on Glue",
        # Two at once, each with a JVM and an emulated S3 of its own.
        [
            [
                *("-m", "pytest", "-n", "2", "--dist", "loadfile", "--on-s3a"),
                *("tests/runtime", "tests/s3a"),
            ]
        ],
    ),
    "test-cluster": (
        "run jobs on Spark's own cluster, started on this machine, and lose executors and files",
        # All tests share the cluster, which takes both cores of a small machine.
        [["-m", "pytest", "--on-a-cluster", "tests/cluster"]],
    ),
    "faults": (
        "plant faults one by one and check that a test fails (--sample: the recorded faults)",
        [["-m", "tasks.faults"]],
    ),
    "bench": (
        "compare the generated job with a minimal hand-written script (--large: 1 GB too)",
        [[str(ROOT / "tests/benchmarks/runs.py")]],
    ),
    "bench-scale": (
        "run the job over 10,000 files and over a file of 5 GB, and show what grows",
        [[str(ROOT / "tests/benchmarks/scale.py")]],
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
        "re-render examples/data-platform after a change to the template",
        [["-m", "tasks.examples"]],
    ),
    "docs": (
        "regenerate docs/commands.md, and the inputs and outputs in the READMEs of the modules",
        [["-m", "tasks.reference"], ["-m", "tasks.module_pages"]],
    ),
    "tags": (
        "tag the release commits that RELEASES lists",
        [["-m", "tasks.releases"]],
    ),
    "bench-update": (
        "compare gluecast update with a loop of copier update, for 1 to 1000 jobs",
        [[str(ROOT / "tests/benchmarks/update.py")]],
    ),
    "samples": (
        "regenerate the template's sample data after a change to its formats",
        [["-m", "tasks.sample_data"]],
    ),
}


def main() -> int:
    task, *arguments = sys.argv[1:] or ["help"]
    if task not in TASKS:
        if task not in ("help", "--help", "-h"):
            print(f"expected one of the tasks below, found {task}\n", file=sys.stderr)
        print("usage: python3 generator TASK\n")
        for name, (purpose, _) in TASKS.items():
            print(f"  {name:<13} {purpose}")
        return 0 if task in ("help", "--help", "-h") else 2
    set_up()
    commands = TASKS[task][1]
    if task == "test" and "--fast" in arguments:
        commands, arguments = [["-m", "tasks.fast"]], []
    for command in commands:
        # The user's arguments go to the last command: python3 generator test -k schedule
        extra = arguments if command is commands[-1] else []
        # The demo writes to the current folder; the checks look at the project.
        folder = Path.cwd() if task == "demo" else ROOT
        code = subprocess.run([PYTHON, *command, *extra], cwd=folder, check=False).returncode
        if code:
            return code
    return 0


def set_up() -> None:
    """Create .venv, unless it exists and matches this pyproject.toml and this Python."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python runs this script first
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
    # Python compiles what it imports; pip would compile all of every package.
    options = ["--quiet", "--disable-pip-version-check", "--no-compile"]
    install = ["-m", "pip", "install", *options, "-e", ".[dev]"]
    if subprocess.run([PYTHON, *install], cwd=ROOT, check=False).returncode:
        sys.exit("the packages could not be installed; pip's message above says why")
    # Starts of Spark take a third less time from then on. Where there is no Java, what needs it says so.
    subprocess.run(
        [PYTHON, "-m", "glue_runtime.local.warm_up"],
        cwd=ROOT / "examples/data-platform/src",
        capture_output=True,
        check=False,
    )
    stamp.write_text(digest)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
