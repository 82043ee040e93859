"""Rename a job with all its files: module, tests, data, Terraform code, answers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from gluecast.errors import GluecastError
from gluecast.jobs.job_files import (
    Outcome,
    find_job,
    folders_of,
    mentions_of,
    own_files,
    untracked_files,
)
from gluecast.jobs.names_on_aws import JobNames, Naming
from gluecast.repository.layers import Layer, read_layers
from gluecast.template.open_templates import open_templates
from gluecast.template.rendering import Rendering
from gluecast.update.merge import Change, Kind, merge_layer
from gluecast.update.transaction import write


def rename(start: Path, old: str, new: str) -> Outcome:
    """Rename a job: every file that the template named after it moves, with its edits.

    On AWS the job keeps its name and its output: the answers record the deployed name, and the
    former names of its Terraform module.

    Raises:
        GluecastError: there is no such job, the new name is invalid or taken, a file that moves is
            not committed, or Terraform would replace the job on AWS.
    """
    repository, tree, layer = find_job(start, old)
    _refuse_taken(repository, layer, new)
    renamed = replace(layer, name=new, recorded=_renamed(layer, new))
    with open_templates(repository, tree.storage) as of:
        before = of.renderer(layer).render(layer, of.nowhere, strict=True)
        after = of.renderer(layer).render(renamed, of.nowhere, strict=True)
    names = JobNames(repository, read_layers(repository))
    if "deployed_name" in after.answers:
        _refuse_another_name(names, layer)
    moves = _moves(before, after) | own_files(before, tree, old, new)
    taken = sorted(path for path in moves.values() if path not in before.files and tree.entry(path))
    if taken:
        raise GluecastError(f"expected the name of a new job, found {taken[0]}; choose another")
    # Files that the user deleted under the old name do not come back under the new one.
    gone = {moves[path] for path in moves if tree.entry(path) is None}
    changes = [
        change
        for change in merge_layer(new, renamed.answers_file, before, after, tree, moves)
        if change.path not in gone
    ]
    for path, target in moves.items():
        if path not in before.files and (file := tree.read(path)):
            changes.append(Change(new, target, Kind.RENAMED, file, moved_from=path))
    write(tree, changes, (), "rename")
    return Outcome(
        files=[
            f"{path} -> {target}" for path, target in sorted(moves.items()) if target not in gone
        ],
        conflicts=[change.path for change in changes if change.stages],
        mentions=mentions_of(tree, old, after),
        left=untracked_files(tree, folders_of(before, old)),
        deployed_name=after.answers.get("deployed_name"),
        own_terraform=names.naming is Naming.OWN,
    )


def _renamed(layer: Layer, new: str) -> dict[str, Any]:
    """The answers under the new name.

    The former names form a chain that ends in the new name: Terraform accepts neither a cycle nor
    two names that lead to the same one. So a name that is used again leaves the chain.
    """
    former = [*layer.former_names, layer.name]
    return {
        **layer.recorded,
        "job_name": new,
        "deployed_name": layer.deployed_name,
        "former_names": [name for name in former if name != new],
    }


def _refuse_taken(repository: Path, layer: Layer, new: str) -> None:
    """Refuse a name that another job once had.

    Raises:
        GluecastError: another job had it.
    """
    for other in read_layers(repository):
        if other.name != layer.name and new in (other.deployed_name, *other.former_names):
            raise GluecastError(
                f"expected the name of a new job, found {new}, which {other.name} had before it was "
                "renamed, and may still have on AWS; choose another"
            )


def _refuse_another_name(names: JobNames, layer: Layer) -> None:
    """Refuse a rename after which Terraform would replace the job on AWS.

    Raises:
        GluecastError: Terraform would replace it.
    """
    if names.naming is Naming.FILE:
        raise GluecastError(
            f"expected a platform whose Glue jobs keep their names, found an older one: "
            f"terraform apply would replace {layer.name}; run gluecast update first"
        )
    if not (names.repository / f"src/jobs/{layer.name}.py").is_file():
        return
    for problem in names.problems(layer.name):
        raise GluecastError(f"{problem}; then rename")
    if names.naming is Naming.DECLARED and names.declared(layer.name) is None:
        raise GluecastError(
            f'expected {{"deployed_name": "{layer.deployed_name}"}} in infrastructure/jobs/'
            f"{layer.name}.json, found no such file: terraform apply would replace {layer.name}; "
            "write it, commit, and then rename"
        )
    deployed = names.deployed()[layer.name]
    if deployed != layer.deployed_name:
        raise GluecastError(
            f"expected the name on AWS to be {layer.deployed_name}, as in {layer.answers_file}, "
            f"found {deployed}; set deployed_name in the answers to that name too, commit, and "
            "then rename"
        )


def _moves(before: Rendering, after: Rendering) -> dict[str, str]:
    """The new path of each old path that the same file of the template rendered."""
    targets: dict[str, list[str]] = {}
    for path, source in after.sources.items():
        targets.setdefault(source, []).append(path)
    moves = {path: targets[source].pop(0) for path, source in before.sources.items()}
    return {path: target for path, target in moves.items() if path != target}
