"""A context whose dynamic frames are Spark's DataFrames, with the calls that the scripts make."""

from pyspark.sql import SparkSession


class GlueContext:
    def __init__(self, context):
        self.spark_session = SparkSession.builder.getOrCreate()
        self.create_dynamic_frame = self
        self.write_dynamic_frame = _Writer()

    def from_options(self, connection_type, connection_options, format, **others):
        reader = self.spark_session.read.option("header", True).option("recursiveFileLookup", True)
        return reader.format(format).load(connection_options["paths"])


class _Writer:
    def from_options(self, frame, connection_type, connection_options, format, **others):
        frame.write.mode("append").format(format).save(connection_options["path"])
