"""Find out what the load() of the jobs does to its target, from all code outside of tests."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gluecast.adopt.python_module import Module
from gluecast.inventory.script import Write, read_script

_REPLACES = re.compile(
    r"overwrite|create\s*or\s*replace|\.replace\(\)|\btruncate\b|purge_s3_path|purge_table"
    r"|delete_objects?\b|\bdelete\s+from\b|\bdrop\s+table\b|rmtree|objects\b.*\.delete\(",
    re.IGNORECASE,
)
"""What replaces or deletes rows: modes of Spark, SQL, and calls of Glue, boto3 and Python."""

_ADDS = ("append", "insert into")


@dataclass(frozen=True)
class OwnLoad:
    """`replacing`: the places where code replaces or deletes. `appends`: every write only adds."""

    replacing: Sequence[str]
    appends: bool


def own_load_of(modules: Sequence[Module]) -> OwnLoad:
    """What the code does to its targets. A load() may call any function, so any code counts."""
    ours = [each for each in modules if not _is_test(each.path)]
    writes = [(each, write) for each in ours for write in read_script(each.path, each.text).writes]
    replacing = [place for each in ours for place in _mentions(each)]
    replacing += [_place(each, write) for each, write in writes if write.replaces]
    appends = bool(writes) and all(write.mode.lower() in _ADDS for _, write in writes)
    return OwnLoad(list(dict.fromkeys(replacing)), appends)


def _is_test(path: str) -> bool:
    return path.startswith("tests/") or "/tests/" in path


def _mentions(module: Module) -> Iterator[str]:
    for number, line in enumerate(module.text.splitlines(), start=1):
        if _REPLACES.search(line):
            yield f"{module.path}:{number}"


def _place(module: Module, write: Write) -> str:
    return f"{module.path}:{write.line}"
