# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What a job class declares, checked before anything runs."""

from collections.abc import Mapping, Sequence

from glue_runtime.errors import ArgumentError
from glue_runtime.input.source import Source
from glue_runtime.tables.quarantine import DEFAULT_POLICIES


def check_sources(job_class: type, sources: Sequence[Source]) -> None:
    """Check that the sources can be told apart, and that the job has a method for each of their routes.

    Raises:
        ArgumentError: they cannot, or it has none.
    """
    prefixes = [source.prefix for source in sources]
    if len(set(prefixes)) < len(prefixes):
        raise ArgumentError(
            f"expected one source for each prefix in {job_class.__name__}.sources, found "
            f"{prefixes}; make two jobs of it, or give the files prefixes of their own"
        )
    for route in {route for source in sources for route in source.routes.values()}:
        if not callable(getattr(job_class, f"transform_{route}", None)):
            raise ArgumentError(
                f"expected a method transform_{route}() of {job_class.__name__} for the route "
                f"{route!r} of its sources, found none; write it, or correct the route's name"
            )


def declared_policy(job_class: type, bad_rows: Mapping[str, str], trigger_type: str) -> str:
    """The policy for rows that do not fit, in runs of this trigger.

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
