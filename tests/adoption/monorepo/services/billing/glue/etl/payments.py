"""Payments."""

import sys

from common.base_etl import BaseETL
from pyspark.sql import DataFrame


class Payments(BaseETL):
    def extract(self) -> DataFrame:
        return self.load_data("payments")


if __name__ == "__main__":
    from awsglue.utils import getResolvedOptions

    Payments(getResolvedOptions(sys.argv, ["JOB_NAME", "stage"])).execute()
