"""An agency that tells: its real desk with the real outbox, and a relay of a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from casefeed.contract import codec
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.errors import ContractError
from casefeed.contract.framing import cloud_event_headers
from casefeed.kafka.records import OutgoingRecord
from casefeed.publish import Publisher
from casefeed.publish.desk import SQL, Desk, RecordedEvent, event_type_from_text
from casefeed.publish.event_input import SET_BY_DESK, EventInput
from casefeed.publish.outbox import Acknowledgement, Outbox, mark_for_resend
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
            db.execute(SQL["insert_source"], (self.source, agency, "minted"))

    def record(self, events: Sequence[Told], calls_left: int | None) -> list[RecordedEvent] | None:
        """Events are written down in one transaction; None where the desk died."""
        drafts = [self._draft(each) for each in events]
        answers = self.desk.run(lambda desk: desk.record(drafts, self.agency, NOW_MS), calls_left)
        if answers is None:
            return None
        assert [each for each in answers if not isinstance(each, RecordedEvent)] == []
        return [each for each in answers if isinstance(each, RecordedEvent)]

    def refuses(self, event: Told) -> bool:
        """Whether the desk does not write an event down."""
        (answer,) = self.desk.store.record([self._draft(event)], self.agency, NOW_MS)
        return isinstance(answer, ContractError)

    def _draft(self, event: Told) -> EventInput:
        header = {name: value for name, value in event.event["header"].items() if name not in SET_BY_DESK}
        body = {name: value for name, value in event.event.items() if name != "header"}
        return EventInput(load_catalogue().by_name(event.short), header | {"agency": self.agency}, body)

    def relay(self, broker: Broker, damage: Sequence[Damage], calls_left: int | None) -> None:
        """As many of the oldest as there is damage for are claimed, sent and marked; the relay may die meanwhile."""

        def relay(desk: Desk) -> bool:
            outbox = Outbox(desk)
            claimed = outbox.claim(len(damage))
            for each, (fate, shape, wrong_key) in zip(claimed, damage, strict=False):
                outgoing = each.outgoing(outbox.event_type(each.schema_row))
                if shape is Shape.MISKEYED and wrong_key == each.child_key:
                    shape = Shape.WHOLE
                broker.send(self.publisher.topic, outgoing, each.child_key, fate, shape, wrong_key)
            outbox.mark_sent([Acknowledgement(0, None, each.row_id) for each in claimed])
            return True

        if self.desk.run(relay, calls_left) is None:
            # What the dead one held is free when its lease has run out.
            self.desk.store.db.execute("UPDATE outbox SET leased_until = 0 WHERE leased_until IS NOT NULL")

    def has_pending(self) -> bool:
        """Whether anything is still to be sent."""
        return Outbox(self.desk.store).has_pending()

    def resend(self, child: str, first: int, last: int, calls_left: int | None = None) -> None:
        """`resend` of numbers of a child."""
        self.desk.run(lambda desk: mark_for_resend(desk, child, self.source, first, last), calls_left)

    def altered(self, event_id: str, header: Raw) -> OutgoingRecord:
        """A recorded event as a careless program would tell it, its header altered."""
        raw_id = bytes.fromhex(event_id.replace("-", ""))
        row = self.desk.store.db.execute(SQL["event_by_id"], (raw_id,)).fetchone()
        kind = event_type_from_text(row["schema"])
        body = codec.decode(kind, row["datum"])
        body["header"] = body["header"] | header
        headers = cloud_event_headers(kind, body)
        return OutgoingRecord(body["header"]["child_key"].encode(), kind, codec.encode(kind, body), headers, event_id)
