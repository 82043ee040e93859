"""Edit a Python file, leaving all other code unchanged byte for byte."""

import ast
from collections.abc import Sequence
from typing import TypeVar

import libcst as cst

from gluecast.adopt.python_module import BOM, Function, Module, is_text
from gluecast.errors import GluecastError

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
Body = TypeVar("Body", cst.ClassDef, cst.FunctionDef)

_BLANK = cst.EmptyLine(indent=False)


def source_of(base: Module, otherwise: str) -> cst.Module:
    """The file as a tree with whitespace and comments; `otherwise` is the advice if that fails.

    Raises:
        GluecastError: libcst cannot parse the file, or would write it differently.
    """
    text = base.text.removeprefix(BOM)
    try:
        source = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise GluecastError(
            f"expected Python code that libcst can parse in {base.path}, found other code in line "
            f"{error.raw_line}; rewrite that line, or {otherwise}"
        ) from error
    if source.code != text:
        lines = zip(text.splitlines(), source.code.splitlines(), strict=False)
        number = next((n for n, (old, new) in enumerate(lines, start=1) if old != new), 1)
        raise GluecastError(
            f"expected Python code that libcst writes unchanged in {base.path}, found a difference "
            f"in line {number}; rewrite that line, or {otherwise}"
        )
    return source


def paired(
    base: Module, node: ast.ClassDef | Function, source: cst.ClassDef | cst.FunctionDef
) -> list[tuple[ast.stmt, Statement]]:
    """The statements of a body, each as an ast node and as a libcst node.

    Raises:
        GluecastError: two statements share a line, or one is on the line of the head.
    """
    if not isinstance(source.body, cst.IndentedBlock):
        raise GluecastError(
            f"expected the body of {node.name} on separate lines, found it in line {node.lineno}; "
            "move it to a new line"
        )
    for first, second in zip(node.body, node.body[1:], strict=False):
        if second.lineno <= (first.end_lineno or first.lineno):
            raise GluecastError(
                f"expected one statement per line, found two in line {second.lineno} of "
                f"{base.path}; put each on a separate line"
            )
    return list(zip(node.body, _statements(source.body.body), strict=True))


def _statements(found: Sequence[cst.BaseStatement]) -> list[Statement]:
    return [each for each in found if isinstance(each, Statement)]


def statement(source: cst.Module, code: str, above: Sequence[str] = ()) -> Statement:
    """New code in the style of the file, below comments or empty lines."""
    parsed = cst.parse_statement(code, config=source.config_for_parsing)
    assert isinstance(parsed, Statement)
    lines = [cst.EmptyLine(comment=cst.Comment(each)) if each else _BLANK for each in above]
    return parsed.with_changes(leading_lines=lines)


def with_body(source: Body, statements: Sequence[Statement]) -> Body:
    """The class or function with these statements."""
    return source.with_changes(body=source.body.with_changes(body=statements))


def with_statement_for(
    node: cst.FunctionDef | cst.Try | cst.With,
    path: Sequence[int],
    replaced: range,
    new: Statement,
    gone: Sequence[int],
) -> cst.FunctionDef | cst.Try | cst.With:
    """`node` with one statement in place of several in the block that `path` leads to.

    `path` has the indices of the statements around the block, outermost first; `gone` those of further
    statements of the block that go.
    """
    assert isinstance(node.body, cst.IndentedBlock)
    block = list(node.body.body)
    if path:
        inner = block[path[0]]
        assert isinstance(inner, cst.Try | cst.With)
        changed = with_statement_for(inner, path[1:], replaced, new, gone)
        assert isinstance(changed, cst.Try | cst.With)
        block[path[0]] = changed
    else:
        first = _statements(block)[replaced.start]
        kept = [
            new.with_changes(leading_lines=first.leading_lines)
            if number == replaced.start
            else each
            for number, each in enumerate(block)
            if number == replaced.start or number not in (*replaced, *gone)
        ]
        block = kept
    return node.with_changes(body=node.body.with_changes(body=block))


def refuse_shared_lines(base: Module, node: ast.AST) -> None:
    """Refuse two statements on one line, which ast counts as two and libcst as one.

    Raises:
        GluecastError: there are.
    """
    lines: set[int] = set()
    for each in ast.walk(node):
        if isinstance(each, ast.stmt):
            if each.lineno in lines:
                raise GluecastError(
                    f"expected one statement per line, found two in line {each.lineno} of "
                    f"{base.path}; put each on a separate line"
                )
            lines.add(each.lineno)


def with_base(source: cst.ClassDef, name: str, replaced: Sequence[str]) -> cst.ClassDef:
    """The class with `name` as its last base class, in place of the ones it replaces."""
    gone = [each for each in source.bases if not each.star and _last_name(each.value) in replaced]
    kept = [each for each in source.bases if not any(each is other for other in gone)]
    new = cst.Arg(cst.Name(name))
    places = [each for each in source.bases if not any(each is other for other in gone[1:])]
    if not gone:
        last = source.bases[-1].comma if source.bases else cst.MaybeSentinel.DEFAULT
        places.append(new.with_changes(comma=last))
    # Comments stay in their places.
    bases = [
        place.with_changes(value=each.value, star=each.star)
        for place, each in zip(places, [*kept, new], strict=True)
    ]
    ends = bases if source.keywords else bases[:-1]
    bases[: len(ends)] = [_followed(each) for each in ends]
    bracketed = isinstance(source.lpar, cst.LeftParen)
    return source.with_changes(
        bases=bases,
        lpar=source.lpar if bracketed else cst.LeftParen(),
        rpar=source.rpar if bracketed else cst.RightParen(),
    )


def _followed(argument: cst.Arg) -> cst.Arg:
    if isinstance(argument.comma, cst.Comma):
        return argument
    return argument.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))


def _last_name(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def with_import(source: cst.Module, tree: ast.Module, code: str, before: str) -> cst.Module:
    """The file with one more import, after the imports above the class `before`."""
    body = _statements(source.body)
    position = next(
        number
        for number, each in enumerate(body)
        if isinstance(each, cst.ClassDef) and each.name.value == before
    )
    heads = [number for number in range(position) if _is_head(body[number])]
    if tree.body and is_text(tree.body[0]):
        heads.append(0)
    index = max(heads, default=-1) + 1
    header, between = list(source.header), []
    if index == 0:
        # Comments above the first statement may belong to the file or to that statement.
        lines = [*header, *body[0].leading_lines]
        count = _head_comments(lines)
        header, between = lines[:count], lines[count:]
    else:
        between = list(body[index].leading_lines)
    if not between or between[0].comment:
        between = [_BLANK, _BLANK, *between]
    new = statement(source, code, [""] if header or index else [])
    body[index] = body[index].with_changes(leading_lines=between)
    return source.with_changes(header=header, body=[*body[:index], new, *body[index:]])


def _is_head(found: Statement) -> bool:
    return isinstance(found, cst.SimpleStatementLine) and any(
        isinstance(each, cst.Import | cst.ImportFrom) for each in found.body
    )


def _head_comments(lines: Sequence[cst.EmptyLine]) -> int:
    """The number of lines about the file: shebang, encoding, or lines before a blank one."""
    texts = [each.comment.value if each.comment else "" for each in lines]
    number = 0
    while number < min(2, len(texts)) and _is_pragma(texts[number]):
        number += 1
    block = next((index for index, text in enumerate(texts) if not text), None)
    return number if block is None else max(number, block)


def _is_pragma(comment: str) -> bool:
    return comment.startswith("#!") or "coding:" in comment or "coding=" in comment
