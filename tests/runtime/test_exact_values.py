"""No value enters the table that is not in its file: a corpus of kinds, and files of known values.

What is right stands beside each file, as Python's own csv, json and decimal say it.
"""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from glue_runtime.errors import UnreadableSourceError
from glue_runtime.input.exact import packing
from glue_runtime.testing import Lake, Run, run_for, run_scheduled
from test_bad_input import aside, job

MAXIMUM = 2**63 - 1


@dataclass(frozen=True)
class Kind:
    """A value, or a file, of one kind.

    texts: what a cell or a JSON value may be written as, and its value; INVALID if there is none.
    """

    column: str
    texts: dict[str, Any]


class Invalid:
    """The text is no value of the column's type."""

    def __repr__(self) -> str:
        return "INVALID"


INVALID = Invalid()


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


CELLS = {
    "a decimal comma, thousands, currencies": Kind("DECIMAL(12,2)", {
        '"12,50"': INVALID, '"1.234,56"': INVALID, '"1,234.56"': INVALID, "$12.50": INVALID,
        "12.50": Decimal("12.50"), "-0.5": Decimal("-0.50"), "1e2": Decimal("100.00"),
    }),
    "more digits than the type has": Kind("DECIMAL(12,2)", {
        "1.239": INVALID, "1.230": Decimal("1.23"), "12345678901.00": INVALID,
        "9999999999.99": Decimal("9999999999.99"),
    }),
    "all digits of the largest decimal": Kind("DECIMAL(38,18)", {
        "1.123456789012345678": Decimal("1.123456789012345678"),
        "99999999999999999999.999999999999999999": Decimal("99999999999999999999.999999999999999999"),
        "1.1234567890123456789": INVALID, "100000000000000000000": INVALID,
    }),
    "whole numbers": Kind("BIGINT", {
        "9223372036854775807": MAXIMUM, "9223372036854775808": INVALID, "1.5": INVALID,
        "1.0": INVALID, "1e3": INVALID, "+7": 7, "007": 7, "0x10": INVALID, "1_000": INVALID,
        "1L": INVALID, " 7": INVALID, "٣": INVALID, "9007199254740993": 9007199254740993,
    }),
    "numbers of Java's grammar, and of nobody's": Kind("DOUBLE", {
        "12D": INVALID, "3f": INVALID, "1e999": INVALID, "1e-999": INVALID, "NaN": INVALID,
        "Infinity": INVALID, "-inf": INVALID, "0x1p3": INVALID, "1,5": INVALID,
        "0.1": 0.1, "1e308": 1e308, "5e-324": 5e-324, "-0": -0.0, ".5": 0.5, "5.": 5.0,
    }),
    "numbers and prefixes that are no day": Kind("DATE", {
        "45306": INVALID, "202401": INVALID, "2024": INVALID, "2024-01-15 is a Monday": INVALID,
        "2024-01-15T00:00:00": INVALID, "15.01.2024": INVALID, "2024-02-30": INVALID,
        "2024-1-5": INVALID, "+2024-01-15": INVALID, "0000-01-01": INVALID,
        "2024-02-29": date(2024, 2, 29), "0001-01-01": date(1, 1, 1), "1582-10-10": date(1582, 10, 10),
        "1899-12-30": date(1899, 12, 30), "9999-12-31": date(9999, 12, 31),
    }),
    "a time of day, and other things that are no moment": Kind("TIMESTAMP", {
        "10:30": INVALID, "1705312800": INVALID, "2024-01-15": INVALID, "2024": INVALID,
        "2024-01-15T10:30:00.1234567Z": INVALID, "2024-01-15 24:00:00": INVALID,
        "2024-01-15T10:30:00 Europe/Berlin": INVALID,
        "2024-01-15T10:30:00.123456000Z": moment(2024, 1, 15, 10, 30, 0, 123456),
        "2024-01-15 10:30": moment(2024, 1, 15, 10, 30),
        "2024-01-15T10:30:00+02:00": moment(2024, 1, 15, 8, 30),
        "0001-01-01 00:00:00": moment(1, 1, 1), "1899-12-30T10:30:00Z": moment(1899, 12, 30, 10, 30),
    }),
    "what is no truth": Kind("BOOLEAN", {
        "1": INVALID, "yes": INVALID, "t": INVALID, "true": True, "FALSE": False,
    }),
    "texts as they are": Kind("STRING", {
        "1.10": "1.10", "007": "007", '"say ""hi"""': 'say "hi"', '" a "': " a ", " a ": " a ",
        '27"': '27"', "a\tb": "a\tb", "\ufffd": "\ufffd", "'a'": "'a'", "é": "é", "NULL": "NULL",
        '"say \\"hi\\""': INVALID, '"a"b': INVALID, "": None, '""': None,
    }),
}  # fmt: skip

JSON_VALUES = {
    "numbers in texts, and texts in numbers": Kind("DECIMAL(12,2)", {
        '"12,50"': INVALID, '"12.50"': Decimal("12.50"), "1.239": INVALID, "12.5": Decimal("12.50"),
        "true": INVALID, "null": None,
    }),
    "all digits": Kind("DECIMAL(38,18)", {
        "1.123456789012345678": Decimal("1.123456789012345678"),
        "99999999999999999999.999999999999999999": Decimal("99999999999999999999.999999999999999999"),
    }),
    "numbers as texts": Kind("STRING", {
        "1.10": "1.10", "12345678901234567890": "12345678901234567890", "1e3": "1e3", "NaN": INVALID,
        '"\\ud83d"': INVALID, '"\\ud83d\\ude00"': "\U0001f600", '{"a": 1}': '{"a":1}', "[1.0]": "[1.0]",
    }),
    "whole numbers": Kind("BIGINT", {
        "1.0": INVALID, "1e3": INVALID, "9223372036854775807": MAXIMUM, "9223372036854775808": INVALID,
        '"7"': INVALID, "01": INVALID,
    }),
    "doubles": Kind("DOUBLE", {"1e999": INVALID, "Infinity": INVALID, "0.1": 0.1, '"0.1"': INVALID}),
    "moments": Kind("TIMESTAMP", {
        "1705312800000": INVALID, '"10:30"': INVALID, '"2024-01-15T10:30:00.123456789Z"': INVALID,
        '"2024-01-15T10:30:00Z"': moment(2024, 1, 15, 10, 30),
    }),
    "objects": Kind("STRUCT<a: DECIMAL(38,18), b: STRING>", {
        '{"a": 1.123456789012345678, "b": 1.10}': {"a": Decimal("1.123456789012345678"), "b": "1.10"},
        '{"a": 1, "a": 2}': INVALID, '{"a": 1, "c": 2}': INVALID,
    }),
}  # fmt: skip


def schema(kind: Kind) -> str:
    return f"id BIGINT, v {kind.column}, last STRING"


def csv_file(cells: Sequence[str], end: str = "\n") -> bytes:
    lines = ["id,v,last", *(f"{number},{cell},x" for number, cell in enumerate(cells))]
    return "".join(line + end for line in lines).encode()


def json_lines(values: Sequence[str]) -> bytes:
    lines = [f'{{"id": {n}, "v": {value}, "last": "x"}}\n' for n, value in enumerate(values)]
    return "".join(lines).encode()


def json_array(values: Sequence[str]) -> bytes:
    return b"[" + json_lines(values).strip().replace(b"\n", b",\n") + b"]"


def written(lake: Lake, name: str = "") -> dict[int, Any]:
    """What the table has in v, by id, as pyarrow reads it; name: the end of the files' names."""
    found: dict[int, Any] = {}
    for path in (lake.root / "data-lake-test-silver/job").rglob("*.parquet"):
        rows = parquet.ParquetFile(path).read().to_pylist()
        found |= {row["id"]: row["v"] for row in rows if row["source_object"].endswith(name)}
        assert {row["last"] for row in rows} <= {"x"}
    return found


def same(found: Any, value: Any) -> bool:
    """Whether these are one value: -0.0 is not 0.0, and 1 not 1.0."""
    if isinstance(value, datetime):
        return bool(found == value)
    return type(found) is type(value) and repr(found) == repr(value)


def check(found: dict[int, Any], run: Run, lake: Lake, texts: dict[str, Any]) -> None:
    """Each value is there exactly, and what is invalid is in the quarantine, and nowhere else."""
    for number, (text, value) in enumerate(texts.items()):
        if value is INVALID:
            assert number not in found, (text, found.get(number))
        else:
            assert same(found[number], value), (text, found[number], value)
    expected = sum(value is INVALID for value in texts.values())
    assert run.event("data_written")["rows_quarantined"] == expected
    if expected:
        assert len(aside(lake, run)) == expected


FORMS = [
    *[("csv", ".csv", kind, csv_file) for kind in CELLS],
    *[("csv", ".csv.gz", kind, csv_file) for kind in ("texts as they are", "whole numbers")],
    *[("jsonl", ".jsonl", kind, json_lines) for kind in JSON_VALUES],
    *[("json", ".json", kind, json_array) for kind in ("all digits", "objects", "doubles")],
]


@pytest.mark.parametrize(
    ("file_format", "suffix", "name", "make"),
    FORMS,
    ids=[f"{form[1]}: {form[2]}" for form in FORMS],
)
def test_every_value_is_the_one_of_the_file_or_invalid(
    lake: Lake, file_format: str, suffix: str, name: str, make: Any
) -> None:
    kind = (CELLS if file_format == "csv" else JSON_VALUES)[name]
    texts = kind.texts
    if file_format == "json":
        texts = {text: value for text, value in texts.items() if text not in ("NaN", "Infinity")}
    content = make([*texts])
    uploaded = lake.upload(
        f"sales/a{suffix}", gzip.compress(content) if suffix.endswith(".gz") else content
    )

    job_class = job(suffix, file_format, schema(kind))
    run = run_scheduled(job_class, "job")

    check(written(lake), run, lake, texts)
    if INVALID in texts.values():
        with pytest.raises(UnreadableSourceError, match=r"expected .* found"):
            run_for(job_class, "job", uploaded)


LINE_ENDS = {
    "LF header, CRLF rows": b'id,v,last\n0,a,x\r\n1,"b",x\r\n',
    "CR alone": b"id,v,last\r0,a,x\r1,b,x\r",
    "a byte order mark, and no end": b"\xef\xbb\xbfid,v,last\n0,a,x\n1,b,x",
    "a quoted header with a mark": b'\xef\xbb\xbf"id","v","last"\n0,a,x\n1,b,x\n',
    "blank lines": b"\r\n\r\nid,v,last\r\n\r\n0,a,x\r\n \r\n1,b,x\r\n",
}


@pytest.mark.parametrize("multiline", [False, True])
def test_the_end_of_a_line_is_no_data(lake: Lake, multiline: bool) -> None:
    text = Kind("STRING", {})
    for name, content in LINE_ENDS.items():
        lake.upload(f"sales/{name}.csv", content)

    run = run_scheduled(job(".csv", "csv", schema(text), multiline=multiline), "job")

    assert run.event("data_written")["rows_quarantined"] == 0
    for name in LINE_ENDS:
        assert written(lake, f"{name}.csv") == {0: "a", 1: "b"}, name


WHOLE = {
    "a legal cell of several lines": (b'id,v,last\n0,"a\r\nb\n\nc",x\n1,"say ""hi""",x\n', ["a\r\nb\n\nc", 'say "hi"']),
    "a lone quote": (b'id,v,last\n0,27",x\n1,"a\nb",x\n', None),
    "quotes that are open twice": (b'id,v,last\n0,"open,x\n1,b,x\n2,"also,x\n3,d,x\n', None),
    "another program's": (b'id,v,last\n0,"say \\"hi\\"",x\n', None),
    "an open quote at the end": (b'id,v,last\n0,a,x\n1,"b,x\n', None),
    "a cell that swallows a row": (b'id,v,last\n0,"a,x\n1,b",x,y\n', None),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_cells_over_lines_are_read_as_the_rfc_says_or_refused(lake: Lake, name: str) -> None:
    content, values = WHOLE[name]
    uploaded = lake.upload("sales/a.csv", content)
    job_class = job(".csv", "csv", schema(Kind("STRING", {})), multiline=True)

    if values is None:
        with pytest.raises(UnreadableSourceError, match=r"found .*quote"):
            run_for(job_class, "job", uploaded)
    else:
        run_for(job_class, "job", uploaded)

        rows = [*csv.DictReader(io.StringIO(content.decode(), newline=""))]
        assert written(lake) == dict(enumerate(values)) == {int(r["id"]): r["v"] for r in rows}


TORN = b'id,v,last\n0,27","first\n1,x,second"\n2,19,ok\n'


def test_a_torn_cell_is_refused_where_a_lone_quote_is_read(lake: Lake) -> None:
    job_class = job(".csv", "csv", schema(Kind("STRING", {})))

    with pytest.raises(UnreadableSourceError, match=r"row 2 of .*a quote that is left open"):
        run_for(job_class, "job", lake.upload("sales/a.csv", TORN))


BYTES = {
    ".csv": b"id,v,last\n0,caf\xe9,x\n",
    ".jsonl": b'{"id": 0, "v": "caf\xe9", "last": "x"}\n',
    ".json": b'[{"id": 0, "v": "caf\xe9", "last": "x"}]',
}


@pytest.mark.parametrize("suffix", BYTES)
@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("zipped", [True, False])
def test_bytes_that_are_no_utf_8_fail_a_strict_run(
    lake: Lake, suffix: str, declared: bool, zipped: bool
) -> None:
    content, suffix = BYTES[suffix], suffix + ".gz" * zipped
    job_class = job(suffix, suffix.split(".")[1], schema(Kind("STRING", {})) if declared else None)
    uploaded = lake.upload(f"sales/a{suffix}", gzip.compress(content) if zipped else content)

    with pytest.raises(UnreadableSourceError, match=r"not UTF-8|no record that tells the columns"):
        run_for(job_class, "job", uploaded)


INFERRED = {
    "codes": (["1D", "2F"], ["1D", "2F"]),
    "times of day": (["07:45", "18:30"], ["07:45", "18:30"]),
    "leading zeros": (["007", "12"], ["007", "12"]),
    "too many digits": (["12345678901234567890123", "1"], ["12345678901234567890123", "1"]),
    "numbers whose digits a double lacks": (["9007199254740993.5"], ["9007199254740993.5"]),
    "whole numbers": (["1", "-2"], [1, -2]),
    "large whole numbers": (["9007199254740993"], [9007199254740993]),
    "fractions": (["1.5", "40"], [1.5, 40.0]),
    "days": (["2024-01-15"], [date(2024, 1, 15)]),
    "almost days": (["2024-01-15", "2024-01-15 is a Monday"], ["2024-01-15", "2024-01-15 is a Monday"]),
    "numbers and words": (["1", "n/a"], ["1", "n/a"]),
}  # fmt: skip


def test_types_that_nobody_declares_lose_nothing(lake: Lake) -> None:
    for number, (texts, values) in enumerate(INFERRED.values()):
        folder = lake.root / "data-lake-test-bronze/sales"
        for old in folder.glob("*"):
            old.unlink()
        lake.upload(f"sales/{number}.csv", csv_file(texts))

        run_scheduled(job(".csv", "csv", None), "job")

        assert repr(written(lake)) == repr(dict(enumerate(values))), texts


def test_files_whose_types_disagree_agree_on_one_that_loses_nothing(lake: Lake) -> None:
    lake.upload("sales/a.csv", csv_file(["9007199254740993"]))
    lake.upload("sales/b.csv", b"last,id,v\nx,1,1.50\n")
    lake.upload("sales/c.csv", b"V,last,id\n7,x,2\n")

    run_scheduled(job(".csv", "csv", None), "job")

    assert written(lake) == {0: "9007199254740993", 1: "1.50", 2: "7"}


def test_a_column_of_blanks_alone_is_a_value_where_it_is_the_only_one(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.csv", b"v\n \na\n\n")

    run = run_for(job(".csv", "csv", "v STRING"), "job", uploaded)

    assert sorted(row.v for row in lake.read(run.job.output_uri).collect()) == [" ", "a"]


@pytest.fixture
def small_bombs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gzip file may expand to a megabyte whatever its size, and not to 64."""
    monkeypatch.setattr(packing, "ALWAYS_EXPANDED", 1024 * 1024)


@pytest.mark.usefixtures("small_bombs")
@pytest.mark.parametrize("suffix", [".csv.gz", ".jsonl.gz", ".json.gz"])
def test_a_bomb_meets_its_limit(lake: Lake, suffix: str) -> None:
    text = b"id,v,last\n" + b"1,a,x\n" * 500_000 if "csv" in suffix else b" " * 3_000_000
    uploaded = lake.upload(f"sales/a{suffix}", gzip.compress(text))
    job_class = job(suffix, suffix.split(".")[1], schema(Kind("STRING", {})))

    with pytest.raises(UnreadableSourceError, match="expands to more than 200 times its size"):
        run_for(job_class, "job", uploaded)


@pytest.mark.usefixtures("small_bombs")
def test_a_bomb_in_parts_meets_its_limit_while_it_is_read(lake: Lake) -> None:
    # Each part says that it is small.
    part = gzip.compress(b"1,a,x\n" * 100_000)
    lake.upload("sales/a.csv.gz", gzip.compress(b"id,v,last\n") + part * 15)
    lake.upload("sales/good.csv.gz", gzip.compress(csv_file(["a"])))

    run = run_scheduled(job(".csv.gz", "csv", schema(Kind("STRING", {}))), "job")

    assert written(lake) == {0: "a"}
    [(name, (_, reason, _))] = aside(lake, run)
    assert name == "a.csv.gz"
    assert "expands to more than 200 times its size" in reason


def test_a_header_of_any_width_is_read(lake: Lake) -> None:
    names = [f"column_{number}_{'x' * 60}" for number in range(1500)]
    content = f"{','.join(names)}\n{','.join(str(n) for n in range(1500))}\n"
    assert len(content) > 100_000
    uploaded = lake.upload("sales/a.csv", content)

    run = run_for(job(".csv", "csv", None), "job", uploaded)

    [path] = (lake.root / "data-lake-test-silver/job").rglob("*.parquet")
    [row] = parquet.ParquetFile(path).read().to_pylist()
    assert [row[name] for name in names] == [*range(1500)]
    assert run.event("data_written")["rows_written"] == 1


# --- files of known values -------------------------------------------------------------------------

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.none() | st.integers(-(2**63), MAXIMUM),
            "d": st.none() | st.decimals("-1e19", "1e19", places=18),
            "f": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "day": st.none() | st.dates(),
            "at": st.none() | st.datetimes(timezones=st.just(UTC)),
            "s": st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n")),
        }
    ),
    min_size=1,
    max_size=60,
)
TYPES = "id BIGINT, n BIGINT, d DECIMAL(38,18), f DOUBLE, day DATE, at TIMESTAMP, s STRING"


def as_csv(rows: Sequence[dict[str, Any]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(["id", *sorted(rows[0])])
    for number, row in enumerate(rows):
        writer.writerow([number, *(_text(row[name]) for name in sorted(row))])
    return stream.getvalue().encode()


def as_json(rows: Sequence[dict[str, Any]]) -> bytes:
    return "".join(
        json.dumps({"id": n} | {k: _json(v) for k, v in row.items()}, ensure_ascii=n % 2 == 0)
        + "\n"
        for n, row in enumerate(rows)
    ).encode()


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _json(value: Any) -> Any:
    return str(_text(value)) if isinstance(value, Decimal | date) else value


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS)
def test_known_values_are_found_again_in_both_modes(lake: Lake, rows: list[dict[str, Any]]) -> None:
    for suffix, content, empty in ((".csv", as_csv(rows), None), (".jsonl", as_json(rows), "")):
        job_class = job(suffix, suffix[1:], TYPES)
        uploaded = lake.upload(f"sales/a{suffix}", content)
        expected = [{**row, "s": empty if row["s"] == "" else row["s"]} for row in rows]

        for run in (run_scheduled(job_class, "job"), run_for(job_class, "job", uploaded)):
            assert run.event("data_written")["rows_written"] == len(rows)
            paths = [*(lake.root / "data-lake-test-silver/job").rglob("*.parquet")]
            found = [row for path in paths for row in parquet.ParquetFile(path).read().to_pylist()]
            found.sort(key=lambda row: row["id"])
            for row, values in zip(found, expected, strict=True):
                for name, value in values.items():
                    assert same(row[name], value), (name, row[name], value)
        for path in (*paths, lake.root / f"data-lake-test-bronze/sales/a{suffix}"):
            path.unlink()
