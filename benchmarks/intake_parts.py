"""Where the intake's time goes: its run with a clock round each of its parts, in CPU us an event, children inside."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from benchmarks.peers.report import load_config
from casefeed.kafka.consumer import Consumer
from casefeed.ledger import projection
from casefeed.ledger.database import PACKAGE
from casefeed.read import event_log, store
from casefeed.read.schema_cache import SchemaCache
from casefeed.read.service import Reader, run
from ice_caseload.agency import ICE

spent: Counter[str] = Counter()


@contextmanager
def _timer(part: str) -> Any:
    began = time.process_time()
    try:
        yield
    finally:
        spent[part] += time.process_time() - began  # type: ignore[assignment]


def timed(owner: Any, name: str, part: str) -> None:
    """Put a clock round a function."""
    inner: Callable[..., Any] = getattr(owner, name)
    clock: Callable[[str], AbstractContextManager[None]] = _timer

    def call(*given: Any, **named: Any) -> Any:
        with clock(part):
            return inner(*given, **named)

    async def call_async(*given: Any, **named: Any) -> Any:
        with clock(part):
            return await inner(*given, **named)

    setattr(owner, name, call_async if name == "fetch" else call)


if __name__ == "__main__":
    given = load_config()
    os.environ |= {"CASEFEED_KAFKA_BOOTSTRAP": given.bootstrap, "CASEFEED_REGISTRY_URL": given.registry_url}
    timed(Consumer, "fetch", "fetch")
    timed(SchemaCache, "classify_cached", "judge: decode, rules, guard, hash")
    timed(store, "append_events", "log: which are new, rows, insert")
    timed(event_log, "_insert_rows", "log: the insert alone")
    timed(projection, "load_cases", "cases: facts read again")
    timed(projection, "compute_changes", "cases: fold, figures, lists")
    timed(projection, "apply_events", "cases: in all")
    began = time.process_time()
    reader = Reader(ICE.consumer_group, given.ledger, projection.apply_events, packages=(PACKAGE,))
    events = run(reader, until_caught_up=True).counts.applied
    spent["in all"] = time.process_time() - began  # type: ignore[assignment]
    print(json.dumps({part: seconds / events * 1e6 for part, seconds in spent.items()}))
