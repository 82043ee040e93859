"""The files of S3, against moto, and against answers that moto does not give."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from moto import mock_aws

from glue_runtime.errors import S3AccessError, SourceNotFoundError
from glue_runtime.input.location import InputLocation
from glue_runtime.spark.files import StorageError, StoredFile
from glue_runtime.spark.s3_files import S3Files, client_of

BUCKET = "lake"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "emulated")
    return boto3.client("s3", region_name="eu-west-1")


@pytest.fixture
def s3(client: Any) -> Iterator[S3Files]:
    with mock_aws():
        client.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield S3Files(client)


@pytest.fixture
def stub(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


KEYS = ["a/1.csv", "a/b/2.csv", "a/ü b+%20.csv", "a//3.csv", "a/../4.csv", "ab/5.csv", "a"]


def test_a_folder_is_listed_by_literal_keys_without_its_marker(s3: S3Files) -> None:
    for key in [*KEYS, "a/", "a/c/"]:
        s3.write(f"s3://{BUCKET}/{key}", key.encode())

    below = {each.uri: each.size for each in s3.listed(f"s3://{BUCKET}/a/")}

    expected = {f"s3://{BUCKET}/{key}": len(key.encode()) for key in KEYS if key.startswith("a/")}
    assert below == expected == {each.uri: each.size for each in s3.listed(f"s3://{BUCKET}/a")}
    assert list(s3.listed(f"s3://{BUCKET}/none")) == []


def test_more_objects_than_one_answer_has_are_all_listed_and_deleted(s3: S3Files) -> None:
    for number in range(1001):
        s3.write(f"s3://{BUCKET}/a/{number}", b"")
    s3.write(f"s3://{BUCKET}/ab", b"")

    assert len(list(s3.listed(f"s3://{BUCKET}/a"))) == 1001
    s3.delete_folder(f"s3://{BUCKET}/a")
    s3.delete_folder(f"s3://{BUCKET}/a")
    assert [each.uri for each in s3.listed(f"s3://{BUCKET}")] == [f"s3://{BUCKET}/ab"]


@pytest.mark.parametrize("key", KEYS)
def test_an_object_is_written_described_read_and_deleted(s3: S3Files, key: str) -> None:
    uri = f"s3://{BUCKET}/{key}"
    assert s3.file(uri) is None
    s3.write(uri, b"0123456789")
    first = s3.file(uri)
    assert first in list(s3.listed(f"s3://{BUCKET}"))
    assert [s3.read(uri, 0, 4), s3.read(uri, 8, 4), s3.read(uri, 10, 4)] == [b"0123", b"89", b""]
    assert s3.read(uri, 5, 0) == b""
    s3.write(uri, b"9876543210")
    second = s3.file(uri)
    assert first and second and first.version != second.version

    s3.delete(uri)
    s3.delete(uri)

    assert s3.file(uri) is None
    with pytest.raises(FileNotFoundError):
        s3.read(uri, 0, 1)


def test_a_part_of_an_empty_object_is_empty(s3: S3Files) -> None:
    s3.write(f"s3://{BUCKET}/a", b"")

    assert s3.read(f"s3://{BUCKET}/a", 0, 10) == b""


def test_an_object_is_moved_with_its_content_once(s3: S3Files) -> None:
    source, target = f"s3://{BUCKET}/a//ü.csv", f"s3://{BUCKET}/b/x+y.csv"
    s3.write(source, b"rows")

    s3.move(source, target)
    s3.move(source, target)

    assert s3.read(target, 0, 10) == b"rows"
    assert s3.file(source) is None


def test_a_bucket_that_does_not_exist_is_named(s3: S3Files) -> None:
    for action in (
        lambda: s3.file("s3://other/a"),
        lambda: s3.read("s3://other/a", 0, 1),
        lambda: list(s3.listed("s3://other/a")),
        lambda: s3.write("s3://other/a", b""),
    ):
        with pytest.raises(SourceNotFoundError, match="expected the bucket of s3://other/a"):
            action()


TOO_LARGE = "The specified copy source is larger than the maximum allowable size"


def test_an_object_of_more_than_5_gb_is_copied_in_parts(client: Any, stub: Stubber) -> None:
    size = 6 * 1024**3
    stub.add_client_error("copy_object", "InvalidRequest", TOO_LARGE, 400)
    stub.add_response("head_object", {"ContentLength": size, "ETag": '"e"'})
    stub.add_response("create_multipart_upload", {"UploadId": "u"})

    # The parts are not followed here: that they are asked for shows that the copy is divided.
    with pytest.raises(StorageError):
        S3Files(client).move(f"s3://{BUCKET}/a", f"s3://{BUCKET}/b")


def test_a_refused_deletion_within_an_answer_is_an_error(client: Any, stub: Stubber) -> None:
    page = {
        "Contents": [{"Key": "a/1", "Size": 1, "ETag": '"e"', "LastModified": datetime.now(UTC)}]
    }
    for code, error in [("AccessDenied", S3AccessError), ("InternalError", StorageError)]:
        stub.add_response("list_objects_v2", page)
        stub.add_response("delete_objects", {"Errors": [{"Key": "a/1", "Code": code}]})

        with pytest.raises(error, match=r"a/1|lake/a"):
            S3Files(client).delete_folder(f"s3://{BUCKET}/a")


class Broken(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        return super().read(2)


def body(raw: io.BytesIO, length: int) -> dict[str, Any]:
    return {"Body": StreamingBody(raw, length)}


def test_a_part_whose_connection_breaks_is_read_again(client: Any, stub: Stubber) -> None:
    stub.add_response("get_object", body(Broken(b"0123"), 4))
    stub.add_response("get_object", body(io.BytesIO(b"0123"), 4))

    assert S3Files(client).read(f"s3://{BUCKET}/a", 0, 4) == b"0123"


def test_an_answer_that_says_nothing_of_the_object_is_not_a_missing_file(
    client: Any, stub: Stubber
) -> None:
    stub.add_client_error("head_object", "503", "Slow Down", 503)

    with pytest.raises(StorageError, match=r"expected to read s3://lake/a, found .*503"):
        S3Files(client).file(f"s3://{BUCKET}/a")


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({"fs.s3a.endpoint.region": "eu-central-1"}, "https://s3.eu-central-1.amazonaws.com"),
        ({"fs.s3a.endpoint.region": "cn-north-1"}, "https://s3.cn-north-1.amazonaws.com.cn"),
        (
            {"fs.s3a.endpoint": "vpce-1.s3.eu-west-1.vpce.amazonaws.com"},
            "https://vpce-1.s3.eu-west-1.vpce.amazonaws.com",
        ),
        ({"fs.s3a.endpoint": "http://127.0.0.1:5000"}, "http://127.0.0.1:5000"),
    ],
)
def test_the_client_asks_where_sparks_s3a_does(settings: dict[str, str], url: str) -> None:
    assert client_of(settings).meta.endpoint_url == url


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/x.csv", "empty folder"),
        ("a//x.csv", "empty folder"),
        ("../x.csv", "called . or .."),
        ("_x.csv", "hidden"),
    ],
)
def test_a_key_in_a_folder_that_spark_would_read_as_another_one_is_a_fault(
    name: str, reason: str
) -> None:
    folder = f"s3://{BUCKET}/sales/"
    location = InputLocation("directory_data", folder, "csv", folder, "*", dict)

    fault = location.fault(StoredFile(folder + name, 1, 0.0, ""))

    assert fault and reason in fault
    assert location.fault(StoredFile(f"{folder}a/x.csv", 1, 0.0, "")) is None
