"""The page about bad data names a proof in every row: each of these tests exists, and runs where the row says."""

import ast
import re
import subprocess
import sys

import pytest

from glue_runtime.input.exact.grammar import DECIMAL, GRAMMARS
from gluecast.template.bundled import TEMPLATE_ROOT
from tasks.examples import RENDERED
from test_bad_input import FAULTS, FINE

LOCAL, S3A, CLUSTER = "local", "S3A", "cluster"

FOLDERS = ("runtime", "s3a", "cluster")

PAGE = (RENDERED / "docs/data-guarantees.md").read_text(encoding="utf-8")


def rows() -> list[list[str]]:
    """The cells of each row of the page's tables."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[-1] != "proof"]


def named(cell: str) -> set[str]:
    """The names of tests and cases in a cell."""
    return set(re.findall("`([^`]+)`", cell))


def proofs() -> set[str]:
    return {name for row in rows() for name in named(row[-1])}


def places() -> dict[str, set[str]]:
    """Where each test runs.

    All tests of the runtime run on this machine. Those that work on the lake of their session run over S3A
    too, in `python3 generator test-s3a`; a process that a test starts itself works on folders.
    """
    found = {name: {LOCAL, S3A} for name in (*FAULTS, *FINE)}
    for folder in FOLDERS:
        for path in (TEMPLATE_ROOT / "tests" / folder).rglob("test_*.py"):
            text = path.read_text(encoding="utf-8")
            for node in ast.parse(text).body:
                if isinstance(node, ast.FunctionDef):
                    source = ast.get_source_segment(text, node) or ""
                    arguments = {argument.arg for argument in node.args.args}
                    found.setdefault(node.name, set()).update(_places(folder, arguments, source))
    return found


def _places(folder: str, arguments: set[str], source: str) -> set[str]:
    if folder == "cluster":
        return {CLUSTER}
    is_over_s3a = "lake" in arguments and "LAKE_VARIABLE" not in source
    return ({S3A} if is_over_s3a else set()) | ({LOCAL} if folder == "runtime" else set())


@pytest.fixture(scope="module")
def tests() -> set[str]:
    """The names of all tests of the runtime, as pytest finds them."""
    folders = ["--on-s3a", "--on-a-cluster", *(f"tests/{folder}" for folder in FOLDERS)]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *folders]
    ran = subprocess.run(command, cwd=TEMPLATE_ROOT, capture_output=True, text=True, check=True)
    return set(re.findall(r"::(test_\w+)", ran.stdout))


def test_no_cell_is_empty_and_every_row_names_a_proof() -> None:
    assert len(rows()) > 40
    for row in rows():
        assert all(row), row
        assert "`" in row[-1], row


def test_every_named_proof_exists(tests: set[str]) -> None:
    cases = {*FAULTS, *FINE}

    assert {name for name in proofs() if name not in tests | cases} == set()


def test_every_row_says_where_its_proofs_run() -> None:
    known = places()
    for row in rows():
        run = set().union(*(known[name] for name in named(row[-1])))
        assert row[-2] == ", ".join(place for place in (LOCAL, S3A, CLUSTER) if place in run), row


def test_the_page_has_the_grammar_that_the_runtime_reads_by() -> None:
    [block] = re.findall(r"```text\n(BOOLEAN.*?)```", PAGE, re.DOTALL)
    patterns = {line[25:].split(", and then ")[-1].split(" for ")[0] for line in block.splitlines()}

    assert {
        GRAMMARS["long"].pattern,
        GRAMMARS["double"].pattern,
        DECIMAL.pattern,
        GRAMMARS["date"].pattern,
        GRAMMARS["timestamp_ntz"].pattern,
        GRAMMARS["timestamp"].pattern.removeprefix(GRAMMARS["timestamp_ntz"].pattern),
    } <= patterns


def test_every_case_of_bad_input_is_on_the_page() -> None:
    assert {*FAULTS, *FINE} - proofs() == set()
