"""Returns, as a class."""

from lib.pipeline import Pipeline
from pyspark.sql import DataFrame


class Returns(Pipeline):
    def transform(self, df: DataFrame) -> DataFrame:
        return df.filter("amount < 0")


if __name__ == "__main__":
    Returns("returns").run()
