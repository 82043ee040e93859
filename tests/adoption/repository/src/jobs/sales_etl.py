"""Sales, by day."""

from common.base_job import BaseGlueJob, parse_args
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


class SalesETLJob(BaseGlueJob):
    def extract(self) -> DataFrame:
        return self.load_data("sales")

    def transform(self, df: DataFrame) -> DataFrame:
        df = self.clean_columns(df)
        return self.stamped(df).withColumn("category", F.lower("category"))

    def custom_validation(self, df: DataFrame) -> bool:
        return df.filter(F.col("amount") < 0).count() == 0

    def load(self, df: DataFrame) -> None:
        df.write.mode("overwrite").partitionBy("category").parquet(self.table_path())


if __name__ == "__main__":
    SalesETLJob("sales_etl", parse_args(["env"])).run()
