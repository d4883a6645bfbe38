"""So many events a second: what an outage kept back is not sent in a burst."""

from __future__ import annotations

from casefeed.publish.replay import MAX_CATCH_UP_S, RateLimiter


def test_a_stream_keeps_to_its_rate() -> None:
    """After each part it waits as long as the part may take; a part that took longer is made good."""
    now = [0.0]
    pace = RateLimiter(100, lambda: now[0])
    assert pace.delay_after(50) == 0.5
    now[0] = 0.5
    assert pace.delay_after(50) == 0.5
    now[0] = 1.2
    assert pace.delay_after(50) == 1.5 - 1.2


def test_an_outage_is_not_made_good() -> None:
    """After a minute away no more goes at once than in the second before."""
    now = [0.0]
    pace = RateLimiter(100, lambda: now[0])
    now[0] = 60.0
    sent = 0
    while pace.delay_after(10) == 0.0:
        sent += 10
    assert sent <= 100 * MAX_CATCH_UP_S
    assert pace.delay_after(10) > 0.1


def test_without_a_rate_nothing_waits() -> None:
    """As fast as it goes."""
    assert RateLimiter(None, lambda: 0.0).delay_after(10**9) == 0.0
