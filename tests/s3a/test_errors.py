"""What S3 refuses is one line that names the object, the permission and what to do."""

from collections.abc import Callable
from typing import ClassVar

import pytest
from pyspark.sql import DataFrame

from glue_runtime import BaseGlueJob, JobError, Source
from glue_runtime.errors import CommitError, S3AccessError, SourceNotFoundError
from glue_runtime.s3_object import S3Object
from glue_runtime.testing import Lake, run_for, run_scheduled
from s3_server import ARCHIVED, Request, S3Server

BRONZE, SILVER = "s3://data-lake-test-bronze", "s3://data-lake-test-silver"

SOURCE = S3Object("data-lake-test-bronze", "sales/a.csv")


class Rows(BaseGlueJob):
    sources: ClassVar = (Source("sales/", ".csv", "csv", schema="v BIGINT"),)

    def extract(self) -> DataFrame:
        return self.load_data("sales")


REFUSED: dict[str, tuple[Callable[[Request], bool], type[JobError], str]] = {
    "all of the source": (
        lambda request: "bronze" in request.bucket,
        S3AccessError,
        rf"expected to read {BRONZE}/sales/a\.csv, found .*\(403\); allow .* s3:GetObject",
    ),
    "the content of the source": (
        lambda request: "bronze" in request.bucket and request.kind == "GET",
        S3AccessError,
        rf"expected to read {BRONZE}/sales/a\.csv, found .*\(403\); allow .* s3:GetObject",
    ),
    "to list the table": (
        lambda request: "silver" in request.bucket and request.kind == "LIST",
        S3AccessError,
        rf"expected to list {SILVER}/rows, found .*\(403\); allow .* s3:ListBucket",
    ),
    "to make a folder": (
        lambda request: request.kind == "PUT",
        S3AccessError,
        rf"expected to write {SILVER}/_staging/rows/.*\(403\); allow .* s3:PutObject",
    ),
    "to write rows": (
        lambda request: request.kind == "PUT" and request.key.endswith(".parquet"),
        S3AccessError,
        rf"expected to write {SILVER}/_staging/rows/.*\.parquet, .*\(403\); allow .* s3:PutObject",
    ),
    "to move rows": (
        lambda request: request.kind == "COPY" and request.key.startswith("rows/"),
        CommitError,
        rf"expected to replace files in {SILVER}/rows, .*\(403\); allow .* s3:PutObject",
    ),
}


@pytest.mark.parametrize(("refused", "kind", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refused_request_is_named_with_its_permission(
    lake: Lake,
    s3: S3Server,
    refused: Callable[[Request], bool],
    kind: type[JobError],
    message: str,
) -> None:
    lake.upload("sales/a.csv", "v\n1\n")
    s3.refuse = lambda request: 403 if refused(request) else None
    try:
        with pytest.raises(kind, match=message) as failed:
            run_for(Rows, "rows", SOURCE)
    finally:
        s3.refuse = lambda request: None

    assert len(str(failed.value).splitlines()) == 1


def test_a_scheduled_run_does_not_take_a_refused_file_for_an_unreadable_one(
    lake: Lake, s3: S3Server
) -> None:
    lake.upload("sales/a.csv", "v\n1\n")
    lake.upload("sales/b.csv", "v\n2\n")
    s3.refuse = lambda request: 403 if request.key == "sales/b.csv" else None
    try:
        with pytest.raises(S3AccessError, match=rf"expected to read {BRONZE}/sales/b\.csv"):
            run_scheduled(Rows, "rows")
    finally:
        s3.refuse = lambda request: None


@pytest.mark.parametrize("source", [SOURCE, None], ids=["event", "schedule"])
@pytest.mark.parametrize("by", ["Boto3", "Hadoop"])
def test_an_archived_object_is_named(
    lake: Lake, s3: S3Server, source: S3Object | None, by: str
) -> None:
    lake.upload("sales/a.csv", "v\n1\n")
    asked: list[Request] = []

    def refuse(request: Request) -> str | None:
        if request.kind != "GET" or "bronze" not in request.bucket or by not in request.agent:
            return None
        asked.append(request)
        return ARCHIVED

    s3.refuse = refuse
    try:
        with pytest.raises(
            S3AccessError, match=rf"read {BRONZE}/sales/a\.csv, found it in an archive class"
        ) as failed:
            run_for(Rows, "rows", source) if source else run_scheduled(Rows, "rows")
    finally:
        s3.refuse = lambda request: None

    assert asked
    assert len(str(failed.value).splitlines()) == 1


def test_a_missing_bucket_is_named(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = "found that S3 has no bucket of this name; check the bucket"
    with pytest.raises(
        SourceNotFoundError, match=rf"bucket of s3://no-such/sales/a\.csv, {missing}"
    ):
        run_for(Rows, "rows", S3Object("no-such", "sales/a.csv"))

    lake.upload("sales/a.csv", "v\n1\n")
    monkeypatch.setattr(Rows, "output_uri", "s3://no-such/rows")
    with pytest.raises(SourceNotFoundError, match=rf"bucket of s3://no-such/rows.*, {missing}"):
        run_for(Rows, "rows", SOURCE)
