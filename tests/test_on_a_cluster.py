"""The task of the tests on Spark's own cluster: it runs them. Of these, the usual run has the one without a cluster."""

import re
import subprocess
import sys

from gluecast.template.bundled import TEMPLATE_ROOT

CHOSEN = ("test_a_process_ends_with_the_one_that_was_killed",)


def test_the_task_of_the_cluster_runs_tests() -> None:
    chosen = " or ".join(CHOSEN)
    command = [sys.executable, "generator", "test-cluster", "-p", "no:cacheprovider"]

    ran = subprocess.run(
        [*command, "-k", chosen], cwd=TEMPLATE_ROOT, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr
    assert int(re.findall(r"(\d+) passed", ran.stdout)[-1]) == len(CHOSEN)
