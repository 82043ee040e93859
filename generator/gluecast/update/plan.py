"""Plan an update: which layers move, from which commit of the template to which."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gluecast.errors import GluecastError
from gluecast.repository.layers import Layer, select
from gluecast.template.open_templates import OpenTemplates


@dataclass(frozen=True)
class Step:
    """Move one layer from one commit of its template to another; `target` is the layer afterwards."""

    layer: Layer
    target: Layer
    old: str
    new: str


def plan(
    layers: Sequence[Layer],
    to: str | None,
    only: Sequence[str],
    of: OpenTemplates,
    template: str | None = None,
) -> list[Step]:
    """The layers that are not at the target commit, or whose template is at another address now.

    Raises:
        GluecastError: a version is unknown, or older than the current one.
    """
    steps = []
    for layer in select(layers, only):
        source = of.source(layer)
        target = to or source.latest()
        moved = _moved(layer, template) if template else layer
        step = Step(layer, moved, source.recorded(layer.version), source.resolve(target))
        older = source.is_older(target, layer.version)
        if older and to:
            raise GluecastError(
                f"expected a newer version than {layer.version} of {layer.name}, found {target}"
            )
        if older:
            step = replace(step, new=step.old)
        if step.old != step.new or moved.source != layer.source:
            steps.append(step)
    _refuse_skew(layers, steps, to, of)
    return steps


def _moved(layer: Layer, address: str) -> Layer:
    return replace(layer, source=address, recorded={**layer.recorded, "_src_path": address})


def _refuse_skew(
    layers: Sequence[Layer], steps: Sequence[Step], to: str | None, of: OpenTemplates
) -> None:
    """Refuse a job that would be newer than its platform."""
    moved = {step.layer.name for step in steps}
    jobs = [step for step in steps if not step.layer.is_platform]
    for layer in layers:
        if not layer.is_platform or layer.name in moved or not jobs:
            continue
        source = of.source(layer)
        if source.is_older(layer.version, to or source.latest()):
            raise GluecastError(
                f"expected to update the platform ({layer.version}) with its jobs, found "
                f"--only {jobs[0].layer.name}; add {layer.name}"
            )
