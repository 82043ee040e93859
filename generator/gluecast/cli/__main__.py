"""`python -m gluecast.cli` is the command gluecast."""

from gluecast.cli import main

if __name__ == "__main__":
    main()
