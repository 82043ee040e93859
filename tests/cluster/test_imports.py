"""What a function of a job may import on an executor."""

import json

from lake_files import content, event, rows, upload
from standalone import Cluster

ARCHIVE = "glue_runtime.zip"

PLACES = {
    "jobs.noting": ARCHIVE,
    "jobs.sales_etl": ARCHIVE,
    "glue_runtime": ARCHIVE,
    "glue_runtime.input.exact.avro_file": ARCHIVE,
    "glue_runtime.input.formats.registry": ARCHIVE,
    "structlog": "site-packages/structlog",
    "fastavro": "site-packages/fastavro",
    "pyarrow": "site-packages/pyarrow",
    "boto3": "site-packages/boto3",
    # The tests have these, and neither Glue nor the job does.
    "openpyxl": "none",
    "pytest": "none",
    "moto": "none",
    "copier": "none",
    "jobs.nowhere": "none",
}


def test_a_function_of_a_job_imports_its_repository_and_what_the_job_declares(
    cluster: Cluster,
) -> None:
    upload(cluster.lake, {"sales/a.csv": content(range(50))})
    arguments = ["--modules", ",".join(PLACES)]

    cluster.submit("importing", *event("sales/a.csv"), *arguments).log()

    found = rows(cluster.lake, "importing")
    assert sorted(row["id"] for row in found) == [*range(50)]
    for row in found:
        places = json.loads(row["found"])
        assert places.pop("") == "kitchen"
        assert int(places.pop("executor"))
        assert {name: PLACES[name] in place for name, place in places.items()} == dict.fromkeys(
            PLACES, True
        )
