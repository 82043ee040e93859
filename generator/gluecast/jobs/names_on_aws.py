"""The name of a job on AWS: the declared one, and the one that its module passes to main()."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.repository.job_start import name_in_main
from gluecast.repository.layers import Layer
from gluecast.repository.ownership import owned_by_template
from gluecast.repository.terraform_modules import values_of


def name_prefix(repository: Path, environment: str) -> str:
    """What names on AWS begin with in an environment: mart-, or nothing, as in most repositories.

    Raises:
        TerraformError: its file of variables cannot be read.
    """
    folder, found = repository / "infrastructure/environments" / environment, ""
    for file in (folder / "terraform.tfvars", *sorted(folder.glob("*.auto.tfvars"))):
        # Parsing takes far longer than seeing that there is nothing to find.
        if file.is_file() and b"name_prefix" in file.read_bytes():
            found = str(values_of(file).get("name_prefix", found))
    return f"{found}-" if found else ""


class Naming(Enum):
    """Where the Terraform code of a repository takes the names of Glue jobs from."""

    DECLARED = auto()
    """From infrastructure/jobs/<job>.json; from the name of the module's file where there is none."""

    MAIN = auto()
    """From the argument of main() in each module, as in version 0.2."""

    FILE = auto()
    """From the names of the modules' files, as in version 0.1."""

    OWN = auto()
    """From the user's own Terraform code, which defines the Glue jobs."""


@dataclass(frozen=True)
class JobNames:
    """The modules of a repository's src/jobs, and how its Terraform code names them."""

    repository: Path
    layers: Sequence[Layer]

    @cached_property
    def naming(self) -> Naming:
        terraform = self.terraform
        if terraform is None:
            return Naming.OWN
        if "deployed_name" in terraform:
            return Naming.DECLARED
        return Naming.MAIN if r"\\.main\\(" in terraform else Naming.FILE

    @cached_property
    def terraform(self) -> str | None:
        """The template's Terraform code of the Glue jobs, if the repository has it."""
        platform = next((layer for layer in self.layers if layer.is_platform), None)
        modules = platform.recorded.get("modules", "modules") if platform else "modules"
        path = self.repository / f"infrastructure/{modules}/data_platform/main.tf"
        data = path.read_bytes() if path.is_file() else b""
        return data.decode(errors="replace") if owned_by_template(data) else None

    @property
    def modules(self) -> list[Path]:
        """The modules of src/jobs, by name."""
        found = sorted((self.repository / "src/jobs").glob("*.py"))
        return [path for path in found if path.stem != "__init__"]

    def deployed(self) -> Mapping[str, str]:
        """The name on AWS of each module; if it cannot be read, the name of the module itself."""
        return {path.stem: self._deployed(path.stem) for path in self.modules}

    def problems(self, job: str) -> Iterator[str]:
        """Reasons why a module's name on AWS may differ from the name that its runs use."""
        try:
            passed = self._name_in_main(job)
        except GluecastError as error:
            yield (
                f'expected one line <Class>.main("<name>") in {_module(job)}, below '
                f'if __name__ == "__main__":, found {error}'
            )
            return
        if self.naming is not Naming.DECLARED:
            return
        try:
            declared = self.declared(job)
        except GluecastError as error:
            yield str(error)
            return
        if declared is None and passed != job:
            yield (
                f'expected the name on AWS of {job} in {_declaration(job)}, found main("{passed}") '
                f"in {_module(job)} and no such file, so that Terraform takes {job}; write "
                f'{{"deployed_name": "{passed}"}} to that file'
            )
        elif declared is not None and passed != declared:
            yield (
                f'expected one name of {job}, found "{declared}" in {_declaration(job)}, which names '
                f'it on AWS, and main("{passed}") in {_module(job)}, which names its output; '
                "write the same into both"
            )

    def declared(self, job: str) -> str | None:
        """The name that infrastructure/jobs/<job>.json declares; None without the file.

        Raises:
            GluecastError: the file declares none.
        """
        path = self.repository / _declaration(job)
        if not path.is_file():
            return None
        try:
            name = json.loads(path.read_text(encoding="utf-8"))["deployed_name"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GluecastError(
                f'expected {{"deployed_name": "{job}"}} in {_declaration(job)}, found {error!r}'
            ) from error
        if not isinstance(name, str):
            raise GluecastError(
                f"expected a text as deployed_name in {_declaration(job)}, found {name}"
            )
        return name

    def _deployed(self, job: str) -> str:
        try:
            if self.naming is Naming.DECLARED:
                return self.declared(job) or job
            return self._name_in_main(job)
        except GluecastError:
            return job

    def _name_in_main(self, job: str) -> str:
        try:
            return name_in_main((self.repository / _module(job)).read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            raise GluecastError(str(error)) from error


def _module(job: str) -> str:
    return f"src/jobs/{job}.py"


def _declaration(job: str) -> str:
    return f"infrastructure/jobs/{job}.json"
