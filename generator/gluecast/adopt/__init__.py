"""Migrate an existing repository of Glue jobs to the platform."""
