"""Files as other programs write them, and other projects test with: each is read exactly, or refused.

What is right says Python's own gzip, csv and json, or pyarrow.
"""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from glue_runtime.errors import ArgumentError, UnreadableSourceError
from glue_runtime.input.formats import orc
from glue_runtime.testing import Lake, run_for
from test_bad_input import job
from test_typed_files import as_orc, as_parquet

ROWS = b"id,name\n1,a\n2,b\n"

MEMBERS = {
    "a header in two members": [ROWS[:5], ROWS[5:]],
    "an empty member first": [b"", ROWS],
    "a member of blank lines first": [b"\n\n", ROWS],
    "a member of a byte order mark first": [b"\xef\xbb\xbf", ROWS],
    "a member a line": [b"id,name\n", b"1,a\n", b"2,b\n"],
}


def rows(lake: Lake, output: str) -> list[dict[str, Any]]:
    df = lake.read(output).drop("source_object", "source_id")
    return [row.asDict(recursive=True) for row in df.collect()]


@pytest.mark.parametrize("multiline", [False, True])
def test_a_gzip_file_is_all_of_its_members(lake: Lake, multiline: bool) -> None:
    for name, members in MEMBERS.items():
        data = b"".join(map(gzip.compress, members))
        uploaded = lake.upload("sales/a.csv.gz", data)

        job_class = job(".csv.gz", "csv", "id BIGINT, name STRING", multiline=multiline)
        run = run_for(job_class, "job", uploaded)

        text = gzip.decompress(data).decode("utf-8-sig").lstrip("\n")
        right = [{"id": int(r["id"]), "name": r["name"]} for r in csv.DictReader(io.StringIO(text))]
        assert rows(lake, run.job.output_uri) == right, name


@pytest.mark.parametrize("suffix", [".json.gz", ".jsonl.gz"])
def test_a_json_file_may_begin_with_an_empty_member(lake: Lake, suffix: str) -> None:
    data = gzip.compress(b"") + gzip.compress(b'{"id": 1}\n')
    uploaded = lake.upload(f"sales/a{suffix}", data)

    run = run_for(job(suffix, suffix.split(".")[1], None), "job", uploaded)

    assert rows(lake, run.job.output_uri) == [json.loads(gzip.decompress(data))]


@pytest.mark.parametrize(("suffix", "text"), [(".csv", b"id\n1\n"), (".jsonl", b'{"id": 1}\n')])
def test_any_number_of_blank_lines_may_come_first(lake: Lake, suffix: str, text: bytes) -> None:
    uploaded = lake.upload(f"sales/a{suffix}", b"\n" * 100_000 + text)

    run = run_for(job(suffix, suffix[1:], None), "job", uploaded)

    assert rows(lake, run.job.output_uri) == [{"id": 1}]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'"i"d,name\n1,a\n', "text after a closing quote"),
        (b' "id",name\n1,a\n', "a blank before a quote"),
        (b'id,"name\n1,a\n', "a quote that is left open"),
        (b"  \nid\n1\n", "a line of blanks before its header"),
    ],
)
def test_a_header_meets_the_grammar_of_the_rows(lake: Lake, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableSourceError, match=reason):
        run_for(job(".csv", "csv", None), "job", lake.upload("sales/a.csv", content))


def test_a_lone_quote_in_a_header_stands_for_itself(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.csv", b'id,27"\n1,a\n')

    run = run_for(job(".csv", "csv", None), "job", uploaded)

    assert rows(lake, run.job.output_uri) == [{"id": 1, '27"': "a"}]


ODD_JSON = {
    '{"id": 1, "v": {}}': "{}",
    '{"id": 1, "v": [{}]}': ["{}"],
    '{"id": 1, "v": {"b": 1, "B": 2}}': '{"b":1,"B":2}',
    '{"id": 1, "v": 1e999999999999999999999}': "1e999999999999999999999",
    '{"id": 1, "v": 0.00}': 0.0,
    '{"id": 1, "v": {"b": {"c": [1, 2.5]}}}': {"b": {"c": [1.0, 2.5]}},
}


def test_json_of_any_shape_is_read_without_a_schema(lake: Lake) -> None:
    for text, value in ODD_JSON.items():
        uploaded = lake.upload("sales/a.jsonl", text.encode())

        run = run_for(job(".jsonl", "jsonl", None), "job", uploaded)

        assert rows(lake, run.job.output_uri) == [{"id": 1, "v": value}], text


@pytest.mark.parametrize("levels", [20, 90, 900, 5000])
@pytest.mark.parametrize("schema", [None, "id BIGINT, v STRING"])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_json_of_many_levels_is_read_or_refused(
    lake: Lake, levels: int, schema: str | None, opened: str, closed: str
) -> None:
    deep = opened * levels + "1" + closed * levels
    uploaded = lake.upload("sales/a.jsonl", f'{{"id": 1, "v": {deep}}}'.encode())
    job_class = job(".jsonl", "jsonl", schema)
    if levels > 400:
        with pytest.raises(UnreadableSourceError, match=r"nested too deep|no record"):
            run_for(job_class, "job", uploaded)
        return

    run = run_for(job_class, "job", uploaded)

    [row] = rows(lake, run.job.output_uri)
    value, found = row["v"], 0
    while value != 1:
        if isinstance(value, str):
            value = json.loads(value)
        else:
            [value] = value.values() if isinstance(value, dict) else value
            found += 1
    assert found == levels


def test_a_name_of_half_a_character_is_refused(lake: Lake) -> None:
    content = b'{"id": 1}\n{"id": 2, "na\\ud800me": "x"}\n'
    with pytest.raises(UnreadableSourceError, match="half of a surrogate pair"):
        run_for(job(".jsonl", "jsonl", None), "job", lake.upload("sales/a.jsonl", content))


def test_two_names_that_are_one_key_do_not_fit(lake: Lake) -> None:
    job_class = job(".jsonl", "jsonl", "id BIGINT, v MAP<INT, STRING>")
    uploaded = lake.upload("sales/a.jsonl", b'{"id": 1, "v": {"1": "a", "01": "b"}}')

    with pytest.raises(UnreadableSourceError, match="is not a valid map<int,string>"):
        run_for(job_class, "job", uploaded)


def noted(table: pa.Table, **columns: str) -> pa.Table:
    """The table with Spark's note of these columns, as it stays when another program rewrites a file."""
    fields = [
        {"name": name, "type": kind, "nullable": True, "metadata": {}}
        for name, kind in columns.items()
    ]
    note = json.dumps({"type": "struct", "fields": fields})
    return table.replace_schema_metadata({"org.apache.spark.sql.parquet.row.metadata": note})


PEOPLE = pa.table({"id": pa.array([1, 2], pa.int64()), "name": ["a", "b"]})

REWRITTEN = {
    "a column more": noted(PEOPLE, id="long"),
    "a column less": noted(PEOPLE, id="long", age="integer", name="string"),
    "another type": noted(PEOPLE, id="integer", name="string"),
    "another order": noted(PEOPLE, name="string", id="long"),
    "a note that is none": PEOPLE.replace_schema_metadata(
        {"org.apache.spark.sql.parquet.row.metadata": "{"}
    ),
    "bytes that are no text": noted(
        pa.table({"id": [1], "name": pa.array([b"\xff"], pa.binary())}), id="long", name="string"
    ),
    "moments": noted(
        pa.table({"id": [1], "at": pa.array([10**18 + 5000], pa.timestamp("ns", "UTC"))}),
        id="long",
        at="timestamp",
    ),
    "a struct of another name": noted(
        pa.table({"id": [1], "v": pa.array([{"b": 1}])}), id="long", v="struct"
    ),
    "dictionaries": noted(
        PEOPLE.set_column(1, "name", PEOPLE["name"].dictionary_encode()), id="long", name="string"
    ),
}


@pytest.mark.parametrize("schema", [None, "id BIGINT, name STRING"])
def test_a_parquet_file_has_its_columns_and_not_those_of_an_old_note(
    lake: Lake, schema: str | None
) -> None:
    for name, table in REWRITTEN.items():
        if schema and (table.column_names != ["id", "name"] or name == "bytes that are no text"):
            continue
        uploaded = lake.upload("sales/a.parquet", as_parquet(table))

        run = run_for(job(".parquet", "parquet", schema), "job", uploaded)

        df = lake.read(run.job.output_uri).drop("source_object", "source_id")
        assert df.columns == table.column_names, name
        if name != "moments":
            assert rows(lake, run.job.output_uri) == table.to_pylist(), name
        else:
            assert df.select(F.unix_micros("at")).first() == (10**15 + 5,)


def test_bytes_do_not_pass_for_texts(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.parquet", as_parquet(REWRITTEN["bytes that are no text"]))

    with pytest.raises(UnreadableSourceError, match="the column name as binary"):
        run_for(job(".parquet", "parquet", "id BIGINT, name STRING"), "job", uploaded)


def test_a_struct_without_fields_is_refused(lake: Lake) -> None:
    table = pa.table({"id": [1], "v": pa.array([{}], pa.struct([]))})
    uploaded = lake.upload("sales/a.orc", as_orc(table))

    with pytest.raises(UnreadableSourceError, match="a struct without fields"):
        run_for(job(".orc", "orc", None), "job", uploaded)


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ("id CHAR(3)", "found CHAR"),
        ("id VOID", "found VOID"),
        ("id INTERVAL DAY TO SECOND", "found INTERVAL"),
        ("id STRUCT<>", "found one without"),
        ("id ARRAY<VARCHAR(3)>", "found VARCHAR"),
        ("id BIGNT", "BIGNT"),
        ("id", "id"),
        ("", "names no column"),
    ],
)
def test_a_schema_that_no_file_can_have_is_refused(lake: Lake, schema: str, found: str) -> None:
    uploaded = lake.upload("sales/a.csv", b"id\n1\n")

    with pytest.raises(ArgumentError, match=f"expected .*{found}"):
        run_for(job(".csv", "csv", schema), "job", uploaded)


ENCODINGS = {
    "DELTA_LENGTH_BYTE_ARRAY": ["x", None, "ab", None, "cd"] * 99,
    "DELTA_BYTE_ARRAY": ["xa", None, "xab", None, "cd"] * 99,
    "DELTA_BINARY_PACKED": [1, None, -(2**40), None, 7] * 99,
    "BYTE_STREAM_SPLIT": [0.5, None, -2.0, None, 1e300] * 99,
}


@pytest.fixture(autouse=True)
def vectorized_readers(spark: SparkSession) -> Iterator[None]:
    """Some files here make the rest of the session read row by row: not the tests after them."""
    names = [f"spark.sql.{each}.enableVectorizedReader" for each in ("orc", "parquet")]
    before = {name: str(spark.conf.get(name)) for name in names}
    yield
    for name, value in before.items():
        spark.conf.set(name, value)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_every_encoding_gives_the_values_of_the_file(lake: Lake, version: str) -> None:
    for encoding, values in ENCODINGS.items():
        table = pa.table({"id": range(len(values)), "v": pa.array(values)})
        data = as_parquet(table, column_encoding={"v": encoding}, data_page_version=version)

        run = run_for(job(".parquet", "parquet", None), "job", lake.upload("sales/a.parquet", data))

        df = lake.read(run.job.output_uri).orderBy("id")
        assert [row.v for row in df.collect()] == values, encoding


MOMENTS = [0, 1000, -(10**9), 1705312800123456000, None, -2208988800 * 10**9]
"""Nanoseconds since 1970 that are whole microseconds."""

FORMS = {
    "orc": (MOMENTS, as_orc),
    "int96": (
        [*MOMENTS, -1000, -2208988800000001000],
        lambda table: as_parquet(table, use_deprecated_int96_timestamps=True),
    ),
}


def moments(values: list[int | None], rest: int = 0) -> pa.Table:
    """These moments, each with so many more nanoseconds."""
    added = [value if value is None else value + rest for value in values]
    return pa.table({"id": range(len(added)), "at": pa.array(added, pa.timestamp("ns"))})


def in_microseconds(values: list[int | None]) -> list[int | None]:
    return [value if value is None else value // 1000 for value in values]


@pytest.mark.parametrize("schema", [None, "id BIGINT, at TIMESTAMP"])
@pytest.mark.parametrize("form", FORMS)
def test_moments_are_whole_microseconds_or_do_not_fit(
    lake: Lake, form: str, schema: str | None
) -> None:
    suffix = form.replace("int96", "parquet")
    job_class = job(f".{suffix}", suffix, schema)
    values, make = FORMS[form]

    run = run_for(job_class, "job", lake.upload(f"sales/a.{suffix}", make(moments(values))))

    df = lake.read(run.job.output_uri).orderBy("id").select(F.unix_micros("at"))
    assert [row[0] for row in df.collect()] == in_microseconds(values)
    for rest in (1, 999):
        uploaded = lake.upload(f"sales/b.{suffix}", make(moments(values, rest)))
        with pytest.raises(
            UnreadableSourceError, match=r"at .* and some nanoseconds is not a valid"
        ):
            run_for(job_class, "job", uploaded)


@pytest.mark.parametrize("rest", [0, 1])
def test_moments_within_a_column_of_orc_are_exact_or_do_not_fit(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, rest: int
) -> None:
    # Of others than Java, Spark reads days before 1582 otherwise: such files are refused.
    monkeypatch.setattr(orc, "_JAVA", "ORC_CPP")
    lists = [[one] for one in moments(MOMENTS, rest)["at"]]
    content = pa.table(
        {"id": range(len(lists)), "at": pa.array(lists, pa.list_(pa.timestamp("ns")))}
    )
    uploaded = lake.upload("sales/a.orc", as_orc(content))
    job_class = job(".orc", "orc", None)
    if rest:
        with pytest.raises(UnreadableSourceError, match="some nanoseconds"):
            run_for(job_class, "job", uploaded)
        return

    run = run_for(job_class, "job", uploaded)

    df = lake.read(run.job.output_uri).orderBy("id").select(F.unix_micros(F.col("at")[0]))
    assert [row[0] for row in df.collect()] == in_microseconds(MOMENTS)


@pytest.mark.parametrize("file_format", ["parquet", "orc"])
def test_bytes_in_a_column_of_text_do_not_fit(lake: Lake, file_format: str) -> None:
    text = pa.StringArray.from_buffers(
        2, pa.py_buffer(b"\0\0\0\0\2\0\0\0\4\0\0\0"), pa.py_buffer(b"\xff\xfe\xc3\xa9")
    )
    make = {"parquet": as_parquet, "orc": as_orc}[file_format]
    content = make(pa.table({"id": [1, 2], "name": text}))
    uploaded = lake.upload(f"sales/a.{file_format}", content)

    with pytest.raises(UnreadableSourceError, match=r"found 1 of 2 .*name is not UTF-8"):
        run_for(job(f".{file_format}", file_format, None), "job", uploaded)


def test_days_within_a_column_of_orc_that_spark_reads_otherwise_are_refused(lake: Lake) -> None:
    days = pa.array([[date(1500, 1, 1)]], pa.list_(pa.date32()))
    uploaded = lake.upload("sales/a.orc", as_orc(pa.table({"id": [1], "days": days})))

    with pytest.raises(UnreadableSourceError, match="days within the column days"):
        run_for(job(".orc", "orc", None), "job", uploaded)


@pytest.mark.parametrize(
    ("suffix", "content", "reason"),
    [
        (".csv", b"id;name\n1;a\n", "a header of one column"),
        (".json", b"[]", "no record that tells the columns"),
        (".jsonl", b'{"a": 1}\n{"A": 1}\n', "the columns a and A"),
    ],
)
def test_what_tells_no_columns_is_refused_without_a_schema(
    lake: Lake, suffix: str, content: bytes, reason: str
) -> None:
    uploaded = lake.upload(f"sales/a{suffix}", content)

    with pytest.raises(UnreadableSourceError, match=reason):
        run_for(job(suffix, suffix[1:], None), "job", uploaded)
