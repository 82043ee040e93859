"""The buckets of a repository's lake, and what jobs and rules call them."""

from pathlib import Path

from gluecast.repository.job_module import Source, constants

SETTINGS = Path("src/glue_runtime/settings.py")
ZONES = ("bronze", "silver", "gold")


def lake_prefix(repository: Path) -> str:
    """The first part of the names of the lake's buckets; empty if the repository has no runtime.

    Raises:
        GluecastError: the settings are not Python code.
    """
    return constants(repository / SETTINGS).get("LAKE_PREFIX", "")


def bucket_name(zone: str, lake: str) -> str:
    """data-lake-{env}-bronze of bronze; any other bucket stays as it is."""
    return f"{lake}-{{env}}-{zone}" if zone in ZONES else zone


def key_of_reads(zone: str) -> str:
    """What ``reads`` in infrastructure/jobs/<job>.json calls a zone or another bucket."""
    return zone if zone in ZONES else f"s3://{zone}"


def zone_of(source: Source, lake: str) -> str:
    """The zone of a source, or the name of its bucket outside of the lake."""
    names = {bucket_name(zone, lake): zone for zone in ZONES}
    return names.get(source.bucket, source.bucket) or "bronze"
