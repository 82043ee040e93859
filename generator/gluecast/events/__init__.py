"""Let uploads start Glue jobs that stay as they are."""
