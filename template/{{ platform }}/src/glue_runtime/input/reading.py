# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Read the files of a source as rows with their origin and a verdict."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructField

from glue_runtime.errors import SourceNotFoundError, UnreadableSourceError
from glue_runtime.input.exact.frames import NUMBER, RAW, REASON, VERDICT
from glue_runtime.input.exact.verdicts import EXTRA
from glue_runtime.input.folders import check_folders, value_of
from glue_runtime.input.formats.interface import (
    POSITION,
    Batch,
    Contract,
    FileSet,
    FormatReader,
    UnreadableFileError,
)
from glue_runtime.input.formats.options import ADDED, REFUSED
from glue_runtime.input.formats.registry import FORMATS
from glue_runtime.lineage import SOURCE_ID, SOURCE_OBJECT
from glue_runtime.spark.columns import quoted
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.storage import in_parallel

RESERVED = frozenset(
    (SOURCE_OBJECT, SOURCE_ID, VERDICT, REASON, RAW, NUMBER, POSITION, EXTRA, "_metadata")
)
"""Columns that the runtime or Spark adds, and that would overwrite columns of a file."""


@dataclass(frozen=True)
class Reading:
    """Files that were checked, and how to read them.

    verdicts: all rows of the readable files, with `VERDICT` and `SOURCE_OBJECT`; and with `EXTRA`, if
        the contract ignores or rescues new columns.
    invalid_rows: returns the invalid rows: `SOURCE_OBJECT`, position, reason, raw_text. Use it
        within `spark.session.whole_files`.
    broken_files: returns the files whose rows show them to be unreadable, with reasons.
    advice: returns which options would read an invalid row, from its reason and its raw text.
    read_error: returns why a file cannot be read to its end; None if it can.
    headers: the expected number of header rows, one per file if the format has headers.
    row_count: the row count that the files record; None if they record none.
    time_limit: the seconds that a task may take for a file; None if reading always ends.
    unreadable: the reasons for unreadable files, by origin.
    """

    verdicts: DataFrame
    invalid_rows: Callable[[], DataFrame]
    broken_files: Callable[[], Mapping[str, str]]
    advice: Callable[[str, str], str]
    read_error: Callable[[StoredFile], str | None]
    headers: int
    row_count: int | None
    time_limit: float | None
    columns: tuple[str, ...]
    unreadable: Mapping[str, str]


def read(
    spark: SparkSession,
    wanted: FileSet,
    format_name: str,
    contract: Contract,
    excluded: Mapping[str, str],
) -> Reading:
    """Check the files, and prepare to read the readable ones.

    excluded: known unreadable files, with reasons.

    Raises:
        UnreadableSourceError: no file is readable, or columns have reserved names.
        SourceNotFoundError: all files were deleted meanwhile.
    """
    reader = FORMATS[format_name].reader_class(spark, wanted, contract)
    kinds, unreadable = _sniff(reader, excluded)
    batches, unbatched = _batches(reader, kinds)
    unreadable = {**excluded, **unreadable, **unbatched}
    if not kinds and not unreadable:
        raise SourceNotFoundError(
            f"expected {min(wanted.files)}, found that it was deleted meanwhile"
        )
    if not batches:
        origin, reason = min(unreadable.items())
        raise UnreadableSourceError(
            f"expected readable data, {reason} in {origin}; correct the file and upload it again"
        )
    if not contract.fields or contract.options.new_columns == ADDED:
        batches = _with_common_types(reader, batches)
    names = _names(contract, batches)
    refuse_reserved((*names, contract.options.rescued), min(wanted.files))
    return Reading(
        verdicts=_rows(reader, contract, batches, names),
        invalid_rows=lambda: _union(map(reader.invalid_rows, batches)),
        broken_files=lambda: _found(
            item for b in batches for item in reader.broken_files(b).items()
        ),
        advice=partial(reader.advice, fields=[each for b in batches for each in b.fields]),
        read_error=reader.read_error,
        headers=sum(map(reader.header_count, batches)),
        row_count=_row_count(batches),
        time_limit=reader.time_limit(wanted.files.values()),
        columns=names,
        unreadable=unreadable,
    )


def _names(contract: Contract, batches: Sequence[Batch]) -> tuple[str, ...]:
    """The names of all columns, as the contract or the first files spell them."""
    merged = [field.name for batch in batches for field in batch.fields]
    if not contract.fields:
        return tuple(dict.fromkeys(merged))
    if contract.options.new_columns != ADDED:
        return contract.order
    return tuple(dict.fromkeys((*contract.order, *merged)))


def _rows(
    reader: FormatReader, contract: Contract, batches: Sequence[Batch], names: Sequence[str]
) -> DataFrame:
    """The rows of all batches, with these columns."""
    added = []
    if contract.options.new_columns not in (REFUSED, ADDED):
        df = _union(_with_extra(reader.rows(batch), batch) for batch in batches)
        added = [EXTRA]
    else:
        df = _union(map(reader.rows, batches))
    present = {*df.columns}
    values = {field.name: value_of(field) for field in contract.folders}
    for field in contract.fields or ():
        if field.name not in present:
            values[field.name] = F.lit(None).cast(field.dataType).alias(field.name)
    columns = [values.get(name, F.col(quoted(name))) for name in names]
    return df.select(*columns, SOURCE_OBJECT, VERDICT, *added)


def _with_extra(df: DataFrame, batch: Batch) -> DataFrame:
    """The rows with their new columns as JSON in one column."""
    if EXTRA in df.columns:
        return df
    text = F.lit(None).cast("string")
    if batch.others:
        text = F.to_json(F.struct(*(F.col(quoted(name)) for name in batch.others)))
        text = F.when(text != "{}", text)
    return df.withColumn(EXTRA, text).drop(*batch.others)


def refuse_reserved(columns: Sequence[str], where: str) -> None:
    """Raise UnreadableSourceError if a column has a reserved name."""
    reserved = [name for name in columns if name.lower() in RESERVED]
    if reserved:
        raise UnreadableSourceError(
            f"expected no column called {reserved[0]} (the runtime adds one of this name), found "
            f"one in {where}; rename the column at its source"
        )


def _sniff(
    reader: FormatReader, excluded: Mapping[str, str]
) -> tuple[Mapping[Hashable, Mapping[str, StoredFile]], Mapping[str, str]]:
    """The files by kind, and the unreadable files with reasons."""
    kinds: dict[Hashable, dict[str, StoredFile]] = {}
    faults: dict[str, str] = {}
    files = reader.wanted.files

    def look_at(origin: str) -> None:
        try:
            check_folders(origin, reader.contract.folders)
            kind = reader.sniff(files[origin])
        except UnreadableFileError as error:
            faults[origin] = str(error)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            faults[origin] = f"what cannot be read ({type(error).__name__}: {error})"
        except FileNotFoundError:
            return  # it was deleted after it was listed
        else:
            kinds.setdefault(kind, {})[origin] = files[origin]

    in_parallel(look_at, [origin for origin in files if origin not in excluded])
    return kinds, _found(faults.items())


def _batches(
    reader: FormatReader, kinds: Mapping[Hashable, Mapping[str, StoredFile]]
) -> tuple[Sequence[Batch], Mapping[str, str]]:
    """The batches in the order of their first files, and the unreadable files with reasons."""
    batches = []
    faults: dict[str, str] = {}
    for kind, files in sorted(kinds.items(), key=lambda item: min(item[1])):
        try:
            batches.append(reader.batch(kind, files))
        except UnreadableFileError as error:
            faults |= dict.fromkeys(files, str(error))
    return batches, _found(faults.items())


def _with_common_types(reader: FormatReader, batches: Sequence[Batch]) -> Sequence[Batch]:
    """The batches with one type and one spelling per column; names ignore case.

    Raises:
        UnreadableSourceError: no type fits all values of a column.
    """
    columns: dict[str, StructField] = {}
    for batch in batches:
        for field in batch.fields:
            known = columns.setdefault(field.name.casefold(), field)
            common: DataType | None = known.dataType
            if known.dataType != field.dataType:
                common = reader.common_type(known.dataType, field.dataType)
            if common is None:
                raise UnreadableSourceError(
                    f"expected a column {known.name} of one type, found "
                    f"{field.dataType.simpleString()} in {min(batch.files)} and "
                    f"{known.dataType.simpleString()} in a file before it; declare the schema of the "
                    "source, and correct the files that do not have it"
                )
            columns[known.name.casefold()] = StructField(known.name, common)
    return [
        replace(batch, fields=tuple(columns[field.name.casefold()] for field in batch.fields))
        for batch in batches
    ]


def _found(faults: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Faults in the form of messages."""
    return {origin: f"found {fault}" for origin, fault in faults}


def _row_count(batches: Sequence[Batch]) -> int | None:
    counts = [count for batch in batches for count in batch.row_counts.values()]
    return sum(counts) if counts else None


def _union(frames: Iterable[DataFrame]) -> DataFrame:
    return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), frames)
