"""A file gives the same rows, types, quarantine and messages on every version of Glue."""

import gzip
import itertools
import json
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import runtime_source
from other_glue import DEFAULT, GLUE_VERSIONS, python_of
from tasks.sample_data import sample_folder
from test_bad_input import FAULTS, FINE, GOOD, of_suffix
from test_exact_values import (
    CELLS,
    JSON_VALUES,
    LINE_ENDS,
    Kind,
    csv_file,
    json_array,
    json_lines,
    schema,
)
from test_typed_files import DAMAGED, as_orc, as_parquet

TWO_COLUMNS = "id BIGINT, name STRING"
DOCUMENTS = ("all digits", "objects")
SAMPLES = ("csv", "json", "jsonl", "parquet", "orc")

Case = dict[str, Any]


def cases() -> Iterator[tuple[Case, dict[str, bytes]]]:
    """Descriptions of some files, and their contents by name. strict: whether event runs read some too."""

    def case(
        name: str, suffix: str, form: str, columns: str | None, *, strict: bool = True
    ) -> Case:
        return {"name": name, "suffix": suffix, "format": form, "schema": columns, "strict": strict}

    for suffix, faults in of_suffix(FAULTS).items():
        form = next(iter(faults.values())).file_format
        contents = {
            "good": _good(suffix, form),
            **{name: as_bytes(bad.content) for name, bad in faults.items()},
        }
        yield case(f"faults{suffix}", suffix, form, TWO_COLUMNS), contents
    for suffix, form in ((".csv", "csv"), (".json", "json"), (".jsonl", "jsonl")):
        found = {name: as_bytes(each[2]) for name, each in FINE.items() if each[0] == suffix}
        yield case(f"fine{suffix}", suffix, form, TWO_COLUMNS, strict=False), found
    for name, kind in CELLS.items():
        cells = csv_file([*kind.texts])
        yield case(f"csv {name}", ".csv", "csv", schema(kind), strict=False), {"a": cells}
    for name, kind in JSON_VALUES.items():
        texts = [text for text in kind.texts if text not in ("NaN", "Infinity")]
        form, write = ("json", json_array) if name in DOCUMENTS else ("jsonl", json_lines)
        yield (
            case(f"{form} {name}", f".{form}", form, schema(kind), strict=False),
            {"a": write(texts)},
        )
    pairs = itertools.product((90, 900), (("[", "]"), ('{"a":', "}")))
    deep = [opened * levels + "1" + closed * levels for levels, (opened, closed) in pairs]
    text = Kind("STRING", {})
    yield case("levels", ".jsonl", "jsonl", schema(text)), {"a": json_lines(deep)}
    ends = {f"end {number}": content for number, content in enumerate(LINE_ENDS.values())}
    yield case("line ends", ".csv", "csv", "id BIGINT, v STRING, last STRING", strict=False), ends
    for form, good in (("parquet", as_parquet()), ("orc", as_orc())):
        damaged = {name: make() for name, (of, make, _) in DAMAGED.items() if of == form}
        yield case(f"damaged {form}", f".{form}", form, TWO_COLUMNS), {"good": good, **damaged}
        yield case(f"inferred {form}", f".{form}", form, None, strict=False), {"good": good}
    for form in SAMPLES:
        files = sorted(sample_folder(form, "").iterdir())
        yield (
            case(f"samples {form}", f".{form}", form, None, strict=False),
            {
                file.name.split(".")[0].replace("{{ suffix }}", ""): file.read_bytes()
                for file in files
            },
        )


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _good(suffix: str, form: str) -> bytes:
    """A file without faults: a run whose files are all unreadable fails."""
    if form in GOOD:
        return gzip.compress(GOOD[form]) if suffix.endswith(".gz") else GOOD[form]
    return as_parquet() if form == "parquet" else as_orc()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the same bytes for every version."""
    folder, described = tmp_path_factory.mktemp("inputs"), []
    for number, (case, contents) in enumerate(cases()):
        case["files"] = {name: f"{number}-{at}" for at, name in enumerate(contents)}
        for name, content in contents.items():
            (folder / case["files"][name]).write_bytes(content)
        described.append(case)
    (folder / "cases.json").write_text(json.dumps(described))
    return folder


@pytest.fixture(scope="module")
def results(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a version of Glue makes of the files."""
    source = runtime_source.lay_out(tmp_path_factory.mktemp("runtime") / "src")

    @cache
    def of(version: str) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("results")
        for file in inputs.iterdir():
            (folder / file.name).symlink_to(file)
        ran = subprocess.run(
            [python_of(version), Path(__file__).with_name("results.py"), folder],
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(source), "HOME": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr[-4000:]
        found: dict[str, Any] = json.loads((folder / "results.json").read_text())
        assert found["glue"] == version
        return found

    return of


@pytest.mark.parametrize("version", [version for version in GLUE_VERSIONS if version != DEFAULT])
def test_every_version_of_glue_makes_the_same_of_every_file(results: Any, version: str) -> None:
    ours, theirs = results(DEFAULT)["results"], results(version)["results"]

    assert [*ours] == [*theirs]
    assert sum(len(each["rows"]) for each in ours.values()) > 700
    assert sum(len(each["quarantine"]) for each in ours.values()) > 80
    assert sum(len(each["messages"]) for each in ours.values()) >= 15
    assert differences(ours, theirs) == []


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[tuple[str, str, Any, Any]]:
    """Case and part (rows, types, quarantine, messages, counts) of what is not equal, with both of them."""
    return [
        (name, part, ours[name][part], theirs[name][part])
        for name in ours
        for part in ours[name]
        if ours[name][part] != theirs[name][part]
    ]
