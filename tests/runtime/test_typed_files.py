"""Parquet and ORC files that others have written, and damaged ones: pyarrow says what is in them."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import orc, parquet
from pyspark.sql import functions as F

from glue_runtime.errors import BadRowsError, OutputError, UnreadableSourceError
from glue_runtime.local.session import LAKE_VARIABLE
from glue_runtime.testing import Lake, run_for, run_scheduled
from test_bad_input import aside, job, table, upload_good

PEOPLE = pa.table({"id": pa.array(range(100), pa.int64()), "name": [f"n{i}" for i in range(100)]})


def as_parquet(content: pa.Table = PEOPLE, **options: Any) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(content, stream, compression="none", use_dictionary=False, **options)
    return stream.getvalue()


def as_orc(content: pa.Table = PEOPLE) -> bytes:
    stream = io.BytesIO()
    orc.write_table(content, stream, compression="uncompressed")
    return stream.getvalue()


def edited(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) == 1
    return data.replace(old, new)


def one_bit_of_a_page() -> bytes:
    return edited(as_parquet(write_page_checksum=True), b"n50", b"n51")


def one_bit_of_a_page_of_version_2() -> bytes:
    return edited(
        as_parquet(write_page_checksum=True, data_page_version="2.0", write_statistics=False),
        b"n50",
        b"n51",
    )


def a_footer_of_rows_that_are_not_there() -> bytes:
    # The field of the number of rows, and the list of row groups after it: 25 rows in place of 0.
    return edited(as_parquet(PEOPLE.slice(0, 0)), b"\x16\x00\x19\x1c", b"\x16\x32\x19\x1c")


def a_page_of_negative_size() -> bytes:
    data = as_parquet(
        PEOPLE.select(["id"]).append_column("name", pa.nulls(100, pa.string())),
        data_page_version="2.0",
    )
    # Within the header of the first page: encoding, and the length of its levels, 3 and then -2.
    start = data.index(b"\x15\xc8\x01\x15\x00\x15\x06\x15\x00")
    return data[: start + 6] + b"\x03" + data[start + 7 :]


def a_stream_that_is_missing() -> bytes:
    data = as_orc()
    # The kinds of the streams in the footer of the stripe: DATA becomes one that nobody knows.
    start = data.rindex(b"\x08\x01\x10\x02")
    return data[: start + 1] + b"\x07" + data[start + 2 :]


DAMAGED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a flipped bit": ("parquet", one_bit_of_a_page, "cannot be read to its end"),
    "a flipped bit of version 2": ("parquet", one_bit_of_a_page_of_version_2, "does not match its checksum"),
    "a wrong footer": ("parquet", a_footer_of_rows_that_are_not_there, "a footer of 25 rows"),
    "no footer": ("parquet", lambda: as_parquet()[:-20] + b"\xff\xff\xff\x7fPAR1", "no PARQUET data"),
    "a missing stream": ("orc", a_stream_that_is_missing, "cannot be read to its end"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_typed_file_is_found_by_its_checksum_or_its_footer(
    lake: Lake, damage: str
) -> None:
    file_format, make, reason = DAMAGED[damage]
    job_class = job(f".{file_format}", file_format)
    upload_good(lake, f".{file_format}", file_format)
    uploaded = lake.upload(f"sales/bad one%20.{file_format}", make())

    run = run_scheduled(job_class, "job")

    assert table(lake) == [(100, "ok")]
    [(name, (_, found, _))] = aside(lake, run)
    assert name == f"bad one%20.{file_format}"
    assert reason in found
    with pytest.raises(UnreadableSourceError, match=r"expected .* found") as failure:
        run_for(job_class, "job", uploaded)
    assert uploaded.uri in str(failure.value)


@pytest.mark.parametrize("codec", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_sound_pages_of_version_2_with_checksums_are_read(
    lake: Lake, codec: str, dictionary: bool
) -> None:
    stream = io.BytesIO()
    parquet.write_table(
        PEOPLE,
        stream,
        compression=codec,
        use_dictionary=dictionary,
        data_page_version="2.0",
        write_page_checksum=True,
    )
    uploaded = lake.upload("sales/a.parquet", stream.getvalue())

    run_for(job(".parquet", "parquet"), "job", uploaded)

    assert sorted(table(lake)) == [tuple(row.values()) for row in PEOPLE.to_pylist()]


def test_a_page_whose_checksum_nobody_can_verify_is_refused(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = as_parquet(write_page_checksum=True, data_page_version="2.0")

    def unsupported(*_: object, **__: object) -> None:
        raise pa.ArrowNotImplementedError("LZO codec")

    monkeypatch.setattr(parquet, "ParquetFile", unsupported)

    with pytest.raises(UnreadableSourceError, match="nobody can verify: LZO codec"):
        run_for(job(".parquet", "parquet"), "job", lake.upload("sales/a.parquet", content))


ENDLESS = """
import sys; sys.path[:0] = {tests}
from glue_runtime.input.formats import typed_reader
from glue_runtime.spark import time_limit
from test_bad_input import job

typed_reader.SECONDS, time_limit.LOOK_EVERY = 12.0, 0.5
job(".parquet", "parquet").main("job", {arguments})
"""


def endless_run(lake: Lake, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A run in a process of its own: Spark's threads go on after their queries have been cancelled."""
    source = Path(sys.modules["glue_runtime"].__file__ or "").parents[1]
    tests = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]
    return subprocess.run(
        [sys.executable, "-c", ENDLESS.format(tests=tests, arguments=arguments)],
        env={**os.environ, LAKE_VARIABLE: str(lake.root), "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.mark.parametrize("start", ["event", "schedule"])
def test_reading_a_file_has_a_limit_of_time(lake: Lake, start: str) -> None:
    upload_good(lake, ".parquet", "parquet")
    uploaded = lake.upload("sales/bad.parquet", a_page_of_negative_size())
    arguments = ["--env", "test"]
    if start == "event":
        arguments += ["--bucket", uploaded.bucket, "--object_key", uploaded.key]

    ran = endless_run(lake, *arguments)

    if start == "event":
        assert ran.returncode == 1, ran.stderr
        assert "UnreadableSourceError" not in ran.stderr
        assert "sales/bad.parquet" in ran.stderr
        assert not [*(lake.root / "data-lake-test-silver").rglob("*.parquet")]
    else:
        assert ran.returncode == 0, ran.stderr
        assert table(lake) == [(100, "ok")]
        assert '"files_quarantined": 1' in ran.stdout


def test_a_run_ends_when_endless_files_take_every_core(lake: Lake) -> None:
    cores = os.cpu_count() or 1
    for number in range(cores + 1):
        lake.upload(f"sales/bad{number}.parquet", a_page_of_negative_size())

    ran = endless_run(lake, "--env", "test")

    assert ran.returncode == 1, ran.stdout
    assert f"the damaged file is one of {cores + 1}: s3://" in ran.stderr
    assert not [*(lake.root / "data-lake-test-silver").rglob("*.parquet")]


def test_nanoseconds_are_read_exactly_or_not_at_all(lake: Lake) -> None:
    whole = [1705312800000000000, -2208988800000001000, None]
    zoned = pa.table({"id": [1, 2, 3], "at": pa.array(whole, pa.timestamp("ns", "UTC"))})
    uploaded = lake.upload("sales/a.parquet", as_parquet(zoned))

    for schema in ("id BIGINT, at TIMESTAMP", None):
        run = run_for(job(".parquet", "parquet", schema), "job", uploaded)

        rows = lake.read(run.job.output_uri).orderBy("id").select(F.unix_micros("at")).collect()
        assert [row[0] for row in rows] == [value and value // 1000 for value in whole]

    between = pa.table(
        {"id": [1], "at": pa.array([1705312800000000001], pa.timestamp("ns", "UTC"))}
    )
    with pytest.raises(
        BadRowsError, match=r"at 2024-01-15 10:00:00 and some nanoseconds is not a valid timestamp"
    ):
        run_for(job(".parquet", "parquet", "id BIGINT, at TIMESTAMP"), "job",
                lake.upload("sales/b.parquet", as_parquet(between)))  # fmt: skip


@pytest.mark.parametrize("file_format", ["parquet", "orc"])
def test_old_days_and_moments_arrive_as_they_are(lake: Lake, file_format: str) -> None:
    days = [date(1582, 10, 15), date(1899, 12, 30), date(1970, 1, 1), date(9999, 12, 31)]
    if file_format == "parquet":
        days[0] = date(1, 1, 1)
    # Spark has no type for ORC's moments with a zone, and cannot read fractions of seconds before 1970.
    zone, micro = (UTC, 1) if file_format == "parquet" else (None, 0)
    moments = [datetime(one.year, one.month, one.day, 10, 30, 0, micro, zone) for one in days]
    content = pa.table(
        {"id": [*range(4)], "day": days, "at": pa.array(moments, pa.timestamp("us", zone and "UTC")),
         "n": [Decimal("1.123456789012345678")] * 4}
    )  # fmt: skip
    make = {"parquet": as_parquet, "orc": as_orc}[file_format]
    uploaded = lake.upload(f"sales/a.{file_format}", make(content))

    run = run_for(job(f".{file_format}", file_format, None), "job", uploaded)

    [written] = (lake.root / "data-lake-test-silver/job").rglob("*.parquet")
    found = parquet.read_table(written, columns=["id", "day", "at", "n"]).sort_by("id")
    assert found["day"].to_pylist() == days
    assert [each.replace(tzinfo=zone) for each in found["at"].to_pylist()] == moments
    assert found["n"].to_pylist() == content["n"].to_pylist()
    assert run.event("data_written")["rows_written"] == 4


def test_a_day_of_orc_that_spark_reads_as_another_is_invalid(lake: Lake) -> None:
    content = pa.table({"id": [1, 2], "day": [date(1582, 10, 14), date(1582, 10, 15)]})
    uploaded = lake.upload("sales/a.orc", as_orc(content))

    with pytest.raises(BadRowsError, match=r"row 1 of .*day is before 1582-10-15"):
        run_for(job(".orc", "orc", "id BIGINT, day DATE"), "job", uploaded)


def test_a_fraction_of_a_second_of_orc_that_spark_reads_as_another_is_invalid(lake: Lake) -> None:
    moments = [datetime(1970, 1, 1, 0, 0, 0, 1), datetime(1899, 12, 30, 10, 30)]
    for name, values in {"good": moments, "bad": [datetime(1899, 12, 30, 10, 30, 0, 1)]}.items():
        content = pa.table({"id": range(len(values)), "at": pa.array(values, pa.timestamp("us"))})
        uploaded = lake.upload(f"sales/{name}.orc", as_orc(content))
    job_class = job(".orc", "orc", "id BIGINT, at TIMESTAMP")

    run = run_scheduled(job_class, "job")

    written = lake.read(run.job.output_uri).orderBy("id").select(F.unix_micros("at")).collect()
    assert [row[0] for row in written] == pa.array(moments).cast(pa.int64()).to_pylist()
    assert [name for name, _ in aside(lake, run)] == ["bad.orc"]
    with pytest.raises(BadRowsError, match="at is before 1970 and has a fraction of a second"):
        run_for(job_class, "job", uploaded)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (pa.int32(), pa.int64(), "bigint"),
        (pa.float32(), pa.float64(), "double"),
        (pa.int32(), pa.float64(), "double"),
        (pa.decimal128(5, 2), pa.decimal128(8, 3), "decimal(8,3)"),
        (pa.int64(), pa.float64(), None),
        (pa.int64(), pa.bool_(), None),
    ],
    ids=str,
)
def test_types_that_differ_are_widened_without_loss_or_refused(
    lake: Lake, before: pa.DataType, after: pa.DataType, expected: str | None
) -> None:
    for name, kind in (("a", before), ("b", after)):
        values = pa.array([Decimal(7) if pa.types.is_decimal(kind) else 7]).cast(kind)
        lake.upload(f"sales/{name}.parquet", as_parquet(pa.table({"id": [1], "v": values})))
    job_class = job(".parquet", "parquet", None)

    if expected is None:
        with pytest.raises(UnreadableSourceError, match="expected a column v of one type, found"):
            run_scheduled(job_class, "job")
        return
    run = run_scheduled(job_class, "job")

    found = lake.read(run.job.output_uri)
    assert dict(found.dtypes)["v"] == expected
    assert [float(row.v) for row in found.collect()] == [7.0, 7.0]


def test_an_event_run_leaves_one_table(lake: Lake) -> None:
    job_class = job(".csv", "csv", None)
    lake.upload("sales/a.csv", "id,name\n9007199254740993,a\n")
    run = run_scheduled(job_class, "job")

    run_for(job_class, "job", lake.upload("sales/b.csv", "ID,name\n2,b\n"))
    run_for(job_class, "job", lake.upload("sales/empty.csv", "id,name\n"))
    with pytest.raises(OutputError, match=r"expected id as bigint, .* found double in the rows of"):
        run_for(job_class, "job", lake.upload("sales/c.csv", "id,name\n2.5,c\n"))

    files = [*(lake.root / "data-lake-test-silver/job").rglob("*.parquet")]
    assert {str(parquet.read_schema(file).field("id").type) for file in files} == {"int64"}
    found = lake.read(run.job.output_uri).select("id", "name").collect()
    assert sorted(map(tuple, found)) == [(2, "b"), (9007199254740993, "a")]
