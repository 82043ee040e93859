"""What maintainers run: `python3 generator TASK`."""
