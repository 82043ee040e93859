"""One template, applied many times to one repository: a platform once, then a job each time."""

import subprocess
import sys
from pathlib import Path

import copier
import pytest
import yaml
from jinja2 import Environment, meta

from rendering import Copy, contents
from gluecast.example_jobs import copier_copy
from gluecast.template.bundled import published
from gluecast.template.bundled import PUBLISHED_AT, commit


def test_the_first_copy_writes_the_platform_and_the_job(copy: Copy) -> None:
    files = contents(copy(job_name="sales_etl"))

    assert {
        ".copier-answers/_platform.yml",
        ".copier-answers/sales_etl.yml",
        "Makefile",
        "src/glue_runtime/base_job.py",
        "src/jobs/sales_etl.py",
        "tests/integration/test_sales_etl.py",
        "tests/test_data/sales_etl/sales/daily_2024-01-15.csv",
        "tests/unit/test_sales_etl.py",
    } <= set(files)


def test_a_second_job_adds_its_own_files_and_touches_no_other(copy: Copy) -> None:
    repository = copy(job_name="sales_etl")
    (repository / "src/glue_runtime/base_job.py").write_text("# edited by hand\n")
    (repository / "README.md").unlink()
    before = contents(repository)

    copy(job_name="customer_import", suffix=".json")

    after = contents(repository)
    added = set(after) - set(before)
    assert {name: after[name] for name in before} == before
    assert added
    assert all("customer_import" in name for name in added)


def test_the_order_of_jobs_makes_no_difference(copy: Copy, tmp_path: Path) -> None:
    for target, names in [("one", ["sales_etl", "b_c"]), ("other", ["b_c", "sales_etl"])]:
        for name in names:
            copy(job_name=name, target=tmp_path / target, project_name="same")

    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_a_job_that_exists_is_refused_and_stays_as_it_is(copy: Copy) -> None:
    repository = copy(job_name="sales_etl")
    (repository / "src/jobs/sales_etl.py").write_text("# edited by hand\n")
    before = contents(repository)

    with pytest.raises(ValueError, match=r"found src/jobs/sales_etl\.py .*copier update"):
        copy(job_name="sales_etl", prefix="other/")

    assert contents(repository) == before


def test_a_copy_that_was_cut_off_can_be_repeated(copy: Copy) -> None:
    """Whichever files were written first: answers without a job, or without a platform."""
    repository = copy(job_name="sales_etl")
    whole = contents(repository)

    for cut_off in ("src/jobs/sales_etl.py", "src/glue_runtime/base_job.py"):
        (repository / cut_off).unlink()
        copy(job_name="sales_etl", overwrite=True)

        assert contents(repository) == whole


def test_a_job_module_of_someone_else_is_not_overwritten(copy: Copy) -> None:
    repository = copy(job_name="sales_etl")
    (repository / "src/jobs/by_hand.py").write_text("# not from the template\n")

    with pytest.raises(ValueError, match=r"expected .* a new job, found src/jobs/by_hand\.py"):
        copy(job_name="by_hand")


def test_a_first_copy_without_questions_spares_a_folder_with_files_of_its_own(
    copy: Copy, template: Path, tmp_path: Path
) -> None:
    platform = template / "template/{{ platform }}"
    files = {path.relative_to(platform).as_posix() for path in platform.rglob("*") if path.is_file()}
    # These folders are the template's as a whole, and recognised by one file.
    folders = {
        "src/glue_runtime/": "src/glue_runtime/__init__.py",
        "infrastructure/": "infrastructure/jobs/variables.tf",
        "tooling/": "tooling/README.md",
    }
    names = {
        next((one for folder, one in folders.items() if name.startswith(folder)), name)
        for name in files
    }
    for number, name in enumerate(sorted(name.removesuffix(".jinja") for name in names)):
        theirs = tmp_path / f"theirs-{number}" / name
        theirs.parent.mkdir(parents=True)
        theirs.write_text("theirs")

        with pytest.raises(ValueError, match="expected a folder without "):
            copy(job_name="sales_etl", target=tmp_path / f"theirs-{number}")

        assert contents(tmp_path / f"theirs-{number}") == {name: b"theirs"}


def test_an_existing_job_is_found_in_a_folder_with_a_strange_name(
    copy: Copy, tmp_path: Path
) -> None:
    repository = copy(job_name="sales_etl", target=tmp_path / "a [b] *c")
    before = contents(repository)

    copy(job_name="b_c", target=repository)
    with pytest.raises(ValueError, match="expected the name of a new job"):
        copy(job_name="sales_etl", target=repository)

    assert {name: contents(repository)[name] for name in before} == before


@pytest.mark.parametrize("newer", ["v0.1.1", "v0.10.0", "v1.0.0", "v0.2", "v0.2.0rc1", "0.2.0"])
def test_a_job_newer_than_its_platform_is_refused_with_the_two_ways_out(
    copy: Copy, own_template: Path, newer: str
) -> None:
    repository = copy(job_name="sales_etl", source=own_template)
    commit(own_template, "A newer template", tag=newer)

    with pytest.raises(ValueError, match="expected a template up to .*, the version of this repository, found") as refusal:
        copy(job_name="b_c", source=own_template, vcs_ref=newer)

    assert "copier update -a .copier-answers/_platform.yml" in str(refusal.value)
    assert "--vcs-ref v0.1.0" in str(refusal.value)
    assert not (repository / "src/jobs/b_c.py").exists()


def test_a_release_is_newer_than_its_candidate(copy: Copy, own_template: Path) -> None:
    commit(own_template, "A candidate", tag="v0.2.0rc1")
    repository = copy(job_name="sales_etl", source=own_template, vcs_ref="v0.2.0rc1")
    commit(own_template, "The release", tag="v0.2.0")

    with pytest.raises(ValueError, match="expected a template up to .*, the version of this repository, found"):
        copy(job_name="b_c", source=own_template)
    copy(job_name="b_c", source=own_template, vcs_ref="v0.2.0rc1")

    assert (repository / "src/jobs/b_c.py").exists()


def test_an_older_job_joins_a_newer_platform(copy: Copy, own_template: Path) -> None:
    commit(own_template, "A newer template", tag="v0.10.0")
    repository = copy(job_name="sales_etl", source=own_template)

    copy(job_name="b_c", source=own_template, vcs_ref="v0.1.0")

    assert (repository / "src/jobs/b_c.py").exists()


def test_both_ways_out_of_a_newer_template_work(copy: Copy, own_template: Path) -> None:
    repository = copy(job_name="sales_etl", source=own_template)
    readme = own_template / "template/{{ platform }}/README.md.jinja"
    readme.write_text(readme.read_text() + "\nA newer line.\n")
    commit(own_template, "A newer template", tag="v0.2.0")

    copy(job_name="b_c", source=own_template, vcs_ref="v0.1.0")
    _as_git_repository(repository)
    update(repository, "_platform")
    copy(job_name="c_d", source=own_template)

    assert "A newer line." in (repository / "README.md").read_text()
    assert (repository / "src/jobs/b_c.py").exists()
    assert (repository / "src/jobs/c_d.py").exists()


def test_an_update_of_one_job_keeps_its_edits_and_touches_no_other_file(
    copy: Copy, own_template: Path
) -> None:
    repository = copy(job_name="sales_etl", source=own_template)
    copy(job_name="b_c", source=own_template)
    module = repository / "src/jobs/sales_etl.py"
    module.write_text(module.read_text().replace('F.lower("category")', 'F.upper("category")'))
    _as_git_repository(repository)
    job = own_template / "template/{{ job }}/src/jobs/{{ job_name }}.py.jinja"
    job.write_text(job.read_text().replace("Started for one", "Begun for one"))
    commit(own_template, "A newer template", tag="v0.2.0")
    before = contents(repository)

    update(repository, "sales_etl")

    after = contents(repository)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"src/jobs/sales_etl.py", ".copier-answers/sales_etl.yml"}
    assert 'F.upper("category")' in module.read_text()
    assert "Begun for one" in module.read_text()


def test_a_template_without_tags_is_never_too_new(copy: Copy, own_template: Path) -> None:
    _git(own_template, "tag", "--delete", "v0.1.0")
    repository = copy(job_name="sales_etl", source=own_template)
    commit(own_template, "More")

    copy(job_name="b_c", source=own_template)

    assert (repository / "src/jobs/b_c.py").exists()


def test_uncommitted_changes_of_the_template_are_rendered_when_head_is_asked_for(
    copy: Copy, own_template: Path
) -> None:
    (own_template / "template/{{ platform }}/NEW.md").write_text("draft\n")

    with pytest.warns(copier.errors.DirtyLocalWarning):
        repository = copy(job_name="sales_etl", source=own_template, vcs_ref="HEAD")

    assert (repository / "NEW.md").read_text() == "draft\n"


def test_a_published_template_records_its_address_and_release(
    template: Path, tmp_path: Path
) -> None:
    environment = published(template, cache=tmp_path / "cache")

    copier_copy(
        PUBLISHED_AT, tmp_path / "repository", {"job_name": "a_b"}, environment=environment
    )

    answers = yaml.safe_load((tmp_path / "repository/.copier-answers/a_b.yml").read_text())
    assert answers["_src_path"] == PUBLISHED_AT
    assert answers["_commit"] == "v0.1.0"


def test_a_template_given_by_a_relative_path_can_be_updated_from_anywhere(
    own_template: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults"]
    arguments = ["--data", "job_name=a_b", ".", str(tmp_path / "repository")]
    subprocess.run([*command, *arguments], cwd=own_template, check=True)
    commit(own_template, "A newer template", tag="v0.2.0")
    _as_git_repository(tmp_path / "repository")

    update(tmp_path / "repository", "a_b")

    answers = yaml.safe_load((tmp_path / "repository/.copier-answers/a_b.yml").read_text())
    assert answers["_src_path"] == str(own_template)
    assert answers["_commit"] == "v0.2.0"


def test_a_typo_in_a_template_is_an_error(copy: Copy, own_template: Path) -> None:
    typo = own_template / "template/{{ job }}/src/jobs/typo.py.jinja"
    typo.write_text("{{ job_nmae }}")
    commit(own_template, "A typo", tag="v0.2.0")

    with pytest.raises(Exception, match="job_nmae"):
        copy(job_name="a_b", source=own_template)


def test_a_bad_answer_on_the_command_line_exits_with_the_message(
    template: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults"]
    arguments = ["--data", "job_name=Sales", str(template), str(tmp_path / "repository")]

    ran = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)

    assert ran.returncode != 0
    assert "expected snake_case" in ran.stderr.splitlines()[-1]
    assert not (tmp_path / "repository").exists()


def test_job_files_use_no_answer_of_the_platform(template: Path) -> None:
    """An update of a job alone does not know the platform's answers."""
    names = ["project_name", "lake_prefix", "region", "environments", "glue_version", "glue_runs"]
    names += ["environment_glue_versions", "glue_versions_in_use", "jobs_python"]
    for path in (template / "template/{{ job }}").rglob("*.jinja"):
        used = meta.find_undeclared_variables(Environment().parse(path.read_text()))
        assert not used.intersection(names), path


def update(repository: Path, name: str) -> None:
    copier.run_update(
        repository,
        answers_file=f".copier-answers/{name}.yml",
        defaults=True,
        overwrite=True,
        quiet=True,
        unsafe=False,
    )


def _as_git_repository(repository: Path) -> None:
    _git(repository, "init", "--quiet")
    commit(repository, "All of it")


def _git(repository: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(repository), *arguments], check=True, capture_output=True)
