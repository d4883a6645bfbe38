"""Events and schemas that several tests of the contract start from."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import Any

from fastavro import parse_schema, schemaless_writer

from casefeed.contract.catalogue import Schema, load_catalogue, without_logical_types
from tests.strategies import Raw


def later(name: str, change: Callable[[Schema], Any]) -> Schema:
    """Another version of the event type `name`: its schema with `change` applied to it."""
    schema = copy.deepcopy(load_catalogue().by_name(name).schema)
    change(schema)
    return schema


def field(schema: Schema, name: str) -> Schema:
    """The field of this name of a record."""
    found: Schema = next(each for each in schema["fields"] if each["name"] == name)
    return found


def written_by_stock(schema: Schema, datum: Raw) -> bytes:
    """The bytes of raw `datum` as a writer without our rules writes them under `schema`."""
    out = io.BytesIO()
    schemaless_writer(out, parse_schema(without_logical_types(schema)), datum)
    return out.getvalue()


def placement() -> Raw:
    """A valid placement with a blank address."""
    return {
        "header": {
            "event_id": "0190a5b0-0000-7000-8000-000000000001",
            "child_key": "abcdefghij234567",
            "source": "orr-desk",
            "agency": "ORR",
            "sequence": 1,
            "occurred_at": 1_600_000_000_000,
            "recorded_at": 1_600_000_000_001,
            "causation_id": None,
            "agreement_profile": "narrow-1",
            "synthetic": True,
        },
        "child": {
            "discharge_type": "REUNIFIED_CAT1",
            "releasing_program_code": "P-1",
            "address": {"line1": "", "secondary_unit": None, "city": "", "state": "", "zip": "", "county_fips": None},
        },
        "sponsor": {
            "sponsor_ref": "abcdefghij234567",
            "relationship": "MOTHER",
            "given_name": None,
            "surname": None,
            "phone": None,
        },
        "address_quality": "BLANK",
        "address_checked_at": None,
        "address_check_method": "NONE",
        "owning_area": "SNA",
        "expected_court": "SNA",
        "prs_ordered": False,
        "home_study_done": False,
    }
