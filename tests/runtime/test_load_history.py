"""What became of each file stands in records, which DuckDB reads as one table."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import duckdb
import hcl2
import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_runtime import BaseGlueJob, JobError, Source
from glue_runtime.load_history import FAILED, GONE, LOADED, NOTHING_NEW, QUARANTINED
from glue_runtime.run import JobRun
from glue_runtime.s3_object import S3Object
from glue_runtime.spark.storage import Storage
from glue_runtime.testing import Lake, run_scheduled
from operations.loads import LATE, WITHOUT_END
from tasks.examples import RENDERED

HISTORY = "s3://data-lake-test-silver/_loads"
BRONZE = "s3://data-lake-test-bronze"

MODULE = RENDERED / "infrastructure/modules/data_platform/load_history.tf"
with MODULE.open() as file:
    TABLE = hcl2.load(file)["locals"][0]["record_columns"]
"""The columns of the table in the Glue Data Catalog, with their types and comments."""

PAGE = (RENDERED / "docs/querying.md").read_text(encoding="utf-8")
STATUSES = (LOADED, QUARANTINED, GONE, FAILED, NOTHING_NEW)


class SalesJob(BaseGlueJob):
    sources: ClassVar = (Source("sales/", ".csv", "csv", "id BIGINT"),)
    bad_rows_limit = 0.9

    def extract(self) -> DataFrame:
        return self.load_data("sales")


class PositiveJob(SalesJob):
    def transform(self, df: DataFrame) -> DataFrame:
        return df.where("id > 0")


class TotalJob(SalesJob):
    whole_directory = True

    def transform(self, df: DataFrame) -> DataFrame:
        return df.groupBy().agg(F.sum("id").alias("total"))


def reading(lake: Lake, *options: str) -> str:
    """How others read the records: all files of the folder as one table."""
    files = lake.root / HISTORY.removeprefix("s3://") / "*/*/*.json.gz"
    given = ", ".join((f"'{files}'", "format='newline_delimited'", *options))
    return f"read_json({given})"


def records(lake: Lake, state: str = "ended", columns: str = "*") -> list[Any]:
    query = f"SELECT {columns} FROM {reading(lake)} WHERE state = '{state}' ORDER BY run_id, source_object"
    return duckdb.sql(query).fetchall()


def run(job: type[BaseGlueJob], *uploads: S3Object, run_id: str = "jr_1", **args: str) -> None:
    given = {"env": "test", "load_history": HISTORY, "JOB_RUN_ID": run_id, **args}
    for uploaded in uploads:
        given |= {"bucket": uploaded.bucket, "object_key": uploaded.key}
    job("sales_etl", given).run()


def scheduled(job: type[BaseGlueJob], **args: str) -> None:
    run(job, **args)


def test_an_event_run_records_its_file(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.csv", "id\n1\n2\n")
    before = datetime.now(UTC).replace(tzinfo=None, microsecond=0)

    run(SalesJob, uploaded)

    columns = "run_id, trigger_type, source_object, status, reason, bytes, rows_read, rows_written, rows_quarantined"
    assert records(lake, "ended", columns) == [
        ("jr_1", "s3_event", uploaded.uri, "loaded", None, 7, 2, 2, 0)
    ]
    times = "CAST(uploaded_at AS TIMESTAMP), CAST(began_at AS TIMESTAMP), CAST(committed_at AS TIMESTAMP), CAST(ended_at AS TIMESTAMP)"
    [moments] = records(lake, "ended", times)
    assert list(moments) == sorted(moments)
    assert moments[0] >= before
    stored = Storage(lake.spark).file(uploaded.uri)
    assert stored
    assert records(lake, "ended", "version") == [(stored.version,)]
    assert records(lake, "began", "run_id, source_object, status, ended_at") == [
        ("jr_1", uploaded.uri, None, None)
    ]
    assert sorted(
        path.relative_to(lake.root / "data-lake-test-silver/_loads").as_posix()
        for path in lake.root.glob("data-lake-test-silver/_loads/*/*/*")
    ) == [f"sales_etl/{before:%Y-%m-%d}/jr_1-{state}.json.gz" for state in ("began", "ended")]


def test_a_scheduled_run_records_every_file(lake: Lake) -> None:
    lake.upload("sales/a.csv", "id\n1\n2\n")
    lake.upload("sales/b.csv", "id\n3\nx\n")
    lake.upload("sales/c.csv", 'id\n"4\n')
    lake.upload("sales/d.csv", "id\n-1\n")

    scheduled(PositiveJob)

    columns = "source_object, status, reason IS NULL, rows_read, rows_written, rows_quarantined"
    assert records(lake, "ended", columns) == [
        (f"{BRONZE}/sales/a.csv", "loaded", True, None, 2, 0),
        (f"{BRONZE}/sales/b.csv", "loaded", True, None, 1, 1),
        (f"{BRONZE}/sales/c.csv", "quarantined", False, None, 0, None),
        (f"{BRONZE}/sales/d.csv", "loaded", True, None, 0, 0),
    ]
    assert records(lake, "began", "source_object, trigger_type") == [(None, "scheduled")]


def test_a_failed_run_records_its_file_and_why(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.csv", "id\nx\n")

    with pytest.raises(JobError):
        run(SalesJob, uploaded)

    [(name, status, reason, written)] = records(
        lake, "ended", "source_object, status, reason, rows_written"
    )
    assert (name, status, written) == (uploaded.uri, "failed", None)
    assert "row 2" in reason


def test_a_failed_scheduled_run_has_an_end_too(lake: Lake) -> None:
    with pytest.raises(JobError):
        scheduled(SalesJob)

    [(name, status, reason)] = records(lake, "ended", "source_object, status, reason")
    assert (name, status) == (None, "failed")
    assert reason.startswith("expected data at")


def test_a_run_that_fails_after_its_commit_records_both(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: JobRun) -> bool:
        raise JobError("expected the end, found an error")

    monkeypatch.setattr(JobRun, "_is_up_to_date", fails)
    uploaded = lake.upload("sales/a.csv", "id\n1\n")

    with pytest.raises(JobError):
        run(SalesJob, uploaded)

    assert records(lake, "ended", "source_object, status, reason") == [
        (uploaded.uri, "loaded", None),
        (None, "failed", "expected the end, found an error"),
    ]


def test_a_file_that_is_only_looked_up_is_not_recorded(lake: Lake) -> None:
    class LookupJob(SalesJob):
        def extract(self) -> DataFrame:
            return self.load_data("sales").join(self.load_data("shops").select("id"), "id")

    lake.upload("shops/a.csv", "id\n1\n")
    uploaded = lake.upload("sales/a.csv", "id\n1\n")

    run(LookupJob, uploaded)

    assert records(lake, "ended", "source_object, rows_written") == [(uploaded.uri, 1)]


def test_a_file_that_is_gone_is_recorded_as_gone(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.csv", "id\n1\n")
    run(SalesJob, uploaded)
    (lake.root / uploaded.bucket / uploaded.key).unlink()

    run(SalesJob, uploaded, run_id="jr_2")

    assert records(lake, "ended", "run_id, status") == [("jr_1", "loaded"), ("jr_2", "gone")]


def test_a_run_that_finds_nothing_new_has_an_end(lake: Lake) -> None:
    class NightlyJob(SalesJob):
        scheduled = "changed"

    lake.upload("sales/a.csv", "id\n1\n")
    scheduled(NightlyJob)

    scheduled(NightlyJob, run_id="jr_2")

    assert records(lake, "ended", "run_id, source_object, status") == [
        ("jr_1", f"{BRONZE}/sales/a.csv", "loaded"),
        ("jr_2", None, "nothing_new"),
    ]


def test_rows_of_a_result_over_all_files_are_of_no_file(lake: Lake) -> None:
    lake.upload("sales/a.csv", "id\n1\n")

    scheduled(TotalJob)

    assert records(lake, "ended", "status, rows_read, rows_written") == [("loaded", 1, None)]


def test_a_killed_run_has_no_end(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    uploaded = lake.upload("sales/a.csv", "id\n1\n")
    monkeypatch.setattr("glue_runtime.load_history.LoadHistory.end", lambda *_: None)

    run(SalesJob, uploaded)

    assert records(lake, "began", "run_id") == [("jr_1",)]
    assert not list((lake.root / "data-lake-test-silver/_loads").glob("*/*/*ended*"))


def test_without_a_place_nothing_is_recorded(lake: Lake) -> None:
    lake.upload("sales/a.csv", "id\n1\n")

    run_scheduled(SalesJob, "sales_etl")

    assert not (lake.root / "data-lake-test-silver/_loads").exists()


def test_the_table_of_terraform_has_the_fields_of_a_record(lake: Lake) -> None:
    run(SalesJob, lake.upload("sales/a.csv", "id\n1\n"))
    described = duckdb.sql(f"DESCRIBE SELECT * FROM {reading(lake)}").fetchall()

    assert [name for name, *_ in described] == [*TABLE]


@pytest.mark.parametrize("number", range(3))
def test_the_queries_of_the_page_find_what_they_say(lake: Lake, number: int) -> None:
    history(lake)
    query = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)[1 + number]

    found = duckdb.sql(query.replace("load_history", "history"))

    names = [name for name, *_ in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    assert [(row["job"], row.get("run_id"), row.get("status")) for row in rows] == [
        [("sales_etl", None, None)],
        [("sales_etl", "jr_2", "failed")],
        [("sales_etl", "jr_3", None)],
    ][number]


def history(lake: Lake) -> None:
    """A table as Terraform declares it: of yesterday's runs, one that has loaded a file, one that has failed,
    and one that was killed."""
    good, bad = lake.upload("sales/a.csv", "id\n1\n"), lake.upload("sales/b.csv", "id\nx\n")
    run(SalesJob, good, run_id="jr_1")
    with pytest.raises(JobError):
        run(SalesJob, bad, run_id="jr_2")
    run(SalesJob, good, run_id="jr_3")
    [end] = lake.root.glob("data-lake-test-silver/_loads/*/*/jr_3-ended*")
    end.unlink()
    [today] = lake.root.glob("data-lake-test-silver/_loads/*/*")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    today.rename(today.with_name(f"{yesterday:%Y-%m-%d}"))
    types = {"string": "VARCHAR"}
    columns = ", ".join(
        f"CAST({name} AS {types.get(kind, kind)}) AS {name}" for name, (kind, _) in TABLE.items()
    )
    duckdb.sql(
        f"CREATE OR REPLACE TEMP TABLE history AS SELECT {columns}, "
        f"split_part(filename, '/', -3) AS job, split_part(filename, '/', -2) AS day "
        f"FROM {reading(lake, 'filename=true')}"
    )


def test_the_page_names_every_column_and_every_status() -> None:
    for name in (*TABLE, "job", "day", *STATUSES, *WITHOUT_END, LATE):
        assert f"`{name}`" in PAGE


def test_a_record_that_cannot_be_written_fails_no_run(lake: Lake) -> None:
    lake.upload("sales/a.csv", "id\n1\n")

    ran = run_scheduled(SalesJob, "sales_etl", load_history="s3://missing-bucket/_loads")

    assert ran.event("load_history_failed")["path"].startswith(
        "s3://missing-bucket/_loads/sales_etl/"
    )
    assert lake.read(ran.job.output_uri).count() == 1
