"""The committed example repository is what the template renders today."""

from pathlib import Path

from tasks.examples import RENDERED, render_examples


def test_a_fresh_rendering_equals_the_committed_one_byte_for_byte(tmp_path: Path) -> None:
    render_examples(tmp_path / "fresh")

    fresh, committed = files(tmp_path / "fresh"), files(RENDERED)

    stale = {name for name in fresh | committed if fresh.get(name) != committed.get(name)}
    assert not stale, "run python3 generator examples, and look at the diff"


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and mode of every file, but for what a run of the examples leaves behind."""
    left_behind = {"__pycache__", ".local-lake", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o111)
        for path in folder.rglob("*")
        if path.is_file() and not left_behind & set(path.relative_to(folder).parts)
    }
