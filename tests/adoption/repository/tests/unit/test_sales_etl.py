from jobs.sales_etl import SalesETLJob


def test_columns_are_cleaned_and_stamped(spark):
    job = SalesETLJob("sales_etl", {"env": "test", "processing_date": "2024-01-15"})
    df = spark.createDataFrame([(1, "BOOKS", 10.0)], ["Id", "Category", "Amount"])

    [row] = job.transform(df).collect()

    assert row.asDict() == {
        "id": 1,
        "category": "books",
        "amount": 10.0,
        "processing_date": "2024-01-15",
    }


def test_negative_amounts_are_refused(spark):
    job = SalesETLJob("sales_etl", {"env": "test"})

    assert not job.custom_validation(spark.createDataFrame([(-1.0,)], ["amount"]))


def test_a_local_run_writes_its_table(spark, tmp_path, monkeypatch):
    job = SalesETLJob("sales_etl", {})
    monkeypatch.setattr(job, "table_path", lambda: str(tmp_path / "table"))

    job.run()

    table = spark.read.parquet(str(tmp_path / "table"))
    assert table.count() == 3
    assert sorted(table.columns) == ["amount", "category", "id", "processing_date"]
