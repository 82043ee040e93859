# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The file formats: one module for each, and the registry that names them."""
