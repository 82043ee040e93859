"""What a command prints beside its result."""
