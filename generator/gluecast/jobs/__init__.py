"""Commands that work on the jobs of a repository."""
