# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Check what Terraform would create. Each check takes all resources and returns findings."""

from collections.abc import Callable

from infrastructure_checks import buckets, glue_jobs, machines, names, policies, schedules, uploads
from infrastructure_checks.resources import Resource

Check = Callable[[list[Resource]], list[str]]
"""Returns findings: "expected ..., found ... in <address>"; none if everything is correct."""

CHECKS: list[Check] = [
    uploads.rules_start_machines,
    uploads.patterns_say_what_they_seem_to,
    uploads.input_templates_give_json,
    uploads.an_upload_starts_one_run,
    uploads.jobs_may_read_what_starts_them,
    schedules.schedules_start_machines,
    schedules.schedules_have_a_time,
    machines.machines_are_valid,
    machines.tasks_call_apis_that_exist,
    machines.tasks_address_what_exists,
    machines.machines_read_what_they_are_sent,
    glue_jobs.jobs_are_what_glue_takes,
    glue_jobs.jobs_find_their_code,
    policies.policies_are_valid,
    policies.nothing_is_open_to_everyone,
    policies.roles_are_trusted_by_their_users,
    policies.roles_may_do_what_is_needed,
    policies.roles_are_all_bounded,
    names.names_are_taken_once,
    buckets.buckets_are_protected,
    buckets.notifications_have_one_owner,
]
