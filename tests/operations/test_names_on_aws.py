"""The name of a job on AWS is the one that it declares."""

from pathlib import Path

import pytest

from operations import doctor, environment
from operations.doctor import uploads_are_announced
from operations.environment import Environment, all_jobs, deployed_name
from operations.settings import LAKE_PREFIX
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


class S3:
    """An S3 whose buckets have no notifications."""

    def get_bucket_notification_configuration(self, **_: str) -> dict[str, str]:
        return {}


@pytest.fixture
def a_job_on_aws(jobs: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The default arguments of the only deployed job, the second one of the repository."""
    source = jobs.parents[1] / "src/jobs"
    source.mkdir(parents=True)
    for name in ("catalog", "sales"):
        (source / f"{name}.py").touch()
    arguments: dict[str, str] = {}

    class Glue:
        class exceptions:  # noqa: N801
            class EntityNotFoundException(Exception):  # noqa: N818
                pass

        def get_job(self, JobName: str) -> dict[str, object]:  # noqa: N803
            if JobName != "sales-dev":
                raise self.exceptions.EntityNotFoundException
            role = "arn:aws:iam::123456789012:role/acme/glue"
            return {"Job": {"DefaultArguments": arguments, "Role": role}}

    clients = {"glue": Glue(), "s3": S3()}
    monkeypatch.setattr(Environment, "client", lambda _, service: clients[service])
    return arguments


def test_a_bucket_has_the_name_that_the_deployed_jobs_know(a_job_on_aws: dict[str, str]) -> None:
    a_job_on_aws["--lake_buckets"] = "artifacts=acme-code,bronze=acme-landing"

    found = Environment("dev")

    assert (found.bucket("bronze"), found.bucket("artifacts")) == ("acme-landing", "acme-code")
    assert found.bucket("silver") == f"{LAKE_PREFIX}-dev-silver"
    assert found.is_existing("bronze") and not found.is_existing("silver")


def test_a_bucket_has_the_usual_name_if_the_jobs_are_told_of_none(
    a_job_on_aws: dict[str, str],
) -> None:
    assert Environment("dev").bucket("bronze") == f"{LAKE_PREFIX}-dev-bronze"
    assert Environment("prod").bucket("bronze") == f"{LAKE_PREFIX}-prod-bronze"


@pytest.mark.parametrize(
    ("told", "mend"),
    [
        ("", "make deploy-infra ENV=dev ACTION=apply"),
        ("bronze=acme-landing", "let its owner enable them"),
    ],
)
def test_uploads_that_nobody_announces_are_mended_by_the_owner_of_the_bucket(
    a_job_on_aws: dict[str, str], told: str, mend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_job_on_aws["--lake_buckets"] = told
    monkeypatch.setattr(doctor, "rules", lambda _: [])

    [found] = uploads_are_announced(Environment("dev"), [])

    assert "does not send events to EventBridge" in found.problem
    assert found.mend.startswith(mend)
