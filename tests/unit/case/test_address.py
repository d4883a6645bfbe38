"""Whether mail can reach an address, as a table."""

from __future__ import annotations

import pytest
from hypothesis import given

from casefeed.case.address import Finding, finding, text_finding
from casefeed.contract.catalogue import load
from tests.feedkit import ADDRESS
from tests.strategies import Raw, datums

TABLE: list[tuple[Raw, Finding]] = [
    ({}, Finding.NONE),
    ({"line1": ""}, Finding.BLANK),
    ({"line1": "  "}, Finding.BLANK),
    *[({"line1": each}, Finding.BLANK) for each in ("UNKNOWN", "unknown", " n/a ", "NA", "None", "tbd", "-")],
    ({"line1": "Main St"}, Finding.UNDELIVERABLE),
    ({"line1": "Apt 4, Main St"}, Finding.UNDELIVERABLE),
    ({"line1": "PO Box 12"}, Finding.NONE),
    ({"line1": "P.O. Box 12"}, Finding.NONE),
    ({"line1": "p.o. box 12"}, Finding.NONE),
    ({"line1": "1600 1/2 Main St"}, Finding.NONE),
    ({"city": ""}, Finding.UNDELIVERABLE),
    ({"state": ""}, Finding.UNDELIVERABLE),
    ({"zip": ""}, Finding.UNDELIVERABLE),
    ({"state": "CA"}, Finding.UNDELIVERABLE),
    ({"zip": "78701-1234"}, Finding.NONE),
    ({"zip": "90001", "state": "CA"}, Finding.NONE),
    *[
        ({"line1": f"12 Elm St {each}"}, Finding.MISSING_UNIT)
        for each in ("Apt", "UNIT", "ste.", "Rm", "FL", "#", "Lot")
    ],
    ({"line1": "12 Elm St, Apt"}, Finding.MISSING_UNIT),
    ({"line1": "12 Elm St Apt", "secondary_unit": "4B"}, Finding.NONE),
    ({"secondary_unit": "APT"}, Finding.MISSING_UNIT),
    ({"secondary_unit": "#"}, Finding.MISSING_UNIT),
    ({"secondary_unit": "Apt 4"}, Finding.NONE),
    ({"secondary_unit": "  "}, Finding.NONE),
    ({"line1": "12 Elm St Apt 4"}, Finding.NONE),
    ({"line1": "12 Camelot"}, Finding.NONE),
    ({"line1": "12 Elm St Apt", "city": ""}, Finding.UNDELIVERABLE),
]


@pytest.mark.finding("OIG-25-21/addresses", "OIG-25-21/data-review")
@pytest.mark.parametrize(("changes", "expected"), TABLE, ids=lambda each: str(each))
def test_what_the_text_of_an_address_shows(changes: Raw, expected: Finding) -> None:
    """Each row of the table: the worst that the text itself shows."""
    assert text_finding({**ADDRESS, **changes}) is expected


@pytest.mark.finding("OIG-25-21/addresses", "OIG-25-21/data-review")
@pytest.mark.parametrize(
    ("stated", "changes", "expected"),
    [
        ("DELIVERABLE", {"line1": ""}, Finding.BLANK),
        ("BLANK", {}, Finding.BLANK),
        ("MISSING_UNIT", {"city": ""}, Finding.UNDELIVERABLE),
        ("UNDELIVERABLE", {"secondary_unit": "APT"}, Finding.UNDELIVERABLE),
        ("AMBIGUOUS", {}, Finding.NONE),
        ("UNCHECKED", {}, Finding.NONE),
        ("UNRECOGNIZED", {}, Finding.NONE),
    ],
)
def test_the_worse_of_what_is_stated_and_what_is_seen_stands(
    stated: str, changes: Raw, expected: Finding
) -> None:
    """Neither the sender's word nor the text can hide what the other shows."""
    assert finding({**ADDRESS, **changes}, stated) is expected


@pytest.mark.parametrize(("stated", "expected"), [("BLANK", Finding.BLANK), ("DELIVERABLE", Finding.NONE)])
def test_a_sealed_address_has_only_what_is_stated(stated: str, expected: Finding) -> None:
    """Where the address cannot be seen, the sender's word is all there is."""
    assert finding(None, stated) is expected


@given(datums(load().named("SponsorPlacement"), sealed=False))
def test_every_address_of_the_contract_has_a_finding(placement: Raw) -> None:
    """No address that the contract lets through is more than the check can take."""
    assert finding(placement["child"]["address"], placement["address_quality"]).words
