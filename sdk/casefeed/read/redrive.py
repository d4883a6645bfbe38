"""Parked records end by decision: judged again with today's schemas, or closed as they are.

Each by one decision (`apply_decision`), beside a reader at work.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import TypeVar

from casefeed.contract.catalogue import Catalogue
from casefeed.contract.outcomes import Applied, Duplicate, Outcome, Parked, Refused
from casefeed.contract.reasons import ParkedReason
from casefeed.kafka.records import ReceivedRecord
from casefeed.read.classify import Classified, DecodedEvent, ReadableSchema, schema_id_of
from casefeed.read.decisions import Decision, DecisionOutcome, DecisionResult, Observer, apply_decision
from casefeed.read.parked import ParkedFilter, ParkedRecord, ParkedState, parked_records, parse_headers
from casefeed.read.schema_cache import SchemaCache, SchemaFetcher
from casefeed.read.statements import SQL
from casefeed.read.store import Handler, SharedStore, claimed_event_id
from casefeed.runtime.errors import RegistryUnavailable

_T = TypeVar("_T")

_OUTCOMES: dict[ParkedState, DecisionOutcome] = {
    ParkedState.REDRIVEN: "applied",
    ParkedState.HELD: "held",
    ParkedState.CLOSED: "closed",
    ParkedState.REFUSED: "refused",
    ParkedState.OPEN: "parked",
}


@dataclass(frozen=True, slots=True)
class Reclassified:
    """A parked record, and what it is by today's schemas; of one that is no event `record` has lost its value."""

    parked: ParkedRecord
    record: ReceivedRecord
    classified: Classified


@dataclass(slots=True)
class RedrivePlan:
    """Parked records judged again, in order, and the schema ids of a registry that were learnt by it."""

    registry: str
    # Without a repr: asyncio writes out what its main task answered, and this may be ten thousand records.
    records: list[Reclassified] = field(default_factory=list, repr=False)
    learned_schemas: dict[int, ReadableSchema] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParkedRecordResult:
    """What a decision did to a parked record: `event` is that of a child that was applied.

    `outcome` is None where it was closed.
    """

    parked: ParkedRecord
    state: ParkedState
    outcome: Outcome | None = None
    event: DecodedEvent | None = None

    @property
    def counted_as(self) -> DecisionOutcome:
        """As what it counts among the results of its decision; what is open stays parked."""
        return _OUTCOMES[self.state]


def select_parked(db: sqlite3.Connection, filters: ParkedFilter) -> list[ParkedRecord]:
    """The open records of a choice, by topic, partition and offset.

    One that was closed is among them where it is chosen by its number. One that healed by itself never is: it may
    contradict what healed it, and judged once more it would be open again.
    """
    states = (ParkedState.OPEN,) if filters.id is None else (ParkedState.OPEN, ParkedState.CLOSED)
    matching = [each for each in parked_records(db, filters)[0] if each.state in states]
    return sorted(matching, key=lambda each: (each.partition, each.offset, each.id))


async def plan_redrive(
    store: SharedStore, filters: ParkedFilter, catalogue: Catalogue, registry: str, fetch_schema: SchemaFetcher
) -> RedrivePlan:
    """What the records of a choice are by today's catalogue and registry, `fetch_schema` being asked for schema ids.

    Where the registry is away or knows a number no more, the schema is the one that the record names, if that is
    packaged or released; else the record stays parked and its detail says so. Writes nothing.
    """
    plan = RedrivePlan(registry)

    def keep(_: str, schema_id: int, schema: ReadableSchema) -> None:
        plan.learned_schemas[schema_id] = schema

    schema_cache = SchemaCache(catalogue, store, registry, _fail_fast(fetch_schema), keep=keep)
    for parked in select_parked(store.db, filters):
        row = store.db.execute(SQL["parked_bytes"], (parked.id,)).fetchone()
        topic, partition, offset, published_at, key, value, headers = row
        record = ReceivedRecord(topic, partition, offset, published_at, key, value, parse_headers(headers))
        classified = schema_cache.classify_cached(record) or await _classify(schema_cache, record)
        stored_record = record if isinstance(classified, DecodedEvent) else record._replace(value=None)
        plan.records.append(Reclassified(parked, stored_record, classified))
    return plan


def _fail_fast(fetch_schema: SchemaFetcher) -> SchemaFetcher:
    """The registry, asked no more once it was away: ten thousand records do not wait for it ten thousand times."""
    failure: RegistryUnavailable | None = None

    async def fetch(schema_id: int) -> str | None:
        nonlocal failure
        if failure is None:
            try:
                return await fetch_schema(schema_id)
            except RegistryUnavailable as error:
                failure = error
        raise failure

    return fetch


async def _classify(schema_cache: SchemaCache, record: ReceivedRecord) -> Classified:
    try:
        return await schema_cache.classify(record)
    except RegistryUnavailable:
        schema_id = f"schema id {schema_id_of(record)}"
        return Parked(ParkedReason.UNKNOWN_SCHEMA_ID, f"{schema_id}; the registry does not answer")


def redrive(
    store: SharedStore,
    plan: RedrivePlan,
    decision: Decision[ParkedFilter],
    handler: Handler,
    observe: Observer[_T],
    *,
    commit: bool,
) -> DecisionResult[ParkedRecordResult, _T]:
    """Take in what was judged again, in one transaction: new events go to the log and to `handler`, as when read.

    What applies, is held already or may not be here ends; the rest stays parked with the reason of now beside the
    first. Not kept unless `commit`. Raises StoreError when the file cannot be written; then nothing is kept either.
    """

    def apply(db: sqlite3.Connection, decision_id: int) -> list[ParkedRecordResult]:
        # What another decision ended since it was judged is that one's, and what healed meanwhile is done.
        unchanged = [each for each in plan.records if _unchanged(db, each.parked)]
        for schema_id, schema in plan.learned_schemas.items():
            store.upsert_registered_schema(db, plan.registry, schema_id, schema)
        outcomes = store.reapply(db, [(each.record, each.classified) for each in unchanged], handler)
        return [
            _record_outcome(store, db, decision_id, each, outcome)
            for each, outcome in zip(unchanged, outcomes, strict=True)
        ]

    return apply_decision(store, "redrive", decision, apply, observe, commit=commit)


def close_parked(
    store: SharedStore,
    decision: Decision[ParkedFilter],
    observe: Observer[_T],
    *,
    commit: bool,
    up_to_id: int | None = None,
) -> DecisionResult[ParkedRecordResult, _T]:
    """Close what is open of the decision's choice as it is: nothing of it is applied, its bytes stay.

    Of records up to number `up_to_id` where one is given. Not kept unless `commit`. Raises as `redrive` does.
    """

    def apply(db: sqlite3.Connection, decision_id: int) -> list[ParkedRecordResult]:
        return [
            _end_record(db, decision_id, each, ParkedState.CLOSED)
            for each in select_parked(db, decision.selection)
            if each.state is ParkedState.OPEN and (up_to_id is None or each.id <= up_to_id)
        ]

    return apply_decision(store, "close", decision, apply, observe, commit=commit)


def _unchanged(db: sqlite3.Connection, parked: ParkedRecord) -> bool:
    state, ended_by = db.execute(SQL["parked_state"], (parked.id,)).fetchone()
    return (state, ended_by) == (parked.state.value, parked.ended_by)


def _record_outcome(
    store: SharedStore, db: sqlite3.Connection, decision_id: int, reclassified: Reclassified, outcome: Outcome
) -> ParkedRecordResult:
    parked, record, classified = reclassified.parked, reclassified.record, reclassified.classified
    match outcome:
        case Applied():
            event = (
                classified if isinstance(classified, DecodedEvent) and classified.event_type.is_case_event else None
            )
            return _end_record(db, decision_id, parked, ParkedState.REDRIVEN, outcome, event)
        case Duplicate():
            return _end_record(db, decision_id, parked, ParkedState.HELD, outcome)
        case Refused():
            store.insert_refused(db, record, parked.digest, outcome, store.now())
            db.execute(SQL["erase_parked"], (parked.id,))
            return _end_record(db, decision_id, parked, ParkedState.REFUSED, outcome)
        case Parked():
            event_id = claimed_event_id(record, classified)
            judged = (decision_id, outcome.reason.value, outcome.detail, event_id, parked.id)
            db.execute(SQL["update_parked_reason"], judged)
            return ParkedRecordResult(parked, ParkedState.OPEN, outcome)


def _end_record(
    db: sqlite3.Connection,
    decision_id: int,
    parked: ParkedRecord,
    state: ParkedState,
    outcome: Outcome | None = None,
    event: DecodedEvent | None = None,
) -> ParkedRecordResult:
    db.execute(SQL["resolve_parked"], (decision_id, state.value, parked.id))
    return ParkedRecordResult(parked, state, outcome, event)
