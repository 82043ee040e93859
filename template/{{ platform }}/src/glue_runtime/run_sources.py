# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Determine which files a run reads, from its trigger and its job's declarations."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from glue_runtime import settings
from glue_runtime.errors import SourceNotFoundError
from glue_runtime.input.location import (
    InputLocation,
    directory_location,
    event_location,
    local_location,
)
from glue_runtime.input.source import KEEP, Source, inner

if TYPE_CHECKING:
    from glue_runtime.base_job import BaseGlueJob


class RunSources:
    """The sources of one run of a job. prefix: read only keys with this prefix."""

    def __init__(self, job: "BaseGlueJob", prefix: str = "") -> None:
        self._job = job
        self._prefix = prefix

    @property
    def is_about_one_object(self) -> bool:
        """Whether the run reads only the uploaded object, not the whole directory."""
        return self._job.is_event_triggered and not self._job.whole_directory

    def check_event_object(self) -> None:
        """Refuse an object for which this job's rules would not have started a run.

        Raises:
            SourceNotFoundError: it does not belong to a declared source.
        """
        job = self._job
        if not job.is_event_triggered:
            return
        uploaded = job.event_object
        if job.sources and not self.event_owner:
            expected = " or ".join(map(self._described, job.sources))
            raise SourceNotFoundError(
                f"expected an object of {type(job).__name__} ({expected}), found {uploaded.uri}; "
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
        bucket = self._bucket(source)
        if self.is_about_one_object and self._has_event_object(data_type):
            return event_location(job.spark, job.event_object, source)

        def keep(origin: str) -> bool:
            """Exclude files of a nested source and of other routes."""
            key = origin.removeprefix(f"s3://{bucket}/")
            if not key.startswith(self._prefix):
                return False
            owner = self._owner(bucket, key)
            return source is None or (owner in (source, None) and source.route_of(origin) == route)

        if job.environment != "local":
            return directory_location(job.spark, self.uri(data_type), source, keep)
        if fallback_path:
            path = settings.REPOSITORY / fallback_path
            return local_location(job.spark, path, source, keep, None)
        # The origin of test data is the bucket of the source, as after an upload.
        path = settings.TEST_DATA / job.job_name / data_type
        return local_location(job.spark, path, source, keep, self.uri(data_type))

    @property
    def routes(self) -> Sequence[str | None]:
        """The routes to run, with None for files without a route; empty if none is declared."""
        job = self._job
        declared = [route for source in job.sources for route in source.routes.values()]
        if not declared:
            return []
        if self.is_about_one_object:
            owner = self.event_owner
            return [owner.route_of(job.event_object.key) if owner else None]
        return [*dict.fromkeys(declared), None]

    def uri(self, data_type: str) -> str:
        """The folder of a source."""
        return f"s3://{self._bucket(self.source(data_type))}/{data_type}/"

    @property
    def event_owner(self) -> Source | None:
        """The declared source of the uploaded object, if there is one."""
        return self._owner(self._job.event_object.bucket, self._job.event_object.key)

    def keeps(self, uri: str) -> bool:
        """Whether the rows of an object stay when it is gone; "" is an object of any source."""
        if not uri:
            return any(source.when_gone == KEEP for source in self._job.sources)
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        owner = self._owner(bucket, key)
        return owner is not None and owner.when_gone == KEEP

    def _owner(self, bucket: str, key: str) -> Source | None:
        """The source of an object.

        In the bucket of a source, only sources of that bucket own an object. Those without a declared
        one also own the objects of any other bucket.
        """
        sources = self._job.sources
        there = [source for source in sources if self._bucket(source) == bucket]
        candidates = there or [source for source in sources if source.bucket is None]
        return inner(source for source in candidates if source.fits(key))

    def _bucket(self, source: Source | None) -> str:
        declared = source.bucket_of(self._job.environment) if source else None
        return declared or self._job.lake_bucket("bronze")

    def _described(self, source: Source) -> str:
        declared = source.bucket_of(self._job.environment)
        return f"{declared + ':' if declared else ''}{source.prefix}*{source.suffix}"

    def _has_event_object(self, data_type: str) -> bool:
        """Whether the uploaded object belongs to this source; of nested sources, to the inner one."""
        job, owner = self._job, self.event_owner
        if owner:
            return owner.data_type == data_type
        return not job.sources and job.event_object.key.startswith(f"{data_type}/")
