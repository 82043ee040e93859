# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Build the archive of a job's imports for Glue's --extra-py-files.

The archive is deterministic, so a deployment replaces it only if a file has changed.
"""

import zipfile

from glue_runtime import settings

ARCHIVE = settings.REPOSITORY / "build" / "glue_runtime.zip"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    """Write build/glue_runtime.zip from src without bytecode, and replace it in one step."""
    source = settings.REPOSITORY / "src"
    files = [
        path
        for path in sorted(source.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and ".egg-info" not in str(path)
    ]
    ARCHIVE.parent.mkdir(exist_ok=True)
    unfinished = ARCHIVE.with_suffix(".unfinished")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(source).as_posix(), _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    unfinished.replace(ARCHIVE)
    print(f"{ARCHIVE.relative_to(settings.REPOSITORY)}: {len(files)} files")


if __name__ == "__main__":
    main()
