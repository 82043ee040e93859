"""Whoever deploys does it with the same provider, and with the state that the others have.

Terraform only installs the provider here, it does not start it: packages with a word in them do.
"""

import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tasks.examples import RENDERED
from terraform import PROVIDER_ALONE
from tools import needs

pytestmark = needs("terraform", "make", "git", to="lock the provider and set up a backend")

CALLER = """
<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>arn:aws:iam::123456789012:user/me</Arn>
    <UserId>me</UserId>
    <Account>123456789012</Account>
  </GetCallerIdentityResult>
</GetCallerIdentityResponse>
"""
NO_OBJECTS = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></ListBucketResult>'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns(".terraform*", "__pycache__")
    return shutil.copytree(RENDERED, tmp_path / "a platform", ignore=ignored)


@pytest.fixture(scope="session")
def here() -> str:
    """This machine's platform: linux_amd64."""
    ran = subprocess.run(["terraform", "version", "-json"], capture_output=True, check=True)
    return str(json.loads(ran.stdout)["platform"])


@pytest.fixture(scope="session")
def elsewhere(here: str) -> str:
    return "linux_amd64" if here == "darwin_arm64" else "darwin_arm64"


@functools.cache
def provider_address() -> str:
    """The provider's whole name, registry first, as Terraform knows it: the folder in a mirror."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "main.tf").write_text(PROVIDER_ALONE)
        command = ["terraform", f"-chdir={folder}", "providers"]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return re.findall(r"provider\[(.+)\]", ran.stdout)[0]


def add_package(mirror: Path, version: str, *platforms: str) -> None:
    for platform in platforms:
        folder = mirror / provider_address() / version / platform
        folder.mkdir(parents=True)
        (folder / f"terraform-provider-aws_v{version}").write_text(platform)


def lock(repository: Path, mirror: Path, *platforms: str) -> list[str]:
    """Run make lock-infra; gives the text of each environment's lock file."""
    command = ["make", "lock-infra", f"PLATFORMS={' '.join(platforms)}"]
    environment = os.environ | {"TF_PROVIDER_MIRROR": str(mirror)}
    ran = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    files = (repository / "infrastructure/environments").glob("*/.terraform.lock.hcl")
    return [file.read_text() for file in files]


def init(environment: Path, mirror: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["terraform", f"-chdir={environment}", "init", "-input=false", "-no-color"]
    return subprocess.run(
        [*command, f"-plugin-dir={mirror}", *options],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_lock_for_every_platform_stops_nobody_and_keeps_the_version(
    repository: Path, tmp_path: Path, here: str, elsewhere: str
) -> None:
    mirror = tmp_path / "mirror"
    add_package(mirror, "5.100.0", here, elsewhere)

    locks = lock(repository, mirror, here, elsewhere)

    assert len(locks) == 2
    assert all('version     = "5.100.0"' in text for text in locks)
    assert all(len(re.findall(r'"h1:', text)) == 2 for text in locks)
    add_package(mirror, "6.1.0", here)
    for environment in (repository / "infrastructure/environments").iterdir():
        ran = init(environment, mirror, "-backend=false", "-lockfile=readonly")
        assert ran.returncode == 0, ran.stderr
        assert "Installed hashicorp/aws v5.100.0" in ran.stdout


def test_a_lock_for_another_platform_alone_would_stop_this_one(
    repository: Path, tmp_path: Path, here: str, elsewhere: str
) -> None:
    mirror = tmp_path / "mirror"
    add_package(mirror, "5.100.0", here, elsewhere)

    lock(repository, mirror, elsewhere)

    ran = init(repository / "infrastructure/environments/dev", mirror, "-backend=false")
    assert ran.returncode != 0
    assert "checksums" in ran.stderr


def test_the_lock_files_of_environments_are_committed_and_those_of_modules_are_not(
    repository: Path,
) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=repository, check=True)

    def ignored(folder: str) -> bool:
        file = f"infrastructure/{folder}/.terraform.lock.hcl"
        command = ["git", "check-ignore", "--quiet", file]
        return subprocess.run(command, cwd=repository, check=False).returncode == 0

    assert not ignored("environments/dev")
    assert ignored("modules/glue_job")


@pytest.fixture
def aws() -> Iterator[tuple[str, list[str]]]:
    """A bucket without a state, that somebody else has locked: its address, and its requests."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: int, text: str = "") -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            requests.append(f"{self.command} {self.path}")
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_GET(self) -> None:
            self.answer(*(200, NO_OBJECTS) if "list-type" in self.path else (404, ""))

        def do_HEAD(self) -> None:
            self.answer(404)

        def do_POST(self) -> None:
            self.answer(200, CALLER)

        def do_PUT(self) -> None:
            taken = ".tflock" in self.path and self.headers["If-None-Match"] == "*"
            self.answer(412 if taken else 200)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()


def test_a_copy_of_the_example_keeps_the_state_in_a_bucket_and_locks_it(
    repository: Path,
    tmp_path: Path,
    here: str,
    aws: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mirror = tmp_path / "mirror"
    add_package(mirror, "5.100.0", here)
    environment = repository / "infrastructure/environments/dev"
    shutil.copy(environment / "backend.tf.example", environment / "backend.tf")
    address, requests = aws
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")

    # 127.0.0.1 has no names for buckets in front of it.
    initialised = init(environment, mirror, "-backend-config=use_path_style=true")
    pushed = subprocess.run(
        ["terraform", f"-chdir={environment}", "state", "push", "-"],
        input=json.dumps({"version": 4, "lineage": "a-state", "serial": 1}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert initialised.returncode == 0, initialised.stderr
    backend = json.loads((environment / ".terraform/terraform.tfstate").read_text())["backend"]
    assert backend["type"] == "s3"
    assert backend["config"]["encrypt"] is True
    assert pushed.returncode != 0
    assert "Error acquiring the state lock" in pushed.stderr
    state = "/name-of-your-bucket/data-platform/dev/terraform.tfstate"
    written = [r.partition("?")[0] for r in requests if r.startswith("PUT")]
    assert written == [f"PUT {state}.tflock"]


def test_the_state_is_local_without_a_backend_file(
    repository: Path, tmp_path: Path, here: str
) -> None:
    mirror = tmp_path / "mirror"
    add_package(mirror, "5.100.0", here)
    environment = repository / "infrastructure/environments/dev"

    ran = init(environment, mirror)

    assert ran.returncode == 0, ran.stderr
    assert not (environment / "backend.tf").exists()
    assert not (environment / ".terraform/terraform.tfstate").exists()
