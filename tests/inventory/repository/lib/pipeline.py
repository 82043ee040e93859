"""What the jobs of the warehouse share."""

from pyspark.sql import DataFrame, SparkSession


class Pipeline:
    """Reads, transforms, writes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.spark = SparkSession.builder.getOrCreate()

    def extract(self) -> DataFrame:
        return self.spark.read.parquet(f"s3://shop-clean/{self.name}/")

    def transform(self, df: DataFrame) -> DataFrame:
        return df

    def run(self) -> None:
        self.transform(self.extract()).write.mode("append").parquet(f"s3://shop-out/{self.name}/")
