# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The base class of migrated jobs; `gluecast adopt` makes the team's base class extend it."""

import sys
from collections.abc import Mapping

from pyspark.sql import DataFrame

from glue_runtime.arguments import parse_arguments
from glue_runtime.base_job import ARGUMENTS, BaseGlueJob
from glue_runtime.lineage import SOURCE_OBJECT


class AdoptedGlueJob(BaseGlueJob):
    """`BaseGlueJob` for jobs that parse their arguments and write their results themselves."""

    def __init__(self, job_name: str, args: Mapping[str, str | None]) -> None:
        """See `BaseGlueJob`. Arguments that `args` lacks come from the command line.

        A migrated job passes only the arguments that it reads, such as ``env``; the command line of
        the run also has those of the upload.
        """
        super().__init__(job_name, {**parse_arguments(sys.argv[1:], ARGUMENTS), **args})

    def load_data(self, data_type: str, fallback_path: str | None = None) -> DataFrame:
        """See `BaseGlueJob`; a job with its own load() gets only the columns of the files.

        It would otherwise write the column `source_object`, which only the platform's load() needs.
        """
        df = super().load_data(data_type, fallback_path)
        return df if type(self).load is BaseGlueJob.load else df.drop(SOURCE_OBJECT)
