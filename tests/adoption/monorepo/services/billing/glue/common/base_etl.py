"""What the jobs of billing share."""

import json
from abc import ABC, abstractmethod

from pyspark.sql import DataFrame, SparkSession


class Audit:
    """One line for each thing that happens to a run."""

    def __init__(self, job_name: str) -> None:
        self.job_name = job_name

    def record(self, what: str) -> None:
        print(json.dumps({"audit": what, "job": self.job_name}), flush=True)


class BaseETL(ABC):
    """Extract, transform, load, with an audit trail."""

    def __init__(self, args: dict) -> None:
        self.args = args
        self.job_name = args["JOB_NAME"]
        self.stage = args.get("stage", "local")
        self.spark = self._session()
        self.audit = Audit(self.job_name)

    def _session(self) -> SparkSession:
        builder = SparkSession.builder.appName(self.job_name)
        return builder.config("spark.sql.shuffle.partitions", "3").getOrCreate()

    def load_data(self, name: str) -> DataFrame:
        return self.spark.read.option("header", True).csv(
            f"s3://billing-{self.stage}-bronze/{name}/"
        )

    @abstractmethod
    def extract(self) -> DataFrame:
        """Read the source."""

    def transform(self, df: DataFrame) -> DataFrame:
        return df

    def load(self, df: DataFrame) -> None:
        df.write.mode("append").parquet(self.target())

    def target(self) -> str:
        return f"s3://billing-{self.stage}-silver/{self.job_name}/"

    def execute(self) -> None:
        self.audit.record("started")
        try:
            df = self.extract()
            self.load(self.transform(df))
        except Exception as error:
            self.audit.record(f"failed: {error}")
            raise
        self.audit.record("done")
