"""The tests of the runtime pass on the newest Spark too: here those of what the table of results leaves out.

That table reads files; these write tables, commit them, repeat them and report. They were chosen by what they
cost there, and by what is different in the two versions: files of Spark, errors, and the JVM's classes.
"""

import re
import subprocess
from pathlib import Path

import runtime_source
from gluecast.template.bundled import TEMPLATE_ROOT
from other_glue import python_of

NEWEST = "6.0"
FILES = (
    "test_failures.py",
    "test_metrics.py",
    "test_output.py",
    "test_own_load.py",
    "test_validation.py",
)


def test_the_tests_of_the_runtime_pass_on_the_newest_glue(tmp_path: Path) -> None:
    source = runtime_source.lay_out(tmp_path / "src")
    folder = TEMPLATE_ROOT / "tests/runtime"
    command = [python_of(NEWEST), "-m", "pytest", "-q", "--confcutdir", folder]
    command += [
        "-p",
        "glue_runtime.testing",
        "-p",
        "no:cacheprovider",
        "--basetemp",
        tmp_path / "t",
    ]

    ran = subprocess.run(
        [*command, *(folder / name for name in FILES)],
        cwd=TEMPLATE_ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr
    assert "incubator" not in ran.stderr
    assert int(re.findall(r"(\d+) passed", ran.stdout)[-1]) >= 60
