"""What goes wrong fails with a clear error, and leaves earlier output as it was."""

import gzip
from typing import ClassVar

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_runtime import BaseGlueJob, JobError, Source
from glue_runtime.errors import (
    ArgumentError,
    FunctionError,
    ObjectKeyError,
    OutputError,
    SourceNotFoundError,
    UnreadableSourceError,
    ValidationFailedError,
)
from glue_runtime.input.formats.registry import format_of
from glue_runtime.s3_object import S3Object
from glue_runtime.testing import Lake, run_for, run_scheduled
from jobs_of_the_documentation import SalesETLJob

UNREADABLE = {
    "long row": ("a.csv", "id,v\n1,2\n3,4,5\n"),
    "empty csv": ("a.csv", ""),
    "no gzip": ("a.csv.gz", "id,v\n1,2\n"),
    "broken json": ("a.json", '{"id": 1,\n "v": }'),
    "empty json": ("a.json", ""),
    "broken jsonl": ("a.jsonl", '{"id": 1}\n{"id":\n'),
    "broken parquet": ("a.parquet", "no parquet at all"),
    "empty parquet": ("a.parquet", ""),
    "broken orc": ("a.orc", "no orc at all"),
    "truncated gzip": ("a.csv.gz", gzip.compress(b"id,v\n" + b"1,2\n" * 9999)[:-50]),
    "gzip with a wrong checksum": ("a.jsonl.gz", gzip.compress(b'{"id": 1}')[:-8] + b"\0" * 8),
    "two documents": ("a.json", '{"id": 1}\n{"id": 2}\n'),
    "two arrays": ("a.json", '[{"id": 1}]\n[{"id": 2}]'),
    "garbage after a document": ("a.json", '{"id": 1} x'),
    "no records": ("a.json", "[1, 2]"),
    "null for a record": ("a.json", '[{"id": 1}, null]'),
    "arrays in an array": ("a.json", '[[{"id": 1}]]'),
    "two records on a line": ("a.jsonl", '{"id": 1}{"id": 2}\n{"id": 3}\n'),
    "garbage after a record": ("a.jsonl", '{"id": 3} garbage\n'),
    "a name of the runtime": ("a.csv", "id,Source_ID\n1,x\n"),
    "a name of Spark": ("a.jsonl", '{"id": 1, "_metadata": {"file_path": "fake"}}\n'),
    "reserved column": ("a.csv", "id,source_object\n1,x\n"),
}


def test_a_truncated_binary_file_is_unreadable(lake: Lake) -> None:
    for file_format in ("parquet", "orc"):
        folder = lake.root / "data-lake-test-gold" / file_format
        lake.spark.range(2000).write.format(file_format).save(str(folder))
        [part] = folder.glob("part-00000-*")
        uploaded = lake.upload(f"sales/{file_format}.{file_format}", part.read_bytes()[:-400])

        with pytest.raises(UnreadableSourceError, match=f"sales/{file_format}"):
            run_for(SalesETLJob, "sales_etl", uploaded)


@pytest.mark.parametrize(("name", "content"), UNREADABLE.values(), ids=UNREADABLE.keys())
@pytest.mark.parametrize("way", ["event", "schedule"])
def test_an_unreadable_file_fails_the_run_and_changes_nothing(
    lake: Lake, name: str, content: str | bytes, way: str
) -> None:
    run_for(SalesETLJob, "sales_etl", lake.upload("sales/b.csv", "id,v\n7000000000,8\n"))
    (lake.root / "data-lake-test-bronze/sales/b.csv").unlink()
    before = table(lake)
    uploaded = lake.upload(f"sales/{name}", content)

    with pytest.raises(UnreadableSourceError, match="expected") as failure:
        if way == "event":
            run_for(SalesETLJob, "sales_etl", uploaded)
        else:
            run_scheduled(declared_for(name), "sales_etl")

    assert uploaded.uri in str(failure.value) or "data-lake-test-bronze/sales/" in str(
        failure.value
    )
    assert "\tat " not in str(failure.value)
    assert table(lake) == before


def test_a_corrupted_second_version_leaves_the_rows_of_the_first(lake: Lake) -> None:
    run_for(SalesETLJob, "sales_etl", lake.upload("sales/a.csv", "id,v\n1,2\n"))
    before = table(lake)

    with pytest.raises(UnreadableSourceError, match=r"sales/a\.csv"):
        run_for(SalesETLJob, "sales_etl", lake.upload("sales/a.csv", "id,v\n1,2\n3,4,5\n"))

    assert table(lake) == before


def test_a_missing_object_is_an_error(lake: Lake) -> None:
    missing = S3Object("data-lake-test-bronze", "sales/gone.csv")

    with pytest.raises(SourceNotFoundError, match=r"expected data at s3://.*/sales/gone\.csv"):
        run_for(SalesETLJob, "sales_etl", missing)


def test_a_missing_bucket_is_an_error(lake: Lake) -> None:
    with pytest.raises(
        SourceNotFoundError, match="expected a bucket of the local lake, found s3://no-such-bucket/"
    ):
        run_for(SalesETLJob, "sales_etl", S3Object("no-such-bucket", "sales/a.csv"))


@pytest.mark.parametrize("upload", [None, "sales/readme.txt", "sales/_hidden.csv"])
def test_a_directory_without_a_file_of_the_source_is_an_error(
    lake: Lake, upload: str | None
) -> None:
    if upload:
        path = lake.root / "data-lake-test-bronze" / upload
        path.parent.mkdir()
        path.write_text("id\n1\n")

    with pytest.raises(SourceNotFoundError, match="expected"):
        run_scheduled(SalesETLJob, "sales_etl")
    with pytest.raises(SourceNotFoundError, match=r"expected data at .*sales/ \(\*\.csv\)"):
        run_scheduled(Declared, "sales_etl")


def test_a_directory_of_several_formats_needs_a_declared_source(lake: Lake) -> None:
    lake.upload("sales/a.csv", "id\n1\n")
    lake.upload("sales/a.json", '{"id": 2}')

    with pytest.raises(SourceNotFoundError, match=r"found \['csv', 'json'\].*declare"):
        run_scheduled(SalesETLJob, "sales_etl")

    run = run_scheduled(Declared, "sales_etl")
    assert run.event("loaded_directory_data")["file_count"] == 1


def test_a_file_of_an_unknown_format_needs_a_declared_source(lake: Lake) -> None:
    with pytest.raises(SourceNotFoundError, match="expected files of one known format"):
        run_for(SalesETLJob, "sales_etl", lake.upload("sales/a.dat", "id\n1\n"))


@pytest.mark.parametrize("key", ["sales/a.json", "customers/a.csv"])
def test_an_object_of_another_source_is_refused(lake: Lake, key: str) -> None:
    with pytest.raises(
        SourceNotFoundError, match=r"expected an object of Declared \(sales/\*\.csv\)"
    ):
        run_for(Declared, "sales_etl", lake.upload(key, "id\n1\n"))


def test_an_event_that_the_job_does_not_load_is_an_error(lake: Lake) -> None:
    lake.upload("sales/a.csv", "id\n1\n")

    with pytest.raises(SourceNotFoundError, match=r"expected extract\(\) to load the object"):
        run_for(SalesETLJob, "sales_etl", lake.upload("customers/a.csv", "id\n1\n"))


def test_a_hidden_object_is_refused_and_logged(lake: Lake) -> None:
    args = {"env": "test", "bucket": "data-lake-test-bronze", "object_key": "sales/_a.csv"}

    with pytest.raises(ObjectKeyError, match="hidden"):
        SalesETLJob("sales_etl", args).run()


def test_data_that_the_job_refuses_is_not_written(lake: Lake) -> None:
    class Refusing(SalesETLJob):
        def custom_validation(self, df: DataFrame) -> bool:
            return False

    run_for(SalesETLJob, "sales_etl", lake.upload("sales/a.csv", "id\n1\n"))
    before = table(lake)

    with pytest.raises(ValidationFailedError, match=r"custom_validation\(\) of Refusing"):
        run_for(Refusing, "sales_etl", lake.upload("sales/a.csv", "id\n2\n"))

    assert table(lake) == before


@pytest.mark.parametrize("way", ["event", "schedule"])
def test_a_result_that_lost_its_origin_is_not_written(lake: Lake, way: str) -> None:
    class Forgetful(SalesETLJob):
        def transform(self, df: DataFrame) -> DataFrame:
            return df.select("id")

    uploaded = lake.upload("sales/a.csv", "id,v\n1,2\n")
    with pytest.raises(OutputError, match=r"source_object.*found \['id'\].*keep it"):
        if way == "event":
            run_for(Forgetful, "sales_etl", uploaded)
        else:
            run_scheduled(Forgetful, "sales_etl")


def test_a_row_without_origin_is_not_written(lake: Lake) -> None:
    class WithTotals(SalesETLJob):
        def transform(self, df: DataFrame) -> DataFrame:
            return df.unionByName(df.agg({"id": "sum"}).toDF("id"), allowMissingColumns=True)

    with pytest.raises(OutputError, match="expected source_object in every row"):
        run_for(WithTotals, "sales_etl", lake.upload("sales/a.csv", "id\n1\n2\n"))


def test_a_missing_output_bucket_is_named(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SalesETLJob, "output_uri", "s3://no-such-bucket/sales_etl")

    with pytest.raises(SourceNotFoundError, match="found s3://no-such-bucket/sales_etl"):
        run_for(SalesETLJob, "sales_etl", lake.upload("sales/a.csv", "id\n1\n"))


def test_a_file_that_the_jobs_own_code_misses_is_not_blamed_on_the_source(lake: Lake) -> None:
    class WithLookup(SalesETLJob):
        def transform(self, df: DataFrame) -> DataFrame:
            return df.join(self.spark.read.parquet("s3://data-lake-test-gold/lookup"), "id")

    with pytest.raises(AnalysisException, match="data-lake-test-gold/lookup"):
        run_for(WithLookup, "sales_etl", lake.upload("sales/a.csv", "id\n1\n"))


def test_two_sources_of_one_prefix_are_refused() -> None:
    class Ambiguous(SalesETLJob):
        sources: ClassVar = (
            Source(prefix="sales/", suffix=".csv", file_format="csv"),
            Source(prefix="sales/", suffix=".json", file_format="json"),
        )

    with pytest.raises(ArgumentError, match="expected one source for each prefix in Ambiguous"):
        Ambiguous("sales_etl", {"env": "test"})


def test_a_fault_of_the_jobs_own_code_keeps_its_type(lake: Lake) -> None:
    class Faulty(SalesETLJob):
        def transform(self, df: DataFrame) -> DataFrame:
            return df.select("no_such_column")

    with pytest.raises(Exception, match="no_such_column") as failure:
        run_for(Faulty, "sales_etl", lake.upload("sales/a.csv", "id\n1\n"))

    assert not isinstance(failure.value, JobError)


def test_a_function_of_the_job_that_fails_is_named_with_its_own_exception(lake: Lake) -> None:
    class Failing(SalesETLJob):
        def transform(self, df: DataFrame) -> DataFrame:
            @F.udf("bigint")
            def half(value: int) -> int:
                raise ValueError(f"{value} is odd")

            return df.withColumn("id", half("id"))

    lake.upload("sales/b.csv", "id\n2\n")
    uploaded = lake.upload("sales/a.csv", "id\n1\n")
    for run in (
        lambda: run_for(Failing, "sales_etl", uploaded),
        lambda: run_scheduled(Failing, "sales_etl"),
    ):
        with pytest.raises(
            FunctionError, match=r"ValueError: \d is odd in half\(\), line \d+ of "
        ) as failed:
            run()
        assert len(str(failed.value).splitlines()) == 1


class Declared(BaseGlueJob):
    sources: ClassVar = (Source(prefix="sales/", suffix=".csv", file_format="csv"),)

    def extract(self) -> DataFrame:
        return self.load_data("sales")


def declared_for(name: str) -> type[BaseGlueJob]:
    """A job whose declared source takes files of this extension."""
    source = Source(
        prefix="sales/", suffix=name.removeprefix("a"), file_format=str(format_of(name))
    )
    return type("DeclaredFor", (SalesETLJob,), {"sources": (source,)})


def table(lake: Lake) -> list[str]:
    return sorted(map(str, lake.read("s3://data-lake-test-silver/sales_etl").collect()))
