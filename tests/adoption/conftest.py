"""A team's repository from before gluecast, and the same adopted."""

import shutil
from pathlib import Path

import pytest

from gluecast.adopt.adoption import adopt
from gluecast.template.bundled import commit
from small_template import git

collect_ignore = ["repository", "monorepo"]

OURS = Path(__file__).parent / "repository"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The repository as the team has it, committed."""
    return committed(tmp_path / "sales-platform")


@pytest.fixture(scope="session")
def adopted_once(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = committed(tmp_path_factory.mktemp("adopted") / "sales-platform")
    adopt(folder, template=str(template), data={}, defaults=True)
    commit(folder, "Adopt gluecast")
    return folder


@pytest.fixture
def adopted(adopted_once: Path, tmp_path: Path) -> Path:
    """The same repository, adopted and committed."""
    return shutil.copytree(adopted_once, tmp_path / "sales-platform")


def committed(folder: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", ".pytest_cache", "output", ".terraform*")
    shutil.copytree(OURS, folder, ignore=ignored)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "Our jobs")
    return folder
