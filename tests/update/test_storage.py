"""Line ends, filters, encodings and modes: files are compared as git stores them, written as it would."""

import os
import subprocess
from pathlib import Path

import pytest

from gluecast.errors import GluecastError
from gluecast.jobs.check import check
from gluecast.jobs.rename import rename
from gluecast.repository.file import EXECUTABLE
from gluecast.template.bundled import commit
from gluecast.update.merge import Kind
from gluecast.update.update import abort_update, continue_update
from small_template import (
    BASE,
    JOB,
    SmallTemplate,
    conflict,
    edit_and_commit,
    git,
    quietly,
    tree,
    versions,
)

SALES, ORDERS = "src/jobs/sales.py", "src/jobs/orders.py"


@pytest.fixture
def small(tmp_path: Path) -> SmallTemplate:
    return SmallTemplate(tmp_path / "template")


SETTINGS = {
    "autocrlf": ("core.autocrlf=true", ""),
    "CRLF by an attribute": ("", "*.py text eol=crlf\n*.yml text eol=lf\n"),
    "CRLF by a setting": ("core.eol=crlf", "* text=auto\n"),
    "an encoding": ("", "*.py text working-tree-encoding=UTF-16\n"),
    "a filter": (
        "filter.secret.clean=tr a-z A-Z;filter.secret.smudge=tr A-Z a-z;filter.secret.required=true",
        "*.py filter=secret\n",
    ),
    "an ident": ("", "*.py ident\n"),
}


@pytest.fixture(params=SETTINGS)
def repository(
    request: pytest.FixtureRequest,
    small: SmallTemplate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A repository whose files are other bytes on disk than in git."""
    settings, attributes = SETTINGS[request.param]
    if request.param == "an ident":
        small.write(BASE, "# $Id$\n" + (small.folder / "template" / BASE).read_text())
        small.release("v1.0.1")
    if request.param == "a filter":
        # What a filter cleans is what the template writes.
        for path in (BASE, JOB):
            text = (small.folder / "template" / path).read_text()
            small.write(path, text.replace("line", "LINE"))
        small.release("v1.0.1")
    version = "v1.0.1" if request.param in ("an ident", "a filter") else "v1.0.0"
    made = small.repository(tmp_path / "repository", "sales", "orders", version=version)
    for setting in filter(None, settings.split(";")):
        git(made, "config", *setting.split("=", 1))
    # Git for Windows sets it for the whole machine, for clones of templates too.
    (tmp_path / "gitconfig").write_text("[core]\n\tautocrlf = true\n" * ("autocrlf" in settings))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    (made / ".gitattributes").write_text(attributes)
    if request.param == "an encoding":
        for path in made.rglob("*.py"):
            path.write_text(path.read_text(), encoding="utf-16")
    git(made, "add", "--renormalize", ".")
    commit(made, "How the files are stored")
    for path in git(made, "ls-files").split():
        (made / path).unlink()
    git(made, "checkout", "-q", ".")
    assert git(made, "status", "--porcelain") == ""
    return made


def stored(repository: Path, path: str) -> str:
    """A file as git would store it."""
    command = ["git", "hash-object", "-w", f"--path={path}", path]
    oid = subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True)
    return git(repository, "cat-file", "blob", oid.stdout.strip())


def as_checked_out(repository: Path) -> bool:
    """Whether every file on disk has the bytes that a checkout of the same content would write."""
    before = tree(repository)
    git(repository, "add", "--all")
    for path in git(repository, "ls-files").split():
        (repository / path).unlink()
    git(repository, "checkout", "-q", "--", ".")
    return tree(repository) == before


def test_without_an_edit_nothing_is_edited_and_the_update_is_clean(
    small: SmallTemplate, repository: Path
) -> None:
    assert check(repository).edited == {}
    small.write(JOB, (small.folder / "template" / JOB).read_text() + "LAST\n")
    small.release("v2.0.0")

    report = quietly(repository)

    assert {change.kind for change in report.changes} == {Kind.CLEAN}
    assert "LAST" in stored(repository, SALES)
    assert as_checked_out(repository)
    assert check(repository).edited == {}
    commit(repository, "Updated")
    assert check(repository).edited == {}


def test_edits_are_merged_as_git_stores_them(small: SmallTemplate, repository: Path) -> None:
    mine = git(repository, "show", f":{SALES}").replace("02", "02, MINE")
    (repository / SALES).write_bytes(_on_disk(repository, SALES, mine))
    commit(repository, "An edit")
    small.write(JOB, (small.folder / "template" / JOB).read_text() + "LAST\n")
    small.release("v2.0.0")

    report = quietly(repository)

    assert {change.path: change.kind for change in report.changes}[SALES] == Kind.MERGED
    assert stored(repository, SALES) == mine + "LAST\n"
    assert as_checked_out(repository)


def test_a_conflict_can_be_aborted_and_continued(small: SmallTemplate, repository: Path) -> None:
    mine = git(repository, "show", f":{SALES}").replace("02", "02, MINE")
    (repository / SALES).write_bytes(_on_disk(repository, SALES, mine))
    commit(repository, "An edit")
    text = (small.folder / "template" / JOB).read_text()
    small.write(JOB, text.replace("02", "02, FIXED"))
    small.release("v2.0.0")
    before = tree(repository)

    assert quietly(repository).conflicts
    assert "<<<<<<< BEFORE UPDATING" in stored(repository, SALES).upper()
    abort_update(repository)

    assert tree(repository) == before
    assert git(repository, "status", "--porcelain") == ""

    quietly(repository)
    theirs = git(repository, "show", f":3:{SALES}")
    git(repository, "add", SALES)
    with pytest.raises(GluecastError, match="conflict markers"):
        continue_update(repository)
    (repository / SALES).write_bytes(_on_disk(repository, SALES, theirs))
    git(repository, "add", SALES)
    continue_update(repository)

    assert versions(repository) == {'_commit: "v2.0.0"'}
    assert "02, FIXED" in stored(repository, SALES)
    assert as_checked_out(repository)


def test_a_reset_amid_conflicts_is_noticed(small: SmallTemplate, repository: Path) -> None:
    mine = git(repository, "show", f":{SALES}").replace("02", "02, MINE")
    (repository / SALES).write_bytes(_on_disk(repository, SALES, mine))
    commit(repository, "An edit")
    text = (small.folder / "template" / JOB).read_text()
    small.write(JOB, text.replace("02", "02, FIXED"))
    small.release("v2.0.0")
    quietly(repository)
    git(repository, "reset", "-q", "--hard")

    with pytest.raises(GluecastError, match="undone with git"):
        continue_update(repository)


def test_a_renamed_job_keeps_its_edits(repository: Path) -> None:
    mine = git(repository, "show", f":{SALES}").replace("02", "02, MINE")
    (repository / SALES).write_bytes(_on_disk(repository, SALES, mine))
    commit(repository, "An edit")

    rename(repository, "sales", "sold")

    assert "02, MINE" in stored(repository, "src/jobs/sold.py")
    assert as_checked_out(repository)


def _on_disk(repository: Path, path: str, text: str) -> bytes:
    """The bytes on disk of a text that git stores."""
    command = ["git", "hash-object", "-w", "--stdin"]
    run = subprocess.run(
        command, cwd=repository, input=text.encode(), check=True, capture_output=True
    )
    filtered = ["git", "cat-file", "--filters", f"--path={path}", run.stdout.decode().strip()]
    return subprocess.run(filtered, cwd=repository, check=True, capture_output=True).stdout


# --- modes and links that the disk does not hold -----------------------------------------------


@pytest.fixture
def without_modes(small: SmallTemplate, tmp_path: Path) -> Path:
    made = small.repository(tmp_path / "repository", "sales")
    git(made, "config", "core.fileMode", "false")
    git(made, "config", "core.symlinks", "false")
    return made


def test_a_new_mode_is_in_the_index_where_the_disk_has_none(
    small: SmallTemplate, without_modes: Path
) -> None:
    base = small.folder / "template" / BASE
    base.chmod(0o755)
    script = small.folder / "template/{{ platform }}/run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    small.release("v2.0.0")
    before = tree(without_modes)

    assert {each.kind for each in quietly(without_modes).changes} == {Kind.CLEAN, Kind.NEW}

    for path in ("src/base.py", "run.sh"):
        assert git(without_modes, "ls-files", "--stage", path).startswith(EXECUTABLE)
    commit(without_modes, "Updated")
    assert git(without_modes, "ls-tree", "HEAD", "run.sh").startswith(EXECUTABLE)
    assert check(without_modes).edited == {}
    assert before["src/base.py"][1] == tree(without_modes)["src/base.py"][1]


def test_a_mode_of_the_disk_is_no_edit_where_git_does_not_look_at_it(
    small: SmallTemplate, without_modes: Path
) -> None:
    (without_modes / SALES).chmod(0o755)
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")

    report = quietly(without_modes)

    assert {change.kind for change in report.changes} == {Kind.CLEAN}
    commit(without_modes, "Updated")
    assert git(without_modes, "ls-tree", "HEAD", SALES).startswith("100644")


def test_modes_are_restored_in_the_index(small: SmallTemplate, without_modes: Path) -> None:
    edit_and_commit(without_modes, SALES, "line 02", "line 02, mine")
    (small.folder / "template" / BASE).chmod(0o755)
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")
    index = git(without_modes, "ls-files", "--stage")

    assert quietly(without_modes).conflicts
    abort_update(without_modes)

    assert git(without_modes, "ls-files", "--stage") == index
    assert git(without_modes, "status", "--porcelain") == ""


def test_a_link_is_a_text_on_disk_where_git_writes_none(
    small: SmallTemplate, without_modes: Path
) -> None:
    config = small.folder / "copier.yml"
    config.write_text("_preserve_symlinks: true\n" + config.read_text())
    os.symlink("base.py", small.folder / "template/{{ platform }}/src/link.py")
    small.release("v2.0.0")

    quietly(without_modes)

    assert (without_modes / "src/link.py").read_text() == "base.py"
    assert git(without_modes, "ls-files", "--stage", "src/link.py").startswith("120000")
    commit(without_modes, "Updated")
    assert check(without_modes).edited == {}


def test_a_subfolder_of_a_repository_has_its_own_attributes(
    small: SmallTemplate, tmp_path: Path
) -> None:
    root = tmp_path / "monorepo"
    made = small.repository(root / "lake", "sales")
    subprocess.run(["rm", "-rf", made / ".git"], check=True)
    git(root, "init", "--quiet", "--initial-branch=main")
    (root / ".gitattributes").write_text("lake/src/** text eol=crlf\n")
    commit(root, "All of it")
    git(root, "rm", "-r", "--cached", "-q", ".")
    git(root, "reset", "--hard", "-q")
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")

    report = quietly(made)

    assert {change.kind for change in report.changes} == {Kind.CLEAN}
    assert b"line 02, fixed\r\n" in (made / SALES).read_bytes()


def test_conflicts_do_not_come_from_a_checkout_with_crlf_alone(
    small: SmallTemplate, tmp_path: Path
) -> None:
    made = small.repository(tmp_path / "repository", "sales")
    git(made, "config", "core.autocrlf", "true")
    for path in git(made, "ls-files").split():
        (made / path).write_bytes((made / path).read_bytes().replace(b"\n", b"\r\n"))

    assert len(conflict(small, made).conflicts) == 1


def test_a_filter_may_have_any_name(small: SmallTemplate, tmp_path: Path) -> None:
    made = small.repository(tmp_path / "repository", "sales")
    git(made, "config", "filter.Crypt.clean", "tr a-y b-z")
    git(made, "config", "filter.Crypt.smudge", "tr b-z a-y")
    (made / ".gitattributes").write_text("src/jobs/* filter=Crypt\n")
    git(made, "add", "--renormalize", ".")
    commit(made, "Encrypted")
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")

    assert {change.kind for change in quietly(made).changes} == {Kind.CLEAN}

    assert "line 02, fixed" in (made / SALES).read_text()
    assert "mjof 02, gjyfe" in stored(made, SALES)


def test_a_file_that_git_does_not_merge_by_lines_is_a_conflict(
    small: SmallTemplate, tmp_path: Path
) -> None:
    made = small.repository(tmp_path / "repository", "sales")
    (made / ".gitattributes").write_text("*.py merge=lfs\n")
    edit_and_commit(made, SALES, "line 12", "line 12, mine")
    mine = (made / SALES).read_text()
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")

    [change] = quietly(made).conflicts

    assert "not a text file" in change.note
    assert (made / SALES).read_text() == mine


def test_mixed_line_ends_do_not_stop_an_update(small: SmallTemplate, tmp_path: Path) -> None:
    made = small.repository(tmp_path / "repository", "sales")
    git(made, "config", "core.autocrlf", "true")
    git(made, "config", "core.safecrlf", "true")
    small.write("{{ platform }}/mixed.txt", b"one\r\ntwo\n")
    small.release("v2.0.0")

    quietly(made)

    assert (made / "mixed.txt").read_bytes() == b"one\r\ntwo\r\n"


# --- sparse checkouts ------------------------------------------------------------------------------


@pytest.fixture
def sparse(small: SmallTemplate, tmp_path: Path) -> Path:
    """A repository whose folder `tests` is not checked out."""
    made = small.repository(tmp_path / "repository", "sales")
    edit_and_commit(made, "tests/test_sales.py", "line 02", "line 02, mine")
    git(made, "sparse-checkout", "set", "--cone", "src", ".copier-answers")
    assert not (made / "tests").exists()
    return made


TEST = "{{ job }}/tests/test_{{ job_name }}.py.jinja"


def test_a_file_outside_a_sparse_checkout_is_updated_in_the_index(
    small: SmallTemplate, sparse: Path
) -> None:
    small.replace(TEST, "line 09", "line 09, fixed")
    small.release("v2.0.0")

    [change] = [each for each in quietly(sparse).changes if each.path == "tests/test_sales.py"]

    assert change.kind == Kind.MERGED
    assert not (sparse / "tests").exists()
    text = git(sparse, "show", ":tests/test_sales.py")
    assert "line 09, fixed" in text
    assert "line 02, mine" in text
    assert git(sparse, "ls-files", "-t", "tests").startswith("S ")
    assert (
        git(sparse, "diff", "--name-only")
        == ".copier-answers/_platform.yml\n.copier-answers/sales.yml\n"
    )


def test_a_conflict_outside_a_sparse_checkout_is_checked_out_until_it_ends(
    small: SmallTemplate, sparse: Path
) -> None:
    small.replace(TEST, "line 02", "line 02, fixed")
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")
    before, index = tree(sparse), git(sparse, "ls-files", "-t", "--stage")

    assert quietly(sparse).conflicts
    assert "<<<<<<<" in (sparse / "tests/test_sales.py").read_text()
    abort_update(sparse)

    assert tree(sparse) == before
    assert git(sparse, "ls-files", "-t", "--stage") == index


@pytest.mark.parametrize("left_out", ["one of them", "all of them"])
def test_answers_outside_a_sparse_checkout_are_named(
    small: SmallTemplate, tmp_path: Path, left_out: str
) -> None:
    made = small.repository(tmp_path / "repository", "sales")
    pattern = "/*\n!/.copier-answers/sales.yml\n" if left_out == "one of them" else "/src/\n"
    git(made, "sparse-checkout", "set", "--no-cone", *pattern.split())
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")

    with pytest.raises(GluecastError, match=r"git sparse-checkout add \.copier-answers"):
        quietly(made)
