"""gluecast adopt for a base class of any name, in folders of its own, below the root of a monorepo."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glue_runtime.local.java import use_java
from gluecast.adopt.adoption import adopt
from gluecast.adopt.report import Adoption, described
from gluecast.catalogue.contents import catalogue
from gluecast.cli import main
from gluecast.errors import ExitCode, GluecastError
from gluecast.jobs.check import check
from gluecast.jobs.listing import jobs
from gluecast.template.bundled import commit
from small_template import git, tree

THEIRS = Path(__file__).parent / "monorepo"
BASE = "glue/common/base_etl.py"


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    """Two services with a base class of the same name, committed."""
    folder = tmp_path / "company"
    shutil.copytree(THEIRS, folder, ignore=shutil.ignore_patterns("__pycache__", ".terraform*"))
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "Our services")
    return folder


@pytest.fixture
def billing(monorepo: Path) -> Path:
    return monorepo / "services/billing"


@pytest.fixture
def adopting(template: Path) -> Callable[..., Adoption]:
    def adopting(folder: Path, **options: object) -> Adoption:
        options = {"base_class": "BaseETL", "say": lambda _: None, **options}
        return adopt(folder, template=str(template), data={}, defaults=True, **options)  # type: ignore[arg-type]

    return adopting


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_service_of_a_monorepo_is_adopted_and_no_other_file_changes(
    monorepo: Path, billing: Path, adopting: Callable[..., Adoption]
) -> None:
    before = tree(monorepo)

    adoption = adopting(billing)

    after = tree(monorepo)
    changed = {path for path in before if after[path] != before[path]}
    assert changed == {f"services/billing/{BASE}"}
    new = {path.removeprefix("services/billing/") for path in after.keys() - before.keys()}
    assert new == {*adoption.writes}
    assert "src/glue_runtime/run.py" in new
    assert [(job.name, job.path) for job in adoption.jobs] == [
        ("invoices", "glue/etl/invoices.py"),
        ("payments", "glue/etl/payments.py"),
    ]
    text = described(adoption, dry_run=False)
    assert f"2 jobs extend BaseETL of {BASE}" in text
    assert 'own_load = "appends"' in text
    base = (billing / BASE).read_text()
    assert 'super().__init__(args["JOB_NAME"], {"env": args.get("stage", "local"), **args})' in base
    assert "        try:\n            super().run()\n        except Exception as error:" in base


def test_list_check_and_docs_know_jobs_in_folders_of_their_own(
    billing: Path, adopting: Callable[..., Adoption]
) -> None:
    adopting(billing)
    commit(billing, "Adopted")

    assert [(job.name, job.source) for job in jobs(billing)] == [
        ("invoices", "invoices"),
        ("payments", "payments"),
    ]
    assert not check(billing).edited
    page = catalogue(billing)
    assert [name for name, _ in page.groups] == ["Adopted jobs"]
    assert [job.files for job in page.jobs] == [
        ("glue/etl/invoices.py",),
        ("glue/etl/payments.py",),
    ]


def test_a_local_run_finds_the_job_and_what_run_did_around_its_hooks_is_done(
    billing: Path, adopting: Callable[..., Adoption]
) -> None:
    edit(billing / BASE, 'return f"s3://billing-', 'return f"build/billing-')
    commit(billing, "A local target")
    adopting(billing)
    file = "tests/test_data/invoices/invoices/new.csv"

    outputs = []
    for arguments in (["invoices"], ["invoices", "--file", file]):
        use_java()
        ran = subprocess.run(
            [sys.executable, "-m", "glue_runtime.local.run", *arguments],
            cwd=billing,
            env={**os.environ, "PYTHONPATH": "src"},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        lines = [*ran.stdout.splitlines(), *ran.stderr.splitlines()]
        outputs.append([json.loads(line) for line in lines if line[:1] == "{"])

    for output, event, rows in zip(
        outputs, ("loaded_local_data", "loaded_event_file"), (3, 1), strict=True
    ):
        assert [each["audit"] for each in output if "audit" in each] == ["started", "done"]
        assert [each["row_count"] for each in output if each.get("event") == event] == [rows]


def test_a_folder_above_the_jobs_is_the_one_to_adopt(
    monorepo: Path, billing: Path, adopting: Callable[..., Adoption]
) -> None:
    """From within the service, the folder of jobs says where the repository is."""
    found = adopting(billing / "glue/etl", jobs_folder="glue/etl", dry_run=True)
    assert found.repository == billing

    with pytest.raises(GluecastError, match=r"found no glue/jobs there; name it relative to"):
        adopting(billing, jobs_folder="glue/jobs")
    with pytest.raises(
        GluecastError, match=r"one class BaseETL, found it in .*billing.* and .*ship"
    ):
        adopting(monorepo)


def test_the_name_of_a_likely_base_class_is_suggested(
    billing: Path, adopting: Callable[..., Adoption]
) -> None:
    with pytest.raises(GluecastError, match=r"name yours with --base-class \(BaseETL\)"):
        adopting(billing, base_class="BaseGlueJob")


def test_every_reason_of_every_job_comes_at_once_and_nothing_is_moved_or_written(
    monorepo: Path, billing: Path, template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(billing / BASE, "df = self.extract()", "df = self.extract()\n            check(df)")
    edit(
        billing / "glue/etl/invoices.py", "def transform(self, df:", "def transform(self, df, day:"
    )
    edit(billing / "glue/etl/payments.py", ").execute()", ").extract()")
    (billing / "glue/refunds.py").write_text(
        "from common.base_etl import BaseETL\n\n\nclass Refunds(BaseETL):\n    sources = ()\n"
    )
    (billing / "src/glue_runtime").mkdir(parents=True)
    (billing / "src/glue_runtime/own.py").write_text("")
    commit(monorepo, "In the way")
    before = tree(monorepo)

    with pytest.raises(SystemExit) as end:
        options = ["--template", str(template), "--defaults", "--base-class", "BaseETL"]
        main(["adopt", str(billing), *options])

    assert end.value.code == ExitCode.FAILED
    assert tree(monorepo) == before
    printed = capsys.readouterr().err
    for number, part in enumerate(
        (
            "expected every job in src/jobs, where the platform looks for it, found glue/etl/invoices",
            "expected no src/glue_runtime",
            "expected transform(self, df) in Invoices of glue/etl/invoices.py",
            "expected names in Refunds of glue/refunds.py",
            "expected glue/etl/payments.py to start its job with run()",
            "expected execute() of BaseETL in glue/common/base_etl.py to do between its hooks only",
        ),
        start=1,
    ):
        [line] = [line for line in printed.splitlines() if part in line]
        assert line.startswith(f"  {number}. ")
    assert "found 6 obstacles; nothing was changed" in printed


def test_what_is_lost_is_shown_where_the_user_accepts_it(
    billing: Path, adopting: Callable[..., Adoption]
) -> None:
    edit(billing / BASE, "df = self.extract()", "df = self.extract()\n            check(df)")
    commit(billing, "A check")

    found = adopting(billing, accept_losses=True, dry_run=True)

    lines = (billing / BASE).read_text().splitlines()
    lost = f"check() in line {1 + next(n for n, line in enumerate(lines) if 'check(df)' in line)}"
    text = described(found, dry_run=True)
    assert f"  lost, as the platform's run() does not do it:\n    {lost}\n" in text
    assert found.as_json()["base_class"]["lost"] == [lost]


def test_events_take_no_option_of_an_adoption(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["adopt", "--events", "--base-class", "BaseETL"])
    assert "expected --events without --base-class" in capsys.readouterr().err
