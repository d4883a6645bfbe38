"""All at once, drawn: two desks, a broker that spoils, an intake and decisions that die, against plain sets."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.codec import META_EVENTS
from casefeed.kafka.records import Partition
from casefeed.read.decisions import GapFilter
from casefeed.read.parked import ParkedFilter
from tests.desk_helpers import ICE, ORR
from tests.feedkit import Raw, child_key
from tests.unit.case.random_histories import AMENDMENTS, LAST_DAY, MERGES, SHORTS, Told, identity, one_more
from tests.unit.model.broker import PARTITIONS, Broker, Fate, Shape, TopicRecord
from tests.unit.model.expected import CAUSES, Expected, ExpectedParked
from tests.unit.model.process import AFTER_COMMIT
from tests.unit.model.reader import Reader
from tests.unit.model.sender import Damage, Sender

KEYS = 3
MOST_EVENTS = 40
# More than there is of anything.
ALL = 1_000
DAYS = range(LAST_DAY + 1)
KNOWN_BY = st.sampled_from([None, *range(LAST_DAY + 4)])
# A few more than the longest of what is done has, so that some live.
CALLS_UNTIL_DEATH = st.none() | st.integers(0, 40) | st.integers(0, 200) | st.just(AFTER_COMMIT)
CHILDREN = [child_key(number) for number in range(1, KEYS + 2)]
NOTHING: Damage = (Fate.ARRIVES, Shape.WHOLE, "")
# As often nothing as something.
DAMAGE = st.just(NOTHING) | st.sampled_from(
    [
        *((fate, Shape.WHOLE, "") for fate in (Fate.LOST, Fate.TWICE, Fate.LATE)),
        *((Fate.ARRIVES, shape, "") for shape in (Shape.UNKNOWN, Shape.CUT, Shape.NAMELESS)),
        *((fate, Shape.UNKNOWN, "") for fate in (Fate.TWICE, Fate.LATE)),
        *((Fate.ARRIVES, Shape.MISKEYED, wrong_key) for wrong_key in CHILDREN),
    ]
)
DAMAGES = st.lists(DAMAGE, min_size=4, max_size=8)
SIZES = st.fixed_dictionaries({each: st.sampled_from([100, 8, 4, 2, 1, 0]) for each in PARTITIONS})


def _id(one: Told) -> str:
    return str(one.event["header"]["event_id"])


def _amended_by(one: Told) -> str:
    """The id of the event that it corrects, retracts or undoes; of none where it does none of these."""
    fields = ("corrects_event_id", "retracts_event_id", "unmerges_event_id")
    return next((one.event[field] for field in fields if field in one.event), "")


class CaseFeed(RuleBasedStateMachine):
    """The feed, and beside it what must be true of it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="casefeed-model-"))
        self.broker = Broker()
        self.orr, self.ice = (
            Sender(self.folder, publisher, agency) for publisher, agency in ((ORR, "ORR"), (ICE, "ICE_ERO"))
        )
        self.reader = Reader(self.folder, self.broker)
        self.expected = Expected()
        self.sender_by_event: dict[str, Sender] = {}
        self.drawn = 0

    # What the agencies do.

    @initialize(data=st.data())
    def some_days_pass(self, data: st.DataObject) -> None:
        """However few kinds of step are drawn: there is something to do them with."""
        for _ in range(2):
            self.a_day_passes(data)

    @rule(data=st.data())
    def a_day_passes(self, data: st.DataObject) -> None:
        """Each desk writes facts down, each relay sends, the intake reads."""
        for sender in (self.orr, self.ice):
            if len(self.expected.events) < MOST_EVENTS:
                self._record_events(data, sender)
            sender.relay(self.broker, data.draw(DAMAGES), data.draw(CALLS_UNTIL_DEATH))
        self._read(self.reader.next_batch(data.draw(SIZES)), data.draw(CALLS_UNTIL_DEATH))

    def _record_events(self, data: st.DataObject, sender: Sender) -> None:
        """A desk that dies is asked again, as who had no answer does."""
        told: list[Told] = []
        for _ in range(data.draw(st.sampled_from([4, 3, 2, 1]))):
            self.drawn += 1
            one = data.draw(one_more(self.drawn, KEYS, _shorts(sender)))
            if not self._amends_nothing(one, sender, told):
                told.append(one)
            elif self.sender_by_event.get(_amended_by(one)) is sender:
                assert sender.refuses(one)
        answers = sender.record(told, data.draw(CALLS_UNTIL_DEATH))
        held = answers is None and sender.desk.committed
        if answers is None:
            answers = sender.record(told, None)
        assert answers is not None
        for event, answer in zip(told, answers, strict=True):
            key = event.event["header"]["child_key"]
            number = self.expected.record(event, key, sender.source)
            assert (answer.source, answer.sequence, answer.duplicate) == (sender.source, number, held)
            self.sender_by_event[answer.event_id] = sender

    def _amends_nothing(self, one: Told, sender: Sender, with_it: list[Told]) -> bool:
        """Whether it names what it can not amend, as far as this very desk has that, or records it with it."""
        name = _amended_by(one)
        mine = self.expected.events[name] if self.sender_by_event.get(name) is sender else None
        named = next((each for each in (*with_it, one) if _id(each) == name), mine)
        if named is None or named is one:
            return named is one
        if one.short == "ChildKeysUnmerged":
            return named.short != "ChildKeysMerged"
        another = named.event["header"]["child_key"] != one.event["header"]["child_key"]
        return another or (one.short == "EventCorrected" and named.short in META_EVENTS)

    @rule(orr=st.booleans(), damage=DAMAGES, breaths=CALLS_UNTIL_DEATH)
    def a_relay_sends(self, orr: bool, damage: list[Damage], breaths: int | None) -> None:
        """What waits, the oldest first, and the broker does with it as it likes."""
        (self.orr if orr else self.ice).relay(self.broker, damage, breaths)

    @precondition(lambda self: self.expected.missing())
    @rule(data=st.data(), breaths=CALLS_UNTIL_DEATH)
    def what_is_missing_is_sent_again(self, data: st.DataObject, breaths: int | None) -> None:
        """From one missing number on, as the reader asks for it."""
        child, source, first = data.draw(st.sampled_from(sorted(self.expected.missing())))
        sender = self.orr if source == self.orr.source else self.ice
        sender.resend(child, first, first + data.draw(st.integers(0, 3)), breaths)

    # What befalls the topics.

    @precondition(lambda self: self.broker.late)
    @rule(data=st.data())
    def what_was_late_comes(self, data: st.DataObject) -> None:
        """One of it, whichever."""
        self.broker.append(self.broker.late.pop(data.draw(st.integers(0, len(self.broker.late) - 1))))

    @precondition(lambda self: any(self.broker.log.values()))
    @rule(data=st.data())
    def somebody_repeats_what_lay_there(self, data: st.DataObject) -> None:
        """A second producer, a stretch of a partition."""
        rows = self.broker.log[data.draw(st.sampled_from([each for each in PARTITIONS if self.broker.log[each]]))]
        first = data.draw(st.integers(0, len(rows) - 1))
        for copy in rows[first : first + data.draw(st.integers(1, 6))]:
            self.broker.append(copy)

    @precondition(lambda self: self.expected.stored)
    @rule(data=st.data(), same_id=st.booleans())
    def somebody_contradicts(self, data: st.DataObject, same_id: bool) -> None:
        """Another event under an id, or under a number, that the reader holds."""
        event_id = data.draw(st.sampled_from(sorted(self.expected.stored)))
        clock = self.expected.events[event_id].event["header"]["recorded_at"]
        header: Raw = {"recorded_at": clock + 7} if same_id else {"event_id": identity(9_000)}
        sender = self.sender_by_event[event_id]
        shape = Shape.CONTRADICTS if same_id else Shape.TAKEN
        child, _, _ = self.expected.sequence_numbers[event_id]
        self.broker.send(sender.publisher.topic, sender.altered(event_id, header), child, shape=shape)

    @precondition(lambda self: self.expected.open())
    @rule()
    def the_schemas_are_registered(self) -> None:
        """The numbers that nobody knew stand for schemas now."""
        self.broker.generation += 1

    # What the reader does.

    @rule(sizes=SIZES, breaths=CALLS_UNTIL_DEATH)
    def the_intake_takes(self, sizes: dict[Partition, int], breaths: int | None) -> None:
        """A batch of several partitions; where it dies, all of it or nothing was kept."""
        self._read(self.reader.next_batch(sizes), breaths)

    def _read(self, batch: list[TopicRecord], breaths: int | None = None) -> None:
        if self.reader.commit_batch(batch, breaths):
            for each in batch:
                self.expected.read(each, self.broker.generation)
                self.expected.positions[each.record.topic, each.record.partition] = each.record.offset + 1

    @rule()
    def all_is_read_again(self) -> None:
        """From the start of the topics."""
        self.reader.rewind()
        self.expected.positions = dict.fromkeys(PARTITIONS, 0)

    @precondition(lambda self: self.expected.parked)
    @rule(data=st.data(), what=st.sampled_from(["redrive", "redrive", "close"]), breaths=CALLS_UNTIL_DEATH)
    def somebody_decides(self, data: st.DataObject, what: str, breaths: int | None) -> None:
        """About a child's parked records, a cause's, one, or all: tried first, then done, then done once more."""
        choice, waits = self._draw_choice(data, what)
        before = self.reader.dump()
        tried, kept = self.reader.decide(what, choice, keep=False)
        assert tried is not None
        assert (tried.decision_id, kept, self.reader.dump() == before) == (None, False, True)
        made, kept = self.reader.decide(what, choice, breaths)
        self._note_decision(what, waits, kept)
        if made is not None:
            assert (made.counts, made.before, made.after) == (tried.counts, tried.before, tried.after)
        left = self.expected.select(waits)
        again, kept_now = self.reader.decide(what, choice)
        assert again is not None
        assert kept_now == bool(left)
        if kept:
            assert sum(again.counts[each] for each in ("applied", "held", "closed")) == 0
            assert again.before == again.after
        self._note_decision(what, waits, kept_now)

    def _note_decision(self, what: str, waits: Callable[[ExpectedParked], bool], kept: bool) -> None:
        if kept:
            self.expected.decide(what, self.expected.select(waits), self.broker.generation)

    @precondition(lambda self: self.expected.missing())
    @rule(data=st.data(), breaths=CALLS_UNTIL_DEATH)
    def somebody_gives_numbers_up(self, data: st.DataObject, breaths: int | None) -> None:
        """All that is missing of a child, or of its source, or one number."""
        child, source, number = data.draw(st.sampled_from(sorted(self.expected.missing())))
        which = data.draw(
            st.sampled_from(
                [GapFilter((child,)), GapFilter((child,), source), GapFilter((child,), source, number, number)]
            )
        )
        if self.reader.give_up(which, breaths):
            self.expected.decisions += 1
            self.expected.given_up |= {
                each
                for each in self.expected.missing()
                if each[0] == child and which.source in (None, each[1]) and which.first in (None, each[2])
            }

    @precondition(lambda self: self.expected.given_up & self.expected.never_came())
    @rule(data=st.data(), breaths=CALLS_UNTIL_DEATH)
    def somebody_waits_for_them_again(self, data: st.DataObject, breaths: int | None) -> None:
        """For all that was given up of a child and source."""
        never_came = self.expected.given_up & self.expected.never_came()
        child, source, _ = data.draw(st.sampled_from(sorted(never_came)))
        if self.reader.give_up(GapFilter((child,), source), breaths, reopen=True):
            self.expected.decisions += 1
            self.expected.given_up -= {each for each in never_came if each[:2] == (child, source)}

    def _draw_choice(self, data: st.DataObject, what: str) -> tuple[ParkedFilter, Callable[[ExpectedParked], bool]]:
        """What is decided about, and which parked records that are."""
        match data.draw(st.sampled_from(["child", "cause", "one", "all"])):
            case "child":
                key = data.draw(st.sampled_from(CHILDREN))
                return (
                    ParkedFilter(child_keys=(key,)),
                    lambda each: self.expected.is_open(each) and key in each.children,
                )
            case "cause":
                cause = data.draw(st.sampled_from(list(CAUSES.values())))
                return ParkedFilter(cause=cause), lambda each: self.expected.is_open(each) and each.cause is cause
            case "one":
                place = data.draw(st.sampled_from([each.position for each in self.expected.parked.values()]))
                number = self.reader.parked(ParkedFilter())[place]
                # What was closed can be redriven by its number still.
                return (
                    ParkedFilter(id=number),
                    lambda each: (
                        each.position == place
                        and (self.expected.is_open(each) or (each.closed and what == "redrive"))
                    ),
                )
            case _:
                return ParkedFilter(), self.expected.is_open

    @rule()
    def all_is_repaired(self) -> None:
        """All that was recorded is sent once more and arrives, what is parked is judged again, the rest closed."""
        for copy in self.broker.late:
            self.broker.append(copy)
        self.broker.late.clear()
        self.broker.generation += 1
        for sender in (self.orr, self.ice):
            self._send_all(sender, self.broker)
        self._read(self.reader.next_batch(dict.fromkeys(PARTITIONS, 10 * ALL)))
        for what, choice in (("redrive", ParkedFilter()), ("close", ParkedFilter(open=True))):
            waiting = self.expected.open()
            _, kept = self.reader.decide(what, choice)
            assert kept == bool(waiting)
            self._note_decision(what, waiting.__contains__, kept)
        assert self.reader.uncertain(CHILDREN) == set()
        assert self.expected.stored == self.expected.events.keys()

    @staticmethod
    def _send_all(sender: Sender, broker: Broker) -> None:
        for child in CHILDREN:
            sender.resend(child, 1, ALL)
        sender.relay(broker, [NOTHING] * ALL, None)
        assert not sender.has_pending()

    # What must be true.

    @invariant()
    def the_ledger_holds_what_was_delivered(self) -> None:
        """Each event once, in the log and in the cases; what is missing and what is parked are as they must be."""
        assert self.reader.positions() == self.expected.positions
        assert self.reader.event_ids() == self.reader.fact_event_ids() == sorted(self.expected.stored)
        assert self.reader.decisions() == self.expected.decisions
        assert self.reader.missing() == sorted(self.expected.missing())
        assert sorted(self.reader.parked(ParkedFilter())) == sorted(
            each.position for each in self.expected.parked.values()
        )
        assert sorted(self.reader.parked(ParkedFilter(open=True))) == sorted(
            each.position for each in self.expected.open()
        )
        assert self.reader.uncertain(CHILDREN) == self.expected.uncertain()

    @rule(known_by=KNOWN_BY)
    def somebody_asks_for_the_figures(self, known_by: int | None) -> None:
        """As of each day, by what was known on one."""
        assert self.reader.figures(known_by, DAYS) == self.expected.figures(known_by, DAYS)

    def teardown(self) -> None:
        """Whatever befell: mended, it is as after one clean pass."""
        try:
            if sys.exc_info()[0] is None:
                self.all_is_repaired()
                self.the_ledger_holds_what_was_delivered()
                for known_by in (None, 2, 5):
                    self.somebody_asks_for_the_figures(known_by)
                self._equals_one_clean_pass()
        finally:
            for each in (self.orr.desk, self.ice.desk, self.reader.intake):
                each.close()
            shutil.rmtree(self.folder)

    def _equals_one_clean_pass(self) -> None:
        broker = Broker()
        for sender in (self.orr, self.ice):
            self._send_all(sender, broker)
        (self.folder / "clean").mkdir()
        clean = Reader(self.folder / "clean", broker)
        assert clean.commit_batch(clean.next_batch(dict.fromkeys(PARTITIONS, ALL)), None)
        assert self.reader.list_rows() == clean.list_rows()
        for known_by in (None, *DAYS):
            assert self.reader.figures(known_by, DAYS) == clean.figures(known_by, DAYS)
        clean.intake.close()


def _shorts(sender: Sender) -> tuple[str, ...]:
    """What a desk may tell; corrections, merges and their like more often than the rest."""
    its = {each.short_name for each in load_catalogue().on_topic(sender.publisher.topic)}
    return tuple(each for each in (*SHORTS, *AMENDMENTS * 2, *MERGES) if each in its)
