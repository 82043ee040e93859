# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""An entry of the Glue Data Catalog: an external table without partitions.

A query reads every Parquet file below its location, so that new files need no new entry. What others
have written into an entry stays: parameters, comments of columns that the job says nothing of, and
whatever else it has.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import types as T

_LONGEST_DESCRIPTION, _LONGEST_COMMENT = 2048, 255

_NESTED_NAME = re.compile(r"[\w.$ ]+")
"""A name of a nested field that a column's type can have: the catalog does not quote names."""

_PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    },
}


class CatalogError(Exception):
    """An entry cannot be written; the message says why, and what to do."""


@dataclass(frozen=True)
class Entry:
    """What a run says of a table.

    name: the table's name in its database. uri: the folder of its files, ``s3://bucket/name``.
    comments: of columns, by name. parameters: further properties of the entry.
    """

    name: str
    uri: str
    columns: Sequence[T.StructField]
    description: str = ""
    owner: str = ""
    comments: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


def entry_name(name: str) -> str:
    """The name of a table as Athena takes it without quotation marks: ``sales_etl``."""
    return re.sub(r"[^a-z0-9_]", "_", name.lower())


def unfit_columns(columns: Sequence[T.StructField]) -> list[str]:
    """The columns that no entry can have, because of the name of a nested field."""
    return [column.name for column in columns if _hive_type(column.dataType) is None]


def table_input(entry: Entry, there: Mapping[str, Any], *, is_complete: bool) -> dict[str, Any]:
    """What a request for an entry says. there: what it would say of the entry as it is, if there is one.

    is_complete: see `data_catalog.write_entry`.
    """
    storage = there.get("StorageDescriptor", {})
    columns = _columns(storage.get("Columns", ()), entry, is_complete=is_complete)
    said = {
        "Description": _short(entry.description, _LONGEST_DESCRIPTION),
        "Owner": _short(entry.owner, _LONGEST_COMMENT),
    }
    return {
        "TableType": "EXTERNAL_TABLE",
        **there,
        "Name": entry.name,
        **{name: text for name, text in said.items() if text},
        "StorageDescriptor": {**_PARQUET, "Location": entry.uri, **storage, "Columns": columns},
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": "parquet",
            **there.get("Parameters", {}),
            **entry.parameters,
        },
    }


def _columns(
    there: Sequence[Mapping[str, Any]], entry: Entry, *, is_complete: bool
) -> list[dict[str, Any]]:
    """The columns of an entry: those that it had in their order, then the new ones."""
    comments = {name.lower(): comment for name, comment in entry.comments.items()}
    types = {column.name.lower(): _hive_type(column.dataType) for column in entry.columns}
    had = {column["Name"]: column for column in there}
    columns = []
    for name in [*had, *(name for name in types if name not in had)]:
        if is_complete and name not in types:
            continue
        type_ = types.get(name) or had.get(name, {}).get("Type")
        comment = _short(comments.get(name, ""), _LONGEST_COMMENT)
        if type_:
            said = {"Comment": comment} if comment else {}
            columns.append({**had.get(name, {}), "Name": name, "Type": type_, **said})
    return columns


def _hive_type(type_: T.DataType) -> str | None:
    """A type of Spark's in the words of the catalog: ``array<decimal(10,2)>``; None if it has none.

    The type is that of the values in Parquet files.
    """
    if isinstance(type_, T.ArrayType):
        return _composed("array<{}>", type_.elementType)
    if isinstance(type_, T.MapType):
        return _composed("map<{},{}>", type_.keyType, type_.valueType)
    if isinstance(type_, T.StructType):
        if not all(_NESTED_NAME.fullmatch(each.name) for each in type_.fields):
            return None
        form = ",".join(f"{each.name}:{{}}" for each in type_.fields)
        return _composed(f"struct<{form}>", *(each.dataType for each in type_.fields))
    if isinstance(type_, T.TimestampNTZType):
        return "timestamp"
    if isinstance(type_, T.DayTimeIntervalType):
        return "bigint"
    if isinstance(type_, T.YearMonthIntervalType):
        return "int"
    return type_.simpleString()


def _composed(form: str, *types: T.DataType) -> str | None:
    parts = [_hive_type(each) for each in types]
    return None if None in parts else form.format(*parts)


def _short(text: str, longest: int) -> str:
    """A text in one line that is no longer than an entry allows."""
    line = " ".join(text.split()).encode()
    if len(line) > longest:
        line = line[: longest - 3] + b"..."
    return line.decode(errors="ignore")
