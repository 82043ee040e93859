# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Emulate a Glue run: a process on this machine, over the emulated S3.

It uses the deployed script and archives, and merges the arguments of the job and the run like Glue.
Spark reads and writes through S3A, and boto3 reaches the Data Catalog, with the rights of the job's role.
The emulation writes the log to the job's log group, and derives the state of the run from the exit code.
"""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from emulated_aws.server import EmulatedAws
from glue_runtime.local.glue_versions import DEFAULT, GLUE_VERSIONS
from glue_runtime.local.session import S3_VARIABLE

_LOG = logging.getLogger(__name__)

_PATIENCE = 300
"""The timeout of a run in seconds, far above the runs of the tests."""


def run_job(
    run: EmulatedAws,
    job: Mapping[str, Any],
    run_id: str,
    arguments: Mapping[str, str],
    folder: Path,
) -> tuple[str, str]:
    """Run the script of a job; returns the final state of the run and its error message.

    run: the API with the run's rights.
    job: what the API says of the job.
    folder: an empty folder for its script and archives, which stays for inspection.
    """
    archives = [each for each in arguments.get("--extra-py-files", "").split(",") if each]
    packages = arguments.get("--additional-python-modules", "").split(",")
    try:
        script = _fetched(run, job["Command"]["ScriptLocation"], folder / "script")
        modules = [
            _fetched(run, uri, folder / f"module_{number}") for number, uri in enumerate(archives)
        ]
        # They are installed here already. Glue takes them from the bucket, with the rights of the role.
        for number, uri in enumerate(each for each in packages if each.startswith("s3://")):
            _fetched(run, uri, folder / f"packages_{number}")
    except ClientError as error:
        return "FAILED", f"expected the job's script and archives, found: {error}"
    command = [_python(job.get("GlueVersion", DEFAULT)), str(script)]
    command += ["--JOB_NAME", job["Name"], "--JOB_RUN_ID", run_id]
    command += [word for argument in arguments.items() for word in argument]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            str(each.parent if each.suffix == ".py" else each) for each in modules
        ),
        S3_VARIABLE: run.endpoint.replace("://", f"://{run_id}@"),
        "AWS_REGION": _region(arguments),
        # Whatever else the run asks AWS, it asks with the rights of the role too.
        "AWS_ENDPOINT_URL": run.endpoint,
        "AWS_ACCESS_KEY_ID": run_id,
        "AWS_SECRET_ACCESS_KEY": "emulated",
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
    _keep_log(run, arguments.get("--custom-logGroup-prefix", "/aws-glue/jobs"), run_id, ran.stdout)
    if ran.returncode:
        return "FAILED", (ran.stderr.strip() or f"exit code {ran.returncode}").splitlines()[-1]
    return "SUCCEEDED", ""


def _region(arguments: Mapping[str, str]) -> str:
    """The region in which S3A looks for buckets: what the job sets, or that of its default endpoint."""
    for setting in arguments.get("--conf", "").split(" --conf "):
        name, _, value = setting.strip().partition("=")
        if name == "spark.hadoop.fs.s3a.endpoint.region":
            return value
    return "us-east-2"


def _fetched(run: EmulatedAws, uri: str, folder: Path) -> Path:
    """A copy of an object, in a new folder."""
    parts = urlsplit(uri)
    key = parts.path.removeprefix("/")
    content = run.client("s3").get_object(Bucket=parts.netloc, Key=key)["Body"].read()
    folder.mkdir()
    target = folder / PurePosixPath(key).name
    target.write_bytes(content)
    return target


def _python(version: str) -> str:
    """The Python of the environment that `make setup` creates for a version of Glue."""
    # A job that the platform does not define may have a version without an environment here.
    if version == DEFAULT or version not in GLUE_VERSIONS:
        return sys.executable
    return str(Path(__file__).parents[2] / f".venv-glue-{version}/bin/python")


def _keep_log(run: EmulatedAws, prefix: str, run_id: str, text: str) -> None:
    """Write the run's output to its log stream in the log group that Glue would use.

    A run whose role may not write there has no log, on AWS as here.
    """
    logs: Any = run.client("logs")
    place = {"logGroupName": f"{prefix}/output", "logStreamName": run_id}
    now = int(time.time() * 1000)
    lines = [{"timestamp": now, "message": line} for line in text.splitlines() if line]
    try:
        logs.create_log_stream(**place)
        if lines:
            logs.put_log_events(**place, logEvents=lines)
    except ClientError as error:
        _LOG.warning("the run %s has no log: %s", run_id, error)
