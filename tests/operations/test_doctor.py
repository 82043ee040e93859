"""make doctor looks at what is deployed; a job that is not is named, and is no fault."""

from typing import Any

import pytest

from operations import doctor
from operations.cli import main
from operations.environment import Environment


class Glue:
    """A Glue with one job."""

    def get_paginator(self, _: str) -> "Glue":
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"Jobs": [{"Name": "sales-etl-dev"}]}]


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The jobs that the checks have been given."""
    jobs: list[str] = []

    def look(_: Environment, given: list[str]) -> list[doctor.Finding]:
        jobs.extend(given)
        return []

    monkeypatch.setattr(Environment, "client", lambda _, service: Glue())
    monkeypatch.setattr(doctor, "diagnose", look)
    return jobs


def test_a_job_that_is_not_deployed_is_named_and_is_no_fault(
    looked_at: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--env", "dev"]) == 0

    assert looked_at == ["sales_etl"]
    told = capsys.readouterr().out
    assert "nothing is wrong; not deployed: customer_import, product_catalog" in told


def test_a_job_that_is_asked_for_by_name_is_looked_at_in_any_case(looked_at: list[str]) -> None:
    main(["doctor", "--env", "dev", "--job", "customer_import"])

    assert looked_at == ["customer_import"]
