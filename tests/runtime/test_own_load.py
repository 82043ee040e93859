"""Jobs with a load() of their own: nothing of their sources gets lost, whatever they write."""

from typing import Any, ClassVar

import pytest
from pyspark.sql import DataFrame

from glue_runtime.errors import ArgumentError, BadRowsError
from glue_runtime.testing import Lake, run_for, run_scheduled
from test_bad_input import aside, job

TARGET = "s3://data-lake-test-gold/own"


def own(mode: str = "append", **declared: Any) -> type:
    """A job that writes to a target of its own, in this mode of Spark's writer."""

    class Own(job(".csv", "csv")):  # type: ignore[misc]
        def load(self, df: DataFrame) -> None:
            df.write.mode(mode).parquet(TARGET)

    for name, value in declared.items():
        setattr(Own, name, value)
    return Own


def written(lake: Lake) -> list[tuple]:
    return sorted(map(tuple, lake.read(TARGET).select("id", "name").collect()))


LENIENT: dict[str, str] = {"s3_event": "lenient", "scheduled": "lenient"}


@pytest.mark.parametrize("whole_directory", [False, True])
@pytest.mark.parametrize("start", ["event", "schedule"])
def test_invalid_rows_of_a_load_of_its_own_are_in_the_quarantine(
    lake: Lake, start: str, whole_directory: bool
) -> None:
    job_class = own("overwrite" if whole_directory else "append", own_load="appends",
                    bad_rows=LENIENT, whole_directory=whole_directory)  # fmt: skip
    uploaded = lake.upload("sales/a.csv", "id,name\n1,a\nx,b\n2,c,d\n")
    lake.upload("sales/b.csv", "")

    run = (
        run_for(job_class, "job", uploaded) if start == "event" else run_scheduled(job_class, "job")
    )

    assert written(lake) == [(1, "a")]
    found = [(name, position) for name, (position, *_) in aside(lake, run)]
    assert found[:2] == [("a.csv", 3), ("a.csv", 4)] or found[1:] == [("a.csv", 3), ("a.csv", 4)]
    everything = start == "schedule" or whole_directory
    assert (("b.csv", None) in found) == everything
    assert run.event("quarantined")["rows"] == 2


def test_a_corrected_file_clears_the_quarantine_of_a_load_of_its_own(lake: Lake) -> None:
    job_class = own(own_load="appends", bad_rows=LENIENT)
    run_for(job_class, "job", lake.upload("sales/a.csv", "id,name\nx,b\n"))

    run = run_for(job_class, "job", lake.upload("sales/a.csv", "id,name\n1,b\n"))

    assert run.job.quarantine_uri.endswith("silver/_quarantine/job")
    assert not [*(lake.root / "data-lake-test-silver/_quarantine/job").rglob("*.parquet")]


def test_what_a_load_could_not_write_is_not_in_the_quarantine_either(lake: Lake) -> None:
    class Failing(own(own_load="appends", bad_rows=LENIENT)):  # type: ignore[misc]
        def load(self, df: DataFrame) -> None:
            raise RuntimeError("no connection")

    with pytest.raises(RuntimeError, match="no connection"):
        run_for(Failing, "job", lake.upload("sales/a.csv", "id,name\nx,b\n"))

    assert not [*(lake.root / "data-lake-test-silver").rglob("*.parquet")]


def test_a_load_that_calls_that_of_the_base_class_writes_each_row_once(lake: Lake) -> None:
    class Extending(job(".csv", "csv")):  # type: ignore[misc]
        own_load: ClassVar = "replaces_source"
        bad_rows: ClassVar = LENIENT

        def load(self, df: DataFrame) -> None:
            super().load(df)
            self.logger.info("loaded_more")

    for _ in range(2):
        run = run_for(Extending, "job", lake.upload("sales/a.csv", "id,name\n1,a\nx,b\n"))

    rows = lake.read(run.job.output_uri).select("id", "name").collect()
    assert [tuple(row) for row in rows] == [(1, "a")]
    assert [position for _, (position, *_) in aside(lake, run)] == [3]


def test_an_event_run_needs_to_know_what_a_load_does_to_its_target(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.csv", "id,name\n1,a\n")
    for name in "bcd":
        lake.upload(f"sales/{name}.csv", f"id,name\n2,{name}\n")
    run_scheduled(own("overwrite"), "job")

    with pytest.raises(ArgumentError, match=r"expected Own\.own_load to declare .* found nothing"):
        run_for(own("overwrite"), "job", uploaded)
    with pytest.raises(ArgumentError, match="expected whole_directory = True in Own"):
        run_for(own("overwrite", own_load="replaces_all"), "job", uploaded)
    assert len(written(lake)) == 4
    run_for(own("overwrite", own_load="replaces_all", whole_directory=True), "job", uploaded)
    assert len(written(lake)) == 4
    run_for(own("append", own_load="appends"), "job", uploaded)
    assert len(written(lake)) == 5


def test_a_declaration_that_nobody_knows_is_refused(lake: Lake) -> None:
    lake.upload("sales/a.csv", "id,name\n1,a\n")

    with pytest.raises(ArgumentError, match=r'expected "appends" or .* found \'append\''):
        run_scheduled(own(own_load="append"), "job")


def test_a_strict_run_does_not_reach_a_load_of_its_own(lake: Lake) -> None:
    with pytest.raises(BadRowsError):
        run_for(own(own_load="appends"), "job", lake.upload("sales/a.csv", "id,name\nx,a\n"))

    assert not [*(lake.root / "data-lake-test-gold").rglob("*.parquet")]
