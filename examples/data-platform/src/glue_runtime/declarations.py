# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Check the declarations of a job class before it runs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from glue_runtime.errors import ArgumentError
from glue_runtime.input.source import KEEP, REMOVE, Source
from glue_runtime.tables.quarantine import DEFAULT_POLICIES

if TYPE_CHECKING:
    from glue_runtime.base_job import BaseGlueJob


def check_sources(job_class: type["BaseGlueJob"], sources: Sequence[Source]) -> None:
    """Check that sources have different prefixes, and that the job can do what they declare.

    Raises:
        ArgumentError: two sources have the same prefix, a route has no method, or a job of the whole
            directory is to keep the rows of files that are gone.
    """
    prefixes = [source.prefix for source in sources]
    if len(set(prefixes)) < len(prefixes):
        raise ArgumentError(
            f"expected one source for each prefix in {job_class.__name__}.sources, found "
            f"{prefixes}; split the job, or give each source its own prefix"
        )
    for route in {route for source in sources for route in source.routes.values()}:
        if not callable(getattr(job_class, f"transform_{route}", None)):
            raise ArgumentError(
                f"expected a method transform_{route}() of {job_class.__name__} for the route "
                f"{route!r} of its sources, found none; write it, or correct the route's name"
            )
    if job_class.whole_directory and any(source.when_gone == KEEP for source in sources):
        raise ArgumentError(
            f'expected when_gone = "{REMOVE}" in the sources of {job_class.__name__}, found "{KEEP}": with '
            "whole_directory = True each run computes its table from the files that are there"
        )


def allowed_removal(job_class: type["BaseGlueJob"], given: str | None) -> float:
    """The share of a table's source files whose rows a scheduled run may remove.

    given: the value of ``--removal_limit``, if the run has one; else what the job declares counts.

    Raises:
        ArgumentError: it is no number from 0 to 1.
    """
    where = "--removal_limit" if given else f"{job_class.__name__}.removal_limit"
    found = given or job_class.removal_limit
    try:
        share = float(found)
    except (TypeError, ValueError):
        share = -1.0
    if not 0 <= share <= 1:
        raise ArgumentError(
            f"expected a share from 0 to 1 as {where}, such as 0.2, found {found!r}"
        )
    return share


ALL, CHANGED, NOTHING = "all", "changed", "nothing"
"""What a scheduled run reads: all files, or those that the table does not have in this content."""


def scheduled_mode(job_class: type["BaseGlueJob"], given: str | None, *, own_load: bool) -> str:
    """What a scheduled run reads, as its job declares it or the argument ``--scheduled`` says.

    Raises:
        ArgumentError: there is no such mode, or it would leave another table than ``all``.
    """
    name = job_class.__name__
    if job_class.when_job_changes not in (ALL, NOTHING):
        raise ArgumentError(
            f'expected "{ALL}" or "{NOTHING}" in {name}.when_job_changes, found '
            f"{job_class.when_job_changes!r}"
        )
    mode = given or job_class.scheduled
    if mode not in (ALL, CHANGED):
        where = "--scheduled" if given else f"{name}.scheduled"
        raise ArgumentError(f'expected "{ALL}" or "{CHANGED}" as {where}, found {mode!r}')
    objections = {
        "declares no sources": not job_class.sources,
        "has whole_directory = True, so that each run needs all files": job_class.whole_directory,
        "has a load() of its own, of whose target nothing is known": own_load,
    }
    objection = next((text for text, holds in objections.items() if holds), None)
    if mode == CHANGED and objection:
        raise ArgumentError(
            f'expected scheduled = "{ALL}" in {name}, found "{CHANGED}" in a job that {objection}'
        )
    return mode


OWN_LOADS = ("appends", "replaces_source", "replaces_all")
"""What a job's own load() may do to existing rows: keep them, replace the rows of the source
files that it has read, or replace all rows."""


def check_own_load(job_class: type["BaseGlueJob"], is_event_triggered: bool) -> None:
    """Check that the job's own load() writes a correct table in this kind of run.

    Raises:
        ArgumentError: `own_load` is missing, or load() would replace all rows by one file's.
    """
    name, declared = job_class.__name__, job_class.own_load
    allowed = " or ".join(f'"{each}"' for each in OWN_LOADS)
    if declared is not None and declared not in OWN_LOADS:
        raise ArgumentError(f"expected {allowed} in {name}.own_load, found {declared!r}")
    if not is_event_triggered or job_class.whole_directory:
        return
    if declared is None:
        raise ArgumentError(
            f"expected {name}.own_load to declare what its load() does to its target, found nothing; "
            f"an event run reads only one file: declare own_load = {allowed} (if it replaces all, "
            "with whole_directory = True), or do not override load()"
        )
    if declared == "replaces_all":
        raise ArgumentError(
            f"expected whole_directory = True in {name}, whose load() replaces its whole target, "
            "found False: an event run would keep only the rows of one file; declare it so that "
            "every run reads the whole directory"
        )


def declared_policy(job_class: type, bad_rows: Mapping[str, str], trigger_type: str) -> str:
    """The policy for invalid rows, in runs of this trigger.

    Raises:
        ArgumentError: there is no such trigger or policy.
    """
    policies = {**DEFAULT_POLICIES, **bad_rows}
    if {*policies} != {*DEFAULT_POLICIES} or not {*policies.values()} <= {
        *DEFAULT_POLICIES.values()
    }:
        raise ArgumentError(
            f'expected "strict" or "lenient" for "s3_event" and "scheduled" in '
            f"{job_class.__name__}.bad_rows, found {dict(bad_rows)}"
        )
    return policies[trigger_type]
