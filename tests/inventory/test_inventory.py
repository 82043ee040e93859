"""gluecast inventory on a repository of Glue scripts in the common styles."""

import json
from pathlib import Path

import pytest

from gluecast.cli import main
from gluecast.inventory.inventory import Entry, Offer, inventory, renamed_arguments
from gluecast.inventory.report import described
from gluecast.inventory.script import read_script
from small_template import tree

SHOP = Path(__file__).parent / "repository"


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    return {entry.name: entry for entry in inventory(SHOP).entries}


def test_scripts_and_terraform_jobs_find_each_other(entries: dict[str, Entry]) -> None:
    """By a local, by the key of an object in S3, by the keys of for_each."""
    assert {
        name: (entry.script and entry.script.path, entry.job and entry.job.address)
        for name, entry in entries.items()
    } == {
        "shop-clicks": ("glue/clicks.py", "aws_glue_job.clicks"),
        "shop-orders-dev": ("glue/orders.py", "aws_glue_job.orders"),
        "shop-stock": ("glue/stock.py", 'aws_glue_job.others["stock"]'),
        "shop-returns": ("glue/returns.py", 'aws_glue_job.others["returns"]'),
        "legacy": ("glue/legacy.py", None),
    }


def test_each_job_has_the_offer_that_loses_nothing(entries: dict[str, Entry]) -> None:
    assert {name: entry.offer for name, entry in entries.items()} == {
        "shop-clicks": Offer.HELPER,
        "shop-orders-dev": Offer.WHOLE,
        "shop-stock": Offer.WHOLE,
        "shop-returns": Offer.HELPER,
        "legacy": Offer.NOTHING,
    }
    assert "replace s3://shop-clean/orders/ in line 16" in entries["shop-orders-dev"].why
    assert "catalogue, jdbc" in entries["shop-stock"].why
    assert "not Python 3" in entries["legacy"].why


def test_inputs_and_outputs_are_read_with_the_names_they_are_put_together_of(
    entries: dict[str, Entry],
) -> None:
    def of(name: str) -> tuple[list[tuple[str, str]], list[tuple[str, str, bool]]]:
        script = entries[name].script
        assert script
        reads = [(each.kind, each.what) for each in script.reads]
        return reads, [(each.what, each.mode, each.replaces) for each in script.writes]

    assert of("shop-clicks") == (
        [("s3", "s3://shop-raw/clicks/")],
        [("s3://shop-clean/clicks/", "append", False)],
    )
    assert of("shop-orders-dev") == (
        [("s3", "s3://{args['bucket']}/orders/")],
        [("s3://shop-clean/orders/", "overwrite", True)],
    )
    assert of("shop-stock") == (
        [("catalogue", "shop.items"), ("jdbc", "public.levels"), ("catalogue", "shop.shelves")],
        [("glue_catalog.shop.stock", "overwrite", True)],
    )
    # The base class does it for the job, in a file of its own.
    assert of("shop-returns") == (
        [("s3", "s3://shop-clean/{self.name}/")],
        [("s3://shop-out/{self.name}/", "append", False)],
    )


def test_arguments_bookmarks_and_what_starts_a_job_are_there(entries: dict[str, Entry]) -> None:
    clicks, orders = entries["shop-clicks"], entries["shop-orders-dev"]
    assert clicks.script and clicks.job and orders.script and orders.job
    assert (clicks.job.bookmarks, orders.job.bookmarks) == (True, False)
    [start] = clicks.job.starts
    assert (start.address, start.schedule) == ("aws_glue_trigger.nightly", "cron(0 3 * * ? *)")
    assert orders.script.arguments == ("bucket", "day")
    assert renamed_arguments(clicks.script, clicks.job) == {"env": "event_env"}
    assert renamed_arguments(orders.script, orders.job) == {"bucket": "event_bucket"}


@pytest.mark.parametrize(
    ("code", "replaces"),
    [
        ('df.write.mode("append").parquet("s3://a/b/")', False),
        ('df.write.parquet("s3://a/b/")', False),
        ('df.write.mode("Overwrite").parquet("s3://a/b/")', True),
        ('df.write.parquet("s3://a/b/", mode="overwrite")', True),
        ('w = df.write.mode("overwrite")\nw.save("s3://a/b/")', True),
        ('df.write.mode(args["mode"]).parquet("s3://a/b/")', True),
        ('df.write.insertInto("d.t")', False),
        ('df.write.insertInto("d.t", overwrite=True)', True),
        ('df.write.mode("overwrite").saveAsTable("d.t")', True),
        ('df.writeTo("d.t").append()', False),
        ('df.writeTo("d.t").using("iceberg").createOrReplace()', True),
        ('df.writeTo("d.t").overwritePartitions()', True),
        ('spark.sql("INSERT OVERWRITE d.t SELECT * FROM v")', True),
        ('spark.sql("create or replace table d.t as select 1")', True),
        ('spark.sql("MERGE INTO d.t USING v ON t.id = v.id")', False),
        ('glueContext.purge_s3_path("s3://a/b/", {"retentionPeriod": 0})', True),
        ('boto3.resource("s3").Bucket("a").objects.filter(Prefix="b/").delete()', True),
        ('glueContext.getSink(path="s3://a/b/", connection_type="s3")', False),
        (
            'glueContext.write_dynamic_frame_from_catalog(frame, database="d", table_name="t")',
            False,
        ),
    ],
)
def test_a_write_that_replaces_its_target_is_told_from_one_that_adds(
    code: str, replaces: bool
) -> None:
    [write] = read_script("job.py", code).writes

    assert write.replaces == replaces


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ('spark.read.format("csv").load(path="s3://a/b/")', ("s3", "s3://a/b/")),
        ('spark.read.parquet("s3://" + BUCKET + "/b/")', ("s3", "s3://{BUCKET}/b/")),
        ('ROOT = "s3://a"\nspark.read.json(f"{ROOT}/b/")', ("s3", "s3://a/b/")),
        ('reader = spark.read.option("header", True)\nreader.csv("s3://a/")', ("s3", "s3://a/")),
        ('spark.read.table("d.t")', ("catalogue", "d.t")),
        ('spark.table("d.t")', ("catalogue", "d.t")),
        ('spark.read.jdbc(url, "public.t")', ("jdbc", "public.t")),
        ('spark.readStream.format("kinesis").load()', ("stream", "")),
        (
            'g.create_dynamic_frame_from_options("s3", {"paths": ["s3://a/"]}, format="csv")',
            ("s3", "s3://a/"),
        ),
        (
            'o = {"dbtable": "t"}\ng.create_dynamic_frame.from_options("mysql", o)',
            ("jdbc", "t"),
        ),
    ],
)
def test_every_way_of_reading_is_known(code: str, read: tuple[str, str]) -> None:
    [found] = read_script("job.py", code).reads

    assert (found.kind, found.what) == read


def test_the_report_says_it_all_and_nothing_is_changed(capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(SHOP)

    with pytest.raises(SystemExit) as left:
        main(["inventory", str(SHOP), "--json"])

    assert left.value.code == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["jobs"][0]["name"] == "shop-clicks"
    assert printed["jobs"][0]["started_by"][0]["schedule"] == "cron(0 3 * * ? *)"
    text = described(inventory(SHOP))
    assert "has a --bucket of its own: an event's would be called --event_bucket" in text
    assert "(append, line 20 of lib/pipeline.py)" in text
    assert text.endswith(
        "5 jobs: 2 events with the helper, 2 events that start the whole job, 1 nothing yet."
    )
    assert tree(SHOP) == before


def test_a_file_that_terraform_could_not_read_is_named_and_the_rest_is_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "broken.tf").write_text("resource {")

    found = inventory(tmp_path)

    assert found.entries == ()
    assert "expected Terraform code in broken.tf" in described(found)


def repository(folder: Path, **files: str) -> Path:
    """A repository of Python files and, where nothing is imported, Terraform files; __ is a slash."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + (".py" if "import " in text else ".tf"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


MODULE = """
module "{name}" {{
  source          = "../modules/{kind}"
  name            = "{name}"
  script_location = "s3://code/{name}.py"
}}
"""
INNER = """
resource "aws_glue_job" "job" {{
  name         = var.name
  glue_version = "{version}"

  command {{
    name            = "{command}"
    script_location = var.script_location
  }}
}}
"""


def test_what_the_jobs_of_a_module_are_is_read_in_the_module(tmp_path: Path) -> None:
    """The resource inside is no further job."""
    found = inventory(
        repository(
            tmp_path,
            live__jobs=MODULE.format(name="small", kind="shell_glue")
            + MODULE.format(name="large", kind="spark_glue"),
            modules__shell_glue__main=INNER.format(version="1.0", command="pythonshell"),
            modules__spark_glue__main=INNER.format(version="5.0", command="glueetl"),
        )
    ).entries

    assert {each.name: (each.job and each.job.glue_version, each.why) for each in found} == {
        "small": ("1.0", "it is a Python shell job, without Spark"),
        "large": ("5.0", "its script is not in this repository, so nothing is known of its writes"),
    }


def test_a_condition_of_a_trigger_starts_nothing(tmp_path: Path) -> None:
    jobs = "".join(
        f'resource "aws_glue_job" "{name}" {{\n  name = "{name}"\n'
        f'  command {{\n    script_location = "s3://code/{name}.py"\n  }}\n}}\n'
        for name in ("first", "second")
    )
    trigger = (
        'resource "aws_glue_trigger" "after" {\n  actions {\n'
        "    job_name = aws_glue_job.second.name\n  }\n  predicate {\n    conditions {\n"
        "      job_name = aws_glue_job.first.name\n    }\n  }\n}\n"
    )

    found = inventory(repository(tmp_path, main=jobs + trigger)).entries

    assert {each.name: len(each.job.starts) for each in found if each.job} == {
        "first": 0,
        "second": 1,
    }


def test_a_library_is_no_script_and_code_without_arguments_may_be_one(tmp_path: Path) -> None:
    library = "import sys\ndef args():\n    from awsglue.utils import getResolvedOptions\n"
    found = inventory(
        repository(
            tmp_path,
            library=library + "    return getResolvedOptions(sys.argv, [])\n",
            console="from awsglue.context import GlueContext\ncontext = GlueContext(None)\n",
            function="import awsglue\ndef process():\n    pass\nprocess()\n",
        )
    ).entries

    assert [each.name for each in found] == ["console", "function"]


def test_a_script_whose_writes_are_elsewhere_gets_no_run_for_one_object(tmp_path: Path) -> None:
    job = 'resource "aws_glue_job" "a" {\n  name = "a"\n  command {\n    script_location = "a.py"\n  }\n}\n'
    code = 'import lib\nlib.merge(spark.read.csv("s3://raw/a/"))\n'

    [entry] = inventory(repository(tmp_path, main=job, a=code)).entries

    assert entry.offer is Offer.WHOLE
    assert entry.why.startswith("none of its writes is known")


@pytest.mark.parametrize(
    ("statement", "table", "mode"),
    [
        ("CREATE TABLE IF NOT EXISTS shop.a (id INT)", "shop.a", "create table"),
        ("drop table if exists shop.a", "shop.a", "drop table"),
    ],
)
def test_a_table_that_may_exist_is_named(statement: str, table: str, mode: str) -> None:
    [write] = read_script("a.py", f"spark.sql('{statement}')\n").writes

    assert (write.what, write.mode) == (table, mode)


def test_rows_that_a_script_has_are_no_path() -> None:
    code = "spark.read.json(sc.parallelize(rows))\nspark.read.json(df.toJSON())\n"

    assert {each.kind for each in read_script("a.py", code).reads} == {"other"}
