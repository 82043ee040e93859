"""Is a repository behind its template, was the template's part edited, and do its jobs fit together?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gluecast.errors import ExitCode, GluecastError
from gluecast.jobs.drift import drift_of
from gluecast.jobs.problems import problems_of
from gluecast.repository.layers import Layer, find_repository, read_layers
from gluecast.repository.work_tree import WorkTree
from gluecast.template.open_templates import OpenTemplates, open_templates
from gluecast.template.source import latest_release
from gluecast.template.versions import version_of
from gluecast.terminal.progress import Counting, uncounted


@dataclass(frozen=True)
class Findings:
    """What a check found. `behind` maps layers to their version and the newest one, `drifted` to
    the files of the template's that were edited; `problems` are sentences.
    """

    behind: dict[str, tuple[str, str]]
    drifted: dict[str, list[str]]
    problems: list[str]

    @property
    def exit_code(self) -> int:
        """The sum of the exit codes of what was found."""
        return (
            (ExitCode.BEHIND if self.behind else 0)
            + (ExitCode.DRIFTED if self.drifted else 0)
            + (ExitCode.PROBLEM if self.problems else 0)
        )

    def as_json(self) -> dict[str, Any]:
        """The findings as JSON values."""
        return {
            "behind": {
                name: {"version": old, "newest": new} for name, (old, new) in self.behind.items()
            },
            "drifted": self.drifted,
            "problems": self.problems,
        }


def check(start: Path, counting: Counting = uncounted) -> Findings:
    """Look at the repository around `start`; `counting` tells the user its progress.

    Raises:
        GluecastError: the template cannot be reached, or the answers cannot be read.
    """
    repository = find_repository(start)
    layers = read_layers(repository)
    tree = WorkTree(repository)
    edited = drift_of(tree, layers, counting)
    problems = [each.error for each in edited.values() if each.error]
    problems += problems_of(repository, layers, tree)
    return Findings(
        behind=_behind(repository, layers),
        drifted={name: each.template_owned for name, each in edited.items() if each.template_owned},
        problems=problems,
    )


def described(findings: Findings) -> str:
    """The findings as text."""
    lines = []
    if findings.behind:
        lines.append(f"behind ({len(findings.behind)}): gluecast update brings the newer template")
        pairs: Mapping[tuple[str, str], int] = Counter(findings.behind.values())
        lines += [f"  {old} -> {new}: {count} layers" for (old, new), count in pairs.items()]
    if findings.drifted:
        files = [path for paths in findings.drifted.values() for path in paths]
        lines.append(f"drifted ({len(files)}): the template owns these files, and they were edited")
        lines += [f"  {path}" for path in files]
    if findings.problems:
        lines.append(f"problems ({len(findings.problems)})")
        lines += [f"  {problem}" for problem in findings.problems]
    return "\n".join(lines) or "Up to date, not drifted, no problems."


def _behind(repository: Path, layers: Sequence[Layer]) -> dict[str, tuple[str, str]]:
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


def _newer_by_history(layer: Layer, head: str, of: OpenTemplates) -> str | None:
    """What an update would lead to from a version that only its commit names."""
    if head.startswith(layer.version.rpartition("-g")[2]):
        return None
    source = of.source(layer)
    target = source.latest()
    commit = source.resolve(target)
    try:
        is_there = source.resolve(layer.version) == commit or source.is_older(target, layer.version)
    except GluecastError:
        is_there = False  # a version that the template does not know: drift_of says so
    if is_there:
        return None
    return commit[:7] if target == "HEAD" else target
