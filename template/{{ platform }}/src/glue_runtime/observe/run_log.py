# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Log lines about the data of a run."""

from collections.abc import Collection, Mapping, Sequence

import structlog

from glue_runtime.input.loading import Loaded, RowsRead
from glue_runtime.observe import logs
from glue_runtime.tables.table import Staged

Logger = structlog.typing.FilteringBoundLogger

_NAMED_FILES = 10
"""The largest number of files that a line names."""


def bound_logger(described_run: Mapping[str, str | None]) -> Logger:
    """A logger that adds the fields of the run to every line."""
    if not structlog.is_configured():
        logs.configure_logging()
    logger: Logger = structlog.get_logger().bind(**described_run)
    return logger


def loaded(logger: Logger, load: Loaded, rows: RowsRead | None) -> None:
    """Log what was read; row counts are null if nothing has counted the rows."""
    logger.info(
        f"loaded_{load.location.kind}",
        row_count=rows.rows if rows else None,
        rows_quarantined=rows.invalid if rows else None,
        file_format=load.location.file_format,
        file_count=len(load.files),
        bytes_read=sum(file.size for file in load.files.values()),
        files_quarantined=len(load.found.unreadable),
        path=load.location.where,
        schema=load.schema,
        rows_with_new_columns=rows.extra if rows else None,
    )


def spared(logger: Logger, objects: Collection[str]) -> None:
    """Log the objects of other buckets whose rows are in the table, if there are any."""
    if objects:
        logger.warning("rows_of_other_buckets", objects=len(objects), first=min(objects))


def quarantined(
    logger: Logger, uri: str, loads: Sequence[Loaded], read: Mapping[int, RowsRead]
) -> None:
    """Log what was quarantined, if anything."""
    invalid, files = _invalid(read), _unreadable(loads)
    if invalid or files:
        named = dict(list(files.items())[:_NAMED_FILES])
        logger.warning("quarantined", rows=invalid, files=named, path=uri)


def written(
    logger: Logger,
    output_uri: str,
    loads: Sequence[Loaded],
    read: Mapping[int, RowsRead],
    staged: Staged,
) -> None:
    """Log what was written."""
    logger.info(
        "data_written",
        output=output_uri,
        row_count=staged.rows,
        rows_read=sum(rows.rows for rows in read.values()),
        rows_quarantined=_invalid(read),
        rows_written=staged.rows,
        files_quarantined=len(_unreadable(loads)),
    )


def _invalid(read: Mapping[int, RowsRead]) -> int:
    return sum(rows.invalid for rows in read.values())


def _unreadable(loads: Sequence[Loaded]) -> dict[str, str]:
    return {uri: why for each in loads for uri, why in each.found.unreadable.items()}


def described(error: BaseException) -> dict[str, str]:
    """An error for the log: its type and first line; the full traceback goes to stderr."""
    first, *others = str(error).splitlines() or [""]
    if first.startswith("An error occurred while calling") and others:
        first = others[0].removeprefix(": ")
    return {"error_type": type(error).__name__, "error": first}
