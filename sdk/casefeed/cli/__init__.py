"""The one command, `casefeed`: it composes the rooms and finds the agencies' groups through entry points."""
