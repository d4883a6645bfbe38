"""Faults put into the feed on purpose: their kinds, which events they touch, and one life's records with them.

One event in fifty is touched, chosen by its id, each in one way. The children numbered first have one event touched
whatever the draw says, a child a kind, so that a small world has every kind too.

For one life there is what is sent, what the sender sends later to put it right, and what is known. What a reader knows
is a list of facts, never an event: of the records with their faults (`before`), and after the repair what was known by
a day before it (`believed`). By a day after it all is known, which is the life itself.
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
from synthetic_world.events import Body, Record, Telling, Voice, record_of, uuid7
from synthetic_world.lives import AddressFact, Fact, HearingMissed, Life, NoticeFiled
from synthetic_world.rng import Dice, digest


class Damage(StrEnum):
    """What can happen to a record between the one who recorded it and the one who reads it."""

    LOST = "lost"
    DOUBLED = "doubled"
    SHUFFLED = "shuffled"
    LATE = "late"
    CORRUPT = "corrupt"
    MIS_KEYED = "mis-keyed"
    CONTRADICTING = "contradicting"


KINDS = tuple(Damage)
ALL = "all"
_ONE_IN = 50
LATE_AFTER = 90 * DAY
"""A late record comes at least so long after it was recorded."""


def kinds_of(text: str) -> tuple[Damage, ...]:
    """The kinds that `text` names, parted by commas, in an order of their own; raises ValueError at another word."""
    words = [word.strip() for word in text.split(",")]
    if words == [ALL]:
        return KINDS
    named = [Damage(word) for word in words]
    return tuple(kind for kind in KINDS if kind in named)


def touched(index: int, told: Sequence[Telling], kinds: Sequence[Damage]) -> dict[int, Damage]:
    """How the events of child number `index` are touched: the kind by the fact's `n`."""
    lots = {
        each.fact.n: int.from_bytes(digest("damage", each.event["header"]["event_id"], size=8))
        for each in told
    }
    old = {each.fact.n for each in told if each.fact.recorded + LATE_AFTER <= LAST_MS}
    drawn = {n: kinds[lot // _ONE_IN % len(kinds)] for n, lot in lots.items() if lot % _ONE_IN == 0}
    if index < len(kinds):
        able = old if kinds[index] is Damage.LATE else lots.keys()
        drawn |= dict.fromkeys(sorted(able, key=lambda n: lots[n])[:1], kinds[index])
    return {n: kind for n, kind in drawn.items() if kind is not Damage.LATE or n in old}


F = TypeVar("F", bound=Fact)


def mistaken(dice: Dice, fact: F) -> F:
    """`fact` with something wrong in it that a figure may count: its address, its answer, or its day."""
    match fact:
        case AddressFact():
            address = write_address(dice, fact.address.place, other_finding(dice, fact.address.finding))
            return replace(fact, address=address, checked=None if address.method == "NONE" else fact.recorded)
        case NoticeFiled():
            return replace(fact, accepted=not fact.accepted)
        case HearingMissed():
            return replace(fact, not_present=not fact.not_present)
        case _:
            return replace(fact, occurred=fact.occurred - dice.between(DAY, 90 * DAY))


def told_again(dice: Dice, fact: F, n: int, *, before: bool) -> F:
    """`fact` written down wrongly a second time, as fact `n`, a minute before or after the right one."""
    return replace(
        mistaken(dice, fact),
        n=n,
        occurred=fact.occurred - dice.between(2 * MINUTE, 90 * DAY),
        recorded=fact.recorded - MINUTE if before else fact.recorded + MINUTE,
    )


MISTAKE_FOUND = LAST_MS + 60 * DAY
"""When the senders find out what was written down twice (ms UTC); what came late is there by then."""
_LATEST = LAST_MS + 30 * DAY
_AGAIN = 10_000  # beyond the `n` of any fact of a life
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_OTHER = str.maketrans(_LETTERS, _LETTERS[1:] + _LETTERS[0])


@dataclass(slots=True)
class Spoilt:
    """What became of a life's records; `touched` has the kind of damage by the fact's `n`.

    `seen`: whether a reader can tell from the records that came that something is wrong.
    """

    touched: Mapping[int, Damage]
    sent: list[Record] = field(default_factory=list)
    repair: list[Record] = field(default_factory=list)
    before: list[Fact] = field(default_factory=list)
    believed: list[Fact] = field(default_factory=list)
    seen: bool = False


def spoil(voice: Voice, life: Life, told: Sequence[Telling], touched: Mapping[int, Damage]) -> Spoilt:
    """The records of `life`, told as `told`, with the damage that `touched` says."""
    work = _Work(voice, life, told, touched)
    for each in told:
        kind = touched.get(each.fact.n)
        if kind is None:
            work.keep(each, record_of(each))
        else:
            _SPOILT[kind](work, each, record_of(each))
    work.spoilt.seen = work.shows()
    return work.spoilt


class _Work:
    """A life being spoilt. A number that is held is one under which a reader has an event, right or wrong."""

    def __init__(
        self, voice: Voice, life: Life, told: Sequence[Telling], touched: Mapping[int, Damage]
    ) -> None:
        self.voice = voice
        self.life = life
        self.spoilt = Spoilt(touched)
        self._last = Counter(each.event["header"]["source"] for each in told)
        self._held: dict[str, set[int]] = {}

    def keep(self, told: Telling, *records: Record) -> None:
        """The right record arrives, perhaps elsewhere or again, perhaps with a wrong one after it."""
        self.hold(told, told.fact, told.fact)
        self.spoilt.sent += records

    def miss(self, told: Telling, right: Record, *spoilt: Record) -> None:
        """Nothing that can be read arrives; the sender sends the right record again."""
        self.spoilt.believed.append(told.fact)
        self.spoilt.sent += spoilt
        self.spoilt.repair.append(right)

    def hold(self, told: Telling, before: Fact, *believed: Fact) -> None:
        """A reader holds the fact `before` under the number of `told`; for `believed` see above."""
        head = told.event["header"]
        self._held.setdefault(head["source"], set()).add(head["sequence"])
        self.spoilt.before.append(before)
        self.spoilt.believed += believed

    def next_number(self, source: str) -> int:
        """The number that follows the child's last under a source."""
        self._last[source] += 1
        return self._last[source]

    def amend(self, told: Telling, type_name: str, body: Body) -> None:
        """The sender tells an event about the event `told`, when the mistake is found."""
        head = told.event["header"]
        written = MISTAKE_FOUND + HOUR
        header = {
            **head,
            "event_id": uuid7(written, digest("amendment", head["event_id"], size=10)),
            "sequence": self.next_number(head["source"]),
            "occurred_at": MISTAKE_FOUND,
            "recorded_at": written,
        }
        about = Telling(told.topic, type_name, {"header": header, **body}, told.fact)
        self.spoilt.repair.append(record_of(about))

    def shows(self) -> bool:
        """Whether a record was parked, or a number is missing below one that is held."""
        parked = {Damage.CORRUPT, Damage.MIS_KEYED, Damage.CONTRADICTING} & set(self.spoilt.touched.values())
        return bool(parked) or any(max(held) > len(held) for held in self._held.values())


def _dice(told: Telling) -> Dice:
    return Dice("how it is spoilt", told.event["header"]["event_id"])


def _lost(work: _Work, told: Telling, right: Record) -> None:
    """The record never arrives."""
    work.miss(told, right)


def _doubled(work: _Work, told: Telling, right: Record) -> None:
    """The record comes again much later, sometimes at once as well."""
    dice = _dice(told)
    again = [right] if dice.chance(0.5) else []
    work.keep(told, right, *again, replace(right, at=right.at + dice.between(DAY, 60 * DAY)))


def _shuffled(work: _Work, told: Telling, right: Record) -> None:
    """The record comes days or weeks after those recorded with it."""
    work.keep(told, replace(right, at=right.at + _dice(told).between(DAY, 60 * DAY)))


def _late(work: _Work, told: Telling, right: Record) -> None:
    """The record comes after all others, months after it was recorded."""
    work.keep(told, replace(right, at=_dice(told).between(LAST_MS + 1, _LATEST)))


def _corrupt(work: _Work, told: Telling, right: Record) -> None:
    """The bytes no longer decode: cut in half, or the first length flipped to one far too long."""
    datum = right.envelope.datum
    cut = _dice(told).chance(0.5)
    spoilt = datum[: len(datum) // 2] if cut else bytes((datum[0] ^ 0x80,)) + datum[1:]
    work.miss(told, right, replace(right, envelope=replace(right.envelope, datum=spoilt)))


def _mis_keyed(work: _Work, told: Telling, right: Record) -> None:
    """The record goes out under a Kafka key that is not its child's."""
    other = right.envelope.key[::-1].translate(_OTHER)
    work.miss(told, right, replace(right, envelope=replace(right.envelope, key=other)))


def _contradicting(work: _Work, told: Telling, right: Record) -> None:
    """Two records for one fact, with one event id or with one number; whichever comes first is held."""
    dice = _dice(told)
    same_id, wrong_first = dice.chance(0.5), dice.chance(0.5)
    head = told.event["header"]
    if same_id:
        wrong = mistaken(dice, told.fact)
        retold = work.voice.retell(work.life, wrong, head["event_id"], head["sequence"])
    else:
        wrong = told_again(dice, told.fact, _AGAIN + told.fact.n, before=wrong_first)
        other_id = uuid7(wrong.recorded, digest("told again", head["event_id"], size=10))
        retold = work.voice.retell(work.life, wrong, other_id, head["sequence"])
    beside = record_of(retold)
    beside = replace(beside, at=right.at - 1 if wrong_first else right.at + 1)
    if not wrong_first:
        work.keep(told, right, beside)
        return
    work.spoilt.sent += (beside, right)
    if same_id:
        work.hold(told, wrong, wrong)
        _correct(work, told, right)
    else:
        work.hold(told, wrong, wrong, told.fact)
        _take_back(work, told, retold)


def _correct(work: _Work, told: Telling, right: Record) -> None:
    """The sender says what the event under this id should have said."""
    kind = catalogue.load().named(told.type_name)
    body = {
        "corrects_event_id": right.event_id,
        "reason": "RECORDED_WRONGLY",
        "restated_dataschema": kind.dataschema,
        "restated": right.envelope.datum,
    }
    work.amend(told, "EventCorrected", body)


def _take_back(work: _Work, told: Telling, wrong: Telling) -> None:
    """The sender takes the wrong event back, and sends the right one under a number that nobody has taken."""
    header = told.event["header"]
    numbered = {**header, "sequence": work.next_number(header["source"])}
    work.spoilt.repair.append(record_of(replace(told, event={**told.event, "header": numbered})))
    body = {"retracts_event_id": wrong.event["header"]["event_id"], "reason": "RECORDED_TWICE"}
    work.amend(wrong, "EventRetracted", body)


_SPOILT: Mapping[Damage, Callable[[_Work, Telling, Record], None]] = {
    Damage.LOST: _lost,
    Damage.DOUBLED: _doubled,
    Damage.SHUFFLED: _shuffled,
    Damage.LATE: _late,
    Damage.CORRUPT: _corrupt,
    Damage.MIS_KEYED: _mis_keyed,
    Damage.CONTRADICTING: _contradicting,
}
