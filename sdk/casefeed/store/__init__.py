"""One SQLite file: opened, locked, migrated, its statements by name, its faults told in sentences.

Both the reader's store and a desk stand on it. It knows no table of theirs; it may import `casefeed.runtime.errors`
and nothing else of ours.
"""

from casefeed.store.errors import StoreFault, StoreTaken
from casefeed.store.sqlite import WAITS_FOR_OTHERS, StoreFile, connect, looked_into, path_of
from casefeed.store.statements import among, as_list, migrate, statements

__all__ = [
    "WAITS_FOR_OTHERS", "StoreFault", "StoreFile", "StoreTaken", "among", "as_list", "connect", "looked_into",
    "migrate", "path_of", "statements",
]  # fmt: skip
