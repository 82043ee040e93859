"""Packed files are read to their end as Python's own modules unpack them, or refused."""

import bz2
import io
import json
import zipfile
from collections.abc import Callable

import pytest
import zstandard
from pyarrow import parquet

from glue_runtime.errors import UnreadableSourceError
from glue_runtime.input.exact import packing
from glue_runtime.testing import Lake, run_for, run_scheduled
from test_bad_input import aside, job

SCHEMA = "id BIGINT, name STRING"


def zipped(
    data: bytes, *names: str, method: int = zipfile.ZIP_DEFLATED, folder: bool = False
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        if folder:
            archive.writestr("a/", b"")
        for name in names or ("a.csv",):
            archive.writestr(name, data)
    return stream.getvalue()


def members(pack: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Packs the halves of data one after the other."""
    return lambda data: pack(data[:7]) + pack(data[7:])


PACKED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "bzip2": (".bz2", bz2.compress),
    "bzip2 of two members": (".bz2", members(bz2.compress)),
    "zstd": (".zst", zstandard.compress),
    "zstd of two frames": (".zst", members(zstandard.compress)),
    "zstd with a checksum": (".zst", zstandard.ZstdCompressor(write_checksum=True).compress),
    "zip": (".zip", zipped),
    "zip of a file in a folder": (
        ".zip",
        lambda data: zipped(data, folder=True, method=zipfile.ZIP_STORED),
    ),
    "zip without compression": (".zip", lambda data: zipped(data, method=zipfile.ZIP_STORED)),
}

TEXTS = {
    ".csv": ("csv", b'id,name\r\n1,"a ""b"""\r\n2,\xc3\xa9\r\nx,c\r\n', "x,c", 4),
    ".jsonl": ("jsonl", b'{"id": 1, "name": "a \\"b\\""}\n{"id": 2, "name": "\xc3\xa9"}\n{"id": "x"}\n', '{"id": "x"}', 3),
    ".json": ("json", b'[{"id": 1, "name": "a \\"b\\""},\n{"id": 2, "name": "\xc3\xa9"}, {"id": "x"}]', '{"id":"x"}', 3),
}  # fmt: skip

LONG = b"id,name\n" + b"".join(b"%d,%d\n" % (n, n * 7919) for n in range(20_000))


def test_the_beginning_of_an_archive_is_that_of_its_file() -> None:
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        for folder in (False, True):
            data = zipped(LONG, "a/a.csv", method=method, folder=folder)
            assert packing.beginning(data[:-5], ".zip", 100) == LONG[:100]


RIGHT = [(1, 'a "b"'), (2, "é")]


def table(lake: Lake) -> list[tuple]:
    paths = (lake.root / "data-lake-test-silver/job").rglob("*.parquet")
    rows = [row for path in paths for row in parquet.ParquetFile(path).read().to_pylist()]
    return sorted((row["id"], row["name"]) for row in rows)


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("suffix", TEXTS)
def test_a_packed_file_is_all_of_its_content(lake: Lake, name: str, suffix: str) -> None:
    (ending, pack), (file_format, text, raw, position) = PACKED[name], TEXTS[suffix]
    good = (
        text.replace(b"x,c\r\n", b"").replace(b'{"id": "x"}\n', b"").replace(b', {"id": "x"}', b"")
    )
    uploaded = lake.upload(f"sales/a{suffix}{ending}", pack(good))
    job_class = job(suffix + ending, file_format, SCHEMA)

    run_for(job_class, "job", uploaded)

    assert table(lake) == RIGHT
    lake.upload(f"sales/a{suffix}{ending}", pack(text))
    run = run_scheduled(job_class, "job")
    assert table(lake) == RIGHT
    [(_, (at, _, shown))] = aside(lake, run)
    assert (at, shown) == (position, raw)


@pytest.mark.parametrize("ending", [".bz2", ".zst", ".zip"])
def test_columns_of_packed_files_are_inferred(lake: Lake, ending: str) -> None:
    pack = next(pack for end, pack in PACKED.values() if end == ending)
    for suffix, text in (
        (".csv", b"id,name\n7,a\n"),
        (".jsonl", json.dumps({"id": 7, "name": "a"}).encode()),
    ):
        lake.upload(f"sales/a{suffix}{ending}", pack(text))

        run_scheduled(job(suffix + ending, suffix[1:], None), "job")

        assert table(lake) == [(7, "a")]


CONTENT = b"id,name\n" + b"".join(b"%d,a%d\n" % (n, n * 7919) for n in range(20_000))
BOMB = b"id,name\n" + b"1,a\n" * 30_000_000

FAULTY: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "bzip2 cut short": (".bz2", lambda: bz2.compress(CONTENT)[:-30], "cannot be read to its end"),
    "zstd cut short": (".zst", lambda: zstandard.compress(CONTENT)[:-30], "cannot be read to its end"),
    "zip cut short": (".zip", lambda: zipped(CONTENT)[:-30], "cannot be read to its end"),
    "another checksum in bzip2": (".bz2", lambda: damaged(bz2.compress(CONTENT)), "cannot be read to its end"),
    "another checksum in zip": (".zip", lambda: damaged(zipped(CONTENT)), "cannot be read to its end"),
    "other data": (".zst", lambda: CONTENT, "a name that ends in .zst, but no zstd data"),
    "an archive within an archive": (".zip", lambda: zipped(zipped(CONTENT), "a.csv.zip"), "found a zip archive, not the text"),
    "two files": (".zip", lambda: zipped(CONTENT, "a.csv", "b.csv"), "a zip archive of 2 files"),
    "a bomb of zstd": (".zst", lambda: zstandard.compress(BOMB), "expands to more than 200 times its size"),
    "a bomb of zip": (".zip", lambda: zipped(BOMB), "expands to more than 200 times its size"),
    "a bomb of bzip2": (".bz2", lambda: bz2.compress(BOMB), "expands to more than 200 times its size"),
}  # fmt: skip


def damaged(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize("name", FAULTY)
def test_a_damaged_file_is_refused_or_quarantined(lake: Lake, name: str) -> None:
    ending, make, reason = FAULTY[name]
    pack = next(pack for end, pack in PACKED.values() if end == ending)
    lake.upload(f"sales/good.csv{ending}", pack(b"id,name\n100,ok\n"))
    uploaded = lake.upload(f"sales/bad.csv{ending}", make())
    job_class = job(f".csv{ending}", "csv", SCHEMA)

    with pytest.raises(UnreadableSourceError, match=reason):
        run_for(job_class, "job", uploaded)

    run = run_scheduled(job_class, "job")
    assert table(lake) == [(100, "ok")]
    [(_, (_, told, _))] = aside(lake, run)
    assert reason in told
