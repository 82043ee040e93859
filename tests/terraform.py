"""Whether the Terraform code can be tried on this machine."""

import os
import shutil
import socket


def registry_is_reachable() -> bool:
    try:
        socket.create_connection(("registry.terraform.io", 443), timeout=3).close()
    except OSError:
        return False
    return True


def why_no_terraform() -> str:
    """Why the Terraform code cannot be tried here; nothing when it can, and always in CI."""
    if os.environ.get("CI"):
        return ""
    if shutil.which("terraform") is None:
        return "terraform is not installed"
    if not os.environ.get("TF_PROVIDER_MIRROR") and not registry_is_reachable():
        return "the provider registry is out of reach and TF_PROVIDER_MIRROR names no mirror"
    return ""
