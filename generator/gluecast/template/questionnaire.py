"""Copier's questionnaire without work that it repeats: parsing texts, and combining the answers."""

import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from copier import _main, _user_data

_COPIERS_PARSER = _user_data.parse_yaml_string
_COPIERS_ANSWERS: Any = _user_data.AnswersMap


@contextmanager
def quicker_questionnaire() -> Iterator[None]:
    """Let Copier ask its questions with the functions of this module."""
    user_data: Any = _user_data
    main: Any = _main
    user_data.CAST_STR_TO_NATIVE["yaml"] = user_data.parse_yaml_string = _parse_yaml
    main.AnswersMap = _Answers
    try:
        yield
    finally:
        user_data.CAST_STR_TO_NATIVE["yaml"] = user_data.parse_yaml_string = _COPIERS_PARSER
        main.AnswersMap = _COPIERS_ANSWERS


@lru_cache(maxsize=4096)
def _parsed_once(text: str) -> bytes:
    return pickle.dumps(_COPIERS_PARSER(text))


def _parse_yaml(text: str) -> Any:
    """Copier's parser, but each text is parsed once: the formats are the same for every job."""
    return pickle.loads(_parsed_once(text))


class _Answers(_COPIERS_ANSWERS):  # type: ignore[misc]
    """Copier's answers; they are combined again only after one of them has changed."""

    def __init__(self, **sides: Any) -> None:
        super().__init__(**sides)
        self.user: _Watched = _Watched(sides.get("user", {}))
        self.last: _Watched = _Watched(sides.get("last", {}))
        self._combined: tuple[Any, Mapping[str, Any]] | None = None

    @property
    def combined(self) -> Mapping[str, Any]:
        state = (self.user.changes, self.last.changes, id(self.external))
        if self._combined is None or self._combined[0] != state:
            self._combined = state, super().combined
        return self._combined[1]


class _Watched(dict[str, Any]):
    """Answers that count their changes."""

    changes = 0

    def __setitem__(self, key: str, value: Any) -> None:
        self.changes += 1
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self.changes += 1
        super().__delitem__(key)
