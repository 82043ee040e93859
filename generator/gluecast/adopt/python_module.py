"""A Python file of a repository, as text and as what it says: its classes, what they say."""

import ast
import warnings
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gluecast.errors import GluecastError

NAME = "BaseGlueJob"
"""The class that is looked for."""

BOM = "\ufeff"
"""A mark that some editors put before the text; Python reads over it in files, not in strings."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A Python file of the repository, by its path there."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file; nothing, where it is no Python code and does not speak of the base class.

        Raises:
            GluecastError: it speaks of the base class and is no Python code.
        """
        try:
            with warnings.catch_warnings(action="ignore"):
                return ast.parse(self.text.removeprefix(BOM))
        except (SyntaxError, ValueError) as error:
            if NAME not in self.text:
                return ast.Module([], [])
            found = (
                f"{error.msg} in line {error.lineno}"
                if isinstance(error, SyntaxError)
                else str(error)
            )
            raise GluecastError(f"expected Python code in {self.path}, found {found}") from error

    @property
    def classes(self) -> Iterator[ast.ClassDef]:
        """The classes that the module defines at its top."""
        return (node for node in self.tree.body if isinstance(node, ast.ClassDef))


# --- what it says ----------------------------------------------------------------------------------


def last_name(node: ast.expr) -> str:
    """BaseGlueJob of BaseGlueJob, and of base_job.BaseGlueJob."""
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def own_targets(statement: ast.stmt) -> set[str]:
    """x and y of `self.x = self.y = 1`; nothing of what assigns to something else."""
    targets: Sequence[ast.expr] = ()
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    own = [
        each.attr
        for each in targets
        if isinstance(each, ast.Attribute)
        and isinstance(each.value, ast.Name)
        and each.value.id == "self"
    ]
    return set(own) if len(own) == len(targets) else set()


def is_own(node: ast.Attribute, attributes: Container[str] | None = None) -> bool:
    """Whether this is self.x, with x among the attributes if they are given."""
    own = isinstance(node.value, ast.Name) and node.value.id == "self"
    return own and (attributes is None or node.attr in attributes)


def is_stored(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)


def is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def words(text: str) -> list[str]:
    """The words of a text, also those in quotes and comments, which may name a method too."""
    return "".join(each if each.isalnum() or each == "_" else " " for each in text).split()
