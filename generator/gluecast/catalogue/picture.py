"""A diagram of a job's data flow: place -> rule, schedule or other job -> job -> table, next jobs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from gluecast.catalogue.contents import Job, Place, Start

_HEIGHT = 46
_GAP = 12
_PADDING = 24
_CHARACTER = 7.4
"""The width of a character in a node's text, in a 12-pixel monospaced font."""
_LABEL_CHARACTER = 6.6
"""The average width of a character in its label, in a wide font."""

_LANES = {"upload": 6, "schedule": 12, "after": 18}
"""The distance of a line from the boxes, in the tall layout."""


@dataclass(frozen=True)
class Node:
    """A box with two lines. `full` is the whole text if `text` had to be shortened."""

    kind: str
    x: int
    y: int
    width: int
    label: str
    text: str
    full: str
    height: int = _HEIGHT

    @property
    def left(self) -> tuple[int, int]:
        return self.x, self.y + self.height // 2

    @property
    def right(self) -> tuple[int, int]:
        return self.x + self.width, self.y + self.height // 2


@dataclass(frozen=True)
class Edge:
    """A line from the places of a start to the job, or from the job to its table or a next job."""

    kind: str
    path: str


@dataclass(frozen=True)
class Picture:
    """Boxes and lines in pixels, lines first; `layout` is wide (for screens) or tall (for phones)."""

    layout: str
    width: int
    height: int
    edges: tuple[Edge, ...]
    nodes: tuple[Node, ...]


def description(job: Job) -> str:
    """The diagram in words, for screen readers."""
    lines = []
    for start in job.starts:
        where = " and ".join(place.pattern for place in start.reads) or "its sources"
        if start.kind == "upload" and start.when:
            lines.append(f"{start.when} in {where} start {job.name} by the rule {start.name}.")
        elif start.kind == "upload":
            lines.append(f"An upload of {where} starts {job.name} by the rule {start.name}.")
        elif start.kind == "after":
            lines.append(f"A successful run of {start.name} starts {job.name} over all of {where}.")
        else:
            when = start.when or start.expression
            lines.append(f"{start.name} starts {job.name} over all of {where}: {when}.")
    lines.append(f"It writes to {job.output}." if job.output else "Where it writes is unknown.")
    if job.next:
        lines.append(f"A successful run starts {' and '.join(job.next)}.")
    return " ".join(lines)


def wide(job: Job) -> Picture:
    """Four columns from left to right, vertically centered."""
    places = _places(job.starts)
    rows = max(len(places), len(job.starts), 1 + len(job.next))
    height = rows * (_HEIGHT + _GAP) - _GAP + 2

    def column(index: int, count: int) -> int:
        """The y coordinate of a box in a column of `count` boxes."""
        taken = count * (_HEIGHT + _GAP) - _GAP
        return (height - taken) // 2 + index * (_HEIGHT + _GAP)

    boxes = {
        place: _place(place, 1, column(index, len(places)), 270)
        for index, place in enumerate(places)
    }
    triggers = [
        _trigger(start, 310, column(index, len(job.starts)), 290)
        for index, start in enumerate(job.starts)
    ]
    target = _job(job, 640, column(0, 1), 190)
    table, *following = [
        each(870, column(index, 1 + len(job.next)), 210) for index, each in enumerate(_ends(job))
    ]
    edges = [
        Edge(
            start.kind,
            " ".join(
                [
                    *(_curve(boxes[place].right, box.left) for place in start.reads),
                    _curve(box.right, target.left),
                ]
            ),
        )
        for start, box in zip(job.starts, triggers, strict=True)
    ]
    edges.append(Edge("output", _curve(target.right, table.left)))
    edges += [Edge("after", _curve(target.right, each.left)) for each in following]
    nodes = (*boxes.values(), *triggers, target, table, *following)
    return Picture("wide", 1080, height, tuple(edges), nodes)


def tall(job: Job) -> Picture:
    """From top to bottom. Lines from places run left of the boxes, lines to the job right.

    Uploads and schedules have a lane each, so that no line covers another one of the other kind.
    """
    width, margin = 320, 22
    y = 1
    nodes: list[Node] = []
    edges: list[Edge] = []
    ends: list[tuple[str, str, tuple[int, int]]] = []
    for places, starts in _by_places(job.starts):
        boxes = []
        for place in places:
            boxes.append(_place(place, margin, y, width - 2 * margin))
            y += _HEIGHT + _GAP
        for start in starts:
            box = _trigger(start, margin, y, width - 2 * margin)
            y += _HEIGHT + _GAP
            lane = margin - _LANES[start.kind]
            into = " ".join(_bracket(each.left, box.left, lane) for each in boxes)
            ends.append((start.kind, into, box.right))
            nodes.append(box)
        nodes += boxes
    target = _job(job, margin, y, width - 2 * margin)
    below = y + _HEIGHT + 2 * _GAP
    table, *following = [
        each(margin, below + index * (_HEIGHT + _GAP), width - 2 * margin)
        for index, each in enumerate(_ends(job))
    ]
    for kind, into, end in ends:
        out = _bracket(end, target.right, width - margin + _LANES[kind])
        edges.append(Edge(kind, f"{into} {out}".strip()))
    x = width // 2
    down = f"M{x} {target.y + _HEIGHT}V{table.y - 2}m-4 -5l4 5l4 -5"
    edges.append(Edge("output", down))
    lane = margin - _LANES["after"]
    edges += [Edge("after", _bracket(target.left, each.left, lane)) for each in following]
    last = [table, *following][-1]
    drawn = (*nodes, target, table, *following)
    return Picture("tall", width, last.y + _HEIGHT + 1, tuple(edges), drawn)


def shortened(text: str, width: int) -> str:
    """The text, with its middle elided if it is longer than the width."""
    if len(text) <= width:
        return text
    end = (width - 1) // 2
    return f"{text[: width - 1 - end]}…{text[-end:]}"


def _places(starts: Sequence[Start]) -> list[Place]:
    return list(dict.fromkeys(place for start in starts for place in start.reads))


def _by_places(starts: Sequence[Start]) -> list[tuple[tuple[Place, ...], list[Start]]]:
    groups: dict[tuple[Place, ...], list[Start]] = {}
    for start in starts:
        groups.setdefault(start.reads, []).append(start)
    return list(groups.items())


def _node(kind: str, x: int, y: int, width: int, label: str, text: str) -> Node:
    inner = width - _PADDING
    label = shortened(label, int(inner / _LABEL_CHARACTER))
    return Node(kind, x, y, width, label, shortened(text, int(inner / _CHARACTER)), text)


def _place(place: Place, x: int, y: int, width: int) -> Node:
    zone = place.bucket.removeprefix("s3://").rpartition("<env>-")[2]
    return _node("place", x, y, width, zone, place.pattern)


def _trigger(start: Start, x: int, y: int, width: int) -> Node:
    if start.kind == "upload":
        return _node("upload", x, y, width, start.when or "Each upload", start.name)
    if start.kind == "after":
        return _node("after", x, y, width, "After each successful run of", start.name)
    when = f"{start.when or start.name}, {start.timezone}"
    return _node("schedule", x, y, width, when, start.expression)


def _job(job: Job, x: int, y: int, width: int) -> Node:
    """What its runs read; the heading has its name."""
    reads = ""
    if job.module and job.module.whole_directory:
        reads = "all files each time"
    elif job.kinds and job.module and job.module.standard:
        reads = "one file, or all files"
        if job.kinds == ("upload",):
            is_batch = any(start.when for start in job.starts)
            reads = "the uploaded files" if is_batch else "the uploaded file"
        elif "upload" not in job.kinds:
            reads = "all files"
    return _node("job", x, y, width, "Glue job", reads)


def _table(job: Job, x: int, y: int, width: int) -> Node:
    if not job.output:
        return _node("table", x, y, width, "Output", "unknown")
    zone = job.output.rpartition("<env>-")[2].partition("/")[0]
    is_whole = bool(job.module and job.module.whole_directory)
    replaced = "replaced as a whole" if is_whole else "replaced file by file"
    return _node("table", x, y, width, f"Its table in {zone}", replaced)


def _ends(job: Job) -> list[Callable[[int, int, int], Node]]:
    """What a run ends in, each with its place still open: its table, and the next jobs."""

    def following(name: str) -> Callable[[int, int, int], Node]:
        return lambda x, y, width: _node("after", x, y, width, "Then starts", name)

    return [partial(_table, job), *map(following, job.next)]


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    """A line from left to right with an arrowhead."""
    (x1, y1), (x2, y2) = start, end
    middle = (x1 + x2) // 2
    line = f"H{x2 - 2}" if y1 == y2 else f"C{middle} {y1} {middle} {y2} {x2 - 2} {y2}"
    return f"M{x1} {y1}{line}m-5 -4l5 4l-5 4"


def _bracket(start: tuple[int, int], end: tuple[int, int], x: int) -> str:
    """A line from one side of a box down to the same side of another, with an arrowhead."""
    (x1, y1), (x2, y2) = start, end
    side = 1 if x > x1 else -1
    tip = x2 + 2 * side
    turn = f"H{x - 6 * side}Q{x} {y1} {x} {y1 + 6}V{y2 - 6}Q{x} {y2} {x - 6 * side} {y2}H{tip}"
    return f"M{x1} {y1}{turn}m{5 * side} -4l{-5 * side} 4l{5 * side} 4"
