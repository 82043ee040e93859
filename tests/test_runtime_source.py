"""The tests import the runtime from the template, and Spark's workers do too."""

from pathlib import Path

from pyspark.sql import SparkSession

import glue_runtime
import runtime_source
from glue_runtime import base_job, settings
from glue_runtime.input.exact.frames import let_workers_import
from tasks.examples import RENDERED


def test_an_edit_of_the_template_is_what_is_tested() -> None:
    assert Path(base_job.__file__).resolve() == runtime_source.SOURCE / "base_job.py"


def test_the_layout_is_what_is_rendered(tmp_path: Path) -> None:
    laid_out = runtime_source.lay_out(tmp_path) / "glue_runtime"

    def contents(folder: Path) -> dict[str, bytes]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in files
            if "__pycache__" not in path.parts
        }

    assert contents(laid_out) == contents(RENDERED / "src/glue_runtime")


def test_the_test_data_is_that_of_the_example() -> None:
    assert settings.TEST_DATA.resolve() == RENDERED / "tests/test_data"


def test_python_workers_of_spark_import_it(spark: SparkSession) -> None:
    def where(_: int) -> str:
        import glue_runtime.settings

        return str(glue_runtime.settings.__file__)

    let_workers_import(spark)
    [found] = spark.sparkContext.parallelize([0], 1).map(where).collect()

    assert found == settings.__file__
    assert Path(found).parent == Path(glue_runtime.__file__).parent
