"""Whatever happens to a lake and to the runs over it, the table is that of one clean run."""

import os
import shutil
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_runtime import BaseGlueJob, Source
from glue_runtime.s3_object import S3Object
from glue_runtime.testing import Lake, run_for, run_scheduled, same_rows
from histories import BOTH, NAMES, History, World, histories
from interleaving import in_steps

CLOCK = count(1_700_000_000)


class Rows(BaseGlueJob):
    """A row for each row but the negative ones, in up to two files: a source may leave no rows."""

    sources: ClassVar = (Source("sales/", ".csv", "csv", schema="v BIGINT"),)
    removal_limit: ClassVar = 1.0  # a history may delete most of its few files

    def extract(self) -> DataFrame:
        return self.load_data("sales")

    def transform(self, df: DataFrame) -> DataFrame:
        return df.where("v >= 0").repartition(2)


class RowsOfChanges(Rows):
    """The same, whose schedule reads only what has changed."""

    scheduled: ClassVar = "changed"


class Total(Rows):
    """One row for all files together."""

    whole_directory: ClassVar = True

    def transform(self, df: DataFrame) -> DataFrame:
        return df.agg(F.sum("v").alias("total"))


class LakeWorld(World):
    """Real jobs, with Spark, over files in a local lake."""

    def __init__(self, lake: Lake, job_class: type[BaseGlueJob]) -> None:
        super().__init__()
        self.lake = lake
        self.job_class = job_class

    def empty(self) -> None:
        for bucket in ("bronze", "silver"):
            shutil.rmtree(self.lake.root / f"data-lake-test-{bucket}")
            (self.lake.root / f"data-lake-test-{bucket}").mkdir()

    def put(self, name: str, values: list[int] | None) -> None:
        path = self._path(name)
        if values is None:
            path.unlink(missing_ok=True)
        else:
            self.lake.upload(f"sales/{name}.csv", "v\n" + "".join(f"{value}\n" for value in values))
            moment = next(CLOCK)
            os.utime(path, (moment, moment))

    def has(self, name: str) -> bool:
        return self._path(name).exists()

    def start(self, trigger: str) -> None:
        if trigger == "schedule":
            run_scheduled(self.job_class, "job")
            return
        names = NAMES if trigger == BOTH else [trigger]
        uploads = [S3Object("data-lake-test-bronze", f"sales/{name}.csv") for name in names]
        run_for(self.job_class, "job", *uploads)

    def check(self) -> None:
        self.job_class("clean", {"env": "test"}).run()
        same_rows(
            self.lake.read("s3://data-lake-test-silver/job"),
            self.lake.read("s3://data-lake-test-silver/clean"),
        )
        # One set of files in each part: no reader can meet the rest of another run.
        files = (self.lake.root / "data-lake-test-silver/job").rglob("*.parquet")
        sets = {(file.parent, file.name[:30]) for file in files}
        assert len({folder for folder, _ in sets}) == len(sets)

    def _path(self, name: str) -> Path:
        return self.lake.root / "data-lake-test-bronze" / f"sales/{name}.csv"


@pytest.mark.parametrize(("job_class", "examples"), [(Rows, 6), (RowsOfChanges, 4), (Total, 3)])
def test_every_history_ends_in_the_table_of_one_clean_run(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, job_class: type[BaseGlueJob], examples: int
) -> None:
    world = LakeWorld(lake, job_class)
    world.loses_events = job_class is RowsOfChanges
    in_steps(monkeypatch, lambda: world.interleaving)

    @settings(
        max_examples=int(os.environ.get("INTERLEAVINGS", examples)),
        deadline=None,
        # An example takes seconds: as it was found it says enough, without minutes of shrinking.
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories)
    def check(history: History) -> None:
        history.happen(world)

    check()
