"""docs/glue-versions.md: its expressions give what it says, and its walk goes there and back."""

import json
import re
import subprocess
from pathlib import Path

import pytest

import runtime_source
from gluecast.template.bundled import TEMPLATE_ROOT
from other_glue import python_of
from tools import needs
from walk import run_in_one_shell, steps, walker

PAGE = (TEMPLATE_ROOT / "docs/glue-versions.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(.+)` \| `(.+)` \| `(.+)` \|$", PAGE, re.MULTILINE)


def expressions() -> list[tuple[str, str]]:
    """Each expression of the page, with its language: that of the heading of its table."""
    tables = re.findall(r"^\| (SQL|Python) in a job .*\n\|.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [
        (language, expression)
        for language, table in tables
        for expression in re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)
    ]


@pytest.mark.parametrize(("version", "column"), [("5.1", 1), ("6.0", 2)])
def test_an_expression_gives_what_the_page_says(version: str, column: int, tmp_path: Path) -> None:
    assert [expression for _, expression in expressions()] == [row[0] for row in ROWS]
    assert len(ROWS) >= 15
    (tmp_path / "lake").mkdir()
    (tmp_path / "expressions.json").write_text(json.dumps(expressions()))
    source = runtime_source.lay_out(tmp_path / "src")

    ran = subprocess.run(
        [python_of(version), Path(__file__).with_name("expressions.py"), tmp_path],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    found = json.loads((tmp_path / "results.json").read_text())
    shown = [(row[0], row[column]) for row in ROWS]
    assert [(row[0], value) for row, value in zip(ROWS, found, strict=True)] == shown


@needs("make", to="show what make would run")
def test_the_walk_there_and_back_prints_what_the_page_shows(template: Path, tmp_path: Path) -> None:
    walk = steps(PAGE)
    assert sum("copier update" in step.command for step in walk) >= 5

    printed = run_in_one_shell(walk, tmp_path, walker(template, tmp_path))

    silent = ("copier update", "git diff --stat")
    pairs = [
        (step, output)
        for step, output in zip(walk, printed, strict=True)
        if step.output or step.command.startswith(silent)
    ]
    assert [output for _, output in pairs] == [step.output for step, _ in pairs]
