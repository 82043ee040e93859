"""The stock, from the catalogue and a database."""

import sys

from awsglue.context import GlueContext
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "password"])
context = GlueContext(SparkContext.getOrCreate())
spark = context.spark_session
items = context.create_dynamic_frame.from_catalog(database="shop", table_name="items").toDF()
levels = (
    spark.read.format("jdbc")
    .option("url", "jdbc:postgresql://stock/levels")
    .option("dbtable", "public.levels")
    .option("password", args["password"])
    .load()
)
spark.sql("SELECT * FROM shop.shelves").createOrReplaceTempView("shelves")
items.join(levels, "id").writeTo("glue_catalog.shop.stock").createOrReplace()
