"""Tag the release commits that RELEASES lists: python3 generator tags."""

from pathlib import Path

from gluecast.repository.git import git
from gluecast.template.bundled import TEMPLATE_ROOT
from gluecast.template.versions import RELEASES, read_releases, tags


def main() -> None:
    """Create the tags that this checkout lacks."""
    made = make_tags(TEMPLATE_ROOT)
    print(f"made {', '.join(made)}" if made else "every release has its tag")


def make_tags(repository: Path) -> list[str]:
    """Tag the commit of each release without a tag; returns the new tags.

    Raises:
        GluecastError: a commit of RELEASES is not in the repository.
    """
    named = read_releases((repository / RELEASES).read_text(encoding="utf-8"))
    missing = sorted(named.keys() - tags(repository).keys())
    for name in missing:
        git(repository, "tag", name, named[name])
    return missing


if __name__ == "__main__":
    main()
