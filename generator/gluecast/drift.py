"""What was edited in a repository, compared with what the template wrote."""

from collections.abc import Sequence
from dataclasses import dataclass

from gluecast.errors import GluecastError
from gluecast.files import WorkTree
from gluecast.memory import Memory, Written
from gluecast.repository import Layer
from gluecast.templates import Templates, templates


@dataclass(frozen=True)
class Drift:
    """Edited and deleted files of one layer, by who owns them. `error`: it cannot be known, why."""

    template_owned: list[str]
    user_owned: list[str]
    error: str = ""


def drift_of(tree: WorkTree, layers: Sequence[Layer]) -> dict[str, Drift]:
    """What was edited in each layer since the template wrote it, by the layer's name."""
    memory = Memory(tree.state_folder)
    found: dict[str, Drift] = {}
    with templates(tree.folder) as of:
        for layer in layers:
            try:
                written = memory.recall(layer) or _rendered(layer, of, memory)
            except GluecastError as error:
                found[layer.name] = Drift([], [], str(error))
                continue
            edited = {
                path: each for path, each in written.items() if tree.current(path) != each.entry
            }
            found[layer.name] = Drift(
                sorted(path for path, each in edited.items() if each.owned),
                sorted(path for path, each in edited.items() if not each.owned),
            )
    memory.save()
    return found


def _rendered(layer: Layer, of: Templates, memory: Memory) -> dict[str, Written]:
    rendering = of.renderer(layer).render(layer, of.nowhere, strict=True)
    return memory.remember(layer, rendering)
