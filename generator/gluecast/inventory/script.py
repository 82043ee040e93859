"""What a Glue script reads and writes, from its code."""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gluecast.inventory.expressions import Expressions, argument, chain

_FILES = ("avro", "csv", "json", "orc", "parquet", "text", "xml")
_ANYWHERE = ("load", "save")
_JDBC = ("jdbc", "mysql", "oracle", "postgresql", "redshift", "snowflake", "sqlserver")
_FRAME = re.compile(r"create_(dynamic|data)_frame(_from_(options|catalog|rdd))?")
_WRITTEN_FRAME = re.compile(r"write_dynamic_frame(_from_(options|catalog|jdbc_conf))?")
_REPLACING_SQL = re.compile(
    r"\s*(INSERT\s+OVERWRITE|CREATE\s+OR\s+REPLACE|REPLACE\s+TABLE|TRUNCATE|DELETE\s+FROM"
    r"|DROP\s+TABLE)",
    re.IGNORECASE,
)
_ADDING_SQL = re.compile(r"\s*(INSERT\s+INTO|MERGE\s+INTO|CREATE\s+TABLE|UPDATE)", re.IGNORECASE)
_SQL_TABLE = re.compile(
    r"\b(?:from|join|into|table|overwrite|update)\s+(?:table\s+)?(?:if\s+(?:not\s+)?exists\s+)?"
    r"([\w.`{}]+)",
    re.I,
)
_DELETES = ("purge_s3_path", "purge_table", "delete_objects", "rmtree")
_V2_WRITES = {
    "append": "append",
    "create": "error if it exists",
    "createOrReplace": "overwrite",
    "overwrite": "overwrite",
    "overwritePartitions": "overwrite of partitions",
    "replace": "overwrite",
}


@dataclass(frozen=True)
class Read:
    """One input: `kind` is s3, catalogue, jdbc, load_data, stream or other.

    `path` is the file, if it is another one than the script: that of a base class.
    """

    kind: str
    what: str
    by: str
    line: int
    path: str = ""
    format: str = ""

    @property
    def where(self) -> str:
        """The line, and the file if it is another one than the script: that of a base class."""
        return f"line {self.line}{f' of {self.path}' if self.path else ''}"


@dataclass(frozen=True)
class Write:
    """One output. `replaces`: a second run leaves only what that run has written."""

    kind: str
    what: str
    mode: str
    replaces: bool
    line: int
    path: str = ""

    @property
    def where(self) -> str:
        """See `Read.where`."""
        return f"line {self.line}{f' of {self.path}' if self.path else ''}"


@dataclass(frozen=True)
class Script:
    """A Glue script. `base` is the class that its job extends, if it has a class for its job.

    `error` says why the code cannot be read; the rest is then empty.
    """

    path: str
    reads: tuple[Read, ...] = ()
    writes: tuple[Write, ...] = ()
    arguments: tuple[str, ...] = ()
    uses_bookmarks: bool = False
    has_helper: bool = False
    base: str = ""
    error: str = ""


def read_script(path: str, code: str) -> Script:
    """Read a script without running it."""
    try:
        tree = parsed(code)
    except (SyntaxError, ValueError) as error:
        found = (
            f"{error.msg} in line {error.lineno}" if isinstance(error, SyntaxError) else str(error)
        )
        return Script(path, error=f"it is not Python 3: {found}")
    known = Expressions(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    named = [name for call in calls for name in _resolved_options(call, known)]
    return Script(
        path=path,
        reads=tuple(each for call in calls for each in _reads(call, known)),
        writes=tuple(each for call in calls for each in _writes(call, known)),
        arguments=tuple(dict.fromkeys(name for name in named if name != "JOB_NAME")),
        uses_bookmarks=any(argument(call, "transformation_ctx") for call in calls),
        has_helper=any(next(chain(call), ("", None))[0] == "event_paths" for call in calls),
        base=_base(tree),
    )


def with_base(script: Script, base: Script) -> Script:
    """The script of a job class, with what its base class reads and writes for it."""
    return replace(
        script,
        reads=(*script.reads, *(replace(each, path=base.path) for each in base.reads)),
        writes=(*script.writes, *(replace(each, path=base.path) for each in base.writes)),
        arguments=tuple(dict.fromkeys([*script.arguments, *base.arguments])),
        uses_bookmarks=script.uses_bookmarks or base.uses_bookmarks,
        has_helper=script.has_helper or base.has_helper,
    )


def parsed(code: str) -> ast.Module:
    """The syntax tree of a script.

    Raises:
        SyntaxError, ValueError: it is not Python 3.
    """
    with warnings.catch_warnings(action="ignore"):
        return ast.parse(code.removeprefix("\ufeff"))


def _base(tree: ast.Module) -> str:
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.bases]
    hooks = {"extract", "transform", "load", "run", "process", "execute"}
    for node in classes:
        if hooks & {each.name for each in node.body if isinstance(each, ast.FunctionDef)}:
            base = ast.unparse(node.bases[0]).rpartition(".")[2]
            if base not in ("ABC", "object"):
                return base
    return ""


def _resolved_options(call: ast.Call, known: Expressions) -> Iterator[str]:
    name, _ = next(chain(call), ("", None))
    if name == "getResolvedOptions":
        options = known.followed(argument(call, "options", 1))
        joined = isinstance(options, ast.BinOp) and isinstance(options.op, ast.Add)
        for part in (options.left, options.right) if joined else (options,):  # type: ignore[union-attr]
            if isinstance(known.followed(part), ast.List | ast.Tuple):
                yield from known.texts(part)


# --- inputs ----------------------------------------------------------------------------------------


def _reads(call: ast.Call, known: Expressions) -> Iterator[Read]:
    links = list(chain(call))
    if not links:
        return
    names = [name for name, _ in links]
    line = call.lineno
    if any(_FRAME.fullmatch(name) for name in names[:2]):
        yield from _frame(names[0], call, known)
    elif "readStream" in names:
        if names[0] in (*_FILES, *_ANYWHERE, "table"):
            yield Read("stream", known.text(argument(call, "path", 0)), "Spark", line)
    elif "read" in names[1:] or _is_reader(links, known):
        yield from _spark_read(links, call, known)
    elif names[0] == "load_data":
        yield Read("load_data", known.text(argument(call, "data_type", 0)), "its class", line)
    elif names[0] == "table" and len(names) == 2 and "spark" in names[1]:
        yield Read("catalogue", known.text(argument(call, "tableName", 0)), "Spark", line)
    elif names[0] == "sql":
        yield from _sql_read(known.text(argument(call, "sqlQuery", 0)), line)


def _is_reader(links: list[tuple[str, ast.Call | None]], known: Expressions) -> bool:
    """Whether this ends ``reader = spark.read...``, which was assigned before."""
    value = known.followed(ast.Name(links[-1][0]))
    return isinstance(value, ast.expr) and "read" in [name for name, _ in chain(value)]


def _frame(method: str, call: ast.Call, known: Expressions) -> Iterator[Read]:
    if "rdd" in method:
        return
    if "catalog" in method:
        database = known.text(argument(call, "database", 0))
        table = known.text(argument(call, "table_name", 1))
        yield Read("catalogue", f"{database}.{table}", "DynamicFrame", call.lineno)
        return
    kind = known.text(argument(call, "connection_type", 0))
    options = known.entries(argument(call, "connection_options", 1))
    if kind == "s3":
        form = known.text(argument(call, "format", 2))
        for path in _paths(options.get("paths"), known):
            yield Read("s3", path, "DynamicFrame", call.lineno, format=form)
    elif kind in _JDBC:
        what = known.text(options.get("dbtable")) or kind
        yield Read("jdbc", what, "DynamicFrame", call.lineno)
    else:
        stream = "data_frame" in "".join(name for name, _ in chain(call)) and kind in (
            "kinesis",
            "kafka",
        )
        yield Read("stream" if stream else "other", kind, "DynamicFrame", call.lineno)


def _spark_read(
    links: list[tuple[str, ast.Call | None]], call: ast.Call, known: Expressions
) -> Iterator[Read]:
    method, line = links[0][0], call.lineno
    formats = [
        known.text(argument(each, "source", 0)) for name, each in links if name == "format" and each
    ]
    if method == "jdbc" or (method == "load" and set(formats) & set(_JDBC)):
        tables = [
            known.text(argument(each, "value", 1))
            for name, each in links
            if name == "option" and each and known.text(argument(each, "key", 0)) == "dbtable"
        ]
        what = tables[0] if tables else known.text(argument(call, "table", 1)) or "a database"
        yield Read("jdbc", what, "Spark", line)
    elif method == "table":
        yield Read("catalogue", known.text(argument(call, "tableName", 0)), "Spark", line)
    elif method in _FILES or method == "load":
        form = method if method in _FILES else next(iter(formats), "")
        if _of_rows(known.followed(argument(call, "path", 0))):
            yield Read("other", "rows that the script has", "Spark", line)
            return
        for path in _paths(argument(call, "path", 0), known):
            yield Read("s3", path, "Spark", line, format=form)


def _of_rows(node: ast.expr | None) -> bool:
    """Whether a reader gets an RDD of texts: ``spark.read.json(sc.parallelize(texts))``."""
    return node is not None and any(
        name in ("parallelize", "toJSON", "rdd") for name, _ in chain(node)
    )


def _paths(node: ast.expr | None, known: Expressions) -> list[str]:
    """The paths of an input; those that event_paths() gets, where the script calls it."""
    node = known.followed(node)
    if isinstance(node, ast.Call) and next(chain(node), ("", None))[0] == "event_paths":
        node = argument(node, "directory", 0)
    return known.texts(node) or ["a computed path"]


def _sql_read(statement: str, line: int) -> Iterator[Read]:
    if re.match(r"\s*(SELECT|WITH)\b", statement, re.IGNORECASE):
        for table in dict.fromkeys(_SQL_TABLE.findall(statement)):
            if "." in table:  # a name without a database may be a view of the script itself
                yield Read("catalogue", table, "SQL", line)


# --- outputs ---------------------------------------------------------------------------------------


def _writes(call: ast.Call, known: Expressions) -> Iterator[Write]:
    links = list(chain(call))
    if not links:
        return
    names = [name for name, _ in links]
    line = call.lineno
    if any(_WRITTEN_FRAME.fullmatch(name) for name in names[:2]):
        options = known.entries(argument(call, "connection_options"))
        path = known.text(options.get("path") or options.get("dbtable"))
        table = known.text(argument(call, "table_name"))
        yield Write("frame", path or table or "a computed place", "append", False, line)
    elif names[0] == "getSink":
        yield Write("frame", known.text(argument(call, "path")), "append", False, line)
    elif "writeTo" in names and names[0] in _V2_WRITES:
        table = next(
            known.text(argument(each, "table", 0))
            for name, each in links
            if name == "writeTo" and each
        )
        mode = _V2_WRITES[names[0]]
        yield Write("table", table, mode, mode.startswith("overwrite"), line)
    elif "write" in names[1:] or _is_writer(links, known):
        yield from _spark_write(links, call, known)
    elif names[0] == "sql":
        yield from _sql_write(known.text(argument(call, "sqlQuery", 0)), line)
    elif names[0] in _DELETES or (names[0] == "delete" and "objects" in names):
        what = known.text(call.args[0]) if call.args else "objects"
        yield Write("delete", what, "delete", True, line)


def _is_writer(links: list[tuple[str, ast.Call | None]], known: Expressions) -> bool:
    value = known.followed(ast.Name(links[-1][0]))
    return isinstance(value, ast.expr) and "write" in [name for name, _ in chain(value)]


def _spark_write(
    links: list[tuple[str, ast.Call | None]], call: ast.Call, known: Expressions
) -> Iterator[Write]:
    method = links[0][0]
    if method not in (*_FILES, *_ANYWHERE, "saveAsTable", "insertInto", "jdbc"):
        return
    begun = known.followed(ast.Name(links[-1][0]))
    whole = links + (list(chain(begun)) if begun is not None else [])
    modes = [argument(each, "saveMode", 0) for name, each in whole if name == "mode" and each]
    node = argument(call, "mode") or (modes[0] if modes else None)
    mode = known.text(node) or ("append" if method == "insertInto" else "error if it exists")
    if method == "insertInto" and known.text(argument(call, "overwrite", 1)) == "True":
        mode = "overwrite"
    what = known.text(argument(call, "path", 0) or argument(call, "name", 0))
    # A mode that only a run could tell may be one that replaces.
    adds = mode.lower() in ("append", "ignore", "error", "errorifexists", "error if it exists")
    kind = {"saveAsTable": "table", "insertInto": "table", "jdbc": "jdbc"}.get(method, "files")
    yield Write(kind, what or "a computed place", mode, not adds, call.lineno)


def _sql_write(statement: str, line: int) -> Iterator[Write]:
    tables = _SQL_TABLE.findall(statement) or ["a table"]
    if found := _REPLACING_SQL.match(statement):
        yield Write("table", tables[0], " ".join(found[1].lower().split()), True, line)
    elif found := _ADDING_SQL.match(statement):
        yield Write("table", tables[0], " ".join(found[1].lower().split()), False, line)
