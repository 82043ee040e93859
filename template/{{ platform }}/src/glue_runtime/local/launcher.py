# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Start Spark's JVM without the incubating module that Spark 4 asks for.

A Java without the module, such as the one from PyPI, would not start, and any other one would print a
warning. Only Spark's machine learning uses the module, and has a substitute for it.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROGRAM = """\
#!/bin/sh
for argument do
  shift
  [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec "$SPARK_JAVA/bin/java" "$@"
"""


@contextmanager
def launched_by(java: Path) -> Iterator[None]:
    """Within this, Spark finds a program in place of the Java in this folder, which starts that Java."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "bin/java")
        program.parent.mkdir()
        program.write_text(_PROGRAM)
        program.chmod(0o755)
        os.environ |= {"SPARK_JAVA": str(java), "JAVA_HOME": folder}
        try:
            yield
        finally:
            os.environ["JAVA_HOME"] = str(java)
            del os.environ["SPARK_JAVA"]
