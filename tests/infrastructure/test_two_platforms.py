"""Two platforms in one account never meet, in whatever order they come and go.

Both are applied to one emulated AWS with the real provider. The second one has the jobs of the first, a
data lake of its own, and the name_prefix mart. The tests compare what the account contains, as boto3
sees it.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

import deployment
import operations.doctor
import operations.environment
from account import Account, account, part
from deployment import Deployment, prepare
from emulated_aws.server import ACCOUNT, REGION, EmulatedAws, emulated_aws
from operations.environment import Environment
from operations.patterns import matches
from terraform import needs_terraform, repository_with_archive

pytestmark = needs_terraform

JOB = "sales_etl"
FIRST, SECOND = "sales-etl-dev", "mart-sales-etl-dev"
"""The machine of the job of each platform."""


@dataclass
class Course:
    """What was seen while both platforms came and went."""

    first_alone: Account = field(default_factory=dict)
    refused: str = ""
    after_the_refusal: Account = field(default_factory=dict)
    without_the_check: str = ""
    after_the_try: Account = field(default_factory=dict)
    in_another_region: str = ""
    after_the_region: Account = field(default_factory=dict)
    both: Account = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    uploads: dict[str, dict[str, int]] = field(default_factory=dict)
    second_destroyed: Account = field(default_factory=dict)
    both_again: Account = field(default_factory=dict)
    first_destroyed: Account = field(default_factory=dict)

    @property
    def second(self) -> Account:
        """What belongs to the second platform."""
        in_west = self.after_the_region.keys() - self.after_the_try.keys()
        others = self.first_alone.keys() | in_west
        return {thing: told for thing, told in self.both.items() if thing not in others}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    with emulated_aws(tmp_path_factory.mktemp("aws")) as started:
        yield started


@pytest.fixture(scope="module")
def course(aws: EmulatedAws, tmp_path_factory: pytest.TempPathFactory) -> Course:
    folder, seen = tmp_path_factory.mktemp("platforms"), Course()
    repository = repository_with_archive(folder / "a platform")
    # A run needs no Spark here.
    (repository / f"src/jobs/{JOB}.py").write_text("print('{}')\n")
    # The provider takes a minute to be sure of them.
    lakes = repository / "infrastructure/modules/data_platform/main.tf"
    kept, lifecycles = lakes.read_text().split('"aws_s3_bucket_lifecycle_configuration" "this" {')
    each = "for_each = aws_s3_bucket.this"
    assert each in lifecycles
    lakes.write_text(
        f'{kept}"aws_s3_bucket_lifecycle_configuration" "this" {{'
        + lifecycles.replace(each, "for_each = {}", 1)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deployment, "REPOSITORY", repository)
        first = prepare(aws, folder / "first", [JOB])
        second = prepare(aws, folder / "second", [JOB])
        third = prepare(aws, folder / "third", [JOB])
    environment = second.folder / "infrastructure/environments/dev"
    main = environment / "main.tf"
    main.write_text(main.read_text().replace('"data-lake"', '"mart-lake"'))

    first.apply()
    seen.first_alone = account(aws)
    seen.refused = refused(second)
    seen.after_the_refusal = account(aws)

    rule = second.folder / "infrastructure/modules/observability/executions.tf"
    checked = rule.read_text()
    assert "length(local.others) == 0" in checked
    rule.write_text(checked.replace("length(local.others) == 0", "true"))
    seen.without_the_check = refused(second)
    seen.after_the_try = account(aws)
    rule.write_text(checked)

    west = third.folder / "infrastructure/environments/dev/main.tf"
    west.write_text(west.read_text().replace('"data-lake"', '"west-lake"'))
    seen.in_another_region = refused(third, "-var=region=eu-west-1")
    seen.after_the_region = account(aws)

    (environment / "terraform.tfvars").write_text('name_prefix = "mart"\n')
    second.apply()
    seen.both = account(aws)
    seen.findings = findings(aws, second)
    seen.uploads = {lake: upload(aws, lake) for lake in ("data-lake", "mart-lake")}

    destroy(second)
    seen.second_destroyed = account(aws)
    second.apply("-refresh=false")
    seen.both_again = account(aws)
    destroy(first)
    seen.first_destroyed = account(aws)
    return seen


def refused(platform: Deployment, *options: str) -> str:
    """What Terraform says when it cannot apply a platform."""
    with pytest.raises(RuntimeError) as raised:
        platform.apply(*options)
    return " ".join(str(raised.value).split())


def destroy(platform: Deployment) -> None:
    """Destroy a platform with its data, and nothing else."""
    given = (f"-var=region={REGION}", "-var=force_destroy=true", "-refresh=false")
    platform.terraform("destroy", "-no-color", "-input=false", "-auto-approve", *given)


def findings(aws: EmulatedAws, platform: Deployment) -> list[str]:
    """What doctor finds in a platform."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations.environment, "REPOSITORY", platform.folder)
        patch.setattr(operations.doctor, "REPOSITORY", platform.folder)
        patch.setattr(operations.environment, "LAKE_PREFIX", "mart-lake")
        for name, value in {
            "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "emulated",
            "AWS_SECRET_ACCESS_KEY": "emulated",
        }.items():
            patch.setenv(name, value)
        return [
            f"{each.where} {each.problem}"
            for each in operations.doctor.diagnose(Environment("dev"), [JOB])
        ]


def upload(aws: EmulatedAws, lake: str) -> dict[str, int]:
    """Upload an object; gives the number of successful executions that each machine has had since."""
    states = aws.client("stepfunctions")
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:"

    def executions(machine: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = states.list_executions(stateMachineArn=f"{arn}{machine}")[
            "executions"
        ]
        return found

    before = {machine: len(executions(machine)) for machine in (FIRST, SECOND)}
    aws.client("s3").put_object(Bucket=f"{lake}-dev-bronze", Key="sales/a.csv", Body=b"id\n1\n")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        started = {machine: executions(machine) for machine in (FIRST, SECOND)}
        if "RUNNING" not in str(started):
            break
        time.sleep(0.2)
    return {
        machine: sum(each["status"] == "SUCCEEDED" for each in found) - before[machine]
        for machine, found in started.items()
    }


def test_a_second_platform_of_the_same_names_is_refused_and_told_of_the_prefix(
    course: Course,
) -> None:
    assert "Resource precondition failed" in course.refused
    assert "/aws/events/data-lake-dev/executions" in course.refused
    assert 'terraform.tfvars of the environment dev: name_prefix = "mart"' in course.refused
    assert course.after_the_refusal == course.first_alone


def test_without_that_check_a_second_platform_fails_before_it_takes_anything(
    course: Course,
) -> None:
    assert "already exists" in course.without_the_check
    assert part(course.after_the_try, course.first_alone) == course.first_alone


def test_in_another_region_the_roles_of_a_second_platform_are_refused(course: Course) -> None:
    roles = {name for kind, name in course.after_the_region if kind == "role"}

    assert f"Role with name {FIRST}-job already exists" in course.in_another_region
    assert part(course.after_the_region, course.first_alone) == course.first_alone
    assert roles == {name for kind, name in course.first_alone if kind == "role"}


def test_a_platform_with_a_prefix_leaves_the_first_one_as_it_is(course: Course) -> None:
    assert part(course.both, course.first_alone) == course.first_alone


def test_the_prefix_is_in_the_names_that_a_lake_does_not_set_apart(course: Course) -> None:
    named = {
        kind: {name for each, name in course.second if each == kind}
        for kind in ("rule", "schedule group", "schedule", "job", "machine", "role")
    }

    assert named == {
        "rule": {"mart-dev-executions", "mart-dev-sales-etl-file-trigger"},
        "schedule group": {"mart-dev"},
        "schedule": {"mart-dev-sales-etl-schedule"},
        "job": {SECOND},
        "machine": {SECOND},
        "role": {f"{SECOND}-{use}" for use in ("job", "machine", "rules", "schedules")},
    }


def test_each_platform_has_the_database_of_its_lake(course: Course) -> None:
    assert {name for kind, name in course.both if kind == "database"} == {
        "data_lake_dev_silver",
        "mart_lake_dev_silver",
    }


def test_the_operators_of_the_second_platform_find_it_by_its_names(course: Course) -> None:
    assert course.findings == []


def test_an_upload_starts_the_job_of_its_own_platform(course: Course) -> None:
    assert course.uploads == {
        "data-lake": {FIRST: 1, SECOND: 0},
        "mart-lake": {FIRST: 0, SECOND: 1},
    }


def test_each_platform_logs_the_executions_of_its_own_machines(course: Course) -> None:
    logged = {}
    for rule in ("dev-executions", "mart-dev-executions"):
        told = course.both["rule", rule]
        logged[told["Targets"][0]["Arn"].split(":log-group:")[1]] = [
            machine
            for machine in (FIRST, SECOND, "other-dev")
            if matches(json.loads(told["EventPattern"]), ended(machine))
        ]

    assert logged == {
        "/aws/events/data-lake-dev/executions": [FIRST],
        "/aws/events/mart-lake-dev/mart-executions": [SECOND],
    }


def ended(machine: str) -> dict[str, Any]:
    """The event of an execution that has ended."""
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{machine}"
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"stateMachineArn": arn, "status": "FAILED"},
    }


def test_nothing_of_a_platform_names_anything_of_the_other(course: Course) -> None:
    names_of_first = re.compile(
        r'data[-_]lake|(?<!mart-)sales-etl-dev|rule/dev-|schedule(-group)?/dev|"ScheduleGroup", "Value": "dev"'
    )

    assert [thing for thing, told in course.first_alone.items() if "mart" in json.dumps(told)] == []
    for thing, told in course.second.items():
        assert names_of_first.search(json.dumps(told)) is None, thing
    # The expression finds what it looks for.
    kinds = {kind for kind, _ in course.first_alone}
    for kind in kinds - {"bucket", "object", "log policy", "schedule group"}:
        of_kind = [
            json.dumps(told) for (each, _), told in course.first_alone.items() if each == kind
        ]
        assert any(names_of_first.search(text) for text in of_kind), kind


def test_the_second_one_goes_and_comes_and_the_first_stays(course: Course) -> None:
    first = course.first_alone

    assert part(course.second_destroyed, first) == first
    assert part(course.second_destroyed, course.second) == dict.fromkeys(course.second)
    assert part(course.both_again, first) == first


def test_the_first_one_goes_and_the_second_stays(course: Course) -> None:
    second = {thing: told for thing, told in course.both_again.items() if thing in course.second}

    assert second.keys() == course.second.keys()
    assert part(course.first_destroyed, second) == second
    assert part(course.first_destroyed, course.first_alone) == dict.fromkeys(course.first_alone)
