"""The name of a job on AWS is the one that its module hands to main()."""

import json
import re
from pathlib import Path

import pytest

from operations import environment
from operations.environment import Environment, deployed_name
from tasks.examples import RENDERED


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder src/jobs of a repository."""
    monkeypatch.setattr(environment, "REPOSITORY", tmp_path)
    folder = tmp_path / "src/jobs"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ('if __name__ == "__main__":\n    SalesJob.main("sales_etl")\n', "sales_etl"),
        ("if __name__ == '__main__':\n\tSalesJob.main('sales_etl')\n", "sales_etl"),
        (
            'if __name__ == "__main__":\n    SalesJob.main(\n        "sales_etl"\n    )\n',
            "sales_etl",
        ),
        ('# SalesJob.main("other")\n', "sales"),
        ("if __name__ == '__main__':\n    SalesJob.main(NAME)\n", "sales"),
        ("", "sales"),
    ],
)
def test_it_is_read_from_the_module_or_is_the_modules(jobs: Path, code: str, name: str) -> None:
    (jobs / "sales.py").write_text(code)

    assert deployed_name("sales") == name
    assert Environment("dev").glue_job("sales") == f"{name.replace('_', '-')}-dev"
    assert Environment("dev").queue_name("sales") == f"{name.replace('_', '-')}-dev-dead-letters"


def test_terraform_reads_it_with_the_same_expression() -> None:
    code = (RENDERED / "infrastructure/modules/data_platform/main.tf").read_text()
    [expression] = re.findall(r'regex\((".*?"), file\(', code)

    assert json.loads(expression) == environment._HANDED_TO_MAIN.pattern
