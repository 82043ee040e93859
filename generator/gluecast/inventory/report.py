"""The inventory as text."""

from collections.abc import Iterator

from gluecast.inventory.inventory import Entry, Inventory, Offer, renamed_arguments

_LABEL = 12


def described(found: Inventory) -> str:
    """One block of lines for each job, and the count of each offer."""
    blocks = ["\n".join(described_job(entry)) for entry in found.entries]
    counts = [
        f"{count} {offer}"
        for offer in Offer
        if (count := sum(entry.offer == offer for entry in found.entries))
    ]
    end = [f"{len(found.entries)} jobs: {', '.join(counts)}." if counts else "No Glue jobs found."]
    return "\n\n".join([*blocks, "\n".join([*end, *found.unread])])


def described_job(entry: Entry) -> Iterator[str]:
    """The lines about one job."""
    yield entry.name
    script, job = entry.script, entry.job
    yield _line(
        "script", script.path if script else f"{job.script if job else ''} (not found here)"
    )
    if job:
        version = f", Glue {job.glue_version}" if job.glue_version else ""
        yield _line("terraform", f"{job.address} in {job.path}{version}")
    if script:
        for read in script.reads:
            yield _line("reads", f"{read.what} ({read.kind}, {read.by}, {read.where})")
        for write in script.writes:
            effect = ": replaces what is there" if write.replaces else ""
            yield _line("writes", f"{write.what} ({write.mode}, {write.where}){effect}")
        if script.arguments:
            yield _line("arguments", " ".join(f"--{name}" for name in script.arguments))
        for name, other in renamed_arguments(script, job).items():
            yield _line("", f"has a --{name} of its own: an event's would be called --{other}")
    if job:
        yield _line("bookmarks", "on" if job.bookmarks else "off")
        for start in job.starts:
            yield _line("started by", f"{start.address} {start.schedule}".rstrip())
    yield _line("gluecast", f"{entry.offer}: {entry.why}")


def _line(label: str, text: str) -> str:
    return f"  {label:<{_LABEL}}{text}"
