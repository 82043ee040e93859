# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Determine which files a run reads, from its objects and its job's declarations."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from glue_runtime import settings
from glue_runtime.declarations import allowed_removal
from glue_runtime.errors import SourceNotFoundError
from glue_runtime.input.location import (
    InputLocation,
    directory_location,
    local_location,
    objects_location,
)
from glue_runtime.input.source import KEEP, Source, inner
from glue_runtime.s3_object import bucket_and_key
from glue_runtime.spark.files import StoredFile
from glue_runtime.tables.removing import Removal

if TYPE_CHECKING:
    from glue_runtime.base_job import BaseGlueJob


class RunSources:
    """The sources of one run of a job.

    objects: the URIs of the objects that the run reads; None if it reads all files of its sources.
    prefix: read only keys with this prefix.
    """

    def __init__(
        self, job: "BaseGlueJob", objects: Sequence[str] | None = None, prefix: str = ""
    ) -> None:
        self.objects = objects
        self._job = job
        self._prefix = prefix

    def check_uploads(self, uris: Sequence[str]) -> None:
        """Refuse an object for which this job's rules would not have started a run.

        Raises:
            SourceNotFoundError: it does not belong to a declared source.
        """
        job = self._job
        foreign = next((uri for uri in uris if job.sources and not self.owner(uri)), None)
        if foreign:
            expected = " or ".join(map(self._described, job.sources))
            raise SourceNotFoundError(
                f"expected an object of {type(job).__name__} ({expected}), found {foreign}; "
                "start the job that owns it, or declare its source in this one"
            )

    def source(self, data_type: str) -> Source | None:
        """The declared source with this name in `load_data`, if there is one."""
        return next((each for each in self._job.sources if each.data_type == data_type), None)

    def location(
        self, data_type: str, fallback_path: str | None, route: str | None
    ) -> InputLocation:
        """The location of the files that this run reads of a source. route: the current route."""
        job, source = self._job, self.source(data_type)
        if objects := self._objects_of(data_type, route):
            return objects_location(job.spark, objects, source, self._kind)

        def keep(origin: str) -> bool:
            """Exclude files of a nested source and of other routes."""
            return self._belongs(origin, source) and (
                source is None or source.route_of(origin) == route
            )

        if job.environment != "local":
            return directory_location(job.spark, self.uri(data_type), source, keep)
        if fallback_path:
            path = settings.REPOSITORY / fallback_path
            return local_location(job.spark, path, source, keep, None)
        # The origin of test data is the bucket of the source, as after an upload.
        path = settings.TEST_DATA / job.job_name / data_type
        return local_location(job.spark, path, source, keep, self.uri(data_type))

    def listed(self) -> dict[str, StoredFile]:
        """The current files of all declared sources, by URI."""
        found: dict[str, StoredFile] = {}
        for source in self._job.sources:
            folder, keep = self.uri(source.data_type), partial(self._belongs, source=source)
            found |= directory_location(self._job.spark, folder, source, keep).listed()
        return found

    @property
    def routes(self) -> Sequence[str | None]:
        """The routes to run, with None for files without a route; empty if none is declared."""
        declared = [route for source in self._job.sources for route in source.routes.values()]
        if not declared:
            return []
        if self.objects is None:
            return [*dict.fromkeys(declared), None]
        return [*dict.fromkeys(map(self._route_of, self.objects))]

    def due(self, route: str | None) -> tuple[str, ...]:
        """The declared sources of which the run reads files on this route.

        Without objects and without routes, these are all sources, even if there is no file.
        """
        declared = tuple(source.data_type for source in self._job.sources)
        if self.objects is not None:
            return tuple(each for each in declared if self._objects_of(each, route))
        if len(declared) < 2 or not self.routes:
            return declared
        return tuple(each for each in declared if self.location(each, None, route).listed())

    def uri(self, data_type: str) -> str:
        """The folder of a source."""
        return f"s3://{self._bucket(self.source(data_type))}/{data_type}/"

    def owner(self, uri: str) -> Source | None:
        """The declared source of an object, if there is one.

        In the bucket of a source, only sources of that bucket own an object. Those without a declared
        one also own the objects of any other bucket.
        """
        bucket, key = bucket_and_key(uri)
        sources = self._job.sources
        there = [source for source in sources if self._bucket(source) == bucket]
        candidates = there or [source for source in sources if source.bucket is None]
        return inner(source for source in candidates if source.fits(key))

    def keeps(self, uri: str) -> bool:
        """Whether the rows of an object stay when it is gone; "" is an object of any source."""
        if not uri:
            return any(source.when_gone == KEEP for source in self._job.sources)
        owner = self.owner(uri)
        return owner is not None and owner.when_gone == KEEP

    def removal(self, *, is_free: bool) -> Removal:
        """What the run removes because files are gone. is_free: whether there is no limit.

        There is none on this machine, where all files are test data.
        """
        job = self._job
        limit = allowed_removal(type(job), job.args.get("removal_limit"))
        return Removal(self.keeps, 1.0 if is_free or job.environment == "local" else limit)

    def _bucket(self, source: Source | None) -> str:
        declared = source.bucket_of(self._job.environment) if source else None
        return declared or self._job.lake_bucket("bronze")

    def _described(self, source: Source) -> str:
        declared = source.bucket_of(self._job.environment)
        return f"{declared + ':' if declared else ''}{source.prefix}*{source.suffix}"

    def _belongs(self, uri: str, source: Source | None) -> bool:
        """Whether a file of a source's folder belongs to it, and not to a nested source."""
        key = uri.removeprefix(f"s3://{self._bucket(source)}/")
        return key.startswith(self._prefix) and (
            source is None or self.owner(uri) in (source, None)
        )

    @property
    def _kind(self) -> str:
        """What the objects of the run are, as the log names them."""
        if not self._job.is_event_triggered:
            return "changed_files"
        return "event_file" if len(self.objects or ()) == 1 else "event_files"

    def _objects_of(self, data_type: str, route: str | None) -> Sequence[str]:
        """The objects of the run that belong to this source; of several, those of this route."""
        objects = self.objects or ()
        if not self._job.sources:
            return [uri for uri in objects if bucket_and_key(uri)[1].startswith(f"{data_type}/")]
        source = self.source(data_type)
        owned = [uri for uri in objects if source and self.owner(uri) is source]
        return [uri for uri in owned if len(objects) == 1 or self._route_of(uri) == route]

    def _route_of(self, uri: str) -> str | None:
        owner = self.owner(uri)
        return owner.route_of(uri) if owner else None
