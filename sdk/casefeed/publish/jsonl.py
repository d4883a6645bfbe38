"""Events as JSON, one a line, answered one a line in the same order, each answer after its event is on disk.

Lines that already wait in the pipe share one commit: that is how it keeps up with thousands a second.
"""

from __future__ import annotations

import json
import os
import select
from collections.abc import Callable, Iterator

from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.errors import ContractError, RefusedError
from casefeed.contract.guard import synthetic_patterns
from casefeed.publish.desk import Desk, RecordedEvent
from casefeed.publish.event_input import MAX_LINE_BYTES, EventInput, event_input, parse_json
from casefeed.store import StoreError

READ_BYTES = 1 << 16
# So many lines share a commit at most: whoever else writes the desk waits no longer than that takes.
MAX_BATCH_LINES = 500

RecordingError = ContractError | RefusedError | StoreError
LineResult = RecordedEvent | RecordingError


def record_lines(
    desk: Desk, agency: str, lines: Iterator[list[bytes]], now_ms: Callable[[], int]
) -> Iterator[list[str]]:
    """For each line an answer as a line of JSON, those of one commit together: the number that the event has now, or
    the sentence that says why it has none."""
    for batch in lines:
        results = _record_batch(desk, agency, batch, now_ms())
        yield [json.dumps(_as_dict(each), separators=(",", ":")) + "\n" for each in results]


def _record_batch(desk: Desk, agency: str, lines: list[bytes], now_ms: int) -> list[LineResult]:
    inputs: list[EventInput | ContractError] = []
    for line in lines:
        try:
            inputs.append(event_input(parse_json(line), desk.publisher.topic))
        except ContractError as error:
            inputs.append(error)
    valid = [each for each in inputs if isinstance(each, EventInput)]
    try:
        results: Iterator[LineResult] = iter(desk.record(valid, agency, now_ms) if valid else [])
    except StoreError as error:
        results = iter([error] * len(valid))
    return [next(results) if isinstance(each, EventInput) else each for each in inputs]


def _as_dict(result: LineResult) -> dict[str, object]:
    if not isinstance(result, RecordedEvent):
        return {"error": error_text(result)}
    kept = {name: getattr(result, name) for name in ("event_id", "source", "sequence", "recorded_at")}
    return kept | {"held": result.duplicate}


def error_text(error: RecordingError) -> str:
    """Why an event was not recorded, and what to do where the rule alone does not say."""
    if not isinstance(error, RefusedError):
        return str(error)
    namespace, name, *path = error.where.split(".")
    pattern = dict(synthetic_patterns(load_catalogue().by_name(f"{namespace}.{name}"))).get(tuple(path))
    if pattern is None:
        return f'{error} Synthetic data only: say "synthetic": true in the header, of made-up people alone.'
    return f"{error} Synthetic data only: {path[-1]} takes {pattern.pattern.strip('^$')} and nothing else."


def read_available_lines(descriptor: int) -> Iterator[list[bytes]]:
    """The lines of a pipe or file, those that are there together; blank ones are left out.

    A line longer than an event may be is handed on cut, so that it is refused, and the rest of it is dropped.
    """
    rest, dropping = b"", False
    while data := _read_available(descriptor):
        *complete, rest = (rest + data).split(b"\n")
        if dropping and complete:
            complete, dropping = complete[1:], False
        if len(rest) > MAX_LINE_BYTES:
            complete, rest = ([*complete, rest] if not dropping else complete), b""
            dropping = True
        yield from _batches(complete)
    if rest and not dropping:
        yield from _batches([rest])


def _read_available(descriptor: int) -> bytes:
    """What can be read now without waiting, as far as it is worth one commit; waits for the first of it."""
    data = os.read(descriptor, READ_BYTES)
    while data and len(data) < MAX_BATCH_LINES * 1000 and select.select([descriptor], [], [], 0)[0]:
        more = os.read(descriptor, READ_BYTES)
        if not more:
            break
        data += more
    return data


def _batches(lines: list[bytes]) -> Iterator[list[bytes]]:
    nonblank = [each for each in lines if each.strip()]
    for start in range(0, len(nonblank), MAX_BATCH_LINES):
        yield nonblank[start : start + MAX_BATCH_LINES]
