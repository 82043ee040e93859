"""Avro and Excel files have the values of fastavro's and openpyxl's writers, in both modes, or are refused."""

import datetime as dt
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import fastavro
import openpyxl
import pyarrow as pa
import pytest

from glue_runtime import Source
from glue_runtime.errors import ArgumentError, UnreadableSourceError
from glue_runtime.input.exact import avro_file, excel_file
from glue_runtime.input.exact.columns import arrow_type
from glue_runtime.input.exact.excel_file import Address, Sheets, address_of
from glue_runtime.input.exact.whole_files import FileFaultError
from glue_runtime.input.formats import avro
from glue_runtime.testing import Lake, run_for, run_scheduled
from test_bad_input import aside, job

UTC = dt.UTC
MOMENT = dt.datetime(2024, 1, 15, 10, 30, 0, 123456, UTC)


def union(kind: Any) -> list[Any]:
    return ["null", kind]


SCHEMA = {
    "type": "record",
    "name": "sale",
    "namespace": "shop",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "name", "type": union("string")},
        {"name": "amount", "type": union({"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2})},
        {"name": "at", "type": union({"type": "long", "logicalType": "timestamp-micros"})},
        {"name": "wall", "type": union({"type": "long", "logicalType": "local-timestamp-millis"})},
        {"name": "day", "type": union({"type": "int", "logicalType": "date"})},
        {"name": "price", "type": union("double")},
        {"name": "ok", "type": union("boolean")},
        {"name": "raw", "type": union("bytes")},
        {"name": "kind", "type": union({"type": "enum", "name": "kind", "symbols": ["A", "B"]})},
        {"name": "other", "type": union("shop.kind")},
        {"name": "tags", "type": union({"type": "array", "items": union("string")})},
        {"name": "counts", "type": union({"type": "map", "values": "int"})},
        {"name": "place", "type": union({"type": "record", "name": "place", "fields": [{"name": "x", "type": "float"}]})},
    ],
}  # fmt: skip
VALUES = (
    (1, "é; \"1\"", Decimal("1234567890.12"), MOMENT, dt.datetime(2024, 1, 15, 10, 30, 0, 123000), dt.date(1500, 3, 1), 0.1, True, b"\x00\xff", "A", "B", ["a", None], {"k": 7}, {"x": 0.5}),
    (2**63 - 1, None, Decimal("-0.01"), dt.datetime(1900, 1, 1, tzinfo=UTC), None, None, float("inf"), None, None, None, None, [], {}, None),
)  # fmt: skip
NAMES = [field["name"] for field in SCHEMA["fields"]]


def as_avro(rows: Any = VALUES, schema: Any = SCHEMA, codec: str = "null", **more: Any) -> bytes:
    stream = io.BytesIO()
    names = [field["name"] for field in schema["fields"]]
    records = [dict(zip(names, row, strict=True)) for row in rows]
    fastavro.writer(stream, schema, records, codec, **more)
    return stream.getvalue()


def small(*types: Any) -> dict[str, Any]:
    fields = [
        {"name": name, "type": kind} for name, kind in zip(("id", "name"), types, strict=True)
    ]
    return {"type": "record", "name": "small", "fields": fields}


ID_AND_NAME = small("long", union("string"))
GOOD = [(100, "ok")]


def as_excel(*rows: Any, sheet: str = "Sheet", **others: Any) -> bytes:
    """A workbook with one sheet, and others by their names."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = sheet
    for row in rows:
        first.append(row)
    for name, cells in others.items():
        more = book.create_sheet(name)
        for row in cells:
            more.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def changed(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A workbook whose parts are changed by a function."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return stream.getvalue()


def in_sheet(old: str, new: str) -> Callable[[str, bytes], bytes]:
    def change(name: str, data: bytes) -> bytes:
        if not name.startswith("xl/worksheets/"):
            return data
        assert old.encode() in data
        return data.replace(old.encode(), new.encode())

    return change


def stored(lake: Lake, name: str, columns: list[str]) -> list[tuple]:
    rows = lake.read(f"s3://data-lake-test-silver/{name}").select(*columns).collect()
    return sorted(map(tuple, rows), key=str)


# --- values, in both modes ----------------------------------------------------------------------


def test_avro_has_its_values_in_both_modes_with_and_without_a_schema(lake: Lake) -> None:
    codecs = ("null", "deflate", "bzip2", "xz", "zstandard")
    uploads = [lake.upload(f"sales/{codec}.avro", as_avro(codec=codec)) for codec in codecs]
    inferring = job(".avro", "avro", None)
    for uploaded in uploads:
        run_for(inferring, "by_events", uploaded)
    run_scheduled(inferring, "inferred")
    schema = (
        "price DOUBLE, id BIGINT, name STRING, amount DECIMAL(14,3), at TIMESTAMP, wall TIMESTAMP_NTZ, "
        "day DATE, ok BOOLEAN, raw BINARY, kind STRING, other STRING, tags ARRAY<STRING>, "
        "counts MAP<STRING, INT>, place STRUCT<x: FLOAT>"
    )
    run_scheduled(job(".avro", "avro", schema), "declared")

    expected = sorted([tuple(row) for row in VALUES] * len(codecs), key=str)
    for name in ("by_events", "inferred", "declared"):
        found = [
            tuple(
                value.replace(tzinfo=UTC) if place == 3
                else bytes(value) if isinstance(value, bytearray)
                else {"x": value.x} if place == 13 and value
                else value
                for place, value in enumerate(row)
            )
            for row in stored(lake, name, NAMES)
        ]  # fmt: skip
        assert sorted(found, key=str) == expected, name


def test_excel_has_its_values_in_both_modes_with_and_without_a_schema(lake: Lake) -> None:
    header = ("id", "amount", "price", "at", "day", "name", "ok")
    one = (1, 1234.5, 0.1, dt.datetime(2024, 1, 15, 10, 30), dt.date(2024, 1, 15), 'é; "1"', True)
    two = (2, 7, 3.0, dt.datetime(2024, 1, 16), None, "007", None)
    uploads = [
        lake.upload("sales/a.xlsx", as_excel(header, one, (None,) * 7, two)),
        lake.upload("sales/b.xlsx", as_excel([*reversed(header)], [*reversed(one)])),
    ]
    schema = "id BIGINT, amount DECIMAL(12,2), price DOUBLE, at TIMESTAMP_NTZ, day DATE, name STRING, ok BOOLEAN"
    for uploaded in uploads:
        run_for(job(".xlsx", "excel", schema), "by_events", uploaded)
    run_scheduled(job(".xlsx", "excel", schema), "declared")
    run_scheduled(job(".xlsx", "excel", None), "inferred")

    first = (1, Decimal("1234.50"), 0.1, one[3], one[4], 'é; "1"', True)
    second = (2, Decimal("7.00"), 3.0, two[3], None, "007", None)
    for name in ("by_events", "declared"):
        assert stored(lake, name, [*header]) == [first, first, second]
    assert [row[:3] + row[5:] for row in stored(lake, "inferred", [*header])] == [
        (1, 1234.5, 0.1, 'é; "1"', True),
        (1, 1234.5, 0.1, 'é; "1"', True),
        (2, 7.0, 3.0, "007", None),
    ]


def test_excel_options_name_the_sheet_and_the_first_cell(lake: Lake) -> None:
    rows = [["Report", None, None], [None, "id", "name"], [None, 1, "a"], [None, 2, "b"]]
    uploaded = lake.upload(
        "sales/a.xlsx", as_excel(["x"], [1], sheet="Notes", **{"Sales 2024": rows})
    )
    with_address = job(".xlsx", "excel", options={"dataAddress": "'Sales 2024'!B2"})
    no_header = job(".xlsx", "excel", options={"dataAddress": "Sales 2024!B3", "header": "false"})

    run_for(with_address, "one", uploaded)
    run_for(no_header, "two", uploaded)

    assert (
        stored(lake, "one", ["id", "name"])
        == stored(lake, "two", ["id", "name"])
        == [(1, "a"), (2, "b")]
    )


# --- what does not fit --------------------------------------------------------------------------


def flipped(data: bytes) -> bytes:
    """The data with another mark after the last block."""
    return data[:-1] + bytes([data[-1] ^ 1])


MANY = as_avro([(number, "a") for number in range(999)], ID_AND_NAME)
UNREADABLE = {
    ".avro": {
        "empty": (b"", "found an empty file"),
        "text": (b"id,name\n1,a\n", "found no Avro data: it does not begin with its magic number"),
        "header": (MANY[:60], "found an Avro file without the end of its header"),
        "cut": (MANY[:-3], "found an Avro file that ends within a block"),
        "mark": (flipped(MANY), "found an Avro block without its mark"),
        "codec": (as_avro(GOOD, ID_AND_NAME).replace(b"\x08null", b"\x08nuls"), "found the codec nuls"),
        "type": (as_avro([("1", "a")], small("string", "string")), "found the column id as string, which does not fit into bigint"),
        "bytes": (as_avro([(1, b"a")], small("long", "bytes")), "found the column name as binary, which does not fit into string"),
        "union": (as_avro([(1, "a")], small("long", ["null", "int", "string"])), "found a union of 2 types"),
        "nanos": (as_avro([(1, "a")], small({"type": "long", "logicalType": "timestamp-nanos"}, "string")), "found the logical type timestamp-nanos"),
    },
    ".xlsx": {
        "empty": (b"", "found an empty file"),
        "text": (b"id,name\n1,a\n", "found no Excel workbook: xlsx files are zip archives"),
        "old": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "found an old Excel file (xls), or one with a password"),
        "zip": (changed(as_excel(["id", "name"]), lambda name, data: b"<a/>"), "found no Excel workbook that can be read"),
        "cut": (as_excel(["id", "name"], [1, "a"])[:-30], "found no Excel workbook that can be read"),
        "columns": (as_excel(["id", "name", "more"], [1, "a", 2]), "found the columns id, name, more; it has more too"),
        "twice": (as_excel(["id", "name", "ID"], [1, "a", 2]), "found the column 'id' twice in its header"),
        "nothing": (as_excel(), "found an empty sheet, without a header"),
        "sheets": (as_excel(["id", "name"], [1, "a"], More=[["id"], [1]]), 'found 2 sheets with rows (Sheet, More), of which one is expected; options={"dataAddress": "Sheet"}'),
        "formula": (as_excel(["id", "name"], [1, '="a"&"b"']), "found a formula without its value in row 2"),
        "entities": (changed(as_excel(["id", "name"], [1, "a"]), in_sheet("<worksheet", '<!DOCTYPE a [<!ENTITY b "c">]><worksheet')), "found a workbook with a document type"),
    },
}  # fmt: skip


@pytest.mark.parametrize(("suffix", "form"), [(".avro", "avro"), (".xlsx", "excel")])
def test_a_file_that_cannot_be_read_is_refused_or_quarantined(
    lake: Lake, suffix: str, form: str
) -> None:
    cases = UNREADABLE[suffix]
    good = {".avro": as_avro(GOOD, ID_AND_NAME), ".xlsx": as_excel(["id", "name"], *GOOD)}
    for name, (content, reason) in cases.items():
        uploaded = lake.upload(f"sales/{name}{suffix}", content)
        if name in ("cut", "columns", "type"):
            with pytest.raises(UnreadableSourceError) as failure:
                run_for(job(suffix, form), "strict", uploaded)
            assert reason.removeprefix("found ") in str(failure.value)
            assert uploaded.uri in str(failure.value)
    lake.upload(f"sales/good{suffix}", good[suffix])

    run = run_scheduled(job(suffix, form), "job")

    assert stored(lake, "job", ["id", "name"]) == GOOD
    assert not (lake.root / "data-lake-test-silver/strict").exists()
    found = {name.removesuffix(suffix): each for name, each in aside(lake, run)}
    assert found.keys() == cases.keys()
    for name, (_, reason) in cases.items():
        assert found[name][1].startswith(reason), (name, found[name])


def test_a_row_that_does_not_fit_is_refused_or_quarantined(lake: Lake) -> None:
    rows = [
        ["id", "name"],
        [1, "a"],
        ["x", "b"],
        [2.5, "c"],
        [None, "d"],
        [dt.date(2024, 1, 15), "e"],
        [6, "f", "beside"],
        [7, 8.5],
    ]
    uploaded = lake.upload("sales/a.xlsx", as_excel(*rows))
    schema = "id BIGINT NOT NULL, name STRING"

    with pytest.raises(
        UnreadableSourceError, match=r"row 3 of .*a\.xlsx \(id x is not a valid bigint"
    ):
        run_for(job(".xlsx", "excel", schema), "job", uploaded)
    run = run_scheduled(job(".xlsx", "excel", schema), "job")

    assert stored(lake, "job", ["id", "name"]) == [(1, "a"), (7, "8.5")]
    assert [each[:2] for _, each in aside(lake, run)] == [
        (3, "id x is not a valid bigint"),
        (4, "id 2.5 is not a valid bigint"),
        (5, "id is missing"),
        (6, "id 2024-01-15 is not a valid bigint"),
        (7, "unexpected _c2"),
    ]
    texts = ["1.234", "2024-01-15", "2024-01-15T10:30", "2024-01-15 10:30", "0"]
    lake.upload("sales/a.xlsx", as_excel([*"abcde"], texts))
    kinds = "a DECIMAL(9,3), b DATE, c TIMESTAMP, d TIMESTAMP_NTZ, e STRING"
    run = run_scheduled(job(".xlsx", "excel", kinds), "texts")
    [(_, (_, reason, _))] = aside(lake, run)
    assert [each.split()[0] for each in reason.split(", ")] == [*"abcd"]
    assert reason.startswith("a 1.234 (a text) is not a valid decimal(9,3)")


def test_a_null_of_avro_where_none_is_expected_is_quarantined(lake: Lake) -> None:
    lake.upload("sales/a.avro", as_avro([(1, None), (2, "b")], ID_AND_NAME))

    run = run_scheduled(job(".avro", "avro", "id BIGINT, name STRING NOT NULL"), "job")

    assert stored(lake, "job", ["id", "name"]) == [(2, "b")]
    assert aside(lake, run) == [("a.avro", (1, "name is missing", '{"id": 1, "name": null}'))]


@pytest.mark.parametrize(("suffix", "form"), [(".avro", "avro"), (".xlsx", "excel")])
def test_contracts_of_these_formats_move_too(lake: Lake, suffix: str, form: str) -> None:
    more = {
        "type": "record",
        "name": "r",
        "fields": [*ID_AND_NAME["fields"], {"name": "more", "type": "int"}],
    }
    wide = {
        ".avro": as_avro([(1, "a", 7)], more),
        ".xlsx": as_excel(["id", "name", "more"], [1, "a", 7]),
    }
    narrow = {
        ".avro": as_avro([(2,)], {**more, "fields": more["fields"][:1]}),
        ".xlsx": as_excel(["id"], [2]),
    }
    lake.upload(f"sales/a{suffix}", wide[suffix])
    lake.upload(f"sales/b{suffix}", narrow[suffix])
    schema = "id BIGINT, name STRING COMMENT 'optional'"
    for mode in ("none", "rescue", "addNewColumns"):
        run_scheduled(job(suffix, form, schema, options={"schemaEvolutionMode": mode}), mode)

    assert stored(lake, "none", ["id", "name"]) == [(1, "a"), (2, None)]
    assert stored(lake, "rescue", ["id", "_rescued_data"]) == [(1, '{"more":7}'), (2, None)]
    added = stored(lake, "addNewColumns", ["id", "more"])
    assert [(one, str(other)) for one, other in added] == [(1, "7"), (2, "None")]


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("excel", {"dataAddress": ""}),
        ("excel", {"dataAddress": "Sheet1!"}),
        ("excel", {"dataAddress": "Sheet1!3A"}),
        ("excel", {"sep": ";"}),
        ("csv", {"dataAddress": "Sheet1"}),
        ("avro", {"header": "false"}),
    ],
)
def test_an_option_that_is_not_of_the_format_is_an_error_of_the_class(
    form: str, options: dict[str, str]
) -> None:
    with pytest.raises(ArgumentError, match="of the format"):
        Source("sales/", ".x", form, schema="id BIGINT", options=options)


# --- without Spark ------------------------------------------------------------------------------


def records(data: bytes) -> Iterator[tuple[Any, ...]]:
    fields = avro.fields_of(avro_file.header_of(data).schema)
    own, names = [arrow_type(each.dataType) for each in fields], [each.name for each in fields]
    for found in avro_file.rows(data, fields, own, names):
        yield from zip(*(column.to_pylist() for column in found.rows.columns), strict=True)


def sheet(data: bytes, address: Address = Address()) -> list[bytes]:  # noqa: B008
    nothing = Sheets((), lambda names: None, address)
    return [text for _, text in excel_file._documents(data, nothing)]


def avro_with(block: bytes, codec: bytes, count: int = 1) -> bytes:
    """A file of one block, whose bytes are these."""
    head = as_avro([], ID_AND_NAME)
    head = head.replace(
        b"\x14avro.codec\x08null", b"\x14avro.codec" + bytes([2 * len(codec)]) + codec
    )
    number = io.BytesIO()
    fastavro.schemaless_writer(number, "long", count)
    fastavro.schemaless_writer(number, "long", len(block))
    return head + number.getvalue() + block + head[-16:]


def test_a_block_of_avro_in_snappy_has_its_values_and_its_checksum() -> None:
    plain = b"\x02\x02\x02a"
    packed = pa.compress(plain, "snappy", asbytes=True)

    good = avro_with(packed + zlib.crc32(plain).to_bytes(4, "big"), b"snappy")

    assert [*records(good)] == [*fastavro_rows(avro_with(plain, b"null"))] == [(1, "a")]
    with pytest.raises(FileFaultError, match="snappy data that cannot be decompressed"):
        [*records(avro_with(packed + b"\0\0\0\0", b"snappy"))]


def fastavro_rows(data: bytes) -> Iterator[tuple[Any, ...]]:
    for record in fastavro.reader(io.BytesIO(data)):
        yield tuple(record.values())  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("codec", "pack"),
    [
        (b"deflate", lambda data: zlib.compress(data, 9)[2:-4]),
        (b"snappy", lambda data: b"\xff\xff\xff\xff\x0f" + bytes(99)),
        (b"zstandard", lambda data: pa.compress(data, "zstd", asbytes=True)),
    ],
)
def test_a_bomb_of_avro_is_refused(codec: bytes, pack: Callable[[bytes], bytes]) -> None:
    bomb = avro_with(pack(bytes(65 * 1024 * 1024)), codec)

    with pytest.raises(FileFaultError, match="expands to more than 200 times"):
        [*records(bomb)]


def test_records_of_no_bytes_do_not_fill_the_memory() -> None:
    nothing = avro_with(b"", b"null", count=2**40)

    with pytest.raises(FileFaultError, match="expands to more than 200 times"):
        [*records(nothing)]


def test_a_bomb_of_excel_is_refused() -> None:
    bomb = changed(
        as_excel(["id"], [1]),
        lambda name, data: data + b" " * (17 * 1024 * 1024) if name.endswith(".xml") else data,
    )

    with pytest.raises(FileFaultError, match="expands to more than 200 times"):
        sheet(bomb)


def test_a_sheet_that_records_a_wrong_size_is_read_to_its_end() -> None:
    data = changed(
        as_excel(["id", "name"], [1, "a"], [2, "b"]), in_sheet('ref="A1:B3"', 'ref="A1"')
    )

    assert sheet(data) == [b'{"id":1,"name":"a"}', b'{"id":2,"name":"b"}']


def test_a_formula_with_a_value_is_read_as_its_value() -> None:
    written = as_excel(["id", "total"], [1, "=1+1"])

    data = changed(
        written,
        in_sheet("<v></v>", "<v>2</v>")
        if b"<v></v>" in _sheet_of(written)
        else in_sheet("<v />", "<v>2</v>"),
    )

    assert sheet(data) == [b'{"id":1,"total":2}']


def _sheet_of(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("xl/worksheets/sheet1.xml")


def test_a_day_whose_number_programs_read_differently_is_no_day() -> None:
    assert sheet(as_excel(["day"], [dt.datetime(1900, 2, 1)])) == [
        b'{"day":"1900-02-01T00:00:00 (before March 1900)"}'
    ]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Q1", Address("Q1")),
        ("!B3", Address("", 2, 3)),
        ("Sheet1!$AA$10", Address("Sheet1", 27, 10)),
        ("'It''s 2024!'!A2", Address("It's 2024!", 1, 2)),
        ("a!b!A1", None),
    ],
)
def test_an_address_is_a_sheet_a_cell_or_both(text: str, address: Address | None) -> None:
    assert address_of(text) == address


def test_a_truncated_file_of_avro_is_never_read_as_a_shorter_one_within_a_block() -> None:
    data = as_avro([(number, "a") for number in range(50)], ID_AND_NAME)
    whole = [*records(data)]
    for size in range(len(avro_with(b"", b"null")), len(data)):
        with pytest.raises((FileFaultError, struct.error)):
            [*records(data[:size])]
    assert len(whole) == 50
