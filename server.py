"""Launcher of the server: the same as `python -m nodeflow serve`."""

import sys

from nodeflow.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
