"""gluecast rename and gluecast remove: every file of a job, and no edit is lost."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gluecast.cli import main
from gluecast.errors import ExitCode, GluecastError
from gluecast.jobs.check import check
from gluecast.jobs.remove import remove
from gluecast.jobs.rename import rename
from gluecast.template.bundled import commit
from gluecast.update.update import abort_update, continue_update, update
from rendering import Copy
from small_template import JOB, SmallTemplate, git, tree


@pytest.fixture
def small(tmp_path: Path) -> SmallTemplate:
    return SmallTemplate(tmp_path / "template")


@pytest.fixture
def repository(small: SmallTemplate, tmp_path: Path) -> Path:
    return small.repository(tmp_path / "repository", "sales", "orders")


def edit_and_commit(repository: Path, path: str, old: str, new: str) -> None:
    text = (repository / path).read_text()
    assert old in text
    (repository / path).write_text(text.replace(old, new))
    commit(repository, "An edit")


def test_a_renamed_job_is_the_job_as_if_it_always_had_the_name(copy: Copy, tmp_path: Path) -> None:
    """Of the real template: with the prefix kept, since the files in the bucket stay; and with the
    name on AWS.
    """
    kept = {"deployed_name": "sales_etl", "former_names": ["sales_etl"]}
    repository = copy(job_name="sales_etl", project_name="same")
    copy(job_name="other", project_name="same")
    fresh = tmp_path / "fresh"
    copy(job_name="revenue", prefix="sales/", target=fresh, project_name="same", **kept)
    copy(job_name="other", target=fresh, project_name="same")
    git(repository, "init", "--quiet")
    commit(repository, "All of it")

    outcome = rename(repository / "src", "sales_etl", "revenue")

    assert tree(repository) == tree(fresh)
    assert "src/jobs/sales_etl.py -> src/jobs/revenue.py" in outcome.files
    commit(repository, "Renamed")
    assert not check(repository).problems


def test_edits_own_files_and_deletions_move_along(copy: Copy) -> None:
    repository = copy(job_name="shop_sales", prefix="landing/")
    git(repository, "init", "--quiet")
    (repository / "tests/test_data/shop_sales/landing/mine.csv").write_text("id\n")
    (repository / "tests/integration/test_shop_sales.py").unlink()
    (repository / "notes.md").write_text("about shop_sales\n")
    edit_and_commit(repository, "src/jobs/shop_sales.py", "F.lower", "F.upper")

    outcome = rename(repository, "shop_sales", "revenue")

    assert "F.upper" in (repository / "src/jobs/revenue.py").read_text()
    assert "RevenueJob" in (repository / "src/jobs/revenue.py").read_text()
    assert (repository / "tests/test_data/revenue/landing/mine.csv").exists()
    assert not (repository / "tests/integration/test_revenue.py").exists()
    assert not list(repository.glob("**/*shop_sales*"))
    assert outcome.mentions == ["notes.md"]


def test_a_renamed_job_is_updated_like_any_other(small: SmallTemplate, repository: Path) -> None:
    edit_and_commit(repository, "src/jobs/sales.py", "line 18", "line 18, mine")
    rename(repository, "sales", "revenue")
    commit(repository, "Renamed")
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")

    update(repository, say=lambda line: None)

    text = (repository / "src/jobs/revenue.py").read_text()
    assert text.startswith("# revenue\n")
    assert "line 02, fixed" in text
    assert "line 18, mine" in text


def test_a_conflict_of_a_rename_is_resolved_or_taken_back(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_and_commit(repository, "src/jobs/sales.py", "# sales", "# sales, mine")
    before = tree(repository)

    with pytest.raises(SystemExit) as left:
        main(["rename", "sales", "revenue", str(repository)])

    assert left.value.code == ExitCode.CONFLICT
    assert "conflict in src/jobs/revenue.py" in capsys.readouterr().out
    assert "# sales, mine" in (repository / "src/jobs/revenue.py").read_text()
    abort_update(repository)
    assert tree(repository) == before
    assert git(repository, "status", "--porcelain") == ""

    rename(repository, "sales", "revenue")
    (repository / "src/jobs/revenue.py").write_text("# resolved\n")
    commit(repository, "Renamed")
    assert continue_update(repository) == []


def test_a_name_that_is_refused_or_taken_changes_nothing(repository: Path) -> None:
    (repository / "src/jobs/by_hand.py").write_text("mine\n")
    before = tree(repository)

    for name, message in [
        ("Revenue", "expected lower case"),
        ("orders", "expected the name of a new job"),
        ("by_hand", r"found src/jobs/by_hand\.py"),
    ]:
        with pytest.raises(GluecastError, match=message):
            rename(repository, "sales", name)
    with pytest.raises(GluecastError, match="expected one of orders, sales, found nothing"):
        rename(repository, "nothing", "revenue")
    with pytest.raises(GluecastError, match="found _platform"):
        remove(repository, "_platform")

    assert tree(repository) == before


def answers(repository: Path, job: str) -> dict[str, Any]:
    recorded: dict[str, Any] = yaml.safe_load(
        (repository / f".copier-answers/{job}.yml").read_text()
    )
    return recorded


def moves(repository: Path, job: str) -> list[tuple[str, str]]:
    """The `moved` blocks of a job's Terraform code: from, to."""
    code = (repository / f"infrastructure/jobs/{job}.tf").read_text()
    return re.findall(r"moved \{\n  from = module\.(\w+)\n  to   = module\.(\w+)\n\}", code)


def test_a_renamed_job_keeps_its_name_on_aws_and_tells_terraform_of_the_new_one(
    copy: Copy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = copy(job_name="sales_etl")
    git(repository, "init", "--quiet")
    commit(repository, "All of it")
    before = tree(repository)

    for old, new, expected in [
        ("sales_etl", "sales", [("sales_etl", "sales")]),
        ("sales", "revenue", [("sales_etl", "sales"), ("sales", "revenue")]),
        ("revenue", "sales", [("sales_etl", "revenue"), ("revenue", "sales")]),
    ]:
        with pytest.raises(SystemExit) as left:
            main(["rename", old, new, str(repository)])
        assert left.value.code == ExitCode.OK
        assert "On AWS it stays sales_etl" in capsys.readouterr().out
        commit(repository, f"{old} is {new}")
        assert moves(repository, new) == expected
        assert answers(repository, new)["deployed_name"] == "sales_etl"
        assert not check(repository).problems

    module = (repository / "src/jobs/sales.py").read_text()
    assert 'SalesJob.main("sales_etl")' in module
    assert "sales_etl_file_trigger = {" in (repository / "infrastructure/jobs/sales.tf").read_text()

    outcome = rename(repository, "sales", "sales_etl")

    assert outcome.mentions == []
    assert answers(repository, "sales_etl")["former_names"] == ["revenue", "sales"]
    # But for the answers and the blocks, it is what it was.
    assert {
        path
        for path in before.keys() | tree(repository).keys()
        if before.get(path) != tree(repository).get(path)
    } == {".copier-answers/sales_etl.yml", "infrastructure/jobs/sales_etl.tf"}


def test_a_name_that_a_renamed_job_had_is_not_given_to_another(copy: Copy) -> None:
    repository = copy(job_name="sales_etl")
    copy(job_name="orders")
    git(repository, "init", "--quiet")
    commit(repository, "All of it")
    rename(repository, "sales_etl", "sales")
    commit(repository, "Renamed")

    with pytest.raises(GluecastError, match="found sales_etl, which sales had before"):
        rename(repository, "orders", "sales_etl")

    copy(job_name="sales_etl")
    [problem] = [each for each in check(repository).problems if "on AWS once" in each]
    assert "found that sales and sales_etl are sales_etl there" in problem


@pytest.fixture
def one_job(copy: Copy) -> Path:
    """A job of the real template, committed."""
    repository = copy(job_name="sales_etl")
    git(repository, "init", "--quiet")
    commit(repository, "All of it")
    return repository


def test_under_a_platform_that_would_replace_the_job_it_is_not_renamed(one_job: Path) -> None:
    platform = one_job / "infrastructure/modules/data_platform/main.tf"
    start = platform.read_text().partition("locals {")[0]
    platform.write_text(start + 'locals {\n  jobs = toset(fileset(var.repository, "*.py"))\n}\n')
    commit(one_job, "The platform as it was before")
    before = tree(one_job)

    with pytest.raises(GluecastError, match=r"would replace sales_etl; run gluecast update first"):
        rename(one_job, "sales_etl", "sales")

    assert tree(one_job) == before


def test_of_a_glue_job_in_terraform_code_of_ones_own_nothing_is_promised(
    one_job: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(one_job, "rm", "-r", "--quiet", "infrastructure/modules/data_platform")
    commit(one_job, "Our own")

    with pytest.raises(SystemExit):
        main(["rename", "sales_etl", "sales", str(one_job)])

    said = capsys.readouterr().out
    assert "replaces nothing" not in said
    assert (
        "Your own Terraform code defines its Glue job: set the script there to src/jobs/sales.py"
        in said
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("SalesETLJob.main(NAME)", r"found SalesETLJob\.main\(NAME\); then rename"),
        (
            'SalesETLJob.main("another")',
            r'found "sales_etl" in infrastructure/jobs/sales_etl\.json.*main\("another"\)',
        ),
    ],
)
def test_a_module_whose_name_on_aws_is_in_doubt_is_not_renamed(
    one_job: Path, call: str, message: str
) -> None:
    edit_and_commit(one_job, "src/jobs/sales_etl.py", 'SalesETLJob.main("sales_etl")', call)
    before = tree(one_job)

    with pytest.raises(GluecastError, match=message):
        rename(one_job, "sales_etl", "sales")

    assert tree(one_job) == before


def test_a_job_that_declares_another_name_than_its_answers_is_not_renamed(one_job: Path) -> None:
    another = 'SalesETLJob.main("another")'
    edit_and_commit(one_job, "src/jobs/sales_etl.py", 'SalesETLJob.main("sales_etl")', another)
    declaration = "infrastructure/jobs/sales_etl.json"
    edit_and_commit(one_job, declaration, '"sales_etl"', '"another"')

    with pytest.raises(
        GluecastError, match=r"expected the name on AWS to be sales_etl.*found another"
    ):
        rename(one_job, "sales_etl", "sales")


def test_a_job_that_declares_no_name_is_not_renamed(one_job: Path) -> None:
    """Terraform would take the new name of its module, and replace it."""
    git(one_job, "rm", "--quiet", "infrastructure/jobs/sales_etl.json")
    commit(one_job, "Without")
    before = tree(one_job)

    with pytest.raises(GluecastError, match=r"found no such file: terraform apply would replace"):
        rename(one_job, "sales_etl", "sales")

    assert tree(one_job) == before


def test_files_that_git_does_not_know_are_named(
    one_job: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = "tests/test_data/sales_etl/mine.csv"
    (one_job / mine).write_text("id\n")
    (one_job / ".git/info/exclude").write_text("*.tmp\n")
    (one_job / "tests/test_data/sales_etl/scratch.tmp").write_text("")

    with pytest.raises(SystemExit):
        main(["rename", "sales_etl", "sales", str(one_job)])

    said = capsys.readouterr().out
    assert f"{mine} is untracked; left in place" in said
    assert "scratch.tmp" not in said


def test_what_is_not_committed_is_refused_in_the_words_of_the_command(one_job: Path) -> None:
    (one_job / "src/jobs/sales_etl.py").write_text("mine\n")

    with pytest.raises(GluecastError, match="committed files where gluecast remove writes"):
        remove(one_job, "sales_etl")


def test_a_template_without_a_name_on_aws_is_said_to_replace_the_job(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["rename", "sales", "revenue", str(repository)])

    assert "terraform apply replaces sales with revenue" in capsys.readouterr().out


def test_a_removed_job_leaves_the_repository_without_it(copy: Copy, tmp_path: Path) -> None:
    repository = copy(job_name="sales_etl", project_name="same")
    copy(job_name="other", project_name="same")
    fresh = copy(job_name="other", target=tmp_path / "fresh", project_name="same")
    git(repository, "init", "--quiet")
    (repository / "tests/test_data/sales_etl/mine.csv").write_text("id\n")
    edit_and_commit(repository, "src/jobs/sales_etl.py", "F.lower", "F.upper")

    outcome = remove(repository, "sales_etl")

    assert tree(repository) == tree(fresh)
    assert any("src/jobs/sales_etl.py (with your edits" in line for line in outcome.files)


def test_a_job_that_is_not_committed_is_not_removed(repository: Path) -> None:
    (repository / "src/jobs/sales.py").write_text("mine\n")
    before = tree(repository)

    with pytest.raises(GluecastError, match=r"uncommitted changes in src/jobs/sales\.py"):
        remove(repository, "sales")

    assert tree(repository) == before
