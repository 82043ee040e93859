"""Exact reading on Spark: bytes arrive as they are in the file, and rows come back with verdicts."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as t

from glue_runtime.input.exact import csv_lines, frames, inference
from glue_runtime.input.exact.csv_lines import Layout
from glue_runtime.input.exact.dialect import Dialect
from glue_runtime.input.exact.frames import (
    NUMBER,
    RAW,
    REASON,
    VALUE,
    VERDICT,
    csv_file_rows,
    csv_rows,
    json_rows,
    read_apart,
    shape_apart,
)
from glue_runtime.input.exact.verdicts import BREAKS_FILE, FITS, HEADER, INVALID

PEOPLE = Layout(
    (t.StructField("id", t.LongType()), t.StructField("name", t.StringType())),
    b"id,name",
    ("id", "name"),
)


def values(rows: DataFrame) -> list[tuple]:
    fitting = rows.where(F.col(VERDICT) == FITS).drop(VERDICT, REASON, RAW)
    return sorted(tuple(row) for row in fitting.collect())


def faults(rows: DataFrame, *others: str) -> list[tuple]:
    found = rows.where(F.col(VERDICT) != FITS).select(*others, VERDICT, REASON, RAW).collect()
    return sorted((tuple(row) for row in found), key=repr)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_of_files_become_rows_and_faults(
    spark: SparkSession, tmp_path: Path, end: bytes
) -> None:
    lines = [
        b"\xef\xbb\xbfid,name",
        b"1,a",
        b"2,caf\xe9",
        b"",
        b'3,"b ""c"""',
        b"x,d",
        b'4,"e',
        b"5,6,7",
    ]
    (tmp_path / "a.csv").write_bytes(end.join(lines))
    read = spark.read.text(str(tmp_path)).withColumn("file", F.lit("a.csv"))

    rows = csv_rows(read, PEOPLE, explained=True)

    assert values(rows) == [("a.csv", 1, "a", None), ("a.csv", 3, 'b "c"', None)]
    assert faults(rows, "file") == [
        ("a.csv", HEADER, "the header again", "id,name"),
        ("a.csv", INVALID, "id x is not a valid bigint", "x,d"),
        ("a.csv", INVALID, "not 2 cells", "5,6,7"),
        ("a.csv", INVALID, "not UTF-8", "2,caf\ufffd"),
        ("a.csv", BREAKS_FILE, "a quote that is left open", '4,"e'),
    ]


def test_many_lines_of_many_files_are_each_read_once(spark: SparkSession, tmp_path: Path) -> None:
    for file in range(3):
        lines = "".join(f'{file * 10**6 + row},"name, {row}"\n' for row in range(30_000))
        (tmp_path / f"{file}.csv").write_text(f"id,name\n{lines}x,y\n")

    rows = csv_rows(spark.read.text(str(tmp_path)), PEOPLE, explained=True)

    assert rows.where(F.col(VERDICT) == FITS).agg(
        F.count("id"), F.sum("id"), F.countDistinct("id"), F.min("name")
    ).first() == (90_000, 30_000 * 3 * 10**6 + 3 * 29_999 * 15_000, 90_000, "name, 0")
    assert len(faults(rows)) == 6


def test_whole_files_become_rows_or_are_doubtful(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'id,name\n1,"a\r\nb"\nx,c\n2,d\n')
    (tmp_path / "b.csv").write_bytes(b'id,name\n1,"a\n2,b\n3,"c\n')
    files = spark.read.format("binaryFile").load(str(tmp_path))
    texts = files.select(
        F.col("content").alias("value"), F.substring_index("path", "/", -1).alias("file")
    )

    rows = csv_file_rows(texts, replace(PEOPLE, dialect=Dialect(spans_lines=True)), explained=True)

    assert values(rows) == [("a.csv", 1, "a\r\nb", 2), ("a.csv", 2, "d", 5)]
    assert faults(rows, "file", NUMBER) == [
        ("a.csv", 1, HEADER, "the header again", "id,name"),
        ("a.csv", 4, INVALID, "id x is not a valid bigint", "x,c"),
        ("b.csv", None, BREAKS_FILE, "text after a closing quote in line 2", None),
    ]


def test_json_texts_become_rows_and_faults(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(
        b'{"id": 1, "name": 1.10}\n\n[{"id": 2}, {"id": "x"}]\n{"name": "caf\xe9"}\n'
    )
    read = spark.read.text(str(tmp_path))

    rows = json_rows(read, PEOPLE.fields, declared=True, explained=True)

    assert values(rows) == [(1, "1.10", 1), (2, None, 1)]
    assert faults(rows, NUMBER) == [
        (1, INVALID, "not UTF-8", '{"name": "caf\ufffd"}'),
        (2, INVALID, "id x is not a valid bigint", '{"id":"x"}'),
    ]


def test_every_type_arrives_in_the_table_as_it_is_in_the_file(
    spark: SparkSession, tmp_path: Path
) -> None:
    # As every run sets it: days before 1582 are written as they are.
    for kind in ("datetime", "int96"):
        spark.conf.set(f"spark.sql.parquet.{kind}RebaseModeInWrite", "CORRECTED")
    ddl = (
        "b BOOLEAN, i1 TINYINT, i2 SMALLINT, i4 INT, i8 BIGINT, f FLOAT, d DOUBLE, "
        "n DECIMAL(38, 18), day DATE, at TIMESTAMP, local TIMESTAMP_NTZ, s STRING, x BINARY"
    )
    schema = t._parse_datatype_string(ddl)
    assert isinstance(schema, t.StructType)
    names = tuple(schema.names)
    layout = Layout(tuple(schema.fields), ",".join(names).encode(), names)
    line = (
        "true,-128,32767,-2147483648,9223372036854775807,0.1,0.1,1.123456789012345678,"
        "0001-01-01,1899-12-30T00:00:00.000001Z,9999-12-31 23:59:59.999999,007,é"
    )
    (tmp_path / "a.csv").write_text(f"{','.join(names)}\n{line}\n{',' * 12}\n")

    rows = csv_rows(spark.read.text(str(tmp_path)), layout, explained=False)
    rows.where(F.col(VERDICT) == FITS).drop(VERDICT).write.parquet(str(tmp_path / "table"))

    table = spark.read.parquet(str(tmp_path / "table"))
    assert table.schema == schema
    texts = [F.col(name).cast("string") for name in names]
    [nothing, row] = sorted(table.select(*texts).collect(), key=lambda one: one[0] is not None)
    assert tuple(nothing) == (None,) * 13
    assert tuple(row) == (
        "true", "-128", "32767", "-2147483648", "9223372036854775807", "0.1", "0.1",
        "1.123456789012345678", "0001-01-01", "1899-12-30 00:00:00.000001",
        "9999-12-31 23:59:59.999999", "007", "é",
    )  # fmt: skip


def test_a_text_that_ends_the_reader_breaks_its_file_and_no_other() -> None:
    fields = [t.StructField("id", t.LongType())]
    files = ["a", "b", "b", "a", "a"]
    batch = pa.record_batch(
        [pa.array(files), pa.array([b"1", b"2", b"666", b"3", b"4"])], names=["file", VALUE]
    )

    def read(some: pa.RecordBatch) -> frames.Found:
        if b"666" in some[VALUE].to_pylist():
            raise ZeroDivisionError("666")
        return frames.Found(
            some, csv_lines.read(some[VALUE], Layout(tuple(fields), b"id", ("id",)))
        )

    found = [each.as_batch(fields, explained=True) for each in read_apart(batch, fields, read)]

    rows = [row for each in found for row in each.to_pylist()]
    assert [(row["file"], row["id"], row[VERDICT], row[REASON]) for row in rows] == [
        ("a", 1, FITS, None),
        ("b", 2, FITS, None),
        ("b", None, BREAKS_FILE, "what cannot be read (ZeroDivisionError: 666)"),
        ("a", 3, FITS, None),
        ("a", 4, FITS, None),
    ]


def test_a_text_that_ends_the_reader_says_nothing_of_the_types() -> None:
    def shape_of(texts: pa.Array) -> inference.Shape:
        if b"666" in texts.to_pylist():
            raise ZeroDivisionError("666")
        return {"struct": {"id": inference.shape_of_texts(texts.cast(pa.string()))}}

    assert shape_apart(pa.array([b"1", b"666", b"2.5"]), shape_of) == {"struct": {"id": ["double"]}}
