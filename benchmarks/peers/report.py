"""What every rival is told and tells: where to read, and how it went."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC, EventType, load_catalogue

TOPICS = (ORR_TOPIC, ICE_TOPIC)
BATCH = 5000


@dataclass(frozen=True)
class PeerConfig:
    """Where to read and write.

    `ends`: one past the last offset by "topic/partition"; `schema_ids`: the registry's number by type name.
    """

    bootstrap: str
    registry_url: str
    ledger: Path
    ends: Mapping[str, int]
    schema_ids: Mapping[str, int]

    @property
    def types(self) -> dict[int, EventType]:
        """The event types by the registry's number."""
        return {number: load_catalogue().event_types[name] for name, number in self.schema_ids.items()}

    @property
    def records(self) -> int:
        """How many records there are to read."""
        return sum(self.ends.values())


def load_config() -> PeerConfig:
    """What the environment tells."""
    given = json.loads(os.environ["CASEFEED_BENCH"])
    return PeerConfig(given["bootstrap"], given["registry_url"], Path(given["ledger"]), given["ends"], given["ids"])


def print_result(began: float, records: int) -> None:
    """Say how it went: seconds from the first look at the broker to the last commit."""
    print(json.dumps({"seconds": time.perf_counter() - began, "records": records}), flush=True)
