"""Problems of the jobs of a repository, one sentence for each."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.jobs.names_on_aws import JobNames, Naming, name_prefix
from gluecast.jobs.rights import narrow_role_problems
from gluecast.repository.buckets import bucket_name, lake_prefix, zone_of
from gluecast.repository.git import run_git
from gluecast.repository.job_module import read_module
from gluecast.repository.layers import Layer
from gluecast.repository.triggers import (
    FOLDER,
    After,
    Schedule,
    Trigger,
    TriggersError,
    all_triggers,
    jobs_with_a_machine,
    plain_uploads,
    triggers,
)
from gluecast.repository.work_tree import WorkTree

_LONGEST_ROLE = "-schedules"
"""The longest suffix that infrastructure/modules appends to <job>-<environment> for a role."""

_AWS_LIMIT = 64
"""The longest name of an IAM role, an EventBridge rule or a schedule."""

_INPUT_ZONE = "bronze"
"""Where load_data() reads, unless a source names another bucket."""

_OUTPUT_ZONE = "silver"
"""Where a job writes: s3://<prefix>-<environment>-silver/<job>/."""


def problems_of(repository: Path, layers: Sequence[Layer], tree: WorkTree) -> Iterator[str]:
    """The problems of a repository's jobs.

    Raises:
        GluecastError: git cannot search for conflict markers.
    """
    names = JobNames(repository, layers)
    deployed = names.deployed()
    yield from _names(repository, layers)
    prefixes = {name: name_prefix(repository, name) for name in _environments(layers)}
    yield from _names_on_aws(names, deployed, prefixes)
    try:
        found = all_triggers(repository)
    except TriggersError as error:
        yield str(error)
    else:
        yield from _overlaps(found)
        yield from _loops(found, deployed)
        yield from _circle(found)
        yield from _without_machine(found, jobs_with_a_machine(repository))
        yield from _long_triggers(found, prefixes)
        yield from _shared_triggers(triggers(repository))
        yield from narrow_role_problems(names, found)
        yield from _other_buckets(repository, found)
        if (repository / FOLDER).is_dir():
            yield from _unstarted(found, layers)
    yield from _unresolved(repository, tree)


def _names(repository: Path, layers: Sequence[Layer]) -> Iterator[str]:
    jobs = [layer for layer in layers if not layer.is_platform]
    for layer in jobs:
        name = layer.recorded.get("job_name")
        if name != layer.name:
            yield (
                f"expected job_name {layer.name} in {layer.answers_file}, found {name}; "
                "gluecast rename moves a job with all its files"
            )
        if not (repository / f"src/jobs/{layer.name}.py").is_file():
            yield (
                f"expected src/jobs/{layer.name}.py of the job in {layer.answers_file}, found none; "
                f"restore it from git, or gluecast remove {layer.name}"
            )
    for name, count in Counter(str(layer.recorded.get("job_name")) for layer in jobs).items():
        if count > 1:
            yield f"expected every job name once, found {name} in {count} answers files"
    classes: dict[str, list[str]] = {}
    for layer in jobs:
        classes.setdefault(layer.name.removesuffix("_job"), []).append(layer.name)
    for same in classes.values():
        if len(same) > 1:
            yield f"expected names that differ in more than _job, found {' and '.join(same)}"


def _names_on_aws(
    names: JobNames, deployed: Mapping[str, str], prefixes: Mapping[str, str]
) -> Iterator[str]:
    by_name: dict[str, list[str]] = {}
    for job, name in deployed.items():
        by_name.setdefault(name, []).append(job)
        if names.naming in (Naming.DECLARED, Naming.MAIN):
            yield from names.problems(job)
        for environment, prefix in prefixes.items():
            longest = f"{prefix}{name}-{environment}{_LONGEST_ROLE}"
            if len(longest) > _AWS_LIMIT:
                yield (
                    f"expected names of at most {_AWS_LIMIT} characters on AWS, found "
                    f"{len(longest)} in {longest}; gluecast rename {job} ..."
                )
    for name, same in by_name.items():
        if len(same) > 1:
            yield (
                f"expected every name on AWS once, found that {' and '.join(same)} are {name} "
                "there; declare another one in infrastructure/jobs and main(), or run gluecast remove"
            )


def _environments(layers: Sequence[Layer]) -> list[str]:
    recorded = [layer.recorded.get("environments") for layer in layers if layer.is_platform]
    return [str(name) for names in recorded if isinstance(names, list) for name in names]


def _long_triggers(found: Sequence[Trigger], prefixes: Mapping[str, str]) -> Iterator[str]:
    for trigger in found:
        for environment, prefix in prefixes.items():
            name = f"{prefix}{environment}-{trigger.name}"
            if len(name) > _AWS_LIMIT:
                yield (
                    f"expected names of at most {_AWS_LIMIT} characters on AWS, found "
                    f"{len(name)} in {name} of {trigger.job}; shorten it in infrastructure/jobs"
                )


def _shared_triggers(found: Sequence[Trigger]) -> Iterator[str]:
    jobs: dict[tuple[bool, str], dict[str, None]] = {}
    for trigger in found:
        if trigger.name:
            jobs.setdefault((isinstance(trigger, Schedule), trigger.name), {})[trigger.job] = None
    for (is_schedule, name), (first, *others) in jobs.items():
        if others:
            yield (
                f"expected another name for each {'schedule' if is_schedule else 'rule'} in "
                f"infrastructure/jobs, found {name} for {first} and {others[0]}; rename one of them: AWS "
                "would take it for a change of the other"
            )


def _unstarted(found: Sequence[Trigger], layers: Sequence[Layer]) -> Iterator[str]:
    """Jobs that nothing starts, unless an expression may name them."""
    started = {trigger.job for trigger in found}
    if any("${" in job for job in started):
        return
    for layer in layers:
        if not layer.is_platform and layer.name not in started:
            yield (
                f"expected an upload or a schedule that starts {layer.name}, found none in "
                f"infrastructure/jobs; restore infrastructure/jobs/{layer.name}.tf from git, or "
                f"gluecast remove {layer.name}"
            )


def _overlaps(found: Sequence[Trigger]) -> Iterator[str]:
    """Two jobs that the same upload would start."""
    uploads = sorted(plain_uploads(found), key=lambda each: (each.zone, each.prefix))
    for index, one in enumerate(uploads):
        for other in uploads[index + 1 :]:
            # In sorted order, all prefixes that begin with this one directly follow it.
            if other.zone != one.zone or not other.prefix.startswith(one.prefix):
                break
            same_end = one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix)
            if one.job != other.job and same_end:
                yield (
                    f"expected one job for each upload, found {one.job} "
                    f"({one.prefix}*{one.suffix}) and {other.job} ({other.prefix}*{other.suffix}) "
                    f"in {one.zone}; give one of them another prefix or suffix"
                )


def _other_buckets(repository: Path, found: Sequence[Trigger]) -> Iterator[str]:
    """Rules for uploads to a bucket that the sources of their jobs do not name."""
    lake = lake_prefix(repository)
    for upload in plain_uploads(found):
        path = repository / f"src/jobs/{upload.job}.py"
        if "${" in upload.zone or not path.is_file():
            continue
        # Parsing takes far longer than seeing that no source names a bucket.
        if upload.zone == _INPUT_ZONE and b"bucket" not in path.read_bytes():
            continue
        try:
            sources = read_module(path).sources
        except GluecastError:
            continue  # a module that is no Python code is a problem of its own
        owners = [each for each in sources if upload.prefix.startswith(each.prefix)]
        zones = {zone_of(each, lake) for each in owners}
        is_computed = any(each.computes_bucket for each in owners)
        if zones and upload.zone not in zones and not is_computed:
            yield (
                f"expected the rule {upload.name} of {upload.job} to be about the bucket of its source, "
                f"{' or '.join(sorted(zones))}, found {upload.zone}, which scheduled runs do not read; "
                f'write Source(..., bucket="{bucket_name(upload.zone, lake)}") in '
                f"src/jobs/{upload.job}.py, or correct bucket_name"
            )


def _loops(found: Sequence[Trigger], deployed: Mapping[str, str]) -> Iterator[str]:
    """Jobs whose output would start a job."""
    inputs = [each for each in plain_uploads(found) if each.zone == _OUTPUT_ZONE]
    for writer in sorted({trigger.job for trigger in found}):
        output = f"{deployed.get(writer, writer)}/"
        for reader in inputs:
            if output.startswith(reader.prefix) or reader.prefix.startswith(output):
                yield (
                    f"expected outputs outside of every input, found that {writer} writes to "
                    f"{_OUTPUT_ZONE}:{output}, where each file starts {reader.job}; "
                    "use a schedule for it"
                )


def _circle(found: Sequence[Trigger]) -> Iterator[str]:
    """Jobs whose successful runs would start each other without end."""
    previous: dict[str, set[str]] = {}
    for trigger in found:
        if isinstance(trigger, After):
            previous.setdefault(trigger.job, set()).add(trigger.previous)
    try:
        TopologicalSorter(previous).prepare()
    except CycleError as error:
        yield (
            f"expected jobs that come to an end, found that {' starts '.join(error.args[1])}; take "
            "one of them out of then in infrastructure/jobs"
        )


def _without_machine(found: Sequence[Trigger], machines: set[str]) -> Iterator[str]:
    """Jobs that another one starts, but that have nothing that can be started."""
    for trigger in found:
        if (
            isinstance(trigger, After)
            and "${" not in trigger.job
            and trigger.job not in machines
            and not any("${" in job for job in machines)
        ):
            yield (
                f"expected {trigger.job}, which {trigger.previous} starts, to have a state machine, "
                f'found none; write started_by_others = [var.glue_job_arns["{trigger.job}"]] in '
                f"infrastructure/jobs/{trigger.job}.tf, or give it an upload or a schedule"
            )


def _unresolved(repository: Path, tree: WorkTree) -> Iterator[str]:
    for path in sorted(tree.unmerged):
        yield f"expected merged files, found {path} unmerged; resolve it, git add"
    # Either line alone may be a heading; a file with both was not resolved.
    marks = ["-e", "^<<<<<<< ", "--or", "-e", "^>>>>>>> "]
    listing = run_git(repository, "grep", "-lzI", "--all-match", *marks)
    if listing.returncode > 1:
        raise GluecastError(f"git grep failed in {repository}: {listing.stderr.decode().strip()}")
    for name in os.fsdecode(listing.stdout).split("\0")[:-1]:
        if name not in tree.unmerged:
            yield f"expected no conflict markers, found some in {name}; resolve them"
