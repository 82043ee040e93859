# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The objects that started a run: one by its event, or several by a manifest."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from glue_runtime.errors import ArgumentError
from glue_runtime.manifest import parse_manifest
from glue_runtime.s3_object import S3Object, bucket_and_key
from glue_runtime.spark.storage import Storage

if TYPE_CHECKING:
    from glue_runtime.base_job import BaseGlueJob


class Uploads:
    """The objects that started the run of a job; its manifest is read once."""

    def __init__(self, job: "BaseGlueJob") -> None:
        self._job = job
        self._in_manifest: Sequence[str] = ()

    @property
    def uris(self) -> Sequence[str]:
        """The URIs of the objects; none if a schedule started the run.

        Raises:
            ArgumentError: there is no such manifest, or it names no objects.
            ObjectKeyError: Spark cannot read the only object by its key.
        """
        job = self._job
        if job.manifest:
            self._in_manifest = self._in_manifest or self._read(job.manifest)
            return self._in_manifest
        if not (job.source_bucket and job.source_object_key):
            return ()
        return (S3Object(job.source_bucket, job.source_object_key).uri,)

    def _read(self, uri: str) -> Sequence[str]:
        job, storage = self._job, Storage(self._job.spark)
        stored = storage.file(uri)
        if stored is None:
            raise ArgumentError(
                f"expected a manifest at {uri}, found nothing there; it may have expired: start a run "
                "for each object, or one over the whole directory"
            )
        found = parse_manifest(storage.head(uri, stored.size), uri)
        job.logger.info(
            "manifest_read", files=len(found.uris), repeated=found.repeated, objects=found.uris
        )
        job.args["uploaded_at"] = found.uploaded_at
        if len(found.uris) == 1:
            job.source_bucket, job.source_object_key = bucket_and_key(found.uris[0])
            job.logger = job.logger.bind(
                source_bucket=job.source_bucket, source_object_key=job.source_object_key
            )
        return found.uris
