# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Reading one object, or all files of a source, as a DataFrame that knows its rows' origin."""

import json
from collections.abc import Mapping
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from glue_runtime.errors import SourceNotFoundError, UnreadableSourceError
from glue_runtime.formats import FORMATS, FileFormat, format_of
from glue_runtime.s3_object import S3Object, literal_path
from glue_runtime.spark_errors import explained_spark_errors

SOURCE_OBJECT = "source_object"
"""The column that names the file of each row, as the literal URI: s3://bucket/sales/daily.csv."""

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
    df = _read(spark, uploaded.spark_path, FORMATS[format_name], schema, {}, uploaded.uri)
    files = [unquote(name) for name in df.inputFiles()]
    if files != [uploaded.uri]:
        raise UnreadableSourceError(
            f"expected Spark to read {uploaded.uri} alone, found it would read {files}; "
            "copy the object to a plain key to process it"
        )
    return df.withColumn(SOURCE_OBJECT, F.lit(uploaded.uri))


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
    listing = {"recursiveFileLookup": "true", "pathGlobFilter": name_pattern}
    where = f"{uri} ({name_pattern})"
    df = _read(spark, literal_path(uri), FORMATS[format_name], schema, listing, where)
    # Spark gives the path percent-encoded but for "+", which url_decode takes for a space; and
    # local paths with one slash or three.
    path = F.expr(
        "regexp_replace(url_decode(replace(_metadata.file_path, '+', '%2B')), '^file:/+', 'file:///')"
    )
    if alias:
        path = F.concat(F.lit(alias), F.substring(path, len(uri) + 1, _LONGEST_URI))
    return df.withColumn(SOURCE_OBJECT, path)


def directory_format(spark: SparkSession, uri: str) -> str:
    """The one known format among the files below `uri`, by their extensions.

    For jobs that do not declare their sources; costs a listing of its own.

    Raises:
        SourceNotFoundError: there is no file of a known format, or there are several formats.
    """
    with explained_spark_errors(lambda: uri):
        reader = spark.read.format("binaryFile").option("recursiveFileLookup", "true")
        extension = F.regexp_extract("path", r"(\.[^./]+(?:\.gz)?)$", 1).alias("extension")
        extensions = sorted(
            row.extension
            for row in reader.load(literal_path(uri)).select(extension).distinct().collect()
        )
    formats = sorted({name for name in map(format_of, extensions) if name})
    if len(formats) != 1:
        raise SourceNotFoundError(
            f"expected files of one format below {uri}, found {formats or 'none'} "
            f"among the extensions {extensions}; declare the job's source: "
            'sources = (Source(prefix="...", suffix="...", file_format="..."),)'
        )
    return formats[0]


def input_file_count(df: DataFrame) -> int:
    """How many files this DataFrame reads; no Spark job, and no list of names."""
    return len(df._jdf.inputFiles())


def _read(
    spark: SparkSession,
    path: str,
    file_format: FileFormat,
    schema: str | None,
    listing: Mapping[str, str],
    where: str,
) -> DataFrame:
    with explained_spark_errors(lambda: where):
        reader = spark.read.format(file_format.reader).options(**listing, **file_format.options)
        if schema:
            # CSV: compare every file's header with the schema; by default it is ignored.
            reader = reader.schema(schema).option("enforceSchema", "false")
        elif file_format.options.get("multiLine") == "true":
            reader = reader.schema(_json_schema(spark, path, listing, file_format.options["mode"]))
        df = reader.load(path)
    if not df.columns:
        raise UnreadableSourceError(
            f"expected data with at least one column, found an empty file: {where}; "
            "upload the file again, or remove it"
        )
    if SOURCE_OBJECT in df.columns:
        raise UnreadableSourceError(
            f"expected no column called {SOURCE_OBJECT} (it is added to say where each row comes "
            f"from), found one in {where}; rename the column at its source"
        )
    return df


def _json_schema(
    spark: SparkSession, path: str, listing: Mapping[str, str], mode: str
) -> StructType:
    """The inferred schema of JSON values that span lines.

    Spark's own inference for such files takes the path for a glob pattern a second time, and so
    takes the schema of another file for a key like ``a[1].json``. Reading the files as whole texts
    does not.
    """
    texts = spark.read.options(**listing).text(path, wholetext=True)
    strings = getattr(texts._jdf, "as")(
        spark._jvm.org.apache.spark.sql.Encoders.STRING()  # type: ignore[union-attr]
    )
    inferred = spark._jsparkSession.read().option("mode", mode).json(strings)
    return StructType.fromJson(json.loads(inferred.schema().json()))
