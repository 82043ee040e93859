"""Draw a sample of faults or take the recorded one, plant each fault, and report."""

import argparse
import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gluecast.template.bundled import TEMPLATE_ROOT
from tasks.faults import python_faults, text_faults
from tasks.faults.fault import Fault
from tasks.faults.planting import Outcome, Verdict, try_fault
from tasks.faults.selection import tests_of

SAMPLE = Path(__file__).with_name("sample.jsonl")
"""The recorded sample: each fault and its outcome."""

_CODE = (
    "generator/gluecast/**/*.py",
    "template/{{ platform }}/src/glue_runtime/**/*.py",
    "template/{{ platform }}/tooling/operations/*.py",
)


def main() -> None:
    """Run the command; the exit code is 1 if a fault of the sample is no longer noticed."""
    parser = argparse.ArgumentParser(prog="python3 generator faults", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="number of faults to draw")
    parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same faults")
    parser.add_argument("--sample", action="store_true", help="try the recorded sample again")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="only faults whose file path contains TEXT"
    )
    parser.add_argument("--record", action="store_true", help=f"write the outcome to {SAMPLE.name}")
    parser.add_argument("--workers", type=int, default=2, help="number of concurrent faults")
    options = parser.parse_args()
    before = recorded()
    if options.sample and not before:
        parser.error(f"expected recorded faults in {SAMPLE}, found none; --record writes them")
    faults = list(before) if options.sample else drawn(options.count, options.seed)
    faults = [fault for fault in faults if options.only in fault.file]
    outcomes: dict[Fault, Outcome] = {}
    with ThreadPoolExecutor(options.workers) as workers:
        jobs = {
            fault: workers.submit(try_fault, TEMPLATE_ROOT, fault, _tests(fault, before))
            for fault in faults
        }
        for fault, job in jobs.items():
            outcomes[fault] = job.result()
            print(
                f"{outcomes[fault].verdict:<9} {fault.name}  {outcomes[fault].noticed_by}",
                flush=True,
            )
            if options.record:
                record({**(before if options.only else {}), **outcomes})
    print(summary(outcomes))
    lost = [
        fault
        for fault, outcome in outcomes.items()
        if fault in before and before[fault].verdict == "noticed" and outcome.verdict != "noticed"
    ]
    raise SystemExit(1 if options.sample and lost else 0)


def drawn(count: int, seed: int) -> list[Fault]:
    """The faults of planted.toml, and Python faults up to `count`; a seed gives the same faults."""
    chance = random.Random(seed)
    planted = text_faults.table()
    if count <= len(planted):
        return chance.sample(planted, count)
    paths = sorted(path for code in _CODE for path in TEMPLATE_ROOT.glob(code))
    files = [path.relative_to(TEMPLATE_ROOT).as_posix() for path in paths]
    found = [
        fault
        for file in files
        if tests_of(file)
        for fault in python_faults.faults_of(TEMPLATE_ROOT, file)
    ]
    chosen = chance.sample(found, min(len(found), count - len(planted)))
    return [*planted, *sorted(chosen, key=lambda fault: fault.name)]


def recorded() -> dict[Fault, Outcome]:
    """The recorded sample."""
    if not SAMPLE.is_file():
        return {}
    lines = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    return {
        Fault(line["file"], line["line"], line["number"], line["change"]): Outcome(
            line["verdict"], line["noticed_by"]
        )
        for line in lines
    }


def record(outcomes: dict[Fault, Outcome]) -> None:
    """Write a sample, one line per fault."""
    lines = [json.dumps({**vars(fault), **vars(outcome)}) for fault, outcome in outcomes.items()]
    SAMPLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def summary(outcomes: dict[Fault, Outcome]) -> str:
    """The numbers of noticed faults, by part of the project."""
    verdicts: dict[str, Counter[Verdict]] = {}
    for fault, outcome in outcomes.items():
        part = "/".join(fault.file.split("/")[:4])
        verdicts.setdefault(part, Counter())[outcome.verdict] += 1
    lines = [
        f"{part}: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
        for part, counts in sorted(verdicts.items())
    ]
    total = Counter(outcome.verdict for outcome in outcomes.values())
    lines.append(
        "all: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(total.items()))
    )
    return "\n".join(lines)


def _tests(fault: Fault, before: dict[Fault, Outcome]) -> list[str]:
    """The test that noticed the fault before, then the tests of its part of the project."""
    known = [before[fault].noticed_by] if fault in before and before[fault].noticed_by else []
    return list(dict.fromkeys([*known, *tests_of(fault.file)]))


if __name__ == "__main__":
    main()
