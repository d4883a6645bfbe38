"""Tags, masks and the lists of names that may be logged."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casefeed.contract.catalogue import EventType, load_catalogue
from casefeed.contract.privacy import (
    PERSONAL_TAGS,
    Sensitivity,
    field_sensitivities,
    loggable_fields,
    mask,
    personal_fields,
)
from tests.strategies import Raw, datums, events

PLACEMENT = load_catalogue().by_name("SponsorPlacement")


def leaves(value: object) -> list[object]:
    """Every single value inside `value`."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    return [leaf for inner in value for leaf in leaves(inner)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("tag", Sensitivity)
def test_every_tag_has_words(tag: Sensitivity) -> None:
    """A tag can be said in words, so that a mask tells what it hides."""
    assert tag.label


@settings(max_examples=50)
@given(events())
def test_a_mask_keeps_the_shape_and_only_what_may_be_shown(drawn: tuple[EventType, Raw]) -> None:
    """A masked event holds the values of fields that may be shown, and for the rest words in brackets."""
    event_type, datum = drawn

    def held(path: tuple[str, ...], masked: object, clear: object) -> None:
        if isinstance(masked, dict) and isinstance(clear, dict):
            assert masked.keys() == clear.keys()
            for name in masked:
                held((*path, name), masked[name], clear[name])
            return
        field = field_sensitivities(event_type)[path]
        if field.is_ciphertext:
            assert masked == "[sealed]"
        elif field.may_be_shown:
            assert masked == clear
        else:
            assert masked == f"[{field.tag.label}]"

    held((), mask(event_type, datum), datum)


@settings(max_examples=30)
@given(datums(PLACEMENT, sealed=False), st.uuids())
def test_a_masked_event_holds_no_personal_text(datum: Raw, mark: object) -> None:
    """A name, street or phone is nowhere in the mask's text; the pseudonym is."""
    secret = f"secret-{mark}"
    datum["sponsor"] |= {"given_name": secret, "surname": secret}
    datum["child"]["address"] |= {"line1": secret, "city": secret}
    shown = json.dumps(mask(PLACEMENT, datum))
    assert secret not in shown
    assert datum["header"]["child_key"] in shown
    assert leaves(mask(PLACEMENT, datum)["sponsor"]) == ["[sponsor]"] * 5


def test_an_event_can_be_masked_without_touching_it() -> None:
    """The mask is a new event; the one given is as it was."""
    datum: Raw = {"child": {"address": {"line1": "1 Main St"}}}
    mask(PLACEMENT, datum)
    assert datum == {"child": {"address": {"line1": "1 Main St"}}}


def test_a_name_is_loggable_only_if_it_is_personal_nowhere() -> None:
    """The names that may be logged and those that are somewhere personal have none in common."""
    assert not loggable_fields() & personal_fields()
    assert {"event_id", "child_key", "source", "sequence", "owning_area", "hearing_id"} <= loggable_fields()
    assert {"given_name", "line1", "zip", "phone", "a_number", "birth_date", "child"} <= personal_fields()
    assert not {"header", "ciphertext", "nonce", "prs_ordered"} & loggable_fields()


@pytest.mark.parametrize("event_type", load_catalogue().event_types.values(), ids=lambda each: each.short_name)
def test_personal_values_lie_in_a_personal_part(event_type: EventType) -> None:
    """What is tagged child identity, location or sponsor is in the child or sponsor part, but a pseudonym."""
    pseudonyms = {path for path, each in field_sensitivities(event_type).items() if each.pseudonym}
    tags = {path: each.tag for path, each in field_sensitivities(event_type).items()}
    outside = {path for path, tag in tags.items() if tag in PERSONAL_TAGS and len(path) == 1} - pseudonyms
    assert outside <= {("child",), ("sponsor",)}
    inside = {path for path, tag in tags.items() if tag in PERSONAL_TAGS and len(path) > 1}
    assert {path for path in inside if path[0] not in ("child", "sponsor")} == {("header", "child_key")}
