"""`python -m microframe`: the same as the `microframe` command."""

from microframe.cli import main

if __name__ == "__main__":
    main()
