# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Find what has changed in the sources of a job since the rows of its table were made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glue_runtime.lineage import provenance, source_id
from glue_runtime.spark.files import StoredFile
from glue_runtime.tables.removing import Held
from glue_runtime.tables.table import DataFile


@dataclass(frozen=True)
class Changes:
    """What a scheduled run finds.

    changed: the URIs of the files that the table does not have with this content.
    of_other_code: the URIs of those that it has, but as another version of the job has made them.
    gone: the number of source files in the table that are no longer there.
    """

    changed: Sequence[str]
    of_other_code: Sequence[str]
    gone: int


def changes_of(held: Held, current: Mapping[str, StoredFile], fingerprint: str) -> Changes:
    """The changes between the files of the table and the current files of its sources.

    fingerprint: that of the job. Files of a commit that has not ended count as unknown.
    """
    files: dict[str, list[DataFile]] = {}
    for file in held.files:
        files.setdefault(file.partition, []).append(file)
    changed, of_other_code = [], []
    for uri, stored in current.items():
        content, _, code = _made_from(files.pop(source_id(uri), ())).partition("-")
        if content != provenance(stored.version, fingerprint).partition("-")[0]:
            changed.append(uri)
        elif code != fingerprint:
            of_other_code.append(uri)
    return Changes(changed, of_other_code, len(files.keys() - {""}))


def _made_from(files: Sequence[DataFile]) -> str:
    """What the rows of a partition are made from; "" unless it is one whole set of files."""
    if len({file.version for file in files}) != 1 or len(files) != files[0].of:
        return ""
    return files[0].provenance
