# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The jobs: one module each, and nothing that lists them."""
