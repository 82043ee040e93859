"""Commands import what they need, and render what they do not know yet."""

import subprocess
import sys
from pathlib import Path

import pytest

from gluecast.jobs.check import check
from gluecast.jobs.listing import jobs
from gluecast.template.bundled import commit
from gluecast.update.update import update
from small_template import BASE, JOB, SmallTemplate, git, tree

IMPORTS = """
import sys
from gluecast.cli import main
try:
    main(sys.argv[1:])
except SystemExit as left:
    assert not left.code, left.code
print(*sys.modules, file=sys.stderr)
"""


@pytest.fixture
def small(tmp_path: Path) -> SmallTemplate:
    return SmallTemplate(tmp_path / "template")


@pytest.fixture
def repository(small: SmallTemplate, tmp_path: Path) -> Path:
    return small.repository(tmp_path / "repository", "sales", "orders")


def imported(*arguments: object) -> set[str]:
    """The packages that a command imports in a process of its own."""
    command = [sys.executable, "-c", IMPORTS, *map(str, arguments)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    return {name.split(".")[0] for name in ran.stderr.splitlines()[-1].split()}


def test_help_imports_nothing_but_its_own_and_pythons(repository: Path) -> None:
    assert imported("--help").isdisjoint(
        {"copier", "jinja2", "yaml", "hcl2", "packaging", "libcst"}
    )
    assert imported("update", "--help").isdisjoint(
        {"copier", "jinja2", "yaml", "packaging", "libcst"}
    )


def test_what_is_remembered_needs_no_copier(repository: Path) -> None:
    assert "copier" in imported("check", repository)

    for command in ("check", "list", "update"):
        assert imported(command, repository).isdisjoint({"copier", "jinja2", "libcst"}), command


def test_edits_are_found_whether_or_not_the_rendering_is_remembered(repository: Path) -> None:
    check(repository)
    (repository / "src/jobs/sales.py").write_text("mine\n")

    [_, remembered] = jobs(repository)
    (repository / ".git/gluecast/written.json").write_text("{")
    [_, rendered] = jobs(repository)

    assert remembered.drift.user_owned == rendered.drift.user_owned == ["src/jobs/sales.py"]


def test_other_answers_or_another_version_are_not_what_is_remembered(repository: Path) -> None:
    check(repository)
    answers = repository / ".copier-answers/sales.yml"

    answers.write_text(answers.read_text().replace('"sales"', '"revenue"'))

    [_, sales] = jobs(repository)
    assert "src/jobs/revenue.py" in sales.drift.user_owned


def test_an_update_is_the_same_whether_or_not_the_rendering_is_remembered(
    small: SmallTemplate, tmp_path: Path
) -> None:
    trees = []
    for name in ("rendered", "remembered"):
        repository = small.repository(tmp_path / name, "sales", "orders", "stock", "moved")
        (repository / "once.txt").write_text("mine\n")
        sales = repository / "src/jobs/sales.py"
        sales.write_text(sales.read_text().replace("line 18", "mine"))
        (repository / "tests/test_orders.py").unlink()
        moved = repository / "tests/test_moved.py"
        moved.write_text(moved.read_text().replace("line 18", "mine"))
        commit(repository, "Edits")
        if name == "remembered":
            check(repository)
        trees.append(repository)
    small.replace(JOB, "line 02", "fixed")
    small.replace(BASE, "line 02", "fixed")
    small.write("{{ platform }}/once.txt", "second\n")
    small.move(
        "{{ job }}/tests/test_{{ job_name }}.py.jinja", "{{ job }}/unit/{{ job_name }}.py.jinja"
    )
    small.release("v2.0.0")

    reports = [update(repository, say=lambda line: None) for repository in trees]

    assert tree(trees[0]) == tree(trees[1])
    assert reports[0].as_json() == reports[1].as_json()
    assert "fixed" in (trees[1] / "src/jobs/stock.py").read_text()
    assert (trees[1] / "once.txt").read_text() == "mine\n"
    commit(trees[1], "v2")
    # What an update wrote is remembered too.
    assert imported("list", trees[1]).isdisjoint({"copier"})
    assert {each.name: each.drift.user_owned for each in jobs(trees[1])} == {
        "moved": ["unit/moved.py"],
        "orders": ["unit/orders.py"],  # deleted under its old name
        "sales": ["src/jobs/sales.py"],
        "stock": [],
    }


def test_a_layer_that_waits_for_its_conflict_is_at_its_old_version(
    small: SmallTemplate, repository: Path
) -> None:
    check(repository)
    (repository / "src/jobs/sales.py").write_text("mine\n")
    commit(repository, "An edit")
    small.replace(JOB, "line 02", "fixed")
    small.release("v2.0.0")

    update(repository, say=lambda line: None)

    [_, sales] = jobs(repository)
    assert sales.version == "v1.0.0"
    assert sales.drift.user_owned == ["src/jobs/sales.py"]
    git(repository, "add", "--all")


def test_questions_that_look_alike_are_answered_one_by_one(
    small: SmallTemplate, tmp_path: Path
) -> None:
    """A value and a text that look the same, a value that is not there, what chance decides."""
    config = small.folder / "copier.yml"
    config.write_text(
        config.read_text()
        + "kind: {type: yaml, default: \"{{ 1 if job_name == 'sales' else true }}\"}\n"
        + 'shown: {type: str, when: false, default: "{{ kind }} {{ nothing is defined }}"}\n'
        + 'drawn: {type: str, when: false, default: "{{ range(10 ** 5) | random }}"}\n'
    )
    small.write("{{ job }}/{{ job_name }}.txt.jinja", "{{ shown }} {{ drawn }}\n")
    small.release("v1.1.0")
    repository = small.repository(tmp_path / "repository", "sales", "orders")
    update(repository, say=lambda line: None)

    assert (repository / "sales.txt").read_text().startswith("1 False ")
    assert (repository / "orders.txt").read_text().startswith("True False ")
    drawn = {(repository / f"{job}.txt").read_text().split()[2] for job in ("sales", "orders")}
    assert len(drawn) == 2
