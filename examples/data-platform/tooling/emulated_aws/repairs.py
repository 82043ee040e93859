# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Correct moto where its responses differ from AWS's in ways that matter here; one function each.

The repairs match the version of moto that pyproject.toml pins.
"""

import copy
import json
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from jsonata import JException, Jsonata
from jsonpath_ng.jsonpath import DatumInContext
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.events.exceptions import InvalidEventPatternException
from moto.events.models import EventsBackend
from moto.glue import models as glue_models
from moto.glue.exceptions import AlreadyExistsException
from moto.glue.models import GlueBackend
from moto.glue.responses import GlueResponse
from moto.iam.access_control import PermissionResult
from moto.logs.responses import LogsResponse
from moto.pipes.models import EventBridgePipesBackend
from moto.s3 import notifications
from moto.s3.models import FakeBucket, FakeKey
from moto.s3.responses import S3Response
from moto.scheduler.models import EventBridgeSchedulerBackend
from moto.sqs.models import Queue
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_glue,
    state_task_service_sfn,
)
from moto.stepfunctions.parser.asl.jsonata import jsonata
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.responses import StepFunctionResponse

from emulated_aws.delivery import Aws, deliver
from emulated_aws.glue import run_job
from emulated_aws.pipes import run_pipes
from emulated_aws.rights import Rights
from emulated_aws.server import EmulatedAws
from operations.patterns import check

_AT_ONE_TIME = threading.Semaphore(2)
"""The number of concurrent runs; the others wait, as in Glue's queue."""


def repair(aws: EmulatedAws, folder: Path, rights: Rights) -> None:
    """Apply all repairs in this process; each Glue run gets a folder in `folder`."""
    _answer_what_terraform_asks_of_machines()
    _refuse_to_create_jobs_and_schedule_groups_twice()
    _read_back_that_a_bucket_talks_to_eventbridge()
    _take_every_connection_for_an_encrypted_one()
    _name_no_keys_of_objects()
    _announce_objects_as_s3_does(aws)
    _read_back_that_a_job_queues_its_runs()
    _keep_connections_whole()
    refuse_outdated_changes_of_tables()
    _keep_saved_queries()
    _refuse_patterns_that_eventbridge_refuses()
    _list_the_newest_runs_first()
    _find_log_streams_by_their_prefix()
    _run_glue_jobs(aws, folder, rights)
    _wait_for_glue_runs()
    start_executions_of_other_machines()
    _write_json_where_step_functions_does()
    find_one_field_of_an_element()
    evaluate_jsonata()
    _read_back_redrive_policies_as_they_are_written()
    _move_messages_of_pipes(aws)


def _answer_what_terraform_asks_of_machines() -> None:
    """The provider validates definitions and lists versions; moto supports neither."""

    def validate(self: Any) -> tuple[int, dict[str, str], str]:
        diagnostics = []
        try:
            AmazonStateLanguageParser.parse(self._get_param("definition"))
        except Exception as error:  # the parser's own kinds are many
            problem = {
                "severity": "ERROR",
                "code": "SCHEMA_VALIDATION_FAILED",
                "message": str(error),
            }
            diagnostics.append(problem)
        result = "FAIL" if diagnostics else "OK"
        answer = {"result": result, "diagnostics": diagnostics, "truncated": False}
        return 200, {}, json.dumps(answer)

    def list_versions(self: Any) -> tuple[int, dict[str, str], str]:
        return 200, {}, json.dumps({"stateMachineVersions": []})

    StepFunctionResponse.validate_state_machine_definition = validate
    StepFunctionResponse.list_state_machine_versions = list_versions


def _refuse_to_create_jobs_and_schedule_groups_twice() -> None:
    """Moto replaces the first one."""
    create_job = GlueBackend.create_job
    create_group = EventBridgeSchedulerBackend.create_schedule_group

    def create_another_job(self: Any, name: str, **values: Any) -> None:
        if name in self.jobs:
            raise AlreadyExistsException("Job")
        create_job(self, name, **values)

    def create_another_group(self: Any, name: str, tags: list[dict[str, str]]) -> Any:
        if name in self.schedule_groups:
            raise JsonRESTError("ConflictException", f"Schedule group {name} already exists.")
        return create_group(self, name, tags)

    GlueBackend.create_job = create_another_job
    EventBridgeSchedulerBackend.create_schedule_group = create_another_group


def _read_back_that_a_bucket_talks_to_eventbridge() -> None:
    """Moto stores the flag but does not return it: every plan would set it again."""
    original = S3Response.get_bucket_notification

    def get_bucket_notification(self: Any) -> Any:
        status, headers, body = original(self)
        configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if configuration and configuration.event_bridge is not None:
            root = ElementTree.fromstring(body)
            tag = root.tag.replace("NotificationConfiguration", "EventBridgeConfiguration")
            ElementTree.SubElement(root, tag)
            body = ElementTree.tostring(root)
        return status, headers, body

    S3Response.get_bucket_notification = get_bucket_notification


def _take_every_connection_for_an_encrypted_one() -> None:
    """Moto ignores conditions of a bucket policy: one that requires TLS would deny everything."""
    original = FakeBucket.get_permission

    def get_permission(self: Any, action: str, resource: str) -> Any:
        policy = json.loads(self.policy or "{}")
        statements = policy.get("Statement", [])
        kept = [
            each for each in statements if "aws:SecureTransport" not in str(each.get("Condition"))
        ]
        if len(kept) == len(statements):
            return original(self, action, resource)
        if not kept:
            return PermissionResult.NEUTRAL
        other = copy.copy(self)
        other.policy = json.dumps({**policy, "Statement": kept}).encode()
        return original(other, action, resource)

    FakeBucket.get_permission = get_permission


def _name_no_keys_of_objects() -> None:
    """S3A copies an object with the key that S3 names, which its SDK refuses to send without TLS."""
    describe = FakeKey.response_dict.fget

    def response_dict(self: Any) -> dict[str, Any]:
        described: dict[str, Any] = describe(self)
        described.pop("x-amz-server-side-encryption-aws-kms-key-id", None)
        return described

    FakeKey.response_dict = property(response_dict)


def _announce_objects_as_s3_does(aws: Aws) -> None:
    """Send Object Created once per object, in the format of S3's event, to all matching rules.

    Moto announces a multipart upload twice, uses other field names than S3, and stops at the first
    unknown target.
    """
    reasons = {
        "s3:ObjectCreated:Put": "PutObject",
        "s3:ObjectCreated:Post": "POST Object",
        "s3:ObjectCreated:Copy": "CopyObject",
        "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    }

    def send(account_id: str, bucket: Any, event_name: Any, key: Any) -> None:
        name = str(event_name.value)
        if name not in reasons or (name == "s3:ObjectCreated:Put" and key.multipart is not None):
            return
        detail = {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": {
                "key": key.name,
                "size": key.size,
                "etag": key.etag.strip('"'),
                "sequencer": f"{time.time_ns():018X}",
                **({"version-id": key.version_id} if bucket.is_versioned else {}),
            },
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": account_id,
            "source-ip-address": "127.0.0.1",
            "reason": reasons[name],
        }
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Object Created",
            "source": "aws.s3",
            "account": account_id,
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "region": bucket.region_name,
            "resources": [bucket.arn],
            "detail": detail,
        }
        deliver(aws.at(bucket.region_name, account_id), event)

    notifications._send_event_bridge_message = send


def _read_back_that_a_job_queues_its_runs() -> None:
    """Moto drops the setting: every plan would set it again."""
    create, describe = GlueResponse.create_job, glue_models.FakeJob.as_dict

    def create_job(self: Any) -> Any:
        answer = create(self)
        job = self.glue_backend.get_job(self._get_param("Name"))
        job.queues_runs = bool(self._get_param("JobRunQueuingEnabled"))
        return answer

    def as_dict(self: Any) -> dict[str, Any]:
        return {**describe(self), "JobRunQueuingEnabled": self.queues_runs}

    GlueResponse.create_job = create_job
    glue_models.FakeJob.as_dict = as_dict


def _keep_connections_whole() -> None:
    """Moto forgets the type of a connection, and cannot delete one."""
    describe = glue_models.FakeConnection.as_dict

    def as_dict(self: Any, hide_password: bool = False) -> dict[str, Any]:
        kind = self.connection_input.get("ConnectionType")
        return {**describe(self, hide_password), "ConnectionType": kind}

    def delete(self: Any) -> Any:
        del self.glue_backend.connections[self._get_param("ConnectionName")]
        return ActionResult({})

    glue_models.FakeConnection.as_dict = as_dict
    GlueResponse.delete_connection = delete


def refuse_outdated_changes_of_tables() -> None:
    """Moto ignores the version that a change of a table is based on: of concurrent ones, all but one
    would be lost."""
    one_by_one = threading.Lock()
    update_table = GlueResponse.update_table

    def update_table_of_this_version(self: Any) -> ActionResult:
        base = self.parameters.get("VersionId")
        with one_by_one:
            name = self.parameters["TableInput"]["Name"]
            table = self.glue_backend.get_table(self.parameters["DatabaseName"], name)
            if base and base != table.as_dict()["VersionId"]:
                raise JsonRESTError(
                    "ConcurrentModificationException", f"The table {name} has changed meanwhile."
                )
            return update_table(self)

    GlueResponse.update_table = update_table_of_this_version


def _keep_saved_queries() -> None:
    """Moto does not support query definitions of Logs Insights."""
    saved: dict[str, dict[str, Any]] = {}

    def put(self: Any) -> tuple[int, dict[str, str], str]:
        number = self._get_param("queryDefinitionId") or str(uuid.uuid4())
        saved[number] = {
            "queryDefinitionId": number,
            "name": self._get_param("name"),
            "queryString": self._get_param("queryString"),
            "logGroupNames": self._get_param("logGroupNames") or [],
        }
        return 200, {}, json.dumps({"queryDefinitionId": number})

    def describe(self: Any) -> tuple[int, dict[str, str], str]:
        prefix = self._get_param("queryDefinitionNamePrefix") or ""
        found = [query for query in saved.values() if query["name"].startswith(prefix)]
        return 200, {}, json.dumps({"queryDefinitions": found})

    def delete(self: Any) -> tuple[int, dict[str, str], str]:
        found = saved.pop(self._get_param("queryDefinitionId"), None)
        return 200, {}, json.dumps({"success": found is not None})

    LogsResponse.put_query_definition = put
    LogsResponse.describe_query_definitions = describe
    LogsResponse.delete_query_definition = delete


def _refuse_patterns_that_eventbridge_refuses() -> None:
    """Moto takes every pattern, and then no upload could be evaluated."""
    original = EventsBackend.put_rule

    def put_rule(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        pattern = kwargs.get("event_pattern")
        try:
            if pattern:
                check(json.loads(pattern))
        except ValueError as error:
            raise InvalidEventPatternException(str(error)) from error
        return original(self, name, *args, **kwargs)

    EventsBackend.put_rule = put_rule


def _list_the_newest_runs_first() -> None:
    """Moto lists the oldest run first."""
    original = glue_models.FakeJob.get_job_runs
    glue_models.FakeJob.get_job_runs = lambda self: list(reversed(original(self)))


def _find_log_streams_by_their_prefix() -> None:
    """Moto ignores the prefix and returns the lines of all streams."""
    original = LogsResponse.filter_log_events

    def filter_log_events(self: Any) -> Any:
        prefix, read = self._get_param("logStreamNamePrefix"), self._get_param
        group = self.logs_backend.groups.get(read("logGroupName"))
        if prefix and group:
            streams = [name for name in group.streams if name.startswith(prefix)] or [prefix]

            def get_param(name: str, if_none: Any = None) -> Any:
                return streams if name == "logStreamNames" else read(name, if_none)

            self._get_param = get_param
        return original(self)

    LogsResponse.filter_log_events = filter_log_events


def _run_glue_jobs(aws: EmulatedAws, folder: Path, rights: Rights) -> None:
    """Run each job in a process, with its state and time; in moto, every run succeeds."""

    class Run(glue_models.FakeJobRun):  # type: ignore[misc]
        worker_type: Any
        number_of_workers: Any

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.state, self.error_message, self.seconds = "STARTING", "", 0
            threading.Thread(target=self._process, daemon=True).start()

        @property
        def status(self) -> str:
            return self.state

        def as_dict(self) -> dict[str, Any]:
            answer: dict[str, Any] = super().as_dict()
            answer["ExecutionTime"] = self.seconds
            if self.error_message:
                answer["ErrorMessage"] = self.error_message
            return answer

        def _process(self) -> None:
            with _AT_ONE_TIME:
                self.state, began = "RUNNING", time.monotonic()
                own = folder / f"{self.job_name}-{self.job_run_id[:12]}"
                own.mkdir()
                try:
                    job = aws.client("glue").get_job(JobName=self.job_name)["Job"]
                    self.worker_type = self.worker_type or job.get("WorkerType")
                    self.number_of_workers = self.number_of_workers or job.get("NumberOfWorkers")
                    rights.begin(aws, self.job_run_id, job["Role"])
                    run = replace(aws, access_key=self.job_run_id)
                    state, self.error_message = run_job(
                        run, job, self.job_run_id, self.arguments or {}, own
                    )
                except Exception as error:  # a failure of the emulation must not look like a wait
                    state, self.error_message = "ERROR", f"emulated Glue: {error!r}"
                self.completed_on = self.modified_on = datetime.now(UTC)
                self.seconds = int(time.monotonic() - began)
                self.state = state

    glue_models.FakeJobRun = Run


def _wait_for_glue_runs() -> None:
    """startJobRun.sync: moto waits correctly, but then fails on a guard and on datetimes."""
    service = state_task_service_glue.StateTaskServiceGlue
    client_of: Callable[..., Any] = service._get_glue_client

    def client(*args: Any, **kwargs: Any) -> Any:
        glue = client_of(*args, **kwargs)
        glue.meta.events.register("after-call.glue.GetJobRun", _datetimes_as_text)
        return glue

    def wait(
        self: Any,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: Any,
        state_credentials: Any,
    ) -> None:
        resolver = self._build_sync_resolver(
            env, resource_runtime_part, normalised_parameters, state_credentials
        )
        self.timeout.eval(env=env)
        env.stack.append(self._eval_sync(env, resolver, env.stack.pop(), None, None))

    service._get_glue_client = staticmethod(client)
    service._eval_integration_pattern = wait


def _datetimes_as_text(parsed: dict[str, Any], **_: Any) -> None:
    for name, value in parsed.get("JobRun", {}).items():
        if isinstance(value, datetime):
            parsed["JobRun"][name] = value.isoformat()


def start_executions_of_other_machines() -> None:
    """states:startExecution: moto calls the API with the field names of the States Language."""
    service = state_task_service_sfn.StateTaskServiceSfn

    def start(
        self: Any,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: Any,
        state_credentials: Any,
    ) -> None:
        states = state_task_service_sfn.boto_client_for(
            service="stepfunctions",
            region=resource_runtime_part.region,
            state_credentials=state_credentials,
        )
        given = {name[0].lower() + name[1:]: each for name, each in normalised_parameters.items()}
        started = states.start_execution(**given)
        env.stack.append(
            {
                "ExecutionArn": started["executionArn"],
                "StartDate": started["startDate"].isoformat(),
            }
        )

    service._eval_service_task = start


def _write_json_where_step_functions_does() -> None:
    """aws-sdk:s3:putObject: a Body arrives as its JSON; moto takes only text."""
    service = state_task_service_aws_sdk.StateTaskServiceAwsSdk
    original: Callable[..., None] = service._eval_service_task

    def call(self: Any, normalised_parameters: dict[str, Any], **others: Any) -> None:
        if "Body" in normalised_parameters:
            text = json.dumps(normalised_parameters["Body"], ensure_ascii=False)
            normalised_parameters = {**normalised_parameters, "Body": text}
        original(self, normalised_parameters=normalised_parameters, **others)

    service._eval_service_task = call


def find_one_field_of_an_element() -> None:
    """$[0].rule: Step Functions finds the value; moto finds a list with it."""
    original = json_path.parse

    class Definite:
        def __init__(self, path: str) -> None:
            self._expression = original(path)

        def find(self, data: Any) -> list[Any]:
            found = self._expression.find(data)
            return [DatumInContext(each.value, each.path) for each in found]

    def parse(path: str) -> Any:
        is_definite = re.fullmatch(r"\$(\.[\w-]+|\[\d+\])*\.[\w-]+", path)
        return Definite(path) if is_definite else original(path)

    json_path.parse = parse


def evaluate_jsonata() -> None:
    """Moto has the states with JSONata, but nothing that evaluates it.

    It writes the input into the expression, where an emoji is two escapes, which only JSON makes one of.
    """

    def evaluated(expression: str) -> Any:
        try:
            return json.loads(json.dumps(Jsonata(expression).evaluate(None)))
        except JException as error:
            raise jsonata.JSONataException("UNKNOWN", str(error)) from error

    jsonata._eval_jsonata = evaluated


def _move_messages_of_pipes(aws: Aws) -> None:
    """The first pipe starts what moves messages: it costs time, and most deployments have no pipe."""
    original, first = EventBridgePipesBackend.create_pipe, threading.Lock()

    def create_pipe(self: Any, *args: Any, **kwargs: Any) -> Any:
        created = original(self, *args, **kwargs)
        if first.acquire(blocking=False):
            run_pipes(aws)
        return created

    EventBridgePipesBackend.create_pipe = create_pipe


def _read_back_redrive_policies_as_they_are_written() -> None:
    """Moto adds blanks to the JSON: every plan would set it again."""
    original = Queue.attributes.fget

    def attributes(self: Any) -> dict[str, Any]:
        found: dict[str, Any] = original(self)
        if found.get("RedrivePolicy"):
            policy = json.dumps(json.loads(found["RedrivePolicy"]), separators=(",", ":"))
            found["RedrivePolicy"] = policy
        return found

    Queue.attributes = property(attributes)
