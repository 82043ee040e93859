"""Find the Spark settings that a base class gives to its session."""

import ast
from collections.abc import Iterator

from gluecast.adopt.python_module import Function, Module, last_name

_SETTERS = ("config", "setLogLevel", "enableHiveSupport", "setCheckpointDir")
_CONF_SETTERS = ("set", "setAll", "setIfMissing")


def spark_settings(module: Module, statement: ast.AST) -> list[str]:
    """The settings in a statement and in the functions of the module that it calls, by name."""
    functions = {each.name: each for each in ast.walk(module.tree) if isinstance(each, Function)}
    waiting, seen, found = [statement], set(), list[str]()
    while waiting:
        node = waiting.pop()
        found += _settings(node)
        for each in ast.walk(node):
            name = last_name(each.func) if isinstance(each, ast.Call) else ""
            if name in functions and name not in seen:
                seen.add(name)
                waiting.append(functions[name])
    return list(dict.fromkeys(found))


def _settings(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if not isinstance(each, ast.Call) or not isinstance(each.func, ast.Attribute):
            continue
        method = each.func.attr
        if method in _SETTERS or (
            method in _CONF_SETTERS and "conf" in ast.unparse(each.func.value).lower()
        ):
            names = [
                str(argument.value)
                for argument in each.args[:1]
                if isinstance(argument, ast.Constant) and method in ("config", *_CONF_SETTERS)
            ]
            yield names[0] if names else method
