"""What these tests run in place of Glue's own library, which is not to be had: unproven on AWS.

It also lets Spark find the emulated S3.
"""

import json
import os
import sys

from glue_runtime.local.session import JARS_VARIABLE, S3_VARIABLE, object_store

SETTINGS = {
    "spark.ui.enabled": "false",
    **object_store(os.environ[S3_VARIABLE], os.environ[JARS_VARIABLE]),
}
confs = " ".join(f"--conf {json.dumps(f'{name}={value}')}" for name, value in SETTINGS.items())
os.environ["PYSPARK_SUBMIT_ARGS"] = f"{confs} pyspark-shell"
os.environ["PYSPARK_PYTHON"] = sys.executable
