"""What is told of a life: every event keeps the contract, its codes exist, its sequence has no gap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from casefeed.contract import catalogue, codec, codes
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.contract.codec import META_EVENTS
from casefeed.contract.validation import fields_with_property
from synthetic_world.addresses import LOCALITIES
from synthetic_world.events import TYPE_NAMES, EventBuilder, WorldEvent
from synthetic_world.lives import AddressFact, Life, TrueFinding
from tests.code_lists import code_lists
from tests.unit.world.recount import finding


def values(event: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """What an event holds at a path."""
    for step in path:
        event = event.get(step) if isinstance(event, dict) else None
    if event is not None:
        yield event


def test_every_event_passes_the_strict_codec(world_events: list[WorldEvent]) -> None:
    """Each encodes under its schema, and what is decoded is what was told."""
    known = catalogue.load_catalogue()
    for each in world_events:
        event_type = known.by_name(each.type_name)
        assert codec.decode(event_type, codec.encode(event_type, each.data)) == each.data
        assert each.topic in event_type.topics


def test_every_type_of_the_feed_is_told(world_events: list[WorldEvent]) -> None:
    """Each event type is there, FailureToAppear on both topics."""
    seen = {(each.type_name, each.topic) for each in world_events}
    types = {each.short_name for each in catalogue.load_catalogue().event_types.values()}
    assert {name for name, _ in seen} == types - META_EVENTS
    assert {name for name, _ in seen} == TYPE_NAMES
    assert {("FailureToAppear", ORR_TOPIC), ("FailureToAppear", ICE_TOPIC)} <= seen


def test_every_code_is_on_its_list(world_events: list[WorldEvent]) -> None:
    """Areas, courts, countries and languages are codes of the contract."""
    lists = code_lists()
    known = catalogue.load_catalogue()
    coded = {name: fields_with_property(kind, "code_list") for name, kind in known.event_types.items()}
    for each in world_events:
        for path, code_list in coded[f"casefeed.{each.type_name}"].items():
            for value in values(each.data, path):
                assert value in lists[code_list]


def test_sequences_are_gapless_per_child_and_source_in_recorded_order(world_events: list[WorldEvent]) -> None:
    """From 1, without a gap, in the order of recording; a source is one agency's."""
    stores = defaultdict(list)
    agencies = defaultdict(set)
    for each in world_events:
        header = each.data["header"]
        stores[header["child_key"], header["source"]].append(header)
        agencies[header["source"]].add((header["agency"], each.topic))
    for headers in stores.values():
        assert [header["sequence"] for header in headers] == list(range(1, len(headers) + 1))
        order = [(header["recorded_at"], header["event_id"]) for header in headers]
        assert order == sorted(order)
    assert {tuple(*each) for each in agencies.values()} == {
        ("ORR", ORR_TOPIC),
        ("ICE_ERO", ICE_TOPIC),
        ("EOIR_ADAPTER", ICE_TOPIC),
    }


def test_event_ids_are_uuids_of_their_time_of_recording(world_events: list[WorldEvent]) -> None:
    """Version 7, the time in front is recorded_at, and none comes twice."""
    ids = [UUID(each.data["header"]["event_id"]) for each in world_events]
    assert len(set(ids)) == len(ids)
    for uuid, each in zip(ids, world_events, strict=True):
        assert uuid.version == 7
        assert uuid.variant == "specified in RFC 4122"
        assert uuid.int >> 80 == each.data["header"]["recorded_at"]


def test_every_address_reads_as_it_was_made(lives: list[Life]) -> None:
    """A check of the text and the stated quality finds exactly the defect that the address was made with."""
    event_builder = EventBuilder(11, 100)
    ways = set()
    for life in lives:
        events = {each.data["header"]["event_id"]: each.data for each in event_builder.build_events(life)}
        facts = {fact.recorded: fact for fact in life.facts if isinstance(fact, AddressFact)}
        for event in events.values():
            if "address_quality" in event and event["header"]["recorded_at"] in facts:
                fact = facts[event["header"]["recorded_at"]]
                seen = finding(event["child"]["address"], event["address_quality"])
                assert seen == (None if fact.address.finding is TrueFinding.NONE else fact.address.finding.value)
                in_text = finding(event["child"]["address"], "UNCHECKED")
                ways.add((seen, in_text == seen, event["address_quality"]))
    assert ("missing_unit", True, "UNCHECKED") in ways
    assert ("missing_unit", False, "MISSING_UNIT") in ways
    assert ("undeliverable", False, "UNDELIVERABLE") in ways
    assert ("undeliverable", True, "DELIVERABLE") in ways
    assert ("blank", True, "BLANK") in ways
    assert (None, True, "UNCHECKED") in ways


def test_places_agree_with_the_code_lists() -> None:
    """County and state, ZIP prefix and state, court and area fit for every place."""
    for locality in LOCALITIES:
        assert codes.counties()[locality.county_fips].state == locality.state
        assert codes.state_of_zip(f"{locality.zip3}01") == locality.state
        assert codes.state_of_zip(f"{locality.zip3}60") == locality.state
        court = codes.courts()[locality.court]
        assert court.area == locality.area
        assert not court.detained_only
