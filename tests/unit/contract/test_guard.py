"""What may never be on the feed: fields without a place in any schema, and records that are not synthetic."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from casefeed.contract import codec
from casefeed.contract.catalogue import EventType, load_catalogue
from casefeed.contract.errors import RefusedError
from casefeed.contract.guard import forbidden_fields, guard_schema, guard_synthetic
from casefeed.contract.reasons import RefusedReason
from tests.strategies import Raw
from tests.unit.contract.examples import field, later, placement

GROWN = json.loads((Path(__file__).parents[2] / "fixtures" / "schemas" / "forbidden.json").read_text("utf-8"))


@pytest.mark.finding("OIG-25-21/agreements", "cause/agreement-2021")
@pytest.mark.parametrize("event_type", load_catalogue().event_types.values(), ids=lambda each: each.short_name)
def test_no_schema_has_a_field_that_the_feed_never_carries(event_type: EventType) -> None:
    """Sponsor status, fingerprints, household, income, risk, plan text, medical content: no field, anywhere."""
    assert list(forbidden_fields(event_type.schema)) == []


@pytest.mark.parametrize("case", GROWN, ids=lambda case: case["why"])
def test_a_schema_that_grows_a_forbidden_field_is_seen(case: Raw) -> None:
    """Each forbidden field, under the names it might come by, is found where it was added."""

    def grow(schema: Raw) -> None:
        record = field(schema, case["into"])["type"][0] if case["into"] else schema
        record["fields"].append(case["field"])

    schema = later("SponsorPlacement", grow)
    assert case["found"] in set(forbidden_fields(schema))
    with pytest.raises(RefusedError) as refused:
        guard_schema("casefeed.SponsorPlacement", schema)
    assert refused.value.reason is RefusedReason.FORBIDDEN_FIELD


@pytest.mark.parametrize("mark", [False, None, 1, "true", "missing"])
def test_a_record_that_does_not_say_it_is_synthetic_is_refused(mark: object) -> None:
    """Only true is true: false, null, one, a word and silence are refused, out and in."""
    datum = placement()
    datum["header"] |= {"synthetic": mark}
    if mark == "missing":
        del datum["header"]["synthetic"]
    for check in (codec.encode, guard_synthetic):
        with pytest.raises(RefusedError) as refused:
            check(load_catalogue().by_name("SponsorPlacement"), datum)
        assert refused.value.reason is RefusedReason.NOT_SYNTHETIC


def test_bytes_that_do_not_say_they_are_synthetic_are_refused_on_the_way_in() -> None:
    """A stock writer that sets the mark to false is refused when it is read."""
    event_type = load_catalogue().by_name("SponsorPlacement")
    written = codec.encode(event_type, placement())
    at = written.index(b"\x10narrow-1\x01") + len(b"\x10narrow-1")
    with pytest.raises(RefusedError):
        codec.decode(event_type, written[:at] + b"\x00" + written[at + 1 :])


def test_an_identifier_outside_its_synthetic_range_is_refused_without_being_said() -> None:
    """A telephone that could be a real one is refused; the sentence does not repeat it."""
    datum = placement()
    datum["sponsor"] |= {"phone": "212-555-2368"}
    with pytest.raises(RefusedError) as refused:
        codec.encode(load_catalogue().by_name("SponsorPlacement"), datum)
    assert "555-2368" not in str(refused.value)
    assert refused.value.where == "casefeed.SponsorPlacement.sponsor.phone"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ChildTransferred", "child.a_number"),
        ("ChildTransferred", "child.portal_id"),
        ("SponsorPlacement", "sponsor.phone"),
        ("RunawayFromCustody", "sir_event_id"),
        ("HearingScheduled", "hearing_id"),
        ("HearingScheduled", "nta_id"),
        ("HearingScheduled", "supersedes_hearing_id"),
        ("NtaIssued", "nta_id"),
        ("NtaServed", "nta_id"),
        ("NtaFiled", "nta_id"),
        ("FailureToAppear", "hearing_id"),
        ("InAbsentiaOrder", "hearing_id"),
    ],
)
def test_every_identifier_of_a_real_register_has_a_synthetic_range(name: str, path: str) -> None:
    """Identifiers that exist in a real register are guarded by a range of their own (domain 4.14)."""
    datum: Raw = {"header": {"synthetic": True}}
    part = datum
    *parents, last = path.split(".")
    for step in parents:
        part = part.setdefault(step, {})
    part[last] = "A123456789"
    with pytest.raises(RefusedError) as refused:
        guard_synthetic(load_catalogue().by_name(name), datum)
    assert refused.value.where.endswith(path)
