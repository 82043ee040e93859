# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Reading one object, or all files of a source, as a DataFrame that knows its rows' origin."""

from collections.abc import Mapping
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from glue_runtime.errors import UnreadableSourceError
from glue_runtime.formats import FORMATS, FileFormat
from glue_runtime.json_records import inferred_columns, json_rows, json_texts
from glue_runtime.s3_object import S3Object, literal_path
from glue_runtime.spark_errors import explained_read_errors
from glue_runtime.table import SOURCE_ID

SOURCE_OBJECT = "source_object"
"""The column that names the file of each row, as the literal URI: s3://bucket/sales/daily.csv."""

RESERVED = (SOURCE_OBJECT, SOURCE_ID, "_metadata", "_corrupt_record")
"""Columns that the runtime or Spark adds; one of a file's own would be overwritten."""

_LONGEST_URI = 4096


def read_object(
    spark: SparkSession, uploaded: S3Object, format_name: str, schema: str | None
) -> DataFrame:
    """Read this one object and nothing else, without listing anything.

    schema: the columns in SQL's form; inferred from the object when None.

    Raises:
        SourceNotFoundError: the object does not exist.
        UnreadableSourceError: it is empty or not of the format.
    """
    origin = F.lit(uploaded.uri)
    file_format = FORMATS[format_name]
    df = _read(spark, uploaded.spark_path, file_format, schema, {}, origin, uploaded.uri)
    files = [unquote(name) for name in df.inputFiles()]
    if files != [uploaded.uri]:
        raise UnreadableSourceError(
            f"expected Spark to read {uploaded.uri} alone, found it would read {files}; "
            "copy the object to a plain key to process it"
        )
    return df


def read_directory(
    spark: SparkSession,
    uri: str,
    format_name: str,
    name_pattern: str,
    schema: str | None,
    alias: str | None = None,
) -> DataFrame:
    """Read every file below `uri` whose name fits `name_pattern`, at any depth.

    Folders named like ``year=2024`` are folders, not columns: the same file must give the same
    rows whether it comes alone or with its directory.

    schema: the columns in SQL's form; inferred from the files when None.
    alias: what the rows name as their origin in place of `uri`.

    Raises:
        SourceNotFoundError: no file fits.
        UnreadableSourceError: a file is not of the format.
    """
    # Spark gives the path percent-encoded but for "+", which url_decode takes for a space; and
    # local paths with one slash or three.
    origin = F.expr(
        "regexp_replace(url_decode(replace(_metadata.file_path, '+', '%2B')), '^file:/+', 'file:///')"
    )
    if alias:
        origin = F.concat(F.lit(alias), F.substring(origin, len(uri) + 1, _LONGEST_URI))
    listing = {"recursiveFileLookup": "true", "pathGlobFilter": name_pattern}
    where = f"{uri} ({name_pattern})"
    return _read(spark, literal_path(uri), FORMATS[format_name], schema, listing, origin, where)


def _read(
    spark: SparkSession,
    path: str,
    file_format: FileFormat,
    schema: str | None,
    listing: Mapping[str, str],
    origin: Column,
    where: str,
) -> DataFrame:
    with explained_read_errors(where, single=not listing):
        if file_format.reader == "json":
            texts = json_texts(spark, path, file_format, listing)
            columns = schema or inferred_columns(spark, texts)
            _refuse_columns(spark.createDataFrame([], columns or StructType()).columns, where)
            return json_rows(texts, columns, origin, SOURCE_OBJECT)
        reader = spark.read.format(file_format.reader).options(**listing, **file_format.options)
        if schema:
            # CSV: compare every file's header with the schema; by default it is ignored.
            reader = reader.schema(schema).option("enforceSchema", "false")
        df = reader.load(path)
        _refuse_columns(df.columns, where)
        return df.withColumn(SOURCE_OBJECT, origin)


def _refuse_columns(columns: list[str], where: str) -> None:
    if not columns:
        raise UnreadableSourceError(
            f"expected data with at least one column, found an empty file: {where}; "
            "upload the file again, or remove it"
        )
    reserved = [name for name in columns if name.lower() in RESERVED]
    if reserved:
        raise UnreadableSourceError(
            f"expected no column called {' or '.join(RESERVED)} (the runtime adds them), "
            f"found {reserved[0]} in {where}; rename the column at its source"
        )
