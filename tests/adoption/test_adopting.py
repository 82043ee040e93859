"""gluecast adopt: what it writes, what it leaves alone, what it refuses."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gluecast.adopt.adoption import adopt
from gluecast.cli import main
from gluecast.errors import ExitCode, GluecastError
from gluecast.jobs.check import check
from gluecast.jobs.listing import jobs
from gluecast.jobs.new import new
from gluecast.template.bundled import commit
from gluecast.update.update import update
from small_template import git, tree

BASE = "src/common/base_job.py"


def silent(_: str) -> None:
    """Says nothing."""


def replace(repository: Path, path: str, old: str, new: str) -> None:
    text = (repository / path).read_text()
    assert old in text
    (repository / path).write_text(text.replace(old, new))


def refused(repository: Path, template: Path, message: str) -> None:
    """Assert that adopting is refused with this message, and changes nothing."""
    before = tree(repository)
    with pytest.raises(GluecastError, match=message):
        adopt(repository, template=str(template), data={}, defaults=True, say=silent)
    assert tree(repository) == before


def test_files_are_added_and_only_the_base_class_is_changed(
    repository: Path, template: Path
) -> None:
    before = tree(repository)

    adoption = adopt(repository, template=str(template), data={}, defaults=True)

    after = tree(repository)
    assert {path for path in before if after.get(path) != before[path]} == {BASE}
    assert sorted(after.keys() - before.keys()) == adoption.writes
    assert {"src/glue_runtime/base_job.py", "infrastructure/jobs/variables.tf"} < after.keys()
    assert not git(repository, "diff", "--cached")


def test_jobs_their_sources_and_the_answers_are_read_from_the_repository(
    repository: Path, template: Path
) -> None:
    adoption = adopt(repository, template=str(template), data={}, defaults=True, dry_run=True)

    assert {job.name: job.sources for job in adoption.jobs} == {
        "customer_import": ["customers"],
        "returns_report": ["returns"],
        "sales_etl": ["sales"],
    }
    assert adoption.answers["environments"] == ["dev"]
    assert adoption.answers["region"] == "eu-west-1"
    assert adoption.answers["lake_prefix"] == "data-lake"
    assert adoption.answers["glue_version"] == "5.0"


def test_the_newest_version_of_glue_is_not_to_be_raised(repository: Path, template: Path) -> None:
    code = repository / "infrastructure/modules/data_platform/main.tf"
    code.write_text(code.read_text().replace('"5.0"', '"6.0"'))
    commit(repository, "Glue 6.0")

    adoption = adopt(repository, template=str(template), data={}, defaults=True, dry_run=True)

    assert adoption.answers["glue_version"] == "6.0"
    assert not [note for note in adoption.notes if "glue_version" in note]
    assert [note for note in adoption.notes if "pyarrow==23.0.1" in note]


def test_an_answer_of_the_user_wins(repository: Path, template: Path) -> None:
    adoption = adopt(
        repository,
        template=str(template),
        data={"region": "us-east-1"},
        defaults=True,
        dry_run=True,
    )

    assert adoption.answers["region"] == "us-east-1"


def test_a_dry_run_writes_nothing_and_says_what_an_adoption_then_says(
    repository: Path, template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(repository)
    options = ["--template", str(template), "--defaults", "--json"]
    with pytest.raises(SystemExit) as end:
        main(["adopt", str(repository / "src/jobs"), *options, "--dry-run"])
    dry = json.loads(capsys.readouterr().out)
    assert end.value.code == ExitCode.OK
    assert tree(repository) == before

    with pytest.raises(SystemExit):
        main(["adopt", str(repository / "src/jobs"), *options])

    assert json.loads(capsys.readouterr().out) == dry


def test_files_of_the_platforms_names_stay_and_are_named(repository: Path, template: Path) -> None:
    (repository / "docs").mkdir()
    (repository / "docs/data-guarantees.md").write_text("ours\n")

    adoption = adopt(repository, template=str(template), data={}, defaults=True)

    left = ["docs/data-guarantees.md", "src/jobs/__init__.py", "tests/conftest.py"]
    assert adoption.theirs == left
    assert (repository / "docs/data-guarantees.md").read_text() == "ours\n"
    recorded = yaml.safe_load((repository / ".copier-answers/_platform.yml").read_text())
    assert {f"/{path}" for path in left} < set(recorded["left_out"])


def test_a_second_adoption_changes_nothing(
    adopted: Path, template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(adopted)

    with pytest.raises(SystemExit) as end:
        main(["adopt", str(adopted), "--template", str(template), "--defaults"])

    assert end.value.code == ExitCode.OK
    assert "Nothing to do" in capsys.readouterr().out
    assert tree(adopted) == before


def test_terraform_modules_go_beside_those_of_the_same_names(
    repository: Path, template: Path
) -> None:
    adopt(repository, template=str(template), data={}, defaults=True)

    assert (repository / "infrastructure/gluecast/eventbridge/machine.tf").exists()
    own = repository / "infrastructure/modules/eventbridge"
    assert [path.name for path in own.iterdir()] == ["main.tf"]


def test_terraform_modules_go_where_they_always_go_if_there_are_none(
    repository: Path, template: Path
) -> None:
    (repository / "infrastructure").rename(repository / "terraform")
    commit(repository, "Elsewhere")

    adoption = adopt(repository, template=str(template), data={}, defaults=True)

    assert "infrastructure/modules/eventbridge/machine.tf" in adoption.writes
    assert "modules" not in adoption.answers


def test_list_check_and_update_work_afterwards(adopted: Path) -> None:
    assert [(job.name, job.triggers, job.version) for job in jobs(adopted)] == [
        ("customer_import", ["cron(0 2 * * ? *) UTC"], ""),
        ("returns_report", [], ""),
        ("sales_etl", ["cron(0 3 ? * MON *) UTC"], ""),
    ]
    found = check(adopted)
    assert (found.edited, found.problems) == ({}, [])
    assert update(adopted, say=silent).changes == []


def test_list_shows_what_an_adopted_job_reads_and_no_base_class(adopted: Path) -> None:
    base = adopted / "src/common/base_job.py"
    shutil.copy(base, adopted / "src/jobs/base_job.py")

    found = {job.name: job for job in jobs(adopted)}

    assert {name: job.source for name, job in found.items()} == {
        "customer_import": "customers",
        "returns_report": "returns",
        "sales_etl": "sales",
    }


def test_an_update_leaves_out_what_the_adoption_left_out(
    repository: Path, own_template: Path
) -> None:
    adopt(repository, template=str(own_template), data={}, defaults=True)
    commit(repository, "Adopted")
    for path in (
        "Makefile.jinja",
        "tests/conftest.py",
        "tooling/operations/cost.py",
        "src/glue_runtime/errors.py",
    ):
        file = own_template / "template/{{ platform }}" / path
        file.write_text(file.read_text() + "# newer\n")
    (own_template / "template/{{ platform }}/tooling/operations/newer.py").write_text("")
    commit(own_template, "Newer", "v0.3.0")

    report = update(repository, say=silent)

    assert {change.path: str(change.kind) for change in report.changes} == {
        ".copier-answers/_platform.yml": "clean",
        "src/glue_runtime/errors.py": "clean",
    }


def test_an_update_of_a_repository_adopted_with_0_2_leaves_the_tooling_out(
    repository: Path, own_template: Path
) -> None:
    """Its answers list the folders as they were called then."""
    adopt(repository, template=str(own_template), data={}, defaults=True)
    answers = repository / ".copier-answers/_platform.yml"
    assert "/tooling/" in answers.read_text()
    answers.write_text(answers.read_text().replace("/tooling/", "/operations/"))
    commit(repository, "Adopted with 0.2")
    errors = own_template / "template/{{ platform }}/src/glue_runtime/errors.py"
    errors.write_text(errors.read_text() + "# newer\n")
    commit(own_template, "Newer", "v0.3.0")

    report = update(repository, say=silent)

    assert {change.path for change in report.changes} == {
        ".copier-answers/_platform.yml",
        "src/glue_runtime/errors.py",
    }


def test_a_new_job_goes_beside_the_old_ones_and_uses_the_same_modules(
    adopted: Path, template: Path
) -> None:
    before = tree(adopted)

    _, added = new(adopted, template=str(template), data={"job_name": "invoices"}, defaults=True)

    after = tree(adopted)
    assert added == ["invoices"]
    assert {path: after[path] for path in before} == before
    code = (adopted / "infrastructure/jobs/invoices.tf").read_text()
    assert 'source = "../gluecast/eventbridge"' in code
    commit(adopted, "A job")
    assert [job.name for job in jobs(adopted) if job.version] == ["invoices"]
    assert not any(job.drift.user_owned for job in jobs(adopted))
    assert not check(adopted).problems


def test_a_new_job_may_not_have_the_name_of_an_old_one(adopted: Path, template: Path) -> None:
    with pytest.raises(GluecastError, match=r"found src/jobs/sales_etl\.py \(or move"):
        new(adopted, template=str(template), data={"job_name": "sales_etl"}, defaults=True)


def test_the_base_class_can_be_kept(repository: Path, template: Path) -> None:
    before = (repository / BASE).read_text()

    adoption = adopt(
        repository, template=str(template), data={}, defaults=True, keep_base_class=True
    )

    assert (repository / BASE).read_text() == before
    assert any(BASE in note and "AdoptedGlueJob" in note for note in adoption.notes)


def test_what_git_would_not_see_is_reported(repository: Path, template: Path) -> None:
    (repository / ".gitignore").write_text("local/\n")

    adoption = adopt(repository, template=str(template), data={}, defaults=True, dry_run=True)

    assert any("src/glue_runtime/local/" in note for note in adoption.notes)


def test_what_is_not_utf_8_and_may_be_a_job_is_refused(repository: Path, template: Path) -> None:
    (repository / "src/common/old.py").write_bytes(b"# \xe4\nfrom x import BaseGlueJob\n")
    commit(repository, "Latin")

    refused(repository, template, r"expected UTF-8 in src/common/old\.py")


def test_what_is_no_python_3_and_cannot_be_a_job_is_no_matter(
    repository: Path, template: Path
) -> None:
    (repository / "scripts").mkdir()
    (repository / "scripts/latin.py").write_bytes(b"# \xe4\n")
    (repository / "scripts/two.py").write_text("print 'two'\n")
    (repository / "scripts/mark.py").write_text("\ufeffx = 1\n")
    (repository / "scripts/link.py").symlink_to("../src/jobs/sales_etl.py")
    (repository / "scripts/broken link.py").symlink_to("nowhere but here")
    commit(repository, "Scripts")
    before = tree(repository)

    adoption = adopt(repository, template=str(template), data={}, defaults=True)

    assert len(adoption.jobs) == 3
    after = tree(repository)
    assert {path for path in before if after[path] != before[path]} == {BASE}


def test_a_base_class_and_jobs_in_packages_with_windows_line_ends_are_adopted(
    repository: Path, template: Path
) -> None:
    """By the names and relative imports that teams use; what is adopted is read by Python."""
    git(repository, "mv", BASE, "src/common/base.py")
    (repository / "src/common/__init__.py").write_text("from .base import BaseGlueJob as Base\n")
    replace(
        repository,
        "src/jobs/sales_etl.py",
        "from common.base_job import BaseGlueJob, parse_args",
        "from common import Base as BaseGlueJob\nfrom ..common.base import parse_args",
    )
    replace(repository, "src/jobs/customer_import.py", "common.base_job", "common.base")
    replace(repository, "src/jobs/returns_report.py", "common.base_job", "common.base")
    base = repository / "src/common/base.py"
    text = base.read_text()
    base.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    commit(repository, "Our own way")

    adoption = adopt(repository, template=str(template), data={}, defaults=True)

    assert [job.name for job in adoption.jobs] == ["customer_import", "returns_report", "sales_etl"]
    written = base.read_bytes()
    assert written.count(b"\n") == written.count(b"\r\n")
    assert written.startswith(b'\xef\xbb\xbf"""The base class')
    compile(written, "base.py", "exec")


def test_a_folder_without_git_is_refused(tmp_path: Path, template: Path) -> None:
    refused(tmp_path, template, "expected a git repository")


def test_no_base_class_is_refused(repository: Path, template: Path) -> None:
    replace(repository, BASE, "class BaseGlueJob", "class GlueJob")

    refused(repository, template, "expected a class BaseGlueJob, found none")


def test_two_base_classes_are_refused(repository: Path, template: Path) -> None:
    (repository / "src/common/old.py").write_text("class BaseGlueJob:\n    pass\n")
    commit(repository, "Another")

    refused(repository, template, r"found it in src/common/base_job\.py and src/common/old\.py")


def test_jobs_elsewhere_are_refused(repository: Path, template: Path) -> None:
    git(repository, "mv", "src/jobs/sales_etl.py", "src/common/sales_etl.py")

    refused(repository, template, r"expected every job in src/jobs.*found src/common/sales_etl\.py")


def test_a_package_of_the_runtimes_name_is_refused(repository: Path, template: Path) -> None:
    git(repository, "mv", "src/common", "src/glue_runtime")

    refused(repository, template, "git mv src/glue_runtime src/own_runtime")


def test_a_base_class_with_uncommitted_changes_is_refused(repository: Path, template: Path) -> None:
    replace(repository, BASE, "anew", "again")

    refused(repository, template, r"found uncommitted changes in src/common/base_job\.py")


def test_other_uncommitted_changes_are_no_matter(repository: Path, template: Path) -> None:
    replace(repository, "src/jobs/sales_etl.py", "Sales, by day.", "Sales.")

    adopt(repository, template=str(template), data={}, defaults=True)

    assert "Sales." in (repository / "src/jobs/sales_etl.py").read_text()


def test_git_takes_an_adoption_back(repository: Path, template: Path) -> None:
    before = tree(repository)
    adopt(repository, template=str(template), data={}, defaults=True)

    git(repository, "stash", "--include-untracked")

    assert tree(repository) == before


def test_a_killed_adoption_is_put_back_by_the_next(repository: Path, template: Path) -> None:
    before = tree(repository)
    code = (
        "import os, signal, gluecast.update.transaction as transaction\n"
        "replace, count = transaction.replace_file, []\n"
        "def killed(*arguments):\n"
        "    replace(*arguments)\n"
        "    count.append(1)\n"
        "    if len(count) == 10: os.kill(os.getpid(), signal.SIGKILL)\n"
        "transaction.replace_file = killed\n"
        "from gluecast.cli import main\n"
        f"main(['adopt', {str(repository)!r}, '--template', {str(template)!r}, '--defaults'])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], env={**os.environ}, capture_output=True)
    assert ran.returncode == -signal.SIGKILL
    assert tree(repository) != before

    said: list[str] = []
    adopt(repository, template=str(template), data={}, defaults=True, dry_run=True, say=said.append)

    assert any("rolled back" in line for line in said)
    assert tree(repository) == before
