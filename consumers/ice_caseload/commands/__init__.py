"""The commands of `casefeed ice`, one module each."""
