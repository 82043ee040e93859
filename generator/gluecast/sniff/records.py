"""JSON: its records, and the types of their fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql.types import DataType, StringType, StructField

from glue_runtime.input.exact import inference, json_lines, json_text
from glue_runtime.input.exact.notations import Notation
from glue_runtime.input.exact.verdicts import FITS
from gluecast.errors import GluecastError

JSON, JSON_LINES = "json", "jsonl"


@dataclass(frozen=True)
class Records:
    """The records of a file. texts: the values of the fields that are strings, by name."""

    file_format: str
    documents: list[bytes]
    types: Mapping[str, DataType]
    texts: Mapping[str, list[str]]


def is_json(text: str) -> bool:
    """Whether a text looks like JSON."""
    return text.lstrip().startswith(("{", "["))


def records_of(text: str) -> Records:
    """The records of a text.

    Raises:
        GluecastError: there is none.
    """
    lines = [line.encode() for line in text.splitlines() if line.strip()]
    is_lines = len(lines) > 1 and all(_is_record(line) for line in (lines[0], lines[1]))
    documents = lines if is_lines else [text.encode()]
    found = [record for each in documents for record in json_text.sound_records(each)]
    if not found:
        raise GluecastError("expected JSON with a record, found none; choose another file")
    shape = inference.merged([inference.shape_of_json(each) for each in documents])
    fields = shape["struct"] if isinstance(shape, dict) else {}
    types = {name: inference.type_of(each) for name, each in fields.items()}
    texts = {
        name: [value for record in found if type(value := record.get(name)) is str]
        for name, kind in types.items()
        if isinstance(kind, StringType)
    }
    # A field that is not always a string stays one.
    counts = {name: sum(record.get(name) is not None for record in found) for name in texts}
    texts = {name: values for name, values in texts.items() if len(values) == counts[name]}
    return Records(JSON_LINES if is_lines else JSON, documents, types, texts)


def check(
    records: Records, types: Mapping[str, DataType], notation: Notation
) -> tuple[int, list[str]]:
    """The number of records, and the reasons for which the runtime refuses some."""
    fields = [StructField(name, kind) for name, kind in types.items()]
    read = json_lines.reader(fields, notation=notation)
    rows = read(pa.array(records.documents, pa.binary())).rows
    wrong = [v != FITS for v in rows.verdicts.to_pylist()]
    reasons: list[Any] = rows.reasons.to_pylist()
    return len(rows), [reason for reason, is_wrong in zip(reasons, wrong, strict=True) if is_wrong]


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json_text.parsed(line), dict)
    except ValueError:
        return False
