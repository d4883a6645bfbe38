"""What keeps a reader from reading; each message says what is wrong, where, and what to do."""

from __future__ import annotations

from casefeed.runtime.errors import BrokerUnavailable, Unavailable
from casefeed.store.errors import StoreFault


class PartitionLost(StoreFault):
    """The position was moved by somebody else since it was read; nothing of this batch was kept."""


class OtherCluster(Unavailable):
    """The store's positions are another Kafka cluster's."""


class TopicChanged(Unavailable):
    """The topic does not hold what this store read from it last: it was wiped, or made anew."""


class HandsOutNothing(BrokerUnavailable):
    """The broker answers and has more to read, and nothing came; a new connection is worth a try."""
