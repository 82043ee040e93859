"""Sources in buckets of their own: an event, a schedule and a local run agree on what belongs to the job."""

from functools import reduce
from typing import Any, ClassVar

import pytest
from pyspark.sql import DataFrame, SparkSession

from glue_runtime import BaseGlueJob, JobError, Source
from glue_runtime.errors import ArgumentError, SourceNotFoundError
from glue_runtime.s3_object import S3Object
from glue_runtime.testing import Lake, run_for, run_scheduled

LANDING = "acme-landing-test"
OTHERS = "partner-test"


class LandingJob(BaseGlueJob):
    """Reads sales from the landing bucket."""

    sources: ClassVar = (Source("sales/", ".csv", "csv", "id BIGINT", bucket="acme-landing-{env}"),)

    def extract(self) -> DataFrame:
        return self.load_data("sales")


class TwoBucketsJob(BaseGlueJob):
    """Reads one source of the landing bucket and one, nested in its prefix, of the bronze bucket."""

    sources: ClassVar = (
        Source("sales/", ".csv", "csv", "id BIGINT", bucket="acme-landing-{env}"),
        Source("sales/emea/", ".csv", "csv", "id BIGINT"),
    )

    def extract(self) -> DataFrame:
        frames = [self.load_data(name) for name in self.due_sources]
        return frames[0] if len(frames) == 1 else frames[0].unionByName(frames[1])


def rows(lake: Lake, job: BaseGlueJob) -> list[tuple[int, str]]:
    found = lake.read(job.output_uri).collect()
    return sorted((row["id"], row["source_object"]) for row in found)


def test_a_schedule_reads_the_bucket_of_the_source_and_an_event_its_object(lake: Lake) -> None:
    one = lake.upload("sales/a.csv", "id\n1\n", LANDING)
    lake.upload("sales/a.csv", "id\n9\n")  # the bronze bucket has another file of this key

    job = run_for(LandingJob, "landing", one).job
    assert rows(lake, job) == [(1, f"s3://{LANDING}/sales/a.csv")]

    two = lake.upload("sales/b.csv", "id\n2\n", LANDING)
    run = run_scheduled(LandingJob, "landing")
    assert rows(lake, job) == [(1, one.uri), (2, two.uri)]
    assert run.event("loading_directory_data")["path"] == f"s3://{LANDING}/sales/"
    assert not [entry for entry in run.log if entry["event"] == "rows_of_other_buckets"]


def test_a_bucket_that_was_missing_is_seen_when_it_is_there(lake: Lake) -> None:
    missing = S3Object("acme-later-test", "sales/a.csv")

    class Later(LandingJob):
        sources: ClassVar = (
            Source("sales/", ".csv", "csv", "id BIGINT", bucket="acme-later-{env}"),
        )

    with pytest.raises(SourceNotFoundError, match="acme-later-test"):
        run_for(Later, "later", missing)
    lake.upload(missing.key, "id\n1\n", missing.bucket)

    job = run_for(Later, "later", missing).job

    assert rows(lake, job) == [(1, missing.uri)]


def test_rows_of_a_file_that_is_gone_from_the_bucket_are_removed(lake: Lake) -> None:
    gone = lake.upload("sales/a.csv", "id\n1\n", LANDING)
    kept = lake.upload("sales/b.csv", "id\n2\n", LANDING)
    job = run_scheduled(LandingJob, "landing").job
    (lake.root / gone.bucket / gone.key).unlink()

    run_scheduled(LandingJob, "landing")

    assert rows(lake, job) == [(2, kept.uri)]


@pytest.mark.parametrize("bucket", [None, OTHERS])
def test_an_object_of_another_bucket_is_refused(lake: Lake, bucket: str | None) -> None:
    foreign = lake.upload("sales/a.csv", "id\n1\n", bucket)

    with pytest.raises(SourceNotFoundError, match=rf"\({LANDING}:sales/\*\.csv\), found s3://"):
        run_for(LandingJob, "landing", foreign)


def test_sources_of_two_buckets_own_their_objects_whatever_their_prefixes(lake: Lake) -> None:
    # The key is below the prefix of the other source, which is in another bucket.
    landed = lake.upload("sales/emea/a.csv", "id\n1\n", LANDING)
    bronze = lake.upload("sales/emea/a.csv", "id\n2\n")
    args: dict[str, Any] = {"env": "test", "bucket": LANDING, "object_key": landed.key}
    assert TwoBucketsJob("two", args).due_sources == ("sales",)
    assert TwoBucketsJob("two", {**args, "bucket": bronze.bucket}).due_sources == ("sales/emea",)

    events = [run_for(TwoBucketsJob, "two", each).job for each in (landed, bronze)]
    after_events = rows(lake, events[0])
    run_scheduled(TwoBucketsJob, "two")

    assert after_events == rows(lake, events[0]) == [(1, landed.uri), (2, bronze.uri)]


class NamedBronzeJob(BaseGlueJob):
    """Names the bronze bucket for one of two sources."""

    sources: ClassVar = (
        Source("sales/", ".csv", "csv", "id BIGINT", bucket="data-lake-{env}-bronze"),
        Source("returns/", ".csv", "csv", "id BIGINT"),
    )

    def extract(self) -> DataFrame:
        return reduce(DataFrame.unionByName, map(self.load_data, self.due_sources))


def test_a_source_may_name_the_bronze_bucket(lake: Lake) -> None:
    uploads = [lake.upload(f"{name}/a.csv", "id\n1\n") for name in ("sales", "returns")]
    jobs = [run_for(NamedBronzeJob, "named", each).job for each in uploads]
    after_events = rows(lake, jobs[0])

    run_scheduled(NamedBronzeJob, "named")

    assert after_events == rows(lake, jobs[0]) == sorted((1, each.uri) for each in uploads)


def test_files_are_checked_in_the_bucket_of_their_source(lake: Lake) -> None:
    lake.upload("sales/a.csv", "id\nx\n", LANDING)
    lake.upload("sales/b.csv", "id\n1\n")

    findings = LandingJob("landing", {"env": "test"}).validate()

    assert [each.first[0] for each in findings] == [f"s3://{LANDING}/sales/a.csv, row 2"]


def test_an_environment_has_a_bucket_of_its_own() -> None:
    source = LandingJob.sources[0]

    assert source.bucket_of("prod") == "acme-landing-prod"
    assert Source("sales/", ".csv", "csv").bucket_of("prod") is None


@pytest.mark.parametrize("name", ["", "Acme", "s3://acme", "acme/landing", "acme-{zone}", "a"])
def test_the_name_of_a_bucket_is_checked(name: str) -> None:
    with pytest.raises(ArgumentError, match="as bucket of sales/"):
        Source("sales/", ".csv", "csv", bucket=name)


def test_a_bucket_that_does_not_exist_is_named(lake: Lake, spark: SparkSession) -> None:
    with pytest.raises(JobError, match=LANDING):
        run_for(LandingJob, "landing", S3Object(LANDING, "sales/a.csv"))
