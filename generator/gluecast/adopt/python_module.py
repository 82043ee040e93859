"""A Python file of a repository: its text, its syntax tree, its classes."""

import ast
import warnings
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gluecast.errors import GluecastError

NAME = "BaseGlueJob"
"""The name of the platform's class, and of the base class unless the user names another one."""

BOM = "\ufeff"
"""A byte order mark: some editors write it, and Python skips it in files but not in strings."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A Python file of the repository, by its path there, and the name of the base class of jobs."""

    path: str
    text: str
    base_class: str = NAME

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file; empty if it is not valid Python and does not mention the base class.

        Raises:
            GluecastError: it mentions the base class and is not valid Python.
        """
        try:
            with warnings.catch_warnings(action="ignore"):
                return ast.parse(self.text.removeprefix(BOM))
        except (SyntaxError, ValueError) as error:
            if self.base_class not in self.text:
                return ast.Module([], [])
            found = (
                f"{error.msg} in line {error.lineno}"
                if isinstance(error, SyntaxError)
                else str(error)
            )
            raise GluecastError(f"expected Python code in {self.path}, found {found}") from error

    @property
    def classes(self) -> Iterator[ast.ClassDef]:
        """The top-level classes of the module."""
        return (node for node in self.tree.body if isinstance(node, ast.ClassDef))


# --- syntax trees ----------------------------------------------------------------------------------


def last_name(node: ast.expr) -> str:
    """``BaseGlueJob`` for BaseGlueJob and base_job.BaseGlueJob; empty for other expressions."""
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def own_targets(statement: ast.stmt) -> set[str]:
    """x and y for `self.x = self.y = 1`; empty for other statements."""
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
    """Whether this is self.x, with x among the given attributes, if any."""
    own = isinstance(node.value, ast.Name) and node.value.id == "self"
    return own and (attributes is None or node.attr in attributes)


def is_stored(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)


def is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def words(text: str) -> list[str]:
    """The words of a text, also in quotes and comments, which may name a method too."""
    return "".join(each if each.isalnum() or each == "_" else " " for each in text).split()
