"""Judging the files of a job without writing anything."""

import json
from typing import Any, ClassVar

import pytest
import structlog
from pyspark.sql import DataFrame

from glue_runtime import BaseGlueJob, Source
from glue_runtime.errors import SourceNotFoundError
from glue_runtime.testing import Lake
from glue_runtime.validation import Finding
from test_bad_input import GZIPPED, job

BRONZE = "s3://data-lake-test-bronze"


def upload_all(lake: Lake) -> None:
    lake.upload("sales/2023/a.csv", "id,name\n1,a\nx,b\n")
    lake.upload("sales/2024/a.csv", "id,name\n1,a\ny,b\nz,b\n,b\n1,2,3\n")
    lake.upload("sales/2024/b.csv", "id,name\nw,a\n")
    lake.upload("sales/2024/c.csv", "")
    lake.upload("sales/2024/d.csv", 'id,name\n1,"a\n')


FINDINGS = [
    Finding("found a quote that is left open in line 2 (if cells may span lines, declare multiline=True)",
            "files", 1, (f"{BRONZE}/sales/2024/d.csv",)),
    Finding("found an empty file, without a header", "files", 1, (f"{BRONZE}/sales/2024/c.csv",)),
    Finding("id \N{HORIZONTAL ELLIPSIS} is not a valid bigint", "rows", 4,
            (f"{BRONZE}/sales/2023/a.csv, row 3", f"{BRONZE}/sales/2024/a.csv, row 3",
             f"{BRONZE}/sales/2024/a.csv, row 4")),
    Finding("id is missing", "rows", 1, (f"{BRONZE}/sales/2024/a.csv, row 5",)),
    Finding("not 2 cells", "rows", 1, (f"{BRONZE}/sales/2024/a.csv, row 6",)),
]  # fmt: skip


def validated(job_class: type[BaseGlueJob], prefix: str = "") -> list[Finding]:
    with structlog.testing.capture_logs():
        return job_class("job", {"env": "test"}).validate(prefix)


def test_findings_are_listed_by_reason_with_their_first_places_and_nothing_is_written(
    lake: Lake,
) -> None:
    upload_all(lake)

    class Failing(job(".csv", "csv", "id BIGINT NOT NULL, name STRING")):  # type: ignore[misc]
        bad_rows_limit: ClassVar = 0.0

        def transform(self, df: DataFrame) -> DataFrame:
            raise AssertionError("nothing is transformed")

    assert validated(Failing) == FINDINGS
    assert not [*(lake.root / "data-lake-test-silver").rglob("*")]


def test_a_finding_names_the_option_that_would_read_its_first_row(lake: Lake) -> None:
    lake.upload("sales/a.csv", "id,day\n1,31.12.2024\n2,30.12.2024\n3,x\n")

    [finding] = validated(job(".csv", "csv", "id BIGINT, day DATE"))

    assert (finding.count, finding.reason) == (
        3,
        "day \N{HORIZONTAL ELLIPSIS} is not a valid date "
        '(options={"dateFormat": "dd.MM.yyyy"} or {"dateFormat": "d.M.yyyy"} would read it)',
    )


def test_a_prefix_limits_what_is_judged(lake: Lake) -> None:
    upload_all(lake)
    job_class = job(".csv", "csv")

    [finding] = validated(job_class, "sales/2023/")

    assert finding.first == (f"{BRONZE}/sales/2023/a.csv, row 3",)
    with pytest.raises(SourceNotFoundError, match="expected data"):
        validated(job_class, "sales/2025/")


def test_all_sources_and_routes_are_judged(lake: Lake) -> None:
    class Routed(BaseGlueJob):
        sources: ClassVar = (
            Source("sales/", ".csv", "csv", "id BIGINT", routes={"late_*": "late"}),
            Source("stock/", ".jsonl", "jsonl", "id BIGINT"),
        )

        def extract(self) -> DataFrame:
            return self.load_data("sales")

        def transform_late(self, df: DataFrame) -> DataFrame:
            return df

    lake.upload("sales/a.csv", "id\nx\n")
    lake.upload("sales/late_a.csv", "id\ny\n")
    lake.upload("stock/a.jsonl", '{"id": 1}\n{"id": "x"}\n')

    found = [(finding.count, finding.first) for finding in validated(Routed)]

    assert sorted(found) == [
        (1, (f"{BRONZE}/sales/a.csv, row 2",)),
        (1, (f"{BRONZE}/sales/late_a.csv, row 2",)),
        (1, (f"{BRONZE}/stock/a.jsonl, row 2",)),
    ]


def test_a_job_without_declared_sources_is_judged_by_what_it_loads(lake: Lake) -> None:
    class Undeclared(BaseGlueJob):
        def extract(self) -> DataFrame:
            return self.load_data("sales")

    lake.upload("sales/a.csv", "id,name\n1\n")

    [finding] = validated(Undeclared)

    assert finding.reason == "not 2 cells"


def test_a_file_that_cannot_be_read_to_its_end_is_among_the_findings(lake: Lake) -> None:
    lake.upload("sales/a.csv.gz", GZIPPED[:-40])
    lake.upload("sales/b.csv.gz", GZIPPED)

    [finding] = validated(job(".csv.gz", "csv"))

    assert (finding.kind, finding.first) == ("files", (f"{BRONZE}/sales/a.csv.gz",))


@pytest.mark.parametrize(("argument", "files"), [("*", 2), ("sales/2023/", 1)])
def test_an_argument_makes_a_run_on_glue_validate(
    lake: Lake, argument: str, files: int, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glue_runtime.base_job.on_glue", lambda: True)
    lake.upload("sales/2023/a.csv", "id,name\nx,b\n")
    lake.upload("sales/2024/a.csv", "id,name\n1,b\n")

    job(".csv", "csv").main("job", ["--env", "test", "--validate", argument])

    entries = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[0] == "{"]
    [entry] = [entry for entry in entries if entry["event"] == "validated"]
    assert (entry["files"], entry["rows"], entry["invalid_rows"]) == (files, files, 1)
    assert entry["findings"][0]["first"] == [f"{BRONZE}/sales/2023/a.csv, row 2"]
