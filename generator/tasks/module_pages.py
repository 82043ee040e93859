"""Write the inputs and outputs of the Terraform modules into their READMEs: python3 generator docs.

They come from the code of the rendered example, and stand at the end of the READMEs in the template. What
stands before them is written by hand: what a module is for, and an example of each use.
"""

import json
import re
from pathlib import Path
from typing import Any

import hcl2

from gluecast.template.bundled import TEMPLATE_ROOT
from tasks import examples
from tasks.examples import RENDERED

MODULES = sorted(RENDERED.glob("infrastructure/modules/*/"))
BEGIN = "<!-- The rest is written from variables.tf and outputs.tf. -->\n"


def main() -> None:
    """Write the tables of all modules, and render the example before and after it."""
    examples.main()
    for module in MODULES:
        page = page_of(module.name)
        page.write_text(with_tables(page.read_text(encoding="utf-8"), module), encoding="utf-8")
        print(f"wrote {page}")
    examples.main()


def page_of(module: str) -> Path:
    """The README of a module in the template."""
    folder = TEMPLATE_ROOT / "template/{{ platform }}/infrastructure/{{ modules }}"
    return folder / module / "README.md.jinja"


def with_tables(page: str, module: Path) -> str:
    """The text of a README, with the tables of what the module takes and gives now."""
    written, begin, _ = page.partition(BEGIN)
    if not begin:
        raise ValueError(f"expected the line {BEGIN!r} in the README of {module.name}, found none")
    inputs = [
        f"| `{name}` | {_type(each)} | {_default(each)} | {_line(each['description'])} |\n"
        for name, each in _blocks(module / "variables.tf", "variable")
    ]
    outputs = [
        f"| `{name}` | {_line(each['description'])} |\n"
        for name, each in _blocks(module / "outputs.tf", "output")
    ]
    text = f"{written}{begin}\n## Inputs\n\n"
    text += (
        "".join(["| name | type | default | meaning |\n|---|---|---|---|\n", *inputs])
        if inputs
        else "None.\n"
    )
    return text + "\n## Outputs\n\n" + "".join(["| name | meaning |\n|---|---|\n", *outputs])


def _blocks(path: Path, kind: str) -> list[tuple[str, dict[str, Any]]]:
    if not path.exists():
        return []
    options = hcl2.SerializationOptions(with_comments=False, strip_string_quotes=True)
    code = hcl2.loads(path.read_text(encoding="utf-8"), serialization_options=options)
    return [(name, body) for block in code.get(kind, []) for name, body in block.items()]


def _type(variable: dict[str, Any]) -> str:
    written = re.sub(r"^\$\{(.*)\}$", r"\1", variable["type"], flags=re.DOTALL)
    return f"`{re.sub(r'object[(][{].*[}][)]', 'object', written, flags=re.DOTALL)}`"


def _default(variable: dict[str, Any]) -> str:
    return f"`{json.dumps(variable['default'])}`" if "default" in variable else "required"


def _line(description: str) -> str:
    """A description in one line; a heredoc comes with its marks."""
    text = re.sub(r"^<<-?(\w+)\n(.*)\n\s*\1$", r"\2", description.strip(), flags=re.DOTALL)
    return " ".join(text.split()).replace("|", "\\|").replace('\\"', '"')


if __name__ == "__main__":
    main()
