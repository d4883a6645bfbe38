"""Faults put into the feed on purpose: their kinds, which events they touch, and one life's records with them.

One event in fifty is touched, chosen by its id, each in one way. The children numbered first have one event touched
whatever the draw says, a child a kind, so that a small world has every kind too.

For one life there is what is sent, what the sender sends later to put it right, and what is known. What a reader
knows is a list of facts, never an event: of the records with their faults (`before`), and after the repair what was
known by a day before it (`believed`). By a day after it all is known, which is the life itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from casefeed.contract import catalogue
from synthetic_world.addresses import other_finding, write_address
from synthetic_world.calibration import LAST_MS
from synthetic_world.days import DAY, HOUR, MINUTE
from synthetic_world.events import ArchiveRecord, EventBuilder, EventData, WorldEvent, to_record, uuid7
from synthetic_world.lives import AddressFact, Fact, HearingMissed, Life, NtaFiling
from synthetic_world.rng import Rng, digest

_F = TypeVar("_F", bound=Fact)


class FaultKind(StrEnum):
    """What can happen to a record between the one who recorded it and the one who reads it."""

    LOST = "lost"
    DOUBLED = "doubled"
    SHUFFLED = "shuffled"
    LATE = "late"
    CORRUPT = "corrupt"
    MIS_KEYED = "mis-keyed"
    CONTRADICTING = "contradicting"


FAULT_KINDS = tuple(FaultKind)
ALL_KINDS = "all"
_ONE_IN = 50
LATE_AFTER = 90 * DAY
"""A late record comes at least so long after it was recorded."""
ERRORS_FOUND_AT = LAST_MS + 60 * DAY
"""When the senders find out what was written down twice (ms UTC); what came late is there by then."""
_LATEST = LAST_MS + 30 * DAY
_DUPLICATE_N = 10_000  # beyond the `n` of any fact of a life
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_OTHER = str.maketrans(_LETTERS, _LETTERS[1:] + _LETTERS[0])


def parse_kinds(text: str) -> tuple[FaultKind, ...]:
    """The kinds that `text` names, parted by commas, in an order of their own; raises ValueError at another word."""
    words = [word.strip() for word in text.split(",")]
    if words == [ALL_KINDS]:
        return FAULT_KINDS
    named = [FaultKind(word) for word in words]
    return tuple(kind for kind in FAULT_KINDS if kind in named)


def select_faults(index: int, events: Sequence[WorldEvent], kinds: Sequence[FaultKind]) -> dict[int, FaultKind]:
    """How the events of child number `index` are touched: the kind by the fact's `n`."""
    draws = {
        each.fact.n: int.from_bytes(digest("damage", each.data["header"]["event_id"], size=8)) for each in events
    }
    old = {each.fact.n for each in events if each.fact.recorded + LATE_AFTER <= LAST_MS}
    drawn = {n: kinds[value // _ONE_IN % len(kinds)] for n, value in draws.items() if value % _ONE_IN == 0}
    if index < len(kinds):
        able = old if kinds[index] is FaultKind.LATE else draws.keys()
        drawn |= dict.fromkeys(sorted(able, key=lambda n: draws[n])[:1], kinds[index])
    return {n: kind for n, kind in drawn.items() if kind is not FaultKind.LATE or n in old}


def with_error(rng: Rng, fact: _F) -> _F:
    """`fact` with something wrong in it that a figure may count: its address, its answer, or its day."""
    match fact:
        case AddressFact():
            address = write_address(rng, fact.address.locality, other_finding(rng, fact.address.finding))
            return replace(fact, address=address, checked=None if address.method == "NONE" else fact.recorded)
        case NtaFiling():
            return replace(fact, accepted=not fact.accepted)
        case HearingMissed():
            return replace(fact, not_present=not fact.not_present)
        case _:
            return replace(fact, occurred=fact.occurred - rng.randint(DAY, 90 * DAY))


def wrong_duplicate(rng: Rng, fact: _F, n: int, *, before: bool) -> _F:
    """`fact` written down wrongly a second time, as fact `n`, a minute before or after the right one."""
    return replace(
        with_error(rng, fact),
        n=n,
        occurred=fact.occurred - rng.randint(2 * MINUTE, 90 * DAY),
        recorded=fact.recorded - MINUTE if before else fact.recorded + MINUTE,
    )


@dataclass(slots=True)
class DamagedLife:
    """What became of a life's records; `faults` has the kind of damage by the fact's `n`.

    `detectable`: whether a reader can see from the records that came that something is wrong.
    """

    faults: Mapping[int, FaultKind]
    sent: list[ArchiveRecord] = field(default_factory=list)
    repair: list[ArchiveRecord] = field(default_factory=list)
    before: list[Fact] = field(default_factory=list)
    believed: list[Fact] = field(default_factory=list)
    detectable: bool = False


def inject_faults(
    event_builder: EventBuilder, life: Life, events: Sequence[WorldEvent], faults: Mapping[int, FaultKind]
) -> DamagedLife:
    """The records of `life`, built as `events`, with the damage that `faults` says."""
    injector = _FaultInjector(event_builder, life, events, faults)
    for each in events:
        kind = faults.get(each.fact.n)
        if kind is None:
            injector.deliver(each, to_record(each))
        else:
            _INJECTORS[kind](injector, each, to_record(each))
    injector.damaged.detectable = injector.is_detectable()
    return injector.damaged


class _FaultInjector:
    """Puts faults into one life. A number that is stored is one under which a reader has an event, right or wrong."""

    def __init__(
        self, event_builder: EventBuilder, life: Life, events: Sequence[WorldEvent], faults: Mapping[int, FaultKind]
    ) -> None:
        self.event_builder = event_builder
        self.life = life
        self.damaged = DamagedLife(faults)
        self._last_sequences = Counter(each.data["header"]["source"] for each in events)
        self._stored: dict[str, set[int]] = {}

    def deliver(self, event: WorldEvent, *records: ArchiveRecord) -> None:
        """The right record arrives, perhaps elsewhere or again, perhaps with a wrong one after it."""
        self.store(event, event.fact, event.fact)
        self.damaged.sent += records

    def lose(self, event: WorldEvent, right: ArchiveRecord, *damaged: ArchiveRecord) -> None:
        """Nothing that can be read arrives; the sender sends the right record again."""
        self.damaged.believed.append(event.fact)
        self.damaged.sent += damaged
        self.damaged.repair.append(right)

    def store(self, event: WorldEvent, before: Fact, *believed: Fact) -> None:
        """A reader stores the fact `before` under the number of `event`; for `believed` see above."""
        head = event.data["header"]
        self._stored.setdefault(head["source"], set()).add(head["sequence"])
        self.damaged.before.append(before)
        self.damaged.believed += believed

    def next_sequence(self, source: str) -> int:
        """The number that follows the child's last under a source."""
        self._last_sequences[source] += 1
        return self._last_sequences[source]

    def add_amendment(self, event: WorldEvent, type_name: str, body: EventData) -> None:
        """The sender records an event about `event`, when the error is found."""
        head = event.data["header"]
        recorded = ERRORS_FOUND_AT + HOUR
        header = {
            **head,
            "event_id": uuid7(recorded, digest("amendment", head["event_id"], size=10)),
            "sequence": self.next_sequence(head["source"]),
            "occurred_at": ERRORS_FOUND_AT,
            "recorded_at": recorded,
        }
        amendment = WorldEvent(event.topic, type_name, {"header": header, **body}, event.fact)
        self.damaged.repair.append(to_record(amendment))

    def is_detectable(self) -> bool:
        """Whether a record was parked, or a number is missing below one that is stored."""
        parked = {FaultKind.CORRUPT, FaultKind.MIS_KEYED, FaultKind.CONTRADICTING} & set(self.damaged.faults.values())
        return bool(parked) or any(max(stored) > len(stored) for stored in self._stored.values())


def _rng(event: WorldEvent) -> Rng:
    return Rng("how it is spoilt", event.data["header"]["event_id"])


def _lost(injector: _FaultInjector, event: WorldEvent, right: ArchiveRecord) -> None:
    """The record never arrives."""
    injector.lose(event, right)


def _doubled(injector: _FaultInjector, event: WorldEvent, right: ArchiveRecord) -> None:
    """The record comes again much later, sometimes at once as well."""
    rng = _rng(event)
    again = [right] if rng.chance(0.5) else []
    injector.deliver(event, right, *again, replace(right, at=right.at + rng.randint(DAY, 60 * DAY)))


def _shuffled(injector: _FaultInjector, event: WorldEvent, right: ArchiveRecord) -> None:
    """The record comes days or weeks after those recorded with it."""
    injector.deliver(event, replace(right, at=right.at + _rng(event).randint(DAY, 60 * DAY)))


def _late(injector: _FaultInjector, event: WorldEvent, right: ArchiveRecord) -> None:
    """The record comes after all others, months after it was recorded."""
    injector.deliver(event, replace(right, at=_rng(event).randint(LAST_MS + 1, _LATEST)))


def _corrupt(injector: _FaultInjector, event: WorldEvent, right: ArchiveRecord) -> None:
    """The bytes no longer decode: cut in half, or the first length flipped to one far too long."""
    datum = right.envelope.datum
    cut = _rng(event).chance(0.5)
    damaged = datum[: len(datum) // 2] if cut else bytes((datum[0] ^ 0x80,)) + datum[1:]
    injector.lose(event, right, replace(right, envelope=replace(right.envelope, datum=damaged)))


def _mis_keyed(injector: _FaultInjector, event: WorldEvent, right: ArchiveRecord) -> None:
    """The record goes out under a Kafka key that is not its child's."""
    other = right.envelope.key[::-1].translate(_OTHER)
    injector.lose(event, right, replace(right, envelope=replace(right.envelope, key=other)))


def _contradicting(injector: _FaultInjector, event: WorldEvent, right: ArchiveRecord) -> None:
    """Two records for one fact, with one event id or with one number; whichever comes first is stored."""
    rng = _rng(event)
    same_id, wrong_first = rng.chance(0.5), rng.chance(0.5)
    head = event.data["header"]
    if same_id:
        wrong = with_error(rng, event.fact)
        wrong_event = injector.event_builder.build_event(injector.life, wrong, head["event_id"], head["sequence"])
    else:
        wrong = wrong_duplicate(rng, event.fact, _DUPLICATE_N + event.fact.n, before=wrong_first)
        other_id = uuid7(wrong.recorded, digest("told again", head["event_id"], size=10))
        wrong_event = injector.event_builder.build_event(injector.life, wrong, other_id, head["sequence"])
    background = to_record(wrong_event)
    background = replace(background, at=right.at - 1 if wrong_first else right.at + 1)
    if not wrong_first:
        injector.deliver(event, right, background)
        return
    injector.damaged.sent += (background, right)
    if same_id:
        injector.store(event, wrong, wrong)
        _correct(injector, event, right)
    else:
        injector.store(event, wrong, wrong, event.fact)
        _retract(injector, event, wrong_event)


def _correct(injector: _FaultInjector, event: WorldEvent, right: ArchiveRecord) -> None:
    """The sender says what the event under this id should have said."""
    kind = catalogue.load_catalogue().by_name(event.type_name)
    body = {
        "corrects_event_id": right.event_id,
        "reason": "RECORDED_WRONGLY",
        "restated_dataschema": kind.dataschema,
        "restated": right.envelope.datum,
    }
    injector.add_amendment(event, "EventCorrected", body)


def _retract(injector: _FaultInjector, event: WorldEvent, wrong: WorldEvent) -> None:
    """The sender takes the wrong event back, and sends the right one under a number that nobody has taken."""
    header = event.data["header"]
    numbered = {**header, "sequence": injector.next_sequence(header["source"])}
    injector.damaged.repair.append(to_record(replace(event, data={**event.data, "header": numbered})))
    body = {"retracts_event_id": wrong.data["header"]["event_id"], "reason": "RECORDED_TWICE"}
    injector.add_amendment(wrong, "EventRetracted", body)


_INJECTORS: Mapping[FaultKind, Callable[[_FaultInjector, WorldEvent, ArchiveRecord], None]] = {
    FaultKind.LOST: _lost,
    FaultKind.DOUBLED: _doubled,
    FaultKind.SHUFFLED: _shuffled,
    FaultKind.LATE: _late,
    FaultKind.CORRUPT: _corrupt,
    FaultKind.MIS_KEYED: _mis_keyed,
    FaultKind.CONTRADICTING: _contradicting,
}
