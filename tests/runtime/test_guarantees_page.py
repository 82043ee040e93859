"""The page about bad data names a proof in every row, and each of these tests exists."""

import re
import subprocess
import sys

import pytest

from glue_runtime.input.exact.grammar import DECIMAL, GRAMMARS
from gluecast.template.bundled import TEMPLATE_ROOT
from tasks.examples import RENDERED
from test_bad_input import FAULTS, FINE

PAGE = (RENDERED / "docs/data-guarantees.md").read_text(encoding="utf-8")


def rows() -> list[list[str]]:
    """The cells of each row of the page's tables."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[-1] != "proof"]


def proofs() -> set[str]:
    return {name for row in rows() for name in re.findall("`([^`]+)`", row[-1])}


@pytest.fixture(scope="module")
def tests() -> set[str]:
    """The names of all tests of the runtime, as pytest finds them."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/runtime"]
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
