# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The declaration of a data source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from glue_runtime.errors import ArgumentError
from glue_runtime.input.formats.registry import FORMATS
from glue_runtime.s3_object import S3Object, literal_path


@dataclass(frozen=True)
class Source:
    """The files of one data source: all objects with a prefix and a suffix.

    prefix: folders in the bronze bucket, ending in ``/``: ``sales/``.
    suffix: the end of the file names: ``.csv``.
    file_format: a name in `glue_runtime.input.formats.registry.FORMATS`.
    schema: the columns and their types, as in SQL: ``"id BIGINT, name STRING"``, in any order.
        Invalid values are never changed silently: see `BaseGlueJob.bad_rows`. A column may be
        ``NOT NULL``; a JSON record may lack the others. Without a schema, the types are inferred
        from the current files, which costs a pass over them and gives ``40`` another type than
        ``39.5``.
    multiline: whether a quoted cell of a CSV file may span lines. One task then reads each file.
    routes: names of kinds of files, by file name patterns (``*`` and ``?``), of which the first
        match counts: ``{"corrections_*": "corrections"}``. Such files go through the job's
        ``transform_corrections()``, all others through ``transform()``.
    """

    prefix: str
    suffix: str
    file_format: str
    schema: str | None = None
    multiline: bool = False
    routes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.multiline and not (self.schema and self._may_be_multiline()):
            raise ArgumentError(
                "expected multiline=True for CSV files with a schema only, found it declared for "
                f"{self.prefix}*{self.suffix}; declare the schema, or leave it out"
            )

    def _may_be_multiline(self) -> bool:
        known = FORMATS.get(self.file_format)
        return known is not None and known.reader_class.takes_multiline

    @property
    def data_type(self) -> str:
        """The name of this source for ``load_data()``: the prefix without its last slash."""
        return self.prefix.removesuffix("/")

    def owns(self, uploaded: S3Object) -> bool:
        """Whether the upload of this object starts the job (prefix and suffix match)."""
        return self.fits(uploaded.key)

    def fits(self, key: str) -> bool:
        """Whether a key has the prefix and the suffix."""
        return key.startswith(self.prefix) and key.endswith(self.suffix)

    def route_of(self, uri: str) -> str | None:
        """The route of a file, if it has one."""
        name = uri.rpartition("/")[2]
        fitting = (route for pattern, route in self.routes.items() if fnmatchcase(name, pattern))
        return next(fitting, None)

    @property
    def name_pattern(self) -> str:
        """The suffix as Spark's ``pathGlobFilter``."""
        return f"*{literal_path(self.suffix)}"


def owner_of(sources: Sequence[Source], key: str) -> Source | None:
    """The source of an object; of nested sources, the inner one."""
    owners = [source for source in sources if source.fits(key)]
    return max(owners, key=lambda source: len(source.prefix), default=None)
