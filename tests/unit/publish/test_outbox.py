"""Claims on a desk's outbox: leases by the database's clock, a child's order, and what a late relay may not do."""

from __future__ import annotations

from pathlib import Path

import pytest

from casefeed.contract.codec import decode
from casefeed.contract.framing import cloud_event_headers
from casefeed.publish.desk import Desk
from casefeed.publish.outbox import LEASE_MS, Acknowledgement, ClaimedEvent, Outbox
from casefeed.publish.sender import ACK_TIMEOUT_S
from casefeed.runtime.errors import CheckFailed
from tests.desk_helpers import desk_input, event_inputs, orr_desk, record
from tests.feedkit import child_key


def sent(outbox: Outbox, claimed: list[ClaimedEvent]) -> None:
    outbox.mark_sent([Acknowledgement(0, each.row_id, each.row_id) for each in claimed])


def run_out(desk: Desk) -> None:
    """Let every lease run out: the database's clock has gone on."""
    desk.db.execute("UPDATE outbox SET leased_until = leased_until - ? WHERE claimed_by IS NOT NULL", (LEASE_MS + 1,))


def test_what_goes_out_is_what_was_recorded(desk: Desk) -> None:
    """Key, datum and all headers are those of the event, without decoding it."""
    record(desk, desk_input("SponsorPlacement", 1))
    outbox = Outbox(desk)
    (claimed,) = outbox.claim(10)
    kind = outbox.event_type(claimed.schema_row)
    out = claimed.outgoing(kind)
    event = decode(kind, claimed.datum)
    assert (out.key.decode(), out.event_id) == (child_key(1), event["header"]["event_id"])
    assert (out.event_type, out.datum) == (kind, claimed.datum)
    assert out.headers == cloud_event_headers(kind, event)


def test_the_oldest_are_claimed_in_order_and_once(desk: Desk) -> None:
    """Two relays get different events, each in the order of recording; what was marked is gone."""
    record(desk, *event_inputs(10, 1))
    one, two = Outbox(desk), Outbox(desk)
    first, second = one.claim(4), two.claim(100)
    assert [each.row_id for each in first] == [1, 2, 3, 4]
    assert [each.row_id for each in second] == [5, 6, 7, 8, 9, 10]
    sent(one, first)
    sent(two, second)
    assert not one.has_pending()


def test_a_child_of_whom_another_holds_an_event_is_left_alone(desk: Desk) -> None:
    """A later event is not claimed while an earlier one of the child is another's; once that is sent, it is."""
    record(desk, *event_inputs(3, 2))
    one, two = Outbox(desk), Outbox(desk)
    held = one.claim(1)
    other = two.claim(100)
    assert child_key(1) not in {each.child_key for each in other}
    assert len(other) == 4
    sent(one, held)
    assert [each.row_id for each in two.claim(100)] == [2, 3, 4, 5, 6]


def test_a_lease_that_ran_out_holds_nothing(desk: Desk) -> None:
    """After its lease a relay's events are another's, the earliest of each child first."""
    record(desk, *event_inputs(2, 3))
    one, two = Outbox(desk), Outbox(desk)
    one.claim(3)
    assert two.claim(100) == []
    run_out(desk)
    assert [each.row_id for each in two.claim(100)] == [1, 2, 3, 4, 5, 6]


def test_a_relay_that_was_stopped_past_its_lease_marks_nothing_that_another_holds(desk: Desk) -> None:
    """What was taken over is marked by who holds it now; an own claim that ran out untouched may still be marked."""
    record(desk, *event_inputs(2, 1))
    one, two = Outbox(desk), Outbox(desk)
    late = one.claim(2)
    run_out(desk)
    (taken, _) = two.claim(2)
    sent(one, late)
    assert desk.db.execute("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL").fetchone()[0] == 0
    sent(two, [taken])
    run_out(desk)
    assert two.has_pending()
    sent(two, late)
    assert not two.has_pending()


def test_what_is_let_go_is_free_at_once(desk: Desk) -> None:
    """A relay that ends, or waits for a broker, keeps nothing from another."""
    record(desk, *event_inputs(2, 2))
    one, two = Outbox(desk), Outbox(desk)
    sent(one, one.claim(4)[:1])
    one.release()
    assert [each.row_id for each in two.claim(100)] == [2, 3, 4]


def test_a_lease_lasts_longer_than_a_batch_is_waited_for() -> None:
    """A relay that works never loses its claim to another that would send the same again."""
    assert ACK_TIMEOUT_S * 1000 < LEASE_MS


def test_another_cluster_gets_nothing_in_silence(desk: Desk) -> None:
    """What was sent lies on one cluster: another one is refused, until all is to be sent again."""
    record(desk, *event_inputs(2, 1))
    outbox = Outbox(desk)
    outbox.bind_cluster("one", from_start=False)
    outbox.bind_cluster("two", from_start=False)  # nothing was sent yet
    sent(outbox, outbox.claim(1))
    with pytest.raises(CheckFailed, match=r"another Kafka cluster .* --from-start"):
        outbox.bind_cluster("three", from_start=False)
    outbox.bind_cluster("three", from_start=True)
    assert [each.row_id for each in outbox.claim(100)] == [1, 2]
    sent(outbox, outbox.claim(100))
    outbox.bind_cluster("three", from_start=False)


def test_a_relay_of_the_cluster_before_marks_and_claims_nothing(desk: Desk) -> None:
    """Sent again to another cluster: what the relay before still had on its way is not taken for sent."""
    record(desk, *event_inputs(2, 1))
    before, after = Outbox(desk), Outbox(desk)
    before.bind_cluster("one", from_start=False)
    (on_its_way, _) = before.claim(2)
    after.bind_cluster("two", from_start=True)
    for attempt in (lambda: sent(before, [on_its_way]), lambda: before.claim(1)):
        with pytest.raises(CheckFailed, match="sends to another Kafka cluster now"):
            attempt()
    before.release()
    assert [each.row_id for each in after.claim(100)] == [1, 2]


def test_what_another_writes_is_noticed(desk: Desk, tmp_path: Path) -> None:
    """The version changes with a commit of another process, and not by itself."""
    outbox = Outbox(desk)
    seen = outbox.version()
    assert outbox.version() == seen
    with orr_desk(tmp_path) as other:
        record(other, desk_input("ChildLocated", 1))
    assert outbox.version() != seen
