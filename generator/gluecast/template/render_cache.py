"""The render cache: hashes of rendered files, kept in the git directory."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from gluecast.repository.file import Entry
from gluecast.repository.work_tree import WorkTree
from gluecast.template.rendering import Rendering
from gluecast.repository.layers import Layer
from gluecast.repository.ownership import owned_by_template

_FORMAT = 2
"""Increase it when the rendering or the format of the cache changes."""


@dataclass(frozen=True)
class RenderedFile:
    """A rendered file: its mode, the object ID of its content, and its owner.

    `owned`: the template owns it. `once`: the template writes it once, then the user owns it.
    """

    mode: str
    oid: str
    owned: bool
    once: bool

    @property
    def entry(self) -> Entry:
        return Entry(self.mode, self.oid)


class RenderCache:
    """The last rendering of each layer, valid while its answers and its version are unchanged."""

    def __init__(self, tree: WorkTree) -> None:
        """Read the cache of a repository, if there is one."""
        self._path = tree.state_folder / "written.json"
        self._storage = tree.storage.fingerprint
        self._changed = False
        try:
            known = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            known = None
        self._known: dict[str, Any] = known if isinstance(known, dict) else {}

    def get(self, layer: Layer) -> dict[str, RenderedFile] | None:
        """The rendered files of a layer, by path, without its answers file; None if unknown."""
        found = self._known.get(layer.name)
        if not isinstance(found, dict) or found.get("of") != self._digest(layer):
            return None
        try:
            return {path: RenderedFile(*values) for path, values in found["files"].items()}
        except (KeyError, TypeError, AttributeError):
            return None  # not a valid cache entry

    def put(self, layer: Layer, rendering: Rendering) -> dict[str, RenderedFile]:
        """Store the rendering of a layer; returns what `get` will return."""
        written = {
            path: RenderedFile(file.mode, file.oid, owned_by_template(file.data), path in rendering.skip)
            for path, file in rendering.files.items()
            if path != layer.answers_file
        }
        files = {path: astuple(each) for path, each in written.items()}
        self._known[layer.name] = {"of": self._digest(layer), "files": files}
        self._changed = True
        return written

    def save(self) -> None:
        """Write new entries; if that is not permitted, the next command renders again."""
        if not self._changed:
            return
        fresh = self._path.with_name(f"written.{os.getpid()}")
        with suppress(OSError):
            fresh.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(self._known), encoding="utf-8")
            os.replace(fresh, self._path)

    def _digest(self, layer: Layer) -> str:
        """What a rendering depends on: the answers, the version, and how git stores the files."""
        text = json.dumps([_FORMAT, layer.recorded, self._storage], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()
