"""How many requests of S3 a run makes: bounds, not the exact numbers of one version of S3A."""

from collections import Counter
from typing import ClassVar

from pyspark.sql import DataFrame

from glue_runtime import BaseGlueJob, Source
from glue_runtime.fingerprint import fingerprint
from glue_runtime.lineage import provenance, source_id
from glue_runtime.spark.storage import Storage
from glue_runtime.testing import Lake, run_for, run_scheduled
from s3_server import S3Server


class Rows(BaseGlueJob):
    sources: ClassVar = (Source("sales/", ".csv", "csv", schema="v BIGINT"),)

    def extract(self) -> DataFrame:
        return self.load_data("sales")


def upload(lake: Lake, numbers: range, value: int) -> None:
    for number in numbers:
        lake.upload(f"sales/{number:05}.csv", f"v\n{value}\n{number}\n")


def of_an_event(lake: Lake, s3: S3Server) -> Counter[str]:
    """The requests of a run that replaces the rows of one file."""
    replaced = lake.upload("sales/00000.csv", "v\n7\n")
    with s3.counted() as found:
        run_for(Rows, "rows", replaced)
    return found


def of_a_schedule(s3: S3Server) -> Counter[str]:
    """The requests of a run over the whole directory."""
    with s3.counted() as found:
        run_scheduled(Rows, "rows")
    return found


def test_an_event_run_makes_as_many_requests_in_a_large_table_as_in_a_small_one(
    lake: Lake, s3: S3Server
) -> None:
    upload(lake, range(2), 1)
    run_scheduled(Rows, "rows")
    small = of_an_event(lake, s3)
    upload(lake, range(2, 40), 1)
    run_scheduled(Rows, "rows")

    assert of_an_event(lake, s3) == small
    assert sum(small.values()) <= 70, small
    # The staged file, the commit's record, and what S3A makes of folders; the file is copied from where Spark's
    # task wrote it to the staging folder, and from there into the table.
    assert small["PUT"] <= 5
    assert small["COPY"] <= 2


def test_a_scheduled_run_makes_so_many_requests_for_each_file(lake: Lake, s3: S3Server) -> None:
    counts = []
    for files in (10, 30):
        upload(lake, range(files), files)
        run_scheduled(Rows, "rows")
        upload(lake, range(files), files + 1)
        counts.append(sum(of_a_schedule(s3).values()))

    assert (counts[1] - counts[0]) / 20 <= 38, counts


class Changed(Rows):
    scheduled: ClassVar = "changed"


def test_a_schedule_after_which_nothing_has_changed_makes_few_requests(
    lake: Lake, s3: S3Server
) -> None:
    upload(lake, range(1000), 1)
    # The table of a run over them, but for the rows, which nothing reads.
    storage, code = Storage(lake.spark), fingerprint(Changed)
    for file in storage.files("s3://data-lake-test-bronze/sales/"):
        made_from = provenance(file.version, code)
        name = f"v{1:016}-{0:012}-000000-of-000001.{made_from}.snappy.parquet"
        path = lake.root / f"data-lake-test-silver/rows/source_id={source_id(file.uri)}" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"rows")

    with s3.counted() as requests:
        run = run_scheduled(Changed, "rows")

    found = run.event("changes_found")
    assert (found["files_listed"], found["files_changed"], found["files_gone"]) == (1000, 0, 0)
    # Two listings have a page for each thousand files.
    assert sum(requests.values()) <= 10, requests
