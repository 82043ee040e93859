"""What a job's module declares is read from its text, and nothing of it is run."""

from pathlib import Path

import pytest

from gluecast.errors import GluecastError
from gluecast.repository.job_module import JobModule, constants, read_module
from gluecast.repository.schema_columns import Column, columns_of
from tasks.examples import RENDERED


@pytest.mark.parametrize(
    ("schema", "columns"),
    [
        ("id BIGINT, name STRING", [Column("id", "BIGINT"), Column("name", "STRING")]),
        ("id: bigint not  null,", [Column("id", "bigint", required=True)]),
        (
            "price DECIMAL(10, 2), lines ARRAY<STRUCT<a: INT, b: MAP<STRING, INT>>>",
            [
                Column("price", "DECIMAL(10, 2)"),
                Column("lines", "ARRAY<STRUCT<a: INT, b: MAP<STRING, INT>>>"),
            ],
        ),
        (
            "`shop, ``old``` STRING NOT NULL COMMENT 'it\\'s, so < 3', x INT COMMENT \"y\"",
            [
                Column("shop, `old`", "STRING", required=True, comment="it's, so < 3"),
                Column("x", "INT", comment="y"),
            ],
        ),
        ("id", [Column("id", "")]),
        ("", []),
    ],
)
def test_columns_are_split_where_sql_splits_them(schema: str, columns: list[Column]) -> None:
    assert list(columns_of(schema)) == columns


def module(folder: Path, text: str) -> JobModule:
    path = folder / "sales_etl.py"
    path.write_text(text)
    return read_module(path)


def test_the_module_of_the_template_is_read() -> None:
    read = read_module(RENDERED / "src/jobs/sales_etl.py")

    [source] = read.sources
    assert (source.prefix, source.suffix, source.format) == ("sales/", ".csv", "csv")
    assert source.columns[0] == Column("id", "BIGINT")
    assert [column.name for column in source.columns] == [
        "id",
        "name",
        "category",
        "amount",
        "updated_at",
    ]
    assert read.purpose == "", "the page says it better, also after the source has changed"


def test_names_and_joined_texts_are_followed(tmp_path: Path) -> None:
    read = module(
        tmp_path,
        '''"""Sales by day,
        for finance.

        More."""
COLUMNS = "id BIGINT, "
TEAM = "sales@acme.com"
ORDERS = Source("orders/", ".csv", "csv", COLUMNS + "shop STRING", True, {"x_*": "x"})
class Base(BaseGlueJob):
    whole_directory: ClassVar[bool] = True
    owner = TEAM
    column_comments = {"id": "The receipt"}
    sources: tuple[Source, ...] = [ORDERS, glue_runtime.Source(suffix=".orc", prefix="a/", file_format="orc")]
class Sales(Base):
    def load(self, df): ...
class Other(BaseGlueJob):
    sources = ()
Sales.main("sales")
''',
    )

    assert read.name == "sales"
    assert read.purpose == "Sales by day, for finance."
    assert read.whole_directory
    assert read.hooks == {"load"}
    assert read.owner == "sales@acme.com"
    assert read.comments == {"id": "The receipt"}
    first, second = read.sources
    assert [column.name for column in first.columns] == ["id", "shop"]
    assert first.multiline
    assert first.routes == {"x_*": "x"}
    assert (second.pattern, second.format, second.columns) == ("a/*.orc", "orc", ())


@pytest.mark.parametrize(
    ("text", "standard"),
    [
        ("from glue_runtime import BaseGlueJob\nclass A(BaseGlueJob): ...", True),
        (
            "from glue_runtime.base_job import BaseGlueJob as B\nclass A(B): ...\nclass C(A): ...",
            True,
        ),
        ("import glue_runtime\nclass A(glue_runtime.BaseGlueJob): ...", True),
        ("from common import BaseGlueJob\nclass A(BaseGlueJob): ...", False),
        ("from glue_runtime import BaseGlueJob\nclass A(Loads, BaseGlueJob): ...", False),
        ("from glue_runtime import AdoptedGlueJob\nclass A(AdoptedGlueJob): ...", False),
        ("class A: ...", False),
        ("x = 1", False),
    ],
)
def test_a_job_with_another_base_class_than_the_runtimes_is_reported(
    tmp_path: Path, text: str, standard: bool
) -> None:
    assert module(tmp_path, f"{text}\nA('sales', parse(['env'])).run()\n").standard == standard


def test_what_only_a_run_could_tell_is_given_as_its_code(tmp_path: Path) -> None:
    read = module(
        tmp_path,
        "class A(BaseGlueJob):\n"
        "    sources = (Source(prefix=f'{HERE}/', suffix='.csv', file_format='csv', schema=read('x')),)\n",
    )
    [source] = read.sources
    assert (source.prefix, source.computed, source.columns) == ("f'{HERE}/'", "read('x')", ())

    read = module(tmp_path, "class A(B):\n    sources = (a,)\n    sources += more()\n")
    assert (read.sources, read.computed) == ((), "(a,) + more()")


def test_a_module_is_never_run(tmp_path: Path) -> None:
    trace = tmp_path / "it-ran"
    module(tmp_path, f"open({str(trace)!r}, 'w')\nclass A(B):\n    sources = ()\n")

    assert not trace.exists()


@pytest.mark.parametrize("text", ["class A(:", "<<<<<<< before updating\n", "a = 1\0"])
def test_a_module_that_is_no_python_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(GluecastError, match=r"^expected Python code in .*sales_etl\.py, found .+$"):
        module(tmp_path, text)


def test_constants_are_the_texts_of_a_module(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text('LAKE_PREFIX = "lake"\nCOUNT = 3\nMADE = made()\n')

    assert constants(tmp_path / "settings.py") == {"LAKE_PREFIX": "lake"}
    assert constants(tmp_path / "nowhere.py") == {}
