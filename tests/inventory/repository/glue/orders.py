"""Orders, from a bucket that an argument names."""

import sys

from awsglue.utils import getResolvedOptions
from pyspark.sql import SparkSession

OPTIONS = ["bucket", "day"]

args = getResolvedOptions(sys.argv, ["JOB_NAME"] + OPTIONS)
spark = SparkSession.builder.getOrCreate()
source = f"s3://{args['bucket']}/orders/"
orders = spark.read.option("header", True).csv(source)
cleaned = orders.dropDuplicates(["id"])
writer = cleaned.write.mode("overwrite").partitionBy("country")
writer.parquet("s3://shop-clean/orders/")
