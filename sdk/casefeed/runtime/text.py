"""Counts in words, as every room tells them."""

from __future__ import annotations


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun; `many` where it is more than `one` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
