"""The catalogue page of a repository: its jobs, what starts them, what they read and write."""
