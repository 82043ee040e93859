"""The runtime over S3A and an emulated S3, as on Glue: the tests of tests/s3a, and some of the runtime's.

The latter were chosen by measurement: what the runtime asks of a file system, in the fewest seconds. Without a
choice the task runs all tests of the runtime.
"""

import re
import subprocess
import sys
from pathlib import Path

from glue_runtime.local.session import object_store
from gluecast.template.bundled import TEMPLATE_ROOT
from s3_server import S3A
from tasks.examples import RENDERED

RUNTIME = (
    "test_a_late_event_of_a_deleted_file_removes_its_rows_and_a_second_one_fails",
    "test_a_run_that_ends_after_a_newer_one_does_not_bring_back_older_rows",
    "test_a_commit_that_fails_has_an_error_of_its_own_and_the_old_rows",
    "test_what_a_killed_run_staged_is_removed_when_no_run_can_be_alive",
    "test_what_an_attempt_writes_late_is_not_staged",
    "test_invalid_rows_of_a_load_of_its_own_are_in_the_quarantine",
)


def test_the_runtime_works_over_s3a() -> None:
    chosen = " or ".join(["s3a", *RUNTIME])
    command = [sys.executable, "generator", "test-s3a", "-n", "0", "-p", "no:cacheprovider"]

    ran = subprocess.run(
        [*command, "-k", chosen], cwd=TEMPLATE_ROOT, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr
    assert int(re.findall(r"(\d+) passed", ran.stdout)[-1]) >= 20


def test_rendered_repositories_test_with_the_same_libraries() -> None:
    package, _, version = S3A.partition("==")
    makefile = (RENDERED / "Makefile").read_text()

    assert f"\nS3A := {version}\n" in makefile
    assert f" {package}==$(S3A)\n" in makefile


def test_spark_gets_one_version_of_the_sdk(tmp_path: Path) -> None:
    names = ["aws-java-sdk-bundle-1.11.901", "aws-java-sdk-core-1.12.262", "hadoop-aws-3.3.1"]
    for name in names:
        (tmp_path / f"{name}.jar").touch()

    jars = object_store("http://key@127.0.0.1:5000", str(tmp_path))["spark.jars"].split(",")

    assert jars == [f"local:{tmp_path}/{name}.jar" for name in (names[0], names[2])]
