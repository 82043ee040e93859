"""The command line: exit codes, one-line errors, and help that says what the README says."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from gluecast.cli import main, parser
from gluecast.errors import ExitCode
from gluecast.template.bundled import commit, published
from small_template import BASE, JOB, SmallTemplate, git, tree


@pytest.fixture
def small(tmp_path: Path) -> SmallTemplate:
    return SmallTemplate(tmp_path / "template")


@pytest.fixture
def repository(small: SmallTemplate, tmp_path: Path) -> Path:
    return small.repository(tmp_path / "repository", "sales")


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    assert isinstance(left.value.code, int)
    return left.value.code


def test_update_tells_by_its_exit_code_how_it_ended(
    small: SmallTemplate, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("update", repository) == ExitCode.OK
    assert capsys.readouterr().out == "Nothing to do: every layer is at v1.0.0.\n"

    (repository / "src/jobs/sales.py").write_text("mine\n")
    commit(repository, "An edit")
    small.replace(JOB, "line 02", "fixed")
    small.release("v2.0.0")
    before = tree(repository)
    assert run("update", repository, "--dry-run") == ExitCode.CONFLICT
    assert tree(repository) == before
    assert "src/jobs/sales.py" in capsys.readouterr().out

    assert run("update", repository, "--json") == ExitCode.CONFLICT
    report = json.loads(capsys.readouterr().out)
    assert report["layers"]["sales"] == {"from": "v1.0.0", "to": "v2.0.0", "conflicts": True}
    assert {"path": "src/jobs/sales.py", "layer": "sales", "kind": "conflict"} in report["files"]

    assert run("update", repository) == ExitCode.FAILED
    assert run("update", repository, "--continue") == ExitCode.FAILED
    assert run("update", repository, "--abort") == ExitCode.OK
    assert run("update", repository, "--abort", "--continue") == ExitCode.USAGE


def test_a_template_ahead_of_its_newest_release_is_named_with_the_way_to_it(
    small: SmallTemplate, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for fix in ("one", "two"):
        small.replace(JOB, "line 02", f"line 02 {fix}")
        commit(small.folder, "A fix")

    assert run("update", repository) == ExitCode.OK
    said = capsys.readouterr().out
    assert "every layer is at v1.0.0.\nThe template has 2 commits since v1.0.0" in said
    assert "gluecast update --to HEAD" in said

    assert run("update", repository, "--to", "HEAD") == ExitCode.OK
    assert "line 02 two" in (repository / "src/jobs/sales.py").read_text()
    commit(repository, "The fixes")
    capsys.readouterr()

    assert run("update", repository) == ExitCode.OK
    assert "--to HEAD" not in capsys.readouterr().out


def test_a_new_job_can_be_removed_and_none_of_its_files_has_edits(
    small: SmallTemplate, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The template has no tag of this commit, but a release in its file RELEASES."""
    git(small.folder, "tag", "--delete", "v1.0.0")
    (small.folder / "RELEASES").write_text(f"v1.0.0 {git(small.folder, 'rev-parse', 'HEAD')}")
    commit(small.folder, "Name the release")
    before = tree(repository)
    answers = ["--data", "job_name=orders", "--defaults", "--to", "HEAD"]
    assert run("new", repository, "--template", small.folder, *answers) == ExitCode.OK
    capsys.readouterr()

    assert run("remove", "orders", repository) == ExitCode.OK

    assert "your edits" not in capsys.readouterr().out
    assert tree(repository) == before

    run("new", repository, "--template", small.folder, *answers)
    (repository / "src/jobs/orders.py").write_text("mine\n")
    assert run("remove", "orders", repository) == ExitCode.FAILED
    assert "src/jobs/orders.py, which is untracked and edited" in capsys.readouterr().err


def test_the_summary_is_the_body_of_a_pull_request(
    small: SmallTemplate, repository: Path, tmp_path: Path
) -> None:
    (repository / "src/jobs/sales.py").write_text("mine\n")
    commit(repository, "An edit")
    small.replace(JOB, "line 02", "fixed")
    small.release("v2.0.0")

    run("update", repository, "--dry-run", "--summary", tmp_path / "body.md")

    body = (tmp_path / "body.md").read_text()
    assert "- v1.0.0 -> v2.0.0: 2 layers\n" in body
    assert "| 1 | conflict | changed by you and by the template in the same place |" in body
    assert "### conflict\n\n- `src/jobs/sales.py`\n" in body


def test_an_error_is_one_line_without_a_traceback(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in [
        ("list", tmp_path),
        ("update", repository, "--to", "v9"),
        ("new", tmp_path / "new", "--template", tmp_path / "nowhere", "--defaults"),
        (
            "new",
            repository,
            "--template",
            repository.parent / "template",
            "--data",
            "job_name=Sales",
            "--defaults",
        ),
        ("new", repository, "--data", "job_name"),
    ]:
        capsys.readouterr()
        assert run(*arguments) == ExitCode.FAILED
        lines = [line for line in capsys.readouterr().err.splitlines() if "..." not in line]
        assert len(lines) == 1, lines
        assert lines[0].startswith(f"gluecast {arguments[0]}: ")


def test_ctrl_c_ends_without_a_traceback(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gluecast.update.update.update", interrupt)

    assert run("update", repository) == ExitCode.INTERRUPTED


def test_new_adds_a_job_and_says_what_to_do_next(
    small: SmallTemplate,
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    small.replace(BASE, "line 02", "second")
    small.release("v2.0.0")
    monkeypatch.chdir(tmp_path)
    options = [
        "--template",
        "template",
        "--to",
        "v1.0.0",
        "--data",
        "job_name=orders",
        "--defaults",
    ]

    assert run("new", "repository", *options) == ExitCode.OK

    out = capsys.readouterr().out
    assert "/repository.\nWrite its code in src/jobs/orders.py." in out
    assert "make run-local JOB=orders" in out
    recorded = (repository / ".copier-answers/orders.yml").read_text()
    assert f'_src_path: "{small.folder}"' in recorded
    assert '_commit: "v1.0.0"' in recorded


def test_new_takes_the_published_template_at_the_release_of_the_package(
    own_template: Path, tmp_path: Path
) -> None:
    release = f"v{metadata.version('gluecast')}"
    commit(own_template, "A release", tag=release)
    environment = published(own_template, cache=tmp_path / "cache")
    commit(own_template, "Not released", tag="v9.0.0")
    command = [
        sys.executable,
        "-m",
        "gluecast.cli",
        "new",
        "lake",
        "--defaults",
        "--data",
        "job_name=a",
    ]
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert f'_commit: "{release}"' in (tmp_path / "lake/.copier-answers/a.yml").read_text()


def test_list_shows_every_job(
    template: Path,
    copy,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],  # type: ignore[no-untyped-def]
) -> None:
    repository = copy(job_name="sales_etl")
    copy(job_name="b_c", suffix=".json", schedule="none")
    git(repository, "init", "--quiet")
    commit(repository, "All of it")
    (repository / "src/jobs/b_c.py").write_text("mine\n")

    assert run("list", repository / "src") == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["b_c", "sales_etl"]
    assert lines[2].split("  ")[-1] == "1 file"
    assert "cron(0 4 * * ? *) UTC" in lines[3]

    assert run("list", repository, "--json") == ExitCode.OK
    first, second = json.loads(capsys.readouterr().out)
    assert first["source"] == "b_cs/*.json"
    assert first["edited"] == {"template_owned": [], "user_owned": ["src/jobs/b_c.py"]}
    assert second["version"] == "v0.1.0"


def test_the_exit_codes_are_in_the_help() -> None:
    printed = parser().format_help()

    for code in ExitCode:
        assert f"{int(code)}  {code.meaning}" in printed


def test_every_option_explains_itself() -> None:
    [commands] = [action for action in parser()._actions if action.metavar == "COMMAND"]
    assert commands.choices is not None
    for name, command in dict(commands.choices).items():  # type: ignore[call-overload]
        for action in command._actions:
            assert action.help, f"{name} {action.option_strings}"


@pytest.mark.parametrize("arguments", [["--help"], ["update", "--help"]])
def test_help_imports_neither_copier_nor_a_parser_of_terraform(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom gluecast.cli import main\n"
        f"try: main({arguments})\nexcept SystemExit: pass\n"
        "print([name for name in ('copier', 'hcl2', 'yaml') if name in sys.modules])"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ran.stdout.splitlines()[-1] == "[]"
