"""The cluster of these tests, started once."""

from collections.abc import Iterator

import pytest

from standalone import Cluster


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster for all tests."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.close()


@pytest.fixture
def cluster(started: Cluster) -> Iterator[Cluster]:
    """The cluster, with an empty lake."""
    started.empty()
    yield started
    started.end_runs()
