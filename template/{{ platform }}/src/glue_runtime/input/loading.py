# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Which files one call of load_data() reads, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_runtime.errors import SourceNotFoundError
from glue_runtime.input import reading
from glue_runtime.input.formats.registry import FORMATS, format_of
from glue_runtime.input.reading import FileSet, Reading
from glue_runtime.input.records import FITS, HEADER, OPEN_QUOTE, VERDICT
from glue_runtime.input.source import Source
from glue_runtime.s3_object import S3Object, is_hidden
from glue_runtime.spark.errors import explained_read_errors
from glue_runtime.spark.row_count import RowCount
from glue_runtime.spark.storage import Storage, StoredFile

Files = Mapping[str, StoredFile]

_HIDDEN = "found a name that Spark passes over (it begins with _ or . or ends in ._COPYING_)"


@dataclass(frozen=True)
class RowsRead:
    """How many rows there are, how many do not fit, and how many of these are torn in two."""

    rows: int
    misfits: int
    torn: int


@dataclass(frozen=True)
class Place:
    """Where a load finds its files.

    kind: ``event_file``, ``directory_data`` or ``local_data``.
    where: the URI of the file or folder, for people.
    listed: the files that are there now, by the URI that their rows name as their origin.
    """

    kind: str
    where: str
    file_format: str
    folder: str | None
    name_pattern: str
    listed: Callable[[], Files]


@dataclass(frozen=True)
class Loaded:
    """What was loaded.

    df: the rows that fit, counted as they pass.
    files: what there is to read, by origin, as it was before; also what is unreadable.
    schema: ``declared`` by the source, or ``inferred`` from the files.
    owned: whether its files own parts of the job's table (else they are looked up only).
    """

    df: DataFrame
    place: Place
    files: Files
    found: Reading
    schema: str
    rows: RowCount
    owned: bool

    def counted(self) -> RowsRead | None:
        """The rows that have passed, if all of them fit; None if not, or if none have been taken."""
        counts = self.rows.values()
        # With FITS = 0 and HEADER = 1, this is the sum of the verdicts when nothing else was there.
        if counts and (counts["verdicts"] or 0) == self.found.headers:
            return RowsRead((counts["rows"] or 0) - self.found.headers, 0, 0)
        return None

    def count(self) -> RowsRead:
        """All rows, by a pass of its own."""
        verdict = F.col(VERDICT)
        kinds = [F.count(F.when(verdict == kind, 1)) for kind in (FITS, HEADER, OPEN_QUOTE)]
        row = self.found.verdicts.agg(F.count(F.lit(1)), *kinds).first()
        assert row is not None
        rows, fit, headers, torn = row
        # A file has one header by right; another one stands where a row should be.
        rows -= min(headers, self.found.headers)
        return RowsRead(rows, rows - fit, torn)


def load(
    spark: SparkSession,
    place: Place,
    source: Source | None,
    unreadable: Mapping[str, str],
    *,
    owned: bool,
) -> Loaded:
    """Prepare to read the files of a place.

    unreadable: why files that may be among them cannot be read, as far as that is known.

    Raises:
        SourceNotFoundError: there is no file.
        UnreadableSourceError: there is no readable one.
    """
    listed = place.listed()
    hidden = {uri: _HIDDEN for uri, stored in listed.items() if _is_hidden(stored, place)}
    if len(hidden) == len(listed):
        raise SourceNotFoundError(
            f"expected data at {place.where}, found nothing to read there; "
            "check bucket, prefix and suffix, and that the file is there and not empty"
        )
    contract = reading.contract_of(
        source.schema if source else None, multiline=source.multiline if source else False
    )
    known = {uri: reason for uri, reason in unreadable.items() if uri in listed}
    wanted = FileSet(
        {uri: stored for uri, stored in listed.items() if uri not in hidden},
        place.folder,
        place.name_pattern,
    )
    with explained_read_errors(place.where, single=place.folder is None):
        found = reading.read(spark, wanted, place.file_format, contract, known)
    rows = RowCount()
    watched = rows.watch(found.verdicts, verdicts=F.sum(VERDICT))
    fitting = watched.where(F.col(VERDICT) == FITS).drop(VERDICT)
    if len(wanted.files) == 1:
        # Said once more past the count, where Spark can see that all rows are of one part.
        fitting = fitting.withColumn(reading.SOURCE_OBJECT, F.lit(min(wanted.files)))
    return Loaded(
        df=fitting if owned else fitting.drop(reading.SOURCE_OBJECT),
        place=place,
        files=listed,
        found=replace(found, unreadable={**found.unreadable, **hidden}),
        schema="declared" if contract.fields else "inferred",
        rows=rows,
        owned=owned,
    )


def event_place(spark: SparkSession, uploaded: S3Object, source: Source | None) -> Place:
    """The uploaded object; its format is the source's, or told by the extension.

    Raises:
        SourceNotFoundError: its format is not known.
    """
    format_name = source.file_format if source else format_of(uploaded.key)
    if format_name is None:
        raise SourceNotFoundError(
            f"expected a file of a known format ({', '.join(FORMATS)}), found {uploaded.uri}; "
            "declare the source's format in the job's sources"
        )
    return _file_place(spark, "event_file", uploaded.uri, format_name)


def directory_place(
    spark: SparkSession,
    uri: str,
    source: Source | None,
    keep: Callable[[str], bool],
    kind: str = "directory_data",
    alias: str | None = None,
) -> Place:
    """All files of a source below `uri`; their format is declared, or told by their extensions.

    keep: tells by its origin whether a file is among them, where that takes more than a suffix.
    alias: what the rows name as their origin in place of `uri`.

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

    return Place(kind, f"{uri} ({pattern})", format_name, uri, pattern, listed)


def local_place(
    spark: SparkSession,
    path: Path,
    source: Source | None,
    keep: Callable[[str], bool],
    alias: str | None,
) -> Place:
    """A file or folder of this machine; the rows of a folder name `alias` as their origin, if given.

    Raises:
        SourceNotFoundError: there is nothing at `path`, or see `directory_place`.
    """
    if not path.exists():
        raise SourceNotFoundError(
            f"expected test data in {path}, found nothing there; put sample files there, "
            "or give load_data() the path of others"
        )
    if path.is_dir():
        return directory_place(spark, f"file://{path}/", source, keep, "local_data", alias)
    format_name = format_of(path.name) or (source.file_format if source else "csv")
    return _file_place(spark, "local_data", f"file://{path}", format_name)


def _file_place(spark: SparkSession, kind: str, uri: str, format_name: str) -> Place:
    def listed() -> Files:
        stored = Storage(spark).file(uri)
        return {uri: stored} if stored else {}

    return Place(kind, uri, format_name, None, "*", listed)


def _is_hidden(stored: StoredFile, place: Place) -> bool:
    folder = place.folder
    return bool(folder) and any(map(is_hidden, stored.uri.removeprefix(folder or "").split("/")))


def _one_format(storage: Storage, uri: str) -> str:
    """The one known format among the files below `uri`, by their extensions."""
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
