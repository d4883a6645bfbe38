"""The desk's commands as people and programs call them; none of them asks a broker."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from casefeed.cli.agency.relay import _wait_for_desk
from casefeed.publish import Agency
from casefeed.publish.relay import RelayOptions
from casefeed.runtime.settings import Settings
from tests.archives import stories, write
from tests.desk_helpers import ORR, desk_input, orr_desk, record
from tests.feedkit import PERSONAL, child_key
from tests.house.checkout import ROOT
from tests.house.pages import Page
from tests.relay_processes import json_lines
from tests.unit.publish.test_import_archive import take


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, from which no broker is found."""
    monkeypatch.setenv("CASEFEED_HOME", str(tmp_path))
    monkeypatch.setenv("CASEFEED_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def call(*words: str, events: bytes = b"", code: int = 0) -> tuple[str, str]:
    """What a command says on standard output and error; its exit code must be `code`."""
    done = subprocess.run(
        [sys.executable, "-m", "casefeed", *words], input=events, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout.decode(), done.stderr.decode()


def test_record_answers_with_the_id(home: Path) -> None:
    """One event on standard input, its id on standard output; the same again has the same answer and says so."""
    event = json_lines([desk_input("SponsorPlacement", 1)])
    out, errors = call("orr", "record", events=event)
    assert out.strip() == json.loads(event)["header"]["event_id"]
    assert errors.startswith(f"Recorded: number 1 of child {child_key(1)} under orr-desk-")
    again, errors = call("orr", "record", events=event)
    assert again == out
    assert errors.startswith("Was recorded before: number 1")


def test_the_event_of_the_docs_is_recorded(home: Path) -> None:
    """What docs/rooms/publish.md shows as an event is one that a desk takes, and then all that is said about it."""
    page = Page(ROOT / "docs" / "rooms" / "publish.md")
    event, *amendments = [content for _, content in page.blocks() if content.startswith('{"type"')]
    event_id, _ = call("orr", "record", events=event.encode())
    (shown,) = {json.loads(each).get("corrects_event_id") for each in amendments} - {None}
    for each in amendments:
        call("orr", "record", events=each.replace(shown, event_id.strip()).encode())
    assert len(amendments) == 3


def test_record_refuses_with_a_sentence(home: Path) -> None:
    """Exit 1, nothing recorded, field and rule named and no value; a desk that cannot be made is 3."""
    bad = json_lines([desk_input("SponsorPlacement", 1, owning_area="Quillfeather")])
    out, errors = call("orr", "record", events=bad, code=1)
    assert out == ""
    assert errors.startswith("Nothing was recorded. casefeed.SponsorPlacement.owning_area: does not match")
    assert [each for each in PERSONAL if each in errors] == []
    call("orr", "record", "--lines", "--new-child", code=2)
    (home / "file").touch()
    good = json_lines([desk_input("SponsorPlacement", 1)])
    _, errors = call("--desk-url", f"sqlite:///{home}/file/desk.db", "orr", "record", events=good, code=3)
    assert "cannot be opened" in errors


def test_a_new_child_is_recorded_with_its_key(home: Path) -> None:
    """The answer is the id and the new key, under which the next event is number 2."""
    event = desk_input("ChildTransferred", 1)
    del event["header"]["child_key"]
    out, _ = call("orr", "record", "--new-child", events=json_lines([event]))
    event_id, key = out.split()
    assert event_id == event["header"]["event_id"]
    _, errors = call("orr", "record", events=json_lines([desk_input("ChildLocated", 1, header={"child_key": key})]))
    assert errors.startswith(f"Recorded: number 2 of child {key}")


def test_lines_end_with_no_when_one_was_refused(home: Path) -> None:
    """An answer a line, and exit 1 with how many were refused."""
    events = json_lines(
        [desk_input("NtaIssued", 1), desk_input("NtaIssued", 1, nta_id=""), desk_input("NtaIssued", 1)]
    )
    out, errors = call("ice", "record", "--lines", "--agency", "EOIR_ADAPTER", events=events, code=1)
    answers = [json.loads(each) for each in out.splitlines()]
    assert [each.get("sequence") for each in answers] == [1, None, 2]
    assert answers[0]["source"].startswith("eoir-adapter-desk-")
    assert errors == "Not recorded: 1 event; the answers say why.\n"


def test_the_account_says_what_waits_and_what_was_taken_in(home: Path) -> None:
    """Sources with their counts and since when they wait, archives with theirs; without a desk exit 3."""
    _, errors = call("orr", "status", code=3)
    assert errors == f"there is no desk at {home / 'desk.db'}; `casefeed orr record` makes it\n"
    with orr_desk(home) as desk:
        take(desk, write(home / "a.avro", stories(3)))
        record(desk, desk_input("ChildLocated", 1), desk_input("ChildLocated", 2))
        desk.db.execute("UPDATE outbox SET sent_at = since + 7, partition = 0 WHERE number = 1")
        first, second = (row[0] for row in desk.db.execute("SELECT since FROM outbox ORDER BY number"))
    found = json.loads(call("orr", "status", "--format", "json")[0])
    (source,) = found["sources"]
    assert (source["source"], source["kind"]) == ("orr-test", "adopted")
    assert (found["recorded"], found["waiting"], found["claimed"]) == (2, 1, 0)
    assert (found["last_sent_at"], found["waiting_since"]) == (first + 7, second)
    assert [(each["events"], each["children"]) for each in found["batches"]] == [(12, 3)]
    table, _ = call("orr", "status")
    assert "orr-test (adopted)" in table
    assert "12 events of 3 children under orr-test" in table
    heads, row = call("orr", "status", "--format", "csv")[0].splitlines()
    assert heads == "source,agency,kind,recorded,waiting,waiting_since,claimed,last_sent_at"
    assert row == f"orr-test,ORR,adopted,2,1,{second},0,{first + 7}"


@pytest.mark.parametrize("words", [("orr", "relay", "--until-empty"), ("orr", "relay", "--wait", "0")])
def test_a_relay_makes_no_desk(home: Path, words: tuple[str, ...]) -> None:
    """A mistyped desk is said, exit 3, and no file is left where it was looked for."""
    nowhere = home / "deks.db"
    _, errors = call("--desk-url", f"sqlite:///{nowhere}", *words, code=3)
    assert f"there is no desk at {nowhere}; `casefeed orr record` makes it" in errors
    assert not nowhere.exists()


async def test_a_relay_that_stays_waits_for_its_desk(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started before anybody recorded it says that there is no desk, and goes on when there is one."""
    monkeypatch.setattr("casefeed.publish.retry.RETRY_EVERY_S", 0.01)
    office = Agency(
        "orr",
        ORR,
        "ORR",
        lambda in_force: in_force.home / "desk.db",
        database_variable="CASEFEED_DESK_URL",
        consumer_group="orr-desk",
        example_event="",
    )
    with capture_logs() as said:
        waiting = asyncio.create_task(_wait_for_desk(office, Settings(home=home), RelayOptions(), asyncio.Event()))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        with orr_desk(home) as desk:
            record(desk, desk_input("ChildLocated", 1))
        await waiting
    assert [each["event"] for each in said] == ["no answer, waiting", "it answers again"]


def test_the_account_is_of_ones_own_desk(home: Path) -> None:
    """The file of another agency's desk is not told as this one's: exit 2, and whose it is."""
    call("ice", "record", events=json_lines([desk_input("NtaIssued", 1)]))
    _, errors = call("--desk-url", f"sqlite:///{home / 'ice.db'}", "orr", "status", code=2)
    assert "is the desk of another agency, whose facts go to ice.case-events" in errors


def test_a_help_text_has_an_event_that_the_desk_takes(home: Path) -> None:
    """The example in each agency's `record --help` is recorded as it stands."""
    for group in ("orr", "ice"):
        shown = call(group, "record", "--help")[0]
        example = shown[shown.index("{") : shown.rindex("}") + 1]
        out, _ = call(group, "record", "--new-child", events=example.encode())
        assert len(out.split()) == 2


def test_ice_has_its_desk_in_the_ledgers_file(home: Path) -> None:
    """The same file serves both: a desk made first is no ledger yet, and says so."""
    call("ice", "record", events=json_lines([desk_input("NtaIssued", 1)]))
    assert json.loads(call("ice", "outbox", "--format", "json")[0])["desk"] == str(home / "ice.db")
    _, errors = call("ice", "scorecard", code=3)
    assert "there is no ledger in" in errors


def on_terminal(*answers: str) -> tuple[int, str, str]:
    """Exit code, output and errors of `orr record` on a terminal where these answers are typed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "casefeed", "orr", "record"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    try:
        for answer in answers:
            time.sleep(0.02)
            os.write(ours, answer.encode() + b"\n")
        out, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        os.close(ours)
    return process.returncode, out.decode(), errors.decode()


def test_a_person_is_asked(home: Path) -> None:
    """On a terminal: type, fields in the schema's words; what the contract refuses is asked for again."""
    answers = [
        "ChildLocated", "01750000-0000-7000-8000-0000000000aa", "Quillfeather!", "", "2024-05-31T08:00:00Z",
        "2024-05-31T09:00:00Z", "", "yes", "SAFE", "HOSPITAL", "Nobody", "POLICE", "", child_key(1),
    ]  # fmt: skip
    code, out, said = on_terminal(*answers)
    assert code == 0, said
    assert out.strip() == answers[1]
    assert "header.child_key: does not match" in said
    assert "located_by: is one of" in said
    assert "located_by: Who located the child. (POLICE, ORR" in said
    assert "Quillfeather" not in said
    assert "Nobody" not in said


def test_what_is_not_synthetic_is_asked_for_again(home: Path) -> None:
    """On a terminal one wrong answer at the end does not cost those before it."""
    answers = [
        "ChildLocated", "", child_key(1), "", "2024-05-31T08:00:00Z", "", "", "no", "SAFE", "HOSPITAL", "POLICE", "",
        "yes",
    ]  # fmt: skip
    code, _, said = on_terminal(*answers)
    assert code == 0, said
    assert "header.synthetic: The record is not marked synthetic" in said
