"""How many returns there are of each product."""

import common.base_job as base
from pyspark.sql import DataFrame


class ReturnsReportJob(base.BaseGlueJob):
    def extract(self) -> DataFrame:
        return self.load_data("returns")

    def transform(self, df: DataFrame) -> DataFrame:
        return df.groupBy("product").count()


if __name__ == "__main__":
    ReturnsReportJob("returns_report", base.parse_args(["env"])).run()
