"""Runs register their tables in the Glue Data Catalog; DuckDB reads what the entry says."""

import sys
import threading
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, ClassVar

import boto3
import duckdb
import pytest
from moto import mock_aws
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from emulated_aws.repairs import refuse_outdated_changes_of_tables
from glue_runtime import BaseGlueJob, Source
from glue_runtime.tables import data_catalog
from glue_runtime.tables.catalog_entry import Entry, entry_name
from glue_runtime.tables.data_catalog import write_entry
from glue_runtime.testing import Lake, run_for, run_scheduled

DATABASE = "data_lake_test_silver"


class SalesJob(BaseGlueJob):
    """Reads sales."""

    sources: ClassVar = (Source("sales/", ".csv", "csv"),)
    __module__ = "jobs.sales_etl"
    owner = "sales-data@acme.com"
    column_comments: ClassVar = {"Amount": "Euros, with taxes"}

    def extract(self) -> DataFrame:
        return self.load_data("sales")


class LenientJob(SalesJob):
    """Keeps what it cannot read."""

    sources: ClassVar = (Source("sales/", ".csv", "csv", "id BIGINT COMMENT 'The receipt'"),)
    bad_rows_limit = 1.0


@pytest.fixture(autouse=True)
def module(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType(
        "jobs.sales_etl", "sales_etl: Daily sales\nof all shops.\n\nEach row is a receipt.\n"
    )
    monkeypatch.setitem(sys.modules, "jobs.sales_etl", module)


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    data_catalog._client.cache_clear()
    with mock_aws():
        client = boto3.client("glue", region_name="eu-central-1")
        client.create_database(DatabaseInput={"Name": DATABASE})
        yield client
    data_catalog._client.cache_clear()


def entry(glue: Any, name: str = "sales_etl") -> dict[str, Any]:
    found: dict[str, Any] = glue.get_table(DatabaseName=DATABASE, Name=name)["Table"]
    return found


def columns(glue: Any, name: str = "sales_etl") -> list[tuple[str, str]]:
    return [
        (column["Name"], column["Type"])
        for column in entry(glue, name)["StorageDescriptor"]["Columns"]
    ]


def upload_and_run(lake: Lake, key: str, content: str, job: type[BaseGlueJob] = SalesJob) -> Any:
    args = {"env": "test", "catalog_database": DATABASE}
    uploaded = lake.upload(key, content)
    event = {"bucket": uploaded.bucket, "object_key": uploaded.key}
    job("sales_etl", {**args, **event}).run()


def scheduled(job: type[BaseGlueJob] = SalesJob) -> Any:
    return run_scheduled(job, "sales_etl", catalog_database=DATABASE)


def read_by_others(lake: Lake, found: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The rows at the entry's location, in the entry's columns, as DuckDB reads them: as Athena does,
    without a partition, below all folders, and by the names of the columns."""
    location = found["StorageDescriptor"]["Location"]
    files = lake.root / location.removeprefix("s3://") / "**/*.parquet"
    names = ", ".join(f'"{column["Name"]}"' for column in found["StorageDescriptor"]["Columns"])
    query = (
        f"SELECT {names} FROM read_parquet('{files}', union_by_name=true, hive_partitioning=false)"
    )
    return sorted(duckdb.sql(query).fetchall(), key=str)


def test_the_entry_says_what_the_job_says_of_its_table(lake: Lake, glue: Any) -> None:
    upload_and_run(lake, "sales/a.csv", "id,Amount\n1,9.5\n")

    found = entry(glue)
    assert found["TableType"] == "EXTERNAL_TABLE"
    assert found["Description"] == "Daily sales of all shops."
    assert found["Owner"] == "sales-data@acme.com"
    assert found["StorageDescriptor"]["Location"] == "s3://data-lake-test-silver/sales_etl"
    assert found["StorageDescriptor"]["Columns"] == [
        {"Name": "id", "Type": "int"},
        {"Name": "amount", "Type": "double", "Comment": "Euros, with taxes"},
        {"Name": "source_object", "Type": "string", "Comment": "The file that the row is from"},
    ]
    assert found["Parameters"]["classification"] == "parquet"
    assert found["Parameters"]["gluecast.sources"] == "s3://data-lake-test-bronze/sales/*.csv"
    assert "PartitionKeys" not in found


def test_others_read_the_table_with_the_columns_of_the_entry(lake: Lake, glue: Any) -> None:
    upload_and_run(lake, "sales/a.csv", "id,amount\n1,9.5\n")
    upload_and_run(lake, "sales/b.csv", "id,country,amount\n2,de,1\n")

    a, b = (f"s3://data-lake-test-bronze/sales/{name}.csv" for name in "ab")
    assert columns(glue) == [
        *[("id", "int"), ("amount", "double"), ("source_object", "string")],
        ("country", "string"),
    ]
    assert read_by_others(lake, entry(glue)) == [(1, 9.5, a, None), (2, 1.0, b, "de")]


def test_a_run_over_the_whole_directory_knows_all_columns(lake: Lake, glue: Any) -> None:
    upload_and_run(lake, "sales/a.csv", "id,old\n1,9.5\n")
    lake.upload("sales/a.csv", "id,new\nx,1\n")

    scheduled()

    assert columns(glue) == [("id", "string"), ("source_object", "string"), ("new", "int")]
    assert read_by_others(lake, entry(glue)) == [("x", "s3://data-lake-test-bronze/sales/a.csv", 1)]


def test_the_columns_of_rows_that_stay_stay_in_the_entry(lake: Lake, glue: Any) -> None:
    class KeepingJob(SalesJob):
        sources: ClassVar = (Source("sales/", ".csv", "csv", when_gone="keep"),)

    upload_and_run(lake, "sales/a.csv", "id,old\n1,9.5\n", KeepingJob)
    (lake.root / "data-lake-test-bronze/sales/a.csv").unlink()
    lake.upload("sales/b.csv", "id\n2\n")

    scheduled(KeepingJob)

    assert [name for name, _ in columns(glue)] == ["id", "old", "source_object"]
    a, b = (f"s3://data-lake-test-bronze/sales/{name}.csv" for name in "ab")
    assert read_by_others(lake, entry(glue)) == [(1, 9.5, a), (2, None, b)]


def test_a_run_writes_an_entry_only_if_it_differs(lake: Lake, glue: Any) -> None:
    upload_and_run(lake, "sales/a.csv", "id\n1\n")
    first = scheduled()
    version = entry(glue)["VersionId"]

    second = scheduled()

    assert entry(glue)["VersionId"] == version == "1"
    assert not [line for run in (first, second) for line in run.log if "catalog" in line["event"]]


def test_what_others_write_into_the_entry_stays(lake: Lake, glue: Any) -> None:
    upload_and_run(lake, "sales/a.csv", "id\n1\n")
    settable = ("Name", "TableType", "Description", "Owner", "Parameters", "StorageDescriptor")
    changed = {name: entry(glue)[name] for name in settable}
    changed["StorageDescriptor"]["Columns"][0]["Comment"] = "The receipt"
    changed["Parameters"]["skip.header.line.count"] = "0"
    changed["Retention"] = 7
    glue.update_table(DatabaseName=DATABASE, TableInput=changed)

    upload_and_run(lake, "sales/b.csv", "id,new\n1,2\n")

    found = entry(glue)
    assert found["StorageDescriptor"]["Columns"][0] == {
        "Name": "id",
        "Type": "int",
        "Comment": "The receipt",
    }
    assert [name for name, _ in columns(glue)] == ["id", "source_object", "new"]
    assert found["Parameters"]["skip.header.line.count"] == "0"
    assert found["Retention"] == 7


def test_the_quarantine_is_a_table_too(lake: Lake, glue: Any) -> None:
    lake.upload("sales/a.csv", "id\n1\nx\n")

    scheduled(LenientJob)

    found = entry(glue, "sales_etl_quarantine")
    rows = read_by_others(lake, found)
    assert [row[:2] for row in rows] == [("s3://data-lake-test-bronze/sales/a.csv", 3)]
    assert rows[0][3] == "x"
    assert [name for name, _ in columns(glue, "sales_etl_quarantine")] == [
        *("source_object", "position", "reason", "raw_text", "run_id")
    ]
    assert all(column["Comment"] for column in found["StorageDescriptor"]["Columns"])
    assert entry(glue)["StorageDescriptor"]["Columns"][0] == {
        "Name": "id",
        "Type": "bigint",
        "Comment": "The receipt",
    }


def test_without_bad_rows_there_is_no_entry_of_a_quarantine(lake: Lake, glue: Any) -> None:
    lake.upload("sales/a.csv", "id\n1\n")

    scheduled(LenientJob)

    assert [table["Name"] for table in glue.get_tables(DatabaseName=DATABASE)["TableList"]] == [
        "sales_etl"
    ]


def test_a_run_without_a_database_asks_for_none(lake: Lake, glue: Any) -> None:
    uploaded = lake.upload("sales/a.csv", "id\n1\n")

    run_for(SalesJob, "sales_etl", uploaded)

    assert glue.get_tables(DatabaseName=DATABASE)["TableList"] == []


def test_an_entry_of_another_folder_stays_and_the_run_says_so(lake: Lake, glue: Any) -> None:
    other = {"Name": "sales_etl", "StorageDescriptor": {"Location": "s3://acme/sales"}}
    glue.create_table(DatabaseName=DATABASE, TableInput=other)
    lake.upload("sales/a.csv", "id\n1\n")

    run = scheduled()

    failed = run.event("catalog_failed")
    assert failed["log_level"] == "warning"
    assert failed["table"] == f"{DATABASE}.sales_etl"
    assert failed["error"] == (
        "expected the entry data_lake_test_silver.sales_etl to be of "
        "s3://data-lake-test-silver/sales_etl, found one of s3://acme/sales; rename it, or delete it and "
        "run the job again"
    )
    assert entry(glue)["StorageDescriptor"]["Location"] == "s3://acme/sales"
    assert lake.read(run.job.output_uri).count() == 1


def test_a_missing_database_does_not_fail_the_run(lake: Lake, glue: Any) -> None:
    glue.delete_database(Name=DATABASE)
    lake.upload("sales/a.csv", "id\n1\n")

    run = scheduled()

    assert "apply Terraform" in run.event("catalog_failed")["error"]
    assert lake.read(run.job.output_uri).count() == 1


def test_a_network_without_a_way_to_the_catalog_does_not_fail_the_run(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "eu-central-1")
    data_catalog._client.cache_clear()
    lake.upload("sales/a.csv", "id\n1\n")

    run = scheduled()
    data_catalog._client.cache_clear()

    assert "interface endpoint for Glue" in run.event("catalog_failed")["error"]
    assert lake.read(run.job.output_uri).count() == 1


def test_concurrent_runs_add_each_its_column(glue: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moto.glue.responses.GlueResponse.update_table", _update_table())
    all_begin = threading.Barrier(8)

    def add(number: int) -> None:
        all_begin.wait()
        added = StructType().add(f"c{number}", "long").fields
        write_entry(
            "eu-central-1", DATABASE, Entry("wide", "s3://b/wide", added), is_complete=False
        )

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(columns(glue, "wide")) == [(f"c{number}", "bigint") for number in range(8)]


def _update_table() -> Any:
    from moto.glue.responses import GlueResponse

    before = GlueResponse.update_table
    refuse_outdated_changes_of_tables()
    after, GlueResponse.update_table = GlueResponse.update_table, before
    return after


TYPES = {
    "boolean": "boolean",
    "tinyint": "tinyint",
    "smallint": "smallint",
    "int": "int",
    "bigint": "bigint",
    "float": "float",
    "double": "double",
    "decimal(20,4)": "decimal(20,4)",
    "string": "string",
    "varchar(10)": "string",
    "binary": "binary",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp_ntz": "timestamp",
    "interval day to second": "bigint",
    "interval year to month": "int",
    "array<decimal(10,2)>": "array<decimal(10,2)>",
    "map<string, array<timestamp_ntz>>": "map<string,array<timestamp>>",
    "struct<a: int, B: struct<`c d`: date>>": "struct<a:int,B:struct<c d:date>>",
}
"""Types of Spark, and of Hive, in whose words the catalog has them."""


def test_each_type_is_in_the_words_of_the_catalog(spark: SparkSession, glue: Any) -> None:
    frame = spark.range(0).select(
        [F.lit(None).cast(type_).alias(f"c{number}") for number, type_ in enumerate(TYPES)]
    )

    write_entry(
        "eu-central-1",
        DATABASE,
        Entry("types", "s3://b/types", frame.schema.fields),
        is_complete=True,
    )

    assert [type_ for _, type_ in columns(glue, "types")] == list(TYPES.values())


def test_a_column_that_no_entry_can_have_is_left_out_and_named(lake: Lake, glue: Any) -> None:
    class NestedJob(SalesJob):
        def transform(self, df: DataFrame) -> DataFrame:
            odd = F.struct(F.lit(1).alias("per-cent"))
            return df.withColumn("odd", odd).withColumn("odder", F.array(odd))

    lake.upload("sales/a.csv", "id\n1\n")

    run = scheduled(NestedJob)

    assert [name for name, _ in columns(glue)] == ["id", "source_object"]
    assert run.event("columns_not_in_catalog")["columns"] == ["odd", "odder"]


def test_a_module_without_a_docstring_is_described_by_its_class(lake: Lake, glue: Any) -> None:
    sys.modules["jobs.sales_etl"].__doc__ = None

    upload_and_run(lake, "sales/a.csv", "id\n1\n")

    assert entry(glue)["Description"] == "Reads sales."


def test_a_class_that_uses_the_names_for_other_things_runs(lake: Lake, glue: Any) -> None:
    class OlderJob(SalesJob):
        owner: ClassVar[Any] = ("sales", "finance")
        column_comments: ClassVar[Any] = ["id"]

    upload_and_run(lake, "sales/a.csv", "id\n1\n", OlderJob)

    assert entry(glue).get("Owner", "") == ""
    assert columns(glue) == [("id", "int"), ("source_object", "string")]


def test_a_comment_that_makes_a_column_optional_is_none_of_the_table(lake: Lake, glue: Any) -> None:
    class OptionalJob(SalesJob):
        sources: ClassVar = (
            Source("sales/", ".csv", "csv", "id BIGINT, tax DOUBLE COMMENT 'optional'"),
        )

    upload_and_run(lake, "sales/a.csv", "id\n1\n", OptionalJob)

    assert entry(glue)["StorageDescriptor"]["Columns"][1] == {"Name": "tax", "Type": "double"}


@pytest.mark.parametrize(
    ("name", "said"), [("sales_etl", "sales_etl"), ("Sales-ETL 2", "sales_etl_2")]
)
def test_a_table_has_a_name_that_needs_no_quotation_marks(name: str, said: str) -> None:
    assert entry_name(name) == said


def test_long_texts_are_cut_to_what_an_entry_allows(glue: Any) -> None:
    added: Sequence[Any] = StructType().add("id", "long").fields
    long = Entry("long", "s3://b/long", added, "ä" * 3000, comments={"id": "one\ntwo " + "ß" * 300})

    write_entry("eu-central-1", DATABASE, long, is_complete=True)

    found = entry(glue, "long")
    comment = found["StorageDescriptor"]["Columns"][0]["Comment"]
    assert len(found["Description"].encode()) <= 2048
    assert found["Description"].endswith("ä...")
    assert comment.startswith("one two ß")
    assert len(comment.encode()) <= 255
