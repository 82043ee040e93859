# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Register the tables of a job in the Glue Data Catalog.

Only the runs of a platform do: Terraform tells them the database. The rows are in the table by then,
so that a run does not fail if the catalog cannot be written; the next run writes it.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pyspark.sql.types import StructField

from glue_runtime.input.contracts import comments_of
from glue_runtime.input.source import KEEP
from glue_runtime.lineage import SOURCE_ID, SOURCE_OBJECT
from glue_runtime.run_sources import RunSources
from glue_runtime.spark.session import region
from glue_runtime.tables import quarantine
from glue_runtime.tables.catalog_entry import CatalogError, Entry, entry_name, unfit_columns

if TYPE_CHECKING:
    from glue_runtime.base_job import BaseGlueJob

_COMMENTS = {SOURCE_OBJECT: "The file that the row is from"}


def register_table(
    job: "BaseGlueJob", columns: Sequence[StructField], *, is_complete: bool
) -> None:
    """Register the table of a job.

    columns: those of the rows that a run has written. is_complete: whether it has written all rows, and
        left none of other files.
    """
    if not job.args.get("catalog_database"):
        return
    sources = RunSources(job)
    comments = dict(_COMMENTS)
    for source in job.sources:
        comments |= comments_of(source.schema)
    read = ", ".join(f"{sources.uri(each.data_type)}*{each.suffix}" for each in job.sources)
    entry = Entry(
        entry_name(job.job_name),
        job.output_uri,
        [column for column in columns if column.name != SOURCE_ID],
        description=_described(job),
        owner=_text(job.owner),
        comments={**comments, **_texts(job.column_comments)},
        parameters={"gluecast.job": job.job_name, **({"gluecast.sources": read} if read else {})},
    )
    keeps_others = any(source.when_gone == KEEP for source in job.sources)
    _register(job, entry, is_complete=is_complete and not keeps_others)


def register_quarantine(job: "BaseGlueJob") -> None:
    """Register the table of the rows that a job could not read."""
    entry = Entry(
        entry_name(f"{job.job_name}_quarantine"),
        job.quarantine_uri,
        quarantine.COLUMNS.fields,
        description=f"The rows and files that {job.job_name} could not process, each with the reason.",
        owner=_text(job.owner),
        comments=quarantine.COMMENTS,
        parameters={"gluecast.job": job.job_name},
    )
    _register(job, entry, is_complete=True)


def _text(declared: object) -> str:
    """A text that a class declares. An older class may have another thing of this name."""
    return declared if isinstance(declared, str) else ""


def _texts(declared: object) -> dict[str, str]:
    """The same for a mapping of texts."""
    named = declared if isinstance(declared, Mapping) else {}
    return {str(name): _text(text) for name, text in named.items()}


def _described(job: "BaseGlueJob") -> str:
    """The first paragraph of the docstring of the job's module, or else of its class."""
    module = sys.modules.get(type(job).__module__)
    text = (module and module.__doc__) or type(job).__doc__ or ""
    return text.strip().split("\n\n")[0].removeprefix(f"{job.job_name}: ")


def _register(job: "BaseGlueJob", entry: Entry, *, is_complete: bool) -> None:
    database = job.args.get("catalog_database")
    if not database:
        return
    # Glue has AWS's client; a local run does not need it.
    from glue_runtime.tables.data_catalog import write_entry

    name = f"{database}.{entry.name}"
    if unfit := unfit_columns(entry.columns):
        job.logger.warning("columns_not_in_catalog", table=name, columns=unfit)
    try:
        is_changed = write_entry(region(job.spark), database, entry, is_complete=is_complete)
    except CatalogError as error:
        job.logger.warning("catalog_failed", table=name, error=str(error))
    else:
        if is_changed:
            job.logger.info("catalog_written", table=name, column_count=len(entry.columns))
