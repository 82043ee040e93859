"""Files as people really have them load after what the sniffer proposes, without an edit."""

import csv
import datetime as dt
import gzip
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import fastavro
import openpyxl
import pyarrow as pa
import pytest
from pyarrow import orc, parquet
from pyspark.sql import DataFrame

from glue_runtime import BaseGlueJob, Source
from glue_runtime.testing import Lake, run_for, run_scheduled
from gluecast.cli import main
from gluecast.sniff.proposal import Proposal
from gluecast.sniff.samples import sample_files
from gluecast.sniff.sniff import sniff
from gluecast.template.bundled import TEMPLATE_ROOT


@dataclass(frozen=True)
class Shape:
    """A file of a kind. rows: its values. note: a part of what is said against the proposal."""

    content: bytes
    rows: list[tuple]
    note: str = ""
    suffix: str = ".csv"


def written(rows: list[list[Any]], encoding: str = "utf-8", head: str = "", **form: Any) -> bytes:
    text = io.StringIO(newline="")
    text.write(head)
    csv.writer(text, **form).writerows(rows)
    return text.getvalue().encode(encoding)


def typed(write: Any, **columns: list[Any]) -> bytes:
    stream = io.BytesIO()
    write(pa.table(columns), stream)
    return stream.getvalue()


def archived(data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", data)
    return stream.getvalue()


def avro() -> bytes:
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 7, "scale": 2}
    kinds = {
        "id": "long",
        "name": ["null", "string"],
        "amount": ["null", decimal],
        "day": {"type": "int", "logicalType": "date"},
        "tags": {"type": "array", "items": "string"},
    }
    fields = [{"name": name, "type": kind} for name, kind in kinds.items()]
    rows = [
        (1, "ä", Decimal("1.50"), dt.date(2024, 12, 31), ["a"]),
        (2, None, None, dt.date(1, 1, 1), []),
    ]
    stream = io.BytesIO()
    records = [dict(zip(kinds, row, strict=True)) for row in rows]
    fastavro.writer(stream, {"type": "record", "name": "r", "fields": fields}, records)
    return stream.getvalue()


def workbook(**sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


D, day, at = Decimal, dt.date, dt.datetime
UTC = dt.UTC

SHAPES = {
    "a data portal": Shape(
        written([["station", "date", "value"], ["A1", "2024-01-15", "1.5"], ["B2", "2024-01-16", "-0.25"]]),
        [("A1", day(2024, 1, 15), D("1.50")), ("B2", day(2024, 1, 16), D("-0.25"))],
    ),
    "a data portal with a title": Shape(
        written([["region", "persons"], ["North", "1200"], ["South", "900"]], head="Population by region\nSource: office of statistics, 2024\n\n"),
        [("North", 1200), ("South", 900)],
    ),
    "a German ERP export": Shape(
        written([["Kundennr", "Umsatz", "Datum", "Name"], ["0001", "1.234,50", "31.12.2024", "Müller; Söhne"], ["0002", "12,00", "01.02.2024", "Zoë"]], "cp1252", delimiter=";"),
        [("0001", D("1234.50"), day(2024, 12, 31), "Müller; Söhne"), ("0002", D("12.00"), day(2024, 2, 1), "Zoë")],
        "leading zeros",
    ),
    "an ERP export with a trailing separator": Shape(
        b"id;name;\r\n1;a;\r\n2;b;\r\n", [(1, "a"), (2, "b")], "no name"
    ),
    "a French spreadsheet": Shape(
        written([["ville", "prix", "le"], ["Orléans", "1\xa0234,5", "15/01/2024"], ["Nîmes", "7,25", "16/01/2024"]], "cp1252", delimiter=";"),
        [("Orléans", D("1234.50"), day(2024, 1, 15)), ("Nîmes", D("7.25"), day(2024, 1, 16))],
    ),
    "Unicode text of a spreadsheet": Shape(
        written([["id", "name"], [1, "Łódź"], [2, "東京"]], "utf-16", delimiter="\t"), [(1, "Łódź"), (2, "東京")], suffix=".txt",
    ),
    "CSV UTF-8 of a spreadsheet": Shape(
        written([["id", "name"], [1, "é"]], "utf-8-sig", delimiter=";"), [(1, "é")]
    ),
    "an American spreadsheet": Shape(
        written([["sold", "amount"], ["12/31/2024", "1,234.50"], ["1/2/2024", "5.00"]]),
        [(day(2024, 12, 31), D("1234.50")), (day(2024, 1, 2), D("5.00"))],
    ),
    "cells of several lines": Shape(
        written([["id", "text"], [1, "a\nb"], [2, 'c "d"']]), [(1, "a\nb"), (2, 'c "d"')]
    ),
    "pandas with its index": Shape(b",id,name\n0,1,a\n1,2,b\n", [(1, "a"), (2, "b")], "no name"),
    "pandas with timestamps": Shape(
        b"id,at\n1,2024-01-15 10:30:00\n2,2024-01-16 00:00:00.5\n",
        [(1, at(2024, 1, 15, 10, 30, tzinfo=UTC)), (2, at(2024, 1, 16, 0, 0, 0, 500000, UTC))],
    ),
    "R with NA": Shape(b'"id","x"\n1,2.5\n2,NA\n', [(1, D("2.5")), (2, None)]),
    "pandas' Parquet": Shape(
        typed(parquet.write_table, id=pa.array([1, 2]), at=pa.array([at(2024, 1, 15, 10), None], pa.timestamp("ns"))),
        [(1, at(2024, 1, 15, 10)), (2, None)], suffix=".parquet",
    ),
    "ORC": Shape(typed(orc.write_table, id=pa.array([1, 2]), name=pa.array(["a", None])), [(1, "a"), (2, None)], suffix=".orc"),
    "Spark's CSV": Shape(b'id,name\n1,"say \\"hi\\", ok"\n2,b\n', [(1, 'say "hi", ok'), (2, "b")]),
    "Spark's JSON": Shape(
        b'{"id":1,"at":"2024-01-15T10:30:00.000Z","tags":["a"]}\n{"id":2,"at":"2024-01-16T10:30:00.000Z"}\n',
        [(1, at(2024, 1, 15, 10, 30, tzinfo=UTC), ["a"]), (2, at(2024, 1, 16, 10, 30, tzinfo=UTC), None)], suffix=".json",
    ),
    "pandas' JSON": Shape(
        json.dumps([{"id": 1, "price": 2.5, "day": "31.12.2024"}, {"id": 2, "price": 7, "day": "13.01.2024"}], indent=1).encode(),
        [(1, 2.5, day(2024, 12, 31)), (2, 7.0, day(2024, 1, 13))], suffix=".json",
    ),
    "MySQL's outfile": Shape(
        b"1\tab\t\\N\t2024-01-15 10:00:00\n2\tc\t5\t2024-01-16 11:00:00\n",
        [(1, "ab", None, at(2024, 1, 15, 10, tzinfo=UTC)), (2, "c", 5, at(2024, 1, 16, 11, tzinfo=UTC))], "no header", ".tsv",
    ),
    "MySQL's CSV": Shape(
        b'"id","name","amount"\n"1","a","1.50"\n"2","b","NULL"\n', [(1, "a", D("1.50")), (2, "b", None)]
    ),
    "a bar and blanks": Shape(b"id | name\n1 | a\n2 | b\n", [(1, "a"), (2, "b")], suffix=".txt"),
    "apostrophes": Shape(b"id,name\n1,'a, b'\n2,'c'\n", [(1, "a, b"), (2, "c")]),
    "days of two meanings": Shape(b"id,day\n1,01/02/2024\n2,03/04/2024\n", [(1, "01/02/2024"), (2, "03/04/2024")], "two meanings"),
    "days in two orders": Shape(b"id,day\n1,31/01/2024\n2,01/31/2024\n", [(1, "31/01/2024"), (2, "01/31/2024")], "two orders"),
    "numbers of two meanings": Shape(b'id,n\n1,"1,234"\n2,"5,678"\n', [(1, "1,234"), (2, "5,678")], "two meanings"),
    "a reserved name": Shape(b"source_id,n\n7,1\n8,2\n", [(7, 1), (8, 2)], "the runtime adds"),
    "a zip archive": Shape(archived(b"id;n\n1;2,5\n2;3,5\n"), [(1, D("2.5")), (2, D("3.5"))], suffix=".csv.zip"),
    "an Avro file": Shape(avro(), [(1, "ä", D("1.50"), day(2024, 12, 31), ["a"]), (2, None, None, day(1, 1, 1), [])], suffix=".avro"),
    "an Excel workbook": Shape(workbook(Sheet1=[["id", "name", "day", "seen", "x", "ok"], [1, "a", day(2024, 12, 31), at(2024, 1, 2, 3, 4), 2, True], [2, None, day(2024, 1, 1), at(2024, 1, 2), 2.5, None]]), [(1, "a", day(2024, 12, 31), at(2024, 1, 2, 3, 4, tzinfo=UTC), 2.0, True), (2, None, day(2024, 1, 1), at(2024, 1, 2, tzinfo=UTC), 2.5, None)], suffix=".xlsx"),
    "an Excel report with a title and notes": Shape(workbook(Data=[["Sales of 2024"], [], ["id", "name"], [1, "2024-01-01"], [2, "007"]], Notes=[["made by hand"]]), [(1, "2024-01-01"), (2, "007")], "the other sheets are not read: Notes", ".xlsx"),
    "a compressed file": Shape(gzip.compress(b"id;n\n1;2,5\n2;3,5\n"), [(1, D("2.5")), (2, D("3.5"))], suffix=".csv.gz"),
}  # fmt: skip


def job(proposal: Proposal) -> type[BaseGlueJob]:
    """The job of what is printed."""
    source = eval(proposal.source(), {"Source": Source})

    class Sniffed(BaseGlueJob):
        sources: ClassVar = (source,)

        def extract(self) -> DataFrame:
            return self.load_data(source.data_type)

    return Sniffed


@pytest.mark.parametrize("name", SHAPES)
def test_a_file_loads_after_what_the_sniffer_proposes(
    lake: Lake, tmp_path: Path, name: str
) -> None:
    shape = SHAPES[name]
    path = tmp_path / f"sales_2024-01{shape.suffix}"
    path.write_bytes(shape.content)

    proposal = sniff(path)

    notes = "; ".join(proposal.notes)
    assert shape.note in notes
    assert shape.note or "guess" in notes or not notes, notes
    assert proposal.invalid == 0
    uploaded = lake.upload(f"sales/a{shape.suffix}", shape.content)
    for run in (
        lambda: run_scheduled(job(proposal), "job"),
        lambda: run_for(job(proposal), "job", uploaded),
    ):
        assert run().event("data_written")["rows_quarantined"] == 0
        paths = (lake.root / "data-lake-test-silver/job").rglob("*.parquet")
        rows = [row for each in paths for row in parquet.ParquetFile(each).read().to_pylist()]
        found = [tuple(v for k, v in row.items() if k != "source_object") for row in rows]
        assert sorted(found, key=str) == sorted(shape.rows, key=str)


def test_the_command_prints_the_source_and_says_what_speaks_against_it(tmp_path: Path) -> None:
    path = tmp_path / "kunden_2024.csv"
    path.write_bytes(SHAPES["a German ERP export"].content)

    command = [sys.executable, "-m", "gluecast.cli", "sniff", str(path)]
    ran = subprocess.run(
        command, cwd=TEMPLATE_ROOT / "generator", capture_output=True, text=True, check=True
    )

    assert ran.stdout.startswith('Source(\n    prefix="kunden/",\n    suffix=".csv",\n')
    assert '"encoding": "windows-1252",' in ran.stdout
    assert "Read 2 of 2 rows exactly." in ran.stderr
    assert "Kundennr has leading zeros" in ran.stderr


@pytest.mark.parametrize(
    "name", ["an Avro file", "an Excel workbook", "an Excel report with a title and notes"]
)
def test_made_up_samples_have_the_columns_of_the_file_and_none_of_its_values(
    tmp_path: Path, name: str
) -> None:
    shape = SHAPES[name]
    path = tmp_path / f"sales{shape.suffix}"
    path.write_bytes(shape.content)
    proposal = sniff(path)

    samples = sample_files(proposal, path)

    assert len(samples) == 2
    for number, content in enumerate(samples.values()):
        made = tmp_path / f"made_{number}{shape.suffix}"
        made.write_bytes(content)
        found = sniff(made)
        read = (
            [*fastavro.reader(io.BytesIO(content))]
            if shape.suffix == ".avro"
            else [*openpyxl.load_workbook(made).worksheets[0].iter_rows(values_only=True)]
        )
        assert len(read) >= 3
        assert {*found.columns} == {*proposal.columns}
        assert "ä" not in str(read)
        assert "made by hand" not in str(read)


def test_a_row_of_other_cells_does_not_hide_the_dialect_and_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id;amount;name\n1;1,5;a; b\n2;2,5;c\n3;3,5;d\n")

    found = sniff(path)

    assert dict(found.options) == {"sep": ";", "locale": "de-DE"}
    assert (found.rows, found.invalid) == (3, 1)
    assert "1 rows of the sample are invalid: not 3 cells" in found.notes


def test_numbers_of_many_digits_are_doubles(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y,z\n0.123456789,1e5,123456789012345678901\n")

    assert sniff(path).schema == "x DOUBLE, y DOUBLE, z DECIMAL(23,2)"


def test_mixed_encodings_are_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id,name\n1,é\n".encode() + "2,ü\n".encode("cp1252"))

    assert "the encodings are mixed" in "; ".join(sniff(path).notes)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "is empty"), (b"\x89PNG\0\0\0", "other data")]
)
def test_what_is_no_table_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, reason: str
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)

    with pytest.raises(SystemExit) as ended:
        main(["sniff", str(path)])

    assert ended.value.code == 1
    assert reason in capsys.readouterr().err
