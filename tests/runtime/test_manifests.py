"""A run over several uploads: one run and one commit, and the table of a run for each."""

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pyarrow import dataset
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_runtime import BaseGlueJob, Source
from glue_runtime.errors import (
    ArgumentError,
    BadRowsError,
    OutputError,
    SourceNotFoundError,
    UnreadableSourceError,
)
from glue_runtime.manifest import parse_manifest
from glue_runtime.testing import Lake, run_for, run_scheduled

BRONZE = "s3://data-lake-test-bronze"


class Rows(BaseGlueJob):
    sources: ClassVar = (Source("sales/", ".csv", "csv", schema="v BIGINT"),)

    def extract(self) -> DataFrame:
        return self.load_data("sales")


class Lenient(Rows):
    bad_rows: ClassVar = {"s3_event": "lenient"}
    bad_rows_limit: ClassVar = 1.0


class TwoSources(BaseGlueJob):
    """Files of two sources, one of which has two routes."""

    sources: ClassVar = (
        Source("sales/", ".csv", "csv", schema="v BIGINT", routes={"fix_*": "fixes"}),
        Source("returns/", ".csv", "csv", schema="v BIGINT"),
    )

    def extract(self) -> DataFrame:
        frames = [self.load_data(name) for name in self.due_sources]
        return frames[0] if len(frames) == 1 else frames[0].unionByName(frames[1])

    def transform(self, df: DataFrame) -> DataFrame:
        return df.withColumn("is_fix", F.lit(False))

    def transform_fixes(self, df: DataFrame) -> DataFrame:
        return df.withColumn("is_fix", F.lit(True))


def rows(lake: Lake, table: str = "job", *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a table, as pyarrow reads its files."""
    files = [str(path) for path in files_of(lake, table)]
    found = dataset.dataset(files).to_table().to_pylist() if files else []
    return sorted(
        tuple(row[column] for column in columns or ("source_object", "v")) for row in found
    )


def files_of(lake: Lake, table: str = "job") -> list[Path]:
    return sorted((lake.root / "data-lake-test-silver" / table).rglob("*.parquet"))


def delete(lake: Lake, key: str) -> None:
    (lake.root / "data-lake-test-bronze" / key).unlink()


def started_by(lake: Lake, content: str, job_class: type[BaseGlueJob] = Rows) -> BaseGlueJob:
    """A job that is started by a manifest with this content."""
    lake.upload("manifests/one.json", content, "data-lake-test-artifacts")
    uri = "s3://data-lake-test-artifacts/manifests/one.json"
    return job_class("job", {"env": "test", "manifest": uri})


def upload(key: str, **more: Any) -> dict[str, Any]:
    """An element of a manifest."""
    return {"bucket": {"name": "data-lake-test-bronze"}, "object": {"key": key, "size": 1}, **more}


def test_a_run_over_several_uploads_leaves_the_table_of_a_run_for_each(lake: Lake) -> None:
    uploads = [lake.upload(f"sales/{each}.csv", f"v\n{each}\n{each}0\n") for each in range(3)]
    lake.upload("sales/not of the batch.csv", "v\n99\n")

    run = run_for(Rows, "job", *uploads)
    for each in uploads:
        run_for(Rows, "alone", each)

    assert rows(lake) == rows(lake, "alone")
    assert rows(lake) == sorted(
        (f"{BRONZE}/sales/{each}.csv", value) for each in range(3) for value in (each, each * 10)
    )
    # One commit: all files have one version.
    assert len({path.name[:30] for path in files_of(lake)}) == 1
    assert run.job.is_event_triggered
    assert [each.key for each in run.job.event_objects] == [
        f"sales/{each}.csv" for each in range(3)
    ]
    with pytest.raises(ArgumentError, match="one over 3; use event_objects"):
        _ = run.job.event_object
    assert (run.job.source_bucket, run.job.source_object_key) == (None, None)


def test_the_log_of_such_a_run_has_its_manifest_and_its_files(lake: Lake) -> None:
    uploads = [lake.upload(f"sales/{each}.csv", f"v\n{each}\n") for each in range(2)]

    run = run_for(Rows, "job", uploads[0], *uploads)

    started = run.event("job_started")
    assert started["trigger_type"] == "s3_event"
    assert started["manifest"] == run.job.manifest
    assert (started["source_bucket"], started["source_object_key"]) == (None, None)
    found = run.event("manifest_read")
    assert (found["files"], found["repeated"]) == (2, 1)
    assert [*found["objects"]] == [each.uri for each in uploads]
    loaded = run.event("loaded_event_files")
    assert (loaded["file_count"], loaded["row_count"]) == (2, 2)
    assert run.event("data_written")["rows_written"] == 2


def test_a_manifest_with_one_upload_is_a_run_over_this_object(lake: Lake) -> None:
    lake.upload("sales/a.csv", "v\n1\n")
    job = started_by(lake, json.dumps([upload("sales/a.csv")]))

    job.run()

    assert (job.source_bucket, job.source_object_key) == ("data-lake-test-bronze", "sales/a.csv")
    assert job.event_object.key == "sales/a.csv"
    assert rows(lake) == [(f"{BRONZE}/sales/a.csv", 1)]


def test_the_lag_is_that_of_the_first_upload(lake: Lake) -> None:
    for name in ("a", "b"):
        lake.upload(f"sales/{name}.csv", "v\n1\n")
    times = {"b": "2024-01-15T10:30:00Z", "a": "2024-01-15T10:31:00Z"}
    job = started_by(
        lake, json.dumps([upload(f"sales/{name}.csv", time=time) for name, time in times.items()])
    )

    job.run()

    assert job.args["uploaded_at"] == "2024-01-15T10:30:00Z"


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda uploads: uploads,
        lambda uploads: json.dumps(uploads),
        lambda uploads: [{"messageId": "1", "body": each} for each in uploads],
        lambda uploads: [{"messageId": "1", "body": json.dumps(each)} for each in uploads],
    ],
    ids=["an array", "a string", "messages", "messages with texts"],
)
def test_every_form_of_a_manifest_is_read(wrapped: Any) -> None:
    uploads = [upload('sales/é "1".csv', time="2024-01-15T10:31:00Z"), upload("sales/2.csv")]

    found = parse_manifest(json.dumps(wrapped([*uploads, uploads[0]])).encode(), "s3://b/m.json")

    assert found.uris == (f'{BRONZE}/sales/é "1".csv', f"{BRONZE}/sales/2.csv")
    assert (found.uploaded_at, found.repeated) == ("2024-01-15T10:31:00Z", 1)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[", b"\xff", b"{}", b"7", b'"7"', b'"["', b"[1]", b"[[]]", b"[{}]", b"null",
        b'[{"bucket": {"name": "b"}, "object": {"key": "k"}}]',
        b'[{"bucket": {"name": "bucket"}, "object": {"key": ""}}]',
        b'[{"bucket": {"name": "bucket"}, "object": {"key": 7}}]',
        b'[{"bucket": "bucket", "key": "k"}]',
        b'[{"body": "no json"}]',
    ],
)  # fmt: skip
def test_another_content_is_no_manifest(content: bytes) -> None:
    with pytest.raises(
        ArgumentError, match=r"expected a JSON array of uploads .* in s3://b/m\.json"
    ):
        parse_manifest(content, "s3://b/m.json")


def test_an_empty_or_missing_manifest_is_refused(lake: Lake) -> None:
    with pytest.raises(ArgumentError, match="found an empty array"):
        started_by(lake, "[]").run()
    with pytest.raises(ArgumentError, match="found nothing there; it may have expired"):
        Rows("job", {"env": "test", "manifest": f"{BRONZE}/none.json"}).run()
    with pytest.raises(ArgumentError, match="found both"):
        Rows("job", {"env": "test", "manifest": "m", "bucket": "b", "object_key": "k"})


def test_an_object_of_another_job_is_refused_with_all_others(lake: Lake) -> None:
    uploads = [lake.upload("sales/a.csv", "v\n1\n"), lake.upload("other/b.csv", "v\n2\n")]

    with pytest.raises(SourceNotFoundError, match=r"found s3://data-lake-test-bronze/other/b\.csv"):
        run_for(Rows, "job", *uploads)

    assert rows(lake) == []


def test_a_bad_file_fails_a_strict_run_and_is_quarantined_by_a_lenient_one(lake: Lake) -> None:
    uploads = [lake.upload("sales/a.csv", "v\n1\n"), lake.upload("sales/b.csv", "v\n2\nbad\n")]
    broken = lake.upload("sales/c.csv", "")

    with pytest.raises(BadRowsError, match=r"row 3 of s3://data-lake-test-bronze/sales/b\.csv"):
        run_for(Rows, "job", *uploads)
    with pytest.raises(UnreadableSourceError, match=r"sales/c\.csv \(1 of 2 files"):
        run_for(Rows, "job", uploads[0], broken)
    assert rows(lake) == []

    run_for(Lenient, "job", *uploads, broken)
    assert rows(lake) == [(f"{BRONZE}/sales/a.csv", 1), (f"{BRONZE}/sales/b.csv", 2)]
    quarantined = rows(lake, "_quarantine/job", "source_object", "raw_text")
    assert [row[0] for row in quarantined] == [f"{BRONZE}/sales/b.csv", f"{BRONZE}/sales/c.csv"]


def test_a_key_that_spark_cannot_read_is_a_bad_file(lake: Lake) -> None:
    lake.upload("sales/a.csv", "v\n1\n")
    (lake.root / "data-lake-test-bronze/sales/_b.csv").write_text("v\n2\n")
    content = json.dumps([upload("sales/a.csv"), upload("sales/_b.csv")])

    with pytest.raises(UnreadableSourceError, match="hidden"):
        started_by(lake, content).run()
    started_by(lake, content, Lenient).run()

    assert rows(lake) == [(f"{BRONZE}/sales/a.csv", 1)]
    assert rows(lake, "_quarantine/job", "source_object") == [(f"{BRONZE}/sales/_b.csv",)]


@pytest.mark.parametrize("is_known", [True, False], ids=["the table knows it", "unknown"])
def test_an_object_that_is_deleted_meanwhile_is_left_out(lake: Lake, is_known: bool) -> None:
    uploads = [lake.upload(f"sales/{name}.csv", f"v\n{name}\n") for name in "12"]
    if is_known:
        run_for(Rows, "job", *uploads)
    delete(lake, "sales/2.csv")

    run = run_for(Rows, "job", *uploads)

    assert rows(lake) == [(f"{BRONZE}/sales/1.csv", 1)]
    gone = run.event("source_gone")
    assert gone["path"] == f"{BRONZE}/sales/2.csv"
    assert gone["rows"] == ("removed" if is_known else "none")


def test_a_run_whose_objects_are_all_deleted_removes_their_rows(lake: Lake) -> None:
    uploads = [lake.upload(f"sales/{name}.csv", f"v\n{name}\n") for name in "123"]
    run_scheduled(Rows, "job")
    delete(lake, "sales/1.csv")
    delete(lake, "sales/2.csv")

    run = run_for(Rows, "job", *uploads[:2])

    assert rows(lake) == [(f"{BRONZE}/sales/3.csv", 3)]
    assert [each["path"] for each in run.log if each["event"] == "source_gone"] == [
        each.uri for each in uploads[:2]
    ]


def test_uploads_of_several_sources_and_routes_are_each_processed_once(lake: Lake) -> None:
    uploads = [
        lake.upload(key, f"v\n{number}\n")
        for number, key in enumerate(("sales/a.csv", "sales/fix_a.csv", "returns/a.csv"))
    ]
    lake.upload("sales/other.csv", "v\n9\n")

    run_for(TwoSources, "job", *uploads)

    assert rows(lake, "job", "v", "is_fix") == [(0, False), (1, True), (2, False)]


@pytest.mark.parametrize(
    "missing", ["sales/a.csv", "sales/fix_a.csv", "returns/a.csv", "sales/", "none"]
)
def test_a_schedule_processes_the_files_of_several_sources_and_routes(
    lake: Lake, missing: str
) -> None:
    keys = [
        key
        for key in ("sales/a.csv", "sales/fix_a.csv", "returns/a.csv")
        if not key.startswith(missing)
    ]
    for key in keys:
        lake.upload(key, "v\n1\n")

    run_scheduled(TwoSources, "job")

    assert rows(lake, "job", "source_object", "is_fix") == sorted(
        (f"{BRONZE}/{key}", "fix_" in key) for key in keys
    )


def test_a_job_without_declared_sources_reads_the_uploads_of_its_folder(lake: Lake) -> None:
    class Undeclared(Rows):
        sources: ClassVar = ()

    uploads = [lake.upload(f"sales/{name}.csv", f"v\n{name}\n") for name in "12"]
    lake.upload("sales/3.csv", "v\n3\n")

    run_for(Undeclared, "job", *uploads)

    assert [value for _, value in rows(lake)] == [1, 2]


def test_an_upload_that_extract_does_not_load_fails_the_run(lake: Lake) -> None:
    class Forgetful(TwoSources):
        def extract(self) -> DataFrame:
            return self.load_data("sales")

    uploads = [lake.upload("sales/a.csv", "v\n1\n"), lake.upload("returns/b.csv", "v\n2\n")]

    with pytest.raises(SourceNotFoundError, match=r"object that started the run, .*returns/b\.csv"):
        run_for(Forgetful, "job", *uploads)


def test_rows_get_the_types_that_the_table_has(lake: Lake) -> None:
    class Inferred(Rows):
        sources: ClassVar = (Source("sales/", ".csv", "csv"),)

    run_for(Inferred, "job", lake.upload("sales/0.csv", "v\n1.5\n"))
    whole = [lake.upload(f"sales/{name}.csv", f"v\n{name}\n") for name in "12"]

    run_for(Inferred, "job", *whole)
    assert [value for _, value in rows(lake)] == [1.5, 1.0, 2.0]

    text = lake.upload("sales/3.csv", "v\nx\n")
    with pytest.raises(OutputError, match=r"v as double, .* found string in the rows of \S+3\.csv"):
        run_for(Inferred, "job", text, *whole)
    assert [value for _, value in rows(lake)] == [1.5, 1.0, 2.0]


def test_a_job_of_the_whole_directory_reads_it_once_for_a_batch(lake: Lake) -> None:
    class Total(Rows):
        whole_directory: ClassVar = True

        def transform(self, df: DataFrame) -> DataFrame:
            return df.agg(F.sum("v").alias("total"))

    uploads = [lake.upload(f"sales/{name}.csv", f"v\n{name}\n") for name in "123"]

    run_for(Total, "job", *uploads[:2])

    assert rows(lake, "job", "total") == [(6,)]
