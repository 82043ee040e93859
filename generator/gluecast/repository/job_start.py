"""Find how a module of src/jobs starts its job: ``SalesETLJob.main("sales_etl")``."""

import ast
from collections.abc import Mapping

from gluecast.errors import GluecastError


def name_in_main(code: str) -> str:
    """The name in a module's ``if __name__ == "__main__": SalesJob.main("sales")``.

    Raises:
        GluecastError: there is not exactly one such call, or its argument is not a string literal.
    """
    try:
        module = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        raise GluecastError("code that Python cannot parse") from error
    blocks = [node for node in module.body if isinstance(node, ast.If) and _is_guard(node.test)]
    calls = [node for block in blocks for node in ast.walk(block) if _calls_main(node)]
    if len(calls) != 1:
        raise GluecastError(f"{len(calls) or 'no'} calls of main()")
    call = calls[0]
    statements = [statement for block in blocks for statement in block.body]
    if not any(isinstance(each, ast.Expr) and each.value is call for each in statements):
        raise GluecastError("the call inside another statement")
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name()), args=[_], keywords=[]):
            if name := _first_text(call):
                return name
    raise GluecastError(ast.unparse(call))


def started_class(tree: ast.Module, classes: Mapping[str, ast.ClassDef]) -> tuple[str, str] | None:
    """Class and name of ``SalesETLJob.main("sales_etl")`` or ``SalesETLJob("sales_etl", args)``.

    It accepts any form in which a job is started, for a page that shows what can be determined. The
    name is empty if it is computed; the result is None without such a call.
    """
    for node in ast.walk(tree):
        match node:
            case (
                ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="main"))
                | ast.Call(func=ast.Name(id=owner))
            ) if owner in classes:
                return owner, _first_text(node)
    return None


def starts_job(tree: ast.Module) -> bool:
    """Whether a module runs something when it is executed, and not only defines it.

    That is a block below ``if __name__ == "__main__":``, or a call of run(), main() or commit() of
    the module's own level.
    """
    for statement in tree.body:
        match statement:
            case ast.If(test=test) if _is_guard(test):
                return True
            case ast.Expr(ast.Call(func=ast.Attribute(attr=called) | ast.Name(id=called))) if (
                called in ("run", "main", "commit")
            ):
                return True
    return False


def _first_text(call: ast.Call) -> str:
    """The first argument, if it is a string literal."""
    match call.args:
        case [ast.Constant(value=str(text)), *_]:
            return text
    return ""


def _is_guard(test: ast.expr) -> bool:
    return ast.unparse(test) in ("__name__ == '__main__'", "'__main__' == __name__")


def _calls_main(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "main"
    )
