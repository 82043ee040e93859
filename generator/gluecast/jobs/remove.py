"""Remove a job with all its files: module, tests, data, Terraform code, answers."""

from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.jobs.job_files import (
    Outcome,
    find_job,
    folders_of,
    mentions_of,
    own_files,
    untracked_files,
)
from gluecast.template.open_templates import open_templates
from gluecast.update.merge import Change, Kind
from gluecast.update.transaction import write


def remove(start: Path, job: str) -> Outcome:
    """Remove a job and its files; the outcome names edited files, which git's history keeps.

    Raises:
        GluecastError: there is no such job, or one of its files is not committed.
    """
    repository, tree, layer = find_job(start, job)
    with open_templates(repository, tree.storage) as of:
        rendering = of.renderer(layer).render(layer, of.nowhere, strict=True)
    own = own_files(rendering, tree, job, job)
    changes = []
    lines = []
    for path in sorted({*rendering.files, *own}):
        found = tree.entry(path)
        if found is None:
            continue
        # The answers file is Copier's, and the rendering follows from it.
        as_rendered = path == layer.answers_file or (
            path in rendering.files and rendering.files[path].entry == found
        )
        if path not in tree.entries and not as_rendered:
            raise GluecastError(
                f"expected committed files of {job}, found {path}, which is untracked and edited: "
                "git could not bring it back; commit it, or delete it yourself"
            )
        changes.append(Change(job, path, Kind.REMOVED))
        lines.append(path if as_rendered else f"{path} (with your edits; git show HEAD:./{path})")
    write(tree, changes, (), "remove")
    left = untracked_files(tree, folders_of(rendering, job))
    return Outcome(lines, [], mentions_of(tree, job), left)
