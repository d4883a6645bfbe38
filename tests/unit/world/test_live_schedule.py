"""The pace of a live world: when an event is due."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic_world.days import DAY, HOUR
from synthetic_world.live import LiveSchedule, format_speed, parse_speed


@pytest.mark.parametrize(
    ("text", "speed"),
    [
        ("1d/s", DAY),
        ("6h/s", 6 * HOUR),
        ("30d/s", 30 * DAY),
        ("1.5d/s", 1.5 * DAY),
        ("90m/s", 1.5 * HOUR),
        ("1s/s", 1000),
    ],
)
def test_a_speed_is_world_time_a_second(text: str, speed: float) -> None:
    """Days, hours, minutes or seconds of world time for each of ours, and written back as people write it."""
    assert parse_speed(text) == speed
    assert parse_speed(format_speed(speed)) == pytest.approx(speed, rel=0.01)


@pytest.mark.parametrize("text", ["", "1", "1d", "d/s", "0d/s", "-1d/s", "1w/s", "1d/h", "1 d/s"])
def test_what_is_no_speed_is_refused_with_examples(text: str) -> None:
    """The sentence shows how one is written."""
    with pytest.raises(ValueError, match="1d/s, 6h/s"):
        parse_speed(text)


def test_by_speed_an_event_is_due_when_its_time_has_come() -> None:
    """A day and a half after the start, at a day a second: after a second and a half."""
    schedule = LiveSchedule(10 * DAY, DAY, None)
    assert schedule.due_s(10 * DAY, None) == 0
    assert schedule.due_s(11 * DAY + 12 * HOUR, (0.0, 5.0)) == 1.5


@given(st.floats(1, 10_000), st.lists(st.floats(0, 0.5), min_size=1, max_size=200))
def test_no_second_has_more_events_than_the_rate(rate: float, lags: list[float]) -> None:
    """However late the events are given, what is made good at once is a tenth of a second's worth."""
    schedule = LiveSchedule(0, 1.0, rate)
    given_at: list[float] = []
    before = None
    for lag in lags:
        due = schedule.due_s(0, before)
        now = max(due, given_at[-1] if given_at else 0.0) + lag
        given_at.append(now)
        before = due, now
    for start in given_at:
        assert sum(start <= each < start + 1 for each in given_at) <= rate * 1.1 + 2


def test_the_rate_caps_the_speed() -> None:
    """Ten events of the same moment at two a second come half a second apart."""
    schedule = LiveSchedule(0, float(DAY), 2.0)
    before = None
    dues = []
    for _ in range(10):
        due = schedule.due_s(DAY, before)
        dues.append(due)
        before = due, due
    assert dues == [1 + step / 2 for step in range(10)]


def test_world_time_flows_between_events_and_never_back() -> None:
    """With a speed it goes on to the next event and waits there; with a rate alone it is the last event's."""
    schedule = LiveSchedule(0, float(DAY), None)
    assert schedule.world_ms(0.5, 0, 3 * DAY) == DAY // 2
    assert schedule.world_ms(9.0, 0, 3 * DAY) == 3 * DAY
    assert schedule.world_ms(0.1, DAY, 3 * DAY) == DAY
    assert LiveSchedule(0, None, 5.0).world_ms(9.0, DAY, 3 * DAY) == DAY
