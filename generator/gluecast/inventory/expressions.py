"""The text of expressions in a script, as far as it can be read without running it."""

import ast
from collections.abc import Iterator, Mapping

_DEPTH = 8


def assigned_names(tree: ast.AST) -> dict[str, ast.expr]:
    """The last expression that is assigned to each name, anywhere in a script."""
    found: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found[name] = value
    return found


class Expressions:
    """Expressions of one script, with its names followed to what is assigned to them."""

    def __init__(self, tree: ast.AST) -> None:
        self._assigned: Mapping[str, ast.expr] = assigned_names(tree)

    def followed(self, node: ast.expr | None) -> ast.expr | None:
        """The expression behind a name; any other expression as it is."""
        for _ in range(_DEPTH):
            if not isinstance(node, ast.Name) or node.id not in self._assigned:
                break
            node = self._assigned[node.id]
        return node

    def text(self, node: ast.expr | None, depth: int = 0) -> str:
        """``s3://raw/{args['day']}/`` for a literal, an f-string, or what joins them; else its code."""
        if node is None:
            return ""
        match node:
            case ast.Constant(value=str(value)):
                return value
            case ast.JoinedStr(values=values):
                return "".join(self.text(value, depth) for value in values)
            case ast.FormattedValue(value=value):
                return self._embedded(value, depth)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._embedded(left, depth) + self._embedded(right, depth)
            case ast.Name(id=name) if name in self._assigned and depth < _DEPTH:
                value = self._assigned[name]
                if isinstance(value, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Name):
                    return self.text(value, depth + 1)
                if isinstance(value, ast.Subscript):
                    return ast.unparse(value)
        return ast.unparse(node)

    def texts(self, node: ast.expr | None) -> list[str]:
        """The texts of a list, or the one of any other expression."""
        node = self.followed(node)
        if isinstance(node, ast.List | ast.Tuple):
            return [self.text(each) for each in node.elts]
        return [self.text(node)] if node is not None else []

    def entries(self, node: ast.expr | None) -> dict[str, ast.expr]:
        """The entries of a dictionary with literal keys."""
        node = self.followed(node)
        if not isinstance(node, ast.Dict):
            return {}
        return {
            key.value: value
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }

    def _embedded(self, node: ast.expr, depth: int) -> str:
        text = self.text(node, depth)
        is_text = isinstance(self.followed(node), ast.Constant | ast.JoinedStr | ast.BinOp)
        return text if is_text else f"{{{text}}}"


def chain(node: ast.expr) -> Iterator[tuple[str, ast.Call | None]]:
    """The attributes of ``df.write.mode("append").parquet(path)`` from the last to the first.

    Each comes with its call, if it is called; the last one is the name that all of it begins with.
    """
    while True:
        call = node if isinstance(node, ast.Call) else None
        target = node.func if isinstance(node, ast.Call) else node
        if isinstance(target, ast.Attribute):
            yield target.attr, call
            node = target.value
        elif isinstance(target, ast.Name):
            yield target.id, call
            return
        else:
            return


def argument(call: ast.Call, name: str, position: int | None = None) -> ast.expr | None:
    """An argument of a call, by its name or its position."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if position is not None and position < len(call.args):
        return call.args[position]
    return None
