# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The steps of a commit: move the new files of a partition, then delete its older ones."""

import threading
from collections.abc import Collection, Sequence

from glue_runtime.spark.storage import Storage, in_order, in_parallel
from glue_runtime.tables.commit_record import CommitRecord, Move
from glue_runtime.tables.table import DataFile, Table


class Commit:
    """Replaces the partitions of a record, each for itself.

    half_replaced: the partitions in which older and newer files are left together.
    """

    def __init__(self, table: Table, storage: Storage, record: CommitRecord) -> None:
        self.half_replaced: set[str] = set()
        self._table = table
        self._storage = storage
        self._record = record
        self._has_failed = threading.Event()
        # Partitions run in parallel, or the files of a single one.
        self._each_file = in_order if len(record.partitions()) > 1 else in_parallel

    def run(self) -> set[str]:
        """Replace the partitions; after an error, none that has not begun.

        Returns the partitions that lack some of the new rows.

        Raises: the first error of the file system.
        """
        return {part for part in in_parallel(self._replace, self._record.partitions()) if part}

    def finish(self, staged: Collection[str]) -> None:
        """Finish the partitions that the record's run has begun to replace.

        staged: the files of the run that were still staged before the files of the table are listed.
        """
        begun = {
            file.partition
            for file in self._table.files({*self._record.moves})
            if file.version == self._record.version
        }
        in_parallel(lambda part: self._finish(part, staged), sorted(begun))
        removed = [uri for each in self._record.removed.values() for uri in each]
        in_parallel(self._storage.delete, removed)

    def _replace(self, partition: str) -> str | None:
        """Replace a partition; return it if it lacks some of its new rows."""
        if self._has_failed.is_set():
            return None
        try:
            self._move(partition)
            self.half_replaced.add(partition)
            self._each_file(self._storage.delete, self._record.removed.get(partition, ()))
            is_whole = partition not in self._record.moves or self._settle(partition)
        except Exception:
            self._has_failed.set()
            raise
        self.half_replaced.discard(partition)
        return None if is_whole else partition

    def _move(self, partition: str) -> None:
        moves = self._record.moves.get(partition, ())
        try:
            self._each_file(self._move_one, moves)
        except BaseException:
            self.half_replaced.add(partition)
            # Without the staged files, no other run takes the partition for one to be finished.
            self._each_file(self._storage.delete, [source for source, _ in moves])
            self._each_file(self._storage.delete, [target for _, target in moves])
            self.half_replaced.discard(partition)
            raise

    def _move_one(self, move: Move) -> None:
        self._storage.move(*move)

    def _finish(self, partition: str, staged: Collection[str]) -> None:
        left = [move for move in self._record.moves[partition] if move[0] in staged]
        in_order(self._move_one, left)
        if not self._settle(partition):
            # Its other files are in neither place: they were taken back, so it never becomes complete.
            self._table.delete(self._own_files(partition))

    def _own_files(self, partition: str) -> Sequence[DataFile]:
        found = self._table.files({partition})
        return [file for file in found if file.version == self._record.version]

    def _settle(self, partition: str) -> bool:
        """Keep one complete set of files; return whether it is this commit's or a newer one."""
        sets: dict[tuple[int, str], list[DataFile]] = {}
        for file in self._table.files({partition}):
            sets.setdefault(file.version, []).append(file)
        complete = [version for version, files in sets.items() if len(files) >= files[0].of]
        newest = max(complete, default=(0, ""))
        older = [file for version in sets if version < newest for file in sets[version]]
        self._table.delete(older)
        return newest >= self._record.version
