"""Clicks of the shop, as the console of Glue writes such a script."""

import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "env"])
context = GlueContext(SparkContext.getOrCreate())
spark = context.spark_session
job = Job(context)
job.init(args["JOB_NAME"], args)

clicks = context.create_dynamic_frame.from_options(
    connection_type="s3",
    connection_options={"paths": ["s3://shop-raw/clicks/"], "recurse": True},
    format="csv",
    format_options={"withHeader": True},
    transformation_ctx="clicks",
)
context.write_dynamic_frame.from_options(
    frame=clicks,
    connection_type="s3",
    connection_options={"path": "s3://shop-clean/clicks/"},
    format="parquet",
    transformation_ctx="written",
)
job.commit()
