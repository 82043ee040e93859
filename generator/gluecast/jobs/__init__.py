"""What gluecast does to the jobs of a repository."""
