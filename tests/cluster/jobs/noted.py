"""noted: the sales, with a function that says which tasks compute the rows."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_runtime import BaseGlueJob, Source
from jobs.noting import note


class NotedJob(BaseGlueJob):
    """With ``--shuffled yes``, the rows pass from one stage to another before they are written."""

    sources = (
        Source(
            prefix="sales/",
            suffix=".jsonl",
            file_format="jsonl",
            schema="id BIGINT, name STRING, category STRING, amount DOUBLE, updated_at TIMESTAMP",
        ),
    )
    arguments = ("notes", "shuffled")

    def extract(self) -> DataFrame:
        return self.load_data("sales")

    def transform(self, df: DataFrame) -> DataFrame:
        folder = self.args.get("notes")

        @F.udf("string")
        def noted(text: str) -> str:
            note(folder)
            return text.lower()

        result = df.withColumn("category", noted("category"))
        return result.repartition(2) if self.args.get("shuffled") else result


if __name__ == "__main__":
    NotedJob.main("noted")
