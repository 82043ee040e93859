"""What is rendered is formatted, typed and linted, whatever the answers, and says whose it is."""

import ast
import bz2
import gzip
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from glue_runtime.input.exact.packing import ENDINGS
from rendering import Copy
from gluecast.template.registries import packings
from tasks.sample_data import packings_of, registered_formats, sample_folder

OWNERS = ("Owned by the gluecast template", "Owned by you", "Written by Copier")

ANSWERS = {
    "the shortest": {"job_name": "a", "prefix": "b/", "suffix": ".x", "schedule": "none"},
    "the longest": {
        "job_name": "etl_" + "x" * 34,
        "prefix": "p" * 199 + "/",
        "suffix": "_" + "s" * 59 + ".csv",
        "project_name": "p" * 32,
        "lake_prefix": "l" * 39,
        "environments": [f"environ{number}" for number in range(10)],
    },
    **{
        f"format {name}": {"job_name": f"{name}_import", "suffix": properties["suffixes"][0]}
        for name, properties in registered_formats().items()
    },
    **{
        f"a schema of {length} characters": {
            "job_name": "etl",
            "schema": f"id BIGINT, {'n' * (length - 27)} STRING, d DATE",
            "options": {"sep": ";", "quote": "'", "nullValue": '"', "header": False, "skipRows": 1},
        }
        for length in (77, 78, 79, 82, 83, 200)
    },
}


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS.keys())
def test_a_linter_and_a_formatter_find_nothing_to_change(
    copy: Copy, answers: dict[str, object]
) -> None:
    repository = copy(**answers)

    for command in (["check"], ["format", "--check"]):
        ran = _run(repository, "-m", "ruff", *command, "--no-cache", ".")
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_types_are_complete_and_right(copy: Copy) -> None:
    ran = _run(copy(job_name="sales_etl"), "-m", "mypy")

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_file_says_in_its_first_lines_whose_it_is(copy: Copy) -> None:
    repository = copy(job_name="sales_etl")
    without_comments = {"py.typed"}
    for path in repository.rglob("*"):
        name = path.relative_to(repository).as_posix()
        if path.is_file() and path.name not in without_comments and "/test_data/" not in name:
            head = "\n".join(path.read_text().splitlines()[:3])
            assert any(owner in head for owner in OWNERS), name


@pytest.mark.parametrize(
    ("job_name", "class_name"),
    [
        ("sales_etl", "SalesETLJob"),
        ("customer_import", "CustomerImportJob"),
        ("product_catalog", "ProductCatalogJob"),
        ("nightly_job", "NightlyJob"),
        ("api_v2_csv", "APIV2CSVJob"),
    ],
)
def test_the_class_is_named_after_the_job(copy: Copy, job_name: str, class_name: str) -> None:
    module = ast.parse((copy(job_name=job_name) / f"src/jobs/{job_name}.py").read_text())

    assert [node.name for node in module.body if isinstance(node, ast.ClassDef)] == [class_name]


@pytest.mark.parametrize("format_name", registered_formats())
def test_every_format_of_the_registry_has_sample_data(format_name: str) -> None:
    plain = sample_folder(format_name, "")
    for packing in packings_of(registered_formats()[format_name]):
        folder = sample_folder(format_name, packing)
        assert len(list(folder.iterdir())) == 4, (
            f"no sample files in {folder}: run python3 generator samples"
        )
        for file in folder.iterdir():
            assert UNPACKED[packing](file.read_bytes()) == (plain / file.name).read_bytes()


def test_the_packings_of_the_template_are_those_of_the_runtime() -> None:
    assert tuple(packings()) == ENDINGS


def only_file(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        [name] = archive.namelist()
        return archive.read(name)


UNPACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".zst": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    ".zip": only_file,
}


def _run(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=repository, capture_output=True, text=True, check=False
    )
