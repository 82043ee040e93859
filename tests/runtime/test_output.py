"""Each source object owns its part of the table: repeats, kills and runs side by side leave it right."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_runtime import BaseGlueJob, Source
from glue_runtime.errors import CommitError, OutputError, SourceNotFoundError
from glue_runtime.lineage import SOURCE_ID, source_id, source_id_of
from glue_runtime.local.session import LAKE_VARIABLE
from glue_runtime.s3_object import S3Object
from glue_runtime.spark.storage import Storage
from glue_runtime.tables import parquet, replacing
from glue_runtime.tables.parquet import ParquetTable
from glue_runtime.tables.table import Staged
from glue_runtime.testing import Lake, run_for, run_scheduled

SILVER = "s3://data-lake-test-silver/rows"


class Rows(BaseGlueJob):
    sources: ClassVar = (Source("sales/", ".csv", "csv", schema="v BIGINT"),)

    def extract(self) -> DataFrame:
        return self.load_data("sales")

    def transform(self, df: DataFrame) -> DataFrame:
        return df.where("v >= 0")


class Total(Rows):
    whole_directory: ClassVar = True

    def transform(self, df: DataFrame) -> DataFrame:
        return df.agg(F.sum("v").alias("v"))


def values(lake: Lake) -> list[int]:
    return sorted(row["v"] for row in lake.read(SILVER).collect())


def delete(lake: Lake, uploaded: S3Object) -> None:
    (lake.root / uploaded.bucket / uploaded.key).unlink()


def test_the_same_event_twice_leaves_the_same_table(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.csv", "v\n1\n2\n")

    for _ in range(2):
        run_for(Rows, "rows", uploaded)

    assert values(lake) == [1, 2]
    assert len(list((lake.root / "data-lake-test-silver").rglob("*.parquet"))) == 1


@pytest.mark.parametrize("content", ["v\n", "v\n-1\n"], ids=["emptied", "filtered"])
def test_a_scheduled_run_leaves_no_rows_of_a_file_without_any(lake: Lake, content: str) -> None:
    lake.upload("sales/a.csv", "v\n1\n")
    lake.upload("sales/b.csv", "v\n2\n")
    run_scheduled(Rows, "rows")

    lake.upload("sales/a.csv", content)
    run_scheduled(Rows, "rows")

    assert values(lake) == [2]


def test_a_scheduled_run_removes_the_rows_of_a_deleted_file(lake: Lake) -> None:
    gone = lake.upload("sales/a.csv", "v\n1\n")
    lake.upload("sales/b.csv", "v\n2\n")
    run_scheduled(Rows, "rows")

    delete(lake, gone)
    run_scheduled(Rows, "rows")

    assert values(lake) == [2]


def test_a_late_event_of_a_deleted_file_removes_its_rows_and_a_second_one_fails(lake: Lake) -> None:
    gone = lake.upload("sales/a.csv", "v\n1\n")
    lake.upload("sales/b.csv", "v\n2\n")
    run_scheduled(Rows, "rows")
    delete(lake, gone)

    run = run_for(Rows, "rows", gone)

    assert values(lake) == [2]
    assert run.event("source_gone")["path"] == gone.uri
    with pytest.raises(SourceNotFoundError, match=r"expected data at .*sales/a\.csv"):
        run_for(Rows, "rows", gone)


def test_a_scheduled_run_spares_what_arrives_while_it_works(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.upload("sales/a.csv", "v\n1\n")
    arrived: list[S3Object] = []
    stage = ParquetTable.stage

    def stage_while_a_file_arrives(self: ParquetTable, df: DataFrame, run_id: str) -> Staged:
        staged = stage(self, df, run_id)
        if not arrived:
            arrived.append(lake.upload("sales/b.csv", "v\n2\n"))
            run_for(Rows, "rows", arrived[0])
        return staged

    monkeypatch.setattr(ParquetTable, "stage", stage_while_a_file_arrives)
    run_scheduled(Rows, "rows")

    assert values(lake) == [1, 2]


@pytest.mark.parametrize("way", ["event", "schedule"])
def test_a_run_that_ends_after_a_newer_one_does_not_bring_back_older_rows(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    uploaded = lake.upload("sales/a.csv", "v\n1\n")
    commit, overtaken = ParquetTable.commit, []

    def commit_late(self: ParquetTable, *given: Any) -> set[str]:
        if not overtaken:
            overtaken.append(lake.upload("sales/a.csv", "v\n20\n"))
            run_for(Rows, "rows", uploaded)
        return commit(self, *given)

    monkeypatch.setattr(ParquetTable, "commit", commit_late)
    run = run_for(Rows, "rows", uploaded) if way == "event" else run_scheduled(Rows, "rows")

    assert values(lake) == [20]
    assert run.event("source_changed_during_run")["sources"] == [uploaded.uri]


def test_a_file_that_never_holds_still_fails_the_run(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded = lake.upload("sales/a.csv", "v\n1\n")
    stage = ParquetTable.stage

    def stage_while_the_file_grows(self: ParquetTable, df: DataFrame, run_id: str) -> Staged:
        staged = stage(self, df, run_id)
        path = lake.root / uploaded.bucket / uploaded.key
        path.write_text(path.read_text() + "1\n")
        return staged

    monkeypatch.setattr(ParquetTable, "stage", stage_while_the_file_grows)
    with pytest.raises(OutputError, match=r"expected .* to stay as it is while the job reads it"):
        run_for(Rows, "rows", uploaded)


def test_an_uploaded_file_starts_a_total_over_all_files(lake: Lake) -> None:
    lake.upload("sales/a.csv", "v\n1\n")
    uploaded = lake.upload("sales/b.csv", "v\n2\n")

    for _ in range(2):
        run = run_for(Total, "rows", uploaded)

    assert values(lake) == [3]
    assert run.event("whole_directory_declared")
    assert run.event("loaded_directory_data")["file_count"] == 2


def foreign_origin(df: DataFrame) -> DataFrame:
    return df.withColumn("source_object", F.lit("s3://crm/export"))


def own_part(df: DataFrame) -> DataFrame:
    return df.withColumn("Source_ID", F.col("v"))


@pytest.mark.parametrize("whole_directory", [False, True])
@pytest.mark.parametrize("triggered", [False, True])
@pytest.mark.parametrize(
    ("transform", "found"),
    [
        (foreign_origin, "expected source_object to name a file .* found s3://crm/export"),
        (own_part, "expected no column source_id in the result .* found Source_ID"),
    ],
)
def test_rows_that_would_get_lost_fail_the_run_and_the_table_stays(
    lake: Lake,
    transform: Callable[[DataFrame], DataFrame],
    found: str,
    triggered: bool,
    whole_directory: bool,
) -> None:
    uploaded = lake.upload("sales/a.csv", "v\n1\n")
    run_for(Rows, "rows", uploaded)
    members = {
        "transform": lambda self, df: transform(df),
        "whole_directory": whole_directory,
        "bad_rows": {"scheduled": "strict"},
    }
    job_class = type("OddJob", (Rows,), members)

    if whole_directory and transform is foreign_origin:
        # There the column is one as any other: the table is one result of all files.
        run_for(job_class, "rows", uploaded)
    else:
        with pytest.raises(OutputError, match=found):
            if triggered:
                run_for(job_class, "rows", uploaded)
            else:
                run_scheduled(job_class, "rows")

    assert values(lake) == [1]


def test_a_table_changes_between_parts_and_a_total(lake: Lake) -> None:
    lake.upload("sales/a.csv", "v\n1\n")
    lake.upload("sales/b.csv", "v\n2\n")

    for job_class, expected in [(Rows, [1, 2]), (Total, [3]), (Rows, [1, 2])]:
        run_scheduled(job_class, "rows")

        assert values(lake) == expected


def test_rows_that_another_writer_left_are_replaced(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.csv", "v\n1\n")
    foreign = lake.spark.range(1).selectExpr("8L AS v", f"'{uploaded.uri}' AS source_object")
    foreign = foreign.withColumn(SOURCE_ID, F.lit(source_id(uploaded.uri)))
    foreign.write.partitionBy(SOURCE_ID).parquet(SILVER)

    run_for(Rows, "rows", uploaded)

    assert values(lake) == [1]


def test_the_rows_of_one_file_are_of_one_part_without_a_look_at_each(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.csv", "v\n1\n-1\n")
    job = Rows("rows", {"env": "test", "bucket": uploaded.bucket, "object_key": uploaded.key})
    kept = job.transform(job.load_data("sales"))
    computed = kept.withColumn("source_object", F.concat("source_object", F.lit("?"), "v"))
    target = ParquetTable(lake.spark, SILVER)

    for rows, parts, known in [
        (kept, {source_id(uploaded.uri)}, True),
        (computed, {source_id(f"{uploaded.uri}?1")}, False),
        (kept.where("v > 1"), set(), True),
    ]:
        by_part = replacing.partitioned(rows, uploaded.uri)
        staged = target.stage(by_part, "run")

        assert {*staged.files} == parts
        assert staged.rows == len(parts)
        # A partitioned write evaluates the part of each row; the other one has no such column.
        assert bool(parquet._only_partition(by_part)) == known


def test_python_and_spark_agree_on_the_part_of_a_source(lake: Lake) -> None:
    uri = "s3://bucket/ünï-文-😀 [1].csv"
    row = lake.spark.range(1).select(source_id_of(F.lit(uri))).first()

    assert row == (source_id(uri),)


def test_what_a_killed_run_staged_is_removed_when_no_run_can_be_alive(lake: Lake) -> None:
    staging = lake.root / "data-lake-test-silver/_staging/rows"
    for run, age in [("killed", parquet.ABANDONED_AFTER + 60), ("alive", 3600.0)]:
        file = staging / run / "source_id=k0/part-0.parquet"
        file.parent.mkdir(parents=True)
        file.touch()
        os.utime(file, (file.stat().st_mtime - age,) * 2)

    run_for(Rows, "rows", lake.upload("sales/a.csv", "v\n1\n"))

    assert [path.name for path in staging.iterdir()] == ["alive"]


def test_what_an_attempt_writes_late_is_not_staged(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded = lake.upload("sales/a.csv", "v\n1\n")
    write = parquet._write

    def write_and_be_late(df: DataFrame, folder: str) -> None:
        write(df, folder)
        [written] = (lake.root / folder.removeprefix("s3://")).rglob("*.parquet")
        for late in ("_temporary/0/_temporary/attempt_1", ".spark-staging-1", "__magic"):
            path = written.parent / late / written.name
            path.parent.mkdir(parents=True)
            path.write_bytes(written.read_bytes()[:-3])

    monkeypatch.setattr(parquet, "_write", write_and_be_late)
    run = run_for(Rows, "rows", uploaded)

    assert values(lake) == [1]
    assert run.event("data_written")["row_count"] == 1


def test_a_commit_that_fails_has_an_error_of_its_own_and_the_old_rows(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded = lake.upload("sales/a.csv", "v\n1\n")
    run_for(Rows, "rows", uploaded)
    lake.upload("sales/a.csv", "v\n2\n")

    def refuse(self: Storage, source: str, target: str) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "move", refuse)
        with pytest.raises(CommitError, match=r"replace files in s3://.*/rows.*no space left"):
            run_for(Rows, "rows", uploaded)

    assert values(lake) == [1]
    assert not list((lake.root / "data-lake-test-silver/_staging").rglob("*.*"))


KILLED_AT = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = [str(Path({tests})), str(Path({tests}).parent)]
from glue_runtime.spark.storage import Storage
from test_output import Rows

original = Storage.{step}

def die(self, *uris):
    if "silver" in uris[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(self, *uris)

Storage.{step} = die
Rows("rows", {args}).run()
"""


@pytest.mark.parametrize("step", ["move", "delete"])
def test_after_kill_9_in_the_commit_the_table_still_has_the_source_and_a_repeat_puts_it_right(
    lake: Lake, step: str
) -> None:
    uploaded = lake.upload("sales/a.csv", "v\n1\n")
    run_for(Rows, "rows", uploaded)
    lake.upload("sales/a.csv", "v\n2\n")
    args = {"env": "test", "bucket": uploaded.bucket, "object_key": uploaded.key}
    program = KILLED_AT.format(step=step, args=args, tests=repr(str(Path(__file__).parent)))

    source = Path(sys.modules["glue_runtime"].__file__ or "").parents[1]
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, LAKE_VARIABLE: str(lake.root), "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == -signal.SIGKILL, ran.stderr
    assert json.loads(ran.stdout.splitlines()[0])["event"] == "job_started"
    assert values(lake) == {"move": [1], "delete": [1, 2]}[step]

    run_for(Rows, "rows", uploaded)
    assert values(lake) == [2]
