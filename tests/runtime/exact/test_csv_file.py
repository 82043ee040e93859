"""CSV whose cells span lines: judged by Python's csv module, and by right values beside the bytes."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import types as t

from glue_runtime.input.exact.csv_file import DoubtfulFileError, read, split
from glue_runtime.input.exact.csv_lines import Layout
from glue_runtime.input.exact.dialect import Dialect
from glue_runtime.input.exact.verdicts import FITS, HEADER

FIELDS = (t.StructField("id", t.LongType()), t.StructField("name", t.StringType()))
SPANNING = Dialect(spans_lines=True)
PEOPLE = Layout(FIELDS, b"id,name", ("id", "name"), SPANNING)


def rows(data: bytes, layout: Layout = PEOPLE) -> list[tuple]:
    """The rows that fit, in the order of the file; it is not doubtful, and all others are headers."""
    found = read(data, layout)
    assert found.fault is None
    values = list(zip(*(column.to_pylist() for column in found.rows.columns), strict=True))
    verdicts = found.rows.verdicts.to_pylist()
    assert set(verdicts) <= {FITS, HEADER}
    return [value for value, verdict in zip(values, verdicts, strict=True) if verdict == FITS]


FINE: dict[str, tuple[bytes, list[tuple]]] = {
    "a cell of two lines": (b'id,name\n1,"a\n2,b"\n3,c\n', [(1, "a\n2,b"), (3, "c")]),
    "windows within windows": (b'id,name\r\n1,"a\r\nb"\r\n2,c\r\n', [(1, "a\r\nb"), (2, "c")]),
    "windows within unix": (b'id,name\n1,"a\r\nb"\n2,c', [(1, "a\r\nb"), (2, "c")]),
    "unix within windows": (b'id,name\r\n1,"a\nb"\r\n2,c', [(1, "a\nb"), (2, "c")]),
    "a unix header and windows rows": (b"id,name\n1,a\r\n2,b\r\n", [(1, "a"), (2, "b")]),
    "a lone CR in quotes": (b'id,name\n1,"a\rb"\n', [(1, "a\rb")]),
    "lone CRs": (b"id,name\r1,a\r2,b\r", [(1, "a"), (2, "b")]),
    "a line end at the end of a cell": (b'id,name\n1,"a\n"\n2,"\n"\n', [(1, "a\n"), (2, "\n")]),
    "quotes in quotes over lines": (b'id,name\n1,"a ""\n"" b"\n', [(1, 'a "\n" b')]),
    "no end": (b'id,name\n1,"a"', [(1, "a")]),
    "a byte order mark": (b'\xef\xbb\xbfid,name\n1,"a\nb"\n', [(1, "a\nb")]),
    "blank lines": (b'\nid,name\n\n1,"a\n\nb"\n \n2,b\n\n', [(1, "a\n\nb"), (2, "b")]),
    "nulls": (b'id,name\n1,\n2,""\n', [(1, None), (2, None)]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize("case", FINE)
def test_a_legal_file_is_read_byte_for_byte(case: str) -> None:
    data, expected = FINE[case]
    assert rows(data) == expected


DOUBTFUL = {
    "an open quote": (b'id,name\n4,"d\n5,e\n', "a quote that is left open in line 2"),
    "two open quotes": (b'id,name\n1,"open\n2,b\n3,"also\n4,d\n', "text after a closing quote in line 2"),
    "a lone quote": (b'id,name\n1,27"\n', "a quote within a cell that has none around it in line 2"),
    "a lone quote before an open one": (b'id,name\n1,27"\n2,"x\n3,c\n', "a quote within a cell that has none"),
    "backslashes": (b'id,name\n1,"say \\"hi\\""\n', "text after a closing quote in line 2"),
    "a blank before a quote": (b'id,name\n1, "a"\n', "a quote within a cell that has none"),
    "a blank after a quote": (b'id,name\n1,"a" \n', "text after a closing quote in line 2"),
    "rows in a row": (b'id,name\n0,"a\nb"\n1,"open\n2,b\n3,",x\n4,d\n', "not 2 cells in quotes that span lines in line 4"),
    "a quote after quotes": (b'id,name\n1,"a"""b"\n', "text after a closing quote in line 2"),
}  # fmt: skip


@pytest.mark.parametrize("case", DOUBTFUL)
def test_what_contradicts_the_rfc_makes_the_file_doubtful(case: str) -> None:
    data, fault = DOUBTFUL[case]
    told = read(data, PEOPLE).fault
    assert told is not None
    assert told.startswith(fault)


def test_a_row_of_one_line_with_other_cells_is_a_misfit_of_its_own() -> None:
    found = read(b'id,name\n1,"a\nb"\n2,b,c\nx,d\n', PEOPLE)

    assert found.fault is None
    places = found.rows.at.to_pylist()
    told = dict(zip(places, found.rows.reasons.to_pylist(), strict=True))
    assert told == {
        0: "the header again",
        1: None,
        2: "not 2 cells",
        3: "id x is not a valid bigint",
    }
    assert found.records.lines.to_pylist() == [1, 2, 4, 5]


cells = st.text(st.one_of(st.sampled_from('",\n\r a\ufeff\0'), st.characters(codec="utf-8")))


@given(st.data())
def test_what_the_csv_module_writes_is_found_again(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 3))
    lines = data.draw(st.lists(st.tuples(*[cells] * count), max_size=8))
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(lines)
    names = tuple(f"c{number}" for number in range(count))
    fields = tuple(t.StructField(name, t.StringType()) for name in names)

    found = rows(text.getvalue().encode(), Layout(fields, b"\0", names, SPANNING))

    assert found == [tuple(cell or None for cell in row) for row in lines]


@given(st.text('a",\n\r ', max_size=20))
def test_no_file_is_read_otherwise_than_the_csv_module_reads_it(text: str) -> None:
    try:
        records = split(text.encode())
    except DoubtfulFileError:
        return
    judge = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    mine = [
        next(csv.reader(io.StringIO(record.as_py().decode(), newline=""), strict=True), [])
        for record in records.texts
    ]
    assert mine == judge


@given(st.text('a",\n\r ', max_size=20))
def test_the_bytes_of_a_file_are_in_its_records(text: str) -> None:
    try:
        records = split(text.encode())
    except DoubtfulFileError:
        return
    left = text.encode()
    for number, record in zip(records.lines.to_pylist(), records.texts.to_pylist(), strict=True):
        before = text.encode()[: len(text.encode()) - len(left)]
        assert number == 1 + len(before.decode().splitlines())
        assert left.startswith(record)
        left = left[len(record) :]
        left = left.removeprefix(b"\r\n") if left.startswith(b"\r\n") else left[1:]
    assert left == b""
