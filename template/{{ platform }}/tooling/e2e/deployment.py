# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Apply the repository's environment dev to the emulated AWS with the real AWS provider."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulated_aws.server import DEPLOYER, PLANNER, REGION, EmulatedAws

ENVIRONMENT = "dev"
_AT_MOST = 5
REPOSITORY = Path(__file__).parents[2]

# Terraform merges this into the environment's provider block; modules need no change.
_OVERRIDE = """
provider "aws" {{
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
  max_retries                 = 2

  endpoints {{
{endpoints}
  }}
}}
"""
_SERVICES = (
    *("cloudwatch", "events", "glue", "iam", "kms", "logs", "pipes", "s3", "scheduler", "sfn"),
    *("sns", "sqs", "sts"),
)


@dataclass(frozen=True)
class Deployment:
    """A copy of the repository with some of its jobs, and the Terraform state.

    variables: what Terraform is told beyond the repository's own values.
    """

    folder: Path
    variables: Mapping[str, Any]

    def terraform(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run terraform in the environment.

        Raises:
            RuntimeError: it failed, and `check` is true.
        """
        environment = self.folder / "infrastructure/environments" / ENVIRONMENT
        command = ["terraform", f"-chdir={environment}", *arguments]
        key = PLANNER if arguments[0] == "plan" else DEPLOYER
        variables = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "emulated"}
        ran = subprocess.run(
            command,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        if check and ran.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{ran.stdout}{ran.stderr}")
        return ran

    def apply(self, *options: str) -> None:
        """Apply the code to the emulated AWS; options are Terraform's, such as -var=name=value."""
        self.terraform("apply", "-no-color", "-input=false", "-auto-approve", *_VARIABLES, *options)

    def plan(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Plan an apply; the exit code is 0 for no changes, 2 for changes."""
        ours = ["-no-color", "-input=false", "-detailed-exitcode"]
        return self.terraform("plan", *ours, *_VARIABLES, *options, check=False)

    def destroy(self, aws: EmulatedAws) -> None:
        """Destroy everything. Empty its buckets first: moto cannot delete some of its keys."""
        _empty_buckets(aws, self.variables.get("existing_buckets", {}).values())
        # The state is that of the last apply, and nobody else changes what it names.
        options = ["-no-color", "-input=false", "-auto-approve", "-refresh=false"]
        self.terraform("destroy", *options, *_VARIABLES)

    def outputs(self) -> dict[str, Any]:
        """The environment's outputs by name."""
        outputs = json.loads(self.terraform("output", "-json").stdout)
        return {name: output["value"] for name, output in outputs.items()}


_VARIABLES = (f"-var=region={REGION}", "-var=force_destroy=true")


def prepare(
    aws: EmulatedAws, folder: Path, jobs: Sequence[str], variables: Mapping[str, Any] | None = None
) -> Deployment:
    """Copy the repository's infrastructure with these jobs, and initialize Terraform there.

    variables: values for the environment's variables, instead of the repository's own ones.
    """
    others = set(all_jobs()) - set(jobs)
    left_out = {f"{job}{suffix}" for job in others for suffix in (".py", ".tf", ".json")}

    def ignored(_: str, names: list[str]) -> set[str]:
        state = {name for name in names if name.startswith((".terraform", "terraform.tfstate"))}
        return state | (left_out & set(names)) | {"__pycache__"}

    for part in ("build", "infrastructure", "src"):
        shutil.copytree(REPOSITORY / part, folder / part, ignore=ignored)
    return initialised(aws, folder, variables or {})


def initialised(
    aws: EmulatedAws, folder: Path, variables: Mapping[str, Any] | None = None
) -> Deployment:
    """Initialize Terraform for the emulated AWS in a repository; variables are as in `prepare`."""
    endpoints = "\n".join(f'    {service} = "{aws.endpoint}"' for service in _SERVICES)
    override = folder / "infrastructure/environments" / ENVIRONMENT / "emulated_override.tf"
    override.write_text(_OVERRIDE.format(endpoints=endpoints))
    if variables:
        override.with_name("e2e.auto.tfvars.json").write_text(json.dumps(variables))
    deployment = Deployment(folder, variables or {})
    mirror = os.environ.get("TF_PROVIDER_MIRROR")
    options = [f"-plugin-dir={mirror}"] if mirror else []
    deployment.terraform("init", "-input=false", "-no-color", *options)
    return deployment


def all_jobs() -> list[str]:
    """The names of all jobs, sorted."""
    names = sorted(path.stem for path in (REPOSITORY / "src/jobs").glob("*.py"))
    return [name for name in names if name != "__init__"]


def chosen_jobs() -> list[str]:
    """The jobs to deploy: those in JOB (sales_etl,stock), all jobs with JOB=all, or the first few.

    Raises:
        ValueError: the repository has no job of that name.
    """
    names, wanted = all_jobs(), os.environ.get("JOB", "")
    if wanted in ("", "all"):
        return names if wanted else names[:_AT_MOST]
    chosen = wanted.split(",")
    if not set(chosen) <= set(names):
        raise ValueError(f"expected JOB to be all or one of {', '.join(names)}, found {wanted}")
    return chosen


def has_batch(job: str) -> bool:
    """Whether a rule of the job has batch."""
    declared = REPOSITORY / f"infrastructure/jobs/{job}.tf"
    text = declared.read_text(encoding="utf-8") if declared.is_file() else ""
    return re.search(r"^\s*batch\s*=", text, re.MULTILINE) is not None


def _empty_buckets(aws: EmulatedAws, kept: Collection[str]) -> None:
    s3 = aws.client("s3")
    names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    for name in (name for name in names if name not in kept):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for version in page.get("Versions", []) + page.get("DeleteMarkers", []):
                place = {"Key": version["Key"], "VersionId": version["VersionId"]}
                s3.delete_object(Bucket=name, **place)
