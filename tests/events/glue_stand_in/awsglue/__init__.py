"""What these tests run in place of Glue's own library, which is not to be had: unproven on AWS.

It also lets Spark find each bucket in a folder of this machine.
"""

import json
import os
from pathlib import Path

LAKE = Path(os.environ["GLUE_LOCAL_LAKE"])
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
    "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
    **{
        f"spark.hadoop.fs.viewfs.mounttable.{bucket.name}.linkFallback": bucket.as_uri()
        for bucket in LAKE.iterdir()
        if bucket.is_dir()
    },
}
confs = " ".join(f"--conf {json.dumps(f'{name}={value}')}" for name, value in SETTINGS.items())
os.environ["PYSPARK_SUBMIT_ARGS"] = f"{confs} pyspark-shell"
