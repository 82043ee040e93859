# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Run a job on this machine, as `make run-local` does.

Without a file, this is a scheduled run over the job's test data. With a file, it copies the file to
the local bucket of its source and runs the job as S3's event for it would on AWS. At a terminal it
shows the table's first rows at the end.
"""

import argparse
import importlib
import inspect
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from glue_runtime import BaseGlueJob, JobError, settings
from glue_runtime.adopted import AdoptedGlueJob
from glue_runtime.errors import ArgumentError, SourceNotFoundError
from glue_runtime.input.source import bucket_for
from glue_runtime.lineage import SOURCE_ID, SOURCE_OBJECT
from glue_runtime.local.session import local_lake
from glue_runtime.observe.logs import is_for_people
from glue_runtime.s3_object import S3Object

FIRST_ROWS = 5


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and run the job; if it fails, exit with 1 and print one line."""
    parser = argparse.ArgumentParser(prog="glue_runtime.local.run", description=__doc__)
    parser.add_argument("job", help="name of the job's module")
    parser.add_argument("--file", help="process this file as if it had just been uploaded")
    parser.add_argument("--arguments", default="", help="further arguments: '--name value'")
    options = parser.parse_args(argv)
    try:
        job_class = find_job(options.job)
        arguments = ["--env", "local", *further_arguments(options.arguments, job_class)]
        if options.file is not None:
            uploaded = upload(Path(options.file), options.job, job_class)
            arguments += ["--bucket", uploaded.bucket, "--object_key", uploaded.key]
    except JobError as error:
        sys.exit(f"{options.job}: {error}")
    for_people = is_for_people(sys.stdout)
    if for_people:
        print(f"Starting Spark for {options.job} ...", file=sys.stderr)
    job_class.main(options.job, arguments)
    if for_people and job_class.load in (BaseGlueJob.load, AdoptedGlueJob.load):
        print(described_table(job_class.of_run(options.job, {"env": "local"})), file=sys.stderr)


def find_job(name: str) -> type[BaseGlueJob]:
    """The job class of the module <name>.py in one of the folders of jobs.

    Raises:
        ArgumentError: there is no such module, or it does not have exactly one job.
    """
    paths = {
        path.stem: path
        for folder in settings.JOB_FOLDERS
        for path in sorted((settings.REPOSITORY / folder).glob("*.py"))
        if path.stem != "__init__"
    }
    if name not in paths:
        raise ArgumentError(f"expected one of the jobs {', '.join(sorted(paths))}, found {name!r}")
    folder = paths[name].parent
    # A job may import its neighbours as a script does, or by their path in the repository.
    sys.path.insert(0, str(folder.parent))
    sys.path += [str(folder), str(settings.REPOSITORY)]
    module = importlib.import_module(f"{folder.name}.{name}")
    classes = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, BaseGlueJob) and member.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise ArgumentError(
            f"expected one subclass of BaseGlueJob in {paths[name]}, found {len(classes)}"
        )
    return classes[0]


def further_arguments(text: str, job_class: type[BaseGlueJob]) -> list[str]:
    """The words of ``--name value --other=value``, quoted as in a shell.

    Raises:
        ArgumentError: a name is not one of the job's `arguments`, or has no value.
    """
    declared, words = ", ".join(f"--{name}" for name in job_class.arguments), []
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ArgumentError(f"expected ARGS='--name value', found {text!r}: {error}") from error
    rest = iter(words)
    for word in rest:
        name, has_value, _ = word.removeprefix("--").partition("=")
        if not word.startswith("--") or name not in job_class.arguments:
            raise ArgumentError(
                f"expected in ARGS one of {declared or 'no arguments'}, found {word!r}; "
                f"{job_class.__name__}.arguments declares the names"
            )
        if not has_value and next(rest, None) is None:
            raise ArgumentError(f"expected a value after {word} in ARGS, found none")
    return words


def described_table(job: BaseGlueJob) -> str:
    """The first rows of a job's table, in the width of the terminal, and where the table lies."""
    folder = local_lake() / job.output_uri.removeprefix("s3://")
    if not folder.exists():
        return f"\nno rows in {folder}"
    table = job.spark.read.parquet(job.output_uri)
    columns = [name for name in table.columns if name not in (SOURCE_ID, SOURCE_OBJECT)]
    rows = table.select(*columns).limit(FIRST_ROWS).collect()
    cells = [columns, *([str(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    edge = shutil.get_terminal_size().columns
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))[:edge]
        for line in cells
    )
    return "\n".join(
        ["", *(line.rstrip() for line in lines), f"... of {table.count()} rows in {folder}"]
    )


def upload(file: Path, job_name: str, job_class: type[BaseGlueJob]) -> S3Object:
    """Copy a file to the local bucket of its source, under the key that it would have on AWS.

    Raises:
        SourceNotFoundError: there is no such file.
        ArgumentError: the job declares no source for the file.
        ObjectKeyError: Spark cannot read a file of this name.
    """
    if not file.is_file():
        raise SourceNotFoundError(f"expected a file to upload, found none at {file.absolute()}")
    test_data = settings.TEST_DATA / job_name
    if file.resolve().is_relative_to(test_data.resolve()):
        key = file.resolve().relative_to(test_data.resolve()).as_posix()
    elif job_class.sources:
        key = job_class.sources[0].prefix + file.name
    else:
        raise ArgumentError(
            f"expected a file below {test_data}, found {file}; move it there, or declare "
            f"the sources of {job_class.__name__}"
        )
    declared = bucket_for(job_class.sources, "local", key)
    uploaded = S3Object(declared or settings.lake_bucket("local", "bronze"), key)
    target = local_lake() / uploaded.bucket / uploaded.key
    target.parent.mkdir(parents=True, exist_ok=True)
    # Spark ignores hidden names: a concurrent run sees the whole file or none.
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as arriving:
        shutil.copyfile(file, arriving.name)
    os.replace(arriving.name, target)
    return uploaded


if __name__ == "__main__":
    main()
