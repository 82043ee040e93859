"""CSV in any dialect: files that Python's csv and decimal modules write are read back exactly, or refused."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import types as t

from glue_runtime.input.exact import csv_dialects, csv_file
from glue_runtime.input.exact.columns import convert
from glue_runtime.input.exact.csv_lines import Layout
from glue_runtime.input.exact.dialect import Dialect
from glue_runtime.input.exact.notations import Notation
from glue_runtime.input.exact.verdicts import BREAKS_FILE, FITS, HEADER, INVALID

Row = list[str | None]


def strings(count: int, dialect: Dialect, header: bytes = b"") -> Layout:
    names = tuple(f"c{number}" for number in range(count))
    return Layout(tuple(t.StructField(n, t.StringType()) for n in names), header, names, dialect)


def read_lines(lines: list[bytes], layout: Layout) -> list[tuple | str]:
    """The values or the reason of each line, in the order of the lines."""
    rows = csv_dialects.read(pa.array(lines, pa.binary()), layout)
    assert rows.at is not None
    values = zip(*(column.to_pylist() for column in rows.columns), strict=True)
    cases = zip(rows.at.to_pylist(), rows.reasons.to_pylist(), values, strict=True)
    return [
        value if reason is None else reason
        for _, reason, value in sorted(cases, key=lambda c: c[0])
    ]


LINES: list[tuple[str, dict[str, Any], str, tuple | str]] = [
    ("several characters", {"separator": "||"}, 'a|b||"c||d"', ("a|b", "c||d")),
    ("separators that overlap", {"separator": "||"}, "a|||b", csv_dialects.ODD_SEPARATOR),
    ("separators that overlap before a quote", {"separator": "||"}, 'a|||"b"', csv_dialects.ODD_SEPARATOR),
    ("a separator's character after a quote", {"separator": "||"}, '"a"|||b', ("a", "|b")),
    ("an empty cell between separators", {"separator": "||"}, "a||||", "not 2 cells"),
    ("overlapping separators that are escaped", {"separator": "||", "quote": "", "escape": "\\"}, r"a\||||b", ("a||", "b")),
    ("overlapping separators beside an escape", {"separator": "||", "quote": "", "escape": "\\"}, r"\\|||b", csv_dialects.ODD_SEPARATOR),
    ("blanks that separate", {"separator": "\t\t", "strips_before": True}, 'a\t\t\t"b"', csv_dialects.ODD_SEPARATOR),
    ("another quote", {"quote": "'"}, "'a,b',\"c", ("a,b", '"c')),
    ("a quote twice", {"quote": "'"}, "'it''s',b", ("it's", "b")),
    ("no quotes", {"quote": ""}, '"a,b"', ('"a', 'b"')),
    ("an escaped quote", {"escape": "\\"}, r'"say \"hi\"",b', ('say "hi"', "b")),
    ("an escaped escape", {"escape": "\\"}, r'"C:\\",b', ("C:\\", "b")),
    ("an escape before a letter", {"escape": "\\"}, r'"a\n",C:\d', (r"a\n", r"C:\d")),
    ("an escape outside quotes", {"escape": "\\"}, r"a\\b,c", csv_dialects.ODD_ESCAPE),
    ("an escape before a separator", {"escape": "\\"}, r"a\,b", csv_dialects.ODD_ESCAPE),
    ("quotes twice with an escape", {"escape": "\\"}, '"a""b",c', "text after a closing quote"),
    ("escapes without quotes", {"quote": "", "escape": "\\"}, r"a\,b,c\\", ("a,b", "c\\")),
    ("an odd escape without quotes", {"quote": "", "escape": "\\"}, r"a\nb,c", "an escape before 'n', which programs read differently"),
    ("MySQL's null", {"quote": "", "escape": "\\", "null": "\\N"}, r"\N,N", (None, "N")),
    ("an empty last cell without quotes", {"quote": "", "escape": "\\"}, r"a\\,", ("a\\", None)),
    ("a null token", {"null": "NA"}, 'NA,"NA"', (None, None)),
    ("what looks like a null token", {"null": "NA"}, "na,NAN", ("na", "NAN")),
    ("empty cells beside a null token", {"null": "NA"}, ',""', (None, "")),
    ("another empty value", {"empty": "none"}, ',""', (None, "none")),
    ("blanks", {"strips_before": True, "strips_after": True}, ' a\t," b " ', ("a", " b ")),
    ("blanks before alone", {"strips_before": True}, " a ,b ", ("a ", "b ")),
    ("a blank after a quote", {"strips_before": True}, '"a" ,b', "text after a closing quote"),
    ("a blank before a quote", {"null": "NA"}, ' "a",b', "a blank before a quote"),
    ("only blanks", {"strips_before": True, "null": "NA"}, "  ,a", (None, "a")),
    ("an open quote", {"null": "NA"}, '"a,b', "a quote that is left open"),
    ("a lone quote", {"null": "NA"}, '27",a', ('27"', "a")),
    ("too many cells", {"null": "NA"}, "a,b,c", "not 2 cells"),
    ("a line end that is none here", {"line_end": ";"}, "a\r\nb,c", ("a\r\nb", "c")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "marks", "line", "values"), LINES, ids=[case[0] for case in LINES]
)
def test_a_line_has_its_cells_or_a_reason(
    name: str, marks: dict[str, Any], line: str, values: tuple | str
) -> None:
    assert (
        read_lines(
            [marks.get("separator", ",").join("xy").encode(), line.encode()],
            strings(2, Dialect(**marks)),
        )[1]
        == values
    )


def test_comments_and_blank_lines_are_no_rows_and_a_header_is_one_again() -> None:
    layout = strings(2, Dialect(comment="#"), b"c0,c1")
    rows = csv_dialects.read(
        pa.array([b"#a,b", b"", b"c0,c1", b"1,2", b'"c0",c1'], pa.binary()), layout
    )

    assert sorted(rows.verdicts.to_pylist()) == [FITS, HEADER, HEADER]


def test_bytes_of_another_encoding_are_invalid() -> None:
    layout = strings(1, Dialect(encoding="cp1252"))

    assert read_lines([b"caf\xe9", b"\x80", b"a\x81"], layout) == [("café",), ("€",), "not cp1252"]


ENCODINGS = ["utf-8", "cp1252", "iso8859-1", "utf-16", "utf-16-le", "cp850"]
TEXTS = st.text(st.characters(codec="cp1252", exclude_characters="\0\x1a\ufeff\u2028"), max_size=8)

dialects = st.builds(
    Dialect,
    separator=st.sampled_from([",", ";", "\t", "|"]),
    quote=st.sampled_from(['"', "'"]),
    escape=st.sampled_from(["", "\\"]),
    null=st.sampled_from(["", "NA", "NULL", "\\N"]),
    encoding=st.sampled_from(ENCODINGS),
    has_header=st.booleans(),
    skipped=st.sampled_from([0, 3]),
    spans_lines=st.just(True),
)


@settings(max_examples=300)
@given(
    rows=st.lists(st.tuples(*[st.none() | TEXTS] * 3), min_size=1, max_size=6),
    dialect=dialects,
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    says_end=st.booleans(),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
)
def test_what_python_writes_is_read_back_or_refused(
    rows: list[tuple], dialect: Dialect, end: str, says_end: bool, quoting: int
) -> None:
    # Python leaves other line ends than its own without quotes: only a declared end makes them text.
    has_others = any(c in (cell or "") for row in rows for cell in row for c in "\r\n")
    dialect = replace(dialect, line_end=end if says_end or has_others else "")
    text = io.StringIO(newline="")
    for number in range(dialect.skipped):
        text.write(f"Report {number}{end}")
    writer = csv.writer(
        text, delimiter=dialect.separator, quotechar=dialect.quote, lineterminator=end, quoting=quoting,
        escapechar=dialect.escape or None, doublequote=not dialect.escape,
    )  # fmt: skip
    names = ("c0", "c1", "c2", "end")
    if dialect.has_header:
        writer.writerow(names)
    for row in rows:
        writer.writerow([*(dialect.null if cell is None else cell for cell in row), "."])
    try:
        data = text.getvalue().encode(dialect.encoding)
    except UnicodeEncodeError:
        return
    header = text.getvalue().split(end)[dialect.skipped].encode() if dialect.has_header else b""

    found = csv_file.read(data, strings(4, dialect, header))

    if found.fault is not None:
        assert dialect.escape or quoting == csv.QUOTE_MINIMAL, found.fault
        return
    verdicts = found.rows.verdicts.to_pylist()
    assert verdicts.count(HEADER) == (1 if dialect.has_header else 0)
    values = zip(*(column.to_pylist() for column in found.rows.columns), strict=True)
    read = [value for value, verdict in zip(values, verdicts, strict=True) if verdict == FITS]
    # An empty cell is null too, and a token is null wherever it stands.
    right = [
        (
            *(
                None
                if cell in ("", dialect.null)
                and not (cell == "" and dialect.null and quoted(quoting))
                else cell
                for cell in row
            ),
            ".",
        )
        for row in rows
    ]
    if INVALID not in verdicts and BREAKS_FILE not in verdicts:
        assert read == right
    else:
        assert dialect.escape
        assert all(value in right for value in read)


def quoted(quoting: int) -> bool:
    """Whether an empty text is written in quotes."""
    return quoting != csv.QUOTE_MINIMAL


FORMATS: list[tuple[str, Notation, t.DataType, dict[str, Any]]] = [
    ("days", Notation(date="dd.MM.yyyy"), t.DateType(), {
        "31.12.2024": date(2024, 12, 31), "2024-12-31": None, "12.31.2024": None, "1.2.2024": None,
        "29.02.2023": None, "31.12.24": None, " 31.12.2024": None, "29.02.0004": date(4, 2, 29),
    }),
    ("short days", Notation(date="d/M/yy"), t.DateType(), {
        "1/2/24": date(2024, 2, 1), "31/12/99": date(2099, 12, 31), "01/02/2024": None,
    }),
    ("names of months", Notation(date="dd MMM yyyy"), t.DateType(), {
        "05 Mar 2024": date(2024, 3, 5), "05 March 2024": None, "05 mar 2024": None,
    }),
    ("digits alone", Notation(date="yyyyMMdd"), t.DateType(), {"20240229": date(2024, 2, 29), "20230229": None, "2024022": None}),
    ("moments", Notation(timestamp="dd.MM.yyyy HH:mm[:ss[.SSSSSS]]".replace("[:ss[.SSSSSS]]", "[:ss]")), t.TimestampType(), {
        "31.12.2024 23:59": datetime(2024, 12, 31, 23, 59, tzinfo=UTC),
        "31.12.2024 23:59:58": datetime(2024, 12, 31, 23, 59, 58, tzinfo=UTC),
        "31.12.2024 24:00": None, "2024-12-31 23:59": None,
    }),
    ("halves of a day", Notation(timestamp="M/d/yyyy h:mm a"), t.TimestampType(), {
        "1/5/2024 12:00 AM": datetime(2024, 1, 5, tzinfo=UTC), "1/5/2024 12:30 PM": datetime(2024, 1, 5, 12, 30, tzinfo=UTC),
        "1/5/2024 1:00 pm": datetime(2024, 1, 5, 13, tzinfo=UTC), "1/5/2024 13:00 PM": None, "1/5/2024 0:00 AM": None,
    }),
    ("halves that a text may leave out", Notation(timestamp="M/d/yyyy[ h:mm][ a]"), t.TimestampType(), {
        "1/5/2024 3:30 PM": datetime(2024, 1, 5, 15, 30, tzinfo=UTC), "1/5/2024 3:30": None, "1/5/2024 PM": None,
        "1/5/2024": datetime(2024, 1, 5, tzinfo=UTC),
    }),
    ("zones", Notation(timestamp="yyyy-MM-dd'T'HH:mm:ss.SSSXXX"), t.TimestampType(), {
        "2024-01-15T10:30:00.5+02:00": datetime(2024, 1, 15, 8, 30, 0, 500000, UTC),
        "2024-01-15T10:30:00.123Z": datetime(2024, 1, 15, 10, 30, 0, 123000, UTC),
        "2024-01-15T10:30:00.123": None, "9999-12-31T23:59:59.000-01:00": None,
    }),
    ("nanoseconds", Notation(timestamp="yyyy-MM-dd HH:mm:ss.SSSSSSSSS"), t.TimestampType(), {
        "2024-01-15 10:30:00.123456000": datetime(2024, 1, 15, 10, 30, 0, 123456, UTC), "2024-01-15 10:30:00.123456789": None,
    }),
    ("a plain moment", Notation(timestamp="dd.MM.yyyy"), t.TimestampNTZType(), {"31.12.2024": datetime(2024, 12, 31)}),
    ("seconds", Notation(timestamp="epochSeconds"), t.TimestampType(), {
        "1705312800": datetime.fromtimestamp(1705312800, UTC), "-1": datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
        "1.5": None, "99999999999999": None, "1705312800000": None, "": None,
    }),
    ("milliseconds", Notation(timestamp="epochMillis"), t.TimestampType(), {"1705312800123": datetime(2024, 1, 15, 10, 0, 0, 123000, UTC)}),
    ("nanoseconds of an epoch", Notation(timestamp="epochNanos"), t.TimestampType(), {
        "1705312800123456000": datetime(2024, 1, 15, 10, 0, 0, 123456, UTC), "1705312800123456789": None,
    }),
    ("a decimal comma", Notation(locale="de-DE"), t.DecimalType(12, 2), {
        "1.234,50": Decimal("1234.50"), "1234,5": Decimal("1234.50"), "-0,01": Decimal("-0.01"), "12.50": None,
        "1.23": None, "1.2345,00": None, "1.234.567": Decimal("1234567.00"), "1,234.50": None, "1,239": None,
        "1.234": Decimal("1234.00"), ".234": None, "1234.567,00": None, "+7": Decimal("7.00"), "1 234,50": None,
    }),
    ("a double with a comma", Notation(locale="de-DE"), t.DoubleType(), {"1.234,5": 1234.5, "1,5E3": 1500.0, "1.5": None, "0,1": 0.1, "1,0E999": None}),
    ("whole numbers with groups", Notation(locale="en-US"), t.LongType(), {"1,234": 1234, "12,34": None, "1.0": None, "1,234,567": 1234567}),
    ("groups of blanks", Notation(locale="fr-FR"), t.DecimalType(12, 2), {
        "1\u202f234,50": Decimal("1234.50"), "1\xa0234,50": Decimal("1234.50"), "1 234 567,5": Decimal("1234567.50"), "1 234\xa0567,5": None,
    }),
    ("Swiss numbers", Notation(locale="de-CH"), t.DoubleType(), {"1'234.5": 1234.5, "1\u2019234.5": 1234.5, "1,5": None}),
    ("Latin America", Notation(locale="es-419"), t.DoubleType(), {"1,234.5": 1234.5, "1.234,5": None, "1.5": 1.5}),
    ("lakhs", Notation(locale="en-IN"), t.LongType(), {"12,34,567": 1234567, "1,234,567": None, "1,234": 1234}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "notation", "kind", "texts"), FORMATS, ids=[case[0] for case in FORMATS]
)
def test_a_notation_has_the_values_that_stand_beside_it(
    name: str, notation: Notation, kind: t.DataType, texts: dict[str, Any]
) -> None:
    found = convert(pa.array([*texts, None, *texts], pa.string()), kind, notation)

    right = [*texts.values()]
    assert [str(v) for v in found.values.to_pylist()] == [str(v) for v in [*right, None, *right]]
    wrong = [row for row, value in enumerate(right) if value is None]
    assert [*found.invalid] == [*wrong, *(row + len(right) + 1 for row in wrong)]


PYTHON = {
    "dd.MM.yyyy": "%d.%m.%Y", "MM/dd/yyyy": "%m/%d/%Y", "yyyyMMdd": "%Y%m%d", "dd-MMM-yyyy": "%d-%b-%Y",
    "yyyy/MM/dd": "%Y/%m/%d", "d. MMMM yyyy": "%-d. %B %Y",
}  # fmt: skip


@given(day=st.dates(min_value=date(1000, 1, 1)), pattern=st.sampled_from([*PYTHON]))
def test_days_that_python_writes_are_read_back(day: date, pattern: str) -> None:
    found = convert(pa.array([day.strftime(PYTHON[pattern])]), t.DateType(), Notation(date=pattern))

    assert found.values.to_pylist() == [day]


@given(
    number=st.decimals("-1e15", "1e15", places=4),
    locale=st.sampled_from(["de-DE", "en-US", "fr-FR", "de-CH"]),
)
def test_numbers_that_python_writes_are_read_back(number: Decimal, locale: str) -> None:
    decimal, group = {"de-DE": ",.", "en-US": ".,", "fr-FR": ",\xa0", "de-CH": ".'"}[locale]
    text = f"{number:,.4f}".translate({ord(","): group, ord("."): decimal})

    for kind, right in ((t.DecimalType(38, 4), number), (t.DoubleType(), float(number))):
        found = convert(pa.array([text]), kind, Notation(locale=locale))

        assert found.values.to_pylist() == [right]


def test_a_file_says_where_its_records_are() -> None:
    doubtful = csv_file.read(b'"a"b', strings(2, Dialect(separator="||", spans_lines=True)))
    assert doubtful.fault == "text after a closing quote in line 1"
    dialect = Dialect(separator=";", skipped=2, spans_lines=True, comment="#", encoding="utf-16")
    data = 'Title\nof "it\nc0;c1\n#no\n"a\nb";x\n\n1;2;3\n'.encode("utf-16")

    found = csv_file.read(data, strings(2, dialect, b"c0;c1"))

    assert found.fault is None
    lines = found.records.lines.take(found.rows.at).to_pylist()
    assert sorted(zip(lines, found.rows.verdicts.to_pylist(), strict=True)) == [
        (3, HEADER),
        (5, FITS),
        (8, INVALID),
    ]
    assert csv_file.read(data[2:], strings(2, replace(dialect, skipped=0))).fault is not None
