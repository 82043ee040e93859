# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The options of a source: the names and meanings of Spark's readers and of Auto Loader.

https://spark.apache.org/docs/latest/sql-data-sources-csv.html
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from glue_runtime.errors import ArgumentError
from glue_runtime.input.exact import locales, patterns
from glue_runtime.input.exact.dialect import Dialect, encoding_of
from glue_runtime.input.exact.excel_file import address_of
from glue_runtime.input.exact.notations import PLAIN, Notation

VALUES = frozenset(("dateFormat", "timestampFormat", "locale"))
"""The options that say how values are written in text."""

COLUMNS = frozenset(("schemaEvolutionMode", "rescuedDataColumn", "partitionColumns"))
"""The options that say which columns the files have; every format takes them."""

REFUSED, IGNORED, RESCUED, ADDED = "failOnNewColumns", "none", "rescue", "addNewColumns"
"""What becomes of columns that the schema does not declare, in the words of Auto Loader."""

RESCUED_DATA = "_rescued_data"
"""The name of the column with rescued data, if the source declares no other."""

CELLS = frozenset(
    (
        *("sep", "quote", "escape", "comment", "nullValue", "emptyValue", "header", "skipRows"),
        *("ignoreLeadingWhiteSpace", "ignoreTrailingWhiteSpace", "multiLine"),
    )
)
"""The options of files with separated cells."""


@dataclass(frozen=True)
class Options:
    """The options of a source, with the meaning of each.

    new_columns: what becomes of columns that the schema does not declare.
    rescued: the name of the column with rescued data; empty if there is none.
    folders: the columns that are in the names of folders.
    address: where the cells of a workbook begin.
    given: the options as declared.
    """

    dialect: Dialect = field(default_factory=Dialect)
    notation: Notation = PLAIN
    new_columns: str = REFUSED
    rescued: str = ""
    folders: tuple[str, ...] = ()
    address: str = ""
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def need_schema(self) -> bool:
        """Whether only a declared schema gives the files columns."""
        dialect = self.dialect
        is_about_columns = self.new_columns != REFUSED or bool(self.folders)
        is_about_text = dialect.reads_whole_files or not dialect.has_header
        return is_about_text or self.notation != PLAIN or is_about_columns


NONE = Options()


class _OptionError(ValueError):
    """The value of an option is not valid. The message says what was expected."""


def parsed(given: Mapping[str, Any], allowed: Collection[str], format_name: str) -> Options:
    """The options of a source.

    allowed: the names that its format takes.

    Raises:
        ArgumentError: a name or a value is not one of the format.
    """
    options = Options(given=dict(given))
    for name, value in given.items():
        if name not in allowed:
            known = "no option" if name in _PARSERS else "unknown"
            of = f"the format {format_name}"
            raise ArgumentError(
                f"expected options of {of} ({', '.join(sorted(allowed)) or 'it has none'}), found "
                f"{name!r}, which is {known}{' of it' if name in _PARSERS else ''}; correct or remove it"
            )
        try:
            if not isinstance(value, str):
                raise _OptionError('a string, as for Spark, such as "true" or "1"')
            options = _PARSERS[name](options, value)
        except _OptionError as error:
            raise ArgumentError(
                f"expected {error} for the option {name!r} of the format {format_name}, found "
                f"{value!r}; correct it"
            ) from None
    return _checked(options, format_name)


def _checked(options: Options, format_name: str) -> Options:
    """The options, if they fit together."""
    dialect = options.dialect
    marks = {
        "sep": dialect.separator,
        "quote": dialect.quote,
        "escape": dialect.escape,
        "comment": dialect.comment,
        "lineSep": dialect.line_end,
    }
    for name, mark in marks.items():
        for other, another in marks.items():
            if name < other and mark and another and (mark in another or another in mark):
                raise ArgumentError(
                    f"expected different characters for {name} and {other} of the format {format_name}, "
                    f"found {mark!r} and {another!r}; declare others"
                )
    if dialect.escape and dialect.spans_lines and not dialect.quote:
        raise ArgumentError(
            "expected a quote with multiLine, found escapes without one; declare the quote, or "
            "leave multiLine out"
        )
    return _with_rescued(options, format_name)


def _with_rescued(options: Options, format_name: str) -> Options:
    """The options with the name of the rescued data, if data are rescued."""
    if options.rescued and "schemaEvolutionMode" not in options.given:
        return replace(options, new_columns=RESCUED)
    if options.rescued and options.new_columns in (REFUSED, ADDED):
        raise ArgumentError(
            f"expected schemaEvolutionMode rescue or none with rescuedDataColumn of the format "
            f"{format_name}, found {options.new_columns}; correct or remove one of them"
        )
    if options.rescued:
        return replace(options, new_columns=RESCUED)
    if options.new_columns == RESCUED:
        return replace(options, rescued=RESCUED_DATA)
    return options


def _dialect(name: str, read: Callable[[str], Any]) -> Callable[[Options, str], Options]:
    def parse(options: Options, value: str) -> Options:
        return replace(options, dialect=replace(options.dialect, **{name: read(value)}))

    return parse


def _notation(name: str, read: Callable[[str], str]) -> Callable[[Options, str], Options]:
    def parse(options: Options, value: str) -> Options:
        return replace(options, notation=replace(options.notation, **{name: read(value)}))

    return parse


def _separator(value: str) -> str:
    value = {"\\t": "\t"}.get(value, value)
    if not 1 <= len(value) <= 8 or set("\r\n\0") & set(value):
        raise _OptionError("one to eight characters that end no line")
    return value


def _mark(value: str) -> str:
    if len(value) > 1 or value in ("\r", "\n", "\0", " "):
        raise _OptionError("one character, or none")
    return value


def _escape(value: str) -> str:
    # As in Spark, a quote that escapes itself is doubled.
    return "" if value == '"' else _mark(value)


def _truth(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise _OptionError('"true" or "false"')
    return value.lower() == "true"


def _count(value: str) -> int:
    if not (value.isascii() and value.isdigit()) or int(value) > 10_000:
        raise _OptionError("a number of lines, from 0 to 10000")
    return int(value)


def _line_end(value: str) -> str:
    if not 1 <= len(value) <= 2 or value == value[0] * 2 or not value.isascii():
        raise _OptionError("one character of ASCII, or two different ones")
    return value


def _encoding(value: str) -> str:
    if (found := encoding_of(value)) is None:
        raise _OptionError("an encoding such as UTF-8, windows-1252, ISO-8859-1 or UTF-16")
    return found


def _date_format(value: str) -> str:
    return _pattern(value, is_day=True)


def _timestamp_format(value: str) -> str:
    return value if value in patterns.EPOCHS else _pattern(value, is_day=False)


def _pattern(value: str, *, is_day: bool) -> str:
    try:
        patterns.compiled(value, is_day=is_day)
    except patterns.PatternError as error:
        epochs = "" if is_day else f", or one of {', '.join(patterns.EPOCHS)}"
        raise _OptionError(
            f"a pattern of the letters {patterns.LETTERS} that determines a day (here: {error})"
            + epochs
        ) from None
    return value


def _locale(value: str) -> str:
    if locales.convention_of(value) is None:
        raise _OptionError(f"one of the locales {locales.KNOWN}, or another region of one")
    return value


def _address(options: Options, value: str) -> Options:
    if not value or address_of(value) is None:
        raise _OptionError("a sheet, a cell, or both, such as Sheet1, !A3 or 'Sales 2024'!A3")
    return replace(options, address=value)


def _mode(options: Options, value: str) -> Options:
    modes = (REFUSED, IGNORED, RESCUED, ADDED)
    if value not in modes:
        raise _OptionError(f"one of {', '.join(modes)}")
    return replace(options, new_columns=value)


def _rescued(options: Options, value: str) -> Options:
    if not value.strip():
        raise _OptionError("the name of a column")
    return replace(options, rescued=value)


def _folders(options: Options, value: str) -> Options:
    names = tuple(name.strip() for name in value.split(","))
    if not all(names) or len({name.casefold() for name in names}) < len(names):
        raise _OptionError("the names of columns, each once, with a comma between them")
    return replace(options, folders=names)


_PARSERS: Mapping[str, Callable[[Options, str], Options]] = {
    "sep": _dialect("separator", _separator),
    "quote": _dialect("quote", _mark),
    "escape": _dialect("escape", _escape),
    "comment": _dialect("comment", _mark),
    "nullValue": _dialect("null", str),
    "emptyValue": _dialect("empty", str),
    "header": _dialect("has_header", _truth),
    "skipRows": _dialect("skipped", _count),
    "multiLine": _dialect("spans_lines", _truth),
    "lineSep": _dialect("line_end", _line_end),
    "encoding": _dialect("encoding", _encoding),
    "ignoreLeadingWhiteSpace": _dialect("strips_before", _truth),
    "ignoreTrailingWhiteSpace": _dialect("strips_after", _truth),
    "dateFormat": _notation("date", _date_format),
    "timestampFormat": _notation("timestamp", _timestamp_format),
    "locale": _notation("locale", _locale),
    "dataAddress": _address,
    "schemaEvolutionMode": _mode,
    "rescuedDataColumn": _rescued,
    "partitionColumns": _folders,
}
