"""Let Copier compile each text of a template once; it would compile the answers' path for every file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jinja2 import Environment

_COMPILE = Environment.compile
_COMPILED: dict[tuple[Any, ...], Any] = {}


@contextmanager
def compiled_once() -> Iterator[None]:
    """Share compiled texts between all Jinja environments of this process, while the context is open."""
    before = Environment.compile
    Environment.compile = _compile  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        Environment.compile = before  # type: ignore[method-assign]


def _compile(
    environment: Environment,
    source: Any,
    name: str | None = None,
    filename: str | None = None,
    raw: bool = False,
    defer_init: bool = False,
) -> Any:
    if not isinstance(source, str):
        return _COMPILE(environment, source, name, filename, raw, defer_init)  # type: ignore[call-overload]
    settings = (
        environment.block_start_string,
        environment.variable_start_string,
        environment.comment_start_string,
        environment.trim_blocks,
        environment.lstrip_blocks,
        environment.keep_trailing_newline,
        *sorted(environment.extensions),
        *sorted(environment.filters),
    )
    key = (*settings, source, name, raw, defer_init)
    if key in _COMPILED:
        # Copier's extension forgets the loop of the path before when it is given the next text.
        environment.preprocess(source, name, filename)
    else:
        _COMPILED[key] = _COMPILE(environment, source, name, filename, raw, defer_init)  # type: ignore[call-overload]
    return _COMPILED[key]
