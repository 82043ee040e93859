# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Parse texts on Spark's executors: turn a DataFrame of texts into rows with verdicts.

Spark delivers the bytes and takes back Arrow data; it converts nothing. Every function takes a
DataFrame whose column `value` holds the bytes of a line or a file, keeps the other columns, and
adds the columns of the source and
VERDICT  see `verdicts`

and, if rows are to be explained,

REASON   null for a valid row; else why it is invalid, in words
RAW      null for a valid row; else its text
NUMBER   the line in which a row of a file begins, or its position in a JSON text, from 1
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas import functions as pandas_functions
from pyspark.sql.types import (
    DataType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from glue_runtime.input.exact import (
    csv_file,
    inference,
    json_lines,
    json_text,
    packing,
    verdicts,
)
from glue_runtime.input.exact.columns import arrow_type
from glue_runtime.input.exact.csv_lines import Layout
from glue_runtime.input.exact.dialect import UTF_8
from glue_runtime.input.exact.notations import PLAIN, Notation
from glue_runtime.input.exact.packing import NOT_PACKED, Packing
from glue_runtime.input.exact.verdicts import BREAKS_FILE, FITS, Rows
from glue_runtime.input.exact.whole_files import FileFaultError, ReadFile

VALUE, VERDICT, REASON, RAW, NUMBER = "value", "_verdict", "_reason", "_raw", "_number"

_ENOUGH = 4 * 1024 * 1024
_ROOT = str(Path(__file__).parents[3])

Batches = Iterable[pa.RecordBatch]


@dataclass(frozen=True)
class Limit:
    """The number of bytes that one task may get; more of them break the file, for this reason."""

    bytes: int
    reason: str


def csv_rows(
    lines: DataFrame, layout: Layout, limit: Limit | None = None, *, explained: bool
) -> DataFrame:
    """The rows of CSV files, from their lines as Spark splits them."""
    encoding = layout.dialect.encoding

    def read(batches: Batches) -> Iterator[Found]:
        for batch in _gathered(batches):
            yield from read_apart(
                batch,
                layout.fields,
                lambda one: Found(one, csv_file.rows_of(one[VALUE], layout), encoding=encoding),
            )

    return _mapped(lines, layout.fields, read, limit, explained)


def csv_file_rows(
    files: DataFrame,
    layout: Layout,
    limit: Limit | None = None,
    packed: Packing = NOT_PACKED,
    *,
    explained: bool,
) -> DataFrame:
    """The rows of CSV files whose cells span lines; a doubtful file has one row with the reason."""

    def read(batches: Batches) -> Iterator[Found]:
        for file in _each(batches):
            yield from read_apart(file, layout.fields, lambda one: _of_file(one, layout, packed))

    return _mapped(files, layout.fields, read, limit, explained)


def file_rows(
    files: DataFrame, fields: Sequence[StructField], read_file: ReadFile, *, explained: bool
) -> DataFrame:
    """The rows of files that are read whole; one that cannot be read has a row with the reason."""

    def read_one(file: pa.RecordBatch) -> Iterator[Found]:
        data = file[VALUE][0].as_py()
        try:
            for found in read_file(data):
                texts = _spread(file, pa.array([b""] * len(found.rows), pa.binary()))
                yield Found(texts, found.rows, found.raws, found.numbers)
        except FileFaultError as error:
            yield _doubtful(file, fields, str(error))
        except Exception as error:
            yield _doubtful(file, fields, f"what cannot be read ({type(error).__name__}: {error})")

    def read(batches: Batches) -> Iterator[Found]:
        for file in _each(batches):
            yield from read_one(file)

    return _mapped(files, fields, read, None, explained)


def json_rows(
    texts: DataFrame,
    fields: Sequence[StructField],
    limit: Limit | None = None,
    *,
    declared: bool,
    explained: bool,
    notation: Notation = PLAIN,
    encoding: str = UTF_8,
    packed: Packing = NOT_PACKED,
) -> DataFrame:
    """The records of JSON texts.

    declared: whether an unknown name makes a record invalid.
    notation, encoding, packed: how the values and the texts are written.
    """

    def read(batches: Batches) -> Iterator[Found]:
        read_lines = json_lines.reader(fields, declared=declared, notation=notation)

        def read_batch(batch: pa.RecordBatch) -> Found:
            found = read_lines(json_text.recoded(batch[VALUE], encoding))
            return Found(batch, found.rows, found.raws, found.numbers)

        def read_packed(file: pa.RecordBatch) -> Found:
            texts = packed.texts(file[VALUE][0].as_py())
            found = read_batch(_spread(file, pa.array(texts, pa.binary())))
            if not packed.of_lines:
                return found
            at = found.rows.at
            lines = at if at is not None else pa.array(range(len(found.rows)), pa.int64())
            return replace(found, numbers=pc.add(lines, 1))

        if packed.unpacks:
            for file in _each(batches):
                yield from _apart_if_packed(file, fields, read_packed)
            return
        for batch in _gathered(batches):
            yield from read_apart(batch, fields, read_batch)

    return _mapped(texts, fields, read, limit, explained)


def inferred(
    texts: DataFrame,
    shape_of: Callable[[pa.Array], inference.Shape],
    limit: Limit | None = None,
    packed: Packing = NOT_PACKED,
) -> dict[str, DataType]:
    """The inferred columns of texts. shape_of: computes the shape of some of the texts."""

    def shape_of_packed(files: pa.Array) -> inference.Shape:
        texts = [text for file in files.to_pylist() for text in packed.texts(file)]
        return shape_of(pa.array(texts, pa.binary()))

    def read(batches: Batches) -> Iterator[pa.RecordBatch]:
        some = _gathered(_up_to(limit, batches, []))
        shape = inference.merged(
            [
                shape_apart(batch[VALUE], shape_of_packed if packed.unpacks else shape_of)
                for batch in some
            ]
        )
        yield pa.RecordBatch.from_arrays([pa.array([json.dumps(shape)])], names=[VALUE])

    schema = StructType([StructField(VALUE, StringType())])
    found = _map_in_arrow(texts.select(VALUE), read, schema).collect()
    shape = inference.merged([json.loads(row[VALUE]) for row in found])
    columns = shape["struct"] if isinstance(shape, dict) and "struct" in shape else {}
    return {name: inference.type_of(each) for name, each in columns.items()}


def shape_apart(
    texts: pa.Array, shape_of: Callable[[pa.Array], inference.Shape]
) -> inference.Shape:
    """What is known of texts, but for those that cannot be read."""
    try:
        return shape_of(texts)
    except Exception:
        if len(texts) == 1:
            return None
        middle = len(texts) // 2
        halves = (texts[:middle], texts[middle:])
        return inference.merged([shape_apart(half, shape_of) for half in halves])


def _up_to(
    limit: Limit | None, batches: Batches, beyond: list[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """The batches within a limit; `beyond` gets the first one after it."""
    seen = 0
    for batch in batches:
        # Each with the end of its line.
        seen += pc.sum(pc.binary_length(batch[VALUE])).as_py() + batch.num_rows
        if limit and seen > limit.bytes:
            beyond.append(batch.slice(0, 1))
            return
        yield batch


def _gathered(batches: Batches) -> Iterator[pa.RecordBatch]:
    """The same rows in larger batches, since each batch has a cost."""
    kept: list[pa.RecordBatch] = []
    for batch in batches:
        kept.append(batch)
        if sum(each.nbytes for each in kept) >= _ENOUGH:
            yield _one(kept)
            kept = []
    if kept:
        yield _one(kept)


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    [batch] = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return batch


@dataclass(frozen=True)
class Found:
    """Rows of texts.

    texts: the texts with their other columns.
    raws: the text of each invalid row; None if it is the one in `texts`.
    numbers: the `NUMBER` of each row, if rows have one.
    encoding: of the texts.
    """

    texts: pa.RecordBatch
    rows: Rows
    raws: pa.Array | None = None
    numbers: pa.Array | None = None
    encoding: str = UTF_8

    def as_batch(self, fields: Sequence[StructField], *, explained: bool) -> pa.RecordBatch:
        """The rows in the form that `_mapped` yields."""
        rows, others = self.rows, self.texts.drop_columns([VALUE])
        if rows.at is not None:
            others = others.take(rows.at)
        columns = [*others.columns, *rows.columns, rows.verdicts.cast(pa.int32())]
        names = [*others.schema.names, *(field.name for field in fields), VERDICT]
        if explained:
            raws = self.raws if self.raws is not None else self._raws()
            numbers = self.numbers if self.numbers is not None else pa.nulls(len(rows), pa.int64())
            columns += [rows.reasons, raws, numbers]
            names += [REASON, RAW, NUMBER]
        return pa.RecordBatch.from_arrays(columns, names=names)

    def _raws(self) -> pa.Array:
        """The text of each invalid row; null for a valid one."""
        rows, texts = self.rows, self.texts[VALUE]
        places = range(len(rows)) if rows.at is None else rows.at.to_pylist()
        fits = pc.equal(rows.verdicts, FITS).to_pylist()
        shown = [
            None if fitting else texts[place].as_py().decode(self.encoding, errors="replace")
            for place, fitting in zip(places, fits, strict=True)
        ]
        return pa.array(shown, pa.string())


def read_apart(
    batch: pa.RecordBatch, fields: Sequence[StructField], read: Callable[[pa.RecordBatch], Found]
) -> Iterator[Found]:
    """Read a batch; if that fails, one half after the other, until it is one text that breaks its file."""
    try:
        yield read(batch)
    except Exception as error:
        if batch.num_rows == 1:
            yield _doubtful(batch, fields, f"what cannot be read ({type(error).__name__}: {error})")
            return
        middle = batch.num_rows // 2
        for half in (batch.slice(0, middle), batch.slice(middle)):
            yield from read_apart(half, fields, read)


def _of_file(file: pa.RecordBatch, layout: Layout, packed: Packing) -> Found:
    data = file[VALUE][0].as_py()
    if packed.unpacks:
        try:
            data = packing.unpacked(data)
        except packing.PackingError as error:
            return _doubtful(file, layout.fields, str(error))
    found = csv_file.read(data, layout)
    if found.fault is not None:
        return _doubtful(file, layout.fields, found.fault)
    rows, records = found.rows, found.records
    texts = _spread(file, records.texts)
    numbers = records.lines if rows.at is None else records.lines.take(rows.at)
    return Found(texts, rows, numbers=numbers)


def _spread(file: pa.RecordBatch, texts: pa.Array) -> pa.RecordBatch:
    """The texts of a file, with its other columns."""
    spread = file.take(pa.array([0] * len(texts), pa.int64()))
    return spread.set_column(spread.schema.get_field_index(VALUE), VALUE, texts)


def _each(batches: Batches) -> Iterator[pa.RecordBatch]:
    """The files of batches, one after the other."""
    for batch in batches:
        for number in range(batch.num_rows):
            yield batch.slice(number, 1)


def _apart_if_packed(
    file: pa.RecordBatch, fields: Sequence[StructField], read: Callable[[pa.RecordBatch], Found]
) -> Iterator[Found]:
    """Read a packed file; one that cannot be unpacked breaks."""
    try:
        yield read(file)
    except packing.PackingError as error:
        yield _doubtful(file, fields, str(error))


def _doubtful(text: pa.RecordBatch, fields: Sequence[StructField], reason: str) -> Found:
    """The one row of a text that breaks its file."""
    fault = verdicts.Fault(0, BREAKS_FILE, reason)
    nothing = [pa.nulls(0, arrow_type(field.dataType)) for field in fields]
    rows = verdicts.rows(fields, None, nothing, [], [fault])
    return Found(text, rows, pa.array([None], pa.string()))


def _mapped(
    df: DataFrame,
    fields: Sequence[StructField],
    read: Callable[[Batches], Iterator[Found]],
    limit: Limit | None,
    explained: bool,
) -> DataFrame:
    def read_within_limit(batches: Batches) -> Iterator[pa.RecordBatch]:
        beyond: list[pa.RecordBatch] = []
        for found in read(_up_to(limit, batches, beyond)):
            yield found.as_batch(fields, explained=explained)
        for text in beyond:
            found = _doubtful(text, fields, limit.reason if limit else "")
            yield found.as_batch(fields, explained=explained)

    others = [field for field in df.schema.fields if field.name != VALUE]
    nullable = [StructField(field.name, field.dataType) for field in fields]
    added = [StructField(VERDICT, IntegerType())]
    if explained:
        texts = [StructField(name, StringType()) for name in (REASON, RAW)]
        added += [*texts, StructField(NUMBER, LongType())]
    schema = StructType([*others, *nullable, *added])
    return _map_in_arrow(df, read_within_limit, schema)


def _map_in_arrow(
    df: DataFrame, read: Callable[[Batches], Iterator[pa.RecordBatch]], schema: StructType
) -> DataFrame:
    binary = df.withColumn(VALUE, df[VALUE].cast("binary"))
    let_workers_import(df.sparkSession)
    # Spark asks for pandas here and does not use it; importing it takes half a second.
    with mock.patch.object(pandas_functions, "require_minimum_pandas_version"):
        return binary.mapInArrow(read, schema)


def let_workers_import(spark: SparkSession) -> None:
    """Let Python workers on this machine import this package from where this process has it."""
    environment = spark.sparkContext.environment
    paths = environment.get("PYTHONPATH", "").split(os.pathsep)
    if _ROOT not in paths:
        environment["PYTHONPATH"] = os.pathsep.join([_ROOT, *filter(None, paths)])
