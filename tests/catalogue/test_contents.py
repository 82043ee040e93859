"""The catalogue says what the repository says: its Terraform code and modules, not its answers."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gluecast.catalogue.contents import Job, Place, Start, catalogue
from gluecast.catalogue.page import rendered, write_page
from gluecast.catalogue.picture import description, wide
from gluecast.cli import main
from gluecast.errors import GluecastError
from job_files import job_with, many_jobs, write
from tasks.examples import RENDERED


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    many_jobs(tmp_path / "repository", 3)
    return tmp_path / "repository"


def job(repository: Path, name: str) -> Job:
    return next(job for job in catalogue(repository).jobs if job.name == name)


def test_the_jobs_of_the_example_are_described() -> None:
    found = catalogue(RENDERED / "src")

    assert (found.project, found.environments) == ("data-platform", ("dev", "prod"))
    assert [job.name for job in found.jobs] == ["customer_import", "product_catalog", "sales_etl"]
    sales = found.jobs[2]
    reads = (Place("s3://data-lake-<env>-bronze", "sales/", ".csv"),)
    assert sales.starts == (
        Start("upload", "sales_etl_file_trigger", reads),
        Start(
            "schedule",
            "sales_etl_schedule",
            reads,
            "cron(0 3 ? * MON *)",
            "UTC",
            "At 03:00, only on Monday",
        ),
    )
    assert sales.output == "s3://data-lake-<env>-silver/sales_etl"
    assert sales.quarantine == "s3://data-lake-<env>-silver/_quarantine/sales_etl"
    assert sales.table == "data_lake_<env>_silver.sales_etl"
    assert sales.version == "v0.2.0"
    assert sales.files == (
        "src/jobs/sales_etl.py",
        "infrastructure/jobs/sales_etl.tf",
        ".copier-answers/sales_etl.yml",
    )
    assert not sales.remarks


def test_edited_terraform_code_counts_and_not_the_answers(repository: Path) -> None:
    path = repository / "infrastructure/jobs/job_000.tf"
    edited = path.read_text().replace('"job_000s/"', '"job_000s/europe/"')
    path.write_text(edited.replace("cron(0 3 ? * MON *)", "rate(6 hours)"))

    upload, schedule = job(repository, "job_000").starts

    assert upload.reads == (Place("s3://data-lake-<env>-bronze", "job_000s/europe/", ".csv"),)
    assert (schedule.expression, schedule.when) == ("rate(6 hours)", "Every 6 hours")
    page = rendered(catalogue(repository))
    assert "job_000s/europe/" in page
    assert "MON" not in page


def test_a_rule_with_batch_is_one_run_for_many_uploads(repository: Path) -> None:
    path = repository / "infrastructure/jobs/job_000.tf"
    suffix = '      suffix      = ".csv"\n'
    batch = "      batch       = { max_files = 200, max_seconds = 60 }\n"
    path.write_text(path.read_text().replace(suffix, suffix + batch))

    found = job(repository, "job_000")

    assert found.starts[0].when == "Up to 200 uploads of 60 s"
    assert description(found).startswith(
        "Up to 200 uploads of 60 s in job_000s/*.csv start job_000 by the rule job_000_file_trigger."
    )
    assert "Up to 200 uploads of 60 s in <code" in " ".join(rendered(catalogue(repository)).split())
    assert "Each upload" not in wide(found).nodes[1].label


def test_where_the_data_lies_is_read_from_the_settings_of_the_runtime(repository: Path) -> None:
    path = repository / "src/glue_runtime/settings.py"
    path.write_text(path.read_text().replace('"data-lake"', '"pond"'))

    assert job(repository, "job_000").output == "s3://pond-<env>-silver/job_000"
    path.unlink()
    assert job(repository, "job_000").output == "s3://data-lake-<env>-silver/job_000"


def test_a_job_that_writes_by_code_of_its_own_has_no_output_here(repository: Path) -> None:
    path = repository / "src/jobs/job_000.py"
    path.write_text(path.read_text().replace("def transform(", "def load("))

    found = job(repository, "job_000")
    assert (found.output, found.quarantine, found.table) == ("", "", "")


def test_what_a_job_says_of_its_table_is_shown_and_found(repository: Path) -> None:
    path = repository / "src/jobs/job_000.py"
    said = (
        'owner = "team@acme.com"\n    column_comments = {"amount": "Euros"}\n\n    def transform('
    )
    path.write_text(path.read_text().replace("def transform(", said))

    page = rendered(catalogue(repository))

    assert "<p>Owner: team@acme.com</p>" in page
    assert "<tr><td><code>amount</code></td><td>Euros</td></tr>" in page
    words = re.search(r'id="job-job_000" data-words="([^"]*)"', page)
    assert words
    assert {"team@acme.com", "euros"} <= set(words[1].split())


def test_a_job_on_a_base_class_of_its_own_has_no_output_here(repository: Path) -> None:
    path = repository / "src/jobs/job_000.py"
    path.write_text(path.read_text().replace("from glue_runtime import", "from common import"))

    assert job(repository, "job_000").output == ""

    assert "or the whole directory where its base class declares it" in rendered(
        catalogue(repository)
    )


def test_what_an_environment_starts_by_itself_is_there(repository: Path) -> None:
    entry = """    {name} = {{
      schedule_expression = "rate({hours} hours)"
      target_arn          = module.data_platform.glue_job_arns["job_000"]
    }}"""
    for environment, hours in (("dev", 6), ("prod", 8)):
        entries = [entry.format(name="both", hours=2), entry.format(name="own", hours=hours)]
        write(
            repository,
            f"infrastructure/environments/{environment}/more.tf",
            'module "more" {\n  source = "../../modules/eventbridge"\n  schedules = {\n'
            + "\n".join(entries)
            + '\n  }\n}\nmodule "other" {\n  source = "./other"\n  schedules = { a = {} }\n}\n',
        )

    starts = job(repository, "job_000").starts[2:]

    assert [(each.name, each.expression, each.environments) for each in starts] == [
        ("both", "rate(2 hours)", ()),
        ("own", "rate(6 hours)", ("dev",)),
        ("own", "rate(8 hours)", ("prod",)),
    ]
    assert "for the whole directory, only in prod<" in rendered(catalogue(repository))


def test_a_job_that_another_one_starts_is_linked_both_ways(repository: Path) -> None:
    path = repository / "infrastructure/jobs/job_000.tf"
    then = 'then = [var.glue_job_arns["job_001"], var.glue_job_arns["job_002"]]\n\n  s3_event_rules'
    path.write_text(path.read_text().replace("s3_event_rules", then, 1))

    assert job(repository, "job_000").next == ("job_001", "job_002")
    [after] = [each for each in job(repository, "job_002").starts if each.kind == "after"]
    assert after.name == "job_000"
    assert [place.pattern for place in after.reads] == ["job_002s/*.json"]
    page = rendered(catalogue(repository))
    assert "started by 3 uploads, 2 other jobs\nand 2 schedules." in page
    assert "A successful run starts job_001 and job_002." in page
    assert "A successful run of job_000 starts job_002 over all of job_002s/*.json." in page
    assert 'Each successful run of <a href="#job-job_000">' in page


def test_a_source_may_be_in_another_bucket(repository: Path) -> None:
    rules = repository / "infrastructure/jobs/job_000.tf"
    rules.write_text(
        rules.read_text().replace('var.s3_buckets["bronze"]', '"acme-${var.environment}"')
    )

    assert job(repository, "job_000").remarks == (
        "job_000_file_trigger starts runs for uploads to s3://acme-<env>, which is not the bucket of the "
        "module's source: scheduled runs do not read it.",
    )

    module = repository / "src/jobs/job_000.py"
    module.write_text(module.read_text().replace("Source(", 'Source(bucket="acme-{env}", '))
    found = job(repository, "job_000")

    assert not found.remarks
    assert {place.bucket for start in found.starts for place in start.reads} == {"s3://acme-<env>"}


def test_what_does_not_fit_together_is_remarked(repository: Path) -> None:
    (repository / "src/jobs/job_001.py").unlink()
    (repository / "infrastructure/jobs/job_002.tf").unlink()
    path = repository / "infrastructure/jobs/job_000.tf"
    path.write_text(path.read_text().replace('"job_000s/"', '"elsewhere/"'))

    remarks = {job.name: job.remarks for job in catalogue(repository).jobs}

    assert remarks == {
        "job_000": (
            "job_000_file_trigger starts runs for uploads of elsewhere/*.csv, which is not a source of the "
            "module: such runs fail.",
        ),
        "job_001": ("There is no module src/jobs/job_001.py, so no job is deployed.",),
        "job_002": (
            "Nothing in infrastructure/jobs or infrastructure/environments starts this job.",
        ),
    }


def test_jobs_of_other_origins_are_there_too(repository: Path) -> None:
    write(repository, "src/jobs/by_hand.py", "class A(BaseGlueJob):\n    sources = ()\n")
    job_with(
        repository,
        "elsewhere",
        rules='a = { bucket_name = "partner", prefix = local.x, suffix = "", target_arn = local.y }',
    )

    names = [job.name for job in catalogue(repository).jobs]

    assert names == ["${local.y}", "by_hand", "job_000", "job_001", "job_002"]
    assert job(repository, "by_hand").version == ""
    [start] = job(repository, "${local.y}").starts
    assert start.reads == (Place("s3://partner", "${local.x}", ""),)


def test_the_same_repository_gives_the_same_bytes(repository: Path, tmp_path: Path) -> None:
    first, count = write_page(repository / "src")
    other = shutil.copytree(repository, tmp_path / "other")
    second, _ = write_page(other, tmp_path / "a/b.html")

    assert count == 3
    assert first == repository / "docs/catalogue.html"
    assert first.read_bytes() == second.read_bytes()
    assert b"\r" not in first.read_bytes()


def test_the_command_says_what_it_wrote(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["docs", str(repository), "--output", str(tmp_path / "page.html")])

    assert left.value.code == 0
    assert capsys.readouterr().out == f"3 jobs in {tmp_path}/page.html\n"


def test_the_command_needs_no_copier(repository: Path) -> None:
    program = (
        "import sys\nfrom gluecast.cli import main\n"
        f"try: main(['docs', {str(repository)!r}])\nexcept SystemExit as left: print(left.code)\n"
        "print('copier' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ran.stdout.splitlines()[1:] == ["0", "False"]


def test_a_page_that_cannot_be_written_is_named(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(
        GluecastError, match=rf"write the page to {tmp_path}, found: Is a directory"
    ):
        write_page(repository, tmp_path)
