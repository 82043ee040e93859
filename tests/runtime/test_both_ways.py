"""The same job, started by an uploaded file and by a schedule, for every format."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_runtime import BaseGlueJob, Source, settings
from glue_runtime.errors import OutputError
from glue_runtime.input.formats.registry import FORMATS
from glue_runtime.local.session import LAKE_VARIABLE
from glue_runtime.s3_object import S3Object
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.storage import Storage
from glue_runtime.tables.parquet import ParquetTable
from glue_runtime.testing import Lake, run_for, run_scheduled
from jobs_of_the_documentation import CustomerImportJob, ProductCatalogJob, SalesETLJob
from tasks.sample_data import sample_folder

KINDS = [
    (name, packing)
    for name, entry in FORMATS.items()
    for packing in (["", ".gz"] if entry.compressed else [""])
]


def samples(format_name: str, packing: str) -> Iterator[tuple[str, bytes]]:
    """The template's sample files of a format, as keys and contents."""
    suffix = FORMATS[format_name].suffixes[0] + packing
    for file in sorted(sample_folder(format_name, packing).iterdir()):
        yield "sales/" + file.name.replace("{{ suffix }}", suffix), file.read_bytes()


def files_of_plan(df: DataFrame) -> list[str]:
    return sorted(unquote(name) for name in df.inputFiles())


@pytest.mark.parametrize(("format_name", "packing"), KINDS)
def test_an_event_reads_its_file_alone_and_a_schedule_reads_all(
    lake: Lake, format_name: str, packing: str
) -> None:
    uploads = [lake.upload(*each) for each in samples(format_name, packing)]
    args = {"env": "test", "bucket": uploads[1].bucket, "object_key": uploads[1].key}

    event, scheduled = SalesETLJob("sales_etl", args), SalesETLJob("sales_etl", {"env": "test"})

    assert files_of_plan(event.extract()) == [uploads[1].uri]
    assert files_of_plan(scheduled.extract()) == sorted(upload.uri for upload in uploads)


@pytest.mark.parametrize(("format_name", "packing"), KINDS)
def test_events_and_schedules_leave_the_same_table(
    lake: Lake, format_name: str, packing: str
) -> None:
    uploads = [lake.upload(*each) for each in samples(format_name, packing)]

    for upload in [*uploads, uploads[0]]:
        run_for(SalesETLJob, "by_events", upload)
    run_scheduled(SalesETLJob, "by_schedule")

    by_events, by_schedule = (table(lake, name) for name in ("by_events", "by_schedule"))
    assert by_events == by_schedule
    assert len(by_schedule) == 11
    assert {row["source_object"] for row in by_schedule} == {upload.uri for upload in uploads}


def table(lake: Lake, job_name: str) -> list[dict[str, object]]:
    rows = lake.read(f"s3://{settings.lake_bucket('test', 'silver')}/{job_name}").collect()
    return sorted((row.asDict() for row in rows), key=str)


@pytest.mark.parametrize(
    ("job_class", "folder", "suffix"),
    [
        (SalesETLJob, "sales", ".csv"),
        (CustomerImportJob, "customers", ".csv"),
        (ProductCatalogJob, "products", ".json"),
    ],
)
def test_the_jobs_of_the_documentation_run_as_printed(
    lake: Lake, job_class: type[BaseGlueJob], folder: str, suffix: str
) -> None:
    for number in (1, 2):
        content = f"id,n\n{number},1\n" if suffix == ".csv" else f'[\n{{"id": {number}}}\n]'
        uploaded = lake.upload(f"{folder}/file_{number}{suffix}", content)

    event = run_for(job_class, "documented", uploaded)
    assert event.event("loaded_event_file")["row_count"] == 1
    assert [row["id"] for row in table(lake, "documented")] == [2]

    scheduled = run_scheduled(job_class, "documented")
    assert scheduled.event("loaded_directory_data")["row_count"] == 2
    assert [row["id"] for row in table(lake, "documented")] == [1, 2]


# The two functions that the documentation prints under "Testing".


def test_scheduled_processing() -> None:
    """Test traditional directory processing"""
    job = SalesETLJob("test_job", {"env": "test"})
    assert job.trigger_type == "scheduled"
    assert not job.is_event_triggered


def test_event_processing() -> None:
    """Test S3 event-specific file processing"""
    job = SalesETLJob(
        "test_job",
        {
            "env": "test",
            "bucket": "test-bucket",
            "object_key": "sales/daily_2024-01-15.csv",
        },
    )
    assert job.trigger_type == "s3_event"
    assert job.is_event_triggered


def test_a_directory_is_read_at_every_depth_and_its_folders_are_no_columns(lake: Lake) -> None:
    deep = lake.upload("sales/year=2024/a.csv", "id\n1\n")
    lake.upload("sales/b.csv", "id\n2\n")

    run_scheduled(SalesETLJob, "sales_etl")
    scheduled = table(lake, "sales_etl")
    run_for(SalesETLJob, "sales_etl", deep)

    assert table(lake, "sales_etl") == scheduled
    assert set(scheduled[0]) == {"id", "source_object", "source_id"}


def test_a_declared_source_reads_its_suffix_only(lake: Lake) -> None:
    class Declared(SalesETLJob):
        sources: ClassVar = (Source(prefix="sales/", suffix="_full.txt", file_format="csv"),)

    lake.upload("sales/a_full.txt", "id\n1\n")
    lake.upload("sales/a_part.txt", "id\n2\n")
    lake.upload("sales/note.md", "nothing\n")

    run_scheduled(Declared, "sales_etl")

    assert [row["id"] for row in table(lake, "sales_etl")] == [1]


@pytest.mark.parametrize(
    ("format_name", "whole", "fraction"),
    [
        ("csv", "id,amount\n1,40\n", "id,amount\n2,39.5\n"),
        ("json", '{\n"id": 1, "amount": 40}', '{\n"id": 2, "amount": 39.5}'),
        ("jsonl", '{"id": 1, "amount": 40}\n', '{"id": 2, "amount": 39.5}\n'),
    ],
)
def test_a_declared_schema_gives_every_file_the_same_types(
    lake: Lake, format_name: str, whole: str, fraction: str
) -> None:
    class WithSchema(SalesETLJob):
        sources: ClassVar = (
            Source("sales/", f".{format_name}", format_name, schema="id BIGINT, amount DOUBLE"),
        )

    for number, content in enumerate([whole, fraction]):
        uploaded = lake.upload(f"sales/{number}.{format_name}", content)
        run = run_for(WithSchema, "sales_etl", uploaded)

    assert [row["amount"] for row in table(lake, "sales_etl")] == [40.0, 39.5]
    assert run.event("loaded_event_file")["schema"] == "declared"


def test_another_source_is_read_whole_in_an_event_run(lake: Lake) -> None:
    class Enriched(SalesETLJob):
        sources: ClassVar = (Source(prefix="sales/", suffix=".csv", file_format="csv"),)

        def transform(self, df: DataFrame) -> DataFrame:
            return df.join(self.load_data("customers"), "customer")

    lake.upload("customers/a.csv", "customer,name\n1,Ada\n")
    lake.upload("customers/b.csv", "customer,name\n2,Bob\n")
    lake.upload("sales/old.csv", "id,customer\n1,1\n")
    uploaded = lake.upload("sales/new.csv", "id,customer\n2,2\n")

    run = run_for(Enriched, "sales_etl", uploaded)

    assert [row["name"] for row in table(lake, "sales_etl")] == ["Bob"]
    assert run.event("loaded_event_file")["row_count"] == 1
    assert run.event("loaded_directory_data")["file_count"] == 2


def test_a_corrected_file_replaces_its_rows_and_an_emptied_one_removes_them(lake: Lake) -> None:
    lake.upload("sales/a.csv", "id\n1\n2\n")
    other = lake.upload("sales/b.csv", "id\n3\n")
    run_scheduled(SalesETLJob, "sales_etl")

    run_for(SalesETLJob, "sales_etl", lake.upload("sales/a.csv", "id\n9\n"))
    assert [row["id"] for row in table(lake, "sales_etl")] == [3, 9]

    run = run_for(SalesETLJob, "sales_etl", lake.upload("sales/a.csv", "id\n"))
    assert run.event("data_written")["row_count"] == 0
    assert {row["source_object"] for row in table(lake, "sales_etl")} == {other.uri}


def test_an_event_belongs_to_the_inner_of_nested_sources(lake: Lake) -> None:
    class Nested(SalesETLJob):
        sources: ClassVar = (
            Source(prefix="sales/", suffix=".csv", file_format="csv"),
            Source(prefix="sales/eu/", suffix=".csv", file_format="csv"),
        )

        def extract(self) -> DataFrame:
            assert len(self.load_data("sales").inputFiles()) == 1
            return self.load_data("sales/eu")

    lake.upload("sales/a.csv", "id\n1\n")

    run_for(Nested, "sales_etl", lake.upload("sales/eu/b.csv", "id\n2\n"))

    assert [row["id"] for row in table(lake, "sales_etl")] == [2]


@pytest.mark.parametrize("format_name", ["parquet", "orc"])
def test_files_with_different_columns_lose_none(lake: Lake, format_name: str) -> None:
    for name, columns in [("a", ["1 AS id"]), ("b", ["2 AS id", "'x' AS v"])]:
        folder = lake.root / f"data-lake-test-bronze/sales/{name}"
        lake.spark.range(1).selectExpr(*columns).write.format(format_name).save(str(folder))

    class Declared(SalesETLJob):
        sources: ClassVar = (Source("sales/", f".{format_name}", format_name),)

    run_scheduled(Declared, "sales_etl")

    assert [(row["id"], row["v"]) for row in table(lake, "sales_etl")] == [(1, None), (2, "x")]


@pytest.mark.parametrize(
    ("name", "content", "ids"),
    [
        ("object.json", '{"id": 1}', [1]),
        ("array.json", ' [{"id": 1},\n {"id": 2}]\n', [1, 2]),
        ("bom.json", '\ufeff{"id": 1}', [1]),
        ("blank_lines.jsonl", '\n{"id": 1}\n  \n{"id": 2}\n\n', [1, 2]),
        ("no_last_newline.jsonl", '{"id": 1}\r\n{"id": 2}', [1, 2]),
        ("array_on_a_line.jsonl", '[{"id": 1}, {"id": 2}]\n{"id": 3}\n', [1, 2, 3]),
        ("missing_field.jsonl", '{"id": 1}\n{"v": 2}\n', [1, None]),
    ],
)
def test_every_record_of_a_json_file_is_read(
    lake: Lake, name: str, content: str, ids: list[int | None]
) -> None:
    run_for(SalesETLJob, "sales_etl", lake.upload(f"sales/{name}", content))

    assert [row["id"] for row in table(lake, "sales_etl")] == ids


def test_an_emptied_json_file_removes_its_rows_when_the_schema_is_declared(lake: Lake) -> None:
    class Declared(SalesETLJob):
        sources: ClassVar = (Source("sales/", ".json", "json", schema="id BIGINT"),)

    run_for(Declared, "sales_etl", lake.upload("sales/a.json", '[{"id": 1}]'))
    run_for(Declared, "sales_etl", lake.upload("sales/b.json", '[{"id": 2}]'))

    run_for(Declared, "sales_etl", lake.upload("sales/a.json", "[]"))

    assert [row["id"] for row in table(lake, "sales_etl")] == [2]


CURIOUS: dict[str, Callable[[DataFrame], DataFrame]] = {
    "an action of its own": lambda df: df.where(F.lit(df.limit(1).count() == 1)),
    "a limit": lambda df: df.limit(2),
    "a sort": lambda df: df.orderBy("id"),
    "ranges": lambda df: df.repartitionByRange(4, "id"),
    "itself": lambda df: df.join(df.select("id").distinct(), "id"),
}


@pytest.mark.parametrize("transform", CURIOUS.values(), ids=CURIOUS.keys())
def test_a_count_that_may_be_wrong_is_made_by_a_pass_of_its_own(
    lake: Lake, transform: Callable[[DataFrame], DataFrame]
) -> None:
    class Curious(SalesETLJob):
        def transform(self, df: DataFrame) -> DataFrame:
            return transform(df)

    run = run_for(Curious, "sales_etl", lake.upload("sales/a.csv", "id\n1\n2\n3\n"))

    assert run.event("loaded_event_file")["row_count"] == 3
    assert run.event("data_written")["row_count"] == len(table(lake, "sales_etl"))


REPEATED = """
import sys
from pathlib import Path
sys.path[:0] = [str(Path({tests})), str(Path({tests}).parent)]
from pyspark.sql import functions as F
from jobs_of_the_documentation import SalesETLJob

class Repeated(SalesETLJob):
    def transform(self, df):
        blocks = self.spark._jvm.org.apache.spark.SparkEnv.get().blockManager().diskBlockManager()
        folders, mark = [each.getPath() for each in blocks.localDirs()], Path({mark!r})

        def lose(value):
            if not mark.exists():
                mark.touch()
                for file in [each for one in folders for each in Path(one).rglob("shuffle_*")]:
                    file.unlink()
            return value

        return df.repartition(8).withColumn("id", F.udf(lose, df.schema["id"].dataType)("id"))

Repeated("sales_etl", {args}).run()
"""
"""A run that loses the rows between two stages once, as when a host dies. Spark ends such a process soon after."""


def test_rows_of_a_stage_that_spark_repeats_are_counted_once(lake: Lake, tmp_path: Path) -> None:
    content = "".join(f'{{"id": {number}}}\n' for number in range(20_000))
    uploaded = lake.upload("sales/a.jsonl", content)
    args = {"env": "test", "bucket": uploaded.bucket, "object_key": uploaded.key}
    tests, mark = str(Path(__file__).parent), tmp_path / "lost"
    source = Path(sys.modules["glue_runtime"].__file__ or "").parents[1]

    ran = subprocess.run(
        [sys.executable, "-c", REPEATED.format(tests=repr(tests), mark=str(mark), args=args)],
        env={**os.environ, LAKE_VARIABLE: str(lake.root), "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert mark.exists()
    log = {entry["event"]: entry for entry in map(json.loads, ran.stdout.splitlines())}
    assert log["loaded_event_file"]["row_count"] == 20_000
    assert log["data_written"]["row_count"] == len(table(lake, "sales_etl")) == 20_000


def test_a_result_that_is_not_made_of_the_rows_read_is_not_held_to_their_number(lake: Lake) -> None:
    class Constant(SalesETLJob):
        def transform(self, df: DataFrame) -> DataFrame:
            return self.spark.range(1).withColumn("source_object", F.lit(self.event_object.uri))

    run = run_for(Constant, "sales_etl", lake.upload("sales/a.csv", "id\n1\n2\n"))

    assert (run.event("data_written")["rows_read"], len(table(lake, "sales_etl"))) == (2, 1)


def test_a_mapped_result_that_lacks_a_row_fails_the_run(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ParquetTable, "_row_count", lambda _self, _file: 1)

    with pytest.raises(OutputError, match=r"expected 2 rows of .* in the result, found 1"):
        run_for(SalesETLJob, "sales_etl", lake.upload("sales/a.csv", "id\n1\n2\n"))


def test_a_count_behind_a_filter_and_a_grouping_is_that_of_the_file(lake: Lake) -> None:
    class Grouping(SalesETLJob):
        def transform(self, df: DataFrame) -> DataFrame:
            return df.where("id > 1").groupBy("source_object").count()

    run = run_for(Grouping, "sales_etl", lake.upload("sales/a.csv", "id\n1\n2\n3\n"))

    assert run.event("loaded_event_file")["row_count"] == 3


def test_the_hooks_can_tell_how_the_run_was_started(lake: Lake) -> None:
    class Strict(SalesETLJob):
        def custom_validation(self, df: DataFrame) -> bool:
            return not self.is_event_triggered or "id" in df.columns

    lake.upload("sales/a.csv", "name\nx\n")
    run_scheduled(Strict, "sales_etl")

    with pytest.raises(Exception, match="custom_validation"):
        run_for(Strict, "sales_etl", lake.upload("sales/a.csv", "name\nx\n"))


def test_local_runs_read_the_jobs_test_data(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    job = SalesETLJob("sales_etl", {"env": "local"})

    rows = job.extract().collect()

    assert len(rows) == 11
    assert {row.source_object.rsplit("/", 1)[0] for row in rows} == {
        "s3://data-lake-local-bronze/sales"
    }


def test_local_runs_read_the_fallback_path_when_there_is_one(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "REPOSITORY", tmp_path / "a [repository] of %20 ours")
    file = settings.REPOSITORY / "tests/test_data/customer_import/customers.csv"
    file.parent.mkdir(parents=True)
    file.write_text("id\n7\n")

    df = CustomerImportJob("customer_import", {"env": "local"}).extract()

    assert [(row.id, row.source_object) for row in df.collect()] == [(7, f"file://{file}")]


def test_results_do_not_depend_on_the_glue_version(spark: SparkSession) -> None:
    assert spark.conf.get("spark.sql.ansi.enabled") == "false"
    assert spark.range(1).select(F.lit("x").cast("int")).first() == (None,)


def test_a_scheduled_run_lists_its_source_before_it_reads_and_after_its_commit(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        lake.upload(f"sales/{name}.csv", "v\n1\n")
    listed: list[str] = []
    original = Storage.files

    def files(self: Storage, uri: str) -> list[StoredFile]:
        listed.append(uri)
        return original(self, uri)

    monkeypatch.setattr(Storage, "files", files)

    class DeclaredJob(SalesETLJob):
        sources: ClassVar = (Source("sales/", ".csv", "csv"),)

    run_scheduled(DeclaredJob, "sales_etl")

    assert [uri for uri in listed if "bronze" in uri] == ["s3://data-lake-test-bronze/sales/"] * 2


def test_an_object_is_read_without_listing_its_folder(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.csv", "id\n1\n")
    lake.upload("sales/broken.csv", b"\x00\xff")
    args = {"env": "test", "bucket": uploaded.bucket, "object_key": uploaded.key}

    assert SalesETLJob("x", args).extract().inputFiles() == [uploaded.uri]


def test_rows_of_another_buckets_event_are_not_taken_for_those_of_a_deleted_file(
    lake: Lake,
) -> None:
    elsewhere = S3Object(settings.lake_bucket("test", "gold"), "sales/a.csv")
    path = lake.root / elsewhere.bucket / elsewhere.key
    path.parent.mkdir(parents=True)
    path.write_text("id\n5\n")
    lake.upload("sales/b.csv", "id\n6\n")
    gone = lake.upload("sales/c.csv", "id\n7\n")
    run_scheduled(SalesETLJob, "sales_etl")
    run_for(SalesETLJob, "sales_etl", elsewhere)
    (lake.root / gone.bucket / gone.key).unlink()

    run = run_scheduled(SalesETLJob, "sales_etl")

    assert sorted((row["id"], row["source_object"]) for row in table(lake, "sales_etl")) == [
        (5, elsewhere.uri),
        (6, "s3://data-lake-test-bronze/sales/b.csv"),
    ]
    warning = run.event("rows_of_other_buckets")
    assert (warning["objects"], warning["first"]) == (1, elsewhere.uri)
