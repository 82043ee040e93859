# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Find the options that would read a file or a value that was refused."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

import pyarrow as pa
from pyspark.sql.types import (
    DataType,
    DateType,
    NumericType,
    StructField,
    TimestampNTZType,
    TimestampType,
)

from glue_runtime.errors import ArgumentError
from glue_runtime.input.exact import csv_lines, json_text
from glue_runtime.input.exact.columns import arrow_type, convert
from glue_runtime.input.exact.notations import PLAIN, Notation
from glue_runtime.input.exact.patterns import EPOCHS
from glue_runtime.input.formats.interface import Contract, UnreadableFileError
from glue_runtime.input.formats.options import VALUES, parsed

Changes = Mapping[str, str]

_DAYS = (
    *(
        "dd.MM.yyyy",
        "dd/MM/yyyy",
        "MM/dd/yyyy",
        "yyyyMMdd",
        "yyyy/MM/dd",
        "dd-MM-yyyy",
        "MM-dd-yyyy",
    ),
    *("d.M.yyyy", "d/M/yyyy", "M/d/yyyy", "yyyy.MM.dd", "dd-MMM-yyyy", "dd MMM yyyy", "d MMM yyyy"),
    *("dd.MM.yy", "dd/MM/yy", "MM/dd/yy", "d/M/yy", "M/d/yy", "dd-MMM-yy"),
)
_TIMES = (
    *("", " HH:mm", " HH:mm:ss", " HH:mm:ss.SSSSSS", " H:mm", " H:mm:ss", " h:mm a", " h:mm:ss a"),
    *("'T'HH:mm:ss", "'T'HH:mm:ss.SSSSSSXXX", "'T'HH:mm:ssXXX", ", HH:mm:ss"),
)
_LOCALES = ("en-US", "de-DE", "fr-FR", "de-CH", "en-IN")
NULLS = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "NaN", "nan", "\\N", "-", "?")
_EPOCH_DIGITS = {
    range(9, 12): "epochSeconds",
    range(12, 15): "epochMillis",
    range(15, 18): "epochMicros",
    range(18, 21): "epochNanos",
}
_MOST_CHANGES = 3
_TRIMMED = {"ignoreLeadingWhiteSpace": "true", "ignoreTrailingWhiteSpace": "true"}


def would_read(found: Sequence[Changes]) -> str:
    """The advice to declare one of these options; empty if there is none."""
    if not found:
        return ""
    shown = " or ".join(json.dumps(dict(each), ensure_ascii=False) for each in found)
    return f" (options={shown} would read it)"


# --- values -------------------------------------------------------------------------------------


def patterns_of(texts: Sequence[str], data_type: DataType) -> list[str]:
    """The patterns that read all of these days or moments, and the names of epochs."""
    if isinstance(data_type, DateType):
        return [each for each in _DAYS if reads(texts, data_type, Notation(date=each))]
    found = [
        day + time
        for time in _TIMES
        for day in ("yyyy-MM-dd", *_DAYS)
        if reads(texts, data_type, Notation(timestamp=day + time))
    ]
    lengths = {len(text) for text in texts}
    epochs = [name for digits, name in _EPOCH_DIGITS.items() if lengths <= {*digits}]
    assert {*epochs} <= EPOCHS.keys()
    return found + [name for name in epochs if reads(texts, data_type, Notation(timestamp=name))]


def locales_of(texts: Sequence[str], data_type: DataType) -> list[str]:
    """The locales that read all of these numbers, one of each notation."""
    return [each for each in _LOCALES if reads(texts, data_type, Notation(locale=each))]


def reads(texts: Sequence[str | None], data_type: DataType, notation: Notation) -> bool:
    """Whether all of these texts are values of the type in this notation."""
    return not convert(pa.array(texts, pa.string()), data_type, notation).invalid


def for_value(text: str, data_type: DataType, takes: frozenset[str]) -> list[Changes]:
    """The options that would read this text as a value of the type."""
    arrow_type(data_type)
    found: list[Changes] = []
    if isinstance(data_type, DateType):
        found += [{"dateFormat": each} for each in patterns_of([text], data_type)[:2]]
    elif isinstance(data_type, TimestampType | TimestampNTZType):
        found += [{"timestampFormat": each} for each in patterns_of([text], data_type)[:2]]
    elif isinstance(data_type, NumericType):
        found += [{"locale": each} for each in locales_of([text], data_type)[:2]]
    if "nullValue" in takes and text in NULLS:
        found.append({"nullValue": text})
    if (
        "ignoreLeadingWhiteSpace" in takes
        and text != text.strip()
        and reads([text.strip()], data_type, PLAIN)
    ):
        found.append(_TRIMMED)
    return found


# --- rows ---------------------------------------------------------------------------------------


def for_row(reason: str, raw: str, fields: Sequence[StructField], takes: frozenset[str]) -> str:
    """The advice on an invalid row, or nothing."""
    changes: list[Changes] = []
    for field in fields:
        kind = re.escape(field.dataType.simpleString())
        name = re.escape(field.name)
        found = re.search(rf"(?:^|, ){name} (.{{0,40}}?) is not a valid {kind}", reason, re.DOTALL)
        if found and takes & VALUES:
            changes += for_value(found[1], field.dataType, takes)
    for beginning, change in _OF_REASONS.items():
        if reason.startswith(beginning) and takes >= change.keys():
            changes.append(change)
    if reason == csv_lines.AFTER_A_QUOTE and '\\"' in raw:
        changes.append({"escape": "\\"})
    if reason == json_text.NO_OBJECT:
        return _on_another_format(raw)
    return would_read(list({json.dumps(dict(each)): each for each in changes}.values()))


_OF_REASONS: Mapping[str, Changes] = {
    "unexpected ": {"schemaEvolutionMode": "none"},
    csv_lines.NOT_UTF_8: {"encoding": "windows-1252"},
    csv_lines.BEFORE_A_QUOTE: {"ignoreLeadingWhiteSpace": "true"},
    csv_lines.LEFT_OPEN: {"multiLine": "true"},
}


def _on_another_format(raw: str) -> str:
    lines = raw.strip().splitlines()
    if len(lines) > 1 and all(line.strip().startswith("{") for line in lines):
        return ' (file_format="jsonl" would read it)'
    if raw.strip() in ("[", "{", "[{"):
        return ' (file_format="json" would read it)'
    return ""


# --- files --------------------------------------------------------------------------------------


def for_file(contract: Contract, takes: frozenset[str], fits: Callable[[Contract], bool]) -> str:
    """The advice on a file whose columns are not those of the contract, or nothing.

    fits: whether the file has the columns of this contract.
    """
    for changes in sorted(_variations(contract.options.given), key=len):
        try:
            options = parsed({**contract.options.given, **changes}, takes, "")
            if fits(replace(contract, options=options)):
                return would_read([changes])
        except (ArgumentError, UnreadableFileError):
            continue
    return ""


def _variations(given: Changes) -> Iterator[Changes]:
    # Of equally many changes, the one further down comes first.
    choices: list[list[Changes]] = [
        [{}, {"schemaEvolutionMode": "none"}],
        [{}, *({"skipRows": str(count)} for count in range(1, 13))],
        [{}, {"comment": "#"}],
        [{}, {"quote": "'"}],
        [{}, _TRIMMED],
        [{}, {"encoding": "UTF-16"}, {"encoding": "windows-1252"}],
        [{}, {"header": "false"}],
        [{}, *({"sep": each} for each in ";\t|,:" if each != given.get("sep", ","))],
    ]
    for chosen in product(*choices):
        changed = [each for each in chosen if each]
        if 0 < len(changed) <= _MOST_CHANGES:
            yield {name: value for each in changed for name, value in each.items()}
