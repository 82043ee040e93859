"""A commit over S3A, with an error planted at each of its requests: no reader is left with a mixture."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from glue_runtime.spark import storage
from glue_runtime.spark.storage import Storage
from glue_runtime.tables import parquet
from glue_runtime.tables.parquet import ParquetTable
from glue_runtime.tables.table import Staged
from glue_runtime.testing import Lake
from s3_server import Request, S3Server

SILVER = "s3://data-lake-test-silver"

PARTS: dict[str, tuple[list[list[int]], list[list[int]]]] = {
    "kaaa": ([[1], [2]], [[3], [4], [5]]),
    "kbbb": ([[6]], [[7]]),
    "kccc": ([[8], [9]], []),
}
"""The values of the older files and of the newer ones of each part."""


def write(path: Path, values: list[int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"v": values}), path)


def prepared(lake: Lake) -> Staged:
    """Have the older files in the table, and the newer ones staged."""
    silver = lake.root / "data-lake-test-silver"
    shutil.rmtree(silver)
    for part, (older, newer) in PARTS.items():
        folder = f"source_id={part}"
        for number, values in enumerate(older):
            name = parquet._file_name((1, "0" * 12), number, len(older))
            write(silver / "rows" / folder / name, values)
        for number, values in enumerate(newer):
            write(silver / "_staging/rows/run" / folder / f"part-{number}.parquet", values)
    staged = Storage(lake.spark).files(f"{SILVER}/_staging/rows/run")
    files = {part: [each for each in staged if part in each.uri] for part in PARTS}
    return Staged(f"{SILVER}/_staging/rows/run", {k: v for k, v in files.items() if v}, 0)


def mixed(lake: Lake) -> list[str]:
    """The parts that have neither the older values nor the newer ones."""
    found = []
    for part, either in PARTS.items():
        folder = lake.root / f"data-lake-test-silver/rows/source_id={part}"
        files = sorted(folder.glob("*.parquet"))
        values = sorted(v for file in files for v in pq.ParquetFile(file).read()["v"].to_pylist())
        if values not in [sorted(v for values in files for v in values) for files in either]:
            found.append(part)
    return found


def commit(lake: Lake, staged: Staged) -> None:
    table = ParquetTable(lake.spark, f"{SILVER}/rows")
    try:
        table.commit(staged, {"kccc"}, {})
    finally:
        table.discard(staged)


def refusing(kind: str, status: int, number: int, length: int) -> Callable[[Request], int | None]:
    """Answers the request of this number and kind with this status, and so many in all."""
    seen = 0

    def refuse(request: Request) -> int | None:
        nonlocal seen
        if kind not in (request.kind, "any"):
            return None
        seen += 1
        return status if number <= seen < number + length else None

    return refuse


@pytest.fixture
def in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """One request after the other, so that each has a number."""
    monkeypatch.setattr(storage, "PARALLEL", 1)
    # A run that cannot even write that it has failed is taken for killed: here, at once.
    monkeypatch.setattr(parquet, "GRACE", -60.0)


@pytest.mark.usefixtures("in_turn")
@pytest.mark.parametrize(
    ("kind", "status", "length"),
    [("any", 500, 12), ("COPY", 403, 999), ("DELETE", 403, 999), ("PUT", 403, 1)],
)
def test_an_error_at_any_request_of_a_commit_leaves_no_mixture(
    lake: Lake, s3: S3Server, kind: str, status: int, length: int
) -> None:
    staged = prepared(lake)
    with s3.counted() as clean:
        commit(lake, staged)
    assert mixed(lake) == []
    requests = clean.total() if kind == "any" else clean[kind]
    failed, left = 0, {}

    for number in range(1, requests + 1):
        staged = prepared(lake)
        s3.refuse = refusing(kind, status, number, length)
        try:
            commit(lake, staged)
        except Exception:
            failed += 1
        finally:
            s3.refuse = lambda request: None
        if kind in ("COPY", "PUT"):
            assert mixed(lake) == [], f"after request {number}"
        ParquetTable(lake.spark, f"{SILVER}/rows").recover()
        left[number] = mixed(lake)

    assert {number: parts for number, parts in left.items() if parts} == {}
    assert failed


@pytest.mark.usefixtures("in_turn")
def test_a_part_is_settled_before_the_next_one_moves(lake: Lake, s3: S3Server) -> None:
    silver, parts = lake.root / "data-lake-test-silver", [f"k{number:03}" for number in range(20)]
    for part in parts:
        folder = f"source_id={part}"
        write(silver / "rows" / folder / parquet._file_name((1, "0" * 12), 0, 1), [1])
        write(silver / "_staging/rows/run" / folder / "part-0.parquet", [2])
    found = Storage(lake.spark).files(f"{SILVER}/_staging/rows/run")
    staged = {part: [each for each in found if f"={part}/" in each.uri] for part in parts}
    first = len(s3.requests)

    ParquetTable(lake.spark, f"{SILVER}/rows").commit(
        Staged(f"{SILVER}/_staging/rows/run", staged, 20), set(), {}
    )

    changes = [
        (request.kind, part)
        for request in s3.requests[first:]
        for part in parts
        if request.kind in ("COPY", "DELETE") and request.key.startswith(f"rows/source_id={part}/")
    ]
    assert changes == [(kind, part) for part in parts for kind in ("COPY", "DELETE")]
