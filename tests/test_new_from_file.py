"""`gluecast new --from-file`, and `copier copy` with a schema and options, write a job that works."""

import csv
import datetime as dt
import gzip
import importlib.util
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from glue_runtime import BaseGlueJob
from glue_runtime.testing import Lake, run_scheduled
from gluecast.cli import main
from rendering import Copy

SECRET = "Geheim GmbH"


def typed(write: Any) -> bytes:
    stream = io.BytesIO()
    moment = dt.datetime(2024, 1, 15, 10, tzinfo=dt.UTC)
    table = pa.table(
        {
            "id": pa.array([1, 2]),
            "name": [SECRET, None],
            "at": pa.array([moment, None], pa.timestamp("us", "UTC")),
            "amount": pa.array([Decimal("1.50"), None], pa.decimal128(12, 2)),
            "tags": pa.array([[SECRET], None]),
        }
    )
    write(table, stream)
    return stream.getvalue()


FILES = {
    "umsatz.csv": f"Kundennr;Umsatz;Datum;Straße\r\n001;1.234,50;31.12.2024;{SECRET}\r\n002;7,25;13.01.2024;Zoë\r\n".encode(
        "latin-1"
    ),
    "export.tsv": f"1\t{SECRET}\t2024-01-15 10:00:01\n2\tb\t2024-01-15 10:00:02\n3\tc\t2024-01-15 10:00:03\n".encode(),
    "events.jsonl": "".join(
        json.dumps({"id": n, "on": f"{n}.12.2024", "price": 1.5 * n, "user": {"name": SECRET}}) + "\n"
        for n in range(10, 20)
    ).encode(),
    "stations.csv.gz": gzip.compress(f"station,day,value\n{SECRET},2024-01-15,1.5\nb,2024-01-16,-2\n".encode()),
    "unicode.txt": f"id\tname\n1\tŁódź\n2\t{SECRET}\n".encode("utf-16"),
    "trips.parquet": typed(parquet.write_table),
}  # fmt: skip


@pytest.fixture(scope="module")
def repository(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a job for each of the files."""
    folder = tmp_path_factory.mktemp("from_files")
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
        with pytest.raises(SystemExit) as ended:
            main(
                [
                    *("new", str(folder / "repository"), "--template", str(template)),
                    *("--defaults", "--from-file", str(folder / name)),
                ]
            )
        assert ended.value.code == 0
    return folder / "repository"


def job_class(repository: Path, job: str) -> type[BaseGlueJob]:
    path = repository / f"src/jobs/{job}.py"
    spec = importlib.util.spec_from_file_location(f"made_{job}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    [found] = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, BaseGlueJob) and each is not BaseGlueJob
    ]
    return found


def sample_files(repository: Path, job: str) -> list[Path]:
    return sorted(p for p in (repository / "tests/test_data" / job).rglob("*") if p.is_file())


def run_tests(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def loaded(lake: Lake, repository: Path, job: str) -> list[tuple]:
    """What a scheduled run makes of the job's sample data, none of which is invalid."""
    made = job_class(repository, job)
    folder = repository / "tests/test_data" / job
    for path in sample_files(repository, job):
        lake.upload(path.relative_to(folder).as_posix(), path.read_bytes())
    run = run_scheduled(made, job)
    assert run.event("loaded_directory_data")["rows_quarantined"] == 0
    columns = [c for c in lake.read(run.job.output_uri).columns if not c.startswith("source_")]
    return sorted(map(tuple, lake.read(run.job.output_uri).select(*columns).collect()), key=str)


def test_the_tests_of_every_job_pass(repository: Path) -> None:
    ran = run_tests(repository, "tests", "-k", "schedule_processes or keep_their")

    assert ran.returncode == 0, ran.stdout
    assert f"{2 * len(FILES)} passed" in ran.stdout


def test_the_sample_data_have_the_dialect_of_the_file_and_all_their_values(
    repository: Path, lake: Lake
) -> None:
    text = "".join(
        path.read_bytes().decode("latin-1") for path in sample_files(repository, "umsatz_etl")
    )
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=";") if row[0] != "Kundennr"]

    assert text.startswith("Kundennr;Umsatz;Datum;Straße\n")
    assert loaded(lake, repository, "umsatz_etl") == sorted(
        (
            (
                kunde,
                Decimal(umsatz.replace(",", ".")) if umsatz else None,
                dt.datetime.strptime(datum, "%d.%m.%Y").date() if datum else None,
                street or None,
            )
            for kunde, umsatz, datum, street in rows
        ),
        key=str,
    )


@pytest.mark.parametrize("job", ["unicode_etl", "trips_etl", "events_etl"])
def test_no_row_of_the_sample_data_is_invalid(repository: Path, lake: Lake, job: str) -> None:
    assert len(loaded(lake, repository, job)) == 6


def test_no_value_of_the_file_is_in_the_repository(repository: Path) -> None:
    def contents(path: Path) -> Iterator[bytes]:
        data = path.read_bytes()
        yield data
        if path.suffix == ".gz":
            yield gzip.decompress(data)
        yield data.replace(b"\0", b"")

    for path in repository.rglob("*"):
        if path.is_file():
            for content in contents(path):
                assert SECRET.encode() not in content, path


def test_the_sample_data_of_typed_files_are_theirs(repository: Path) -> None:
    path = sample_files(repository, "trips_etl")[0]
    schema = parquet.read_schema(io.BytesIO(FILES["trips.parquet"]))

    assert parquet.read_schema(path) == schema
    assert parquet.read_table(path).num_rows == 3


def test_a_given_answer_counts_more_than_the_file(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "Berichte 2024 (final).csv"
    file.write_bytes(b"a,b\n1,2\n3,4\n")
    command = ["new", str(tmp_path / "r"), "--template", str(template), "--defaults"]
    command += ["--from-file", str(file), "--data", "schema=a STRING, b DOUBLE"]

    with pytest.raises(SystemExit) as ended:
        main(command)

    assert ended.value.code == 0
    assert (
        'schema="a STRING, b DOUBLE"'
        in (tmp_path / "r/src/jobs/berichte_2024_final_etl.py").read_text()
    )
    assert "No value of that file is in the repository" in capsys.readouterr().err


# --- copier copy --------------------------------------------------------------------------------


GERMAN = {
    "sep": ";",
    "encoding": "windows-1252",
    "locale": "de-DE",
    "dateFormat": "dd.MM.yyyy",
    "timestampFormat": "dd.MM.yyyy' um 'HH:mm[:ss]",
    "skipRows": 2,
    "comment": "#",
    "nullValue": "NULL",
    "partitionColumns": "year, land",
}
COLUMNS = "id BIGINT NOT NULL, amount DECIMAL(12,2), sold DATE, at TIMESTAMP, name STRING, ok BOOLEAN, year INT, land STRING"
EXPECTED = (1, Decimal("1.50"), dt.date(2024, 1, 15), "sample; 1", True, 1, "a")


@pytest.mark.parametrize(
    ("options", "suffix"),
    [
        (GERMAN, ".csv"),
        ({**GERMAN, "header": False}, ".csv"),
        ({name: GERMAN[name] for name in ("dateFormat", "locale", "partitionColumns")}, ".jsonl"),
        ({name: GERMAN[name] for name in ("timestampFormat", "partitionColumns")}, ".json"),
    ],
)
def test_copier_takes_the_schema_and_the_options(
    copy: Copy, lake: Lake, options: dict[str, object], suffix: str
) -> None:
    repository = copy(job_name="etl", suffix=suffix, schema=COLUMNS, options=json.dumps(options))

    rows = loaded(lake, repository, "etl")

    moment = rows[0][3]
    assert (*rows[0][:3], *rows[0][4:]) == (
        EXPECTED if suffix == ".csv" else (*EXPECTED[:3], "sample 1", *EXPECTED[4:])
    )
    assert moment.strftime("%Y-%m-%d %H:%M:%S") == "2024-01-15 08:30:01"
    assert len(rows) == 6


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"schema": "id BIGINT, name"}, "'schema': expected columns with their types"),
        ({"options": "[a]"}, "'options': expected a mapping from options to strings"),
        ({"options": "{sep: [a]}"}, "'options': expected a mapping from options to strings"),
        ({"sample_data": "none"}, "'sample_data': expected template or own"),
        ({"options": "{sep: ;}", "suffix": ".csv.gz"}, "'sample_data': .*gluecast new --from-file"),
        ({"options": "{encoding: UTF-16}"}, "'sample_data': .*expected sample_data=own"),
        ({"schema": "a INT", "suffix": ".parquet"}, "'sample_data': .*expected sample_data=own"),
    ],
)
def test_what_copier_cannot_write_is_refused(
    copy: Copy, answers: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        copy(job_name="etl", **answers)
