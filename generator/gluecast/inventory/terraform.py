"""The Glue jobs in Terraform code, and what starts them."""

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import hcl2
from lark.exceptions import LarkError

_REFERENCE = re.compile(r"\$\{([^{}]+)\}")
_DEPTH = 6
_TIME = ("schedule", "schedule_expression")


@dataclass(frozen=True)
class Start:
    """A resource or module that names a Glue job, with its schedule if it has one."""

    address: str
    schedule: str = ""


@dataclass(frozen=True)
class GlueJob:
    """A Glue job. `script` is the pattern of its script's path: ``*`` stands for what is computed."""

    address: str
    path: str
    name: str
    script: str
    command: str
    glue_version: str
    arguments: Mapping[str, str]
    starts: tuple[Start, ...]

    @property
    def bookmarks(self) -> bool:
        """Whether the job remembers what it has read."""
        return self.arguments.get("--job-bookmark-option") == "job-bookmark-enable"


@dataclass(frozen=True)
class _Block:
    """A resource or a module: its address and its attributes."""

    address: str
    path: str
    body: Mapping[str, Any]


def read_jobs(repository: Path, paths: Sequence[str]) -> tuple[list[GlueJob], list[str]]:
    """The Glue jobs in these files, and a sentence for each file that cannot be read."""
    blocks: list[_Block] = []
    values: dict[str, Any] = {}
    unread = []
    for path in paths:
        try:
            code = _parsed(repository / path)
        except (LarkError, OSError, UnicodeDecodeError) as error:
            unread.append(f"expected Terraform code in {path}, found {str(error).splitlines()[0]}")
            continue
        blocks += _blocks(code, path)
        values |= _values(code)
    for block in blocks:
        values |= {f"{block.address}.{name}": value for name, value in block.body.items()}
    inner = _inner_jobs(blocks)
    jobs = [
        _job(_whole(block, inner), each, blocks, values)
        for block in blocks
        if _is_job(block) and not any(block is job for job in inner.values())
        for each in _each(block)
    ]
    return jobs, unread


def _inner_jobs(blocks: Sequence[_Block]) -> dict[str, _Block]:
    """The Glue jobs inside of local modules that get their script, by the module's address."""
    folders: dict[str, _Block] = {}
    for block in blocks:
        if block.address.startswith("aws_glue_job."):
            folders.setdefault(posixpath.dirname(block.path), block)
    return {
        block.address: job
        for block in blocks
        if block.address.startswith("module.") and _is_job(block)
        if (job := folders.get(_folder_of(block)))
    }


def _folder_of(module: _Block) -> str:
    source = str(module.body.get("source", ""))
    if not source.startswith("."):
        return source
    return posixpath.normpath(posixpath.join(posixpath.dirname(module.path), source))


def _whole(block: _Block, inner: Mapping[str, _Block]) -> _Block:
    """The block of a module with what the Glue job inside of it says about every such job."""
    job = inner.get(block.address)
    if job is None:
        return block
    command = {**_first(job.body.get("command")), "script_location": _script_of(block)}
    fixed = {
        name: job.body[name]
        for name in ("glue_version",)
        if name in job.body and "${" not in str(job.body[name])
    }
    return replace(block, body={**fixed, **block.body, "command": [command]})


def _each(block: _Block) -> list[str]:
    """The literal keys of for_each; without them, one empty text."""
    names = re.findall(r'"([^"]*)"', str(block.body.get("for_each", "")))
    is_list = re.fullmatch(r"\$\{toset\(\[[^\]]*\]\)\}", str(block.body.get("for_each", "")))
    return names if is_list and names else [""]


def _parsed(path: Path) -> Any:
    options = hcl2.SerializationOptions(with_comments=False, strip_string_quotes=True)
    with path.open(encoding="utf-8") as file:
        return hcl2.load(file, serialization_options=options)


def _blocks(code: Mapping[str, Any], path: str) -> Iterator[_Block]:
    for block in code.get("resource", []):
        for kind, named in block.items():
            for name, body in named.items():
                yield _Block(f"{kind.strip(chr(34))}.{name.strip(chr(34))}", path, body)
    for block in code.get("module", []):
        for name, body in block.items():
            yield _Block(f"module.{name.strip(chr(34))}", path, body)


def _values(code: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for block in code.get("locals", []):
        found |= {f"local.{name}": value for name, value in block.items()}
    for block in code.get("variable", []):
        for name, body in block.items():
            if "default" in body:
                found[f"var.{name.strip(chr(34))}"] = body["default"]
    return found


def _is_job(block: _Block) -> bool:
    if block.address.startswith("aws_glue_job."):
        return True
    is_module = block.address.startswith("module.") and "glue" in str(block.body.get("source", ""))
    return is_module and bool(_script_of(block))


def _script_of(block: _Block) -> str:
    command = _first(block.body.get("command"))
    texts = [command.get("script_location", ""), *block.body.values()]
    scripts = [text for text in texts if isinstance(text, str)]
    ending = [text for text in scripts if text.endswith(".py")]
    return str(command.get("script_location") or (ending[0] if ending else ""))


def _job(block: _Block, each: str, blocks: Sequence[_Block], values: Mapping[str, Any]) -> GlueJob:
    if each:
        values = {**values, "each.value": each, "each.key": each}
    command = _first(block.body.get("command"))
    arguments = block.body.get("default_arguments", {})
    if not isinstance(arguments, Mapping):
        arguments = {}
    return GlueJob(
        address=f'{block.address}["{each}"]' if each else block.address,
        path=block.path,
        name=_resolved(block.body.get("name", block.address.partition(".")[2]), values),
        script=_REFERENCE.sub("*", _resolved(_script_of(block), values)),
        command=str(command.get("name", "glueetl")),
        glue_version=_resolved(block.body.get("glue_version", ""), values),
        arguments={
            str(name).strip('"'): _resolved(value, values) for name, value in arguments.items()
        },
        starts=tuple(_starts(block, blocks, values)),
    )


def _starts(job: _Block, blocks: Sequence[_Block], values: Mapping[str, Any]) -> Iterator[Start]:
    """What names the job: triggers, schedules, rules, state machines, and modules of these."""
    names = [job.address]
    if isinstance(name := job.body.get("name"), str) and "${" not in name:
        names.append(name)
    form = re.compile("|".join(rf"(?<![\w.-]){re.escape(name)}(?![\w-])" for name in names))
    for block in blocks:
        kind = block.address.partition(".")[0]
        if block.address == job.address or not (kind == "module" or re.search(_STARTING, kind)):
            continue
        # The conditions of a trigger name jobs too, which it does not start.
        part = block.body.get("actions", "") if kind == "aws_glue_trigger" else block.body
        text = json.dumps(part, default=str)
        if form.search(text):
            times = (block.body.get(name) for name in _TIME)
            found = next((time for time in times if isinstance(time, str)), "")
            yield Start(block.address, _resolved(found, values))


_STARTING = r"glue_trigger|scheduler_schedule|event_rule|event_target|sfn_state_machine|lambda"


def _first(blocks: Any) -> Mapping[str, Any]:
    found = blocks[0] if isinstance(blocks, list) and blocks else blocks
    return found if isinstance(found, Mapping) else {}


def _resolved(value: Any, values: Mapping[str, Any]) -> str:
    """A text in which references to locals, defaults and attributes are replaced by their values."""
    text = str(value)
    for _ in range(_DEPTH):
        before = text
        text = _REFERENCE.sub(lambda found: _value(found, values), text)
        if text == before:
            break
    return text


def _value(found: re.Match[str], values: Mapping[str, Any]) -> str:
    name = found[1].strip()
    # The id of an object in S3 is its key.
    value = values.get(name, values.get(f"{name.removesuffix('.id')}.key"))
    return str(value) if isinstance(value, str | int | float) else found[0]
