"""Fixtures of all tests: the template as it stands, and a lake for the runtime's."""

import shutil
from pathlib import Path
from typing import Any

import copier
import pytest

import runtime_source
from gluecast.template.bundled import snapshot
from rendering import Copy

runtime_source.make_importable()

pytest_plugins = ["glue_runtime.testing"]

LONGEST = (
    "repository/test_make.py",
    "adoption/test_page.py",
    "runtime/test_bad_input.py",
    "test_demo.py",
    "infrastructure/test_terraform.py",
)
"""Files that take minutes: they begin first, or one worker would wait for the other in the end."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, each in one piece."""

    def rank(item: pytest.Item) -> int:
        found = (LONGEST.index(name) for name in LONGEST if item.path.as_posix().endswith(name))
        return next(found, len(LONGEST))

    items.sort(key=rank)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the working tree, in a repository of its own; the tests call it v0.1.0."""
    return snapshot(tmp_path_factory.mktemp("release") / "template", tag="v0.1.0")


@pytest.fixture
def own_template(template: Path, tmp_path: Path) -> Path:
    """A copy of the release for one test, to commit to."""
    return shutil.copytree(template, tmp_path / "own-template")


@pytest.fixture
def copy(template: Path, tmp_path: Path) -> Copy:
    """Copy the template without a terminal: `copy(job_name="sales_etl")` gives the repository."""

    def run(*, target: Path | None = None, source: Path | str = template, **options: Any) -> Path:
        ref, overwrite = options.pop("vcs_ref", None), options.pop("overwrite", False)
        folder = target or tmp_path / "repository"
        copier.run_copy(
            str(source),
            folder,
            options,
            vcs_ref=ref,
            overwrite=overwrite,
            defaults=True,
            quiet=True,
            unsafe=False,
        )
        return folder

    return run
