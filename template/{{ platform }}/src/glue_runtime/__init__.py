# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The runtime of dual-mode Glue jobs: one codebase, started by an uploaded file or a schedule.

A job is a subclass of `BaseGlueJob`; read `base_job.py` first.
"""

from glue_runtime.base_job import BaseGlueJob
from glue_runtime.errors import JobError
from glue_runtime.input.source import Source

__all__ = ["BaseGlueJob", "JobError", "Source"]
