"""The options of a source: files in other dialects are read exactly in both modes, or refused."""

import csv
import gzip
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from glue_runtime import Source
from glue_runtime.errors import ArgumentError, UnreadableSourceError
from glue_runtime.testing import Lake, Run, run_for, run_scheduled
from test_bad_input import aside, job

COLUMNS = "id BIGINT, amount DECIMAL(12,2), rate DOUBLE, day DATE, at TIMESTAMP, name STRING"
VALUES = [
    (1, Decimal("1234.50"), 0.5, date(2024, 12, 31), datetime(2024, 12, 31, 23, 59, 58, tzinfo=UTC), "Zoë"),
    (2, None, -1234567.25, None, datetime(2024, 2, 29, 0, 5, tzinfo=UTC), "say; \"hi\""),
    (1003, Decimal("-0.01"), None, date(1999, 1, 2), None, None),
]  # fmt: skip
NAMES = ("id", "amount", "rate", "day", "at", "name")


@dataclass(frozen=True)
class Written:
    """A file of `VALUES`, and the options that read it."""

    options: dict[str, str]
    content: bytes
    suffix: str = ".csv"
    file_format: str = "csv"


def number(value: Any, marks: str) -> str:
    """A number with the marks of a decimal and of groups."""
    return f"{value:,}".translate({ord("."): marks[0], ord(","): marks[1:] or None})


def dialect(
    options: dict[str, str],
    *,
    marks: str = ".",
    day: str = "%Y-%m-%d",
    moment: str = "%Y-%m-%dT%H:%M:%SZ",
    null: str = "",
    title: str = "",
    suffix: str = ".csv",
    **form: Any,
) -> Written:
    """The file that Python's csv module writes."""
    text = io.StringIO(newline="")
    text.write(title)
    writer = csv.writer(
        text, **{"delimiter": options.get("sep", ","), "lineterminator": "\r\n", **form}
    )
    if options.get("header") != "false":
        writer.writerow(NAMES)
    for id_, amount, rate, on, at, name in VALUES:
        cells = [
            number(id_, marks), amount is not None and number(amount, marks),
            rate is not None and number(rate, marks), on and on.strftime(day), at and at.strftime(moment), name,
        ]  # fmt: skip
        writer.writerow([null if cell in (None, False) else cell for cell in cells])
    python = {"UTF-16": "utf-16", "UTF-16LE": "utf-16-le"}.get(
        encoding := options.get("encoding", "utf-8"), encoding
    )
    content = text.getvalue().encode(python)
    return Written(options, gzip.compress(content) if suffix.endswith(".gz") else content, suffix)


GERMAN = {"sep": ";", "encoding": "windows-1252", "locale": "de-DE", "dateFormat": "dd.MM.yyyy", "timestampFormat": "dd.MM.yyyy HH:mm:ss"}  # fmt: skip
GERMAN_FORM: dict[str, Any] = {"marks": ",.", "day": "%d.%m.%Y", "moment": "%d.%m.%Y %H:%M:%S"}

FILES = {
    "a German spreadsheet": dialect(GERMAN, **GERMAN_FORM),
    "the same, compressed": dialect(GERMAN, **GERMAN_FORM, suffix=".csv.gz"),
    "the same with cells over lines": dialect(GERMAN | {"multiLine": "true"}, **GERMAN_FORM),
    "tabs in UTF-16": dialect({"sep": "\t", "encoding": "UTF-16"}),
    "UTF-16 without a mark": dialect({"encoding": "UTF-16LE"}),
    "Latin-1 and no header": dialect({"encoding": "ISO-8859-1", "header": "false"}),
    "a title and null tokens": dialect(
        {"skipRows": "3", "nullValue": "NULL"}, title="Report, of \"all\r\n\r\nSales\r\n", null="NULL"
    ),
    "an apostrophe as quote": dialect({"quote": "'", "sep": "|"}, quotechar="'"),
    "a backslash as escape": dialect({"escape": "\\"}, escapechar="\\", doublequote=False, quoting=csv.QUOTE_ALL),
    "comments": dialect({"comment": "#"}, title="# made by hand\r\n"),
    "American": dialect(
        {"locale": "en-US", "dateFormat": "MM/dd/yyyy", "timestampFormat": "MM/dd/yyyy hh:mm:ss a"},
        marks=".,", day="%m/%d/%Y", moment="%m/%d/%Y %I:%M:%S %p",
    ),
    "epoch seconds": dialect({"timestampFormat": "epochSeconds"}, moment="%s"),
    "a line end of its own": Written(
        {"lineSep": "\x1e"}, dialect({}).content.replace(b"\r\n", b"\x1e")
    ),
    "a separator of two characters": Written(
        {"sep": "||", "quote": ""},
        b"\n".join(
            b"||".join(b"" if cell is None else str(cell).encode() for cell in row)
            for row in [NAMES, *VALUES]
        ).replace(b"+00:00", b"Z"),
    ),
    "blanks": Written(
        {"ignoreLeadingWhiteSpace": "true", "ignoreTrailingWhiteSpace": "true"},
        dialect({}).content.replace(b",", b" , "),
    ),
    "JSON with German values": Written(
        {k: v for k, v in GERMAN.items() if k != "sep"},
        "".join(
            json.dumps(dict(zip(NAMES, [n, None if a is None else number(a, ",."), r, d and d.strftime("%d.%m.%Y"), t and t.strftime("%d.%m.%Y %H:%M:%S"), s], strict=True)), ensure_ascii=False) + "\n"
            for n, a, r, d, t, s in VALUES
        ).encode("windows-1252"),
        ".jsonl", "jsonl",
    ),
    "JSON with epochs": Written(
        {"timestampFormat": "epochMillis"},
        json.dumps(
            [dict(zip(NAMES, [n, a and str(a), r, d and str(d), t and int(t.timestamp()) * 1000, s], strict=True)) for n, a, r, d, t, s in VALUES]
        ).encode(),
        ".json", "json",
    ),
}  # fmt: skip


def table(lake: Lake) -> list[tuple]:
    """The rows of the table as pyarrow reads them."""
    paths = (lake.root / "data-lake-test-silver/job").rglob("*.parquet")
    rows = [row for path in paths for row in parquet.ParquetFile(path).read().to_pylist()]
    return sorted(tuple(row[name] for name in NAMES) for row in rows)


@pytest.mark.parametrize("name", FILES)
def test_a_file_in_its_dialect_has_its_values_in_both_modes(lake: Lake, name: str) -> None:
    file = FILES[name]
    uploaded = lake.upload(f"sales/a{file.suffix}", file.content)
    job_class = job(file.suffix, file.file_format, COLUMNS, options=file.options)

    for run in (
        lambda: run_scheduled(job_class, "job"),
        lambda: run_for(job_class, "job", uploaded),
    ):
        ended = run()

        assert ended.event("data_written")["rows_quarantined"] == 0
        assert table(lake) == sorted(VALUES), name


@dataclass(frozen=True)
class Faulty:
    """A file with a fault. aside: the position, the reason and the raw text in the quarantine."""

    options: Mapping[str, str]
    content: bytes
    aside: tuple[int | None, str, str | None] | None
    schema: str = "id BIGINT, name STRING"
    rows: list[Any] = field(default_factory=list)


REFUSED = {
    "another encoding's bytes": Faulty({"encoding": "windows-1252"}, b"id,name\n1,caf\xe9 \x81\n", (2, "not cp1252", "1,café �")),
    "a value in the encoding": Faulty({"encoding": "windows-1252", "sep": ";"}, b"id;name\nx;caf\xe9\n", (2, "id x is not a valid bigint", "x;café")),
    "a value after a title": Faulty({"skipRows": "2"}, b"a,b\nc\nid,name\n1,a\nx,b\n", (5, "id x is not a valid bigint", "x,b"), rows=[1]),
    "a value in UTF-16": Faulty({"encoding": "UTF-16"}, "id,name\nx,é\n".encode("utf-16"), (2, "id x is not a valid bigint", "x,é")),
    "UTF-16 without its mark": Faulty({"encoding": "UTF-16"}, "id,name\n1,é\n".encode("utf-16-le"), (None, "found what is not utf-16: no byte order mark", None)),
    "a header where there is none": Faulty({"header": "false"}, b"id,name\n1,a\n", (1, "the header again", "id,name"), rows=[1]),
    "an escape outside quotes": Faulty({"escape": "\\"}, b'id,name\n1,say \\"hi\\"\n', (2, "an escape outside quotes", '1,say \\"hi\\"')),
    "a mark of UTF-8 and another encoding": Faulty({"encoding": "windows-1252", "multiLine": "true"}, "\ufeffid,name\nx,é\n".encode(), (None, "a byte order mark of UTF-8, and not cp1252", None)),
    "a row after a comment in an encoding": Faulty({"encoding": "windows-1252", "comment": "§"}, "§a\nid,name\nx,é\n§b\n".encode("cp1252"), (3, "id x is not a valid bigint", "x,é")),
    "a row after a mark and a comment": Faulty({"comment": "#"}, "\ufeff#a\nid,name\nx,é\n".encode(), (3, "id x is not a valid bigint", "x,é")),
    "a quote left open": Faulty({"sep": ";", "nullValue": "NA"}, b'id;name\n1;"a\n', (None, "a quote that is left open", None)),
    "an open quote in a spanning file": Faulty({"sep": ";", "quote": "'", "multiLine": "true"}, b"id;name\n1;'a\n", (None, "a quote that is left open", None)),
    "a day in the other order": Faulty({"dateFormat": "dd/MM/yyyy"}, b"id,name\n1,12/31/2024\n2,01/02/2024\n", (2, "name 12/31/2024 is not a valid date", "1,12/31/2024"), "id BIGINT, name DATE", [2]),
    "a point where a comma is declared": Faulty({"locale": "de-DE", "sep": ";"}, b"id;name\n1;12.50\n2;12,50\n", (2, "name 12.50 is not a valid double", "1;12.50"), "id BIGINT, name DOUBLE", [2]),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_options_do_not_say_is_refused(lake: Lake, name: str) -> None:
    fault = REFUSED[name]
    uploaded = lake.upload("sales/bad.csv", fault.content)
    job_class = job(".csv", "csv", fault.schema, options=fault.options)
    assert fault.aside is not None

    with pytest.raises(UnreadableSourceError) as refused:
        run_for(job_class, "job", uploaded)

    position, reason, raw = fault.aside
    assert reason in str(refused.value)
    if position is None:
        return
    run: Run = run_scheduled(job_class, "job")
    [(_, (at, told, text))] = aside(lake, run)
    assert (at, text) == (position, raw)
    assert told.startswith(reason)
    assert run.event("data_written")["rows_written"] == len(fault.rows)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("csv", {"delimiter": ";"}, "'delimiter', which is unknown"),
    ("json", {"sep": ";"}, "'sep', which is no option of it"),
    ("json", {"lineSep": ";"}, "'lineSep', which is no option of it"),
    ("parquet", {"encoding": "UTF-8"}, "'encoding', which is no option of it"),
    ("csv", {"sep": ""}, "one to eight characters"),
    ("csv", {"lineSep": ";;"}, "or two different ones"),
    ("csv", {"header": "no"}, 'expected "true" or "false"'),
    ("csv", {"header": False}, "a string, as for Spark"),
    ("csv", {"skipRows": "-1"}, "a number of lines"),
    ("csv", {"encoding": "UTF-7"}, "an encoding such as"),
    ("csv", {"encoding": "EBCDIC"}, "an encoding such as"),
    ("csv", {"dateFormat": "dd.mm.yyyy"}, "that determines a day .here: no month."),
    ("csv", {"dateFormat": "Mdyyyy"}, "whose lengths vary"),
    ("csv", {"dateFormat": "d[/]M/yyyy"}, "whose lengths vary"),
    ("csv", {"dateFormat": "d'1'M/yyyy"}, "whose lengths vary"),
    ("csv", {"dateFormat": "yyyy-MM[-dd]"}, "here: the day in brackets"),
    ("csv", {"dateFormat": "E, dd MMM yyyy"}, "here: 'E'"),
    ("csv", {"dateFormat": "yyyy-MM-dd HH"}, "a time of day"),
    ("csv", {"timestampFormat": "yyyy-MM-dd hh:mm"}, "h without a"),
    ("csv", {"timestampFormat": "epoch"}, "epochSeconds"),
    ("csv", {"locale": "xx"}, "one of the locales"),
    ("csv", {"locale": "en-DE"}, "one of the locales"),
    ("csv", {"quote": ";", "sep": ";"}, "different characters for quote and sep"),
]


@pytest.mark.parametrize(("file_format", "options", "reason"), WRONG)
def test_an_option_that_is_none_is_refused_when_the_class_is_made(
    file_format: str, options: dict[str, str], reason: str
) -> None:
    with pytest.raises(ArgumentError, match=f"(?s){reason}.*correct|{reason}.*declare"):
        Source("sales/", ".x", file_format, schema=COLUMNS, options=options)


def test_options_that_give_no_columns_need_a_schema() -> None:
    with pytest.raises(ArgumentError, match="expected an encoding of JSON Lines"):
        Source("a/", ".jsonl", "jsonl", schema="id INT", options={"encoding": "UTF-16LE"})
    for options in ({"header": "false"}, {"dateFormat": "dd.MM.yyyy"}, {"encoding": "UTF-16"}):
        with pytest.raises(ArgumentError, match="expected a schema for the options"):
            Source("sales/", ".csv", "csv", options=options)


def test_columns_are_inferred_in_a_dialect(lake: Lake) -> None:
    lake.upload("sales/a.csv", 'id;name;amount\n1;"Zoë";2.5\n'.encode("windows-1252"))

    run = run_scheduled(
        job(".csv", "csv", None, options={"sep": ";", "encoding": "windows-1252"}), "job"
    )

    [row] = lake.read(run.job.output_uri).collect()
    assert (row["id"], row["name"], row["amount"]) == (1, "Zoë", 2.5)


DIALECTS = st.fixed_dictionaries(
    {
        "sep": st.sampled_from([",", ";", "\t", "|"]),
        "quote": st.sampled_from(['"', "'"]),
        "encoding": st.sampled_from(["UTF-8", "windows-1252", "ISO-8859-1", "UTF-16", "UTF-16LE"]),
        "locale": st.sampled_from(["de-DE", "en-US"]),
        "dateFormat": st.sampled_from(["dd.MM.yyyy", "MM/dd/yyyy", "yyyyMMdd"]),
        "nullValue": st.sampled_from(["", "NA", "\\N"]),
        "header": st.sampled_from(["true", "false"]),
        "multiLine": st.sampled_from(["true", "false"]),
    }
)
STRFTIME = {"dd.MM.yyyy": "%d.%m.%Y", "MM/dd/yyyy": "%m/%d/%Y", "yyyyMMdd": "%Y%m%d"}
LATIN = st.text(
    st.characters(min_codepoint=0xA0, max_codepoint=0xFF) | st.sampled_from("a,;|'\"\\ "),
    max_size=6,
)
RANDOM = st.lists(
    st.tuples(
        st.none() | st.decimals("-9999999", "9999999", places=2),
        st.none() | st.dates(min_value=date(1000, 1, 1)),
        LATIN,
    ),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=RANDOM,
    options=DIALECTS,
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_known_values_in_a_random_dialect_are_found_again_in_both_modes(
    lake: Lake, rows: list[tuple], options: dict[str, str], end: str, quoting: int
) -> None:
    marks, null = {"de-DE": ",.", "en-US": ".,"}[options["locale"]], options["nullValue"]
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=options["sep"],
        quotechar=options["quote"],
        lineterminator=end,
        quoting=quoting,
    )
    if options["header"] == "true":
        writer.writerow(["id", "amount", "day", "name"])
    for id_, (amount, on, name) in enumerate(rows):
        cells = [
            amount is not None and number(amount, marks),
            on and on.strftime(STRFTIME[options["dateFormat"]]),
        ]
        writer.writerow(
            [id_, *(null if cell in (None, False) else cell for cell in cells), name or null]
        )
    encoding = {"UTF-16": "utf-16", "UTF-16LE": "utf-16-le"}.get(
        options["encoding"], options["encoding"]
    )
    uploaded = lake.upload("sales/a.csv", text.getvalue().encode(encoding))
    job_class = job(
        ".csv", "csv", "id BIGINT, amount DECIMAL(12,2), day DATE, name STRING", options=options
    )
    right = [(id_, amount, on, name or None) for id_, (amount, on, name) in enumerate(rows)]

    for run in (
        lambda: run_scheduled(job_class, "job"),
        lambda: run_for(job_class, "job", uploaded),
    ):
        run()

        paths = [*(lake.root / "data-lake-test-silver/job").rglob("*.parquet")]
        found = [row for path in paths for row in parquet.ParquetFile(path).read().to_pylist()]
        assert sorted((r["id"], r["amount"], r["day"], r["name"]) for r in found) == right
    for path in (*paths, lake.root / "data-lake-test-bronze/sales/a.csv"):
        path.unlink()
