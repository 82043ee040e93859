"""Every command of the documentation is executed: here, or by a test that is named here.

Each page is typed from its first command to its last, in a folder of its own, by a reader who has
this project's commands and finds the working tree at the template's address.
"""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gluecast.example_jobs import answers, copier_copy
from gluecast.template.bundled import PUBLISHED_AT, TEMPLATE_ROOT, commit
from pages import Page, commands, pages
from reader import Reader, clone, environment, equip_clone
from tasks.examples import RENDERED, version
from tools import needs

pytestmark = needs("make", to="type the commands of the pages")

MAKE = "tests/repository/test_make.py"
EVENTS = "tests/events/test_chain.py"
DEPLOYMENT = "tests/repository/test_deployment.py"
RUN_BOTH_WAYS = f"{MAKE}::test_a_job_runs_as_the_schedule_and_as_an_upload_would_start_it"
PRINTED = {"make run-local JOB=clicks": '"file_format": "log", "file_count": 4'}
"""Commands, and what they are to print."""

OPERATING = "examples/data-platform/tooling/e2e/test_commands.py::test_the_commands_of_the_page_run"
BUILD = f"{MAKE}::test_the_archive_holds_the_runtime_and_is_the_same_each_time"

ELSEWHERE = {
    "python3 generator demo": "tests/test_demo.py::test_the_demo_of_an_installed_package_runs_every_job_both_ways",
    "python3 generator test": "tests/test_readme.py::test_continuous_integration_runs_the_test_command",
    "python3 generator test-s3a": "tests/test_on_s3a.py::test_the_runtime_works_over_s3a",
    "python3 generator test-cluster": "tests/test_on_a_cluster.py::test_the_task_of_the_cluster_runs_tests",
    "gluecast adopt --events --dry-run": f"{EVENTS}::test_the_command_prints_what_it_would_write",
    "gluecast adopt --events": f"{EVENTS}::test_the_command_prints_what_it_would_write",
    "make setup": f"{MAKE}::test_the_checks_of_a_fresh_repository_pass",
    "make lint": f"{MAKE}::test_the_checks_of_a_fresh_repository_pass",
    "make test": f"{MAKE}::test_a_further_job_of_another_format_passes_too",
    "make setup lint test": f"{MAKE}::test_a_further_job_of_another_format_passes_too",
    "make test-infra": f"{DEPLOYMENT}::test_the_terraform_code_of_a_fresh_repository_passes",
    "make test-e2e": f"{DEPLOYMENT}::test_three_jobs_run_on_an_emulated_aws",
    "make smoke JOB=sales_etl ENV=dev": (
        "tests/operations/test_smoke.py"
        "::test_a_right_deployment_is_as_expected_and_nothing_stays_of_the_try"
    ),
    "make scan": "tests/infrastructure/test_scan.py::test_the_scan_passes",
    "terraform -chdir=infrastructure/deployer init": (
        "tests/infrastructure/test_deploying_page.py"
        "::test_an_administrator_creates_the_roles_as_the_page_says"
    ),
    (
        "terraform -chdir=infrastructure/deployer apply "
        "-var=github_repository=acme/data-platform -var=state_bucket=states-of-acme"
    ): (
        "tests/infrastructure/test_deploying_page.py"
        "::test_an_administrator_creates_the_roles_as_the_page_says"
    ),
    "make lock": (
        "tests/repository/test_python_lock.py"
        "::test_every_part_has_a_lock_with_a_hash_for_each_package"
    ),
    "make lock-infra": (
        "tests/infrastructure/test_lock_and_backend.py"
        "::test_a_lock_for_every_platform_stops_nobody_and_keeps_the_version"
    ),
}
"""What takes long, or needs an AWS: the command, and the test that executes it."""

READER_HAS = {
    "<job>": "sales_etl",
    "FILE=x.csv": "FILE=tests/test_data/sales_etl/sales/daily_2024-01-15.csv",
}
"""What a reader puts for the placeholders of a page."""

PAGES_ELSEWHERE = {
    "docs/updating.md": "tests/update/test_walk.py::test_every_command_of_the_page_prints_what_the_page_shows",
    "docs/glue-versions.md": "tests/glue_versions/test_page.py::test_the_walk_there_and_back_prints_what_the_page_shows",
    "docs/adopting.md": "tests/adoption/test_page.py::test_every_section_with_commands_is_walked_here",
}
"""Pages that begin with something that only their own test has, and the part of it that says so."""

EXIT_CODES: dict[str, tuple[int, ...]] = {}
"""Commands whose exit code tells something: those that a reader may see."""

BEGUN_BY_ITS_READER = ("README.md", "docs/first-source.md", "docs/questions.md")
"""Pages that begin without a repository; for the others there is one, committed, with one job."""


def operating_commands() -> set[str]:
    """What the end-to-end tests of a rendered repository take from its page and execute."""
    text = (RENDERED / "tooling/e2e/test_commands.py").read_text()
    targets = re.findall(r'"([a-z-]+)"', text.split("ON_THE_PAGE = (")[1].split(")")[0])
    commands = Page(RENDERED / "docs/operating.md").commands
    return {command for command in commands if command.split()[:2][-1] in targets}


def filled(command: str) -> str:
    """The command with something in the place of its placeholders."""
    for placeholder, value in READER_HAS.items():
        command = command.replace(placeholder, value)
    return command


def is_executed_elsewhere(command: str) -> bool:
    return (
        filled(command) in ELSEWHERE
        or command.replace("sales_etl", "<job>") in operating_commands()
    )


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree, released under the version of this package."""
    folder = clone(tmp_path_factory.mktemp("release") / "gluecast")
    commit(folder, "The working tree")
    subprocess.run(["git", "tag", "--force", f"v{version()}"], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def repository(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one job, committed, as a reader of the first page has it."""
    folder = tmp_path_factory.mktemp("begun")
    given = environment(release, folder)
    target = folder / "my-platform"
    data = {**answers("platform"), **answers("sales_etl")}
    copier_copy(PUBLISHED_AT, target, data, environment=given)
    subprocess.run(["git", "init", "--quiet"], cwd=target, check=True)
    commit(target, "One job")
    return target


@pytest.fixture
def reader(release: Path, tmp_path: Path) -> Reader:
    folder = tmp_path / "work"
    folder.mkdir()
    return Reader(folder, environment(release, tmp_path))


@pytest.fixture(scope="module")
def done() -> set[str]:
    """What an earlier page has installed or run in its repository; once is enough."""
    return set()


@pytest.mark.parametrize(
    "page",
    [page for page in pages() if page.name not in PAGES_ELSEWHERE],
    ids=lambda page: page.name,
)
def test_the_commands_of_a_page_run_in_its_order(
    page: Page, reader: Reader, repository: Path, done: set[str]
) -> None:
    if page.name == "docs/adding-a-format.md":
        reader.folder = with_the_format_of(page, equip_clone(clone(reader.folder / "gluecast")))
    elif page.name == "CONTRIBUTING.md":
        reader.folder = equip_clone(clone(reader.folder / "gluecast"))
    elif page.name not in BEGUN_BY_ITS_READER:
        reader.folder = shutil.copytree(repository, reader.folder / "my-platform")
        reader.jobs = ["customer_import", "product_catalog"]
    for written in page.commands:
        command = filled(written)
        if is_executed_elsewhere(written) or command in done:
            continue
        printed = reader.types(command, EXIT_CODES.get(command, (0,)))
        assert PRINTED.get(command, "") in printed
        if command.startswith(("make ", "pip ")):
            done.add(command)


@pytest.mark.parametrize("page", PAGES_ELSEWHERE)
def test_a_page_with_a_test_of_its_own_has_one(page: str) -> None:
    path, _, name = PAGES_ELSEWHERE[page].partition("::")

    assert (TEMPLATE_ROOT / page).is_file()
    assert page in (TEMPLATE_ROOT / path).read_text()
    assert with_its_fixtures(TEMPLATE_ROOT / path, name)


def with_the_format_of(page: Page, project: Path) -> Path:
    """Put the entry that the page shows into the registry, as its reader does."""
    [entry] = re.findall(r"^```yaml\n(.*?)^```", page.text, re.MULTILINE | re.DOTALL)
    questions = project / "copier.yml"
    before = questions.read_text(encoding="utf-8")
    questions.write_text(before.replace("    parquet:\n", f"{entry}    parquet:\n", 1))
    return project


@pytest.mark.parametrize("command", ELSEWHERE)
def test_a_command_that_is_executed_elsewhere_is_executed_there(command: str) -> None:
    path, _, name = ELSEWHERE[command].partition("::")

    source = with_its_fixtures(TEMPLATE_ROOT / path, name)

    words = [word for word in command.split()[1:] if word not in ("generator", ".")]
    for word in words:
        assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", source), (
            word,
            ELSEWHERE[command],
        )


def test_the_table_names_no_command_that_is_on_no_page() -> None:
    typed = {command for page in pages() for command in page.commands}

    assert set(ELSEWHERE) <= typed


def test_the_operating_commands_are_taken_from_the_page() -> None:
    path, _, name = OPERATING.partition("::")

    assert "ON_THE_PAGE" in with_its_fixtures(TEMPLATE_ROOT / path, name)
    assert len(operating_commands()) >= 8


def with_its_fixtures(path: Path, name: str) -> str:
    """The source of a test, of its decorators, and of what it uses of its own file."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    parts = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            parts[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
    used, wanted = set(), {name}
    assert name in parts, f"expected {name} in {path}"
    while wanted - used:
        one = min(wanted - used)
        used.add(one)
        wanted |= {other for other in parts if re.search(rf"\b{other}\b", parts[one])}
    return "\n".join(parts[each] for each in sorted(used))


# --- the tests above see what they are for -----------------------------------------------------------


def test_commands_are_told_from_output() -> None:
    text = """
Text that speaks of `make nonsense`.

    make a X=1   # comment
    output of it

```
git b \\
    --long
```

```text
make hidden
```

    cd c
"""
    assert commands(text) == ["make a X=1", "git b --long", "cd c"]


def test_a_command_that_fails_is_shown_with_what_it_said(reader: Reader) -> None:
    with pytest.raises(AssertionError, match=r"(?s)make nonsense.*left with 2.*No rule to make"):
        reader.types("make nonsense")
