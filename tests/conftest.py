"""Fixtures of all tests: the template as it stands, and a lake for the runtime's."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runtime_source
from gluecast.template.bundled import snapshot
from gluecast.template.compiled_once import compiled_once
from rendering import Copy, copied

# What the tests start spends its time on them: garbage collection of Terraform's provider is a third of its time,
# and pip would compile all of Spark and of boto3, of which a test imports little.
os.environ.setdefault("GOGC", "400")
os.environ.setdefault("PIP_NO_COMPILE", "1")

runtime_source.make_importable()

pytest_plugins = ["glue_runtime.testing"]

collect_ignore: list[str] = []

DURATIONS = Path(__file__).with_name("durations.json")
"""Seconds of each file of tests that takes long, as `python3 generator test --record-durations` saw it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record-durations",
        action="store_true",
        help="write what each file of tests took; the longest begin first from then on",
    )
    parser.addoption(
        "--on-s3a",
        action="store_true",
        help="let the tests of the runtime read and write an emulated S3 through S3A, as on Glue",
    )
    parser.addoption(
        "--on-a-cluster",
        action="store_true",
        help="run the tests of tests/cluster: they start a cluster of Spark on this machine",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--on-s3a"):
        config.pluginmanager.import_plugin("on_s3a")
    else:
        # They need a process of their own, whose Spark has S3A: test_on_s3a.py starts it.
        collect_ignore.append("s3a")
    if not config.getoption("--on-a-cluster"):
        # They start a cluster, which takes long: python3 generator test-cluster runs them.
        collect_ignore.append("cluster")
    if config.getoption("--record-durations") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Stopwatch())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, each in one piece: one worker must not wait for another's last."""
    seconds = json.loads(DURATIONS.read_text())
    items.sort(key=lambda item: -seconds.get(_file(item.nodeid), 0))


class _Stopwatch:
    """Adds up what the tests of each file take."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[_file(report.nodeid)] += report.duration

    def pytest_sessionfinish(self) -> None:
        long = {name: round(took) for name, took in self.seconds.most_common() if took >= 5}
        DURATIONS.write_text(json.dumps(long, indent=2) + "\n")


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0].removeprefix("tests/")


@pytest.fixture(autouse=True)
def own_environment() -> Iterator[None]:
    """What the command line changes in the environment ends with its test."""
    before = dict(os.environ)
    yield
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session", autouse=True)
def texts_compiled_once() -> Iterator[None]:
    """Many tests copy the template."""
    with compiled_once():
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the working tree, in a repository of its own; the tests call it v0.1.0."""
    return snapshot(tmp_path_factory.mktemp("release") / "template", tag="v0.1.0")


@pytest.fixture
def own_template(template: Path, tmp_path: Path) -> Path:
    """A copy of the release for one test, to commit to."""
    return shutil.copytree(template, tmp_path / "own-template")


@pytest.fixture
def copy(template: Path, tmp_path: Path) -> Copy:
    """Copy the template without a terminal: `copy(job_name="sales_etl")` gives the repository."""

    def run(*, target: Path | None = None, source: Path | str = template, **options: Any) -> Path:
        return copied(source, target or tmp_path / "repository", **options)

    return run


@pytest.fixture(scope="session")
def s3a() -> None:
    """Runs on an emulated AWS find the libraries of S3A."""
    from glue_runtime.local.session import JARS_VARIABLE
    from s3_server import jars

    os.environ[JARS_VARIABLE] = str(jars())
