"""New jobs have a narrow role, an update narrows none, and check says what narrowing takes and breaks."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import copier
import pytest

from gluecast.errors import ExitCode
from gluecast.jobs.check import check, described
from gluecast.jobs.rename import rename
from gluecast.template.bundled import TEMPLATE_ROOT, commit
from gluecast.update.update import update
from rendering import Copy, copied
from small_template import git

JSON = "template/{{ job }}/infrastructure/jobs/{{ job_name }}.json.jinja"


@pytest.fixture(scope="module")
def prepared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job with a narrow role and one with a wide role, committed."""
    repository = tmp_path_factory.mktemp("prepared") / "repository"
    copied(template, repository, job_name="sales_etl")
    copied(template, repository, job_name="orders", suffix=".json", rights="wide")
    git(repository, "init", "--quiet")
    commit(repository, "All of it")
    return repository


@pytest.fixture
def repository(prepared: Path, tmp_path: Path) -> Path:
    """The same, for one test to change."""
    return shutil.copytree(prepared, tmp_path / "repository", symlinks=True)


def declared(repository: Path, job: str) -> dict[str, Any]:
    text = (repository / f"infrastructure/jobs/{job}.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def declare(repository: Path, job: str, **settings: Any) -> None:
    path = repository / f"infrastructure/jobs/{job}.json"
    path.write_text(json.dumps({**declared(repository, job), **settings}))


def in_module(repository: Path, job: str, old: str, new: str) -> None:
    path = repository / f"src/jobs/{job}.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def before_the_question(template: Path) -> None:
    """Take the narrow roles out of a template, as in the releases before them."""
    questions = template / "copier.yml"
    text = re.sub(r"\nrights:\n(?:  .*\n)+", "\n", questions.read_text())
    text = re.sub(r" \+ \(\[\] if rights [^)]*\) != 'wide' else \['rights'\]\)", "", text)
    questions.write_text(text)
    declaration = template / JSON
    text = re.sub(r"\{\{ ' Its role.*?\}\}", "", declaration.read_text())
    declaration.write_text(re.sub(r"\{%- if rights .*?endif %\}\n", "", text, flags=re.DOTALL))
    assert "rights" not in questions.read_text() + declaration.read_text()


def test_a_new_job_reads_its_prefix_alone(repository: Path) -> None:
    assert declared(repository, "sales_etl")["reads"] == {"bronze": ["sales/"]}
    assert 'rights: "narrow"' in (repository / ".copier-answers/sales_etl.yml").read_text()


@pytest.mark.parametrize("tool", ["gluecast", "copier"])
def test_an_update_narrows_no_job_and_a_new_job_is_narrow(
    copy: Copy, own_template: Path, tool: str
) -> None:
    today = {name: (own_template / name).read_text() for name in ("copier.yml", JSON)}
    before_the_question(own_template)
    commit(own_template, "An older template", tag="v0.2.0")
    repository = copy(job_name="sales_etl", source=own_template)
    git(repository, "init", "--quiet")
    commit(repository, "A job")
    before = (repository / "infrastructure/jobs/sales_etl.json").read_bytes()
    for name, text in today.items():
        (own_template / name).write_text(text)
    commit(own_template, "With narrow roles", tag="v9.0.0")

    if tool == "gluecast":
        update(repository, to="v9.0.0", say=lambda line: None)
    else:
        for answers in (".copier-answers/_platform.yml", ".copier-answers/sales_etl.yml"):
            options = {"answers_file": answers, "vcs_ref": "v9.0.0", "quiet": True}
            copier.run_update(repository, **options, defaults=True, overwrite=True)
            commit(repository, "Updated")
    copy(job_name="orders", target=repository, source=own_template)

    answers = (repository / ".copier-answers/sales_etl.yml").read_text()
    assert "v9.0.0" in answers and "rights" not in answers
    assert (repository / "infrastructure/jobs/sales_etl.json").read_bytes() == before
    assert declared(repository, "orders")["reads"] == {"bronze": ["orders/"]}


def test_a_renamed_job_keeps_its_rights_and_its_table(repository: Path) -> None:
    rename(repository, "sales_etl", "sales")

    found = declared(repository, "sales")
    assert found["deployed_name"] == "sales_etl"
    assert found["reads"] == {"bronze": ["sales/"]}


def test_check_lists_a_wide_role_with_what_narrows_it_and_it_is_no_fault(repository: Path) -> None:
    findings = check(repository)

    assert findings.exit_code == ExitCode.OK
    assert described(findings).splitlines() == [
        "Up to date, no edits, no problems.",
        "wide (1): the roles of these jobs read all of bronze, and write all of silver and gold; to narrow one",
        '  orders: add "reads": {"bronze": ["orders/"]} to infrastructure/jobs/orders.json; this breaks '
        "nothing that its code shows",
    ]
    page = (TEMPLATE_ROOT / "docs/updating.md").read_text()
    assert described(findings).splitlines()[1].partition(":")[2] in page
    assert findings.as_json()["wide"] == {
        "orders": {"narrow": {"reads": {"bronze": ["orders/"]}}, "breaks": []}
    }


def test_the_line_that_check_gives_narrows_the_role(repository: Path) -> None:
    declare(repository, "orders", **check(repository).wide["orders"].narrow)

    findings = check(repository)

    assert (findings.wide, findings.problems) == ({}, [])


def test_a_source_that_a_wide_job_looks_up_is_among_its_reads(repository: Path) -> None:
    in_module(
        repository,
        "orders",
        'return self.load_data("orders")',
        'return self.load_data("orders").join(self.load_data("customers"), "id")',
    )

    assert check(repository).wide["orders"].narrow == {
        "reads": {"bronze": ["customers/", "orders/"]}
    }


def test_a_job_without_a_json_file_is_told_to_declare_its_name_too(repository: Path) -> None:
    (repository / "infrastructure/jobs/orders.json").unlink()

    assert check(repository).wide["orders"].narrow == {
        "deployed_name": "orders",
        "reads": {"bronze": ["orders/"]},
    }


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        (
            'self.load_data("orders")',
            'self.spark.read.parquet("s3://shop/rates/")',
            "the read of s3://shop/rates/ (line ",
        ),
        (
            "    def transform(",
            "    def load(self, df: DataFrame) -> None:\n"
            '        df.write.mode("append").parquet("s3://shop/orders/")\n\n    def transform(',
            "the write of s3://shop/orders/ (line ",
        ),
        (
            "    def transform(",
            "    def load(self, df: DataFrame) -> None:\n        write(df)\n\n    def transform(",
            "its own load(), unless it writes the job's own table",
        ),
        ('prefix="orders/"', "prefix=PREFIX", "a source whose prefix a run computes (PREFIX)"),
        ("sources = (", "sources = declared(", "sources that a run computes"),
        (
            "from glue_runtime import BaseGlueJob, Source",
            "from glue_runtime import Source\nfrom common.base import BaseGlueJob",
            "what its base class in another module reads and writes",
        ),
    ],
)
def test_check_lists_what_narrowing_would_break(
    repository: Path, old: str, new: str, broken: str
) -> None:
    in_module(repository, "orders", old, new)

    findings = check(repository)

    [found] = findings.wide["orders"].breaks
    assert found.startswith(broken)
    assert f"this may break {found}" in described(findings)


def test_an_argument_that_glue_fetches_from_s3_breaks_too(repository: Path) -> None:
    declare(repository, "orders", default_arguments={"--extra-files": "s3://shop/f", "--a": "b"})

    assert check(repository).wide["orders"].breaks == ("--extra-files s3://shop/f",)


def test_a_narrow_job_that_looks_up_what_its_role_may_not_read_is_a_problem(
    repository: Path,
) -> None:
    in_module(
        repository,
        "sales_etl",
        'return self.load_data("sales")',
        'return self.load_data("sales").join(self.load_data("customers"), "id")',
    )

    findings = check(repository)

    [problem] = findings.problems
    assert "its role may not read customers/, which src/jobs/sales_etl.py names" in problem
    assert 'write "reads": {"bronze": ["customers/", "sales/"]}' in problem
    assert findings.exit_code & ExitCode.PROBLEM
    declare(repository, "sales_etl", reads={"bronze": ["customers/", "sales/"]})
    assert check(repository).problems == []


def test_a_rule_for_uploads_that_the_role_may_not_read_is_a_problem(repository: Path) -> None:
    rules = repository / "infrastructure/jobs/sales_etl.tf"
    rules.write_text(rules.read_text().replace('"sales/"', '"returns/"'))

    [problem] = check(repository).problems

    assert "may not read returns/, which infrastructure/jobs/sales_etl.tf names" in problem


def test_rights_of_further_statements_are_not_judged(repository: Path) -> None:
    allowed = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::lake/*"]}

    declare(repository, "sales_etl", reads={}, policy_statements=[allowed])

    assert check(repository).problems == []


def test_a_platform_from_before_knows_no_reads(repository: Path) -> None:
    main = repository / "infrastructure/modules/data_platform/main.tf"
    main.write_text(main.read_text().replace('"reads",', ""))

    assert check(repository).wide == {}


def test_the_role_of_a_job_reads_the_bucket_of_its_source(repository: Path) -> None:
    for job in ("sales_etl", "orders"):
        in_module(repository, job, "Source(", 'Source(bucket="acme-landing-{env}", ')
        in_rules = repository / f"infrastructure/jobs/{job}.tf"
        bucket = '"acme-landing-${var.environment}"'
        in_rules.write_text(in_rules.read_text().replace('var.s3_buckets["bronze"]', bucket))

    findings = check(repository)

    assert findings.wide["orders"].narrow == {"reads": {"s3://acme-landing-{env}": ["orders/"]}}
    [problem] = findings.problems
    assert "may not read s3://acme-landing-{env}:sales/" in problem
    assert problem.endswith(
        'write "reads": {"bronze": ["sales/"], "s3://acme-landing-{env}": ["sales/"]}'
    )
