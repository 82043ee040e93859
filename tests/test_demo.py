"""The demo runs the three example jobs and shows what happened, also for those who have no clone."""

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from gluecast import demo as module
from gluecast.demo import DemoError, JobRun, job_run, run_demo, summary
from gluecast.template.bundled import PUBLISHED_AT, TEMPLATE_ROOT


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has gluecast from a wheel; the rest is this one's."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, TEMPLATE_ROOT], check=True)
    [wheel] = folder.glob("gluecast-*.whl")
    venv.create(folder / "venv", symlinks=True)
    [packages] = (folder / "venv/lib").glob("python*/site-packages")
    subprocess.run([*pip, "install", "--no-deps", "--target", packages, wheel], check=True)
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "dependencies.pth").write_text("\n".join(ours))
    return folder / "venv/bin"


def in_the_environment(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [python / "python", *arguments],
        cwd=python,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_demo_of_an_installed_package_runs_every_job_both_ways(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    where = in_the_environment(installed, "-c", "import gluecast; print(gluecast.__file__)")
    assert str(installed.parent) in where.stdout
    target = tmp_path / "platform"

    ran = in_the_environment(installed, "-m", "gluecast.cli", "demo", str(target))

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Scaffold sales_etl")
    assert runs(ran.stdout) == [
        (job, counts)
        for job in ("sales_etl", "customer_import", "product_catalog")
        for counts in (["1", "4", "4"], ["4", "11", "11"])
    ]
    cloud = ran.stdout.split("On AWS")[1]
    assert re.search(
        r"^sales_etl +upload of s3://data-lake-<env>-bronze/sales/\*\.csv ", cloud, re.M
    )
    assert re.search(r"^sales_etl +cron\(0 3 \? \* MON \*\) UTC +the whole directory$", cloud, re.M)
    recorded = (target / ".copier-answers/sales_etl.yml").read_text()
    assert f'_src_path: "{PUBLISHED_AT}"' in recorded

    # Again, over the repository that is there; one job says whether that works.
    monkeypatch.setattr(module, "JOBS", ("sales_etl",))
    run_demo(target)

    out = capsys.readouterr().out
    assert out.startswith("Using the repository")
    assert runs(out) == [("sales_etl", ["1", "4", "4"]), ("sales_etl", ["4", "11", "11"])]


def runs(output: str) -> list[tuple[str, list[str]]]:
    """Job, and counts of files, rows read and rows written, of each run in the demo's table."""
    table = [line.split() for line in output.splitlines() if "s3://data-lake-local" in line]
    return [(row[0], row[-5:-2]) for row in table]


def test_the_demo_leaves_a_folder_of_someone_else_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(DemoError, match="expected a new folder or a complete demo"):
        run_demo(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_run_that_did_not_complete_is_an_error() -> None:
    with pytest.raises(DemoError, match="sales_etl failed: expected data"):
        job_run("sales_etl", [{"event": "job_failed", "error": "expected data"}])


def test_the_summary_shows_an_unknown_count_as_unknown() -> None:
    run = JobRun("a", "schedule", 1, None, 2, "s3://b/a", 1.25)

    assert summary([run]).splitlines()[2].split() == [
        *["a", "schedule", "1", "unknown", "2", "1.2", "s3://b/a"]
    ]
