# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The log events of a run and their fields, from which metrics are derived.

Queries, alarms, the dashboard and the commands of operations/ read these events. Every line also
has the fields that identify the run (`logs.FIELD_ORDER`). Jobs may log further events.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LogEvent:
    """One kind of log line.

    level: the log level.
    fields: the fields besides those of every line: name -> unit of the metric derived from the
        number, or None if the field is not a metric.
    counts: a metric with the value 1 for each of these lines, if any.
    """

    level: str
    fields: Mapping[str, str | None] = field(default_factory=dict)
    counts: str | None = None

    @property
    def metrics(self) -> Mapping[str, str]:
        """The metrics of such a line, with their units."""
        counted = {self.counts: "Count"} if self.counts else {}
        return counted | {name: unit for name, unit in self.fields.items() if unit}


def _loaded(*, bytes_unit: str | None) -> LogEvent:
    fields = {
        "row_count": None,
        "rows_quarantined": None,
        "file_format": None,
        "file_count": None,
        "bytes_read": bytes_unit,
        "files_quarantined": None,
        "path": None,
        "schema": None,
        "rows_with_new_columns": None,
    }
    return LogEvent("INFO", fields)


_LOADING = LogEvent("INFO", {"path": None, "file_system": None, "committer": None, "region": None})

EVENTS: Mapping[str, LogEvent] = {
    "job_started": LogEvent("INFO"),
    "manifest_read": LogEvent("INFO", {"files": None, "repeated": None, "objects": None}),
    "changes_found": LogEvent(
        "INFO", {"files_listed": None, "files_changed": None, "files_gone": None}
    ),
    "job_changed": LogEvent("WARNING", {"files": None, "rows": None}),
    "whole_directory_declared": LogEvent("INFO", {"read": None}),
    "loading_event_file": _LOADING,
    "loading_event_files": _LOADING,
    "loading_changed_files": _LOADING,
    "loading_directory_data": _LOADING,
    "loading_local_data": _LOADING,
    "routing": LogEvent("INFO", {"route": None}),
    "loaded_event_file": _loaded(bytes_unit="Bytes"),
    "loaded_event_files": _loaded(bytes_unit="Bytes"),
    "loaded_changed_files": _loaded(bytes_unit="Bytes"),
    "loaded_directory_data": _loaded(bytes_unit="Bytes"),
    "loaded_local_data": _loaded(bytes_unit=None),
    "quarantined": LogEvent("WARNING", {"rows": None, "files": None, "path": None}),
    "data_written": LogEvent(
        "INFO",
        {
            "output": None,
            "row_count": None,
            "rows_read": "Count",
            "rows_quarantined": "Count",
            "rows_written": "Count",
            "files_quarantined": None,
        },
    ),
    "validated": LogEvent(
        "INFO", {"files": None, "rows": None, "invalid_rows": None, "findings": None}
    ),
    "source_changed_during_run": LogEvent("WARNING", {"sources": None}),
    "rows_of_other_buckets": LogEvent("WARNING", {"objects": None, "first": None}),
    "source_gone": LogEvent("WARNING", {"path": None, "output": None, "rows": None}),
    "catalog_written": LogEvent("INFO", {"table": None, "column_count": None}),
    "columns_not_in_catalog": LogEvent("WARNING", {"table": None, "columns": None}),
    "catalog_failed": LogEvent("WARNING", {"table": None, "error": None}),
    "load_history_failed": LogEvent("WARNING", {"path": None, "error": None}),
    "recovery_failed": LogEvent("WARNING", {"path": None, "error": None}),
    "job_completed_successfully": LogEvent(
        "INFO", {"duration_seconds": "Seconds", "lag_seconds": "Seconds"}, counts="runs_completed"
    ),
    "job_failed": LogEvent("ERROR", {"error_type": None, "error": None}, counts="runs_failed"),
}
"""The events of the runtime, by name, in the order of a run."""
