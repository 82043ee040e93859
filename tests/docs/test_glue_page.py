"""The code on the page about Glue's APIs runs as it stands, as far as it goes without AWS.

In place of Glue's library, which is not to be had, it runs the stand-in of this module; the page marks what
that leaves unproven. The databases are Derby, which comes with Spark.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from pyspark.sql import DataFrame, SparkSession

from glue_runtime import BaseGlueJob
from glue_runtime.testing import Lake, run_for, run_scheduled
from gluecast.template.bundled import TEMPLATE_ROOT

PAGE = (TEMPLATE_ROOT / "docs/glue-in-jobs.md").read_text(encoding="utf-8")
CODE: dict[str, Any] = {}
exec("\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)), CODE)
JOBS = {
    name: found
    for name, found in CODE.items()
    if isinstance(found, type) and issubclass(found, BaseGlueJob) and found is not BaseGlueJob
}
DERBY = "jdbc:derby:memory:page;create=true"
DAILY, CORRECTED, OTHER = "1,9.5,de\n2,-1,fr\n", "1,8,de\n2,-2,fr\n", "3,4,de\n"


class Frame:
    """A DynamicFrame that is a DataFrame."""

    def __init__(self, df: DataFrame) -> None:
        self.df = df

    def toDF(self) -> DataFrame:  # noqa: N802
        return self.df

    @classmethod
    def fromDF(cls, df: DataFrame, context: "Context", name: str) -> "Frame":  # noqa: N802
        return cls(df)


class Context:
    """A GlueContext with the calls of the page."""

    def __init__(self, context: object) -> None:
        spark = SparkSession.getActiveSession()
        assert spark and spark.sparkContext is context
        self.spark_session = spark
        self.create_dynamic_frame = self.write_dynamic_frame = self

    def from_catalog(self, database: str, table_name: str) -> Frame:
        return Frame(self.spark_session.table(f"{database}.{table_name}"))

    def from_options(
        self, frame: Frame, connection_type: str, connection_options: dict[str, str]
    ) -> None:
        assert connection_type == "redshift"
        table = connection_options["dbtable"]
        execute(self.spark_session, connection_options["preactions"])
        frame.toDF().write.mode("append").jdbc(DERBY, table)


def execute(spark: SparkSession, *statements: str) -> None:
    """Run SQL in Derby."""
    assert spark._jvm
    connection = spark._jvm.java.sql.DriverManager.getConnection(DERBY)
    for each in statements:
        connection.createStatement().execute(each)
    connection.close()


@pytest.fixture
def glue(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """A lake where `awsglue` can be imported, and a catalogue with two tables."""
    context, frame = ModuleType("awsglue.context"), ModuleType("awsglue.dynamicframe")
    context.GlueContext, frame.DynamicFrame = Context, Frame  # type: ignore[attr-defined]
    for module in (ModuleType("awsglue"), context, frame):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr("glue_runtime.base_job.on_glue", lambda: False)
    spark = lake.spark
    spark.sql(f"CREATE DATABASE shop LOCATION '{tmp_path.as_uri()}'")
    spark.sql("CREATE TABLE shop.countries USING parquet AS SELECT 'de' country, 'Germany' name")
    spark.sql("CREATE TABLE shop.rates USING parquet AS SELECT 'de' country, 2.0D rate")
    yield lake
    spark.sql("DROP DATABASE shop CASCADE")


def after_a_correction(name: str, lake: Lake) -> BaseGlueJob:
    """The job after two files, the first of which was uploaded again with other amounts."""
    for key, rows in (("daily", DAILY), ("other", OTHER), ("daily", CORRECTED)):
        uploaded = lake.upload(f"orders/{key}.csv", f"id,amount,country\n{rows}")
        job = run_for(JOBS[name], "orders", uploaded).job
    return job


def rows(df: DataFrame, *columns: str) -> set[tuple[Any, ...]]:
    found = [tuple(row) for row in df.select(*columns).collect()]
    assert len(set(found)) == len(found)
    return set(found)


def test_every_job_of_the_page_is_run_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in JOBS if f'("{name}"' not in text and f'["{name}"' not in text] == [
        "OrdersJob"
    ]


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("NamedOrdersJob", ("id", "name"), {(1, "Germany"), (2, None)}),
        ("PricedOrdersJob", ("id", "price"), {(1, 19.0), (2, None)}),
    ],
)
def test_further_inputs_are_joined_to_the_rows_of_the_file(
    name: str, columns: tuple[str, ...], expected: set[tuple[Any, ...]], glue: Lake
) -> None:
    uploaded = glue.upload("orders/daily.csv", f"id,amount,country\n{DAILY}")

    job = run_for(JOBS[name], "orders", uploaded).job

    assert rows(glue.read(job.output_uri), *columns) == expected


def test_an_argument_reaches_the_job(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.upload("orders/daily.csv", f"id,amount,country\n{DAILY}")

    JOBS["DailyOrdersJob"].main("orders", ["--env", "test", "--day", "2024-01-15"])

    uri = JOBS["DailyOrdersJob"]("orders", {"env": "test"}).output_uri
    assert rows(lake.read(uri), "id", "day") == {(1, "2024-01-15"), (2, "2024-01-15")}


def test_a_database_is_read_with_the_login_of_a_secret(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(
        lake.spark,
        "CREATE TABLE scores (id BIGINT, score DOUBLE)",
        "INSERT INTO scores VALUES (1, 0.25)",
    )
    login = {"username": "app", "password": "x", "url": DERBY}
    client = boto3.client(
        "secretsmanager", "eu-central-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    monkeypatch.setattr(boto3, "client", lambda name: client)
    uploaded = lake.upload("orders/daily.csv", f"id,amount,country\n{DAILY}")

    with Stubber(client) as stub:
        answer = {"SecretString": json.dumps(login)}
        stub.add_response("get_secret_value", answer, {"SecretId": "shop/scores"})
        job = run_for(JOBS["ScoredOrdersJob"], "orders", uploaded).job

    assert rows(lake.read(job.output_uri), "id", "score") == {(1, 0.25), (2, None)}


def test_two_outputs_have_the_rows_of_a_corrected_file_once(lake: Lake) -> None:
    job = after_a_correction("SplitOrdersJob", lake)

    assert rows(lake.read(job.output_uri), "id", "amount") == {(1, 8.0), (3, 4.0)}
    returns = job.output_uri.replace("-silver/orders", "-gold/returns")
    assert rows(lake.read(returns), "id", "amount") == {(2, -2.0)}


def test_a_partitioned_table_has_all_files_after_an_upload(lake: Lake) -> None:
    job = after_a_correction("OrdersByCountryJob", lake)

    gold = job.output_uri.replace("-silver/orders", "-gold/orders_by_country")
    assert rows(lake.read(gold), "id", "amount") == {(1, 8.0), (2, -2.0), (3, 4.0)}
    folders = {path.name for path in (lake.root / gold.removeprefix("s3://")).glob("country=*")}
    assert folders == {"country=de", "country=fr"}


def test_a_warehouse_has_the_rows_of_a_corrected_file_once(glue: Lake) -> None:
    execute(
        glue.spark,
        'CREATE TABLE orders ("ID" BIGINT, "AMOUNT" DOUBLE, "COUNTRY" VARCHAR(9), '
        '"SOURCE_OBJECT" VARCHAR(99))',
    )
    after_a_correction("WarehouseOrdersJob", glue)

    table = glue.spark.read.jdbc(DERBY, "orders")
    assert rows(table, "ID", "AMOUNT") == {(1, 8.0), (2, -2.0), (3, 4.0)}
    run_scheduled(JOBS["WarehouseOrdersJob"], "orders")
    assert rows(glue.spark.read.jdbc(DERBY, "orders"), "ID", "AMOUNT") == {
        (1, 8.0),
        (2, -2.0),
        (3, 4.0),
    }
