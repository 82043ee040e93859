"""The base class of our Glue jobs."""

import json
import logging
import os
import re
import sys
import time
from abc import ABC, abstractmethod
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

LAKE = "data-lake"

logging.basicConfig(stream=sys.stdout, level=logging.INFO)


def parse_args(names):
    """The arguments of the run, from Glue or from the command line."""
    try:
        from awsglue.utils import getResolvedOptions

        return getResolvedOptions(sys.argv, names)
    except ImportError:
        return {name: "local" for name in names if name == "env"}


class BaseGlueJob(ABC):
    """A scheduled job: reads its directory, writes its table."""

    formats = ("csv", "json")

    def __init__(self, job_name, args):
        self.job_name = job_name
        self.args = args
        self.environment = args.get("env", "local")
        self.spark = self._create_spark()
        self.logger = logging.getLogger(job_name)
        # The day that the run is for; a re-run may name another one.
        day = args.get("processing_date")
        self.processing_date = day or date.today().isoformat()

    def _create_spark(self):
        try:
            from awsglue.context import GlueContext
            from pyspark.context import SparkContext

            return GlueContext(SparkContext.getOrCreate()).spark_session
        except ImportError:
            return SparkSession.builder.appName(self.job_name).getOrCreate()

    @abstractmethod
    def extract(self) -> DataFrame:
        """Read the source."""

    @abstractmethod
    def transform(self, df: DataFrame) -> DataFrame:
        """Turn it into the result."""

    def custom_validation(self, df: DataFrame) -> bool:
        return True

    def load(self, df: DataFrame) -> None:
        """Write the table of the job, anew."""
        df.write.mode("overwrite").parquet(self.table_path())

    # --- loading ---

    def load_data(self, data_type: str, fallback_path: str = None) -> DataFrame:
        if self.environment == "local":
            return self._load_local_data(data_type, fallback_path)
        return self._load_directory_data(data_type)

    def _load_local_data(self, data_type, fallback_path):
        path = fallback_path or os.path.join("tests", "test_data", self.job_name, data_type)
        return self._read(path)

    def _load_directory_data(self, data_type):
        return self._read(f"s3://{LAKE}-{self.environment}-bronze/{data_type}/")

    def _read(self, path):
        if path.endswith(".json"):
            return self.spark.read.option("multiline", True).json(path)
        return self.spark.read.option("header", True).option("inferSchema", True).csv(path)

    # --- running ---

    def run(self) -> None:
        started = time.time()
        self._log("job_started")
        df = self.transform(self.extract())
        if not self.custom_validation(df):
            raise ValueError(f"{self.job_name}: validation failed")
        self.load(df)
        self._log("job_completed_successfully", seconds=round(time.time() - started))

    def _log(self, event, **fields):
        self.logger.info(json.dumps({"event": event, "job_name": self.job_name, **fields}))

    # --- what our jobs share ---

    def table_path(self) -> str:
        """Where the job writes."""
        if self.environment == "local":
            return os.path.join("output", self.job_name)
        return f"s3://{LAKE}-{self.environment}-silver/{self.job_name}/"

    def clean_columns(self, df: DataFrame) -> DataFrame:
        """Column names in snake_case: 'Customer Name' becomes customer_name."""
        return df.toDF(*[re.sub(r"\W+", "_", name.strip()).lower() for name in df.columns])

    def stamped(self, df: DataFrame) -> DataFrame:
        """With the day that the run is for."""
        return df.withColumn("processing_date", F.lit(self.processing_date))
