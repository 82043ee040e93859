"""What becomes of the rows of files that are gone: removed, kept, or neither before someone has looked."""

from typing import Any, ClassVar

import pytest
from pyarrow import dataset, parquet
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_runtime import BaseGlueJob, Source
from glue_runtime.errors import ArgumentError, OutputError
from glue_runtime.s3_object import S3Object
from glue_runtime.testing import Lake, run_for, run_scheduled


class Removing(BaseGlueJob):
    sources: ClassVar = (Source("sales/", ".csv", "csv", schema="v BIGINT"),)

    def extract(self) -> DataFrame:
        return self.load_data("sales")


class Keeping(Removing):
    sources: ClassVar = (Source("sales/", ".csv", "csv", schema="v BIGINT", when_gone="keep"),)


class KeepingOne(BaseGlueJob):
    """Keeps the rows of one of two sources."""

    sources: ClassVar = (
        Source("sales/", ".csv", "csv", schema="v BIGINT", when_gone="keep"),
        Source("returns/", ".csv", "csv", schema="v BIGINT"),
    )

    def extract(self) -> DataFrame:
        frames = [self.load_data(name) for name in self.due_sources]
        return frames[0] if len(frames) == 1 else frames[0].unionByName(frames[1])


def uploaded(lake: Lake, count: int, folder: str = "sales") -> list[S3Object]:
    """Files, each with its number."""
    return [lake.upload(f"{folder}/{each}.csv", f"v\n{each}\n") for each in range(count)]


def delete(lake: Lake, *objects: S3Object) -> None:
    for each in objects:
        (lake.root / each.bucket / each.key).unlink()


def values(lake: Lake, table: str = "job", column: str = "v") -> list[Any]:
    """The values in a column of a table, as pyarrow reads its files."""
    files = [str(path) for path in (lake.root / "data-lake-test-silver" / table).rglob("*.parquet")]
    return sorted(dataset.dataset(files).to_table()[column].to_pylist()) if files else []


def test_a_run_that_finds_many_files_gone_removes_none_of_their_rows(lake: Lake) -> None:
    files = uploaded(lake, 10)
    run_scheduled(Removing, "job")
    delete(lake, *files[:3])
    lake.upload("sales/10.csv", "v\n10\n")

    with pytest.raises(OutputError) as failed:
        run_scheduled(Removing, "job")

    told = str(failed.value)
    assert "at most 20% of the 11 source files of s3://data-lake-test-silver/job to be gone" in told
    assert "found 3 no longer in their source, such as s3://data-lake-test-bronze/sales/" in told
    assert "--removal_limit 1" in told and 'when_gone="keep"' in told
    # What has arrived is in the table all the same.
    assert values(lake) == [*range(11)]

    run_scheduled(Removing, "job", removal_limit="1")
    assert values(lake) == [*range(3, 11)]


@pytest.mark.parametrize(("count", "gone"), [(10, 2), (2, 1)], ids=["a fifth", "a single one"])
def test_rows_of_few_gone_files_are_removed(lake: Lake, count: int, gone: int) -> None:
    files = uploaded(lake, count)
    run_scheduled(Removing, "job")
    delete(lake, *files[:gone])

    run_scheduled(Removing, "job")

    assert values(lake) == [*range(gone, count)]


def test_a_job_may_declare_its_own_limit(lake: Lake) -> None:
    class Strict(Removing):
        removal_limit: ClassVar = 0.0

    class Free(Removing):
        removal_limit: ClassVar = 1.0

    files = uploaded(lake, 10)
    run_scheduled(Strict, "job")
    delete(lake, *files[:2])
    with pytest.raises(OutputError, match="at most 0% of the 10 source files"):
        run_scheduled(Strict, "job")
    delete(lake, *files[2:9])

    run_scheduled(Free, "job")

    assert values(lake) == [9]


def test_a_source_may_keep_the_rows_of_files_that_are_gone(lake: Lake) -> None:
    files = uploaded(lake, 3)
    broken = lake.upload("sales/broken.csv", "v\nx\n3\n3\n3\n3\n3\n3\n3\n3\n3\n3\n")
    run_scheduled(Keeping, "job")
    before = values(lake)
    delete(lake, *files[:2], broken)

    run_scheduled(Keeping, "job")
    late = run_for(Keeping, "job", files[0])

    assert values(lake) == before == [0, 1, 2, *[3] * 10]
    assert values(lake, "_quarantine/job", "source_object") == [broken.uri]
    assert late.event("source_gone")["rows"] == "kept"


def test_each_source_says_for_itself_what_becomes_of_its_rows(lake: Lake) -> None:
    kept, removed = uploaded(lake, 2), uploaded(lake, 2, "returns")
    run_scheduled(KeepingOne, "job")
    delete(lake, kept[0], removed[1])

    run_scheduled(KeepingOne, "job")

    assert values(lake) == [0, 0, 1]


def test_rows_that_do_not_say_where_they_come_from_are_kept_too(lake: Lake) -> None:
    files = uploaded(lake, 2)
    run_scheduled(Keeping, "job")
    for path in (lake.root / "data-lake-test-silver/job").rglob("*.parquet"):
        parquet.write_table(parquet.read_table(path), path, write_statistics=False)
    delete(lake, files[0])

    run_scheduled(Keeping, "job")

    assert values(lake) == [0, 1]


def test_the_result_of_an_older_version_over_all_files_is_not_kept(lake: Lake) -> None:
    class Total(Removing):
        whole_directory: ClassVar = True

        def transform(self, df: DataFrame) -> DataFrame:
            return df.agg(F.sum("v").alias("v"))

    uploaded(lake, 3)
    run_scheduled(Total, "job")
    assert values(lake) == [3]

    run_scheduled(Keeping, "job")

    assert values(lake) == [0, 1, 2]


def test_a_file_that_comes_back_replaces_the_rows_that_were_kept(lake: Lake) -> None:
    files = uploaded(lake, 2)
    run_scheduled(Keeping, "job")
    delete(lake, files[0])
    run_scheduled(Keeping, "job")

    lake.upload("sales/0.csv", "v\n7\n")
    run_scheduled(Keeping, "job")

    assert values(lake) == [1, 7]


def test_a_job_of_the_whole_directory_cannot_keep_rows() -> None:
    class Total(Keeping):
        whole_directory: ClassVar = True

    with pytest.raises(
        ArgumentError, match='expected when_gone = "remove" in the sources of Total'
    ):
        Total("job", {"env": "test"})


@pytest.mark.parametrize("told", ["-0.1", "1.1", "nan", "twenty", "20%"])
def test_a_limit_that_is_no_share_is_refused_before_anything_is_read(told: str) -> None:
    with pytest.raises(ArgumentError, match="expected a share from 0 to 1 as --removal_limit"):
        Removing("job", {"env": "test", "removal_limit": told})


def test_a_declared_limit_that_is_no_share_names_the_job() -> None:
    class Wrong(Removing):
        removal_limit: Any = None

    with pytest.raises(ArgumentError, match=r"as Wrong\.removal_limit, such as 0\.2, found None"):
        Wrong("job", {"env": "test"})


def test_another_word_for_gone_files_is_refused() -> None:
    with pytest.raises(ArgumentError, match='expected "remove" or "keep" as when_gone of sales/'):
        Source("sales/", ".csv", "csv", when_gone="archive")
