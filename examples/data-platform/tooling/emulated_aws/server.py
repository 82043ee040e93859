# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Start the emulated AWS, in this process or in a separate one."""

import json
import logging
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

REGION = "eu-central-1"
"""The region of the emulation; a deployment uses it whatever its own region is."""

ACCOUNT = "123456789012"

DEPLOYER, PLANNER = "deployer", "planner"
"""The access keys of Terraform: when it applies or destroys, and when it plans."""


@dataclass(frozen=True)
class EmulatedAws:
    """The endpoint of the API: ``http://127.0.0.1:PORT``.

    access_key: the id of a Glue run, for the rights of its role; another one is not restricted.
    region: that of the clients.
    """

    endpoint: str
    access_key: str = "emulated"
    region: str = REGION

    def at(self, region: str, account: str) -> "EmulatedAws":
        """The same AWS in another region or account."""
        key = EmulatedAws.access_key
        if account != ACCOUNT:
            role = f"arn:aws:iam::{account}:role/emulated"
            assumed = self.client("sts").assume_role(RoleArn=role, RoleSessionName="emulated")
            key = assumed["Credentials"]["AccessKeyId"]
        return replace(self, region=region, access_key=key)

    def client(self, service: str) -> Any:
        """A boto3 client of this service for this endpoint, without retries."""
        with _ONE_CLIENT_AT_A_TIME:
            return _client(self, service)

    def asked_by(self, access_key: str) -> set[tuple[str, str]]:
        """What Terraform has asked with one of its access keys: actions with their resources."""
        with urllib.request.urlopen(f"{self.endpoint}/asked-by/{access_key}") as answer:
            return {(action, resource) for action, resource in json.load(answer)}


_ONE_CLIENT_AT_A_TIME = threading.Lock()
"""Threads may share clients, but may not create them at the same time."""


@lru_cache(maxsize=256)
def _client(aws: EmulatedAws, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=aws.endpoint,
        region_name=aws.region,
        aws_access_key_id=aws.access_key,
        aws_secret_access_key="emulated",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


@contextmanager
def emulated_aws(folder: Path) -> Iterator[EmulatedAws]:
    """An emulated AWS in a separate process, while the context is open.

    folder: receives the output of the process, and the script and archives of each Glue run.

    Raises:
        RuntimeError: it did not start.
    """
    log = folder / "emulated_aws.log"
    tooling = Path(__file__).parents[1]
    packages = (str(tooling), str(tooling.parent / "src"))
    search_path = os.pathsep.join([*packages, os.environ.get("PYTHONPATH", "")])
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            [sys.executable, "-m", "emulated_aws", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, "PYTHONPATH": search_path},
            text=True,
        ) as process,
    ):
        assert process.stdin and process.stdout
        endpoint = process.stdout.readline().strip()
        if not endpoint:
            raise RuntimeError(f"the emulated AWS did not start; {log} says why")
        try:
            yield EmulatedAws(endpoint)
        finally:
            process.stdin.close()


def serve(folder: Path) -> None:
    """Serve on a free port of this machine, print the endpoint, and end when stdin is closed."""
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    from emulated_aws.asked import Notes
    from emulated_aws.repairs import repair
    from emulated_aws.rights import Rights

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    rights = Rights(DomainDispatcherApplication(create_backend_app))
    server = make_server(
        "127.0.0.1", 0, Notes(rights), threaded=True, request_handler=MotoRequestHandler
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    aws = EmulatedAws(f"http://127.0.0.1:{port}")
    os.environ["MOTO_PORT"] = str(port)  # moto's state machines call other services there
    repair(aws, folder, rights)
    settings = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
    request = urllib.request.Request(f"{aws.endpoint}/moto-api/config", settings, method="POST")
    urllib.request.urlopen(request).close()
    print(aws.endpoint, flush=True)
    sys.stdin.read()
