"""Customers, the newest row of each."""

from common.base_job import BaseGlueJob, parse_args
from pyspark.sql import DataFrame


class CustomerImportJob(BaseGlueJob):
    def extract(self) -> DataFrame:
        fallback_path = "tests/test_data/customer_import/customers.csv"
        return self.load_data("customers", fallback_path)

    def transform(self, df: DataFrame) -> DataFrame:
        return df.dropDuplicates(["id"])


if __name__ == "__main__":
    CustomerImportJob("customer_import", parse_args(["env"])).run()
