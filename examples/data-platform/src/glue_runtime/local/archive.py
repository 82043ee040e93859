# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Write zip archives that are the same each time, so that a deployment replaces only what has changed."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def write_archive(target: Path, source: Path, files: Sequence[Path]) -> None:
    """Write files below a folder into an archive, by their paths in it, and replace it in one step."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".unfinished")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(source).as_posix(), _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    unfinished.replace(target)
