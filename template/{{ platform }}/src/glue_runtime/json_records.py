# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Reading JSON so that nothing of a file is passed over.

Spark's JSON reader stops after the first value of a text: the rest of a JSON Lines file that is read
as one document, a second document, or garbage after a record are dropped without an error, in its
strictest mode too. So the texts are read as such, a file or a line each, and each is parsed with
something around it that only a single complete value fits into.
"""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_runtime.formats import FileFormat
from glue_runtime.spark_errors import MALFORMED

_SHOWN = 100


def json_texts(
    spark: SparkSession, path: str, file_format: FileFormat, listing: Mapping[str, str]
) -> DataFrame:
    """The texts to parse, in the column ``value``: a file each with multiLine, else a line each."""
    whole = file_format.options.get("multiLine") == "true"
    texts = spark.read.options(**listing).text(path, wholetext=whole)
    return texts if whole else texts.where(F.trim("value") != "")


def inferred_columns(spark: SparkSession, texts: DataFrame) -> str:
    """The columns of the records in these texts, in SQL's form; empty when there are none."""
    encoders = spark._jvm.org.apache.spark.sql.Encoders  # type: ignore[union-attr]
    strings = getattr(texts._jdf, "as")(encoders.STRING())
    inferred = spark._jsparkSession.read().option("mode", "FAILFAST").json(strings)
    return str(inferred.schema().toDDL())


def json_rows(texts: DataFrame, columns: str, origin: Column, origin_name: str) -> DataFrame:
    """A row for each record: its columns, and `origin` as the column `origin_name`.

    A text is one object or an array of them.

    The rows fail, naming the file, where a text is anything else or does not fit the columns.
    """
    text = F.expr("trim(LEADING '\ufeff' FROM value)")
    array = F.when(F.ltrim(text).startswith("["), text).otherwise(
        F.concat(F.lit("["), text, F.lit("]"))
    )
    document = F.concat(F.lit('{"records":'), array, F.lit("}"))
    schema = f"records ARRAY<STRUCT<{columns}>>, malformed STRING"
    options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": "malformed"}
    parsed = F.from_json(document, schema, options)
    complete = (
        parsed["malformed"].isNull()
        & parsed["records"].isNotNull()
        & ~F.exists(parsed["records"], lambda record: record.isNull())
    )
    complaint = F.concat(
        F.lit(f"{MALFORMED} "), origin, F.lit(": "), F.substring("value", 1, _SHOWN)
    )
    records = F.when(complete, parsed["records"]).otherwise(F.raise_error(complaint))
    rows = texts.select(F.explode(records).alias("record"), origin.alias(origin_name))
    return rows.select("record.*", origin_name)
