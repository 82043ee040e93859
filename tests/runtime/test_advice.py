"""A file or a row that is refused names the options that would read it, and they do."""

import io
import json
import re
import time
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from glue_runtime.errors import UnreadableSourceError
from glue_runtime.testing import Lake, run_for
from test_bad_input import job

SCHEMA = "id BIGINT, amount DOUBLE, day DATE"


@dataclass(frozen=True)
class Refused:
    """A file that the plain source refuses. advice: the options that its message names first."""

    content: bytes
    advice: dict[str, str]
    schema: str = SCHEMA
    suffix: str = ".csv"
    options: dict[str, str] | None = None


TRIMMED = {"ignoreLeadingWhiteSpace": "true", "ignoreTrailingWhiteSpace": "true"}

FILES = {
    "semicolons": Refused(b"id;amount;day\n1;2;2024-01-15\n", {"sep": ";"}),
    "tabs": Refused(b"id\tamount\tday\n1\t2\t2024-01-15\n", {"sep": "\t"}),
    "pandas' index": Refused(b",id,amount,day\n0,1,2,2024-01-15\n", {"schemaEvolutionMode": "none"}),
    "a trailing separator": Refused(b"id,amount,day,\n1,2,2024-01-15,\n", {"schemaEvolutionMode": "none"}),
    "blanks in the header": Refused(b"id, amount, day\n1, 2, 2024-01-15\n", TRIMMED),
    "title lines": Refused(b"Report\nof today, all\n\nid,amount,day\n1,2,2024-01-15\n", {"skipRows": "2"}),
    "title lines and semicolons": Refused(b"Report\nid;amount;day\n1;2;2024-01-15\n", {"sep": ";", "skipRows": "1"}),
    "a comment": Refused(b"#made by hand\n#twice\nid,amount,day\n1,2,2024-01-15\n", {"comment": "#"}),
    "no header": Refused(b"1,2,2024-01-15\n", {"header": "false"}),
    "UTF-16": Refused("id,amount,day\n1,2,2024-01-15\n".encode("utf-16"), {"encoding": "UTF-16"}),
    "Latin-1 in the header": Refused("id,größe\n1,2\n".encode("latin-1"), {"encoding": "windows-1252"}, "id INT, `größe` INT"),
    "quotes of another kind": Refused(b"'id','amount','day'\n1,'2',2024-01-15\n", {"quote": "'"}),
    "a new column": Refused(b"id,amount,day,note\n1,2,2024-01-15,n\n", {"schemaEvolutionMode": "none"}),
    "a decimal comma": Refused(b"id;amount;day\n1;12,50;2024-01-15\n", {"locale": "de-DE"}, options={"sep": ";"}),
    "groups of digits": Refused(b'id,amount,day\n1,"1,234.50",2024-01-15\n', {"locale": "en-US"}),
    "a German day": Refused(b"id,amount,day\n1,2,31.12.2024\n", {"dateFormat": "dd.MM.yyyy"}),
    "an American day": Refused(b"id,amount,day\n1,2,12/31/2024\n", {"dateFormat": "MM/dd/yyyy"}),
    "a day of two orders": Refused(b"id,amount,day\n1,2,01/02/2024\n", {"dateFormat": "dd/MM/yyyy"}),
    "a null token": Refused(b"id,amount,day\n1,NA,2024-01-15\n", {"nullValue": "NA"}),
    "blanks around a value": Refused(b"id,amount,day\n1, 2,2024-01-15\n", TRIMMED),
    "a blank before quotes": Refused(b'id,amount,day\n1, "2",2024-01-15\n', {"ignoreLeadingWhiteSpace": "true"}),
    "a backslash before quotes": Refused(b'id,name\n1,"say \\"hi\\""\n', {"escape": "\\"}, "id INT, name STRING"),
    "Latin-1 in a value": Refused(b"id,name\n1,caf\xe9\n", {"encoding": "windows-1252"}, "id INT, name STRING"),
    "a cell over lines": Refused(b'id,name\n1,"a\nb"\n', {"multiLine": "true"}, "id INT, name STRING"),
    "a moment": Refused(b"id,at\n1,31.12.2024 10:30\n", {"timestampFormat": "dd.MM.yyyy HH:mm"}, "id INT, at TIMESTAMP"),
    "a day for a moment": Refused(b"id,at\n1,2024-01-15\n", {"timestampFormat": "yyyy-MM-dd"}, "id INT, at TIMESTAMP"),
    "seconds": Refused(b"id,at\n1,1705312800\n", {"timestampFormat": "epochSeconds"}, "id INT, at TIMESTAMP"),
    "numbers in JSON strings": Refused(b'{"id": "7"}\n', {"locale": "en-US"}, "id BIGINT", ".jsonl"),
    "milliseconds in JSON": Refused(b'{"at": 1705312800123}\n', {"timestampFormat": "epochMillis"}, "at TIMESTAMP", ".jsonl"),
    "a new name in JSON": Refused(b'{"id": 7, "note": 1}\n', {"schemaEvolutionMode": "none"}, "id BIGINT", ".jsonl"),
    "Latin-1 in JSON": Refused(b'{"name": "caf\xe9"}\n', {"encoding": "windows-1252"}, "name STRING", ".jsonl"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_refused_file_names_the_options_that_would_read_it(lake: Lake, name: str) -> None:
    file = FILES[name]
    uploaded = lake.upload(f"sales/a{file.suffix}", file.content)
    plain: dict[str, Any] = {"options": file.options or {}}

    with pytest.raises(UnreadableSourceError) as refused:
        run_for(job(file.suffix, file.suffix[1:], file.schema, **plain), "job", uploaded)

    named = re.findall(r"options=(\{.*?\})", str(refused.value))
    assert named, refused.value
    options = json.loads(named[0])
    assert options == file.advice
    run = run_for(
        job(file.suffix, file.suffix[1:], file.schema, options={**plain["options"], **options}),
        "job",
        uploaded,
    )
    assert run.event("data_written")["rows_written"] == 1


def test_a_day_of_two_orders_names_both(lake: Lake) -> None:
    uploaded = lake.upload("sales/a.csv", FILES["a day of two orders"].content)

    with pytest.raises(
        UnreadableSourceError, match=r'dd/MM/yyyy"} or {"dateFormat": "MM/dd/yyyy"}'
    ):
        run_for(job(".csv", "csv", SCHEMA), "job", uploaded)


def test_json_in_the_other_format_names_it(lake: Lake) -> None:
    for suffix, content, other in (
        (".json", b'{"id": 1}\n{"id": 2}\n', "jsonl"),
        (".jsonl", b'[\n{"id": 1},\n{"id": 2}\n]\n', "json"),
    ):
        uploaded = lake.upload(f"sales/a{suffix}", content)

        with pytest.raises(UnreadableSourceError, match=f'file_format="{other}"'):
            run_for(job(suffix, suffix[1:], "id BIGINT"), "job", uploaded)

        run_for(job(suffix, other, "id BIGINT"), "job", uploaded)


def typed(value: pa.Array) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pa.table({"v": value}), stream)
    return stream.getvalue()


MOMENT = datetime(2024, 1, 15, 10, 30)
COMMON: dict[str, tuple[str, bytes, str, Any]] = {
    "a newline before an array": (".json", b'\n\n[{"v": 7}]\n', "BIGINT", 7),
    "a decimal in a JSON string": (".jsonl", b'{"v": "1.50"}\n', "DECIMAL(12,2)", Decimal("1.50")),
    "a DECIMAL of smaller precision": (
        ".parquet", typed(pa.array([Decimal("1.5")], pa.decimal128(10, 1))), "DECIMAL(12,2)", Decimal("1.50"),
    ),
    "pandas' timestamps": (
        ".parquet", typed(pa.array([MOMENT], pa.timestamp("ns"))), "TIMESTAMP_NTZ", MOMENT,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMON)
def test_common_files_load_as_they_are(lake: Lake, name: str) -> None:
    suffix, content, kind, value = COMMON[name]
    job_class = job(suffix, suffix[1:], f"v {kind}")

    run = run_for(job_class, "job", lake.upload(f"sales/a{suffix}", content))

    assert [row["v"] for row in lake.read(run.job.output_uri).collect()] == [value]


def test_no_option_is_named_where_none_helps(lake: Lake) -> None:
    for content in (b"id,amount,day\n1,x,2024-01-15\n", b"a,b,c\n1,x,2024-01-15\n"):
        uploaded = lake.upload("sales/a.csv", content)

        with pytest.raises(UnreadableSourceError) as refused:
            run_for(job(".csv", "csv", SCHEMA), "job", uploaded)

        assert "options=" not in str(refused.value)


ENDLESS = {
    "columns": b",".join(b"c%d" % number for number in range(200_000)) + b"\n",
    "cells with quotes": b'a"b,' * 16_000 + b"\n",
    "blank lines": b"\n" * 3_000_000,
    "one long line": b"x" * 20_000_000,
}


def test_a_damaged_file_is_refused_soon_and_briefly(lake: Lake) -> None:
    for name, content in ENDLESS.items():
        uploaded = lake.upload("sales/a.csv", content)
        started = time.monotonic()

        with pytest.raises(UnreadableSourceError) as refused:
            run_for(job(".csv", "csv", SCHEMA), "job", uploaded)

        assert time.monotonic() - started < 40, name
        assert len(str(refused.value)) < 20_000, name
