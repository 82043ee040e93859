"""Tasks for maintainers: `python3 generator TASK`."""
