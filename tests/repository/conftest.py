"""The repository that all tests of a file here share."""

from pathlib import Path

import pytest

from repository_setup import set_up


@pytest.fixture(scope="module")
def repository(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copied and set up once for a file of tests, in a folder with a space in its name."""
    return set_up(template, tmp_path_factory.mktemp("make") / "my platform")
