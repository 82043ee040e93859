"""Whatever was edited is in the tree after an update, in a conflict, or named in the report."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from gluecast.template.bundled import commit
from gluecast.update.merge import Kind
from gluecast.update.update import update
from small_template import BASE, JOB, SmallTemplate

FILES = ["src/base.py", "src/jobs/a.py", "src/jobs/b.py", "tests/test_a.py", "tests/test_b.py"]
Edit = tuple[str, str, int, str]

edits = st.lists(
    st.tuples(
        st.sampled_from(FILES),
        st.sampled_from(
            [
                "change",
                "insert",
                "drop",
                "move",
                "crlf",
                "no newline",
                "delete",
                "rename",
                "replace",
            ]
        ),
        st.integers(0, 40),
        st.text(
            st.characters(
                codec="utf-8", exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\0"
            ),
            max_size=6,
        ),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository at v1 whose template has a v2 that changes, moves, renames, adds and removes."""
    folder = tmp_path_factory.mktemp("small")
    small = SmallTemplate(folder / "template")
    repository = small.repository(folder / "repository", "a", "b")
    small.replace(BASE, "line 04", "line 04, new")
    small.replace(BASE, "line 12\n", "")
    small.replace(BASE, "line 20\n", "line 20\nline 21\n")
    small.move(JOB, "{{ job }}/src/etl/{{ job_name }}_job.py.jinja")
    small.replace("{{ job }}/src/etl/{{ job_name }}_job.py.jinja", "line 09", "line 09, new")
    small.remove("{{ job }}/tests/test_{{ job_name }}.py.jinja")
    small.write("{{ job }}/docs/{{ job_name }}.md", "new\n")
    small.release("v2.0.0")
    return repository


def apply(repository: Path, edit: Edit, number: int) -> set[bytes]:  # noqa: C901 - a branch for each kind of edit
    """Make one edit; gives the lines that must be found again."""
    path, action, where, text = edit
    file = repository / path
    if not file.exists():
        return set()
    token = f"mine {number} {text}".encode()
    lines = file.read_bytes().splitlines(keepends=True)
    where = where % len(lines) if lines else 0
    if action == "change" and lines:
        lines[where] = token + b"\n"
    elif action == "insert":
        lines.insert(where, token + b"\n")
    elif action == "drop" and lines:
        del lines[where]
    elif action == "move" and lines:
        lines.insert(len(lines) // 2, lines.pop(where))
    elif action == "crlf":
        lines = [line.rstrip(b"\r\n") + b"\r\n" for line in lines]
    elif action == "no newline":
        lines.append(token)
    elif action == "replace":
        lines = [token]
    elif action == "delete":
        file.unlink()
        return set()
    elif action == "rename":
        file.rename(file.with_name(f"renamed_{number}_{file.name}"))
        return set()
    file.write_bytes(b"".join(lines))
    return {token} if action in ("change", "insert", "no newline", "replace") else set()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edits=edits)
def test_no_edit_is_lost(prepared: Path, edits: list[Edit]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder, "repository")
        shutil.copytree(prepared, repository)
        written = {path: (repository / path).read_bytes() for path in FILES}
        tokens = {
            token for number, edit in enumerate(edits) for token in apply(repository, edit, number)
        }
        commit(repository, "Edits")
        mine = contents(repository)
        tokens = {token for token in tokens if any(token in data for data in mine.values())}

        report = update(repository, say=lambda line: None)

        left = contents(repository)
        named = {change.path: change for change in report.changes}
        moved = {change.moved_from: change.path for change in report.changes if change.moved_from}
        for token in tokens:
            assert any(token in data for data in left.values()), token
        for path, data in mine.items():
            if data == written.get(path):
                continue  # not edited
            change = named.get(moved.get(path, path))
            if change is None:
                assert left[path] == data
                continue
            event(str(change.kind))
            assert change.kind in (Kind.MERGED, Kind.RENAMED, Kind.CONFLICT), change
            if change.kind == Kind.CONFLICT:
                assert git_bytes(repository, change.path) == data
            elif b"\r\n" in data and b"\r\n" not in written[path]:
                assert b"\r\n" in left[change.path]
            if change.kind in (Kind.MERGED, Kind.RENAMED):
                dropped = set(written[path].splitlines()) - set(data.splitlines())
                assert not dropped & set(left[change.path].splitlines())
        for path in FILES:
            if path not in mine:
                assert path not in left, "what was deleted or renamed does not come back"


def contents(repository: Path) -> dict[str, bytes]:
    return {
        path.relative_to(repository).as_posix(): path.read_bytes()
        for path in repository.rglob("*")
        if path.is_file() and not {".git", ".copier-answers"} & set(path.parts)
    }


def git_bytes(repository: Path, path: str) -> bytes:
    """Your side of a conflict, as the index has it."""
    command = ["git", "-C", str(repository), "show", f":2:{path}"]
    return subprocess.run(command, check=True, capture_output=True).stdout
