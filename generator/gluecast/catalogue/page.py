"""The catalogue as one self-contained HTML file: no network, no server, no other file."""

import base64
import hashlib
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from gluecast.catalogue.contents import Catalogue, Job, catalogue
from gluecast.catalogue.picture import description, tall, wide
from gluecast.errors import GluecastError
from gluecast.repository.layers import find_repository

DEFAULT_OUTPUT = Path("docs/catalogue.html")


def write_page(start: Path, output: Path | None = None) -> tuple[Path, int]:
    """Write the page of the repository around `start`; returns its path and the number of jobs.

    The default `output` is docs/catalogue.html in the repository. The page is deterministic.

    Raises:
        GluecastError: the repository cannot be read, or the page cannot be written.
    """
    found = catalogue(start)
    path = output or find_repository(start) / DEFAULT_OUTPUT
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rendered(found).encode())
    except OSError as error:
        reason = error.strerror or error
        raise GluecastError(f"expected to write the page to {path}, found: {reason}") from error
    return path, len(found.jobs)


def rendered(found: Catalogue) -> str:
    """The page. Text from the repository is escaped, and only the page's own script runs."""
    environment = Environment(
        loader=FunctionLoader(_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["anchor"] = _anchor
    style, script = _file("page.css"), _file("page.js")
    return environment.get_template("page.html.jinja").render(
        catalogue=found,
        description=description,
        pictures=lambda job: (wide(job), tall(job)),
        words=_words,
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The hash of an inline script or style for the Content-Security-Policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _anchor(name: str) -> str:
    """The HTML id of a job, without spaces whatever its name."""
    return f"job-{quote(name, safe='')}"


def _words(job: Job) -> str:
    """The text that the search matches, in lower case."""
    words = [job.name, job.output, job.table, job.version]
    for remark in job.remarks:
        words += ["remark", remark]
    for start in job.starts:
        words += [start.kind, start.name, start.expression, start.timezone, start.when]
        words += start.environments
        words += [f"{place.bucket}/{place.pattern}" for place in start.reads]
    if job.module:
        words += [job.module.purpose, job.module.owner]
        words += [f"{name} {comment}" for name, comment in job.module.comments.items()]
    for source in job.module.sources if job.module else ():
        words += [source.pattern, source.format, *source.routes.values()]
        words += [f"{column.name} {column.type} {column.comment}" for column in source.columns]
    return " ".join(filter(None, dict.fromkeys(words))).lower()
