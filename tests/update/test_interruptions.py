"""What a person does while an update runs, after it was killed, and amid its conflicts, is theirs."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gluecast.cli import main
from gluecast.errors import GluecastError
from gluecast.repository import disk
from gluecast.repository.git import environment
from gluecast.repository.work_tree import WorkTree
from gluecast.template.bundled import commit
from gluecast.update import journal, rollback
from gluecast.update import update as update_module
from gluecast.update.report import Report
from gluecast.update.update import abort_update, continue_update, unfinished, update
from small_template import (
    BASE,
    JOB,
    KILLED,
    SmallTemplate,
    conflict,
    edit,
    git,
    quietly,
    tree,
    versions,
)

SALES, ORDERS = "src/jobs/sales.py", "src/jobs/orders.py"


@pytest.fixture
def small(tmp_path: Path) -> SmallTemplate:
    return SmallTemplate(tmp_path / "template")


@pytest.fixture
def repository(small: SmallTemplate, tmp_path: Path) -> Path:
    return small.repository(tmp_path / "repository", "sales", "orders")


def released(small: SmallTemplate) -> None:
    small.replace(JOB, "line 02", "line 02, fixed")
    small.replace(BASE, "line 02", "line 02, fixed")
    small.release("v2.0.0")


@pytest.fixture
def half_written(small: SmallTemplate, repository: Path) -> Path:
    """A repository whose update was killed after some of its files."""
    released(small)
    # The first write is the journal's.
    command = [sys.executable, "-c", KILLED, str(repository), "3", str(int(signal.SIGKILL))]
    ran = subprocess.run(command, check=False, capture_output=True)
    assert ran.returncode == -signal.SIGKILL
    assert written(repository)
    return repository


def written(repository: Path) -> list[str]:
    """The files that differ from the last commit."""
    return git(repository, "diff", "--name-only").split()


def told(repository: Path) -> tuple[Report, str]:
    said: list[str] = []
    return update(repository, dry_run=True, say=said.append), "\n".join(said)


def test_edits_since_a_kill_stay_where_they_are(half_written: Path) -> None:
    [path, *others] = written(half_written)
    mine = (half_written / path).read_text() + "mine\n"
    (half_written / path).write_text(mine)

    with pytest.raises(GluecastError, match=f"uncommitted changes in {path}"):
        told(half_written)

    assert (half_written / path).read_text() == mine
    assert others
    assert written(half_written) == [path]
    git(half_written, "stash")
    report, said = told(half_written)
    assert report.changes
    assert said == ""


def test_commits_since_a_kill_are_not_rolled_back(half_written: Path) -> None:
    commit(half_written, "I found it like this")
    before = tree(half_written)

    report, said = told(half_written)

    assert "there are commits since: nothing is rolled back" in said
    assert tree(half_written) == before
    assert report.changes


def test_an_abort_after_a_kill_and_a_commit_leaves_the_way_free(half_written: Path) -> None:
    commit(half_written, "I found it like this")
    before = tree(half_written)

    with pytest.raises(GluecastError, match="nothing is rolled back"):
        abort_update(half_written)

    assert tree(half_written) == before
    assert told(half_written)[1] == ""
    assert versions(half_written) == {'_commit: "v1.0.0"'}


def test_check_and_list_mention_an_interrupted_update(
    half_written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("check", "list"):
        with pytest.raises(SystemExit):
            main([command, str(half_written)])
        assert "An unfinished update was interrupted" in capsys.readouterr().err


def test_check_mentions_conflicts(small: SmallTemplate, repository: Path) -> None:
    conflict(small, repository)

    assert f"conflicts in {SALES}" in (unfinished(repository) or "")


@pytest.mark.parametrize("saved", [SALES, ORDERS])
def test_what_is_saved_while_an_update_runs_is_not_overwritten(
    small: SmallTemplate, repository: Path, monkeypatch: pytest.MonkeyPatch, saved: str
) -> None:
    released(small)
    before = tree(repository)
    real = disk.os.replace

    def save_meanwhile(source: Path, target: Path) -> None:
        if str(target).endswith("update.json"):
            edit(repository, saved, "line 05", "line 05, saved meanwhile")
        real(source, target)

    monkeypatch.setattr(os, "replace", save_meanwhile)

    with pytest.raises(GluecastError, match=f"{saved} to stay as it is during the update"):
        quietly(repository)

    monkeypatch.undo()
    assert "line 05, saved meanwhile" in (repository / saved).read_text()
    assert {path for path in before if tree(repository)[path] != before[path]} == {saved}
    assert unfinished(repository) is None


def test_what_is_saved_while_the_templates_render_is_refused(
    small: SmallTemplate, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(small)
    real = update_module.write

    def save_before(*arguments: object, **options: object) -> None:
        edit(repository, SALES, "line 05", "line 05, saved meanwhile")
        real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(update_module, "write", save_before)

    with pytest.raises(GluecastError, match=f"uncommitted changes in {SALES}"):
        quietly(repository)

    assert "line 05, saved meanwhile" in (repository / SALES).read_text()
    assert written(repository) == [SALES]


@pytest.mark.parametrize(
    "damaged", ["", "[]", '{"before": {}, "after": {}, "of": "another version"}']
)
def test_a_damaged_record_of_an_update_is_named(repository: Path, damaged: str) -> None:
    record = repository / ".git/gluecast/update.json"
    record.parent.mkdir()
    record.write_text(damaged)

    for command in (abort_update, continue_update, quietly, unfinished):
        with pytest.raises(
            GluecastError, match=r"record of an unfinished update in .*update\.json"
        ):
            command(repository)  # type: ignore[operator]


@pytest.mark.parametrize("flag", ["skip-worktree", "assume-unchanged"])
def test_edits_that_git_does_not_watch_are_refused(
    small: SmallTemplate, repository: Path, flag: str
) -> None:
    git(repository, "update-index", f"--{flag}", SALES)
    edit(repository, SALES, "line 05", "line 05, only here")
    released(small)
    before = tree(repository)

    with pytest.raises(GluecastError, match=rf"files that git watches .*{SALES}"):
        quietly(repository)

    assert tree(repository) == before


def test_a_second_abort_keeps_the_copy_of_the_first(small: SmallTemplate, repository: Path) -> None:
    conflict(small, repository)
    copies = []
    for text in ("first\n", "second\n"):
        (repository / SALES).write_text(text)
        [(path, copy)] = abort_update(repository)
        assert path == SALES
        copies.append(copy)
        assert quietly(repository).conflicts

    assert [copy.read_text() for copy in copies] == ["first\n", "second\n"]


@pytest.mark.parametrize("command", ["continue", "abort", "update"])
def test_an_update_that_was_undone_with_git_is_forgotten(
    small: SmallTemplate, repository: Path, command: str
) -> None:
    conflict(small, repository)
    git(repository, "reset", "--hard")
    git(repository, "clean", "-fd")
    before = tree(repository)

    if command == "continue":
        with pytest.raises(GluecastError, match="undone with git; start again"):
            continue_update(repository)
    elif command == "abort":
        assert abort_update(repository) == []
    else:
        assert "undone with git" in told(repository)[1]

    assert tree(repository) == before
    assert unfinished(repository) is None
    assert versions(repository) == {'_commit: "v1.0.0"'}
    assert quietly(repository).conflicts


def test_a_reset_to_an_older_commit_leaves_a_way_out(
    small: SmallTemplate, repository: Path
) -> None:
    commit(repository, "Another commit")
    conflict(small, repository)
    git(repository, "reset", "--hard", "HEAD~1")

    with pytest.raises(GluecastError, match="undone with git"):
        continue_update(repository)

    assert unfinished(repository) is None
    assert quietly(repository).versions


def test_keeping_your_version_of_every_conflict_is_no_undoing(
    small: SmallTemplate, repository: Path
) -> None:
    edit(repository, SALES, "line 02", "line 02, mine")
    commit(repository, "An edit")
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")
    quietly(repository)
    git(repository, "checkout", "--ours", SALES)
    git(repository, "add", SALES)

    assert continue_update(repository) == [".copier-answers/sales.yml"]


def test_continue_stages_the_answers(small: SmallTemplate, repository: Path) -> None:
    conflict(small, repository)
    (repository / SALES).write_text("resolved\n")
    git(repository, "add", SALES)

    continue_update(repository)

    staged = git(repository, "diff", "--cached", "--name-only").split()
    assert ".copier-answers/sales.yml" in staged
    assert ".copier-answers/sales.yml" not in written(repository)


def test_the_lock_of_a_process_that_is_gone_stops_nobody(half_written: Path) -> None:
    noted = json.loads((half_written / ".git/gluecast/update.json").read_text())
    # An older gluecast wrote its process; another one has that number by now.
    (half_written / ".git/gluecast/update.json").write_text(
        json.dumps({**noted, "process": os.getppid()})
    )

    assert "rolled back" in told(half_written)[1]


def test_two_updates_do_not_run_at_once(small: SmallTemplate, repository: Path) -> None:
    released(small)
    with (
        journal.running(WorkTree(repository)),
        pytest.raises(GluecastError, match="no other update here, found a running one"),
    ):
        quietly(repository)

    assert quietly(repository).versions


def test_a_lock_of_the_index_is_named_before_anything_is_written(
    small: SmallTemplate, repository: Path
) -> None:
    released(small)
    before = tree(repository)
    lock = repository / ".git/index.lock"
    lock.touch()

    with pytest.raises(GluecastError, match=r"no other git command here, found .*index\.lock"):
        quietly(repository)

    assert tree(repository) == before
    lock.unlink()
    assert quietly(repository).versions


# --- what stands where a file was ---------------------------------------------------------------


def split_into_a_package(repository: Path, path: str) -> Path:
    """Replace a file by a folder of the same name."""
    (repository / path).unlink()
    (repository / path).mkdir()
    part = repository / path / "part.py"
    part.write_text("mine\n")
    return part


def test_abort_copies_what_stands_in_the_place_of_a_file(
    small: SmallTemplate, repository: Path
) -> None:
    before = tree(repository)
    conflict(small, repository)
    before = {**before, SALES: tree(repository)[SALES]}
    split_into_a_package(repository, ORDERS)
    shutil.rmtree(repository / "tests")
    (repository / "tests").write_text("mine too\n")

    copies = dict(abort_update(repository))

    assert copies[f"{ORDERS}/part.py"].read_text() == "mine\n"
    assert (
        git(repository, "status", "--porcelain")
        == " D tests/test_orders.py\n D tests/test_sales.py\n?? tests\n"
    )
    assert (
        before.keys() - {"tests/test_orders.py", "tests/test_sales.py"} <= tree(repository).keys()
    )


def test_a_folder_that_replaced_a_file_after_a_kill_stays(half_written: Path) -> None:
    [path, *_] = written(half_written)
    part = split_into_a_package(half_written, path)

    with pytest.raises(GluecastError, match="uncommitted changes"):
        told(half_written)

    assert part.read_text() == "mine\n"


def test_a_file_that_was_deleted_after_a_kill_stays_deleted(half_written: Path) -> None:
    [path, *_] = written(half_written)
    (half_written / path).unlink()

    with pytest.raises(GluecastError, match=f"uncommitted changes in {path}"):
        told(half_written)

    assert not (half_written / path).exists()


def test_a_folder_that_appears_while_an_update_runs_is_refused(
    small: SmallTemplate, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.write("{{ platform }}/zz.txt", "new\n")
    small.release("v2.0.0")
    real = disk.os.replace

    def make_meanwhile(source: Path, target: Path) -> None:
        if str(target).endswith("update.json"):
            (repository / "zz.txt").mkdir(exist_ok=True)
            (repository / "zz.txt/mine").write_text("mine\n")
        real(source, target)

    monkeypatch.setattr(os, "replace", make_meanwhile)

    with pytest.raises(GluecastError, match=r"zz\.txt to stay as it is"):
        quietly(repository)

    assert (repository / "zz.txt/mine").read_text() == "mine\n"
    assert unfinished(repository) is None


def test_abort_copies_what_was_only_staged(small: SmallTemplate, repository: Path) -> None:
    conflict(small, repository)
    (repository / ORDERS).write_text("staged\n")
    git(repository, "add", ORDERS)
    (repository / ORDERS).write_text("on disk\n")

    texts = {copy.read_text() for _, copy in abort_update(repository)}

    assert texts == {"staged\n", "on disk\n"}


@pytest.mark.parametrize("then", ["edit", "commit", "checkout"])
def test_an_undone_update_is_noticed_beside_other_edits(
    small: SmallTemplate, repository: Path, then: str
) -> None:
    conflict(small, repository)
    if then == "checkout":
        git(repository, "checkout", "HEAD", "--", ".")
    else:
        git(repository, "reset", "--hard")
    edit(repository, ORDERS, "line 15", "line 15, mine")
    if then == "commit":
        commit(repository, "Mine")
    before = tree(repository)

    with pytest.raises(GluecastError, match="undone with git"):
        continue_update(repository)

    assert tree(repository) == before
    assert versions(repository) == {'_commit: "v1.0.0"'}


def test_an_abort_that_fails_half_way_cannot_be_continued(
    small: SmallTemplate, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(repository)
    conflict(small, repository)
    before[SALES] = ("-", git(repository, "show", f"HEAD:{SALES}").encode())

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(rollback, "replace_file", fail)
    with pytest.raises(OSError, match="the disk is full"):
        abort_update(repository)
    monkeypatch.undo()

    with pytest.raises(GluecastError, match="to continue, found none"):
        continue_update(repository)
    assert "rolled back" in told(repository)[1]
    assert {path: tree(repository).get(path) for path in before} == before


def test_abort_restores_files_that_git_does_not_watch_by_now(
    small: SmallTemplate, repository: Path
) -> None:
    before = git(repository, "show", f"HEAD:{ORDERS}")
    conflict(small, repository)
    git(repository, "update-index", "--skip-worktree", ORDERS)

    abort_update(repository)

    assert (repository / ORDERS).read_text() == before


def test_continue_waits_for_a_lock_of_the_index(small: SmallTemplate, repository: Path) -> None:
    conflict(small, repository)
    git(repository, "checkout", "--ours", SALES)
    git(repository, "add", SALES)
    lock = repository / ".git/index.lock"
    lock.touch()

    for ending in (continue_update, abort_update):
        with pytest.raises(GluecastError, match="no other git command"):
            ending(repository)

    lock.unlink()
    assert continue_update(repository)


def test_a_killed_continue_is_continued(
    small: SmallTemplate, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conflict(small, repository)
    git(repository, "checkout", "--ours", SALES)
    git(repository, "add", SALES)
    monkeypatch.setattr(journal, "close", lambda tree: None)  # as if it died just before
    continue_update(repository)
    monkeypatch.undo()

    assert continue_update(repository) == [".copier-answers/sales.yml"]


def test_two_repositories_of_one_git_repository_are_updated_apart(
    small: SmallTemplate, tmp_path: Path
) -> None:
    root = tmp_path / "monorepo"
    for name in ("a", "b"):
        shutil.rmtree(small.repository(root / name, "sales") / ".git")
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, "Both")
    edit(root / "b", SALES, "line 15", "line 15, of b")
    conflict_in = root / "a"
    conflict(small, conflict_in)

    for ending in (continue_update, abort_update):
        with pytest.raises(GluecastError, match="found none"):
            ending(root / "b")
    commit_of_b = git(root, "diff", "--name-only", "--", "b")
    assert commit_of_b == ""
    abort_update(conflict_in)

    assert git(root, "status", "--porcelain") == ""


def test_a_long_name_is_written_too(small: SmallTemplate, repository: Path) -> None:
    name = "x" * 250 + ".md"
    small.write("{{ platform }}/" + name, "new\n")
    small.release("v2.0.0")

    quietly(repository)

    assert (repository / name).read_text() == "new\n"


# --- the environment of git ----------------------------------------------------------------------


def test_the_environment_of_git_is_the_same_the_second_time() -> None:
    given = {"PATH": "p", "GIT_DIR": "/elsewhere", "GIT_CONFIG_COUNT": "1",
             "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "me"}  # fmt: skip

    once = environment(given)

    assert environment(once) == once
    assert "GIT_DIR" not in once
    assert once["GIT_CONFIG_KEY_0"] == "user.name"


HOSTILE = {
    "GIT_DIR": "/nowhere",
    "GIT_WORK_TREE": "/nowhere",
    "GIT_INDEX_FILE": "/nowhere/index",
    "GIT_PAGER": "false",
    "GIT_EDITOR": "false",
    "GIT_CONFIG_COUNT": "5",
    "GIT_CONFIG_KEY_0": "tag.gpgSign",
    "GIT_CONFIG_VALUE_0": "true",
    "GIT_CONFIG_KEY_1": "commit.gpgSign",
    "GIT_CONFIG_VALUE_1": "true",
    "GIT_CONFIG_KEY_2": "safe.bareRepository",
    "GIT_CONFIG_VALUE_2": "explicit",
    "GIT_CONFIG_KEY_3": "color.ui",
    "GIT_CONFIG_VALUE_3": "always",
    "GIT_CONFIG_KEY_4": "gpg.program",
    "GIT_CONFIG_VALUE_4": "false",
}


def test_settings_for_a_person_do_not_matter(
    small: SmallTemplate, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-index-change", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/a-hook-ran\nexit 1\n")
        (hooks / name).chmod(0o755)
    released(small)
    (tmp_path / "gitconfig").write_text(f"[core]\n\thooksPath = {hooks}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit) as ended:
        main(["update", str(repository)])

    assert ended.value.code == 0
    assert not (tmp_path / "a-hook-ran").exists()
    assert versions(repository) == {'_commit: "v2.0.0"'}


# --- the command line ----------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["--abort", "--continue"])
def test_an_ending_takes_no_options_of_an_update(
    small: SmallTemplate, repository: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    conflict(small, repository)
    before = tree(repository)

    with pytest.raises(SystemExit) as ended:
        main(["update", str(repository), ending, "--dry-run"])

    assert ended.value.code == 1
    assert f"expected {ending} without other options" in capsys.readouterr().err
    assert tree(repository) == before


def test_every_ending_and_every_error_can_be_json(
    small: SmallTemplate, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(*arguments: str) -> object:
        with pytest.raises(SystemExit):
            main(["update", str(repository), "--json", *arguments])
        return json.loads(capsys.readouterr().out)

    assert "expected an unfinished update" in answer("--abort")["error"]  # type: ignore[index]
    conflict(small, repository)
    assert answer("--abort") == {"aborted": True, "copies": {}}
    quietly(repository)
    (repository / SALES).write_text("resolved\n")
    git(repository, "add", SALES)
    answers = [".copier-answers/sales.yml"]
    assert answer("--continue") == {"continued": True, "answers": answers}


def test_a_summary_that_cannot_be_written_is_an_error_in_one_line(
    small: SmallTemplate, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    released(small)

    with pytest.raises(SystemExit) as ended:
        main(["update", str(repository), "--summary", "/nowhere/summary.md"])

    assert ended.value.code == 1
    [line] = [each for each in capsys.readouterr().err.splitlines() if "gluecast update:" in each]
    assert "/nowhere/summary.md" in line
