# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Emulate a Glue run: a process on this machine, on a copy of the emulated buckets.

It uses the deployed script and runtime archive, and merges the arguments of the job and the run
like Glue. Spark reads s3:// from a folder with the buckets' objects. The emulation copies changes
back to the buckets and the log to the job's log group, and derives the state of the run from the
exit code.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from emulated_aws.delivery import Aws
from glue_runtime.local.glue_versions import DEFAULT, GLUE_VERSIONS

_PATIENCE = 300
"""The timeout of a run in seconds, far above the runs of the tests."""


def run_job(
    aws: Aws, job: str, run_id: str, arguments: Mapping[str, str], folder: Path
) -> tuple[str, str]:
    """Run the script of a job; returns the final state of the run and its error message.

    folder: an empty folder for the copy of the buckets, which stays for inspection.
    """
    before = download(aws, folder)
    deployed = aws.client("glue").get_job(JobName=job)["Job"]
    script = deployed["Command"]["ScriptLocation"]
    words = [f"--{name}" for name in ("JOB_NAME", "JOB_RUN_ID")]
    command = [
        _python(deployed.get("GlueVersion", DEFAULT)),
        str(_local(folder, script)),
        words[0],
        job,
        words[1],
        run_id,
    ]
    command += [word for argument in arguments.items() for word in argument]
    archives = arguments.get("--extra-py-files", "").split(",")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(_local(folder, each)) for each in archives if each),
        "GLUE_LOCAL_LAKE": str(folder),
    }
    try:
        ran = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return "TIMEOUT", f"expected the run to end within {_PATIENCE} seconds, found it running"
    _upload_changes(aws, folder, before)
    _keep_log(aws, arguments.get("--custom-logGroup-prefix", "/aws-glue/jobs"), run_id, ran.stdout)
    if ran.returncode:
        return "FAILED", (ran.stderr.strip() or f"exit code {ran.returncode}").splitlines()[-1]
    return "SUCCEEDED", ""


def _python(version: str) -> str:
    """The Python of the environment that `make setup` creates for a version of Glue."""
    # A job that the platform does not define may have a version without an environment here.
    if version == DEFAULT or version not in GLUE_VERSIONS:
        return sys.executable
    return str(Path(__file__).parents[2] / f".venv-glue-{version}/bin/python")


def _local(folder: Path, uri: str) -> Path:
    parts = urlsplit(uri)
    return folder / parts.netloc / parts.path.removeprefix("/")


def download(aws: Aws, folder: Path) -> dict[Path, int]:
    """Copy all buckets to folders; returns the files and their times in nanoseconds.

    Keys that are not possible as file names (a//b, a folder's own object) are skipped.
    """
    s3 = aws.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        (folder / name).mkdir(parents=True)
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            for entry in page.get("Contents", []):
                if PurePosixPath(entry["Key"]).as_posix() == entry["Key"]:
                    target = folder / name / entry["Key"]
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(s3.get_object(Bucket=name, Key=entry["Key"])["Body"].read())
    return _files(folder)


def _upload_changes(aws: Aws, folder: Path, before: Mapping[Path, int]) -> None:
    s3, after = aws.client("s3"), _files(folder)
    for path in sorted({*before, *after}):
        if before.get(path) == after.get(path):
            continue
        bucket, *parts = path.relative_to(folder).parts
        place = {"Bucket": bucket, "Key": "/".join(parts)}
        if path in after:
            s3.put_object(**place, Body=path.read_bytes())
        else:
            s3.delete_object(**place)


def _files(folder: Path) -> dict[Path, int]:
    return {
        path: path.stat().st_mtime_ns
        for bucket in folder.iterdir()
        if bucket.is_dir()
        for path in bucket.rglob("*")
        if path.is_file()
    }


def _keep_log(aws: Aws, prefix: str, run_id: str, text: str) -> None:
    """Write the run's output to its log stream in the log group that Glue would use."""
    logs: Any = aws.client("logs")
    place = {"logGroupName": f"{prefix}/output", "logStreamName": run_id}
    logs.create_log_stream(**place)
    now = int(time.time() * 1000)
    lines = [{"timestamp": now, "message": line} for line in text.splitlines() if line]
    if lines:
        logs.put_log_events(**place, logEvents=lines)
