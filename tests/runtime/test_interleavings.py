"""Whatever happens to a lake and to the runs over it, the table is that of one clean run."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_runtime import BaseGlueJob, Source
from glue_runtime.errors import SourceNotFoundError
from glue_runtime.s3_object import S3Object
from glue_runtime.testing import Lake, same_rows
from interleaving import Interleaving, in_steps

NAMES = ("a", "b")
CLOCK = count(1_700_000_000)


class Rows(BaseGlueJob):
    """A row for each row but the negative ones, in up to two files: a source may leave no rows."""

    sources: ClassVar = (Source("sales/", ".csv", "csv", schema="v BIGINT"),)

    def extract(self) -> DataFrame:
        return self.load_data("sales")

    def transform(self, df: DataFrame) -> DataFrame:
        return df.where("v >= 0").repartition(2)


class Total(Rows):
    """One row for all files together."""

    whole_directory: ClassVar = True

    def transform(self, df: DataFrame) -> DataFrame:
        return df.agg(F.sum("v").alias("total"))


@dataclass
class World:
    """A lake, and what is still to happen: each upload's event, and the next schedule."""

    lake: Lake
    job_class: type[BaseGlueJob]
    due: set[str] = field(default_factory=set)
    interleaving: Interleaving | None = None

    def change(self, name: str, values: list[int] | None) -> None:
        """Upload a file with these values, or delete it."""
        key = f"sales/{name}.csv"
        path = self.lake.root / "data-lake-test-bronze" / key
        if values is None:
            path.unlink(missing_ok=True)
            self.due.add("schedule")
        else:
            self.lake.upload(key, "v\n" + "".join(f"{value}\n" for value in values))
            moment = next(CLOCK)
            os.utime(path, (moment, moment))
            self.due.add(name)

    def run(self, trigger: str) -> None:
        """Run the job for an upload or, if the trigger is "schedule", over the directory."""
        self.due.discard(trigger)
        args = {"env": "test"}
        if trigger != "schedule":
            uploaded = S3Object("data-lake-test-bronze", f"sales/{trigger}.csv")
            args |= {"bucket": uploaded.bucket, "object_key": uploaded.key}
        try:
            self.job_class("job", args).run()
        except SourceNotFoundError:
            # An event that comes late, after its file and the rows of its file have gone.
            assert not (self.lake.root / "data-lake-test-bronze/sales" / f"{trigger}.csv").exists()

    def together(
        self,
        triggers: list[str],
        changes: list[tuple[str, list[int] | None]],
        turns: list[int],
        kills: list[int | None],
    ) -> None:
        """Let runs and changes happen at once; what is killed becomes due again."""
        names = [f"run {number}" for number in range(len(triggers))]
        actors: dict[str, Callable[[], None]] = {
            name: lambda trigger=trigger: self.run(trigger)  # type: ignore[misc]
            for name, trigger in zip(names, triggers, strict=True)
        }
        if changes:
            actors["changes"] = lambda: self._change_step_by_step(changes)
        everyone = list(actors)
        order: Iterator[str] = (everyone[turn % len(everyone)] for turn in turns)
        killed_after = {
            name: kill for name, kill in zip(names, kills, strict=False) if kill is not None
        }
        self.interleaving = Interleaving(actors, order, killed_after)
        self.interleaving.run()
        for name, trigger in zip(names, triggers, strict=True):
            if name in self.interleaving.killed:
                self.due.add(trigger)
        failed, self.interleaving = self.interleaving.failed, None
        for error in failed.values():
            raise error

    def _change_step_by_step(self, changes: list[tuple[str, list[int] | None]]) -> None:
        for name, values in changes:
            assert self.interleaving
            self.interleaving.step()
            self.change(name, values)


triggers = st.sampled_from([*NAMES, "schedule"])
values = st.one_of(st.none(), st.lists(st.integers(-2, 9), max_size=3))
changes = st.tuples(st.sampled_from(NAMES), values)
phases = st.tuples(
    st.lists(triggers, min_size=1, max_size=2),
    st.lists(changes, max_size=2),
    st.lists(st.integers(0, 2), max_size=30),
    st.lists(st.one_of(st.none(), st.integers(0, 14)), max_size=2),
)


@pytest.mark.parametrize(("job_class", "examples"), [(Rows, 12), (Total, 4)])
def test_every_history_ends_in_the_table_of_one_clean_run(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, job_class: type[BaseGlueJob], examples: int
) -> None:
    world = World(lake, job_class)
    in_steps(monkeypatch, lambda: world.interleaving)

    @settings(
        max_examples=int(os.environ.get("INTERLEAVINGS", examples)),
        deadline=None,
        # An example takes seconds: as it was found it says enough, without minutes of shrinking.
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(changes, max_size=2),
        st.lists(phases, min_size=1, max_size=3),
        st.permutations([*NAMES, "schedule"]),
    )
    def check(first: list, history: list, last: list[str]) -> None:
        for bucket in ("bronze", "silver"):
            shutil.rmtree(lake.root / f"data-lake-test-{bucket}")
            (lake.root / f"data-lake-test-{bucket}").mkdir()
        world.due.clear()
        world.change("always there", [7])
        for change in first:
            world.change(*change)
        for phase in history:
            world.together(*phase)
        for trigger in [*last, "always there"]:
            if trigger in world.due:
                world.run(trigger)

        job_class("clean", {"env": "test"}).run()

        same_rows(
            lake.read("s3://data-lake-test-silver/job"),
            lake.read("s3://data-lake-test-silver/clean"),
        )
        assert_nothing_is_left(lake)

    check()


def assert_nothing_is_left(lake: Lake) -> None:
    """One set of files in each part: no reader can meet the rest of another run."""
    files = (lake.root / "data-lake-test-silver/job").rglob("*.parquet")
    sets = {(file.parent, file.name[:30]) for file in files}
    assert len({folder for folder, _ in sets}) == len(sets)
