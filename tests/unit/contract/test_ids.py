"""Ids that rules derive."""

from __future__ import annotations

import re

from casefeed.contract.catalogue import load
from casefeed.contract.ids import derived_id


def test_a_derived_id_is_the_same_everywhere_and_another_for_any_other_cause() -> None:
    """It is written down here: a release that gave another would ask everything again."""
    assert derived_id("ask", "child", "source", 1, 2) == "b3dcbd72-6887-5468-b964-f14954638466"
    causes: list[tuple[str | int, ...]] = [("a", 1, 2), ("a", 12), ("a", "1", 2), ("a1", 2)]
    ids = {derived_id(rule, *each) for rule in ("ask", "asked") for each in causes}
    assert len(ids) == 2 * len(causes)


def test_a_derived_id_is_one_that_the_contract_takes() -> None:
    """The header says which ids may stand there."""
    header = load().named("EventsRequested").schema["fields"][0]["type"]["fields"]
    pattern = next(each["pattern"] for each in header if each["name"] == "event_id")
    assert re.fullmatch(pattern, derived_id("ask", 1))
