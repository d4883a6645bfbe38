"""What the log says of parked records."""

from __future__ import annotations

import structlog
from structlog.testing import capture_logs

from casefeed.read.progress import SAY_EVERY_SECONDS, Aside
from casefeed.runtime.logs import allowed_keys


def test_ten_thousand_parked_records_of_one_cause_are_a_few_lines() -> None:
    """One line when it begins, the count every few seconds while it grows, one line when none is left."""
    with capture_logs() as said:
        aside = Aside(structlog.get_logger())
        for count in range(1, 10_001):
            aside.tell({"undecodable": count}, count / 1000)
        for second in range(10, 100):
            aside.tell({"undecodable": 10_000}, second)
        aside.tell({}, 100.0)
        aside.tell({}, 200.0)
    assert SAY_EVERY_SECONDS == 10
    assert [(each["event"], each["reason"], each.get("parked")) for each in said] == [
        ("records are parked", "undecodable", 1),
        ("records are parked still", "undecodable", 10_000),
        ("no record is parked for this reason any more", "undecodable", None),
    ]
    assert [each["log_level"] for each in said] == ["warning", "warning", "info"]
    assert allowed_keys() >= {"reason", "parked"}


def test_each_reason_has_its_own_lines() -> None:
    """One that begins while another lasts is said at once, and each is cleared by itself."""
    with capture_logs() as said:
        aside = Aside(structlog.get_logger())
        aside.tell({"undecodable": 5}, 0)
        aside.tell({"undecodable": 5, "key-mismatch": 1}, 1)
        aside.tell({"key-mismatch": 1}, 2)
        aside.tell({"key-mismatch": 1, "undecodable": 2}, 3)
    assert [(each["event"].split()[0], each["reason"]) for each in said] == [
        ("records", "undecodable"), ("records", "key-mismatch"), ("no", "undecodable"), ("records", "undecodable"),
    ]  # fmt: skip
