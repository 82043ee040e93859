# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The history of loads: what became of each file, in small records that Athena reads as one table.

A run writes a record when it begins and one when it ends, each a file of JSON lines of its own: runs
never wait for each other. A run that has a first record and no second one was killed, or goes on.
Only the runs of a platform write records: Terraform tells them where. A run does not fail because it
cannot write one.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from glue_runtime.attempt import Attempt
from glue_runtime.input.loading import Loaded
from glue_runtime.lineage import source_id
from glue_runtime.observe import run_log
from glue_runtime.spark.storage import Storage
from glue_runtime.tables.table import NOTHING

if TYPE_CHECKING:
    from glue_runtime.base_job import BaseGlueJob

LOADED, QUARANTINED, GONE, FAILED = "loaded", "quarantined", "gone", "failed"
NOTHING_NEW = "nothing_new"
"""What became of a file, or of a run that has read none: see docs/history.md."""


@dataclass(frozen=True)
class Load:
    """What became of one object in a run; times are in UTC: ``2024-01-15 03:00:00.000``.

    source_object: its URI, as in the table; None in the record of a run as a whole.
    rows_read: None if the run has read several files, whose rows it counts together.
    rows_written, rows_quarantined: None if they are not known by file.
    """

    source_object: str | None
    status: str | None = None
    reason: str | None = None
    version: str | None = None
    uploaded_at: str | None = None
    committed_at: str | None = None
    bytes: int | None = None
    rows_read: int | None = None
    rows_written: int | None = None
    rows_quarantined: int | None = None


class LoadHistory:
    """The records of one run of a job."""

    def __init__(self, job: "BaseGlueJob") -> None:
        self._job = job
        self._location = job.args.get("load_history")
        self._began = datetime.now(UTC)
        self._uploads: Sequence[str] = ()
        self._loads: dict[str, Load] = {}

    def begin(self, uploads: Sequence[str]) -> None:
        """Write the first record. uploads: the URIs of the objects that started the run."""
        self._uploads = uploads
        self._write("began", [Load(uri) for uri in uploads] or [Load(None)])

    def keep(self, attempt: Attempt) -> None:
        """Remember what an attempt has committed."""
        for number, loaded in enumerate(attempt.loads if self._location else ()):
            if loaded.owned:
                self._loads |= {
                    load.source_object or "": load for load in _loads(attempt, number, loaded)
                }

    def keep_gone(self, uri: str) -> None:
        """Remember that an object was deleted before the run could read it."""
        self._loads[uri] = Load(uri, GONE)

    def end(self, error: BaseException | None = None) -> None:
        """Write the second record. error: why the run has failed, if it has."""
        loads = [*self._loads.values()]
        if error is not None:
            reason = run_log.described(error)["error"]
            failed: list[str | None] = [uri for uri in self._uploads if uri not in self._loads]
            loads += [Load(uri, FAILED, reason) for uri in failed or [None]]
        self._write("ended", loads or [Load(None, NOTHING_NEW)])

    def _write(self, state: str, loads: Sequence[Load]) -> None:
        job, now = self._job, datetime.now(UTC)
        if not self._location:
            return
        run = {
            "run_id": job.job_run_id,
            "trigger_type": job.trigger_type,
            "state": state,
            "began_at": _time(self._began),
            "ended_at": _time(now) if state == "ended" else None,
            "duration_seconds": round((now - self._began).total_seconds(), 3),
        }
        lines = "".join(f"{json.dumps({**run, **asdict(load)})}\n" for load in loads)
        uri = f"{self._location}/{job.job_name}/{self._began:%Y-%m-%d}/{job.job_run_id}-{state}.json.gz"
        try:
            Storage(job.spark).write(uri, gzip.compress(lines.encode(), mtime=0))
        except Exception as error:  # whatever it is: it would hide why the run has failed
            why = run_log.described(error)["error"]
            job.logger.warning("load_history_failed", path=uri, error=why)


def _loads(attempt: Attempt, number: int, loaded: Loaded) -> Iterator[Load]:
    """What became of the files of a load that an attempt has committed."""
    by_file = not attempt.job.whole_directory and attempt.staged is not NOTHING
    quarantined = attempt.quarantined.counts if attempt.quarantined else {}
    read = (attempt.rows or {}).get(number)
    now = _time(datetime.now(UTC))
    for uri, stored in loaded.files.items():
        partition, reason = source_id(uri), loaded.found.unreadable.get(uri)
        load = Load(
            uri,
            LOADED,
            version=stored.version,
            uploaded_at=_time(datetime.fromtimestamp(stored.modified, UTC)),
            committed_at=now,
            bytes=stored.size,
            rows_read=read.rows if read and len(loaded.files) == 1 else None,
            rows_written=attempt.staged.counts.get(partition, 0) if by_file else None,
            rows_quarantined=quarantined.get(partition, 0),
        )
        if reason is not None:
            load = replace(load, status=QUARANTINED, reason=reason, rows_quarantined=None)
        yield load


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}"
