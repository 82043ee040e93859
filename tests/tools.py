"""Tools from outside that some tests need.

A test without its tool is skipped and says so; where CI=true it runs, and fails.
"""

import os
import shutil

import pytest


def needs(*tools: str, to: str) -> pytest.MarkDecorator:
    """Skip where one of these programs is missing; `to` says what it is needed for."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return skip_because(f"not installed: {', '.join(missing)}; needed to {to}" if missing else "")


def skip_because(reason: str) -> pytest.MarkDecorator:
    """Skip if there is a reason, but never in CI."""
    return pytest.mark.skipif(bool(reason) and not os.environ.get("CI"), reason=reason)
