# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The location of input files: the objects of a run, a directory of the lake, or test data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from glue_runtime.errors import SourceNotFoundError
from glue_runtime.input.formats.registry import DEFAULT_FORMAT, FORMATS, format_of
from glue_runtime.input.source import Source
from glue_runtime.s3_object import bucket_and_key, is_hidden, why_not_addressable
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.storage import Storage, in_parallel

Files = Mapping[str, StoredFile]


@dataclass(frozen=True)
class InputLocation:
    """The location of the files of a load.

    kind: ``event_file``, ``event_files``, ``changed_files``, ``directory_data`` or ``local_data``.
    where: the URI of the file or folder, for messages.
    listed: lists the current files, by the URI that their rows have as origin.
    objects: the URIs of the objects of the run that are to be read here; empty for a folder.
    """

    kind: str
    where: str
    file_format: str
    folder: str | None
    name_pattern: str
    listed: Callable[[], Files]
    objects: frozenset[str] = frozenset()

    def fault(self, stored: StoredFile) -> str | None:
        """Why Spark would not read exactly this file; None if it does."""
        if self.folder:
            key = stored.uri.removeprefix(self.folder)
        elif self.objects:
            key = bucket_and_key(stored.uri)[1]
        else:
            return None
        reason = why_not_addressable(key)
        return f"found a key that Spark cannot read: {reason}" if reason else None


def objects_location(
    spark: SparkSession, uris: Sequence[str], source: Source | None, kind: str
) -> InputLocation:
    """These objects; their format is declared by the source or taken from their extensions.

    Raises:
        SourceNotFoundError: their format is unknown, or there are several.
    """
    formats = {source.file_format if source else format_of(uri) for uri in uris}
    [format_name, *others] = sorted(formats, key=str)
    if format_name is None or others:
        raise SourceNotFoundError(
            f"expected files of one known format ({', '.join(FORMATS)}), found {uris[0]}"
            f"{f' and {len(uris) - 1} more' if others else ''}; "
            "declare the source's format in the job's sources"
        )
    storage = Storage(spark)

    def listed() -> Files:
        found = in_parallel(storage.file, uris)
        return {uri: stored for uri, stored in zip(uris, found, strict=True) if stored}

    where = uris[0] if len(uris) == 1 else f"{uris[0]} and {len(uris) - 1} more"
    return InputLocation(kind, where, format_name, None, "*", listed, frozenset(uris))


def directory_location(
    spark: SparkSession,
    uri: str,
    source: Source | None,
    keep: Callable[[str], bool],
    kind: str = "directory_data",
    alias: str | None = None,
) -> InputLocation:
    """All files of a source below `uri`; their format is declared, or taken from their extensions.

    keep: an additional filter on the origin of a file.
    alias: the origin of the rows instead of `uri`.

    Raises:
        SourceNotFoundError: there is no known format, or there are several.
    """
    storage = Storage(spark)
    format_name = source.file_format if source else _one_format(storage, uri)
    pattern = source.name_pattern if source else FORMATS[format_name].name_pattern

    def belongs(name: str) -> bool:
        return name.endswith(source.suffix) if source else format_of(name) == format_name

    def listed() -> Files:
        named = {
            (alias or uri) + stored.uri.removeprefix(uri): stored
            for stored in storage.files(uri)
            if belongs(stored.uri)
        }
        return {origin: stored for origin, stored in named.items() if keep(origin)}

    return InputLocation(kind, f"{uri} ({pattern})", format_name, uri, pattern, listed)


def local_location(
    spark: SparkSession,
    path: Path,
    source: Source | None,
    keep: Callable[[str], bool],
    alias: str | None,
) -> InputLocation:
    """A local file or folder; the rows of a folder have `alias` as origin, if given.

    Raises:
        SourceNotFoundError: `path` does not exist, or see `directory_location`.
    """
    if not path.exists():
        raise SourceNotFoundError(
            f"expected test data in {path}, found nothing there; put sample files there, "
            "or pass another path to load_data()"
        )
    if path.is_dir():
        return directory_location(spark, f"file://{path}/", source, keep, "local_data", alias)
    format_name = format_of(path.name) or (source.file_format if source else DEFAULT_FORMAT)
    return _file_location(spark, "local_data", f"file://{path}", format_name)


def _file_location(spark: SparkSession, kind: str, uri: str, format_name: str) -> InputLocation:
    def listed() -> Files:
        stored = Storage(spark).file(uri)
        return {uri: stored} if stored else {}

    return InputLocation(kind, uri, format_name, None, "*", listed)


def _one_format(storage: Storage, uri: str) -> str:
    """The single known format of the files below `uri`, by their extensions."""
    names = [stored.uri.rpartition("/")[2] for stored in storage.files(uri)]
    visible = [name for name in names if not is_hidden(name)]
    formats = sorted({name for name in map(format_of, visible) if name})
    if len(formats) != 1:
        endings = sorted({Path(name).suffix for name in names})
        raise SourceNotFoundError(
            f"expected files of one format below {uri}, found {formats or 'none'} "
            f"among the extensions {endings}; declare the job's source: "
            'sources = (Source(prefix="...", suffix="...", file_format="..."),)'
        )
    return formats[0]
