"""The files of one job: rendered files, files that its owner added, and files that mention it."""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from gluecast.repository.file import File
from gluecast.repository.git import git, run_git
from gluecast.repository.layers import Layer, find_repository, read_layers, select
from gluecast.repository.ownership import owned_by_template
from gluecast.repository.work_tree import WorkTree
from gluecast.template.rendering import Rendering
from gluecast.update.transaction import ready


@dataclass(frozen=True)
class Outcome:
    """The outcome of a command.

    `files` are lines to print; `mentions` are files that still mention the job; `left` are
    untracked files in the job's folders, which stay in place. `deployed_name` is the name that a
    renamed job keeps on AWS; None if its template has no such name. `own_terraform` is true if the
    Glue job is not in the template's Terraform code.
    """

    files: list[str]
    conflicts: list[str]
    mentions: list[str]
    left: list[str]
    deployed_name: str | None = None
    own_terraform: bool = False


def find_job(start: Path, name: str) -> tuple[Path, WorkTree, Layer]:
    repository = find_repository(start)
    tree = ready(repository, lambda line: None)
    jobs = [layer for layer in read_layers(repository) if not layer.is_platform]
    return repository, tree, select(jobs, [name])[0]


def own_files(rendering: Rendering, tree: WorkTree, old: str, new: str) -> dict[str, str]:
    """Files that the user added to folders named after the job, and where they move."""
    return {
        path: f"{folder.removesuffix(old)}{new}{path.removeprefix(folder)}"
        for folder in folders_of(rendering, old)
        for path in tree.entries
        if path.startswith(f"{folder}/") and path not in rendering.files
    }


def folders_of(rendering: Rendering, job: str) -> set[str]:
    """The folders that are named after a job."""
    above = [path.split("/")[:-1] for path in rendering.files]
    return {"/".join(parts[: parts.index(job) + 1]) for parts in above if job in parts}


def untracked_files(tree: WorkTree, folders: Collection[str]) -> list[str]:
    """The files in these folders that git neither tracks nor ignores."""
    if not folders:
        return []
    command = ["ls-files", "--others", "--exclude-standard", "-z", "--", *sorted(folders)]
    return os.fsdecode(git(tree.folder, *command)).split("\0")[:-1]


def mentions_of(tree: WorkTree, name: str, rendering: Rendering | None = None) -> list[str]:
    """The user's files that mention the job as a word, committed or not, except its data.

    Mentions that the template itself renders, such as the name on AWS, do not count.
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
