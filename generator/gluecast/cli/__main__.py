"""`python -m gluecast.cli` runs the command gluecast."""

from gluecast.cli import main

if __name__ == "__main__":
    main()
