# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Build what Terraform uploads beside the scripts of the jobs.

build/glue_runtime.zip has what jobs import, for Glue's --extra-py-files. build/wheels/ gets the
Python packages of the jobs, if versions of Glue are named.
"""

import sys
from collections.abc import Sequence

from glue_runtime import settings
from glue_runtime.local import wheels
from glue_runtime.local.archive import write_archive
from glue_runtime.local.glue_versions import GLUE_VERSIONS

ARCHIVE = settings.REPOSITORY / "build" / "glue_runtime.zip"


def main(versions: Sequence[str] = ()) -> None:
    """Write the archives: that of src, without bytecode, and those of the packages.

    versions: those of Glue on which jobs run. An environment may give a job yet another one, so the
    archives of the other versions are written too, where their packages can be had.

    Raises:
        SystemExit: a package cannot be had for one of the versions, or the declaration of a job is not one.
    """
    source = settings.REPOSITORY / "src"
    files = [
        path
        for path in sorted(source.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and ".egg-info" not in str(path)
    ]
    write_archive(ARCHIVE, source, files)
    print(f"{ARCHIVE.relative_to(settings.REPOSITORY)}: {len(files)} files")
    if versions:
        try:
            _fetch_wheels(versions)
        except (RuntimeError, ValueError) as error:
            sys.exit(str(error))


def _fetch_wheels(versions: Sequence[str]) -> None:
    others = [version for version in GLUE_VERSIONS if version not in versions]
    for packages in wheels.packages_of_jobs():
        for version in versions:
            wheels.fetch(version, packages)
        missing = [version for version in others if not _can_be_had(version, packages)]
        without = f", without Glue {' and '.join(missing)}" if missing else ""
        print(f"{wheels.FOLDER.relative_to(settings.REPOSITORY)}: {', '.join(packages)}{without}")


def _can_be_had(version: str, packages: Sequence[str]) -> bool:
    try:
        wheels.fetch(version, packages, patient=False)
    except RuntimeError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
