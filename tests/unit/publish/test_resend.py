"""`resend`: numbers that a receiver lacks go out again, as the bytes they were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from casefeed.cli import app
from casefeed.publish.desk import Desk
from casefeed.publish.outbox import Acknowledgement, Outbox, mark_for_resend
from tests.desk_helpers import event_inputs, orr_desk, record
from tests.feedkit import child_key


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """ORR's desk with four events of each of two children; all but the last two were sent."""
    with orr_desk(tmp_path) as opened:
        record(opened, *event_inputs(2, 4))
        outbox = Outbox(opened)
        outbox.mark_sent([Acknowledgement(0, each.row_id, each.row_id) for each in outbox.claim(6)])
        yield opened


def source(desk: Desk) -> str:
    """The id under which the desk numbers."""
    return str(desk.db.execute("SELECT name FROM outbox_source").fetchone()[0])


def test_the_numbers_go_out_again_as_they_were(desk: Desk) -> None:
    """Of that child and no other, the same bytes, in order; what waits anyhow goes once."""
    bytes_of = dict(desk.db.execute("SELECT number, datum FROM outbox_event"))
    assert mark_for_resend(desk, child_key(1), source(desk), 2, 4) == (2, 1)
    claimed = [each for each in Outbox(desk).claim(100) if each.child_key == child_key(1)]
    assert [each.row_id for each in claimed] == [3, 5, 7]
    assert [each.datum for each in claimed] == [bytes_of[number] for number in (3, 5, 7)]


def test_what_this_desk_never_numbered_is_no_events_of_its_own(desk: Desk) -> None:
    """Another child, source or number: nothing is marked."""
    assert mark_for_resend(desk, child_key(9), source(desk), 1, 4) == (0, 0)
    assert mark_for_resend(desk, child_key(1), "orr-other", 1, 4) == (0, 0)
    assert mark_for_resend(desk, child_key(1), source(desk), 5, 9) == (0, 0)


@pytest.mark.parametrize(
    ("numbers", "code", "says"),
    [
        ((1, 2), 0, "2 events to go out again"),
        ((3, 6), 1, "2 of these numbers were not recorded at this desk"),
        ((2, 1), 2, "--last is before --first"),
        ((1, 2**63), 2, "is not in the range"),
    ],
)
def test_the_command_says_what_goes_out(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    numbers: tuple[int, int],
    code: int,
    says: str,
) -> None:
    """Exit 0 where all of it goes, 1 where some was never recorded here, 2 for wrong use, 3 where no desk is."""
    monkeypatch.setenv("CASEFEED_DESK_URL", f"sqlite:///{desk.path}")
    first, last = map(str, numbers)
    words = ["orr", "resend", "--child", child_key(1), "--source", source(desk), "--first", first, "--last", last]
    done = app.run(lambda: app.casefeed.main(words, prog_name="casefeed", standalone_mode=False))
    out, err = capsys.readouterr()
    assert done == code
    assert says in out + err
    monkeypatch.setenv("CASEFEED_DESK_URL", f"sqlite:///{desk.path}.not-there")
    if code != 2:
        assert app.run(lambda: app.casefeed.main(words, prog_name="casefeed", standalone_mode=False)) == 3


def test_what_is_no_child_key_is_wrong_use_and_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    """An A-number in the place of the key is exit 2, whether or not there is a desk, and is not said again."""
    words = ["orr", "resend", "--child", "A123456789", "--source", "orr-a", "--first", "1", "--last", "1"]
    assert app.run(lambda: app.casefeed.main(words, prog_name="casefeed", standalone_mode=False)) == 2
    out, err = capsys.readouterr()
    assert "That is not a child key" in err
    assert "A123456789" not in out + err
