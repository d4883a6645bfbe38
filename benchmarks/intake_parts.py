"""Where the intake's time goes: its run with a clock round each of its parts, in CPU us an event, children inside."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from benchmarks.peers.report import told
from casefeed.kafka.consumer import Consumer
from casefeed.read import event_log, store
from casefeed.read.schema_cache import SchemaBook
from casefeed.read.service import Reader, run
from ice_caseload import cases
from ice_caseload.ledger import GROUP, ROOM

spent: Counter[str] = Counter()


@contextmanager
def _clock(part: str) -> Any:
    began = time.process_time()
    try:
        yield
    finally:
        spent[part] += time.process_time() - began  # type: ignore[assignment]


def timed(owner: Any, name: str, part: str) -> None:
    """Put a clock round a function."""
    inner: Callable[..., Any] = getattr(owner, name)
    clock: Callable[[str], AbstractContextManager[None]] = _clock

    def call(*given: Any, **named: Any) -> Any:
        with clock(part):
            return inner(*given, **named)

    async def call_async(*given: Any, **named: Any) -> Any:
        with clock(part):
            return await inner(*given, **named)

    setattr(owner, name, call_async if name == "fetch" else call)


if __name__ == "__main__":
    given = told()
    os.environ |= {"CASEFEED_KAFKA_BOOTSTRAP": given.bootstrap, "CASEFEED_REGISTRY_URL": given.registry_url}
    timed(Consumer, "fetch", "fetch")
    timed(SchemaBook, "judge_at_once", "judge: decode, rules, guard, hash")
    timed(store, "hold", "log: which are new, rows, insert")
    timed(event_log, "_write", "log: the insert alone")
    timed(cases, "cases_of", "cases: facts read again")
    timed(cases, "changed", "cases: fold, figures, lists")
    timed(cases, "take_in", "cases: in all")
    began = time.process_time()
    reader = Reader(GROUP, given.ledger, cases.take_in, rooms=(ROOM,))
    events = run(reader, until_caught_up=True).tally.applied
    spent["in all"] = time.process_time() - began  # type: ignore[assignment]
    print(json.dumps({part: seconds / events * 1e6 for part, seconds in spent.items()}))
