"""The README of a Terraform module: its tables are those of the code, and its examples can be planned."""

import re
import subprocess
from pathlib import Path

import pytest

from tasks.examples import RENDERED
from tasks.module_pages import BEGIN, MODULES, page_of, with_tables
from terraform import PROVIDER_ALONE, initialise, needs_terraform, repository_with_archive

EXAMPLE = re.compile(r"^```hcl\n(.*?)^```", re.MULTILINE | re.DOTALL)

ALIAS = '\n  alias = "{}"\n'
MOCKED = """
mock_provider "aws" {{{alias}
  mock_data "aws_caller_identity" {{
    defaults = {{ account_id = "{account}" }}
  }}
  mock_data "aws_partition" {{
    defaults = {{ partition = "aws" }}
  }}
  mock_data "aws_region" {{
    defaults = {{ endpoint = "ec2.{region}.amazonaws.com" }}
  }}
}}
"""
PLAN = """
run "the_examples_are_planned" {
  command = plan

  assert {
    condition     = output.a_queue_by_its_arn == "arn:aws:sqs:eu-central-1:123456789012:orders-dev-dead-letters"
    error_message = "Expected an ARN of this account."
  }
}
"""


def examples() -> dict[str, list[str]]:
    """The examples of every module's README, by module."""
    return {
        module.name: EXAMPLE.findall((module / "README.md").read_text(encoding="utf-8"))
        for module in MODULES
    }


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_the_tables_are_those_of_the_code(module: Path) -> None:
    page = page_of(module.name).read_text(encoding="utf-8")

    assert page == with_tables(page, module), "run python3 generator docs"


def test_the_tables_change_with_the_code(tmp_path: Path) -> None:
    (tmp_path / "variables.tf").write_text(
        'variable "a" {\n  description = "An a | b."\n  type        = map(object({ c = string }))\n}\n'
        'variable "d" {\n  description = "A d."\n  type        = string\n  default     = null\n}\n'
    )
    (tmp_path / "outputs.tf").write_text('output "e" {\n  description = "An e."\n  value = 1\n}\n')

    page = with_tables(f"# Module\n{BEGIN}| `old` |\n", tmp_path)

    assert "| `a` | `map(object)` | required | An a \\| b. |" in page
    assert "| `d` | `string` | `null` | A d. |" in page
    assert "| `e` | An e. |" in page
    assert "old" not in page


def test_every_module_has_an_example_of_each_use() -> None:
    found = {module: len(each) for module, each in examples().items()}

    assert found == {
        "account": 1,
        "data_platform": 3,
        "eventbridge": 6,
        "forwarded_events": 2,
        "glue_job": 2,
        "observability": 3,
    }
    assert all((RENDERED / "infrastructure/modules" / each).is_dir() for each in found)


@needs_terraform
def test_terraform_formats_and_plans_every_example(tmp_path: Path) -> None:
    repository = repository_with_archive(tmp_path / "a platform")
    folder = repository / "infrastructure/environments/examples"
    (folder / "tests").mkdir(parents=True)
    codes = [code for found in examples().values() for code in found]
    (folder / "main.tf").write_text("\n".join([PROVIDER_ALONE.strip() + "\n", *codes]))
    providers = [
        MOCKED.format(alias="", region="eu-central-1", account="123456789012"),
        MOCKED.format(alias=ALIAS.format("ireland"), region="eu-west-1", account="123456789012"),
        MOCKED.format(alias=ALIAS.format("partner"), region="eu-central-1", account="210987654321"),
    ]
    (folder / "tests/plan.tftest.hcl").write_text("".join([*providers, PLAN]))
    initialise(folder)

    for command in (["fmt", "-check", "-diff"], ["test", "-no-color"]):
        ran = subprocess.run(
            ["terraform", *command], cwd=folder, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed, 0 failed" in ran.stdout
