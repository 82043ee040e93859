"""Invalid data is never silently dropped, shifted or nulled: strict fails, lenient quarantines it."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from pyspark.sql import DataFrame, SparkSession

from glue_runtime import BaseGlueJob, Source
from glue_runtime.errors import ArgumentError, BadRowsError, UnreadableSourceError
from glue_runtime.testing import Lake, Run, run_for, run_scheduled

Aside = tuple[int | None, str, str | None]
"""A row of the quarantine: position, reason or its beginning, raw text."""


@dataclass(frozen=True)
class Bad:
    """A file with a fault. rows: the rows of a lenient run. aside: what it quarantines."""

    content: str | bytes
    rows: list[tuple[int | None, str | None]]
    aside: list[Aside]
    suffix: str = ".csv"
    file_format: str = "csv"


def whole(reason: str) -> list[Aside]:
    return [(None, reason, None)]


def csv(text: str, rows: list, aside: list[Aside]) -> Bad:
    return Bad(text, rows, aside)


def unreadable_csv(content: str | bytes, reason: str, suffix: str = ".csv") -> Bad:
    return Bad(content, [], whole(reason), suffix)


def jsonl(text: str, rows: list, aside: list[Aside]) -> Bad:
    return Bad(text, rows, aside, ".jsonl", "jsonl")


def document(text: str, rows: list, aside: list[Aside]) -> Bad:
    return Bad(text, rows, aside, ".json", "json")


LATIN = "id,name\n1,café\n2,b\n".encode("latin-1")
GZIPPED = gzip.compress(b"id,name\n" + b"".join(b"%d,a\n" % i for i in range(9999)))

FAULTS = {
    "a long row": csv("id,name\n1,a\n2,b,c\n", [(1, "a")], [(3, "not 2 cells", "2,b,c")]),
    "a short row": csv("id,name\n1,a\n2\n", [(1, "a")], [(3, "not 2 cells", "2")]),
    "a value of another type": csv(
        "id,name\nx,a\n2,b\n", [(2, "b")], [(2, "id x is not a valid bigint", "x,a")]
    ),
    "a number that is too large": csv(
        "id,name\n99999999999999999999,a\n2,b\n",
        [(2, "b")],
        [(2, "id 99999999999999999999 is not a valid bigint", "99999999999999999999,a")],
    ),
    "a fraction for a whole number": csv(
        "id,name\n1.5,a\n", [], [(2, "id 1.5 is not a valid bigint", "1.5,a")]
    ),
    "the header again": csv("id,name\n1,a\nid,name\n2,b\n", [(1, "a"), (2, "b")],
                            [(3, "the header again", "id,name")]),
    "another encoding": Bad(LATIN, [(2, "b")], [(2, "not UTF-8", "1,caf\ufffd")]),
    "utf-16": unreadable_csv("id,name\n1,a\n".encode("utf-16"), "found UTF-16"),
    "a quoted newline": unreadable_csv(
        'id,name\n1,"a\n2,b\n3,c"\n', "found a quote that is left open in line 2"
    ),
    "a quote that is never closed": unreadable_csv(
        'id,name\n1,"a\n2,b\n', "found a quote that is left open in line 2"
    ),
    "a missing column": unreadable_csv(
        "id\n1\n", "found the columns id; it lacks name"
    ),
    "an unknown column": unreadable_csv(
        "id,name,note\n1,a,n\n", "found the columns id, name, note; it has note too"
    ),
    "a column twice": unreadable_csv("id,name,ID\n1,a,2\n", "found the column 'id' twice"),
    "a column without a name": unreadable_csv("id,,name\n1,a,2\n", "found a column without a name"),
    "no header": unreadable_csv("1,a\n2,b\n", "found the columns 1, a; it lacks id, name"),
    "another separator": unreadable_csv("id;name\n1;a\n", "found the columns id;name; it lacks"),
    "an empty csv file": unreadable_csv("", "found an empty file"),
    "gzip without its suffix": unreadable_csv(GZIPPED, "found gzip data"),
    "a gzip suffix without gzip": unreadable_csv(
        "id,name\n1,a\n", "found a name that ends in .gz, but no gzip data", ".csv.gz"
    ),
    "a truncated gzip file": unreadable_csv(
        GZIPPED[:-40], "found that it cannot be read to its end", ".csv.gz"
    ),
    "a gzip file with another checksum": unreadable_csv(
        GZIPPED[:-8] + b"\0" * 8, "found that it cannot be read to its end", ".csv.gz"
    ),
    "json lines as a json document": document(
        '{"id": 1, "name": "a"}\n{"id": 2, "name": "b"}\n', [],
        [(1, "not one JSON object with each name once", '{"id": 1, "name": "a"}\n{"id": 2, "name": "b"}\n')],
    ),
    "garbage after a document": document(
        '{"id": 1, "name": "a"} x', [], [(1, "not one JSON object with each name once", '{"id": 1, "name": "a"} x')]
    ),
    "one wrong record of an array": document(
        '[{"id": 1, "name": "a"}, {"id": "x", "name": "b"}, null]',
        [(1, "a")],
        [(2, "id x is not a valid bigint", '{"id":"x","name":"b"}'), (3, "not one JSON object with each name once", "null")],
    ),
    "an empty json file": Bad("", [], whole("found an empty file"), ".json", "json"),
    "a malformed line": jsonl(
        '{"id": 1, "name": "a"}\n{"id":\n', [(1, "a")], [(2, "not one JSON object with each name once", '{"id":')]
    ),
    "two records on a line": jsonl(
        '{"id": 1}{"id": 2}\n{"id": 3}\n', [(3, None)],
        [(1, "not one JSON object with each name once", '{"id": 1}{"id": 2}')],
    ),
    "a json value of another type": jsonl(
        '{"id": "x"}\n{"id": 2}\n', [(2, None)], [(1, "id x is not a valid bigint", '{"id": "x"}')]
    ),
    "an unknown json field": jsonl(
        '{"id": 1, "note": "n"}\n{"id": 2}\n', [(2, None)],
        [(1, "unexpected note", '{"id": 1, "note": "n"}')],
    ),
    "a json field of another case": jsonl(
        '{"ID": 1}\n{"id": 2}\n', [(2, None)], [(1, "unexpected ID", '{"ID": 1}')]
    ),
    "a json field twice": jsonl(
        '{"id": 1, "id": 2}\n{"id": 3}\n', [(3, None)],
        [(1, "not one JSON object with each name once", '{"id": 1, "id": 2}')],
    ),
    "no parquet": Bad("no parquet at all", [], whole("found no PARQUET data"), ".parquet", "parquet"),
    "an empty parquet file": Bad("", [], whole("found an empty file"), ".parquet", "parquet"),
    "no orc": Bad("no orc at all", [], whole("found no ORC data"), ".orc", "orc"),
}  # fmt: skip


GOOD = {
    "csv": b"id,name\n100,ok\n",
    "json": b'[{"id": 100, "name": "ok"}]',
    "jsonl": b'{"id": 100, "name": "ok"}\n',
}


def job(
    suffix: str, file_format: str, schema: str | None = "id BIGINT, name STRING", **more: Any
) -> type[BaseGlueJob]:
    """A job that takes what it loads, with any share of bad rows."""
    source = Source("sales/", suffix, file_format, schema=schema, **more)

    class Taking(BaseGlueJob):
        sources: ClassVar = (source,)
        bad_rows_limit: ClassVar = 1.0

        def extract(self) -> DataFrame:
            return self.load_data("sales")

    return Taking


def upload_good(lake: Lake, suffix: str, file_format: str) -> None:
    if file_format in GOOD:
        content = GOOD[file_format]
        lake.upload(f"sales/good{suffix}", gzip.compress(content) if ".gz" in suffix else content)
    else:
        write(lake, "good", file_format, "100L AS id", "'ok' AS name")


def write(lake: Lake, name: str, file_format: str, *columns: str, rows: int = 1) -> None:
    """Put a file of a typed format into the bronze bucket."""
    folder = lake.root / "data-lake-test-gold" / name
    lake.spark.range(rows).selectExpr(*columns).coalesce(1).write.format(file_format).save(
        str(folder)
    )
    [part] = folder.glob("part-*")
    lake.upload(f"sales/{name}.{file_format}", part.read_bytes())


def table(lake: Lake, name: str = "job") -> list[tuple]:
    rows = lake.read(f"s3://data-lake-test-silver/{name}").select("id", "name").collect()
    return sorted((tuple(row) for row in rows), key=str)


def aside(lake: Lake, run: Run) -> list[tuple[str, Aside]]:
    """The quarantined rows, each with the name of its file."""
    rows = lake.read(run.job.quarantine_uri).orderBy("source_object", "position").collect()
    assert all(row.run_id == run.job.job_run_id for row in rows)
    return [
        (row.source_object.rpartition("/")[2], (row.position, row.reason, row.raw_text))
        for row in rows
    ]


def of_suffix(cases: Mapping[str, Bad]) -> dict[str, dict[str, Bad]]:
    """The cases whose files have the same suffix, by that suffix: they share a directory."""
    found: dict[str, dict[str, Bad]] = {}
    for name, bad in cases.items():
        found.setdefault(bad.suffix, {})[name] = bad
    return found


def by_file(lake: Lake) -> dict[str, list[tuple]]:
    """The rows of the table, by the name of the file that they are of."""
    found: dict[str, list[tuple]] = {}
    columns = ("source_object", "id", "name")
    for row in lake.read("s3://data-lake-test-silver/job").select(*columns).collect():
        found.setdefault(row.source_object.rpartition("/")[2], []).append((row.id, row.name))
    return {name: sorted(rows, key=str) for name, rows in found.items()}


@pytest.mark.parametrize("fault", FAULTS)
def test_strict_fails_names_file_and_row_and_writes_nothing(lake: Lake, fault: str) -> None:
    bad = FAULTS[fault]

    uploaded = lake.upload(f"sales/bad{bad.suffix}", bad.content)
    with pytest.raises(UnreadableSourceError, match=r"expected .* found") as failure:
        run_for(job(bad.suffix, bad.file_format), "job", uploaded)

    assert uploaded.uri in str(failure.value)
    assert "\tat " not in str(failure.value)
    assert not [*(lake.root / "data-lake-test-silver").rglob("*.parquet")]
    [(position, reason, _), *_] = bad.aside
    if position:
        assert f"row {position} of {uploaded.uri} ({reason}" in str(failure.value)


def test_strict_leaves_the_table_as_it_was(lake: Lake) -> None:
    upload_good(lake, ".csv", "csv")
    run_scheduled(job(".csv", "csv"), "job")

    for number, (_, bad) in enumerate(sorted(of_suffix(FAULTS)[".csv"].items())[:3]):
        uploaded = lake.upload(f"sales/bad{number}.csv", bad.content)
        with pytest.raises(UnreadableSourceError):
            run_for(job(".csv", "csv"), "job", uploaded)

    assert table(lake) == [(100, "ok")]


@pytest.mark.parametrize("suffix", of_suffix(FAULTS))
def test_lenient_quarantines_what_does_not_fit_and_goes_on(lake: Lake, suffix: str) -> None:
    cases = of_suffix(FAULTS)[suffix]
    file_format = next(iter(cases.values())).file_format
    upload_good(lake, suffix, file_format)
    for fault, bad in cases.items():
        lake.upload(f"sales/{fault}{suffix}", bad.content)

    for _ in range(2):
        run = run_scheduled(job(suffix, file_format), "job")

    rows, quarantined = by_file(lake), aside(lake, run)
    assert rows.pop(f"good{suffix}") == [(100, "ok")]
    for fault, bad in cases.items():
        assert rows.pop(f"{fault}{suffix}", []) == sorted(bad.rows, key=str), fault
        found = [each for name, each in quarantined if name == f"{fault}{suffix}"]
        assert len(found) == len(bad.aside), fault
        for one, expected in zip(found, bad.aside, strict=True):
            assert (one[0], one[2]) == (expected[0], expected[2]), fault
            assert one[1].startswith(expected[1]), fault
    assert rows == {}
    written = run.event("data_written")
    assert written["rows_read"] == written["rows_written"] + written["rows_quarantined"]
    total = written["rows_quarantined"] + written["files_quarantined"]
    assert total == len(quarantined) == sum(len(bad.aside) for bad in cases.values())


FINE: Mapping[str, tuple[str, str, str | bytes, list[tuple]]] = {
    "a byte order mark": (".csv", "csv", "\ufeffid,name\n1,a\n", [(1, "a")]),
    "a byte order mark in json": (".json", "json", '\ufeff{"id": 1, "name": "a"}', [(1, "a")]),
    "a byte order mark in json lines": (".jsonl", "jsonl", '\ufeff{"id": 1}\n', [(1, None)]),
    "another order of columns": (".csv", "csv", "name,id\na,1\n", [(1, "a")]),
    "other cases in the header": (".csv", "csv", "ID,Name\n1,a\n", [(1, "a")]),
    "only a header": (".csv", "csv", "id,name\n", []),
    "no lines at all": (".jsonl", "jsonl", "", []),
    "an empty array": (".json", "json", "[]", []),
    "quotes in quotes": (".csv", "csv", 'id,name\n1,"a ""b"", c"\n', [(1, 'a "b", c')]),
    "a lone quote": (".csv", "csv", 'id,name\n1,27"\n', [(1, '27"')]),
    "blank lines": (".csv", "csv", "\nid,name\n\n1,a\n  \n", [(1, "a")]),
    "windows line ends": (".csv", "csv", "id,name\r\n1,a\r\n", [(1, "a")]),
    "a replacement character": (".csv", "csv", "id,name\n1,\ufffd\n", [(1, "\ufffd")]),
    "a record without a field": (".jsonl", "jsonl", '{"id": 1}\n', [(1, None)]),
}  # fmt: skip


@pytest.mark.parametrize("suffix", sorted({case[0] for case in FINE.values()}))
def test_what_only_looks_odd_is_read_whole_in_both_ways(lake: Lake, suffix: str) -> None:
    cases = {name: case for name, case in FINE.items() if case[0] == suffix}
    [file_format] = {case[1] for case in cases.values()}
    expected = {f"{name}{suffix}": rows for name, (*_, rows) in cases.items() if rows}

    for name, (*_, content, _) in cases.items():
        uploaded = lake.upload(f"sales/{name}{suffix}", content)
        run_for(job(suffix, file_format), "job", uploaded)
    by_event = by_file(lake)
    run_scheduled(job(suffix, file_format), "job")

    assert by_event == by_file(lake) == expected


def test_a_directory_of_other_column_orders_keeps_every_value_in_its_column(lake: Lake) -> None:
    lake.upload("sales/a.csv", "id,name\n1,a\n")
    lake.upload("sales/b.csv", "name,id\nb,2\n")

    for schema in ("id BIGINT, name STRING", None):
        run_scheduled(job(".csv", "csv", schema), "job")

        assert table(lake) == [(1, "a"), (2, "b")]


@pytest.mark.parametrize("file_format", ["parquet", "orc"])
@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (["1L AS id"], "found the columns id; it lacks name"),
        (["1L AS id", "'a' AS name", "2 AS note"], "it has note too"),
        (
            ["'x' AS id", "'a' AS name"],
            "found the column id as string, which does not fit into bigint",
        ),
        (
            ["1.5D AS id", "'a' AS name"],
            "found the column id as double, which does not fit into bigint",
        ),
    ],
)
def test_a_typed_file_of_other_columns_is_refused_or_quarantined(
    lake: Lake, file_format: str, columns: list[str], reason: str
) -> None:
    upload_good(lake, f".{file_format}", file_format)
    write(lake, "bad", file_format, *columns)
    job_class = job(f".{file_format}", file_format)

    run = run_scheduled(job_class, "job")

    assert table(lake) == [(100, "ok")]
    [(_, (_, told, _))] = aside(lake, run)
    assert reason in told
    with pytest.raises(UnreadableSourceError, match=reason):
        run_for(job_class, "job", lake.upload(f"sales/bad.{file_format}", file(lake, file_format)))


def file(lake: Lake, file_format: str) -> bytes:
    return (lake.root / f"data-lake-test-bronze/sales/bad.{file_format}").read_bytes()


@pytest.mark.parametrize("file_format", ["parquet", "orc"])
def test_a_narrower_type_is_widened_without_loss(lake: Lake, file_format: str) -> None:
    write(lake, "narrow", file_format, "'a' AS name", "7 AS id")

    run_scheduled(job(f".{file_format}", file_format), "job")

    assert table(lake) == [(7, "a")]


@pytest.mark.parametrize("file_format", ["parquet", "orc"])
def test_a_truncated_typed_file_is_quarantined(lake: Lake, file_format: str) -> None:
    upload_good(lake, f".{file_format}", file_format)
    write(lake, "bad", file_format, "id", "'a' AS name", rows=2000)
    lake.upload(f"sales/bad.{file_format}", file(lake, file_format)[:-400])

    run = run_scheduled(job(f".{file_format}", file_format), "job")

    assert table(lake) == [(100, "ok")]
    assert [name for name, _ in aside(lake, run)] == [f"bad.{file_format}"]


@pytest.mark.parametrize("name", ["_a.csv", ".a.csv", "_temporary/0/a.csv"])
def test_a_hidden_file_of_a_directory_is_not_passed_over(lake: Lake, name: str) -> None:
    lake.upload("sales/good.csv", GOOD["csv"])
    path = lake.root / "data-lake-test-bronze/sales" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("id,name\n1,a\n")

    run = run_scheduled(job(".csv", "csv"), "job")

    assert table(lake) == [(100, "ok")]
    [(_, (_, reason, _))] = aside(lake, run)
    assert "a key that Spark cannot read: Spark treats" in reason


def test_a_missing_value_of_a_column_that_must_have_one_does_not_fit(lake: Lake) -> None:
    for suffix, content in [
        (".csv", "id,name\n,a\n2,b\n"),
        (".jsonl", '{"name": "a"}\n{"id": 2, "name": "b"}\n'),
    ]:
        lake.upload(f"sales/a{suffix}", content)
        run = run_scheduled(job(suffix, suffix[1:], "id BIGINT NOT NULL, name STRING"), "job")

        assert table(lake) == [(2, "b")]
        [(_, (_, reason, _))] = aside(lake, run)
        assert reason == "id is missing"


def test_cells_may_span_lines_where_that_is_declared(lake: Lake) -> None:
    job_class = job(".csv", "csv", multiline=True)
    lake.upload("sales/a.csv", 'id,name\n1,"a\n2,b"\n3,"c"\nx,d\n')
    lake.upload("sales/b.csv", 'id,name\n4,"d\n5,e\n')

    run = run_scheduled(job_class, "job")

    assert table(lake) == [(1, "a\n2,b"), (3, "c")]
    [(_, first), (other, second)] = aside(lake, run)
    assert first == (5, "id x is not a valid bigint", "x,d")
    assert other == "b.csv"
    assert second[1] == "found a quote that is left open in line 2"


@pytest.mark.parametrize("multiline", [False, True])
def test_a_wrong_value_in_a_column_that_the_job_drops_is_found(lake: Lake, multiline: bool) -> None:
    class Dropping(job(".csv", "csv", multiline=multiline)):  # type: ignore[misc]
        def transform(self, df: DataFrame) -> DataFrame:
            return df.select("name", "source_object")

    with pytest.raises(BadRowsError, match="id x is not a valid bigint"):
        run_for(Dropping, "job", lake.upload("sales/a.csv", "id,name\nx,a\n"))


def test_a_source_of_many_lines_a_cell_needs_a_schema() -> None:
    with pytest.raises(ArgumentError, match="expected multiline=True for CSV files with a schema"):
        job(".csv", "csv", None, multiline=True)


def test_lenient_fails_above_its_limit_and_changes_nothing(lake: Lake) -> None:
    class Limited(job(".csv", "csv")):  # type: ignore[misc]
        bad_rows_limit: ClassVar = 0.25

    lake.upload("sales/a.csv", "id,name\n1,a\n2,b\n3,c\nx,d\n")
    run_scheduled(Limited, "job")
    before = table(lake)

    lake.upload("sales/a.csv", "id,name\n5,e\nx,d\ny,e\n")
    with pytest.raises(BadRowsError, match=r"expected at most 25% of the rows .* found 2 of 3"):
        run_scheduled(Limited, "job")

    assert table(lake) == before == [(1, "a"), (2, "b"), (3, "c")]


def test_a_lenient_run_without_any_readable_file_fails(lake: Lake) -> None:
    lake.upload("sales/a.csv", "")

    with pytest.raises(UnreadableSourceError, match="found an empty file"):
        run_scheduled(job(".csv", "csv"), "job")


def test_a_corrected_file_clears_its_quarantine(lake: Lake) -> None:
    job_class = job(".csv", "csv")
    lake.upload("sales/a.csv", "id,name\n1,a\nx,b\n")
    lake.upload("sales/b.csv", "id,name\ny,c\n")
    run = run_scheduled(job_class, "job")
    assert [name for name, _ in aside(lake, run)] == ["a.csv", "b.csv"]

    run_for(job_class, "job", lake.upload("sales/a.csv", "id,name\n1,a\n2,b\n"))

    left = lake.read(run.job.quarantine_uri).collect()
    assert [row.source_object.rpartition("/")[2] for row in left] == ["b.csv"]


def test_a_job_declares_its_policies(lake: Lake) -> None:
    class Reversed(job(".csv", "csv")):  # type: ignore[misc]
        bad_rows: ClassVar = {"s3_event": "lenient", "scheduled": "strict"}

    uploaded = lake.upload("sales/a.csv", "id,name\n1,a\nx,b\n")
    run_for(Reversed, "job", uploaded)
    assert table(lake) == [(1, "a")]

    with pytest.raises(BadRowsError, match=f"row 3 of {uploaded.uri}"):
        run_scheduled(Reversed, "job")


@pytest.mark.parametrize("declared", [{"scheduled": "loose"}, {"event": "strict"}])
def test_an_unknown_policy_is_refused(declared: dict[str, str]) -> None:
    class Misspelt(job(".csv", "csv")):  # type: ignore[misc]
        bad_rows: ClassVar = declared

    with pytest.raises(ArgumentError, match='expected "strict" or "lenient"'):
        Misspelt("job", {"env": "test"})


def test_bad_rows_of_a_lookup_fail_a_strict_run_too(lake: Lake) -> None:
    class Enriched(job(".csv", "csv")):  # type: ignore[misc]
        def transform(self, df: DataFrame) -> DataFrame:
            return df.join(self.load_data("customers"), "id")

    lake.upload("customers/a.csv", "id,n\n1,1\n2,2,2\n")

    with pytest.raises(BadRowsError, match=r"row 3 of .*customers/a\.csv"):
        run_for(Enriched, "job", lake.upload("sales/a.csv", "id,name\n1,a\n"))


def test_ansi_mode_of_the_session_makes_no_difference(lake: Lake) -> None:
    lake.upload("sales/a.csv", "id,name\n1,a\nx,b\n")
    lake.spark.conf.set("spark.sql.ansi.enabled", "true")

    run = run_scheduled(job(".csv", "csv"), "job")

    assert table(lake) == [(1, "a")]
    assert [one for _, one in aside(lake, run)] == [(3, "id x is not a valid bigint", "x,b")]


def test_good_data_costs_one_query_and_one_pass(lake: Lake, spark: SparkSession) -> None:
    uploaded = lake.upload("sales/a.csv", "id,name\n1,a\n")

    def executions() -> int:
        """The number of the newest query: Spark keeps a thousand, so their count may not grow."""
        listed = spark._jsparkSession.sharedState().statusStore().executionsList().iterator()
        numbers = [-1]
        while listed.hasNext():
            numbers.append(listed.next().executionId())
        return max(numbers)

    for start in (
        lambda: run_for(job(".csv", "csv"), "job", uploaded),
        lambda: run_scheduled(job(".csv", "csv"), "job"),
    ):
        before = executions()
        run = start()

        assert executions() - before == 1
        assert run.event("data_written")["rows_read"] == 1


def test_the_log_counts_what_was_quarantined(lake: Lake) -> None:
    lake.upload("sales/a.csv", "id,name\n1,a\nx,b\n3,c\n")
    lake.upload("sales/b.csv", "")

    run = run_scheduled(job(".csv", "csv"), "job")

    loaded, written = run.event("loaded_directory_data"), run.event("data_written")
    assert (loaded["row_count"], loaded["rows_quarantined"], loaded["files_quarantined"]) == (
        3,
        1,
        1,
    )
    assert (written["rows_read"], written["rows_quarantined"], written["rows_written"]) == (3, 1, 2)
    assert json.dumps(run.event("quarantined")["files"])
