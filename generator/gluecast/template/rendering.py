"""What a layer looks like at one version of the template."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gluecast.repository.work_tree import File


@dataclass(frozen=True)
class Rendering:
    """What a layer looks like at one version of the template.

    `files` and `sources` (the template's path of each) go by the path in the repository; `skip`
    lists those that the template writes once and leaves alone from then on.
    """

    version: str
    files: Mapping[str, File]
    sources: Mapping[str, str]
    answers: Mapping[str, Any]
    skip: frozenset[str]
