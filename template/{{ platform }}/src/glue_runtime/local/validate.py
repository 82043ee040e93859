# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Check the test data of a job on this machine, as `make validate` does, without writing.

It prints what a strict run would refuse and a lenient run would quarantine, and exits with 1 if
there is anything.
"""

import argparse
import sys
from collections.abc import Sequence

from glue_runtime import JobError
from glue_runtime.local.run import find_job
from glue_runtime.observe import logs
from glue_runtime.validation import Finding


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line, check, print, and exit with 1 if there are findings."""
    parser = argparse.ArgumentParser(prog="glue_runtime.local.validate", description=__doc__)
    parser.add_argument("job", help="name of the job's module")
    parser.add_argument(
        "--prefix", default="", help="check only keys with this prefix: sales/2024/"
    )
    options = parser.parse_args(argv)
    stream = logs.claim_stdout()
    logs.configure_logging(sys.stderr)
    try:
        job = find_job(options.job).of_run(options.job, {"env": "local"})
        findings = job.validate(options.prefix)
    except JobError as error:
        sys.exit(f"{options.job}: {error}")
    for finding in findings:
        print(described(finding), file=stream)
    if not findings:
        print("every row of every file is valid", file=stream)
    sys.exit(1 if findings else 0)


def described(finding: Finding) -> str:
    """A finding as text: one line, and one for each place."""
    places = "".join(f"\n    {place}" for place in finding.first)
    return f"{finding.count} {finding.kind}: {finding.reason}{places}"


if __name__ == "__main__":
    main()
