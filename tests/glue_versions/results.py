"""Run jobs over a table of files, and print what comes out: rows, types, quarantine, messages.

    python results.py FOLDER

FOLDER has the files, and their descriptions in cases.json. The environment of each version of Glue runs this
script, so it needs nothing of this project but the runtime.
"""

import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from pyarrow import parquet
from pyspark.sql import DataFrame

from glue_runtime import BaseGlueJob, Source
from glue_runtime.errors import JobError
from glue_runtime.local.glue_versions import installed_version
from glue_runtime.local.session import ZONES, local_session
from glue_runtime.spark.session import spark_session
from glue_runtime.testing import Lake, run_for, run_scheduled

_STRICT = 3
"""How many files of a case are also read by an event run of their own, for its message."""
COUNTS = ("rows_read", "rows_written", "rows_quarantined", "files_quarantined")


def main(folder: Path) -> None:
    root = folder / "lake"
    root.mkdir()
    local_session("results", root)
    lake = Lake(root, spark_session("results"))
    results = {
        case["name"]: _result(lake, folder, case)
        for case in json.loads((folder / "cases.json").read_text())
    }
    ran = {"glue": installed_version(), "python": ".".join(platform.python_version_tuple()[:2])}
    (folder / "results.json").write_text(json.dumps({**ran, "results": results}))


def _result(lake: Lake, folder: Path, case: dict[str, Any]) -> dict[str, Any]:
    """What the runs over the files of a case leave, as text; each case has buckets to itself."""
    for zone in ZONES:
        (lake.root / f"data-lake-test-{zone}").rename(folder / f"{case['name']}-{zone}")
        (lake.root / f"data-lake-test-{zone}").mkdir()
    job = _job(case)
    uploads = [
        lake.upload(f"sales/{name}{case['suffix']}", (folder / file).read_bytes())
        for name, file in case["files"].items()
    ]
    messages = {}
    for uploaded in uploads[:_STRICT] if case["strict"] else []:
        try:
            run_for(job, "strict", uploaded)
        except JobError as error:
            messages[uploaded.key] = str(error)
    run_event = run_scheduled(job, "job").event
    return {
        "messages": messages,
        "counts": {name: run_event("data_written").get(name) for name in COUNTS},
        "types": _types(lake),
        "rows": _rows(lake, "job"),
        "quarantine": _rows(
            lake, "_quarantine/job", ("source_object", "position", "reason", "raw_text")
        ),
    }


def _job(case: dict[str, Any]) -> type[BaseGlueJob]:
    source = Source("sales/", case["suffix"], case["format"], schema=case["schema"])

    class Taking(BaseGlueJob):
        sources: ClassVar = (source,)
        bad_rows_limit: ClassVar = 1.0

        def extract(self) -> DataFrame:
            return self.load_data("sales")

    return Taking


def _types(lake: Lake) -> list[str]:
    """The columns of the job's table, of each kind of file that it has."""
    files = (lake.root / "data-lake-test-silver/job").rglob("*.parquet")
    return sorted({str(parquet.read_schema(path).remove_metadata()) for path in files})


def _rows(lake: Lake, table: str, columns: Sequence[str] = ()) -> list[str]:
    """The rows of a table as pyarrow reads them: Python's own values of today's calendar."""
    folder = lake.root / "data-lake-test-silver" / table
    return sorted(
        repr({name: row[name] for name in columns or row})
        for path in folder.rglob("*.parquet")
        for row in parquet.ParquetFile(path).read().to_pylist()
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
