"""gluecast update: what becomes of each file, and what happens when it cannot go on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gluecast.errors import GluecastError
from gluecast.jobs.check import check
from gluecast.template.bundled import PUBLISHED_AT, commit, published
from gluecast.template.versions import RELEASES, version_of
from gluecast.update.merge import Kind
from gluecast.update.report import Report
from gluecast.update.update import abort_update, continue_update, update
from small_template import (
    BASE,
    JOB,
    KILLED,
    LINES,
    SmallTemplate,
    conflict,
    edit,
    edit_and_commit,
    git,
    quietly,
    tree,
    versions,
)


@pytest.fixture
def small(tmp_path: Path) -> SmallTemplate:
    return SmallTemplate(tmp_path / "template")


@pytest.fixture
def repository(small: SmallTemplate, tmp_path: Path) -> Path:
    return small.repository(tmp_path / "repository", "sales", "orders")


def kinds(report: Report) -> dict[str, Kind]:
    """What happened to the files, but for the answers."""
    return {change.path: change.kind for change in report.changes if "answers" not in change.path}


def test_a_fix_reaches_every_layer_and_the_edits_stand(
    small: SmallTemplate, repository: Path
) -> None:
    edit_and_commit(repository, "src/jobs/sales.py", "line 18", "line 18, mine")
    small.replace(JOB, "line 02", "line 02, fixed")
    small.replace(BASE, "line 02", "line 02, fixed")
    small.write("{{ job }}/docs/{{ job_name }}.md", "new\n")
    small.remove("{{ job }}/tests/test_{{ job_name }}.py.jinja")
    small.release("v2.0.0")

    report = quietly(repository)

    assert kinds(report) == {
        "docs/orders.md": Kind.NEW,
        "docs/sales.md": Kind.NEW,
        "src/base.py": Kind.CLEAN,
        "src/jobs/orders.py": Kind.CLEAN,
        "src/jobs/sales.py": Kind.MERGED,
        "tests/test_orders.py": Kind.REMOVED,
        "tests/test_sales.py": Kind.REMOVED,
    }
    text = (repository / "src/jobs/sales.py").read_text()
    assert "line 02, fixed" in text
    assert "line 18, mine" in text
    assert not (repository / "tests").exists()
    assert versions(repository) == {'_commit: "v2.0.0"'}
    left = {path.name for path in (repository / ".git/gluecast").iterdir()}
    assert left == {"written.json", "lock"}


def test_a_second_update_in_a_row_has_nothing_to_do(small: SmallTemplate, repository: Path) -> None:
    small.replace(BASE, "line 02", "line 02, fixed")
    small.release("v2.0.0")
    quietly(repository)

    assert quietly(repository) == Report({}, [])


def test_a_dry_run_says_the_same_and_writes_nothing(small: SmallTemplate, repository: Path) -> None:
    edit_and_commit(repository, "src/jobs/sales.py", "line 02", "line 02, mine")
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")
    before = tree(repository), (repository / ".git/index").read_bytes()

    planned = quietly(repository, dry_run=True)

    assert (tree(repository), (repository / ".git/index").read_bytes()) == before
    assert planned == quietly(repository)


def test_one_job_and_one_version_can_be_named(small: SmallTemplate, repository: Path) -> None:
    small.replace(JOB, "line 02", "two")
    small.release("v2.0.0")
    small.replace(JOB, "two", "three")
    small.release("v3.0.0")

    report = quietly(repository, to="v2.0.0", only=["_platform", "sales"])

    assert kinds(report) == {"src/jobs/sales.py": Kind.CLEAN}
    assert "two" in (repository / "src/jobs/sales.py").read_text()
    with pytest.raises(GluecastError, match=r"expected one of .*orders, sales, found slaes"):
        quietly(repository, only=["slaes"])


def test_a_job_does_not_become_newer_than_its_platform(
    small: SmallTemplate, repository: Path
) -> None:
    small.release("v2.0.0")

    with pytest.raises(GluecastError, match="add _platform"):
        quietly(repository, only=["sales"])


def test_an_older_version_is_refused(small: SmallTemplate, repository: Path) -> None:
    small.release("v2.0.0")
    quietly(repository)
    commit(repository, "Updated")

    with pytest.raises(GluecastError, match=r"expected a newer version than v2\.0\.0"):
        quietly(repository, to="v1.0.0")


def test_a_layer_that_is_ahead_of_the_newest_release_stays(
    small: SmallTemplate, repository: Path
) -> None:
    small.replace(BASE, "line 02", "not released")
    commit(small.folder, "After v1.0.0")
    quietly(repository, to="main")
    commit(repository, "Ahead")

    assert quietly(repository) == Report({}, [])
    assert "not released" in (repository / "src/base.py").read_text()


def name_in_a_file_alone(small: SmallTemplate) -> None:
    """Let the release v1.0.0 be named by the file RELEASES, as where its tag did not arrive."""
    sha = git(small.folder, "rev-parse", "v1.0.0^{commit}").strip()
    (small.folder / RELEASES).write_text(f"v1.0.0 {sha}\n")
    git(small.folder, "tag", "--delete", "v1.0.0")


def test_what_comes_after_the_newest_release_is_ahead_also_without_a_description(
    small: SmallTemplate, tmp_path: Path
) -> None:
    name_in_a_file_alone(small)
    small.replace(BASE, "line 02", "not released")
    commit(small.folder, "After v1.0.0")
    repository = small.repository(tmp_path / "repository", "sales", version="main")
    commit(small.folder, "One more")
    [recorded] = versions(repository)
    assert "v1.0.0" not in recorded

    assert quietly(repository) == Report({}, [])
    assert not check(repository).outdated
    with pytest.raises(GluecastError, match=r"expected a newer version than .*, found v1\.0\.0"):
        quietly(repository, to="v1.0.0")
    with pytest.raises(GluecastError, match="add _platform"):
        quietly(repository, to="main", only=["sales"])


def test_a_release_after_what_an_abbreviation_names_is_what_it_is_behind(
    small: SmallTemplate, tmp_path: Path
) -> None:
    name_in_a_file_alone(small)
    commit(small.folder, "After v1.0.0")
    repository = small.repository(tmp_path / "repository", "sales", version="main")
    small.replace(BASE, "line 02", "fixed")
    small.release("v2.0.0")

    assert {newest for _, newest in check(repository).outdated.values()} == {"v2.0.0"}
    quietly(repository)
    assert versions(repository) == {'_commit: "v2.0.0"'}


@pytest.mark.parametrize("commit_name", ["417c597", "1234567", "12a3456", "900rc12", "1a", "v4a"])
def test_an_abbreviated_commit_is_no_version(commit_name: str) -> None:
    assert version_of(commit_name) is None


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("v0.1.0", "v0.1.0-4-g417c597"),
        ("0.1.0-4-g417c597", "v0.1.1"),
        ("v2.0.0rc1", "v2.0.0"),
        ("1.9", "v1.10"),
        ("v9", "v10"),
        ("v4-2-gabc1234", "v5"),
    ],
)
def test_releases_and_descriptions_of_commits_after_them_are_versions(
    older: str, newer: str
) -> None:
    first, second = version_of(older), version_of(newer)

    assert first and second and first < second


def test_a_version_that_is_not_there_is_refused_with_those_that_are(repository: Path) -> None:
    with pytest.raises(GluecastError, match=r"found v9; its releases: v1\.0\.0"):
        quietly(repository, to="v9")


def test_a_template_without_tags_is_followed_by_its_head(
    small: SmallTemplate, tmp_path: Path
) -> None:
    git(small.folder, "tag", "--delete", "v1.0.0")
    repository = small.repository(tmp_path / "repository", "sales", version="HEAD")
    small.replace(BASE, "line 02", "line 02, fixed")
    commit(small.folder, "A fix")

    assert kinds(quietly(repository)) == {"src/base.py": Kind.CLEAN}


def test_a_conflict_is_marked_and_its_answers_wait(small: SmallTemplate, repository: Path) -> None:
    report = conflict(small, repository)

    assert kinds(report)["src/jobs/sales.py"] == Kind.CONFLICT
    assert (
        "<<<<<<< before updating\nline 02, mine\n=======\nline 02, fixed\n>>>>>>> after updating\n"
    ) in (repository / "src/jobs/sales.py").read_text()
    stages = [line.split()[2] for line in git(repository, "ls-files", "-u").splitlines()]
    assert stages == ["1", "2", "3"]
    assert "v1.0.0" in (repository / ".copier-answers/sales.yml").read_text()
    assert "v2.0.0" in (repository / ".copier-answers/orders.yml").read_text()
    with pytest.raises(GluecastError, match="expected no unfinished update"):
        quietly(repository)


def test_continue_moves_the_answers_once_all_is_resolved(
    small: SmallTemplate, repository: Path
) -> None:
    conflict(small, repository)
    module = repository / "src/jobs/sales.py"

    with pytest.raises(GluecastError, match="unmerged"):
        continue_update(repository)
    git(repository, "add", "src/jobs/sales.py")
    with pytest.raises(GluecastError, match=r"conflict markers in src/jobs/sales\.py"):
        continue_update(repository)
    module.write_text("resolved\n")
    git(repository, "add", "src/jobs/sales.py")

    assert continue_update(repository) == [".copier-answers/sales.yml"]
    assert versions(repository) == {'_commit: "v2.0.0"'}
    commit(repository, "Updated")
    assert quietly(repository) == Report({}, [])


@pytest.mark.parametrize("staged", [False, True])
def test_abort_restores_the_tree_exactly(
    small: SmallTemplate, repository: Path, staged: bool
) -> None:
    (repository / "untracked.txt").write_text("mine\n")
    (repository / "src/base.py").chmod(0o755)
    commit(repository, "A mode")
    edit_and_commit(repository, "src/jobs/sales.py", "line 02", "line 02, mine")
    edit(repository, "src/base.py", "line 09", "line 09, uncommitted")
    before = tree(repository), git(repository, "ls-files", "--stage"), git(repository, "status")
    small.replace(JOB, "line 02", "line 02, fixed")
    small.write("{{ job }}/docs/deep/{{ job_name }}.md", "new\n")
    small.remove("{{ job }}/tests/test_{{ job_name }}.py.jinja")
    small.release("v2.0.0")
    assert quietly(repository).conflicts
    assert tree(repository) != before[0]
    if staged:
        git(repository, "add", "src/jobs", "docs", "tests", ".copier-answers")

    assert abort_update(repository) == []

    after = tree(repository), git(repository, "ls-files", "--stage"), git(repository, "status")
    assert after == before
    assert not (repository / "docs").exists()


def test_abort_copies_what_was_edited_since(small: SmallTemplate, repository: Path) -> None:
    conflict(small, repository)
    (repository / "src/jobs/sales.py").write_text("half resolved\n")

    [(path, copy)] = abort_update(repository)

    assert path == "src/jobs/sales.py"
    assert copy == repository / ".git/gluecast/aborted/1/src/jobs/sales.py"
    assert copy.read_text() == "half resolved\n"
    assert "line 02, mine" in (repository / "src/jobs/sales.py").read_text()


def test_abort_after_a_commit_is_refused(small: SmallTemplate, repository: Path) -> None:
    conflict(small, repository)
    commit(repository, "Too early")

    with pytest.raises(GluecastError, match="found a newer one"):
        abort_update(repository)


@pytest.mark.parametrize("ending", [continue_update, abort_update])
def test_without_an_unfinished_update_there_is_nothing_to_end(ending, repository: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(GluecastError, match=r"expected an .*update"):
        ending(repository)


def test_uncommitted_changes_are_refused_only_where_the_update_writes(
    small: SmallTemplate, repository: Path
) -> None:
    edit(repository, "src/base.py", "line 02", "line 02, mine")
    (repository / "docs").mkdir()
    (repository / "docs/sales.md").write_text("mine\n")
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")
    small.replace(BASE, "line 09", "line 09, fixed")
    small.release("v3.0.0")
    small.write("{{ job }}/docs/{{ job_name }}.md", "new\n")
    small.release("v4.0.0")
    before = tree(repository)

    with pytest.raises(GluecastError, match=r"uncommitted changes in src/base\.py; commit"):
        quietly(repository, to="v3.0.0")
    with pytest.raises(GluecastError, match=r"docs/sales\.md, src/base\.py; commit"):
        quietly(repository)
    assert tree(repository) == before

    assert quietly(repository, to="v2.0.0").versions
    assert "line 02, mine" in (repository / "src/base.py").read_text()


def test_an_edited_file_that_the_template_renames_keeps_its_edits(
    small: SmallTemplate, repository: Path
) -> None:
    edit_and_commit(repository, "src/jobs/sales.py", "line 18", "line 18, mine")
    small.move(JOB, "{{ job }}/src/etl/{{ job_name }}_job.py.jinja")
    small.replace("{{ job }}/src/etl/{{ job_name }}_job.py.jinja", "line 02", "line 02, fixed")
    small.release("v2.0.0")

    report = quietly(repository)

    assert kinds(report)["src/etl/sales_job.py"] == Kind.RENAMED
    text = (repository / "src/etl/sales_job.py").read_text()
    assert "line 18, mine" in text
    assert "line 02, fixed" in text
    assert not (repository / "src/jobs").exists()
    assert (repository / "src/etl/orders_job.py").exists()


def test_an_edited_file_that_the_template_removes_stays_and_is_a_conflict(
    small: SmallTemplate, repository: Path
) -> None:
    edit_and_commit(repository, "tests/test_sales.py", "line 18", "line 18, mine")
    small.remove("{{ job }}/tests/test_{{ job_name }}.py.jinja")
    small.release("v2.0.0")

    report = quietly(repository)

    assert kinds(report) == {
        "tests/test_orders.py": Kind.REMOVED,
        "tests/test_sales.py": Kind.CONFLICT,
    }
    assert "line 18, mine" in (repository / "tests/test_sales.py").read_text()
    assert "deleted by them" in git(repository, "status")
    git(repository, "add", "tests/test_sales.py")
    continue_update(repository)
    assert "line 18, mine" in (repository / "tests/test_sales.py").read_text()


def test_a_file_that_the_user_deleted_stays_deleted_and_is_named(
    small: SmallTemplate, repository: Path
) -> None:
    (repository / "tests/test_sales.py").unlink()
    commit(repository, "Without tests")
    small.replace("{{ job }}/tests/test_{{ job_name }}.py.jinja", "line 02", "fixed")
    small.release("v2.0.0")

    assert kinds(quietly(repository))["tests/test_sales.py"] == Kind.KEPT_DELETED
    assert not (repository / "tests/test_sales.py").exists()


def test_a_file_that_is_written_once_is_skipped(small: SmallTemplate, repository: Path) -> None:
    small.write("{{ platform }}/once.txt", "second\n")
    small.release("v2.0.0")

    assert kinds(quietly(repository)) == {"once.txt": Kind.SKIPPED}
    assert (repository / "once.txt").read_text() == "first\n"


def test_a_file_that_both_sides_added_is_a_conflict_of_both(
    small: SmallTemplate, repository: Path
) -> None:
    (repository / "notes.md").write_text("mine\n")
    commit(repository, "Notes")
    small.write("{{ platform }}/notes.md", "the template's\n")
    small.release("v2.0.0")

    assert kinds(quietly(repository)) == {"notes.md": Kind.CONFLICT}
    text = (repository / "notes.md").read_text()
    assert "mine\n" in text
    assert "the template's\n" in text
    assert "both added" in git(repository, "status")


def test_modes_links_and_binaries_are_merged_or_kept(small: SmallTemplate, tmp_path: Path) -> None:
    platform = small.folder / "template/{{ platform }}"
    with (small.folder / "copier.yml").open("a") as questions:
        questions.write("_preserve_symlinks: true\n")
    small.write("{{ platform }}/run.sh", LINES)
    small.write("{{ platform }}/picture", b"\0one")
    small.write("{{ platform }}/other", b"\0one")
    (platform / "link").symlink_to("one")
    (platform / "clean").symlink_to("one")
    small.release("v1.1.0")
    repository = small.repository(tmp_path / "repository", "sales", version="v1.1.0")
    edit(repository, "run.sh", "line 18", "line 18, mine")
    (repository / "picture").write_bytes(b"\0mine")
    (repository / "link").unlink()
    (repository / "link").symlink_to("mine")
    commit(repository, "Edits")
    (platform / "run.sh").chmod(0o755)
    small.write("{{ platform }}/picture", b"\0two")
    small.write("{{ platform }}/other", b"\0two")
    for name in ("link", "clean"):
        (platform / name).unlink()
        (platform / name).symlink_to("two")
    small.release("v2.0.0")

    report = quietly(repository)

    assert kinds(report) == {
        "clean": Kind.CLEAN,
        "link": Kind.CONFLICT,
        "other": Kind.CLEAN,
        "picture": Kind.CONFLICT,
        "run.sh": Kind.MERGED,
    }
    found = tree(repository)
    assert found["run.sh"] == ("x", LINES.replace("line 18", "line 18, mine").encode())
    assert found["picture"] == ("-", b"\0mine")
    assert found["link"] == ("link", b"mine")
    assert found["clean"] == ("link", b"two")
    assert git(repository, "show", ":3:link") == "two"


def test_a_file_may_become_a_folder(small: SmallTemplate, repository: Path) -> None:
    small.remove(BASE)
    small.write("{{ platform }}/src/base.py/inner.py", "inner\n")
    small.release("v2.0.0")

    quietly(repository)

    assert (repository / "src/base.py/inner.py").read_text() == "inner\n"


def test_what_is_in_the_way_is_refused_before_anything_is_written(
    small: SmallTemplate, repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (repository / "docs").symlink_to(tmp_path / "elsewhere")
    small.write("{{ job }}/docs/{{ job_name }}.md", "new\n")
    small.replace(BASE, "line 02", "fixed")
    small.release("v2.0.0")
    before = tree(repository)

    with pytest.raises(GluecastError, match=r"expected a folder for docs/orders\.md"):
        quietly(repository)

    assert tree(repository) == before
    assert not list((tmp_path / "elsewhere").iterdir())


def test_an_answer_that_the_new_template_refuses_is_named_not_replaced(
    small: SmallTemplate, repository: Path
) -> None:
    text = (small.folder / "copier.yml").read_text()
    strict = text.replace("job_name != job_name | lower", "job_name == 'sales'")
    (small.folder / "copier.yml").write_text(strict)
    small.release("v2.0.0")

    with pytest.raises(GluecastError, match=r"refuses job_name: 'sales' of sales at v2\.0\.0"):
        quietly(repository)


def test_a_template_that_runs_code_is_refused(small: SmallTemplate, repository: Path) -> None:
    with (small.folder / "copier.yml").open("a") as questions:
        questions.write("_tasks: [touch ran]\n")
    small.release("v2.0.0")

    with pytest.raises(GluecastError, match=r"runs code .* use copier update --trust"):
        quietly(repository)


def test_a_folder_without_git_or_without_answers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GluecastError, match="expected a repository of the template"):
        quietly(tmp_path)
    (tmp_path / ".copier-answers").mkdir()
    with pytest.raises(GluecastError, match="expected a git repository"):
        quietly(tmp_path)


def test_it_works_from_a_subfolder_in_a_work_tree_below_the_root_with_a_relative_template(
    small: SmallTemplate, tmp_path: Path
) -> None:
    """A repository in a folder of a larger one, checked out a second time, another path each."""
    outer = tmp_path / "outer"
    small.repository(outer / "lake", "sales", "ünïcode")
    (outer / "lake/.git").rename(outer / ".git")
    for answers in (outer / "lake/.copier-answers").iterdir():
        text = answers.read_text().replace(str(small.folder), "../../template")
        answers.write_text(text)
    edit(outer / "lake", "src/jobs/sales.py", "line 02", "line 02, mine")
    commit(outer, "Moved")
    git(outer, "worktree", "add", "--quiet", str(tmp_path / "second"))
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")
    before = tree(tmp_path / "second")

    report = quietly(tmp_path / "second/lake/src/jobs")

    assert kinds(report) == {
        "src/jobs/sales.py": Kind.CONFLICT,
        "src/jobs/ünïcode.py": Kind.CLEAN,
    }
    assert "lake/src/jobs/sales.py" in git(tmp_path / "second", "ls-files", "-u")
    abort_update(tmp_path / "second/lake/src")
    assert tree(tmp_path / "second") == before
    assert git(tmp_path / "second", "status", "--porcelain") == ""


def test_a_template_at_an_address_is_cloned(
    small: SmallTemplate, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for answers in (repository / ".copier-answers").iterdir():
        answers.write_text(answers.read_text().replace(str(small.folder), PUBLISHED_AT))
    commit(repository, "As from the published template")
    for name, value in published(small.folder, cache=tmp_path).items():
        monkeypatch.setenv(name, value)
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")

    assert check(repository).outdated.keys() == {"_platform", "orders", "sales"}
    quietly(repository)

    assert "line 02, fixed" in (repository / "src/jobs/sales.py").read_text()
    recorded = (repository / ".copier-answers/sales.yml").read_text()
    assert f'_src_path: "{PUBLISHED_AT}"' in recorded


@pytest.mark.parametrize("number", [2, 4])
def test_an_update_that_is_killed_is_undone_by_the_next_command(
    small: SmallTemplate, repository: Path, number: int
) -> None:
    small.replace(JOB, "line 02", "line 02, fixed")
    small.replace(BASE, "line 02", "line 02, fixed")
    small.release("v2.0.0")
    before = tree(repository)
    command = [sys.executable, "-c", KILLED, str(repository), str(number), str(int(signal.SIGKILL))]
    ran = subprocess.run(command, check=False, capture_output=True)
    assert ran.returncode == -signal.SIGKILL
    assert tree(repository) != before
    said: list[str] = []

    update(repository, dry_run=True, say=said.append)

    assert "interrupted" in said[0]
    assert tree(repository) == before
    assert git(repository, "status", "--porcelain") == ""


def test_an_update_that_fails_half_way_undoes_itself(
    small: SmallTemplate, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")
    before = tree(repository)
    replace = os.replace

    def fail(source: Path, target: Path) -> None:
        if "sales.py" in str(target):
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr("gluecast.repository.disk.os.replace", fail)

    with pytest.raises(KeyboardInterrupt):
        quietly(repository)

    assert tree(repository) == before
    assert git(repository, "status", "--porcelain") == ""
