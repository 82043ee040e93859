# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Entries of the Glue Data Catalog, by which Athena, Redshift Spectrum and EMR find tables.

An entry is of an external table without partitions: a query reads every Parquet file below its
location, so that new files need no new entry. A run changes an entry only if the columns differ, or
what the job says of them. What others have written into it stays: parameters, comments of columns
that the job says nothing of, and whatever else an entry has.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pyspark.sql import types as T

_TRIES = 10
"""How often a run writes an entry that other runs change meanwhile."""

_SECONDS = 10
"""How long a request may take. A network without a way to the catalog must not stop a run."""

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


def write_entry(region: str, database: str, entry: Entry, *, is_complete: bool) -> bool:
    """Create or change the entry of a table.

    is_complete: whether the table has only the entry's columns; otherwise, it may have others from
        other files, and these stay in the entry.

    Returns whether there was anything to write.

    Raises:
        CatalogError: there is no such database, no access to it, or another table of this name.
    """
    try:
        glue = _client(region)
        for _ in range(_TRIES):
            there = _found(glue, database, entry.name)
            if there is not None:
                _check_location(database, there, entry)
            wanted = _table_input(glue, there or {}, entry, is_complete=is_complete)
            if there is not None and wanted == _table_input_of(glue, there):
                return False
            if _written(glue, database, wanted, there):
                return True
    except ClientError as error:
        raise CatalogError(_explained(error, database, entry)) from error
    except BotoCoreError as error:
        raise CatalogError(
            f"expected an answer of the Glue Data Catalog, found: {error}; a job in a VPC needs a "
            "way to it: a NAT gateway, or an interface endpoint for Glue"
        ) from error
    raise CatalogError(
        f"expected to write the entry {database}.{entry.name}, found it changed by others in each of "
        f"{_TRIES} attempts; the next run writes it"
    )


@lru_cache
def _client(region: str) -> Any:
    config = Config(
        connect_timeout=_SECONDS,
        read_timeout=_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    return boto3.client("glue", region_name=region or None, config=config)


def _found(glue: Any, database: str, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except glue.exceptions.EntityNotFoundException:
        return None
    return found


def _written(
    glue: Any, database: str, wanted: Mapping[str, Any], there: Mapping[str, Any] | None
) -> bool:
    """Write an entry; return False if another run has written it meanwhile."""
    try:
        if there is None:
            glue.create_table(DatabaseName=database, TableInput=wanted)
        else:
            version = {"VersionId": there["VersionId"]} if "VersionId" in there else {}
            glue.update_table(DatabaseName=database, TableInput=wanted, **version)
    except (
        glue.exceptions.AlreadyExistsException,
        glue.exceptions.ConcurrentModificationException,
    ):
        return False
    return True


def _check_location(database: str, there: Mapping[str, Any], entry: Entry) -> None:
    location = there.get("StorageDescriptor", {}).get("Location", "")
    if location.rstrip("/") != entry.uri:
        raise CatalogError(
            f"expected the entry {database}.{entry.name} to be of {entry.uri}, found one of "
            f"{location or 'no folder'}; rename it, or delete it and run the job again"
        )


def _table_input_of(glue: Any, there: Mapping[str, Any]) -> dict[str, Any]:
    """What a request to change this entry would have to say to leave it as it is."""
    settable = glue.meta.service_model.shape_for("TableInput").members
    return {name: value for name, value in there.items() if name in settable}


def _table_input(
    glue: Any, there: Mapping[str, Any], entry: Entry, *, is_complete: bool
) -> dict[str, Any]:
    storage = there.get("StorageDescriptor", {})
    columns = _columns(storage.get("Columns", ()), entry, is_complete=is_complete)
    said = {
        "Description": _short(entry.description, _LONGEST_DESCRIPTION),
        "Owner": _short(entry.owner, _LONGEST_COMMENT),
    }
    return {
        "TableType": "EXTERNAL_TABLE",
        **_table_input_of(glue, there),
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


def _explained(error: ClientError, database: str, entry: Entry) -> str:
    code = error.response["Error"].get("Code", "")
    said = error.response["Error"].get("Message", "")
    if code == "EntityNotFoundException":
        return (
            f"expected the database {database} in the Glue Data Catalog, found none; apply Terraform, "
            "which creates it"
        )
    if code == "AccessDeniedException":
        return (
            f"expected that the role of the job may write {database}.{entry.name} in the Glue Data "
            f"Catalog, found: {said}; give the role glue:GetTable, glue:CreateTable and "
            "glue:UpdateTable, and, if Lake Formation governs the database, CREATE_TABLE and ALTER"
        )
    return (
        f"expected to write {database}.{entry.name} in the Glue Data Catalog, found {code}: {said}"
    )
