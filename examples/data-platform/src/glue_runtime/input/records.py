# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The rows of files that are read alike, each with a verdict: does it fit the columns of the source?

Text is split into lines or files first and parsed then, so that nothing of it can be passed over:
Spark's JSON reader stops after the first value of a text, and its CSV reader takes half a cell for a
row. Every function here takes a DataFrame with a line or a file a row in the column ``value``, keeps
its other columns, and adds

RECORD    the columns of the source
VERDICT   `FITS`, `MISFIT`, `HEADER` (no row at all), or `OPEN_QUOTE` (a misfit that makes the rows
          around it doubtful)
RAW       the text of the row
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

RECORD, VERDICT, RAW, NUMBER, POSITION = "_record", "_verdict", "_raw", "_number", "_position"
FITS, HEADER, MISFIT, OPEN_QUOTE = range(4)

MALFORMED = "_malformed"
RESERVED = (RECORD, VERDICT, RAW, NUMBER, POSITION, MALFORMED, "_one", "_many")
PERMISSIVE = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": MALFORMED}
CSV_OPTIONS = {**PERMISSIVE, "escape": '"'}

_TEXT = StringType()
_UNDECODABLE = "\ufffd"
_QUOTE_OPENED = r'(^|,)"([^"]|"")*$'


def csv_rows(lines: DataFrame, header: str, fields: Sequence[StructField]) -> DataFrame:
    """The rows of CSV files of one header.

    header: the text of the header's line. No line knows here whether it is the first of its file:
        each that is equal to the header is a `HEADER`; counting them finds repeated ones.
    fields: the columns, in the header's order.
    """
    value = F.col("value")
    schema = ddl(lines.sparkSession, [*fields, StructField(MALFORMED, _TEXT)])
    rows = lines.where(F.trim(value) != "").withColumn(
        RECORD, F.from_csv(value, schema, CSV_OPTIONS)
    )
    misfits = _misfits(fields) | (_is_garbled(fields) & ~value.contains(_UNDECODABLE))
    quotes = F.octet_length(value) - F.octet_length(F.replace(value, F.lit('"'), F.lit("")))
    is_torn = value.contains('"') & (quotes % 2 == 1) & value.rlike(_QUOTE_OPENED)
    # A quote that is left open is in the last cell: it shows, or it leaves a text or nothing there.
    last = fields[-1]
    may_be_torn = F.lit(True) if last.dataType == _TEXT else _field(last).isNull()
    verdict = (
        F.when(value == header, HEADER)
        .when(misfits, F.when(is_torn, OPEN_QUOTE).otherwise(MISFIT))
        .when(may_be_torn & is_torn, OPEN_QUOTE)
        .otherwise(FITS)
    )
    return rows.withColumn(VERDICT, verdict).withColumnRenamed("value", RAW)


def multiline_csv_rows(parsed: DataFrame, fields: Sequence[StructField]) -> DataFrame:
    """The same for files whose cells span lines, from the output of Spark's own reader."""
    columns = [F.col(quoted(field.name)) for field in fields]
    rows = parsed.withColumn(RECORD, F.struct(*columns, MALFORMED)).drop(*(f.name for f in fields))
    # Spark converts no cell that nobody asks for, and then finds no fault in it: ask for all. (One
    # hash in 2^64 is 0.)
    asks_for_all = F.xxhash64(*(_field(field) for field in fields)) == 0
    misfits = _misfits(fields) | _is_garbled(fields) | asks_for_all
    verdict = F.when(misfits, MISFIT).otherwise(FITS)
    return rows.withColumn(VERDICT, verdict).withColumnRenamed(MALFORMED, RAW)


def json_rows(texts: DataFrame, fields: Sequence[StructField], *, declared: bool) -> DataFrame:
    """The records of JSON texts, each one object or an array of them.

    Adds the column NUMBER: the place of a record in its text, from 1.

    declared: whether a name that is not among the fields makes a misfit.
    """
    spark = texts.sparkSession
    others = [name for name in texts.columns if name != "value"]
    text = F.expr("ltrim(trim(LEADING '\ufeff' FROM value))")
    record = ddl(spark, [*fields, StructField(MALFORMED, _TEXT)])
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
    verdict = _misfits(fields) | (_has_other_names(fields) if declared else F.lit(False))
    return (
        rows.withColumn(NUMBER, F.col(NUMBER) + 1)
        .withColumn(RAW, F.col(f"{RECORD}.{RAW}"))
        .withColumn(VERDICT, F.when(verdict, MISFIT).otherwise(FITS))
    )


def typed_rows(rows: DataFrame, fields: Sequence[StructField]) -> DataFrame:
    """The rows of files whose format knows types; a null where there must be none is a misfit."""
    columns = [F.col(quoted(f.name)).cast(f.dataType).alias(f.name) for f in fields]
    names = {field.name for field in fields}
    others = [F.col(quoted(name)) for name in rows.columns if name not in names]
    record = F.struct(*columns, F.lit(None).cast("string").alias(MALFORMED)).alias(RECORD)
    return rows.select(*others, record).select(
        "*",
        F.when(_misfits(fields), MISFIT).otherwise(FITS).alias(VERDICT),
        F.lit(None).cast("string").alias(RAW),
    )


def reason(fields: Sequence[StructField], file_format: str) -> Column:
    """Why a row is a misfit, in words; for rows that are."""
    text = F.col(RAW)
    missing = [
        F.when(_field(field).isNull(), F.lit(f"{field.name} is missing"))
        for field in fields
        if not field.nullable
    ]
    if file_format == "csv":
        strings = ", ".join(f"`{number}` STRING" for number in range(len(fields)))
        cells = F.from_csv(text, f"{strings}, {MALFORMED} STRING", CSV_OPTIONS)
        wrong = [_wrong_value(field, cells[str(number)]) for number, field in enumerate(fields)]
        return (
            F.when(F.col(VERDICT) == HEADER, "the header again")
            .when(F.col(VERDICT) == OPEN_QUOTE, "a quote is left open")
            .when(cells[MALFORMED].isNotNull(), f"not {len(fields)} cells")
            .when(_is_garbled(fields), "not UTF-8")
            .otherwise(F.concat_ws(", ", *wrong, *missing))
        )
    if file_format == "json":
        wrapped = F.concat(F.lit('{"records":['), text, F.lit("]}"))
        as_texts = f"records ARRAY<MAP<STRING, STRING>>, {MALFORMED} STRING"
        parsed = F.from_json(wrapped, as_texts, PERMISSIVE)
        values = F.when(
            parsed[MALFORMED].isNull() & (F.size(parsed["records"]) == 1), parsed["records"][0]
        )
        names = F.concat_ws(", ", F.array_except(F.map_keys(values), _names(fields)))
        unexpected = F.when(names != "", F.concat(F.lit("unexpected "), names))
        wrong = [_wrong_value(field, values[field.name]) for field in fields]
        told = F.concat_ws(", ", unexpected, *wrong, *missing)
        return F.when(told != "", told).otherwise("not one JSON object with each name once")
    return F.concat_ws(", ", *missing)


def ddl(spark: SparkSession, fields: Iterable[StructField]) -> str:
    """Columns in SQL's form, all nullable."""
    nullable = StructType([StructField(f.name, f.dataType) for f in fields])
    return str(spark._jsparkSession.parseDataType(nullable.json()).toDDL())


def quoted(name: str) -> str:
    """A column's name as Spark takes it literally."""
    return f"`{name.replace('`', '``')}`"


def _field(field: StructField) -> Column:
    return F.col(f"{RECORD}.{quoted(field.name)}")


def _misfits(fields: Sequence[StructField]) -> Column:
    signs = [F.col(f"{RECORD}.{MALFORMED}").isNotNull()]
    signs += [_field(field).isNull() for field in fields if not field.nullable]
    return reduce(or_, signs)


def _is_garbled(fields: Sequence[StructField]) -> Column:
    """Whether a cell shows that its bytes were no UTF-8."""
    texts = [_field(field) for field in fields if field.dataType == _TEXT]
    signs = [F.coalesce(text.contains(_UNDECODABLE), F.lit(False)) for text in texts]
    return reduce(or_, signs, F.lit(False))


def _has_other_names(fields: Sequence[StructField]) -> Column:
    """Whether an object has a name that is no field, or one name twice."""
    names = F.json_object_keys(F.col(f"{RECORD}.{RAW}"))
    is_usual = names == _names(fields)
    others = F.size(F.array_except(names, _names(fields))) > 0
    twice = F.size(F.array_distinct(names)) < F.size(names)
    return F.coalesce(~is_usual & (others | twice), F.lit(True))


def _names(fields: Sequence[StructField]) -> Column:
    return F.array(*(F.lit(field.name) for field in fields))


def _wrong_value(field: StructField, text: Column) -> Column:
    told = F.concat(
        F.lit(f"{field.name} "),
        F.substring(text, 1, 40),
        F.lit(f" is no {field.dataType.simpleString()}"),
    )
    return F.when(text.isNotNull() & _field(field).isNull(), told)
