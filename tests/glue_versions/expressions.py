"""Evaluate expressions of SQL and Python in the session of a run, and print what each of them gives.

    python expressions.py FOLDER

FOLDER has them in expressions.json: pairs of a language and an expression.
"""

import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from glue_runtime.local.session import local_session
from glue_runtime.spark.session import spark_session


def main(folder: Path) -> None:
    local_session("expressions", folder / "lake")
    spark = spark_session("expressions")
    expressions = json.loads((folder / "expressions.json").read_text())
    found = [_value(spark, language, expression) for language, expression in expressions]
    (folder / "results.json").write_text(json.dumps(found))


def _value(spark: SparkSession, language: str, expression: str) -> str:
    """The value as Python writes it, or the name of the exception."""
    try:
        if language == "SQL":
            return repr(spark.range(1).selectExpr(f"{expression} AS value").first()[0])
        return repr(eval(expression, {"F": F, "spark": spark}))
    except Exception as error:
        return type(error).__name__


if __name__ == "__main__":
    main(Path(sys.argv[1]))
