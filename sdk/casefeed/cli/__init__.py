"""The one command `casefeed`: it composes the rooms, and nothing below it knows it.

An agency, the world or the stack adds its commands through the entry point group `casefeed.commands`; none is
imported here by name.
"""

from casefeed.cli.app import main

__all__ = ["main"]
