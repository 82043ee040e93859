"""Files whose columns move: new ones, missing ones, and those that are in the names of folders."""

import io
import json
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import orc, parquet

from glue_runtime import Source
from glue_runtime.errors import ArgumentError, JobError, UnreadableSourceError
from glue_runtime.testing import Lake, Run, run_for, run_scheduled
from test_bad_input import aside, job

Rows = list[dict[str, Any]]


def csv_of(rows: Rows) -> bytes:
    lines = [",".join(rows[0]), *(",".join(str(v) for v in row.values()) for row in rows)]
    return "".join(f"{line}\n" for line in lines).encode()


def jsonl_of(rows: Rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def json_of(rows: Rows) -> bytes:
    return json.dumps(rows).encode()


def parquet_of(rows: Rows) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


def orc_of(rows: Rows) -> bytes:
    stream = io.BytesIO()
    orc.write_table(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


WRITERS = {"csv": csv_of, "jsonl": jsonl_of, "json": json_of, "parquet": parquet_of, "orc": orc_of}
FORMATS = pytest.mark.parametrize("name", WRITERS)
SCHEMA = "id BIGINT, name STRING"


def table(lake: Lake) -> Rows:
    paths = sorted((lake.root / "data-lake-test-silver/job").rglob("*.parquet"))
    rows = [row for path in paths for row in parquet.ParquetFile(path).read().to_pylist()]
    return sorted(
        ({k: v for k, v in row.items() if k != "source_object"} for row in rows),
        key=lambda row: row["id"],
    )


def both(lake: Lake, name: str, options: dict[str, str], schema: str, content: bytes) -> list[Run]:
    """A scheduled run over two files, and then an event run over the one with this content."""
    lake.upload(f"sales/good.{name}", WRITERS[name]([{"id": 100, "name": "ok"}]))
    uploaded = lake.upload(f"sales/new.{name}", content)
    job_class = job(f".{name}", name, schema, options=options)
    return [run_scheduled(job_class, "job"), run_for(job_class, "job", uploaded)]


MORE = [{"id": 1, "name": "a", "note": 'n"1', "source_id": 7}, {"id": 2, "name": "b", "note": "n2", "source_id": 8}]  # fmt: skip
PLAIN = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 100, "name": "ok"}]


def content_of(name: str) -> bytes:
    if name == "csv":
        return b'id,name,note,source_id\n1,a,"n""1",7\n2,b,n2,8\n'
    return WRITERS[name](MORE)


@FORMATS
def test_new_columns_are_ignored_where_that_is_declared_and_counted(lake: Lake, name: str) -> None:
    runs = both(lake, name, {"schemaEvolutionMode": "none"}, SCHEMA, content_of(name))

    assert table(lake) == PLAIN
    assert [
        run.event(f"loaded_{kind}")["rows_with_new_columns"]
        for run, kind in zip(runs, ("directory_data", "event_file"), strict=True)
    ] == [2, 2]


@FORMATS
def test_new_columns_are_rescued_as_json(lake: Lake, name: str) -> None:
    both(lake, name, {"schemaEvolutionMode": "rescue"}, SCHEMA, content_of(name))

    rescued = {row["id"]: row["_rescued_data"] for row in table(lake)}
    assert rescued[100] is None
    number: Any = str if name == "csv" else int
    assert json.loads(rescued[1]) == {"note": 'n"1', "source_id": number(7)}


def test_the_column_of_rescued_data_has_the_name_that_is_declared(lake: Lake) -> None:
    both(lake, "jsonl", {"rescuedDataColumn": "rest"}, SCHEMA, jsonl_of([{"id": 1, "n": 1.10}]))

    assert table(lake)[0] == {"id": 1, "name": None, "rest": '{"n":1.1}'}


@FORMATS
def test_new_columns_become_columns_of_the_table(lake: Lake, name: str) -> None:
    rows = [{"id": 1, "name": "a", "note": "n1"}]

    both(lake, name, {"schemaEvolutionMode": "addNewColumns"}, SCHEMA, WRITERS[name](rows))

    found = {row["id"]: row.get("note") for row in table(lake)}
    assert found == {1: "n1", 100: None}


@FORMATS
def test_a_new_column_is_refused_unless_something_else_is_declared(lake: Lake, name: str) -> None:
    with pytest.raises(UnreadableSourceError, match=r"note.*schemaEvolutionMode"):
        run_for(
            job(f".{name}", name, SCHEMA),
            "job",
            lake.upload(f"sales/a.{name}", WRITERS[name]([{"id": 1, "name": "a", "note": "n"}])),
        )


@FORMATS
def test_a_column_may_be_missing_where_it_is_optional(lake: Lake, name: str) -> None:
    both(
        lake,
        name,
        {},
        f"{SCHEMA}, amount DOUBLE COMMENT 'optional'",
        WRITERS[name]([{"id": 1, "name": "a", "amount": 2.5}]),
    )

    assert {row["id"]: row["amount"] for row in table(lake)} == {1: 2.5, 100: None}


@pytest.mark.parametrize("name", ["csv", "parquet", "orc"])
def test_a_missing_column_is_refused_with_the_mark_that_would_allow_it(
    lake: Lake, name: str
) -> None:
    uploaded = lake.upload(f"sales/a.{name}", WRITERS[name]([{"id": 1}]))

    with pytest.raises(UnreadableSourceError, match=r"it lacks name.*COMMENT 'optional'"):
        run_for(job(f".{name}", name, SCHEMA), "job", uploaded)


def test_an_unnamed_column_is_ignored_or_rescued(lake: Lake) -> None:
    content = b",id,name\n0,1,a\n1,2,b\n"

    both(lake, "csv", {"schemaEvolutionMode": "none"}, SCHEMA, content)
    assert table(lake) == PLAIN

    both(lake, "csv", {"schemaEvolutionMode": "rescue"}, SCHEMA, content)
    assert [row["_rescued_data"] for row in table(lake)] == ['{"_c0":"0"}', '{"_c0":"1"}', None]


def test_an_unnamed_column_does_not_have_the_name_of_another(lake: Lake) -> None:
    options = {"schemaEvolutionMode": "none"}
    for schema, content in (
        (SCHEMA, b",_c0,id,name\n0,1,2,a\n"),
        (f"{SCHEMA}, `_C0` INT COMMENT 'optional'", b",id,name\n0,1,a\n"),
    ):
        uploaded = lake.upload("sales/a.csv", content)
        with pytest.raises(UnreadableSourceError, match="which would be called _c0"):
            run_for(job(".csv", "csv", schema, options=options), "job", uploaded)


def test_a_trailing_separator_is_an_unnamed_column(lake: Lake) -> None:
    both(lake, "csv", {"schemaEvolutionMode": "none"}, SCHEMA, b"id,name,\n1,a,\n2,b,\n")

    assert table(lake) == PLAIN


@FORMATS
def test_folders_are_columns_where_they_are_declared(lake: Lake, name: str) -> None:
    rows = WRITERS[name]([{"id": 1, "name": "a"}])
    uploaded = lake.upload(f"sales/year=2024/region=a%20b/a.{name}", rows)
    lake.upload(f"sales/year=2023/region=c/b.{name}", WRITERS[name]([{"id": 2, "name": "b"}]))
    lake.upload(f"sales/year=x/region=c/c.{name}", WRITERS[name]([{"id": 3, "name": "c"}]))
    lake.upload(f"sales/d.{name}", WRITERS[name]([{"id": 4, "name": "d"}]))
    job_class = job(
        f".{name}",
        name,
        f"year INT, {SCHEMA}, region STRING",
        options={"partitionColumns": "year,region"},
    )

    run = run_scheduled(job_class, "job")

    expected = [
        {"year": 2024, "id": 1, "name": "a", "region": "a b"},
        {"year": 2023, "id": 2, "name": "b", "region": "c"},
    ]
    assert table(lake) == expected
    assert [*table(lake)[0]] == ["year", "id", "name", "region"]
    told = {name: reason for name, (_, reason, _) in aside(lake, run)}
    assert "year x is not a valid int" in told[f"c.{name}"]
    assert "no folder year=" in told[f"d.{name}"]
    run_for(job_class, "job", uploaded)
    assert table(lake) == expected


def test_folders_have_one_meaning(lake: Lake) -> None:
    for folder in (
        "region=100%25 %zz+a/year=1",
        "region=100%",
        "year=1/region=a/region=b",
        "region=a/region=b",
        "region=__HIVE_DEFAULT_PARTITION__",
    ):
        lake.upload(f"sales/{folder}/{folder[-5:].replace('/', '-')}.csv", "id,name\n1,a\n")
    schema = f"{SCHEMA}, region STRING NOT NULL"
    job_class = job(".csv", "csv", schema, options={"partitionColumns": "region"})

    run = run_scheduled(job_class, "job")

    assert sorted(row["region"] for row in table(lake)) == ["100%", "100% %zz+a"]
    reasons = sorted(reason for _, (_, reason, _) in aside(lake, run))
    assert [*map(str, reasons)] == [
        "found 2 folders region= in its path, which partitionColumns declares",
        "found 2 folders region= in its path, which partitionColumns declares",
        "found a folder without a value of region, which is NOT NULL",
    ]


WRONG = [
    ({"schemaEvolutionMode": "drop"}, SCHEMA, "failOnNewColumns"),
    ({"schemaEvolutionMode": "failOnNewColumns", "rescuedDataColumn": "x"}, SCHEMA, "rescue"),
    ({"schemaEvolutionMode": "none"}, None, "expected a schema"),
    ({"partitionColumns": "year"}, None, "expected a schema"),
]


@pytest.mark.parametrize(("options", "schema", "reason"), WRONG)
def test_a_contract_that_cannot_move_so_is_refused(
    options: dict[str, str], schema: str | None, reason: str
) -> None:
    with pytest.raises(ArgumentError, match=reason):
        Source("sales/", ".csv", "csv", schema=schema, options=options)


@pytest.mark.parametrize(
    ("options", "schema", "reason"),
    [
        ({"partitionColumns": "year"}, SCHEMA, "year.*schema"),
        ({"partitionColumns": "name"}, "id INT, name DOUBLE", "STRING"),
        ({}, "id INT NOT NULL COMMENT 'optional'", "NOT NULL"),
        ({"rescuedDataColumn": "id"}, SCHEMA, "rescuedDataColumn"),
        ({"timestampFormat": "epochMillis"}, "id INT, name TIMESTAMP_NTZ", "without a zone"),
    ],
)
def test_a_schema_that_contradicts_its_options_fails_the_run(
    lake: Lake, options: dict[str, str], schema: str, reason: str
) -> None:
    uploaded = lake.upload("sales/a.csv", b"id,name\n1,a\n")

    with pytest.raises(JobError, match=reason):
        run_for(job(".csv", "csv", schema, options=options), "job", uploaded)
