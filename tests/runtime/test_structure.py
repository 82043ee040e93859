"""The runtime's code: small modules, and one place for what a format or a table is."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from glue_runtime.input.formats.interface import FormatReader
from glue_runtime.input.formats.registry import FORMATS
from runtime_source import SOURCE

MODULES = sorted(SOURCE.rglob("*.py"))
LONGEST = 400
"""Lines that a module may have."""

NAMES = {name for entry in FORMATS.items() for name in (entry[0], entry[1].module)}

AT_HOME = (
    *(
        "input/formats/",
        "input/exact/",
        "tables/parquet.py",
        "tables/catalog_entry.py",
        "load_history.py",
    ),
    *(
        "local/warm_up.py",
        "local/wheels.py",
        "manifest.py",
        "testing.py",
        "tables/commit_record.py",
    ),
)
"""Where a format may be named: its own module, what writes Parquet or warms Spark up with it, and
what reads or writes JSON that is no data."""


def test_no_module_is_long() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in MODULES}

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_no_function_is_complex() -> None:
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "ruff", "check", "--isolated", "--select", "C901"),
            *("--config", "lint.mccabe.max-complexity = 10"),
            str(SOURCE),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_one_module_and_one_entry(name: str) -> None:
    assert issubclass(FORMATS[name].reader_class, FormatReader)
    assert (SOURCE / "input/formats" / f"{FORMATS[name].module}.py").is_file()


def test_no_other_code_asks_for_the_name_of_a_format() -> None:
    found = {
        (place, text)
        for path in MODULES
        if not (place := path.relative_to(SOURCE).as_posix()).startswith(AT_HOME)
        for text in texts(path)
        if text in NAMES or any(f"formats.{name}" in text for name in NAMES)
    }

    assert found == set()


def texts(path: Path) -> Iterator[str]:
    """The strings of a module, and the names that it imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
