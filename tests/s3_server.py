"""An emulated S3 for Spark's S3A: moto, behind a layer that counts requests and refuses chosen ones.

Its buckets and the folders of a local lake are the same: before each request, the layer puts into moto what a
test has changed in the folders, and after it into the folders what moto has changed. So the tests of the
runtime, which look into folders, run over S3A as they are.
"""

import fcntl
import io
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.core.utils import utcnow
from moto.s3.models import s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

ROOT = Path(__file__).parents[1]

S3A = "sagemaker-pyspark==1.4.5"
"""Carries hadoop-aws 3.3.1 and the AWS SDK, which the Python index has in no other package."""

_ACCOUNT, _PARTITION = "123456789012", "aws"

_ERROR = """<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>{code}</Code><Message>planted</Message><RequestId>planted</RequestId></Error>"""
ARCHIVED = "InvalidObjectState"
"""How S3 answers a GET of an object in an archive class, with the status 403."""

_CODES: dict[int | str, str] = {403: "AccessDenied", 500: "InternalError", 503: "SlowDown"}


def jars() -> Path:
    """The folder with the libraries of S3A, which is installed once."""
    folder = ROOT / ".venv-s3a"
    with (ROOT / ".venv-s3a.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = folder / "ready"
        if not (ready.exists() and ready.read_text() == S3A):
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade"]
            subprocess.run([*command, "--target", str(folder), S3A], check=True)
            ready.write_text(S3A)
    return folder / "sagemaker_pyspark/jars"


@dataclass(frozen=True)
class Request:
    """A request of S3: LIST, GET, HEAD, PUT, COPY, DELETE, DELETES (of many keys) or POST.

    at: when it came, in seconds of the monotonic clock. agent: the client, as it describes itself.
    """

    kind: str
    bucket: str
    key: str
    query: str
    at: float = field(default_factory=time.monotonic)
    agent: str = ""


class S3Server:
    """The emulated S3 and what it was asked.

    refuse: the status with which to answer a request in moto's place, ARCHIVED, or None.
    """

    def __init__(self, lake: Path) -> None:
        self.requests: list[Request] = []
        self.refuse: Callable[[Request], int | str | None] = lambda request: None
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._mirror = _Mirror(lake)
        server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_Silent)
        self.endpoint = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.close = server.shutdown

    @contextmanager
    def counted(self) -> Iterator[Counter[str]]:
        """Count the requests by kind; the counter is filled at the end."""
        first, found = len(self.requests), Counter[str]()
        yield found
        found.update(request.kind for request in self.requests[first:])

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = _request_of(environ)
        # All of it is here before `refuse` is asked, which may hold a request longer than its client lives.
        if size := int(environ.get("CONTENT_LENGTH") or 0):
            environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(size))
        self.requests.append(request)
        if refused := self.refuse(request):
            status, code = (403, refused) if refused == ARCHIVED else (refused, _CODES[refused])
            start_response(f"{status} {code}", [("Content-Type", "application/xml")])
            return [b"" if request.kind == "HEAD" else _ERROR.format(code=code).encode()]
        self._mirror.take_in()
        answer = list(self._moto(environ, start_response))
        if request.kind not in ("GET", "HEAD", "LIST"):
            self._mirror.put_out()
        return answer


def _files(folder: str) -> Iterator[os.DirEntry[str]]:
    for entry in os.scandir(folder):
        if entry.is_dir():
            yield from _files(entry.path)
        else:
            yield entry


class _Silent(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Print nothing for a request."""


def _request_of(environ: dict[str, Any]) -> Request:
    path = unquote(environ.get("RAW_URI", environ["PATH_INFO"]).partition("?")[0])
    bucket, _, key = path.removeprefix("/").partition("/")
    query, method = environ.get("QUERY_STRING", ""), environ["REQUEST_METHOD"]
    agent = environ.get("HTTP_USER_AGENT", "")
    request = partial(Request, bucket=bucket, key=key, query=query, agent=agent)
    if method == "POST" and "delete" in parse_qs(query, keep_blank_values=True):
        return request("DELETES")
    if method == "GET" and not key:
        return request("LIST", key=parse_qs(query).get("prefix", [""])[0])
    is_copy = method == "PUT" and "HTTP_X_AMZ_COPY_SOURCE" in environ
    return request("COPY" if is_copy else method)


class _Mirror:
    """Keeps moto's buckets and the folders of a lake the same."""

    def __init__(self, lake: Path) -> None:
        self._lake = lake
        self._lock = threading.Lock()
        # What both have: the size and time of each file, and moto's object.
        self._files: dict[tuple[str, str], tuple[int, int]] = {}
        self._objects: dict[tuple[str, str], Any] = {}

    @property
    def _backend(self) -> Any:
        return s3_backends[_ACCOUNT][_PARTITION]

    def take_in(self) -> None:
        """Put into moto what has changed in the folders."""
        with self._lock:
            there: dict[tuple[str, str], tuple[Path, tuple[int, int]]] = {}
            for bucket in [entry for entry in os.scandir(self._lake) if entry.is_dir()]:
                if bucket.name not in self._backend.buckets:
                    self._backend.create_bucket(bucket.name, "us-east-1")
                for path in _files(bucket.path):
                    about = path.stat()
                    place = (bucket.name, os.path.relpath(path.path, bucket.path))
                    there[place] = (Path(path.path), (about.st_size, about.st_mtime_ns))
            for place, (path, about) in there.items():
                if self._files.get(place) != about:
                    stored = self._backend.put_object(*place, value=path.read_bytes())
                    moment = datetime.fromtimestamp(about[1] // 10**9, UTC)
                    stored.last_modified = moment.replace(tzinfo=utcnow().tzinfo)
                    self._keep(place, path, stored)
            for place in [place for place in self._files if place not in there]:
                self._backend.delete_object(*place)
                del self._files[place], self._objects[place]

    def put_out(self) -> None:
        """Write to the folders what has changed in moto."""
        with self._lock:
            there = {
                (bucket.name, key): stored
                for bucket in self._backend.buckets.values()
                for key, stored in bucket.keys.items()
                if not key.endswith("/")
            }
            for place, stored in there.items():
                if self._objects.get(place) is not stored:
                    path = self._lake.joinpath(*place)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(stored.value)
                    self._keep(place, path, stored)
            for place in [place for place in self._objects if place not in there]:
                path = self._lake.joinpath(*place)
                path.unlink(missing_ok=True)
                # S3 has no folders: an empty one is none.
                for folder in path.parents:
                    if folder.parent == self._lake or any(folder.iterdir()):
                        break
                    folder.rmdir()
                del self._files[place], self._objects[place]

    def _keep(self, place: tuple[str, str], path: Path, stored: Any) -> None:
        about = path.stat()
        self._files[place] = (about.st_size, about.st_mtime_ns)
        self._objects[place] = stored
