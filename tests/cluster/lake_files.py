"""The files of the lake, written and read without Spark, and what a run's log says of them."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyarrow import parquet as pq

BRONZE, SILVER = "data-lake-test-bronze", "data-lake-test-silver"

OF_THE_RUN = ("timestamp", "level", "job_name", "job_run_id", "environment", "_aws")


def content(numbers: Iterable[int], *further: str) -> str:
    """A CSV file of sales with these ids, and further lines."""
    lines = [
        f'{number},"N, {number}",KITCHEN,{number / 8},2024-02-29T23:59:59Z' for number in numbers
    ]
    return "\n".join(["id,name,category,amount,updated_at", *lines, *further, ""])


def as_json(text: str) -> str:
    """The same rows as JSON lines, which have no header that would have to be counted."""
    rows = csv.DictReader(io.StringIO(text))
    values = ({**row, "id": int(row["id"]), "amount": float(row["amount"])} for row in rows)
    return "".join(f"{json.dumps(row)}\n" for row in values)


def upload(lake: Path, files: Mapping[str, str]) -> None:
    """Put files into the bronze bucket."""
    for key, text in files.items():
        path = lake / BRONZE / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def event(key: str) -> list[str]:
    """The arguments of a run that the upload of this file starts."""
    return ["--bucket", BRONZE, "--object_key", key]


def expected(files: Mapping[str, str]) -> list[dict[str, Any]]:
    """The valid rows of these files as the jobs write them, by Python's own modules."""
    found = []
    for key, text in files.items():
        lines = text.splitlines()
        read = map(json.loads, lines) if key.endswith(".jsonl") else csv.DictReader(lines)
        for row in (row for row in read if str(row["id"]).isdigit()):
            found.append(
                {
                    "id": int(row["id"]),
                    "name": row["name"],
                    "category": row["category"].lower(),
                    "amount": float(row["amount"]),
                    "updated_at": datetime.fromisoformat(row["updated_at"]).astimezone(UTC),
                    "source_object": f"s3://{BRONZE}/{key}",
                }
            )
    return sorted(found, key=str)


def rows(lake: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table, by pyarrow."""
    files = sorted((lake / SILVER / table).rglob("*.parquet"))
    return sorted(
        (row for file in files for row in pq.ParquetFile(file).read().to_pylist()), key=str
    )


def staged(lake: Path) -> list[Path]:
    """The files that runs have left in their staging folders."""
    return [path for path in (lake / SILVER / "_staging").rglob("*") if path.is_file()]


def said(log: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    """The fields of the only line of this name, without those of each line of the run."""
    [line] = [line for line in log if line["event"] == name]
    return {field: value for field, value in line.items() if field not in OF_THE_RUN}


def metrics(log: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """What CloudWatch takes from the log: the values of each metric."""
    found: dict[str, list[float]] = {}
    for line in log:
        for described in line.get("_aws", {}).get("CloudWatchMetrics", []):
            for metric in described["Metrics"]:
                found.setdefault(metric["Name"], []).append(line[metric["Name"]])
    return found
