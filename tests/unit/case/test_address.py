"""Whether mail can reach an address, as a table."""

from __future__ import annotations

import pytest
from hypothesis import given

from casefeed.case.address import AddressFinding, address_finding, text_finding
from casefeed.contract.catalogue import load_catalogue
from tests.feedkit import ADDRESS
from tests.strategies import Raw, datums

TABLE: list[tuple[Raw, AddressFinding]] = [
    ({}, AddressFinding.NONE),
    ({"line1": ""}, AddressFinding.BLANK),
    ({"line1": "  "}, AddressFinding.BLANK),
    *[({"line1": each}, AddressFinding.BLANK) for each in ("UNKNOWN", "unknown", " n/a ", "NA", "None", "tbd", "-")],
    ({"line1": "Main St"}, AddressFinding.UNDELIVERABLE),
    ({"line1": "Apt 4, Main St"}, AddressFinding.UNDELIVERABLE),
    ({"line1": "PO Box 12"}, AddressFinding.NONE),
    ({"line1": "P.O. Box 12"}, AddressFinding.NONE),
    ({"line1": "p.o. box 12"}, AddressFinding.NONE),
    ({"line1": "1600 1/2 Main St"}, AddressFinding.NONE),
    ({"city": ""}, AddressFinding.UNDELIVERABLE),
    ({"state": ""}, AddressFinding.UNDELIVERABLE),
    ({"zip": ""}, AddressFinding.UNDELIVERABLE),
    ({"state": "CA"}, AddressFinding.UNDELIVERABLE),
    ({"zip": "78701-1234"}, AddressFinding.NONE),
    ({"zip": "90001", "state": "CA"}, AddressFinding.NONE),
    *[
        ({"line1": f"12 Elm St {each}"}, AddressFinding.MISSING_UNIT)
        for each in ("Apt", "UNIT", "ste.", "Rm", "FL", "#", "Lot")
    ],
    ({"line1": "12 Elm St, Apt"}, AddressFinding.MISSING_UNIT),
    ({"line1": "12 Elm St Apt", "secondary_unit": "4B"}, AddressFinding.NONE),
    ({"secondary_unit": "APT"}, AddressFinding.MISSING_UNIT),
    ({"secondary_unit": "#"}, AddressFinding.MISSING_UNIT),
    ({"secondary_unit": "Apt 4"}, AddressFinding.NONE),
    ({"secondary_unit": "  "}, AddressFinding.NONE),
    ({"line1": "12 Elm St Apt 4"}, AddressFinding.NONE),
    ({"line1": "12 Camelot"}, AddressFinding.NONE),
    ({"line1": "12 Elm St Apt", "city": ""}, AddressFinding.UNDELIVERABLE),
]


@pytest.mark.finding("OIG-25-21/addresses", "OIG-25-21/data-review")
@pytest.mark.parametrize(("changes", "expected"), TABLE, ids=lambda each: str(each))
def test_what_the_text_of_an_address_shows(changes: Raw, expected: AddressFinding) -> None:
    """Each row of the table: the worst that the text itself shows."""
    assert text_finding({**ADDRESS, **changes}) is expected


@pytest.mark.finding("OIG-25-21/addresses", "OIG-25-21/data-review")
@pytest.mark.parametrize(
    ("stated", "changes", "expected"),
    [
        ("DELIVERABLE", {"line1": ""}, AddressFinding.BLANK),
        ("BLANK", {}, AddressFinding.BLANK),
        ("MISSING_UNIT", {"city": ""}, AddressFinding.UNDELIVERABLE),
        ("UNDELIVERABLE", {"secondary_unit": "APT"}, AddressFinding.UNDELIVERABLE),
        ("AMBIGUOUS", {}, AddressFinding.NONE),
        ("UNCHECKED", {}, AddressFinding.NONE),
        ("UNRECOGNIZED", {}, AddressFinding.NONE),
    ],
)
def test_the_worse_of_what_is_stated_and_what_is_seen_stands(
    stated: str, changes: Raw, expected: AddressFinding
) -> None:
    """Neither the sender's word nor the text can hide what the other shows."""
    assert address_finding({**ADDRESS, **changes}, stated) is expected


@pytest.mark.parametrize(
    ("stated", "expected"), [("BLANK", AddressFinding.BLANK), ("DELIVERABLE", AddressFinding.NONE)]
)
def test_a_sealed_address_has_only_what_is_stated(stated: str, expected: AddressFinding) -> None:
    """Where the address cannot be seen, the sender's word is all there is."""
    assert address_finding(None, stated) is expected


@given(datums(load_catalogue().by_name("SponsorPlacement"), sealed=False))
def test_every_address_of_the_contract_has_a_finding(placement: Raw) -> None:
    """No address that the contract lets through is more than the check can take."""
    assert address_finding(placement["child"]["address"], placement["address_quality"]).label
