# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The contract of a source: its schema and options, checked against each other."""

from collections.abc import Sequence

from pyspark.sql.types import (
    DateType,
    IntegralType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    _parse_datatype_string,
)

from glue_runtime.errors import ArgumentError
from glue_runtime.input.exact.columns import arrow_type
from glue_runtime.input.formats.interface import Contract
from glue_runtime.input.formats.options import NONE, Options
from glue_runtime.spark.errors import SparkError, reason_of

OPTIONAL = "optional"
"""The comment of a column that a file may lack: ``amount DOUBLE COMMENT 'optional'``."""


def contract_of(schema: str | None, options: Options = NONE) -> Contract:
    """The contract for a SQL schema and the options; it needs a session.

    Raises:
        ArgumentError: the schema is invalid, has an unsupported type, or contradicts the options.
    """
    if schema is None:
        return Contract(None, options)
    fields = _fields(schema)
    by_name = {field.name.casefold(): field for field in fields}
    folders = [_folder(by_name.get(name.casefold()), name, schema) for name in options.folders]
    _check_zones(fields, options)
    if options.rescued.casefold() in by_name:
        raise ArgumentError(
            f"expected no column {options.rescued} in the schema, found it there and as "
            "rescuedDataColumn; declare another name for one of them"
        )
    in_files = tuple(field for field in fields if field not in folders)
    if not in_files:
        raise ArgumentError(
            f"expected a column in the files, found all columns of {schema!r} in partitionColumns; "
            "declare one that is in the files"
        )
    return Contract(
        in_files,
        options,
        optional=frozenset(name for name, field in by_name.items() if _is_optional(field)),
        folders=tuple(folders),
        order=tuple(field.name for field in fields),
    )


def comments_of(schema: str | None) -> dict[str, str]:
    """What a schema says of its columns: ``amount DOUBLE COMMENT 'Euros, with taxes'``.

    Raises:
        ArgumentError: the schema is invalid.
    """
    fields = _fields(schema) if schema else ()
    comments = {field.name: field.metadata.get("comment", "") for field in fields}
    return {name: comment for name, comment in comments.items() if comment not in ("", OPTIONAL)}


def _fields(schema: str) -> Sequence[StructField]:
    expected = "expected a schema such as 'id BIGINT, name STRING'"
    try:
        parsed = _parse_datatype_string(schema)
    except SparkError as error:
        raise ArgumentError(f"{expected}, found {schema!r}: {reason_of(error)}") from error
    if not isinstance(parsed, StructType) or not parsed.fields:
        raise ArgumentError(f"{expected}, found {schema!r}, which names no column")
    names = [field.name.casefold() for field in parsed.fields]
    if len({*names}) < len(names):
        raise ArgumentError(f"{expected} with each column once, found {schema!r}")
    for field in parsed.fields:
        try:
            arrow_type(field.dataType)
        except ValueError as error:
            raise ArgumentError(f"{error} for the column {field.name}; declare another") from error
        if _is_optional(field) and not field.nullable:
            raise ArgumentError(
                f"expected the column {field.name} to be optional or NOT NULL, found both in {schema!r}; "
                "remove one of them"
            )
    return parsed.fields


def _check_zones(fields: Sequence[StructField], options: Options) -> None:
    """Raise ArgumentError if a column without a zone has a pattern with one."""
    for field in fields:
        if isinstance(field.dataType, TimestampNTZType) and options.notation.has_zone:
            raise ArgumentError(
                f"expected a timestampFormat without a zone for the column {field.name}, found "
                f"{options.notation.timestamp!r}; declare the column as TIMESTAMP"
            )


def _is_optional(field: StructField) -> bool:
    return bool(field.metadata.get("comment") == OPTIONAL)


def _folder(field: StructField | None, name: str, schema: str) -> StructField:
    """The column that is in the names of folders. Raises ArgumentError: it cannot be."""
    if field is None:
        raise ArgumentError(
            f"expected the column {name} of partitionColumns in the schema too, found {schema!r}; "
            "declare its type there"
        )
    if not isinstance(field.dataType, StringType | DateType | IntegralType):
        raise ArgumentError(
            f"expected STRING, DATE or a whole number for the column {name} of partitionColumns, found "
            f"{field.dataType.simpleString()}; declare another type"
        )
    return field
