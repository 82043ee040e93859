"""docs/adopting.md, walked through on a team's repository: every command, every file it shows."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from adopting_page import PAGE, commands, files, headings, snippets
from emulated_aws.server import emulated_aws
from glue_runtime.local.java import use_java
from gluecast.template.bundled import commit, published, snapshot
from small_template import git, tree
from tasks.examples import version
from terraform import why_no_terraform

LOOK, ADOPT, CONNECT, SOURCE = (
    "1. Look",
    "2. Adopt",
    "3. Connect AWS, once for each environment",
    "4. Add a source",
)
RUNS, ONWARDS = "What a run for an uploaded file reads and writes", "From here on"
PLATFORM_IMPORT = "from glue_runtime import BaseGlueJob as Platform"
ENVIRONMENT = "infrastructure/environments/dev"


class Walk:
    """A reader at a shell, in a repository."""

    def __init__(self, repository: Path, environment: dict[str, str]) -> None:
        self.repository = repository
        self.environment = environment

    def type(self, script: str, **environment: str) -> str:
        """Run commands as they stand on the page; gives what they printed."""
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.repository,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, f"{script}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def write(self, found: dict[str, str]) -> None:
        """Write files that the page shows."""
        for path, text in found.items():
            (self.repository / path).write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.repository / path).read_text()
        assert old in text
        (self.repository / path).write_text(text.replace(old, new))


@pytest.fixture
def walk(repository: Path, tmp_path: Path) -> Walk:
    """The reader has gluecast, Java, and the packages of the repository."""
    release = snapshot(tmp_path / "release", tag=f"v{version()}")
    use_java()
    here = Path(sys.executable).parent
    author = {
        f"GIT_{who}_{what}": "team@localhost"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    return Walk(
        repository,
        {
            **os.environ,
            **author,
            **published(release, tmp_path / "cache"),
            "PATH": f"{here}{os.pathsep}{os.environ['PATH']}",
            "PYTHON": sys.executable,
        },
    )


def section(walk: Walk, heading: str) -> list[str]:
    return [walk.type(script) for script in commands(heading)]


def log(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def rows(output: str, event: str) -> list[int]:
    """The row counts of the log lines of an event."""
    return [each["row_count"] for each in log(output) if each["event"] == event]


def test_every_section_with_commands_is_walked_here() -> None:
    assert headings() == [LOOK, ADOPT, CONNECT, SOURCE, RUNS, ONWARDS]


def test_tests_and_local_runs_are_as_before(walk: Walk) -> None:
    before = tree(walk.repository)
    assert "5 passed" in walk.type("make test")
    git(walk.repository, "clean", "-fdXq")

    assert "3 jobs extend BaseGlueJob" in section(walk, LOOK)[0]
    assert tree(walk.repository) == before
    [output] = section(walk, ADOPT)

    assert "5 passed" in output
    assert "job_completed_successfully" in output
    changed = git(walk.repository, "diff", "--name-only", "--diff-filter=a", "HEAD~1").split()
    assert changed == [".gitignore", "requirements.txt", "src/common/base_job.py"]
    assert git(walk.repository, "status", "--short") == ""


def test_a_run_for_a_file_reads_the_directory_until_the_job_writes_file_by_file(
    walk: Walk,
) -> None:
    walk.type(commands(ADOPT)[0].splitlines()[0])

    scheduled, uploaded = (walk.type(line) for line in commands(RUNS)[0].splitlines())
    assert rows(scheduled, "loaded_local_data") == rows(uploaded, "loaded_local_data") == [3]
    assert log(uploaded)[0]["trigger_type"] == "s3_event"

    assert PLATFORM_IMPORT in PAGE
    whole, single = snippets(RUNS, "python")
    assert whole.strip() in (walk.repository / "src/common/base_job.py").read_text()
    job = walk.repository / "src/jobs/sales_etl.py"
    text = re.sub(
        r"    def load\(.*?\n\n\n",
        indent(single, "    ") + "\n\n",
        job.read_text(),
        flags=re.DOTALL,
    )
    job.write_text(text.replace("from pyspark", f"{PLATFORM_IMPORT}\nfrom pyspark", 1))

    scheduled, uploaded = (walk.type(line) for line in commands(RUNS)[0].splitlines())
    assert rows(scheduled, "data_written") == [3]
    assert rows(uploaded, "data_written") == [1]
    [loaded] = [each for each in log(uploaded) if each["event"] == "loaded_event_file"]
    assert loaded["path"].endswith("/sales/daily_2024-01-16.csv")


def test_where_nothing_overwrites_an_unchanged_job_reads_the_uploaded_file_alone(
    walk: Walk,
) -> None:
    for path in ("src/common/base_job.py", "src/jobs/sales_etl.py"):
        walk.replace(path, '"overwrite"', '"append"')
    commit(walk.repository, "Append")
    walk.type(commands(ADOPT)[0].splitlines()[0])

    uploaded = walk.type(commands(RUNS)[0].splitlines()[1])

    assert rows(uploaded, "loaded_event_file") == [1]


def test_the_commands_of_gluecast_and_a_new_job_work_beside_the_old_ones(walk: Walk) -> None:
    walk.type(commands(ADOPT)[0].splitlines()[0])
    commit(walk.repository, "Adopted")
    walk.type(commands(CONNECT)[0])
    assert (walk.repository / "build/glue_runtime.zip").exists()

    [output] = section(walk, ONWARDS)

    assert "Up to date, no edits, no problems." in output
    assert "invoices" in output
    walk.write(files(ONWARDS))
    option = "addopts = --import-mode=importlib"
    assert option in PAGE
    walk.replace("pytest.ini", "[pytest]", f"[pytest]\n{option}")
    walk.type("make test")


# --- on AWS ----------------------------------------------------------------------------------------


@pytest.fixture
def deployed(walk: Walk, tmp_path: Path) -> Iterator[Walk]:
    """The repository as the team has it, deployed to an emulated AWS."""
    if reason := why_no_terraform():
        pytest.skip(reason)
    aws_folder = tmp_path / "aws"
    aws_folder.mkdir()
    override = (
        'provider "aws" {\n  skip_credentials_validation = true\n  s3_use_path_style = true\n}\n'
    )
    (walk.repository / ENVIRONMENT / "emulated_override.tf").write_text(override)
    (walk.repository / ".git/info/exclude").write_text("*_override.tf\n.terraform.lock.hcl\n")
    mirror = os.environ.get("TF_PROVIDER_MIRROR")
    with emulated_aws(aws_folder) as aws:
        walk.environment |= {
            "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_ACCESS_KEY_ID": "emulated",
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_EC2_METADATA_DISABLED": "true",
            "TF_CLI_ARGS_init": f"-plugin-dir={mirror}" if mirror else "",
            "TF_CLI_ARGS_plan": f"-out={tmp_path / 'planned'}",
            "TF_CLI_ARGS": "-no-color",
        }
        walk.type(f"terraform -chdir={ENVIRONMENT} init")
        apply(walk)
        yield walk


def apply(walk: Walk) -> None:
    walk.type(f"terraform -chdir={ENVIRONMENT} apply -auto-approve")


def planned(walk: Walk) -> dict[str, list[str]]:
    """What the last plan does with each resource, where it does something."""
    out = walk.environment["TF_CLI_ARGS_plan"].removeprefix("-out=")
    plan = json.loads(walk.type(f"terraform -chdir={ENVIRONMENT} show -json {out}"))
    actions = {each["address"]: each["change"]["actions"] for each in plan["resource_changes"]}
    return {address: what for address, what in actions.items() if what not in (["no-op"], ["read"])}


def test_a_block_adds_what_an_upload_starts_and_nothing_else_changes(deployed: Walk) -> None:
    deployed.type(commands(ADOPT)[0].splitlines()[0])
    deployed.write(files(CONNECT) | files(SOURCE))

    for script in commands(SOURCE):
        deployed.type(script)

    plan = planned(deployed)
    assert [address for address, what in plan.items() if what != ["create"]] == []
    notification = "aws_s3_bucket_notification.bronze"
    own = [address for address in plan if not address.startswith("module.jobs.module.sales_etl.")]
    assert own == [notification]
    assert any("aws_cloudwatch_event_rule" in address for address in plan)
    assert not any("aws_scheduler_schedule" in address for address in plan)

    apply(deployed)
    deployed.replace(f"{ENVIRONMENT}/jobs.tf", "pass_s3_object = true", "pass_s3_object = false")
    deployed.type(f"terraform -chdir={ENVIRONMENT} plan")
    rule = "module.jobs.module.sales_etl"
    assert planned(deployed) == {
        f'{rule}.aws_cloudwatch_event_target.s3_event_targets["sales_file_trigger"]': ["update"],
        f'{rule}.aws_sfn_state_machine.job["sales-etl-dev"]': ["update"],
    }

    deployed.replace(f"{ENVIRONMENT}/jobs.tf", "pass_s3_object = false", "pass_s3_object = true")
    argument, _of_glue_6, concurrency = snippets(CONNECT, "hcl")
    module = "infrastructure/modules/data_platform/main.tf"
    deployed.replace(module, '    "--env" ', f'    {argument}    "--env" ')
    deployed.replace(module, "  default_arguments", f"  {concurrency}\n  default_arguments")
    deployed.type(f"terraform -chdir={ENVIRONMENT} plan")
    jobs = ("customer_import", "returns_report", "sales_etl")
    assert planned(deployed) == {
        f'module.data_platform.aws_glue_job.jobs["{job}"]': ["update"] for job in jobs
    }
