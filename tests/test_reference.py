"""docs/commands.md is the help of the commands."""

import pytest

from tasks.reference import PAGE, commands_page


def test_the_committed_page_is_the_help_of_the_commands() -> None:
    assert PAGE.read_text(encoding="utf-8") == commands_page(), "run python3 generator docs"


def test_the_page_does_not_depend_on_who_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    page = commands_page()

    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert commands_page() == page
    assert "## update\n\n```text\nusage: gluecast update" in page
