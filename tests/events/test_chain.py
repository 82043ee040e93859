"""gluecast adopt --events on Terraform-managed scripts, up to the rows that an upload leaves behind.

In place of Glue's own library the scripts get the stand-in of this folder: what they do with it is
unproven on AWS. All else is deployed as it is, by the real provider, to an emulated AWS.
"""

import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cloud import Cloud
from emulated_aws.server import EmulatedAws, emulated_aws
from glue_runtime.local.java import use_java
from gluecast.adopt.adoption import adopt
from gluecast.cli import main
from gluecast.errors import GluecastError
from gluecast.events.adopt_events import BLOCKS, Events, adopt_events, described
from gluecast.template.bundled import commit
from small_template import git, tree
from tasks.examples import RENDERED
from terraform import initialise, needs_terraform

SHOP = Path(__file__).parents[1] / "inventory/repository"
MONOREPO = Path(__file__).parents[1] / "adoption/monorepo"
STAND_IN = Path(__file__).parent / "glue_stand_in"
OVERRIDE = 'provider "aws" {\n  skip_credentials_validation = true\n  s3_use_path_style = true\n}\n'
HEADER = "id,country\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The scripts of a team and their Terraform code, committed."""
    repository = shutil.copytree(SHOP, tmp_path / "shop")
    git(repository, "init", "--quiet")
    commit(repository, "Our jobs")
    return repository


@pytest.fixture
def adopted(shop: Path, template: Path) -> Events:
    return adopt_events(shop, template=str(template), data={})


def test_scripts_and_terraform_jobs_stay_as_they_are(shop: Path, template: Path) -> None:
    before = tree(shop)

    dry = adopt_events(shop, template=str(template), data={}, dry_run=True)

    assert tree(shop) == before
    events = adopt_events(shop, template=str(template), data={})
    assert events == dry
    after = tree(shop)
    assert {path: after[path] for path in before} == before
    new = {path for path in after if path not in before}
    assert new == set(events.written)
    assert {path.split("/")[1] for path in new} == {BLOCKS, "gluecast", "event_paths.py"}


def test_the_report_names_what_a_run_for_one_object_would_replace(adopted: Events) -> None:
    text = described(adopted, dry_run=False)

    assert (
        "shop-orders-dev: s3://shop-clean/orders/ in line 16 is replaced (overwrite); a run for one "
        "object would leave the rows of that object alone, so uploads start the whole job" in text
    )
    assert 'event_paths("s3://shop-raw/clicks/")' in text
    assert "shop-clicks: its bookmark is on" in text
    assert "shop-returns: a run computes s3://shop-clean/{self.name}/ in line 14 of lib/" in text
    assert "legacy: nothing yet: it is not Python 3" in text
    assert "aws_s3_bucket_notification" not in text


def test_arguments_of_the_jobs_own_keep_their_names(shop: Path, adopted: Events) -> None:
    blocks = (shop / "infra" / BLOCKS).read_text()

    clicks, orders = blocks.split('module "shop_')[1:]
    assert '    env = "event_env"\n' in clicks
    assert '    bucket = "event_bucket"\n' in orders
    assert 'prefix      = "orders/"' in orders  # the bucket is the default of --bucket
    assert "pass_s3_object = false" in orders


def test_a_second_time_changes_nothing_and_edits_are_not_replaced(
    shop: Path, adopted: Events, template: Path
) -> None:
    before = tree(shop)
    adopt_events(shop, template=str(template), data={})
    assert tree(shop) == before

    (shop / "infra" / BLOCKS).write_text("# mine\n")
    with pytest.raises(GluecastError, match=r"expected no infra/gluecast_events\.tf with other"):
        adopt_events(shop, template=str(template), data={})


def test_the_command_prints_what_it_would_write(
    shop: Path, template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--template", str(template)]
    for dry in (["--dry-run"], []):
        with pytest.raises(SystemExit) as left:
            main(["adopt", "--events", *dry, *options, str(shop)])
        assert left.value.code == 0
        printed = capsys.readouterr().out
        assert ("Would be written:" if dry else "\nWritten:") in printed
        assert "  infra/gluecast_events.tf\n" in printed
        assert (shop / "infra" / BLOCKS).exists() is not bool(dry)


def test_a_repository_without_such_jobs_is_refused(tmp_path: Path, template: Path) -> None:
    with pytest.raises(GluecastError, match=r"expected Glue jobs with an input in S3 .* inventory"):
        adopt_events(tmp_path, template=str(template), data={})


# --- on AWS ----------------------------------------------------------------------------------------


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3a: None) -> Iterator[EmulatedAws]:
    monkeypatch.setenv("JAVA_HOME", str(use_java()))
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    folder = tmp_path / "aws"
    folder.mkdir()
    with emulated_aws(folder) as emulated:
        monkeypatch.setenv("AWS_ENDPOINT_URL", emulated.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "emulated")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "emulated")
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield emulated


def terraform(infra: Path, *arguments: str) -> str:
    command = ["terraform", f"-chdir={infra}", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def planned(infra: Path) -> dict[str, list[str]]:
    """What a plan does with each resource, where it does something."""
    terraform(infra, "plan", "-no-color", "-out=planned")
    plan = json.loads(terraform(infra, "show", "-json", "planned"))
    actions = {each["address"]: each["change"]["actions"] for each in plan["resource_changes"]}
    return {address: what for address, what in actions.items() if what not in (["no-op"], ["read"])}


def libraries(*folders: Path) -> bytes:
    """A zip archive of the files in these folders, and of the stand-in."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for folder in (STAND_IN, *folders):
            for path in sorted(folder.rglob("*.*")):
                if path.suffix in (".py", ".toml"):
                    archive.write(path, path.relative_to(folder).as_posix())
    return content.getvalue()


def rows(aws: EmulatedAws, prefix: str, bucket: str = "shop-clean") -> list[Any]:
    """The ids in the Parquet files below a prefix of a bucket."""
    import pyarrow.parquet as pq

    s3: Any = aws.client("s3")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    found: list[Any] = []
    for each in listed:
        if each["Key"].endswith(".parquet"):
            body = s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
            found += pq.read_table(io.BytesIO(body)).column("id").to_pylist()
    return sorted(found)


@needs_terraform
def test_an_upload_starts_a_script_whole_and_with_the_helper_for_its_object_alone(
    shop: Path, template: Path, aws: EmulatedAws
) -> None:
    infra = shop / "infra"
    (infra / "emulated_override.tf").write_text(OVERRIDE)
    initialise(infra)
    terraform(infra, "apply", "-auto-approve")
    s3: Any = aws.client("s3")
    # On AWS, Glue creates the group of its logs.
    aws.client("logs").create_log_group(logGroupName="/aws-glue/jobs/output")
    runtime = RENDERED / "src"
    s3.put_object(Bucket="shop-code", Key="libraries.zip", Body=libraries(runtime))

    def put(key: str, body: str) -> object:
        return s3.put_object(Bucket="shop-raw", Key=key, Body=f"{HEADER}{body}".encode())

    script = shop / "glue/clicks.py"
    s3.put_object(Bucket="shop-code", Key="glue/clicks.py", Body=script.read_bytes())
    put("clicks/old.csv", "1,de\n")
    put("orders/old.csv", "1,de\n")

    adopt_events(shop, template=str(template), data={})
    initialise(infra)
    plan = planned(infra)
    assert {tuple(what) for what in plan.values()} == {("create",)}
    assert {address.split(".")[1] for address in plan} == {
        "shop_clicks_events",
        "shop_orders_dev_events",
    }
    terraform(infra, "apply", "-auto-approve")

    cloud = Cloud(aws, {})
    [ended] = cloud.started_by(lambda: put("clicks/new.csv", "2,fr\n"))
    assert ended["status"] == "SUCCEEDED", ended
    assert rows(aws, "clicks/") == ["1", "2"]
    [ended] = cloud.started_by(lambda: put("orders/new.csv", "2,fr\n"))
    assert ended["status"] == "SUCCEEDED", ended
    assert rows(aws, "orders/") == ["1", "2"]
    cloud.started_by(lambda: put("clicks/readme.txt", ""))
    assert len(runs(aws, "shop-clicks")) == 1

    # The owner gives the helper to the reader, and switches the block over.
    code = script.read_text()
    path = '"s3://shop-raw/clicks/"'
    code = code.replace(f"[{path}]", f"event_paths({path})")
    code = code.replace("import sys\n", "import sys\n\nfrom event_paths import event_paths\n")
    s3.put_object(Bucket="shop-code", Key="glue/clicks.py", Body=code.encode())
    with_helper = libraries(runtime, shop / "glue")
    s3.put_object(Bucket="shop-code", Key="libraries.zip", Body=with_helper)
    blocks = infra / BLOCKS
    switched = blocks.read_text().replace("pass_s3_object = false", "pass_s3_object = true", 1)
    blocks.write_text(switched)
    terraform(infra, "apply", "-auto-approve")

    [ended] = cloud.started_by(lambda: put("clicks/third.csv", "3,it\n"))

    assert ended["status"] == "SUCCEEDED", ended
    assert rows(aws, "clicks/") == ["1", "2", "3"]
    [run] = [run for run in runs(aws, "shop-clicks") if "--object_key" in run["Arguments"]]
    assert run["Arguments"]["--object_key"] == "clicks/third.csv"
    assert run["Arguments"]["--event_env"] == "dev"
    assert run["Arguments"]["--env"] == "dev"


JOBS_TF = """
module "jobs" {
  source = "../infrastructure/jobs"

  environment    = var.stage
  s3_buckets     = { for zone, bucket in aws_s3_bucket.zones : zone => bucket.bucket }
  glue_job_arns  = { for name, job in aws_glue_job.jobs : name => job.arn }
  pass_s3_object = true
}

resource "aws_s3_bucket_notification" "bronze" {
  bucket      = aws_s3_bucket.zones["bronze"].bucket
  eventbridge = true
}
"""
INVOICES_TF = """
module "invoices" {
  source = "../modules/eventbridge"

  environment    = var.environment
  pass_s3_object = var.pass_s3_object

  s3_event_rules = {
    invoices = {
      bucket_name = var.s3_buckets["bronze"]
      prefix      = "invoices/"
      suffix      = ".csv"
      target_arn  = var.glue_job_arns["invoices"]
    }
  }
}
"""


@needs_terraform
def test_an_upload_starts_a_job_of_an_adopted_base_class_for_its_object_alone(
    tmp_path: Path, template: Path, aws: EmulatedAws
) -> None:
    billing = shutil.copytree(MONOREPO, tmp_path / "company") / "services/billing"
    git(tmp_path / "company", "init", "--quiet")
    commit(tmp_path / "company", "Our services")
    infra = billing / "terraform"
    (infra / "emulated_override.tf").write_text(OVERRIDE)
    initialise(infra)
    terraform(infra, "apply", "-auto-approve")
    aws.client("logs").create_log_group(logGroupName="/aws-glue/jobs/output")
    s3: Any = aws.client("s3")

    adopt(billing, template=str(template), data={}, defaults=True, base_class="BaseETL")
    (infra / "jobs.tf").write_text(JOBS_TF)
    (billing / "infrastructure/jobs/invoices.tf").write_text(INVOICES_TF)
    initialise(infra)
    assert {tuple(what) for what in planned(infra).values()} == {("create",)}
    terraform(infra, "apply", "-auto-approve")

    def put(key: str, body: bytes, zone: str = "bronze") -> object:
        return s3.put_object(Bucket=f"billing-dev-{zone}", Key=key, Body=body)

    put("libraries.zip", libraries(billing / "glue", billing / "src"), "code")
    put("etl/invoices.py", (billing / "glue/etl/invoices.py").read_bytes(), "code")
    cloud = Cloud(aws, {})

    def upload(name: str) -> object:
        folder = billing / "tests/test_data/invoices/invoices"
        return put(f"invoices/{name}", (folder / name).read_bytes())

    written = []
    for name in ("old.csv", "new.csv"):
        [ended] = cloud.started_by(partial(upload, name))
        errors = [run.get("ErrorMessage") for run in runs(aws, "billing-invoices-dev")]
        assert ended["status"] == "SUCCEEDED", errors
        written.append(rows(aws, "billing-invoices-dev/", "billing-dev-silver"))

    # Each run appends the rows of its file; the whole directory would bring the first again.
    # The platform infers the types of files without a declared schema.
    assert written == [[1], [1, 3]]


def runs(aws: EmulatedAws, job: str) -> list[dict[str, Any]]:
    glue: Any = aws.client("glue")
    found: list[dict[str, Any]] = glue.get_job_runs(JobName=job)["JobRuns"]
    return found
