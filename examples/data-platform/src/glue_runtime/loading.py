# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Which files one call of load_data() reads, and how."""

from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from glue_runtime import reading
from glue_runtime.errors import SourceNotFoundError
from glue_runtime.formats import FORMATS, format_of
from glue_runtime.row_counts import RowCount
from glue_runtime.s3_object import S3Object
from glue_runtime.source import Source


@dataclass(frozen=True)
class Loaded:
    """What was loaded: `df`, counting its rows as they pass, and what the log says of it.

    kind: ``event_file``, ``directory_data`` or ``local_data``.
    where: the URI of the file or folder.
    schema: ``declared`` by the source, or ``inferred`` from the files.
    """

    df: DataFrame
    kind: str
    where: str
    file_format: str
    file_count: int
    schema: str
    rows: RowCount


def load_event_file(spark: SparkSession, uploaded: S3Object, source: Source | None) -> Loaded:
    """Read the uploaded object; its format is the source's, or told by the extension.

    Raises:
        SourceNotFoundError, UnreadableSourceError: see `reading.read_object`.
    """
    format_name = source.file_format if source else format_of(uploaded.key)
    if format_name is None:
        raise SourceNotFoundError(
            f"expected a file of a known format ({', '.join(FORMATS)}), found {uploaded.uri}; "
            "declare the source's format in the job's sources"
        )
    df = reading.read_object(spark, uploaded, format_name, _schema(source))
    return _counted(df, "event_file", uploaded.uri, format_name, source)


def load_directory(spark: SparkSession, uri: str, source: Source | None) -> Loaded:
    """Read all files of a source below `uri`; their format is declared, or told by extensions.

    Raises:
        SourceNotFoundError, UnreadableSourceError: see `reading.read_directory`.
    """
    format_name, name_pattern = _format_and_names(spark, uri, source)
    df = reading.read_directory(spark, uri, format_name, name_pattern, _schema(source))
    return _counted(df, "directory_data", uri, format_name, source)


def load_local(spark: SparkSession, path: Path, source: Source | None, alias: str | None) -> Loaded:
    """Read a file or folder of this machine; its rows name `alias` as their origin, if given.

    Raises:
        SourceNotFoundError: there is nothing at `path`, or see `reading.read_directory`.
    """
    if not path.exists():
        raise SourceNotFoundError(
            f"expected test data in {path}, found nothing there; put sample files there, "
            "or give load_data() the path of others"
        )
    if path.is_file():
        uri, name_pattern = f"file://{path}", "*"
        format_name = format_of(path.name) or (source.file_format if source else "csv")
    else:
        uri = f"file://{path}/"
        format_name, name_pattern = _format_and_names(spark, uri, source)
    df = reading.read_directory(spark, uri, format_name, name_pattern, _schema(source), alias)
    return _counted(df, "local_data", uri, format_name, source)


def _format_and_names(spark: SparkSession, uri: str, source: Source | None) -> tuple[str, str]:
    if source:
        return source.file_format, source.name_pattern
    format_name = reading.directory_format(spark, uri)
    return format_name, FORMATS[format_name].name_pattern


def _schema(source: Source | None) -> str | None:
    return source.schema if source else None


def _counted(
    df: DataFrame, kind: str, where: str, format_name: str, source: Source | None
) -> Loaded:
    rows = RowCount()
    return Loaded(
        df=rows.watch(df),
        kind=kind,
        where=where,
        file_format=format_name,
        file_count=reading.input_file_count(df),
        schema="declared" if _schema(source) else "inferred",
        rows=rows,
    )
