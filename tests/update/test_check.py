"""gluecast check: outdated layers, edited files, and problems that span several jobs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gluecast.cli import main
from gluecast.errors import ExitCode
from gluecast.jobs.check import Findings, check, described
from gluecast.template.bundled import commit
from rendering import copied
from small_template import SmallTemplate, git

CLEAN = Findings({}, {}, [])


@pytest.fixture(scope="module")
def prepared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two jobs of the real template, committed."""
    repository = copied(
        template, tmp_path_factory.mktemp("prepared") / "repository", job_name="sales_etl"
    )
    copied(template, repository, job_name="orders", suffix=".json")
    git(repository, "init", "--quiet")
    commit(repository, "All of it")
    return repository


@pytest.fixture
def repository(prepared: Path, tmp_path: Path) -> Path:
    """The same, for one test to change."""
    return shutil.copytree(prepared, tmp_path / "repository", symlinks=True)


def edit(repository: Path, path: str, old: str, new: str) -> None:
    text = (repository / path).read_text()
    assert old in text
    (repository / path).write_text(text.replace(old, new))


def test_a_fresh_repository_has_no_findings(repository: Path) -> None:
    assert check(repository / "src") == CLEAN
    assert "Up to date" in described(CLEAN)


def test_an_edit_of_the_templates_files_is_drift_and_one_of_yours_is_not(repository: Path) -> None:
    edit(repository, "src/glue_runtime/base_job.py", "import", "import  ")
    (repository / "Makefile").unlink()
    edit(repository, "src/jobs/sales_etl.py", "lower", "upper")

    findings = check(repository)

    assert findings == Findings({}, {"_platform": ["Makefile", "src/glue_runtime/base_job.py"]}, [])
    assert findings.exit_code == ExitCode.EDITED
    assert "Makefile" in described(findings)


def plant_overlap(repository: Path) -> None:
    edit(repository, "infrastructure/jobs/orders.tf", '"orders/"', '"sales/new/"')
    edit(repository, "infrastructure/jobs/orders.tf", '".json"', '"_full.csv"')


def plant_overlap_in_an_environment(repository: Path) -> None:
    rule = """module "legacy" {
      source = "../../modules/eventbridge"
      s3_event_rules = {
        legacy = {
          bucket_name = module.data_platform.s3_buckets["bronze"]
          prefix = "sales/"
          suffix = ".csv"
          target_arn = module.data_platform.glue_job_arns["legacy"]
        }
      }
    }"""
    (repository / "infrastructure/environments/dev/legacy.tf").write_text(rule)


def plant_overlap_of_one_of_several_prefixes(repository: Path) -> None:
    edit(repository, "infrastructure/jobs/orders.tf", "prefix ", "prefixes ")
    edit(repository, "infrastructure/jobs/orders.tf", '"orders/"', '["orders/", "sales/"]')
    edit(repository, "infrastructure/jobs/orders.tf", "suffix ", "suffixes ")
    edit(repository, "infrastructure/jobs/orders.tf", '".json"', '[".json", ".csv"]')


def plant_a_rule_of_the_same_name(repository: Path) -> None:
    edit(
        repository, "infrastructure/jobs/orders.tf", "orders_file_trigger", "sales_etl_file_trigger"
    )


def plant_a_schedule_of_the_same_name(repository: Path) -> None:
    edit(repository, "infrastructure/jobs/orders.tf", "orders_schedule", "sales_etl_schedule")


def plant_loop(repository: Path) -> None:
    edit(repository, "infrastructure/jobs/orders.tf", '"bronze"', '"silver"')
    edit(repository, "infrastructure/jobs/orders.tf", '"orders/"', '"sales_etl/"')


LANDING = '"acme-landing-${var.environment}"'


def plant_rule_of_another_bucket(repository: Path) -> None:
    edit(repository, "infrastructure/jobs/orders.tf", 'var.s3_buckets["bronze"]', LANDING)


def plant_source_of_another_bucket(repository: Path) -> None:
    declare_bucket(repository, "acme-landing-{env}")


def plant_rule_of_another_zone(repository: Path) -> None:
    edit(repository, "infrastructure/jobs/orders.tf", '"bronze"', '"gold"')


def declare_bucket(repository: Path, bucket: str) -> None:
    """Let the job's source be in this bucket."""
    declared = f'suffix=".json",\n            bucket="{bucket}",'
    edit(repository, "src/jobs/orders.py", 'suffix=".json",', declared)


def plant_duplicate(repository: Path) -> None:
    answers = repository / ".copier-answers"
    text = (answers / "orders.yml").read_text()
    (answers / "orders2.yml").write_text(text)


def plant_near_duplicate(repository: Path) -> None:
    text = (repository / ".copier-answers/orders.yml").read_text()
    (repository / ".copier-answers/orders_job.yml").write_text(
        text.replace('"orders"', '"orders_job"')
    )


def plant_long_job(repository: Path) -> None:
    (repository / f"src/jobs/{'a' * 55}.py").write_text("# by hand\n")


def plant_long_rule(repository: Path) -> None:
    edit(repository, "infrastructure/jobs/orders.tf", "orders_file_trigger", "o" * 64)


def plant_long_prefix(repository: Path) -> None:
    path = repository / "infrastructure/environments/prod/terraform.tfvars"
    path.write_text('# name_prefix = "x"\nregion = "eu-west-1"\nname_prefix="mart" # short\n')
    edit(repository, "infrastructure/jobs/orders.tf", "orders_file_trigger", "o" * 56)


def plant_bad_answer(repository: Path) -> None:
    edit(repository, ".copier-answers/orders.yml", 'prefix: "orders/"', 'prefix: "/orders"')


def plant_markers(repository: Path) -> None:
    markers = "<<<<<<< before updating\nmine\n=======\n>>>>>>> after updating\n"
    (repository / "src/jobs/orders.py").write_text(markers)


def plant_name_of_another(repository: Path) -> None:
    edit(repository, "src/jobs/orders.py", '"orders")', '"sales_etl")')
    edit(repository, "infrastructure/jobs/orders.json", '"orders"', '"sales_etl"')


def plant_name_in_a_variable(repository: Path) -> None:
    edit(repository, "src/jobs/orders.py", '.main("orders")', ".main(NAME)")


def plant_answers_alone(repository: Path) -> None:
    (repository / "src/jobs/orders.py").unlink()


def then(repository: Path, job: str, next_job: str) -> None:
    """Let a job's successful runs start another one."""
    edit(
        repository,
        f"infrastructure/jobs/{job}.tf",
        "  s3_event_rules = {",
        f'  then = [var.glue_job_arns["{next_job}"]]\n\n  s3_event_rules = {{',
    )


def plant_circle(repository: Path) -> None:
    then(repository, "sales_etl", "orders")
    then(repository, "orders", "sales_etl")


def plant_next_job_without_machine(repository: Path) -> None:
    then(repository, "sales_etl", "orders")
    (repository / "infrastructure/jobs/orders.tf").write_text("# another job starts it\n")


def plant_machine_that_nothing_starts(repository: Path) -> None:
    started_by_others(repository, "orders")


def started_by_others(repository: Path, job: str) -> None:
    """Leave a job its machine, without an upload or a schedule."""
    (repository / f"infrastructure/jobs/{job}.tf").write_text(
        f'module "{job}" {{\n  source = "../modules/eventbridge"\n'
        f'  started_by_others = [var.glue_job_arns["{job}"]]\n}}\n'
    )


def plant_no_trigger(repository: Path) -> None:
    (repository / "infrastructure/jobs/orders.tf").write_text("# nothing yet\n")


def plant_broken_terraform(repository: Path) -> None:
    (repository / "infrastructure/jobs/orders.tf").write_text("module {")


@pytest.mark.parametrize(
    ("plant", "problem"),
    [
        (
            plant_overlap,
            r"found sales_etl (sales/*.csv) and orders (sales/new/*_full.csv) in bronze",
        ),
        (
            plant_overlap_in_an_environment,
            r"found sales_etl (sales/*.csv) and legacy (sales/*.csv)",
        ),
        (
            plant_overlap_of_one_of_several_prefixes,
            r"found orders (sales/*.csv) and sales_etl (sales/*.csv) in bronze",
        ),
        (
            plant_a_rule_of_the_same_name,
            "each rule in infrastructure/jobs, found sales_etl_file_trigger for orders and sales_etl",
        ),
        (
            plant_a_schedule_of_the_same_name,
            "each schedule in infrastructure/jobs, found sales_etl_schedule for orders and sales_etl",
        ),
        (plant_loop, r"sales_etl writes to silver:sales_etl/, where each file starts orders"),
        (
            plant_rule_of_another_bucket,
            "its source, bronze, found acme-landing-{env}, which scheduled runs do not read; write "
            'Source(..., bucket="acme-landing-{env}") in src/jobs/orders.py',
        ),
        (
            plant_source_of_another_bucket,
            "the bucket of its source, acme-landing-{env}, found bronze, which",
        ),
        (
            plant_rule_of_another_zone,
            'Source(..., bucket="data-lake-{env}-gold") in src/jobs/orders.py',
        ),
        (plant_duplicate, r"found orders in 2 answers files"),
        (plant_near_duplicate, r"found orders and orders_job"),
        (
            plant_long_job,
            r"in aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-prod-schedules",
        ),
        (plant_long_rule, r"characters on AWS, found 69 in prod-ooo"),
        (plant_long_prefix, r"characters on AWS, found 66 in mart-prod-ooo"),
        (plant_bad_answer, r"orders at v0.1.0: Validation error for question 'prefix'"),
        (plant_markers, r"conflict markers, found some in src/jobs/orders.py"),
        (plant_name_of_another, r"that orders and sales_etl are sales_etl there"),
        (plant_name_in_a_variable, r"in src/jobs/orders.py, below"),
        (plant_answers_alone, r"expected src/jobs/orders.py of the job in .copier-answers/orders"),
        (plant_no_trigger, r"an upload or a schedule that starts orders, found none"),
        (plant_circle, r"found that sales_etl starts orders starts sales_etl; take"),
        (plant_next_job_without_machine, r"expected orders, which sales_etl starts, to have a sta"),
        (plant_machine_that_nothing_starts, r"a schedule that starts orders, found none"),
        (plant_broken_terraform, r"expected Terraform code in"),
    ],
)
def test_a_planted_fault_is_found(
    repository: Path, plant: Callable[[Path], None], problem: str
) -> None:
    plant(repository)

    findings = check(repository)

    assert any(problem in found for found in findings.problems), findings.problems
    assert findings.exit_code & ExitCode.PROBLEM


def test_a_job_that_another_one_starts_is_no_problem(repository: Path) -> None:
    then(repository, "sales_etl", "orders")
    started_by_others(repository, "orders")

    assert not check(repository).problems


def test_a_bucket_that_a_run_computes_is_no_problem(repository: Path) -> None:
    plant_rule_of_another_bucket(repository)
    edit(repository, "src/jobs/orders.py", 'suffix=".json",', 'suffix=".json",\n bucket=f(1),')

    assert not check(repository).problems


@pytest.mark.parametrize(
    ("zone", "bucket"),
    [(LANDING, "acme-landing-{env}"), ('var.s3_buckets["gold"]', "data-lake-{env}-gold")],
)
def test_a_rule_and_a_source_of_the_same_bucket_are_no_problem(
    repository: Path, zone: str, bucket: str
) -> None:
    edit(repository, "infrastructure/jobs/orders.tf", 'var.s3_buckets["bronze"]', zone)
    declare_bucket(repository, bucket)
    reads = json.dumps({f"s3://{bucket}" if "acme" in bucket else "gold": ["orders/"]})
    edit(repository, "infrastructure/jobs/orders.json", '{ "bronze": ["orders/"] }', reads)

    assert not check(repository).problems


GUARD = 'if __name__ == "__main__":\n'


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (GUARD + '    J.main("hand_made")\n', None),
        (GUARD + '    J.main(\n        "hand_made",\n    )\n', None),
        (
            GUARD + '    cli = 1\n    J.main("another_name")\n',
            'found main("another_name") in src/jobs/hand_made.py and no such file',
        ),
        ("NAME = 'hand_made'\n" + GUARD + "    J.main(NAME)\n", "J.main(NAME)"),
        (GUARD + '    J.main(f"hand_{1}")\n', "J.main(f'hand_{1}')"),
        (GUARD + '    J.main(job_name="hand_made")\n', "J.main(job_name='hand_made')"),
        (GUARD + '    jobs.J.main("hand_made")\n', "jobs.J.main('hand_made')"),
        (GUARD + '    sys.exit(J.main("hand_made"))\n', "the call inside another statement"),
        (GUARD + '    J.main("a")\n    J.main("b")\n', "2 calls of main()"),
        (GUARD + '    J("hand_made").run()\n', "no calls of main()"),
        ('J.main("hand_made")\n', "no calls of main()"),
        ("if:\n", "code that Python cannot parse"),
        (GUARD.strip() + ' J.main("other")\n', 'found main("other")'),
        (GUARD + '    J.main("Hand-Made")\n', 'found main("Hand-Made")'),
        ('"""Not\n    J.main("other")\n"""\n' + GUARD + '    J.main("hand_made")\n', None),
        ('def run():\n    cli.main("other")\n' + GUARD + '    J.main("hand_made")\n', None),
    ],
)
def test_a_name_on_aws_that_the_module_does_not_say_for_sure_is_a_problem(
    repository: Path, code: str, found: str | None
) -> None:
    (repository / "src/jobs/hand_made.py").write_text(code)

    problems = check(repository).problems

    assert [found in each for each in problems] == [True] if found else problems == []


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ('{"deployed_name": "another_name"}', None),
        (
            '{"deployed_name": "hand_made"}',
            'found "hand_made" in infrastructure/jobs/hand_made.json, which names it on AWS, and '
            'main("another_name") in src/jobs/hand_made.py',
        ),
        ("{}", "in infrastructure/jobs/hand_made.json, found KeyError"),
        ("[]", "in infrastructure/jobs/hand_made.json, found TypeError"),
        ("<<<<<<<", "in infrastructure/jobs/hand_made.json, found JSONDecodeError"),
        ('{"deployed_name": 1}', "expected a text as deployed_name in infrastructure/jobs"),
    ],
)
def test_a_declared_name_is_compared_with_the_one_that_main_is_given(
    repository: Path, declared: str, found: str | None
) -> None:
    (repository / "src/jobs/hand_made.py").write_text(GUARD + '    J.main("another_name")\n')
    (repository / "infrastructure/jobs/hand_made.json").write_text(declared)

    problems = check(repository).problems

    assert [found in each for each in problems] == [True] if found else problems == []


def test_the_codes_of_outdated_and_edited_layers_add_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = SmallTemplate(tmp_path / "template")
    owned = "# Owned by the gluecast template: ...\n"
    small.write("{{ platform }}/owned.txt", owned)
    small.release("v1.1.0")
    repository = small.repository(tmp_path / "repository", "sales", version="v1.1.0")
    small.release("v2.0.0rc1")
    assert check(repository) == CLEAN
    small.release("v2.0.0")
    (repository / "owned.txt").write_text(owned + "mine\n")

    with pytest.raises(SystemExit) as left:
        main(["check", str(repository), "--json"])

    assert left.value.code == ExitCode.OUTDATED + ExitCode.EDITED
    assert json.loads(capsys.readouterr().out) == {
        "behind": {
            name: {"version": "v1.1.0", "newest": "v2.0.0"} for name in ("_platform", "sales")
        },
        "drifted": {"_platform": ["owned.txt"]},
        "problems": [],
        "wide": {},
    }


@pytest.mark.parametrize(
    "spoil",
    [
        lambda known: [],
        lambda known: None,
        lambda known: {name: {"of": each["of"]} for name, each in known.items()},
        lambda known: {name: {**each, "files": None} for name, each in known.items()},
        lambda known: {name: {**each, "files": {"a": [1]}} for name, each in known.items()},
    ],
)
def test_a_memory_of_another_form_is_as_good_as_none(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    small = SmallTemplate(tmp_path / "template")
    repository = small.repository(tmp_path / "repository", "sales")
    check(repository)
    memory = repository / ".git/gluecast/written.json"
    known = json.loads(memory.read_text())
    memory.write_text(json.dumps(spoil(known)))

    assert check(repository) == CLEAN
    assert json.loads(memory.read_text()) == known


def test_without_releases_a_newer_commit_is_what_one_is_behind(tmp_path: Path) -> None:
    small = SmallTemplate(tmp_path / "template")
    git(small.folder, "tag", "--delete", "v1.0.0")
    repository = small.repository(tmp_path / "repository", "sales", version="HEAD")
    assert check(repository) == CLEAN

    commit(small.folder, "A fix")

    assert set(check(repository).outdated) == {"_platform", "sales"}


def test_an_unfinished_merge_is_a_problem(tmp_path: Path) -> None:
    small = SmallTemplate(tmp_path / "template")
    repository = small.repository(tmp_path / "repository", "sales")
    git(repository, "checkout", "-q", "-b", "other")
    (repository / "src/base.py").write_text("one\n")
    commit(repository, "One")
    git(repository, "checkout", "-q", "main")
    (repository / "src/base.py").write_text("two\n")
    commit(repository, "Two")
    with pytest.raises(Exception, match="merge"):
        git(repository, "-c", "user.name=a", "-c", "user.email=a@a", "merge", "other")

    assert any("src/base.py unmerged" in found for found in check(repository).problems)
