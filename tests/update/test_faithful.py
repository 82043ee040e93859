"""Where `copier update` behaves, one gluecast update leaves what N of them and N commits leave."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import copier
import pytest

from gluecast.template.bundled import commit
from gluecast.update.update import continue_update, update
from rendering import Copy
from small_template import BASE, JOB, LINES, SmallTemplate, git, tree


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallTemplate:
    """Four releases: lines changed in places, files added and removed, a mode, lines moved."""
    small = SmallTemplate(tmp_path_factory.mktemp("small") / "template")
    small.replace(JOB, "line 03", "line 03, second")
    small.replace(BASE, "line 10", "line 10, second")
    small.write("{{ platform }}/run.sh", "echo run\n")
    small.write("{{ job }}/docs/{{ job_name }}.md.jinja", "{{ job_name }}\nsecond")
    small.release("v2.0.0")
    small.replace(JOB, "line 12", "line 12, third")
    small.replace(BASE, "line 10, second\n", "")
    small.remove("{{ job }}/tests/test_{{ job_name }}.py.jinja")
    small.write("{{ job }}/docs/{{ job_name }}.md.jinja", "{{ job_name }}\nthird\n")
    small.release("v3.0.0")
    moved = LINES.replace("line 19\n", "").replace("line 05\n", "line 05\nline 19\n")
    small.write(BASE, moved.replace("line 10", "line 10, fourth"))
    # On a file that nobody edits: of an edited one, Copier loses the mode.
    (small.folder / "template/{{ platform }}/run.sh").chmod(0o755)
    small.release("v4.0.0")
    return small


def with_copier(repository: Path, version: str) -> None:
    """What the documentation of Copier says: update, resolve, commit, next."""
    answers = sorted((repository / ".copier-answers").glob("*.yml"))
    for file in answers:
        copier.run_update(
            repository,
            answers_file=file.relative_to(repository),
            vcs_ref=version,
            defaults=True,
            overwrite=True,
            quiet=True,
        )
        commit(repository, f"Update {file.stem}")


def with_gluecast(repository: Path, version: str) -> None:
    report = update(repository, to=version, say=lambda line: None)
    if report.conflicts:
        # As the other side does: markers and all.
        paths = [repository / change.path for change in report.conflicts]
        texts = [path.read_bytes() for path in paths]
        for path in paths:
            path.write_bytes(b"resolved\n")
        commit(repository, "Resolved")
        continue_update(repository)
        for path, text in zip(paths, texts, strict=True):
            path.write_bytes(text)
    commit(repository, "Update all")


def assert_faithful(repository: Path, version: str) -> dict[str, tuple[str, bytes]]:
    other = shutil.copytree(repository, repository.with_name("other"), symlinks=True)
    with_copier(repository, version)
    with_gluecast(other, version)

    assert tree(other) == tree(repository)
    return tree(other)


def edited_in_places(repository: Path) -> None:
    """Lines changed, added and deleted, some where the template changes them too; a file deleted."""
    job = repository / "src/jobs/a.py"
    job.write_text(
        job.read_text()
        .replace("line 03", "line 03, mine")
        .replace("line 07\n", "line 07\nadded\n")
        .replace("line 17\n", "")
    )
    base = repository / "src/base.py"
    base.write_text(base.read_text().replace("line 15", "line 15, mine") + "at the end")
    (repository / "own.txt").write_text("own\n")
    commit(repository, "Edits")


def edited_anywhere(repository: Path) -> None:
    """Random lines of the files that no release removes."""
    chance = random.Random(7)
    for path in sorted(repository.glob("src/**/*.py")):
        lines = path.read_text().splitlines(keepends=True)
        for number in sorted(chance.sample(range(1, len(lines)), 4), reverse=True):
            lines[number : number + 1] = chance.choice(
                [[], [f"mine {number}\n"], ["one\n", "two\n"]]
            )
        path.write_text("".join(lines))
    commit(repository, "Edits")


def whole_file_with_other_line_ends(repository: Path) -> None:
    job = repository / "src/jobs/a.py"
    job.write_bytes(job.read_bytes().replace(b"\n", b"\r\n"))
    commit(repository, "Line ends")


EDITS: list[Callable[[Path], None]] = [
    edited_in_places,
    edited_anywhere,
    whole_file_with_other_line_ends,
]


@pytest.mark.parametrize(
    "old, new",
    [("v1.0.0", "v2.0.0"), ("v1.0.0", "v4.0.0"), ("v2.0.0", "v3.0.0"), ("v3.0.0", "v4.0.0")],
)
def test_one_job_of_any_version_is_updated_to_any_later_one(
    small: SmallTemplate, tmp_path: Path, old: str, new: str
) -> None:
    repository = small.repository(tmp_path / "repository", "a", version=old)
    edited_in_places(repository)

    assert_faithful(repository, new)


@pytest.mark.parametrize("edits", EDITS)
def test_edits_are_merged_and_marked_in_the_same_places(
    small: SmallTemplate, tmp_path: Path, edits: Callable[[Path], None]
) -> None:
    repository = small.repository(tmp_path / "repository", "a", "b", "c")
    edits(repository)

    left = assert_faithful(repository, "v3.0.0")

    assert any(b"<<<<<<< before updating" in data for _, data in left.values())


def test_jobs_of_different_versions_meet(small: SmallTemplate, tmp_path: Path) -> None:
    repository = small.repository(tmp_path / "repository", "a", version="v3.0.0")
    for job, version in [("b", "v1.0.0"), ("c", "v2.0.0")]:
        copier.run_copy(
            str(small.folder),
            repository,
            {"job_name": job},
            vcs_ref=version,
            defaults=True,
            quiet=True,
        )
    commit(repository, "Older jobs")
    edited_anywhere(repository)

    assert_faithful(repository, "v4.0.0")


def test_twenty_jobs_are_updated_as_one_by_one(small: SmallTemplate, tmp_path: Path) -> None:
    names = [f"job{number:02}" for number in range(20)]
    repository = small.repository(tmp_path / "repository", "a", *names[1:])
    edited_anywhere(repository)

    assert_faithful(repository, "v2.0.0")


@pytest.mark.parametrize("old", ["v1.0.0", "v2.0.0", "v3.0.0"])
def test_without_edits_an_update_is_a_fresh_copy(
    small: SmallTemplate, tmp_path: Path, old: str
) -> None:
    repository = small.repository(tmp_path / "repository", "a", "b", version=old)
    fresh = small.repository(tmp_path / "fresh", "a", "b", version="v4.0.0")

    update(repository, to="v4.0.0", say=lambda line: None)

    assert tree(repository) == tree(fresh)


def test_the_real_template_is_updated_as_by_copier(
    copy: Copy, own_template: Path, tmp_path: Path
) -> None:
    repository = copy(job_name="sales_etl", source=own_template)
    copy(job_name="b_c", source=own_template)
    for path, old, new in [
        ("src/jobs/sales_etl.py", 'F.lower("category")', 'F.upper("category")'),
        ("src/glue_runtime/base_job.py", "import", "import "),
        ("infrastructure/jobs/b_c.tf", '"bronze"', '"raw"'),
    ]:
        file = repository / path
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new, 1))
    git(repository, "init", "--quiet")
    commit(repository, "All of it")
    job = own_template / "template/{{ job }}/src/jobs/{{ job_name }}.py.jinja"
    job.write_text(job.read_text().replace("Started for one", "Begun for one"))
    module = own_template / "template/{{ job }}/infrastructure/jobs/{{ job_name }}.tf.jinja"
    module.write_text(module.read_text().replace('"bronze"', '"copper"'))
    (own_template / "template/{{ platform }}/Makefile.jinja").unlink()
    commit(own_template, "A newer template", tag="v9.0.0")

    left = assert_faithful(repository, "v9.0.0")

    assert b"Begun for one" in left["src/jobs/sales_etl.py"][1]
    assert b"<<<<<<<" in left["infrastructure/jobs/b_c.tf"][1]
