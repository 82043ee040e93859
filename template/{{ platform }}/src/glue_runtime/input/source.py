# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The declaration of a data source."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from glue_runtime.errors import ArgumentError
from glue_runtime.input.formats.options import NONE, Options, parsed
from glue_runtime.input.formats.registry import FORMATS
from glue_runtime.s3_object import S3Object, is_bucket, literal_path

REMOVE, KEEP = "remove", "keep"
"""What becomes of the rows of a file that is gone."""


@dataclass(frozen=True)
class Source:
    """The files of one data source: all objects with a prefix and a suffix.

    prefix: folders in the bucket, ending in ``/``: ``sales/``.
    suffix: the end of the file names: ``.csv``.
    file_format: a name in `glue_runtime.input.formats.registry.FORMATS`.
    schema: the columns and their types, as in SQL: ``"id BIGINT, name STRING"``, in any order.
        Invalid values are never changed silently: see `BaseGlueJob.bad_rows`. A column may be
        ``NOT NULL``; a JSON record may lack the others. Without a schema, the types are inferred
        from the current files, which costs a pass over them and gives ``40`` another type than
        ``39.5``.
    options: how the files are written, with the names and meanings of Spark's readers, such as
        ``{"sep": ";", "encoding": "windows-1252", "locale": "de-DE", "dateFormat": "dd.MM.yyyy"}``.
        The page about bad data lists them.
    bucket: the bucket of the files, if it is not the bronze one; ``{env}`` in it stands for the
        environment: ``"acme-landing-{env}"``. Rules that start the job have the same `bucket_name`.
    multiline: whether a quoted cell of a CSV file may span lines, as with the option ``multiLine``.
        One task then reads each file.
    when_gone: what a scheduled run does with the rows of a file that is no longer there: ``"remove"``
        them, or ``"keep"`` them, as where a lifecycle rule deletes files that are loaded.
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
    options: Mapping[str, str] = field(default_factory=dict)
    bucket: str | None = None
    when_gone: str = REMOVE

    def __post_init__(self) -> None:
        where = f"{self.prefix}*{self.suffix}"
        if self.bucket is not None and not is_bucket(self.bucket.replace("{env}", "dev")):
            raise ArgumentError(
                f"expected the name of an S3 bucket as bucket of {where}, such as acme-landing-{{env}}, "
                f"found {self.bucket!r}"
            )
        if self.when_gone not in (REMOVE, KEEP):
            raise ArgumentError(
                f'expected "{REMOVE}" or "{KEEP}" as when_gone of {where}, found {self.when_gone!r}'
            )
        options = self.read_options
        if self.multiline and not self.schema:
            raise ArgumentError(
                f"expected multiline=True for CSV files with a schema only, found it declared for "
                f"{where}; declare the schema, or leave it out"
            )
        if options.need_schema and not self.schema:
            raise ArgumentError(
                f"expected a schema for the options {', '.join(options.given)} of {where}, found "
                "none; declare the columns and their types"
            )

    @cached_property
    def read_options(self) -> Options:
        """The options, with the meaning of each.

        Raises:
            ArgumentError: one of them is unknown, or not of this format.
        """
        given = dict(self.options)
        if not given and not self.multiline:
            return NONE
        known = FORMATS.get(self.file_format)
        allowed = known.reader_class.takes if known else frozenset()
        if self.multiline and "multiLine" not in allowed:
            raise ArgumentError(
                "expected multiline=True for CSV files with a schema only, found it declared for "
                f"{self.prefix}*{self.suffix}; leave it out"
            )
        if self.multiline:
            given["multiLine"] = "true"
        options = parsed(given, allowed, self.file_format)
        if known and (objection := known.reader_class.objection(options)):
            raise ArgumentError(f"expected {objection}")
        return options

    @property
    def data_type(self) -> str:
        """The name of this source for ``load_data()``: the prefix without its last slash."""
        return self.prefix.removesuffix("/")

    def owns(self, uploaded: S3Object) -> bool:
        """Whether the upload of this object starts the job (prefix and suffix match)."""
        return self.fits(uploaded.key)

    def bucket_of(self, environment: str) -> str | None:
        """The declared bucket in this environment; None for the bronze one."""
        return self.bucket and self.bucket.replace("{env}", environment)

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


def inner(sources: Iterable[Source]) -> Source | None:
    """Of nested sources, the inner one."""
    return max(sources, key=lambda source: len(source.prefix), default=None)


def bucket_for(sources: Sequence[Source], environment: str, key: str) -> str | None:
    """The declared bucket of the source to which a sample with this key belongs; None for the bronze one."""
    owner = inner(source for source in sources if key.startswith(source.prefix))
    return owner.bucket_of(environment) if owner else None
