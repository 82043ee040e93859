"""Find the Glue jobs of a repository, and say what gluecast can do for each."""
