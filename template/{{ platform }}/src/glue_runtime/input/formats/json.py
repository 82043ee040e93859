# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""JSON: a file is one record, or an array of records.

A text is parsed as a whole, and not by Spark's JSON reader, which stops after the first value of it:
nothing of it can be passed over.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import ClassVar

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField

from glue_runtime.input.formats.interface import Batch, UnreadableFileError
from glue_runtime.input.formats.spark_reader import SparkFormatReader
from glue_runtime.input.formats.text_head import check_text
from glue_runtime.input.formats.verdicts import (
    FITS,
    INVALID,
    MALFORMED,
    NUMBER,
    PERMISSIVE,
    RAW,
    RECORD,
    TEXT,
    VERDICT,
    are_invalid,
    ddl,
    missing_values,
    wrong_value,
)
from glue_runtime.spark.storage import StoredFile


class Reader(SparkFormatReader):
    """JSON files: all of them are read alike."""

    position = NUMBER
    whole: ClassVar[bool] = True
    """Whether a file is one text, and not a text a line."""

    def sniff(self, file: StoredFile) -> None:
        """See `FormatReader`."""
        check_text(self.storage, file, may_be_empty=not self.whole)

    def batch(self, kind: Hashable, files: Mapping[str, StoredFile]) -> Batch:
        """See `FormatReader`."""
        fields = self.contract.fields or self._inferred(files)
        if not fields:
            raise UnreadableFileError("an empty file")
        return Batch(files, tuple(fields))

    def read_error(self, file: StoredFile) -> str | None:
        """See `FormatReader`."""
        return self.read_error_of(file, "text") if file.uri.endswith(".gz") else None

    def judged(self, batch: Batch, *, numbered: bool) -> DataFrame:
        """See `SparkFormatReader`."""
        texts = self.texts(batch.files, whole=self.whole, numbered=numbered)
        texts = texts.where(F.trim("value") != "")
        return _records(texts, batch.fields, declared=bool(self.contract.fields))

    def reason(self, fields: Sequence[StructField]) -> Column:
        """See `SparkFormatReader`."""
        wrapped = F.concat(F.lit('{"records":['), F.col(RAW), F.lit("]}"))
        as_texts = f"records ARRAY<MAP<STRING, STRING>>, {MALFORMED} STRING"
        parsed = F.from_json(wrapped, as_texts, PERMISSIVE)
        values = F.when(
            parsed[MALFORMED].isNull() & (F.size(parsed["records"]) == 1), parsed["records"][0]
        )
        names = F.concat_ws(", ", F.array_except(F.map_keys(values), _names(fields)))
        unexpected = F.when(names != "", F.concat(F.lit("unexpected "), names))
        wrong = [wrong_value(field, values[field.name]) for field in fields]
        told = F.concat_ws(", ", unexpected, *wrong, *missing_values(fields))
        return F.when(told != "", told).otherwise("not one JSON object with each name once")

    def _inferred(self, files: Mapping[str, StoredFile]) -> Sequence[StructField]:
        texts = self.texts(files, whole=self.whole, numbered=False)
        texts = texts.select(F.expr("trim(LEADING '\ufeff' FROM value)").alias("value"))
        encoders = self.spark._jvm.org.apache.spark.sql.Encoders  # type: ignore[union-attr]
        strings = getattr(texts._jdf, "as")(encoders.STRING())
        found = self.spark._jsparkSession.read().option("mode", "DROPMALFORMED").json(strings)
        return DataFrame(found, self.spark).schema.fields


def _records(texts: DataFrame, fields: Sequence[StructField], *, declared: bool) -> DataFrame:
    """The records of JSON texts, each one object or an array of them.

    Adds the column NUMBER: the place of a record in its text, from 1.

    declared: whether a name that is not among the fields makes a row invalid.
    """
    spark = texts.sparkSession
    others = [name for name in texts.columns if name != "value"]
    text = F.expr("ltrim(trim(LEADING '\ufeff' FROM value))")
    record = ddl(spark, [*fields, StructField(MALFORMED, TEXT)])
    # Only a single complete value fits into the place of a record.
    one = f"records ARRAY<STRUCT<{ddl(spark, fields)}>>, {MALFORMED} STRING"
    many = f"records ARRAY<STRING>, {MALFORMED} STRING"
    wrapped = F.concat(F.lit('{"records":['), text, F.lit("]}"))
    wrapped_array = F.concat(F.lit('{"records":'), text, F.lit("}"))
    is_array = text.startswith("[")
    parsed = texts.select(
        *others,
        text.alias(RAW),
        F.when(~is_array, F.from_json(wrapped, one, PERMISSIVE)).alias("_one"),
        F.when(is_array, F.from_json(wrapped_array, many, PERMISSIVE)).alias("_many"),
    )
    is_one = F.col(f"_one.{MALFORMED}").isNull() & (F.size("_one.records") == 1)
    alone = F.struct(
        F.col(RAW),
        *(F.col("_one.records")[0][field.name].alias(field.name) for field in fields),
        F.when(is_one & F.col("_one.records")[0].isNotNull(), None)
        .otherwise(F.col(RAW))
        .alias(MALFORMED),
    )
    columns = [F.lit(None).cast(field.dataType).alias(field.name) for field in fields]
    broken = F.struct(F.col(RAW), *columns, F.col(RAW).alias(MALFORMED))

    def element(raw: Column) -> Column:
        return F.struct(raw.alias(RAW), F.from_json(raw, record, PERMISSIVE).alias("record"))

    def flat(pair: Column) -> Column:
        fields_of_pair = (pair["record"][field.name].alias(field.name) for field in fields)
        malformed = F.coalesce(pair["record"][MALFORMED], F.when(pair["record"].isNull(), "null"))
        raw = F.coalesce(pair[RAW], F.lit("null"))
        return F.struct(raw.alias(RAW), *fields_of_pair, malformed.alias(MALFORMED))

    elements = F.transform(F.transform(F.col("_many.records"), element), flat)
    is_many = F.col(f"_many.{MALFORMED}").isNull() & F.col("_many.records").isNotNull()
    records = (
        F.when(F.col("_many").isNull(), F.array(alone))
        .when(is_many, elements)
        .otherwise(F.array(broken))
    )
    rows = parsed.select(*others, F.posexplode(records).alias(NUMBER, RECORD))
    verdict = are_invalid(fields) | (_has_other_names(fields) if declared else F.lit(False))
    return (
        rows.withColumn(NUMBER, F.col(NUMBER) + 1)
        .withColumn(RAW, F.col(f"{RECORD}.{RAW}"))
        .withColumn(VERDICT, F.when(verdict, INVALID).otherwise(FITS))
    )


def _has_other_names(fields: Sequence[StructField]) -> Column:
    """Whether an object has a name that is no field, or one name twice."""
    names = F.json_object_keys(F.col(f"{RECORD}.{RAW}"))
    is_usual = names == _names(fields)
    others = F.size(F.array_except(names, _names(fields))) > 0
    twice = F.size(F.array_distinct(names)) < F.size(names)
    return F.coalesce(~is_usual & (others | twice), F.lit(True))


def _names(fields: Sequence[StructField]) -> Column:
    return F.array(*(F.lit(field.name) for field in fields))
