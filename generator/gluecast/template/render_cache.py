"""The render cache: hashes of what the template wrote, kept in git's folder, so that a layer is rendered once."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from gluecast.repository.work_tree import Entry
from gluecast.template.rendering import Rendering
from gluecast.repository.layers import Layer
from gluecast.repository.ownership import owned_by_template

_FORMAT = 1
"""To be raised when a layer is rendered in another way, or remembered in another form."""


@dataclass(frozen=True)
class RenderedFile:
    """A file as the template wrote it: its mode, the name git gives its content, and whose it is.

    `owned`: the template's. `once`: written once, and left to the user from then on.
    """

    mode: str
    oid: str
    owned: bool
    once: bool

    @property
    def entry(self) -> Entry:
        return Entry(self.mode, self.oid)


class RenderCache:
    """The last rendering of each layer, for as long as its answers and its version stay."""

    def __init__(self, folder: Path) -> None:
        """Read what is in a folder, if anything is."""
        self._path = folder / "written.json"
        self._changed = False
        try:
            known = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            known = None
        self._known: dict[str, Any] = known if isinstance(known, dict) else {}

    def get(self, layer: Layer) -> dict[str, RenderedFile] | None:
        """What the template wrote for a layer, by path, but for its answers; None if unknown."""
        found = self._known.get(layer.name)
        if not isinstance(found, dict) or found.get("of") != _digest(layer.recorded):
            return None
        try:
            return {path: RenderedFile(*values) for path, values in found["files"].items()}
        except (KeyError, TypeError, AttributeError):
            return None  # something else wrote it

    def put(self, layer: Layer, rendering: Rendering) -> dict[str, RenderedFile]:
        """Keep what the template wrote for a layer; gives what `get` will."""
        written = {
            path: RenderedFile(file.mode, file.oid, owned_by_template(file.data), path in rendering.skip)
            for path, file in rendering.files.items()
            if path != layer.answers_file
        }
        files = {path: astuple(each) for path, each in written.items()}
        self._known[layer.name] = {"of": _digest(layer.recorded), "files": files}
        self._changed = True
        return written

    def save(self) -> None:
        """Write what is new; where that is not allowed, the next command renders again."""
        if not self._changed:
            return
        fresh = self._path.with_name(f"written.{os.getpid()}")
        with suppress(OSError):
            fresh.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(self._known), encoding="utf-8")
            os.replace(fresh, self._path)


def _digest(recorded: Mapping[str, Any]) -> str:
    text = json.dumps([_FORMAT, recorded], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
