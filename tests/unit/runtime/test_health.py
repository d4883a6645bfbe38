"""When a process is alive, and when it is ready."""

from __future__ import annotations

from casefeed.runtime.errors import BrokerUnavailable
from casefeed.runtime.health import UNRESPONSIVE_AFTER_S, ProbeResult, ProcessHealth


class Ticks:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_it_is_ready_once_it_has_begun() -> None:
    """Alive from the start, ready after what must be done once; what is missing is said."""
    vitals = ProcessHealth("the intake", "has not read to the ends yet")
    assert vitals.alive() == ProbeResult(True, "it goes on")
    assert vitals.ready() == ProbeResult(False, "the intake has not read to the ends yet")
    vitals.started()
    assert vitals.ready() == ProbeResult(True, "it goes on")


def test_what_is_away_is_no_reason_to_start_it_again() -> None:
    """While a broker is waited for it is alive and not ready, and says what for; and ready when it is back."""
    vitals = ProcessHealth("the intake", "has not begun")
    vitals.started()
    vitals.set_unavailable(BrokerUnavailable("No broker."))
    assert vitals.alive() == ProbeResult(True, "waits: No broker.")
    assert vitals.ready() == ProbeResult(False, "No broker.")
    vitals.set_unavailable(None)
    assert vitals.ready().ok


def test_a_stuck_client_is_not_alive_until_it_moves() -> None:
    """It answers and nothing moves: both answers are no, with the reason."""
    vitals = ProcessHealth("the intake", "has not begun")
    vitals.set_unavailable(BrokerUnavailable("It hands out nothing."), stalled=True)
    assert vitals.alive() == vitals.ready() == ProbeResult(False, "It hands out nothing.")
    vitals.set_unavailable(None)
    assert vitals.alive().ok


def test_a_loop_that_gives_no_sign_is_not_alive() -> None:
    """After half a minute without a sign both answers are no, and how long it has been is said."""
    ticks = Ticks()
    vitals = ProcessHealth("the relay", "has not begun", clock=ticks)
    vitals.started()
    ticks.at = 1000.0
    assert vitals.alive().ok, "before its first sign it brings its store up to date, or waits for one"
    vitals.loop_tick()
    ticks.at += UNRESPONSIVE_AFTER_S
    assert vitals.alive().ok
    ticks.at += 5
    assert vitals.alive() == vitals.ready() == ProbeResult(False, "the relay gave no sign of life for 35 s")
    vitals.loop_tick()
    assert vitals.ready().ok
