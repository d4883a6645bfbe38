"""When a process is alive, and when it is ready."""

from __future__ import annotations

from casefeed.runtime.errors import BrokerUnavailable
from casefeed.runtime.health import SILENT_AFTER_S, Answer, Vitals


class Ticks:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_it_is_ready_once_it_has_begun() -> None:
    """Alive from the start, ready after what must be done once; what is missing is said."""
    vitals = Vitals("the intake", "has not read to the ends yet")
    assert vitals.alive() == Answer(True, "it goes on")
    assert vitals.ready() == Answer(False, "the intake has not read to the ends yet")
    vitals.begun()
    assert vitals.ready() == Answer(True, "it goes on")


def test_what_is_away_is_no_reason_to_start_it_again() -> None:
    """While a broker is waited for it is alive and not ready, and says what for; and ready when it is back."""
    vitals = Vitals("the intake", "has not begun")
    vitals.begun()
    vitals.waits(BrokerUnavailable("No broker."))
    assert vitals.alive() == Answer(True, "waits: No broker.")
    assert vitals.ready() == Answer(False, "No broker.")
    vitals.waits(None)
    assert vitals.ready().yes


def test_a_stuck_client_is_not_alive_until_it_moves() -> None:
    """It answers and nothing moves: both answers are no, with the reason."""
    vitals = Vitals("the intake", "has not begun")
    vitals.waits(BrokerUnavailable("It hands out nothing."), stuck=True)
    assert vitals.alive() == vitals.ready() == Answer(False, "It hands out nothing.")
    vitals.waits(None)
    assert vitals.alive().yes


def test_a_loop_that_gives_no_sign_is_not_alive() -> None:
    """After half a minute without a sign both answers are no, and how long it has been is said."""
    ticks = Ticks()
    vitals = Vitals("the relay", "has not begun", ticks=ticks)
    vitals.begun()
    ticks.at = 1000.0
    assert vitals.alive().yes, "before its first sign it brings its store up to date, or waits for one"
    vitals.sign()
    ticks.at += SILENT_AFTER_S
    assert vitals.alive().yes
    ticks.at += 5
    assert vitals.alive() == vitals.ready() == Answer(False, "the relay gave no sign of life for 35 s")
    vitals.sign()
    assert vitals.ready().yes
