"""What was edited in a repository, compared with what the template wrote."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.files import WorkTree
from gluecast.repository import Layer
from gluecast.source import Source, open_source

OWNED_BY_TEMPLATE = b"Owned by the gluecast template"


@dataclass(frozen=True)
class Drift:
    """Edited and deleted files of one layer, by who owns them. `error`: it cannot be known, why."""

    template_owned: list[str]
    user_owned: list[str]
    error: str = ""


def drift_of(repository: Path, layers: Sequence[Layer]) -> dict[str, Drift]:
    """What was edited in each layer since the template wrote it, by the layer's name."""
    from gluecast.rendering import Renderer

    tree = WorkTree(repository)
    sources: dict[str, Source] = {}
    renderers: dict[tuple[str, str], Renderer] = {}
    found: dict[str, Drift] = {}
    with tempfile.TemporaryDirectory(prefix="gluecast-") as folder:
        nowhere = Path(folder, "nowhere")
        nowhere.mkdir()
        for layer in layers:
            try:
                if layer.source not in sources:
                    sources[layer.source] = open_source(layer.source, repository, Path(folder))
                source = sources[layer.source]
                key = (layer.source, source.resolve(layer.version))
                if key not in renderers:
                    renderers[key] = Renderer(source.checkout(key[1]))
                files = renderers[key].render(layer, nowhere, strict=True).files
            except GluecastError as error:
                found[layer.name] = Drift([], [], str(error))
                continue
            edited = [
                path
                for path, file in files.items()
                if path != layer.answers_file and tree.current(path) != file.entry
            ]
            owned = [path for path in edited if owned_by_template(files[path].data)]
            found[layer.name] = Drift(sorted(owned), sorted(set(edited) - set(owned)))
    return found


def owned_by_template(content: bytes) -> bool:
    """Whether a file says in its first lines that the template owns it."""
    return OWNED_BY_TEMPLATE in b"\n".join(content.splitlines()[:2])
