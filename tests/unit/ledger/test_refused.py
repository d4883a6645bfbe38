"""`casefeed ice refused`: what may not be here is listed by its place and digest, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from casefeed.contract.reasons import RefusedReason
from tests.events import SECRETS, raw
from tests.unit.ledger.ledger_fixture import CommandResult, LedgerFixture

RunCommand = Callable[..., CommandResult]
JSON = ("--format", "json")


@pytest.fixture
def filled(caseload: LedgerFixture) -> LedgerFixture:
    """Two refused records, one a topic."""
    caseload.refuse("ChildTransferred", raw("ChildTransferred", 1, 1), RefusedReason.NOT_SYNTHETIC, "the Kafka key")
    caseload.refuse("NtaServed", raw("NtaServed", 1, 1, source="ice-test"), RefusedReason.FORBIDDEN_FIELD)
    return caseload


def test_refused_records_are_listed_with_place_digest_reason_and_time(filled: LedgerFixture, ask: RunCommand) -> None:
    """The last first, in every format."""
    last, first = ask("refused", *JSON).json["refused"]
    assert (first["topic"], first["partition"], first["offset"]) == ("orr.case-events", 0, 0)
    assert (first["reason"], first["repairer"], first["detail"]) == ("not-synthetic", "sender", "the Kafka key")
    assert (last["reason"], len(last["sha256"])) == ("forbidden-field", 64)
    assert first["received_at"].startswith("2021-10-17T")
    assert [row["id"] for row in ask("refused", "--format", "csv").rows] == ["2", "1"]
    table = ask("refused")
    assert table.code == 0
    for text in ("Refused records: 2", "not-synthetic", "orr.case-events/0@0", "Complete up to"):
        assert text in table.out
    assert [each for each in SECRETS if each in table.out] == []


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (("--cause", "forbidden-field"), [2]),
        (("--topic", "orr.case-events"), [1]),
        (("--since", "2021-10-18"), []),
        (("--limit", "1"), [2]),
    ],
)
def test_filters_narrow_the_refused(
    filled: LedgerFixture, ask: RunCommand, filters: tuple[str, ...], ids: list[int]
) -> None:
    """By reason, topic and day; none is said."""
    assert [each["id"] for each in ask("refused", *filters, *JSON).json["refused"]] == ids
    assert ask("refused", *filters).code == 0
    assert ("No record was refused" in ask("refused", *filters).out) == (not ids)
