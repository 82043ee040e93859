# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Every test may use the fixtures `spark` and `lake` of glue_runtime.testing."""

pytest_plugins = ["glue_runtime.testing"]
