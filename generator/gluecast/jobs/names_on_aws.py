"""The name of a job on AWS: what its module hands to main(), and what Terraform takes it for."""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.repository.layers import Layer
from gluecast.repository.ownership import owned_by_template

_EXPRESSION = re.compile(r'\bregex\(\s*("(?:[^"\\]|\\.)*"),\s*file\(')


class Naming(Enum):
    """Where the Terraform code of a repository takes the names of Glue jobs from."""

    MAIN = auto()
    """From what each module hands to main()."""

    FILE = auto()
    """From the names of the modules' files, as the first versions of the platform do."""

    OWN = auto()
    """From elsewhere: the Glue jobs are not in the template's Terraform code."""


@dataclass(frozen=True)
class JobNames:
    """The modules of a repository's src/jobs, and how its Terraform code names them."""

    repository: Path
    layers: Sequence[Layer]

    @property
    def naming(self) -> Naming:
        if self._expression:
            return Naming.MAIN
        return Naming.OWN if self._terraform is None else Naming.FILE

    @property
    def modules(self) -> list[Path]:
        """The modules of src/jobs, by name."""
        found = sorted((self.repository / "src/jobs").glob("*.py"))
        return [path for path in found if path.stem != "__init__"]

    def deployed(self) -> Mapping[str, str]:
        """The name on AWS, and of the output, of each module."""
        return {path.stem: self._deployed(path) for path in self.modules}

    def in_doubt(self, job: str) -> str | None:
        """Why the name on AWS of a module is not for sure the one that runs; None where it is."""
        path = self.repository / f"src/jobs/{job}.py"
        try:
            handed = handed_to_main(path.read_text(encoding="utf-8"))
        except (GluecastError, UnicodeDecodeError) as error:
            found = str(error)
        else:
            read = self._read_by_terraform(path)
            if self.naming is not Naming.MAIN or read == handed:
                return None
            found = f'"{handed}" there, which the Terraform code reads as "{read}"'
        return (
            f'expected one line <Class>.main("<name>") in src/jobs/{job}.py, indented below '
            f'if __name__ == "__main__": and the first of its kind, found {found}'
        )

    def _deployed(self, path: Path) -> str:
        if self.naming is Naming.MAIN:
            return self._read_by_terraform(path)
        try:
            return handed_to_main(path.read_text(encoding="utf-8"))
        except (GluecastError, UnicodeDecodeError):
            return path.stem

    def _read_by_terraform(self, path: Path) -> str:
        text = path.read_text(encoding="utf-8", errors="replace")
        found = re.search(self._expression, text) if self._expression else None
        return found[1] if found else path.stem

    @cached_property
    def _expression(self) -> str | None:
        """The expression with which the Terraform code looks for the name in a module's text."""
        found = _EXPRESSION.search(self._terraform or "")
        return str(json.loads(found[1])) if found else None

    @cached_property
    def _terraform(self) -> str | None:
        """The template's Terraform code of the Glue jobs, where the repository has it."""
        platform = next((layer for layer in self.layers if layer.is_platform), None)
        modules = platform.recorded.get("modules", "modules") if platform else "modules"
        path = self.repository / f"infrastructure/{modules}/data_platform/main.tf"
        data = path.read_bytes() if path.is_file() else b""
        return data.decode(errors="replace") if owned_by_template(data) else None


def handed_to_main(code: str) -> str:
    """The name in a module's ``if __name__ == "__main__": SalesJob.main("sales")``.

    Raises:
        GluecastError: there is not exactly one such call, or it hands over no plain text.
    """
    try:
        module = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        raise GluecastError("code that Python cannot read") from error
    blocks = [node for node in module.body if isinstance(node, ast.If) and _is_guard(node.test)]
    calls = [node for block in blocks for node in ast.walk(block) if _calls_main(node)]
    if len(calls) != 1:
        raise GluecastError(f"{len(calls) or 'no'} calls of main()")
    call = calls[0]
    statements = [each for block in blocks for each in block.body]
    if not any(isinstance(each, ast.Expr) and each.value is call for each in statements):
        raise GluecastError("the call inside of something else")
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Name()),
            args=[ast.Constant(value=str(name))],
            keywords=[],
        ):
            return name
    raise GluecastError(ast.unparse(call))


def _is_guard(test: ast.expr) -> bool:
    return ast.unparse(test) in ("__name__ == '__main__'", "'__main__' == __name__")


def _calls_main(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "main"
    )
