# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The file formats a job can read: the entries of formats.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module, resources
from types import MappingProxyType
from typing import Any

from glue_runtime.input.exact.packing import ENDINGS, ending_of
from glue_runtime.input.formats.interface import FormatReader


@dataclass(frozen=True)
class FileFormat:
    """One format; formats.toml explains the fields."""

    reader: str
    suffixes: tuple[str, ...]
    compressed: bool
    module: str

    @property
    def reader_class(self) -> type[FormatReader]:
        """The reader of its files: the class `Reader` of its module."""
        found: type[FormatReader] = import_module(f"{__package__}.{self.module}").Reader
        return found

    @property
    def name_pattern(self) -> str:
        """All file names of this format, as Spark's ``pathGlobFilter``."""
        endings = [*self.suffixes]
        if self.compressed:
            endings += [suffix + ending for ending in ENDINGS for suffix in self.suffixes]
        return f"*{{{','.join(endings)}}}"


def format_of(name: str) -> str | None:
    """The name of the format for a file name's extension, if it is a known one."""
    for format_name, file_format in FORMATS.items():
        plain = name.removesuffix(ending_of(name)) if file_format.compressed else name
        if plain.endswith(file_format.suffixes):
            return format_name
    return None


def _registry() -> Mapping[str, FileFormat]:
    text = resources.files(__package__).joinpath("formats.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: _entry(entry) for name, entry in tomllib.loads(text).items()})


def _entry(entry: dict[str, Any]) -> FileFormat:
    return FileFormat(**{**entry, "suffixes": tuple(entry["suffixes"])})


FORMATS = _registry()

DEFAULT_FORMAT = next(iter(FORMATS))
"""The format of a local file if neither its name nor its source determines one."""
