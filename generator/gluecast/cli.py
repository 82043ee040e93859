"""The command line of gluecast: it parses and prints; the work is done elsewhere."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command. Exits with 0, 1 when it fails, 2 when it is not understood, 130 on Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="gluecast", description="Dual-mode AWS Glue jobs from one template."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser(
        "demo",
        help="scaffold a repository with three jobs and run each of them both ways",
        description="Scaffold a repository with three example jobs, run each of them for one "
        "uploaded file and for its whole directory, and show what happened.",
    )
    demo.add_argument(
        "target",
        nargs="?",
        type=Path,
        default=Path("demo-platform"),
        help="folder of the repository (default: %(default)s); an earlier demo is run again",
    )
    demo.set_defaults(run=_demo)

    options = parser.parse_args(argv)
    try:
        sys.exit(options.run(options))
    except KeyboardInterrupt:
        sys.exit(130)


def _demo(options: argparse.Namespace) -> int:
    from gluecast.demo import DemoError, run_demo
    from gluecast.triggers import TriggersError

    try:
        run_demo(options.target)
    except (DemoError, TriggersError) as error:
        print(f"gluecast demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    main()
