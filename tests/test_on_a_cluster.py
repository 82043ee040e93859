"""Jobs on Spark's own cluster. Of the tests in tests/cluster, the usual run has these few; the task runs all.

They were chosen for what no other test can show: an ordinary run on executors of other hosts, and a
count after a lost executor.
"""

import re
import subprocess
import sys

from gluecast.template.bundled import TEMPLATE_ROOT

CHOSEN = (
    "test_a_process_ends_with_the_one_that_was_killed",
    "test_an_event_leaves_the_rows_of_its_file_and_says_how_many",
    "test_rows_of_a_lost_executor_that_are_computed_again_in_the_same_stage_are_counted_once",
)


def test_the_task_of_the_cluster_runs_tests() -> None:
    chosen = " or ".join(CHOSEN)
    command = [sys.executable, "generator", "test-cluster", "-p", "no:cacheprovider"]

    ran = subprocess.run(
        [*command, "-k", chosen], cwd=TEMPLATE_ROOT, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout[-30000:] + ran.stderr
    assert int(re.findall(r"(\d+) passed", ran.stdout)[-1]) == len(CHOSEN)
