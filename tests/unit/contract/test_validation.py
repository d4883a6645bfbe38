"""The rules of the schemas mean the same to every engine that reads them."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic_core import SchemaValidator, ValidationError, core_schema

from casefeed.contract.catalogue import load_catalogue, walk_fields
from casefeed.contract.validation import CHILD_KEY_PATTERN, SOURCE_PATTERN, values_at

PATTERNS = sorted(
    {
        item[prop]
        for each in load_catalogue().event_types.values()
        for _, item in walk_fields(each.schema)
        for prop in ("pattern", "synthetic_pattern", "item_pattern")
        if prop in item
    }
)


def rust_takes(pattern: str, text: str) -> bool:
    """Whether the validator's own engine matches."""
    validator = SchemaValidator(core_schema.str_schema(pattern=pattern, strict=True))
    try:
        validator.validate_python(text)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_anchored_and_spells_its_classes_out(pattern: str) -> None:
    r"""Anchors at both ends, and no \d, \w, \s, look-around or flag: engines differ in what those take."""
    assert pattern.startswith("^")
    assert pattern.endswith("$")
    assert not re.search(r"\\[dwsbDWSB]|\(\?|\|", pattern)


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=30)
@given(data=st.data())
def test_both_engines_take_the_same(pattern: str, data: st.DataObject) -> None:
    """Rust's engine in the validator and Python's fullmatch agree on texts that match, nearly match or do not."""
    fitting = st.from_regex(pattern, fullmatch=True, alphabet=st.characters(min_codepoint=32, max_codepoint=126))
    text = data.draw(st.one_of(fitting, fitting.map(lambda it: it + "\n"), st.text(max_size=12)))
    assert rust_takes(pattern, text) == bool(re.fullmatch(pattern, text))


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(
    "text", ["", "\n", "٣٣٣٣٣", "12345\n", "A123456789\n", "ABC\r", "\u2028", "\x85", "\u017f\u017f\u017f"]
)
def test_both_engines_take_the_same_of_what_engines_differ_on(pattern: str, text: str) -> None:
    """Line ends, digits of other scripts and letters that fold to ASCII are taken by both or by neither."""
    assert rust_takes(pattern, text) == bool(re.fullmatch(pattern, text))


@settings(max_examples=40)
@given(st.recursive(st.none() | st.integers(), lambda it: st.lists(it) | st.dictionaries(st.text("ab"), it)))
@example({"a": [{"a": 1}, {"b": 2}, {"a": None}]})
def test_values_are_found_through_lists_and_nothing_is_made_up(datum: object) -> None:
    """values_at yields what is there and nothing else, whatever the shape."""
    found = list(values_at(datum, ("a", "a")))
    assert all(str(each) in str(datum) for each in found)
    assert list(values_at({"a": [{"a": 1}, {"b": 2}, {"a": None}]}, ("a", "a"))) == [1, None]


@pytest.mark.parametrize(
    ("field", "form"), [("child_key", CHILD_KEY_PATTERN.pattern.decode()), ("source", SOURCE_PATTERN.pattern)]
)
def test_a_form_that_is_asked_for_elsewhere_is_that_of_the_schemas(field: str, form: str) -> None:
    """What the command line takes as a child's key or a source is what an event can have."""
    patterns = {
        item["pattern"]
        for each in load_catalogue().event_types.values()
        for path, item in walk_fields(each.schema)
        if path == ("header", field)
    }
    assert patterns == {f"^{form}$"}
