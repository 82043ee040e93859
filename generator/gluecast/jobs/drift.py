"""Find the files of a repository that were edited since the template wrote them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gluecast.errors import GluecastError
from gluecast.repository.layers import Layer
from gluecast.repository.work_tree import WorkTree
from gluecast.template.open_templates import open_templates
from gluecast.template.render_cache import RenderCache, RenderedFile
from gluecast.terminal.progress import Counting, uncounted


@dataclass(frozen=True)
class Drift:
    """Edited and deleted files of one layer, by owner; `error` says why they are unknown."""

    template_owned: list[str]
    user_owned: list[str]
    error: str = ""


def drift_of(
    tree: WorkTree, layers: Sequence[Layer], counting: Counting = uncounted
) -> dict[str, Drift]:
    """The files edited in each layer since the template wrote them, by the layer's name.

    `counting` reports progress to the user while layers are rendered.
    """
    cache = RenderCache(tree)
    found = {
        layer.name: _drift(tree, written)
        for layer in layers
        if (written := cache.get(layer)) is not None
    }
    unknown = [layer for layer in layers if layer.name not in found]
    if unknown:
        with open_templates(tree.folder, tree.storage) as of:
            for layer in counting("layers", unknown):
                try:
                    rendering = of.renderer(layer).render(layer, of.nowhere, strict=True)
                    found[layer.name] = _drift(tree, cache.put(layer, rendering))
                except GluecastError as error:
                    found[layer.name] = Drift([], [], str(error))
        cache.save()
    return found


def _drift(tree: WorkTree, written: Mapping[str, RenderedFile]) -> Drift:
    edited = {path: each for path, each in written.items() if tree.current(path) != each.entry}
    return Drift(
        sorted(path for path, each in edited.items() if each.owned),
        sorted(path for path, each in edited.items() if not each.owned),
    )
