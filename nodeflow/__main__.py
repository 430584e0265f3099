"""`python -m nodeflow`."""

from nodeflow.cli.main import entry

if __name__ == "__main__":
    entry()
