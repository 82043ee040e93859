"""The layers of the package and of the runtime hold: the contracts of pyproject.toml."""

import pytest
from importlinter.cli import lint_imports

from gluecast.template.bundled import TEMPLATE_ROOT


def test_every_contract_about_imports_holds(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code = lint_imports(str(TEMPLATE_ROOT / "pyproject.toml"), no_cache=True)

    assert exit_code == 0, capsys.readouterr().out
