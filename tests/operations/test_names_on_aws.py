"""The name of a job on AWS is the one that it declares."""

from pathlib import Path

import pytest

from operations import environment
from operations.environment import Environment, all_jobs, deployed_name
from tasks.examples import RENDERED


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder infrastructure/jobs of a repository."""
    monkeypatch.setattr(environment, "REPOSITORY", tmp_path)
    folder = tmp_path / "infrastructure/jobs"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("declaration", "name"),
    [
        ('{"deployed_name": "sales_etl"}', "sales_etl"),
        ('{\n  "//": "Owned by you.",\n  "deployed_name": "orders"\n}\n', "orders"),
        (None, "sales"),
    ],
)
def test_it_is_declared_or_that_of_the_module(
    jobs: Path, declaration: str | None, name: str
) -> None:
    if declaration is not None:
        (jobs / "sales.json").write_text(declaration)

    assert deployed_name("sales") == name
    assert Environment("dev").glue_job("sales") == f"{name.replace('_', '-')}-dev"
    assert Environment("dev").queue_name("sales") == f"{name.replace('_', '-')}-dev-dead-letters"


def test_it_begins_with_the_name_prefix_of_the_environment(
    jobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = jobs.parent / "environments/dev"
    folder.mkdir(parents=True)
    monkeypatch.setenv("TF_VAR_name_prefix", "from_outside")
    assert Environment("dev").group == "from_outside-dev"

    (folder / "terraform.tfvars").write_text('region      = "eu-west-1"\nname_prefix = "mart"\n')

    assert Environment("dev").glue_job("sales_etl") == "mart-sales-etl-dev"
    assert Environment("dev").queue_name("sales") == "mart-sales-dev-dead-letters"
    assert Environment("dev").group == "mart-dev"


def test_every_job_of_the_template_declares_its_name() -> None:
    assert len(all_jobs()) == 3
    for job in all_jobs():
        assert (RENDERED / f"infrastructure/jobs/{job}.json").is_file()
        assert deployed_name(job) == job
