"""The base class of jobs that are older than the platform."""

import sys

import pytest
from pyspark.sql import DataFrame

from glue_runtime import BaseGlueJob
from glue_runtime.adopted import AdoptedGlueJob
from glue_runtime.testing import Lake, run_for, run_scheduled

UPLOAD = ["--bucket", "data-lake-test-bronze", "--object_key=sales/a.csv"]


class OldJob(AdoptedGlueJob):
    """Writes with a load() of its own; `seen` is what that gets."""

    own_load = "appends"
    seen: DataFrame

    def extract(self) -> DataFrame:
        return self.load_data("sales")

    def load(self, df: DataFrame) -> None:
        type(self).seen = df


class MovedOnJob(OldJob):
    """The same, but the platform writes."""

    load = BaseGlueJob.load


def test_an_upload_is_seen_by_a_job_that_parses_its_arguments_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["job.py", "--env", "dev", *UPLOAD])

    job = OldJob("old", {"env": "prod"})

    assert job.trigger_type == "s3_event"
    assert job.event_object.uri == "s3://data-lake-test-bronze/sales/a.csv"
    assert job.environment == "prod"


def test_a_job_is_scheduled_without_an_upload_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["job.py", "--env", "dev"])

    assert OldJob("old", {}).trigger_type == "scheduled"


def test_a_load_of_the_jobs_own_gets_the_columns_of_the_files_alone(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.csv", "id\n1\n")
    lake.upload("sales/b.csv", "id\n2\n3\n")

    run_for(OldJob, "old", uploaded)
    assert [tuple(row) for row in OldJob.seen.collect()] == [(1,)]
    run_scheduled(OldJob, "old")
    assert OldJob.seen.columns == ["id"]
    assert OldJob.seen.count() == 3


def test_the_platforms_load_gets_the_column_that_it_goes_by(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.csv", "id\n1\n")

    for _ in range(2):
        run = run_for(MovedOnJob, "moved_on", uploaded)

    assert lake.read(run.job.output_uri).count() == 1
