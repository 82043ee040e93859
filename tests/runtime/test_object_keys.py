"""A key is taken literally: its object is read, or it is refused; never another, never nothing."""

import pytest

from glue_runtime.errors import ObjectKeyError
from glue_runtime.s3_object import S3Object
from glue_runtime.testing import Lake, run_for, run_scheduled
from jobs_of_the_documentation import ProductCatalogJob, SalesETLJob

NAMES = [
    "plain",
    "two words",
    " lead",
    "trail ",
    "a+b",
    "a%20b",
    "a%b",
    "a#b",
    "a&b=c,d;e",
    "a@b!c(d)",
    "q'uote\"s",
    "a:b",
    "2024-01-15T10:00:00Z",
    "-x",
    "--env",
    "~x",
    "x|y<z>",
    "$HOME ${x}",
    "a^`b",
    "ünï-文-😀",
    "n\nl",
    "t\tab",
    "_a=b",
    "a..b",
    "...x",
    "a[1]",
    "b{x,y}",
    "c*",
    "d?",
    "o\\p",
    "[",
    "{",
    "\\{*",
]
NAMES = [name for name in NAMES if not name.startswith(".")]

# What a pattern would match: read by mistake, these would show.
DECOYS = ["a1", "bx", "by", "c1", "d1", "op", "a b", "a"]


@pytest.fixture
def crowded(lake: Lake) -> Lake:
    """Files under every strange name, and files that a pattern would take for them."""
    for name in DECOYS:
        lake.upload(f"sales/{name}.csv", f"decoy_of_{name.replace(' ', '_')},x,y\n1,2,3\n")
        lake.upload(f"products/{name}.json", '{\n"decoy": true}')
    for number, name in enumerate(NAMES):
        lake.upload(f"sales/{name}.csv", f"id,v\n{number},x\n")
        lake.upload(f"products/{name}.json", f'{{\n"id": {number}, "v": "x"}}')
    return lake


@pytest.mark.parametrize(
    ("job_class", "folder", "suffix"),
    [(SalesETLJob, "sales", ".csv"), (ProductCatalogJob, "products", ".json")],
)
def test_every_name_reads_its_own_object(
    crowded: Lake, job_class: type[SalesETLJob], folder: str, suffix: str
) -> None:
    for number, name in enumerate(NAMES):
        uploaded = S3Object("data-lake-test-bronze", f"{folder}/{name}{suffix}")
        args = {"env": "test", "bucket": uploaded.bucket, "object_key": uploaded.key}

        rows = job_class("job", args).extract().collect()

        assert [row.asDict() for row in rows] == [
            {"id": number, "v": "x", "source_object": uploaded.uri}
        ], name


def test_both_ways_name_the_origin_of_a_row_the_same(lake: Lake) -> None:
    uploads = [lake.upload(f"sales/{name}.csv", "id\n1\n") for name in NAMES]
    run_for(SalesETLJob, "sales_etl", uploads[5])

    run = run_scheduled(SalesETLJob, "sales_etl")

    origins = [row.source_object for row in lake.read(run.job.output_uri).collect()]
    assert sorted(origins) == sorted(upload.uri for upload in uploads)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "empty"),
        ("sales/", "folder, not a file"),
        ("/sales/a.csv", "empty folder name"),
        ("sales//a.csv", "empty folder name"),
        ("sales/./a.csv", "called . or .."),
        ("sales/../a.csv", "called . or .."),
        ("..", "called . or .."),
        ("sales/_a.csv", "hidden"),
        ("sales/.a.csv", "hidden"),
        ("sales/_tmp/a.csv", "hidden"),
        ("sales/.spark-staging/a.csv", "hidden"),
        ("sales/a.csv._COPYING_", "hidden"),
        ("sales/a\0.csv", "NUL"),
        ("sales/\udcff.csv", "UTF-8"),
    ],
)
def test_a_key_that_spark_cannot_address_is_refused(key: str, reason: str) -> None:
    with pytest.raises(ObjectKeyError, match=reason) as refusal:
        S3Object("data-lake-test-bronze", key)

    assert repr(key) in str(refusal.value)
    assert "copy the object to a plain key" in str(refusal.value)


@pytest.mark.parametrize("bucket", ["", "a", "My_Bucket", "a/b", "bucket:1", "x" * 64])
def test_what_is_no_bucket_name_is_refused(bucket: str) -> None:
    with pytest.raises(ObjectKeyError, match="expected the name of an S3 bucket"):
        S3Object(bucket, "sales/a.csv")
