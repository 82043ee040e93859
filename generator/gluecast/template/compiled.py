"""Templates compiled once, and rendered once for the same values."""

from dataclasses import dataclass
from typing import Any

from jinja2 import Template as JinjaTemplate
from jinja2 import meta, nodes


@dataclass(frozen=True)
class Plain:
    """A template without placeholders, like most values of most questions."""

    text: str

    def render(self, *_: Any, **__: Any) -> str:
        return self.text


class Once:
    """A template that depends on a few variables; it is rendered once for the same values.

    Most questions of a thousand jobs depend on the same few values.
    """

    def __init__(self, template: JinjaTemplate, names: tuple[str, ...]) -> None:
        self._template = template
        self._names = names
        self._known: dict[tuple[Any, ...], str] = {}

    def render(self, *arguments: Any, **named: Any) -> str:
        context = dict(*arguments, **named)
        values = [context.get(name) for name in self._names]
        if any(type(value) not in _PLAIN_TYPES for value in values):
            return self._template.render(context)
        # None may also mean an undefined variable, and 1 is not True.
        key = (*[name in context for name in self._names], *map(repr, values))
        if key not in self._known:
            self._known[key] = self._template.render(context)
        return self._known[key]


CompiledTemplate = JinjaTemplate | Plain | Once

_PLAIN_TYPES = (str, bool, int, float, list, dict, type(None))
_OF_EXTENSIONS = (nodes.CallBlock, nodes.ExtensionAttribute, nodes.ContextReference)
_BY_CHANCE = {"ans_random", "lipsum", "random", "random_mac", "shuffle", "strftime"}


def decided_by(parsed: nodes.Template) -> tuple[str, ...] | None:
    """The variables that fully determine a rendered template; None if there may be others."""
    if any(
        isinstance(node, _OF_EXTENSIONS)
        or getattr(node, "with_context", False)
        or (isinstance(node, (nodes.Filter, nodes.Name)) and node.name in _BY_CHANCE)
        for node in parsed.find_all(nodes.Node)
    ):
        return None
    return tuple(sorted(meta.find_undeclared_variables(parsed)))
