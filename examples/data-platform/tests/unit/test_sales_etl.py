# Owned by you: edit freely; a template update merges into your edits and never discards them.
"""What sales_etl does with a row, and how it tells its two ways to start."""

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
    df = spark.createDataFrame([(1, "Kitchen")], "id int, category string")

    assert job.transform(df).collect() == [(1, "kitchen")]
