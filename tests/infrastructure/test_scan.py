"""The security scan of the rendered Terraform code: nothing fails, and it would find what does."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gluecast.template.bundled import TEMPLATE_ROOT
from tasks.examples import RENDERED
from tools import needs

pytestmark = needs("make", to="start the scan")


@pytest.fixture(scope="session")
def checkov() -> Path:
    """The environment that checkov is installed in, kept in this project for the next time."""
    text = (RENDERED / "Makefile").read_text()
    versions = re.findall(r"^(?:CHECKOV|ZIZMOR) := (.+)$", text, re.MULTILINE)
    recipe = ["make", "-f", RENDERED / "Makefile", f"PYTHON={sys.executable}"]
    subprocess.run([*recipe, f".venv-checkov/{'-'.join(versions)}"], cwd=TEMPLATE_ROOT, check=True)
    return TEMPLATE_ROOT / ".venv-checkov"


@pytest.fixture
def repository(checkov: Path, tmp_path: Path) -> Path:
    """The example repository, with checkov installed."""
    ignored = shutil.ignore_patterns(".terraform*", "__pycache__")
    copied = shutil.copytree(RENDERED, tmp_path / "a platform", ignore=ignored)
    (copied / ".venv-checkov").symlink_to(checkov, target_is_directory=True)
    return copied


def scan(repository: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "scan"], cwd=repository, capture_output=True, text=True, check=False
    )


def test_the_scan_passes(repository: Path) -> None:
    ran = scan(repository)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"Passed checks: [1-9]\d+, Failed checks: 0", ran.stdout)
    assert "Parsing errors" not in ran.stdout


@pytest.mark.parametrize(
    ("file", "right", "wrong", "audit"),
    [
        ("ci.yml", "permissions:\n  contents: read\n", "", "excessive-permissions"),
        ("ci.yml", "@11bd71901bbe5b1630ceea73d27597364c9af683", "@v4", "unpinned-uses"),
        (
            "deploy-environment.yml",
            '/environments/$ENV"',
            '/environments/${{ inputs.environment }}"',
            "template-injection",
        ),
        ("template.yml", "persist-credentials: false", "fetch-depth: 0", "artipacked"),
    ],
)
def test_the_scan_finds_a_planted_fault_of_a_workflow(
    repository: Path, file: str, right: str, wrong: str, audit: str
) -> None:
    path = repository / ".github/workflows" / file
    assert right in path.read_text()
    path.write_text(path.read_text().replace(right, wrong))
    command = [repository / ".venv-checkov/bin/zizmor", "--offline", "--no-progress", path]

    ran = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ran.returncode != 0
    assert f"[{audit}]" in ran.stdout


def test_every_exception_gives_its_reason() -> None:
    texts = [path.read_text() for path in RENDERED.glob("infrastructure/**/*.tf")]
    exceptions = [line for text in texts for line in text.splitlines() if "checkov:skip" in line]

    assert exceptions
    assert all(re.fullmatch(r" +#checkov:skip=CKV2?_AWS_\d+: .{20,}", line) for line in exceptions)


def test_the_scan_finds_planted_faults(repository: Path) -> None:
    for file, right, wrong in [
        ("data_platform/main.tf", "block_public_acls       = true", "block_public_acls = false"),
        (
            "eventbridge/main.tf",
            "sqs_managed_sse_enabled   = var.settings.queue_kms_key_arn == null ? true : null\n"
            "  kms_master_key_id         = var.settings.queue_kms_key_arn\n",
            "",
        ),
        ("eventbridge/roles.tf", '"sqs:SendMessage", Resource =', '"sqs:*", Resource = "*" #'),
    ]:
        path = repository / "infrastructure/modules" / file
        assert right in path.read_text()
        path.write_text(path.read_text().replace(right, wrong))

    ran = scan(repository)

    assert ran.returncode != 0
    assert {"CKV_AWS_53", "CKV_AWS_27"} <= set(re.findall(r"Check: (CKV\w+)", ran.stdout))
