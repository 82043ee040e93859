"""Write the template's sample files, one set for each format of its registry.

Run it after a change to the formats in copier.yml: python3 generator samples
"""

import bz2
import csv
import gzip
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from gluecast.template.bundled import TEMPLATE_ROOT
from gluecast.template.registries import Registry, packings, registry

COLUMNS = ("id", "name", "category", "amount", "updated_at")

FILES: Mapping[str, list[tuple[int, str, str, float, str]]] = {
    "daily_2024-01-15": [
        (1001, "Espresso machine", "Kitchen", 249.9, "2024-01-15T08:30:00Z"),
        (1002, "Desk lamp", "Office", 39.5, "2024-01-15T09:12:45Z"),
        (1003, "Garden chair, foldable", "Garden", 59.0, "2024-01-15T11:05:10Z"),
        (1004, 'Monitor 27"', "Office", 319.99, "2024-01-15T16:48:02Z"),
    ],
    "weekly_summary_2024-W03": [
        (1005, "Kettle", "Kitchen", 28.75, "2024-01-16T07:59:30Z"),
        (1006, "Crème brûlée torch", "Kitchen", 24.25, "2024-01-17T18:20:00Z"),
        (1007, "Parasol", "Garden", 89.0, "2024-01-19T12:00:00Z"),
    ],
    "corrections_2024-01-15_v2": [
        (1002, "Desk lamp", "Office", 35.5, "2024-01-18T10:00:00Z"),
        (1003, "Garden chair, foldable", "Garden", 54.9, "2024-01-18T10:00:00Z"),
    ],
    "realtime_batch_20240115_143022": [
        (1008, "Notebook", "Office", 4.5, "2024-01-15T14:30:21Z"),
        (1009, "Watering can", "Garden", 17.95, "2024-01-15T14:30:22Z"),
    ],
}


def main() -> None:
    """Rewrite template/{{ job }}/<one folder per format>/test_data."""
    for name, properties in registered_formats().items():
        for packing in packings_of(properties):
            _write(name, properties, packing)


def packings_of(properties: Mapping[str, Any]) -> Iterator[str]:
    """The ends of the names of packed files of a format, and the empty one."""
    yield ""
    if properties["compressed"]:
        yield from packings()


def registered_formats() -> Registry:
    """The registry of copier.yml: name -> reader, suffixes, compressed, module."""
    return registry("formats")


def sample_folder(format_name: str, packing: str) -> Path:
    """The template's folder for the sample files of a format."""
    condition = f"{{% if samples == '{format_name}{packing}' %}}tests{{% endif %}}"
    return (
        TEMPLATE_ROOT / "template/{{ job }}" / condition / "test_data/{{ job_name }}/{{ prefix }}"
    )


def _write(format_name: str, properties: Mapping[str, Any], packing: str) -> None:
    folder = sample_folder(format_name, packing)
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in FILES.items():
        records = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        content = _encode(properties, records)
        if packing:
            content = _PACKERS[packing](content)
        (folder / f"{name}{{{{ suffix }}}}").write_bytes(content)


def _zip(data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo("data"), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _zstd(data: bytes) -> bytes:
    import pyarrow as pa

    stream = pa.BufferOutputStream()
    with pa.CompressedOutputStream(stream, "zstd") as packed:
        packed.write(data)
    return bytes(stream.getvalue())


_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".bz2": bz2.compress,
    ".zst": _zstd,
    ".zip": _zip,
}


def _encode(properties: Mapping[str, Any], records: list[dict[str, Any]]) -> bytes:
    match properties["module"]:
        case "csv":
            text = io.StringIO()
            writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(records)
            return text.getvalue().encode()
        case "json":
            return (json.dumps(records, indent=2, ensure_ascii=False) + "\n").encode()
        case "jsonl":
            lines = (json.dumps(record, ensure_ascii=False) for record in records)
            return "".join(f"{line}\n" for line in lines).encode()
        case "avro":
            return _encode_avro(records)
        case "excel":
            return _encode_excel(records)
        case name:
            return _encode_with_spark(name, records)


def _with_moments(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**each, "updated_at": datetime.fromisoformat(each["updated_at"])} for each in records]


def _encode_avro(records: list[dict[str, Any]]) -> bytes:
    import fastavro

    types = (
        "long",
        "string",
        "string",
        "double",
        {"type": "long", "logicalType": "timestamp-micros"},
    )
    fields = [{"name": n, "type": ["null", t]} for n, t in zip(COLUMNS, types, strict=True)]
    stream = io.BytesIO()
    schema = {"type": "record", "name": "product", "fields": fields}
    fastavro.writer(stream, schema, _with_moments(records), "deflate", sync_marker=bytes(16))
    return stream.getvalue()


def _encode_excel(records: list[dict[str, Any]]) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = datetime(2024, 1, 15)
    sheet = book.active
    sheet.append(COLUMNS)
    for record in _with_moments(records):
        sheet.append([*list(record.values())[:-1], record["updated_at"].replace(tzinfo=None)])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _encode_with_spark(spark_format: str, records: list[dict[str, Any]]) -> bytes:
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    )
    schema = "id BIGINT, name STRING, category STRING, amount DOUBLE, updated_at TIMESTAMP"
    folder = Path(tempfile.mkdtemp())
    try:
        values = [
            (*list(record.values())[:-1], datetime.fromisoformat(record["updated_at"]))
            for record in records
        ]
        rows = spark.createDataFrame(values, schema)
        rows.coalesce(1).write.format(spark_format).save(str(folder / "written"))
        [part] = (folder / "written").glob("part-*")
        return part.read_bytes()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
