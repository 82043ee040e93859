# Owned by you: edit freely; a template update merges into your edits and never discards them.
"""What sales_etl does with a row, and how it tells its two ways to start."""

from datetime import datetime

from pyspark.sql import SparkSession

from jobs.sales_etl import SalesETLJob

JOB = "sales_etl"


def test_without_an_object_it_was_started_by_the_schedule() -> None:
    job = SalesETLJob(JOB, {"env": "test"})

    assert job.trigger_type == "scheduled"
    assert not job.is_event_triggered


def test_with_an_object_it_was_started_by_the_upload() -> None:
    key = "sales/daily_2024-01-15.csv"
    args = {"env": "test", "bucket": "test-bucket", "object_key": key}
    job = SalesETLJob(JOB, args)

    assert job.trigger_type == "s3_event"
    assert job.is_event_triggered


def test_categories_are_lower_case(spark: SparkSession) -> None:
    job = SalesETLJob(JOB, {"env": "test"})
    day = datetime(2024, 1, 15)
    rows = [(1, "Pan", "Kitchen", 24.9, day), (2, "Lamp", "Living Room", 120.0, day)]
    df = spark.createDataFrame(rows, job.sources[0].schema)

    categories = {row.category for row in job.transform(df).collect()}

    assert categories <= {"kitchen", "living room"}
