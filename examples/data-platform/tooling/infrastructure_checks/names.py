# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Names on AWS are taken once."""

from infrastructure_checks.resources import ARNS, Resource

_REPLACED = (
    *("aws_cloudwatch_event_rule", "aws_scheduler_schedule", "aws_sqs_queue"),
    *("aws_pipes_pipe", "aws_sfn_state_machine", "aws_glue_job"),
)


def names_are_taken_once(resources: list[Resource]) -> list[str]:
    """No two resources of a type have one name, as those of two jobs whose rules are called alike.

    AWS would take the second one for a change of the first, and uploads would start one job alone.
    """
    taken: dict[tuple[str, ...], str] = {}
    findings = []
    for resource in resources:
        if resource.type not in _REPLACED:
            continue
        # An ARN names the region and the account too.
        name = str(resource.values["arn" if resource.type in ARNS else "name"])
        group = str(resource.values.get("group_name"))
        other = taken.setdefault((resource.type, group, name), resource.address)
        if other != resource.address:
            findings.append(
                f"expected a name of its own, found {name} of {other} in {resource.address}; call one "
                "of them otherwise"
            )
    return findings
