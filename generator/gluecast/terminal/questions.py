"""Ask a question at a terminal: what is typed replaces the default, and does not follow it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from questionary import Question, text
from questionary.prompts import AVAILABLE_PROMPTS

_FADED = "fg:ansibrightblack"


class _TextQuestion(Question):
    """A question whose empty answer is its default."""

    def __init__(self, question: Question, default: str) -> None:
        super().__init__(question.application)
        self._default = default

    def unsafe_ask(self, patch_stdout: bool = False) -> Any:
        return super().unsafe_ask(patch_stdout) or self._default


def ask_text(
    message: str,
    default: str = "",
    validate: Callable[[str], str | bool] = lambda answer: True,
    placeholder: str = "",
    **options: Any,
) -> Question:
    """The question, with its default in grey until something is typed.

    The error of an answer begins with what was expected, because a terminal shows one line of it.
    """

    def checked(answer: str) -> str | bool:
        error = validate(answer or default)
        return error.partition("': ")[2] or error if isinstance(error, str) else error

    # Enter accepts a default; a placeholder only shows the form of an answer.
    shown = [(_FADED, default or (f"such as {placeholder}" if placeholder else ""))]
    question = text(message, validate=checked, placeholder=shown, **options)
    return _TextQuestion(question, default)


@contextmanager
def replacing_defaults() -> Iterator[None]:
    """Let Copier's questionnaire ask in this way."""
    before = AVAILABLE_PROMPTS["input"]
    AVAILABLE_PROMPTS["input"] = ask_text
    try:
        yield
    finally:
        AVAILABLE_PROMPTS["input"] = before
