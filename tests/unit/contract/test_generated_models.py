"""The generated models: the same rules as the schema, and nothing lost between raw and Python values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from casefeed.contract.catalogue import EventType, load_catalogue
from casefeed.contract.errors import ContractError
from casefeed.contract.generated import models
from casefeed.contract.generated.models import enums, parse
from casefeed.contract.generated.models.parts import AgedOutChild
from casefeed.contract.validation import validate
from casefeed.schema_tools import generate_models
from tests.strategies import Raw, damaged, datums, events
from tests.unit.contract.examples import placement

PLACEMENT = load_catalogue().by_name("SponsorPlacement")


@pytest.mark.parametrize("name", generate_models.generate_modules(load_catalogue()))
def test_the_committed_models_are_what_the_schemas_say(name: str) -> None:
    """Each generated module equals what the generator makes of the schemas now."""
    committed = (generate_models.OUTPUT_DIR / name).read_text(encoding="utf-8")
    assert committed == generate_models.generate_modules(load_catalogue())[name], (
        "run: python -m casefeed.schema_tools.generate_models"
    )


@settings(max_examples=60)
@given(events())
def test_raw_to_model_and_back_loses_nothing(drawn: tuple[EventType, Raw]) -> None:
    """A valid raw event becomes a model and the same raw event again."""
    event_type, datum = drawn
    assert parse(event_type, datum).to_raw() == datum


@pytest.mark.parametrize("event_type", load_catalogue().event_types.values(), ids=lambda each: each.short_name)
@settings(max_examples=3)
@given(data=st.data())
def test_models_and_rules_accept_and_refuse_the_same(event_type: EventType, data: st.DataObject) -> None:
    """With any one thing changed, either both take the event or both refuse it, at the same field."""
    for datum in damaged(data.draw(datums(event_type))):
        assert fault(parse, event_type, datum) == fault(validate, event_type, datum)


def fault(check: Any, event_type: EventType, datum: Raw) -> str | None:
    """Where the check finds a fault: the short path of the field."""
    try:
        check(event_type, datum)
    except ContractError as error:
        # A model says an order that is broken of the record, the validator of its later field.
        return error.where.rpartition(".")[0] if error.rule.startswith("is before ") else error.where
    return None


def test_times_days_ids_and_symbols_are_python_values() -> None:
    """A timestamp is an aware datetime in UTC, a date a date, a uuid a UUID, a symbol an enum member."""
    raw = placement()
    event = parse(PLACEMENT, raw)
    assert isinstance(event, models.SponsorPlacement)
    assert event.header.occurred_at == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
    assert event.header.event_id == UUID(raw["header"]["event_id"])
    assert event.address_quality is enums.AddressQuality.BLANK


def test_python_values_are_taken_too() -> None:
    """A model can be made from datetimes, UUIDs and enum members; other zones are brought to UTC."""
    header = parse(PLACEMENT, placement()).header
    east = header.occurred_at.astimezone(timezone(timedelta(hours=14)))
    again = type(header)(**{**dict(header), "occurred_at": east})
    assert again == header
    assert again.occurred_at.tzinfo is UTC


@pytest.mark.parametrize("when", [datetime(2020, 1, 1), datetime(2020, 1, 1, microsecond=1, tzinfo=UTC)])  # noqa: DTZ001
def test_a_time_is_aware_and_on_a_whole_millisecond(when: datetime) -> None:
    """A naive time and a part of a millisecond are refused: the wire has neither."""
    header = parse(PLACEMENT, placement()).header
    with pytest.raises(ValidationError, match="whole millisecond"):
        type(header)(**{**dict(header), "occurred_at": when})


def test_a_day_keeps_its_date_before_1970() -> None:
    """Days before the epoch come back as the same date."""
    raw = {"eighteenth_birthday": -1, "discharged_to": "SPONSOR"}
    part = AgedOutChild.from_raw(raw)
    assert part.eighteenth_birthday == date(1969, 12, 31)
    assert part.to_raw() == raw


def test_a_model_is_frozen() -> None:
    """An event never changes."""
    event = parse(PLACEMENT, placement())
    with pytest.raises(ValidationError, match="frozen"):
        event.header = None  # type: ignore[assignment, misc]


def test_errors_hold_no_value() -> None:
    """Neither our sentence nor pydantic's repeats what was wrong, not even a key that is a slipped value."""
    raw = placement()
    raw["child"]["address"]["zip"] = "Maria Lopez"
    with pytest.raises(ContractError) as refused:
        parse(PLACEMENT, raw)
    assert "Maria" not in str(refused.value)
    assert refused.value.where == "casefeed.SponsorPlacement.child.address.zip"
    with pytest.raises(ValidationError) as ours:
        models.SponsorPlacement.model_validate(raw)
    assert "Maria" not in str(ours.value)
    raw = placement() | {"Maria Lopez": 1}
    for check in (parse, validate):
        with pytest.raises(ContractError, match=r"\(a key\): is not a field") as refused:
            check(PLACEMENT, raw)
        assert "Maria" not in str(refused.value)
