"""A rendered repository: its layers, its files, and git."""
