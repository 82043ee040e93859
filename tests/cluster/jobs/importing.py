"""importing: the sales, with what a function of the job finds on an executor."""

import json

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType

from glue_runtime import BaseGlueJob, Source
from jobs.noting import executor

LOWERED = str.lower


@F.udf(StringType())
def found(names: str, category: str) -> str:
    """What an executor imports of these modules: where each of them is, or that there is none."""
    import importlib

    places = {"": LOWERED(category), "executor": str(executor())}
    for name in names.split(","):
        try:
            module = importlib.import_module(name)
        except ImportError:
            places[name] = "none"
        else:
            places[name] = str(module.__file__)
    return json.dumps(places)


class ImportingJob(BaseGlueJob):
    sources = (Source("sales/", ".csv", "csv"),)
    arguments = ("modules",)

    def extract(self) -> DataFrame:
        return self.load_data("sales")

    def transform(self, df: DataFrame) -> DataFrame:
        modules = F.lit(self.args["modules"])
        return df.select("source_object", "id", found(modules, "category").alias("found"))


if __name__ == "__main__":
    ImportingJob.main("importing")
