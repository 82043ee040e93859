"""Run the tests of changed files, for about a minute: python3 generator test --fast."""

import json
import subprocess
import sys
from collections.abc import Sequence

from gluecast.template.bundled import TEMPLATE_ROOT
from tasks.faults.planting import PLAN_TESTS, plan_tests
from tasks.faults.selection import changed, tests_of, tests_of_all

SECONDS = 60
"""The time budget in seconds for the chosen tests, by their recorded durations."""

_UNRECORDED, _OF_A_MODULE = 3, 10
"""Seconds for a file missing in tests/durations.json, and for plan tests of a Terraform module."""


def main() -> None:
    """Choose the tests, print and run them; the exit code is 1 if a test fails."""
    files = changed(TEMPLATE_ROOT)
    chosen = within(SECONDS, [*tests_among(files), *tests_of_all(files)])
    if not chosen:
        print("No file with tests has changed since the last commit.")
        return
    print("\n".join(["Quick tests of changes since the last commit:", *chosen]), flush=True)
    modules = [test.removeprefix(PLAN_TESTS) for test in chosen if test.startswith(PLAN_TESTS)]
    others = [test for test in chosen if not test.startswith(PLAN_TESTS)]
    commands = [plan_tests(module) for module in modules]
    if others:
        commands.append([sys.executable, "-m", "pytest", "-x", "-q", *others])
    failed = [
        command
        for command in commands
        if subprocess.run(command, cwd=TEMPLATE_ROOT, check=False).returncode
    ]
    sys.exit(1 if failed else 0)


def within(seconds: int, tests: Sequence[str]) -> list[str]:
    """The first tests that fit into the time budget together, but at least one."""
    recorded = json.loads((TEMPLATE_ROOT / "tests/durations.json").read_text(encoding="utf-8"))
    chosen: list[str] = []
    left = seconds
    for test in dict.fromkeys(tests):
        if test.startswith(PLAN_TESTS):
            left -= _OF_A_MODULE
        else:
            left -= recorded.get(test.removeprefix("tests/"), _UNRECORDED)
        if left >= 0 or not chosen:
            chosen.append(test)
    return chosen


def quick_tests_of(file: str) -> list[str]:
    """The tests to run if only this file has changed."""
    return within(SECONDS, tests_of(file))


def tests_among(files: Sequence[str]) -> list[str]:
    """The test files among these files."""
    return [file for file in files if file.startswith("tests/") and "/test_" in file]


if __name__ == "__main__":
    main()
