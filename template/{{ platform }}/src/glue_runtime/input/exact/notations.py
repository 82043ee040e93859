# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""How a source writes days, moments and numbers, where that differs from the grammars."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyspark.sql.types import (
    DataType,
    DateType,
    NumericType,
    TimestampNTZType,
    TimestampType,
)

from glue_runtime.input.exact.locales import Convention, convention_of
from glue_runtime.input.exact.patterns import EPOCHS, compiled, epoch_reader

Read = Callable[[str], Any]


@dataclass(frozen=True)
class Notation:
    """The notations of a source.

    date, timestamp: patterns, see `patterns`; empty for those of the grammars.
    locale: the locale of its numbers; empty for those of the grammars.
    """

    date: str = ""
    timestamp: str = ""
    locale: str = ""

    @cached_property
    def numbers(self) -> Convention | None:
        """How numbers are written; None as in the grammars."""
        return convention_of(self.locale) if self.locale else None

    @property
    def is_epoch(self) -> bool:
        """Whether moments are numbers."""
        return self.timestamp in EPOCHS

    @property
    def has_zone(self) -> bool:
        """Whether a moment says its zone."""
        if not self.timestamp:
            return False
        return self.is_epoch or compiled(self.timestamp, is_day=False).has_zone

    def reader(self, data_type: DataType) -> Read | None:
        """A function that reads one day or moment; None if the grammar reads it.

        The function raises DoesNotFitError.
        """
        if self.date and isinstance(data_type, DateType):
            return compiled(self.date, is_day=True).read_day
        if not self.timestamp or not isinstance(data_type, TimestampType | TimestampNTZType):
            return None
        read = (
            epoch_reader(EPOCHS[self.timestamp])
            if self.is_epoch
            else compiled(self.timestamp, is_day=False).read
        )
        if isinstance(data_type, TimestampType):
            return read
        return lambda text: read(text).replace(tzinfo=None)

    def convention(self, data_type: DataType) -> Convention | None:
        """How numbers of this type are written; None as in the grammars."""
        return self.numbers if isinstance(data_type, NumericType) else None

    def applies_to(self, data_type: DataType) -> bool:
        """Whether values of this type are written otherwise than in the grammars."""
        return bool(self.reader(data_type) or self.convention(data_type))


PLAIN = Notation()
