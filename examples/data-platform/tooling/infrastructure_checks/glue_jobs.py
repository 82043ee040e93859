# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Glue jobs have a capacity, a version and arguments that Glue accepts."""

import re
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from infrastructure_checks.resources import Resource, of_type

# Arguments that Glue sets (--JOB_NAME) cannot be arguments of a job.
OF_GLUE_ITSELF = {"--JOB_NAME", "--JOB_ID", "--JOB_RUN_ID", "--debug", "--mode"}
OF_AN_EVENT = {"--bucket", "--object_key"}
MINUTES = 7 * 24 * 60


def jobs_are_what_glue_takes(resources: list[Resource]) -> list[str]:
    """Jobs match botocore's model of CreateJob, and Glue's rules that the model lacks."""
    model = botocore.session.get_session().get_service_model("glue")
    shape = model.operation_model("CreateJob").input_shape
    findings = []
    for job in of_type(resources, "aws_glue_job"):
        request = _request(job.values)
        problems = ParamValidator().validate(request, shape).generate_report().splitlines()
        for name, value in request.items():
            allowed = getattr(shape.members[name], "enum", [])
            if allowed and value not in allowed:
                problems.append(f"expected {name} to be one of {allowed}, found {value}")
        problems += _rule_findings(job.values)
        findings += [f"{problem} in {job.address}" for problem in problems]
    return findings


def jobs_find_their_code(resources: list[Resource]) -> list[str]:
    """The same environment uploads the script, runtime and wheels of every job."""
    uploaded = {
        f"s3://{item.values['bucket']}/{item.values['key']}"
        for item in of_type(resources, "aws_s3_object")
    }
    findings = []
    for job in of_type(resources, "aws_glue_job"):
        used = [job.values["command"][0]["script_location"]]
        used += job.values["default_arguments"].get("--extra-py-files", "").split(",")
        packages = job.values["default_arguments"].get("--additional-python-modules", "")
        used += [each for each in packages.split(",") if each.startswith("s3://")]
        for location in used:
            if location not in uploaded:
                findings.append(
                    f"expected one of {sorted(uploaded)}, found {location} in {job.address}"
                )
    return findings


def _request(job: dict[str, Any]) -> dict[str, Any]:
    """The CreateJob request for a Terraform job."""
    command = job["command"][0]
    request = {
        "Name": job["name"],
        "Role": job["role_arn"],
        "Command": {
            "Name": command["name"],
            "ScriptLocation": command["script_location"],
            "PythonVersion": command["python_version"],
        },
        "DefaultArguments": job["default_arguments"],
        "ExecutionClass": job["execution_class"],
        "ExecutionProperty": {
            "MaxConcurrentRuns": job["execution_property"][0]["max_concurrent_runs"]
        },
        "GlueVersion": job["glue_version"],
        "JobRunQueuingEnabled": job["job_run_queuing_enabled"],
        "MaxRetries": job["max_retries"],
        "NumberOfWorkers": job["number_of_workers"],
        "Timeout": job["timeout"],
        "WorkerType": job["worker_type"],
    }
    return {name: value for name, value in request.items() if value is not None}


def _rule_findings(job: dict[str, Any]) -> list[str]:
    arguments: dict[str, str] = job["default_arguments"] or {}
    rules = [
        (bool(re.fullmatch(r"\d+\.\d+", job["glue_version"] or "")), "a pinned glue_version"),
        (not job["max_capacity"], "workers and no max_capacity, which Glue 2.0 and later reject"),
        (job["worker_type"] != "G.025X", "another worker_type: G.025X is for streaming"),
        ((job["number_of_workers"] or 0) >= 2, "at least 2 workers"),
        (1 <= (job["timeout"] or 0) <= MINUTES, f"a timeout of 1 to {MINUTES} minutes"),
        (not job["max_retries"], "max_retries of 0: the state machine retries"),
        (job["command"][0]["name"] == "glueetl", "the command glueetl"),
        (job["command"][0]["python_version"] == "3", "python_version 3"),
        (
            arguments.get("--job-bookmark-option") == "job-bookmark-disable",
            "--job-bookmark-option job-bookmark-disable: a bookmark skips files read before",
        ),
        (all(name.startswith("--") for name in arguments), "arguments that begin with --"),
        (not OF_GLUE_ITSELF & set(arguments), f"none of Glue's own {sorted(OF_GLUE_ITSELF)}"),
        (not OF_AN_EVENT & set(arguments), f"no default of {sorted(OF_AN_EVENT)}"),
    ]
    found = f"found {job['name']} with {job['worker_type']} and {arguments}"
    return [f"expected {rule}, {found}" for holds, rule in rules if not holds]
