"""Parses arguments, as Glue's library does for names that are all given."""

import argparse


def getResolvedOptions(argv, options):  # noqa: N802
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in options:
        parser.add_argument(f"--{name}", required=True)
    return vars(parser.parse_known_args(argv[1:])[0])
