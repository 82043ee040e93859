# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Write entries of the Glue Data Catalog, by which Athena, Redshift Spectrum and EMR find tables."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from glue_runtime.tables.catalog_entry import CatalogError, Entry, table_input

_TRIES = 10
"""How often a run writes an entry that other runs change meanwhile."""

_SECONDS = 10
"""How long a request may take. A network without a way to the catalog must not stop a run."""


def write_entry(region: str, database: str, entry: Entry, *, is_complete: bool) -> bool:
    """Create or change the entry of a table.

    is_complete: whether the table has only the entry's columns; otherwise, it may have others from
        other files, and these stay in the entry.

    Returns whether there was anything to write.

    Raises:
        CatalogError: there is no such database, no access to it, or another table of this name.
    """
    try:
        glue = _client(region)
        for _ in range(_TRIES):
            there = _found(glue, database, entry.name)
            if there is not None:
                _check_location(database, there, entry)
            as_it_is = _table_input_of(glue, there or {})
            wanted = table_input(entry, as_it_is, is_complete=is_complete)
            if wanted == as_it_is:
                return False
            if _written(glue, database, wanted, there):
                return True
    except ClientError as error:
        raise CatalogError(_explained(error, database, entry)) from error
    except BotoCoreError as error:
        raise CatalogError(
            f"expected an answer of the Glue Data Catalog, found: {error}; a job in a VPC needs a "
            "way to it: a NAT gateway, or an interface endpoint for Glue"
        ) from error
    raise CatalogError(
        f"expected to write the entry {database}.{entry.name}, found it changed by others in each of "
        f"{_TRIES} attempts; the next run writes it"
    )


@lru_cache
def _client(region: str) -> Any:
    config = Config(
        connect_timeout=_SECONDS,
        read_timeout=_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    return boto3.client("glue", region_name=region or None, config=config)


def _found(glue: Any, database: str, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except glue.exceptions.EntityNotFoundException:
        return None
    return found


def _written(
    glue: Any, database: str, wanted: Mapping[str, Any], there: Mapping[str, Any] | None
) -> bool:
    """Write an entry; return False if another run has written it meanwhile."""
    try:
        if there is None:
            glue.create_table(DatabaseName=database, TableInput=wanted)
        else:
            version = {"VersionId": there["VersionId"]} if "VersionId" in there else {}
            glue.update_table(DatabaseName=database, TableInput=wanted, **version)
    except (
        glue.exceptions.AlreadyExistsException,
        glue.exceptions.ConcurrentModificationException,
    ):
        return False
    return True


def _check_location(database: str, there: Mapping[str, Any], entry: Entry) -> None:
    location = there.get("StorageDescriptor", {}).get("Location", "")
    if location.rstrip("/") != entry.uri:
        raise CatalogError(
            f"expected the entry {database}.{entry.name} to be of {entry.uri}, found one of "
            f"{location or 'no folder'}; rename it, or delete it and run the job again"
        )


def _table_input_of(glue: Any, there: Mapping[str, Any]) -> dict[str, Any]:
    """What a request to change this entry would have to say to leave it as it is."""
    settable = glue.meta.service_model.shape_for("TableInput").members
    return {name: value for name, value in there.items() if name in settable}


def _explained(error: ClientError, database: str, entry: Entry) -> str:
    code = error.response["Error"].get("Code", "")
    said = error.response["Error"].get("Message", "")
    if code == "EntityNotFoundException":
        return (
            f"expected the database {database} in the Glue Data Catalog, found none; apply Terraform, "
            "which creates it"
        )
    if code == "AccessDeniedException":
        return (
            f"expected that the role of the job may write {database}.{entry.name} in the Glue Data "
            f"Catalog, found: {said}; give the role glue:GetTable, glue:CreateTable and "
            "glue:UpdateTable, and, if Lake Formation governs the database, CREATE_TABLE and ALTER"
        )
    return (
        f"expected to write {database}.{entry.name} in the Glue Data Catalog, found {code}: {said}"
    )
