"""CSV of a line a row: judged by Python's csv module, and by right values beside the bytes."""

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import types as t

from glue_runtime.input.exact.csv_lines import Layout, fault_of, read
from glue_runtime.input.exact.dialect import Dialect
from glue_runtime.input.exact.verdicts import BREAKS_FILE, FITS, HEADER, INVALID

Found = list[tuple[int, int, tuple | str]]
"""What each line is: its place, its verdict, its values or the reason."""

BOM = b"\xef\xbb\xbf"


def layout(*columns: tuple[str, t.DataType], nullable: bool = True, separator: str = ",") -> Layout:
    fields = tuple(t.StructField(name, kind, nullable) for name, kind in columns)
    names = tuple(field.name for field in fields)
    return Layout(fields, separator.join(names).encode(), names, Dialect(separator))


def strings(count: int, separator: str = ",") -> Layout:
    columns = [(f"c{number}", t.StringType()) for number in range(count)]
    return layout(*columns, separator=separator)


def found(lines: list[bytes], of: Layout) -> Found:
    rows = read(pa.array(lines, pa.binary()), of)
    at = range(len(rows)) if rows.at is None else rows.at.to_pylist()
    values = list(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    verdicts, reasons = rows.verdicts.to_pylist(), rows.reasons.to_pylist()
    return sorted(
        (place, verdict, value if verdict == FITS else reason)
        for place, verdict, value, reason in zip(at, verdicts, values, reasons, strict=True)
    )


PEOPLE = layout(("id", t.LongType()), ("name", t.StringType()))
SIZES = layout(("id", t.LongType()), ("size", t.StringType()), ("note", t.StringType()))
MONEY = layout(("id", t.LongType()), ("amount", t.DecimalType(12, 2)))
NAMES = layout(("name", t.StringType()))
PAIRS = layout(("first", t.StringType()), ("second", t.StringType()))

LINES: list[tuple[str, Layout, bytes, tuple | str]] = [
    ("plain", PEOPLE, b"1,a", (1, "a")),
    ("quoted", PEOPLE, b'1,"a, b"', (1, "a, b")),
    ("quotes in quotes", PEOPLE, b'1,"a ""b"", c"', (1, 'a "b", c')),
    ("a quoted number", PEOPLE, b'"1","a"', (1, "a")),
    ("an empty cell", PEOPLE, b"1,", (1, None)),
    ("an empty quoted cell", PEOPLE, b'1,""', (1, None)),
    ("a lone quote", PEOPLE, b'1,27"', (1, '27"')),
    ("lone quotes", SIZES, b'1,27",a "b" c', (1, '27"', 'a "b" c')),
    ("a quote alone within quotes", PEOPLE, b'1,""""', (1, '"')),
    ("blanks", PEOPLE, b"1,  a  ", (1, "  a  ")),
    ("only blanks in a cell", PEOPLE, b"1,  ", (1, "  ")),
    ("another alphabet", PEOPLE, "1,żółć 😀".encode(), (1, "żółć 😀")),
    ("a replacement character", PEOPLE, "1,\ufffd".encode(), (1, "\ufffd")),
    ("a backslash at the end of a cell", PEOPLE, b'1,"C:\\a, b\\"', (1, "C:\\a, b\\")),
    ("a byte of zero", PEOPLE, b"1,a\0b", (1, "a\0b")),
    ("a line end of Unicode", PEOPLE, "1,a\u2028b\x85".encode(), (1, "a\u2028b\x85")),
    ("null in words", PEOPLE, b"1,NULL", (1, "NULL")),
    ("a byte order mark in a value", PAIRS, BOM + b"a,b", ("\ufeffa", "b")),
    ("blanks in a file of one column", NAMES, b"  ", ("  ",)),
    ("nothing in a file of one column", NAMES, b'""', (None,)),
    ("decimal", MONEY, b"1,12.50", (1, pytest.approx)),
    ("too many cells", PEOPLE, b"2,b,c", "not 2 cells"),
    ("too few cells", PEOPLE, b"2", "not 2 cells"),
    ("too many quoted cells", PEOPLE, b'2,"b","c"', "not 2 cells"),
    ("another type", PEOPLE, b"x,a", "id x is not a valid bigint"),
    ("two of another type", MONEY, b'x,"12,50"', "id x is not a valid bigint, amount 12,50 is not a valid decimal(12,2)"),
    ("a decimal comma", MONEY, b'1,"12,50"', "amount 12,50 is not a valid decimal(12,2)"),
    ("rounding", MONEY, b"1,1.239", "amount 1.239 is not a valid decimal(12,2)"),
    ("a long text", PEOPLE, b"y" * 100 + b",a", f"id {'y' * 40} is not a valid bigint"),
    ("latin-1", PEOPLE, b"1,caf\xe9", "not UTF-8"),
    ("a surrogate in UTF-8", PEOPLE, b"1,\xed\xa0\x80", "not UTF-8"),
    ("an overlong form", PEOPLE, b"1,\xc0\xaf", "not UTF-8"),
    ("a cut character", PEOPLE, b"1,\xf0\x9f", "not UTF-8"),
    ("not UTF-8, and more", PEOPLE, b'x,"caf\xe9', "not UTF-8"),
    ("a backslash before quotes", PEOPLE, b'1,"say \\"hi\\""', "text after a closing quote"),
    ("a backslash before the first quote", PEOPLE, b'1,"\\"hi\\", he said"', "text after a closing quote"),
    ("text after a quote", PEOPLE, b'1,"a" b', "text after a closing quote"),
    ("a blank after a quote", SIZES, b'1,"a" ,b', "text after a closing quote"),
    ("a blank before a quote", SIZES, b'1, "a",b', "a blank before a quote"),
    ("an open quote", PEOPLE, b'1,"a', "a quote that is left open"),
    ("an open quote in the first cell", PEOPLE, b'"1,a', "a quote that is left open"),
    ("an open quote and too few cells", SIZES, b'1,27","first', "a quote that is left open"),
    ("an open quote after a blank", PEOPLE, b'1, "a', "a quote that is left open"),
    ("an open quote of one column", NAMES, b'"', "a quote that is left open"),
    ("the header", PEOPLE, b"id,name", "the header again"),
    ("the header with a byte order mark", PEOPLE, BOM + b"id,name", "the header again"),
    ("the header in quotes", PEOPLE, b'"id","name"', "the header again"),
    ("the header of texts in quotes", PAIRS, b'"first",second', "the header again"),
    ("the header of texts with a mark", PAIRS, BOM + b"first,second", "the header again"),
    ("a part of the header", PAIRS, b"first,b", ("first", "b")),
]  # fmt: skip

VERDICTS = {"the header again": HEADER, "a quote that is left open": BREAKS_FILE}


def expected(values: tuple | str) -> tuple[int, tuple | str]:
    verdict = VERDICTS.get(values, INVALID) if isinstance(values, str) else FITS
    return verdict, values


@pytest.mark.parametrize(("name", "of", "line", "values"), LINES, ids=[case[0] for case in LINES])
def test_a_line_is_read_exactly_or_not_at_all(
    name: str, of: Layout, line: bytes, values: tuple | str
) -> None:
    if name == "decimal":
        from decimal import Decimal

        values = (1, Decimal("12.50"))

    assert found([line], of) == [(0, *expected(values))]

    # Among others that make nothing, something or everything of it different.
    good = {PEOPLE: b"7,g", SIZES: b"7,g,h", MONEY: b"7,1", NAMES: b"g", PAIRS: b"g,h"}[of]
    many = [good, good, line, good]
    [third] = [one for one in found(many, of) if one[0] == 2]
    assert third == (2, *expected(values))
    assert len(found(many, of)) == 4
    odd = [b"1,2,3,4,5", b'"', line, b"\xff"]
    assert [one for one in found(odd, of) if one[0] == 2] == [(2, *expected(values))]


def test_all_lines_at_once_have_the_verdicts_that_they_have_alone() -> None:
    for of in (PEOPLE, SIZES, MONEY, NAMES, PAIRS):
        mine = [
            (line, values) for name, to, line, values in LINES if to is of and name != "decimal"
        ]

        rows = found([line for line, _ in mine], of)

        assert rows == [(row, *expected(values)) for row, (_, values) in enumerate(mine)]


def test_blank_lines_are_no_rows() -> None:
    assert found([b"", b"1,a", b"  ", b" \t", b""], PEOPLE) == [(1, FITS, (1, "a"))]
    assert found([b"", b"a", b" "], NAMES) == [(1, FITS, ("a",)), (2, FITS, (" ",))]
    assert found([], PEOPLE) == found([b""], PEOPLE) == []


def test_a_tab_is_a_separator_or_a_blank() -> None:
    of = strings(2, "\t")
    lines = [b"\t", b'\t"b"', b'"a"\t "b"', b" ", b"a\t"]

    assert found(lines, of) == [
        (0, FITS, (None, None)),
        (1, FITS, (None, "b")),
        (2, INVALID, "a blank before a quote"),
        (4, FITS, ("a", None)),
    ]
    for place, line in enumerate(lines):
        alone = [(0, *rest) for at, *rest in found(lines, of) if at == place]
        assert found([line], of) == alone


def test_a_null_where_there_must_be_none_does_not_fit() -> None:
    of = layout(("id", t.LongType()), ("name", t.StringType()), nullable=False)

    assert found([b",a", b"1,", b"x,", b"2,b", b"bad"], of) == [
        (0, INVALID, "id is missing"),
        (1, INVALID, "name is missing"),
        (2, INVALID, "id x is not a valid bigint, name is missing"),
        (3, FITS, (2, "b")),
        (4, INVALID, "not 2 cells"),
    ]


cells = st.text(st.one_of(st.sampled_from('",; \\a\t\ufeff\0é'), st.characters(codec="utf-8")))
one_line = cells.filter(lambda text: "\n" not in text and "\r" not in text)
separators = st.sampled_from([",", ";", "|", "\t"])


@given(st.data())
def test_what_the_csv_module_writes_is_found_again(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 4))
    rows = data.draw(st.lists(st.tuples(*[one_line] * count), max_size=8))
    separator = data.draw(separators)
    quoting = data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    written = []
    for row in rows:
        text = io.StringIO()
        csv.writer(text, delimiter=separator, quoting=quoting, lineterminator="").writerow(row)
        written.append(text.getvalue().encode())

    of = strings(count, separator)
    got = found(written, of)

    refused = [fault_of(line.decode(), of) for line in written]
    wanted = {
        place: tuple(cell or None for cell in row)
        for place, row in enumerate(rows)
        # The module writes a blank before a quote as it is: `a cell: " "x"`.
        if refused[place] is None and (count == 1 or written[place].strip(of.blanks.encode()))
    }
    assert {place: values for place, verdict, values in got if verdict == FITS} == wanted
    if quoting == csv.QUOTE_ALL:
        assert not any(refused)


@given(st.lists(st.text('a",; \t\\', max_size=12).map(str.encode), max_size=6), st.integers(1, 3))
def test_no_line_is_read_otherwise_than_the_csv_module_reads_it(
    lines: list[bytes], count: int
) -> None:
    of = strings(count)
    got = {place: (verdict, values) for place, verdict, values in found(lines, of)}
    for place, line in enumerate(lines):
        blank = not (line if count == 1 else line.strip(b" \t"))
        assert (place in got) != blank
        if blank:
            continue
        verdict, values = got[place]
        try:
            [row] = csv.reader([line.decode()], strict=True)
        except csv.Error:
            assert verdict in (INVALID, BREAKS_FILE)
            continue
        fault = fault_of(line.decode(), of)
        if fault is None and len(row) == count:
            assert (verdict, values) == (FITS, tuple(cell or None for cell in row))
        else:
            assert verdict in (INVALID, BREAKS_FILE)
            assert fault is None or values == fault.reason


@given(st.lists(st.binary(max_size=12), max_size=6))
def test_any_bytes_have_a_verdict_for_each_line(lines: list[bytes]) -> None:
    lines = [line.replace(b"\n", b"").replace(b"\r", b"") for line in lines]
    got = found(lines, PEOPLE)

    assert [place for place, _, _ in got] == [
        place for place, line in enumerate(lines) if line.strip(b" \t")
    ]
