"""The one command `casefeed`: it composes the rooms, and nothing below it knows it.

An agency, the world or the stack adds its commands through the entry point group `casefeed.commands`; none is
imported here by name.
"""

import sys


def main() -> None:
    """Run the command; a Ctrl-C while it is still being loaded is told in a word as well.

    Without the extra [cli] it says what to install, and ends with exit code 3.
    """
    try:
        from casefeed.cli import app
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.stderr.write("The command `casefeed` needs an extra that is missing: pip install 'casefeed[cli]'.\n")
        sys.exit(3)
    app.main()


__all__ = ["main"]
