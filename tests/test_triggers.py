"""What starts a job is read from the Terraform code as it stands."""

from pathlib import Path

import pytest

from gluecast.repository.triggers import (
    After,
    Schedule,
    TriggersError,
    Upload,
    jobs_with_a_machine,
    triggers,
)
from tasks.examples import RENDERED


def test_the_triggers_of_the_examples_are_found() -> None:
    assert triggers(RENDERED) == [
        Upload("customer_import", "bronze", "customers/", ".csv"),
        Schedule("customer_import", "cron(0 2 * * ? *)", "Europe/Berlin"),
        Upload("product_catalog", "bronze", "products/", ".json"),
        Upload("sales_etl", "bronze", "sales/", ".csv"),
        Schedule("sales_etl", "cron(0 3 ? * MON *)", "UTC"),
    ]


def job_file(repository: Path, text: str) -> Path:
    path = repository / "infrastructure/jobs/own.tf"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return repository


def test_a_file_as_its_owner_wrote_it_is_read(tmp_path: Path) -> None:
    text = """
    # two sources
    locals { folder = "sales/" }
    module "own" {
      source = "../modules/eventbridge"
      s3_event_rules = {
        "first" = { bucket_name = var.s3_buckets.bronze, prefix = local.folder
                    suffix = ".csv", target_arn = var.glue_job_arns["own"], timeout = 5 }
        second  = { bucket_name = "other-bucket", prefix = "x/", suffix = ".json",
                    target_arn = var.glue_job_arns["own"] }
      }
      schedules = { hourly = { schedule_expression = "rate(1 hour)", target_arn = var.glue_job_arns.own } }
    }
    """

    assert triggers(job_file(tmp_path, text)) == [
        Upload("own", "bronze", "${local.folder}", ".csv"),
        Upload("own", "other-bucket", "x/", ".json"),
        Schedule("own", "rate(1 hour)", "UTC"),
    ]


def test_next_jobs_follow_every_job_of_their_block(tmp_path: Path) -> None:
    text = """
    module "own" {
      source = "../modules/eventbridge"
      schedules = { hourly = { schedule_expression = "rate(1 hour)", target_arn = var.glue_job_arns.own } }
      started_by_others = [var.glue_job_arns["other"]]
      then              = [var.glue_job_arns["report"], local.some]
    }
    """
    repository = job_file(tmp_path, text)

    assert triggers(repository)[1:] == [
        After("report", "own"),
        After("${local.some}", "own"),
        After("report", "other"),
        After("${local.some}", "other"),
    ]
    assert jobs_with_a_machine(repository) == {"own", "other"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('module "own" {', "expected Terraform code in .*own.tf"),
        ('module "own" { s3_event_rules = { a = { prefix = "x/" } } }', "'bucket_name'"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TriggersError, match=message):
        triggers(job_file(tmp_path, text))


def test_a_repository_without_infrastructure_has_no_triggers(tmp_path: Path) -> None:
    assert triggers(tmp_path) == []
