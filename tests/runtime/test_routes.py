"""Jobs of several sources, and of several kinds of files, told apart by their names."""

from functools import reduce
from typing import ClassVar

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_runtime import BaseGlueJob, Source
from glue_runtime.errors import ArgumentError, SourceNotFoundError
from glue_runtime.testing import Lake, run_for, run_scheduled, same_rows

SILVER = "s3://data-lake-test-silver"


class Routed(BaseGlueJob):
    sources: ClassVar = (
        Source(
            *("sales/", ".csv", "csv"),
            schema="id BIGINT",
            routes={"daily_*": "daily", "weekly_*": "weekly", "corrections_*": "corrections"},
        ),
    )

    def extract(self) -> DataFrame:
        return self.load_data("sales")

    def transform(self, df: DataFrame) -> DataFrame:
        return df.withColumn("kind", F.lit("other"))

    def transform_daily(self, df: DataFrame) -> DataFrame:
        return df.withColumn("kind", F.lit("daily"))

    def transform_weekly(self, df: DataFrame) -> DataFrame:
        return df.withColumn("kind", F.lit("weekly"))

    def transform_corrections(self, df: DataFrame) -> DataFrame:
        return df.where("id > 0").withColumn("kind", F.lit("correction"))


NAMES = {
    "daily_2024-01-15.csv": "daily",
    "weekly_summary_2024-W03.csv": "weekly",
    "corrections_2024-01-15_v2.csv": "correction",
    "realtime_batch_20240115_143022.csv": "other",
}


def test_files_go_the_way_of_their_names_in_both_ways(lake: Lake) -> None:
    uploads = [
        lake.upload(f"sales/{name}", f"id\n{number}\n") for number, name in enumerate(NAMES, 1)
    ]

    run = run_scheduled(Routed, "scheduled")
    for uploaded in uploads:
        event = run_for(Routed, "by_events", uploaded)

    rows = lake.read(f"{SILVER}/scheduled").collect()
    assert {row.source_object.rpartition("/")[2]: row.kind for row in rows} == NAMES
    same_rows(lake.read(f"{SILVER}/scheduled"), lake.read(f"{SILVER}/by_events"))
    logged = [entry["route"] for entry in run.log if entry["event"] == "routing"]
    assert logged == ["daily", "weekly", "corrections", "none"]
    assert event.event("routing")["route"] == "none"


def test_a_route_without_files_is_passed_over(lake: Lake) -> None:
    lake.upload("sales/weekly_1.csv", "id\n1\n")

    run_scheduled(Routed, "job")

    assert [row.kind for row in lake.read(f"{SILVER}/job").collect()] == ["weekly"]


def test_a_directory_without_files_of_any_route_is_an_error(lake: Lake) -> None:
    with pytest.raises(SourceNotFoundError, match=r"expected data at .*sales/, found nothing"):
        run_scheduled(Routed, "job")


def test_routed_files_are_read_once(lake: Lake) -> None:
    for name in NAMES:
        lake.upload(f"sales/{name}", "id\n1\n")

    run = run_scheduled(Routed, "job")

    loaded = [entry for entry in run.log if entry["event"] == "loaded_directory_data"]
    assert [entry["row_count"] for entry in loaded] == [1, 1, 1, 1]
    assert run.event("data_written")["rows_read"] == 4


def test_a_route_without_its_method_is_refused() -> None:
    class Misspelt(Routed):
        sources: ClassVar = (Source("sales/", ".csv", "csv", routes={"daily_*": "dayly"}),)

    with pytest.raises(ArgumentError, match=r"expected a method transform_dayly\(\) of Misspelt"):
        Misspelt("job", {"env": "test"})


class Both(BaseGlueJob):
    """Two sources, both of which start the job."""

    sources: ClassVar = (
        Source("sales/", ".csv", "csv", schema="id BIGINT"),
        Source("refunds/", ".jsonl", "jsonl", schema="id BIGINT"),
    )

    def extract(self) -> DataFrame:
        return reduce(DataFrame.unionByName, map(self.load_data, self.due_sources))


def test_each_of_several_sources_starts_a_run_over_its_file(lake: Lake) -> None:
    sale = lake.upload("sales/a.csv", "id\n1\n")
    refund = lake.upload("refunds/a.jsonl", '{"id": 2}\n')

    run_scheduled(Both, "scheduled")
    for uploaded in (sale, refund):
        run = run_for(Both, "by_events", uploaded)

        assert run.event("loaded_event_file")["path"] == uploaded.uri
        assert run.event("data_written")["rows_read"] == 1
    same_rows(lake.read(f"{SILVER}/scheduled"), lake.read(f"{SILVER}/by_events"))


def test_nested_sources_do_not_double_their_files(lake: Lake) -> None:
    class Nested(Both):
        sources: ClassVar = (
            Source("sales/", ".csv", "csv", schema="id BIGINT"),
            Source("sales/eu/", ".csv", "csv", schema="id BIGINT"),
        )

    lake.upload("sales/a.csv", "id\n1\n")
    lake.upload("sales/eu/b.csv", "id\n2\n")

    run_scheduled(Nested, "job")

    assert sorted(row.id for row in lake.read(f"{SILVER}/job").collect()) == [1, 2]
