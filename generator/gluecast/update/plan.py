"""What an update has to do: which layers move from which commit of the template to which."""

from collections.abc import Sequence
from dataclasses import dataclass

from gluecast.errors import GluecastError
from gluecast.repository.layers import Layer, select
from gluecast.template.open_templates import OpenTemplates


@dataclass(frozen=True)
class Step:
    """What is to be done with one layer: from one commit of its template to another."""

    layer: Layer
    old: str
    new: str


def plan(
    layers: Sequence[Layer], to: str | None, only: Sequence[str], of: OpenTemplates
) -> list[Step]:
    """The layers that are at another commit than they should be.

    Raises:
        GluecastError: a version is unknown, or older than what is there.
    """
    steps = []
    for layer in select(layers, only):
        source = of.source(layer)
        target = to or source.latest()
        step = Step(layer, source.resolve(layer.version), source.resolve(target))
        older = source.is_older(target, layer.version)
        if older and to:
            raise GluecastError(
                f"expected a newer version than {layer.version} of {layer.name}, found {target}"
            )
        if step.old != step.new and not older:
            steps.append(step)
    _refuse_skew(layers, steps, to, of)
    return steps


def _refuse_skew(
    layers: Sequence[Layer], steps: Sequence[Step], to: str | None, of: OpenTemplates
) -> None:
    """A job must not be newer than the platform it stands on."""
    moved = {step.layer.name for step in steps}
    jobs = [step for step in steps if not step.layer.is_platform]
    for layer in layers:
        if not layer.is_platform or layer.name in moved or not jobs:
            continue
        source = of.source(layer)
        if source.is_older(layer.version, to or source.latest()):
            raise GluecastError(
                f"expected the platform ({layer.version}) to be updated with its jobs, found "
                f"--only {jobs[0].layer.name}; add {layer.name}"
            )
