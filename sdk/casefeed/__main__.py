"""`python -m casefeed` is the command `casefeed`."""

from casefeed.cli import main

main()
