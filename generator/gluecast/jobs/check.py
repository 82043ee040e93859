"""Report outdated, edited or inconsistent jobs of a repository."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gluecast.errors import ExitCode, GluecastError
from gluecast.jobs.drift import drift_of
from gluecast.jobs.names_on_aws import JobNames
from gluecast.jobs.problems import problems_of
from gluecast.jobs.rights import WideRole, wide_roles
from gluecast.repository.layers import Layer, find_repository, read_layers
from gluecast.repository.triggers import TriggersError, all_triggers
from gluecast.repository.work_tree import WorkTree
from gluecast.template.open_templates import OpenTemplates, open_templates
from gluecast.template.source import latest_release
from gluecast.template.versions import newest, version_of
from gluecast.terminal.progress import Counting, uncounted


@dataclass(frozen=True)
class Findings:
    """The result of a check.

    `outdated` maps layers to their version and the newest one; `edited` maps layers to the edited
    files that the template owns; `problems` are sentences. `wide` maps jobs to what narrowing their
    roles takes and breaks, which is no fault.
    """

    outdated: dict[str, tuple[str, str]]
    edited: dict[str, list[str]]
    problems: list[str]
    wide: dict[str, WideRole] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """The sum of the exit codes of all findings."""
        return (
            (ExitCode.OUTDATED if self.outdated else 0)
            + (ExitCode.EDITED if self.edited else 0)
            + (ExitCode.PROBLEM if self.problems else 0)
        )

    def as_json(self) -> dict[str, Any]:
        """The findings as JSON values."""
        return {
            "behind": {
                name: {"version": old, "newest": new} for name, (old, new) in self.outdated.items()
            },
            "drifted": self.edited,
            "problems": self.problems,
            "wide": {job: role.as_json() for job, role in self.wide.items()},
        }


def check(start: Path, counting: Counting = uncounted) -> Findings:
    """Check the repository around `start`; `counting` reports progress to the user.

    Raises:
        GluecastError: the template cannot be reached, or the answers cannot be read.
    """
    repository = find_repository(start)
    layers = read_layers(repository)
    tree = WorkTree(repository)
    drifts = drift_of(tree, layers, counting)
    problems = [each.error for each in drifts.values() if each.error]
    problems += problems_of(repository, layers, tree)
    return Findings(
        outdated=_outdated(repository, layers),
        edited={name: each.template_owned for name, each in drifts.items() if each.template_owned},
        problems=problems,
        wide=_wide(repository, layers),
    )


def described(findings: Findings) -> str:
    """The findings as text."""
    lines = []
    if findings.outdated:
        lines.append(f"outdated ({len(findings.outdated)}): run gluecast update")
        pairs: Mapping[tuple[str, str], int] = Counter(findings.outdated.values())
        lines += [f"  {old} -> {new}: {count} layers" for (old, new), count in pairs.items()]
    if findings.edited:
        files = [path for paths in findings.edited.values() for path in paths]
        lines.append(f"edited ({len(files)}): you edited these files, which the template owns")
        lines += [f"  {path}" for path in files]
    if findings.problems:
        lines.append(f"problems ({len(findings.problems)})")
        lines += [f"  {problem}" for problem in findings.problems]
    if not lines:
        lines.append("Up to date, no edits, no problems.")
    if findings.wide:
        lines.append(
            f"wide ({len(findings.wide)}): the roles of these jobs read all of bronze, and write all "
            "of silver and gold; to narrow one"
        )
        lines += [f"  {role.described(job)}" for job, role in findings.wide.items()]
    return "\n".join(lines)


def _wide(repository: Path, layers: Sequence[Layer]) -> dict[str, WideRole]:
    try:
        found = all_triggers(repository)
    except TriggersError:  # a problem of its own
        found = []
    return wide_roles(JobNames(repository, layers), found)


def _outdated(repository: Path, layers: Sequence[Layer]) -> dict[str, tuple[str, str]]:
    newest = {
        source: latest_release(source, repository)
        for source in dict.fromkeys(layer.source for layer in layers)
    }
    found = {}
    with open_templates(repository) as of:
        for layer in layers:
            release, head = newest[layer.source]
            ours, theirs = version_of(layer.version), version_of(release or "")
            if ours and release and theirs:
                newer = release if ours < theirs else None
            else:
                newer = _newer_by_history(layer, head, of)
            if newer:
                found[layer.name] = (layer.version, newer)
    return found


def current_version(start: Path) -> str:
    """Which version the layers have, and what the template has beyond its newest release.

    Raises:
        GluecastError: the template cannot be reached, or the answers cannot be read.
    """
    repository = find_repository(start)
    layers = read_layers(repository)
    lines = [f"every layer is at {', '.join(dict.fromkeys(each.version for each in layers))}."]
    with open_templates(repository) as of:
        for address in dict.fromkeys(layer.source for layer in layers):
            own = [layer for layer in layers if layer.source == address]
            source = of.source(own[0])
            release, head = newest(source.releases), source.resolve("HEAD")
            ahead = source.commits_since(release) if release else 0
            if ahead and not all(_is_at(head, layer) for layer in own):
                lines.append(
                    f"The template has {ahead} commit{'s' if ahead > 1 else ''} since {release}, its "
                    "newest release; gluecast update --to HEAD brings them."
                )
    return "\n".join(lines)


def _is_at(head: str, layer: Layer) -> bool:
    """Whether a layer's version names this commit."""
    return head.startswith(layer.version.rpartition("-g")[2])


def _newer_by_history(layer: Layer, head: str, of: OpenTemplates) -> str | None:
    """The version that an update would install, where a layer records only a commit."""
    if _is_at(head, layer):
        return None
    source = of.source(layer)
    target = source.latest()
    commit = source.resolve(target)
    try:
        is_current = source.resolve(layer.version) == commit or source.is_older(
            target, layer.version
        )
    except GluecastError:
        is_current = False  # the template does not have this version: drift_of reports it
    if is_current:
        return None
    return commit[:7] if target == "HEAD" else target
