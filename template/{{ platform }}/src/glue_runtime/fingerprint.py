# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The fingerprint of a job's code, to know of which code the rows of a table are."""

import hashlib
import inspect
import io
import sys
import tokenize
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glue_runtime.base_job import BaseGlueJob

_NO_SOURCE = (LookupError, OSError, SyntaxError, TypeError, ValueError, tokenize.TokenError)
"""The errors for a module whose source nobody has, such as one that was typed into a console."""

_NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE)


@lru_cache
def fingerprint(job_class: type["BaseGlueJob"]) -> str:
    """Eight hexadecimal digits for the module of a job and its sources, without comments and line ends.

    Modules that the job imports, and the runtime, do not count.
    """
    try:
        text = inspect.getsource(sys.modules[job_class.__module__])
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        code = "".join(token.string for token in tokens if token.type not in _NO_CODE)
    except _NO_SOURCE:
        code = job_class.__qualname__
    return hashlib.sha256(f"{code}{job_class.sources!r}".encode()).hexdigest()[:8]
