"""What the tests of the Terraform code share."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[None]:
    """The AWS provider, started once for all commands of a module: each would start its own.

    Only a mirror says where it is; without one, each command starts it.
    """
    mirror = os.environ.get("TF_PROVIDER_MIRROR")
    if not mirror:
        yield
        return
    [program] = Path(mirror).rglob("terraform-provider-aws_*")
    with subprocess.Popen([program, "-debug"], stdout=subprocess.PIPE, text=True) as provider:
        assert provider.stdout
        address = next(
            line.strip().removeprefix("TF_REATTACH_PROVIDERS=").strip("'")
            for line in provider.stdout
            if line.strip().startswith("TF_REATTACH_PROVIDERS=")
        )
        with mock.patch.dict(os.environ, {"TF_REATTACH_PROVIDERS": address}):
            yield
        provider.terminate()
