"""Collect the reasons against an adoption, so that its user reads all of them at once."""

from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

from gluecast.errors import GluecastError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Reasons:
    """The messages of all checks that failed so far, in order, each once."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, messages: Iterable[str]) -> None:
        """Add reasons."""
        self.found += [each for each in dict.fromkeys(messages) if each not in self.found]

    def of(
        self,
        check: Callable[Arguments, Result],
        *arguments: Arguments.args,
        **keywords: Arguments.kwargs,
    ) -> Result | None:
        """The result of a check; None if it failed, which is then one more reason."""
        try:
            return check(*arguments, **keywords)
        except GluecastError as error:
            self.add([str(error)])
            return None

    def refuse(self) -> None:
        """Refuse with every reason there is.

        Raises:
            GluecastError: there is one.
        """
        if not self.found:
            return
        if len(self.found) == 1:
            raise GluecastError(self.found[0])
        lines = [f"  {number}. {each}" for number, each in enumerate(self.found, start=1)]
        raise GluecastError(
            "\n".join(
                [
                    f"expected a repository that can be adopted, found {len(self.found)} obstacles; "
                    "nothing was changed:",
                    *lines,
                ]
            )
        )
