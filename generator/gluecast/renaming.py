"""Rename or remove a job with all its files: module, tests, data, Terraform code, answers."""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gluecast.errors import GluecastError
from gluecast.files import File, Rendering, WorkTree
from gluecast.git import git, run_git
from gluecast.memory import owned_by_template
from gluecast.merge import Change, Kind, merge_layer
from gluecast.names_on_aws import JobNames, Naming
from gluecast.repository import Layer, find_repository, read_layers, select
from gluecast.templates import templates
from gluecast.writing import refuse_unfinished, write


@dataclass(frozen=True)
class Outcome:
    """What was done. `files` are lines for people; `mentions` are files that still name the job.

    `left` are files in the job's folders that git does not know: they stay where they are.
    `deployed_name` is the name that a renamed job keeps on AWS; None where its template has no such
    thing. `own_terraform`: the Glue job is not in the template's Terraform code.
    """

    files: list[str]
    conflicts: list[str]
    mentions: list[str]
    left: list[str]
    deployed_name: str | None = None
    own_terraform: bool = False


def rename(start: Path, old: str, new: str) -> Outcome:
    """Give a job another name: every file that the template named after it moves, edits and all.

    On AWS it stays what it is, with its name and its output: the answers record the name that it is
    deployed under, and those that its Terraform module had.

    Raises:
        GluecastError: there is no such job, the new name is refused or taken, a file that moves is
            not committed, or the job would not stay what it is on AWS.
    """
    repository, tree, layer = _job(start, old)
    _refuse_taken(repository, layer, new)
    renamed = replace(layer, name=new, recorded=_renamed(layer, new))
    with templates(repository) as of:
        before = of.renderer(layer).render(layer, of.nowhere, strict=True)
        after = of.renderer(layer).render(renamed, of.nowhere, strict=True)
    names = JobNames(repository, read_layers(repository))
    if "deployed_name" in after.answers:
        _refuse_another_name(names, layer)
    moves = _moves(before, after) | _own_files(before, tree, old, new)
    taken = sorted(path for path in moves.values() if path not in before.files and tree.entry(path))
    if taken:
        raise GluecastError(f"expected the name of a new job, found {taken[0]}; choose another")
    # What the user deleted under the old name does not come back under the new one.
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
        mentions=_mentions(tree, old, after),
        left=_unknown_to_git(tree, _folders(before, old)),
        deployed_name=after.answers.get("deployed_name"),
        own_terraform=names.naming is Naming.OWN,
    )


def remove(start: Path, job: str) -> Outcome:
    """Remove a job and its files; what was edited is in git's history, and named.

    Raises:
        GluecastError: there is no such job, or a file of it is not committed.
    """
    repository, tree, layer = _job(start, job)
    with templates(repository) as of:
        rendering = of.renderer(layer).render(layer, of.nowhere, strict=True)
    own = _own_files(rendering, tree, job, job)
    changes = []
    lines = []
    for path in sorted({*rendering.files, *own}):
        found = tree.entry(path)
        if found is None:
            continue
        as_rendered = path in rendering.files and rendering.files[path].entry == found
        if path not in tree.entries and not as_rendered:
            raise GluecastError(f"expected committed files of {job}, found {path} unknown to git")
        changes.append(Change(job, path, Kind.REMOVED))
        lines.append(path if as_rendered else f"{path} (with your edits; git show HEAD:./{path})")
    write(tree, changes, (), "remove")
    left = _unknown_to_git(tree, _folders(rendering, job))
    return Outcome(lines, [], _mentions(tree, job), left)


def _renamed(layer: Layer, new: str) -> dict[str, Any]:
    """The answers under the new name.

    The former names are a chain that leads from each to the next and to the new one: Terraform takes
    neither a circle nor two that lead to the same. So a name that comes back leaves the chain.
    """
    former = [*layer.former_names, layer.name]
    return {
        **layer.recorded,
        "job_name": new,
        "deployed_name": layer.deployed_name,
        "former_names": [name for name in former if name != new],
    }


def _refuse_taken(repository: Path, layer: Layer, new: str) -> None:
    """Refuse a name that another job had.

    Raises:
        GluecastError: it is.
    """
    for other in read_layers(repository):
        if other.name != layer.name and new in (other.deployed_name, *other.former_names):
            raise GluecastError(
                f"expected the name of a new job, found {new}, which {other.name} had before it was "
                "renamed, and may still have on AWS; choose another"
            )


def _refuse_another_name(names: JobNames, layer: Layer) -> None:
    """Refuse a rename after which the job would be another one on AWS.

    Raises:
        GluecastError: it would.
    """
    if names.naming is Naming.FILE:
        raise GluecastError(
            f"expected a platform whose Glue jobs keep their names, found an older one: "
            f"terraform apply would replace {layer.name}; gluecast update first"
        )
    if not (names.repository / f"src/jobs/{layer.name}.py").is_file():
        return
    for problem in names.problems(layer.name):
        raise GluecastError(f"{problem}; rename then")
    if names.naming is Naming.DECLARED and names.declared(layer.name) is None:
        raise GluecastError(
            f'expected {{"deployed_name": "{layer.deployed_name}"}} in infrastructure/jobs/'
            f"{layer.name}.json, found no such file: terraform apply would replace {layer.name}; "
            "write it, commit, and rename then"
        )
    deployed = names.deployed()[layer.name]
    if deployed != layer.deployed_name:
        raise GluecastError(
            f"expected {layer.deployed_name} as name on AWS, as {layer.answers_file} says, found "
            f"{deployed}; write that name into deployed_name of the answers too, commit, and "
            "rename then"
        )


def _job(start: Path, name: str) -> tuple[Path, WorkTree, Layer]:
    repository = find_repository(start)
    tree = WorkTree(repository)
    refuse_unfinished(tree, lambda line: None)
    jobs = [layer for layer in read_layers(repository) if not layer.is_platform]
    return repository, tree, select(jobs, [name])[0]


def _moves(before: Rendering, after: Rendering) -> dict[str, str]:
    """Which path becomes which: both come from the same file of the template."""
    targets: dict[str, list[str]] = {}
    for path, source in after.sources.items():
        targets.setdefault(source, []).append(path)
    moves = {path: targets[source].pop(0) for path, source in before.sources.items()}
    return {path: target for path, target in moves.items() if path != target}


def _own_files(rendering: Rendering, tree: WorkTree, old: str, new: str) -> dict[str, str]:
    """Files that the user put into folders named after the job, and where they go."""
    return {
        path: f"{folder.removesuffix(old)}{new}{path.removeprefix(folder)}"
        for folder in _folders(rendering, old)
        for path in tree.entries
        if path.startswith(f"{folder}/") and path not in rendering.files
    }


def _folders(rendering: Rendering, job: str) -> set[str]:
    """The folders that are named after a job."""
    above = [path.split("/")[:-1] for path in rendering.files]
    return {"/".join(parts[: parts.index(job) + 1]) for parts in above if job in parts}


def _unknown_to_git(tree: WorkTree, folders: Collection[str]) -> list[str]:
    """The files in these folders that git neither tracks nor ignores."""
    if not folders:
        return []
    command = ["ls-files", "--others", "--exclude-standard", "-z", "--", *sorted(folders)]
    return os.fsdecode(git(tree.folder, *command)).split("\0")[:-1]


def _mentions(tree: WorkTree, name: str, rendering: Rendering | None = None) -> list[str]:
    """Files of the user's that name the job as a word, committed or not, but for its data.

    Where the template itself names it, as the name on AWS, only what is more than that counts.
    """
    word = re.compile(rf"\b{re.escape(name)}\b".encode())

    def times(file: File | None) -> int:
        return len(word.findall(file.data)) if file else 0

    command = ["grep", "--untracked", "-lzwF", "-e", name]
    listing = run_git(tree.folder, *command).stdout.decode("utf-8", "surrogateescape")
    found = []
    for path in sorted(listing.split("\0")[:-1]):
        file = tree.on_disk(path)
        expected = rendering.files.get(path) if rendering else None
        if file and not owned_by_template(file.data) and times(file) > times(expected):
            found.append(path)
    return found
