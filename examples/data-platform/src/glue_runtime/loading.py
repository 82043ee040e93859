# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Which files one call of load_data() reads, and how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from glue_runtime import reading
from glue_runtime.errors import SourceNotFoundError
from glue_runtime.formats import FORMATS, format_of
from glue_runtime.row_counts import RowCount
from glue_runtime.s3_object import S3Object, is_hidden
from glue_runtime.source import Source
from glue_runtime.storage import Storage, StoredFile


@dataclass(frozen=True)
class Loaded:
    """What was loaded: `df`, counting its rows as they pass, and what the log says of it.

    kind: ``event_file``, ``directory_data`` or ``local_data``.
    where: the URI of the file or folder.
    files: what is read, by the URI that the rows name as their origin, as it was before.
    current: lists `files` anew.
    schema: ``declared`` by the source, or ``inferred`` from the files.
    owned: whether its files own parts of the job's table (else they are looked up only).
    """

    df: DataFrame
    kind: str
    where: str
    file_format: str
    files: Mapping[str, StoredFile]
    current: Callable[[], Mapping[str, StoredFile]]
    schema: str
    rows: RowCount
    owned: bool = True


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

    def current() -> Mapping[str, StoredFile]:
        stored = Storage(spark).file(uploaded.uri)
        return {uploaded.uri: stored} if stored else {}

    files = current()
    if not files:
        raise SourceNotFoundError(_nothing_at(uploaded.uri))
    df = reading.read_object(spark, uploaded, format_name, _schema(source))
    return _counted(df, "event_file", uploaded.uri, format_name, files, current, source)


def load_directory(spark: SparkSession, uri: str, source: Source | None) -> Loaded:
    """Read all files of a source below `uri`; their format is declared, or told by extensions.

    Raises:
        SourceNotFoundError, UnreadableSourceError: see `reading.read_directory`.
    """
    return _load_folder(spark, "directory_data", uri, source, None)


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
    if path.is_dir():
        return _load_folder(spark, "local_data", f"file://{path}/", source, alias)
    uri = f"file://{path}"
    format_name = format_of(path.name) or (source.file_format if source else "csv")
    df = reading.read_directory(spark, uri, format_name, "*", _schema(source), alias)

    def current() -> Mapping[str, StoredFile]:
        return {stored.uri: stored for stored in Storage(spark).files(uri)}

    return _counted(df, "local_data", uri, format_name, current(), current, source)


def _load_folder(
    spark: SparkSession, kind: str, uri: str, source: Source | None, alias: str | None
) -> Loaded:
    storage = Storage(spark)
    format_name = source.file_format if source else _one_format(storage, uri)
    ending = source.suffix if source else None

    def current() -> Mapping[str, StoredFile]:
        return {
            (alias or uri) + stored.uri.removeprefix(uri): stored
            for stored in _visible(storage, uri)
            if (stored.uri.endswith(ending) if ending else format_of(stored.uri) == format_name)
        }

    files = current()
    pattern = source.name_pattern if source else FORMATS[format_name].name_pattern
    if not files:
        raise SourceNotFoundError(_nothing_at(f"{uri} ({pattern})"))
    df = reading.read_directory(spark, uri, format_name, pattern, _schema(source), alias)
    return _counted(df, kind, uri, format_name, files, current, source)


def _visible(storage: Storage, uri: str) -> list[StoredFile]:
    """The files below a folder that Spark reads."""
    return [
        stored
        for stored in storage.files(uri)
        if not any(map(is_hidden, stored.uri.removeprefix(uri).split("/")))
    ]


def _one_format(storage: Storage, uri: str) -> str:
    """The one known format among the files below `uri`, by their extensions."""
    names = [stored.uri.rpartition("/")[2] for stored in _visible(storage, uri)]
    formats = sorted({name for name in map(format_of, names) if name})
    if len(formats) != 1:
        endings = sorted({Path(name).suffix for name in names})
        raise SourceNotFoundError(
            f"expected files of one format below {uri}, found {formats or 'none'} "
            f"among the extensions {endings}; declare the job's source: "
            'sources = (Source(prefix="...", suffix="...", file_format="..."),)'
        )
    return formats[0]


def _nothing_at(where: str) -> str:
    return (
        f"expected data at {where}, found nothing to read there; "
        "check bucket, prefix and suffix, and that the file is there and not empty"
    )


def _schema(source: Source | None) -> str | None:
    return source.schema if source else None


def _counted(
    df: DataFrame,
    kind: str,
    where: str,
    format_name: str,
    files: Mapping[str, StoredFile],
    current: Callable[[], Mapping[str, StoredFile]],
    source: Source | None,
) -> Loaded:
    rows = RowCount()
    return Loaded(
        df=rows.watch(df),
        kind=kind,
        where=where,
        file_format=format_name,
        files=files,
        current=current,
        schema="declared" if _schema(source) else "inferred",
        rows=rows,
    )
