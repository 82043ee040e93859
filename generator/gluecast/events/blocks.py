"""The Terraform blocks that let uploads start existing Glue jobs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gluecast.inventory.inventory import Entry, renamed_arguments

_SUFFIXES = {"csv": ".csv", "json": ".json", "orc": ".orc", "parquet": ".parquet", "text": ".txt"}
_ARGUMENT = re.compile(r"\{args\[['\"](\w+)['\"]\]\}|\{args\.(\w+)\}")
_PLACE = re.compile(r"s3[an]?://([a-z0-9][a-z0-9.-]*)/((?:[A-Za-z0-9._=-]+/)+)")


@dataclass(frozen=True)
class Upload:
    """Uploads that may start a job: bucket, prefix and suffix of their objects."""

    bucket: str
    prefix: str
    suffix: str


def uploads_of(entry: Entry) -> tuple[list[Upload], list[str]]:
    """The inputs of a job whose uploads may start it, and those whose place a run computes."""
    found: list[Upload] = []
    computed: list[str] = []
    for read in entry.script.reads if entry.script else ():
        if read.kind != "s3":
            continue
        path = _with_defaults(read.what, entry.job.arguments if entry.job else {})
        path = path if path.endswith("/") else f"{path}/"
        if place := _PLACE.fullmatch(path):
            found.append(Upload(place[1], place[2], _SUFFIXES.get(read.format, ".csv")))
        else:
            computed.append(f"{read.what} in {read.where}")
    return list(dict.fromkeys(found)), computed


def _with_defaults(path: str, arguments: Mapping[str, str]) -> str:
    """The path with the job's default arguments in the place of args[...]."""
    return _ARGUMENT.sub(
        lambda found: arguments.get(f"--{found[1] or found[2]}", found[0]), path
    ).removesuffix("/*")


def block(entry: Entry, uploads: Sequence[Upload], *, environment: str) -> str:
    """The module block of a job: its rules, and whether a run gets the uploaded object."""
    assert entry.job and entry.script
    name = _identifier(entry.name)
    rules = "".join(
        f"""\
    {name}_upload{f"_{number}" if number else ""} = {{
      bucket_name = "{each.bucket}"
      prefix      = "{each.prefix}"
      suffix      = "{each.suffix}"
      target_arn  = local.gluecast_job_arns["{entry.name}"]
    }}
"""
        for number, each in enumerate(uploads)
    )
    names = renamed_arguments(entry.script, entry.job)
    renamed = ""
    if names:
        width = max(map(len, names))
        lines = "".join(f'    {old:<{width}} = "{new}"\n' for old, new in names.items())
        renamed = f"\n  argument_names = {{\n{lines}  }}\n"
    return f"""\
module "{name}_events" {{
  source = "./gluecast/eventbridge"

  environment    = {environment}
  pass_s3_object = {str(is_for_one_object(entry)).lower()}
{renamed}
  s3_event_rules = {{
{rules}  }}
}}
"""


def head(entries: Sequence[Entry]) -> str:
    """The beginning of the file: the ARNs of the jobs, which are known before a job exists."""
    width = max(len(entry.name) for entry in entries)
    arns = "".join(
        f'    "{entry.name}"{" " * (width - len(entry.name))} = '
        f'"${{local.gluecast_arn}}:job/${{{_name(entry)}}}"\n'
        for entry in entries
    )
    return f"""\
# Owned by you: what starts existing Glue jobs when a file is uploaded. Written by gluecast adopt --events.

module "gluecast_account" {{
  source = "./gluecast/account"
}}

locals {{
  gluecast_arn = "arn:${{module.gluecast_account.partition}}:glue:${{module.gluecast_account.place}}"

  gluecast_job_arns = {{
{arns}  }}
}}
"""


def is_for_one_object(entry: Entry) -> bool:
    """Whether a run for an upload may read the uploaded object alone."""
    script = entry.script
    return bool(script and script.has_helper and not any(each.replaces for each in script.writes))


def _name(entry: Entry) -> str:
    assert entry.job
    return f"{entry.job.address}.name"


def _identifier(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
