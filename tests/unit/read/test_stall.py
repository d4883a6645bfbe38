"""When a partition is found to stand still."""

from __future__ import annotations

from casefeed.read.stall import AFTER_FETCHES, AFTER_SECONDS, Standstill

A, B = ("orr.case-events", 0), ("orr.case-events", 1)
LATE = AFTER_SECONDS + 1


def looked(standstill: Standstill, reached: int, end: int, *, at: float, times: int = AFTER_FETCHES) -> bool:
    """Whether A is found after so many looks at one moment, B being read to its end."""
    found = [standstill.look({A: reached, B: 5}, {A: end, B: 5}, at) for _ in range(times)]
    return found[-1] == [A]


def test_a_partition_with_more_to_read_that_does_not_move_is_found() -> None:
    """It is found after the deadline and not before, though others are read to their ends."""
    standstill = Standstill()
    assert not looked(standstill, 3, 4, at=0)
    assert not looked(standstill, 3, 4, at=AFTER_SECONDS)
    assert looked(standstill, 3, 9, at=LATE)


def test_one_that_moves_or_has_nothing_more_begins_anew() -> None:
    """What moved within the deadline, or had nothing to read for a night, does not stand still."""
    standstill = Standstill()
    looked(standstill, 3, 4, at=0)
    assert not looked(standstill, 4, 5, at=LATE)
    assert not looked(standstill, 5, 5, at=100 * LATE)
    assert not looked(standstill, 5, 6, at=200 * LATE)


def test_one_that_waits_for_its_turn_is_not_found() -> None:
    """A handler that takes a minute a batch makes few fetches: that others came first is no standstill."""
    standstill = Standstill()
    assert not any(looked(standstill, 3, 4, at=60.0 * turn, times=1) for turn in range(AFTER_FETCHES))
