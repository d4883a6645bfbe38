"""What keeps a store from being used; each message says what is wrong, where, and what to do."""

from __future__ import annotations

from casefeed.wire.errors import Unavailable


class StoreFault(Unavailable):
    """The store cannot be opened, written or trusted."""


class StoreTaken(StoreFault):
    """Another process works on the same file."""
