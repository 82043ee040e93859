"""The rendering of a layer at one version of the template."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gluecast.repository.file import File


@dataclass(frozen=True)
class Rendering:
    """The rendering of a layer at one version of the template.

    `files` and `sources` (the path in the template) are keyed by the path in the repository; `skip`
    lists the files that the template writes only once.
    """

    version: str
    files: Mapping[str, File]
    sources: Mapping[str, str]
    answers: Mapping[str, Any]
    skip: frozenset[str]
