"""What is asked on a terminal: every field, in the schema's words, until the answer can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from casefeed.cli.prompt import event_questions, prompt_event
from casefeed.contract import catalogue
from casefeed.contract.catalogue import EventType
from casefeed.contract.privacy import field_sensitivities
from casefeed.publish.desk import Desk, RecordedEvent
from casefeed.publish.event_input import SET_BY_DESK, event_input
from tests.desk_helpers import ICE, ORR
from tests.events import ABOUT, ALL
from tests.feedkit import PERSONAL, make_event

KINDS = sorted(
    (kind for kind in catalogue.load_catalogue().event_types.values() if kind.short_name != "EventCorrected"),
    key=lambda kind: kind.name,
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.short_name)
def test_every_field_is_asked_for(kind: EventType) -> None:
    """All fields of the event with their docs, but what the desk fills in and what seals a part."""
    leaves = {path for path, each in field_sensitivities(kind).items() if not each.is_record}
    expected = {path for path in leaves if path[-1] not in (*SET_BY_DESK, "key_id", "nonce", "ciphertext")}
    asking = list(event_questions(kind))
    assert {each.path for each in asking} == expected
    assert [each for each in asking if each.item["doc"] not in each.text] == []
    forms = {"string", "uuid", "int", "long", "boolean", "array", "enum", "timestamp-millis", "date"}
    assert {each.kind for each in asking} <= forms
    assert [each.path for each in asking if each.kind == "enum" and not each.symbols] == []


def typed(kind: EventType, raw: dict[str, Any]) -> Iterator[str]:
    """What a person would type for an event."""
    for each in event_questions(kind):
        value: Any = raw
        for name in each.path:
            value = value[name]
        if value is None:
            yield ""
        elif isinstance(value, list):
            yield ", ".join(value)
        else:
            yield {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def in_text(kind: EventType, raw: dict[str, Any]) -> dict[str, Any]:
    """The event with its times as people write them."""
    raw["header"]["occurred_at"] = "2024-05-31T08:00:00Z"
    raw["header"]["recorded_at"] = "2024-05-31T10:00:00+02:00"
    for path, item in ((each.path, each.kind) for each in event_questions(kind)):
        part = raw
        for name in path[:-1]:
            part = part[name]
        if isinstance(part[path[-1]], int) and item in ("date", "timestamp-millis"):
            part[path[-1]] = "2020-09-13" if item == "date" else "2020-09-13T12:26:40Z"
    return raw


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.short_name)
def test_what_is_typed_can_be_recorded(kind: EventType, tmp_path: Any) -> None:
    """Answers to the questions of any type make an event that its agency's desk takes."""
    publisher, agency = (ORR, "ORR") if ORR.topic in kind.topics else (ICE, "ICE_ERO")
    header = make_event("NtaIssued", 1, 1)["header"] | {"agency": agency}
    now_ms = 1_717_200_000_000  # 2024-06-01, the day after what is typed
    raw = in_text(
        kind, {"header": header, **{name: _deep(value) for name, value in (ALL | ABOUT)[kind.short_name].items()}}
    )
    answers = typed(kind, raw)
    given = prompt_event(kind, lambda words: next(answers), lambda line: pytest.fail(line))
    with Desk(tmp_path / "desk.db", publisher) as desk:
        (answer,) = desk.record([event_input(given, publisher.topic)], agency, now_ms)
    assert isinstance(answer, RecordedEvent), answer


def test_an_answer_that_cannot_be_read_is_asked_for_again() -> None:
    """The field and what it takes are said, what was typed is not."""
    kind = catalogue.load_catalogue().by_name("FailureToAppear")
    raw = make_event("NtaIssued", 1, 1) | ALL["FailureToAppear"]
    good = list(typed(kind, in_text(kind, {**raw, "header": {**raw["header"], "agency": "ORR"}})))
    wrong = {"boolean": "maybe", "enum": "Quillfeather", "date": "Zzyzxsurname", "int": "--5"}
    script: list[str] = []
    for each, answer in zip(event_questions(kind), good, strict=True):
        script += [wrong[each.kind], answer] if each.kind in wrong else [answer]
    said: list[str] = []
    answers = iter(script)
    prompt_event(kind, lambda words: next(answers), said.append)
    assert len(said) == len(script) - len(good) >= 8
    assert [each for each in PERSONAL if each in " ".join(said)] == []


def _deep(value: Any) -> Any:
    return {name: _deep(inner) for name, inner in value.items()} if isinstance(value, dict) else value
