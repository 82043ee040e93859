"""Import the runtime, whose grammars decide what a value is."""

import atexit
import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.template.runtime import lay_out

_NEEDED = ("charset_normalizer", "duckdb", "pyarrow", "pyspark", "structlog")


def import_runtime() -> None:
    """Make the runtime of this package's template importable, unless another one is.

    Raises:
        GluecastError: the packages that it needs are not installed.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise GluecastError(
            f"expected the packages of the sniffer, found no {', '.join(missing)}; install them: "
            "pip install 'gluecast[sniff]'"
        )
    if importlib.util.find_spec("glue_runtime") is None:
        folder = Path(tempfile.mkdtemp(prefix="gluecast-runtime-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        sys.path.insert(0, str(lay_out(folder, {"project_name": "sniffer"})))
