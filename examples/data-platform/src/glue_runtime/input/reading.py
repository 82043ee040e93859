# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Reading the files of a source as rows that know their origin, and whether they fit."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType, _parse_datatype_string

from glue_runtime.errors import SourceNotFoundError, UnreadableSourceError
from glue_runtime.input import inspection, records
from glue_runtime.input.formats.registry import FORMATS, FileFormat
from glue_runtime.input.inspection import UnreadableFileError, unexpected_columns
from glue_runtime.input.records import HEADER, NUMBER, POSITION, RAW, RECORD, VERDICT, quoted
from glue_runtime.output.parquet import SOURCE_ID
from glue_runtime.s3_object import literal_path
from glue_runtime.spark.storage import Storage, StoredFile, in_parallel

SOURCE_OBJECT = "source_object"
"""The column that names the file of each row, as the literal URI: s3://bucket/sales/daily.csv."""

RESERVED = frozenset((SOURCE_OBJECT, SOURCE_ID, "_metadata", "_corrupt_record", *records.RESERVED))
"""Columns that the runtime or Spark adds; one of a file's own would be overwritten."""

_LONGEST_URI = 4096
_ROW_OF_ITS_PARTITION = (1 << 33) - 1
_WHOLE_FILE = str(1 << 50)


@dataclass(frozen=True)
class FileSet:
    """The files that a load reads.

    files: as they were listed, by the URI that their rows name as their origin.
    folder: the folder that holds them, ending in ``/``; None for a single file.
    name_pattern: what fits the names of all of them, and of other files of the folder too.
    """

    files: Mapping[str, StoredFile]
    folder: str | None = None
    name_pattern: str = "*"


@dataclass(frozen=True)
class Contract:
    """What a source declares of its files.

    fields: the columns and types; None to infer them.
    multiline: whether a cell of a CSV file may span lines.
    """

    fields: tuple[StructField, ...] | None = None
    multiline: bool = False


@dataclass(frozen=True)
class Reading:
    """What was found, and how to read it.

    verdicts: every row of the readable files, with `records.VERDICT`, and `SOURCE_OBJECT`.
    misfits: gives the rows that do not fit: `SOURCE_OBJECT`, position, reason, raw_text. To be used
        within `whole_files`.
    headers: how many of these are headers by right: one a file, where there are any.
    unreadable: why a file is not among them, by its origin.
    """

    verdicts: DataFrame
    misfits: Callable[[], DataFrame]
    headers: int
    columns: tuple[str, ...]
    unreadable: Mapping[str, str]


@dataclass(frozen=True)
class _Batch:
    """Files that are read alike. fields: in the order of the files."""

    files: Mapping[str, StoredFile]
    fields: tuple[StructField, ...]
    header: inspection.Header | None = None


def contract_of(schema: str | None, *, multiline: bool) -> Contract:
    """The contract that a schema in SQL's form stands for; needs a session."""
    if schema is None:
        return Contract(None, multiline)
    parsed = _parse_datatype_string(schema)
    assert isinstance(parsed, StructType)
    return Contract(tuple(parsed.fields), multiline)


def read(
    spark: SparkSession,
    wanted: FileSet,
    format_name: str,
    contract: Contract,
    excluded: Mapping[str, str],
) -> Reading:
    """Look at the files, and prepare to read those that are readable.

    excluded: why a file is unreadable, for those where that is known already.

    Raises:
        UnreadableSourceError: not one of the files is readable, or their columns have reserved names.
    """
    storage = Storage(spark)
    reader = _Reader(spark, wanted, FORMATS[format_name], contract)
    unreadable = dict(excluded)
    kinds: dict[object, dict[str, StoredFile]] = {}

    def inspect(origin: str) -> None:
        try:
            kind = reader.kind(storage, wanted.files[origin])
        except UnreadableFileError as error:
            unreadable[origin] = f"found {error}"
        except FileNotFoundError:
            return  # it went away after it was listed
        else:
            kinds.setdefault(kind, {})[origin] = wanted.files[origin]

    in_parallel(inspect, [origin for origin in wanted.files if origin not in excluded])
    batches = []
    for kind, files in sorted(kinds.items(), key=lambda item: min(item[1])):
        try:
            batches.append(reader.batch(kind, files))
        except UnreadableFileError as error:
            unreadable |= dict.fromkeys(files, f"found {error}")
    if not kinds and not unreadable:
        raise SourceNotFoundError(f"expected {min(wanted.files)}, found that it has just gone")
    if not batches:
        origin, reason = min(unreadable.items())
        raise UnreadableSourceError(
            f"expected readable data, {reason} in {origin}; correct the file and upload it again"
        )
    names = tuple(dict.fromkeys(f.name for f in contract.fields or _merged(batches)))
    refuse_reserved(names, min(wanted.files))
    order = [*map(quoted, names), SOURCE_OBJECT, VERDICT]
    return Reading(
        verdicts=_union(map(reader.rows, batches)).select(*order),
        misfits=lambda: _union(map(reader.misfits, batches)),
        headers=sum(len(batch.files) for batch in batches if batch.header),
        columns=names,
        unreadable=unreadable,
    )


def refuse_reserved(columns: Sequence[str], where: str) -> None:
    """Raise UnreadableSourceError if a column has a name that the runtime needs."""
    reserved = [name for name in columns if name.lower() in RESERVED]
    if reserved:
        raise UnreadableSourceError(
            f"expected no column called {reserved[0]} (the runtime adds one of this name), found "
            f"one in {where}; rename the column at its source"
        )


@contextmanager
def whole_files(spark: SparkSession) -> Iterator[None]:
    """Within this, Spark reads each file in one piece, so that its rows can be numbered."""
    names = ("spark.sql.files.maxPartitionBytes", "spark.sql.files.openCostInBytes")
    before = {name: spark.conf.get(name) for name in names}
    for name in names:
        spark.conf.set(name, _WHOLE_FILE)
    try:
        yield
    finally:
        for name, value in before.items():
            spark.conf.set(name, str(value))


@dataclass(frozen=True)
class _Reader:
    """How the files of one load become rows."""

    spark: SparkSession
    wanted: FileSet
    file_format: FileFormat
    contract: Contract

    def kind(self, storage: Storage, file: StoredFile) -> object:
        """What files have in common that are read alike."""
        if self.file_format.reader == "csv":
            header = inspection.csv_header(storage, file)
            if self.contract.multiline:
                self._refuse_open_quote(file)
            self._refuse_columns(header.cells)
            return header
        if self.file_format.reader == "json":
            inspection.check_text(storage, file, may_be_empty=not self.file_format.whole)
            return ""
        return inspection.schema_text(storage, file, self.file_format)

    def batch(self, kind: object, files: Mapping[str, StoredFile]) -> _Batch:
        """The batch of these files of one kind; infers the columns that are not declared."""
        declared = self.contract.fields
        if isinstance(kind, inspection.Header):
            if declared:
                by_name = {field.name.casefold(): field for field in declared}
                return _Batch(files, tuple(by_name[c.casefold()] for c in kind.cells), kind)
            options = {"header": "true", "inferSchema": "true", "escape": '"'}
            found = self.spark.read.options(**options).csv(self._paths(files)).schema.fields
            named = zip(kind.cells, found, strict=True)
            return _Batch(files, tuple(StructField(c, f.dataType) for c, f in named), kind)
        if self.file_format.reader == "json":
            fields_found = declared or self._inferred_json(files)
            if not fields_found:
                raise UnreadableFileError("an empty file")
            return _Batch(files, tuple(fields_found))
        stored = self._typed([min(files)], files).schema.fields
        self._refuse_columns([field.name for field in stored])
        for field in declared or ():
            [of_file] = [f for f in stored if f.name.casefold() == field.name.casefold()]
            if not _holds(field.dataType.simpleString(), of_file.dataType.simpleString()):
                raise UnreadableFileError(
                    f"the column {field.name} as {of_file.dataType.simpleString()}, which is no "
                    f"{field.dataType.simpleString()}"
                )
        return _Batch(files, tuple(declared or stored))

    def rows(self, batch: _Batch) -> DataFrame:
        """The columns of the files, `SOURCE_OBJECT` and `VERDICT`."""
        columns = [F.col(f"{RECORD}.{quoted(f.name)}").alias(f.name) for f in batch.fields]
        return self._judged(batch, numbered=False).select(*columns, SOURCE_OBJECT, VERDICT)

    def misfits(self, batch: _Batch) -> DataFrame:
        """What `Reading.misfits` gives, of one batch."""
        rows = self._judged(batch, numbered=True).where(F.col(VERDICT) != records.FITS)
        if batch.header:
            own = (F.col(VERDICT) == HEADER) & (F.col(POSITION) == batch.header.line)
            rows = rows.where(~own)
        position = F.col(NUMBER if self.file_format.whole else POSITION).cast("bigint")
        kind = self.file_format.reader
        return rows.select(
            SOURCE_OBJECT,
            position.alias("position"),
            records.reason(batch.fields, kind).alias("reason"),
            F.col(RAW).alias("raw_text"),
        )

    def _judged(self, batch: _Batch, *, numbered: bool) -> DataFrame:
        if self.file_format.reader == "json":
            texts = self._texts(batch.files, numbered=numbered)
            texts = texts.where(F.trim("value") != "")
            return records.json_rows(texts, batch.fields, declared=bool(self.contract.fields))
        if batch.header and not self.contract.multiline:
            lines = self._texts(batch.files, numbered=numbered)
            return records.csv_rows(lines, batch.header.text, batch.fields)
        if batch.header:
            malformed = StructField(records.MALFORMED, StringType())
            reader = self.spark.read.schema(StructType([*batch.fields, malformed]))
            options = {**records.CSV_OPTIONS, "header": "true", "multiLine": "true"}
            parsed = self._loaded(reader.options(**options).format("csv"), batch.files)
            columns = [quoted(name) for name in parsed.columns]
            named = self._with_origin(parsed, columns, numbered=numbered)
            return records.multiline_csv_rows(named, batch.fields)
        return records.typed_rows(
            self._with_origin(
                self._typed([*batch.files], batch.files),
                [quoted(field.name) for field in batch.fields],
                numbered=numbered,
            ),
            batch.fields,
        )

    def _texts(self, files: Mapping[str, StoredFile], *, numbered: bool) -> DataFrame:
        whole = str(self.file_format.whole).lower()
        reader = self.spark.read.format("text").option("wholetext", whole)
        return self._with_origin(self._loaded(reader, files), ["value"], numbered=numbered)

    def _typed(self, origins: Sequence[str], files: Mapping[str, StoredFile]) -> DataFrame:
        reader = self.spark.read.format(self.file_format.reader)
        return self._loaded(reader, {origin: files[origin] for origin in origins})

    def _loaded(self, reader: DataFrameReader, files: Mapping[str, StoredFile]) -> DataFrame:
        """What the reader reads of exactly these files."""
        uris = {stored.uri for stored in files.values()}
        if self.wanted.folder and len(files) == len(self.wanted.files):
            listing = {"recursiveFileLookup": "true", "pathGlobFilter": self.wanted.name_pattern}
            df = reader.options(**listing).load(literal_path(self.wanted.folder))
            if _input_files(df) == uris:
                return df
            # A file has come or gone since the files were listed.
            reader = reader.options(recursiveFileLookup="false", pathGlobFilter="*")
        df = reader.load(self._paths(files))
        if (found := _input_files(df)) != uris:
            raise UnreadableSourceError(
                f"expected Spark to read {sorted(uris)[:3]} alone, found it would read "
                f"{sorted(found)[:3]}; copy the object to a plain key to process it"
            )
        return df

    def _paths(self, files: Mapping[str, StoredFile]) -> list[str]:
        return [literal_path(stored.uri) for stored in files.values()]

    def _with_origin(self, df: DataFrame, columns: Sequence[str], *, numbered: bool) -> DataFrame:
        added = [self._origin().alias(SOURCE_OBJECT)]
        if numbered:
            number = F.monotonically_increasing_id().bitwiseAND(_ROW_OF_ITS_PARTITION) + 1
            added.append(number.alias(POSITION))
        return df.select(*columns, *added)

    def _origin(self) -> Column:
        """The URI that a row names as its origin."""
        folder, files = self.wanted.folder, self.wanted.files
        if len(files) == 1:
            return F.lit(next(iter(files)))
        # Spark gives the path percent-encoded but for "+", which url_decode takes for a space; and
        # local paths with one slash or three.
        path = F.col("_metadata.file_path")
        decoded = F.expr("url_decode(replace(_metadata.file_path, '+', '%2B'))")
        origin = F.when(path.contains("%"), decoded).otherwise(path)
        if folder and folder.startswith("file:"):
            origin = F.regexp_replace(origin, "^file:/+", "file:///")
        uri, stored = next(iter(files.items()))
        relative = stored.uri.removeprefix(folder or "")
        if uri != stored.uri:
            alias = uri.removesuffix(relative)
            origin = F.concat(
                F.lit(alias), F.substring(origin, len(folder or "") + 1, _LONGEST_URI)
            )
        return origin

    def _inferred_json(self, files: Mapping[str, StoredFile]) -> Sequence[StructField]:
        texts = self._texts(files, numbered=False)
        texts = texts.select(F.expr("trim(LEADING '\ufeff' FROM value)").alias("value"))
        encoders = self.spark._jvm.org.apache.spark.sql.Encoders  # type: ignore[union-attr]
        strings = getattr(texts._jdf, "as")(encoders.STRING())
        found = self.spark._jsparkSession.read().option("mode", "DROPMALFORMED").json(strings)
        return DataFrame(found, self.spark).schema.fields

    def _refuse_columns(self, names: Sequence[str]) -> None:
        lowered = [name.casefold() for name in names]
        if twice := {name for name in names if lowered.count(name.casefold()) > 1}:
            raise UnreadableFileError(f"the column {min(twice)!r} twice")
        if not names:
            raise UnreadableFileError("no column at all")
        if self.contract.fields:
            expected = [field.name for field in self.contract.fields]
            if complaint := unexpected_columns(names, expected):
                raise UnreadableFileError(complaint)

    def _refuse_open_quote(self, file: StoredFile) -> None:
        lines = self.spark.read.text(literal_path(file.uri))
        quotes = F.sum(
            F.octet_length("value") - F.octet_length(F.replace("value", F.lit('"'), F.lit("")))
        )
        if ((lines.agg(quotes).first() or [0])[0] or 0) % 2:
            raise UnreadableFileError("a quote that is left open")


def _union(frames: Iterable[DataFrame]) -> DataFrame:
    return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), frames)


def _merged(batches: Sequence[_Batch]) -> list[StructField]:
    return [field for batch in batches for field in batch.fields]


def _input_files(df: DataFrame) -> set[str]:
    return {re.sub("^file:/+", "file:///", unquote(name)) for name in df.inputFiles()}


_WIDER = {
    "tinyint": {"smallint", "int", "bigint"},
    "smallint": {"int", "bigint"},
    "int": {"bigint", "double"},
    "float": {"double"},
}


def _holds(declared: str, stored: str) -> bool:
    """Whether every value of the stored type has its equal in the declared one."""
    return declared == stored or declared in _WIDER.get(stored, ())
