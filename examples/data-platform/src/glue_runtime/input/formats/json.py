# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""JSON: a file is one record, or an array of records."""

from collections.abc import Hashable, Mapping
from functools import partial
from typing import ClassVar

from pyspark.sql import DataFrame
from pyspark.sql.types import DataType, StringType, StructField

from glue_runtime.input.exact import frames
from glue_runtime.input.exact.inference import shape_of_documents
from glue_runtime.input.exact.packing import Packing
from glue_runtime.input.exact.verdicts import EXTRA
from glue_runtime.input.formats.interface import Batch, UnreadableFileError
from glue_runtime.input.formats.options import ADDED, VALUES
from glue_runtime.input.formats.text_head import check_text
from glue_runtime.input.formats.text_reader import TextReader
from glue_runtime.spark.files import StoredFile


class Reader(TextReader):
    """Reads JSON files; all of them form one batch."""

    position = frames.NUMBER
    may_be_empty: ClassVar[bool] = False
    takes = TextReader.takes | VALUES | {"encoding"}

    @property
    def whole(self) -> bool:
        """See `TextReader`."""
        return True

    @property
    def packing(self) -> Packing:
        """How the executors unpack the texts."""
        return Packing(self.unpacks)

    def sniff(self, file: StoredFile) -> None:
        """See `FormatReader`."""
        encoding = self.contract.options.dialect.encoding
        check_text(self.storage, file, encoding, may_be_empty=self.may_be_empty)

    def batch(self, kind: Hashable, files: Mapping[str, StoredFile]) -> Batch:
        """See `FormatReader`."""
        if self.contract.fields:
            return self._declared(self.contract.fields, files)
        types = self._inferred(files)
        if not types:
            raise UnreadableFileError("no record that tells the columns; declare the schema")
        spelt: dict[str, str] = {}
        for name in types:
            if (other := spelt.setdefault(name.casefold(), name)) != name:
                raise UnreadableFileError(
                    f"the columns {other} and {name} in the files that are read with it, one name in "
                    "two ways; correct the files, or declare the schema"
                )
        return Batch(files, tuple(StructField(name, types[name]) for name in types))

    def _declared(self, fields: tuple[StructField, ...], files: Mapping[str, StoredFile]) -> Batch:
        """The declared columns, and what becomes of others."""
        if not self.contract.keeps_new_columns:
            return Batch(files, fields)
        if self.contract.options.new_columns != ADDED:
            return Batch(files, (*fields, StructField(EXTRA, StringType())))
        names = {field.name.casefold() for field in fields}
        found = {name.casefold(): name for name in self._inferred(files)}
        others = [name for lowered, name in found.items() if lowered not in names]
        added = tuple(StructField(name, StringType()) for name in others)
        return Batch(files, (*fields, *added), others=tuple(others))

    def _inferred(self, files: Mapping[str, StoredFile]) -> Mapping[str, DataType]:
        """The names and types in all records."""
        shape_of = partial(shape_of_documents, encoding=self.contract.options.dialect.encoding)
        return frames.inferred(self.texts(files), shape_of, self.limit(files), self.packing)

    def parsed(self, texts: DataFrame, batch: Batch, *, explained: bool) -> DataFrame:
        """See `TextReader`."""
        return frames.json_rows(
            texts,
            batch.fields,
            self.limit(batch.files),
            declared=bool(self.contract.fields),
            explained=explained,
            notation=self.contract.options.notation,
            encoding=self.contract.options.dialect.encoding,
            packed=self.packing,
        )
