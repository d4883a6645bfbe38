"""An agency that tells: its real desk with the real outbox, and a relay of a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from casefeed.cli.agency.resend import send_again
from casefeed.contract import codec
from casefeed.contract.catalogue import load
from casefeed.contract.errors import ContractError
from casefeed.contract.framing import cloud_events
from casefeed.kafka.producer import Outgoing
from casefeed.publish import Publisher
from casefeed.publish.desk import SQL, Desk, Recorded, type_of
from casefeed.publish.event_input import FILLED_IN, Draft
from casefeed.publish.outbox import Mark, Outbox
from tests.desk_helpers import NOW_MS
from tests.feedkit import Raw
from tests.unit.case.random_histories import Told
from tests.unit.model.broker import Broker, Fate, Shape
from tests.unit.model.process import Process

Damage = tuple[Fate, Shape, str]
"""What happens to a record that is sent: fate, shape, and the wrong key of one that is mis-keyed."""


class Sender:
    """One agency."""

    def __init__(self, folder: Path, publisher: Publisher, agency: str) -> None:
        self.publisher, self.agency = publisher, agency
        # Minted names are random; a run that is found to fail must run again as it did.
        self.source = f"{publisher.agency.lower()}-model"
        path = folder / f"{publisher.agency}.db"
        self.desk = Process(lambda: Desk(path, publisher))
        with self.desk.store.transaction() as db:
            db.execute(SQL["keep_source"], (self.source, agency, "minted"))

    def records(self, told: Sequence[Told], breaths: int | None) -> list[Recorded] | None:
        """Events are written down in one transaction; None where the desk died."""
        drafts = [self._draft(each) for each in told]
        answers = self.desk.does(lambda desk: desk.record(drafts, self.agency, NOW_MS), breaths)
        if answers is None:
            return None
        assert [each for each in answers if not isinstance(each, Recorded)] == []
        return [each for each in answers if isinstance(each, Recorded)]

    def refuses(self, told: Told) -> bool:
        """Whether the desk does not write an event down."""
        (answer,) = self.desk.store.record([self._draft(told)], self.agency, NOW_MS)
        return isinstance(answer, ContractError)

    def _draft(self, told: Told) -> Draft:
        header = {name: value for name, value in told.event["header"].items() if name not in FILLED_IN}
        body = {name: value for name, value in told.event.items() if name != "header"}
        return Draft(load().named(told.short), header | {"agency": self.agency}, body)

    def relays(self, broker: Broker, damage: Sequence[Damage], breaths: int | None) -> None:
        """As many of the oldest as there is damage for are claimed, sent and marked; the relay may die meanwhile."""

        def relay(desk: Desk) -> bool:
            outbox = Outbox(desk)
            claimed = outbox.claim(len(damage))
            for each, (fate, shape, wrong_key) in zip(claimed, damage, strict=False):
                outgoing = each.outgoing(outbox.event_type(each.schema))
                if shape is Shape.MISKEYED and wrong_key == each.child_key:
                    shape = Shape.WHOLE
                broker.send(self.publisher.topic, outgoing, each.child_key, fate, shape, wrong_key)
            outbox.mark([Mark(0, None, each.number) for each in claimed])
            return True

        if self.desk.does(relay, breaths) is None:
            # What the dead one held is free when its lease has run out.
            self.desk.store.db.execute("UPDATE outbox SET leased_until = 0 WHERE leased_until IS NOT NULL")

    def waits(self) -> bool:
        """Whether anything is still to be sent."""
        return Outbox(self.desk.store).waits()

    def sends_again(self, child: str, first: int, last: int, breaths: int | None = None) -> None:
        """`resend` of numbers of a child."""
        self.desk.does(lambda desk: send_again(desk, child, self.source, first, last), breaths)

    def spoilt(self, event_id: str, header: Raw) -> Outgoing:
        """A recorded event as a careless program would tell it, its header altered."""
        raw_id = bytes.fromhex(event_id.replace("-", ""))
        row = self.desk.store.db.execute(SQL["held"], (raw_id,)).fetchone()
        kind = type_of(row["schema"])
        body = codec.decode(kind, row["datum"])
        body["header"] = body["header"] | header
        headers = cloud_events(kind, body)
        return Outgoing(
            body["header"]["child_key"].encode(), kind, codec.encode(kind, body), headers, event_id
        )
