# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""A deployed environment: its resources, by their names in the Terraform code."""

import json
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from operations.errors import OperationError, not_there
from operations.settings import LAKE_PREFIX, REGION

REPOSITORY = Path(__file__).parents[2]

_NAME_PREFIX = re.compile(r'^\s*name_prefix\s*=\s*"([^"]*)"', re.MULTILINE)


@dataclass(frozen=True)
class Environment:
    """An environment of this repository. It uses the same AWS credentials as the AWS CLI.

    region: from AWS_REGION or AWS_DEFAULT_REGION, else from the template's answers.
    """

    name: str

    @property
    def region(self) -> str:
        """The AWS region of the environment."""
        return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or REGION

    def client(self, service: str) -> Any:
        """A boto3 client of this service."""
        return boto3.client(service, region_name=self.region)

    @cached_property
    def prefix(self) -> str:
        """What the names of its jobs begin with: mart-, or nothing without a name_prefix."""
        folder = REPOSITORY / "infrastructure/environments" / self.name
        files = [folder / "terraform.tfvars", *sorted(folder.glob("*.auto.tfvars"))]
        found = [os.environ.get("TF_VAR_name_prefix", "")]  # noqa: SIM112
        for file in files:
            if file.is_file():
                found += _NAME_PREFIX.findall(file.read_text(encoding="utf-8"))
        return f"{found[-1]}-" if found[-1] else ""

    @property
    def group(self) -> str:
        """Its schedule group, and what the names of its rules begin with: dev, or mart-dev."""
        return f"{self.prefix}{self.name}"

    @cached_property
    def account(self) -> str:
        """The ID of the AWS account."""
        return str(self.client("sts").get_caller_identity()["Account"])

    @cached_property
    def partition(self) -> str:
        """The AWS partition: aws, aws-cn."""
        return str(self.client("sts").get_caller_identity()["Arn"].split(":")[1])

    def bucket(self, zone: str) -> str:
        """The bucket of a zone (bronze, silver, gold), or of the artifacts."""
        return self._existing_buckets.get(zone, f"{LAKE_PREFIX}-{self.name}-{zone}")

    def is_existing(self, zone: str) -> bool:
        """Whether the bucket of a zone is one of existing_buckets, which others own."""
        return zone in self._existing_buckets

    @cached_property
    def _existing_buckets(self) -> dict[str, str]:
        """The buckets that do not have the name that the platform gives them, by zone.

        Every job gets them as an argument, so the first deployed one tells them.
        """
        glue = self.client("glue")
        for job in all_jobs():
            try:
                found = glue.get_job(JobName=self.glue_job(job))["Job"]
            except glue.exceptions.EntityNotFoundException:
                continue
            listed = found.get("DefaultArguments", {}).get("--lake_buckets", "")
            return dict(pair.split("=", 1) for pair in listed.split(",") if pair)
        return {}

    def place(self, key: str) -> tuple[str, str]:
        """The bucket and the key of an object: s3://bucket/key, or a key in the bronze bucket."""
        bucket, slash, rest = key.removeprefix("s3://").partition("/")
        return (bucket, rest) if key.startswith("s3://") and slash else (self.bucket("bronze"), key)

    def shown(self, bucket: str, key: str) -> str:
        """An object as commands take it: its key if it is in the bronze bucket, else s3://bucket/key."""
        return key if bucket in ("", self.bucket("bronze")) else f"s3://{bucket}/{key}"

    def log_group(self, job: str) -> str:
        """The log group of a job's runs, from its deployed Glue job."""
        prefix = self.arguments(job).get("--custom-logGroup-prefix", "/aws-glue/jobs")
        return f"{prefix}/output"

    def arguments(self, job: str) -> dict[str, str]:
        """The arguments that the deployed Glue job gives every run.

        Raises:
            OperationError: the job is not deployed.
        """
        glue, name = self.client("glue"), self.glue_job(job)
        try:
            found = glue.get_job(JobName=name)["Job"]
        except glue.exceptions.EntityNotFoundException:
            raise OperationError(
                f"expected the Glue job {name}, found none in {self.region}: {not_there(self.name)}"
            ) from None
        return dict(found.get("DefaultArguments", {}))

    def glue_job(self, job: str) -> str:
        """The name of a job's Glue job and state machine: sales-etl-dev."""
        return f"{self.prefix}{deployed_name(job).replace('_', '-')}-{self.name}"

    def machine_arn(self, job: str) -> str:
        """The state machine of a job."""
        return self._arn("states", f"stateMachine:{self.glue_job(job)}")

    def glue_job_arn(self, job: str) -> str:
        """The Glue job's ARN."""
        return self._arn("glue", f"job/{self.glue_job(job)}")

    def queue_name(self, job: str) -> str:
        """The dead-letter queue of a job."""
        return f"{self.glue_job(job)}-dead-letters"

    def queue_arn(self, job: str) -> str:
        """The dead-letter queue's ARN."""
        return self._arn("sqs", self.queue_name(job))

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


def environment(name: str) -> Environment:
    """The environment of this name.

    Raises:
        OperationError: the repository has none of this name.
    """
    names = sorted(path.name for path in (REPOSITORY / "infrastructure/environments").glob("*/"))
    if name not in names:
        raise OperationError(f"expected ENV to be one of {', '.join(names)}, found {name}")
    return Environment(name)


def all_jobs() -> list[str]:
    """The jobs of this repository: the modules in src/jobs."""
    names = (path.stem for path in (REPOSITORY / "src/jobs").glob("*.py"))
    return sorted(name for name in names if name != "__init__")


def deployed_jobs(environment: Environment, jobs: list[str]) -> list[str]:
    """Those of these jobs that have a Glue job in the environment.

    Raises:
        OperationError: none of them has one.
    """
    pages = environment.client("glue").get_paginator("get_jobs").paginate()
    names = {found["Name"] for page in pages for found in page["Jobs"]}
    deployed = [job for job in jobs if environment.glue_job(job) in names]
    if not deployed:
        raise OperationError(
            f"expected Glue jobs such as {environment.glue_job(jobs[0])}, found none of this "
            f"repository in {environment.region}: {not_there(environment.name)}"
            if jobs
            else "expected a job in src/jobs, found none: add one with gluecast new"
        )
    return deployed


def deployed_name(job: str) -> str:
    """The name of a job on AWS: the declared one, else the module's, as in Terraform."""
    return str(declaration(job).get("deployed_name", job))


def declaration(job: str) -> dict[str, Any]:
    """What infrastructure/jobs/<job>.json declares; nothing without the file."""
    file = REPOSITORY / f"infrastructure/jobs/{job}.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def chosen_jobs(job: str | None) -> list[str]:
    """This job, or all jobs if it is None.

    Raises:
        OperationError: the repository has no such job.
    """
    names = all_jobs()
    if job is None:
        return names
    if job not in names:
        raise OperationError(f"expected JOB to be one of {', '.join(names)}, found {job}")
    return [job]
