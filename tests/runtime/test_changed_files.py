"""A scheduled run may read only what has changed: it leaves the table of a run over all files."""

import importlib.util
import sys
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pytest
from pyarrow import dataset
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_runtime import BaseGlueJob, Source
from glue_runtime.errors import ArgumentError, OutputError, SourceNotFoundError
from glue_runtime.fingerprint import fingerprint
from glue_runtime.s3_object import S3Object
from glue_runtime.testing import Lake, Run, run_for, run_scheduled

BRONZE = "s3://data-lake-test-bronze"


class Changed(BaseGlueJob):
    """A row for each row that is not negative."""

    sources: ClassVar = (Source("sales/", ".csv", "csv", schema="v BIGINT"),)
    scheduled: ClassVar = "changed"

    def extract(self) -> DataFrame:
        return self.load_data("sales")

    def transform(self, df: DataFrame) -> DataFrame:
        return df.where("v >= 0")


def upload(lake: Lake, *values: int) -> list[S3Object]:
    """A file for each value."""
    return [lake.upload(f"sales/{value}.csv", f"v\n{value}\n") for value in values]


def delete(lake: Lake, *values: int) -> None:
    for value in values:
        (lake.root / f"data-lake-test-bronze/sales/{value}.csv").unlink()


def values(lake: Lake) -> list[int]:
    """The values in the table, as pyarrow reads its files."""
    files = [str(path) for path in files_of(lake)]
    return sorted(dataset.dataset(files).to_table()["v"].to_pylist()) if files else []


def files_of(lake: Lake) -> set[Path]:
    return {*(lake.root / "data-lake-test-silver/job").rglob("*.parquet")}


def found(run: Run) -> tuple[int, int, int]:
    """How many files were listed, had changed and were gone."""
    event = run.event("changes_found")
    return event["files_listed"], event["files_changed"], event["files_gone"]


def reads_nothing(run: Run) -> bool:
    """Whether a run has neither read nor written data."""
    return not any("load" in each["event"] or "written" in each["event"] for each in run.log)


def test_a_night_after_all_events_reads_and_writes_nothing(lake: Lake) -> None:
    for each in upload(lake, 1, 2):
        run_for(Changed, "job", each)
    run_for(Changed, "job", *upload(lake, 3, 4))
    before = files_of(lake)
    jobs = len(lake.spark.sparkContext.statusTracker().getJobIdsForGroup(None))

    run = run_scheduled(Changed, "job")

    assert found(run) == (4, 0, 0)
    assert reads_nothing(run)
    assert files_of(lake) == before
    assert len(lake.spark.sparkContext.statusTracker().getJobIdsForGroup(None)) == jobs
    assert values(lake) == [1, 2, 3, 4]
    assert run.event("job_completed_successfully")["trigger_type"] == "scheduled"


def test_a_lost_event_is_caught_by_the_next_schedule(lake: Lake) -> None:
    upload(lake, 1, 2, 3)
    run_scheduled(Changed, "job")
    before = files_of(lake)
    upload(lake, 4)
    lake.upload("sales/1.csv", "v\n10\n11\n")

    run = run_scheduled(Changed, "job")

    assert found(run) == (4, 2, 0)
    assert run.event("loaded_changed_files")["file_count"] == 2
    assert values(lake) == [2, 3, 4, 10, 11]
    # The rows of the two other files are where they were.
    assert len(before & files_of(lake)) == 2
    assert found(run_scheduled(Changed, "job")) == (4, 0, 0)


def test_the_first_run_reads_every_file(lake: Lake) -> None:
    class All(Changed):
        scheduled: ClassVar = "all"

    upload(lake, 1, 2)
    assert found(run_scheduled(Changed, "job")) == (2, 2, 0)
    # A table that was made before its job reads changes alone knows what it holds, too.
    run_scheduled(All, "other")
    assert found(run_scheduled(Changed, "other")) == (2, 0, 0)


def test_the_rows_of_files_that_are_gone_go(lake: Lake) -> None:
    upload(lake, *range(10))
    run_scheduled(Changed, "job")
    delete(lake, 1)
    upload(lake, 10)

    assert found(run_scheduled(Changed, "job")) == (10, 1, 1)
    assert values(lake) == [0, *range(2, 11)]

    delete(lake, 2, 3, 4)
    upload(lake, 11)
    with pytest.raises(OutputError, match="at most 20% of the 10 source files"):
        run_scheduled(Changed, "job")
    assert values(lake) == [0, *range(2, 12)]
    run_scheduled(Changed, "job", removal_limit="1")
    assert values(lake) == [0, *range(5, 12)]


def test_rows_of_gone_files_stay_where_their_source_keeps_them(lake: Lake) -> None:
    class Keeping(Changed):
        sources: ClassVar = (Source("sales/", ".csv", "csv", schema="v BIGINT", when_gone="keep"),)

    upload(lake, 1, 2)
    run_scheduled(Keeping, "job")
    delete(lake, 1)

    assert found(run_scheduled(Keeping, "job")) == (1, 0, 1)
    assert values(lake) == [1, 2]


def test_a_file_that_leaves_no_rows_is_read_once(lake: Lake) -> None:
    upload(lake, 1, -2)
    lake.upload("sales/3.csv", "v\n")
    assert found(run_scheduled(Changed, "job")) == (3, 3, 0)
    assert found(run_scheduled(Changed, "job")) == (3, 0, 0)
    run_for(Changed, "job", *upload(lake, -4))
    assert found(run_scheduled(Changed, "job")) == (4, 0, 0)

    # What notes it is no file of rows, for whoever reads the folder.
    table = lake.root / "data-lake-test-silver/job"
    assert dataset.dataset(table, format="parquet").to_table()["v"].to_pylist() == [1]
    assert duckdb.sql(f"SELECT v FROM read_parquet('{table}/**/*.parquet')").fetchall() == [(1,)]
    assert [row.v for row in lake.read("s3://data-lake-test-silver/job").collect()] == [1]

    lake.upload("sales/-2.csv", "v\n2\n")
    assert found(run_scheduled(Changed, "job")) == (4, 1, 0)
    assert values(lake) == [1, 2]
    # Nothing is left of it when its file has rows, or is gone.
    delete(lake, -4)
    assert found(run_scheduled(Changed, "job")) == (3, 0, 1)
    assert len([*table.rglob("_*")]) == 1


def test_a_quarantined_file_is_not_read_again(lake: Lake) -> None:
    upload(lake, 1)
    lake.upload("sales/2.csv", "")

    assert found(run_scheduled(Changed, "job")) == (2, 2, 0)
    assert found(run_scheduled(Changed, "job")) == (2, 0, 0)

    quarantine = lake.root / "data-lake-test-silver/_quarantine/job"
    assert len([*quarantine.rglob("*.parquet")]) == 1
    lake.upload("sales/2.csv", "v\n2\n")
    assert found(run_scheduled(Changed, "job")) == (2, 1, 0)
    assert [*quarantine.rglob("*.parquet")] == []
    assert values(lake) == [1, 2]


def test_a_quarantined_file_that_is_gone_leaves_the_quarantine(lake: Lake) -> None:
    upload(lake, 1)
    lake.upload("sales/2.csv", "")
    run_scheduled(Changed, "job")
    delete(lake, 2)

    run_scheduled(Changed, "job")

    assert [*(lake.root / "data-lake-test-silver/_quarantine/job").rglob("*.parquet")] == []


@pytest.mark.parametrize(("declared", "rows"), [("all", "processed again"), ("nothing", "left")])
def test_a_changed_job_does_with_older_rows_what_it_declares(
    lake: Lake, declared: str, rows: str
) -> None:
    class Other(Changed):
        sources: ClassVar = (Source("sales/", ".csv", "csv", schema="v BIGINT NOT NULL"),)
        when_job_changes: ClassVar = declared

        def transform(self, df: DataFrame) -> DataFrame:
            return df.withColumn("v", F.col("v") + 100)

    upload(lake, 1, 2)
    run_scheduled(Changed, "job")
    upload(lake, 3)

    run = run_scheduled(Other, "job")

    changed = run.event("job_changed")
    assert (changed["files"], changed["rows"]) == (2, rows)
    is_repeated = declared == "all"
    assert found(run) == (3, 3 if is_repeated else 1, 0)
    assert values(lake) == ([101, 102, 103] if is_repeated else [1, 2, 103])


def job_of(path: Path, text: str) -> Any:
    """The job of a module with this text."""
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    sys.modules[path.stem] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Job


def test_the_fingerprint_is_that_of_the_code(tmp_path: Path) -> None:
    known = "class Job:\n    sources = ()\n    def twice(self, v):\n        return v * 2\n"
    texts = {
        "known": known,
        "commented": "# Owned by you.\n\n" + known.replace("v * 2", "v * 2  # doubled"),
        "another_factor": known.replace("v * 2", "v * 3"),
        "another_source": known.replace("()", "(1,)"),
    }

    found = {
        name: fingerprint(job_of(tmp_path / f"{name}.py", text)) for name, text in texts.items()
    }

    assert found["commented"] == found["known"]
    assert len({*found.values()}) == 3


def test_a_job_whose_source_nobody_has_runs_too() -> None:
    made: dict[str, Any] = {"__name__": "nowhere"}
    exec("class Job:\n    sources = ()", made)

    assert len(fingerprint(made["Job"])) == 8


def test_one_run_may_read_every_file(lake: Lake) -> None:
    upload(lake, 1, 2)
    run_scheduled(Changed, "job")

    run = run_scheduled(Changed, "job", scheduled="all")

    assert run.event("loaded_directory_data")["file_count"] == 2
    assert not any(each["event"] == "changes_found" for each in run.log)


def test_a_directory_without_files_fails_as_a_run_over_all_files_does(lake: Lake) -> None:
    with pytest.raises(SourceNotFoundError, match="found nothing to read there"):
        run_scheduled(Changed, "job")


def test_a_file_that_vanishes_while_it_is_to_be_read_fails_no_run(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(lake, 1)
    run_scheduled(Changed, "job")
    upload(lake, 2)

    class Late(Changed):
        def extract(self) -> DataFrame:
            (lake.root / "data-lake-test-bronze/sales/2.csv").unlink(missing_ok=True)
            return super().extract()

    run_scheduled(Late, "job")

    assert values(lake) == [1]


def refused(job_class: type[BaseGlueJob], **args: str) -> str:
    with pytest.raises(ArgumentError) as failed:
        job_class("job", {"env": "test", **args})
    return str(failed.value)


def test_a_job_whose_table_would_differ_is_refused() -> None:
    class Total(Changed):
        whole_directory: ClassVar = True

    class Undeclared(Changed):
        sources: ClassVar = ()

    class Own(Changed):
        own_load: ClassVar = "replaces_source"

        def load(self, df: DataFrame) -> None:
            raise NotImplementedError("no run of this job begins")

    class Wrong(Changed):
        scheduled: ClassVar = "new"

    class WrongToo(Changed):
        when_job_changes: ClassVar = "some"

    assert 'expected scheduled = "all" in Total' in refused(Total)
    assert "has whole_directory = True" in refused(Total)
    assert "declares no sources" in refused(Undeclared)
    assert "load() of its own" in refused(Own)
    assert "as Wrong.scheduled, found 'new'" in refused(Wrong)
    assert "as --scheduled, found 'new'" in refused(Changed, scheduled="new")
    assert "in WrongToo.when_job_changes, found 'some'" in refused(WrongToo)
    # An event run of such a job, and a run that is told to read every file, are none.
    assert Total("job", {"env": "test", "scheduled": "all"}).reads_changes is False


class Looking(Changed):
    """Looks up names, which are no source of its own."""

    def extract(self) -> DataFrame:
        return self.load_data("sales").join(self.load_data("names"), "v", "left")


def test_a_job_that_looks_other_data_up_declares_that_its_changes_do_not_matter(lake: Lake) -> None:
    class Careless(Looking):
        ignores_lookup_changes: ClassVar = True

    upload(lake, 1)
    lake.upload("names/n.csv", "v,name\n1,one\n")
    for _ in range(2):
        with pytest.raises(ArgumentError, match="reads all of names: a change there"):
            run_scheduled(Looking, "job")

    run_scheduled(Careless, "job")
    upload(lake, 2)
    assert found(run_scheduled(Careless, "job")) == (2, 1, 0)
    assert values(lake) == [1, 2]


def test_a_job_of_several_sources_reads_the_changed_files_of_each(lake: Lake) -> None:
    class Two(Changed):
        sources: ClassVar = tuple(
            Source(f"{name}/", ".csv", "csv", schema="v BIGINT") for name in ("sales", "returns")
        )

        def extract(self) -> DataFrame:
            frames = [self.load_data(name) for name in self.due_sources]
            return frames[0] if len(frames) == 1 else frames[0].unionByName(frames[1])

    class Both(Two):
        def extract(self) -> DataFrame:
            return self.load_data("sales").unionByName(self.load_data("returns"))

    upload(lake, 1, 2)
    lake.upload("returns/1.csv", "v\n5\n")
    assert found(run_scheduled(Two, "job")) == (3, 3, 0)
    lake.upload("returns/2.csv", "v\n6\n")
    assert found(run_scheduled(Two, "job")) == (4, 1, 0)
    assert values(lake) == [1, 2, 5, 6]
    lake.upload("returns/2.csv", "v\n7\n")
    with pytest.raises(ArgumentError, match="reads all of sales"):
        run_scheduled(Both, "job")
