"""Events as JSON, one a line, answered one a line in the same order, each answer after its event is on disk.

Lines that already wait in the pipe share one commit: that is how it keeps up with thousands a second.
"""

from __future__ import annotations

import json
import os
import select
from collections.abc import Callable, Iterator

from casefeed.contract.catalogue import load
from casefeed.contract.errors import ContractError, Forbidden
from casefeed.contract.guard import ranges
from casefeed.publish.desk import Desk, Recorded
from casefeed.publish.event_input import MAX_LINE_BYTES, Draft, draft, parse
from casefeed.store import StoreFault

READ_BYTES = 1 << 16
# So many lines share a commit at most: whoever else writes the desk waits no longer than that takes.
LINES_AT_ONCE = 500

Said = ContractError | Forbidden | StoreFault
Answer = Recorded | Said


def answered(
    desk: Desk, agency: str, lines: Iterator[list[bytes]], now_ms: Callable[[], int]
) -> Iterator[list[str]]:
    """For each line an answer as a line of JSON, those of one commit together: the number that the event has now, or
    the sentence that says why it has none."""
    for some in lines:
        answers = _recorded(desk, agency, some, now_ms())
        yield [json.dumps(_told(each), separators=(",", ":")) + "\n" for each in answers]


def _recorded(desk: Desk, agency: str, lines: list[bytes], now_ms: int) -> list[Answer]:
    drafts: list[Draft | ContractError] = []
    for line in lines:
        try:
            drafts.append(draft(parse(line), desk.publisher.topic))
        except ContractError as fault:
            drafts.append(fault)
    good = [each for each in drafts if isinstance(each, Draft)]
    try:
        done: Iterator[Answer] = iter(desk.record(good, agency, now_ms) if good else [])
    except StoreFault as fault:
        done = iter([fault] * len(good))
    return [next(done) if isinstance(each, Draft) else each for each in drafts]


def _told(answer: Answer) -> dict[str, object]:
    match answer:
        case Recorded():
            return {
                "event_id": answer.event_id,
                "source": answer.source,
                "sequence": answer.sequence,
                "recorded_at": answer.recorded_at,
                "held": answer.held,
            }
        case _:
            return {"error": sentence(answer)}


def sentence(fault: Said) -> str:
    """Why an event was not recorded, and what to do where the rule alone does not say."""
    return f"{fault} Synthetic data only: {_remedy(fault)}" if isinstance(fault, Forbidden) else f"{fault}"


def _remedy(fault: Forbidden) -> str:
    namespace, name, *path = fault.where.split(".")
    for place, form in ranges(load().named(f"{namespace}.{name}")):
        if [*place] == path:
            return f"{path[-1]} takes {form.pattern.strip('^$')} and nothing else."
    return 'say "synthetic": true in the header, of made-up people alone.'


def waiting_lines(descriptor: int) -> Iterator[list[bytes]]:
    """The lines of a pipe or file, those that are there together; blank ones are left out.

    A line longer than an event may be is handed on cut, so that it is refused, and the rest of it is dropped.
    """
    rest, dropping = b"", False
    while data := _there(descriptor):
        *whole, rest = (rest + data).split(b"\n")
        if dropping and whole:
            whole, dropping = whole[1:], False
        if len(rest) > MAX_LINE_BYTES:
            whole, rest = ([*whole, rest] if not dropping else whole), b""
            dropping = True
        yield from _some(whole)
    if rest and not dropping:
        yield from _some([rest])


def _there(descriptor: int) -> bytes:
    """What can be read now without waiting, as far as it is worth one commit; waits for the first of it."""
    found = os.read(descriptor, READ_BYTES)
    while found and len(found) < LINES_AT_ONCE * 1000 and select.select([descriptor], [], [], 0)[0]:
        more = os.read(descriptor, READ_BYTES)
        if not more:
            break
        found += more
    return found


def _some(lines: list[bytes]) -> Iterator[list[bytes]]:
    kept = [each for each in lines if each.strip()]
    for at in range(0, len(kept), LINES_AT_ONCE):
        yield kept[at : at + LINES_AT_ONCE]
