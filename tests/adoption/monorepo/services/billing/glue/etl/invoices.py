"""Invoices, without drafts."""

import sys

from common.base_etl import BaseETL
from pyspark.sql import DataFrame


class Invoices(BaseETL):
    def extract(self) -> DataFrame:
        return self.load_data("invoices")

    def transform(self, df: DataFrame) -> DataFrame:
        return df.filter("status <> 'draft'")


if __name__ == "__main__":
    from awsglue.utils import getResolvedOptions

    Invoices(getResolvedOptions(sys.argv, ["JOB_NAME", "stage"])).execute()
