"""`casefeed ice parked`: why, who can repair it, where it lay; never the bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from casefeed.contract.outcomes import Parked
from casefeed.contract.reasons import PARKED_REASONS, ParkedReason
from tests.events import SECRETS, raw
from tests.feedkit import child_key
from tests.unit.ledger.ledger_fixture import CommandResult, LedgerFixture

RunCommand = Callable[..., CommandResult]
SERVED = ParkedReason.UNDECODABLE
ODD = (
    ("ce_id", b"Maria Lopez"),
    ("ce_subject", b"A000123456"),
    ("ce_source", b"12 Quillfeather St"),
    ("ce_type", b"casefeed.Maria"),
    ("ce_dataschema", b"urn:Testopolis"),
    ("traceparent", b"Zzyzxsurname"),
    ("Maria Lopez", b"x"),
    ("content-type", b"application/avro"),
)
NEVER_SHOWN = ("Maria", "Testopolis", "Zzyzx", "A000123456", "Quillfeather")


@pytest.fixture
def filled(caseload: LedgerFixture) -> LedgerFixture:
    """Three parked records: of child 1 on each topic, and one whose key and headers are not what they should be."""
    transfer = raw("ChildTransferred", 1, 1)
    caseload.park("ChildTransferred", transfer, ParkedReason.TRAILING_BYTES, "casefeed.ChildTransferred: has 1 bytes")
    caseload.park("NtaServed", raw("NtaServed", 1, 1, source="ice-test"), SERVED)
    caseload.park("AgedOut", raw("AgedOut", 2, 1), ParkedReason.KEY_MISMATCH, key=b"A000123456", headers=ODD)
    return caseload


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ((), [1, 2, 3]),
        (("--reason", "undecodable"), [2]),
        (("--topic", "orr.case-events"), [1, 3]),
        (("--child", child_key(1)), [1, 2]),
        (("--limit", "1"), [1]),
        (("--reason", "empty-value"), []),
    ],
)
def test_filters_narrow_the_list(
    filled: LedgerFixture, ask: RunCommand, filters: tuple[str, ...], ids: list[int]
) -> None:
    """By reason, topic and child, the first parked first."""
    assert [each["id"] for each in ask("parked", "list", *filters, "--format", "json").json["parked"]] == ids
    assert [int(row["id"]) for row in ask("parked", "list", *filters, "--format", "csv").rows] == ids
    assert ask("parked", "list", *filters).code == 0


@pytest.mark.finding("OIG-25-21/data-review")
def test_a_row_says_why_and_who_can_repair_it(filled: LedgerFixture, ask: RunCommand) -> None:
    """Reason, repairer, place, child and size; up to where the list is complete."""
    shown = " ".join(ask("parked", "list").out.split())
    for text in ("Parked records: 3", "trailing-bytes", "sender", "orr.case-events/0@0", child_key(1)):
        assert text in shown
    assert "2 parked" in shown
    row = ask("parked", "list", "--format", "csv").rows[0]
    assert (row["reason"], row["repairer"], row["child_key"]) == ("trailing-bytes", "sender", child_key(1))
    assert (row["key_bytes"], len(row["sha256"])) == ("16", 64)


def test_one_record_is_shown_without_its_bytes(filled: LedgerFixture, ask: RunCommand) -> None:
    """The sentence of its reason, its clocks, sizes, digest, and headers with what may be shown of them."""
    record = ask("parked", "show", "1", "--format", "json").json
    assert record["sentence"] == ParkedReason.TRAILING_BYTES.description
    assert record["detail"] == "casefeed.ChildTransferred: has 1 bytes"
    assert {each["name"]: each["value"] for each in record["headers"]}["ce_type"] == "casefeed.ChildTransferred"
    assert all(each["value"] for each in record["headers"])
    shown = ask("parked", "show", "1").out
    for text in (
        "Parked record 1",
        "the sender",
        "partition 0, offset 0",
        "ce_source: orr-test",
        "16 bytes",
        record["sha256"],
    ):
        assert text in shown


@pytest.mark.parametrize("form", ["table", "json"])
def test_whatever_was_put_in_key_and_headers_is_not_shown(filled: LedgerFixture, ask: RunCommand, form: str) -> None:
    """A value shows only in the form the contract gives it; a key only when it is a child key."""
    for answer in (ask("parked", "show", "3", "--format", form), ask("parked", "list", "--format", form)):
        assert answer.code == 0
        assert [told for told in (*NEVER_SHOWN, *SECRETS) if told in answer.out] == []
    named = ask("parked", "show", "3", "--format", "json").json
    assert named["child_key"] is None
    values = {each["name"]: each["value"] for each in named["headers"]}
    assert values == {
        **dict.fromkeys(("ce_id", "ce_subject", "ce_source", "ce_type", "ce_dataschema", "traceparent")),
        "(a name not shown)": None,
        "content-type": "application/avro",
    }


def test_every_reason_can_be_asked_for(filled: LedgerFixture, ask: RunCommand) -> None:
    """The reasons are a closed public list."""
    for reason in ParkedReason:
        assert ask("parked", "list", "--reason", reason.value).code == 0
    assert PARKED_REASONS.keys() == {reason.value for reason in ParkedReason}
    assert Parked(ParkedReason.EMPTY_VALUE).reason.description


def test_nothing_parked_is_said(caseload: LedgerFixture, ask: RunCommand) -> None:
    """An empty list is good news, and says up to where."""
    caseload.apply(("AgedOut", raw("AgedOut", 1, 1)))
    answer = ask("parked", "list")
    assert answer.code == 0
    assert "No parked record passes these filters." in answer.out


@pytest.mark.parametrize(("number", "code"), [("9", 1), ("A000123456", 2), ("-1", 2), ("٣", 2), ("9" * 30, 2)])
def test_a_record_that_is_not_parked(filled: LedgerFixture, ask: RunCommand, number: str, code: int) -> None:
    """Exit 1 where no such record is parked; exit 2, repeating nothing, where it is no number."""
    answer = ask("parked", "show", "--", number)
    assert (answer.code, answer.out) == (code, "")
    assert code == 1 or number not in answer.err


def test_a_child_that_is_no_child_key_is_not_repeated(filled: LedgerFixture, ask: RunCommand) -> None:
    """Exit 2."""
    answer = ask("parked", "list", "--child", "A000123456")
    assert answer.code == 2
    assert "A000123456" not in answer.err
