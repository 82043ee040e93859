"""Write and remove files on disk, each in one step."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from gluecast.repository.file import EXECUTABLE, SYMLINK, File


def unfinished(target: Path) -> Path:
    """The name of a file until its content is complete; it is short, whatever the file's name."""
    digest = hashlib.sha1(os.fsencode(target.name)).hexdigest()[:12]
    return target.with_name(f"{digest}.gluecast-new")


def replace_file(folder: Path, path: str, file: File) -> None:
    """Write a file in one step: a reader sees the old content or the new."""
    target = folder / path
    if target.is_dir() and not target.is_symlink():
        _remove_empty_folders(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = unfinished(target)
    fresh.unlink(missing_ok=True)
    if file.mode == SYMLINK:
        fresh.symlink_to(os.fsdecode(file.data))
    else:
        fresh.write_bytes(file.data)
        allowed = target.stat().st_mode if target.is_file() else fresh.stat().st_mode
        readable = allowed & 0o444
        fresh.chmod(allowed & ~0o111 | (readable >> 2 if file.mode == EXECUTABLE else 0))
    os.replace(fresh, target)


def remove_file(folder: Path, path: str) -> None:
    """Remove a file, and the folders below `folder` that become empty; a folder stays."""
    target = folder / path
    if target.is_dir() and not target.is_symlink():
        return
    with suppress(FileNotFoundError, NotADirectoryError):
        target.unlink()
    for parent in target.parents:
        if parent == folder:
            break
        try:
            parent.rmdir()
        except OSError:
            break


def _remove_empty_folders(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir()
    folder.rmdir()
