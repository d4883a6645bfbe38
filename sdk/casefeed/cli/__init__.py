"""The one command `casefeed`: it composes the rooms, and nothing below it knows it.

An agency, the world or the stack adds its commands through the entry point group `casefeed.commands`; none is
imported here by name.
"""

import sys


def main() -> None:
    """Run the command; a Ctrl-C while it is still being loaded is told in a word as well."""
    try:
        from casefeed.cli import app
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    app.main()


__all__ = ["main"]
