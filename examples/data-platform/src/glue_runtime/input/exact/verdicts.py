# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The verdicts on the rows of a text."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql.types import StructField

from glue_runtime.input.exact.arrays import flags
from glue_runtime.input.exact.columns import Converted, arrow_type

FITS, HEADER, INVALID, BREAKS_FILE = range(4)
"""A valid row; a repeated header; an invalid row; a row that makes its whole file doubtful."""

EXTRA = "_extra"
"""The column with what a row has beyond the declared columns, as JSON; null if it has nothing more."""

_SHOWN = 40


@dataclass(frozen=True)
class Fault:
    """Why a text is not a valid row. at: the index of the text."""

    at: int
    verdict: int
    reason: str


@dataclass(frozen=True)
class Rows:
    """Rows with verdicts.

    at: the index of the text of each row; None if it is the index of the row.
    columns: the values, one array per field.
    verdicts: the verdict on each row.
    reasons: in words, if a verdict is not FITS; else null.
    """

    at: pa.Array | None
    columns: Sequence[pa.Array]
    verdicts: pa.Array
    reasons: pa.Array

    def __len__(self) -> int:
        return len(self.verdicts)


def wrong(field: StructField, text: str) -> str:
    """The reason for an invalid value."""
    return f"{field.name} {text[:_SHOWN]} is not a valid {field.dataType.simpleString()}"


def missing(field: StructField) -> str:
    """The reason for a null in a NOT NULL column."""
    return f"{field.name} is missing"


def judged(
    fields: Sequence[StructField], texts: Sequence[pa.Array], converted: Sequence[Converted]
) -> dict[int, str]:
    """The reason for each invalid row.

    texts: the columns before they were converted.
    """
    found: dict[int, list[str]] = {}
    for field, text, column in zip(fields, texts, converted, strict=True):
        for row in column.invalid:
            found.setdefault(row, []).append(wrong(field, text[row].as_py()))
    for field, text in zip(fields, texts, strict=True):
        if not field.nullable and text.null_count:
            for row in pc.indices_nonzero(text.is_null()).to_pylist():
                found.setdefault(row, []).append(missing(field))
    return {row: ", ".join(reasons) for row, reasons in found.items()}


def rows(
    fields: Sequence[StructField],
    at: pa.Array | None,
    columns: Sequence[pa.Array],
    found: Sequence[Fault],
    faults: Sequence[Fault],
) -> Rows:
    """The rows of texts.

    at: the indexes of the texts of the columns; None for all texts.
    found: the faults of rows of the columns, by their index there.
    faults: the faults of texts that are not in the columns; they come last.
    """
    count = len(columns[0])
    verdicts = pa.repeat(pa.scalar(FITS, pa.int8()), count)
    reasons = pa.nulls(count, pa.string())
    if found:
        mask_of = {fault.at: fault for fault in found}
        places = sorted(mask_of)
        of_places = bytearray(count)
        for place in places:
            of_places[place] = 1
        mask = flags(of_places)
        verdicts = pc.replace_with_mask(
            verdicts, mask, pa.array([mask_of[row].verdict for row in places], pa.int8())
        )
        reasons = pc.replace_with_mask(
            reasons, mask, pa.array([mask_of[row].reason for row in places], pa.string())
        )
    if not faults:
        return Rows(at, columns, verdicts, reasons)
    rest = len(faults)
    at = at if at is not None else pa.array(range(count), pa.int64())
    return Rows(
        pa.concat_arrays([at, pa.array([fault.at for fault in faults], pa.int64())]),
        [
            pa.concat_arrays([column, pa.nulls(rest, arrow_type(field.dataType))])
            for field, column in zip(fields, columns, strict=True)
        ],
        pa.concat_arrays([verdicts, pa.array([fault.verdict for fault in faults], pa.int8())]),
        pa.concat_arrays([reasons, pa.array([fault.reason for fault in faults], pa.string())]),
    )
