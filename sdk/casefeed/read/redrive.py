"""Parked records end by decision: judged again with today's schemas, or closed as they are.

Each by one decision (`decide`), beside a reader at work.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import TypeVar

from casefeed.contract.catalogue import Catalogue
from casefeed.contract.outcomes import AlreadyHeld, Applied, Outcome, Parked, Refused
from casefeed.contract.reasons import ParkedReason
from casefeed.kafka.records import Received
from casefeed.read.classify import Event, Examined, Known, schema_id_of
from casefeed.read.decisions import Count, Decision, Made, Witness, decide
from casefeed.read.event_log import SQL
from casefeed.read.parked import Choice, ParkedRecord, State, headers_of, parked_records
from casefeed.read.schema_cache import Ask, SchemaBook
from casefeed.read.store import BesideReader, Handler, claimed_id
from casefeed.runtime.errors import RegistryUnavailable

T = TypeVar("T")

_COUNTED: dict[State, Count] = {
    State.REDRIVEN: "applied",
    State.HELD: "held",
    State.CLOSED: "closed",
    State.REFUSED: "refused",
    State.OPEN: "parked",
}


@dataclass(frozen=True, slots=True)
class Again:
    """A parked record, and what it is by today's schemas; of one that is no event `record` has lost its value."""

    parked: ParkedRecord
    record: Received
    examined: Examined


@dataclass(slots=True)
class Trial:
    """Parked records judged again, in order, and the numbers of a registry that were learnt by it."""

    registry: str
    # Without a repr: asyncio writes out what its main task answered, and this may be ten thousand records.
    judged: list[Again] = field(default_factory=list, repr=False)
    learnt: dict[int, Known] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a decision did to a parked record: `event` is that of a child that was applied.

    `outcome` is None where it was closed.
    """

    parked: ParkedRecord
    became: State
    outcome: Outcome | None = None
    event: Event | None = None

    @property
    def counted(self) -> Count:
        """As what it counts among the verdicts of its decision; what is open stays parked."""
        return _COUNTED[self.became]


class _Notes:
    """A store's memory of schemas, where what is learnt is kept for the decision's own transaction."""

    def __init__(self, store: BesideReader, trial: Trial) -> None:
        self._store = store
        self._trial = trial

    def registered(self, registry: str) -> dict[int, tuple[bytes, str]]:
        return self._store.registered(registry)

    def remember_schema(self, _: str, schema_id: int, schema: Known) -> None:
        self._trial.learnt[schema_id] = schema


def chosen(db: sqlite3.Connection, choice: Choice) -> list[ParkedRecord]:
    """The open records of a choice, by topic, partition and offset.

    One that was closed is among them where it is chosen by its number. One that healed by itself never is: it may
    contradict what healed it, and judged once more it would be open again.
    """
    found, _ = parked_records(db, choice)
    waiting = [
        each
        for each in found
        if each.state is State.OPEN or (choice.id is not None and each.state is State.CLOSED)
    ]
    return sorted(waiting, key=lambda each: (each.partition, each.offset, each.id))


async def judge_again(
    store: BesideReader, choice: Choice, catalogue: Catalogue, registry: str, ask: Ask
) -> Trial:
    """What the records of a choice are by today's catalogue and registry, `ask` being asked for schema numbers.

    Where the registry is away or knows a number no more, the schema is the one that the record names, if that is
    packaged or released; else the record stays parked and its detail says so. Writes nothing.
    """
    trial = Trial(registry)
    book = SchemaBook(catalogue, _Notes(store, trial), registry, _until_away(ask))
    for parked in chosen(store.db, choice):
        row = store.db.execute(SQL["parked_bytes"], (parked.id,)).fetchone()
        topic, partition, offset, published_at, key, value, headers = row
        record = Received(topic, partition, offset, published_at, key, value, headers_of(headers))
        examined = book.judge_at_once(record) or await _judge(book, record)
        kept = record if isinstance(examined, Event) else record._replace(value=None)
        trial.judged.append(Again(parked, kept, examined))
    return trial


def _until_away(ask: Ask) -> Ask:
    """The registry, asked no more once it was away: ten thousand records do not wait for it ten thousand times."""
    away: list[RegistryUnavailable] = []

    async def asked(number: int) -> str | None:
        if away:
            raise away[0]
        try:
            return await ask(number)
        except RegistryUnavailable as error:
            away.append(error)
            raise

    return asked


async def _judge(book: SchemaBook, record: Received) -> Examined:
    try:
        return await book.judge(record)
    except RegistryUnavailable:
        which = f"schema id {schema_id_of(record)}"
        return Parked(ParkedReason.UNKNOWN_SCHEMA_ID, f"{which}; the registry does not answer")


def redrive(
    store: BesideReader,
    trial: Trial,
    decision: Decision[Choice],
    handler: Handler,
    witness: Witness[T],
    *,
    keep: bool,
) -> Made[Verdict, T]:
    """Take in what was judged again, in one transaction: new events go to the log and to `handler`, as when read.

    What applies, is held already or may not be here ends; the rest stays parked with the reason of now beside the
    first. Not kept unless `keep`. Raises StoreFault when the file cannot be written; then nothing is kept either.
    """

    def act(db: sqlite3.Connection, number: int) -> list[Verdict]:
        # What another decision ended since it was judged is that one's, and what healed meanwhile is done.
        waiting = [each for each in trial.judged if _unchanged(db, each.parked)]
        for schema_id, schema in trial.learnt.items():
            store.keep_registered(db, trial.registry, schema_id, schema)
        outcomes = store.hold_again(db, [(each.record, each.examined) for each in waiting], handler)
        return [
            _settle(store, db, number, each, outcome) for each, outcome in zip(waiting, outcomes, strict=True)
        ]

    return decide(store, "redrive", decision, act, witness, keep=keep)


def close(
    store: BesideReader,
    decision: Decision[Choice],
    witness: Witness[T],
    *,
    keep: bool,
    up_to: int | None = None,
) -> Made[Verdict, T]:
    """Close what is open of the decision's choice as it is: nothing of it is applied, its bytes stay.

    Of records up to number `up_to` where one is given. Not kept unless `keep`. Raises as `redrive` does.
    """

    def act(db: sqlite3.Connection, number: int) -> list[Verdict]:
        waiting = [
            each
            for each in chosen(db, decision.choice)
            if each.state is State.OPEN and (up_to is None or each.id <= up_to)
        ]
        return [_end(db, number, each, State.CLOSED) for each in waiting]

    return decide(store, "close", decision, act, witness, keep=keep)


def _unchanged(db: sqlite3.Connection, parked: ParkedRecord) -> bool:
    state, ended_by = db.execute(SQL["parked_state"], (parked.id,)).fetchone()
    return (state, ended_by) == (parked.state.value, parked.ended_by)


def _settle(
    store: BesideReader, db: sqlite3.Connection, number: int, again: Again, outcome: Outcome
) -> Verdict:
    match outcome:
        case Applied():
            event = again.examined
            told = event if isinstance(event, Event) and event.event_type.of_a_child else None
            return _end(db, number, again.parked, State.REDRIVEN, outcome, told)
        case AlreadyHeld():
            return _end(db, number, again.parked, State.HELD, outcome)
        case Refused():
            store.refuse(db, again.record, again.parked.digest, outcome, store.now())
            db.execute(SQL["erase_parked"], (again.parked.id,))
            return _end(db, number, again.parked, State.REFUSED, outcome)
        case Parked():
            says = claimed_id(again.record, again.examined)
            db.execute(
                SQL["try_parked"], (number, outcome.reason.value, outcome.detail, says, again.parked.id)
            )
            return Verdict(again.parked, State.OPEN, outcome)


def _end(
    db: sqlite3.Connection,
    number: int,
    parked: ParkedRecord,
    became: State,
    outcome: Outcome | None = None,
    event: Event | None = None,
) -> Verdict:
    db.execute(SQL["end_parked"], (number, became.value, parked.id))
    return Verdict(parked, became, outcome, event)
