"""The Glue version of each deployed job: of its environment, of its declaration, or of both."""

import json
from pathlib import Path

from infrastructure_checks import CHECKS
from infrastructure_checks.resources import of_type, resources_of
from terraform import initialise, needs_terraform, repository_with_archive

pytestmark = needs_terraform

KEPT = "--python-virtual-env-storage-prefix"


def test_a_job_may_be_ahead_of_its_environment_and_behind_it(tmp_path: Path) -> None:
    repository = repository_with_archive(tmp_path / "platform")
    for job, version in (("customer_import", "6.0"), ("product_catalog", "6.0")):
        declaration = repository / f"infrastructure/jobs/{job}.json"
        declared = json.loads(declaration.read_text())
        declaration.write_text(json.dumps({**declared, "glue_version": version}))
    environment = repository / "infrastructure/environments/dev"
    (environment / "terraform.tfvars").write_text(
        'glue_jobs = { product_catalog = { glue_version = "5.0" } }\n'
    )
    initialise(environment)

    found = resources_of(environment)

    jobs = {job.values["name"]: job.values for job in of_type(found, "aws_glue_job")}
    assert {name: job["glue_version"] for name, job in jobs.items()} == {
        "customer-import-dev": "6.0",
        "product-catalog-dev": "5.0",
        "sales-etl-dev": "5.1",
    }
    ahead = [name for name, job in jobs.items() if KEPT in job["default_arguments"]]
    assert ahead == ["customer-import-dev"]
    assert [finding for check in CHECKS for finding in check(found)] == []
