"""The walk of docs/updating.md: every command is run, in one shell, and prints what the page shows."""

from pathlib import Path

from gluecast.template.bundled import TEMPLATE_ROOT
from gluecast.update.merge import MEANING
from tools import needs
from walk import run_in_one_shell, steps, walker

PAGE = (TEMPLATE_ROOT / "docs/updating.md").read_text(encoding="utf-8")


@needs("make", to="run the repository's tests")
def test_every_command_of_the_page_prints_what_the_page_shows(
    template: Path, tmp_path: Path
) -> None:
    walk = steps(PAGE)
    assert {
        "gluecast check",
        "gluecast update --dry-run",
        "gluecast update",
        "make setup lint test",
        "gluecast update --abort",
        "gluecast update --continue",
        "gluecast rename sales_etl sales",
    } <= {step.command for step in walk}

    printed = run_in_one_shell(walk, tmp_path, walker(template, tmp_path))

    shown = [(step.command, step.output) for step in walk if step.output]
    assert [
        (step.command, output) for step, output in zip(walk, printed, strict=True) if step.output
    ] == shown, printed


def test_the_page_explains_every_kind_of_change() -> None:
    for kind, meaning in MEANING.items():
        assert f"| {kind} | {meaning} |" in PAGE
