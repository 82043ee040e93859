# Owned by you: edit freely; a template update merges into your edits and never discards them.
"""What product_catalog does with a row, and how it tells its two ways to start."""

from pyspark.sql import SparkSession

from jobs.product_catalog import ProductCatalogJob

JOB = "product_catalog"


def test_without_an_object_it_was_started_by_the_schedule() -> None:
    job = ProductCatalogJob(JOB, {"env": "test"})

    assert job.trigger_type == "scheduled"
    assert not job.is_event_triggered


def test_with_an_object_it_was_started_by_the_upload() -> None:
    key = "products/daily_2024-01-15.json"
    args = {"env": "test", "bucket": "test-bucket", "object_key": key}
    job = ProductCatalogJob(JOB, args)

    assert job.trigger_type == "s3_event"
    assert job.is_event_triggered


def test_categories_are_lower_case(spark: SparkSession) -> None:
    job = ProductCatalogJob(JOB, {"env": "test"})
    df = spark.createDataFrame([(1, "Kitchen")], "id int, category string")

    assert job.transform(df).collect() == [(1, "kitchen")]
