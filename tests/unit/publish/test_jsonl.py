"""Events a line each: answered in order, after the commit, bad ones among good ones, whatever the pipe does."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from casefeed.publish import jsonl
from casefeed.publish.event_input import MAX_LINE_BYTES
from casefeed.publish.jsonl import read_available_lines, record_lines
from tests.desk_helpers import NOW_MS, desk_input, orr_desk
from tests.feedkit import BODIES, PERSONAL, Raw, event_id


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The two ends of a pipe: read, write."""
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        try:
            os.close(end)
        except OSError:  # closed by the test
            continue


def line(event: Raw) -> bytes:
    return json.dumps(event).encode()


def answers(folder: Path, *batches: list[bytes]) -> list[dict[str, object]]:
    with orr_desk(folder) as desk:
        told = list(record_lines(desk, "ORR", iter(batches), lambda: NOW_MS))
    assert [len(each) for each in told] == [len(each) for each in batches]
    return [json.loads(each) for some in told for each in some]


def test_each_line_has_its_answer(tmp_path: Path) -> None:
    """Good events with their number, bad ones with a sentence and no value, in the order they came."""
    again = line(desk_input("SponsorPlacement", 1))
    told = answers(
        tmp_path,
        [
            again,
            b"Quillfeather",
            line(desk_input("SponsorPlacement", 2, owning_area="Quillfeather")),
            line(desk_input("ChildLocated", 3, header={"synthetic": False})),
            line(desk_input("ChildLocated", 1)),
            again,
        ],
    )
    assert [each.get("sequence") for each in told] == [1, None, None, None, 2, 1]
    assert [each.get("held") for each in told] == [False, None, None, None, False, True]
    assert set(told[0]) == {"event_id", "source", "sequence", "recorded_at", "held"}
    assert [set(each) for each in told[1:4]] == [{"error"}] * 3
    assert 'say "synthetic": true in the header' in str(told[3]["error"])
    assert [each for each in PERSONAL if each in json.dumps(told)] == []


def test_lines_that_wait_share_a_commit(tmp_path: Path) -> None:
    """A hundred lines handed on together are one transaction, and an answer comes only after it."""
    with orr_desk(tmp_path) as desk, orr_desk(tmp_path) as other:
        before = other.db.execute("PRAGMA data_version").fetchone()[0]
        some = [line(desk_input("ChildLocated", child)) for child in range(100)]
        (told,) = record_lines(desk, "ORR", iter([some]), lambda: NOW_MS)
        assert other.db.execute("PRAGMA data_version").fetchone()[0] == before + 1
        assert other.db.execute("SELECT count(*) FROM outbox").fetchone()[0] == len(told) == 100


def test_a_desk_that_cannot_be_written_answers_so_and_goes_on(tmp_path: Path) -> None:
    """Each event of the commit that failed gets the sentence; what comes later is recorded."""
    with orr_desk(tmp_path) as desk:

        def batches() -> Iterator[list[bytes]]:
            desk.db.execute("PRAGMA query_only = ON")
            yield [line(desk_input("ChildLocated", 1)), b"{", line(desk_input("ChildLocated", 1))]
            desk.db.execute("PRAGMA query_only = OFF")
            yield [line(desk_input("ChildLocated", 1))]

        first, second = record_lines(desk, "ORR", batches(), lambda: NOW_MS)
    assert ["SQLITE_READONLY" in each for each in first] == [True, False, True]
    assert json.loads(second[0])["sequence"] == 1


def test_what_lies_in_the_pipe_comes_together(pipe: tuple[int, int]) -> None:
    """Whole lines that are there now are handed on at once; half a line waits; blank ones are no event."""
    reading, writing = pipe
    lines = read_available_lines(reading)
    os.write(writing, b"one\n\n  \ntwo\nthr")
    assert next(lines) == [b"one", b"two"]
    os.write(writing, b"ee\nfour")
    assert next(lines) == [b"three"]
    os.close(writing)
    assert list(lines) == [[b"four"]]


def test_many_lines_are_several_commits(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """No commit holds more than so many lines, so that whoever else writes the desk has a turn."""
    monkeypatch.setattr(jsonl, "MAX_BATCH_LINES", 3)
    reading, writing = pipe
    os.write(writing, b"\n".join(b"%d" % number for number in range(7)))
    os.close(writing)
    assert [len(each) for each in read_available_lines(reading)] == [3, 3, 1]


def test_a_line_without_an_end_is_refused_and_dropped(tmp_path: Path) -> None:
    """A line longer than an event may be gets one answer, whatever its length, and the next line is read."""
    path = tmp_path / "lines"
    long = b'"' + b"x" * (3 * MAX_LINE_BYTES) + b'"'
    path.write_bytes(
        line(desk_input("ChildLocated", 1))
        + b"\n"
        + long
        + b"\n"
        + line(desk_input("ChildLocated", 1))
        + b"\n"
        + long
    )
    with path.open("rb") as source:
        told = answers(tmp_path, *read_available_lines(source.fileno()))
    assert [each.get("sequence") for each in told] == [1, None, 2, None]
    assert {each.get("error") for each in told} == {None, "the event: is longer than 1 MiB"}


def test_the_same_line_twice_in_one_commit_is_one_event(tmp_path: Path) -> None:
    """A caller that sends an event twice at once has it recorded once."""
    event = line(desk_input("ChildLocated", 1, header={"event_id": event_id()}))
    assert [each["held"] for each in answers(tmp_path, [event, event])] == [False, True]


@pytest.mark.parametrize(
    ("over", "remedy"),
    [
        (
            {"header": desk_input("ChildTransferred", 1)["header"] | {"synthetic": False}},
            'say "synthetic": true in the header',
        ),
        ({"child": {**BODIES["ChildTransferred"]["child"], "a_number": "A204999888"}}, "a_number takes A000[0-9]{6}"),
    ],
    ids=["not marked", "a real A-number"],
)
def test_what_is_not_synthetic_is_told_what_would_be(tmp_path: Path, over: Raw, remedy: str) -> None:
    """The remedy is that of the field, and the value is not repeated."""
    (told,) = answers(tmp_path, [line({**desk_input("ChildTransferred", 1), **over})])
    assert remedy in str(told["error"])
    assert "A204999888" not in str(told["error"])
