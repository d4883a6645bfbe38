"""`casefeed ice case`: one timeline with every clock and every source, and what is uncertain."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.reasons import ParkedReason
from tests.events import ABOUT, ALL, SECRETS, raw
from tests.feedkit import DAY_MS, START_MS, child_key
from tests.unit.ledger.ledger_fixture import RECEIVED_MS, CommandResult, LedgerFixture, amendments, full_child

RunCommand = Callable[..., CommandResult]
KEY = child_key(1)


@pytest.mark.parametrize("form", ["table", "json"])
def test_no_personal_value_shows(caseload: LedgerFixture, ask: RunCommand, form: str) -> None:
    """Every event type at once: nothing of a child's or a sponsor's own is on the screen or in the object."""
    told = full_child()
    told += amendments(told)
    caseload.apply(*told)
    types = {each.short_name for each in load_catalogue().event_types.values()}
    assert {short for short, _ in told} == {*ALL, *ABOUT, "EventCorrected"} == types
    answer = ask("case", KEY, "--format", form)
    assert answer.code == 0
    assert [secret for secret in SECRETS if secret.lower() in (answer.out + answer.err).lower()] == []


def test_the_timeline_is_in_order_of_when_each_fact_came_about(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Each fact is a line, numbered from 1, however the events came; a missed hearing told twice is one."""
    told = full_child()
    caseload.apply(*reversed(told[8:]), *reversed(told[:8]))
    lines = ask("case", KEY, "--format", "json").json["timeline"]
    assert [line["line"] for line in lines] == list(range(1, 16))
    times = [line["tellings"][0]["occurred_at"] for line in lines]
    assert times == sorted(times)
    (missed,) = [line for line in lines if len(line["tellings"]) > 1]
    assert [each["agency"] for each in missed["tellings"]] == ["EOIR_ADAPTER", "ORR"]
    assert missed["says"].startswith("Failed to appear at hearing SYN-H-1")


@pytest.mark.finding("OIG-25-21/oversight", "cause/no-monitoring-policy", "cause/agreement-2021")
def test_every_clock_and_every_source_is_there(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Four clocks in ms UTC, the gap before each in words, and where the event came from."""
    caseload.apply(("AbsentFromSponsor", raw("AbsentFromSponsor", 1, 1, days=2, late=10)))
    (line,) = ask("case", KEY, "--format", "json").json["timeline"]
    (told,) = line["tellings"]
    assert told["occurred_at"] == "2020-09-15T12:26:40.000Z"
    assert told["recorded_at"] == "2020-09-25T12:26:40.000Z"
    assert told["published_at"] == "2020-09-25T12:27:40.000Z"
    assert told["received_at"] == "2021-10-17T12:26:40.000Z"
    assert told["gaps"] == {
        "recorded": "10 days later",
        "published": "60 seconds later",
        "received": "12 months later",
    }
    assert told["gaps_ms"]["recorded"] == 10 * DAY_MS
    assert (told["source"], told["agency"], told["sequence"]) == ("orr-test", "ORR", 1)
    assert told["at"] == {"topic": "orr.case-events", "partition": 0, "offset": 0}
    assert told["personal"] == {"child": {"last_known_with_sponsor_date": "[child location]"}}
    assert told["details"]["learned_from"] == "SCHOOL"
    shown = ask("case", KEY).out
    for text in (
        "recorded         2020-09-25 12:26:40 +00:00  10 days later",
        "orr.case-events/0@0",
        "learned from: school",
    ):
        assert text in shown


def test_times_are_in_the_readers_zone(
    caseload: LedgerFixture, ask: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line says when a fact came about where the reader sits, with the offset; the object stays in UTC."""
    import time

    caseload.apply(("AgedOut", raw("AgedOut", 1, 1)))
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        assert "1. 2020-09-14 02:26:40 +14:00  Turned 18" in ask("case", KEY).out
        told = ask("case", KEY, "--format", "json").json["timeline"][0]["tellings"][0]
        assert told["occurred_at"] == "2020-09-13T12:26:40.000Z"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_lines_point_at_what_they_change(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Corrections, moves and returns name the line they are about, and that line names them."""
    caseload.apply(*full_child())
    lines = ask("case", KEY, "--format", "json").json["timeline"]
    points = {
        (line["tellings"][0]["type"].rpartition(".")[2], line["line"]): [
            (p["how"], p["line"]) for p in line["points_at"]
        ]
        for line in lines
        if line["points_at"]
    }
    assert points == {
        ("RunawayFromCustody", 3): [("ended by", 4)],
        ("ChildLocated", 4): [("ends", 3)],
        ("SponsorPlacement", 5): [("corrected by", 6), ("followed by", 11)],
        ("PlacementAddressChanged", 6): [("corrects", 5)],
        ("NtaServed", 7): [("used the address of", 5)],
        ("PlacementAddressChanged", 11): [("follows", 5)],
        ("FailureToAppear", 12): [("of the hearing in", 10)],
        ("InAbsentiaOrder", 13): [("of the hearing in", 10)],
    }
    assert "corrects line 5" in ask("case", KEY).out


def test_a_correction_of_what_is_not_held_says_so(caseload: LedgerFixture, ask: RunCommand) -> None:
    """The event that a correction names may be missing here."""
    caseload.apply(("PlacementAddressChanged", raw("PlacementAddressChanged", 1, 1, reason="CORRECTION")))
    (line,) = ask("case", KEY, "--format", "json").json["timeline"]
    assert line["points_at"][0]["line"] is None
    assert "corrects an event not held here" in ask("case", KEY).out


def test_the_head_says_what_the_case_comes_to(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Area, release address, ladder, absences that last, up to where it is complete."""
    caseload.apply(*full_child())
    answer = ask("case", KEY, "--format", "json").json
    head = answer["head"]
    assert head["area"] == "MIA"
    assert head["release_address"]["finding"] == "undeliverable"
    assert head["release_address"]["line"] == 6
    assert head["nta"]["ladder"] == "filed"
    assert head["nta"]["filed_at"] == "2020-10-16T12:26:40.000Z"
    assert [(each["from"], each["line"]) for each in head["open_absences"]] == [("sponsor", 14)]
    assert answer["uncertain"] is None
    assert answer["complete"]["topics"]["orr.case-events"] == {"0": {"position": 9, "end": 9, "parked": 0}}
    shown = ask("case", KEY).out
    assert shown.startswith(f"Child {KEY}, case of Miami (MIA)\n")
    for text in (
        "undeliverable (placed in line 5, corrected in line 6)",
        "issued 2020-09-14 12:26:40 +00:00; served 2020-10-13 12:26:40 +00:00; filed and accepted 2020-10-16",
        "absent from sponsor since 2020-12-12 12:26:40 +00:00 (line 14)",
        "orr.case-events: all read, to 9 of 9; 0 parked (the ends as of 24 hours ago)",
    ):
        assert text in shown


@pytest.mark.finding("OIG-25-21/nta-backlog")
@pytest.mark.parametrize(
    ("told", "rung"),
    [([], "none"), (["NtaIssued"], "issued"), (["NtaServed"], "served"), (["NtaIssued", "NtaFiled"], "filed")],
)
def test_the_ladder_is_at_its_highest_rung(
    caseload: LedgerFixture, ask: RunCommand, told: list[str], rung: str
) -> None:
    """Issued, served and filed are three facts, and any may be missing."""
    caseload.apply(("ChildTransferred", raw("ChildTransferred", 1, 1)))
    for number, short in enumerate(told):
        caseload.apply((short, raw(short, 1, number + 1, source="ice-test")))
    assert ask("case", KEY, "--format", "json").json["head"]["nta"]["ladder"] == rung


@pytest.mark.finding("OIG-25-21/data-review")
def test_what_is_uncertain_is_said_with_why_and_since_when(caseload: LedgerFixture, ask: RunCommand) -> None:
    """A corrupt NtaServed, then an absence: it shows at once, and the case says what it lacks."""
    caseload.apply(("ChildTransferred", raw("ChildTransferred", 1, 1)))
    caseload.park("NtaServed", raw("NtaServed", 1, 1, source="ice-test"), ParkedReason.UNDECODABLE)
    caseload.apply(("RunawayFromCustody", raw("RunawayFromCustody", 1, 4, days=2)))
    answer = ask("case", KEY, "--format", "json").json
    assert answer["uncertain"]["parked"] == [
        {"id": 1, "reason": "undecodable", "repairer": "sender", "received_at": "2021-10-17T12:26:40.000Z"}
    ]
    assert answer["uncertain"]["missing"] == [
        {"source": "orr-test", "first": 2, "last": 3, "since": "2021-10-17T12:26:40.000Z"}
    ]
    assert answer["uncertain"]["since"] == "2021-10-17T12:26:40.000Z"
    assert len(answer["head"]["open_absences"]) == 1
    shown = ask("case", KEY).out
    assert "uncertain since  2021-10-17 12:26:40 +00:00" in shown
    assert "record 1 is parked (undecodable)" in shown
    assert "`casefeed ice parked show 1`" in shown
    assert "numbers 2 to 3 are missing from orr-test" in shown


def test_what_was_believed_may_lack_what_is_missing_now(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Nobody knows when that was recorded: it is shown for any day, as what it is, what is parked or missing now."""
    caseload.apply(("ChildTransferred", raw("ChildTransferred", 1, 1)))
    caseload.apply(("RunawayFromCustody", raw("RunawayFromCustody", 1, 3, days=2)))
    now = ask("case", KEY, "--format", "json").json["uncertain"]
    assert now["as_of"] == "2021-10-18T12:26:40.000Z"
    assert ask("case", KEY, "--known-by", "2020-09-13", "--format", "json").json["uncertain"] == now
    note = "parked or missing now: whether it was recorded by 2020-09-13 is not known"
    assert note in ask("case", KEY, "--known-by", "2020-09-13").out
    assert "parked or missing now" not in ask("case", KEY).out
    none = ask("case", KEY, "--known-by", "2020-09-01")
    assert none.code == 1
    assert "recorded by 2020-09-01; what is parked or missing of it now may have been" in none.err


def test_a_child_of_whom_all_is_parked_is_known(caseload: LedgerFixture, ask: RunCommand) -> None:
    """There is something to say, and it is not nothing."""
    caseload.park("ChildTransferred", raw("ChildTransferred", 1, 1), ParkedReason.TRAILING_BYTES)
    answer = ask("case", KEY)
    assert answer.code == 0
    assert "No event of this child could be applied yet." in answer.out
    assert ask("case", KEY, "--format", "json").json["timeline"] == []


def test_a_sealed_event_is_said_without_its_part(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Its key id shows, its bytes do not; the address counts as the sender states it."""
    sealed = {"key_id": "k-1", "nonce": b"nnnn", "ciphertext": b"cccc"}
    event = raw("SponsorPlacement", 1, 1, address_quality="BLANK")
    caseload.apply(("SponsorPlacement", event | {"child": sealed, "sponsor": sealed}))
    answer = ask("case", KEY, "--format", "json").json
    assert answer["head"]["release_address"]["finding"] == "blank"
    assert "cccc" not in str(answer)
    assert ask("case", KEY).code == 0


def test_an_unknown_child_is_answered_no(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Exit 1, with up to where that is true."""
    caseload.apply(("AgedOut", raw("AgedOut", 1, 1)))
    answer = ask("case", child_key(2))
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("This ledger holds nothing of that child.")
    assert "orr.case-events: all read, to 1 of 1" in answer.err


@pytest.mark.parametrize(
    "given", [("A000123456",), ("Maria", "Lopez"), (KEY.upper(),), (KEY + "a",), ("",), (KEY, KEY)]
)
def test_what_is_no_child_key_is_not_repeated(
    caseload: LedgerFixture, ask: RunCommand, given: tuple[str, ...]
) -> None:
    """Exit 2, and the sentence does not say again what may be a name or an A-number."""
    answer = ask("case", *given)
    assert (answer.code, answer.out) == (2, "")
    assert not any(word and word in answer.err for word in given)


def test_where_nothing_was_read_yet_is_said(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Exit 3: there is no ledger, and how to get one."""
    answer = ask("case", KEY)
    assert answer.code == 3
    assert "`casefeed ice intake` makes and fills it" in answer.err


def test_the_received_clock_is_this_ledgers(caseload: LedgerFixture, ask: RunCommand) -> None:
    """All other clocks are others'."""
    caseload.apply(("AgedOut", raw("AgedOut", 1, 1)))
    assert RECEIVED_MS == START_MS + 399 * DAY_MS
    assert "received         2021-10-17 12:26:40 +00:00" in ask("case", KEY).out
