"""Update all layers of a repository at once: plan, render, merge, write."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.repository.layers import Layer, find_repository, read_layer, read_layers
from gluecast.repository.work_tree import WorkTree
from gluecast.template.open_templates import OpenTemplates, open_templates
from gluecast.template.render_cache import RenderCache
from gluecast.template.rendering import Rendering
from gluecast.terminal.progress import Counting, Say, uncounted
from gluecast.update.merge import Change, merge_layer
from gluecast.update.plan import Step, plan
from gluecast.update.refusals import refuse_uncommitted
from gluecast.update.report import Report
from gluecast.update.transaction import abort, interrupted, ready, resume, write


def update(
    start: Path,
    *,
    to: str | None = None,
    only: Sequence[str] = (),
    template: str | None = None,
    data: Mapping[str, str] | None = None,
    dry_run: bool = False,
    say: Say = print,
    counting: Counting = uncounted,
) -> Report:
    """Update the layers of the repository around `start` to a version of their template.

    `to` is a release, branch or commit; None is the newest release. `template` is the address where
    the template is from now on. `data` answers questions of the new version. With `dry_run` nothing
    is written. `say` and `counting` report progress to the user.

    Raises:
        GluecastError: the update cannot start; nothing was changed.
    """
    repository = find_repository(start)
    tree = ready(repository, say)
    cache = RenderCache(tree)
    with open_templates(repository, tree.storage, template) as of:
        steps = plan(read_layers(repository), to, only, of, template)
        _refuse_unknown(data or {}, steps, of)
        if not steps:
            return Report({}, [])
        report = _merge(counting("layers", steps), tree, of, cache, data or {})
    if dry_run:
        refuse_uncommitted(tree, report.changes)
        return report
    answers = {step.layer.name: step.layer.answers_file for step in steps}
    held = {answers[name] for name in report.held}
    write(tree, report.changes, held, "update", last=answers.values())
    cache.save()
    return report


def _refuse_unknown(data: Mapping[str, str], steps: Sequence[Step], of: OpenTemplates) -> None:
    """Refuse answers that no version to install asks for.

    Raises:
        GluecastError: there are some.
    """
    if not data:
        return
    if named := {*data} & {"layer", "job_name"}:
        raise GluecastError(
            f"expected an answer that names no job, found {named.pop()}; to rename one: gluecast rename"
        )
    questions = [of.renderer(step.target, step.new).template.questions_data for step in steps]
    asked = {name: None for each in questions for name in each}
    if not steps:
        raise GluecastError(
            "expected a newer version, whose questions --data answers, found none; to change an "
            "answer: copier update -a ANSWERS_FILE --data NAME=VALUE"
        )
    if unknown := sorted(data.keys() - asked.keys()):
        raise GluecastError(
            f"expected the name of a question, found {unknown[0]}; the questions are "
            f"{', '.join(asked)}"
        )


def _merge(
    steps: Iterable[Step],
    tree: WorkTree,
    of: OpenTemplates,
    cache: RenderCache,
    data: Mapping[str, str],
) -> Report:
    """Render both versions of each layer and merge them with the current files.

    Raises:
        GluecastError: a layer cannot be rendered, or two layers write the same file.
    """
    changes: list[Change] = []
    versions = {}
    owners: dict[str, str] = {}
    for step in steps:
        layer = step.layer
        after = of.renderer(step.target, step.new)
        new = after.render(step.target, tree.folder, strict=False, data=data)
        old = _unedited(layer, new, tree, cache)
        if old is None:
            # Files that the new version excludes do not count as removed.
            exclude = tuple(after.template.exclude)
            before = of.renderer(layer, step.old)
            old = before.render(layer, of.nowhere, strict=True, exclude=exclude)
        for path in new.files:
            if owners.setdefault(path, layer.name) != layer.name:
                raise GluecastError(
                    f"expected one layer to write {path}, found {owners[path]} and "
                    f"{layer.name}; the template must give each layer its own file"
                )
        versions[layer.name] = (old.version, new.version)
        merged = merge_layer(layer.name, layer.answers_file, old, new, tree)
        changes += merged
        recorded = new.files.get(layer.answers_file)
        # Copier does not record every answer: what these ones render cannot be rendered again.
        again = data.keys() <= new.answers.keys()
        if again and recorded and not any(change.stages for change in merged):
            cache.put(read_layer(layer.name, recorded.data), new)
    return Report(versions, sorted(changes, key=lambda change: change.path))


def _unedited(layer: Layer, new: Rendering, tree: WorkTree, cache: RenderCache) -> Rendering | None:
    """The old rendering, read from the repository if no file of it was edited or removed since."""
    written = cache.get(layer)
    if written is None or not written.keys() <= new.files.keys():
        return None
    if any(tree.entry(path) != each.entry for path, each in written.items()):
        return None
    return Rendering(
        version=layer.version,
        files=tree.read_all((*written, layer.answers_file)),
        sources={},
        answers={},
        skip=frozenset(path for path, each in written.items() if each.once),
    )


def unfinished(start: Path) -> str | None:
    """What to know about an update that was killed or has conflicts; None if there is none."""
    return interrupted(WorkTree(find_repository(start)))


def continue_update(start: Path) -> list[str]:
    """Finish an update whose conflicts are resolved; returns the updated answers files.

    Raises:
        GluecastError: there is no unfinished update, or it has unresolved files.
    """
    return sorted(resume(find_repository(start)).answers)


def abort_update(start: Path) -> list[tuple[str, Path]]:
    """Restore every file as it was before the update.

    Returns the files that were edited since, each with the copy that was made of it.

    Raises:
        GluecastError: there is no unfinished update.
    """
    return abort(find_repository(start))
