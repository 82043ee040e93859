# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Remove the rows of source objects that are gone from the tables of a job."""

from collections.abc import Callable, Collection, Iterable, Sequence, Set
from dataclasses import dataclass

from glue_runtime.errors import OutputError
from glue_runtime.lineage import source_id
from glue_runtime.s3_object import bucket_and_key
from glue_runtime.spark.storage import in_parallel
from glue_runtime.tables.table import DataFile, Table


@dataclass(frozen=True)
class Removal:
    """What a run removes because the files of its source are gone.

    keeps: whether the rows of an object stay, by its URI; "" for one that nothing names.
    limit: the share of the source files of the last table of which it removes the rows at most.
    """

    keeps: Callable[[str], bool]
    limit: float


EVERYTHING = Removal(lambda uri: False, 1.0)
"""The rows of all objects that are gone."""


class Held:
    """A table, and its files at a moment. A run lists it before the sources."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.files = table.files()


def remove_gone(
    held: Sequence[Held], here: Collection[str], sources: Collection[str], removal: Removal
) -> Set[str]:
    """Remove the partitions of objects that are gone, from all of these tables; the job's is last.

    What has come from another bucket is not in the directory either, but it is not deleted.

    here: the URIs of the objects that are there. sources: objects of each bucket of the sources.

    Returns objects of other buckets, whose rows are still in the table.

    Raises:
        OutputError: more objects are gone than may be; nothing of them is removed.
    """
    partitions, buckets = {*map(source_id, here)}, {bucket_and_key(uri)[0] for uri in sources}
    spared: set[str] = set()
    removed: list[list[DataFile]] = []
    for each in held:
        gone = [file for file in each.files if file.partition not in partitions]
        origins = {} if "" in buckets else _origins(each.table, gone)  # "": data of this machine
        elsewhere = {
            part: uri for part, uri in origins.items() if bucket_and_key(uri)[0] not in buckets
        }
        # The one result of all files, which an older version of the job has left, is of no object.
        parts = {file.partition for file in gone if file.partition}
        kept = elsewhere.keys() | {part for part in parts if removal.keeps(origins.get(part, ""))}
        removed.append([file for file in gone if file.partition not in kept])
        spared |= {*elsewhere.values()}
    _check_removal(held[-1], removed[-1], removal.limit)
    for each, files in zip(held, removed, strict=True):
        each.table.delete(files)
    return spared


def _check_removal(held: Held, removed: Sequence[DataFile], limit: float) -> None:
    """Raise OutputError if more source files of a table are gone than a run may remove.

    A single one may always be: somebody deletes a file, a rule or a mistake deletes many.
    """
    table = held.table
    every, gone = ({file.partition for file in files} for files in (held.files, removed))
    if len(gone) < 2 or len(gone) <= limit * len(every):
        return
    first = next(iter(_origins(table, removed[:1]).values()), "")
    raise OutputError(
        f"expected at most {limit:.0%} of the {len(every)} source files of {table.uri} to be gone, found "
        f"{len(gone)} no longer in their source{f', such as {first}' if first else ''}; their rows are "
        "still in the table. "
        "If this is right, start the job once with --removal_limit 1, or declare another "
        'removal_limit in it; with when_gone="keep", its Source keeps the rows of files that are gone'
    )


def _origins(table: Table, files: Iterable[DataFile]) -> dict[str, str]:
    """The object of each partition of these files, where its rows say so."""
    first = {file.partition: file for file in files}
    origins = zip(first, in_parallel(table.origin, first.values()), strict=True)
    return {partition: uri for partition, uri in origins if uri}
